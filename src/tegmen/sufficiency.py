"""Outcomes to the answer: how many are enough, how sure, for which goal, and what it hangs on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tegmen import __version__
from tegmen.calibration import Calibration
from tegmen.catalogue import Parameter, read_catalogue
from tegmen.engagement import Engagement, Lanes, engage, glide_bombs_launched, lay_lanes
from tegmen.errors import EvidenceError, InputError
from tegmen.exact import share_error
from tegmen.geo import tables_sha256
from tegmen.placement import counted, expected_leakers, site_greedily, uncovered
from tegmen.scenario import Goal, Scenario
from tegmen.simulation import BACKGROUND, Campaign, Outcome, keep, match_record, simulate
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, Progress, Provenance, ThreatClass
from tegmen.worlds import SYSTEMS, Worlds, defended_places, draw_worlds, history_counts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SIMULATED = (ThreatClass.ballistic, ThreatClass.cruise)
_SPARE = 1.3
_ATTEMPTS = 5
_POINTS = (0.1, 0.5, 0.9)
_DRIVER_BINS = 8


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
    """

    worlds: int = 200
    runs: int = 50
    worlds_more: int = 100
    worlds_most: int = 600
    error_most: float = 0.03

    def __post_init__(self) -> None:
        faults = [
            f"{name}: found {value}, must be at least {least}"
            for name, value, least in (("worlds", self.worlds, 20), ("runs", self.runs, 2))
            if value < least
        ]
        if faults:
            raise InputError("effort", faults)


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
    """An unknown and its first-order share of the variance of the outcome over worlds."""

    unknown: str
    share: float


@dataclass(frozen=True, slots=True)
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

    def sentence(self) -> str:
        """One sentence: how many, how sure, and whether sampling resolved it."""
        goal, most = self.goal, int(self.added[-1])
        share = f"in at least {goal.confidence:.0%} of worlds"
        name = SYSTEM_NAMES[self.system]
        head = f"With {self.worlds} worlds x {self.runs} months: "
        if self.n is None:
            text = f"no number up to {most} more {name} fire units is enough to {goal.label} {share} "
            text += f"({most} do so in {self.probability[-1]:.0%})"
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
        return f"{self.added[at]} gives {self.probability[at]:.3f} ± {2 * self.mcse[at]:.3f} against {self.goal.confidence:.2f}"

    def to_pandas(self) -> pd.DataFrame:
        """Give the curve: added, probability, mcse and the three points of what remains."""
        table = pd.DataFrame({"added": self.added, "probability": self.probability, "mcse": self.mcse})
        return table.assign(**{f"remaining_{int(p * 100)}": self.remaining[:, i] for i, p in enumerate(_POINTS)})


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """The answer: both evidence cases, never averaged, with everything needed to make it again."""

    scenario: Scenario
    calibration: Calibration
    seed: int
    cases: Mapping[EvidenceCase, CaseAnswer]
    parameters: tuple[Parameter, ...]
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
        return "Enough for one goal is not enough for another: " + "; ".join(parts) + "."

    def to_pandas(self) -> pd.DataFrame:
        """Give every curve: case, goal, and the columns of `GoalAnswer.to_pandas`."""
        tables = [
            answer.to_pandas().assign(case=case, goal=answer.goal.name)
            for case, result in self.cases.items()
            for answer in result.goals
        ]
        table = pd.concat(tables, ignore_index=True)
        return table[["case", "goal", *[name for name in table.columns if name not in ("case", "goal")]]]

    def summary(self) -> pd.DataFrame:
        """Give one row a case and goal: n, range, resolved, and the probability at each claimed number."""
        rows = []
        for case, result in self.cases.items():
            for answer in result.goals:
                row: dict[str, object] = {"case": case, "goal": answer.goal.name, "n": "none" if answer.n is None else answer.n}
                row["range"] = _range_text(answer)
                row["resolved"] = answer.resolved
                row.update({f"P({test.added})": round(test.probability, 3) for test in answer.claims})
                rows.append(row)
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        lines = [f"<Sufficiency {self.scenario.name}, seed {self.seed}>"]
        return "\n".join([*lines, *(f"{case}: {self.sentence(case)}" for case in self.cases)])

    def _repr_html_(self) -> str:
        head = "".join(f"<p><b>{case}</b>: {self.sentence(case)}</p>" for case in self.cases)
        return head + self.summary().to_html(index=False)


SYSTEM_NAMES = {
    "patriot": "Patriot", "sampt": "SAMP/T", "nasams": "NASAMS", "iris_t_slm": "IRIS-T SLM", "hawk": "Hawk",
    "s300ps": "S-300PS", "buk_m1": "Buk-M1",
}  # fmt: skip


