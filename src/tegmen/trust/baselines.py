"""What a forecast has to beat: simple rules that anyone would try first, each seeing only the nights before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy

from tegmen.calibration.grid import beta_binomial, beta_binomial_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tegmen.calibration.rows import Night
    from tegmen.terms import Floats, Ints

TRAILING_DAYS = 120
RIVAL = "trailing_beta_binomial"
"""The baseline that forecasts are held against."""
_SHARE_GRID = 1 / (1 + np.exp(-np.linspace(-6, 8, 141)))
_CONCENTRATION_GRID = 2.0 ** np.linspace(0, 10, 41)


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The nights of a class, as the baselines look them up.

    Parameters
    ----------
    day, launched, intercepted
        (t,) nights in order of time.
    log_likelihood
        (t + 1, m, g) cumulative log likelihood of shares and concentrations, so that a window is a difference.
    """

    day: Ints
    launched: Ints
    intercepted: Ints
    log_likelihood: Floats

    def window(self, first: int, end: int) -> slice:
        """Nights from a day on and before another."""
        return slice(int(np.searchsorted(self.day, first)), int(np.searchsorted(self.day, end)))


def past(nights: Sequence[Night]) -> Past:
    """Prepare the nights of a class."""
    day = np.array([night.day for night in nights], dtype=np.int64)
    totals = np.array([night.totals() for night in nights], dtype=np.int64).reshape(-1, 2)
    n, k = totals.T
    log_likelihood = beta_binomial(n[:, None, None], k[:, None, None], _SHARE_GRID, _CONCENTRATION_GRID[:, None])
    start = np.zeros((1, len(_CONCENTRATION_GRID), len(_SHARE_GRID)))
    return Past(day, n, k, np.concatenate([start, np.cumsum(log_likelihood, axis=0)]))


def _binomial(seen: Past, window: slice, sizes: Sequence[int]) -> Floats:
    """Binomial of a window's share, half a launch added to each side; with no night in it, one half."""
    k, n = seen.intercepted[window].sum(), seen.launched[window].sum()
    share, total = (k + 0.5) / (n + 1), sum(sizes)
    count = np.arange(total + 1)
    choices = gammaln(total + 1) - gammaln(count + 1) - gammaln(total - count + 1)
    return np.exp(choices + xlogy(count, share) + xlog1py(total - count, -share))


def _beta_binomial(seen: Past, window: slice, sizes: Sequence[int]) -> Floats:
    """Beta-binomial of greatest likelihood on a window; with no night in it, every count alike."""
    gain = seen.log_likelihood[window.stop] - seen.log_likelihood[window.start]
    m, g = np.unravel_index(gain.argmax(), gain.shape)
    share, concentration = (0.5, 2.0) if window.stop == window.start else (_SHARE_GRID[g], _CONCENTRATION_GRID[m])
    chance = np.ones(1)
    for n in sizes:
        chance = np.convolve(chance, beta_binomial_table(n, np.array([share]), np.array([concentration]))[:, 0])
    return chance


def all_time_mean(seen: Past, day: int, sizes: Sequence[int]) -> Floats:
    """Binomial of the share in all nights before."""
    return _binomial(seen, seen.window(int(np.iinfo(np.int64).min), day), sizes)


def trailing_binomial(seen: Past, day: int, sizes: Sequence[int]) -> Floats:
    """Binomial of the share in the 120 days before."""
    return _binomial(seen, seen.window(day - TRAILING_DAYS, day), sizes)


def trailing_beta_binomial(seen: Past, day: int, sizes: Sequence[int]) -> Floats:
    """Beta-binomial of greatest likelihood on the 120 days before."""
    return _beta_binomial(seen, seen.window(day - TRAILING_DAYS, day), sizes)


def last_month(seen: Past, day: int, sizes: Sequence[int]) -> Floats:
    """Binomial of the share in the calendar month before."""
    month = np.datetime64(day, "D").astype("datetime64[M]")
    first, end = ((month - back).astype("datetime64[D]").astype(np.int64) for back in (1, 0))
    return _binomial(seen, seen.window(int(first), int(end)), sizes)


BASELINES: dict[str, Callable[[Past, int, Sequence[int]], Floats]] = {
    rule.__name__: rule for rule in (all_time_mean, trailing_binomial, trailing_beta_binomial, last_month)
}
