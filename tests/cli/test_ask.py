"""The verbs that ask back, as users meet them: what they print, and what they say to what cannot be right."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from commands import short_question
from report_example import example
from typer.testing import CliRunner

from tegmen.answer.drivers import SOURCES
from tegmen.answer.results import percent
from tegmen.cli.app import app
from tegmen.cli.ask import folder_of
from tegmen.errors import InputError
from tegmen.question.scenario import read_scenario
from tegmen.report.answer_page import write_report
from tegmen.report.json_files import json_schema

TINY = ("--worlds", "20", "--runs", "2", "--case", "posted")


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    """The shipped question with fewer numbers to try, and without the goal that counts every class."""
    path = tmp_path_factory.mktemp("question") / "short.toml"
    path.write_text(short_question(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    return write_report([example()], tmp_path_factory.mktemp("asked") / "out").parent / "answer.json"


def said(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(each) for each in arguments], catch_exceptions=False, env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    return done.output


def test_why_prints_the_chain_from_answer_to_source(answer):
    out = said("why", f"{answer}#/cases/claimed/n")
    assert "official/missiles" in out
    assert "Volodymyr Zelensky" in out
    assert "Kyiv Independent" in out
    assert max(map(len, out.splitlines())) <= 80


def test_why_as_json_has_the_same_links(answer):
    chain = json.loads(said("why", f"{answer}#/cases/posted/claims/0/added", "--json"))
    assert chain["rests_on"][0]["id"] == "claims/0"
    assert chain["rests_on"][0]["rests_on"][0]["rests_on"]


def test_what_if_shows_before_and_after_and_writes_a_report(tmp_path, question):
    number = "held/patriot/2023-12-14"
    options = ("--source", "a letter", "--scenario", question, *TINY, "--out", tmp_path / "out")
    out = said("what-if", "replace", number, "3,4,5", *options)
    held = f"{number}: patriot fire units in service from 2023-12-14"
    assert f"was: {held}, 3 (2–4) fire units (pravda.com.ua" in out
    assert f"now: {held}, 4 (3–5) fire units (a letter)" in out
    assert "strikes" in out
    content = json.loads((tmp_path / "out" / "answer.json").read_text("utf-8"))
    (found,) = (each for each in content["evidence"]["numbers"] if each["id"] == number)
    assert (found["low"], found["best"], found["high"], found["source"]) == (3, 4, 5, "a letter")


def test_check_prints_verdict_and_table():
    out = said("check", "25 Patriot systems cover the whole country", *TINY)
    assert out.startswith("read as: 25 Patriot fire units")
    assert any(verdict in out for verdict in ("holds", "does not hold", "not resolved"))
    assert "20 worlds a case" in out


def test_drivers_are_shown_by_source_of_doubt_with_share_and_worth(tmp_path, question):
    small = ("--worlds", "300", "--case", "posted")
    out = said("drivers", question, *small, "--out", tmp_path / "out")
    content = json.loads((tmp_path / "out" / "drivers.json").read_text("utf-8"))
    jsonschema.validate(content, json_schema("drivers"), cls=jsonschema.Draft202012Validator)
    drivers = content["cases"]["posted"]["drivers"]
    assert {driver["unknown"] for driver in drivers} == set(SOURCES)
    assert [driver["share"] for driver in drivers] == sorted((driver["share"] for driver in drivers), reverse=True)
    for driver in drivers:
        assert re.search(rf"{percent(round(driver['share'], 6)).replace(' ', '')} +{driver['evppi']:.1f}", out)


def test_check_takes_the_structured_form():
    out = said("check", "--added", "patriot=7", "--goal", "capitals", *TINY)
    assert "read as: 7 Patriot fire units" in out
    assert "does not hold" in out


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("check", "--added", "patriot=7", "--goal", "glory"), "the goals of march-2024 are strikes, people"),
        (("check", "a lot of help"), "claims that can be read"),
        (("check", "--added", "7"), "give SYSTEM=NUMBER such as patriot=7"),
        (("what-if", "replace", "official/tanks", "3", "--source", "x"), "no number has the id 'official/tanks'"),
        (("what-if", "replace", "model/salvo_ballistic", "-5", "--source", "x"), "plausible is 1 to 20 missiles"),
        (("why", "answer.json#/cases"), "cannot be read"),
    ],
)
def test_faults_of_the_input_say_what_to_do(arguments, found):
    with pytest.raises(InputError, match=found):
        CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.mark.parametrize("arguments", [("check",), ("check", "7 Patriots", "--added", "7"), ("what-if", "remove", "x")])
def test_wrong_usage_is_exit_2(arguments):
    assert CliRunner().invoke(app, list(arguments)).exit_code == 2


def test_a_new_question_is_written_checked_and_never_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = said("scenario", "new", "2024-05", "--added", "patriot=6", "--goal", "strikes=0.8")
    assert "written: may-2024.toml" in out
    assert "left open" in out
    first, *_ = (tmp_path / "may-2024.toml").read_text("utf-8").splitlines()
    schema = json.loads((tmp_path / first.removeprefix("#:schema ")).read_text("utf-8"))
    assert schema == json_schema("scenario")
    told = said("scenario", "check", "may-2024.toml")
    assert "strikes (headline): cut the expected ballistic strikes on the 25 largest cities by 20 %" in told
    with pytest.raises(InputError, match="is there already"):
        said("scenario", "new", "2024-05")


def test_a_copy_of_the_shipped_question_is_the_same_question(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said("scenario", "copy", "march-2024", "--out", "mine.toml")
    assert read_scenario("mine.toml") == read_scenario("march-2024").model_copy(
        update={"sha256": read_scenario("mine.toml").sha256}
    )


def test_the_default_folder_tells_one_question_from_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    march = read_scenario("march-2024")
    (tmp_path / "a.csv").write_text("one", "utf-8")
    (tmp_path / "b.csv").write_text("other", "utf-8")
    asked = [
        {},
        {"until": date(2024, 2, 29)},
        {"case": "posted"},
        {"case": "claimed"},
        {"files": {"record": Path("a.csv")}},
        {"files": {"record": Path("b.csv")}},
        {"files": {"weapons": Path("a.csv")}},
    ]
    plain = {"until": march.until, "case": "both", "files": {}}
    folders = [folder_of(march, **plain | changed) for changed in asked]
    assert folders[0] == Path("out/march-2024")
    assert len(set(folders)) == len(folders)


@pytest.mark.parametrize("text", ['{"inputs": {"scenario": "0"}}', "{", "[]", '{"inputs": 3}'])
def test_a_folder_that_holds_another_question_is_left_alone(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    march = read_scenario("march-2024")
    plain = {"until": march.until, "case": "both", "files": {}}
    folder = folder_of(march, **plain)
    folder.mkdir(parents=True)
    (folder / "answer.json").write_text(text, "utf-8")
    assert folder_of(march, **plain) != folder
    (folder / "answer.json").write_text(json.dumps({"inputs": {"scenario": march.sha256}}), "utf-8")
    assert folder_of(march, **plain) == folder
