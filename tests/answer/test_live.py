"""Worlds that a page carries: close to all of them, and every state as the answer's own tables have it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from core_example import evidence, study_of

from tegmen.answer import live
from tegmen.answer.live import arrays_of, carry, evaluate, held_goal, held_goals, read_state, whole_arrays
from tegmen.answer.readings import remaining_of, strike_table
from tegmen.answer.study import met_share, remaining_shares
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import passage_for
from tegmen.errors import InputError
from tegmen.terms import ThreatClass

MARCH = evidence().scenario


@cache
def study():
    return study_of(worlds=400)


@cache
def carried():
    return carry(study(), "posted", ["named"])["named"]


def state_of(text: str):
    return read_state(text, MARCH, study().theatre)


def test_a_part_of_the_worlds_gives_the_share_of_all_to_one_world(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live, "CARRIED", 100)
    goal = MARCH.headline
    part = carry(study(), "posted", ["named"])["named"]
    assert (len(part.worlds), part.of) == (100, 400)
    whole = met_share(remaining_of(study(), "posted", goal, ("patriot", MARCH.added_max)), goal)
    assert np.abs(evaluate(part, MARCH, state_of("")).probability - whole).max() <= 0.01 + 1e-9


@pytest.mark.parametrize(("rounds", "reaction"), [(40.0, 0.0), (3.5, 0.6)])
def test_strikes_of_a_state_are_those_of_the_answers_table(rounds: float, reaction: float):
    few = carried()
    told = evaluate(few, MARCH, state_of(f"rounds={rounds}&reaction={reaction}")).remaining
    table = strike_table(few.worlds, MARCH.headline, Laydown.of("patriot", few.sites["strikes"]))
    base = few.worlds.scalar["rounds_a_month"]
    np.testing.assert_allclose(told, table.remaining([base, *[base + rounds] * MARCH.added_max], reaction), rtol=1e-9)


@pytest.mark.parametrize("goal", ["people", "capitals"])
def test_other_goals_of_a_state_are_those_of_the_closed_form(goal: str):
    few = carried()
    base = few.worlds.scalar["rounds_a_month"]
    supply, plan = [base, *[base + 40.0] * MARCH.added_max], Laydown.of("patriot", few.sites[goal])
    expected = remaining_shares(few.worlds, MARCH.goal(goal), plan, [supply])[0]
    np.testing.assert_allclose(evaluate(few, MARCH, state_of(f"goal={goal}")).remaining, expected, rtol=1e-9)


@cache
def whole():
    return carry(study(), "posted", ["whole"])["whole"]


@pytest.mark.parametrize("goal", ["cruise_strikes", "drone_strikes", "all_strikes", "capacity"])
def test_goals_that_count_other_classes_are_those_of_the_closed_form(goal: str):
    few, asked = whole(), held_goal(MARCH, goal)
    names = few.worlds.places.name.tolist()
    units = (("nasams", "Kyiv"), ("gepard", "Odesa"), ("patriot", "Kharkiv"), ("iris_t_slm", "Dnipro"))
    text = ",".join(f"{kind}@{place}" for kind, place in units)
    told = evaluate(few, MARCH, state_of(f"goal={goal}&plan=own&units={text}"))
    plan = Laydown([kind for kind, _ in units], np.array([names.index(place) for _, place in units]))
    expected = remaining_shares(few.worlds, asked, plan, [study().rounds(few.worlds, plan)])[0]
    np.testing.assert_allclose(told.remaining, expected, rtol=1e-9)
    assert not told.struck[:, ~asked.measure.places(few.worlds.places, asked.largest_cities)].any()
    if goal != "capacity":
        supply, passage = [study().rounds(few.worlds, plan)], passage_for(few.worlds, asked.measure)
        strikes = expected_losses(cover_baseline(few.worlds), asked, plan, supply, passage)[0].mean(axis=0)
        np.testing.assert_allclose(told.struck.sum(axis=1), strikes, rtol=1e-9)


def test_a_page_holds_goals_of_every_class_even_where_none_is_asked():
    names = [goal.name for goal in held_goals(MARCH)]
    assert names == ["strikes", "people", "capitals", "capacity", "cruise_strikes", "drone_strikes", "all_strikes"]
    asked = held_goal(MARCH, "cruise_strikes")
    assert (asked.threshold, asked.confidence) == (MARCH.headline.threshold, MARCH.headline.confidence)
    own = MARCH.model_copy(update={"goals": (*MARCH.goals, asked.model_copy(update={"name": "mine"}))})
    assert [goal.name for goal in held_goals(own)][4:] == ["mine", "drone_strikes", "all_strikes"]


def test_rounds_come_with_the_first_unit_that_meets_ballistic_missiles():
    used = evaluate(carried(), MARCH, state_of("plan=own&rounds=500&units=nasams@Kyiv,patriot@Kyiv")).used
    assert used[0] == used[1] < used[2]


def test_units_of_a_kind_stand_ready_alike_in_a_world():
    few = whole().worlds
    arrays = whole_arrays(few)
    stands = arrays["stand_kind"] != 255
    ready = np.take_along_axis(arrays["stand_ready"], np.where(stands, arrays["stand_kind"], 0).astype(int), axis=1)
    meets = [ThreatClass.cruise in met for met in few.kinds.met.values()]
    own = np.where((few.system >= 0) & np.array(meets)[np.maximum(few.system, 0)], few.readiness, 0)
    np.testing.assert_allclose(np.where(stands, ready, 0).sum(axis=1), own.sum(axis=1), rtol=1e-6)


def test_what_gets_through_by_place_adds_up_to_what_is_left():
    few = carried()
    state = state_of("reaction=0.3&salvo=3&plan=own&units=patriot@Kharkiv,sampt@Odesa,patriot@Kharkiv")
    told = evaluate(few, MARCH, state)
    counted = few.worlds.places.largest(25)
    assert told.struck.shape == (4, len(few.worlds.places))
    # Re-aiming moves strikes between places that count, and none elsewhere.
    elsewhere = np.setdiff1d(np.arange(len(few.worlds.places)), counted)
    calm = evaluate(few, MARCH, replace(state, reaction=0.0))
    np.testing.assert_allclose(told.struck[:, elsewhere], calm.struck[:, elsewhere], rtol=1e-12)
    assert told.struck[-1, counted].sum() > calm.struck[-1, counted].sum()


def test_what_is_fixed_is_fixed_for_added_units_and_missiles_alone():
    few = carried()
    plain = evaluate(few, MARCH, state_of("")).struck
    np.testing.assert_array_equal(evaluate(few, MARCH, state_of("ready=0.2")).struck[0], plain[0])
    twice = round(2 * few.worlds.counts[0, 3])
    assert evaluate(few, MARCH, state_of(f"launched={twice}&rounds=9000")).struck[0].sum() > 1.9 * plain[0].sum()


def test_arrays_of_a_page_give_the_worlds_back_exactly():
    few = carried()
    arrays = arrays_of(few)
    mix = (arrays["mix"] * arrays["mix_unit"][:, None]).astype(np.float32)
    np.testing.assert_array_equal(mix, few.worlds.mix[:, 3])
    np.testing.assert_array_equal(arrays["kyiv"].astype(float), few.worlds.rate[:, 3])
    np.testing.assert_array_equal(arrays["radius"].astype(float), few.worlds.units.radius_ballistic_km[:, :2])
    stands = (few.worlds.system >= 0) & (few.worlds.system < 2)
    assert (arrays["system"] < 255).sum() == stands.sum()


def test_a_state_with_faults_names_them_all():
    with pytest.raises(InputError) as refused:
        state_of("case=x&goal=y&threshold=7&confidence=1&rounds=-1&salvo=1.5&units=nasams@Kyiv,patriot@Nowhere&b=1")
    said = str(refused.value)
    assert "9 faults" in said
    for words in (
        "case: found 'x'",
        "goal: found 'y'",
        "threshold",
        "confidence",
        "rounds",
        "salvo",
        "nasams",
        "Nowhere",
    ):
        assert words in said


def test_a_state_puts_no_more_units_than_the_question_tries():
    thirty = ",".join(["patriot@Kyiv"] * MARCH.added_max)
    assert len(state_of(f"plan=own&units={thirty}").units) == MARCH.added_max
    with pytest.raises(InputError, match="tries at most 30"):
        state_of(f"plan=own&units={thirty},sampt@Kyiv")
