"""Engagement: every lane walked in steps of ten metres for what stands open along it; and what a round kills."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_example import BALLISTIC, CRUISE, NASAMS, PATRIOT, even_units, made_campaign, made_worlds, patriots

from tegmen.engine.campaign import simulate
from tegmen.engine.engagement import BEFORE_IMPACT, engage
from tegmen.engine.kernel.words import STREAM_KILL, philox
from tegmen.terms import FrozenDict
from tegmen.trust.published import fight_alone

LVIV, VINNYTSIA = 1, 3
STEP_KM = 0.01
TICKS_PER_KM = 10 * 3600 / 800
"""At 800 km/h."""


@pytest.mark.parametrize(
    ("place", "radar_m", "radius_km", "window_s", "reach_km"),
    [
        (LVIV, 12.0, 30.0, 1e4, 30.0),
        (LVIV, 12.0, 60.0, 1e4, 4.12 * (12**0.5 + 60**0.5)),  # the horizon is nearer than the unit's radius
        (LVIV, 12.0, 30.0, 40.0, 30.0),  # in view no longer than so
        (VINNYTSIA, 100.0, 60.0, 1e4, 60.0),  # lanes to other cities pass by
    ],
    ids=["radius", "horizon", "time in view", "passing by"],
)
def test_a_cruise_missile_is_engaged_while_it_is_seen(
    place: int, radar_m: float, radius_km: float, window_s: float, reach_km: float
):
    worlds = made_worlds([(NASAMS, place)])
    scalar = dict(worlds.scalar) | {"radar_height_m": np.array([radar_m]), "window_cruise_s": np.array([window_s])}
    worlds = replace(worlds, scalar=FrozenDict(scalar), units=even_units(1, radius_air_km=radius_km))
    table, lanes = engage(worlds, patriots(), (CRUISE,)), worlds.theatre.lanes
    flight = round(reach_km / 2 / 1.0 * 10)
    engaged, passing = 0, 0
    for entry in range(lanes.pointer[place], lanes.pointer[place + 1]):
        lane, length = lanes.lane[entry], lanes.length_km[lanes.lane[entry]]
        at = int(lanes.first[CRUISE] + lane)
        pairs = table.pairs[table.pointers[0, at] : table.pointers[0, at + 1]]
        way = np.arange(0, length, STEP_KM)
        seen = way[np.hypot(way - lanes.along_km[entry], lanes.approach_km[entry]) < reach_km]
        if not seen.size:
            assert not pairs.size
            continue
        opening = BEFORE_IMPACT - (length - seen[0]) * TICKS_PER_KM + 100  # ten seconds to react
        closing = min(BEFORE_IMPACT - (length - seen[-1]) * TICKS_PER_KM - flight, opening + 10 * window_s)
        if abs(opening - closing) <= 3:
            continue  # too near to be told by steps of ten metres
        assert pairs.size == (opening < closing)
        if pairs.size:
            assert abs(pairs["open"][0] - opening) <= 2
            assert abs(pairs["close"][0] - closing) <= 3
            assert abs(pairs["flight"][0] - flight) <= 1
            engaged += 1
            passing += lanes.approach_km[entry] > 20
    assert engaged > 3
    assert passing > 0 or place != VINNYTSIA


@pytest.mark.parametrize(("detection_s", "view_s"), [(70.0, 60.0), (12.0, (30**2 + 15**2) ** 0.5 / 1.5)])
def test_a_ballistic_missile_is_launched_at_in_view_and_in_time_to_meet_it(detection_s: float, view_s: float):
    # Ten seconds to react; an interceptor of 1.5 km/s climbs 15 km, and flies 20 km over ground to the neighbour.
    worlds = made_worlds([(PATRIOT, LVIV)])
    apart = worlds.theatre.apart_km.copy()
    apart[LVIV, VINNYTSIA] = apart[VINNYTSIA, LVIV] = 20.0
    scalar = FrozenDict(dict(worlds.scalar) | {"detection_ballistic_s": np.array([detection_s])})
    worlds = replace(worlds, scalar=scalar, theatre=replace(worlds.theatre, apart_km=apart))
    pairs = engage(worlds, patriots(), (BALLISTIC,)).pairs
    flight = np.array([15.0, 25.0]) / 1.5 * 10
    assert pairs["open"].tolist() == [BEFORE_IMPACT - round(10 * view_s)] * 2
    assert np.allclose(pairs["close"], BEFORE_IMPACT - flight, atol=0.6)
    assert np.all(pairs["open"] + pairs["flight"] > pairs["close"].max())


def test_a_round_kills_below_its_threshold_and_not_at_it():
    word = int(philox(0, 0, STREAM_KILL, 0, 1, 0)[0])
    for threshold, killed in ((word, False), (word + 1, True)):
        fate = fight_alone(np.zeros(1, int), channels=1, rounds=1, flight=10, kill=threshold / 2**32, run=0)
        assert bool(fate[0]) == killed


def test_a_system_kills_by_its_effectiveness_relative_to_the_best():
    worlds = replace(made_worlds([(PATRIOT, LVIV)], launched=40), units=even_units(1, effectiveness_ballistic=0.5))
    campaign, runs = made_campaign(worlds, 0.8), 2000
    stopped = simulate(campaign, engage(worlds, patriots(), (BALLISTIC,)), added=0, runs=runs, classes=(BALLISTIC,))
    share = stopped.by_systems[0].sum() / (40 * runs)
    # A quarter falls on the covered place, and one round at each kills with 0.8 x 0.5.
    assert abs(share - 0.25 * 0.4) <= 4 * np.sqrt(0.1 * 0.9 / (40 * runs))
