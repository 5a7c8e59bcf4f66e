"""What bounds a raid: instructions, branches and memory, counted for the kernel and for its translation to C++.

Counted by valgrind's cachegrind, which simulates caches and a branch predictor: the same on every machine, and needs no
hardware counters, which virtual machines seldom have. Both are compiled for a processor without AVX-512, which valgrind
does not know. Libraries' own start is taken off by counting twice.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import peers
from reference import Case, reference
from rows import Unavailable

FEW, MANY = 10, 3_010
BASELINE = "x86-64-v3"
NUMBA_BASELINE = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+avx,+avx2,+bmi,+bmi2,+fma,+lzcnt",
    "NUMBA_NUM_THREADS": "1",
    # Or the order of work while libraries load differs from process to process.
    "PYTHONHASHSEED": "0",
}
COUNTS = {"I refs": "instructions", "D refs": "loads and stores", "Branches": "branches",
          "Mispredicts": "branches mispredicted", "D1 misses": "first-level cache misses",
          "LLd misses": "last-level cache misses"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """What one raid of the reference case costs, by name; and the bytes of the tables it reads."""

    kernel: dict[str, float]
    cpp: dict[str, float]
    table_bytes: int


def count() -> Counts:
    """Count both; takes some minutes."""
    command, valgrind = peers.compiler(), shutil.which("valgrind")
    if command is None or valgrind is None:
        raise Unavailable("valgrind or a C++ compiler is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers.Translation(folder, command, BASELINE)
        each = {which: _per_raid(valgrind, which, folder) for which in ("kernel", "cpp")}
    return Counts(each["kernel"], each["cpp"], table_bytes(reference()))


def table_bytes(case: Case) -> int:
    """Bytes of the tables of a case."""
    fields = (case.pointer, case.pairs, case.units, case.stock, case.kill, case.threats)
    return sum(table.nbytes for table in fields)


def _per_raid(valgrind: str, which: str, folder: Path) -> dict[str, float]:
    settings = os.environ | NUMBA_BASELINE | {"NUMBA_CACHE_DIR": str(folder)}
    child = [sys.executable, str(Path(__file__)), which, str(folder)]
    # Compile outside valgrind; inside, the compiled code comes from the cache.
    subprocess.run([*child, "1"], check=True, env=settings)
    options = ["--tool=cachegrind", "--cache-sim=yes", "--branch-sim=yes", f"--cachegrind-out-file={os.devnull}"]
    few, many = (
        _read(
            subprocess.run(
                [valgrind, *options, *child, str(runs)], check=True, env=settings, capture_output=True, text=True
            ).stderr
        )
        for runs in (FEW, MANY)
    )
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in COUNTS.values()}


def _read(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in text.splitlines():
        match = re.match(r"==\d+==\s+(.+?):\s+([\d,]+)", line)
        if match and (name := COUNTS.get(" ".join(match[1].split()))):
            found[name] = int(match[2].replace(",", ""))
    return found


def _fight(which: str, folder: Path, runs: int) -> None:
    case = reference()
    if which == "cpp":
        peers.Translation(folder).fight(case, 0, runs, np.array([1, 0], dtype=np.int64))
    else:
        import engine

        engine.fight(case, 0, runs)


if __name__ == "__main__":
    _fight(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
