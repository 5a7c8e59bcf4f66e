"""A kind of fire unit that a question brings itself, by rows alone: from its file to a plan and an answer."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from core_example import KINDS, evidence, study_of

import tegmen as tg
from tegmen.answer.options import score_options
from tegmen.question.scenario import Scenario, shipped_scenario
from tegmen.terms import same_content

ROW = 'low = {0}\nbest = {0}\nhigh = {0}\nunit = "{1}"\nsource = "a brochure"\n'


def row(parameter: str, value: float, unit: str, about: str = "") -> str:
    about = f'threat_class = "{about}"\n' if about else ""
    return f'[[kinds.rows]]\nparameter = "{parameter}"\n{about}{ROW.format(value, unit)}'


NET = '[[kinds]]\nid = "drone_net"\n' + "".join(
    (
        row("defended_radius_drone", 300, "km"),
        row("kill_share", 1, "fraction", "drone"),
        row("simultaneous_engagements", 64, "targets"),
    )
)
DOME = '[[kinds]]\nid = "dome"\n' + "".join(
    (
        row("defended_radius_ballistic", 200, "km"),
        row("relative_effectiveness", 1, "fraction", "ballistic"),
        row("ballistic_launcher_share", 1, "fraction"),
        row("simultaneous_engagements", 64, "targets"),
        row("launchers_per_fire_unit", 8, "launchers"),
        row("ready_missiles_per_launcher", 16, "missiles"),
    )
)
DRONES = '[[goals]]\nname = "drones"\nmetric = "drone_strikes"\nthreshold = 0.5\nconfidence = 0.8\nheadline = true\n'


def question(kinds: str, system: str, most: int, goals: str = "") -> Scenario:
    """The shipped question with kinds of its own, one of which is added, for a goal of its own."""
    content = tomllib.loads(shipped_scenario("march-2024")) | tomllib.loads(kinds) | {"claims": []}
    content |= {"added_system": system, "added_max": most}
    if goals:
        content |= tomllib.loads(goals)
    return Scenario.model_validate(content)


def test_a_kind_made_up_in_a_file_is_sited_and_answered(until_march, small_effort, tmp_path):
    asked = question(NET, "drone_net", 3, DRONES)
    plan = tg.allocate(asked, until_march, added={"drone_net": 2, "gepard": 1}, effort=small_effort)
    assert dict(plan.added) == {"gepard": 1, "drone_net": 2}
    assert {stand.system for stand in plan.stands} == {"gepard", "drone_net"}
    answer = tg.sufficiency(asked, until_march, effort=small_effort, cases=("posted",))
    headline = answer.cases["posted"].headline
    # Whatever flies within 300 km of it is stopped: one is enough in every world, and little is left.
    assert headline.n == 1
    assert np.all(headline.remaining[1] < 0.5)
    assert "1 more drone net fire unit halves the expected drone strikes" in headline.sentence()
    assert headline.saturation is not None
    assert headline.saturation.added.tolist() == [0, 1, 2, 3]
    assert {number.id for number in answer.evidence.numbers} >= {"kinds/drone_net/drone/kill_share"}
    tg.write_report([answer], tmp_path)
    assert "drone net" in (tmp_path / "report.html").read_text("utf-8")
    origin = tg.why(f"{tmp_path / 'answer.json'}#/cases/posted/n")
    assert "a brochure" in str(origin.to_json())


def test_a_kind_of_one_s_own_moves_nothing_else_in_any_world():
    shipped, own = study_of(), study_of(question(NET + DOME, "dome", 3))
    goal = shipped.scenario.headline
    was, now = shipped.worlds("posted", goal, whole=True), own.worlds("posted", goal, whole=True)
    for name in ("counts", "packet", "mix", "rate", "site", "readiness"):
        assert np.array_equal(getattr(was, name), getattr(now, name)), name
    assert same_content(dict(was.unknowns), dict(now.unknowns))
    assert now.kinds.ids[:3] == ("patriot", "sampt", "dome")
    for kind in KINDS.ids:
        before, after = was.kinds.code(kind), now.kinds.code(kind)
        assert np.array_equal(was.system == before, now.system == after)
        assert np.array_equal(was.readiness_added[:, before], now.readiness_added[:, after]), kind
        for name in ("radius_air_km", "ready_air", "radius_ballistic_km", "ready_ballistic", "kill_drone", "channels"):
            one, other = getattr(was.units, name)[:, before], getattr(now.units, name)[:, after]
            assert np.array_equal(one, other), (kind, name)


def test_a_kind_of_one_s_own_against_ballistic_missiles_covers_what_it_reaches():
    """Two that reach half the country each leave less than any Patriots do, and need the rounds that these need."""
    study = study_of(question(DOME, "dome", 3))
    scores = score_options(study, "posted", [study.scenario.headline], [{"dome": 2}, {"patriot": 2}, {}])
    assert scores.remaining[0, 0] < scores.remaining[0, 1] < scores.remaining[0, 2] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (NET.replace("drone_net", "patriot"), "found kind 'patriot' twice, or as one of the catalogue's"),
        (NET + NET, "found kind 'drone_net' twice"),
        (NET.replace('"defended_radius_drone"', '"max_altitude"'), "has no row defended_radius_drone"),
        (NET.replace('"kill_share"', '"hit_share"'), "protects against nothing: it has neither a row defended_radius_"),
        (NET.replace("low = 300", "low = 400"), "range out of order: found 400, 300, 300"),
        (NET.replace('unit = "km"', 'unit = "miles"'), "unit: found 'miles'"),
        (DOME.replace('"ballistic_launcher_share"', '"x_share"'), "has no row ballistic_launcher_share"),
        (NET + row("rounds_per_kill", 2, "rounds"), "has rounds_per_kill, and not both ready_rounds and stock_drone"),
    ],
)
def test_a_kind_that_is_not_whole_is_refused(kinds: str, said: str, tmp_path):
    text = shipped_scenario("march-2024") + "\n" + kinds
    (tmp_path / "own.toml").write_text(text, "utf-8")
    with pytest.raises(tg.InputError) as refused:
        tg.read_scenario(tmp_path / "own.toml")
    assert said in str(refused.value)


def test_kinds_that_do_not_serve_are_refused_by_name_all_at_once(tmp_path):
    text = shipped_scenario("march-2024").replace('added_system = "patriot"', 'added_system = "nasams"', 1)
    text = text.replace("\n[month]", "\n[added]\nhawk = 2\nthaad = 1\new = 1\n\n[month]", 1)
    (tmp_path / "own.toml").write_text(text, "utf-8")
    with pytest.raises(tg.InputError) as refused:
        tg.read_scenario(tmp_path / "own.toml")
    said = str(refused.value)
    assert "added.thaad: found 'thaad'; allowed are patriot, sampt, nasams" in said
    assert "added.ew: found 'ew'" in said
    text = text.replace("thaad = 1\new = 1\n", "")
    (tmp_path / "own.toml").write_text(text.replace("[added]\nhawk = 2", ""), "utf-8")
    with pytest.raises(tg.InputError, match="goal 'strikes' counts ballistic missiles, which neither nasams meets"):
        tg.read_scenario(tmp_path / "own.toml")
    with pytest.raises(tg.InputError) as counted:
        evidence().scenario.model_copy(update={"added": {"patriot": 1, "sampt": -1}})
    assert "added: found 'patriot', whose number is asked about" in str(counted.value) or "-1" in str(counted.value)
