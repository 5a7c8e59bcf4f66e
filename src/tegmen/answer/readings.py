"""The headline by readings: one number each for what can be defended in several ways, and what binds.

A reading changes one thing of the headline's: the structure of its worlds, a part of them, what an opponent may do,
what the plan knows. Ballistic strikes are linear in what is stopped, so a table of a few sums a world answers for any
rounds and any share re-aimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.results import POINTS, CutAnswer, Frontier, Informed, Iso, Reaction, ReadingAnswer, Strikes
from tegmen.answer.siting import site_informed
from tegmen.answer.study import HEADLINE, Study, is_met, met_share, remaining_shares, share_error, smallest_enough
from tegmen.engine.campaign import begin_campaign
from tegmen.engine.check import Agreement, compare, take_numbers, thin_out
from tegmen.engine.engagement import salvo_of
from tegmen.engine.expected import StrikeSums, cover_baseline, share_filled, strike_sums
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import Passage, passage_for
from tegmen.errors import EvidenceError
from tegmen.question.scenario import Goal
from tegmen.terms import EvidenceCase, ThreatClass, take
from tegmen.worlds.draw import Worlds
from tegmen.worlds.prior import Reading

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_CORRECTED = 7
"""Numbers at which the simulation corrects a closed form; in between the correction is drawn straight."""
RE_AIMED = (0.0, 0.1, 0.25)
"""Shares of what was aimed at newly covered places that is aimed at the less covered ones instead."""
ISO_THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
ISO_CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
CUT_MONTHS = (-3, -1, 0, 3)
"""Months from the end of the month asked about at which the evidence is cut to see whether the answer stands."""

STRUCTURES: tuple[tuple[str, Reading, str], ...] = (
    (
        "targets by the front",
        replace(HEADLINE, targets="front"),
        "people, capacity and nearness to the front steer the aim; oblasts named in the record do not",
    ),
    (
        "targets by population",
        replace(HEADLINE, targets="population"),
        "people and capacity alone steer the aim: the front has no pull",
    ),
    (
        "kill elsewhere as at Kyiv",
        replace(HEADLINE, kill_elsewhere="equal"),
        "a unit anywhere stops the same share of what it meets as at Kyiv; nobody publishes either",
    ),
    (
        "one kill share for all weapons",
        replace(HEADLINE, kill_by_weapon=False),
        "the few rows a weapon has are pooled completely",
    ),
)
PARTS: tuple[tuple[str, str, int, str], ...] = (
    ("availability low", "availability of a Patriot", 0, "the third of worlds in which units stand ready least often"),
    ("availability high", "availability of a Patriot", 2, "the third in which they stand ready most often"),
    (
        "few missiles at other targets",
        "share aimed at neither cities nor plants",
        0,
        "the third of worlds in which the least is aimed at neither cities nor power plants",
    ),
    (
        "many missiles at other targets",
        "share aimed at neither cities nor plants",
        2,
        "the third in which the most is: it explains the low share met outside Kyiv without idle units",
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class StrikeTable:
    """A plan for ballistic strikes: what remains for any rounds and any share re-aimed, from sums over places."""

    worlds: Worlds
    plan: Laydown
    sums: StrikeSums

    def remaining(self, rounds: Sequence[Floats], re_aimed: float = 0.0) -> Floats:
        """(w, n) expected strikes over those of the baseline; parameters as of `strikes`."""
        left = self.strikes(rounds, re_aimed)
        return (left / np.maximum(left[:, :1], 1e-300))[:, self.plan.beside :]

    def strikes(self, rounds: Sequence[Floats], re_aimed: float = 0.0) -> Floats:
        """(w, n) expected strikes, as a share of the missiles launched.

        Parameters
        ----------
        rounds
            Rounds a month (w,) with 0, 1, ... added units.
        re_aimed
            Share of what was aimed at newly covered places that is aimed at the less covered ones instead: at places
            that count, in proportion to what gets through there.
        """
        sums, fired = self.sums, salvo_of(self.worlds, "ballistic") * self.worlds.counts[:, ThreatClass.ballistic]
        filled = share_filled(np.stack(list(rounds), axis=1), fired[:, None] * sums.met)
        stopped = sums.stopped - re_aimed * (sums.newly_stopped - sums.newly * sums.refuge_stopped)
        return sums.aimed[:, None] - filled * stopped


@dataclass(frozen=True, slots=True, eq=False)
class OtherTable:
    """A plan for a goal that is no sum of ballistic strikes: worked out anew for other rounds; re-aiming is not.

    Parameters
    ----------
    passage
        What passes the baseline; None where only ballistic missiles count.
    shift
        (n,) what saturation adds to what remains.
    """

    worlds: Worlds
    goal: Goal
    plan: Laydown
    passage: Passage | None = None
    shift: float | Floats = 0.0

    def remaining(self, rounds: Sequence[Floats]) -> Floats:
        """(w, n) as `StrikeTable.remaining`."""
        return self.by_supply([rounds])[0]

    def by_supply(self, supplies: Sequence[Sequence[Floats]]) -> list[Floats]:
        """(w, n) for each of several supplies of rounds."""
        remaining = remaining_shares(self.worlds, self.goal, self.plan, supplies, self.passage)
        return list(np.maximum(remaining[:, :, self.plan.beside :] + self.shift, 0.0))


def score(worlds: Worlds, goal: Goal, plan: Laydown, passage: Passage | None = None) -> StrikeTable | OtherTable:
    """Make ready to score a plan: by sums where the metric is one of strikes, else by its closed form each time.

    Parameters
    ----------
    passage
        What passes the baseline (`passage_for`), where it is worked out already.
    """
    if goal.metric == "ballistic_strikes":
        return strike_table(worlds, goal, plan)
    return OtherTable(worlds, goal, plan, passage or passage_for(worlds, goal.measure))


def strike_table(worlds: Worlds, goal: Goal, plan: Laydown) -> StrikeTable:
    """Make the table of a plan."""
    counted = goal.measure.places(worlds.places, goal.largest_cities).astype(np.float64)
    return StrikeTable(worlds, plan, strike_sums(cover_baseline(worlds), counted, plan))


def plan_table(
    study: Study, case: EvidenceCase, goal: Goal, units: tuple[str, int], reading: Reading = HEADLINE
) -> StrikeTable | OtherTable:
    """Make ready to score a study's own plan for a goal on its worlds; units: the system, and how many at most."""
    return _ready_table(
        study, case, goal, study.sites(goal, *units, reading), study.worlds(case, goal, reading), reading
    )


