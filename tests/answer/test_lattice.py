"""The cheapest point of a lattice: against every point tried, bounds at any moment, and more that does worse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tegmen.answer.lattice import Margins, bound_of, cheapest_point


def made_case(seed: int):
    """Up to four axes of up to six levels; three things asked, each linear in what is bought, so that more helps."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 7, rng.integers(1, 5))
    prices = [np.concatenate([[0.0], np.cumsum(rng.integers(0, 9, size - 1))]) for size in shape]
    worth = rng.random((3, len(shape)))
    asked = worth @ (shape - 1) * rng.uniform(0.2, 1.1)
    return prices, lambda point: float((worth @ np.array(point) - asked).min())


def by_hand(prices, margin, most=np.inf) -> float:
    costs = (
        sum(price[level] for price, level in zip(prices, point, strict=True))
        for point in itertools.product(*(range(len(price)) for price in prices))
        if margin(point) >= 0
    )
    return min((cost for cost in costs if cost <= most), default=np.inf)


@pytest.mark.parametrize("block", range(4))
def test_as_cheap_as_the_cheapest_of_all_points(block):
    for seed in range(100 * block, 100 * (block + 1)):
        prices, margin = made_case(seed)
        found = cheapest_point(prices, Margins(margin))
        assert found.cost == by_hand(prices, margin), seed
        assert found.bound == found.cost, seed
        assert found.proven


def test_no_dearer_than_may_be_spent():
    for seed in range(100):
        prices, margin = made_case(seed)
        most = 0.6 * sum(price[-1] for price in prices)
        found = cheapest_point(prices, Margins(margin), most=most)
        assert found.cost == by_hand(prices, margin, most), seed


def test_fewer_points_are_scored_than_there_are():
    """31^4 x 5 points; the surface where three goals are just met is of a few hundred."""
    asked = [(0.6, (1.0, 0.6, 0, 0), 14), (0.5, (0.8, 0.7, 0.6, 0.65), 17), (0.3, (0, 0, 0.2, 0.25), 3)]

    def margin(point) -> float:
        filled = 0.5 + 0.5 * min(1.0, (point[4] + 1) / 2)
        met = [1 - np.exp(-np.dot(worth, point[:4]) * filled / scale) - least for least, worth, scale in asked]
        return float(min(met))

    prices = [np.arange(31) * price for price in (1100, 550, 200, 160)] + [np.arange(5) * 1920.0]
    margins = Margins(margin)
    found = cheapest_point(prices, margins)
    assert found.proven
    assert len(margins.known) < 5000
    assert bound_of(prices, margins, 0.0) == pytest.approx(found.cost)
    # What is known of the same points is not worked out again for other prices.
    again = cheapest_point([2 * price for price in prices], margins)
    assert (again.cost, again.scored) == (pytest.approx(2 * found.cost), 0)


def test_a_search_cut_short_has_a_bound_and_never_a_false_one():
    for seed in range(60):
        prices, margin = made_case(seed)
        best = by_hand(prices, margin)
        for after in range(0, 12, 3):
            calls = itertools.count()

            def interrupted(point, after=after, calls=calls, margin=margin) -> float:
                if next(calls) == after:
                    raise KeyboardInterrupt
                return margin(point)

            found = cheapest_point(prices, Margins(interrupted))
            assert found.bound <= best <= found.cost or found.cost == best, (seed, after)
            assert found.stopped in {"", "interrupted"}


def test_no_time_leaves_the_bound_of_nothing_bought():
    prices, margin = made_case(3)
    found = cheapest_point(prices, Margins(margin), seconds=-1.0)
    assert (found.point, found.bound, found.stopped) == (None, 0.0, "time")


def test_a_bound_survives_more_that_does_worse():
    """With noise on every point more may do worse: where a shortfall is seen the bound allows for it."""
    seen = 0
    for seed in range(300):
        prices, margin = made_case(seed)
        noise = 0.5 * np.random.default_rng(seed).random([len(price) for price in prices])
        noisy = lambda point, margin=margin, noise=noise: margin(point) + float(noise[point])  # noqa: E731
        margins = Margins(noisy)
        found = cheapest_point(prices, margins)
        seen += found.slack > 0
        if found.slack > 0.5:  # as much as the noise can do
            assert found.bound <= by_hand(prices, noisy), seed
        assert found.point is None or noisy(found.point) >= 0
    assert seen > 5


def test_a_bound_rests_on_the_points_scored_alone():
    """Two axes by hand: (1, 1) is out of the question, so the cheapest point left is two of the cheaper thing."""
    prices = [np.array([0.0, 3, 6]), np.array([0.0, 5, 10])]
    margins = Margins(lambda _point: -1.0)
    margins.at((1, 1))
    assert bound_of(prices, margins, 0.0) == 6
    margins.at((2, 2))
    assert bound_of(prices, margins, 0.0) == np.inf
