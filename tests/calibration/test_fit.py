"""The calibration against second answers: closed forms, brute force over every path, simulated truth, the record."""

import itertools
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import linalg, stats

from tegmen.calibration.area import ClassTrack, area_track
from tegmen.calibration.fit import Calibration, calibrate
from tegmen.calibration.grid import LevelGrid, beta_binomial, elapse, level_grid
from tegmen.calibration.priors import Memory, Priors
from tegmen.calibration.rows import FILTERED, MODELLED, Night
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.record import COLUMNS, Record, read_record
from tegmen.terms import Provenance, ThreatClass

FAST = Priors(
    levels=57, steps=(0.05, 0.2, 0.8), concentrations=(2.0, 8.0, 32.0, 128.0), points=300, coverage_levels=(5, 7)
)
STILL = Memory(break_days=(math.inf,), half_life_days=math.inf, slopes=(0.0,))


@pytest.fixture(scope="module")
def record():
    return read_record()


@pytest.fixture(scope="module")
def march(record):
    return calibrate(record, until="2024-03-31", seed=1)


def made(rows, weapon="unnamed"):
    """Build a record from (window_end, threat_class, zone, launched, intercepted)."""
    table = pd.DataFrame(rows, columns=["window_end", "threat_class", "zone", "launched", "intercepted"])
    table["window_end"] = pd.to_datetime(table["window_end"])
    table = table.assign(channel="national", weapon=weapon, lost=pd.NA, rows=1, rows_uncounted=0)
    table = table.astype(dict.fromkeys(("launched", "intercepted", "lost"), "Int64"))
    return Record(table[list(COLUMNS)], Provenance("0", None, {"record": "made"}))


# --- parts -----------------------------------------------------------------------------------------------------------


def test_beta_binomial_is_scipys():
    n, k = np.array([7, 40, 3]), np.array([5, 40, 0])
    ours = beta_binomial(n, k, np.array([0.8, 0.97, 0.1]), np.array([4.0, 30.0, 2.0]))
    theirs = stats.betabinom.logpmf(k, n, [3.2, 29.1, 0.2], [0.8, 0.9, 1.8])
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_transition_is_the_exponential_of_the_reflecting_difference():
    variance = np.array([0.05, 4.5, 20.0])
    difference = np.diag(np.ones(20), 1) + np.diag(np.ones(20), -1) - 2 * np.eye(21)
    difference[0, 0] = difference[-1, -1] = -1
    for kernel, each in zip(elapse(np.tile(np.eye(21), (3, 1, 1)), variance), variance, strict=True):
        np.testing.assert_allclose(kernel, linalg.expm(difference * each / 2), atol=1e-13)


@pytest.mark.parametrize("step", [0.02, 0.1, 0.6])
def test_transition_has_the_stated_variance_even_below_the_spacing(step):
    grid = level_grid(-6.0, 8.0, 225)
    middle, kernel = 112, elapse(np.eye(225)[None], np.array([(step / grid.spacing) ** 2]))[0]
    moments = [(kernel[middle] * (grid.logit - grid.logit[middle]) ** power).sum() for power in (0, 1, 2)]
    np.testing.assert_allclose(moments, [1.0, 0.0, step**2], atol=1e-12)


# --- area classes ----------------------------------------------------------------------------------------------------


def learnt(track, brought):
    for day, n, k in brought:
        track = track.after(day, n, k)
    return track


def shares(track):
    return 1 / (1 + np.exp(-track.grid.logit))


def test_without_drift_and_overdispersion_it_is_the_conjugate_beta():
    priors = Priors(
        levels=1601, level_low=-10.0, level_high=10.0, steps=(1e-6,), concentrations=(1e7,), concentration_walk=0.0
    )
    track = learnt(area_track(priors, STILL), [(0, 30, 25), (7, 12, 12), (8, 9, 5), (40, 20, 18)])
    exact, weight = stats.beta(1 + 60, 1 + 11), track.state[0, 0, 0, 0]
    assert math.isclose(weight @ shares(track), exact.mean(), rel_tol=1e-5)
    assert math.isclose(weight @ shares(track) ** 2 - (weight @ shares(track)) ** 2, exact.var(), rel_tol=1e-3)


