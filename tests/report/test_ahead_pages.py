"""Pages of months and of neighbours: whole, inert, and the same numbers as their results."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from core_example import evidence

from tegmen import Arrival, Effort, by_when, neighbours, write_months, write_neighbours
from tegmen.report.months_page import months_json
from tegmen.report.neighbours_page import neighbours_json

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


def test_months_in_json_are_those_of_the_result(months):
    told = json.loads(json.dumps(months_json(months), allow_nan=False))
    assert told["first_full_month"] == "2024-06-01"
    assert [month["month"] for month in told["months"]] == ["2024-03", "2024-04", "2024-05", "2024-06", "2024-07"]
    assert told["arrivals"][0] == {
        "kind": "patriot", "number": 2, "month": "2024-05", "pledged": None, "giver": "<b>giver</b>",
    }  # fmt: skip
    assert told["delays"][0]["mean"] == months.delays[0].mean


def test_neighbours_are_a_page_with_the_picture_first(across, tmp_path):
    page = write_neighbours(across, tmp_path).read_text("utf-8")
    assert page.count("<svg ") == 1
    assert page.index("<svg ") < page.index("<table>")
    assert "the evidence does not say" in page
    assert "Uzhhorod" in page
    told = json.loads(json.dumps(neighbours_json(across), allow_nan=False))
    assert told["gaps"] == ["Bulgaria", "Hungary", "Slovakia"]
    assert len(told["crossings"]) == len(across.crossings)
    assert (tmp_path / "neighbours.csv").read_text("utf-8").count("\n") == 1 + len(across.rates)
