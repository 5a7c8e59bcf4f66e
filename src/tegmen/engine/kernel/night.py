"""One night by the event rule of docs/method/engine.md: integers in and integers out.

Always the smallest of all possible engagements is committed. Threats are numbered by rank (class priority, then id). A
threat is looked at when its first window opens and when a result is known; if a unit can launch in that very tick, that
engagement is the smallest. If none can, the threat is looked at again at the earliest tick at which one could.

Tables are structured arrays: a column goes by its name, which the caller's table brings along.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import njit

from tegmen.engine.kernel.words import STREAM_KILL, STREAM_OUTAGE, part_of, philox

NEVER = np.int64(1) << np.int64(40)
TICKS_MAX = 1 << 22
"""Every tick of a night is below this (116 h): a queue key is tick * 2^40 + threat * 2^20 + unit + 1."""
NUMBERS_MAX = 1 << 20
"""Threats a night and units a laydown are fewer than this."""

STATE = np.dtype([(name, np.int64) for name in ("ready", "store", "soonest", "channel", "reload", "pending")])
"""A unit in a month. Rounds `ready` on launchers and in `store` are carried from night to night; the rest is of the
night: the `soonest` tick it can launch (-1: not asked yet), where its rings of `channel`s and `reload`s begin, reloads
`pending`."""

_FEW = 32
LAST = np.int64(0x7FFFFFFFFFFFFFFF)
"""A queue key later than any."""
LOW20 = np.int64(0xFFFFF)
# Unsigned, for an index that may be negative costs numba a test and a branch.
_ZERO, _ONE = np.uint64(0), np.uint64(1)


@njit
def make_scratch(units, rounds, channels, threats):
    """Work arrays of `fight_night` for so many units, rounds on a unit's launchers, channels and threats a night."""
    return (
        np.zeros((units, max(channels, 1)), np.int64),
        np.zeros((units, max(rounds, 1)), np.int64),
        np.zeros(threats + 1, np.int64),
        np.zeros((4, threats), np.uint32),
        np.zeros(threats, np.int64),
        np.zeros(units + 1, np.int64),
    )


@njit
def sort_keys(keys, count, spare):
    """Sort queue keys by tick, where equal ticks stand in the order wanted; `spare` is (count + 256,) int64."""
    if count <= _FEW:
        for i in range(1, count):
            key, j = keys[i], i
            while j > 0 and keys[j - 1] > key:
                keys[j] = keys[j - 1]
                j -= 1
            keys[j] = key
        return
    low, high = LAST, np.int64(0)
    for i in range(count):
        low, high = min(low, keys[i] >> 40), max(high, keys[i] >> 40)
    # By bytes of the tick, lowest first: equal bytes keep their order.
    tally, other = spare[:256], spare[256:]
    shift = 0
    while ((high - low) >> shift) > 0:
        tally[:] = 0
        for i in range(count):
            tally[(((keys[i] >> 40) - low) >> shift) & 255] += 1
        begin = np.int64(0)
        for byte in range(256):
            here = tally[byte]
            tally[byte] = begin
            begin += here
        for i in range(count):
            byte = (((keys[i] >> 40) - low) >> shift) & 255
            other[tally[byte]] = keys[i]
            tally[byte] += 1
        for i in range(count):
            keys[i] = other[i]
        shift += 8


@njit
def line_up(threats, first_open, line, spare):
    """Sort first openings in time: `line` is filled with queue keys; threats that no unit can ever meet are left out.

    Parameters
    ----------
    threats
        (threat,) as for `fight_night`.
    first_open
        (lane,) int64 first opening of any window of the lane [ticks from the threat's tick]; `NEVER` without one.
    line, spare
        (threat,) int64 filled; (threat + 256,) int64 for the sorting.

    Returns
    -------
    Number of threats lined up.
    """
    count = np.int64(0)  # a plain 0 is a type of its own to numba, which compiles all that it is passed to once more
    for i in range(threats.shape[0]):
        opening = first_open[threats[i]["lane"]]
        if opening < NEVER:
            line[count] = ((opening + np.int64(threats[i]["tick"])) << 40) | (np.int64(i) << 20)
            count += 1
    sort_keys(line, count, spare)
    return count


@njit(forceinline=True)
def push(queue, size, key):
    """Add a key to the heap; return its new size."""
    i = np.uint64(size)
    while i > _ZERO:
        parent = (i - _ONE) >> _ONE
        if queue[parent] <= key:
            break
        queue[i] = queue[parent]
        i = parent
    queue[i] = key
    return size + 1


