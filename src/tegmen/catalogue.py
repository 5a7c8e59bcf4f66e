"""The catalogue: every public number the model uses, with its range, unit and source, through one typed door."""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from tegmen.errors import InputError
from tegmen.terms import ThreatClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SYSTEMS = (
    "patriot",
    "sampt",
    "nasams",
    "iris_t_slm",
    "hawk",
    "s300ps",
    "buk_m1",
    "gepard",
    "mobile_fire_group",
    "ew",
)
"""Ids of the defending systems; "all" in a table stands for every system together."""

_VALUES = ("value_low", "value_best", "value_high", "unit", "source", "verified", "note")
TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "systems.csv": ("system", "name", "family", "parameter", *_VALUES),
        "threats.csv": ("threat_class", "model", "name", "parameter", *_VALUES),
        "inventories.csv": ("holder", "system", "role", "as_of", *_VALUES),
        "official_totals.csv": ("metric", "period_start", "period_end", *_VALUES),
        "consequences.csv": ("metric", "period_start", "period_end", *_VALUES),
        "model.csv": ("parameter", "threat_class", "system", *_VALUES),
    }
)
"""Tables of the catalogue and their columns."""

_OUTSIDE_THE_MODEL = ("recon", "tactical")
_PERT_LAMBDA = 4.0
_PERT_LOWEST = 1e-60


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the catalogue: a planning span, where it came from, and whether that was checked.

    Parameters
    ----------
    name
        What is measured, with underscores; in totals the metric, in inventories the role.
    low, best, high
        Planning span (not a confidence interval) [unit]; None where the source gives none.
    unit
        Unit in the source's words.
    source
        Where the number was read; never empty.
    verified
        Whether the number was read in a stored copy of its source.
    note
        What to know before quoting it; may be empty.
    system
        A system id, or empty.
    threat_class
        A `ThreatClass` name, "recon" or "tactical" (both outside the model), or empty.
    subject
        Threat model, or holder of an inventory, or words of a stated need; may be empty.
    period
        As-of date, or "start/end" of a total; may be empty.
    table
        File the row is in.

    Raises
    ------
    InputError
        The span is out of order, not finite, or outside [0, 1] for a fraction; the source or unit is missing; the
        system or threat class is unknown.
    """

    name: str
    low: float | None
    best: float | None
    high: float | None
    unit: str
    source: str
    verified: bool
    note: str = ""
    system: str = ""
    threat_class: str = ""
    subject: str = ""
    period: str = ""
    table: str = ""

    def __post_init__(self) -> None:
        faults = [*self._span_faults(), *self._word_faults()]
        if faults:
            raise InputError(self.label, faults)

    def _span_faults(self) -> list[str]:
        given = [value for value in (self.low, self.best, self.high) if value is not None]
        if not given:
            return ["no value: found neither low, best nor high; give at least one of them"]
        if not all(math.isfinite(value) for value in given):
            return [f"value: found {self._span_text()}, allowed are finite numbers"]
        faults: list[str] = []
        if given != sorted(given):
            faults.append(f"range out of order: found {self._span_text()}, must be low <= best <= high")
        if self.unit == "fraction" and not 0 <= min(given) <= max(given) <= 1:
            faults.append(f"fraction: found {self._span_text()}, allowed is [0, 1]")
        return faults

    def _word_faults(self) -> list[str]:
        faults = [
            f"{key}: missing; say {question}"
            for key, value, question in (
                ("source", self.source, "where the number was read, or that it is an assumption"),
                ("unit", self.unit, "what the number counts, or 'dimensionless'"),
            )
            if not value.strip()
        ]
        classes = (*ThreatClass.__members__, *_OUTSIDE_THE_MODEL)
        if self.threat_class and self.threat_class not in classes:
            faults.append(f"threat_class: found '{self.threat_class}', allowed are {', '.join(classes)} or empty")
        if self.system and self.system not in (*SYSTEMS, "all"):
            faults.append(f"system: found '{self.system}', allowed are {', '.join(SYSTEMS)}, all or empty")
        return faults

    def _span_text(self) -> str:
        return ", ".join("none" if value is None else f"{value:g}" for value in (self.low, self.best, self.high))

    @property
    def label(self) -> str:
        """Words for a table or a chart, e.g. "patriot, ballistic: relative effectiveness"."""
        about = ", ".join(word for word in (self.subject, self.system, self.threat_class, self.period) if word)
        name = self.name.replace("_", " ")
        return f"{about}: {name}" if about else name

    @property
    def value(self) -> float:
        """The best value [unit]; InputError where the source gives none."""
        if self.best is None:
            raise InputError(
                self.label, [f"best value: none in {self.source}; give one in the {self.table or 'table'}"]
            )
        return self.best

    @property
    def span(self) -> tuple[float, float, float]:
        """Low, best and high [unit]; InputError where one is missing."""
        if self.low is None or self.best is None or self.high is None:
            raise InputError(
                self.label,
                [f"range: found low, best, high = {self._span_text()}; a range needs all three, in {self.table}"],
            )
        return self.low, self.best, self.high

    def pert(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give quantiles of the modified PERT distribution on the span.

        A beta distribution on [low, high] with shapes 1 + 4 (best - low) / (high - low) and
        1 + 4 (high - best) / (high - low): mean (low + 4 best + high) / 6. A span of no width is a constant.

        Parameters
        ----------
        u
            (any) [probability], in [0, 1].

        Returns
        -------
        Quantiles, (shape of u) [unit].

        Raises
        ------
        InputError
            A bound is missing, or u leaves [0, 1].

        Source: Vose (2008), Risk Analysis, on the modified PERT with weight 4.
        """
        low, _, high = self.span
        level = np.asarray(u, dtype=np.float64)
        if not bool(np.all((level >= 0) & (level <= 1))):
            raise InputError(self.label, ["u: found a level outside [0, 1] or NaN; probabilities are in [0, 1]"])
        if high == low:
            return np.full(level.shape, low)
        from scipy.special import betaincinv  # scipy is only needed once worlds are drawn

        left, right = self._pert_shapes()
        # scipy's inverse can be NaN below 1e-100; below 1e-60 the quantile is `low` to 11 digits (shapes <= 5).
        share = np.asarray(betaincinv(left, right, np.where(level < _PERT_LOWEST, 0.0, level)), dtype=np.float64)
        return np.clip(low + (high - low) * share, low, high)

    def draws(self, generator: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Draw from the same distribution, (count) [unit]; much faster than quantiles of uniforms."""
        low, _, high = self.span
        if high == low:
            return np.full(count, low)
        return low + (high - low) * generator.beta(*self._pert_shapes(), count)

    def _pert_shapes(self) -> tuple[float, float]:
        low, best, high = self.span
        width = high - low
        return 1.0 + _PERT_LAMBDA * (best - low) / width, 1.0 + _PERT_LAMBDA * (high - best) / width


@dataclass(frozen=True, slots=True)
class Claim:
    """A need stated in public: so many more fire units, in whose words.

    Parameters
    ----------
    label
        The words used, e.g. "minimum".
    system
        System id.
    low, best, high
        Added units [unit].
    unit
        Word of the source: batteries, systems, fire units.
    as_of
        When it was said (ISO date or month).
    source
        Where it was read.
    verified
        Whether it was read in a stored copy of the source.
    note
        What to know before quoting it.
    """

    label: str
    system: str
    low: float
    best: float
    high: float
    unit: str
    as_of: str
    source: str
    verified: bool
    note: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every parameter, looked up by what it is about; a look-up that fails names what exists.

    Parameters
    ----------
    parameters
        All rows, in table order.
    files
        Table name to sha256 of its bytes.

    Raises
    ------
    InputError
        Two rows state the same thing.
    """

    parameters: tuple[Parameter, ...]
    files: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))
        seen: set[tuple[str, ...]] = set()
        faults: list[str] = []
        for row in self.parameters:
            key = (row.table, row.name, row.system, row.threat_class, row.subject, row.period)
            if key in seen:
                faults.append(f"{row.table}: '{row.label}' stands there twice; keep one row")
            seen.add(key)
        if faults:
            raise InputError("catalogue", faults)

    @property
    def sha256(self) -> str:
        """Digest over all tables, for `Provenance.inputs`."""
        joined = "\n".join(f"{name} {digest}" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(joined.encode()).hexdigest()

    def system(self, system: str, parameter: str) -> Parameter:
        """Give a fact about a defending system, e.g. ``system("patriot", "defended_radius_ballistic")``."""
        about = [row for row in self._rows("systems.csv") if row.system == system]
        if not about:
            raise _missing("systems.csv", "system", system, {row.system for row in self._rows("systems.csv")})
        return _one(about, f"systems.csv, system '{system}'", "parameter", parameter)

    def threat(self, threat_class: str, parameter: str, model: str | None = None) -> Parameter:
        """Give a fact about a threat model; `model` may be left out where one model of the class states it.

        Class-wide spans of speed and altitude are in `model` ("speed_kmh", "altitude_m").
        """
        rows = [row for row in self._rows("threats.csv") if row.threat_class == threat_class]
        if not rows:
            raise _missing(
                "threats.csv", "threat class", threat_class, {row.threat_class for row in self._rows("threats.csv")}
            )
        if model is not None:
            models = {row.subject for row in rows}
            rows = [row for row in rows if row.subject == model]
            if not rows:
                raise _missing(f"threats.csv, class '{threat_class}'", "model", model, models)
        return _one(rows, f"threats.csv, class '{threat_class}'", "parameter", parameter)

    def model(self, parameter: str, threat_class: str | None = None, system: str | None = None) -> Parameter:
        """Give a parameter of tegmen's own model, for a threat class and a system where it depends on them."""
        rows = [row for row in self._rows("model.csv") if row.name == parameter]
        if not rows:
            raise _missing("model.csv", "parameter", parameter, {row.name for row in self._rows("model.csv")})
        wanted = (threat_class or "", system or "")
        for row in rows:
            if (row.threat_class, row.system) == wanted:
                return row
        kinds = {f"({row.threat_class or 'no class'}, {row.system or 'no system'})" for row in rows}
        asked = f"({wanted[0] or 'no class'}, {wanted[1] or 'no system'})"
        raise _missing(f"model.csv, parameter '{parameter}'", "(threat class, system)", asked, kinds)

    def inventory(self, holder: str, system: str) -> Parameter:
        """Give how many units of a system a holder has, e.g. ``inventory("Ukraine", "patriot")``."""
        rows = [row for row in self._rows("inventories.csv") if row.name != "need"]
        about = [row for row in rows if row.subject == holder]
        if not about:
            raise _missing("inventories.csv", "holder", holder, {row.subject for row in rows})
        for row in about:
            if row.system == system:
                return row
        raise _missing(f"inventories.csv, holder '{holder}'", "system", system, {row.system for row in about})

    def official_total(self, metric: str, start: str, end: str) -> Parameter:
        """Give a total stated by officials for a period of ISO dates, both ends included."""
        return self._total("official_totals.csv", metric, f"{start}/{end}")

    def consequence(self, metric: str, start: str, end: str) -> Parameter:
        """Give a public statement on losses or damage for a period of ISO dates, both ends included."""
        return self._total("consequences.csv", metric, f"{start}/{end}")

    def needs(self, system: str = "patriot") -> tuple[Claim, ...]:
        """Give the needs stated in public for a system, smallest first."""
        rows = [row for row in self._rows("inventories.csv") if row.name == "need" and row.system == system]
        if not rows:
            known = {row.system for row in self._rows("inventories.csv") if row.name == "need"}
            raise _missing("inventories.csv, role 'need'", "system", system, known)
        claims = [
            Claim(row.subject, row.system, *row.span, row.unit, row.period, row.source, row.verified, row.note)
            for row in rows
        ]
        return tuple(sorted(claims, key=lambda claim: (claim.best, claim.label)))

    def table(self) -> list[Parameter]:
        """Give every parameter, in table order, as the report prints them."""
        return list(self.parameters)

    def _rows(self, table: str) -> list[Parameter]:
        return [row for row in self.parameters if row.table == table]

    def _total(self, table: str, metric: str, period: str) -> Parameter:
        rows = [row for row in self._rows(table) if row.name == metric]
        if not rows:
            raise _missing(table, "metric", metric, {row.name for row in self._rows(table)})
        for row in rows:
            if row.period == period:
                return row
        raise _missing(f"{table}, metric '{metric}'", "period", period, {row.period for row in rows})


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
    root = files("tegmen").joinpath("data", "catalogue") if folder is None else Path(folder)
    parameters: list[Parameter] = []
    digests: dict[str, str] = {}
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
        rows, wrong = _read_table(name, text)
        parameters += rows
        faults += wrong
    if faults:
        raise InputError(f"catalogue {root}" if folder is not None else "catalogue", faults)
    return Catalogue(tuple(parameters), digests)


def _read_table(name: str, text: str) -> tuple[list[Parameter], list[str]]:
    """Give the rows of one table and one line for each fault in it."""
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
        try:
            rows.append(_parameter(name, dict(zip(header, cells, strict=True))))
        except InputError as error:
            faults += [f"{where} ({error.where}): {fault}" for fault in error.faults]
    return rows, faults


def _parameter(table: str, row: Mapping[str, str]) -> Parameter:
    """Make a parameter of a row; the columns that say what it is about differ from table to table."""
    if row["verified"] not in {"true", "false"}:
        raise InputError("verified", [f"found '{row['verified']}', allowed are true and false"])
    low, best, high = (_number(row, f"value_{bound}") for bound in ("low", "best", "high"))
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


def _number(row: Mapping[str, str], column: str) -> float | None:
    text = row[column].strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InputError(column, [f"found '{text}', allowed is a number or nothing"]) from None


def _one(rows: Sequence[Parameter], where: str, kind: str, name: str) -> Parameter:
    """Give the only row of that name, or say what there is."""
    found = [row for row in rows if row.name == name]
    if not found:
        raise _missing(where, kind, name, {row.name for row in rows})
    if len(found) > 1:
        models = ", ".join(row.subject for row in found)
        raise InputError("catalogue", [f"{where}: '{name}' is stated for several models ({models}); name one of them"])
    return found[0]


def _missing(where: str, kind: str, found: str, known: set[str]) -> InputError:
    there = ", ".join(sorted(known))
    return InputError("catalogue", [f"{where}: no {kind} '{found}'; there are {there}; use one or add a row"])
