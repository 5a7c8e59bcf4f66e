"""How far the number would move as more of the record comes in, if the model were right.

Worlds weighed by the rows up to a day make up what the rows after it say: numbers launched as posted, what was stopped
and which zone was named as each world has it. The headline is then answered anew with each made-up record, by the same
plan. What the real rows did to the number stands beside it: a model that is sure of more than the record tells would
see its number move further than it foresaw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tegmen.answer.readings import score
from tegmen.answer.study import HEADLINE, Study, met_share, smallest_enough
from tegmen.calibration.rows import EligibleRows, eligible
from tegmen.engine.laydown import Laydown
from tegmen.terms import ThreatClass, join, one_blas_thread, take
from tegmen.trust.ranks import make_up
from tegmen.worlds.prior import count_months, exposure, row_likelihood

if TYPE_CHECKING:
    from tegmen.terms import EvidenceCase, Floats

RECORDS = 20
"""Records made up for each span of days."""
_PURPOSE = 1 << 12


@dataclass(frozen=True, slots=True)
class Movement:
    """The headline's number before and after the rows of some days.

    Parameters
    ----------
    begin, end
        Last day of the rows before; last day of the rows after.
    before, after
        The number with the rows up to each, by one plan; None: none of those tried is enough.
    foreseen
        The number after each made-up record, ascending, None last.
    enough, enough_foreseen
        Share of worlds in which the number before is enough: before, and after each made-up record. Were the model
        right, the second would be the first on average, however the number moves.
    """

    begin: date
    end: date
    before: int | None
    after: int | None
    foreseen: tuple[int | None, ...]
    enough: float
    enough_foreseen: tuple[float, ...]

    def quantile(self, level: float) -> int | None:
        """The number that a share `level` of the made-up records do not exceed; None: more than were tried."""
        return self.foreseen[min(int(level * len(self.foreseen)), len(self.foreseen) - 1)]


@one_blas_thread
def foresee_movement(
    study: Study, case: EvidenceCase, days: Sequence[date], *, records: int = RECORDS
) -> tuple[Movement, ...]:
    """Foresee, from each day to the next, where the headline's number would go.

    Parameters
    ----------
    days
        Ascending; the record reaches the last.
    records
        Records made up from each day on.
    """
    spans = list(pairwise(days))
    moved = (_foresee(study, case, span, records, (at, len(spans))) for at, span in enumerate(spans))
    return tuple(movement for movement in moved if movement is not None)


def _foresee(
    study: Study, case: EvidenceCase, span: tuple[date, date], records: int, turn: tuple[int, int]
) -> Movement | None:
    """Foresee one span, the `turn`-th of so many; None where no row was posted in it."""
    before, after = study.until(span[0]), _rows_between(study, *span)
    if not len(after.launched):
        return None
    goal, most = study.scenario.headline, study.scenario.added_max
    plan = before.sites(goal, study.scenario.added_system, most)
    met: list[Floats] = []
    for d, rows in enumerate(_made_up(before, after, records, turn[0])):
        study.tell("made-up reports of the months to come", turn[0] * records + d, turn[1] * records)
        met.append(_share_enough(_more(before, rows), case, plan))
    foreseen = sorted((smallest_enough(each, goal) for each in met), key=lambda n: most + 1 if n is None else n)
    own, came = _share_enough(before, case, plan), _share_enough(_more(before, after), case, plan)
    n = smallest_enough(own, goal)
    at = most if n is None else n
    shares = tuple(float(each[at]) for each in met)
    return Movement(*span, n, smallest_enough(came, goal), tuple(foreseen), float(own[at]), shares)


def _rows_between(study: Study, begin: date, end: date) -> EligibleRows:
    """Ballistic rows after one day, up to another."""
    rows = eligible(study.calibration.record, end)[0][ThreatClass.ballistic]
    return take(rows, rows.window_end.astype("datetime64[D]") > np.datetime64(begin))


def _made_up(before: Study, after: EligibleRows, records: int, number: int) -> list[EligibleRows]:
    """Rows with the days, weapons and numbers launched of `after`, the rest as worlds before them have it."""
    months = count_months(before.scenario, before.theatre, join([before.rows, after]))
    worlds = before.draw_afresh(HEADLINE, max(before.effort.worlds, records), _PURPOSE + number, months)
    some = np.arange(records)
    exposed = take(exposure(worlds.worlds, worlds.supplied, months, after), some)
    model = row_likelihood(before.scenario, after, HEADLINE)
    chance = np.random.Generator(np.random.Philox(np.random.SeedSequence(before.seed, spawn_key=(_PURPOSE, number))))
    stopped, aim = make_up(model, exposed, take(worlds.kill, some), chance)
    return [replace(after, intercepted=stopped[d], aim=aim[d]) for d in range(records)]


def _more(before: Study, rows: EligibleRows) -> Study:
    """The study with more rows."""
    return before.weighed_by(join([before.rows, rows]))


def _share_enough(study: Study, case: EvidenceCase, plan: Laydown) -> Floats:
    """(n,) share of worlds in which each number of a plan is enough for the headline."""
    goal, most = study.scenario.headline, study.scenario.added_max
    worlds = study.worlds(case, goal)
    table = score(worlds, goal, plan)
    return met_share(table.remaining(study.rounds(worlds, most)), goal)