@njit(forceinline=True)
def sink(queue, size, key):
    """Replace the root by a key and restore the heap."""
    i, child, end = _ZERO, _ONE, np.uint64(size)
    while child < end:
        if child + _ONE < end and queue[child + _ONE] < queue[child]:
            child += _ONE
        if queue[child] >= key:
            break
        queue[i] = queue[child]
        i = child
        child = i + i + _ONE
    queue[i] = key


@njit(forceinline=True)
def drop(queue, size):
    """Remove the root."""
    if size > 1:
        sink(queue, size - 1, queue[np.uint64(size - 1)])
    return size - 1


@njit(forceinline=True)
def rouse(unit, run, key, night, units, state, channels, asked):
    """Ask a unit for the first time in a night: is it up? Its channels are free.

    `asked` holds how many units have been asked, and which: the others need no attention in the morning.
    """
    asked[0] += 1
    asked[asked[0]] = unit
    row, own = units[unit], state[unit]
    own["soonest"] = own["channel"] = own["reload"] = own["pending"] = 0
    for channel in range(np.uint64(row["channels"])):
        channels[unit, channel] = 0
    if row["channels"] == 0 or own["ready"] == 0:
        own["soonest"] = NEVER
    elif row["outage"] > 0:
        # Outage of a whole fire unit for the night: every section of it shares the outage id.
        identity = row["outage_id"]
        drawn = philox(run, night, STREAM_OUTAGE, identity >> 2, key[0], key[1])
        if part_of(drawn, identity & 3) < np.uint64(row["outage"]):
            own["soonest"] = NEVER


@njit(forceinline=True)
def choose(tick, begin, end, now, run, key, night, pair, units, state, channels, asked):
    """The pair a threat is engaged by in this very tick, or -1: least preference, then first opening, then unit."""
    best, least = np.int64(-1), LAST
    for j in range(np.uint64(begin), np.uint64(end)):
        if tick + pair[j]["open"] > now:
            break
        if tick + pair[j]["close"] < now:
            continue
        unit = np.uint64(pair[j]["unit"])
        if state[unit]["soonest"] < 0:
            rouse(unit, run, key, night, units, state, channels, asked)
        if state[unit]["soonest"] > now:
            continue
        if pair[j]["preference"] < least:
            best, least = np.int64(j), np.int64(pair[j]["preference"])
    return best


@njit(forceinline=True)
def _soonest(tick, begin, end, now, pair, state):
    """Earliest tick after `now` at which a unit could engage a threat; `NEVER` if none can."""
    soonest = NEVER
    for j in range(np.uint64(begin), np.uint64(end)):
        launch = max(tick + pair[j]["open"], now, state[np.uint64(pair[j]["unit"])]["soonest"])
        if launch <= tick + pair[j]["close"]:
            soonest = min(soonest, launch)
    return soonest


@njit(forceinline=True)
def fire(now, done, unit, i, shots, run, key, identity, chance, units, state, channels, reloads, luck):
    """Fire a salvo: rounds fired and whether one killed. Rounds, channel and the unit's next launch are updated."""
    row, own = units[unit], state[unit]
    capacity, ready, store = np.uint64(row["ready"]), own["ready"], own["store"]
    head, pending = np.uint64(own["reload"]), np.uint64(own["pending"])
    while pending > _ZERO and reloads[unit, head] <= now:
        head = head + _ONE if head + _ONE < capacity else _ZERO
        pending -= _ONE
        ready += 1
    salvo = min(row["salvo"], ready)
    ready -= salvo
    hit = False
    for shot in range(salvo):
        # The first four rounds of a first engagement were drawn ahead.
        if (shot & 3) == 0 and (shots > 0 or shot > 0):
            drawn = philox(run, identity, STREAM_KILL + 2 * shots + (shot >> 2), 0, key[0], key[1])
            luck[0, i], luck[1, i], luck[2, i], luck[3, i] = drawn
        hit |= np.uint64(luck[np.uint64(shot & 3), i]) < chance
        if store > 0:
            store -= 1
            tail = head + pending
            reloads[unit, tail if tail < capacity else tail - capacity] = now + row["reload"]
            pending += _ONE
    first = hold_channel(done, np.uint64(own["channel"]), np.uint64(row["channels"]), channels[unit])
    soonest = max(channels[unit, first], now)
    if ready == 0:
        soonest = max(soonest, reloads[unit, head]) if pending > _ZERO else NEVER
    own["ready"], own["store"], own["soonest"] = ready, store, soonest
    own["channel"], own["reload"], own["pending"] = np.int64(first), np.int64(head), np.int64(pending)
    return salvo, hit


