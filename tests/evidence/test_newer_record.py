"""A newer file of the public list through the verbs `backtest` and `forecast`: later columns, weapons and words."""

import csv
import json

import pytest

from tegmen.errors import InputError
from tegmen.evidence.record import read_record

LATER = (
    "time_start", "time_end", "model", "launch_place", "target", "launched", "destroyed", "not_reach_goal",
    "still_attacking", "cross_border_belarus", "destroyed_details", "is_shahed", "source", "column_of_2031",
)  # fmt: skip


def row(day, model="Shahed-136/131", launched=40, destroyed=24, **more):
    head = {"time_start": f"{day} 20:00", "time_end": f"{day} 23:00", "model": model, "target": "Ukraine"}
    counts = {"launched": f"{launched}", "destroyed": f"{destroyed}", "destroyed_details": "{'Kyiv oblast': NaN}"}
    return dict.fromkeys(LATER, "") | head | counts | {"source": "kpszsu/posts/x"} | more


def days(month, count):
    return [f"2025-{month:02d}-{day:02d}" for day in range(1, count + 1)]


NEWER = [
    *[row(day, not_reach_goal="10") for day in days(3, 28)],
    *[row(day, "Iskander-M/KN-23", 3, 1) for day in days(3, 9)],
    *[row(day, destroyed=36) for day in days(4, 20)],
    row("2025-04-21", "Oreshnik-7", 2, 0),
    row("2025-04-22", "Shahed-136/131", 30, 31),
    row("2025-04-22", "X-101/X-555 and Kalibr", 20, 17, target="a place nobody knows"),
]


@pytest.fixture
def newer(tmp_path):
    def write(rows):
        path = tmp_path / "newer.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, LATER)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_it_runs_on_a_newer_file_and_says_what_it_left_out(here, newer, tmp_path):
    code, out, err = here("backtest", "--record", newer(NEWER), "--from", "2025-04", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert "found unknown weapon 'Oreshnik-7'" in words
    assert "found 31 of 30 launched" in words
    assert (
        "note: 2 rows of the file are left out, as they cannot be read; 2 of them might have entered a rate:" in words
    )
    assert "ballistic: no night to score from 2025-04-01 on" in words
    content = json.loads((tmp_path / "out" / "backtest.json").read_text(encoding="utf-8"))
    assert content["classes"]["drone"]["nights"] == 20
    assert content["classes"]["ballistic"] == {"nights": 0, "scored": False}
    assert any("Oreshnik-7" in note for note in content["notes"])
    page = (tmp_path / "out" / "backtest.html").read_text(encoding="utf-8")
    assert "Oreshnik-7" in page
    assert "Not scored" in page
    assert "<script" not in page


def test_lost_may_count_as_intercepted_across_a_change_of_words(here, newer, tmp_path):
    """March posts 24 shot down and 10 lost of 40, April 36 in one number: counted together, nothing jumps."""
    scores = {}
    for count in ("intercepted", "intercepted+lost"):
        out = tmp_path / count
        code, *_ = here("backtest", "--record", newer(NEWER), "--from", "2025-04", "--count", count, "--out", out)
        assert code == 0
        content = json.loads((out / "backtest.json").read_text(encoding="utf-8"))
        assert content["count"] == count
        scores[count] = content["classes"]["drone"]["log_score"]
    assert scores["intercepted+lost"] > scores["intercepted"]


def test_lost_may_count_in_the_shipped_record(here):
    """It posts none lost and leaves three launched counts empty: the scores are those of what was intercepted."""
    told = [here("backtest", "--from", "2024-06", "--count", count) for count in ("intercepted", "intercepted+lost")]
    assert [(done.code, done.err) for done in told] == [(0, "")] * 2
    scores = [[line.split() for line in done.out.splitlines() if "120 days" in line] for done in told]
    assert scores[0] == scores[1] != []


def test_months_of_a_newer_file(here, newer, tmp_path):
    code, _, err = here(
        "backtest", "--record", newer(NEWER), "--from", "2025-04", "--horizon", "month", "--out", tmp_path
    )
    assert (code, err) == (0, "")
    drone = json.loads((tmp_path / "backtest.json").read_text(encoding="utf-8"))["classes"]["drone"]
    assert drone["nights"] == 1
    assert "calendar_drawn" in drone["also"]


def test_rows_after_today_are_left_out_and_said(here, newer):
    code, out, _ = here("backtest", "--record", newer([*NEWER, row("2999-01-01")]), "--from", "2025-04")
    assert code == 0
    assert "time_end: found '2999-01-01 23:00', outside the years of the record" in " ".join(out.split())


def test_a_class_that_only_a_prior_speaks_for_is_labelled(here, newer):
    code, out, _ = here("forecast", "drone=30", "cruise=5", "supersonic=2", "--record", newer(NEWER[:30]))
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert lines["drone"].rstrip().endswith("record")
    assert lines["cruise"].rstrip().endswith("prior only")
    assert lines["supersonic"].rstrip().endswith("prior only")


@pytest.mark.parametrize(
    ("rows", "arguments", "said"),
    [
        ([row("2025-03-01", "Oreshnik-7")], (), "found unknown weapon 'Oreshnik-7'"),
        ([row("2025-03-01", source="PvKPivden/x")], (), "found no row that a rate can rest on"),
        ([row("2025-03-01")], ("--from", "2026-01"), "start: found 2026-01, but the record's last eligible row"),
        ([row("2025-03-01")], ("--from", "spring"), "month: found 'spring'; a month such as 2024-03"),
    ],
    ids=["unknown weapons only", "regional only", "start too late", "no month"],
)
def test_what_cannot_be_scored_is_one_plain_sentence(here, newer, rows, arguments, said):
    code, out, err = here("backtest", "--record", newer(rows), *arguments)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_one_night_of_zeros_is_scored_and_no_crash(here, newer):
    code, out, _ = here("backtest", "--record", newer([row("2025-03-01", destroyed=0)]))
    assert code == 0
    assert "its first forecast is the prior only" in " ".join(out.split())


def test_wrong_usage_of_forecast_is_named(here):
    for words, said in (
        ((), "either CLASS=NUMBER"),
        (("drone",), "CLASS=NUMBER"),
        (("drone=1", "drone=2"), "each class"),
    ):
        code, _, err = here("forecast", *words)
        assert code == 2
        assert said in " ".join(err.replace("│", " ").split())


def test_a_month_is_forecast_from_the_command_line(here):
    code, out, _ = here("forecast", "--month", "2024-07")
    assert code == 0
    assert all(name in out for name in ("drone", "cruise", "ballistic"))
    code, _, err = here("forecast", "--month", "2024-05")
    assert code == 1
    assert "but the record reaches 2024-06-29" in err


def test_a_file_with_faults_is_refused_where_that_is_asked_for(newer):
    path = newer(NEWER)
    with pytest.raises(InputError, match="2 faults"):
        read_record(path, strict=True)
    assert len(read_record(path).rows) == len(NEWER) - 2
