"""The record: seventeen traps of the public list, its reference totals, published anchors, and bad input."""

import copy
import csv
import hashlib
import importlib.util
import pickle
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from locations import ROOT, SHARED, needs_shared

from tegmen.data import shipped
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.record import Record, broad_class, read_launch_areas, read_record
from tegmen.evidence.reports import COLUMNS, coverage_zone, read_reports
from tegmen.terms import ThreatClass

ATTACKS = SHARED / "data" / "attacks"
PUBLIC = ATTACKS / "missile_attacks_daily.csv"

# The columns of the public list.
HEADER = [
    *["time_start", "time_end", "model", "launch_place", "target", "target_main", "launched", "destroyed"],
    *["not_reach_goal", "still_attacking", "border_crossing", "is_shahed", "num_hit_location"],
    *["num_fall_fragment_location", "carrier", "turbojet", "turbojet_destroyed", "affected region"],
    *["destroyed_details", "launched_details", "launch_place_details", "source"],
]
# A made-up report; the tests change what they are about.
REPORT = {
    "time_start": "2023-05-01",
    "time_end": "2023-05-02 08:00",
    "model": "Shahed-136/131",
    "target": "Ukraine",
    "launched": "10.0",
    "destroyed": "7.0",
    "border_crossing": "{}",
    "source": "kpszsu/posts/made-up",
}


def write_list(path, reports, header=HEADER):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, header, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows({**REPORT, **report} for report in reports)
    return path


@pytest.fixture
def read(tmp_path):
    return lambda *reports, header=HEADER: read_record(write_list(tmp_path / "list.csv", reports, header))


@pytest.fixture
def faults(tmp_path):
    """Faults of a list of made-up reports."""

    def gather(*reports, header=HEADER):
        with pytest.raises(InputError, match=re.escape("list.csv: ")) as caught:
            read_record(write_list(tmp_path / "list.csv", reports, header), strict=True)
        return list(caught.value.faults)

    return gather


@pytest.fixture(scope="module")
def record():
    return read_record()


def totals(rows):
    return int(rows["launched"].sum()), int(rows["intercepted"].sum())


# --- the seventeen traps ------------------------------------------------------------------------------------------


def test_trap_01_a_row_is_a_window_not_a_day(read):
    rows = read(
        {"time_start": "2023-05-01 20:00", "time_end": "2023-05-02 06:00"},
        {"time_start": "2023-05-02 10:00", "time_end": "2023-05-02 10:00"},
        {"time_start": "2023-04-30 20:00", "time_end": "2023-05-02 06:00"},
    ).rows
    assert rows["window_end"].tolist() == [pd.Timestamp(2023, 5, 2, 6), pd.Timestamp(2023, 5, 2, 10)]
    assert rows["launched"].tolist() == [20, 10]
    assert rows["rows"].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2023-03-29", "2023-03-29 08:00", pd.Timestamp(2023, 3, 29, 8)),
        ("2023-03-28", "2023-03-29", pd.Timestamp(2023, 3, 29)),
        ("2023-03-29", "2023-03-29", pd.Timestamp(2023, 3, 29)),
        ("2023-03-29 05:00", "2023-03-29 05:00", pd.Timestamp(2023, 3, 29, 5)),
        ("", "2023-03-29 05:00", pd.Timestamp(2023, 3, 29, 5)),
    ],
)
def test_trap_02_dates_without_a_time(read, start, end, expected):
    assert read({"time_start": start, "time_end": end}).rows["window_end"].tolist() == [expected]


@pytest.mark.parametrize("end", ["2023-05-16 3:30", " 2023-05-16 03:30 ", "2023-5-16 03:30:00", "2023-05-16T03:30"])
def test_trap_03_untidy_times(read, end):
    assert read({"time_start": "2023-05-16 ", "time_end": end}).rows["window_end"].item() == pd.Timestamp(
        2023, 5, 16, 3, 30
    )


def test_trap_04_filed_by_the_end_whatever_the_order(read):
    reports = [
        {"time_start": "2023-04-30", "time_end": "2023-05-01 08:00", "launched": "3", "destroyed": "1"},
        {"time_start": "2023-04-29", "time_end": "2023-04-30 23:50", "launched": "5", "destroyed": "2"},
        {"time_start": "2023-04-30 22:00", "time_end": "2023-05-02", "launched": "8", "destroyed": "4"},
    ]
    newest_first = read(*reports)
    assert newest_first.rows["window_end"].is_monotonic_increasing
    assert newest_first.monthly()[["month", "launched"]].values.tolist() == [["2023-04", 5], ["2023-05", 11]]
    pd.testing.assert_frame_equal(newest_first.rows, read(*reversed(reports)).rows)


@pytest.mark.parametrize(
    ("model", "threat_class", "broad"),
    [
        ("X-101/X-555 and Kalibr", "cruise", "cruise"),
        ("Kalibr and X-22 and X-101/X-555", "cruise+supersonic", "cruise"),
        ("X-101/X-555 AND Kalibr and x-22", "cruise+supersonic", "cruise"),
        ("Iskander-M and C-400", "ballistic+s300_ground", "ballistic"),
        ("C-300/C-400 and Iskander-M", "ballistic+s300_ground", "ballistic"),
        ("Iskander-K and Iskander-M", "ballistic+cruise", "mixed_ballistic_cruise"),
        ("Shahed-136/131 and Lancet", "drone+tactical", "owa_drone"),
        ("X-47 Kinzhal and Iskander-M/KN-23", "ballistic", "ballistic"),
        ("X-59/X-69", "cruise", "cruise"),
        ("C-300/C-400", "s300_ground", "ballistic"),
        ("X-22/X-32", "supersonic", "cruise"),
    ],
)
def test_trap_05_mixtures_stay_mixtures(read, model, threat_class, broad):
    mixed = read({"model": model})
    assert mixed.rows["threat_class"].item() == threat_class
    assert mixed.monthly()["broad"].item() == broad == broad_class(threat_class)
    pure = {threat.name for threat in ThreatClass} - {threat_class}
    assert len(pure) >= 5
    assert all(mixed.eligible(word).empty for word in pure)