def sufficiency(  # noqa: PLR0913 - the question, the evidence, the seed and how hard to try
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
        No world agrees with the record.
    """
    tell = progress or (lambda *_: None)
    lanes = lay_lanes(defended_places(scenario))
    studies = {case: _Study(scenario, calibration, case, lanes, seed, effort or Effort(), tell) for case in cases}
    answers = {case: study.answer() for case, study in studies.items()}
    used = {parameter.label: parameter for study in studies.values() for parameter in study.worlds.parameters}
    inputs = dict(calibration.provenance.inputs) | {
        "scenario": scenario.sha256, "catalogue": read_catalogue().sha256, "geography": tables_sha256(),
    }  # fmt: skip
    return Sufficiency(
        scenario=scenario,
        calibration=calibration,
        seed=seed,
        cases=MappingProxyType(answers),
        parameters=tuple(used[label] for label in sorted(used)),
        provenance=Provenance(__version__, seed, inputs),
    )


def draw_campaign(  # noqa: PLR0913 - a batch is named by all of them
    scenario: Scenario, calibration: Calibration, case: EvidenceCase, lanes: Lanes, *, count: int, first: int, seed: int
) -> Campaign:
    """Draw worlds and match them to the record; worlds with no factor in (0, 1] are replaced by others.

    Raises
    ------
    EvidenceError
        Too few worlds can be matched.
    """
    history = history_counts(scenario, calibration)
    ask = math.ceil(count * _SPARE)
    for _ in range(_ATTEMPTS):
        worlds = draw_worlds(scenario, calibration, case, count=ask, first=first, seed=seed)
        campaign, feasible = match_record(worlds, lanes, history, scenario.month.nights)
        if feasible.sum() >= count:
            kept = 1 - (1 - worlds.redraw_share) * float(feasible.mean())
            campaign = keep(campaign, np.flatnonzero(feasible)[:count])
            object.__setattr__(campaign.worlds, "redraw_share", kept)
            return campaign
        ask *= 2
    msg = f"only {int(feasible.sum())} of {len(worlds)} worlds can reproduce the record's rates; widen the baseline's range"
    raise EvidenceError(msg)


class _Study:
    """One evidence case while it is being worked on: batches of worlds, and per goal the share that remains."""

    def __init__(  # noqa: PLR0913 - what `sufficiency` was asked, once
        self, scenario: Scenario, calibration: Calibration, case: EvidenceCase, lanes: Lanes, seed: int, effort: Effort, tell: Progress
    ) -> None:
        self.scenario, self.calibration, self.case, self.lanes = scenario, calibration, case, lanes
        self.seed, self.effort, self.tell = seed, effort, tell
        self.numbers = np.array([n for n in range(scenario.added_max + 1)])
        self.first = self._draw(0, effort.worlds)
        self.worlds: Worlds = self.first.worlds
        self.baseline = self._baseline(self.first)
        expected = expected_leakers(self.first, self.baseline)
        self.sites = {
            goal.name: site_greedily(self.first, goal, expected, scenario.added_system, scenario.added_max) for goal in scenario.goals
        }
        self.remaining: dict[str, list[Floats]] = {goal.name: [] for goal in scenario.goals}
        self.unknowns: list[Mapping[str, Floats]] = []

    def answer(self) -> CaseAnswer:
        """Score batches until every decision is resolved or the effort is spent; then read the answers off."""
        effort = self.effort
        self._score(self.first, self.baseline, {goal.name: self.numbers for goal in self.scenario.goals})
        drawn = effort.worlds
        while drawn < max(effort.worlds_most, effort.worlds):
            wanted = {goal.name: self._wanted(goal) for goal in self.scenario.goals}
            wanted = {name: numbers for name, numbers in wanted.items() if len(numbers)}
            if not wanted:
                break
            batch = self._draw(drawn, effort.worlds_more)
            self._score(batch, self._baseline(batch), wanted)
            drawn += effort.worlds_more
        self.tell(f"{self.case}: {drawn} worlds", 1, 1)
        return self._read_off()

    def _draw(self, first: int, count: int) -> Campaign:
        self.tell(f"{self.case}: drawing and matching worlds {first + 1}–{first + count}", 0, 1)
        return draw_campaign(
            self.scenario, self.calibration, self.case, self.lanes, count=count, first=first, seed=self.seed
        )

    def _baseline(self, campaign: Campaign) -> Outcome:
        """All classes against the baseline; classes that added units do not change are simulated only here."""
        system = self.scenario.added_system
        tables = engage(campaign.worlds, self.lanes, (), system, _SIMULATED)
        served = simulate(campaign, tables, added=0, runs=self.effort.runs, classes=_SIMULATED)
        rest = simulate(campaign, None, added=0, runs=self.effort.runs, classes=BACKGROUND)
        return Outcome(
            leakers=served.leakers | rest.leakers,
            launched=served.launched + rest.launched,
            by_systems=served.by_systems,
            by_dispersed=served.by_dispersed + rest.by_dispersed,
            rounds=served.rounds,
        )

    def _score(self, campaign: Campaign, baseline: Outcome, wanted: Mapping[str, Ints]) -> None:
        """Append, for each goal, the remaining share in each world of the batch at each number wanted (NaN: not tried)."""
        self.unknowns.append(campaign.worlds.unknowns)
        for goal in self.scenario.goals:
            table = np.full((len(campaign.worlds), len(self.numbers)), np.nan)
            numbers = wanted.get(goal.name, np.zeros(0, np.int64))
            if len(numbers):
                metric = _metric(goal, campaign, baseline)
                score = self._scorer(goal, campaign, metric)
                for step, number in enumerate(numbers):
                    self.tell(f"{self.case}: {goal.name}, {number} added", step, len(numbers))
                    table[:, number] = score(int(number))
            self.remaining[goal.name].append(table)

    def _scorer(self, goal: Goal, campaign: Campaign, metric: Callable[[Outcome], Floats]) -> Callable[[int], Floats]:
        """(w,) what remains of the metric with so many units added: a share of the baseline's, or a count."""
        sites, system = self.sites[goal.name], self.scenario.added_system
        if goal.metric == "capitals_uncovered":
            capital = counted(goal, campaign.worlds.places)
            return lambda number: uncovered(campaign.worlds, sites[:number], system)[:, capital].sum(axis=1) * 1.0
        classes = _SIMULATED if goal.metric == "capacity_lost" else (ThreatClass.ballistic,)
        tables: Engagement = engage(campaign.worlds, self.lanes, sites.tolist(), system, classes)
        outcomes: list[Floats] = []

        def score(number: int) -> Floats:
            outcome = simulate(campaign, tables, added=number, runs=self.effort.runs, classes=classes)
            if not outcomes:
                none = outcome if number == 0 else simulate(campaign, tables, added=0, runs=self.effort.runs, classes=classes)
                outcomes.append(metric(none))
            base = outcomes[0]
            return np.where(base > 0, metric(outcome) / np.where(base > 0, base, 1.0), 0.0)

        return score

    def _wanted(self, goal: Goal) -> Ints:
        """Numbers that need more worlds: all while an error is too large, then those the decision hangs on."""
        _, mcse = self._curve(goal)
        if mcse.max() > self.effort.error_most:
            return self.numbers
        low, high = _open_range(goal, *self._curve(goal))
        return self.numbers[low : min(high, len(self.numbers) - 1) + 1] if high > low else self.numbers[:0]

    def _curve(self, goal: Goal) -> tuple[Floats, Floats]:
        """Share of worlds that meet the goal at each number, and its standard error."""
        table = np.concatenate(self.remaining[goal.name])
        tried = ~np.isnan(table)
        met = (np.where(tried, table, np.inf) <= goal.threshold + 1e-12).sum(axis=0)
        worlds = tried.sum(axis=0)
        return met / worlds, np.array([share_error(int(m), int(w)) for m, w in zip(met, worlds, strict=True)])

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
            launched=MappingProxyType({cls.name: int(np.rint(launched[:, cls].mean())) for cls in self.baseline.leakers}),
            intercepted=MappingProxyType({name: _limits(table) for name, table in shot.items()}),
            baseline=_stands(worlds),
            glide_bombs=MappingProxyType(
                {
                    "with the baseline": _limits(glide_bombs_launched(worlds, [], system, total)),
                    f"with {number} added units": _limits(glide_bombs_launched(worlds, sites, system, total)),
                }
            ),
            redraw_share=worlds.redraw_share,
        )

    def _goal_answer(self, goal: Goal) -> GoalAnswer:
        probability, mcse = self._curve(goal)
        low, high = _open_range(goal, probability, mcse)
        met = np.flatnonzero(probability >= goal.confidence)
        table = np.concatenate(self.remaining[goal.name])
        most = len(self.numbers)
        n = int(met[0]) if len(met) else None
        where = {claim.added: min(claim.added, most - 1) for claim in self.scenario.claims}
        return GoalAnswer(
            goal=goal,
            system=self.scenario.added_system,
            n=n,
            n_interval=(low, high if high < most else None),
            resolved=low == high,
            worlds=int((~np.isnan(table)).sum(axis=0).max()),
            runs=self.effort.runs,
            added=self.numbers,
            probability=probability,
            mcse=mcse,
            remaining=np.nanquantile(table, _POINTS, axis=0).T,
            claims=tuple(
                ClaimTest(claim.label, claim.added, float(probability[where[claim.added]]), float(mcse[where[claim.added]]), claim.source)
                for claim in self.scenario.claims
            ),
            drivers=_drivers(self.unknowns, table[:, n if n is not None else most - 1]),
            placement=tuple(self._stand(site) for site in self.sites[goal.name]),
        )

    def _stand(self, site: int) -> Stand:
        places, system = self.first.worlds.places, self.scenario.added_system
        radius = self.first.worlds.units.radius_ballistic_km[:, SYSTEMS.index(system)].mean()
        return Stand(system, str(places.name[site]), float(places.latitude[site]), float(places.longitude[site]), float(radius))


