"""The rolling back-test: every night or month forecast from what was known before it, scored beside baselines.

The forward pass is the back-test: what a night is forecast from is what the nights before it taught, and no row of that
day or later has been read by then. Cutting the record there and starting anew gives the same forecast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tegmen.calibration.forecast import (
    drawn_calendar,
    month_days,
    nothing_known,
    quantile,
    simulate_intercepted,
    smoothed,
)
from tegmen.calibration.grid import stream
from tegmen.calibration.priors import Memory, Priors
from tegmen.calibration.rows import AIM, FORECAST, UNLOCATED, Night, eligible, nights
from tegmen.errors import InputError, checked_arguments
from tegmen.terms import FrozenDict, Provenance, ThreatClass, content_equal, one_blas_thread, tell_nobody
from tegmen.trust.baselines import BASELINES, past
from tegmen.trust.scores import LEVELS, Difference, Marks, difference, marks

if TYPE_CHECKING:
    from tegmen.calibration.forecast import Known
    from tegmen.evidence.record import Record
    from tegmen.terms import Floats, Ints, Progress
    from tegmen.trust.baselines import Past

Horizon = Literal["night", "month"]
LARGE = 3
"""[launched] from which a night counts as a larger one in the scores given beside those of all nights."""

_SEED_STREAM = 192


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Mean scores of some forecasts.

    Parameters
    ----------
    coverage, plain_coverage
        Level to share inside the central interval: of the randomised PIT, and of whole counts with both ends in.
    log_score, crps
        Means; higher and lower is better.
    pit
        (BINS,) histogram.
    """

    coverage: Mapping[float, float]
    plain_coverage: Mapping[float, float]
    log_score: float
    crps: float
    pit: Floats


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class ClassScores:
    """Scores of one class.

    Parameters
    ----------
    nights
        Number of forecasts scored: nights, or months.
    scores
        Of the forecast; None where there was nothing to score.
    coverage_error
        Level to the sampling error (one standard error) of its coverage over this many independent forecasts.
    baselines, differences
        Name to the baseline's scores, and to the mean difference in log score with its 90 % interval.
    also
        Name to the same on other terms: larger nights only, zone known, calendar drawn, weapon by weapon.
    """

    nights: int
    scores: Scores | None
    coverage_error: Mapping[float, float]
    baselines: Mapping[str, Scores]
    differences: Mapping[str, Difference]
    also: Mapping[str, ClassScores] = field(default_factory=FrozenDict[str, "ClassScores"])


@content_equal
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Backtest:
    """A rolling back-test.

    Parameters
    ----------
    start, end
        First day of the first month scored; last night of the record.
    horizon, count, min_launched
        What was forecast; what counts as intercepted; nights with fewer launched are not scored.
    classes
        Class to its scores.
    forecasts
        One row a forecast: first day, threat_class, launched, intercepted, low (5 %), median, high (95 %), log_score,
        crps, pit_low, pit_high and the log score of every baseline.
    notes
        What cannot be scored or was left out, in sentences.
    provenance
        Version, seed of simulation and bootstrap, and the record's inputs.
    weapons
        As forecasts, one row a weapon's part of a night, of the classes that have several; empty for months.
    """

    start: date
    end: date
    horizon: Horizon
    count: str
    min_launched: int
    classes: Mapping[ThreatClass, ClassScores]
    forecasts: pd.DataFrame
    notes: tuple[str, ...]
    provenance: Provenance
    weapons: pd.DataFrame = field(default_factory=pd.DataFrame)

    def to_pandas(self) -> pd.DataFrame:
        """One row a class and rule: nights, coverage at each level, log_score, crps, difference, its 90 % limits."""
        rows: list[dict[str, object]] = []
        for key, scored in self.classes.items():
            head = {"threat_class": key.name, "nights": scored.nights}
            if scored.scores is not None:
                rows.append({**head, "rule": "tegmen", **_flat(scored.scores)})
            for name, baseline in scored.baselines.items():
                gain = scored.differences[name]
                ahead = {"difference": gain.mean, "low": gain.low, "high": gain.high}
                rows.append({**head, "rule": name, **_flat(baseline), **ahead})
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        head = f"Backtest by {self.horizon} from {self.start} to {self.end}, counting {self.count}"
        return f"{head}\n{self.to_pandas().to_string(index=False)}"


