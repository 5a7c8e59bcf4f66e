"""Single attack reports: the rows of a CSV file, read, checked and put into our words, before any summing.

All faults of a file are gathered before raising. The traps numbered here are those of the public list: each has a test
of that number in ``tests/evidence/test_record.py``.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.terms import T

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

_Faults = list[tuple[int, str]]  # (line of the file, fault)

KEY: Final = ("window_end", "threat_class", "zone", "channel")
COUNT_COLUMNS: Final = ("launched", "intercepted", "lost")
COLUMNS: Final = (*KEY, *COUNT_COLUMNS, "rows", "rows_uncounted")
PUBLIC_COLUMNS: Final = ("time_end", "model", "target", "launched", "destroyed", "source")
"""What the public list must have. Its other columns start late or are not used: missing is unknown (trap 16)."""
NATIONAL_CHANNELS: Final = ("kpszsu", "cincafu", "generalstaff.ua")

_KYIV: Final = frozenset({"UA-30", "UA-32"})
_COUNT_MAX: Final = 100_000  # above any night; keeps a slip of the keyboard out of the sums
_FAULTS_SHOWN: Final = 20
_BLANK: Final = frozenset({"", "nan", "na", "<na>", "none", "null"})
_TIME: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::\d{2})?)?")
_COUNT_TEXT: Final = re.compile(r"[+-]?\d{1,12}(?:\.\d*)?")
_LOOKALIKES: Final = str.maketrans("авекмнорстухі", "abekmhopctyxi")


def read_reports(
    path: str | Path | Traversable, *, leave_out: bool = False
) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """Read a file of attack reports: the public list, or a table in our compiled schema (told apart by the header).

    Parameters
    ----------
    path
        The file.
    leave_out
        Whether to leave out rows that are at fault, each with a note, instead of refusing the file: a list that grew
        has new weapons and new slips. A fault of the header is never passed over.

    Returns
    -------
    Frame with ``COLUMNS`` and launch_place (empty where the file has none), one row per row of the file;
    sha256 of the file; notes on what was read but could not be used fully.

    Raises
    ------
    InputError
        With every fault of the file: line and column, what was found, what is allowed, what to do.
    """
    where, content = str(path), _file_bytes(Path(path) if isinstance(path, str) else path)
    table, faults = _split_columns(where, content)
    parse = _compiled_reports if {"window_end", "threat_class"} <= set(table.columns) else _public_reports
    reports, notes = parse(table, faults)
    at_fault = {line for line, _ in faults}
    if leave_out and faults and 1 not in at_fault and not at_fault.issuperset(table.lines):
        reports, more = _sound(reports, table, faults)
        notes, faults = (*notes, *more), []
    if faults:
        raise InputError(where, _first_faults(faults))
    if not len(reports):
        raise InputError(where, ["no row below the header; at least one attack report is needed; download it again"])
    return reports, hashlib.sha256(content).hexdigest(), notes


def _sound(reports: pd.DataFrame, table: _Cells, faults: _Faults) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the rows at fault, and say which."""
    at_fault = {line for line, _ in faults}
    kept = reports.loc[[line not in at_fault for line in table.lines]].reset_index(drop=True)
    head = f"{len(at_fault)} rows of the file are left out, as they cannot be read:"
    return kept.astype({"rows": "int64", "rows_uncounted": "int64"}), [head, *_first_faults(faults)]


def coverage_zone(zone: str) -> Literal["kyiv", "elsewhere", "unlocated"]:
    """Tell whether a record zone is in or around Kyiv, elsewhere, or could be either (unlocated)."""
    if zone in _KYIV:
        return "kyiv"
    if zone in {"unlocated", "several_kyiv"} or {"north", "center"} & set(re.split(r"[+-]", zone)):
        return "unlocated"
    return "elsewhere"


# --- the file: bytes, text, cells ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells of a CSV by column, and the line of the file each row starts on."""

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]

    def cells(self, name: str, default: str = "") -> Sequence[str]:
        return self.columns.get(name, [default] * len(self.lines))


def _file_bytes(path: Path | Traversable) -> bytes:
    if path.is_dir():
        raise InputError(str(path), ["found a folder; a CSV file is allowed; name the file inside it"])
    try:
        return path.read_bytes()
    except FileNotFoundError:
        fault = "no such file; a CSV file is allowed; check the path, or leave it out to use the shipped record"
        raise InputError(str(path), [fault]) from None
    except (OSError, ValueError) as error:
        raise InputError(str(path), [f"cannot be read ({error}); check the path and its permissions"]) from None


