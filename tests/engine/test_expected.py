"""Closed forms of a month against hand calculation, a slow simulation of their own, limits and properties."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from core_example import BALLISTIC, CRUISE, NASAMS, PATRIOT, SAMPT, drawn, even_units, evidence, made_worlds, patriots

from tegmen.engine.engagement import salvo_of
from tegmen.engine.expected import (
    cover_baseline,
    expect,
    expected_losses,
    fill,
    leakers,
    stakes_of,
    strike_sums,
    with_units,
)
from tegmen.engine.kernel.packets import same_night
from tegmen.engine.laydown import Laydown
from tegmen.engine.workload import Compute, on_threads
from tegmen.question.goals import METRICS
from tegmen.terms import FrozenDict, ThreatClass, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tegmen.question.scenario import Goal
    from tegmen.worlds.draw import Worlds

KYIV, LVIV, ODESA, VINNYTSIA = range(4)
ALL = np.arange(4)
STANDS = [(PATRIOT, KYIV), (PATRIOT, KYIV), (SAMPT, KYIV), (PATRIOT, LVIV), (SAMPT, ODESA), (NASAMS, VINNYTSIA)]


def uneven(*, readiness: float = 0.6, launched: int = 11, packet: int = 3, ratio: float = 0.7) -> Worlds:
    """One world: Patriots that stop 0.8 at Kyiv, SAMP/T half as much, a fifth aimed at no place, uneven nights."""
    worlds = made_worlds(STANDS, readiness=readiness, launched=launched)
    rate, mix = worlds.rate.copy(), worlds.mix.copy()
    rate[:, BALLISTIC] = 0.8
    mix[:, BALLISTIC] = [0.35, 0.25, 0.15, 0.05]
    relative = np.ones_like(worlds.units.effectiveness_ballistic)
    relative[:, SAMPT] = 0.5
    history = np.zeros((7, worlds.counts.shape[1]), dtype=np.int64)
    history[:, BALLISTIC] = [0, 0, 1, 0, 3, 8, 0]
    return replace(
        worlds,
        rate=rate,
        mix=mix,
        packet=np.full_like(worlds.packet, packet),
        units=replace(worlds.units, effectiveness_ballistic=relative),
        theatre=replace(worlds.theatre, history=history),
        scalar=FrozenDict(dict(worlds.scalar) | {"kill_ratio_elsewhere": np.array([ratio])}),
    )


def headline() -> Goal:
    return next(goal for goal in evidence().scenario.goals if goal.headline)


# ------------------------------------------------------------------ by hand


def test_patriots_fire_before_samp_t_and_each_place_is_met_once():
    cover = cover_baseline(uneven())
    none = [0.4**3, 0.4, 0.4, 1.0]
    assert np.allclose(cover.engaged[0], 1 - np.array(none))
    kyiv = 0.8 * ((1 - 0.4**2) + 0.4**2 * 0.6 * 0.5)
    assert np.allclose(cover.stopped[0], [kyiv, 0.7 * 0.8 * 0.6, 0.7 * 0.8 * 0.6 * 0.5, 0.0])


def test_rounds_are_one_pool_spent_on_what_is_engaged():
    worlds = uneven(launched=10)
    worlds = replace(worlds, scalar=FrozenDict(dict(worlds.scalar) | {"salvo_ballistic": np.array([1.8])}))
    cover = cover_baseline(worlds)
    wanted = 2 * 10 * (0.35 * (1 - 0.4**3) + 0.4 * 0.6)
    assert salvo_of(worlds, "ballistic").tolist() == [2]
    for rounds, share in ((np.inf, 1.0), (0.0, 0.0), (wanted / 4, 0.25), (2 * wanted, 1.0)):
        assert np.allclose(fill(worlds, cover.engaged, rounds), share, rtol=1e-12)


def test_no_rounds_is_no_defence_and_endless_rounds_are_no_limit():
    worlds = drawn()
    cover = cover_baseline(worlds)
    aimed = worlds.counts[:, BALLISTIC, None] * worlds.mix[:, BALLISTIC]
    none = leakers(worlds, cover.stopped, fill(worlds, cover.engaged, 0.0))
    assert np.array_equal(none, aimed)
    free = leakers(worlds, cover.stopped, fill(worlds, cover.engaged, np.inf))
    assert np.allclose(free, aimed * (1 - cover.stopped))


def test_leakers_cost_what_the_metric_says_in_every_run():
    worlds, none = uneven(), np.zeros((1, 1, 4), dtype=np.uint16)
    stakes = stakes_of(worlds, ALL)
    leakers = dict.fromkeys(ThreatClass, none) | {BALLISTIC: none + np.array([2, 0, 1, 0], dtype=np.uint16)}
    leakers[CRUISE] = none + np.array([0, 1, 3, 0], dtype=np.uint16)
    value = {name: float(metric.loss(leakers, stakes)[0, 0]) for name, metric in METRICS.items() if metric.classes}
    # Populations 400, 300, 200, 100 thousand; 0, 100, 200, 400 MW; a leaker takes a tenth of what is left.
    assert value["ballistic_strikes"] == 3
    assert value["people_struck"] == 6e5
    assert np.isclose(value["capacity_lost"], 100 * 0.1 + 200 * (1 - 0.9**4))


def test_capacity_left_is_what_every_class_leaves_of_it():
    worlds = uneven(launched=3)
    table = {cls: np.full((1, 4), 0.5) for cls in ThreatClass if cls is not BALLISTIC}
    leakage = replace(expect(cover_baseline(worlds), 0.0, ALL), leak=FrozenDict(table))
    lost = METRICS["capacity_lost"].expected_loss(leakage, stakes_of(worlds, ALL))[0]
    # One packet of three ballistic missiles at a place's share, nobody fires; one of cruise missiles at a quarter each.
    left = np.array([1 - 0.25 * (1 - 0.9**3), 1 - 0.15 * (1 - 0.9**3), 1 - 0.05 * (1 - 0.9**3)])
    left *= 1 - 0.25 * (1 - 0.95**3)
    assert np.allclose(lost, [0.0, *(np.array([100, 200, 400]) * (1 - left))])


# ------------------------------------------------------------------ added units


def test_a_unit_added_is_a_unit_of_the_baseline():
    bare = uneven()
    cover = cover_baseline(bare)
    cover.add(ODESA, "patriot")
    cover.add(np.array([LVIV]), "sampt")
    cover.add(np.array([-1]), "patriot")
    more = replace(
        bare,
        system=np.concatenate([bare.system, [[PATRIOT, SAMPT]]], axis=1),
        site=np.concatenate([bare.site, [[ODESA, LVIV]]], axis=1),
        readiness=np.full((1, len(STANDS) + 2), 0.6),
    )
    assert np.allclose(cover.none_ready, cover_baseline(more).none_ready)


def test_a_site_of_each_world_is_each_world_with_its_site():
    worlds = drawn()
    sites = np.random.default_rng(3).integers(0, len(worlds.places), len(worlds))
    together = cover_baseline(worlds)
    together.add(sites, "patriot")
    for w in range(0, len(worlds), 7):
        alone = cover_baseline(worlds)
        alone.add(int(sites[w]), "patriot")
        assert np.allclose(together.none_ready[:, w], alone.none_ready[:, w])


def test_a_unit_everywhere_is_worth_at_a_place_what_a_unit_in_reach_is():
    worlds = drawn()
    cover = cover_baseline(worlds)
    every = cover.everywhere("patriot")
    for site in (0, 11):
        one = cover.copy()
        one.add(site, "patriot")
        reach = worlds.theatre.apart_km[site] <= worlds.units.radius_ballistic_km[:, PATRIOT, None]
        assert np.allclose(one.none_ready, np.where(reach, every.none_ready, cover.none_ready))


def test_more_units_and_more_rounds_never_hurt():
    worlds, sites = drawn(), list(range(12))
    cover = cover_baseline(worlds)
    before = cover.none_ready.copy()
    curves = []
    for rounds in (0.0, 5.0, 20.0, 80.0, np.inf):
        table = expected_losses(cover, headline(), patriots(sites), [[rounds] * 13])[0]
        curves.append(table)
        if np.isinf(rounds):
            assert np.all(np.diff(table, axis=1) <= 1e-12)
    assert all(np.all(more <= fewer + 1e-12) for fewer, more in pairwise(curves))
    assert np.array_equal(cover.none_ready, before)


@pytest.mark.parametrize("name", ["strikes", "people"])
@pytest.mark.parametrize("own_sites", [False, True], ids=["one plan", "a plan of each world"])
def test_all_numbers_at_once_are_each_number_alone(name: str, own_sites: bool):
    goal = next(goal for goal in evidence().scenario.goals if goal.name == name)
    worlds, dice = drawn(), np.random.default_rng(8)
    sites = dice.integers(-1 if own_sites else 0, 30, (9, len(worlds)) if own_sites else 9)
    rounds = [dice.uniform(5, 60, len(worlds)) if n % 3 else 12.0 for n in range(10)]
    kinds = ("sampt", "patriot", "sampt", "nasams", "patriot", "patriot", "sampt", "sampt", "patriot")
    table = expected_losses(cover_baseline(worlds), goal, Laydown(kinds, sites), [rounds])[0]
    state, places = cover_baseline(worlds), worlds.places.largest(goal.largest_cities)
    for n in range(10):
        if n:
            state.add(sites[n - 1] if own_sites else int(sites[n - 1]), kinds[n - 1])
        alone = goal.measure.expected_loss(expect(state, rounds[n], places), stakes_of(worlds, places))
        assert np.allclose(table[:, n], alone.sum(axis=1), rtol=1e-9)


def test_sums_of_a_plan_are_those_of_each_number_alone():
    worlds = drawn()
    places, sites = np.arange(25), [3, 0, 7, 3, 19]
    worth = np.isin(np.arange(len(worlds.places)), places).astype(float)
    sums, bare = strike_sums(cover_baseline(worlds), worth, patriots(sites)), cover_baseline(worlds).engaged
    mix = worlds.mix[:, BALLISTIC]
    for n, (cover, _) in enumerate(with_units(cover_baseline(worlds), patriots(sites))):
        stopped, newly = cover.stopped[:, places], (cover.engaged > bare)[:, places]
        aimed = mix[:, places]
        assert np.allclose(sums.aimed, aimed.sum(axis=1))
        assert np.allclose(sums.stopped[:, n], (aimed * stopped).sum(axis=1))
        assert np.allclose(sums.met[:, n], (mix * cover.engaged).sum(axis=1))
        assert np.allclose(sums.newly[:, n], (aimed * newly).sum(axis=1))
        assert np.allclose(sums.newly_stopped[:, n], (aimed * stopped * newly).sum(axis=1))
        through = aimed * (1 - stopped)
        assert np.allclose(sums.refuge_stopped[:, n], (through * stopped).sum(axis=1) / through.sum(axis=1))


def test_one_thread_gives_the_bits_of_all_threads():
    worlds, sites = take(drawn(), np.arange(90) % 30), list(range(8))
    goal = next(goal for goal in evidence().scenario.goals if goal.name == "people")
    usual = expected_losses(cover_baseline(worlds), goal, patriots(sites), [[15.0] * 9])
    with on_threads(Compute(threads=1)):
        assert np.array_equal(expected_losses(cover_baseline(worlds), goal, patriots(sites), [[15.0] * 9]), usual)


# ------------------------------------------------------------------ a month, slowly


class Months(NamedTuple):
    """(run, place) ballistic leakers."""

    leaked: NDArray[np.int64]


def fight_slowly(worlds: Worlds, covers: Sequence[Sequence[int]], *, runs: int, fill: float, seed: int) -> Months:
    """Draw months of one world missile by missile; `covers` lists the units that cover each place, Patriots first."""
    dice = np.random.default_rng(seed)
    nights, history = worlds.theatre.nights, worlds.theatre.history[:, BALLISTIC]
    launched, size = int(worlds.counts[0, BALLISTIC]), int(worlds.packet[0, BALLISTIC])
    mix = np.append(worlds.mix[0, BALLISTIC], 1 - worlds.mix[0, BALLISTIC].sum())
    relative = worlds.units.effectiveness_ballistic[0]
    kill = worlds.rate[0, BALLISTIC] * np.where(worlds.places.kyiv, 1.0, worlds.scalar["kill_ratio_elsewhere"][0])
    leaked = np.zeros((runs, len(covers)), dtype=np.int64)
    for run in range(runs):
        weight = history[dice.integers(0, len(history), nights)].astype(float)
        weight = weight / weight.sum() if weight.sum() else np.full(nights, 1 / nights)
        ready = dice.random((nights, worlds.system.shape[1])) < worlds.readiness[0]
        for first in range(0, launched, size):
            night, place = dice.choice(nights, p=weight), dice.choice(len(mix), p=mix)
            if place == len(covers):
                continue
            up = [unit for unit in covers[place] if ready[night, unit]]
            chance = fill * kill[place] * relative[worlds.system[0, up[0]]] if up else 0.0
            leaked[run, place] += (dice.random(min(size, launched - first)) >= chance).sum()
    return Months(leaked)


COVERS = [[0, 1, 2], [3], [4], []]


@pytest.mark.parametrize("rounds", [np.inf, 6.0])
def test_the_mean_of_every_metric_is_that_of_months_fought_slowly(rounds: float):
    worlds = uneven()
    cover = cover_baseline(worlds)
    filled = float(fill(worlds, cover.engaged, rounds)[0])
    months = fight_slowly(worlds, COVERS, runs=12_000, fill=filled, seed=11)
    leakage, stakes = expect(cover, rounds, ALL), stakes_of(worlds, ALL)
    assert np.isinf(rounds) == (filled == 1.0)
    damage = np.array([0.3])
    pairs = {
        "strikes": (leakage.leakers(BALLISTIC), months.leaked),
        "people": (METRICS["people_struck"].expected_loss(leakage, stakes), (months.leaked > 0) * stakes.population),
        "damage": (1 - leakage.kept(BALLISTIC, damage), 1 - (1 - damage) ** months.leaked),
    }
    for name, (exact, simulated) in pairs.items():
        error = simulated.std(axis=0, ddof=1) / np.sqrt(len(simulated))
        assert np.all(np.abs(simulated.mean(axis=0) - exact[0]) <= 4 * np.maximum(error, 1e-9)), name


def test_one_packet_is_spared_as_its_night_is():
    # Three missiles in one packet at Kyiv: all stopped if a Patriot is up (0.84) with 0.8^3, if only SAMP/T with 0.4^3.
    worlds = uneven(launched=3)
    kept = expect(cover_baseline(worlds), np.inf, ALL).kept(BALLISTIC, np.ones(1))
    kyiv = 1 - 0.35 * (1 - (0.84 * 0.8**3 + 0.16 * 0.6 * 0.4**3))
    assert np.allclose(kept[0, KYIV], kyiv)


def test_without_anyone_ready_places_are_spared_like_a_binomial():
    worlds = replace(uneven(), readiness=np.zeros((1, len(STANDS))))
    kept = expect(cover_baseline(worlds), np.inf, ALL).kept(BALLISTIC, np.ones(1))
    assert np.allclose(kept[0], (1 - worlds.mix[0, BALLISTIC]) ** 4)


@pytest.mark.parametrize("nights", [1, 2, 5])
def test_two_packets_share_a_night_as_often_as_in_all_drawings(nights: int):
    weights = np.array([0, 0, 2, 5], dtype=np.int64)
    grid = np.stack(np.meshgrid(*[weights] * nights, indexing="ij"), axis=-1).reshape(-1, nights).astype(float)
    total = grid.sum(axis=1)
    even = np.where(total[:, None] > 0, grid / np.maximum(total, 1)[:, None], 1 / nights)
    assert np.isclose(same_night(tuple(weights.tolist()), nights), (even**2).sum(axis=1).mean(), rtol=1e-6)


def test_units_covering_no_place_leave_it_uncovered():
    worlds = replace(uneven(), units=even_units(1, radius_ballistic_km=10.0))
    assert expect(cover_baseline(worlds), 0.0, ALL).uncovered().tolist() == [[0.0, 0.0, 0.0, 1.0]]