@pytest.mark.parametrize(
    ("model", "threat_class"),
    [
        ("Kh-101/Kh-555", "cruise"),
        ("Х-101/Х-555", "cruise"),  # Cyrillic letters
        ("X-555/X-101", "cruise"),
        ("kalibr ", "cruise"),
        ("S-300", "s300_ground"),
        ("С-300/С-400", "s300_ground"),  # Cyrillic letters
        ("3М22 Zircon", "ballistic"),  # Cyrillic M
        ("ISKANDER-M", "ballistic"),
        ("Молнія", "tactical"),
        ("SHAHED-136/131", "drone"),
        ("KAB", "glide_bomb"),
        ("X–31P", "supersonic"),
        ("Orlan-10 and ZALA", "recon"),
        ("Unknown Missile", "unknown_missile"),
    ],
)
def test_trap_06_spellings_of_one_weapon(read, model, threat_class):
    assert read({"model": model}).rows["threat_class"].item() == threat_class


@pytest.mark.parametrize(
    ("model", "weapon"),
    [
        ("X-101/X-555", "Kh-101"),
        ("Kh-555", "Kh-101"),
        ("X-59/X-69", "Kh-59"),
        ("Iskander-M/KN-23", "Iskander-M"),
        ("KN-23", "Iskander-M"),
        ("Iskander-K", "Iskander-K"),
        ("3M22 Zircon", "Zircon"),
        ("Geran-2/Shahed-136", "Shahed"),
        ("C-400", "S-300"),
        ("X-101/X-555 and Kalibr", "Kalibr+Kh-101"),
        ("Kalibr and X-22 and X-101/X-555", "Kalibr+Kh-101+Kh-22"),
        ("X-47 Kinzhal and Iskander-M/KN-23", "Iskander-M+Kinzhal"),
        ("C-300/C-400 and C-300", "S-300"),
        ("Ballistic Missile", "unnamed"),
        ("Unknown UAV", "unnamed"),
    ],
)
def test_trap_05_a_row_names_its_weapon_or_weapons(read, model, weapon):
    assert read({"model": model}).rows["weapon"].item() == weapon


def test_weapons_of_one_window_stand_apart(read):
    kalibr = {"model": "Kalibr", "launched": "3", "destroyed": "1"}
    rows = read({"model": "X-101"}, kalibr, kalibr | {"launched": "4"}, {"model": "X-555"}).rows
    assert rows[["weapon", "launched", "rows"]].values.tolist() == [["Kalibr", 7, 2], ["Kh-101", 20, 2]]


def test_trap_07_missing_counts_are_unknown_not_zero(read):
    rows = read({}, {"launched": "", "destroyed": "0.0"}, {"launched": "4", "destroyed": "", "model": "Kalibr"}).rows
    known, unknown = rows[rows["threat_class"] == "drone"].iloc[0], rows[rows["threat_class"] == "cruise"].iloc[0]
    assert known[["launched", "intercepted", "rows", "rows_uncounted"]].tolist() == [10, 7, 1, 1]
    assert unknown["launched"] is unknown["intercepted"] is pd.NA
    assert unknown[["rows", "rows_uncounted"]].tolist() == [0, 1]


def test_trap_07_rows_without_counts_are_never_eligible(read):
    uncounted = read({}, {"launched": "", "destroyed": "0", "model": "Kalibr"})
    assert uncounted.eligible("cruise").empty
    month = uncounted.monthly().set_index("broad").loc["cruise"]
    assert month[["rows", "launched", "destroyed", "rows_without_counts"]].tolist() == [0, 0, 0, 1]


def test_trap_08_counts_that_cannot_be(faults):
    assert faults({"launched": "5", "destroyed": "6"}, {"launched": "0", "destroyed": "0"}) == [
        "line 2, destroyed: found 6 of 5 launched; at most 5 is allowed; correct one of the two counts",
        "line 3, launched: found 0; at least 1 is allowed; leave it empty if unknown",
    ]


@pytest.mark.parametrize(
    ("source", "channel"),
    [
        ("kpszsu/posts/a", "national"),
        ("CinCAFU/posts/a", "national"),
        ("GeneralStaff.ua/posts/a", "national"),
        ("https://www.example.org/kpszsu/posts/a", "national"),
        ("KPSZSU/posts/a ", "national"),
        ("PvKPivden/posts/a", "regional"),
        ("pvkshid/posts/kpszsu", "regional"),
        ("watch/?v=1", "regional"),
        ("", "regional"),
    ],
)
def test_trap_09_rates_only_from_national_channels(read, source, channel):
    made_up = read({"source": source}, {"source": "kpszsu/posts/b", "model": "Kalibr"})
    assert made_up.rows.set_index("threat_class").loc["drone", "channel"] == channel
    assert len(made_up.eligible("drone")) == (channel == "national")


