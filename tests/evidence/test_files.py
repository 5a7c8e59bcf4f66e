"""A stranger's table file: the same rows however a spreadsheet, a mailer or a download wrote them."""

import gzip
import io
import re
import time
import zipfile

import pandas as pd
import pytest
from locations import SHARED, needs_shared

from tegmen.errors import InputError
from tegmen.evidence.record import read_record

HEADER = "time_start,time_end,model,launch_place,target,launched,destroyed,not_reach_goal,source"
ROWS = (
    "2024-03-02 19:00,2024-03-03 08:00,Shahed-136/131,,Ukraine,17.0,15.0,,kpszsu/posts/a",
    "2024-03-21,2024-03-21 05:00,Iskander-M,,Kyiv,2.0,2.0,,kpszsu/posts/b",
    "2024-03-22,2024-03-22 05:00,Молнія,,Kharkiv oblast,3.0,1.0,,kpszsu/posts/c",
)
TABLE = "\n".join([HEADER, *ROWS]) + "\n"


WEAPONS = "model,country\nX-101,x\n"


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        for name, content in members.items():
            pack.writestr(name, content)
    return buffer.getvalue()


def redated(as_written):
    return re.sub(r"(\d{4})-(\d\d)-(\d\d)", as_written, TABLE).encode()


@pytest.fixture
def read(tmp_path):
    def from_bytes(content, **options):
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return read_record(path, **options)

    return from_bytes


def table(*rows):
    return "\n".join([HEADER, *rows]) + "\n"


def row(day="2024-03-01", model="Shahed-136/131", counts="40,30", post="x", start=None):
    return f"{start or day},{day},{model},,Ukraine,{counts},,kpszsu/posts/{post}"


def sums(record, threat_class=None):
    rows = record.rows if threat_class is None else record.eligible(threat_class)
    return int(rows["launched"].sum()), int(rows["intercepted"].sum())


# --- one table, many files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"\xef\xbb\xbf" + TABLE.encode(), None),
        (TABLE.replace("\n", "\r\n").encode(), None),
        (TABLE.replace("\n", "\r").encode(), None),
        (TABLE.replace(",", ";").encode(), "semicolons between cells"),
        (TABLE.replace(",", "\t").encode(), "tabs between cells"),
        (TABLE.encode("utf-16"), "UTF-16 text"),
        (TABLE.encode("utf-16-le"), "UTF-16 text"),
        (TABLE.encode("utf-16-be"), "UTF-16 text"),
        (TABLE.encode("cp1251"), "Windows Cyrillic text (cp1251)"),
        (TABLE.replace(",", "\t").encode("utf-16"), "UTF-16 text; tabs between cells"),
        (gzip.compress(TABLE.encode()), "unpacked from gz"),
        (zipped({"list.csv": TABLE}), "'list.csv' out of a zip"),
        (zipped({"a/b.csv": TABLE, "weapons.csv": WEAPONS, "__MACOSX/b.csv": TABLE}), "'a/b.csv' out of a zip"),
        (TABLE.replace("17.0", '"17,0"').encode(), "decimal commas (17,0 is 17)"),
        (redated(r"\3.\2.\1"), "day-first dates (03.03.2024 08:00 is 2024-03-03)"),
        (redated(r"\3/\2/\1"), "day-first dates (03/03/2024 08:00 is 2024-03-03)"),
        (redated(r"\3-\2-\1"), "day-first dates (03-03-2024 08:00 is 2024-03-03)"),
        (("sep=;\n" + TABLE.replace(",", ";")).encode(), "semicolons between cells"),
        (TABLE.replace("time_end", "Time End").encode(), "columns written otherwise ('Time End' is time_end)"),
        (f"Attacks,,,,\n\n{TABLE}".encode(), "header on line 3, below 'Attacks'"),
        ("\n".join(line + ",," * (line != HEADER) for line in TABLE.splitlines()).encode(), None),
        (TABLE.replace(":00,", ":00:00.000,").encode(), None),
        (redated(r"\2/\3/\1"), "month-first dates (03/03/2024 08:00 is 2024-03-03)"),
    ],
)
def test_the_same_rows_from_every_file(read, content, note):
    plain, odd = read(TABLE), read(content, strict=True)
    pd.testing.assert_frame_equal(odd.rows, plain.rows)
    assert odd.notes == (() if note is None else (f"The file is read: {note}.",))
    assert not plain.notes


