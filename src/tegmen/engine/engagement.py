"""Worlds and sites to feasible (threat, unit) pairs with integer windows: the tables the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.kernel.windows import BEFORE_IMPACT, TICKS_PER_S, Ways, find_windows
from tegmen.engine.laydown import Laydown
from tegmen.engine.workload import ROUNDS_MOST
from tegmen.errors import InputError
from tegmen.evidence.geography import horizon_km
from tegmen.question.lanes import LANE_CLASSES, VARIANTS
from tegmen.question.theatre import Theatre
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


PRIORITY = (
    ThreatClass.ballistic,
    ThreatClass.supersonic,
    ThreatClass.cruise,
    ThreatClass.s300_ground,
    ThreatClass.drone,
)
"""Which class is served first when two engagements could start in the same tick."""
MEETS = ("cruise", "ballistic at Kyiv", "ballistic elsewhere", "drone")
"""What engagements meet where; the kind of one is the code of the unit's kind + number of those x place in `MEETS`."""
_GUNS = 2
_DENSEST = 5.0
"""The densest dispersed layer there is [1/km]: what is met is stopped within a km."""
_NEWTON_MOST = 60
_SECTIONS = {1: ThreatClass.ballistic, 0: ThreatClass.cruise, _GUNS: ThreatClass.drone}
"""Sections of a fire unit, in the order of their rows, to what each meets; drones are met by added units alone."""
ADDED_OUTAGE_ID = 4096
"""Outage ids of added units start here, so that the same unit keeps its draws whatever the baseline."""
PAIR = np.dtype([(name, np.int32) for name in ("unit", "open", "close", "flight", "preference", "kind")])
"""A unit that can engage what comes on a lane: first and last tick of launch, ticks a channel is held, rank of
preference, and what its rounds do there (`KINDS`)."""
UNIT = np.dtype([(name, np.int64) for name in ("channels", "ready", "reload", "salvo", "outage", "outage_id")])
"""A section of a fire unit: channels, rounds on full launchers, ticks to reload, rounds a salvo, uint32 threshold and
address of its draw of outage."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """Integer tables of one batch of worlds and one list of added sites; axes w, lane, pair, u.

    `pointers` (w, lane + 1) index `pairs` (pair,) `PAIR`; a lane's are sorted by opening and unit. `units` (w, u) are
    `UNIT`, `stock` (w, u) rounds in store for the month. Units beyond `base_units` belong to the added fire units,
    `per_added` rows each, in order, so a laydown with N added units is the first `base_units + N * per_added` rows.
    """

    classes: tuple[ThreatClass, ...]
    pointers: Ints
    pairs: NDArray[np.void]
    units: NDArray[np.void]
    stock: Ints
    base_units: int
    per_added: int

    def take(self, index: NDArray[np.intp]) -> Engagement:
        """Keep the worlds of these indices; the pairs stay where they are."""
        return replace(self, pointers=self.pointers[index], units=self.units[index], stock=self.stock[index])

    def exists(self, added: int) -> NDArray[np.uint8]:
        """(u,) which unit rows exist with the first so many added fire units."""
        return (np.arange(self.units.shape[1]) < self.base_units + added * self.per_added).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Unit rows of all worlds: (w, u) system (-1: none), site, readiness, outage id; (u,) section."""

    system: Ints
    site: Ints
    readiness: Floats
    outage: Ints
    section: Ints


