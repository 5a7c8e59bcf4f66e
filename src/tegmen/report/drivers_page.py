"""The page of what drives the answer. Formats, never computes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tegmen.report.answer_page import driver_fields
from tegmen.report.charts import draw_drivers
from tegmen.report.folders import check_folder, write_files
from tegmen.report.style import dumps, page, rounded

if TYPE_CHECKING:
    from tegmen.answer.drivers import CaseDrivers, Drivers

DRIVERS_SCHEMA = "urn:tegmen:schema:drivers:1"
DRIVERS_FILES = ("drivers.html", "drivers.json")


def write_drivers(drivers: Drivers, out: str | Path) -> Path:
    """Write drivers.html and drivers.json into a folder; returns the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, DRIVERS_FILES)
    content = {
        "$schema": DRIVERS_SCHEMA,
        "tegmen_version": drivers.provenance.version,
        "scenario": drivers.scenario.name,
        "seed": drivers.seed,
        "inputs": dict(drivers.provenance.inputs),
        "cases": {case: _case(result) for case, result in drivers.cases.items()},
    }
    drawn = {case: draw_drivers(result.drivers, case) for case, result in drivers.cases.items()}
    written = page("drivers.html.j2", "pages.css", drivers=drivers, drawn=drawn)
    write_files({"drivers.html": written, "drivers.json": dumps(content)}, folder)
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
