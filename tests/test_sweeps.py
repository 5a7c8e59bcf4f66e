"""Laydowns of one unit more: skipping is exact, and equals fighting each laydown by the naive oracle."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import test_kernels as kernel_tests
from test_kernels import by_oracle, crowd, key_words, pair_tables, small_raid, threat_table, unit_table

from tegmen.errors import InputError
from tegmen.sweeps import Raid, add_greedily, sweep


def tables(raid: kernel_tests.Raid) -> Raid:
    return Raid(
        key_words(raid.seed), threat_table(raid, 0), *pair_tables(raid), unit_table(raid),
        np.array([b.unit.stock for b in raid.batteries], dtype=np.int64), np.array(raid.kill, dtype=np.uint64),
    )  # fmt: skip


def raids(count: int) -> list[kernel_tests.Raid]:
    """One-night raids on at least two units, small ones and crowds."""
    found = []
    for number in range(10 * count):
        dice = random.Random(number)  # noqa: S311 - test cases, not secrets
        raid = (crowd if number % 3 == 0 else small_raid)(dice.randint)
        if len(raid.batteries) > 1 and raid.nights[0]:
            found.append(replace(raid, nights=raid.nights[:1], active=len(raid.batteries)))
    return found[:count]


def halves(raid: kernel_tests.Raid) -> tuple[np.ndarray, list[int]]:
    """Every other unit stands, the rest are candidates."""
    standing = np.arange(len(raid.batteries)) % 2 == 0
    return standing, np.flatnonzero(~standing).tolist()


def test_skipped_runs_are_those_of_the_base_laydown():
    skipped = fought = 0
    for raid in raids(150):
        standing, candidates = halves(raid)
        value = np.arange(1, len(raid.nights[0]) + 1)
        every, some = (sweep(tables(raid), standing, candidates, value, runs=6, skip=skip) for skip in (False, True))
        assert np.array_equal(every.leaked, some.leaked)
        assert np.array_equal(every.base, some.base)
        skipped += (1 - some.fought) * some.leaked.size
        fought += some.fought * some.leaked.size
    assert skipped > 100
    assert fought > 100


def test_each_laydown_is_fought_as_the_oracle_does():
    for raid in raids(40):
        standing, candidates = halves(raid)
        value = np.ones(len(raid.nights[0]), dtype=np.int64)
        swept = sweep(tables(raid), standing, candidates, value, runs=2)
        for row, candidate in enumerate(candidates):
            units = [u for u in range(len(standing)) if standing[u] or u == candidate]
            pairs = tuple(pair for pair in raid.pairs if pair.unit in units)
            for run in range(2):
                (night,) = by_oracle(replace(raid, pairs=pairs, run=run))
                assert swept.leaked[row, run] == sum(not dead for dead in night.killed.values())


def test_greedy_takes_the_best_at_each_step():
    raid = crowd(random.Random(4).randint)  # noqa: S311 - test cases, not secrets
    raid = replace(raid, active=len(raid.batteries), batteries=(*raid.batteries, *raid.batteries))
    more = len(raid.batteries) // 2
    raid = replace(raid, pairs=(*raid.pairs, *(replace(pair, unit=pair.unit + more) for pair in raid.pairs)))
    value, standing = np.ones(len(raid.nights[0]), dtype=np.int64), np.arange(2 * more) < more
    order, totals = add_greedily(tables(raid), standing, range(more, 2 * more), value, count=min(2, more), runs=20)
    for step, unit in enumerate(order):
        swept = sweep(tables(raid), standing, range(more, 2 * more) if not step else [unit], value, runs=20)
        assert swept.leaked.sum(axis=1).min() == totals[step + 1]
        assert swept.base.sum() == totals[step]
        standing[unit] = True


def test_units_that_stand_are_no_candidates():
    raid = raids(1)[0]
    standing, _ = halves(raid)
    with pytest.raises(InputError, match=r"sweep: candidates \[0\] stand already"):
        sweep(tables(raid), standing, [0], np.ones(len(raid.nights[0]), dtype=np.int64), runs=1)
