"""Geography: geodesics, horizon, local map, track through a disc, and the compiled tables of places and borders.

All positions are WGS84 degrees. Places are towns and plants of public gazetteers; no defence unit is here.
"""

from __future__ import annotations

import csv
import hashlib
import json
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely
from shapely.geometry import shape

from tegmen.data import shipped_text
from tegmen.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from tegmen.terms import Floats


MAP_BOUNDS = (20.0, 43.0, 46.0, 54.0)
"""West, south, east, north of the map in degrees: what the shipped borders are clipped to."""

# Centred on Ukraine: within 700 km of the centre a length is off by less than 0.2 %.
LOCAL_CRS = "+proj=laea +lat_0=48.5 +lon_0=31.5 +datum=WGS84 +units=km +no_defs"
GRID_DEGREES = "EPSG:4326"

PLACE_COLUMNS = {
    "place_id": "string",
    "name": "string",
    "kind": "string",
    "latitude": "float64",
    "longitude": "float64",
    "population": "Int64",
    "capacity_mw": "Float64",
    "oblast": "string",
    "capital": "bool",
    "held": "bool",
    "front_km": "float64",
    "status_source": "string",
}
"""Columns and types of data/geo/places.csv, as `read_places` gives them."""

FRONT_COLUMNS = {
    "vertex": "int64",
    "part": "string",
    "latitude": "float64",
    "longitude": "float64",
    "occupied_side": "string",
    "tolerance_km": "float64",
    "source": "string",
    "verified": "bool",
}
"""Columns and types of data/geo/front.csv, as `read_front` gives them."""


# ---------------------------------------------------------------- distances


def distance_km(latitude_a: ArrayLike, longitude_a: ArrayLike, latitude_b: ArrayLike, longitude_b: ArrayLike) -> Floats:
    """Give the length of the geodesic between points on the WGS84 ellipsoid.

    Parameters
    ----------
    latitude_a, longitude_a, latitude_b, longitude_b
        (any, broadcast against each other) [degrees].

    Returns
    -------
    Distances, (broadcast shape) [km]; error below a metre, so the error of a result is that of its coordinates.

    Source: Karney (2013), Algorithms for geodesics, through PROJ.
    """
    lat_a, lon_a, lat_b, lon_b = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (latitude_a, longitude_a, latitude_b, longitude_b))
    )
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon_a.ravel(), lat_a.ravel(), lon_b.ravel(), lat_b.ravel())
    return np.asarray(metres, dtype=np.float64).reshape(lat_a.shape) / 1000.0


def horizon_km(radar_height_m: ArrayLike, target_height_m: ArrayLike) -> Floats:
    """Give the distance at which a radar first sees a target over a smooth earth: 4.12 (√h_radar + √h_target).

    Parameters
    ----------
    radar_height_m, target_height_m
        (any, broadcast) [m] above the ground, not negative.

    Returns
    -------
    Radar horizon, (broadcast shape) [km]. The constant is √(2·(4/3)·6371 km), the standard 4/3 earth; hills,
    woods and buildings shorten it, so it is an upper bound and its error is that of the heights.

    Raises
    ------
    InputError
        A height is negative or not a number.

    Source: the textbook radar-horizon formula, e.g. Skolnik, Introduction to Radar Systems.
    """
    radar = np.asarray(radar_height_m, dtype=np.float64)
    target = np.asarray(target_height_m, dtype=np.float64)
    faults = [
        f"{name}: found {np.min(height):g}, allowed are heights of 0 m and more"
        for name, height in (("radar_height_m", radar), ("target_height_m", target))
        if not bool(np.all(height >= 0))
    ]
    if faults:
        raise InputError("horizon_km", faults)
    return 4.12 * (np.sqrt(radar) + np.sqrt(target))


# ---------------------------------------------------------------- local map


def to_km(latitude: ArrayLike, longitude: ArrayLike) -> Floats:
    """Project to the local map of Ukraine (Lambert azimuthal equal-area, centre 48.5 N 31.5 E).

    Parameters
    ----------
    latitude, longitude
        (any, broadcast) [degrees].

    Returns
    -------
    (broadcast shape, 2) [km]: east and north of the centre. Lengths are off by less than 0.2 % within 700 km of the
    centre (all Ukraine) and 0.8 % within 1,500 km; areas are true.
    """
    lat, lon = np.broadcast_arrays(np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64))
    east, north = _projection().transform(lon.ravel(), lat.ravel())
    return np.stack([np.asarray(east).reshape(lat.shape), np.asarray(north).reshape(lat.shape)], axis=-1)


