"""The ledger: nothing lost, nothing changed, every fault of a file named, two writers at once, killed in the middle."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from locations import SHARED

import tegmen
from tegmen.errors import InputError, hidden_fault
from tegmen.ledger.databases import APPLICATION_ID, SCHEMA_VERSION
from tegmen.ledger.entries import ENTRY_KINDS, HEDGES, ROLES, STAGES, Entry, Quantity, Source
from tegmen.ledger.files import making
from tegmen.ledger.jsonl import BYTES_MOST, entries_of, line_of, read_bytes, read_lines, sources_of
from tegmen.ledger.store import new_ledger, open_ledger

DATA = Path(tegmen.__file__).parent / "data"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forking and SIGKILL are POSIX")

PRESS = Source("Example Press", "A headline", "example.org", dt.date(2024, 4, 3), reliability="B", credibility="2")
MARCH = (dt.date(2024, 3, 1), dt.date(2024, 3, 31))


def drones(count: float, **more) -> Entry:
    quantity = Quantity(count, count, count, "exact", "drones")
    fields = {"thing": "drones launched", "quantity": quantity, "period": MARCH, "source": PRESS.id} | more
    return Entry("statement", **fields)


def is_whole(file: Path) -> bool:
    """Whether a ledger's file is to the byte what the ledger exports, and nothing lies about beside it."""
    with open_ledger(file) as ledger:
        lines = "".join(f"{line}\n" for line in ledger.export()) or "\n"
    return file.read_text(encoding="utf-8") == lines and [path.name for path in file.parent.iterdir()] == [file.name]


# ------------------------------------------------------------------ adding


def test_what_was_added_is_there_after_closing(tmp_path):
    file = tmp_path / "a.db"
    with new_ledger(file, empty=True) as ledger:
        (id_,) = ledger.add([PRESS], [drones(600)])
    with open_ledger(file) as ledger:
        assert ledger.entry(id_) == drones(600)
        assert ledger.sources() == {PRESS.id: PRESS}
    assert is_whole(file)


def test_the_same_content_twice_is_one_entry():
    with new_ledger(empty=True) as ledger:
        first = ledger.add([PRESS], [drones(600)])
        again = ledger.add([PRESS], [drones(600.0), drones(600)])
        assert again == first * 2
        assert len(ledger) == 1


def test_five_and_five_point_nought_are_one_quantity():
    assert drones(5).id == drones(5.0).id
    assert drones(0).id == drones(-0.0).id
    assert drones(5).id != drones(6).id


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (drones(1, source=""), "source: found nothing"),
        (drones(1, source="source-000000000000"), "source: found 'source-000000000000', which is not in the ledger"),
        (drones(1, corrects="statement-000000000000", note="why"), "corrects: found 'statement-000000000000'"),
        (drones(1, of="commitment-000000000000"), "only commitments have a life"),
    ],
)
def test_what_hangs_in_the_air_is_refused_and_nothing_is_added(entry, fault):
    with new_ledger(empty=True) as ledger:
        with pytest.raises(InputError, match=fault):
            ledger.add([PRESS], [drones(2), entry])
        assert len(ledger) == 0
        assert ledger.sources() == {}
        ledger.add([PRESS], [drones(2)])  # the failed transaction is closed


def test_a_correction_says_why_and_takes_the_place_of_what_it_corrects():
    with new_ledger(empty=True) as ledger:
        (old,) = ledger.add([PRESS], [drones(600)])
        with pytest.raises(InputError, match="a correction says why"):
            ledger.add([], [drones(610, corrects=old, note="  ")])
        (new,) = ledger.add([], [drones(610, corrects=old, note="misread")])
        (newest,) = ledger.add([], [drones(620, corrects=new, note="misread again")])
        assert list(ledger.current()) == [newest]
        for each in (old, new, newest):
            assert list(ledger.history(each)) == [old, new, newest]
        assert ledger.entry(old) == drones(600)


