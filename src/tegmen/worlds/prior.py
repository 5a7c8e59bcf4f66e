"""The worlds before the record, as far as ballistic missiles go, and what the record then says of each.

A world is drawn from sourced rows: targets, layout, availability, rounds, how reports name zones. Coverage of a zone
follows from them, on every day of the record. The record enters once, as the likelihood of its rows
(`calibration.exposure`): worlds are weighted by it and resampled. None is thrown away for not fitting.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.calibration.exposure import Exposure, Kill, KillPrior, RowLikelihood
from tegmen.calibration.rows import EligibleRows
from tegmen.evidence.catalogue import Parameter
from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import ThreatClass
from tegmen.worlds.baseline import Near, Shield, Stands, draw_stands, missed_share, near_places, site_worth
from tegmen.worlds.dice import Dice, streams_of
from tegmen.worlds.levels import Levels
from tegmen.worlds.targets import Aim, draw_aim, draw_shares, in_zones

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

KILL_MODELS = ("shared", "by weapon")
"""One kill share for all ballistic weapons, or one a weapon pooled within the class; equally likely."""
RATIO_MODELS = ("equal", "lower")
"""The kill share elsewhere is Kyiv's, or lower by a ratio of the catalogue's row; equally likely."""
_RATIO_LEVELS = 6
_OUTAGES = ("maintenance_share", "repair_abroad_share", "training_share")


@dataclass(frozen=True, slots=True, eq=False)
class PriorWorlds:
    """Draws of what is unknown about ballistic missiles before the record is looked at, axis w.

    Parameters
    ----------
    aim, mix
        What steers the aim; (w, p) share of ballistic missiles aimed at each place. Rows sum to less than 1: a share is
        aimed at neither cities nor plants, and has no place.
    kyiv_share, other_share
        (w,) share aimed at Kyiv's zone; of what is not, the share that has no place.
    stands
        Fire units that meet ballistic missiles.
    shield
        Radius and availability of the systems that meet ballistic missiles.
    relative
        (w, s) kill share relative to the best system.
    rounds, rounds_sd
        (w,) rounds a month for ballistic missiles, whole country; sd of their log from month to month.
    rounds_noise
        (w, month) standard normal, from the month of the first Patriot on.
    salvo, packet
        (w,) rounds at one missile; missiles that share a target.
    ratio, by_weapon
        (w,) kill share elsewhere over Kyiv's; whether weapons have kill shares of their own.
    named
        (w, 3) as in `Exposure`.
    """

    aim: Aim
    mix: Floats
    kyiv_share: Floats
    other_share: Floats
    stands: Stands
    shield: Shield
    relative: Floats
    rounds: Floats
    rounds_sd: Floats
    rounds_noise: Floats
    salvo: Floats
    packet: Ints
    ratio: Floats
    by_weapon: NDArray[np.bool_]
    named: Floats
    parameters: tuple[Parameter, ...] = ()

    def __len__(self) -> int:
        return len(self.kyiv_share)

    def take(self, index: NDArray[np.intp]) -> PriorWorlds:
        """Keep the worlds of these indices."""
        kept = {
            part.name: value.take(index) if isinstance(value, (Aim, Stands, Shield)) else value[index]
            for part in fields(self)
            if part.name != "parameters" and (value := getattr(self, part.name)) is not None
        }
        return replace(self, **kept)

    def rounds_in(self, month: int) -> Floats:
        """(w,) rounds of a month, counted from that of the first Patriot: log-normal about the world's level."""
        return self.rounds * np.exp(self.rounds_sd * self.rounds_noise[:, month])


def draw_prior(scenario: Scenario, theatre: Theatre, months: int, levels: Levels, seed: int) -> PriorWorlds:
    """Draw worlds from sourced rows, as they are before the record is looked at.

    Parameters
    ----------
    months
        Months of rounds wanted, from that of the first Patriot on.
    levels
        What the record may tell most of, drawn by level; its count is how many worlds are wanted.
    seed
        Of all other streams.
    """
    count = levels.count
    dice = Dice(count, streams_of(seed), scenario.catalogue, levels=levels)
    targets, units, rounds = dice.of("targets"), dice.of("units"), dice.of("rounds")
    aim = draw_aim(targets)
    kyiv_share = levels.draw("Kyiv's share")
    other_share = targets.model("other_target_share", "ballistic", by_level=True)
    mix = in_zones(
        draw_shares(theatre, aim, ThreatClass.ballistic, targets), kyiv_share, other_share, theatre.places
    )
    shield = Shield(
        _by_system(lambda name: dice.of("radius").system(name, "defended_radius_ballistic", by_level=True)),
        _by_system(lambda name: _availability(name, dice.of("availability"))),
    )
    stands = dice.of("stands")
    return PriorWorlds(
        aim=aim,
        mix=mix,
        kyiv_share=kyiv_share,
        other_share=other_share,
        stands=draw_stands(scenario, theatre, site_worth(theatre, aim, mix, stands), shield, stands),
        shield=shield,
        relative=_by_system(lambda name: units.model("relative_effectiveness", "ballistic", name)),
        rounds=rounds.model("rounds_a_month", system="patriot", by_level=True),
        rounds_sd=rounds.model("rounds_month_sd", system="patriot"),
        rounds_noise=rounds.generator.standard_normal((count, months), dtype=np.float32),
        salvo=np.maximum(1, np.rint(units.model("salvo_ballistic", by_level=True))),
        packet=np.maximum(1, np.rint(units.model("packet_size", "ballistic", by_level=True))).astype(np.int64),
        ratio=_draw_ratio(dice),
        by_weapon=levels.draw("kill by weapon") < 1 / len(KILL_MODELS),
        named=np.stack([levels.draw(f"named: {when}") for when in ("stopped", "missed", "elsewhere")], axis=1),
        parameters=tuple(dice.used.values()),
    )


