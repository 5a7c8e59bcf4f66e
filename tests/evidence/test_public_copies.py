"""Public copies of a list that grows: made-up twins of the shapes it is passed on in, each read as the list itself.

The rows are made up; the shapes are not: what a newer year, a spreadsheet, a notebook, a repository or a mirror does.
"""

import csv
import gzip
import io
import re
import zipfile

import pandas as pd
import pytest
from locations import SHARED, needs_shared
from trap_record import HEADER

from tegmen.evidence.record import read_record

NEEDED = ("time_start", "time_end", "model", "target", "launched", "destroyed", "not_reach_goal", "source")


NATIONAL = "kpszsu/posts/1"


def report(start, end, model, target, counts, post=NATIONAL):
    launched, destroyed, lost = counts
    named = {"time_start": start, "time_end": end, "model": model, "target": target, "source": post}
    numbers = {"launched": launched, "destroyed": destroyed, "not_reach_goal": lost}
    return dict.fromkeys(HEADER, "") | {"border_crossing": "{}"} | named | numbers


LIST = (
    report("2024-12-24", "2024-12-25 08:30", "X-101/X-555 and Kalibr", "Ukraine", ("31.0", "25.0", "")),
    report("2024-12-24 19:00", "2024-12-25 08:30", "Shahed-136/131", "Ukraine", ("62.0", "40.0", "21.0")),
    report("2024-12-20", "2024-12-20 07:40", "Iskander-M/KN-23", "Kyiv", ("5.0", "5.0", "")),
    report("2024-12-18", "2024-12-18", "X-59/X-69", "Odesa oblast", ("2.0", "2.0", ""), "PvKPivden/posts/3"),
    report("2024-12-17", "2024-12-17", "C-300 and Iskander-M", "Kharkiv oblast", ("4.0", "0.0", "")),
    report("2024-12-13", "2024-12-13 09:00", "Kalibr", "south", ("", "0.0", ""), "CinCAFU/posts/5"),
    report("2024-11-30 20:00", "2024-12-01 6:30", "Shahed-136/131", "north and center", ("10.0", "7.0", "3.0")),
    report("2024-11-21", "2024-11-21", "Orlan-10", "east", ("3.0", "3.0", ""), "pvkshid/posts/7"),
)


