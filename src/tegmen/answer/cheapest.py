"""The cheapest mix of kinds and rounds that meets a set of goals, each with its confidence, and how proven it is.

A mix is a point of a lattice: how many fire units of each kind, and which amount of rounds a month. What it costs adds
up over them; in what share of worlds it meets the goals is worked out on the worlds of the answer, with the units of
every kind in one order of sites for all goals. The proof is over all mixes of those orders within the limits.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.lattice import POINTS_MOST, Found, Point, Reach, cheapest_point, least_level
from tegmen.answer.results import percent
from tegmen.errors import InfeasibleError, InputError
from tegmen.evidence.catalogue import kind_name
from tegmen.evidence.costs import Cost, Item, costs_of
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import FrozenDict, Span, ThreatClass

if TYPE_CHECKING:
    from tegmen.evidence.catalogue import Catalogue
    from tegmen.evidence.parameters import Parameter
    from tegmen.terms import Floats

By = Literal["cost", "units"]
_MET = 1e-12
"""A share of worlds that falls short of the confidence by less meets it."""
_LIMIT_MOST = 500
"""More units than this of one kind are no question."""
_EASED = 4
"""How many times as high a limit is raised at most, to see whether it is the one that binds."""


class Scoring(Protocol):
    """In which worlds a mix meets each goal."""

    def met(self, at: int, added: Mapping[str, int], rounds: float) -> NDArray[np.bool_]:
        """(w,) whether the mix meets a goal, by its place in the list, in each of its worlds."""
        ...

    def error(self, goal: int, share: float) -> float:
        """Monte Carlo standard error of a share of the worlds of a goal, by its place in the list."""
        ...


@dataclass(frozen=True, slots=True)
class MixQuestion:
    """What is asked: goals, what may be bought, and what it costs.

    Parameters
    ----------
    goals
        Goals, all to be met, each in as large a share of worlds as it asks.
    limits
        Kind to the most of it that may be added; the kinds are those that may be bought.
    rounds
        Amounts of rounds a month against ballistic missiles that may be added, ascending from 0.
    months
        Months that rounds are paid for.
    costs
        Of a fire unit of each kind, and of a round where rounds may be added.
    met
        Kind to the classes of threats it meets.
    by
        What is to be as little as can be: the cost, or the number of units (rounds are then free).
    budget
        The most that may be spent [USD million, at best prices]; None: no limit.
    """

    goals: tuple[Goal, ...]
    limits: Mapping[str, int]
    rounds: tuple[float, ...]
    months: float
    costs: Mapping[tuple[str, Item], Cost]
    met: Mapping[str, frozenset[ThreatClass]]
    by: By = "cost"
    budget: float | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that may be bought, in order of the axes."""
        return tuple(self.limits)

    @property
    def round_cost(self) -> Cost | None:
        """What a round a month is paid with; None where none may be added."""
        return next((cost for (_, item), cost in self.costs.items() if item == "round"), None)

    @property
    def rows(self) -> tuple[Parameter, ...]:
        """The rows that costs rest on, each once."""
        return tuple({row.id: row for cost in self.costs.values() for row in cost.rows}.values())

    def prices(self, values: Mapping[str, float] | None = None) -> list[Floats]:
        """(levels,) price of 0, 1, ... of everything, an axis each; rounds last.

        Parameters
        ----------
        values
            Row of a price or a rate, by id, to a value; others are at their best.
        """
        whole = {row.id: row.value for row in self.rows} | dict(values or {})
        axes: list[Floats] = []
        for kind, most in self.limits.items():
            each = 1.0 if self.by == "units" else self.costs[kind, "fire unit"].of(whole)
            axes.append(np.arange(most + 1, dtype=np.float64) * each)
        paid = self.round_cost
        each = 0.0 if paid is None or self.by == "units" else paid.of(whole) * self.months
        return [*axes, np.array(self.rounds, dtype=np.float64) * each]

    def option(self, point: Point) -> tuple[dict[str, int], float]:
        """The kinds and numbers of a point that are bought at all, and its rounds a month."""
        added = {kind: number for kind, number in zip(self.kinds, point, strict=False) if number}
        return added, self.rounds[point[-1]]

    def span(self, point: Point) -> Span:
        """What a point costs with every price at its low end, at its best, and at its high end [USD million]."""
        asked = replace(self, by="cost")
        ends: list[float] = []
        for end in ("low", "best", "high"):
            values = {row.id: float(getattr(row, end)) for row in self.rows}
            ends.append(sum(float(axis[level]) for axis, level in zip(asked.prices(values), point, strict=True)))
        return Span(*ends)


