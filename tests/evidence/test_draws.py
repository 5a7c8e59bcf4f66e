"""Draws of a parameter against the distribution its quantiles give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tegmen.evidence.catalogue import read_catalogue

CATALOGUE = read_catalogue()


@pytest.mark.parametrize("name", ["reload_s", "front_weight_km", "population_exponent"])
def test_draws_and_quantiles_are_of_one_distribution(name: str):
    parameter = CATALOGUE.model(name)
    low, best, high = parameter.span
    drawn = parameter.draws(np.random.default_rng(3), 4000)
    shapes = 1 + 4 * (best - low) / (high - low), 1 + 4 * (high - best) / (high - low)
    assert stats.kstest(drawn, stats.beta(*shapes, low, high - low).cdf).pvalue > 1e-4
    assert abs(drawn.mean() - (low + 4 * best + high) / 6) <= 4 * drawn.std() / np.sqrt(4000)
