"""The catalogue: every public number the model uses, with its range, unit and source, through one typed door."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from io import StringIO
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from tegmen.data import shipped
from tegmen.errors import InputError
from tegmen.evidence.parameters import Parameter
from tegmen.evidence.systems import Kinds
from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.resources.abc import Traversable


_VALUE_COLUMNS = ("value_low", "value_best", "value_high", "unit", "source", "verified", "note")
TABLES: Mapping[str, tuple[str, ...]] = FrozenDict(
    {
        "systems.csv": ("system", "name", "family", "parameter", *_VALUE_COLUMNS),
        "threats.csv": ("threat_class", "model", "name", "parameter", *_VALUE_COLUMNS),
        "inventories.csv": ("holder", "system", "role", "as_of", *_VALUE_COLUMNS),
        "official_totals.csv": ("metric", "period_start", "period_end", *_VALUE_COLUMNS),
        "consequences.csv": ("metric", "period_start", "period_end", *_VALUE_COLUMNS),
        "holders.csv": ("holder", "system", "parameter", "as_of", *_VALUE_COLUMNS),
        "model.csv": ("parameter", "threat_class", "system", *_VALUE_COLUMNS),
    }
)
"""Tables of the catalogue and their columns."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every parameter, looked up by what it is about; a look-up that fails names what exists.

    Parameters
    ----------
    parameters
        All rows, in table order.
    files
        Table name to sha256 of its bytes.
    names
        Kind of fire unit to its name in words.
    kinds
        Kinds of fire units, and what each meets: what the rows say.

    Raises
    ------
    InputError
        Two rows state the same thing.
    """

    parameters: tuple[Parameter, ...]
    files: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=FrozenDict[str, str])
    kinds: Kinds = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", FrozenDict(sorted(self.files.items())))
        seen: set[tuple[str, ...]] = set()
        faults: list[str] = []
        for row in self.parameters:
            key = (row.table, row.name, row.system, row.threat_class, row.subject, row.period)
            if key in seen:
                faults.append(f"{row.table}: '{row.label}' stands there twice; keep one row")
            seen.add(key)
        if faults:
            raise InputError("catalogue", faults)
        object.__setattr__(self, "kinds", Kinds.of(self.parameters))

    @property
    def sha256(self) -> str:
        """Digest over all tables, for `Provenance.inputs`."""
        joined = "\n".join(f"{name} {digest}" for name, digest in self.files.items())
        return hashlib.sha256(joined.encode()).hexdigest()

    def of_kind(self, kind: str, *names: str, threat_class: str = "") -> Parameter:
        """Give the row of a kind that is called by the first of these names it has, whichever table it stands in."""
        rows = {row.name: row for row in self.parameters if row.system == kind and row.threat_class == threat_class}
        found = next((rows[name] for name in names if name in rows), None)
        if found is None:
            about = f"{kind}, class '{threat_class}'" if threat_class else kind
            known = ", ".join(sorted(rows)) or "none"
            raise InputError("catalogue", [f"{about}: no row {' or '.join(names)}; there are {known}; add a row"])
        return found

    def system(self, system: str, parameter: str) -> Parameter:
        """Give a fact about a defending system, e.g. ``system("patriot", "defended_radius_ballistic")``."""
        rows = _matching(self._rows("systems.csv"), "systems.csv", "system", system, attrgetter("system"))
        return _sole(rows, f"systems.csv, system '{system}'", parameter)

    def threat(self, threat_class: str, parameter: str, model: str | None = None) -> Parameter:
        """Give a fact about a threat model; `model` may be left out where one model of the class states it.

        Class-wide spans of speed and altitude are in `model` ("speed_kmh", "altitude_m").
        """
        all_rows = self._rows("threats.csv")
        rows = _matching(all_rows, "threats.csv", "threat class", threat_class, attrgetter("threat_class"))
        where = f"threats.csv, class '{threat_class}'"
        if model is not None:
            rows = _matching(rows, where, "model", model, attrgetter("subject"))
        return _sole(rows, where, parameter)

    def model(self, parameter: str, threat_class: str | None = None, system: str | None = None) -> Parameter:
        """Give a parameter of tegmen's own model, for a threat class and a system where it depends on them."""
        rows = _matching(self._rows("model.csv"), "model.csv", "parameter", parameter, attrgetter("name"))
        where = f"model.csv, parameter '{parameter}'"
        pair = _pair(threat_class or "", system or "")
        return _matching(rows, where, "(threat class, system)", pair, lambda row: _pair(row.threat_class, row.system))[
            0
        ]

    def inventory(self, holder: str, system: str) -> Parameter:
        """Give how many units of a system a holder has, e.g. ``inventory("Ukraine", "patriot")``."""
        rows = [row for row in self._rows("inventories.csv") if row.name != "need"]
        held = _matching(rows, "inventories.csv", "holder", holder, attrgetter("subject"))
        return _matching(held, f"inventories.csv, holder '{holder}'", "system", system, attrgetter("system"))[0]

    def systems_with(self, parameter: str) -> tuple[str, ...]:
        """Systems for which the model has a parameter of this name."""
        return tuple(row.system for row in self._rows("model.csv") if row.name == parameter and row.system)

    def consequence(self, metric: str, start: str, end: str) -> Parameter:
        """Give a public statement on losses or damage for a period of ISO dates, both ends included."""
        rows = _matching(self._rows("consequences.csv"), "consequences.csv", "metric", metric, attrgetter("name"))
        where = f"consequences.csv, metric '{metric}'"
        return _matching(rows, where, "period", f"{start}/{end}", attrgetter("period"))[0]

    def row(self, row_id: str) -> Parameter:
        """Give a row by its id.

        Raises
        ------
        InputError
            No row has this id; the message names the nearest.
        """
        rows = {row.id: row for row in self.parameters}
        if row_id not in rows:
            near = get_close_matches(row_id, rows, 3, 0.3) or sorted(rows)[:3]
            known = ", ".join(near)
            raise InputError("catalogue", [f"no number has the id '{row_id}'; the nearest are {known}"])
        return rows[row_id]

    def with_replaced(self, row_id: str, span: tuple[float, float, float], source: str) -> Catalogue:
        """Put another span and source in place of a row's; its note keeps what stood there, and nothing else moves."""
        old = self.row(row_id)
        low, best, high = span
        note = f"replaced; was low, best, high {old.span_text} ({old.source})"
        new = replace(old, low=low, best=best, high=high, source=source, verified=False, note=note)
        return replace(self, parameters=tuple(new if row is old else row for row in self.parameters))

    def with_rows(self, rows: Sequence[Parameter]) -> Catalogue:
        """Add rows, after all others."""
        return replace(self, parameters=(*self.parameters, *rows))

    def _rows(self, table: str) -> list[Parameter]:
        return [row for row in self.parameters if row.table == table]


