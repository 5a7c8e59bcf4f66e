"""The baseline: units held by date, one after another at places drawn by worth; coverage against brute force."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from core_example import (
    CRUISE,
    KINDS,
    MEET_BALLISTIC,
    MEET_MISSILES,
    PATRIOT,
    SAMPT,
    after_the_record,
    drawn,
    evidence,
    four_city_theatre,
    study_of,
    worlds_of,
)

from tegmen.question.scenario import Held, Replacement
from tegmen.worlds.baseline import Shield, Stands, covering, draw_stands, met_by_era, near_places
from tegmen.worlds.dice import Dice, streams_of
from tegmen.worlds.levels import Levels
from tegmen.worlds.prior import PriorWorlds, Reading, draw_prior

SEEN_BY_WORTH = tuple(code for code, name in enumerate(MEET_MISSILES) if name not in MEET_BALLISTIC)
FIRST = date(2023, 4, 26)


def stream(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def fixed(row: str, value: float) -> Replacement:
    return Replacement(id=row, low=value, best=value, high=value, source="a test")


def held(system: str, since: date, number: int) -> Held:
    return Held(system=system, since=since, low=number, best=number, high=number, source="a test")


@cache
def prior() -> PriorWorlds:
    """Worlds of the shipped question before the record."""
    study = study_of()
    return draw_prior(
        study.scenario, study.theatre, Reading(), 15, Levels(2000, stream(1)), np.random.SeedSequence(2)
    )  # fmt: skip


# ------------------------------------------------------------------ stands


def test_the_first_patriot_stands_in_kyiv_from_the_day_it_is_held():
    stands = prior().stands
    assert stands.system[0] == PATRIOT
    assert np.all(stands.site[:, 0] == 0)
    assert study_of().theatre.places.name[0] == "Kyiv"
    assert np.all(stands.since[:, 0] == 0)
    assert stands.eras[0] == FIRST
    for before in (FIRST - timedelta(days=1), date(2022, 2, 24)):
        system, site = stands.on(before)
        assert np.all(system == -1)
        assert np.all(site == -1)
    assert np.all(stands.on(FIRST)[1][:, 0] == 0)


@pytest.mark.parametrize("system", MEET_BALLISTIC)
def test_never_more_units_than_are_held_and_never_fewer_later(system: str):
    stands, code = prior().stands, KINDS.code(system)
    mine, before = stands.system == code, 0
    for era, day in enumerate(stands.eras):
        low, _, high = evidence().scenario.held_on(system, day).span
        number = (mine & (stands.since <= era)).sum(axis=1)
        assert np.all((number >= low) & (number <= high))
        assert np.all(number >= before)
        before = number
        on_that_day, site = stands.on(day)
        at_places = (on_that_day == code).sum(axis=1)
        assert np.all(at_places <= number)
        assert np.array_equal(on_that_day >= 0, site >= 0)
    if system == "patriot":
        assert set(number) == set(range(int(low), int(high) + 1))


def test_the_share_with_the_troops_is_that_of_the_row():
    stands = prior().stands
    for code, name in enumerate(MEET_BALLISTIC):
        low, best, high = evidence().scenario.catalogue.model("share_at_places", system=name).span
        others = stands.site[:, (stands.system == code) & (np.arange(len(stands.system)) > 0)]
        at_place = (others >= 0).mean(axis=1)  # units of one world have one share
        assert abs(at_place.mean() - (low + 4 * best + high) / 6) <= 4 * at_place.std() / np.sqrt(len(at_place))


@pytest.mark.parametrize("focus", [1.0, 3.0])
def test_a_second_unit_goes_by_the_worth_that_the_first_leaves(focus: float):
    """Four cities too far apart to share a unit: Kyiv's worth is what a Patriot ready 0.6 of nights leaves of it."""
    count, worth, ready = 20_000, np.array([5.0, 3.0, 1.5, 0.5]), 0.6
    rows = (fixed("model/site_focus", focus), fixed("model/patriot/share_at_places", 1.0))
    two = (held("patriot", FIRST, 2), held("sampt", FIRST, 0))
    scenario = evidence().scenario.model_copy(update={"replace": rows, "held": two})
    dice = Dice(
        count, streams_of(np.random.SeedSequence(3)), scenario.catalogue, "stands", levels=Levels(count, stream(4))
    )
    shield = Shield(np.full((count, 2), 30.0), np.full((count, 2), ready))
    table = np.tile(worth.astype(np.float32), (count, 1))
    stands = draw_stands(scenario, four_city_theatre(), table, shield, dice)
    assert stands.system.tolist() == [PATRIOT, PATRIOT]
    left = (worth * [1 - ready, 1, 1, 1]) ** focus
    expected = count * left / left.sum()
    number = np.bincount(stands.site[:, 1], minlength=4)
    assert np.all(abs(number - expected) <= 4 * np.sqrt(expected))


