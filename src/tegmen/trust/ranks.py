"""Simulation-based calibration of the joint ballistic model: made-up records whose truth is known.

A world drawn from the prior makes up a record: where each row was aimed, what it met, how many were stopped, whether
its zone was posted. Other worlds of the prior are then weighed by that record as they are by the real one. If the
likelihood is that of the model, the truth's rank among worlds after the record is uniform (Talts et al. 2018,
arXiv:1804.06788), whatever the record says. Worlds that no record had weighed would rank it evenly, too, but for the
likelihood itself, which is ranked with the unknowns for that reason (Modrak et al. 2023, Bayesian Analysis).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2

from tegmen.calibration.exposure import Exposure, Kill, RowLikelihood
from tegmen.calibration.rows import AIM, UNLOCATED, EligibleRows
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import FrozenDict, Progress, content_equal, one_blas_thread, take, tell_nobody
from tegmen.worlds.levels import Levels
from tegmen.worlds.posterior import effective_size, systematic, weigh
from tegmen.worlds.prior import (
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

RANK_BINS = 10
_LIKELIHOOD = "likelihood of the record"
_RANKED_WORLDS = 400
_RANK_PURPOSE = 1 << 10


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Where the truth lies among worlds after its own record, axis d = made-up record.

    Parameters
    ----------
    rank
        Unknown in plain words to (d,) share of worlds below the truth; ties are broken at random. Uniform if all is
        right.
    ess
        (d,) effective sample size of the worlds weighed by each record.
    """

    rank: Mapping[str, Floats]
    ess: Floats

    def __len__(self) -> int:
        return len(self.ess)

    def p_value(self, unknown: str) -> float:
        """Chance of ranks at least as uneven over ten bins, if they are uniform: Pearson's chi-square."""
        expected = len(self) / RANK_BINS
        seen, _ = np.histogram(self.rank[unknown], RANK_BINS, (0.0, 1.0))
        return float(chi2.sf(((seen - expected) ** 2 / expected).sum(), RANK_BINS - 1))

    @property
    def smallest(self) -> float:
        """Smallest p-value of any unknown, times their number (Bonferroni), at most 1."""
        return min(1.0, len(self.rank) * min(self.p_value(unknown) for unknown in self.rank))


@dataclass(frozen=True, slots=True, eq=False)
class Unweighed:
    """Worlds of the prior: what the rows of a record could meet in them, and the unknowns that are ranked."""

    exposure: Exposure
    unknowns: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class JointModel:
    """The joint ballistic model of the headline's reading: worlds before the record, and the likelihood of its rows."""

    scenario: Scenario
    theatre: Theatre
    reading: Reading
    likelihood: RowLikelihood

    @classmethod
    def of(cls, scenario: Scenario, theatre: Theatre, rows: EligibleRows) -> JointModel:
        """Make the model of a question and the rows of a record."""
        reading = Reading()
        return cls(scenario, theatre, reading, row_likelihood(scenario, rows, reading))

    def draw(self, count: int, key: np.random.SeedSequence) -> Unweighed:
        """Draw worlds of the prior."""
        rows = self.likelihood.rows
        months = count_months(self.scenario, self.theatre, rows)
        levels = Levels(count, np.random.Generator(np.random.Philox(key)))
        worlds = draw_prior(self.scenario, self.theatre, self.reading, len(months.launched), levels, key)
        supplied = supply(worlds, self.theatre, months)
        unknowns = _ranked(worlds, supplied, months.of(self.scenario.month.first))
        return Unweighed(exposure(worlds, supplied, months, rows), unknowns)


@one_blas_thread
def rank_truths(  # noqa: PLR0913 - the question, the evidence, how many, and how to draw
    scenario: Scenario,
    theatre: Theatre,
    rows: EligibleRows,
    *,
    records: int,
    drawn: int,
    seed: int,
    afresh: bool = False,
    tell: Progress = tell_nobody,
) -> Ranks:
    """Make up records in worlds of the prior, weigh other worlds by each, and rank the truth among them.

    Parameters
    ----------
    rows
        Rows of the record: a made-up record has their days, weapons and numbers launched.
    records, drawn
        Records made up; worlds of the prior that each of them weighs.
    afresh
        Whether each record is weighed by `weigh` itself, as the real one is, on worlds drawn for it; else all weigh the
        same worlds of the prior, which is faster, and worth fewer of them.
    """
    joint = JointModel.of(scenario, theatre, rows)
    keys = np.random.SeedSequence(seed).spawn(3)
    truths, prior = joint.draw(records, keys[0]), joint.draw(2 if afresh else drawn, keys[1])
    chance = np.random.Generator(np.random.Philox(keys[2]))
    kill = draw_prior_kill(joint.likelihood, records, chance)
    stopped, aim = make_up(joint.likelihood, truths.exposure, kill, chance)
    truth = dict(truths.unknowns) | _kill_unknowns(kill) | {_LIKELIHOOD: np.empty(records)}
    rank: dict[str, list[float]] = {name: [] for name in truth}
    ess: list[float] = []
    for d in range(records):
        tell("made-up records", d, records)
        made_up = replace(rows, intercepted=stopped[d], aim=aim[d])
        likelihood = replace(joint.likelihood, rows=made_up)
        truth[_LIKELIHOOD][d] = likelihood.log_weight(take(truths.exposure, np.array([d])))[0]
        if afresh:
            after, size = _weighed_afresh(joint, likelihood, drawn, (seed, d))
        else:
            after, size = _weighed(likelihood, prior, chance)
        ess.append(size)
        for name, values in after.items():
            rank[name].append(_rank(values, truth[name][d], chance.random()))
    return Ranks(FrozenDict({name: np.array(each) for name, each in rank.items()}), np.array(ess))