def test_a_ledger_only_grows_and_what_it_held_stays_to_the_byte(tmp_path):
    file = tmp_path / "a.jsonl"
    with new_ledger(file) as ledger:
        before = file.read_text(encoding="utf-8").splitlines()
        ledger.add([PRESS], [drones(600, date=dt.date(2023, 4, 3))])
    after = file.read_text(encoding="utf-8").splitlines()
    assert [line for line in after if line in before] == before
    assert len(after) == len(before) + 2
    assert is_whole(file)


def test_what_is_acknowledged_is_synchronised_with_the_disk(tmp_path, monkeypatch):
    # A power cut cannot be tried here: the content must be on the disk before it has the name, and the name after that.
    file, told = tmp_path / "a.jsonl", list[tuple[str, bool]]()
    sync, replace_ = os.fsync, Path.replace

    def synchronised(handle: int) -> None:
        told.append(("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file", file.stat().st_size > 1))
        sync(handle)

    def renamed(path: Path, target: Path) -> Path:
        told.append(("name", file.stat().st_size > 1))
        return replace_(path, target)

    with new_ledger(file, empty=True) as ledger:
        monkeypatch.setattr(os, "fsync", synchronised)
        monkeypatch.setattr(Path, "replace", renamed)
        ledger.add([PRESS], [drones(600)])
    assert told == [("file", False), ("name", False), ("folder", True)]


def test_what_a_link_points_to_is_added_to_and_keeps_its_rights(tmp_path):
    file, link = tmp_path / "a.jsonl", tmp_path / "link"
    new_ledger(file, empty=True)
    file.chmod(0o640)
    link.symlink_to(file)
    with open_ledger(link) as ledger:
        ledger.add([PRESS], [drones(600)])
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    with open_ledger(file) as ledger:
        assert list(ledger.current()) == [drones(600).id]


# ------------------------------------------------------------------ views


def test_views_by_kind_thing_speaker_and_day():
    said = drones(600, speaker="Volodymyr Zelensky", date=dt.date(2024, 4, 3))
    april = drones(500, period=(dt.date(2024, 4, 1), dt.date(2024, 4, 30)))
    met = Entry("meeting", participants=("A", "B"), date=dt.date(2024, 3, 31), source=PRESS.id)
    with new_ledger(empty=True) as ledger:
        ledger.add([PRESS], [said, april, met])
        assert set(ledger.current(kind="meeting")) == {met.id}
        assert set(ledger.current(thing="  Drones  LAUNCHED")) == {said.id, april.id}
        assert set(ledger.current(speaker="zelensky")) == {said.id}
        assert set(ledger.current(at=dt.date(2024, 3, 31))) == {said.id, met.id}  # last day of the period counts
        assert set(ledger.current(at=dt.date(2024, 4, 3))) == {said.id, april.id}
        assert ledger.current(kind="measure") == {}
        assert ledger.current(thing="' OR 1 --") == {}


def test_rivals_are_of_the_same_thing_and_period_and_not_of_the_own_history():
    other = replace(PRESS, publisher="Other Press")
    mine, theirs = drones(600), drones(650, thing="Drones  launched", source=other.id)
    april = drones(640, period=(dt.date(2024, 4, 1), dt.date(2024, 4, 30)))
    pledged = Entry("commitment", thing="drones launched", status="pledged", period=MARCH, source=PRESS.id,
                    quantity=mine.quantity)  # fmt: skip
    with new_ledger(empty=True) as ledger:
        ledger.add([PRESS, other], [mine, theirs, april, pledged, replace(theirs, quantity=None)])
        (corrected,) = ledger.add([], [drones(610, corrects=mine.id, note="misread")])
        assert set(ledger.rivals(corrected)) == {theirs.id}
        assert set(ledger.rivals(theirs.id)) == {corrected}
        assert ledger.rivals(april.id) == {}
        assert [set(group) for group in ledger.disputed()] == [{corrected, theirs.id}]


def test_two_accounts_of_one_incident_are_rivals_by_its_day():
    def flight(seconds: float, day: int) -> Entry:
        quantity = Quantity(seconds, seconds, seconds, "exact", "seconds")
        return Entry("incident", thing="violation", quantity=quantity, date=dt.date(2024, 3, day), source=PRESS.id)

    with new_ledger(empty=True) as ledger:
        ids = ledger.add([PRESS], [flight(39, 24), flight(45, 24), flight(39, 25)])
        assert set(ledger.rivals(ids[0])) == {ids[1]}


