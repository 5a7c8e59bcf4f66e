"""What drives the answer, from worlds drawn twice: one source of doubt anew, all else kept.

The answer itself gives first-order shares of single unknowns, some of them linked, from the worlds it has. Here worlds
are drawn for the purpose, for sources that are drawn apart from each other (all rates of the record, the whole layout):
totals, which single draws cannot give, and the part that is chance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen.answer.estimates import Decision, Estimate, first_order, numbers_needed, total_effect, value_of_knowing
from tegmen.answer.results import Driver
from tegmen.answer.siting import expected_leakers, site_greedily
from tegmen.answer.sufficiency import Effort, fight_baseline, input_hashes, remaining_share
from tegmen.calibration.fit import Calibration, RateDraws
from tegmen.engine.campaign import MATCHED, Campaign, match_record
from tegmen.errors import EvidenceError
from tegmen.question.launches import history_counts
from tegmen.question.places import defended_places
from tegmen.question.scenario import Scenario
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
from tegmen.worlds.draw import POOL, Worlds, join, take, vary_worlds
from tegmen.worlds.lanes import lay_lanes

if TYPE_CHECKING:
    from tegmen.terms import Floats


_SPARES = (1.8, 2.5, 5.0)
_ROUNDS = 3
_TURNS_MOST = 6
_LACKING_MOST = 0.02


@dataclass(frozen=True, slots=True)
class Source:
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


def _unknowns(*names: str) -> Callable[[Worlds], Floats]:
    return lambda worlds: np.stack([worlds.unknowns[name] for name in names], axis=1)


def _scalars(*names: str) -> Callable[[Worlds], Floats]:
    return lambda worlds: np.stack([worlds.scalar[name] for name in names], axis=1)


SOURCES = (
    Source(
        "rates: coverage, share killed, aim at Kyiv",
        ("rates",),
        _unknowns(
            "share killed when covered", "coverage of Kyiv", "coverage elsewhere",
            "share of ballistic missiles aimed at Kyiv",
        ),
    ),
    Source(
        "launches nobody posted",
        ("launches",),
        lambda worlds: worlds.counts[:, [ThreatClass.ballistic]].astype(np.float64),
    ),
    Source(
        "targets aimed at",
        ("targets",),
        _unknowns(
            "share aimed at power plants", "concentration of ballistic targets", "pull of the front on targets"
        ),
    ),
    Source("defended radius", ("radius",), _unknowns("Patriot's defended radius against ballistic missiles")),
    Source(
        "layout of the baseline",
        ("stands",),
        _unknowns("ballistic targets already covered by the baseline's layout"),
    ),
    Source("how ready an added unit is, between the zones", ("readiness",), _scalars("readiness_lean")),
    Source(
        "rounds, channels, times, other systems",
        ("units", "batteries", "times"),
        _scalars("salvo_ballistic", "stock_ballistic", "reaction_s"),
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
    effort, pool = effort or Effort(), calibration.draws(POOL, seed)
    found: dict[EvidenceCase, CaseDrivers] = {}
    for case in cases:
        twice = _Twice(scenario, calibration, case, seed, effort, pool)
        found[case] = twice.read(progress or tell_nobody)
    hashes = input_hashes(scenario, calibration)
    return Drivers(scenario, seed, MappingProxyType(found), Provenance(VERSION, seed, hashes))


class _Twice:
    """One evidence case: worlds that agree with the record, and partners of them that share some streams."""

    def __init__(
        self,
        scenario: Scenario,
        calibration: Calibration,
        case: EvidenceCase,
        seed: int,
        effort: Effort,
        pool: RateDraws,
    ) -> None:
        self.case: EvidenceCase = case
        self.scenario, self.calibration = scenario, calibration
        self.seed, self.effort, self.pool = seed, effort, pool
        self.goal = scenario.headline
        self.heavy = self.goal.metric == "capacity_lost"
        self.lanes = lay_lanes(defended_places(scenario))
        self.history = history_counts(scenario, calibration.record)
        self.count, self.rows = self._agreeing()
        worlds = take(self._vary((), 0)[0], self.rows)
        # Matched again where they stand from here on: chance is addressed by position.
        self.campaign, self.fits = self._match(worlds, MATCHED)
        self.sites = site_greedily(
            self.campaign, self.goal, expected_leakers(self.campaign, fight_baseline(self.campaign, effort)),
            scenario.added_system, scenario.added_max,
        )  # fmt: skip

    def _agreeing(self) -> tuple[int, NDArray[np.intp]]:
        """How many candidates to draw, and which of them the record does not contradict."""
        wanted, found, count = self.effort.worlds, 0, 0
        for spare in _SPARES:
            count = int(np.ceil(spare * wanted))
            worlds, agrees = self._vary((), 0, count)
            rows = np.flatnonzero(agrees)
            if len(rows) >= wanted:
                rows = rows[self._match(take(worlds, rows), MATCHED)[1]]
            found = len(rows)
            if found >= wanted:
                return count, rows[:wanted]
        msg = f"only {found} of {count} worlds drawn agree with the record, {wanted} are needed"
        raise EvidenceError(msg + "; widen the baseline's range or ask for fewer worlds")

    def read(self, tell: Progress) -> CaseDrivers:
        """Shares, totals and worth of every source."""
        tell(f"{self.case}: every number", 0, 1)
        score = self._score(self.campaign)
        left = np.stack([score(number) for number in range(self.scenario.added_max + 1)], axis=1)
        need, censored = numbers_needed(left, self.goal.threshold)
        met = np.flatnonzero((left <= self.goal.threshold + 1e-12).mean(axis=0) >= self.goal.confidence)
        number = int(met[0]) if len(met) else self.scenario.added_max
        columns = {source.words: _thin(source.columns(self.campaign.worlds)) for source in SOURCES}
        worth = value_of_knowing(columns, need, Decision(self.goal.confidence, self.scenario.added_max))
        shares = first_order(columns, left[:, number])
        drivers: list[Driver] = []
        paired: dict[str, float] = {}
        for step, source in enumerate(SOURCES):
            tell(f"{self.case}: worlds drawn twice, {source.words}", step, len(SOURCES))
            total, paired[source.words] = self._total(left[:, number], number, source.streams)
            share, value = shares[source.words], worth.each[source.words]
            drivers.append(Driver(
                source.words, share.value, share.error, value.value, value.error, total.value, total.error
            ))  # fmt: skip
        return CaseDrivers(
            n=int(met[0]) if len(met) else None,
            censored=censored,
            worlds=len(left),
            runs=self.effort.runs_of(self.goal),
            drivers=tuple(sorted(drivers, key=lambda each: (-(each.total or 0.0), each.unknown))),
            evpi=worth.all,
            chance=self._chance(left[:, number], number),
            paired=MappingProxyType(paired),
        )

    def _total(self, outcome: Floats, number: int, anew: Collection[str]) -> tuple[Estimate, float]:
        """Total share from the pairs found, and the share of worlds that have a partner."""
        partner, has = self._partners(anew)
        return total_effect(outcome[has], self._score(partner)(number)[has]), float(has.mean())

    def _partners(self, anew: Collection[str]) -> tuple[Campaign, NDArray[np.bool_]]:
        """Worlds with some streams drawn anew until the record does not contradict them; and which have been found.

        Drawing anew until it agrees draws from the distribution given the streams kept, which is what shares of
        conditioned worlds are defined by.
        """
        campaign, lacking, turn = self.campaign, np.ones(len(self.rows), dtype=bool), 0
        for _ in range(_ROUNDS):
            worlds, given, turn = self._replaced(campaign.worlds, lacking, anew, turn)
            campaign, feasible = self._match(worlds, MATCHED if self.heavy else (ThreatClass.ballistic,))
            lacking &= ~(given & feasible)
            if lacking.mean() <= _LACKING_MOST:
                break
        return campaign, ~lacking & self.fits

    def _replaced(
        self, worlds: Worlds, lacking: NDArray[np.bool_], anew: Collection[str], turn: int
    ) -> tuple[Worlds, NDArray[np.bool_], int]:
        """Replace the worlds that lack a partner by candidates the record does not contradict, as far as found."""
        at, given, parts = np.arange(len(worlds)), np.zeros(len(worlds), dtype=bool), [worlds]
        last = turn + _TURNS_MOST
        while turn < last and (lacking & ~given).any():
            turn += 1
            candidates, agrees = self._vary(anew, turn)
            here = np.flatnonzero(lacking & ~given & agrees[self.rows])
            at[here] = sum(len(part) for part in parts) + np.arange(len(here))
            parts.append(take(candidates, self.rows[here]))
            given[here] = True
        return take(join(parts), at), given, turn

    def _chance(self, outcome: Floats, number: int) -> Estimate:
        """Total share of chance: the same worlds under another key."""
        worlds = replace(self.campaign.worlds, seed=self.campaign.worlds.seed ^ (1 << 40))
        campaign, feasible = self._match(worlds, MATCHED if self.heavy else (ThreatClass.ballistic,))
        return total_effect(outcome[feasible], self._score(campaign)(number)[feasible])

    def _score(self, campaign: Campaign) -> Callable[[int], Floats]:
        baseline = fight_baseline(campaign, self.effort) if self.heavy else None
        plan = (self.scenario.added_system, self.sites)
        return remaining_share(self.goal, campaign, baseline, plan, self.effort)

    def _vary(self, anew: Collection[str], turn: int, count: int | None = None) -> tuple[Worlds, NDArray[np.bool_]]:
        count = count or self.count
        return vary_worlds(
            self.scenario,
            self.calibration,
            self.case,
            count=count,
            seed=self.seed,
            pool=self.pool,
            anew=anew,
            turn=turn,
        )

    def _match(self, worlds: Worlds, solve: Sequence[ThreatClass]) -> tuple[Campaign, NDArray[np.bool_]]:
        return match_record(worlds, self.lanes, self.history, self.scenario.month.nights, solve=solve)


def _thin(columns: Floats) -> Floats:
    """A single column as such; columns that do not vary left out of a group."""
    varies = np.ptp(columns, axis=0) > 0
    columns = columns[:, varies] if varies.any() else columns[:, :1]
    return columns[:, 0] if columns.shape[1] == 1 else columns
