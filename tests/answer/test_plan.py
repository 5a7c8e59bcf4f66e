"""Plans: every greedy step against trying all sites on the globe; numbers against sums of the worlds they came from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import BALLISTIC, PATRIOT, made_campaign, made_worlds

from tegmen import Effort, InputError, allocate
from tegmen.answer.siting import expected_leakers, site_greedily
from tegmen.engine.campaign import simulate
from tegmen.engine.engagement import engage
from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.scenario import Goal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

    from tegmen.answer.plan import Plan
    from tegmen.answer.results import Sufficiency
    from tegmen.answer.siting import Expected
    from tegmen.answer.study import Batch
    from tegmen.engine.campaign import Campaign
    from tegmen.question.scenario import Scenario

STEPS = 6


def goal_of(scenario: Scenario, name: str) -> Goal:
    return next(goal for goal in scenario.goals if goal.name == name)


@pytest.fixture(scope="module")
def plan(march: Scenario, until_march, small_effort: Effort) -> Plan:
    return allocate(march, until_march, added={"patriot": 3}, seed=1, effort=small_effort)


@pytest.fixture(scope="module")
def expected(small_batch: Batch) -> Expected:
    assert small_batch.baseline is not None
    return expected_leakers(small_batch.campaign, small_batch.baseline)


def sphere_km(latitude: Floats, longitude: Floats) -> Floats:
    """(place, place) great circles."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    x = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
    return 6371.0 * np.arccos(np.clip(x @ x.T, -1, 1))


def covered_places(campaign: Campaign, system: int) -> NDArray[np.bool_]:
    """(w, site, place) within the radius of a unit at the site."""
    places = campaign.worlds.places
    apart = sphere_km(places.latitude, places.longitude)
    return apart[None] <= campaign.worlds.units.radius_ballistic_km[:, system, None, None]


# ------------------------------------------------------------------ greedy steps


def strikes_left(campaign: Campaign, expected: Expected, cities: NDArray[np.intp]) -> Callable[[Floats], Floats]:
    return lambda open_share: (expected[BALLISTIC] * open_share)[..., cities].sum(axis=-1)


def people_left(campaign: Campaign, expected: Expected, cities: NDArray[np.intp]) -> Callable[[Floats], Floats]:
    people, packet = campaign.worlds.places.population, campaign.worlds.packet[:, BALLISTIC, None]
    return lambda open_share: (people * (1 - np.exp(-expected[BALLISTIC] * open_share / packet)))[..., cities].sum(
        axis=-1
    )


@pytest.mark.parametrize(("name", "left"), [("strikes", strikes_left), ("people", people_left)])
def test_each_step_takes_the_site_that_leaves_least(march, small_campaign, expected, name: str, left):
    worlds = small_campaign.worlds
    sites = site_greedily(small_campaign, goal_of(march, name), expected, "patriot", STEPS)
    cities = np.argsort(-worlds.places.population, kind="stable")[:25]
    # one added unit stops what it is ready for and kills, at every place it covers
    stops = worlds.readiness_added * worlds.rate[:, BALLISTIC] * worlds.units.effectiveness_ballistic[:, PATRIOT]
    passes = 1 - stops[:, None, None] * covered_places(small_campaign, PATRIOT)
    metric, open_share = left(small_campaign, expected, cities), np.ones((len(worlds), len(worlds.places)))
    for chosen in sites:
        tried = np.array([metric(open_share * passes[:, site]).mean() for site in range(len(worlds.places))])
        # a place on the very rim of a circle may fall on either side on a sphere
        assert tried[chosen] <= tried.min() * (1 + 2e-3)
        open_share = open_share * passes[:, chosen]


def test_capitals_are_covered_one_by_one_where_most_worlds_lack_cover(march, small_campaign, expected):
    worlds, places = small_campaign.worlds, small_campaign.worlds.places
    sites = site_greedily(small_campaign, goal_of(march, "capitals"), expected, "patriot", 22)
    bare = np.ones((len(worlds), len(places)), dtype=bool)
    for code in (MISSILE_SYSTEMS.index(name) for name in BALLISTIC_SYSTEMS):
        near = covered_places(small_campaign, code)
        for w in range(len(worlds)):
            for site in worlds.site[w][worlds.system[w] == code]:
                bare[w] &= ~near[w, site]
    near = covered_places(small_campaign, PATRIOT)
    for chosen in sites:
        gains = (near & (bare & places.capital)[:, None, :]).sum(axis=(0, 2))
        assert gains[chosen] >= gains.max() - 1  # one world more or less at a rim
        bare &= ~near[:, chosen]
    assert not bare[:, places.capital].any()