def test_what_was_launched_is_no_rival_of_what_was_shot_down():
    launched, destroyed = drones(16, thing="drones", role="launched"), drones(14, thing="drones", role="destroyed")
    unsaid, other = drones(16, thing="drones"), drones(15, thing="Drones", role="destroyed")
    assert len({launched.id, destroyed.id, unsaid.id}) == 3
    with new_ledger(empty=True) as ledger:
        ledger.add([PRESS], [launched, destroyed, unsaid, other])
        assert ledger.rivals(launched.id) == {}
        assert set(ledger.rivals(destroyed.id)) == {other.id}
        assert [set(group) for group in ledger.disputed()] == [{destroyed.id, other.id}]


@pytest.mark.parametrize(
    ("kind", "more", "fault"),
    [("statement", {"role": "flown"}, "role: found 'flown', allowed: launched, destroyed"),
     ("commitment", {"role": "held", "status": "pledged"}, "a commitment's is its status")],
)  # fmt: skip
def test_a_role_that_no_entry_has_is_refused(kind, more, fault):
    with pytest.raises(InputError, match=fault):
        Entry(kind, thing="drones", **more)


def test_an_unknown_id_is_told_with_its_neighbours():
    with new_ledger(empty=True) as ledger:
        (id_,) = ledger.add([PRESS], [drones(600)])
        with pytest.raises(InputError, match=f"no entry '{id_[:-1]}'; did you mean: {id_}"):
            ledger.history(id_[:-1])


# ------------------------------------------------------------------ lines