def test_a_ukrainian_spreadsheet(read):
    lines = [
        "time_start;time_end;model;launch_place;target;launched;destroyed;source",
        "02.03.2024 19:00;03.03.2024 08:00;Shahed-136/131;;Ukraine;17,0;15,0;kpszsu/posts/a",
        "21.03.2024;21.03.2024 05:00;Iskander-M;;Kyiv;2,0;2,0;kpszsu/posts/b",
    ]
    record = read(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    assert record.rows["window_end"].tolist() == [pd.Timestamp(2024, 3, 3, 8), pd.Timestamp(2024, 3, 21, 5)]
    assert sums(record) == (19, 17)
    (note,) = record.notes
    assert note == (
        "The file is read: semicolons between cells; day-first dates (03.03.2024 08:00 is 2024-03-03); "
        "decimal commas (17,0 is 17)."
    )


def test_rows_above_the_header_are_never_passed_over(read):
    with pytest.raises(InputError, match=r"line 1: found '2024-03-02 19:00,.*; a header with the columns"):
        read("\n".join([ROWS[0], HEADER, ROWS[1]]))


def test_a_column_that_nothing_reads_may_stand_twice(read):
    text = "\n".join(line + ",x,y" for line in TABLE.splitlines()).replace("source,x,y", "source,carrier,carrier")
    pd.testing.assert_frame_equal(read(text).rows, read(TABLE).rows)


def test_dates_that_may_be_either_are_refused_once(read):
    rows = [row(f"0{month}/0{day}/2024", post=f"{month}{day}") for month in range(1, 10) for day in range(1, 10)]
    with pytest.raises(InputError) as caught:
        read(table(*rows))
    assert len(caught.value.faults) == 1
    assert "may begin with the day or with the month; YYYY-MM-DD is allowed" in caught.value.faults[0]


def test_one_date_that_may_be_either_is_a_fault_of_its_row(read):
    record = read(table(row(), row("2024-03-02"), row("03/04/2024")))
    assert sums(record) == (80, 60)
    assert any("line 4, time_end: found '03/04/2024'" in note for note in record.notes)


@pytest.mark.parametrize("count", ['"17,5"', '"1,000"', "17.5", "1e3", "٣"])
def test_a_count_that_may_be_two_numbers_is_none(read, count):
    record = read(table(row(), row(counts=f"{count},0")))
    assert sums(record) == (40, 30)
    assert any("line 3, launched: found" in note for note in record.notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<!-- gateway -->\n<html>", "found a web page, such as a log-in page"),
        ('\ufeff\n{"message": "Unauthorized"}', "found JSON; export the table as CSV"),
        ("<<<<<<< HEAD\n" + TABLE, "found marks of an unfinished merge"),
        ("{\\rtf1 time_end,model", "found a text document (RTF)"),
        (b"7z\xbc\xaf\x27\x1c\x00", "found a packed file of a kind that is not read; unpack it"),
        (b"BZh91AY", "found a packed file of a kind that is not read"),
        (b"PAR1\x15\x04\x15", "found a Parquet file; export the table as CSV"),
        (b"SQLite format 3\x00", "found a database; export the table as CSV"),
        (TABLE.encode("utf-32"), "found binary content"),
        ("404: Not Found", "so it is not a CSV of attack reports; a header with the columns time_end, model"),
        ("model,country\nX-101,x\n", "so it is not a CSV of attack reports"),
        (
            TABLE.replace("model", "a").replace("source", "b"),
            "line 1: columns 'model', 'source' are missing; found time",
        ),
    ],
)
def test_what_is_no_table_is_called_by_its_name(read, content, message):
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read(content)
    assert len(caught.value.faults) == 1


def test_bytes_that_no_encoding_explains_are_faults_of_their_row(read):
    content = table(*ROWS).encode().replace(b"Kyiv", b"Ky\xffv")
    record = read(content)
    assert sums(record) == (20, 16)
    assert any(note.startswith("line 3: found bytes that are not UTF-8") for note in record.notes)


def test_a_quote_without_its_pair_is_a_fault_of_its_line(read):
    record = read(table(row(), row("2024-03-02").replace("Ukraine", '"Ukraine'), row("2024-03-03"), row("2024-03-04")))
    assert sums(record) == (120, 90)
    assert any(note.startswith("line 3: not a CSV row") for note in record.notes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"a.csv": "a,b\n", "b.csv": "c,d\n"}), "a zip with 'a.csv', 'b.csv'; one table of reports"),
        (zipped({}), "a zip with nothing; one table"),
        (zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""}), "found a spreadsheet; save its sheet"),
        (gzip.compress(TABLE.encode())[:-20], "a packed file that cannot be opened"),
        (zipped({"list.csv": TABLE})[:-30], "a packed file that cannot be opened"),
    ],
)
def test_packed_files_that_hold_no_table(read, content, message):
    with pytest.raises(InputError, match=re.escape(message)):
        read(content)