def from_km(position_xy: ArrayLike) -> tuple[Floats, Floats]:
    """Take points of the local map back to degrees, the inverse of `to_km`.

    Parameters
    ----------
    position_xy
        (..., 2) [km], east and north of the centre.

    Returns
    -------
    Latitudes and longitudes, (...) [degrees]; the round trip is exact to a millimetre.
    """
    xy = np.asarray(position_xy, dtype=np.float64)
    lon, lat = _projection().transform(xy[..., 0].ravel(), xy[..., 1].ravel(), direction="INVERSE")
    return np.asarray(lat).reshape(xy.shape[:-1]), np.asarray(lon).reshape(xy.shape[:-1])


@cache
def _projection() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(GRID_DEGREES, LOCAL_CRS, always_xy=True)


# ---------------------------------------------------------------- tracks


def closest_approach(start_xy: ArrayLike, end_xy: ArrayLike, centre_xy: ArrayLike) -> tuple[Floats, Floats]:
    """Give how near a straight track comes to a point, and how far along the track that is.

    Parameters
    ----------
    start_xy, end_xy, centre_xy
        (..., 2, broadcast) [km] on the local map. A track of no length is its start.

    Returns
    -------
    Distance at the closest point of the track, and the along-track distance of that point from the start,
    (broadcast shape) [km]. Both carry the map's 0.2 %: a straight track differs from the geodesic by less than
    2 km in 700 km, well inside the coarseness of the lanes.
    """
    start, end, centre = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (start_xy, end_xy, centre_xy))
    )
    step = end - start
    length = np.hypot(step[..., 0], step[..., 1])
    direction = step / np.where(length > 0, length, 1.0)[..., np.newaxis]
    reached = np.clip(np.sum((centre - start) * direction, axis=-1), 0.0, length)
    gap = start + direction * reached[..., np.newaxis] - centre
    return np.hypot(gap[..., 0], gap[..., 1]), reached


# ---------------------------------------------------------------- tables


def read_places() -> pd.DataFrame:
    """Read the defended places: clusters of settlements and power plants.

    Returns
    -------
    One row a place, columns `PLACE_COLUMNS`. kind: "city" or "power_plant"; population: people before the invasion
    (cities only; displacement not counted); capacity_mw: nameplate of about 2016 (plants only); oblast: ISO 3166-2;
    capital: seat of an oblast, of Crimea, or Sevastopol; held: under government control and standing on 1 March 2024;
    front_km: distance [km] to the coarse line of contact or the border with Russia north of it, ±25 km.
    Coordinates are those of the gazetteer: a city is its centre point, good to a few km.

    Source: GeoNames and WRI (CC BY 4.0), compiled by scripts/compile_geo.py; see data/geo/LICENCE.md.
    """
    return _read_geo_table("places.csv", PLACE_COLUMNS)


def read_front() -> pd.DataFrame:
    """Read the coarse line of March 2024 as a polyline, from the Dnipro estuary to the Belarus border.

    Returns
    -------
    One row a vertex in order, columns `FRONT_COLUMNS`. part "contact" is the line of contact, off by up to 25 km;
    part "border" is the border with Russia north of it, simplified to 5 km. The occupied (or Russian) side is on the
    right hand all along.
    """
    return _read_geo_table("front.csv", FRONT_COLUMNS)


def front_points(spacing_km: float) -> tuple[Floats, Floats]:
    """Give evenly spaced points on the coarse line of contact.

    Parameters
    ----------
    spacing_km
        [km] between points along the line, above 0; stretched a little so that both ends are points.

    Returns
    -------
    Latitudes and longitudes, (points) [degrees]. The line itself is only good to ±25 km.

    Raises
    ------
    InputError
        A spacing not above 0.
    """
    if not spacing_km > 0:
        raise InputError("front_points", [f"spacing_km: found {spacing_km:g}, must be above 0"])
    line = _front_line("contact")
    steps = max(1, round(line.length / spacing_km))
    points = shapely.line_interpolate_point(line, np.linspace(0.0, 1.0, steps + 1), normalized=True)
    return from_km(shapely.get_coordinates(points))


def front_distance_km(latitude: ArrayLike, longitude: ArrayLike) -> Floats:
    """Give the distance to the coarse front of March 2024: line of contact, and border with Russia north of it.

    Parameters
    ----------
    latitude, longitude
        (any, broadcast) [degrees], either side of the line.

    Returns
    -------
    Distances, (broadcast shape) [km], never negative; ±25 km, the coarseness of the line.
    """
    points = shapely.points(to_km(latitude, longitude))
    return np.asarray(shapely.distance(points, _front_line("contact", "border")), dtype=np.float64)