WORDS = st.text(st.characters().filter(lambda character: hidden_fault(character) is None), max_size=12)
DAYS = st.dates(dt.date(2022, 1, 1), dt.date(2026, 1, 1))
COUNTS = st.floats(0, 1e12, allow_nan=False)
QUANTITIES = st.builds(
    lambda values, hedge, unit: Quantity(*sorted(values), hedge, unit),
    st.tuples(COUNTS, COUNTS, COUNTS), st.sampled_from(HEDGES), WORDS,
)  # fmt: skip
SOURCES = st.builds(
    Source, WORDS.filter(str.strip), WORDS, WORDS, st.none() | DAYS, st.none() | DAYS, st.just("a0" * 32),
    st.sampled_from("ABCDEF"), st.sampled_from("123456"), WORDS,
)  # fmt: skip
ENTRIES = st.builds(
    lambda kind, stage, role, **more: Entry(
        kind, status=stage if kind == "commitment" else "", role="" if kind == "commitment" else role, **more
    ),
    st.sampled_from(ENTRY_KINDS), st.sampled_from(STAGES), st.sampled_from(("", *ROLES)),
    speaker=WORDS, via=WORDS, thing=WORDS,
    quantity=st.none() | QUANTITIES, period=st.none() | st.tuples(DAYS, DAYS).map(lambda days: tuple(sorted(days))),
    date=st.none() | DAYS, place=WORDS, participants=st.lists(WORDS, max_size=3).map(tuple),
    topics=st.lists(WORDS, max_size=2).map(tuple), due=st.none() | DAYS, source=st.just(PRESS.id),
    evidence=st.none() | st.tuples(st.integers(0, 50), st.integers(51, 99)), doubtful=st.booleans(), note=WORDS,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(SOURCES, st.lists(ENTRIES, max_size=4))
def test_export_and_import_lose_nothing(source, entries):
    with new_ledger(empty=True) as ledger, new_ledger(empty=True) as copy:
        ids = ledger.add([PRESS, source], entries)
        text = "\n".join(ledger.export())
        copy.take_in(text.encode(), "copy")
        copy.take_in(text.encode(), "copy again")
        assert list(copy.export()) == list(ledger.export())
        assert {each: copy.entry(each) for each in ids} == dict(zip(ids, entries, strict=True))
        assert copy.sources() == ledger.sources()
        assert all(copy.entry(each).id == each for each in ids)


def test_lines_are_sorted_by_content_whatever_came_first():
    entries = [drones(count, date=dt.date(2024, 4, count % 28 + 1)) for count in range(20)]
    with new_ledger(empty=True) as one, new_ledger(empty=True) as two:
        one.add([PRESS], entries)
        for entry in reversed(entries):
            two.add([PRESS], [entry])
        lines = list(one.export())
        assert lines == list(two.export())
        # One more entry is one more line, and moves no other: a version control system shows one line added.
        two.add([], [drones(99, date=dt.date(2024, 4, 9))])
        more = list(two.export())
        assert [line for line in more if line in lines] == lines
        assert len(more) == len(lines) + 1
    assert len(lines) == 21
    for line in lines:
        names = list(json.loads(line))
        assert names == sorted(names)


def test_two_exports_merge_and_both_corrections_stay_visible():
    with new_ledger(empty=True) as one, new_ledger(empty=True) as two:
        (old,) = one.add([PRESS], [drones(600)])
        two.take_in("\n".join(one.export()).encode(), "one")
        (mine,) = one.add([], [drones(610, corrects=old, note="mine")])
        (theirs,) = two.add([], [drones(620, corrects=old, note="theirs")])
        # As git merges two branches that each add a line; the correction may stand before what it corrects.
        merged = "\n".join(reversed([*one.export(), *two.export()])).encode()
        one.take_in(merged, "merged")
        two.take_in(merged, "merged")
        assert list(one.export()) == list(two.export())
        assert set(one.current()) == {mine, theirs}
        assert set(one.history(mine)) == {old, mine, theirs}


def test_an_entry_may_carry_its_source_and_needs_no_id():
    line = {"kind": "statement", "thing": "x", "source": {"publisher": "Example Press"}}
    with new_ledger(empty=True) as ledger:
        (id_,) = ledger.take_in(json.dumps(line).encode(), "lines")
        assert ledger.sources()[ledger.entry(id_).source].publisher == "Example Press"


def written(item: Source | Entry) -> str:
    return line_of(item, item.id)


GOOD = written(drones(600))


def changed(**more) -> str:
    return json.dumps({name: value for name, value in (json.loads(GOOD) | more).items() if name != "id"})


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", r"line 2: found '\{', which is not JSON"),
        ("[1]", r"line 2: found '\[1\]'; an object"),
        ("7" * 5000, "line 2: found '7777"),
        ("[" * 100_000, "which is not JSON"),
        ('{"kind": "statement", "kind": "meeting"}', "'kind' twice in one object"),
        ('{"kind": "rumour"}', "kind: found 'rumour', allowed: source, statement, meeting"),
        (changed(speeker="x"), "speeker: unknown key; allowed keys are kind, speaker, via"),
        (changed(date="2024-02-30"), "date: found '2024-02-30', which is no day of the calendar"),
        (changed(date="3 April 2024"), "date: found '3 April 2024'; a day is written YYYY-MM-DD"),
        (changed(date=20240403), "date: found 20240403; a day is written YYYY-MM-DD"),
        (changed(period=["2024-03-31", "2024-03-01"]), "the first day must not be the later"),
        (changed(period=["2024-03-31"]), r"period\[1\]: missing"),
        (changed(quantity={"low": 7, "high": 5, "hedge": "range", "unit": "x"}), "must be low <= best <= high"),
        (changed(quantity={"low": -1, "hedge": "exact", "unit": "x"}), "finite numbers from 0 up"),
        (changed(quantity={"low": "7", "hedge": "exact", "unit": "x"}), "quantity.low: found '7'"),
        (changed(quantity={"low": True, "hedge": "exact", "unit": "x"}), "quantity.low: found True"),
        (changed(quantity={"low": 7, "hedge": "roughly", "unit": "x"}), "quantity.hedge: found 'roughly'"),
        (changed(quantity={"hedge": "exact", "unit": "x"}), "give at least one of them"),
        (changed(quantity={"low": 7, "hedge": "exact", "unit": "x", "max": 9}), "quantity.max: unknown key; allowed"),
        (GOOD.replace("600.0", "NaN"), "NaN is no number"),
        (GOOD.replace("600.0", "1e999"), "quantity.low: found inf"),
        (changed(quantity={"low": 10**400, "hedge": "exact", "unit": "x"}), "quantity.low: found"),
        (changed(thing="\ud800"), "surrogates not allowed"),
        (changed(doubtful="yes"), "doubtful: found 'yes'"),
        (changed(source=""), "source: found nothing"),
        (changed(corrects="statement-000000000000"), "which is not in the ledger"),
        (GOOD.replace("600", "601"), "an entry is never changed"),
        ('{"kind": "source", "publisher": " "}', "publisher: found nothing"),
        ('{"kind": "source"}', "publisher: missing; add it"),
        ('{"kind": "source", "publisher": "x", "reliability": "G"}', "reliability: found 'G', allowed: one letter A-F"),
    ],
)  # fmt: skip
def test_a_faulty_line_is_named_with_what_is_allowed_and_nothing_is_added(line, fault):
    with new_ledger(empty=True) as ledger:
        with pytest.raises(InputError, match=fault) as raised:
            ledger.take_in(f"{written(PRESS)}\n{line}\n{GOOD}\n".encode("utf-8", "surrogatepass"), "lines.jsonl")
        assert "line 2" in str(raised.value)
        assert len(ledger) == 0


