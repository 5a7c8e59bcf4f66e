"""Ballistic missiles followed night by night: what is known before a night, and what the night adds.

The likelihood of a row is the answer's (`exposure`). There coverage follows from layouts; a forecast knows none, so
coverage of Kyiv's zone and of what lies elsewhere are hidden levels that drift, each on a grid and summed exactly. What
stands still (kill shares, aim, naming, the drift) has too many dimensions for a mesh: it stands on fixed points, a
Latin hypercube through its prior, each of which filters the two levels for itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit, ndtri

from tegmen.calibration.exposure import (
    KillPrior,
    beta_binomial_chance,
    fan_out,
    packet_law,
    sole_weapon,
    zone_weights,
)
from tegmen.calibration.grid import FAINTEST, beta_binomial_table, draw_beta, draw_cells, elapse, stream
from tegmen.calibration.priors import DRIFT_DAYS, Memory, Priors, coverage_grids
from tegmen.calibration.rows import AIM, Night
from tegmen.evidence.reports import UNNAMED
from tegmen.terms import FrozenDict, content_equal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tegmen.calibration.grid import LevelGrid
    from tegmen.terms import Floats, Ints


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Points through the prior of all that stands still between breaks, axis c; all weigh the same.

    Parameters
    ----------
    step, break_days
        (c,) number of the step of `Priors.drift_steps`; [days] mean time between breaks.
    kill, spread, concentration
        (c,) kill share of the class at Kyiv; [logit] sd of a weapon's about it; (c,) Beta-binomial M [missiles].
    ratio
        (c,) kill share elsewhere over that at Kyiv.
    aim, named
        (c,) share of rows aimed at Kyiv's zone; (c, 3) as in `Exposure`.
    packets
        (q,) chance that the packets of a row are of 1, 2, ... q missiles.
    """

    step: Ints
    break_days: Floats
    kill: Floats
    spread: float
    concentration: Floats
    ratio: Floats
    aim: Floats
    named: Floats
    packets: Floats

    def __len__(self) -> int:
        return len(self.kill)

    def kill_of(self, weapon: str) -> Floats:
        """(c,) kill share of a weapon at Kyiv: normal on the logit scale about the class's."""
        apart = ndtri(stratified(f"kill of {sole_weapon(weapon)}", len(self)))
        return np.asarray(np.clip(expit(logit(self.kill) + self.spread * apart), 1e-6, 1 - 1e-6))

    def row_chance(self, row: tuple[int, int, int, str], kyiv: Floats, elsewhere: Floats) -> Floats:
        """(c, q, e) likelihood of a row (launched, intercepted, aim, weapon) at every coverage of Kyiv and elsewhere.

        Kyiv's zone is one target, ``(1 - e) [k = 0] + e BetaBinomial(k; n, pi, M)``; elsewhere each packet finds cover
        or not, and of the m missiles that do ``k ~ BetaBinomial(m, ratio pi, M)``.
        """
        n, k, aim, weapon = row
        at_kyiv, other = zone_weights(k > 0, aim, self.aim, self.named)
        kill = self.kill_of(weapon)
        stopped = beta_binomial_chance(n, k, kill, self.concentration)[:, None]
        by_met = [beta_binomial_chance(met, k, kill * self.ratio, self.concentration) for met in range(n + 1)]
        met_kyiv = at_kyiv[:, None] * (kyiv * stopped + (1 - kyiv) * (k == 0))
        met_other = other[:, None] * (fan_out(n, elsewhere, self.packets) @ np.stack(by_met)).T
        return met_kyiv[:, :, None] + met_other[:, None, :]


def stratified(name: str, count: int) -> Floats:
    """(c,) midpoints of equal strata of (0, 1), in an order of the name's own: one axis of a Latin hypercube.

    Source: McKay, Beckman and Conover (1979), Technometrics 21, 239.
    """
    return (stream(zlib.crc32(name.encode()), count).permutation(count) + 0.5) / count


