"""The reference case of the benchmarks and its relatives, as the integer tables the kernel reads.

Every number here is notional: six kinds of unit with round figures, on a square of empty land. Nothing is taken from
the record or the catalogue, so that figures of speed do not move when evidence does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DRONE, CRUISE, BALLISTIC, CLASSES = 0, 1, 3, 6
PRIORITY = np.array([4, 2, 1, 0, 3, 5], dtype=np.int64)
MIX = {DRONE: 90, CRUISE: 50, BALLISTIC: 10}
"""Threats of the reference raid by class."""
SEED = 20240403
UNITS = 60
PAIRS_PER_THREAT = 4.8
VARIANTS = 3
THREATS_PER_CLASS_MAX = 1 << 14
WAY_KM = 400.0
KM_PER_TICK = {DRONE: 180 / 36_000, CRUISE: 800 / 36_000}
START = {DRONE: (0, 72_000), CRUISE: (100_000, 18_000), BALLISTIC: (115_000, 3_000)}
"""First launch and how long launches go on [ticks of 0.1 s]: the classes meet the defence at the same time."""
WAVE = 60_000
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


@dataclass(frozen=True, slots=True)
class Case:
    """A laydown and one raid against it; the columns of the tables are those of `tegmen.kernels.fight_night`.

    Parameters
    ----------
    pointer, pairs
        (lane + 1,) and (pair, 5): unit, open, close, flight, preference; in a lane by (open, unit).
    units, stock
        (unit, 8): channels, ready, reload, salvo, outage threshold, outage id, kind, supply; (unit,) rounds in store.
    kill
        (class, kind) uint64 thresholds.
    threats
        (threat, 6) int32 in order of rank: night, class, id, place, lane, tick.
    active
        Units of the base laydown; those beyond are candidates, one a site.
    lane_first, places
        (class,) first lane of each class; number of places.
    """

    pointer: Ints
    pairs: NDArray[np.int32]
    units: Ints
    stock: Ints
    kill: NDArray[np.uint64]
    threats: NDArray[np.int32]
    active: int
    lane_first: Ints
    places: int


def reference(units: int = UNITS, mix: dict[int, int] | None = None, candidates: int = 0) -> Case:
    """Lay out so many units at constant density, lanes through them, and a raid.

    The side of the square is solved for so that a threat of the raid meets 4.8 units of the base laydown on average:
    more units stand on more land, a threat's prospects stay the same.

    Parameters
    ----------
    units, candidates
        Units of the base laydown, the six kinds in turn; sites at which one more unit of the first kind may stand.
    mix
        Threats of the raid by class; None for the reference raid.
    """
    mix = MIX if mix is None else mix
    places = max(20, 2 * units // 3)
    threats = _raid(mix, places)
    low, high = 10.0, 6_000.0
    for _ in range(26):
        side = (low + high) / 2
        pointer, _pairs = _pairs_of(units, candidates=0, places=places, side=side)
        met = np.diff(pointer)[threats[:, 4]].mean()
        low, high = (side, high) if met > PAIRS_PER_THREAT else (low, side)
    pointer, pairs = _pairs_of(units, candidates, places, side)
    kinds = [KINDS[kind] for kind in _kinds(units, candidates)]
    table = [
        (k.channels, k.ready, k.reload, k.salvo, round(k.outage * 2**32), unit, KINDS.index(k), 0)
        for unit, k in enumerate(kinds)
    ]
    kill = np.zeros((CLASSES, len(KINDS)))
    for cls, field in ((DRONE, "drone"), (CRUISE, "cruise"), (BALLISTIC, "ballistic")):
        kill[cls] = [getattr(k, field) for k in KINDS]
    return Case(
        pointer=pointer,
        pairs=pairs,
        units=np.array(table, dtype=np.int64),
        stock=np.array([k.stock for k in kinds], dtype=np.int64),
        kill=np.floor(kill * 2.0**32).astype(np.uint64),
        threats=threats,
        active=units,
        lane_first=_lane_first(places),
        places=places,
    )


def exists(case: Case, candidates: Sequence[int] = ()) -> NDArray[np.uint8]:
    """(unit,) which units stand: the base laydown and those at these candidate sites."""
    standing = np.zeros(len(case.units), dtype=np.uint8)
    standing[: case.active] = 1
    standing[case.active + np.asarray(candidates, dtype=np.int64)] = 1
    return standing


def base_pairs(case: Case) -> tuple[Ints, NDArray[np.int32]]:
    """Pointer and pairs of the base laydown alone."""
    kept = np.concatenate([[0], np.cumsum(case.pairs[:, 0] < case.active)])
    return kept[case.pointer], np.ascontiguousarray(case.pairs[case.pairs[:, 0] < case.active])


def scaled_mix(total: int) -> dict[int, int]:
    """So many threats in the proportions of the reference raid."""
    whole = sum(MIX.values())
    mix = {cls: count * total // whole for cls, count in MIX.items()}
    return mix | {DRONE: total - mix[CRUISE] - mix[BALLISTIC]}


def _weight(places: int) -> Floats:
    weight = 1 / np.sqrt(1.0 + np.arange(places))
    return weight / weight.sum()


def _kinds(units: int, candidates: int) -> list[int]:
    return [unit % len(KINDS) for unit in range(units)] + [0] * candidates


def _lane_first(places: int) -> Ints:
    """Drones and cruise missiles have lanes (place, variant), ballistic missiles a lane a place; the rest none."""
    width = np.array([places * VARIANTS, places * VARIANTS, 0, places, 0, 0])
    return np.concatenate([[0], np.cumsum(width)]).astype(np.int64)


def _raid(mix: dict[int, int], places: int) -> NDArray[np.int32]:
    rng = np.random.default_rng(SEED)
    first = _lane_first(places)
    rows: list[tuple[int, int, int, int, int, int]] = []
    for cls, count in mix.items():
        for number in range(count):
            place = int(rng.choice(places, p=_weight(places)))
            lane = first[cls] + (place if cls == BALLISTIC else place * VARIANTS + int(rng.integers(VARIANTS)))
            begin, lasting = START[cls]
            tick = begin + int(rng.integers(lasting))
            rows.append((0, cls, cls * THREATS_PER_CLASS_MAX + number, place, int(lane), tick))
    return np.array(sorted(rows, key=lambda row: (PRIORITY[row[1]], row[2])), dtype=np.int32)


def _pairs_of(units: int, candidates: int, places: int, side: float) -> tuple[Ints, NDArray[np.int32]]:
    """Feasible pairs: lanes run straight to a place from one side of the land, discs around units cut them."""
    rng = np.random.default_rng([SEED, units])
    place = rng.random((places, 2)) * side
    bearing = rng.uniform(-np.pi / 3, np.pi / 3, (places, 2, VARIANTS))
    # The first kind stands where most fire is drawn, one a place; the others near places drawn by the same weight.
    at = rng.choice(places, size=units, p=_weight(places))
    at[:: len(KINDS)] = np.arange(len(at[:: len(KINDS)])) % places
    near = place[at] + rng.normal(0, 10, (units, 2))
    spot = np.concatenate([near, rng.random((candidates, 2)) * side])
    kinds = [KINDS[kind] for kind in _kinds(units, candidates)]
    rows: list[tuple[int, int, int, int, int, int]] = []
    first = _lane_first(places)
    for unit, kind in enumerate(kinds):
        offset = spot[unit] - place
        for number, cls in enumerate((DRONE, CRUISE)):
            if (kind.drone, kind.cruise)[number] == 0:
                continue
            flight = round(kind.air_km / 2 / kind.km_per_tick)
            opening, closing = _windows(kind, cls, flight, offset, bearing[:, number])
            for at, variant in np.argwhere(opening <= closing):
                lane = int(first[cls]) + int(at) * VARIANTS + int(variant)
                begin, end = int(opening[at, variant]), int(closing[at, variant])
                rows.append((lane, unit, begin, end, flight, kind.preference))
        flight = round(np.hypot(kind.ballistic_km, 15) / kind.km_per_tick)
        for at in np.flatnonzero(np.hypot(*offset.T) <= kind.ballistic_km):
            lane = int(first[BALLISTIC]) + int(at)
            rows.append((lane, unit, BALLISTIC_OPEN, BALLISTIC_IMPACT - flight, flight, 0))
    table = np.array(sorted(rows, key=lambda row: (row[0], row[2], row[1])), dtype=np.int64).reshape(-1, 6)
    pointer = np.searchsorted(table[:, 0], np.arange(first[-1] + 1))
    return pointer.astype(np.int64), np.ascontiguousarray(table[:, 1:], dtype=np.int32)


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


@dataclass(frozen=True, slots=True)
class Month:
    """What falls in a month besides the laydown; the arguments of `tegmen.kernels.fight_months` by its names.

    Parameters
    ----------
    nights, counts, packet, spread
        Nights a month; (class,) threats in the month, threats a packet; (class + 1,) half width of a wave, width of a
        night [ticks].
    source
        (night, class) counts of notional nights to draw from.
    place_cum, area_cum
        (class, place) and (class, place, 1) cumulative uint32 weights.
    variants, attrition
        (class,) lane variants; (lane,) thresholds of the dispersed layer.
    """

    nights: int
    counts: Ints
    packet: Ints
    spread: Ints
    source: Ints
    place_cum: NDArray[np.uint32]
    area_cum: NDArray[np.uint32]
    variants: Ints
    attrition: NDArray[np.uint64]


def month(case: Case, nights: int, mix: dict[int, int]) -> Month:
    """Spread so many threats over notional nights, most of them aimed at the places that draw most fire."""
    rng = np.random.default_rng([SEED, nights])
    counts = np.zeros(CLASSES, dtype=np.int64)
    counts[list(mix)] = list(mix.values())
    share = rng.gamma(0.5, size=(90, CLASSES))
    weight = np.floor(np.cumsum(_weight(case.places)) * (2.0**32 - 1)).astype(np.uint32)
    attrition = np.zeros(case.lane_first[-1])
    attrition[case.lane_first[DRONE] : case.lane_first[CRUISE]] = 0.3
    return Month(
        nights=nights,
        counts=counts,
        packet=np.array([5, 4, 1, 2, 1, 1], dtype=np.int64),
        spread=np.array([START[cls][1] if cls in START else 0 for cls in range(CLASSES)] + [WAVE], dtype=np.int64),
        source=np.rint(share * counts / 10).astype(np.int64),
        place_cum=np.tile(weight, (CLASSES, 1)),
        area_cum=np.full((CLASSES, case.places, 1), 2**32 - 1, dtype=np.uint32),
        variants=np.array([VARIANTS, VARIANTS, 1, 1, 1, 1], dtype=np.int64),
        attrition=np.floor(attrition * 2.0**32).astype(np.uint64),
    )
