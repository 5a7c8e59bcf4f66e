"""Ballistic missiles followed night by night: what is known before a night, and what the night adds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from tegmen.calibration.area import AreaTrack, area_track
from tegmen.calibration.ballistic import Statics, mesh_axes, open_mesh, raid_likelihood
from tegmen.calibration.grid import LevelGrid, beta_binomial_table, elapse
from tegmen.calibration.priors import Memory, Priors, coverage_grid
from tegmen.calibration.rows import AIM, Night
from tegmen.terms import content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats

_LOG_TINY = -690.0


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
        gain = np.log(track.point.chance(n)[k]) - np.log(track.level.chance(n)[k])
        level = track.level.after(night.day, n, k)
        return BallisticTrack(track.point.after(night), level, track.log_odds + float(gain))

    def chance(self, n: int) -> Floats:
        """Probability (n + 1,) of each number intercepted of n, not knowing where they are aimed."""
        return self.of_point * self.point.chance(n) + (1 - self.of_point) * self.level.chance(n)


def ballistic_track(priors: Priors, memory: Memory) -> BallisticTrack:
    """Start a track: nothing seen, both models alike."""
    wide = replace(priors, concentrations=tuple(value / 3 for value in priors.concentrations))
    return BallisticTrack(point_track(priors, memory), area_track(wide, memory), 0.0)
