"""The report's page, tables and map file against the results they are made from, and against each other."""

from __future__ import annotations

import csv
import dataclasses
import html
import json
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from report_example import example, stands, with_headline

from tegmen.answer.drivers import CaseDrivers, Drivers
from tegmen.answer.estimates import Estimate
from tegmen.answer.plan import Plan
from tegmen.errors import InputError
from tegmen.ledger.aid import aid_status
from tegmen.ledger.store import open_ledger
from tegmen.question.scenario import QuotedClaim
from tegmen.report.answer_page import write_report
from tegmen.report.drivers_page import write_drivers
from tegmen.report.folders import check_writable
from tegmen.report.style import number_text, share_text

FILES = ("answer.json", "curve.csv", "places.csv", "plan.geojson", "report.html")


def words(text: str) -> str:
    """The text a reader sees: no tags, no style, no-break spaces as spaces."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())


def table(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- the page


def shares(*numbers: float) -> str:
    return " ".join(share_text(number) for number in numbers).replace("\u00a0", " ")


def section(page: str, name: str) -> str:
    """The text of one section."""
    found = page.partition(f'<section id="{name}">')[2].partition("</section>")[0]
    assert found, name
    return words(found)


def test_page_shows_the_numbers_of_the_answer(page, answer):
    shown = words(page)
    for case in answer["cases"].values():
        assert " ".join(case["sentence"].split()) in shown
        assert " ".join(case["finding"].split()) in shown
        for goal in case["goals"]:
            low, high = goal["n_interval"]
            leaves = f"sampling leaves {low} or more" if high is None else f"sampling leaves {low}–{high}"
            assert goal["resolved"] or leaves in shown
            assert ("more than 30" if goal["n"] is None else f" {goal['n']} ") in shown
        for point in case["curve"]:
            assert f"{shares(point['probability'])} ± {shares(2 * point['mcse'])}" in shown
        for driver in case["drivers"]:
            assert f"{driver['unknown']} {shares(driver['share'])} ± " in shown
            assert f"{driver['evppi']:.1f} ± {2 * driver['evppi_error']:.1f}" in shown
            assert (driver["total"], driver["total_error"]) == (None, None)
        assert f"{case['evpi']:.1f} ± {2 * case['evpi_error']:.1f} units bought in vain" in shown
        for order, stand in enumerate(case["placement"], start=1):
            assert f"{order} {stand['place']} Patriot" in shown
        for count in case["launched"].values():
            assert number_text(count) in shown
        for span in (*case["intercepted"].values(), *case["glide_bombs"].values()):
            assert all(number_text(round(value)) in shown for value in span)


def test_the_headline_is_a_number_with_the_range_over_the_readings_and_what_matters_most(page, answer):
    card = section(page, "answer")
    for case in answer["cases"].values():
        low, high = case["range"]
        assert f"{case['n']} more Patriot fire units; {low}–{high} over the readings" in card
        assert f"What matters most: {case['matters_most']} ." in section(page, "why")


def test_the_first_screen_has_the_goal_what_it_costs_and_what_it_saves(page, answer, result):
    card = section(page, "answer")
    assert card.startswith(f"To {result.scenario.headline.label} in at least 80 % of worlds takes:")
    for case in answer["cases"].values():
        cost, strikes = case["cost"], case["strikes"]
        low, best, high = (number_text(cost[end]) for end in ("low", "best", "high"))
        assert f"About {best} ({low}–{high}) {cost['unit']}." in card
        assert f"{strikes['fewer'][1]:.1f} ({strikes['fewer'][0]:.1f}–" in card
        assert cost["best"] == pytest.approx(case["n"] * result.unit_cost.best)


def test_the_first_screen_has_the_doubts_with_the_numbers_they_leave(page, answer, result):
    card = section(page, "answer")
    rows = {
        "What is aimed at, also re-aimed": lambda case: [
            *(row["n"] for row in case["readings"] if row["name"].startswith(("targets by", "many missiles"))),
            case["reaction"]["guarantee"],
        ],
        "Other rounds than 40 a month": lambda case: case["frontier"][0]["n"][1:],  # without any nothing is enough
        "Evidence cut on other days": lambda case: [cut["n"] for cut in case["stability"]],
    }
    for said, others in rows.items():
        spans = []
        for case in ("posted", "claimed"):
            numbers = [answer["cases"][case]["n"], *others(answer["cases"][case])]
            spans.append(f"{min(numbers)}–{max(numbers)}" if len(set(numbers)) > 1 else f"{numbers[0]}")
        assert f"{said} {' '.join(spans)}" in card
    assert "Units ready less or more often" not in card  # the example has no reading of it
    unverified = sum(not parameter.verified for parameter in result.parameters)
    assert f"Numbers not checked against their source {unverified} of {len(result.parameters)}" in card


# ---------------------------------------------------------------- for those who listen, print or read small


@pytest.fixture(scope="session", params=["report", "drivers"])
def any_page(request, page, result, tmp_path_factory):
    if request.param == "report":
        return page
    known = result.cases["posted"].headline.drivers
    one = CaseDrivers(8, 0.02, 4_000, known, known, Estimate(4.5, 0.3))
    drivers = Drivers(result.scenario, 1, {"posted": one, "claimed": one}, result.provenance)
    return write_drivers(drivers, tmp_path_factory.mktemp("drivers")).read_text("utf-8")


def test_every_table_has_a_caption_of_its_own_and_heads_that_say_of_what(any_page):
    tables = re.findall(r"<table.*?</table>", any_page, flags=re.DOTALL)
    captions = [words(re.findall(r"<caption[^>]*>(.*?)</caption>", each, flags=re.DOTALL)[0]) for each in tables]
    assert len(tables) >= 4
    assert all(captions)
    assert len(set(captions)) == len(captions)
    for each in tables:
        assert re.findall(r'<th scope="row"', each)
        assert not re.findall(r'<th(?! scope="(?:col|row)")[ >]', each)


def test_ids_are_unique_and_every_link_within_the_page_leads_somewhere(any_page):
    ids = re.findall(r'\sid="([^"]+)"', any_page)
    assert len(set(ids)) == len(ids)
    assert {html.unescape(each) for each in re.findall(r"""href=["']#([^"']+)["']""", any_page)} <= set(ids)
    for region in re.findall(r'<div class="wide"[^>]*>', any_page):
        assert 'role="region"' in region
        assert 'tabindex="0"' in region
        assert re.findall('aria-labelledby="([^"]+)"', region)[0] in ids


def test_headings_begin_with_one_and_skip_no_level(any_page):
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", any_page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_picture_is_one_picture_and_follows_the_page_s_colours(any_page):
    pictures = re.findall(r"<svg role=.*?</svg>", any_page, flags=re.DOTALL)
    assert pictures
    for picture in pictures:
        assert picture.count('role="') == 1
        assert picture.count("aria-label=") == 1
        paper = 'class="paper"' in picture
        assert paper or "var(--ink, #1a1a1a)" in picture
        assert paper or not re.search(r'(?:fill|stroke)="(?:#1a1a1a|#0b5c94|#b34700|black)"', picture)
    style = any_page.partition("<style>")[2].partition("</style>")[0]
    light, dark = (re.findall(rf"{start}[^}}]*?:root {{ (.*?) }}", style)[0] for start in ("^\\s*", "dark\\)"))
    names = [set(re.findall(r"--\w+(?=:)", part)) for part in (light, dark)]
    assert set(re.findall(r"var\((--\w+)", any_page)) <= names[0]
    assert names[1] == names[0] | {"--paper"}


def test_no_wall_of_links_stands_before_the_answer(page):
    before = page.partition('<p class="big">')[0].partition("<body>")[2]
    assert "<a " not in before
    assert len(words(before)) < 400


def test_every_reading_stands_with_number_share_weight_and_reason(page, answer):
    shown = section(page, "readings")
    posted, claimed = (answer["cases"][case]["readings"] for case in ("posted", "claimed"))
    for one, other in zip(posted, claimed, strict=True):
        row = shown.split(f"{one['name']} {one['reason']} ")[1]
        told = [f"{each['n']} {shares(each['probability'])} ± {shares(2 * each['mcse'])}" for each in (one, other)]
        assert " ".join(told) in row
        ratio = np.exp(abs(one["log_odds"] or 0))
        pair = {0.0: "", -0.4: "1 : 1.5", 1.9: "6.7 : 1", -3.3: "1 : 27"}[one["log_odds"] or 0.0]
        assert pair in row
        assert not pair or float(pair.replace("1 : ", "").replace(" : 1", "")) == pytest.approx(ratio, rel=0.02)
    informed = answer["cases"]["posted"]["informed"]
    number = answer["cases"]["posted"]["n"]
    row = shown.split("a plan that knows the layout")[1]
    assert f"{informed['n']} {shares(informed['probability'][number])}" in row
    assert f"{answer['cases']['posted']['reaction']['guarantee']} –" in row


def test_rounds_stand_beside_units_with_what_binds(page, answer):
    shown = section(page, "rounds")
    for case in answer["cases"].values():
        frontier = case["frontier"][0]
        numbers = " ".join("> 30" if n is None else str(n) for n in frontier["n"])
        assert numbers in shown
        assert frontier["binding"] in shown
    assert "0 10 20 40 80 no limit" in shown


def test_what_significantly_improve_may_mean_is_a_table(page, answer):
    shown = section(page, "iso")
    for case in answer["cases"].values():
        for threshold, row in zip(case["iso"]["thresholds"], case["iso"]["n"], strict=True):
            assert f"{shares(threshold)} {' '.join('> 30' if n is None else str(n) for n in row)}" in shown


def test_re_aiming_is_the_defender_s_guarantee_and_no_plan(page, answer):
    shown = section(page, "reaction")
    posted, claimed = (answer["cases"][case]["reaction"] for case in ("posted", "claimed"))
    for share, one, other in zip(posted["re_aimed"], posted["n"], claimed["n"], strict=True):
        assert re.search(rf"{shares(share)} (\(the headline\) )?{one} {other}", shown)
    assert f"Guarantee : whatever the share up to 25 % {posted['guarantee']} {claimed['guarantee']}" in shown
    assert "No target is chosen" in shown


def test_claims_stand_under_both_plans(page, answer):
    shown = section(page, "informed")
    posted, claimed = (answer["cases"][case] for case in ("posted", "claimed"))
    for row, claim in enumerate(posted["claims"]):
        if claim["about"]:
            continue
        cells = shown.split(f"{claim['label']} {claim['source']} {claim['added']} ")[1]
        for case in (posted, claimed):
            for plan in ("blind", "informed"):
                text = shares(case["informed"]["claims"][row][plan])
                assert text in cells
                cells = cells.split(text, 1)[1]


def test_a_claim_about_another_goal_stands_under_that_goal(page, answer):
    shown = section(page, "informed")
    (row, claim), *others = (
        (row, each) for row, each in enumerate(answer["cases"]["posted"]["claims"]) if each["about"]
    )
    assert (claim["label"], claim["about"], others) == ("25: whole country", "capitals", [])
    cells = shown.split(f"{claim['label']} to leave no oblast capital uncovered against ballistic missiles;")[1]
    for case in ("posted", "claimed"):
        (goal,) = (each for each in answer["cases"][case]["goals"] if each["goal"]["name"] == "capitals")
        text = shares(goal["claims"][row]["probability"])
        assert text in cells
        cells = cells.split(text, 1)[1]


def test_four_cuts_of_the_evidence_are_shown_with_their_worth(page, answer):
    shown = section(page, "stability")
    posted, claimed = (answer["cases"][case]["stability"] for case in ("posted", "claimed"))
    assert len(posted) == 4
    for one, other in zip(posted, claimed, strict=True):
        cells = [
            f"{cut['n']} {shares(cut['probability'])} ± {shares(2 * cut['mcse'])} {cut['ess']:.0f}"
            for cut in (one, other)
        ]
        assert re.search(rf"{one['until']} (\(the headline's\) )?{re.escape(' '.join(cells))}", shown)


def test_the_check_says_how_far_simulated_and_expected_are_apart(page, answer, result, tmp_path):
    for case in answer["cases"].values():
        assert f"largest difference of any number is {case['check']['largest']:.1f} standard errors." in words(page)
    apart = dataclasses.replace(result.cases["posted"].check, difference=0.0051 * np.ones(31))
    cases = {"posted": dataclasses.replace(result.cases["posted"], check=apart)}
    folder = write_report([dataclasses.replace(result, cases=cases)], tmp_path).parent
    shown = words((folder / "report.html").read_text("utf-8"))
    assert "5.1 standard errors (more than 4: the closed form and the simulation disagree)" in shown


def test_illustrations_stand_apart_with_their_reason_in_the_body(page, result):
    apart = section(page, "illustrations")
    aside = [goal for goal in result.scenario.goals if goal.measure.illustration]
    assert [goal.metric for goal in aside] == ["capitals_uncovered", "capacity_lost"]
    for goal in aside:
        assert goal.measure.illustration in apart
        assert goal.label in apart
        for findings in ("answer", "goals", "curve", "rounds"):
            assert goal.label not in section(page, findings)


def test_page_is_one_file_without_script_or_reference(page):
    loads = re.sub(r'xmlns(:\w+)?="http://www\.w3\.org/[^"]+"', "", page)
    assert "http://" not in loads
    assert "https://" not in loads
    assert not re.search(r"<script|<link|<img|<iframe|<image|@import|javascript:|\son\w+=", loads)
    assert not re.search(r"url\((?!#)", loads)
    assert len(page.encode()) < 1_500_000


def test_page_says_what_it_must(page, result):
    shown = words(page)
    unverified = sum(not parameter.verified for parameter in result.parameters)
    assert f"{unverified} of {len(result.parameters)} numbers were not checked" in shown
    for said in (
        "of posted strikes",
        "The baseline shown is notional",
        "CC BY-NC-SA 4.0",
        "GeoNames",
        "Global Power Plant Database",
        "Natural Earth",
        "never averaged",
        "31 or 57 ballistic missiles in the month, so they bound what was not posted and nothing else",
        "No layout is thrown away for not fitting the record",
        *result.calibration.identified.values(),
        *result.provenance.inputs.values(),
    ):
        assert " ".join(said.split()) in shown
    assert page.count("NOTIONAL") >= 2 + len(result.cases)


def test_hostile_labels_are_text(result, tmp_path):
    hostile = '<script>alert("x")</script> & {{ 7 * 7 }} \'"'
    claims = (QuotedClaim(label=hostile, added=3, source=hostile),)
    changed = example(title=hostile, question=hostile, claims=claims)
    first = changed.cases["posted"].headline.placement[0]
    placement = (dataclasses.replace(first, place=hostile), *stands(29, start=1))
    changed = with_headline(changed, placement=placement)
    folder = write_report([changed], tmp_path).parent
    page = (folder / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert "{{ 7 * 7 }}" in html.unescape(page)
    for picture in re.findall(r"<svg role=.*?</svg>", page, flags=re.DOTALL):
        ET.fromstring(picture)  # noqa: S314 - our own text
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert answer["cases"]["posted"]["claims"][0]["label"] == hostile
    assert answer["cases"]["posted"]["placement"][0]["place"] == hostile


def test_no_claims(tmp_path):
    folder = write_report([example(claims=())], tmp_path).parent
    page = (folder / "report.html").read_text("utf-8")
    assert "Public claims" not in page
    assert "is enough in" not in page
    assert json.loads((folder / "answer.json").read_text("utf-8"))["cases"]["posted"]["claims"] == []


def test_no_number_is_enough(result, tmp_path):
    folder = write_report([with_headline(result, n=None, n_interval=(31, None), resolved=True)], tmp_path).parent
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert answer["cases"]["posted"]["n"] is None
    assert len(answer["cases"]["posted"]["placement"]) == 30
    shown = words((folder / "report.html").read_text("utf-8"))
    assert "more than 30 more Patriot fire units; 5 to more than 30 over the readings" in shown
    assert "No number up to 30 more Patriot fire units, with 40 rounds a month for them, is enough" in shown
    assert "No number tried is enough; all 30 stands tried are shown" in shown


def test_none_needed_and_one_case(result, tmp_path):
    posted = dataclasses.replace(result, cases={"posted": result.cases["posted"]})
    folder = write_report([with_headline(posted, n=0, n_interval=(0, 0), drivers=())], tmp_path).parent
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert list(answer["cases"]) == ["posted"]
    shown = words((folder / "report.html").read_text("utf-8"))
    assert "No unit needs to be added" in shown
    assert "Claimed totals" not in shown


def test_what_is_not_finite_is_left_out(result, tmp_path):
    remaining = result.cases["posted"].headline.remaining.copy()
    remaining[3] = np.nan
    folder = write_report([with_headline(result, remaining=remaining)], tmp_path).parent
    row = next(row for row in table(folder / "curve.csv") if row["goal"] == "strikes" and row["added"] == "3")
    assert row["remaining_p50"] == ""
    assert "NaN" not in (folder / "report.html").read_text("utf-8")


def test_the_page_says_what_was_promised_and_delivered_by_the_end_of_the_month(page, result):
    with open_ledger() as ledger:
        status = aid_status(ledger, result.scenario.month.last)
    shown = section(page, "aid")
    assert f"By the end of {result.scenario.month.last}" in shown
    assert status.holdings
    for each in status.holdings:
        assert f"{each.name} " in shown
        assert all(life in shown for life in each.lives)
    assert "United States: NASAMS, fire units – 8 – – 2 – 6 –" in shown


# ---------------------------------------------------------------- tables and map file


def test_tables_agree_with_the_answer(folder, answer, result):
    rows = table(folder / "curve.csv")
    for case, said in answer["cases"].items():
        for goal in said["goals"]:
            own = [row for row in rows if (row["case"], row["goal"]) == (case, goal["goal"]["name"])]
            assert [
                {"added": int(r["added"]), "probability": float(r["probability"]), "mcse": float(r["mcse"])}
                for r in own
            ] == goal["curve"]
        for frontier in said["frontier"]:
            own = [row for row in rows if (row["case"], row["goal"]) == (case, frontier["goal"])]
            for rounds, probability in zip(frontier["rounds"], frontier["probability"], strict=True):
                column = "rounds_no_limit" if rounds is None else f"rounds_{rounds:g}"
                assert [float(row[column]) for row in own] == probability
        informed = [row["informed"] for row in rows if row["case"] == case]
        assert [float(cell) for cell in informed if cell] == said["informed"]["probability"]
    places = table(folder / "places.csv")
    assert len({row["place"] for row in places}) == len(places)
    for case, said in answer["cases"].items():
        at = {row["place"]: row[f"order_{case}"].split() for row in places}
        for order, stand in enumerate(said["placement"], start=1):
            assert str(order) in at[stand["place"]]
        assert sum(int(row[f"added_{case}"]) for row in places) == said["n"] == len(said["placement"])


def test_map_file_is_rfc_7946(folder, answer, result):
    collection = json.loads((folder / "plan.geojson").read_text("utf-8"))
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    for feature in collection["features"]:
        longitude, latitude = feature["geometry"]["coordinates"]
        assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "Point")
        assert 22 < longitude < 41
        assert 44 < latitude < 53
        assert set(feature["properties"]) == {
            "role", "order", "system", "place", "radius_km", "case", "goal", "note",
        }  # fmt: skip
    about = [feature["properties"] for feature in collection["features"]]
    for case, said in answer["cases"].items():
        for goal in said["goals"]:
            own = [p for p in about if (p["role"], p["case"], p["goal"]) == ("added", case, goal["goal"]["name"])]
            assert [p["place"] for p in own] == [stand["place"] for stand in goal["placement"]]
            assert [p["order"] for p in own] == list(range(1, len(own) + 1))
        baseline = [p for p in about if (p["role"], p["case"]) == ("baseline", case)]
        assert len(baseline) == len(result.cases[case].baseline)
        assert all(p["note"].startswith("Notional") and p["order"] is None for p in baseline)


def test_plan_beside_the_answer(result, tmp_path):
    plan = Plan(
        scenario=result.scenario,
        case="claimed",
        added={"patriot": 2},
        stands=stands(2, start=4),
        status="within 3.1 % of the best",
        gap=0.031,
        expected={"strikes": 0.625},
        beside={"no unit added": 1.0},
        provenance=result.provenance,
    )
    folder = write_report([result, plan], tmp_path).parent
    shown = words((folder / "report.html").read_text("utf-8"))
    assert "Added: 2 Patriot." in shown
    assert "by more than 3.1 % of it" in shown
    assert "no unit added: 1" in shown
    assert f"{result.scenario.headline.label}: 0.625" in shown
    features = json.loads((folder / "plan.geojson").read_text("utf-8"))["features"]
    own = [
        each["properties"]["place"]
        for each in features
        if each["properties"]["note"] == "plan, within 3.1 % of the best"
    ]
    assert own == ["Kryvyi Rih", "Lviv"]


# ---------------------------------------------------------------- the folder


def test_same_results_same_bytes(folder, result, tmp_path):
    again = write_report([result], tmp_path).parent
    assert sorted(path.name for path in again.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_file_in_the_way(result, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(InputError, match=r"out: the output folder cannot be written .*--out FOLDER"):
        check_writable(tmp_path / "out")
    with pytest.raises(InputError, match="the output folder cannot be written"):
        write_report([result], tmp_path / "out" / "deeper")
    assert (tmp_path / "out").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_in_the_way_of_a_file(result, tmp_path):
    (tmp_path / "answer.json").mkdir()
    with pytest.raises(InputError, match=r"answer\.json: found a folder of that name.*move it away"):
        write_report([result], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["answer.json"]


def test_checking_leaves_nothing(tmp_path):
    check_writable(tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []


def test_old_files_are_replaced_and_others_kept(result, tmp_path):
    (tmp_path / "answer.json").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    write_report([result], tmp_path)
    assert json.loads((tmp_path / "answer.json").read_text("utf-8"))["seed"] == 1
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_answer_a_report(result, tmp_path, count):
    with pytest.raises(InputError, match=f"found {count} sufficiency results; a report holds exactly one"):
        write_report([result] * count, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_answer_carries_what_there_is_to_say_of_its_record(result, tmp_path):
    left_out = "1 row of the file is left out <b>"
    calibration = result.calibration
    record = dataclasses.replace(calibration.record, notes=(left_out,))
    said = dataclasses.replace(result, calibration=dataclasses.replace(calibration, record=record))
    page = write_report([said], tmp_path / "out").read_text("utf-8")
    notes = json.loads((tmp_path / "out" / "answer.json").read_text("utf-8"))["evidence"]["notes"]
    assert notes == [left_out, *record.told(calibration.until)[1:]]
    assert len(notes) == 2
    (shown,) = re.findall('<ul id="record-notes">(.*?)</ul>', page)
    assert shown.startswith("<li>1 row of the file is left out &lt;b&gt;</li><li>Reports that join classes")
