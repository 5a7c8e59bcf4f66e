"""Pages and files of months and of neighbours: whole, inert, the same numbers as their results, each with a source."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from core_example import evidence
from jsonschema import Draft202012Validator

from tegmen import Arrival, Effort, by_when, json_schema, neighbours, why, write_months, write_neighbours
from tegmen.ledger.store import open_ledger

EFFORT = Effort(worlds=60, runs=2)


@pytest.fixture(scope="module")
def months():
    shipped = evidence()
    arrivals = [Arrival("patriot", 2, dt.date(2024, 5, 1), giver="<b>giver</b>")]
    return by_when(shipped.scenario, shipped.calibration, arrivals=arrivals, months=4, effort=EFFORT)


@pytest.fixture(scope="module")
def across():
    shipped = evidence()
    return neighbours(shipped.scenario, shipped.calibration, added={"patriot": 2}, effort=EFFORT, names=["Slovakia"])


def test_months_are_a_page_with_three_pictures_first(months, tmp_path):
    page = write_months(months, tmp_path).read_text("utf-8")
    assert page.count("<svg ") == 3
    assert page.index("<svg ") < page.index("<table>")
    assert "August" not in page
    assert "July 2024" in page
    assert "not a forecast" in page
    lines = (tmp_path / "months.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + 5
    assert lines[1].startswith("2024-03,0,")


def test_months_in_json_are_those_of_the_result(months, tmp_path):
    content = json.loads((write_months(months, tmp_path).parent / "months.json").read_text("utf-8"))
    Draft202012Validator(json_schema("months")).validate(content)
    told = content["by_when"]
    assert told["first_full_month"] == "2024-06-01"
    assert [month["month"] for month in told["months"]] == ["2024-03", "2024-04", "2024-05", "2024-06", "2024-07"]
    assert [month["met"] for month in told["months"]] == pytest.approx([month.met for month in months.months], rel=1e-5)
    assert told["months"][-1]["added"]["patriot"] == pytest.approx(months.months[-1].added["patriot"], rel=1e-5)
    assert told["arrivals"][0] == {
        "kind": "patriot", "number": 2, "month": "2024-05", "pledged": None, "giver": "<b>giver</b>",
    }  # fmt: skip
    assert told["delays"][0]["mean"] == pytest.approx(months.delays[0].mean, rel=1e-5)


def leaves(content, pointer: str = "") -> list[str]:
    """Pointers to every number in a JSON document."""
    steps = content if isinstance(content, dict) else dict(enumerate(content)) if isinstance(content, list) else {}
    if not steps:
        return [pointer] if isinstance(content, int | float) and not isinstance(content, bool) else []
    return [found for key, value in steps.items() for found in leaves(value, f"{pointer}/{key}".replace("~", "~0"))]


def ends(link) -> list:
    return [link] if not link.rests_on else [end for below in link.rests_on for end in ends(below)]


@pytest.mark.parametrize("name", ["months", "neighbours"])
def test_every_number_of_them_leads_to_something(months, across, tmp_path, name):
    write_months(months, tmp_path)
    write_neighbours(across, tmp_path)
    path = tmp_path / f"{name}.json"
    content = json.loads(path.read_text("utf-8"))
    one_of_each = {
        re.sub(r"/\d+", "/#", pointer): pointer for pointer in leaves(content) if "/evidence/" not in pointer
    }
    assert len(one_of_each) >= 20
    for pointer in one_of_each.values():
        chain = why(f"{path}#{pointer}")
        assert chain.rests_on, pointer
        for end in ends(chain):
            assert end.id.startswith(("source", "range", "choice", "method", "record", "A")), (pointer, end.id)


def test_losses_lead_to_their_row_and_crossings_to_who_told_of_them(months, across, tmp_path):
    write_months(months, tmp_path)
    write_neighbours(across, tmp_path)
    rows = {link.id: link for link in why(f"{tmp_path / 'months.json'}#/by_when/months/4/met").rests_on}
    assert "model/loss_share_a_month" in {link.id for link in rows["catalogue"].rests_on}
    content = json.loads((tmp_path / "neighbours.json").read_text("utf-8"))["neighbours"]
    at, crossing = next((at, row) for at, row in enumerate(content["crossings"]) if row["first"] == "2024-03-24")
    chain = why(f"{tmp_path / 'neighbours.json'}#/neighbours/crossings/{at}/neighbour")
    assert [link.id for link in chain.rests_on] == crossing["entries"]
    assert len(chain.rests_on) == 5
    rate = next(row for row in content["rates"] if (row["neighbour"], row["year"]) == ("Poland", 2024))
    assert set(crossing["entries"]) <= set(rate["entries"])
    with open_ledger() as ledger:
        assert all(ledger.entry(id_).place.startswith("Poland") for id_ in rate["entries"])


def test_neighbours_are_a_page_with_the_picture_first(across, tmp_path):
    page = write_neighbours(across, tmp_path).read_text("utf-8")
    assert page.count("<svg ") == 1
    assert page.index("<svg ") < page.index("<table>")
    assert "the evidence does not say" in page
    assert "Uzhhorod" in page
    content = json.loads((tmp_path / "neighbours.json").read_text("utf-8"))
    Draft202012Validator(json_schema("neighbours")).validate(content)
    told = content["neighbours"]
    assert told["gaps"] == ["Bulgaria", "Hungary", "Slovakia"]
    assert len(told["crossings"]) == len(across.crossings)
    assert (tmp_path / "neighbours.csv").read_text("utf-8").count("\n") == 1 + len(across.rates)
