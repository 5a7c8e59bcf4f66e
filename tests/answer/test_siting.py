"""Sites: every greedy step and the best plan against trying all of them, bounds against the best; what plans know."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import (
    BALLISTIC,
    KINDS,
    MEET_BALLISTIC,
    PATRIOT,
    SAMPT,
    after_the_record,
    evidence,
    made_worlds,
    patriots,
    worlds_of,
)

from tegmen.answer import siting
from tegmen.answer.readings import score
from tegmen.answer.siting import Gains, gains_of, site_best, site_greedily, site_informed, siting_gap, stands
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.errors import InputError
from tegmen.question.scenario import Goal
from tegmen.terms import join, take

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tegmen.worlds.draw import Worlds

    Floats = NDArray[np.float64]

STEPS = 4


def goal_of(metric: str = "ballistic_strikes", cities: int = 4) -> Goal:
    return Goal(name="g", label="halve", metric=metric, largest_cities=cities, threshold=0.5, confidence=0.8)


def shares(worlds: Worlds, *aimed: float, kill: float = 0.5) -> Worlds:
    """The same worlds with this much of the ballistic missiles aimed at each place, and this kill share."""
    mix, rate = worlds.mix.copy(), worlds.rate.copy()
    mix[:, BALLISTIC], rate[:, BALLISTIC] = aimed, kill
    return replace(worlds, mix=mix, rate=rate)


def greedily(worlds: Worlds, goal: Goal, system: str, count: int):
    return site_greedily(gains_of(worlds, goal, system, count), count)


@pytest.fixture(scope="module")
def drawn_worlds() -> Worlds:
    return worlds_of(after_the_record())


# ------------------------------------------------------------------ greedy steps


@pytest.mark.parametrize("name", ["strikes", "people"])
@pytest.mark.parametrize("system", MEET_BALLISTIC)
def test_each_step_takes_the_site_that_leaves_least(drawn_worlds, name: str, system: str):
    """With rounds without end; what is left is the mean over worlds of the metric itself, each site tried in turn."""
    goal, worlds = evidence().scenario.goal(name), take(drawn_worlds, np.arange(30))
    assert goal is not None
    sites = greedily(worlds, goal, system, STEPS)
    cover, endless = cover_baseline(worlds), [np.inf] * 2
    for step, chosen in enumerate(sites):
        losses = [
            expected_losses(cover, goal, Laydown.of(system, [site]), [endless])[0] for site in range(len(worlds.places))
        ]
        tried = np.array([table[:, 1].mean() for table in losses])
        assert tried[chosen] <= tried.min() * (1 + 1e-9), step
        cover.add(int(chosen), system)


def test_capitals_are_covered_one_by_one_where_most_worlds_lack_cover(drawn_worlds):
    worlds, xy = drawn_worlds, drawn_worlds.places.xy
    goal = evidence().scenario.goal("capitals")
    assert goal is not None
    sites = greedily(worlds, goal, "patriot", 22)
    bare = np.array(worlds.covers == 0)
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=-1)
    near = apart[None] <= worlds.units.radius_ballistic_km[:, PATRIOT, None, None]
    for chosen in sites:
        gains = (near & (bare & worlds.places.capital)[:, None, :]).sum(axis=(0, 2))
        assert gains[chosen] == gains.max()
        bare &= ~near[:, chosen]
    assert not bare[:, worlds.places.capital].any()


def test_units_pile_up_by_hand():
    # cities too far apart to share a unit, each unit ready always and stopping 0.5 of what it meets: a second one at
    # the same place meets what the first has met already (a missile is met once), so units spread
    worlds = shares(made_worlds([(SAMPT, 1)], readiness=0.0), 0.4, 0.3, 0.2, 0.1)
    ready = replace(worlds, readiness_added=np.full((1, len(KINDS)), 0.8))
    assert greedily(ready, goal_of(), "patriot", 4).tolist() == [0, 1, 2, 3]
    # 0.4 x 0.5 = 0.2 is left at Kyiv, then 0.1 of it: where a unit is ready on half of nights a second saves
    half = replace(worlds, readiness_added=np.full((1, len(KINDS)), 0.5))
    # saves 0.4, 0.3, then 0.2 at Kyiv and Odesa alike (the larger first), 0.15, 0.1 ... each times 0.5 x 0.5
    assert greedily(half, goal_of(), "patriot", 6).tolist() == [0, 1, 0, 2, 1, 0]


def test_places_that_do_not_count_get_no_unit():
    worlds = shares(made_worlds([(PATRIOT, 3)]), 0.01, 0.01, 0.49, 0.49)
    assert set(greedily(worlds, goal_of(cities=2), "patriot", 2).tolist()) == {0, 1}


def test_a_site_is_worth_what_it_reaches_in_each_world():
    """In one world of three a unit reaches all four cities from anywhere: that speaks for no site more than another."""
    worlds = shares(made_worlds([(PATRIOT, 0)], readiness=0.0, count=3), 0.3, 0.1, 0.4, 0.2)
    radius = worlds.units.radius_ballistic_km.copy()
    radius[0] = 2000.0
    worlds = replace(
        worlds, units=replace(worlds.units, radius_ballistic_km=radius), readiness_added=np.ones((3, len(KINDS)))
    )
    assert greedily(worlds, goal_of(), "patriot", 4).tolist() == [2, 0, 3, 1]


# ------------------------------------------------------------------ the best plan, and a bound on all


@pytest.mark.parametrize("name", ["strikes", "people", "capitals"])
def test_the_table_of_gains_scores_any_plan(drawn_worlds, name: str):
    """Whatever the sites: what the closed form of the metric says is left, mean over worlds, rounds without end."""
    goal, worlds = evidence().scenario.goal(name), take(drawn_worlds, np.arange(40))
    assert goal is not None
    gains, dice = gains_of(worlds, goal, "patriot", STEPS), np.random.default_rng(1)
    for plan in (dice.choice(gains.sites, STEPS) for _ in range(6)):
        losses = expected_losses(cover_baseline(worlds), goal, patriots(plan), [[np.inf] * (STEPS + 1)])[0]
        saved = (losses[:, 0] - losses[:, STEPS]).mean()
        assert gains.of(plan) == pytest.approx(saved, rel=1e-6, abs=1e-9)


def made_gains(dice: np.random.Generator, sites: int, groups: int, most: int, *, concave: bool = True) -> Gains:
    """Savings at random: of each group a share more with each unit, or any that grow."""
    worth, left = dice.gamma(1.0, size=(groups, 1)), dice.uniform(0.05, 0.7, (groups, 1))
    saved = worth * (1 - left ** np.arange(most + 1))
    if not concave:
        saved = np.cumsum(np.pad(dice.gamma(0.5, size=(groups, most)), ((0, 0), (1, 0))), axis=1)
    return Gains(np.arange(10, 10 + sites), dice.random((groups, sites)) < 0.4, saved)


def every_plan(gains: Gains, count: int) -> float:
    """The most that any plan saves, all of them tried."""
    return max(gains.of(np.array(plan)) for plan in combinations_with_replacement(gains.sites.tolist(), count))


@pytest.mark.parametrize("seed", range(200))
def test_the_best_plan_is_the_best_of_all(seed: int):
    dice = np.random.default_rng(seed)
    gains, count = made_gains(dice, 5, 7, 3), 3
    best, most = site_best(gains, count), every_plan(gains, count)
    assert gains.of(best.sites) == best.saved == pytest.approx(most, rel=1e-9)
    assert best.bound == pytest.approx(most, rel=1e-5)
    assert best.status == "proven best"
    assert len(best.sites) == count


@pytest.mark.parametrize("seed", range(60))
def test_a_bound_is_a_bound_where_savings_are_not_concave(seed: int):
    dice = np.random.default_rng(1000 + seed)
    gains, count = made_gains(dice, 4, 5, 3, concave=False), 3
    best, most = site_best(gains, count), every_plan(gains, count)
    assert best.saved <= most * (1 + 1e-9)
    assert best.bound >= most * (1 - 1e-9)
    assert best.gap == pytest.approx(1 - best.saved / best.bound, abs=1e-12)


def greedy_falls_short() -> Gains:
    """Two sites reach two thirds of all together; a third, worth more alone, reaches half of what each of them does."""
    reach = np.array([[1, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]], dtype=bool)
    worth = np.array([[3.0], [2.0], [3.0], [2.0]])
    return Gains(np.arange(3), reach, worth * np.array([0.0, 1.0, 1.0]))


def test_where_greedy_falls_short_the_best_is_found_and_the_shortfall_proven():
    gains = greedy_falls_short()
    greedy = site_greedily(gains, 2)
    assert (greedy.tolist(), gains.of(greedy)) == ([2, 0], 8.0)
    best = site_best(gains, 2)
    assert (sorted(best.sites.tolist()), best.saved, best.status) == ([0, 1], 10.0, "proven best")
    # One unit: the third site is right. Two: greedy saves 8 of 10.
    assert siting_gap(gains, greedy) == pytest.approx(0.2)
    assert siting_gap(gains, greedy[:1]) == pytest.approx(0.0, abs=1e-9)


def test_no_solver_is_taken_at_its_word(monkeypatch: pytest.MonkeyPatch):
    gains = greedy_falls_short()
    honest = siting.milp
    with monkeypatch.context() as lies:
        lies.setattr(siting, "milp", lambda *_, **__: SimpleNamespace(status=4, x=None, mip_dual_bound=-8.0))
        failed = site_best(gains, 2)
    assert failed.saved == 8.0
    assert failed.bound >= 10.0
    assert failed.status == "within 20 % of the best"
    with monkeypatch.context() as lies:
        # Stopped by the clock, and a bound below a plan that is known: no bound at all.
        lies.setattr(siting, "milp", lambda *_, **__: SimpleNamespace(status=1, x=np.zeros(11), mip_dual_bound=-7.0))
        assert site_best(gains, 2).bound >= 10.0
    with monkeypatch.context() as lies:
        lies.setattr(siting, "linprog", lambda *_, **__: SimpleNamespace(status=4, ineqlin=None))
        unpriced = site_best(gains, 2)
    assert siting.milp is honest
    assert (unpriced.saved, unpriced.status) == (10.0, "proven best")


@pytest.mark.parametrize("seed", range(40))
def test_whatever_prices_a_solver_gives_they_prove_a_bound(seed: int, monkeypatch: pytest.MonkeyPatch):
    dice = np.random.default_rng(seed)
    gains = made_gains(dice, 5, 7, 3)

    def any_prices(*_, **__) -> SimpleNamespace:
        return SimpleNamespace(status=0, ineqlin=SimpleNamespace(marginals=-dice.gamma(0.5, size=8)))

    monkeypatch.setattr(siting, "linprog", any_prices)
    monkeypatch.setattr(siting, "milp", lambda *_, **__: SimpleNamespace(status=4, x=None, mip_dual_bound=None))
    assert site_best(gains, 3).bound >= every_plan(gains, 3) * (1 - 1e-9)


@pytest.mark.parametrize("count", [0, -1, 3])
def test_a_number_that_the_table_does_not_reach_is_refused(count: int):
    with pytest.raises(InputError, match=f"found {count}; give 1 to 2"):
        site_best(greedy_falls_short(), count)


def test_the_shipped_question_s_sites_are_the_best(drawn_worlds):
    """Its cities lie too far apart for one unit to be missed at another: greedy is best, and proven to be."""
    goal = evidence().scenario.headline
    gains = gains_of(drawn_worlds, goal, "patriot", 7)
    assert siting_gap(gains, site_greedily(gains, 7)) < 1e-6


# ------------------------------------------------------------------ what the plan knows


def two_layouts() -> Worlds:
    """The same four cities and targets twice; in one world a Patriot stands in Lviv, in the other in Odesa."""
    return join(
        [shares(made_worlds([(PATRIOT, 0), (PATRIOT, at)], readiness=0.9), 0.1, 0.3, 0.4, 0.2) for at in (1, 2)]
    )


def test_who_knows_the_layout_covers_what_it_leaves_open():
    worlds = two_layouts()
    sites = site_informed(worlds, goal_of(), "patriot", 3).sites
    assert sites.shape == (3, 2)
    # Odesa and Vinnytsia are open in the first, Lviv and Vinnytsia in the second; the rest has a unit ready 0.9
    assert sites[:2].tolist() == [[2, 1], [3, 3]]


def test_a_plan_that_knows_the_layout_leaves_no_more_in_any_world():
    worlds, endless = two_layouts(), [np.full(2, np.inf)] * 5
    plans = patriots(greedily(worlds, goal_of(), "patriot", 4)), site_informed(worlds, goal_of(), "patriot", 4)
    blind, informed = (score(worlds, goal_of(), plan).remaining(endless) for plan in plans)
    assert np.all(informed <= blind + 1e-12)
    assert informed[:, 1].mean() < blind[:, 1].mean()
    assert np.all(informed[:, 0] == 1)


def test_without_any_layout_both_plans_are_one():
    worlds = shares(made_worlds([(PATRIOT, 0)], readiness=0.0), 0.1, 0.3, 0.4, 0.2)
    worlds = replace(worlds, readiness_added=np.full((1, len(KINDS)), 0.7))
    blind = greedily(worlds, goal_of(), "patriot", 5)
    assert site_informed(worlds, goal_of(), "patriot", 5).sites[:, 0].tolist() == blind.tolist()


def test_the_plan_that_knows_the_layout_does_not_know_the_world_s_targets():
    """Two worlds of one layout, other targets in each: one and the same plan."""
    one = made_worlds([(PATRIOT, 0)], readiness=0.9)
    worlds = join([shares(one, 0.1, 0.6, 0.2, 0.1), shares(one, 0.1, 0.1, 0.2, 0.6)])
    sites = site_informed(worlds, goal_of(), "patriot", 4).sites
    assert np.array_equal(sites[:, 0], sites[:, 1])


def test_stands_are_named_and_their_radius_is_the_mean_drawn(drawn_worlds):
    shown = stands(drawn_worlds, patriots(np.array([0, 3])))
    radius = drawn_worlds.units.radius_ballistic_km[:, PATRIOT]
    assert [stand.place for stand in shown] == [drawn_worlds.places.name[0], drawn_worlds.places.name[3]]
    assert [stand.radius_km for stand in shown] == pytest.approx([radius.sum() / len(radius)] * 2)
    assert radius.std() > 0
