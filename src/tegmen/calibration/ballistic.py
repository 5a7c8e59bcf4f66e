"""Coverage x kill: the all-or-nothing mixture of point defence against ballistic missiles.

``k = 0`` unless the place aimed at was covered, else ``k ~ BetaBinomial(n, p M, (1 - p) M)``. The static parameters
stand on a mesh and coverage elsewhere is a hidden level; `fit_point` sums over both exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, softmax

from tegmen.calibration.grid import LevelGrid, beta_binomial, draw_beta, draw_cells, forward, jitter, sample_paths
from tegmen.calibration.priors import Priors
from tegmen.calibration.rows import UNLOCATED, EligibleRows
from tegmen.terms import content_equal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tegmen.terms import Floats, Ints


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Statics:
    """Static parameters of the mixture: one array each, of cells (c,), of draws (w,) or of an axis of the mesh.

    Parameters
    ----------
    kyiv
        Coverage of Kyiv.
    kill, concentration
        Mean share intercepted given covered, and its Beta-binomial M [launches].
    aim
        Probability that an unlocated row was aimed at Kyiv.
    """

    kyiv: Floats
    kill: Floats
    concentration: Floats
    aim: Floats

    def arrays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Give the four arrays in order."""
        return self.kyiv, self.kill, self.concentration, self.aim


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class PointDraws:
    """Joint draws of the mixture.

    Parameters
    ----------
    statics
        (w,) each.
    elsewhere
        (t, w) probability that a row aimed elsewhere finds any cover, by 4-week step.
    aimed
        (r, w) whether the row was aimed at Kyiv.
    """

    statics: Statics
    elsewhere: Floats
    aimed: NDArray[np.bool_]


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class PointFit:
    """The mixture fitted to the ballistic rows.

    Parameters
    ----------
    rows
        The rows.
    grid
        Coverage elsewhere, 4-weekly.
    priors
        Priors, of which the mesh is made.
    weights
        (s, q, p, m, v) posterior of every step sd of the grid and cell of the mesh.
    """

    rows: EligibleRows
    grid: LevelGrid
    priors: Priors
    weights: Floats

    def draw(self, count: int, rng: np.random.Generator) -> PointDraws:
        """Draw jointly: step sd and cell, the path of coverage elsewhere, then the aim of every row."""
        axes, spread = mesh_axes(self.priors), self.priors.spread_elsewhere
        step, *cell = draw_cells(self.weights, count, rng)
        q, p, m, v = (axis[at] for axis, at in zip(axes.arrays(), cell, strict=True))
        # A uniform offset within the cell smooths the mesh away; M stays on its few values.
        jittered = (axes.kyiv, axes.kill, axes.aim)
        kyiv, kill, aim = ((rng.random(count) - 0.5) / len(axis) for axis in jittered)
        statics = Statics(q + kyiv, p + kill, m, v + aim)
        likelihoods = list(step_likelihoods(self.rows, self.grid, statics, spread))
        uniform = rng.random((self.rows.steps, count))
        path = sample_paths(likelihoods, self.grid, step, np.arange(count), uniform)
        elsewhere = jitter(self.grid, path, rng)
        n, k, zone = (column[:, None] for column in (self.rows.launched, self.rows.intercepted, self.rows.aim))
        at_kyiv, other = likelihood_by_aim((n, k), elsewhere[self.rows.step], statics, spread)
        aim = np.where(zone == UNLOCATED, statics.aim, zone)
        at_kyiv, other = aim * at_kyiv, (1 - aim) * other
        return PointDraws(statics, elsewhere, rng.random(at_kyiv.shape) * (at_kyiv + other) < at_kyiv)

    def predict(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw the share intercepted of every row again (r, w): aim, cover and kill anew from the posterior."""
        rows, at = self.rows, self.draw(count, rng)
        aim = np.where(rows.aim[:, None] == UNLOCATED, at.statics.aim, rows.aim[:, None])
        kyiv, (mean, fan) = rng.random(aim.shape) < aim, self.priors.spread_elsewhere
        kill = np.where(
            kyiv,
            draw_beta(at.statics.kill, at.statics.concentration, rng, aim.shape),
            draw_beta(at.statics.kill * mean, np.asarray(fan), rng, aim.shape),
        )
        covered = rng.random(aim.shape) < np.where(kyiv, at.statics.kyiv, at.elsewhere[rows.step])
        return kill * covered


def fit_point(rows: EligibleRows, grid: LevelGrid, priors: Priors) -> PointFit:
    """Fit the mixture.

    Parameters
    ----------
    rows
        The ballistic rows.
    grid
        Coverage elsewhere, 4-weekly.
    priors
        Cells and concentrations of the mesh, and the fan-out elsewhere.

    Returns
    -------
        The fit.
    """
    likelihoods = step_likelihoods(rows, grid, open_mesh(priors), priors.spread_elsewhere)
    weights = np.asarray(softmax(sum(gain for _, _, gain in forward(likelihoods, grid.start, grid.kernels))))
    shape = (len(grid.kernels), *map(len, mesh_axes(priors).arrays()))
    return PointFit(rows, grid, priors, weights.reshape(shape))


def mesh_axes(priors: Priors) -> Statics:
    """Axes of the mesh: midpoints of equal cells on (0, 1), and the concentrations as given."""
    kyiv, kill, aim = ((np.arange(size) + 0.5) / size for size in priors.cells)
    return Statics(kyiv, kill, np.asarray(priors.kill_concentrations, dtype=np.float64), aim)


def open_mesh(priors: Priors) -> Statics:
    """Mesh of the axes, left open: what depends on kill alone is computed for each kill alone, and broadcast."""
    return Statics(*np.meshgrid(*mesh_axes(priors).arrays(), indexing="ij", sparse=True))


def kyiv_share(launched: Ints, aimed: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Share of missiles aimed at Kyiv: a Beta draw around each draw's split of the rows.

    Missiles of one salvo share their target, so the Beta counts Kish's effective number ``(sum n)^2 / sum n^2``
    (Kish 1965, Survey Sampling) and not the missiles; uniform prior.
    """
    total = max(int(launched.sum()), 1)
    effective = launched.sum() ** 2 / max(int((launched**2).sum()), 1)
    share = launched @ aimed / total
    return rng.beta(1 + effective * share, 1 + effective * (1 - share))


def likelihood_by_aim(
    counts: tuple[Ints, Ints], elsewhere: Floats, at: Statics, spread: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Likelihood of a row aimed at Kyiv, and of one aimed elsewhere: ``q BB(k | n, p, M) + (1 - q) [k = 0]``.

    Elsewhere M is that of the fan-out and p shrinks by its mean: ``BB(k | n, p f, M_f)`` is the mean over a Beta share
    under cover, exact for p = 1. `counts` is n, k; everything broadcasts.
    """
    n, k = counts
    missed = (k == 0).astype(np.float64)
    kyiv = at.kyiv * np.exp(beta_binomial(n, k, at.kill, at.concentration)) + (1 - at.kyiv) * missed
    fanned = np.exp(beta_binomial(n, k, at.kill * spread[0], np.asarray(spread[1])))
    return kyiv, elsewhere * fanned + (1 - elsewhere) * missed


def raid_likelihood(
    counts: tuple[Ints, Ints], aim: int, elsewhere: Floats, at: Statics, spread: tuple[float, float]
) -> Floats:
    """Likelihood of one raid (n launched, k intercepted) of a known or unknown aim; everything broadcasts."""
    kyiv, other = likelihood_by_aim(counts, elsewhere, at, spread)
    return at.aim * kyiv + (1 - at.aim) * other if aim == UNLOCATED else kyiv if aim else other


def step_likelihoods(
    rows: EligibleRows, grid: LevelGrid, statics: Statics, spread: tuple[float, float]
) -> Iterator[Floats]:
    """Likelihood (c, g) of each 4-week step, g the coverage elsewhere; identical rows are computed once."""
    share = np.asarray(expit(grid.logit))
    at = Statics(*(array[..., None] for array in statics.arrays()))
    cells = np.broadcast_shapes(*(array.shape for array in at.arrays()))
    cases, times = rows.cases()
    for step in range(rows.steps):
        likelihood = np.ones((1,) * len(cells))
        for (_, aim, n, k), often in zip(cases[cases[:, 0] == step], times[cases[:, 0] == step], strict=True):
            likelihood = likelihood * raid_likelihood((n, k), aim, share, at, spread) ** often
        whole = np.broadcast_to(likelihood, (*cells[:-1], likelihood.shape[-1]))
        yield whole.reshape(-1, likelihood.shape[-1])