def read_catalogue(folder: str | Path | None = None) -> Catalogue:
    """Read the catalogue.

    Parameters
    ----------
    folder
        Folder with the tables named in `TABLES`; None reads the tables shipped with tegmen.

    Returns
    -------
    The catalogue, every row checked.

    Raises
    ------
    InputError
        Every fault of every table: a missing file or column, a number that is none, a range out of order, a fraction
        outside [0, 1], a missing source or unit, an unknown system or threat class, a row stated twice.
    """
    return _shipped_catalogue() if folder is None else _parse_tables(Path(folder), f"catalogue {folder}")


def kind_name(kind: str) -> str:
    """Name of a kind of fire unit in words; of one that the shipped catalogue does not know, its id in words."""
    return read_catalogue().names.get(kind, kind.replace("_", " "))


@cache
def _shipped_catalogue() -> Catalogue:
    # The shipped tables cannot change while we run, and every batch of worlds asks for them.
    return _parse_tables(shipped("catalogue"), "catalogue")


def _parse_tables(root: Traversable | Path, where: str) -> Catalogue:
    parameters: list[Parameter] = []
    digests, names = dict[str, str](), dict[str, str]()
    faults: list[str] = []
    for name in TABLES:
        try:
            content = root.joinpath(name).read_bytes()
            text = content.decode("utf-8-sig")
        except OSError:
            faults.append(f"{name}: not found or not readable; a catalogue needs {', '.join(TABLES)}")
            continue
        except UnicodeDecodeError:
            faults.append(f"{name}: not UTF-8 text; save it as CSV in UTF-8")
            continue
        digests[name] = hashlib.sha256(content).hexdigest()
        rows, wrong = rows_of_table(name, text, names)
        parameters += rows
        faults += wrong
    if faults:
        raise InputError(where, faults)
    return Catalogue(tuple(parameters), digests, FrozenDict(names))


