"""How good a forecast of a count was: coverage, log score, CRPS and PIT, and differences with their intervals.

Knows nothing of air defence. A forecast is the probability (n + 1,) of every count, the outcome one of them. A count
has steps, so an interval that holds exactly 90 % rarely exists. Coverage is therefore taken from the randomised PIT
(Czado, Gneiting and Held 2009, Biometrics 65:1254), averaged over its random number instead of drawing it: the share of
the outcome's step [F(k - 1), F(k)] that lies in the middle 90 %. A right forecast has 90 % on average, whatever n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tegmen.terms import content_equal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegmen.terms import Floats, Ints


LEVELS = (0.5, 0.8, 0.9, 0.95)
BINS = 10
RESAMPLES = 4000
_FLOOR = 1e-12


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Scores of single forecasts, axis f = forecast.

    Parameters
    ----------
    log_score
        (f,) log probability of the outcome; higher is better.
    crps
        (f,) sum over j of (F(j) - [outcome <= j])^2, in counts; lower is better.
    below, upto
        (f,) F(k - 1) and F(k): the step of the outcome k.
    """

    log_score: Floats
    crps: Floats
    below: Floats
    upto: Floats

    def coverage(self, level: float) -> Floats:
        """Share (f,) of each outcome's step in the central interval."""
        low, high = 0.5 - level / 2, 0.5 + level / 2
        step = np.maximum(self.upto - self.below, _FLOOR)
        return np.clip((np.minimum(self.upto, high) - np.maximum(self.below, low)) / step, 0.0, 1.0)

    def plain_coverage(self, level: float) -> Floats:
        """Whether (f,) the outcome is in the interval of whole counts from the low to the high quantile, ends in."""
        low, high = 0.5 - level / 2, 0.5 + level / 2
        return ((self.upto >= low) & (self.below < high)).astype(np.float64)

    def pit(self) -> Floats:
        """Histogram (BINS,) of the PIT, mean over forecasts; 1 / BINS in every bin if they are right."""
        edges = np.linspace(0, 1, BINS + 1)
        step = np.maximum(self.upto - self.below, _FLOOR)[:, None]
        reached = np.clip((edges - self.below[:, None]) / step, 0.0, 1.0)
        return np.diff(reached, axis=1).mean(axis=0)


def marks(chances: Sequence[Floats], outcomes: Sequence[int]) -> Marks:
    """Score forecasts; an outcome beyond a forecast's last count has probability zero, kept above 1e-12."""
    rows: list[tuple[float, float, float, float]] = []
    for chance, k in zip(chances, outcomes, strict=True):
        padded = np.concatenate([chance, np.zeros(max(k + 1 - len(chance), 0))])
        upto = np.minimum(np.cumsum(padded), 1.0)
        crps = ((upto - (np.arange(len(padded)) >= k)) ** 2).sum()
        rows.append((np.log(max(padded[k], _FLOOR)), crps, upto[k - 1] if k else 0.0, upto[k]))
    return Marks(*np.array(rows).T)


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean difference of log scores, forecast minus baseline, and its 90 % interval."""

    mean: float
    low: float
    high: float


def difference(ours: Floats, theirs: Floats, block: Ints, seed: int) -> Difference:
    """Compare paired scores, with a bootstrap over blocks (weeks): scores of one week are alike.

    Parameters
    ----------
    ours, theirs
        (f,) scores of the same outcomes.
    block
        (f,) number of the block a forecast is in.
    seed
        Of the bootstrap: 4,000 resamples of whole blocks with replacement.
    """
    gain = ours - theirs
    _, index = np.unique(block, return_inverse=True)
    sums, sizes = np.bincount(index, gain), np.bincount(index).astype(np.float64)
    picks = np.random.Generator(np.random.Philox(key=seed)).integers(len(sums), size=(RESAMPLES, len(sums)))
    low, high = np.quantile(sums[picks].sum(axis=1) / sizes[picks].sum(axis=1), (0.05, 0.95))
    return Difference(float(gain.mean()), float(low), float(high))
