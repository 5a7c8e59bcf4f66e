"""The same kernel on a graphics card: compiled from the same functions, so the same integers and the same bits.

Used only when asked for. Light nights only: the units' lists of `herds` save time, and change no bit.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import warnings
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tegmen import calendars, kernels, nights, philox
from tegmen.errors import InputError
from tegmen.kernels import RUNS_PER_WORLD_MAX, fight_month
from tegmen.nights import fight_night, line_up, stock_up

if TYPE_CHECKING:
    from numba import cuda  # noqa: TC004 - a name in the kernel's own space, see `month_kernel`

Ints = NDArray[np.int64]

_BLOCK = 64
_BYTES_MAX = 2 << 30
"""Work arrays of the months on the card at a time."""


def find_device(wanted: str) -> Any:
    """Find a CUDA device: numba's module for it, or None when there is none and "auto" was wanted.

    Raises
    ------
    InputError
        "cuda" was wanted and there is none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from numba import cuda

            found = cuda.is_available()
    except Exception:  # noqa: BLE001 - a driver that is half there raises what it likes
        cuda, found = None, False
    if found:
        return cuda
    if wanted == "cuda":
        found = "no CUDA device that numba can use was found"
        raise InputError("device", [f"{found}; install tegmen[cuda] and a driver, or use --device cpu (the same bits)"])
    return None


