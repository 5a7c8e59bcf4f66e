"""Worlds and sites to feasible (threat, unit) pairs with integer windows: the tables the kernel reads.

Ticks are 0.1 s; a window is counted from a threat's own zero, `BEFORE_IMPACT` ticks before it would hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tegmen.errors import InputError
from tegmen.evidence.geography import horizon_km
from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.lanes import VARIANTS
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


TICKS_PER_S = 10
BEFORE_IMPACT = 150_000
"""Ticks from a threat's zero to its impact (a little over 4 h: longer than any cruise missile's way)."""
PRIORITY = (
    ThreatClass.ballistic,
    ThreatClass.supersonic,
    ThreatClass.cruise,
    ThreatClass.s300_ground,
    ThreatClass.drone,
)
"""Which class is served first when two engagements could start in the same tick."""
SECTIONS = ("air", "ballistic")
KINDS = len(MISSILE_SYSTEMS) * len(SECTIONS)
"""Unit kinds: system, and the section of the unit kept for aerodynamic or for ballistic targets (A12)."""
ADDED_OUTAGE_ID = 4096
"""Outage ids of added units start here, so that the same unit keeps its draws whatever the baseline."""
PAIR = np.dtype([(name, np.int32) for name in ("unit", "open", "close", "flight", "preference")])
"""A unit that can engage what comes on a lane: first and last tick of launch, ticks of flight, rank of preference."""
UNIT = np.dtype([
    (name, np.int64) for name in ("channels", "ready", "reload", "salvo", "outage", "outage_id", "kind")
])  # fmt: skip
"""A section of a fire unit: channels, rounds on full launchers, ticks to reload, rounds a salvo, uint32 threshold and
address of its draw of outage, kind."""


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


def engage(worlds: Worlds, sites: Sequence[int], system: str, classes: Sequence[ThreatClass]) -> Engagement:
    """Find the feasible pairs of a batch of worlds with fire units added at `sites`, in that order.

    Parameters
    ----------
    sites
        Place indices of the added fire units, all of `system`.
    classes
        Threat classes wanted; systems engage ballistic and cruise missiles (A9, A10).
    """
    rows = _unit_rows(worlds, sites, MISSILE_SYSTEMS.index(system), classes)
    pairs: list[NDArray[np.void]] = []
    pointers = np.zeros((len(worlds), worlds.theatre.lanes.first[-1] + 1), dtype=np.int64)
    for w in range(len(worlds)):
        by_class = [_point_pairs(worlds, rows, w)] if ThreatClass.ballistic in classes else []
        by_class += [_area_pairs(worlds, rows, w)] if ThreatClass.cruise in classes else []
        lane, table = (np.concatenate(parts) for parts in zip(*by_class, strict=True))
        # Pairs are found unit after unit on every lane, and a stable sort keeps them so: by lane, opening and unit.
        pairs.append(table[np.argsort((lane << 32) + table["open"], kind="stable")])
        pointers[w, 1:] = np.bincount(lane, minlength=pointers.shape[1] - 1)
    # With a leading 0 in every row, the running sum gives where each lane of each world begins and ends.
    np.cumsum(pointers.ravel(), out=pointers.ravel())
    sections = [section for section in (1, 0) if _wanted(section, classes)]
    return Engagement(
        classes=tuple(classes),
        pointers=pointers,
        pairs=np.concatenate(pairs),
        units=_unit_table(worlds, rows),
        stock=_stock(worlds, rows),
        base_units=rows.system.shape[1] - len(sites) * len(sections),
        per_added=len(sections),
    )


def _wanted(section: int, classes: Sequence[ThreatClass]) -> bool:
    return (ThreatClass.ballistic if section else ThreatClass.cruise) in classes


def _unit_rows(worlds: Worlds, sites: Sequence[int], system: int, classes: Sequence[ThreatClass]) -> _Rows:
    """Sections of baseline units, packed to the left, then the sections of each added unit in order."""
    count = len(worlds)
    blocks: list[tuple[Ints, Ints, Floats, Ints, int]] = []
    for section in (1, 0):
        if not _wanted(section, classes):
            continue
        fits = (worlds.system >= 0) & ((worlds.system < len(BALLISTIC_SYSTEMS)) | (section == 0))
        width = int(fits.sum(axis=1).max()) if fits.size else 0
        order = np.argsort(~fits, axis=1, kind="stable")[:, :width]
        packed = np.take_along_axis(np.where(fits, worlds.system, -1), order, axis=1)
        site = np.maximum(np.take_along_axis(worlds.site, order, axis=1), 0)
        blocks.append((packed, site, np.take_along_axis(worlds.readiness, order, axis=1), order, section))
    for number, place in enumerate(sites):
        for section in (1, 0):
            if _wanted(section, classes):
                column = np.ones((count, 1), dtype=np.int64)
                outage = column * (ADDED_OUTAGE_ID + number)
                blocks.append((column * system, column * place, worlds.readiness_added[:, None], outage, section))
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
    """Ballistic: a unit may engage what falls on a place inside its defended radius."""
    units = np.flatnonzero((rows.section == 1) & (rows.system[w] >= 0))
    radius = worlds.units.radius_ballistic_km[w, rows.system[w, units]]
    apart = worlds.theatre.apart_km[:, rows.site[w, units]]
    place, at = np.nonzero(apart <= radius[None])
    scalar = worlds.scalar
    # An interceptor flies at least to intercept height and the ground distance to the place.
    way = np.hypot(apart[place, at], scalar["intercept_height_km"][w])
    flight = np.maximum(1, _ticks(way / scalar["interceptor_speed_point_kms"][w]))
    opening = BEFORE_IMPACT - _ticks(np.array([scalar["detection_ballistic_s"][w] - scalar["reaction_s"][w]]))
    opening = np.broadcast_to(opening, flight.shape)
    closing = BEFORE_IMPACT - flight
    # One salvo is always possible where a unit covers: the fitted share killed given coverage contains late detection.
    opening = np.minimum(opening, closing)
    lane = worlds.theatre.lanes.first[ThreatClass.ballistic] + place
    return lane, _pairs(unit=units[at], open=opening, close=closing, flight=flight, preference=np.zeros_like(flight))


def _area_pairs(worlds: Worlds, rows: _Rows, w: int) -> tuple[Ints, NDArray[np.void]]:
    """Cruise: the part of a lane inside a unit's disc, the disc cut by the radar horizon."""
    units = np.flatnonzero((rows.section == 0) & (rows.system[w] >= 0))
    scalar, lanes = worlds.scalar, worlds.theatre.lanes
    horizon = float(horizon_km(scalar["radar_height_m"][w], scalar["cruise_height_m"][w]))
    radius = np.minimum(worlds.units.radius_air_km[w, rows.system[w, units]], horizon)
    site = rows.site[w, units]
    begin, end = lanes.pointer[site], lanes.pointer[site + 1]
    at = np.repeat(np.arange(units.size), end - begin)
    entry = np.arange(at.size) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin) + begin[at]
    inside = lanes.approach_km[entry] < radius[at]
    at, entry = at[inside], entry[inside]
    half = np.sqrt(radius[at] ** 2 - lanes.approach_km[entry] ** 2)
    lane = lanes.lane[entry]
    length = lanes.length_km[lane]
    enter = np.maximum(lanes.along_km[entry] - half, 0.0)
    leave = np.minimum(lanes.along_km[entry] + half, length)
    s_per_km = 3600.0 / scalar["cruise_speed_kmh"][w]
    flight = np.maximum(1, _ticks(radius[at] / 2 / scalar["interceptor_speed_area_kms"][w]))
    opening = BEFORE_IMPACT - _ticks((length - enter) * s_per_km - scalar["reaction_s"][w])
    closing = BEFORE_IMPACT - _ticks((length - leave) * s_per_km) - flight
    closing = np.minimum(closing, opening + _ticks(scalar["window_cruise_s"][w : w + 1]))
    fits = (opening <= closing) & (leave > enter)
    rank = worlds.units.preference[w, rows.system[w, units[at]]]
    table = _pairs(
        unit=units[at[fits]], open=np.maximum(opening, 0)[fits], close=closing[fits], flight=flight[fits],
        preference=rank[fits],
    )  # fmt: skip
    return lanes.first[ThreatClass.cruise] + lane[fits], table


