"""The decision: the cheapest mix in each evidence case, where its units stand, what it averts, and what it hangs on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tegmen.answer.ahead import Ahead, look_ahead
from tegmen.answer.cheapest import By, MixQuestion, Shares, SolvedMix, ask_mix, helpful, solve_mix
from tegmen.answer.donors import DonorPlan, as_many_as_can
from tegmen.answer.mixes import MixScores
from tegmen.answer.results import Stand, percent
from tegmen.answer.siting import stands
from tegmen.answer.study import Effort, begin_study
from tegmen.answer.tradeoffs import Weighed, not_weighed, weigh_mix
from tegmen.calibration.fit import Calibration
from tegmen.errors import InfeasibleError, InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name
from tegmen.evidence.holders import read_holders
from tegmen.question.goals import METRICS
from tegmen.question.numbers import Evidence, gather
from tegmen.question.places import Places
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, FrozenDict, Progress, Provenance, Span, one_blas_thread

if TYPE_CHECKING:
    from tegmen.answer.cheapest import Mix
    from tegmen.evidence.parameters import Parameter

DECISION_KINDS = ("patriot", "sampt", "nasams", "iris_t_slm")
"""Kinds that may be bought where none are named: those that meet missiles and have a price."""
SEARCH_SECONDS = 36.0
"""Time to search in all, where nobody says."""
_ALSO = ("cruise_strikes",)
"""Metrics that are asked of beside the headline's goal where nothing is named."""
_LATER_PART = 3
_PART_LEAST = 0.2
"""Part of the time that the mix of a later case has at least, and what the mixes hang on."""
_STRIKES = "_strikes"
BILLION = 1000.0


