"""Pages beside the report: what drives the answer; the verification and validation pack. Formats, never computes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tegmen import charts
from tegmen.folders import check_folder, write_files
from tegmen.provenance import assumptions
from tegmen.report import driver_fields, dumps, environment, resource, rounded
from tegmen.scorecard import draw_coverage, scores, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.answers import Driver
    from tegmen.drivers import CaseDrivers, Drivers
    from tegmen.verification import Verification

DRIVERS_SCHEMA = "urn:tegmen:schema:drivers:1"
VERIFICATION_SCHEMA = "urn:tegmen:schema:verification:1"
DRIVERS_FILES = ("drivers.html", "drivers.json")
VERIFICATION_FILES = ("verification.html", "verification.json")


def write_drivers(drivers: Drivers, out: str | Path) -> Path:
    """Write drivers.html and drivers.json into a folder; returns the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, DRIVERS_FILES)
    cases = {case: result.drivers for case, result in drivers.cases.items()}
    content = {
        "$schema": DRIVERS_SCHEMA,
        "tegmen_version": drivers.provenance.version,
        "scenario": drivers.scenario.name,
        "seed": drivers.seed,
        "inputs": dict(drivers.provenance.inputs),
        "cases": {case: _case(result) for case, result in drivers.cases.items()},
    }
    page = _page("drivers.html.j2", drivers=drivers, drawn=_drawn(cases))
    write_files({"drivers.html": page, "drivers.json": dumps(content)}, folder)
    return folder / "drivers.html"


def _case(result: CaseDrivers) -> dict[str, Any]:
    return {
        "n": result.n,
        "censored": result.censored,
        "worlds": result.worlds,
        "runs": result.runs,
        "evpi": rounded(result.evpi.value),
        "evpi_error": rounded(result.evpi.error),
        "chance": rounded(result.chance.value),
        "chance_error": rounded(result.chance.error),
        "drivers": [
            driver_fields(driver) | {"paired": rounded(result.paired[driver.unknown])} for driver in result.drivers
        ],
    }


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
    page = _page(
        "verification.html.j2", pack=pack, drawn=_drawn(pack.drivers), scored=scored, assumptions=assumptions()
    )
    write_files({"verification.html": page, "verification.json": dumps(_pack(pack))}, folder)
    return folder / "verification.html"


def schema(name: str) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of verification.json or drivers.json, by its name without ending."""
    return json.loads(resource("data", "schemas", f"{name}.schema.json"))


def _pack(pack: Verification) -> dict[str, Any]:
    return {
        "$schema": VERIFICATION_SCHEMA,
        "tegmen_version": pack.provenance.version,
        "seed": pack.provenance.seed,
        "inputs": dict(pack.provenance.inputs),
        "passed": not pack.failed,
        "requirements": [
            {**asdict(each), "checks": list(each.checks), "tests": list(each.tests), "outcome": pack.outcome(each)}
            for each in pack.requirements
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


def _drawn(cases: Mapping[Any, tuple[Driver, ...]]) -> dict[Any, str]:
    return {case: charts.draw_drivers(drivers, case) for case, drivers in cases.items()}


def _page(template: str, **content: Any) -> str:
    return (
        environment()
        .from_string(resource("templates", template))
        .render(style=resource("templates", "dossier.css"), case_title=charts.CASE_TITLE, **content)
    )


def _finite(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Give a row for JSON: floats to six digits, what is not finite as null."""
    return {str(key): rounded(value) if isinstance(value, float) else value for key, value in row.items()}