def test_trap_09_published_rates_of_the_shipped_record(record):
    regional = record.rows[record.rows["channel"] == "regional"]
    drones = regional[regional["threat_class"] == "drone"]
    assert regional["rows"].sum() == 410
    assert drones["rows"].sum() == 19
    assert (drones["launched"] == drones["intercepted"]).all()
    for threat_class, rate in {"drone": 0.862, "cruise": 0.801}.items():
        launched, intercepted = totals(record.eligible(threat_class))
        assert intercepted / launched == pytest.approx(rate, abs=0.0005)


def test_trap_10_double_counting_is_counted_and_kept_out_of_rates(read):
    twice = read({}, {"source": "pvkshid/posts/a"}, {"source": "pvkshid/posts/b", "time_end": "2023-05-03"})
    assert totals(twice.rows) == (30, 21)
    assert totals(twice.eligible("drone")) == (10, 7)


def test_trap_11_ballistic_strikes_are_covered_or_not(record):
    since_patriot = record.rows["window_end"] >= "2023-04-27"
    ballistic = record.rows["threat_class"].isin(["ballistic", "ballistic+s300_ground"])
    rows = record.rows[since_patriot & ballistic]
    at_kyiv = rows["zone"].isin(["UA-30", "UA-32", "several_kyiv"])
    assert rows["rows"].sum() == 85
    assert totals(rows[at_kyiv]) == (32, 30)
    assert totals(rows[~at_kyiv]) == (225, 40)


def test_trap_12_s300_in_the_ground_role(record):
    assert totals(record.rows[record.rows["threat_class"] == "s300_ground"]) == (350, 2)


def test_trap_13_drone_counts_are_over_dispersed(record):
    # The sum over windows must keep the spread that a binomial denies; merging nights would hide it.
    rows = record.eligible("drone").astype({"launched": float, "intercepted": float})
    rate = rows["intercepted"].sum() / rows["launched"].sum()
    variance = rows["launched"] * rate * (1 - rate)
    pearson = ((rows["intercepted"] - rows["launched"] * rate) ** 2 / variance).sum() / (len(rows) - 1)
    assert 3 < pearson < 4


def test_trap_14_guided_bombs_give_no_rate(record):
    bombs = record.rows[record.rows["threat_class"] == "glide_bomb"]
    assert (bombs["rows"].sum(), bombs["launched"].sum()) == (4, 14)
    assert record.eligible("glide_bomb").empty


@pytest.mark.parametrize(
    ("first", "last", "silent", "days"),
    [
        ("2022-10-01", "2022-12-31", 50, 92),
        ("2023-01-01", "2023-06-30", 96, 181),
        ("2023-07-01", "2023-12-31", 42, 184),
        ("2024-01-01", "2024-06-30", 18, 182),
    ],
)
def test_trap_15_silent_days_are_missing_reports(record, first, last, silent, days):
    span = pd.date_range(first, last)
    assert len(span) == days
    assert len(span.difference(record.rows["window_end"].dt.normalize())) == silent


def test_trap_16_late_columns_may_be_absent_empty_or_filled(read):
    # Python dicts as text with a bare NaN, as the public list has them, are not ours to read.
    details = {"destroyed_details": "{'a': NaN, 'b': 2}", "is_shahed": "9", "affected region": "['a']"}
    short = ["time_end", "model", "target", "launched", "destroyed", "source"]
    assert read({}, header=short).rows["lost"].isna().all()
    assert read({}).rows["lost"].isna().all()
    assert read({**details, "not_reach_goal": "2.0"}, {}).rows["lost"].item() == 2
    assert read({"not_reach_goal": "0.0"}).rows["lost"].item() == 0


@pytest.mark.parametrize(
    ("target", "zone", "coverage"),
    [
        ("Kyiv", "UA-30", "kyiv"),
        ("Kyiv oblast", "UA-32", "kyiv"),
        ("Kyiv oblast (south)", "UA-32", "kyiv"),
        ("Kyiv and Starokostiantyniv", "several_kyiv", "unlocated"),
        ("Kharkiv oblast and Kyiv oblast and Sumy oblast", "several_kyiv", "unlocated"),
        ("Kyiv oblast and north", "several_kyiv", "unlocated"),
        ("Lutsk oblast", "UA-07", "elsewhere"),
        ("Volyn oblast", "UA-07", "elsewhere"),
        ("Dnipropetrovsk oblast, Kryvyi Rih Raion", "UA-12", "elsewhere"),
        (
            "Dnipropetrovsk oblast, Dnipro Raion and Dnipropetrovsk oblast, Kryvyi Rih Raion",
            "UA-12",
            "elsewhere",
        ),
        ("Dnipro and Kryvyi Rih", "UA-12", "elsewhere"),
        ("Odesa oblast, Black Sea", "UA-51", "elsewhere"),
        ("Odesa oblast and Mykolaiv oblast", "several", "elsewhere"),
        ("Odesa oblast and south", "several", "elsewhere"),
        ("Odesa oblast and north", "unlocated", "unlocated"),
        ("front line", "several", "elsewhere"),
        ("south", "south", "elsewhere"),
        ("south-east", "south-east", "elsewhere"),
        ("south and east", "east+south", "elsewhere"),
        ("north and center", "center+north", "unlocated"),
        ("south and north and center", "center+north+south", "unlocated"),
        ("north", "north", "unlocated"),
        ("Ukraine", "unlocated", "unlocated"),
        (" ", "unlocated", "unlocated"),
    ],
)
def test_trap_17_zones_of_targets(read, target, zone, coverage):
    assert read({"target": target}).rows["zone"].item() == zone
    assert coverage_zone(zone) == coverage


