"""What passes in closed form against windows by hand, the event simulation, and units added or there from the start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import CRUISE, NASAMS, PATRIOT, S300PS, drawn, even_units, made_worlds, patriots

from tegmen.engine.campaign import BACKGROUND, begin_campaign, simulate
from tegmen.engine.engagement import engage
from tegmen.engine.passage import Passage, let_pass
from tegmen.terms import FrozenDict, ThreatClass

if TYPE_CHECKING:
    from tegmen.worlds.draw import Worlds

KYIV, LVIV, ODESA, VINNYTSIA = range(4)


def with_rate(worlds: Worlds, rate: float | list[float]) -> Worlds:
    table = worlds.rate.copy()
    table[:, CRUISE] = rate
    return replace(worlds, rate=table)


def without_end(worlds: Worlds) -> Worlds:
    """The same worlds with channels and rounds that never run out."""
    whole = {name: np.full_like(getattr(worlds.units, name), 400) for name in ("channels", "ready_air")}
    scalar = FrozenDict(dict(worlds.scalar) | {"stock_area": np.full(len(worlds), 4000.0)})
    return replace(worlds, units=replace(worlds.units, **whole), scalar=scalar)


def stopped(passage: Passage, cls: ThreatClass) -> np.ndarray:
    """(w,) share of a class stopped."""
    worlds = passage.worlds
    leak = passage.leak(np.arange(len(worlds.places)))[cls]
    return (worlds.mix[:, cls] * (1 - leak)).sum(axis=1)


@pytest.mark.parametrize("ready", [1.0, 0.5])
def test_a_unit_alone_fires_as_often_as_its_window_lets_it(ready: float):
    # Lanes to other cities pass by, with chords of any length.
    worlds = with_rate(made_worlds([(NASAMS, VINNYTSIA)], readiness=ready), 0.1)
    scalar = FrozenDict(dict(worlds.scalar) | {"salvo_cruise": np.array([2.0]), "radar_height_m": np.array([100.0])})
    worlds = replace(worlds, scalar=scalar, units=even_units(1, radius_air_km=60.0))
    table, passage = engage(worlds, patriots(), (CRUISE,)), let_pass(worlds)
    first, tried = int(worlds.theatre.lanes.first[CRUISE]), set[int]()
    for lane in range(passage.passing.shape[1]):
        pairs = table.pairs[table.pointers[0, first + lane] : table.pointers[0, first + lane + 1]]
        use = worlds.theatre.lanes.area_weight[CRUISE].reshape(-1)[lane // 3]
        if len(pairs) == 0 or use == 0:
            assert passage.passing[0, lane] == 1
            continue
        looks, tick = 0, int(pairs["open"][0])
        while tick <= pairs["close"][0]:
            looks, tick = looks + 1, tick + int(pairs["flight"][0])
        tried.add(looks)
        alive = (1 - passage.factor[0]) ** (2 * looks)
        assert np.isclose(passage.passing[0, lane], 1 - ready * (1 - alive), rtol=1e-9)
    assert len(tried) > 1


def test_the_baseline_stops_the_share_drawn():
    worlds = drawn()
    passage = let_pass(worlds)
    assert passage.reached.mean() > 0.9
    assert np.allclose(stopped(passage, CRUISE)[passage.reached], worlds.rate[passage.reached, CRUISE], atol=1e-5)
    for cls in BACKGROUND:
        assert np.allclose(stopped(passage, cls), worlds.rate[:, cls], rtol=1e-4)


def test_a_share_out_of_reach_keeps_its_world_with_the_largest_factor():
    # No unit meets cruise missiles but at Kyiv, where a quarter is aimed: nine tenths cannot be had.
    passage = let_pass(with_rate(made_worlds([(PATRIOT, KYIV)], count=2), [0.01, 0.9]))
    assert passage.reached.tolist() == [True, False]
    assert passage.factor[1] == 1
    assert 0 < passage.factor[0] < 1


@pytest.mark.parametrize("ready", ["always", "as drawn"])
def test_the_simulation_lets_through_what_the_closed_form_does(ready: str):
    worlds = without_end(drawn())
    if ready == "always":
        worlds = replace(worlds, readiness=np.ones_like(worlds.readiness))
    campaign, passage, runs = begin_campaign(worlds), let_pass(worlds), 40
    worlds = replace(worlds, seed=77)
    campaign = replace(campaign, worlds=worlds)
    table = engage(worlds, patriots(), (CRUISE,))
    leaked = simulate(campaign, table, added=0, runs=runs, classes=(CRUISE,)).leakers[CRUISE].sum(axis=2)
    share = 1 - leaked / worlds.counts[:, CRUISE, None]
    excess = share.mean(axis=1) - stopped(passage, CRUISE)
    error = share.std(axis=1, ddof=1) / np.sqrt(runs)
    assert abs(excess.sum()) <= 4 * np.sqrt((error**2).sum())
    assert np.all(np.abs(excess) <= 4.5 * error)


def test_short_launchers_stop_less_than_the_closed_form():
    campaign = begin_campaign(drawn())
    table = engage(campaign.worlds, patriots(), (CRUISE,))
    leaked = simulate(campaign, table, added=0, runs=20, classes=(CRUISE,)).leakers[CRUISE].sum(axis=2).mean(axis=1)
    assert np.all(leaked >= (1 - campaign.worlds.rate[:, CRUISE]) * campaign.worlds.counts[:, CRUISE] - 6)
    assert leaked.mean() > 1.2 * ((1 - campaign.worlds.rate[:, CRUISE]) * campaign.worlds.counts[:, CRUISE]).mean()


def test_a_unit_added_is_a_unit_of_the_baseline():
    worlds = with_rate(made_worlds([(NASAMS, LVIV), (S300PS, LVIV), (PATRIOT, KYIV)], readiness=0.7), 0.1)
    worlds = replace(worlds, units=even_units(1, radius_air_km=60.0))
    passage = let_pass(worlds)
    more = passage.copy()
    for site in (LVIV, np.array([VINNYTSIA]), np.array([-1])):
        more.add(site, "patriot")
    stands = {"system": PATRIOT, "readiness": 0.7}
    whole = replace(
        worlds,
        site=np.concatenate([worlds.site, [[LVIV, VINNYTSIA]]], axis=1),
        **{name: np.concatenate([getattr(worlds, name), [[value] * 2]], axis=1) for name, value in stands.items()},
    )
    whole = with_rate(whole, float(stopped(more, CRUISE)[0]))
    again = let_pass(whole)
    assert np.isclose(again.factor[0], passage.factor[0], rtol=1e-4)
    assert np.allclose(again.passing, more.passing, atol=1e-4)
    assert more.passing.sum() < passage.passing.sum()
    assert np.allclose(passage.passing, let_pass(worlds).passing)


def test_without_cruise_missiles_nothing_is_solved_for():
    passage = let_pass(drawn(), cruise=False)
    assert np.all(passage.factor == 1)
    assert np.all(passage.passing == 1)
    assert set(passage.leak(np.arange(3))) == {*BACKGROUND, CRUISE}


def test_units_that_stand_otherwise_pass_as_if_they_had_been_added_or_always_been_there():
    worlds = with_rate(drawn(count=3), 0.4)
    base = let_pass(worlds)
    assert stopped(base.standing(worlds), CRUISE) == pytest.approx(stopped(base, CRUISE))
    added = base.copy()
    added.add(np.full(3, LVIV), "patriot")
    more = replace(
        worlds,
        system=np.column_stack([worlds.system, np.full(3, PATRIOT)]),
        site=np.column_stack([worlds.site, np.full(3, LVIV)]),
        readiness=np.column_stack([worlds.readiness, worlds.readiness_added[:, PATRIOT]]),
    )
    assert stopped(base.standing(more), CRUISE) == pytest.approx(stopped(added, CRUISE))
    assert base.standing(more).factor is base.factor
    gone = replace(worlds, readiness=np.zeros_like(worlds.readiness))
    assert (base.standing(gone).passing == 1).all()
