"""In which worlds a mix of kinds meets each goal: curves over the numbers of one kind, worked out once and kept.

A mix is one plan for all goals: the units of a kind stand in one order of sites, the one that is best for the first of
the goals that the kind does something for. A goal is changed only by the kinds that meet what it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.cheapest import counts_rounds, helpful
from tegmen.answer.options import PlanScores, Units
from tegmen.answer.readings import OtherTable, StrikeTable, score
from tegmen.answer.study import Study, is_met, kish_error, mean_error
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import NOBODY, Laydown
from tegmen.question.scenario import Goal
from tegmen.terms import EvidenceCase, ThreatClass

if TYPE_CHECKING:
    from tegmen.terms import Floats

_TABLES = 4
"""Plans kept of which what they do is known for any rounds, of about 50 MB each."""


class MixScores:
    """Scores of mixes on the worlds of a study, in one evidence case.

    Parameters
    ----------
    goals, limits, rounds
        Goals; kind to how many of it are asked about at most; amounts of rounds a month that are asked about.
    """

    def __init__(
        self,
        study: Study,
        case: EvidenceCase,
        goals: Sequence[Goal],
        limits: Mapping[str, int],
        rounds: Sequence[float] = (0.0,),
    ) -> None:
        self.study, self.goals, self.limits, self.rounds = study, tuple(goals), dict(limits), tuple(rounds)
        self.case: EvidenceCase = case
        self._met: dict[tuple[int, tuple[tuple[str, float], ...]], NDArray[np.bool_]] = {}
        self._plans: dict[str, PlanScores] = {}
        self._tables: dict[tuple[str, Units], StrikeTable | OtherTable] = {}

    def prepare(self) -> None:
        """Site the units of every kind, and see what passes the baseline: what searches then need."""
        for kind, most in self.limits.items():
            self._order(kind, most)
        for goal in self.goals:
            if not _falls_only(goal):
                self._from(goal)

    def met(self, at: int, added: Mapping[str, int], rounds: float) -> NDArray[np.bool_]:
        """(w,) whether the mix meets a goal, by its place in the list, in each of its worlds."""
        goal = self.goals[at]
        worlds, kinds = self.study.worlds(self.case, goal), self.helpful(goal)
        if not kinds:
            return np.zeros(len(worlds), dtype=bool)
        if _falls_only(goal):
            return self._by_number(at, added, rounds)
        amounts, supply = (self.rounds, self.rounds.index(rounds)) if counts_rounds(goal) else (self.rounds[:1], 0)
        key = at, tuple((kind, added.get(kind, 0)) for kind in kinds)
        if key not in self._met:
            plan = self.laydown(added, goal)
            left = self._from(goal).left(plan, [self.study.rounds(worlds, plan, each) for each in amounts])
            self._met[key] = is_met(np.stack(left), goal)
        return self._met[key][supply]

    def error(self, goal: int, share: float) -> float:
        """Monte Carlo standard error of a share of the worlds of a goal, whichever they are."""
        asked, worlds = self.goals[goal], self.study.worlds(self.case, self.goals[goal])
        # The first part of the worlds is worth that part of the effective sample; one spread over all is worth it all.
        part = 1.0 if asked.measure.area else len(worlds) / len(self.study.posterior())
        return float(kish_error(np.array(share), worlds.ess * part, len(worlds)))

    def unknowns(self) -> list[Mapping[str, Floats]]:
        """For each goal, plain words to (w,) what is unknown in its worlds."""
        return [self.study.worlds(self.case, goal).unknowns for goal in self.goals]

    def laydown(self, added: Mapping[str, int], goal: Goal | None = None) -> Laydown:
        """The units of a mix at their sites, kind after kind; with a goal those that do something for it."""
        plan = NOBODY
        for kind in self.limits:
            number = added.get(kind, 0)
            if number and (goal is None or kind in self.helpful(goal)):
                plan = plan.then(self._order(kind, number))
        return plan

    def remaining(self, goal: Goal, plan: Laydown, rounds: float) -> Floats:
        """(w, n) what remains of a goal's metric with the first 0, 1, ... units of a plan, and these rounds a month."""
        if _falls_only(goal):
            worlds = self.study.worlds(self.case, goal)
            return score(worlds, goal, plan).remaining(self.study.rounds(worlds, plan, rounds))
        scores, parts = self._from(goal), [plan.first(count) for count in range(len(plan) + 1)]
        left = [scores.left(part, [self.study.rounds(scores.worlds, part, rounds)])[0] for part in parts]
        return np.stack(left, axis=1)

    def averted(self, goal: Goal, plan: Laydown, rounds: float) -> tuple[float, float]:
        """By how much a plan lowers a goal's metric, in its unit: mean over worlds; its Monte Carlo standard error."""
        worlds = self.study.worlds(self.case, goal)
        supply = self.study.rounds(worlds, plan, rounds)
        if _falls_only(goal):
            losses = expected_losses(cover_baseline(worlds), goal, plan, [supply])[0]
            fewer = losses[:, 0] - losses[:, -1]
        else:
            fewer = self._from(goal).baseline - self._from(goal).losses(plan, [supply])[0]
        return float(fewer.mean()), float(mean_error(fewer, worlds.batch))

    def helpful(self, goal: Goal) -> list[str]:
        """Those of the kinds that do something for a goal."""
        return helpful(goal, self.limits, self.study.scenario.kinds.met)

    def sited_for(self, kind: str) -> Goal:
        """The goal that the units of a kind are sited for: the first that the kind does something for."""
        return next(goal for goal in self.goals if kind in self.helpful(goal))

    def _from(self, goal: Goal) -> PlanScores:
        if goal.name not in self._plans:
            self._plans[goal.name] = PlanScores(self.study.worlds(self.case, goal), goal)
        return self._plans[goal.name]

    def _by_number(self, at: int, added: Mapping[str, int], rounds: float) -> NDArray[np.bool_]:
        """(w,) whether a goal of ballistic missiles alone is met; all numbers of a kind are worked out at once."""
        goal = self.goals[at]
        varied, *others = sorted(self.helpful(goal), key=lambda kind: -self.limits[kind])
        number, beside = added.get(varied, 0), tuple((kind, added.get(kind, 0)) for kind in others)
        key = at, (*beside, (varied, rounds))
        if key not in self._met or self._met[key].shape[1] <= number:
            worlds, first = self.study.worlds(self.case, goal), self.laydown(dict(beside), goal)
            plan = first.then(self._order(varied, max(self.limits[varied], number)))
            table = self._table(goal, plan)
            left = table.remaining(self.study.rounds(worlds, plan, rounds))[:, len(first) :]
            self._met[key] = is_met(left, goal)
        return self._met[key][:, number]

    def _table(self, goal: Goal, plan: Laydown) -> StrikeTable | OtherTable:
        """What a plan does, for any rounds; the last few are kept."""
        key = goal.name, plan.units
        if key not in self._tables:
            self._tables[key] = score(self.study.worlds(self.case, goal), goal, plan)
            for oldest in list(self._tables)[:-_TABLES]:
                del self._tables[oldest]
        return self._tables[key]

    def _order(self, kind: str, number: int) -> Laydown:
        most = max(number, self.limits[kind])
        return self.study.sites(self.sited_for(kind), kind, most).first(number)


def _falls_only(goal: Goal) -> bool:
    """Whether a goal is about ballistic missiles alone, which fall on places and fly past nothing."""
    return goal.measure.counted == (ThreatClass.ballistic,)
