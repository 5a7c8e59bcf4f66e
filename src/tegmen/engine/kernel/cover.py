"""Cover by ready units, and what ballistic missiles do by number of added units; numbers in and numbers out."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tegmen.calibration.compiled import kept_compiled
from tegmen.engine.kernel.packets import kept_share


class Near(NamedTuple):
    """Places near each site: CSR over sites; by entry the place and how far it lies [km]."""

    pointer: Any
    place: Any
    apart: Any


class Attack(NamedTuple):
    """What is aimed at whom in a month, and how it is met.

    Parameters
    ----------
    mix
        (w, p) where ballistic missiles are aimed.
    kill
        (w, zone, system) share that a ready unit stops.
    zone
        (p,) zone of the place.
    worth
        (p,) what is at stake at a place; 0: it does not count.
    packets
        (w, 3) packets, missiles in each, missiles in the last.
    together
        Chance that two packets come in the same night.
    """

    mix: Any
    kill: Any
    zone: Any
    worth: Any
    packets: Any
    together: Any


class Added(NamedTuple):
    """Units added one after the other.

    Parameters
    ----------
    site
        (n, w or 1) sites; below 0: none.
    system
        (n,) their systems; others than those of `none_ready`: no unit.
    radius, ready
        (w, system) radius [km] and chance to be ready.
    """

    site: Any
    system: Any
    radius: Any
    ready: Any


@kept_compiled
@njit(nogil=True)
def cover_by_units(first, last, site, code, ready, radius, near, none_ready):
    """Multiply into `none_ready` (system, w, p) the chance that no ready unit covers.

    Parameters
    ----------
    site, code, ready
        (w, u) site, system (others than those of `none_ready`: no unit), chance that it is ready.
    radius
        (w, system) [km].
    near
        `Near`.
    """
    for w in range(first, last):
        for u in range(site.shape[1]):
            s = code[w, u]
            if 0 <= s < none_ready.shape[0]:
                for entry in range(near.pointer[site[w, u]], near.pointer[site[w, u] + 1]):
                    if near.apart[entry] <= radius[w, s]:
                        none_ready[s, w, near.place[entry]] *= 1.0 - ready[w, u]


@njit(forceinline=True)
def _none_of(none):
    """Chance that no unit of any system is ready."""
    idle = 1.0
    for s in range(none.shape[0]):
        idle *= none[s]
    return idle


@njit(forceinline=True)
def _share_stopped(none, kill):
    """Chance that a missile is stopped, with rounds: the first system in order that is ready fires."""
    before, stopped = 1.0, 0.0
    for s in range(none.shape[0]):
        stopped += before * (1.0 - none[s]) * kill[s]
        before *= none[s]
    return stopped


@njit
def _reach(w, n, systems, added, near, reached):
    """Fill the places that the n-th added unit covers (n from 1); how many."""
    site, count = added.site[n - 1, w % added.site.shape[1]] if n > 0 else -1, 0
    if site >= 0 and 0 <= added.system[n - 1] < systems:
        for entry in range(near.pointer[site], near.pointer[site + 1]):
            if near.apart[entry] <= added.radius[w, added.system[n - 1]]:
                reached[count] = near.place[entry]
                count += 1
    return count


@kept_compiled
@njit(nogil=True)
def sums_by_number(first, last, none_ready, attack, added, near, sums):
    """Fill sums over places with the first n added units, n from 0; a unit changes only the places near it.

    Parameters
    ----------
    first, last
        Worlds to do: from the first up to but not including the last.
    none_ready
        (system, w, p) chance that no ready unit of the baseline covers.
    attack, added, near
        `Attack`, `Added`, `Near`.
    sums
        (5, w, n + 1) filled. Of the share of missiles aimed at all places: met by a ready unit. Of that at places that
        count, by their worth: stopped; the same times the share stopped; aimed at places an added unit reaches, and
        stopped there.
    """
    systems, _, places = none_ready.shape
    for w in range(first, last):
        none, reached, fresh = np.empty((places, systems)), np.empty(places, np.int64), np.ones(places, np.bool_)
        total = np.zeros(sums.shape[0])
        for p in range(places):
            for s in range(systems):
                none[p, s] = none_ready[s, w, p]
            _tally(w, p, none, attack, False, 1.0, total)
        for n in range(sums.shape[2]):
            for i in range(_reach(w, n, systems, added, near, reached)):
                p = reached[i]
                _tally(w, p, none, attack, not fresh[p], -1.0, total)
                none[p, added.system[n - 1]] *= 1.0 - added.ready[w, added.system[n - 1]]
                fresh[p] = False
                _tally(w, p, none, attack, True, 1.0, total)
            for k in range(sums.shape[0]):
                sums[k, w, n] = total[k]


@njit(forceinline=True)
def _tally(w, p, none, attack, newly, sign, total):
    """Add what a place brings to the sums of `sums_by_number`, or take it out."""
    aimed, stopped = sign * attack.mix[w, p], _share_stopped(none[p], attack.kill[w, attack.zone[p]])
    total[0] += aimed * (1.0 - _none_of(none[p]))
    aimed *= attack.worth[p]
    total[1] += aimed * stopped
    total[2] += aimed * stopped**2
    if newly:
        total[3] += aimed
        total[4] += aimed * stopped


@kept_compiled
@njit(nogil=True)
def struck_by_number(first, last, none_ready, attack, added, near, filled, struck):
    """Fill `struck` (w, n + 1): worth of the places that something leaks at in the month, in the mean.

    Parameters
    ----------
    none_ready, attack, added, near
        As for `sums_by_number`.
    filled
        (w, n + 1) share of engagements that rounds suffice for.
    """
    systems, _, places = none_ready.shape
    for w in range(first, last):
        none, reached, stale = np.empty((places, systems)), np.empty(places, np.int64), np.ones(places, np.bool_)
        spared, chance, stop = np.ones(places), np.empty(systems), np.empty(systems)
        for p in range(places):
            for s in range(systems):
                none[p, s] = none_ready[s, w, p]
        for n in range(struck.shape[1]):
            for i in range(_reach(w, n, systems, added, near, reached)):
                none[reached[i], added.system[n - 1]] *= 1.0 - added.ready[w, added.system[n - 1]]
                stale[reached[i]] = True
            loss = 0.0
            for p in range(places):
                if attack.worth[p] == 0.0:
                    continue
                if stale[p] or filled[w, n] != filled[w, max(n - 1, 0)]:
                    before = 1.0
                    for s in range(systems):
                        chance[s] = before * (1.0 - none[p, s])
                        stop[s] = filled[w, n] * attack.kill[w, attack.zone[p], s]
                        before *= none[p, s]
                    spared[p] = kept_share(attack.packets[w], attack.mix[w, p], chance, stop, 1.0, attack.together)
                    stale[p] = False
                loss += attack.worth[p] * (1.0 - spared[p])
            struck[w, n] = loss
