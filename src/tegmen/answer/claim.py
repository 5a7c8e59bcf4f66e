"""A claim made in public, put to the test: in what share of worlds it is true, and what would have to hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tegmen.answer.estimates import share_error
from tegmen.answer.readings import remaining_of
from tegmen.answer.results import percent
from tegmen.answer.study import Effort, Study, begin_study, met_share, smallest_enough
from tegmen.calibration.fit import Calibration
from tegmen.data import shipped_toml
from tegmen.errors import InputError
from tegmen.evidence.systems import BALLISTIC_SYSTEMS, SYSTEM_NAMES
from tegmen.ledger.entries import Quantity
from tegmen.ledger.reading.quantities import find_counts
from tegmen.ledger.reading.sentences import split_sentences
from tegmen.question.goals import METRICS
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, Progress, one_blas_thread

if TYPE_CHECKING:
    from tegmen.terms import Floats


EXAMPLES = (
    "25 Patriot systems cover the whole country",
    "7 Patriots would halve the ballistic strikes",
    "ten SAMP/T batteries cut strikes by 30 %",
)
_SYSTEM_WORDS = {"patriot": r"\bpatriots?\b", "sampt": r"\bsamp\s?[/-]?\s?t\b|\bmamba\b"}
_UNIT_WORDS = r"\b(systems?|batter(y|ies)|fire units?)\b"
_SHARES = {
    r"\bhal(f|ve|ves|ving)\b": 0.5,
    r"\b(a|one) third\b": 2 / 3,
    r"\btwo[- ]thirds\b": 1 / 3,
    r"\ba quarter\b": 0.75,
}
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s?(?:%|per ?cent\b)")
_SURE = re.compile(r"(?:with|at)\s+(\d{1,2})\s?(?:%|per ?cent)\s+(?:confidence|certainty|probability)")
_WORLDS_LEAST = 20
_CUTS = np.linspace(0.05, 0.95, 19)
_CONDITIONS = 3


@dataclass(frozen=True, slots=True)
class PublicClaim:
    """A claim as it is read.

    Parameters
    ----------
    words
        The claim as given.
    system, low, high
        Which fire units, and how many of them are added (a range where the words give one).
    goal
        What they are said to achieve; None where the words do not say, and every goal of the scenario is tested.
    reading
        How the words were read, for the reader to object to.
    """

    words: str
    system: str
    low: int
    high: int
    goal: Goal | None
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
    enough
        Smallest number that is enough, None where none up to the scenario's largest is.
    """

    case: EvidenceCase
    goal: Goal
    added: tuple[int, ...]
    probability: tuple[float, ...]
    mcse: tuple[float, ...]
    delivers: float
    enough: int | None

    @property
    def verdict(self) -> str:
        """Holds, does not hold, or not resolved by sampling: at the largest claimed number."""
        off, error = self.probability[-1] - self.goal.confidence, 2 * self.mcse[-1]
        return "holds" if off >= error else "does not hold" if off <= -error else "not resolved"


