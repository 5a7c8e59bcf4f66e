"""Levels: draws uniform on (0, 1) behind a world's unknowns, concentrated where the record has told most.

Importance sampling in two steps: a few small rounds find out which levels the record favours, and the worlds proper are
drawn more often there, each weighed by how much more often. What is estimated stays the same; fewer draws are wasted.
One world in ten is drawn from the prior itself, so no weight exceeds ten (Hesterberg 1995, Technometrics 37, 185:
defensive mixtures). Levels are drawn in batches, each a Latin hypercube (McKay, Beckman and Conover 1979): what an
outcome owes to one level alone does not vary from batch to batch, and batches, independent of each other, tell how much
the rest does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from tegmen.terms import Floats

_PRIOR_SHARE = 0.1
_LEAST = 0.05
_BINS = 12
_MIDDLES = (np.arange(_BINS) + 0.5) / _BINS
_NEAR = 0.12
"""Levels of another name within this of the middle of a bin, by and large, tell what is favoured where it is there."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where draws of a number that is uniform on (0, 1) before the record are concentrated: a histogram.

    Parameters
    ----------
    density
        (row, bin) density over equal bins of (0, 1), mean one; ones are the uniform. A row for each of as many bins of
        another level that it hangs on, or one.
    """

    density: Floats = field(default_factory=lambda: np.ones((1, _BINS)))

    @classmethod
    def fitted(cls, draws: Floats, weight: Floats, given: Floats | None = None) -> Proposal:
        """Fit to draws (w,) of a first round and their weights, which sum to one; no bin is left without any.

        Parameters
        ----------
        given
            (w,) another level that the density is to hang on.
        """
        weights = [weight]
        if given is not None:
            weights = [weight * np.exp(-0.5 * ((given - middle) / _NEAR) ** 2) + 1e-300 for middle in _MIDDLES]
        at = (draws * _BINS).astype(np.int64)
        share = np.stack([np.bincount(at, each / each.sum(), _BINS) for each in weights])
        padded = np.pad(share, ((0, 0), (1, 1)), mode="edge")
        smooth = 0.25 * padded[:, :-2] + 0.5 * share + 0.25 * padded[:, 2:]
        return cls(_LEAST + (1 - _LEAST) * _BINS * smooth / smooth.sum(axis=1, keepdims=True))

    def draw(self, at_large: NDArray[np.bool_], even: Floats, given: Floats | None = None) -> tuple[Floats, Floats]:
        """(w,) draws made of uniform ones, which stay so where `at_large` (w,); the log of the density there."""
        rows, bins = self.density.shape
        row = np.zeros(len(even), dtype=np.int64) if given is None else (given * rows).astype(np.int64)
        # All rows one after another make one rising curve, whose inverse is read once.
        edges = np.arange(rows * bins + 1) / bins
        reached = np.append(0.0, np.cumsum(self.density)) / bins
        drawn = np.where(at_large, even, np.interp(row + even, reached, edges) - row)
        drawn = np.clip(drawn, 0.0, np.nextafter(1.0, 0.0))
        return drawn, np.log(self.density)[row, (drawn * bins).astype(np.int64)]


@dataclass(slots=True, eq=False)
class Levels:
    """The levels of one set of worlds, by name, drawn one after another.

    Parameters
    ----------
    count, generator
        Worlds; stream of the draws.
    proposals
        Name to proposal; a name that is not there is drawn uniformly.
    batch
        Worlds a Latin hypercube; the last may have fewer.
    drawn, log_density
        Name to (w,) levels drawn so far; (w,) log of the density of the proposals at all of them.
    hangs_on
        Name to the name of the level that its proposal hangs on.
    """

    count: int
    generator: np.random.Generator
    proposals: Mapping[str, Proposal] = field(default_factory=FrozenDict[str, Proposal])
    batch: int = 1
    drawn: dict[str, Floats] = field(default_factory=dict[str, "Floats"])
    hangs_on: dict[str, str] = field(default_factory=dict[str, str])
    log_density: Floats = field(init=False)
    _at_large: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.log_density = np.zeros(self.count)
        self._at_large = self._even() < _PRIOR_SHARE

    def draw(self, name: str, given: str | None = None) -> Floats:
        """(w,) levels of a name that was not drawn yet; what the record favours may hang on another, drawn before."""
        assert name not in self.drawn, name
        proposal, other = self.proposals.get(name, Proposal()), None
        if given is not None:
            self.hangs_on[name], other = given, self.drawn[given]
        self.drawn[name], log_density = proposal.draw(self._at_large, self._even(), other)
        self.log_density += log_density
        return self.drawn[name]

    def _even(self) -> Floats:
        """(w,) uniform draws, in each batch one in every equal part of (0, 1)."""
        whole, rest = divmod(self.count, self.batch)
        parts = np.tile(np.arange(self.batch), (whole, 1))
        part = np.append(self.generator.permuted(parts, axis=1), self.generator.permutation(rest))
        return (part + self.generator.random(self.count)) / np.repeat([self.batch, rest], [self.count - rest, rest])

    @property
    def log_prior(self) -> Floats:
        """(w,) log of the uniform density over that of the mixture: a world's weight before the record."""
        return -np.log(_PRIOR_SHARE + (1 - _PRIOR_SHARE) * np.exp(self.log_density))


def fit_proposals(round_levels: Sequence[Levels], weight: Floats) -> dict[str, Proposal]:
    """Proposals for the next round, from the levels of this one, in parts, and the weights (w,) of all of them."""
    head = round_levels[0]
    drawn = {name: np.concatenate([part.drawn[name] for part in round_levels]) for name in head.drawn}
    return {name: Proposal.fitted(drawn[name], weight, drawn.get(head.hangs_on.get(name, ""))) for name in drawn}
