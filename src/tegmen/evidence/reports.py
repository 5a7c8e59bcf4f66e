"""Single attack reports: the rows of a CSV file, read, checked and put into our words, before any summing.

All faults of a file are gathered before raising. The traps numbered here are those of the public list: each has a test
of that number in ``tests/evidence/test_record.py``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.evidence.files import BLANK, file_bytes, read_cells
from tegmen.evidence.weapons import WeaponNames, threat_words, weapon_names
from tegmen.terms import T, count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from tegmen.evidence.files import Cells, Faults

KEY: Final = ("window_end", "threat_class", "weapon", "zone", "channel")
COUNT_COLUMNS: Final = ("launched", "intercepted", "lost")
COLUMNS: Final = (*KEY, *COUNT_COLUMNS, "rows", "rows_uncounted")
PUBLIC_COLUMNS: Final = ("time_end", "model", "target", "launched", "destroyed", "source")
"""What the public list must have. Its other columns start late or are not used: missing is unknown (trap 16)."""
UNNAMED: Final = "unnamed"
"""Weapon of a label that names a kind ("Ballistic Missile") or nothing, and of a table without weapons."""
NATIONAL_CHANNELS: Final = ("kpszsu", "cincafu", "generalstaff.ua")

_KYIV: Final = frozenset({"UA-30", "UA-32"})
_COUNT_MAX: Final = 100_000  # above any night; keeps a slip of the keyboard out of the sums
_FAULTS_SHOWN: Final = 20
_LINES_SHOWN: Final = 5
_USED: Final = frozenset({*PUBLIC_COLUMNS, *COLUMNS, "time_start", "not_reach_goal", "launch_place"})
_FIRST_YEAR: Final = 2022  # the war that the record is of; an earlier year is a slip of the keyboard
_KYIV_SUMMER: Final = timezone(timedelta(hours=3))  # no row of the record is written later on the globe than this
_MONTHS: Final = 12
_Order = Literal["day", "month", ""]
_CLOCK: Final = r"(?:,?[ T]+(\d{1,2}):(\d{2})(?::\d{2}(?:\.0+)?)?)?"
_TIME: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _CLOCK, re.ASCII)
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _CLOCK, re.ASCII)
_COUNT_TEXT: Final = re.compile(r"[+-]?\d{1,12}(?:\.\d*|,0{1,2})?", re.ASCII)


def read_reports(
    path: str | Path | Traversable, *, strict: bool = False, names: WeaponNames | None = None
) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """Read a file of attack reports: the public list, or a table in our compiled schema (told apart by the header).

    Parameters
    ----------
    path
        The file.
    strict
        Whether one row at fault refuses the file. A list that grows has new weapons and new slips, so by default such
        rows are left out, and notes say which and what they would have added. A fault of the header always refuses.
    names
        Names of weapons. None: the shipped ones.

    Returns
    -------
    Frame with ``COLUMNS`` and launch_place (empty where the file has none), one row per row of the file;
    sha256 of the file; notes on what was read but could not be used fully.

    Raises
    ------
    InputError
        With every fault of the file: line and column, what was found, what is allowed, what to do.
    """
    where, content = str(path), file_bytes(Path(path) if isinstance(path, str) else path)
    table, faults = read_cells(where, content, _USED, PUBLIC_COLUMNS)
    compiled = {"window_end", "threat_class"} <= set(table.columns)
    # Tables compiled before weapons were kept lack that column alone.
    _demand(where, table, [name for name in COLUMNS if name != "weapon"] if compiled else PUBLIC_COLUMNS)
    order = _date_order(where, table)
    names = weapon_names() if names is None else names
    reports, notes = (_compiled_reports if compiled else _public_reports)(table, order, names, faults)
    at_fault = {line for line, _ in faults}
    if faults and (strict or at_fault.issuperset(table.lines)):
        alike = _alike((line, [text]) for line, text in sorted(faults, key=_line))
        raise InputError(where, _first_of(alike, _found))
    if not len(reports):
        raise InputError(where, ["no row below the header; at least one attack report is needed; download it again"])
    sound = [line not in at_fault for line in table.lines]
    if faults:
        notes = (*notes, *_left_out_notes(reports.assign(line=table.lines), faults))
        reports = reports.loc[sound].reset_index(drop=True)
    labels = (text.replace("+", " and ") for text in table.cells("weapon" if compiled else "model"))
    kept = reports.astype({"rows": "int64", "rows_uncounted": "int64"})
    return kept, hashlib.sha256(content).hexdigest(), (
        *_read_as(table, order), *table.notes, *names.own_notes(labels), *notes,
    )  # fmt: skip


def _read_as(table: Cells, order: _Order) -> tuple[str, ...]:
    """Say in one note what was understood though it is not as the public list is written."""
    ways = list(table.read_as)
    ends = table.cells("window_end" if "window_end" in table.columns else "time_end")
    for text in ends:
        if _YEAR_LAST.fullmatch(text.strip()) and (time := _read_time(text.strip(), order)):
            ways.append(f"{order or 'day'}-first dates ({text.strip()} is {time:%Y-%m-%d})")
            break
    counts = {text for name in ("launched", "destroyed", "intercepted") for text in table.cells(name)}
    if any("," in text and _COUNT_TEXT.fullmatch(text.strip()) for text in counts):
        ways.append("decimal commas (17,0 is 17)")
    return (f"The file is read: {'; '.join(ways)}.",) if ways else ()


def _left_out_notes(reports: pd.DataFrame, faults: Faults) -> list[str]:
    """Say which rows are left out, why, and what they would have added."""
    texts: dict[int, list[str]] = {}
    for line, text in sorted(faults, key=_line):
        texts.setdefault(line, []).append(text)
    known = reports.set_index("line")
    # A row whose cells cannot be told apart may be a national one.
    regional = frozenset(known.index[known["channel"] != "national"])
    might = sum(line not in regional for line in texts)
    which = f"{might} of them might have entered a rate" if might else "none of them would have entered a rate"
    head = f"{len(texts)} rows of the file are left out, as they cannot be read; {which}:"
    if len(texts) == 1:
        which = "it might have entered a rate" if might else "it would have entered no rate"
        head = f"1 row of the file is left out, as it cannot be read; {which}:"

    def told(found: Sequence[str], lines: Sequence[int]) -> str:
        counted = sum(line not in regional for line in lines)
        return f"{_found(found, lines)} (left out: {_effect(known.loc[known.index.isin(lines)], len(lines), counted)})"

    return [head, *_first_of(_alike(texts.items()), told)]


def _alike(faults: Iterable[tuple[int, list[str]]]) -> list[tuple[list[str], list[int]]]:
    """Faults, or faults found together, with their lines: a new weapon has many lines and is one thing to tell."""
    found = [(line, [text.removeprefix(f"line {line}") for text in texts]) for line, texts in faults]
    often = Counter(tuple(map(_kind, texts)) for _, texts in found)
    groups: dict[tuple[str, ...], tuple[list[str], list[int]]] = {}
    for line, texts in found:
        kind = tuple(map(_kind, texts))
        groups.setdefault(kind if often[kind] > _LINES_SHOWN else tuple(texts), (texts, []))[1].append(line)
    return list(groups.values())


def _kind(found: str) -> str:
    """What faults have in common that are told together: of times, each of its own, the column and what is allowed."""
    column, _, rest = found.partition(": ")
    return f"{column}: {rest.partition('; ')[2]}" if column.startswith((", time_", ", window_end")) else found


def _first_of(
    alike: Sequence[tuple[list[str], list[int]]], told: Callable[[Sequence[str], Sequence[int]], str]
) -> list[str]:
    more = len(alike) - _FAULTS_SHOWN
    shown = [told(found, lines) for found, lines in alike[:_FAULTS_SHOWN]]
    return shown if more <= 0 else [*shown, f"and {more} more ({len(alike)} faults in all)"]


def _found(found: Sequence[str], lines: Sequence[int]) -> str:
    """Word faults of some lines."""
    if len(lines) == 1:
        return "; ".join(f"line {lines[0]}{text}" for text in found)
    more = f" and {len(lines) - _LINES_SHOWN:,} more" if len(lines) > _LINES_SHOWN else ""
    where = f"lines {', '.join(map(str, lines[:_LINES_SHOWN]))}{more}"
    others = [
        text if len(lines) <= _LINES_SHOWN or _kind(text) == text else text.replace("; ", " and others alike; ", 1)
        for text in found
    ]
    return "; ".join(f"{where}{text}" for text in others)


def _effect(rows: pd.DataFrame, lines: int, counted: int) -> str:
    """What rows at fault would have added, as far as their cells can be read."""
    if rows.empty:
        return f"its cells cannot be told apart; a rate might have counted {'it' if lines == 1 else 'them'}"
    sums = rows[list(COUNT_COLUMNS[:2])].sum(min_count=1)
    counts = ", ".join(f"{'unknown' if pd.isna(sums[name]) else sums[name]} {name}" for name in COUNT_COLUMNS[:2])
    days = sorted({f"{day:%Y-%m-%d}" for day in rows["window_end"].dropna()})
    # A rate of an earlier day has no use for them: their days let a reader judge.
    counts = " to ".join(days[:: max(len(days) - 1, 1)]) + ", " * bool(days) + counts
    if lines > 1:
        return f"{counts} in all; a rate might have counted {counted or 'none'} of the {lines} rows"
    return (
        f"national, {counts}; a rate might have counted it" if counted else f"{counts}; no rate would have counted it"
    )


def _line(fault: tuple[int, str]) -> int:
    return fault[0]


def coverage_zone(zone: str) -> Literal["kyiv", "elsewhere", "unlocated"]:
    """Tell whether a record zone is in or around Kyiv, elsewhere, or could be either (unlocated)."""
    if zone in _KYIV:
        return "kyiv"
    if zone in {"unlocated", "several_kyiv"} or {"north", "center"} & set(re.split(r"[+-]", zone)):
        return "unlocated"
    return "elsewhere"


# --- rows of the two schemas --------------------------------------------------------------------------------------


def _column(table: Cells, name: str, parse: Callable[[str], T], faults: Faults) -> list[T | None]:
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


def _demand(where: str, table: Cells, needed: Iterable[str]) -> None:
    """Refuse a file that lacks a column before saying anything of its rows."""
    if missing := [name for name in needed if name not in table.columns]:
        names, (verb, them) = ", ".join(map(repr, missing)), ("is", "it") if len(missing) == 1 else ("are", "them")
        columns = f"line 1: column{'' if len(missing) == 1 else 's'} {names} {verb} missing"
        raise InputError(
            where, [f"{columns}; found {', '.join(table.columns)}; add {them}, or download the file again"]
        )


def _public_reports(
    table: Cells, order: _Order, names: WeaponNames, faults: Faults
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row per report of the public list."""
    zones = _zone_words()
    # Starts are checked, not used: windows run from an instant to 34 h, a report is filed by its end (traps 1 and 4).
    read_time = _time_reader(order)
    starts = _column(table, "time_start", lambda text: read_time(text) if text.strip() else None, faults)
    ends = _column(table, "time_end", read_time, faults)
    _check_windows(table, starts, ends, faults)
    targets = _column(table, "target", lambda text: _target_zone(text, zones), faults)
    placed = [target or ("unlocated", ()) for target in targets]
    models = _column(table, "model", names.read, faults)
    named = [model or (None, None) for model in models]
    reports = _report_frame(
        window_end=ends,
        threat_class=[threat_class for threat_class, _ in named],
        weapon=[weapon for _, weapon in named],
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


def _compiled_reports(
    table: Cells, order: _Order, names: WeaponNames, faults: Faults
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows of a table in our own compiled schema."""
    zones = {*_zone_words().values(), "several_kyiv"}
    reports = _report_frame(
        window_end=_column(table, "window_end", _time_reader(order), faults),
        threat_class=_column(table, "threat_class", _compiled_class, faults),
        weapon=_compiled_weapons(table, names.weapon_classes(), faults),
        zone=_column(table, "zone", lambda text: _compiled_zone(text, zones), faults),
        channel=_column(table, "channel", _compiled_channel, faults),
        launched=_column(table, "launched", _parse_count, faults),
        intercepted=_column(table, "intercepted", _parse_count, faults),
        lost=_column(table, "lost", _parse_count, faults),
        rows=_column(table, "rows", _known_count, faults),
        rows_uncounted=_column(table, "rows_uncounted", _known_count, faults),
    ).assign(launch_place="")
    _check_counts(table, reports, faults, "intercepted")
    at_fault = {line for line, _ in faults}
    uneven = (reports["rows"] > 0).fillna(value=False) != reports[["launched", "intercepted"]].notna().all(axis=1)
    fault = "the counts and rows disagree; both counts where rows > 0 and neither where it is 0 are allowed; correct it"
    for line, bad in zip(table.lines, uneven, strict=True):
        if bad and line not in at_fault:
            faults.append((line, f"line {line}, rows: {fault}"))
    return reports, () if "weapon" in table.columns else (f"The table has no column weapon: every row is {UNNAMED}.",)


def _compiled_weapons(table: Cells, classes: Mapping[str, str], faults: Faults) -> Sequence[str | None]:
    """Weapons of a compiled table, which must be of the class that they stand beside."""
    if "weapon" not in table.columns:
        return [UNNAMED] * len(table.lines)
    weapons = _column(table, "weapon", lambda text: _compiled_weapon(text, classes), faults)
    for line, threat_class, weapon in zip(table.lines, table.cells("threat_class"), weapons, strict=True):
        for name in (weapon or UNNAMED).split("+"):
            if name != UNNAMED and classes[name] not in threat_class.strip().split("+"):
                fault = f"found {name!r} beside {threat_class.strip()!r}; a {classes[name]} weapon is of another class"
                faults.append((line, f"line {line}, weapon: {fault}; correct one of the two"))
    return weapons


def _report_frame(**columns: Sequence[object]) -> pd.DataFrame:
    """Put parsed cells into a frame; a cell at fault is missing in it."""
    types = {"window_end": "datetime64[s]", **dict.fromkeys(KEY[1:], "str")}
    return pd.DataFrame(columns).astype({name: types.get(name, "Int64") for name in columns})


def _check_windows(
    table: Cells, starts: Sequence[datetime | None], ends: Sequence[datetime | None], faults: Faults
) -> None:
    """Guard windows that end before they begin; a bare date is its whole day (trap 2)."""
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if start is None or end is None or start <= end:
            continue
        texts = table.columns["time_start"][place], table.columns["time_end"][place]
        if start.date() > end.date() or all(":" in text for text in texts):
            line = table.lines[place]
            fault = f"line {line}, time_end: found {texts[1]!r} before the start {texts[0]!r}"
            faults.append((line, f"{fault}; an end after its start is allowed; correct one of the two"))


def _check_counts(table: Cells, reports: pd.DataFrame, faults: Faults, name: str) -> None:
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
        targets = f"{count_of(len(unplaced), 'target')} {'names a place' if len(unplaced) == 1 else 'name places'}"
        notes.append(f"{targets} not in zones.csv ({names}): counted as unlocated.")
    if nameless := sum(not source.strip() for source in sources):
        rows = f"{count_of(nameless, 'row')} {'names' if nameless == 1 else 'name'}"
        notes.append(f"{rows} no source: counted as regional, so never used for rates.")
    return tuple(notes)


# --- cells --------------------------------------------------------------------------------------------------------


def _date_order(where: str, table: Cells) -> _Order:
    """Whether dates that end in their year begin with the day or the month: told by a number above twelve.

    Raises
    ------
    InputError
        If most dates of the file may be read either way.
    """
    texts = {text.strip() for name in ("time_start", "time_end", "window_end") for text in table.cells(name)}
    slashes = [match for text in texts if (match := _YEAR_LAST.fullmatch(text)) and match[2] != "."]
    day, month = (any(int(match[place]) > _MONTHS for match in slashes) for place in (1, 3))
    if day == month and 2 * len(slashes) > len(texts):
        either = f"dates such as {slashes[0][0]!r} may begin with the day or with the month"
        raise InputError(where, [f"{either}; YYYY-MM-DD is allowed; format the columns of times so and save again"])
    return "" if day == month else "day" if day else "month"


def _time_reader(order: _Order) -> Callable[[str], datetime]:
    """Reader of times within the years of the record, which end today."""
    last = datetime.now(_KYIV_SUMMER).replace(tzinfo=None)
    tomorrow = last.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return lambda text: _parse_time(text, order, tomorrow)


def _parse_time(text: str, order: _Order, tomorrow: datetime) -> datetime:
    """Kyiv local time; one-digit hours and blanks are allowed (trap 3), a bare date is its midnight (trap 2)."""
    time = _read_time(text.strip(), order)
    if time is None:
        raise ValueError(f"found {text!r}; a date YYYY-MM-DD or a time YYYY-MM-DD HH:MM is allowed; correct it")
    if time.year < _FIRST_YEAR or time >= tomorrow:
        allowed = f"a day from {_FIRST_YEAR} to today is allowed"
        raise ValueError(f"found {text!r}, outside the years of the record; {allowed}; correct it")
    return time


def _read_time(text: str, order: _Order) -> datetime | None:
    if match := _TIME.fullmatch(text):
        year, _, month, day, hour, minute = match.groups()
    elif (match := _YEAR_LAST.fullmatch(text)) and (order or match[2] == "."):
        day, sign, month, year, hour, minute = match.groups()
        if sign != "." and order == "month":
            day, month = month, day
    else:
        return None
    try:
        numbers = int(year), int(month), int(day), int(hour or 0), int(minute or 0)
        return datetime(*numbers)  # noqa: DTZ001 the public list gives local times
    except ValueError:
        return None  # the 31st of June


def _parse_count(text: str) -> int | None:
    stripped = text.strip()
    if stripped.casefold() in BLANK:
        return None
    number = float(stripped.replace(",", ".")) if _COUNT_TEXT.fullmatch(stripped) else -1.0
    if number.is_integer() and 0 <= number <= _COUNT_MAX:
        return int(number)
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


def _target_zone(target: str, zones: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Zone of a target text (trap 17), and the places in it that we do not know."""
    text = " ".join(re.sub(r"\([^)]*\)", " ", target).casefold().split())
    if text in BLANK:
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


def _compiled_weapon(text: str, classes: Mapping[str, str]) -> str:
    words = set(text.strip().split("+"))
    if words <= set(classes):
        return "+".join(sorted(words))
    raise ValueError(f"found {text!r}; weapons of tegmen/data/record/classes.csv, joined by +, are allowed; correct it")


def _compiled_zone(text: str, zones: set[str]) -> str:
    if set(text.strip().split("+")) <= zones:
        return text.strip()
    raise ValueError(f"found {text!r}; a zone of tegmen/data/record/zones.csv is allowed; correct it")


def _compiled_channel(text: str) -> str:
    if text.strip() in {"national", "regional"}:
        return text.strip()
    raise ValueError(f"found {text!r}; national or regional is allowed; correct it")


# --- our tables of words ------------------------------------------------------------------------------------------


def _zone_words() -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(shipped_text("record", "zones.csv"), newline=""))
    return {row["name"].casefold(): row["zone"] for row in rows}