@dataclass(frozen=True, slots=True)
class Mix:
    """So many fire units of each kind, with so many rounds a month.

    Parameters
    ----------
    added
        Kind to number; kinds of which none is bought are left out.
    rounds
        Rounds a month against ballistic missiles that come with them, whole country.
    cost
        Interval arithmetic: every price at its low end, best, and high end [USD million].
    probability, mcse
        Name of a goal to the share of worlds that meet it; its Monte Carlo standard error.
    """

    added: Mapping[str, int]
    rounds: float
    cost: Span
    probability: Mapping[str, float]
    mcse: Mapping[str, float]

    def words(self) -> str:
        """The mix in words."""
        parts = [f"{number} {kind_name(kind)}" for kind, number in self.added.items()]
        with_rounds = f" with {self.rounds:g} rounds a month" if self.rounds else ""
        return (" + ".join(parts) or "nothing") + with_rounds


@dataclass(frozen=True, slots=True)
class SolvedMix:
    """The cheapest mix found, and how far it may be from the cheapest there is.

    Parameters
    ----------
    mix
        None where the search ended before it found any.
    bound
        No mix of the orders of sites used, within the limits, costs less [USD million at best prices, or units].
    gap
        Share of its cost that a cheaper one could save at most.
    status
        In words: proven, or within what of the cheapest, and why the search ended.
    interrupted
        Whether the user ended it.
    slack
        Share of worlds by which more than what is enough may fall short, as was seen; the proof allows for it.
    scored
        Mixes scored.
    seconds
        How long it took; not part of what is compared.
    """

    mix: Mix | None
    bound: float
    gap: float
    status: str
    interrupted: bool
    slack: float
    scored: int
    seconds: float = field(default=0.0, compare=False)


class Shares:
    """In what share of worlds points meet each goal; kept, so that other prices, goals or worlds ask nothing twice.

    Parameters
    ----------
    question, scoring
        What is asked; what says in which worlds a mix meets the goals.
    inside
        (w,) for each goal which of its worlds count; None: all of them.
    like
        Shares of the same question in other worlds, to begin guesses with.
    """

    def __init__(
        self,
        question: MixQuestion,
        scoring: Scoring,
        inside: Sequence[NDArray[np.bool_] | None] | None = None,
        like: Shares | None = None,
    ) -> None:
        self.question, self.scoring, self.like = question, scoring, like
        self.inside = inside or [None] * len(question.goals)
        self.reaches = [self._reach(at) for at in range(len(question.goals))]

    def of(self, goal: int, point: Point) -> float:
        """Share of the worlds of a goal, by its place in the list."""
        reach = self.reaches[goal]
        return reach.at(reach.own(point))

    def at(self, point: Point) -> Floats:
        """(g,) share of worlds."""
        return np.array([self.of(at, point) for at in range(len(self.question.goals))])

    def asked(self, wanted: Mapping[str, float] | None = None, ease: float = 0.0) -> list[tuple[Reach, float]]:
        """Goals with the share of worlds asked of each.

        Parameters
        ----------
        wanted
            Name of a goal to the share of worlds asked; of goals left out nothing is. None: each goal's own confidence.
        ease
            Number of Monte Carlo standard errors by which less than the confidence is enough, or more is asked (< 0).
        """
        asked: list[tuple[Reach, float]] = []
        for at, goal in enumerate(self.question.goals):
            share = goal.confidence if wanted is None else wanted.get(goal.name)
            if share is not None:
                asked.append((self.reaches[at], share - ease * self.scoring.error(at, share) - _MET))
        return asked

    def _reach(self, at: int) -> Reach:
        goal, question, inside = self.question.goals[at], self.question, self.inside[at]
        if self.like and self.like.scoring is self.scoring and inside is None and self.like.inside[at] is None:
            return self.like.reaches[at]
        able = helpful(goal, question.kinds, question.met)
        axes = [axis for axis, kind in enumerate(question.kinds) if kind in able]
        if counts_rounds(goal):
            axes.append(len(question.kinds))

        def share(own: Point) -> float:
            point = dict(zip(axes, own, strict=True))
            whole = tuple(point.get(axis, 0) for axis in range(len(question.kinds) + 1))
            met = self.scoring.met(at, *question.option(whole))
            return float((met if inside is None else met[inside]).mean())

        return Reach(share, tuple(axes), slow=goal.measure.area, like=self.like and self.like.reaches[at])

    def mix(self, point: Point) -> Mix:
        """The mix of a point."""
        added, rounds = self.question.option(point)
        shares = dict(zip((goal.name for goal in self.question.goals), self.at(point).tolist(), strict=True))
        errors = {name: self.scoring.error(at, shares[name]) for at, name in enumerate(shares)}
        return Mix(FrozenDict(added), rounds, self.question.span(point), FrozenDict(shares), FrozenDict(errors))


