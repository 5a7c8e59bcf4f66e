"""Worlds a second of the closed forms and months a second of the simulation, on the worlds of the shipped question.

Run with ``python benchmarks/engine.py``; prints one line a figure. Seconds are the processor's, of all threads, which a
busy machine moves less than the clock's; the simulation runs on one thread.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np

from tegmen.answer.study import Effort, begin_study
from tegmen.calibration.fit import calibrate
from tegmen.engine.campaign import BACKGROUND, MATCHED, begin_campaign, simulate
from tegmen.engine.check import thin_out
from tegmen.engine.engagement import engage
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import let_pass
from tegmen.engine.workload import Compute
from tegmen.evidence.record import read_record
from tegmen.question.scenario import read_scenario

ADDED, MOST = 10, 30


def spent(work: Callable[[], object], repeats: int) -> float:
    """Median of the processor's seconds, after a first time that may compile."""
    work()
    seconds: list[float] = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20_000)
    parser.add_argument("--simulated", type=int, default=200)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    scenario, calibration = read_scenario("march-2024"), calibrate(read_record(), until="2024-03-31", seed=1)
    study = begin_study(scenario, calibration, seed=1, effort=Effort(worlds=options.worlds))
    worlds = study.worlds("posted")
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load average: {os.getloadavg()[0]:.1f}; {len(worlds)} worlds, 0 to {MOST} added units")
    plan, rounds = Laydown.of("patriot", np.arange(MOST) % 25), [60.0] * (MOST + 1)
    whole = next(goal for goal in scenario.goals if goal.measure.background)
    some = thin_out(study.worlds("posted", whole), options.simulated)
    for goal in scenario.goals:
        others = bool(goal.measure.background)
        scored = some if others else worlds
        passage, cover = let_pass(some) if others else None, cover_baseline(scored)
        seconds = spent(lambda: expected_losses(cover, goal, plan, rounds, passage), options.repeats)  # noqa: B023
        print(f"{goal.name}: {len(scored) / seconds:,.0f} worlds a second of the processor")
    print(f"cruise factor: {len(some) / spent(lambda: let_pass(some), options.repeats):,.0f} worlds a second")
    campaign = begin_campaign(some, compute=Compute(threads=1))
    tables = engage(some, Laydown.of("patriot", range(ADDED)), MATCHED)
    for name, engagement, classes in (("missiles that systems meet", tables, MATCHED), ("the rest", None, BACKGROUND)):
        seconds = spent(
            lambda: simulate(campaign, engagement, added=ADDED, runs=options.runs, classes=classes),  # noqa: B023
            options.repeats,
        )
        rate = len(some) * options.runs / seconds
        threats = some.counts[:, list(classes)].sum(axis=1).mean()
        print(f"{name}: {rate:,.0f} months a second of {threats:,.0f} threats each")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