def test_places_we_do_not_know_are_unlocated_and_told(read):
    made_up = read({"target": "Nowhere"}, {"target": "Odesa oblast and Nowhere"}, {"target": "Kyiv and Nowhere"})
    assert sorted(made_up.rows["zone"]) == ["several_kyiv", "unlocated"]
    assert made_up.notes == ("3 targets name places not in zones.csv ('nowhere'): counted as unlocated.",)
    assert "Nowhere" not in made_up._repr_html_()
    assert "nowhere" in made_up._repr_html_()


# --- reference and published totals -------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize("path", [PUBLIC, None], ids=["public list", "shipped"])
def test_monthly_totals_equal_the_reference(path):
    reference = pd.read_csv(ATTACKS / "monthly_totals_reference.csv")
    pd.testing.assert_frame_equal(read_record(path).monthly(), reference)


@needs_shared
def test_every_label_has_the_class_of_the_class_map():
    fine = {
        "aeroballistic_or_hypersonic": "ballistic",
        "ballistic": "ballistic",
        "mixed_ballistic_hyp": "ballistic",
        "mixed_ballistic_s300": "ballistic+s300_ground",
        "s300_surface": "s300_ground",
        "anti_radiation": "supersonic",
        "supersonic_cruise": "supersonic",
        "cruise": "cruise",
        "mixed_cruise_supersonic_kh22_32": "cruise+supersonic",
        "guided_bomb": "glide_bomb",
        "mixed_ballistic_cruise": "ballistic+cruise",
        "mixed_owa_drone_tactical_lm": "drone+tactical",
        "owa_drone": "drone",
        "recon_uav": "recon",
        "tactical_lm": "tactical",
        "unknown_missile": "unknown_missile",
        "unknown_uav": "unknown_uav",
    }
    expected = defaultdict(int)
    for row in pd.read_csv(ATTACKS / "class_map.csv").itertuples():
        expected[fine[row.fine]] += row.rows
    reports, _, _ = read_reports(PUBLIC)
    assert reports["threat_class"].value_counts().to_dict() == expected


@needs_shared
def test_every_weapon_of_the_authors_own_table_is_known(tmp_path):
    models = pd.read_csv(ATTACKS / "missiles_and_uavs.csv")["model"]
    path = write_list(tmp_path / "list.csv", [{"model": model} for model in models])
    assert len(read_reports(path)[0]) == 64


@needs_shared
def test_regional_posts_report_kills_only():
    reports, _, _ = read_reports(PUBLIC)
    regional = reports[reports["channel"] == "regional"]
    assert len(regional) == 410
    assert (regional["launched"] == regional["intercepted"]).mean() == pytest.approx(0.92, abs=0.005)


@needs_shared
def test_all_or_nothing_since_patriot():
    reports, _, _ = read_reports(PUBLIC)
    ballistic = reports["threat_class"].isin(["ballistic", "ballistic+s300_ground"])
    rows = reports[ballistic & (reports["rows"] > 0) & (reports["window_end"] >= "2023-04-27")]
    none, every = rows["intercepted"] == 0, rows["intercepted"] == rows["launched"]
    assert (len(rows), none.sum(), every.sum(), (~none & ~every).sum()) == (85, 66, 15, 4)


MISSILES = frozenset({"ballistic", "cruise", "mixed_ballistic_cruise", "unknown_missile"})
DRONES = frozenset({"owa_drone"})


# Totals of the public list computed beside the official ones when the catalogue was compiled, from the raw rows.
@pytest.mark.parametrize(
    ("span", "column", "broad", "expected"),
    [
        (("2024-03-01", "2024-03-31"), "launched", MISSILES, 269),
        (("2024-03-01", "2024-03-31"), "launched", DRONES, 553),
        (("2024-03-01", "2024-03-31"), "launched", {"guided_bomb"}, 1),
        (("2024-03-01", "2024-03-31"), "launched", {"ballistic"}, 89),
        (("2024-01-01", "2024-04-18"), "launched", MISSILES, 755),
        (("2024-01-01", "2024-04-18"), "launched", DRONES, 1540),
        (("2024-01-01", "2024-04-18"), "launched", {"guided_bomb"}, 4),
        (("2024-01-01", "2024-06-24"), "launched", DRONES, 2234),
        (("2024-01-01", "2024-06-24"), "destroyed", DRONES, 1967),
        (("2022-02-24", "2023-12-20"), "launched", MISSILES, 1973),
        (("2022-02-24", "2023-12-20"), "destroyed", MISSILES, 1335),
        (("2022-09-13", "2023-12-20"), "launched", DRONES, 3246),
        (("2022-09-13", "2023-12-20"), "destroyed", DRONES, 2793),
        (("2022-02-24", "2024-02-21"), "launched", MISSILES, 2488),
        (("2022-09-13", "2024-02-21"), "launched", DRONES, 4165),
        (("2022-09-13", "2024-02-21"), "destroyed", DRONES, 3503),
    ],
)
def test_totals_beside_the_official_ones(record, span, column, broad, expected):
    inside = record.rows["window_end"].dt.normalize().between(*span)
    monthly = Record(record.rows[inside], record.provenance).monthly()
    assert monthly.loc[monthly["broad"].isin(broad), column].sum() == expected


