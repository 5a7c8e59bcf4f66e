"""One number from public evidence: its span, unit and source, what is plausible in its unit, how it is drawn from."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.terms import ThreatClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tegmen.terms import Floats

_OUTSIDE_THE_MODEL = ("recon", "tactical")
_PERT_LAMBDA = 4.0
_PERT_LOWEST = 1e-60
KIND_PATTERN = "[a-z][a-z0-9_]{0,40}"
"""Spelling of the id of a kind of fire unit."""
_LONG = 1e300  # whole numbers of a file may be longer than any float


@dataclass(frozen=True, slots=True)
class Plausible:
    """What a number of a unit can be: beyond it a slip of sign, unit or digits is likelier than a fact.

    Parameters
    ----------
    unit
        Of both ends.
    lowest, highest
        Ends, both allowed [unit].
    why
        What stands at the ends.
    """

    unit: str
    lowest: float
    highest: float
    why: str

    def fault(self, values: Sequence[float], found: str = "") -> str | None:
        """Say what is wrong with values of this unit, or None; `found` are words for them."""
        if all(self.lowest <= value <= self.highest for value in values):  # what is no number fails, too
            return None
        words = found or ", ".join(
            f"{value:g}" if abs(value) < _LONG else "a number too long to show" for value in values
        )
        allowed = f"{self.lowest:,.10g} to {self.highest:,.10g} {self.unit}"
        return f"found {words} {self.unit}; plausible is {allowed} ({self.why}): check the number and its unit"


def plausible(unit: str, parameter: str = "") -> Plausible:
    """Give what is plausible in a unit, as narrowed for a parameter: the one door for every number that comes in.

    Raises
    ------
    InputError
        No such unit.
    """
    spans = _plausible_spans()
    if (unit, "") not in spans:
        units = sorted({known for known, _ in spans})
        near = ", ".join(get_close_matches(unit, units, 5, 0.5) or units)
        raise InputError("unit", [f"found {unit!r}; units with a plausible span are {near}: use one, or add a row"])
    return spans.get((unit, parameter), spans[unit, ""])


@cache
def _plausible_spans() -> Mapping[tuple[str, str], Plausible]:
    rows = csv.DictReader(shipped_text("catalogue", "units.csv").splitlines())
    return {
        (row["unit"], row["parameter"]): Plausible(row["unit"], float(row["lowest"]), float(row["highest"]), row["why"])
        for row in rows
    }


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
        Id of a kind of fire unit, "all", or empty.
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
        The span is out of order, or not plausible in its unit (`plausible`); the source or unit is missing; the unit or
        threat class is unknown; the system is no id.
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
        values = [value for value in (self.low, self.best, self.high) if value is not None]
        if not values:
            return ["no value: found neither low, best nor high; give at least one of them"]
        if not all(math.isfinite(value) for value in values):
            return [f"value: found {self.span_text}, allowed are finite numbers"]
        faults: list[str] = []
        if values != sorted(values):
            faults.append(f"range out of order: found {self.span_text}, must be low <= best <= high")
        return [*faults, *self._unit_faults(values)]

    def _unit_faults(self, values: list[float]) -> list[str]:
        if not self.unit.strip():
            return []
        try:
            fault = plausible(self.unit, self.name).fault(values, self.span_text)
        except InputError as error:
            return [f"{error.where}: {fault}" for fault in error.faults]
        return [] if fault is None else [f"value: {fault}"]

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
        if self.system and not re.fullmatch(KIND_PATTERN, self.system):
            faults.append(f"system: found '{self.system}'; an id is small letters, digits and underscores")
        return faults

    @property
    def span_text(self) -> str:
        """Low, best and high in words, "none" where the source gives none."""
        return ", ".join("none" if value is None else f"{value:g}" for value in (self.low, self.best, self.high))

    @property
    def id(self) -> str:
        """Name of the row, e.g. "systems/patriot/defended_radius_ballistic"."""
        parts = (self.subject, self.system, self.threat_class, self.name, *self.period.split("/"))
        words = (re.sub(r"[^a-z0-9_.]+", "-", word.lower()).strip("-") for word in parts)
        return "/".join([self.table.removesuffix(".csv"), *(word for word in words if word)])

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
    def constant(self) -> float:
        """The value [unit] of a number that holds for all worlds; InputError where it has a range."""
        low, best, high = self.span
        if low != high:
            fault = f"found {self.span_text}; this number holds for all worlds: give one value, not a range"
            raise InputError(self.label, [fault])
        return best

    @property
    def span(self) -> tuple[float, float, float]:
        """Low, best and high [unit]; InputError where one is missing."""
        if self.low is None or self.best is None or self.high is None:
            raise InputError(
                self.label,
                [f"range: found low, best, high = {self.span_text}; a range needs all three, in {self.table}"],
            )
        return self.low, self.best, self.high

    def pert(self, u: Floats) -> Floats:
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

    def draws(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw from the same distribution, (count) [unit]; much faster than quantiles of uniforms."""
        low, _, high = self.span
        if high == low:
            return np.full(count, low)
        return low + (high - low) * generator.beta(*self._pert_shapes(), count)

    def _pert_shapes(self) -> tuple[float, float]:
        low, best, high = self.span
        width = high - low
        return 1.0 + _PERT_LAMBDA * (best - low) / width, 1.0 + _PERT_LAMBDA * (high - best) / width