def _unit_table(worlds: Worlds, rows: _Rows) -> NDArray[np.void]:
    """(w, u) `UNIT`; a row without a unit has neither channels nor rounds."""
    present = rows.system >= 0
    system = np.maximum(rows.system, 0)
    ballistic = rows.section == 1

    def pick(table: NDArray[Any]) -> NDArray[Any]:
        return np.take_along_axis(table, system, axis=1)

    ready = np.where(ballistic, pick(worlds.units.ready_ballistic), pick(worlds.units.ready_air))
    salvo = np.where(ballistic, worlds.scalar["salvo_ballistic"][:, None], worlds.scalar["salvo_cruise"][:, None])
    table = np.zeros(rows.system.shape, UNIT)
    table["channels"] = np.where(present, np.maximum(pick(worlds.units.channels), 1), 0)
    table["ready"] = np.where(present, ready, 0)
    table["reload"] = _ticks(worlds.scalar["reload_s"])[:, None]
    table["salvo"] = np.maximum(1, np.rint(salvo))
    table["outage"] = np.rint((1 - rows.readiness) * 2.0**32)
    table["outage_id"] = rows.outage
    table["kind"] = system + len(MISSILE_SYSTEMS) * rows.section
    return table


def _stock(worlds: Worlds, rows: _Rows) -> Ints:
    """(w, u) rounds in store for the month."""
    ballistic, air = worlds.scalar["stock_ballistic"], worlds.scalar["stock_area"]
    stock = np.where(rows.section == 1, ballistic[:, None], air[:, None])
    return np.where(rows.system >= 0, np.rint(stock), 0).astype(np.int64)


