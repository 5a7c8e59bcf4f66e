"""The cheapest point of a lattice that meets what is asked, with a proven bound at every moment.

A point says how much of each thing is bought; costs add up, and no more of anything makes what is asked be met less.
So a box of points none of which meets it is thrown away by its top corner alone, and no point of what is left costs
less than the cheapest bottom corner: that is the bound (branch, reduce and bound for monotone problems, Tuy 2000).
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

Point = tuple[int, ...]

_SAME_COST = 1e-9
"""Relative difference of costs that is none."""
_GRID_MOST = 20_000_000
"""Points of the largest lattice that a bound is checked on point by point."""
_TWICE = 2.0
"""How many times the largest shortfall seen from buying more the proof allows for."""
_PROBES = 200


@dataclass(eq=False)
class Margins:
    """By how much points meet what is asked, each worked out once; at 0 and above a point meets it.

    Parameters
    ----------
    of
        Point to margin.
    known
        What is worked out.
    """

    of: Callable[[Point], float]
    known: dict[Point, float] = field(default_factory=dict[Point, float])

    def at(self, point: Point) -> float:
        """The margin at a point."""
        if point not in self.known:
            self.known[point] = float(self.of(point))
        return self.known[point]

    def arrays(self, axes: int) -> tuple[Ints, Floats]:
        """(i, axis) points known, (i,) their margins."""
        points = np.array(list(self.known), dtype=np.int64).reshape(len(self.known), axes)
        return points, np.array(list(self.known.values()), dtype=np.float64)

    def shortfall(self, axes: int) -> float:
        """How far short a known point falls at most that has no less of anything than one that meets what is asked."""
        points, margins = self.arrays(axes)
        met, failed = points[margins >= 0], margins < 0
        short = [-margin for point, margin in zip(points[failed], margins[failed], strict=True)
                 if (met <= point).all(axis=1).any()]  # fmt: skip
        return max(short, default=0.0)

    def probe(self, axes: int, most: int, until: float) -> None:
        """Try points with one less than those that fail, where no other fails above them: less could do better."""
        points, margins = self.arrays(axes)
        failed = points[margins < 0]
        highest = [point for point in failed if (failed >= point).all(axis=1).sum() == 1]
        for point in highest[: max(1, most // axes)]:
            for axis in np.flatnonzero(point):
                if time.perf_counter() > until:
                    return
                self.at(_moved(tuple(point.tolist()), int(axis), int(point[axis]) - 1))


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest point found, and what no point can cost less than.

    Parameters
    ----------
    point, cost
        None and infinite where no point that meets what is asked was found within the most that may be spent.
    bound
        No point that meets it costs less; infinite where none meets it.
    stopped
        Why the search ended before its proof: "time", "interrupted"; empty where it did not.
    slack
        Shortfall from buying more than is enough that the proof allows for.
    scored
        Points scored for it.
    seconds
        How long it took.
    """

    point: Point | None
    cost: float
    bound: float
    stopped: str
    slack: float
    scored: int
    seconds: float

    @property
    def gap(self) -> float:
        """Share of its cost that a cheaper point could save at most; 1 where nothing is known."""
        if self.point is None:
            return 0.0 if np.isinf(self.bound) else 1.0
        return max(0.0, 1 - self.bound / self.cost) if self.cost > 0 else 0.0

    @property
    def proven(self) -> bool:
        """Whether nothing cheaper meets what is asked."""
        return self.gap <= _SAME_COST


