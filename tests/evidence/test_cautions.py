"""What rows of a record say of themselves: posts that change their words, and labels that join classes."""

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from tegmen.data import shipped_text
from tegmen.evidence.record import COUNTED, RATE_WORDS, read_record

HEADER = "time_start,time_end,model,target,launched,destroyed,not_reach_goal,source"


def row(day, model="Shahed-136/131", counts="40,30,", source="kpszsu/x"):
    return f"{day},{day},{model},Ukraine,{counts},{source}"


@pytest.fixture
def read(tmp_path):
    def of(*rows):
        path = tmp_path / "list.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        return read_record(path, strict=True)

    return of


ACROSS = (row("2025-06-28", counts="40,20,10"), row("2025-06-29"), row("2025-07-01"), row("2025-07-20"))


def test_a_change_of_words_is_told_where_the_months_meet(read):
    record = read(*ACROSS)
    (note,) = record.told()
    assert note.startswith("Posts of drones changed their words in 2025-07: since then those shot down and those supp")
    assert (
        "Both meet here (2 reports before, 2 since): compare them with record.counting('intercepted+lost'), --count int"
        in note
    )
    assert note.endswith("as far as lost were posted before (in 1 report).")
    assert note in record._repr_html_().replace("&#x27;", "'")


def test_counted_together_the_note_says_so(read):
    *_, note = read(*ACROSS).counting("intercepted+lost").told()
    assert "counted as intercepted+lost, as here, they compare, as far as lost were posted" in note


@pytest.mark.parametrize(
    "rows",
    [
        ACROSS[:2],
        ACROSS[2:],
        (row("2025-06-28", "Kalibr"), row("2025-07-20", "Kalibr")),
        (row("2025-06-28", source="PvKPivden/x"), row("2025-07-20")),
        (row("2025-06-28", counts=",0,"), row("2025-07-20")),
    ],
    ids=["before", "since", "other class", "regional", "no counts"],
)
def test_nothing_is_told_where_they_do_not_meet(read, rows):
    assert read(*rows).told() == ()


def test_up_to_a_day_before_the_change_nothing_is_told(read):
    record = read(*ACROSS)
    assert record.told("2025-06-30") == record.told(date(2025, 6, 30)) == ()
    assert len(record.told("2025-07-01")) == 1


def test_what_was_read_comes_first(read):
    record = replace(read(*ACROSS), notes=("1 row is left out",))
    assert record.told()[0] == "1 row is left out"
    assert record.told("2025-06-30") == ("1 row is left out",)


def test_changes_of_words_are_a_table_with_sources():
    rows = list(csv.DictReader(io.StringIO(shipped_text("record", "wordings.csv"))))
    assert len(rows) > 0
    for each in rows:
        assert date.fromisoformat(each["since"]).day == 1
        assert each["threat_class"] in RATE_WORDS
        assert each["count"] in COUNTED
        assert each["source"]
        assert each["verified"] in {"yes", "no"}


def test_joined_labels_that_take_over_are_told_as_a_share(read):
    joined = "Iskander-M and C-300"
    record = read(
        row("2025-01-10", joined, "50,1,"),  # more than a year before the end
        row("2026-01-10", joined, "30,9,"),
        row("2026-01-20", "Iskander-M", "10,4,"),
        row("2026-01-21", joined, "99,9,", source="PvKPivden/x"),
        row("2026-02-10", joined, "12,2,"),
        row("2026-02-20", "Iskander-M", "48,4,"),
    )
    (note,) = record.told()
    assert "cannot use mixtures, so they are left out, not split. In the last 12 months they hold " in note
    assert "42 % of the launches that may be ballistic (most of them in 1 month: 2026-01, 30 of 40)" in note
    assert "100 % of the launches that may be s300_ground (most of them in 2 months: 2026-01, 30 of 30; 2026-02" in note
    assert len(record.eligible("ballistic")) == 2
    assert record.told("2025-12-31")[0].count("50 of 50") == 2


def test_a_half_is_not_most(read):
    joined, alone = (row("2026-01-10", model, "30,9,") for model in ("Iskander-M and C-300", "Iskander-M"))
    assert read(joined, alone, row("2026-01-11", "C-300", "30,0,")).told() == ()


def test_of_a_record_without_national_rows_nothing_is_told(read):
    record = read(row("2026-01-10", source="PvKPivden/x"), row("2026-01-11", counts=",0,"))
    assert record.told() == record.told("2020-01-01") == ()
    assert "<ul></ul>" in record._repr_html_()


def test_joined_labels_of_the_shipped_record(shipped_record):
    """Second answer: the table's own text, added up by hand."""
    month, joined = "2023-12", {"ballistic": 0}
    alone = 0
    for each in csv.DictReader(io.StringIO(shipped_text("record", "nights.csv"))):
        if each["window_end"].startswith(month) and each["channel"] == "national" and each["launched"]:
            joined["ballistic"] += int(each["launched"]) * (each["threat_class"] == "ballistic+s300_ground")
            alone += int(each["launched"]) * (each["threat_class"] == "ballistic")
    (note,) = shipped_record.told("2024-03-31")
    assert f"{month}, {joined['ballistic']} of {joined['ballistic'] + alone}" in note
    assert "may be drone" not in note


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "show"),
        ("backtest", "--from", "2025-07", "--record"),
        ("forecast", "drone=30", "--record"),
    ],
    ids=lambda words: words[0],
)
def test_verbs_tell_it(here, read, tmp_path, arguments):
    read(*ACROSS)
    done = here(*arguments, tmp_path / "list.csv")
    assert (done.code, done.err) == (0, "")
    assert "note: Posts of drones changed their words in 2025-07" in done.out


def test_a_forecast_up_to_a_day_tells_only_of_what_it_used(here, read, tmp_path):
    read(*ACROSS)
    done = here("forecast", "drone=30", "--record", tmp_path / "list.csv", "--until", "2025-06-30")
    assert done.code == 0
    assert "changed their words" not in done.out