@dataclass(frozen=True, slots=True)
class Averted:
    """Strikes that a mix averts in the month, in expectation.

    Parameters
    ----------
    goal
        Name of the goal whose strikes they are.
    strikes, error
        Mean over worlds; its Monte Carlo standard error.
    """

    goal: str
    strikes: float
    error: float


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a case has before it is known what its mix hangs on."""

    scores: MixScores
    shares: Shares
    solved: SolvedMix


@dataclass(frozen=True, slots=True)
class CaseDecision:
    """The decision in one evidence case.

    Parameters
    ----------
    weighed
        The mix, its proof, and what it hangs on.
    stands, gains
        Where its units stand, in order; share by which each lowers what remains of the goal it is sited for, given
        those before it.
    averted
        Strikes averted in the month, by goal of strikes.
    donors
        Who gives its units, as many as can be given; None where no holder of its kinds is on record.
    ahead
        What becomes of the goals as they come, and across the borders; None where the search was ended.
    """

    case: EvidenceCase
    weighed: Weighed
    stands: tuple[Stand, ...]
    gains: tuple[float, ...]
    averted: tuple[Averted, ...]
    donors: DonorPlan | None
    ahead: Ahead | None = None

    @property
    def solved(self) -> SolvedMix:
        """The mix and its proof."""
        return self.weighed.solved

    @property
    def cost_each(self) -> Span | None:
        """What a strike averted costs over the months that rounds are paid for, were each like this one [USD million].

        None where no strikes are averted, or no mix was found.
        """
        mix, strikes = self.solved.mix, sum(each.strikes for each in self.averted)
        if mix is None or strikes <= 0:
            return None
        low, best, high = (float(end or 0.0) for end in (mix.cost.low, mix.cost.best, mix.cost.high))
        over = strikes * self.weighed.question.months
        return Span(low / over, best / over, high / over)


@dataclass(frozen=True, slots=True)
class MixDecision:
    """Which kinds, how many, with how many rounds, at what price, and how proven."""

    scenario: Scenario
    calibration: Calibration
    seed: int
    cases: Mapping[EvidenceCase, CaseDecision]
    places: Places
    parameters: tuple[Parameter, ...]
    evidence: Evidence
    provenance: Provenance

    @property
    def question(self) -> MixQuestion:
        """What was asked."""
        return next(iter(self.cases.values())).weighed.question

    @property
    def price_rows(self) -> tuple[Parameter, ...]:
        """The rows that costs rest on: prices, rates, and the months that rounds are paid for."""
        return (*self.question.rows, self.scenario.catalogue.model("paid_months"))

    @property
    def holder_rows(self) -> tuple[Parameter, ...]:
        """The rows that say who could give what, and when."""
        plans = [each.donors for each in self.cases.values() if each.donors is not None]
        holders = [giver.holder for plan in plans for giver in plan.givers]
        rows = [row for holder in holders for row in (holder.stock, *holder.rows.values())]
        return tuple({row.id: row for row in rows}.values())

    @property
    def told(self) -> tuple[str, ...]:
        """Ids of the lines of the ledger that what crosses the borders rests on."""
        across = [each.ahead.neighbours for each in self.cases.values() if each.ahead is not None]
        return tuple(dict.fromkeys(entry for one in across if one is not None for entry in one.entries))

    @property
    def interrupted(self) -> bool:
        """Whether the user ended it before it was whole."""
        return any(decision.solved.interrupted for decision in self.cases.values())

    def to_pandas(self) -> pd.DataFrame:
        """One row a case and confidence settled: what it costs to meet every goal in so large a share of worlds."""
        rows = [
            [case, percent(point.confidence), "none" if point.cost is None else money(point.cost),
             "" if point.mix is None else point.mix.words()]
            for case, each in self.cases.items()
            for point in each.weighed.costs
            if point.settled
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["case", "of worlds", "cost", "mix"])

    def moved(self) -> list[str]:
        """What was not settled, which inputs would make it another mix, and in how many draws of prices it stays."""
        lines: list[str] = []
        for case, each in self.cases.items():
            costs = each.weighed.costs
            if not_settled := sum(not point.settled for point in costs):
                lines.append(f"{case}: {not_settled} of {len(costs)} costs of all goals were not settled in the time")
            draws = each.weighed.draws
            if draws is not None and draws.open < draws.draws:
                of = f"{draws.draws} draws" if not draws.open else f"{draws.draws - draws.open} settled draws"
                lines.append(f"{case}: stays the cheapest in {draws.kept} of {of} of all prices")
            lines += [
                f"{case}: with {move.id} {'lowest' if move.end == 'low' else 'highest'} ({move.value:.3g}"
                f"{'' if move.verified is not False else ', not verified'}): "
                f"{'none within the limits' if move.mix is None else move.mix.words()}"
                for move in each.weighed.moves
                if move.changed
            ]
            moves = each.weighed.moves
            if not_settled := sum(not move.settled for move in moves):
                lines.append(f"{case}: {not_settled} of {len(moves)} ends of ranges were not settled in the time")
        return lines

    def sentence(self, case: EvidenceCase) -> str:
        """The decision in one sentence."""
        decision = self.cases[case]
        solved = decision.solved
        aims = aims_in_words(self.question.goals)
        if solved.mix is None and np.isinf(solved.bound):
            return f"to {aims}: {solved.status}"
        if solved.mix is None:
            return f"no mix that is enough to {aims} was found yet; none costs less than {money(solved.bound)}"
        what = "cheapest mix" if self.question.by == "cost" else "smallest number of units"
        parts = [
            f"the {what} to {aims}: {solved.mix.words()}, {proof_in_words(solved)}",
            *givers_in_words(decision),
            f"costs: {span_in_words(solved.mix.cost)}",
        ]
        if binding := binding_in_words(decision.weighed):
            parts.append(f"binding: {binding}")
        return "; ".join(parts)


def aims_in_words(goals: Sequence[Goal]) -> str:
    """What the goals ask for, in words."""
    each = [f"{goal.label} in at least {percent(goal.confidence)} of worlds" for goal in goals]
    return " and to ".join(each)


def proof_in_words(solved: SolvedMix) -> str:
    """How proven it is: gap and status."""
    return f"gap {100 * solved.gap:.2g} % ({solved.status})"


def givers_in_words(decision: CaseDecision) -> list[str]:
    """From whose stocks, and when all of it fights; or how many cannot come."""
    plan, mix = decision.donors, decision.solved.mix
    if plan is None or mix is None:
        return []
    counts: dict[str, int] = {}
    for gift in plan.gifts:
        counts[gift.holder] = counts.get(gift.holder, 0) + gift.units
    who = ", ".join(f"{name} {number}" for name, number in counts.items()) or "nobody on record"
    nobody = sum(number for kind, number in mix.added.items() if kind not in plan.added)
    short = sum(plan.unmet.values()) + nobody
    if short:
        who += f" ({short} of {sum(mix.added.values())} cannot come within {plan.months} months)"
    when = "none" if short or plan.last is None else f"{plan.last:%B %Y}"
    if short and plan.last is not None:
        when = f"none for all; {plan.last:%B %Y} for those that come"
    return [f"from: {who}", f"first full month: {when}"]


def binding_in_words(weighed: Weighed) -> str:
    """Which goals hold which part of the mix."""
    by_goals: dict[tuple[str, ...], list[str]] = {}
    for thing, goals in weighed.binding.items():
        if goals:
            by_goals.setdefault(goals, []).append("rounds" if thing == "rounds" else kind_name(thing))
    return "; ".join(f"{' and '.join(goals)} ({', '.join(things)})" for goals, things in by_goals.items())


def money(amount: float) -> str:
    """Write USD million as people do."""
    return f"USD {amount / BILLION:,.1f} billion" if amount >= BILLION else f"USD {amount:,.0f} million"


def span_in_words(span: Span) -> str:
    """Write a span of USD million."""
    low, best, high = (float(end or 0.0) for end in (span.low, span.best, span.high))
    scale, word = (BILLION, "billion") if best >= BILLION else (1.0, "million")
    digits = 1 if scale > 1 else 0
    return f"USD {best / scale:,.{digits}f} ({low / scale:,.{digits}f}–{high / scale:,.{digits}f}) {word}"


@checked_arguments
@one_blas_thread
def cheapest(  # noqa: PLR0913 - the question, what may be bought, and how to compute
    scenario: Scenario,
    calibration: Calibration,
    *,
    goals: Sequence[Goal] | None = None,
    kinds: Sequence[str] | None = None,
    limits: Mapping[str, int] | None = None,
    budget: float | None = None,
    by: By = "cost",
    seconds: float = SEARCH_SECONDS,
    seed: int = 1,
    case: EvidenceCase = "posted",
    effort: Effort | None = None,
) -> SolvedMix:
    """Find the cheapest mix of kinds and rounds that meets a set of goals, each with its confidence, with a bound.

    Parameters
    ----------
    goals
        All to be met; None: those of `decision_goals`.
    kinds, limits
        Kinds that may be bought; kind to the most of it. Left out: the scenario's largest number, or a third of it for
        kinds that do nothing for the first goal.
    budget
        The most that may be spent [USD million]; None: no limit.
    by
        "cost", or "units": the fewest fire units, with the scenario's rounds.
    seconds
        Time to search, once worlds and sites are there, after which the best mix so far is given with its gap; Ctrl-C
        does the same.
    seed, case, effort
        As in `sufficiency`; the same seed gives the same worlds.

    Returns
    -------
        The mix, and what none of the same orders of sites within the limits can cost less than.

    Raises
    ------
    InputError
        A goal, kind, limit or budget that is none, a kind without a price or of no use for the goals: all at once.
    InfeasibleError
        No mix within the limits, or the budget, meets the goals; the message has the nearest that does.
    """
    question = decision_question(scenario, goals, kinds, limits, by=by, budget=budget)
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=(case,))
    scores = MixScores(study, case, question.goals, question.limits, question.rounds)
    scores.prepare()
    return solve_mix(question, Shares(question, scores), seconds=seconds)


@checked_arguments
@one_blas_thread
def decide(  # noqa: PLR0913 - the question, what may be bought, and how to compute
    scenario: Scenario,
    calibration: Calibration,
    *,
    goals: Sequence[Goal] | None = None,
    kinds: Sequence[str] | None = None,
    limits: Mapping[str, int] | None = None,
    budget: float | None = None,
    by: By = "cost",
    seconds: float = SEARCH_SECONDS,
    seed: int = 1,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> MixDecision:
    """Decide: the cheapest mix in each evidence case, with all that it hangs on.

    Parameters
    ----------
    goals, kinds, limits, budget, by, seconds, seed, effort
        As in `cheapest`.
    cases
        Evidence cases; never averaged.
    progress
        Called with what is being done, steps done and steps in all.

    Raises
    ------
    InputError, InfeasibleError
        As `cheapest`.
    EvidenceError
        A number of the scenario has no source; the record is impossible in every world.
    """
    question = decision_question(scenario, goals, kinds, limits, by=by, budget=budget)
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    used = {row.label: row for row in (*question.rows, scenario.catalogue.model("paid_months"))}
    begun: dict[EvidenceCase, _Begun] = {}
    refused, until = dict[EvidenceCase, str](), 0.0
    for case in cases:
        scores = MixScores(study, case, question.goals, question.limits, question.rounds)
        scores.prepare()
        until = until or time.perf_counter() + seconds
        study.tell(f"{case}: the cheapest mix", 0, 1)
        shares = Shares(question, scores, like=next((each.shares for each in begun.values()), None))
        left = max(_PART_LEAST * seconds, until - time.perf_counter())
        try:
            solved = solve_mix(question, shares, seconds=left, ease=len(cases) == 1)
        except InfeasibleError as error:
            refused[case] = str(error)
            solved = SolvedMix(None, np.inf, 0.0, str(error), interrupted=False, slack=0.0, scored=0)
        begun[case] = _Begun(scores, shares, solved)
        if solved.interrupted:
            break
    if len(refused) == len(cases):
        raise InfeasibleError("; ".join(f"{case}: {reason}" for case, reason in refused.items()))
    until = max(until, time.perf_counter() + _PART_LEAST * seconds)
    decisions: dict[EvidenceCase, CaseDecision] = {}
    for case, each in begun.items():
        left = max(1.0, until - time.perf_counter()) / (len(begun) - len(decisions))
        try:
            decisions[case] = _decide_case(each, left)
        except KeyboardInterrupt:  # the mixes and what is proven of them stand
            decisions |= {other: _only_solved(one) for other, one in begun.items() if other not in decisions}
            break
        used |= {row.label: row for row in study.worlds(case, whole=True).parameters}
        ahead = decisions[case].ahead
        used |= {row.label: row for row in (ahead.parameters if ahead is not None else ())}
    parameters = tuple(used[label] for label in sorted(used))
    decision = MixDecision(
        scenario=scenario,
        calibration=calibration,
        seed=seed,
        cases=FrozenDict(decisions),
        places=study.theatre.places,
        parameters=parameters,
        evidence=gather(scenario, parameters),
        provenance=study.provenance,
    )
    return replace(decision, evidence=gather(scenario, (*parameters, *decision.holder_rows), decision.told))


def decision_question(
    scenario: Scenario,
    goals: Sequence[Goal] | None,
    kinds: Sequence[str] | None,
    limits: Mapping[str, int] | None,
    *,
    by: By = "cost",
    budget: float | None = None,
) -> MixQuestion:
    """Make the question of what a user names, and of what stands where he names nothing."""
    chosen = tuple(goals) if goals is not None else decision_goals(scenario)
    named = kinds if kinds is not None else tuple(limits or DECISION_KINDS)
    most = {kind: _most_of(scenario, chosen, kind) for kind in named} | dict(limits or {})
    met = scenario.kinds.met
    unknown = [kind for kind in most if kind not in met]
    if unknown:
        raise InputError("kinds", [f"found {kind!r}; allowed are {', '.join(met)}" for kind in unknown])
    unhelpful = [kind for kind in most if not any(helpful(goal, [kind], met) for goal in chosen)]
    faults = [f"{kind}: protects nothing that the goals count; leave it out" for kind in unhelpful]
    try:
        question = ask_mix(scenario, chosen, most, by=by, budget=budget)
    except InputError as error:
        raise InputError(error.where, [*error.faults, *faults]) from None
    if faults:
        raise InputError("cheapest mix", faults)
    return question


def _most_of(scenario: Scenario, goals: Sequence[Goal], kind: str) -> int:
    """The most of a kind that is looked at where nobody says: a part of the scenario's number for kinds of later goals.

    Their sites take long to choose, and fewer of them do: each covers an area, and not a place.
    """
    first = bool(goals) and bool(helpful(goals[0], [kind], scenario.kinds.met))
    return scenario.added_max if first else max(1, scenario.added_max // _LATER_PART)


def decision_goals(scenario: Scenario) -> tuple[Goal, ...]:
    """What is asked where nothing is named: the headline's goal, and the same of cruise missiles."""
    return goals_named(scenario, [scenario.headline.name, *(name for name in _ALSO if name in METRICS)])


