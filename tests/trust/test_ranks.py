"""Simulation-based calibration: what it makes up, how it ranks, and that a wrong model is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from core_example import evidence

from tegmen.calibration.exposure import Exposure, Kill, RowLikelihood
from tegmen.calibration.rows import AIM
from tegmen.question.theatre import set_theatre
from tegmen.terms import FrozenDict, ThreatClass, take
from tegmen.trust import ranks as room
from tegmen.trust.ahead import row_chances
from tegmen.trust.checks import made_rows
from tegmen.trust.ranks import JointModel, Ranks, draw_prior_kill, make_up, rank_truths
from tegmen.worlds.prior import kill_prior


@pytest.fixture(scope="module")
def asked():
    """The shipped question with every third ballistic row."""
    of, calibration = evidence().scenario, evidence().calibration
    rows = take(calibration.rows[ThreatClass.ballistic], slice(None, None, 3))
    return of, set_theatre(of, calibration.record, calibration.until), rows


def dice(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def test_the_truth_ranks_evenly_among_worlds_weighed_by_its_record(asked):
    found = rank_truths(*asked, records=120, drawn=3000, seed=11)
    assert len(found) == 120
    assert {"share aimed at Kyiv", "coverage elsewhere", "rounds a month", "kill ratio elsewhere"} < set(found.rank)
    assert found.smallest > 0.01, {name: found.p_value(name) for name in found.rank}
    assert np.median(found.ess) > 50


def test_records_made_up_otherwise_than_the_likelihood_says_are_told(asked, monkeypatch):
    def half_stopped(*arguments):
        stopped, aim = make_up(*arguments)
        return stopped // 2, aim

    monkeypatch.setattr(room, "make_up", half_stopped)
    assert rank_truths(*asked, records=120, drawn=2000, seed=11).smallest < 1e-6


def test_worlds_drawn_afresh_for_a_record_rank_it_too(asked):
    found = rank_truths(*asked, records=2, drawn=1000, seed=3, afresh=True)
    assert all(np.all((rank > 0) & (rank < 1)) for rank in found.rank.values())
    assert np.all(found.ess > 50)


def test_even_ranks_are_likely_and_piled_up_ones_are_not():
    even, piled = (np.arange(100) + 0.5) / 100, np.full(100, 0.05)
    found = Ranks(FrozenDict({"even": even, "piled": piled}), np.ones(100))
    assert found.p_value("even") == pytest.approx(1)
    assert found.p_value("piled") < 1e-12
    assert found.smallest == pytest.approx(2 * found.p_value("piled"))
    # Bins of 14 and 6 by turns where 10 are expected: chi-square 16 with nine degrees of freedom, 0.0669 in the tables.
    turns = np.repeat((np.arange(10) + 0.5) / 10, [14, 6] * 5)
    assert Ranks(FrozenDict({"turns": turns}), np.ones(100)).p_value("turns") == pytest.approx(0.0669, abs=1e-4)


def test_what_is_made_up_is_as_frequent_as_its_closed_form():
    count, packets = 40_000, np.array([0.2, 0.5, 0.3])
    alike = np.ones((count, 2))
    worlds = Exposure(
        0.7 * alike, 0.3 * alike, np.full(count, 0.4), np.full(count, 0.8), np.tile([0.6, 0.3, 0.5], (count, 1))
    )
    kill = Kill(FrozenDict({"unnamed": np.full(count, 0.5), "a": np.full(count, 0.7)}), np.full(count, 8.0))
    rows = made_rows([(4, 0, "unlocated", "a"), (3, 0, "unlocated", "b")])
    model = RowLikelihood(rows, kill_prior(evidence().scenario), packets, True)
    stopped, aim = make_up(model, worlds, kill, dice(5))
    for r, (weapon, n) in enumerate((("a", 4), ("b", 3))):
        chances = row_chances(worlds, kill, (weapon, n, r), packets)[0]
        assert chances.sum() == pytest.approx(1)
        for k, (z, code) in ((k, zone) for k in range(n + 1) for zone in enumerate(AIM.values())):
            seen, chance = float(((stopped[:, r] == k) & (aim[:, r] == code)).mean()), float(chances[k, z])
            assert abs(seen - chance) <= 4 * math.sqrt(max(chance * (1 - chance), 1 / count) / count), (r, k, code)


def test_kill_shares_before_the_record_are_those_of_their_prior(asked):
    model, count = JointModel.of(*asked).likelihood, 20_000
    drawn = draw_prior_kill(model, count, dice(6))
    mean = float(model.prior.weight @ model.prior.pooling @ model.prior.share)
    for weapon in model.weapons:
        assert abs(drawn.of(weapon).mean() - mean) <= 4 * drawn.of(weapon).std() / math.sqrt(count)
    pooled = np.corrcoef(drawn.share[model.weapons[0]], drawn.share[model.weapons[1]])[0, 1]
    assert 0.1 < pooled < 0.9
    assert set(np.unique(drawn.concentration)) == set(model.prior.concentrations)