def _front_line(*parts: str) -> shapely.LineString:
    table = read_front()
    rows = table["part"].isin(parts)
    return shapely.LineString(to_km(table.loc[rows, "latitude"], table.loc[rows, "longitude"]))


def read_borders() -> dict[str, Any]:
    """Read the outlines of Ukraine (internationally recognised, with Crimea) and its neighbours inside `MAP_BOUNDS`.

    Returns
    -------
    A GeoJSON FeatureCollection; properties iso_a3, name, nato. Outer rings run clockwise, as d3-geo (Vega) reads
    them. Simplified: off by 2.5 km at most, on top of Natural Earth's 0.7 km (median) and 3 km (95th percentile).

    Source: Natural Earth 1:10m, public domain.
    """
    return json.loads(shipped_text("geo", "borders.json"))


def read_oblasts() -> dict[str, Any]:
    """Read the outlines of Ukraine's 27 first-level units.

    Returns
    -------
    A GeoJSON FeatureCollection; properties iso_3166_2, name. Lines, winding and error as in `read_borders`; the
    union is Ukraine of `read_borders`. The unit "Kyiv" (UA-30) is drawn twice its true area by the source.

    Source: Natural Earth 1:10m, public domain.
    """
    return json.loads(shipped_text("geo", "oblasts.json"))


def in_map(latitude: ArrayLike, longitude: ArrayLike) -> NDArray[np.bool_]:
    """Say whether points lie inside `MAP_BOUNDS`.

    Parameters
    ----------
    latitude, longitude
        (any, broadcast) [degrees]. NaN is outside.

    Returns
    -------
    (broadcast shape) true inside or on the edge.
    """
    west, south, east, north = MAP_BOUNDS
    lat, lon = np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64)
    return (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)


def in_ukraine(latitude: ArrayLike, longitude: ArrayLike, *, margin_km: float = 3.0) -> NDArray[np.bool_]:
    """Say whether points lie in Ukraine, within its internationally recognised borders.

    Parameters
    ----------
    latitude, longitude
        (any, broadcast) [degrees]. NaN is outside.
    margin_km
        [km] allowed outside the drawn outline, 0 or more; the outline is off by about 3 km, so a harbour or a border
        town needs it.

    Returns
    -------
    (broadcast shape) true inside.
    """
    lat, lon = np.broadcast_arrays(np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64))
    inside = np.asarray(in_map(lat, lon))
    # Points outside the map (or NaN) are put at the map's corner, where Ukraine is not.
    safe = to_km(np.where(inside, lat, MAP_BOUNDS[1]), np.where(inside, lon, MAP_BOUNDS[0]))
    near = shapely.dwithin(_ukraine(), shapely.points(safe), margin_km)
    return np.asarray(inside & near, dtype=np.bool_)


def km_inside_ukraine(start_xy: ArrayLike, end_xy: ArrayLike) -> Floats:
    """Give the length of straight tracks that lies over Ukraine, recognised borders.

    A track that ends inside is inside from where it last entered: ``[end inside] + sum of t where it leaves - sum of t
    where it enters``, t the share of the track flown, over all crossings of the outline. Five times as fast as to
    intersect each with the whole outline.

    Parameters
    ----------
    start_xy, end_xy
        (track, 2) [km] on the local map of `to_km`.

    Returns
    -------
    (track) [km]; off by about 3 km an entry, the error of the outline.
    """
    start, end = np.asarray(start_xy, dtype=np.float64), np.asarray(end_xy, dtype=np.float64)
    share = shapely.contains_xy(_ukraine(), end[:, 0], end[:, 1]).astype(np.float64)
    begin, edge = _outline()
    for first in range(0, len(start), _TRACKS):
        block = slice(first, first + _TRACKS)
        way, apart = (end - start)[block, None], begin - start[block, None]
        across = _cross(way, edge)
        with np.errstate(divide="ignore", invalid="ignore"):
            flown, along = _cross(apart, edge) / across, _cross(apart, way) / across
        met = (flown > 0) & (flown < 1) & (along >= 0) & (along < 1)
        share[block] += np.where(met, np.sign(across) * flown, 0.0).sum(axis=1)
    return share * np.hypot(*(end - start).T)


def _cross(one: Floats, other: Floats) -> Floats:
    """Cross product of plane vectors (..., 2)."""
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


@cache
def _outline() -> tuple[Floats, Floats]:
    """Give the edges (e, 2) of Ukraine's outline, start and way [km]: what is inside lies to the left of each."""
    parts = shapely.orient_polygons(shapely.get_parts(_ukraine()))
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(parts)]
    return np.concatenate([ring[:-1] for ring in rings]), np.concatenate([np.diff(ring, axis=0) for ring in rings])


_TRACKS = 256
"""Tracks looked at together, so that their crossings with the outline stay small in memory."""


