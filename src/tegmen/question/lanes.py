"""Lanes: the ways from launch areas to places, for the threat classes whose way matters.

Lanes are coarse on purpose: a launch area of the record, a place, and three parallel variants (A7).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.evidence.geography import closest_approach, km_inside_ukraine, to_km
from tegmen.evidence.record import read_launch_areas
from tegmen.question.places import Places
from tegmen.terms import SAME, ThreatClass, content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

VARIANTS = 3
"""Parallel variants of a lane."""
LANE_CLASSES = (ThreatClass.drone, ThreatClass.cruise)
"""Classes whose way matters; for the others a lane is the place."""
_AREA_SHARE_LEAST = 0.02
INSIDE_STEP_KM = 10.0
"""Steps in which the part of a lane over Ukraine is counted."""


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """Ways from launch areas to places; axis l = (place, area, variant) flattened.

    Parameters
    ----------
    places, areas
        Number of places and of launch areas.
    area_xy, offset_km
        (area, 2) where launch areas lie on the local map; sideways shift of a variant there [km].
    length_km, inside_km
        (l,) whole way; the part over Ukraine, in steps of 10 km (at least one) [km].
    pointer, lane, approach_km, along_km
        For each site (= place) the cruise lanes within reach of a unit there: CSR over sites, with the closest approach
        and how far along the lane it lies [km].
    area_weight
        (class, place, area) chance of the launch area given class and place; rows sum to 1.
    """

    places: int
    areas: int
    area_xy: Floats
    offset_km: float = field(metadata=SAME)
    length_km: Floats
    inside_km: Floats
    pointer: Ints
    lane: Ints
    approach_km: Floats
    along_km: Floats
    area_weight: Floats

    @property
    def first(self) -> Ints:
        """(class + 1,) number of the first lane of each class; the last entry is the number of lanes.

        Where a lane is only a place, one lane more is for what is aimed at no place.
        """
        width = [self.length_km.size if cls in LANE_CLASSES else self.places + 1 for cls in ThreatClass]
        return np.concatenate([[0], np.cumsum(width)]).astype(np.int64)


def lay_lanes(places: Places, *, offset_km: float, reach_km: float) -> Lanes:
    """Lay the lanes from the record's launch areas to the places.

    Positions of launch areas are rounded to half a degree; a lane is a straight line, its variants shifted sideways at
    the launch end. Areas are chosen by how many launches of the class the record names there.

    Parameters
    ----------
    offset_km
        Sideways shift of a variant at the launch end [km].
    reach_km
        Largest radius at which any unit meets what flies past [km].
    """
    table = _used_areas()
    spots = table.drop_duplicates("area_id").set_index("area_id").sort_index()
    area_xy = to_km(spots["latitude"].to_numpy(float), spots["longitude"].to_numpy(float))
    begin, end = _ends(places, area_xy, offset_km)
    weight = np.zeros((len(ThreatClass), len(places), len(spots)))
    for cls in LANE_CLASSES:
        launched = table.loc[table["threat_class"] == cls.name].set_index("area_id")["launched"].reindex(spots.index)
        weight[cls] = launched.fillna(0.0).to_numpy(float) / launched.sum()
    approach, along = closest_approach(begin[:, None], end[:, None], places.xy[None])
    used = np.repeat((weight[ThreatClass.cruise] > 0).ravel(), VARIANTS)
    near = np.nonzero((reach_km >= approach.T) & used)
    pointer = np.concatenate([[0], np.cumsum(np.bincount(near[0], minlength=len(places)))])
    inside = np.maximum(1, np.rint(km_inside_ukraine(begin, end) / INSIDE_STEP_KM)) * INSIDE_STEP_KM
    return Lanes(
        places=len(places),
        areas=len(spots),
        area_xy=area_xy,
        offset_km=offset_km,
        length_km=np.linalg.norm(end - begin, axis=1),
        inside_km=inside,
        pointer=pointer.astype(np.int64),
        lane=near[1].astype(np.int64),
        approach_km=approach.T[near],
        along_km=along.T[near],
        area_weight=weight,
    )


def _used_areas() -> pd.DataFrame:
    """Launch areas by class, without those of hardly any launches of it."""
    table = read_launch_areas()
    table = table.loc[table["threat_class"].isin([cls.name for cls in LANE_CLASSES])]
    total = table.groupby("threat_class")["launched"].sum()
    least = _AREA_SHARE_LEAST * table["threat_class"].map(total).to_numpy(float)
    return table.loc[table["launched"].to_numpy(float) >= least]


def _ends(places: Places, start: NDArray[np.float64], offset_km: float) -> tuple[Floats, Floats]:
    """(l, 2) begin and end of every lane [km]."""
    way = places.xy[:, None] - start[None]
    side = np.stack([-way[..., 1], way[..., 0]], axis=-1) / np.linalg.norm(way, axis=-1, keepdims=True)
    shift = offset_km * (np.arange(VARIANTS) - VARIANTS // 2)
    begin = start[None, :, None] + side[:, :, None] * shift[None, None, :, None]
    end = np.broadcast_to(places.xy[:, None, None], begin.shape)
    return begin.reshape(-1, 2), end.reshape(-1, 2)
