"""Windows of engagement: every lane walked in steps of ten metres, and what stands open along it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_example import CRUISE, NASAMS, even_units, made_worlds

from tegmen.engine.engagement import BEFORE_IMPACT, engage
from tegmen.terms import FrozenDict

LVIV = 1
STEP_KM = 0.01
TICKS_PER_KM = 10 * 3600 / 800
"""At 800 km/h."""


@pytest.mark.parametrize(
    ("radar_m", "radius_km", "window_s", "reach_km"),
    [
        (12.0, 30.0, 1e4, 30.0),
        (12.0, 60.0, 1e4, 4.12 * (12**0.5 + 60**0.5)),  # the horizon is nearer than the unit's radius
        (12.0, 30.0, 40.0, 30.0),  # in view no longer than so
    ],
    ids=["radius", "horizon", "time in view"],
)
def test_a_cruise_missile_is_engaged_while_it_is_seen(
    radar_m: float, radius_km: float, window_s: float, reach_km: float
):
    worlds = made_worlds([(NASAMS, LVIV)])
    scalar = dict(worlds.scalar) | {"radar_height_m": np.array([radar_m]), "window_cruise_s": np.array([window_s])}
    worlds = replace(worlds, scalar=FrozenDict(scalar), units=even_units(1, radius_air_km=radius_km))
    table, lanes = engage(worlds, (), "patriot", (CRUISE,)), worlds.theatre.lanes
    flight = round(reach_km / 2 / 1.0 * 10)
    engaged = 0
    for entry in range(lanes.pointer[LVIV], lanes.pointer[LVIV + 1]):
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
    assert engaged > 3
