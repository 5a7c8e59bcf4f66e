"""A cache of compiled code that is unwritable, damaged or stale costs time and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import oracle
import pytest

import tegmen

SHOW = """
import numpy as np
from tegmen.engine.kernel.calendar import _weigh_nights
weights = np.zeros((2, 6), np.int64)
_weigh_nights(7, np.array([1, 2]), 6, np.arange(1000).reshape(-1, 1), 0, weights)
print(weights[0].tolist())
"""


def shown(package: Path, **settings: str) -> tuple[list[int], str]:
    """What a compiled function gives in a process of its own that uses this copy of tegmen, and its notes."""
    path = os.pathsep.join([str(package), *(entry for entry in sys.path if entry)])
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=os.environ | {"PYTHONPATH": path} | settings, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.strip(" []\n").split(",")], done.stderr


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of tegmen of its own."""
    source = Path(tegmen.__file__).parent
    shutil.copytree(source, tmp_path / "src" / "tegmen", ignore=shutil.ignore_patterns("__pycache__", "data"))
    return tmp_path / "src"


def expected() -> list[int]:
    return [oracle.philox((7, night, 0, 0), (1, 2))[0] * 1000 // 2**32 for night in range(6)]


def test_without_a_folder_to_write_to_it_compiles_every_time_and_says_so(package: Path):
    # a file where a folder would be: not even an administrator can write into it
    (package / "tegmen" / "__pycache__").write_text("", encoding="utf-8")
    nowhere = str(package / "tegmen" / "__pycache__" / "deeper")
    settings = {"NUMBA_CACHE_DIR": nowhere, "HOME": nowhere, "XDG_CACHE_HOME": nowhere, "PYTHONDONTWRITEBYTECODE": "1"}
    words, notes = shown(package, **settings)
    assert words == expected()
    assert "compiling takes some seconds each time" in notes


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_a_damaged_cache_is_written_anew(package: Path, tmp_path: Path, kind: str):
    cache = tmp_path / "cache"
    assert shown(package, NUMBA_CACHE_DIR=str(cache)) == (expected(), "")
    files = list(cache.rglob(f"*.{kind}"))
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[:40])
    words, notes = shown(package, NUMBA_CACHE_DIR=str(cache))
    assert words == expected()
    assert "cannot be read" in notes
    assert shown(package, NUMBA_CACHE_DIR=str(cache)) == (expected(), "")


def test_a_change_in_one_room_makes_the_code_of_the_others_stale(package: Path, tmp_path: Path):
    cache = str(tmp_path / "cache")
    assert shown(package, NUMBA_CACHE_DIR=cache)[0] == expected()
    room = package / "tegmen" / "philox.py"
    room.write_text(room.read_text("utf-8").replace("0xD2511F53", "0xD2511F55"), encoding="utf-8")
    assert shown(package, NUMBA_CACHE_DIR=cache)[0] != expected()
