"""Months a second of the event simulation on the worlds of the shipped question, and the memory it takes.

Run with ``python benchmarks/engine.py``; prints one line a figure. Seconds are the processor's, which a busy machine
moves less than the clock's; one thread.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time

import numpy as np

from tegmen.calibration.fit import calibrate
from tegmen.engine.campaign import BACKGROUND, MATCHED, match_record, simulate, take_worlds
from tegmen.engine.engagement import engage, lay_lanes
from tegmen.engine.workload import Compute
from tegmen.evidence.record import read_record
from tegmen.question.launches import history_counts
from tegmen.question.scenario import read_scenario
from tegmen.worlds.draw import draw_worlds

ADDED = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    scenario, calibration = read_scenario("march-2024"), calibrate(read_record(), until="2024-03-31", seed=1)
    worlds = draw_worlds(scenario, calibration, "posted", count=options.worlds, seed=1)
    lanes, history = lay_lanes(worlds.places), history_counts(scenario, calibration.record)
    compute = Compute(threads=1)
    campaign, feasible = match_record(worlds, lanes, history, scenario.month.nights, compute=compute)
    campaign = take_worlds(campaign, np.flatnonzero(feasible))
    tables = engage(campaign.worlds, lanes, tuple(range(ADDED)), "patriot", MATCHED)
    months = len(campaign.worlds) * options.runs
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"load average: {os.getloadavg()[0]:.1f}; {months} months, {len(campaign.worlds)} worlds")
    for name, engagement, classes in (("missiles that systems meet", tables, MATCHED), ("the rest", None, BACKGROUND)):
        spent: list[float] = []
        for _ in range(options.repeats):
            begin = time.process_time()
            simulate(campaign, engagement, added=ADDED, runs=options.runs, classes=classes, compute=compute)
            spent.append(time.process_time() - begin)
        threats = campaign.worlds.counts[:, list(classes)].sum(axis=1).mean()
        rate = months / statistics.median(spent)
        million = rate * threats / 1e6
        print(f"{name}: {rate:,.0f} months a second of {threats:,.0f} threats each; {million:.1f} million threats")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