def written(rows=LIST, header=HEADER, separator=",", quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO()
    table = csv.DictWriter(
        out, header, extrasaction="ignore", delimiter=separator, quoting=quoting, lineterminator="\n"
    )
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()


def changed(pattern, by, columns):
    """The list with the texts of some columns written otherwise."""
    return [row | {name: re.sub(pattern, by, row[name]) for name in columns} for row in LIST]


def packed():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        pack.writestr("missiles_and_uavs.csv", "model,category,launch_platform\nKalibr,missile,ship\n")
        pack.writestr("missile_attacks_daily.csv", written())
    return buffer.getvalue()


TIMES, COUNTS = ("time_start", "time_end"), ("launched", "destroyed", "not_reach_goal")
DAY = r"(\d{4})-(\d\d)-(\d\d)"
LATER = {"cross_border_belarus": "2.0", "back_russia": "", "column_of_2031": "yes"}
DETAILS = {"destroyed_details": "{'Kyiv oblast': NaN, 'south': 2}", "affected region": "['Kyiv oblast', 'Sumy oblast']"}
INDEXED = [row | {"": str(place), "Unnamed: 0": str(place)} for place, row in enumerate(LIST)]
LABELS = {
    "X-101/X-555 and Kalibr": "Kalibr and Kh-101/Kh-555",
    "C-300 and Iskander-M": "Iskander-M and S-300",
    "Shahed-136/131": "SHAHED-136/131 ",
    "X-59/X-69": "Х-69/Х-59",  # Cyrillic letters
}

SHAPES = {
    "as downloaded": (written, ""),
    "oldest first": (lambda: written(LIST[::-1]), ""),
    "of 2022, before the late columns": (lambda: written(header=[name for name in HEADER if name in NEEDED]), ""),
    "of a later year, with more columns": (
        lambda: written([row | LATER for row in LIST], (*HEADER[:11], *LATER, *HEADER[11:])), "",
    ),
    "with details as Python texts": (lambda: written([row | DETAILS for row in LIST]), ""),
    "with cells over several lines": (lambda: written([row | {"carrier": "8 x\nTu-95MS"} for row in LIST]), ""),
    "columns in another order": (lambda: written(header=HEADER[::-1]), ""),
    "saved by pandas with its index": (lambda: written(INDEXED, ("", *HEADER)), ""),
    "saved by pandas twice": (lambda: written(INDEXED, ("Unnamed: 0", *HEADER)), ""),
    "counts as whole numbers": (lambda: written(changed(r"\.0", "", COUNTS)), ""),
    "missing counts as nan": (lambda: written(changed("^$", "nan", COUNTS)), ""),
    "missing counts as None": (lambda: written(changed("^$", "None", COUNTS)), ""),
    "every cell quoted": (lambda: written(quoting=csv.QUOTE_ALL), ""),
    "by a spreadsheet: byte-order mark, Windows line ends": (
        lambda: b"\xef\xbb\xbf" + written().replace("\n", "\r\n").encode(), "",
    ),
    "by a spreadsheet with commas for points": (
        lambda: written(
            [row | {name: row[name].replace(".", ",") for name in COUNTS} for row in changed(DAY, r"\3.\2.\1", TIMES)],
            separator=";",
        ),
        "semicolons between cells; day-first dates (25.12.2024 08:30 is 2024-12-25); decimal commas (17,0 is 17)",
    ),
    "by an American spreadsheet": (
        lambda: written(changed(DAY, r"\2/\3/\1", TIMES)), "month-first dates (12/25/2024 08:30 is 2024-12-25)",
    ),
    "as Unicode text of a spreadsheet": (
        lambda: written(separator="\t").encode("utf-16"), "UTF-16 text; tabs between cells",
    ),
    "times with T and seconds": (lambda: written(changed(r" (\d\d?:\d\d)$", r"T\1:00", TIMES)), ""),
    "in the zip of the download": (packed, "'missile_attacks_daily.csv' out of a zip"),
    "packed by a repository": (lambda: gzip.compress(written().encode()), "unpacked from gz"),
    "columns in capitals": (
        lambda: written().replace(",".join(HEADER), ",".join(HEADER).upper()),
        "columns written otherwise ('TIME_START' is time_start)",
    ),
    "with a title above": (
        lambda: "Attacks on Ukraine" + "," * 21 + "\n" + written(), "header on line 2, below 'Attacks on Ukraine'",
    ),
    "sources as links": (lambda: written(changed("^", "https://www.facebook.com/", ["source"])), ""),
    "labels in another spelling and order": (
        lambda: written([row | {"model": LABELS.get(row["model"], row["model"])} for row in LIST]), "",
    ),
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def of(content):
        path = tmp_path / "copy.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_record(path)

    return of


def test_the_shapes_are_as_many_as_are_known():
    assert len(SHAPES) >= 19


@pytest.mark.parametrize("shape", SHAPES)
def test_a_copy_is_read_as_the_list_itself(read, shape):
    make, note = SHAPES[shape]
    copy = read(make())
    pd.testing.assert_frame_equal(copy.rows, read(written()).rows)
    assert copy.notes == ((f"The file is read: {note}.",) if note else ())


def test_the_list_itself_is_read_right(read):
    """Second answer: the made-up list, added up by hand."""
    record = read(written())
    december = record.monthly().set_index(["month", "broad"]).loc["2024-12"]
    assert december.loc["owa_drone"].tolist() == [2, 72, 47, 0]
    assert december.loc["cruise"].tolist() == [2, 33, 27, 1]
    assert december.loc["ballistic"].tolist() == [2, 9, 5, 0]
    assert record.rows["lost"].sum() == 24
    assert [len(record.eligible(name)) for name in ("drone", "cruise", "ballistic")] == [2, 1, 1]


NEW = report("2025-01-02", "2025-01-02", "Zmei-3", "Kyiv", ("4.0", "1.0", ""))
TOTALS = dict.fromkeys(HEADER, "") | {"time_end": "Total", "launched": "117"}
DRONES = LIST[1]
SLIPS = {
    "a weapon never seen": (NEW, "model: found unknown weapon 'Zmei-3'"),
    "more shot down than launched": (DRONES | {"destroyed": "63.0"}, "destroyed: found 63 of 62 launched"),
    "a year of wrong digits": (DRONES | {"time_end": "2204-12-25"}, "time_end: found '2204-12-25', outside the years"),
    "an end before its start": (DRONES | {"time_start": "2024-12-26"}, "time_end: found '2024-12-25 08:30' before"),
    "no date": (DRONES | {"time_end": ""}, "time_end: found ''; a date"),
    "a count in words": (DRONES | {"launched": "about 60"}, "launched: found 'about 60'; a whole number"),
    "a row of totals": (TOTALS, "time_end: found 'Total'"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_a_copy_is_left_out_and_told(read, slip):
    row, said = SLIPS[slip]
    copy = read(written([row, *LIST]))
    pd.testing.assert_frame_equal(copy.rows, read(written()).rows)
    assert any(note.startswith("1 row of the file is left out, as it cannot be read; it ") for note in copy.notes)
    assert any(f"line 2, {said}" in note for note in copy.notes)


def test_a_copy_appended_to_itself_counts_once(read):
    copy = read(written() + written())
    pd.testing.assert_frame_equal(copy.rows, read(written()).rows)
    assert copy.notes[0].startswith("9 lines repeat an earlier line letter for letter (line 10, 11, ")


@needs_shared
@pytest.mark.parametrize("shape", ["plain", "gz", "semicolons", "UTF-16", "capitals", "index"])
def test_the_public_list_in_other_shapes(read, shape):
    content = (SHARED / "data" / "attacks" / "missile_attacks_daily.csv").read_bytes()
    table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    copy = {
        "plain": content,
        "gz": gzip.compress(content),
        "semicolons": table.to_csv(index=False, sep=";").encode(),
        "UTF-16": table.to_csv(index=False).encode("utf-16"),
        "capitals": table.rename(columns=str.upper).to_csv(index=False).encode(),
        "index": table.to_csv().encode(),
    }[shape]
    pd.testing.assert_frame_equal(read(copy).rows, read_record().rows)