def test_every_fault_of_a_file_is_named_once_with_its_line():
    first = json.loads(changed(date="2024-02-30", foo=1)) | {"id": "statement-aaaaaaaaaaaa"}
    # Refers to a line that is faulty itself: that is no second fault.
    second = changed(corrects="statement-aaaaaaaaaaaa", note="why")
    text = "\n".join([written(PRESS), json.dumps(first), second, "", "nonsense", changed(source="source-0")])
    with new_ledger(empty=True) as ledger, pytest.raises(InputError) as raised:
        ledger.take_in(text.encode(), "lines.jsonl")
    faults = raised.value.faults
    assert [fault.split(":")[0] for fault in faults] == ["line 2", "line 2", "line 5", "line 6"]
    assert raised.value.where == "lines.jsonl"


def test_a_thousand_faults_are_counted_and_twenty_shown():
    with new_ledger(empty=True) as ledger, pytest.raises(InputError, match=r"and 980 more \(1000 faults in all\)"):
        ledger.take_in(b"x\n" * 1000, "lines.jsonl")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", "binary content"),
        (GOOD.encode("utf-16"), "UTF-16"),
        ("\n{Łódź}".encode("iso8859-2"), "line 2: found byte 0xa3, which is not UTF-8"),
        (b"x" * (BYTES_MOST + 1), "at most 20 MB are read at once: split the file"),
    ],
    ids=["empty", "blank", "binary", "utf-16", "latin-2", "large"],
)  # fmt: skip
def test_what_is_no_file_of_lines_is_refused(content, fault):
    with new_ledger(empty=True) as ledger, pytest.raises(InputError, match=fault):
        ledger.take_in(content, "lines.jsonl")


def test_of_a_50_mb_file_no_more_is_read_than_shows_that_it_is_too_large(tmp_path):
    file = tmp_path / "large.jsonl"
    with file.open("wb") as handle:
        handle.truncate(50_000_000)
    assert len(read_bytes(file)) == BYTES_MOST + 1
    with pytest.raises(InputError, match="at most 20 MB"):
        read_lines(read_bytes(file), str(file))


def test_a_byte_order_mark_windows_line_ends_and_odd_line_breaks_do_no_harm():
    odd = drones(1, note="\u2028 and \u2029 are separators")
    content = "\ufeff" + "\r\n".join([written(PRESS), written(odd), ""])
    with new_ledger(empty=True) as ledger:
        assert ledger.take_in(content.encode(), "lines") == (odd.id,)
        assert ledger.entry(odd.id) == odd


@pytest.mark.parametrize("name", ["missing.jsonl", "", "a\0b"])
def test_what_cannot_be_read_is_said(tmp_path, name):
    with pytest.raises(InputError, match="cannot be read"):
        read_bytes(tmp_path / name)


# ------------------------------------------------------------------ opening


