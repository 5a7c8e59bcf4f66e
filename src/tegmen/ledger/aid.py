"""Aid at a day: requested, pledged, approved, in transit, delivered, lapsed, and what is overdue, by holder and item.

Read from the lives of commitments in a ledger. What is not known stays unknown: it is never counted as nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from tegmen.errors import checked_arguments
from tegmen.ledger.entries import STAGES
from tegmen.ledger.hedges import bounds, plain
from tegmen.ledger.reading.lexicon import systems
from tegmen.terms import FrozenDict, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from tegmen.ledger.entries import Entry, Quantity, Stage
    from tegmen.ledger.hedges import Rules
    from tegmen.ledger.store import Ledger

NOT_NAMED: Final = "not named"
_PROMISED: Final[tuple[Stage, ...]] = ("pledged", "approved", "in transit")


@dataclass(frozen=True, slots=True)
class Amount(Span):
    """How many; best and high are None where nobody said.

    Parameters
    ----------
    low, best, high
        In the unit of the item; low is 0 where nothing is known.
    """

    low: float = 0.0
    best: float | None = 0.0
    high: float | None = 0.0

    def __str__(self) -> str:
        if self.high is None:
            return f"≥ {plain(self.low)}" if self.low else "?"
        return plain(self.low) if self.low == self.high else f"{plain(self.low)}–{plain(self.high)}"

    @property
    def is_nothing(self) -> bool:
        """Whether it is known to be none."""
        return self.high == 0


UNKNOWN: Final = Amount(0.0, None, None)


@dataclass(frozen=True, slots=True)
class Life:
    """One commitment at a day.

    Parameters
    ----------
    id
        Id of the entry it began with.
    holder, receiver
        Who gives, who gets; `NOT_NAMED` where the source names nobody.
    item, unit
        What, and in what it is counted (empty where no step gives a number).
    stage
        The latest it has reached.
    since
        Day of the latest step; None where no day is known.
    due
        Day it was promised for, as last said; None where no day was.
    amounts
        By stage, the steps of that stage together; a stage without a step is not in it.
    outstanding
        Promised and neither delivered nor lapsed; None where nothing was promised.
    overdue
        Whether the day it was due has passed with something outstanding, or perhaps outstanding.
    doubtful
        Whether a step still waits for somebody to look at it.
    entries
        Ids of the steps counted.
    """

    id: str
    holder: str
    receiver: str
    item: str
    unit: str
    stage: Stage
    since: dt.date | None
    due: dt.date | None
    amounts: Mapping[Stage, Amount]
    outstanding: Amount | None
    overdue: bool
    doubtful: bool
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """What one holder has promised and given of one item, all its commitments together; fields as in `Life`.

    `overdue` is what is outstanding of the commitments that are overdue; None where none is.
    """

    holder: str
    item: str
    unit: str
    amounts: Mapping[Stage, Amount]
    outstanding: Amount | None
    overdue: Amount | None
    lives: tuple[str, ...]

    @property
    def name(self) -> str:
        """Holder, item and what it is counted in, in words."""
        counted = "" if self.item.endswith(self.unit) else f", {self.unit}"
        return f"{self.holder}: {self.item}{counted}"


@dataclass(frozen=True, slots=True)
class Supply:
    """What can be counted on of one system, from one holder, by a day.

    Parameters
    ----------
    holder, system, unit
        Who; the system's id in the catalogue; what is counted: batteries are not missiles.
    delivered
        There already at the day of the status. This and the others are None where the ledger has nothing of the kind.
    due
        Outstanding and due between that day and the day asked for.
    undated
        Outstanding and overdue, or promised for no day: it may come by then or not.
    """

    holder: str
    system: str
    unit: str
    delivered: Amount | None
    due: Amount | None
    undated: Amount | None


@dataclass(frozen=True, slots=True)
class AidStatus:
    """Aid at the end of a day.

    Parameters
    ----------
    at
        The day.
    lives
        Every commitment begun by then, in order of holder and item.
    holdings
        The same by holder and item.
    """

    at: dt.date
    lives: tuple[Life, ...]
    holdings: tuple[Holding, ...]

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a holder, item and stage; stages "outstanding" and "overdue" beside those of `STAGES`.

        Returns
        -------
            Columns holder, item, unit, stage, low, best, high; missing (NA) is unknown.
        """
        import pandas as pd

        rows = [
            {"holder": each.holder, "item": each.item, "unit": each.unit, "stage": stage}
            | {field.name: getattr(amount, field.name) for field in fields(Amount)}
            for each in self.holdings
            for stage, amount in (*each.amounts.items(), ("outstanding", each.outstanding), ("overdue", each.overdue))
            if amount is not None
        ]
        frame = pd.DataFrame(rows, columns=["holder", "item", "unit", "stage", "low", "best", "high"])
        return frame.astype(dict.fromkeys(("low", "best", "high"), "Float64"))

    def available(self, by: dt.date) -> tuple[Supply, ...]:
        """Count what each holder has given, or has promised for a day up to `by`, of each system of the catalogue.

        Items that name no system of the catalogue are left out.
        """
        groups: dict[tuple[str, str, str], list[Life]] = {}
        for life in self.lives:
            # What was only asked for is in nobody's supply.
            if (system := system_of(life.item)) is not None and set(life.amounts) != {"requested"}:
                groups.setdefault((life.holder, system, life.unit), []).append(life)

        def by_then(life: Life) -> bool:
            return life.due is not None and self.at <= life.due <= by

        def at_some_time(life: Life) -> bool:
            return life.due is None or life.due < self.at

        return tuple(
            Supply(
                *key,
                delivered=add_up(life.amounts.get("delivered") for life in lives),
                due=add_up(life.outstanding for life in lives if by_then(life)),
                undated=add_up(life.outstanding for life in lives if at_some_time(life)),
            )
            for key, lives in groups.items()
        )


