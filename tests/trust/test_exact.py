"""exact.py against published numbers, exhaustive enumeration, scipy and rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tegmen.errors import InfeasibleError, InputError
from tegmen.trust import exact

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLISHED = exact.NoLeak(probability=0.80, shot_kill=0.70, track=0.99)
SHARE = st.floats(0.0, 1.0)
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


def fewest_whole(warheads: int, criterion: exact.NoLeak):
    """Fewest rounds over every way to share them out: the P0 of a round count is its best share-out."""

    def share_outs(rounds: int, targets: int, most: int) -> list[tuple[int, ...]]:
        if targets == 0:
            return [()] if rounds == 0 else []
        return [
            (first, *rest)
            for first in range(min(rounds, most), -1, -1)
            for rest in share_outs(rounds - first, targets - 1, first)
        ]

    def no_leak(shares: tuple[int, ...]):
        return math.prod(criterion.track * (1 - (1 - criterion.shot_kill) ** n) for n in shares)

    rounds = warheads
    while max(no_leak(shares) for shares in share_outs(rounds, warheads, rounds)) < criterion.probability:
        rounds += 1
    return rounds


@pytest.mark.parametrize("warheads", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("criterion", [PUBLISHED, exact.NoLeak(0.6, 0.5, 1.0), exact.NoLeak(0.3, 0.9, 0.98)])
def test_whole_rounds_equal_a_search_over_every_share_out(warheads: int, criterion: exact.NoLeak):
    assert exact.barrage_rounds_whole(warheads, criterion) == fewest_whole(warheads, criterion)


def test_113_whole_interceptors_fall_short_of_the_criterion_and_116_meet_it():
    def no_leak(rounds: int):
        shares = [rounds // 20 + (target < rounds % 20) for target in range(20)]
        return math.prod(0.99 * (1 - 0.3**n) for n in shares)

    assert no_leak(113) < no_leak(115) < 0.80 <= no_leak(116)
    assert exact.barrage_rounds_whole(20, PUBLISHED) == 116


def test_looking_never_costs_more_than_the_barrage():
    for warheads in range(1, 23):
        for decoys in (0, 1, 10):
            looking = exact.look_rounds(warheads, PUBLISHED, decoys)
            assert warheads + decoys <= looking <= exact.barrage_rounds(warheads, PUBLISHED, decoys) + 1e-9


# Independent engagements


def enumerated(shot_kill: Fraction, salvos: list[int]):
    """Walk every sequence of hits and misses, in rational arithmetic."""
    kill, rounds, alive = Fraction(0), Fraction(0), Fraction(1)
    for size in salvos:
        rounds += alive * size
        missed = Fraction(0)
        for outcome in product((True, False), repeat=size):
            chance = math.prod((shot_kill if hit else 1 - shot_kill for hit in outcome), start=Fraction(1))
            if any(outcome):
                kill += alive * chance
            else:
                missed += chance
        alive *= missed
    return kill, rounds


@given(hits=st.integers(0, 20), salvos=st.lists(st.integers(0, 4), max_size=4))
def test_shoot_look_shoot_equals_the_tree_of_outcomes(hits: int, salvos: list[int]):
    kill, rounds = enumerated(Fraction(hits, 20), salvos)
    found = exact.shoot_look_shoot(hits / 20, salvos)
    assert found.kill == pytest.approx(float(kill), abs=1e-12)
    assert found.rounds == pytest.approx(float(rounds), abs=1e-12)


def test_a_salvo_of_two_at_one_half():
    assert exact.salvo(0.5, 2) == exact.Engagement(kill=0.75, rounds=2.0)
    assert exact.shoot_look_shoot(0.5, [1, 1]) == exact.Engagement(kill=0.75, rounds=1.5)


@pytest.mark.parametrize("kill", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("threats", [0, 1, 7, 400])
def test_leakers_are_binomial(threats: int, kill: float):
    found = exact.leaker_distribution(threats, kill)
    np.testing.assert_allclose(found, stats.binom.pmf(np.arange(threats + 1), threats, 1 - kill), atol=1e-12)
    assert found @ np.arange(threats + 1) == pytest.approx(exact.expected_leakers(threats, kill), abs=1e-9)


def test_leakers_equal_the_enumeration_of_all_outcomes():
    counted = np.zeros(6)
    for killed in product((True, False), repeat=5):
        counted[killed.count(False)] += math.prod(0.7 if hit else 0.3 for hit in killed)
    np.testing.assert_allclose(exact.leaker_distribution(5, 0.7), counted, rtol=1e-12)


def test_no_leaker_in_the_distribution_is_wilkenings_p0():
    kill = PUBLISHED.track * exact.salvo(PUBLISHED.shot_kill, 6).kill
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


# Coverage: enumerate which units are ready


@given(covers=st.lists(st.tuples(SHARE, st.booleans()), min_size=1, max_size=5), kill=SHARE)
def test_leaks_equal_the_enumeration_of_ready_units(covers: list[tuple[float, bool]], kill: float):
    availability = np.array([share for share, _ in covers])
    covering = np.array([[covered] for _, covered in covers])
    nobody, once, each = 0.0, 0.0, 0.0
    for ready in product((True, False), repeat=len(covers)):
        chance = math.prod(a if up else 1 - a for (a, _), up in zip(covers, ready, strict=True))
        shooters = sum(up and covered for (_, covered), up in zip(covers, ready, strict=True))
        nobody += chance * (shooters == 0)
        once += chance * (1 - kill if shooters else 1)
        each += chance * (1 - kill) ** shooters
    none = exact.none_ready(covering, availability)
    assert none.shape == (1,)
    assert none[0] == pytest.approx(nobody, abs=1e-12)
    assert exact.leak_given_ready(none, kill)[0] == pytest.approx(once, abs=1e-12)
    like = float(availability[0])
    count = int(covering.sum())
    assert exact.leak_each_shoots(1, like, kill) == pytest.approx(exact.leak_probability(1, like, kill))
    assert exact.leak_each_shoots(count, like, kill) <= exact.leak_probability(count, like, kill) + 1e-12
    product_form = math.prod(1 - a * kill for a, covered in covers if covered)
    assert product_form == pytest.approx(each, abs=1e-12)


def test_like_units_agree_with_the_unit_by_unit_form_and_keep_their_shape():
    counts = np.array([[0, 1, 2], [3, 4, 5]])
    one_kind = exact.leak_given_ready(exact.none_ready(counts[:, None, :], [0.8]), 0.6)
    np.testing.assert_allclose(exact.leak_probability(counts, 0.8, 0.6), one_kind)
    worlds = exact.leak_probability(counts, np.array([[0.8], [0.5]]), np.array([[0.6], [0.9]]))
    np.testing.assert_allclose(worlds[1], 1 - 0.9 * (1 - 0.5 ** np.array([3, 4, 5])))
    np.testing.assert_allclose(exact.leak_each_shoots([2], 0.5, 0.5), [0.75**2])
    np.testing.assert_allclose(exact.expected_leak([1, 2, 3], worlds), worlds @ [1, 2, 3])


def test_expected_strikes_by_hand():
    # 10 at an uncovered place, 5 under one unit ready 8 nights of 10 that stops half: 10 + 5 (1 - 0.5 x 0.8) = 13
    assert exact.expected_leak([10, 5], exact.leak_probability([0, 1], 0.8, 0.5)) == pytest.approx(13.0)


# Brute force over placements


def siting(seed: int, sites: int = 4, places: int = 5):
    rng = np.random.default_rng(seed)
    return exact.Siting(
        mix=rng.integers(1, 20, places).astype(float),
        covers=rng.random((sites, places)) < 0.4,
        baseline=rng.integers(0, 2, places),
        availability=0.8,
        kill=0.7,
    )


def greedy(question: exact.Siting, most: int):
    chosen: list[int] = []
    values = [question.value(chosen)]
    for _ in range(most):
        chosen.append(min(range(len(question.covers)), key=lambda site: question.value([*chosen, site])))
        values.append(question.value(chosen))
    return values


def test_the_best_placement_by_hand():
    question = exact.Siting(
        mix=np.array([6.0, 4.0, 4.0, 5.0]),
        covers=np.array([[1, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool),
        baseline=np.zeros(4, dtype=np.int64),
        availability=1.0,
        kill=1.0,
    )
    best = exact.best_placements(question, 3)
    # one unit: 6 + 5 saved at site 0; two: sites 1 and 2 save all, which greedy from site 0 does not find
    assert best == [(19.0, ()), (8.0, (0,)), (0.0, (1, 2)), (0.0, (0, 1, 2))]
    assert greedy(question, 2) == [19.0, 8.0, 4.0]
    assert exact.fewest_units(question, 19.0 / 2, 3) == 1
    assert exact.fewest_units(question, 0.0, 3) == 2
    assert exact.fewest_units(question, -1.0, 3) is None


@pytest.mark.parametrize("seed", range(6))
def test_the_best_placement_against_every_ordered_choice_and_greedy(seed: int):
    question = siting(seed)
    best = exact.best_placements(question, 3)
    for units, (value, chosen) in enumerate(best):
        every = [question.value(sites) for sites in product(range(4), repeat=units)]
        assert value == pytest.approx(min(every))
        assert question.value(chosen) == value
    # cover is submodular: greedy saves at least 1 - 1/e of the best (Nemhauser, Wolsey and Fisher, 1978)
    for units, value in enumerate(greedy(question, 3)):
        least = best[units][0]
        assert least - 1e-9 <= value <= best[0][0] - (1 - 1 / math.e) * (best[0][0] - least) + 1e-9


def test_a_search_too_large_to_be_exhaustive_is_refused():
    with pytest.raises(InputError, match=r"placements is \d+; give fewer units or sites: at most 500000"):
        exact.best_placements(siting(1, sites=40), 10)


# Error of a share


@given(n=st.integers(1, 5000), data=st.data())
def test_share_error_is_positive_symmetric_and_never_below_the_plain_one(n: int, data: st.DataObject):
    successes = data.draw(st.integers(0, n))
    found = exact.share_error(successes, n)
    assert found > 0
    assert found == pytest.approx(exact.share_error(n - successes, n))
    plain = math.sqrt(successes / n * (1 - successes / n) / n)
    assert plain * (1 - 1e-12) <= found <= max(plain, 0.5 / math.sqrt(n + 4)) * (1 + 1e-12)


def test_share_error_by_hand():
    assert exact.share_error(0, 96) == pytest.approx(math.sqrt(0.02 * 0.98 / 100))
    assert exact.share_error(50, 100) == pytest.approx(0.05)


@settings(max_examples=50)
@given(n=st.integers(1, 2000), data=st.data(), confidence=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_of_a_share_equals_scipys_wilson(n: int, data: st.DataObject, confidence: float):
    successes = data.draw(st.integers(0, n))
    rival = stats.binomtest(successes, n).proportion_ci(confidence_level=confidence, method="wilson")
    found = exact.share_interval(successes, n, confidence)
    assert found == pytest.approx((rival.low, rival.high), abs=1e-9)


# Bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: exact.salvo(1.2, 1), r"shot_kill is \[1\.2\]; give probabilities in \[0, 1\]"),
        (lambda: exact.salvo(0.5, -1), r"salvos is \[-1\.0\]; give finite amounts of at least 0"),
        (lambda: exact.leaker_distribution(-1, 0.5), "threats is -1; give a whole number of at least 0"),
        (lambda: exact.expected_leakers(3, math.nan), r"kill is \[nan\]"),
        (lambda: exact.NoLeak(1.0, 0.5, 1.5), r"(?s)2 faults.*probability is 1\.0.*track is 1\.5; give a probability"),
        (lambda: exact.transition_number(0, 0.5), "size is 0; give a whole number of at least 1"),
        (lambda: exact.erlang_b(-1.0, 2), r"load is \[-1\.0\]"),
        (lambda: exact.leak_probability([1, -2], 0.5, 0.5), r"covering is \[-2\.0\]"),
        (lambda: exact.expected_leak([1.0], [2.0]), r"leak is \[2\.0\]"),
        (lambda: exact.share_error(3, 2), r"successes is 3; give a count in \[0, n\]"),
        (lambda: exact.share_interval(1, 2, 1.0), "confidence is 1.0; give a probability strictly between"),
    ],
)
def test_arguments_out_of_range_are_named(call: Callable[[], object], message: str):
    with pytest.raises(InputError, match=message):
        call()