def cheapest_point(
    prices: Sequence[Floats],
    margins: Margins,
    *,
    most: float = np.inf,
    seconds: float = 60.0,
    gap: float = 0.0,
    probes: int = _PROBES,
) -> Found:
    """Find the cheapest point with a margin of 0 or more.

    Where a point with more than one that meets what is asked was seen to fall short of it (units that share rounds may
    do so), points count as out of the question only from twice that shortfall down, so that the bound holds all the
    same; points with a little less than those out of the question are tried to see it. The bound is worked out anew
    from the points scored alone before it is given (`bound_of`).

    Parameters
    ----------
    prices
        One array an axis: (levels,) cost of 0, 1, ... of it, from 0 up, never falling.
    most
        The most that may be spent.
    seconds
        Time after which the best so far is given; an interrupt does the same.
    gap
        Share of the cost at which the search may end.
    probes
        Points tried beyond those that the search needs, to see whether buying less could do better.
    """
    begun, slack, before = time.perf_counter(), 0.0, len(margins.known)
    while True:
        search = _Search(prices, margins, slack, most)
        stopped = search.run(begun + seconds, gap, probes)
        short = margins.shortfall(len(prices))
        if short <= slack or stopped:
            break
        slack = _TWICE * short
    bound = search.bound if short <= slack else 0.0  # 0: stopped before it could be done again
    slack = max(slack, short)
    checked = bound_of(prices, margins, slack)
    found = Found(search.best, search.cost, bound, stopped, slack, len(margins.known) - before, 0.0)
    if checked is not None:
        found = replace(found, bound=min(bound, max(checked, 0.0)))
    return replace(found, bound=min(found.bound, found.cost), seconds=time.perf_counter() - begun)


def bound_of(prices: Sequence[Floats], margins: Margins, slack: float) -> float | None:
    """What no point meeting what is asked costs less than, from the points scored and nothing else.

    The cheapest point of the whole lattice that has not more of something than every point out of the question; None
    where the lattice is too large to be laid out.
    """
    shape = tuple(len(price) for price in prices)
    if np.prod([float(size) for size in shape]) > _GRID_MOST:
        return None
    out, alone = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    points, values = margins.arrays(len(shape))
    top = np.array(shape) - 1
    out[tuple(np.minimum(points[values < -slack], top).T)] = True
    for axis in range(len(shape)):  # a point below one that is out is out
        out = np.flip(np.logical_or.accumulate(np.flip(out, axis), axis), axis)
    alone[tuple(points[(values < 0) & (points <= top).all(axis=1)].T)] = True
    cost = np.zeros(shape)
    for axis, price in enumerate(prices):
        cost += price.reshape([-1 if each == axis else 1 for each in range(len(shape))])
    return float(cost[~(out | alone)].min(initial=np.inf))


