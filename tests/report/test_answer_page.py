"""The report's files against the results they are made from, against their schema, and against each other."""

from __future__ import annotations

import csv
import dataclasses
import html
import json
import re
from xml.etree import ElementTree as ET

import jsonschema
import numpy as np
import pytest
from report_example import example, stands, with_headline

from tegmen.answer.plan import Plan
from tegmen.answer.results import ClaimTest
from tegmen.errors import InputError
from tegmen.ledger.aid import aid_status
from tegmen.ledger.store import open_ledger
from tegmen.question.scenario import Claim
from tegmen.report.answer_page import check_writable, draw_curve, write_report
from tegmen.report.charts import claim_marks
from tegmen.report.style import percent, plain, schema

FILES = ("answer.json", "curve.csv", "places.csv", "plan.geojson", "report.html")


@pytest.fixture(scope="module")
def result():
    return example()


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    return write_report([result], tmp_path_factory.mktemp("report") / "out").parent


@pytest.fixture(scope="module")
def answer(folder):
    return json.loads((folder / "answer.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text("utf-8")


def words(text: str) -> str:
    """The text a reader sees: no tags, no style, no-break spaces as spaces."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())


def table(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- answer.json


def test_schema_is_itself_valid_and_every_field_is_described():
    described = schema("answer")
    jsonschema.Draft202012Validator.check_schema(schema)
    bare = [
        name
        for part in [schema, *schema["$defs"].values()]
        for name, field in part.get("properties", {}).items()
        if not (field.get("description") or "$ref" in field)
    ]
    assert not bare


def test_answer_is_valid_and_equals_the_results(answer, result):
    jsonschema.Draft202012Validator(schema("answer")).validate(answer)
    assert answer["seed"] == result.seed
    assert answer["inputs"] == dict(result.provenance.inputs)
    for case, given in result.cases.items():
        said = answer["cases"][case]
        assert said["sentence"] == result.sentence(case)
        assert said["finding"] == result.finding(case)
        assert {key: said[key] for key in said["goals"][0] if key != "sentence"} == {
            key: value for key, value in said["goals"][0].items() if key != "sentence"
        }
        for goal, each in zip(said["goals"], given.goals, strict=True):
            assert goal["n"] == each.n
            assert goal["n_interval"] == list(each.n_interval)
            assert goal["resolved"] is each.resolved
            assert goal["goal"]["name"] == each.goal.name
            assert [point["added"] for point in goal["curve"]] == each.added.tolist()
            np.testing.assert_allclose([p["probability"] for p in goal["curve"]], each.probability, rtol=5e-6)
            np.testing.assert_allclose([p["mcse"] for p in goal["curve"]], each.mcse, rtol=5e-6)
            assert [claim["label"] for claim in goal["claims"]] == [claim.label for claim in each.claims]
            assert [driver["unknown"] for driver in goal["drivers"]] == [driver.unknown for driver in each.drivers]
            assert [stand["place"] for stand in goal["placement"]] == [
                stand.place for stand in each.placement[: len(each.placement) if each.n is None else each.n]
            ]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda a: a["cases"]["posted"].pop("n_interval"), "'n_interval' is a required property"),
        (lambda a: a["cases"]["posted"]["curve"][0].update(probability=1.5), "1.5 is greater than the maximum"),
        (lambda a: a["cases"].update(averaged=a["cases"]["posted"]), "Additional properties are not allowed"),
        (lambda a: a.update(seed="1"), "'1' is not of type 'integer'"),
    ],
)
def test_schema_refuses_what_is_wrong(folder, change, match):
    broken = json.loads((folder / "answer.json").read_text("utf-8"))
    change(broken)
    with pytest.raises(jsonschema.ValidationError, match=match):
        jsonschema.Draft202012Validator(schema("answer")).validate(broken)


def test_keys_are_sorted_and_numbers_have_six_digits(folder):
    text = (folder / "answer.json").read_text("utf-8")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    longest = max((number.replace(".", "").strip("0") for number in re.findall(r"\d+\.\d+", text)), key=len)
    assert len(longest) <= 6


# ---------------------------------------------------------------- the page


def test_page_shows_the_numbers_of_the_answer(page, answer):
    shown = words(page)
    for case in answer["cases"].values():
        assert " ".join(case["sentence"].split()) in shown
        assert " ".join(case["finding"].split()) in shown
        for goal in case["goals"]:
            low, high = goal["n_interval"]
            assert (f"range {low} or more" if high is None else f"range {low}–{high}") in shown
            assert ("more than 30" if goal["n"] is None else f" {goal['n']} ") in shown
        for point in case["curve"]:
            assert f"{percent(point['probability'])} ± {percent(2 * point['mcse'])}".replace("\u00a0", " ") in shown
        for claim in case["claims"]:
            row = f"{claim['label']} {claim['source']} {claim['added']} "
            assert row in shown
            assert percent(claim["probability"]).replace("\u00a0", " ") in shown.split(row)[1][:60]
        for driver in case["drivers"]:
            assert f"{driver['unknown']} {percent(driver['share'])} ± ".replace("\u00a0", " ") in shown
            assert f"{driver['evppi']:.1f} ± {2 * driver['evppi_error']:.1f}" in shown
            assert (driver["total"], driver["total_error"]) == (None, None)
        assert f"{case['evpi']:.1f} ± {2 * case['evpi_error']:.1f} units bought in vain" in shown
        for order, stand in enumerate(case["placement"], start=1):
            assert f"{order} {stand['place']} Patriot" in shown
        for count in case["launched"].values():
            assert plain(count) in shown
        for span in (*case["intercepted"].values(), *case["glide_bombs"].values()):
            assert all(plain(round(value)) in shown for value in span)


def test_page_is_one_file_without_script_or_reference(page):
    loads = re.sub(r'xmlns(:\w+)?="http://www\.w3\.org/[^"]+"', "", page)
    assert "http://" not in loads
    assert "https://" not in loads
    assert not re.search(r"<script|<link|<img|<iframe|<image|@import|javascript:|\son\w+=", loads)
    assert not re.search(r"url\((?!#)", loads)
    assert len(page.encode()) < 1_500_000


def test_pictures_are_whole_described_and_kept_apart(page):
    pictures = re.findall(r"<svg role=.*?</svg>", page, flags=re.DOTALL)
    assert len(pictures) == 17
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
        "They are never averaged",
        "12 % of the random layouts drawn were thrown away",
        *result.calibration.identified.values(),
        *result.provenance.inputs.values(),
    ):
        assert " ".join(said.split()) in shown
    assert page.count("NOTIONAL") >= 2 + len(result.cases)


def test_hostile_labels_are_text(result, tmp_path):
    hostile = '<script>alert("x")</script> & {{ 7 * 7 }} \'"'
    claims = (Claim(label=hostile, added=3, source=hostile),)
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
    assert json.loads((folder / "answer.json").read_text("utf-8"))["cases"]["posted"]["claims"] == []


def test_no_number_is_enough(result, tmp_path):
    folder = write_report([with_headline(result, n=None, n_interval=(31, None), resolved=True)], tmp_path).parent
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema("answer")).validate(answer)
    assert answer["cases"]["posted"]["n"] is None
    assert len(answer["cases"]["posted"]["placement"]) == 30
    shown = words((folder / "report.html").read_text("utf-8"))
    assert "more than 30 more Patriot fire units" in shown
    assert "No number tried is enough; all 30 stands tried are shown" in shown


def test_none_needed_and_one_case(result, tmp_path):
    posted = dataclasses.replace(result, cases={"posted": result.cases["posted"]})
    folder = write_report([with_headline(posted, n=0, n_interval=(0, 0), drivers=())], tmp_path).parent
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema("answer")).validate(answer)
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
        method="greedy",
        expected={"strikes": 0.625},
        provenance=result.provenance,
    )
    folder = write_report([result, plan], tmp_path).parent
    shown = words((folder / "report.html").read_text("utf-8"))
    assert "Added: 2 Patriot." in shown
    assert f"{result.scenario.headline.label}: 0.625" in shown
    features = json.loads((folder / "plan.geojson").read_text("utf-8"))["features"]
    own = [each["properties"]["place"] for each in features if each["properties"]["note"] == "plan, greedy"]
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
    with pytest.raises(InputError, match=r"answer\.json in it is a folder; .*move it away"):
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


# ---------------------------------------------------------------- words and pictures


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "< 1 %"),
        (0.005, "< 1 %"),
        (0.0051, "1 %"),
        (0.625, "62 %"),
        (0.9949, "99 %"),
        (0.995, "> 99 %"),
        (1.0, "100 %"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_percent(share, text):
    assert percent(share).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"), [(3000, "3,000"), (0.05, "0.05"), (27.5, "27.5"), (None, "–"), (1e6, "1,000,000")]
)
def test_plain(value, text):
    assert plain(value) == text


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
    picture = draw_curve(result)
    root = ET.fromstring(picture)  # noqa: S314 - our own text
    texts = {"".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")}
    assert {"5–7: minimum", "10: radically change the situation", "25: whole country"} <= texts
    assert {f"N = {answer.headline.n}" for answer in result.cases.values()} <= texts
    assert picture == draw_curve(result)


def test_the_page_says_what_was_promised_and_delivered_by_the_end_of_the_month(page, result):
    with open_ledger() as ledger:
        status = aid_status(ledger, result.scenario.month.last)
    section = page.partition('<section id="aid">')[2].partition("</section>")[0]
    shown = words(section)
    assert f"By the end of {result.scenario.month.last}" in shown
    assert status.holdings
    for each in status.holdings:
        assert f"{each.name} " in shown
        assert all(life in shown for life in each.lives)
    assert "NASAMS, fire units – – 8 – 2 – 6 –" in shown
