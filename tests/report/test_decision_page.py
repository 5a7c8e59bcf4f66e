"""A decision on few worlds: its files, the numbers traced, and its shares as the answer's own curve has them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from core_example import evidence, study_of
from jsonschema import Draft202012Validator

import tegmen as tg
from tegmen.answer.decision import decision_question
from tegmen.answer.mixes import MixScores
from tegmen.answer.readings import remaining_of
from tegmen.answer.study import met_share

KINDS = ("patriot", "sampt")


@cache
def decision() -> tg.MixDecision:
    goals = tg.goals_named(evidence().scenario, ["strikes"])
    return tg.decide(
        evidence().scenario, evidence().calibration, goals=goals, kinds=KINDS, cases=("posted",),
        effort=tg.Effort(worlds=200, runs=2),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tg.write_decision(decision(), tmp_path_factory.mktemp("decision")).parent


@pytest.mark.parametrize("part", ["look_ahead", "weigh_mix"])
def test_who_waits_no_longer_than_for_the_mix_keeps_it(part: str, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    whole = decision()
    monkeypatch.setattr(f"tegmen.answer.decision.{part}", interrupted)
    ended = decision.__wrapped__()
    assert ended.interrupted
    assert ended.cases["posted"].solved.mix == whole.cases["posted"].solved.mix
    assert "proven" in ended.sentence("posted")
    assert ended.to_pandas().empty


def test_a_mix_of_one_kind_is_met_where_the_answer_says_so():
    """Sufficiency's curve of Patriots, worked out by another way, on the same worlds."""
    study, scenario = study_of(), evidence().scenario
    goal = scenario.headline
    curve = met_share(remaining_of(study, "posted", goal, ("patriot", 30)), goal)
    rounds = scenario.added_rounds.value
    scores = MixScores(study, "posted", [goal], dict.fromkeys(KINDS, 30), (rounds,))
    for number in (0, 18):
        met = scores.met(0, {"patriot": number}, rounds)
        assert met.mean() == curve[number]


def test_no_cheaper_mix_of_a_grid_is_enough():
    """Every third mix tried: none that is enough costs less than the bound."""
    study, scenario = study_of(), evidence().scenario
    question = decision_question(scenario, tg.goals_named(scenario, ["strikes"]), KINDS, None)
    scores = MixScores(study, "posted", question.goals, question.limits, question.rounds)
    solved = decision().cases["posted"].solved
    prices = question.prices()
    for patriots in range(0, 31, 3):
        for sampts in range(0, 31, 6):
            for level in range(len(question.rounds)):
                point = (patriots, sampts, level)
                cost = sum(price[at] for price, at in zip(prices, point, strict=True))
                met = scores.met(0, *question.option(point))
                assert met.mean() < 0.8 or cost >= solved.bound, point
    assert solved.gap <= 0.02


def test_the_sentence_has_the_mix_its_proof_its_price_and_what_binds():
    sentence = decision().sentence("posted")
    mix = decision().cases["posted"].solved.mix
    assert mix is not None
    for part in (
        mix.words(),
        "halve the expected ballistic strikes",
        "gap 0 % (proven cheapest)",
        "from: ",
        "first full month: ",
        "costs: USD",
        "binding: strikes",
    ):
        assert part in sentence


def test_decision_json_is_what_its_schema_says_and_every_number_can_be_traced(folder):
    content = json.loads((folder / "decision.json").read_text("utf-8"))
    Draft202012Validator(tg.json_schema("decision")).validate(content)
    case = content["cases"]["posted"]
    rows = [row["id"] for row in content["evidence"]["numbers"]]
    assert set(content["prices"]) <= set(rows)
    cost = tg.why(f"{folder / 'decision.json'}#/cases/posted/mix/cost/best")
    assert {link.id for link in cost.rests_on[0].rests_on} == set(content["prices"])
    for field in case:
        assert tg.why(f"{folder / 'decision.json'}#/cases/posted/{field}").rests_on, field
    assert case["mix"]["cost"]["low"] < case["mix"]["cost"]["best"] < case["mix"]["cost"]["high"]