def test_nights_of_one_level_equal_quadrature_over_rate_and_concentration():
    """With nothing moving, the odds of one M against another are the ratio of two integrals over the share."""
    priors = Priors(
        levels=961, level_low=-12.0, level_high=12.0, steps=(1e-6,), concentrations=(4.0, 16.0), concentration_walk=0.0
    )
    n, k = np.array([20, 8, 15]), np.array([18, 3, 15])
    track = learnt(area_track(priors, STILL), zip(range(3), n.tolist(), k.tolist(), strict=True))
    rate = (np.arange(20_000) + 0.5) / 20_000
    masses = [
        stats.betabinom.pmf(k[:, None], n[:, None], rate * big, (1 - rate) * big).prod(axis=0).mean()
        for big in priors.concentrations
    ]
    of_m = track.state[0, 0, 0].sum(axis=-1)
    assert of_m.sum() == pytest.approx(1.0)
    assert of_m[1] / of_m[0] == pytest.approx(masses[1] / masses[0], rel=1e-5)


def test_concentration_walks_by_the_variance_said_and_a_break_draws_it_anew():
    priors = Priors(concentrations=tuple(1.5 * 2.0 ** (i / 4) for i in range(41)), concentration_walk=0.5)
    kernel, logs = priors.concentration_kernel(0.25), np.log(priors.concentrations)
    moments = [(kernel[20] * (logs - logs[20]) ** power).sum() for power in (0, 1, 2)]
    np.testing.assert_allclose(moments, [1.0, 0.0, 0.5**2 * 0.25], atol=1e-12)
    broken = learnt(area_track(FAST, Memory(break_days=(1e-3,))), [(0, 30, 21), (1, 30, 6)]).before(9)
    np.testing.assert_allclose(broken.state.sum(axis=-1), 0.25)
    still = learnt(area_track(FAST, STILL), [(0, 30, 21), (1, 30, 6)])
    assert still.state.sum(axis=-1)[0, 0, 0, 0] > 0.3


def test_a_concentration_that_changes_is_found():
    """Shares that scatter widely for a year and hardly in the next: M rises, and the forecast narrows."""
    rng, found = np.random.default_rng(3), []
    track = area_track(Priors(), Memory())
    for day in range(0, 730, 3):
        big = 4.0 if day < 365 else 200.0
        track = track.after(day, 40, int(stats.betabinom.rvs(40, 0.7 * big, 0.3 * big, random_state=rng)))
        if day in {363, 729}:
            chance, count = track.chance(40), np.arange(41)
            found.append(math.sqrt(chance @ count**2 - (chance @ count) ** 2))
    exact = [math.sqrt(stats.betabinom.var(40, 0.7 * big, 0.3 * big)) for big in (4.0, 200.0)]
    assert found[0] == pytest.approx(exact[0], rel=0.2)
    assert found[1] < exact[0] / 2


def test_a_particle_filter_finds_the_same_level_and_concentration(record):
    """The same nights by 100,000 particles that walk, are weighed and drawn again; no breaks, no fading."""
    memory = Memory(break_days=(math.inf,), half_life_days=math.inf, slopes=(0.25,))
    fine = Priors(concentrations=tuple(1.5 * 2.0 ** (0.5 * i) for i in range(15)))
    fit, rng, size = (
        calibrate(record, until="2023-07-31", priors=fine, memory=memory),
        np.random.default_rng(1),
        100_000,
    )
    logs, log_steps = np.log(fine.concentrations), np.log(fine.steps)
    edges = [(each[0] - np.diff(each)[0] / 2, each[-1] + np.diff(each)[0] / 2) for each in (logs, log_steps)]
    log_m, step = rng.uniform(*edges[0], size), np.exp(rng.uniform(*edges[1], size))
    level, last = rng.logistic(size=size), None
    for night in fit.nights(ThreatClass.cruise):
        days, (n, k) = night.day - (night.day if last is None else last), night.totals()
        level = level + step * math.sqrt(days / 7) * rng.standard_normal(size)
        log_m = log_m + 0.7 * math.sqrt(days / 365.25) * rng.standard_normal(size)
        log_m = np.clip(log_m, *edges[0])
        share = 1 / (1 + np.exp(-(level + 0.25 * math.log(n / 10))))
        weight = np.cumsum(stats.betabinom.pmf(k, n, share * np.exp(log_m), (1 - share) * np.exp(log_m)))
        kept = np.searchsorted(weight, (np.arange(size) + rng.random()) / size * weight[-1]).clip(max=size - 1)
        level, log_m, step, last = level[kept], log_m[kept], step[kept], night.day
    track = fit.areas[ThreatClass.cruise].whole
    mixed = np.einsum("srb,srbmg->mg", track.weight(), track.state)
    for theirs, values, weights in ((level, track.grid.logit, mixed.sum(axis=0)), (log_m, logs, mixed.sum(axis=1))):
        mean = weights @ values
        spread = math.sqrt(weights @ (values - mean) ** 2)
        assert theirs.mean() == pytest.approx(mean, abs=0.05 * spread)
        assert theirs.std() == pytest.approx(spread, rel=0.05)