@checked_arguments
def goals_named(scenario: Scenario, names: Sequence[str]) -> tuple[Goal, ...]:
    """Goals by name: the scenario's own, or metrics, which are then to fall as far and as surely as the headline's.

    Raises
    ------
    InputError
        A name is neither; each is named.
    """
    own = {goal.name: goal for goal in scenario.goals}
    known = [*own, *(name for name, metric in METRICS.items() if not metric.is_count)]
    faults = [f"found {name.strip()!r}; allowed are {', '.join(known)}" for name in names if name.strip() not in known]
    if faults:
        raise InputError("goals", faults)
    return tuple(own[name] if name in own else scenario.goal_of(name, name) for name in map(str.strip, names))


def _decide_case(begun: _Begun, seconds: float) -> CaseDecision:
    scores, study, case = begun.scores, begun.scores.study, begun.scores.case
    weighed = weigh_mix(
        begun.shares, begun.solved, scores.unknowns(), seconds=seconds, seed=study.seed,
        tell=lambda what: study.tell(f"{case}: {what}", 0, 1),
    )  # fmt: skip
    mix = weighed.solved.mix
    if mix is None or weighed.solved.interrupted:
        return CaseDecision(case, weighed, (), (), (), None)
    plan = scores.laydown(mix.added)
    donors = study.once(("donors", tuple(mix.added.items())), lambda: _donors(study.scenario, mix))
    return CaseDecision(
        case=case,
        weighed=weighed,
        stands=stands(study.worlds(case, scores.goals[0]), plan),
        gains=_gains_in_order(scores, mix),
        averted=tuple(_averted(scores, mix)),
        donors=donors,
        ahead=look_ahead(study, case, scores.goals, plan, mix.rounds, donors),
    )