def test_months_follow_the_donors_and_say_in_how_many_worlds(folder):
    """First full months are the donors', arrivals what they give; each picture of the page has a name of its own."""
    case, page = decision().cases["posted"], (folder / "decision.html").read_text("utf-8")
    content = json.loads((folder / "decision.json").read_text("utf-8"))["cases"]["posted"]["ahead"]
    (told,) = content["months"]
    assert told["first_full_month"] == str(case.donors.last)
    assert sum(arrival["number"] for arrival in told["arrivals"]) == sum(gift.units for gift in case.donors.gifts)
    assert {arrival["giver"] for arrival in told["arrivals"]} == {gift.holder for gift in case.donors.gifts}
    assert content["neighbours"]["added"] == {kind: number for kind, number in case.solved.mix.added.items() if number}
    assert f"Followed in {told['worlds']} worlds" in page
    names = re.findall(r'<clipPath id="([^"]+)"', page)
    assert len(names) == len(set(names))
    for pointer in ("months/0/arrivals/0/number", "months/0/months/3/met", "neighbours/rates/0/low"):
        assert tg.why(f"{folder / 'decision.json'}#/cases/posted/ahead/{pointer}").rests_on, pointer
    arrives = tg.why(f"{folder / 'decision.json'}#/cases/posted/ahead/months/0/arrivals/0/number")
    assert "holders" in {link.id for link in arrives.rests_on}


def test_the_plan_has_every_unit_with_kind_order_and_gain(folder):
    features = json.loads((folder / "plan.geojson").read_text("utf-8"))["features"]
    added = decision().cases["posted"].solved.mix.added
    assert len(features) == sum(added.values())
    assert [feature["properties"]["order"] for feature in features] == list(range(1, len(features) + 1))
    for kind, number in added.items():
        assert sum(feature["properties"]["kind"] == kind for feature in features) == number
    # What units lower together is what the plan lowers: 1 less the mean of what remains.
    study, goal = study_of(), evidence().scenario.headline
    scores = MixScores(study, "posted", [goal], dict.fromkeys(KINDS, 30))
    mix = decision().cases["posted"].solved.mix
    left = scores.remaining(goal, scores.laydown(added), mix.rounds)[:, -1].mean()
    assert sum(feature["properties"]["gain"] for feature in features) == pytest.approx(1 - left, abs=1e-4)


def test_tables_and_page_say_the_same(folder):
    frontier = pd.read_csv(folder / "frontier.csv")
    mixed = frontier[frontier["kinds"] == "patriot sampt"]
    assert mixed["cost_musd"].is_monotonic_increasing
    moves = pd.read_csv(folder / "moves.csv")
    assert set(moves.loc[moves["kind"] == "price", "input"]) <= {row.id for row in decision().price_rows}
    page = (folder / "decision.html").read_text("utf-8")
    assert decision().cases["posted"].solved.mix.words() in page
    assert page.count("<svg") >= 4
    assert decision().cases["posted"].donors.gifts[0].holder in page
    assert "not verified" in page


def test_what_cannot_be_decided_is_refused_by_name():
    scenario, calibration = evidence().scenario, evidence().calibration
    with pytest.raises(tg.InputError) as error:
        tg.cheapest(scenario, calibration, goals=tg.goals_named(scenario, ["strikes"]), kinds=("nasams", "hawk"))
    assert "nasams: protects nothing" in str(error.value)
    assert "hawk: no price" in str(error.value)
    with pytest.raises(tg.InfeasibleError, match="patriot 1"):
        tg.cheapest(
            scenario, calibration, goals=tg.goals_named(scenario, ["strikes"]), kinds=(), limits={"patriot": 1},
            effort=tg.Effort(worlds=200, runs=2),
        )  # fmt: skip
    with pytest.raises(tg.InputError, match="allowed are strikes"):
        tg.goals_named(scenario, ["nothing"])
