"""Tables packed for the kernel, and fighting them in pieces on threads, with the same bits.

A piece is so short that an interrupt is seen within a second. Cutting changes nothing: every draw has its address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba.core import config
from numpy.typing import NDArray

from tegmen.engine.kernel.calendar import THREATS_PER_CLASS_MAX, Geometry, Raids
from tegmen.engine.kernel.month import RUNS_PER_WORLD_MAX, TALLY, TASK, fight_months
from tegmen.engine.kernel.night import NUMBERS_MAX, TICKS_MAX
from tegmen.errors import InputError

if TYPE_CHECKING:
    from tegmen.terms import Ints


_ONE_AT_A_TIME = Lock()
"""Numba's simplest pool of threads, all that some systems have, ends the process when two threads call on it."""
Table = NDArray[np.void]
"""Columns by name."""
_PARTS = 4
_FEW_WORLDS = 16
_PIECE_S = 0.2
_THREAT_S = 1e-6
_SALVO_MAX = 8
ROUNDS_MOST = 2**31 - 1
"""More rounds than this of one unit the tables do not hold; a store without a limit has so many."""
_TASK_THREATS = 100_000
"""Threats a task: enough to make its work arrays worth while, few enough for many tasks a thread."""


@dataclass(frozen=True, slots=True)
class Compute:
    """What a simulation runs on; it never changes the result.

    Parameters
    ----------
    threads
        Threads of the processor; None for all that numba was started with (`NUMBA_NUM_THREADS`).
    """

    threads: int | None = None

    def __post_init__(self) -> None:
        most = config.NUMBA_NUM_THREADS  # pyright: ignore[reportAttributeAccessIssue]
        if self.threads is not None and not 1 <= self.threads <= most:
            found = f"threads: found {self.threads}, allowed are 1 to {most}; give fewer, or None for all"
            raise InputError("compute", [found])


@dataclass(frozen=True, slots=True, eq=False)
class Workload:
    """Everything `fight_months` reads, as it reads it; the fields are its parameters."""

    first_world: int
    key: Ints
    nights: int
    raids: Raids
    geometry: Geometry
    pairs: Table
    pointers: Ints
    exists: NDArray[np.uint8]
    units: Table
    stock: Ints
    kill: NDArray[np.uint64]
    attrition: NDArray[np.uint64]
    layer: int
    slot: Ints

    def tables(self) -> tuple[Any, ...]:
        """Give the kernel's parameters between the tasks and the results."""
        return (
            self.first_world, self.key, self.nights, self.raids, self.geometry, self.pairs, self.pointers, self.exists,
            self.units, self.stock, self.kill, self.attrition, self.layer, self.slot,
        )  # fmt: skip


def check_limits(workload: Workload, runs: int) -> None:
    """Refuse what the integer tables cannot hold.

    Raises
    ------
    InputError
        Too many threats, worlds, runs or units; ticks, rounds or salvos out of range.
    """
    counts, units, stock = workload.raids.counts, workload.units, workload.stock
    most, last = int(counts.max(initial=0)), workload.first_world + len(counts)
    latest, width, salvo = _latest_tick(workload), units.shape[1], int(units["salvo"].max(initial=0))
    rounds = max(int(units["ready"].max(initial=0)), int(stock.max(initial=0)))
    least = min(int(column.min(initial=0)) for column in (stock, *(units[name] for name in units.dtype.names or ())))
    faults: list[str] = []
    if most >= THREATS_PER_CLASS_MAX:
        allowed = THREATS_PER_CLASS_MAX - 1
        faults.append(f"{most} threats of one class in a month; at most {allowed}: split the month in two scenarios")
    if runs > RUNS_PER_WORLD_MAX or last >= RUNS_PER_WORLD_MAX:
        found = f"{len(counts)} worlds from number {workload.first_world} x {runs} runs"
        faults.append(f"{found}; at most {RUNS_PER_WORLD_MAX - 1} of each: give fewer, and another seed for the rest")
    if latest >= TICKS_MAX:
        found = f"a night of {latest} ticks of 0.1 s with flights and reloads"
        faults.append(f"{found}; at most {TICKS_MAX - 1}: give shorter times")
    if width >= NUMBERS_MAX:
        faults.append(f"{width} units; at most {NUMBERS_MAX - 1}: give fewer")
    if salvo > _SALVO_MAX:
        faults.append(f"a salvo of {salvo} rounds; at most {_SALVO_MAX}: give fewer")
    if rounds > ROUNDS_MOST:
        faults.append(f"{rounds} rounds of one unit; at most {ROUNDS_MOST}: give fewer")
    if least < 0:
        faults.append("a negative number of channels, rounds or ticks; give 0 or more")
    if faults:
        raise InputError("simulation", faults)