def _decoded(where: str, content: bytes) -> str:
    if not content.strip():
        raise InputError(where, ["the file is empty; a CSV with a header line is needed; download it again"])
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise InputError(where, ["found UTF-16 text; UTF-8 is allowed; save it again as CSV UTF-8"])
    if b"\0" in content or content[:2] == b"PK":
        fault = "found binary content, so it is not a CSV; CSV text is allowed; export the table as CSV UTF-8"
        raise InputError(where, [fault])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = f"line {line}: found byte {content[error.start]:#04x}, which is not UTF-8"
        raise InputError(where, [f"{fault}; UTF-8 text is allowed; save it again as CSV UTF-8"]) from None


def _split_columns(where: str, content: bytes) -> tuple[_Cells, _Faults]:
    """Split a file into columns; rows of the wrong width are faults and left out of the further checks."""
    header, rows = _csv_rows(where, _decoded(where, content))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    faults: _Faults = [(1, f"line 1: found column {name!r} twice; one is allowed; remove the other") for name in twice]
    for line, row in rows:
        if len(row) != len(header):
            fault = f"line {line}: found {len(row)} cells; {len(header)} are allowed, as in the header"
            faults.append((line, f"{fault}; check the commas and quotes of that line"))
    whole = [(line, row) for line, row in rows if len(row) == len(header)]
    columns = {name: [row[place] for _, row in whole] for place, name in enumerate(header) if name}
    return _Cells([line for line, _ in whole], columns), faults


