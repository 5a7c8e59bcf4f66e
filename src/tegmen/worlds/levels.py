"""Levels: draws uniform on (0, 1) behind a world's unknowns, concentrated where the record has told most.

Importance sampling in two steps: a few small rounds find out which levels the record favours, and the worlds proper are
drawn more often there, each weighed by how much more often. What is estimated stays the same; fewer draws are wasted.
One world in ten is drawn from the prior itself, so no weight exceeds ten (Hesterberg 1995, Technometrics 37, 185:
defensive mixtures).
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
_LEAST = 0.02
_BINS = 12
_EDGES = np.arange(_BINS + 1) / _BINS


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where draws of a number that is uniform on (0, 1) before the record are concentrated: a histogram.

    Parameters
    ----------
    density
        (bin,) density over equal bins of (0, 1), mean one; ones are the uniform.
    """

    density: Floats = field(default_factory=lambda: np.ones(_BINS))

    @classmethod
    def fitted(cls, draws: Floats, weight: Floats) -> Proposal:
        """Fit to draws (w,) of a first round and their weights, which sum to one; no bin is left without any."""
        share = np.bincount((draws * _BINS).astype(np.int64), weight, _BINS)
        smooth = np.convolve(np.pad(share, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
        return cls(_LEAST + (1 - _LEAST) * _BINS * smooth / smooth.sum())

    def draw(self, at_large: NDArray[np.bool_], generator: np.random.Generator) -> tuple[Floats, Floats]:
        """(w,) draws, uniform where they are `at_large` (w,), and the log of the density there."""
        even = generator.random(len(at_large))
        reached = np.append(0.0, np.cumsum(self.density)) / self.density.sum()
        drawn = np.where(at_large, even, np.interp(even, reached, _EDGES))
        drawn = np.minimum(drawn, np.nextafter(1.0, 0.0))
        return drawn, np.log(self.density)[(drawn * _BINS).astype(np.int64)]


@dataclass(slots=True, eq=False)
class Levels:
    """The levels of one set of worlds, by name, drawn one after another.

    Parameters
    ----------
    count, generator
        Worlds; stream of the draws.
    proposals
        Name to proposal; a name that is not there is drawn uniformly.
    drawn, log_density
        Name to (w,) levels drawn so far; (w,) log of the density of the proposals at all of them.
    """

    count: int
    generator: np.random.Generator
    proposals: Mapping[str, Proposal] = field(default_factory=FrozenDict[str, Proposal])
    drawn: dict[str, Floats] = field(default_factory=dict[str, "Floats"])
    log_density: Floats = field(init=False)
    _at_large: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.log_density = np.zeros(self.count)
        self._at_large = self.generator.random(self.count) < _PRIOR_SHARE

    def draw(self, name: str) -> Floats:
        """(w,) levels of a name that was not drawn yet."""
        assert name not in self.drawn, name
        proposal = self.proposals.get(name, Proposal())
        self.drawn[name], log_density = proposal.draw(self._at_large, self.generator)
        self.log_density += log_density
        return self.drawn[name]

    @property
    def log_prior(self) -> Floats:
        """(w,) log of the uniform density over that of the mixture: a world's weight before the record."""
        return -np.log(_PRIOR_SHARE + (1 - _PRIOR_SHARE) * np.exp(self.log_density))


def fit_proposals(round_levels: Sequence[Levels], weight: Floats) -> dict[str, Proposal]:
    """Proposals for the next round, from the levels of this one, in parts, and the weights (w,) of all of them."""
    names = round_levels[0].drawn
    return {
        name: Proposal.fitted(np.concatenate([part.drawn[name] for part in round_levels]), weight) for name in names
    }
