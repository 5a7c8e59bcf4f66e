"""The cheapest point of a lattice: against every point tried, bounds at any moment, and more that does worse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tegmen.answer.lattice import Reach, bound_of, cheapest_point


def made_case(seed: int):
    """Up to four axes of up to six levels; three goals, each linear in what is bought, so that more helps."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 7, rng.integers(1, 5))
    prices = [np.concatenate([[0.0], np.cumsum(rng.integers(0, 9, size - 1))]) for size in shape]
    worth = rng.random((3, len(shape)))
    asked = worth @ (shape - 1) * rng.uniform(0.2, 1.1)
    return prices, lambda point: worth @ np.array(point) - asked


def reaches(margins, axes: int):
    """Goals on all axes, with a share of a half where the margin is none."""

    def share(goal: int):
        return lambda point: 1 / (1 + np.exp(-margins(point)[goal]))

    goals = len(np.atleast_1d(margins((0,) * axes)))
    return [(Reach(share(goal), tuple(range(axes)), slow=goal == 1), 0.5) for goal in range(goals)]


def by_hand(prices, margins, most=np.inf) -> float:
    costs = (
        sum(price[level] for price, level in zip(prices, point, strict=True))
        for point in itertools.product(*(range(len(price)) for price in prices))
        if np.min(margins(point)) >= 0
    )
    return min((cost for cost in costs if cost <= most), default=np.inf)


@pytest.mark.parametrize("block", range(4))
def test_as_cheap_as_the_cheapest_of_all_points(block):
    for seed in range(100 * block, 100 * (block + 1)):
        prices, margins = made_case(seed)
        found = cheapest_point(prices, reaches(margins, len(prices)))
        assert found.cost == by_hand(prices, margins), seed
        assert found.bound == found.cost, seed
        assert found.proven


def test_no_dearer_than_may_be_spent():
    for seed in range(100):
        prices, margins = made_case(seed)
        most = 0.6 * sum(price[-1] for price in prices)
        found = cheapest_point(prices, reaches(margins, len(prices)), most=most)
        assert found.cost == by_hand(prices, margins, most), seed


def test_few_points_are_looked_at_and_goals_on_fewer_axes_are_known_on_all():
    """21 x 21 x 11 x 11 x 5 points; each goal hangs on some of the axes."""
    worths = [((0, 1, 4), (1.0, 0.6, 2.0), 14), ((0, 1, 2, 3), (0.8, 0.7, 0.6, 0.65), 17), ((2, 3), (0.2, 0.25), 3)]
    steps = (20, 20, 10, 10)
    counts = [0, 0, 0]

    def reach(goal: int) -> tuple[Reach, float]:
        axes, worth, scale = worths[goal]

        def share(own) -> float:
            counts[goal] += 1
            return 1 - float(np.exp(-np.dot(worth, own) / scale))

        return Reach(share, axes, slow=goal == 1), (0.6, 0.5, 0.3)[goal]

    prices = [np.arange(most + 1) * price for most, price in zip(steps, (1100, 550, 200, 160), strict=True)]
    prices.append(np.arange(5) * 1920.0)
    asked = [reach(goal) for goal in range(3)]
    found = cheapest_point(prices, asked)
    assert found.proven
    assert sum(counts) == found.scored < 400
    assert bound_of(prices, asked, [0.0] * 3) == pytest.approx(found.cost)
    # The cheapest by hand: of all points, the three shares as they are defined.
    levels = np.meshgrid(*(np.arange(len(price)) for price in prices), indexing="ij", sparse=True)
    enough = np.ones(tuple(map(len, prices)), dtype=bool)
    for (axes, worth, scale), least in zip(worths, (0.6, 0.5, 0.3), strict=True):
        enough &= 1 - np.exp(-sum(w * levels[axis] for w, axis in zip(worth, axes, strict=True)) / scale) >= least
    costs = sum(price[level] for price, level in zip(prices, levels, strict=True))
    assert found.cost == pytest.approx(costs[enough].min())
    # What is known of the same points is not worked out again for other prices.
    again = cheapest_point([2 * price for price in prices], asked, probes=0)
    assert (again.cost, again.scored) == (pytest.approx(2 * found.cost), 0)


def test_a_search_cut_short_has_a_bound_and_never_a_false_one():
    for seed in range(60):
        prices, margins = made_case(seed)
        best = by_hand(prices, margins)
        for after in range(0, 12, 3):
            asked, calls = reaches(margins, len(prices)), itertools.count()

            def interrupted(own, of=asked[0][0].of, after=after, calls=calls) -> float:
                if next(calls) == after:
                    raise KeyboardInterrupt
                return of(own)

            asked[0][0].of = interrupted
            found = cheapest_point(prices, asked)
            assert found.bound <= best <= found.cost or found.cost == best, (seed, after)
            assert found.stopped in {"", "interrupted"}


def test_no_time_leaves_the_bound_of_nothing_bought():
    prices, margins = made_case(3)
    found = cheapest_point(prices, reaches(margins, len(prices)), seconds=-1.0)
    assert (found.point, found.bound, found.stopped) == (None, 0.0, "time")


def test_a_bound_survives_more_that_does_worse():
    """With noise on every point more may do worse: where a shortfall is seen the bound allows for it."""
    seen = 0
    for seed in range(300):
        prices, margins = made_case(seed)
        noise = 0.5 * np.random.default_rng(seed).random([len(price) for price in prices])
        noisy = lambda point, margins=margins, noise=noise: margins(point) + float(noise[tuple(point)])  # noqa: E731
        found = cheapest_point(prices, reaches(noisy, len(prices)))
        seen += found.slack > 0
        if found.slack > 0.125:  # as much, of a share, as the noise can do
            assert found.bound <= by_hand(prices, noisy), seed
        assert found.point is None or np.min(noisy(found.point)) >= 0
    assert seen > 5


def test_a_bound_rests_on_the_shares_known_alone():
    """Two axes by hand: (1, 1) is out of the question, so the cheapest point left is two of the cheaper thing."""
    prices = [np.array([0.0, 3, 6]), np.array([0.0, 5, 10])]
    reach = Reach(lambda _point: 0.1, (0, 1))
    reach.at((1, 1))
    assert bound_of(prices, [(reach, 0.5)], [0.0]) == 6
    reach.at((2, 2))
    assert bound_of(prices, [(reach, 0.5)], [0.0]) == np.inf