def _ranked(worlds: PriorWorlds, supplied: Supplied, month: int) -> dict[str, Floats]:
    ranked = {
        "share aimed at Kyiv": worlds.kyiv_share,
        "coverage of Kyiv": supplied.kyiv[:, month],
        "coverage elsewhere": supplied.elsewhere[:, month],
        "availability of a Patriot": worlds.shield.ready[:, 0],
        "rounds a month": worlds.rounds,
        "rounds in the month asked": supplied.rounds[:, month],
        "kill ratio elsewhere": worlds.ratio,
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in ranked.items()}


def draw_prior_kill(model: RowLikelihood, count: int, generator: np.random.Generator) -> Kill:
    """Draw (count,) kill shares and concentrations before the record; a share lies anywhere in its cell."""
    prior, points = model.prior, model.prior.points
    of_class = generator.choice(points, count, p=prior.weight)
    offset = generator.random(count) - 0.5
    share: dict[str, Floats] = {}
    for weapon in model.weapons:
        own = of_class
        if model.by_weapon:
            passed = np.cumsum(prior.pooling, axis=1)[of_class] < generator.random(count)[:, None]
            own, offset = np.minimum(passed.sum(axis=1), points - 1), generator.random(count) - 0.5
        share[weapon] = prior.share[own] + offset / points
    return Kill(FrozenDict(share), generator.choice(np.array(prior.concentrations), count))


def make_up(model: RowLikelihood, worlds: Exposure, kill: Kill, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """(w, r) stopped and code of the zone posted: the rows simulated in each world, missile by missile.

    Parameters
    ----------
    model
        Its rows (days, weapons, numbers launched) and packets; what came of the rows is not looked at.
    worlds, kill
        What each row could meet, and the kill shares, world by world.
    """
    launched = model.rows.launched
    shape = len(worlds), len(launched)
    at_kyiv = generator.random(shape) < worlds.aim[:, None]
    size = 1 + generator.choice(len(model.packets), shape, p=model.packets)
    packets_met = generator.binomial(-(-launched // size), worlds.elsewhere)
    fanned = np.minimum(packets_met * size, launched)
    met = np.where(at_kyiv, launched * (generator.random(shape) < worlds.kyiv), fanned)
    share = np.stack([kill.of(str(weapon)) for weapon in model.rows.weapon], axis=1)
    share = np.where(at_kyiv, share, share * worlds.ratio[:, None])
    big = kill.concentration[:, None]
    stopped = generator.binomial(met, generator.beta(share * big, (1 - share) * big))
    name = np.where(stopped > 0, worlds.named[:, [0]], worlds.named[:, [1]])
    posted = generator.random(shape) < np.where(at_kyiv, name, worlds.named[:, [2]])
    zone = np.where(at_kyiv, AIM["kyiv"], AIM["elsewhere"])
    return stopped, np.where(posted, zone, UNLOCATED)


def _weighed(
    likelihood: RowLikelihood, prior: Unweighed, generator: np.random.Generator
) -> tuple[Mapping[str, Floats], float]:
    """Unknowns of worlds of the prior after a record, and the effective sample size they come from."""
    log_weight = likelihood.log_weight(prior.exposure)
    weight = np.exp(log_weight - log_weight.max())
    index = systematic(weight, _RANKED_WORLDS, generator)
    kill = likelihood.draw_kill(take(prior.exposure, index), generator.random((_RANKED_WORLDS, likelihood.kill_draws)))
    known = {name: values[index] for name, values in prior.unknowns.items()}
    after = known | _kill_unknowns(kill) | {_LIKELIHOOD: log_weight[index]}
    return after, effective_size(weight)


def _weighed_afresh(
    joint: JointModel, likelihood: RowLikelihood, drawn: int, seed: tuple[int, int]
) -> tuple[Mapping[str, Floats], float]:
    """The same of worlds drawn for this record."""
    rows = likelihood.rows
    asked = joint.scenario, joint.theatre, rows, joint.reading
    after = weigh(*asked, drawn=drawn, kept=_RANKED_WORLDS, seed=seed[0], purpose=_RANK_PURPOSE + seed[1])
    known = _ranked(after.worlds, after.supplied, after.months.of(joint.scenario.month.first))
    exposed = exposure(after.worlds, after.supplied, after.months, rows)
    return known | _kill_unknowns(after.kill) | {_LIKELIHOOD: likelihood.log_weight(exposed)}, after.ess


def _kill_unknowns(kill: Kill) -> dict[str, Floats]:
    named = {f"kill share, {weapon}": share for weapon, share in kill.share.items()}
    return named | {"kill concentration": kill.concentration}


def _rank(values: Floats, truth: float, uniform: float) -> float:
    below, equal = int((values < truth).sum()), int((values == truth).sum())
    return (below + uniform * (equal + 1)) / (len(values) + 1)