@lru_cache(maxsize=4)
def standing(priors: Priors, memory: Memory) -> Standing:
    """Spread the points over the prior: rows of the catalogue where there are any, else uniform."""
    count, rows = priors.points, priors.ballistic
    kill = KillPrior.of(rows.kill_share)
    cells = np.append(0.0, np.cumsum(kill.weight))

    def one_of(name: str, values: tuple[float, ...]) -> Floats:
        return np.asarray(values)[(stratified(name, count) * len(values)).astype(np.int64)]

    return Standing(
        step=one_of("drift", tuple(range(len(priors.drift_steps)))).astype(np.int64),
        break_days=one_of("breaks", memory.break_days),
        kill=np.interp(stratified("kill share", count), cells, np.linspace(0, 1, kill.points + 1)),
        spread=kill.spread,
        concentration=one_of("concentration", kill.concentrations),
        ratio=rows.kill_ratio_elsewhere.pert(stratified("ratio", count)),
        aim=stratified("aim", count),
        named=np.stack([stratified(f"named: {when}", count) for when in ("stopped", "missed", "elsewhere")], axis=1),
        packets=packet_law(rows.packet_size),
    )


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class BallisticTrack:
    """Ballistic missiles up to a day.

    Parameters
    ----------
    priors, memory
        Priors and grids; how evidence fades.
    day
        Day moved to [days since 1970-01-01]; None before the first night.
    weights
        (c, q, e) of point, coverage of Kyiv and coverage elsewhere; sums to one.
    weapons
        Weapon to rows seen, faded.
    """

    priors: Priors
    memory: Memory
    day: int | None
    weights: Floats
    weapons: Mapping[str, float] = field(default_factory=FrozenDict[str, float])

    @property
    def points(self) -> Standing:
        """The points."""
        return standing(self.priors, self.memory)

    @property
    def grids(self) -> tuple[LevelGrid, LevelGrid]:
        """Grids of the coverage of Kyiv and elsewhere."""
        return coverage_grids(self.priors)

    def before(self, day: int) -> BallisticTrack:
        """Let both coverages drift on to a day, and what was learnt of the points fade; a break draws all anew."""
        if self.day is None or day <= self.day:
            return self
        days, kept = day - self.day, self.memory.kept(day - self.day)
        of_point = np.maximum(self.weights.sum(axis=(1, 2)), FAINTEST)
        faded = of_point**kept / (of_point**kept).sum()
        still = np.exp(-days / self.points.break_days)
        kyiv, elsewhere = (self._kernel(grid, days)[self.points.step] for grid in self.grids)
        moved = kyiv @ (self.weights * (faded * still / of_point)[:, None, None]) @ elsewhere
        weights = moved + (faded @ (1 - still)) * _start(self.priors)
        seen = FrozenDict({name: rows * kept for name, rows in self.weapons.items()})
        return replace(self, day=day, weights=weights, weapons=seen)

    def _kernel(self, grid: LevelGrid, days: int) -> Floats:
        """(s, g, g) transitions of a coverage over some days, one a step."""
        identity = np.tile(np.eye(len(grid.logit)), (len(self.priors.drift_steps), 1, 1))
        return elapse(identity, (np.asarray(self.priors.drift_steps) / grid.spacing) ** 2 * days / DRIFT_DAYS)

    def after(self, night: Night) -> BallisticTrack:
        """Learn from a night, row by row."""
        track = self.before(night.day)
        kyiv, elsewhere = (expit(grid.logit) for grid in self.grids)
        weights, seen = track.weights, dict(track.weapons)
        for n, k, aim, name in zip(night.launched, night.intercepted, night.aim, night.weapon, strict=True):
            row = int(n), int(k), int(aim), str(name)
            weights = weights * self.points.row_chance(row, kyiv, elsewhere)
            weights = weights / weights.sum()
            seen[sole_weapon(str(name))] = seen.get(sole_weapon(str(name)), 0.0) + 1
        return replace(track, day=night.day, weights=weights, weapons=FrozenDict(seen))

    def of_weapon(self) -> Mapping[str, float]:
        """Chance of each weapon where none is named: as often as its rows were seen, and one row of `UNNAMED` more."""
        seen = {**self.weapons, UNNAMED: self.weapons.get(UNNAMED, 0.0) + 1}
        return {name: rows / sum(seen.values()) for name, rows in sorted(seen.items())}

    def chance(self, n: int, weapon: str | None = None) -> Floats:
        """Probability (n + 1,) of each number intercepted of n, not knowing where they are aimed."""
        return self.by_aim(n, weapon).sum(axis=0)

    def by_aim(self, n: int, weapon: str | None = None) -> Floats:
        """Probability (3, n + 1) that a row of n is posted as at Kyiv, elsewhere, unlocated, with each number stopped.

        Parameters
        ----------
        weapon
            Name of the weapon; None where it is not known.
        """
        (kyiv, elsewhere), of_point = (expit(grid.logit) for grid in self.grids), self.weights.sum(axis=(1, 2))
        met_kyiv = self.weights.sum(axis=2) @ kyiv
        met_other = self.weights.sum(axis=1) @ fan_out(n, elsewhere, self.points.packets)
        joint = np.zeros((len(AIM), n + 1))
        for name, share in {weapon: 1.0}.items() if weapon else self.of_weapon().items():
            kill = self.points.kill_of(name)
            at_kyiv = beta_binomial_table(n, kill, self.points.concentration) * met_kyiv
            at_kyiv[0] += of_point - met_kyiv
            other = np.zeros_like(at_kyiv)
            for met in range(n + 1):
                table = beta_binomial_table(met, kill * self.points.ratio, self.points.concentration)
                other[: met + 1] += table * met_other[:, met]
            joint += share * self._posted(at_kyiv, other)
        return joint / joint.sum()

    def _posted(self, at_kyiv: Floats, other: Floats) -> Floats:
        """(3, n + 1) by zone posted, from probabilities (n + 1, c) of each number stopped at Kyiv and elsewhere."""
        joint = np.empty((len(AIM), len(other)))
        for zone, aim in enumerate(AIM.values()):
            for some, counts in ((False, slice(0, 1)), (True, slice(1, None))):
                of_kyiv, of_other = zone_weights(some, aim, self.points.aim, self.points.named)
                joint[zone, counts] = at_kyiv[counts] @ of_kyiv + other[counts] @ of_other
        return joint

    def simulate(self, n: Ints, rng: np.random.Generator) -> Ints:
        """Draw (w,) the number stopped over some days that launch (d, w), coverages walked day by day."""
        count, total, names = n.shape[1], np.zeros(n.shape[1], dtype=np.int64), list(self.of_weapon())
        grids, kills = self.grids, np.stack([self.points.kill_of(name) for name in names])
        c, *at = draw_cells(self.weights, count, rng)
        levels = [grid.logit[index] for grid, index in zip(grids, at, strict=True)]
        for d, launched in enumerate(n):
            if d:
                step = np.asarray(self.priors.drift_steps)[self.points.step[c]] / np.sqrt(DRIFT_DAYS)
                broken = rng.random(count) > np.exp(-1 / self.points.break_days[c])
                levels = [_walked(level, grid, step, broken, rng) for level, grid in zip(levels, grids, strict=True)]
                c = np.where(broken, rng.integers(len(self.points), size=count), c)
            weapon = rng.choice(len(names), size=count, p=list(self.of_weapon().values()))
            total += self._stopped(launched, c, kills[weapon, c], levels, rng)
        return total

    def _stopped(self, launched: Ints, c: Ints, kill: Floats, levels: list[Floats], rng: np.random.Generator) -> Ints:
        """Draw (w,) the number stopped of one row each: aim, cover of each packet, then kill."""
        count, points = len(c), self.points
        kyiv = rng.random(count) < points.aim[c]
        packet = 1 + rng.choice(len(points.packets), size=count, p=points.packets)
        covered = rng.binomial(-(-launched // packet), expit(levels[1]))
        met = np.where(kyiv, launched * (rng.random(count) < expit(levels[0])), np.minimum(covered * packet, launched))
        share = draw_beta(np.where(kyiv, kill, kill * points.ratio[c]), points.concentration[c], rng)
        return rng.binomial(met, share)


def _walked(
    level: Floats, grid: LevelGrid, step: Floats, broken: NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Walk a coverage (w,) [logit] for a day; after a break its share is uniform."""
    low, high = grid.logit[0], grid.logit[-1]
    walked = np.clip(level + step * rng.standard_normal(len(level)), low, high)
    return np.where(broken, logit(rng.uniform(expit(low), expit(high), len(level))), walked)


def _start(priors: Priors) -> Floats:
    """(q, e) weights of one point before anything is known."""
    kyiv, elsewhere = coverage_grids(priors)
    return np.outer(kyiv.start, elsewhere.start) / priors.points


def ballistic_track(priors: Priors, memory: Memory) -> BallisticTrack:
    """Start a track: nothing seen."""
    start = _start(priors)
    return BallisticTrack(priors, memory, None, np.broadcast_to(start, (priors.points, *start.shape)))