@checked_arguments
def aid_status(ledger: Ledger, at: dt.date, rules: Rules | None = None) -> AidStatus:
    """Tell how far every commitment had come by the end of a day (A32).

    A step counts from its date on, or else the last day of its period, or else the day its source was published; one
    without any of these counts always. Steps of one stage in one life add up. A step without a number, or in another
    unit than the life's first, is of unknown size.

    Parameters
    ----------
    ledger
        Its current entries are read.
    at
        The day.
    rules
        How hedged numbers become ranges; None for the shipped table.
    """
    published = {each: source.published for each, source in ledger.sources().items()}
    lives: list[Life] = []
    for root, steps in ledger.lives().items():
        dated = {each: (counts_from(entry, published), entry) for each, entry in steps.items()}
        known = {each: (day, entry) for each, (day, entry) in dated.items() if day is None or day <= at}
        if known:
            lives.append(_life(root, known, at, rules))
    lives.sort(key=lambda life: (life.holder == NOT_NAMED, life.holder, life.item, str(life.since), life.id))
    groups: dict[tuple[str, str, str], list[Life]] = {}
    for life in lives:
        groups.setdefault((life.holder, life.item.casefold(), life.unit), []).append(life)
    return AidStatus(at, tuple(lives), tuple(_holding(group) for group in groups.values()))


def system_of(item: str) -> str | None:
    """Name the catalogue's system that an item is, or belongs to; None where it names none."""
    return next((system for name, system in systems().items() if name in item.casefold()), None)


def counts_from(entry: Entry, published: Mapping[str, dt.date | None]) -> dt.date | None:
    """Give the day an entry counts from: its date, or the last day of its period, or when its source was published."""
    return entry.date or (entry.period[1] if entry.period else published.get(entry.source))


def _life(root: str, steps: Mapping[str, tuple[dt.date | None, Entry]], at: dt.date, rules: Rules | None) -> Life:
    ordered = sorted(steps.values(), key=lambda step: (step[0] or dt.date.min, STAGES.index(_stage(step[1]))))
    entries = [entry for _, entry in ordered]
    unit = next((entry.quantity.unit for entry in entries if entry.quantity), "")
    amounts = _by_stage((_stage(entry), _amount(entry.quantity, unit, rules)) for entry in entries)
    outstanding = _outstanding(amounts)
    due = next((entry.due for entry in reversed(entries) if entry.due), None)
    parties = next((entry.participants for entry in entries if entry.participants), ())
    giver, receiver, *_ = (*parties, "", "")
    return Life(
        id=root,
        holder=giver or NOT_NAMED,
        receiver=receiver or NOT_NAMED,
        item=next((entry.thing for entry in entries if entry.thing), NOT_NAMED),
        unit=unit,
        stage=_stage(entries[-1]),
        since=ordered[-1][0],
        due=due,
        amounts=amounts,
        outstanding=outstanding,
        overdue=due is not None and due < at and outstanding is not None and not outstanding.is_nothing,
        doubtful=any(entry.doubtful for entry in entries),
        entries=tuple(steps),
    )


def _stage(entry: Entry) -> Stage:
    return next(stage for stage in STAGES if stage == entry.status)


def _amount(quantity: Quantity | None, unit: str, rules: Rules | None) -> Amount:
    if quantity is None or quantity.unit != unit:
        return UNKNOWN
    return Amount(*bounds(quantity, rules))


def _by_stage(amounts: Iterable[tuple[Stage, Amount]]) -> FrozenDict[Stage, Amount]:
    listed = list(amounts)
    sums: dict[Stage, Amount | None] = {s: add_up(amount for at, amount in listed if at == s) for s in STAGES}
    return FrozenDict({stage: amount for stage, amount in sums.items() if amount is not None})


def add_up(amounts: Iterable[Amount | None]) -> Amount | None:
    """Add up amounts, None for nothing to add; a sum with an unknown part has no best and no high."""
    parts = [part for part in amounts if part is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    best, high = [part.best for part in parts], [part.high for part in parts]
    return Amount(
        sum(part.low for part in parts),
        None if None in best else sum(value or 0 for value in best),
        None if None in high else sum(value or 0 for value in high),
    )


def _outstanding(amounts: Mapping[Stage, Amount]) -> Amount | None:
    """Promised, less what was delivered and what lapsed; what was approved or sent is part of what was pledged."""
    promised = [amounts[stage] for stage in _PROMISED if stage in amounts]
    if not promised:
        return None
    gone = add_up((amounts.get("delivered"), amounts.get("lapsed"))) or Amount()
    best, high = [each.best for each in promised], [each.high for each in promised]
    return Amount(
        0.0 if gone.high is None else max(max(each.low for each in promised) - gone.high, 0.0),
        None if None in best or gone.best is None else max(max(each or 0 for each in best) - gone.best, 0.0),
        None if None in high else max(max(each or 0 for each in high) - gone.low, 0.0),
    )


def _holding(lives: list[Life]) -> Holding:
    first = lives[0]
    return Holding(
        first.holder,
        first.item,
        first.unit,
        _by_stage(given for life in lives for given in life.amounts.items()),
        add_up(life.outstanding for life in lives),
        add_up(life.outstanding for life in lives if life.overdue),
        tuple(life.id for life in lives),
    )