def test_a_small_file_that_unpacks_to_much_is_refused(read, monkeypatch):
    monkeypatch.setattr("tegmen.evidence.files.SIZE_MAX", 100_000)
    for content in (gzip.compress(bytes(200_000)), b"x" * 100_001):
        with pytest.raises(InputError, match="larger than 100,000 bytes"):
            read(content)


def test_a_missing_column_is_said_before_any_row(read):
    with pytest.raises(InputError) as caught:
        read(table("yesterday,never,Zmei,,,-4,many,,").replace("model", "weapon"))
    assert [fault.split(";")[0] for fault in caught.value.faults] == ["line 1: column 'model' is missing"]


# --- rows at fault ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["0202-03-01", "1024-03-01", "1924-03-01", "2012-03-01", "2062-03-01", "9999-12-31"])
def test_a_day_outside_the_years_of_the_record_is_left_out_at_once(read, day):
    began = time.perf_counter()
    record = read(table(row(), row(day, post="slip")))
    assert time.perf_counter() - began < 2
    assert record.rows["window_end"].tolist() == [pd.Timestamp(2024, 3, 1)]
    assert any(f"line 3, time_end: found '{day}', outside the years of the record" in note for note in record.notes)
    with pytest.raises(InputError, match="outside the years of the record; a day from 2022 to today is allowed"):
        read(table(row(), row(day)), strict=True)


def test_tomorrow_is_after_today_and_today_is_not(read):
    now = pd.Timestamp.now("Europe/Kyiv")
    # Midday, so that the hour between Kyiv's summer and winter time cannot matter.
    today, later = (now.normalize() + pd.Timedelta(days=days) for days in (-1, 2))
    record = read(table(row(f"{today:%Y-%m-%d} 12:00"), row(f"{later:%Y-%m-%d} 12:00")))
    assert record.rows["window_end"].dt.date.tolist() == [today.date()]


@pytest.mark.parametrize(
    ("start", "end", "sound"),
    [
        ("2024-03-02 19:00", "2024-03-02 18:59", False),
        ("2024-03-02", "2024-03-01 23:00", False),
        ("2024-03-02 19:00", "2024-03-01", False),
        ("2024-03-02 19:00", "2024-03-02 19:00", True),
        ("2024-03-02 19:00", "2024-03-02", True),  # a bare date is the whole day
        ("2024-03-02", "2024-03-02 08:00", True),
        ("", "2024-03-02 08:00", True),
    ],
)
def test_windows_end_after_they_begin(read, start, end, sound):
    record = read(table(row(), f"{start},{end},Kalibr,,Ukraine,4,1,,kpszsu/posts/a"))
    assert (len(record.rows) == 2) is sound
    assert sum("before the start" in note for note in record.notes) == (not sound)


def test_unknown_weapons_are_left_out_and_what_they_would_have_changed_is_told(read):
    record = read(
        table(
            *ROWS[:2],
            "2024-10-15,2024-10-15,Aerial Bomb,,Kherson oblast,16.0,0.0,,PvKPivden/posts/c",
            "2024-07-28,2024-07-28,Ортограф,,south,1.0,1.0,,PvKPivden/posts/d",
        )
    )
    assert len(record.eligible("drone")) == len(record.eligible("ballistic")) == 1
    head, bomb, other = record.notes
    assert head == "2 rows of the file are left out, as they cannot be read; none of them would have entered a rate:"
    assert bomb.startswith("line 4, model: found unknown weapon 'Aerial Bomb'")
    assert bomb.endswith("(left out: 2024-10-15, 16 launched, 0 intercepted; no rate would have counted it)")
    assert other.startswith("line 5, model: found unknown weapon 'Ортограф'")


