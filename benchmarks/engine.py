"""The one place where the benchmarks call the engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray
from reference import CLASSES, PRIORITY, SEED, Case, Ints, Month, stand

from tegmen.kernels import fight_months, fight_night, make_scratch

KEY = np.array([SEED, 0], dtype=np.int64)


class Months(NamedTuple):
    """(w, run, place) leakers of all classes; (w, run, 3) stopped by systems, by the dispersed layer, rounds fired."""

    leakers: NDArray[np.uint16]
    tally: Ints


def fight(case: Case, first: int, runs: int) -> tuple[NDArray[np.uint8], Ints]:
    """Fight the case's raid `runs` times on one thread, fresh launchers and stores each time.

    Returns
    -------
    (run, threat) killed; (run,) rounds fired. Runs are numbered from `first`.
    """
    killed = np.zeros((runs, len(case.threats)), dtype=np.uint8)
    fired = np.zeros(runs, dtype=np.int64)
    _fight_runs(
        first, KEY, case.threats, PRIORITY, (case.pointer, case.pairs), case.units, case.stock, case.kill, case.active,
        killed, fired,
    )  # fmt: skip
    return killed, fired


@njit(cache=True, nogil=True)
def _fight_runs(  # noqa: PLR0913, PLR0917 - compiled functions take tables one by one
    first: Any, key: Any, threats: Any, priority: Any, pairs: Any, units: Any, stock: Any, kill: Any, active: Any,
    killed: Any, fired: Any,
) -> None:  # fmt: skip
    scratch = make_scratch(active, units[:active, 1].max(), units[:active, 0].max(), threats.shape[0])
    state = np.empty((active, 2), np.int64)
    for run in range(killed.shape[0]):
        for unit in range(active):
            state[unit, 0] = units[unit, 1]
            state[unit, 1] = stock[unit]
        fired[run] = fight_night(
            first + run, key, 0, threats, priority, pairs, units, kill, active, state, scratch, killed[run]
        )


def fight_months_of(case: Case, month: Month, first: int, worlds: int, runs: int, threads: int = 1) -> Months:
    """Fight `worlds` x `runs` months, worlds numbered from `first`; all worlds have the same tables."""

    def copies(table: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(np.broadcast_to(table, (worlds, *table.shape)))

    leakers = np.zeros((worlds, runs, 1, case.places), dtype=np.uint16)
    tally = np.zeros((worlds, runs, 3), dtype=np.int64)
    raids = (copies(month.counts), copies(month.packet), month.source, copies(month.place_cum))
    geometry = (month.area_cum, case.lane_first, month.variants, month.spread, PRIORITY)
    before = numba.get_num_threads()
    numba.set_num_threads(threads)
    try:
        fight_months(
            first, runs, KEY, month.nights, raids, geometry, case.pairs, copies(case.pointer), copies(case.units),
            copies(case.stock), copies(case.kill), copies(month.attrition), case.active,
            np.zeros(CLASSES, dtype=np.int64), leakers, tally,
        )  # fmt: skip
    finally:
        numba.set_num_threads(before)
    return Months(leakers[:, :, 0], tally)


def site_greedily(case: Case, steps: int, runs: int, threads: int) -> list[int]:
    """Add one unit after another to the base laydown, each at the candidate site that leaves fewest leakers."""
    chosen: list[int] = []
    left = list(range(len(case.units) - case.active))

    def leakers(site: int) -> int:
        killed, _fired = fight(stand(case, [*chosen, site]), 0, runs)
        return killed.size - int(killed.sum())

    with ThreadPoolExecutor(threads) as pool:
        for _ in range(steps):
            best = min(zip(pool.map(leakers, left), left, strict=True))[1]
            chosen.append(best)
            left.remove(best)
    return chosen
