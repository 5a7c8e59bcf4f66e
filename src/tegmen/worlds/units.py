"""What fire units of each kind can do in each world."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tegmen.evidence.systems import Kinds
from tegmen.terms import SAME, ThreatClass
from tegmen.worlds.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.terms import Floats, Ints


@dataclass(frozen=True, slots=True)
class Units:
    """What every fire unit of a kind can do in each world, axes w and s (codes of `kinds`).

    Radii in km, rounds and channels as counts; `ready_ballistic` and `ready_air` are rounds on launchers kept for
    either kind of target (A12); of two units that could engage at once the lower `preference` fires. `kill_drone` is
    the share of drones within reach that a ready unit stops, `ready_drone` and `stock_drone` how many it can engage
    with what is loaded, and in a month (A43).
    """

    kinds: Kinds = field(metadata=SAME)
    radius_ballistic_km: Floats
    radius_air_km: Floats
    radius_drone_km: Floats
    range_air_km: Floats
    channels: Ints
    ready_ballistic: Ints
    ready_air: Ints
    ready_drone: Floats
    stock_drone: Floats
    effectiveness_ballistic: Floats
    effectiveness_air: Floats
    kill_drone: Floats
    preference: Ints


_WHOLE = ("channels", "ready_ballistic", "ready_air", "preference")
OUTAGES = ("maintenance_share", "repair_abroad_share", "training_share")


def draw_units(kinds: Kinds, dice: Dice, own: Dice, radius_km: Floats, relative: Floats) -> Units:
    """Draw what fire units of each kind can do in each world.

    Parameters
    ----------
    dice, own
        Of what meets missiles; of the rest and of a question's own kinds, so that they shift no other draw.
    radius_km, relative
        (w, s) defended radius and relative effectiveness against ballistic missiles of the kinds that the defender
        holds; 0 for others.
    """
    names = [part.name for part in fields(Units) if part.name != "kinds"]
    tables: dict[str, Any] = {name: np.zeros((dice.count, len(kinds))) for name in names}
    tables["radius_ballistic_km"][:, : radius_km.shape[1]] = radius_km
    tables["effectiveness_ballistic"][:, : relative.shape[1]] = relative

    def put(kind: str, columns: Mapping[str, Floats]) -> None:
        for name, values in columns.items():
            tables[name][:, kinds.code(kind)] = values

    missiles = kinds.meeting(ThreatClass.ballistic, ThreatClass.cruise)
    shipped = [kind for kind in missiles if not own.is_own(kind)]
    shares = {kind: _ballistic_share(kind, dice) for kind in shipped}
    for kind in shipped:
        put(kind, _against_missiles(kind, kinds, dice, shares[kind]))
    for kind in sorted(kinds.ids, key=own.is_own):
        if kind in missiles and kind not in shipped:
            put(kind, _against_missiles(kind, kinds, own, _ballistic_share(kind, own)))
            put(kind, _against_ballistic(kind, kinds, own))
        if kind in kinds.meeting(ThreatClass.drone):
            put(kind, {} if kind in missiles else {"channels": own.kind(kind, "simultaneous_engagements")})
            put(kind, _against_drones(kind, own))
    whole = {name: np.rint(tables[name]).astype(np.int64) for name in _WHOLE}
    return Units(kinds=kinds, **tables | whole)


def draw_readiness(kinds: Kinds, own: Dice, held: Floats) -> Floats:
    """(w, s) share of nights on which an added unit could fight.

    Of a kind that is held and meets ballistic missiles as drawn (w, s); of another one less each share of nights that
    it is out for and has a row of; 1 without such a row: what units do is then their kind's mean, outages and all.
    """
    ready = np.ones((len(held), len(kinds)))
    ready[:, : held.shape[1]] = held
    ballistic = kinds.meeting(ThreatClass.ballistic)
    for kind in kinds.ids:
        if own.is_own(kind) or kind not in ballistic:
            ready[:, kinds.code(kind)] = np.prod(
                [1 - own.kind(kind, name) for name in OUTAGES if own.has(kind, name)], axis=0, initial=1.0
            ) * np.ones(len(held))
    return ready


def _against_missiles(kind: str, kinds: Kinds, dice: Dice, share: Floats) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    cruise = kind in kinds.meeting(ThreatClass.cruise)
    if cruise:
        columns["radius_air_km"] = dice.kind(kind, "defended_radius_cruise")
        columns["range_air_km"] = dice.kind(kind, "range_air_targets")
    columns["channels"] = dice.kind(kind, "simultaneous_engagements")
    launchers = dice.kind(kind, "launchers_per_fire_unit")
    if kind in kinds.meeting(ThreatClass.ballistic):
        each = dice.kind(kind, "ready_missiles_per_launcher_pac3_mse", "ready_missiles_per_launcher")
        columns["ready_ballistic"] = np.maximum(launchers * share * each, 1)
    if cruise:
        each = dice.kind(kind, "ready_missiles_per_launcher_pac2", "ready_missiles_per_launcher")
        columns["ready_air"] = np.maximum(launchers * (1 - share) * each, 1)
        columns["effectiveness_air"] = dice.kind(kind, "relative_effectiveness", threat_class="cruise")
        columns["preference"] = dice.kind(kind, "preference_rank")
    return columns


def _against_ballistic(kind: str, kinds: Kinds, dice: Dice) -> dict[str, Floats]:
    """Reach and effectiveness of a kind that the defender does not hold; of those held they come from the record."""
    if kind not in kinds.meeting(ThreatClass.ballistic):
        return {}
    return {
        "radius_ballistic_km": dice.kind(kind, "defended_radius_ballistic"),
        "effectiveness_ballistic": dice.kind(kind, "relative_effectiveness", threat_class="ballistic"),
    }


def _ballistic_share(kind: str, dice: Dice) -> Floats:
    """(w,) share of a fire unit's launchers kept for ballistic targets (A12)."""
    name = "ballistic_launcher_share"
    return dice.kind(kind, name) if dice.has(kind, name) else np.zeros(dice.count)


def _against_drones(kind: str, dice: Dice) -> dict[str, Floats]:
    """Reach, kill share and how many drones can be engaged; without rows on rounds as many as come."""
    columns = {
        "radius_drone_km": dice.kind(kind, "defended_radius_drone", "effective_range"),
        "kill_drone": dice.kind(kind, "kill_share", threat_class="drone"),
        "ready_drone": np.full(dice.count, np.inf),
        "stock_drone": np.full(dice.count, np.inf),
    }
    if dice.has(kind, "rounds_per_kill"):
        spent = dice.kind(kind, "rounds_per_kill")
        columns["ready_drone"] = dice.kind(kind, "ready_rounds") / spent
        columns["stock_drone"] = dice.kind(kind, "stock_drone", threat_class="drone") / spent
    return columns
