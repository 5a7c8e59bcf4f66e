"""The rolling forecasts against second answers: refits from scratch, brute force, closed forms, and futures changed."""

import copy
import itertools
import json
import math
import pickle
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

import tegmen as tg
from tegmen.calibration.area import ClassTrack, area_track
from tegmen.calibration.ballistic import ballistic_track
from tegmen.calibration.fit import calibrate
from tegmen.calibration.forecast import (
    Known,
    drawn_calendar,
    follow,
    level_spread,
    month_days,
    nothing_known,
    quantile,
    simulate_intercepted,
    smoothed,
)
from tegmen.calibration.grid import beta_binomial, beta_binomial_table, elapse
from tegmen.calibration.priors import Memory, Priors
from tegmen.calibration.rows import Night, nights
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.record import COLUMNS, Record, read_record
from tegmen.report.backtest_page import backtest_file
from tegmen.terms import Provenance, ThreatClass
from tegmen.trust.baselines import BASELINES, last_month, past, trailing_beta_binomial, trailing_binomial
from tegmen.trust.scores import LEVELS, difference, marks

FAST = Priors(
    levels=57, steps=(0.05, 0.2, 0.8), concentrations=(2.0, 8.0, 32.0, 128.0), points=300, coverage_levels=(5, 7)
)
FIXED = Memory(break_days=(math.inf,), half_life_days=math.inf, slopes=(0.0,), slope_spread=1.0)


def made(rows, **more):
    """Build a record from (window_end, threat_class, zone, launched, intercepted)."""
    table = pd.DataFrame(rows, columns=["window_end", "threat_class", "zone", "launched", "intercepted"])
    table["window_end"] = pd.to_datetime(table["window_end"])
    table = table.assign(
        **{"channel": "national", "weapon": "unnamed", "lost": pd.NA, "rows": 1, "rows_uncounted": 0} | more
    )
    table = table.astype(dict.fromkeys(("launched", "intercepted", "lost"), "Int64"))
    return Record(table[list(COLUMNS)], Provenance("0", None, {"record": "made"}))


def night(day, n, k, aim=-1):
    return Night(day, np.array([aim]), np.array([n]), np.array([k]))


@pytest.fixture(scope="module")
def record():
    return read_record()


@pytest.fixture(scope="module")
def rolled(record):
    return tg.backtest(record, start="2023-07", priors=FAST)


# --- what is known before a night ------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2023-07-02", "2023-11-25", "2024-01-02", "2024-03-25", "2024-06-12"])
def test_a_rolling_forecast_is_that_of_a_fit_from_scratch_on_the_record_cut_there(record, rolled, day):
    """Truncate the record the evening before, fit anew, forecast: the same probabilities as in the one pass."""
    before = (date.fromisoformat(day) - pd.Timedelta(days=1)).isoformat()
    again = calibrate(record, until=before, priors=FAST)
    table = rolled.forecasts[rolled.forecasts["day"] == date.fromisoformat(day)]
    assert len(table)
    for row in table.to_dict("records"):
        chance = tg.forecast(again, {row["threat_class"]: row["launched"]}, on=day).classes
        chance = chance[ThreatClass[row["threat_class"]]].intercepted
        assert math.log(chance[row["intercepted"]]) == pytest.approx(row["log_score"], abs=1e-9)
        assert [quantile(chance, q) for q in (0.05, 0.5, 0.95)] == [row[x] for x in ("low", "median", "high")]


def test_changing_the_future_changes_no_earlier_forecast(record, rolled):
    later = record.rows.copy()
    late = later["window_end"] >= pd.Timestamp("2024-01-01")
    later.loc[late, "intercepted"] = 0
    later.loc[late, "launched"] += 7
    changed = tg.backtest(replace(record, rows=later), start="2023-07", priors=FAST).forecasts
    for table in (rolled.forecasts, changed):
        assert len(table[table["day"] >= date(2024, 1, 1)])
    first, second = (
        table[table["day"] < date(2024, 1, 1)].reset_index(drop=True) for table in (rolled.forecasts, changed)
    )
    pd.testing.assert_frame_equal(first, second)
    # The other half of the claim: what came before does matter.
    same_day = [
        table[table["day"] > date(2024, 1, 8)]["log_score"].to_numpy()[:50] for table in (rolled.forecasts, changed)
    ]
    assert not np.array_equal(*same_day)