@dataclass(frozen=True, slots=True)
class Condition:
    """One unknown that would make the claim true: with it on this side, enough worlds meet the goal."""

    case: EvidenceCase
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
        lines = [f"read as: {self.claim.reading}"]
        for check in self.checks:
            shares = " to ".join(dict.fromkeys(percent(p) for p in check.probability))
            much = check.goal.measure.words_for_left(check.delivers, percent)
            need = f"{check.enough} would be enough" if check.enough is not None else (
                f"no number up to {self.scenario.added_max} is enough"
            )  # fmt: skip
            lines.append(
                f"{check.case}, to {check.goal.label}: {check.verdict}: true in {shares} of worlds "
                f"(± {percent(2 * check.mcse[-1])}), {percent(check.goal.confidence)} asked; "
                f"{need}; in {percent(check.goal.confidence)} of worlds at most {much}"
            )
        return lines + self._what_would_have_to_hold()

    def _what_would_have_to_hold(self) -> list[str]:
        lines = [
            f"{held.case}: it would hold if {held.unknown} were {held.side} {held.value:.3g} "
            f"({percent(held.worlds)} of worlds; true in {percent(held.probability)} of those)"
            for held in self.conditions
        ]
        bare = {check.case for check in self.checks if check.verdict != "holds"} - {
            held.case for held in self.conditions
        }
        return lines + [f"{case}: no single unknown would make it hold" for case in sorted(bare)]

    def to_pandas(self) -> pd.DataFrame:
        """One row a case, goal and claimed number."""
        return pd.DataFrame(
            [
                {"case": check.case, "goal": check.goal.name, "added": added, "P": p, "± 2 errors": 2 * e,
                 "verdict": check.verdict, "enough": "none" if check.enough is None else check.enough}
                for check in self.checks
                for added, p, e in zip(check.added, check.probability, check.mcse, strict=True)
            ]
        )  # fmt: skip


# ---------------------------------------------------------------- reading


def read_claim(words: str, scenario: Scenario) -> PublicClaim:
    """Read a claim: how many of which fire units, and what they achieve.

    Raises
    ------
    InputError
        It names no number or no system that can be added; the message has examples.
    """
    text = " ".join(words.lower().split())
    systems = [name for name, pattern in _SYSTEM_WORDS.items() if re.search(pattern, text)]
    counted = [stated for stated in _counted(words) if len(systems) == 1]
    faults: list[str] = []
    if len(systems) != 1:
        allowed = ", ".join(SYSTEM_NAMES[name] for name in _SYSTEM_WORDS)
        faults.append(f"found {len(systems)} systems that can be added; name one of {allowed}")
    elif len(counted) != 1:
        faults.append(f"found {len(counted)} numbers of {SYSTEM_NAMES[systems[0]]} units; name one number or one range")
    if faults:
        raise _unread(words, faults)
    stated = counted[0]
    values = [value for value in (stated.low, stated.best, stated.high) if value is not None]
    return claim_of(systems[0], int(min(values)), int(max(values)), _goal(text, scenario), scenario, words=words)


def claim_of(
    system: str, low: int, high: int, goal: Goal | None, scenario: Scenario, *, words: str = ""
) -> PublicClaim:
    """Make a claim of its parts.

    Raises
    ------
    InputError
        The system cannot be added, or the numbers are out of order or beyond the scenario's largest.
    """
    faults: list[str] = []
    if system not in BALLISTIC_SYSTEMS:
        faults.append(f"system: found {system!r}; allowed: {', '.join(BALLISTIC_SYSTEMS)}")
    if not 0 <= low <= high <= scenario.added_max:
        faults.append(f"number: found {low} to {high}; allowed: 0 to {scenario.added_max} (the scenario's added_max)")
    if faults:
        raise _unread(words, faults)
    number = str(low) if low == high else f"{low} to {high}"
    aim = goal.label if goal else "reach each goal of the scenario in turn (the words name none)"
    reading = f"{number} {SYSTEM_NAMES[system]} fire units, added to what there is, are enough to {aim}"
    return PublicClaim(words or reading, system, low, high, goal, reading)


def _counted(words: str) -> list[Quantity]:
    """The numbers of fire units in a claim, read as articles are read."""
    tokens = [token for sentence in split_sentences(words) for token in sentence.tokens]
    counts = find_counts(tokens, [False] * len(tokens))
    units = "|".join((*_SYSTEM_WORDS.values(), _UNIT_WORDS))
    return [count.quantity for count in counts if count.quantity and re.search(units, count.thing.lower())]


def _unread(words: str, faults: Sequence[str]) -> InputError:
    examples = "; ".join(f"“{example}”" for example in EXAMPLES)
    return InputError(f"claim {words!r}", [*faults, f"claims that can be read: {examples}"])


