"""Many laydowns on one table of pairs: units switched on and off, the same luck for all, and no run fought in vain.

Every laydown meets the same draws (they are addressed by threat and shot), so differences are those of the laydown. A
unit more is not simulated in the runs in which it provably changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tegmen.errors import InputError
from tegmen.laydowns import fight_laydowns, trace_runs

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Raid:
    """One raid and all units that may meet it; the columns are those of `nights.fight_night`.

    Parameters
    ----------
    key
        (2,) words of the seed.
    threats
        (t, 6) in order of rank.
    pointer, pairs
        (lane + 1,) and (pair, 5) feasible pairs of all units, a lane's sorted by open and unit.
    units, stock, kill
        (u, 8), (u,) and (class, kind).
    """

    key: Ints
    threats: NDArray[np.int32]
    pointer: Ints
    pairs: NDArray[np.int32]
    units: Ints
    stock: Ints
    kill: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One unit more, candidate by candidate, all on the same draws.

    Parameters
    ----------
    base, leaked
        (r,) and (candidate, r) value of the leakers without and with the candidate.
    fought
        Share of (candidate, run) that had to be fought; in the others the candidate provably changes nothing.
    """

    base: Ints
    leaked: Ints
    fought: float


def sweep(
    raid: Raid, standing: NDArray[np.bool_], candidates: Sequence[int], value: Ints, *, runs: int, skip: bool = True
) -> Sweep:
    """Fight the raid `runs` times with each candidate added to the units that stand.

    A run is skipped when the candidate would commit no engagement in it. Let the base laydown's run be known: when each
    threat was engaged, by which pair, and when the result was. Suppose the candidate changes the run, and look at the
    first engagement it commits. Until then nothing differs, so the threat is idle then in the base run as well, and the
    candidate has all its channels and rounds. So there is a stretch in which the threat is idle (from the result before,
    or from the beginning, to its next engagement, or without end) and a window of the candidate with

        L = max(opening, beginning of the stretch) <= closing,  and  L < the next engagement's tick,
        or L equal to it and (preference, opening, unit) smaller than the pair's that was committed.

    Where no threat has such a stretch, or the candidate is down that night, the run is the base's. The converse holds
    too: with such a stretch the candidate does commit.

    Parameters
    ----------
    standing
        (u,) units of the base laydown.
    candidates
        Units to be added, one at a time.
    value
        (t,) what it costs when a threat leaks.

    Raises
    ------
    InputError
        A candidate that stands already or does not exist.
    """
    wrong = [c for c in candidates if not 0 <= c < len(raid.units) or standing[c]]
    if wrong:
        raise InputError("sweep", [f"candidates {wrong} stand already or are not in the table; give others"])
    exists, chosen = standing.astype(np.uint8), np.asarray(candidates, dtype=np.int64)
    tables = (raid.key, raid.threats, raid.pointer, raid.pairs, raid.units, raid.stock, raid.kill)
    base, differs = np.zeros(runs, dtype=np.int64), np.ones((len(chosen), runs), dtype=np.uint8)
    trace_runs(*tables, exists, chosen, value, base, differs)
    if not skip:
        differs[:] = 1
    leaked = np.tile(base, (len(chosen), 1))
    fight_laydowns(*tables, exists, chosen, value, differs, leaked)
    return Sweep(base, leaked, float(differs.mean()) if differs.size else 0.0)


def add_greedily(
    raid: Raid, standing: NDArray[np.bool_], candidates: Sequence[int], value: Ints, *, count: int, runs: int
) -> tuple[Ints, Ints]:
    """Add `count` of the candidates one after another, each the one that saves most given those before it.

    Returns
    -------
    The units in order (ties go to the smaller number), and (count + 1,) the total value of what leaked in all runs with
    so many of them.
    """
    standing, left = standing.copy(), sorted(candidates)
    order: list[int] = []
    totals: list[int] = []
    for _ in range(count):
        step = sweep(raid, standing, left, value, runs=runs)
        totals = totals or [int(step.base.sum())]
        saved = step.leaked.sum(axis=1)
        best = int(np.argmin(saved))
        totals.append(int(saved[best]))
        order.append(left.pop(best))
        standing[order[-1]] = True
    return np.array(order, dtype=np.int64), np.array(totals, dtype=np.int64)
