"""Where added units would be sited: the expected objective in closed form, greedy plans, and a bound on every plan.

The blind plan may not know which world is the true one, nor its notional layout: a site is worth what it saves on
average over the worlds. That is a sum over places, so no plan needs worlds to be scored again, and how far a plan can
be from the best is proven by linear programming. The informed plan knows the defender's own layout in each world, and
nothing else of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, isotonic_regression, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from tegmen.answer.results import Stand
from tegmen.engine.expected import cover_baseline, expect, kill_by_zone, stakes_of
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import passage_for
from tegmen.errors import InputError
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.terms import Floats, Ints

_PROVEN = 1e-6
"""Relative gap below which a plan is the best there is: what sums of floats differ by is far smaller."""
_SECONDS = 10.0
_OPTIMAL, _OUT_OF_TIME = 0, 1
"""What scipy says of a solver that ended well, or was stopped with a plan in hand."""


NOT_BOUNDED = "not bounded"


def status_of(gap: float) -> str:
    """Say what a relative gap proves of a plan."""
    return "proven best" if gap <= _PROVEN else f"within {100 * gap:.2g} % of the best"


@dataclass(frozen=True, slots=True, eq=False)
class Gains:
    """What units at sites save, in expectation over worlds, with rounds enough: a sum over groups of sites, axis g.

    A group is the sites that reach one place in the same worlds; what is saved there hangs on how many units stand on
    them, whichever they are.

    Parameters
    ----------
    sites
        (s,) index of the places at which a unit may stand.
    reach
        (g, s) whether a site is of the group.
    saved
        (g, n + 1) what 0, 1, ... n units on the group's sites save of the metric at its place, in its worlds.
    """

    sites: Ints
    reach: NDArray[np.bool_]
    saved: Floats

    @property
    def most(self) -> int:
        """The largest number of units that can be looked up."""
        return self.saved.shape[1] - 1

    def of(self, plan: Ints) -> float:
        """What a plan (n,) of sites, with repeats, saves of the metric."""
        units = (self.sites == np.asarray(plan, dtype=np.int64)[:, None]).sum(axis=0)
        return float(self.saved[np.arange(len(self.saved)), self.reach @ units].sum())


@dataclass(frozen=True, slots=True, eq=False)
class Siting:
    """A plan, and how much better any other could be, in expectation over the worlds it is made on.

    Parameters
    ----------
    sites
        (n,) sites, each in turn the one of the plan that saves most given those before it.
    saved, bound
        What the plan saves of the metric; what no plan of so many units can exceed.
    seconds
        How long it took to find and prove.
    """

    sites: Ints
    saved: float
    bound: float
    seconds: float

    @property
    def gap(self) -> float:
        """Share of the bound that the plan may fall short of the best."""
        return 0.0 if self.bound <= 0 else max(0.0, 1 - self.saved / self.bound)

    @property
    def status(self) -> str:
        """Whether it is proven to be the best, or by how much another could be better."""
        return status_of(self.gap)


def gains_of(worlds: Worlds, goal: Goal, system: str, count: int) -> Gains:
    """Work out what up to `count` units of a system save at every place a goal counts.

    One more unit within reach changes a place alone, so that is exact but for rounds, which are taken as enough. What a
    unit does about cruise missiles is left out.
    """
    metric, units, code = goal.measure, worlds.units, worlds.kinds.code(system)
    guns = ThreatClass.ballistic not in metric.met & worlds.kinds.met[system]
    places = np.flatnonzero(metric.places(worlds.places, goal.largest_cities))
    stakes, cover = stakes_of(worlds, places), cover_baseline(worlds)
    passage = passage_for(worlds, metric)
    others = passage.leak(places) if passage else None
    radius = units.radius_drone_km if guns else units.radius_ballistic_km
    sites, reach, group = _groups(worlds, places, radius[:, code])
    settled: dict[ThreatClass, Floats] = {}
    lost = np.empty((len(reach), count + 1))
    for n in range(count + 1):
        if n and guns and passage:
            passage = passage.everywhere(system)
            others = passage.leak(places)
        elif n:
            cover = cover.everywhere(system)
        loss = metric.expected_loss(expect(cover, np.inf, places, others, settled), stakes)
        lost[:, n] = np.bincount(group.ravel(), loss.ravel(), len(reach) + 1)[1:] / len(worlds)
    return Gains(sites, reach, lost[:, :1] - lost)


def _groups(worlds: Worlds, places: NDArray[np.intp], radius: Floats) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """Sites (s,); which of them are of each group (g, s); (w, p) group of a place in a world, from 1, 0 for none.

    A world's radius (w,) decides how many of the sites near a place reach it, nearest first.
    """
    apart = worlds.theatre.apart_km[:, places]
    sites = np.flatnonzero((apart <= radius.max(initial=0.0)).any(axis=1))
    group = np.zeros((len(worlds), len(places)), dtype=np.int64)
    reach: list[NDArray[np.bool_]] = []
    for p, distance in enumerate(apart[sites].T):
        nearest_first = np.sort(distance)
        reached = np.searchsorted(nearest_first, radius, side="right")
        for number in np.unique(reached[reached > 0]):
            reach.append(distance <= nearest_first[number - 1])
            group[reached == number, p] = len(reach)
    return sites, np.array(reach, dtype=bool).reshape(len(reach), len(sites)), group


def site_greedily(gains: Gains, count: int, allowed: Mapping[int, int] | None = None) -> Ints:
    """(count,) sites in order, each the one that saves most given those before it; ties go to the larger place.

    Parameters
    ----------
    allowed
        Site to how many units may stand there; None: any number anywhere.
    """
    left = np.full(len(gains.sites), count)
    if allowed is not None:
        left = np.array([allowed.get(int(site), 0) for site in gains.sites])
    step, rows = np.diff(gains.saved, axis=1), np.arange(len(gains.saved))
    units = np.zeros(len(gains.saved), dtype=np.int64)
    order: list[int] = []
    for _ in range(count):
        gain = np.where(left > 0, np.round(step[rows, units] @ gains.reach, 12), -np.inf)
        best = int(np.argmax(gain))
        order.append(int(gains.sites[best]))
        left[best] -= 1
        units += gains.reach[:, best]
    return np.array(order, dtype=np.int64)


def site_best(gains: Gains, count: int, *, seconds: float = _SECONDS) -> Siting:
    """Find the best sites of `count` units, with a proof, or with a bound where the time does not suffice.

    The greedy plan is held against a bound from linear programming; where it may fall short, a mixed-integer programme
    is solved (HiGHS, Huangfu and Hall 2018). A solver's word is not taken: a plan is scored by the table of gains, and
    a bound of the solver counts only where it lies between that and the bound that weak duality proves.

    Raises
    ------
    InputError
        More units than the table of gains reaches, or fewer than one.
    """
    if not 1 <= count <= gains.most:
        raise InputError("units", [f"found {count}; give 1 to {gains.most}"])
    begun = time.perf_counter()
    programme = _Programme.of(gains, count)
    plan, bound = site_greedily(gains, count), programme.bound(programme.prices())
    if gains.of(plan) < bound * (1 - _PROVEN):
        found, claimed = programme.solve(seconds)
        if found is not None and gains.of(found) > gains.of(plan):
            plan = site_greedily(gains, count, dict(zip(*np.unique(found, return_counts=True), strict=True)))
        if claimed is not None and gains.of(plan) * (1 - _PROVEN) <= claimed <= bound:
            bound = claimed
    saved = gains.of(plan)
    return Siting(plan, saved, max(bound, saved), time.perf_counter() - begun)


def siting_gap(gains: Gains, order: Ints) -> float:
    """Largest share by which some plan of as many units could save more than the first n of an order, n from 1.

    0 where it is no more than what sums of floats differ by.
    """
    programmes = [_Programme.of(gains, n) for n in range(1, len(order) + 1)]
    saved = np.array([gains.of(order[: each.count]) for each in programmes])
    bound, solved = np.full(len(saved), np.inf), set[int]()
    # Prices of one number bound every number: solve where the gap may be the largest, until it is known.
    while True:
        gaps = np.where(bound > 0, 1 - saved / np.maximum(bound, 1e-300), 0.0)
        widest = int(gaps.argmax())
        if gaps[widest] <= _PROVEN:
            return 0.0
        if widest in solved:
            return float(gaps[widest])
        solved.add(widest)
        prices = programmes[widest].prices()
        bound = np.minimum(bound, [each.bound(prices) for each in programmes])


@dataclass(frozen=True, slots=True, eq=False)
class _Programme:
    """The siting of `count` units as a linear programme: units x (s,), levels y (g, j) of what each group saves.

    Maximise sum c y with ``sum_j y_gj <= sum over the group's s of x_s``, ``sum x <= count``, 0 <= y <= 1. Where what a
    group saves is not concave its least concave majorant stands for it: a bound is still a bound.
    """

    gains: Gains
    count: int
    step: Floats

    @classmethod
    def of(cls, gains: Gains, count: int) -> _Programme:
        step = np.diff(gains.saved[:, : count + 1], axis=1)
        # The slopes of the least concave majorant are the decreasing regression of the steps (pool adjacent violators).
        return cls(gains, count, np.stack([isotonic_regression(each, increasing=False).x for each in step]))

    @property
    def _cost(self) -> Floats:
        return np.concatenate([np.zeros(len(self.gains.sites)), -self.step.ravel()])

    @property
    def _upper(self) -> Floats:
        return np.concatenate([np.full(len(self.gains.sites), float(self.count)), np.ones(self.step.size)])

    def _constraints(self) -> tuple[csr_array, Floats]:
        """Table and limits of the constraints: one a group, then the number of units."""
        (groups, sites), size = self.gains.reach.shape, self.step.size
        level = csr_array((np.ones(size), (np.repeat(np.arange(groups), self.count), np.arange(size))))
        budget = csr_array(np.concatenate([np.ones(sites), np.zeros(size)])[None])
        table = vstack([hstack([csr_array(-self.gains.reach.astype(float)), level]), budget])
        return csr_array(table), np.append(np.zeros(groups), float(self.count))

    def prices(self) -> Floats:
        """Prices (g,) of the groups' constraints as the solver has them, at least 0; 0 where it has none."""
        table, limit = self._constraints()
        bounds = np.stack([np.zeros(len(self._upper)), self._upper], axis=1)
        options = {"presolve": False}  # it takes longer than solving
        solved = linprog(self._cost, A_ub=table, b_ub=limit, bounds=bounds, method="highs", options=options)
        if solved.status != _OPTIMAL:
            return np.zeros(len(limit) - 1)
        return np.maximum(-np.asarray(solved.ineqlin.marginals[:-1], dtype=np.float64), 0.0)

    def bound(self, prices: Floats) -> float:
        """What no plan exceeds, by weak duality, from prices u (g,) at least 0, whatever they are.

        ``sum_gj max(0, c_gj - u_g) + count max_s sum over the site's g of u_g``.
        """
        left = np.maximum(self.step - prices[:, None], 0.0).sum()
        return float(left + self.count * (prices @ self.gains.reach).max(initial=0.0))

    def solve(self, seconds: float) -> tuple[Ints | None, float | None]:
        """Sites (count,) and the bound as the solver has them within a time; None where it has none."""
        whole = np.concatenate([np.ones(len(self.gains.sites)), np.zeros(self.step.size)])
        table, limit = self._constraints()
        solved = milp(
            self._cost,
            constraints=(table, -np.inf, limit),
            integrality=whole,
            bounds=Bounds(0, self._upper),  # pyright: ignore[reportArgumentType]: its stubs know of floats alone
            options={"time_limit": seconds, "mip_rel_gap": _PROVEN},
        )
        if solved.status not in (_OPTIMAL, _OUT_OF_TIME) or solved.x is None:
            return None, None
        claimed = None if solved.mip_dual_bound is None else -float(solved.mip_dual_bound)
        units = np.rint(solved.x[: len(self.gains.sites)]).astype(np.int64)
        return np.repeat(self.gains.sites, units), claimed


