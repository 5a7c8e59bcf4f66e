"""Published numbers recomputed: sums by hand of the record, the public list, and the kernel's magazine."""

from __future__ import annotations

import pandas as pd
import pytest
from locations import SHARED, needs_shared

from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.record import Record, read_record
from tegmen.trust.published import Published, compare_published, lone_unit_night

PUBLIC = SHARED / "data" / "attacks" / "missile_attacks_daily.csv"


@pytest.fixture(scope="module")
def found() -> dict[str, Published]:
    return {each.name: each for each in compare_published(read_record(), read_catalogue())}


@pytest.mark.parametrize(
    ("name", "ours", "agrees"),
    [
        ("missile intercept rate, 2023-05-01 to 2023-10-31", 594 / 821, True),  # published: 73 %
        ("missile intercept rate, 2023-11-01 to 2024-04-30", 550 / 1067, False),  # published: 46 %
        ("drone intercept rate, 2023-11-01 to 2024-04-30", 2157 / 2578, False),  # published: 82 %
        ("shahed launched, 2024-01-01 to 2024-06-24", 2234, True),  # published: 2,277
        ("shahed destroyed, 2024-01-01 to 2024-06-24", 1967, True),  # published: 1,953
        ("missiles launched, 2024-03-01 to 2024-03-31", 269, False),  # published: over 400
        ("missiles launched, 2022-02-24 to 2023-12-20", None, None),  # before the record begins
        ("kinzhal destroyed, 2023-05-04 to 2023-12-31", 15, True),
        ("kh22 destroyed, 2022-02-24 to 2023-12-31", None, None),  # before the record begins
        ("share of ballistic missiles stopped on 2023-05-04, the first over Kyiv", 1, True),
        ("share of ballistic missiles stopped on 2023-05-16, the mass attack on Kyiv", 1, True),
        ("share of ballistic missiles stopped since 2023-04-27, Kyiv", 30 / 32, True),
        ("share of ballistic missiles stopped since 2023-04-27, elsewhere", 40 / 225, True),
        ("Trypilska, 2024-04-11: stopped one after the other before the rounds ran out", 7, True),
    ],
)
def test_published_numbers_recomputed(found, name, ours, agrees):
    assert found[name].ours == (None if ours is None else pytest.approx(ours))
    assert found[name].agrees is agrees
    assert found[name].source
    assert found[name].how


def test_every_official_total_of_the_catalogue_is_looked_at(found):
    stated = [row for row in read_catalogue().parameters if row.table == "official_totals.csv"]
    assert len(stated) == sum(" to " in name for name in found)


@needs_shared
def test_kinzhals_shot_down_in_2023_are_those_of_the_public_list(found):
    table = pd.read_csv(PUBLIC)
    mine = table[(table["model"] == "X-47 Kinzhal") & table["time_end"].str.startswith("2023")]
    assert mine["destroyed"].sum() == found["kinzhal destroyed, 2023-05-04 to 2023-12-31"].ours


def test_a_record_that_names_no_weapons_has_none_to_compare():
    record = read_record()
    unnamed = Record(record.rows.assign(weapon="unnamed"), record.provenance)
    (kinzhal,) = (each for each in compare_published(unnamed, read_catalogue()) if each.name.startswith("kinzhal"))
    assert kinzhal.ours is None
    assert kinzhal.how == "not comparable: the record has no report of Kinzhal alone"


def test_a_record_without_these_years_compares_nothing():
    rows = read_record().rows
    late = Record(rows[rows["window_end"] >= "2024-06-26"].reset_index(drop=True), read_record().provenance)
    agreed = {each.name: each.agrees for each in compare_published(late, read_catalogue())}
    assert not any(value is not None for name, value in agreed.items() if " to " in name or "on 2023" in name)


@pytest.mark.parametrize(("threats", "rounds"), [(11, 7), (3, 9), (5, 5)])
def test_a_magazine_stops_the_first_it_has_rounds_for(threats, rounds):
    assert lone_unit_night(threats=threats, rounds=rounds) == [number < rounds for number in range(threats)]
