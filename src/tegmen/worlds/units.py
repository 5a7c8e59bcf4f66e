"""What fire units of each system can do in each world."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.worlds.dice import Dice

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


@dataclass(frozen=True, slots=True)
class Units:
    """What every fire unit of a system can do in each world, axes w and s (`MISSILE_SYSTEMS`).

    Radii in km, rounds and channels as counts; `ready_ballistic` and `ready_air` are rounds on launchers kept for
    either kind of target (A12); of two units that could engage at once the lower `preference` fires.
    """

    radius_ballistic_km: Floats
    radius_air_km: Floats
    range_air_km: Floats
    channels: Ints
    ready_ballistic: Ints
    ready_air: Ints
    effectiveness_ballistic: Floats
    effectiveness_air: Floats
    preference: Ints


_WHOLE = ("channels", "ready_ballistic", "ready_air", "preference")


def draw_units(dice: Dice, radius_km: Floats, relative: Floats) -> Units:
    """What fire units of each system can do in each world.

    Parameters
    ----------
    radius_km, relative
        (w, s) defended radius and relative effectiveness against ballistic missiles of `BALLISTIC_SYSTEMS`.
    """
    zero = np.zeros(dice.count)
    pac3 = dice.model("pac3_launcher_share", system="patriot")
    columns: dict[str, list[Floats]] = {part.name: [] for part in fields(Units)}
    for system in MISSILE_SYSTEMS:
        at = BALLISTIC_SYSTEMS.index(system) if system in BALLISTIC_SYSTEMS else None
        columns["radius_ballistic_km"].append(zero if at is None else radius_km[:, at])
        columns["radius_air_km"].append(dice.system(system, "defended_radius_cruise"))
        columns["range_air_km"].append(dice.system(system, "range_air_targets"))
        columns["channels"].append(dice.system(system, "simultaneous_engagements"))
        ready_ballistic, ready_air = _ready_rounds(system, pac3, dice)
        columns["ready_ballistic"].append(ready_ballistic)
        columns["ready_air"].append(ready_air)
        columns["effectiveness_ballistic"].append(zero if at is None else relative[:, at])
        columns["effectiveness_air"].append(dice.model("relative_effectiveness", "cruise", system))
        columns["preference"].append(dice.model("preference_rank", system=system))
    tables: dict[str, Any] = {name: np.stack(column, axis=1) for name, column in columns.items()}
    return Units(**tables | {name: np.rint(tables[name]).astype(np.int64) for name in _WHOLE})


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
