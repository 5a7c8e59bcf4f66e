"""Sources and entries as lines of JSON: written in one way only, and read with every fault named by its line."""

from __future__ import annotations

import datetime as dt
import json
import operator
import re
import sys
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, get_type_hints

from tegmen.errors import InputError, validation_faults
from tegmen.ledger.entries import ENTRY_KINDS, Entry, Quantity, Source, as_json, stated

T = TypeVar("T", Source, Entry)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pydantic import BaseModel

    from tegmen.errors import KeyPath

BYTES_MOST: Final = 20_000_000
"""Largest file read at once: some 50,000 entries."""
FAULTS_SHOWN: Final = 20
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


# ---------------------------------------------------------------- our own lines


def line_of(item: Source | Entry, id_: str) -> str:
    """Write a source or an entry, whose id is known, as one line of JSON: the id, and what it says."""
    return as_json({"kind": "source", **stated(item), "id": id_})


def read_held(content: bytes, where: str, most: int = BYTES_MOST) -> tuple[Mapping[str, Source], dict[str, Entry]]:
    """Read the sources and the entries of a ledger's file: quickly where all lines are as `line_of` writes them.

    Raises
    ------
    InputError
        With every fault and the line it is in; or as `read_lines`.
    """
    lines = [line for line in _as_text(content, where, most).split("\n") if line.strip()]
    try:
        return sources_of(lines), entries_of(lines)
    except InputError:  # of a line that somebody else wrote, or changed
        batch = read_lines(content, where, most)
    if batch.faults:
        raise InputError(where, shown(batch.faults))
    return batch.sources, batch.entries


def entries_of(lines: Sequence[str]) -> dict[str, Entry]:
    """Read back the entries that `line_of` wrote, by id; lines of sources are passed over.

    Raises
    ------
    InputError
        A line is damaged: it cannot be read, or what it says has another id.
    """
    return _read_back(lines, Entry)


def sources_of(lines: Sequence[str]) -> dict[str, Source]:
    """Read back the sources that `line_of` wrote, by id, as `entries_of` the entries."""
    return _read_back(lines, Source)


def _read_back(lines: Sequence[str], make: Callable[..., T]) -> dict[str, T]:
    items: dict[str, T] = {}
    try:
        for content in json.loads(f"[{','.join(lines)}]"):  # one call for all lines: ten thousand calls take longer
            if (content["kind"] == "source") != (make is Source):
                continue
            if make is Source:
                del content["kind"]
            id_ = content.pop("id")
            items[id_] = make(**{name: _READ.get(name, _text)(value) for name, value in content.items()})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError("a line", [f"cannot be read back ({type(error).__name__}: {error})"]) from None
    for id_, item in items.items():
        if item.id != id_:
            raise InputError(str(id_), [f"no longer matches what it says, which has the id {item.id}"])
    return items


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"found {value!r}, which is no text")
    return value


_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    **dict.fromkeys(("date", "due", "published", "retrieved"), dt.date.fromisoformat),
    **dict.fromkeys(("participants", "topics"), lambda names: tuple(map(_text, names))),
    "evidence": lambda ends: tuple(map(operator.index, ends)),
    "doubtful": bool,
    "period": lambda days: tuple(map(dt.date.fromisoformat, days)),
    "quantity": lambda said: Quantity(**said),
}
"""How the fields that are no plain text are read back."""


# ---------------------------------------------------------------- a stranger's lines


@dataclass(frozen=True, slots=True)
class ReadLines:
    """What a file of lines holds, and what is wrong with it.

    Parameters
    ----------
    sources, entries
        By id, in the order of the lines.
    line
        Line each id was read in, from 1.
    faults
        (line, fault), in the order of the lines.
    named
        Ids that faulty lines claim for themselves: what refers to them is no fault of its own.
    """

    sources: Mapping[str, Source]
    entries: dict[str, Entry]
    line: Mapping[str, int]
    faults: Sequence[tuple[int, str]]
    named: frozenset[str]


def read_lines(content: bytes, where: str, most: int = BYTES_MOST) -> ReadLines:
    """Read JSON Lines: one source (`"kind": "source"`) or entry a line, in any order, as `Ledger.export` writes them.

    An `id` may be left out; one that is given must be that of the content. An entry's `source` is the id of a source,
    or the source itself as an object.

    Raises
    ------
    InputError
        The file as a whole is not text of lines: empty, too large, binary, not UTF-8.
    """
    sources, entries, lines = dict[str, Source](), dict[str, Entry](), dict[str, int]()
    faults, named = list[tuple[int, str]](), set[str]()
    for number, line in enumerate(_as_text(content, where, most).split("\n"), start=1):
        if not line.strip():
            continue
        raw: object = None
        try:
            raw = parsed_json(line)
            found = _items(raw)
        except InputError as error:
            faults += [(number, fault) for fault in error.faults]
            named |= {raw["id"]} if isinstance(raw, dict) and isinstance(raw.get("id"), str) else set()
            continue
        for each, item in found.items():
            lines.setdefault(each, number)
            if isinstance(item, Source):
                sources[each] = item
            else:
                entries[each] = item
    return ReadLines(sources, entries, lines, faults, frozenset(named))


