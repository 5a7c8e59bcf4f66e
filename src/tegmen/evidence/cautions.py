"""What the rows of a record say of themselves: posts that change their words, and labels that join classes."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

import pandas as pd

from tegmen.data import shipped_text
from tegmen.terms import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_RECENT_MONTHS: Final = 12
_MONTHS_SHOWN: Final = 3
_MOST: Final = 0.5
_JOINED: Final = (
    "Reports that join classes in one pair of counts enter no rate: the model takes reports of one class and cannot "
    f"use mixtures, so they are left out, not split. In the last {_RECENT_MONTHS} months they hold"
)


def cautions(rows: pd.DataFrame, counted: str, classes: Iterable[str]) -> tuple[str, ...]:
    """Sentences on what keeps rows of a record from being compared, or from entering a rate.

    Parameters
    ----------
    rows
        Rows of a record, up to the day that matters.
    counted
        What counts as intercepted in them.
    classes
        Threat classes that rates are taken from.

    Source
    ------
    ``data/record/wordings.csv`` for the changes of words.
    """
    posted = rows[(rows["channel"] == "national") & (rows["rows"] > 0)]
    changes = csv.DictReader(StringIO(shipped_text("record", "wordings.csv")))
    met = (_change_met(_naming(posted, change["threat_class"]), counted, change) for change in changes)
    joined = "; ".join(filter(None, (_joined(posted, word) for word in sorted(classes))))
    return (*filter(None, met), *((f"{_JOINED} {joined}.",) if joined else ()))


def _naming(rows: pd.DataFrame, word: str) -> pd.DataFrame:
    """Rows of a class, alone or joined with others."""
    return rows.loc[[word in str(joined).split("+") for joined in rows["threat_class"]], :]


def _change_met(rows: pd.DataFrame, counted: str, change: Mapping[str, str]) -> str:
    """Say that rows before and since a change of words meet, and which count compares them; empty where none do."""
    since = pd.Timestamp(change["since"])
    before, after = rows[rows["window_end"] < since], rows[rows["window_end"] >= since]
    if before.empty or after.empty:
        return ""
    lost = count_of(int(before.loc[before["lost"].notna(), "rows"].sum()), "report")
    use = f"counted as {counted}, as here, they compare"
    if counted != (count := change["count"]):
        use = f"compare them with record.counting({count!r}), --count {count} of backtest and forecast"
    met = f"{count_of(int(before['rows'].sum()), 'report')} before, {int(after['rows'].sum()):,} since"
    return (
        f"Posts of {change['threat_class']}s changed their words in {since:%Y-%m}: since then {change['after']}; "
        f"before, {change['before']}. Both meet here ({met}): {use}, as far as lost were posted before (in {lost})."
    )


def _joined(rows: pd.DataFrame, word: str) -> str:
    """Count the recent launches of a class that stand in joined reports, where in some month these are most of them."""
    named = _naming(rows, word)
    if named.empty:
        return ""
    month = named["window_end"].dt.to_period("M")
    recent = named[month > rows["window_end"].max().to_period("M") - _RECENT_MONTHS]
    of_month = recent.groupby(recent["window_end"].dt.strftime("%Y-%m"))["launched"].sum()
    joined = recent[recent["threat_class"].str.contains("+", regex=False)]
    of_joined = joined.groupby(joined["window_end"].dt.strftime("%Y-%m"))["launched"].sum()
    most = [each for each in of_joined.index if of_joined[each] > _MOST * of_month[each]]
    if not most:
        return ""
    shown = "; ".join(f"{each}, {of_joined[each]:,} of {of_month[each]:,}" for each in most[-_MONTHS_SHOWN:])
    more = "..., " if len(most) > _MONTHS_SHOWN else ""
    share = 100 * of_joined.sum() / of_month.sum()
    months = f"most of them in {count_of(len(most), 'month')}: {more}{shown}"
    return f"{share:.0f} % of the launches that may be {word} ({months})"