def attrition_rate(worlds: Worlds, cls: ThreatClass, share: Floats) -> Floats:
    """(w, l) chance that the dispersed layer stops a threat on each lane: 1 - exp(-λ d), d km flown over Ukraine.

    λ is solved for, so that `share` of the class's threats is stopped: monotone in λ, by bisection on the few distinct
    distances (they are whole tens of km).
    """
    lanes = worlds.theatre.lanes
    use = (worlds.mix[:, cls, :, None] * lanes.area_weight[cls]).reshape(len(worlds), -1)
    steps, where = np.unique(lanes.inside_km, return_inverse=True)
    member = np.zeros((use.shape[1], steps.size))
    np.add.at(member, (np.repeat(np.arange(use.shape[1]), VARIANTS), where), 1.0 / VARIANTS)
    spread = use @ member
    low, high = np.zeros(len(worlds)), np.full(len(worlds), 5.0)
    for _ in range(60):
        middle = (low + high) / 2
        stopped = (spread * -np.expm1(-middle[:, None] * steps)).sum(axis=1)
        low = np.where(stopped < share, middle, low)
        high = np.where(stopped < share, high, middle)
    return -np.expm1(-high[:, None] * steps)[:, where]


def glide_bombs_launched(worlds: Worlds, sites: Sequence[int], system: str, total: int) -> Floats:
    """(w,) glide bombs launched in the month when long-range units deny what they reach.

    Bombs are not intercepted. They are dropped as far behind the line as the bomb glides; a launch point within range
    of a long-range unit is denied with the world's denial factor (wide range), the rest is unopposed (A15).
    """
    apart = worlds.theatre.front_apart_km
    reached = np.zeros((len(worlds), apart.shape[1]), dtype=bool)
    code = MISSILE_SYSTEMS.index(system)
    for w in range(len(worlds)):
        stands = [
            (s, p) for s, p in zip(worlds.system[w], worlds.site[w], strict=True) if 0 <= s < len(BALLISTIC_SYSTEMS)
        ]
        for s, p in [*stands, *((code, site) for site in sites)]:
            reached[w] |= apart[p] + worlds.scalar["glide_range_km"][w] <= worlds.units.range_air_km[w, s]
    return total * (1 - worlds.scalar["glide_bomb_denial"] * reached.mean(axis=1))
