"""Record -> what is known at a date: posterior draws of the rates, and record against model.

Area classes (drone, cruise): the tracks of `area`, exact numerical Bayes night by night; the same tracks make the
forecasts and are what the back-test scores. Near zeros (supersonic, s300_ground): one share, informative Beta prior.
Point defence (ballistic): the track of `ballistic`, by the likelihood that the answer weighs its worlds with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from tegmen.calibration.area import ClassTrack, area_track
from tegmen.calibration.ballistic import BallisticTrack, ballistic_track
from tegmen.calibration.grid import stream
from tegmen.calibration.priors import Memory, Priors
from tegmen.calibration.rows import FILTERED, FORECAST, MODELLED, NEAR_ZERO, EligibleRows, eligible, nights
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.record import Record, parse_day
from tegmen.terms import FrozenDict, Provenance, ThreatClass, content_equal, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tegmen.calibration.rows import Night
    from tegmen.terms import Floats, Ints

LIMITS = (0.05, 0.5, 0.95)
"""Low, median and high of every summary."""

RECENT_DAYS = 120
"""[days] before the end whose nights say how many a night launches; a month without a calendar is drawn from them."""

_PREDICTIVE_STREAM = 64
_SUMMARY_DRAWS = 1000
Track = TypeVar("Track", ClassTrack, BallisticTrack)


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class RateDraws:
    """Joint posterior draws, axis w = draw.

    Parameters
    ----------
    rate
        Class to (w,) share intercepted of posted launches at the end of the record: drone and cruise the level on that
        day, at the sizes of the nights of the 120 days before; supersonic and s300_ground the Beta posterior.
    """

    rate: Mapping[ThreatClass, Floats]

    def pick(self, generator: np.random.Generator, count: int) -> RateDraws:
        """Pick `count` of the joint draws at random, with replacement."""
        at = generator.integers(len(next(iter(self.rate.values()))), size=count)
        return RateDraws(FrozenDict({key: value[at] for key, value in self.rate.items()}))

    def to_pandas(self) -> pd.DataFrame:
        """One column a quantity, one row a draw."""
        return pd.DataFrame({f"rate_{key.name}": value for key, value in self.rate.items()})


@content_equal
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Calibration:
    """The posterior of a record up to a date.

    Parameters
    ----------
    until, end
        Last date asked for; last date with an eligible row (the rates are those of that day).
    seed
        Seed of `monthly` and of the summary; `draws` takes its own.
    priors, memory
        Priors and grids; how evidence fades.
    rows
        Eligible rows of every modelled class.
    areas
        Track of each filtered class and its weapons, up to its last night.
    ballistic
        Track of ballistic missiles, up to its last night.
    again
        Forecast class to (t, w) what is intercepted of each of its nights, drawn from what was known before it.
    mixtures_dropped
        National rows with both counts left out because they mix classes.
    prior_only
        Classes without an eligible row: their draws are the prior.
    identified
        Quantity to one sentence: what the record identifies and what it leaves at its prior.
    provenance
        Version, seed and the record's inputs.
    record
        The whole record given, also after `until`: the month asked about is counted from it, never fitted to it.
    """

    until: date
    end: date
    seed: int
    priors: Priors
    memory: Memory
    rows: Mapping[ThreatClass, EligibleRows]
    areas: Mapping[ThreatClass, ClassTrack]
    ballistic: BallisticTrack
    again: Mapping[ThreatClass, Ints]
    mixtures_dropped: int
    prior_only: tuple[ThreatClass, ...]
    identified: Mapping[str, str]
    provenance: Provenance
    record: Record

    @one_blas_thread
    def draws(self, count: int, seed: int) -> RateDraws:
        """Draw jointly from the posterior; the same count and seed give the same bits.

        Parameters
        ----------
        count
            Number of draws w.
        seed
            Key of the counter-based Philox streams.

        Raises
        ------
        InputError
            If the count is below 1 or the seed is not in 0..2^64-1.
        """
        _check_seed(seed)
        if count < 1:
            raise InputError("count", [f"found {count}, allowed: 1 or more draws"])
        rate = {key: self._area_rate(key, count, stream(seed, 1 + key)) for key in FILTERED}
        rate |= {key: stream(seed, 1 + key).beta(*self.near_zero(key), count) for key in NEAR_ZERO}
        return RateDraws(FrozenDict(rate))

    def _area_rate(self, key: ThreatClass, count: int, rng: np.random.Generator) -> Floats:
        """Draw (w,) the rate of a filtered class on the last day, at the sizes of recent nights."""
        last = day_number(self.end)
        recent = [n for n, _ in (night.totals() for night in self.nights(key) if night.day > last - RECENT_DAYS)]
        sizes = np.array(recent or [self.memory.typical], dtype=np.int64)
        return self.areas[key].before(last).whole.draw_rate(sizes, count, rng)

    def nights(self, key: ThreatClass) -> tuple[Night, ...]:
        """Give the nights of a class that the record holds up to the date."""
        return nights(self.rows[key], by_row=key is ThreatClass.ballistic)

    def near_zero(self, key: ThreatClass) -> tuple[float, float]:
        """Posterior Beta(a, b) of the share of a class that is almost never stopped."""
        (a, b), (launched, intercepted) = self.priors.near_zero, self.rows[key].totals()
        return a + intercepted, b + launched - intercepted

    @one_blas_thread
    def monthly(self) -> pd.DataFrame:
        """Record against model, summed by month and class.

        Each night of the forecast classes is drawn again from the nights before it; each row of the near zeros from
        the posterior of the whole record.

        Returns
        -------
            month (YYYY-MM of window_end), threat_class, launched, intercepted, model_low (5 %), model_median,
            model_high (95 %). Ballistic starts on 27 April 2023.
        """
        tables = [_monthly_sums(key, _totals_by_day(self.nights(key)), self.again[key]) for key in FORECAST]
        for key in NEAR_ZERO:
            rng = stream(self.seed, _PREDICTIVE_STREAM + key)
            rows, share = self.rows[key], rng.beta(*self.near_zero(key), (1, _SUMMARY_DRAWS))
            counts = np.column_stack([rows.days(), rows.launched, rows.intercepted])
            tables.append(_monthly_sums(key, counts, rng.binomial(rows.launched[:, None], share)))
        return pd.concat(tables).sort_values(["month", "threat_class"], ignore_index=True)

    def to_pandas(self) -> pd.DataFrame:
        """Summary of 1,000 draws: quantity, mean, low (5 %), median, high (95 %) and what identifies it."""
        table = self.draws(_SUMMARY_DRAWS, self.seed).to_pandas()
        low, median, high = (table.quantile(limit).to_numpy() for limit in LIMITS)
        summary = {"quantity": list(table.columns), "mean": table.mean().to_numpy(), "low": low, "median": median}
        evidence = [self.identified[name] for name in table.columns]
        return pd.DataFrame({**summary, "high": high, "evidence": evidence})

    def __repr__(self) -> str:
        posted = [f"  {key.name}: {rows}" for key, rows in self.rows.items()]
        head = f"Calibration until {self.until} (last eligible row {self.end}, seed {self.seed})"
        return "\n".join([head, *posted, f"  mixed rows left out: {self.mixtures_dropped}"])

    def _repr_html_(self) -> str:
        head = f"<p><b>Calibration</b> until {self.until}, last eligible row {self.end}; shares of posted launches.</p>"
        return head + self.to_pandas().to_html(index=False, float_format="{:.3f}".format)


def day_number(day: date) -> int:
    """Count days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