def _goal(text: str, scenario: Scenario) -> Goal | None:
    """The goal that the words name; its confidence is the headline's unless they name one."""
    sure = _SURE.search(text)
    if sure:
        text = text.replace(sure.group(0), " ")
    share = _share_left(text)
    for meaning in shipped_toml("method", "meanings.toml")["meaning"]:
        if any(re.search(words, text) for words in meaning["words"]):
            metric: str = meaning["metric"]
            left = float(meaning["threshold"]) if METRICS[metric].is_count or share is None else share
            label = meaning["label"].replace("the share named", f"{percent(left)} of the baseline's")
            confidence = float(sure.group(1)) / 100 if sure else scenario.headline.confidence
            return Goal(name="claim", label=label, metric=metric, threshold=left, confidence=confidence)
    return None


def _share_left(text: str) -> float | None:
    """The share of the metric a claim leaves, "cut by 30 %" being 0.7."""
    share = _PERCENT.search(text)
    if share and 0 < float(share.group(1)) <= 100:
        return 1 - float(share.group(1)) / 100
    return next((left for words, left in _SHARES.items() if re.search(words, text)), None)


# ---------------------------------------------------------------- testing


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

    Raises
    ------
    EvidenceError
        The record is impossible in every world.
    """
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    checks: list[GoalCheck] = []
    conditions: list[Condition] = []
    for case in cases:
        for goal in (claim.goal,) if claim.goal else scenario.goals:
            study.tell(f"{case}: {goal.name}", 0, 1)
            remaining = remaining_of(study, case, goal, (claim.system, scenario.added_max))
            check = _check_goal(study, case, goal, claim, remaining)
            checks.append(check)
            if check.verdict != "holds" and (claim.goal or goal.headline):
                conditions += conditions_of(case, study.worlds(case, goal).unknowns, goal, remaining[:, claim.high])
    return ClaimCheck(claim, scenario, tuple(checks), tuple(conditions), study.effort.worlds)


def _check_goal(study: Study, case: EvidenceCase, goal: Goal, claim: PublicClaim, remaining: Floats) -> GoalCheck:
    added = list(dict.fromkeys((claim.low, claim.high)))
    probability = met_share(remaining, goal)
    return GoalCheck(
        case=case,
        goal=goal,
        added=tuple(added),
        probability=tuple(probability[added].tolist()),
        mcse=tuple(study.mcse(probability[added], case, goal).tolist()),
        delivers=float(np.quantile(remaining[:, claim.high], goal.confidence, method="inverted_cdf")),
        enough=smallest_enough(probability, goal),
    )


def conditions_of(case: EvidenceCase, unknowns: Mapping[str, Floats], goal: Goal, remaining: Floats) -> list[Condition]:
    """For each unknown the widest one-sided range in which enough worlds meet the goal; the widest few of them.

    Parameters
    ----------
    unknowns, remaining
        Unknown to (w,) draws; (w,) what remains of the goal's metric.
    """
    met = remaining <= goal.threshold + 1e-12
    ranges: list[Condition] = []
    for name, drawn in unknowns.items():
        for cut in np.unique(np.quantile(drawn, _CUTS)):
            for side, inside in (("at least", drawn >= cut), ("at most", drawn <= cut)):
                worlds, true = int(inside.sum()), int(met[inside].sum())
                # One error to spare: the best of many cuts would otherwise owe its place to luck.
                if _WORLDS_LEAST <= worlds < len(met) and true / worlds - share_error(true, worlds) >= goal.confidence:
                    ranges.append(Condition(case, name, side, float(cut), worlds / len(met), true / worlds))
    widest = sorted(ranges, key=lambda condition: (-condition.worlds, condition.unknown, condition.side))
    first_of_each = {condition.unknown: condition for condition in reversed(widest)}
    return list(first_of_each.values())[::-1][:_CONDITIONS]
