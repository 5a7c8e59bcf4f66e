"""Predictive distributions of what is intercepted and what leaks, for the next night and for the month after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from tegmen.calibration.area import ClassTrack, area_track
from tegmen.calibration.ballistic import BallisticTrack, ballistic_track
from tegmen.calibration.fit import LIMITS, RECENT_DAYS, day_number
from tegmen.calibration.grid import beta_binomial_table, stream
from tegmen.calibration.rows import FILTERED, MODELLED, NEAR_ZERO, Night
from tegmen.errors import InputError, checked_arguments
from tegmen.terms import FrozenDict, Provenance, ThreatClass, content_equal, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.calibration.fit import Calibration
    from tegmen.calibration.priors import Memory, Priors
    from tegmen.terms import Floats, Ints

_MONTH_DAYS = 30
_DRAWS = 4000
_LAUNCHED_MOST = 100_000
_BALLISTIC_MOST = 500  # packets of a row are summed over: a night of more would take minutes
_FORECAST_STREAM = 128


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of every class before a day.

    Parameters
    ----------
    areas, ballistic
        Tracks of the filtered classes with their weapons, and of ballistic missiles.
    """

    areas: Mapping[ThreatClass, ClassTrack]
    ballistic: BallisticTrack

    def of(self, key: ThreatClass) -> ClassTrack | BallisticTrack:
        """Track of a class."""
        return self.ballistic if key is ThreatClass.ballistic else self.areas[key]

    def seen(self, key: ThreatClass, night: Night) -> Known:
        """Learn from a night of one class."""
        if key is ThreatClass.ballistic:
            return replace(self, ballistic=self.ballistic.after(night))
        return replace(self, areas=FrozenDict({**self.areas, key: self.areas[key].after(night)}))

    def before(self, key: ThreatClass, day: int) -> Known:
        """Move one class on to a day."""
        if key is ThreatClass.ballistic:
            return replace(self, ballistic=self.ballistic.before(day))
        return replace(self, areas=FrozenDict({**self.areas, key: self.areas[key].before(day)}))

    def chance(self, key: ThreatClass, n: int, weapon: str | None = None) -> Floats:
        """Probability (n + 1,) of each number intercepted of n launched on the day that the class was moved to.

        A weapon of the class may be named.
        """
        return self.of(key).chance(n, weapon)


def nothing_known(priors: Priors, memory: Memory) -> Known:
    """Start before the first night."""
    areas = FrozenDict({key: ClassTrack(area_track(priors, memory)) for key in FILTERED})
    return Known(areas, ballistic_track(priors, memory))


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Predictive:
    """Forecast of one class.

    Parameters
    ----------
    threat_class
        The class.
    launched, intercepted, leaked
        Probability (n + 1,) of each count; a launched count that is given has probability 1.
    prior_only
        Whether the record has no eligible row of the class: the forecast is then the prior's.
    """

    threat_class: ThreatClass
    launched: Floats
    intercepted: Floats
    leaked: Floats
    prior_only: bool

    @property
    def evidence(self) -> str:
        """What the forecast rests on, in words."""
        return "prior only" if self.prior_only else "record"

    def counts(self) -> dict[str, tuple[Floats, tuple[int, ...]]]:
        """Launched, intercepted and leaked: probability of each count, and its low, median and high."""
        chances = {"launched": self.launched, "intercepted": self.intercepted, "leaked": self.leaked}
        return {name: (chance, tuple(quantile(chance, level) for level in LIMITS)) for name, chance in chances.items()}


@content_equal
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Forecast:
    """Forecasts of the classes asked for.

    Parameters
    ----------
    first, last
        Days forecast.
    known_until
        Last day of the record that was used.
    classes
        One predictive a class.
    provenance
        Version, seed and the record's inputs.
    """

    first: date
    last: date
    known_until: date
    classes: Mapping[ThreatClass, Predictive]
    provenance: Provenance

    def to_pandas(self) -> pd.DataFrame:
        """One row a class: launched, then mean, low (5 %), median and high (95 %) of intercepted and leaked."""
        rows: list[dict[str, object]] = []
        for predictive in self.classes.values():
            counts = predictive.counts()
            row: dict[str, object] = {
                "threat_class": predictive.threat_class.name,
                "launched": counts["launched"][1][1],
            }
            for name in ("intercepted", "leaked"):
                chance, limits = counts[name]
                row[f"{name}_mean"] = float(chance @ np.arange(len(chance)))
                row |= zip((f"{name}_{word}" for word in ("low", "median", "high")), limits, strict=True)
            rows.append(row | {"evidence": predictive.evidence})
        return pd.DataFrame(rows)

    def ranges(self) -> pd.DataFrame:
        """As words: class, launched, intercepted and leaked as "median (5 % to 95 %)", evidence."""
        rows: list[dict[str, str]] = []
        for predictive in self.classes.values():
            row = {"class": predictive.threat_class.name}
            for name, (_, (low, median, high)) in predictive.counts().items():
                row[name] = f"{median}" if low == high else f"{median} ({low} to {high})"
            rows.append(row | {"evidence": predictive.evidence})
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"Forecast {self.first} to {self.last} (record until {self.known_until})\n{self.to_pandas().to_string()}"


