"""Many runs: a raid fought again and again, and months with rounds carried over; integers in and integers out.

Nothing here knows what a threat or a unit is. Every draw is addressed (see `philox`), so results are the same bits for
any number of threads and any way of cutting the work.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import prange

from tegmen.engine.kernel.calendar import draw_raids, make_work
from tegmen.engine.kernel.compiled import compiled
from tegmen.engine.kernel.night import NEVER, fight_night, line_up, make_scratch, stock_up

RUNS_PER_WORLD_MAX = 1 << 16
"""The first counter word is world * 65536 + run."""


@compiled
def lay_down(pointer, pairs, exists):
    """Keep the pairs of the units that exist in a laydown.

    Parameters
    ----------
    pointer, pairs
        (lane + 1,) and (pair, 5) as in `fight_night`, of all units.
    exists
        (unit,) uint8.

    Returns
    -------
    Pointer and pairs of the laydown, and (lane,) the first opening of any window of the lane, `NEVER` without one.
    """
    lanes = pointer.shape[0] - 1
    own, kept = np.empty(lanes + 1, np.int64), np.empty((pointer[lanes] - pointer[0], 5), np.int32)
    first_open = np.full(lanes, NEVER)
    at = 0
    for lane in range(lanes):
        own[lane] = at
        for j in range(pointer[lane], pointer[lane + 1]):
            if exists[pairs[j, 0]]:
                for column in range(5):
                    kept[at, column] = pairs[j, column]
                if own[lane] == at:
                    first_open[lane] = pairs[j, 1]
                at += 1
    own[lanes] = at
    return own, kept[:at], first_open


@compiled
def most_of(units, column):
    """Largest entry of a column of the unit table; 0 without units."""
    most = np.int64(0)
    for unit in range(units.shape[0]):
        most = max(most, units[unit, column])
    return most


@compiled(nogil=True)
def fight_runs(first, key, threats, laydown, units, stock, kill, killed, tally):
    """Fight one raid again and again on one thread, every time with full launchers and stores.

    Parameters
    ----------
    first
        Number of the first run: the counter word of the draws.
    threats
        (threat, 6) int32 in order of rank: night 0, class, id, place, lane, tick.
    laydown
        Made by `lay_down`.
    units, stock, kill
        As in `fight_night`; (unit,) rounds in store.
    killed, tally
        (run, threat) uint8 and (run, 3) int64, filled: who was killed; rounds fired, engagements, steps.
    """
    pointer, pairs, first_open = laydown
    count, number = threats.shape[0], units.shape[0]
    line = np.empty(count, np.int64)
    lined = line[: line_up(threats, first_open, line, np.empty(count + 256, np.int64))]
    scratch = make_scratch(number, most_of(units, 1), most_of(units, 0), count)
    state = np.zeros((number, 8), np.int64)
    for run in range(killed.shape[0]):
        stock_up(units, stock, state)
        tally[run, 0], tally[run, 1], tally[run, 2] = fight_night(
            first + run, key, 0, threats, lined, (pointer, pairs), units, kill, state, scratch, killed[run]
        )


@compiled
def fight_month(
    run, key, nights, raids, geometry, laydown, units, stock, kill, attrition, layer, slot, work, leakers, tally
):
    """Draw and fight one month; `leakers` (slot, place) is added to, `tally` (3,) filled as in `fight_months`."""
    pointer, pairs, first_open = laydown
    draws, threats, fate, killed, state, scratch, line = work
    total = draw_raids(run, key, nights, raids, geometry, draws, threats, fate)
    fired, begin = np.int64(0), np.int64(0)
    stock_up(units, stock, state)
    for night in range(nights):
        end = draws[0][night]
        if units.shape[0] == 0:
            for i in range(begin, end):
                killed[i] = 0
        elif begin < end:
            lined = line_up(threats[begin:end], first_open, line[0], line[1])
            fired += fight_night(
                run, key, night, threats[begin:end], line[0][:lined], (pointer, pairs), units, kill, state, scratch,
                killed[begin:end],
            )[0]  # fmt: skip
        begin = end
    stopped, dispersed = np.int64(0), np.int64(0)
    for i in range(total):
        if killed[i] == 1:
            stopped += 1
            continue
        lane = threats[i, 4] - layer
        if 0 <= lane < attrition.shape[0] and np.uint64(fate[i]) < attrition[lane]:
            dispersed += 1
        else:
            leakers[slot[threats[i, 1]], threats[i, 3]] += 1
    tally[0], tally[1], tally[2] = stopped, dispersed, fired


@compiled
def make_month(nights, threats, units):
    """Work arrays of `fight_month` for so many nights, threats a month and these units."""
    number = units.shape[0]
    return (
        make_work(nights, threats),
        np.empty((threats, 6), np.int32),
        np.empty(threats, np.uint32),
        np.empty(threats, np.uint8),
        np.zeros((number, 8), np.int64),
        make_scratch(number, most_of(units, 1), most_of(units, 0), threats),
        (np.empty(threats, np.int64), np.empty(threats + 256, np.int64)),
    )


@compiled(parallel=True, nogil=True)
def fight_months(
    tasks, origin, first_world, key, nights, raids, geometry, pairs, pointers, exists, units, stock, kill, attrition,
    layer, slot, leakers, tally,
):  # fmt: skip
    """Fight (world, runs) after (world, runs); each run is a month of nights with rounds carried over.

    Parameters
    ----------
    tasks
        (task, 3) int64: world of the batch, first run, run after the last; done in parallel, in any order.
    origin
        Run that stands first in `leakers` and `tally`.
    first_world
        Number of the batch's first world; with the run it addresses every draw.
    key, nights
        Two key words; nights a month.
    raids
        (counts (w, class), packet (w, class), source (night, class), place_cum (w, class, place)).
    geometry
        As in `draw_raids`.
    pairs, pointers
        (pair, 5) int32 pairs of all worlds; (w, lane + 1) int64 pointers into them.
    exists
        (unit,) uint8: units of this laydown.
    units, stock
        (w, unit, 8) int64 as in `fight_night`; (w, unit) rounds in store at the start of the month.
    kill
        (w, class, kind) uint64.
    attrition, layer
        (w, lane) uint64: dispersed layer's threshold on each lane from number `layer` on, applied to what the systems
        did not stop; on the other lanes there is no such layer.
    leakers
        (w, run, slot, place) uint16, added to; `slot` (class,) says which slot a class is counted in.
    tally
        (w, run, 3) int64, filled: stopped by systems, by the dispersed layer, rounds fired.
    """
    counts, packet, source, place_cum = raids
    for task in prange(tasks.shape[0]):
        w = tasks[task, 0]
        most = counts[w].sum()
        laydown = lay_down(pointers[w], pairs, exists)
        # Without a pair no unit can matter.
        own = units[w, : exists.shape[0] if laydown[1].shape[0] > 0 else 0]
        work = make_month(nights, most, own)
        drawn = (counts[w], packet[w], source, place_cum[w])
        for run in range(tasks[task, 1], tasks[task, 2]):
            fight_month(
                np.int64(first_world + w) * RUNS_PER_WORLD_MAX + run, key, nights, drawn, geometry, laydown, own,
                stock[w], kill[w], attrition[w], layer, slot, work, leakers[w, run - origin], tally[w, run - origin],
            )  # fmt: skip