def read_bytes(path: str | Path) -> bytes:
    """Read a file whole, or standard input for "-"; of one that is too large, no more than shows that it is.

    Raises
    ------
    InputError
        A folder, no such file, or one that cannot be read.
    """
    where = str(path)
    try:
        if where == "-":
            return sys.stdin.buffer.read(BYTES_MOST + 1)
        with Path(path).open("rb") as handle:
            return handle.read(BYTES_MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(where, [f"cannot be read ({reason}); give a file of JSON Lines, or - for input"]) from None


def shown(faults: Sequence[tuple[int, str]]) -> list[str]:
    """Word faults by line, the first twenty in full."""
    lines = [f"line {number}: {fault}" for number, fault in sorted(faults)]
    more = len(lines) - FAULTS_SHOWN
    return lines if more <= 0 else [*lines[:FAULTS_SHOWN], f"and {more} more ({len(lines)} faults in all)"]


def _as_text(content: bytes, where: str, most: int) -> str:
    if len(content) > most:
        found = f"found {len(content) / 1e6:,.0f} MB or more; at most {most / 1e6:,.0f} MB are read at once"
        raise InputError(where, [f"{found}: split the file by lines"])
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise InputError(where, ["found UTF-16 text; UTF-8 is allowed: save it again as UTF-8"])
    if b"\0" in content:
        raise InputError(where, ["found binary content; JSON Lines are allowed, as `tegmen ledger export` writes them"])
    if not content.strip():
        raise InputError(where, ["the file is empty; at least one line of JSON is needed: check which file this is"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"line {line}: found byte {content[error.start]:#04x}, which is not UTF-8"
        raise InputError(where, [f"{found}; UTF-8 text is allowed: save it again as UTF-8"]) from None


def parsed_json(line: str) -> object:
    """Parse a stranger's JSON: each name once in an object, and no number that is none.

    Raises
    ------
    InputError
        Not JSON, or brackets in brackets without end.
    """
    try:
        parsed = json.loads(line, object_pairs_hook=_each_once, parse_constant=_no_number)
        if "\\u" in line:
            json.dumps(parsed, ensure_ascii=False).encode()  # half a character, escaped, is JSON and yet no text
    except (ValueError, RecursionError) as error:
        reason = str(error).partition(" (char")[0]
        fault = f"found {line.strip()[:40]!r}, which is not JSON ({reason}); one object a line is allowed"
        raise InputError("line", [fault]) from None
    return parsed


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{', '.join(map(repr, twice))} twice in one object")
    return dict(pairs)


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is no number")


def entry_of(content: dict[str, Any]) -> Entry:
    """Make an entry of a stranger's fields.

    Raises
    ------
    InputError
        With every field that is unknown, missing or not of its type; or as `Entry`.
    """
    fields_ = _validated("Entry", content)
    if fields_["quantity"] is not None:
        fields_["quantity"] = Quantity(**fields_["quantity"])
    return Entry(**fields_)


def _items(raw: object) -> dict[str, Source | Entry]:
    """Give what one line holds, by id: a source; an entry; or an entry after the source it carries."""
    if not isinstance(raw, dict):
        raise InputError("line", [f"found {str(raw)[:40]!r}; an object {{...}} is allowed"])
    content: dict[str, Any] = dict(raw)
    claimed, kind = content.pop("id", None), content.get("kind")
    items: dict[str, Source | Entry] = {}
    if kind == "source":
        del content["kind"]
        item: Source | Entry = Source(**_validated("Source", content))
    elif kind in ENTRY_KINDS:
        if isinstance(content.get("source"), dict):
            own = {name: value for name, value in content["source"].items() if name not in {"id", "kind"}}
            source = Source(**_validated("Source", own, "source."))
            content["source"] = source.id
            items[source.id] = source
        item = entry_of(content)
    else:
        raise InputError("line", [f"kind: found {kind!r}, allowed: {', '.join(('source', *ENTRY_KINDS))}"])
    items[item.id] = item
    if claimed is not None and claimed != next(reversed(items)):
        fault = (
            f"id: found {claimed!r}, but the content's is {next(reversed(items))!r}: an entry is never changed. "
            "Restore it and add a correction, or leave the id out"
        )
        raise InputError("line", [fault])
    return items


# ---------------------------------------------------------------- the schema, made from the types


def _validated(name: str, content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Check names and types of fields; give them in our types, quantities still as their fields."""
    from pydantic import ValidationError

    model = _models()[name]
    try:
        return model.model_validate(content).model_dump()
    except ValidationError as error:

        def allowed(place: KeyPath) -> Iterable[str]:
            return (_models()["Quantity"] if place[0] == "quantity" else model).model_fields

        faults = validation_faults(error.errors(), allowed)
        raise InputError("line", [prefix + fault for fault in faults]) from None


@cache
def _models() -> dict[str, type[BaseModel]]:
    """Make the models from the dataclasses, so that there is one list of fields."""
    from pydantic import BeforeValidator, ConfigDict, Field, create_model

    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    day: Any = Annotated[dt.date, BeforeValidator(_date)]
    listed: Any = Field(strict=False)  # JSON has lists only
    models: dict[str, type[BaseModel]] = {}
    for kind in (Quantity, Source, Entry):
        hints = get_type_hints(kind)
        hints |= {key: day | None for key in ("published", "retrieved", "date", "due") if key in hints}
        if kind is Entry:
            hints |= {"quantity": models["Quantity"] | None}
            hints |= {"period": Annotated[tuple[day, day] | None, listed]}
            hints |= {"evidence": Annotated[tuple[int, int] | None, listed]}
            hints |= dict.fromkeys(("participants", "topics"), Annotated[tuple[str, ...], listed])
        defaults = {field.name: ... if field.default is MISSING else field.default for field in fields(kind)}
        if kind is Quantity:
            defaults |= dict.fromkeys(("low", "best", "high"))
        made: Any = {key: (hint, defaults[key]) for key, hint in hints.items()}
        models[kind.__name__] = create_model(kind.__name__, __config__=config, **made)
    return models


def _date(value: object) -> dt.date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"found {value!r}, which is no day of the calendar; check it in the source") from None
    raise ValueError(f"found {value!r}; a day is written YYYY-MM-DD, in quotes")
