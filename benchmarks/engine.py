"""The one place where the benchmarks call the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from reference import PRIORITY, SEED, Case, Ints

from tegmen.kernels import fight_night, make_scratch

KEY = np.array([SEED, 0], dtype=np.int64)


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


@njit(cache=True)
def _fight_runs(
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
