"""Baseline layouts: sites are drawn by worth, and of two units the one whose rounds are less scarce fires first."""

from __future__ import annotations

import numpy as np
import pytest
from core_example import CRUISE, drawn, evidence, worlds_of

from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.scenario import Replacement

SEEN_BY_WORTH = tuple(code for code, name in enumerate(MISSILE_SYSTEMS) if name not in BALLISTIC_SYSTEMS)


def fixed(row: str, value: float) -> Replacement:
    return Replacement(id=row, low=value, best=value, high=value, source="a test")


@pytest.mark.parametrize("people", [0.7, 0.2])
def test_sites_are_drawn_by_worth(people: float):
    """Half by what a place is (this share by people, the rest by MW), half by what the world aims at it."""
    rows = (fixed("model/population_exponent", 1.0), fixed("model/site_worth_people", people))
    asked = evidence().scenario
    if people != 0.7:
        asked = asked.model_copy(update={"replace": rows})
    else:  # the shipped row is meant
        asked = asked.model_copy(update={"replace": rows[:1]})
    worlds = worlds_of(asked, evidence().calibration, count=300)
    places = worlds.places
    plant = (places.population == 0) & (places.capacity_mw > 0)
    value = people * places.population / places.population.sum()
    value = value + (1 - people) * places.capacity_mw / places.capacity_mw.sum()
    chance = ((value + worlds.mix[:, CRUISE]) / 2)[:, plant].sum(axis=1)
    others = np.isin(worlds.system, SEEN_BY_WORTH)
    at_plants = (others & plant[np.maximum(worlds.site, 0)]).sum(axis=1)
    number = others.sum(axis=1)
    error = np.sqrt((number * chance * (1 - chance)).sum())
    assert abs(at_plants.sum() - (number * chance).sum()) <= 4 * error


def test_scarce_rounds_are_saved():
    """Units that alone meet ballistic missiles fire last at what others could stop, S-300 before them."""
    rank = dict(zip(MISSILE_SYSTEMS, drawn().units.preference.T, strict=True))
    medium = [name for name in MISSILE_SYSTEMS if name not in (*BALLISTIC_SYSTEMS, "s300ps")]
    for name in BALLISTIC_SYSTEMS:
        assert np.all(rank[name] > rank["s300ps"])
    assert all(np.all(rank["s300ps"] > rank[name]) for name in medium)
