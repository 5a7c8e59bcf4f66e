"""The study behind every answer: theatre, worlds weighed by the record, sites, and how a plan scores.

Every public question (sufficiency, a plan, a claim, what drives the answer, the checks) begins with `begin_study`; none
of them has a preamble of its own. Worlds are drawn once a reading and kept; sites are planned on worlds of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.siting import Gains, gains_of, site_greedily, siting_gap
from tegmen.answer.steps import Ground, site_by_steps
from tegmen.calibration.fit import Calibration, RateDraws
from tegmen.calibration.rows import EligibleRows, eligible
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import Passage, let_pass, passage_for
from tegmen.engine.workload import Compute
from tegmen.errors import EvidenceError, InputError
from tegmen.evidence.geography import tables_sha256
from tegmen.evidence.parameters import plausible
from tegmen.question.option import Option
from tegmen.question.scenario import Goal, Scenario
from tegmen.question.theatre import Theatre, named_until, require_reach, set_theatre
from tegmen.terms import EVIDENCE_CASES, VERSION, EvidenceCase, Progress, Provenance, ThreatClass, take, tell_nobody
from tegmen.worlds.draw import Worlds, draw_worlds
from tegmen.worlds.levels import Proposal
from tegmen.worlds.posterior import Posterior, reweigh, weigh
from tegmen.worlds.prior import Months, Reading

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

HEADLINE = Reading()
"""The reading the headline is given in: targets steered by the record, kill share by weapon and drawn outside Kyiv."""
RATE_DRAWS = 4000
_DRAWN_FOR_EACH = 4
_READING_PART = 2
_SCORING, _PLANNING, _READING = range(3)
_AREA_PART = 25
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to compute.

    Parameters
    ----------
    worlds
        Worlds resampled for the headline; four times as many are drawn before the record is looked at. Half as many
        serve each other reading and cut, a tenth plans, a 25th goals of area defence, a two-hundredth other goals that
        count other classes, a four-hundredth the simulation.
    runs
        Months simulated a world.
    compute
        Threads; they change no result.
    """

    worlds: int = 22_000
    runs: int = 20
    compute: Compute = field(default_factory=Compute)

    def __post_init__(self) -> None:
        amounts = {"worlds": self.worlds, "runs": self.runs}
        faults = [
            f"{name}: found {value!r}; give a whole number" for name, value in amounts.items() if type(value) is not int
        ]
        if not faults:
            faults = [fault for name, value in amounts.items() if (fault := plausible(name).fault((value,)))]
        if faults:
            raise InputError("effort", faults)

    def part(self, share: int, least: int) -> int:
        """A share of the worlds, not fewer than `least` where there are so many."""
        return min(self.worlds, max(self.worlds // share, least))


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """One question on one calibration: what everything that answers it shares.

    Parameters
    ----------
    theatre
        What is the same in all worlds.
    rows
        Eligible ballistic rows that worlds are weighed by.
    tell
        Called with what is being done, steps done and steps in all.
    lent
        Where another study found that the record favours levels.
    """

    scenario: Scenario
    calibration: Calibration
    theatre: Theatre
    rows: EligibleRows
    seed: int
    effort: Effort
    tell: Progress
    lent: Mapping[str, Proposal] | None = None
    _kept: dict[object, object] = field(default_factory=dict[object, object], repr=False)
    _locks: dict[object, RLock] = field(default_factory=dict[object, RLock], repr=False)

    @property
    def provenance(self) -> Provenance:
        """Version, seed, and the hash of everything an answer rests on."""
        scenario = self.scenario
        tables = {"scenario": scenario.sha256, "catalogue": scenario.catalogue.sha256, "geography": tables_sha256()}
        return Provenance(VERSION, self.seed, dict(self.calibration.provenance.inputs) | tables)

    def posterior(self, reading: Reading = HEADLINE, *, planning: bool = False) -> Posterior:
        """Worlds of a reading after the record; those that plans are made on are others than those that score them."""
        if planning:  # a plan needs means over worlds alone, so fewer of them serve it
            kept = self.effort.part(10 if reading == HEADLINE else 30, 500)
        else:
            kept = self.effort.worlds if reading == HEADLINE else self.effort.part(_READING_PART, 1000)
        purpose = _PLANNING if planning else _SCORING if reading == HEADLINE else _READING

        def make() -> Posterior:
            if reading == HEADLINE or reading.targets != HEADLINE.targets:
                return self.draw_afresh(reading, kept, purpose)
            return reweigh(self.posterior(planning=planning), self.rows, reading, kept=kept, purpose=purpose)

        return self.once(("posterior", reading, planning), make)

    def until(self, day: date) -> Study:
        """The same question with the ballistic evidence cut on another day, at the effort of a reading."""

        def cut() -> Study:
            rows, _ = eligible(self.calibration.record, day)
            effort = Effort(self.effort.part(_READING_PART, 1000), self.effort.runs, self.effort.compute)
            theatre = named_until(self.theatre, self.scenario, self.calibration.record, day)
            study = self.weighed_by(rows[ThreatClass.ballistic])
            return replace(study, theatre=theatre, effort=effort, lent=self.posterior().proposals)

        return self.once(("until", day), cut)

    def forget(self, *parts: EvidenceCase | Reading) -> None:
        """Let go of what was made for an evidence case, or a reading in it, alone: worlds above all."""
        for key in [key for key in list(self._kept) if isinstance(key, tuple) and set(parts) <= set(key)]:
            del self._kept[key]
        for kept in list(self._kept.values()):
            if isinstance(kept, Study):
                kept.forget(*parts)

    def weighed_by(self, rows: EligibleRows) -> Study:
        """The same question on other ballistic rows, with nothing worked out yet."""
        return replace(self, rows=rows, _kept={}, _locks={})

    def worlds(
        self, case: EvidenceCase, goal: Goal | None = None, reading: Reading = HEADLINE, *, whole: bool = False
    ) -> Worlds:
        """Worlds in an evidence case: all of them; whole, or for a goal that counts other classes, the first part."""
        whole = whole or (goal is not None and counts_others(goal))
        posterior = self.posterior(reading)
        if goal is not None and goal.measure.area:
            size = self.effort.part(_AREA_PART, 100) if reading == HEADLINE else self.effort.part(200, 100)
            return self.once(("area worlds", case, reading), lambda: self._spread(posterior, case, size))
        count = self.effort.part(200, 100) if whole else None
        return self.once(
            ("worlds", case, whole, reading), lambda: draw_worlds(posterior, case, self._rates(), count=count)
        )

    def passage(self, case: EvidenceCase) -> Passage:
        """What passes the baseline in the whole worlds, rounds of added units taken as enough; nobody adds to it."""
        return self.once(("passage", case), lambda: let_pass(self.worlds(case, whole=True)))

    def _spread(self, posterior: Posterior, case: EvidenceCase, count: int) -> Worlds:
        """So many of the worlds, whole, spread over all of them: copies of one are taken as seldom as can be."""
        some = spread_over(posterior, count)
        return draw_worlds(some, case, self._rates(), count=len(some))

    def few_worlds(self, case: EvidenceCase, goal: Goal, count: int) -> Worlds:
        """So many of the worlds a goal is scored on, spread over all: `spread_over` has the same of the posterior."""
        count = min(count, len(self.worlds(case, goal)))
        if counts_others(goal):
            return self.whole_worlds(case, count)
        return self.once(
            ("few worlds", case, count), lambda: draw_worlds(spread_over(self.posterior(), count), case, self._rates())
        )

    def whole_worlds(self, case: EvidenceCase, count: int) -> Worlds:
        """So many worlds with all their classes, spread over all."""
        return self.once(("few whole worlds", case, count), lambda: self._spread(self.posterior(), case, count))

    def planning(self, goal: Goal, reading: Reading = HEADLINE, *, few: bool = False) -> Worlds:
        """Worlds that plans for a goal are made on: others than those that score them.

        Parameters
        ----------
        few
            Whether a part of them does: where every step looks at all of them anew.
        """
        posterior = self.posterior(reading, planning=True)
        if goal.measure.area:
            return self.once(
                ("planning area", reading), lambda: self._spread(posterior, "posted", self.effort.part(110, 60))
            )
        if few and not counts_others(goal):
            posterior = spread_over(posterior, self.effort.part(10, 100))
        count = min(self.effort.part(200, 100), len(posterior)) if counts_others(goal) else None
        return draw_worlds(posterior, "posted", self._rates(), count=count)

    def gains(self, goal: Goal, system: str, most: int, reading: Reading = HEADLINE) -> Gains:
        """What up to so many units save, on worlds that plans are made on: the same for both evidence cases."""

        def work_out() -> Gains:
            self.tell(f"siting for {goal.name}", 0, 1)
            return gains_of(self.planning(goal, reading), goal, system, most)

        return self.once(("gains", goal.name, goal.metric, goal.largest_cities, system, most, reading), work_out)

    def sites(self, goal: Goal, system: str, most: int, reading: Reading = HEADLINE) -> Laydown:
        """Lay down so many units, the first n a plan of n; each where it saves most given those before it."""
        if self.has_gains(goal, system) and not self.beside(system):
            return Laydown.of(system, site_greedily(self.gains(goal, system, most, reading), most))

        def step() -> Laydown:
            self.tell(f"siting for {goal.name}", 0, 1)
            kinds = [kind for kind, count in self.beside(system).items() for _ in range(count)]
            ground = Ground(self.planning(goal, reading, few=True), goal)
            return replace(site_by_steps([ground], [*kinds, *[system] * most]), beside=len(kinds))

        return self.once(("steps", goal.metric, goal.largest_cities, system, most, reading), step)

    def beside(self, kind: str) -> Option:
        """What the question adds in every case beside a kind whose number is asked about."""
        return {other: count for other, count in self.scenario.added.items() if other != kind and count}

    def has_gains(self, goal: Goal, kind: str) -> bool:
        """Whether what a kind saves is a sum over places: it meets, of what counts, only what falls on them."""
        met = self.scenario.kinds.met[kind] & goal.measure.met
        return not goal.measure.area or met == frozenset({ThreatClass.drone})

    def siting_gap(self, goal: Goal, system: str, most: int) -> float | None:
        """Largest share by which other sites of as many units could save more than these do; None: not bounded."""
        if self.beside(system) or not self.has_gains(goal, system):
            return None
        key = "siting gap", goal.name, goal.metric, goal.largest_cities, system, most
        return self.once(key, lambda: siting_gap(self.gains(goal, system, most), self.sites(goal, system, most).sites))

    def rounds(self, worlds: Worlds, plan: int | Laydown, added: float | None = None) -> list[Floats]:
        """Rounds a month (w,) against ballistic missiles with the first n units of a plan, n from 0.

        The baseline's, and those that come with added units: with the first that meets such missiles.

        Parameters
        ----------
        plan
            The plan, or how many units that meet ballistic missiles are added.
        """
        base = worlds.scalar["rounds_a_month"]
        more = base + (self.scenario.added_rounds.value if added is None else added)
        if isinstance(plan, int):
            return [base, *[more] * plan]
        with_them = self.scenario.kinds.meeting(ThreatClass.ballistic)
        first = next((n for n, kind in enumerate(plan.kinds) if kind in with_them), len(plan))
        return [base] * (first + 1) + [more] * (len(plan) - first)

    def _rates(self) -> RateDraws:
        return self.once("rates", lambda: self.calibration.draws(RATE_DRAWS, self.seed))

    def draw_afresh(self, reading: Reading, kept: int, purpose: int, months: Months | None = None) -> Posterior:
        """Draw worlds of a purpose of their own, independent of those of others, four for each that is kept.

        Parameters
        ----------
        months
            Months that coverage and rounds are followed over; None: those of the rows, to that asked about.
        """
        return weigh(
            self.scenario,
            self.theatre,
            self.rows,
            reading,
            drawn=_DRAWN_FOR_EACH * kept,
            kept=kept,
            seed=self.seed,
            purpose=purpose,
            proposals=self._favoured(purpose),
            threads=self.effort.compute.threads or os.cpu_count() or 1,
            months=months,
            tell=self.tell,
        )

    def _favoured(self, purpose: int) -> Mapping[str, Proposal] | None:
        """Where the record favours levels: found out for the headline's worlds, and lent to all others."""
        if self.lent is not None:
            return self.lent
        return None if purpose == _SCORING else self.posterior().proposals

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Make something of this study the first time it is asked for; another thread that asks for it waits."""
        with self._locks.setdefault(key, RLock()):
            if key not in self._kept:
                self._kept[key] = make()
            return self._kept[key]  # type: ignore[return-value]


def spread_over(posterior: Posterior, count: int) -> Posterior:
    """Keep so many of the worlds, evenly spaced."""
    index = np.unique(np.linspace(0, len(posterior) - 1, count).round().astype(np.intp))
    parts = {name: take(getattr(posterior, name), index) for name in ("worlds", "supplied", "kill")}
    return replace(posterior, **parts, share=posterior.share[index], batch=posterior.batch[index])


def counts_others(goal: Goal) -> bool:
    """Tell whether a goal counts classes besides ballistic missiles."""
    return bool({*goal.measure.classes, *goal.measure.background} - {ThreatClass.ballistic})


def begin_study(
    scenario: Scenario,
    calibration: Calibration,
    *,
    seed: int,
    effort: Effort | None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> Study:
    """Make what all parts of an answer share.

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
    require_reach(scenario, calibration.record)
    theatre = set_theatre(scenario, calibration.record, calibration.until)
    if theatre.posted[ThreatClass.ballistic] == 0:
        month = scenario.month
        msg = f"the record has no ballistic missile launched from {month.first} to {month.last}: nothing to be reduced"
        raise EvidenceError(msg + "; choose a month, or a record, that has some")
    rows = calibration.rows[ThreatClass.ballistic]
    return Study(scenario, calibration, theatre, rows, seed, effort or Effort(), progress or tell_nobody)


def _require_cases(cases: Sequence[str]) -> None:
    """Refuse an evidence case that does not exist, or none at all; each unknown one is named."""
    allowed = " and ".join(EVIDENCE_CASES)
    faults = [f"found {case!r}; the evidence cases are {allowed}" for case in cases if case not in EVIDENCE_CASES]
    if isinstance(cases, str) or not cases:
        faults = [f"found {cases!r}; give a list of evidence cases, such as {list(EVIDENCE_CASES)}"]
    if faults:
        raise InputError("cases", faults)


def remaining_shares(
    worlds: Worlds,
    goal: Goal,
    plan: Laydown,
    supplies: Sequence[Sequence[Floats]],
    passage: Passage | None = None,
) -> Floats:
    """(supply, w, n) what remains of the goal's metric with the first n units of a plan, n from 0: in closed form.

    The expected metric over that of the baseline; for a metric that is a count the count itself. Where the baseline
    loses nothing there is nothing to reduce, and nothing remains.

    Parameters
    ----------
    plan
        The added units in order.
    supplies
        (supply, n) rounds a month (w,) with 0, 1, ... added units.
    passage
        What passes the baseline (`passage_for`), where it is worked out already.
    """
    passage = passage or passage_for(worlds, goal.measure)
    losses = expected_losses(cover_baseline(worlds), goal, plan, supplies, passage)
    if goal.measure.is_count:
        return losses
    return share_left(losses, losses[..., :1])


def share_left(losses: Floats, base: Floats) -> Floats:
    """Share of the baseline's value that remains; where that is none, none."""
    return np.where(base > 0, losses / np.where(base > 0, base, 1.0), 0.0)


def is_met(remaining: Floats, goal: Goal) -> NDArray[np.bool_]:
    """Whether what remains, in any shape, is within the goal's threshold."""
    return np.asarray(remaining <= goal.threshold + 1e-9)


def met_share(remaining: Floats, goal: Goal) -> Floats:
    """(n,) share of worlds in which what remains (w, n) is within the goal's threshold."""
    return np.asarray(is_met(remaining, goal).mean(axis=0))


def smallest_enough(probability: Floats, goal: Goal) -> int | None:
    """The smallest number that meets the goal with the confidence asked; None where none tried does."""
    met = np.flatnonzero(probability >= goal.confidence)
    return int(met[0]) if len(met) else None


def mean_error(values: Floats | NDArray[np.bool_], batch: Ints) -> Floats:
    """(n,) Monte Carlo standard error of the mean of values (w, n), or of one column of them, over resampled worlds.

    Batches of worlds are drawn independently, so the error is told from how their sums differ, as for a sample of
    clusters: whatever weights, strata and resampling do to it is in these sums.
    """
    from_first = np.argsort(batch, kind="stable")
    begins = np.flatnonzero(np.diff(batch[from_first], prepend=-1))
    sums = np.add.reduceat((values - values.mean(axis=0))[from_first], begins, axis=0)
    return np.asarray(np.sqrt((sums**2).sum(axis=0) * len(begins) / max(len(begins) - 1, 1)) / len(batch))


def share_error(met: NDArray[np.bool_], batch: Ints) -> Floats:
    """(n,) Monte Carlo standard error of the share of worlds that are met (w, n); never below that of half a world."""
    least = 0.5 / len(batch)
    return np.maximum(mean_error(met, batch), np.sqrt(least * (1 - least) / len(batch)))


def kish_error(probability: Floats, ess: float, worlds: int) -> Floats:
    """Monte Carlo standard error of a share, of whichever worlds: ``sqrt(p (1 - p) (1 / ess + 1 / worlds))``.

    Right where being met has nothing to do with weight (Kish 1965); where worlds are looked at one by one `share_error`
    says it. Two parts: the worlds drawn are worth `ess` independent ones, and systematic resampling to `worlds` adds at
    most as much as drawing so many would. Never below that of half a world.
    """
    p = np.clip(probability, 0.5 / worlds, 1 - 0.5 / worlds)
    return np.asarray(np.sqrt(p * (1 - p) * (1 / ess + 1 / worlds)))
