"""The study behind every answer: theatre, rates, worlds matched to the record, sites, and how a plan scores.

Every public question (sufficiency, a plan, a claim, what drives the answer, the checks) begins with `begin_study` and
goes on with batches of worlds; none of them has a preamble of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.siting import expected_leakers, reached, site_greedily
from tegmen.calibration.fit import Calibration, RateDraws
from tegmen.engine.campaign import (
    BACKGROUND,
    MATCHED,
    Campaign,
    Outcome,
    begin_campaign,
    pack_once,
    simulate,
    take_worlds,
)
from tegmen.engine.engagement import engage
from tegmen.engine.expected import stakes_of
from tegmen.engine.workload import Compute
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.geography import tables_sha256
from tegmen.evidence.systems import BALLISTIC_SYSTEMS
from tegmen.question.scenario import Goal, Scenario
from tegmen.question.theatre import Theatre, set_theatre
from tegmen.terms import EVIDENCE_CASES, VERSION, EvidenceCase, Progress, Provenance, ThreatClass, tell_nobody
from tegmen.worlds.draw import Worlds, draw_worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

RATE_DRAWS = 4000
"""Posterior draws that the worlds of one study pick from."""
_SPARE = 1.3
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to simulate.

    Parameters
    ----------
    worlds, runs
        Worlds to start with; months simulated a world and layout.
    worlds_more, worlds_most
        Worlds added at a time, and in all, while an error is above `error_most` or the decision is not resolved.
    error_most
        Largest Monte Carlo standard error wanted of any probability on the curve.
    compute
        Threads; they change no result.
    """

    worlds: int = 200
    runs: int = 50
    worlds_more: int = 100
    worlds_most: int = 600
    error_most: float = 0.03
    compute: Compute = field(default_factory=Compute)

    def runs_of(self, goal: Goal) -> int:
        """Months a world for a goal."""
        divisor = goal.measure.runs_divisor
        return self.runs if divisor == 1 else max(2, self.runs // divisor)

    def __post_init__(self) -> None:
        faults = [
            f"{name}: found {value}, must be at least {least}"
            for name, value, least in (("worlds", self.worlds, 20), ("runs", self.runs, 2))
            if value < least
        ]
        if faults:
            raise InputError("effort", faults)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One question on one calibration: what every batch of its worlds shares.

    Parameters
    ----------
    theatre
        What is the same in all worlds.
    rates
        Posterior draws that worlds pick their rates from.
    tell
        Called with what is being done, steps done and steps in all.
    """

    scenario: Scenario
    calibration: Calibration
    theatre: Theatre
    rates: RateDraws
    seed: int
    effort: Effort
    tell: Progress

    @property
    def provenance(self) -> Provenance:
        """Version, seed, and the hash of everything an answer rests on."""
        scenario = self.scenario
        tables = {"scenario": scenario.sha256, "catalogue": scenario.catalogue.sha256, "geography": tables_sha256()}
        return Provenance(VERSION, self.seed, dict(self.calibration.provenance.inputs) | tables)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Worlds matched to the record, and the outcome of their baseline (None where no goal asked for needs it)."""

    campaign: Campaign
    baseline: Outcome | None

    @property
    def worlds(self) -> Worlds:
        """Its worlds."""
        return self.campaign.worlds


def begin_study(
    scenario: Scenario,
    calibration: Calibration,
    *,
    seed: int,
    effort: Effort | None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> Study:
    """Make what all batches of a question share.

    Parameters
    ----------
    cases
        Evidence cases the question is asked for.

    Raises
    ------
    InputError
        An evidence case does not exist, or none is given.
    EvidenceError
        The record does not reach the month, or has no ballistic missile in it: nothing the added system is for.
    """
    _require_cases(cases)
    theatre = set_theatre(scenario, calibration.record, calibration.until)
    if theatre.posted[ThreatClass.ballistic] == 0:
        month = scenario.month
        msg = f"the record has no ballistic missile launched from {month.first} to {month.last}: nothing to be reduced"
        raise EvidenceError(msg + "; choose a month, or a record, that has some")
    rates = calibration.draws(RATE_DRAWS, seed)
    return Study(scenario, calibration, theatre, rates, seed, effort or Effort(), progress or tell_nobody)


def _require_cases(cases: Sequence[str]) -> None:
    """Refuse an evidence case that does not exist, or none at all; each unknown one is named."""
    allowed = " and ".join(EVIDENCE_CASES)
    faults = [f"found {case!r}; the evidence cases are {allowed}" for case in cases if case not in EVIDENCE_CASES]
    if isinstance(cases, str) or not cases:
        faults = [f"found {cases!r}; give a list of evidence cases, such as {list(EVIDENCE_CASES)}"]
    if faults:
        raise InputError("cases", faults)


def draw_batch(
    study: Study, case: EvidenceCase, *, count: int | None = None, first: int = 0, heavy: bool = True
) -> Batch:
    """Draw worlds, match them to the record and fight their baseline.

    Worlds with no factor in (0, 1] are replaced by others.

    Parameters
    ----------
    count, first
        Worlds wanted (None: as many as the effort begins with); number of the first.
    heavy
        Whether a goal counts classes besides ballistic missiles; if not, the cruise factor is checked but not solved,
        and no baseline is fought.

    Raises
    ------
    EvidenceError
        Too few worlds can be matched.
    """
    count = count or study.effort.worlds
    study.tell(f"{case}: drawing and matching worlds {first + 1}–{first + count}", 0, 1)
    ask, matched = math.ceil(count * _SPARE), 0
    for _ in range(_ATTEMPTS):
        worlds = draw_worlds(
            study.scenario, study.theatre, case, study.rates, count=ask, first=first, seed=study.seed
        )  # fmt: skip
        campaign, feasible = match_worlds(study, worlds, heavy=heavy)
        matched = int(feasible.sum())
        if matched >= count:
            share = 1 - (1 - worlds.redraw_share) * float(feasible.mean())
            campaign = take_worlds(campaign, np.flatnonzero(feasible)[:count])
            campaign = replace(campaign, worlds=replace(campaign.worlds, redraw_share=share))
            return Batch(campaign, fight_baseline(campaign, study.effort) if heavy else None)
        ask *= 2
    msg = f"only {matched} of {ask // 2} worlds can reproduce the record's rates; widen the baseline's range"
    raise EvidenceError(msg)


def match_worlds(study: Study, worlds: Worlds, *, heavy: bool = True) -> tuple[Campaign, np.ndarray]:
    """Make worlds ready to be fought; all of them can."""
    campaign = begin_campaign(worlds, cruise=heavy, compute=study.effort.compute)
    return campaign, np.ones(len(worlds), dtype=bool)


def fight_baseline(campaign: Campaign, effort: Effort) -> Outcome:
    """Fight all classes against the baseline; classes that added units do not change are simulated only here."""
    runs = max(2, effort.runs // 10)
    tables = engage(campaign.worlds, (), BALLISTIC_SYSTEMS[0], MATCHED)
    served = simulate(campaign, tables, added=0, runs=runs, classes=MATCHED)
    rest = simulate(campaign, None, added=0, runs=runs, classes=BACKGROUND)
    return Outcome(
        leakers=served.leakers | rest.leakers,
        launched=served.launched + rest.launched,
        elsewhere=served.elsewhere,
        by_systems=served.by_systems,
        by_dispersed=served.by_dispersed + rest.by_dispersed,
        rounds=served.rounds,
    )


def is_heavy(goals: Sequence[Goal]) -> bool:
    """Tell whether any of the goals counts classes besides ballistic missiles."""
    return any(set(goal.measure.classes) - {ThreatClass.ballistic} for goal in goals)


def order_sites(batch: Batch, goal: Goal, system: str, most: int) -> Ints:
    """Order sites for added units by what each saves, given those before it; one plan for all worlds of the batch."""
    baseline = batch.baseline
    assert baseline is not None
    return site_greedily(batch.campaign, goal, expected_leakers(batch.campaign, baseline), system, most)


def remaining_share(batch: Batch, goal: Goal, plan: tuple[str, Ints], effort: Effort) -> Callable[[int], Floats]:
    """Score a plan (system, sites in order): what remains of the goal's metric with its first N units.

    Returns
    -------
    N to (w,) metric with N added units over the metric with none, on common random numbers; for a metric of coverage
    the number of places that no unit covers. Only classes that added units change are simulated again.
    """
    (system, sites), worlds, metric = plan, batch.worlds, goal.measure
    counted = metric.places(worlds.places, goal.largest_cities)
    if metric.is_coverage:
        bare = worlds.covers == 0  # the baseline stays: worked out once, not for every number
        return lambda number: (bare & ~reached(worlds, sites[:number], system))[:, counted].sum(
            axis=1, dtype=np.float64
        )
    tables = engage(worlds, sites.tolist(), system, metric.classes)
    fought = pack_once(batch.campaign, tables, runs=effort.runs_of(goal), classes=metric.classes)
    loss = _loss_of(batch, goal)
    base = loss(fought(0))

    def score(number: int) -> Floats:
        if number == 0:
            return np.asarray(base > 0, dtype=np.float64)
        left = loss(fought(number))
        return np.asarray(np.where(base > 0, left / np.where(base > 0, base, 1.0), 0.0))

    return score


def _loss_of(batch: Batch, goal: Goal) -> Callable[[Outcome], Floats]:
    """(w,) the goal's metric, mean over runs, of an outcome; classes that stay as they are come from the baseline."""
    metric, worlds = goal.measure, batch.worlds
    places = np.flatnonzero(metric.places(worlds.places, goal.largest_cities))
    stakes = stakes_of(worlds, places)
    assert batch.baseline is not None or not metric.background
    background = {cls: batch.baseline.leakers[cls][:, :, places] for cls in metric.background} if batch.baseline else {}

    def loss(outcome: Outcome) -> Floats:
        leakers = background | {cls: outcome.leakers[cls][:, :, places] for cls in metric.classes}
        return np.asarray(metric.loss(leakers, stakes).mean(axis=1))

    return loss
