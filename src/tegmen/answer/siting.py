"""In which order added units would be sited: greedy on the expected objective, one plan for all worlds.

The plan may not know which world is the true one, nor its notional layout; so a site is worth what it saves on average
over the worlds. Saturation is left to the simulation that scores the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.results import Stand
from tegmen.engine.campaign import MATCHED, Campaign, Outcome
from tegmen.engine.expected import stakes_of
from tegmen.evidence.systems import MISSILE_SYSTEMS
from tegmen.question.goals import Metric
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

    Expected = Mapping[ThreatClass, Floats]
    """Class to (w, p) expected leakers of the baseline in the month: what a siting order is judged on."""


def expected_leakers(campaign: Campaign, baseline: Outcome) -> Expected:
    """Average the baseline's leakers over runs; a class not simulated counts as none."""
    none = np.zeros((len(campaign.worlds), len(campaign.worlds.places)))
    return {
        cls: np.asarray(baseline.leakers[cls].mean(axis=1), dtype=np.float64) if cls in baseline.leakers else none
        for cls in MATCHED
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Even:
    """Leakers as if every packet that leaks leaked whole and on its own; enough to order sites by."""

    worlds: Worlds
    table: Expected

    def leakers(self, cls: ThreatClass) -> Floats:
        return self.table[cls]

    def kept(self, cls: ThreatClass, damage: Floats) -> Floats:
        if cls not in self.table:
            return np.ones_like(next(iter(self.table.values())))
        size = self.worlds.packet[:, cls]
        return np.exp(
            self.table[cls] * np.expm1(size * np.log1p(-np.minimum(damage, 1 - 1e-9)))[:, None] / size[:, None]
        )

    def uncovered(self) -> Floats:
        return self.table[ThreatClass.ballistic]


def reached(worlds: Worlds, sites: Ints, system: str) -> NDArray[np.bool_]:
    """(w, p) whether an added unit at one of `sites` covers the place against ballistic missiles."""
    radius = worlds.units.radius_ballistic_km[:, MISSILE_SYSTEMS.index(system), None, None]
    return np.any(worlds.theatre.apart_km[sites][None] <= radius, axis=1)


def site_greedily(campaign: Campaign, goal: Goal, expected: Expected, system: str, count: int) -> Ints:
    """Order `count` sites, each the one that saves most given those before it; ties go to the larger place.

    Only what lies within a unit's radius of its site changes, so a step looks at (site, place) pairs near each other.
    """
    worlds, metric = campaign.worlds, goal.measure
    left = dict(expected)
    if metric.is_coverage:
        left = {ThreatClass.ballistic: (worlds.covers == 0).astype(np.float64)}
    stops, reach_km = _effect(campaign, metric, system)
    near = worlds.theatre.apart_km <= max(radius.max() for radius in reach_km.values())
    site, place = np.nonzero(near & metric.places(worlds.places, goal.largest_cities))
    stakes, apart = stakes_of(worlds, place), worlds.theatre.apart_km[site, place]
    kept = {cls: 1 - stops[cls][:, None] * (apart <= reach_km[cls][:, None]) for cls in stops}
    left = {cls: left[cls].copy() for cls in stops}
    order: list[int] = []
    for _ in range(count):
        here = {cls: table[:, place] for cls, table in left.items()}
        then = {cls: here[cls] * kept[cls] for cls in here}
        saved = metric.expected_loss(_Even(worlds, here), stakes) - metric.expected_loss(_Even(worlds, then), stakes)
        gain = np.bincount(site, weights=saved.mean(axis=0), minlength=len(worlds.places))
        best = int(np.argmax(np.round(gain, 12)))
        order.append(best)
        mine = site == best
        for cls, table in left.items():
            table[:, place[mine]] *= kept[cls][:, mine]
    return np.array(order, dtype=np.int64)


def _effect(campaign: Campaign, metric: Metric, system: str) -> tuple[Expected, Expected]:
    """Class to (w,) share of what is aimed at a covered place that one added unit stops; and to its radius [km]."""
    worlds, code = campaign.worlds, MISSILE_SYSTEMS.index(system)
    units = worlds.units
    if metric.is_coverage:
        return (
            {ThreatClass.ballistic: np.ones(len(worlds))},
            {ThreatClass.ballistic: units.radius_ballistic_km[:, code]},
        )
    relative = units.effectiveness_ballistic[:, code]
    shot = campaign.factor * units.effectiveness_air[:, code]
    salvo = np.maximum(1, np.rint(worlds.scalar["salvo_cruise"]))
    stops = {
        ThreatClass.ballistic: worlds.readiness_added * worlds.rate[:, ThreatClass.ballistic] * relative,
        ThreatClass.cruise: worlds.readiness_added * (1 - (1 - shot) ** salvo),
    }
    reach = {
        ThreatClass.ballistic: units.radius_ballistic_km[:, code],
        ThreatClass.cruise: units.radius_air_km[:, code],
    }
    return {cls: stops[cls] for cls in metric.classes}, {cls: reach[cls] for cls in metric.classes}


def stands(worlds: Worlds, system: str, sites: Ints) -> tuple[Stand, ...]:
    """Name the sites of added units; the radius is the mean over worlds."""
    places, radius = worlds.places, float(worlds.units.radius_ballistic_km[:, MISSILE_SYSTEMS.index(system)].mean())
    return tuple(
        Stand(system, str(places.name[site]), float(places.latitude[site]), float(places.longitude[site]), radius)
        for site in sites
    )