def ask_mix(
    scenario: Scenario,
    goals: Sequence[Goal],
    limits: Mapping[str, int],
    *,
    by: By = "cost",
    budget: float | None = None,
) -> MixQuestion:
    """Make the question of a scenario, its goals, and what may be bought.

    Raises
    ------
    InputError
        No goal or kind, a goal twice, a limit or a budget that is none, a kind without a price: all at once.
    """
    faults = [f"limits: found {most!r} of {kind}; give a whole number from 0 to {_LIMIT_MOST}"
              for kind, most in limits.items() if type(most) is not int or not 0 <= most <= _LIMIT_MOST]  # fmt: skip
    names = [goal.name for goal in goals]
    faults += [f"goals: found {name} twice; give each once" for name in dict.fromkeys(names) if names.count(name) > 1]
    if not goals:
        faults.append("goals: found none; name at least one")
    if not limits:
        faults.append("kinds: found none; name at least one")
    rounds = _amounts(scenario, by)
    points = np.prod([float(most) + 1 for most in limits.values() if type(most) is int] + [len(rounds)])
    if points > POINTS_MOST:
        faults.append(
            f"limits: they allow {points:,.0f} mixes, at most {POINTS_MOST:,} are weighed; name fewer kinds, or lower "
            "limits such as nasams=5"
        )
    if budget is not None and not 0 <= budget < np.inf:
        faults.append(f"budget: found {budget!r}; give USD million, 0 or more")
    shooters = [kind for kind in limits if kind in scenario.kinds.meeting(ThreatClass.ballistic)]
    wanted: list[tuple[str, Item]] = [
        *((kind, "fire unit") for kind in limits),
        *((kind, "round") for kind in shooters),
    ]
    costs: dict[tuple[str, Item], Cost] = {}
    try:
        costs = costs_of(scenario.catalogue, wanted)
    except InputError as error:
        faults += [f"costs: {fault}" for fault in error.faults]
    if faults:
        raise InputError("cheapest mix", faults)
    return MixQuestion(
        goals=tuple(goals),
        limits=FrozenDict(limits),
        rounds=rounds if shooters else (0.0,),
        months=_paid_months(scenario.catalogue),
        costs=FrozenDict(_with_dearest_round(costs)),
        met=scenario.kinds.met,
        by=by,
        budget=budget,
    )


def _amounts(scenario: Scenario, by: By) -> tuple[float, ...]:
    """Rounds a month that may be added: those of the frontier; where units alone count those of the headline."""
    return (scenario.added_rounds.value,) if by == "units" else tuple(sorted({0.0, *scenario.frontier_rounds}))


def _paid_months(catalogue: Catalogue) -> float:
    return catalogue.model("paid_months").constant


def _with_dearest_round(costs: Mapping[tuple[str, Item], Cost]) -> dict[tuple[str, Item], Cost]:
    """Rounds are one pool for all kinds, so they are paid at the price of the dearest that may be bought."""
    rounds = [(key, cost) for key, cost in costs.items() if key[1] == "round"]
    dearest = max(rounds, key=lambda pair: pair[1].best, default=None)
    return {key: cost for key, cost in costs.items() if key[1] != "round"} | dict([dearest] if dearest else [])