@pytest.mark.parametrize(
    ("span", "broad", "rate"),
    [
        (("2023-05", "2023-10"), MISSILES, 0.724),
        (("2023-11", "2024-04"), MISSILES, 0.515),
        (("2023-11", "2024-04"), DRONES, 0.837),
    ],
)
def test_rates_of_the_press(record, span, broad, rate):
    monthly = record.monthly()
    inside = monthly["month"].between(*span) & monthly["broad"].isin(broad)
    launched, destroyed = monthly.loc[inside, ["launched", "destroyed"]].sum()
    assert destroyed / launched == pytest.approx(rate, abs=0.0006)


# --- the shipped tables -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("compile_record", ROOT / "scripts" / "compile_record.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_shared
def test_the_shipped_tables_are_what_the_script_makes(script, tmp_path):
    script.write(read_record(PUBLIC), tmp_path / "nights.csv")
    areas, _ = script.launch_areas(read_reports(PUBLIC)[0])
    areas.to_csv(tmp_path / "launch_areas.csv", index=False, lineterminator="\n")
    for name in ("nights.csv", "launch_areas.csv"):
        assert (tmp_path / name).read_bytes() == shipped("record", name).read_bytes()


def test_the_shipped_record_is_named_by_its_bytes(record):
    content = shipped("record", "nights.csv").read_bytes()
    assert b"\r" not in content
    assert dict(record.provenance.inputs) == {"record": hashlib.sha256(content).hexdigest()}
    assert record.provenance.seed is None
    assert tuple(record.rows.columns) == COLUMNS
    assert repr(record) == "Record(2022-09-28 to 2024-06-30: 1,260 reports in 1,259 rows, 724 of them eligible)"


@needs_shared
@pytest.mark.parametrize("weapon", ["Kh-101", "Kalibr", "Iskander-M", "Kinzhal"])
def test_weapons_sum_to_what_the_public_list_has(record, weapon):
    """Second answer: the labels of the public list, counted by hand from its bytes."""
    names = {"Kh-101": {"X-101/X-555"}, "Kinzhal": {"X-47 Kinzhal"}, "Iskander-M": {"Iskander-M", "Iskander-M/KN-23"}}
    with PUBLIC.open(encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["model"] in names.get(weapon, {weapon})]
    counted = [(float(line["launched"]), float(line["destroyed"])) for line in lines if line["launched"]]
    assert len(counted) > 10
    assert totals(record.rows[record.rows["weapon"] == weapon]) == tuple(map(sum, zip(*counted, strict=True)))


def test_the_compiled_schema_reads_back_to_itself(script, read, tmp_path):
    made_up = read({}, {"launched": "", "model": "Kalibr"}, {"not_reach_goal": "2", "target": "north and center"})
    script.write(made_up, tmp_path / "nights.csv")
    pd.testing.assert_frame_equal(read_record(tmp_path / "nights.csv").rows, made_up.rows)


def test_launch_areas_split_places_equally(script, tmp_path):
    path = write_list(
        tmp_path / "list.csv",
        [
            {"launch_place": "Chauda, Crimea and Kursk oblast", "launched": "9"},
            {"launch_place": "Chauda, Crimea and Balaklava, Crimea", "launched": "7"},
            {"launch_place": "south-east"},
            {"launch_place": ""},
            {"launch_place": "Crimea", "source": "PvKPivden/posts/a"},
            {"launch_place": "Crimea", "model": "Iskander-M and Iskander-K"},
            {"launch_place": "Crimea", "launched": "", "destroyed": "0"},
        ],
    )
    areas, summary = script.launch_areas(read_reports(path)[0])
    assert areas[["area_id", "launched", "rows"]].values.tolist() == [["crimea", 11.5, 2], ["kursk", 4.5, 1]]
    assert list(summary.values()) == [5, 1, 1, 1, 2]


def test_launch_areas_are_coarse_and_sum_to_less_than_the_record(record):
    areas = read_launch_areas()
    assert ((areas[["latitude", "longitude"]] * 2) % 1 == 0).all(axis=None)
    assert set(areas["threat_class"]) <= {threat.name for threat in ThreatClass}
    sums = areas.groupby("threat_class")["launched"].sum()
    assert len(sums) > 3
    for threat_class, launched in sums.items():
        assert 0 < launched <= totals(record.eligible(threat_class))[0] + 0.05
    assert not areas.duplicated(["area_id", "threat_class"]).any()


def test_until_keeps_whole_days(record):
    march = record.until("2024-03-31")
    assert march.monthly()["month"].max() == "2024-03"
    assert march.rows["window_end"].max() < pd.Timestamp(2024, 4, 1)
    pd.testing.assert_frame_equal(march.rows, record.until(date(2024, 3, 31)).rows)
    later = record.rows["window_end"] >= pd.Timestamp(2024, 4, 1)
    assert len(march.rows) + later.sum() == len(record.rows)


def test_until_before_the_record_says_from_when(record):
    with pytest.raises(EvidenceError, match=r"until 2022-01-01: no row .* choose a day from 2022-09-28 on"):
        record.until("2022-01-01")


def test_until_needs_a_day(record):
    with pytest.raises(InputError, match=r"until: found 'spring'; a day such as 2024-03-31 is allowed"):
        record.until("spring")


def test_eligible_needs_a_class(record):
    with pytest.raises(InputError, match=r"found 'balistic'; allowed: ballistic, cruise"):
        record.eligible("balistic")


