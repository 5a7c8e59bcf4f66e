"""The calibration's models followed night by night: what is known before a night, and what the night adds.

The level moves with the days that passed, not with the weeks of a grid, so what is known before a night is the same
whether the record is read in one pass or cut off there and fitted again. A rare *break* draws the level anew: a
definition that changes or a new kind of weapon moves it at once, which no random walk of usual steps does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, softmax

from tegmen.calibration.ballistic import Statics, mesh_axes, open_mesh, raid_likelihood
from tegmen.calibration.grid import LevelGrid, beta_binomial, elapse
from tegmen.calibration.priors import Priors, area_grid, coverage_grid, pooling
from tegmen.calibration.rows import AIM, Night
from tegmen.terms import ThreatClass, content_equal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.terms import Floats

_NEGLIGIBLE = 1e-12
_LOG_TINY = -690.0


@dataclass(frozen=True, slots=True)
class Memory:
    """How what was learned fades, and how the size of a raid matters; the defaults are the documented assumptions.

    Parameters
    ----------
    break_days
        (r,) [days] grid of the mean time between breaks, at which a level is drawn anew; equal weights (A25).
    half_life_days
        [days] in which the evidence on all that stands still in a model loses half its weight: step sd, breaks, M,
        slope, and coverage of Kyiv, kill and aim of ballistic missiles (A26).
    slopes, slope_spread
        (b,) [logit per nat of launched] grid of how a level differs with the number launched; sd of its normal prior
        about none (A27).
    typical
        [launched] night to which the level belongs.
    """

    break_days: tuple[float, ...] = (365.25, 8 * 365.25)
    half_life_days: float = 182.6
    slopes: tuple[float, ...] = (-0.5, -0.25, 0.0, 0.25, 0.5)
    slope_spread: float = 0.25
    typical: int = 10

    def of_slope(self) -> Floats:
        """Prior (b,) of the slopes; sums to one."""
        return np.asarray(softmax(-0.5 * (np.asarray(self.slopes) / self.slope_spread) ** 2))

    def shifts(self, n: int) -> Floats:
        """Shift (b,) [logit] of a night of n launched."""
        return np.asarray(self.slopes) * np.log(n / self.typical)

    def kept(self, days: int) -> float:
        """Share of the evidence kept over some days."""
        return 0.5 ** (days / self.half_life_days)

    def broken(self, moved: Floats, anew: Floats, days: int) -> Floats:
        """Mix the weights (s, r, ...) of a level that only moved with those of one drawn anew."""
        still = self.kept_level(days).reshape(-1, *(1,) * (moved.ndim - 2))
        return moved * still + anew * (1 - still)

    def kept_level(self, days: int) -> Floats:
        """Probability (r,) that no break falls in some days."""
        return np.exp(-days / np.asarray(self.break_days))


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class AreaTrack:
    """An area class up to a day.

    Parameters
    ----------
    grid, priors, memory
        Grid of the level; priors and the other grids; how evidence fades.
    day
        Last night seen [days since 1970-01-01]; None before the first.
    level
        (s, r, b, m, g) weights of the level after that night; each (s, r, b, m) sums to one.
    log_evidence
        (s, r, b, m) of the nights seen, faded.
    """

    grid: LevelGrid
    priors: Priors
    memory: Memory
    day: int | None
    level: Floats
    log_evidence: Floats

    def before(self, day: int) -> AreaTrack:
        """Let the level move on to a day."""
        if self.day is None or day <= self.day:
            return self
        days, spacing = day - self.day, self.grid.logit[1] - self.grid.logit[0]
        moved = elapse(self.level, (np.asarray(self.priors.steps) / spacing) ** 2 * days / 7)
        level = self.memory.broken(moved, self.grid.start, days)
        return replace(self, day=day, level=level, log_evidence=self.faded(day))

    def faded(self, day: int) -> Floats:
        """Log evidence (s, r, b, m) as it counts on a day."""
        return self.log_evidence * self.memory.kept(0 if self.day is None else max(day - self.day, 0))

    def after(self, night: Night) -> AreaTrack:
        """Learn from a night."""
        track, (n, k) = self.before(night.day), night.totals()
        share = expit(self.grid.logit + self.memory.shifts(n)[:, None, None])
        concentration = np.asarray(self.priors.concentrations)[:, None]
        log_likelihood = beta_binomial(np.asarray(n), np.asarray(k), share, concentration)
        top = log_likelihood.max()
        joint = track.level * np.exp(log_likelihood - top)
        norm = np.maximum(joint.sum(axis=-1), np.exp(_LOG_TINY))
        gained = track.log_evidence + np.log(norm) + top
        return replace(track, day=night.day, level=joint / norm[..., None], log_evidence=gained)

    def chance(self, n: int, weight: Floats) -> Floats:
        """Probability (n + 1,) of each number intercepted of n; `weight` (s, r, b, m) of what stands still."""
        mixed = np.einsum("srbm,srbmg->bmg", weight, self.level)
        b, m, g = np.nonzero(mixed > _NEGLIGIBLE)
        share = expit(self.grid.logit[g] + self.memory.shifts(n)[b])
        chance = beta_binomial_table(n, share, np.asarray(self.priors.concentrations)[m]) @ mixed[b, m, g]
        return chance / chance.sum()


def area_track(priors: Priors, memory: Memory) -> AreaTrack:
    """Start a track: nothing seen."""
    grid = area_grid(priors)
    cells = (len(priors.steps), len(memory.break_days), len(memory.slopes), len(priors.concentrations))
    level = np.broadcast_to(grid.start, (*cells, priors.levels))
    return AreaTrack(grid, priors, memory, None, level, np.zeros(cells))


def pooled(tracks: Mapping[ThreatClass, AreaTrack], day: int) -> dict[ThreatClass, Floats]:
    """Posterior (s, r, b, m) on a day of each class's step sd, breaks, slope and M; s and M partially pooled."""
    first = next(iter(tracks.values()))
    (of_step, of_concentration), of_slope = pooling(first.priors), first.memory.of_slope()[:, None]
    evidence = {key: np.asarray(softmax(track.faded(day))) for key, track in tracks.items()}
    shared = {
        key: of_step @ (weight * of_slope).sum(axis=(1, 2)) @ of_concentration.T for key, weight in evidence.items()
    }
    weights: dict[ThreatClass, Floats] = {}
    for key in tracks:
        others = np.ones((len(of_step), len(of_concentration)))
        for value in (value for other, value in shared.items() if other is not key):
            others = others * value
        weight = evidence[key] * of_slope * (of_step.T @ others @ of_concentration)[:, None, None, :]
        weights[key] = weight / weight.sum()
    return weights


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class PointTrack:
    """Ballistic missiles up to a day.

    Parameters
    ----------
    grid, priors, memory
        Grid of coverage elsewhere; priors and the other grids; how evidence fades.
    day
        Last night seen [days since 1970-01-01]; None before the first.
    weights
        (s, r, q, p, m, v, g) of drift, breaks, coverage of Kyiv, kill, M, aim and coverage elsewhere; sums to one.
    raids
        (3,) raids seen with aim Kyiv, elsewhere, unlocated, faded.
    """

    grid: LevelGrid
    priors: Priors
    memory: Memory
    day: int | None
    weights: Floats
    raids: Floats

    def before(self, day: int) -> PointTrack:
        """Let coverage elsewhere move on to a day; a break draws everything but the drift anew; what stands fades."""
        if self.day is None or day <= self.day:
            return self
        days, spacing = day - self.day, self.grid.logit[1] - self.grid.logit[0]
        of_cell = np.maximum(self.weights.sum(axis=-1, keepdims=True), np.exp(_LOG_TINY))
        faded = of_cell ** self.memory.kept(days)
        faded /= faded.sum()
        # On this short a grid the kernel, the identity moved on, is quicker than cosines.
        still = self.memory.kept_level(days)[:, None]
        kernel = np.tile(np.eye(len(self.grid.logit)), (len(self.weights), 1, 1))
        kernel = elapse(kernel, (np.asarray(self.priors.drift_steps) / spacing) ** 2 * days / 28)
        kernel = kernel[:, None] * still[..., None]
        level = (self.weights * (faded / of_cell)).reshape(*self.weights.shape[:2], -1, kernel.shape[-1]) @ kernel
        of_move = faded.sum(axis=tuple(range(2, faded.ndim)))[..., None]
        anew = of_move * (1 - still) * self.grid.start / np.prod(self.weights.shape[2:-1])
        level += anew[:, :, None]
        weights = level.reshape(self.weights.shape)
        return replace(self, day=day, weights=weights, raids=self.raids * self.memory.kept(days))

    def after(self, night: Night) -> PointTrack:
        """Learn from a night, raid by raid."""
        track = self.before(night.day)
        share = expit(self.grid.logit)
        at = Statics(*(array[..., None] for array in open_mesh(self.priors).arrays()))
        weights, raids = track.weights, track.raids.copy()
        for aim, n, k in zip(night.aim, night.launched, night.intercepted, strict=True):
            weights = weights * raid_likelihood((n, k), int(aim), share, at, self.priors.spread_elsewhere)
            weights /= weights.sum()
            raids[list(AIM.values()).index(int(aim))] += 1
        return replace(track, day=night.day, weights=weights, raids=raids)

    def by_aim(self, n: int) -> Floats:
        """Probability (3, n + 1) of each number intercepted of a raid of n at Kyiv, elsewhere, or unlocated."""
        share, axes = expit(self.grid.logit), mesh_axes(self.priors)
        mean, fan = self.priors.spread_elsewhere
        joint = self.weights.sum(axis=(0, 1))
        kyiv = np.einsum("qpmvg,q->vpm", joint, axes.kyiv, optimize=True)
        other = np.einsum("qpmvg,g->vp", joint, share, optimize=True)
        kill, concentration = (axis.ravel() for axis in np.meshgrid(axes.kill, axes.concentration, indexing="ij"))
        struck = beta_binomial_table(n, kill, concentration)
        fanned = beta_binomial_table(n, axes.kill * mean, np.full(len(axes.kill), fan))
        chance = np.empty((len(AIM), n + 1))
        chance[0] = struck @ kyiv.sum(axis=0).ravel()
        chance[1] = fanned @ other.sum(axis=0)
        chance[2] = struck @ (axes.aim @ kyiv.reshape(len(axes.aim), -1)) + fanned @ ((1 - axes.aim) @ other)
        chance[:, 0] += 1 - chance.sum(axis=1)  # not covered: nothing intercepted
        return chance

    def aims(self) -> Floats:
        """Probability (3,) that the next raid will be posted as at Kyiv, elsewhere, unlocated: Dirichlet(1, 1, 1)."""
        return (1 + self.raids) / (1 + self.raids).sum()

    def chance(self, n: int) -> Floats:
        """Probability (n + 1,) of each number intercepted of n, not knowing where they are aimed."""
        return self.aims() @ self.by_aim(n)


