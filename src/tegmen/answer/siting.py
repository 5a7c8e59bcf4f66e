"""In which order added units would be sited: greedy on the expected objective, in closed form.

The blind plan may not know which world is the true one, nor its notional layout: a site is worth what it saves on
average over the worlds. The informed plan knows the defender's own layout in each world, and nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.results import Stand
from tegmen.engine.expected import cover_baseline, expect, kill_by_zone, stakes_of
from tegmen.engine.passage import let_pass
from tegmen.evidence.systems import MISSILE_SYSTEMS
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


def site_greedily(worlds: Worlds, goal: Goal, system: str, count: int) -> Ints:
    """Order `count` sites, each the one that saves most given those before it; ties go to the larger place.

    One more unit at a site changes only the places in its reach, each by what one more unit there would save; the
    metric is a sum over places, so that is exact but for rounds, which are taken as enough. What a unit does about
    cruise missiles is left out.
    """
    metric = goal.measure
    places = np.flatnonzero(metric.places(worlds.places, goal.largest_cities))
    stakes, cover = stakes_of(worlds, places), cover_baseline(worlds)
    others = let_pass(worlds).leak(places) if metric.background else None
    site, place, reached = _pairs(worlds, places, system)
    settled: dict[ThreatClass, Floats] = {}
    order: list[int] = []
    for _ in range(count):
        now, then = (
            metric.expected_loss(expect(state, np.inf, places, others, settled), stakes)
            for state in (cover, cover.everywhere(system))
        )
        saved = ((now - then)[:, place] * reached).mean(axis=0)
        gain = np.bincount(site, weights=saved, minlength=len(worlds.places))
        order.append(int(np.argmax(np.round(gain, 12))))
        cover.add(order[-1], system)
    return np.array(order, dtype=np.int64)


def site_informed(worlds: Worlds, goal: Goal, system: str, count: int) -> Ints:
    """(count, w) sites in order, a plan for each world that knows that world's own layout and no other secret of it.

    What a missile stopped at a place is worth is averaged over the worlds, apart for those in which the baseline covers
    the place and those in which it does not: units stand where much is aimed. What stands in the world is known.
    """
    places = np.flatnonzero(goal.measure.places(worlds.places, goal.largest_cities))
    missed = np.multiply(*cover_baseline(worlds).none_ready)[:, places].astype(np.float32)
    worth = (
        worlds.mix[:, ThreatClass.ballistic][:, places]
        * kill_by_zone(worlds)[:, np.where(worlds.places.kyiv[places], 0, 1)]
    )
    bare = missed == 1
    means = [(worth * mine).sum(axis=0) / np.maximum(mine.sum(axis=0), 1) for mine in (bare, ~bare)]
    aimed = np.where(bare, *means).astype(np.float32)
    site, place, reached = _pairs(worlds, places, system)
    idle = 1 - float(worlds.readiness_added.mean())
    first = np.searchsorted(site, np.unique(site))
    candidates, rows = np.unique(site), np.arange(len(worlds))
    order = np.empty((count, len(worlds)), dtype=np.int64)
    for n in range(count):
        saved = (aimed * missed)[:, place] * reached
        best = np.add.reduceat(saved, first, axis=1).argmax(axis=1)
        order[n] = candidates[best]
        for world_place in range(len(places)):
            near = worlds.theatre.apart_km[order[n], places[world_place]]
            covered = near <= worlds.units.radius_ballistic_km[rows, MISSILE_SYSTEMS.index(system)]
            missed[:, world_place] *= np.where(covered, idle, 1.0)
    return order


def _pairs(worlds: Worlds, places: NDArray[np.intp], system: str) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Sites and places (i,) near each other, the place by its index in `places`; (w, i) whether the one reaches it."""
    radius = worlds.units.radius_ballistic_km[:, MISSILE_SYSTEMS.index(system)]
    apart = worlds.theatre.apart_km[:, places]
    site, place = np.nonzero(apart <= radius.max(initial=0.0))
    return site, place, apart[site, place] <= radius[:, None]


def stands(worlds: Worlds, system: str, sites: Ints) -> tuple[Stand, ...]:
    """Name the sites of added units; the radius is the mean over worlds."""
    places, radius = worlds.places, float(worlds.units.radius_ballistic_km[:, MISSILE_SYSTEMS.index(system)].mean())
    return tuple(
        Stand(system, str(places.name[site]), float(places.latitude[site]), float(places.longitude[site]), radius)
        for site in sites
    )
