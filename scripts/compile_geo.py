"""Compile data/geo from ../shared/data/geo and ../shared/data/power: borders, oblasts, front line, places.

Run from anywhere: ``python scripts/compile_geo.py [--out FOLDER]``. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.ops
from shapely.geometry import shape

from tegmen.evidence.geography import FRONT_COLUMNS, MAP_BOUNDS, PLACE_COLUMNS, distance_km, from_km, in_ukraine, to_km

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
TARGET = ROOT / "src" / "tegmen" / "data" / "geo"

SIMPLIFY_KM = 1.0
BORDER_KM = 5.0
CLUSTER_KM = 10.0
CITY_PEOPLE = 40_000
PLANT_MW = 100.0
FUELS = ("coal", "gas", "oil", "hydro", "hydro_pumped", "nuclear")

COARSE = "background knowledge, coarse, not re-read"
CONTACT_KM = 25.0

# The line of contact in March 2024, (longitude, latitude), from the Kinburn spit up the Dnipro and round to the border
# north of Kupiansk: rounded to 0.1 degree on purpose. The occupied side is on the right hand.
CONTACT = (
    (31.4, 46.5),
    (32.2, 46.5),
    (32.6, 46.6),
    (32.8, 46.7),
    (33.4, 46.8),
    (33.8, 47.2),
    (34.4, 47.5),
    (34.7, 47.6),
    (35.4, 47.5),
    (35.8, 47.5),
    (36.9, 47.7),
    (37.3, 47.7),
    (37.6, 48.1),
    (37.9, 48.3),
    (37.9, 48.6),
    (38.3, 48.9),
    (38.1, 49.1),
    (38.0, 49.4),
    (37.8, 49.8),
    (37.8, 50.0),
)
# Closes the occupied area outside Ukraine: through Russia, round Crimea, back over the sea.
CLOSURE = ((41.0, 50.1), (41.0, 44.0), (31.4, 44.0))

# GeoNames spellings that differ from the English forms used in Ukraine.
CITY_NAMES = {
    "687700": "Zaporizhzhia",
    "703845": "Kryvyi Rih",
    "700569": "Mykolaiv",
    "689558": "Vinnytsia",
    "705812": "Kropyvnytskyi",
    "690548": "Uzhhorod",
    "688105": "Yevpatoria",
    "692975": "Kadiivka",
    "698625": "Oleksandriia",
    "709161": "Feodosia",
    "697593": "Pervomaisk",
    "707688": "Chornomorsk",
    "699553": "Zviahel",
    "709932": "Kamianske",
    "691374": "Chystiakove",
    "7525990": "Yuzhnoukrainsk",
    "8468760": "Novoiavorivsk",
}
# Not PPLA in GeoNames, yet the seat of a first-level unit.
EXTRA_CAPITALS = {"693805": "Simferopol"}
KYIV_CITY = "703448"

# Name in the source -> name here; one name for two rows merges them.
PLANT_NAMES = {
    "Zaporozhye": "Zaporizhzhia NPP",
    "South Ukraine": "South Ukraine NPP",
    "Rivne (Rouno)": "Rivne NPP",
    "Khmelnytska": "Khmelnytskyi NPP",
    "Vuglegirska power station": "Vuhlehirska TPP",
    "Zaporizhia power station": "Zaporizka TPP",
    "Zmiivska power station": "Zmiivska TPP",
    "Burshtyn power station": "Burshtyn TPP",
    "Trypilska": "Trypilska TPP",
    "Ladyzhyn power station": "Ladyzhyn TPP",
    "Starobeshivska": "Starobeshivska TPP",
    "Kryvorizka power station": "Kryvorizka TPP",
    "Kurakhov power station": "Kurakhove TPP",
    "Zuevskaya power station": "Zuivska TPP",
    "Luhanska": "Luhansk TPP",
    "Prydniprovska power station": "Prydniprovska TPP",
    "Dneipro HPP 1": "Dnipro HPP",
    "Dneipro HPP 2": "Dnipro HPP",
    "Mironovskaya": "Myronivska TPP",
    "Dniester": "Dniester HPP",
    "Dniester (pumped storage)": "Dniester PSP",
    "Kiev CHP-5": "Kyiv CHP-5",
    "Kiev CHP-6": "Kyiv CHP-6",
    "Darnytska power station": "Darnytsia CHP",
    "Kremenchug": "Kremenchuk HPP",
    "Slavyansk power station": "Sloviansk TPP",
    "Karkov CHP-5": "Kharkiv CHP-5",
    "Kaniv": "Kaniv HPP",
    "Dobrotvir power station": "Dobrotvir TPP",
    "Kiev": "Kyiv HPP",
    "Kiev (pumped storage)": "Kyiv PSP",
    "Dniprodzerzhynsk": "Seredniodniprovska HPP",
    "Kakhovka": "Kakhovka HPP",
    "Tashlyk": "Tashlyk PSP",
    "Kalush power station": "Kalush CHP",
    "Sievierodonetsk CHP power station": "Sievierodonetsk CHP",
    "Chernihiv power station": "Chernihiv CHP",
    "Cherkasy power station": "Cherkasy CHP",
    "Kramatorskaya power station": "Kramatorsk CHP",
}
# The source draws Kyiv city twice its area: only these plants of it are in the city.
KYIV_CITY_PLANTS = ("Kyiv CHP-5", "Kyiv CHP-6", "Darnytsia CHP")

# What befell plants by 1 March 2024; a plant not named here is held and standing.
LOST_PLANTS = {
    "Zaporizhzhia NPP": "occupied since 4 March 2022 (statements of the IAEA)",
    "Zaporizka TPP": "occupied at Enerhodar since March 2022",
    "Vuhlehirska TPP": "occupied since July 2022 (press reports of 27 July 2022)",
    "Luhansk TPP": "occupied at Shchastia since February 2022",
    "Sievierodonetsk CHP": "occupied since June 2022, damaged in the fighting",
    "Kakhovka HPP": "destroyed on 6 June 2023 with its dam, occupied since February 2022",
    "Starobeshivska TPP": "occupied since 2014",
    "Zuivska TPP": "occupied since 2014",
    "Myronivska TPP": "occupied since 2022",
}
NOTED_PLANTS = {
    "Zmiivska TPP": "held; put out of action on 22 March 2024, inside the month",
    "Dnipro HPP": "held; hit on 22 March 2024, inside the month",
    "Trypilska TPP": "held; destroyed only on 11 April 2024",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A city cluster or a power plant on its way to places.csv."""

    name: str
    kind: str
    latitude: float
    longitude: float
    oblast: str
    held: bool
    status_source: str
    population: int | None = None
    capacity_mw: float | None = None
    capital: bool = False


