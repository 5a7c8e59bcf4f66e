"""A table file of a stranger's: from bytes to cells, whatever spreadsheet wrote them.

What is unambiguous (packed, another separator, another encoding) is read, and one note says how; what is no table is
refused in a spreadsheet user's words.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tegmen.errors import InputError
from tegmen.terms import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

Faults = list[tuple[int, str]]  # (line of the file, fault)

BLANK: Final = frozenset({"", "nan", "na", "<na>", "none", "null"})
SIZE_MAX: Final = 200_000_000  # bytes; the public list of four years has half a million
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
_EMPTY: Final = " ,;\t\r\n"
_SEP_LINE: Final = re.compile(r'"?sep=."?', re.IGNORECASE)  # what a spreadsheet reads as its separator
_NUMBERING: Final = re.compile(r"|unnamed:_\d+|index|id")
_OPEN_QUOTES_MAX: Final = 20
_CYRILLIC_EXTRAS: Final = frozenset("«»„“”‘’–—…№°§±·•\u00a0")
_TWO_SCRIPTS: Final = re.compile("[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")
_HEADER_LINES: Final = 10  # lines at the top among which the header is looked for, below a title or "sep=;"
_NO_TABLES: Final = (
    (
        "version https://git-lfs",
        "a Git LFS pointer, which stands in for the file; fetch the file itself (git lfs pull)",
    ),
    ("<<<<<<<", "marks of an unfinished merge (<<<<<<<); finish it, or download the file again"),
    ("<", "a web page, such as a log-in page, instead of the file; log in there and download the file again"),
    ("{\\rtf", "a text document (RTF); download the table as CSV"),
    ("{", "JSON; export the table as CSV"),
    ("[", "JSON; export the table as CSV"),
    ("%pdf", "a PDF; download the table as CSV"),
)
_SPREADSHEET: Final = "a spreadsheet; save its sheet as CSV UTF-8 and give that file"
_PACKED: Final = "a packed file of a kind that is not read; unpack it, or pack it as zip or gz"
_NO_TEXT: Final = {
    b"\xd0\xcf\x11\xe0": _SPREADSHEET,
    b"7z\xbc\xaf": _PACKED,
    b"Rar!": _PACKED,
    b"BZh": _PACKED,
    b"\xfd7zXZ": _PACKED,
    b"\x28\xb5\x2f\xfd": _PACKED,
    b"PAR1": "a Parquet file; export the table as CSV",
    b"SQLite": "a database; export the table as CSV",
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of a table by column, the line of the file each row starts on, and notes on how it was read."""

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    read_as: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def cells(self, name: str, default: str = "") -> Sequence[str]:
        """Cells of a column, or a default for each row where there is no such column."""
        return self.columns.get(name, [default] * len(self.lines))


def file_bytes(path: Path | Traversable) -> bytes:
    """Read a file whole.

    Raises
    ------
    InputError
        If there is none, or it cannot be read, or is larger than any table of reports.
    """
    if path.is_dir():
        raise InputError(str(path), ["found a folder; a CSV file is allowed; name the file inside it"])
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_MAX + 1)
    except FileNotFoundError:
        fault = "no such file; a CSV file is allowed; check the path, or leave it out to use the shipped record"
        raise InputError(str(path), [fault]) from None
    except (OSError, ValueError) as error:
        raise InputError(str(path), [f"cannot be read ({error}); check the path and its permissions"]) from None
    return _within_size(str(path), content)


def read_cells(where: str, content: bytes, used: frozenset[str], needed: Sequence[str]) -> tuple[Cells, Faults]:
    """Split a table file into columns: a gz or zip is unpacked, encoding, header and separator are found out.

    Parameters
    ----------
    where
        Name of the file, for messages.
    content
        Its bytes.
    used
        Names of the columns that are read, of which the header must have two.
    needed
        Columns to bring, for the message where it has not.

    Returns
    -------
    The cells; the faults of rows that cannot be split, which are not among the cells. Equal lines are there once.

    Raises
    ------
    InputError
        If it is no table, or has no header.
    """
    inside, packed = _unpacked(where, content, used)
    text, encoding = _decoded(where, inside)
    found = _header_line(text, used)
    if found is None:
        raise InputError(where, [_no_header(text, used, needed)])
    first, separator = found
    header, rows, faults = _split_rows(where, text, first, separator)
    names = [_column_name(name) for name in header]
    if twice := sorted({name for name in names if name in used and names.count(name) > 1}):
        raise InputError(
            where, [f"line {first}: found column {name!r} twice; one is allowed; remove the other" for name in twice]
        )
    rows, notes = _without_repeats(header, rows)
    whole = _whole_rows(rows, len(header), faults, damaged="\ufffd" in text)
    columns = {name: [row[place] for _, row in whole] for place, name in enumerate(names) if name}
    read_as = (*packed, *encoding, *_header_as(header, used, first, separator, text))
    return Cells([line for line, _ in whole], columns, read_as, notes), faults


