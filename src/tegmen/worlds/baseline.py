"""The baseline: a notional layout of the units the defender has, drawn by worth, and the coverage that follows.

Notional throughout: numbers held in public at places drawn at random, never real positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import ThreatClass
from tegmen.worlds.dice import Dice
from tegmen.worlds.targets import Aim

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_BLOCK = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Stands:
    """Fire units that meet ballistic missiles, in order of arrival, axes w, u.

    Parameters
    ----------
    system
        (u,) index into `MISSILE_SYSTEMS`.
    site
        (w, u) place, -1 with the troops.
    since
        (w, u) number of the era from which the world has the unit; the number of eras where it never has.
    eras
        First day of each era, ascending: days on which the number held changes.
    """

    system: Ints
    site: Ints
    since: Ints
    eras: tuple[date, ...]

    def on(self, day: date) -> tuple[Ints, Ints]:
        """(w, u) system and site of the units that stand at places on a day, -1 where there is none."""
        present = (self.site >= 0) & (self.since <= self.era(day))
        return np.where(present, self.system, -1), np.where(present, self.site, -1)

    def era(self, day: date) -> int:
        """Number of the era of a day; -1 before the first."""
        return int(np.searchsorted(np.array(self.eras, dtype="datetime64[D]"), np.datetime64(day), side="right")) - 1

    def take(self, index: NDArray[np.intp]) -> Stands:
        """Keep the worlds of these indices."""
        return Stands(self.system, self.site[index], self.since[index], self.eras)


def draw_stands(scenario: Scenario, theatre: Theatre, aim: Aim, aimed: Floats, dice: Dice) -> Stands:
    """Draw the stands of Patriot and SAMP/T: units held by date, each at a place drawn by worth or with the troops.

    The first Patriot stands in Kyiv (A8).

    Parameters
    ----------
    aimed
        (w, p) share of ballistic missiles aimed at each place.
    """
    worth = _worth(theatre, aim, aimed, dice)
    eras = scenario.eras(BALLISTIC_SYSTEMS)
    systems: list[int] = []
    sites: list[Ints] = []
    since: list[Ints] = []
    for name in BALLISTIC_SYSTEMS:
        held = _held_by_era(scenario, name, eras, dice)
        most = int(held.max())
        at_places = dice.generator.random((dice.count, most)) < dice.model("share_at_places", system=name)[:, None]
        site = np.where(at_places, _drawn_sites(worth, most, dice), -1)
        if name == "patriot" and most:
            site[:, 0] = 0
        systems += [MISSILE_SYSTEMS.index(name)] * most
        sites.append(site)
        since.append(len(eras) - (held[:, None] > np.arange(most)[:, None]).sum(axis=2))
    return Stands(np.array(systems), np.concatenate(sites, axis=1), np.concatenate(since, axis=1), eras)


def _held_by_era(scenario: Scenario, system: str, eras: tuple[date, ...], dice: Dice) -> Ints:
    """(w, e) fire units in service, one level of the span a world for all eras; never fewer than in an earlier one."""
    level = dice.generator.random(dice.count)
    spans = [scenario.held_on(system, day) for day in eras]
    distinct = {span.span: dice.quantile(span, level) for span in spans}
    held = np.stack([np.rint(distinct[span.span]).astype(np.int64) for span in spans], axis=1)
    return np.maximum.accumulate(held, axis=1)


def draw_layout(
    scenario: Scenario, theatre: Theatre, aim: Aim, aimed: Floats, stands: tuple[Ints, Ints], dice: Dice
) -> tuple[Ints, Ints]:
    """Draw (w, u) system and site of all units: the stands as they are, the other systems at places drawn by worth.

    Parameters
    ----------
    aimed
        (w, p) share of cruise missiles aimed at each place.
    stands
        System and site of the units that meet ballistic missiles.
    """
    worth = _worth(theatre, aim, aimed, dice)
    system, site = [stands[0]], [stands[1]]
    for code in range(len(BALLISTIC_SYSTEMS), len(MISSILE_SYSTEMS)):
        name = MISSILE_SYSTEMS[code]
        number = dice.draw(scenario.held_on(name, scenario.month.first))
        if name in dice.catalogue.systems_with("share_at_places"):
            number = number * dice.model("share_at_places", system=name)
        number = np.rint(number).astype(np.int64)
        most = int(number.max())
        present = np.arange(most) < number[:, None]
        system.append(np.where(present, code, -1))
        site.append(np.where(present, _drawn_sites(worth, most, dice), -1))
    return np.concatenate(system, axis=1), np.concatenate(site, axis=1)


def _worth(theatre: Theatre, aim: Aim, aimed: Floats, dice: Dice) -> Floats:
    """(w, p) cumulative worth of a site: half what the place is (people, MW), half what the world aims at it.

    To the power of the world's focus: few units go to the few places most worth them.
    """
    places = theatre.places
    city, plant = aim.city(places), places.capacity_mw
    people = dice.model("site_worth_people").astype(np.float32)[:, None]
    value = people * city / city.sum(axis=1, keepdims=True) + (1 - people) * (plant / plant.sum()).astype(np.float32)
    worth = value + aimed / aimed.sum(axis=1, keepdims=True)
    return np.cumsum(worth ** dice.model("site_focus").astype(np.float32)[:, None], axis=1)


def _drawn_sites(cumulative: Floats, most: int, dice: Dice) -> Ints:
    """(w, most) places drawn by cumulative worth."""
    draws = dice.generator.random((dice.count, most), dtype=np.float32) * cumulative[:, -1:]
    sites = np.empty((dice.count, most), dtype=np.int64)
    for begin in range(0, dice.count, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        sites[block] = (cumulative[block, None] <= draws[block, :, None]).sum(axis=2)
    return np.minimum(sites, cumulative.shape[1] - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The places near each site: (p, k) index, the site itself first, and distance [km]; padded with far ones."""

    place: Ints
    apart_km: Floats


def near_places(theatre: Theatre, reach_km: float) -> Near:
    """List the places within the largest radius of any world; padding is a place beyond it, which nothing reaches."""
    apart = theatre.apart_km
    width = int((apart <= reach_km).sum(axis=1).max())
    order = np.argsort(apart, axis=1, kind="stable")[:, :width]
    return Near(order, np.take_along_axis(apart, order, axis=1))


def missed_share(stands: Stands, era: int, radius_km: Floats, ready: Floats, near: Near) -> Floats:
    """(w, p) chance that no ready unit covers a place: the product over covering units of 1 - availability.

    Parameters
    ----------
    era
        Number of the era.
    radius_km, ready
        (w, s) defended radius and availability by system (`MISSILE_SYSTEMS`).
    """
    count, places = len(stands.site), len(near.place)
    missed = np.ones((count, places), dtype=np.float32)
    for u, system in enumerate(stands.system):
        worlds = np.flatnonzero((stands.site[:, u] >= 0) & (stands.since[:, u] <= era))
        site = stands.site[worlds, u]
        covered = near.apart_km[site] <= radius_km[worlds, system, None]
        left = np.where(covered, 1 - ready[worlds, system, None], 1.0).astype(np.float32)
        missed[worlds[:, None], near.place[site]] *= left
    return missed
