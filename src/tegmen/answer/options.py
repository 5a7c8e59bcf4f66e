"""Many options at once: in what share of worlds each meets each goal, all on the same worlds.

An option is a vector over kinds of fire units. A goal is changed only by the kinds that meet what it counts, so options
that agree on those share one curve, and every number of the kind there is most of is read off it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.readings import score
from tegmen.answer.study import Study, counts_others, met_share
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import let_pass
from tegmen.errors import InputError
from tegmen.evidence.systems import BALLISTIC_SYSTEMS
from tegmen.question.option import Option, option_faults
from tegmen.question.scenario import Goal
from tegmen.terms import EvidenceCase, content_equal

if TYPE_CHECKING:
    from tegmen.terms import Floats


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
    """Score options for goals, on the worlds that `sufficiency` scores these goals on.

    Units of an option are sited as `lay_down` does. Rounds against ballistic missiles are those of the headline as soon
    as one unit that meets such missiles is added.

    Parameters
    ----------
    goals
        Goals of the study's scenario, or others of the same metrics.
    options
        Each kind to number; kinds left out, and kinds of number 0, are not added.

    Raises
    ------
    InputError
        An option with an unknown kind, or with a number below 0; all faults are named at once.

    Notes
    -----
    Cost: one curve for each goal and each different vector of the kinds that bear on it, the most numerous left out.
    """
    faults = [fault for option in options if any(option.values()) for fault in option_faults(option, BALLISTIC_SYSTEMS)]
    if faults:
        raise InputError("options", list(dict.fromkeys(faults)))
    probability, remaining = np.empty((2, len(goals), len(options)))
    for g, goal in enumerate(goals):
        for o, left in _each_remaining(study, case, goal, options):
            probability[g, o], remaining[g, o] = met_share(left[:, None], goal)[0], left.mean()
    mcse = np.stack([study.mcse(row, case, goal) for row, goal in zip(probability, goals, strict=True)])
    baseline = np.array([_baseline(study, case, goal) for goal in goals])
    return OptionScores(tuple(goals), tuple(options), probability, mcse, remaining, baseline)


def lay_down(study: Study, goal: Goal, option: Option) -> Laydown:
    """Site the units of an option for a goal: kind after kind, each where it saves most; others stand nowhere."""
    plan = Laydown((), np.empty(0, dtype=np.int64))
    for kind, count in option.items():
        plan = plan.then(study.sites(goal, kind, count)) if count else plan
    return plan


def _each_remaining(
    study: Study, case: EvidenceCase, goal: Goal, options: Sequence[Option]
) -> Iterator[tuple[int, Floats]]:
    """Number of each option, and (w,) what it leaves: options alike but for one kind are read off one curve."""
    varied = max(BALLISTIC_SYSTEMS, key=lambda kind: max((option.get(kind, 0) for option in options), default=0))
    groups: dict[tuple[tuple[str, int], ...], list[int]] = {}
    for o, option in enumerate(options):
        beside = tuple((kind, option[kind]) for kind in BALLISTIC_SYSTEMS if kind != varied and option.get(kind))
        groups.setdefault(beside, []).append(o)
    worlds = study.worlds(case, goal)
    for beside, members in groups.items():
        counts = [options[o].get(varied, 0) for o in members]
        plan = lay_down(study, goal, dict(beside) | {varied: max(counts)})
        remaining = score(worlds, goal, plan).remaining(study.rounds(worlds, len(plan)))
        for o, count in zip(members, counts, strict=True):
            yield o, remaining[:, len(plan) - max(counts) + count]


def _baseline(study: Study, case: EvidenceCase, goal: Goal) -> float:
    """Mean over worlds of the metric with nothing added."""

    def work_out() -> float:
        worlds = study.worlds(case, goal)
        passage = let_pass(worlds) if counts_others(goal) else None
        nobody, rounds = Laydown((), np.empty(0, dtype=np.int64)), study.rounds(worlds, 0)
        return float(expected_losses(cover_baseline(worlds), goal, nobody, [rounds], passage).mean())

    return study.once(("baseline", case, goal.metric, goal.largest_cities), work_out)
