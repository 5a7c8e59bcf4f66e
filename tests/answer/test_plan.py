"""Plans: the head of the answer's placement, and what they leave worked out from the closed form itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tegmen import Effort, InputError, allocate
from tegmen.answer.study import begin_study
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown

if TYPE_CHECKING:
    from tegmen.answer.plan import Plan
    from tegmen.answer.results import Sufficiency


@pytest.fixture(scope="module")
def plan(small_question, until_march, small_effort: Effort) -> Plan:
    return allocate(small_question, until_march, added={"patriot": 3}, seed=1, effort=small_effort)


def test_a_plan_is_the_head_of_the_answer_s_placement(plan: Plan, small_result: Sufficiency):
    for case in small_result.cases.values():
        assert plan.stands == case.headline.placement[:3]
    assert (plan.status, plan.gap < 1e-6) == ("proven best", True)
    assert plan.seconds > 0
    assert dict(plan.added) == {"patriot": 3}
    assert plan.provenance == small_result.provenance


def test_what_a_plan_leaves_is_the_mean_over_worlds(plan: Plan, small_question, until_march, small_effort):
    worlds = begin_study(small_question, until_march, seed=1, effort=small_effort).worlds("posted")
    names = worlds.places.name.tolist()
    sites = np.array([names.index(stand.place) for stand in plan.stands])
    base = worlds.scalar["rounds_a_month"]
    rounds = [base, *[base + small_question.added_rounds.value] * 3]
    assert set(plan.expected) == {"strikes", "people", "capitals"}
    for goal in small_question.goals:
        losses = expected_losses(cover_baseline(worlds), goal, Laydown.of("patriot", sites), [rounds])[0]
        left = losses[:, 3] if goal.name == "capitals" else losses[:, 3] / losses[:, 0]
        assert plan.expected[goal.name] == pytest.approx(sum(left) / len(left))
        assert 0 < plan.expected[goal.name] <= (worlds.places.capital.sum() if goal.name == "capitals" else 1)


def test_a_plan_stands_beside_others(small_question, until_march):
    plan = allocate(small_question, until_march, added={"patriot": 3}, seed=1, effort=Effort(worlds=1000, runs=2))
    headline = plan.expected[small_question.headline.name]
    assert plan.beside["no unit added"] == 1
    assert plan.beside["one after another where it saves most"] == pytest.approx(headline)
    # Three units: the three largest cities are where they save most.
    assert plan.beside["one unit each at the largest cities"] == pytest.approx(headline)
    assert 0 < headline < 1
    assert len(plan.beside) == 4


def test_a_plan_is_a_table_and_a_line(plan: Plan):
    table = plan.to_pandas()
    assert list(table.columns) == ["order", "system", "place", "latitude", "longitude", "radius_km"]
    assert table["order"].tolist() == [1, 2, 3]
    assert set(table["system"]) == {"patriot"}
    assert repr(plan).startswith("<Plan {'patriot': 3} (proven best, posted): ")
    assert all(stand.place in repr(plan) and stand.place in plan._repr_html_() for stand in plan.stands)


def test_another_system_reaches_otherwise_and_the_case_moves_no_site(small_question, until_march, plan: Plan):
    effort = Effort(worlds=20, runs=2)
    one, other = (
        allocate(small_question, until_march, added={"sampt": 2}, case=case, effort=effort)
        for case in ("posted", "claimed")
    )
    assert [stand.system for stand in other.stands] == ["sampt", "sampt"]
    assert other.case == "claimed"
    assert other.stands == one.stands
    assert other.expected != one.expected
    assert other.stands[0].radius_km != plan.stands[0].radius_km


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ({}, r"found \{\}: nothing is added; give a kind"),
        ({"patriot": 1, "ew": 1}, "found kind 'ew'; allowed are patriot, sampt"),
        ({"nasams": 2}, "found kind 'nasams'; allowed are patriot, sampt"),
        ({"patriot": 0}, "nothing is added; give a kind and a number"),
        ({"patriot": -3}, "found -3 of patriot; give a whole number from 0"),
        ({"patriott": -3}, "(?s)2 faults.*'patriott'.*found -3"),
    ],
)
def test_a_plan_that_cannot_be_made_is_refused(march, until_march, added: dict[str, int], fault: str):
    with pytest.raises(InputError, match=fault):
        allocate(march, until_march, added=added)