def test_a_drawn_rate_has_the_mean_over_cells_and_sizes():
    track = learnt(area_track(FAST, Memory()), [(0, 30, 21), (3, 8, 3), (9, 60, 55)])
    sizes, count, memory = np.array([2, 10, 70]), 40_000, track.memory
    drawn = track.draw_rate(sizes, count, np.random.default_rng(5))
    weight, expected = track.weight(), 0.0
    for s, r, b, n in itertools.product(*map(range, weight.shape), sizes):
        share = 1 / (1 + np.exp(-(track.grid.logit + memory.slopes[b] * math.log(n / memory.typical))))
        expected += n / sizes.sum() * weight[s, r, b] * (track.state[s, r, b].sum(axis=0) @ share)
    # The offset within a cell bends the mean by less than the square of the spacing.
    assert abs(drawn.mean() - expected) <= 4 * drawn.std() / math.sqrt(count) + 0.002


# --- weapons ---------------------------------------------------------------------------------------------------------


def of_day(day, **weapons):
    """A night of the weapons named, each (launched, intercepted), and of nothing else."""
    n, k = (np.array([sum(counts[part] for counts in weapons.values())]) for part in (0, 1))
    return Night(day, np.array([-1]), n, k, weapons)


def test_a_weapon_never_seen_and_one_alone_in_its_class_are_the_class():
    track = ClassTrack(area_track(FAST, Memory()))
    for day, n, k in ((0, 12, 9), (4, 30, 11), (9, 5, 5)):
        track = track.after(of_day(day, geran=(n, k)))
    for name in ("geran", "nobody"):
        np.testing.assert_allclose(track.before(15).chance(14, name), track.before(15).chance(14), rtol=1e-9)
    alone = learnt(area_track(FAST, Memory()), [(0, 12, 9), (4, 30, 11), (9, 5, 5)])
    np.testing.assert_allclose(track.chance(14), alone.chance(14), rtol=1e-12)


def test_a_weapon_is_weighed_between_its_class_and_itself_by_what_each_foretold():
    """Odds by hand: two nights of two weapons, then one without; the weapon's own track begins as its class's."""
    memory = Memory(half_life_days=50.0)
    track = ClassTrack(area_track(FAST, memory)).after(of_day(0, other=(20, 18)))
    whole = learnt(area_track(FAST, memory), [(0, 20, 18)])
    own, odds = whole.before(6), 0.0
    for last, day, n, k, m, j in ((6, 6, 9, 2, 20, 19), (6, 16, 5, 1, 14, 13)):
        track = track.after(of_day(day, weapon=(n, k), other=(m, j)))
        whole, own, odds = whole.before(day), own.before(day), odds * 0.5 ** ((day - last) / 50)
        odds += math.log(own.chance(n)[k] / whole.chance(n)[k])
        whole, own = whole.after(day, n + m, k + j), own.after(day, n, k)
    track, whole, own = (
        track.after(of_day(40, other=(8, 8))).before(41),
        whole.after(40, 8, 8).before(41),
        own.before(41),
    )
    weight = 1 / (1 + math.exp(-odds * 0.5 ** (25 / 50)))
    np.testing.assert_allclose(track.chance(7), whole.chance(7), rtol=1e-9)
    np.testing.assert_allclose(
        track.chance(7, "weapon"), weight * own.chance(7) + (1 - weight) * whole.chance(7), rtol=1e-9
    )
    assert odds > 0
    assert track.chance(7, "weapon") @ np.arange(8) < track.chance(7) @ np.arange(8)


