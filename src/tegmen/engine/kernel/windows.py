"""Which part of a lane a unit can fire on, and what gets through in the mean: numbers in and numbers out.

Ticks are 0.1 s; a window is counted from a threat's own zero, `BEFORE_IMPACT` ticks before it would hit.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tegmen.calibration.compiled import kept_compiled

TICKS_PER_S = 10
BEFORE_IMPACT = 150_000
"""Ticks from a threat's zero to its impact (a little over 4 h: longer than any cruise missile's way)."""
NEVER_OPENS = np.int64(1) << np.int64(40)
_TRIALS = 60
_CLOSE = 1e-6
_GUESS = 0.16
"""About the usual factor: where to look first."""
_SELDOM = 0.5
"""Below this chance that anyone fires the next opening is looked at too, not only the end of the flight."""


class Ways(NamedTuple):
    """Lanes near sites: CSR over sites; by entry the lane, its closest approach and how far along it lies [km].

    `length` is (lane,) [km]; `use` (place, area) the chance of a launch area, `variants` lanes each.
    """

    pointer: Any
    lane: Any
    approach: Any
    along: Any
    length: Any
    use: Any
    variants: Any


class Batteries(NamedTuple):
    """Fire units of all worlds and what they do.

    Parameters
    ----------
    site, code, ready
        (w, u) site, system (-1: none), chance that it is ready.
    radius, effect, preference
        (w, system) radius [km]; kill chance of a round over the factor; rank, the lowest fires first.
    pace
        (w, 5) seconds a km of the threat, reaction [s], time in view [s], interceptor's km a second, rounds a salvo.
    """

    site: Any
    code: Any
    ready: Any
    radius: Any
    effect: Any
    preference: Any
    pace: Any


@njit
def find_windows(site, radius, ways, wanted, pace):
    """Find the lanes that units can fire on.

    Parameters
    ----------
    site, radius
        (u,) site; radius cut by the horizon [km].
    ways, wanted, pace
        `Ways`; (lane,) which lanes matter; (5,) as in `Batteries`.

    Returns
    -------
    By window: unit, lane, first and last tick of launch, ticks of flight; unit after unit.
    """
    pointer, most = ways.pointer, 0
    for u in range(site.shape[0]):
        most += pointer[site[u] + 1] - pointer[site[u]]
    unit, lane = np.empty(most, np.int64), np.empty(most, np.int64)
    opening, closing, flights = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    view, at = np.int64(np.rint(pace[2] * TICKS_PER_S)), 0
    for u in range(site.shape[0]):
        flight = max(np.int64(1), np.int64(np.rint(radius[u] / 2 / pace[3] * TICKS_PER_S)))
        for entry in range(pointer[site[u]], pointer[site[u] + 1]):
            near = ways.approach[entry]
            if near >= radius[u] or not wanted[ways.lane[entry]]:
                continue
            half, length = np.sqrt(radius[u] ** 2 - near**2), ways.length[ways.lane[entry]]
            enter, leave = max(ways.along[entry] - half, 0.0), min(ways.along[entry] + half, length)
            first = BEFORE_IMPACT - np.int64(np.rint(((length - enter) * pace[0] - pace[1]) * TICKS_PER_S))
            last = BEFORE_IMPACT - np.int64(np.rint((length - leave) * pace[0] * TICKS_PER_S)) - flight
            last = min(last, first + view)
            if first > last or leave <= enter:
                continue
            unit[at], lane[at], flights[at] = u, ways.lane[entry], flight
            opening[at], closing[at] = max(first, 0), last
            at += 1
    return unit[:at], lane[:at], opening[:at], closing[:at], flights[:at]


@njit
def line_windows(w, batteries, ways, wanted):
    """Find the windows of a world's units on the lanes wanted (lane,), in order of lane, preference and opening.

    Returns
    -------
    (lane + 1,) where a lane's windows begin; by window first and last tick of launch, ticks of flight, system, and the
    chance that the unit is ready.
    """
    width, count = batteries.site.shape[1], 0
    here, site, radius = np.empty(width, np.int64), np.empty(width, np.int64), np.empty(width)
    for u in range(width):
        code = batteries.code[w, u]
        if code >= 0:
            here[count], site[count], radius[count] = u, batteries.site[w, u], batteries.radius[w, code]
            count += 1
    unit, lane, opening, closing, flight = find_windows(site[:count], radius[:count], ways, wanted, batteries.pace[w])
    begin = np.zeros(ways.length.shape[0] + 1, np.int64)
    for i in range(lane.shape[0]):
        begin[lane[i] + 1] += 1
    for at in range(ways.length.shape[0]):
        begin[at + 1] += begin[at]
    order, end = np.empty(lane.shape[0], np.int64), begin[:-1].copy()
    for i in range(lane.shape[0]):
        rank, j = batteries.preference[w, batteries.code[w, here[unit[i]]]], end[lane[i]]
        while j > begin[lane[i]]:
            before = order[j - 1]
            ahead = batteries.preference[w, batteries.code[w, here[unit[before]]]]
            if ahead < rank or (ahead == rank and opening[before] <= opening[i]):
                break
            order[j] = before
            j -= 1
        order[j] = i
        end[lane[i]] += 1
    code, ready = np.empty(lane.shape[0], np.int64), np.empty(lane.shape[0])
    for i in range(lane.shape[0]):
        code[i], ready[i] = batteries.code[w, here[unit[i]]], batteries.ready[w, here[unit[i]]]
    return begin, (opening[order], closing[order], flight[order], code[order], ready[order])


@njit
def pass_lane(windows, first, last, kill, up, fire, chance):
    """Chance that a threat gets past the units that have windows `first` to `last` (not included) of one lane.

    Shoot, look, shoot: at every look the first ready unit in order of preference fires. A unit that was asked and did
    not kill is less likely to be ready, so its chance is updated by Bayes' rule, as if units were independent; between
    looks lies the mean flight of whoever fired.

    Parameters
    ----------
    windows, kill
        Made by `line_windows`; (system,) share that one salvo kills.
    up, fire, chance
        (window,) work arrays.
    """
    opening, closing, flight, code, ready = windows
    alive, now = 1.0, NEVER_OPENS
    for i in range(first, last):
        up[i] = ready[i]
        now = min(now, opening[i])
    while now < NEVER_OPENS:
        turn, fires, kills, held, soonest, asked = 1.0, 0.0, 0.0, 0.0, NEVER_OPENS, 0
        for i in range(first, last):
            if opening[i] > now:
                soonest = min(soonest, opening[i])
            elif closing[i] >= now:
                fire[asked], chance[asked] = i, turn * up[i]
                fires += chance[asked]
                kills += chance[asked] * kill[code[i]]
                held += chance[asked] * flight[i]
                turn -= chance[asked]
                asked += 1
        if fires <= 0.0:
            now = soonest
            continue
        _learn(fire[:asked], chance, code, kill, kills, up)
        alive *= 1.0 - kills
        look = now + max(np.int64(1), np.int64(np.rint(held / fires)))
        now = min(look, soonest) if fires < _SELDOM else look
    return alive


@njit
def _learn(fire, chance, code, kill, kills, up):
    """Update the chance that the units asked are ready by the threat's survival: kills is the chance it had not."""
    if kills >= 1.0:
        return
    turn, before, survived = 1.0, 0.0, 1.0 / (1.0 - kills)
    for at in range(fire.shape[0]):
        lived = 1.0 - kill[code[fire[at]]]
        up[fire[at]] *= (before + turn * lived) * survived
        before += chance[at] * lived
        turn -= chance[at]


