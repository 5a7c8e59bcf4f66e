"""Levels: draws that are concentrated somewhere must estimate what draws spread evenly would."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import dblquad, quad

from tegmen.terms import FrozenDict
from tegmen.worlds.levels import Levels, Proposal, fit_proposals


def stream(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def peaked(x):
    """What a record might say of a level: it favours the top."""
    return np.exp(-80 * (x - 0.9) ** 2)


def fitted(seed: int, says=peaked) -> Proposal:
    x = stream(seed).random(3000)
    return Proposal.fitted(x, says(x) / says(x).sum())


@given(
    draws=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40),
    seed=st.integers(0, 99),
)
def test_a_density_integrates_to_one_and_leaves_no_bin_without_any(draws: list[float], seed: int):
    weight = stream(seed).random(len(draws)) + 1e-9
    density = Proposal.fitted(np.array(draws), weight / weight.sum()).density
    assert density.mean() == pytest.approx(1)
    assert density.min() >= 0.05 - 1e-12


def drawn(proposal: Proposal, count: int, seed: int):
    """Levels of one name, and the log of what each weighs."""
    levels = Levels(count, stream(seed), FrozenDict({"x": proposal}))
    x = levels.draw("x")
    return x, levels.log_prior


def test_draws_follow_the_density_and_weigh_one_over_the_mixture():
    proposal, count = fitted(1), 40_000
    x, log_density = proposal.draw(np.zeros(count, dtype=bool), stream(2).random(count))
    density = proposal.density[0]
    bins = len(density)
    assert np.exp(log_density) == pytest.approx(density[(x * bins).astype(int)])
    y, log_ratio = drawn(proposal, count, 12)
    assert np.exp(-log_ratio) == pytest.approx(0.1 + 0.9 * density[(y * bins).astype(int)])
    assert log_ratio.max() <= np.log(10)
    spread, _ = proposal.draw(np.ones(count, dtype=bool), stream(13).random(count))
    assert np.all(abs(np.histogram(spread, bins, (0, 1))[0] - count / bins) <= 4 * np.sqrt(count / bins))
    expected = count * density / bins
    number = np.histogram(x, bins, (0, 1))[0]
    assert np.all(abs(number - expected) <= 4 * np.sqrt(expected))
    within = (x * bins) % 1  # spread evenly within a bin
    assert abs(within.mean() - 0.5) <= 4 / np.sqrt(12 * count)


FUNCTIONS = {
    "the mean": lambda x: x,
    "what the record says": peaked,
    "a part it does not favour": lambda x: (x < 0.1) * 1.0,
    "nothing": np.ones_like,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_weighted_draws_estimate_the_integral(name: str):
    function = FUNCTIONS[name]
    x, log_ratio = drawn(fitted(3), 20_000, 4)
    terms = np.exp(log_ratio) * function(x)
    exact = quad(lambda u: float(function(np.float64(u))), 0, 1, points=[0.1, 0.9])[0]
    assert abs(terms.mean() - exact) <= 4 * terms.std() / np.sqrt(len(terms))


def test_concentrated_draws_waste_fewer():
    x, log_ratio = drawn(fitted(5), 4000, 6)
    plain = peaked(stream(7).random(4000))
    weighted = np.exp(log_ratio) * peaked(x)
    assert (weighted.sum() ** 2 / (weighted**2).sum()) > 2 * (plain.sum() ** 2 / (plain**2).sum())


def test_levels_of_several_names_weigh_as_the_mixture_of_their_product():
    proposals = FrozenDict({"x": fitted(8), "y": fitted(9, lambda u: 1 - u)})
    levels = Levels(20_000, stream(10), proposals)
    x, y, z = (levels.draw(name) for name in "xyz")
    assert levels.drawn.keys() == {"x", "y", "z"}
    density = [proposals[name].density[0, (drawn * 12).astype(int)] for name, drawn in (("x", x), ("y", y))]
    assert np.exp(-levels.log_prior) == pytest.approx(0.1 + 0.9 * density[0] * density[1])
    terms = np.exp(levels.log_prior) * x * y * z  # uniform and apart before the record: the mean is 1/8
    assert abs(terms.mean() - 1 / 8) <= 4 * terms.std() / np.sqrt(len(terms))


@given(count=st.integers(1, 60), batch=st.integers(1, 20), seed=st.integers(0, 99))
def test_a_batch_has_one_level_in_every_equal_part(count: int, batch: int, seed: int):
    x = Levels(count, stream(seed), batch=batch).draw("x")
    for begin in range(0, count, batch):
        part = x[begin : begin + batch]
        assert sorted((part * len(part)).astype(int)) == list(range(len(part)))


def test_batches_do_not_share_what_hangs_on_one_level_alone():
    """A sum of functions of one level each varies far less over hypercubes than over draws one by one."""

    def spread(batch: int) -> float:
        levels = Levels(10_000, stream(14), batch=batch)
        total = sum(levels.draw(name) ** 2 for name in "xyz")
        return float(total.reshape(-1, 50).mean(axis=1).std())

    assert spread(1) == pytest.approx(np.sqrt(3 * (1 / 5 - 1 / 9) / 50), rel=0.25)
    assert spread(50) < spread(1) / 10


def ridge(x, y):
    """What a record might say of two levels: only that they go together."""
    return np.exp(-200 * (x - y) ** 2)


def test_a_level_that_hangs_on_another_is_looked_for_where_the_other_is():
    first = Levels(6000, stream(15))
    x, y = first.draw("x"), first.draw("y", given="x")
    weight = ridge(x, y) / ridge(x, y).sum()
    proposals = fit_proposals([first], weight)
    assert proposals["y"].density.mean(axis=1) == pytest.approx(1)
    worth = dict[str, float]()
    for way, given_name in (("hanging", "x"), ("alone", None)):
        alone = Proposal.fitted(y, weight)
        levels = Levels(6000, stream(16), proposals if given_name else {**proposals, "y": alone})
        x2, y2 = levels.draw("x"), levels.draw("y", given=given_name)
        terms = np.exp(levels.log_prior) * ridge(x2, y2)
        exact = dblquad(ridge, 0, 1, 0, 1)[0]
        assert abs(terms.mean() - exact) <= 4 * terms.std() / np.sqrt(len(terms)), way
        worth[way] = terms.sum() ** 2 / (terms**2).sum()
    assert worth["hanging"] > 1.5 * worth["alone"]


def test_the_next_round_looks_where_the_last_one_found_weight():
    levels = Levels(5000, stream(11))
    drawn = levels.draw("x")
    proposal = fit_proposals([levels], peaked(drawn) / peaked(drawn).sum())["x"]
    assert proposal.density.argmax() in (10, 11)  # of twelve equal bins, 0.9 lies in the eleventh
    again = Levels(5000, stream(12), FrozenDict({"x": proposal}))
    assert again.draw("x").mean() > drawn.mean() + 0.2
