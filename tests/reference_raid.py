"""A raid on sixty notional units: large enough for an analyst's model to be a second answer, and nothing in it real.

Six kinds of unit with round figures, on a square of empty land; nothing is taken from the record or the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.engagement import PAIR, UNIT
from tegmen.engine.kernel.calendar import THREAT, THREATS_PER_CLASS_MAX

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Table = NDArray[np.void]

DRONE, CRUISE, BALLISTIC, CLASSES = 0, 1, 3, 6
PRIORITY = np.array([4, 2, 1, 0, 3, 5], dtype=np.int64)
MIX = {DRONE: 90, CRUISE: 50, BALLISTIC: 10}
"""Threats of the reference raid by class."""
SEED = 20240403
UNITS = 60
PAIRS_PER_THREAT = 4.8
VARIANTS = 3
WAY_KM = 400.0
KM_PER_TICK = {DRONE: 180 / 36_000, CRUISE: 800 / 36_000}
START = {DRONE: (0, 72_000), CRUISE: (100_000, 18_000), BALLISTIC: (115_000, 3_000)}
"""First launch and how long launches go on [ticks of 0.1 s]: the classes meet the defence at the same time."""
REACTION = 100
BALLISTIC_OPEN, BALLISTIC_IMPACT = 1_800, 3_000


class Kind(NamedTuple):
    """One of the six kinds of unit; times in ticks, kill chances of one round by class (0: does not engage)."""

    channels: int
    ready: int
    stock: int
    reload: int
    salvo: int
    outage: float
    air_km: float
    ballistic_km: float
    km_per_tick: float
    preference: int
    drone: float
    cruise: float
    ballistic: float


KINDS = (
    Kind(6, 16, 48, 12_000, 2, 0.10, 60, 25, 0.12, 3, 0.0, 0.75, 0.60),
    Kind(4, 24, 48, 18_000, 2, 0.15, 50, 0, 0.12, 2, 0.6, 0.60, 0.0),
    Kind(6, 12, 36, 9_000, 1, 0.10, 30, 0, 0.08, 2, 0.8, 0.80, 0.0),
    Kind(4, 12, 36, 9_000, 1, 0.10, 25, 0, 0.08, 2, 0.75, 0.75, 0.0),
    Kind(2, 8, 32, 3_000, 1, 0.05, 12, 0, 0.06, 1, 0.6, 0.50, 0.0),
    Kind(1, 20, 200, 600, 2, 0.05, 8, 0, 0.05, 0, 0.35, 0.0, 0.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A laydown and one raid against it, as the kernel reads them.

    Parameters
    ----------
    pointer, pairs
        (lane + 1,) and (pair,), in a lane by opening and unit.
    units, stock
        (unit,) and (unit,) rounds in store.
    kill
        (class, kind) uint64 thresholds.
    threats
        (threat,) of one night in order of rank.
    """

    pointer: Ints
    pairs: Table
    units: Table
    stock: Ints
    kill: NDArray[np.uint64]
    threats: Table


