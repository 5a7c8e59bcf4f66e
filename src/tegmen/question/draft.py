"""A question about another month, written out as a TOML file to be read, changed and answered."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from calendar import month_name, monthrange
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from tegmen.errors import EvidenceError, InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name, read_catalogue
from tegmen.evidence.record import Record
from tegmen.ledger.inventory import Inventory, inventory_at
from tegmen.ledger.store import Ledger, open_ledger
from tegmen.question.launches import posted_counts
from tegmen.question.scenario import Goal, Scenario, Total, faults_of, read_scenario
from tegmen.question.theatre import require_reach
from tegmen.terms import ThreatClass

if TYPE_CHECKING:
    from tegmen.ledger.entries import Entry

SCHEMA_FILE: Final = "scenario.schema.json"
_HISTORY_MONTHS: Final = 5
_ERAS_MOST: Final = 50
_STATED: Final[dict[Total, tuple[str, ...]]] = {
    "missiles": ("missiles",),
    "ballistic_and_s300": ("ballistic missiles, S-300 included",),
    "drone": ("Shahed drones", "drones"),
    "glide_bomb": ("guided bombs", "glide bombs"),
}
"""Total to the things under which a ledger states what was launched."""


@checked_arguments
def draft_scenario(
    month: str,
    record: Record,
    *,
    added: tuple[str, int] = ("patriot", 30),
    goals: Sequence[str] = (),
    ledger: Ledger | None = None,
) -> str:
    """Write the question of a month: a complete, commented TOML file that can be answered at once.

    Parameters
    ----------
    month
        YYYY-MM.
    record
        The record it will be answered on.
    added
        The system that is added, and the largest number tried.
    goals
        Names of goals of the shipped question, the first as headline, each alone or with the share that may remain
        ("strikes=0.3"); none for all of them.
    ledger
        Where official totals and what was held are looked up; None for the shipped one.

    Returns
    -------
        The text: totals that officials stated for the month and what was held at it from the ledger, open where it has
        none; no claims; words left out, as they are built from the fields.

    Raises
    ------
    InputError
        There is no such month, system or goal.
    EvidenceError
        The record does not reach the month, or has no ballistic missile in it.
    """
    first = _first_of(month)
    asked = _goals_of(goals)
    if ledger is None:
        with open_ledger(None) as shipped_ledger:
            lines = [*_lines(first, record, added, asked, shipped_ledger)]
    else:
        lines = [*_lines(first, record, added, asked, ledger)]
    text = "\n".join(lines) + "\n"
    try:
        scenario = Scenario.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise InputError(f"scenario of {month}", faults_of(error)) from None
    require_reach(scenario, record)
    posted = posted_counts(scenario, record)
    if posted[ThreatClass.ballistic] == 0:
        msg = f"the record has no ballistic missile launched in {scenario.month}: nothing to be reduced"
        raise EvidenceError(msg + "; choose a month, or a record, that has some")
    counts = ", ".join(f"{cls.name} {count:,}" for cls, count in posted.items())
    return text.replace(_POSTED, counts)


_POSTED: Final = "(posted in the month)"


@checked_arguments
def parse_most(text: str) -> tuple[str, int]:
    """Read "patriot", or "patriot=20": the system added, and the largest number tried.

    Raises
    ------
    InputError
        It is neither.
    """
    found = re.fullmatch(r"([a-z_]+)(?:=([0-9]{1,2}))?", text.strip())
    kinds = read_catalogue().kinds.meeting(ThreatClass.ballistic)
    if found is None or found[1] not in kinds:
        allowed = " or ".join(kinds)
        raise InputError(
            "--added", [f"found {ascii(text)[:60]}; give {allowed}, alone or with the most tried: patriot=20"]
        )
    return found[1], int(found[2] or 30)


def _first_of(month: str) -> dt.date:
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
        raise InputError("month", [f"found {ascii(month)[:40]}; write YYYY-MM, such as 2025-03"])
    return dt.date.fromisoformat(f"{month}-01")


def _goals_of(names: Sequence[str]) -> list[Goal]:
    """Goals of the shipped question by name, the first as headline."""
    shipped = {goal.name: goal for goal in read_scenario("march-2024").goals}
    chosen: list[Goal] = []
    faults: list[str] = []
    for text in names or [*shipped]:
        name, given, share = text.partition("=")
        if name not in shipped or (given and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", share)):
            faults.append(f"found {ascii(text)[:60]}; allowed are {', '.join(shipped)}, each alone or as strikes=0.3")
            continue
        changes = {"headline": not chosen} | ({"threshold": float(share), "own_label": ""} if given else {})
        chosen.append(shipped[name].model_copy(update=changes))
    if faults:
        raise InputError("--goal", faults)
    return chosen


_HEAD: Final = """#:schema ./{schema}
# {month_words}, a question for tegmen. `tegmen scenario check` reads this file, `tegmen answer` answers it.
# What stands behind a # is a comment, or is taken in by deleting the #. Title, question and the labels of goals are
# built from the fields; title = "…", question = "…" and label = "…" give words of your own.

name = "{name}"
until = {last}  # last day of the record used
added_system = "{system}"  # {systems}
added_max = {most}  # the largest number tried

[month]
first = {first}
nights = {nights}
# Nights are drawn from the record from this day on, so that a month is as uneven as months were.
history_from = {history}

