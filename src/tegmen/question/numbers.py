"""Where every number of an answer came from: what it rests on, down to the sources; nothing unsourced gets through."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tegmen.data import shipped_toml
from tegmen.errors import EvidenceError, InputError, checked_arguments
from tegmen.evidence.catalogue import TABLES
from tegmen.evidence.parameters import Parameter
from tegmen.ledger.entries import Entry, Source
from tegmen.ledger.hedges import Range, widen
from tegmen.ledger.store import open_ledger
from tegmen.question.scenario import Scenario
from tegmen.terms import FrozenDict, Span

Role = Literal["catalogue", "official", "claim", "held", "rounds", "place", "holder"]

RECORD_SOURCE = (
    "“Massive Missile Attacks on Ukraine” by Petro Ivaniuk (piterfm) on Kaggle, after reports of the Air Force of "
    "Ukraine and other official channels"
)
_UNITS = {"missiles": "missiles", "ballistic_and_s300": "missiles", "drone": "drones", "glide_bomb": "bombs"}
_WHAT = {
    "missiles": "missiles of all kinds launched, official total",
    "ballistic_and_s300": "ballistic missiles and S-300 launched, official total",
    "drone": "one-way attack drones launched, official total",
    "glide_bomb": "glide bombs launched, official total",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number that went into an answer.

    Parameters
    ----------
    id
        Name: a catalogue row ("model/reaction_s"), or a number of the question ("official/missiles").
    role
        What kind of input it is.
    what
        In words.
    low, best, high, unit
        Planning span [unit]; None where the source gives none.
    source, verified
        Where it was read, and whether that was checked in a stored copy (None: not known).
    note
        What to know before quoting it.
    entry
        Id of the ledger entry it was taken from; empty for none.
    """

    id: str
    role: Role
    what: str
    low: float | None
    best: float | None
    high: float | None
    unit: str
    source: str
    verified: bool | None = None
    note: str = ""
    entry: str = ""

    @property
    def span(self) -> str:
        """The span in words, e.g. "12 (10–15) km"."""
        return f"{Span(self.low, self.best, self.high)} {self.unit}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All numbers behind an answer; by id the ledger entries they were taken from, as ranges, and their sources."""

    numbers: tuple[Number, ...]
    entries: Mapping[str, Entry]
    ranges: Mapping[str, Range]
    sources: Mapping[str, Source]

    def to_json(self) -> dict[str, Any]:
        """Plain content for answer.json."""
        return {
            "numbers": [asdict(number) for number in self.numbers],
            "entries": {name: _plain(entry) for name, entry in sorted(self.entries.items())},
            "ranges": {name: [str(span), *span.made] for name, span in sorted(self.ranges.items())},
            "sources": {name: _plain(source) for name, source in sorted(self.sources.items())},
        }


@checked_arguments
def gather(scenario: Scenario, parameters: Sequence[Parameter], entries: Sequence[str] = ()) -> Evidence:
    """Gather every number behind an answer with its source, and the ledger entries the scenario names.

    Parameters
    ----------
    parameters
        The numbers worlds were drawn from; those that are not the catalogue's are the scenario's own.
    entries
        Ids of entries of the scenario's ledger that the answer rests on beside those its numbers name.

    Raises
    ------
    EvidenceError
        A number has no source, or names a ledger entry that is not there; each is named.
    """
    rows = {row.id: row for row in (*parameters, scenario.added_rounds) if row.table in (*TABLES, "kinds")}
    numbers = (*_of_scenario(scenario), *map(_of_catalogue, rows.values()))
    cited = {number.entry for number in numbers if number.entry}
    told, ranges, sources = _cited(scenario, cited | {*entries})
    faults = [
        f"{number.id} ({number.what}, {number.span}): no source; say where it was read"
        for number in numbers
        if not number.source.strip() and not number.entry
    ]
    faults += [
        f"{number.id}: names the ledger entry {number.entry}, which {scenario.ledger or 'the shipped ledger'} has not; "
        "`tegmen ledger show` lists what there is"
        for number in numbers
        if number.entry and number.entry not in told
    ]
    if faults:
        lines = "\n".join(f"  - {fault}" for fault in faults)
        raise EvidenceError(f"scenario {scenario.name}: no report is made with numbers nobody can trace\n{lines}")
    return Evidence(numbers, FrozenDict(told), FrozenDict(ranges), FrozenDict(sources))


def _of_scenario(scenario: Scenario) -> list[Number]:
    """Numbers the question itself brings."""
    official = scenario.official
    numbers = [
        Number(f"official/{key}", "official", _WHAT[key], value, value, value, _UNITS[key], official.source,
               entry=official.entries.get(key, ""))
        for key, value in official.values().items()
    ]  # fmt: skip
    numbers += [
        Number(f"claims/{at}", "claim", claim.label, claim.added, claim.added, claim.added, "fire units added",
               claim.source, entry=claim.entry)
        for at, claim in enumerate(scenario.claims_tested)
    ]  # fmt: skip
    known_by = max(scenario.until, scenario.month.last)
    numbers += [
        Number(f"held/{row.system}/{row.since}", "held", f"{row.system} fire units in service from {row.since}",
               row.low, row.best, row.high, "fire units", row.source, entry=row.entry)
        for row in scenario.held
        if row.since <= known_by
    ]  # fmt: skip
    amount = scenario.rounds.added_a_month
    if amount is not None:
        numbers.append(
            Number("rounds/added_a_month", "rounds", "rounds a month that come with added units, whole country", amount,
                   amount, amount, "missiles per month", scenario.rounds.source, entry=scenario.rounds.entry)
        )  # fmt: skip
    for place in scenario.places:
        for key, value, unit in (("population", place.population, "people"), ("capacity_mw", place.capacity_mw, "MW")):
            if value:
                numbers.append(
                    Number(f"places/{place.name}/{key}", "place", f"{place.name}: {key}", value, value, value, unit,
                           place.source, entry=place.entry)
                )  # fmt: skip
    return numbers


def _of_catalogue(row: Parameter) -> Number:
    return Number(
        row.id, "catalogue", row.label, row.low, row.best, row.high, row.unit, row.source, row.verified, row.note
    )


def _cited(scenario: Scenario, ids: set[str]) -> tuple[dict[str, Entry], dict[str, Range], dict[str, Source]]:
    """The entries of these ids that the scenario's ledger has, the range read in each, and their sources."""
    entries: dict[str, Entry] = {}
    ranges: dict[str, Range] = {}
    if not ids:
        return entries, ranges, {}
    with open_ledger(scenario.ledger or None) as ledger:
        for name in sorted(ids):
            with suppress(InputError):
                entries[name] = ledger.entry(name)
        for name, entry in entries.items():
            if entry.quantity is not None:
                ranges[name] = widen(entry.quantity, rivals=ledger.rivals(name))
        known = ledger.sources()
    return entries, ranges, {entry.source: known[entry.source] for entry in entries.values() if entry.source}


def _plain(item: Entry | Source) -> dict[str, Any]:
    """Content without what is at its default; dates as text."""
    return json.loads(json.dumps({key: value for key, value in asdict(item).items() if value}, default=str))


def assumptions() -> list[dict[str, str]]:
    """The numbered assumptions: id, text, effect."""
    return shipped_toml("method", "assumptions.toml")["assumption"]