def _by_system(draw: object) -> Floats:
    return np.stack([draw(name) for name in BALLISTIC_SYSTEMS], axis=1)  # type: ignore[operator]


def _availability(system: str, dice: Dice) -> Floats:
    """(w,) share of nights on which a unit could fight: not in maintenance, nor in repair abroad, nor in training."""
    return np.prod([1 - dice.model(name, system=system) for name in _OUTAGES], axis=0)


def _draw_ratio(dice: Dice) -> Floats:
    """(w,) kill share elsewhere over Kyiv's: one, or a level of the row; few levels, as each has a table of its own."""
    row = dice.parameter("kill_ratio_elsewhere", "ballistic")
    levels = row.pert((np.arange(_RATIO_LEVELS) + 0.5) / _RATIO_LEVELS)
    level = len(RATIO_MODELS) * dice.levels.draw(row.label)
    return np.where(level < 1, levels[np.minimum((level * _RATIO_LEVELS).astype(int), _RATIO_LEVELS - 1)], 1.0)


# --- what the record says of them -----------------------------------------------------------------------------------


def months_since(first: date, day: date) -> int:
    """Whole calendar months from the month of one day to that of another."""
    return 12 * (day.year - first.year) + day.month - first.month


def coverage(worlds: PriorWorlds, day: date, theatre: Theatre, near: Near) -> tuple[Floats, Floats]:
    """(w,) share of what is aimed at Kyiv's zone, and of what is not, that would meet a ready unit on a day.

    ``e_z = sum over p in z of m_p (1 - prod over i of (1 - r covers_ip))``; what has no place meets nobody.
    """
    missed = missed_share(worlds.stands, worlds.stands.era(day), worlds.shield, near)
    met = worlds.mix * (1 - missed)
    kyiv = met[:, theatre.places.kyiv].sum(axis=1)
    elsewhere = met[:, ~theatre.places.kyiv].sum(axis=1)
    return kyiv / np.maximum(worlds.kyiv_share, 1e-9), elsewhere / np.maximum(1 - worlds.kyiv_share, 1e-9)


def supplied(worlds: PriorWorlds, month: int, launched: float, met: Floats) -> Floats:
    """(w,) share of the missiles met for which there are rounds in a month, ``min(1, rounds / (salvo launched met))``.

    Parameters
    ----------
    launched, met
        Ballistic missiles of the month; (w,) share of them that a ready unit could meet.
    """
    demand = worlds.salvo * launched * met
    return np.minimum(1.0, worlds.rounds_in(month) / np.maximum(demand, 1e-9))


def exposure(worlds: PriorWorlds, rows: EligibleRows, theatre: Theatre, first: date) -> Exposure:
    """What each row could meet in each world: coverage by what was held that day, times what rounds there were.

    Parameters
    ----------
    first
        A day of the month that rounds are counted from.
    """
    near = near_places(theatre, float(worlds.shield.radius_km.max()))
    days = rows.window_end.astype("datetime64[D]").astype(object)
    months = np.array([months_since(first, day) for day in days])
    kyiv, elsewhere = (np.empty((len(worlds), len(days)), dtype=np.float32) for _ in range(2))
    by_era: dict[int, tuple[Floats, Floats]] = {}
    for month in np.unique(months):
        of_month = np.flatnonzero(months == month)
        launched = float(rows.launched[of_month].sum())
        for r in of_month:
            era = worlds.stands.era(days[r])
            if era not in by_era:
                by_era[era] = coverage(worlds, days[r], theatre, near)
            at_kyiv, other = by_era[era]
            met = worlds.kyiv_share * at_kyiv + (1 - worlds.kyiv_share) * other
            share = supplied(worlds, int(month), launched, met)
            kyiv[:, r], elsewhere[:, r] = at_kyiv * share, other * share
    return Exposure(
        kyiv, elsewhere, worlds.kyiv_share, worlds.packet, worlds.ratio, worlds.by_weapon, worlds.named
    )