# Posted in the month: {posted}.
# That is counted from the record, not from here.
"""
_CLAIMS: Final = """# Numbers named in public, to be marked on the curve.
# [[claims]]
# label = "7: minister"
# added = 7
# system = "{system}"
# source = "who said it, when, and where it was read"
"""
_ROUNDS_OPEN: Final = """# Rounds a month that come with the added units, whole country.
# Left out, they are the catalogue's `rounds_added_a_month`.
# [rounds]
# added_a_month = 40
# source = "where it was read"
"""
_OWN_ROW: Final = """# {name}: the ledger tells nothing for the month, and the catalogue's inventory is taken.
# For a row of your own:
# [[held]]
# system = "{system}"
# since = {first}
# low = 0
# best = 0
# high = 0
# source = "where it was read"
"""


def _lines(first: dt.date, record: Record, added: tuple[str, int], goals: list[Goal], ledger: Ledger) -> Iterator[str]:
    nights = monthrange(first.year, first.month)[1]
    last = first.replace(day=nights)
    back = first.year * 12 + first.month - 1 - _HISTORY_MONTHS
    begins = record.rows["window_end"].min().date()
    words = month_name[first.month]
    yield _HEAD.format(
        schema=SCHEMA_FILE,
        month_words=f"{words} {first.year}",
        name=f"{words.lower()}-{first.year}",
        system=added[0],
        systems=" or ".join(read_catalogue().kinds.meeting(ThreatClass.ballistic)),
        most=added[1],
        first=first,
        last=last,
        nights=nights,
        history=min(max(dt.date(back // 12, back % 12 + 1, 1), begins), first),
        posted=_POSTED,
    )
    yield from _official(first, last, ledger)
    for goal in goals:
        yield from _goal_lines(goal)
    yield _CLAIMS.format(system=added[0])
    yield from _held(first, last, ledger)
    yield _ROUNDS_OPEN


def _official(first: dt.date, last: dt.date, ledger: Ledger) -> Iterator[str]:
    """Totals that the ledger has for just this month; the others open."""
    stated = {
        name: entry
        for name, entry in ledger.current(kind="statement").items()
        if entry.role == "launched" and entry.period == (first, last) and entry.quantity and not entry.doubtful
    }
    # A plain number says more than one with a hedge.
    plain_first = sorted(stated.items(), key=lambda item: item[1].quantity is None or item[1].quantity.hedge != "exact")
    found: dict[Total, tuple[str, Entry]] = {}
    for key, things in _STATED.items():
        fits = [(name, entry) for name, entry in plain_first if entry.thing in things]
        if fits:
            found[key] = fits[0]
    sources = ledger.sources()
    yield "# Totals stated by officials for the month. Of one left open, the claimed case counts what the record shows."
    yield "[official]"
    for key in _STATED:
        if key in found:
            _, entry = found[key]
            yield f"{key} = {int(entry.quantity.said[0] if entry.quantity else 0)}"
        else:
            yield f"# {key} = 0  # open: the ledger has no total for this month"
    if not found:
        yield '# source = "who said it, when, and where it was read"'
        yield ""
        return
    read = dict.fromkeys(sources[entry.source].publisher for _, entry in found.values() if entry.source in sources)
    yield f"source = {_quoted(', '.join(read) or 'the ledger')}"
    yield ""
    yield "[official.entries]  # the recorded choice where others say other numbers: `tegmen ledger rivals ID`"
    for key, (name, _) in found.items():
        yield f'{key} = "{name}"'
    yield ""


def _goal_lines(goal: Goal) -> Iterator[str]:
    yield "[[goals]]"
    yield f'name = "{goal.name}"  # to {goal.label}'
    yield f'metric = "{goal.metric}"'
    yield f"largest_cities = {goal.largest_cities}"
    yield f"threshold = {goal.threshold:g}  # " + (
        "how many may be left" if goal.measure.is_count else "share that may remain"
    )
    yield f"confidence = {goal.confidence:g}  # share of worlds in which it must hold"
    if goal.headline:
        yield "headline = true"
    yield ""


def _held(first: dt.date, last: dt.date, ledger: Ledger) -> Iterator[str]:
    """What Ukraine held, era by era up to the month, as far as the ledger tells; the catalogue serves for the rest."""
    yield "# Fire units in service from a day on, whole country, as the ledger tells (`tegmen ledger status --at DAY`)."
    kinds = read_catalogue().kinds
    for system in kinds.meeting(ThreatClass.ballistic, ThreatClass.cruise):
        # Rows of the record are weighed with what met ballistic missiles at their day; of others only the month counts.
        whole = ThreatClass.ballistic in kinds.met[system]
        rows = _eras(system, last, ledger) if whole else _eras(system, first, ledger)[:1]
        for row in reversed(rows):
            yield from row
        if not rows:
            yield _OWN_ROW.format(name=kind_name(system), system=system, first=first)


def _eras(system: str, last: dt.date, ledger: Ledger) -> list[list[str]]:
    """Rows of a system, the latest first."""
    rows: list[list[str]] = []
    day = last
    for _ in range(_ERAS_MOST):
        held = inventory_at(day, system, ledger=ledger)
        if held.amount.is_nothing and not rows:
            rows.append(_held_row(held, day.replace(day=1), last))
        if not held.known or held.since is None or held.amount.is_nothing:
            break
        rows.append(_held_row(held, held.since, last))
        day = held.since - dt.timedelta(days=1)
    return rows


def _held_row(held: Inventory, since: dt.date, last: dt.date) -> list[str]:
    known = max(min(last, held.until or held.last or since), since)
    amount = held.amount
    return [
        "[[held]]",
        f'system = "{held.system}"',
        f"since = {since}",
        f"as_of = {known}  # the count is known up to this day",
        *(f"{end} = {getattr(amount, end):g}" for end in ("low", "best", "high")),
        f"source = {_quoted('; '.join(dict.fromkeys(held.sources)) or 'the ledger: none before the first came')}",
        *([f'entry = "{held.lines[-1]}"'] if held.lines else []),
        "",
    ]


def _quoted(text: str) -> str:
    return json.dumps(" ".join(text.split()), ensure_ascii=False)
