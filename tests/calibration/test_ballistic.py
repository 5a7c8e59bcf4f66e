"""Ballistic nights against second answers: loops over paths and packets, the answer's likelihood, simulated truth."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import linalg, stats

from tegmen.calibration.ballistic import BallisticTrack, Standing, ballistic_track, stratified
from tegmen.calibration.exposure import Exposure, KillPrior, RowLikelihood
from tegmen.calibration.fit import calibrate
from tegmen.calibration.priors import BallisticRows, Memory, Priors
from tegmen.calibration.rows import EligibleRows, Night
from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.record import read_record
from tegmen.evidence.reports import UNNAMED

TINY = Priors(points=6, coverage_levels=(3, 3), coverage_reach=2.0, drift_steps=(0.0, 0.7))
ALWAYS = Memory(break_days=(math.inf,), half_life_days=math.inf)
KYIV, ELSEWHERE, UNLOCATED = 1, 0, -1
LEVELS = 1 / (1 + np.exp(-np.linspace(-2.0, 2.0, 3)))


def night(day, *rows):
    """A night of rows (aim, launched, intercepted, weapon)."""
    aim, n, k, weapon = zip(*rows, strict=True)
    return Night(day, np.array(aim), np.array(n), np.array(k), {}, np.array(weapon))


def met_law(n, chance, packets):
    """Chance of 0 .. n missiles met elsewhere: every packet of every size is met or not."""
    law = np.zeros(n + 1)
    for size, likely in enumerate(packets, start=1):
        count = math.ceil(n / size)
        for met in itertools.product((0, 1), repeat=count):
            law[min(sum(met) * size, n)] += likely * chance ** sum(met) * (1 - chance) ** (count - sum(met))
    return law


def row_law(points, c, n, weapon, q, e):
    """Chance (3, n + 1) of zone posted (Kyiv, elsewhere, unlocated) and number stopped of one row, by loops."""
    kill, big = points.kill_of(weapon)[c], points.concentration[c]
    at_kyiv, other = np.zeros(n + 1), np.zeros(n + 1)
    for k in range(n + 1):
        at_kyiv[k] = q * stats.betabinom.pmf(k, n, kill * big, (1 - kill) * big) + (1 - q) * (k == 0)
        for met, likely in enumerate(met_law(n, e, points.packets)):
            mean = kill * points.ratio[c]
            other[k] += likely * stats.betabinom.pmf(k, met, mean * big, (1 - mean) * big)
    posted = points.named[c]
    named = np.where(np.arange(n + 1) > 0, posted[0], posted[1])
    at_kyiv, other = at_kyiv * points.aim[c], other * (1 - points.aim[c])
    return np.array([at_kyiv * named, other * posted[2], at_kyiv * (1 - named) + other * (1 - posted[2])])


def moved(step, days):
    """Transition of a coverage on three levels two logits apart."""
    difference = np.array([[-1.0, 1.0, 0.0], [1.0, -2.0, 1.0], [0.0, 1.0, -1.0]])
    return linalg.expm(difference * (step / 2) ** 2 * days / 28 / 2)


def test_a_forecast_sums_over_every_point_path_zone_and_packet():
    track = ballistic_track(TINY, ALWAYS).after(night(0, (KYIV, 3, 3, "Kinzhal"), (ELSEWHERE, 2, 1, "Iskander-M")))
    track = track.after(night(20, (UNLOCATED, 4, 0, "Iskander-M"))).before(65)
    points, expected = track.points, np.zeros((3, 6))
    start = LEVELS * (1 - LEVELS) / (LEVELS * (1 - LEVELS)).sum()
    asked = {
        (c, q, e): row_law(points, c, 5, "Kinzhal", LEVELS[q], LEVELS[e])
        for c, q, e in itertools.product(range(6), range(3), range(3))
    }
    rows = {
        (c, q, e): [
            row_law(points, c, 3, "Kinzhal", LEVELS[q], LEVELS[e])[0, 3]
            * row_law(points, c, 2, "Iskander-M", LEVELS[q], LEVELS[e])[1, 1],
            row_law(points, c, 4, "Iskander-M", LEVELS[q], LEVELS[e])[2, 0],
        ]
        for c, q, e in asked
    }
    for c in range(6):
        gaps = [moved(TINY.drift_steps[points.step[c]], days) for days in (20, 45)]
        for q, e, s, f, u, g in itertools.product(range(3), repeat=6):
            weight = start[q] * start[e] * gaps[0][q, s] * gaps[0][e, f] * gaps[1][s, u] * gaps[1][f, g]
            expected += weight * rows[c, q, e][0] * rows[c, s, f][1] * asked[c, u, g]
    np.testing.assert_allclose(track.by_aim(5, "Kinzhal"), expected / expected.sum(), rtol=1e-9)
    np.testing.assert_allclose(track.chance(5, "Kinzhal"), (expected / expected.sum()).sum(axis=0), rtol=1e-9)


def test_a_weapon_not_named_is_one_of_those_seen_or_another():
    memory = replace(ALWAYS, half_life_days=10.0)
    track = ballistic_track(TINY, memory).after(night(0, (0, 2, 0, "Kinzhal"), (0, 1, 0, "Iskander-M+Kinzhal")))
    track = track.after(night(10, (1, 2, 1, "Kinzhal"))).before(20)
    assert track.of_weapon() == pytest.approx({"Kinzhal": 0.75 / 2, UNNAMED: 1.25 / 2})
    mixed = 0.75 / 2 * track.chance(4, "Kinzhal") + 1.25 / 2 * track.chance(4, UNNAMED)
    np.testing.assert_allclose(track.chance(4), mixed, rtol=1e-12)


def test_what_stands_still_fades_and_a_break_draws_all_anew():
    """One gap by loops: a point's evidence to the power of its age, its coverages moved; a break is the start again."""
    memory = Memory(break_days=(30.0, 400.0), half_life_days=20.0)
    track, days = ballistic_track(TINY, memory).after(night(0, (-1, 3, 2, "x"), (1, 2, 0, "x"))), 9
    found, points = track.before(days).weights, track.points
    of_point = track.weights.sum(axis=(1, 2))
    faded = of_point ** (0.5 ** (days / 20)) / (of_point ** (0.5 ** (days / 20))).sum()
    start, broken = ballistic_track(TINY, memory).weights, 0.0
    expected = np.empty_like(found)
    for c in range(6):
        still = math.exp(-days / points.break_days[c])
        kernel = moved(TINY.drift_steps[points.step[c]], days)
        expected[c] = still * faded[c] * kernel.T @ (track.weights[c] / of_point[c]) @ kernel
        broken += (1 - still) * faded[c]
    np.testing.assert_allclose(found, expected + broken * start, rtol=1e-9)
    assert found.sum() == pytest.approx(1.0)
    assert set(points.break_days) == {30.0, 400.0}


