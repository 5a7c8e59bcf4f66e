"""Outcomes to the answer: how many are enough, how sure, for which goal, and what it hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.estimates import (
    Decision,
    Estimate,
    first_order,
    numbers_needed,
    share_error,
    value_of_knowing,
)
from tegmen.answer.results import POINTS, CaseAnswer, ClaimTest, Driver, GoalAnswer, Stand, Sufficiency
from tegmen.answer.siting import stands
from tegmen.answer.study import (
    Batch,
    Effort,
    Study,
    begin_study,
    draw_batch,
    is_heavy,
    order_sites,
    remaining_share,
)
from tegmen.calibration.fit import Calibration
from tegmen.engine.engagement import glide_bombs_launched
from tegmen.evidence.parameters import Parameter
from tegmen.evidence.systems import MISSILE_SYSTEMS
from tegmen.ledger.aid import aid_status
from tegmen.ledger.store import open_ledger
from tegmen.question.numbers import gather
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, FrozenDict, Progress, one_blas_thread
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tegmen.terms import Floats, Ints

_GRID = (*range(11), 12, 15, 20, 25, 30, 40, 50, 60)


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

    Worlds are drawn in batches until every probability's Monte Carlo error is small enough, then for the contested
    numbers only, until the decision is resolved or the effort is spent; the answer says which.

    Parameters
    ----------
    scenario, calibration
        The question; the posterior of the record.
    seed
        Seed of everything random; same seed, same bits.
    effort
        Worlds and runs.
    cases
        Evidence cases to answer.
    progress
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    EvidenceError
        A number of the scenario has no source; no world agrees with the record.
    """
    gather(scenario, ())  # what nobody can trace is refused before the work, not after it
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    answers: dict[EvidenceCase, CaseAnswer] = {}
    used: dict[str, Parameter] = {}
    for case in cases:
        answers[case], worlds = _answer_case(study, case)
        used |= {parameter.label: parameter for parameter in worlds.parameters}
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


@dataclass(slots=True)
class _Curve:
    """One goal while it is being worked on.

    Parameters
    ----------
    sites
        Sites of added units, in order.
    tables, unknowns
        A batch each: (w, n) what remains with n added units, NaN where n was not tried; the worlds' unknowns.
    """

    goal: Goal
    sites: Ints
    tables: list[Floats] = field(default_factory=list)
    unknowns: list[Mapping[str, Floats]] = field(default_factory=list)

    def points(self) -> tuple[Ints, Floats, Floats]:
        """Numbers tried, share of worlds that meet the goal at each, and its standard error."""
        table = np.concatenate(self.tables)
        added = np.flatnonzero(~np.isnan(table).all(axis=0))
        tried = ~np.isnan(table[:, added])
        met = (np.where(tried, table[:, added], np.inf) <= self.goal.threshold + 1e-12).sum(axis=0)
        worlds = tried.sum(axis=0)
        errors = np.array([share_error(int(m), int(w)) for m, w in zip(met, worlds, strict=True)])
        return added, met / worlds, errors

    def untried_between(self) -> Ints:
        """Numbers the coarse grid left out where the curve may cross the confidence asked."""
        added, probability, mcse = self.points()
        low, high = open_range(self.goal, probability, mcse)
        begin = added[max(low - 1, 0)] if low < len(added) else added[-1]
        end = added[min(high, len(added) - 1)]
        return np.setdiff1d(np.arange(begin, end + 1), added)

    def unresolved(self, error_most: float) -> Ints:
        """Numbers that need more worlds: where an error is too large, and those the decision hangs on."""
        added, probability, mcse = self.points()
        low, high = open_range(self.goal, probability, mcse)
        contested = (np.arange(len(added)) >= low) & (np.arange(len(added)) <= high) & (high > low)
        return np.union1d(added[contested | (mcse > error_most)], self.untried_between())


def _answer_case(study: Study, case: EvidenceCase) -> tuple[CaseAnswer, Worlds]:
    """Score batches until every decision is resolved or the effort is spent; then read the answers off."""
    scenario, effort = study.scenario, study.effort
    first = draw_batch(study, case)
    system, most = scenario.added_system, scenario.added_max
    curves = [_Curve(goal, order_sites(first, goal, system, most)) for goal in scenario.goals]
    numbers = np.arange(most + 1)
    grid = numbers[np.isin(numbers, [*_GRID, *(claim.added for claim in scenario.claims), most])]
    for curve in curves:
        coarse = _score(study, first, curve, grid)
        curve.tables, curve.unknowns = [coarse], [first.worlds.unknowns]
        fine = _score(study, first, curve, curve.untried_between())
        curve.tables = [np.where(np.isnan(fine), coarse, fine)]
    drawn = effort.worlds
    while drawn < effort.worlds_most:
        wanted = [(curve, curve.unresolved(effort.error_most)) for curve in curves]
        wanted = [(curve, untried) for curve, untried in wanted if len(untried)]
        if not wanted:
            break
        more = min(effort.worlds_more, effort.worlds_most - drawn)
        batch = draw_batch(
            study, case, count=more, first=drawn, heavy=is_heavy([curve.goal for curve, _ in wanted])
        )  # fmt: skip
        for curve, untried in wanted:
            curve.tables.append(_score(study, batch, curve, untried))
            curve.unknowns.append(batch.worlds.unknowns)
        drawn += more
    study.tell(f"{case}: {drawn} worlds", 1, 1)
    return _case_answer(study, case, first, curves), first.worlds


