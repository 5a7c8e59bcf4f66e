"""What drives the answer: groups of unknowns that belong together, and what knowing each would be worth.

Unknowns that come from one source of doubt are taken together, and each stands alone beside them, as in the answer:
both are worked out from the same of the headline's own worlds, as the record weighs them, and so agree with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tegmen.answer.estimates import Decision, Estimate, numbers_needed, value_of_knowing
from tegmen.answer.results import Driver
from tegmen.answer.study import Effort, Study, begin_study, met_share, smallest_enough
from tegmen.answer.sufficiency import DRIVER_WORLDS, drivers_of, remaining_for
from tegmen.calibration.fit import Calibration
from tegmen.errors import checked_arguments
from tegmen.question.scenario import Scenario
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, FrozenDict, Progress, Provenance, one_blas_thread

if TYPE_CHECKING:
    from tegmen.terms import Floats

SOURCES: Mapping[str, tuple[str, ...]] = FrozenDict(
    {
        "kill: share stopped of what is met, at Kyiv and elsewhere": (
            "share stopped of the missiles met at Kyiv", "share stopped elsewhere over Kyiv's",
        ),
        "targets aimed at": (
            "share of ballistic missiles aimed at Kyiv", "share aimed at neither cities nor plants",
            "share aimed at power plants", "concentration of ballistic targets", "pull of the front on targets",
            "weight of a city's people",
        ),
        "units: availability and defended radius": (
            "availability of a Patriot", "Patriot's defended radius against ballistic missiles",
        ),
        "layout of the baseline": ("coverage of Kyiv", "coverage elsewhere"),
        "rounds": ("rounds a month of the baseline", "rounds at one missile"),
        "missiles that share a target": ("missiles that share a target",),
    }
)  # fmt: skip
"""Source of doubt to the unknowns it is made of; every unknown of a world stands in exactly one."""


@dataclass(frozen=True, slots=True)
class CaseDrivers:
    """What drives the headline answer in one evidence case.

    Parameters
    ----------
    n, censored
        Smallest number enough with the confidence asked (None: none); share of worlds for which none is enough.
    worlds
        Worlds behind the estimates.
    drivers
        One a source, largest share first.
    unknowns
        One a single unknown, largest share first: those of the answer's headline.
    evpi
        What knowing everything would be worth [units bought in vain].
    """

    n: int | None
    censored: float
    worlds: int
    drivers: tuple[Driver, ...]
    unknowns: tuple[Driver, ...]
    evpi: Estimate


@dataclass(frozen=True, slots=True)
class Drivers:
    """What drives an answer, in each evidence case."""

    scenario: Scenario
    seed: int
    cases: Mapping[EvidenceCase, CaseDrivers]
    provenance: Provenance

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a case and source: share and worth with their standard errors."""
        fields = ("unknown", "share", "share_error", "evppi", "evppi_error")
        rows = [
            {"case": case} | {name: getattr(driver, name) for name in fields}
            for case, result in self.cases.items()
            for driver in result.drivers
        ]
        return pd.DataFrame(rows)


@checked_arguments
@one_blas_thread
def drive(
    scenario: Scenario,
    calibration: Calibration,
    *,
    seed: int = 1,
    effort: Effort | None = None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> Drivers:
    """Find what drives the headline answer, by source of doubt.

    Parameters
    ----------
    effort
        Worlds that n is found on; the estimates take the first of them, as the answer does.

    Raises
    ------
    EvidenceError
        The record is impossible in every world.
    """
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    answers: dict[EvidenceCase, CaseDrivers] = {case: _drive_case(study, case) for case in cases}
    return Drivers(scenario, seed, FrozenDict(answers), study.provenance)


def _drive_case(study: Study, case: EvidenceCase) -> CaseDrivers:
    """Share and worth of every source, and of every unknown alone."""
    scenario, goal, most = study.scenario, study.scenario.headline, study.scenario.added_max
    study.tell(f"{case}: every number", 0, 1)
    unknowns = {name: values[:DRIVER_WORLDS] for name, values in study.worlds(case, goal).unknowns.items()}
    remaining = remaining_for(study, case, goal, (scenario.added_system, most))
    n = smallest_enough(met_share(remaining, goal), goal)
    some = remaining[:DRIVER_WORLDS]
    need, censored = numbers_needed(some, goal.threshold)
    sources = {words: _thin(np.stack([unknowns[name] for name in names], axis=1)) for words, names in SOURCES.items()}
    worth = value_of_knowing(sources | unknowns, need, Decision(goal.confidence, most))
    outcome = some[:, most if n is None else n]
    return CaseDrivers(
        n=n,
        censored=censored,
        worlds=len(some),
        drivers=drivers_of(sources, outcome, worth.evppi),
        unknowns=drivers_of(unknowns, outcome, worth.evppi),
        evpi=worth.evpi,
    )


def _thin(columns: Floats) -> Floats:
    """A single column as such; columns that do not vary left out of a group."""
    varies = np.ptp(columns, axis=0) > 0
    columns = columns[:, varies] if varies.any() else columns[:, :1]
    return columns[:, 0] if columns.shape[1] == 1 else columns
