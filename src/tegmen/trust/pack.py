"""The verification and validation pack: what is required, what shows it, and what was found when it was run.

Nothing is stored: a result stands here because it was worked out in this run, or it is said to be not run here. Checks
are the product's own (`checks`); tests are those of a source checkout, where the package stands in one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from xml.etree import ElementTree as ET

from tegmen.answer.results import Driver
from tegmen.answer.sufficiency import Effort, sufficiency
from tegmen.calibration.fit import Calibration, calibrate
from tegmen.data import shipped, shipped_toml
from tegmen.errors import InputError
from tegmen.evidence.catalogue import Catalogue, read_catalogue
from tegmen.evidence.record import Record
from tegmen.question.scenario import Scenario
from tegmen.terms import VERSION, Progress, Provenance, ThreatClass, tell_nobody
from tegmen.trust.backtest import Backtest, backtest
from tegmen.trust.checks import CHECKS, Check, Finding, Material
from tegmen.trust.published import Published, compare

Outcome = Literal["passed", "failed", "not run here"]
Verdict = Literal["met", "within two sampling errors", "not met"]
SCORED_FROM = "2023-07"
"""First month of the rolling back-test that the acceptance criteria speak of."""
_COVERAGE, _MONTH_COVERAGE = (0.87, 0.93), (0.70, 0.90)
_RIVAL = "trailing_beta_binomial"
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
        Checks, published numbers and a small answer only: no tests, no back-test.
    answer
        An answer.json to take the drivers from, instead of a small answer worked out here.
    raw
        The public list of attack reports, for numbers of single weapons.
    """

    quick: bool = False
    answer: Path | None = None
    raw: Path | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What tegmen must do, where that is asked for, and the checks and tests that show it."""

    id: str
    text: str
    origin: str
    checks: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check, or of a test of the source checkout (kind "test")."""

    name: str
    kind: str
    shows: str
    outcome: Outcome
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """An acceptance criterion of the forecasts: what was asked, what was found, and the verdict."""

    name: str
    asked: str
    found: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Source:
    """An input: rows, share of them read in a stored copy of their source, digest, licence, what to know."""

    name: str
    rows: int
    verified: float | None
    sha256: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """The pack.

    Parameters
    ----------
    results
        Name of a check, or id of a test, to its result.
    backtests
        Horizon to scores; empty where not run here.
    drivers, drivers_from
        Evidence case to what drives the headline answer; where they were worked out.
    silent
        Quantity to what the record says of it, and what it leaves open.
    limits
        Known limits, from the method's own list; empty outside a source checkout.
    """

    requirements: tuple[Requirement, ...]
    results: Mapping[str, Result]
    inputs: tuple[Source, ...]
    published: tuple[Published, ...]
    backtests: Mapping[str, Backtest]
    criteria: tuple[Criterion, ...]
    drivers: Mapping[str, tuple[Driver, ...]]
    drivers_from: str
    silent: Mapping[str, str]
    limits: tuple[str, ...]
    provenance: Provenance

    @property
    def failed(self) -> tuple[Result, ...]:
        """Checks and tests that failed."""
        return tuple(result for result in self.results.values() if result.outcome == "failed")

    @property
    def exit_code(self) -> int:
        """1 where a check or test failed; a published number or a criterion that is missed is no failure of these."""
        return 1 if self.failed else 0

    def lines(self) -> list[str]:
        """Say in a few lines what was found, failures first."""
        ran = [result for result in self.results.values() if result.outcome != "not run here"]
        lines = [f"failed: {each.name}: found {each.found}, expected {each.expected}" for each in self.failed]
        lines.append(f"{len(ran) - len(self.failed)} of {len(ran)} checks and tests passed")
        lines[-1] += f"; {len(self.results) - len(ran)} were not run here" if len(ran) < len(self.results) else ""
        lines += [
            f"{each.verdict}: {each.name}: {each.found}; asked {each.asked}"
            for each in self.criteria
            if each.verdict != "met"
        ]
        agreed = [each.agrees for each in self.published]
        lines.append(
            f"published numbers: {agreed.count(True)} agree, {agreed.count(False)} differ, "
            f"{agreed.count(None)} could not be compared"
        )
        return lines

    def of(self, requirement: Requirement) -> tuple[Result, ...]:
        """Results that show a requirement."""
        return tuple(self.results[name] for name in (*requirement.checks, *requirement.tests))

    def outcome(self, requirement: Requirement) -> str:
        """Word for a requirement: failed, passed, partly run, or not run here."""
        found = {result.outcome for result in self.of(requirement)}
        if "failed" in found:
            return "failed"
        return {frozenset({"passed"}): "passed", frozenset({"not run here"}): "not run here"}.get(
            frozenset(found), "passed, partly run here"
        )


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
    requirements = read_requirements()
    _require_known(requirements, checks)
    given = None if extent.answer is None else _drivers_of(extent.answer)
    tell("calibrating on the record", 0, 1)
    calibration = calibrate(record, until=scenario.until, seed=seed)
    results = _run_checks(checks, Material(record, scenario, calibration, seed), tell)
    tests = sorted({test for requirement in requirements for test in requirement.tests})
    results |= run_tests(tests, None if extent.quick else checkout(), tell)
    tell("comparing with what others published", 0, 1)
    published = compare(record, read_catalogue(), raw=extent.raw)
    backtests: dict[str, Backtest] = {}
    if not extent.quick:
        for horizon in ("night", "month"):
            backtests[horizon] = backtest(record, start=SCORED_FROM, horizon=horizon, seed=seed, progress=progress)
    drivers, drivers_from = given or _drivers(scenario, calibration, seed, extent, tell)
    return Verification(
        requirements=requirements,
        results=MappingProxyType(results),
        inputs=_inputs(record, read_catalogue(), results),
        published=published,
        backtests=MappingProxyType(backtests),
        criteria=tuple(_criteria(backtests)),
        drivers=MappingProxyType(drivers),
        drivers_from=drivers_from,
        silent=calibration.identified,
        limits=_limits(checkout()),
        provenance=Provenance(VERSION, seed, dict(record.provenance.inputs) | {"scenario": scenario.sha256}),
    )


