"""The cheapest point of a lattice that reaches every goal, with a proven bound at every moment.

A point says how much of each thing is bought; costs add up, and no more of anything makes a goal be reached less. So a
point that fails a goal rules out every point with no more of anything, and no point that is left costs less than the
cheapest of them: that is the bound. Which point to look at next is guessed from those looked at before; the guess
decides how soon the proof is there, and never what is proven.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

Point = tuple[int, ...]

POINTS_MOST = 12_000_000
"""Points of the largest lattice: all of them are laid out."""
_SAME_COST = 1e-9
"""Relative difference of costs that is none."""
_TWICE = 2.0
"""How many times the largest shortfall seen from buying more the proof allows for."""
_PROBES = 20
_FIRST_LOOKS = (1.0, 0.5, 0.25)
"""Parts of everything that may be bought, looked at first."""
_RIDGE = 1e-3
_ODDS_APART = 1.0
"""Log-odds from the share asked within which a point counts for the guess."""
_LIKE = 0.1
"""Weight of a share in other worlds for the guess."""
_UNSURE = 0.05
"""Log-odds that a guess may always be off by."""


@dataclass(eq=False)
class Reach:
    """In what share of worlds points reach a goal, each worked out once.

    Parameters
    ----------
    of
        Point of its own axes to share.
    axes
        The axes of the lattice that it hangs on, ascending.
    slow
        Whether a point takes long: what is quick is looked at first.
    like
        Shares of the same goal in other worlds: guesses begin with them, and nothing is proven by them.
    known
        What is worked out.
    """

    of: Callable[[Point], float]
    axes: tuple[int, ...]
    slow: bool = False
    like: Reach | None = None
    known: dict[Point, float] = field(default_factory=dict[Point, float])

    def own(self, point: Sequence[int]) -> Point:
        """The levels of its own axes."""
        return tuple(int(point[axis]) for axis in self.axes)

    def at(self, own: Point) -> float:
        """The share at a point of its own axes."""
        if own not in self.known:
            self.known[own] = float(self.of(own))
        return self.known[own]


Asked = Sequence[tuple[Reach, float]]
"""Goals, each with the share of worlds asked."""


@dataclass(frozen=True, slots=True)
class Found:
    """The cheapest point found, and what no point can cost less than.

    Parameters
    ----------
    point, cost
        None and infinite where no point that reaches the goals was found within the most that may be spent.
    bound
        No point that reaches them costs less; infinite where none does.
    stopped
        Why the search ended before its proof: "time", "interrupted"; empty where it did not.
    slack
        Shortfall from buying more than is enough that the proof allows for.
    scored
        Shares worked out for it.
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
        """Whether nothing cheaper reaches the goals."""
        return self.gap <= _SAME_COST


