"""In which worlds a mix of kinds meets each goal: curves over the numbers of one kind, worked out once and kept.

A mix is one plan for all goals: the units of a kind stand in one order of sites, the one that is best for the first of
the goals that the kind does something for. A goal is changed only by the kinds that meet what it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.readings import score
from tegmen.answer.study import Study
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import passage_for
from tegmen.evidence.catalogue import read_catalogue
from tegmen.question.scenario import Goal
from tegmen.terms import EvidenceCase, ThreatClass

if TYPE_CHECKING:
    from tegmen.terms import Floats

_NOBODY = Laydown((), np.empty(0, dtype=np.int64))


class MixScores:
    """Scores of mixes on the worlds of a study, in one evidence case.

    Parameters
    ----------
    goals, limits
        Goals; kind to how many of it are asked about at most.
    """

    def __init__(self, study: Study, case: EvidenceCase, goals: Sequence[Goal], limits: Mapping[str, int]) -> None:
        self.study, self.goals, self.limits = study, tuple(goals), dict(limits)
        self.case: EvidenceCase = case
        self._curves: dict[tuple[int, tuple[tuple[str, int], ...], float], NDArray[np.bool_]] = {}

    def met(self, added: Mapping[str, int], rounds: float) -> list[NDArray[np.bool_]]:
        """(w,) for each goal whether the mix meets it in each of its worlds."""
        return [self._met(at, added, rounds) for at in range(len(self.goals))]

    def error(self, goal: int, share: float) -> float:
        """Monte Carlo standard error of a share of the worlds of a goal."""
        return float(self.study.mcse(np.array([share]), self.case, self.goals[goal])[0])

    def unknowns(self) -> list[Mapping[str, Floats]]:
        """For each goal, plain words to (w,) what is unknown in its worlds."""
        return [self.study.worlds(self.case, goal).unknowns for goal in self.goals]

    def laydown(self, added: Mapping[str, int], goal: Goal | None = None) -> Laydown:
        """The units of a mix at their sites, kind after kind; with a goal those that do something for it."""
        plan = _NOBODY
        for kind in self.limits:
            number = added.get(kind, 0)
            if number and (goal is None or kind in helpful(goal, self.limits)):
                plan = plan.then(self._order(kind, number))
        return plan

    def remaining(self, goal: Goal, plan: Laydown, rounds: float) -> Floats:
        """(w, n) what remains of a goal's metric with the first 0, 1, ... units of a plan, and these rounds a month."""
        worlds = self.study.worlds(self.case, goal)
        return score(worlds, goal, plan).remaining(self.study.rounds(worlds, plan, rounds))

    def averted(self, goal: Goal, plan: Laydown, rounds: float) -> tuple[float, float]:
        """By how much a plan lowers a goal's metric, in its unit: mean over worlds; its Monte Carlo standard error."""
        worlds = self.study.worlds(self.case, goal)
        passage = passage_for(worlds, goal.measure)
        supply = self.study.rounds(worlds, plan, rounds)
        losses = expected_losses(cover_baseline(worlds), goal, plan, [supply], passage)[0]
        fewer = losses[:, 0] - losses[:, -1]
        independent = worlds.ess * len(worlds) / len(self.study.posterior())
        return float(fewer.mean()), float(fewer.std() / np.sqrt(min(independent, len(worlds))))

    def sited_for(self, kind: str) -> Goal:
        """The goal that the units of a kind are sited for: the first that the kind does something for."""
        return next(goal for goal in self.goals if kind in helpful(goal, self.limits))

    def _met(self, at: int, added: Mapping[str, int], rounds: float) -> NDArray[np.bool_]:
        goal = self.goals[at]
        kinds = helpful(goal, self.limits)
        if not kinds:
            worlds = self.study.worlds(self.case, goal)
            return np.zeros(len(worlds), dtype=bool)
        varied = max(kinds, key=lambda kind: self.limits[kind])
        beside = {kind: added.get(kind, 0) for kind in kinds if kind != varied}
        number, key = added.get(varied, 0), (at, tuple(beside.items()), rounds if counts_rounds(goal) else 0.0)
        if key not in self._curves or self._curves[key].shape[1] <= number:
            most = max(self.limits[varied], number)
            first = self.laydown(beside, goal)
            left = self.remaining(goal, first.then(self._order(varied, most)), rounds)[:, len(first) :]
            self._curves[key] = left <= goal.threshold + 1e-9
        return self._curves[key][:, number]

    def _order(self, kind: str, number: int) -> Laydown:
        most = max(number, self.limits[kind])
        return self.study.sites(self.sited_for(kind), kind, most).first(number)


def helpful(goal: Goal, kinds: Iterable[str]) -> list[str]:
    """Those of the kinds that meet what a goal counts."""
    able = read_catalogue().kinds.meeting(*goal.measure.met)
    return [kind for kind in kinds if kind in able]


def counts_rounds(goal: Goal) -> bool:
    """Whether rounds against ballistic missiles bear on a goal."""
    return ThreatClass.ballistic in goal.measure.classes