def test_nights_count_each_weapon_alone_and_mixtures_for_the_class_only():
    rows = [("2024-01-01 02:00", "cruise", "unlocated", 7, 5), ("2024-01-01 05:00", "cruise", "UA-30", 3, 3)]
    table = made(rows).rows
    for name in ("Kh-59", "Kalibr+Kh-101", "unnamed"):
        table = pd.concat([table, made([("2024-01-01 03:00", "cruise", "UA-30", 2, 1)], name).rows])
    named = made(
        [("2024-01-01 04:00", "cruise", "UA-63", 4, 0), ("2024-01-03 01:00", "cruise", "UA-63", 1, 1)], "Kh-59"
    ).rows
    record = Record(pd.concat([table, named]), Provenance("0", None, {"record": "made"}))
    first, second = calibrate(record, until="2024-02-01", priors=FAST).nights(ThreatClass.cruise)
    assert dict(first.weapons) == {"Kh-59": (6, 1)}
    assert first.totals() == (20, 11)
    assert (dict(second.weapons), second.totals()) == ({"Kh-59": (1, 1)}, (1, 1))


def test_weapons_of_the_record_have_their_own_forecasts(march):
    track = march.areas[ThreatClass.cruise]
    assert {"Kh-101", "Kalibr", "Kh-59", "Iskander-K"} <= set(track.weapons)
    assert all("+" not in name for name in track.weapons)
    means = {name: track.chance(10, name) @ np.arange(11) for name in ("Kh-101", "Kh-59")}
    assert means["Kh-101"] > means["Kh-59"]
    assert set(march.areas[ThreatClass.drone].weapons) == {"Shahed"}


# --- simulated truth -------------------------------------------------------------------------------------------------


def simulated_drones(rng, weeks=40, step=0.2, concentration=8.0):
    level = 1.5 + np.cumsum(rng.normal(0, step, weeks))
    rate, rows = 1 / (1 + np.exp(-level)), []
    for week in range(weeks):
        for day in range(0, 7, 2):
            n = int(rng.integers(5, 40))
            share = rng.beta(rate[week] * concentration, (1 - rate[week]) * concentration)
            end = pd.Timestamp("2023-05-01") + pd.Timedelta(days=7 * week + day)
            rows.append((end, "drone", "unlocated", n, int(rng.binomial(n, share))))
    return made(rows), rate[-1]


def test_intervals_cover_the_simulated_level():
    rng, ranks = np.random.default_rng(20), []
    for _ in range(30):
        made_up, truth = simulated_drones(rng)
        drawn = calibrate(made_up, until="2024-06-01", priors=FAST).draws(400, 1).rate[ThreatClass.drone]
        ranks.append((drawn < truth).mean())
    covered = sum(0.05 < rank < 0.95 for rank in ranks)
    assert stats.binom.cdf(covered, 30, 0.9) > 1e-3
    assert abs(np.mean(ranks) - 0.5) <= 4 * math.sqrt(1 / 12 / 30)


# --- the record ------------------------------------------------------------------------------------------------------


def test_ours_covers_drone_nights_where_a_binomial_fails(record):
    calibration = calibrate(record, until="2024-06-30")
    brought = calibration.nights(ThreatClass.drone)
    n, k = np.array([night.totals() for night in brought]).T
    before_n, before_k = np.cumsum(n) - n, np.cumsum(k) - k
    binomial = stats.binom(n, np.where(before_n > 0, before_k / np.maximum(before_n, 1), 0.5))
    theirs = binomial.cdf(k) - binomial.pmf(k) / 2
    track, chances = area_track(calibration.priors, calibration.memory), []
    for night in brought:
        chances.append(track.before(night.day).chance(night.totals()[0]))
        track = track.after(night.day, *night.totals())
    for drawn, chance in zip(calibration.again[ThreatClass.drone], chances, strict=True):
        counts = np.arange(len(chance))
        mean = chance @ counts
        spread = math.sqrt(chance @ (counts - mean) ** 2)
        assert abs(drawn.mean() - mean) <= 5 * spread / math.sqrt(len(drawn)) + 0.002 * counts[-1]
    ours = np.array([chance[:j].sum() + chance[j] / 2 for chance, j in zip(chances, k, strict=True)])
    assert ((theirs[30:] > 0.05) & (theirs[30:] < 0.95)).mean() < 0.7
    assert 0.85 < ((ours[30:] > 0.05) & (ours[30:] < 0.95)).mean() < 0.97