def read_requirements() -> tuple[Requirement, ...]:
    """Read the table of requirements."""
    return tuple(
        Requirement(row["id"], row["text"], row["origin"], tuple(row["checks"]), tuple(row["tests"]))
        for row in shipped_toml("method", "requirements.toml")["requirement"]
    )


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


def _run_checks(checks: Sequence[Check], material: Material, tell: Progress) -> dict[str, Result]:
    """Run every check; one that cannot finish has failed, and says how."""
    results: dict[str, Result] = {}
    for step, check in enumerate(checks):
        tell(f"check: {check.name}", step, len(checks))
        try:
            finding = check.run(material)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not the end of the pack
            finding = Finding(False, f"{type(error).__name__}: {error}", "a result")
        outcome: Outcome = "passed" if finding.holds else "failed"
        results[check.name] = Result(check.name, check.kind, check.shows, outcome, finding.found, finding.expected)
    return results


def checkout() -> Path | None:
    """Folder of the source checkout the package stands in, with its tests; None where it was installed without."""
    root = Path(__file__).parents[3]
    return root if (root / "tests").is_dir() and (root / "pyproject.toml").is_file() else None


def run_tests(tests: Sequence[str], root: Path | None, tell: Progress) -> dict[str, Result]:
    """Run tests of a source checkout with pytest, and read what came of them."""
    why = "no source checkout here, or not asked for" if root is None else ""
    if root is not None and importlib.util.find_spec("pytest") is None:
        why = "pytest is not installed"
    if why or root is None:
        return {test: _test_result(test, [], why) for test in tests}
    tell(f"running {len(tests)} tests of the source checkout", 0, 1)
    with tempfile.TemporaryDirectory(prefix="tegmen-") as folder:
        report = Path(folder) / "tests.xml"
        files = [test for test in tests if (root / test.split("::")[0]).is_file()]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *files]
        environment = os.environ | {"PYTHONPATH": str(root / "src")}
        subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)  # noqa: S603 - our own tests
        cases = _junit(report) if report.is_file() else {}
    return {test: _test_result(test, cases.get(test, []), "pytest gave no result for it") for test in tests}


def _junit(report: Path) -> dict[str, list[str]]:
    """Test id without parameters to what became of each of its cases."""
    cases: dict[str, list[str]] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest a moment ago
        path = case.get("classname", "").replace(".", "/") + ".py"
        name = case.get("name", "").split("[")[0]
        kinds = {child.tag for child in case}
        fate = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        cases.setdefault(f"{path}::{name}", []).append(fate)
    return cases


def _test_result(test: str, cases: Sequence[str], why: str) -> Result:
    shows = test.rsplit("::", maxsplit=1)[-1].removeprefix("test_").replace("_", " ")
    outcome: Outcome = "not run here"
    if "failed" in cases:
        outcome = "failed"
    elif "passed" in cases:
        outcome = "passed"
    elif cases:
        why = "skipped: what it needs is not here"
    found = f"{cases.count('passed')} of {len(cases)} cases passed" if outcome != "not run here" else why
    return Result(test, "test", shows, outcome, found, "every case passes")


