"""What holders can give, month by month, and the network of it: from stocks through working order and crews to the ask.

A unit goes from a holder's stock above its floor, once it is in working order, through agreement, transfer and training
to the first month in which it can fight all month; crews limit how many begin in one (A39).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from tegmen.answer.flow import Flow, Network, cheapest_flow
from tegmen.evidence.holders import Holder, Outlook

FURTHEST: Final = 120
"""Months ahead of which a month can be asked for."""
MONTH_ROWS: Final = (
    "months_to_agree",
    "months_to_transfer",
    "months_to_train",
    "months_to_overhaul",
    "months_to_build",
)
_TIE = 1e-6
"""What settles ties of months and shares: the order of the table."""
_ROUNDING = 1e-9
"""Products of shares miss whole numbers by less."""


class Batch(NamedTuple):
    """Units of one holder that could fight from the same month on; month 1 is the one after the question's."""

    units: int
    month: int
    how: str


@dataclass(frozen=True, slots=True)
class Giver:
    """What a holder could give in one outlook.

    Parameters
    ----------
    stock, floor, promised, working
        Units it holds, keeps, has promised already, and has in working order.
    built
        Months in which what a maker builds for the asker could fight, one a unit.
    months
        Months from the ask until a unit in working order can fight, and until one can that has to be overhauled.
    """

    holder: Holder
    stock: int
    floor: int
    promised: int
    working: int
    months: tuple[float, float]
    built: tuple[int, ...] = ()

    @property
    def spares(self) -> int:
        """Units of the stock that it can spare."""
        return max(self.stock - self.floor - self.promised, 0)

    @property
    def gives(self) -> int:
        """Units it can give at any time, those still to be built among them."""
        return self.spares + len(self.built)

    @property
    def batches(self) -> tuple[Batch, ...]:
        """Those it can give, by the first month in which they can fight all month."""
        ready = min(self.spares, self.working)
        own = (
            Batch(ready, full_month(self.months[0]), "in working order"),
            Batch(self.spares - ready, full_month(self.months[1]), "after overhaul"),
            *(Batch(1, month, "newly built") for month in self.built),
        )
        return tuple(batch for batch in own if batch.units)

    def share_cost(self, nth: int, order: int) -> float:
        """Cost of its n-th unit: the share of the stock that is gone with it, n/s, so that shares stay even."""
        return nth / max(self.stock, 1) + _TIE * order


def giver_of(holder: Holder, outlook: Outlook, floor: int | None = None, sooner: str = "") -> Giver:
    """Read what a holder can give.

    Parameters
    ----------
    floor
        Units it keeps, in place of its row; a row above the stock keeps all of it.
    sooner
        Id of a row of months that is read as one month less.
    """

    def number(name: str) -> float:
        row, value = holder.rows.get(name), holder.number(name, outlook) or 0.0
        return max(value - 1.0, 0.0) if row is not None and name in MONTH_ROWS and row.id == sooner else value

    stock = int(number("stock")) if holder.is_known else 0
    if floor is None:
        shared = math.ceil(stock * number("floor_share") - _ROUNDING)
        floor = int(number("floor")) if "floor" in holder.rows else shared
    agree, transfer, train, overhaul, _ = map(number, MONTH_ROWS)
    return Giver(
        holder=holder,
        stock=stock,
        floor=min(floor, stock),
        promised=int(number("promised")),
        working=math.floor(stock * number("working_share") + _ROUNDING),
        months=(agree + max(transfer, train), agree + max(overhaul + transfer, train)),
        built=_built(number),
    )


def _built(number: Callable[[str], float]) -> tuple[int, ...]:
    """Months of what a maker builds for the asker: after what it has promised, without the share that others get."""
    a_year = number("fire_units_a_year") * (1.0 - number("floor_share"))
    if a_year <= 0:
        return ()
    agree, _, train, _, build = map(number, MONTH_ROWS)
    apart, promised = 12.0 / a_year, int(number("promised"))
    orders = range(promised + 1, math.floor(FURTHEST / apart) + 1)
    return tuple(full_month(max(agree + max(build, train), order * apart)) for order in orders)


def full_month(months: float) -> int:
    """First month all of which a unit fights that can fight after so many; month 1 is the first after the ask."""
    return math.ceil(months - _ROUNDING) + 1


def crews_of(givers: Sequence[Giver], kind: str, months: int, outlook: Outlook, more: int = 0) -> tuple[int, ...]:
    """(months,) units whose crews can begin in each month: whole ones of a rate, and `more` a month."""
    rate = next(
        (giver.holder.number("crews_a_month", outlook) or 0.0 for giver in givers if giver.holder.system == kind), 0.0
    )
    whole = [math.floor(month * rate + _ROUNDING) for month in range(months + 1)]
    return tuple(after - before + more for before, after in pairwise(whole))


# ---------------------------------------------------------------- the network


class Move(NamedTuple):
    """One unit: index of its giver, month in which it could fight, month in which it does."""

    giver: int
    ready: int
    month: int


