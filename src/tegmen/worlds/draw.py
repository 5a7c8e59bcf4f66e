"""Worlds after the record to everything an answer takes: launches of a case, other classes, units, times.

A world is one draw of the unknowns: rates, radii, rounds, targets, the baseline's layout, unreported launches. What it
holds is fixed through all its runs; chance within it is the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tegmen.calibration.fit import RateDraws
from tegmen.evidence.catalogue import Parameter
from tegmen.evidence.reports import UNNAMED
from tegmen.evidence.systems import Kinds
from tegmen.question.launches import launched
from tegmen.question.places import Places
from tegmen.question.theatre import Theatre
from tegmen.terms import SAME, EvidenceCase, FrozenDict, ThreatClass, content_equal, take
from tegmen.worlds.baseline import covering, draw_layout
from tegmen.worlds.dice import Dice, streams_of
from tegmen.worlds.posterior import Posterior
from tegmen.worlds.prior import PriorWorlds
from tegmen.worlds.targets import draw_packets, draw_shares
from tegmen.worlds.units import Units, draw_readiness, draw_units

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints, Singles

OTHER_CLASSES = (ThreatClass.drone, ThreatClass.cruise, ThreatClass.supersonic, ThreatClass.s300_ground)
"""Classes whose targets and rates are drawn apart from the record's ballistic rows."""


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Worlds:
    """Draws of what is unknown, axis w, equally weighted; made by `draw_worlds`.

    Parameters
    ----------
    case, seed, first
        Evidence case; seed; number of the first world (addresses the kernel's draws).
    theatre
        What is the same in all worlds.
    counts, packet
        (w, class) threats in the month; threats that share target and wave.
    mix
        (w, class, p) where they are aimed. Rows sum to 1, but for ballistic missiles, of which a share has no place.
    rate
        (w, class) share intercepted; of ballistic missiles the share stopped at Kyiv of those met.
    system, site
        (w, u) code of the unit's kind, index into places; -1 where the world has no such unit at a place.
    readiness
        (w, u) share of nights on which the unit could fight.
    readiness_added
        (w, s) the same for an added unit of each kind, from the same sourced rows; 1 where it has none.
    units
        What fire units can do.
    scalar
        Name to (w,) draw: everything else that is one number a world (times, speeds, shares, rounds).
    unknowns
        Plain words to (w,) value: the unknowns the answer may hang on.
    batch
        (w,) number of the batch each world is from; batches are independent of each other.
    ess
        Effective sample size of the worlds that these were resampled from.
    parameters
        Every row of the catalogue drawn from.
    """

    case: EvidenceCase = field(metadata=SAME)
    seed: int = field(metadata=SAME)
    first: int = field(metadata=SAME)
    theatre: Theatre = field(metadata=SAME)
    counts: Ints
    packet: Ints
    mix: Singles
    rate: Floats
    system: Ints
    site: Ints
    readiness: Floats
    readiness_added: Floats
    units: Units
    scalar: Mapping[str, Floats]
    unknowns: Mapping[str, Floats]
    batch: Ints
    ess: float = field(default=np.inf, metadata=SAME)
    parameters: tuple[Parameter, ...] = field(default=(), metadata=SAME)

    @property
    def places(self) -> Places:
        """The defended places."""
        return self.theatre.places

    @property
    def kinds(self) -> Kinds:
        """Kinds of fire units; a kind's code is its place on the axis s of units."""
        return self.units.kinds

    @property
    def covers(self) -> Ints:
        """(w, p) how many of the baseline's units cover the place against ballistic missiles."""
        return covering(self.theatre, self.units.radius_ballistic_km, self.system, self.site)

    def covered_by(self, *kinds: str) -> Ints:
        """(w, p) how many of the baseline's units of these kinds cover the place against ballistic missiles."""
        radius = np.zeros_like(self.units.radius_ballistic_km)
        codes = [self.kinds.code(kind) for kind in kinds]
        radius[:, codes] = self.units.radius_ballistic_km[:, codes]
        return covering(self.theatre, radius, self.system, self.site)

    def __len__(self) -> int:
        return len(self.readiness_added)


