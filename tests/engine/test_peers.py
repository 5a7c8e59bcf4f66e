"""Rivals of the kernel: an analyst's SimPy model (equal in distribution), a plain loop and C++ (equal bit for bit)."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import engine  # noqa: E402
import peers  # noqa: E402
from reference import BALLISTIC, CRUISE, DRONE, MIX, Case, reference, scaled_mix  # noqa: E402

KEY = (int(engine.KEY[0]), int(engine.KEY[1]))
RUNS = 2_000
STANDARD_ERRORS = 4


@cache
def laid_out(name: str) -> Case:
    """Few leak; units short; rounds short; channels short."""
    return {
        "reference": reference,
        "ten units": lambda: reference(10),
        "many threats": lambda: reference(mix=scaled_mix(400)),
        "one channel": lambda: bunched(reference(10)),
    }[name]()


def bunched(case: Case) -> Case:
    """One channel a unit, all the rounds it wants, and everything launched in a twentieth of the time."""
    units, threats = case.units.copy(), case.threats.copy()
    units[:, 0], units[:, 1] = 1, 300
    for cls in (DRONE, CRUISE, BALLISTIC):
        mine = threats[:, 1] == cls
        threats[mine, 5] = threats[mine, 5].min() + (threats[mine, 5] - threats[mine, 5].min()) // 20
    return replace(case, units=units, threats=threats)


def by_simpy(case: Case, runs: int) -> np.ndarray:
    """(run, 4) leakers by class and rounds fired."""
    lanes = peers.lanes_of(case)
    fought = [peers.fight_simpy(case, lanes, seed) for seed in range(runs)]
    return outcomes(case, np.array([f.killed for f in fought]), np.array([f.fired for f in fought]))


def by_kernel(case: Case) -> np.ndarray:
    killed, tally = engine.fight(case, 0, RUNS)
    return outcomes(case, killed, tally[:, 0])


def outcomes(case: Case, killed: np.ndarray, fired: np.ndarray) -> np.ndarray:
    leaked = [(killed[:, case.threats[:, 1] == cls] == 0).sum(axis=1) for cls in (DRONE, CRUISE, BALLISTIC)]
    return np.stack([*leaked, fired], axis=1).astype(float)


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Differences of the means in standard errors."""
    difference = np.abs(one.mean(axis=0) - other.mean(axis=0))
    error = np.sqrt(one.var(axis=0, ddof=1) / len(one) + other.var(axis=0, ddof=1) / len(other))
    return np.where(difference == 0, 0.0, difference / np.maximum(error, 1e-12))


def test_the_reference_case_is_what_the_figures_are_about():
    case = reference()
    assert len(case.threats) == sum(MIX.values()) == 150
    assert case.active == len(case.units) == 60
    assert len(set(case.units[:, 6])) == 6
    assert np.diff(case.pointer)[case.threats[:, 4]].sum() == pytest.approx(720, abs=10)
    assert np.array_equal(case.pairs, reference().pairs)


@pytest.mark.parametrize(
    ("name", "runs"), [("reference", 300), ("ten units", 200), ("many threats", 100), ("one channel", 150)]
)
def test_the_kernel_is_distributed_as_the_simpy_model(name: str, runs: int):
    case = laid_out(name)
    assert apart(by_simpy(case, runs), by_kernel(case)).max() <= STANDARD_ERRORS


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [("one channel", 0, 50), ("ten units", 3, 3), ("many threats", 2, 1), ("many threats", 1, 5), ("reference", 4, 0)],
    ids=["channels without end", "a bigger salvo", "reload at once", "short magazines", "no outage"],
)
def test_a_model_that_breaks_a_rule_is_told_apart(name: str, column: int, value: int):
    case = laid_out(name)
    units = case.units.copy()
    units[:, column] = value
    assert apart(by_simpy(replace(case, units=units), 40), by_kernel(case)).max() > STANDARD_ERRORS