def test_a_month_is_forecast_from_the_days_before_it_only(record):
    later = record.rows.copy()
    late = later["window_end"] >= pd.Timestamp("2024-05-01")
    later.loc[late, "intercepted"] = 0
    first, second = (
        tg.backtest(each, start="2024-05", horizon="month", priors=FAST).forecasts
        for each in (record, replace(record, rows=later))
    )
    of_may = [table[table["day"] == date(2024, 5, 1)] for table in (first, second)]
    same = ["launched", "low", "median", "high"]
    pd.testing.assert_frame_equal(of_may[0][same], of_may[1][same])
    assert (of_may[1]["intercepted"] == 0).all()


def test_a_level_that_elapses_in_two_halves_has_elapsed_once():
    weights = np.random.default_rng(1).dirichlet(np.ones(25), (2, 4))
    whole = elapse(weights, np.array([1.4, 13.0]))
    np.testing.assert_allclose(elapse(elapse(weights, np.array([0.7, 6.5])), np.array([0.7, 6.5])), whole, atol=1e-13)
    np.testing.assert_allclose(whole.sum(axis=-1), 1.0)


def test_a_forecast_sums_over_every_path_slope_and_break():
    """Three nights on a coarse grid, by loops over slope, step sd, and M and level before and after each gap."""
    priors = Priors(levels=4, level_low=-2.0, level_high=2.0, steps=(0.4, 1.3), concentrations=(3.0, 20.0))
    priors = replace(priors, concentration_walk=1.6)
    memory = Memory(break_days=(40.0,), half_life_days=math.inf, slopes=(-0.4, 0.0, 0.4))
    track, asked = area_track(priors, memory), 6
    for day, n, k in ((0, 5, 4), (9, 12, 3)):
        track = track.after(day, n, k)
    found, grid = track.before(11).chance(asked), track.grid
    slope_prior = [math.exp(-0.5 * (b / memory.slope_spread) ** 2) for b in memory.slopes]
    expected, spacing = np.zeros(asked + 1), grid.logit[1] - grid.logit[0]
    difference = np.array([[-1.0, 1.0], [1.0, -1.0]])
    for step, (b, slope) in itertools.product(priors.steps, enumerate(memory.slopes)):

        def mass(n, level, m, slope=slope):
            share, big = 1 / (1 + math.exp(-(level + slope * math.log(n / 10)))), priors.concentrations[m]
            return stats.betabinom.pmf(np.arange(n + 1), n, share * big, (1 - share) * big)

        def move(days, step=step):
            kernel = elapse(np.eye(4)[None], np.array([(step / spacing) ** 2 * days / 7]))[0]
            walk = linalg.expm(difference * (1.6 / math.log(20 / 3)) ** 2 * days / 365.25 / 2)
            still = math.exp(-days / 40.0)
            return still * np.einsum("ab,xy->axby", walk, kernel) + (1 - still) * grid.start / 2

        first, second, cells = move(9), move(2), list(itertools.product(range(2), range(4)))
        for (j, x), (m, y), (o, z) in itertools.product(cells, repeat=3):
            weight = slope_prior[b] / 2 * grid.start[x] * mass(5, grid.logit[x], j)[4] * first[j, x, m, y]
            expected += weight * mass(12, grid.logit[y], m)[3] * second[m, y, o, z] * mass(asked, grid.logit[z], o)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-8)


def test_a_grid_twice_as_fine_changes_no_limit_of_a_forecast(record):
    """Limits between counts, as an exact quantile would be: the distribution function joined by straight lines."""
    brought, found = calibrate(record, until="2023-06-30", priors=FAST).nights(ThreatClass.drone), []
    finer = Priors(
        levels=249,
        steps=tuple(0.02 * 2.0 ** (0.75 * i) for i in range(9)),
        concentrations=tuple(1.5 * 2.0 ** (0.5 * i) for i in range(15)),
    )
    for priors in (Priors(), finer):
        track = area_track(priors, Memory())
        for each in brought:
            track = track.after(each.day, *each.totals())
        chance = track.before(19_540).chance(60)
        found.append(np.interp((0.05, 0.5, 0.95), np.cumsum(chance), np.arange(61)))
    assert (np.abs(found[0] - found[1]) <= 0.005 * (found[0][2] - found[0][0])).all()


def test_table_of_the_beta_binomial_is_the_law_itself():
    share, big = np.array([0.03, 0.5, 0.93]), np.array([1.5, 20.0, 300.0])
    table = beta_binomial_table(700, share, big)
    np.testing.assert_allclose(table.sum(axis=0), 1.0, rtol=1e-10)
    direct = np.exp(beta_binomial(np.array(700), np.arange(701)[:, None], share, big))
    np.testing.assert_allclose(table, direct, rtol=1e-8)


