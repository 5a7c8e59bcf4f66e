"""exact.py against published numbers, exhaustive enumeration, scipy and rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tegmen.errors import InfeasibleError
from tegmen.trust import exact

PUBLISHED = exact.NoLeak(probability=0.80, shot_kill=0.70, track=0.99)
KILL = st.floats(0.05, 0.95)


# Wilkening (1998), the figures of docs: rounded to the nearest whole interceptor.


def test_wilkening_20_warheads_need_113_in_a_barrage_and_47_looking():
    assert round(exact.barrage_rounds(20, PUBLISHED)) == 113
    assert round(exact.look_rounds(20, PUBLISHED)) == 47


def test_wilkening_10_warheads_with_10_decoys_need_73_and_48():
    assert round(exact.barrage_rounds(10, PUBLISHED, decoys=10)) == 73
    assert round(exact.look_rounds(10, PUBLISHED, decoys=10, decoy_kill=0.23)) == 48


def test_wilkening_is_infeasible_above_22_warheads():
    assert exact.most_warheads(PUBLISHED) == 22
    assert exact.barrage_rounds(22, PUBLISHED) > exact.barrage_rounds(21, PUBLISHED)
    with pytest.raises(InfeasibleError, match=r"all of 23 warheads .* above 0\.9903.* at most 22 warheads"):
        exact.barrage_rounds(23, PUBLISHED)


def test_wilkening_track_floor_of_10_warheads():
    assert round(exact.track_floor(10, 0.80), 3) == 0.978


@pytest.mark.parametrize(
    ("shot_kill", "published"),
    [(0.5, [1, 4, 9, 18]), (0.7, [1, 5.33, 17.44, 55.48]), (0.9, [1, 12, 113, 1114])],
)
def test_wilkening_transition_numbers(shot_kill: float, published: list[float]):
    assert [round(exact.transition_number(size, shot_kill), 2) for size in (1, 2, 3, 4)] == published


@given(size=st.integers(2, 5), shot_kill=KILL, shots=st.floats(1.0, 200.0))
def test_a_larger_first_salvo_is_cheaper_exactly_above_its_transition_number(size: int, shot_kill: float, shots: float):
    def rounds(first: int):
        return first + (shots - first) * (1 - shot_kill) ** first

    gap = shots - exact.transition_number(size, shot_kill)
    saved = rounds(size - 1) - rounds(size)
    # saved = gap x q^(i-1) (1 - q): the same sign, and zero together
    assert saved == pytest.approx(gap * (1 - shot_kill) ** (size - 1) * shot_kill, rel=1e-6, abs=1e-9)


@given(warheads=st.integers(1, 40), probability=st.floats(0.3, 0.95), shot_kill=KILL)
def test_the_shots_found_meet_the_criterion_exactly(warheads: int, probability: float, shot_kill: float):
    criterion = exact.NoLeak(probability, shot_kill, track=1.0)
    assert exact.most_warheads(criterion) is None
    shots = exact.shots_per_target(warheads, criterion)
    reached = (1 - (1 - shot_kill) ** shots) ** warheads
    if shots > 1:
        assert reached == pytest.approx(probability, rel=1e-6)
    else:
        assert reached >= probability * (1 - 1e-9)


def test_looking_never_costs_more_than_the_barrage():
    for warheads in range(1, 23):
        for decoys in (0, 1, 10):
            looking = exact.look_rounds(warheads, PUBLISHED, decoys)
            assert warheads + decoys <= looking <= exact.barrage_rounds(warheads, PUBLISHED, decoys) + 1e-9


# Independent engagements


@pytest.mark.parametrize("kill", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("threats", [0, 1, 7, 400])
def test_leakers_are_binomial(threats: int, kill: float):
    found = exact.leaker_distribution(threats, kill)
    np.testing.assert_allclose(found, stats.binom.pmf(np.arange(threats + 1), threats, 1 - kill), atol=1e-12)
    assert found @ np.arange(threats + 1) == pytest.approx(threats * (1 - kill), abs=1e-9)


def test_leakers_equal_the_enumeration_of_all_outcomes():
    counted = np.zeros(6)
    for killed in product((True, False), repeat=5):
        counted[killed.count(False)] += math.prod(0.7 if hit else 0.3 for hit in killed)
    np.testing.assert_allclose(exact.leaker_distribution(5, 0.7), counted, rtol=1e-12)


def test_no_leaker_in_the_distribution_is_wilkenings_p0():
    kill = PUBLISHED.track * (1 - (1 - PUBLISHED.shot_kill) ** 6)
    assert exact.leaker_distribution(20, kill)[0] == pytest.approx(kill**20)


# Erlang-B


@pytest.mark.parametrize(("load", "channels"), [(0.0, 3), (0.5, 1), (4.0, 6), (9.0, 3), (150.0, 140)])
def test_erlang_b_equals_the_direct_sum_and_the_truncated_poisson(load: float, channels: int):
    a = Fraction(load)
    terms = [a**busy / math.factorial(busy) for busy in range(channels + 1)]
    assert exact.erlang_b(load, channels) == pytest.approx(float(terms[-1] / sum(terms)), rel=1e-12)
    if load > 0:
        rival = stats.poisson.pmf(channels, load) / stats.poisson.cdf(channels, load)
        assert exact.erlang_b(load, channels) == pytest.approx(rival, rel=1e-9)


def test_erlang_b_without_channels_loses_all_and_survives_large_loads():
    assert exact.erlang_b(3.0, 0) == 1.0
    assert exact.erlang_b(5000.0, 5000) == pytest.approx(math.sqrt(2 / (math.pi * 5000)), rel=0.02)
