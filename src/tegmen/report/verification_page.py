"""The page of the verification and validation pack, and verification.json. Formats, never computes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tegmen.errors import checked_arguments
from tegmen.question.numbers import assumptions
from tegmen.report import score_charts
from tegmen.report.backtest_page import BacktestFile, backtest_file, sentence
from tegmen.report.folders import check_folder, write_files
from tegmen.report.json_files import (
    DriverPart,
    File,
    MaybeReal,
    MaybeShare,
    Natural,
    Part,
    Real,
    Sha256,
    Share,
    field,
    schema_name,
)
from tegmen.report.style import fill_page
from tegmen.terms import EvidenceCase
from tegmen.trust.ahead import MonthsAhead
from tegmen.trust.checks import Fate, SecondAnswer
from tegmen.trust.pack import Verdict, Verification

VERIFICATION_FILES = ("verification.html", "verification.json")


class RequirementPart(Part):
    """What tegmen must do, and the checks that show it."""

    id: str = field("Short name.")
    text: str = field("What is required.")
    origin: str = field("Where it is asked for.")
    checks: list[str] = field("Checks of the product that show it; none: tests of its source do.")
    outcome: str = field("What came of them: passed, failed, or shown by tests.")


class ResultPart(Part):
    """What came of a check."""

    name: str = field("The check.")
    kind: SecondAnswer = field("What kind of second answer it is.")
    shows: str = field("What it shows.")
    outcome: Fate = field("What came of it.")
    value: str = field("What was worked out.")
    expected: str = field("What was expected.")


class CriterionPart(Part):
    """An acceptance criterion of the forecasts."""

    name: str = field("The criterion.")
    required: str = field("What is required.")
    value: str = field("What the back-test gives.")
    verdict: Verdict = field("Whether it is met.")


class CutDayPart(Part):
    """The headline's number with the evidence cut on one day."""

    until: date = field("Last day of the record used.")
    n: int | None = field("Smallest number enough; null: none tried is.")
    probability: Share = field("Share of worlds in which the headline's own number is enough.")
    ess: Real = field("Effective sample size of the worlds.")


class HeadlinePart(Part):
    """How the headline answer of an evidence case holds."""

    drivers: list[DriverPart] = field("What drives it.")
    stability: list[CutDayPart] = field("The number with the evidence cut on other days.")
    apart: Real = field("Largest difference of the simulation from the closed form, in standard errors.")


class MonthAheadPart(Part):
    """A month that the worlds of the answer predicted from the rows before it."""

    month: date = field("Its first day.")
    launched: Natural = field("Ballistic missiles launched, as posted.")
    intercepted: Natural = field("Intercepted, as posted.")
    low: Natural = field("5 % point of the prediction.")
    median: Natural = field("Median of the prediction.")
    high: Natural = field("95 % point of the prediction.")
    ess: Real = field("Effective sample size of the worlds.")


class MovementPart(Part):
    """How far the headline's number would move with the reports of some days, if the model were right."""

    begin: date = field("Last day of the record before.")
    end: date = field("Last day of the record after.")
    before: int | None = field("The number before; null: none tried is enough.")
    after: int | None = field("The number after the reports as they came, by the same plan.")
    foreseen: list[int | None] = field("The number after each made-up set of reports, ascending, null last.")


class PedigreePart(Part):
    """An input."""

    name: str = field("The input.")
    rows: Natural = field("How many rows it has.")
    verified: MaybeShare = field("Share of rows read in a stored copy of their source.")
    sha256: Sha256 = field("Digest of its bytes.")
    licence: str = field("Licence.")
    note: str = field("What to know of it.")


class PublishedPart(Part):
    """A published number and ours."""

    name: str = field("What is counted.")
    unit: str = field("Its unit.")
    published: Real = field("The number as published.")
    source: str = field("Where it was published.")
    ours: MaybeReal = field("The same number recomputed; null where it cannot be worked out.")
    allowed: Real = field("How far apart the two may be and still be said to agree.")
    how: str = field("How ours was worked out, or why it could not be.")
    agrees: bool | None = field("Whether the two agree; null where there is nothing to compare.")


class VerificationFile(File, title="verification.json"):
    """The verification and validation pack of tegmen: every result was worked out in the run that wrote it."""

    schema_: str = schema_name("urn:tegmen:schema:verification:1")
    passed: bool = field("No check has failed.")
    requirements: list[RequirementPart] = field("What is required, and what shows it.", min_length=1)
    results: list[ResultPart] = field("What came of each check.")
    pedigree: list[PedigreePart] = field("Every input: rows, share read in a stored copy of the source, licence.")
    published: list[PublishedPart] = field("Published numbers beside ours.")
    backtests: dict[str, BacktestFile] = field("Horizon to scores, as backtest.json has them; empty where not run.")
    criteria: list[CriterionPart] = field("Acceptance criteria of the forecasts.")
    headline: dict[EvidenceCase, HeadlinePart] = field("Evidence case to how the headline answer holds.")
    drivers_from: str = field("Where that was worked out.")
    months: list[MonthAheadPart] = field("Months predicted by the answer's own worlds; empty where not run.")
    months_coverage: dict[str, Share] = field("Level to share of these months in the central interval.")
    months_log_score: dict[str, Real] = field("Who predicted to the mean log score a month.")
    movement: list[MovementPart] = field("How far the posted headline would move by the model; empty where not run.")
    silent: dict[str, str] = field("Quantity to what the record says of it and leaves open.")
    limits: list[str] = field("Known limits of the method.", min_length=1)


@checked_arguments
def write_verification(pack: Verification, out: str | Path) -> Path:
    """Write verification.html and verification.json into a folder; returns the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, VERIFICATION_FILES)
    content = verification_file(pack)
    page = fill_page(
        "verification.html.j2", pack=pack, score_charts=score_charts, sentence=sentence, assumptions=assumptions()
    )
    write_files({"verification.html": page, "verification.json": content.text()}, folder)
    return folder / "verification.html"


def verification_file(pack: Verification) -> VerificationFile:
    """Fill verification.json from a result."""
    return VerificationFile.of(
        pack,
        tegmen_version=pack.provenance.version,
        seed=pack.provenance.seed,
        inputs=pack.provenance.inputs,
        headline={case: HeadlinePart.of(held) for case, held in pack.headline.items()},
        **_months_parts(pack.ahead),
        passed=not pack.failed,
        requirements=[RequirementPart.of(required, outcome=pack.outcome(required)) for required in pack.requirements],
        results=list(pack.results.values()),
        pedigree=pack.inputs,
        backtests={horizon: backtest_file(result) for horizon, result in pack.backtests.items()},
    )


def _months_parts(ahead: MonthsAhead | None) -> dict[str, Any]:
    if ahead is None:
        return {"months": [], "months_coverage": {}, "months_log_score": {}}
    points = {"low": 0.05, "median": 0.5, "high": 0.95}
    months = [
        MonthAheadPart.of(month, **{name: month.quantile(level) for name, level in points.items()})
        for month in ahead.months
    ]
    coverage = {f"{level:.0%}": share for level, share in ahead.coverage.items()}
    return {"months": months, "months_coverage": coverage, "months_log_score": ahead.log_scores}
