"""Outcomes to the answer: how many are enough, how sure, for which goal, in which reading, and what it hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.estimates import Decision, Estimate, first_order, numbers_needed, value_of_knowing
from tegmen.answer.live import carry
from tegmen.answer.readings import (
    answer_cuts,
    answer_informed,
    answer_readings,
    frontier_of,
    iso_lines,
    plan_table,
    reaction_to,
    remaining_by_rounds,
    remaining_of,
    saturation,
    strikes_of,
    weigh_ahead,
)
from tegmen.answer.results import POINTS, CaseAnswer, ClaimTest, Driver, GoalAnswer, Stand, Sufficiency
from tegmen.answer.siting import stands
from tegmen.answer.study import (
    Effort,
    Study,
    begin_study,
    counts_others,
    is_met,
    share_error,
    smallest_enough,
)
from tegmen.calibration.compiled import nothing_compiled
from tegmen.calibration.fit import Calibration
from tegmen.engine.campaign import begin_campaign
from tegmen.engine.check import Agreement, compare, thin_out
from tegmen.engine.engagement import glide_bombs_launched
from tegmen.engine.expected import cover_baseline, fill
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import Passage
from tegmen.engine.workload import Compute
from tegmen.errors import TegmenError, checked_arguments
from tegmen.evidence.parameters import Parameter
from tegmen.ledger.aid import aid_status
from tegmen.ledger.store import open_ledger
from tegmen.question.numbers import gather
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import (
    EVIDENCE_CASES,
    EvidenceCase,
    FrozenDict,
    Progress,
    ThreatClass,
    one_blas_thread,
    take,
    tell_nobody,
)
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tegmen.terms import Floats

DRIVER_WORLDS = 4000
"""Worlds that drivers are estimated on."""
_REHEARSAL, _REHEARSED = Effort(worlds=60, runs=2, compute=Compute(threads=1)), 1000
"""What the rehearsal computes; worlds from which on one is worth its while."""


@checked_arguments
@one_blas_thread
def sufficiency(
    scenario: Scenario,
    calibration: Calibration,
    *,
    seed: int = 1,
    effort: Effort | None = None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> Sufficiency:
    """Answer the scenario: for each evidence case and goal, the probability of meeting it against added units.

    Worlds are weighed by the record once; every number, reading and cut is scored on them in closed form, and the
    simulation checks some of them.

    Parameters
    ----------
    scenario, calibration
        The question; the posterior of the record.
    seed
        Seed of everything random; same seed, same bits.
    effort
        Worlds, and runs of the check.
    cases
        Evidence cases to answer.
    progress
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    EvidenceError
        A number of the scenario has no source; the record is impossible in every world.
    """
    gather(scenario, ())  # what nobody can trace is refused before the work, not after it
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    if study.effort.worlds >= _REHEARSED and study.effort.compute.threads != 1:
        # One of the two at a time: the rehearsal keeps the other thread busy, and both together take more memory.
        beside = replace(study, tell=tell_nobody)
        task, parts = weigh_ahead, (beside,)
        if nothing_compiled():
            task, parts = _rehearse, (replace(beside, effort=_REHEARSAL), cases[0])
        Thread(target=task, args=parts, daemon=True).start()
    answers: dict[EvidenceCase, CaseAnswer] = {}
    used: dict[str, Parameter] = {}
    for case in cases:
        answers[case], worlds = _answer_case(study, case)
        used |= {parameter.label: parameter for parameter in worlds.parameters}
        study.forget(case)
    parameters = tuple(used[label] for label in sorted(used))
    with open_ledger(scenario.ledger or None) as ledger:
        aid = aid_status(ledger, scenario.month.last)
    return Sufficiency(
        scenario=scenario,
        calibration=calibration,
        seed=seed,
        cases=FrozenDict(answers),
        places=study.theatre.places,
        parameters=parameters,
        evidence=gather(scenario, parameters),
        aid=aid,
        provenance=study.provenance,
    )


def _rehearse(study: Study, case: EvidenceCase) -> None:
    """Answer on very few worlds, so that what has to be compiled is, while worlds are weighed on the other threads."""
    study = study.weighed_by(study.rows)
    with suppress(TegmenError):  # what is wrong here is wrong in the answer itself, which says so
        units = study.scenario.added_system, study.scenario.added_max
        for goal in study.scenario.goals:
            remaining_for(study, case, goal, units)
        headline = study.scenario.headline
        _check(study, study.worlds(case, headline), headline, study.sites(headline, *units))


def _answer_case(study: Study, case: EvidenceCase) -> tuple[CaseAnswer, Worlds]:
    """Score every goal, then the headline in every reading."""
    scenario, most, system = study.scenario, study.scenario.added_max, study.scenario.added_system
    goals = tuple(_answer_goal(study, case, goal) for goal in scenario.goals)
    answer, goal = next(a for a in goals if a.goal.headline), scenario.headline
    plan = study.sites(goal, system, most)
    table = plan_table(study, case, goal, (system, most))
    study.tell(f"{case}: readings", 0, 1)
    whole = study.worlds(case, whole=True)
    number = most if answer.n is None else answer.n
    return CaseAnswer(
        case=case,
        goals=goals,
        rounds_added=scenario.added_rounds.value,
        readings=answer_readings(study, case, table, answer.n),
        frontier=tuple(frontier_of(study, case, each, study.sites(each, system, most)) for each in scenario.goals),
        iso=iso_lines(table.remaining(study.rounds(table.worlds, table.plan))),
        reaction=reaction_to(study, table),
        informed=answer_informed(study, case),
        stability=answer_cuts(study, case, answer.n),
        check=_check(study, table.worlds, goal, plan),
        strikes=strikes_of(study, table, number),
        launched=FrozenDict({cls.name: round(float(whole.counts[:, cls].mean())) for cls in _COUNTED}),
        intercepted=FrozenDict(_intercepted(whole, study.passage(case))),
        baseline=_drawn_layout(whole),
        glide_bombs=FrozenDict(_glide_bombs(study, whole, plan, number)),
        carried=carry(study, case),
    ), whole


_COUNTED = tuple(cls for cls in ThreatClass if cls is not ThreatClass.glide_bomb)


def _answer_goal(study: Study, case: EvidenceCase, goal: Goal) -> GoalAnswer:
    scenario, most, system = study.scenario, study.scenario.added_max, study.scenario.added_system
    study.tell(f"{case}: {goal.name}", 0, 1)
    worlds = study.worlds(case, goal)
    plan = study.sites(goal, system, most)
    remaining = remaining_for(study, case, goal, (system, most))
    added, met = np.arange(most + 1), is_met(remaining, goal)
    probability, mcse = met.mean(axis=0), share_error(met, worlds.batch[: len(met)])
    n = smallest_enough(probability, goal)
    some = slice(DRIVER_WORLDS)
    unknowns = {name: values[some] for name, values in worlds.unknowns.items()}
    need, censored = numbers_needed(remaining[some], goal.threshold)
    worth = value_of_knowing(unknowns, need, Decision(goal.confidence, most))
    low, high = open_range(goal, probability, mcse)
    return GoalAnswer(
        goal=goal,
        system=system,
        n=n,
        n_interval=(low, high if high <= most else None),
        resolved=low == high,
        worlds=len(worlds),
        ess=worlds.ess,
        added=added,
        probability=probability,
        mcse=mcse,
        remaining=np.quantile(remaining, POINTS, axis=0).T,
        claims=_claim_tests(scenario, probability, mcse),
        drivers=drivers_of(unknowns, remaining[some, most if n is None else n], worth.evppi),
        placement=stands(worlds, plan.asked),
        siting_gap=study.siting_gap(goal, system, most),
        evpi=worth.evpi.value,
        evpi_error=worth.evpi.error,
        censored=censored,
        saturation=saturation(study, case, goal, plan) if goal.measure.area else None,
    )


def remaining_for(study: Study, case: EvidenceCase, goal: Goal, units: tuple[str, int]) -> Floats:
    """(w, n) what remains with the headline's rounds; where other classes count, from the pass for all rounds.

    Parameters
    ----------
    units
        The system added, and how many at most.
    """
    if counts_others(goal):
        system, most = units
        by_rounds = remaining_by_rounds(study, case, goal, study.sites(goal, system, most))
        return by_rounds[study.scenario.frontier_rounds.index(study.scenario.added_rounds.value)]
    return remaining_of(study, case, goal, units)


def _claim_tests(scenario: Scenario, probability: Floats, mcse: Floats) -> tuple[ClaimTest, ...]:
    return tuple(
        ClaimTest(
            claim.label,
            claim.added,
            float(probability[claim.added]),
            float(mcse[claim.added]),
            claim.source,
            claim.about,
        )
        for claim in scenario.claims_tested
    )


def open_range(goal: Goal, probability: Floats, mcse: Floats) -> tuple[int, int]:
    """The smallest number that could meet the goal and the smallest that surely does (2 errors); one more if none."""
    could = np.flatnonzero(probability + 2 * mcse >= goal.confidence)
    does = np.flatnonzero(probability - 2 * mcse >= goal.confidence)
    most = len(probability)
    return int(could[0]) if len(could) else most, int(does[0]) if len(does) else most


def drivers_of(unknowns: Mapping[str, Floats], outcome: Floats, worth: Mapping[str, Estimate]) -> tuple[Driver, ...]:
    """First-order share of each unknown in the outcome, and what knowing it is worth; largest share first."""
    drivers = [
        Driver(name, share.value, share.error, worth[name].value, worth[name].error)
        for name, share in first_order(unknowns, outcome).items()
    ]
    return tuple(sorted(drivers, key=lambda driver: (-driver.share, driver.unknown)))


def _check(study: Study, worlds: Worlds, goal: Goal, plan: Laydown) -> Agreement:
    """Simulate some of the headline's worlds at every number, beside the closed form."""
    most, effort = study.scenario.added_max, study.effort
    if goal.measure.is_coverage:  # geometry alone: nothing is simulated, and nothing can differ
        return Agreement(np.arange(most + 1), *np.zeros((4, most + 1)), worlds=0, runs=0)
    study.tell(f"{worlds.case}: the simulation beside the closed form", 0, 1)
    some = thin_out(worlds, effort.part(400, 50))
    campaign = begin_campaign(some, cruise=ThreatClass.cruise in goal.measure.classes, compute=effort.compute)
    numbers = range(plan.beside, len(plan) + 1)
    agreed = compare(campaign, goal, plan, study.rounds(some, plan), added=numbers, runs=effort.runs)
    return replace(agreed, added=agreed.added - plan.beside)