@cache
def _ukraine() -> shapely.Geometry:
    """Give Ukraine's outline on the local map [km]."""
    projected = _country("Ukraine")
    shapely.prepare(projected)
    return projected


BORDER_ERROR_KM = 5.5
"""How far off a drawn border may be: 2.5 km of simplification on top of Natural Earth's 3 km (95th percentile)."""


def neighbour_names() -> dict[str, bool]:
    """Name the neighbours that the borders show, and whether each is in NATO."""
    told = (feature["properties"] for feature in read_borders()["features"])
    return {each["name"]: bool(each["nato"]) for each in told if each["iso_a3"] != "UKR"}


def common_border_km(neighbour: str, spacing_km: float) -> Floats:
    """Give evenly spaced points on the border that a neighbour has in common with Ukraine.

    Parameters
    ----------
    neighbour
        As `neighbour_names` names it.
    spacing_km
        [km] between points, above 0; the error of each is `BORDER_ERROR_KM`.

    Returns
    -------
    (points, 2) [km] on the local map; none for a neighbour that has no border with Ukraine.
    """
    line = shapely.boundary(_country(neighbour))
    steps = max(1, int(line.length // spacing_km))
    spread = np.linspace(0.0, 1.0, steps, endpoint=False)
    points = shapely.line_interpolate_point(np.array([line]), spread, normalized=True)
    return shapely.get_coordinates(points[shapely.dwithin(points, _ukraine(), BORDER_ERROR_KM)])


def apart_from_km(neighbour: str, position_xy: ArrayLike, at_least_km: float) -> Floats:
    """Give how far points are from a neighbour's ground that lies no nearer to Ukraine than so many km.

    Parameters
    ----------
    neighbour
        As `neighbour_names` names it.
    position_xy
        (..., 2) [km] on the local map.
    at_least_km
        [km] between that ground and Ukraine's outline, not below 0.

    Returns
    -------
    (...) [km]; infinite where a neighbour has no such ground on the map. Off by `BORDER_ERROR_KM`.
    """
    ground = shapely.difference(_country(neighbour), shapely.buffer(_ukraine(), at_least_km))
    apart = shapely.distance(shapely.points(np.asarray(position_xy, dtype=np.float64)), ground)
    return np.where(np.isnan(apart), np.inf, apart)


def ground_km(neighbour: str, at_least_km: float, at_most_km: float, spacing_km: float) -> Floats:
    """Give a grid of points on a neighbour's ground, between two distances from Ukraine's outline.

    Parameters
    ----------
    neighbour
        As `neighbour_names` names it.
    at_least_km, at_most_km, spacing_km
        [km] from Ukraine's outline; between points of the grid.

    Returns
    -------
    (points, 2) [km] on the local map: points of a coarse grid, and nothing that stands there.
    """
    ground = _country(neighbour)
    edges = np.asarray(shapely.bounds(ground), dtype=np.float64).reshape(2, 2).T
    east, north = (np.arange(low, high + spacing_km, spacing_km) for low, high in edges)
    grid = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2)
    grid = grid[shapely.dwithin(_ukraine(), shapely.points(grid), at_most_km)]  # prepared: as fast as can be
    if at_least_km > 0:
        grid = grid[~shapely.dwithin(_ukraine(), shapely.points(grid), at_least_km)]
    return grid[shapely.within(shapely.points(grid), ground)]


@cache
def _country(name: str) -> shapely.Geometry:
    """Give a country's outline on the local map [km], by its name."""
    features = read_borders()["features"]
    outline = next((shape(each["geometry"]) for each in features if each["properties"]["name"] == name), None)
    if outline is None:
        known = ", ".join(neighbour_names())
        raise InputError("neighbour", [f"found {name!r}; the borders show {known}"])
    return shapely.transform(outline, lambda degrees: to_km(degrees[:, 1], degrees[:, 0]))


def tables_sha256() -> str:
    """Give the sha256 of the compiled tables of places, front, borders and oblasts, for provenance."""
    digest = hashlib.sha256()
    for name in ("places.csv", "front.csv", "borders.json", "oblasts.json"):
        digest.update(shipped_text("geo", name).encode())
    return digest.hexdigest()


def _read_geo_table(name: str, columns: dict[str, str]) -> pd.DataFrame:
    """Read a shipped table; its columns must be exactly those the code expects."""
    text = shipped_text("geo", name)
    header = next(csv.reader(StringIO(text)))
    if header != list(columns):
        raise InputError(f"data/geo/{name}", [f"columns: found {header}, expected {list(columns)}; reinstall tegmen"])
    return pd.read_csv(StringIO(text), dtype=columns)
