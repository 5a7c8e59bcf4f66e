"""Area defence by added units: drones met at places and rounds that run out, by hand, by brute force and simulated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_example import BALLISTIC, CRUISE, GEPARD, KINDS, NASAMS, drawn, made_worlds

from tegmen.engine.campaign import begin_campaign
from tegmen.engine.check import compare, take_numbers
from tegmen.engine.engagement import lane_ways, reach_air_km, salvo_of
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.kernel.windows import fly_past
from tegmen.engine.laydown import NOBODY, Laydown
from tegmen.engine.passage import cruise_shares, let_pass, passage_for
from tegmen.question.goals import METRICS
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass, join
from tegmen.worlds.draw import Worlds

DRONE = ThreatClass.drone
LVIV = 1


def goal(metric: str, cities: int = 4) -> Goal:
    return Goal(name="g", metric=metric, largest_cities=cities, threshold=0.5, confidence=0.8)


def raided(*, stock: float = np.inf, ready: float = 0.8, launched: int = 40) -> Worlds:
    """Drones at four cities alike, a quarter of them stopped on their way; guns stop 0.5 of what they meet."""
    worlds = made_worlds([(NASAMS, 0)], launched=0)
    counts, rate = worlds.counts.copy(), worlds.rate.copy()
    counts[:, DRONE], rate[:, DRONE] = launched, 0.25
    units = replace(worlds.units, stock_drone=np.full_like(worlds.units.stock_drone, stock))
    return replace(worlds, counts=counts, rate=rate, units=units, readiness_added=np.full((1, len(KINDS)), ready))


def test_guns_stop_a_share_of_what_is_aimed_within_their_reach_each_in_turn():
    passage, places = let_pass(raided(), cruise=False), np.arange(4)
    before = passage.leak(places)[DRONE].copy()
    for site in (LVIV, LVIV, 3):
        passage.add(site, "gepard")
    # 0.8 x 0.5 of them each, whatever the layer does: two at Lviv, one at Vinnytsia, none elsewhere.
    assert passage.leak(places)[DRONE] == pytest.approx(before * [1.0, 0.6**2, 1.0, 0.6])
    passage.add(np.array([-1]), "gepard")
    passage.add(0, "nasams")
    assert passage.past[0].tolist() == pytest.approx([1.0, 0.36, 1.0, 0.6])


def test_a_gun_without_rounds_stops_less_and_later_units_face_what_is_left():
    worlds = raided(stock=3.0)
    passage = let_pass(worlds, cruise=False, stocked=True)
    arrives = 40 * 0.25 * passage.leak(np.array([LVIV]))[DRONE][0, 0]
    passage.add(LVIV, "gepard")
    passage.add(LVIV, "gepard")
    # Ready on 0.8 of nights it would engage 0.8 of those that come; it can engage three in the month.
    first = 0.8 * 0.5 * min(1, 3 / (0.8 * arrives))
    second = 0.8 * 0.5 * min(1, 3 / (0.8 * arrives * (1 - first)))
    assert passage.past[0, LVIV] == pytest.approx((1 - first) * (1 - second))
    assert first < 0.4
    endless = let_pass(worlds, cruise=False)
    endless.add(LVIV, "gepard")
    assert endless.past[0, LVIV] == pytest.approx(0.6)


def test_everywhere_is_one_at_every_place():
    worlds = raided()
    every, one = let_pass(worlds, cruise=False).everywhere("gepard"), let_pass(worlds, cruise=False)
    for site in range(4):
        one.add(site, "gepard")
    assert every.past == pytest.approx(one.past)


def test_what_flies_past_a_site_is_summed_lane_by_lane():
    worlds = drawn()
    ways, radius, total = lane_ways(worlds.theatre), reach_air_km(worlds)[:, NASAMS].copy(), np.empty(30)
    share, sites = cruise_shares(worlds), np.arange(30) - 1
    assert share.sum(axis=1) == pytest.approx(np.ones(30), rel=1e-5)
    fly_past(0, 30, sites, radius, ways, share, np.full_like(share, 0.5), total)
    for w, site in enumerate(sites):
        near = slice(ways.pointer[site], ways.pointer[site + 1])
        by_hand = share[w, ways.lane[near]][ways.approach[near] < radius[w]].sum() if site >= 0 else 0.0
        assert total[w] == pytest.approx(by_hand / 2)


def test_a_unit_that_runs_out_of_rounds_is_as_one_that_is_ready_less_often():
    worlds, site = drawn(), 2
    few = replace(worlds, scalar={**worlds.scalar, "stock_area": np.full(30, 2.0)})
    few = replace(few, units=replace(few.units, ready_air=np.full_like(few.units.ready_air, 2)))
    plain, stocked = let_pass(few), let_pass(few, stocked=True)
    flown = np.empty(30)
    radius = reach_air_km(few)[:, NASAMS].copy()
    fly_past(0, 30, np.full(30, site), radius, lane_ways(few.theatre), cruise_shares(few), plain.passing, flown)
    lasts = np.minimum(1, 4.0 / np.maximum(salvo_of(few, "cruise") * few.counts[:, CRUISE] * flown, 1e-300))
    assert lasts.min() < 0.5
    seldom = few.readiness_added.copy()
    seldom[:, NASAMS] = lasts
    rarely = let_pass(replace(few, readiness_added=seldom))
    for passage in (plain, stocked, rarely):
        passage.add(site, "nasams")
    np.testing.assert_allclose(stocked.passing, rarely.passing, rtol=1e-12)
    assert np.any(stocked.passing > plain.passing)


def test_a_plan_laid_down_after_others_is_as_if_it_were_the_first():
    """Units added and taken away in any order: what passes is that of the same units added one by one to none."""
    worlds = drawn()
    passage, rng = passage_for(worlds, METRICS["strikes"]), np.random.default_rng(4)
    bare, flown = passage.passing.copy(), passage.shares > 0
    kinds = ("patriot", "nasams", "nasams", "gepard", "gepard")
    for count in (5, 2, 4, 1, 5, 3):
        plan = Laydown(kinds[:count], rng.integers(0, 4, count))
        passage.lay_down(plan)
        anew = passage_for(worlds, METRICS["strikes"])
        for kind, site in plan:
            anew.add(site, kind)
        assert np.array_equal(passage.passing[flown], anew.passing[flown])
        assert np.array_equal(passage.past, anew.past)
        assert passage.passing[flown].sum() < bare[flown].sum()
    passage.lay_down(NOBODY)
    np.testing.assert_allclose(passage.passing[flown], bare[flown], rtol=1e-5)
    assert np.all(passage.past == 1)


def test_all_strikes_are_the_sum_of_the_strikes_of_each_class():
    """By the closed form of each class; supersonic missiles and S-300 count and stay as they are."""
    worlds = drawn()
    places = worlds.places.largest(25)
    plan = Laydown(("patriot", "nasams", "gepard", "gepard"), np.array([0, 2, 1, 1]))
    rounds = [[worlds.scalar["rounds_a_month"]] * 5]

    def losses(metric: str):
        passage = passage_for(worlds, METRICS[metric])
        return expected_losses(cover_baseline(worlds), goal(metric, 25), plan, rounds, passage)[0]

    parts = sum(losses(f"{cls}_strikes") for cls in ("ballistic", "cruise", "drone"))
    other = [worlds.counts[:, c] * worlds.mix[:, c][:, places].sum(axis=1) * (1 - worlds.rate[:, c]) for c in (2, 4)]
    np.testing.assert_allclose(losses("strikes"), parts + sum(other)[:, None], rtol=1e-6)
    drones, cruise = losses("drone_strikes"), losses("cruise_strikes")
    assert np.all(drones[:, 1] == drones[:, 0])
    assert np.all(np.diff(drones[:, 2:], axis=1) <= 0)
    assert np.any(cruise[:, 1] < cruise[:, 0])  # a Patriot meets cruise missiles, too
    assert np.all(cruise[:, 4] == cruise[:, 2])


def eased(worlds: Worlds) -> Worlds:
    """Rounds and channels without end, and units never out."""
    units = replace(
        worlds.units, channels=np.full_like(worlds.units.channels, 64),
        ready_drone=np.full_like(worlds.units.ready_drone, np.inf),
        stock_drone=np.full_like(worlds.units.stock_drone, np.inf),
    )  # fmt: skip
    return replace(worlds, units=units)


def test_drones_simulated_and_expected_agree_where_nothing_saturates():
    plan = Laydown.of("gepard", [0, 0, 1, 2, 2, 2])
    campaign = begin_campaign(eased(drawn()), cruise=False)
    agreed = compare(campaign, goal("drone_strikes", 25), plan, [np.inf] * 7, added=[0, 3, 6], runs=20)
    assert agreed.largest <= 4
    assert np.all(np.abs(agreed.correction[1:]) <= 4 * agreed.correction_error[1:])


def test_a_gun_that_is_busy_lets_drones_pass_and_the_correction_says_how_many():
    """Forty drones within ten minutes at one gun that takes a quarter of an hour over each."""
    worlds = raided(ready=1.0)
    mix = worlds.mix.copy()
    mix[:, DRONE] = [0.0, 1.0, 0.0, 0.0]
    theatre = replace(worlds.theatre, spread_s=np.full(len(ThreatClass), 300.0), nights=1)
    scalar = {**worlds.scalar, "engagement_drone_s": np.full(1, 900.0)}
    units = replace(worlds.units, channels=np.ones_like(worlds.units.channels))
    worlds = replace(worlds, mix=mix, theatre=theatre, scalar=scalar, units=units, rate=np.zeros_like(worlds.rate))
    worlds = join([worlds, worlds])
    campaign, plan = begin_campaign(worlds, cruise=False), Laydown.of("gepard", [LVIV])
    agreed = compare(campaign, goal("drone_strikes"), plan, [np.inf] * 2, added=[0, 1], runs=200)
    # Of forty it engages one or two, and stops half of them: 0.5 of all in closed form.
    assert 0.5 - 1.2 / 40 <= agreed.correction[1] <= 0.5 - 0.4 / 40
    kept = take_numbers(agreed, 1)
    assert (kept.added.tolist(), kept.correction.tolist()) == ([0], [agreed.correction[1]])


def test_a_goal_of_ballistic_missiles_alone_needs_no_passage():
    assert passage_for(raided(), METRICS["ballistic_strikes"]) is None
    passage = passage_for(raided(), METRICS["drone_strikes"])
    assert passage is not None
    assert (passage.solved, passage.stocked) == (False, True)
    assert METRICS["capacity_lost"].met == {BALLISTIC, CRUISE}
    assert not NOBODY.kinds
    assert KINDS.code("gepard") == GEPARD
