"""Mixed rows, the third outcome and the cache of fits, against closed forms, brute force and simulated truth."""

import itertools
import math
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_backtest import FAST, made

from tegmen.cache import KEPT, cache_folder, kept
from tegmen.calibration import calibrate
from tegmen.mixtures import _likelihood, weigh_mixtures
from tegmen.outcomes import outcomes
from tegmen.record import read_record
from tegmen.terms import ThreatClass

DRONES = [(f"2024-01-{day:02d}", "drone", "unlocated", 20, 16) for day in range(1, 29)]


# --- mixed rows ------------------------------------------------------------------------------------------------------


def row(word, n, k, zone="unlocated", end="2024-01-20"):
    return {"threat_class": word, "launched": n, "intercepted": k, "zone": zone, "window_end": pd.Timestamp(end)}


def test_likelihood_of_a_mixed_row_is_the_mean_over_every_split():
    calibration = calibrate(made(DRONES), until="2024-01-28", priors=FAST)
    joint = calibration.joint(7, 1)
    found = _likelihood(calibration, joint, row("drone+supersonic", 6, 4))
    path, big = joint.levels[ThreatClass.drone]
    for w in range(7):
        mu, m, near = path[-2, w], big[w], joint.rates.rate[ThreatClass.supersonic][w]
        expected = np.mean(
            [
                sum(
                    stats.betabinom.pmf(j, a, mu * m, (1 - mu) * m) * stats.binom.pmf(4 - j, 6 - a, near)
                    for j in range(5)
                )
                for a in range(1, 6)
            ]
        )
        assert found[w] == pytest.approx(expected, rel=1e-6)


def test_three_classes_are_split_in_every_way():
    calibration = calibrate(made(DRONES), until="2024-01-28", priors=FAST)
    joint = calibration.joint(3, 1)
    found = _likelihood(calibration, joint, row("drone+s300_ground+supersonic", 5, 3))
    path, big = joint.levels[ThreatClass.drone]
    shares = [joint.rates.rate[key] for key in (ThreatClass.s300_ground, ThreatClass.supersonic)]
    for w in range(3):
        law = [
            lambda k, a, w=w: stats.betabinom.pmf(k, a, path[-2, w] * big[w], (1 - path[-2, w]) * big[w]),
            lambda k, a, w=w: stats.binom.pmf(k, a, shares[0][w]),
            lambda k, a, w=w: stats.binom.pmf(k, a, shares[1][w]),
        ]
        splits = [each for each in itertools.product(range(1, 4), repeat=3) if sum(each) == 5]
        counts = [each for each in itertools.product(range(4), repeat=3) if sum(each) == 3]
        ways = [
            sum(math.prod(f(k, a) for f, k, a in zip(law, ks, split, strict=True)) for ks in counts) for split in splits
        ]
        assert found[w] == pytest.approx(np.mean(ways), rel=1e-6)


def test_weighing_draws_by_a_row_that_is_not_mixed_is_fitting_it():
    """Two rows of one S-300 and one Oniks, both down: the shares become those of the conjugate update, split by 1."""
    rows = [*DRONES, *[("2024-01-10", "s300_ground+supersonic", "unlocated", 2, 2)] * 2]
    found = weigh_mixtures(calibrate(made(rows), until="2024-01-28", priors=FAST), count=40_000)
    table = found.to_pandas().set_index("quantity")
    a, b = 0.5, 24.5
    before, after = stats.beta(a, b), stats.beta(a + 2, b)
    for name in ("rate_supersonic", "rate_s300_ground"):
        assert table.loc[name, "mean"] == pytest.approx(before.mean(), rel=0.1)
        error = 4 * after.std() / math.sqrt(found.effective)
        assert abs(table.loc[name, "mean_with"] - after.mean()) <= error
    assert abs(table.loc["rate_drone", "shift"]) < 0.1
    assert len(found.used) == 2