def _flat(scores: Scores) -> dict[str, object]:
    coverage = {f"coverage_{level:.0%}": value for level, value in scores.coverage.items()}
    return {**coverage, "log_score": scores.log_score, "crps": scores.crps}


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One forecast made, with its outcome, the baselines' forecasts, and other readings of the same night."""

    key: ThreatClass
    day: int
    launched: int
    intercepted: int
    chance: Floats
    baselines: Mapping[str, Floats]
    other: Mapping[str, Floats]
    weapon: str = ""


@checked_arguments
@one_blas_thread
def backtest(  # noqa: PLR0913 - each option is one question a reader asks
    record: Record,
    *,
    start: str | None = None,
    horizon: Horizon = "night",
    min_launched: int = 1,
    priors: Priors | None = None,
    memory: Memory | None = None,
    seed: int = 1,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast every night, or month, of a record from the rows before it, and score the forecasts.

    Parameters
    ----------
    record
        The attack record; `Record.counting` says what counts as intercepted.
    start
        First month scored, YYYY-MM. None: the last twelve months of the record.
    horizon
        "night": one night given its launches. "month": a month's sum given its launches by night; beside it, the same
        with the launches drawn from the 120 days before, times a level of the month.
    min_launched
        Nights with fewer launched are learnt from and not scored.
    priors, memory
        Priors and grids, and how evidence fades; None for the documented ones.
    seed
        Of the months' simulation and of the bootstrap of differences.
    progress
        Told what is being done.

    Returns
    -------
        The scores.

    Raises
    ------
    InputError
        If the start cannot be read or lies after the record's end, or an option is out of range.
    EvidenceError
        If the record has no eligible row at all.
    """
    if horizon not in {"night", "month"} or min_launched < 1:
        raise InputError(
            "backtest", [f"found {horizon!r}, {min_launched}; allowed: night or month, 1 or more launched"]
        )
    rows, end = eligible(record, date.max)
    history = {key: nights(rows[key], by_row=key is ThreatClass.ballistic) for key in FORECAST}
    run = _Run(history, _first_day(start, end), min_launched, priors or Priors(), memory or Memory(), seed)
    cases = _all_cases(run, horizon, int(np.datetime64(end).astype(np.int64)) + 1, progress or tell_nobody)
    classes = {key: _class_scores([case for case in cases if case.key is key], seed) for key in FORECAST}
    first = np.datetime64(run.first, "D").astype(date)
    return Backtest(
        start=first,
        end=end,
        horizon=horizon,
        count=record.counted,
        min_launched=min_launched,
        classes=FrozenDict(classes),
        forecasts=pd.DataFrame([_forecast_row(case) for case in cases if not case.weapon]),
        notes=(*record.told(), *_unscored(history, classes, first)),
        provenance=Provenance(record.provenance.version, seed, record.provenance.inputs),
        weapons=pd.DataFrame(
            [
                _forecast_row(case) | {"weapon": case.weapon}
                for case in cases
                if case.weapon and "by_weapon" in classes[case.key].also
            ]
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What a rolling pass needs."""

    history: Mapping[ThreatClass, tuple[Night, ...]]
    first: int
    min_launched: int
    priors: Priors
    memory: Memory
    seed: int

    @property
    def origin(self) -> int:
        """First day of the record."""
        return min((of_class[0].day for of_class in self.history.values() if of_class), default=0)

    def by_day(self) -> Iterator[tuple[int, dict[ThreatClass, Night]]]:
        """Give the nights of all classes day by day."""
        days: dict[int, dict[ThreatClass, Night]] = {}
        for key, of_class in self.history.items():
            for night in of_class:
                days.setdefault(night.day, {})[key] = night
        yield from sorted(days.items())

    def pasts(self) -> dict[ThreatClass, Past]:
        """Prepare the baselines; what they look up ends before the day they are asked for."""
        return {key: past(of_class) for key, of_class in self.history.items()}

    def weapon_pasts(self) -> dict[tuple[ThreatClass, str], Past]:
        """Prepare the baselines of every weapon, on its own nights."""
        of_weapon: dict[tuple[ThreatClass, str], list[Night]] = {}
        for key, of_class in self.history.items():
            for night in of_class:
                for weapon, (n, k) in night.weapons.items():
                    alone = Night(night.day, np.array([UNLOCATED]), np.array([n]), np.array([k]))
                    of_weapon.setdefault((key, weapon), []).append(alone)
        return {name: past(brought) for name, brought in of_weapon.items()}


def _all_cases(run: _Run, horizon: Horizon, end: int, progress: Progress) -> list[_Case]:
    """Make every forecast of a run; `end` is the day after the record's last."""
    cases: list[_Case] = []
    for case, day in _cases_by_night(run) if horizon == "night" else _cases_by_month(run):
        if case:
            cases.append(case)
        progress("back-test", max(day - run.origin, 0), max(end - run.origin, 1))
    return cases


def _cases_by_night(run: _Run) -> Iterator[tuple[_Case | None, int]]:
    """Forecast each night from the days before it; only then learn from it."""
    known, pasts, weapon_pasts = nothing_known(run.priors, run.memory), run.pasts(), run.weapon_pasts()
    for day, brought in run.by_day():
        for key, night in brought.items():
            known = known.before(key, day)
            if day >= run.first and night.totals()[0] >= run.min_launched:
                yield _night_case(known, key, night, pasts[key]), day
            if day >= run.first:
                for weapon, (n, k) in night.weapons.items():
                    if n >= run.min_launched:
                        yield _weapon_case(known, key, (day, weapon, n, k), weapon_pasts[key, weapon]), day
        for key, night in brought.items():
            known = known.seen(key, night)
        yield None, day


def _night_case(known: Known, key: ThreatClass, night: Night, seen: Past) -> _Case:
    n, k = night.totals()
    other = {"zone_known": _zone_known(known, night)} if key is ThreatClass.ballistic else {}
    baselines = {name: rule(seen, night.day, [n]) for name, rule in BASELINES.items()}
    return _Case(key, night.day, n, k, known.chance(key, n), baselines, other)


def _weapon_case(known: Known, key: ThreatClass, night: tuple[int, str, int, int], seen: Past) -> _Case:
    """Forecast one weapon's part of a night; its class's forecast, for that number launched, is one more baseline."""
    day, weapon, n, k = night
    baselines = {name: rule(seen, day, [n]) for name, rule in BASELINES.items()}
    of_class = {"class_forecast": known.chance(key, n)}
    return _Case(key, day, n, k, known.chance(key, n, weapon), baselines | of_class, {}, weapon)


def _zone_known(known: Known, night: Night) -> Floats:
    """Probability (n + 1,) of each number of ballistic missiles intercepted, told how many are aimed at which zone."""
    chance: Floats = np.ones(1)
    for zone, aim in enumerate(AIM.values()):
        if launched := int(night.launched[night.aim == aim].sum()):
            posted = known.ballistic.by_aim(launched)[zone]
            chance = np.asarray(np.convolve(chance, posted / posted.sum()), dtype=np.float64)
    return chance


def _cases_by_month(run: _Run) -> Iterator[tuple[_Case | None, int]]:
    """Forecast each month from the days before it; only then learn from it."""
    known, pasts = nothing_known(run.priors, run.memory), run.pasts()
    months = sorted({_month_of(night) for of_class in run.history.values() for night in of_class})
    for month in months:
        days = month_days(month)
        brought = {key: [night for night in run.history[key] if _month_of(night) == month] for key in run.history}
        if days[0] >= run.first:
            calendars = drawn_calendar(run.history, int(days[0]), len(days), stream(run.seed, _SEED_STREAM))
            for key, of_class in brought.items():
                if sum(night.totals()[0] for night in of_class) >= run.min_launched:
                    drawn = (days, calendars[key], run.seed)
                    yield _month_case(known, key, of_class, pasts[key], drawn), int(days[-1])
        for key, of_class in brought.items():
            for night in of_class:
                known = known.seen(key, night)
        yield None, int(days[-1])


def _month_case(
    known: Known, key: ThreatClass, brought: list[Night], seen: Past, drawn: tuple[Ints, Ints, int]
) -> _Case:
    days, calendar, seed = drawn
    launched = np.zeros(len(days), dtype=np.int64)
    for night in brought:
        launched[night.day - days[0]] = night.totals()[0]
    stopped = [
        smoothed(simulate_intercepted(known, key, days, plan, stream(seed, _SEED_STREAM + 1 + key)))
        for plan in (launched, calendar)
    ]
    sizes = [int(n) for n in launched if n]
    baselines = {name: rule(seen, int(days[0]), sizes) for name, rule in BASELINES.items()}
    k = sum(night.totals()[1] for night in brought)
    return _Case(key, int(days[0]), int(launched.sum()), k, stopped[0], baselines, {"calendar_drawn": stopped[1]})


def _month_of(night: Night) -> str:
    return str(np.datetime64(night.day, "D").astype("datetime64[M]"))


# --- scores ----------------------------------------------------------------------------------------------------------


def _class_scores(cases: list[_Case], seed: int) -> ClassScores:
    """Score a class; beside all nights, the larger ones, every other reading of the same nights, and its weapons."""
    also: dict[str, ClassScores] = {}
    of_weapons = [case for case in cases if case.weapon]
    cases = [case for case in cases if not case.weapon]
    if len({case.weapon for case in of_weapons}) > 1:
        also["by_weapon"] = _scored(of_weapons, [case.chance for case in of_weapons], seed)
    large = [case for case in cases if case.launched >= LARGE]
    if 0 < len(large) < len(cases):
        also[f"launched_{LARGE}_or_more"] = _scored(large, [case.chance for case in large], seed)
    for name in cases[0].other if cases else ():
        also[name] = _scored(cases, [case.other[name] for case in cases], seed, compared=name != "calendar_drawn")
    return replace(_scored(cases, [case.chance for case in cases], seed), also=FrozenDict(also))


def _scored(cases: list[_Case], chances: list[Floats], seed: int, *, compared: bool = True) -> ClassScores:
    if not cases:
        return ClassScores(0, None, FrozenDict(), FrozenDict(), FrozenDict())
    outcomes = [case.intercepted for case in cases]
    ours, week = marks(chances, outcomes), np.array([case.day // 7 for case in cases], dtype=np.int64)
    baselines: dict[str, Scores] = {}
    differences: dict[str, Difference] = {}
    for name in cases[0].baselines if compared else ():
        theirs = marks([case.baselines[name] for case in cases], outcomes)
        baselines[name] = _mean(theirs)
        differences[name] = difference(ours.log_score, theirs.log_score, week, seed)
    error = {level: float(np.sqrt(level * (1 - level) / len(cases))) for level in LEVELS}
    return ClassScores(len(cases), _mean(ours), FrozenDict(error), FrozenDict(baselines), FrozenDict(differences))


def _mean(scored: Marks) -> Scores:
    coverage = {level: float(scored.coverage(level).mean()) for level in LEVELS}
    plain = {level: float(scored.plain_coverage(level).mean()) for level in LEVELS}
    means = float(scored.log_score.mean()), float(scored.crps.mean())
    return Scores(FrozenDict(coverage), FrozenDict(plain), *means, scored.pit())


def _forecast_row(case: _Case) -> dict[str, object]:
    k = case.intercepted
    ours = marks([case.chance], [k])
    limits = {name: quantile(case.chance, level) for name, level in (("low", 0.05), ("median", 0.5), ("high", 0.95))}
    return {
        "day": np.datetime64(case.day, "D").astype(date),
        "threat_class": case.key.name,
        "launched": case.launched,
        "intercepted": k,
        **limits,
        "log_score": float(ours.log_score[0]),
        "crps": float(ours.crps[0]),
        "pit_low": float(ours.below[0]),
        "pit_high": float(ours.upto[0]),
        **{name: float(marks([chance], [k]).log_score[0]) for name, chance in case.baselines.items()},
    }


def _unscored(
    history: Mapping[ThreatClass, tuple[Night, ...]], classes: Mapping[ThreatClass, ClassScores], start: date
) -> Iterator[str]:
    """Say of each class what could not be scored."""
    for key, of_class in history.items():
        name = key.name
        if not of_class:
            yield f"{name}: the record has no eligible row; a forecast would be the prior only, and none is scored."
        elif not classes[key].nights:
            yield f"{name}: no night to score from {start} on; its last one is {np.datetime64(of_class[-1].day, 'D')}."
        elif np.datetime64(of_class[0].day, "D").astype(date) >= start:
            yield f"{name}: no row before {start}; its first forecast is the prior only."


def _first_day(start: str | None, end: date) -> int:
    """First day of the first month scored."""
    last = np.datetime64(end, "M")
    if start is None:
        return int((last - 11).astype("datetime64[D]").astype(np.int64))
    first = int(month_days(start)[0])
    if first > int(np.datetime64(end).astype(np.int64)):
        raise InputError("start", [f"found {start}, but the record's last eligible row is of {end}; choose an earlier"])
    return first
