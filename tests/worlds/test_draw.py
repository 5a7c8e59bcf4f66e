"""Worlds, places and raids: counted again from the tables, coverage in closed form, layouts that break no rule."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import fields, replace
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import BALLISTIC, CRUISE, PATRIOT, SAMPT, drawn, evidence, four_cities, worlds_of
from locations import SHARED, needs_shared

from tegmen.calibration.fit import calibrate
from tegmen.errors import EvidenceError
from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.geography import distance_km
from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.question.launches import history_counts, launched, named_launches, posted_counts
from tegmen.question.places import defended_places
from tegmen.question.scenario import ExtraPlace, Held
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds, join, take
from tegmen.worlds.targets import steered

if TYPE_CHECKING:
    from tegmen.terms import EvidenceCase

DATA = Path(str(files("tegmen").joinpath("data")))

MARCH = {
    ThreatClass.ballistic: 29,
    ThreatClass.s300_ground: 60,
    ThreatClass.cruise: 171,
    ThreatClass.supersonic: 9,
    ThreatClass.drone: 553,
}
CASES: tuple[EvidenceCase, ...] = ("posted", "claimed")


def table(*path: str) -> list[dict[str, str]]:
    with DATA.joinpath(*path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def nights() -> list[tuple[date, str, int]]:
    """(date of the window's end, first class, launched) of every row of the shipped record, read without pandas."""
    rows = table("record", "nights.csv")
    return [
        (date.fromisoformat(row["window_end"][:10]), row["threat_class"].split("+")[0], int(row["launched"] or 0))
        for row in rows
    ]


def same(a: Worlds, b: Worlds) -> bool:
    """Every array equal, but for the columns of a layout that no world uses."""
    width = min(a.system.shape[1], b.system.shape[1])
    for one, other in ((a, b), (b, a)):
        if (one.system[:, width:] >= 0).any() or one.units.channels.shape != other.units.channels.shape:
            return False
    plain = ("counts", "packet", "mix", "rate", "readiness_added")
    layout = ("system", "site", "readiness")
    return (
        all(np.array_equal(getattr(a, name), getattr(b, name)) for name in plain)
        and all(np.array_equal(getattr(a, name)[:, :width], getattr(b, name)[:, :width]) for name in layout)
        and all(np.array_equal(getattr(a.units, part.name), getattr(b.units, part.name)) for part in fields(a.units))
        and all(np.array_equal(a.scalar[name], b.scalar[name]) for name in a.scalar)
        and all(np.array_equal(a.unknowns[name], b.unknowns[name]) for name in a.unknowns)
    )


def test_every_row_of_the_model_table_is_drawn():
    # a row that no world draws is one that no formula reads
    own = {row.label for row in read_catalogue().parameters if row.table == "model.csv"}
    assert {row.label for row in drawn("posted").parameters if row.table == "model.csv"} == own


# ------------------------------------------------------------------ raids


def test_march_2024_as_posted():
    assert posted_counts(evidence().scenario, evidence().calibration.record) == MARCH
    missiles = sum(count for cls, count in MARCH.items() if cls is not ThreatClass.drone)
    assert missiles == 269


@needs_shared
def test_march_2024_equals_the_counts_beside_the_official_totals():
    # the source table notes, beside each official total, what the attack data holds for the same period
    with (SHARED / "data" / "catalogue" / "official_totals.csv").open(encoding="utf-8", newline="") as file:
        totals = list(csv.DictReader(file))
    noted = {
        row["metric"]: int(row["attack_data_value"])
        for row in totals
        if (row["period_start"], row["period_end"]) == ("2024-03-01", "2024-03-31")
    }
    counts = posted_counts(evidence().scenario, evidence().calibration.record)
    assert noted["shahed_launched"] == counts[ThreatClass.drone]
    assert noted["ballistic_launched"] == counts[BALLISTIC] + counts[ThreatClass.s300_ground]
    assert noted["missiles_launched"] == sum(counts.values()) - counts[ThreatClass.drone]


@needs_shared
def test_march_2024_equals_the_reference_totals():
    totals: Counter[str] = Counter()
    with (SHARED / "data" / "attacks" / "monthly_totals_reference.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["month"] == "2024-03":
                totals[row["broad"]] += int(float(row["launched"]))
    counts = posted_counts(evidence().scenario, evidence().calibration.record)
    assert totals["owa_drone"] == counts[ThreatClass.drone]
    parts = ("ballistic", "cruise", "s300")
    missiles = sum(count for word, count in totals.items() if any(part in word for part in parts))
    assert missiles == sum(counts.values()) - counts[ThreatClass.drone]


def test_the_nights_drawn_from_are_the_days_with_a_report():
    scenario = evidence().scenario
    first, last = scenario.month.history_from, scenario.month.first + timedelta(days=scenario.month.nights - 1)
    by_day: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for day, word, count in nights():
        if first <= day <= last and word in ThreatClass.__members__:
            by_day[day][word] += count
    expected = [[by_day[day][cls.name] for cls in ThreatClass] for day in sorted(by_day) if sum(by_day[day].values())]
    assert history_counts(scenario, evidence().calibration.record).tolist() == expected


def test_a_month_the_record_does_not_cover_cannot_be_drawn():
    month = evidence().scenario.month.model_copy(update={"first": date(2030, 3, 1), "history_from": date(2030, 1, 1)})
    late = evidence().scenario.model_copy(update={"month": month})
    with pytest.raises(EvidenceError, match=r"no launches between 2030-01-01 and 2030-03-31.*move history_from"):
        history_counts(late, evidence().calibration.record)
    assert set(posted_counts(late, evidence().calibration.record).values()) == {0}


def test_claimed_counts_add_up_to_the_official_totals():
    counts, posted = drawn("claimed").counts, drawn("posted").counts
    assert np.all(counts[:, [BALLISTIC, ThreatClass.s300_ground]].sum(axis=1) == 94)
    assert np.all(counts[:, ThreatClass.drone] == 600)
    missiles = [BALLISTIC, CRUISE, ThreatClass.supersonic, ThreatClass.s300_ground]
    assert np.all(counts[:, missiles].sum(axis=1) == 400)
    assert np.all(counts >= posted[0])
    assert np.all(posted == [MARCH.get(cls, 0) for cls in ThreatClass])


def test_unposted_ballistic_missiles_split_as_the_posted_ones():
    count = 4000
    total, unposted = launched(evidence().scenario, "claimed", MARCH, count, np.random.default_rng(1))
    assert np.array_equal(total - unposted, np.tile([MARCH.get(cls, 0) for cls in ThreatClass], (count, 1)))
    extra, share = 94 - 29 - 60, 29 / 89
    error = np.sqrt(extra * share * (1 - share) / count)
    assert abs(unposted[:, BALLISTIC].mean() - extra * share) <= 4 * error


def test_official_totals_below_the_posted_ones_take_nothing_away():
    official = evidence().scenario.official.model_copy(update={"missiles": 1, "ballistic_and_s300": 1, "drone": 1})
    low = evidence().scenario.model_copy(update={"official": official})
    _, unposted = launched(low, "claimed", MARCH, 5, np.random.default_rng(1))
    assert not unposted.any()


# ------------------------------------------------------------------ places


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


def test_launches_that_name_one_oblast_steer_its_places():
    record, places = evidence().calibration.record, drawn().places
    by_zone: Counter[str] = Counter()
    for row in table("record", "nights.csv"):
        if row["threat_class"] == "ballistic":
            by_zone["UA-30" if row["zone"] == "UA-32" else row["zone"]] += int(row["launched"] or 0)
    named = named_launches(record, BALLISTIC, places)
    zone = np.where(places.kyiv, "UA-30", places.oblast)
    assert named.tolist() == [by_zone[code] for code in zone]


def test_steering_is_the_mean_of_a_dirichlet_over_oblasts():
    # weights 1, 3, 4, 2 of 10; 30 launches name Lviv's oblast, 10 name Vinnytsia's; a prior worth 20 launches
    places = four_cities()
    named = np.array([0.0, 30.0, 0.0, 10.0])
    steer = steered(np.array([[1.0, 3.0, 4.0, 2.0]]), named, np.array([20.0]), places)
    expected = (20 * np.array([0.1, 0.3, 0.4, 0.2]) + named) / 60
    assert steer[0] == pytest.approx(expected, abs=1e-12)


def test_steering_keeps_the_shares_within_an_oblast_and_joins_kyiv_with_its_oblast():
    places = replace(
        four_cities(), oblast=np.array(["UA-30", "UA-32", "UA-51", "UA-51"]), kyiv=np.array([1, 1, 0, 0]) > 0
    )
    named = np.array([12.0, 12.0, 0.0, 0.0])
    steer = steered(np.array([[1.0, 3.0, 4.0, 2.0]]), named, np.array([8.0]), places)
    kyiv = (8 * 0.4 + 12) / 20
    assert steer[0] == pytest.approx([kyiv / 4, 3 * kyiv / 4, (1 - kyiv) * 2 / 3, (1 - kyiv) / 3], abs=1e-12)


# ------------------------------------------------------------------ worlds


@pytest.mark.parametrize("case", CASES)
def test_targets_of_every_class_are_a_distribution(case: EvidenceCase):
    worlds = drawn(case)
    for cls in MARCH:
        assert worlds.mix[:, cls].sum(axis=1) == pytest.approx(np.ones(len(worlds)), abs=1e-9)
    assert worlds.mix.min() >= 0
    share = worlds.unknowns["share of ballistic missiles aimed at Kyiv"]
    assert worlds.mix[:, BALLISTIC][:, worlds.places.kyiv].sum(axis=1) == pytest.approx(share, abs=1e-6)


def chance_covered(worlds: Worlds, w: int) -> np.ndarray:
    """(place,) chance that some ready unit covers it, unit by unit, by the closed form."""
    stands = [(s, p) for s, p in zip(worlds.system[w], worlds.site[w], strict=True)]
    units = [u for u, (s, _) in enumerate(stands) if s in (PATRIOT, SAMPT)]
    xy = worlds.places.xy
    covers = [np.hypot(*(xy - xy[stands[u][1]]).T) <= worlds.units.radius_ballistic_km[w, stands[u][0]] for u in units]
    ready = worlds.readiness[w, units][:, None]
    return 1 - np.prod(np.where(np.array(covers), 1 - ready, 1.0), axis=0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("zone", ["Kyiv", "elsewhere"])
def test_readiness_reproduces_the_coverage_drawn_from_the_record(case: EvidenceCase, zone: str):
    worlds = drawn(case, 60)
    inside = worlds.places.kyiv if zone == "Kyiv" else ~worlds.places.kyiv
    mass = worlds.mix[:, BALLISTIC] * inside
    covered = [mass[w] @ chance_covered(worlds, w) / mass[w].sum() for w in range(len(worlds))]
    assert covered == pytest.approx(worlds.unknowns[f"coverage {'of ' * (zone == 'Kyiv')}{zone}"], abs=1e-6)


def test_units_that_meet_only_aircraft_are_always_there_and_added_ones_lie_between():
    worlds = drawn()
    present = worlds.system >= 0
    assert np.all(worlds.readiness[present & (worlds.system >= len(BALLISTIC_SYSTEMS))] == 1)
    assert np.all((worlds.readiness[present] >= 0) & (worlds.readiness[present] <= 1))
    point = present & (worlds.system < len(BALLISTIC_SYSTEMS))
    at_kyiv = worlds.places.kyiv[np.maximum(worlds.site, 0)]
    for w in range(len(worlds)):
        kyiv = worlds.readiness[w, point[w] & at_kyiv[w]]
        other = worlds.readiness[w, point[w] & ~at_kyiv[w]]
        assert len(set(kyiv.tolist())) == 1
        assert len(set(other.tolist())) <= 1
        if other.size:
            low, high = sorted((kyiv[0], other[0]))
            assert low <= worlds.readiness_added[w] <= high


@pytest.mark.parametrize("case", CASES)
def test_kyiv_always_has_a_patriot(case: EvidenceCase):
    worlds = drawn(case)
    assert np.all(((worlds.system == PATRIOT) & (worlds.site == 0)).any(axis=1))
    assert worlds.places.name[0] == "Kyiv"


def test_no_unit_stands_where_the_defender_does_not():
    worlds = drawn()
    lost = {row["name"] for row in table("geo", "places.csv") if row["held"] != "true"}
    present = worlds.system >= 0
    assert np.array_equal(present, worlds.site >= 0)
    assert worlds.site.max() < len(worlds.places)
    assert not lost & set(worlds.places.name[worlds.site[present]].tolist())


def test_there_are_as_many_units_as_the_inventory_says():
    worlds = drawn()
    for code, system in enumerate(MISSILE_SYSTEMS):
        number = (worlds.system == code).sum(axis=1)
        low, _, high = read_catalogue().inventory("Ukraine", system).span
        # Of the systems that stand with the troops only a share stands at places.
        assert number.max() <= np.ceil(high)
        if system in ("patriot", "sampt", "nasams", "iris_t_slm", "hawk"):
            assert number.min() >= np.floor(low)


def test_the_scenarios_own_baseline_replaces_the_inventory():
    systems = ("iris_t_slm", "nasams")
    held = tuple(Held(system=s, since=date(2023, 4, 1), low=7, best=7, high=7, source="a test") for s in systems)
    scenario = evidence().scenario.model_copy(update={"held": held})
    worlds = worlds_of(scenario, evidence().calibration, count=4)
    for system in systems:
        assert np.all((worlds.system == MISSILE_SYSTEMS.index(system)).sum(axis=1) == 7)


def test_covered_by_counts_units_within_their_radius():
    worlds = drawn()
    covers = worlds.covered_by("patriot", "sampt")
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


def test_rates_of_the_claimed_case_count_the_unposted_as_unopposed():
    # one and the same draw of the posterior: only the number launched differs
    posted, claimed = drawn("posted", 400), drawn("claimed", 400)
    for cls, official in ((ThreatClass.drone, 600), (CRUISE, None)):
        launches = claimed.counts[:, cls]
        assert np.all(launches == (official or launches[0]))
        dilution = MARCH[cls] / launches.mean()
        error = np.hypot(posted.rate[:, cls].std() * dilution, claimed.rate[:, cls].std()) / np.sqrt(400)
        assert abs(claimed.rate[:, cls].mean() - dilution * posted.rate[:, cls].mean()) <= 4 * error
    assert np.all(claimed.rate[:, CRUISE] <= MARCH[CRUISE] / claimed.counts[:, CRUISE])


def test_same_seed_same_worlds_other_seed_or_batch_other_worlds():
    scenario, calibration = evidence().scenario, evidence().calibration
    again = worlds_of(scenario, calibration, "posted", count=30, seed=1)
    assert same(again, drawn())
    assert again.first == 0
    assert again.seed == 1
    for other in (drawn(seed=2), drawn(first=30)):
        assert not np.intersect1d(other.readiness_added, again.readiness_added).size
    assert drawn(first=30).first == 30


def test_the_targets_are_not_fitted_to_reports_after_the_date_asked_for():
    scenario = evidence().scenario
    record = evidence().calibration.record
    short = calibrate(record.until(scenario.until), until=scenario.until, seed=1)
    assert len(short.record.rows) < len(record.rows)
    worlds = worlds_of(scenario, short, "posted", count=30, seed=1)
    assert np.array_equal(worlds.mix, drawn().mix)


def test_join_and_take_are_each_others_inverse():
    a, b = drawn(), drawn(first=30)
    both = join([a, b])
    assert len(both) == 60
    assert same(take(both, np.arange(30)), a)
    assert same(take(both, np.arange(30, 60)), b)
    assert same(take(both, np.array([31, 4])), join([take(b, np.array([1])), take(a, np.array([4]))]))


def test_a_baseline_without_units_against_ballistic_missiles_contradicts_the_record():
    day = date(2023, 4, 1)
    held = tuple(Held(system=s, since=day, low=0, best=0, high=0, source="a test") for s in ("patriot", "sampt"))
    scenario = evidence().scenario.model_copy(update={"held": held})
    with pytest.raises(EvidenceError, match=r"only 0 agree with the record.*too few units.*widen the baseline's range"):
        worlds_of(scenario, evidence().calibration, count=2)
