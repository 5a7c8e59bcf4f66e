"""Outcomes to the answer: how many are enough, how sure, for which goal, and what it hangs on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.estimates import Decision, Estimate, first_order, numbers_needed, share_error, value_of_knowing
from tegmen.answer.results import POINTS, CaseAnswer, ClaimTest, Driver, GoalAnswer, Stand, Sufficiency
from tegmen.answer.siting import counted, expected_leakers, site_greedily, uncovered
from tegmen.calibration.fit import Calibration, RateDraws
from tegmen.engine.campaign import (
    BACKGROUND,
    MATCHED,
    Campaign,
    Outcome,
    match_record,
    pack_once,
    simulate,
    take_worlds,
)
from tegmen.engine.workload import Compute
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.geography import tables_sha256
from tegmen.question.launches import history_counts, posted_counts
from tegmen.question.numbers import gather
from tegmen.question.places import defended_places
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import (
    EVIDENCE_CASES,
    VERSION,
    EvidenceCase,
    Progress,
    Provenance,
    ThreatClass,
    one_blas_thread,
    tell_nobody,
)
from tegmen.worlds.draw import POOL, Worlds, draw_worlds
from tegmen.worlds.lanes import Lanes, engage, glide_bombs_launched, lay_lanes
from tegmen.worlds.units import BALLISTIC_SYSTEMS, SYSTEMS

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


_SPARE = 1.3
_ATTEMPTS = 5
_GRID = (*range(11), 12, 15, 20, 25, 30, 40, 50, 60)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to simulate.

    Parameters
    ----------
    worlds, runs
        Worlds to start with; months simulated a world and laydown.
    worlds_more, worlds_most
        Worlds added at a time, and in all, while an error is above `error_most` or the decision is not resolved.
    error_most
        Largest Monte Carlo standard error wanted of any probability on the curve.
    compute
        Threads and device; they change no result.
    """

    worlds: int = 200
    runs: int = 50
    worlds_more: int = 100
    worlds_most: int = 600
    error_most: float = 0.03
    compute: Compute = field(default_factory=Compute)

    def runs_of(self, goal: Goal) -> int:
        """Months a world for a goal."""
        return max(2, self.runs // 10) if goal.metric == "capacity_lost" else self.runs

    def __post_init__(self) -> None:
        faults = [
            f"{name}: found {value}, must be at least {least}"
            for name, value, least in (("worlds", self.worlds, 20), ("runs", self.runs, 2))
            if value < least
        ]
        if faults:
            raise InputError("effort", faults)


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
    _require_ballistic(scenario, calibration)
    tell = progress or tell_nobody
    lanes = lay_lanes(defended_places(scenario))
    pool = calibration.draws(POOL, seed)
    studies: dict[EvidenceCase, _Study] = {
        case: _Study(scenario, calibration, case, lanes, seed, effort or Effort(), pool, tell) for case in cases
    }
    answers: dict[EvidenceCase, CaseAnswer] = {case: study.answer() for case, study in studies.items()}
    used = {parameter.label: parameter for study in studies.values() for parameter in study.worlds.parameters}
    parameters = tuple(used[label] for label in sorted(used))
    return Sufficiency(
        scenario=scenario,
        calibration=calibration,
        seed=seed,
        cases=answers,
        parameters=parameters,
        evidence=gather(scenario, parameters),
        provenance=Provenance(VERSION, seed, input_hashes(scenario, calibration)),
    )


def input_hashes(scenario: Scenario, calibration: Calibration) -> dict[str, str]:
    """Input name to sha256 of everything an answer rests on."""
    tables = {"scenario": scenario.sha256, "catalogue": scenario.catalogue.sha256, "geography": tables_sha256()}
    return dict(calibration.provenance.inputs) | tables


def draw_campaign(  # noqa: PLR0913 - a batch is named by all of them
    scenario: Scenario,
    calibration: Calibration,
    case: EvidenceCase,
    lanes: Lanes,
    *,
    count: int,
    first: int,
    seed: int,
    solve: Sequence[ThreatClass] = MATCHED,
    pool: RateDraws | None = None,
    compute: Compute | None = None,
) -> Campaign:
    """Draw worlds and match them to the record; worlds with no factor in (0, 1] are replaced by others.

    Raises
    ------
    EvidenceError
        Too few worlds can be matched.
    """
    history = history_counts(scenario, calibration.record)
    ask, found = math.ceil(count * _SPARE), 0
    for _ in range(_ATTEMPTS):
        worlds = draw_worlds(scenario, calibration, case, count=ask, first=first, seed=seed, pool=pool)
        campaign, feasible = match_record(worlds, lanes, history, scenario.month.nights, solve=solve, compute=compute)
        if feasible.sum() >= count:
            kept = 1 - (1 - worlds.redraw_share) * float(feasible.mean())
            campaign = take_worlds(campaign, np.flatnonzero(feasible)[:count])
            return replace(campaign, worlds=replace(campaign.worlds, redraw_share=kept))
        ask, found = 2 * ask, int(feasible.sum())
    msg = f"only {found} of {ask // 2} worlds can reproduce the record's rates; widen the baseline's range"
    raise EvidenceError(msg)


def fight_baseline(campaign: Campaign, effort: Effort) -> Outcome:
    """Fight all classes against the baseline; classes that added units do not change are simulated only here."""
    runs = max(2, effort.runs // 10)
    tables = engage(campaign.worlds, campaign.lanes, (), BALLISTIC_SYSTEMS[0], MATCHED)
    served = simulate(campaign, tables, added=0, runs=runs, classes=MATCHED)
    rest = simulate(campaign, None, added=0, runs=runs, classes=BACKGROUND)
    return Outcome(
        leakers=served.leakers | rest.leakers,
        launched=served.launched + rest.launched,
        by_systems=served.by_systems,
        by_dispersed=served.by_dispersed + rest.by_dispersed,
        rounds=served.rounds,
    )


def remaining_share(
    goal: Goal, campaign: Campaign, baseline: Outcome | None, plan: tuple[str, Ints], effort: Effort
) -> Callable[[int], Floats]:
    """Score a plan (system, sites in order): what remains of the goal's metric with its first N units.

    The baseline's outcome is needed for the capacity lost only: it holds the classes that added units do not change.

    Returns
    -------
    N to (w,) metric with N added units over the metric with none, on common random numbers; for capitals the count
    uncovered. Only classes that added units change are simulated again.
    """
    system, sites = plan
    if goal.metric == "capitals_uncovered":
        capital = counted(goal, campaign.worlds.places)
        return lambda number: uncovered(campaign.worlds, sites[:number], system)[:, capital].sum(
            axis=1, dtype=np.float64
        )
    classes = MATCHED if goal.metric == "capacity_lost" else (ThreatClass.ballistic,)
    tables = engage(campaign.worlds, campaign.lanes, sites.tolist(), system, classes)
    metric, runs = _metric(goal, campaign, baseline), effort.runs_of(goal)
    fought = pack_once(campaign, tables, runs=runs, classes=classes)
    base = metric(fought(0))

    def score(number: int) -> Floats:
        if number == 0:
            return np.asarray(base > 0, dtype=np.float64)
        left = metric(fought(number))
        return np.asarray(np.where(base > 0, left / np.where(base > 0, base, 1.0), 0.0))

    return score


def _require_ballistic(scenario: Scenario, calibration: Calibration) -> None:
    """Refuse a month in which nothing was launched that the added system is for."""
    history_counts(scenario, calibration.record)  # a record that does not cover the month at all says so first
    if posted_counts(scenario, calibration.record)[ThreatClass.ballistic] == 0:
        month = scenario.month
        msg = f"the record has no ballistic missile launched from {month.first} to {month.last}: nothing to be reduced"
        raise EvidenceError(msg + "; choose a month, or a record, that has some")


class _Study:
    """One evidence case while it is being worked on: batches of worlds, and per goal the share that remains."""

    def __init__(  # noqa: PLR0913, PLR0917 - what `sufficiency` was asked, once
        self,
        scenario: Scenario,
        calibration: Calibration,
        case: EvidenceCase,
        lanes: Lanes,
        seed: int,
        effort: Effort,
        pool: RateDraws,
        tell: Progress,
    ) -> None:
        self.case: EvidenceCase = case
        self.scenario, self.calibration, self.lanes = scenario, calibration, lanes
        self.seed, self.effort, self.tell = seed, effort, tell
        self.numbers = np.arange(scenario.added_max + 1)
        self.pool = pool
        self.first = self._draw(0, effort.worlds)
        self.worlds: Worlds = self.first.worlds
        self.baseline = fight_baseline(self.first, self.effort)
        expected = expected_leakers(self.first, self.baseline)
        self.sites = {
            goal.name: site_greedily(self.first, goal, expected, scenario.added_system, scenario.added_max)
            for goal in scenario.goals
        }
        self.remaining: dict[str, list[Floats]] = {goal.name: [] for goal in scenario.goals}
        self.batches: dict[str, list[Worlds]] = {goal.name: [] for goal in scenario.goals}

    def answer(self) -> CaseAnswer:
        """Score batches until every decision is resolved or the effort is spent; then read the answers off."""
        effort = self.effort
        named = [claim.added for claim in self.scenario.claims]
        grid = self.numbers[np.isin(self.numbers, [*_GRID, *named, self.numbers[-1]])]
        self._score(self.first, self.baseline, {goal.name: grid for goal in self.scenario.goals})
        self._score(self.first, self.baseline, {goal.name: self._between(goal) for goal in self.scenario.goals})
        drawn = effort.worlds
        while drawn < max(effort.worlds_most, effort.worlds):
            wanted = {goal.name: np.union1d(self._wanted(goal), self._between(goal)) for goal in self.scenario.goals}
            wanted = {name: numbers for name, numbers in wanted.items() if len(numbers)}
            if not wanted:
                break
            heavy = any(goal.name in wanted and goal.metric == "capacity_lost" for goal in self.scenario.goals)
            more = min(effort.worlds_more, effort.worlds_most - drawn)
            batch = self._draw(drawn, more, MATCHED if heavy else (ThreatClass.ballistic,))
            self._score(batch, fight_baseline(batch, effort) if heavy else None, wanted)
            drawn += more
        self.tell(f"{self.case}: {drawn} worlds", 1, 1)
        return self._read_off()

    def _draw(self, first: int, count: int, solve: Sequence[ThreatClass] = MATCHED) -> Campaign:
        self.tell(f"{self.case}: drawing and matching worlds {first + 1}–{first + count}", 0, 1)
        return draw_campaign(
            self.scenario, self.calibration, self.case, self.lanes, count=count, first=first, seed=self.seed,
            solve=solve, pool=self.pool, compute=self.effort.compute,
        )  # fmt: skip

    def _score(self, campaign: Campaign, baseline: Outcome | None, wanted: Mapping[str, Ints]) -> None:
        """Score each goal: what remains in each world of the batch at each number wanted (NaN: not tried)."""
        for goal in self.scenario.goals:
            table = np.full((len(campaign.worlds), len(self.numbers)), np.nan)
            numbers = wanted.get(goal.name, np.zeros(0, np.int64))
            if len(numbers):
                sites = self.sites[goal.name]
                score = remaining_share(goal, campaign, baseline, (self.scenario.added_system, sites), self.effort)
                for step, number in enumerate(numbers):
                    self.tell(f"{self.case}: {goal.name}, {number} added", step, len(numbers))
                    table[:, number] = score(int(number))
            self._keep(goal, campaign, table)

    def _keep(self, goal: Goal, campaign: Campaign, table: Floats) -> None:
        """Add a batch's scores: to its own rows when the batch is known already, else as new ones."""
        known = [worlds is campaign.worlds for worlds in self.batches[goal.name]]
        if any(known):
            rows = self.remaining[goal.name][known.index(True)]
            rows[:] = np.where(np.isnan(table), rows, table)
        else:
            self.batches[goal.name].append(campaign.worlds)
            self.remaining[goal.name].append(table)

    def _between(self, goal: Goal) -> Ints:
        """Numbers the coarse grid left out where the curve may cross the confidence asked."""
        added, probability, mcse = self._curve(goal)
        low, high = _open_range(goal, probability, mcse)
        begin = added[max(low - 1, 0)] if low < len(added) else added[-1]
        end = added[min(high, len(added) - 1)]
        return np.setdiff1d(np.arange(begin, end + 1), added)

    def _wanted(self, goal: Goal) -> Ints:
        """Numbers that need more worlds: where an error is too large, and those the decision hangs on."""
        added, probability, mcse = self._curve(goal)
        low, high = _open_range(goal, probability, mcse)
        contested = (np.arange(len(added)) >= low) & (np.arange(len(added)) <= high) & (high > low)
        return added[contested | (mcse > self.effort.error_most)]

    def _curve(self, goal: Goal) -> tuple[Ints, Floats, Floats]:
        """Numbers tried, share of worlds that meet the goal at each, and its standard error."""
        table = np.concatenate(self.remaining[goal.name])
        added = self.numbers[~np.isnan(table).all(axis=0)]
        table = table[:, added]
        tried = ~np.isnan(table)
        met = (np.where(tried, table, np.inf) <= goal.threshold + 1e-12).sum(axis=0)
        worlds = tried.sum(axis=0)
        return added, met / worlds, np.array([share_error(int(m), int(w)) for m, w in zip(met, worlds, strict=True)])

    def _read_off(self) -> CaseAnswer:
        answers = tuple(self._goal_answer(goal) for goal in self.scenario.goals)
        headline = next(answer for answer in answers if answer.goal.headline)
        worlds, launched = self.first.worlds, self.baseline.launched
        shot = {
            cls.name: launched[:, None, cls] - leakers.sum(axis=2, dtype=np.int64)
            for cls, leakers in self.baseline.leakers.items()
        }
        number = headline.n if headline.n is not None else self.scenario.added_max
        total, system = self.scenario.official.glide_bomb, self.scenario.added_system
        sites = self.sites[headline.goal.name][:number].tolist()
        return CaseAnswer(
            case=self.case,
            goals=answers,
            launched=MappingProxyType(
                {cls.name: int(np.rint(launched[:, cls].mean())) for cls in self.baseline.leakers}
            ),
            intercepted=MappingProxyType({name: _limits(table) for name, table in shot.items()}),
            baseline=_drawn_layout(worlds),
            glide_bombs=MappingProxyType(
                {
                    "with the baseline": _limits(glide_bombs_launched(worlds, [], system, total)),
                    f"with {number} added units": _limits(glide_bombs_launched(worlds, sites, system, total)),
                }
            ),
            redraw_share=worlds.redraw_share,
        )

    def _goal_answer(self, goal: Goal) -> GoalAnswer:
        added, probability, mcse = self._curve(goal)
        low, high = _open_range(goal, probability, mcse)
        met = np.flatnonzero(probability >= goal.confidence)
        table = np.concatenate(self.remaining[goal.name])
        most = len(added)
        n = int(added[met[0]]) if len(met) else None
        # Later batches were tried at the contested numbers only; the first was tried at all of them.
        need, censored = numbers_needed(self.remaining[goal.name][0], goal.threshold)
        worth = value_of_knowing(self.first.worlds.unknowns, need, Decision(goal.confidence, self.scenario.added_max))
        where = {claim.added: int(np.searchsorted(added, claim.added)) for claim in self.scenario.claims}
        return GoalAnswer(
            goal=goal,
            system=self.scenario.added_system,
            n=n,
            n_interval=(
                int(added[low]) if low < most else int(added[-1]) + 1,
                int(added[high]) if high < most else None,
            ),
            resolved=low == high,
            worlds=int((~np.isnan(table)).sum(axis=0).max()),
            runs=self.effort.runs_of(goal),
            added=added,
            probability=probability,
            mcse=mcse,
            remaining=np.nanquantile(table[:, added], POINTS, axis=0).T,
            claims=tuple(
                ClaimTest(
                    claim.label,
                    claim.added,
                    float(probability[where[claim.added]]),
                    float(mcse[where[claim.added]]),
                    claim.source,
                )
                for claim in self.scenario.claims
            ),
            drivers=_drivers(
                [worlds.unknowns for worlds in self.batches[goal.name]],
                table[:, n if n is not None else added[-1]],
                worth.each,
            ),
            placement=stands(self.first.worlds, self.scenario.added_system, self.sites[goal.name]),
            evpi=worth.all.value,
            evpi_error=worth.all.error,
            censored=censored,
        )


def _metric(goal: Goal, campaign: Campaign, baseline: Outcome | None) -> Callable[[Outcome], Floats]:
    """(w,) the goal's metric, mean over runs, from leakers (w, r, p)."""
    worlds = campaign.worlds
    places = np.flatnonzero(counted(goal, worlds.places))
    if goal.metric == "ballistic_strikes":
        return lambda outcome: (
            outcome.leakers[ThreatClass.ballistic][:, :, places].sum(axis=(1, 2)) / outcome.rounds.shape[1]
        )
    if goal.metric == "people_struck":
        people = worlds.places.population[places]
        return lambda outcome: ((outcome.leakers[ThreatClass.ballistic][:, :, places] > 0) @ people).mean(axis=1)
    assert baseline is not None
    capacity = worlds.places.capacity_mw[places]
    damage = {cls: np.log1p(-worlds.scalar[f"damage_{cls.name}"])[:, None, None] for cls in baseline.leakers}
    background = sum(damage[cls] * baseline.leakers[cls][:, :, places] for cls in BACKGROUND)

    def lost(outcome: Outcome) -> Floats:
        left = background + sum(damage[cls] * outcome.leakers[cls][:, :, places] for cls in MATCHED)
        return (-np.expm1(left) @ capacity).mean(axis=1)

    return lost


def _open_range(goal: Goal, probability: Floats, mcse: Floats) -> tuple[int, int]:
    """Indices of the smallest number that could meet the goal and of the smallest that surely does (2 errors)."""
    could = np.flatnonzero(probability + 2 * mcse >= goal.confidence)
    does = np.flatnonzero(probability - 2 * mcse >= goal.confidence)
    most = len(probability)
    return int(could[0]) if len(could) else most, int(does[0]) if len(does) else most


def _drivers(
    unknowns: Sequence[Mapping[str, Floats]], outcome: Floats, worth: Mapping[str, Estimate]
) -> tuple[Driver, ...]:
    """First-order share of each unknown in the outcome, and what knowing it is worth; largest share first."""
    tried = ~np.isnan(outcome)
    columns = {name: np.concatenate([batch[name] for batch in unknowns])[tried] for name in unknowns[0]}
    found = [
        Driver(name, share.value, share.error, worth[name].value, worth[name].error)
        for name, share in first_order(columns, outcome[tried]).items()
    ]
    return tuple(sorted(found, key=lambda driver: (-driver.share, driver.unknown)))


def stands(worlds: Worlds, system: str, sites: Ints) -> tuple[Stand, ...]:
    """Name the sites of added units; the radius is the mean over worlds."""
    places, radius = worlds.places, float(worlds.units.radius_ballistic_km[:, SYSTEMS.index(system)].mean())
    return tuple(
        Stand(system, str(places.name[site]), float(places.latitude[site]), float(places.longitude[site]), radius)
        for site in sites
    )


def _drawn_layout(worlds: Worlds) -> tuple[Stand, ...]:
    """The first world's layout."""
    places = worlds.places
    return tuple(
        Stand(SYSTEMS[code], str(places.name[site]), float(places.latitude[site]), float(places.longitude[site]),
              float(worlds.units.radius_ballistic_km[0, code]))
        for code, site in zip(worlds.system[0], worlds.site[0], strict=True) if code >= 0
    )  # fmt: skip


def _limits(table: NDArray[np.generic]) -> tuple[float, float, float]:
    low, middle, high = np.quantile(np.asarray(table, dtype=float), (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)