def _metric(goal: Goal, campaign: Campaign, baseline: Outcome) -> Callable[[Outcome], Floats]:
    """(w,) the goal's metric, mean over runs, from leakers (w, r, p)."""
    worlds = campaign.worlds
    places = np.flatnonzero(counted(goal, worlds.places))
    if goal.metric == "ballistic_strikes":
        return lambda outcome: outcome.leakers[ThreatClass.ballistic][:, :, places].sum(axis=(1, 2)) / outcome.rounds.shape[1]
    if goal.metric == "people_struck":
        people = worlds.places.population[places]
        return lambda outcome: ((outcome.leakers[ThreatClass.ballistic][:, :, places] > 0) @ people).mean(axis=1)
    capacity = worlds.places.capacity_mw[places]
    damage = {cls: np.log1p(-worlds.scalar[f"damage_{cls.name}"])[:, None, None] for cls in baseline.leakers}
    background = sum(damage[cls] * baseline.leakers[cls][:, :, places] for cls in BACKGROUND)

    def lost(outcome: Outcome) -> Floats:
        left = background + sum(damage[cls] * outcome.leakers[cls][:, :, places] for cls in _SIMULATED)
        return (-np.expm1(left) @ capacity).mean(axis=1)

    return lost


def _open_range(goal: Goal, probability: Floats, mcse: Floats) -> tuple[int, int]:
    """Indices of the smallest number that could meet the goal and of the smallest that surely does (2 errors)."""
    could = np.flatnonzero(probability + 2 * mcse >= goal.confidence)
    does = np.flatnonzero(probability - 2 * mcse >= goal.confidence)
    most = len(probability)
    return int(could[0]) if len(could) else most, int(does[0]) if len(does) else most