def cheapest_point(
    prices: Sequence[Floats],
    asked: Asked,
    *,
    most: float = np.inf,
    seconds: float = 60.0,
    gap: float = 0.0,
    probes: int = _PROBES,
) -> Found:
    """Find the cheapest point that reaches every goal in the share of worlds asked.

    Where a point with more than one that reaches a goal was seen to fall short of it (units that share rounds may do
    so), points rule others out only from twice that shortfall down, so that the bound holds all the same; points with
    a little less than those that fail are tried to see it. The bound is worked out anew from the shares known, and
    nothing else, before it is given (`bound_of`).

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
    begun, before = time.perf_counter(), sum(len(reach.known) for reach, _ in asked)
    search = _Search(prices, asked, most)
    stopped = search.run(begun + seconds, gap, probes)
    slacks = [region.slack for region in search.regions]
    bound = bound_of(prices, asked, slacks)
    scored = sum(len(reach.known) for reach, _ in asked) - before
    found = Found(search.best, search.cost, bound, stopped, max(slacks, default=0.0), scored, 0.0)
    if search.best is None and not stopped:
        found = replace(found, bound=np.inf)
    return replace(found, bound=min(found.bound, found.cost), seconds=time.perf_counter() - begun)


def bound_of(prices: Sequence[Floats], asked: Asked, slacks: Sequence[float]) -> float:
    """What no point reaching all goals costs less than, from the shares known and nothing else.

    The cheapest point of the whole lattice that has, for every goal, more of something than each point that fails it.
    """
    out = np.zeros(tuple(len(price) for price in prices), dtype=bool)
    for (reach, least), slack in zip(asked, slacks, strict=True):
        own = np.zeros([len(prices[axis]) for axis in reach.axes], dtype=bool)
        alone = own.copy()
        for point, share in reach.known.items():
            own[tuple(np.minimum(point, np.array(own.shape) - 1))] |= share - least < -slack
            if share < least and _inside(point, own.shape):
                alone[point] = True
        for axis in range(own.ndim):  # a point below one that is out is out
            own = np.flip(np.logical_or.accumulate(np.flip(own, axis), axis), axis)
        out |= _spread(own | alone, reach.axes, out.ndim)
    return float(_costs(prices)[~out].min(initial=np.inf))


def _costs(prices: Sequence[Floats]) -> Floats:
    """Cost of every point of the lattice."""
    cost = np.zeros(tuple(len(price) for price in prices))
    for axis, price in enumerate(prices):
        cost += _spread(np.asarray(price), (axis,), cost.ndim)
    return cost


def _spread(own: NDArray[Any], axes: Sequence[int], count: int) -> NDArray[Any]:
    """An array over some axes, as one over all."""
    sizes = dict(zip(axes, own.shape, strict=True))
    return own.reshape([sizes.get(axis, 1) for axis in range(count)])


def _inside(point: Point, shape: Sequence[int]) -> bool:
    """Whether a point is one of a lattice."""
    return all(level < size for level, size in zip(point, shape, strict=True))


class _Region:
    """Where one goal is reached, and where not, as far as is known: arrays over its own axes."""

    def __init__(self, reach: Reach, least: float, shape: Sequence[int]) -> None:
        self.reach, self.least, self.slack = reach, least, 0.0
        self.shape = tuple(shape[axis] for axis in reach.axes)
        self.met, self.out = np.zeros(self.shape, dtype=bool), np.zeros(self.shape, dtype=bool)
        levels = [np.sqrt(np.arange(size) / max(size - 1, 1)) for size in self.shape]
        alone = [_spread(level, (axis,), len(levels)) for axis, level in enumerate(levels)]
        self._traits = [np.ones([1] * len(levels)), *alone, *(one * other for one, other in combinations(alone, 2))]
        self._mark_all()

    def look(self, own: Point) -> float:
        """Work out the share at a point, and what follows; by how much it is above what is asked."""
        new = own not in self.reach.known
        margin = self.reach.at(own) - self.least
        if new and (self.met[own] if margin < 0 else self.out[own]):  # more did worse than less
            self._mark_all()
        elif new:
            self._mark(own, margin)
        return margin

    def guess(self) -> tuple[Floats, float]:
        """Log-odds over those of the share asked, guessed at every point; how far off guesses are about there."""
        other = self.reach.like.known if self.reach.like else {}
        shares = other | self.reach.known
        points = np.array(list(shares), dtype=np.int64).reshape(-1, len(self.shape))
        inside = (points < self.shape).all(axis=1)
        points = points[inside]
        if not len(points):
            return np.zeros(self.shape), np.inf
        odds = _log_odds(np.array(list(shares.values()))[inside]) - float(_log_odds(np.array(self.least)))
        traits = np.stack([np.broadcast_to(each, self.shape)[tuple(points.T)] for each in self._traits], axis=1)
        weight = np.exp(-((odds / _ODDS_APART) ** 2)) + 0.02
        weight *= np.where([point in self.reach.known for point in shares], 1.0, _LIKE)[inside]
        normal = (traits * weight[:, None]).T @ traits + _RIDGE * np.eye(traits.shape[1])
        worth = np.linalg.solve(normal, (traits * weight[:, None]).T @ odds)
        off = float(np.sqrt(np.average((traits @ worth - odds) ** 2, weights=weight)))
        guess = np.zeros(self.shape)
        for factor, trait in zip(worth, self._traits, strict=True):
            guess += factor * trait
        return guess, off + _UNSURE

    def _mark_all(self) -> None:
        self.met[...], self.out[...] = False, False
        for point, share in self.reach.known.items():
            self._mark(point, share - self.least)
        inside = ((point, share) for point, share in self.reach.known.items() if _inside(point, self.shape))
        short = max((self.least - share for point, share in inside if self.met[point]), default=0.0)
        if short > self.slack:
            self.slack = _TWICE * short
            self._mark_all()

    def _mark(self, own: Point, margin: float) -> None:
        if margin >= 0:
            self.met[tuple(slice(level, None) for level in own)] = True
        elif margin < -self.slack:
            self.out[tuple(slice(None, level + 1) for level in own)] = True
        elif _inside(own, self.shape):
            self.out[own] = True


def _log_odds(share: Floats) -> Floats:
    bounded = np.clip(share, 1e-3, 1 - 1e-3)
    return np.log(bounded / (1 - bounded))


class _Search:
    """Looks at points until no point that may reach the goals is cheaper than the best that does."""

    def __init__(self, prices: Sequence[Floats], asked: Asked, most: float) -> None:
        self.costs, self.most = _costs(prices), most
        self.regions = [_Region(reach, least, self.costs.shape) for reach, least in asked]
        self._quick_first = sorted(self.regions, key=lambda region: region.reach.slow)
        self.best: Point | None = None
        self.cost = np.inf

    def run(self, until: float, gap: float, probes: int) -> str:
        """Search until the proof, or a gap small enough, or the time is up; why it ended before its proof."""
        reaches = [region.reach for region in self.regions]
        new = any(not reach.known and not (reach.like and reach.like.known) for reach in reaches)
        first, probed, cheaper = iter(_FIRST_LOOKS if new else _FIRST_LOOKS[:1]), False, True
        try:
            self._take_known()
            while True:
                left = self._left()
                bound = self.costs[left].min(initial=np.inf)
                if bound >= self.cost * (1 - max(gap, _SAME_COST)):
                    if probed or not self._probe(probes, until):
                        return ""
                    probed = True
                    continue
                if time.perf_counter() > until:
                    return "time"
                part = next(first, None)
                if part is not None:
                    self._try(tuple(int(np.ceil(part * (size - 1))) for size in self.costs.shape))
                elif not (cheaper and self._try_cheaper(left)):
                    self._raise_bound(left)
                cheaper = not cheaper
        except KeyboardInterrupt:
            return "interrupted"

    def _take_known(self) -> None:
        """Take the cheapest point that by what is known already reaches all goals, once it is seen to."""
        known = self.costs <= self.most * (1 + _SAME_COST)
        for region in self.regions:
            known &= _spread(region.met & ~region.out, region.reach.axes, known.ndim)
        if known.any():
            self._try(_cheapest(self.costs, known))

    def _left(self) -> NDArray[np.bool_]:
        """Points that may reach all goals and would be cheaper than the best."""
        left = self.costs < self.cost
        left &= self.costs <= self.most * (1 + _SAME_COST)
        for region in self.regions:
            left &= ~_spread(region.out, region.reach.axes, left.ndim)
        return left

    def _try(self, point: Point) -> bool:
        """Look whether a point reaches all goals, and take it if it is cheaper than the best."""
        for region in self._quick_first:
            if region.look(region.reach.own(point)) < 0:
                return False
        cost = float(self.costs[point])
        if cost < self.cost and cost <= self.most * (1 + _SAME_COST):
            self.best, self.cost = point, cost
        return True

    def _try_cheaper(self, left: NDArray[np.bool_]) -> bool:
        """Try the cheapest point that by all that is known should reach the goals."""
        likely = left.copy()
        for region in self.regions:
            guess, off = region.guess()
            likely &= _spread(region.met | (guess > off), region.reach.axes, left.ndim)
        if not likely.any():
            return False
        self._try(_cheapest(self.costs, likely))
        return True

    def _raise_bound(self, left: NDArray[np.bool_]) -> None:
        """Look at a point that rules out the cheapest one left, with as many others as can be."""
        cheapest = _cheapest(self.costs, left)
        for region in self._quick_first:
            own = region.reach.own(cheapest)
            if not region.met[own]:
                region.look(self._above(region, own, left))
                return
        self._try(cheapest)

    def _above(self, region: _Region, own: Point, left: NDArray[np.bool_]) -> Point:
        """The point, with no less than a point, that should fail and has the most points left below it."""
        others = tuple(axis for axis in range(left.ndim) if axis not in region.reach.axes)
        below: Ints = np.asarray(left.any(axis=others), dtype=np.int64)
        for axis in range(below.ndim):
            below = below.cumsum(axis=axis)
        guess, off = region.guess()
        above = tuple(slice(level, None) for level in own)
        should_fail: NDArray[np.bool_] = ((guess < -off) & ~region.met)[above]
        if not should_fail.any():
            return own
        more = _cheapest(-below[above].astype(np.float64), should_fail)
        return tuple(level + step for level, step in zip(own, more, strict=True))

    def _probe(self, most: int, until: float) -> bool:
        """Try points with one less than those that fail, where no other fails above them: less could do better."""
        slack = [region.slack for region in self.regions]
        for region, own in islice(self._less(), most):
            if time.perf_counter() > until:
                break
            region.look(own)
        return slack != [region.slack for region in self.regions]

    def _less(self) -> Iterator[tuple[_Region, Point]]:
        for region in self._quick_first:
            failed = np.array([point for point, share in region.reach.known.items() if share < region.least])
            for point in failed:
                if (failed >= point).all(axis=1).sum() == 1 and (point < region.shape).all():
                    for axis in np.flatnonzero(point):
                        yield region, (*map(int, point[:axis]), int(point[axis]) - 1, *map(int, point[axis + 1 :]))


def _cheapest(costs: Floats, among: NDArray[np.bool_]) -> Point:
    at = np.argmin(np.where(among, costs, np.inf))
    return tuple(int(level) for level in np.unravel_index(int(at), costs.shape))


def least_level(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest level at which something holds that holds from there to `high`."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
