"""How an answer reads: sentences a minister's adviser can quote, from numbers set by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from core_example import four_cities

from tegmen.answer.results import CaseAnswer, ClaimTest, GoalAnswer, Stand, Sufficiency, percent
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
        runs=50,
        added=np.arange(size),
        probability=np.array(probability),
        mcse=np.full(size, 0.02),
        remaining=np.linspace(1, 0, size)[:, None] * np.array([0.8, 0.9, 1.0]),
        claims=(),
        drivers=(),
        placement=tuple(Stand("patriot", f"City {i}", 49.0, 30.0, 25.0) for i in range(size)),
        evpi=1.0,
        evpi_error=0.1,
        censored=0.0,
    )
    return replace(answer, **changed)


def result_of(march: Scenario, calibration, *goals: GoalAnswer, quotes: tuple[tuple[str, int, float], ...] = ()):
    """A result of one case; quotes are (words, number, probability)."""
    claims = tuple(
        QuotedClaim(label=f"{number}", added=number, source="a test", quote=words) for words, number, _ in quotes
    )
    tests = tuple(ClaimTest(f"{number}", number, share, 0.02, "a test") for _, number, share in quotes)
    scenario = march.model_copy(update={"claims": claims, "added_max": 3})
    answers = tuple(replace(goal, claims=tests) for goal in goals)
    nothing = FrozenDict[str, Any]()
    case = CaseAnswer("posted", answers, nothing, nothing, (), nothing, 0.1)
    cases, evidence = FrozenDict({"posted": case}), gather(scenario, ())
    aid = AidStatus(scenario.month.last, (), ())
    return Sufficiency(scenario, calibration, 1, cases, four_cities(), (), evidence, aid, Provenance("0", 1, {}))


CLEAR = made(n=2, interval=(2, 2), probability=(0.0, 0.3, 0.93, 0.97))
NONE = made(n=None, interval=(4, None), probability=(0.0, 0.1, 0.2, 0.42), resolved=True)


# ------------------------------------------------------------------ one goal


def test_a_resolved_number():
    assert CLEAR.sentence() == (
        "With 200 worlds x 50 months: 2 more Patriot fire units (range 2–2) halve the expected ballistic strikes on "
        "the 25 largest cities in at least 80 % of worlds"
    )


def test_an_unresolved_number_says_so_and_by_how_much():
    answer = made(n=2, interval=(1, 3), probability=(0.0, 0.77, 0.81, 0.97))
    assert answer.sentence() == (
        "With 200 worlds x 50 months: 2 more Patriot fire units (range 1–3) halve the expected ballistic strikes on "
        "the 25 largest cities in at least 80 % of worlds; sampling does not resolve it (1 gives 0.770 ± 0.040 against "
        "0.80)"
    )


def test_an_open_end_is_more_than_the_most_tried():
    answer = made(n=3, interval=(2, None), probability=(0.0, 0.3, 0.79, 0.81))
    assert "3 more Patriot fire units (range 2–more than 3) halve" in answer.sentence()
    assert "does not resolve it (2 gives 0.790 ± 0.040 against 0.80)" in answer.sentence()


def test_none_enough_says_up_to_how_many_and_how_far_they_get():
    assert NONE.sentence() == (
        "With 200 worlds x 50 months: no number up to 3 more Patriot fire units is enough to halve the expected "
        "ballistic strikes on the 25 largest cities in at least 80 % of worlds (3 do so in 42 %)"
    )


def test_none_enough_but_the_last_nearly_is_unresolved():
    answer = made(n=None, interval=(3, None), probability=(0.0, 0.1, 0.2, 0.79))
    assert "(3 do so in 79 %); sampling does not resolve it (3 gives 0.790 ± 0.040 against 0.80)" in answer.sentence()


def test_one_unit_is_singular():
    answer = made(n=1, interval=(1, 1), probability=(0.0, 0.95, 0.96, 0.97))
    assert "1 more Patriot fire unit (range 1–1) halves the expected ballistic strikes" in answer.sentence()
    leave = GOAL.model_copy(update={"label": "leave no oblast capital uncovered"})
    assert "1 more SAMP/T fire unit (range 1–1) leaves no" in replace(answer, goal=leave, system="sampt").sentence()


def test_none_needed_is_plural():
    answer = made(n=0, interval=(0, 0), probability=(0.95, 0.95, 0.96, 0.97))
    assert "0 more Patriot fire units (range 0–0) halve the" in answer.sentence()


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


# ------------------------------------------------------------------ all goals


def test_the_answer_sentence_ends_with_the_claims_quoted(march, until_march):
    quotes = ((QUOTE, 1, 0.17), (QUOTE, 2, 0.37), ("", 3, 0.6))
    sentence = result_of(march, until_march, CLEAR, quotes=quotes).sentence("posted")
    assert sentence == f"{CLEAR.sentence()}; {QUOTE}, does so in 17–37 % of worlds."


def test_claims_quoted_that_fare_alike_have_one_number(march, until_march):
    quotes = ((QUOTE, 1, 0.3001), (QUOTE, 2, 0.2999))
    assert result_of(march, until_march, CLEAR, quotes=quotes).sentence("posted").endswith("does so in 30 % of worlds.")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0, 0.3, "in 0–30 % of worlds"),
        (0.4, 1.0, "in 40–100 % of worlds"),
    ],
)
def test_spans_of_claims(march, until_march, low: float, high: float, words: str):
    quotes = ((QUOTE, 1, high), (QUOTE, 2, low))
    assert result_of(march, until_march, CLEAR, quotes=quotes).sentence("posted").endswith(words + ".")


def test_two_quotations_are_told_apart(march, until_march):
    quotes = (("one minister's 1", 1, 0.3), ("another's 2", 2, 0.9))
    sentence = result_of(march, until_march, CLEAR, quotes=quotes).sentence("posted")
    assert sentence.endswith("; one minister's 1, does so in 30 % of worlds; another's 2, does so in 90 % of worlds.")


def test_without_quotes_the_sentence_stands_alone(march, until_march):
    assert result_of(march, until_march, CLEAR).sentence("posted") == CLEAR.sentence() + "."


def test_the_finding_says_that_goals_differ(march, until_march):
    other = replace(NONE, goal=PEOPLE)
    assert result_of(march, until_march, CLEAR, other).finding("posted") == (
        "What is enough for one goal is not enough for another: 2 to halve the expected ballistic strikes on the 25 "
        "largest cities; none up to 3 to halve the people struck."
    )


def test_the_finding_says_that_goals_agree(march, until_march):
    found = result_of(march, until_march, CLEAR, replace(CLEAR, goal=PEOPLE)).finding("posted")
    assert found.startswith("The same number for every goal: 2 to halve the expected")


def test_the_summary_has_a_row_a_goal(march, until_march):
    result = result_of(march, until_march, CLEAR, replace(NONE, goal=PEOPLE), quotes=((QUOTE, 1, 0.3),))
    table = result.summary()
    assert table["goal"].tolist() == ["strikes", "people"]
    assert table["n"].tolist() == [2, "none"]
    assert table["resolved"].tolist() == [True, True]
    assert table["P(1)"].tolist() == [0.3, 0.3]
    assert table["range"].iloc[0] == "2–2"


def test_to_pandas_holds_every_curve(march, until_march):
    table = result_of(march, until_march, CLEAR, replace(NONE, goal=PEOPLE)).to_pandas()
    assert list(table.columns[:4]) == ["case", "goal", "added", "probability"]
    assert table.groupby("goal")["probability"].max().to_dict() == {"strikes": 0.97, "people": 0.42}


def test_repr_is_the_answer(march, until_march):
    assert repr(result_of(march, until_march, CLEAR)).splitlines() == [
        "<Sufficiency march-2024, seed 1>",
        f"posted: {CLEAR.sentence()}.",
    ]


def test_html_is_escaped(march, until_march):
    goal = GOAL.model_copy(update={"label": "halve <script>alert(1)</script> & more"})
    html = result_of(march, until_march, replace(CLEAR, goal=goal))._repr_html_()
    assert "<script" not in html
    assert "halve &lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in html
    assert html.count("<table") == 1


def test_the_small_result_reads(small_result):
    for case in ("posted", "claimed"):
        answer = small_result.cases[case].headline
        sentence = small_result.sentence(case)
        assert sentence.startswith(f"With 40 worlds x 6 months: {answer.n} more Patriot fire units (range ")
        shares = [percent(test.probability).removesuffix(" %") for test in answer.claims if test.added in (5, 7)]
        assert sentence.endswith(f"; {QUOTE}, does so in {min(shares, key=int)}–{max(shares, key=int)} % of worlds.")
        assert small_result.finding(case).count(";") == 3