@pytest.mark.parametrize("until", ["2023-06-30", "2023-12-31", "2024-03-31", "2024-06-30"])
def test_rates_are_near_those_posted_in_the_last_eight_weeks(record, until):
    drawn = calibrate(record, until=until).draws(500, 1).rate
    for key in FILTERED:
        rows = record.until(until).eligible(key.name)
        rows = rows[rows["window_end"] > pd.Timestamp(until) - pd.Timedelta(weeks=8)]
        posted = rows["intercepted"].sum() / rows["launched"].sum()
        assert abs(posted - drawn[key].mean()) <= max(3 * drawn[key].std(), 0.03)


def test_march_2024_reads_as_the_record_does(march):
    drawn = march.draws(1000, 1)
    assert drawn.rate[ThreatClass.supersonic].mean() < 0.05
    assert drawn.rate[ThreatClass.s300_ground].mean() < 0.05
    posted = {key: rows.totals() for key, rows in march.rows.items()}
    assert posted[ThreatClass.ballistic] == (143, 46)
    assert posted[ThreatClass.supersonic] == (190, 2)
    assert march.mixtures_dropped == 7


def test_near_zero_is_the_conjugate_beta(march):
    drawn, exact = march.draws(4000, 1).rate[ThreatClass.supersonic], stats.beta(0.5 + 2, 24.5 + 188)
    assert abs(drawn.mean() - exact.mean()) <= 4 * exact.std() / math.sqrt(4000)
    assert stats.kstest(drawn, exact.cdf).pvalue > 1e-4


def test_monthly_sets_the_record_beside_the_model(record, march):
    table = march.monthly()
    assert list(table.columns) == [
        "month", "threat_class", "launched", "intercepted", "model_low", "model_median", "model_high",
    ]  # fmt: skip
    assert set(table["threat_class"]) == {key.name for key in MODELLED}
    rows = record.until("2024-03-31").eligible("drone")
    assert table.loc[table.threat_class == "drone", "launched"].sum() == rows["launched"].sum()
    assert (table.model_low <= table.model_median).all()
    assert (table.model_median <= table.model_high).all()
    assert (table.model_high <= table.launched).all()
    inside = (table.intercepted >= table.model_low) & (table.intercepted <= table.model_high)
    assert inside.mean() > 0.85
    assert table.month.min() == "2022-09"
    assert table.loc[table.threat_class == "ballistic", "month"].min() == "2023-05"
    pd.testing.assert_frame_equal(table, march.monthly())


def same(first: Calibration, second: Calibration) -> bool:
    return first.draws(50, 3) == second.draws(50, 3)


def test_rows_after_until_change_nothing(record, march):
    later = record.rows.copy()
    late = later["window_end"] >= pd.Timestamp("2024-04-01")
    assert late.any()
    later.loc[late, "intercepted"] = 0
    assert same(march, calibrate(Record(later, record.provenance), until="2024-03-31", seed=1))
    earlier = record.rows.copy()
    earlier.loc[(earlier["window_end"] >= pd.Timestamp("2024-03-25")) & ~late, "intercepted"] = 0
    assert not same(march, calibrate(Record(earlier, record.provenance), until="2024-03-31", seed=1))


def test_a_date_beyond_the_record_is_the_end_of_the_record(record):
    far = calibrate(record, until=date(2100, 1, 1), priors=FAST)
    assert far.end == date(2024, 6, 29)
    assert same(far, calibrate(record, until="2024-06-29", priors=FAST))


def test_draws_depend_on_the_seed_alone(record, march):
    assert march.draws(60, 5) == march.draws(60, 5)
    assert march.draws(60, 5) != march.draws(60, 6)
    again = calibrate(record, until=date(2024, 3, 31), seed=1)
    assert same(march, again)