def compile_outlines() -> tuple[dict[str, Any], dict[str, Any]]:
    """Simplify oblasts and neighbours as one coverage, so that shared lines stay shared; Ukraine is the union."""
    oblasts = _features("oblasts_ne10m.geojson")
    countries = _features("borders_ne10m.geojson")
    neighbours = [feature for feature in countries if feature["properties"]["iso_a3"] != "UKR"]
    window = shapely.box(*MAP_BOUNDS)
    raw = [shape(feature["geometry"]) for feature in oblasts]
    raw += [shape(feature["geometry"]).intersection(window) for feature in neighbours]
    plane = np.array([shapely.transform(area, lambda c: to_km(c[:, 1], c[:, 0])) for area in raw])
    simple = shapely.coverage_simplify(plane, SIMPLIFY_KM)
    degrees = [shapely.set_precision(_to_degrees(area), 0.001, mode="pointwise") for area in simple]
    assert bool(np.all(shapely.is_valid(degrees)))
    assert shapely.coverage_is_valid(degrees)
    units = [
        _feature(area, {"iso_3166_2": item["properties"]["iso_3166_2"], "name": item["properties"]["name"]})
        for item, area in zip(oblasts, degrees, strict=False)
    ]
    ukraine = shapely.coverage_union_all(degrees[: len(oblasts)])
    outlines = [_feature(ukraine, {"iso_a3": "UKR", "name": "Ukraine", "nato": False})]
    outlines += [
        _feature(area, {key: item["properties"][key] for key in ("iso_a3", "name", "nato")})
        for item, area in zip(neighbours, degrees[len(oblasts) :], strict=True)
    ]
    return _collection(outlines), _collection(units)


