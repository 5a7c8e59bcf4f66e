"""The dice of a batch of worlds: one addressed stream for each source of doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tegmen.evidence.catalogue import Catalogue, Parameter
from tegmen.worlds.levels import Levels

if TYPE_CHECKING:
    from tegmen.terms import Floats

_QUANTILES = np.linspace(0.0, 1.0, 2001)
STREAMS = (
    "targets", "stands", "radius", "availability", "rounds", "units", "rates", "launches", "batteries", "times",
    "losses", "later months", "kinds",
)  # fmt: skip
"""What a world is drawn from: one stream each, so that a row that is replaced shifts no other draw."""


@dataclass(frozen=True, slots=True)
class Dice:
    """The streams of one batch of worlds: each parameter takes the next column of the stream in use.

    What is drawn `by_level` comes from `levels` instead: the record may favour some of its values.
    """

    count: int
    streams: Mapping[str, np.random.Generator]
    catalogue: Catalogue
    stream: str = STREAMS[0]
    used: dict[str, Parameter] = field(default_factory=dict)
    levels: Levels | None = None

    def of(self, stream: str) -> Dice:
        """Give the same dice, drawing from another stream."""
        return replace(self, stream=stream)

    @property
    def generator(self) -> np.random.Generator:
        """The stream in use."""
        return self.streams[self.stream]

    def draw(self, parameter: Parameter, *, by_level: bool = False) -> Floats:
        """One PERT draw a world; the parameter is noted as used."""
        self.used[parameter.label] = parameter
        if by_level:
            return quantiles(parameter, self.level(parameter.label))
        return parameter.draws(self.generator, self.count)

    def level(self, name: str) -> Floats:
        """(w,) levels of a name, uniform on (0, 1) before the record."""
        assert self.levels is not None, "only worlds before the record are drawn by level"
        return self.levels.draw(name)

    def parameter(self, name: str, threat_class: str | None = None, system: str | None = None) -> Parameter:
        """A row of the model table, noted as used."""
        row = self.catalogue.model(name, threat_class=threat_class, system=system)
        self.used[row.label] = row
        return row

    def model(
        self, name: str, threat_class: str | None = None, system: str | None = None, *, by_level: bool = False
    ) -> Floats:
        """Draw a parameter of the model table."""
        return self.draw(self.catalogue.model(name, threat_class=threat_class, system=system), by_level=by_level)

    def kind(self, kind: str, *names: str, threat_class: str = "", by_level: bool = False) -> Floats:
        """Draw the row of a kind of fire unit that is called by the first of these names it has."""
        return self.draw(self.catalogue.of_kind(kind, *names, threat_class=threat_class), by_level=by_level)

    def has(self, kind: str, name: str) -> bool:
        """Whether a kind has a row of this name, of any class."""
        return any(row.system == kind and row.name == name for row in self.catalogue.parameters)

    def is_own(self, kind: str) -> bool:
        """Whether a kind is the question's own."""
        return kind not in self.catalogue.names


def quantiles(parameter: Parameter, level: Floats) -> Floats:
    """Quantiles of a parameter at levels in [0, 1), read between the points of a fine table."""
    table, at = _quantiles_of(parameter), level * (len(_QUANTILES) - 1)
    below = at.astype(np.int64)
    return table[below] + (at - below) * (table[below + 1] - table[below])


@lru_cache(maxsize=256)
def _quantiles_of(parameter: Parameter) -> Floats:
    """Make the table: the inverse itself takes a hundred times as long as reading it."""
    return parameter.pert(_QUANTILES)


def streams_of(key: np.random.SeedSequence) -> dict[str, np.random.Generator]:
    """One counter-based stream a name, addressed by its place in the list."""
    keys = {
        name: np.random.SeedSequence(key.entropy, spawn_key=(*key.spawn_key, at)) for at, name in enumerate(STREAMS)
    }
    return {name: np.random.Generator(np.random.Philox(own)) for name, own in keys.items()}
