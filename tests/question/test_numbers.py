"""Every number of an answer can be followed to a source, and one that cannot is refused by name."""

from __future__ import annotations

import json
import re

import pytest
from report_example import example

from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.catalogue import read_catalogue
from tegmen.ledger.store import open_ledger
from tegmen.question.numbers import gather
from tegmen.question.scenario import Held, Scenario, read_scenario
from tegmen.report.answer_page import write_report
from tegmen.report.style import schema
from tegmen.report.trace import Link, why


@pytest.fixture(scope="module")
def march() -> Scenario:
    return read_scenario("march-2024")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_report([example()], tmp_path_factory.mktemp("why") / "out").parent


def ends(link: Link) -> list[Link]:
    return [link] if not link.rests_on else [end for below in link.rests_on for end in ends(below)]


def leaves(content, pointer: str = "") -> list[str]:
    """Pointers to every number in a JSON document."""
    if isinstance(content, dict):
        steps = {key.replace("~", "~0").replace("/", "~1"): value for key, value in content.items()}
    elif isinstance(content, list):
        steps = {str(i): value for i, value in enumerate(content)}
    else:
        return [pointer] if isinstance(content, int | float) and not isinstance(content, bool) else []
    return [found for key, value in steps.items() for found in leaves(value, f"{pointer}/{key}")]


# ------------------------------------------------------------------ gathering


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
    for number in evidence.numbers:
        stated = evidence.entries[number.entry].quantity
        given = [value for value in (stated.low, stated.best, stated.high) if value is not None]
        if stated.hedge == "more than":
            given = [value - 1 for value in given]
        assert min(given) <= number.best <= max(given), number.id


def test_what_has_no_source_is_refused_by_name(march):
    bare = march.model_copy(update={"baseline": {"patriot": Held(low=1, best=2, high=3, source=" ")}})
    with pytest.raises(EvidenceError, match=r"baseline/patriot \(patriot fire units in service, 2"):
        gather(bare, ())


def test_a_report_with_a_number_nobody_can_trace_is_not_made(march, tmp_path):
    import tegmen as tg

    bare = march.model_copy(update={"baseline": {"patriot": Held(low=1, best=2, high=3, source="")}})
    calibration = tg.calibrate(tg.read_record(), until=march.until, seed=1)
    with pytest.raises(EvidenceError, match="baseline/patriot"):
        tg.sufficiency(bare, calibration, seed=1)


def test_an_entry_that_is_not_there_is_refused(march):
    claims = (march.claims[0].model_copy(update={"entry": "statement-000000000000"}),)
    with pytest.raises(EvidenceError, match=r"claims/0: names the ledger entry statement-000000000000"):
        gather(march.model_copy(update={"claims": claims}), ())


def test_entries_come_from_the_ledger_the_scenario_names(march, tmp_path):
    path = tmp_path / "own.ledger"
    import tegmen as tg

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


# ------------------------------------------------------------------ tracing


def test_every_number_of_an_answer_leads_to_something(folder):
    """Whatever number a reader points at, the chain ends in sources, in a choice, or in the program itself."""
    path = folder / "answer.json"
    content = json.loads(path.read_text("utf-8"))
    described = schema("answer")
    kinds: dict[str, str] = {}
    for pointer in leaves(content):
        kinds.setdefault(re.sub(r"/\d+", "/#", pointer), pointer)  # one of each kind is enough
    assert len(kinds) > 40
    for pointer in kinds.values():
        chain = why(f"{path}#{pointer}")
        assert chain.rests_on, pointer
        for end in ends(chain):
            assert end.text
            assert end.id.startswith(("source", "range", "choice", "method", "record", "A")), (pointer, end.id)
    assert schema["properties"]["evidence"]["x-rests-on"] == ["number"]


def test_a_claim_is_followed_to_the_article(folder):
    chain = why(f"{folder / 'answer.json'}#/cases/posted/claims/0/added")
    (number,) = chain.rests_on
    entry = next(link for link in number.rests_on if link.id.startswith("statement-"))
    assert "Kuleba" in entry.text
    assert "Kyiv Independent" in entry.rests_on[-1].text
    with open_ledger() as ledger:
        assert ledger.entry(entry.id).speaker == "Dmytro Kuleba"


def test_the_claimed_case_rests_on_official_totals_and_the_posted_does_not(folder):
    path = folder / "answer.json"
    roots = {case: {link.id for link in why(f"{path}#/cases/{case}/n").rests_on} for case in ("posted", "claimed")}
    assert roots["claimed"] - roots["posted"] == {"official"}
    assert {"record", "catalogue", "assumptions", "choice", "method"} <= roots["posted"]


def test_the_answer_rests_on_every_catalogue_row_it_was_drawn_from(folder):
    chain = why(f"{folder / 'answer.json'}#/cases/posted/n")
    rows = next(link for link in chain.rests_on if link.id == "catalogue")
    assert {link.id for link in rows.rests_on} == {row.id for row in example().parameters}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("nowhere.json#/cases", "cannot be read"),
        ("{answer}#/cases/posted/m", "nothing named 'm' at /cases/posted; there are: .*n_interval"),
        ("{answer}#/cases/posted/n/0", "nothing named '0' at /cases/posted/n; there are: nothing further down"),
        ("{places}#/x", "not JSON"),
        ("{map}#/features", "no evidence in it"),
    ],
)
def test_what_cannot_be_traced_says_what_there_is(folder, asked, found):
    files = {"answer": "answer.json", "places": "places.csv", "map": "plan.geojson"}
    with pytest.raises(InputError, match=found):
        why(asked.format(**{key: folder / name for key, name in files.items()}))


def test_the_report_links_numbers_to_statements(folder):
    page = (folder / "report.html").read_text("utf-8")
    anchors = set(re.findall(r'id="([^"]+)"', page))
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= anchors
    assert {"claims/0", "official/missiles"} <= anchors
    assert any(target.startswith("statement-") for target in targets)