def compile_front() -> list[dict[str, Any]]:
    """Join the line of contact with the border of Russia north of it, walked on towards Belarus."""
    shapes = {item["properties"]["iso_a3"]: shape(item["geometry"]) for item in _features("borders_ne10m.geojson")}
    border = shapely.line_merge(shapes["RUS"].boundary.intersection(shapes["UKR"].boundary))
    plane = shapely.transform(border, lambda c: to_km(c[:, 1], c[:, 0]))
    assert isinstance(plane, shapely.LineString)
    west = to_km(52.1, 31.8)
    if np.hypot(*(shapely.get_coordinates(plane)[0] - west)) < np.hypot(*(shapely.get_coordinates(plane)[-1] - west)):
        plane = shapely.reverse(plane)
    last = shapely.Point(to_km(CONTACT[-1][1], CONTACT[-1][0]))
    north = shapely.ops.substring(plane, plane.project(last), plane.length)
    lat, lon = from_km(shapely.get_coordinates(shapely.simplify(north, BORDER_KM)))
    rows = [_vertex("contact", y, x) for x, y in CONTACT]
    rows += [_vertex("border", y, x) for y, x in zip(lat, lon, strict=True)]
    return [{"vertex": number} | row for number, row in enumerate(rows)]


def compile_cities(seats: set[str]) -> list[Place]:
    """Cluster settlements greedily: the largest absorbs what lies within 10 km on its own side of the line."""
    with (SHARED / "geo" / "settlements_geonames.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["country"] == "UA"]
    rows.sort(key=lambda row: (-int(row["population"] or 0), row["geonameid"]))
    lat = np.array([float(row["latitude"]) for row in rows])
    lon = np.array([float(row["longitude"]) for row in rows])
    people = np.array([int(row["population"] or 0) for row in rows])
    held = ~occupied(lat, lon)
    free = np.ones(len(rows), dtype=bool)
    codes = {
        item["properties"]["name"]: item["properties"]["iso_3166_2"] for item in _features("oblasts_ne10m.geojson")
    }
    cities: list[Place] = []
    for index, row in enumerate(rows):
        if not free[index]:
            continue
        near = free & (held == held[index]) & (distance_km(lat[index], lon[index], lat, lon) <= CLUSTER_KM)
        free &= ~near
        population = int(people[near].sum())
        capital = row["geonameid"] in seats
        if population >= CITY_PEOPLE or capital:
            city = _city(row, codes[row["oblast"]], held=bool(held[index]))
            cities.append(replace(city, population=population, capital=capital))
    return cities


def _city(row: dict[str, str], oblast: str, *, held: bool) -> Place:
    return Place(
        name=CITY_NAMES.get(row["geonameid"], row["name"]),
        kind="city",
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        # The source draws Kyiv over its suburbs (Irpin, Obukhiv): only Kyiv itself is UA-30.
        oblast="UA-32" if oblast == "UA-30" and row["geonameid"] != KYIV_CITY else oblast,
        held=held,
        status_source=_side(held=held),
    )


def compile_plants() -> list[Place]:
    """Take the firm plants of 100 MW and more, rows at one point merged, with what is known of control and damage."""
    with (SHARED / "power" / "power_plants_ua_and_neighbours.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["country"] == "UKR" and row["fuel"] in FUELS]
    merged: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["latitude"] and float(row["capacity_mw"] or 0) >= PLANT_MW:
            merged.setdefault(PLANT_NAMES[row["name"]], []).append(row)
    return [_plant(name, parts) for name, parts in merged.items()]


def _plant(name: str, parts: list[dict[str, str]]) -> Place:
    lat, lon = float(parts[0]["latitude"]), float(parts[0]["longitude"])
    assert len({(part["latitude"], part["longitude"]) for part in parts}) == 1, name
    lost = name in LOST_PLANTS
    # Two independent statements of control must agree: the plant's own history and the coarse line.
    assert bool(occupied(lat, lon)) == lost, name
    history = LOST_PLANTS.get(name) or NOTED_PLANTS.get(name)
    return Place(
        name=name,
        kind="power_plant",
        latitude=lat,
        longitude=lon,
        oblast=_plant_oblast(name, lat, lon),
        held=not lost,
        status_source=f"{history} (background knowledge, not re-read)" if history else _side(held=True),
        capacity_mw=sum(float(part["capacity_mw"]) for part in parts),
    )


def occupied(latitude: Any, longitude: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say which points lie on the occupied side of the coarse line, Crimea included."""
    area = shapely.Polygon([*CONTACT, *CLOSURE])
    shapely.prepare(area)
    return np.asarray(shapely.contains_xy(area, longitude, latitude))


def place_rows(places: list[Place]) -> list[dict[str, Any]]:
    """Give the rows of places.csv: cities by people, then plants by capacity, with unique ids."""
    line = shapely.LineString([to_km(row["latitude"], row["longitude"]) for row in compile_front()])
    ordered = sorted(places, key=lambda p: (p.kind, -(p.population or 0), -(p.capacity_mw or 0.0), p.name))
    rows: list[dict[str, Any]] = []
    for place in ordered:
        assert bool(in_ukraine(place.latitude, place.longitude)), place.name
        rows.append(
            {
                "place_id": _slug(place.name),
                "name": place.name,
                "kind": place.kind,
                "latitude": f"{place.latitude:.4f}",
                "longitude": f"{place.longitude:.4f}",
                "population": "" if place.population is None else place.population,
                "capacity_mw": "" if place.capacity_mw is None else f"{place.capacity_mw:g}",
                "oblast": place.oblast,
                "capital": str(place.capital).lower(),
                "held": str(place.held).lower(),
                "front_km": f"{shapely.Point(to_km(place.latitude, place.longitude)).distance(line):.1f}",
                "status_source": place.status_source,
            }
        )
    assert len({row["place_id"] for row in rows}) == len(rows)
    return rows


def main() -> None:
    """Write the four compiled files; the outlines first, for the places are checked against them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    borders, oblasts = compile_outlines()
    _write_json(out / "borders.json", borders)
    _write_json(out / "oblasts.json", oblasts)
    _write_csv(out / "front.csv", list(FRONT_COLUMNS), compile_front())
    with (SHARED / "geo" / "oblast_centres_geonames.csv").open(encoding="utf-8", newline="") as handle:
        seats = {row["geonameid"] for row in csv.DictReader(handle)} | set(EXTRA_CAPITALS)
    rows = place_rows(compile_cities(seats) + compile_plants())
    _write_csv(out / "places.csv", list(PLACE_COLUMNS), rows)
    print(f"{len(rows)} places, {sum(row['held'] == 'true' for row in rows)} of them held")


def _features(name: str) -> list[dict[str, Any]]:
    return json.loads((SHARED / "geo" / name).read_text(encoding="utf-8"))["features"]


def _to_degrees(area: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(area, lambda c: np.column_stack(from_km(c)[::-1]))


def _feature(area: shapely.Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    # d3-geo takes a counterclockwise outer ring for the rest of the globe: outer rings run clockwise here.
    turned = shapely.orient_polygons(shapely.normalize(area), exterior_cw=True)
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(turned))}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _vertex(part: str, latitude: float, longitude: float) -> dict[str, Any]:
    border = part == "border"
    return {
        "part": part,
        "latitude": round(float(latitude), 2),
        "longitude": round(float(longitude), 2),
        "occupied_side": "right",
        "tolerance_km": BORDER_KM if border else CONTACT_KM,
        "source": "Natural Earth 1:10m, simplified to 5 km" if border else COARSE,
        "verified": str(border).lower(),
    }


def _side(*, held: bool) -> str:
    side = "held" if held else "occupied"
    return f"{side} side of the coarse line of front.csv ({COARSE})"


def _plant_oblast(name: str, lat: float, lon: float) -> str:
    units = _features("oblasts_ne10m.geojson")
    # Nearest, not containing: a dam stands on the line between two oblasts.
    nearest = min(units, key=lambda item: shape(item["geometry"]).distance(shapely.Point(lon, lat)))
    code = nearest["properties"]["iso_3166_2"]
    return "UA-32" if code == "UA-30" and name not in KYIV_CITY_PLANTS else code


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


def _write_csv(path: Path, columns: list[str], rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
