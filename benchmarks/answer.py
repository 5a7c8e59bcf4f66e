"""Time and peak memory of the main job, cold (nothing compiled) and warm, and the same bits on one thread and on two.

Run with ``python benchmarks/answer.py``; prints one line a figure. Medians of five warm runs.
"""

from __future__ import annotations

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

WARM_RUNS = 5


def run(out: Path, cache: Path, threads: int) -> float:
    """Seconds of one `tegmen answer march-2024` in a process of its own."""
    settings = {"NUMBA_CACHE_DIR": str(cache), "NUMBA_NUM_THREADS": str(threads)}
    begin = time.perf_counter()
    command = [sys.executable, "-m", "tegmen", "answer", "march-2024", "--out", str(out)]
    subprocess.run(command, check=True, env=os.environ | settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    threads = min(2, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"cold: {run(root / 'cold', root / 'cache', threads):.1f} s")
        warm = [run(root / f"warm{i}", root / "cache", threads) for i in range(WARM_RUNS)]
        print(f"warm: {statistics.median(warm):.1f} s (median of {WARM_RUNS}; {min(warm):.1f}–{max(warm):.1f})")
        run(root / "one", root / "cache", 1)
        digests = {
            hashlib.sha256((root / name / "answer.json").read_bytes()).hexdigest() for name in ("one", "warm0", "cold")
        }
        print(f"answer.json on one thread and on {threads}: {'identical' if len(digests) == 1 else 'DIFFERENT'}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
