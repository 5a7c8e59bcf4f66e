"""Area classes followed night by night: what is known before a night, and what the night adds.

``k ~ BetaBinomial(n, mu M, (1 - mu) M)``, level ``logit mu`` and ``log M`` random walks. They move with the days that
passed, so what is known before a night is the same whether the record is read in one pass or cut off there. A rare
*break* draws both anew: a definition that changes or a new kind of weapon moves them at once, which no walk of usual
steps does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit, softmax

from tegmen.calibration.grid import (
    FAINTEST,
    LevelGrid,
    beta_binomial,
    beta_binomial_table,
    draw_beta,
    draw_cells,
    elapse,
)
from tegmen.calibration.priors import DAYS_A_YEAR, Memory, Priors, area_grid
from tegmen.terms import FrozenDict, content_equal

if TYPE_CHECKING:
    from tegmen.calibration.rows import Night
    from tegmen.terms import Floats, Ints

_NEGLIGIBLE = 1e-12


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class AreaTrack:
    """One level and its concentration up to a day.

    Parameters
    ----------
    grid, priors, memory
        Grid of the level; priors and the other grids; how evidence fades.
    day
        Last day moved to [days since 1970-01-01]; None before the first night.
    state
        (s, r, b, m, g) weights of M and of the level on that day; each (s, r, b) sums to one.
    log_evidence
        (s, r, b) of step sd, breaks and slope, from the nights seen, faded.
    """

    grid: LevelGrid
    priors: Priors
    memory: Memory
    day: int | None
    state: Floats
    log_evidence: Floats

    def before(self, day: int) -> AreaTrack:
        """Let level and M move on to a day."""
        if self.day is None or day <= self.day:
            return self
        days, spacing = day - self.day, self.grid.spacing
        moved = elapse(self.state, (np.asarray(self.priors.steps) / spacing) ** 2 * days / 7)
        moved = self.priors.concentration_kernel(days / DAYS_A_YEAR) @ moved
        anew = self.grid.start / len(self.priors.concentrations)
        state = self.memory.broken(moved, anew, days)
        return replace(self, day=day, state=state, log_evidence=self.log_evidence * self.memory.kept(days))

    def after(self, day: int, n: int, k: int) -> AreaTrack:
        """Learn from a night of n launched and k intercepted."""
        track, log_likelihood = self.before(day), self._log_likelihood(n, k)
        top = log_likelihood.max()
        joint = track.state * np.exp(log_likelihood - top)
        norm = np.maximum(joint.sum(axis=(-2, -1)), FAINTEST)
        log_evidence = track.log_evidence + np.log(norm) + top
        return replace(track, day=day, state=joint / norm[..., None, None], log_evidence=log_evidence)

    def _log_likelihood(self, n: int, k: int) -> Floats:
        """Log probability (b, m, g) of k of n at each slope, M and level."""
        return _log_likelihood(self.priors, self.memory, n, k)

    def weight(self) -> Floats:
        """Posterior (s, r, b) of step sd, breaks and slope."""
        return np.asarray(softmax(self.log_evidence + np.log(self.memory.of_slope())))

    def mixed(self) -> Floats:
        """Weights (b, m, g) of slope, M and level."""
        return np.einsum("srb,srbmg->bmg", self.weight(), self.state)

    def log_chance(self, n: int, k: int) -> float:
        """Log probability that k of n are intercepted."""
        return float(np.log(max((self.mixed() * np.exp(self._log_likelihood(n, k))).sum(), FAINTEST)))

    def chance(self, n: int) -> Floats:
        """Probability (n + 1,) of each number intercepted of n."""
        mixed = self.mixed()
        b, m, g = np.nonzero(mixed > _NEGLIGIBLE)
        share = expit(self.grid.logit[g] + self.memory.shifts(n)[b])
        chance = beta_binomial_table(n, share, np.asarray(self.priors.concentrations)[m]) @ mixed[b, m, g]
        return chance / chance.sum()

    def draw_rate(self, sizes: Ints, count: int, rng: np.random.Generator) -> Floats:
        """Draw (w,) the share intercepted of all that nights of some sizes (a,) launch, no scatter about the level."""
        at = draw_cells(self.weight()[..., None, None] * self.state, count, rng)
        level = self.grid.logit[at[-1]] + rng.uniform(-0.5, 0.5, count) * self.grid.spacing
        slope = np.asarray(self.memory.slopes)[at[2]]
        share = expit(level[:, None] + slope[:, None] * np.log(sizes / self.memory.typical))
        return share @ sizes / sizes.sum()

    def simulate(self, n: Ints, rng: np.random.Generator) -> Ints:
        """Draw (w,) what is intercepted over some days that launch (d, w), M and the level walked day by day."""
        count, memory, grid = n.shape[1], self.memory, self.grid.logit
        s, r, b, m, g = draw_cells(self.weight()[..., None, None] * self.state, count, rng)
        level = grid[g] + rng.uniform(-0.5, 0.5, count) * self.grid.spacing
        step, slope = np.asarray(self.priors.steps)[s], np.asarray(memory.slopes)[b]
        all_m, walk = np.log(self.priors.concentrations), self.priors.concentration_walk / np.sqrt(DAYS_A_YEAR)
        log_m, total = all_m[m], np.zeros(count, dtype=np.int64)
        for d, launched in enumerate(n):
            if d:
                level = np.clip(level + step / np.sqrt(7) * rng.standard_normal(count), grid[0], grid[-1])
                log_m = np.clip(log_m + walk * rng.standard_normal(count), all_m[0], all_m[-1])
                broken = rng.random(count) > memory.kept_level(1)[r]
                level = np.where(broken, logit(rng.uniform(expit(grid[0]), expit(grid[-1]), count)), level)
                log_m = np.where(broken, rng.choice(all_m, count), log_m)
            share = expit(level + slope * np.log(np.maximum(launched, 1) / memory.typical))
            total += rng.binomial(launched, draw_beta(share, np.exp(log_m), rng))
        return total


@lru_cache(maxsize=512)
def _log_likelihood(priors: Priors, memory: Memory, n: int, k: int) -> Floats:
    """As the method of a track; a night is asked for by its class and its weapon, and once more by every forecast."""
    share = expit(area_grid(priors).logit + memory.shifts(n)[:, None, None])
    table = beta_binomial(np.asarray(n), np.asarray(k), share, np.asarray(priors.concentrations)[:, None])
    table.flags.writeable = False
    return table


def area_track(priors: Priors, memory: Memory) -> AreaTrack:
    """Start a track: nothing seen."""
    grid = area_grid(priors)
    cells = (len(priors.steps), len(memory.break_days), len(memory.slopes))
    concentrations = len(priors.concentrations)
    state = np.broadcast_to(grid.start / concentrations, (*cells, concentrations, priors.levels))
    return AreaTrack(grid, priors, memory, None, state, np.zeros(cells))


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class WeaponTrack:
    """One weapon, partially pooled to its class: forecast as its class and by itself, weighed by what each foretold.

    Parameters
    ----------
    own
        Track of this weapon's nights, which began as the class's before the first of them.
    log_odds
        Log evidence of the weapon's own track less that of its class's, faded; as of the day of its own track.
    """

    own: AreaTrack
    log_odds: float

    def before(self, day: int) -> WeaponTrack:
        """Move on to a day."""
        days = 0 if self.own.day is None else max(day - self.own.day, 0)
        return WeaponTrack(self.own.before(day), self.log_odds * self.own.memory.kept(days))

    def after(self, day: int, n: int, k: int, of_class: AreaTrack) -> WeaponTrack:
        """Learn from a night of this weapon, its class being moved to that day and not knowing the night."""
        track = self.before(day)
        gain = track.own.log_chance(n, k) - of_class.log_chance(n, k)
        return WeaponTrack(track.own.after(day, n, k), track.log_odds + gain)

    def chance(self, n: int, of_class: AreaTrack) -> Floats:
        """Probability (n + 1,) of each number intercepted of n, both tracks being moved to the same day."""
        weight = float(expit(self.log_odds))
        return weight * self.own.chance(n) + (1 - weight) * of_class.chance(n)


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class ClassTrack:
    """An area class and its weapons up to a day.

    Parameters
    ----------
    whole
        Track of the class's nights, whatever weapons they were of.
    weapons
        Weapon to its track. One not in it has never come alone: it is its class.
    """

    whole: AreaTrack
    weapons: Mapping[str, WeaponTrack] = field(default_factory=FrozenDict[str, WeaponTrack])

    def before(self, day: int) -> ClassTrack:
        """Let the class move on to a day; weapons follow when they are asked for."""
        whole = self.whole.before(day)
        # A weapon that all nights of its class were of is its class: one track, worked out once.
        alike = {name: WeaponTrack(whole, 0.0) for name, track in self.weapons.items() if track.own is self.whole}
        return ClassTrack(whole, FrozenDict({**self.weapons, **alike}))

    def after(self, night: Night) -> ClassTrack:
        """Learn from a night: the class from all of it, each weapon from its own part."""
        now, totals = self.before(night.day), night.totals()
        whole, learnt = now.whole.after(night.day, *totals), dict(now.weapons)
        for name, counts in night.weapons.items():
            track = now.weapons.get(name, WeaponTrack(now.whole, 0.0))
            alike = track.own is now.whole and counts == totals
            learnt[name] = WeaponTrack(whole, 0.0) if alike else track.after(night.day, *counts, now.whole)
        return ClassTrack(whole, FrozenDict(learnt))

    def chance(self, n: int, weapon: str | None = None) -> Floats:
        """Probability (n + 1,) of each number intercepted of n of the class, or of one weapon of it."""
        track = None if weapon is None else self.weapons.get(weapon)
        if track is None or self.whole.day is None:
            return self.whole.chance(n)
        return track.before(self.whole.day).chance(n, self.whole)

    def simulate(self, n: Ints, rng: np.random.Generator) -> Ints:
        """Draw (w,) what is intercepted over some days that launch (d, w) of the class."""
        return self.whole.simulate(n, rng)
