"""Pictures: whole, described, the same every time, and showing the numbers of the results."""

from __future__ import annotations

import dataclasses
import io
import re
from datetime import date
from xml.etree import ElementTree as ET

import altair as alt
import numpy as np
import pytest
from report_example import example, stands, with_headline

import tegmen as tg
from tegmen.answer.drivers import CaseDrivers, Drivers
from tegmen.answer.estimates import Estimate
from tegmen.answer.plan import Plan
from tegmen.answer.results import ClaimTest
from tegmen.calibration.priors import Priors
from tegmen.ledger.aid import UNKNOWN, AidStatus, Amount, Holding
from tegmen.question.scenario import QuotedClaim
from tegmen.report.charts import (
    AID_COLOURS,
    claim_marks,
    draw_aid,
    draw_case_curve,
    draw_drivers,
    draw_goal,
    draw_remaining,
    svg,
)
from tegmen.report.reading_charts import draw_frontier, draw_informed, draw_iso, draw_readings
from tegmen.terms import FrozenDict


def svg_of(chart) -> str:
    file = io.StringIO()
    chart.save(file, format="svg")
    return file.getvalue()


def texts_of(picture: str) -> set[str]:
    root = ET.fromstring(picture)  # noqa: S314 - our own text
    return {"".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")}


def test_pictures_are_whole_described_and_kept_apart(page, result):
    pictures = re.findall(r"<svg role=.*?</svg>", page, flags=re.DOTALL)
    assert len(pictures) == 23 + len({holding.unit for holding in result.aid.holdings})
    identities: list[str] = []
    for picture in pictures:
        root = ET.fromstring(picture)  # noqa: S314 - our own text
        assert root.get("role") == "img"
        assert len(root.get("aria-label", "")) > 30
        own = [element.get("id") for element in root.iter() if element.get("id")]
        assert set(re.findall(r"url\(#([^)]+)\)", picture)) <= set(own)
        assert "NaN" not in picture
        identities += own
    assert len(set(identities)) == len(identities)


def test_ends_of_one_claim_are_one_mark():
    claims = [
        ClaimTest(label, added, 0.5, 0.01, "")
        for label, added in (
            ("5–7: minimum, low end", 5),
            ("7: cities, and more", 7),
            ("5–7: minimum, high end", 7),
            ("10: all", 10),
        )
    ]
    marks = [(mark.low, mark.high, mark.label) for mark in claim_marks(claims)]
    assert marks == [(5, 7, "5–7: minimum"), (7, 7, "7: cities, and more"), (10, 10, "10: all")]


def test_curve_picture_marks_claims_and_answers(result):
    pictures = {case: svg(draw_case_curve(result, case)) for case in result.cases}
    for case, picture in pictures.items():
        assert {"5–7: minimum", "10: radically change the situation"} <= texts_of(picture)
        assert "25: whole country" not in texts_of(picture)  # it is about another goal
        assert f"N = {result.cases[case].headline.n}" in texts_of(picture)
        assert picture == svg(draw_case_curve(result, case))


def test_a_chart_s_data_are_the_curve_s_own(result):
    answer = result.cases["claimed"].headline
    spec = draw_case_curve(result, "claimed").to_dict()
    (points,) = [rows for rows in spec["datasets"].values() if rows and "probability" in rows[0]]
    assert [row["added"] for row in points] == answer.added.tolist()
    np.testing.assert_array_equal([row["probability"] for row in points], answer.probability)
    np.testing.assert_array_equal([row["mcse"] for row in points], answer.mcse)


def test_no_ring_where_no_number_is_enough(result):
    none = with_headline(result, n=None, n_interval=(31, None))
    assert not any(text.startswith("N = ") for text in texts_of(svg(draw_case_curve(none, "posted"))))
    assert "NaN" not in svg(draw_goal(none, "strikes"))


def drawn(chart, *columns: str) -> list[tuple]:
    """Rows of every table of a chart that has these columns."""
    tables = chart.to_dict()["datasets"].values()
    return [tuple(row[name] for name in columns) for rows in tables for row in rows if set(columns) <= set(row)]


def test_readings_are_drawn_where_their_numbers_are_and_none_beyond_the_largest(result):
    answer = result.cases["posted"]
    none = dataclasses.replace(answer.readings[0], n=None)
    only = dataclasses.replace(
        result, cases={"posted": dataclasses.replace(answer, readings=(none, *answer.readings[1:]))}
    )
    chart = draw_readings(only)
    at = {name: (where, text) for name, where, text in drawn(chart, "name", "at", "number")}
    assert at["the headline"] == (answer.headline.n, str(answer.headline.n))
    assert at["targets by the front"][0] > 30
    assert at["targets by the front"][1] == "> 30"
    assert at["a plan that knows the layout"][0] == answer.informed.n
    assert at["re-aiming"][0] == answer.reaction.guarantee
    assert {"> 30", str(answer.headline.n)} <= texts_of(svg(chart))


def test_the_frontier_s_picture_has_every_number_of_rounds_and_triangles_where_none_is_enough(result):
    chart = draw_frontier(result, "people")
    for answer in result.cases.values():
        (frontier,) = [each for each in answer.frontier if each.goal == "people"]
        numbers = zip(frontier.rounds, frontier.n, strict=True)
        expected = {(f"{rounds:g}" if np.isfinite(rounds) else "no limit", n is None) for rounds, n in numbers}
        assert expected <= set(drawn(chart, "rounds", "none"))
    assert {"no limit", "none", "40"} <= texts_of(svg(chart))


def test_iso_lines_frame_what_the_headline_asks(result):
    chart = draw_iso(result, "claimed")
    iso = result.cases["claimed"].iso
    cells = {(left, asked): text for left, asked, text in drawn(chart, "left", "asked", "number")}
    assert len(cells) == len(iso.thresholds) * len(iso.confidences)
    assert cells["50 %", "80 %"] == str(result.cases["claimed"].headline.n)
    assert cells["30 %", "95 %"] == "> 30"
    assert "datum.left === '50 %' && datum.asked === '80 %'" in str(chart.to_dict())


def test_both_plans_are_drawn_from_the_results_own_numbers(result):
    answer = result.cases["posted"]
    rows = drawn(draw_informed(result, "posted"), "added", "probability", "informed")
    np.testing.assert_array_equal([row[1] for row in rows], answer.headline.probability)
    np.testing.assert_array_equal([row[2] for row in rows], answer.informed.probability)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_not_drawn(result, bad):
    remaining = result.cases["posted"].headline.remaining.copy()
    remaining[3] = bad
    picture = svg(draw_remaining(with_headline(result, remaining=remaining), "posted"))
    assert not re.search(r"NaN|Infinity", picture)


def test_a_driver_without_a_number_has_its_name_and_no_bar(result):
    known, unknown = result.cases["posted"].headline.drivers[:2]
    drawn = [known, dataclasses.replace(unknown, unknown="nobody knows", share=float("nan"))]
    picture = svg(draw_drivers(drawn, "posted"))
    assert "nobody knows" in texts_of(picture)
    assert "NaN" not in picture


def test_any_result_gives_one_chart(result):
    two = stands(2, start=4)
    plan = Plan(result.scenario, "claimed", {"patriot": 2}, two, "proven best", 0.0, {}, {}, result.provenance)
    for answer, words in (
        (result, "Claimed totals: 15 (9–26) more Patriot fire units"),
        (plan, "1 Kryvyi Rih, 2 Lviv"),
    ):
        chart = tg.chart(answer)
        assert isinstance(chart, alt.LayerChart | alt.HConcatChart)
        assert words in chart["description"]
        assert "NOTIONAL" not in str(chart.to_dict())  # no baseline in it


def test_drivers_give_one_chart_with_both_cases(result):
    known = result.cases["posted"].headline.drivers
    one = CaseDrivers(8, 0.0, 4_000, known, known, Estimate(4.5, 0.3))
    drivers = Drivers(result.scenario, 1, {"posted": one, "claimed": one}, result.provenance)
    texts = texts_of(svg_of(tg.chart(drivers)))
    assert {"Posted record", "Claimed totals", "availability of a Patriot"} <= texts


def test_a_back_test_gives_one_chart_with_every_class_scored():
    fast = Priors(
        levels=57, steps=(0.05, 0.2, 0.8), concentrations=(2.0, 8.0, 32.0, 128.0), points=300, coverage_levels=(5, 7)
    )
    backtest = tg.backtest(tg.read_record(), start="2024-05", priors=fast)
    spec = tg.chart(backtest).to_dict()
    drawn = [row for rows in spec["datasets"].values() for row in rows]
    scored = backtest.forecasts["threat_class"].isin([key.name for key in backtest.classes])
    assert len(drawn) == scored.sum() == len(backtest.forecasts)
    assert sorted(row["intercepted"] for row in drawn) == sorted(backtest.forecasts["intercepted"])


def test_labels_are_text_whatever_is_in_them():
    words = '<script>alert(1)</script> & "it"'
    picture = svg(draw_case_curve(example(claims=(QuotedClaim(label=words, added=3, source="a"),)), "posted"))
    assert "<script" not in picture
    assert words in texts_of(picture)


def aid_of(*amounts) -> AidStatus:
    """Aid of holdings given as (item, unit, stages, owed, overdue)."""
    holdings = [
        Holding("A", item, unit, FrozenDict(stages), owed, late, ()) for item, unit, stages, owed, late in amounts
    ]
    return AidStatus(date(2024, 3, 31), (), tuple(holdings))


def test_aid_of_one_unit_shares_a_scale_and_a_bar_is_as_long_as_its_number():
    status = aid_of(
        ("Hawk", "launchers", {"pledged": Amount(12, 12, 12), "delivered": Amount(4, 4, 6)}, Amount(6, 8, 8), None),
        ("Patriot", "launchers", {"delivered": Amount(2, 2, 2)}, None, None),
        ("NASAMS", "launchers", {"pledged": Amount(8, 8, 8)}, Amount(8, 8, 8), Amount(8, 8, 8)),
        ("Patriot", "", {"pledged": UNKNOWN}, UNKNOWN, UNKNOWN),
    )
    counted, uncounted = draw_aid(status, "patriot")
    rows = drawn(counted, "name", "from", "to", "colour")
    assert rows == [
        ("A: Patriot, launchers", 0, 2, AID_COLOURS["delivered"]),
        ("A: Hawk, launchers", 0, 4, AID_COLOURS["delivered"]),
        ("A: Hawk, launchers", 4, 12, AID_COLOURS["owed"]),
        ("A: NASAMS, launchers", 0, 8, AID_COLOURS["overdue"]),
    ]
    domains = {tuple(layer["encoding"]["x"]["scale"]["domain"]) for layer in counted.to_dict()["layer"][:2]}
    assert domains == {(0, 12)}
    assert drawn(uncounted, "name", "from") == []
    assert texts_of(svg(uncounted)) == {"A: Patriot", "? owed, ? overdue"}
