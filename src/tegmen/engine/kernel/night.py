"""One night by the event rule of docs/method.md: integers in and integers out; knows nothing of ours but integer codes.

Always the smallest of all possible engagements is committed. Threats are numbered by rank (class priority, then id). A
threat is looked at when its first window opens and when a result is known; if a unit can launch in that very tick, that
engagement is the smallest. If none can, the threat is looked at again at the earliest tick at which one could. That is
the quickest way while units are mostly free; `herds` fights the same night when they are not.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np

from tegmen.engine.kernel.compiled import compiled
from tegmen.engine.kernel.words import STREAM_KILL, STREAM_OUTAGE, part_of, philox

NEVER = np.int64(1) << np.int64(40)
TICKS_MAX = 1 << 22
"""Every tick of a night is below this (116 h): a queue key is tick * 2^40 + threat * 2^20 + unit + 1."""
NUMBERS_MAX = 1 << 20
"""Threats a night and units a laydown are fewer than this."""

# Columns of a unit's state.
READY, STORE, SOONEST, CHANNEL, RELOAD, PENDING, CALL, LOWEST = (np.uint64(column) for column in range(8))
"""Rounds on launchers and in store are carried from night to night; the rest is of the night: earliest tick it can
launch (-1: not asked yet), heads of its rings of channels and reloads, reloads pending; and for `herds` its next call
and the first word of its list of waiters that may not be empty."""

_FEW = 32
LAST = np.int64(0x7FFFFFFFFFFFFFFF)
"""A queue key later than any."""
LOW20 = np.int64(0xFFFFF)
# Unsigned, for an index that may be negative costs numba a test and a branch.
_ZERO, _ONE = np.uint64(0), np.uint64(1)


@compiled
def make_scratch(units, rounds, channels, threats):
    """Work arrays of `fight_night` for so many units, rounds on a unit's launchers, channels and threats a night."""
    return (
        np.zeros((units, max(channels, 1)), np.int64),
        np.zeros((units, max(rounds, 1)), np.int64),
        np.zeros(threats + 1, np.int64),
        np.zeros((4, threats), np.uint32),
        np.zeros(threats, np.int64),
        np.zeros(units + 1, np.int64),
        (np.zeros((0, 5), np.int64), np.zeros((2, 0), np.int64)),
    )


@compiled
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


@compiled
def line_up(threats, first_open, line, spare):
    """Sort first openings in time: `line` is filled with queue keys; threats that no unit can ever meet are left out.

    Parameters
    ----------
    threats
        (threat, 6) int32 as for `fight_night`.
    first_open
        (lane,) int64 first opening of any window of the lane [ticks from the threat's tick]; `NEVER` without one.
    line, spare
        (threat,) int64 filled; (threat + 256,) int64 for the sorting.

    Returns
    -------
    Number of threats lined up.
    """
    count = 0
    for i in range(threats.shape[0]):
        opening = first_open[threats[i, 4]]
        if opening < NEVER:
            line[count] = ((opening + np.int64(threats[i, 5])) << 40) | (np.int64(i) << 20)
            count += 1
    sort_keys(line, count, spare)
    return count


@compiled(forceinline=True)
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


@compiled(forceinline=True)
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


@compiled(forceinline=True)
def drop(queue, size):
    """Remove the root."""
    if size > 1:
        sink(queue, size - 1, queue[np.uint64(size - 1)])
    return size - 1


@compiled(forceinline=True)
def rouse(unit, run, key, night, units, state, channels, asked):
    """Ask a unit for the first time in a night: is it up? Its channels are free.

    `asked` holds how many units have been asked, and which: the others need no attention in the morning.
    """
    asked[0] += 1
    asked[asked[0]] = unit
    state[unit, SOONEST] = 0
    state[unit, CHANNEL] = 0
    state[unit, RELOAD] = 0
    state[unit, PENDING] = 0
    for channel in range(np.uint64(units[unit, 0])):
        channels[unit, channel] = 0
    if units[unit, 0] == 0 or state[unit, READY] == 0:
        state[unit, SOONEST] = NEVER
    elif units[unit, 4] > 0:
        # Outage of a whole fire unit for the night: every section of it shares the outage id.
        identity = units[unit, 5]
        drawn = philox(run, night, STREAM_OUTAGE, identity >> 2, key[0], key[1])
        if part_of(drawn, identity & 3) < np.uint64(units[unit, 4]):
            state[unit, SOONEST] = NEVER


@compiled(forceinline=True)
def choose(tick, begin, end, now, run, key, night, pair, units, state, channels, asked):
    """The pair a threat is engaged by in this very tick, or -1: least preference, then first opening, then unit."""
    best, least = np.int64(-1), LAST
    for j in range(np.uint64(begin), np.uint64(end)):
        if tick + pair[j, 1] > now:
            break
        if tick + pair[j, 2] < now:
            continue
        unit = np.uint64(pair[j, 0])
        if state[unit, SOONEST] < 0:
            rouse(unit, run, key, night, units, state, channels, asked)
        if state[unit, SOONEST] > now:
            continue
        if pair[j, 4] < least:
            best, least = np.int64(j), np.int64(pair[j, 4])
    return best


@compiled(forceinline=True)
def _soonest(tick, begin, end, now, pair, state):
    """Earliest tick after `now` at which a unit could engage a threat; `NEVER` if none can."""
    soonest = NEVER
    for j in range(np.uint64(begin), np.uint64(end)):
        launch = max(tick + pair[j, 1], now, state[np.uint64(pair[j, 0]), SOONEST])
        if launch <= tick + pair[j, 2]:
            soonest = min(soonest, launch)
    return soonest