def draw_worlds(posterior: Posterior, case: EvidenceCase, rates: RateDraws, *, count: int | None = None) -> Worlds:
    """Draw what is left to draw of the first worlds after the record.

    Parameters
    ----------
    rates
        Posterior draws of the other classes' rates.
    count
        Worlds wanted, the first so many; None: all of them, of which only ballistic missiles are drawn: the other
        classes are launched nowhere in them.
    """
    whole, count = count is not None, count or len(posterior)
    base = take(posterior.worlds, np.arange(count))
    theatre, scenario = posterior.theatre, posterior.scenario
    dice = Dice(count, streams_of(posterior.key), scenario.catalogue)
    picked = rates.pick(dice.of("rates").generator, count)
    counts, unposted = launched(scenario, case, theatre.posted, count, dice.of("launches").generator)
    kinds, own = scenario.catalogue.kinds, dice.of("kinds")
    busy = {"engagement_drone_s": own.model("engagement_s", "drone")}
    units = draw_units(kinds, dice.of("units"), own, base.shield.radius_km, base.relative)
    packet = draw_packets(dice.of("times"), OTHER_CLASSES)
    packet[:, ThreatClass.ballistic] = base.packet
    system, site = base.stands.on(scenario.month.first)
    # One class after another in memory: those that are aimed nowhere then take none.
    mix = np.moveaxis(np.zeros((len(ThreatClass), count, len(theatre.places)), dtype=np.float32), 0, 1)
    mix[:, ThreatClass.ballistic] = _aimed(posterior, base, (system, site), unposted[:, ThreatClass.ballistic])
    rate = np.zeros((count, len(ThreatClass)))
    rate[:, ThreatClass.ballistic] = _kill(posterior, count)
    if whole:
        for cls in OTHER_CLASSES:
            mix[:, cls] = draw_shares(theatre, base.aim, cls, dice.of("targets"))
            rate[:, cls] = _of_all_launched(picked.rate[cls], theatre.posted, unposted, cls)
        system, site = draw_layout(
            scenario, theatre, base.aim, mix[:, ThreatClass.cruise], (system, site), dice.of("batteries")
        )
    else:
        counts[:, list(OTHER_CLASSES)] = 0
    worlds = Worlds(
        case=case,
        seed=int(posterior.key.generate_state(1, np.uint64)[0]),
        first=0,
        theatre=theatre,
        counts=counts,
        packet=packet,
        mix=mix,
        rate=rate,
        system=system,
        site=site,
        readiness=_readiness(base.shield.ready, system),
        readiness_added=draw_readiness(kinds, own, base.shield.ready),
        units=units,
        scalar=FrozenDict(_draw_scalars(dice.of("times")) | _ballistic_scalars(posterior, count) | busy),
        unknowns=FrozenDict(),
        batch=posterior.batch[:count],
        ess=posterior.ess,
        parameters=(*posterior.parameters, *dice.used.values(), *theatre.parameters),
    )
    return replace(worlds, unknowns=_unknowns(worlds, base, posterior))


def _aimed(posterior: Posterior, base: PriorWorlds, layout: tuple[Ints, Ints], unposted: Ints) -> Singles:
    """(w, p) where ballistic missiles are aimed; what was never posted met nobody (A5).

    It fell outside Kyiv's zone: where no unit of the world's layout (system, site) covers, or at no place.
    """
    theatre = posterior.theatre
    share = unposted / (max(theatre.posted[ThreatClass.ballistic], 1) + unposted)
    if not share.any():
        return base.mix
    bare = (covering(theatre, base.shield.radius_km, *layout) == 0) & ~theatre.places.kyiv
    unmet = base.mix * bare
    nowhere = (1 - base.kyiv_share) * base.other_share
    unmet = unmet / np.maximum(unmet.sum(axis=1) + nowhere, 1e-12)[:, None]
    mixed = (1 - share)[:, None] * base.mix + share[:, None] * unmet
    return mixed.astype(np.float32)


