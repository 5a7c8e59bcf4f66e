"""Defended places: read again from the table of places."""

from __future__ import annotations

import csv
from dataclasses import replace
from importlib.resources import files

import numpy as np
from core_example import evidence, four_cities

from tegmen.evidence.geography import distance_km
from tegmen.question.places import defended_places
from tegmen.question.scenario import ExtraPlace


def table(*path: str) -> list[dict[str, str]]:
    with files("tegmen").joinpath("data", *path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_places_are_the_held_ones_largest_city_first():
    held = {row["name"]: row for row in table("geo", "places.csv") if row["held"] == "true"}
    places = defended_places(evidence().scenario, kyiv_radius_km=30.0)
    assert sorted(places.name) == sorted(held)
    assert places.name[0] == "Kyiv"
    assert np.all(np.diff(places.population) <= 0)
    for i, name in enumerate(places.name):
        assert places.population[i] == float(held[name]["population"] or 0)
        assert places.capacity_mw[i] == float(held[name]["capacity_mw"] or 0)
        assert places.capital[i] == (held[name]["capital"] == "true")
    kyiv = held["Kyiv"]
    away = distance_km(places.latitude, places.longitude, float(kyiv["latitude"]), float(kyiv["longitude"]))
    assert np.array_equal(places.kyiv, away <= 30)


def test_largest_counts_cities_only():
    places = four_cities()
    assert places.largest(2).tolist() == [0, 1]
    assert places.largest(99).tolist() == [0, 1, 2, 3]
    plants = replace(places, population=np.array([4.0, 3.0, 0.0, 0.0]))
    assert plants.largest(3).tolist() == [0, 1]


def test_a_place_of_the_users_own_is_defended_too():
    own = ExtraPlace(name="Test works", latitude=49.5, longitude=30.0, capacity_mw=900.0, source="a test")
    places = defended_places(evidence().scenario.model_copy(update={"places": (own,)}), kyiv_radius_km=30.0)
    assert len(places) == len(defended_places(evidence().scenario, kyiv_radius_km=30.0)) + 1
    at = places.name.tolist().index("Test works")
    assert (places.population[at], places.capacity_mw[at], places.capital[at]) == (0.0, 900.0, False)
    assert np.all(np.isfinite(places.front_km))
