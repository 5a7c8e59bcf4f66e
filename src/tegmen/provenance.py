"""Where every number of an answer came from: what it rests on, down to the sources; nothing unsourced gets through."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from tegmen.entries import Entry, Quantity, Source
from tegmen.errors import EvidenceError, InputError
from tegmen.hedges import Range, in_words, widen
from tegmen.ledger import open_ledger
from tegmen.parameters import Parameter
from tegmen.scenario import Scenario

Role = Literal["catalogue", "official", "claim", "baseline", "place"]

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
        """The span in words, e.g. "12 (10-15) km"."""
        low, best, high = ("?" if value is None else f"{value:,.10g}" for value in (self.low, self.best, self.high))
        return f"{best} {self.unit}" if low == best == high else f"{best} ({low}–{high}) {self.unit}"


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


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: what it is, in words, and what it rests on."""

    id: str
    text: str
    rests_on: tuple[Link, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain nested content."""
        return {"id": self.id, "text": self.text, "rests_on": [link.to_json() for link in self.rests_on]}


# ---------------------------------------------------------------- gathering


def gather(scenario: Scenario, parameters: Sequence[Parameter]) -> Evidence:
    """Gather every number behind an answer with its source, and the ledger entries the scenario names.

    Parameters
    ----------
    parameters
        The catalogue rows worlds were drawn from.

    Raises
    ------
    EvidenceError
        A number has no source, or names a ledger entry that is not there; each is named.
    """
    numbers = (*_of_scenario(scenario), *(_of_catalogue(parameter) for parameter in parameters))
    cited = {number.entry for number in numbers if number.entry}
    entries, ranges, sources = _cited(scenario, cited)
    faults = [
        f"{number.id} ({number.what}, {number.span}): no source; say where it was read"
        for number in numbers
        if not number.source.strip() and not number.entry
    ]
    faults += [
        f"{number.id}: names the ledger entry {number.entry}, which {scenario.ledger or 'the shipped ledger'} has not; "
        "`tegmen ledger show` lists what there is"
        for number in numbers
        if number.entry and number.entry not in entries
    ]
    if faults:
        lines = "\n".join(f"  - {fault}" for fault in faults)
        raise EvidenceError(f"scenario {scenario.name}: no report is made with numbers nobody can trace\n{lines}")
    return Evidence(numbers, MappingProxyType(entries), MappingProxyType(ranges), MappingProxyType(sources))


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
        for at, claim in enumerate(scenario.claims)
    ]  # fmt: skip
    numbers += [
        Number(f"baseline/{name}", "baseline", f"{name} fire units in service", held.low, held.best, held.high,
               "fire units", held.source, entry=held.entry)
        for name, held in scenario.baseline.items()
    ]  # fmt: skip
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


# ---------------------------------------------------------------- tracing


def why(answer: str) -> Link:
    """Trace a number of an answer.json to its sources.

    Parameters
    ----------
    answer
        "FILE#/pointer", the pointer as in RFC 6901, e.g. "out/march-2024/answer.json#/cases/posted/n".

    Raises
    ------
    InputError
        No such file, not an answer of tegmen, or nothing at the pointer; the message says what there is.
    """
    path, _, pointer = answer.partition("#")
    content = _read(path)
    value, case, rests_on, said = _resolve(content, pointer, path)
    number = json.dumps(value, ensure_ascii=False) if not isinstance(value, dict | list) else f"{len(value)} values"
    return Link(f"{path}#{pointer}", f"{number}: {said}", tuple(_links(content, rests_on, case, pointer)))


def _read(path: str) -> dict[str, Any]:
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(path, [f"cannot be read ({reason}); `tegmen answer` writes an answer.json"]) from None
    except ValueError:
        raise InputError(path, ["not JSON; give an answer.json that `tegmen answer` wrote"]) from None
    if not isinstance(content, dict) or not isinstance(content.get("evidence"), dict):
        raise InputError(path, ["no evidence in it; give an answer.json that this version of `tegmen answer` wrote"])
    return content


def answer_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of answer.json; its `x-rests-on` names what each field is made from."""
    return json.loads((files("tegmen") / "data" / "schemas" / "answer.schema.json").read_text("utf-8"))


def _resolve(content: dict[str, Any], pointer: str, path: str) -> tuple[Any, str, tuple[str, ...], str]:
    """Value at a pointer, its evidence case, what the schema says it rests on, and how it describes it."""
    schema = answer_schema()
    at, value, rests_on, said = schema, content, (), schema["title"]
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for depth, step in enumerate(steps):
        known = _names(value)
        if step not in known:
            there = ", ".join(known[:40]) or "nothing further down"
            where = "/".join(["", *steps[:depth]]) or "the top"
            raise InputError(f"{path}#{pointer}", [f"nothing named {step!r} at {where}; there are: {there}"])
        at = _below(at, step, schema)
        value = value[step] if isinstance(value, dict) else value[int(step)]
        rests_on = tuple(at.get("x-rests-on", rests_on))
        said = at.get("description", said)
    case = steps[1] if len(steps) > 1 and steps[0] == "cases" else ""
    return value, case, rests_on, said


def _names(value: Any) -> list[str]:
    """What a step further down may be called."""
    if isinstance(value, dict):
        return list(value)
    return [str(i) for i in range(len(value))] if isinstance(value, list) else []


def _below(at: dict[str, Any], step: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The part of the schema that describes a step further down; what stands beside a $ref counts first."""
    found: Any = at.get("properties", {}).get(step) or at.get("additionalProperties") or at.get("items")
    if not isinstance(found, dict):
        prefix = at.get("prefixItems", [])
        found = prefix[int(step)] if step.isdigit() and int(step) < len(prefix) else {}
    if "$ref" in found:
        found = schema["$defs"][found["$ref"].rsplit("/", 1)[1]] | {k: v for k, v in found.items() if k != "$ref"}
    return found


def _links(content: dict[str, Any], rests_on: Sequence[str], case: str, pointer: str) -> list[Link]:
    makers: dict[str, Callable[[], list[Link]]] = {
        "record": lambda: [_record(content)],
        "catalogue": lambda: [_group(content, "catalogue", "catalogue rows that worlds are drawn from")],
        "official": lambda: [_group(content, "official", "official totals")],
        "claimed": lambda: [_group(content, "official", "official totals")] if case == "claimed" else [],
        "baseline": lambda: [_group(content, "baseline", "baseline given by the scenario")],
        "places": lambda: [_group(content, "place", "places given by the scenario")],
        "claim": lambda: _claim(content, pointer),
        "choice": lambda: [Link("choice", f"chosen in the scenario {content['scenario']!r}; not evidence")],
        "number": lambda: _itself(content, pointer),
        "assumptions": lambda: [_assumptions()],
        "method": lambda: [Link("method", f"computed by tegmen {content['tegmen_version']}, seed {content['seed']}")],
    }
    return [link for role in rests_on for link in makers[role]() if link.rests_on or link.id in _LEAVES]


_LEAVES = ("choice", "method", "record")


def _record(content: dict[str, Any]) -> Link:
    hashes = [f"{name} sha256 {digest}" for name, digest in content["inputs"].items() if name.startswith("record")]
    return Link("record", f"the attack record until {content['until']}: {RECORD_SOURCE}; {'; '.join(hashes)}")


def _group(content: dict[str, Any], role: str, title: str) -> Link:
    numbers = [_number(content, each) for each in content["evidence"]["numbers"] if each["role"] == role]
    return Link(role, f"{title} ({len(numbers)})", tuple(numbers))


def _claim(content: dict[str, Any], pointer: str) -> list[Link]:
    at = pointer.split("/claims/", 1)[1].split("/", 1)[0] if "/claims/" in pointer else None
    if at is None:
        return [_group(content, "claim", "public claims")]
    return [_number(content, each) for each in content["evidence"]["numbers"] if each["id"] == f"claims/{at}"]


def _itself(content: dict[str, Any], pointer: str) -> list[Link]:
    steps = pointer.split("/")
    if steps[2:3] == ["numbers"] and len(steps) > 3:
        return [_number(content, content["evidence"]["numbers"][int(steps[3])])]
    return [
        _group(content, role, f"{role} numbers") for role in ("official", "claim", "baseline", "place", "catalogue")
    ]


def _number(content: dict[str, Any], given: dict[str, Any]) -> Link:
    number = Number(**given)
    below: list[Link] = []
    if number.entry:
        entry = content["evidence"]["entries"][number.entry]
        source = content["evidence"]["sources"].get(entry.get("source", ""))
        rests_on = [Link(entry["source"], _source_words(source))] if source else []
        span, *made = content["evidence"]["ranges"].get(number.entry, [""])
        if span and len(set(made)) > 1:
            rests_on.insert(0, Link("range", f"read as {span}: {'; '.join(made)}"))
        below.append(Link(number.entry, _entry_words(entry), tuple(rests_on)))
    checked = {True: "", False: " [not checked against its source]", None: ""}[number.verified]
    if number.source:
        below.append(Link("source", f"{number.source}{checked}"))
    return Link(number.id, f"{number.what}: {number.span}", tuple(below))


def _entry_words(entry: Mapping[str, Any]) -> str:
    """An entry as one line: who, through whom, what, when."""
    who = entry.get("speaker") or entry["kind"]
    via = f" (via {entry['via']})" if entry.get("via") else ""
    quantity = entry.get("quantity")
    said = f"{in_words(Quantity(**quantity))}, of " if quantity else ""
    when = " to ".join(entry["period"]) if entry.get("period") else entry.get("date", "")
    return f"{who}{via}: {said}{entry.get('thing', '')}{', ' + when if when else ''}"


def _source_words(source: Mapping[str, Any]) -> str:
    parts = [source["publisher"], source.get("published", ""), source.get("title", ""), source.get("url", "")]
    return f"{', '.join(part for part in parts if part)} [reliability {source['reliability']}{source['credibility']}]"


def _assumptions() -> Link:
    listed = assumptions()
    return Link("assumptions", f"assumptions of the method ({len(listed)})", tuple(
        Link(each["id"], each["text"]) for each in listed
    ))  # fmt: skip


def assumptions() -> list[dict[str, str]]:
    """The numbered assumptions: id, text, effect."""
    return tomllib.loads((files("tegmen") / "data" / "method" / "assumptions.toml").read_text("utf-8"))["assumption"]
