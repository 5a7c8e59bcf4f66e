"""Which rows of the record count, as the arrays that a fit reads and as the nights that a forecast learns from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tegmen.errors import EvidenceError
from tegmen.evidence.record import Record
from tegmen.evidence.reports import UNNAMED, coverage_zone
from tegmen.terms import FrozenDict, ThreatClass, content_equal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tegmen.terms import Ints


PATRIOT_ARRIVAL = date(2023, 4, 27)
"""Before it nothing in Ukraine could stop a ballistic missile, so earlier ballistic rows say nothing on coverage."""

FILTERED = (ThreatClass.drone, ThreatClass.cruise)
NEAR_ZERO = (ThreatClass.supersonic, ThreatClass.s300_ground)
MODELLED = (*FILTERED, *NEAR_ZERO, ThreatClass.ballistic)
_STEP_DAYS = 28
UNLOCATED = -1
"""Code in `EligibleRows.aim` of a row that may have been aimed at Kyiv or elsewhere."""

AIM = {"kyiv": 1, "elsewhere": 0, "unlocated": UNLOCATED}


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class EligibleRows:
    """Eligible rows of one class in time order, axis r = row.

    Parameters
    ----------
    window_end
        (r,) datetime64[m].
    weapon
        (r,) name within the class; several joined by +, or "unnamed", where the row is of no single one.
    launched, intercepted
        (r,) counts.
    aim
        (r,) 1 Kyiv, 0 elsewhere, -1 unlocated.
    step
        (r,) number of the 4-week step of coverage's hidden path; the last step ends on the record's end.
    steps
        Number of steps.
    """

    window_end: NDArray[np.datetime64]
    weapon: NDArray[np.str_]
    launched: Ints
    intercepted: Ints
    aim: Ints
    step: Ints
    steps: int

    def days(self) -> Ints:
        """Reporting dates (r,), in days since 1970-01-01."""
        return self.window_end.astype("datetime64[D]").astype(np.int64)

    def totals(self) -> tuple[int, int]:
        """Sum launched and intercepted over all rows."""
        return int(self.launched.sum()), int(self.intercepted.sum())

    def cases(self) -> tuple[Ints, Ints]:
        """Distinct (step, aim, launched, intercepted), and how often each occurs."""
        table = np.column_stack([self.step, self.aim, self.launched, self.intercepted])
        return np.unique(table, axis=0, return_counts=True)

    def __str__(self) -> str:
        launched, intercepted = self.totals()
        if not launched:
            return "prior only, no eligible row"
        return f"{intercepted} of {launched} posted launches intercepted, {len(self.launched)} rows"


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """All eligible rows of one class with one reporting date, axis a = raid: what was aimed at one zone.

    Parameters
    ----------
    day
        Reporting date, the day the windows ended on, in days since 1970-01-01.
    aim
        (a,) 1 Kyiv, 0 elsewhere, -1 unlocated; each occurs once.
    launched, intercepted
        (a,) counts.
    weapons
        Weapon to its launched and intercepted; rows of several weapons, or of none by name, are in no weapon's counts.
    """

    day: int
    aim: Ints
    launched: Ints
    intercepted: Ints
    weapons: Mapping[str, tuple[int, int]] = field(default_factory=FrozenDict[str, tuple[int, int]])

    def totals(self) -> tuple[int, int]:
        """Sum launched and intercepted over the raids."""
        return int(self.launched.sum()), int(self.intercepted.sum())


def eligible(record: Record, last: date) -> tuple[dict[ThreatClass, EligibleRows], date]:
    """Take the eligible rows of each modelled class in time order, and the date of the last of them all.

    Raises
    ------
    EvidenceError
        If no class has an eligible row on or before `last`.
    """
    tables = {key: _eligible_table(record, key, last) for key in MODELLED}
    ends = [table["window_end"].iloc[-1].date() for table in tables.values() if len(table)]
    if not ends:
        names = ", ".join(key.name for key in MODELLED)
        raise EvidenceError(
            f"record until {last}: found no row that a rate can rest on; allowed: rows of a national channel with "
            f"launched and intercepted counts, of one of {names}; choose a later date or a fuller record"
        )
    return {key: rows_of(table, max(ends)) for key, table in tables.items()}, max(ends)


def _eligible_table(record: Record, key: ThreatClass, last: date) -> pd.DataFrame:
    table = record.eligible(key.name)
    day = table["window_end"].dt.normalize()
    first = pd.Timestamp(PATRIOT_ARRIVAL if key is ThreatClass.ballistic else date.min)
    keep = (day <= pd.Timestamp(last)) & (day >= first) & (table["launched"] > 0)
    return table.loc[keep].sort_values("window_end", kind="stable")


def rows_of(table: pd.DataFrame, end: date) -> EligibleRows:
    """Take rows as arrays; steps are counted back from the end, so that none is cut short there."""
    window_end = table["window_end"].to_numpy("datetime64[m]")
    days = (np.datetime64(end) - window_end.astype("datetime64[D]")).astype(np.int64)
    back = days // _STEP_DAYS
    steps = int(back.max(initial=0)) + 1
    aim = np.array([AIM[coverage_zone(str(zone))] for zone in table["zone"]], dtype=np.int64)
    launched, intercepted = (table[name].to_numpy(np.int64) for name in ("launched", "intercepted"))
    return EligibleRows(
        window_end, table["weapon"].to_numpy(np.str_), launched, intercepted, aim, steps - 1 - back, steps
    )


def nights(rows: EligibleRows, *, by_aim: bool) -> tuple[Night, ...]:
    """Sum rows by reporting date, and by aim where the aim matters; in order of time.

    Parameters
    ----------
    rows
        Eligible rows of one class.
    by_aim
        Whether raids at different zones stay apart (ballistic); else each night is one unlocated raid.
    """
    day = rows.days()
    aim = rows.aim if by_aim else np.full_like(rows.aim, UNLOCATED)
    keys, index = np.unique(np.column_stack([day, aim]), axis=0, return_inverse=True)
    sums = np.zeros((len(keys), 2), dtype=np.int64)
    np.add.at(sums, index.ravel(), np.column_stack([rows.launched, rows.intercepted]))
    starts = np.flatnonzero(np.diff(keys[:, 0], prepend=np.iinfo(np.int64).min))
    parts = np.split(np.column_stack([keys, sums]), starts[1:]) if len(keys) else []
    weapons = _by_weapon(rows, day)
    return tuple(Night(int(part[0, 0]), part[:, 1], part[:, 2], part[:, 3], weapons[int(part[0, 0])]) for part in parts)


def _by_weapon(rows: EligibleRows, day: Ints) -> Mapping[int, Mapping[str, tuple[int, int]]]:
    """Day to the counts of each weapon that rows of that day name alone."""
    sums: dict[int, dict[str, tuple[int, int]]] = {int(each): {} for each in day}
    for when, weapon, n, k in zip(day.tolist(), rows.weapon.tolist(), rows.launched, rows.intercepted, strict=True):
        if weapon != UNNAMED and "+" not in weapon:
            launched, intercepted = sums[when].get(weapon, (0, 0))
            sums[when][weapon] = (launched + int(n), intercepted + int(k))
    return {when: FrozenDict(counts) for when, counts in sums.items()}