def test_what_is_no_ledger_is_refused_in_plain_words(tmp_path):
    table, empty, article = tmp_path / "a.csv", tmp_path / "empty", tmp_path / "article"
    table.write_text("date,launched\n2024-03-01,7\n")
    article.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    empty.touch()
    for path, fault in (
        (tmp_path / "missing.jsonl", "no such ledger; check the path, or make one with `tegmen ledger new"),
        (tmp_path, "found a folder"),
        (table, "found another format, not a ledger"),
        (article, "found another format, not a ledger"),
        (empty, "found an empty file, not a ledger"),
    ):
        with pytest.raises(InputError, match=fault):
            open_ledger(path)


def test_an_export_is_a_ledger_and_so_are_two_that_git_merged(tmp_path):
    one, two, merged = (tmp_path / name for name in ("one.jsonl", "two.jsonl", "merged.jsonl"))
    with new_ledger(empty=True) as ledger:
        ledger.add([PRESS], [drones(600)])
        one.write_text("".join(f"{line}\n" for line in ledger.export()))
        ledger.add([], [drones(610)])
        two.write_text("".join(f"{line}\n" for line in ledger.export()))
    merged.write_text(two.read_text() + "\n" + one.read_text())
    by_hand = {"kind": "statement", "thing": "x", "source": {"publisher": "Example Press"}}
    merged.write_text(merged.read_text() + json.dumps(by_hand))
    with open_ledger(merged) as ledger:
        assert len(ledger) == 3
        ledger.add([], [drones(620, source=PRESS.id)])
    with open_ledger(merged) as ledger:
        assert len(ledger) == 4
    assert len(set(lines := merged.read_text().splitlines())) == len(lines) == 6


# As tegmen kept ledgers before: the tables and marks of its schema 1.
OLD_SCHEMA = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE source (id TEXT PRIMARY KEY, published TEXT, publisher TEXT NOT NULL, line TEXT NOT NULL);
CREATE TABLE entry (id TEXT PRIMARY KEY, kind TEXT, thing TEXT, speaker TEXT, day TEXT, first TEXT, last TEXT,
                    counted INTEGER, source TEXT, begun TEXT, corrects TEXT, line TEXT NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


def old_ledger(file: Path, entries: list[Entry], more: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript(OLD_SCHEMA)
    connection.execute("INSERT INTO source VALUES (?, '', '', ?)", (PRESS.id, written(PRESS)))
    for entry in entries:
        connection.execute("INSERT INTO entry (id, line) VALUES (?, ?)", (entry.id, written(entry)))
    connection.executescript(more)
    return connection


@pytest.mark.parametrize("still_open", [False, True], ids=["closed", "with a log left beside it"])
def test_an_old_ledger_is_read_and_its_export_is_one_that_can_be_added_to(tmp_path, here, still_open):
    file, new = tmp_path / "old.db", tmp_path / "new.jsonl"
    writer = old_ledger(file, [drones(600), drones(610)])
    if not still_open:
        writer.close()
    before = file.read_bytes()
    with open_ledger(file) as ledger:
        assert list(ledger.current()) == sorted([drones(600).id, drones(610).id])
        with pytest.raises(
            InputError, match=r"a database of an earlier tegmen.*ledger export --ledger \S*old\.db --out"
        ):
            ledger.add([], [drones(620)])
    assert here("ledger", "export", "--ledger", file, "--out", new).code == 0
    assert file.read_bytes() == before
    writer.close()
    with open_ledger(new) as ledger:
        ledger.add([], [drones(620)])
        assert len(ledger) == 3


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("PRAGMA application_id = 7", "an SQLite file that is not a ledger"),
        ("PRAGMA user_version = 2", "found a ledger of schema 2; export it to JSON Lines with the tegmen that made it"),
        ("CREATE VIEW v AS SELECT 1", "found views, which no ledger of ours has"),
        ("UPDATE entry SET line = replace(line, '600.0', '700.0')", "an entry is never changed"),
        ("UPDATE entry SET line = x'ff00'", "the file is damaged"),
        ("DELETE FROM source", "which is not in the ledger"),
    ],
)
def test_an_old_ledger_that_is_damaged_or_none_is_refused(tmp_path, more, fault):
    old_ledger(tmp_path / "old.db", [drones(600)], more).close()
    with pytest.raises(InputError, match=fault):
        open_ledger(tmp_path / "old.db")


