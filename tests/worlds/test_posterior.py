"""Worlds after the record: plain importance sampling says the same; resampling keeps what the weights say."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import after_the_record, evidence, study_of
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tegmen.calibration.exposure import RowLikelihood
from tegmen.errors import EvidenceError
from tegmen.question.scenario import Held
from tegmen.terms import same_content
from tegmen.worlds.levels import Levels
from tegmen.worlds.posterior import Posterior, even_draws, resample, reweigh, systematic, weigh
from tegmen.worlds.prior import Reading, count_months, draw_prior, exposure, kill_prior, packet_chances, supply

if TYPE_CHECKING:
    from tegmen.calibration.rows import EligibleRows

READING = Reading()


def rows_kept(rows: EligibleRows, number: int) -> EligibleRows:
    """The first so many rows."""
    return replace(rows, **{part.name: getattr(rows, part.name)[:number] for part in fields(rows)})


def weighed(rows: EligibleRows | None = None, **changed) -> Posterior:
    study = study_of()
    settings = {"drawn": 600, "kept": 100, "seed": 1} | changed
    return weigh(study.scenario, study.theatre, study.rows if rows is None else rows, READING, **settings)


def alike(one: Posterior, other: Posterior) -> bool:
    return same_content(one.worlds, other.worlds) and one.kill == other.kill and one.ess == other.ess


# ------------------------------------------------------------------ resampling


@given(
    weights=st.lists(st.floats(0, 1), min_size=1, max_size=60).filter(lambda w: sum(w) > 1e-3),
    count=st.integers(1, 200),
    seed=st.integers(0, 99),
)
def test_each_world_is_kept_as_often_as_its_weight_to_within_one(weights: list[float], count: int, seed: int):
    weight = np.array(weights)
    index = systematic(weight, count, np.random.Generator(np.random.Philox(seed)))
    number = np.bincount(index, minlength=len(weight))
    assert len(index) == count
    assert np.all(abs(number - count * weight / weight.sum()) <= 1 + 1e-9)
    assert np.all(number[weight == 0] == 0) or weight[-1] == 0


def test_resampling_is_right_on_average():
    weight = np.array([0.05, 0.6, 0.0, 0.35])
    generator = np.random.Generator(np.random.Philox(1))
    number = np.sum([np.bincount(systematic(weight, 7, generator), minlength=4) for _ in range(4000)], axis=0)
    # systematic counts differ by less than one from 7 w, so by a standard deviation of at most 1/2 each time
    assert np.all(abs(number / 4000 - 7 * weight) <= 4 * 0.5 / np.sqrt(4000))


@given(batches=st.lists(st.integers(1, 40), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_kill_shares_of_a_batch_are_drawn_evenly(batches: list[int], seed: int):
    """Steinhaus' three gaps: the points of a Kronecker sequence leave none much wider than another."""
    batch = np.repeat(np.arange(len(batches)) * 3, batches)
    even = even_draws(batch, 4, np.random.Generator(np.random.Philox(seed)))
    assert even.shape == (len(batch), 4)
    assert np.all((even >= 0) & (even < 1))
    for column in even.T:
        for number in np.unique(batch):
            inside = np.sort(column[batch == number])
            gaps = np.diff(np.append(inside, inside[0] + 1)).round(9)
            assert len(np.unique(gaps)) <= 3


