"""The one place where the benchmarks call the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray
from reference import CLASSES, PRIORITY, SEED, Case, Ints, Month, exists
from tegmen.devices import fight_runs_on_card, find_device
from tegmen.sweeps import Raid, add_greedily

from tegmen.engine.kernel.month import fight_runs, lay_down
from tegmen.engine.workload import Compute, Workload
from tegmen.engine.workload import fight as fight_workload

KEY = np.array([SEED, 0], dtype=np.int64)


class Fought(NamedTuple):
    """(run, threat) killed; (run, 3) rounds fired, engagements, steps of the loop."""

    killed: NDArray[np.uint8]
    tally: Ints


class Months(NamedTuple):
    """(run, place) leakers of all classes; (run, 3) stopped by systems, by the dispersed layer, rounds fired."""

    leakers: NDArray[np.uint16]
    tally: Ints


def fight(case: Case, first: int, runs: int, laydown: Any = None) -> Fought:
    """Fight the case's raid `runs` times on one thread, fresh launchers and stores each time.

    Parameters
    ----------
    first
        Number of the first run.
    laydown
        Made by `lay`; None for the base laydown.
    """
    laydown = lay(case) if laydown is None else laydown
    fought = Fought(np.zeros((runs, len(case.threats)), dtype=np.uint8), np.zeros((runs, 3), dtype=np.int64))
    fight_runs(first, KEY, case.threats, laydown, case.units, case.stock, case.kill, *fought)
    return fought


def card() -> Any:
    """The CUDA device, None without one."""
    return find_device("auto")


def fight_on_card(cuda: Any, case: Case, first: int, runs: int) -> Fought:
    """Fight as `fight` does, one run a thread of the card."""
    fought = Fought(np.zeros((runs, len(case.threats)), dtype=np.uint8), np.zeros((runs, 3), dtype=np.int64))
    fight_runs_on_card(cuda, first, KEY, case.threats, lay(case), case.units, case.stock, case.kill, *fought)
    return fought


def lay(case: Case, candidates: Sequence[int] = ()) -> Any:
    """Tables of the base laydown and units at these candidate sites."""
    return lay_down(case.pointer, case.pairs, exists(case, candidates))


def campaign(
    case: Case, month: Month, world: int, runs: int, *, candidates: Sequence[int] = (), threads: int = 1
) -> Months:
    """Fight a world's month so many times."""
    workload = Workload(
        first_world=world,
        key=KEY,
        nights=month.nights,
        raids=(month.counts[None], month.packet[None], month.source, month.place_cum[None]),
        geometry=(month.area_cum, case.lane_first, month.variants, month.spread, PRIORITY),
        pairs=case.pairs,
        pointers=case.pointer[None],
        exists=exists(case, candidates),
        units=case.units[None],
        stock=case.stock[None],
        kill=case.kill[None],
        attrition=month.attrition[None],
        layer=0,
        slot=np.zeros(CLASSES, dtype=np.int64),
    )
    leakers, tally = fight_workload(workload, range(runs), Compute(min(threads, numba.config.NUMBA_NUM_THREADS)))
    return Months(leakers[0, :, 0], tally[0])


def site_greedily(case: Case, steps: int, runs: int, threads: int) -> list[int]:
    """Add one unit after another to the base laydown, each at the candidate site that leaves fewest leakers."""
    raid = Raid(KEY, case.threats, case.pointer, case.pairs, case.units, case.stock, case.kill)
    standing, value = exists(case).astype(np.bool_), np.ones(len(case.threats), dtype=np.int64)
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, before))
    try:
        order, _totals = add_greedily(
            raid, standing, range(case.active, len(case.units)), value, count=steps, runs=runs
        )
    finally:
        numba.set_num_threads(before)
    return (order - case.active).tolist()
