"""The same night as in `nights`, for raids that saturate the units: a release wakes nobody but the one it serves.

Here the units keep the queue. Each has its calls (when a threat's window on it opens, in order) and its list of waiters,
a set of bits in order of rank. A unit is looked at when it can launch again, or at its next call when nobody waits; it
then takes up the calls that have come and serves its first waiter. Calls of a busy unit cost no step, nor do those of
threats that are dead or being engaged by then.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np

from tegmen.caches import compiled
from tegmen.nights import (
    CALL,
    LAST,
    LOW20,
    LOWEST,
    NEVER,
    SOONEST,
    choose,
    dawn,
    drop,
    dusk,
    fire,
    push,
    rouse,
    sink,
    sort_keys,
)

_ONE, _NONE = np.uint64(1), np.uint64(0)


@compiled
def make_lists(units, threats):
    """Work arrays of `fight_herd` besides those of `fight_night`: waiters, look ticks, keys of units in the queue."""
    return (
        np.zeros((units, (threats + 63) // 64), np.uint64),
        np.zeros(threats, np.int64),
        np.zeros(units, np.int64),
        np.zeros(threats + units + 1, np.int64),
    )


@compiled
def count_calls(threats, pointer):
    """Pairs of all threats of a night."""
    count = np.int64(0)
    for i in range(threats.shape[0]):
        count += pointer[threats[i, 4] + 1] - pointer[threats[i, 4]]
    return count


@compiled
def list_calls(threats, pairs, units):
    """Calls of each unit in order of tick and rank.

    Returns
    -------
    (unit + 1,) pointers into the calls, and (call,) queue keys: tick, threat, unit.
    """
    pointer, pair = pairs
    count = count_calls(threats, pointer)
    keys, spare = np.empty(count, np.int64), np.empty(count + 256, np.int64)
    first = np.zeros(units + 1, np.int64)
    at = 0
    for i in range(threats.shape[0]):
        lane = threats[i, 4]
        for j in range(pointer[lane], pointer[lane + 1]):
            tick = np.int64(threats[i, 5]) + pair[j, 1]
            keys[at] = (tick << 40) | (np.int64(i) << 20) | np.int64(pair[j, 0] + 1)
            first[pair[j, 0] + 1] += 1
            at += 1
    sort_keys(keys, count, spare)
    for unit in range(units):
        first[unit + 1] += first[unit]
    calls, fill = np.empty(count, np.int64), first.copy()
    for at in range(count):
        unit = (keys[at] & LOW20) - 1
        calls[fill[unit]] = keys[at]
        fill[unit] += 1
    return first, calls


@compiled(forceinline=True)
def _lowest_bit(bits):
    place = np.int64(0)
    for step in (32, 16, 8, 4, 2, 1):
        if bits & ((_ONE << np.uint64(step)) - _ONE) == _NONE:
            place += step
            bits >>= np.uint64(step)
    return place


@compiled(forceinline=True)
def _wait_for(unit, i, state, waiting):
    word = i >> 6
    waiting[unit, word] |= _ONE << np.uint64(i & 63)
    state[unit, LOWEST] = min(state[unit, LOWEST], word)


@compiled(forceinline=True)
def _in_reach(unit, tick, begin, end, now, pair):
    """Whether a window of this unit on a threat is open."""
    for j in range(begin, end):
        if pair[j, 0] == unit and tick + pair[j, 1] <= now <= tick + pair[j, 2]:
            return True
    return False


@compiled
def _first_waiter(unit, now, threats, pairs, state, waiting, words, killed, looked):
    """First in rank of those a unit can serve now, struck off its list; -1 when there is none.

    Whoever is found dead, engaged or out of reach is struck off too: after a miss it is looked at again and comes back.
    """
    pointer, pair = pairs
    word = state[unit, LOWEST]
    while word < words:
        bits = waiting[unit, word]
        while bits != _NONE:
            i = word * 64 + _lowest_bit(bits)
            bits &= bits - _ONE
            lane = threats[i, 4]
            if (
                killed[i] == 0
                and looked[i] <= now
                and _in_reach(unit, np.int64(threats[i, 5]), pointer[lane], pointer[lane + 1], now, pair)
            ):
                waiting[unit, word] = bits
                state[unit, LOWEST] = word
                return i
        waiting[unit, word] = _NONE
        word += 1
    state[unit, LOWEST] = word
    return np.int64(-1)


@compiled
def _answer_calls(unit, now, first, calls, state, waiting, killed, looked):
    """Take up the calls that have come; return the key of the next one that may matter, `LAST` without any.

    A threat being engaged when its window opens is looked at when the result is known, and comes back by itself.
    """
    at, end = state[unit, CALL], first[unit + 1]
    while at < end:
        key = calls[at]
        i = (key >> 20) & LOW20
        if killed[i] == 0 and looked[i] <= (key >> 40):
            if (key >> 40) > now:
                break
            if looked[i] <= now:
                _wait_for(unit, i, state, waiting)
        at += 1
    state[unit, CALL] = at
    return calls[at] if at < end else LAST


@compiled(forceinline=True)
def _set_key(unit, key, queue, size):
    """Give a unit an earlier key in the queue, or its first."""
    i = 0
    while i < size and (queue[i] & LOW20) != unit + 1:
        i += 1
    if i == size:
        return push(queue, size, key)
    while i > 0 and queue[(i - 1) >> 1] > key:
        queue[i] = queue[(i - 1) >> 1]
        i = (i - 1) >> 1
    queue[i] = key
    return size


@compiled
def _wait(i, tick, begin, end, now, pair, state, waiting, queued, queue, size):
    """Put a threat that nobody can serve now on the lists of the busy units it is in the windows of."""
    for j in range(begin, end):
        unit = np.int64(pair[j, 0])
        soonest = state[unit, SOONEST]
        if tick + pair[j, 1] <= now < soonest <= tick + pair[j, 2]:
            _wait_for(unit, i, state, waiting)
            release = (soonest << 40) | (unit + 1)
            if queued[unit] > release:
                queued[unit] = release
                size = _set_key(unit, release, queue, size)
    return size


@compiled(forceinline=True)
def _key_after(unit, call, state, waiting, words):
    """Queue key of a unit that has just fired: its release, or a later call when nobody waits; `LAST` for none."""
    soonest = state[unit, SOONEST]
    word = state[unit, LOWEST]
    while word < words and waiting[unit, word] == _NONE:
        word += 1
    state[unit, LOWEST] = word
    if soonest == NEVER or (word == words and call == LAST):
        return LAST
    if word == words and (call >> 40) > soonest:
        return call
    return (soonest << 40) | (unit + 1)


@compiled
def fight_herd(run, key, night, threats, first, calls, pairs, units, kill, state, scratch, lists, killed):
    """Fight one night by the event rule; the same bits as `fight_night`.

    Parameters
    ----------
    first, calls
        Made by `list_calls`.
    lists
        Work arrays made by `make_lists`; all others as in `fight_night`.

    Returns
    -------
    Rounds fired, engagements, and steps: keys taken from the queue.
    """
    pointer, pair = pairs
    channels, reloads, _queue, luck, shots, asked, _log = scratch
    waiting, looked, queued, queue = lists
    words = (threats.shape[0] + 63) >> 6
    dawn(run, key, threats, luck, killed)
    size = 0
    for i in range(threats.shape[0]):
        looked[i], shots[i] = 0, 0
    for unit in range(units.shape[0]):
        state[unit, CALL], state[unit, LOWEST], queued[unit] = first[unit], words, LAST
        for word in range(words):
            waiting[unit, word] = _NONE
        if first[unit] < first[unit + 1]:
            rouse(unit, run, key, night, units, state, channels, asked)
            if state[unit, SOONEST] < NEVER:
                queued[unit] = calls[first[unit]]
                size = push(queue, size, calls[first[unit]])
    fired, engagements, steps = np.int64(0), np.int64(0), np.int64(0)
    while size > 0:
        top = queue[0]
        steps += 1
        now, unit, i, call = top >> 40, (top & LOW20) - 1, (top >> 20) & LOW20, LAST
        if unit >= 0:
            mine = LAST
            if state[unit, SOONEST] > now:
                if state[unit, SOONEST] < NEVER:
                    mine = (state[unit, SOONEST] << 40) | (unit + 1)
                i = np.int64(-1)
            else:
                call = _answer_calls(unit, now, first, calls, state, waiting, killed, looked)
                i = _first_waiter(unit, now, threats, pairs, state, waiting, words, killed, looked)
                mine = call
            if i >= 0:
                # Its first waiter may rank behind another event of this tick.
                mine = (now << 40) | (i << 20) | (unit + 1)
                for child in range(1, min(size, 3)):
                    if queue[child] < mine:
                        i = np.int64(-1)
                if i < 0:
                    _wait_for(unit, (mine >> 20) & LOW20, state, waiting)
            if i < 0:
                queued[unit] = mine
                if mine < LAST:
                    sink(queue, size, mine)
                else:
                    size = drop(queue, size)
                continue
        elif looked[i] > now:
            size = drop(queue, size)
            continue
        tick, lane = np.int64(threats[i, 5]), threats[i, 4]
        begin, end = pointer[lane], pointer[lane + 1]
        j = choose(tick, begin, end, now, run, key, night, pair, units, state, channels, asked)
        if j < 0:
            size = drop(queue, size)
            size = _wait(i, tick, begin, end, now, pair, state, waiting, queued, queue, size)
            continue
        by, done = np.int64(pair[j, 0]), now + pair[j, 3]
        chance = kill[threats[i, 1], units[by, 6]]
        salvo, hit = fire(
            now, done, by, i, shots[i], run, key, threats[i, 2], chance, units, state, channels, reloads, luck
        )
        fired += salvo
        engagements += 1
        shots[i] += 1
        looked[i] = done
        killed[i] = 1 if hit else 0
        mine = LAST if unit < 0 else top
        if unit == by:
            mine = _key_after(unit, call, state, waiting, words)
            queued[unit] = mine
        if mine < LAST:
            sink(queue, size, mine)
        else:
            size = drop(queue, size)
        if not hit:
            size = push(queue, size, (done << 40) | (i << 20))
    dusk(units, state, asked)
    return fired, engagements, steps
