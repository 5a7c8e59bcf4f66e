"""When, where and on which way threats come: the raids of one month, drawn by address; integers in and integers out."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tegmen.engine.kernel.words import STREAM_CALENDAR, STREAM_PACKET, STREAM_THREAT, STREAM_WAVE, below, philox, pick

THREATS_PER_CLASS_MAX = 1 << 14
"""A threat's id is class * 16384 + its number, so ids persist whatever else is simulated."""


THREAT = np.dtype([(name, np.int32) for name in ("night", "class", "id", "place", "lane", "tick")])
"""A threat of the month: when it comes [tick of its `night`], on which `lane`, to which `place`."""
PACKET = np.dtype([(name, np.int32) for name in ("night", "place", "lane", "wave")])
"""Threats that come together: what they share; `wave` is the first tick they may come at."""


class Raids(NamedTuple):
    """What comes in a month.

    Parameters
    ----------
    counts, packet
        (class,) threats in the month, threats per packet.
    source
        (night of record, class) counts to bootstrap.
    place_cum
        (class, place) cumulative uint32 weights.
    """

    counts: Any
    packet: Any
    source: Any
    place_cum: Any


class Geometry(NamedTuple):
    """On which way and when.

    Parameters
    ----------
    area_cum
        (class, place, area) cumulative uint32 weights.
    lane_first, variants
        (class,) first lane of the class, lane variants (1 where a lane is only a place).
    spread
        (class + 1,) half width of a wave, and of the time a wave falls in [ticks].
    priority
        (class,) lowest is served first.
    """

    area_cum: Any
    lane_first: Any
    variants: Any
    spread: Any
    priority: Any


@njit
def make_work(nights, threats):
    """Work arrays of `draw_raids`: where nights end, weights and waves of nights, packets, words."""
    return (
        np.zeros(nights + 1, np.int64),
        np.zeros(nights, np.int64),
        np.zeros(nights, np.int64),
        np.zeros(threats, PACKET),
        np.zeros((3, threats), np.uint32),
    )


@njit
def draw_raids(run, key, nights, raids, geometry, work, threats, fate):
    """Draw one month of threats: which night, place, launch area, lane variant and arrival tick.

    Threats come in packets that share night, place and launch area; packets fall on nights in proportion to the counts
    of bootstrapped nights of the record, so the month's total per class is exact and nights as uneven as they were.

    Parameters
    ----------
    run, key
        Counter word of this world and run; the two key words.
    nights
        Nights in the month.
    raids, geometry
        `Raids` and `Geometry`.
    work
        Work arrays made by `make_work`.
    threats
        (threat,) `THREAT`, filled: sorted by night, and by rank within it.
    fate
        (threat,) uint32, filled: the word that the dispersed layer is judged by.

    Returns
    -------
    Number of threats; the first element of `work` then holds where each night ends.
    """
    counts, packet, source, place_cum = raids
    area_cum, lane_first, variants, spread, priority = geometry
    ends, weights, waves, packets, words = work
    classes = counts.shape[0]
    for night in range(nights + 1):
        ends[night] = 0
    number = np.int64(0)
    for rank in range(classes):
        for cls in range(classes):
            if priority[cls] == rank and counts[cls] > 0:
                total = weigh_nights(run, key, source, cls, weights, waves)
                number = _draw_packets(
                    run, key, cls, total, counts, packet, weights, waves, place_cum, area_cum, lane_first, variants,
                    spread, ends, packets, words, number,
                )  # fmt: skip
    for night in range(nights):
        ends[night + 1] += ends[night]
    number = np.int64(0)
    for rank in range(classes):
        for cls in range(classes):
            if priority[cls] == rank and counts[cls] > 0:
                number = _unpack(
                    run, key, cls, counts[cls], packet[cls], variants[cls], spread[cls], ends, packets, words, number,
                    threats, fate,
                )  # fmt: skip
    return ends[nights]


@njit
def weigh_nights(run, key, source, cls, weights, waves):
    """Fill the weights of the month's nights, counts of nights of the record drawn with replacement; their sum.

    `waves` is filled with the words of the class's waves.
    """
    # Words first, without branches between them: they are computed many at a time.
    for night in range(weights.shape[0]):
        weights[night] = np.int64(philox(run, night, STREAM_CALENDAR, 0, key[0], key[1])[0])
        waves[night] = np.int64(philox(run, night, STREAM_WAVE, cls, key[0], key[1])[0])
    total = np.int64(0)
    for night in range(weights.shape[0]):
        weights[night] = source[below(weights[night], source.shape[0]), cls]
        total += weights[night]
    return total


@njit
def _draw_packets(
    run, key, cls, total, counts, packet, weights, waves, place_cum, area_cum, lane_first, variants, spread, ends,
    packets, words, number,
):  # fmt: skip
    """Draw the packets of a class: night, place, first lane and wave; count their threats into the nights."""
    classes, nights = counts.shape[0], weights.shape[0]
    size = packet[cls]
    many = (counts[cls] + size - 1) // size
    for i in range(many):
        drawn = philox(run, cls * THREATS_PER_CLASS_MAX + i * size, STREAM_PACKET, 0, key[0], key[1])
        words[0, i], words[1, i], words[2, i] = drawn[0], drawn[1], drawn[2]
    for i in range(many):
        night = np.int64(0)
        if total == 0:
            night = below(words[0, i], nights)
        else:
            rest = below(words[0, i], total)
            while rest >= weights[night]:
                rest -= weights[night]
                night += 1
        place = pick(place_cum[cls], words[1, i])
        lane = lane_first[cls] + place
        if variants[cls] > 1:
            area = pick(area_cum[cls, place], words[2, i])
            lane = lane_first[cls] + (place * area_cum.shape[2] + area) * variants[cls]
        shared = packets[number]
        shared["night"], shared["place"], shared["lane"] = night, place, lane
        shared["wave"] = below(waves[night], spread[classes])
        ends[night + 1] += min(size, counts[cls] - i * size)
        number += 1
    return number


@njit
def _unpack(
    run, key, cls, count, size, variants, spread, ends, packets, words, number, threats, fate,
):  # fmt: skip
    """File the threats of a class under their packets' nights; the number of the next class's first packet."""
    # All words of the class first: without branches between them they are computed many at a time.
    for i in range(count):
        drawn = philox(run, cls * THREATS_PER_CLASS_MAX + i, STREAM_THREAT, 0, key[0], key[1])
        words[0, i], words[1, i], words[2, i] = drawn[0], drawn[1], drawn[2]
    left = size
    for i in range(count):
        if left == 0:
            number += 1
            left = size
        left -= 1
        shared = packets[number]
        at = ends[shared["night"]]
        ends[shared["night"]] = at + 1
        threat = threats[at]
        threat["night"], threat["class"], threat["id"] = shared["night"], cls, cls * THREATS_PER_CLASS_MAX + i
        threat["place"], threat["lane"] = shared["place"], shared["lane"]
        if variants > 1:
            threat["lane"] += below(words[1, i], variants)
        threat["tick"] = shared["wave"] + below(words[0, i], 2 * spread + 1)
        fate[at] = words[2, i]
    return number + 1
