"""The baseline: a notional layout of the units the defender has, drawn by worth, and the coverage that follows.

Notional throughout: numbers held in public at places drawn at random, never real positions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.errors import EvidenceError
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import SAME, ThreatClass
from tegmen.worlds.dice import Dice, quantiles
from tegmen.worlds.targets import Aim

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints, Singles
    from tegmen.worlds.kernel import Covering

_BLOCK = 4000


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


@dataclass(frozen=True, slots=True, eq=False)
class Shield:
    """What units of the kinds that meet ballistic missiles can do, axes w, s (their codes, the first of all).

    Parameters
    ----------
    radius_km, ready
        (w, s) defended radius; availability.
    """

    radius_km: Floats
    ready: Floats

    @property
    def idle(self) -> Floats:
        """(w, s) chance that a unit is not ready."""
        return 1 - self.ready

    def reach(self, theatre: Theatre) -> Covering:
        """What units at each site cover, for the kernel."""
        from tegmen.worlds.kernel import Covering

        near = near_places(theatre, float(self.radius_km.max()))
        return Covering(near.place, near.apart_km, self.radius_km)


@dataclass(frozen=True, slots=True, eq=False)
class Stands:
    """Fire units that meet ballistic missiles, in order of arrival, axes w, u.

    Parameters
    ----------
    system
        (u,) code of its kind.
    site
        (w, u) place, -1 with the troops.
    since
        (w, u) number of the era from which the world has the unit; the number of eras where it never has.
    eras
        First day of each era, ascending: days on which the number held changes.
    """

    system: Ints = field(metadata=SAME)
    site: Ints
    since: Ints
    eras: tuple[date, ...] = field(metadata=SAME)

    def on(self, day: date) -> tuple[Ints, Ints]:
        """(w, u) system and site of the units that stand at places on a day, -1 where there is none."""
        present = (self.site >= 0) & (self.since <= self.era(day))
        return np.where(present, self.system, -1), np.where(present, self.site, -1)

    def era(self, day: date) -> int:
        """Number of the era of a day; -1 before the first."""
        return int(np.searchsorted(np.array(self.eras, dtype="datetime64[D]"), np.datetime64(day), side="right")) - 1


def draw_stands(scenario: Scenario, theatre: Theatre, worth: Singles, shield: Shield, dice: Dice) -> Stands:
    """Draw the stands of Patriot and SAMP/T: units held by date, one after another, with the troops or at a place.

    A place is drawn by its worth that the units before leave uncovered, to the power of the world's focus: few units go
    to the few places most worth them. The first Patriot stands in Kyiv (A8).

    Parameters
    ----------
    worth
        (w, p) worth of a site.
    shield
        Radius and availability of the units.

    Raises
    ------
    EvidenceError
        No such unit is held in any world.
    """
    from tegmen.worlds.kernel import place_units

    eras = scenario.eras(scenario.ballistic_held)
    focus = dice.model("site_focus", by_level=True).astype(np.float32)[:, None]
    systems: list[int] = []
    levels: list[Floats] = []
    at_places: list[NDArray[np.bool_]] = []
    numbers: list[Ints] = []
    for name in scenario.ballistic_held:
        held = _held_by_era(scenario, name, eras, dice)
        share = dice.model("share_at_places", system=name)
        for unit in range(most_held(scenario, name)):
            levels.append(dice.level(f"{name} {unit + 1}: site"))
            at_place = dice.level(f"{name} {unit + 1}: at a place") < share
            systems.append(scenario.kinds.code(name))
            at_places.append(at_place | (name == "patriot" and not unit))
            numbers.append((held > unit).sum(axis=1))
    if not systems:
        msg = "no fire unit that meets ballistic missiles is held, ever: nothing could have stopped those of the record"
        raise EvidenceError(f"{msg}; widen the ranges of the units held")
    system, at_place, number = np.array(systems), np.stack(at_places, axis=1), np.stack(numbers, axis=1)
    site = np.full(number.shape, -1)
    site[:, np.flatnonzero(system == scenario.kinds.code("patriot"))[:1]] = 0
    place_units(
        0, dice.count, worth**focus, np.stack(levels, axis=1), system, at_place & (number > 0),
        (shield.idle**focus).astype(np.float32), shield.reach(theatre), site,
    )  # fmt: skip
    return Stands(system, np.where(at_place, site, -1), len(eras) - number, eras)


def most_held(scenario: Scenario, system: str) -> int:
    """The most fire units of a system that any world has in any era."""
    spans = [scenario.held_on(system, day).span for day in scenario.eras(scenario.ballistic_held)]
    return max((round(high) for _, _, high in spans), default=0)


def _held_by_era(scenario: Scenario, system: str, eras: tuple[date, ...], dice: Dice) -> Ints:
    """(w, e) fire units in service, one level of the span a world for all eras; never fewer than in an earlier one."""
    level = dice.level(f"{system}: units held")
    spans = [scenario.held_on(system, day) for day in eras]
    distinct = {span.span: np.rint(quantiles(span, level)).astype(np.int64) for span in spans}
    held = np.stack([distinct[span.span] for span in spans], axis=1)
    return np.maximum.accumulate(held, axis=1)


def draw_layout(
    scenario: Scenario, theatre: Theatre, aim: Aim, aimed: Singles, stands: tuple[Ints, Ints], dice: Dice
) -> tuple[Ints, Ints]:
    """Draw (w, u) system and site of all units: the stands as they are, the other systems at places drawn by worth.

    Parameters
    ----------
    aimed
        (w, p) share of cruise missiles aimed at each place.
    stands
        System and site of the units that meet ballistic missiles.
    """
    worth = np.cumsum(site_worth(theatre, aim, aimed, dice), axis=1)
    system, site = [stands[0]], [stands[1]]
    kinds = scenario.kinds
    for name in kinds.meeting(ThreatClass.cruise):
        if name in kinds.meeting(ThreatClass.ballistic) or not scenario.holds(name):
            continue
        number = dice.draw(scenario.held_on(name, scenario.month.first))
        if name in dice.catalogue.systems_with("share_at_places"):
            number = number * dice.model("share_at_places", system=name)
        number = np.rint(number).astype(np.int64)
        most = int(number.max())
        present = np.arange(most) < number[:, None]
        system.append(np.where(present, kinds.code(name), -1))
        site.append(np.where(present, _drawn_sites(worth, most, dice), -1))
    return np.concatenate(system, axis=1), np.concatenate(site, axis=1)


def site_worth(theatre: Theatre, aim: Aim, aimed: Singles, dice: Dice) -> Singles:
    """(w, p) worth of a site: half what the place is (people, MW), half what the world aims at it."""
    places = theatre.places
    city, plant = aim.city(places), places.capacity_mw
    people = dice.model("site_worth_people").astype(np.float32)[:, None]
    value = people * city / city.sum(axis=1, keepdims=True) + (1 - people) * (plant / plant.sum()).astype(np.float32)
    return value + aimed / aimed.sum(axis=1, keepdims=True)


def _drawn_sites(cumulative: Singles, most: int, dice: Dice) -> Ints:
    """(w, most) places drawn by cumulative worth."""
    return _inverted(cumulative, dice.generator.random((dice.count, most)))


def _inverted(cumulative: Singles, level: Floats) -> Ints:
    """(w, n) index at which the cumulative worth (w, p) passes a level (w, n)."""
    reached = np.empty(level.shape, dtype=np.int64)
    for begin in range(0, len(level), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        bound = (level[block] * cumulative[block, -1:]).astype(cumulative.dtype)
        reached[block] = (cumulative[block, None] <= bound[:, :, None]).sum(axis=2)
    return np.minimum(reached, cumulative.shape[1] - 1)


def met_by_era(stands: Stands, shield: Shield, theatre: Theatre, mix: Singles) -> Singles:
    """(era, zone, w) what of all that is aimed at Kyiv's zone, and elsewhere, is aimed at what a ready unit covers.

    A place is left uncovered by the product over covering units of 1 - availability.

    Parameters
    ----------
    mix
        (w, p) where missiles are aimed.
    """
    from tegmen.worlds.kernel import cover_by_era

    met = np.empty((len(stands.eras), 2, len(mix)), dtype=np.float32)
    zone, units = np.where(theatre.places.kyiv, 0, 1), (stands.system, stands.site, stands.since)
    cover_by_era(0, len(mix), mix, zone, units, shield.idle.astype(np.float32), shield.reach(theatre), met)
    return met


def covering(theatre: Theatre, radius_km: Floats, system: Ints, site: Ints) -> Ints:
    """(w, p) how many units of a layout (w, u), of radius (w, s), cover each place; a radius of 0 covers nothing."""
    covers = np.zeros((len(system), len(theatre.places)), dtype=np.int64)
    for code in np.flatnonzero(radius_km.any(axis=0)):
        radius = radius_km[:, code]
        for column in np.flatnonzero((system == code).any(axis=0)):
            here = system[:, column] == code
            covers += here[:, None] & (theatre.apart_km[site[:, column]] <= radius[:, None]) & (radius[:, None] > 0)
    return covers