@compiled(forceinline=True)
def fire(now, done, unit, i, shots, run, key, identity, chance, units, state, channels, reloads, luck):
    """Fire a salvo: rounds fired and whether one killed. Rounds, channel and the unit's next launch are updated."""
    capacity, width = np.uint64(units[unit, 1]), np.uint64(units[unit, 0])
    ready, store = state[unit, READY], state[unit, STORE]
    head, pending = np.uint64(state[unit, RELOAD]), np.uint64(state[unit, PENDING])
    while pending > _ZERO and reloads[unit, head] <= now:
        head = head + _ONE if head + _ONE < capacity else _ZERO
        pending -= _ONE
        ready += 1
    salvo = min(units[unit, 3], ready)
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
            reloads[unit, tail if tail < capacity else tail - capacity] = now + units[unit, 2]
            pending += _ONE
    # The ring of channels is in order of release: its head is the first free one, and is released last but for those
    # whose interceptors fly longer.
    slot = np.uint64(state[unit, CHANNEL])
    first = slot + _ONE if slot + _ONE < width else _ZERO
    while slot != first:
        before = slot - _ONE if slot > _ZERO else width - _ONE
        if channels[unit, before] <= done:
            break
        channels[unit, slot] = channels[unit, before]
        slot = before
    channels[unit, slot] = done
    soonest = max(channels[unit, first], now)
    if ready == 0:
        soonest = max(soonest, reloads[unit, head]) if pending > _ZERO else NEVER
    state[unit, READY], state[unit, STORE], state[unit, SOONEST] = ready, store, soonest
    state[unit, CHANNEL], state[unit, RELOAD], state[unit, PENDING] = np.int64(first), np.int64(head), np.int64(pending)
    return salvo, hit


@compiled(forceinline=True)
def _write_down(log, chain, at, i, now, done, j, hit):
    """Log an engagement: tick, tick of the result, pair, the threat's next engagement (-1 so far), and whether it hit.

    `chain` holds the first and the last engagement of each threat, -1 without any.
    """
    log[at, 0], log[at, 1], log[at, 2], log[at, 3], log[at, 4] = now, done, j, -1, np.int64(hit)
    if chain[0, i] < 0:
        chain[0, i] = at
    else:
        log[chain[1, i], 3] = at
    chain[1, i] = at


@compiled
def fight_night(run, key, night, threats, lined, pairs, units, kill, state, scratch, killed):
    """Fight one night by the event rule: always commit the smallest key.

    The key is (launch tick, class priority, threat id), the unit by (launch tick, preference, window start, unit id).

    Parameters
    ----------
    run, key, night
        Counter word; key words; number of the night (addresses the outage draws).
    threats
        (threat, 6) int32: night, class, id, place, lane, tick; one night of them in order of rank.
    lined
        Queue keys of first openings in order, made by `line_up`.
    pairs
        (pointer (lane + 1,), (pair, 5) int32: unit, open, close, flight, preference): feasible pairs a lane, sorted by
        (open, unit); windows in ticks from the threat's tick.
    units
        (unit, 8) int64: channels, ready, reload [ticks], salvo, outage threshold (0..2^32), outage id, kind, rounds
        that come into the store at the end of each night.
    kill
        (class, kind) uint64: a round kills when its 32-bit word is below this (0..2^32).
    state
        (unit, 8) int64, made by `stock_up`, see `READY`; the first two columns are carried over the nights.
    scratch
        Work arrays made by `make_scratch`; the last are a log of engagements, kept where it has room.
    killed
        (threat,) uint8, filled.

    Returns
    -------
    Rounds fired, engagements, and steps: first openings looked at and keys taken from the queue.
    """
    pointer, pair = pairs
    channels, reloads, queue, luck, shots, asked, (log, chain) = scratch
    dawn(run, key, threats, luck, killed)
    at, last, size = _ZERO, np.uint64(lined.shape[0]), 0
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
        tick, lane = np.int64(threats[i, 5]), np.uint64(threats[i, 4])
        begin, end = pointer[lane], pointer[lane + _ONE]
        j = choose(tick, begin, end, now, run, key, night, pair, units, state, channels, asked)
        if j >= 0:
            by, done = np.uint64(pair[np.uint64(j), 0]), now + pair[np.uint64(j), 3]
            chance = kill[np.uint64(threats[i, 1]), np.uint64(units[by, 6])]
            salvo, hit = fire(
                now, done, by, i, shots[i], run, key, threats[i, 2], chance, units, state, channels, reloads, luck
            )
            fired += salvo
            if engagements < log.shape[0]:
                _write_down(log, chain, engagements, i, now, done, j, hit)
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
    dusk(units, state, asked)
    return fired, engagements, steps


@compiled
def dawn(run, key, threats, luck, killed):
    """Begin a night: nothing is killed, and the first four rounds at each threat are drawn, many at a time."""
    for i in range(threats.shape[0]):
        killed[i] = 0
        drawn = philox(run, threats[i, 2], STREAM_KILL, 0, key[0], key[1])
        luck[0, i], luck[1, i], luck[2, i], luck[3, i] = drawn


@compiled
def dusk(units, state, asked):
    """End a night: pending reloads complete, and launchers are topped up from the store as far as it lasts."""
    for at in range(1, asked[0] + 1):
        unit = asked[at]
        ready, store = state[unit, READY] + state[unit, PENDING], state[unit, STORE]
        top = min(units[unit, 1] - ready, store)
        state[unit, READY], state[unit, STORE], state[unit, SOONEST] = ready + top, store - top, -1
    asked[0] = 0


@compiled
def stock_up(units, stock, state):
    """Begin a month: launchers and stores are full, and no unit has been asked."""
    for unit in range(units.shape[0]):
        state[unit, READY], state[unit, STORE], state[unit, SOONEST] = units[unit, 1], stock[unit], -1
