"""When, where and on which way threats come: the raids of one month, drawn by address; integers in and integers out."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np

from tegmen.engine.kernel.compiled import compiled
from tegmen.engine.kernel.words import STREAM_CALENDAR, STREAM_PACKET, STREAM_THREAT, STREAM_WAVE, below, philox, pick

THREATS_PER_CLASS_MAX = 1 << 14
"""A threat's id is class * 16384 + its number, so ids persist whatever else is simulated."""


@compiled
def make_work(nights, threats):
    """Work arrays of `draw_raids`."""
    return (
        np.zeros(nights + 1, np.int64),
        np.zeros((2, nights), np.int64),
        np.zeros((4, threats), np.int32),
        np.zeros((3, threats), np.uint32),
    )


@compiled
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
    raids
        counts, packet (class,): threats in the month, threats per packet; source (night of record, class): counts to
        bootstrap; place_cum (class, place): cumulative uint32 weights.
    geometry
        area_cum (class, place, area): cumulative uint32 weights; lane_first, variants (class,): first lane of the
        class, lane variants (1 where a lane is only a place); spread (class + 1,): half width of a wave, and of the
        time a wave falls in [ticks]; priority (class,): lowest is served first.
    work
        Work arrays made by `make_work`.
    threats
        (threat, 6) int32, filled: night, class, id, place, lane, tick. Sorted by night, and by rank within it.
    fate
        (threat,) uint32, filled: the word that the dispersed layer is judged by.

    Returns
    -------
    Number of threats; the first element of `work` then holds where each night ends.
    """
    counts, packet, source, place_cum = raids
    area_cum, lane_first, variants, spread, priority = geometry
    ends, weights, packets, words = work
    classes = counts.shape[0]
    for night in range(nights + 1):
        ends[night] = 0
    number = 0
    for rank in range(classes):
        for cls in range(classes):
            if priority[cls] == rank and counts[cls] > 0:
                total = _weigh_nights(run, key, nights, source, cls, weights)
                number = _draw_packets(
                    run, key, cls, total, counts, packet, weights, place_cum, area_cum, lane_first, variants, spread,
                    ends, packets, words, number,
                )  # fmt: skip
    for night in range(nights):
        ends[night + 1] += ends[night]
    number, at = 0, 0
    for rank in range(classes):
        for cls in range(classes):
            if priority[cls] == rank and counts[cls] > 0:
                # All words of the class first: without branches between them they are computed many at a time.
                for i in range(counts[cls]):
                    drawn = philox(run, cls * THREATS_PER_CLASS_MAX + i, STREAM_THREAT, 0, key[0], key[1])
                    words[0, i], words[1, i], words[2, i] = drawn[0], drawn[1], drawn[2]
                left = packet[cls]
                for i in range(counts[cls]):
                    if left == 0:
                        number += 1
                        left = packet[cls]
                    left -= 1
                    night = packets[0, number]
                    at = ends[night]
                    ends[night] = at + 1
                    lane = packets[2, number]
                    if variants[cls] > 1:
                        lane += below(words[1, i], variants[cls])
                    threats[at, 0] = night
                    threats[at, 1] = cls
                    threats[at, 2] = cls * THREATS_PER_CLASS_MAX + i
                    threats[at, 3] = packets[1, number]
                    threats[at, 4] = lane
                    threats[at, 5] = packets[3, number] + below(words[0, i], 2 * spread[cls] + 1)
                    fate[at] = words[2, i]
                number += 1
    return ends[nights]


@compiled
def _weigh_nights(run, key, nights, source, cls, weights):
    """Weights of the month's nights, counts of nights of the record drawn with replacement, and their sum.

    The second row is filled with the words of the class's waves.
    """
    # Words first, without branches between them: they are computed many at a time.
    for night in range(nights):
        weights[0, night] = np.int64(philox(run, night, STREAM_CALENDAR, 0, key[0], key[1])[0])
        weights[1, night] = np.int64(philox(run, night, STREAM_WAVE, cls, key[0], key[1])[0])
    total = np.int64(0)
    for night in range(nights):
        weights[0, night] = source[below(weights[0, night], source.shape[0]), cls]
        total += weights[0, night]
    return total


@compiled
def _draw_packets(
    run, key, cls, total, counts, packet, weights, place_cum, area_cum, lane_first, variants, spread, ends, packets,
    words, number,
):  # fmt: skip
    """Draw the packets of a class: night, place, first lane and wave; count their threats into the nights."""
    classes, nights = counts.shape[0], weights.shape[1]
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
            while rest >= weights[0, night]:
                rest -= weights[0, night]
                night += 1
        place = pick(place_cum[cls], words[1, i])
        lane = lane_first[cls] + place
        if variants[cls] > 1:
            area = pick(area_cum[cls, place], words[2, i])
            lane = lane_first[cls] + (place * area_cum.shape[2] + area) * variants[cls]
        packets[0, number] = night
        packets[1, number] = place
        packets[2, number] = lane
        packets[3, number] = below(weights[1, night], spread[classes])
        ends[night + 1] += min(size, counts[cls] - i * size)
        number += 1
    return number
