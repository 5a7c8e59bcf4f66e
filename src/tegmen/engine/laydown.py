"""A laydown: which added units stand where, of any kinds, one after another; the first n of it are a plan of n."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tegmen.question.option import Option
from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from tegmen.terms import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Laydown:
    """Added units in order.

    Parameters
    ----------
    kinds
        (n,) kind of each unit.
    sites
        (n,) index of its place, or (n, w) one of each world; below 0: the unit stands nowhere.
    beside
        How many of the first units stand there whatever number is asked about: a curve begins with them.
    """

    kinds: tuple[str, ...]
    sites: Ints
    beside: int = 0

    @classmethod
    def of(cls, kind: str, sites: Sequence[int] | Ints) -> Laydown:
        """Lay down units of one kind."""
        table = np.asarray(sites, dtype=np.int64)
        return cls((kind,) * len(table), table)

    def __len__(self) -> int:
        return len(self.kinds)

    def __iter__(self) -> Iterator[tuple[str, Ints]]:
        """Give each unit's kind and its site: one for all worlds, or (w,)."""
        return zip(self.kinds, self.sites, strict=True)

    def first(self, count: int) -> Laydown:
        """Keep the first so many units."""
        return Laydown(self.kinds[:count], self.sites[:count], min(self.beside, count))

    def then(self, other: Laydown) -> Laydown:
        """Lay down more units after these, with one site each for all worlds."""
        return Laydown(self.kinds + other.kinds, np.concatenate([self.sites, other.sites]), self.beside)

    @property
    def asked(self) -> Laydown:
        """The units whose number is asked about."""
        return Laydown(self.kinds[self.beside :], self.sites[self.beside :])

    @property
    def units(self) -> tuple[tuple[str, int], ...]:
        """Kind and site of each, where the sites are those of all worlds."""
        return tuple(zip(self.kinds, self.sites.tolist(), strict=True))

    @property
    def added(self) -> Option:
        """How many of each kind."""
        return FrozenDict(Counter(self.kinds))


NOBODY = Laydown((), np.empty(0, dtype=np.int64))
"""No added unit."""