def _totals_by_day(of_class: tuple[Night, ...]) -> Ints:
    """Day, launched and intercepted (t, 3) of every night."""
    return np.array([(night.day, *night.totals()) for night in of_class], dtype=np.int64).reshape(-1, 3)


def _monthly_sums(key: ThreatClass, counts: Ints, drawn: Ints) -> pd.DataFrame:
    """Sum day, launched and intercepted (t, 3), and what is drawn beside them (t, w), by month."""
    days = counts[:, 0].astype("datetime64[D]")
    months, month = np.unique(days.astype("datetime64[M]").astype(str), return_inverse=True)
    table = np.column_stack([counts[:, 1:], drawn])
    sums = np.zeros((len(months), table.shape[1]), dtype=np.int64)
    np.add.at(sums, month, table)
    limits = np.quantile(sums[:, 2:], LIMITS, axis=1, method="inverted_cdf").astype(np.int64)
    model = dict(zip(("model_low", "model_median", "model_high"), limits, strict=True))
    posted = {"month": months, "threat_class": key.name, "launched": sums[:, 0], "intercepted": sums[:, 1]}
    return pd.DataFrame({**posted, **model})


@checked_arguments
@one_blas_thread
def calibrate(
    record: Record,
    *,
    until: str | date,
    seed: int = 1,
    priors: Priors | None = None,
    memory: Memory | None = None,
) -> Calibration:
    """Fit the record up to and including a date; rows after it are ignored.

    Parameters
    ----------
    record
        The attack record; only national rows with both counts and one pure class are used.
    until
        Date, or text YYYY-MM-DD: the last day of the record to use.
    seed
        Seed of the calibration's own summaries.
    priors, memory
        Priors and grids, and how evidence fades; None for the documented ones.

    Returns
    -------
        The calibration.

    Raises
    ------
    InputError
        If `until` is not a date or the seed is not in 0..2^64-1.
    EvidenceError
        If nothing eligible is on or before `until`.
    """
    _check_seed(seed)
    last, priors, memory = parse_day(until), priors or Priors(), memory or Memory()
    whole, record = record, record.until(last)
    rows, end = eligible(record, last)
    mixed = record.rows["threat_class"].str.contains("+", regex=False) & (record.rows["channel"] == "national")
    again: dict[ThreatClass, Ints] = {}

    def follow(track: Track, key: ThreatClass) -> Track:
        brought = nights(rows[key], by_row=key is ThreatClass.ballistic)
        track, again[key] = follow_nights(track, brought, stream(seed, _PREDICTIVE_STREAM + key))
        return track

    areas = {key: follow(ClassTrack(area_track(priors, memory)), key) for key in FILTERED}
    ballistic = follow(ballistic_track(priors, memory), ThreatClass.ballistic)
    return Calibration(
        until=last,
        end=end,
        seed=seed,
        priors=priors,
        memory=memory,
        rows=FrozenDict(rows),
        areas=FrozenDict(areas),
        ballistic=ballistic,
        again=FrozenDict(again),
        mixtures_dropped=int(record.rows["rows"].to_numpy(np.int64)[mixed.to_numpy()].sum()),
        prior_only=tuple(key for key in MODELLED if not len(rows[key].launched)),
        identified=_identified(rows),
        provenance=Provenance(record.provenance.version, seed, record.provenance.inputs),
        record=whole,
    )


