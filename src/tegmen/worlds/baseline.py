"""The baseline: a notional layout of the units the defender has, drawn by worth, and how ready they stand.

Notional throughout: numbers of the catalogue at places drawn at random, never real positions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import ThreatClass
from tegmen.worlds.dice import Dice
from tegmen.worlds.units import Units, take_units

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_LAYOUTS_MOST = 60
_TURNS = 8


def draw_stands(
    scenario: Scenario, theatre: Theatre, mix: Floats, units: Units, coverage: Floats, dice: Dice
) -> tuple[Ints, int]:
    """Draw where the units that meet ballistic missiles stand, with the rates as they are.

    Drawn again and again in the worlds where they cover less than the record says was covered in either zone, so only
    layouts are conditioned on the record (A17).

    Parameters
    ----------
    mix, coverage
        (w, class, p) targets; (w, 2) share covered at Kyiv and elsewhere.

    Returns
    -------
    (w, stand, 2) system and site, -1 where there is none; how many layouts were drawn.
    """
    aimed = mix[:, ThreatClass.ballistic]
    worth = _worth(theatre, aimed, dice)
    held = [_held(scenario, name, dice) for name in BALLISTIC_SYSTEMS]
    stands = np.full((dice.count, sum(int(number.max()) for number in held), 2), -1, dtype=np.int64)
    left, layouts = np.arange(dice.count), 0
    for _ in range(_LAYOUTS_MOST):
        stands[left] = np.concatenate(
            [_stands_of(code, number, worth, dice, left) for code, number in enumerate(held)], axis=1
        )
        layouts += len(left)
        left = left[_short_of(aimed[left], coverage[left], theatre, take_units(units, left), stands[left])]
        if not len(left):
            break
    return stands, layouts


def _stands_of(code: int, held: Ints, worth: Floats, dice: Dice, left: NDArray[np.intp]) -> Ints:
    """(left, most held, 2) one system's stands, drawn anew in the worlds `left`; the first Patriot stands at Kyiv."""
    most = int(held.max())
    sites = _drawn_sites(worth, most, dice, left)
    if BALLISTIC_SYSTEMS[code] == "patriot" and most:
        sites = np.concatenate([np.zeros_like(sites[:, :1]), sites[:, 1:]], axis=1)
    present = np.arange(most) < held[left, None]
    return np.stack([np.where(present, code, -1), np.where(present, sites, -1)], axis=2)


def _short_of(aimed: Floats, coverage: Floats, theatre: Theatre, units: Units, stands: Ints) -> NDArray[np.bool_]:
    """(w,) whether the stands cover less of what is aimed at Kyiv, or elsewhere, than the record says was covered."""
    reached = covering(theatre, units, stands[..., 0], stands[..., 1]) > 0
    short = [
        (aimed * zone * reached).sum(axis=1) < coverage[:, z] * (aimed * zone).sum(axis=1)
        for z, zone in enumerate((theatre.places.kyiv, ~theatre.places.kyiv))
    ]
    return short[0] | short[1]


def draw_layout(scenario: Scenario, theatre: Theatre, mix: Floats, stands: Ints, dice: Dice) -> tuple[Ints, Ints]:
    """Draw (w, u) system and site of all units: the stands given, and the other systems at places drawn by worth."""
    worth = _worth(theatre, mix[:, ThreatClass.cruise], dice)
    system, site = [stands[..., 0]], [stands[..., 1]]
    for code in range(len(BALLISTIC_SYSTEMS), len(MISSILE_SYSTEMS)):
        number = _held(scenario, MISSILE_SYSTEMS[code], dice)
        most = int(number.max())
        present = np.arange(most) < number[:, None]
        system.append(np.where(present, code, -1))
        site.append(np.where(present, _drawn_sites(worth, most, dice, np.arange(dice.count)), -1))
    return np.concatenate(system, axis=1), np.concatenate(site, axis=1)


def _worth(theatre: Theatre, aimed: Floats, dice: Dice) -> Floats:
    """(w, p) cumulative worth of a site: half what the place is (people, MW), half what the world aims at it."""
    places = theatre.places
    exponent = dice.model("population_exponent")
    city = np.where(places.population > 0, np.maximum(places.population, 1) ** exponent[:, None], 0.0)
    plant = np.broadcast_to(places.capacity_mw, city.shape)
    people = dice.model("site_worth_people")[:, None]
    value = people * city / city.sum(axis=1, keepdims=True) + (1 - people) * plant / plant.sum(axis=1, keepdims=True)
    return np.cumsum(value + aimed, axis=1)


