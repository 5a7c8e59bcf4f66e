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
FORECAST = (*FILTERED, ThreatClass.ballistic)
MODELLED = (*FILTERED, *NEAR_ZERO, ThreatClass.ballistic)
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
    """

    window_end: NDArray[np.datetime64]
    weapon: NDArray[np.str_]
    launched: Ints
    intercepted: Ints
    aim: Ints

    def days(self) -> Ints:
        """Reporting dates (r,), in days since 1970-01-01."""
        return self.window_end.astype("datetime64[D]").astype(np.int64)

    def totals(self) -> tuple[int, int]:
        """Sum launched and intercepted over all rows."""
        return int(self.launched.sum()), int(self.intercepted.sum())

    def __str__(self) -> str:
        launched, intercepted = self.totals()
        if not launched:
            return "prior only, no eligible row"
        return f"{intercepted} of {launched} posted launches intercepted, {len(self.launched)} rows"


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Night:
    """All eligible rows of one class with one reporting date, axis a = raid: one row, or all of them.

    Parameters
    ----------
    day
        Reporting date, the day the windows ended on, in days since 1970-01-01.
    aim
        (a,) 1 Kyiv, 0 elsewhere, -1 unlocated.
    launched, intercepted
        (a,) counts.
    weapons
        Weapon to its launched and intercepted; rows of several weapons, or of none by name, are in no weapon's counts.
    weapon
        (a,) name of the raid's weapon; `UNNAMED` where the raid is of no single one.
    """

    day: int
    aim: Ints
    launched: Ints
    intercepted: Ints
    weapons: Mapping[str, tuple[int, int]] = field(default_factory=FrozenDict[str, tuple[int, int]])
    weapon: NDArray[np.str_] = field(default_factory=lambda: np.array([UNNAMED]))

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
    return {key: rows_of(table) for key, table in tables.items()}, max(ends)


def _eligible_table(record: Record, key: ThreatClass, last: date) -> pd.DataFrame:
    table = record.eligible(key.name)
    day = table["window_end"].dt.normalize()
    first = pd.Timestamp(PATRIOT_ARRIVAL if key is ThreatClass.ballistic else date.min)
    keep = (day <= pd.Timestamp(last)) & (day >= first) & (table["launched"] > 0)
    return table.loc[keep].sort_values("window_end", kind="stable")


def rows_of(table: pd.DataFrame) -> EligibleRows:
    """Take rows as arrays."""
    aim = np.array([AIM[coverage_zone(str(zone))] for zone in table["zone"]], dtype=np.int64)
    launched, intercepted = (table[name].to_numpy(np.int64) for name in ("launched", "intercepted"))
    window_end, weapon = table["window_end"].to_numpy("datetime64[m]"), table["weapon"].to_numpy(np.str_)
    return EligibleRows(window_end, weapon, launched, intercepted, aim)


def nights(rows: EligibleRows, *, by_row: bool) -> tuple[Night, ...]:
    """Gather rows by reporting date, in order of time.

    Parameters
    ----------
    rows
        Eligible rows of one class.
    by_row
        Whether each row is a raid of its own (ballistic); else each night is one unlocated raid of no single weapon.
    """
    day = rows.days()
    starts = np.flatnonzero(np.diff(day, prepend=np.iinfo(np.int64).min))
    weapons, gathered = _by_weapon(rows, day), list[Night]()
    for part in np.split(np.arange(len(day)), starts[1:]) if len(day) else ():
        when, n, k = int(day[part[0]]), rows.launched[part], rows.intercepted[part]
        if by_row:
            gathered.append(Night(when, rows.aim[part], n, k, weapons[when], rows.weapon[part]))
        else:
            totals = n.sum(keepdims=True), k.sum(keepdims=True)
            gathered.append(Night(when, np.array([UNLOCATED]), *totals, weapons[when]))
    return tuple(gathered)


def _by_weapon(rows: EligibleRows, day: Ints) -> Mapping[int, Mapping[str, tuple[int, int]]]:
    """Day to the counts of each weapon that rows of that day name alone."""
    sums: dict[int, dict[str, tuple[int, int]]] = {int(each): {} for each in day}
    for when, weapon, n, k in zip(day.tolist(), rows.weapon.tolist(), rows.launched, rows.intercepted, strict=True):
        if weapon != UNNAMED and "+" not in weapon:
            launched, intercepted = sums[when].get(weapon, (0, 0))
            sums[when][weapon] = (launched + int(n), intercepted + int(k))
    return {when: FrozenDict(counts) for when, counts in sums.items()}
