"""Worlds drawn twice: what is kept is kept to the bit, and shares of nothing and of everything are known."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import jsonschema
import numpy as np
import pytest
from core_example import evidence
from typer.testing import CliRunner

from tegmen.answer.drivers import SOURCES, Twice, chance_share, draw_twice, drive, total_share
from tegmen.answer.study import Effort, begin_study
from tegmen.cli.app import app
from tegmen.errors import EvidenceError
from tegmen.question.scenario import Held
from tegmen.report.drivers_page import write_drivers
from tegmen.report.json_files import json_schema
from tegmen.terms import ThreatClass
from tegmen.worlds.dice import STREAMS
from tegmen.worlds.draw import vary_worlds

if TYPE_CHECKING:
    from collections.abc import Collection

    from tegmen.worlds.draw import Worlds

BALLISTIC = ThreatClass.ballistic
SMALL = Effort(worlds=40, runs=6, worlds_most=40)


@pytest.fixture(scope="module")
def study():
    return begin_study(evidence().scenario, evidence().calibration, seed=1, effort=SMALL)


@pytest.fixture(scope="module")
def twice(study) -> Twice:
    return draw_twice(study, "posted")


@pytest.fixture
def varied(study):
    def vary(anew: Collection[str], turn: int = 1) -> Worlds:
        return vary_worlds(
            study.scenario, study.theatre, "posted", study.rates, count=40, seed=1, anew=anew, turn=turn
        )[0]

    return vary


def test_every_stream_stands_in_exactly_one_source():
    named = [stream for source in SOURCES for stream in source.streams]
    assert sorted(named) == sorted(STREAMS)


def test_what_is_not_drawn_anew_stays_to_the_bit(varied):
    base = varied(())
    lean = varied(("readiness",))
    assert not np.array_equal(lean.readiness_added, base.readiness_added)
    for name in ("counts", "packet", "mix", "rate", "system", "site", "readiness"):
        assert np.array_equal(getattr(lean, name), getattr(base, name)), name
    radius = varied(("radius",))
    assert not np.array_equal(radius.units.radius_ballistic_km, base.units.radius_ballistic_km)
    assert np.array_equal(radius.units.radius_air_km, base.units.radius_air_km)
    assert np.array_equal(radius.mix, base.mix)
    assert np.array_equal(radius.rate, base.rate)


def test_targets_and_layouts_are_addressed_by_world(varied):
    # other rates change how much is aimed at Kyiv, and which layouts are thrown away, in some worlds and not in others
    base, rates = varied(()), varied(("rates",))
    same = np.isclose(rates.unknowns["pull of the front on targets"], base.unknowns["pull of the front on targets"])
    assert same.all()
    assert np.array_equal(rates.mix[:, ThreatClass.cruise], base.mix[:, ThreatClass.cruise])
    assert not np.array_equal(rates.mix[:, BALLISTIC], base.mix[:, BALLISTIC])
    stands = varied(("stands",))
    assert np.array_equal(stands.mix, base.mix)
    alike = [np.array_equal(one, other) for one, other in zip(rates.site, base.site, strict=True)]
    assert any(alike)


def test_turns_differ_and_come_again(varied):
    assert np.array_equal(varied(("targets",), 2).mix, varied(("targets",), 2).mix)
    assert not np.array_equal(varied(("targets",), 1).mix, varied(("targets",), 2).mix)


def test_the_share_of_nothing_is_0_and_of_everything_1(twice):
    outcome = twice.score(twice.batch.campaign)(10)
    nothing, found = total_share(twice, outcome, 10, ())
    assert (nothing.value, nothing.error) == (0.0, 0.0)
    assert found == twice.fits.mean() > 0.9
    everything, _ = total_share(twice, outcome, 10, STREAMS)
    assert abs(everything.value - 1) <= 4 * everything.error
    chance = chance_share(twice, outcome, 10)
    assert 0 < chance.value < everything.value


def test_pages_and_json_hold_every_source(tmp_path):
    ours = evidence()
    result = drive(ours.scenario, ours.calibration, effort=SMALL, cases=("claimed",))
    page = write_drivers(result, tmp_path).read_text(encoding="utf-8")
    content = json.loads((tmp_path / "drivers.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, json_schema("drivers"))
    said = content["cases"]["claimed"]["drivers"]
    assert {each["unknown"] for each in said} == {source.words for source in SOURCES}
    assert [each["total"] for each in said] == sorted((each["total"] for each in said), reverse=True)
    assert all(each["paired"] > 0.8 for each in said)
    assert all(source.words in page for source in SOURCES)
    assert "<script" not in page
    table = result.to_pandas()
    assert table["total"].tolist() == pytest.approx([each["total"] for each in said], rel=1e-5)
    assert (table.loc[table["unknown"] == "launches nobody posted", "total"] > 0).all()


def test_worlds_that_contradict_the_record_are_refused():
    day, few = date(2023, 4, 1), (("patriot", 1), ("sampt", 0))
    held = tuple(Held(system=s, since=day, low=n, best=n, high=n, source="a test") for s, n in few)
    scenario = evidence().scenario.model_copy(update={"held": held})
    with pytest.raises(EvidenceError, match=r"only \d+ of \d+ worlds drawn agree with the record"):
        draw_twice(begin_study(scenario, evidence().calibration, seed=1, effort=Effort(worlds=200)), "posted")


def test_too_few_worlds_are_wrong_usage():
    assert CliRunner().invoke(app, ["drivers", "march-2024", "--worlds", "5"]).exit_code == 2
