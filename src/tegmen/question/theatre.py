"""The theatre of a question: places, lanes, launches and distances, made once, frozen and passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tegmen.errors import EvidenceError
from tegmen.evidence.geography import front_points, to_km
from tegmen.evidence.parameters import Parameter
from tegmen.evidence.record import Record
from tegmen.question.lanes import Lanes, lay_lanes
from tegmen.question.launches import history_counts, named_launches, posted_counts, posted_weapons
from tegmen.question.places import Places, defended_places
from tegmen.question.scenario import Scenario
from tegmen.terms import FrozenDict, ThreatClass, content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_FRONT_STEP_KM = 20.0


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Theatre:
    """Everything about a question that is the same in all its worlds.

    Parameters
    ----------
    places, lanes
        The defended places; the ways that drones and cruise missiles take to them.
    apart_km, front_apart_km
        (p, p) distances between places; (p, f) from places to points of the front line [km].
    posted
        Launched in the month by class, as posted.
    weapons
        Ballistic weapon to its launches in the month, as posted.
    named
        Class to (p,) launches of the record, up to the month asked about, that name the place's oblast alone.
    history, nights
        (night of record, class) counts that the month's nights are drawn from; nights in the month.
    spread_s, window_s
        (class,) half width of a wave: how far apart one class arrives in one night; the part of a night that its wave
        falls in [s] (A11).
    parameters
        Rows of the catalogue that shape it: one value for all worlds.
    """

    places: Places
    lanes: Lanes
    apart_km: Floats
    front_apart_km: Floats
    posted: Mapping[ThreatClass, int]
    weapons: Mapping[str, int]
    named: Mapping[ThreatClass, Floats]
    history: Ints
    nights: int
    spread_s: Floats
    window_s: float
    parameters: tuple[Parameter, ...]


def set_theatre(scenario: Scenario, record: Record, until: date) -> Theatre:
    """Make the theatre of a question.

    Parameters
    ----------
    record, until
        The attack record; the last day whose named targets steer what is aimed at.

    Raises
    ------
    EvidenceError
        The record has no night to draw from.
    InputError
        A row that holds for all worlds has a range.
    """
    catalogue = scenario.catalogue
    spread = {
        cls: catalogue.model("wave_spread_s", cls.name) for cls in ThreatClass if cls is not ThreatClass.glide_bomb
    }
    fixed = {name: catalogue.model(name) for name in ("kyiv_radius_km", "lane_offset_km", "wave_window_s")}
    history = history_counts(scenario, record)  # a record that does not cover the month says so before anything else
    places = defended_places(scenario, kyiv_radius_km=fixed["kyiv_radius_km"].constant)
    latitude, longitude = front_points(_FRONT_STEP_KM)
    return Theatre(
        places=places,
        lanes=lay_lanes(places, offset_km=fixed["lane_offset_km"].constant, reach_km=_reach_km(scenario)),
        apart_km=np.linalg.norm(places.xy[:, None] - places.xy[None], axis=-1),
        front_apart_km=np.linalg.norm(places.xy[:, None] - to_km(latitude, longitude)[None], axis=-1),
        posted=FrozenDict(posted_counts(scenario, record)),
        weapons=FrozenDict(posted_weapons(scenario, record, ThreatClass.ballistic)),
        named=_named(scenario, record, until, places),
        history=history,
        nights=scenario.month.nights,
        spread_s=np.array([spread[cls].constant if cls in spread else 0.0 for cls in ThreatClass]),
        window_s=fixed["wave_window_s"].constant,
        parameters=(*fixed.values(), *spread.values()),
    )


def require_reach(scenario: Scenario, record: Record) -> None:
    """Refuse a month that the record does not reach.

    Raises
    ------
    EvidenceError
        The record begins after the month, or ends before it.
    """
    ends, month = record.rows["window_end"], scenario.month
    first, last = ends.min().date(), ends.max().date()
    if last < month.first or first > month.last:
        msg = f"the record runs from {first} to {last}, and the month asked about is {month}: nothing is known of it"
        remedy = f"bring a record with reports of {month.first} to {month.last}, or ask about a month that it covers"
        raise EvidenceError(f"{msg}; {remedy}")


def named_until(theatre: Theatre, scenario: Scenario, record: Record, day: date) -> Theatre:
    """The same theatre with the oblasts named in the record up to another day."""
    return replace(theatre, named=_named(scenario, record, day, theatre.places))


def _named(scenario: Scenario, record: Record, day: date, places: Places) -> Mapping[ThreatClass, Floats]:
    """Launches up to a day that name an oblast; what is aimed at after the month asked about tells of other months."""
    seen = record.until(min(day, scenario.month.last))
    return FrozenDict({cls: named_launches(seen, cls, places) for cls in ThreatClass})


def _reach_km(scenario: Scenario) -> float:
    """Largest radius at which any system of the catalogue meets cruise missiles [km]."""
    rows = [row for row in scenario.catalogue.parameters if row.name == "defended_radius_cruise"]
    return max(row.span[2] for row in rows)
