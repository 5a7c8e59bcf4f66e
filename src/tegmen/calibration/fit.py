"""Record -> posterior draws, forecasts, and record against model: exact numerical Bayes on grids, no sampler.

Area classes (drone, cruise): ``k ~ BetaBinomial(n, mu M, (1 - mu) M)``, ``logit mu`` a random walk over weeks, scales
partially pooled. Near zeros (supersonic, s300_ground): one share, informative Beta prior. Point defence (ballistic):
the all-or-nothing mixture of `ballistic`. Both hidden paths (area level, coverage elsewhere) go through one forward
filter and one backward sampler, those of `grid`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logsumexp

from tegmen.calibration.ballistic import PointDraws, PointFit, fit_point, kyiv_share
from tegmen.calibration.grid import (
    LevelGrid,
    beta_binomial,
    draw_beta,
    forward,
    invert,
    jitter,
    sample_paths,
    stream,
)
from tegmen.calibration.kept_fits import read_or_make
from tegmen.calibration.priors import Priors, area_grid, coverage_grid, pooling
from tegmen.calibration.rows import AIM, FILTERED, MODELLED, NEAR_ZERO, WEEKS_OF_LEVEL, EligibleRows, eligible
from tegmen.errors import InputError
from tegmen.evidence.record import Record, parse_day
from tegmen.terms import VERSION, FrozenDict, Provenance, ThreatClass, content_equal, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tegmen.terms import Floats, Ints

_PARTS = ("likelihood", "log_evidence")
_FIT_ARRAYS = (*(f"{key.name}_{part}" for key in FILTERED for part in _PARTS), "ballistic_weights")
"""Names of the arrays that a calibration keeps of its fits."""

LIMITS = (0.05, 0.5, 0.95)
"""Low, median and high of every summary."""

_OF_BALLISTIC = ("coverage_kyiv", "coverage_elsewhere", "kill", "kyiv_share")
_PREDICTIVE_STREAM = 64
_SUMMARY_DRAWS = 1000


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class AreaFit:
    """One area class on the grid.

    Parameters
    ----------
    likelihood
        (t, m, g) relative likelihood a week; ones where the week has no rows.
    log_evidence
        (s, m) of every step sd and concentration, up to a constant.
    """

    likelihood: Floats
    log_evidence: Floats


def fit_area(rows: EligibleRows, grid: LevelGrid, priors: Priors) -> AreaFit:
    """Fit one area class: the likelihood of every week, and the evidence of every step sd and M."""
    share, concentrations = expit(grid.logit), np.asarray(priors.concentrations)
    cases, times = rows.cases()
    # The same counts recur in other weeks; their probability does not depend on the week.
    counts, index = np.unique(cases[:, 2:], axis=0, return_inverse=True)
    n, k = (column[:, None, None] for column in counts.T)
    log_likelihood = np.zeros((rows.steps, len(concentrations), len(share)))
    terms = times[:, None, None] * beta_binomial(n, k, share, concentrations[:, None])[index]
    np.add.at(log_likelihood, cases[:, 0], terms)
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=(1, 2), keepdims=True))
    gains = sum(gain for _, _, gain in forward(likelihood, grid.start, grid.kernels))
    return AreaFit(likelihood, np.asarray(gains))


def draw_scales(
    fits: Sequence[AreaFit], priors: Priors, rng: np.random.Generator, count: int
) -> list[tuple[Ints, Ints]]:
    """Draw the shared means, then each class's (s, M) given them: partial pooling, summed exactly over the grids."""
    of_step, of_concentration = pooling(priors)
    evidence = [np.exp(fit.log_evidence - logsumexp(fit.log_evidence)) for fit in fits]
    shared = np.prod([of_step @ weight @ of_concentration.T for weight in evidence], axis=0)
    mean_step, mean_concentration = np.divmod(
        invert(np.broadcast_to(shared.ravel(), (count, shared.size)), rng.random(count)), shared.shape[1]
    )
    scales: list[tuple[Ints, Ints]] = []
    for weight in evidence:
        given_means = of_step[mean_step][:, :, None] * of_concentration[mean_concentration][:, None, :] * weight
        scales.append(np.divmod(invert(given_means.reshape(count, -1), rng.random(count)), weight.shape[1]))
    return scales


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class RateDraws:
    """Joint posterior draws, axis w = draw.

    Parameters
    ----------
    rate
        Class to (w,) share intercepted of posted launches at the end of the record: drone and cruise the mean level of
        the last 4 weeks; supersonic and s300_ground the Beta posterior.
    coverage_kyiv, coverage_elsewhere
        (w,) probability that a ballistic missile aimed there finds a ready covering unit. Elsewhere: of the last 4
        weeks, a row's probability times the mean share of its missiles under cover, so coverage * kill is the rate.
    kill
        (w,) share intercepted given covered.
    kyiv_share
        (w,) share of ballistic missiles aimed at the Kyiv zone.
    """

    rate: Mapping[ThreatClass, Floats]
    coverage_kyiv: Floats
    coverage_elsewhere: Floats
    kill: Floats
    kyiv_share: Floats

    def pick(self, generator: np.random.Generator, count: int) -> RateDraws:
        """Pick `count` of the joint draws at random, with replacement."""
        at = generator.integers(len(self.kill), size=count)
        rate = FrozenDict({key: value[at] for key, value in self.rate.items()})
        return RateDraws(rate, *(getattr(self, name)[at] for name in _OF_BALLISTIC))

    def to_pandas(self) -> pd.DataFrame:
        """One column a quantity, one row a draw."""
        columns = {f"rate_{key.name}": value for key, value in self.rate.items()}
        return pd.DataFrame(columns | {name: getattr(self, name) for name in _OF_BALLISTIC})


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """Joint draws with what the rates are made of.

    Parameters
    ----------
    rates
        The rates.
    levels
        Filtered class to its weekly level (t, w) and its concentration M (w,).
    point
        Draws of the ballistic mixture.
    """

    rates: RateDraws
    levels: Mapping[ThreatClass, tuple[Floats, Floats]]
    point: PointDraws