def _ready_table(
    study: Study, case: EvidenceCase, goal: Goal, plan: Laydown, worlds: Worlds, reading: Reading = HEADLINE
) -> StrikeTable | OtherTable:
    """Make ready to score a plan on these worlds; a goal of area defence with the headline's correction."""
    if goal.metric == "ballistic_strikes":  # curve, frontier, readings and page ask for the same sums over places
        key = (
            "strikes",
            case,
            reading,
            goal.largest_cities,
            plan.units,
            id(worlds),
        )  # the table keeps its worlds: no id is reused
        return study.once(key, lambda: score(worlds, goal, plan))
    own = ThreatClass.cruise in goal.measure.counted and not goal.measure.area
    shared = own and worlds is study.worlds(case, whole=True)
    table = score(worlds, goal, plan, study.passage(case) if shared else None)
    if not goal.measure.area or not isinstance(table, OtherTable):
        return table
    found = saturation(study, case, goal, plan)
    return replace(table, shift=np.interp(np.arange(len(plan.asked) + 1), found.added, found.correction))


def saturation(study: Study, case: EvidenceCase, goal: Goal, plan: Laydown) -> Agreement:
    """Simulate some worlds of a goal of area defence at a few numbers: what its closed form is corrected by."""

    def work_out() -> Agreement:
        study.tell(f"{case}: {goal.name}: what saturates", 0, 1)
        effort = study.effort
        some = thin_out(study.worlds(case, goal), effort.part(400, 50))
        campaign = begin_campaign(some, cruise=ThreatClass.cruise in goal.measure.classes, compute=effort.compute)
        asked = np.linspace(0, len(plan.asked), _CORRECTED).round().astype(int)
        numbers = sorted({0, *(plan.beside + asked).tolist()})
        agreed = compare(campaign, goal, plan, study.rounds(some, plan), added=numbers, runs=effort.runs)
        return take_numbers(agreed, plan.beside)

    return study.once(("saturation", case, goal.metric, goal.largest_cities, plan.kinds), work_out)


def remaining_of(
    study: Study, case: EvidenceCase, goal: Goal, units: tuple[str, int], reading: Reading = HEADLINE
) -> Floats:
    """(w, n) what remains with a study's own plan and the rounds that come with added units."""
    table = plan_table(study, case, goal, units, reading)
    return table.remaining(study.rounds(table.worlds, table.plan))


