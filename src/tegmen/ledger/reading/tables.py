"""Tables in text (cells between "|" or tabs) to statements and commitments: headers say what, rows say which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tegmen.ledger.entries import STAGES, Entry, Quantity
from tegmen.ledger.reading.dates import Anchor, Time, find_times
from tegmen.ledger.reading.drafts import Draft, Reason
from tegmen.ledger.reading.lexicon import read_lexicon
from tegmen.ledger.reading.numbers import find_numbers
from tegmen.ledger.reading.sentences import TOKEN, Token, is_row, lines_of

RULE = re.compile(r"[\s|:+=-]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place, and the place of every cell."""

    start: int
    end: int
    cells: tuple[tuple[int, int], ...]


def read_tables(text: str, anchor: Anchor) -> list[Draft]:
    """Read every table of a text; a table without a header in words gives nothing."""
    return [draft for table in _tables(text) for draft in _read(text, table, anchor)]


def _tables(text: str) -> list[list[Row]]:
    found: list[list[Row]] = []
    last = -10
    for number, (start, end) in enumerate(lines_of(text)):
        line = text[start:end]
        if not is_row(line):
            continue
        if number != last + 1:
            found.append([])
        last = number
        if not RULE.fullmatch(line):
            found[-1].append(_row(text, start, end))
    return [table for table in found if len(table) > 1]


def _row(text: str, start: int, end: int) -> Row:
    mark = "|" if "|" in text[start:end] else "\t"
    cells: list[tuple[int, int]] = []
    at = start
    for part in text[start:end].split(mark):
        left = at + len(part) - len(part.lstrip())
        cells.append((left, max(left, at + len(part.rstrip()))))
        at += len(part) + 1
    if mark == "|" and cells and cells[0][0] == cells[0][1]:
        cells.pop(0)
    if mark == "|" and cells and cells[-1][0] >= cells[-1][1]:
        cells.pop()
    return Row(start, end, tuple(cells))


def _read(text: str, table: Sequence[Row], anchor: Anchor) -> list[Draft]:
    head, *rows = table
    caption = _caption(text, table[0].start, anchor)
    heads = [text[slice(*cell)] for cell in head.cells]
    drafts: list[Draft] = []
    for row in rows:
        label = text[slice(*row.cells[0])] if row.cells else ""
        if re.fullmatch(r"(?:total|sum|all)s?:?", label.strip(), re.IGNORECASE):
            continue
        times = find_times(text[row.start : row.end], row.start, anchor) or caption
        for index, cell in enumerate(row.cells[1:], start=1):
            if index < len(heads):
                drafts += _cell(text, row, cell, (label, heads[index]), times)
    return drafts


def _caption(text: str, start: int, anchor: Anchor) -> tuple[Time, ...]:
    """Find the period a table is of, in the header or in the three lines above it, nearest first."""
    header = text.find("\n", start)
    lines = [(start, len(text) if header < 0 else header), *lines_of_before(text, start)]
    for first, last in lines:
        if text[first:last].rstrip().endswith((".", "!", "?")):
            continue  # a sentence tells of its own day, not of the table's
        times = find_times(text[first:last], first, anchor)
        kept = tuple(time for time in times if time.first is not None and not (time.loose or time.due))
        if kept:
            return kept[:1] if len(kept) == 1 else ()
    return ()


def lines_of_before(text: str, start: int) -> list[tuple[int, int]]:
    """Start and end of the last three lines with words in front of a place, the nearest first."""
    first = max(0, start - 600)
    spans = [(first + a, first + b) for a, b in lines_of(text[first:start]) if text[first + a : first + b].strip()]
    return spans[::-1][:3]


def _cell(text: str, row: Row, cell: tuple[int, int], words: tuple[str, str], times: Sequence[Time]) -> list[Draft]:
    """One cell with one number; what it counts is in its own words, the row's or the column's."""
    tokens = [Token(match[0], match.start(), match.end()) for match in TOKEN.finditer(text, *cell)]
    numbers = find_numbers(tokens, [any(t.start <= token.start < t.end for t in times) for token in tokens])
    if len(numbers) != 1:
        return []
    label, head = words
    number = numbers[0]
    own = text[tokens[number.past - 1].end : cell[1]].strip()
    others = [text[slice(*other)] for other in row.cells[1:] if other != cell]
    thing, unit = next(
        (found for source in (own, label, *others, head) if (found := _thing(source)) is not None), ("", "")
    )
    if not thing or number.fault or number.low is number.best is number.high is None:
        return []
    lexicon = read_lexicon()
    country = lexicon.countries.get(label.strip())
    stage = next((stage for stage in STAGES if stage in head.lower() or stage in label.lower()), "")
    time = times[0] if times else None
    entry = Entry(
        kind="commitment" if stage else "statement",
        thing=thing,
        quantity=Quantity(number.low, number.best, number.high, number.hedge, unit),
        period=None if time is None or time.first is None or time.last is None else (time.first, time.last),
        participants=(country,) if country else (),
        status=stage,
        date=None if time is None else time.day,
        evidence=(row.start, row.end),
        doubtful=time is not None and time.doubtful,
        note=f"table: {head.strip()}" if head.strip() else "table",
    )
    because = [Reason("quantity", *cell, f"row '{label.strip()}', column '{head.strip()}'")]
    because += [Reason("period", time.start, time.end, time.rule)] if time else []
    return [Draft(entry, tuple(because))]


def _thing(words: str) -> tuple[str, str] | None:
    """What some words count: the phrase up to the last noun that is counted, and that noun."""
    lexicon = read_lexicon()
    tokens = [Token(match[0], match.start(), match.end()) for match in TOKEN.finditer(words)]
    heads = [
        i
        for i, token in enumerate(tokens)
        if token.low in lexicon.heads
        and lexicon.heads[token.low] in {"aid", "people", "grid"}
        and token.low not in {"killed", "launches"}
    ]
    if not heads:
        names = [
            i
            for i, token in enumerate(tokens)
            if token.text in lexicon.weapons or re.fullmatch(r"[A-Z][\w/-]*\d[\w/-]*", token.text)
        ]
        return (words.strip(), words.strip()) if names else None
    last = heads[-1]
    first = 0
    while tokens[first].low in lexicon.stops | {"number", "of", "total"}:
        first += 1
    unit = tokens[last].low
    plural = next(
        (form for form in (f"{unit}s", f"{unit[:-1]}ies") if form in lexicon.heads and not unit.endswith("s")), unit
    )
    return words[tokens[first].start : tokens[last].end], plural
