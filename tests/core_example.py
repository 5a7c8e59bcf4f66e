"""Small inputs shared by the tests of the simulation core: the shipped evidence, read once, and worlds made by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.study import RATE_DRAWS, Effort, Study, begin_study
from tegmen.calibration.fit import Calibration, calibrate
from tegmen.engine.campaign import Campaign
from tegmen.engine.laydown import Laydown
from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.geography import to_km
from tegmen.evidence.record import read_record
from tegmen.question.lanes import lay_lanes
from tegmen.question.places import Places
from tegmen.question.scenario import Scenario, read_scenario
from tegmen.question.theatre import Theatre, set_theatre
from tegmen.terms import EvidenceCase, FrozenDict, ThreatClass
from tegmen.worlds.draw import Worlds, draw_worlds
from tegmen.worlds.posterior import Posterior
from tegmen.worlds.units import Units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BALLISTIC, CRUISE = ThreatClass.ballistic, ThreatClass.cruise
KINDS = read_catalogue().kinds
PATRIOT, SAMPT, NASAMS, S300PS, GEPARD = map(KINDS.code, ("patriot", "sampt", "nasams", "s300ps", "gepard"))
MEET_BALLISTIC = KINDS.meeting(BALLISTIC)
MEET_MISSILES = KINDS.meeting(BALLISTIC, CRUISE)


@dataclass(frozen=True)
class Evidence:
    scenario: Scenario
    calibration: Calibration


@cache
def evidence() -> Evidence:
    return Evidence(read_scenario("march-2024"), calibrate(read_record(), until="2024-03-31", seed=1))


def study_of(scenario: Scenario | None = None, *, worlds: int = 200, runs: int = 2, seed: int = 1) -> Study:
    """A small study of a question; without one, of the shipped."""
    effort = Effort(worlds=worlds, runs=runs)
    return begin_study(scenario or evidence().scenario, evidence().calibration, seed=seed, effort=effort)


@cache
def after_the_record(count: int = 200, seed: int = 1) -> Posterior:
    """Worlds of the shipped question after the record."""
    return study_of(worlds=count, seed=seed).posterior()


def worlds_of(posterior: Posterior, case: EvidenceCase = "posted", *, count: int | None = None) -> Worlds:
    """The first so many worlds of a posterior, whole; without a number all of them, of ballistic missiles alone."""
    return draw_worlds(posterior, case, evidence().calibration.draws(RATE_DRAWS, 1), count=count)


@cache
def drawn(case: EvidenceCase = "posted", count: int = 30, seed: int = 1) -> Worlds:
    """Worlds of the shipped question, whole."""
    return worlds_of(after_the_record(max(count, 200), seed), case, count=count)


def four_cities() -> Places:
    """Kyiv, Lviv, Odesa, Vinnytsia: more than 150 km apart, so that no unit of ours covers two of them."""
    latitude = np.array([50.45, 49.84, 46.48, 49.23])
    longitude = np.array([30.52, 24.03, 30.74, 28.48])
    count = len(latitude)
    return Places(
        name=np.array(["Kyiv", "Lviv", "Odesa", "Vinnytsia"]),
        latitude=latitude,
        longitude=longitude,
        xy=to_km(latitude, longitude),
        population=np.array([4.0, 3.0, 2.0, 1.0]) * 1e5,
        capacity_mw=np.array([0.0, 100.0, 200.0, 400.0]),
        front_km=np.full(count, 300.0),
        oblast=np.array(["UA-30", "UA-46", "UA-51", "UA-05"]),
        capital=np.array([True, True, False, True]),
        kyiv=np.arange(count) == 0,
    )


def even_units(count: int, **changed: object) -> Units:
    """(w, s) the same for every system, but for radii against ballistic missiles."""
    whole = {"channels": 64, "ready_ballistic": 500, "ready_air": 500}
    real = {"radius_air_km": 40.0, "range_air_km": 150.0, "effectiveness_air": 1.0, "effectiveness_ballistic": 1.0}
    real |= {"kill_drone": 0.5, "ready_drone": np.inf, "stock_drone": np.inf}
    shape = (count, len(KINDS))
    columns = {name: np.full(shape, value, dtype=np.int64) for name, value in whole.items()}
    columns |= {name: np.full(shape, value) for name, value in real.items()}
    columns["radius_ballistic_km"] = np.where(np.arange(len(KINDS)) < 2, 30.0, 0.0) * np.ones(shape)
    columns["radius_drone_km"] = np.where(np.arange(len(KINDS)) == GEPARD, 5.0, 0.0) * np.ones(shape)
    columns["preference"] = np.tile([2 if kind in MEET_BALLISTIC else 0 for kind in KINDS.ids], (count, 1))
    for name, value in changed.items():
        columns[name] = np.full(shape, value, dtype=columns[name].dtype)
    return Units(kinds=KINDS, **columns)


def made_worlds(
    stands: Sequence[tuple[int, int]], *, readiness: float = 1.0, launched: int = 12, count: int = 1
) -> Worlds:
    """Worlds over the four cities with fire units (system, place); every other unknown is one plain number.

    Windows against ballistic missiles have no width (detection leaves no more than the reaction time): one engagement.
    """
    theatre = four_city_theatre()
    classes = len(ThreatClass)
    counts = np.zeros((count, classes), dtype=np.int64)
    counts[:, [BALLISTIC, CRUISE]] = launched
    scalar = {
        "salvo_ballistic": 1.0, "salvo_cruise": 1.0, "reaction_s": 10.0, "reload_s": 3600.0,
        "interceptor_speed_point_kms": 1.5, "interceptor_speed_area_kms": 1.0, "detection_ballistic_s": 10.0,
        "radar_height_m": 12.0, "cruise_height_m": 60.0, "cruise_speed_kmh": 800.0, "stock_area": 0.0,
        "dispersed_share_cruise": 0.0, "glide_bomb_denial": 0.5, "glide_range_km": 60.0,
        "window_cruise_s": 1e4, "intercept_height_km": 15.0, "kill_ratio_elsewhere": 1.0, "rounds_a_month": np.inf,
    }  # fmt: skip
    scalar["engagement_drone_s"] = 30.0
    scalar |= {f"damage_{cls.name}": 0.1 for cls in ThreatClass}
    return Worlds(
        case="posted",
        seed=5,
        first=0,
        theatre=theatre,
        counts=counts,
        packet=np.ones((count, classes), dtype=np.int64),
        mix=np.full((count, classes, len(theatre.places)), 1 / len(theatre.places), dtype=np.float32),
        rate=np.zeros((count, classes)),
        system=np.tile(np.array([system for system, _ in stands], dtype=np.int64), (count, 1)),
        site=np.tile(np.array([site for _, site in stands], dtype=np.int64), (count, 1)),
        readiness=np.full((count, len(stands)), readiness),
        readiness_added=np.full((count, len(KINDS)), readiness),
        units=even_units(count),
        scalar=FrozenDict({name: np.full(count, value) for name, value in scalar.items()}),
        unknowns=FrozenDict(),
        batch=np.arange(count),
    )


def patriots(sites: Sequence[int] | NDArray[np.int64] = ()) -> Laydown:
    """Patriots at these sites, one after another; none without sites."""
    return Laydown.of("patriot", sites)


@cache
def four_city_theatre() -> Theatre:
    """Ten nights over the four cities, all drawn from one night of the record."""
    places, shipped = four_cities(), set_theatre(evidence().scenario, evidence().calibration.record, date(2024, 3, 31))
    return replace(
        shipped,
        places=places,
        lanes=lay_lanes(places, offset_km=40.0, reach_km=60.0),
        apart_km=np.linalg.norm(places.xy[:, None] - places.xy[None], axis=-1),
        front_apart_km=np.full((len(places), 3), 300.0),
        history=np.ones((1, len(ThreatClass)), dtype=np.int64),
        nights=10,
    )


def made_campaign(worlds: Worlds, kill: float) -> Campaign:
    """Campaign of ten nights: one round of every system kills a cruise missile, one engagement a ballistic missile,
    with this probability; no dispersed layer."""
    rate = worlds.rate.copy()
    rate[:, BALLISTIC] = kill
    return Campaign(
        worlds=replace(worlds, rate=rate),
        factor=np.full(len(worlds), kill),
        attrition=np.zeros((len(worlds), int(worlds.theatre.lanes.first[-1]))),
    )
