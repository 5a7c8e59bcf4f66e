"""What was launched in the month, posted and claimed; the nights it came in; the oblasts named as its targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tegmen.errors import EvidenceError
from tegmen.evidence.record import Record
from tegmen.question.places import Places
from tegmen.question.scenario import Scenario
from tegmen.terms import EvidenceCase, ThreatClass

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


def posted_counts(scenario: Scenario, record: Record) -> dict[ThreatClass, int]:
    """Launched in the scenario's month by class, all channels, as posted; a mixture counts for its first class (A3)."""
    _, classes, launches = _launches(record, scenario.month.first, scenario.month.last)
    return {cls: int(launches[classes == cls.name].sum()) for cls in ThreatClass if cls is not ThreatClass.glide_bomb}


def posted_weapons(scenario: Scenario, record: Record, cls: ThreatClass) -> dict[str, int]:
    """Launched in the scenario's month by weapon of one class, all channels, as posted."""
    rows = record.rows
    day = rows["window_end"].dt.date
    mine = (rows["threat_class"] == cls.name) & (day >= scenario.month.first) & (day <= scenario.month.last)
    return rows.loc[mine & rows["launched"].notna()].groupby("weapon")["launched"].sum().astype(int).to_dict()


def history_counts(scenario: Scenario, record: Record) -> Ints:
    """(night of record, class) launched; the nights a month's nights are drawn from.

    Only nights with a counted launch of the six classes are listed: a day without a row is a missing report (A2).

    Raises
    ------
    EvidenceError
        The record has no such night.
    """
    days, classes, launches = _launches(record, scenario.month.history_from, scenario.month.last)
    nights, night = np.unique(days, return_inverse=True)
    counts = np.zeros((len(nights), len(ThreatClass)), dtype=np.int64)
    for cls in ThreatClass:
        mine = classes == cls.name
        counts[:, cls] = np.bincount(night[mine], launches[mine], len(nights)) if len(nights) else 0
    counts = counts[counts.sum(axis=1) > 0]
    if not len(counts):
        first, last = scenario.month.history_from, scenario.month.last
        msg = f"the record has no launches between {first} and {last}: nothing to draw nights from"
        raise EvidenceError(msg + "; use a record that covers the month, or move history_from")
    return np.ascontiguousarray(counts)


def _launches(record: Record, first: date, last: date) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Day, class (the first of a mixture) and launched of every counted row from `first` to `last`."""
    days = record.rows["window_end"].to_numpy("datetime64[D]")
    launches = record.rows["launched"].to_numpy(np.float64, na_value=np.nan)
    classes = np.array([str(name).split("+")[0] for name in record.rows["threat_class"]], dtype=object)
    kept = (days >= np.datetime64(first)) & (days <= np.datetime64(last)) & ~np.isnan(launches)
    return days[kept], classes[kept], launches[kept]


def launched(
    scenario: Scenario,
    case: EvidenceCase,
    posted: Mapping[ThreatClass, int],
    count: int,
    generator: np.random.Generator,
) -> tuple[Ints, Ints]:
    """(w, class) launched in the month, and how many of them were never posted."""
    unposted = np.zeros((count, len(ThreatClass)), dtype=np.int64)
    if case == "claimed":
        official = scenario.official
        pair = posted[ThreatClass.ballistic] + posted[ThreatClass.s300_ground]
        missiles = pair + posted[ThreatClass.cruise] + posted[ThreatClass.supersonic]
        extra = max(0, (official.ballistic_and_s300 or 0) - pair)
        share = posted[ThreatClass.ballistic] / max(pair, 1)
        unposted[:, ThreatClass.ballistic] = generator.binomial(extra, share, count)
        unposted[:, ThreatClass.s300_ground] = extra - unposted[:, ThreatClass.ballistic]
        unposted[:, ThreatClass.cruise] = max(0, (official.missiles or 0) - missiles - extra)
        unposted[:, ThreatClass.drone] = max(0, (official.drone or 0) - posted[ThreatClass.drone])
    base = np.array([posted.get(cls, 0) for cls in ThreatClass], dtype=np.int64)
    return base + unposted, unposted


def named_launches(record: Record, cls: ThreatClass, places: Places) -> Floats:
    """(p,) launches of the record whose only named oblast is the place's.

    Reports say "Kyiv" and "Kyiv oblast" for raids on one and the same zone: both count for Kyiv's zone (A8).
    """
    launches = record.rows["launched"].to_numpy(np.float64, na_value=0.0)
    zones = record.rows["zone"].to_numpy(str)
    mine = record.rows["threat_class"].to_numpy(str) == cls.name
    zone = places.zone
    named = {code: float(launches[mine & (zones == code)].sum()) for code in {*zone.tolist(), "UA-32"}}
    named["UA-30"] = named.get("UA-30", 0.0) + named.pop("UA-32")
    return np.array([named.get(code, 0.0) for code in zone])
