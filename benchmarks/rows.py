"""The rows of the benchmarks: what each measures, what it must reach, and how it is measured."""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import engine
import numpy as np
import peers
from reference import MIX, UNITS, Case, month, reference, scaled_mix

THREADS = 2
SIZES = (10, 30, 60, 150, 500)
SITES = 100
NIGHTS, MONTH_THREATS = 30, 4_000
OTHER_WORLD = 20_000
STANDARD_ERRORS = 4


class Unavailable(Exception):  # noqa: N818 - not an error: the row stays empty
    """A row cannot be measured on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: repeats of each timing, and a divisor of everything that is counted."""

    repeats: int = 5
    divisor: int = 1

    def of(self, number: int) -> int:
        """So many of something, at least two."""
        return max(2, number // self.divisor)


@dataclass(frozen=True, slots=True)
class Measured:
    """Value of a row, how many repeats or runs are behind it, and what else was seen on the way."""

    value: float
    n: int
    seen: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `more` says that more is better."""

    name: str
    title: str
    unit: str
    must: float
    aim: float | None
    more: bool
    measure: Callable[[Effort], Measured]

    def reached(self, value: float) -> bool:
        """Whether the figure is reached."""
        return value >= self.must if self.more else value <= self.must


class Clocks(NamedTuple):
    """Seconds of each turn, by the clock on the wall and by the processor (all threads of this process)."""

    wall: list[float]
    processor: list[float]


def interleave(work: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Clocks]:
    """Time each piece of work in turn; the first round is not counted.

    Rows on one thread read the processor's clock, which stands still while another program has the core.
    """
    clocks = {name: Clocks([], []) for name in work}
    for number in range(repeats + 1):
        for name, piece in work.items():
            wall, processor = time.perf_counter(), time.process_time()
            piece()
            if number:
                clocks[name].processor.append(time.process_time() - processor)
                clocks[name].wall.append(time.perf_counter() - wall)
    return clocks


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median of the ratios of neighbours in time."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def translation() -> peers.Translation:
    """Compile the C++ translation, or say that there is no compiler."""
    command = peers.compiler()
    if command is None:
        raise Unavailable(f"no C++ compiler ({', '.join(peers.COMPILERS)})")
    with tempfile.TemporaryDirectory() as folder:
        return peers.Translation(Path(folder), command)


def check_same_bits(case: Case, cpp: peers.Translation, runs: int) -> None:
    """Refuse to time loops that do not give the same bits."""
    killed, tally = engine.fight(case, 0, runs)
    killed_cpp, tally_cpp = cpp.fight(case, 0, runs, engine.KEY)
    if not (np.array_equal(killed, killed_cpp) and np.array_equal(tally[:, :2], tally_cpp[:, :2])):
        raise SystemExit("the C++ translation and the kernel differ: nothing is timed before they agree")


def vs_simpy(effort: Effort) -> Measured:
    """One raid by the kernel on one thread, and by the SimPy model and the heapq loop."""
    case = reference()
    lanes, key = peers.lanes_of(case), (int(engine.KEY[0]), int(engine.KEY[1]))
    seeds = itertools.count()
    # Short turns, many of them: what else the machine does then falls on all alike.
    runs, repeats = {"kernel": effort.of(1_000), "simpy": effort.of(4), "heapq": effort.of(4)}, 9 * effort.repeats
    clocks = interleave(
        {
            "kernel": lambda: engine.fight(case, 0, runs["kernel"]),
            "simpy": lambda: [peers.fight_simpy(case, lanes, next(seeds)) for _ in range(runs["simpy"])],
            "heapq": lambda: [peers.fight_heapq(case, lanes, run, key) for run in range(runs["heapq"])],
        },
        repeats,
    )
    each = {name: [second / runs[name] for second in taken.processor] for name, taken in clocks.items()}
    seen = {f"µs a raid, {name}": statistics.median(taken) * 1e6 for name, taken in each.items()}
    seen["heapq loop ÷ kernel"] = ratio(each["heapq"], each["kernel"])
    return Measured(ratio(each["simpy"], each["kernel"]), repeats, seen)


def vs_cpp(effort: Effort) -> Measured:
    """One raid by the kernel and by its translation, one thread each, after a check of the bits."""
    case, cpp = reference(), translation()
    check_same_bits(case, cpp, effort.of(2_000))
    check_same_bits(reference(mix=scaled_mix(5_000)), cpp, 3)
    runs, repeats = effort.of(1_000), 9 * effort.repeats
    clocks = interleave(
        {"kernel": lambda: engine.fight(case, 0, runs), "cpp": lambda: cpp.fight(case, 0, runs, engine.KEY)}, repeats
    )
    seen = {f"µs a raid, {name}": statistics.median(taken.processor) / runs * 1e6 for name, taken in clocks.items()}
    return Measured(ratio(clocks["kernel"].processor, clocks["cpp"].processor), repeats, seen)


def counted(case: Case, runs: int) -> tuple[float, float]:
    """(events, engagements) a raid; an event is one step of the kernel's loop: a key taken from a queue."""
    _fired, engagements, steps = engine.fight(case, 0, runs).tally.mean(axis=0)
    return float(steps), float(engagements)


def event_time(effort: Effort) -> Measured:
    """Time an event at 10 to 500 units and constant pairs a threat: the worst against 10 units."""
    cases = {units: reference(units) for units in SIZES}
    runs, repeats = effort.of(1_000), 5 * effort.repeats
    clocks = interleave(
        {str(units): (lambda case=case: engine.fight(case, 0, runs)) for units, case in cases.items()}, repeats
    )
    seen: dict[str, float] = {}
    each: dict[int, list[float]] = {}
    for units, case in cases.items():
        events, engagements = counted(case, runs)
        each[units] = [second / runs / events for second in clocks[str(units)].processor]
        seen[f"ns an event, {units} units"] = statistics.median(each[units]) * 1e9
        seen[f"ns an engagement, {units} units"] = statistics.median(each[units]) * 1e9 * events / engagements
    worst = max(ratio(each[units], each[SIZES[0]]) for units in SIZES[1:])
    return Measured(worst, repeats, seen)


def events_per_engagement(effort: Effort) -> Measured:
    """Looks at a threat for each engagement committed when 5,000 threats meet 60 units."""
    runs = effort.of(20)
    events, engagements = counted(reference(mix=scaled_mix(5_000)), runs)
    return Measured(events / engagements, runs, {"events a raid": events, "engagements a raid": engagements})


def campaigns(effort: Effort) -> Measured:
    """Seconds for 10,000 months on two threads."""
    case = reference()
    nights = month(case, NIGHTS, scaled_mix(MONTH_THREATS))
    runs = effort.of(10_000)
    clocks = interleave({"": lambda: engine.campaign(case, nights, 0, runs, threads=THREADS)}, effort.repeats)[""]
    scale = 10_000 / runs
    return Measured(statistics.median(clocks.wall) * scale, effort.repeats, on_two_threads(clocks, scale))


def on_two_threads(clocks: Clocks, scale: float = 1.0) -> dict[str, float]:
    """What says more than a median where other programs take the cores."""
    return {
        "fastest s": min(clocks.wall) * scale,
        "processor seconds ÷ 2": statistics.median(clocks.processor) * scale / THREADS,
    }


def campaigns_mb(effort: Effort) -> Measured:
    """Peak resident memory of a process that fights 10,000 months on two threads, libraries included."""
    runs = effort.of(10_000)
    code = (
        "import engine, rows, reference\n"
        "case = reference.reference()\n"
        "nights = reference.month(case, rows.NIGHTS, reference.scaled_mix(rows.MONTH_THREATS))\n"
        "before = rows.peak_mb()\n"
        f"engine.campaign(case, nights, 0, {runs}, threads=rows.THREADS)\n"
        "print(before, rows.peak_mb())\n"
    )
    here = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": here}
    )
    before, peak = (float(word) for word in done.stdout.split())
    return Measured(peak, 1, {"MB of it before the first month": before})


