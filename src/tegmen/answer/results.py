"""What an answer is: curves, claims, drivers and stands of every goal and evidence case, and how they read in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from tegmen.calibration.fit import Calibration
from tegmen.engine.check import Agreement
from tegmen.errors import InputError
from tegmen.evidence.catalogue import kind_name
from tegmen.evidence.parameters import Parameter
from tegmen.ledger.aid import AidStatus
from tegmen.question.numbers import Evidence
from tegmen.question.places import Places
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EvidenceCase, FrozenDict, Provenance, Span, content_equal
from tegmen.worlds.draw import Worlds

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
    """A number named in public, and in what share of worlds it meets the goal.

    Parameters
    ----------
    about
        Name of the goal that it is about; empty for the headline.
    """

    label: str
    added: int
    probability: float
    mcse: float
    source: str
    about: str = ""


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


@dataclass(frozen=True, slots=True)
class ReadingAnswer:
    """The headline's answer in one reading.

    Parameters
    ----------
    name, reason
        What is read otherwise than in the headline, and why it can be.
    n
        Smallest number enough; None: none tried is.
    probability
        Share of worlds in which the headline's own number is enough (the largest tried where none is).
    mcse
        Its Monte Carlo standard error.
    log_odds
        Log of how much likelier the record is in this reading than in the headline's; None where the worlds are the
        headline's own.
    ess
        Effective sample size of its worlds.
    """

    name: str
    reason: str
    n: int | None
    probability: float
    mcse: float
    log_odds: float | None
    ess: float


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Frontier:
    """Units against rounds a month for one goal.

    Parameters
    ----------
    goal
        Name of the goal.
    rounds
        (r,) rounds a month that come with the added units, whole country; infinite: no engagement lacks one.
    n
        (r,) smallest number enough with them; None: none tried is.
    probability
        (r, n) share of worlds that meet the goal with 0, 1, ... added units.
    binding
        What binds at the headline's rounds, in one sentence.
    """

    goal: str
    rounds: tuple[float, ...]
    n: tuple[int | None, ...]
    probability: Floats
    binding: str


@dataclass(frozen=True, slots=True)
class Iso:
    """The number against what "significantly improve" may mean: n by threshold (t) and confidence (c).

    A row a threshold (share that may remain), a column a confidence (share of worlds); None: none tried is enough.
    """

    thresholds: tuple[float, ...]
    confidences: tuple[float, ...]
    n: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Reaction:
    """The number when an opponent re-aims.

    Parameters
    ----------
    re_aimed
        (k,) shares of what was aimed at newly covered places that is aimed at the less covered ones instead.
    n
        (k,) smallest number enough at each.
    guarantee
        Smallest number enough whatever the share up to the largest of them: what remains is linear in the share, so
        each world is judged at the worse end.
    """

    re_aimed: tuple[float, ...]
    n: tuple[int | None, ...]
    guarantee: int | None


@dataclass(frozen=True, slots=True)
class Strikes:
    """Expected strikes of the headline's goal in the month: 10, 50 and 90 % points over worlds.

    Parameters
    ----------
    baseline, fewer
        With no unit added; how many fewer the answer's number makes of them (the largest tried where none is enough).
    """

    baseline: tuple[float, float, float]
    fewer: tuple[float, float, float]


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Informed:
    """The plan that knows the defender's own layout, world by world, beside the blind one.

    Parameters
    ----------
    n
        Smallest number enough for it.
    probability, mcse
        (n,) share of worlds that meet the goal with 0, 1, ... units sited so; its standard error.
    """

    n: int | None
    probability: Floats
    mcse: Floats


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """The same question with the evidence cut on another day.

    Parameters
    ----------
    until
        Last day of the record used.
    n
        Smallest number enough.
    probability
        Share of worlds in which the headline's number is enough.
    mcse
        Its Monte Carlo standard error.
    ess
        Effective sample size.
    """

    until: date
    n: int | None
    probability: float
    mcse: float
    ess: float


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class GoalAnswer:
    """The sufficiency curve of one goal in one evidence case, and what follows from it.

    Parameters
    ----------
    n, n_interval, resolved
        Smallest number tried that meets the goal (None: none does); the numbers the Monte Carlo error leaves open, high
        None beyond the largest tried; whether only one number is left open.
    worlds, ess
        Worlds behind the curve; effective sample size of the draws that they were resampled from.
    added, probability, mcse
        (n,) numbers tried; share of worlds that meet the goal; its Monte Carlo standard error.
    remaining
        (n, 3) 10, 50 and 90 % points over worlds of metric / baseline metric (for capitals: the count uncovered).
    placement
        Sites in order, each where it saves most given those before it: the first n are the answer.
    siting_gap
        Largest share by which other sites of as many units could save more of the metric than the first n of these, in
        expectation and with rounds enough; n from 1 to all. None: no bound is known.
    evpi, evpi_error
        What knowing everything before deciding would be worth [units bought in vain], and its standard error.
    censored
        Share of worlds in which no number tried is enough; they are counted as needing the largest.
    saturation
        Of a goal of area defence: the simulation beside the closed form, by whose correction the curve is corrected.
    """

    goal: Goal
    system: str
    n: int | None
    n_interval: tuple[int, int | None]
    resolved: bool
    worlds: int
    ess: float
    added: Ints
    probability: Floats
    mcse: Floats
    remaining: Floats
    claims: tuple[ClaimTest, ...]
    drivers: tuple[Driver, ...]
    placement: tuple[Stand, ...]
    siting_gap: float | None
    evpi: float
    evpi_error: float
    censored: float
    saturation: Agreement | None = None

    @property
    def stands(self) -> tuple[Stand, ...]:
        """Sites of the answer: the first n in order, all of them where no number tried is enough."""
        return self.placement if self.n is None else self.placement[: self.n]

    def sentence(self) -> str:
        """One sentence: how many, how sure, and what sampling leaves open."""
        goal, most = self.goal, int(self.added[-1])
        share = f"in at least {percent(goal.confidence)} of worlds"
        name = kind_name(self.system)
        if self.n is None:
            text = f"no number up to {most} more {name} fire units is enough to {goal.label} {share} "
            text += f"({most} do so in {percent(self.probability[-1])})"
        else:
            units, verb = ("unit", _singular(goal.label)) if self.n == 1 else ("units", goal.label)
            text = f"{self.n} more {name} fire {units} {verb} {share}"
        return text if self.resolved else f"{text}; sampling alone leaves {range_text(self)}"

    def to_pandas(self) -> pd.DataFrame:
        """Give the curve: added, probability, mcse and the three points of what remains."""
        table = pd.DataFrame({"added": self.added, "probability": self.probability, "mcse": self.mcse})
        return table.assign(**{f"remaining_{int(p * 100)}": self.remaining[:, i] for i, p in enumerate(POINTS)})


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """What a page carries of an evidence case and a reading of targets.

    Parameters
    ----------
    worlds
        Some of its worlds, rounded: where missiles are aimed to 16 bits a world, the rest to 32.
    of, ess
        How many worlds they were chosen from, and how many independent ones those are worth.
    sites
        Goal to (n,) sites in order, as answered: planned on other worlds than these. In readings of other targets of
        the headline alone.
    informed
        (n, w) sites of the plan that knows each world's layout, for the first goal held.
    """

    worlds: Worlds
    of: int
    ess: float
    sites: Mapping[str, Ints]
    informed: Ints


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class CaseAnswer:
    """All goals under one evidence case, and the headline's by readings.

    Parameters
    ----------
    goals
        A goal each.
    rounds_added
        Rounds a month that come with the added units of the headline, whole country.
    readings, frontier, iso, reaction, informed, stability
        The headline in other readings; a frontier a goal; by threshold and confidence; against an opponent who re-aims;
        for a plan that knows the layout; with the evidence cut on other days.
    check
        Simulated against expected on some of the headline's worlds.
    strikes
        Strikes a month, and how many fewer; None where the headline's metric is not one of strikes.
    launched, intercepted
        Launched in the month; of them intercepted in the expected baseline month (5, 50, 95 % points over worlds).
    baseline
        One drawn notional layout.
    glide_bombs
        Those still launched with no and with the headline's added units.
    carried
        What steers the targets to what a page carries to do the arithmetic itself, the headline's first; nothing where
        it can hold no goal of the question.
    """

    case: EvidenceCase
    goals: tuple[GoalAnswer, ...]
    rounds_added: float
    readings: tuple[ReadingAnswer, ...]
    frontier: tuple[Frontier, ...]
    iso: Iso
    reaction: Reaction | None
    informed: Informed | None
    stability: tuple[CutAnswer, ...]
    check: Agreement
    strikes: Strikes | None
    launched: Mapping[str, int]
    intercepted: Mapping[str, tuple[float, float, float]]
    baseline: tuple[Stand, ...]
    glide_bombs: Mapping[str, tuple[float, float, float]]
    carried: Mapping[str, Carried] = field(default_factory=FrozenDict)

    @property
    def headline(self) -> GoalAnswer:
        """The goal the answer sentence is about."""
        return next(answer for answer in self.goals if answer.goal.headline)

    @property
    def judged(self) -> tuple[tuple[int, Goal, ClaimTest], ...]:
        """Each claim by the goal it is about, with its row; one about a goal that is not asked is left out."""
        names = {answer.goal.name: answer for answer in self.goals}
        return tuple(
            (at, names[about].goal, names[about].claims[at])
            for at, claim in enumerate(self.headline.claims)
            if (about := claim.about or self.headline.goal.name) in names
        )

    @property
    def span(self) -> tuple[int | None, int | None]:
        """Smallest and largest number over the headline and its readings, re-aiming and the informed plan included.

        None for the largest: in some reading no number tried is enough; for both: in none of them.
        """
        numbers = [self.headline.n, *self._otherwise().values()]
        known = [n for n in numbers if n is not None]
        return (min(known) if known else None), (None if None in numbers else max(known))

    @property
    def matters_most(self) -> str:
        """The reading whose number is furthest from the headline's; one in which none is enough is furthest of all."""
        most = int(self.headline.added[-1])
        own = most + 1 if self.headline.n is None else self.headline.n
        others = self._otherwise()
        numbers = {name: most + 1 if n is None else n for name, n in others.items()}
        return max(numbers, key=lambda name: abs(numbers[name] - own))

    def _otherwise(self) -> dict[str, int | None]:
        """The number in every other reading, re-aiming and the informed plan among them."""
        others = {each.name: each.n for each in self.readings}
        if self.informed is not None:
            others["a plan that knows the layout"] = self.informed.n
        return others | ({"re-aiming": self.reaction.guarantee} if self.reaction else {})


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

    def caveats(self) -> tuple[str, ...]:
        """What to know before the answer: how far the evidence reaches, and what the question leaves open."""
        asked, end = self.calibration.until, self.calibration.end
        last, month = self.calibration.record.rows["window_end"].max().date(), self.scenario.month
        lines: list[str] = []
        if end < asked:
            lines.append(f"Asked for evidence until {asked}; the last row that a rate can be taken from is of {end}.")
        if last < month.last:
            lines.append(f"The record ends on {last}: what was launched in {month} after that day is not counted.")
        return (*lines, *self.scenario.caveats())

    @property
    def unit_cost(self) -> Parameter | None:
        """What one added fire unit costs with its missiles, as quoted in public; None where nobody says."""
        try:
            return self.scenario.catalogue.system(self.scenario.added_system, "fire_unit_cost_with_missiles")
        except InputError:
            return None

    def cost(self, case: EvidenceCase) -> Span | None:
        """What the units of a case's answer cost, in the unit of `unit_cost`; None where none is enough, or no cost."""
        n, each = self.cases[case].headline.n, self.unit_cost
        if n is None or each is None:
            return None
        return Span(*(None if value is None else n * value for value in (each.low, each.best, each.high)))

    def sentence(self, case: EvidenceCase) -> str:
        """Answer sentence of a case, with the public claims the scenario quotes under both plans."""
        result = self.cases[case]
        answer, goal = result.headline, result.headline.goal
        name = kind_name(answer.system)
        rounds = f"with {result.rounds_added:g} rounds a month for them"
        share = f"in at least {percent(goal.confidence)} of worlds"
        span = number_span(result.span, int(answer.added[-1]))
        if answer.n is None:
            head = f"No number up to {answer.added[-1]} more {name} fire units, {rounds}, is enough to {goal.label}"
            head += f" {share}"
        else:
            head = f"{answer.n} ({span}) more {name} fire units, {rounds}, {goal.label} {share}"
        if len(set(result.span)) == 1:
            parts = [f"{head}; every reading gives the same"]
        else:
            parts = [f"{head}; {span} spans the readings, of which “{result.matters_most}” matters most"]
        parts += [each.binding.capitalize() for each in result.frontier if each.goal == goal.name]
        quoted: dict[str, list[int]] = {}
        for claim in self.scenario.claims_tested:
            if claim.quote:
                quoted.setdefault(claim.quote, []).append(claim.added)
        for words, numbers in quoted.items():
            blind = _share_of_each(numbers, answer.probability)
            if result.informed is None:
                parts.append(f"{words}, is enough in {blind} of worlds")
                continue
            informed = _share_of_each(numbers, result.informed.probability)
            parts.append(
                f"{words}, is enough in {informed} of worlds for a plan that knows the defender's own layout, in "
                f"{blind} for one that does not"
            )
        return ". ".join(parts) + "."

    def finding(self, case: EvidenceCase) -> str:
        """Which goals the same number is enough for, in one sentence; goals that only illustrate are left out."""
        most = self.scenario.added_max
        findings = [answer for answer in self.cases[case].goals if answer.goal.is_finding]
        parts = [
            f"{'none up to ' + str(most) if answer.n is None else answer.n} to {answer.goal.label}"
            for answer in findings
        ]
        differ = len({answer.n for answer in findings}) > 1
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