def _whole_rows(
    rows: list[tuple[int, list[str]]], width: int, faults: Faults, *, damaged: bool
) -> list[tuple[int, list[str]]]:
    """Rows with a cell for each column; empty cells beyond them are none."""
    whole: list[tuple[int, list[str]]] = []
    for line, row in rows:
        if len(row) < width or any(map(str.strip, row[width:])):
            fault = f"line {line}: found {len(row)} cells; {width} are allowed, as in the header"
            faults.append((line, f"{fault}; check the separators and quotes of that line"))
        elif damaged and "\ufffd" in "".join(row):
            faults.append((line, f"line {line}: found bytes that are not UTF-8; save the file again as CSV UTF-8"))
        else:
            whole.append((line, row[:width]))
    return whole


def _header_as(header: list[str], used: frozenset[str], first: int, separator: str, text: str) -> list[str]:
    """Say how the header stands, where that is not as the public list has it."""
    ways = [] if separator == "," else [f"{_SEPARATORS[separator]} between cells"]
    shown = [name.strip("\ufeff ") for name in header]
    otherwise = [name for name in shown if name not in used and _column_name(name) in used]
    if otherwise:
        ways.append(f"columns written otherwise ({otherwise[0]!r} is {_column_name(otherwise[0])})")
    above = [line.strip() for line in islice(io.StringIO(text, newline=""), first - 1)]
    if title := next((line for line in above if line.strip(_EMPTY) and not _SEP_LINE.fullmatch(line)), ""):
        ways.append(f"header on line {first}, below {title.strip(_EMPTY)[:60]!r}")
    return ways


def _within_size(where: str, content: bytes) -> bytes:
    if len(content) > SIZE_MAX:
        raise InputError(
            where, [f"larger than {SIZE_MAX:,} bytes, more than any table of reports; check which file this is"]
        )
    return content