def _intercepted(worlds: Worlds, passage: Passage) -> dict[str, tuple[float, float, float]]:
    """Expected intercepted of the baseline month by class: points over worlds."""
    cover, places = cover_baseline(worlds), np.arange(len(worlds.places))
    leak = passage.leak(places)
    stopped = {cls: (worlds.mix[:, cls] * (1 - table)).sum(axis=1) for cls, table in leak.items()}
    filled = fill(worlds, cover.engaged, worlds.scalar["rounds_a_month"])
    stopped[ThreatClass.ballistic] = filled * (worlds.mix[:, ThreatClass.ballistic] * cover.stopped).sum(axis=1)
    return {cls.name: _limits(worlds.counts[:, cls] * stopped[cls]) for cls in _COUNTED}


def _glide_bombs(study: Study, worlds: Worlds, plan: Laydown, number: int) -> dict[str, tuple[float, float, float]]:
    """Those still launched with no and with the added units; nothing where nobody stated how many there were."""
    total = study.scenario.official.glide_bomb
    if total is None:
        return {}
    some = take(worlds, np.arange(min(len(worlds), 200)))
    plans = {"with the baseline": plan.first(0), f"with {number} added units": plan.first(plan.beside + number)}
    return {name: _limits(glide_bombs_launched(some, each, total)) for name, each in plans.items()}


def _drawn_layout(worlds: Worlds) -> tuple[Stand, ...]:
    """The first world's layout."""
    places = worlds.places
    return tuple(
        Stand(worlds.kinds.ids[code], str(places.name[site]), float(places.latitude[site]),
              float(places.longitude[site]), float(worlds.units.radius_ballistic_km[0, code]))
        for code, site in zip(worlds.system[0], worlds.site[0], strict=True) if code >= 0
    )  # fmt: skip


def _limits(table: NDArray[np.generic]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(np.asarray(table, dtype=float), (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)