def test_a_draw_is_uniform_whichever_world_it_is():
    generator, batch = np.random.Generator(np.random.Philox(4)), np.array([0, 0, 0, 1])
    draws = np.stack([even_draws(batch, 2, generator) for _ in range(4000)])
    for world in range(4):
        assert stats.kstest(draws[:, world, 1], "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(draws[:, 2, 0], draws[:, 3, 0])[0, 1]) < 4 / np.sqrt(4000)  # batches are independent


def test_what_answers_hang_on_is_resampled_evenly_in_each_batch():
    """As many worlds of every part of a batch's range as its weight says, to within two: one at either end."""
    generator = np.random.Generator(np.random.Philox(5))
    batch, ratio, rounds = np.repeat(np.arange(4), 300), generator.choice([0.6, 0.8, 1.0], 1200), generator.random(1200)
    weight = generator.gamma(0.5, size=1200)
    index = resample(weight, batch, 400, generator, ratio=ratio, rounds=rounds)
    for number in range(4):
        for level in (0.6, 0.8, 1.0):
            for cut in (0.3, 0.7, 1.0):
                inside = (batch == number) & (ratio == level) & (rounds < cut)
                assert abs(inside[index].sum() - 400 * weight[inside].sum() / weight.sum()) <= 2


# ------------------------------------------------------------------ weights


@pytest.fixture(scope="module")
def plain():
    """Worlds drawn evenly before the record, and the likelihood of its first rows in each."""
    study = study_of()
    rows = rows_kept(study.rows, 8)
    months = count_months(study.scenario, study.theatre, rows)
    levels = Levels(6000, np.random.Generator(np.random.Philox(8)))
    worlds = draw_prior(
        study.scenario, study.theatre, READING, len(months.launched), levels, np.random.SeedSequence(9)
    )  # fmt: skip
    exposed = exposure(worlds, supply(worlds, study.theatre, months), months, rows)
    likelihood = RowLikelihood(rows, kill_prior(study.scenario), packet_chances(study.scenario), by_weapon=True)
    return rows, worlds, np.exp(likelihood.log_weight(exposed))


@pytest.fixture(scope="module")
def sampled(plain) -> Posterior:
    return weighed(plain[0], drawn=6000, kept=3000)


def test_the_evidence_is_the_mean_likelihood_of_worlds_drawn_evenly(plain, sampled):
    _, _, weight = plain
    error = np.hypot(weight.std() / np.sqrt(len(weight)) / weight.mean(), 1 / np.sqrt(sampled.ess))
    assert abs(sampled.log_evidence - np.log(weight.mean())) <= 4 * error


@pytest.mark.parametrize(
    "unknown",
    [
        lambda worlds: worlds.kyiv_share,
        lambda worlds: worlds.other_share,
        lambda worlds: worlds.shield.ready[:, 0],
        lambda worlds: worlds.rounds,
        lambda worlds: worlds.salvo,
        lambda worlds: worlds.named[:, 1],
        lambda worlds: (worlds.stands.site >= 0).sum(axis=1),
    ],
    ids=["Kyiv's share", "other share", "availability", "rounds", "salvo", "naming", "units at places"],
)
def test_worlds_after_the_record_are_those_before_it_by_weight(plain, sampled, unknown):
    _, worlds, weight = plain
    weight, before, after = weight / weight.sum(), unknown(worlds), unknown(sampled.worlds)
    mean = weight @ before
    error = np.sqrt((weight**2) @ (before - mean) ** 2 + after.var() * (1 / sampled.ess + 1 / len(after)))
    assert abs(after.mean() - mean) <= 4 * error


def test_levels_concentrated_by_the_record_are_worth_more_than_even_ones(plain, sampled):
    weight = plain[2]
    even = weight.sum() ** 2 / (weight**2).sum()
    assert even < sampled.ess <= sampled.drawn == 6000


def test_without_rows_no_world_is_likelier_than_another():
    rows = rows_kept(study_of().rows, 0)
    posterior = weighed(rows, drawn=4000, kept=4000)
    # the first rounds fit some noise, and the weights take it away again
    assert posterior.log_evidence == pytest.approx(0, abs=0.05)
    assert 0.8 * 4000 < posterior.ess <= 4000
    for level in (posterior.worlds.kyiv_share, posterior.worlds.named[:, 0]):
        assert abs(level.mean() - 0.5) <= 4 / np.sqrt(12 * posterior.ess)
        assert abs((level < 0.25).mean() - 0.25) <= 4 * np.sqrt(0.1875 / posterior.ess)


def test_the_record_moves_what_it_speaks_of():
    """Kyiv's ballistic missiles of 2023 were stopped, those elsewhere were not: coverage of the two comes apart."""
    posterior = after_the_record()
    month = posterior.months.of(date(2024, 3, 1))
    assert posterior.supplied.kyiv[:, month].mean() > posterior.supplied.elsewhere[:, month].mean() + 0.2
    assert np.isfinite(posterior.log_evidence)


def test_a_record_that_no_world_can_have_is_refused():
    day = date(2024, 3, 30)
    held = tuple(Held(system=s, since=day, low=1, best=1, high=1, source="a test") for s in ("patriot", "sampt"))
    study = study_of(evidence().scenario.model_copy(update={"held": held}))
    with pytest.raises(EvidenceError, match=r"impossible in all of 300 worlds drawn; widen .* or of the units held"):
        weigh(study.scenario, study.theatre, study.rows, READING, drawn=300, kept=100, seed=1)


# ------------------------------------------------------------------ seeds


def test_same_seed_same_worlds_other_seed_or_purpose_other_worlds():
    one, again = weighed(), weighed()
    assert alike(one, again)
    for other in (weighed(seed=2), weighed(purpose=1)):
        assert not np.intersect1d(other.worlds.kyiv_share, one.worlds.kyiv_share).size


def test_threads_change_no_bit():
    """More worlds than one block holds, so that two threads have something to do; levels lent, so that it is quick."""
    lent = after_the_record().proposals
    one, two = (weighed(drawn=20_100, kept=100, threads=n, proposals=lent) for n in (1, 2))
    assert alike(one, two)


def test_lent_proposals_change_the_draws_and_not_what_they_estimate(plain, sampled):
    lent = weighed(plain[0], drawn=6000, kept=3000, proposals=sampled.proposals, purpose=1)
    error = np.hypot(1 / np.sqrt(lent.ess), 1 / np.sqrt(sampled.ess))
    assert abs(lent.log_evidence - sampled.log_evidence) <= 4 * error
    for unknown in ("kyiv_share", "rounds"):
        one, two = (getattr(each.worlds, unknown) for each in (sampled, lent))
        assert abs(one.mean() - two.mean()) <= 4 * one.std() * np.hypot(error, np.sqrt(2 / 3000))


def test_kill_shares_lie_where_the_prior_has_them_and_differ_by_weapon():
    posterior = after_the_record()
    prior = kill_prior(posterior.scenario)
    assert len(posterior.kill.concentration) == len(posterior)
    assert set(posterior.kill.concentration) <= set(prior.concentrations)
    for shares in posterior.kill.share.values():
        assert np.all((shares > 0) & (shares < 1))
    names = list(posterior.kill.share)
    assert len(names) > 2
    assert not np.array_equal(posterior.kill.share[names[0]], posterior.kill.share[names[1]])
    pooled = weigh(
        posterior.scenario, posterior.theatre, study_of().rows, Reading(kill_by_weapon=False),
        drawn=300, kept=50, seed=1,
    )  # fmt: skip
    first, *others = pooled.kill.share.values()
    assert all(np.array_equal(first, other) for other in others)


# ------------------------------------------------------------------ other readings of the same worlds


@pytest.mark.parametrize("reading", [Reading(kill_elsewhere="equal"), Reading(kill_by_weapon=False)])
def test_worlds_weighed_anew_say_what_worlds_drawn_anew_say(reading: Reading, plain, sampled):
    study, rows = study_of(), plain[0]
    drawn = weigh(study.scenario, study.theatre, rows, reading, drawn=9000, kept=3000, seed=5)
    turned = reweigh(sampled, rows, reading, kept=2000, purpose=2)
    assert turned.reading == reading
    assert len(turned) == len(turned.worlds) == len(turned.kill.concentration) == len(turned.share) == 2000
    assert 50 < turned.ess < sampled.ess
    error = np.hypot(1 / np.sqrt(drawn.ess), 1 / np.sqrt(turned.ess))
    assert abs(turned.log_evidence - drawn.log_evidence) <= 4 * error
    for unknown in ("kyiv_share", "rounds", "ratio"):
        one, two = (getattr(each.worlds, unknown) for each in (drawn, turned))
        assert abs(one.mean() - two.mean()) <= 4 * one.std() * np.hypot(error, np.sqrt(1 / 3000 + 1 / 2000))
    one, two = (each.kill.of("Iskander-M") for each in (drawn, turned))
    assert abs(one.mean() - two.mean()) <= 4 * one.std() * np.hypot(error, np.sqrt(1 / 3000 + 1 / 2000))


def test_a_reading_that_says_the_same_moves_no_weight(plain, sampled):
    turned = reweigh(sampled, plain[0], READING, kept=len(sampled), purpose=2)
    assert turned.log_evidence == pytest.approx(sampled.log_evidence)
    assert np.array_equal(np.sort(turned.worlds.kyiv_share), np.sort(sampled.worlds.kyiv_share))
    # What was drawn is worth as much as it was, less what resampling it once may have cost.
    assert 1 / turned.ess == pytest.approx(sampled.share.mean() + 1 / len(sampled))
    assert sampled.share.mean() == pytest.approx(1 / sampled.ess, rel=0.1)
