"""Every prior and likelihood against its closed form: moments, totals and limits that a slip breaks."""

import math

import numpy as np
import pytest

from tegmen.calibration.grid import draw_beta, draw_cells, level_grid
from tegmen.calibration.priors import Memory, Priors, area_grid, coverage_grids

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
    grid = level_grid(-12.0, 12.0, 961)
    share = 1 / (1 + np.exp(-grid.logit))
    assert grid.start @ share**power == pytest.approx(1 / (power + 1), abs=1e-4)


def test_the_grids_are_those_of_the_priors():
    priors = Priors(level_low=-3.0, level_high=4.0, levels=15, coverage_levels=(5, 9), coverage_reach=2.0)
    np.testing.assert_allclose(area_grid(priors).logit, np.arange(-3.0, 4.1, 0.5))
    kyiv, elsewhere = coverage_grids(priors)
    np.testing.assert_allclose(kyiv.logit, np.arange(-2.0, 2.1, 1.0))
    np.testing.assert_allclose(elsewhere.logit, np.arange(-2.0, 2.1, 0.5))


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