def test_draws_are_shares_inside_zero_and_one(march):
    table = march.draws(300, 8).to_pandas()
    assert table.shape == (300, 4)
    assert ((table > 0) & (table < 1)).all(axis=None)


# --- what is missing, what is wrong ----------------------------------------------------------------------------------


def test_weeks_without_rows_widen_the_level_and_are_not_zero():
    early = [(f"2023-05-{day:02d}", "drone", "unlocated", 20, 18) for day in range(1, 29)]
    near = calibrate(made(early), until="2023-05-28", priors=FAST).draws(1500, 1).rate[ThreatClass.drone]
    late = calibrate(made([*early, ("2023-12-30", "cruise", "unlocated", 4, 3)]), until="2024-01-01", priors=FAST)
    far = late.draws(1500, 1).rate[ThreatClass.drone]
    assert far.std() > 1.5 * near.std()
    assert abs(np.median(far) - np.median(near)) < 0.05


def test_classes_without_rows_keep_their_prior_and_say_so():
    calibration = calibrate(made([("2023-02-01", "drone", "unlocated", 20, 18)]), until="2023-03-01")
    assert calibration.prior_only == tuple(key for key in MODELLED if key is not ThreatClass.drone)
    for name in ("rate_cruise", "rate_supersonic", "rate_s300_ground", "rate_ballistic"):
        assert calibration.identified[name].startswith("Prior only")
    assert "18 of 20" in calibration.identified["rate_drone"]
    assert len(calibration.monthly()) == 1
    assert "prior only" in repr(calibration)


def test_not_identified_is_named(march):
    assert "Not identified" in march.identified["single_shot_kill"]
    assert "Barely identified" in march.identified["aim"]
    assert set(march.draws(2, 1).to_pandas().columns) <= set(march.identified)


def test_pages_and_tables(march):
    assert "drone: 4010 of 4742 posted launches intercepted" in repr(march)
    assert "<table" in march._repr_html_()
    table = march.to_pandas()
    assert list(table.columns) == ["quantity", "mean", "low", "median", "high", "evidence"]
    assert len(table) == 4
    assert (table.low < table["median"]).all()
    assert march.provenance.inputs.keys() == {"record"}


def test_ballistic_rows_before_patriot_are_left_out():
    rows = [("2023-04-26", "ballistic", "UA-30", 4, 0), ("2023-05-04", "ballistic", "UA-30", 1, 1)]
    assert calibrate(made(rows), until="2023-06-01").rows[ThreatClass.ballistic].totals() == (1, 1)


@pytest.mark.parametrize("until", ["yesterday", "2024-13-01", ""])
def test_an_unreadable_date_is_named(record, until):
    with pytest.raises(InputError, match=r"until: found .*; a day such as 2024-03-31 is allowed"):
        calibrate(record, until=until)


def test_a_record_without_evidence_says_what_to_do(record):
    with pytest.raises(EvidenceError, match="2022-01-01"):
        calibrate(record, until="2022-01-01")
    regional = record.rows.assign(channel="regional")
    with pytest.raises(EvidenceError, match="eligible"):
        calibrate(Record(regional, record.provenance), until="2024-01-01")
    only = made([("2023-01-01", "ballistic", "UA-30", 4, 0)])
    with pytest.raises(EvidenceError, match=r"found no row .* choose a later date or a fuller record"):
        calibrate(only, until="2023-02-01")


def test_bad_seeds_counts_classes_and_priors_are_named(record, march):
    with pytest.raises(InputError, match="seed: found -1"):
        calibrate(record, until="2024-03-31", seed=-1)
    with pytest.raises(InputError, match="count: found 0"):
        march.draws(0, 1)
    with pytest.raises(InputError, match="found a walk of log M of -1"):
        Priors(concentration_walk=-1.0)
    with pytest.raises(InputError, match="priors: 2 faults"):
        Priors(steps=(-0.1,), levels=1)


def test_grids_are_plain_data():
    grid = level_grid(-1.0, 1.0, 5)
    assert isinstance(grid, LevelGrid)
    np.testing.assert_allclose(grid.start.sum(), 1.0)
    assert grid.spacing == pytest.approx(0.5)
