"""One month of nights, integers in and integers out; knows nothing of ours but integer codes.

Random numbers are Philox4x32-10 words addressed by what they decide (run, threat, stream), so a draw is the same
whatever the order of computing, the number of threads and the laydown it meets: common random numbers for free.
Time is counted in ticks of 0.1 s from the start of a night.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

# Streams: the third word of a Philox counter names the purpose of the draw.
STREAM_CALENDAR = 0
STREAM_PACKET = 1
STREAM_THREAT = 2
STREAM_OUTAGE = 3
STREAM_WAVE = 4
STREAM_KILL = 16

RUNS_PER_WORLD_MAX = 1 << 16
"""The first counter word is world * 65536 + run."""
THREATS_PER_CLASS_MAX = 1 << 14
"""A threat's id is class * 16384 + its number, so ids persist whatever else is simulated."""
TICKS_MAX = 1 << 20
"""Longest night the event key can hold (29 h)."""

_MASK = np.uint64(0xFFFFFFFF)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_HALF = np.uint64(32)
_NEVER = np.int64(1) << np.int64(40)


@njit(cache=True, inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words from a counter (c0..c3) and a key (k0, k1).

    Source: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3"; known answers in the Random123 library.
    """
    a, b, c, d = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    x, y = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        p0 = _MULTIPLIER_0 * a
        p1 = _MULTIPLIER_1 * c
        a = (p1 >> _HALF) ^ b ^ x
        b = p1 & _MASK
        c = (p0 >> _HALF) ^ d ^ y
        d = p0 & _MASK
        x = (x + _WEYL_0) & _MASK
        y = (y + _WEYL_1) & _MASK
    return a, b, c, d


@njit(cache=True, inline="always")
def _word(words, part):
    """Pick one of the four words."""
    if part == 0:
        return words[0]
    if part == 1:
        return words[1]
    if part == 2:
        return words[2]
    return words[3]


@njit(cache=True, inline="always")
def _below(word, bound):
    """Scale a 32-bit word to 0..bound-1 (bias below bound / 2^32)."""
    return np.int64((word * np.uint64(bound)) >> _HALF)


@njit(cache=True, inline="always")
def _pick(cumulative, word):
    """First index whose cumulative uint32 weight exceeds the word."""
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) >> 1
        if np.uint64(cumulative[middle]) > word:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True)
def draw_raids(
    run, key, nights, counts, packet, source, place_cum, area_cum, lane_first, variants, spread, work, threats
):
    """Draw one month of threats: which night, place, launch area, lane variant and arrival tick.

    Threats come in packets that share night, place and launch area; packets fall on nights in proportion to the counts
    of bootstrapped nights of the record, so the month's total per class is exact and nights as uneven as they were.

    Parameters
    ----------
    run, key
        Counter word of this world and run; the two key words.
    nights
        Nights in the month.
    counts, packet, spread
        (class,) threats in the month; threats per packet; half width of a wave [ticks].
    source
        (night of record, class) counts to bootstrap.
    place_cum, area_cum
        (class, place) and (class, place, area) cumulative uint32 weights.
    lane_first, variants
        (class,) first lane of the class; lane variants (1 where a lane is only a place).
    work
        Work arrays: (class, night) int64, (night + 1,) int64, (threat, 6) int32.
    threats
        (threat, 6) int32, filled: night, class, id, place, lane, tick. Sorted by night.

    Returns
    -------
    Number of threats.
    """
    k0, k1 = key[0], key[1]
    classes = counts.shape[0]
    weights, per_night, drawn = work
    per_night[:] = 0
    for night in range(nights):
        w0, _w1, _w2, _w3 = philox(run, night, STREAM_CALENDAR, 0, k0, k1)
        chosen = _below(w0, source.shape[0])
        for cls in range(classes):
            weights[cls, night] = source[chosen, cls]
    filled = 0
    for cls in range(classes):
        if counts[cls] == 0:
            continue
        total = np.int64(0)
        for night in range(nights):
            total += weights[cls, night]
        night, place, area, wave = np.int64(0), 0, 0, np.int64(0)
        for number in range(counts[cls]):
            if number % packet[cls] == 0:
                w0, w1, w2, _w3 = philox(run, cls * THREATS_PER_CLASS_MAX + number, STREAM_PACKET, 0, k0, k1)
                night = np.int64(0)
                if total == 0:
                    night = _below(w0, nights)
                else:
                    rest = _below(w0, total)
                    while rest >= weights[cls, night]:
                        rest -= weights[cls, night]
                        night += 1
                place = _pick(place_cum[cls], w1)
                area = _pick(area_cum[cls, place], w2) if variants[cls] > 1 else 0
                v0, _v1, _v2, _v3 = philox(run, night, STREAM_WAVE, cls, k0, k1)
                wave = _below(v0, spread[classes])
            identity = cls * THREATS_PER_CLASS_MAX + number
            t0, t1, _t2, _t3 = philox(run, identity, STREAM_THREAT, 0, k0, k1)
            lane = lane_first[cls] + place
            if variants[cls] > 1:
                lane = lane_first[cls] + (place * area_cum.shape[2] + area) * variants[cls] + _below(t1, variants[cls])
            drawn[filled, 0] = night
            drawn[filled, 1] = cls
            drawn[filled, 2] = identity
            drawn[filled, 3] = place
            drawn[filled, 4] = lane
            drawn[filled, 5] = wave + _below(t0, 2 * spread[cls] + 1)
            per_night[night + 1] += 1
            filled += 1
    for night in range(nights):
        per_night[night + 1] += per_night[night]
    for i in range(filled):
        night = drawn[i, 0]
        threats[per_night[night]] = drawn[i]
        per_night[night] += 1
    return filled


@njit(cache=True, inline="always")
def _push(heap_key, heap_at, size, key, at):
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if heap_key[parent] <= key:
            break
        heap_key[i] = heap_key[parent]
        heap_at[i] = heap_at[parent]
        i = parent
    heap_key[i] = key
    heap_at[i] = at
    return size + 1


@njit(cache=True, inline="always")
def _sink(heap_key, heap_at, size, key, at):
    """Replace the root by (key, at) and restore the heap."""
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap_key[child + 1] < heap_key[child]:
            child += 1
        if heap_key[child] >= key:
            break
        heap_key[i] = heap_key[child]
        heap_at[i] = heap_at[child]
        i = child
    heap_key[i] = key
    heap_at[i] = at


@njit(cache=True)
def fight_night(run, key, night, threats, priority, pairs, units, kill, active, state, scratch, killed):
    """Fight one night by the event rule of docs/method.md: always commit the smallest key.

    The key is (launch tick, class priority, threat id), the unit by (launch tick, preference, window start, unit id).
    A threat's earliest launch can only move later as others are served, so a heap entry is a lower bound: the popped
    one is recomputed, and committed when it still holds. That is exactly the minimum over all pairs at each step.

    Parameters
    ----------
    run, key, night
        Counter word; key words; number of the night (addresses the outage draws).
    threats
        (threat, 6) int32 as filled by `draw_raids`, one night of them.
    priority
        (class,) int64, lowest served first.
    pairs
        (pointer (lane + 1,), (pair, 5) int32: unit, open, close, flight, preference): feasible pairs a lane, sorted by
        unit id; windows in ticks from the threat's tick.
    units
        (unit, 7) int64: channels, ready, reload [ticks], salvo, outage threshold (0..2^32), outage id, kind.
    kill
        (class, kind) uint64: a round kills when its 32-bit word is below this (0..2^32).
    active
        Units with an id of this or more do not exist in this laydown.
    state
        (unit, 2) int64: rounds on launchers, rounds in store; carried from night to night.
    scratch
        Work arrays made by `make_scratch`.
    killed
        (threat,) uint8, filled.

    Returns
    -------
    Rounds fired.
    """
    pointer, pair = pairs
    # can_launch: earliest tick a unit has a free channel and a round; -1 while the unit has not been asked this night.
    can_launch, free, reloads, reload_head, reload_count, heap_key, heap_at, looked, shots = scratch
    k0, k1 = key[0], key[1]
    for unit in range(active):
        can_launch[unit] = -1
    size = 0
    for i in range(threats.shape[0]):
        killed[i] = 0
        looked[i] = 0
        shots[i] = 0
        lane = threats[i, 4]
        # A lower bound is enough to start with: the first window's opening, as if every unit were free.
        opening = _NEVER
        for j in range(pointer[lane], pointer[lane + 1]):
            if pair[j, 0] < active and pair[j, 1] < opening:
                opening = np.int64(pair[j, 1])
        if opening < _NEVER:
            tick = opening + threats[i, 5]
            entry = (tick << 24) | (priority[threats[i, 1]] << 20) | threats[i, 2]
            size = _push(heap_key, heap_at, size, entry, i)
    fired = np.int64(0)
    while size > 0:
        i = heap_at[0]
        bound = heap_key[0] >> 24
        rank = heap_key[0] & np.int64(0xFFFFFF)
        tick0 = np.int64(threats[i, 5])
        lane = threats[i, 4]
        best, best_pair = _NEVER, np.int64(-1)
        for j in range(pointer[lane], pointer[lane + 1]):
            unit = pair[j, 0]
            if unit >= active:
                break
            if can_launch[unit] < 0:
                can_launch[unit] = 0
                reload_head[unit] = 0
                reload_count[unit] = 0
                for channel in range(units[unit, 0]):
                    free[unit, channel] = 0
                if units[unit, 0] == 0 or state[unit, 0] == 0:
                    can_launch[unit] = _NEVER
                elif units[unit, 4] > 0:
                    # Outage of a whole fire unit for the night: every section of it shares the outage id.
                    identity = units[unit, 5]
                    words = philox(run, night, STREAM_OUTAGE, identity >> 2, k0, k1)
                    if _word(words, identity & 3) < np.uint64(units[unit, 4]):
                        can_launch[unit] = _NEVER
            launch = max(tick0 + pair[j, 1], looked[i], can_launch[unit])
            if launch > tick0 + pair[j, 2]:
                continue
            if launch < best:
                best, best_pair = launch, j
            elif launch == best and (pair[j, 4], pair[j, 1]) < (pair[best_pair, 4], pair[best_pair, 1]):
                best_pair = j
        if best == _NEVER:
            size -= 1
            if size > 0:
                _sink(heap_key, heap_at, size, heap_key[size], heap_at[size])
            continue
        if best > bound:
            _sink(heap_key, heap_at, size, (best << 24) | rank, i)
            continue
        unit = pair[best_pair, 0]
        done = best + pair[best_pair, 3]
        capacity = reloads.shape[1]
        while reload_count[unit] > 0 and reloads[unit, reload_head[unit]] <= best:
            reload_head[unit] = (reload_head[unit] + 1) % capacity
            reload_count[unit] -= 1
            state[unit, 0] += 1
        salvo = min(units[unit, 3], state[unit, 0])
        chance = kill[threats[i, 1], units[unit, 6]]
        hit = False
        for shot in range(salvo):
            words = philox(run, threats[i, 2], STREAM_KILL + 2 * shots[i] + (shot >> 2), 0, k0, k1)
            hit = hit or _word(words, shot & 3) < chance
            state[unit, 0] -= 1
            if state[unit, 1] > 0:
                state[unit, 1] -= 1
                reloads[unit, (reload_head[unit] + reload_count[unit]) % capacity] = best + units[unit, 2]
                reload_count[unit] += 1
        fired += salvo
        soonest = _NEVER
        taken = False
        for channel in range(units[unit, 0]):
            if not taken and free[unit, channel] <= best:
                free[unit, channel] = done
                taken = True
            soonest = min(soonest, free[unit, channel])
        if state[unit, 0] == 0:
            soonest = max(soonest, reloads[unit, reload_head[unit]]) if reload_count[unit] > 0 else _NEVER
        can_launch[unit] = soonest
        shots[i] += 1
        looked[i] = done
        if hit:
            killed[i] = 1
            size -= 1
            if size > 0:
                _sink(heap_key, heap_at, size, heap_key[size], heap_at[size])
        else:
            _sink(heap_key, heap_at, size, (np.int64(done) << 24) | rank, i)
    for unit in range(active):
        if can_launch[unit] < 0:
            continue
        state[unit, 0] += reload_count[unit]
        top = min(units[unit, 1] - state[unit, 0], state[unit, 1])
        state[unit, 0] += top
        state[unit, 1] -= top
    return fired


@njit(cache=True)
def make_scratch(units, rounds, channels, threats):
    """Work arrays of `fight_night` for so many units, rounds on a unit's launchers, channels and threats."""
    return (
        np.zeros(units, np.int64),
        np.zeros((units, max(channels, 1)), np.int64),
        np.zeros((units, max(rounds, 1)), np.int64),
        np.zeros(units, np.int64),
        np.zeros(units, np.int64),
        np.zeros(threats, np.int64),
        np.zeros(threats, np.int64),
        np.zeros(threats, np.int64),
        np.zeros(threats, np.int64),
    )


@njit(cache=True, parallel=True)
def fight_months(
    first_world,
    runs,
    key,
    nights,
    raids,
    geometry,
    pairs,
    pointers,
    units,
    stock,
    kill,
    attrition,
    active,
    slot,
    leakers,
    tally,
):
    """Fight every (world, run) of a batch; each is a month of nights with rounds carried over.

    Parameters
    ----------
    first_world
        Number of the batch's first world; with the run it addresses every draw.
    runs, key, nights
        Runs a world; two key words; nights a month.
    raids
        (counts (w, class), packet (w, class), source (night, class), place_cum (w, class, place)).
    geometry
        (area_cum (class, place, area), lane_first (class,), variants (class,), spread (class + 1,), priority (class,)).
    pairs, pointers
        (pair, 5) int32 pairs of all worlds; (w, lane + 1) int64 pointers into them.
    units, stock
        (w, unit, 7) int64 as in `fight_night`; (w, unit) rounds in store at the start of the month.
    kill
        (w, class, kind) uint64.
    attrition
        (w, lane) uint32: dispersed layer's threshold a lane, applied to what the systems did not stop.
    active
        Units that exist in this laydown.
    leakers
        (w, run, slot, place) uint16, filled; `slot` (class,) says which slot a class is counted in.
    tally
        (w, run, 3) int64, filled: stopped by systems, by the dispersed layer, rounds fired.
    """
    counts, packet, source, place_cum = raids
    area_cum, lane_first, variants, spread, priority = geometry
    for w in prange(counts.shape[0]):
        most = 0
        for cls in range(counts.shape[1]):
            most += counts[w, cls]
        threats = np.empty((most, 6), np.int32)
        killed = np.empty(most, np.uint8)
        rounds = 0
        channels = 0
        for unit in range(active):
            rounds = max(rounds, units[w, unit, 1])
            channels = max(channels, units[w, unit, 0])
        scratch = make_scratch(max(active, 1), rounds, channels, most)
        state = np.empty((max(active, 1), 2), np.int64)
        world_pairs = (pointers[w], pairs)
        kill_w = kill[w]
        units_w = units[w]
        work = (
            np.empty((counts.shape[1], nights), np.int64), np.empty(nights + 1, np.int64), np.empty((most, 6), np.int32)
        )  # fmt: skip
        for run in range(runs):
            counter = np.int64(first_world + w) * RUNS_PER_WORLD_MAX + run
            for unit in range(active):
                state[unit, 0] = units[w, unit, 1]
                state[unit, 1] = stock[w, unit]
            total = draw_raids(
                counter,
                key,
                nights,
                counts[w],
                packet[w],
                source,
                place_cum[w],
                area_cum,
                lane_first,
                variants,
                spread,
                work,
                threats,
            )
            begin = 0
            while begin < total:
                night = threats[begin, 0]
                end = begin
                while end < total and threats[end, 0] == night:
                    end += 1
                now = slice(begin, end)
                fired = fight_night(
                    counter,
                    key,
                    night,
                    threats[now],
                    priority,
                    world_pairs,
                    units_w,
                    kill_w,
                    active,
                    state,
                    scratch,
                    killed[now],
                )
                tally[w, run, 2] += fired
                begin = end
            for i in range(total):
                if killed[i] == 1:
                    tally[w, run, 0] += 1
                    continue
                words = philox(counter, threats[i, 2], STREAM_THREAT, 0, key[0], key[1])
                if words[2] < np.uint64(attrition[w, threats[i, 4]]):
                    tally[w, run, 1] += 1
                else:
                    leakers[w, run, slot[threats[i, 1]], threats[i, 3]] += 1


def uint32_threshold(probability: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Turn probabilities into thresholds: a 32-bit word is below it with that probability (error below 2^-32)."""
    return np.floor(np.clip(probability, 0.0, 1.0) * 2.0**32).astype(np.uint64)
