"""What was launched in the month: posted, claimed, and the nights it came in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.errors import EvidenceError
from tegmen.record import Record
from tegmen.scenario import Scenario
from tegmen.terms import EvidenceCase, ThreatClass

Ints = NDArray[np.int64]


def posted_counts(scenario: Scenario, record: Record) -> dict[ThreatClass, int]:
    """Launched in the scenario's month by class, all channels, as posted; a mixture counts for its first class (A3)."""
    rows = record.rows
    first, after = pd.Timestamp(scenario.month.first), pd.Timestamp(scenario.month.last) + pd.Timedelta(days=1)
    rows = rows[(rows["window_end"] >= first) & (rows["window_end"] < after)]
    lead = rows["threat_class"].str.split("+").str[0]
    sums = rows["launched"].groupby(lead).sum()
    return {cls: int(sums.get(cls.name, 0)) for cls in ThreatClass if cls is not ThreatClass.glide_bomb}


def history_counts(scenario: Scenario, record: Record) -> Ints:
    """(night of record, class) launched; the nights a month's nights are drawn from.

    Only nights with any report are listed: a day without a row is a missing report, not a quiet day.
    """
    rows = record.rows
    begin = pd.Timestamp(scenario.month.history_from)
    end = pd.Timestamp(scenario.month.last) + pd.Timedelta(days=1)
    rows = rows[(rows["window_end"] >= begin) & (rows["window_end"] < end)]
    lead = rows["threat_class"].str.split("+").str[0]
    nights = rows["window_end"].dt.normalize()
    table = rows["launched"].astype("float64").groupby([nights, lead]).sum().unstack(fill_value=0.0)
    columns = [table[cls.name] if cls.name in table else 0.0 * table.iloc[:, 0] for cls in ThreatClass]
    counts = np.stack([column.to_numpy(float) for column in columns], axis=1).astype(np.int64)
    counts = counts[counts.sum(axis=1) > 0]
    if not len(counts):
        msg = f"the record has no launches between {begin.date()} and {scenario.month.last}: nothing to draw nights from"
        raise EvidenceError(msg + "; use a record that covers the month, or move history_from")
    return np.ascontiguousarray(counts)


def launched(
    scenario: Scenario, case: EvidenceCase, posted: Mapping[ThreatClass, int], count: int, generator: np.random.Generator
) -> tuple[Ints, Ints]:
    """(w, class) launched in the month, and how many of them were never posted."""
    unposted = np.zeros((count, len(ThreatClass)), dtype=np.int64)
    if case == "claimed":
        official = scenario.official
        pair = posted[ThreatClass.ballistic] + posted[ThreatClass.s300_ground]
        missiles = pair + posted[ThreatClass.cruise] + posted[ThreatClass.supersonic]
        extra = max(0, official.ballistic_and_s300 - pair)
        share = posted[ThreatClass.ballistic] / max(pair, 1)
        unposted[:, ThreatClass.ballistic] = generator.binomial(extra, share, count)
        unposted[:, ThreatClass.s300_ground] = extra - unposted[:, ThreatClass.ballistic]
        unposted[:, ThreatClass.cruise] = max(0, official.missiles - missiles - extra)
        unposted[:, ThreatClass.drone] = max(0, official.drone - posted[ThreatClass.drone])
    base = np.array([posted.get(cls, 0) for cls in ThreatClass], dtype=np.int64)
    return base + unposted, unposted
