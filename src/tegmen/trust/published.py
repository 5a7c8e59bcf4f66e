"""What others published, beside the same number recomputed here; where the two disagree, both are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.engine.engagement import PAIR, UNIT
from tegmen.engine.kernel.calendar import THREAT
from tegmen.engine.kernel.month import RUN_TALLY, fight_runs, lay_down
from tegmen.engine.kernel.words import uint32_threshold
from tegmen.evidence.catalogue import Catalogue, Parameter
from tegmen.evidence.record import Record, broad_class
from tegmen.terms import ThreatClass, count_of

if TYPE_CHECKING:
    from tegmen.terms import Ints

MISSILES = ("ballistic", "cruise", "mixed_ballistic_cruise", "unknown_missile")
DRONES = ("owa_drone",)
_TOTALS = {
    "missiles_launched": (MISSILES, "launched"),
    "missiles_destroyed": (MISSILES, "intercepted"),
    "shahed_launched": (DRONES, "launched"),
    "shahed_destroyed": (DRONES, "intercepted"),
    "drones_launched": (DRONES, "launched"),
    "guided_bombs": (("guided_bomb",), "launched"),
    "ballistic_launched": (("ballistic",), "launched"),
    "missile_intercept_rate": (MISSILES, "rate"),
    "drone_intercept_rate": (DRONES, "rate"),
}
_WEAPONS = {"kinzhal_destroyed": "Kinzhal", "kh22_destroyed": "Kh-22"}
_LATE_DAYS = 31
_SHARE_OFF, _RATE_OFF = 0.05, 0.01
PATRIOT_SINCE = "2023-04-27"


@dataclass(frozen=True, slots=True)
class Published:
    """A published number and ours.

    Parameters
    ----------
    name, unit
        What is counted; its unit.
    published, source
        The number as published, and where.
    ours
        The same number recomputed; None where the evidence at hand cannot give it.
    allowed
        How far apart the two may be and still be said to agree [unit].
    how
        How ours was worked out, or why it could not be; what to know before comparing.
    """

    name: str
    unit: str
    published: float
    source: str
    ours: float | None
    allowed: float
    how: str

    @property
    def agrees(self) -> bool | None:
        """Whether the two agree; None where there is nothing to compare."""
        return None if self.ours is None else abs(self.ours - self.published) <= self.allowed + 1e-9


def compare_published(record: Record, catalogue: Catalogue) -> tuple[Published, ...]:
    """Recompute every published total and rate that the record can be held against."""
    stated = [row for row in catalogue.parameters if row.table == "official_totals.csv" and row.best is not None]
    checks = [_total(record, row) for row in stated if row.name in _TOTALS]
    checks += [_weapon(record, row) for row in stated if row.name in _WEAPONS]
    return (*checks, *_stopped_ballistic(record), *_trypilska(catalogue))


def _total(record: Record, row: Parameter) -> Published:
    """A total or a rate of a period, all channels, filed by the end of the window."""
    classes, what = _TOTALS[row.name]
    allowed = _RATE_OFF if what == "rate" else _SHARE_OFF * row.value
    inside, how = _of_period(record, row)
    if inside is None:
        return Published(_name(row), row.unit, row.value, row.source, None, allowed, how)
    words = {str(word): broad_class(str(word)) for word in inside["threat_class"].unique()}
    chosen = inside[inside["threat_class"].map(words).isin(classes)]
    launched, stopped = float(chosen["launched"].sum()), float(chosen["intercepted"].sum())
    ours = {"launched": launched, "intercepted": stopped, "rate": stopped / max(launched, 1.0)}[what]
    reports = count_of(int(chosen["rows"].sum()), "report")
    said = f"record, all channels: {stopped:.0f} of {launched:.0f} intercepted, {reports}"
    return Published(_name(row), row.unit, row.value, row.source, ours, allowed, said + how)


def _weapon(record: Record, row: Parameter) -> Published:
    """A total of one weapon, from the reports that name it and nothing else."""
    inside, how = _of_period(record, row)
    if inside is None or not (named := inside["weapon"] == _WEAPONS[row.name]).any():
        how = how if inside is None else f"not comparable: the record has no report of {_WEAPONS[row.name]} alone"
        return Published(_name(row), row.unit, row.value, row.source, None, 0.0, how)
    ours = float(inside.loc[named, "intercepted"].sum())
    said = f"record, all channels: reports of {_WEAPONS[row.name]} and nothing else"
    return Published(_name(row), row.unit, row.value, row.source, ours, 0.0, said + how)


def _of_period(record: Record, row: Parameter) -> tuple[Any, str]:
    """Rows of the period of a published number, and what to know of them; None, and why, where it is not covered."""
    rows: Any = record.rows
    first, last = (pd.Timestamp(day) for day in row.period.split("/"))
    days = rows["window_end"].dt.normalize()
    begin, end = days.min(), days.max()
    if first < begin - pd.Timedelta(days=_LATE_DAYS) or last > end:
        return None, f"not comparable: the record runs from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
    return rows[(days >= first) & (days <= last)], f"; it begins on {begin:%Y-%m-%d}" if first < begin else ""


def _name(row: Parameter) -> str:
    first, last = row.period.split("/")
    return f"{row.name.replace('_', ' ')}, {first} to {last}"


def _stopped_ballistic(record: Record) -> list[Published]:
    """Nights on which it first showed that Kyiv was covered, and since Patriot arrived: all there, little elsewhere."""
    rows: Any = record.rows
    day, kyiv = rows["window_end"].dt.strftime("%Y-%m-%d"), rows["zone"].isin(["UA-30", "UA-32", "several_kyiv"])
    since = day >= PATRIOT_SINCE
    posts = "Air Force posts in the record (trap 11 of its description)"
    trap = "description of the public list, trap 11 (rows before 2024-07-01)"
    stated = (
        (day == "2023-05-04", "on 2023-05-04, the first over Kyiv", 1.0, posts),
        (day == "2023-05-16", "on 2023-05-16, the mass attack on Kyiv", 1.0, posts),
        (since & kyiv, f"since {PATRIOT_SINCE}, Kyiv", 30 / 32, trap),
        (since & ~kyiv, f"since {PATRIOT_SINCE}, elsewhere", 40 / 225, trap),
    )
    return [
        _stopped(rows[chosen], f"share of ballistic missiles stopped {when}", published, source)
        for chosen, when, published, source in stated
    ]


def _stopped(rows: Any, name: str, published: float, source: str) -> Published:
    """Share stopped of ballistic missiles, alone or mixed with S-300 in one report."""
    chosen = rows[rows["threat_class"].isin(["ballistic", "ballistic+s300_ground"])]
    launched, stopped = float(chosen["launched"].sum()), float(chosen["intercepted"].sum())
    ours = stopped / launched if launched else None
    how = f"record: {stopped:.0f} of {launched:.0f}" if launched else "the record has no such row"
    return Published(name, "fraction", published, source, ours, 0.0005, how)


def _trypilska(catalogue: Catalogue) -> list[Published]:
    """A magazine with as many rounds as were said to be left, fought by the kernel: the first so many, then none."""
    day = "2024-04-11"
    launched = catalogue.consequence("trypilska_missiles_launched", day, day)
    stopped = catalogue.consequence("trypilska_missiles_intercepted", day, day)
    fate = lone_unit_night(threats=int(launched.value), rounds=int(stopped.value))
    first = int(np.argmin(fate)) if not all(fate) else len(fate)
    how = f"kernel, one unit with {stopped.value:.0f} rounds that never miss, {launched.value:.0f} missiles 3 s apart: "
    how += "stopped, in order " + "".join("x" if dead else "-" for dead in fate)
    ours = float(first) if first == sum(fate) else -1.0
    name = f"Trypilska, {day}: stopped one after the other before the rounds ran out"
    return [Published(name, stopped.unit, stopped.value, stopped.source, ours, 0.0, how)]


def lone_unit_night(*, threats: int, rounds: int, kill: float = 1.0, run: int = 0) -> Sequence[bool]:
    """Which of some ballistic missiles, 3 s apart, a single unit stops with one round at each, by the kernel's rule."""
    killed = fight_alone(30 * np.arange(threats), channels=4, rounds=rounds, flight=100, kill=kill, run=run)
    return [bool(dead) for dead in killed]


def fight_alone(ticks: Ints, *, channels: int, rounds: int, flight: int, kill: float, run: int) -> NDArray[np.uint8]:
    """Which of the ballistic missiles arriving at these ticks one unit kills: one round at each, at once or never."""
    table = np.zeros(len(ticks), THREAT)
    table["class"], table["id"], table["tick"] = int(ThreatClass.ballistic), np.arange(len(ticks)), ticks
    unit, pair = np.zeros(1, UNIT), np.zeros(1, PAIR)
    unit["channels"], unit["ready"], unit["reload"], unit["salvo"] = channels, rounds, 36_000, 1
    pair["flight"] = flight
    killed = np.zeros((1, len(ticks)), dtype=np.uint8)
    fight_runs(
        run, np.array([1, 0]), table, lay_down(np.array([0, 1]), pair, np.ones(1, dtype=np.uint8)), unit,
        np.zeros(1, dtype=np.int64), uint32_threshold(np.full((len(ThreatClass), 1), kill)), killed,
        np.zeros(1, RUN_TALLY),
    )  # fmt: skip
    return killed[0]
