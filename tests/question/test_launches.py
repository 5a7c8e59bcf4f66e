"""What was launched in March 2024: counted again from the tables."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from importlib.resources import files

import numpy as np
import pytest
from core_example import BALLISTIC, drawn, evidence
from locations import SHARED, needs_shared

from tegmen.errors import EvidenceError
from tegmen.question.launches import history_counts, launched, named_launches, posted_counts, posted_weapons
from tegmen.terms import ThreatClass

MARCH = {
    ThreatClass.ballistic: 29,
    ThreatClass.s300_ground: 60,
    ThreatClass.cruise: 171,
    ThreatClass.supersonic: 9,
    ThreatClass.drone: 553,
}


def table(*path: str) -> list[dict[str, str]]:
    with files("tegmen").joinpath("data", *path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def nights() -> list[tuple[date, str, int]]:
    """(date of the window's end, first class, launched) of every row of the shipped record, read without pandas."""
    rows = table("record", "nights.csv")
    return [
        (date.fromisoformat(row["window_end"][:10]), row["threat_class"].split("+")[0], int(row["launched"] or 0))
        for row in rows
    ]


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


def test_weapons_of_the_month_add_up_to_its_ballistic_missiles():
    weapons = posted_weapons(evidence().scenario, evidence().calibration.record, BALLISTIC)
    by_weapon: Counter[str] = Counter()
    for row in table("record", "nights.csv"):
        if row["window_end"].startswith("2024-03") and row["threat_class"] == "ballistic" and row["launched"]:
            by_weapon[row["weapon"]] += int(row["launched"])
    assert weapons == by_weapon
    assert sum(weapons.values()) == MARCH[BALLISTIC]


def test_launches_that_name_one_oblast_steer_its_places():
    record, places = evidence().calibration.record, drawn().places
    by_zone: Counter[str] = Counter()
    for row in table("record", "nights.csv"):
        if row["threat_class"] == "ballistic":
            by_zone["UA-30" if row["zone"] == "UA-32" else row["zone"]] += int(row["launched"] or 0)
    named = named_launches(record, BALLISTIC, places)
    zone = np.where(places.kyiv, "UA-30", places.oblast)
    assert named.tolist() == [by_zone[code] for code in zone]