def engage(worlds: Worlds, plan: Laydown, classes: Sequence[ThreatClass]) -> Engagement:
    """Find the feasible pairs of a batch of worlds with fire units added, in order.

    Parameters
    ----------
    plan
        The added units.
    classes
        Threat classes wanted; units engage ballistic and cruise missiles (A10), added ones drones, too (A43).
    """
    rows = _unit_rows(worlds, plan, classes)
    pairs: list[NDArray[np.void]] = []
    pointers = np.zeros((len(worlds), worlds.theatre.lanes.first[-1] + 1), dtype=np.int64)
    for w in range(len(worlds)):
        by_class = [_point_pairs(worlds, rows, w)] if ThreatClass.ballistic in classes else []
        by_class += [_area_pairs(worlds, rows, w)] if ThreatClass.cruise in classes else []
        by_class += [_gun_pairs(worlds, rows, w)] if ThreatClass.drone in classes else []
        lane, table = (np.concatenate(parts) for parts in zip(*by_class, strict=True))
        # Pairs are found unit after unit on every lane, and a stable sort keeps them so: by lane, opening and unit.
        pairs.append(table[np.argsort((lane << 32) + table["open"], kind="stable")])
        pointers[w, 1:] = np.bincount(lane, minlength=pointers.shape[1] - 1)
    # With a leading 0 in every row, the running sum gives where each lane of each world begins and ends.
    np.cumsum(pointers.ravel(), out=pointers.ravel())
    sections = [section for section in _SECTIONS if _wanted(section, classes)]
    return Engagement(
        classes=tuple(classes),
        pointers=pointers,
        pairs=np.concatenate(pairs),
        units=_unit_table(worlds, rows),
        stock=_stock(worlds, rows),
        base_units=rows.system.shape[1] - len(plan) * len(sections),
        per_added=len(sections),
    )


def _wanted(section: int, classes: Sequence[ThreatClass]) -> bool:
    return _SECTIONS[section] in classes


def _unit_rows(worlds: Worlds, plan: Laydown, classes: Sequence[ThreatClass]) -> _Rows:
    """Sections of baseline units, packed to the left, then the sections of each added unit in order."""
    count = len(worlds)
    blocks: list[tuple[Ints, Ints, Floats, Ints, int]] = []
    ballistic = len(worlds.kinds.meeting(ThreatClass.ballistic))
    for section in (1, 0):
        if not _wanted(section, classes):
            continue
        fits = (worlds.system >= 0) & ((worlds.system < ballistic) | (section == 0))
        width = int(fits.sum(axis=1).max()) if fits.size else 0
        order = np.argsort(~fits, axis=1, kind="stable")[:, :width]
        packed = np.take_along_axis(np.where(fits, worlds.system, -1), order, axis=1)
        site = np.maximum(np.take_along_axis(worlds.site, order, axis=1), 0)
        blocks.append((packed, site, np.take_along_axis(worlds.readiness, order, axis=1), order, section))
    for number, (kind, place) in enumerate(plan):
        code = worlds.kinds.code(kind)
        for section, cls in _SECTIONS.items():
            if cls in classes:
                column, ready = np.ones((count, 1), dtype=np.int64), worlds.readiness_added[:, code, None]
                own, site = (
                    column * (code if cls in worlds.kinds.met[kind] else -1),
                    column * np.reshape(place, (-1, 1)),
                )
                blocks.append((own, site, ready, column * (ADDED_OUTAGE_ID + number), section))
    return _Rows(
        system=np.concatenate([block[0] for block in blocks], axis=1),
        site=np.concatenate([block[1] for block in blocks], axis=1),
        readiness=np.concatenate([block[2] for block in blocks], axis=1),
        outage=np.concatenate([block[3] for block in blocks], axis=1),
        section=np.concatenate([np.full(block[0].shape[1], block[4]) for block in blocks]),
    )


def _pairs(**columns: Ints) -> NDArray[np.void]:
    """Pairs as the kernel reads them; what would wrap round is refused."""
    table = np.empty(columns["unit"].size, PAIR)
    for name, column in columns.items():
        most = int(np.abs(column).max(initial=0))
        if most > np.iinfo(np.int32).max:
            found = f"a window or flight time of {most / TICKS_PER_S:.3g} s does not fit the tables"
            raise InputError("engagement", [f"{found}; give speeds and times within a night (at most 10^8 s)"])
        table[name] = column
    return table


def _ticks(seconds: Floats) -> Ints:
    return np.rint(seconds * TICKS_PER_S).astype(np.int64)