def test_a_notebook_shows_totals_and_escapes_notes(record):
    page = replace(record, notes=("a <script> & more",))._repr_html_()
    assert "<li>a &lt;script&gt; &amp; more</li>" in page
    totals_of_drones = record.monthly().groupby("broad")["launched"].sum()["owa_drone"]
    assert f"<td>{totals_of_drones}</td>" in page


def test_pandas_copy_cannot_change_the_record(record):
    copy = record.to_pandas()
    copy["launched"] = 0
    assert record.rows["launched"].sum() > 0


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_record_copies_pickles_and_compares(record, again):
    assert again(record) == record
    assert again(record.until("2024-03-31")) == record.until("2024-03-31") != record
    assert replace(record, notes=("another",)) != record


def test_lost_may_be_counted_in_a_record_that_leaves_counts_unknown(record):
    assert record.rows["launched"].isna().any()
    both = record.counting("intercepted+lost")
    assert (both.rows["intercepted"].isna() == record.rows["intercepted"].isna()).all()
    known = both.rows.dropna(subset=["launched", "intercepted"])
    assert len(known) > 0
    assert (known["intercepted"] <= known["launched"]).all()
    posted = record.rows["intercepted"] + record.rows["lost"].fillna(0)
    assert (known["intercepted"] == posted[known.index].clip(upper=known["launched"])).all()
    months = both.until("2024-03-31").monthly()
    assert (months["destroyed"] <= months["launched"]).all()
    assert months["destroyed"].sum() >= record.until("2024-03-31").monthly()["destroyed"].sum() > 0


def test_lost_beside_an_unknown_count_stay_unknown(read):
    made_up = read({"not_reach_goal": "2"}, {"launched": "", "not_reach_goal": "4", "model": "Kalibr"})
    rows = made_up.counting("intercepted+lost").rows.set_index("threat_class")
    assert rows.loc["drone", "intercepted"] == 9
    assert rows.loc["cruise", "intercepted"] is pd.NA


def test_lost_that_exceed_what_was_launched_are_capped_and_told(read):
    posted = [(16, 15, 11), (30, 20, 8), ("", 0, ""), (9, 4, "")]
    reports = [
        {"time_end": f"2023-05-{day:02d}", "launched": f"{n}", "destroyed": f"{k}", "not_reach_goal": f"{lost}"}
        for day, (n, k, lost) in enumerate(posted, 2)
    ]
    both = read(*reports).counting("intercepted+lost")
    assert both.rows["intercepted"].tolist() == [16, 28, pd.NA, 4]
    # The row without a launched count enters no rate.
    assert totals(both.eligible("drone")) == (55, 48)
    assert both.notes[-1] == (
        "Lost are counted as intercepted in 2 rows that post them; other rows are as posted. "
        "In 1 row the two exceed what was launched, and are taken as that."
    )


@pytest.mark.parametrize("again", ["intercepted+lost", "intercepted", "lost"])
def test_lost_are_added_once(record, again):
    with pytest.raises(InputError, match=re.escape(f"counting: found {again!r} after 'intercepted+lost'")):
        record.counting("intercepted+lost").counting(again)


def test_rows_of_another_shape_are_no_record(record):
    with pytest.raises(ValueError, match="record rows have columns"):
        Record(record.rows.drop(columns="lost"), record.provenance)


# --- property: what is written is what is counted -----------------------------------------------------------------

LABELS = {
    "Kalibr": "cruise",
    "Shahed-136/131": "drone",
    "Iskander-M and C-300": "ballistic+s300_ground",
    "Lancet": "tactical",
}


@st.composite
def made_up_reports(draw):
    launched = draw(st.one_of(st.none(), st.integers(1, 500)))
    destroyed = draw(st.one_of(st.none(), st.integers(0, 500 if launched is None else launched)))
    text = ["{}", "{}.0", " {} "]
    return {
        "time_start": "",
        "time_end": str(draw(st.dates(date(2023, 1, 1), date(2023, 3, 1))))
        + draw(st.sampled_from(["", " 6:05", " 23:59"])),
        "model": draw(st.sampled_from(sorted(LABELS))),
        "target": draw(st.sampled_from(["Kyiv", "south", "Odesa oblast", ""])),
        "launched": "" if launched is None else draw(st.sampled_from(text)).format(launched),
        "destroyed": "" if destroyed is None else draw(st.sampled_from(text)).format(destroyed),
        "source": draw(st.sampled_from(["kpszsu/posts/a", "pvkshid/posts/a"])),
        "carrier": draw(st.sampled_from(["", 'a "quoted", name', "two\nlines"])),
        "counts": (launched, destroyed),
    }


def told_apart(reports):
    """Each report with a post of its own: equal lines would count once."""
    return [{**report, "source": f"{report['source']}/{post}"} for post, report in enumerate(reports)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=st.lists(made_up_reports(), min_size=1, max_size=25).map(told_apart))