def _csv_rows(where: str, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header names, and each row below with the line it starts on (a quoted cell may run over lines)."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        fault = f"line {start}: not a CSV row ({error}); quotes must come in pairs; check that line"
        raise InputError(where, [fault]) from None
    header = [name.strip() for name in rows[0][1]] if rows else []
    if not {"time_end", "model", "window_end", "threat_class"} & set(header):
        needed = ", ".join(PUBLIC_COLUMNS)
        line = rows[0][0] if rows else 1
        fault = f"line {line}: found {','.join(header)[:60]!r}, so it is not a CSV of attack reports"
        raise InputError(where, [f"{fault}; a header with the columns {needed} is needed; check which file this is"])
    return header, rows[1:]


def _first_faults(faults: _Faults) -> list[str]:
    lines = [text for _, text in sorted(faults, key=lambda fault: fault[0])]
    more = len(lines) - _FAULTS_SHOWN
    return lines if more <= 0 else [*lines[:_FAULTS_SHOWN], f"and {more} more ({len(lines)} faults in all)"]


# --- rows of the two schemas --------------------------------------------------------------------------------------


def _column(table: _Cells, name: str, parse: Callable[[str], T], faults: _Faults) -> list[T | None]:
    """Parse one column: each distinct text once, each faulty cell noted; a column not there is all missing."""
    if name not in table.columns:
        return [None] * len(table.lines)
    results: dict[str, tuple[T | None, str]] = {}
    for text in set(table.columns[name]):
        try:
            results[text] = parse(text), ""
        except ValueError as error:
            results[text] = None, str(error)
    for line, text in zip(table.lines, table.columns[name], strict=True):
        if fault := results[text][1]:
            faults.append((line, f"line {line}, {name}: {fault}"))
    return [results[text][0] for text in table.columns[name]]


def _demand(table: _Cells, needed: Iterable[str], faults: _Faults) -> None:
    header = ", ".join(table.columns)
    for name in needed:
        if name not in table.columns:
            fault = f"line 1: column {name!r} is missing; found {header}; add it, or download the file again"
            faults.append((1, fault))


def _public_reports(table: _Cells, faults: _Faults) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row per report of the public list."""
    _demand(table, PUBLIC_COLUMNS, faults)
    classes, zones = _class_words(), _zone_words()
    # Starts are checked, not used: windows run from an instant to 34 h, a report is filed by its end (traps 1 and 4).
    _column(table, "time_start", lambda text: _parse_time(text) if text.strip() else None, faults)
    targets = _column(table, "target", lambda text: _target_zone(text, zones), faults)
    placed = [target or ("unlocated", ()) for target in targets]
    reports = _report_frame(
        window_end=_column(table, "time_end", _parse_time, faults),
        threat_class=_column(table, "model", lambda text: _threat_class(text, classes), faults),
        zone=[zone for zone, _ in placed],
        channel=_column(table, "source", _source_channel, faults),
        launched=_column(table, "launched", _parse_count, faults),
        intercepted=_column(table, "destroyed", _parse_count, faults),
        lost=_column(table, "not_reach_goal", _parse_count, faults),
    )
    _check_counts(table, reports, faults, "destroyed")
    counted = reports["launched"].notna() & reports["intercepted"].notna()
    # A report without both counts says that something flew, not that nothing did (trap 7): count the report only.
    reports[list(COUNT_COLUMNS)] = reports[list(COUNT_COLUMNS)].where(counted)
    reports = reports.assign(
        rows=counted.astype("int64"),
        rows_uncounted=(~counted).astype("int64"),
        launch_place=table.cells("launch_place"),
    )
    return reports, _reading_notes([name for _, names in placed for name in names], table.cells("source", "?"))


def _compiled_reports(table: _Cells, faults: _Faults) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows of a table in our own compiled schema."""
    _demand(table, COLUMNS, faults)
    zones = {*_zone_words().values(), "several_kyiv"}
    reports = _report_frame(
        window_end=_column(table, "window_end", _parse_time, faults),
        threat_class=_column(table, "threat_class", _compiled_class, faults),
        zone=_column(table, "zone", lambda text: _compiled_zone(text, zones), faults),
        channel=_column(table, "channel", _compiled_channel, faults),
        launched=_column(table, "launched", _parse_count, faults),
        intercepted=_column(table, "intercepted", _parse_count, faults),
        lost=_column(table, "lost", _parse_count, faults),
        rows=_column(table, "rows", _known_count, faults),
        rows_uncounted=_column(table, "rows_uncounted", _known_count, faults),
    ).assign(launch_place="")
    _check_counts(table, reports, faults, "intercepted")
    if faults:
        return reports, ()
    uneven = (reports["rows"] > 0) != (reports["launched"].notna() & reports["intercepted"].notna())
    fault = "the counts and rows disagree; both counts where rows > 0 and neither where it is 0 are allowed; correct it"
    faults.extend((line, f"line {line}, rows: {fault}") for line, bad in zip(table.lines, uneven, strict=True) if bad)
    return reports.astype({"rows": "int64", "rows_uncounted": "int64"}), ()


def _report_frame(**columns: Sequence[object]) -> pd.DataFrame:
    """Put parsed cells into a frame; a cell at fault is missing in it."""
    types = {"window_end": "datetime64[s]", **dict.fromkeys(KEY[1:], "str")}
    return pd.DataFrame(columns).astype({name: types.get(name, "Int64") for name in columns})


def _check_counts(table: _Cells, reports: pd.DataFrame, faults: _Faults, name: str) -> None:
    """Guard what the public list never has (trap 8): more shot down than launched, and launched = 0."""
    launches, kills = (reports[column].astype(object) for column in ("launched", "intercepted"))
    for line, launched, intercepted in zip(table.lines, launches, kills, strict=True):
        if launched is pd.NA:
            continue
        if launched == 0:
            faults.append((line, f"line {line}, launched: found 0; at least 1 is allowed; leave it empty if unknown"))
        elif intercepted is not pd.NA and intercepted > launched:
            fault = f"line {line}, {name}: found {intercepted} of {launched} launched"
            faults.append((line, f"{fault}; at most {launched} is allowed; correct one of the two counts"))


def _reading_notes(unplaced: Sequence[str], sources: Sequence[str]) -> tuple[str, ...]:
    notes: list[str] = []
    if unplaced:
        names = ", ".join(repr(name) for name in sorted(set(unplaced))[:5])
        notes.append(f"{len(unplaced)} targets name places not in zones.csv ({names}): counted as unlocated.")
    if nameless := sum(not source.strip() for source in sources):
        notes.append(f"{nameless} rows name no source: counted as regional, so never used for rates.")
    return tuple(notes)


# --- cells --------------------------------------------------------------------------------------------------------


def _parse_time(text: str) -> datetime:
    """Kyiv local time; one-digit hours and blanks are allowed (trap 3), a bare date is its midnight (trap 2)."""
    match = _TIME.fullmatch(text.strip())
    try:
        if match:
            year, month, day, hour, minute = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute)  # noqa: DTZ001 the public list gives local times
    except ValueError:
        pass  # the 31st of June: told below like any other text
    raise ValueError(f"found {text!r}; a date YYYY-MM-DD or a time YYYY-MM-DD HH:MM is allowed; correct it")


def _parse_count(text: str) -> int | None:
    stripped = text.strip()
    if stripped.casefold() in _BLANK:
        return None
    if _COUNT_TEXT.fullmatch(stripped) and float(stripped).is_integer() and 0 <= float(stripped) <= _COUNT_MAX:
        return int(float(stripped))
    allowed = f"a whole number from 0 to {_COUNT_MAX} is allowed"
    raise ValueError(f"found {text!r}; {allowed}; correct it, or leave it empty if it is unknown")


def _known_count(text: str) -> int:
    count = _parse_count(text)
    if count is None:
        raise ValueError(f"found {text!r}; a whole number from 0 to {_COUNT_MAX} is allowed; compile the table again")
    return count


def _source_channel(source: str) -> str:
    """National or regional, by the first part of the post's path: regional commands post what they shot down."""
    first = re.sub(r"^https?://[^/]*/", "", source.strip()).split("/")[0]
    return "national" if first.casefold() in NATIONAL_CHANNELS else "regional"


