"""Time and peak memory of the main job, cold (nothing compiled, nothing fitted) and warm; the same bits on one thread.

Run with ``python benchmarks/answer.py``; prints one line a figure. The processor's seconds stand beside the clock's,
which another program on the machine makes longer.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def processor_s() -> float:
    """Seconds of the processor that processes started here have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(out: Path, cache: Path, threads: int, effort: list[str]) -> tuple[float, float]:
    """Seconds of the clock and of the processor of one `tegmen answer march-2024` in a process of its own."""
    settings = {"TEGMEN_CACHE": str(cache), "NUMBA_NUM_THREADS": str(threads)}
    begin, used = time.perf_counter(), processor_s()
    command = [sys.executable, "-m", "tegmen", "answer", "march-2024", "--out", str(out), *effort]
    subprocess.run(command, check=True, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin, processor_s() - used


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="warm runs")
    parser.add_argument("--quick", action="store_true", help="a small answer, to try the command: not for figures")
    options = parser.parse_args()
    effort, threads = ["--worlds", "40", "--runs", "6"] if options.quick else [], min(2, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"load average: {os.getloadavg()[0]:.1f}" + ("; QUICK: not for figures" if options.quick else ""))
        cold = run(root / "cold", root / "cache", threads, effort)
        warm = [run(root / f"warm{i}", root / "cache", threads, effort) for i in range(options.repeats)]
        one = run(root / "one", root / "cache", 1, effort)
        medians = tuple(statistics.median(seconds) for seconds in zip(*warm, strict=True))
        for name, (clock, processor) in (("cold", cold), ("warm", medians), ("warm, one thread", one)):
            print(f"{name}: {clock:.1f} s, {processor:.1f} s of the processor")
        digests = {
            hashlib.sha256((root / name / "answer.json").read_bytes()).hexdigest() for name in ("one", "warm0", "cold")
        }
        print(f"answer.json on one thread and on {threads}: {'identical' if len(digests) == 1 else 'DIFFERENT'}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
