"""A claim made in public, put to the test: in what share of worlds it is true, and what would have to hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import ValidationError

from tegmen.answer.results import open_text, percent
from tegmen.answer.study import Effort, begin_study, is_met, share_error, smallest_enough
from tegmen.answer.sufficiency import open_range, remaining_for
from tegmen.calibration.fit import Calibration
from tegmen.errors import InputError, checked_arguments, visible
from tegmen.evidence.catalogue import kind_name
from tegmen.question.scenario import Goal, Scenario, faults_of
from tegmen.question.sentence import Said, read_sentence
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, Progress, one_blas_thread

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


EXAMPLES = (
    "25 Patriot systems cover the whole country",
    "7 Patriots would halve the ballistic strikes",
    "ten SAMP/T batteries cut strikes by 30 %",
)
_WORLDS_LEAST = 20
_CUTS = np.linspace(0.05, 0.95, 19)
_CONDITIONS = 3
_SAME = 1e-9
_BEYOND_NOISE = 4.0
"""Standard errors by which a side of a cut must differ from the other: the best of thousands of cuts would reach three
by luck."""


@dataclass(frozen=True, slots=True)
class PublicClaim:
    """A claim as it is read.

    Parameters
    ----------
    words
        The claim as given.
    system, low, high
        Which fire units, and how many of them are added (a range where the words give one).
    goals
        What they are said to achieve; every goal of the scenario where the words name none.
    denied
        Whether it is said that they are not enough.
    reading
        How the words were read, for the reader to object to.
    """

    words: str
    system: str
    low: int
    high: int
    goals: tuple[Goal, ...]
    denied: bool
    reading: str


@dataclass(frozen=True, slots=True)
class GoalCheck:
    """A claim against one goal in one evidence case.

    Parameters
    ----------
    added, probability, mcse
        (n,) the claimed numbers; share of worlds that meet the goal with them; its Monte Carlo standard error.
    delivers
        What the largest claimed number leaves of the metric in as many worlds as the goal asks (share of the
        baseline's; for capitals a count).
    enough, n_interval
        Smallest number that is enough, None where none up to the scenario's largest is; the numbers that sampling
        leaves open, as in `GoalAnswer`. Both are those of the answer, wherever it has this goal and this system.
    denied
        Whether the claim is that they are not enough.
    """

    case: EvidenceCase
    goal: Goal
    added: tuple[int, ...]
    probability: tuple[float, ...]
    mcse: tuple[float, ...]
    delivers: float
    enough: int | None
    n_interval: tuple[int, int | None]
    denied: bool = False

    @property
    def verdict(self) -> str:
        """Holds, does not hold, or not resolved by sampling: of the claim, at the largest claimed number."""
        low, high = self.n_interval
        surely, possibly = high is not None and self.added[-1] >= high, self.added[-1] >= low
        if surely != possibly:
            return "not resolved"
        return "holds" if surely != self.denied else "does not hold"


@dataclass(frozen=True, slots=True)
class Condition:
    """One unknown that would make the claim true: with it on this side, enough worlds meet the goal."""

    case: EvidenceCase
    goal: str
    unknown: str
    side: str
    value: float
    worlds: float
    probability: float


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """A claim checked: against its goal (or every goal), in both evidence cases; never averaged."""

    claim: PublicClaim
    scenario: Scenario
    checks: tuple[GoalCheck, ...]
    conditions: tuple[Condition, ...]
    worlds: int

    def sentences(self) -> list[str]:
        """The findings in plain words, one a line."""
        lines = [f"read as: {self.claim.reading}", *map(self._finding, self.checks)]
        return lines + self._what_would_have_to_hold()

    def _finding(self, check: GoalCheck) -> str:
        shares = " to ".join(dict.fromkeys(percent(p) for p in check.probability))
        error, asked = percent(2 * check.mcse[-1]), percent(check.goal.confidence)
        much = check.goal.measure.words_for_left(check.delivers, percent)
        need = f"no number up to {self.scenario.added_max} is enough"
        if check.enough is not None:
            need = f"{check.enough} would be enough"
        low, high = check.n_interval
        if low != high:
            need += f" (sampling leaves {open_text(check.n_interval, self.scenario.added_max)})"
        return (
            f"{check.case}, to {check.goal.label}: {check.verdict}: enough in {shares} of worlds (± {error}), {asked} "
            f"asked; {need}; in {asked} of worlds at most {much}"
        )

    def _what_would_have_to_hold(self) -> list[str]:
        lines = [
            f"{held.case}, {held.goal}: it would hold if {held.unknown} were {held.side} {held.value:.3g} "
            f"({percent(held.worlds)} of worlds; true in {percent(held.probability)} of those)"
            for held in self.conditions
        ]
        known = {(held.case, held.goal) for held in self.conditions}
        return lines + [
            f"{check.case}, {check.goal.name}: no single unknown would make it hold"
            for check in self.checks
            if asks_what_would_help(self.claim, check) and (check.case, check.goal.name) not in known
        ]

    def to_pandas(self) -> pd.DataFrame:
        """One row a case, goal and claimed number."""
        return pd.DataFrame(
            [
                {"case": check.case, "goal": check.goal.name, "added": added, "P": p, "± 2 errors": 2 * e,
                 "verdict": check.verdict, "enough": "none" if check.enough is None else check.enough,
                 "range": open_text(check.n_interval, self.scenario.added_max)}
                for check in self.checks
                for added, p, e in zip(check.added, check.probability, check.mcse, strict=True)
            ]
        )  # fmt: skip


# ---------------------------------------------------------------- reading


@checked_arguments
def read_claim(words: str, scenario: Scenario, *, goal: Goal | None = None) -> PublicClaim:
    """Read a claim whole: how many of which fire units are enough for what, or are not; or refuse it.

    Parameters
    ----------
    goal
        What to test it against where its words name nothing to be reached.

    Raises
    ------
    InputError
        A word of it is not accounted for, or it says something else than that so many are enough; the message names
        what is left over and has examples. Or a goal is given, and the words name one.
    """
    try:
        said = read_sentence(words)
    except InputError as error:
        raise _unread(words, error.faults) from None
    month = scenario.month
    if said.month is not None and not month.first <= said.month <= month.last:
        raise _unread(words, [f"month: found {said.month:%B %Y}; {scenario.name} asks about {month}"])
    reading = f" Read: {'; '.join(said.loosely)}." if said.loosely else ""
    try:
        goals = goals_said(said, scenario)
    except InputError as error:
        raise _unread(words, error.faults) from None
    if goal is not None:
        if said.metric:
            raise _unread(
                words, [f"goal: found {goal.name}, and the words name one: {goals[0].label}; give one of them"]
            )
        goals = tuple(each for each in goals if each.name == goal.name) or (goal,)
    return _claim(said, goals, scenario, (words, reading))


@checked_arguments
def claim_of(
    system: str, low: int, high: int, goal: Goal | None, scenario: Scenario, *, words: str = ""
) -> PublicClaim:
    """Make a claim of its parts; without a goal, every goal of the scenario is tested.

    Raises
    ------
    InputError
        The system cannot be added, or the numbers are out of order or beyond the scenario's largest.
    """
    said = Said(system, low, high, "", None, None, None, None, denied=False)
    return _claim(said, (goal,) if goal else scenario.goals, scenario, (words, ""))


@checked_arguments
def parse_added(text: str) -> tuple[str, int, int]:
    """Read "patriot=7", or "patriot=5-7": the system, the lowest and the highest number.

    Raises
    ------
    InputError
        It is neither.
    """
    found = re.fullmatch(r"([a-z_]+)=([0-9]{1,4})(?:-([0-9]{1,4}))?", text.strip())
    if found is None:
        raise InputError("--added", [f"found {ascii(text)[:60]}; give SYSTEM=NUMBER such as patriot=7, or patriot=5-7"])
    system, low, high = found.groups()
    return system, int(low), int(high or low)


def _claim(said: Said, goals: tuple[Goal, ...], scenario: Scenario, text: tuple[str, str]) -> PublicClaim:
    words, notes = text
    system, low, high = said.system, said.low, said.high
    faults: list[str] = []
    kinds = scenario.kinds.meeting(*(cls for goal in goals for cls in goal.measure.met))
    if system not in kinds:
        faults.append(f"system: found {system!r}; allowed: {', '.join(kinds)}")
    if not 0 <= low <= high <= scenario.added_max:
        faults.append(f"number: found {low} to {high}; allowed: 0 to {scenario.added_max} (the scenario's added_max)")
    if faults:
        raise _unread(words, faults)
    number = str(low) if low == high else f"{low} to {high}"
    aim = " or to ".join(f"{goal.label} in at least {percent(goal.confidence)} of worlds" for goal in goals)
    if len(goals) > 1:
        aim = f"reach each goal of the question in turn ({', '.join(goal.name for goal in goals)})"
    are = "are not" if said.denied else "are"
    reading = f"{number} {kind_name(system)} fire units, added to what there is, {are} enough to {aim}.{notes}"
    return PublicClaim(words or reading, system, low, high, goals, said.denied, reading)


def _unread(words: str, faults: Sequence[str]) -> InputError:
    examples = "; ".join(f"“{example}”" for example in EXAMPLES)
    return InputError(f"claim {visible(words)[:200]!r}", [*faults, f"claims that can be read: {examples}"])


def goals_said(said: Said, scenario: Scenario) -> tuple[Goal, ...]:
    """The goals a claim is about: the scenario's own, or made of its own where the words ask for other numbers."""
    if not said.metric:
        sure = {} if said.confidence is None else {"confidence": said.confidence}
        return tuple(goal.model_copy(update=sure) if sure else goal for goal in scenario.goals)
    own = [goal for goal in scenario.goals if goal.metric == said.metric]
    like = max(own, key=lambda goal: goal.headline, default=scenario.headline)
    wanted = {
        "threshold": 0.0 if said.left is None else said.left,
        "confidence": like.confidence if said.confidence is None else said.confidence,
        "largest_cities": like.largest_cities if said.cities is None else said.cities,
    }
    for goal in own:
        if all(abs(getattr(goal, name) - value) < _SAME for name, value in wanted.items()):
            return (goal,)
    try:
        return (Goal.model_validate({"name": "claim", "metric": said.metric} | wanted),)
    except ValidationError as error:
        raise InputError("claim", faults_of(error, Goal)) from None


# ---------------------------------------------------------------- testing


@checked_arguments
@one_blas_thread
def check_claim(  # noqa: PLR0913 - the claim, the question, and how to compute
    claim: PublicClaim,
    scenario: Scenario,
    calibration: Calibration,
    *,
    seed: int = 1,
    effort: Effort | None = None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> ClaimCheck:
    """Test a claim on the worlds of a scenario: those that `sufficiency` scores with this seed.

    For a goal of the scenario and the system it adds, probability, number and range are those of the answer.

    Raises
    ------
    EvidenceError
        The record is impossible in every world.
    """
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    checks: list[GoalCheck] = []
    conditions: list[Condition] = []
    for case in cases:
        for goal in claim.goals:
            study.tell(f"{case}: {goal.name}", 0, 1)
            remaining = remaining_for(study, case, goal, (claim.system, scenario.added_max))
            worlds, part = study.worlds(case, goal), slice(len(remaining))
            check = _check_goal(case, goal, claim, remaining, worlds.batch[part])
            checks.append(check)
            if asks_what_would_help(claim, check):
                drawn = {name: values[part] for name, values in worlds.unknowns.items()}
                conditions += conditions_of(case, drawn, goal, remaining[:, claim.high], worlds.batch[part])
    return ClaimCheck(claim, scenario, tuple(checks), tuple(conditions), study.effort.worlds)


def asks_what_would_help(claim: PublicClaim, check: GoalCheck) -> bool:
    """Whether to look for what would make a claim hold: it says that they are enough for one goal, and they are not."""
    asked = len(claim.goals) == 1 or check.goal.headline
    return asked and not claim.denied and check.verdict != "holds"


def _check_goal(case: EvidenceCase, goal: Goal, claim: PublicClaim, remaining: Floats, batch: Ints) -> GoalCheck:
    added = list(dict.fromkeys((claim.low, claim.high)))
    met = is_met(remaining, goal)
    probability, mcse = met.mean(axis=0), share_error(met, batch)
    low, high = open_range(goal, probability, mcse)
    return GoalCheck(
        case=case,
        goal=goal,
        added=tuple(added),
        probability=tuple(probability[added].tolist()),
        mcse=tuple(mcse[added].tolist()),
        delivers=float(np.quantile(remaining[:, claim.high], goal.confidence, method="inverted_cdf")),
        enough=smallest_enough(probability, goal),
        n_interval=(low, high if high < len(probability) else None),
        denied=claim.denied,
    )


def conditions_of(
    case: EvidenceCase, unknowns: Mapping[str, Floats], goal: Goal, remaining: Floats, batch: Ints
) -> list[Condition]:
    """For each unknown the widest one-sided range in which enough worlds meet the goal; the widest few of them.

    An unknown that does not bear on the goal is none: the share that meets it must differ between the two sides of the
    cut by more than noise could make it.

    Parameters
    ----------
    unknowns, remaining
        Unknown to (w,) draws; (w,) what remains of the goal's metric.
    batch
        (w,) number of the batch each world is from.
    """
    met = is_met(remaining, goal)
    ranges: list[Condition] = []
    for name, drawn in unknowns.items():
        for cut in np.unique(np.quantile(drawn, _CUTS)):
            for side, inside in (("at least", drawn >= cut), ("at most", drawn <= cut)):
                worlds, true = int(inside.sum()), int(met[inside].sum())
                few = min(worlds, len(met) - worlds) < _WORLDS_LEAST
                if few or true < goal.confidence * worlds:  # with less than is asked no error need be worked out
                    continue
                share, other = true / worlds, int(met[~inside].sum()) / (len(met) - worlds)
                error, apart = (float(share_error(met[those], batch[those])) for those in (inside, ~inside))
                # One error to spare: the best of many cuts would otherwise owe its place to luck.
                if share - error >= goal.confidence and share - other > _BEYOND_NOISE * np.hypot(error, apart):
                    ranges.append(Condition(case, goal.name, name, side, float(cut), worlds / len(met), share))
    widest = sorted(ranges, key=lambda condition: (-condition.worlds, condition.unknown, condition.side))
    first_of_each = {condition.unknown: condition for condition in reversed(widest)}
    return list(first_of_each.values())[::-1][:_CONDITIONS]
