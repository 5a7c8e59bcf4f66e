"""The verification and validation pack: what is required, what shows it, and what came of it in this run.

Nothing is stored: a result stands here because it was worked out in this run, or it is said to be not run here. The
tests of a source checkout are no part of it; `scripts/verify.py` there holds requirements against them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from tegmen.answer.readings import cut_days
from tegmen.answer.results import CutAnswer, Driver
from tegmen.answer.study import begin_study
from tegmen.answer.sufficiency import Effort, sufficiency
from tegmen.calibration.fit import Calibration, calibrate
from tegmen.data import shipped, shipped_toml
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.catalogue import Catalogue, read_catalogue
from tegmen.evidence.record import Record
from tegmen.question.scenario import Scenario
from tegmen.terms import VERSION, FrozenDict, Progress, Provenance, ThreatClass, content_equal, tell_nobody
from tegmen.trust.ahead import MonthsAhead, predict_months
from tegmen.trust.backtest import Backtest, ClassScores, Horizon, backtest
from tegmen.trust.baselines import RIVAL
from tegmen.trust.checks import CHECKS, Check, Material, Result, run_checks
from tegmen.trust.movement import Movement, foresee_movement
from tegmen.trust.published import Published, compare_published
from tegmen.trust.scores import Difference

Verdict = Literal["met", "within two sampling errors", "not met"]
SCORED_FROM = "2023-07"
"""First month of the rolling back-test that the acceptance criteria speak of."""
_LICENCES = {
    "catalogue": "Apache-2.0 (facts compiled; data/catalogue/LICENCE.md)",
    "record": "CC BY-NC-SA 4.0 (data/record/LICENCE.md)",
    "geo": "public domain, CC BY 4.0, Apache-2.0 (data/geo/LICENCE.md)",
}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much to run.

    Parameters
    ----------
    quick
        Checks, published numbers and a small answer only: no back-test, no month predicted.
    answer
        An answer.json to hold, instead of a small answer worked out here.
    """

    quick: bool = False
    answer: Path | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What tegmen must do, where that is asked for, and the checks that show it (none: tests of the source do)."""

    id: str
    text: str
    origin: str
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Criterion:
    """An acceptance criterion of the forecasts: what is required, what the back-test gives, and the verdict."""

    name: str
    required: str
    value: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Pedigree:
    """An input: rows, share of them read in a stored copy of their source, digest, licence, what to know."""

    name: str
    rows: int
    verified: float | None
    sha256: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class HeadlineHeld:
    """How the headline answer of an evidence case holds.

    Parameters
    ----------
    drivers
        What drives it.
    stability
        The number with the evidence cut on other days.
    apart
        Largest difference of the simulation from the closed form at any number of units [standard errors].
    """

    drivers: tuple[Driver, ...]
    stability: tuple[CutAnswer, ...]
    apart: float


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """The pack.

    Parameters
    ----------
    results
        Name of a check to its result.
    backtests
        Horizon to scores; empty where not run here.
    ahead
        The answer's own predictions a month ahead; None where not run here.
    movement
        How far the headline's number would move by the model's own lights; empty where not run here.
    headline, drivers_from
        Evidence case to how the headline answer holds; where that was worked out.
    silent
        Quantity to what the record says of it, and what it leaves open.
    limits
        Known limits of the method.
    """

    requirements: tuple[Requirement, ...]
    results: Mapping[str, Result]
    inputs: tuple[Pedigree, ...]
    published: tuple[Published, ...]
    backtests: Mapping[str, Backtest]
    criteria: tuple[Criterion, ...]
    ahead: MonthsAhead | None
    movement: tuple[Movement, ...]
    headline: Mapping[str, HeadlineHeld]
    drivers_from: str
    silent: Mapping[str, str]
    limits: tuple[str, ...]
    provenance: Provenance

    @property
    def drivers(self) -> Mapping[str, tuple[Driver, ...]]:
        """Evidence case to what drives the headline answer."""
        return {case: held.drivers for case, held in self.headline.items()}

    @property
    def failed(self) -> tuple[Result, ...]:
        """Checks that failed."""
        return tuple(result for result in self.results.values() if result.outcome == "failed")

    @property
    def exit_code(self) -> int:
        """1 where a check failed; a published number or a criterion that is missed is no failure of these."""
        return 1 if self.failed else 0

    def lines(self) -> list[str]:
        """Say in a few lines what came of it, failures first."""
        agreed = [row.agrees for row in self.published]
        missed = [row for row in self.criteria if row.verdict != "met"]
        return [
            *(f"failed: {row.name}: {row.value}; expected {row.expected}" for row in self.failed),
            f"{len(self.results) - len(self.failed)} of {len(self.results)} checks passed",
            *(f"{row.verdict}: {row.name}: {row.value}; required {row.required}" for row in missed),
            f"published: {agreed.count(True)} agree, {agreed.count(False)} differ, {agreed.count(None)} not compared",
        ]

    def of(self, requirement: Requirement) -> tuple[Result, ...]:
        """Results that show a requirement."""
        return tuple(self.results[name] for name in requirement.checks)

    def outcome(self, requirement: Requirement) -> str:
        """Word for a requirement: failed, passed, or shown by tests of the source alone."""
        if not requirement.checks:
            return "shown by tests"
        return "failed" if any(result in self.failed for result in self.of(requirement)) else "passed"


@checked_arguments
def verify(
    record: Record,
    scenario: Scenario,
    *,
    seed: int = 1,
    extent: Extent | None = None,
    checks: Sequence[Check] = CHECKS,
    progress: Progress | None = None,
) -> Verification:
    """Run everything that shows tegmen to do what is required, and gather it.

    Parameters
    ----------
    record, scenario
        Evidence and question that checks work on.
    checks
        Checks to run.

    Raises
    ------
    InputError
        A requirement names a check that does not exist, or the answer.json given cannot be read.
    """
    extent, tell = extent or Extent(), progress or tell_nobody
    requirements, catalogue = read_requirements(), read_catalogue()
    _require_known(requirements, checks)
    headline, drivers_from = ({}, "") if extent.answer is None else read_headline(extent.answer)
    tell("calibrating on the record", 0, 1)
    calibration = calibrate(record, until=scenario.until, seed=seed)
    results = run_checks(checks, Material(record, scenario, calibration, seed), tell)
    tell("comparing with what others published", 0, 1)
    published = compare_published(record, catalogue)
    horizons: tuple[Horizon, ...] = () if extent.quick else ("night", "month")
    backtests = {each: backtest(record, start=SCORED_FROM, horizon=each, seed=seed, progress=tell) for each in horizons}
    ahead = None if extent.quick else predict_months(scenario, record, seed=seed, tell=tell)
    movement = () if extent.quick else _movement(scenario, calibration, seed, tell)
    if extent.answer is None:
        headline, drivers_from = _small_answer(scenario, calibration, seed, extent.quick, tell)
    return Verification(
        requirements=requirements,
        results=results,
        inputs=(_record_pedigree(record), *_catalogue_pedigree(catalogue), *_geography_pedigree()),
        published=published,
        backtests=FrozenDict(backtests),
        criteria=(*judge_forecasts(backtests), *judge_answer(headline, ahead)),
        ahead=ahead,
        movement=movement,
        headline=FrozenDict(headline),
        drivers_from=drivers_from,
        silent=FrozenDict(calibration.identified),
        limits=read_limits(),
        provenance=Provenance(VERSION, seed, dict(record.provenance.inputs) | {"scenario": scenario.sha256}),
    )


def read_requirements() -> tuple[Requirement, ...]:
    """Read the table of requirements."""
    return tuple(
        Requirement(row["id"], row["text"], row["origin"], tuple(row["checks"]))
        for row in shipped_toml("method", "requirements.toml")["requirement"]
    )


def read_limits() -> tuple[str, ...]:
    """Read the known limits of the method."""
    return tuple(row["text"] for row in shipped_toml("method", "limits.toml")["limit"])


def _require_known(requirements: Sequence[Requirement], checks: Sequence[Check]) -> None:
    known = {check.name for check in checks}
    faults = [
        f"{requirement.id}: no check '{name}'; there are {', '.join(sorted(known))}"
        for requirement in requirements
        for name in requirement.checks
        if name not in known
    ]
    if faults:
        raise InputError("requirements.toml", faults)


# --- pedigree of the inputs ------------------------------------------------------------------------------------------


def _record_pedigree(record: Record) -> Pedigree:
    digest = record.provenance.inputs["record"]
    return Pedigree("record", len(record.rows), None, digest, _LICENCES["record"], repr(record))


def _catalogue_pedigree(catalogue: Catalogue) -> list[Pedigree]:
    tables: list[Pedigree] = []
    for name, digest in catalogue.files.items():
        rows = [row for row in catalogue.parameters if row.table == name]
        share = sum(row.verified for row in rows) / len(rows)
        tables.append(Pedigree(f"catalogue/{name}", len(rows), share, digest, _LICENCES["catalogue"], ""))
    return tables


def _geography_pedigree() -> list[Pedigree]:
    files: list[Pedigree] = []
    for file in sorted(shipped("geo").iterdir(), key=lambda path: path.name):
        if not file.name.endswith((".csv", ".json")):
            continue
        content = file.read_bytes()
        is_table = file.name.endswith(".csv")
        rows = content.count(b"\n") - 1 if is_table else len(json.loads(content).get("features", ()))
        digest = hashlib.sha256(content).hexdigest()
        files.append(Pedigree(f"geo/{file.name}", rows, None, digest, _LICENCES["geo"], ""))
    return files


# --- the forecasts against what is required of them ------------------------------------------------------------------

REQUIRED_COVERAGE = {"night": (0.9, 0.87, 0.93), "month": (0.8, 0.70, 0.90)}
"""Horizon to level of the interval, and the least and the largest share of outcomes it may hold."""


def judge_forecasts(backtests: Mapping[str, Backtest]) -> tuple[Criterion, ...]:
    """Hold the forecasts against what is required of them; few nights can miss by chance, which is said."""
    criteria: list[Criterion] = []
    for horizon, scored in backtests.items():
        for key, scores in scored.classes.items():
            if scores.scores is None:
                continue
            criteria.append(_coverage_criterion(key, horizon, scores))
            if horizon == "night":
                criteria.append(_rival_criterion(key, scores.differences[RIVAL]))
    return tuple(criteria)


def _coverage_criterion(key: ThreatClass, horizon: str, scores: ClassScores) -> Criterion:
    assert scores.scores is not None
    level, low, high = REQUIRED_COVERAGE[horizon]
    share, error = scores.scores.coverage[level], scores.coverage_error[level]
    return Criterion(
        f"{key.name}, {horizon} ahead: coverage of {level:.0%} intervals",
        f"{low:.2f} to {high:.2f}, sampling error {error:.3f}",
        f"{share:.3f} of {scores.nights} {horizon}s",
        _verdict(share, low, high, error),
    )


def _rival_criterion(key: ThreatClass, gain: Difference) -> Criterion:
    """Log score against the trailing Beta-binomial: better, and for drones by a margin whose interval excludes 0."""
    drone = key is ThreatClass.drone
    return Criterion(
        f"{key.name}, night ahead: log score less that of the trailing 120-day Beta-binomial",
        "above 0, 90 % interval above 0" if drone else "above 0",
        f"{gain.mean:+.3f}, 90 % interval {gain.low:+.3f} to {gain.high:+.3f}",
        "met" if (gain.low if drone else gain.mean) > 0 else "not met",
    )


# --- the headline answer against what is required of it --------------------------------------------------------------

CUTS_APART = 1
"""How far apart the numbers may be with the evidence cut on different days."""
_AHEAD = "ballistic, worlds of the answer, month ahead"


def judge_answer(headline: Mapping[str, HeadlineHeld], ahead: MonthsAhead | None) -> tuple[Criterion, ...]:
    """Hold the answer against what is required of it: stable over cut dates, and right a month ahead."""
    criteria = [
        Criterion(
            f"{case}: number with the evidence cut on {len(held.stability)} days",
            f"within {CUTS_APART} of each other",
            ", ".join(f"{'none' if cut.n is None else cut.n} ({cut.until})" for cut in held.stability),
            "met" if _are_near([cut.n for cut in held.stability]) else "not met",
        )
        for case, held in headline.items()
    ]
    if ahead is None:
        return tuple(criteria)
    level, low, high = REQUIRED_COVERAGE["month"]
    share, months, gain = ahead.coverage[level], len(ahead.months), ahead.gain
    error = (level * (1 - level) / months) ** 0.5
    return (
        *criteria,
        Criterion(
            f"{_AHEAD}: coverage of {level:.0%} intervals",
            f"{low:.2f} to {high:.2f}, sampling error {error:.3f}",
            f"{share:.3f} of {months} months",
            _verdict(share, low, high, error),
        ),
        Criterion(
            f"{_AHEAD}: log score less that of the trailing 120-day Beta-binomial",
            "above 0",
            f"{gain.mean:+.3f}, 90 % interval {gain.low:+.3f} to {gain.high:+.3f}",
            "met" if gain.mean > 0 else "not met",
        ),
    )


def _movement(scenario: Scenario, calibration: Calibration, seed: int, tell: Progress) -> tuple[Movement, ...]:
    study = begin_study(scenario, calibration, seed=seed, effort=None, cases=("posted",), progress=tell)
    return foresee_movement(study, "posted", cut_days(study))


def _are_near(numbers: Sequence[int | None]) -> bool:
    known = [number for number in numbers if number is not None]
    return bool(known) and len(known) == len(numbers) and max(known) - min(known) <= CUTS_APART


def _verdict(share: float, low: float, high: float, error: float) -> Verdict:
    if low <= share <= high:
        return "met"
    return "within two sampling errors" if low - 2 * error <= share <= high + 2 * error else "not met"


def _small_answer(
    scenario: Scenario, calibration: Calibration, seed: int, quick: bool, tell: Progress
) -> tuple[dict[str, HeadlineHeld], str]:
    effort = Effort(400, 10) if quick else Effort()
    result = sufficiency(scenario, calibration, seed=seed, effort=effort, progress=tell)
    headline: dict[str, HeadlineHeld] = {
        case: HeadlineHeld(answer.headline.drivers, answer.stability, answer.check.largest)
        for case, answer in result.cases.items()
    }
    return headline, f"worked out here with {effort.worlds} worlds, checked by {effort.runs} months of some"


def read_headline(path: Path) -> tuple[dict[str, HeadlineHeld], str]:
    """Read from an answer.json how its headline holds.

    Raises
    ------
    InputError
        The file cannot be read, or holds nothing of the kind.
    """
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        headline = {case: _read_case(answer) for case, answer in cases.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fault = f"no drivers and cuts can be read from it ({type(error).__name__}: {error})"
        raise InputError(str(path), [f"{fault}; give an answer.json of this version"]) from None
    return headline, f"taken from {path.name}"


def _read_case(answer: Mapping[str, Any]) -> HeadlineHeld:
    cuts = (CutAnswer(**cut | {"until": date.fromisoformat(cut["until"])}) for cut in answer["stability"])
    drivers = (Driver(**driver) for driver in answer["drivers"])
    return HeadlineHeld(tuple(drivers), tuple(cuts), float(answer["check"]["largest"]))
