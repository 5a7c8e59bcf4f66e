"""What drives the answer, from worlds drawn twice: one source of doubt anew, all else kept.

The answer itself gives first-order shares of single unknowns, some of them linked, from the worlds it has. Here worlds
are drawn for the purpose, for sources that are drawn apart from each other (all rates of the record, the whole layout):
totals, which single draws cannot give, and the part that is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.answer.estimates import Decision, Estimate, first_order, numbers_needed, total_effect, value_of_knowing
from tegmen.answer.results import Driver
from tegmen.answer.study import (
    Batch,
    Effort,
    Study,
    begin_study,
    fight_baseline,
    is_heavy,
    match_worlds,
    order_sites,
    remaining_share,
)
from tegmen.calibration.fit import Calibration
from tegmen.engine.campaign import Campaign
from tegmen.errors import EvidenceError
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, FrozenDict, Progress, Provenance, ThreatClass, one_blas_thread
from tegmen.worlds.draw import Worlds, join, take, vary_worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_SPARES = (1.8, 2.5, 5.0)
_ROUNDS = 3
_TURNS_MOST = 6
_LACKING_MOST = 0.02


@dataclass(frozen=True, slots=True)
class DoubtSource:
    """A source of doubt that is drawn apart from all others.

    Parameters
    ----------
    words
        Plain words.
    streams
        Streams of `units.STREAMS` it is drawn from.
    columns
        Worlds to (w, k): quantities through which the need of units hangs on it. Its first-order share and its worth
        are those of these quantities, so lower bounds; its total is that of everything drawn from the streams.
    """

    words: str
    streams: tuple[str, ...]
    columns: Callable[[Worlds], Floats]


def _unknown_columns(*names: str) -> Callable[[Worlds], Floats]:
    return lambda worlds: np.stack([worlds.unknowns[name] for name in names], axis=1)


def _scalar_columns(*names: str) -> Callable[[Worlds], Floats]:
    return lambda worlds: np.stack([worlds.scalar[name] for name in names], axis=1)


SOURCES = (
    DoubtSource(
        "rates: coverage, share killed, aim at Kyiv",
        ("rates",),
        _unknown_columns(
            "share killed when covered", "coverage of Kyiv", "coverage elsewhere",
            "share of ballistic missiles aimed at Kyiv",
        ),
    ),
    DoubtSource(
        "launches nobody posted",
        ("launches",),
        lambda worlds: worlds.counts[:, [ThreatClass.ballistic]].astype(np.float64),
    ),
    DoubtSource(
        "targets aimed at",
        ("targets",),
        _unknown_columns(
            "share aimed at power plants", "concentration of ballistic targets", "pull of the front on targets"
        ),
    ),
    DoubtSource(
        "defended radius", ("radius",), _unknown_columns("Patriot's defended radius against ballistic missiles")
    ),
    DoubtSource(
        "layout of the baseline",
        ("stands",),
        _unknown_columns("ballistic targets already covered by the baseline's layout"),
    ),
    DoubtSource("how ready an added unit is, between the zones", ("readiness",), _scalar_columns("readiness_lean")),
    DoubtSource(
        "rounds, channels, times, other systems",
        ("units", "batteries", "times"),
        _scalar_columns("salvo_ballistic", "stock_ballistic", "reaction_s"),
    ),
)  # fmt: skip
"""Every stream stands in exactly one source."""


@dataclass(frozen=True, slots=True)
class CaseDrivers:
    """What drives the headline answer in one evidence case.

    Parameters
    ----------
    n, censored
        Smallest number enough with the confidence asked among these worlds (None: none); share of worlds for which none
        is enough.
    worlds, runs
        Worlds drawn twice; months a world.
    drivers
        One a source, largest total first.
    evpi
        What knowing everything would be worth [units bought in vain].
    chance
        Total share of chance, had the same worlds fought other months: not an unknown, and not reducible.
    paired
        Source to the share of worlds for which a partner was found that the record does not contradict.
    """

    n: int | None
    censored: float
    worlds: int
    runs: int
    drivers: tuple[Driver, ...]
    evpi: Estimate
    chance: Estimate
    paired: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Drivers:
    """What drives an answer, in each evidence case."""

    scenario: Scenario
    seed: int
    cases: Mapping[EvidenceCase, CaseDrivers]
    provenance: Provenance

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a case and source: shares, total and worth with their standard errors."""
        fields = ("unknown", "share", "share_error", "total", "total_error", "evppi", "evppi_error")
        rows = [
            {"case": case} | {name: getattr(driver, name) for name in fields}
            for case, result in self.cases.items()
            for driver in result.drivers
        ]
        return pd.DataFrame(rows)