@content_equal
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Calibration:
    """The posterior of a record up to a date.

    Parameters
    ----------
    until, end
        Last date asked for; last date with an eligible row (the rates are those of the 4 weeks up to it).
    seed
        Seed of `monthly` and of the summary; `draws` takes its own.
    priors, level
        Priors, and the weekly grid of the area level made from them.
    rows
        Eligible rows of every modelled class.
    areas, point
        The fits of the filtered classes and of the ballistic mixture.
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
    level: LevelGrid
    rows: Mapping[ThreatClass, EligibleRows]
    areas: Mapping[ThreatClass, AreaFit]
    point: PointFit
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
        return self.joint(count, seed).rates

    def joint(self, count: int, seed: int) -> Joint:
        """Draw as `draws` does, and keep the paths behind the rates."""
        levels = self._levels(count, seed)
        rate = {key: paths[-WEEKS_OF_LEVEL:].mean(axis=0) for key, (paths, _) in levels.items()}
        rate |= {key: stream(seed, 1 + key).beta(*self.near_zero(key), count) for key in NEAR_ZERO}
        rng = stream(seed, 1 + ThreatClass.ballistic)
        drawn = self.point.draw(count, rng)
        elsewhere = drawn.elsewhere[-1] * self.priors.spread_elsewhere[0]
        share = kyiv_share(self.rows[ThreatClass.ballistic].launched, drawn.aimed, rng)
        rates = RateDraws(FrozenDict(rate), drawn.statics.kyiv, elsewhere, drawn.statics.kill, share)
        return Joint(rates, FrozenDict(levels), drawn)

    def _levels(self, count: int, seed: int) -> dict[ThreatClass, tuple[Floats, Floats]]:
        """Draw each filtered class's weekly level (t, w) and its concentration M (w,)."""
        cells = draw_scales(list(self.areas.values()), self.priors, stream(seed, 0), count)
        drawn: dict[ThreatClass, tuple[Floats, Floats]] = {}
        for (key, fit), (step, cell) in zip(self.areas.items(), cells, strict=True):
            rng = stream(seed, 1 + key)
            path = sample_paths(fit.likelihood, self.level, step, cell, rng.random((len(fit.likelihood), count)))
            drawn[key] = (jitter(self.level, path, rng), np.asarray(self.priors.concentrations)[cell])
        return drawn

    def near_zero(self, key: ThreatClass) -> tuple[float, float]:
        """Posterior Beta(a, b) of the share of a class that is almost never stopped."""
        (a, b), (launched, intercepted) = self.priors.near_zero, self.rows[key].totals()
        return a + intercepted, b + launched - intercepted

    @one_blas_thread
    def monthly(self) -> pd.DataFrame:
        """Record against model: posterior predictive of every eligible row again, summed by month and class.

        Returns
        -------
            month (YYYY-MM of window_end), threat_class, launched, intercepted, model_low (5 %), model_median,
            model_high (95 %). Ballistic starts on 27 April 2023. It checks the fit; `forecasts` is the harder test.
        """
        rng = stream(self.seed, _PREDICTIVE_STREAM)
        tables: list[pd.DataFrame] = []
        for key, (path, concentration) in self._levels(_SUMMARY_DRAWS, self.seed).items():
            drawn = draw_beta(path[self.rows[key].step], concentration, rng)
            tables.append(_monthly_sums(key, self.rows[key], drawn, rng))
        for key in NEAR_ZERO:
            share = rng.beta(*self.near_zero(key), _SUMMARY_DRAWS)
            tables.append(_monthly_sums(key, self.rows[key], np.tile(share, (len(self.rows[key].step), 1)), rng))
        ballistic = self.rows[ThreatClass.ballistic]
        tables.append(_monthly_sums(ThreatClass.ballistic, ballistic, self.point.predict(_SUMMARY_DRAWS, rng), rng))
        return pd.concat(tables).sort_values(["month", "threat_class"], ignore_index=True)

    def forecasts(self, threat_class: ThreatClass) -> pd.DataFrame:
        """Forecast every row of a filtered class from the weeks before it (exact; the forward pass already did it).

        Returns
        -------
            window_end, launched, intercepted, low (5 %), median, high (95 %), and pit: P(fewer) + P(as many) / 2.

        Raises
        ------
        InputError
            If the class is not one of the filtered ones (drone, cruise).
        """
        if threat_class not in self.areas:
            allowed = ", ".join(key.name for key in self.areas)
            raise InputError("threat_class", [f"found {threat_class.name}, allowed: {allowed}"])
        rows, results = self.rows[threat_class], np.zeros((len(self.rows[threat_class].step), 4))
        mixed = one_step_ahead(self.areas[threat_class], self.level, self.priors)
        share, concentrations = expit(self.level.logit), np.asarray(self.priors.concentrations)[:, None]
        for n in np.unique(rows.launched):
            chosen = np.flatnonzero(rows.launched == n)
            mass = np.exp(beta_binomial(n, np.arange(n + 1)[:, None, None], share, concentrations))
            chance = np.einsum("kmg,tmg->tk", mass, mixed[rows.step[chosen]], optimize=True)
            below = np.cumsum(chance, axis=1)
            at = (np.arange(len(chosen)), rows.intercepted[chosen])
            limits = [(below < limit).sum(axis=1) for limit in LIMITS]
            results[chosen] = np.column_stack([*limits, below[at] - chance[at] / 2])
        posted = {"window_end": rows.window_end, "launched": rows.launched, "intercepted": rows.intercepted}
        limits = dict(zip(("low", "median", "high"), results[:, :3].astype(np.int64).T, strict=True))
        return pd.DataFrame({**posted, **limits, "pit": results[:, 3]})

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