def test_rows_of_one_unknown_weapon_are_told_together(read):
    rows = [
        f"2024-10-{day},2024-10-{day},Aerial Bomb,,Kherson oblast,16.0,1.0,,{post}/x"
        for day, post in ((10, "kpszsu"), (11, "PvKPivden"), (12, "kpszsu"))
    ]
    head, bombs, other = read(table(*ROWS[:2], *rows, row(model="Zmei"), *(row(post=f"{n}") for n in range(2)))).notes
    assert head == "4 rows of the file are left out, as they cannot be read; 3 of them might have entered a rate:"
    assert bombs.startswith("lines 4, 5, 6, model: found unknown weapon 'Aerial Bomb'")
    effect = "2024-10-10 to 2024-10-12, 48 launched, 3 intercepted in all; a rate might have counted 2 of the 3 rows"
    assert bombs.endswith(f"(left out: {effect})")
    assert other.startswith("line 7, model: found unknown weapon 'Zmei'")


def test_more_shot_down_than_launched_is_left_out_with_a_note(read):
    record = read(table(row(), "2024-02-07 04:00,2024-02-07 04:10,3M22 Zircon,,Kyiv oblast,2.0,4.0,,kpszsu/posts/b"))
    assert sums(record) == (40, 30)
    assert record.notes[0] == ("1 row of the file is left out, as it cannot be read; it might have entered a rate:")
    assert "found 4 of 2 launched" in record.notes[1]
    assert record.notes[1].endswith(
        "(left out: national, 2024-02-07, 2 launched, 4 intercepted; a rate might have counted it)"
    )


def test_a_row_whose_cells_cannot_be_told_apart_may_have_entered_a_rate(read):
    head, fault = read(table(row(), "2024-03-02,2024")).notes
    assert head == "1 row of the file is left out, as it cannot be read; it might have entered a rate:"
    assert fault.endswith("(left out: its cells cannot be told apart; a rate might have counted it)")


def test_a_count_that_cannot_be_read_may_have_entered_a_rate(read):
    record = read(table(row(), row(counts="40,many")))
    assert record.notes[1].endswith(
        "(left out: national, 2024-03-01, unknown launched, unknown intercepted; a rate might have counted it)"
    )


def test_uneven_rows_of_a_compiled_table_are_left_out(read):
    head = "window_end,threat_class,weapon,zone,channel,launched,intercepted,lost,rows,rows_uncounted"
    good, bad = "2024-03-02,drone,Shahed,UA-30,national,4,1,,1,0", "2024-03-03,drone,Shahed,UA-30,national,4,1,,0,1"
    worse = "2024-03-04,rocket,Kinzhal,UA-30,national,4,1,,0,1"
    record = read(f"{head}\n{good}\n{bad}\n{worse}\n")
    assert sums(record) == (4, 1)
    assert [note[:14] for note in record.notes[1:]] == ["line 3, rows: ", "line 4, threat"]


def test_a_file_of_nothing_but_faults_is_refused(read):
    with pytest.raises(InputError, match="2 faults"):
        read(table(row(model="Zmei"), row(counts="4,9")))


# --- the cases of outside readers ---------------------------------------------------------------------------------


CASES = {
    "unknown_weapon.csv": ([("drone", 17, 15), ("ballistic", 2, 2)], ["line 4, model: found unknown weapon 'Aerial B"]),
    "kills_exceed.csv": ([("drone", 40, 30)], ["line 3, destroyed: found 4 of 2 launched"]),
    "lost_exceed_and_missing.csv": ([("drone", 46, 35), ("cruise", 0, 0)], []),
    "exact_duplicate.csv": ([("drone", 112, 68)], ["1 line repeats an earlier line letter for letter (line 3)"]),
    "semicolon_uk_excel.csv": (
        [("drone", 17, 15), ("ballistic", 2, 2)],
        ["The file is read: semicolons between cells; day-first dates"],
    ),
}


@needs_shared
@pytest.mark.parametrize("case", CASES)
def test_cases_that_failed_once(case):
    totals, said = CASES[case]
    record = read_record(SHARED / "cases" / case)
    assert [(name, *sums(record, name)) for name, *_ in totals] == totals
    for words in said:
        assert any(words in note for note in record.notes)
    assert bool(record.notes) is bool(said)


@needs_shared
def test_a_case_of_lost_beside_unknown_counts():
    both = read_record(SHARED / "cases" / "lost_exceed_and_missing.csv").counting("intercepted+lost")
    assert both.eligible("drone")["intercepted"].tolist() == [16, 28]
    assert both.eligible("cruise").empty
    assert "In 1 row the two exceed what was launched" in both.notes[-1]


@needs_shared
def test_every_case_of_a_record_is_read_here():
    files = {path.name for path in (SHARED / "cases").glob("*.csv")} - {"claims.csv", "weapons.csv"}
    assert files == set(CASES)