def test_a_file_that_only_begins_as_a_database_is_damaged(tmp_path):
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(InputError, match="the file is damaged"):
        open_ledger(tmp_path / "broken.db")


def test_nothing_is_ever_written_over(tmp_path):
    file = tmp_path / "a.db"
    new_ledger(file).close()
    before = file.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        new_ledger(file)
    with pytest.raises(InputError, match="cannot be made"):
        new_ledger(tmp_path / "no" / "such" / "folder.db")
    assert file.read_bytes() == before


def test_the_shipped_ledger_can_be_read_and_not_added_to():
    with open_ledger() as ledger:
        with pytest.raises(InputError, match="can only be read; make a ledger of your own"):
            ledger.add([PRESS], [])
        assert len(ledger) > 50


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("left_open", [False, True])
def test_a_read_only_place_can_be_looked_at(tmp_path, left_open):
    file = tmp_path / "a.db"
    writer = new_ledger(file, empty=True)
    writer.add([PRESS], [drones(600)])
    if not left_open:
        writer.close()
    tmp_path.chmod(0o555)
    try:
        with open_ledger(file) as ledger:
            assert len(ledger.current()) == 1
            with pytest.raises(InputError, match="can only be read"):
                ledger.add([PRESS], [drones(601)])
    finally:
        tmp_path.chmod(0o755)
        writer.close()


def test_opening_the_ledger_loads_no_heavy_library():
    code = "import sys, tegmen; tegmen.open_ledger(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()} & {"numpy", "pandas", "numba", "pydantic"} == set()


# ------------------------------------------------------------------ two writers, and none left alive

WRITER = """
import itertools, os, sys
from tegmen.ledger.entries import Entry, Source
from tegmen.ledger.store import open_ledger

def write(file, name, count):
    source = Source("Example Press")
    with open_ledger(file) as ledger:
        for number in itertools.count() if count is None else range(count):
            entry = Entry("statement", thing=f"{name} {number}", note="x" * 500, source=source.id)
            (id_,) = ledger.add([source], [entry])
            os.write(1, f"{id_}\\n".encode())
"""


