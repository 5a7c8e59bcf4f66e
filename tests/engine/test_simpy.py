"""A raid on sixty units: the kernel against an analyst's SimPy model, in distribution, and the oracle, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import oracle
import pytest
from reference_raid import BALLISTIC, CRUISE, DRONE, MIX, PRIORITY, SEED, Case, reference, scaled_mix
from simpy_rival import fight_simpy, lanes_of

from tegmen.engine.kernel.month import RUN_TALLY, fight_runs, lay_down

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
    units["channels"], units["ready"] = 1, 300
    for cls in (DRONE, CRUISE, BALLISTIC):
        ticks = threats["tick"][threats["class"] == cls]
        threats["tick"][threats["class"] == cls] = ticks.min() + (ticks - ticks.min()) // 20
    return replace(case, units=units, threats=threats)


def fight(case: Case, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """(run, threat) killed; (run,) rounds fired, engagements, steps."""
    killed, tally = np.zeros((runs, len(case.threats)), np.uint8), np.zeros(runs, RUN_TALLY)
    laydown = lay_down(case.pointer, case.pairs, np.ones(len(case.units), np.uint8))
    fight_runs(0, np.array([SEED, 0]), case.threats, laydown, case.units, case.stock, case.kill, killed, tally)
    return killed, tally


def by_simpy(case: Case, runs: int) -> np.ndarray:
    """(run, 4) leakers by class and rounds fired."""
    lanes = lanes_of(case)
    killed, fired = zip(*(fight_simpy(case, lanes, seed) for seed in range(runs)), strict=True)
    return outcomes(case, np.array(killed), np.array(fired))


def by_kernel(case: Case) -> np.ndarray:
    killed, tally = fight(case, RUNS)
    return outcomes(case, killed, tally["rounds"])


def outcomes(case: Case, killed: np.ndarray, fired: np.ndarray) -> np.ndarray:
    leaked = [(killed[:, case.threats["class"] == cls] == 0).sum(axis=1) for cls in (DRONE, CRUISE, BALLISTIC)]
    return np.stack([*leaked, fired], axis=1).astype(float)


def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Differences of the means in standard errors."""
    difference = np.abs(one.mean(axis=0) - other.mean(axis=0))
    error = np.sqrt(one.var(axis=0, ddof=1) / len(one) + other.var(axis=0, ddof=1) / len(other))
    return np.where(difference == 0, 0.0, difference / np.maximum(error, 1e-12))


def test_the_reference_case_is_what_it_says():
    case = reference()
    assert len(case.threats) == sum(MIX.values()) == 150
    assert len(case.units) == 60
    assert len(set(case.pairs["kind"].tolist())) == 6
    assert np.diff(case.pointer)[case.threats["lane"]].sum() == pytest.approx(720, abs=10)


@pytest.mark.parametrize(
    ("name", "runs"), [("reference", 300), ("ten units", 200), ("many threats", 100), ("one channel", 150)]
)
def test_the_kernel_is_distributed_as_the_simpy_model(name: str, runs: int):
    case = laid_out(name)
    assert apart(by_simpy(case, runs), by_kernel(case)).max() <= STANDARD_ERRORS


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("one channel", "channels", 50),
        ("ten units", "salvo", 3),
        ("many threats", "reload", 1),
        ("many threats", "ready", 5),
        ("reference", "outage", 0),
    ],
    ids=["channels without end", "a bigger salvo", "reload at once", "short magazines", "no outage"],
)
def test_a_model_that_breaks_a_rule_is_told_apart(name: str, column: str, value: int):
    case = laid_out(name)
    units = case.units.copy()
    units[column] = value
    assert apart(by_simpy(replace(case, units=units), 40), by_kernel(case)).max() > STANDARD_ERRORS


def test_a_model_that_forgets_the_store_is_told_apart():
    case = laid_out("many threats")
    assert apart(by_simpy(replace(case, stock=case.stock * 0), 30), by_kernel(case)).max() > STANDARD_ERRORS


@pytest.mark.parametrize(("name", "runs"), [("reference", 3), ("ten units", 6), ("many threats", 1)])
def test_the_oracle_gives_the_same_bits(name: str, runs: int):
    case = laid_out(name)
    killed, tally = fight(case, runs)
    for run in range(runs):
        result = by_oracle(case, run)
        assert [result.killed[number] for number in case.threats["id"].tolist()] == (killed[run] == 1).tolist()
        assert (sum(shot.rounds for shot in result.log), len(result.log)) == tally[run].item()[:2]


def by_oracle(case: Case, run: int) -> oracle.Result:
    pairs = [pair.item() for pair in case.pairs]
    cls_of = dict(zip(case.threats["lane"].tolist(), case.threats["class"].tolist(), strict=True))
    lanes = {
        lane: [
            oracle.Pair(unit, opening, close, flight, int(case.kill[cls_of[lane], kind]), preference)
            for unit, opening, close, flight, preference, kind in pairs[begin:end]
        ]
        for lane, (begin, end) in enumerate(pairwise(case.pointer.tolist()))
        if lane in cls_of
    }
    threats = [
        oracle.Threat(number, lane, tick, int(PRIORITY[cls]))
        for _night, cls, number, _place, lane, tick in case.threats.tolist()
    ]
    units = [
        oracle.Unit(int(row["channels"]), int(row["ready"]), int(row["reload"]), stock, int(row["salvo"]))
        for row, stock in zip(case.units, case.stock.tolist(), strict=True)
    ]
    down = [
        oracle.philox((run, 0, 3, number // 4), (SEED, 0))[number % 4] < threshold
        for number, threshold in case.units[["outage_id", "outage"]].tolist()
    ]
    return oracle.night(threats, lanes, units, oracle.fresh(units), down, len(units), run, SEED)
