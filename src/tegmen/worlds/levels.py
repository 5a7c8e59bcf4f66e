"""Levels: draws uniform on (0, 1) behind a world's unknowns, concentrated where the record has told most.

Importance sampling in two steps: a few small rounds find out which levels the record favours, and the worlds proper are
drawn more often there, each weighed by how much more often. What is estimated stays the same; fewer draws are wasted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from tegmen.terms import Floats

_PRIOR_SHARE = 0.2
_BINS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where draws of a number that is uniform on (0, 1) before the record are concentrated, and what that weighs.

    One draw in five comes from the uniform itself, so no weight exceeds five (Hesterberg 1995, Technometrics 37, 185:
    defensive mixtures); the others from a histogram of a first round's weighted draws.

    Parameters
    ----------
    density
        (bin,) density over equal bins of (0, 1), mean one; ones are the uniform.
    """

    density: Floats = field(default_factory=lambda: np.ones(_BINS))

    @classmethod
    def fitted(cls, draws: Floats, weight: Floats) -> Proposal:
        """Fit to draws (w,) of a first round and their weights, which sum to one."""
        share = np.bincount((draws * _BINS).astype(np.int64), weight, _BINS)
        smooth = np.convolve(np.pad(share, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid")
        return cls(_PRIOR_SHARE + (1 - _PRIOR_SHARE) * _BINS * smooth / smooth.sum())

    def draw(self, count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """(w,) draws, and the log of uniform density over that of the proposal."""
        bins = np.searchsorted(np.cumsum(self.density) / _BINS, generator.random(count), side="right")
        bins = np.minimum(bins, _BINS - 1)
        return (bins + generator.random(count)) / _BINS, -np.log(self.density[bins])


@dataclass(slots=True, eq=False)
class Levels:
    """The levels of one set of worlds, by name, drawn one after another.

    Parameters
    ----------
    count, generator
        Worlds; stream of the draws.
    proposals
        Name to proposal; a name that is not there is drawn uniformly.
    drawn, log_prior
        Name to (w,) levels drawn so far; (w,) log of the uniform density over that of all proposals.
    """

    count: int
    generator: np.random.Generator
    proposals: Mapping[str, Proposal] = field(default_factory=FrozenDict[str, Proposal])
    drawn: dict[str, Floats] = field(default_factory=dict[str, "Floats"])
    log_prior: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.log_prior = np.zeros(self.count)

    def draw(self, name: str) -> Floats:
        """(w,) levels of a name that was not drawn yet."""
        assert name not in self.drawn, name
        self.drawn[name], log_ratio = self.proposals.get(name, Proposal()).draw(self.count, self.generator)
        self.log_prior += log_ratio
        return self.drawn[name]

    def fitted(self, weight: Floats) -> dict[str, Proposal]:
        """Proposals for the next round, from the weights (w,) of this one."""
        return {name: Proposal.fitted(draws, weight) for name, draws in self.drawn.items()}
