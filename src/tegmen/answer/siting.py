"""In which order added units would be sited: greedy on the expected objective, one plan for all worlds.

The plan may not know which world is the true one, nor its notional layout; so a site is worth what it saves on average
over the worlds. Saturation is left to the simulation that scores the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.campaign import BACKGROUND, MATCHED, Campaign, Outcome
from tegmen.question.places import Places
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds, covered_by
from tegmen.worlds.units import BALLISTIC_SYSTEMS, SYSTEMS

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected leakers of the baseline at each place, axes w, p: what a siting order is judged on.

    Parameters
    ----------
    ballistic, cruise
        (w, p) expected leakers in the month.
    background
        (w, p) expected leakers of the classes added units do not change, weighted by the damage each does to a plant.
    """

    ballistic: Floats
    cruise: Floats
    background: Floats


def expected_leakers(campaign: Campaign, baseline: Outcome) -> Expected:
    """Average the baseline's leakers over runs; a class not simulated counts as none."""
    shape = (len(campaign.worlds), len(campaign.worlds.places))
    mean: dict[ThreatClass, Floats] = dict.fromkeys(MATCHED, np.zeros(shape)) | {
        cls: np.asarray(leakers.mean(axis=1), dtype=np.float64) for cls, leakers in baseline.leakers.items()
    }
    scalar = campaign.worlds.scalar
    weighed = [scalar[f"damage_{cls.name}"][:, None] * mean[cls] for cls in BACKGROUND if cls in mean]
    return Expected(
        ballistic=mean[ThreatClass.ballistic],
        cruise=mean[ThreatClass.cruise],
        background=sum(weighed, np.zeros(shape)),
    )


def counted(goal: Goal, places: Places) -> NDArray[np.bool_]:
    """(place,) which places a goal is about."""
    if goal.metric == "capitals_uncovered":
        return places.capital
    if goal.metric == "capacity_lost":
        return places.capacity_mw > 0
    chosen = np.zeros(len(places), dtype=bool)
    chosen[places.largest(goal.largest_cities)] = True
    return chosen


def uncovered(worlds: Worlds, sites: Ints, system: str) -> NDArray[np.bool_]:
    """(w, place) no unit of the baseline or at `sites` covers the place against ballistic missiles."""
    near = _apart(worlds.places)[sites][None] <= worlds.units.radius_ballistic_km[:, SYSTEMS.index(system), None, None]
    return (covered_by(worlds, *BALLISTIC_SYSTEMS) == 0) & ~near.any(axis=1)


def site_greedily(campaign: Campaign, goal: Goal, expected: Expected, system: str, count: int) -> Ints:
    """Order `count` sites, each the one that saves most given those before it; ties go to the larger place.

    Only what lies within a unit's radius of its site changes, so a step looks at (site, place) pairs near each other.
    """
    worlds = campaign.worlds
    state = expected
    if goal.metric == "capitals_uncovered":
        state = Expected(
            uncovered(worlds, np.zeros(0, np.int64), system).astype(np.float64), expected.cruise, expected.background
        )
    value = _value(goal, campaign)
    effect_ballistic, effect_cruise, reach_ballistic, reach_air = _effect(campaign, goal, system)
    apart = _apart(worlds.places)
    site, place = np.nonzero((apart <= max(reach_ballistic.max(), reach_air.max())) & counted(goal, worlds.places))
    saves_ballistic = effect_ballistic[:, None] * (apart[site, place] <= reach_ballistic[:, None])
    saves_cruise = effect_cruise[:, None] * (apart[site, place] <= reach_air[:, None])
    order: list[int] = []
    ballistic, cruise = state.ballistic.copy(), state.cruise.copy()
    for _ in range(count):
        before = value(ballistic[:, place], cruise[:, place], place)
        after = value(ballistic[:, place] * (1 - saves_ballistic), cruise[:, place] * (1 - saves_cruise), place)
        gain = np.bincount(site, weights=(before - after).mean(axis=0), minlength=len(worlds.places))
        best = int(np.argmax(np.round(gain, 12)))
        order.append(best)
        mine = site == best
        ballistic[:, place[mine]] *= 1 - saves_ballistic[:, mine]
        cruise[:, place[mine]] *= 1 - saves_cruise[:, mine]
    return np.array(order, dtype=np.int64)


def _apart(places: Places) -> Floats:
    """(place, place) distances [km]."""
    return np.linalg.norm(places.xy[:, None] - places.xy[None], axis=-1)


def _effect(campaign: Campaign, goal: Goal, system: str) -> tuple[Floats, Floats, Floats, Floats]:
    """(w,) share of what is aimed at a covered place that one added unit stops; and its radii [km]."""
    worlds, code = campaign.worlds, SYSTEMS.index(system)
    units = worlds.units
    if goal.metric == "capitals_uncovered":
        return np.ones(len(worlds)), np.zeros(len(worlds)), units.radius_ballistic_km[:, code], np.zeros(len(worlds))
    relative = units.effectiveness_ballistic[:, code]
    ballistic = worlds.readiness_added * worlds.rate[:, ThreatClass.ballistic] * relative
    shot = campaign.factor[:, ThreatClass.cruise] * units.effectiveness_air[:, code]
    salvo = np.maximum(1, np.rint(worlds.scalar["salvo_cruise"]))
    cruise = worlds.readiness_added * (1 - (1 - shot) ** salvo)
    air = units.radius_air_km[:, code] if goal.metric == "capacity_lost" else np.zeros(len(worlds))
    return ballistic, cruise, units.radius_ballistic_km[:, code], air


def _value(goal: Goal, campaign: Campaign) -> Callable[[Floats, Floats, Ints], Floats]:
    """What expected leakers cost in the goal's metric: (w, n) from leakers (w, n) at places (n,)."""
    worlds = campaign.worlds
    places, packet = worlds.places, worlds.packet[:, ThreatClass.ballistic, None]
    if goal.metric in ("ballistic_strikes", "capitals_uncovered"):
        return lambda ballistic, _cruise, _place: ballistic
    if goal.metric == "people_struck":
        # Leakers come in packets: a city is spared with about exp(-packets that leak).
        return lambda ballistic, _cruise, place: -places.population[place] * np.expm1(-ballistic / packet)
    damage_ballistic = worlds.scalar["damage_ballistic"][:, None]
    damage_cruise = worlds.scalar["damage_cruise"][:, None]
    return lambda ballistic, cruise, place: (
        -places.capacity_mw[place] * np.expm1(-damage_ballistic * ballistic - damage_cruise * cruise)
    )