def _drivers(unknowns: Sequence[Mapping[str, Floats]], outcome: Floats) -> tuple[Driver, ...]:
    """First-order share of each unknown: variance of the outcome's mean over eighths of the unknown, less chance.

    The correlation ratio over equally filled bins with Kelley's correction (epsilon squared), never below 0. An unknown
    that does not vary has none.

    Source: Kelley (1935), "An unbiased correlation ratio measure", PNAS 21.
    """
    tried = ~np.isnan(outcome)
    y = outcome[tried]
    found: list[Driver] = []
    for name in unknowns[0]:
        x = np.concatenate([batch[name] for batch in unknowns])[tried]
        edges = np.unique(np.quantile(x, np.linspace(0, 1, _DRIVER_BINS + 1)[1:-1]))
        bins = np.searchsorted(edges, x, side="right")
        count = np.bincount(bins)
        mean = np.bincount(bins, weights=y) / np.maximum(count, 1)
        within, total = ((y - mean[bins]) ** 2).sum(), ((y - y.mean()) ** 2).sum()
        groups = int((count > 0).sum())
        if total > 0 and groups > 1:
            share = 1 - within / (len(y) - groups) * (len(y) - 1) / total
            found.append(Driver(name, float(max(share, 0.0))))
        else:
            found.append(Driver(name, 0.0))
    return tuple(sorted(found, key=lambda driver: (-driver.share, driver.unknown)))


def _stands(worlds: Worlds) -> tuple[Stand, ...]:
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


def _span(shares: Sequence[float]) -> str:
    low, high = f"{100 * min(shares):.0f}", f"{100 * max(shares):.0f}"
    return f"{low} %" if low == high else f"{low}–{high} %"


def _range_text(answer: GoalAnswer) -> str:
    high = answer.n_interval[1]
    return f"{answer.n_interval[0]}–{'beyond ' + str(int(answer.added[-1])) if high is None else high}"


def _singular(label: str) -> str:
    verb, _, rest = label.partition(" ")
    return f"{verb}s {rest}"