def test_a_break_finds_a_changed_definition_that_a_walk_of_small_steps_does_not():
    """Shares near 0.9 for 100 nights, then 0.4: three nights on, the forecast has moved; without breaks it has not."""
    small, found = Priors(steps=(0.02,), concentrations=(16.0,)), []
    for memory in (replace(FIXED, break_days=(365.25,)), FIXED):
        track = area_track(small, memory)
        for day in range(103):
            track = track.after(day, 20, 18 if day < 100 else 8)
        found.append(track.before(103).chance(20) @ np.arange(21))
    assert abs(found[0] - 8) < 3
    assert found[1] > 16


def test_nights_gather_rows_of_one_reporting_date():
    rows = [
        ("2024-01-01 02:00", "ballistic", "UA-30", 2, 1),
        ("2024-01-01 23:00", "ballistic", "UA-63", 3, 0),
        ("2024-01-02 00:30", "ballistic", "unlocated", 4, 0),
    ]
    of = calibrate(made(rows, weapon=["Kinzhal", "Zircon", "unnamed"]), until="2024-02-01", priors=FAST)
    by_row, by_night = (nights(of.rows[ThreatClass.ballistic], by_row=each) for each in (True, False))
    assert [(list(each.aim), list(each.launched), list(each.intercepted), list(each.weapon)) for each in by_row] == [
        ([1, 0], [2, 3], [1, 0], ["Kinzhal", "Zircon"]),
        ([-1], [4], [0], ["unnamed"]),
    ]
    assert by_row[1].day - by_row[0].day == 1
    assert [(list(each.aim), each.totals(), each.weapons) for each in by_night] == [
        ([-1], (5, 1), {"Kinzhal": (2, 1), "Zircon": (3, 0)}),
        ([-1], (4, 0), {}),
    ]


# --- scores ----------------------------------------------------------------------------------------------------------


def test_scores_of_one_forecast_by_hand():
    each = marks([np.array([0.1, 0.2, 0.3, 0.4])], [2])
    assert each.log_score[0] == pytest.approx(math.log(0.3))
    assert each.crps[0] == pytest.approx(0.1**2 + 0.3**2 + 0.4**2)
    assert (each.below[0], each.upto[0]) == pytest.approx((0.3, 0.6))
    assert each.coverage(0.5)[0] == pytest.approx(1.0)
    assert each.coverage(0.1)[0] == pytest.approx((0.55 - 0.45) / 0.3)
    assert each.plain_coverage(0.1)[0] == 1.0


def test_crps_is_the_mean_absolute_error_less_half_the_mean_difference():
    """Gneiting and Raftery 2007, eq. 21: E|X - y| - E|X - X'| / 2."""
    rng = np.random.default_rng(4)
    chance = rng.dirichlet(np.ones(12))
    count = np.arange(12)
    for k in (0, 5, 11):
        other = chance @ np.abs(count - k) - chance @ np.abs(count[:, None] - count) @ chance / 2
        assert marks([chance], [k]).crps[0] == pytest.approx(other)


def test_right_forecasts_hold_their_coverage_and_fill_the_pit_for_any_number_launched():
    rng = np.random.default_rng(7)
    sizes = rng.choice([1, 2, 3, 9, 40], 6000)
    chances = [stats.betabinom.pmf(np.arange(n + 1), n, 6.0, 1.5) for n in sizes]
    each = marks(chances, [rng.choice(len(chance), p=chance / chance.sum()) for chance in chances])
    for level in LEVELS:
        inside = each.coverage(level)
        assert abs(inside.mean() - level) <= 4 * inside.std() / math.sqrt(len(inside))
        assert each.plain_coverage(level).mean() >= level
    assert np.abs(each.pit() - 0.1).max() <= 4 * math.sqrt(0.1 * 0.9 / 6000)
    assert each.pit().sum() == pytest.approx(1.0)


def test_an_outcome_no_forecast_allowed_is_scored_and_not_lost():
    each = marks([np.array([0.5, 0.5])], [4])
    assert each.log_score[0] == pytest.approx(math.log(1e-12))
    assert (each.below[0], each.upto[0]) == (1.0, 1.0)


