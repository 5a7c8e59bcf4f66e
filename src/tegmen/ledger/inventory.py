"""Inventories at a day: how many fire units of a system a holder had, and which lines of the ledger make the range.

Three sorts of lines tell of a holding: counts ("Patriot held by Ukraine"), arrivals and gifts (delivered steps of
commitments), and losses ("Patriot lost by Ukraine").
"""

from __future__ import annotations

import datetime as dt
import math
import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from statistics import median_low
from typing import TYPE_CHECKING, Final, Literal

from tegmen.errors import InputError, checked_arguments
from tegmen.ledger.aid import UNKNOWN, Amount, counts_from, system_of
from tegmen.ledger.hedges import bounds, widen
from tegmen.ledger.reading.lexicon import systems
from tegmen.ledger.store import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tegmen.ledger.entries import Entry
    from tegmen.ledger.hedges import Rules
    from tegmen.ledger.store import Ledger

FIRE_UNITS: Final = "fire units"
ONE_UNIT: Final = frozenset({"batteries", "systems", FIRE_UNITS})
"""Pages use these words for one and the same gift; launchers, radars and missiles are parts of one."""
_TOLD: Final = re.compile(r"(?P<item>.+?) (?P<what>held|lost) by (?P<holder>[^,]+)")

_Tells = Literal["count", "change", "nothing"]
_Bounds = tuple[float, float, float]
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one holder had of one system at the end of a day.

    Parameters
    ----------
    holder, system, unit
        Who; the system's id in the catalogue; what is counted: fire units wherever a page counts whole ones.
    at
        The day.
    amount
        Range and best value; `UNKNOWN` where no line tells.
    since, until
        First day on which nothing more came or went, and the last before something did again; None where no line
        tells of a change.
    lines
        Ids of the entries that make the range.
    aside
        Ids of those that tell of the holding and do not: promises, parts of units, and whatever is doubtful, such as
        losses that only the attacker claims.
    sources
        Publisher and day of each of `lines`.
    last
        Latest day that any line about this holding tells of; None where there is none.
    """

    holder: str
    system: str
    unit: str
    at: dt.date
    amount: Amount = UNKNOWN
    since: dt.date | None = None
    until: dt.date | None = None
    lines: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    last: dt.date | None = None

    @property
    def known(self) -> bool:
        """Whether any line tells how many."""
        return self.amount.high is not None

    @property
    def beyond(self) -> bool:
        """Whether the day lies behind all that the ledger tells of this holding: it may have changed since."""
        return self.last is None or self.last < self.at

    @property
    def words(self) -> str:
        """Say how many, and how far the ledger reaches."""
        if not self.known:
            return f"the ledger does not tell how many {self.system} {self.holder} held on {self.at}"
        unit = self.unit.removesuffix("s") if self.amount.high == 1 else self.unit
        told = f"{self.holder} held {self.amount} {unit} of {self.system} on {self.at}"
        if not self.beyond:
            return told
        return f"{told}, as far as the ledger reaches: its last line about them is of {self.last}"


@dataclass(frozen=True, slots=True)
class _Line:
    """What one entry tells: how many, in `first` to `day`; or how many came or went, not before `first`, by `day`."""

    id: str
    tells: _Tells
    sign: int
    first: dt.date
    day: dt.date
    entry: Entry
    source: str

    @property
    def unit(self) -> str:
        """What it counts."""
        return self.entry.quantity.unit if self.entry.quantity else ""


@checked_arguments
def inventory_at(
    day: dt.date,
    system: str,
    *,
    holder: str = "Ukraine",
    ledger: Ledger | None = None,
    rules: Rules | None = None,
) -> Inventory:
    """Tell what a holder had of a system at the end of a day, from the ledger (A32).

    A count holds on all days between which nothing surely came or went. Low and high span the counts that hold on the
    day, and what arrived by then less what was lost where nobody counted any before the first arrival; best is their
    lower median. Where no count holds on the day, those of the nearest time before (or else after) are carried to it
    by what came and went between. Doubtful lines set nothing.

    Parameters
    ----------
    day
        The day; for a scenario, the last one of its month.
    system
        Id in the catalogue.
    holder
        As the ledger names it.
    ledger
        None for the shipped one.
    rules
        How hedged numbers become ranges; None for the shipped table.

    Raises
    ------
    InputError
        No such system.
    """
    if system not in (known := set(systems().values())):
        raise InputError("system", [f"found {system!r}, allowed: {', '.join(sorted(known))}"])
    if ledger is None:
        with open_ledger() as shipped:
            return inventory_at(day, system, holder=holder, ledger=shipped, rules=rules)
    name, lines = _holdings(ledger).get((holder.casefold(), system), (holder, []))
    return _inventory(name, system, lines, day, rules)


@checked_arguments
def inventories(ledger: Ledger, at: dt.date, rules: Rules | None = None) -> tuple[Inventory, ...]:
    """Tell what every holder had of every system at the end of a day, as `inventory_at` does; those known only."""
    holdings = sorted(_holdings(ledger).items())
    found = (_inventory(holder, system, lines, at, rules) for (_, system), (holder, lines) in holdings)
    return tuple(each for each in found if each.known)


# ---------------------------------------------------------------- entries to lines of a holding


def _holdings(ledger: Ledger) -> dict[_Key, tuple[str, list[_Line]]]:
    """Give what each entry tells, by holder and system, with the holder as first named."""
    sources = ledger.sources()
    published = {each: source.published for each, source in sources.items()}
    found: dict[_Key, tuple[str, list[_Line]]] = {}
    for id_, entry in ledger.current().items():
        system, day = system_of(entry.thing), counts_from(entry, published)
        if system is None or day is None:
            continue
        first = entry.period[0] if entry.period else day
        source = sources[entry.source]
        for holder, tells, sign in _tellings(entry):
            line = _Line(
                id_, tells, sign, first, day, _in_units(entry), f"{source.publisher} {source.published or day}"
            )
            found.setdefault((holder.casefold(), system), (holder, []))[1].append(line)
    return found


def _tellings(entry: Entry) -> Iterable[tuple[str, _Tells, int]]:
    """Tell whose holding an entry is about, what it tells of it, and whether it adds (1) or takes away (-1)."""
    certain = entry.quantity is not None and not entry.doubtful
    if entry.kind == "statement" and (told := _TOLD.match(entry.thing)):
        sign, tells = (1, "count") if told["what"] == "held" else (-1, "change")
        certain &= entry.role in {"", told["what"]}
        yield told["holder"].strip(), tells if certain else "nothing", sign
    if entry.kind == "commitment":
        giver, receiver, *_ = (*entry.participants, "", "")
        tells = "change" if certain and entry.status == "delivered" else "nothing"
        for holder, sign in ((giver, -1), (receiver, 1)):
            if holder:
                yield holder, tells, sign


def _in_units(entry: Entry) -> Entry:
    """Call what counts whole fire units by one name."""
    if entry.quantity is None or entry.quantity.unit not in ONE_UNIT:
        return entry
    return replace(entry, quantity=replace(entry.quantity, unit=FIRE_UNITS))


# ---------------------------------------------------------------- lines to a range


def _inventory(holder: str, system: str, lines: list[_Line], at: dt.date, rules: Rules | None) -> Inventory:
    units = Counter(line.unit for line in lines if line.tells != "nothing")
    unit = FIRE_UNITS if FIRE_UNITS in units or not units else units.most_common(1)[0][0]
    counts = [line for line in lines if line.tells == "count" and line.unit == unit]
    changes = [line for line in lines if line.tells == "change" and line.unit == unit]
    edges = sorted({line.day for line in changes if _size(line, rules)[0] > 0})
    first = _first_arrival(counts, lines)
    if first is not None and at < first.first:
        used, voices = [first], [(0.0, 0.0, 0.0)]
    else:
        begun = [line for line in changes if line.first <= at] if first else []
        counted = _counts_on(counts, edges, at) or _counts_near(counts, edges, at, back=not first)
        used, voices = counted + begun, [_carried(line, counted, changes, at, rules) for line in counted]
        voices += [_net(begun, at, rules)] if begun else []
    ids = {line.id for line in used}
    return Inventory(
        holder=holder,
        system=system,
        unit=unit,
        at=at,
        amount=_spanned(voices),
        since=max((edge for edge in edges if edge <= at), default=None),
        until=min((edge - dt.timedelta(1) for edge in edges if edge > at), default=None),
        lines=tuple(line.id for line in lines if line.id in ids),
        aside=tuple(line.id for line in lines if line.id not in ids and line.day <= at),
        sources=tuple(dict.fromkeys(line.source for line in lines if line.id in ids)),
        last=max((line.day for line in lines), default=None),
    )


def _first_arrival(counts: list[_Line], lines: list[_Line]) -> _Line | None:
    """Give the arrival, of units or of parts, that is the first thing told of a holding: before it there was none."""
    changes = [line for line in lines if line.tells == "change"]
    first = min(changes, key=lambda line: line.day, default=None)
    return first if first and first.sign > 0 and all(line.day >= first.day for line in counts) else None


def _counts_on(counts: list[_Line], edges: list[dt.date], at: dt.date) -> list[_Line]:
    """Give the counts that speak of a day: about a period that holds it, or with no change between."""
    now = bisect_right(edges, at)
    return [line for line in counts if line.first <= at <= line.day or bisect_right(edges, line.day) == now]


def _counts_near(counts: list[_Line], edges: list[dt.date], at: dt.date, *, back: bool) -> list[_Line]:
    """Give the counts of the last time between two changes that has any, before a day, or else after it."""
    now, times = bisect_right(edges, at), {bisect_right(edges, line.day) for line in counts}
    nearest = max((time for time in times if time < now), default=min(times, default=now) if back else None)
    return [line for line in counts if bisect_right(edges, line.day) == nearest]


def _carried(line: _Line, voices: list[_Line], changes: list[_Line], at: dt.date, rules: Rules | None) -> _Bounds:
    """Read a count beside its rivals (A31), and carry it to a day by what came and went between."""
    others = {other.id: other.entry for other in voices if other.id != line.id}
    assert line.entry.quantity is not None, "a count has a number"
    span = widen(line.entry.quantity, rules, rivals=others)
    if line.first <= at <= line.day:
        return span.low, span.best, span.high
    after = _net((each for each in changes if line.day < each.day <= at), at, rules)
    before = _net((each for each in changes if at < each.day <= line.day), line.day, rules)
    return (span.low + after[0] - before[2], span.best + after[1] - before[1], span.high + after[2] - before[0])


def _net(changes: Iterable[_Line], at: dt.date, rules: Rules | None) -> _Bounds:
    """Add up what came and went by a day; what may have come or gone later adds to the doubt alone."""
    low = best = high = 0.0
    for line in changes:
        size = _size(line, rules)
        least, middle, most = size if line.day <= at else (0.0, 0.0, size[2])
        low += least if line.sign > 0 else -most
        best += line.sign * middle
        high += most if line.sign > 0 else -least
    return low, best, high


def _size(line: _Line, rules: Rules | None) -> _Bounds:
    return bounds(line.entry.quantity, rules) if line.entry.quantity else (0.0, 0.0, 0.0)


def _spanned(voices: list[_Bounds]) -> Amount:
    """Span what is said, in whole units: none below 0; best is the lower median."""
    if not voices:
        return UNKNOWN
    low = max(math.ceil(min(voice[0] for voice in voices)), 0)
    high = max(math.floor(max(voice[2] for voice in voices)), low)
    best = round(median_low(voice[1] for voice in voices))
    return Amount(float(low), float(min(max(best, low), high)), float(high))