def quantile(chance: Floats, level: float) -> int:
    """Smallest count whose cumulative probability reaches the level."""
    return int((np.cumsum(chance) < level * (1 - 1e-12)).sum())


@checked_arguments
@one_blas_thread
def forecast(calibration: Calibration, launched: Mapping[str, int], *, on: str | date | None = None) -> Forecast:
    """Forecast what is intercepted of a night's launches.

    Parameters
    ----------
    calibration
        The record up to the origin, and the priors.
    launched
        Class to number launched that night.
    on
        The night's reporting date; None for the day after the record's last eligible row.

    Returns
    -------
        One predictive a class, exact; not knowing where ballistic missiles are aimed.

    Raises
    ------
    InputError
        For a class that is not modelled, a number out of range, or a night that the record already holds.
    """
    counts = _night_counts(launched)
    day = _day_after(calibration, on)
    known = follow(calibration)
    classes: dict[ThreatClass, Predictive] = {}
    for key, n in counts.items():
        if key in NEAR_ZERO:
            a, b = calibration.near_zero(key)
            chance = beta_binomial_table(n, np.array([a / (a + b)]), np.array([a + b]))[:, 0]
        else:
            chance = known.before(key, day).chance(key, n)
        certain = np.eye(n + 1)[n]
        classes[key] = Predictive(key, certain, chance, chance[::-1], key in calibration.prior_only)
    when = np.datetime64(day, "D").astype(date)
    return Forecast(when, when, calibration.end, FrozenDict(classes), calibration.provenance)


@checked_arguments
@one_blas_thread
def forecast_month(
    calibration: Calibration,
    month: str,
    calendar: Mapping[str, Mapping[date, int]] | None = None,
    *,
    seed: int = 1,
) -> Forecast:
    """Forecast what is intercepted in a month, from an assumed calendar of raids or from one drawn from the record.

    Parameters
    ----------
    calibration
        The record up to the origin, and the priors.
    month
        YYYY-MM, after the record's end.
    calendar
        Class to date to number launched. None: in each draw, every day of the month is a day drawn from the last 120,
        times a level of the month that varies as months did.
    seed
        Of the 4,000 draws.

    Returns
    -------
        One predictive a class, by simulation.

    Raises
    ------
    InputError
        For a month that cannot be read or is not after the record's end, or a calendar with days outside the month.
    """
    days = month_days(month)
    if days[0] <= day_number(calibration.end):
        fault = f"found {month}, but the record reaches {calibration.end}; a month after it is allowed; use an earlier"
        raise InputError("month", [f"{fault} --until"])
    known = follow(calibration)
    classes: dict[ThreatClass, Predictive] = {}
    keys = (*FILTERED, ThreatClass.ballistic)
    if calendar is None:
        history = {key: calibration.nights(key) for key in keys}
        raids = drawn_calendar(history, int(days[0]), len(days), stream(seed, _FORECAST_STREAM))
    else:
        raids = _calendar_counts(calendar, days)
    for key, n in raids.items():
        stopped = simulate_intercepted(known, key, days, n, stream(seed, _FORECAST_STREAM + 1 + key))
        total = np.broadcast_to(n.sum(axis=0), stopped.shape)
        launched, intercepted, leaked = (smoothed(counts) for counts in (total, stopped, total - stopped))
        classes[key] = Predictive(key, launched, intercepted, leaked, key in calibration.prior_only)
    first, last = (np.datetime64(int(days[i]), "D").astype(date) for i in (0, -1))
    provenance = Provenance(calibration.provenance.version, seed, calibration.provenance.inputs)
    return Forecast(first, last, calibration.end, FrozenDict(classes), provenance)


def follow(calibration: Calibration) -> Known:
    """Take what the calibration knows of the forecast classes."""
    return Known(calibration.areas, calibration.ballistic)


# --- a month, by simulation ------------------------------------------------------------------------------------------


def month_days(month: str) -> Ints:
    """Days (d,) of a month YYYY-MM, in days since 1970-01-01.

    Raises
    ------
    InputError
        If the month cannot be read.
    """
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise InputError("month", [f"found {month!r}; a month such as 2024-03 is allowed; write YYYY-MM"]) from None
    start = np.datetime64(first, "M")
    return np.arange(start.astype("datetime64[D]"), (start + 1).astype("datetime64[D]")).astype(np.int64)