def test_interval_of_a_difference_is_the_standard_error_where_weeks_are_single():
    rng = np.random.default_rng(2)
    ours, theirs = rng.normal(0.1, 1.0, 400), rng.normal(0.0, 1.0, 400)
    found = difference(ours, theirs, np.arange(400), seed=3)
    error = 1.645 * (ours - theirs).std() / math.sqrt(400)
    assert found.mean == pytest.approx((ours - theirs).mean())
    assert found.high - found.mean == pytest.approx(error, rel=0.08)
    assert found.mean - found.low == pytest.approx(error, rel=0.08)
    # Scores that come twice in a week count once: the interval is as wide as that of half as many.
    twice = difference(np.repeat(ours, 2), np.repeat(theirs, 2), np.repeat(np.arange(400), 2), seed=3)
    assert twice.high - twice.low == pytest.approx(found.high - found.low, rel=1e-9)


def test_a_quantile_is_the_first_count_that_reaches_its_level():
    chance = np.array([0.1, 0.2, 0.3, 0.4])
    assert [quantile(chance, level) for level in (0.05, 0.1, 0.11, 0.5, 0.6, 0.95)] == [0, 0, 1, 2, 2, 3]


def test_the_sampling_error_of_coverage_is_that_of_a_share(rolled):
    for scored in rolled.classes.values():
        for level, error in scored.coverage_error.items():
            assert error == pytest.approx(stats.binom.std(scored.nights, level) / scored.nights)


def test_last_month_is_the_calendar_month_before():
    first = int(np.datetime64("2024-03-01").astype("datetime64[D]").astype(np.int64))
    seen = past([night(first - 31, 50, 0), night(first - 1, 10, 9), night(first, 40, 0)])
    assert last_month(seen, first + 20, [1])[1] == pytest.approx((9 + 0.5) / (10 + 1))


def test_baselines_see_their_window_and_nothing_else():
    first = int(np.datetime64("2024-03-01").astype("datetime64[D]").astype(np.int64))
    of = [night(first - 130, 50, 0), night(first - 20, 10, 9), night(first - 3, 30, 27), night(first + 2, 40, 0)]
    share = (36 + 0.5) / (40 + 1)
    np.testing.assert_allclose(trailing_binomial(past(of), first, [7]), stats.binom.pmf(np.arange(8), 7, share))
    march = first + 14
    share = 0.5 / 41 + 0.0
    assert trailing_binomial(past(of[3:]), march, [1])[1] == pytest.approx(share)
    assert last_month(past(of), march, [1])[1] == pytest.approx(share_of := (36 + 0.5) / (40 + 1))
    assert share_of > 0.8
    assert trailing_beta_binomial(past(of), first - 300, [3]) == pytest.approx(np.full(4, 0.25))


def test_the_trailing_beta_binomial_is_that_of_greatest_likelihood():
    rng = np.random.default_rng(5)
    n = rng.integers(5, 60, 100)
    k = stats.betabinom.rvs(n, 8.0, 2.0, random_state=rng)
    chance = trailing_beta_binomial(
        past([night(i, a, b) for i, (a, b) in enumerate(zip(n, k, strict=True))]), 110, [40]
    )
    mean, big = np.meshgrid(np.linspace(0.7, 0.9, 81), np.geomspace(4, 30, 81))
    gain = sum(stats.betabinom.logpmf(b, a, mean * big, (1 - mean) * big) for a, b in zip(n, k, strict=True))
    best = np.unravel_index(gain.argmax(), gain.shape)
    exact = stats.betabinom.pmf(np.arange(41), 40, mean[best] * big[best], (1 - mean[best]) * big[best])
    assert np.abs(chance - exact).max() < 0.01


# --- a month ---------------------------------------------------------------------------------------------------------


def test_a_month_of_one_night_on_its_first_day_is_the_forecast_of_that_night(record):
    known = follow(calibrate(record, until="2024-03-31", priors=FAST))
    day, draws = month_days("2024-04"), 40_000
    for key, n in ((ThreatClass.drone, 12), (ThreatClass.cruise, 5), (ThreatClass.ballistic, 4)):
        launched = np.zeros(len(day), dtype=np.int64)
        launched[0] = n
        exact = known.before(key, int(day[0])).chance(key, n)
        drawn = (
            np.bincount(
                simulate_intercepted(known, key, day, launched, np.random.default_rng(3), draws), minlength=n + 1
            )
            / draws
        )
        # The offset within a grid cell smooths the level; beyond it only chance differs.
        assert (np.abs(drawn - exact) <= 4 * np.sqrt(exact * (1 - exact) / draws) + 0.006).all()


