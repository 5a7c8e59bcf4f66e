"""Worlds after the record: drawn before it, weighted by the likelihood of its rows, and resampled.

No world is thrown away for not fitting and nothing is solved for: a world that makes the record unlikely has a small
weight. How many independent worlds the weights are worth, the effective sample size, is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, repeat
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.calibration.exposure import Kill, RowLikelihood
from tegmen.calibration.rows import EligibleRows
from tegmen.errors import EvidenceError
from tegmen.evidence.parameters import Parameter
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import Progress, join, one_blas_thread, take, tell_nobody
from tegmen.worlds.levels import Levels, Proposal, fit_proposals
from tegmen.worlds.prior import (
    Months,
    PriorWorlds,
    Reading,
    Supplied,
    count_months,
    draw_prior,
    exposure,
    row_likelihood,
    supply,
)

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_ROUNDS = 3
_ROUND_WORLDS = 8800
_ROUND_ESS = 300.0
_BLOCK = 4400
"""Worlds drawn and weighed at a time: few enough for the processor's cache, and for each thread to have its share."""
_BATCH, _BATCHES = 550, 48
"""Worlds a batch at most, and batches at least: Monte Carlo errors are told from how batches differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Equally weighted worlds of ballistic missiles after the record, axis w.

    Parameters
    ----------
    scenario, theatre, reading
        The question, what is the same in all its worlds, and their structure.
    worlds
        (w,) worlds resampled; some occur several times.
    supplied
        Their coverage and rounds month by month.
    months
        The months.
    kill
        Kill shares drawn from each world's own posterior.
    ess
        Effective sample size of the worlds drawn before the record.
    drawn
        How many were drawn.
    log_evidence
        Log of the mean likelihood of the record's rows: what readings and models are compared by.
    key
        Seed of what is left to draw in these worlds.
    proposals
        Where the record was found to favour levels.
    share
        (w,) share of the weight of all worlds drawn that each had when it was resampled.
    batch
        (w,) number of the batch of worlds drawn that each is from; batches are independent of each other.
    """

    scenario: Scenario
    theatre: Theatre
    reading: Reading
    worlds: PriorWorlds
    supplied: Supplied
    months: Months
    kill: Kill
    ess: float
    drawn: int
    log_evidence: float
    key: np.random.SeedSequence
    proposals: Mapping[str, Proposal]
    share: Floats
    batch: Ints

    def __len__(self) -> int:
        return len(self.worlds)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Rows of the catalogue that the worlds and their kill shares were drawn from."""
        return (*self.worlds.parameters, self.scenario.catalogue.model("kill_share", "ballistic"))


@dataclass(frozen=True, slots=True, eq=False)
class _Weighed:
    """A block of prior worlds and the log of their weights; as little of them as they can be resampled from."""

    worlds: PriorWorlds
    supplied: Supplied
    log_weight: Floats


@one_blas_thread
def weigh(  # noqa: PLR0913 - the question, the evidence, how many, and how to draw
    scenario: Scenario,
    theatre: Theatre,
    rows: EligibleRows,
    reading: Reading,
    *,
    drawn: int,
    kept: int,
    seed: int,
    purpose: int = 0,
    proposals: Mapping[str, Proposal] | None = None,
    threads: int = 1,
    months: Months | None = None,
    tell: Progress = tell_nobody,
) -> Posterior:
    """Draw worlds before the record, weigh them by its ballistic rows, and resample.

    Parameters
    ----------
    rows
        Eligible ballistic rows of the record.
    drawn, kept
        Worlds drawn before the record; worlds resampled from them.
    seed, purpose
        Worlds of different purposes are independent.
    proposals
        Where the record favours levels, of a posterior of the same record or one like it; None: found out first.
    threads
        They change no result.
    months
        Months that coverage and rounds are followed over; None: those of the rows, to that asked about.

    Raises
    ------
    EvidenceError
        The record is impossible in every world drawn.
    """
    likelihood = row_likelihood(scenario, rows, reading)
    months = months or count_months(scenario, theatre, rows)
    batch = min(_BATCH, max(drawn // _BATCHES, 1))

    def block(size: int, number: int, proposals: Mapping[str, Proposal]) -> tuple[_Weighed, Levels]:
        key = np.random.SeedSequence(seed, spawn_key=(purpose, number))
        levels = Levels(size, np.random.Generator(np.random.Philox(key)), proposals, batch)
        worlds = draw_prior(scenario, theatre, reading, len(months.launched), levels, key)
        supplied = supply(worlds, theatre, months)
        exposed = exposure(worlds, supplied, months, likelihood.rows)
        return _Weighed(worlds, supplied, likelihood.log_weight(exposed) + levels.log_prior), levels

    favoured, numbers = dict(proposals or {}), count()
    with ThreadPoolExecutor(threads) as pool:
        for number in range(0 if proposals else _ROUNDS):
            tell("which worlds the record favours", number, _ROUNDS)
            sizes = _cut(min(_ROUND_WORLDS, drawn), batch)
            first, levels = zip(*pool.map(block, sizes, numbers, repeat(favoured)), strict=True)
            log_weight = np.concatenate([weighed.log_weight for weighed in first])
            favoured = fit_proposals(levels, _tempered(log_weight, _ROUND_ESS))
        sizes, blocks = _cut(drawn, batch), list[_Weighed]()
        for weighed, _ in pool.map(block, sizes, numbers, repeat(favoured)):
            blocks.append(weighed)
            tell("weighing worlds by the record", len(blocks), len(sizes))
    resampling = np.random.SeedSequence(seed, spawn_key=(purpose, _RESAMPLE))
    return _resampled(
        (scenario, theatre, reading),
        months,
        likelihood,
        blocks,
        kept,
        key=resampling,
        proposals=favoured,
        batch=batch,
    )


def _resampled(  # noqa: PLR0913 - all that a posterior is made of
    asked: tuple[Scenario, Theatre, Reading],
    months: Months,
    likelihood: RowLikelihood,
    blocks: list[_Weighed],
    kept: int,
    *,
    key: np.random.SeedSequence,
    proposals: Mapping[str, Proposal],
    batch: int,
) -> Posterior:
    log_weight = np.concatenate([block.log_weight for block in blocks])
    top = float(log_weight.max())
    if not np.isfinite(top) or top < _IMPOSSIBLE:
        msg = f"the record's ballistic rows are impossible in all of {len(log_weight)} worlds drawn"
        raise EvidenceError(f"{msg}; widen the ranges of the catalogue's rows, or of the units held")
    weight = np.exp(log_weight - top)
    generator = np.random.Generator(np.random.Philox(key))
    batch_of = np.arange(len(weight)) // batch
    drawn = {name: np.concatenate([getattr(block.worlds, name) for block in blocks]) for name in ("ratio", "rounds")}
    index = resample(weight, batch_of, kept, generator, **drawn)
    uniform = even_draws(batch_of[index], likelihood.kill_draws, generator)
    # Worlds are shuffled, so that the first few of them are as good a sample as all.
    order = generator.permutation(kept)
    ends = np.cumsum([len(block.log_weight) for block in blocks])
    picked: list[tuple[PriorWorlds, Supplied]] = []
    while blocks:  # a block is let go of as soon as its worlds are picked: all of them together are large
        block, end = blocks.pop(0), ends[len(picked)]
        mine = index[(index < end) & (index >= end - len(block.log_weight))] - (end - len(block.log_weight))
        picked.append((take(block.worlds, mine), take(block.supplied, mine)))
    worlds, supplied = (take(join(parts), order) for parts in zip(*picked, strict=True))
    exposed = exposure(worlds, supplied, months, likelihood.rows)
    return Posterior(
        *asked,
        worlds=worlds,
        supplied=supplied,
        months=months,
        kill=likelihood.draw_kill(exposed, uniform[order]),
        ess=effective_size(weight),
        drawn=len(weight),
        log_evidence=top + float(np.log(weight.mean())),
        key=key,
        proposals=proposals,
        share=(weight / weight.sum())[index][order],
        batch=batch_of[index][order],
    )


@one_blas_thread
def reweigh(posterior: Posterior, rows: EligibleRows, reading: Reading, *, kept: int, purpose: int) -> Posterior:
    """Worlds of a reading that says otherwise of kill shares alone: those of another, weighed by what is likelier.

    What kill shares hang on is no part of a world but its ratio of them, so the prior worlds are the same, and
    ``likelihood in this reading / likelihood in the other`` turns the weights of one into those of the other.

    Parameters
    ----------
    posterior
        Worlds after the record in the other reading, of the same targets.
    rows
        Eligible ballistic rows of the record, those that the worlds were weighed by.
    kept, purpose
        Worlds resampled; part of their seed.

    Raises
    ------
    EvidenceError
        The record is impossible in this reading in every world.
    """
    scenario, worlds = posterior.scenario, posterior.worlds
    exposed = exposure(worlds, posterior.supplied, posterior.months, rows)
    if reading.kill_elsewhere == "equal":
        worlds = replace(worlds, ratio=np.ones(len(worlds)))
    likelihood = row_likelihood(scenario, rows, reading)
    own = likelihood.log_weight(replace(exposed, ratio=worlds.ratio))
    log_ratio = own - row_likelihood(scenario, rows, posterior.reading).log_weight(exposed)
    top = float(log_ratio.max())
    if float(own.max()) < _IMPOSSIBLE:
        raise EvidenceError(f"the record's ballistic rows are impossible in all of {len(own)} worlds: {reading}")
    ratio = np.exp(log_ratio - top)
    key = np.random.SeedSequence(posterior.key.entropy, spawn_key=(*posterior.key.spawn_key, purpose))
    generator = np.random.Generator(np.random.Philox(key))
    index = resample(ratio, posterior.batch, kept, generator, ratio=worlds.ratio, rounds=worlds.rounds)
    uniform, order = even_draws(posterior.batch[index], likelihood.kill_draws, generator), generator.permutation(kept)
    index = index[order]
    exposed = take(replace(exposed, ratio=worlds.ratio), index)
    mean, part = float(ratio.mean()), ratio * ratio
    return replace(
        posterior,
        reading=reading,
        worlds=take(worlds, index),
        supplied=take(posterior.supplied, index),
        kill=likelihood.draw_kill(exposed, uniform[order]),
        # Drawn with these weights, and once resampled without them: both take from what the sample is worth.
        ess=mean**2 / float((part * (posterior.share + 1 / len(ratio))).mean()),
        log_evidence=posterior.log_evidence + top + float(np.log(mean)),
        key=key,
        share=(posterior.share * ratio / mean)[index],
        batch=posterior.batch[index],
    )


def _cut(worlds: int, batch: int) -> list[int]:
    """Sizes of the blocks that so many worlds are drawn in, whole batches of them."""
    block = _BLOCK // batch * batch
    return [min(block, worlds - begin) for begin in range(0, worlds, block)]


_RESAMPLE = 1 << 20
_IMPOSSIBLE = -600.0


def resample(
    weight: Floats, batch: Ints, kept: int, generator: np.random.Generator, *, ratio: Floats, rounds: Floats
) -> NDArray[np.intp]:
    """(kept,) indices of worlds resampled, batch after batch.

    In a batch they stand in order of two unknowns that answers hang on much, so that every part of their range is
    resampled as often as its weight says.
    """
    alike = np.lexsort((rounds, ratio, batch))
    return alike[systematic(weight[alike], kept, generator)]


def even_draws(batch: Ints, columns: int, generator: np.random.Generator) -> Floats:
    """(w, columns) uniform draws that fill the cube evenly along the worlds of a batch.

    Niederreiter's Kronecker sequence (1992, Random Number Generation and Quasi-Monte Carlo Methods, p. 29), shifted by
    a draw of each batch's own: any one number is uniform, and batches are independent.
    """
    _, number = np.unique(batch, return_inverse=True)
    steps = 2.0 ** (np.arange(1, columns + 1) / (columns + 1))
    shift = generator.random((number.max() + 1, columns))
    return (np.arange(len(batch))[:, None] * steps + shift[number]) % 1.0


def systematic(weight: Floats, count: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """(count,) indices, each world as often as its share of the weight to within one (Kitagawa 1996)."""
    cumulative = np.cumsum(weight)
    points = (np.arange(count) + generator.random()) / count * cumulative[-1]
    return np.minimum(np.searchsorted(cumulative, points, side="right"), len(weight) - 1)


def effective_size(weight: Floats) -> float:
    """How many independent worlds weights (w,) are worth, ``(sum w)^2 / sum w^2`` (Kish 1965)."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def _tempered(log_weight: Floats, least: float) -> Floats:
    """Weights (w,), sum one, to the highest power up to 1 that leaves an effective sample of `least`."""

    def weights(power: float) -> Floats:
        raised = np.exp(power * (log_weight - log_weight.max()))
        return raised / raised.sum()

    low, high = 0.0, 1.0
    if effective_size(weights(high)) >= least:
        return weights(high)
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if effective_size(weights(middle)) >= least else (low, middle)
    return weights(low)