def rows_of_table(name: str, text: str, kinds: dict[str, str] | None = None) -> tuple[list[Parameter], list[str]]:
    """Give the rows of one table of `TABLES` and one line for each fault in it.

    Parameters
    ----------
    kinds
        Names of the kinds of fire units: systems.csv adds to them, other tables use no other; None: the shipped ones.
    """
    kinds = dict(read_catalogue().names) if kinds is None else kinds
    reader = csv.reader(StringIO(text, newline=""))
    columns = TABLES[name]
    header = next(reader, [])
    absent = [column for column in columns if column not in header]
    if absent:
        return [], [f"{name}: missing column {', '.join(absent)}; expected {', '.join(columns)}"]
    rows: list[Parameter] = []
    faults: list[str] = []
    for cells in reader:
        where = f"{name} line {reader.line_num}"
        if len(cells) != len(header):
            faults.append(f"{where}: found {len(cells)} cells, the header has {len(header)}; quote cells with commas")
            continue
        row = dict(zip(header, cells, strict=True))
        if name == "systems.csv":
            kinds.setdefault(row["system"], row["name"])
        elif row.get("system", "") not in ("", "all", *kinds):
            known = ", ".join(kinds)
            faults.append(f"{where}: system: found '{row['system']}', allowed are {known}, all or empty")
            continue
        try:
            rows.append(_parse_row(name, row))
        except InputError as error:
            faults += [f"{where} ({error.where}): {fault}" for fault in error.faults]
    return rows, faults


def _parse_row(table: str, row: Mapping[str, str]) -> Parameter:
    """Make a parameter of a row; the columns that say what it is about differ from table to table."""
    if row["verified"] not in {"true", "false"}:
        raise InputError("verified", [f"found '{row['verified']}', allowed are true and false"])
    low, best, high = (_bound(row, f"value_{bound}") for bound in ("low", "best", "high"))
    period = row.get("as_of", "")
    if "period_start" in row:
        period = f"{row['period_start']}/{row['period_end']}"
    return Parameter(
        name=row.get("parameter") or row.get("role") or row.get("metric") or "",
        low=low,
        best=best,
        high=high,
        unit=row["unit"],
        source=row["source"],
        verified=row["verified"] == "true",
        note=row["note"],
        system=row.get("system", ""),
        threat_class=row.get("threat_class", ""),
        subject=row.get("model") or row.get("holder") or "",
        period=period,
        table=table,
    )


def _bound(row: Mapping[str, str], column: str) -> float | None:
    text = row[column].strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(column, [f"found '{text}', allowed is a number or nothing"]) from None


def _matching(
    rows: Sequence[Parameter], where: str, kind: str, value: str, key: Callable[[Parameter], str]
) -> list[Parameter]:
    """Give the rows of this value, or say which values there are."""
    chosen = [row for row in rows if key(row) == value]
    if not chosen:
        known = ", ".join(sorted({key(row) for row in rows}))
        raise InputError("catalogue", [f"{where}: no {kind} '{value}'; there are {known}; use one or add a row"])
    return chosen


def _sole(rows: Sequence[Parameter], where: str, name: str) -> Parameter:
    """Give the only row of that name, or say what there is."""
    named = _matching(rows, where, "parameter", name, attrgetter("name"))
    if len(named) > 1:
        models = ", ".join(row.subject for row in named)
        raise InputError("catalogue", [f"{where}: '{name}' is stated for several models ({models}); name one of them"])
    return named[0]


def _pair(threat_class: str, system: str) -> str:
    return f"({threat_class or 'no class'}, {system or 'no system'})"
