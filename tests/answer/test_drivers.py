"""What drives the answer: sources of doubt that leave no unknown out, and worths of nothing and of everything."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest
from core_example import after_the_record, evidence, worlds_of
from typer.testing import CliRunner

from tegmen.answer.drivers import SOURCES, Drivers, drive
from tegmen.answer.estimates import first_order, numbers_needed
from tegmen.answer.readings import score
from tegmen.answer.study import Effort, begin_study
from tegmen.answer.sufficiency import sufficiency
from tegmen.cli.app import app
from tegmen.report.drivers_page import write_drivers
from tegmen.report.json_files import json_schema

EFFORT = Effort(worlds=200, runs=2)
SIZE = 30


@pytest.fixture(scope="module")
def result(march) -> Drivers:
    return drive(march, evidence().calibration, effort=EFFORT, cases=("posted", "claimed"))


def test_every_unknown_of_a_world_stands_in_exactly_one_source():
    named = [name for names in SOURCES.values() for name in names]
    for case in ("posted", "claimed"):
        assert sorted(named) == sorted(worlds_of(after_the_record(), case).unknowns)


@pytest.mark.parametrize("case", ["posted", "claimed"])
def test_the_number_and_who_needs_more_are_those_of_the_worlds(march, result, case: str):
    study = begin_study(march, evidence().calibration, seed=1, effort=EFFORT)
    worlds = study.worlds(case)
    plan = study.sites(march.headline, "patriot", SIZE)
    remaining = score(worlds, march.headline, plan).remaining(study.rounds(worlds, SIZE))
    need = np.array([next((n for n in range(SIZE + 1) if row[n] <= 0.5 + 1e-12), 99) for row in remaining])
    found = result.cases[case]
    assert found.worlds == len(worlds)
    assert found.censored == pytest.approx((need == 99).mean())
    enough = [n for n in range(SIZE + 1) if (need <= n).mean() >= 0.8]
    assert found.n == (enough[0] if enough else None)
    # the best number without knowing: its mean loss, a unit too few costing four times one too many
    tried = [np.where(np.minimum(need, SIZE) > n, 4 * (np.minimum(need, SIZE) - n), n - np.minimum(need, SIZE)).mean()
             for n in range(SIZE + 1)]  # fmt: skip
    assert found.evpi.value == pytest.approx(min(tried))


def test_each_unknown_alone_and_the_worth_of_all_are_those_of_the_answer(march, result):
    answer = sufficiency(march, evidence().calibration, effort=EFFORT, cases=("posted",)).cases["posted"].headline
    found = result.cases["posted"]
    assert found.unknowns == answer.drivers
    assert (found.n, found.censored) == (answer.n, answer.censored)
    assert (found.evpi.value, found.evpi.error) == (answer.evpi, answer.evpi_error)


def test_a_source_is_worth_no_more_than_knowing_everything(result):
    for answer in result.cases.values():
        assert {driver.unknown for driver in answer.drivers} == set(SOURCES)
        shares = [driver.share for driver in answer.drivers]
        assert shares == sorted(shares, reverse=True)
        assert all(0 <= share <= 1 for share in shares)
        assert all(0 <= d.evppi <= answer.evpi.value + 2 * d.evppi_error for d in answer.drivers)


def test_a_source_explains_at_least_what_its_members_do_but_for_chance(march, result):
    study = begin_study(march, evidence().calibration, seed=1, effort=EFFORT)
    worlds = study.worlds("posted")
    plan = study.sites(march.headline, "patriot", SIZE)
    remaining = score(worlds, march.headline, plan).remaining(study.rounds(worlds, SIZE))
    assert numbers_needed(remaining, 0.5)[1] == result.cases["posted"].censored
    n = result.cases["posted"].n
    alone = first_order(worlds.unknowns, remaining[:, SIZE if n is None else n])
    shares = {driver.unknown: driver for driver in result.cases["posted"].drivers}
    for words, names in SOURCES.items():
        for name in names:
            error = np.hypot(alone[name].error, shares[words].share_error)
            assert shares[words].share >= alone[name].value - 4 * error - 0.02


def test_pages_and_json_hold_every_source(result, tmp_path):
    page = write_drivers(result, tmp_path).read_text(encoding="utf-8")
    content = json.loads((tmp_path / "drivers.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, json_schema("drivers"))
    said = content["cases"]["claimed"]["drivers"]
    assert {each["unknown"] for each in said} == set(SOURCES)
    assert [each["share"] for each in said] == sorted((each["share"] for each in said), reverse=True)
    assert "<script" not in page
    table = result.to_pandas()
    table = table[table["case"] == "claimed"]
    assert table["share"].tolist() == pytest.approx([each["share"] for each in said], rel=1e-4, abs=1e-9)


def test_too_few_worlds_are_wrong_usage():
    assert CliRunner().invoke(app, ["drivers", "march-2024", "--worlds", "5"]).exit_code == 2
