"""The worlds before the record, as far as ballistic missiles go, and what the record then says of each.

A world is drawn from sourced rows: targets, layout, availability, rounds, how reports name zones. Coverage of a zone
follows from them, on every day of the record. The record enters once, as the likelihood of its rows
(`calibration.exposure`): worlds are weighted by it and resampled. None is thrown away for not fitting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tegmen.calibration.exposure import Exposure, KillPrior, RowLikelihood, packet_law
from tegmen.calibration.rows import PATRIOT_ARRIVAL, EligibleRows
from tegmen.evidence.catalogue import Parameter
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import SAME, ThreatClass, content_equal
from tegmen.worlds.baseline import Shield, Stands, draw_stands, met_by_era, site_worth
from tegmen.worlds.dice import Dice, streams_of
from tegmen.worlds.levels import Levels
from tegmen.worlds.targets import Aim, draw_aim, draw_shares, in_zones
from tegmen.worlds.units import OUTAGES

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints, Singles

_RATIO_LEVELS = 6
_KYIV, _NAMED = "Kyiv's share", ("stopped", "missed", "elsewhere")


@dataclass(frozen=True, slots=True)
class Reading:
    """One defensible choice of structure; worlds differ within it, never between readings.

    Parameters
    ----------
    targets
        What steers the aim, of `TARGET_MODELS`.
    kill_by_weapon
        Whether ballistic weapons have kill shares of their own, pooled within the class, or one for all.
    kill_elsewhere
        "drawn": the kill share outside Kyiv's zone is Kyiv's times a ratio from the catalogue's row; "equal": it is
        Kyiv's.
    """

    targets: str = "named"
    kill_by_weapon: bool = True
    kill_elsewhere: str = "drawn"


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
        Radius and availability of the kinds that meet ballistic missiles.
    relative
        (w, s) kill share relative to the best kind.
    rounds, rounds_sd, rounds_kept
        (w,) rounds a month for ballistic missiles, whole country; sd of their log from month to month; share of those
        left over that is kept for the next month.
    rounds_noise
        (w, month) standard normal, from the month of the first Patriot on.
    salvo, packet
        (w,) rounds at one missile; missiles that share a target.
    ratio
        (w,) kill share elsewhere over Kyiv's.
    named
        (w, 3) as in `Exposure`.
    """

    aim: Aim
    mix: Singles
    kyiv_share: Floats
    other_share: Floats
    stands: Stands
    shield: Shield
    relative: Floats
    rounds: Floats
    rounds_sd: Floats
    rounds_kept: Floats
    rounds_noise: Singles
    salvo: Floats
    packet: Ints
    ratio: Floats
    named: Floats
    parameters: tuple[Parameter, ...] = field(default=(), metadata=SAME)

    def __len__(self) -> int:
        return len(self.kyiv_share)


