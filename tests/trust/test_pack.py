"""The verification pack: a whole matrix, failures that show, and nothing said that was not run."""

from __future__ import annotations

import copy
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from core_example import evidence

import tegmen
from tegmen.answer.results import CutAnswer
from tegmen.errors import InputError
from tegmen.evidence.record import read_record
from tegmen.question.numbers import assumptions
from tegmen.report.json_files import json_schema
from tegmen.report.verification_page import write_verification
from tegmen.terms import Provenance, ThreatClass
from tegmen.trust.ahead import MonthAhead, MonthsAhead
from tegmen.trust.backtest import Backtest, ClassScores, Scores
from tegmen.trust.checks import CHECKS, Check, Finding
from tegmen.trust.pack import (
    Extent,
    HeadlineHeld,
    Verification,
    judge_answer,
    judge_forecasts,
    read_requirements,
    verify,
)
from tegmen.trust.scores import Difference

DRIVER = {
    "unknown": "readiness", "share": 0.7, "share_error": 0.03, "evppi": 4.9, "evppi_error": 1.0, "total": None,
    "total_error": None,
}  # fmt: skip
CUTS = [
    {"until": until, "n": n, "probability": 0.8, "mcse": 0.005, "ess": 3000.0}
    for until, n in (("2023-12-31", 12), ("2024-03-31", 13))
]


@pytest.fixture(scope="module")
def answer_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("answer") / "answer.json"
    case = {"drivers": [DRIVER], "stability": CUTS, "check": {"largest": 1.2}}
    path.write_text(json.dumps({"cases": {"posted": case}}))
    return path


@pytest.fixture(scope="module")
def pack(answer_file) -> Verification:
    return verify(read_record(), evidence().scenario, extent=Extent(quick=True, answer=answer_file))


# ------------------------------------------------------------------ the matrix


def test_every_check_shows_a_requirement_and_has_its_own_name():
    named = [name for each in read_requirements() for name in each.checks]
    assert set(named) == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_every_check_named_is_run_and_passes(pack):
    for check in CHECKS:
        result = pack.results[check.name]
        assert result.outcome == "passed", result
        assert result.kind == check.kind
        assert result.value
        assert result.expected
    assert pack.exit_code == 0


def test_what_is_not_run_is_said_to_be_not_run(pack):
    assert pack.backtests == {}
    assert pack.ahead is None
    assert [each.name for each in pack.criteria] == ["posted: number with the evidence cut on 2 days"]
    assert pack.lines()[0] == f"{len(CHECKS)} of {len(CHECKS)} checks passed"
    alone = {each.id for each in pack.requirements if pack.outcome(each) == "shown by tests"}
    assert alone == {each.id for each in pack.requirements if not each.checks}
    assert alone
    assert {pack.outcome(each) for each in pack.requirements if each.checks} == {"passed"}


def test_a_requirement_that_names_no_check_is_refused(answer_file):
    with pytest.raises(InputError, match="R1: no check 'sums'"):
        verify(read_record(), evidence().scenario, extent=Extent(True, answer_file), checks=[CHECKS[0]])


# ------------------------------------------------------------------ broken on purpose


def test_a_check_that_fails_or_breaks_off_shows_and_gives_exit_code_1(answer_file, tmp_path):
    def breaks(_: object) -> Finding:
        raise ZeroDivisionError("by nothing")

    fine = [Check(check.name, check.kind, check.shows, lambda _: Finding(True, "1", "1")) for check in CHECKS]
    fine[3] = replace(fine[3], run=lambda _: Finding(False, "3.7 <b>", "3.6 ± 0.02"))
    fine[4] = replace(fine[4], run=breaks)
    broken = verify(read_record(), evidence().scenario, extent=Extent(True, answer_file), checks=fine)
    assert [each.name for each in broken.failed] == ["leaks", "saturation"]
    assert broken.exit_code == 1
    assert broken.results["saturation"].value == "ZeroDivisionError: by nothing"
    kernel = next(each for each in broken.requirements if each.id == "R10")
    assert broken.outcome(kernel) == "failed"
    page = write_verification(broken, tmp_path).read_text(encoding="utf-8")
    assert f"2 of {len(CHECKS)} checks failed" in page
    assert "leaks: 3.7 &lt;b&gt;; expected 3.6 ± 0.02" in page
    assert json.loads((tmp_path / "verification.json").read_text(encoding="utf-8"))["passed"] is False
    assert broken.lines()[0].startswith("failed: leaks: 3.7")