def drawn_calendar(
    history: Mapping[ThreatClass, tuple[Night, ...]], day: int, count: int, rng: np.random.Generator
) -> dict[ThreatClass, Ints]:
    """Draw calendars: class to (d, w) launched as posted; each day is one of the last 120, times a level of the month.

    Days without any row count as quiet here: what is forecast is what will be posted. All classes share the days
    drawn; the level is each class's own, log-normal of mean one, as wide as months differed from the days before them.
    """
    first = min((past[0].day for past in history.values() if past), default=day)
    start, table = max(day - RECENT_DAYS, first), {}
    if start == day:
        return {key: np.zeros((count, _DRAWS), dtype=np.int64) for key in history}
    picks = rng.integers(start - first, day - first, size=(count, _DRAWS))
    for key, past in history.items():
        posted = np.zeros(day - first)
        for night in past:
            if night.day < day:
                posted[night.day - first] += night.totals()[0]
        sd = level_spread(posted)
        level = np.exp(sd * rng.standard_normal(_DRAWS) - sd**2 / 2)
        # Rounding at random keeps the mean.
        table[key] = np.floor(posted[picks] * level + rng.random(picks.shape)).astype(np.int64)
    return table


def level_spread(posted: Floats) -> float:
    """Standard deviation of the log of a month's level, from numbers launched (t,) day by day.

    Past months of 30 days against the mean of the up to 120 days before each, less the variance that days drawn apart
    have by themselves; one month more counts as if half or twice of what was expected had come.
    """
    gained, months = np.log(2) ** 2, 1
    for at in range(len(posted) - _MONTH_DAYS, _MONTH_DAYS - 1, -_MONTH_DAYS):
        before, ahead = posted[max(at - RECENT_DAYS, 0) : at], posted[at : at + _MONTH_DAYS].sum()
        if mean := before.mean():
            gained += np.log((ahead + 1) / (_MONTH_DAYS * mean + 1)) ** 2 - np.log1p(
                before.var() / (_MONTH_DAYS * mean**2)
            )
            months += 1
    return float(np.sqrt(max(gained, 0.0) / months))


def simulate_intercepted(
    known: Known, key: ThreatClass, days: Ints, launched: Ints, rng: np.random.Generator, draws: int = _DRAWS
) -> Ints:
    """Draw (w,) the number intercepted over some days of one class, given launched (d,) or (d, w)."""
    n = np.broadcast_to(launched if launched.ndim > 1 else launched[:, None], (len(days), draws))
    return known.of(key).before(int(days[0])).simulate(n, rng)


def smoothed(draws: Ints) -> Floats:
    """Probability (n + 1,) of each count from draws (w,): Silverman's kernel where it is wider than a count.

    One draw is spread evenly over all counts up to the largest, so that none has probability zero.
    """
    seen = np.bincount(draws).astype(np.float64)
    low, high = np.quantile(draws, (0.25, 0.75))
    width = 0.9 * min(float(draws.std()), (high - low) / 1.34) * len(draws) ** -0.2
    if width > 0.5:
        seen = np.asarray(gaussian_filter1d(seen, width, mode="reflect"))
    seen = seen + 1 / len(seen)
    return seen / seen.sum()


# --- what is asked ---------------------------------------------------------------------------------------------------


def threat_class(name: str) -> ThreatClass:
    """Find a modelled class by name.

    Raises
    ------
    InputError
        For a class never seen, or one that the record cannot carry.
    """
    if name in {key.name for key in MODELLED}:
        return ThreatClass[name]
    allowed = ", ".join(key.name for key in MODELLED)
    raise InputError("launched", [f"found class {name!r}, of which nothing can be calibrated; allowed: {allowed}"])


def _night_counts(launched: Mapping[str, int]) -> dict[ThreatClass, int]:
    if not launched:
        raise InputError("launched", ["found no class; give at least one, such as drone=90"])
    most = {name: _BALLISTIC_MOST if name == ThreatClass.ballistic.name else _LAUNCHED_MOST for name in launched}
    faults = [
        f"{name}: found {n}, allowed: 1 to {most[name]}" for name, n in launched.items() if not 1 <= n <= most[name]
    ]
    if faults:
        raise InputError("launched", faults)
    return {threat_class(name): n for name, n in launched.items()}


def _day_after(calibration: Calibration, on: str | date | None) -> int:
    end = day_number(calibration.end)
    if on is None:
        return end + 1
    try:
        day = int(np.datetime64(str(on), "D").astype(np.int64))
    except ValueError:
        raise InputError("on", [f"found {on!r}; a day such as 2024-04-01 is allowed; write YYYY-MM-DD"]) from None
    if day <= end:
        raise InputError("on", [f"found {on}, but the record reaches {calibration.end}; a later day is allowed"])
    return day


def _calendar_counts(calendar: Mapping[str, Mapping[date, int]], days: Ints) -> dict[ThreatClass, Ints]:
    raids: dict[ThreatClass, Ints] = {}
    faults: list[str] = []
    for name, nights_of in calendar.items():
        table = np.zeros(len(days), dtype=np.int64)
        for when, n in nights_of.items():
            at = int(np.datetime64(when).astype(np.int64)) - int(days[0])
            if 0 <= at < len(days) and 0 <= n <= _LAUNCHED_MOST:
                table[at] += n
            else:
                faults.append(
                    f"{name}, {when}: found {n} launched; days of the month and 0 to {_LAUNCHED_MOST} are allowed"
                )
        raids[threat_class(name)] = table[:, None]
    if faults:
        raise InputError("calendar", faults)
    return raids
