"""Every prior and likelihood against its closed form: moments, totals and limits that a slip breaks."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tegmen.calibration.ballistic import Statics, fit_point, kyiv_share, raid_likelihood
from tegmen.calibration.grid import draw_beta, draw_cells, jitter, level_grid
from tegmen.calibration.priors import Memory, Priors, area_grid, coverage_grid
from tegmen.calibration.rows import EligibleRows

PRIORS = Priors()


def near(sample, mean, variance):
    """Within four standard errors of the mean and of the variance."""
    size = sample.shape[-1]
    assert abs(sample.mean() - mean) <= 4 * math.sqrt(variance / size)
    fourth = ((sample - sample.mean()) ** 4).mean()
    assert abs(sample.var() - variance) <= 4 * math.sqrt((fourth - variance**2) / size) + 1e-12


# --- priors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [1, 2, 3])
def test_the_start_of_a_level_is_uniform_in_the_share(power):
    grid = level_grid(-12.0, 12.0, 961, (0.1,))
    share = 1 / (1 + np.exp(-grid.logit))
    assert grid.start @ share**power == pytest.approx(1 / (power + 1), abs=1e-4)


def test_the_grids_are_those_of_the_priors():
    priors = Priors(level_low=-3.0, level_high=4.0, levels=15, drift_levels=8, steps=(0.3,), drift_steps=(0.0, 0.5))
    np.testing.assert_allclose(area_grid(priors).logit, np.arange(-3.0, 4.1, 0.5))
    np.testing.assert_allclose(coverage_grid(priors).logit, np.arange(-3.0, 4.1, 1.0))
    np.testing.assert_allclose(coverage_grid(priors).kernels[0], np.eye(8), atol=1e-12)
    variance = coverage_grid(replace(priors, drift_levels=71)).kernels[1][35] @ (np.linspace(-3, 4, 71) - 0.5) ** 2
    assert variance == pytest.approx(0.25, rel=1e-6)


def test_the_prior_of_the_near_zeros_is_the_documented_one():
    a, b = PRIORS.near_zero
    assert (a / (a + b), a + b) == pytest.approx((0.02, 25.0))


def test_memory_halves_breaks_and_slopes():
    memory = Memory(break_days=(100.0, 800.0), half_life_days=50.0, slopes=(-0.3, 0.0, 0.6), slope_spread=0.2)
    assert [memory.kept(days) for days in (0, 50, 150)] == pytest.approx([1.0, 0.5, 0.125])
    np.testing.assert_allclose(memory.kept_level(100), [math.exp(-1), math.exp(-1 / 8)])
    np.testing.assert_allclose(memory.of_slope() / memory.of_slope()[1], np.exp([-1.125, 0.0, -4.5]))
    assert memory.of_slope().sum() == pytest.approx(1.0)
    np.testing.assert_allclose(memory.shifts(memory.typical), 0.0)
    np.testing.assert_allclose(memory.shifts(2 * memory.typical), np.array([-0.3, 0.0, 0.6]) * math.log(2))


# --- draws -----------------------------------------------------------------------------------------------------------


def test_shares_have_the_moments_of_their_beta():
    sample = draw_beta(np.asarray(0.7), np.asarray(9.0), np.random.default_rng(1), (40_000,))
    near(sample, 0.7, 0.7 * 0.3 / 10)


def test_cells_are_drawn_as_often_as_they_weigh():
    weights = np.array([[1.0, 0.0, 3.0], [2.0, 4.0, 0.0]])
    count, seen = 50_000, np.zeros((2, 3))
    np.add.at(seen, draw_cells(weights, count, np.random.default_rng(2)), 1 / count)
    chance = weights / 10
    assert (np.abs(seen - chance) <= 4 * np.sqrt(chance * (1 - chance) / count)).all()


def test_jitter_is_uniform_within_a_cell_and_the_same_along_a_path():
    grid, count = level_grid(-2.0, 2.0, 5, (0.3,)), 20_000
    share = jitter(grid, np.tile([[1], [3]], count), np.random.default_rng(3))
    level = np.log(share / (1 - share))
    near(level[0], grid.logit[1], 1 / 12)
    np.testing.assert_allclose(level[1] - level[0], 2.0)


@pytest.mark.parametrize(
    ("launched", "aimed", "beta"),
    [
        ([4], [1], (2.0, 1.0)),
        ([3, 1], [1, 0], (1 + 1.6 * 0.75, 1 + 1.6 * 0.25)),
        ([2] * 10, [1, 1, 1] + [0] * 7, (4.0, 8.0)),
        ([], [], (1.0, 1.0)),
    ],
)
def test_the_share_aimed_at_kyiv_counts_kishs_effective_number_of_salvos(launched, aimed, beta):
    count = 40_000
    rows = np.tile(np.array(aimed, dtype=bool)[:, None], count)
    sample = kyiv_share(np.array(launched, dtype=np.int64), rows, np.random.default_rng(4))
    near(sample, stats.beta(*beta).mean(), stats.beta(*beta).var())


# --- the likelihood of a raid ----------------------------------------------------------------------------------------

AT = Statics(*(np.asarray(value) for value in (0.8, 0.9, 6.0, 0.3)))
ELSEWHERE, SPREAD, N = np.asarray(0.25), (0.4, 3.0), 7


def law(aim):
    return raid_likelihood((np.asarray(N), np.arange(N + 1)), aim, ELSEWHERE, AT, SPREAD)


@pytest.mark.parametrize(
    ("aim", "mean"),
    [(1, N * 0.8 * 0.9), (0, N * 0.25 * 0.9 * 0.4), (-1, N * (0.3 * 0.8 * 0.9 + 0.7 * 0.25 * 0.9 * 0.4))],
)
def test_what_is_intercepted_of_a_raid_has_probability_one_and_mean_coverage_times_kill(aim, mean):
    assert law(aim).sum() == pytest.approx(1.0)
    assert law(aim) @ np.arange(N + 1) == pytest.approx(mean)


@pytest.mark.parametrize(("aim", "cover", "share", "big"), [(1, 0.8, 0.9, 6.0), (0, 0.25, 0.36, 3.0)])
def test_given_cover_the_spread_is_that_of_a_beta_binomial(aim, cover, share, big):
    count = np.arange(N + 1)
    second = N * share * (1 - share) * (big + N) / (big + 1) + (N * share) ** 2
    assert law(aim) @ count**2 == pytest.approx(cover * second)


def test_the_fan_out_is_the_mean_over_the_share_under_cover_where_all_covered_are_stopped():
    """With p = 1 the intercepted are the covered: a binomial of a Beta share, by quadrature."""
    sure = replace(AT, kill=np.asarray(1.0 - 1e-12))
    share = (np.arange(200_000) + 0.5) / 200_000
    density = stats.beta.pdf(share, SPREAD[0] * SPREAD[1], (1 - SPREAD[0]) * SPREAD[1])
    for k in (1, 4, N):
        expected = 0.25 * (stats.binom.pmf(k, N, share) * density).mean()
        assert raid_likelihood((np.asarray(N), np.asarray(k)), 0, ELSEWHERE, sure, SPREAD) == pytest.approx(
            expected, rel=1e-4
        )


def test_rows_predicted_again_have_the_posterior_mean_of_coverage_times_kill():
    """A row at Kyiv: E[q p] is a plain sum over the mesh, for the offsets within a cell have mean zero."""
    priors = Priors(cells=(4, 5, 3), kill_concentrations=(2.0, 9.0), drift_levels=5, drift_steps=(0.4,))
    n, k, aim = np.array([[4, 3, 1], [5, 0, 1], [6, 6, -1]]).T
    rows = EligibleRows(
        np.full(3, np.datetime64("2024-01-01T08:00")), np.full(3, "x"), n, k, aim, np.zeros(3, dtype=np.int64), 1
    )
    fit = fit_point(rows, coverage_grid(priors), priors)
    kyiv, kill = (np.arange(4) + 0.5) / 4, (np.arange(5) + 0.5) / 5
    expected = np.einsum("sqpmv,q,p->", fit.weights, kyiv, kill)
    sample = fit.predict(20_000, np.random.default_rng(5))[0]
    assert abs(sample.mean() - expected) <= 4 * sample.std() / math.sqrt(len(sample))
