"""Numerical Bayes on a grid: how a hidden level starts and moves on, and the law of counts. No sampler.

Nothing here knows what the level is a level of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import dct, idct
from scipy.special import betaln, expit, gammaln

from tegmen.terms import content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


FAINTEST = 1e-300
"""Floor of a probability whose log is taken: worth nothing, and not 0 / 0."""


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class LevelGrid:
    """A logit level on a grid, and its start.

    Parameters
    ----------
    logit
        (g,) [logit] grid.
    start
        (g,) weights of the first step, uniform in the share; sum to one.
    """

    logit: Floats
    start: Floats

    @property
    def spacing(self) -> float:
        """Distance of neighbours [logit]."""
        return float(self.logit[1] - self.logit[0])


def level_grid(low: float, high: float, points: int) -> LevelGrid:
    """Make the grid; a share that is uniform on (0, 1) has density s (1 - s) on the logit scale."""
    logit = np.linspace(low, high, points)
    share = expit(logit)
    return LevelGrid(logit, share * (1 - share) / (share * (1 - share)).sum())


def elapse(weights: Floats, variance: Floats) -> Floats:
    """Let a level move on: ``K = expm(s^2 / (2 h^2) L)``, L the second difference with reflecting ends.

    The variance is s^2 exactly for any spacing h, also h > s, where a sampled normal density would not move. L is
    diagonal in the discrete cosine basis (Strang 1999, SIAM Review 41:135), eigenvalues ``2 cos(pi j / g) - 2``.

    Parameters
    ----------
    weights
        (s, ..., g) weights of the level.
    variance
        (s,) variance of the move, in squared grid spacings: (s / h)^2 for any elapsed time.

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


def draw_cells(weights: Floats, count: int, rng: np.random.Generator) -> tuple[Ints, ...]:
    """Draw cells of an array of weights: one index (w,) an axis."""
    cumulative = np.cumsum(weights.ravel())
    flat = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
    return tuple(np.asarray(index) for index in np.unravel_index(flat, weights.shape))


def stream(seed: int, number: int) -> np.random.Generator:
    """Open one numbered random stream of a seed: counter-based Philox, key (seed, number)."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype=np.uint64)))


def draw_beta(
    mean: Floats, concentration: Floats, rng: np.random.Generator, shape: tuple[int, ...] | None = None
) -> Floats:
    """Draw shares of a mean and a concentration (of Beta(a, b): a / (a + b) and a + b); broadcast."""
    inner = np.clip(mean, 1e-9, 1 - 1e-9)
    return np.asarray(rng.beta(inner * concentration, (1 - inner) * concentration, shape))
