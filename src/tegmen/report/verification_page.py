"""The page of the verification and validation pack, and verification.json. Formats, never computes."""

from __future__ import annotations

from pathlib import Path

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
    field,
    schema_name,
)
from tegmen.report.style import fill_page
from tegmen.terms import EvidenceCase
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
    drivers: dict[EvidenceCase, list[DriverPart]] = field("Evidence case to what drives the headline answer.")
    drivers_from: str = field("Where the drivers were worked out.")
    silent: dict[str, str] = field("Quantity to what the record says of it and leaves open.")
    limits: list[str] = field("Known limits of the method.", min_length=1)


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
        passed=not pack.failed,
        requirements=[RequirementPart.of(required, outcome=pack.outcome(required)) for required in pack.requirements],
        results=list(pack.results.values()),
        pedigree=pack.inputs,
        backtests={horizon: backtest_file(result) for horizon, result in pack.backtests.items()},
    )