def reference(units: int = UNITS, mix: dict[int, int] | None = None) -> Case:
    """Lay out so many units (the six kinds in turn) at constant density, lanes through them, and a raid of this mix.

    The side of the square is solved for so that a threat of the raid meets 4.8 units on average: more units stand on
    more land, a threat's prospects stay the same.
    """
    mix = MIX if mix is None else mix
    places = max(20, 2 * units // 3)
    threats = _raid(mix, places)
    low, high = 10.0, 6_000.0
    for _ in range(26):
        side = (low + high) / 2
        pointer, _pairs = _pairs_of(units, places, side)
        met = np.diff(pointer)[threats["lane"]].mean()
        low, high = (side, high) if met > PAIRS_PER_THREAT else (low, side)
    pointer, pairs = _pairs_of(units, places, side)
    kinds = [KINDS[unit % len(KINDS)] for unit in range(units)]
    table = [(k.channels, k.ready, k.reload, k.salvo, round(k.outage * 2**32), unit) for unit, k in enumerate(kinds)]
    kill = np.zeros((CLASSES, len(KINDS)))
    for cls, field in ((DRONE, "drone"), (CRUISE, "cruise"), (BALLISTIC, "ballistic")):
        kill[cls] = [getattr(k, field) for k in KINDS]
    return Case(
        pointer=pointer,
        pairs=pairs,
        units=np.array(table, dtype=UNIT),
        stock=np.array([k.stock for k in kinds], dtype=np.int64),
        kill=np.floor(kill * 2.0**32).astype(np.uint64),
        threats=threats,
    )


def scaled_mix(total: int) -> dict[int, int]:
    """So many threats in the proportions of the reference raid."""
    whole = sum(MIX.values())
    mix = {cls: count * total // whole for cls, count in MIX.items()}
    return mix | {DRONE: total - mix[CRUISE] - mix[BALLISTIC]}


def _weight(places: int) -> Floats:
    weight = 1 / np.sqrt(1.0 + np.arange(places))
    return weight / weight.sum()


def _lane_first(places: int) -> Ints:
    """Drones and cruise missiles have lanes (place, variant), ballistic missiles a lane a place; the rest none."""
    width = np.array([places * VARIANTS, places * VARIANTS, 0, places, 0, 0])
    return np.concatenate([[0], np.cumsum(width)]).astype(np.int64)


def _raid(mix: dict[int, int], places: int) -> Table:
    rng = np.random.default_rng(SEED)
    first = _lane_first(places)
    rows: list[tuple[int, int, int, int, int, int, int]] = []
    for cls, count in mix.items():
        for number in range(count):
            place = int(rng.choice(places, p=_weight(places)))
            lane = first[cls] + (place if cls == BALLISTIC else place * VARIANTS + int(rng.integers(VARIANTS)))
            begin, lasting = START[cls]
            tick = begin + int(rng.integers(lasting))
            rows.append((0, cls, cls * THREATS_PER_CLASS_MAX + number, place, int(lane), tick))
    return np.array(sorted(rows, key=lambda row: (PRIORITY[row[1]], row[2])), dtype=THREAT)


def _pairs_of(units: int, places: int, side: float) -> tuple[Ints, Table]:
    """Feasible pairs: lanes run straight to a place from one side of the land, discs around units cut them."""
    rng = np.random.default_rng([SEED, units])
    place = rng.random((places, 2)) * side
    bearing = rng.uniform(-np.pi / 3, np.pi / 3, (places, 2, VARIANTS))
    # The first kind stands where most fire is drawn, one a place; the others near places drawn by the same weight.
    at = rng.choice(places, size=units, p=_weight(places))
    at[:: len(KINDS)] = np.arange(len(at[:: len(KINDS)])) % places
    spot = place[at] + rng.normal(0, 10, (units, 2))
    rows: list[tuple[int, int, int, int, int, int, int]] = []
    first = _lane_first(places)
    for unit in range(units):
        kind = KINDS[unit % len(KINDS)]
        offset = spot[unit] - place
        for number, cls in enumerate((DRONE, CRUISE)):
            if (kind.drone, kind.cruise)[number] == 0:
                continue
            flight = round(kind.air_km / 2 / kind.km_per_tick)
            opening, closing = _windows(kind, cls, flight, offset, bearing[:, number])
            for at, variant in np.argwhere(opening <= closing):
                lane = int(first[cls]) + int(at) * VARIANTS + int(variant)
                begin, end = int(opening[at, variant]), int(closing[at, variant])
                rows.append((lane, unit, begin, end, flight, kind.preference, unit % len(KINDS)))
        flight = round(np.hypot(kind.ballistic_km, 15) / kind.km_per_tick)
        for at in np.flatnonzero(np.hypot(*offset.T) <= kind.ballistic_km):
            lane = int(first[BALLISTIC]) + int(at)
            rows.append((lane, unit, BALLISTIC_OPEN, BALLISTIC_IMPACT - flight, flight, 0, unit % len(KINDS)))
    rows.sort(key=lambda row: (row[0], row[2], row[1]))
    pointer = np.searchsorted([lane for lane, *_ in rows], np.arange(first[-1] + 1))
    return pointer.astype(np.int64), np.array([row[1:] for row in rows], dtype=PAIR)


def _windows(kind: Kind, cls: int, flight: int, offset: Floats, bearing: Floats) -> tuple[Ints, Ints]:
    """(place, variant) first and last launch at a threat on each lane of a class; none where the last is before it."""
    # Along the lane, counted back from the place; across it.
    along = offset[:, :1] * np.cos(bearing) + offset[:, 1:] * np.sin(bearing)
    across = offset[:, 1:] * np.cos(bearing) - offset[:, :1] * np.sin(bearing)
    half = np.sqrt(np.maximum(kind.air_km**2 - across**2, 0.0))
    enter = np.maximum(WAY_KM - along - half, 0.0) / KM_PER_TICK[cls]
    leave = np.minimum(WAY_KM - along + half, WAY_KM) / KM_PER_TICK[cls]
    opening, closing = np.rint(enter).astype(np.int64) + REACTION, np.rint(leave).astype(np.int64) - flight
    return opening, np.where(half > 0, closing, opening - 1)