def _unpacked(where: str, content: bytes, used: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
    """Contents of a gz, or of the one table of reports in a zip."""
    try:
        if content[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(content)) as file:
                return _within_size(where, file.read(SIZE_MAX + 1)), ("unpacked from gz",)
        if content[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
            with zipfile.ZipFile(io.BytesIO(content)) as pack:
                name = _table_in(where, pack, used)
                with pack.open(name) as file:
                    return _within_size(where, file.read(SIZE_MAX + 1)), (f"{name!r} out of a zip",)
    except (OSError, EOFError, RuntimeError, ValueError, zlib.error, zipfile.BadZipFile) as error:
        fault = f"a packed file that cannot be opened ({error}); unpack it, or download it again"
        raise InputError(where, [fault]) from None
    return content, ()


def _table_in(where: str, pack: zipfile.ZipFile, used: frozenset[str]) -> str:
    """Name of the table of reports in a zip; others may lie beside it, as in the public download."""
    names = [name for name in pack.namelist() if not name.startswith("__MACOSX")]
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise InputError(where, [f"found {_SPREADSHEET}"])
    tables = [name for name in names if name.casefold().endswith((".csv", ".tsv", ".txt"))]
    if len(tables) > 1:
        heads = {name: pack.open(name).read(4096).decode("utf-8-sig", "replace") for name in tables[:100]}
        tables = [name for name, head in heads.items() if _header_line(head, used)]
    if len(tables) == 1:
        return tables[0]
    listed = ", ".join(map(repr, names[:5])) or "nothing"
    raise InputError(
        where, [f"a zip with {listed}; one table of reports (CSV) is allowed; unpack it and give that file"]
    )


def _decoded(where: str, content: bytes) -> tuple[str, tuple[str, ...]]:
    """Text of a file, and its encoding where that is not UTF-8."""
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise InputError(where, ["the file is empty; a CSV with a header line is needed; download it again"])
    if order := _utf16_order(content[:64]):
        return _table_text(where, content.decode(order, "replace")), ("UTF-16 text",)
    if known := next((fault for start, fault in _NO_TEXT.items() if content.startswith(start)), ""):
        raise InputError(where, [f"found {known}"])
    text = content.decode("utf-8-sig", "replace")
    damaged = text.count("\ufffd")
    if damaged and 2 * damaged > sum(character > "\x7f" for character in text) and _is_cyrillic(content):
        return _table_text(where, content.decode("cp1251")), ("Windows Cyrillic text (cp1251)",)
    return _table_text(where, text), ()


def _utf16_order(head: bytes) -> str | None:
    """Name the order of bytes of UTF-16: by its mark, or as every other byte of a plain header is zero."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16"
    first, second = head[::2], head[1::2]
    if len(head) < 8 or any(first) == any(second):
        return None
    return "utf-16-be" if any(second) else "utf-16-le"


def _is_cyrillic(content: bytes) -> bool:
    """Whether bytes beyond ASCII are Cyrillic letters in cp1251, in words of their own, or marks used beside them."""
    try:
        text = content.decode("cp1251")
    except UnicodeDecodeError:
        return False
    beyond = {character for character in text if character > "\x7f"} - _CYRILLIC_EXTRAS
    return all("\u0400" <= character <= "\u04ff" for character in beyond) and not _TWO_SCRIPTS.search(text)


def _table_text(where: str, text: str) -> str:
    """Refuse what people give instead of the table, by its name."""
    if "\0" in text:
        fault = "found binary content, so it is not a CSV; CSV text is allowed; export the table as CSV UTF-8"
        raise InputError(where, [fault])
    head = text[:200].lstrip("\ufeff \t\r\n").casefold()
    for start, fault in _NO_TABLES:
        if head.startswith(start):
            raise InputError(where, [f"found {fault}"])
    return text


def _header_line(text: str, used: frozenset[str]) -> tuple[int, str] | None:
    """Find the line of the header and what separates its cells: titles may stand above it, but no rows."""
    for number, line in enumerate(islice(io.StringIO(text, newline=""), _HEADER_LINES), 1):
        cells = {sign: [cell for cell in map(_column_name, line.split(sign)) if cell] for sign in _SEPARATORS}
        best = max(cells, key=lambda sign: len(used.intersection(cells[sign])))
        if len(used.intersection(cells[best])) > 1:
            return number, best
        if max(map(len, cells.values())) > 1 and not _SEP_LINE.fullmatch(line.strip()):
            return None
    return None


def _no_header(text: str, used: frozenset[str], needed: Sequence[str]) -> str:
    """Word that a file has no header, or none that can be split."""
    lines = enumerate(io.StringIO(text, newline=""), 1)
    number, first = next(((place, line) for place, line in lines if line.strip(_EMPTY)), (1, ""))
    fault = f"line {number}: found {first.strip()[:60]!r}, so it is not a CSV of attack reports"
    if sum(name in first for name in used) > 1:
        fault = (
            f"line {number}: found {first.strip()[:60]!r}, cells separated by none of {', '.join(_SEPARATORS.values())}"
        )
    return f"{fault}; a header with the columns {', '.join(needed)} is needed; check which file this is"


def _column_name(cell: str) -> str:
    """Name of a column, whatever its case and blanks: "Time End" is time_end."""
    return "_".join(cell.strip(' \t\r\n"\ufeff').casefold().split())


def _split_rows(
    where: str, text: str, first: int, separator: str
) -> tuple[list[str], list[tuple[int, list[str]]], Faults]:
    """Cells of the header on line `first`, and each row below with the line it starts on; a quoted cell may run over.

    A quote without its pair is a fault of the line it stands in; reading goes on below.
    """
    lines = io.StringIO(text, newline="").readlines()
    rows: list[tuple[int, list[str]]] = []
    faults: Faults = []
    start = first
    while start <= len(lines):
        reader, before = csv.reader(lines[start - 1 :], delimiter=separator, strict=True), start - 1
        try:
            for row in reader:
                if any(map(str.strip, row)):
                    rows.append((start, row))
                start = before + reader.line_num + 1
        except csv.Error as error:
            fault = f"line {start}: not a CSV row ({error}); quotes must come in pairs; check that line"
            faults.append((start, fault))
            start += 1
            if len(faults) > _OPEN_QUOTES_MAX or not rows:
                raise InputError(where, [text for _, text in faults]) from None
    return rows[0][1], rows[1:], faults


def _without_repeats(
    header: list[str], rows: list[tuple[int, list[str]]]
) -> tuple[list[tuple[int, list[str]]], tuple[str, ...]]:
    """Each row once, and a note on those that came before; a header in the middle is one of them.

    A column that only numbers the lines tells no reports apart, nor does 12 from 12.0: so are two copies joined.
    """
    told = [not _NUMBERING.fullmatch(_column_name(name)) for name in header]
    exact, alike = {tuple(header)}, set[tuple[str, ...]]()
    kept: list[tuple[int, list[str]]] = []
    equal: list[int] = []
    to_the_letter = True
    for line, row in rows:
        whole = tuple(row)
        key = tuple(_plain(cell) for cell, counts in zip_longest(row, told, fillvalue=True) if counts)
        if whole in exact or key in alike:
            to_the_letter &= whole in exact
            equal.append(line)
            continue
        exact.add(whole)
        alike.add(key)
        kept.append((line, row))
    how = "letter for letter" if to_the_letter else "but for the numbering of lines or the way numbers are written"
    return kept, (_equal_note(equal, how),) if equal else ()


def _plain(cell: object) -> str:
    """Cell without what spreadsheets and notebooks add to it."""
    text = str(cell).strip()
    return "" if text.casefold() in BLANK else text.removesuffix(".0")


def _equal_note(lines: list[int], how: str) -> str:
    listed = ", ".join(map(str, lines[:5])) + (" ..." if len(lines) > 5 else "")
    repeats = f"{count_of(len(lines), 'line')} {'repeats' if len(lines) == 1 else 'repeat'}"
    return f"{repeats} an earlier line {how} (line {listed}): each report counts once."