def point_track(priors: Priors, memory: Memory) -> PointTrack:
    """Start a track: nothing seen."""
    grid, axes = coverage_grid(priors), mesh_axes(priors)
    cells = (len(priors.drift_steps), len(memory.break_days), *(len(axis) for axis in axes.arrays()))
    weights = np.broadcast_to(grid.start / np.prod(cells), (*cells, priors.drift_levels))
    return PointTrack(grid, priors, memory, None, weights, np.zeros(len(AIM)))


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class BallisticTrack:
    """Two models of ballistic missiles up to a day, weighed by how well each foretold the nights so far.

    The mixture holds for raids that fall on one place. Nights on which many places are struck at once are better
    foretold by one drifting share, and which of the two holds may change (A28).

    Parameters
    ----------
    point
        The all-or-nothing mixture.
    level
        One share for all raids, drifting as that of an area class does; M from 0.5 up.
    log_odds
        Log evidence of the mixture less that of the level, faded.
    """

    point: PointTrack
    level: AreaTrack
    log_odds: float

    @property
    def of_point(self) -> float:
        """Weight of the mixture; the other model has the rest."""
        return float(expit(self.log_odds))

    def before(self, day: int) -> BallisticTrack:
        """Move both on to a day."""
        days = 0 if self.point.day is None else max(day - self.point.day, 0)
        odds = self.log_odds * self.point.memory.kept(days)
        return BallisticTrack(self.point.before(day), self.level.before(day), odds)

    def after(self, night: Night) -> BallisticTrack:
        """Learn from a night: each model about its own, and which of them foretold it."""
        track, (n, k) = self.before(night.day), night.totals()
        gain = np.log(track.point.chance(n)[k]) - np.log(track.level_chance(n)[k])
        return BallisticTrack(track.point.after(night), track.level.after(night), track.log_odds + float(gain))

    def level_chance(self, n: int) -> Floats:
        """Probability (n + 1,) of each number intercepted of n by the level alone."""
        return self.level.chance(n, self.level_weight())

    def level_weight(self) -> Floats:
        """Posterior (s, r, b, m) of the level's step sd, breaks, slope and M."""
        key = ThreatClass.ballistic
        return pooled({key: self.level}, self.level.day or 0)[key]

    def chance(self, n: int) -> Floats:
        """Probability (n + 1,) of each number intercepted of n, not knowing where they are aimed."""
        return self.of_point * self.point.chance(n) + (1 - self.of_point) * self.level_chance(n)


def ballistic_track(priors: Priors, memory: Memory) -> BallisticTrack:
    """Start a track: nothing seen, both models alike."""
    wide = replace(priors, concentrations=tuple(value / 3 for value in priors.concentrations))
    return BallisticTrack(point_track(priors, memory), area_track(wide, memory), 0.0)


def beta_binomial_table(n: int, mean: Floats, concentration: Floats) -> Floats:
    """Probability (n + 1, c) of every count of n for c pairs of mean and M, by the ratios of neighbouring counts.

    ``P(k + 1) / P(k) = (n - k) (a + k) / ((k + 1) (b + n - 1 - k))``, summed as logs along k; each column sums to one.
    """
    a, b = mean * concentration, (1 - mean) * concentration
    count = np.arange(n)[:, None]
    step = a + count
    step *= (n - count) / (count + 1)
    step /= b + (n - 1 - count)
    logs = np.zeros((n + 1, len(mean)))
    np.log(step, out=logs[1:])
    # Row by row: a cumulative sum down the columns walks memory across and takes ten times as long.
    for k in range(1, n + 1):
        logs[k] += logs[k - 1]
    logs -= logs.max(axis=0)
    np.exp(logs, out=logs)
    logs /= logs.sum(axis=0)
    return logs