@njit(forceinline=True)
def hold_channel(done, slot, width, releases):
    """Hold the first free channel, at `slot`, until an interceptor is done; where the ring then begins.

    The ring is in order of release: its head is the first free one, and is released last but for those whose
    interceptors fly longer.
    """
    first = slot + _ONE if slot + _ONE < width else _ZERO
    while slot != first:
        before = slot - _ONE if slot > _ZERO else width - _ONE
        if releases[before] <= done:
            break
        releases[slot] = releases[before]
        slot = before
    releases[slot] = done
    return first


@njit
def fight_night(run, key, night, threats, lined, pairs, units, kill, state, scratch, killed):
    """Fight one night by the event rule: always commit the smallest key.

    The key is (launch tick, class priority, threat id), the unit by (launch tick, preference, window start, unit id).

    Parameters
    ----------
    run, key, night
        Counter word; key words; number of the night (addresses the outage draws).
    threats
        (threat,) `class`, `id`, `lane`, `tick` of one night's threats, in order of rank.
    lined
        Queue keys of first openings in order, made by `line_up`.
    pairs
        (lane + 1,) where a lane's feasible pairs begin; (pair,) `unit`, `open`, `close`, `flight`, `preference`,
        `kind`, on a lane sorted by `open` and `unit`; windows in ticks from the threat's tick.
    units
        (unit,) `channels`, `ready` rounds on full launchers, `reload` [ticks], `salvo` [rounds], `outage` threshold
        (0..2^32), `outage_id`.
    kill
        (class, kind) uint64: a round kills when its 32-bit word is below this (0..2^32).
    state
        (unit,) `STATE`, made by `stock_up`; `ready` and `store` are carried over the nights.
    scratch
        Work arrays made by `make_scratch`.
    killed
        (threat,) uint8, filled.

    Returns
    -------
    Rounds fired, engagements, and steps: first openings looked at and keys taken from the queue.
    """
    pointer, pair = pairs
    channels, reloads, queue, luck, shots, asked = scratch
    dawn(run, key, threats, luck, killed)
    at, last, size = _ZERO, np.uint64(lined.shape[0]), np.int64(0)
    fired, engagements, steps = np.int64(0), np.int64(0), np.int64(0)
    while True:
        top = queue[_ZERO] if size > 0 else LAST
        arrives = at < last and lined[at] < top
        if arrives:
            top = lined[at]
            at += _ONE
        elif size == 0:
            break
        steps += 1
        now, i = top >> 40, np.uint64((top >> 20) & LOW20)
        if arrives:
            shots[i] = 0
        tick, lane = np.int64(threats[i]["tick"]), np.uint64(threats[i]["lane"])
        begin, end = pointer[lane], pointer[lane + _ONE]
        j = choose(tick, begin, end, now, run, key, night, pair, units, state, channels, asked)
        if j >= 0:
            by, done = np.uint64(pair[np.uint64(j)]["unit"]), now + pair[np.uint64(j)]["flight"]
            chance = kill[np.uint64(threats[i]["class"]), np.uint64(pair[np.uint64(j)]["kind"])]
            salvo, hit = fire(
                now, done, by, i, shots[i], run, key, threats[i]["id"], chance, units, state, channels, reloads, luck
            )
            fired += salvo
            engagements += 1
            shots[i] += 1
            killed[i] = 1 if hit else 0
            again = NEVER if hit else done
        else:
            again = _soonest(tick, begin, end, now, pair, state)
        key_again = (again << 40) | (top & (LOW20 << 20))
        if arrives:
            size = push(queue, size, key_again) if again < NEVER else size
        elif again < NEVER:
            sink(queue, size, key_again)
        else:
            size = drop(queue, size)
    dusk(state, asked)
    return fired, engagements, steps


@njit
def dawn(run, key, threats, luck, killed):
    """Begin a night: nothing is killed, and the first four rounds at each threat are drawn, many at a time."""
    for i in range(threats.shape[0]):
        killed[i] = 0
        drawn = philox(run, threats[i]["id"], STREAM_KILL, 0, key[0], key[1])
        luck[0, i], luck[1, i], luck[2, i], luck[3, i] = drawn


@njit
def dusk(state, asked):
    """End a night: pending reloads complete.

    Launchers are then full as far as the store lasts, for every round fired was replaced from it.
    """
    for at in range(1, asked[0] + 1):
        own = state[asked[at]]
        own["ready"], own["soonest"] = own["ready"] + own["pending"], -1
    asked[0] = 0


@njit
def stock_up(units, stock, state):
    """Begin a month: launchers and stores are full, and no unit has been asked."""
    for unit in range(units.shape[0]):
        own = state[unit]
        own["ready"], own["store"], own["soonest"] = units[unit]["ready"], stock[unit], -1
