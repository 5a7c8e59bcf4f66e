"""Sites unit after unit: what each site promises against trying it, bounds against trying every laydown."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from core_example import BALLISTIC, PATRIOT, SAMPT, drawn, made_worlds

from tegmen.answer.steps import Ground, proven_bound, site_by_steps
from tegmen.engine.passage import cruise_shares
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass


def goal(metric: str, cities: int = 4) -> Goal:
    return Goal(name="g", metric=metric, largest_cities=cities, threshold=0.5, confidence=0.8)


def four_cities_raided():
    """Ballistic missiles and drones at four cities in two worlds, aimed elsewhere in each; a SAMP/T stands in Odesa."""
    worlds = made_worlds([(SAMPT, 2)], readiness=0.7, count=2)
    counts, mix, rate = worlds.counts.copy(), worlds.mix.copy(), worlds.rate.copy()
    counts[:, ThreatClass.drone], rate[:, BALLISTIC] = 30, 0.8
    mix[:, BALLISTIC] = [[0.5, 0.3, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]]
    mix[:, ThreatClass.drone] = [[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]
    effect = worlds.units.effectiveness_ballistic.copy()
    effect[:, SAMPT] = [0.6, 0.9]
    units = replace(worlds.units, effectiveness_ballistic=effect)
    return replace(worlds, counts=counts, mix=mix, rate=rate, units=units)


@pytest.mark.parametrize(
    ("metric", "kind"),
    [("ballistic_strikes", "patriot"), ("people_struck", "sampt"), ("drone_strikes", "gepard"), ("strikes", "gepard")],
)
def test_what_a_site_promises_on_places_is_what_a_unit_there_saves(metric: str, kind: str):
    worlds = drawn()
    units = replace(worlds.units, stock_drone=np.full_like(worlds.units.stock_drone, np.inf))
    ground = Ground(replace(worlds, units=units), goal(metric, 25))
    ground.add(0, "patriot")
    promised, before = ground.gains(kind), ground.saved
    saved = [ground.with_one(site, kind).saved - before for site in range(len(worlds.places))]
    np.testing.assert_allclose(promised, saved, atol=1e-9)
    assert promised.max() > 0
    assert ground.saved == before  # trying changes nothing


def test_on_lanes_a_site_promises_what_one_salvo_at_each_that_flies_past_would_stop():
    worlds = drawn()
    ground = Ground(worlds, goal("cruise_strikes", 25))
    passage = ground.passage
    assert passage is not None
    lanes, code, site = worlds.theatre.lanes, worlds.kinds.code("nasams"), 3
    first, last = lanes.first[[ThreatClass.cruise, ThreatClass.cruise + 1]]
    counted = np.isin(np.arange(last - first) // (lanes.areas * 3), worlds.places.largest(25))
    near = slice(lanes.pointer[site], lanes.pointer[site + 1])
    radius = np.minimum(worlds.units.radius_air_km[:, code], passage.batteries.radius[:, code])
    total = 0.0
    for w in range(len(worlds)):
        on = lanes.lane[near][lanes.approach_km[near] < radius[w]]
        through = cruise_shares(worlds)[w] * passage.passing[w] * (1 - passage.attrition[w, first:last]) * counted
        rounds = max(1, round(float(worlds.scalar["salvo_cruise"][w])))
        kill = 1 - (1 - passage.factor[w] * worlds.units.effectiveness_air[w, code]) ** rounds
        total += kill * worlds.counts[w, ThreatClass.cruise] * through[on].sum()
    assert ground.gains("nasams")[site] == pytest.approx(total / ground.base)


def test_units_that_share_the_same_seconds_do_not_pile_up():
    """A second unit beside one that is always ready fires at nothing more: the next goes elsewhere."""
    worlds = drawn()
    units = replace(worlds.units, ready_air=np.full_like(worlds.units.ready_air, 10_000))
    ground = Ground(replace(worlds, units=units), goal("cruise_strikes", 25))
    plan = site_by_steps([ground], ["nasams"] * 4)
    assert len(set(plan.sites.tolist())) == 4
    equal = Ground(replace(worlds, units=units), goal("cruise_strikes", 25))
    for site in worlds.places.largest(4):
        equal.add(int(site), "nasams")
    assert ground.saved > equal.saved


@pytest.mark.parametrize("added", [{"patriot": 1, "sampt": 1}, {"patriot": 2, "gepard": 1}, {"gepard": 2, "sampt": 1}])
def test_no_laydown_of_as_many_saves_more_than_the_bound(added: dict[str, int]):
    worlds, goals = four_cities_raided(), [goal("ballistic_strikes"), goal("drone_strikes")]
    grounds = [Ground(worlds, each) for each in goals]
    kinds = [kind for kind, count in added.items() for _ in range(count)]
    plan = site_by_steps(grounds, kinds)
    found, bound = sum(ground.saved for ground in grounds), proven_bound(grounds, added)
    best = 0.0
    for sites in product(range(4), repeat=len(kinds)):
        tried = [Ground(worlds, each) for each in goals]
        for kind, site in zip(kinds, sites, strict=True):
            for ground in tried:
                ground.add(site, kind)
        best = max(best, sum(ground.saved for ground in tried))
    assert bound is not None
    assert found <= best * (1 + 1e-9) <= bound * (1 + 2e-9)
    assert found == pytest.approx(best)  # places too far apart to share a unit: step by step is best
    assert plan.kinds == tuple(kinds)


def test_where_savings_need_not_diminish_no_bound_is_claimed():
    worlds = four_cities_raided()
    assert proven_bound([Ground(worlds, goal("people_struck"))], {"patriot": 1}) is None
    assert proven_bound([Ground(drawn(), goal("cruise_strikes", 25))], {"nasams": 1}) is None
    effect = worlds.units.effectiveness_ballistic.copy()
    effect[:, PATRIOT] = 0.5  # the lesser kind would fire first
    lesser = replace(worlds, units=replace(worlds.units, effectiveness_ballistic=effect))
    assert proven_bound([Ground(lesser, goal("ballistic_strikes"))], {"patriot": 1, "sampt": 1}) is None
