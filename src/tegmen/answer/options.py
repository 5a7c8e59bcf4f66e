"""Options: vectors over kinds of fire units, where their units would stand, and what each leaves of every goal.

Kinds are sited in the order of their codes, each given those before it, so that one more unit of the last kind moves no
other, and options that begin alike share their beginning. All are scored on the same worlds.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.readings import score
from tegmen.answer.steps import Ground, site_by_steps
from tegmen.answer.study import Study, is_met, share_error, share_left
from tegmen.engine.expected import cover_baseline, expect, stakes_of
from tegmen.engine.laydown import NOBODY, Laydown
from tegmen.engine.passage import Passage, passage_for
from tegmen.errors import InputError
from tegmen.question.option import Option, option_faults
from tegmen.question.scenario import Goal
from tegmen.terms import EvidenceCase, ThreatClass, content_equal
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats


Units = tuple[tuple[str, int], ...]
"""Kind and site of each, in order."""
_PASSAGES = 16
"""Passages of plans kept, of about 25 MB each with 900 worlds."""


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class OptionScores:
    """What each option (o) leaves of each goal (g).

    Parameters
    ----------
    goals, options
        Goals and options scored, in the order asked.
    probability, mcse
        (g, o) share of worlds that meet the goal; its Monte Carlo standard error.
    remaining
        (g, o) mean over worlds of what remains of the metric: a share of the baseline's, or a count where it is one.
    baseline
        (g,) mean over worlds of the metric with nothing added.
    """

    goals: tuple[Goal, ...]
    options: tuple[Option, ...]
    probability: Floats
    mcse: Floats
    remaining: Floats
    baseline: Floats


def score_options(study: Study, case: EvidenceCase, goals: Sequence[Goal], options: Sequence[Option]) -> OptionScores:
    """Score options for goals: one laydown an option for all goals, on the worlds that `sufficiency` scores each on.

    Rounds against ballistic missiles are those of the headline as soon as one unit that meets such missiles is added.
    What saturation adds is not corrected for.

    Parameters
    ----------
    goals
        Goals of the study's scenario, or others of the same metrics.
    options
        Each kind to number; kinds left out, and kinds of number 0, are not added.

    Raises
    ------
    InputError
        An option with an unknown kind, one that protects nothing, or a number below 0; all are named at once.

    Notes
    -----
    Cost: a step of siting for each beginning of an option that no other option has; then, for a goal of ballistic
    missiles alone, a curve for each that ends in another kind or follows other units (a second for 22,000 worlds), and
    for other goals the lanes near what differs from the plan looked at before that is nearest (a tenth of a second a
    unit for 900 worlds).
    """
    known = study.scenario.kinds.meeting(*ThreatClass)
    faults = [fault for option in options if any(option.values()) for fault in option_faults(option, known)]
    if faults:
        raise InputError("options", list(dict.fromkeys(faults)))
    plans = site_options(study, goals, options)
    probability, mcse, remaining = np.empty((3, len(goals), len(options)))
    baseline = np.empty(len(goals))
    for g, goal in enumerate(goals):
        scores = PlanScores(study.worlds(case, goal), goal)
        each = _on_curves if goal.metric == "ballistic_strikes" else _one_by_one
        for o, left in each(study, scores, plans):
            met = is_met(left, goal)
            probability[g, o], mcse[g, o] = met.mean(), share_error(met, scores.worlds.batch)
            remaining[g, o] = left.mean()
        baseline[g] = scores.baseline.mean()
    return OptionScores(tuple(goals), tuple(options), probability, mcse, remaining, baseline)


def site_options(study: Study, goals: Sequence[Goal], options: Sequence[Option]) -> list[Laydown]:
    """Site the units of options for these goals together; kinds that bear on none of them stand nowhere."""
    most: dict[tuple[tuple[str, int], ...], int] = {}
    parts = [_vector(study, goals, option) for option in options]
    for part in parts:  # of those that begin alike and end in one kind, the longest serves all
        for at in range(1, len(part) + 1):
            *before, (kind, count) = part[:at]
            key = (*before, (kind, 0))
            most[key] = max(most.get(key, 0), count)
    return [_laid_down(study, goals, part, most) for part in parts]


def site_option(study: Study, goals: Sequence[Goal], option: Option) -> Laydown:
    """Site the units of one option for these goals together."""
    return site_options(study, goals, [option])[0]


def _vector(study: Study, goals: Sequence[Goal], option: Option) -> tuple[tuple[str, int], ...]:
    """Kinds that bear on a goal, in the order of their codes, with how many."""
    bearing = study.scenario.kinds.meeting(*{cls for goal in goals for cls in goal.measure.met})
    return tuple((kind, option[kind]) for kind in bearing if option.get(kind))


def _laid_down(
    study: Study, goals: Sequence[Goal], part: Sequence[tuple[str, int]], most: dict[tuple[tuple[str, int], ...], int]
) -> Laydown:
    if not part:
        return NOBODY
    *before, (kind, count) = part
    stand = _laid_down(study, goals, before, most)
    longest = most[*before, (kind, 0)]
    key = "laid down", tuple((goal.metric, goal.largest_cities) for goal in goals), tuple(before), kind, longest
    return stand.then(study.once(key, lambda: _next(study, goals, stand, (kind, longest))).first(count))


def _next(study: Study, goals: Sequence[Goal], stand: Laydown, more: tuple[str, int]) -> Laydown:
    """Site so many units of a kind where others stand; the first kind for one goal as its curve has them."""
    kind, count = more
    if not len(stand) and len(goals) == 1 and not study.beside(kind):
        return study.sites(goals[0], kind, count)
    grounds = [Ground(study.planning(goal, few=True), goal) for goal in goals]
    for unit, site in stand:
        for ground in grounds:
            ground.add(int(site), unit)
    return site_by_steps(grounds, [kind] * count)


class PlanScores:
    """What plans leave of a goal; passages of the plans looked at last are kept, and a plan is made from the nearest.

    Parameters
    ----------
    worlds, goal
        Worlds to score plans on; the goal.
    kept
        How many passages are kept.
    baseline
        (w,) value of the metric with nothing added.
    """

    def __init__(self, worlds: Worlds, goal: Goal, kept: int = _PASSAGES) -> None:
        self.worlds, self.goal, self.kept = worlds, goal, kept
        metric = goal.measure
        self._places = np.flatnonzero(metric.places(worlds.places, goal.largest_cities))
        self._stakes = stakes_of(worlds, self._places)
        self._bare = cover_baseline(worlds)
        passage = passage_for(worlds, metric)
        self._passages: OrderedDict[Units, Passage] = OrderedDict({(): passage} if passage else {})
        self.baseline = self.losses(NOBODY, [[worlds.scalar["rounds_a_month"]]])[0]

    def left(self, plan: Laydown, supplies: Sequence[Sequence[Floats]]) -> list[Floats]:
        """(w,) what a plan leaves of the metric, for each of several (n,) supplies of rounds (w,).

        A share of the baseline's, or a count where the metric is one.
        """
        losses = self.losses(plan, supplies)
        return losses if self.goal.measure.is_count else [share_left(loss, self.baseline) for loss in losses]

    def losses(self, plan: Laydown, supplies: Sequence[Sequence[Floats]]) -> list[Floats]:
        """(w,) value of the metric with a plan, for each of several (n,) supplies of rounds (w,)."""
        metric, cover = self.goal.measure, self._bare
        if metric.is_coverage or ThreatClass.ballistic in metric.counted:
            cover = cover.copy()
            for kind, site in plan:
                cover.add(site, kind)
        passage = self._passage(plan) if self._passages else None
        leak = passage.leak(self._places) if passage else None
        leaked = (
            expect(cover, np.inf if metric.is_coverage else rounds[-1], self._places, leak) for rounds in supplies
        )
        return [metric.expected_loss(each, self._stakes).sum(axis=1) for each in leaked]

    def _passage(self, plan: Laydown) -> Passage:
        units = plan.units
        if units not in self._passages:
            nearest = min(self._passages, key=lambda other: _apart(units, other))
            self._passages[units] = self._passages[nearest].copy()
            self._passages[units].lay_down(plan)
            while len(self._passages) > self.kept:
                del self._passages[next(each for each in self._passages if each)]
        self._passages.move_to_end(units)
        return self._passages[units]


def _apart(one: Units, other: Units) -> int:
    """How many units two plans differ in."""
    these, those = Counter(one), Counter(other)
    return (these - those).total() + (those - these).total()


def _on_curves(study: Study, scores: PlanScores, plans: Sequence[Laydown]) -> Iterator[tuple[int, Floats]]:
    """Number of each plan, and (w,) what it leaves: plans of which one is the beginning of another share a curve."""
    worlds, goal = scores.worlds, scores.goal
    order = sorted(range(len(plans)), key=lambda o: -len(plans[o]))
    while order:
        longest, *others = order
        units = plans[longest].units
        members = [longest, *(o for o in others if plans[o].units == units[: len(plans[o])])]
        remaining = score(worlds, goal, plans[longest]).remaining(study.rounds(worlds, plans[longest]))
        yield from ((o, remaining[:, len(plans[o])]) for o in members)
        order = [o for o in order if o not in members]


def _one_by_one(study: Study, scores: PlanScores, plans: Sequence[Laydown]) -> Iterator[tuple[int, Floats]]:
    """Number of each plan, and (w,) what it leaves; plans that begin alike come one after another."""
    for o in sorted(range(len(plans)), key=lambda o: plans[o].units):
        yield o, scores.left(plans[o], [study.rounds(scores.worlds, plans[o])])[0]
