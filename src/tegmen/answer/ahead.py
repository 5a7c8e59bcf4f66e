"""What becomes of a decision: its goals month by month as donors' units come, and its neighbours.

Both are followed in few worlds, spread over all that the decision was scored on: enough to tell months apart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tegmen.answer.donors import DonorPlan
from tegmen.answer.months import (
    LONGEST,
    Arrival,
    ByWhen,
    Coming,
    Looked,
    follow_months,
    later,
    months_between,
)
from tegmen.answer.neighbours import Neighbours, look_across
from tegmen.answer.study import Study
from tegmen.engine.laydown import Laydown
from tegmen.errors import checked_arguments
from tegmen.question.scenario import Goal
from tegmen.terms import EvidenceCase

if TYPE_CHECKING:
    from tegmen.evidence.parameters import Parameter

FEW: Final = 200
"""Worlds that a decision's months and neighbours are followed in."""
_MONTHS_LEAST, _MONTHS_AFTER = 12, 3
"""Months looked ahead at least, and after the last unit has come."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What becomes of a decision in one evidence case.

    Parameters
    ----------
    months
        By goal, in the order of the decision, of the first also what a month of delay costs; none where nobody gives
        anything.
    coming, asked
        Units that come, and those that the decision wants.
    neighbours
        None where the scenario's headline does not count ballistic strikes.
    """

    months: tuple[ByWhen, ...]
    coming: int
    asked: int
    neighbours: Neighbours | None

    @property
    def all_met(self) -> dt.date | None:
        """First day of the first month in which every goal is met as surely as it asks; None where none is."""
        met = [{month.first for month in each.months if month.met >= each.goal.confidence} for each in self.months]
        return min(set.intersection(*met), default=None) if met else None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The rows that losses and replacements rest on."""
        return tuple({row.id: row for each in self.months for row in each.parameters}.values())

    @property
    def sentence(self) -> str:
        """Say by when the decision's goals are met, all of them."""
        if not self.months:
            return "Nobody on record gives any of these units, so no month can be named."
        first, goals = self.all_met, "the goal is" if len(self.months) == 1 else "all goals are"
        short = "" if self.coming == self.asked else f" ({self.coming} of {self.asked} units can come)"
        if first is None:
            return f"With what donors can give{short}, {goals} met in no month to {self.months[0].months[-1].name}."
        return f"With what donors can give{short}, {goals} first met in {first:%B %Y}."


@checked_arguments
def arrivals_from(plan: DonorPlan) -> tuple[Arrival, ...]:
    """Give what a plan of donors brings, by month: a unit that fights all of a month arrived in the one before.

    Returns
    -------
        One arrival a gift: its kind, how many, the month before their first full one, and who gives.
    """
    return tuple(Arrival(gift.system, gift.units, later(gift.first, -1), giver=gift.holder) for gift in plan.gifts)


def look_ahead(
    study: Study, case: EvidenceCase, goals: Sequence[Goal], plan: Laydown, rounds: float, donors: DonorPlan | None
) -> Ahead:
    """Follow a decision month by month, and look across the borders.

    Parameters
    ----------
    goals
        Those of the decision.
    plan, rounds
        Where the units of its mix stand, kind after kind; the rounds a month that come with them.
    donors
        Who gives its units; None where no holder of them is on record.
    """
    arrivals = () if donors is None else arrivals_from(donors)
    first = study.scenario.month.first
    last = max((months_between(first, each.first_full_month) for each in arrivals), default=0)
    months = min(max(_MONTHS_LEAST, last + _MONTHS_AFTER), LONGEST)
    coming = Coming(tuple(each for each in arrivals if months_between(first, each.month) < months), plan, rounds)
    followed = [
        follow_months(study, case, goal, coming, Looked(months, () if at else (1,), FEW))
        for at, goal in enumerate(goals if coming.arrivals else ())
    ]
    across = study.scenario.headline.metric == "ballistic_strikes"
    return Ahead(
        months=tuple(followed),
        coming=sum(each.number for each in coming.arrivals),
        asked=len(plan),
        neighbours=look_across(study, case, plan, few=FEW) if across else None,
    )
