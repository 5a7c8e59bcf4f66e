"""What an answer is: curves, claims, drivers and stands of every goal and evidence case, and how they read in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tegmen.calibration.fit import Calibration
from tegmen.evidence.parameters import Parameter
from tegmen.evidence.systems import SYSTEM_NAMES
from tegmen.ledger.aid import AidStatus
from tegmen.question.numbers import Evidence
from tegmen.question.places import Places
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EvidenceCase, Provenance, content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


POINTS = (0.1, 0.5, 0.9)
"""Points over worlds at which what remains of a metric is given."""


@dataclass(frozen=True, slots=True)
class Stand:
    """A fire unit at a site; baseline stands are notional, drawn at random."""

    system: str
    place: str
    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class ClaimTest:
    """A number named in public, and in what share of worlds it meets the goal."""

    label: str
    added: int
    probability: float
    mcse: float
    source: str


@dataclass(frozen=True, slots=True)
class Driver:
    """An unknown, and how the answer hangs on it; standard errors beside the estimates.

    Parameters
    ----------
    unknown
        Plain words.
    share
        First-order share of the variance over worlds of what remains at the answer's number.
    evppi
        What knowing it before deciding would be worth [units bought in vain].
    total
        Share of the variance that remains when all else is known; None where worlds were not drawn twice for it.
    """

    unknown: str
    share: float
    share_error: float
    evppi: float
    evppi_error: float
    total: float | None = None
    total_error: float | None = None


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class GoalAnswer:
    """The sufficiency curve of one goal in one evidence case, and what follows from it.

    Parameters
    ----------
    n, n_interval, resolved
        Smallest number tried that meets the goal (None: none does); the numbers the Monte Carlo error leaves open, high
        None beyond the largest tried; whether only one number is left open.
    worlds, runs
        Most worlds behind a point of the curve; months a world.
    added, probability, mcse
        (n,) numbers tried; share of worlds that meet the goal; its Monte Carlo standard error.
    remaining
        (n, 3) 10, 50 and 90 % points over worlds of metric / baseline metric (for capitals: the count uncovered).
    placement
        Greedy order of sites: the first n are the answer.
    evpi, evpi_error
        What knowing everything before deciding would be worth [units bought in vain], and its standard error.
    censored
        Share of worlds in which no number tried is enough; they are counted as needing the largest.
    """

    goal: Goal
    system: str
    n: int | None
    n_interval: tuple[int, int | None]
    resolved: bool
    worlds: int
    runs: int
    added: Ints
    probability: Floats
    mcse: Floats
    remaining: Floats
    claims: tuple[ClaimTest, ...]
    drivers: tuple[Driver, ...]
    placement: tuple[Stand, ...]
    evpi: float
    evpi_error: float
    censored: float

    @property
    def stands(self) -> tuple[Stand, ...]:
        """Sites of the answer: the first n in order, all of them where no number tried is enough."""
        return self.placement if self.n is None else self.placement[: self.n]

    def sentence(self) -> str:
        """One sentence: how many, how sure, and whether sampling resolved it."""
        goal, most = self.goal, int(self.added[-1])
        share = f"in at least {percent(goal.confidence)} of worlds"
        name = SYSTEM_NAMES[self.system]
        head = f"With {self.worlds} worlds x {self.runs} months: "
        if self.n is None:
            text = f"no number up to {most} more {name} fire units is enough to {goal.label} {share} "
            text += f"({most} do so in {percent(self.probability[-1])})"
        else:
            high = "more than " + str(most) if self.n_interval[1] is None else str(self.n_interval[1])
            units, verb = ("unit", _singular(goal.label)) if self.n == 1 else ("units", goal.label)
            text = f"{self.n} more {name} fire {units} (range {self.n_interval[0]}–{high}) {verb} {share}"
        if not self.resolved:
            text += f"; sampling does not resolve it ({self._open()})"
        return head + text

    def _open(self) -> str:
        """How far the contested probabilities are from the confidence asked."""
        contested = np.flatnonzero(np.abs(self.probability - self.goal.confidence) <= 2 * self.mcse)
        at = contested[0] if len(contested) else int(np.argmin(np.abs(self.probability - self.goal.confidence)))
        shown = f"{self.probability[at]:.3f} ± {2 * self.mcse[at]:.3f}"
        return f"{self.added[at]} gives {shown} against {self.goal.confidence:.2f}"

    def to_pandas(self) -> pd.DataFrame:
        """Give the curve: added, probability, mcse and the three points of what remains."""
        table = pd.DataFrame({"added": self.added, "probability": self.probability, "mcse": self.mcse})
        return table.assign(**{f"remaining_{int(p * 100)}": self.remaining[:, i] for i, p in enumerate(POINTS)})


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class CaseAnswer:
    """All goals under one evidence case.

    `launched` and `intercepted` describe the simulated baseline month (5, 50, 95 %); `baseline` is one drawn notional
    layout; `glide_bombs` those still launched with no and with the headline's added units.
    """

    case: EvidenceCase
    goals: tuple[GoalAnswer, ...]
    launched: Mapping[str, int]
    intercepted: Mapping[str, tuple[float, float, float]]
    baseline: tuple[Stand, ...]
    glide_bombs: Mapping[str, tuple[float, float, float]]
    redraw_share: float

    @property
    def headline(self) -> GoalAnswer:
        """The goal the answer sentence is about."""
        return next(answer for answer in self.goals if answer.goal.headline)


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Sufficiency:
    """The answer: both evidence cases, never averaged, with everything needed to make it again."""

    scenario: Scenario
    calibration: Calibration
    seed: int
    cases: Mapping[EvidenceCase, CaseAnswer]
    places: Places
    parameters: tuple[Parameter, ...]
    evidence: Evidence
    aid: AidStatus
    provenance: Provenance

    def sentence(self, case: EvidenceCase) -> str:
        """Answer sentence of a case, with the public claims the scenario quotes."""
        answer = self.cases[case].headline
        quoted: dict[str, list[float]] = {}
        for claim, test in zip(self.scenario.claims, answer.claims, strict=True):
            if claim.quote:
                quoted.setdefault(claim.quote, []).append(test.probability)
        parts = [f"{words}, does so in {_span(shares)} of worlds" for words, shares in quoted.items()]
        return "; ".join([answer.sentence(), *parts]) + "."

    def finding(self, case: EvidenceCase) -> str:
        """Which goals the same number is enough for, in one sentence."""
        most = self.scenario.added_max
        parts = [
            f"{'none up to ' + str(most) if answer.n is None else answer.n} to {answer.goal.label}"
            for answer in self.cases[case].goals
        ]
        differ = len({answer.n for answer in self.cases[case].goals}) > 1
        head = (
            "What is enough for one goal is not enough for another: " if differ else "The same number for every goal: "
        )
        return head + "; ".join(parts) + "."

    def to_pandas(self) -> pd.DataFrame:
        """Give every curve: case, goal, and the columns of `GoalAnswer.to_pandas`."""
        tables = [
            answer.to_pandas().assign(case=case, goal=answer.goal.name)
            for case, result in self.cases.items()
            for answer in result.goals
        ]
        table = pd.concat(tables, ignore_index=True)
        return table.loc[:, ["case", "goal", *[name for name in table.columns if name not in ("case", "goal")]]]

    def summary(self) -> pd.DataFrame:
        """Give one row a case and goal: n, range, resolved, and the probability at each claimed number."""
        rows = []
        for case, result in self.cases.items():
            for answer in result.goals:
                row: dict[str, object] = {
                    "case": case,
                    "goal": answer.goal.name,
                    "n": "none" if answer.n is None else answer.n,
                }
                row["range"] = range_text(answer)
                row["resolved"] = answer.resolved
                row.update({f"P({test.added})": round(test.probability, 3) for test in answer.claims})
                rows.append(row)
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        lines = [f"<Sufficiency {self.scenario.name}, seed {self.seed}>"]
        return "\n".join([*lines, *(f"{case}: {self.sentence(case)}" for case in self.cases)])

    def _repr_html_(self) -> str:
        head = "".join(f"<p><b>{case}</b>: {escape(self.sentence(case))}</p>" for case in self.cases)
        return head + self.summary().to_html(index=False)


def _span(shares: Sequence[float]) -> str:
    low, high = percent(min(shares)), percent(max(shares))
    if low == high:
        return low
    return f"{low} to {high}" if low[0] in "<>" or high[0] in "<>" else f"{low.removesuffix(' %')}–{high}"


def percent(share: float) -> str:
    """Write a share as whole per cent; only what is exactly 0 or 1 is printed as 0 or 100."""
    if 0 < share <= 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def range_text(answer: GoalAnswer) -> str:
    """Write the range the sampling error leaves, e.g. "12–13" or "beyond 30"."""
    low, high = answer.n_interval
    most = int(answer.added[-1])
    if high is None:
        return f"beyond {most}" if low > most else f"{low}–beyond {most}"
    return f"{low}–{high}"


def _singular(label: str) -> str:
    verb, _, rest = label.partition(" ")
    return f"{verb}s {rest}"