def test_reading_preserves_totals(tmp_path, reports):
    expected = defaultdict(lambda: [0, 0, 0, 0])
    for report in reports:
        launched, destroyed = report["counts"]
        channel = "national" if report["source"].startswith("kpszsu") else "regional"
        sums = expected[LABELS[report["model"]], channel, report["time_end"][:10]]
        both = launched is not None and destroyed is not None
        for place, number in enumerate([launched, destroyed, 1, 0] if both else [0, 0, 0, 1]):
            sums[place] += number
    rows = read_record(write_list(tmp_path / "list.csv", reports)).rows
    rows = rows.assign(day=rows["window_end"].dt.strftime("%Y-%m-%d"))
    numbers = ["launched", "intercepted", "rows", "rows_uncounted"]
    totals = rows.groupby(["threat_class", "channel", "day"])[numbers].sum()
    assert {key: list(map(int, sums)) for key, sums in zip(totals.index, totals.to_numpy(), strict=True)} == expected
    assert not rows.duplicated(["window_end", "threat_class", "zone", "channel"]).any()
    assert (rows["launched"].isna() == (rows["rows"] == 0)).all()


# --- bad input ----------------------------------------------------------------------------------------------------


def test_all_faults_of_a_file_are_told_together(faults):
    lines = faults(
        {"launched": "-3"},
        {"launched": "2.5"},
        {"destroyed": "many"},
        {"time_end": "May 2"},
        {"time_end": "2023-06-31 08:00", "model": "Zmei"},
        {"launched": "1_000", "time_start": "yesterday"},
        {"not_reach_goal": "-1"},
        {"launched": "4", "destroyed": "9"},
        {"time_start": "2023-05-03"},
    )
    starts = [fault.split(";")[0] for fault in lines]
    assert starts == [
        "line 2, launched: found '-3'",
        "line 3, launched: found '2.5'",
        "line 4, destroyed: found 'many'",
        "line 5, time_end: found 'May 2'",
        "line 6, time_end: found '2023-06-31 08:00'",
        "line 6, model: found unknown weapon 'Zmei'",
        "line 7, time_start: found 'yesterday'",
        "line 7, launched: found '1_000'",
        "line 8, not_reach_goal: found '-1'",
        "line 9, destroyed: found 9 of 4 launched",
        "line 10, time_end: found '2023-05-02 08:00' before the start '2023-05-03'",
    ]
    assert all("allowed" in fault or "missing" in fault for fault in lines)


def test_a_long_list_of_faults_is_cut(faults):
    lines = faults(*[{"launched": f"x{post}"} for post in range(57)])
    assert len(lines) == 21
    assert lines[-1] == "and 37 more (57 faults in all)"


def test_a_fault_of_many_lines_is_told_once(faults):
    post = iter(range(99))
    rows = [{"model": "Zmei", "source": f"kpszsu/{next(post)}"} for _ in range(30)]
    assert [fault.split(";")[0] for fault in faults(*rows, {"launched": "x"}, *rows[:1])] == [
        "lines 2, 3, 4, 5, 6 and 25 more, model: found unknown weapon 'Zmei'",
        "line 32, launched: found 'x'",
    ]


def test_times_of_another_kind_are_told_once(faults):
    lines = faults(*({"time_start": "", "time_end": f"{day:02d}.03.24"} for day in range(1, 29)))
    start = "lines 2, 3, 4, 5, 6 and 23 more, time_end: found '01.03.24' and others alike; a date YYYY-MM-DD or a time"
    assert len(lines) == 1
    assert lines[0].startswith(start)


@pytest.mark.parametrize("count", ["-1", "1.5", "1e3", "inf", "twelve", "1,000", "100001", "1e400", "--2"])
def test_counts_are_whole_numbers(faults, count):
    (fault,) = faults({"launched": count, "destroyed": ""})
    assert fault.startswith(f"line 2, launched: found '{count}'; a whole number from 0 to 100000 is allowed")


@pytest.mark.parametrize("text", ["", "2023-13-01", "2023-05-01 25:00", "2023-05-01 8am", "1 May 2023", "31-05-01"])
def test_times_are_dates(faults, text):
    (fault,) = faults({"time_end": text})
    assert fault.startswith(f"line 2, time_end: found '{text}'; a date YYYY-MM-DD or a time")


@pytest.mark.parametrize(
    ("model", "hint"),
    [("Shahed-136/13", "mean 'Shahed-136/131'?"), ("Kalibre", "mean 'Kalibr'?"), ("", "remove the row")],
)
def test_unknown_weapons_are_named_with_the_nearest(faults, model, hint):
    (fault,) = faults({"model": model})
    assert fault.startswith("line 2, model: found unknown weapon ")
    assert hint in fault


def test_lines_are_those_of_the_file(faults):
    assert faults({"carrier": "two\nlines"}, {"launched": "x"}, {"launched": "y"})[0].startswith("line 4, launched")


@pytest.mark.parametrize("name", ["time_end", "model", "target", "launched", "destroyed", "source"])
def test_a_missing_column_is_named_once(faults, name):
    (fault,) = faults({}, {}, header=[column for column in HEADER if column != name])
    assert fault.startswith(f"line 1: column '{name}' is missing; found time_start, ")


def test_equal_lines_count_once_and_are_told(read):
    made_up = read({}, {"source": "kpszsu/posts/b"}, {}, {})
    assert totals(made_up.rows) == (20, 14)
    assert made_up.notes == ("2 lines repeat an earlier line letter for letter (line 4, 5): each report counts once.",)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "id"])
def test_copies_joined_by_a_notebook_count_once(read, name):
    """Two copies under each other, numbered through, one with counts as whole numbers and blanks as nan."""
    reports = [{"model": model, name: str(place)} for place, model in enumerate(["Kalibr", "X-101"])]
    again = [
        each | {name: f"{place + 2}", "launched": "10", "target_main": "nan"} for place, each in enumerate(reports)
    ]
    made_up = read(*reports, *again, header=[name, *HEADER])
    assert totals(made_up.rows) == (20, 14)
    assert made_up.notes[0].startswith(
        "2 lines repeat an earlier line but for the numbering of lines or the way numbers"
    )