def solve_mix(
    question: MixQuestion, shares: Shares, *, seconds: float = 60.0, gap: float = 0.0, ease: bool = True
) -> SolvedMix:
    """Find the cheapest mix.

    Parameters
    ----------
    seconds, gap
        Time, and share of the cost, at which the search may end; an interrupt ends it too, with the best so far.
    ease
        Whether the time left is used to find out which higher limits would do, where none within the limits does.

    Raises
    ------
    InfeasibleError
        No mix within the limits, or the budget, meets the goals: the message names them and the nearest that does.
    """
    prices = question.prices()
    most = np.inf if question.budget is None or question.by == "units" else question.budget
    found = cheapest_point(prices, shares.asked(), most=most, seconds=seconds, gap=gap)
    if found.point is None and not found.stopped:
        left = seconds - found.seconds if ease else 0.0
        raise InfeasibleError(_why_not(question, shares, time.perf_counter() + left))
    return SolvedMix(
        mix=None if found.point is None else shares.mix(found.point),
        bound=found.bound,
        gap=found.gap,
        status=_proof_words(found),
        interrupted=found.stopped == "interrupted",
        slack=found.slack,
        scored=found.scored,
        seconds=found.seconds,
    )


def _proof_words(found: Found) -> str:
    ended = {"": "", "time": "; the time was up", "interrupted": "; interrupted"}[found.stopped]
    if found.point is None:
        return f"none found{ended}"
    how = "proven cheapest" if found.proven else f"within {100 * found.gap:.2g} % of the cheapest"
    return how + ended


def _why_not(question: MixQuestion, shares: Shares, until: float) -> str:
    """Name the limits that bind and the nearest that is feasible, as far as the time goes."""
    top = tuple(len(price) - 1 for price in question.prices())
    short = [
        f"{goal.name} in {percent(share)} of worlds, {percent(goal.confidence)} asked"
        for goal, share in zip(question.goals, shares.at(top).tolist(), strict=True)
        if share < goal.confidence - _MET
    ]
    limits = ", ".join(f"{kind} {most}" for kind, most in question.limits.items())
    if short:
        return (
            f"no mix meets the goals within the limits ({limits}; {question.rounds[-1]:g} rounds a month): all of it "
            f"together meets {'; '.join(short)}; nearest feasible: {_eased(question, shares, until)}"
        )
    free = replace(question, budget=None)
    solved = solve_mix(free, shares, seconds=max(1.0, until - time.perf_counter()))
    if solved.mix is None:
        return f"no mix meets the goals within the budget of USD {question.budget:,.0f} million"
    return (
        f"no mix meets the goals within the budget of USD {question.budget:,.0f} million: none costs less than USD "
        f"{solved.bound:,.0f} million; nearest feasible: {solved.mix.words()}, USD {solved.mix.cost.best:,.0f} million"
    )


def _eased(question: MixQuestion, shares: Shares, until: float) -> str:
    """The least by which a limit, raised alone, makes the goals feasible; else all together; else what can be had."""
    top = tuple(len(price) - 1 for price in question.prices())
    reached = ", ".join(
        f"{goal.name} at a confidence of {percent(share)}"
        for goal, share in zip(question.goals, shares.at(top).tolist(), strict=True)
    )

    def feasible(limits: Mapping[str, int]) -> bool:
        wider = Shares(replace(question, limits=FrozenDict(limits)), shares.scoring, shares.inside)
        top = (*limits.values(), len(question.rounds) - 1)
        return all(reach.at(reach.own(top)) >= least for reach, least in wider.asked())

    most = {kind: min(_LIMIT_MOST, _EASED * max(limit, 1)) for kind, limit in question.limits.items()}
    ways: list[str] = []
    for kind, limit in question.limits.items():
        if time.perf_counter() > until:
            break
        if feasible({**question.limits, kind: most[kind]}):
            enough = least_level(limit, most[kind], lambda each, kind=kind: feasible({**question.limits, kind: each}))
            ways.append(f"{kind} up to {enough}")
    if ways:
        return f"with {', or '.join(ways)}, the goals can be met"
    if time.perf_counter() > until:
        return reached
    if feasible(most):
        return f"with all limits {_EASED} times as high the goals can be met"
    return f"{reached}; limits {_EASED} times as high do not meet the goals either"


def helpful(goal: Goal, kinds: Iterable[str], met: Mapping[str, frozenset[ThreatClass]]) -> list[str]:
    """Those of the kinds that meet what a goal counts; `met` is kind to the classes it meets."""
    return [kind for kind in kinds if met.get(kind, frozenset()) & goal.measure.met]


def counts_rounds(goal: Goal) -> bool:
    """Whether rounds against ballistic missiles bear on a goal."""
    return ThreatClass.ballistic in goal.measure.classes
