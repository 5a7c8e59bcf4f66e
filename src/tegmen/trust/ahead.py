"""The answer's own predictions one month ahead: stopped ballistic missiles of a month, from worlds that never saw it.

For each month worlds are weighed by the rows before it, exactly as the answer weighs its own; coverage, rounds and kill
share of that month follow in each. Given what was launched, each world has a distribution of how many are stopped, in
closed form; rows of one month share their world, so a month is as uncertain as the worlds are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from tegmen.calibration.exposure import Exposure, Kill, beta_binomial_chance, fan_out, zone_weights
from tegmen.calibration.rows import AIM, EligibleRows, eligible, nights
from tegmen.errors import InputError
from tegmen.evidence.record import Record
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import set_theatre
from tegmen.terms import Progress, ThreatClass, content_equal, one_blas_thread, take, tell_nobody
from tegmen.trust.baselines import RIVAL, past, trailing_beta_binomial
from tegmen.trust.scores import LEVELS, Marks, difference, marks
from tegmen.worlds.posterior import weigh
from tegmen.worlds.prior import Reading, count_months, exposure, packet_chances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.terms import Floats
    from tegmen.trust.scores import Difference
    from tegmen.worlds.levels import Proposal

AHEAD_MONTHS = ("2023-07", "2024-06")
"""First and last month predicted."""
_AHEAD_PURPOSE = 1 << 11
_AHEAD_WORLDS = 2000
_LEAST_ESS = 800.0


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class MonthAhead:
    """A month predicted from the rows before it.

    Parameters
    ----------
    month
        First day.
    launched, intercepted
        Posted in eligible rows of the month.
    chance
        (n + 1,) probability of each number intercepted, told which rows name their zone.
    unzoned
        (n + 1,) the same told numbers launched alone: all that the rival is told.
    rival
        (n + 1,) the same of the trailing Beta-binomial.
    ess
        Effective sample size of the worlds.
    """

    month: date
    launched: int
    intercepted: int
    chance: Floats
    unzoned: Floats
    rival: Floats
    ess: float

    def quantile(self, level: float) -> int:
        """Smallest number that is not exceeded with this probability."""
        return int(np.searchsorted(np.cumsum(self.chance), level))


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class MonthsAhead:
    """Months predicted, and how good the predictions were."""

    months: tuple[MonthAhead, ...]
    seed: int

    @property
    def marks(self) -> Marks:
        """Scores of the predictions."""
        return marks([each.chance for each in self.months], self._outcomes)

    @property
    def coverage(self) -> dict[float, float]:
        """Level to the share of months whose number fell into the central interval (`scores`)."""
        return {level: float(self.marks.coverage(level).mean()) for level in LEVELS}

    @property
    def log_scores(self) -> dict[str, float]:
        """Mean log score a month of the worlds, of the worlds told no zone, and of the rival."""
        told = {"worlds": [each.chance for each in self.months], "worlds, no zone told": self._unzoned}
        told[RIVAL] = self._rival
        return {name: float(marks(chances, self._outcomes).log_score.mean()) for name, chances in told.items()}

    @property
    def gain(self) -> Difference:
        """Log score of the worlds, told no zone, less that of the rival; both know the same."""
        ours, theirs = (marks(chances, self._outcomes).log_score for chances in (self._unzoned, self._rival))
        return difference(ours, theirs, np.arange(len(self.months)), self.seed)

    @property
    def _outcomes(self) -> list[int]:
        return [each.intercepted for each in self.months]

    @property
    def _unzoned(self) -> list[Floats]:
        return [each.unzoned for each in self.months]

    @property
    def _rival(self) -> list[Floats]:
        return [each.rival for each in self.months]


@one_blas_thread
def predict_months(
    scenario: Scenario,
    record: Record,
    *,
    span: tuple[str, str] = AHEAD_MONTHS,
    drawn: int = 12_000,
    seed: int = 1,
    tell: Progress = tell_nobody,
) -> MonthsAhead:
    """Predict the ballistic missiles stopped in each month from worlds weighed by the rows before it.

    Parameters
    ----------
    span
        First and last month, YYYY-MM; a month without an eligible row is left out.
    drawn
        Worlds drawn a month before the record is looked at.

    Raises
    ------
    InputError
        A month cannot be read, or the first is after the last.
    """
    months = _months_between(*span)
    rows = eligible(record, date.max)[0][ThreatClass.ballistic]
    of_row = rows.window_end.astype("datetime64[M]")
    ahead: list[MonthAhead] = []
    favoured: Mapping[str, Proposal] | None = None
    for number, month in enumerate(months):
        tell("predicting a month from the worlds before it", number, len(months))
        if (of_row == month).any():
            predicted, favoured = _predict(scenario, record, (rows, month), drawn, seed, favoured)
            ahead.append(predicted)
    return MonthsAhead(tuple(ahead), seed)


def _months_between(first: str, last: str) -> list[np.datetime64]:
    try:
        months = list(np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1))
    except ValueError:
        months = []
    if not months:
        raise InputError("span", [f"found {first} to {last}; give two months YYYY-MM, the first not after the last"])
    return months


def _predict(
    scenario: Scenario,
    record: Record,
    asked: tuple[EligibleRows, np.datetime64],
    drawn: int,
    seed: int,
    favoured: Mapping[str, Proposal] | None,
) -> tuple[MonthAhead, Mapping[str, Proposal] | None]:
    """Predict one month; of rows of the month only numbers launched and zones are looked at, of later ones nothing.

    Where the rows before it favour levels is lent to the next month, until the effective sample becomes small.
    """
    rows, month = asked
    of_row = rows.window_end.astype("datetime64[M]")
    before, own, until = (take(rows, chosen) for chosen in (of_row < month, of_row == month, of_row <= month))
    first = month.astype("datetime64[D]")
    theatre = set_theatre(scenario, record, (first - 1).astype(date))
    after = weigh(
        scenario,
        theatre,
        before,
        Reading(),
        drawn=drawn,
        kept=_AHEAD_WORLDS,
        seed=seed,
        purpose=_AHEAD_PURPOSE + int(month.astype(np.int64)),
        proposals=favoured,
        months=count_months(scenario, theatre, until),
    )
    exposed, packets = exposure(after.worlds, after.supplied, after.months, own), packet_chances(scenario)
    zoned, unzoned = (_mean_chance(exposed, after.kill, own, packets, zoned=zoned) for zoned in (True, False))
    sizes = [night.totals()[0] for night in nights(own, by_row=False)]
    rival = trailing_beta_binomial(past(nights(before, by_row=False)), int(first.astype(np.int64)), sizes)
    launched, intercepted = own.totals()
    predicted = MonthAhead(first.astype(date), launched, intercepted, zoned, unzoned, rival, after.ess)
    return predicted, after.proposals if after.ess >= _LEAST_ESS else None


def _mean_chance(worlds: Exposure, kill: Kill, rows: EligibleRows, packets: Floats, *, zoned: bool) -> Floats:
    """(n + 1,) probability of each number stopped, over worlds as likely as the zones posted make them."""
    joint = month_chances(worlds, kill, rows, packets, zoned=zoned)
    total = joint.sum(axis=0)
    return np.asarray(total / total.sum())


def month_chances(worlds: Exposure, kill: Kill, rows: EligibleRows, packets: Floats, *, zoned: bool = True) -> Floats:
    """(w, n + 1) probability in each world that so many missiles of some rows are stopped, in closed form.

    Parameters
    ----------
    worlds, kill
        What each row could meet, and the kill shares, world by world.
    rows
        Numbers launched and zones posted; what was stopped is not looked at.
    packets
        (q,) chance that the packets of a row are of 1, 2, ... q missiles.
    zoned
        Whether it is, jointly, the probability that each row posts the zone that it posts, and no other; else of the
        numbers alone.
    """
    total = np.ones((len(worlds), 1))
    for r in range(len(rows.launched)):
        row = row_chances(worlds, kill, (str(rows.weapon[r]), int(rows.launched[r]), r), packets)
        row = row[:, :, [*AIM.values()].index(int(rows.aim[r]))] if zoned else row.sum(axis=2)
        longer = np.zeros((len(worlds), total.shape[1] + row.shape[1] - 1))
        for k in range(row.shape[1]):
            longer[:, k : k + total.shape[1]] += row[:, [k]] * total
        total = longer
    return total


def row_chances(worlds: Exposure, kill: Kill, row: tuple[str, int, int], packets: Floats) -> Floats:
    """(w, n + 1, zone) probability that so many of a row are stopped and that it posts each zone of `AIM`.

    Parameters
    ----------
    row
        Weapon, number launched, and its column in `worlds`.
    """
    weapon, n, r = row
    share, big = kill.of(weapon), kill.concentration
    met, by_met = worlds.kyiv[:, r], fan_out(n, worlds.elsewhere[:, r], packets)
    chances = np.empty((len(worlds), n + 1, len(AIM)))
    for k in range(n + 1):
        kyiv = (1 - met) * (k == 0) + met * beta_binomial_chance(n, k, share, big)
        elsewhere = np.zeros(len(worlds))
        for m in range(k, n + 1):
            elsewhere += by_met[:, m] * beta_binomial_chance(m, k, share * worlds.ratio, big)
        for at, zone in enumerate(AIM.values()):
            at_kyiv, other = zone_weights(k > 0, zone, worlds.aim, worlds.named)
            chances[:, k, at] = at_kyiv * kyiv + other * elsewhere
    return chances