def _point_pairs(worlds: Worlds, rows: _Rows, w: int) -> tuple[Ints, NDArray[np.void]]:
    """Ballistic: a unit may engage what falls on a place inside its defended radius, once for all units (A10)."""
    units = np.flatnonzero((rows.section == 1) & (rows.system[w] >= 0))
    code, scalar, theatre = rows.system[w, units], worlds.scalar, worlds.theatre
    radius = worlds.units.radius_ballistic_km[w]
    place, at = np.nonzero(theatre.apart_km[:, rows.site[w, units]] <= radius[code][None])
    # An interceptor flies at least to intercept height and the ground distance to the place.
    speed, height = scalar["interceptor_speed_point_kms"][w], scalar["intercept_height_km"][w]
    flight = np.maximum(1, _ticks(np.hypot(theatre.apart_km[place, rows.site[w, units[at]]], height) / speed))
    # All windows of a world open in the same tick. A channel is held for as long as a missile is in view, so no unit's
    # window is still open when a result is known: one engagement, by the first unit of the order of preference.
    farthest = np.maximum(1, _ticks(np.hypot(radius.max(keepdims=True), height) / speed))
    view = np.maximum(_ticks(np.array([scalar["detection_ballistic_s"][w] - scalar["reaction_s"][w]])), farthest)
    zone = np.where(theatre.places.kyiv[place], 1, 2)
    table = _pairs(
        unit=units[at], open=np.broadcast_to(BEFORE_IMPACT - view, flight.shape), close=BEFORE_IMPACT - flight,
        flight=np.broadcast_to(view, flight.shape), preference=code[at], kind=code[at] + len(worlds.kinds) * zone,
    )  # fmt: skip
    return theatre.lanes.first[ThreatClass.ballistic] + place, table


def _area_pairs(worlds: Worlds, rows: _Rows, w: int) -> tuple[Ints, NDArray[np.void]]:
    """Cruise: the part of a lane inside a unit's disc, the disc cut by the radar horizon."""
    units = np.flatnonzero((rows.section == 0) & (rows.system[w] >= 0))
    code = rows.system[w, units]
    every = np.ones(worlds.theatre.lanes.length_km.size, dtype=bool)
    at, lane, opening, closing, flight = find_windows(
        rows.site[w, units], reach_air_km(worlds)[w, code], lane_ways(worlds.theatre), every, cruise_pace(worlds)[w]
    )
    rank = worlds.units.preference[w, code[at]]
    table = _pairs(unit=units[at], open=opening, close=closing, flight=flight, preference=rank, kind=code[at])
    return worlds.theatre.lanes.first[ThreatClass.cruise] + lane, table


def _gun_pairs(worlds: Worlds, rows: _Rows, w: int) -> tuple[Ints, NDArray[np.void]]:
    """Drones: added units within reach of the place aimed at engage in turn, each once, in a time of its own (A43)."""
    units = np.flatnonzero((rows.section == _GUNS) & (rows.system[w] >= 0))
    code, lanes = rows.system[w, units], worlds.theatre.lanes
    apart = worlds.theatre.apart_km[:, rows.site[w, units]]
    place, at = np.nonzero(apart <= worlds.units.radius_drone_km[w, code][None])
    # The last of a place's units has the last turn. A turn is twice an engagement: it may begin late, not twice.
    behind = np.bincount(place, minlength=len(apart))[place] - (np.arange(len(place)) - np.searchsorted(place, place))
    busy = max(1, int(_ticks(worlds.scalar["engagement_drone_s"][w : w + 1])[0]))
    opening = np.maximum(BEFORE_IMPACT - 2 * busy * behind, 0)
    ways = lanes.areas * VARIANTS
    lane = (place[:, None] * ways + np.arange(ways)).ravel()

    def on_each(column: Ints) -> Ints:
        return np.repeat(column, ways)

    table = _pairs(
        unit=on_each(units[at]), open=on_each(opening), close=on_each(opening + busy - 1),
        flight=np.full(lane.size, busy), preference=np.zeros(lane.size, np.int64),
        kind=on_each(code[at] + len(worlds.kinds) * MEETS.index("drone")),
    )  # fmt: skip
    return lanes.first[ThreatClass.drone] + lane, table