def fight_on_card(cuda: Any, tables: tuple[Any, ...], runs: range, leakers: NDArray[np.uint16], tally: Ints) -> None:
    """Fight these runs of every world, one thread a month; `tables` are the kernel's, see `workloads.Workload`."""
    (first_world, key, nights_a_month, raids, geometry, pairs, pointers, exists, units, stock, kill, attrition, layer,
     slot) = tables  # fmt: skip
    laydowns = [kernels.lay_down(pointer, pairs, exists) for pointer in pointers]
    starts = np.cumsum([0, *(len(kept) for _, kept, _ in laydowns)])
    own = np.stack([start + pointer for start, (pointer, _, _) in zip(starts, laydowns, strict=False)])
    kept, first_open = np.concatenate([each[1] for each in laydowns]), np.stack([each[2] for each in laydowns])
    most, number = int(raids[0].sum(axis=1).max()), units.shape[1] if len(kept) else 0
    rounds, channels = (int(units[:, :number, column].max(initial=0)) for column in (1, 0))
    shapes = _shapes(nights_a_month, most, number, rounds, channels)
    width = max(1, _BYTES_MAX // _bytes_of(shapes))
    tasks = np.array([(w, run) for w in range(len(stock)) for run in runs], dtype=np.int64)
    kernel = month_kernel(cuda)
    given = (
        runs.start, first_world, key, nights_a_month, *raids, *geometry, own, kept, first_open,
        np.ascontiguousarray(units[:, :number]), stock, kill, attrition, layer, slot,
    )  # fmt: skip
    for begin in range(0, len(tasks), width):
        part = tasks[begin : begin + width]
        work = tuple(cuda.device_array((len(part), *shape), kind) for shape, kind in shapes)
        kernel[-(-len(part) // _BLOCK), _BLOCK](part, *given, work, leakers, tally)
        cuda.synchronize()


def fight_runs_on_card(
    cuda: Any, first: int, key: Ints, threats: NDArray[np.int32], laydown: tuple[Any, ...], units: Ints, stock: Ints,
    kill: NDArray[np.uint64], killed: NDArray[np.uint8], tally: Ints,
) -> None:  # fmt: skip
    """Fight one raid again and again, one thread a run; the parameters are those of `kernels.fight_runs`."""
    pointer, pairs, first_open = laydown
    most = len(threats)
    line = np.empty(most, np.int64)
    lined = line[: line_up(threats, first_open, line, np.empty(most + 256, np.int64))]
    rounds, channels = (int(units[:, column].max(initial=0)) for column in (1, 0))
    shapes = _night_shapes(most, len(units), rounds, channels)
    width = max(1, _BYTES_MAX // _bytes_of(shapes))
    kernel = raid_kernel(cuda)
    given = [cuda.to_device(table) for table in (key, threats, pointer, pairs, lined, units, stock, kill)]
    work = tuple(cuda.device_array((min(width, len(killed)), *shape), kind) for shape, kind in shapes)
    for begin in range(0, len(killed), width):
        own = slice(begin, begin + width)
        blocks = -(-len(killed[own]) // _BLOCK)
        kernel[blocks, _BLOCK](first + begin, *given, work, killed[own], tally[own])
        cuda.synchronize()


def _bytes_of(shapes: list[tuple[Any, Any]]) -> int:
    return sum(int(np.prod(shape)) * np.dtype(kind).itemsize for shape, kind in shapes)


def _shapes(nights_a_month: int, most: int, number: int, rounds: int, channels: int) -> list[tuple[Any, Any]]:
    """Work arrays of one month, as `kernels.make_month` has them."""
    return [
        ((nights_a_month + 1,), np.int64), ((2, nights_a_month), np.int64), ((4, most), np.int32),
        ((3, most), np.uint32), ((most, 6), np.int32), ((most,), np.uint32), ((most,), np.uint8),
        *_night_shapes(most, number, rounds, channels),
        ((most,), np.int64), ((most + 256,), np.int64),
    ]  # fmt: skip


def _night_shapes(most: int, number: int, rounds: int, channels: int) -> list[tuple[Any, Any]]:
    """The state of the units, and what `nights.make_scratch` makes but for the log."""
    return [
        ((number, 8), np.int64), ((number, max(channels, 1)), np.int64), ((number, max(rounds, 1)), np.int64),
        ((most + 1,), np.int64), ((4, most), np.uint32), ((most,), np.int64), ((number + 1,), np.int64),
    ]  # fmt: skip


@cache
def device_functions(cuda: Any) -> dict[str, Any]:
    """Build the compiled functions once more for the card, from their plain source, under their names."""
    space: dict[str, Any] = {}
    for room in (philox, calendars, nights, kernels):
        space |= {name: value for name, value in vars(room).items() if not hasattr(value, "py_func")}
    for room in (philox, calendars, nights, kernels):
        for name, value in vars(room).items():
            if getattr(value, "__module__", "") == room.__name__ and hasattr(value, "py_func"):
                space[name] = cuda.jit(device=True)(FunctionType(value.py_func.__code__, space, name))
    space["fight_any"] = cuda.jit(device=True)(FunctionType(_fight_light.__code__, space, "fight_light"))
    return space


def _fight_light(run, key, night, threats, laydown, units, kill, state, scratch, _lists, line, killed):
    """Fight a drawn night on the card; rounds fired."""
    count = line_up(threats, laydown[2], line[0], line[1])
    return fight_night(
        run, key, night, threats, line[0][:count], (laydown[0], laydown[1]), units, kill, state, scratch, killed
    )[0]


@cache
def month_kernel(cuda: Any) -> Any:
    """Build the kernel: one month a thread."""
    space = device_functions(cuda) | {"cuda": cuda}
    return cuda.jit(FunctionType(_fight_each_month.__code__, space, "fight_each_month"))


@cache
def raid_kernel(cuda: Any) -> Any:
    """Build the kernel: one run of a raid a thread."""
    space = device_functions(cuda) | {"cuda": cuda}
    return cuda.jit(FunctionType(_fight_each_raid.__code__, space, "fight_each_raid"))


def _fight_each_raid(first, key, threats, pointer, pairs, lined, units, stock, kill, work, killed, tally):
    """One run of the raid a thread."""
    k = cuda.grid(1)  # pyright: ignore[reportCallIssue]
    if k < killed.shape[0]:
        state = work[0][k]
        work[6][k][0] = 0  # no unit has been asked
        scratch = (
            work[1][k], work[2][k], work[3][k], work[4][k], work[5][k], work[6][k], (work[1][k][:0], work[1][k][:0]),
        )  # fmt: skip
        stock_up(units, stock, state)
        now = fight_night(first + k, key, 0, threats, lined, (pointer, pairs), units, kill, state, scratch, killed[k])
        tally[k, 0], tally[k, 1], tally[k, 2] = now


def _fight_each_month(
    tasks, origin, first_world, key, nights_a_month, counts, packet, source, place_cum, area_cum, lane_first,
    variants, spread, priority, own, kept, first_open, units, stock, kill, attrition, layer, slot, work, leakers,
    tally,
):  # fmt: skip
    """One month a thread."""
    k = cuda.grid(1)  # pyright: ignore[reportCallIssue]
    if k < tasks.shape[0]:
        w, run = tasks[k, 0], tasks[k, 1]
        none = work[5][k][:0]
        work[13][k][0] = 0  # no unit has been asked: what the card hands out is not empty
        scratch = (
            work[8][k], work[9][k], work[10][k], work[11][k], work[12][k], work[13][k],
            (work[8][k][:0], work[8][k][:0]),
        )  # fmt: skip
        month = (
            (work[0][k], work[1][k], work[2][k], work[3][k]), work[4][k], work[5][k], work[6][k], work[7][k],
            scratch, (none,), (work[14][k], work[15][k]),
        )  # fmt: skip
        fight_month(
            (first_world + w) * RUNS_PER_WORLD_MAX + run, key, nights_a_month,
            (counts[w], packet[w], source, place_cum[w]), (area_cum, lane_first, variants, spread, priority),
            (own[w], kept, first_open[w]), units[w], stock[w], kill[w], attrition[w], layer, slot, month,
            leakers[w, run - origin], tally[w, run - origin],
        )  # fmt: skip
