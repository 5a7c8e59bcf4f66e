"""The page of who gives, and donors.json: the plan's own numbers, traced to their sources."""

from __future__ import annotations

import json

import jsonschema
import pytest

import tegmen as tg
from tegmen.report.donors_page import DONORS_FILES, donors_section
from tegmen.report.json_files import json_schema


@pytest.fixture(scope="module")
def plan():
    return tg.donors(tg.read_scenario("march-2024"), added={"patriot": 3})


@pytest.fixture(scope="module")
def folder(plan, tmp_path_factory):
    return tg.write_donors(plan, tmp_path_factory.mktemp("donors") / "out").parent


@pytest.fixture(scope="module")
def content(folder):
    return json.loads((folder / "donors.json").read_text("utf-8"))


def test_the_file_is_valid_and_says_what_the_plan_says(plan, folder, content):
    assert sorted(path.name for path in folder.iterdir()) == sorted(DONORS_FILES)
    jsonschema.Draft202012Validator(json_schema("donors")).validate(content)
    assert [(gift["holder"], gift["units"], gift["month"]) for gift in content["gifts"]] == [
        (gift.holder, gift.units, gift.month) for gift in plan.gifts
    ]
    assert content["limits"][0]["gain"] == plan.limits[0].gain
    assert content["fighting"] == {"patriot": list(plan.fighting["patriot"])}
    assert content["added"] == {"patriot": 3}
    assert content["by"] == "2026-03"


def test_every_number_is_there_once_with_its_source_and_every_part_names_its_own(content):
    numbers = {number["id"]: number for number in content["evidence"]["numbers"]}
    assert len(numbers) == len(content["evidence"]["numbers"])
    assert all(number["source"] for number in numbers.values())
    for part in (*content["gifts"], *content["givers"], *content["limits"]):
        assert set(part["numbers"]) <= set(numbers)
    of_germany = next(gift for gift in content["gifts"] if gift["holder"] == "Germany")
    assert {name.split("/")[1] for name in of_germany["numbers"]} == {"germany", "any-holder"}


@pytest.mark.parametrize(
    ("pointer", "reached"),
    [
        ("/gifts/0/units", "holders/germany/patriot/floor/2024-04"),
        ("/givers/0/stock/1", "inventories/united-states/patriot/partner/2023-11"),
        ("/limits/0/months", "inventories/germany/patriot/partner/2024-04"),
        ("/reach/best/patriot", "holders/japan/patriot/floor_share/2023-12"),
    ],
)
def test_why_traces_a_number_to_its_sources(folder, pointer, reached):
    found, todo = [], [tg.why(f"{folder / 'donors.json'}#{pointer}")]
    while todo:
        link = todo.pop()
        found.append(link.id)
        todo += link.rests_on
    assert reached in found
    assert "source" in found
    everybody = pointer.startswith("/reach")
    assert ("holders/japan/patriot/floor_share/2023-12" in found) == everybody


def test_the_page_shows_pictures_first_and_hides_no_doubt(plan, folder):
    page = (folder / "donors.html").read_text("utf-8")
    section = donors_section(plan)
    assert section.index("<svg") < section.index("<table")
    assert plan.sentence() in page
    assert all(limit.words in page for limit in plan.limits)
    assert "No holder has published the floor it keeps" in page
    assert "voices differ: 9 to 10" in page
    assert "partners 101–131" in page
    assert "<script" not in page


def test_the_same_plan_gives_the_same_bytes(plan, folder, tmp_path):
    tg.write_donors(plan, tmp_path / "again")
    for name in DONORS_FILES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