def test_ballistic_missiles_walked_day_by_day_end_where_one_move_takes_them(record):
    priors = replace(FAST, coverage_levels=(15, 15), drift_steps=(0.8,))
    memory = Memory(half_life_days=math.inf, break_days=(60.0,))
    known, days = follow(calibrate(record, until="2024-03-31", priors=priors, memory=memory)), month_days("2024-04")
    launched = np.zeros(len(days), dtype=np.int64)
    launched[-1] = 3
    exact = known.before(ThreatClass.ballistic, int(days[-1])).chance(ThreatClass.ballistic, 3)
    drawn = simulate_intercepted(known, ThreatClass.ballistic, days, launched, np.random.default_rng(3), 100_000)
    still = known.before(ThreatClass.ballistic, int(days[0])).chance(ThreatClass.ballistic, 3)
    assert np.abs(np.bincount(drawn, minlength=4) / 100_000 - exact).max() <= 4 * 0.5 / math.sqrt(100_000) + 0.002
    assert np.abs(still - exact).max() > 0.03


def test_a_night_at_the_end_of_a_month_is_less_sure_than_one_at_its_start(record):
    # Without breaks, and with an M that stands still: the walk of the level alone widens the forecast.
    fit = calibrate(record, until="2024-03-31", priors=replace(FAST, concentration_walk=0.0), memory=FIXED)
    known, days = follow(fit), month_days("2024-04")
    spread = []
    for at in (0, 29):
        launched = np.zeros(30, dtype=np.int64)
        launched[at] = 60
        spread.append(simulate_intercepted(known, ThreatClass.drone, days, launched, np.random.default_rng(8)).std())
    assert spread[1] > 1.05 * spread[0]


def test_drawn_calendars_keep_the_mean_of_all_days_quiet_ones_too():
    of = {
        ThreatClass.drone: (night(-40, 20, 0), night(1, 10, 9), night(3, 30, 30)),
        ThreatClass.cruise: (night(2, 6, 1),),
    }
    table = drawn_calendar(of, 5, 30, np.random.default_rng(1))
    short = drawn_calendar({key: each[-1:] for key, each in of.items()}, 5, 30, np.random.default_rng(1))
    long = {ThreatClass.drone: tuple(night(day, 20 if day < 80 else 10, 0) for day in range(200))}
    # A record of fewer than 120 days is drawn from as far as it reaches; of a longer one, older days are not.
    for found, mean in (
        (table[ThreatClass.drone], (20 + 40) / 45),
        (table[ThreatClass.cruise], 6 / 45),
        (short[ThreatClass.drone], 30 / 3),
        (short[ThreatClass.cruise], 6 / 3),
        (drawn_calendar(long, 200, 30, np.random.default_rng(1))[ThreatClass.drone], 10.0),
    ):
        assert found.shape == (30, 4000)
        months = found.mean(axis=0)
        assert abs(months.mean() - mean) <= 4 * months.std() / math.sqrt(4000)


def test_drawn_calendars_hold_the_launches_of_months_whose_level_varies():
    """Launches made as assumed: days apart from each other, a log-normal level a month; the intervals hold as said."""
    rng, inside = np.random.default_rng(6), []
    for _ in range(300):
        level = np.repeat(np.exp(0.5 * rng.standard_normal(25)), 30)
        posted = rng.negative_binomial(1.0, 1 / (1 + 8 * level))
        of = {ThreatClass.drone: tuple(night(d, int(n), 0) for d, n in enumerate(posted[:720]) if n)}
        drawn = drawn_calendar(of, 720, 30, rng)[ThreatClass.drone].sum(axis=0)
        low, high = np.quantile(drawn, (0.1, 0.9))
        inside.append(low <= posted[720:].sum() <= high)
    # Two standard errors, and three points for a mean of 120 days that itself varies and a tail that is not bounded.
    assert abs(np.mean(inside) - 0.8) <= 0.03 + 2 * math.sqrt(0.8 * 0.2 / 300)


def test_the_level_of_months_alike_is_as_sure_as_their_number_allows():
    rng = np.random.default_rng(2)
    found = [level_spread(rng.poisson(9.0, 30 * months + 30).astype(float)) for months in (0, 4, 40)]
    assert found[0] == pytest.approx(math.log(2))
    assert found[0] > found[1] > found[2]
    assert found[2] == pytest.approx(math.log(2) / math.sqrt(41), abs=0.05)


def test_smoothing_keeps_mean_and_spread_and_leaves_no_count_out():
    draws = np.random.default_rng(1).binomial(400, 0.7, 4000)
    chance = smoothed(draws)
    count = np.arange(len(chance))
    assert chance.sum() == pytest.approx(1.0)
    assert chance.min() > 0
    assert chance @ count == pytest.approx(draws.mean(), rel=0.002)
    assert math.sqrt(chance @ count**2 - (chance @ count) ** 2) == pytest.approx(draws.std(), rel=0.1)


