"""Sensitivity and value of knowing: against closed forms, brute force and scipy's own estimates."""

import itertools
import math

import numpy as np
import pytest
from closed_forms import product_shares
from scipy.interpolate import BSpline
from scipy.stats import norm, sobol_indices, uniform

from tegmen.answer.estimates import (
    Decision,
    Estimate,
    _bases,
    first_order,
    numbers_needed,
    total_effect,
    value_of_knowing,
)
from tegmen.errors import InputError
from tegmen.trust.exact import ishigami_shares, value_of_knowing_normal

WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0])


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def close(found: Estimate, exact: float, *, bias: float = 0.0) -> bool:
    """Within 4 standard errors, and a bias that the estimator is known to have."""
    return abs(found.value - exact) <= 4 * found.error + bias


def ishigami(x):
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def product(x):
    return np.prod((np.abs(4 * x.T - 2) + WEIGHTS) / (1 + WEIGHTS), axis=1)


FUNCTIONS = {
    "ishigami": (ishigami, ishigami_shares(), -math.pi, math.pi),
    "product": (product, product_shares(WEIGHTS), 0.0, 1.0),
}


# ------------------------------------------------------------------ shares


@pytest.mark.parametrize("name", FUNCTIONS)
def test_closed_forms_are_those_of_scipy(name):
    function, (first, total), low, high = FUNCTIONS[name]
    rival = sobol_indices(func=function, n=2**13, dists=[uniform(low, high - low)] * len(first), rng=rng(1))
    np.testing.assert_allclose(rival.first_order, first, atol=0.03)
    np.testing.assert_allclose(rival.total_order, total, atol=0.03)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_given_draws_give_the_first_order_shares(name):
    function, (first, _), low, high = FUNCTIONS[name]
    x = rng(2).uniform(low, high, (len(first), 2000))
    found = first_order({str(i): column for i, column in enumerate(x)}, function(x))
    # eight cubic pieces cannot follow every bend: up to 2 % of the variance is missed
    assert all(close(found[str(i)], exact, bias=0.02) for i, exact in enumerate(first))
    assert max(each.error for each in found.values()) < 0.03


@pytest.mark.parametrize("name", FUNCTIONS)
def test_worlds_drawn_twice_give_total_shares(name):
    function, (_, total), low, high = FUNCTIONS[name]
    a, b = rng(3).uniform(low, high, (2, len(total), 2000))
    for i in range(len(total)):
        again = a.copy()
        again[i] = b[i]
        assert close(total_effect(function(a), function(again)), total[i])


def test_shares_of_linked_unknowns_are_those_of_their_conditional_means():
    # y = x1 + x2, normal with correlation r: each explains (1 + r) / 2 alone, and (1 - r) / 2 remains without it
    r, z = 0.6, rng(4).normal(size=(3, 4000))
    x1, x2, x2_again = z[0], r * z[0] + math.sqrt(1 - r * r) * z[1], r * z[0] + math.sqrt(1 - r * r) * z[2]
    assert close(first_order({"x1": x1}, x1 + x2)["x1"], (1 + r) / 2)
    assert close(total_effect(x1 + x2, x1 + x2_again), (1 - r) / 2)
    assert first_order({"both": np.stack([x1, x2], axis=1)}, x1 + x2)["both"].value == pytest.approx(1)


def test_errors_of_shares_are_the_spread_over_repetitions():
    def once(seed: int) -> Estimate:
        x, noise = rng(seed).normal(size=(2, 200))
        return first_order({"x": x}, x + noise)["x"]

    found = [once(seed) for seed in range(100, 220)]
    values, errors = np.array([each.value for each in found]), np.array([each.error for each in found])
    assert values.mean() == pytest.approx(0.5, abs=4 * values.std() / math.sqrt(len(found)))
    assert errors.mean() == pytest.approx(values.std(), rel=0.3)


def test_noise_has_no_share_on_average():
    # 200 worlds, as by default: without the correction 7 / 199 would show for an unknown of no effect
    found = [first_order({"x": rng(seed).random(200)}, rng(seed + 1000).random(200))["x"].value for seed in range(300)]
    assert np.mean(found) < 0.02
    assert np.mean(np.array(found) == 0) > 0.5


def test_two_values_constants_and_outcomes_that_do_not_vary():
    x = rng(5).random(4000)
    found = first_order({"coin": (x > 0.5) * 1.0, "constant": np.full(4000, 3.0)}, x)
    assert close(found["coin"], 3 / 4)  # two halves keep 3/4 of a uniform's variance
    assert found["constant"].value == 0
    assert first_order({"x": x[:50]}, np.full(50, 0.7)) == {"x": Estimate(0.0, 0.0)}
    assert total_effect(np.ones(9), np.ones(9)) == Estimate(0.0, 0.0)


# ------------------------------------------------------------------ value of knowing


def brute_force(x_values, z_values, decision: Decision) -> tuple[float, float]:
    """EVPI and EVPPI of x when x + z are needed, all pairs equally likely, by trying every number."""
    losses = decision.losses(np.add.outer(x_values, z_values).ravel()).reshape(len(x_values), len(z_values), -1)
    blind = losses.mean(axis=(0, 1)).min()
    return blind, blind - losses.mean(axis=1).min(axis=1).mean()