def acknowledged(text: str) -> set[str]:
    """Ids that a writer printed, whole lines only."""
    return set(text[: text.rfind("\n") + 1].split())


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path):
    file = tmp_path / "a.db"
    new_ledger(file, empty=True).close()
    code = WRITER + "write(sys.argv[1], sys.argv[2], 60)"
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(file), name], stdout=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    ids = [acknowledged(writer.communicate(timeout=60)[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    with open_ledger(file) as ledger:
        assert set(ledger.current()) == ids[0] | ids[1]
        assert len(ledger) == 120
    assert is_whole(file)


@needs_fork
def test_who_waits_too_long_for_another_writer_is_told(tmp_path):
    file = tmp_path / "a.db"
    new_ledger(file, empty=True).close()
    with open_ledger(file, wait_s=0.05) as ledger, making(file):
        with pytest.raises(InputError, match=r"another program has been writing there for 0.05 s; try again"):
            ledger.add([PRESS], [drones(600)])
        assert ledger.current() == {}
        with open_ledger(file) as other:  # readers do not wait
            assert len(other) == 0
    with open_ledger(file) as ledger:
        with ThreadPoolExecutor(1) as threads:
            with making(file):
                waiting = threads.submit(ledger.add, [PRESS], [drones(600)])  # waits its turn
                time.sleep(0.1)
                assert not waiting.done()
            assert waiting.result(timeout=30) == (drones(600).id,)
        assert len(ledger) == 1


@needs_fork
def test_a_writer_killed_200_times_loses_nothing_it_acknowledged(tmp_path):
    """One process that has loaded everything forks a writer for every line it reads, so that a kill costs little."""
    file, seed, kills = tmp_path / "a.db", 20240403, 200
    new_ledger(file, empty=True).close()
    nursery = """
for line in sys.stdin:
    child = os.fork()
    if not child:
        write(sys.argv[1], line.strip(), None)
    os.write(1, f"pid {child}\\n".encode())
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""
    command = [sys.executable, "-c", WRITER + nursery, str(file)]
    rng, ids, empty_handed = random.Random(seed), set[str](), 0  # noqa: S311 - moments to kill at
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for round_ in range(kills):
            parent.stdin.write(f"writer {round_}\n")
            said = list[str]()
            while not any(line.startswith("pid ") for line in said):
                said.append(parent.stdout.readline())
            if round_ % 2:  # every other one is killed early: while it opens, or at its first entry
                said.append(parent.stdout.readline())
            time.sleep(rng.uniform(0, 0.03))
            pid = next(line for line in said if line.startswith("pid ")).split()[1]
            os.kill(int(pid), signal.SIGKILL)
            while said[-1] != "dead\n":
                said.append(parent.stdout.readline())
            fresh = {line.strip() for line in said if line.startswith("statement-")}
            empty_handed += not fresh
            ids |= fresh
            if round_ % 40 == 39:
                with open_ledger(file) as ledger:
                    assert ids <= set(ledger.current())
                assert file.read_text(encoding="utf-8").count("\n") >= len(ids)
        parent.stdin.close()
    assert empty_handed <= kills / 2
    assert len(ids) > kills / 2
    with open_ledger(file) as ledger:
        # What was written and not yet acknowledged may be there too: at most one entry a kill.
        assert ids <= set(ledger.current())
        assert len(ledger) <= len(ids) + kills


# ------------------------------------------------------------------ the shipped ledger


def shipped_lines() -> list[str]:
    return (DATA / "ledger" / "public.jsonl").read_text(encoding="utf-8").splitlines()


def test_the_shipped_lines_are_what_a_ledger_exports_and_pass_the_stranger_s_door():
    lines = shipped_lines()
    with new_ledger(empty=True) as ledger:
        ledger.take_in("\n".join(lines).encode(), "public.jsonl")
        assert list(ledger.export()) == lines
    assert all(source.reliability == "F" and source.credibility == "6" for source in sources_of(lines).values())


def test_every_total_of_the_catalogue_has_a_statement_that_says_it():
    entries = entries_of(shipped_lines()).values()
    said = {(entry.period, value) for entry in entries if entry.quantity for value in entry.quantity.said}
    with (DATA / "catalogue" / "official_totals.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert rows
    for row in rows:
        period = (dt.date.fromisoformat(row["period_start"]), dt.date.fromisoformat(row["period_end"]))
        # "Over 400" is kept as 401 and more: what the words say.
        value = float(row["value_best"])
        assert {(period, value), (period, value + 1)} & said, row


def test_the_founding_article_s_numbers_are_there_as_stated():
    entries = [entry for entry in entries_of(shipped_lines()).values() if entry.evidence]
    numbers = {
        (entry.thing, entry.quantity.low, entry.quantity.high, entry.quantity.hedge)
        for entry in entries
        if entry.kind == "statement" and entry.quantity
    }
    assert numbers == {
        ("Patriot systems held by partners", 101, None, "more than"),
        ("Patriot systems needed in addition, minimum", 5, 7, "at least"),
        ("missiles", 401, None, "more than"),
        ("Shahed drones", 600, 600, "exact"),
        ("guided bombs", 3000, 3000, "exact"),
    }
    with open_ledger() as ledger:
        met = {entry.participants for entry in ledger.current(kind="meeting").values() if entry.participants}
        assert {names[1].split()[-1] for names in met} == {"Sikorski", "Bueno", "Borrell"}
        crossed = ledger.current(kind="incident", at=dt.date(2024, 3, 24)).values()
        assert sum(entry.place.startswith("Poland") for entry in crossed) == 5
        assert {"open", "planned"} <= {entry.status for entry in ledger.current(kind="measure").values()}


def test_the_words_pointed_at_in_the_article_are_the_words_meant():
    article = SHARED / "seed-article.txt"
    if not article.exists():
        pytest.skip("the article is not part of the repository")
    text = article.read_text(encoding="utf-8")
    said = [entry for entry in entries_of(shipped_lines()).values() if entry.evidence and entry.quantity]
    exact = [entry for entry in said if entry.quantity.hedge == "exact"]
    assert len(exact) == 2
    for entry in exact:
        assert f"{entry.quantity.best:,.0f}" in text[slice(*entry.evidence)]