def test_mixed_rows_of_the_record_are_all_accounted_for():
    calibration = calibrate(read_record(), until="2024-03-31", priors=FAST)
    found = weigh_mixtures(calibration, count=500)
    assert len(found.used) + len(found.left_out) == calibration.mixtures_dropped
    assert list(found.left_out["threat_class"]) == ["drone+tactical"]
    table = found.to_pandas().set_index("quantity")
    # Two rows at Kyiv with all down can only speak for coverage and kill.
    assert table.loc["coverage_kyiv", "shift"] > 0
    assert table.loc["kill", "shift"] > 0
    assert found.effective > 50
    assert "6 rows, 1 left out" in repr(found)


def test_without_mixed_rows_nothing_shifts():
    found = weigh_mixtures(calibrate(made(DRONES), until="2024-01-28", priors=FAST), count=200)
    assert found.effective == pytest.approx(200)
    assert np.abs(found.shifts["shift"]).max() < 1e-12


# --- the third outcome -----------------------------------------------------------------------------------------------


def with_lost(intercepted, lost):
    record = made([(day, name, zone, 50, intercepted) for day, name, zone, _, _ in DRONES])
    rows = record.rows.assign(lost=pd.array([lost] * len(record.rows), dtype="Int64"))
    return replace(record, rows=rows)


def test_lost_is_the_share_of_what_was_not_shot_down():
    found = outcomes(calibrate(with_lost(30, 15), until="2024-01-28", priors=FAST), count=1000)[ThreatClass.drone]
    np.testing.assert_allclose(found.intercepted + found.lost + found.leaked, 1.0)
    table = found.to_pandas().set_index("outcome")
    for name, share in (("intercepted", 0.6), ("lost", 0.3), ("leaked", 0.1)):
        assert table.loc[name, "mean"] == pytest.approx(share, abs=0.02)
        assert table.loc[name, "low"] < share < table.loc[name, "high"]
    assert table.loc["lost", "evidence"] == "28 rows post the lost"


def test_where_no_lost_are_posted_they_are_unknown_and_not_zero():
    assert outcomes(calibrate(made(DRONES), until="2024-01-28", priors=FAST)) == {}
    assert outcomes(calibrate(read_record(), until="2024-03-31", priors=FAST), count=10) == {}


def test_more_lost_than_were_left_are_taken_as_all_that_were_left():
    found = outcomes(calibrate(with_lost(45, 9), until="2024-01-28", priors=FAST), count=300)[ThreatClass.drone]
    assert found.leaked.mean() < 0.02


# --- the cache -------------------------------------------------------------------------------------------------------


def test_a_fit_kept_is_the_fit_made(tmp_path):
    record = made(DRONES)
    first, second, third = (
        calibrate(record, until="2024-01-28", priors=FAST, cache=cache) for cache in (None, tmp_path, tmp_path)
    )
    (path,) = tmp_path.glob("*.npz")
    for other in (second, third):
        assert first.draws(40, 3).to_pandas().equals(other.draws(40, 3).to_pandas())
    path.write_bytes(b"PK not a fit")
    again = calibrate(record, until="2024-01-28", priors=FAST, cache=tmp_path)
    assert first.draws(40, 3).to_pandas().equals(again.draws(40, 3).to_pandas())
    assert path.stat().st_size > 1000


def test_other_rows_and_other_priors_are_other_fits(tmp_path):
    changed = [*DRONES[:-1], ("2024-01-28", "drone", "unlocated", 20, 17)]
    for rows, priors in ((DRONES, FAST), (changed, FAST), (DRONES, replace(FAST, spread=0.5))):
        calibrate(made(rows), until="2024-01-28", priors=priors, cache=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 3


def test_the_oldest_fits_go_and_nothing_half_written_stays(tmp_path):
    for number in range(KEPT + 3):
        kept(tmp_path, f"fit{number}", lambda number=number: {"a": np.array([number])})
        os.utime(tmp_path / f"fit{number}.npz", (number, number))
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == KEPT
    assert "fit0.npz" not in names
    assert kept(tmp_path, "fit5", lambda: {"a": np.array([-1])})["a"][0] == 5


def test_a_folder_that_cannot_be_used_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert kept(tmp_path / "file", "x", lambda: {"a": np.ones(2)})["a"].sum() == 2
    monkeypatch.setenv("TEGMEN_CACHE", "")
    assert cache_folder() is None
    monkeypatch.setenv("TEGMEN_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