def test_two_reports_that_differ_in_a_post_or_a_carrier_are_two(read):
    assert totals(read({}, {"source": "kpszsu/posts/b"}, {"carrier": "Su-34"}).rows) == (30, 21)


def test_a_file_written_twice_into_itself_counts_once(tmp_path):
    path = write_list(tmp_path / "list.csv", [{}, {"model": "Kalibr"}])
    once = read_record(path)
    path.write_bytes(path.read_bytes() * 2)
    twice = read_record(path)
    pd.testing.assert_frame_equal(twice.rows, once.rows)
    assert "3 lines repeat an earlier line letter for letter (line 4, 5, 6)" in twice.notes[0]


GOOD = b"time_end,model,target,launched,destroyed,source\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b",,,\n", "line 1: found '', so it is not a CSV of attack reports"),
        (GOOD, "no row below the header"),
        (b"PK\x03\x04 a spreadsheet", "a packed file that cannot be opened"),
        (b"\x89PNG\r\n\x00\x00", "found binary content, so it is not a CSV"),
        (GOOD.decode().encode("utf-16"), "no row below the header"),
        (GOOD + b"2023-05-02,Sm\xf6rg\xe5s,south,1,1,kpszsu\n", "line 2: found bytes that are not UTF-8"),
        (b"<!DOCTYPE html>\n<p>Sign in</p>\n", "found a web page, such as a log-in page, instead of the file"),
        (b'{"data": []}', "found JSON; export the table as CSV"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "found a Git LFS pointer"),
        (b"%PDF-1.7\n", "found a PDF"),
        (b"\xd0\xcf\x11\xe0 an old spreadsheet", "found a spreadsheet; save its sheet as CSV UTF-8"),
        (b"a,b\n1,2\n", "so it is not a CSV of attack reports; a header with the columns time_end, model"),
        (GOOD.replace(b",", b"|"), "cells separated by none of commas, semicolons, tabs; a header with the columns"),
        (GOOD + b'2023-05-02,"Kalibr,south,1,1,kpszsu\n', "line 2: not a CSV row"),
        (GOOD + b"2023-05-02,Kalibr,south,1,1\n", "line 2: found 5 cells; 6 are allowed"),
        (GOOD.replace(b"model", b"source") + b"2023-05-02,a,south,1,1,b\n", "found column 'source' twice"),
    ],
)
def test_what_is_not_a_csv(tmp_path, content, message):
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_record(path)
    assert str(caught.value).startswith(str(path))


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n") + b"2023-05-02,Kalibr,south,4,1,kpszsu/a\r\n\r\n")
    assert totals(read_record(path).rows) == (4, 1)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file; .*check the path"):
        read_record(tmp_path / "none.csv")
    with pytest.raises(InputError, match="found a folder; a CSV file is allowed"):
        read_record(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_record("nul\0byte.csv")


def test_faults_of_a_compiled_table_are_told_together(tmp_path):
    path = tmp_path / "nights.csv"
    lines = [
        ",".join(COLUMNS),
        "2023-05-02,rocket,unnamed,UA-30,national,4,1,,1,0",
        "2023-05-02,drone,Shahed,UA-99,national,4,1,,1,0",
        "2023-05-02,drone,Shahed,UA-30,local,4,1,,1,0",
        "2023-05-02,drone,Shahed,UA-30,national,4,5,,,0",
        "2023-05-02,drone,Oreshnik,UA-30,national,4,1,,1,0",
        "2023-05-02,cruise,Kalibr+Shahed,UA-30,national,4,1,,1,0",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match="7 faults") as caught:
        read_record(path, strict=True)
    assert [fault.split(";")[0] for fault in caught.value.faults] == [
        "line 2, threat_class: found 'rocket'",
        "line 3, zone: found 'UA-99'",
        "line 4, channel: found 'local'",
        "line 5, rows: found ''",
        "line 5, intercepted: found 5 of 4 launched",
        "line 6, weapon: found 'Oreshnik'",
        "line 7, weapon: found 'Shahed' beside 'cruise'",
    ]


def test_a_table_compiled_without_weapons_is_read_and_said(record, tmp_path):
    path, (when, *parts) = tmp_path / "nights.csv", [name for name in COLUMNS if name != "weapon"]
    sums = record.rows.groupby([when, *parts[:3]])[parts[3:]].sum(min_count=1).reset_index()
    sums.to_csv(path, index=False)
    read = read_record(path)
    assert set(read.rows["weapon"]) == {"unnamed"}
    assert read.notes == ("The table has no column weapon: every row is unnamed.",)
    pd.testing.assert_frame_equal(read.monthly(), record.monthly())
    assert all(totals(read.eligible(key.name)) == totals(record.eligible(key.name)) for key in ThreatClass)


@pytest.mark.parametrize("row", ["drone,Shahed,UA-30,national,4,1,,0,1", "drone,Shahed,UA-30,national,,,,1,0"])
def test_counts_and_rows_of_a_compiled_table_must_agree(tmp_path, row):
    path = tmp_path / "nights.csv"
    path.write_text(f"{','.join(COLUMNS)}\n2023-05-02,{row}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2, rows: the counts and rows disagree"):
        read_record(path)