def test_the_likelihood_is_that_which_the_answer_weighs_worlds_with():
    """Points on the answer's own grid of kill share and M, coverage fixed: the sum over them is a world's weight."""
    prior, packets = KillPrior(np.linspace(1, 3, 20) / 40), np.array([0.5, 0.2, 0.3])
    aim, n, k = np.array([[1, 3, 3], [0, 5, 2], [-1, 4, 0], [-1, 6, 6], [0, 1, 0], [1, 2, 0]]).T
    rows = EligibleRows(np.full(6, np.datetime64("2024-01-01T08:00")), np.full(6, "Kinzhal"), n, k, aim)
    kyiv, elsewhere = np.array([0.2, 0.7]), np.array([0.1, 0.4, 0.8])
    of_answer = RowLikelihood(rows, prior, packets, by_weapon=False)
    cells, share = len(prior.concentrations) * 20, np.tile(prior.share, len(prior.concentrations))
    for ratio, at_kyiv, named in ((0.6, 0.3, (0.8, 0.2, 0.5)), (1.0, 0.6, (0.5, 0.5, 0.1))):
        points = Standing(
            step=np.zeros(cells, dtype=np.int64),
            break_days=np.ones(cells),
            kill=share,
            spread=0.0,
            concentration=np.repeat(prior.concentrations, 20),
            ratio=np.full(cells, ratio),
            aim=np.full(cells, at_kyiv),
            named=np.tile(named, (cells, 1)),
            packets=packets,
        )
        laws = [points.row_chance((*row, "Kinzhal"), kyiv, elsewhere) for row in zip(n, k, aim, strict=True)]
        weight = np.tile(prior.weight, len(prior.concentrations)) / len(prior.concentrations)
        ours = np.einsum("c,cqe->qe", weight, np.prod(laws, axis=0))
        q, e = (axis.ravel()[:, None] for axis in np.meshgrid(kyiv, elsewhere, indexing="ij"))
        worlds = Exposure(
            np.repeat(q, 6, axis=1), np.repeat(e, 6, axis=1), np.full(6, at_kyiv), np.full(6, ratio),
            np.tile(named, (6, 1)),
        )  # fmt: skip
        # The answer's tables have a floor of a hundred-thousandth of a row's largest.
        np.testing.assert_allclose(ours.ravel(), np.exp(of_answer.log_weight(worlds)), rtol=1e-3)


