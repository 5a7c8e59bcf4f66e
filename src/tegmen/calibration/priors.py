"""Every prior and grid of the calibration in one place."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from tegmen.calibration.grid import LevelGrid, elapse, level_grid
from tegmen.errors import InputError
from tegmen.evidence.catalogue import read_catalogue

if TYPE_CHECKING:
    from tegmen.evidence.catalogue import Catalogue
    from tegmen.evidence.parameters import Parameter
    from tegmen.terms import Floats


DAYS_A_YEAR = 365.25


DRIFT_DAYS = 28
"""[days] over which a step of coverage is stated."""


@dataclass(frozen=True, slots=True)
class BallisticRows:
    """Rows of the catalogue that the ballistic forecast shares with the answer.

    Parameters
    ----------
    kill_share, kill_ratio_elsewhere
        Share stopped of the missiles met at Kyiv; the same elsewhere over that at Kyiv.
    packet_size
        Missiles that share a target.
    """

    kill_share: Parameter
    kill_ratio_elsewhere: Parameter
    packet_size: Parameter

    @classmethod
    def of(cls, catalogue: Catalogue) -> BallisticRows:
        """Take the rows of a catalogue."""
        names = (row.name for row in fields(cls))
        return cls(*(catalogue.model(name, "ballistic") for name in names))


@dataclass(frozen=True, slots=True)
class Priors:
    """Every prior and grid of the calibration in one place; the defaults are the documented assumptions.

    Parameters
    ----------
    levels, level_low, level_high
        Points and range of the grid of ``logit mu`` [logit]; the start is uniform in ``mu``.
    steps
        (s,) [logit per week] step sd of the area level, log-spaced, equal weights.
    concentrations
        (m,) [launches] Beta-binomial M of an area class, log-spaced; the start is equal weights.
    concentration_walk
        [nat per square-root year] step sd of log M.
    near_zero
        Beta(a, b) of the near zeros: mean 0.02, weight of 25 launches (Kh-22/32 and S-300 in the ground role: almost
        never stopped, by public accounts on both sides).
    ballistic
        Rows of the catalogue for ballistic missiles; the shipped ones by default.
    points
        Points that stand for all that stands still in the ballistic model.
    coverage_levels, coverage_reach
        Points of the logit grids of the coverage of Kyiv and elsewhere; the grids end at minus and plus this [logit].
    drift_steps
        Step sd of both coverages [logit per 4 weeks], equal weights; 0 = static.
    """

    levels: int = 125
    level_low: float = -6.0
    level_high: float = 8.0
    steps: tuple[float, ...] = tuple(0.02 * 2.0 ** (1.5 * i) for i in range(5))
    concentrations: tuple[float, ...] = tuple(1.5 * 2.0**i for i in range(8))
    concentration_walk: float = 0.7
    near_zero: tuple[float, float] = (0.5, 24.5)
    ballistic: BallisticRows = field(default_factory=lambda: BallisticRows.of(read_catalogue()))
    points: int = 2000
    coverage_levels: tuple[int, int] = (9, 15)
    coverage_reach: float = 5.0
    drift_steps: tuple[float, ...] = (0.0, 0.2, 0.4, 0.8)

    def __post_init__(self) -> None:
        positive = (value for grid in (self.steps, self.concentrations, self.near_zero) for value in grid)
        faults = [f"found {value}, allowed: numbers above 0" for value in positive if not value > 0]
        if self.points < 1:
            faults.append(f"found {self.points} points, allowed: at least 1")
        if min(self.levels, *self.coverage_levels) < 3 or not self.level_low < self.level_high:
            faults.append("found an empty level grid, allowed: 3 points or more and level_low < level_high")
        if not self.coverage_reach > 0 or min(self.drift_steps, default=-1) < 0:
            faults.append("found a coverage that cannot be, allowed: a reach above 0 and steps of 0 or more")
        if not self.concentration_walk >= 0:
            faults.append(f"found a walk of log M of {self.concentration_walk}, allowed: 0 or more")
        if faults:
            raise InputError("priors", faults)

    def concentration_kernel(self, years: float) -> Floats:
        """Transition (m, m) of M over some years: the walk of log M, by the generator of `elapse`."""
        points = len(self.concentrations)
        # One point has nowhere to go.
        spacing = np.log(self.concentrations[-1] / self.concentrations[0]) / (points - 1) if points > 1 else 1.0
        return elapse(np.eye(points)[None], np.array([(self.concentration_walk / spacing) ** 2 * years]))[0]


def area_grid(priors: Priors) -> LevelGrid:
    """Grid of the level of an area class."""
    return level_grid(priors.level_low, priors.level_high, priors.levels)


@lru_cache(maxsize=4)
def coverage_grids(priors: Priors) -> tuple[LevelGrid, LevelGrid]:
    """Grids of the coverage of Kyiv, and of that elsewhere."""
    reach = priors.coverage_reach
    kyiv, elsewhere = (level_grid(-reach, reach, points) for points in priors.coverage_levels)
    return kyiv, elsewhere


@dataclass(frozen=True, slots=True)
class Memory:
    """How what was learned fades, and how the size of a raid matters; the defaults are the documented assumptions.

    Parameters
    ----------
    break_days
        (r,) [days] grid of the mean time between breaks, at which level and M are drawn anew; equal weights (A25).
    half_life_days
        [days] in which the evidence on all that stands still in a model loses half its weight: step sd, breaks,
        slope, and kill, aim, naming and drift of ballistic missiles (A26).
    slopes, slope_spread
        (b,) [logit per nat of launched] grid of how a level differs with the number launched; sd of its normal prior
        about none (A27).
    typical
        [launched] night to which the level belongs.
    """

    break_days: tuple[float, ...] = (DAYS_A_YEAR, 8 * DAYS_A_YEAR)
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
