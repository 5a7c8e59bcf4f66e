"""Tables as CSV that no spreadsheet program takes for commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How cells begin that a spreadsheet program runs; the last four are the wide forms of the first."""


def csv_text(table: pd.DataFrame) -> str:
    """Write a table as CSV: six significant digits; before text that would begin a formula stands an apostrophe."""
    inert = table.map(_inert).rename(columns=_inert)
    return inert.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA) else cell
