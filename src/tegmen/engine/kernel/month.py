"""Many runs: a raid fought again and again, and months with rounds carried over; integers in and integers out.

Nothing here knows what a threat or a unit is. Every draw is addressed (see `philox`), so results are the same bits for
any number of threads and any way of cutting the work.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import njit

from tegmen.calibration.compiled import kept_compiled
from tegmen.engine.kernel.calendar import THREAT, draw_raids, make_work
from tegmen.engine.kernel.night import NEVER, STATE, fight_night, line_up, make_scratch, stock_up

RUNS_PER_WORLD_MAX = 1 << 16
"""The first counter word is world * 65536 + run."""
TASK = np.dtype([(name, np.int64) for name in ("world", "first", "stop")])
"""A world and some of its runs: what one thread fights at a time."""
TALLY = np.dtype([(name, np.int64) for name in ("by_systems", "by_dispersed", "rounds")])
"""A month in sum: threats stopped by systems and by the dispersed layer, rounds fired."""
RUN_TALLY = np.dtype([(name, np.int64) for name in ("rounds", "engagements", "steps")])
"""A raid in sum: rounds fired, engagements, steps of the loop."""


@njit
def lay_down(pointer, pairs, exists):
    """Keep the pairs of the units that exist in a laydown.

    Parameters
    ----------
    pointer, pairs
        (lane + 1,) and (pair,) as in `fight_night`, of all units.
    exists
        (unit,) uint8.

    Returns
    -------
    Pointer and pairs of the laydown, and (lane,) the first opening of any window of the lane, `NEVER` without one.
    """
    lanes = pointer.shape[0] - 1
    own, kept = np.empty(lanes + 1, np.int64), np.empty(pointer[lanes] - pointer[0], pairs.dtype)
    first_open = np.full(lanes, NEVER)
    at = 0
    for lane in range(lanes):
        own[lane] = at
        for j in range(pointer[lane], pointer[lane + 1]):
            if exists[pairs[j]["unit"]]:
                kept[at] = pairs[j]
                if own[lane] == at:
                    first_open[lane] = pairs[j]["open"]
                at += 1
    own[lanes] = at
    return own, kept[:at], first_open


@njit
def make_fight(units, threats):
    """Work arrays of `fight_night` for these units and so many threats a night, and the units' state."""
    channels, ready = np.int64(0), np.int64(0)
    for unit in range(units.shape[0]):
        channels, ready = max(channels, units[unit]["channels"]), max(ready, units[unit]["ready"])
    return make_scratch(units.shape[0], ready, channels, threats), np.zeros(units.shape[0], STATE)


@kept_compiled
@njit(nogil=True)
def fight_runs(first, key, threats, laydown, units, stock, kill, killed, tally):
    """Fight one raid again and again on one thread, every time with full launchers and stores.

    Parameters
    ----------
    first
        Number of the first run: the counter word of the draws.
    threats
        (threat,) as in `fight_night`, of night 0.
    laydown
        Made by `lay_down`.
    units, stock, kill
        As in `fight_night`; (unit,) rounds in store.
    killed, tally
        (run, threat) uint8, filled: who was killed; (run,) `rounds`, `engagements`, `steps`, filled: rounds fired,
        engagements, steps of `fight_night`.
    """
    pointer, pairs, first_open = laydown
    count = threats.shape[0]
    line = np.empty(count, np.int64)
    lined = line[: line_up(threats, first_open, line, np.empty(count + 256, np.int64))]
    scratch, state = make_fight(units, count)
    for run in range(killed.shape[0]):
        stock_up(units, stock, state)
        sums = tally[run]
        sums["rounds"], sums["engagements"], sums["steps"] = fight_night(
            first + run, key, 0, threats, lined, (pointer, pairs), units, kill, state, scratch, killed[run]
        )


@njit
def fight_month(
    run, key, nights, raids, geometry, laydown, units, stock, kill, attrition, layer, slot, work, leakers, tally
):
    """Draw and fight one month; `leakers` (slot, place) is added to, `tally` filled as in `fight_months`."""
    pointer, pairs, first_open = laydown
    draws, threats, fate, killed, (scratch, state), line = work
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
        threat = threats[i]
        lane = threat["lane"] - layer
        if 0 <= lane < attrition.shape[0] and np.uint64(fate[i]) < attrition[lane]:
            dispersed += 1
        else:
            leakers[slot[threat["class"]], threat["place"]] += 1
    tally["by_systems"], tally["by_dispersed"], tally["rounds"] = stopped, dispersed, fired


@njit
def make_month(nights, threats, units):
    """Work arrays of `fight_month` for so many nights, threats a month and these units."""
    return (
        make_work(nights, threats),
        np.empty(threats, THREAT),
        np.empty(threats, np.uint32),
        np.empty(threats, np.uint8),
        make_fight(units, threats),
        (np.empty(threats, np.int64), np.empty(threats + 256, np.int64)),
    )


@kept_compiled
@njit(nogil=True)
def fight_months(
    first, last, tasks, origin, first_world, key, nights, raids, geometry, pairs, pointers, exists, units, stock, kill,
    attrition, layer, slot, leakers, tally,
):  # fmt: skip
    """Fight (world, runs) after (world, runs); each run is a month of nights with rounds carried over.

    Threads take parts of the tasks: code that numba makes parallel itself takes three times as long to compile.

    Parameters
    ----------
    first, last
        Tasks to do: from the first up to but not including the last.
    tasks
        (task,) `TASK`: `world` of the batch, runs from `first` up to but not including `stop`; done in any order.
    origin
        Run that stands first in `leakers` and `tally`.
    first_world
        Number of the batch's first world; with the run it addresses every draw.
    key, nights
        Two key words; nights a month.
    raids
        `Raids` with a leading axis w, but for `source`, which is the same in all worlds.
    geometry
        `Geometry`.
    pairs, pointers
        (pair,) pairs of all worlds, as in `fight_night`; (w, lane + 1) int64 pointers into them.
    exists
        (unit,) uint8: units of this laydown.
    units, stock
        (w, unit) as in `fight_night`; (w, unit) int64 rounds in store at the start of the month.
    kill
        (w, class, kind) uint64.
    attrition, layer
        (w, lane) uint64: dispersed layer's threshold on each lane from number `layer` on, applied to what the systems
        did not stop; on the other lanes there is no such layer.
    leakers
        (w, run, slot, place) uint16, added to; `slot` (class,) says which slot a class is counted in.
    tally
        (w, run) `TALLY`, filled: stopped `by_systems`, `by_dispersed` layer, `rounds` fired.
    """
    counts, packet, source, place_cum = raids
    for task in range(first, last):
        w = tasks[task]["world"]
        most = counts[w].sum()
        laydown = lay_down(pointers[w], pairs, exists)
        # Without a pair no unit can matter.
        own = units[w, : exists.shape[0] if laydown[1].shape[0] > 0 else 0]
        work = make_month(nights, most, own)
        drawn = (counts[w], packet[w], source, place_cum[w])
        for run in range(tasks[task]["first"], tasks[task]["stop"]):
            fight_month(
                np.int64(first_world + w) * RUNS_PER_WORLD_MAX + run, key, nights, drawn, geometry, laydown, own,
                stock[w], kill[w], attrition[w], layer, slot, work, leakers[w, run - origin], tally[w, run - origin],
            )  # fmt: skip