def test_months_ahead_of_the_record(record):
    calibration = calibrate(record, until="2024-03-31", priors=FAST)
    drawn = tg.forecast_month(calibration, "2024-04", seed=2)
    assert {key.name for key in drawn.classes} == {"drone", "cruise", "ballistic"}
    given = tg.forecast_month(calibration, "2024-04", {"drone": {date(2024, 4, 2): 20, date(2024, 4, 9): 10}}, seed=2)
    row = given.to_pandas().iloc[0]
    assert row["launched"] == 30
    assert row["intercepted_low"] + row["leaked_high"] == pytest.approx(30, abs=1)
    with pytest.raises(InputError, match=r"month: found 2024-03, but the record reaches 2024-03-31"):
        tg.forecast_month(calibration, "2024-03")
    with pytest.raises(InputError, match=r"calendar: drone, 2024-05-01: found 3 launched; days of the month"):
        tg.forecast_month(calibration, "2024-04", {"drone": {date(2024, 5, 1): 3}})


def test_forecasts_of_records_drawn_from_the_model_itself_hold_what_they_say():
    """Simulation-based calibration: level, step, M, slope, breaks and counts from the priors, then nights and a month.

    A wrong walk, break, slope or sum over a month would show as intervals that hold too little or too much.
    """
    memory, key, made_of = replace(Memory(), half_life_days=math.inf), ThreatClass.drone, []
    first, rng = area_track(FAST, memory), np.random.default_rng(11)
    for _ in range(200):
        truth = (
            rng.choice(FAST.steps),
            rng.choice(memory.break_days),
            rng.choice(memory.slopes, p=memory.of_slope()),
        )
        brought, track = drawn_record(truth, 110, memory, rng), ClassTrack(first)
        for each in brought:
            if each.day < 80:
                track = track.after(each)
        month = [each for each in brought if each.day >= 80]
        n, k = month[0].totals()
        made_of.append((track.before(month[0].day).chance(n), k))
        launched = np.zeros(30, dtype=np.int64)
        launched[[each.day - 80 for each in month]] = [each.totals()[0] for each in month]
        sums = simulate_intercepted(
            Known({key: track}, ballistic_track(FAST, memory)), key, np.arange(80, 110), launched, rng, 1000
        )
        made_of.append((smoothed(sums), sum(each.totals()[1] for each in month)))
    for found in (made_of[::2], made_of[1::2]):
        each = marks(*zip(*found, strict=True))
        for level in (0.5, 0.8, 0.9):
            assert abs(each.coverage(level).mean() - level) <= 3 * math.sqrt(level * (1 - level) / len(found))


def drawn_record(truth, days, memory, rng):
    """Draw a record of one class from the model: (step, break days, slope) given, level and M from their start."""
    step, break_days, slope = truth
    logs = np.log(FAST.concentrations)
    level, log_m, found = stats.logistic.rvs(random_state=rng), rng.choice(logs), []
    for day in range(days):
        level = np.clip(level + step / math.sqrt(7) * rng.standard_normal(), FAST.level_low, FAST.level_high)
        log_m = np.clip(log_m + FAST.concentration_walk / math.sqrt(365.25) * rng.standard_normal(), logs[0], logs[-1])
        if rng.random() > math.exp(-1 / break_days):
            level, log_m = stats.logistic.rvs(random_state=rng), rng.choice(logs)
        n, big = int(rng.choice([0, 3, 10, 40])), math.exp(log_m)
        share = 1 / (1 + math.exp(-(level + slope * math.log(max(n, 1) / memory.typical))))
        if n:
            found.append(night(day, n, int(stats.betabinom.rvs(n, share * big, (1 - share) * big, random_state=rng))))
    return found


# --- the embedded record ---------------------------------------------------------------------------------------------


def test_the_scores_of_a_year_of_nights(record):
    """The published figures: intervals hold, and for drones the margin over the trailing Beta-binomial is no chance."""
    found = tg.backtest(record, start="2023-07")
    for key in (ThreatClass.drone, ThreatClass.cruise, ThreatClass.ballistic):
        each = found.classes[key]
        for level, held in each.scores.coverage.items():
            assert abs(held - level) <= 2 * each.coverage_error[level]
        for name in ("all_time_mean", "trailing_binomial", "last_month"):
            assert each.differences[name].mean > 0
    assert found.classes[ThreatClass.drone].nights == 219
    assert found.classes[ThreatClass.cruise].differences["trailing_beta_binomial"].mean > 0
    assert found.classes[ThreatClass.cruise].also["by_weapon"].differences["class_forecast"].mean > 0
    gain = found.classes[ThreatClass.drone].differences["trailing_beta_binomial"]
    assert gain.mean > 2 * (gain.high - gain.low) / (2 * 1.645)


