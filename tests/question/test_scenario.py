"""What is held on a day, and the rounds that come with added units: what a scenario says, and what it may leave out."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from core_example import MEET_BALLISTIC, MEET_MISSILES
from pydantic import ValidationError

from tegmen.evidence.catalogue import read_catalogue
from tegmen.ledger.store import open_ledger
from tegmen.question.numbers import gather
from tegmen.question.scenario import Rounds, Scenario, faults_of, read_scenario, scenario_schema

CATALOGUE = read_catalogue()
ROWS = (
    {"system": "patriot", "since": "2023-04-26", "low": 2, "best": 2, "high": 3, "source": "one page"},
    {"system": "sampt", "since": "2023-06-19", "low": 1, "best": 1, "high": 1, "source": "another page"},
    {"system": "patriot", "since": "2023-12-14", "low": 2, "best": 3, "high": 4, "source": "a third page"},
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def scenario(**changes: object) -> Scenario:
    return Scenario.model_validate(read_scenario("march-2024").model_dump() | changes)


def refused(**changes: object) -> str:
    with pytest.raises(ValidationError) as caught:
        scenario(**changes)
    (fault,) = faults_of(caught.value)
    return fault


# ------------------------------------------------------------------ units in service


@pytest.mark.parametrize(
    ("on", "patriot", "sampt"),
    [
        ("2023-04-25", (0, 0, 0), (0, 0, 0)),
        ("2023-04-26", (2, 2, 3), (0, 0, 0)),
        ("2023-12-13", (2, 2, 3), (1, 1, 1)),
        ("2023-12-14", (2, 3, 4), (1, 1, 1)),
        ("2030-01-01", (2, 3, 4), (1, 1, 1)),
    ],
)
def test_the_latest_row_of_a_system_holds(on, patriot, sampt):
    asked = scenario(held=ROWS)
    assert asked.held_on("patriot", day(on)).span == patriot
    assert asked.held_on("sampt", day(on)).span == sampt


def test_a_system_without_rows_is_held_as_in_the_catalogue_from_the_beginning():
    asked = scenario(held=ROWS)
    for on in ("2022-02-24", "2024-03-01"):
        assert asked.held_on("nasams", day(on)) == CATALOGUE.inventory("Ukraine", "nasams")
    bare = scenario(held=())
    for system in MEET_MISSILES:
        assert bare.held_on(system, day("2024-03-01")) == CATALOGUE.inventory("Ukraine", system)


def test_eras_begin_where_a_number_held_changes():
    asked = scenario(held=ROWS)
    assert asked.eras(["patriot"]) == (day("2023-04-26"), day("2023-12-14"))
    assert asked.eras(MEET_BALLISTIC) == (day("2023-04-26"), day("2023-06-19"), day("2023-12-14"))
    assert asked.eras(["nasams"]) == (dt.date.min,)
    assert asked.eras(["sampt", "nasams"]) == (dt.date.min, day("2023-06-19"))
    for first, following in pairwise((*asked.eras(MEET_BALLISTIC), day("2024-07-01"))):
        for system in MEET_BALLISTIC:
            assert asked.held_on(system, first) == asked.held_on(system, following - dt.timedelta(days=1))


def test_every_span_has_a_name_of_its_own_and_its_source():
    asked = scenario(held=ROWS)
    spans = [asked.held_on(s, day(on)) for s in MEET_BALLISTIC for on in ("2023-01-01", "2023-07-01", "2024-01-01")]
    assert len({span.label for span in spans}) == len(set(spans)) == 5
    assert asked.held_on("patriot", day("2024-01-01")).source == "a third page"


def test_the_shipped_question_has_units_before_the_rows_of_the_record_that_need_them():
    """The first ballistic missile met was on 4 May 2023; March 2024 was asked about with two to five counted (A17)."""
    march = read_scenario("march-2024")
    assert march.held_on("patriot", day("2023-04-01")).span == (0, 0, 0)
    assert march.held_on("patriot", day("2023-05-04")).low >= 1
    low, best, high = march.held_on("patriot", march.month.first).span
    assert 2 <= low <= best == 3 <= high <= 5
    assert march.held_on("sampt", march.month.first).span == (1, 1, 1)
    inventory = CATALOGUE.inventory("Ukraine", "patriot").span
    assert (low, best, high) == inventory


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[::-1], "held: rows of patriot since 2023-12-14, 2023-04-26; put each later day after the earlier ones"),
        (ROWS[:1] * 2, "held: rows of patriot since 2023-04-26, 2023-04-26; put each later day"),
        (
            (ROWS[0] | {"system": "patriott"},),
            "(whole file): held[0].system: found 'patriott'; allowed are",
        ),
        ((ROWS[0] | {"since": "spring"},), "held[0].since: found 'spring'; input should be a valid date"),
        ((ROWS[0] | {"low": 3, "high": 2},), "held[0]: range out of order: low 3.0, best 2.0, high 2.0; need low <="),
        ((ROWS[0] | {"from": "2023-01-01"},), "held[0].from: unknown key; allowed keys are as_of, best, entry, high"),
    ],
)
def test_a_faulty_row_is_named(rows, said):
    assert refused(held=rows).startswith(said)


def test_what_is_held_was_chosen_among_counts_that_the_ledger_has():
    march = read_scenario("march-2024")
    with open_ledger() as ledger:
        for row in filter(lambda row: row.entry, march.held):
            entry = ledger.entry(row.entry)
            assert entry.quantity is not None
            assert row.best in entry.quantity.said
            assert entry.thing.endswith("held by Ukraine")
            assert entry.period is not None
            assert row.since <= entry.period[1]
        found = ledger.current(kind="statement", thing="Patriot held by Ukraine").values()
    # Later months have more; losses and damage are told under longer names.
    by_then = [entry for entry in found if entry.period and entry.period[1] <= dt.date(2024, 12, 31)]
    counts = [entry.quantity for entry in by_then if entry.thing == "Patriot held by Ukraine"]
    said = {value for quantity in counts if quantity for value in quantity.said}
    rows = [row for row in march.held if row.system == "patriot"]
    assert min(row.low for row in rows) <= min(said) <= max(said) <= max(row.high for row in rows)


# ------------------------------------------------------------------ rounds


def test_rounds_are_those_of_the_scenario_or_else_of_the_catalogue():
    assert scenario(rounds={"added_a_month": 25, "source": "a page"}).added_rounds.span == (25, 25, 25)
    assert scenario(rounds={"added_a_month": 0, "source": "a page"}).added_rounds.value == 0
    row = CATALOGUE.model("rounds_added_a_month")
    assert scenario(rounds={}).added_rounds == row
    other = {"id": row.id, "low": 1, "best": 2, "high": 3, "source": "a letter"}
    assert scenario(rounds={}, replace=(other,)).added_rounds.value == 2


def test_rounds_left_out_are_gathered_as_the_catalogues_row_and_once():
    row = CATALOGUE.model("rounds_added_a_month")
    for parameters in ((), CATALOGUE.parameters):
        ids = [number.id for number in gather(scenario(rounds={}), parameters).numbers]
        assert ids.count(row.id) == 1
        assert "rounds/added_a_month" not in ids


def test_numbers_held_later_than_the_month_and_the_record_are_none_of_the_answer():
    ids = {number.id for number in gather(read_scenario("march-2024"), ()).numbers if number.role == "held"}
    assert ids == {"held/patriot/2023-04-26", "held/patriot/2023-12-14", "held/sampt/2023-06-19"}


def test_the_frontier_shows_no_rounds_and_the_headlines():
    march = read_scenario("march-2024")
    assert march.rounds.frontier[0] == 0
    assert march.added_rounds.value in march.rounds.frontier
    assert Rounds().frontier


@pytest.mark.parametrize(
    ("rounds", "said"),
    [
        ({"frontier": (0, 20, 10)}, "rounds.frontier: found 0, 20, 10; give rounds a month in ascending order"),
        ({"frontier": (5, 5)}, "rounds.frontier: found 5, 5; give rounds"),
        ({"frontier": ()}, "rounds.frontier: found ()"),
        ({"frontier": (-1, 5)}, "rounds.frontier[0]: found -1"),
        ({"added_a_month": -1}, "rounds.added_a_month: found -1"),
        ({"added": 5}, "rounds.added: unknown key; allowed keys are added_a_month, entry, frontier, source"),
    ],
)
def test_faulty_rounds_are_named(rounds, said):
    assert refused(rounds=rounds).startswith(said)


def test_the_schema_says_what_may_be_left_out():
    schema = scenario_schema()
    assert {"held", "rounds"}.isdisjoint(schema["required"])
    assert "baseline" not in schema["properties"]
    held = schema["$defs"]["Held"]
    assert set(held["properties"]["system"]["examples"]) >= set(MEET_MISSILES)
    assert {"system", "since", "low", "best", "high", "source"} == set(held["required"])
