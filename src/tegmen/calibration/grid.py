"""Numerical Bayes on a grid, no sampler: a hidden level filtered forward exactly, and whole paths drawn backward.

One forward filter and one backward sampler serve every hidden path. Nothing here knows what the level is a level of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import dct, idct
from scipy.special import betaln, expit, gammaln

from tegmen.terms import content_equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tegmen.terms import Floats, Ints


_TINY = 1e-300


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class LevelGrid:
    """A logit level on a grid, its start and its weekly (or 4-weekly) transitions.

    Parameters
    ----------
    logit
        (g,) [logit] grid.
    start
        (g,) weights of the first step, uniform in the share.
    kernels
        (s, g, g) transition matrices, symmetric, one a step sd.
    """

    logit: Floats
    start: Floats
    kernels: Floats


def level_grid(low: float, high: float, points: int, steps: Sequence[float]) -> LevelGrid:
    """Make the grid: ``K = expm(s^2 / (2 h^2) L)``, L the second difference with reflecting ends.

    The step variance is s^2 exactly for any spacing h, also h > s, where a sampled normal density would not move.
    L is diagonal in the discrete cosine basis (Strang 1999, SIAM Review 41:135), eigenvalues ``2 cos(pi j / g) - 2``.
    """
    logit = np.linspace(low, high, points)
    basis = np.asarray(dct(np.eye(points), axis=0, norm="ortho"))
    decay = (np.asarray(steps) / (logit[1] - logit[0])) ** 2 / 2
    modes = np.exp(decay[:, None] * (2 * np.cos(np.pi * np.arange(points) / points) - 2))
    kernels = np.maximum(np.einsum("jg,sj,jk->sgk", basis, modes, basis, optimize=True), 0.0)
    share = expit(logit)
    return LevelGrid(logit, share * (1 - share) / (share * (1 - share)).sum(), kernels)


def elapse(weights: Floats, variance: Floats) -> Floats:
    """Let a level move on: the transition of `level_grid` for any variance, hence for any elapsed time.

    Parameters
    ----------
    weights
        (s, ..., g) weights of the level.
    variance
        (s,) variance of the move, in squared grid spacings.

    Returns
    -------
        (s, ..., g), the sum over g kept.
    """
    points = weights.shape[-1]
    modes = np.exp(variance[:, None] / 2 * (2 * np.cos(np.pi * np.arange(points) / points) - 2))
    modes = modes.reshape(len(variance), *(1,) * (weights.ndim - 2), points)
    moved = idct(dct(weights, axis=-1, norm="ortho") * modes, axis=-1, norm="ortho", overwrite_x=True)
    return np.maximum(np.asarray(moved), 0.0)


def beta_binomial(n: Ints, k: Ints, mean: Floats, concentration: Floats) -> Floats:
    """Log probability of k out of n, ``BetaBinomial(n, mean * M, (1 - mean) * M)``, M the concentration; broadcast."""
    a, b = mean * concentration, (1 - mean) * concentration
    choices = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(choices + betaln(k + a, n - k + b) - betaln(a, b))


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


def forward(likelihoods: Iterable[Floats], start: Floats, kernels: Floats) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Filter forward: yield one-step-ahead weights, filtered weights (s, c, g) and log predictive (s, c), step by step.

    Parameters
    ----------
    likelihoods
        (c, g) a step, c cells of static parameters; ones where the step has no rows (missing is not zero).
    start, kernels
        As in LevelGrid.
    """
    filtered: Floats | None = None
    for likelihood in likelihoods:
        predicted = start[None, None, :] if filtered is None else filtered @ kernels
        joint = np.broadcast_to(predicted, (len(kernels), len(likelihood), len(start))) * likelihood
        # A cell whose likelihood underflows is worth nothing; the floor keeps it at nothing instead of 0 / 0.
        norm = np.maximum(joint.sum(axis=2), _TINY)
        filtered = np.divide(joint, norm[..., None], out=joint)
        yield predicted, filtered, np.log(norm)


def sample_paths(
    likelihoods: Sequence[Floats] | Floats, grid: LevelGrid, step: Ints, cell: Ints, uniform: Floats
) -> Ints:
    """Draw whole paths backward given each draw's step sd and cell: ``p(x_t | x_t+1) ~ filtered_t(x_t) K(x_t, x_t+1)``.

    Parameters
    ----------
    likelihoods
        As in `forward`.
    step, cell
        (w,) index of the step sd and of the cell of each draw.
    uniform
        (t, w) uniform numbers.

    Returns
    -------
        (t, w) indices into the grid.
    """
    path = np.zeros(uniform.shape, dtype=np.int64)
    for index in np.unique(step):
        drawn = np.flatnonzero(step == index)
        kernel = grid.kernels[index]
        # Only the cells that a draw of this step sd stands in are filtered.
        cells, at = np.unique(cell[drawn], return_inverse=True)
        of_cells = (likelihood[cells] for likelihood in likelihoods)
        filtered = [weights[0] for _, weights, _ in forward(of_cells, grid.start, kernel[None])]
        for t in range(len(filtered) - 1, -1, -1):
            weight = filtered[t][at]
            if t + 1 < len(filtered):
                weight = weight * kernel[path[t + 1, drawn]]
            path[t, drawn] = invert(weight, uniform[t, drawn])
    return path


def invert(weight: Floats, uniform: Floats) -> Ints:
    """Draw one column index a row of `weight` by inverting its cumulative sum."""
    cumulative = np.cumsum(weight, axis=1)
    return (cumulative < (uniform * cumulative[:, -1])[:, None]).sum(axis=1)


def draw_cells(weights: Floats, count: int, rng: np.random.Generator) -> tuple[Ints, ...]:
    """Draw cells of an array of weights: one index (w,) an axis."""
    cumulative = np.cumsum(weights.ravel())
    flat = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    return tuple(np.asarray(index) for index in np.unravel_index(flat, weights.shape))


def jitter(grid: LevelGrid, path: Ints, rng: np.random.Generator) -> Floats:
    """Turn grid indices (t, w) into shares; one offset a draw, uniform within the cell, smooths the grid away."""
    offset = rng.uniform(-0.5, 0.5, path.shape[1]) * (grid.logit[1] - grid.logit[0])
    return np.asarray(expit(grid.logit[path] + offset))


def stream(seed: int, number: int) -> np.random.Generator:
    """Open one numbered random stream of a seed: counter-based Philox, key (seed, number)."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype=np.uint64)))


def draw_beta(
    mean: Floats, concentration: Floats, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> Floats:
    """Draw shares of a mean and a concentration (of Beta(a, b): a / (a + b) and a + b); broadcast."""
    inner = np.clip(mean, 1e-9, 1 - 1e-9)
    return np.asarray(rng.beta(inner * concentration, (1 - inner) * concentration, shape))