def peak_mb() -> float:
    """Peak resident memory of this process [MB]."""
    status = Path("/proc/self/status")
    if not status.exists():
        raise Unavailable("peak memory is read from /proc, which this system lacks")
    # Not getrusage: after exec it still counts the pages of the process that started this one.
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def sweep(effort: Effort) -> Measured:
    """Seconds to site ten units one after another over 100 sites, 500 runs each, on two threads."""
    case = reference(candidates=SITES)
    steps, runs = (10, 500) if effort.divisor == 1 else (2, 10)
    clocks = interleave({"": lambda: engine.site_greedily(case, steps, runs, THREADS)}, effort.repeats)[""]
    return Measured(statistics.median(clocks.wall), effort.repeats, on_two_threads(clocks))


def crn_variance(effort: Effort) -> Measured:
    """Variance of the leakers an added unit saves, independent over common draws; median over units that matter.

    A run draws its raid (which lanes, which ticks) and every hit; a candidate matters when it saves leakers by more
    than four standard errors.
    """
    case = reference(UNITS, candidates=SITES)
    raid = month(case, 1, MIX)
    runs = max(60, effort.of(500))

    def drawn(candidates: Sequence[int], world: int) -> engine.Ints:
        fought = engine.campaign(case, raid, world, runs, candidates=candidates, threads=THREADS)
        return fought.leakers.sum(axis=1, dtype=np.int64)

    def fixed(candidates: Sequence[int], world: int) -> engine.Ints:
        killed = engine.fight(case, world * runs, runs, engine.lay(case, candidates)).killed
        return killed.shape[1] - killed.sum(axis=1, dtype=np.int64)

    ratios, still = variance_ratios(drawn, runs), variance_ratios(fixed, runs)
    return Measured(
        statistics.median(ratios), len(ratios),
        {"lowest": min(ratios), "highest": max(ratios), "runs a candidate": runs,
         "median when the raid is fixed and only hits are drawn": statistics.median(still)},
    )  # fmt: skip