def draw_prior(
    scenario: Scenario, theatre: Theatre, reading: Reading, months: int, levels: Levels, key: np.random.SeedSequence
) -> PriorWorlds:
    """Draw worlds from sourced rows, as they are before the record is looked at.

    Parameters
    ----------
    months
        Months of rounds wanted, from that of the first Patriot on.
    levels
        What the record may tell most of, drawn by level; its count is how many worlds are wanted.
    key
        Of all other streams.
    """
    count = levels.count
    dice = Dice(count, streams_of(key), scenario.catalogue, levels=levels)
    targets, units, rounds = dice.of("targets"), dice.of("units"), dice.of("rounds")
    aim = draw_aim(reading.targets, targets)
    kyiv_share = levels.draw(_KYIV)
    other_share = targets.model("other_target_share", "ballistic", by_level=True)
    mix = in_zones(draw_shares(theatre, aim, ThreatClass.ballistic, targets), kyiv_share, other_share, theatre.places)
    shield = Shield(
        _by_kind(scenario, lambda name: dice.of("radius").kind(name, "defended_radius_ballistic", by_level=True)),
        _by_kind(scenario, lambda name: _availability(name, dice.of("availability"))),
    )
    stands = dice.of("stands")
    return PriorWorlds(
        aim=aim,
        mix=mix,
        kyiv_share=kyiv_share,
        other_share=other_share,
        stands=draw_stands(scenario, theatre, site_worth(theatre, aim, mix, stands), shield, stands),
        shield=shield,
        relative=_by_kind(scenario, lambda name: units.model("relative_effectiveness", "ballistic", name)),
        rounds=rounds.model("rounds_a_month", system="patriot", by_level=True),
        rounds_sd=rounds.model("rounds_month_sd", system="patriot"),
        rounds_kept=rounds.model("rounds_kept_share", system="patriot"),
        rounds_noise=rounds.generator.standard_normal((count, months), dtype=np.float32),
        salvo=np.maximum(1, np.rint(units.model("salvo_ballistic", by_level=True))),
        packet=np.maximum(1, np.rint(units.model("packet_size", "ballistic"))).astype(np.int64),
        ratio=_draw_ratio(dice) if reading.kill_elsewhere == "drawn" else np.ones(count),
        # Rows without a zone were aimed at Kyiv or not: how often a zone is told hangs on how much is aimed there.
        named=np.stack([levels.draw(f"named: {when}", given=_KYIV) for when in _NAMED], axis=1),
        parameters=tuple(dice.used.values()),
    )


def _by_kind(scenario: Scenario, draw: Callable[[str], Floats]) -> Floats:
    """(w, s) a draw of each kind that meets ballistic missiles, by code; 0 for one that the defender does not hold."""
    held = {kind: draw(kind) for kind in scenario.ballistic_held}
    none = np.zeros(len(next(iter(held.values()), ())))
    return np.stack([held.get(kind, none) for kind in scenario.kinds.meeting(ThreatClass.ballistic)], axis=1)


def _availability(system: str, dice: Dice) -> Floats:
    """(w,) share of nights on which a unit could fight: not in maintenance, nor in repair abroad, nor in training."""
    return np.prod([1 - dice.model(name, system=system) for name in OUTAGES], axis=0)


def _draw_ratio(dice: Dice) -> Floats:
    """(w,) kill share elsewhere over Kyiv's; few levels of the row, as the likelihood has a table for each."""
    row = dice.parameter("kill_ratio_elsewhere", "ballistic")
    levels = row.pert((np.arange(_RATIO_LEVELS) + 0.5) / _RATIO_LEVELS)
    return levels[(_RATIO_LEVELS * dice.level(row.label)).astype(np.int64)]


def kill_prior(scenario: Scenario) -> KillPrior:
    """Prior of the kill share of a missile that is met: the class's from the row of the catalogue."""
    return KillPrior.of(scenario.catalogue.model("kill_share", "ballistic"))


def packet_chances(scenario: Scenario) -> Floats:
    """(q,) chance that the packets of a row are of 1, 2, ... q missiles, from the row of the catalogue."""
    return packet_law(scenario.catalogue.model("packet_size", "ballistic"))


def row_likelihood(scenario: Scenario, rows: EligibleRows, reading: Reading) -> RowLikelihood:
    """Make the likelihood of a record's ballistic rows, its priors from rows of the catalogue."""
    return RowLikelihood(rows, kill_prior(scenario), packet_chances(scenario), reading.kill_by_weapon)


# --- what follows from them on every day of the record --------------------------------------------------------------


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Months:
    """Calendar months from that of the first unit held or row to that asked about or the record's last, axis m.

    Parameters
    ----------
    first
        First day of the first month.
    launched
        (m,) ballistic missiles posted; how many of them were stopped is not looked at.
    """

    first: date
    launched: Ints

    def of(self, day: date) -> int:
        """Number of the month of a day."""
        return 12 * (day.year - self.first.year) + day.month - self.first.month

    def middle(self, month: int) -> date:
        """A day in the middle of a month."""
        years, at = divmod(self.first.month - 1 + month, 12)
        return date(self.first.year + years, at + 1, 15)