@njit
def pass_lanes(w, factor, batteries, begin, windows, wanted, passing):
    """Fill (lane,) the chance to get past all units on the lanes wanted, kill chance of a round factor times effect."""
    kill, count = np.empty(batteries.effect.shape[1]), windows[0].shape[0]
    up, fire, chance = np.empty(count), np.empty(count, np.int64), np.empty(count)
    for code in range(kill.shape[0]):
        kill[code] = 1.0 - (1.0 - factor * batteries.effect[w, code]) ** batteries.pace[w, 4]
    for lane in range(wanted.shape[0]):
        if wanted[lane]:
            passing[lane] = pass_lane(windows, begin[lane], begin[lane + 1], kill, up, fire, chance)


@njit
def _excess(w, factor, batteries, begin, windows, wanted, use, leak, out):
    """Log of the share that is to leak over the share that does: rises with the factor, nearly straight."""
    pass_lanes(w, factor, batteries, begin, windows, wanted, out)
    total = 0.0
    for at in range(use.shape[0]):
        total += use[at] * out[at]
    return np.log(leak / max(total, 1e-300))


@njit
def _solve(w, batteries, begin, windows, wanted, use, leak, out):
    """Factor in (0, 1] with which a share `leak` leaks, and whether it is reached: if not, it is 1.

    Inverse quadratic interpolation through the last three points (Brent 1973), between those that enclose the root.
    """
    low, high, enclosed = 0.0, 1.0, False
    x0, y0 = 0.0, np.log(leak / max(use.sum(), 1e-300))
    x1, y1, x2 = x0, y0, _GUESS if y0 < -_CLOSE else 0.0
    y2 = _excess(w, x2, batteries, begin, windows, wanted, use, leak, out)
    for _ in range(_TRIALS):
        if abs(y2) < _CLOSE or (x2 >= 1.0 and y2 < 0.0):
            break
        if y2 < 0.0:
            low = x2
        else:
            high, enclosed = x2, True
        best = _root(x0, y0, x1, y1, x2, y2)
        if not low < best < high:
            best = (low + high) / 2 if enclosed else 1.0
        x0, y0, x1, y1, x2 = x1, y1, x2, y2, best
        y2 = _excess(w, x2, batteries, begin, windows, wanted, use, leak, out)
    return x2, x2 < 1.0 or y2 >= 0.0