def follow_nights(track: Track, brought: Iterable[Night], rng: np.random.Generator) -> tuple[Track, Ints]:
    """Follow a class night by night; (t, w) what is intercepted of each, drawn from what was known before it."""
    again: list[Ints] = []
    for night in brought:
        track = track.before(night.day)
        again.append(track.simulate(np.full((1, _SUMMARY_DRAWS), night.totals()[0]), rng))
        track = track.after(night)
    return track, np.array(again, dtype=np.int64).reshape(-1, _SUMMARY_DRAWS)


def _identified(rows: Mapping[ThreatClass, EligibleRows]) -> Mapping[str, str]:
    """Say what the record identifies and what it leaves at its prior, one sentence each."""
    sentences = {f"rate_{key.name}": f"Level on the last day, from the record: {rows[key]}." for key in FILTERED}
    sentences |= {f"rate_{key.name}": f"Near zero: {rows[key]}; informative prior of mean 2 %." for key in NEAR_ZERO}
    for key in MODELLED:
        if not len(rows[key].launched):
            sentences[f"rate_{key.name}"] = f"Prior only: the record has no eligible {key.name} row."
    sentences["aim"] = "Barely identified: an unlocated row shows its aim only by being intercepted."
    sentences["single_shot_kill"] = (
        "Not identified: kill per shot, shots per missile and fraction engaged keep their priors."
    )
    sentences["glide_bomb"] = "Not identified: the record does not track guided bombs."
    return FrozenDict(sentences)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**64:
        raise InputError("seed", [f"found {seed}, allowed: a whole number from 0 to 2^64 - 1"])