def _drawn_sites(cumulative: Floats, most: int, dice: Dice, wanted: NDArray[np.intp]) -> Ints:
    """(wanted, most) places drawn by cumulative worth; every world takes its draws, wanted or not."""
    draws = dice.generator.random((dice.count, most))[wanted] * cumulative[wanted, -1:]
    rows = zip(cumulative[wanted], draws, strict=True)
    chosen = np.stack([row.searchsorted(draw, side="right") for row, draw in rows])
    return np.minimum(chosen, cumulative.shape[1] - 1).astype(np.int64)


def _held(scenario: Scenario, system: str, dice: Dice) -> Ints:
    """(w,) fire units of a system in the baseline that stand at places."""
    number = dice.draw(scenario.held_on(system, scenario.month.first))
    if system in dice.catalogue.systems_with("share_at_places"):
        number = number * dice.model("share_at_places", system=system)
    return np.rint(number).astype(np.int64)


def covering(
    theatre: Theatre, units: Units, system: Ints, site: Ints, systems: tuple[str, ...] = BALLISTIC_SYSTEMS
) -> Ints:
    """(w, p) how many units of these systems in a layout (w, u) cover each place against ballistic missiles."""
    covers = np.zeros((len(system), len(theatre.places)), dtype=np.int64)
    for code in (MISSILE_SYSTEMS.index(name) for name in systems):
        radius = units.radius_ballistic_km[:, code]
        for column in np.flatnonzero((system == code).any(axis=0)):
            here = system[:, column] == code
            covers += here[:, None] & (theatre.apart_km[site[:, column]] <= radius[:, None]) & (radius[:, None] > 0)
    return covers


def covering_by_zone(theatre: Theatre, units: Units, stands: Ints) -> Ints:
    """(w, p, zone of the unit) how many units standing at Kyiv, and how many elsewhere, cover each place."""
    at_kyiv = theatre.places.kyiv[np.maximum(stands[..., 1], 0)]
    return np.stack(
        [covering(theatre, units, np.where(here, stands[..., 0], -1), stands[..., 1]) for here in (at_kyiv, ~at_kyiv)],
        axis=2,
    )


def solve_readiness(
    mass: Floats, covers: Ints, kyiv: NDArray[np.bool_], coverage: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """(w, 2) readiness of units at Kyiv and elsewhere with which both zones are covered as the record says.

    A place covered by i units of Kyiv and j others is covered with 1 - (1-a)^i (1-b)^j. Each zone's coverage rises in
    either readiness, so the two are bisected in turn until they hold still; only the mass of each (i, j) matters.

    Returns
    -------
    Readiness, and whether both coverages are reproduced (to 1e-7): if not, the world does not agree with the record.
    """
    most = int(covers.max(initial=0)) + 1
    key = covers[..., 0] * most + covers[..., 1]
    count, zones = len(mass), np.stack([kyiv, ~kyiv])
    flat = (np.arange(count)[:, None] * most * most + key).ravel()
    sums = np.stack(
        [np.bincount(flat, (mass * zone).ravel(), count * most * most).reshape(count, -1) for zone in zones], axis=1
    )
    sums /= np.maximum(sums.sum(axis=2, keepdims=True), 1e-300)
    i, j = np.divmod(np.arange(most * most), most)

    def covered(ready: Floats, zone: int) -> Floats:
        missed = (1 - ready[:, :1]) ** i * (1 - ready[:, 1:]) ** j
        return (sums[:, zone] * (1 - missed)).sum(axis=1)

    ready = np.full((count, 2), 0.5)
    for _ in range(_TURNS):
        for zone in (0, 1):
            low, high = np.zeros(count), np.ones(count)
            for _ in range(30):
                ready[:, zone] = (low + high) / 2
                short = covered(ready, zone) < coverage[:, zone]
                low, high = np.where(short, ready[:, zone], low), np.where(short, high, ready[:, zone])
            ready[:, zone] = high
    off = np.stack([np.abs(covered(ready, zone) - coverage[:, zone]) for zone in (0, 1)])
    return ready, np.asarray((off < 1e-7).all(axis=0))