def count_months(scenario: Scenario, theatre: Theatre, rows: EligibleRows) -> Months:
    """Count what was posted in each month; in the month asked about, what the scenario counts."""
    days = rows.window_end.astype("datetime64[D]").astype(object).tolist()
    held = max(scenario.eras(scenario.ballistic_held)[0], PATRIOT_ARRIVAL)
    months = Months(min([held, scenario.month.first, *days]).replace(day=1), np.zeros(0, dtype=np.int64))
    numbers = list(map(months.of, days))
    asked = months.of(scenario.month.first)
    launched = np.bincount(numbers, rows.launched, max(asked + 1, 1)).astype(np.int64)
    # Months that the rows do not reach were not quiet for that: as much as in the mean month before is taken for them.
    seen = max(numbers, default=asked) + 1
    launched[seen:asked] = round(launched[:seen].mean())
    launched[asked] = theatre.posted[ThreatClass.ballistic]
    return Months(months.first, launched)


@dataclass(frozen=True, slots=True, eq=False)
class Supplied:
    """Coverage and rounds of worlds month by month, axes w, m.

    Parameters
    ----------
    kyiv, elsewhere
        (w, m) share of what is aimed at Kyiv's zone, and of what is not, that would meet a ready unit.
    rounds
        (w, m) rounds there are for ballistic missiles.
    share
        (w, m) share of the missiles met for which there are rounds.
    """

    kyiv: Singles
    elsewhere: Singles
    rounds: Singles
    share: Singles


def supply(worlds: PriorWorlds, theatre: Theatre, months: Months) -> Supplied:
    """Follow coverage and rounds month by month.

    ``e_z = sum over p in z of m_p (1 - prod over i of (1 - r covers_ip))``; what has no place meets nobody. Rounds of a
    month are log-normal about the world's level, and a share of those left from the month before; those not needed
    for ballistic missiles go to other targets. A month fires ``salvo x launched x met`` of them, or all there are.
    """
    shape = len(worlds), len(months.launched)
    kyiv, elsewhere, rounds, share = (np.empty(shape, dtype=np.float32) for _ in range(4))
    by_era = _coverage(worlds, theatre)
    left = np.zeros(len(worlds))
    for month, launched in enumerate(months.launched.tolist()):
        kyiv[:, month], elsewhere[:, month] = by_era[worlds.stands.era(months.middle(month)) + 1]
        met = worlds.kyiv_share * kyiv[:, month] + (1 - worlds.kyiv_share) * elsewhere[:, month]
        there = worlds.rounds * np.exp(worlds.rounds_sd * worlds.rounds_noise[:, month]) + worlds.rounds_kept * left
        demand = worlds.salvo * launched * met
        rounds[:, month], share[:, month] = there, np.minimum(1.0, there / np.maximum(demand, 1e-9))
        left = np.maximum(there - demand, 0.0)
    return Supplied(kyiv, elsewhere, rounds, share)


def _coverage(worlds: PriorWorlds, theatre: Theatre) -> list[tuple[Singles, Singles]]:
    """(w,) coverage of Kyiv's zone and of what is aimed elsewhere, before the first era and with the units of each."""
    none = np.zeros(len(worlds), dtype=np.float32)
    by_era: list[tuple[Singles, Singles]] = [(none, none)]
    for kyiv, elsewhere in met_by_era(worlds.stands, worlds.shield, theatre, worlds.mix):
        by_era.append((
            kyiv / np.maximum(worlds.kyiv_share, 1e-9),
            elsewhere / np.maximum(1 - worlds.kyiv_share, 1e-9),
        ))  # fmt: skip
    return by_era


def exposure(worlds: PriorWorlds, supplied: Supplied, months: Months, rows: EligibleRows) -> Exposure:
    """What each row could meet in each world: coverage of its month, times what rounds there were."""
    month = np.array([months.of(day) for day in rows.window_end.astype("datetime64[D]").astype(object)], dtype=int)
    share = supplied.share[:, month]
    return Exposure(
        kyiv=supplied.kyiv[:, month] * share,
        elsewhere=supplied.elsewhere[:, month] * share,
        aim=worlds.kyiv_share,
        ratio=worlds.ratio,
        named=worlds.named,
    )
