"""A decision followed: what donors give as arrivals, by hand and as their plan has it; months that meet all goals."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from core_example import evidence, study_of

from tegmen import Arrival, arrivals_from, as_many_as_can, goals_named
from tegmen.answer import ahead as of
from tegmen.answer import months
from tegmen.answer.options import score_options, site_option
from tegmen.engine.laydown import NOBODY
from tegmen.evidence.holders import Holder
from tegmen.evidence.parameters import Parameter

MARCH = evidence().scenario


def row(name: str, value: float, unit: str = "months") -> Parameter:
    return Parameter(name, value, value, value, unit, "a test", verified=True, system="patriot", subject="A", table="t")


def giver(**numbers: float) -> Holder:
    rows = {name: row(name, value) for name, value in numbers.items()}
    return Holder("A", "patriot", row("stock", 4, "fire units"), rows)


def test_a_gift_arrives_in_the_month_before_its_first_full_one():
    """By hand: agreed in 1 month, sent in 2, trained in 3: ready in July's end, two crews a month."""
    holder = giver(
        floor=1, working_share=1, months_to_agree=1, months_to_transfer=2, months_to_train=3, crews_a_month=2
    )
    plan = as_many_as_can(MARCH, added={"patriot": 4}, holders=[holder])
    assert arrivals_from(plan) == (
        Arrival("patriot", 2, dt.date(2024, 7, 1), giver="A"), Arrival("patriot", 1, dt.date(2024, 8, 1), giver="A"),
    )  # fmt: skip


def test_one_that_is_ready_at_once_arrives_in_the_month_asked_about():
    holder = giver(
        floor=3, working_share=1, months_to_agree=0, months_to_transfer=0, months_to_train=0, crews_a_month=1
    )
    (arrival,) = arrivals_from(as_many_as_can(MARCH, added={"patriot": 1}, holders=[holder]))
    assert arrival.month == MARCH.month.first
    assert months._require_arrivals(MARCH, MARCH.headline, [arrival], 1) is None


@pytest.mark.parametrize(
    "added", [{"patriot": 7}, {"patriot": 2, "sampt": 3, "nasams": 4}, {"gepard": 9, "iris_t_slm": 2}]
)
def test_arrivals_fight_when_the_donors_plan_says(added):
    plan = as_many_as_can(MARCH, added=added)
    arrivals = arrivals_from(plan)
    for kind, fighting in plan.fighting.items():
        for month, units in enumerate(fighting, start=1):
            day = months.later(MARCH.month.first, month)
            assert units == sum(each.number for each in arrivals if each.kind == kind and each.first_full_month <= day)
    assert {each.giver for each in arrivals} == {gift.holder for gift in plan.gifts}


@pytest.fixture(scope="module")
def followed() -> of.Ahead:
    scenario = months.replace_number(MARCH, months.LOSS_ROW, (0.0, 0.0, 0.0), "a test")
    study = study_of(scenario, worlds=400)
    loose = {"threshold": 0.95, "confidence": 0.3}
    goals = [goal.model_copy(update=loose) for goal in goals_named(scenario, ["strikes", "cruise_strikes"])]
    plan = site_option(study, goals, {"patriot": 6, "nasams": 3})
    return of.look_ahead(study, "posted", goals, plan, 40.0, as_many_as_can(scenario, added=plan.added))


def test_months_of_a_decision_follow_the_donors(followed: of.Ahead):
    plan = as_many_as_can(MARCH, added={"patriot": 6, "nasams": 3})
    fights = np.sum(list(plan.fighting.values()), axis=0)
    for told in followed.months:
        units = [sum(month.added.values()) for month in told.months]
        assert units[0] == 0
        assert units[1:] == pytest.approx(fights[: len(units) - 1])
    assert followed.coming == fights[-1]
    assert followed.asked == 9
    assert [bool(told.delays) for told in followed.months] == [True, False]
    assert {told.worlds for told in followed.months} == {100, of.FEW}
    assert followed.neighbours is not None
    assert followed.neighbours.added == {"patriot": 6, "nasams": 3}


def test_all_goals_are_met_where_each_is(followed: of.Ahead):
    tables = [told.to_pandas() for told in followed.months]
    both = [bool((a >= 0.3) and (b >= 0.3)) for a, b in zip(*(table["met"] for table in tables), strict=True)]
    assert any(both)
    first = months.later(MARCH.month.first, both.index(True))
    assert followed.all_met == first
    assert f"{first:%B %Y}" in followed.sentence
    hard = [replace(told, goal=told.goal.model_copy(update={"confidence": 0.999})) for told in followed.months]
    assert replace(followed, months=tuple(hard)).all_met is None


def test_where_nobody_gives_no_month_is_named():
    study = study_of(worlds=40)
    nobody = of.look_ahead(study, "posted", [MARCH.headline], NOBODY, 40.0, None)
    assert (nobody.months, nobody.all_met, nobody.coming) == ((), None, 0)
    assert "Nobody" in nobody.sentence


def test_the_last_month_of_a_decision_without_losses_is_the_mix_scored():
    """All come at once from a holder who gives all: the metric is that of the option, on the same worlds."""
    scenario = months.replace_number(MARCH, months.LOSS_ROW, (0.0, 0.0, 0.0), "a test")
    study, (goal,) = study_of(scenario), goals_named(scenario, ["cruise_strikes"])
    plan = site_option(study, [goal], {"patriot": 3})
    holder = giver(
        floor=0, working_share=1, months_to_agree=1, months_to_transfer=0, months_to_train=0, crews_a_month=9
    )
    donors = as_many_as_can(scenario, added={"patriot": 3}, holders=[holder])
    (told,) = of.look_ahead(study, "posted", [goal], plan, 40.0, donors).months
    scores = score_options(study, "posted", [goal], [{"patriot": 3}])
    (full,) = (month for month in told.months if month.first == dt.date(2024, 6, 1))
    assert full.met == scores.probability[0, 0]
