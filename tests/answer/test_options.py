"""Options: the curve of one kind, several kinds summed up unit by unit, and what no option can be."""

from __future__ import annotations

import numpy as np
import pytest
from core_example import study_of

from tegmen.answer.options import score_options, site_option
from tegmen.answer.study import is_met, met_share, share_error
from tegmen.answer.sufficiency import remaining_for
from tegmen.engine.expected import cover_baseline, expected_losses, with_units
from tegmen.engine.laydown import Laydown
from tegmen.errors import InputError
from tegmen.question.option import option_faults, parse_option

GOALS = ("strikes", "people", "capitals")


@pytest.fixture(scope="module")
def study():
    return study_of()


def test_an_option_of_one_kind_is_a_point_of_its_curve(study):
    numbers = (0, 3, 7)
    for goal in (study.scenario.goal(name) for name in GOALS):
        scores, g = score_options(study, "posted", [goal], [{"patriot": n} for n in numbers]), 0
        curve = remaining_for(study, "posted", goal, ("patriot", 7))
        assert np.array_equal(scores.probability[g], met_share(curve, goal)[list(numbers)])
        assert scores.remaining[g] == pytest.approx(curve.mean(axis=0)[list(numbers)], rel=1e-12)
        batch = study.worlds("posted", goal).batch[: len(curve)]
        assert scores.mcse[g] == pytest.approx(share_error(is_met(curve, goal), batch)[list(numbers)], rel=1e-12)


def test_several_kinds_are_scored_as_the_units_of_one_plan(study):
    """Each unit added to the cover by itself: what is left is the closed form of a plan of no kind in particular."""
    goal, worlds = study.scenario.headline, study.worlds("posted", study.scenario.headline)
    options = [{"patriot": 4, "sampt": 2}, {"sampt": 2}, {"patriot": 2, "sampt": 0}, {"patriot": 2, "sampt": 2}]
    scores = score_options(study, "posted", [goal], options)
    places, rounds = worlds.places.largest(goal.largest_cities), study.rounds(worlds, 1)
    launched = worlds.counts[:, 3, None] * worlds.mix[:, 3][:, places].astype(float)
    fired = np.maximum(1, np.rint(worlds.scalar["salvo_ballistic"])) * worlds.counts[:, 3]

    def strikes(cover, supply):
        wanted = fired * (worlds.mix[:, 3] * cover.engaged).sum(axis=1)
        filled = np.minimum(1.0, supply / np.maximum(wanted, 1e-300))[:, None]
        return (launched * (1 - filled * cover.stopped[:, places])).sum(axis=1)

    base = strikes(cover_baseline(worlds), rounds[0])
    assert scores.baseline[0] == pytest.approx(base.mean(), rel=1e-9)
    for o, option in enumerate(options):
        *_, (cover, _) = with_units(cover_baseline(worlds), site_option(study, [goal], option))
        left = strikes(cover, rounds[1]) / base
        assert scores.remaining[0, o] == pytest.approx(left.mean(), rel=1e-9)
        assert scores.probability[0, o] == (left <= goal.threshold + 1e-9).mean()


def test_one_laydown_of_an_option_serves_all_goals(study):
    goals = [study.scenario.goal(name) for name in ("strikes", "people")]
    option = {"patriot": 3, "sampt": 1}
    scores, plan = score_options(study, "posted", goals, [option, {"patriot": 1}]), site_option(study, goals, option)
    for g, goal in enumerate(goals):
        worlds = study.worlds("posted", goal)
        table = expected_losses(cover_baseline(worlds), goal, plan, [study.rounds(worlds, plan)])[0]
        assert scores.remaining[g, 0] == pytest.approx((table[:, -1] / table[:, 0]).mean(), rel=1e-9)
    assert dict(plan.added) == option


def test_a_kind_that_bears_on_no_goal_stands_nowhere_and_brings_no_rounds(study):
    goal = study.scenario.headline
    none, guns = score_options(study, "posted", [goal], [{}, {"gepard": 9, "nasams": 3}]).remaining[0]
    assert none == guns == pytest.approx(1.0)
    assert not len(site_option(study, [goal], {"gepard": 9}))
    worlds = study.worlds("posted", goal)
    base, first, second = study.rounds(worlds, Laydown(("nasams", "patriot"), np.zeros(2, dtype=np.int64)))
    assert np.array_equal(base, first)
    assert np.all(second > base)


def test_the_order_of_kinds_in_a_plan_changes_nothing(study):
    goal, worlds = study.scenario.headline, study.worlds("posted", study.scenario.headline)
    plans = [site_option(study, [goal], option) for option in ({"patriot": 3, "sampt": 2}, {"sampt": 2, "patriot": 3})]
    one, other = (expected_losses(cover_baseline(worlds), goal, plan, [[30.0] * 6])[0][:, -1] for plan in plans)
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_what_is_no_option_is_refused_all_at_once(study):
    with pytest.raises(InputError) as refused:
        score_options(study, "posted", [study.scenario.headline], [{"patriott": 1, "sampt": -1}, {"patriot": 2.5}])
    assert len(refused.value.faults) == 3
    for found in ("kind 'patriott'; allowed are patriot, sampt, nasams", "found -1 of sampt", "found 2.5 of patriot"):
        assert any(found in fault for fault in refused.value.faults), found
    assert option_faults({}, ["patriot"]) == option_faults({}, ["sampt"]) != []
    assert "nothing is added" in option_faults({"patriot": 0}, ["patriot"])[0]
    assert option_faults({"patriot": 1}, ["patriot"]) == []


def test_an_option_is_read_as_written_or_refused():
    assert parse_option("patriot=7, nasams=2") == {"patriot": 7, "nasams": 2}
    with pytest.raises(InputError) as refused:
        parse_option("patriot=7,patriot=2,nasams,Gepard=3,gepard=-1")
    assert len(refused.value.faults) == 4