@pytest.mark.parametrize("key", [ThreatClass.cruise, ThreatClass.ballistic], ids=lambda key: key.name)
def test_weapons_are_scored_one_by_one(record, rolled, key):
    """Each weapon's part of each night, held against its class's forecast for as many launched."""
    scored, table = rolled.classes[key].also["by_weapon"], rolled.weapons
    table = table[table["threat_class"] == key.name]
    rows = record.eligible(key.name)
    rows = rows[(rows["window_end"] >= "2023-07-01") & ~rows["weapon"].str.contains("+", regex=False)]
    assert scored.nights == len(rows.groupby([rows["window_end"].dt.date, "weapon"]))
    assert set(scored.baselines) == {*BASELINES, "class_forecast"}
    for level, held in scored.scores.coverage.items():
        assert abs(held - level) <= 2 * scored.coverage_error[level]
    assert table["log_score"].mean() == pytest.approx(scored.scores.log_score)
    assert table.groupby("weapon")["launched"].sum().to_dict() == rows.groupby("weapon")["launched"].sum().to_dict()


def test_a_class_of_one_weapon_has_no_scores_by_weapon(rolled):
    assert "by_weapon" not in rolled.classes[ThreatClass.drone].also
    assert set(rolled.weapons["threat_class"]) == {"cruise", "ballistic"}


def test_a_weapon_is_forecast_from_what_was_known_before_its_night(record):
    """One night of several weapons adds to the scores what a calibration cut the evening before says of it."""
    day, eve = date(2024, 3, 22), date(2024, 3, 21)
    brought = calibrate(record, until=day, priors=FAST).nights(ThreatClass.cruise)[-1]
    track = calibrate(record, until=eve, priors=FAST).areas[ThreatClass.cruise].before(brought.day)
    assert len(brought.weapons) >= 2
    total = sum(math.log(track.chance(n, weapon)[k]) for weapon, (n, k) in brought.weapons.items())
    sums = []
    for last in (eve, day):
        scored = tg.backtest(record.until(last), start="2024-03", priors=FAST).classes[ThreatClass.cruise]
        sums.append(scored.also["by_weapon"].nights * scored.also["by_weapon"].scores.log_score)
    assert sums[1] - sums[0] == pytest.approx(total, abs=1e-6)


def test_json_has_what_a_judge_reads(rolled):
    content = json.loads(backtest_file(rolled).text())
    drone = content["classes"]["drone"]
    assert drone["nights"] == len(rolled.forecasts[rolled.forecasts["threat_class"] == "drone"])
    assert set(drone["coverage"]) == {"0.5", "0.8", "0.9", "0.95"}
    assert set(drone["baselines"]) == {"all_time_mean", "trailing_binomial", "trailing_beta_binomial", "last_month"}
    for each in drone["baselines"].values():
        assert {"coverage", "log_score", "crps", "difference", "difference_90"} <= set(each)
        assert each["difference"] == pytest.approx(drone["log_score"] - each["log_score"])
        assert each["difference_90"][0] < each["difference"] < each["difference_90"][1]
    assert "zone_known" in content["classes"]["ballistic"]["also"]
    assert (content["horizon"], content["count"], content["min_launched"]) == ("night", "intercepted", 1)


def test_the_same_record_and_seed_give_the_same_backtest_and_it_pickles_and_copies(record, rolled):
    assert tg.backtest(record, start="2023-07", priors=FAST) == rolled
    assert pickle.loads(pickle.dumps(rolled)) == rolled
    assert copy.deepcopy(rolled) == rolled
    assert replace(rolled, forecasts=rolled.forecasts.assign(low=0)) != rolled


def test_it_starts_twelve_months_before_the_end_unless_told(record):
    told = []
    found = tg.backtest(record, priors=FAST, progress=lambda *each: told.append(each))
    assert found.start == date(2023, 7, 1)
    assert told[-1][1] <= told[-1][2]
    assert [each[1] for each in told] == sorted(each[1] for each in told)


# --- what is missing, what is wrong ----------------------------------------------------------------------------------