def _only_solved(begun: _Begun) -> CaseDecision:
    """A case in which the user waited for no more than the mix."""
    solved = replace(begun.solved, interrupted=True)
    return CaseDecision(begun.scores.case, not_weighed(begun.shares.question, solved), (), (), (), None)


def _gains_in_order(scores: MixScores, mix: Mix) -> tuple[float, ...]:
    """By how much each unit of the plan, in order, lowers the mean of what remains of the goal it is sited for."""
    by_goal: dict[str, list[float]] = {}
    for goal in scores.goals:
        plan = scores.laydown(mix.added, goal)
        left = scores.remaining(goal, plan, mix.rounds).mean(axis=0)
        by_goal[goal.name] = (-np.diff(left)).tolist()
    gains: list[float] = []
    for kind, number in mix.added.items():
        goal = scores.sited_for(kind)
        order = scores.laydown(mix.added, goal).kinds
        first = order.index(kind)
        gains += by_goal[goal.name][first : first + number]
    return tuple(gains)


def _averted(scores: MixScores, mix: Mix) -> list[Averted]:
    """Strikes averted, by goal of strikes; of goals with one metric the first."""
    averted: list[Averted] = []
    for metric in dict.fromkeys(goal.metric for goal in scores.goals if goal.metric.endswith(_STRIKES)):
        goal = next(goal for goal in scores.goals if goal.metric == metric)
        averted.append(Averted(goal.name, *scores.averted(goal, scores.laydown(mix.added, goal), mix.rounds)))
    return averted


def _donors(scenario: Scenario, mix: Mix) -> DonorPlan | None:
    """Who gives the units of a mix, as many as can be given in time."""
    held = {holder.system for holder in read_holders(scenario.month.last, catalogue=scenario.catalogue)}
    asked = {kind: number for kind, number in mix.added.items() if kind in held}
    return as_many_as_can(scenario, added=asked) if asked else None