def _latest_tick(workload: Workload) -> int:
    spread = workload.geometry.spread
    latest = int(spread[-1] + 2 * spread[:-1].max(initial=0)) + int(workload.units["reload"].max(initial=0))
    if len(workload.pairs):
        latest += int(np.add(workload.pairs["close"], workload.pairs["flight"], dtype=np.int64).max())
    return latest


@contextmanager
def on_threads(compute: Compute) -> Generator[None]:
    """Let everything in the block run on these threads."""
    before = numba.get_num_threads()
    numba.set_num_threads(compute.threads or before)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def over_worlds(kernel: Callable[..., None], worlds: int, *arguments: Any) -> None:
    """Call a kernel as ``kernel(first, last, *arguments)`` for parts of the worlds, on the threads numba is set to.

    Kernels let go of the interpreter and write each world's own rows, so cutting changes nothing. Of two threads that
    would compile the same numba lets one wait for the other.
    """
    threads = numba.get_num_threads()
    if threads == 1 or worlds <= _FEW_WORLDS:
        kernel(0, worlds, *arguments)
        return
    edges = np.linspace(0, worlds, _PARTS * threads + 1).astype(int).tolist()
    parts = [_pool(threads).submit(kernel, first, last, *arguments) for first, last in pairwise(edges)]
    wait(parts)
    for part in parts:
        part.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that are made once: kernels are called a thousand times in an answer."""
    return ThreadPoolExecutor(threads)


def fight(workload: Workload, runs: range, compute: Compute) -> tuple[NDArray[np.uint16], Table]:
    """Fight these runs of every world.

    Returns
    -------
    (w, r, slot, p) leakers and (w, r) `TALLY`.
    """
    worlds, slots, places = (
        len(workload.stock),
        int(workload.slot.max(initial=-1)) + 1,
        workload.raids.place_cum.shape[-1],
    )
    leakers = np.zeros((worlds, len(runs), slots, places), dtype=np.uint16)
    tally = np.zeros((worlds, len(runs)), dtype=TALLY)
    if not worlds or not len(runs):
        return leakers, tally
    with _ONE_AT_A_TIME, on_threads(compute):
        _fight_in_pieces(workload, runs, leakers, tally)
    return leakers, tally


def _fight_in_pieces(workload: Workload, runs: range, leakers: NDArray[np.uint16], tally: Table) -> None:
    months = workload.raids.counts.sum(axis=1)
    tasks, begin = _tasks(months, runs, numba.get_num_threads()), 0
    # A guess to begin with, on the slow side.
    threats = (months[tasks["world"]] * (tasks["stop"] - tasks["first"])).mean()
    size = max(1, int(numba.get_num_threads() * _PIECE_S / (_THREAT_S * max(threats, 1.0))))
    while begin < len(tasks):
        start = time.perf_counter()
        piece = tasks[begin : begin + size]
        over_worlds(fight_months, len(piece), piece, runs.start, *workload.tables(), leakers, tally)
        begin += size
        # Python sees an interrupt between two pieces; their length follows the clock, the results do not.
        spent = time.perf_counter() - start
        size = int(np.clip(size * _PIECE_S / max(spent, 1e-6), 1, 4 * size))


def _tasks(threats: Ints, runs: range, threads: int) -> Table:
    """(task,) worlds and runs for each thread to take in turn."""
    worlds = len(threats)
    cuts = -(-4 * threads // worlds)
    widest = max(1, -(-len(runs) // cuts))
    rows = []
    for w, count in enumerate(threats.tolist()):
        width = min(widest, max(1, _TASK_THREATS // max(count, 1)))
        rows += [(w, first, min(first + width, runs.stop)) for first in range(runs.start, runs.stop, width)]
    return np.array(rows, dtype=TASK)