@pytest.mark.parametrize("people", [0.7, 0.2])
def test_sites_of_the_other_systems_are_drawn_by_worth(people: float):
    """Half by what a place is (this share by people, the rest by MW), half by what the world aims at it."""
    rows = (fixed("model/population_exponent", 1.0), fixed("model/site_worth_people", people))
    asked = evidence().scenario
    if people != 0.7:
        asked = asked.model_copy(update={"replace": rows})
    else:  # the shipped row is meant
        asked = asked.model_copy(update={"replace": rows[:1]})
    worlds = worlds_of(study_of(asked, worlds=300).posterior(), count=300)
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
    rank = dict(zip(MEET_MISSILES, drawn().units.preference.T, strict=False))
    medium = [name for name in MEET_MISSILES if name not in (*MEET_BALLISTIC, "s300ps")]
    for name in MEET_BALLISTIC:
        assert np.all(rank[name] > rank["s300ps"])
    assert all(np.all(rank["s300ps"] > rank[name]) for name in medium)


# ------------------------------------------------------------------ coverage


def test_places_near_a_site_are_all_those_within_reach():
    theatre = study_of().theatre
    near = near_places(theatre, 33.0)
    assert np.array_equal(near.place[:, 0], np.arange(len(theatre.places)))
    for site in range(len(theatre.places)):
        within = near.place[site][near.apart_km[site] <= 33.0]
        assert sorted(within) == np.flatnonzero(theatre.apart_km[site] <= 33.0).tolist()


def missed_by_era(stands: Stands, shield: Shield, theatre) -> np.ndarray:
    """(era, p, w) chance that no ready unit covers a place: what of all is met when all is aimed at that one."""
    shape, zone = (len(stands.site), len(theatre.places)), np.where(theatre.places.kyiv, 0, 1)
    met = np.zeros((len(stands.eras), shape[1], shape[0]))
    for p in range(shape[1]):
        mix = np.zeros(shape, dtype=np.float32)
        mix[:, p] = 1
        by_zone = met_by_era(stands, shield, theatre, mix)
        met[:, p] = by_zone[:, zone[p]]
        assert not by_zone[:, 1 - zone[p]].any()
    return 1 - met


def test_what_nobody_covers_is_the_product_over_units_one_by_one():
    worlds, theatre = prior(), study_of().theatre
    xy = theatre.places.xy
    for era, missed in enumerate(missed_by_era(worlds.stands, worlds.shield, theatre)):
        assert missed.min() < 0.5
        for w in range(0, 2000, 97):
            left = [1.0] * len(xy)
            for code, site, since in zip(
                worlds.stands.system, worlds.stands.site[w], worlds.stands.since[w], strict=True
            ):
                if site < 0 or since > era:
                    continue
                for p, point in enumerate(xy):
                    if np.hypot(*(point - xy[site])) <= worlds.shield.radius_km[w, code]:
                        left[p] *= 1 - worlds.shield.ready[w, code]
            np.testing.assert_allclose(missed[:, w], left, atol=1e-6)
    assert era == len(worlds.stands.eras) - 1


def test_units_that_cover_are_counted_within_their_radius():
    worlds = drawn()
    covers = worlds.covered_by("patriot", "sampt")
    assert np.array_equal(covers, worlds.covers)
    assert np.array_equal(covers, worlds.covered_by("patriot") + worlds.covered_by("sampt"))
    assert not worlds.covered_by("nasams").any()
    for w in range(0, len(worlds), 7):
        for p in range(len(worlds.places)):
            near = [
                float(np.hypot(*(worlds.places.xy[s] - worlds.places.xy[p]))) <= worlds.units.radius_ballistic_km[w, u]
                for u, s in zip(worlds.system[w], worlds.site[w], strict=True)
                if u in (PATRIOT, SAMPT)
            ]
            assert covers[w, p] == sum(near)


def test_a_stand_with_the_troops_covers_no_place():
    stands = Stands(np.array([PATRIOT]), np.array([[-1], [0]]), np.zeros((2, 1), dtype=int), (FIRST,))
    shield, theatre = Shield(np.full((2, 2), 30.0), np.full((2, 2), 0.8)), four_city_theatre()
    (missed,) = missed_by_era(stands, shield, theatre)
    np.testing.assert_allclose(missed.T, [[1, 1, 1, 1], [0.2, 1, 1, 1]], rtol=1e-6)
    system, site = stands.on(FIRST)
    assert covering(theatre, shield.radius_km, system, site).tolist() == [[0, 0, 0, 0], [1, 0, 0, 0]]


def test_layouts_of_the_answer_are_those_of_the_month_asked_about():
    posterior, worlds = after_the_record(), drawn()
    month = evidence().scenario.month.first
    system, site = posterior.worlds.stands.on(month)
    width = system.shape[1]
    assert np.array_equal(worlds.system[:, :width], system[: len(worlds)])
    assert np.array_equal(worlds.site[:, :width], site[: len(worlds)])
    assert not np.isin(worlds.system[:, width:], (PATRIOT, SAMPT)).any()
