"""The page of the verification and validation pack. Formats, never computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tegmen.question.numbers import assumptions
from tegmen.report.answer_page import driver_fields
from tegmen.report.backtest_page import draw_coverage, scores, sentence
from tegmen.report.charts import draw_drivers
from tegmen.report.folders import check_folder, write_files
from tegmen.report.style import dumps, page, rounded

if TYPE_CHECKING:
    from tegmen.trust.pack import Verification

VERIFICATION_SCHEMA = "urn:tegmen:schema:verification:1"
VERIFICATION_FILES = ("verification.html", "verification.json")


def write_verification(pack: Verification, out: str | Path) -> Path:
    """Write verification.html and verification.json into a folder; returns the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, VERIFICATION_FILES)
    scored = [
        (horizon, key, sentence(found, key), draw_coverage(each, f"{key.name}-{horizon}"))
        for horizon, found in pack.backtests.items()
        for key, each in found.classes.items()
        if each.scores is not None
    ]
    written = page(
        "verification.html.j2",
        "pages.css",
        pack=pack,
        drawn={case: draw_drivers(drivers, case) for case, drivers in pack.drivers.items()},
        scored=scored,
        assumptions=assumptions(),
    )
    write_files({"verification.html": written, "verification.json": dumps(_pack(pack))}, folder)
    return folder / "verification.html"


def _pack(pack: Verification) -> dict[str, Any]:
    return {
        "$schema": VERIFICATION_SCHEMA,
        "tegmen_version": pack.provenance.version,
        "seed": pack.provenance.seed,
        "inputs": dict(pack.provenance.inputs),
        "passed": not pack.failed,
        "requirements": [
            {**asdict(each), "checks": list(each.checks), "outcome": pack.outcome(each)} for each in pack.requirements
        ],
        "results": [asdict(result) for result in pack.results.values()],
        "pedigree": [_finite(asdict(source)) for source in pack.inputs],
        "published": [_finite(asdict(each)) | {"agrees": each.agrees} for each in pack.published],
        "backtests": {horizon: scores(found) for horizon, found in pack.backtests.items()},
        "criteria": [asdict(each) for each in pack.criteria],
        "drivers": {case: [driver_fields(each) for each in drivers] for case, drivers in pack.drivers.items()},
        "drivers_from": pack.drivers_from,
        "silent": dict(pack.silent),
        "limits": list(pack.limits),
    }


def _finite(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Give a row for JSON: floats to six digits, what is not finite as null."""
    return {str(key): rounded(value) if isinstance(value, float) else value for key, value in row.items()}