def _score(study: Study, batch: Batch, curve: _Curve, numbers: Ints) -> Floats:
    """(w, n) what remains in each world of the batch at the numbers wanted; NaN at the others."""
    table = np.full((len(batch.worlds), study.scenario.added_max + 1), np.nan)
    if len(numbers):
        plan = (study.scenario.added_system, curve.sites)
        score = remaining_share(batch, curve.goal, plan, study.effort)
        for step, number in enumerate(numbers.tolist()):
            study.tell(f"{batch.worlds.case}: {curve.goal.name}, {number} added", step, len(numbers))
            table[:, number] = score(number)
    return table


def _case_answer(study: Study, case: EvidenceCase, first: Batch, curves: Sequence[_Curve]) -> CaseAnswer:
    scenario, worlds, baseline = study.scenario, first.worlds, first.baseline
    assert baseline is not None
    answers = tuple(_goal_answer(study, worlds, curve) for curve in curves)
    headline, sites = next((a, c.sites) for a, c in zip(answers, curves, strict=True) if a.goal.headline)
    shot = {
        cls.name: baseline.launched[:, None, cls] - leakers.sum(axis=2, dtype=np.int64)
        for cls, leakers in baseline.leakers.items()
    }
    number = headline.n if headline.n is not None else scenario.added_max

    def denied(added: Sequence[int]) -> tuple[float, float, float]:
        return _limits(glide_bombs_launched(worlds, added, scenario.added_system, scenario.official.glide_bomb))

    return CaseAnswer(
        case=case,
        goals=answers,
        launched=FrozenDict({cls.name: int(np.rint(baseline.launched[:, cls].mean())) for cls in baseline.leakers}),
        intercepted=FrozenDict({name: _limits(table) for name, table in shot.items()}),
        baseline=_drawn_layout(worlds),
        glide_bombs=FrozenDict(
            {"with the baseline": denied([]), f"with {number} added units": denied(sites[:number].tolist())}
        ),
        redraw_share=worlds.redraw_share,
    )


def _goal_answer(study: Study, worlds: Worlds, curve: _Curve) -> GoalAnswer:
    scenario, goal = study.scenario, curve.goal
    added, probability, mcse = curve.points()
    met = np.flatnonzero(probability >= goal.confidence)
    table = np.concatenate(curve.tables)
    n = int(added[met[0]]) if len(met) else None
    # Later batches were tried at the contested numbers only; the first was tried at all of them.
    need, censored = numbers_needed(curve.tables[0], goal.threshold)
    worth = value_of_knowing(worlds.unknowns, need, Decision(goal.confidence, scenario.added_max))
    low, high = open_range(goal, probability, mcse)
    return GoalAnswer(
        goal=goal,
        system=scenario.added_system,
        n=n,
        n_interval=(
            int(added[low]) if low < len(added) else int(added[-1]) + 1,
            int(added[high]) if high < len(added) else None,
        ),
        resolved=low == high,
        worlds=int((~np.isnan(table)).sum(axis=0).max()),
        runs=study.effort.runs_of(goal),
        added=added,
        probability=probability,
        mcse=mcse,
        remaining=np.nanquantile(table[:, added], POINTS, axis=0).T,
        claims=_claim_tests(scenario, added, probability, mcse),
        drivers=drivers_of(curve.unknowns, table[:, n if n is not None else added[-1]], worth.evppi),
        placement=stands(worlds, scenario.added_system, curve.sites),
        evpi=worth.evpi.value,
        evpi_error=worth.evpi.error,
        censored=censored,
    )


def _claim_tests(scenario: Scenario, added: Ints, probability: Floats, mcse: Floats) -> tuple[ClaimTest, ...]:
    at = [int(np.searchsorted(added, claim.added)) for claim in scenario.claims]
    return tuple(
        ClaimTest(claim.label, claim.added, float(probability[i]), float(mcse[i]), claim.source)
        for i, claim in zip(at, scenario.claims, strict=True)
    )


def open_range(goal: Goal, probability: Floats, mcse: Floats) -> tuple[int, int]:
    """Indices of the smallest number that could meet the goal and of the smallest that surely does (2 errors)."""
    could = np.flatnonzero(probability + 2 * mcse >= goal.confidence)
    does = np.flatnonzero(probability - 2 * mcse >= goal.confidence)
    most = len(probability)
    return int(could[0]) if len(could) else most, int(does[0]) if len(does) else most


def drivers_of(
    unknowns: Sequence[Mapping[str, Floats]], outcome: Floats, worth: Mapping[str, Estimate]
) -> tuple[Driver, ...]:
    """First-order share of each unknown in the outcome, and what knowing it is worth; largest share first."""
    tried = ~np.isnan(outcome)
    columns = {name: np.concatenate([batch[name] for batch in unknowns])[tried] for name in unknowns[0]}
    drivers = [
        Driver(name, share.value, share.error, worth[name].value, worth[name].error)
        for name, share in first_order(columns, outcome[tried]).items()
    ]
    return tuple(sorted(drivers, key=lambda driver: (-driver.share, driver.unknown)))


def _drawn_layout(worlds: Worlds) -> tuple[Stand, ...]:
    """The first world's layout."""
    places = worlds.places
    return tuple(
        Stand(MISSILE_SYSTEMS[code], str(places.name[site]), float(places.latitude[site]),
              float(places.longitude[site]), float(worlds.units.radius_ballistic_km[0, code]))
        for code, site in zip(worlds.system[0], worlds.site[0], strict=True) if code >= 0
    )  # fmt: skip


def _limits(table: NDArray[np.generic]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(np.asarray(table, dtype=float), (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)
