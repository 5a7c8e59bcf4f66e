"""Neighbours: published intervals, accounts gathered by hand, borders of known length, units there anyway."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from core_example import drawn, evidence, study_of

from tegmen import Effort, InputError, neighbours
from tegmen.answer import neighbours as of
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import let_pass
from tegmen.evidence.geography import BORDER_ERROR_KM, apart_from_km, common_border_km, ground_km, to_km
from tegmen.ledger.entries import Entry, Quantity, Source
from tegmen.ledger.store import new_ledger, open_ledger
from tegmen.terms import ThreatClass

PRESS = Source("press")
DAY = dt.date(2024, 3, 24)


# ---------------------------------------------------------------- rates


@pytest.mark.parametrize(
    ("count", "level", "low", "high"),
    [(0, 0.95, 0, 3.689), (1, 0.95, 0.0253, 5.572), (5, 0.95, 1.623, 11.668), (10, 0.95, 4.795, 18.390),
     (0, 0.9, 0, 2.996), (1, 0.9, 0.0513, 4.744), (4, 0.9, 1.366, 9.154)],
)  # fmt: skip
def test_the_interval_is_the_published_one(count: int, level: float, low: float, high: float):
    assert of.garwood(count, level) == pytest.approx((low, high), abs=6e-4)


def test_a_year_looked_through_in_part_counts_by_its_days():
    window = dt.date(2022, 11, 1), dt.date(2023, 12, 31)
    crossing = of.Crossing("Poland", "drone", dt.date(2022, 12, 16), dt.date(2022, 12, 16), False, ("a",))
    denied = replace(crossing, first=dt.date(2023, 2, 1), last=dt.date(2023, 2, 1), contested=True)
    first, second = of.rates_of([crossing, denied], window)
    assert (first.days, second.days) == (61, 365)
    assert first.a_year == pytest.approx(365 / 61)
    assert first.high == pytest.approx(4.744 * 365 / 61, rel=1e-3)
    assert (second.sure, second.contested, second.low) == (0, 1, 0)
    assert second.high == pytest.approx(4.744, rel=1e-3)


# ---------------------------------------------------------------- accounts


def account(thing: str, place: str = "Poland", **more: object) -> Entry:
    return Entry(**({"kind": "incident", "thing": thing, "place": place, "date": DAY, "source": PRESS.id} | more))


def none_of(unit: str) -> Quantity:
    return Quantity(0, 0, 0, "exact", unit)


def crossings_of(*entries: Entry) -> tuple[of.Crossing, ...]:
    with new_ledger(empty=True) as ledger:
        ledger.add([PRESS], entries)
        return of.crossings_in(ledger)


def test_accounts_of_one_night_are_one_crossing_and_another_neighbour_s_another():
    told = crossings_of(
        account("airspace violation by a Russian missile", "Poland, near Oserdow"),
        account("airspace violation by a cruise missile, depth", quantity=Quantity(1, 2, 2, "range", "km")),
        account("airspace violation by drones", "Moldova"),
        account("airspace violations in all: drones", period=(DAY, DAY)),
        account("fall of missile debris", date=dt.date(2024, 3, 25)),
    )
    assert [(each.neighbour, each.flown, len(each.entries)) for each in told] == [
        ("Moldova", "drone", 1), ("Poland", "cruise missile", 2), ("Poland", "debris", 1),
    ]  # fmt: skip
    assert not any(each.contested for each in told)


def test_a_crossing_is_contested_where_none_is_counted_or_all_is_doubtful():
    cruise = "airspace violation by a cruise missile"
    denied = account(cruise, quantity=none_of("missiles"))
    claimed = account(cruise, doubtful=True, quantity=Quantity(2, 2, 2, "exact", "missiles"))
    assert [each.contested for each in crossings_of(denied, claimed)] == [True]
    assert [each.contested for each in crossings_of(claimed)] == [True]
    seen = account(cruise, quantity=Quantity(1, 1, 1, "exact", "missiles"))
    assert [each.contested for each in crossings_of(claimed, seen)] == [False]
    held_fire = account(f"{cruise}, engaged", quantity=none_of("missiles"))
    assert [each.contested for each in crossings_of(seen, held_fire)] == [False]


def test_the_shipped_ledger_tells_what_was_read_side_by_side():
    with open_ledger() as ledger:
        told = {(each.neighbour, each.first): each for each in of.crossings_in(ledger)}
        window, gaps, totals, said = of.window_of(ledger), of.gaps_in(ledger), of.totals_in(ledger), of.said_in(ledger)
    assert len(told["Poland", DAY].entries) == 5
    assert told["Poland", DAY].flown == "cruise missile"
    assert told["Poland", dt.date(2022, 11, 15)].flown == "air-defence missile"
    contested = {key for key, each in told.items() if each.contested}
    assert contested == {
        ("Romania", dt.date(2023, 2, 10)), ("Romania", dt.date(2024, 12, 25)), ("Moldova", dt.date(2024, 12, 25)),
    }  # fmt: skip
    assert window == (dt.date(2022, 11, 1), dt.date(2025, 12, 31))
    assert gaps == ("Bulgaria", "Hungary", "Slovakia")
    assert sum("Romania" in words and "debris" in words for words in totals.values()) == 2
    assert any((row.who, row.status) == ("Poland", "refused") for row in said)


# ---------------------------------------------------------------- borders


@pytest.mark.parametrize(("name", "km"), [("Poland", 535), ("Slovakia", 97), ("Hungary", 103), ("Romania", 614)])
def test_common_borders_are_about_as_long_as_published(name: str, km: float):
    # Drawn borders are simplified, and a part of the Romanian one lies at sea.
    assert 0.7 * km < 5 * len(common_border_km(name, 5.0)) < 1.25 * km


def test_ground_begins_where_it_is_said_to():
    uzhhorod, lviv = to_km([48.62, 49.84], [22.29, 24.03])
    near, further = (apart_from_km("Slovakia", uzhhorod, km) for km in (0.0, 10.0))
    assert near < 5 + BORDER_ERROR_KM
    assert further == pytest.approx(10, abs=6)
    assert 50 < apart_from_km("Poland", lviv, 0.0) < 75
    ground = ground_km("Slovakia", 10, 40, 5)
    assert len(ground) > 20
    assert (apart_from_km("Slovakia", ground, 0.0) == 0).all()
    assert (apart_from_km("Ukraine", ground, 0.0) >= 0).all()
    with pytest.raises(InputError, match="Polland"):
        common_border_km("Polland", 5.0)


# ---------------------------------------------------------------- before the border, and from behind it


def test_a_point_where_a_place_lies_is_reached_as_that_place_is():
    worlds = drawn(count=4)
    place = 3
    further = of._over(worlds, of._with_ends(worlds.theatre, worlds.places.xy[[place]], evidence().scenario))
    base, wider = let_pass(worlds), let_pass(further)
    assert wider.factor == pytest.approx(base.factor)
    places = np.array([place, len(worlds.places)])
    leak = wider.standing(further).leak(places)[ThreatClass.cruise]
    assert leak[:, 0] == pytest.approx(leak[:, 1])
    assert leak[:, 0] == pytest.approx(base.standing(worlds).leak(places[:1])[ThreatClass.cruise][:, 0])


def test_more_units_stop_more_before_a_border_and_none_stop_none():
    study = study_of()
    ends = {"Poland": common_border_km("Poland", 120.0)}
    plans = [study.sites(study.scenario.headline, "patriot", 8).first(number) for number in (0, 2, 8)]
    none, few, many = (of._shares_before(study, "posted", ends, plan)["Poland"] for plan in plans)
    assert none == pytest.approx(0)
    # A unit that fires first may take the place of a better one, so that here and there a little less is stopped.
    assert few.min() > -0.05
    assert 0 < few.mean() < many.mean() < 1


def test_a_unit_abroad_saves_what_it_would_at_the_same_distance_at_home():
    study = study_of()
    worlds, goal = study.worlds("posted", study.scenario.headline), study.scenario.headline
    site, counts = 4, goal.measure.places(study.theatre.places, goal.largest_cities)
    cover, endless = cover_baseline(worlds), [[np.inf, np.inf]]
    losses = expected_losses(cover, goal, Laydown.of("sampt", [site]), endless)[0]
    reach = worlds.units.radius_ballistic_km[:, 1, None]
    saves = of._saves(worlds, "sampt") * counts * (study.theatre.apart_km[site] <= reach)
    # A SAMP/T fires after any Patriot, so that it meets what no ready unit does.
    assert saves.sum(axis=1) == pytest.approx(losses[:, 0] - losses[:, 1])


def test_ground_is_chosen_where_most_is_saved():
    study = study_of()
    theatre, reach = study.theatre, np.array([20.0, 45.0])
    saves = np.zeros((2, len(theatre.places)))
    names = theatre.places.name.tolist()
    saves[:, names.index("Uzhhorod")] = 1.0
    ground = ground_km("Slovakia", 10.0, 45.0, 4.0)
    apart = of._best_ground(theatre, ground, reach, saves)
    assert apart[names.index("Uzhhorod")] <= 20
    far = of._best_ground(theatre, ground, reach, np.zeros_like(saves))
    assert np.isinf(far).all()


@pytest.fixture(scope="module")
def answer():
    shipped = evidence()
    effort = Effort(worlds=200, runs=2)
    return neighbours(shipped.scenario, shipped.calibration, added={"patriot": 7}, effort=effort, names=["Romania"])


def test_what_the_evidence_does_not_say_is_said(answer):
    told = {(row.neighbour, row.flown): row for row in answer.stopped}
    mean, (low, _, high) = told["Poland", "cruise missile"].share
    assert 0 <= low <= mean <= high < 1
    assert told["Romania", "drone"].share is None
    assert "drones" in told["Romania", "drone"].why
    assert told["Latvia", "drone"].why
    (romania,) = answer.from_abroad
    assert {"Izmail", "Khust"} <= {place.place for place in romania.places}
    for place in romania.places:
        assert place.chance[0] <= place.chance[1] <= place.chance[2]
    assert romania.met >= romania.met_without
    assert romania.stops[0] > 0


def test_neighbours_are_a_table_and_a_sentence(answer):
    table = answer.to_pandas()
    assert set(table["neighbour"]) >= {"Poland", "Romania", "Moldova"}
    assert (table["low"] <= table["a_year"]).all()
    assert (table["a_year"] <= table["high"]).all()
    assert "contested" in repr(answer)
    assert any("illustration" in line for line in answer.caveats)
    assert any("Slovakia" in line for line in answer.caveats)


def test_everything_that_cannot_be_is_named_at_once():
    shipped = evidence()
    with pytest.raises(InputError) as refused:
        neighbours(
            shipped.scenario, shipped.calibration, added={"patriot": -1}, kind="gepard", at_least_km=-1,
            names=["Belarus", "Polen"],
        )  # fmt: skip
    told = "\n".join(refused.value.faults)
    for words in ("'Polen'", "'Belarus', from whose ground", "'gepard'", "0 to 100 km", "-1"):
        assert words in told
    assert len(refused.value.faults) == 5
