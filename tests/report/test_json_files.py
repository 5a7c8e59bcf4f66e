"""The JSON files against their types' schemas, and answer.json against the results it is made from."""

from __future__ import annotations

import dataclasses
import json
import re

import jsonschema
import numpy as np
import pytest
from report_example import with_headline

from tegmen.errors import InputError
from tegmen.report.answer_json import answer_file
from tegmen.report.json_files import json_schema, rounded

FILES = ("answer", "decision", "drivers", "donors", "months", "neighbours", "backtest", "verification")


@pytest.mark.parametrize("file", FILES)
def test_schemas_are_valid_and_shut_and_every_field_is_described(file):
    schema = json_schema(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    parts = [schema, *schema["$defs"].values()]
    own = [part for part in parts if part.get("additionalProperties") is False]
    assert schema in own
    bare = [
        name
        for part in own
        for name, field in part["properties"].items()
        if not (field.get("description") or "$ref" in field)
    ]
    assert not bare
    assert all(set(part["required"]) == set(part["properties"]) for part in own)


def test_every_number_of_an_answer_says_what_it_rests_on():
    parts = json_schema("answer")["$defs"]
    case = parts["CasePart"]["properties"]
    assert set(case) - {name for name, field in case.items() if field.get("x-rests-on")} == {"goals"}
    assert "claimed" in case["n"]["x-rests-on"]
    assert case["goal"]["x-rests-on"] == ["choice"]
    assert parts["ClaimPart"]["properties"]["added"]["x-rests-on"] == ["claim"]
    assert json_schema("answer")["properties"]["evidence"]["x-rests-on"] == ["number"]


def test_a_file_that_there_is_not_is_refused():
    with pytest.raises(InputError, match=r"found 'plan' \(str\); give 'answer' or 'decision' or"):
        json_schema("plan")


def test_answer_is_valid_and_equals_the_results(answer, result):
    jsonschema.Draft202012Validator(json_schema("answer")).validate(answer)
    assert answer["seed"] == result.seed
    assert answer["inputs"] == dict(result.provenance.inputs)
    for case, found in result.cases.items():
        said = answer["cases"][case]
        assert said["sentence"] == result.sentence(case)
        assert said["finding"] == result.finding(case)
        assert {key: said[key] for key in said["goals"][0] if key != "sentence"} == {
            key: value for key, value in said["goals"][0].items() if key != "sentence"
        }
        for goal, each in zip(said["goals"], found.goals, strict=True):
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


def test_readings_and_what_stands_beside_the_answer_equal_the_results(answer, result):
    for case, found in result.cases.items():
        said = answer["cases"][case]
        assert said["range"] == list(found.span)
        assert said["matters_most"] == found.matters_most
        assert said["rounds_added"] == found.rounds_added
        assert said["redraw_share"] == 0
        assert said["ess"] == found.headline.ess
        assert said["runs"] == found.check.runs
        for field in ("name", "reason", "n", "log_odds", "ess"):
            assert [each[field] for each in said["readings"]] == [getattr(each, field) for each in found.readings]
        assert [each["until"] for each in said["stability"]] == [str(each.until) for each in found.stability]
        assert [each["n"] for each in said["stability"]] == [each.n for each in found.stability]
        assert said["iso"]["n"] == [list(row) for row in found.iso.n]
        assert (said["reaction"]["guarantee"], said["reaction"]["n"]) == (
            found.reaction.guarantee,
            list(found.reaction.n),
        )


def test_a_frontier_without_limit_on_rounds_ends_with_null_and_has_a_row_of_shares_for_each(answer, result):
    for case, found in result.cases.items():
        for said, frontier in zip(answer["cases"][case]["frontier"], found.frontier, strict=True):
            assert said["goal"] == frontier.goal
            assert said["rounds"] == [*frontier.rounds[:-1], None]
            assert np.isinf(frontier.rounds[-1])
            assert said["n"] == list(frontier.n)
            np.testing.assert_allclose(said["probability"], frontier.probability, rtol=5e-6)


def test_the_check_s_largest_difference_is_that_of_its_points(answer):
    for said in answer["cases"].values():
        points = said["check"]["points"]
        ratios = [abs(point["difference"]) / point["error"] for point in points]
        assert said["check"]["largest"] == pytest.approx(max(ratios), rel=1e-5)
        assert [point["added"] for point in points] == [point["added"] for point in said["curve"]]


def test_every_claim_is_given_under_both_plans(answer):
    for said in answer["cases"].values():
        for claim, own in zip(said["informed"]["claims"], said["claims"], strict=True):
            assert (claim["label"], claim["added"], claim["blind"]) == (own["label"], own["added"], own["probability"])
            assert claim["informed"] == said["informed"]["probability"][claim["added"]]


def test_an_answer_that_is_no_sum_of_strikes_has_no_reaction(result):
    cases = {case: dataclasses.replace(answer, reaction=None) for case, answer in result.cases.items()}
    written = json.loads(answer_file(dataclasses.replace(result, cases=cases)).text())
    assert written["cases"]["posted"]["reaction"] is None
    jsonschema.Draft202012Validator(json_schema("answer")).validate(written)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda a: a["cases"]["posted"].pop("n_interval"), "'n_interval' is a required property"),
        (lambda a: a["cases"]["posted"]["curve"][0].update(probability=1.5), "1.5 is greater than the maximum"),
        (lambda a: a["cases"].update(averaged=a["cases"]["posted"]), "'averaged' is not one of"),
        (lambda a: a.update(answer=7), "Additional properties are not allowed"),
        (lambda a: a.update(seed="1"), "'1' is not of type 'integer'"),
    ],
)
def test_schema_refuses_what_is_wrong(folder, change, match):
    broken = json.loads((folder / "answer.json").read_text("utf-8"))
    change(broken)
    with pytest.raises(jsonschema.ValidationError, match=match):
        jsonschema.Draft202012Validator(json_schema("answer")).validate(broken)


def test_keys_are_sorted_and_numbers_have_six_digits(folder):
    text = (folder / "answer.json").read_text("utf-8")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    longest = max((number.replace(".", "").strip("0") for number in re.findall(r"\d+\.\d+", text)), key=len)
    assert len(longest) <= 6


def test_what_is_not_finite_is_null_where_a_field_allows_it_and_refused_where_not(result):
    unknown = dataclasses.replace(result.cases["posted"].headline.drivers[0], share=float("nan"))
    written = json.loads(answer_file(with_headline(result, drivers=(unknown,), evpi=float("inf"))).text())
    assert written["cases"]["posted"]["drivers"][0]["share"] is None
    assert written["cases"]["posted"]["evpi"] is None
    jsonschema.Draft202012Validator(json_schema("answer")).validate(written)
    nowhere = np.full(len(result.cases["posted"].headline.added), np.nan)
    with pytest.raises(ValueError, match="probability"):
        answer_file(with_headline(result, probability=nowhere))


@pytest.mark.parametrize("noise", [3e-15, -1.1e-16, 9e-10, -0.0])
def test_what_is_left_of_sums_that_cancel_is_nothing_with_one_sign(noise):
    assert str(rounded(noise)) == "0.0"
    assert rounded(1.5e-9) == 1.5e-9
