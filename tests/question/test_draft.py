"""A question about another month: complete, commented, read at once; what the evidence does not reach is refused."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace

import jsonschema
import pandas as pd
import pytest
from core_example import MEET_BALLISTIC, evidence

from tegmen.answer.study import Effort
from tegmen.answer.sufficiency import sufficiency
from tegmen.calibration.fit import calibrate
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.record import Record
from tegmen.ledger.inventory import inventory_at
from tegmen.question.draft import draft_scenario, parse_most
from tegmen.question.launches import posted_counts
from tegmen.question.scenario import Scenario, read_scenario, scenario_schema, shipped_scenario
from tegmen.terms import ThreatClass

SHIPPED_MONTHS = ("2023-05", "2023-12", "2024-01", "2024-03", "2024-06")


@pytest.fixture(scope="module")
def longer() -> Record:
    """The shipped record, and its rows again eighteen months later: a made-up record to December 2025."""
    record = evidence().calibration.record
    later = record.rows.assign(window_end=record.rows["window_end"] + pd.DateOffset(months=18))
    later = later[later["window_end"] > record.rows["window_end"].max()]
    rows = pd.concat([record.rows, later]).sort_values(list(record.rows.columns[:5]), ignore_index=True)
    return replace(record, rows=rows)


def drafted(month: str, record: Record, **options) -> Scenario:
    return Scenario.model_validate(tomllib.loads(draft_scenario(month, record, **options)))


@pytest.mark.parametrize("month", SHIPPED_MONTHS)
def test_any_month_of_the_record_is_a_question(month):
    record = evidence().calibration.record
    scenario = drafted(month, record)
    assert f"{scenario.month.first:%Y-%m}" == f"{scenario.month.last:%Y-%m}" == month
    assert scenario.until == scenario.month.last
    assert posted_counts(scenario, record)[ThreatClass.ballistic] > 0
    for system in MEET_BALLISTIC:
        told = inventory_at(scenario.month.last, system)
        held = scenario.held_on(system, scenario.month.last)
        assert held.span == (told.amount.low, told.amount.best, told.amount.high)
    assert scenario.claims == ()
    assert scenario.title.startswith(f"{scenario.month.first:%B %Y}: how many more Patriot")


@pytest.mark.parametrize("month", ["2024-09", "2025-03", "2025-12"])
def test_any_month_of_a_longer_record_is_a_question_and_says_what_is_old(month, longer):
    scenario = drafted(month, longer)
    assert scenario.official.values() == {}
    open_totals, *stale = scenario.caveats()
    assert "left open (missiles, ballistic and s300, drone, glide bomb)" in open_totals
    # the catalogue's inventories are of spring 2024
    assert any("S-300PS" in line for line in stale) == (month >= "2024-11")


def test_a_drafted_question_is_answered_at_once(longer):
    scenario = drafted("2025-02", longer, added=("patriot", 6), goals=("strikes=0.8",))
    calibration = calibrate(longer, until=scenario.until, seed=1)
    answer = sufficiency(scenario, calibration, effort=Effort(worlds=40, runs=2), cases=("posted",))
    assert answer.cases["posted"].launched["ballistic"] == posted_counts(scenario, longer)[ThreatClass.ballistic]
    assert answer.cases["posted"].glide_bombs == {}
    assert answer.cases["posted"].headline.goal.threshold == 0.8


def test_totals_are_those_that_the_ledger_has_for_the_month():
    march = read_scenario("march-2024")
    drawn = drafted("2024-03", evidence().calibration.record)
    # "over 400" stands in the ledger as 401 and more
    assert drawn.official.values() == march.official.values() | {"missiles": 401}
    assert set(drawn.official.entries) == set(march.official.entries)
    assert not any("left open" in line for line in drawn.caveats())


def test_goals_are_chosen_by_name_and_the_first_is_the_headline():
    record = evidence().calibration.record
    scenario = drafted("2024-03", record, goals=("people", "strikes=0.3"), added=("sampt", 12))
    assert [(goal.name, goal.threshold, goal.headline) for goal in scenario.goals] == [
        ("people", 0.5, True), ("strikes", 0.3, False)]  # fmt: skip
    assert scenario.goals[1].label.endswith("by 70 %")
    assert "SAMP/T" in scenario.title
    assert (scenario.added_system, scenario.added_max) == ("sampt", 12)


@pytest.mark.parametrize(
    ("month", "options", "said"),
    [
        ("2024-13", {}, "write YYYY-MM"),
        ("March", {}, "write YYYY-MM"),
        ("2024-03", {"goals": ("glory",)}, "allowed are strikes, people, capitals, capacity"),
        ("2024-03", {"goals": ("strikes=1.5",)}, "share of the baseline"),
        ("2024-03", {"added": ("patriot", 0)}, "added_max"),
    ],
)
def test_what_is_no_month_goal_or_number_is_refused(month, options, said):
    with pytest.raises(InputError, match=said):
        draft_scenario(month, evidence().calibration.record, **options)


@pytest.mark.parametrize(
    ("month", "said"),
    [("2025-03", "bring a record with reports of 2025-03-01 to 2025-03-31"), ("2021-01", "nothing is known of it"),
     ("2022-10", "no ballistic missile launched in October 2022")],
)  # fmt: skip
def test_a_month_that_the_record_does_not_reach_is_refused_with_what_to_bring(month, said):
    with pytest.raises(EvidenceError, match=said):
        draft_scenario(month, evidence().calibration.record)


@pytest.mark.parametrize(("text", "read"), [("patriot", ("patriot", 30)), ("sampt=12", ("sampt", 12))])
def test_the_system_added_is_read_with_the_most_tried(text, read):
    assert parse_most(text) == read
    with pytest.raises(InputError, match="patriot or sampt"):
        parse_most(f"{text}=x")


def test_the_schema_fits_what_is_shipped_and_drafted():
    schema = scenario_schema()
    for text in (shipped_scenario("march-2024"), draft_scenario("2024-05", evidence().calibration.record)):
        content = tomllib.loads(text, parse_float=float)
        plain = {key: str(value) if isinstance(value, dt.date) else value for key, value in content.items()}
        jsonschema.validate(_plain(plain), schema, cls=jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_plain(plain | {"untill": "2024-05-31"}), schema, cls=jsonschema.Draft202012Validator)


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, dt.date) else value
