"""Tables in text (cells between "|" or tabs) to statements and commitments: headers say what, rows say which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from tegmen.ledger.entries import STAGES, Entry
from tegmen.ledger.reading.dates import Anchor, Time, find_times
from tegmen.ledger.reading.drafts import Draft, by_time, reasons
from tegmen.ledger.reading.lexicon import countries, heads, pattern, words
from tegmen.ledger.reading.numbers import find_numbers
from tegmen.ledger.reading.quantities import is_weapon, plural
from tegmen.ledger.reading.sentences import is_row, lines_of, tokenize


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place, and the place of every cell."""

    start: int
    end: int
    cells: tuple[tuple[int, int], ...]


def read_tables(text: str, anchor: Anchor) -> list[Draft]:
    """Read every table of a text; a table without a header in words gives nothing."""
    return [draft for table in _split_tables(text) for draft in _read_rows(text, table, anchor)]


def _split_tables(text: str) -> list[list[Row]]:
    runs = groupby(lines_of(text), lambda line: is_row(text[slice(*line)]))
    tables = (
        [_row(text, *line) for line in run if not pattern("ruled").fullmatch(text[slice(*line)])]
        for row, run in runs
        if row
    )
    return [table for table in tables if len(table) > 1]


def _row(text: str, start: int, end: int) -> Row:
    mark = "|" if "|" in text[start:end] else "\t"
    cells: list[tuple[int, int]] = []
    at = start
    for part in text[start:end].split(mark):
        left = at + len(part) - len(part.lstrip())
        cells.append((left, max(left, at + len(part.rstrip()))))
        at += len(part) + 1
    if mark == "|" and cells[0][0] == cells[0][1]:
        cells.pop(0)
    if mark == "|" and cells and cells[-1][0] >= cells[-1][1]:
        cells.pop()
    return Row(start, end, tuple(cells))


def _read_rows(text: str, table: Sequence[Row], anchor: Anchor) -> list[Draft]:
    head, *rows = table
    caption = _caption(text, head.start, anchor)
    columns = [text[slice(*cell)] for cell in head.cells]
    drafts: list[Draft] = []
    for row in rows:
        label = text[slice(*row.cells[0])] if row.cells else ""
        if re.fullmatch(r"(?:total|sum|all)s?:?", label.strip(), re.IGNORECASE):
            continue
        times = find_times(text[row.start : row.end], row.start, anchor) or caption
        for cell, column in zip(row.cells[1:], columns[1:], strict=False):
            drafts += _cell(text, row, cell, (label, column), times)
    return drafts


def _caption(text: str, start: int, anchor: Anchor) -> tuple[Time, ...]:
    """Find the period a table is of, in the header or in the three lines above it, nearest first."""
    header = text.find("\n", start)
    above = max(0, start - 600)
    lines = [(above + a, above + b) for a, b in lines_of(text[above:start]) if text[above + a : above + b].strip()]
    for first, last in [(start, len(text) if header < 0 else header), *lines[::-1][:3]]:
        if text[first:last].rstrip().endswith((".", "!", "?")):
            continue  # a sentence tells of its own day, not of the table's
        times = find_times(text[first:last], first, anchor)
        kept = tuple(time for time in times if time.first is not None and not (time.loose or time.due))
        if kept:
            return kept if len(kept) == 1 else ()
    return ()


def _cell(text: str, row: Row, cell: tuple[int, int], about: tuple[str, str], times: Sequence[Time]) -> list[Draft]:
    """One cell with one number; what it counts is in its own words, the row's or the column's."""
    tokens = tokenize(text, *cell)
    numbers = find_numbers(tokens, [any(t.start <= token.start < t.end for t in times) for token in tokens])
    if len(numbers) != 1:
        return []
    label, column = about
    own = text[tokens[numbers[0].past - 1].end : cell[1]].strip()
    others = (text[slice(*other)] for other in row.cells[1:] if other != cell)
    found = (counted for source in (own, label, *others, column) if (counted := _thing(source)) is not None)
    thing, unit = next(found, ("", ""))
    quantity = numbers[0].quantity(unit)
    if not thing or quantity is None:
        return []
    country = countries().get(label.strip())
    stage = next((stage for stage in STAGES if stage in column.lower() or stage in label.lower()), "")
    time = times[0] if times else None
    entry = Entry(
        kind="commitment" if stage else "statement",
        thing=thing,
        quantity=quantity,
        period=None if time is None else time.period,
        participants=(country,) if country else (),
        status=stage,
        date=None if time is None else time.day,
        evidence=(row.start, row.end),
        doubtful=time is not None and time.doubtful,
        note=f"table: {column.strip()}" if column.strip() else "table",
    )
    because = reasons("quantity", cell, rule=f"row '{label.strip()}', column '{column.strip()}'")
    return [Draft(entry, (*because, *by_time("period", time)))]


def _thing(text: str) -> tuple[str, str] | None:
    """What some words count: the phrase up to the last noun that is counted, and that noun."""
    tokens = tokenize(text)
    groups = {"aid", "people", "grid"}
    nouns = [t for t in tokens if heads().get(t.low) in groups and t.low not in {"killed", "launches"}]
    if not nouns:
        named = any(map(is_weapon, tokens))
        return (text.strip(), text.strip()) if named else None
    skipped = words("stops") | {"number", "of", "total"}
    first = next(token for token in tokens if token.low not in skipped)
    return text[first.start : nouns[-1].end], plural(nouns[-1].low)
