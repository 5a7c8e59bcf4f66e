"""Every number of an answer has a source, and one that has not is refused by name."""

from __future__ import annotations

import datetime as dt
import re

import pytest

import tegmen as tg
from tegmen.errors import EvidenceError
from tegmen.evidence.catalogue import read_catalogue
from tegmen.question.numbers import gather
from tegmen.question.scenario import Held, Scenario, read_scenario

DAY = dt.date(2023, 4, 26)


@pytest.fixture(scope="module")
def march() -> Scenario:
    return read_scenario("march-2024")


def test_every_number_of_the_shipped_question_has_a_source_and_an_entry(march):
    evidence = gather(march, read_catalogue().parameters)
    assert {number.id for number in evidence.numbers if number.role == "official"} == {
        "official/missiles", "official/ballistic_and_s300", "official/drone", "official/glide_bomb",
    }  # fmt: skip
    for number in evidence.numbers:
        assert number.source.strip()
        if number.role in ("official", "claim"):
            assert evidence.entries[number.entry].source in evidence.sources
    assert len({number.id for number in evidence.numbers}) == len(evidence.numbers)


def test_the_numbers_agree_with_what_their_entries_say(march):
    """ "Over 400" is 401 or more in the ledger; the question uses the number said, which is the open end's limit."""
    evidence = gather(march, ())
    for number in filter(lambda number: number.entry, evidence.numbers):
        stated = evidence.entries[number.entry].quantity
        given = [value for value in (stated.low, stated.best, stated.high) if value is not None]
        if stated.hedge == "more than":
            given = [value - 1 for value in given]
        assert min(given) <= number.best <= max(given), number.id


def test_what_has_no_source_is_refused_by_name(march):
    bare = march.model_copy(update={"held": (Held(system="patriot", since=DAY, low=1, best=2, high=3, source=" "),)})
    with pytest.raises(EvidenceError, match=r"held/patriot/2023-04-26 \(patriot fire units in service from .*, 2 "):
        gather(bare, ())


def test_a_report_with_a_number_nobody_can_trace_is_not_made(march, tmp_path):
    bare = march.model_copy(update={"held": (Held(system="patriot", since=DAY, low=1, best=2, high=3, source=""),)})
    calibration = tg.calibrate(tg.read_record(), until=march.until, seed=1)
    with pytest.raises(EvidenceError, match="held/patriot"):
        tg.sufficiency(bare, calibration, seed=1)


def test_an_entry_that_is_not_there_is_refused(march):
    claims = (march.claims[0].model_copy(update={"entry": "statement-000000000000"}),)
    with pytest.raises(EvidenceError, match=r"claims/0: names the ledger entry statement-000000000000"):
        gather(march.model_copy(update={"claims": claims}), ())


def test_entries_come_from_the_ledger_the_scenario_names(march, tmp_path):
    path = tmp_path / "own.ledger"
    with tg.new_ledger(path, empty=True):
        pass
    with pytest.raises(EvidenceError, match=re.escape(f"which {path} has not")):
        gather(march.model_copy(update={"ledger": str(path)}), ())


def test_hedges_become_ranges_with_what_made_them(march):
    evidence = gather(march, ())
    number = next(each for each in evidence.numbers if each.id == "official/missiles")
    span = evidence.ranges[number.entry]
    assert span.low == 401
    assert span.low <= span.best <= span.high
    assert "more than" in span.words