def _normal_label(name: str) -> str:
    """Spelling that Kh-/X-, S-/C-, Cyrillic look-alikes, case, dashes and blanks do not change (trap 6)."""
    text = unicodedata.normalize("NFKC", name).casefold().translate(_LOOKALIKES)
    text = " ".join(re.sub(r"[\u2010-\u2015]", "-", text).split())
    text = re.sub(r"\b(?:kh|x)[- ]?(?=\d)", "x-", text)
    text = re.sub(r"\b[sc][- ]?(?=[34]00)", "c-", text)
    return "/".join(sorted(part.strip() for part in text.split("/")))


def _threat_class(model: str, classes: Mapping[str, tuple[str, str]]) -> str:
    """Class of a model label; weapons joined by "and" share one pair of counts and stay a mixture (trap 5)."""
    words: set[str] = set()
    for part in re.split(r"\s+and\s+", model.strip(), flags=re.IGNORECASE):
        label = _normal_label(part)
        # A slash joins names of one label ("X-59/X-69"); where the pair is not listed, its halves may be.
        for name in [label] if label in classes else label.split("/"):
            if name not in classes:
                near = difflib.get_close_matches(label, classes, n=1)
                hint = f"; did you mean {classes[near[0]][1]!r}?" if near else "; rename it, or remove the row"
                listed = "a weapon of tegmen/data/record/classes.csv is allowed"
                raise ValueError(f"found unknown weapon {part!r}; {listed}{hint}")
            words.add(classes[name][0])
    return "+".join(sorted(words))


def _target_zone(target: str, zones: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Zone of a target text (trap 17), and the places in it that we do not know."""
    text = " ".join(re.sub(r"\([^)]*\)", " ", target).casefold().split())
    if text in _BLANK:
        return "unlocated", ()
    parts = {part: _part_zone(part, zones) for part in re.split(r"\s+and\s+", text)}
    unplaced = tuple(part for part, zone in parts.items() if zone is None)
    named = {zone or "unlocated" for zone in parts.values()}
    if len(named) == 1:
        return named.pop(), unplaced
    if named & _KYIV:
        return "several_kyiv", unplaced
    if not any(zone.startswith(("UA-", "unlocated", "several")) for zone in named):
        return "+".join(sorted(named)), unplaced
    # An oblast with "north" or "center", or with a place we do not know: Kyiv may be among them.
    return "unlocated" if any(coverage_zone(zone) == "unlocated" for zone in named) else "several", unplaced


def _part_zone(part: str, zones: Mapping[str, str]) -> str | None:
    """Zone of one named place; in "Odesa oblast, Black Sea" the first piece that we know decides."""
    for piece in part.split(","):
        name = piece.strip()
        if zone := zones.get(name) or zones.get(re.sub(r" (raion|district|region)$", "", name)):
            return zone
    return None


def _compiled_class(text: str) -> str:
    try:
        return "+".join(sorted(threat_words(text.strip())))
    except InputError as error:
        raise ValueError(error.faults[0]) from None


def _compiled_zone(text: str, zones: set[str]) -> str:
    if set(text.strip().split("+")) <= zones:
        return text.strip()
    raise ValueError(f"found {text!r}; a zone of tegmen/data/record/zones.csv is allowed; correct it")


def _compiled_channel(text: str) -> str:
    if text.strip() in {"national", "regional"}:
        return text.strip()
    raise ValueError(f"found {text!r}; national or regional is allowed; correct it")


# --- our tables of words ------------------------------------------------------------------------------------------


def broad_words() -> dict[str, str]:
    """Broad class of the monthly totals by threat class word."""
    return {row["threat_class"]: row["broad"] for row in _word_rows("classes.csv")}


def threat_words(threat_class: str) -> tuple[str, ...]:
    """Split a threat class or mixture into its words.

    Raises
    ------
    InputError
        If one of them is not a word of ``classes.csv``.
    """
    known = broad_words()
    parts = tuple(threat_class.split("+"))
    if strange := [part for part in parts if part not in known]:
        listed = ", ".join(sorted(known))
        fault = f"found {strange[0]!r}; allowed: {listed}, joined by + for a mixture; correct it"
        raise InputError("threat_class", [fault])
    return parts


def _class_words() -> dict[str, tuple[str, str]]:
    """Threat class, and the label as it is printed, by normalised label."""
    return {_normal_label(row["label"]): (row["threat_class"], row["label"]) for row in _word_rows("classes.csv")}


def _zone_words() -> dict[str, str]:
    return {row["name"].casefold(): row["zone"] for row in _word_rows("zones.csv")}


def _word_rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shipped_text("record", name), newline="")))