class _Search:
    """Boxes of points that may yet hold a cheaper one, the cheapest bottom corner first."""

    def __init__(self, prices: Sequence[Floats], margins: Margins, slack: float, most: float) -> None:
        self.prices, self.margins, self.slack, self.most = list(prices), margins, slack, most
        self.best: Point | None = None
        self.cost = np.inf
        self.boxes: list[tuple[float, int, Point, Point]] = []
        self.pushed = 0
        points, values = margins.arrays(len(self.prices))
        self._failed, self._met = points[values < -slack], points[values >= 0]

    def run(self, until: float, gap: float, probes: int) -> str:
        """Search until the proof, or a gap small enough, or the time is up; why it ended before its proof."""
        bottom, top = (0,) * len(self.prices), tuple(len(price) - 1 for price in self.prices)
        heapq.heappush(self.boxes, (0.0, 0, bottom, top))
        try:
            while self.boxes and self.bound < self.cost * (1 - max(gap, _SAME_COST)):
                if time.perf_counter() > until:
                    return "time"
                # A box leaves the heap only once its parts are on it, below it: an interrupt in between loses none.
                _, _, low, high = self.boxes[0]
                for part in self._parts(low, high):
                    self._push(*part)
                heapq.heappop(self.boxes)
            if probes:
                self.margins.probe(len(self.prices), probes, until)
        except KeyboardInterrupt:
            return "interrupted"
        return ""

    @property
    def bound(self) -> float:
        """What no point costs less than, as things stand."""
        return min(self.boxes[0][0] if self.boxes else np.inf, self.cost)

    def _push(self, low: Point, high: Point) -> None:
        self.pushed += 1
        heapq.heappush(self.boxes, (self._cost_of(low), self.pushed, low, high))

    def _parts(self, low: Point, high: Point) -> list[tuple[Point, Point]]:
        """What of a box may yet hold a cheaper point: two halves of what is left of it, or nothing."""
        box = self._shrunk(low, high)
        if box is None:
            return []
        low, high = box
        if self._adopt(low) or low == high:
            return []
        self._descend(high)
        spans = [price[h] - price[at] for price, at, h in zip(self.prices, low, high, strict=True)]
        steps = [h - at for at, h in zip(low, high, strict=True)]
        axis = int(np.lexsort((steps, spans))[-1])
        if steps[axis] == 0:
            axis = int(np.argmax(steps))
        middle = (low[axis] + high[axis]) // 2
        return [(low, _moved(high, axis, middle)), (_moved(low, axis, middle + 1), high)]

    def _shrunk(self, low: Point, high: Point) -> tuple[Point, Point] | None:
        """The box without what costs too much, and without levels at which not even its top corner is enough."""
        room = min(self.cost * (1 - _SAME_COST), self.most * (1 + _SAME_COST)) - self._cost_of(low)
        if room < 0:
            return None
        for axis, price in enumerate(self.prices):
            level = int(np.searchsorted(price, price[low[axis]] + room, side="right")) - 1
            high = _moved(high, axis, min(high[axis], level))
        if not self._could(high):
            return None
        for axis in range(len(low)):
            least = least_level(low[axis], high[axis], lambda level, axis=axis: self._could(_moved(high, axis, level)))
            low = _moved(low, axis, least)
        return low, high

    def _descend(self, point: Point) -> None:
        """Give up the dearest things of a point first, as far as what is asked stays met, and take what is left."""
        if not self._could(point) or self.margins.at(point) < 0:
            return
        dearest = sorted(range(len(point)), key=lambda axis: -self.prices[axis][1:2].sum())
        for order in (dearest, dearest[::-1]):
            at = point
            for axis in order:
                level = least_level(0, at[axis], lambda each, axis=axis, at=at: self._meets(_moved(at, axis, each)))
                at = _moved(at, axis, level)
            self._adopt(at)

    def _adopt(self, point: Point) -> bool:
        """Take a point that meets what is asked, if it is cheaper than the best; whether it meets it."""
        if not self._meets(point) or self.margins.at(point) < 0:
            return False
        cost = self._cost_of(point)
        if cost < self.cost and cost <= self.most * (1 + _SAME_COST):
            self.best, self.cost = point, cost
        return True

    def _could(self, point: Point) -> bool:
        """Whether a point with no more of anything may meet what is asked."""
        if (self._failed >= point).all(axis=1).any():
            return False
        if (self._met <= point).all(axis=1).any():
            return True
        self._score(point)
        return self.margins.at(point) >= -self.slack

    def _meets(self, point: Point) -> bool:
        if (self._failed >= point).all(axis=1).any():
            return False
        if (self._met <= point).all(axis=1).any():
            return True
        self._score(point)
        return self.margins.at(point) >= 0

    def _score(self, point: Point) -> None:
        if point in self.margins.known:
            return
        margin, row = self.margins.at(point), np.array([point], dtype=np.int64)
        if margin >= 0:
            self._met = np.concatenate([self._met, row])
        elif margin < -self.slack:
            self._failed = np.concatenate([self._failed, row])

    def _cost_of(self, point: Point) -> float:
        return float(sum(price[level] for price, level in zip(self.prices, point, strict=True)))


def _moved(point: Point, axis: int, level: int) -> Point:
    return (*point[:axis], level, *point[axis + 1 :])


def least_level(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest level at which something holds that holds from there to `high`."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
