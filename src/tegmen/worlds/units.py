"""What fire units of each system can do in each world, and the dice that draw a world's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.evidence.catalogue import Catalogue, Parameter

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


SYSTEMS = ("patriot", "sampt", "nasams", "iris_t_slm", "hawk", "s300ps", "buk_m1")
"""Systems that fire missiles in the model; guns, mobile groups and jamming are the dispersed layer."""
BALLISTIC_SYSTEMS = ("patriot", "sampt")


STREAMS = (
    "rates", "launches", "targets", "radius", "units", "stands", "batteries", "readiness", "times",
)  # fmt: skip
"""What a world is drawn from: one stream each, so that one can be drawn anew and the others kept."""


@dataclass(frozen=True, slots=True)
class Dice:
    """The streams of one batch of worlds: each parameter takes the next column of the stream in use."""

    count: int
    streams: Mapping[str, np.random.Generator]
    catalogue: Catalogue
    stream: str = STREAMS[0]
    used: dict[str, Parameter] = field(default_factory=dict)
    layouts: list[int] = field(default_factory=list)

    def of(self, stream: str) -> Dice:
        """Give the same dice, drawing from another stream."""
        return replace(self, stream=stream)

    @property
    def generator(self) -> np.random.Generator:
        """The stream in use."""
        return self.streams[self.stream]

    def each(self) -> list[np.random.Generator]:
        """One stream a world, where draws depend on what another stream gave: no world may shift the next one's."""
        key = int(self.generator.integers(2**63))
        return [np.random.Generator(np.random.Philox(key=[key, world])) for world in range(self.count)]

    def draw(self, parameter: Parameter) -> Floats:
        """One PERT draw a world; the parameter is noted as used."""
        self.used[parameter.label] = parameter
        return parameter.draws(self.generator, self.count)

    def model(self, name: str, threat_class: str | None = None, system: str | None = None) -> Floats:
        """Draw a parameter of the model table."""
        return self.draw(self.catalogue.model(name, threat_class=threat_class, system=system))

    def system(self, system: str, name: str) -> Floats:
        """Draw a parameter of the systems table."""
        return self.draw(self.catalogue.system(system, name))


@dataclass(frozen=True, slots=True)
class Units:
    """What every fire unit of a system can do in each world, axes w and s (`SYSTEMS`).

    Radii in km, rounds and channels as counts; `ready_ballistic` and `ready_air` are rounds on launchers kept for
    either kind of target (A12).
    """

    radius_ballistic_km: Floats
    radius_air_km: Floats
    range_air_km: Floats
    channels: Ints
    ready_ballistic: Ints
    ready_air: Ints
    effectiveness_ballistic: Floats
    effectiveness_air: Floats


def take_units(units: Units, index: NDArray[np.intp]) -> Units:
    """Keep what units can do in the worlds of these indices."""
    return Units(**{part.name: getattr(units, part.name)[index] for part in fields(Units)})


def draw_units(dice: Dice) -> Units:
    """What fire units of each system can do in each world."""
    zero = np.zeros(dice.count)
    pac3 = dice.model("pac3_launcher_share", system="patriot")
    columns: dict[str, list[Floats]] = {part.name: [] for part in fields(Units)}
    for system in SYSTEMS:
        ballistic = system in BALLISTIC_SYSTEMS
        radius = dice.of("radius").system(system, "defended_radius_ballistic") if ballistic else zero
        columns["radius_ballistic_km"].append(radius)
        columns["radius_air_km"].append(dice.system(system, "defended_radius_cruise"))
        columns["range_air_km"].append(dice.system(system, "range_air_targets"))
        columns["channels"].append(dice.system(system, "simultaneous_engagements"))
        ready_ballistic, ready_air = _ready_rounds(system, pac3, dice)
        columns["ready_ballistic"].append(ready_ballistic)
        columns["ready_air"].append(ready_air)
        effective = dice.model("relative_effectiveness", "ballistic", system) if ballistic else zero
        columns["effectiveness_ballistic"].append(effective)
        columns["effectiveness_air"].append(dice.model("relative_effectiveness", "cruise", system))
    real = {name: np.stack(column, axis=1) for name, column in columns.items()}
    whole = {name: np.rint(real.pop(name)).astype(np.int64) for name in ("channels", "ready_ballistic", "ready_air")}
    return Units(
        radius_ballistic_km=real["radius_ballistic_km"],
        radius_air_km=real["radius_air_km"],
        range_air_km=real["range_air_km"],
        channels=whole["channels"],
        ready_ballistic=whole["ready_ballistic"],
        ready_air=whole["ready_air"],
        effectiveness_ballistic=real["effectiveness_ballistic"],
        effectiveness_air=real["effectiveness_air"],
    )


def _ready_rounds(system: str, pac3: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Rounds on launchers kept for ballistic and for aerodynamic targets (A12)."""
    if system == "patriot":
        launchers = dice.system(system, "launchers_per_fire_unit")
        ballistic = launchers * pac3 * dice.system(system, "ready_missiles_per_launcher_pac3_mse")
        return np.maximum(ballistic, 1), np.maximum(
            launchers * (1 - pac3) * dice.system(system, "ready_missiles_per_launcher_pac2"), 1
        )
    per_launcher = dice.system(system, "ready_missiles_per_launcher")
    buk = system == "buk_m1"
    launchers = (
        dice.model("launchers_per_fire_unit", system=system) if buk else dice.system(system, "launchers_per_fire_unit")
    )
    rounds = per_launcher * launchers
    return (rounds / 2, rounds / 2) if system == "sampt" else (np.zeros(dice.count), rounds)
