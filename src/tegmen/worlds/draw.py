"""Scenario, theatre, calibration and seed to the joint draw of everything we do not know.

A world is one draw of the unknowns: rates, radii, rounds, target mix, the baseline's layout, unreported launches.
What a world holds is fixed through all its runs; chance within it is the engine's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tegmen.calibration.fit import RateDraws
from tegmen.errors import EvidenceError
from tegmen.evidence.catalogue import Parameter
from tegmen.evidence.systems import BALLISTIC_SYSTEMS
from tegmen.question.launches import launched
from tegmen.question.places import Places
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import EvidenceCase, FrozenDict, ThreatClass, content_equal
from tegmen.worlds.baseline import covering, covering_by_zone, draw_layout, draw_stands, solve_readiness
from tegmen.worlds.dice import STREAMS, Dice, streams_of
from tegmen.worlds.targets import draw_packets, draw_targets
from tegmen.worlds.units import Units, draw_units

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_REDRAWS_MAX = 20
_BLOCK = 1.5


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Worlds:
    """Draws of what is unknown, axis w; made by `draw_worlds`.

    Parameters
    ----------
    case, seed, first
        Evidence case; seed; number of the first world (addresses the kernel's draws).
    theatre
        What is the same in all worlds.
    counts, packet
        (w, class) threats in the month; threats that share target and wave.
    mix
        (w, class, p) where they are aimed; rows sum to 1.
    rate
        (w, class) share intercepted that the simulated baseline must reproduce (for ballistic: given coverage).
    system, site
        (w, u) index into `MISSILE_SYSTEMS` and into places; -1 where the world has no such unit.
    readiness
        (w, u) probability that the unit stands ready on a night.
    readiness_added
        (w,) the same for an added unit.
    units
        What fire units can do.
    scalar
        Name to (w,) draw: everything else that is one number a world (times, speeds, shares).
    unknowns
        Plain words to (w,) value: the unknowns the answer may hang on.
    parameters
        Every row of the catalogue drawn from.
    redraw_share
        Share of drawn layouts thrown away because no factor in (0, 1] reproduces the record with them.
    """

    case: EvidenceCase
    seed: int
    first: int
    theatre: Theatre
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

    @property
    def places(self) -> Places:
        """The defended places."""
        return self.theatre.places

    @property
    def covers(self) -> Ints:
        """(w, p) how many of the baseline's units cover the place against ballistic missiles."""
        return self.covered_by(*BALLISTIC_SYSTEMS)

    def covered_by(self, *systems: str) -> Ints:
        """(w, p) how many of the baseline's units of these systems cover the place against ballistic missiles."""
        return covering(self.theatre, self.units, self.system, self.site, systems)

    def __len__(self) -> int:
        return len(self.readiness_added)


def draw_worlds(  # noqa: PLR0913 - what a draw depends on, each named
    scenario: Scenario,
    theatre: Theatre,
    case: EvidenceCase,
    rates: RateDraws,
    *,
    count: int,
    first: int = 0,
    seed: int = 1,
) -> Worlds:
    """Draw worlds: unknowns, then layouts that the record does not contradict.

    A layout is thrown away when it covers less of the ballistic targets than the record says were covered (a readiness
    above 1 would be needed), and drawn again with the same rates; a world for which 60 layouts fail is drawn anew. The
    share of layouts thrown away is kept.

    Parameters
    ----------
    rates
        Posterior draws to pick rates from.
    count, first, seed
        Worlds wanted; number of the first; seed. Batches with different `first` are independent.

    Raises
    ------
    EvidenceError
        Hardly any layout agrees with the record.
    """
    kept: list[Worlds] = []
    have, tried, layouts, block = 0, 0, 0, math.ceil(_BLOCK * count)
    while have < count:
        if tried >= _REDRAWS_MAX:
            msg = (
                f"of {tried * block} worlds drawn only {have} agree with the record: the baseline has too few units "
                "against ballistic missiles for the coverage posted; widen the baseline's range"
            )
            raise EvidenceError(msg)
        dice = Dice(block, streams_of(seed, first, dict.fromkeys(STREAMS, tried)), scenario.catalogue)
        candidates = _draw_candidates(scenario, theatre, case, rates, dice)
        kept.append(take(candidates.worlds, np.flatnonzero(candidates.agrees)))
        have += int(candidates.agrees.sum())
        layouts += candidates.layouts
        tried += 1
    joined = take(join(kept), np.arange(count))
    return replace(joined, seed=seed, first=first, redraw_share=1 - have / layouts)


def vary_worlds(  # noqa: PLR0913 - what a draw depends on, each named
    scenario: Scenario,
    theatre: Theatre,
    case: EvidenceCase,
    rates: RateDraws,
    *,
    count: int,
    seed: int,
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
    dice = Dice(count, streams_of(seed, 0, turns), scenario.catalogue)
    candidates = _draw_candidates(scenario, theatre, case, rates, dice)
    return replace(candidates.worlds, seed=seed), candidates.agrees


_ARRAYS = (
    "counts", "packet", "mix", "rate", "system", "site", "readiness", "readiness_added",
)  # fmt: skip


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
    for item in _ARRAYS:
        changed[item] = combine([getattr(batch, item) for batch in batches])
    units = {part.name: combine([getattr(batch.units, part.name) for batch in batches]) for part in fields(Units)}
    for item in ("scalar", "unknowns"):
        mapping = getattr(head, item)
        changed[item] = FrozenDict({key: combine([getattr(batch, item)[key] for batch in batches]) for key in mapping})
    return replace(head, units=Units(**units), **changed)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """A block of worlds, (w,) which of them agree with the record, and how many layouts were drawn for them."""

    worlds: Worlds
    agrees: NDArray[np.bool_]
    layouts: int


def _draw_candidates(
    scenario: Scenario, theatre: Theatre, case: EvidenceCase, pool: RateDraws, dice: Dice
) -> _Candidates:
    posted = theatre.posted
    rates = pool.pick(dice.of("rates").generator, dice.count)
    counts, unposted = launched(scenario, case, posted, dice.count, dice.of("launches").generator)
    # What was never posted was not aimed at Kyiv (A5), so it thins Kyiv's share.
    kyiv_share = _of_all_launched(rates.kyiv_share, posted, unposted, ThreatClass.ballistic)
    pull = dice.of("targets").model("front_weight_km")
    mix = draw_targets(theatre, kyiv_share, pull, dice.of("targets"))
    units = draw_units(dice.of("units"))
    elsewhere = (1 - rates.kyiv_share) * max(posted[ThreatClass.ballistic], 1)
    coverage_elsewhere = rates.coverage_elsewhere * elsewhere / (elsewhere + unposted[:, ThreatClass.ballistic])
    coverage = np.stack([rates.coverage_kyiv, coverage_elsewhere], axis=1)
    stands, layouts = draw_stands(scenario, theatre, mix, units, coverage, dice.of("stands"))
    ready, agrees = solve_readiness(
        mix[:, ThreatClass.ballistic], covering_by_zone(theatre, units, stands), theatre.places.kyiv, coverage
    )
    system, site = draw_layout(scenario, theatre, mix, stands, dice.of("batteries"))
    lean = dice.of("readiness").generator.random(dice.count)
    scalar = _draw_scalars(dice.of("times")) | {"readiness_lean": lean}
    worlds = Worlds(
        case=case,
        seed=0,
        first=0,
        theatre=theatre,
        counts=counts,
        packet=draw_packets(dice.of("times")),
        mix=mix,
        rate=_rates(rates, posted, unposted),
        system=system,
        site=site,
        readiness=_readiness_of_units(theatre, system, site, ready),
        readiness_added=ready[:, 1] + lean * (ready[:, 0] - ready[:, 1]),
        units=units,
        scalar=FrozenDict(scalar),
        unknowns=FrozenDict(),
        parameters=(*dice.used.values(), *theatre.parameters),
    )
    return _Candidates(replace(worlds, unknowns=_unknowns(worlds, rates, coverage, kyiv_share, pull)), agrees, layouts)


def _of_all_launched(share: Floats, posted: Mapping[ThreatClass, int], unposted: Ints, cls: ThreatClass) -> Floats:
    """(w,) a share of what was posted as a share of all that was launched; of the unposted it is none (A5)."""
    seen = max(posted[cls], 1)
    return share * seen / (seen + unposted[:, cls])


def _rates(rates: RateDraws, posted: Mapping[ThreatClass, int], unposted: Ints) -> Floats:
    """(w, class) share intercepted; what was never posted met no defence (A5). Ballistic: share killed when covered."""
    table = np.zeros((len(unposted), len(ThreatClass)))
    for cls in (ThreatClass.drone, ThreatClass.cruise, ThreatClass.supersonic, ThreatClass.s300_ground):
        table[:, cls] = _of_all_launched(rates.rate[cls], posted, unposted, cls)
    table[:, ThreatClass.ballistic] = rates.kill
    return table


def _readiness_of_units(theatre: Theatre, system: Ints, site: Ints, ready: Floats) -> Floats:
    """(w, u) readiness; units that only meet aerodynamic targets are always there: it is in the cruise factor."""
    at_kyiv = theatre.places.kyiv[np.maximum(site, 0)]
    return np.where(system < len(BALLISTIC_SYSTEMS), np.where(at_kyiv, ready[:, :1], ready[:, 1:]), 1.0)


def _unknowns(
    worlds: Worlds, rates: RateDraws, coverage: Floats, kyiv_share: Floats, pull: Floats
) -> Mapping[str, Floats]:
    ballistic = worlds.mix[:, ThreatClass.ballistic]
    return FrozenDict(
        {
            "readiness of an added unit": worlds.readiness_added,
            "Patriot's defended radius against ballistic missiles": worlds.units.radius_ballistic_km[:, 0],
            "share killed when covered": np.asarray(rates.kill, dtype=float),
            "coverage of Kyiv": coverage[:, 0],
            "coverage elsewhere": coverage[:, 1],
            "share of ballistic missiles aimed at Kyiv": kyiv_share,
            "share aimed at power plants": ballistic @ (worlds.places.population == 0),
            "ballistic targets already covered by the baseline's layout": (ballistic * (worlds.covers > 0)).sum(axis=1),
            "concentration of ballistic targets": (ballistic**2).sum(axis=1),
            "pull of the front on targets": pull,
            "cruise missiles intercepted": worlds.rate[:, ThreatClass.cruise],
            "drones intercepted": worlds.rate[:, ThreatClass.drone],
        }
    )


def _draw_scalars(dice: Dice) -> dict[str, Floats]:
    """Everything else that is one number a world."""
    names = (
        "salvo_ballistic", "salvo_cruise", "reaction_s", "reload_s", "interceptor_speed_point_kms",
        "interceptor_speed_area_kms", "detection_ballistic_s", "window_cruise_s", "radar_height_m", "stock_area",
        "intercept_height_km",
    )  # fmt: skip
    drawn = {name: dice.model(name) for name in names}
    drawn["stock_ballistic"] = dice.model("patriot_stock_ballistic", system="patriot")
    drawn["dispersed_share_cruise"] = dice.model("dispersed_share", "cruise")
    drawn["cruise_speed_kmh"] = dice.model("speed_kmh", "cruise")
    drawn["cruise_height_m"] = dice.model("altitude_m", "cruise")
    drawn["glide_bomb_denial"] = dice.model("glide_bomb_denial", "glide_bomb")
    drawn["glide_range_km"] = dice.draw(dice.catalogue.threat("glide_bomb", "range", "umpk_bomb"))
    # Placeholders until the joint draw brings both: kill elsewhere as at Kyiv, and rounds that never bind.
    drawn["kill_ratio_elsewhere"], drawn["rounds_a_month"] = np.ones(dice.count), np.full(dice.count, np.inf)
    for cls in ThreatClass:
        if cls is not ThreatClass.glide_bomb:
            drawn[f"damage_{cls.name}"] = dice.model("plant_damage", cls.name)
    return drawn
