"""The attack record: what was launched and intercepted, by weapon, zone and reporting window.

One reader takes the public 22-column list (a user's own download) or our compiled table and returns the same frame:
one row per (window end, threat class, weapon, zone, channel). How a single report is read stands in ``reports``.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import StringIO
from typing import TYPE_CHECKING, Final, Literal, get_args

import pandas as pd

from tegmen.data import shipped, shipped_text
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.cautions import cautions
from tegmen.evidence.reports import COLUMNS, COUNT_COLUMNS, KEY, read_reports
from tegmen.evidence.weapons import broad_words, threat_words, weapon_names
from tegmen.terms import VERSION, Provenance, ThreatClass, content_equal, count_of

if TYPE_CHECKING:
    from pathlib import Path

RATE_WORDS: Final = frozenset(threat.name for threat in ThreatClass) - {ThreatClass.glide_bomb.name}
"""Classes that rates may be taken from. Guided bombs are not: they are hardly reported, and one of the four rows
before July 2024 looks like a mislabelled ballistic attack (trap 14)."""


Counted = Literal["intercepted", "intercepted+lost"]
COUNTED: tuple[Counted, ...] = get_args(Counted)
"""What can count as intercepted. Posts after mid-2024 also name drones "lost": jammed, or fallen on their own; some
later ones count "shot down or suppressed" in one number, so only the second compares across that change."""


@content_equal
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Record:
    """Attack reports summed over (window end, threat class, weapon, zone, channel).

    Parameters
    ----------
    rows
        Frame with the columns of ``COLUMNS``, sorted by the first five. ``weapon`` is a name of the package's table
        ("Kh-101"), several joined by + where a report does not tell them apart, or "unnamed". ``launched`` and
        ``intercepted`` are sums over the reports that have both counts, and missing where none has; ``lost`` is missing
        where it was not reported.
    provenance
        sha256 of the file read, under ``record``.
    notes
        Sentences about what was read but could not be used fully.
    counted
        What ``intercepted`` counts: as posted, or with the lost added (see `counting`).
    """

    rows: pd.DataFrame
    provenance: Provenance
    notes: tuple[str, ...] = ()
    counted: Counted = "intercepted"

    def __post_init__(self) -> None:
        if tuple(self.rows.columns) != COLUMNS:
            raise ValueError(f"record rows have columns {list(self.rows.columns)}; allowed: {list(COLUMNS)}")

    def monthly(self) -> pd.DataFrame:
        """Sum launched and destroyed by month of the window end and broad class, all channels.

        Returns
        -------
        Columns month ("2024-03"), broad, rows, launched, destroyed (sums over reports with both counts) and
        rows_without_counts (reports left out of the sums).
        """
        words = {word: broad_class(word) for word in self.rows["threat_class"].unique()}
        broad = self.rows["threat_class"].map(words).rename("broad")
        months = self.rows["window_end"].dt.strftime("%Y-%m").rename("month")
        sums = self.rows[["rows", "launched", "intercepted", "rows_uncounted"]].groupby([months, broad]).sum()
        names = {"intercepted": "destroyed", "rows_uncounted": "rows_without_counts"}
        return sums.astype("int64").rename(columns=names).reset_index()

    def eligible(self, threat_class: str) -> pd.DataFrame:
        """Select the rows a rate of one class, or of one mixture ("ballistic+s300_ground"), may be taken from.

        National channels with both counts only: regional ones post what was shot down (trap 9). Empty for classes
        outside ``RATE_WORDS``.

        Raises
        ------
        InputError
            If the word is no threat class, nor a mixture of classes.
        """
        threat_words(threat_class)
        chosen = _eligible(self.rows) & (self.rows["threat_class"] == threat_class)
        return self.rows.loc[chosen].reset_index(drop=True)

    def until(self, day: str | date) -> Record:
        """Keep the rows whose window ended on or before one day.

        Raises
        ------
        InputError
            If the day cannot be read.
        EvidenceError
            If no row is left that a rate can be taken from.
        """
        last = parse_day(day)
        rows = self._rows_until(last)
        if not _eligible(rows).any():
            first = self.rows.loc[_eligible(self.rows), "window_end"].min()
            remedy = "no row of it is, on any day" if pd.isna(first) else f"choose a day from {first:%Y-%m-%d} on"
            fault = f"until {last}: no row of the record is eligible (national channel, both counts)"
            raise EvidenceError(f"{fault}; {remedy}")
        return replace(self, rows=rows)

    def told(self, until: str | date | None = None) -> tuple[str, ...]:
        """All there is to say of the record: its notes, then what its rows show up to a day.

        That is where posts changed their words, and where labels that join classes hold most of a class's launches.

        Parameters
        ----------
        until
            Last day of the rows used; None: all.
        """
        rows = self.rows if until is None else self._rows_until(parse_day(until))
        return (*self.notes, *cautions(rows, self.counted, RATE_WORDS))

    def _rows_until(self, last: date) -> pd.DataFrame:
        return self.rows.loc[self.rows["window_end"].dt.normalize() <= pd.Timestamp(last)].reset_index(drop=True)

    def counting(self, counted: Counted) -> Record:
        """Say what counts as intercepted; "intercepted+lost" adds those posted as jammed or fallen.

        Where no lost were posted only the intercepted count; together they are never more than were launched.

        Raises
        ------
        InputError
            If the word is neither of ``COUNTED``, or the lost were added already.
        """
        if counted not in COUNTED or self.counted != "intercepted":
            allowed = " or ".join(COUNTED)
            raise InputError("counting", [f"found {counted!r} after {self.counted!r}; {allowed} is allowed, once"])
        if counted == "intercepted":
            return self
        launched, intercepted, lost = (self.rows[name] for name in COUNT_COLUMNS)
        both = intercepted + lost.fillna(0)
        exceeds = (both > launched).fillna(value=False)
        known = int((lost.notna() & intercepted.notna()).sum())
        posts = f"{count_of(known, 'row')} that {'posts' if known == 1 else 'post'} them"
        note = f"Lost are counted as intercepted in {posts}; other rows are as posted."
        if exceeds.any():
            over = count_of(int(exceeds.sum()), "row")
            note += f" In {over} the two exceed what was launched, and are taken as that."
        rows = self.rows.assign(intercepted=both.mask(exceeds, launched))
        return replace(self, rows=rows, notes=(*self.notes, note), counted=counted)

    def to_pandas(self) -> pd.DataFrame:
        """Return a copy of the rows."""
        return self.rows.copy()

    def __repr__(self) -> str:
        rows = self.rows
        span = f"{rows['window_end'].min():%Y-%m-%d} to {rows['window_end'].max():%Y-%m-%d}" if len(rows) else "empty"
        reports = rows["rows"].sum() + rows["rows_uncounted"].sum()
        return f"Record({span}: {reports:,} reports in {len(rows):,} rows, {_eligible(rows).sum():,} of them eligible)"

    def _repr_html_(self) -> str:
        totals = self.monthly().groupby("broad")[["rows", "launched", "destroyed"]].sum()
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.told())
        return f"<p>{html.escape(repr(self))}</p>{totals.to_html()}<ul>{notes}</ul>"


def read_record(path: str | Path | None = None, *, strict: bool = False, weapons: str | Path | None = None) -> Record:
    """Read the attack record.

    Parameters
    ----------
    path
        The public list (22 columns) or a table in our compiled schema, told apart by the header. None: the compiled
        table shipped with the package, September 2022 to June 2024.
        A file packed (gz, zip), with semicolons or tabs, in UTF-16 or cp1251, with day-first dates or decimal commas is
        read, and a note says so. Equal lines count once.
    strict
        Whether rows at fault (a weapon never seen, more shot down than launched, a date outside 2022 to today) refuse
        the file. By default they are left out, and notes say which, why, and what they would have added.

    Raises
    ------
    InputError
        If there is no file, no header, a column is missing or no row can be read; if strict, with every fault of the
        file: line and column, what was found, what is allowed, what to do.

    Source
    ------
    "Massive Missile Attacks on Ukraine", Petro Ivaniuk, CC BY-NC-SA 4.0; see ``data/record/LICENCE.md``.
    """
    names = weapon_names(weapons)
    table = shipped("record", "nights.csv") if path is None else path
    reports, sha256, notes = read_reports(table, strict=strict, names=names)
    own = {} if weapons is None else {"record_weapons": names.sha256}
    return Record(aggregate(reports), Provenance(VERSION, None, {"record": sha256} | own), notes)


def aggregate(reports: pd.DataFrame) -> pd.DataFrame:
    """Sum reports over the columns of ``KEY``; a sum of nothing but unknowns stays unknown."""
    groups = reports.groupby(list(KEY), sort=True)
    sums = groups[list(COUNT_COLUMNS)].sum(min_count=1).join(groups[["rows", "rows_uncounted"]].sum())
    return sums.reset_index()[list(COLUMNS)]


def read_launch_areas() -> pd.DataFrame:
    """Read the coarse launch areas: area_id, name, latitude, longitude [degrees], threat_class, launched, rows.

    Positions are rounded to half a degree on purpose. ``launched`` sums national reports that name a place; a report
    naming several places is split equally among their areas, and mixtures of classes count for none.
    """
    return pd.read_csv(StringIO(shipped_text("record", "launch_areas.csv")))


def broad_class(threat_class: str) -> str:
    """Broad class of the monthly totals ("ballistic", "cruise", "owa_drone" ...) of a threat class or mixture.

    Raises
    ------
    InputError
        If the word is no threat class, nor a mixture of classes.
    """
    broad = broad_words()
    parts = {broad[word] for word in threat_words(threat_class)}
    # The monthly totals file a drone post that also names Lancets under the drones.
    parts -= {"tactical_lm"} if "owa_drone" in parts else set()
    return parts.pop() if len(parts) == 1 else "mixed_" + "_".join(sorted(parts))


def _eligible(rows: pd.DataFrame) -> pd.Series:
    words = [word for word in rows["threat_class"].unique() if RATE_WORDS.issuperset(str(word).split("+"))]
    return (rows["channel"] == "national") & (rows["rows"] > 0) & rows["threat_class"].isin(words)


def parse_day(day: str | date) -> date:
    """Read the last day to use of a record: a date, or text YYYY-MM-DD.

    Raises
    ------
    InputError
        If it is neither.
    """
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day.strip())
    except (ValueError, AttributeError):
        raise InputError("until", [f"found {day!r}; a day such as 2024-03-31 is allowed; write YYYY-MM-DD"]) from None