# --- what the headline's book holds ----------------------------------------------------------------------------------


def answer_readings(
    study: Study, case: EvidenceCase, table: StrikeTable | OtherTable, n: int | None
) -> tuple[ReadingAnswer, ...]:
    """The headline in readings of other structure, and in parts of its own worlds.

    Parameters
    ----------
    table, n
        The headline's table and number.
    """
    goal, most = study.scenario.headline, study.scenario.added_max
    at, own = most if n is None else n, study.posterior()
    answers: list[ReadingAnswer] = []
    for name, reading, reason in STRUCTURES:
        posterior, worlds = study.posterior(reading), study.worlds(case, goal, reading)
        remaining = remaining_of(study, case, goal, (study.scenario.added_system, most), reading)
        odds = posterior.log_evidence - own.log_evidence
        answers.append(ReadingAnswer(name, reason, *_told_of(remaining, goal, at, worlds.batch), odds, posterior.ess))
        if reading.targets == HEADLINE.targets:
            study.forget(case, reading)  # a page carries worlds of other targets alone
    remaining = table.remaining(study.rounds(table.worlds, table.plan))
    for name, unknown, third, reason in PARTS:
        values = table.worlds.unknowns[unknown]
        # By rank: worlds that are copies of one have equal values, and no third may be empty.
        inside = np.argsort(np.argsort(values, kind="stable")) * 3 // len(values) == third
        told = _told_of(remaining[inside], goal, at, table.worlds.batch[inside])
        answers.append(ReadingAnswer(name, reason, *told, None, own.ess * float(inside.mean())))
    return tuple(answers)


def _told_of(remaining: Floats, goal: Goal, at: int, batch: Ints) -> tuple[int | None, float, float]:
    """The smallest number enough; the share of worlds (w,) in which `at` units are, and its Monte Carlo error."""
    met = is_met(remaining, goal)
    return smallest_enough(met.mean(axis=0), goal), float(met[:, at].mean()), float(share_error(met[:, at], batch))


def frontier_of(study: Study, case: EvidenceCase, goal: Goal, plan: Laydown) -> Frontier:
    """Units against rounds a month for one goal; rounds that are no limit come last."""
    amounts = (*study.scenario.frontier_rounds, np.inf)
    met = np.stack([met_share(remaining, goal) for remaining in remaining_by_rounds(study, case, goal, plan)])
    numbers = tuple(smallest_enough(row, goal) for row in met)
    return Frontier(goal.name, amounts, numbers, met, _binding(amounts, numbers, study.scenario.added_rounds.value))


def remaining_by_rounds(study: Study, case: EvidenceCase, goal: Goal, plan: Laydown) -> list[Floats]:
    """(w, n) what remains with each amount of rounds of the frontier, and without limit; a goal's worlds, or a part."""
    worlds, amounts = study.worlds(case, goal), (*study.scenario.frontier_rounds, np.inf)
    if goal.metric == "ballistic_strikes":
        table = _ready_table(study, case, goal, plan, worlds)
        assert isinstance(table, StrikeTable)
        return [table.remaining(study.rounds(worlds, plan, amount)) for amount in amounts]
    size = study.effort.part(5, 1000)
    part = worlds if len(worlds) <= size else take(worlds, np.arange(size))

    def work_out() -> list[Floats]:
        table, supplies = _ready_table(study, case, goal, plan, part), [study.rounds(part, plan, a) for a in amounts]
        assert isinstance(table, OtherTable)
        if goal.measure.is_coverage:  # covered, with rounds or without
            return table.by_supply(supplies[:1]) * len(supplies)
        return table.by_supply(supplies)

    return study.once(("by rounds", case, goal.name, plan.kinds), work_out)


def _binding(amounts: Sequence[float], numbers: Sequence[int | None], headline: float) -> str:
    """Which of the two binds at the headline's rounds."""
    at, unlimited = numbers[list(amounts).index(headline)], numbers[-1]
    if unlimited is None:
        return "neither alone is enough: none of the numbers tried would be, even without limit on rounds"
    if at == unlimited:
        return f"units bind: with {headline:g} rounds a month more rounds would not lower the number"
    enough = "none" if at is None else str(at)
    return f"rounds bind: without limit on rounds {unlimited} would be enough, with {headline:g} a month {enough}"