def test_units_pile_up_by_hand():
    # cities too far apart to share a unit, each unit stops 0.5 of what comes: 8, 3, 2, 1 -> 4 -> 2 and 3 -> ...
    worlds = made_worlds([(PATRIOT, 0)])
    worlds = replace(worlds, rate=np.full_like(worlds.rate, 0.5))
    goal = _goal_of_cities(4)
    campaign = made_campaign(worlds, 0.5)
    order = site_greedily(campaign, goal, {BALLISTIC: np.array([[8.0, 3.0, 2.0, 1.0]])}, "patriot", 6)
    assert order.tolist() == [0, 0, 1, 0, 2, 1]  # saves 4, 2, 1.5, then 1 at Kyiv and Odesa (larger first), 0.75


def test_places_that_do_not_count_get_no_unit():
    worlds = made_worlds([(PATRIOT, 0)])
    worlds = replace(worlds, rate=np.full_like(worlds.rate, 0.5))
    struck = {BALLISTIC: np.array([[1.0, 1.0, 100.0, 100.0]])}
    order = site_greedily(made_campaign(worlds, 0.5), _goal_of_cities(2), struck, "patriot", 4)
    assert set(order.tolist()) == {0, 1}


def _goal_of_cities(count: int) -> Goal:
    return Goal(
        name="g", label="halve", metric="ballistic_strikes", largest_cities=count, threshold=0.5, confidence=0.8
    )


# ------------------------------------------------------------------ plans


def test_a_plan_is_the_head_of_the_answer_s_placement(plan: Plan, small_result: Sufficiency):
    assert plan.stands == small_result.cases["posted"].headline.placement[:3]
    assert plan.method == "greedy"
    assert dict(plan.added) == {"patriot": 3}
    assert plan.provenance.inputs == small_result.provenance.inputs


def test_what_a_plan_leaves_is_the_mean_over_worlds(plan: Plan, small_campaign: Campaign):
    names = small_campaign.worlds.places.name.tolist()
    sites = [names.index(stand.place) for stand in plan.stands]
    table = engage(small_campaign.worlds, sites, "patriot", (BALLISTIC,))
    cities = np.argsort(-small_campaign.worlds.places.population, kind="stable")[:25]
    before, after = (
        simulate(small_campaign, table, added=n, runs=6, classes=(BALLISTIC,)).leakers[BALLISTIC][:, :, cities]
        for n in (0, 3)
    )
    shares = [after[w].sum() / before[w].sum() for w in range(len(before))]
    assert plan.expected["strikes"] == pytest.approx(float(np.mean(shares)), rel=1e-9)
    assert set(plan.expected) == {"strikes", "people", "capitals", "capacity"}
    assert all(0 < plan.expected[name] <= 1 for name in ("strikes", "people", "capacity"))
    assert 0 < plan.expected["capitals"] <= small_campaign.worlds.places.capital.sum()


def test_a_plan_is_a_table_and_a_line(plan: Plan):
    table = plan.to_pandas()
    assert list(table.columns) == ["order", "system", "place", "latitude", "longitude", "radius_km"]
    assert table["order"].tolist() == [1, 2, 3]
    assert set(table["system"]) == {"patriot"}
    assert repr(plan).startswith("<Plan {'patriot': 3} (greedy, posted): ")
    assert all(stand.place in repr(plan) and stand.place in plan._repr_html_() for stand in plan.stands)


def test_another_system_stands_elsewhere_or_reaches_otherwise(march, until_march, plan: Plan):
    effort = Effort(worlds=20, runs=2, worlds_most=20)
    other = allocate(march, until_march, added={"sampt": 2}, case="claimed", effort=effort)
    assert [stand.system for stand in other.stands] == ["sampt", "sampt"]
    assert other.case == "claimed"
    assert other.stands[0].radius_km != plan.stands[0].radius_km


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ({}, r"found \{\}; give exactly one system, patriot or sampt, and a number"),
        ({"patriot": 1, "sampt": 1}, "give exactly one system"),
        ({"nasams": 2}, "found system 'nasams'; allowed are patriot or sampt"),
        ({"patriot": 0}, "found 0 of patriot; give 1 or more"),
        ({"patriot": -3}, "found -3 of patriot; give 1 or more"),
        ({"patriott": -3}, "(?s)2 faults.*'patriott'.*found -3"),
    ],
)
def test_a_plan_that_cannot_be_made_is_refused(march, until_march, added: dict[str, int], fault: str):
    with pytest.raises(InputError, match=fault):
        allocate(march, until_march, added=added)
