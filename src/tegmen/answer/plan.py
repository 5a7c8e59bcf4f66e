"""Who stands where: a laydown for a given number of added units, scored in closed form.

Greedy in this version, and said so in the plan; proven bounds, stocks and donors are later work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tegmen.answer.readings import score
from tegmen.answer.results import Stand
from tegmen.answer.siting import stands
from tegmen.answer.study import Effort, begin_study
from tegmen.calibration.fit import Calibration
from tegmen.errors import InputError
from tegmen.evidence.systems import BALLISTIC_SYSTEMS
from tegmen.question.scenario import Scenario
from tegmen.terms import EvidenceCase, FrozenDict, Provenance, one_blas_thread


@dataclass(frozen=True, slots=True)
class Plan:
    """Added fire units and their sites, with what remains of each goal's metric.

    Parameters
    ----------
    added
        System to number of added fire units.
    stands
        Their sites, in greedy order.
    method
        How the sites were found: "greedy" (no bound is proven).
    expected
        Goal name to the mean over worlds of what remains of its metric (1: as without the plan; capitals: a count).
    """

    scenario: Scenario
    case: EvidenceCase
    added: Mapping[str, int]
    stands: tuple[Stand, ...]
    method: str
    expected: Mapping[str, float]
    provenance: Provenance

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a unit: order, system, place, latitude, longitude, radius_km."""
        table = pd.DataFrame([[s.system, s.place, s.latitude, s.longitude, s.radius_km] for s in self.stands])
        table.columns = ["system", "place", "latitude", "longitude", "radius_km"]
        table.insert(0, "order", np.arange(1, len(table) + 1))
        return table

    def __repr__(self) -> str:
        where = ", ".join(stand.place for stand in self.stands)
        left = ", ".join(f"{name} {share:.2f}" for name, share in self.expected.items())
        return f"<Plan {dict(self.added)} ({self.method}, {self.case}): {where}; remaining: {left}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.method}, {self.case}</p>" + self.to_pandas().to_html(index=False)


@one_blas_thread
def allocate(
    scenario: Scenario,
    calibration: Calibration,
    *,
    added: Mapping[str, int],
    seed: int = 1,
    case: EvidenceCase = "posted",
    effort: Effort | None = None,
) -> Plan:
    """Site added fire units for the scenario's headline goal, and score the plan on every goal.

    Parameters
    ----------
    added
        System to number, one system a plan in this version, e.g. ``{"patriot": 7}``.
    seed, case, effort
        As in `sufficiency`; the same seed gives the same worlds.

    Raises
    ------
    InputError
        Not exactly one system, a system that does not meet ballistic missiles, or a number below 1.
    """
    system, count = _one_system(added)
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=(case,))
    sites = study.sites(scenario.headline, system, count)
    remaining: dict[str, float] = {}
    for goal in scenario.goals:
        worlds = study.worlds(case, goal)
        table = score(worlds, goal, (system, sites)).remaining(study.rounds(worlds, count))
        remaining[goal.name] = float(table[:, count].mean())
    return Plan(
        scenario=scenario,
        case=case,
        added=FrozenDict({system: count}),
        stands=stands(study.worlds(case, scenario.headline), system, sites),
        method="greedy",
        expected=FrozenDict(remaining),
        provenance=study.provenance,
    )


def _one_system(added: Mapping[str, int]) -> tuple[str, int]:
    allowed = " or ".join(BALLISTIC_SYSTEMS)
    if len(added) != 1:
        raise InputError("added", [f"found {dict(added)}; give exactly one system, {allowed}, and a number"])
    (system, count), *_ = added.items()
    faults = []
    if system not in BALLISTIC_SYSTEMS:
        faults.append(f"found system {system!r}; allowed are {allowed}, which meet ballistic missiles")
    if count < 1:
        faults.append(f"found {count} of {system}; give 1 or more")
    if faults:
        raise InputError("added", faults)
    return system, count
