"""The third outcome: of what was not shot down, the share posted as lost (jammed, or fallen on its own)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tegmen.calibration import draw_cells, fit_area
from tegmen.filtering import Floats, jitter, sample_paths, stream
from tegmen.observations import FILTERED, WEEKS_OF_LEVEL, rows_of
from tegmen.terms import ThreatClass, one_blas_thread

if TYPE_CHECKING:
    from tegmen.calibration import Calibration

_OUTCOME_STREAM = 320


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outcomes:
    """Shares of what was launched of one class, mean level of the last four weeks of the record.

    Parameters
    ----------
    threat_class, rows
        The class; number of its eligible rows that post the lost.
    intercepted, lost, leaked
        (w,) joint draws; they sum to one.
    """

    threat_class: ThreatClass
    rows: int
    intercepted: Floats
    lost: Floats
    leaked: Floats

    def to_pandas(self) -> pd.DataFrame:
        """One row an outcome: mean, low (5 %), median, high (95 %), and what it rests on."""
        drawn = {"intercepted": self.intercepted, "lost": self.lost, "leaked": self.leaked}
        limits = {name: np.quantile(each, (0.05, 0.5, 0.95)) for name, each in drawn.items()}
        table = [
            {"outcome": name, "mean": each.mean(), **dict(zip(("low", "median", "high"), limits[name], strict=True))}
            for name, each in drawn.items()
        ]
        return pd.DataFrame(table).assign(evidence=f"{self.rows} rows post the lost" if self.rows else "prior only")

    def __repr__(self) -> str:
        return f"Outcomes of {self.threat_class.name}\n{self.to_pandas().to_string(index=False)}"


@one_blas_thread
def outcomes(calibration: Calibration, *, count: int = 4000, seed: int = 1) -> dict[ThreatClass, Outcomes]:
    """Split what was not intercepted into lost and leaked, for the area classes with any row that posts the lost.

    The share lost of those not intercepted is a weekly level as the share intercepted is, with the same priors. A row
    that posts no lost is unknown here, not zero: the embedded record, which ends before they were posted, gives none.

    Parameters
    ----------
    calibration
        The record up to a date, and the rates.
    count, seed
        Of the joint draws.
    """
    record = calibration.record.until(calibration.until)
    rates = calibration.draws(count, seed).rate
    found: dict[ThreatClass, Outcomes] = {}
    for key in FILTERED:
        table: Any = record.eligible(key.name)
        left = table["launched"] - table["intercepted"]
        posted = table.assign(intercepted=table["lost"].clip(upper=left), launched=left)
        posted = posted.loc[posted["lost"].notna() & (posted["launched"] > 0)].sort_values("window_end", kind="stable")
        if not len(posted):
            continue
        rows, rng = rows_of(posted, calibration.end, 1), stream(seed, _OUTCOME_STREAM + key)
        fit = fit_area(rows, calibration.level, calibration.priors)
        ((step, cell),) = draw_cells([fit], calibration.priors, rng, count)
        path = sample_paths(fit.likelihood, calibration.level, step, cell, rng.random((rows.steps, count)))
        share = jitter(calibration.level, path, rng)[-WEEKS_OF_LEVEL:].mean(axis=0)
        missed = 1 - rates[key]
        found[key] = Outcomes(key, len(posted), rates[key], missed * share, missed * (1 - share))
    return found