def reach_air_km(worlds: Worlds) -> Floats:
    """(w, system) how far a unit meets cruise missiles: its defended radius, cut by the radar horizon [km]."""
    scalar = worlds.scalar
    horizon = horizon_km(scalar["radar_height_m"], scalar["cruise_height_m"])
    return np.minimum(worlds.units.radius_air_km, np.asarray(horizon)[:, None])


def cruise_pace(worlds: Worlds) -> Floats:
    """(w, 5) seconds a km, reaction [s], time in view [s], interceptor's km a second, rounds a salvo."""
    scalar = worlds.scalar
    columns = [
        3600.0 / scalar["cruise_speed_kmh"], scalar["reaction_s"], scalar["window_cruise_s"],
        scalar["interceptor_speed_area_kms"], salvo_of(worlds, "cruise"),
    ]  # fmt: skip
    return np.stack(columns, axis=1, dtype=np.float64)


def salvo_of(worlds: Worlds, cls: Literal["ballistic", "cruise"]) -> Ints:
    """(w,) rounds fired at one missile of a class."""
    return np.maximum(1, np.rint(worlds.scalar[f"salvo_{cls}"])).astype(np.int64)


def lane_ways(theatre: Theatre) -> Ways:
    """Cruise lanes as the kernel reads them."""
    lanes = theatre.lanes
    return Ways(
        lanes.pointer, lanes.lane, lanes.approach_km, lanes.along_km, lanes.length_km,
        np.ascontiguousarray(lanes.area_weight[ThreatClass.cruise]), VARIANTS,
    )  # fmt: skip