def test_decision_with_least_loss_is_the_smallest_number_enough_with_the_confidence_asked():
    for seed, confidence in itertools.product(range(20), (0.5, 0.8, 0.95)):
        need = rng(seed).integers(0, 31, size=37)
        best = int(Decision(confidence, 30).losses(need).mean(axis=0).argmin())
        smallest = min(n for n in range(31) if (need <= n).mean() >= confidence - 1e-12)
        assert best == smallest


def test_value_of_knowing_is_that_of_brute_force():
    decision = Decision(0.8, 30)
    x_values, z_values = np.arange(0, 13), np.arange(0, 9)
    evpi, evppi_x = brute_force(x_values, z_values, decision)
    _, evppi_z = brute_force(z_values, x_values, decision)
    x, z = rng(6).choice(x_values, 3000), rng(7).choice(z_values, 3000)
    worth = value_of_knowing({"x": x * 1.0, "z": z * 1.0, "both": np.stack([x, z], 1) * 1.0}, x + z, decision)
    assert close(worth.evpi, evpi)
    assert close(worth.evppi["x"], evppi_x, bias=0.05)
    assert close(worth.evppi["z"], evppi_z, bias=0.05)
    # knowing both is knowing everything; a smooth fit of losses with a kink misses up to an eighth of it
    assert worth.evppi["both"].value == pytest.approx(evpi, rel=1 / 8)


@pytest.mark.parametrize(("known", "unknown"), [(4.0, 3.0), (1.5, 4.7), (0.0, 5.0)])
def test_value_of_knowing_is_the_closed_form_on_average(known, unknown):
    # 200 worlds as by default, 60 times: the bias left is below a tenth of a unit or its Monte Carlo error
    evpi, evppi = value_of_knowing_normal(known, unknown, 0.8)
    found: list[tuple[float, float, float]] = []
    for seed in range(60):
        x, z = rng(seed).normal(size=(2, 200))
        need = np.clip(np.rint(20 + known * x + unknown * z), 0, 45).astype(int)
        worth = value_of_knowing({"x": x}, need, Decision(0.8, 45))
        found.append((worth.evpi.value, worth.evppi["x"].value, worth.evppi["x"].error))
    (all_mean, mean, error), (all_sd, sd, _) = np.mean(found, axis=0), np.std(found, axis=0)
    assert abs(all_mean - evpi) <= 4 * all_sd / math.sqrt(60) + 0.05
    assert abs(mean - evppi) <= 4 * sd / math.sqrt(60) + 0.1
    assert 0.6 * sd <= error <= 2.2 * sd


@pytest.mark.parametrize(("each", "expected"), [(0.0, 0.0), (2.0, value_of_knowing_normal(4.0, 5.0, 0.8)[1])])
def test_the_worth_of_a_group_is_a_lower_bound_and_no_noise(each, expected):
    # four unknowns that add up, 200 worlds, 60 times
    found: list[tuple[float, float]] = []
    for seed in range(60):
        x, z = rng(seed).normal(size=(200, 4)), rng(seed + 1000).normal(size=200)
        need = np.clip(np.rint(20 + each * x.sum(axis=1) + 5 * z), 0, 45).astype(int)
        worth = value_of_knowing({"group": x}, need, Decision(0.8, 45)).evppi["group"]
        found.append((worth.value, worth.error))
    values, errors = np.array(found).T
    assert 0.7 * expected <= values.mean() <= expected + 0.15
    assert errors.mean() == pytest.approx(values.std(), rel=0.3)


def test_closed_form_of_a_normal_need_is_its_integral():
    z = np.linspace(-10, 10, 200_001)
    weight = norm.pdf(z) * (z[1] - z[0])
    loss = np.where(z > norm.ppf(0.9), 9 * (z - norm.ppf(0.9)), norm.ppf(0.9) - z)
    assert value_of_knowing_normal(3.0, 4.0, 0.9)[0] == pytest.approx(5 * (loss * weight).sum(), rel=1e-4)


def test_numbers_needed_are_read_off_between_the_numbers_tried():
    gap = np.nan
    left = np.array([
        [1.0, 0.8, gap, gap, 0.4, 0.3],  # crosses 0.5 at 1 + 3 x 0.3 / 0.4 = 3.25
        [1.0, 0.5, gap, gap, 0.1, 0.0],
        [0.0, 0.0, gap, gap, 0.0, 0.0],
        [1.0, 0.9, gap, gap, 0.8, 0.7],
    ])  # fmt: skip
    need, none = numbers_needed(left, 0.5)
    assert need.tolist() == [4, 1, 0, 5]
    assert none == 0.25


def test_a_decision_that_makes_no_sense_is_refused():
    with pytest.raises(InputError, match=r"confidence: found 1\.0"):
        Decision(1.0, 5)
    with pytest.raises(InputError, match="most: found 0"):
        Decision(0.8, 0)
    with pytest.raises(InputError, match="found 0 to 9, allowed: 0 to 8"):
        value_of_knowing({}, np.arange(10), Decision(0.8, 8))


@pytest.mark.parametrize("inner", [(), (0.5,), (0.1, 0.15, 0.7, 0.9)])
def test_splines_are_scipy_s(inner: tuple[float, ...]):
    knots = np.array([0.0] * 4 + list(inner) + [1.0] * 4)
    x = np.append(np.random.default_rng(3).random(300), (0.0, 1.0, *inner))
    assert _bases(x, knots) == pytest.approx(BSpline.design_matrix(x, knots, 3).toarray(), abs=1e-12)