def test_a_model_that_forgets_the_store_is_told_apart():
    case = laid_out("many threats")
    assert apart(by_simpy(replace(case, stock=case.stock * 0), 30), by_kernel(case)).max() > STANDARD_ERRORS


@pytest.mark.parametrize(
    ("case", "runs"),
    [
        (reference(), 40),
        (reference(10), 40),
        (reference(mix=scaled_mix(400)), 10),
        (reference(mix=scaled_mix(1500)), 4),
        (reference(mix=scaled_mix(5_000)), 1),
    ],
    ids=["reference", "ten units", "400 threats", "1500 threats", "5000 threats"],
)
def test_a_plain_loop_over_a_heap_gives_the_same_bits(case: Case, runs: int):
    lanes = peers.lanes_of(case)
    fought = [peers.fight_heapq(case, lanes, run, KEY) for run in range(runs)]
    killed, tally = engine.fight(case, 0, runs)
    assert np.array_equal(killed, np.array([f.killed for f in fought]))
    assert tally[:, :2].tolist() == [[f.fired, f.engagements] for f in fought]


def test_the_translation_to_cpp_gives_the_same_bits(tmp_path: Path):
    command = peers.compiler()
    if command is None:
        pytest.skip(f"no C++ compiler ({', '.join(peers.COMPILERS)})")
    cpp = peers.Translation(tmp_path, command)
    for case, runs in ((reference(), 2_000), (reference(10), 500), (reference(mix=scaled_mix(5_000)), 3)):
        killed, tally = engine.fight(case, 0, runs)
        killed_cpp, tally_cpp = cpp.fight(case, 0, runs, engine.KEY)
        assert np.array_equal(killed, killed_cpp)
        assert np.array_equal(tally[:, :2], tally_cpp[:, :2])


def test_the_timed_sweep_chooses_what_fighting_every_laydown_chooses():
    case, runs = reference(candidates=12), 40
    chosen: list[int] = []
    for _ in range(3):
        left = [site for site in range(12) if site not in chosen]
        stopped = [int(engine.fight(case, 0, runs, engine.lay(case, [*chosen, site])).killed.sum()) for site in left]
        chosen.append(left[stopped.index(max(stopped))])
    assert engine.site_greedily(case, 3, runs, 2) == chosen


def command(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "run.py"), *options], capture_output=True, text=True, check=False
    )


def test_the_command_writes_one_object_a_line(tmp_path: Path):
    target = tmp_path / "figures.jsonl"
    only = ("events_per_engagement_5000", "crn_variance_ratio", "campaigns_10000_mb")
    done = command("--quick", "--json", str(target), "--only", *only)
    assert done.returncode == 0, done.stderr
    objects = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [set(written) for written in objects] == [{"name", "value", "unit", "n", "machine"}] * len(only)
    assert sorted(written["name"] for written in objects) == sorted(only)
    assert all(written["value"] > 0 and written["n"] >= 1 for written in objects)
    assert all("not for figures" in written["machine"] for written in objects)


def test_rows_are_named_as_promised():
    from rows import ROWS

    assert {row.name for row in ROWS} == {
        "vs_simpy", "vs_cpp", "event_time_10_to_500_units", "events_per_engagement_5000", "campaigns_10000_s",
        "sweep_s", "crn_variance_ratio", "campaigns_10000_mb", "cuda_runs_per_s", "cuda_equal",
    }  # fmt: skip


def test_a_row_without_its_device_says_so_and_writes_nothing(tmp_path: Path):
    from numba import cuda

    if cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    target = tmp_path / "figures.jsonl"
    done = command("--quick", "--json", str(target), "--only", "cuda_equal")
    assert done.returncode == 0, done.stderr
    assert "not measured" in " ".join(done.stdout.split())
    assert target.read_text(encoding="utf-8") == ""


def test_an_unfit_run_does_not_write_the_note():
    done = command("--quick", "--docs")
    assert done.returncode == 2
    assert "whole run" in done.stderr
