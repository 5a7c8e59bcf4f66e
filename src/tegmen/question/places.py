"""The defended places, and how the record's named targets steer what is aimed at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.evidence.geography import distance_km, front_distance_km, read_places, to_km
from tegmen.evidence.record import Record
from tegmen.question.scenario import Scenario
from tegmen.terms import ThreatClass

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


KYIV_RADIUS_KM = 30.0
"""Places this near the centre of Kyiv belong to the record's Kyiv zone (A8)."""


@dataclass(frozen=True, slots=True)
class Places:
    """The defended places, axis p: held cities and power plants, largest city first.

    Parameters
    ----------
    name
        (p,) names.
    latitude, longitude
        (p,) [degrees].
    xy
        (p, 2) [km], local projection.
    population, capacity_mw, front_km
        (p,) [people], [MW], [km].
    oblast
        (p,) ISO 3166-2.
    capital, kyiv
        (p,) oblast capital; in the record's Kyiv zone.
    """

    name: NDArray[np.str_]
    latitude: Floats
    longitude: Floats
    xy: Floats
    population: Floats
    capacity_mw: Floats
    front_km: Floats
    oblast: NDArray[np.str_]
    capital: NDArray[np.bool_]
    kyiv: NDArray[np.bool_]

    def largest(self, count: int) -> Ints:
        """Indices of the largest cities."""
        return np.argsort(-self.population, kind="stable")[:count][self.population[:count] > 0]

    def __len__(self) -> int:
        return len(self.name)


def defended_places(scenario: Scenario) -> Places:
    """List the held places of the shipped table and the scenario's own, largest city first."""
    table = read_places()
    table = table.loc[table["held"]]
    if scenario.places:
        extra = pd.DataFrame([place.model_dump() for place in scenario.places])
        extra["front_km"] = front_distance_km(extra["latitude"].to_numpy(), extra["longitude"].to_numpy())
        extra["oblast"] = "own"
        extra["capital"] = False
        table = pd.concat([table, extra], ignore_index=True)
    table = table.fillna({"population": 0, "capacity_mw": 0.0})
    table = table.sort_values(["population", "capacity_mw", "name"], ascending=[False, False, True])
    latitude, longitude = table["latitude"].to_numpy(float), table["longitude"].to_numpy(float)
    return Places(
        name=table["name"].to_numpy(str),
        latitude=latitude,
        longitude=longitude,
        xy=to_km(latitude, longitude),
        population=table["population"].to_numpy(float),
        capacity_mw=table["capacity_mw"].to_numpy(float),
        front_km=table["front_km"].to_numpy(float),
        oblast=table["oblast"].to_numpy(str),
        capital=table["capital"].to_numpy(bool),
        kyiv=distance_km(latitude, longitude, latitude[0], longitude[0]) <= KYIV_RADIUS_KM,
    )


def named_launches(record: Record, cls: ThreatClass, places: Places) -> Floats:
    """(place,) launches of the record whose only named oblast is the place's.

    Reports say "Kyiv" and "Kyiv oblast" for raids on one and the same zone: both count for Kyiv's zone (A8).
    """
    launches = record.rows["launched"].to_numpy(np.float64, na_value=0.0)
    zones = record.rows["zone"].to_numpy(str)
    mine = record.rows["threat_class"].to_numpy(str) == cls.name
    zone = _zone(places)
    named = {code: float(launches[mine & (zones == code)].sum()) for code in {*zone.tolist(), "UA-32"}}
    named["UA-30"] = named.get("UA-30", 0.0) + named.pop("UA-32")
    return np.array([named.get(code, 0.0) for code in zone])


def _zone(places: Places) -> NDArray[np.str_]:
    """(place,) oblast, and Kyiv's code for all of Kyiv's zone; the rest of Kyiv oblast is never named."""
    return np.where(places.kyiv, "UA-30", places.oblast)


def steered(base: Floats, named: Floats, prior_launches: Floats, places: Places) -> Floats:
    """Scale weights oblast by oblast towards the launches that name it; rows sum to 1."""
    weight = prior_launches[:, None]
    base = base / base.sum(axis=1, keepdims=True)
    codes, oblast = np.unique(_zone(places), return_inverse=True)
    member = np.eye(len(codes))[oblast]
    prior = base @ member
    total = np.array([named[oblast == code][0] for code in range(len(codes))])
    posterior = (weight * prior + total * (prior > 0)) / (weight + total.sum())
    steered = base * (posterior / np.maximum(prior, 1e-12))[:, oblast]
    return steered / steered.sum(axis=1, keepdims=True)