def variance_ratios(leakers: Callable[[Sequence[int], int], engine.Ints], runs: int) -> list[float]:
    """Independent over common variance of what each candidate saves, for those that matter."""
    base = leakers((), 0)
    ratios: list[float] = []
    for site in range(SITES):
        common, independent = base - leakers([site], 0), base - leakers([site], OTHER_WORLD)
        if common.mean() > STANDARD_ERRORS * common.std() / np.sqrt(runs):
            ratios.append(float(independent.var() / common.var()))
    return ratios


def card() -> object:
    """Find the CUDA device, or say that there is none."""
    found = engine.card()
    if found is None:
        raise Unavailable("no CUDA device that numba can use")
    return found


def cuda_runs(effort: Effort) -> Measured:
    """Reference raids a second on a CUDA device, one raid a thread, results copied back."""
    case, found = reference(), card()
    runs = effort.of(1_000_000)
    clocks = interleave({"": lambda: engine.fight_on_card(found, case, 0, runs)}, effort.repeats)[""]
    return Measured(runs / statistics.median(clocks.wall), effort.repeats)


def cuda_equal(effort: Effort) -> Measured:
    """Whether the card gives the processor's bits."""
    case, found, runs = reference(), card(), effort.of(20_000)
    pairs = zip(engine.fight_on_card(found, case, 0, runs), engine.fight(case, 0, runs), strict=True)
    return Measured(float(all(np.array_equal(on_card, on_processor) for on_card, on_processor in pairs)), runs)


ROWS = (
    Row("vs_simpy", "one CPU thread against the SimPy model", "×", 450, 700, True, vs_simpy),
    Row("vs_cpp", "time against the C++ translation, one thread", "×", 1.20, 1.05, False, vs_cpp),
    Row("event_time_10_to_500_units", "time per event from 10 to 500 units", "×", 1.5, 1.0, False, event_time),
    Row(
        "events_per_engagement_5000", "events per engagement, 5,000 threats on 60 units", "", 2, 1.3, False,
        events_per_engagement,
    ),
    Row(
        "campaigns_10000_s", "10,000 months of 30 nights, 4,000 threats, 60 units; 2 threads", "s", 5, 2.5, False,
        campaigns,
    ),
    Row("sweep_s", "greedy +1..+10 units over 100 sites, 500 runs; 2 threads", "s", 3, 1, False, sweep),
    Row(
        "crn_variance_ratio", "variance of a difference, independent over common random numbers", "×", 20, None, True,
        crn_variance,
    ),
    Row("cuda_runs_per_s", "raids a second on a CUDA device", "1/s", 15e6, 40e6, True, cuda_runs),
    Row("cuda_equal", "same bits on a CUDA device (1: yes)", "", 1, None, True, cuda_equal),
    Row("campaigns_10000_mb", "peak memory for 10,000 months", "MB", 500, None, False, campaigns_mb),
)  # fmt: skip
"""The table, in the order it is printed."""
