"""Every number of a written answer can be followed to a source."""

from __future__ import annotations

import json
import re

import pytest
from report_example import example

from tegmen.errors import InputError
from tegmen.ledger.store import open_ledger
from tegmen.report.trace import Link, why


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


def test_every_number_of_an_answer_leads_to_something(folder):
    """Whatever number a reader points at, the chain ends in sources, in a choice, or in the program itself."""
    path = folder / "answer.json"
    content = json.loads(path.read_text("utf-8"))
    kinds: dict[str, str] = {}
    for pointer in leaves(content):
        kinds.setdefault(re.sub(r"/\d+", "/#", pointer), pointer)  # one of each kind is enough
    assert len(kinds) > 80
    for pointer in kinds.values():
        chain = why(f"{path}#{pointer}")
        assert chain.rests_on, pointer
        for end in ends(chain):
            assert end.text
            assert end.id.startswith(("source", "range", "choice", "method", "record", "A")), (pointer, end.id)


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
    "pointer",
    ["readings/0/probability", "frontier/1/n/2", "iso/n/0/1", "reaction/guarantee", "informed/claims/0/informed",
     "stability/3/ess", "check/points/5/correction", "range/0", "frontier/0/probability/2/4"],
)  # fmt: skip
def test_new_numbers_rest_on_record_units_held_and_catalogue(folder, pointer):
    chain = why(f"{folder / 'answer.json'}#/cases/posted/{pointer}")
    assert {"record", "held", "catalogue", "assumptions"} <= {link.id for link in chain.rests_on}
    held = next(link for link in chain.rests_on if link.id == "held")
    scenario = example().scenario
    known = [row for row in scenario.held if row.since <= scenario.month.last]
    assert {link.id for link in held.rests_on} == {f"held/{row.system}/{row.since}" for row in known}


def test_rounds_asked_of_the_frontier_are_choices_and_not_evidence_of_the_record(folder):
    chain = why(f"{folder / 'answer.json'}#/cases/posted/frontier/0/rounds/1")
    assert "choice" in {link.id for link in chain.rests_on}
    assert "record" not in {link.id for link in chain.rests_on}


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


DAMAGE = {
    "a number that is text": lambda content: content["cases"]["posted"].update(n="many"),
    "a share that is text": lambda content: content["cases"]["posted"].update(censored="many"),
    "a share that is a list": lambda content: content["cases"]["posted"]["check"].update(largest=[]),
    "a share of 400 digits": lambda content: content["cases"]["posted"].update(censored=10**400),
    "no cases": lambda content: content.update(cases={}),
    "cases that are a list": lambda content: content.update(cases=[1]),
    "a case nobody knows": lambda content: content["cases"].update(guessed=content["cases"]["posted"]),
    "numbers that are none": lambda content: content["evidence"].update(numbers=7),
    "a number of no role": lambda content: content["evidence"]["numbers"][0].update(role="guess"),
    "an entry that is gone": lambda content: content["evidence"]["entries"].clear(),
    "an entry that says something else": lambda content: next(
        iter(content["evidence"]["entries"].values())
    ).update(speaker="Somebody"),
    "an entry of no kind": lambda content: next(iter(content["evidence"]["entries"].values())).pop("kind"),
    "a quantity that is none": lambda content: next(
        entry for entry in content["evidence"]["entries"].values() if "quantity" in entry
    ).update(quantity=[1, 2]),
    "a source that says something else": lambda content: next(
        iter(content["evidence"]["sources"].values())
    ).update(publisher="Nobody"),
    "a range too short": lambda content: content["evidence"]["ranges"].update(x=["a"]),
    "no hashes": lambda content: content.update(inputs=None),
    "no seed": lambda content: content.pop("seed"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_answer_is_said_to_be_damaged(folder, tmp_path, damage):
    content = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    DAMAGE[damage](content)
    (tmp_path / "answer.json").write_text(json.dumps(content), encoding="utf-8")
    for pointer in ("/cases/posted/n", "/evidence/numbers/0", ""):
        with pytest.raises(InputError, match=r"damaged, or of another version|no evidence in it"):
            why(f"{tmp_path / 'answer.json'}#{pointer}")


NONE_OF_OURS = ["", "[" * 100_000, '{"seed": NaN}', '{"a": 1, "a": 2}', "9" * 5000, "\x00", '"x"', "[]"]


@pytest.mark.parametrize("text", NONE_OF_OURS)
def test_what_is_no_answer_is_said_to_be_none(tmp_path, text):
    (tmp_path / "answer.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"not JSON|no evidence in it"):
        why(f"{tmp_path / 'answer.json'}#/cases")


def test_a_pointer_that_is_none_is_refused(folder):
    with pytest.raises(InputError, match="begins with /"):
        why(f"{folder / 'answer.json'}#cases")