def _inputs(record: Record, catalogue: Catalogue, results: Mapping[str, Result]) -> tuple[Source, ...]:
    """Pedigree of everything that goes in."""
    traps = [result for name, result in results.items() if "::test_trap_" in name]
    run = sum(result.outcome == "passed" for result in traps)
    note = f"{record!r}; traps of the raw list: {run} of {len(traps)} tests passed here"
    sources = [Source("record", len(record.rows), None, record.provenance.inputs["record"], _LICENCES["record"], note)]
    for name, digest in catalogue.files.items():
        rows = [row for row in catalogue.parameters if row.table == name]
        share = sum(row.verified for row in rows) / len(rows)
        sources.append(Source(f"catalogue/{name}", len(rows), share, digest, _LICENCES["catalogue"], ""))
    for file in sorted(shipped("geo").iterdir(), key=lambda path: path.name):
        if file.name.endswith((".csv", ".json")):
            content = file.read_bytes()
            is_table = file.name.endswith(".csv")
            rows = content.count(b"\n") - 1 if is_table else len(json.loads(content).get("features", ()))
            digest = hashlib.sha256(content).hexdigest()
            sources.append(Source(f"geo/{file.name}", rows, None, digest, _LICENCES["geo"], ""))
    return tuple(sources)


def _criteria(backtests: Mapping[str, Backtest]) -> list[Criterion]:
    """Hold the forecasts against what was asked of them; few nights can miss by chance, which is said."""
    found: list[Criterion] = []
    for horizon, level, (low, high) in (("night", 0.9, _COVERAGE), ("month", 0.8, _MONTH_COVERAGE)):
        scored = backtests[horizon].classes if horizon in backtests else {}
        for key, scores in scored.items():
            if scores.scores is None:
                continue
            share, error = scores.scores.coverage[level], scores.coverage_error[level]
            near = low - 2 * error <= share <= high + 2 * error
            verdict: Verdict = "met" if low <= share <= high else "within two sampling errors" if near else "not met"
            asked = f"{low:.2f} to {high:.2f}, sampling error {error:.3f}"
            count = f"{share:.3f} of {scores.nights} {horizon}s"
            found.append(
                Criterion(f"{key.name}, {horizon} ahead: coverage of {level:.0%} intervals", asked, count, verdict)
            )
            if horizon == "night":
                found.append(_better(key, scores.differences[_RIVAL]))
    return found


def _better(key: ThreatClass, gain: Any) -> Criterion:
    """Log score against the trailing Beta-binomial: better, and for drones by a margin whose interval excludes 0."""
    drone = key is ThreatClass.drone
    asked = "above 0, 90 % interval above 0" if drone else "above 0"
    found = f"{gain.mean:+.3f}, 90 % interval {gain.low:+.3f} to {gain.high:+.3f}"
    name = f"{key.name}, night ahead: log score less that of the trailing 120-day Beta-binomial"
    return Criterion(name, asked, found, "met" if (gain.low if drone else gain.mean) > 0 else "not met")


def _drivers(
    scenario: Scenario, calibration: Calibration, seed: int, extent: Extent, tell: Progress
) -> tuple[dict[str, tuple[Driver, ...]], str]:
    effort = Effort(40, 10, 20, 40) if extent.quick else Effort(200, 50, 100, 200)
    result = sufficiency(scenario, calibration, seed=seed, effort=effort, progress=tell)
    drivers: dict[str, tuple[Driver, ...]] = {case: answer.headline.drivers for case, answer in result.cases.items()}
    return drivers, f"worked out here with {effort.worlds} worlds x {effort.runs} months"


def _drivers_of(path: Path) -> tuple[dict[str, tuple[Driver, ...]], str]:
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        drivers = {case: tuple(Driver(**driver) for driver in answer["drivers"]) for case, answer in cases.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = f"no drivers can be read from it ({type(error).__name__}: {error}); give an answer.json of this version"
        raise InputError(str(path), [fault]) from None
    return drivers, f"taken from {path.name}"


def _limits(root: Path | None) -> tuple[str, ...]:
    """List the known limits of docs/method.md, where the package stands in a source checkout."""
    path = root / "docs" / "method.md" if root is not None else None
    if path is None or not path.is_file():
        return ()
    section = re.search(
        r"^## \d+\. Known limits\n(.*?)(?=^## )", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    items = re.findall(r"^- (.*?)(?=^- |^$|\Z)", section[1] if section else "", re.DOTALL | re.MULTILINE)
    return tuple(" ".join(item.replace("`", "").split()) for item in items)
