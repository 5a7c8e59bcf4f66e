"""Every prior and grid of the calibration in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import softmax

from tegmen.calibration.grid import LevelGrid, level_grid
from tegmen.errors import InputError

if TYPE_CHECKING:
    from tegmen.terms import Floats


@dataclass(frozen=True, slots=True)
class Priors:
    """Every prior and grid of the calibration in one place; the defaults are the documented assumptions.

    Parameters
    ----------
    levels, level_low, level_high
        Points and range of the grid of ``logit mu`` [logit]; the start is uniform in ``mu``.
    steps
        (s,) [logit per week] step sd of the area level, log-spaced.
    concentrations
        (m,) [launches] Beta-binomial M of an area class, log-spaced.
    spread
        [nat] sd of a class's log s and log M about the mean shared by the classes (partial pooling); that mean is
        uniform over the same grids.
    near_zero
        Beta(a, b) of the near zeros: mean 0.02, weight of 25 launches (Kh-22/32 and S-300 in the ground role: almost
        never stopped, by public accounts on both sides).
    cells
        Midpoint cells of (coverage of Kyiv, kill, aim of unlocated rows at Kyiv), each uniform on (0, 1).
    kill_concentrations
        [launches] Beta-binomial M given covered, equal weights. Not below 2: a U-shape would be a second coverage.
    spread_elsewhere
        Mean and concentration of the share of a row's missiles under cover, given that any is: a row elsewhere fans out
        over several places (uniform share by default), Kyiv is one place. Without it the record is hundreds of times
        less likely, and kill is dragged down by rows elsewhere of which a part was under cover.
    drift_levels, drift_steps
        Points of the logit grid of coverage elsewhere, and its step sd [logit per 4 weeks], equal weights; 0 = static.
    """

    levels: int = 225
    level_low: float = -6.0
    level_high: float = 8.0
    steps: tuple[float, ...] = tuple(0.02 * 2.0 ** (0.75 * i) for i in range(9))
    concentrations: tuple[float, ...] = tuple(1.5 * 2.0 ** (0.5 * i) for i in range(16))
    spread: float = 0.7
    near_zero: tuple[float, float] = (0.5, 24.5)
    cells: tuple[int, int, int] = (16, 24, 12)
    kill_concentrations: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0, 64.0)
    spread_elsewhere: tuple[float, float] = (0.5, 2.0)
    drift_levels: int = 33
    drift_steps: tuple[float, ...] = (0.0, 0.2, 0.4, 0.8)

    def __post_init__(self) -> None:
        grids = (self.steps, self.concentrations, self.kill_concentrations, self.near_zero, self.spread_elsewhere)
        positive = (*(value for grid in grids for value in grid), self.spread)
        faults = [f"found {value}, allowed: numbers above 0" for value in positive if not value > 0]
        faults += [f"found {value} grid cells, allowed: at least 1" for value in self.cells if value < 1]
        if self.spread_elsewhere[0] > 1:
            faults.append(f"found a mean share under cover of {self.spread_elsewhere[0]}, allowed: above 0, at most 1")
        if min(self.levels, self.drift_levels) < 3 or not self.level_low < self.level_high:
            faults.append("found an empty level grid, allowed: 3 points or more and level_low < level_high")
        if faults:
            raise InputError("priors", faults)


def area_grid(priors: Priors) -> LevelGrid:
    """Grid of the weekly level of an area class."""
    return level_grid(priors.level_low, priors.level_high, priors.levels, priors.steps)


def coverage_grid(priors: Priors) -> LevelGrid:
    """Grid of the 4-weekly coverage elsewhere."""
    return level_grid(priors.level_low, priors.level_high, priors.drift_levels, priors.drift_steps)


def pooling(priors: Priors) -> tuple[Floats, Floats]:
    """Prior of a class's s and M given each shared mean: (mean, s) and (mean, m), rows sum to one."""
    logs = (np.log(np.asarray(values)) for values in (priors.steps, priors.concentrations))
    of_step, of_concentration = (softmax(-0.5 * ((x[:, None] - x) / priors.spread) ** 2, axis=1) for x in logs)
    return np.asarray(of_step), np.asarray(of_concentration)
