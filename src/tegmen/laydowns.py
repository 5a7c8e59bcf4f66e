"""Compiled part of `sweeps`: the base laydown's runs in a log, and laydowns of one unit more where they differ."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import prange

from tegmen.caches import compiled
from tegmen.herds import fight_herd, list_calls, make_lists
from tegmen.kernels import HERD, lay_down, most_of
from tegmen.nights import NEVER, fight_night, line_up, make_scratch, stock_up
from tegmen.philox import STREAM_OUTAGE, part_of, philox

_CHUNK = 25


@compiled
def leaked_value(killed, value):
    """Sum of the value of the threats that were not killed."""
    total = np.int64(0)
    for i in range(killed.shape[0]):
        if killed[i] == 0:
            total += value[i]
    return total


@compiled
def _idle_in(j, unit, tick, at, pairs, log, own):
    """Whether a threat is idle in a window of a new unit: engagement `at` is the first of it that was committed."""
    opening, closing = tick + pairs[j, 1], tick + pairs[j, 2]
    launch = opening
    while at >= 0 and launch <= closing:
        taken, by = log[at, 0], log[at, 2]
        if launch < taken:
            return True
        if launch == taken and (pairs[j, 4], pairs[j, 1], unit) < (own[by, 4], own[by, 1], own[by, 0]):
            return True
        launch = NEVER if log[at, 4] == 1 else max(launch, log[at, 1])
        at = log[at, 3]
    return launch <= closing


@compiled
def _is_up(unit, run, key, units):
    if units[unit, 0] == 0 or units[unit, 1] == 0:
        return False
    drawn = philox(run, 0, STREAM_OUTAGE, units[unit, 5] >> 2, key[0], key[1])
    return part_of(drawn, units[unit, 5] & 3) >= np.uint64(units[unit, 4])


@compiled
def _make_log(scratch, threats):
    channels, reloads, queue, luck, shots, asked, _none = scratch
    log = (np.zeros((8 * threats, 5), np.int64), np.zeros((2, threats), np.int64))
    return (channels, reloads, queue, luck, shots, asked, log)


@compiled(parallel=True, nogil=True)
def trace_runs(key, threats, pointer, pairs, units, stock, kill, exists, chosen, value, base, differs):
    """Fight the base laydown, and find in which runs each candidate would commit an engagement.

    Parameters
    ----------
    chosen, value
        (candidate,) units; (threat,) what it costs when a threat leaks.
    base, differs
        (run,) and (candidate, run), filled.
    """
    own = lay_down(pointer, pairs, exists)
    line = np.empty(threats.shape[0], np.int64)
    count = line_up(threats, own[2], line, np.empty(threats.shape[0] + 256, np.int64))
    place = np.full(units.shape[0], -1, np.int64)
    for c in range(chosen.shape[0]):
        place[chosen[c]] = c
    for chunk in prange((base.shape[0] + _CHUNK - 1) // _CHUNK):
        scratch = _make_log(
            make_scratch(units.shape[0], most_of(units, 1), most_of(units, 0), threats.shape[0]), threats.shape[0]
        )
        log, chain = scratch[6]
        state, killed = np.zeros((units.shape[0], 8), np.int64), np.zeros(threats.shape[0], np.uint8)
        for run in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, base.shape[0])):
            stock_up(units, stock, state)
            chain[:] = -1
            engagements = fight_night(
                run, key, 0, threats, line[:count], (own[0], own[1]), units, kill, state, scratch, killed
            )[1]
            base[run] = leaked_value(killed, value)
            for c in range(chosen.shape[0]):
                # Where the log had no room nothing is known, and everything is fought.
                differs[c, run] = engagements > log.shape[0]
            for i in range(threats.shape[0]):
                lane = threats[i, 4]
                for j in range(pointer[lane], pointer[lane + 1]):
                    c = place[pairs[j, 0]]
                    if c >= 0 and differs[c, run] == 0:
                        unit, tick = np.int64(pairs[j, 0]), np.int64(threats[i, 5])
                        differs[c, run] = _idle_in(j, unit, tick, chain[0, i], pairs, log, own[1])
            for c in range(chosen.shape[0]):
                if differs[c, run] == 1 and not _is_up(chosen[c], run, key, units):
                    differs[c, run] = 0


@compiled(parallel=True, nogil=True)
def fight_laydowns(key, threats, pointer, pairs, units, stock, kill, exists, chosen, value, differs, leaked):
    """Fight each candidate's laydown in the runs that differ; `leaked` (candidate, run) is filled there."""
    count, number, runs = threats.shape[0], units.shape[0], leaked.shape[1]
    for c in prange(chosen.shape[0]):
        mine = exists.copy()
        mine[chosen[c]] = 1
        own, kept, first_open = lay_down(pointer, pairs, mine)
        line = np.empty(count, np.int64)
        lined = line[: line_up(threats, first_open, line, np.empty(count + 256, np.int64))]
        herd = lined.shape[0] > HERD * number
        begins, calls = list_calls(threats, (own, kept), number) if herd else (line[:0], line[:0])
        scratch = make_scratch(number, most_of(units, 1), most_of(units, 0), count)
        lists = make_lists(number if herd else 0, count if herd else 0)
        state, killed = np.zeros((number, 8), np.int64), np.zeros(count, np.uint8)
        for run in range(runs):
            if differs[c, run] == 0:
                continue
            stock_up(units, stock, state)
            if herd:
                fight_herd(
                    run, key, 0, threats, begins, calls, (own, kept), units, kill, state, scratch, lists, killed
                )
            else:
                fight_night(run, key, 0, threats, lined, (own, kept), units, kill, state, scratch, killed)
            leaked[c, run] = leaked_value(killed, value)