@njit
def _root(x0, y0, x1, y1, x2, y2):
    """Where y is 0 if x is a parabola of y, or a line where two points are one; below 0: nowhere."""
    if y1 == y2:
        return -1.0
    if y0 in (y1, y2):
        return x1 + (x2 - x1) * y1 / (y1 - y2)
    first = x0 * y1 * y2 / ((y0 - y1) * (y0 - y2))
    return first + x1 * y0 * y2 / ((y1 - y0) * (y1 - y2)) + x2 * y0 * y1 / ((y2 - y0) * (y2 - y1))


@kept_compiled
@njit(nogil=True)
def solve_factors(first, last, batteries, ways, mix, attrition, rate, factor, reached, passing):
    """Fill the factors with which units and dispersed layer stop the shares wanted, and what passes with them.

    Parameters
    ----------
    batteries, ways
        `Batteries`, `Ways`.
    mix, attrition, rate
        (w, p) where threats are aimed; (w, lane) share the dispersed layer stops; (w,) share to be stopped.
    factor, reached
        (w,) filled: in (0, 1]; whether the share is reached with it: if not, it is 1.
    passing
        (w, lane) filled: chance to pass all units.
    """
    for w in range(first, last):
        out, use = np.ones(passing.shape[1]), np.zeros(passing.shape[1])
        wanted = np.zeros(passing.shape[1], np.bool_)
        for at in range(use.shape[0]):
            place, area = divmod(at // ways.variants, ways.use.shape[1])
            use[at] = mix[w, place] * ways.use[place, area] / ways.variants * (1.0 - attrition[w, at])
            wanted[at] = use[at] > 0.0
        begin, windows = line_windows(w, batteries, ways, wanted)
        factor[w], reached[w] = _solve(w, batteries, begin, windows, wanted, use, 1.0 - rate[w], out)
        for at in range(use.shape[0]):
            passing[w, at] = out[at]


@kept_compiled
@njit(nogil=True)
def fly_past(first, last, site, radius, ways, share, passing, total):
    """Fill `total` (w,) with the share of all missiles that flies within a radius (w,) of `site` (w,).

    `share` and `passing` are (w, lane): of all missiles on each lane, and of these not stopped.
    """
    for w in range(first, last):
        total[w] = 0.0
        if site[w] >= 0:
            for entry in range(ways.pointer[site[w]], ways.pointer[site[w] + 1]):
                if ways.approach[entry] < radius[w]:
                    lane = ways.lane[entry]
                    total[w] += share[w, lane] * passing[w, lane]


@kept_compiled
@njit(nogil=True)
def pass_again(first, last, batteries, ways, site, code, factor, passing):
    """Fill `passing` (w, lane) anew on the lanes flown within reach of sites where units are added or taken away.

    `site` (w, i), below 0 none, and `code` (i,) are the sites and the systems that reach from there.
    """
    for w in range(first, last):
        wanted = np.zeros(passing.shape[1], np.bool_)
        for i in range(site.shape[1]):
            if site[w, i] >= 0:
                radius = batteries.radius[w, code[i]]
                for entry in range(ways.pointer[site[w, i]], ways.pointer[site[w, i] + 1]):
                    place, area = divmod(ways.lane[entry] // ways.variants, ways.use.shape[1])
                    if ways.approach[entry] < radius and ways.use[place, area] > 0.0:
                        wanted[ways.lane[entry]] = True
        if wanted.any():
            begin, windows = line_windows(w, batteries, ways, wanted)
            pass_lanes(w, factor[w], batteries, begin, windows, wanted, passing[w])


@kept_compiled
@njit(nogil=True)
def pass_anew(first, last, batteries, ways, factor, passing):
    """Fill `passing` (w, lane) anew on every lane that is flown, where units stand otherwise than before."""
    for w in range(first, last):
        wanted = np.zeros(passing.shape[1], np.bool_)
        for at in range(wanted.shape[0]):
            place, area = divmod(at // ways.variants, ways.use.shape[1])
            wanted[at] = ways.use[place, area] > 0.0
        begin, windows = line_windows(w, batteries, ways, wanted)
        pass_lanes(w, factor[w], batteries, begin, windows, wanted, passing[w])
