"""A folder of compiled code that is unwritable, full, damaged or stale costs time and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import oracle
import pytest

import tegmen
from tegmen.calibration.compiled import KERNELS_KEPT

THREATS = 40
FIGHT = f"""
import numpy as np
from tegmen.engine.kernel.calendar import THREAT
from tegmen.engine.kernel.month import RUN_TALLY, fight_runs, lay_down
pair = np.zeros(1, [(name, np.int32) for name in ("unit", "open", "close", "flight", "preference", "kind")])
unit = np.zeros(1, [(name, np.int64) for name in ("channels", "ready", "reload", "salvo", "outage", "outage_id")])
pair["flight"], unit["channels"], unit["ready"], unit["salvo"] = 1, {THREATS}, {THREATS}, 1
threats, killed = np.zeros({THREATS}, THREAT), np.zeros((1, {THREATS}), np.uint8)
threats["id"] = np.arange({THREATS})
fight_runs(
    7, np.array([1, 2]), threats, lay_down(np.array([0, 1]), pair, np.ones(1, np.uint8)), unit, np.array([0]),
    np.array([[2**31]], np.uint64), killed, np.zeros(1, RUN_TALLY),
)
print("".join(map(str, killed[0])))
"""
SUM = """
from numba import njit
from tegmen.calibration.compiled import kept_compiled

@kept_compiled
@njit
def add_up(numbers):
    total = 0
    for number in numbers:
        total += number
    return total
"""
SMALL_FILES = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))\n"


def printed(code: str, *folders: Path, **settings: str) -> tuple[str, str]:
    """What a process of its own prints, importing from these folders first, and its notes."""
    path = os.pathsep.join([*map(str, folders), *(entry for entry in sys.path if entry)])
    plain = {name: value for name, value in os.environ.items() if name not in {"NUMBA_CACHE_DIR", "TEGMEN_CACHE"}}
    done = subprocess.run(
        [sys.executable, "-c", code], env=plain | {"PYTHONPATH": path} | settings, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def added_up(folder: Path, *, before: str = "", **settings: str) -> tuple[str, str]:
    """1 + 2 + 3 by a compiled function of a module in this folder; notes."""
    (folder / "summing.py").write_text(SUM, encoding="utf-8")
    code = f"{before}import numpy as np, summing\nprint(summing.add_up(np.array([1, 2, 3])))"
    return printed(code, folder, **settings)


def expected() -> str:
    return "".join(str(int(oracle.philox((7, number, 16, 0), (1, 2))[0] < 2**31)) for number in range(THREATS))


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.suffix in {".nbi", ".nbc"}]


@pytest.mark.parametrize("name", ["TEGMEN_CACHE", "NUMBA_CACHE_DIR"])
def test_compiled_code_is_kept_where_the_user_says_and_used_again(tmp_path: Path, name: str):
    folder = tmp_path / "cache"
    assert added_up(tmp_path, **{name: str(folder)}) == ("6", "")
    kept = {file: file.stat().st_mtime_ns for file in files(folder)}
    assert {file.suffix for file in kept} == {".nbi", ".nbc"}
    assert set(files(tmp_path)) == set(kept), "nothing is written elsewhere"
    assert added_up(tmp_path, **{name: str(folder)}) == ("6", "")
    assert {file: file.stat().st_mtime_ns for file in files(folder)} == kept


@pytest.mark.parametrize("kept", [True, False])
def test_whether_anything_is_compiled_is_told_before_and_after(tmp_path: Path, kept: bool):
    (tmp_path / "summing.py").write_text(SUM, encoding="utf-8")
    ask = "print(nothing_compiled());"
    code = f"import numpy as np, summing\nfrom tegmen.calibration.compiled import nothing_compiled\n{ask}"
    cache = str(tmp_path / "cache") if kept else ""
    first, _ = printed(f"{code}print(summing.add_up(np.array([1, 2, 3])));{ask}", tmp_path, TEGMEN_CACHE=cache)
    assert first.split() == ["True", "6", "False"]
    assert printed(code, tmp_path, TEGMEN_CACHE=cache)[0] == str(not kept)


def test_an_empty_setting_keeps_nothing(tmp_path: Path):
    home = tmp_path / "home"
    assert added_up(tmp_path, TEGMEN_CACHE="", HOME=str(home), XDG_CACHE_HOME=str(home)) == ("6", "")
    assert not home.exists()
    assert not files(tmp_path)


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path):
    # a file where a folder would be: not even an administrator can write into it
    (tmp_path / "file").touch()
    result, notes = added_up(tmp_path, TEGMEN_CACHE=str(tmp_path / "file" / "deeper"))
    assert result == "6"
    assert "compiling takes some seconds each time" in notes


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
def test_a_damaged_file_is_written_anew(tmp_path: Path, kind: str):
    cache = str(tmp_path / "cache")
    assert added_up(tmp_path, TEGMEN_CACHE=cache) == ("6", "")
    (file,) = (tmp_path / "cache").rglob(f"*.{kind}")
    file.write_bytes(file.read_bytes()[:40])
    result, notes = added_up(tmp_path, TEGMEN_CACHE=cache)
    assert result == "6"
    assert "compiling takes some seconds each time" in notes
    assert added_up(tmp_path, TEGMEN_CACHE=cache) == ("6", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_is_done_without_even_when_a_file_is_damaged(tmp_path: Path):
    cache = str(tmp_path / "cache")
    result, notes = added_up(tmp_path, before=SMALL_FILES, TEGMEN_CACHE=cache)
    assert result == "6"
    assert "compiling takes some seconds each time" in notes
    assert added_up(tmp_path, TEGMEN_CACHE=cache) == ("6", "")
    for file in files(tmp_path / "cache"):
        file.write_bytes(file.read_bytes()[:40])
    assert added_up(tmp_path, before=SMALL_FILES, TEGMEN_CACHE=cache)[0] == "6"


def test_code_of_old_sources_is_thrown_away(tmp_path: Path):
    folder = tmp_path / "cache" / "compiled"
    for age in range(2 * KERNELS_KEPT):
        (folder / str(age)).mkdir(parents=True)
        os.utime(folder / str(age), (10**9 - age, 10**9 - age))
    assert added_up(tmp_path, TEGMEN_CACHE=str(tmp_path / "cache"))[0] == "6"
    names = {each.name for each in folder.iterdir()}
    assert len(names) == KERNELS_KEPT
    assert {str(age) for age in range(KERNELS_KEPT - 1)} < names


def test_a_change_in_any_source_of_the_kernel_is_seen(tmp_path: Path):
    package, cache = tmp_path / "src" / "tegmen", str(tmp_path / "cache")
    shutil.copytree(
        Path(tegmen.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "data", "templates")
    )
    assert printed(FIGHT, package.parent, TEGMEN_CACHE=cache) == (expected(), "")
    source = package / "engine" / "kernel" / "words.py"
    changed = source.read_text("utf-8").replace("0xD2511F53", "0xD2511F55")
    assert changed != source.read_text("utf-8")
    source.write_text(changed, encoding="utf-8")
    assert printed(FIGHT, package.parent, TEGMEN_CACHE=cache)[0] != expected()
