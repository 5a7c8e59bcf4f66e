"""Public claims: read as an analyst would, refused with an example otherwise, tested on the answer's own worlds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from core_example import evidence

from tegmen.answer.claim import EXAMPLES, GoalCheck, check_claim, claim_of, conditions_of, read_claim
from tegmen.answer.readings import score
from tegmen.answer.study import Effort, begin_study
from tegmen.errors import InputError
from tegmen.question.scenario import read_scenario

MARCH = read_scenario("march-2024")


@pytest.mark.parametrize(
    ("words", "system", "low", "high", "metric", "threshold", "confidence"),
    [
        ("25 Patriot systems cover the whole country", "patriot", 25, 25, "capitals_uncovered", 0.0, 0.8),
        ("7 Patriots would halve the ballistic strikes", "patriot", 7, 7, "ballistic_strikes", 0.5, 0.8),
        ("ten SAMP/T batteries cut strikes by 30 %", "sampt", 10, 10, "ballistic_strikes", 0.7, 0.8),
        ("Five to seven Patriot batteries cut hits by two thirds", "patriot", 5, 7, "ballistic_strikes", 1 / 3, 0.8),
        ("between 5 and 7 Patriot systems protect all of Ukraine", "patriot", 5, 7, "capitals_uncovered", 0.0, 0.8),
        ("12 Patriot batteries halve power losses with 90 % confidence", "patriot", 12, 12, "capacity_lost", 0.5, 0.9),
        ("20 Patriot systems halve the number of people struck", "patriot", 20, 20, "people_struck", 0.5, 0.8),
    ],
)  # fmt: skip
def test_claims_are_read(words, system, low, high, metric, threshold, confidence):  # noqa: PLR0917
    claim = read_claim(words, MARCH)
    assert (claim.system, claim.low, claim.high) == (system, low, high)
    assert claim.goal is not None
    assert (claim.goal.metric, claim.goal.confidence) == (metric, confidence)
    assert math.isclose(claim.goal.threshold, threshold, abs_tol=1e-12)


def test_a_claim_that_names_no_goal_is_tested_against_all():
    claim = read_claim("Ukraine needs at least seven Patriot systems to radically change the situation", MARCH)
    assert (claim.low, claim.high, claim.goal) == (7, 7, None)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("more tanks win the war", "found 0 systems"),
        ("Patriots cover the whole country", "found 0 numbers"),
        ("5 Patriots and 3 SAMP/T cover the whole country", "found 2 systems"),
        ("", "found 0 systems"),
        ("500 Patriot systems cover the whole country", "allowed: 0 to 30"),
        ("a\x00b \u202e 7", "found 0 systems"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(words, found):
    with pytest.raises(InputError, match=found) as refused:
        read_claim(words, MARCH)
    assert EXAMPLES[0] in str(refused.value)


def test_the_examples_are_read():
    for words in EXAMPLES:
        assert read_claim(words, MARCH).goal is not None


@pytest.fixture(scope="module")
def small() -> Effort:
    return Effort(worlds=200, runs=2)


@pytest.fixture(scope="module")
def checked(small):
    claim = claim_of("patriot", 5, 12, MARCH.goal("strikes"), MARCH)
    return check_claim(claim, MARCH, evidence().calibration, seed=3, effort=small, cases=("posted",))


@pytest.fixture(scope="module")
def study(small):
    return begin_study(MARCH, evidence().calibration, seed=3, effort=small)


def test_a_check_scores_the_worlds_of_the_answer(checked, study):
    """World by world: the share of those in which the claimed number leaves at most half of the strikes."""
    worlds = study.worlds("posted")
    plan = "patriot", study.sites(MARCH.headline, "patriot", MARCH.added_max)
    remaining = score(worlds, MARCH.headline, plan).remaining(study.rounds(worlds, MARCH.added_max))
    (check,) = checked.checks
    assert check.added == (5, 12)
    for added, share in zip(check.added, check.probability, strict=True):
        assert share == sum(left <= 0.5 + 1e-9 for left in remaining[:, added]) / len(worlds)
    # in as many worlds as the goal asks no more is left than this
    assert (remaining[:, 12] <= check.delivers).mean() >= 0.8
    assert (remaining[:, 12] < check.delivers).mean() < 0.8
    assert (check.delivers <= 0.5) == (check.probability[-1] >= 0.8)
    enough = np.flatnonzero((remaining <= 0.5 + 1e-9).mean(axis=0) >= 0.8)
    assert check.enough == (int(enough[0]) if len(enough) else None)
    assert checked.worlds == 200


def test_conditions_hold_in_the_worlds_they_name(checked, study):
    """Recomputed from the worlds: a condition's share of worlds is the share on its side of the cut."""
    worlds = study.worlds("posted")
    assert checked.conditions
    for each in checked.conditions:
        drawn = worlds.unknowns[each.unknown]
        inside = drawn >= each.value if each.side == "at least" else drawn <= each.value
        assert math.isclose(float(inside.mean()), each.worlds)
        assert each.probability >= MARCH.headline.confidence
    assert sum("it would hold if" in line for line in checked.sentences()) == len(checked.conditions)


def test_a_condition_has_an_error_to_spare():
    # 100 worlds lie at or below 1, all others above 2; of those 100, 80 or 90 meet the goal, of the others none
    unknown = np.concatenate([np.linspace(0, 1, 100), np.linspace(2, 3, 100)])
    for met, holds in ((80, False), (90, True)):
        remaining = np.where(np.arange(200) < 100, np.where(np.arange(200) % 10 < met / 10, 0.4, 0.9), 0.9)
        conditions = conditions_of("posted", {"x": unknown}, MARCH.headline, remaining)
        # a share of exactly the confidence asked is not enough: its error could be luck
        assert any(condition.worlds >= 0.4 for condition in conditions) == holds


def test_the_widest_range_of_each_unknown_is_named():
    remaining = np.where(np.arange(200) < 150, 0.4, 0.9)
    columns = {"low is good": np.arange(200.0), "chance": np.tile([0.0, 1.0], 100)}
    (condition,) = conditions_of("posted", columns, MARCH.headline, remaining)
    assert (condition.unknown, condition.side) == ("low is good", "at most")
    # the widest share s of the lowest with 0.75 / s - error >= 0.8, among cuts at every twentieth
    assert condition.worlds == pytest.approx(0.9, abs=0.011)


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(0.87, "holds"), (0.85, "not resolved"), (0.75, "not resolved"), (0.73, "does not hold")],
)
def test_a_verdict_waits_for_two_errors(probability: float, verdict: str):
    check = GoalCheck("posted", MARCH.headline, (5,), (probability,), (0.03,), 0.5, None)
    assert check.verdict == verdict


def test_more_units_hold_in_more_worlds(checked):
    (check,) = checked.checks
    assert check.probability[0] < check.probability[1]
    assert np.all(np.array(check.mcse) > 0)
    assert 0 <= check.delivers <= 1


def test_systems_that_meet_no_ballistic_missile_cannot_be_claimed():
    with pytest.raises(InputError, match="allowed: patriot, sampt"):
        claim_of("nasams", 3, 3, None, MARCH)