def one_step_ahead(fit: AreaFit, grid: LevelGrid, priors: Priors) -> Floats:
    """Mix the one-step-ahead weights over (s, M) by the evidence of the weeks before: (t, m, g), each sums to one."""
    of_step, of_concentration = pooling(priors)
    running = np.log(of_step.mean(axis=0))[:, None] + np.log(of_concentration.mean(axis=0))
    mixed: list[Floats] = []
    for predicted, _, gain in forward(fit.likelihood, grid.start, grid.kernels):
        weight = np.exp(running - logsumexp(running))
        mixed.append((weight[:, :, None] * predicted).sum(axis=0))
        running = running + gain
    return np.stack(mixed)


def _monthly_sums(key: ThreatClass, rows: EligibleRows, share: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the interceptions of every row again from its drawn share (r, w), and sum by month."""
    months, month = np.unique(rows.window_end.astype("datetime64[M]").astype(str), return_inverse=True)
    counts = np.column_stack([rows.launched, rows.intercepted, rng.binomial(rows.launched[:, None], share)])
    sums = np.zeros((len(months), counts.shape[1]), dtype=np.int64)
    np.add.at(sums, month, counts)
    limits = np.quantile(sums[:, 2:], LIMITS, axis=1, method="inverted_cdf").astype(np.int64)
    model = dict(zip(("model_low", "model_median", "model_high"), limits, strict=True))
    posted = {"month": months, "threat_class": key.name, "launched": sums[:, 0], "intercepted": sums[:, 1]}
    return pd.DataFrame({**posted, **model})


@one_blas_thread
def calibrate(
    record: Record, *, until: str | date, seed: int = 1, priors: Priors | None = None, cache: Path | None = None
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
    priors
        Priors and grids; None for the documented ones.
    cache
        Folder in which fits are kept by the hash of their rows and priors; None: nothing is kept.

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
    last, priors = parse_day(until), priors or Priors()
    whole, record = record, record.until(last)
    rows, end = eligible(record, last)
    level, coverage = area_grid(priors), coverage_grid(priors)
    fits = read_or_make(cache, _fit_key(rows, priors), _FIT_ARRAYS, lambda: _fits(rows, level, coverage, priors))
    mixed = record.rows["threat_class"].str.contains("+", regex=False) & (record.rows["channel"] == "national")
    return Calibration(
        until=last,
        end=end,
        seed=seed,
        priors=priors,
        level=level,
        rows=FrozenDict(rows),
        areas=FrozenDict({key: AreaFit(*(fits[f"{key.name}_{part}"] for part in _PARTS)) for key in FILTERED}),
        point=PointFit(rows[ThreatClass.ballistic], coverage, priors, fits["ballistic_weights"]),
        mixtures_dropped=int(record.rows["rows"].to_numpy(np.int64)[mixed.to_numpy()].sum()),
        prior_only=tuple(key for key in MODELLED if not len(rows[key].step)),
        identified=_identified(rows),
        provenance=Provenance(record.provenance.version, seed, record.provenance.inputs),
        record=whole,
    )


def _fits(
    rows: Mapping[ThreatClass, EligibleRows], level: LevelGrid, coverage: LevelGrid, priors: Priors
) -> dict[str, Floats]:
    """Fit the filtered classes and the ballistic mixture; the arrays are all that a calibration keeps of it."""
    fits: dict[str, Floats] = {}
    for key in FILTERED:
        fit = fit_area(rows[key], level, priors)
        fits |= {f"{key.name}_{part}": getattr(fit, part) for part in _PARTS}
    return fits | {"ballistic_weights": fit_point(rows[ThreatClass.ballistic], coverage, priors).weights}


def _fit_key(rows: Mapping[ThreatClass, EligibleRows], priors: Priors) -> str:
    """Hash what a fit depends on: its rows, the priors, and the versions of the code that makes it."""
    digest = hashlib.sha256(f"{VERSION} {np.__version__} {priors}".encode())
    for key in (*FILTERED, ThreatClass.ballistic):
        part = rows[key]
        table = np.column_stack([part.step, part.aim, part.launched, part.intercepted])
        digest.update(f"{key.name} {part.steps} {table.shape}".encode() + table.astype("<i8").tobytes())
    return digest.hexdigest()


def _identified(rows: Mapping[ThreatClass, EligibleRows]) -> Mapping[str, str]:
    """Say what the record identifies and what it leaves at its prior, one sentence each."""
    sentences = {f"rate_{key.name}": f"Weekly level, from the record: {rows[key]}." for key in FILTERED}
    sentences |= {f"rate_{key.name}": f"Near zero: {rows[key]}; informative prior of mean 2 %." for key in NEAR_ZERO}
    aim = rows[ThreatClass.ballistic].aim
    kyiv, elsewhere, unlocated = (int((aim == code).sum()) for code in AIM.values())
    sentences |= {
        "coverage_kyiv": f"{kyiv} rows name Kyiv: high, but few; posted successes may name their city more often.",
        "coverage_elsewhere": f"{elsewhere} rows elsewhere, {unlocated} unlocated; the fan-out of a row is assumed.",
        "kill": "From the rows with any interception; a covered row without one looks like an uncovered one.",
        "kyiv_share": f"{kyiv} rows name Kyiv; {unlocated} unlocated ones are split by the mixture: barely identified.",
    }
    for key in MODELLED:
        if not len(rows[key].step):
            names = _OF_BALLISTIC if key is ThreatClass.ballistic else (f"rate_{key.name}",)
            sentences |= dict.fromkeys(names, f"Prior only: the record has no eligible {key.name} row.")
    sentences["aim"] = "Barely identified: an unlocated row shows its aim only by being intercepted."
    sentences["single_shot_kill"] = (
        "Not identified: kill per shot, shots per missile and fraction engaged keep their priors."
    )
    sentences["glide_bomb"] = "Not identified: the record does not track guided bombs."
    return FrozenDict(sentences)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**64:
        raise InputError("seed", [f"found {seed}, allowed: a whole number from 0 to 2^64 - 1"])