def test_a_class_without_rows_is_named_and_not_scored():
    rows = [(f"2024-0{m}-{d:02d}", "drone", "unlocated", 9, 8) for m in (1, 2) for d in (3, 12, 20)]
    found = tg.backtest(made(rows), start="2024-02", priors=FAST)
    assert found.classes[ThreatClass.cruise].scores is None
    assert found.classes[ThreatClass.drone].nights == 3
    said = " ".join(found.notes)
    assert "cruise: the record has no eligible row; a forecast would be the prior only" in said
    assert json.loads(backtest_file(found).text())["classes"]["cruise"] == {"nights": 0, "scored": False}
    assert set(found.to_pandas()["threat_class"]) == {"drone"}


def test_one_night_only_is_forecast_from_the_prior_and_said_so():
    found = tg.backtest(made([("2024-03-05", "drone", "unlocated", 9, 8)]), priors=FAST)
    assert found.classes[ThreatClass.drone].nights == 1
    assert any("drone: no row before 2023-04-01; its first forecast is the prior only" in note for note in found.notes)
    calibration = calibrate(made([("2024-03-05", "drone", "unlocated", 9, 8)]), until="2024-03-05", priors=FAST)
    table = tg.forecast(calibration, {"drone": 10, "cruise": 10, "ballistic": 3, "supersonic": 2}).to_pandas()
    assert list(table["evidence"]) == ["record", "prior only", "prior only", "prior only"]


def test_all_zeros_is_a_low_level_and_no_crash():
    rows = [(f"2024-01-{d:02d}", name, "unlocated", 6, 0) for d in range(1, 29) for name in ("drone", "ballistic")]
    found = tg.backtest(made(rows), start="2024-01", priors=FAST)
    last = found.forecasts[found.forecasts["day"] == date(2024, 1, 28)]
    assert (last["high"] <= 2).all()
    assert np.isfinite(last[["log_score", "crps"]].to_numpy(dtype=float)).all()


def test_a_start_after_the_end_and_bad_options_are_named(record):
    with pytest.raises(InputError, match=r"start: found 2025-01, but the record's last eligible row is of 2024-06-29"):
        tg.backtest(record, start="2025-01")
    with pytest.raises(InputError, match=r"month: found 'July'; a month such as 2024-03 is allowed"):
        tg.backtest(record, start="July")
    with pytest.raises(InputError, match=r"horizon: found 'week' \(str\); give 'night' or 'month'"):
        tg.backtest(record, horizon="week")
    with pytest.raises(EvidenceError, match="found no row that a rate can rest on"):
        tg.backtest(replace(record, rows=record.rows.assign(channel="regional")))


def test_what_cannot_be_forecast_is_named(record):
    calibration = calibrate(record, until="2024-03-31", priors=FAST)
    with pytest.raises(InputError, match="found class 'zeppelin', of which nothing can be calibrated; allowed: drone"):
        tg.forecast(calibration, {"zeppelin": 3})
    with pytest.raises(InputError, match="ballistic: found 501, allowed: 1 to 500"):
        tg.forecast(calibration, {"ballistic": 501})
    with pytest.raises(InputError, match="drone: found 0, allowed: 1 to 100000"):
        tg.forecast(calibration, {"drone": 0})
    with pytest.raises(InputError, match="found no class"):
        tg.forecast(calibration, {})
    with pytest.raises(InputError, match="on: found 2024-03-31, but the record reaches 2024-03-31"):
        tg.forecast(calibration, {"drone": 4}, on="2024-03-31")
    with pytest.raises(InputError, match="on: found 'soon'; a day such as"):
        tg.forecast(calibration, {"drone": 4}, on="soon")


def test_counting_the_lost(record):
    table = made([("2024-10-01", "drone", "unlocated", 50, 30), ("2024-10-02", "drone", "unlocated", 40, 25)])
    table.rows.loc[0, "lost"] = 15
    both = table.counting("intercepted+lost")
    assert list(both.rows["intercepted"]) == [45, 25]
    assert both.counted == "intercepted+lost"
    assert "in 1 row that posts them" in both.notes[-1]
    table.rows.loc[1, "lost"] = 20
    assert list(table.counting("intercepted+lost").rows["intercepted"]) == [45, 40]
    assert "In 1 row the two exceed" in table.counting("intercepted+lost").notes[-1]
    assert table.counting("intercepted") is table
    with pytest.raises(InputError, match="counting: found 'lost' after 'intercepted'; intercepted or intercepted"):
        table.counting("lost")
    assert tg.backtest(both, priors=FAST).count == "intercepted+lost"


def test_nothing_known_is_the_prior():
    chance = nothing_known(FAST, Memory()).chance(ThreatClass.cruise, 10)
    assert chance.sum() == pytest.approx(1.0)
    assert chance @ np.arange(11) == pytest.approx(5.0, abs=0.2)
