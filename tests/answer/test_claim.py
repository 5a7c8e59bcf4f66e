"""Public claims: read as an analyst would, refused with an example otherwise, tested on the answer's own worlds."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from core_example import evidence
from locations import SHARED, needs_shared

from tegmen.answer.claim import (
    EXAMPLES,
    GoalCheck,
    check_claim,
    claim_of,
    conditions_of,
    parse_added,
    read_claim,
)
from tegmen.answer.readings import score
from tegmen.answer.study import Effort, begin_study
from tegmen.errors import InputError
from tegmen.question.scenario import read_scenario
from tegmen.question.sentence import _table, phrases  # pyright: ignore[reportPrivateUsage]

MARCH = read_scenario("march-2024")


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


SENTENCES = rows_of(Path(__file__).parent / "sentences.csv")
CLAIMS = [row for row in SENTENCES if row["system"]]
OTHERS = [row["sentence"] for row in SENTENCES if not row["system"]]


# ------------------------------------------------------------------ read whole, or refused


@pytest.mark.parametrize("row", CLAIMS, ids=lambda row: row["sentence"])
def test_a_claim_is_read_as_it_is(row):
    claim = read_claim(row["sentence"], MARCH)
    assert (claim.system, claim.low, claim.high) == (row["system"], int(row["low"]), int(row["high"]))
    assert claim.denied == (row["denied"] == "yes")
    if not row["metric"]:
        assert claim.goals == MARCH.goals
        return
    (goal,) = claim.goals
    assert goal.metric == row["metric"]
    assert math.isclose(goal.threshold, float(row["left"]), abs_tol=1e-6)
    assert goal.confidence == float(row["confidence"])
    assert not row["cities"] or goal.largest_cities == int(row["cities"])


@pytest.mark.parametrize("sentence", OTHERS)
def test_what_is_no_claim_that_so_many_are_enough_is_refused_with_an_example(sentence):
    with pytest.raises(InputError) as refused:
        read_claim(sentence, MARCH)
    assert EXAMPLES[0] in str(refused.value)


def test_there_are_enough_sentences_of_both_kinds():
    assert len(CLAIMS) >= 40
    assert len(OTHERS) >= 60


@needs_shared
def test_sentences_that_were_misread_are_read_or_refused():
    for row in rows_of(SHARED / "cases" / "claims.csv"):
        if row["right_behaviour"].startswith("read the negation"):
            assert read_claim(row["claim"], MARCH).denied
        else:
            with pytest.raises(InputError):
                read_claim(row["claim"], MARCH)


@pytest.mark.parametrize(
    "word",
    ["double", "hardly", "drone", "Odesa", "twice", "missiles", "not", "7", "Patriot", "by", "\u202e", "½"],
)
@pytest.mark.parametrize("claim", [row["sentence"] for row in CLAIMS[:24:2]])
def test_a_word_more_is_never_swallowed(claim, word):
    """Put anywhere in a claim, a word refuses it, or changes what is read."""
    whole, words = read_claim(claim, MARCH), claim.split()
    for at in range(len(words) + 1):
        longer = " ".join([*words[:at], word, *words[at:]])
        try:
            read = read_claim(longer, MARCH)
        except InputError:
            continue
        before = (whole.system, whole.low, whole.high, whole.goals, whole.denied)
        # a system named twice in a row, or "by" beside "to", would be neither
        assert (read.system, read.low, read.high, read.goals, read.denied) != before, longer


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("Germany gave three Patriot batteries", ("“germany”", "“gave”", "tegmen ledger")),
        ("7 Patriot missiles halve the strikes", ("“missiles”", "only fire units")),
        ("7 Patriots halve the drone strikes", ("“drone”", "goals count ballistic strikes")),
        ("7 Patriots would halve ballistic strikes on Kharkiv", ("“kharkiv”",)),
        ("7 Patriots reduce ballistic strikes", ("by how much",)),
        ("Ukraine needs 7 Patriots", ("not what for",)),
        ("7 Patriots halve ballistic strikes in May 2024", ("May 2024", "March 2024")),
        ("500 Patriot systems cover the whole country", ("allowed: 0 to 30",)),
        ("7 Patriots are enough with 0 % confidence", ("confidence", "above 0 %")),
        ("", ("found 0 systems", "found 0 numbers")),
        ("7\u202e Patriots are enough", ("\\u202e",)),
        ("7 Patriots " + "really " * 200, ("characters",)),
    ],
)
def test_a_refusal_names_what_is_left_over(words, named):
    with pytest.raises(InputError) as refused:
        read_claim(words, MARCH)
    for each in named:
        assert each in str(refused.value)
    assert str(refused.value).replace("\n", "").isprintable()


def test_no_phrase_of_the_table_has_two_meanings():
    """What is longest decides, and two that are as long would leave it to their order."""
    kinds: dict[str, set[str]] = {}
    for row in SENTENCES:
        for phrase in phrases(row["sentence"])[0]:
            fits = {(kind, value) for kind, value, words in _table() if words.fullmatch(phrase.words)}
            kinds[phrase.words] = {f"{kind} {value}" for kind, value in fits}
    assert {words: found for words, found in kinds.items() if len(found) > 1} == {}


def test_words_name_another_number_of_cities_strength_or_confidence_and_the_goal_follows():
    (goal,) = read_claim("7 Patriots cut ballistic strikes on the 10 largest cities by 30 %", MARCH).goals
    assert (goal.largest_cities, goal.threshold, goal.confidence) == (10, 0.7, 0.8)
    assert goal.label == "cut the expected ballistic strikes on the 10 largest cities by 30 %"
    (same,) = read_claim("7 Patriots halve ballistic strikes on the 25 largest cities", MARCH).goals
    assert same == MARCH.headline
    every = read_claim("7 Patriots are enough with 90 % confidence", MARCH).goals
    assert [goal.confidence for goal in every] == [0.9] * len(MARCH.goals)


def test_a_goal_is_given_only_where_the_words_name_none():
    claim = read_claim("7 Patriots are enough", MARCH, goal=MARCH.goal("people"))
    assert claim.goals == (MARCH.goal("people"),)
    with pytest.raises(InputError, match="the words name one"):
        read_claim("7 Patriots halve ballistic strikes", MARCH, goal=MARCH.goal("people"))


def test_what_is_read_narrower_than_said_is_told():
    reading = read_claim("Ukraine needs 7 Patriots to halve strikes on Ukraine", MARCH).reading
    for told in ("“strikes” as ballistic strikes", "“on ukraine” as on the largest cities", "that fewer are not"):
        assert told in reading


@pytest.mark.parametrize("text", ["7", "patriot", "patriot=", "patriot=7.5", "patriot=-1", "Patriot=7", "patriot=7=8"])
def test_the_structured_form_is_read_as_it_is(text):
    assert parse_added("patriot=7") == ("patriot", 7, 7)
    assert parse_added("sampt=5-7") == ("sampt", 5, 7)
    with pytest.raises(InputError, match="SYSTEM=NUMBER"):
        parse_added(text)


def test_the_examples_are_read():
    for words in EXAMPLES:
        assert len(read_claim(words, MARCH).goals) == 1


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
    plan = study.sites(MARCH.headline, "patriot", MARCH.added_max)
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
        conditions = conditions_of("posted", {"x": unknown}, MARCH.headline, remaining, np.arange(200))
        # a share of exactly the confidence asked is not enough: its error could be luck
        assert any(condition.worlds >= 0.4 for condition in conditions) == holds


def test_the_widest_range_of_each_unknown_is_named():
    remaining = np.where(np.arange(200) < 150, 0.4, 0.9)
    columns = {"low is good": np.arange(200.0), "chance": np.tile([0.0, 1.0], 100)}
    (condition,) = conditions_of("posted", columns, MARCH.headline, remaining, np.arange(200))
    assert (condition.unknown, condition.side) == ("low is good", "at most")
    # the widest share s of the lowest, by twentieths, with p - sqrt(p (1 - p) / 200 s) >= 0.8 where p = 0.75 / s
    assert condition.worlds == pytest.approx(0.9, abs=0.011)


def test_an_unknown_that_does_not_bear_on_the_goal_is_no_condition():
    """A goal met in a share a hair below what is asked: of 40 columns of chance some side of some cut is above it."""
    random = np.random.default_rng(7)
    met = random.random(2000) < 0.795
    noise = {f"noise {at}": random.random(2000) for at in range(40)}
    bears = {"bears": np.where(met, random.random(2000), 0.5 * random.random(2000))}
    conditions = conditions_of("posted", noise | bears, MARCH.headline, np.where(met, 0.4, 0.9), np.arange(2000))
    assert [condition.unknown for condition in conditions] == ["bears"]


@pytest.mark.parametrize(
    ("added", "interval", "denied", "verdict"),
    [
        (7, (5, 7), False, "holds"),
        (6, (5, 7), False, "not resolved"),
        (5, (5, 7), False, "not resolved"),
        (4, (5, 7), False, "does not hold"),
        (30, (28, None), False, "not resolved"),
        (30, (31, None), False, "does not hold"),
        (30, (31, None), True, "holds"),
        (7, (5, 7), True, "does not hold"),
        (6, (5, 7), True, "not resolved"),
    ],
)
def test_a_verdict_is_that_of_the_range_which_sampling_leaves(added, interval, denied, verdict):
    check = GoalCheck("posted", MARCH.headline, (added,), (0.8,), (0.03,), 0.5, None, interval, denied)
    assert check.verdict == verdict


def test_number_and_range_are_those_of_the_answer(small_question, small_result, until_march, small_effort):
    claim = claim_of("patriot", 5, 12, None, small_question)
    checked = check_claim(claim, small_question, until_march, seed=1, effort=small_effort)
    assert len(checked.checks) == 2 * len(small_question.goals)
    for check in checked.checks:
        answer = next(each for each in small_result.cases[check.case].goals if each.goal == check.goal)
        assert (check.enough, check.n_interval) == (answer.n, answer.n_interval)
        assert check.probability == tuple(answer.probability[[5, 12]])
        assert check.mcse == tuple(answer.mcse[[5, 12]])


def test_more_units_hold_in_more_worlds(checked):
    (check,) = checked.checks
    assert check.probability[0] < check.probability[1]
    assert np.all(np.array(check.mcse) > 0)
    assert 0 <= check.delivers <= 1


def test_systems_that_meet_nothing_of_the_goal_cannot_be_claimed():
    with pytest.raises(InputError, match="allowed: patriot, sampt"):
        claim_of("nasams", 3, 3, MARCH.headline, MARCH)
    assert claim_of("nasams", 3, 3, MARCH.goal("capacity"), MARCH).system == "nasams"
