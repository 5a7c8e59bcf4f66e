"""Where units stand and what they cover, world by world: numbers in and numbers out.

In single precision throughout, as the tables are.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tegmen.calibration.compiled import kept_compiled


class Covering(NamedTuple):
    """What units cover.

    Parameters
    ----------
    place, apart_km
        (site, k) places near each site, nearest first; how far they lie.
    radius_km
        (w, s) radius of each kind.
    """

    place: Any
    apart_km: Any
    radius_km: Any


@njit
def _leave_of(w, system, site, idle, reach, table):
    """Multiply into `table` (p,) what a unit leaves of each place it covers."""
    for k in range(reach.place.shape[1]):
        if reach.apart_km[site, k] > reach.radius_km[w, system]:
            break
        table[reach.place[site, k]] *= idle


@kept_compiled
@njit(nogil=True)
def place_units(first, last, worth, level, system, covers, idle, reach, site):
    """Draw the sites of units one after another, each by the worth that those before it leave.

    Parameters
    ----------
    worth
        (w, p) worth of a site; not kept as it is.
    level, covers
        (w, u) where in the cumulative worth the site is drawn; whether the unit takes from the worth of others.
    system, idle
        (u,) kind; (w, s) what a unit of a kind leaves of what it covers.
    site
        (w, u) filled; a unit that has a site already keeps it.
    """
    cumulative = np.empty(worth.shape[1], np.float32)
    for w in range(first, last):
        for u in range(system.shape[0]):
            if site[w, u] < 0:
                cumulative[0] = worth[w, 0]
                for p in range(1, worth.shape[1]):
                    cumulative[p] = cumulative[p - 1] + worth[w, p]
                bound = np.float32(level[w, u] * cumulative[-1])
                at = 0
                while at < worth.shape[1] - 1 and cumulative[at] <= bound:
                    at += 1
                site[w, u] = at
            if covers[w, u]:
                _leave_of(w, system[u], site[w, u], idle[w, system[u]], reach, worth[w])


@kept_compiled
@njit(nogil=True)
def cover_by_era(first, last, mix, zone, units, idle, reach, met):
    """Fill `met` (era, zone, w): what of all that is aimed at a zone is aimed at places that a ready unit covers.

    Parameters
    ----------
    mix, zone
        (w, p) where missiles are aimed; (p,) zone of a place.
    units
        Kind (u,), site (w, u), below 0 none, and number of the era from which there is one (w, u).
    idle
        (w, s) chance that a unit of a kind is not ready.
    """
    system, site, since = units
    missed = np.empty(mix.shape[1], np.float32)
    for w in range(first, last):
        missed[:] = 1
        kyiv = elsewhere = np.float32(0)
        for era in range(met.shape[0]):
            fresh = False
            for u in range(system.shape[0]):
                if site[w, u] >= 0 and since[w, u] == era:
                    _leave_of(w, system[u], site[w, u], idle[w, system[u]], reach, missed)
                    fresh = True
            if fresh:
                kyiv = elsewhere = np.float32(0)
                for p in range(mix.shape[1]):
                    aimed = mix[w, p] * (np.float32(1) - missed[p])
                    if zone[p] == 0:
                        kyiv += aimed
                    else:
                        elsewhere += aimed
            met[era, 0, w], met[era, 1, w] = kyiv, elsewhere