@one_blas_thread
def drive(
    scenario: Scenario,
    calibration: Calibration,
    *,
    seed: int = 1,
    effort: Effort | None = None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> Drivers:
    """Find what drives the headline answer, by drawing its worlds twice.

    Parameters
    ----------
    effort
        `worlds` and `runs` are used.

    Raises
    ------
    EvidenceError
        Too few worlds agree with the record.
    """
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    answers: dict[EvidenceCase, CaseDrivers] = {case: _drive_case(study, case) for case in cases}
    return Drivers(scenario, seed, FrozenDict(answers), study.provenance)


@dataclass(frozen=True, slots=True, eq=False)
class Twice:
    """One evidence case: worlds that agree with the record, which have partners that share some of their streams.

    Parameters
    ----------
    candidates, rows
        How many candidate worlds are drawn, and which of them agree with the record.
    batch, fits
        Those worlds, matched where they stand from here on (chance is addressed by position); which have a factor.
    sites
        Sites of added units, in order.
    """

    study: Study
    case: EvidenceCase
    candidates: int
    rows: NDArray[np.intp]
    batch: Batch
    fits: NDArray[np.bool_]
    sites: Ints

    @property
    def goal(self) -> Goal:
        """The goal whose answer is asked about."""
        return self.study.scenario.headline

    def score(self, campaign: Campaign) -> Callable[[int], Floats]:
        """N to (w,) what remains of the goal's metric with N added units."""
        baseline = fight_baseline(campaign, self.study.effort) if is_heavy([self.goal]) else None
        plan = (self.study.scenario.added_system, self.sites)
        return remaining_share(Batch(campaign, baseline), self.goal, plan, self.study.effort)

    def match(self, worlds: Worlds) -> tuple[Campaign, NDArray[np.bool_]]:
        """Match worlds to the record as far as the goal needs it."""
        return match_worlds(self.study, worlds, heavy=is_heavy([self.goal]))


def draw_twice(study: Study, case: EvidenceCase) -> Twice:
    """Draw as many worlds that agree with the record as the effort begins with.

    Raises
    ------
    EvidenceError
        Too few worlds agree with the record.
    """
    candidates, rows = _agreeing(study, case)
    worlds = take(_vary(study, case, candidates)[0], rows)
    campaign, fits = match_worlds(study, worlds)
    batch, scenario = Batch(campaign, fight_baseline(campaign, study.effort)), study.scenario
    sites = order_sites(batch, scenario.headline, scenario.added_system, scenario.added_max)
    return Twice(study, case, candidates, rows, batch, fits, sites)


def _agreeing(study: Study, case: EvidenceCase) -> tuple[int, NDArray[np.intp]]:
    """How many candidates to draw, and which of them the record does not contradict."""
    wanted, matched, count = study.effort.worlds, 0, 0
    for spare in _SPARES:
        count = int(np.ceil(spare * wanted))
        worlds, agrees = _vary(study, case, count)
        rows = np.flatnonzero(agrees)
        if len(rows) >= wanted:
            rows = rows[match_worlds(study, take(worlds, rows))[1]]
        matched = len(rows)
        if matched >= wanted:
            return count, rows[:wanted]
    msg = f"only {matched} of {count} worlds drawn agree with the record, {wanted} are needed"
    raise EvidenceError(msg + "; widen the baseline's range or ask for fewer worlds")


def _vary(
    study: Study, case: EvidenceCase, count: int, anew: Collection[str] = (), turn: int = 0
) -> tuple[Worlds, NDArray[np.bool_]]:
    """Candidate worlds with some streams drawn anew, and which of them the record does not contradict."""
    return vary_worlds(
        study.scenario, study.theatre, case, study.rates, count=count, seed=study.seed, anew=anew, turn=turn
    )


def _drive_case(study: Study, case: EvidenceCase) -> CaseDrivers:
    """Shares, totals and worth of every source."""
    twice = draw_twice(study, case)
    goal, most = twice.goal, study.scenario.added_max
    study.tell(f"{case}: every number", 0, 1)
    score = twice.score(twice.batch.campaign)
    left = np.stack([score(number) for number in range(most + 1)], axis=1)
    need, censored = numbers_needed(left, goal.threshold)
    met = np.flatnonzero((left <= goal.threshold + 1e-12).mean(axis=0) >= goal.confidence)
    number = int(met[0]) if len(met) else most
    columns = {source.words: _thin(source.columns(twice.batch.worlds)) for source in SOURCES}
    worth = value_of_knowing(columns, need, Decision(goal.confidence, most))
    shares = first_order(columns, left[:, number])
    drivers: list[Driver] = []
    paired: dict[str, float] = {}
    for step, source in enumerate(SOURCES):
        study.tell(f"{case}: worlds drawn twice, {source.words}", step, len(SOURCES))
        total, paired[source.words] = total_share(twice, left[:, number], number, source.streams)
        share, value = shares[source.words], worth.evppi[source.words]
        drivers.append(
            Driver(source.words, share.value, share.error, value.value, value.error, total.value, total.error)
        )
    return CaseDrivers(
        n=int(met[0]) if len(met) else None,
        censored=censored,
        worlds=len(left),
        runs=study.effort.runs_of(goal),
        drivers=tuple(sorted(drivers, key=lambda driver: (-(driver.total or 0.0), driver.unknown))),
        evpi=worth.evpi,
        chance=chance_share(twice, left[:, number], number),
        paired=FrozenDict(paired),
    )


def total_share(twice: Twice, outcome: Floats, number: int, anew: Collection[str]) -> tuple[Estimate, float]:
    """Total share from the pairs, and the share of worlds that have a partner."""
    partner, has = partners(twice, anew)
    return total_effect(outcome[has], twice.score(partner)(number)[has]), float(has.mean())


def partners(twice: Twice, anew: Collection[str]) -> tuple[Campaign, NDArray[np.bool_]]:
    """Draw some streams anew until the record does not contradict the world; which worlds have such a partner.

    Drawing anew until it agrees draws from the distribution given the streams kept, which is what shares of conditioned
    worlds are defined by.
    """
    campaign, lacking, turn = twice.batch.campaign, np.ones(len(twice.rows), dtype=bool), 0
    for _ in range(_ROUNDS):
        worlds, replaced, turn = _with_partners(twice, campaign.worlds, lacking, anew, turn)
        campaign, feasible = twice.match(worlds)
        lacking = lacking & ~(replaced & feasible)
        if lacking.mean() <= _LACKING_MOST:
            break
    return campaign, ~lacking & twice.fits


def _with_partners(
    twice: Twice, worlds: Worlds, lacking: NDArray[np.bool_], anew: Collection[str], turn: int
) -> tuple[Worlds, NDArray[np.bool_], int]:
    """Replace the worlds that lack a partner by candidates the record does not contradict, as far as there are any."""
    at, replaced, parts = np.arange(len(worlds)), np.zeros(len(worlds), dtype=bool), [worlds]
    last = turn + _TURNS_MOST
    while turn < last and (lacking & ~replaced).any():
        turn += 1
        candidates, agrees = _vary(twice.study, twice.case, twice.candidates, anew, turn)
        here = np.flatnonzero(lacking & ~replaced & agrees[twice.rows])
        at[here] = sum(len(part) for part in parts) + np.arange(len(here))
        parts.append(take(candidates, twice.rows[here]))
        replaced[here] = True
    return take(join(parts), at), replaced, turn


def chance_share(twice: Twice, outcome: Floats, number: int) -> Estimate:
    """Total share of chance: the same worlds under another key."""
    worlds = twice.batch.worlds
    campaign, feasible = twice.match(replace(worlds, seed=worlds.seed ^ (1 << 40)))
    return total_effect(outcome[feasible], twice.score(campaign)(number)[feasible])


def _thin(columns: Floats) -> Floats:
    """A single column as such; columns that do not vary left out of a group."""
    varies = np.ptp(columns, axis=0) > 0
    columns = columns[:, varies] if varies.any() else columns[:, :1]
    return columns[:, 0] if columns.shape[1] == 1 else columns