def test_a_product_broken_on_purpose_fails_its_own_pack(answer_file, tmp_path):
    # Erlang's recursion with one term lost, in a copy of the package: the kernel is right, its second answer is not
    package = tmp_path / "src" / "tegmen"
    shutil.copytree(Path(tegmen.__file__).parent, package)
    room = package / "trust" / "exact.py"
    broken = room.read_text(encoding="utf-8").replace("(busy + load * lost)", "(1 + busy + load * lost)")
    assert broken != room.read_text(encoding="utf-8")
    room.write_text(broken, encoding="utf-8")
    command = [sys.executable, "-m", "tegmen", "verify", "--quick", "--answer", str(answer_file), "--out", "pack"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("failed: saturation: 0.40")
    assert "1 of" in (tmp_path / "pack" / "verification.html").read_text(encoding="utf-8")


# ------------------------------------------------------------------ what it prints


def test_json_follows_its_schema_and_the_page_holds_everything(pack, tmp_path):
    page = write_verification(pack, tmp_path).read_text(encoding="utf-8")
    content = json.loads((tmp_path / "verification.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(json_schema("verification"))
    jsonschema.validate(content, json_schema("verification"))
    assert content["passed"] is True
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|<link|<img", page)
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("&#39;", "'").replace("&#34;", '"')
    for each in content["requirements"]:
        assert each["text"] in shown
    for each in content["pedigree"]:
        assert each["sha256"] in shown
    for each in content["published"]:
        assert each["name"] in shown
        assert ("differs" in shown) or each["agrees"] is not False
    missing = json.loads(json.dumps(content))
    del missing["results"]
    with pytest.raises(jsonschema.ValidationError, match="'results' is a required property"):
        jsonschema.validate(missing, json_schema("verification"))


def test_same_pack_same_bytes(pack, tmp_path):
    for name in ("one", "two"):
        write_verification(pack, tmp_path / name)
    for file in ("verification.html", "verification.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def backtest_of(horizon: str, coverage: float, gain: Difference) -> Backtest:
    """A back-test in which every class scores alike."""
    held = dict.fromkeys((0.5, 0.8, 0.9, 0.95), coverage)
    scores = Scores(held, held, -1.0, 1.0, np.full(10, 0.1))
    of_class = ClassScores(100, scores, dict.fromkeys(held, 0.01), {}, {"trailing_beta_binomial": gain})
    classes = {ThreatClass.drone: of_class, ThreatClass.ballistic: of_class}
    day = date(2024, 1, 1)
    return Backtest(day, day, horizon, "intercepted", 1, classes, pd.DataFrame(), (), Provenance("0", 1, {}))


@pytest.mark.parametrize(
    ("coverage", "verdict"),
    [
        (0.849, "not met"),
        (0.851, "within two sampling errors"),
        (0.87, "met"),
        (0.93, "met"),
        (0.949, "within two sampling errors"),
        (0.951, "not met"),
    ],
)
def test_coverage_is_judged_with_its_sampling_error(coverage: float, verdict: str):
    found = judge_forecasts({"night": backtest_of("night", coverage, Difference(0.1, 0.05, 0.2))})
    of_coverage = [each for each in found if "coverage of 90% intervals" in each.name]
    assert [each.verdict for each in of_coverage] == [verdict, verdict]
    assert of_coverage[0].name.startswith("drone, night ahead")
    assert of_coverage[0].value == f"{coverage:.3f} of 100 nights"


@pytest.mark.parametrize(
    ("gain", "verdicts"),
    [
        (Difference(0.1, 0.05, 0.2), ["met", "met"]),
        (Difference(0.1, -0.05, 0.2), ["not met", "met"]),  # for drones the interval must leave out none
        (Difference(-0.1, -0.2, -0.05), ["not met", "not met"]),
    ],
)
def test_the_rival_is_beaten_where_it_is_beaten(gain: Difference, verdicts: list[str]):
    found = judge_forecasts({"night": backtest_of("night", 0.9, gain)})
    assert [each.verdict for each in found if "trailing 120-day" in each.name] == verdicts


def test_months_are_judged_by_80_per_cent_intervals_and_against_no_rival():
    found = judge_forecasts({"month": backtest_of("month", 0.75, Difference(0.1, 0.05, 0.2))})
    assert [(each.name.split(", ")[1], each.verdict) for each in found] == [
        ("month ahead: coverage of 80% intervals", "met")
    ] * 2


# ------------------------------------------------------------------ the answer held against what is required


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [((12, 12), "met"), ((12, 13), "met"), ((12, 14), "not met"), ((12, None), "not met"), ((None, None), "not met")],
)
def test_a_number_that_moves_with_the_cut_is_told(numbers: tuple[int | None, ...], verdict: str):
    cuts = tuple(CutAnswer(date(2024, month, 1), n, 0.8, 0.005, 3000.0) for month, n in enumerate(numbers, start=1))
    (found,) = judge_answer({"posted": HeadlineHeld((), cuts, 1.0)}, None)
    assert found.verdict == verdict
    assert found.value.startswith(f"{'none' if numbers[0] is None else numbers[0]} (2024-01-01)")


def test_months_ahead_are_held_against_their_intervals_and_the_rival():
    # Ten months whose outcome lies in the middle of what was foretold, and a rival that thought it unlikely.
    right = np.array([0.1, 0.8, 0.1])
    months = tuple(
        MonthAhead(date(2024, number, 1), 2, 1, right, right, np.array([0.45, 0.1, 0.45]), 100.0)
        for number in range(1, 11)
    )
    coverage, gain = judge_answer({}, MonthsAhead(months, 1))
    assert coverage.name.endswith("coverage of 80% intervals")
    assert coverage.value == "1.000 of 10 months"
    assert coverage.verdict == "within two sampling errors"
    assert gain.verdict == "met"
    assert gain.value.startswith("+2.079")


def test_the_answer_is_read_with_its_cuts_and_shown(pack, tmp_path):
    assert [cut.n for cut in pack.headline["posted"].stability] == [12, 13]
    page = write_verification(pack, tmp_path).read_text(encoding="utf-8")
    assert "at most 1.2 standard errors" in re.sub(r"\s+", " ", page)
    assert "2023-12-31" in page
    content = json.loads((tmp_path / "verification.json").read_text(encoding="utf-8"))
    assert content["headline"]["posted"]["stability"][1]["until"] == "2024-03-31"
    assert content["months"] == []


def test_months_ahead_stand_on_the_page_and_in_the_file(pack, tmp_path):
    chance = np.array([0.2, 0.5, 0.2, 0.1])
    month = MonthAhead(date(2024, 1, 1), 3, 1, chance, chance, chance, 1234.0)
    shown = replace(pack, ahead=MonthsAhead((month,), 1))
    page = write_verification(shown, tmp_path).read_text(encoding="utf-8")
    assert "worlds, no zone told -0.693" in page
    content = json.loads((tmp_path / "verification.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, json_schema("verification"))
    assert [content["months"][0][name] for name in ("low", "median", "high", "ess")] == [0, 1, 3, 1234]
    assert content["months_coverage"]["80%"] == pytest.approx(1)


def test_known_limits_stand_in_the_pack_and_name_assumptions_that_exist(pack):
    known = {each["id"] for each in assumptions()}
    named = re.findall(r"\bA\d+\b", " ".join(pack.limits))
    assert {"A19", "A35", "A36"} <= set(named) <= known
    assert any("Nobody independent" in limit for limit in pack.limits)


def test_the_pack_pickles_copies_and_compares(pack):
    assert pickle.loads(pickle.dumps(pack)) == pack
    assert copy.deepcopy(pack) == pack
    assert replace(pack, limits=()) != pack


def test_an_answer_without_drivers_is_refused(tmp_path):
    (tmp_path / "answer.json").write_text('{"cases": {"posted": {}}}')
    with pytest.raises(InputError, match="no drivers and cuts can be read from it"):
        verify(read_record(), evidence().scenario, extent=Extent(True, tmp_path / "answer.json"))
