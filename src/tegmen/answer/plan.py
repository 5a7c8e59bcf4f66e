"""Who stands where: the best sites of a given number of added units, with a proof, scored in closed form."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from tegmen.answer.options import site_option
from tegmen.answer.readings import score
from tegmen.answer.results import Stand
from tegmen.answer.siting import NOT_BOUNDED, site_best, site_informed, stands, status_of
from tegmen.answer.steps import Ground, proven_bound
from tegmen.answer.study import Effort, Study, begin_study
from tegmen.calibration.fit import Calibration
from tegmen.engine.laydown import NOBODY, Laydown
from tegmen.errors import InputError, checked_arguments
from tegmen.question.option import Option, option_faults
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
        expectation over the worlds the plan is made on, and with rounds enough. None where no bound is known.
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
    gap: float | None
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
        Kind to number, e.g. ``{"patriot": 7, "nasams": 2}``.
    seed, case, effort
        As in `sufficiency`; the same seed gives the same worlds.

    Raises
    ------
    InputError
        A kind that is unknown or protects against nothing that the headline counts, a number below 0, or nothing added.
    """
    goal = scenario.headline
    faults = option_faults(added, scenario.kinds.meeting(*goal.measure.met))
    if faults:
        raise InputError(f"added, to {goal.label}", faults)
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=(case,))
    plan, status, gap, seconds = _sited(study, {kind: count for kind, count in added.items() if count})
    return Plan(
        scenario=scenario,
        case=case,
        added=plan.added,
        stands=stands(study.worlds(case, goal), plan),
        status=status,
        gap=gap,
        expected=FrozenDict({each.name: _remains(study, case, each, plan) for each in scenario.goals}),
        beside=FrozenDict(_beside(study, case, plan)),
        provenance=study.provenance,
        seconds=seconds,
    )


def _sited(study: Study, added: Option) -> tuple[Laydown, str, float | None, float]:
    """The plan, whether it is the best, by what share another could be better, and seconds it took.

    One kind that saves place by place is sited with a proof; several kinds, and what meets what flies past, one unit
    after another, with a bound where there is one.
    """
    goal, (kind, count) = study.scenario.headline, next(iter(added.items()))
    if len(added) == 1 and study.has_gains(goal, kind):
        siting = site_best(study.gains(goal, kind, count), count)
        return Laydown.of(kind, siting.sites), siting.status, siting.gap, siting.seconds
    begun = time.perf_counter()
    plan = site_option(study, [goal], added)
    ground = Ground(study.planning(goal, few=True), goal)
    for unit, site in plan:
        ground.add(int(site), unit)
    bound = proven_bound([ground], added)
    gap = None if bound is None or bound <= 0 else max(0.0, 1 - ground.saved / bound)
    status = NOT_BOUNDED if gap is None else status_of(gap)
    return plan, status, gap, time.perf_counter() - begun


def _beside(study: Study, case: EvidenceCase, plan: Laydown) -> dict[str, float]:
    """What remains of the headline's metric with other plans of as many units, and with none."""
    goal, kinds = study.scenario.headline, {*plan.kinds}
    worlds = study.worlds(case, goal)
    largest = np.resize(worlds.places.largest(goal.largest_cities), len(plan))
    plans = {
        "no unit added": NOBODY,
        "one unit each at the largest cities": Laydown(plan.kinds, largest),
        "one after another where it saves most": site_option(study, [goal], plan.added),
    }
    if len(kinds) == 1 and not goal.measure.area:
        plans["sited in each world on its own layout"] = site_informed(worlds, goal, plan.kinds[0], len(plan))
    return {name: _remains(study, case, goal, each) for name, each in plans.items()}


def _remains(study: Study, case: EvidenceCase, goal: Goal, plan: Laydown) -> float:
    """Mean over worlds of what remains of a goal's metric with a plan and the rounds that come with it."""
    worlds = study.worlds(case, goal)
    return float(score(worlds, goal, plan).remaining(study.rounds(worlds, plan))[:, -1].mean())
