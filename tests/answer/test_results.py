"""How an answer reads: sentences a minister's adviser can quote, from numbers set by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from core_example import four_cities
from report_example import example

from tegmen.answer.claim import read_claim
from tegmen.answer.results import (
    CaseAnswer,
    ClaimTest,
    CutAnswer,
    Frontier,
    GoalAnswer,
    Informed,
    Iso,
    Reaction,
    ReadingAnswer,
    Stand,
    Sufficiency,
    number_span,
    percent,
)
from tegmen.engine.check import Agreement
from tegmen.ledger.aid import AidStatus
from tegmen.question.numbers import gather
from tegmen.question.scenario import Goal, QuotedClaim, Scenario
from tegmen.terms import FrozenDict, Provenance

GOAL = Goal(
    name="strikes",
    label="halve the expected ballistic strikes on the 25 largest cities",
    metric="ballistic_strikes",
    threshold=0.5,
    confidence=0.8,
    headline=True,
)
PEOPLE = Goal(name="people", label="halve the people struck", metric="people_struck", threshold=0.5, confidence=0.8)
CAPITALS = Goal(
    name="capitals", label="leave no oblast capital uncovered", metric="capitals_uncovered", threshold=0, confidence=0.8
)
QUOTE = "5–7, the minimum named on 3 April 2024"


def made(*, n: int | None, interval: tuple[int, int | None], probability: tuple[float, ...], **changed) -> GoalAnswer:
    """An answer with a curve over 0, 1, 2 .. and an error of 0.02 at each point."""
    size = len(probability)
    answer = GoalAnswer(
        goal=GOAL,
        system="patriot",
        n=n,
        n_interval=interval,
        resolved=interval[0] == interval[1],
        worlds=200,
        ess=150.0,
        added=np.arange(size),
        probability=np.array(probability),
        mcse=np.full(size, 0.02),
        remaining=np.linspace(1, 0, size)[:, None] * np.array([0.8, 0.9, 1.0]),
        claims=(),
        drivers=(),
        placement=tuple(Stand("patriot", f"City {i}", 49.0, 30.0, 25.0) for i in range(size)),
        siting_gap=0.0,
        evpi=1.0,
        evpi_error=0.1,
        censored=0.0,
    )
    return replace(answer, **changed)


CLEAR = made(n=2, interval=(2, 2), probability=(0.0, 0.3, 0.93, 0.97))
NONE = made(n=None, interval=(4, None), probability=(0.0, 0.1, 0.2, 0.42), resolved=True)


def reading(name: str, n: int | None) -> ReadingAnswer:
    return ReadingAnswer(name, f"because of {name}", n, 0.5, 0.01, None, 100.0)


def case_of(
    *goals: GoalAnswer,
    readings: dict[str, int | None] | None = None,
    informed: int | None = 1,
    guarantee: int | None = 2,
    **changed,
) -> CaseAnswer:
    """A case whose readings, informed plan and guarantee have these numbers."""
    zeros = np.zeros(1)
    answer = CaseAnswer(
        case="posted",
        goals=goals,
        rounds_added=40.0,
        readings=tuple(reading(name, n) for name, n in (readings or {"targets by the front": 2}).items()),
        frontier=(Frontier("strikes", (40.0, np.inf), (2, 2), np.zeros((2, 4)), "units bind"),),
        iso=Iso((0.5,), (0.8,), ((2,),)),
        reaction=Reaction((0.0, 0.25), (2, 2), guarantee),
        informed=Informed(informed, np.array([0.0, 0.55, 0.9, 0.99]), np.full(4, 0.02)),
        stability=(CutAnswer(date(2024, 3, 31), 2, 0.9, 0.01, 100.0),),
        check=Agreement(np.array([0]), zeros, zeros, zeros, zeros, worlds=50, runs=2),
        strikes=None,
        launched=FrozenDict(),
        intercepted=FrozenDict(),
        baseline=(),
        glide_bombs=FrozenDict(),
    )
    return replace(answer, **changed)


def result_of(march: Scenario, calibration, case: CaseAnswer, *quotes: tuple[str, int]) -> Sufficiency:
    """A result of one case; quotes are (words, number)."""
    claims = tuple(
        QuotedClaim(label=f"{number}", added=number, source="a test", quote=words) for words, number in quotes
    )
    tests = tuple(
        ClaimTest(f"{number}", number, float(case.headline.probability[number]), 0.02, "a test") for _, number in quotes
    )
    scenario = march.model_copy(update={"claims": claims, "added_max": 3})
    case = replace(case, goals=tuple(replace(goal, claims=tests) for goal in case.goals))
    aid = AidStatus(scenario.month.last, (), ())
    evidence, source = gather(scenario, ()), Provenance("0", 1, {})
    return Sufficiency(
        scenario, calibration, 1, FrozenDict({"posted": case}), four_cities(), (), evidence, aid, source
    )  # fmt: skip


# ------------------------------------------------------------------ one goal


def test_a_resolved_number():
    assert CLEAR.sentence() == (
        "2 more Patriot fire units halve the expected ballistic strikes on the 25 largest cities in at least 80 % of "
        "worlds"
    )


@pytest.mark.parametrize(
    ("interval", "left"), [((1, 3), "1–3"), ((2, None), "2–beyond 3"), ((4, None), "beyond 3")]
)  # fmt: skip
def test_an_unresolved_number_says_what_sampling_leaves(interval, left: str):
    answer = made(n=2, interval=interval, probability=(0.0, 0.77, 0.81, 0.97), resolved=False)
    assert answer.sentence().endswith(f"in at least 80 % of worlds; sampling alone leaves {left}")


def test_none_enough_says_up_to_how_many_and_how_far_they_get():
    assert NONE.sentence() == (
        "no number up to 3 more Patriot fire units is enough to halve the expected ballistic strikes on the 25 largest "
        "cities in at least 80 % of worlds (3 do so in 42 %)"
    )


def test_one_unit_is_singular_and_none_is_plural():
    answer = made(n=1, interval=(1, 1), probability=(0.0, 0.95, 0.96, 0.97))
    assert answer.sentence().startswith("1 more Patriot fire unit halves the expected ballistic strikes")
    assert replace(answer, goal=CAPITALS, system="sampt").sentence().startswith("1 more SAMP/T fire unit leaves no")
    answer = made(n=0, interval=(0, 0), probability=(0.95, 0.95, 0.96, 0.97))
    assert answer.sentence().startswith("0 more Patriot fire units halve the")


def test_stands_of_the_answer_are_the_first_of_its_placement():
    assert [stand.place for stand in CLEAR.stands] == ["City 0", "City 1"]
    assert NONE.stands == NONE.placement


def test_a_curve_is_a_table():
    table = CLEAR.to_pandas()
    assert list(table.columns) == ["added", "probability", "mcse", "remaining_10", "remaining_50", "remaining_90"]
    assert table["added"].tolist() == [0, 1, 2, 3]
    assert table.loc[2, "probability"] == 0.93
    assert table.loc[0, ["remaining_10", "remaining_50", "remaining_90"]].tolist() == [0.8, 0.9, 1.0]


# ------------------------------------------------------------------ per cent


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1e-9, "< 1 %"),
        (1 / 600, "< 1 %"),
        (0.005, "< 1 %"),
        (0.0051, "1 %"),
        (0.494, "49 %"),
        (0.8, "80 %"),
        (0.9949, "99 %"),
        (0.995, "> 99 %"),
        (1 - 1e-9, "> 99 %"),
        (1.0, "100 %"),
    ],
)
def test_per_cent(share: float, words: str):
    assert percent(share) == words


def test_only_certainty_reads_as_certainty():
    for k in range(601):
        words = percent(k / 600)
        assert (words == "0 %") == (k == 0)
        assert (words == "100 %") == (k == 600)


# ------------------------------------------------------------------ readings


@pytest.mark.parametrize(
    ("readings", "informed", "guarantee", "span", "most", "words"),
    [
        ({"front": 1, "equal kill": 2}, 2, 2, (1, 2), "front", "1–2"),
        ({"front": 2, "equal kill": 2}, 2, 3, (2, 3), "re-aiming", "2–3"),
        ({"front": 2, "equal kill": 2}, 0, 3, (0, 3), "a plan that knows the layout", "0–3"),
        # one in which no number tried is enough is one beyond the largest tried, and leaves the range open
        ({"front": None, "equal kill": 1}, 2, 2, (1, None), "front", "1 to more than 3"),
        ({"front": 2, "equal kill": 2}, 1, None, (1, None), "re-aiming", "1 to more than 3"),
    ],
)
def test_the_range_spans_the_readings_and_the_furthest_matters_most(readings, informed, guarantee, span, most, words):
    case = case_of(CLEAR, readings=readings, informed=informed, guarantee=guarantee)
    assert case.span == span
    assert case.matters_most == most
    assert number_span(case.span, 3) == words


def test_where_no_number_is_enough_in_any_reading_the_range_is_beyond_all():
    case = case_of(NONE, readings={"front": None}, informed=None, guarantee=None)
    assert case.span == (None, None)
    assert number_span(case.span, 3) == "more than 3"
    assert case_of(NONE, readings={"front": 1}, informed=None, guarantee=None).matters_most == "front"


def test_without_a_reaction_the_range_does_without_it():
    case = case_of(CLEAR, readings={"front": 2}, informed=1, reaction=None)
    assert case.span == (1, 2)
    assert case.matters_most == "a plan that knows the layout"


# ------------------------------------------------------------------ the sentence


def test_the_answer_sentence_names_number_range_rounds_and_what_matters_most(march, until_march):
    case = case_of(CLEAR, readings={"targets by the front": 4}, informed=1, guarantee=2)
    assert result_of(march, until_march, case).sentence("posted") == (
        "2 (1–4) more Patriot fire units, with 40 rounds a month for them, halve the expected ballistic strikes on the "
        "25 largest cities in at least 80 % of worlds; 1–4 spans the readings, of which “targets by the front” matters "
        "most. Units bind."
    )


def test_where_none_is_enough_the_sentence_says_so(march, until_march):
    case = case_of(NONE, readings={"targets by the front": 3}, informed=None, guarantee=None)
    assert result_of(march, until_march, case).sentence("posted") == (
        "No number up to 3 more Patriot fire units, with 40 rounds a month for them, is enough to halve the expected "
        "ballistic strikes on the 25 largest cities in at least 80 % of worlds; 3 to more than 3 spans the readings, "
        "of which “targets by the front” matters most. Units bind."
    )


def test_claims_quoted_are_judged_under_both_plans_and_no_pair_reads_as_an_interval(march, until_march):
    sentence = result_of(march, until_march, case_of(CLEAR), (QUOTE, 1), (QUOTE, 2), ("", 3)).sentence("posted")
    assert sentence.endswith(
        f"matters most. Units bind. {QUOTE}, is enough in 55 % (1) and 90 % (2) of worlds for a plan that knows the "
        "defender's own layout, in 30 % (1) and 93 % (2) for one that does not."
    )


def test_two_quotations_are_told_apart(march, until_march):
    quotes = (("a minister's 1", 1), ("another's 2", 2))
    sentence = result_of(march, until_march, case_of(CLEAR), *quotes).sentence("posted")
    assert ". a minister's 1, is enough in 55 % of worlds for a plan that knows" in sentence
    assert ". another's 2, is enough in 90 % of worlds for a plan that knows the defender's own layout" in sentence
    assert sentence.endswith("in 93 % for one that does not.")


def test_the_finding_says_that_goals_differ_and_leaves_out_what_only_illustrates(march, until_march):
    case = case_of(CLEAR, replace(NONE, goal=PEOPLE), replace(CLEAR, goal=CAPITALS))
    assert result_of(march, until_march, case).finding("posted") == (
        "What is enough for one goal is not enough for another: 2 to halve the expected ballistic strikes on the 25 "
        "largest cities; none up to 3 to halve the people struck."
    )


def test_what_is_by_construction_or_a_guess_is_an_illustration(march):
    findings = {goal.name: goal.is_finding for goal in march.goals}
    assert findings == {"strikes": True, "people": True, "capitals": False, "capacity": False}
    assert CAPITALS.model_copy(update={"headline": True}).is_finding  # what is asked about is never put aside
    assert "By construction" in CAPITALS.measure.illustration


def test_the_finding_says_that_goals_agree(march, until_march):
    words = result_of(march, until_march, case_of(CLEAR, replace(CLEAR, goal=PEOPLE))).finding("posted")
    assert words.startswith("The same number for every goal: 2 to halve the expected")


# ------------------------------------------------------------------ tables


def test_the_summary_has_a_row_a_goal(march, until_march):
    table = result_of(march, until_march, case_of(CLEAR, replace(NONE, goal=PEOPLE)), (QUOTE, 1)).summary()
    assert table["goal"].tolist() == ["strikes", "people"]
    assert table["n"].tolist() == [2, "none"]
    assert table["resolved"].tolist() == [True, True]
    assert table["P(1)"].tolist() == [0.3, 0.3]
    assert table["range"].tolist() == ["2–2", "beyond 3"]


def test_to_pandas_holds_every_curve(march, until_march):
    table = result_of(march, until_march, case_of(CLEAR, replace(NONE, goal=PEOPLE))).to_pandas()
    assert list(table.columns[:4]) == ["case", "goal", "added", "probability"]
    assert table.groupby("goal")["probability"].max().to_dict() == {"strikes": 0.97, "people": 0.42}


def test_repr_is_the_answer(march, until_march):
    result = result_of(march, until_march, case_of(CLEAR))
    first, second = repr(result).splitlines()
    assert first == "<Sufficiency march-2024, seed 1>"
    assert second == f"posted: {result.sentence('posted')}"


def test_html_is_escaped(march, until_march):
    goal = GOAL.model_copy(update={"label": "halve <script>alert(1)</script> & more"})
    html = result_of(march, until_march, case_of(replace(CLEAR, goal=goal)))._repr_html_()
    assert "<script" not in html
    assert "halve &lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html
    assert html.count("<table") == 1


def test_a_claim_is_judged_by_the_goal_it_is_about():
    """“The whole country” means in the report what it means in `check`: no capital uncovered."""
    case = example().cases["posted"]
    by_label = {test.label: (at, goal, test) for at, goal, test in case.judged}
    at, goal, test = by_label["25: whole country"]
    capitals = next(answer for answer in case.goals if answer.goal.name == "capitals")
    assert goal == capitals.goal
    assert test.probability == capitals.probability[25]
    assert case.headline.claims[at].label == test.label
    assert read_claim("25 Patriot systems cover the whole country", example().scenario).goals == (goal,)
    others = [goal.headline for label, (_, goal, _) in by_label.items() if label != "25: whole country"]
    assert all(others)
    assert len(others) == 4


def test_a_claim_about_another_system_is_not_set_beside_the_answer():
    other = example().scenario.model_copy(update={"added_system": "sampt"})
    assert other.claims_tested == ()
    assert sum("is not judged" in line for line in other.caveats()) == len(other.claims) == 5


def test_the_cost_of_an_answer_is_that_of_one_unit_times_the_units():
    result = example()
    each, n = result.unit_cost, result.cases["posted"].headline.n
    assert (each.system, each.unit) == ("patriot", "USD million")
    cost = result.cost("posted")
    assert (cost.low, cost.best, cost.high) == (n * each.low, n * each.best, n * each.high)
    replaced = example(replace=({"id": each.id, "low": 700.0, "best": 800.0, "high": 900.0, "source": "a bid"},))
    assert replaced.cost("posted").best == n * 800