@dataclass(slots=True)
class _Arcs:
    """The network while it is made. Nodes: 0 where units come from; a sink a kind; its months; the givers."""

    kinds: tuple[str, ...]
    months: int
    givers: int
    rows: list[tuple[int, int, int, float]] = field(default_factory=list)

    @property
    def nodes(self) -> int:
        return 1 + len(self.kinds) * (1 + self.months) + self.givers

    def sink(self, kind: str) -> int:
        return 1 + self.kinds.index(kind)

    def waits(self, kind: str, month: int) -> int:
        return len(self.kinds) + self.kinds.index(kind) * self.months + month

    def giver(self, index: int) -> int:
        return self.nodes - self.givers + index

    def add(self, tail: int, head: int, capacity: int, cost: float = 0.0) -> int:
        self.rows.append((tail, head, capacity, cost))
        return len(self.rows) - 1


@dataclass(frozen=True, slots=True)
class Solved:
    """The best flow of gifts, as single units.

    Parameters
    ----------
    moves
        Units that come, by kind and month.
    unmet
        Kind to the number that cannot come.
    """

    givers: tuple[Giver, ...]
    added: Mapping[str, int]
    crews: Mapping[str, tuple[int, ...]]
    moves: tuple[Move, ...]
    unmet: Mapping[str, int]
    flow: Flow
    arcs: _Arcs

    @property
    def waited(self) -> int:
        """Months before they fight, summed over the units that come."""
        return sum(move.month - 1 for move in self.moves)

    def may_gain(self, giver: int, month: int) -> bool:
        """Whether one more unit of a giver that could fight from a month on could gain anything; if not, none can."""
        kind, arcs, by = self.givers[giver].holder.system, self.arcs, self.givers[giver]
        if month > arcs.months:
            return False
        node, last = arcs.giver(giver), arcs.waits(kind, month)
        return self.flow.could_save(0, node, by.share_cost(by.gives + 1, giver)) or self.flow.could_save(
            node, last, 0.0
        )

    def crews_may_gain(self, kind: str) -> bool:
        """Whether one more crew in every month could."""
        return any(
            self.flow.could_save(self.arcs.waits(kind, month), self.arcs.sink(kind), _month_cost(self.added) * month)
            for month in range(1, self.arcs.months + 1)
        )


def solve(givers: Sequence[Giver], added: Mapping[str, int], crews: Mapping[str, tuple[int, ...]]) -> Solved:
    """Bring as many as can come; of these plans the earliest, summed over units; of these the most even shares.

    Parameters
    ----------
    crews
        Kind to (months,) units whose crews can begin in each month.
    """
    arcs = _Arcs(tuple(added), len(next(iter(crews.values()))), len(givers))
    begin = {kind: _add_months(arcs, kind, crews[kind], added) for kind in added}
    ready: list[tuple[int, int, int]] = []
    for index, giver in enumerate(givers):
        kind = giver.holder.system
        for nth in range(1, min(giver.gives, added[kind]) + 1):
            arcs.add(0, arcs.giver(index), 1, giver.share_cost(nth, index))
        for batch in giver.batches:
            if batch.month <= arcs.months:
                arc = arcs.add(arcs.giver(index), arcs.waits(kind, batch.month), batch.units)
                ready.append((arc, index, batch.month))
    flow = cheapest_flow(_network(arcs, added))
    moves: list[Move] = []
    for kind, first in begin.items():  # who is ready first begins first
        own = [
            (at, index)
            for arc, index, at in ready
            if givers[index].holder.system == kind
            for _ in range(flow.units[arc])
        ]
        months = np.repeat(np.arange(1, arcs.months + 1), flow.units[first : first + arcs.months]).tolist()
        moves += [Move(index, at, month) for (at, index), month in zip(sorted(own), months, strict=True)]
    come = {kind: sum(givers[move.giver].holder.system == kind for move in moves) for kind in added}
    unmet = {kind: number - come[kind] for kind, number in added.items()}
    return Solved(tuple(givers), added, crews, tuple(moves), unmet, flow, arcs)


def _add_months(arcs: _Arcs, kind: str, crews: Sequence[int], added: Mapping[str, int]) -> int:
    """Arcs of a kind's months, and the one of what does not come; gives the index of the first month's."""
    first, wait = len(arcs.rows), _month_cost(added)
    for month, most in enumerate(crews, start=1):
        arcs.add(arcs.waits(kind, month), arcs.sink(kind), most, wait * month)
    for month in range(1, arcs.months):
        arcs.add(arcs.waits(kind, month), arcs.waits(kind, month + 1), added[kind])
    arcs.add(0, arcs.sink(kind), added[kind], wait * (arcs.months + 1) * sum(added.values()))
    return first


def _month_cost(added: Mapping[str, int]) -> float:
    """Cost of a month's wait: above the sum of all shares, so that no share is worth a month."""
    return sum(added.values()) + 1.0


def _network(arcs: _Arcs, added: Mapping[str, int]) -> Network:
    supply = np.zeros(arcs.nodes, dtype=np.int64)
    supply[0] = sum(added.values())
    for kind, number in added.items():
        supply[arcs.sink(kind)] = -number
    table = np.array(arcs.rows)
    tail, head, capacity = (column.astype(np.int64) for column in table.T[:3])
    return Network(supply, tail, head, capacity, table[:, 3])
