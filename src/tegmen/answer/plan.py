"""Who stands where: the best sites of a given number of added units, with a proof, scored in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tegmen.answer.readings import score
from tegmen.answer.results import Stand
from tegmen.answer.siting import site_best, site_informed, stands
from tegmen.answer.study import Effort, Study, begin_study
from tegmen.calibration.fit import Calibration
from tegmen.engine.laydown import Laydown
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.systems import BALLISTIC_SYSTEMS
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EvidenceCase, FrozenDict, Provenance, one_blas_thread


@dataclass(frozen=True, slots=True)
class Plan:
    """Added fire units and their sites, with what remains of each goal's metric.

    Parameters
    ----------
    added
        System to number of added fire units.
    stands
        Their sites, each in turn the one that saves most given those before it.
    status, gap
        Whether no other sites could save more of the headline's metric, or by what share at most they could: in
        expectation over the worlds the plan is made on, and with rounds enough.
    expected
        Goal name to the mean over worlds of what remains of its metric (1: as without the plan; capitals: a count).
    beside
        What the plan is held against, in words, to the mean of what then remains of the headline's metric.
    seconds
        How long siting and proof took.
    """

    scenario: Scenario
    case: EvidenceCase
    added: Mapping[str, int]
    stands: tuple[Stand, ...]
    status: str
    gap: float
    expected: Mapping[str, float]
    beside: Mapping[str, float]
    provenance: Provenance
    seconds: float = field(default=0.0, compare=False)

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a unit: order, system, place, latitude, longitude, radius_km."""
        table = pd.DataFrame([[s.system, s.place, s.latitude, s.longitude, s.radius_km] for s in self.stands])
        table.columns = ["system", "place", "latitude", "longitude", "radius_km"]
        table.insert(0, "order", np.arange(1, len(table) + 1))
        return table

    def __repr__(self) -> str:
        where = ", ".join(stand.place for stand in self.stands)
        left = ", ".join(f"{name} {share:.2f}" for name, share in self.expected.items())
        return f"<Plan {dict(self.added)} ({self.status}, {self.case}): {where}; remaining: {left}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.status}, {self.case}</p>" + self.to_pandas().to_html(index=False)


@checked_arguments
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
    """Site added fire units as well as can be for the scenario's headline goal, and score the plan on every goal.

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
    siting = site_best(study.gains(scenario.headline, system, count), count)
    plan = Laydown.of(system, siting.sites)
    return Plan(
        scenario=scenario,
        case=case,
        added=FrozenDict({system: count}),
        stands=stands(study.worlds(case, scenario.headline), plan),
        status=siting.status,
        gap=siting.gap,
        expected=FrozenDict({goal.name: _remains(study, case, goal, plan) for goal in scenario.goals}),
        beside=FrozenDict(_beside(study, case, system, count)),
        provenance=study.provenance,
        seconds=siting.seconds,
    )


def _beside(study: Study, case: EvidenceCase, system: str, count: int) -> dict[str, float]:
    """What remains of the headline's metric with other plans of as many units, and with none."""
    goal = study.scenario.headline
    worlds = study.worlds(case, goal)
    largest = np.resize(worlds.places.largest(goal.largest_cities), count)
    plans = {
        "no unit added": Laydown((), np.empty(0, dtype=np.int64)),
        "one unit each at the largest cities": Laydown.of(system, largest),
        "one after another where it saves most": study.sites(goal, system, count),
        "sited in each world on its own layout": site_informed(worlds, goal, system, count),
    }
    return {name: _remains(study, case, goal, plan) for name, plan in plans.items()}


def _remains(study: Study, case: EvidenceCase, goal: Goal, plan: Laydown) -> float:
    """Mean over worlds of what remains of a goal's metric with a plan and the rounds that come with it."""
    worlds, count = study.worlds(case, goal), len(plan)
    return float(score(worlds, goal, plan).remaining(study.rounds(worlds, count))[:, count].mean())


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