def _kill(posterior: Posterior, count: int) -> Floats:
    """(w,) share stopped at Kyiv of the missiles met, over the weapons of the month."""
    weapons = posterior.theatre.weapons or {UNNAMED: 1}
    total = np.zeros(count)
    for weapon, number in weapons.items():
        total += number * posterior.kill.of(weapon)[:count]
    return total / sum(weapons.values())


def _ballistic_scalars(posterior: Posterior, count: int) -> dict[str, Floats]:
    month = posterior.months.of(posterior.scenario.month.first)
    return {
        "kill_ratio_elsewhere": posterior.worlds.ratio[:count],
        "salvo_ballistic": posterior.worlds.salvo[:count],
        "rounds_a_month": posterior.supplied.rounds[:count, month].astype(np.float64),
    }


def _of_all_launched(share: Floats, posted: Mapping[ThreatClass, int], unposted: Ints, cls: ThreatClass) -> Floats:
    """(w,) a share of what was posted as a share of all that was launched; of the unposted it is none (A5)."""
    seen = max(posted[cls], 1)
    return share * seen / (seen + unposted[:, cls])


def _readiness(ready: Floats, system: Ints) -> Floats:
    """(w, u) availability; units that only meet aerodynamic targets are always there: it is in the cruise factor."""
    own = np.take_along_axis(ready, np.clip(system, 0, ready.shape[1] - 1), axis=1)
    return np.where(system < ready.shape[1], own, 1.0)


def _unknowns(worlds: Worlds, base: PriorWorlds, posterior: Posterior) -> Mapping[str, Floats]:
    ballistic = worlds.mix[:, ThreatClass.ballistic].astype(np.float64)
    month = posterior.months.of(posterior.scenario.month.first)
    count = len(worlds)
    named = {
        "availability of a Patriot": base.shield.ready[:, 0],
        "Patriot's defended radius against ballistic missiles": worlds.units.radius_ballistic_km[:, 0],
        "share stopped of the missiles met at Kyiv": worlds.rate[:, ThreatClass.ballistic],
        "share stopped elsewhere over Kyiv's": base.ratio,
        "share of ballistic missiles aimed at Kyiv": base.kyiv_share,
        "share aimed at neither cities nor plants": base.other_share,
        "share aimed at power plants": ballistic @ (worlds.places.population == 0),
        "concentration of ballistic targets": (ballistic**2).sum(axis=1),
        "pull of the front on targets": base.aim.pull_km,
        "weight of a city's people": base.aim.exponent,
        "coverage of Kyiv": posterior.supplied.kyiv[:count, month].astype(np.float64),
        "coverage elsewhere": posterior.supplied.elsewhere[:count, month].astype(np.float64),
        "rounds a month of the baseline": worlds.scalar["rounds_a_month"],
        "rounds at one missile": base.salvo,
        "missiles that share a target": base.packet.astype(np.float64),
    }
    return FrozenDict({name: np.asarray(values, dtype=np.float64) for name, values in named.items()})


def _draw_scalars(dice: Dice) -> dict[str, Floats]:
    """Everything else that is one number a world."""
    names = (
        "salvo_cruise", "reaction_s", "reload_s", "interceptor_speed_point_kms",
        "interceptor_speed_area_kms", "detection_ballistic_s", "window_cruise_s", "radar_height_m", "stock_area",
        "intercept_height_km",
    )  # fmt: skip
    drawn = {name: dice.model(name) for name in names}
    drawn["dispersed_share_cruise"] = dice.model("dispersed_share", "cruise")
    drawn["cruise_speed_kmh"] = dice.model("speed_kmh", "cruise")
    drawn["cruise_height_m"] = dice.model("altitude_m", "cruise")
    drawn["glide_bomb_denial"] = dice.model("glide_bomb_denial", "glide_bomb")
    drawn["glide_range_km"] = dice.draw(dice.catalogue.threat("glide_bomb", "range", "umpk_bomb"))
    for cls in ThreatClass:
        if cls is not ThreatClass.glide_bomb:
            drawn[f"damage_{cls.name}"] = dice.model("plant_damage", cls.name)
    return drawn