def _unit_table(worlds: Worlds, rows: _Rows) -> NDArray[np.void]:
    """(w, u) `UNIT`; a row without a unit has neither channels nor rounds."""
    present = rows.system >= 0
    system = np.maximum(rows.system, 0)
    ballistic, guns = rows.section == 1, rows.section == _GUNS

    def pick(table: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(table, system, axis=1)

    ready = np.where(ballistic, pick(worlds.units.ready_ballistic), pick(worlds.units.ready_air))
    ready = np.where(guns, _drones_met(worlds, rows)[0], ready)
    salvo = np.where(ballistic, salvo_of(worlds, "ballistic")[:, None], salvo_of(worlds, "cruise")[:, None])
    salvo = np.where(guns, 1, salvo)  # what a gun has is counted in drones that it can engage
    table = np.zeros(rows.system.shape, UNIT)
    table["channels"] = np.where(present, np.maximum(pick(worlds.units.channels), 1), 0)
    table["ready"] = np.where(present, ready, 0)
    table["reload"] = np.where(guns, 1, _ticks(worlds.scalar["reload_s"])[:, None])
    table["salvo"] = salvo
    table["outage"] = np.rint((1 - rows.readiness) * 2.0**32)
    table["outage_id"] = rows.outage
    return table


def _stock(worlds: Worlds, rows: _Rows) -> Ints:
    """(w, u) rounds in store for the month; those against ballistic missiles are one national pool, not a unit's."""
    stock = np.where(rows.section == 1, ROUNDS_MOST, np.rint(worlds.scalar["stock_area"])[:, None])
    stock = np.where(rows.section == _GUNS, _drones_met(worlds, rows)[1], stock)
    return np.where(rows.system >= 0, stock, 0).astype(np.int64)


def _drones_met(worlds: Worlds, rows: _Rows) -> tuple[Floats, Floats]:
    """(w, u) drones that a unit can engage with what is loaded, and after; no more than are launched.

    It spends nothing on those that the dispersed layer has stopped on their way. Here units come first and the layer
    acts on the rest, so what they have lasts for as many more as the layer stops.
    """
    system, launched = np.maximum(rows.system, 0), worlds.counts[:, ThreatClass.drone, None]
    arrives = np.maximum(1 - worlds.rate[:, ThreatClass.drone, None], 1e-3)
    month = np.minimum(np.take_along_axis(worlds.units.stock_drone, system, axis=1) / arrives, launched)
    loaded = np.minimum(np.take_along_axis(worlds.units.ready_drone, system, axis=1) / arrives, month)
    return np.rint(loaded), np.rint(month) - np.rint(loaded)


def attrition_by_lane(worlds: Worlds) -> Floats:
    """(w, lane) share stopped by the dispersed layer; near-zero classes keep their posted rate on every lane."""
    first = worlds.theatre.lanes.first
    table = np.zeros((len(worlds), int(first[-1])))
    for cls in ThreatClass:
        here = slice(int(first[cls]), int(first[cls + 1]))
        if cls in LANE_CLASSES:
            table[:, here] = attrition_rate(worlds, cls, layer_share(worlds, cls))
        elif cls in (ThreatClass.supersonic, ThreatClass.s300_ground):
            table[:, here] = worlds.rate[:, cls, None]
    return table


def layer_share(worlds: Worlds, cls: ThreatClass) -> Floats:
    """(w,) share of a class's threats that the dispersed layer stops: of cruise missiles a part of those stopped."""
    part = worlds.scalar["dispersed_share_cruise"] if cls is ThreatClass.cruise else 1.0
    return part * worlds.rate[:, cls]


def attrition_rate(worlds: Worlds, cls: ThreatClass, share: Floats) -> Floats:
    """(w, l) chance that the dispersed layer stops a threat on each lane: 1 - exp(-λ d), d km flown over Ukraine."""
    steps, where = np.unique(worlds.theatre.lanes.inside_km, return_inverse=True)
    return -np.expm1(-layer_density(worlds, cls, share)[:, None] * steps)[:, where]


def layer_density(worlds: Worlds, cls: ThreatClass, share: Floats) -> Floats:
    """(w,) λ of the dispersed layer [1/km], so that it stops `share` (w,) of the class's threats.

    The share stopped rises with λ, ever more slowly: Newton's steps from 0 never pass the root. Where no λ up to the
    densest stops the share, it is the densest. Distances are few (whole tens of km).
    """
    lanes = worlds.theatre.lanes
    use = (worlds.mix[:, cls, :, None] * lanes.area_weight[cls]).reshape(len(worlds), -1)
    steps, where = np.unique(lanes.inside_km, return_inverse=True)
    member = np.zeros((use.shape[1], steps.size))
    np.add.at(member, (np.repeat(np.arange(use.shape[1]), VARIANTS), where), 1.0 / VARIANTS)
    spread, density = use @ member, np.zeros(len(worlds))
    for _ in range(_NEWTON_MOST):
        stopped = -np.expm1(-density[:, None] * steps)
        more = (share - (spread * stopped).sum(axis=1)) / np.maximum((spread * (1 - stopped)) @ steps, 1e-300)
        before, density = density, np.clip(density + more, 0.0, _DENSEST)
        if (abs(density - before) <= 1e-13 * density).all():
            break
    return density


def glide_bombs_launched(worlds: Worlds, plan: Laydown, total: int) -> Floats:
    """(w,) glide bombs launched in the month when long-range units deny what they reach.

    Bombs are not intercepted. They are dropped as far behind the line as the bomb glides; a launch point within range
    of a long-range unit is denied with the world's denial factor (wide range), the rest is unopposed (A15).
    """
    apart = worlds.theatre.front_apart_km
    reached = np.zeros((len(worlds), apart.shape[1]), dtype=bool)
    ballistic = len(worlds.kinds.meeting(ThreatClass.ballistic))
    added = [(worlds.kinds.code(kind), int(site)) for kind, site in plan]
    for w in range(len(worlds)):
        stands = [(s, p) for s, p in zip(worlds.system[w], worlds.site[w], strict=True) if 0 <= s < ballistic]
        for s, p in [*stands, *(each for each in added if each[0] < ballistic)]:
            reached[w] |= apart[p] + worlds.scalar["glide_range_km"][w] <= worlds.units.range_air_km[w, s]
    return total * (1 - worlds.scalar["glide_bomb_denial"] * reached.mean(axis=1))
