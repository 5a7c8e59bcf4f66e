"""The page of what drives the answer, and drivers.json. Formats, never computes."""

from __future__ import annotations

from pathlib import Path

from tegmen.answer.drivers import CaseDrivers, Drivers
from tegmen.errors import checked_arguments
from tegmen.report.folders import check_folder, write_files
from tegmen.report.json_files import (
    File,
    MaybePositive,
    MaybeReal,
    MaybeShare,
    Natural,
    Part,
    Share,
    field,
    schema_name,
)
from tegmen.report.language import language as language_of
from tegmen.report.style import fill_page
from tegmen.terms import EvidenceCase, LanguageCode

DRIVERS_FILES = ("drivers.html", "drivers.json")


class SourcePart(Part):
    """A source of doubt (unknowns that belong together), or one unknown, and how the answer hangs on it."""

    unknown: str = field("The source, or the unknown, in plain words.")
    share: MaybeShare = field(
        "Share of the variance of what remains that the unknowns of the source make by themselves, interplay among "
        "them included; null where nothing varies."
    )
    share_error: MaybePositive = field("Standard error of share.")
    evppi: MaybePositive = field("What knowing them before deciding would be worth, in units bought in vain.")
    evppi_error: MaybePositive = field("Standard error of evppi.")


class CaseDriversPart(Part):
    """What drives the headline answer in one evidence case."""

    n: Natural | None = field("Smallest number enough among these worlds; null: none.")
    censored: Share = field("Share of worlds in which none is enough.")
    worlds: Natural = field("Worlds behind the estimates.")
    evpi: MaybeReal = field("What knowing everything would be worth, in units bought in vain.")
    evpi_error: MaybeReal = field("Standard error of evpi.")
    drivers: list[SourcePart] = field("One a source, largest share first.")
    unknowns: list[SourcePart] = field("One a single unknown, largest share first.")


class DriversFile(File, title="drivers.json"):
    """What drives the answer of a scenario, by source of doubt."""

    schema_: str = schema_name("urn:tegmen:schema:drivers:2")
    scenario: str = field("Name of the scenario.")
    cases: dict[EvidenceCase, CaseDriversPart] = field("Evidence case to its drivers.", min_length=1)


@checked_arguments
def write_drivers(drivers: Drivers, out: str | Path, *, language: LanguageCode = "en") -> Path:
    """Write drivers.html, in a language, and drivers.json into a folder; returns the path of the page.

    Raises
    ------
    InputError
        No such language; the folder cannot be written.
    """
    own, folder = language_of(language), Path(out)
    check_folder(folder, DRIVERS_FILES)
    content = DriversFile.of(
        drivers.provenance,
        tegmen_version=drivers.provenance.version,
        seed=drivers.seed,
        scenario=drivers.scenario.name,
        cases={case: _case_drivers(result) for case, result in drivers.cases.items()},
    )
    page = fill_page("drivers.html.j2", own, drivers=drivers)
    write_files({"drivers.html": page, "drivers.json": content.text()}, folder)
    return folder / "drivers.html"


def _case_drivers(result: CaseDrivers) -> CaseDriversPart:
    return CaseDriversPart.of(
        result,
        evpi=result.evpi.value,
        evpi_error=result.evpi.error,
        drivers=list(result.drivers),
        unknowns=list(result.unknowns),
    )