def strikes_of(study: Study, table: StrikeTable | OtherTable, n: int) -> Strikes | None:
    """Expected strikes a month, and how many fewer n units make of them; of strikes alone."""
    if isinstance(table, OtherTable):
        return None
    shares = table.strikes(study.rounds(table.worlds, table.plan))[:, table.plan.beside :]
    month = shares * table.worlds.counts[:, [ThreatClass.ballistic]]
    return Strikes(_middle_and_ends(month[:, 0]), _middle_and_ends(month[:, 0] - month[:, n]))


def _middle_and_ends(over_worlds: Floats) -> tuple[float, float, float]:
    low, middle, high = np.quantile(over_worlds, POINTS)
    return float(low), float(middle), float(high)


def iso_lines(remaining: Floats) -> Iso:
    """The number by threshold and confidence, from what remains (w, n)."""
    rows: list[tuple[int | None, ...]] = []
    for threshold in ISO_THRESHOLDS:
        met = (remaining <= threshold + 1e-9).mean(axis=0)
        enough = [np.flatnonzero(met >= confidence) for confidence in ISO_CONFIDENCES]
        rows.append(tuple(int(numbers[0]) if len(numbers) else None for numbers in enough))
    return Iso(ISO_THRESHOLDS, ISO_CONFIDENCES, tuple(rows))


def reaction_to(study: Study, table: StrikeTable | OtherTable) -> Reaction | None:
    """The number by share re-aimed, and the guarantee over all shares up to the largest; of strikes alone."""
    if isinstance(table, OtherTable):
        return None
    goal, rounds = study.scenario.headline, study.rounds(table.worlds, table.plan)
    remaining = [table.remaining(rounds, share) for share in RE_AIMED]
    numbers = tuple(smallest_enough(met_share(each, goal), goal) for each in remaining)
    worst = met_share(np.maximum(remaining[0], remaining[-1]), goal)
    return Reaction(RE_AIMED, numbers, smallest_enough(worst, goal))


def answer_informed(study: Study, case: EvidenceCase) -> Informed | None:
    """Score the plan that knows the layout, on a part of the headline's worlds; none is made for area defence."""
    goal, most, system = study.scenario.headline, study.scenario.added_max, study.scenario.added_system
    if goal.measure.area or study.beside(system):
        return None
    all_worlds = study.worlds(case, goal)
    worlds = take(all_worlds, np.arange(min(len(all_worlds), study.effort.part(2, 1000))))
    table = score(worlds, goal, site_informed(worlds, goal, system, most))
    met = is_met(table.remaining(study.rounds(worlds, most)), goal)
    probability = met.mean(axis=0)
    return Informed(smallest_enough(probability, goal), probability, share_error(met, worlds.batch))


def answer_cuts(study: Study, case: EvidenceCase, n: int | None) -> tuple[CutAnswer, ...]:
    """The headline with the evidence cut on other days, as far as the record reaches; its own day is the headline."""
    goal, most, system = study.scenario.headline, study.scenario.added_max, study.scenario.added_system
    at, answers = most if n is None else n, []
    for day in cut_days(study):
        cut = _cut_on(study, day)
        remaining, batch = remaining_of(cut, case, goal, (system, most)), cut.worlds(case, goal).batch
        answers.append(CutAnswer(day, *_told_of(remaining, goal, at, batch), cut.posterior().ess))
        if cut is not study:
            cut.forget(case)  # nothing else asks for its worlds in this case, and they are large
    return tuple(answers)


def weigh_ahead(study: Study) -> None:
    """Weigh the worlds of every reading and cut: the same in all evidence cases, made by whoever asks first."""
    with suppress(EvidenceError):  # a record that is impossible in a reading is told where the reading is answered
        for _, reading, _ in STRUCTURES:
            study.posterior(reading)
        for day in cut_days(study):
            _cut_on(study, day).posterior()


def _cut_on(study: Study, day: date) -> Study:
    """The question with the evidence cut on a day; on the evidence's own day the question itself."""
    return study if day == study.calibration.until else study.until(day)


def cut_days(study: Study) -> list[date]:
    """Month ends about the month asked about, between the record's first ballistic row and its end."""
    last = study.scenario.month.last
    ends = np.datetime64(last, "M") + np.array(CUT_MONTHS) + 1
    days = [(end.astype("datetime64[D]") - 1).astype(object) for end in ends]
    until, reach = study.calibration.until, study.calibration.record.rows["window_end"].max().date()
    begun = study.rows.window_end.astype("datetime64[D]").astype(object).tolist()
    first = min([until, *begun])
    return [day for day in days if first <= day <= reach or day == until]