def site_informed(worlds: Worlds, goal: Goal, system: str, count: int) -> Laydown:
    """Lay down units, with sites of each world, by who knows that world's own layout and no other secret of it.

    What a missile stopped at a place is worth is averaged over the worlds, apart for those in which the baseline covers
    the place and those in which it does not: units stand where much is aimed. What stands in the world is known.
    """
    places = np.flatnonzero(goal.measure.places(worlds.places, goal.largest_cities))
    missed = cover_baseline(worlds).none_ready.prod(axis=0)[:, places].astype(np.float32)
    worth = (
        worlds.mix[:, ThreatClass.ballistic][:, places]
        * kill_by_zone(worlds)[:, np.where(worlds.places.kyiv[places], 0, 1)]
    )
    bare = missed == 1
    means = [(worth * mine).sum(axis=0) / np.maximum(mine.sum(axis=0), 1) for mine in (bare, ~bare)]
    aimed = np.where(bare, *means).astype(np.float32)
    site, place, reached = _pairs(worlds, places, system)
    idle = 1 - float(worlds.readiness_added[:, worlds.kinds.code(system)].mean())
    first = np.searchsorted(site, np.unique(site))
    candidates, apart = np.unique(site), worlds.theatre.apart_km[:, places]
    radius = worlds.units.radius_ballistic_km[:, worlds.kinds.code(system), None]
    order = np.empty((count, len(worlds)), dtype=np.int64)
    for n in range(count):
        saved = (aimed * missed)[:, place] * reached
        best = np.add.reduceat(saved, first, axis=1).argmax(axis=1)
        order[n] = candidates[best]
        missed *= np.where(apart[order[n]] <= radius, idle, 1.0)
    return Laydown.of(system, order)


def _pairs(worlds: Worlds, places: NDArray[np.intp], system: str) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Sites and places (i,) near each other, the place by its index in `places`; (w, i) whether the one reaches it."""
    radius = worlds.units.radius_ballistic_km[:, worlds.kinds.code(system)]
    apart = worlds.theatre.apart_km[:, places]
    site, place = np.nonzero(apart <= radius.max(initial=0.0))
    return site, place, apart[site, place] <= radius[:, None]


def stands(worlds: Worlds, plan: Laydown) -> tuple[Stand, ...]:
    """Name the sites of added units; radii are means over worlds, against the most demanding class a kind meets."""
    places, units, radius = worlds.places, worlds.units, np.zeros(len(worlds.kinds))
    for reach in (units.radius_drone_km, units.radius_air_km, units.radius_ballistic_km):
        radius = np.where(reach.any(axis=0), reach.mean(axis=0), radius)
    return tuple(
        Stand(kind, str(places.name[site]), float(places.latitude[site]), float(places.longitude[site]),
              float(radius[worlds.kinds.code(kind)]))
        for kind, site in plan
    )  # fmt: skip
