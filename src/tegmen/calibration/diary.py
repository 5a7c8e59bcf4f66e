"""The eligible rows of a class by reporting date: what one night brought, as a forecast is asked for and scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tegmen.calibration.rows import UNLOCATED, Rows

if TYPE_CHECKING:
    from tegmen.terms import Ints


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
    """

    day: int
    aim: Ints
    launched: Ints
    intercepted: Ints

    def totals(self) -> tuple[int, int]:
        """Sum launched and intercepted over the raids."""
        return int(self.launched.sum()), int(self.intercepted.sum())


def nights(rows: Rows, *, by_aim: bool) -> tuple[Night, ...]:
    """Sum rows by reporting date, and by aim where the aim matters; in order of time.

    Parameters
    ----------
    rows
        Eligible rows of one class.
    by_aim
        Whether raids at different zones stay apart (ballistic); else each night is one unlocated raid.
    """
    day = rows.window_end.astype("datetime64[D]").astype(np.int64)
    aim = rows.aim if by_aim else np.full_like(rows.aim, UNLOCATED)
    keys, index = np.unique(np.column_stack([day, aim]), axis=0, return_inverse=True)
    sums = np.zeros((len(keys), 2), dtype=np.int64)
    np.add.at(sums, index.ravel(), np.column_stack([rows.launched, rows.intercepted]))
    starts = np.flatnonzero(np.diff(keys[:, 0], prepend=np.iinfo(np.int64).min))
    parts = np.split(np.column_stack([keys, sums]), starts[1:]) if len(keys) else []
    return tuple(Night(int(part[0, 0]), part[:, 1], part[:, 2], part[:, 3]) for part in parts)
