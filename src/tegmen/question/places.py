"""The defended places of a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.evidence.geography import distance_km, front_distance_km, read_places, to_km
from tegmen.question.scenario import Scenario
from tegmen.terms import content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
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

    @property
    def zone(self) -> NDArray[np.str_]:
        """(p,) oblast, and Kyiv's code for all of Kyiv's zone; the rest of Kyiv oblast is never named."""
        return np.where(self.kyiv, "UA-30", self.oblast)

    def __len__(self) -> int:
        return len(self.name)


def defended_places(scenario: Scenario, *, kyiv_radius_km: float) -> Places:
    """List the held places of the shipped table and the scenario's own, largest city first.

    Parameters
    ----------
    kyiv_radius_km
        Places this near the centre of Kyiv belong to the record's Kyiv zone [km] (A8).
    """
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
        kyiv=distance_km(latitude, longitude, latitude[0], longitude[0]) <= kyiv_radius_km,
    )