def test_every_way_a_row_can_be_posted_adds_up_to_one():
    points = ballistic_track(TINY, ALWAYS).points
    ways = itertools.product(range(8), (KYIV, ELSEWHERE, UNLOCATED))
    total = sum(points.row_chance((7, k, aim, "Kinzhal"), LEVELS, LEVELS) for k, aim in ways)
    np.testing.assert_allclose(total, 1.0, rtol=1e-9)


# --- the points ------------------------------------------------------------------------------------------------------


def test_points_are_the_prior_in_each_direction_and_not_tied_to_each_other():
    points, rows = ballistic_track(Priors(), Memory()).points, BallisticRows.of(read_catalogue())
    count = len(points)
    middle = (np.arange(count) + 0.5) / count
    for uniform in (points.aim, *points.named.T, stratified("any name", count)):
        np.testing.assert_allclose(np.sort(uniform), middle)
    np.testing.assert_allclose(np.sort(points.ratio), rows.kill_ratio_elsewhere.pert(middle))
    # The kill share is the answer's prior, whose cells are a twentieth wide.
    np.testing.assert_allclose(np.sort(points.kill), rows.kill_share.pert(middle), atol=0.05)
    apart = np.log(points.kill_of("Kinzhal") / (1 - points.kill_of("Kinzhal"))) - np.log(
        points.kill / (1 - points.kill)
    )
    assert stats.kstest(apart, stats.norm(0, KillPrior().spread).cdf).pvalue > 0.5
    directions = np.stack(
        [points.aim, *points.named.T, points.ratio, points.kill, apart, points.step, points.concentration]
    )
    tied = np.corrcoef(directions) - np.eye(len(directions))
    assert np.abs(tied).max() <= 4 / math.sqrt(count)


def test_four_times_as_many_points_move_no_probability_of_the_record_by_three_in_a_hundred():
    brought = calibrate(read_record(), until="2023-12-31").nights
    fine = Priors(points=8000)
    chances = []
    for priors in (Priors(), fine):
        track = ballistic_track(priors, Memory())
        for each in brought(3):
            track = track.after(each)
        chances.append(np.concatenate([track.chance(n) for n in (1, 4, 12)]))
    assert np.abs(chances[0] - chances[1]).max() <= 0.03


# --- simulated truth -------------------------------------------------------------------------------------------------


def mean_and_sd(track: BallisticTrack, values):
    """Posterior mean and sd of something that a point and its coverages have, (c, q, e) or broadcast."""
    mean = (track.weights * values).sum()
    return mean, math.sqrt((track.weights * (values - mean) ** 2).sum())


def test_a_simulated_defence_is_found_again():
    rng, memory = np.random.default_rng(6), replace(ALWAYS)
    priors = Priors(points=4000, drift_steps=(0.0,))
    track, packets = ballistic_track(priors, memory), ballistic_track(priors, memory).points.packets
    for day in range(250):
        kyiv, n = rng.random() < 0.3, int(rng.integers(2, 7))
        size = 1 + rng.choice(len(packets), p=packets)
        met = n * (rng.random() < 0.9) if kyiv else min(size * rng.binomial(-(-n // size), 0.2), n)
        k = int(rng.binomial(met, rng.beta(0.9 * 16, 0.1 * 16) * (1.0 if kyiv else 0.8)))
        named = rng.random() < ((0.7 if k else 0.3) if kyiv else 0.4)
        track = track.after(night(day, (int(kyiv) if named else UNLOCATED, n, k, "Iskander-M")))
    points, grids = track.points, track.grids
    kyiv, elsewhere = (1 / (1 + np.exp(-grid.logit)) for grid in grids)
    column = (slice(None), None, None)
    for values, truth in (
        (points.aim[column], 0.3),
        (points.named[:, 0][column], 0.7),
        (points.named[:, 2][column], 0.4),
        (points.kill_of("Iskander-M")[column], 0.9),
        (kyiv[None, :, None], 0.9),
        (elsewhere[None, None, :] * (points.kill_of("Iskander-M") * points.ratio)[column], 0.2 * 0.9 * 0.8),
    ):
        mean, sd = mean_and_sd(track, values)
        # A grid of coverages and four thousand points know no more than a few in a hundred.
        assert abs(mean - truth) <= 3 * sd + 0.03
        assert sd < 0.12
