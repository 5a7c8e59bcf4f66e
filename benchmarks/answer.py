"""Time and peak memory of the main job, cold (nothing compiled, nothing fitted) and warm; the same bits on one thread.

Run with ``python benchmarks/answer.py``; prints one line a figure.
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


def run(out: Path, cache: Path, threads: int, effort: list[str]) -> float:
    """Seconds of one `tegmen answer march-2024` in a process of its own."""
    settings = {"TEGMEN_CACHE": str(cache), "NUMBA_NUM_THREADS": str(threads)}
    begin = time.perf_counter()
    command = [sys.executable, "-m", "tegmen", "answer", "march-2024", "--out", str(out), *effort]
    subprocess.run(command, check=True, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


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
        print(f"cold: {run(root / 'cold', root / 'cache', threads, effort):.1f} s")
        warm = [run(root / f"warm{i}", root / "cache", threads, effort) for i in range(options.repeats)]
        print(f"warm: {statistics.median(warm):.1f} s (median of {len(warm)}; {min(warm):.1f}–{max(warm):.1f})")
        print(f"on one thread: {run(root / 'one', root / 'cache', 1, effort):.1f} s")
        digests = {
            hashlib.sha256((root / name / "answer.json").read_bytes()).hexdigest() for name in ("one", "warm0", "cold")
        }
        print(f"answer.json on one thread and on {threads}: {'identical' if len(digests) == 1 else 'DIFFERENT'}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
