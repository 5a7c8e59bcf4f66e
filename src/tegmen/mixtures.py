"""Rows that mix classes, summed over every way their counts can split: how far they would move the rates.

A row such as "ballistic and S-300: 10 of 10" says something of both. Given a joint draw of the rates, its likelihood is
a sum over the splits of what was launched, each alike, and of what was intercepted. The draws were made without these
rows, so weighing each by that likelihood gives the posterior with them: exact but for the number of draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from tegmen.coverage import raid_likelihood
from tegmen.filtering import Floats
from tegmen.observations import AIM, MODELLED, NEAR_ZERO, PATRIOT_ARRIVAL, WEEKS_OF_LEVEL
from tegmen.record import coverage_zone
from tegmen.terms import ThreatClass, one_blas_thread
from tegmen.tracking import beta_binomial_table

if TYPE_CHECKING:
    from datetime import date

    from tegmen.calibration import Calibration, Joint

_SURE = 1e9
"""Concentration at which a Beta-binomial is a binomial."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mixtures:
    """What mixed rows would change.

    Parameters
    ----------
    used, left_out
        Rows summed over their splits; rows with a class that has no model.
    effective
        Kish's number of draws behind the means with mixtures.
    shifts
        quantity; mean, low (5 %), high (95 %) without; the same with mixtures; shift: of the mean, as a share of the
        interval without.
    """

    used: pd.DataFrame
    left_out: pd.DataFrame
    effective: float
    shifts: pd.DataFrame

    def to_pandas(self) -> pd.DataFrame:
        """Return a copy of the shifts."""
        return self.shifts.copy()

    def __repr__(self) -> str:
        head = f"Mixtures: {len(self.used)} rows, {len(self.left_out)} left out, {self.effective:.0f} effective draws"
        return f"{head}\n{self.shifts.to_string(index=False)}"


@one_blas_thread
def weigh_mixtures(calibration: Calibration, *, count: int = 2000, seed: int = 1) -> Mixtures:
    """Weigh the posterior draws by the rows that mix classes, and compare the rates with and without them.

    Parameters
    ----------
    calibration
        Fitted without mixed rows.
    count, seed
        Of the draws.

    Returns
    -------
        The rows and the shifts.
    """
    record = calibration.record.until(calibration.until).rows
    mixed = record["threat_class"].str.contains("+", regex=False) & (record["channel"] == "national")
    rows = record.loc[mixed & (record["rows"] > 0)].reset_index(drop=True)
    modelled = {key.name for key in MODELLED}
    known = np.array([modelled.issuperset(str(word).split("+")) for word in rows["threat_class"]], dtype=bool)
    joint = calibration.joint(count, seed)
    gain = np.zeros(count)
    for row in rows.loc[known].to_dict("records"):
        gain += np.log(np.maximum(_likelihood(calibration, joint, row), 1e-300))
    weight = np.asarray(softmax(gain))
    table = joint.rates.to_pandas()
    compared = [_compared(name, table[name].to_numpy(), weight) for name in table.columns]
    used, left_out = (rows.loc[each].reset_index(drop=True) for each in (known, ~known))
    return Mixtures(used, left_out, float(1 / (weight**2).sum()), pd.DataFrame(compared))


def _compared(name: str, drawn: Floats, weight: Floats) -> dict[str, object]:
    order = np.argsort(drawn)
    upto = np.cumsum(weight[order])
    (low, high), mean = np.quantile(drawn, (0.05, 0.95)), drawn.mean()
    low_with, high_with = drawn[order][np.minimum(np.searchsorted(upto, (0.05, 0.95)), len(drawn) - 1)]
    mean_with = weight @ drawn
    before = {"quantity": name, "mean": mean, "low": low, "high": high}
    after = {"mean_with": mean_with, "low_with": low_with, "high_with": high_with}
    return {**before, **after, "shift": (mean_with - mean) / (high - low)}


def _likelihood(calibration: Calibration, joint: Joint, row: dict[str, Any]) -> Floats:
    """Likelihood (w,) of a mixed row: every split of the launched alike, at least one of each class."""
    keys = [ThreatClass[word] for word in str(row["threat_class"]).split("+")]
    n, k = int(row["launched"]), int(row["intercepted"])
    tables = [_by_number(calibration, joint, key, n, row) for key in keys]
    # Sum over (launched, intercepted) of the classes taken so far, one class at a time.
    sums = {size: table for size, table in tables[0].items() if size <= n - len(keys) + 1}
    ways = dict.fromkeys(sums, 1.0)
    for table in tables[1:]:
        joined: dict[int, Floats] = {}
        counts: dict[int, float] = {}
        for (a, first), (b, second) in ((x, y) for x in sums.items() for y in table.items() if x[0] + y[0] <= n):
            joined[a + b] = joined.get(a + b, np.zeros((a + b + 1, first.shape[1]))) + _convolved(first, second)
            counts[a + b] = counts.get(a + b, 0.0) + ways[a]
        sums, ways = joined, counts
    return sums[n][k] / ways[n] if n in sums else np.ones(len(joint.rates.kill))


def _convolved(first: Floats, second: Floats) -> Floats:
    total = np.zeros((len(first) + len(second) - 1, first.shape[1]))
    for j, chance in enumerate(second):
        total[j : j + len(first)] += first * chance
    return total


def _by_number(
    calibration: Calibration, joint: Joint, key: ThreatClass, most: int, row: dict[str, Any]
) -> dict[int, Floats]:
    """Probability (a + 1, w) of each number intercepted of a launched of one class, for every a from 1."""
    day: date = row["window_end"].date()
    sizes = range(1, most)
    if key in NEAR_ZERO:
        share = joint.rates.rate[key]
        return {a: beta_binomial_table(a, share, np.full(len(share), _SURE)) for a in sizes}
    if key in joint.levels:
        path, concentration = joint.levels[key]
        share = path[_step(calibration.end, day, 1, len(path))]
        return {a: beta_binomial_table(a, share, concentration) for a in sizes}
    if day < PATRIOT_ARRIVAL:
        return {a: np.repeat(np.eye(a + 1)[:, :1], len(joint.rates.kill), axis=1) for a in sizes}
    path, at = joint.point.elsewhere, joint.point.statics
    elsewhere, aim = path[_step(calibration.end, day, WEEKS_OF_LEVEL, len(path))], AIM[coverage_zone(str(row["zone"]))]
    spread = calibration.priors.spread_elsewhere
    return {a: raid_likelihood((np.asarray(a), np.arange(a + 1)[:, None]), aim, elsewhere, at, spread) for a in sizes}


def _step(end: date, day: date, weeks: int, steps: int) -> int:
    """Step of a path that a day falls on; a day before the path is on its first."""
    return max(steps - 1 - (end - day).days // (7 * weeks), 0)