def _share_of_each(numbers: Sequence[int], table: Floats) -> str:
    """The share of worlds at each number; two shares are no interval, so each says whose it is."""
    if len(numbers) == 1:
        return percent(table[numbers[0]])
    return " and ".join(f"{percent(table[number])} ({number})" for number in numbers)


def number_span(span: tuple[int | None, int | None], most: int) -> str:
    """Write a range of numbers of units, e.g. "8–17"; `most` is the largest tried."""
    low, high = span
    if low is None:
        return f"more than {most}"
    return f"{low} to more than {most}" if high is None else f"{low}–{high}"


def percent(share: float) -> str:
    """Write a share as whole per cent; only what is exactly 0 or 1 is printed as 0 or 100."""
    if 0 < share <= 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def range_text(answer: GoalAnswer) -> str:
    """Write the range the sampling error leaves, e.g. "12–13" or "beyond 30"."""
    return open_text(answer.n_interval, int(answer.added[-1]))


def open_text(interval: tuple[int, int | None], most: int) -> str:
    """Write the numbers that sampling leaves open; `most` is the largest tried."""
    low, high = interval
    if high is None:
        return f"beyond {most}" if low > most else f"{low}–beyond {most}"
    return f"{low}–{high}"


def _singular(label: str) -> str:
    verb, _, rest = label.partition(" ")
    return f"{verb}s {rest}"
