"""Scenario, calibration and seed to the draws of everything we do not know.

A world is one draw of the unknowns: rates, radii, rounds, target mix, the baseline's layout, unreported launches.
What a world holds is fixed through all its runs; chance within it is the kernel's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tegmen.calibration.fit import Calibration, RateDraws
from tegmen.errors import EvidenceError
from tegmen.evidence.catalogue import Parameter
from tegmen.question.launches import launched, posted_counts
from tegmen.question.places import Places, defended_places, named_launches, steered
from tegmen.question.scenario import Scenario
from tegmen.terms import EvidenceCase, ThreatClass
from tegmen.worlds.units import BALLISTIC_SYSTEMS, STREAMS, SYSTEMS, Dice, Units, draw_units, take_units

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


_WITH_TROOPS = ("s300ps", "buk_m1")
POOL = 4000
"""Posterior draws that the worlds of one study pick from."""
_REDRAWS_MAX = 20
_BLOCK = 1.5
_LAYOUTS_MOST = 60
_TURNS = 8


@dataclass(frozen=True, slots=True)
class Worlds:
    """Draws of what is unknown, axis w; made by `draw_worlds`.

    Parameters
    ----------
    case, seed, first
        Evidence case; seed; number of the first world (addresses the kernel's draws).
    places
        The defended places.
    counts, packet
        (w, class) threats in the month; threats that share target and wave.
    mix
        (w, class, place) where they are aimed; rows sum to 1.
    rate
        (w, class) share intercepted that the simulated baseline must reproduce (for ballistic: given coverage).
    system, site
        (w, fire unit) index into `SYSTEMS` and into places; -1 where the world has no such unit.
    readiness
        (w, fire unit) probability that the unit stands ready on a night.
    readiness_added
        (w,) the same for an added unit.
    units
        What fire units can do.
    scalar
        Name to (w,) draw: everything else that is one number a world (times, speeds, shares).
    unknowns
        Plain words to (w,) value: the unknowns the answer may hang on.
    parameters
        Every catalogue parameter drawn from.
    redraw_share
        Share of drawn layouts thrown away because no factor in (0, 1] reproduces the record with them.
    """

    case: EvidenceCase
    seed: int
    first: int
    places: Places
    counts: Ints
    packet: Ints
    mix: Floats
    rate: Floats
    system: Ints
    site: Ints
    readiness: Floats
    readiness_added: Floats
    units: Units
    scalar: Mapping[str, Floats]
    unknowns: Mapping[str, Floats]
    parameters: tuple[Parameter, ...] = ()
    redraw_share: float = 0.0

    def __len__(self) -> int:
        return len(self.readiness_added)


def draw_worlds(  # noqa: PLR0913 - what a draw depends on, each named
    scenario: Scenario,
    calibration: Calibration,
    case: EvidenceCase,
    *,
    count: int,
    first: int = 0,
    seed: int = 1,
    pool: RateDraws | None = None,
) -> Worlds:
    """Draw worlds: unknowns, then layouts that the record does not contradict.

    A layout is thrown away when it covers less of the ballistic targets than the record says were covered (a readiness
    above 1 would be needed), and drawn again with the same rates; a world for which 60 layouts fail is drawn anew. The
    share of layouts thrown away is kept.

    Parameters
    ----------
    count, first, seed
        Worlds wanted; number of the first; seed. Batches with different `first` are independent.
    pool
        Posterior draws to pick rates from, where many batches share them; None draws a pool of its own.

    Raises
    ------
    EvidenceError
        Hardly any layout agrees with the record.
    """
    places, pool = defended_places(scenario), pool or calibration.draws(POOL, seed)
    kept: list[Worlds] = []
    layouts = 0
    have, tried, block = 0, 0, math.ceil(_BLOCK * count)
    while have < count:
        if tried >= _REDRAWS_MAX:
            msg = (
                f"of {tried * block} worlds drawn only {have} agree with the record: the baseline has too few units "
                "against ballistic missiles for the coverage posted; widen the baseline's range"
            )
            raise EvidenceError(msg)
        dice = Dice(block, _streams(seed, first, dict.fromkeys(STREAMS, tried)), scenario.catalogue)
        candidate, agrees = _candidates(scenario, calibration, case, places, pool, dice)
        kept.append(take(candidate, np.flatnonzero(agrees)))
        have += int(agrees.sum())
        layouts += sum(dice.layouts)
        tried += 1
    joined = take(join(kept), np.arange(count))
    return replace(joined, seed=seed, first=first, redraw_share=1 - have / layouts)


def vary_worlds(  # noqa: PLR0913 - what a draw depends on, each named
    scenario: Scenario,
    calibration: Calibration,
    case: EvidenceCase,
    *,
    count: int,
    seed: int,
    pool: RateDraws,
    anew: Collection[str] = (),
    turn: int = 0,
) -> tuple[Worlds, NDArray[np.bool_]]:
    """Draw candidate worlds of which some streams can be drawn anew while the others stay, world by world.

    Parameters
    ----------
    anew, turn
        Streams (of `STREAMS`) to draw anew; which of their draws, 0 being the first.

    Returns
    -------
    Candidates, and which of them the record does not contradict.
    """
    turns = {name: turn if name in anew else 0 for name in STREAMS}
    dice = Dice(count, _streams(seed, 0, turns), scenario.catalogue)
    worlds, agrees = _candidates(scenario, calibration, case, defended_places(scenario), pool, dice)
    return replace(worlds, seed=seed), agrees


def _streams(seed: int, first: int, turns: Mapping[str, int]) -> dict[str, np.random.Generator]:
    """One counter-based stream a name, addressed by first world, turn and place in the list."""
    keys = {name: np.random.SeedSequence(seed, spawn_key=(first, turns[name], at)) for at, name in enumerate(STREAMS)}
    return {name: np.random.Generator(np.random.Philox(key)) for name, key in keys.items()}


def take(worlds: Worlds, index: NDArray[np.intp]) -> Worlds:
    """Keep the worlds of these indices, in this order."""

    def chosen(arrays: list[NDArray[Any]]) -> NDArray[Any]:
        return arrays[0][index]

    return _map([worlds], chosen)


def join(batches: list[Worlds]) -> Worlds:
    """Join batches along w; layouts are padded to the longest."""
    return _map(batches, _stack)


def _stack(arrays: list[NDArray[np.generic]]) -> NDArray[np.generic]:
    if arrays[0].ndim == 2 and len({array.shape[1] for array in arrays}) > 1:
        width = max(array.shape[1] for array in arrays)
        arrays = [np.pad(a, ((0, 0), (0, width - a.shape[1])), constant_values=-1) for a in arrays]
    return np.concatenate(arrays)


def _map(batches: Sequence[Worlds], combine: Callable[[list[Any]], Any]) -> Worlds:
    """Rebuild worlds with `combine` applied to the list of each array."""
    head = batches[0]
    changed: dict[str, object] = {}
    for item in ("counts", "packet", "mix", "rate", "system", "site", "readiness", "readiness_added"):
        changed[item] = combine([getattr(batch, item) for batch in batches])
    units = {part.name: combine([getattr(batch.units, part.name) for batch in batches]) for part in fields(Units)}
    for item in ("scalar", "unknowns"):
        mapping = getattr(head, item)
        changed[item] = MappingProxyType(
            {key: combine([getattr(batch, item)[key] for batch in batches]) for key in mapping}
        )
    return replace(head, units=Units(**units), **changed)


def _candidates(
    scenario: Scenario, calibration: Calibration, case: EvidenceCase, places: Places, pool: RateDraws, dice: Dice
) -> tuple[Worlds, NDArray[np.bool_]]:
    """One block of candidate worlds, and which of them agree with the record."""
    posted = posted_counts(scenario, calibration.record)
    rates = pool.pick(dice.of("rates").generator, dice.count)
    counts, unposted = launched(scenario, case, posted, dice.count, dice.of("launches").generator)
    seen = max(posted[ThreatClass.ballistic], 1)
    # What was never posted was not aimed at Kyiv (A5), so it thins Kyiv's share.
    kyiv_share = rates.kyiv_share * seen / (seen + unposted[:, ThreatClass.ballistic])
    pull = dice.of("targets").model("front_weight_km")
    mix = _target_mix(calibration, places, kyiv_share, pull, dice.of("targets"))
    units = draw_units(dice.of("units"))
    rate = np.zeros((dice.count, len(ThreatClass)))
    for cls in (ThreatClass.drone, ThreatClass.cruise, ThreatClass.supersonic, ThreatClass.s300_ground):
        seen = max(posted[cls], 1)
        rate[:, cls] = rates.rate[cls] * seen / (seen + unposted[:, cls])
    rate[:, ThreatClass.ballistic] = rates.kill
    elsewhere = (1 - rates.kyiv_share) * max(posted[ThreatClass.ballistic], 1)
    coverage = rates.coverage_elsewhere * elsewhere / (elsewhere + unposted[:, ThreatClass.ballistic])
    ballistic = mix[:, ThreatClass.ballistic]
    wanted = np.stack([rates.coverage_kyiv, coverage], axis=1)
    stands = _agreeing_stands(scenario, places, mix, units, wanted, dice.of("stands"))
    ready, agrees = _readiness(ballistic, _covering_by_zone(places, units, stands), places.kyiv, wanted)
    ready_kyiv, ready_else = ready.T
    system, site = _layout(scenario, places, mix, stands, dice.of("batteries"))
    covers = _covering(places, units, system, site)
    is_kyiv = places.kyiv[np.maximum(site, 0)]
    lean = dice.of("readiness").generator.random(dice.count)
    added = ready_else + lean * (ready_kyiv - ready_else)
    scalar = _scalars(dice.of("times")) | {"readiness_lean": lean}
    worlds = Worlds(
        case=case,
        seed=0,
        first=0,
        places=places,
        counts=counts,
        packet=_packets(dice.of("times")),
        mix=mix,
        rate=rate,
        system=system,
        site=site,
        # Units that only meet aerodynamic targets are always there: their share is in the cruise factor.
        readiness=np.where(
            system < len(BALLISTIC_SYSTEMS), np.where(is_kyiv, ready_kyiv[:, None], ready_else[:, None]), 1.0
        ),
        readiness_added=added,
        units=units,
        scalar=MappingProxyType(scalar),
        unknowns=MappingProxyType(
            {
                "readiness of an added unit": added,
                "Patriot's defended radius against ballistic missiles": units.radius_ballistic_km[:, 0],
                "share killed when covered": np.asarray(rates.kill, dtype=float),
                "coverage of Kyiv": np.asarray(rates.coverage_kyiv, dtype=float),
                "coverage elsewhere": np.asarray(coverage, dtype=float),
                "share of ballistic missiles aimed at Kyiv": kyiv_share,
                "share aimed at power plants": mix[:, ThreatClass.ballistic] @ (places.population == 0),
                "ballistic targets already covered by the baseline's layout": (ballistic * (covers > 0)).sum(axis=1),
                "concentration of ballistic targets": (ballistic**2).sum(axis=1),
                "pull of the front on targets": pull,
                "cruise missiles intercepted": rate[:, ThreatClass.cruise],
                "drones intercepted": rate[:, ThreatClass.drone],
            }
        ),
        parameters=tuple(dice.used.values()),
    )
    return worlds, agrees


def _packets(dice: Dice) -> Ints:
    """(w, class) threats that share a target and a wave."""
    packet = np.ones((dice.count, len(ThreatClass)), dtype=np.int64)
    for cls in ThreatClass:
        if cls is not ThreatClass.glide_bomb:
            packet[:, cls] = np.maximum(1, np.rint(dice.model("packet_size", cls.name)))
    return packet


def _target_mix(calibration: Calibration, places: Places, kyiv_share: Floats, pull: Floats, dice: Dice) -> Floats:
    """(w, class, place): Dirichlet around weights by population, MW, nearness to the front and named targets."""
    exponent = dice.model("population_exponent")
    near = np.exp(-places.front_km / pull[:, None])
    city = np.where(places.population > 0, np.maximum(places.population, 1) ** exponent[:, None], 0.0) * near
    plant = places.capacity_mw * near
    concentration = dice.model("target_concentration")
    seen = calibration.record.until(calibration.until)
    prior = dice.model("named_prior")
    mix = np.zeros((dice.count, len(ThreatClass), len(places)))
    for cls in ThreatClass:
        if cls is ThreatClass.glide_bomb:
            continue
        named = named_launches(seen, cls, places)
        power = dice.model("power_target_share", cls.name)[:, None]
        mean = (1 - power) * steered(city, named, prior, places) + power * steered(plant, named, prior, places)
        if cls is ThreatClass.ballistic:
            kyiv = mean * places.kyiv
            other = mean * ~places.kyiv
            mean = kyiv_share[:, None] * kyiv / kyiv.sum(axis=1, keepdims=True)
            mean += (1 - kyiv_share)[:, None] * other / other.sum(axis=1, keepdims=True)
        shapes = np.maximum(concentration[:, None] * mean, 1e-9)
        if cls is ThreatClass.ballistic:  # shapes follow the rates, another stream
            gamma = np.stack([own.standard_gamma(shape) for own, shape in zip(dice.each(), shapes, strict=True)])
        else:
            gamma = dice.generator.standard_gamma(shapes)
        drawn = gamma / gamma.sum(axis=1, keepdims=True)
        if cls is ThreatClass.ballistic:
            # The Kyiv share is a posterior draw already; the Dirichlet only spreads within the two zones.
            inside = (drawn * places.kyiv).sum(axis=1, keepdims=True)
            scale = np.where(places.kyiv, kyiv_share[:, None] / np.maximum(inside, 1e-12),
                             (1 - kyiv_share)[:, None] / np.maximum(1 - inside, 1e-12))  # fmt: skip
            drawn = drawn * scale
            drawn /= drawn.sum(axis=1, keepdims=True)
        mix[:, cls] = drawn
    return mix


def _agreeing_stands(
    scenario: Scenario, places: Places, mix: Floats, units: Units, coverage: Floats, dice: Dice
) -> Ints:
    """(w, stand, 2) system and site of the units that meet ballistic missiles; -1 where there is none.

    Drawn again and again, in the worlds where they cover less than the record says was covered in either zone; the
    rates stay as drawn, so only layouts are conditioned on the record (A17).
    """
    value = _worth(places, mix[:, ThreatClass.ballistic], dice)
    number = [_held(scenario, name, dice) for name in BALLISTIC_SYSTEMS]
    aimed = mix[:, ThreatClass.ballistic]
    stands = np.full((dice.count, sum(int(each.max()) for each in number), 2), -1, dtype=np.int64)
    left = np.arange(dice.count)
    for _ in range(_LAYOUTS_MOST):
        at = 0
        for code, held in enumerate(number):
            most = int(held.max())
            chosen = _drawn_sites(value, most, dice, left)
            if BALLISTIC_SYSTEMS[code] == "patriot" and most:
                chosen[:, 0] = 0
            present = np.arange(most) < held[left, None]
            stands[left, at : at + most, 0] = np.where(present, code, -1)
            stands[left, at : at + most, 1] = np.where(present, chosen, -1)
            at += most
        dice.layouts.append(len(left))
        reached = _covering(places, take_units(units, left), stands[left, :, 0], stands[left, :, 1]) > 0
        short = [
            (aimed[left] * zone * reached).sum(axis=1) < coverage[left, z] * (aimed[left] * zone).sum(axis=1)
            for z, zone in enumerate((places.kyiv, ~places.kyiv))
        ]
        left = left[short[0] | short[1]]
        if not len(left):
            break
    return stands


def _layout(scenario: Scenario, places: Places, mix: Floats, stands: Ints, dice: Dice) -> tuple[Ints, Ints]:
    """(w, fire unit) system and site: the units that meet ballistic missiles, and the others at places drawn by worth.

    Notional throughout: numbers of the catalogue, never real positions.
    """
    value = _worth(places, mix[:, ThreatClass.cruise], dice)
    system, site = [stands[..., 0]], [stands[..., 1]]
    for code in range(len(BALLISTIC_SYSTEMS), len(SYSTEMS)):
        number = _held(scenario, SYSTEMS[code], dice)
        most = int(number.max())
        present = np.arange(most) < number[:, None]
        system.append(np.where(present, code, -1))
        site.append(np.where(present, _drawn_sites(value, most, dice, np.arange(dice.count)), -1))
    return np.concatenate(system, axis=1), np.concatenate(site, axis=1)


def _worth(places: Places, aimed: Floats, dice: Dice) -> Floats:
    """(w, place) cumulative worth of a site: half what the place is (people, MW), half what the world aims at it."""
    exponent = dice.model("population_exponent")
    city = np.where(places.population > 0, np.maximum(places.population, 1) ** exponent[:, None], 0.0)
    plant = np.broadcast_to(places.capacity_mw, city.shape)
    value = 0.7 * city / city.sum(axis=1, keepdims=True) + 0.3 * plant / plant.sum(axis=1, keepdims=True)
    return np.cumsum(value + aimed, axis=1)


def _drawn_sites(cumulative: Floats, most: int, dice: Dice, wanted: NDArray[np.intp]) -> Ints:
    """(wanted, most) places drawn by cumulative worth; every world takes its draws, wanted or not."""
    draws = dice.generator.random((dice.count, most))[wanted] * cumulative[wanted, -1:]
    rows = zip(cumulative[wanted], draws, strict=True)
    chosen = np.stack([row.searchsorted(draw, side="right") for row, draw in rows])
    return np.minimum(chosen, cumulative.shape[1] - 1).astype(np.int64)


def _held(scenario: Scenario, system: str, dice: Dice) -> Ints:
    """(w,) fire units of a system in the baseline that stand at places."""
    parameter = dice.catalogue.inventory("Ukraine", system)
    if system in scenario.baseline:
        span = scenario.baseline[system]
        parameter = replace(parameter, low=span.low, best=span.best, high=span.high, source=span.source, verified=False)
    number = dice.draw(parameter)
    if system in _WITH_TROOPS:
        number = number * dice.model("share_at_places", system=system)
    return np.rint(number).astype(np.int64)


def covered_by(worlds: Worlds, *systems: str) -> Ints:
    """(w, place) how many baseline units of these systems cover the place against ballistic missiles."""
    return _covering(worlds.places, worlds.units, worlds.system, worlds.site, systems)


def _covering(
    places: Places, units: Units, system: Ints, site: Ints, systems: tuple[str, ...] = BALLISTIC_SYSTEMS
) -> Ints:
    covers = np.zeros((len(system), len(places)), dtype=np.int64)
    apart = np.hypot(*(places.xy[:, None] - places.xy[None]).transpose(2, 0, 1))
    for code in (SYSTEMS.index(name) for name in systems):
        radius = units.radius_ballistic_km[:, code]
        for column in np.flatnonzero((system == code).any(axis=0)):
            here = system[:, column] == code
            covers += here[:, None] & (apart[site[:, column]] <= radius[:, None]) & (radius[:, None] > 0)
    return covers


def _covering_by_zone(places: Places, units: Units, stands: Ints) -> Ints:
    """(w, place, zone of the unit) how many units standing at Kyiv, and how many elsewhere, cover each place."""
    at_kyiv = places.kyiv[np.maximum(stands[..., 1], 0)]
    return np.stack(
        [_covering(places, units, np.where(here, stands[..., 0], -1), stands[..., 1]) for here in (at_kyiv, ~at_kyiv)],
        axis=2,
    )


def _readiness(
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


def _scalars(dice: Dice) -> dict[str, Floats]:
    """Everything else that is one number a world."""
    names = (
        "salvo_ballistic", "salvo_cruise", "reaction_s", "reload_s", "interceptor_speed_point_kms",
        "interceptor_speed_area_kms", "detection_ballistic_s", "window_cruise_s", "radar_height_m", "stock_area",
    )  # fmt: skip
    drawn = {name: dice.model(name) for name in names}
    drawn["stock_ballistic"] = dice.model("patriot_stock_ballistic", system="patriot")
    drawn["dispersed_share_cruise"] = dice.model("dispersed_share", "cruise")
    drawn["cruise_speed_kmh"] = dice.model("speed_kmh", "cruise")
    drawn["cruise_height_m"] = dice.model("altitude_m", "cruise")
    drawn["glide_bomb_denial"] = dice.model("glide_bomb_denial", "glide_bomb")
    drawn["glide_range_km"] = dice.draw(dice.catalogue.threat("glide_bomb", "range", "umpk_bomb"))
    for cls in ThreatClass:
        if cls is not ThreatClass.glide_bomb:
            drawn[f"damage_{cls.name}"] = dice.model("plant_damage", cls.name)
    return drawn
