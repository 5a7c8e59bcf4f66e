"""The one preamble: what the effort asks for reaches every question, and every result can be kept and compared."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from core_example import evidence

import tegmen as tg
from tegmen.answer.study import begin_study, is_met, kish_error, mean_error, remaining_shares, share_error
from tegmen.engine.laydown import Laydown
from tegmen.question.goals import METRICS


class Watched(tg.Compute):
    """One thread, and how often an engine asked for it."""

    asked = 0

    def __getattribute__(self, name: str) -> Any:
        if name == "threads":
            Watched.asked += 1
        return super().__getattribute__(name)


def effort_of(compute: tg.Compute) -> tg.Effort:
    return tg.Effort(worlds=20, runs=2, compute=compute)


def march():
    """The shipped question, of its headline alone and few numbers."""
    scenario = evidence().scenario
    short = {"goals": (scenario.headline,), "claims": scenario.claims[:2], "added_max": 8}
    return scenario.model_copy(update=short), evidence().calibration


def ask_sufficiency(effort: tg.Effort) -> object:
    return tg.sufficiency(*march(), effort=effort, cases=("posted",))


def ask_plan(effort: tg.Effort) -> object:
    return tg.allocate(*march(), added={"patriot": 2}, effort=effort)


def ask_claim(effort: tg.Effort) -> object:
    scenario, calibration = march()
    claim = tg.read_claim("7 Patriots would halve the ballistic strikes", scenario)
    return tg.check_claim(claim, scenario, calibration, effort=effort, cases=("posted",))


def ask_drivers(effort: tg.Effort) -> object:
    return tg.drive(*march(), effort=effort, cases=("posted",))


QUESTIONS = [ask_sufficiency, ask_plan, ask_claim, ask_drivers]


@pytest.mark.parametrize("ask", QUESTIONS)
def test_a_result_pickles_copies_and_compares_whatever_the_threads(ask):
    watched = Watched(threads=1)
    Watched.asked = 0
    result = ask(effort_of(watched))
    assert Watched.asked > 0  # a question that forgot the effort's threads would not ask it
    assert pickle.loads(pickle.dumps(result)) == result
    assert copy.deepcopy(result) == result
    assert ask(effort_of(tg.Compute(threads=2))) == result


def test_what_goes_in_pickles_copies_and_compares():
    scenario, calibration = march()
    study = begin_study(scenario, calibration, seed=1, effort=effort_of(tg.Compute()))
    for value in (scenario, calibration, calibration.record, study.theatre, study.worlds("posted")):
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value


@pytest.mark.parametrize(("changed", "fault"), [({"worlds": 19}, "found 19 worlds"), ({"runs": 1}, "found 1 runs")])
def test_too_little_effort_is_refused(changed: dict[str, int], fault: str):
    with pytest.raises(tg.InputError, match=fault):
        tg.Effort(**changed)


def test_a_part_of_the_worlds_is_a_share_and_not_too_few_where_there_are_enough():
    assert tg.Effort(worlds=20_000).part(5, 1000) == 4000
    assert tg.Effort(worlds=3000).part(5, 1000) == 1000
    assert tg.Effort(worlds=300).part(5, 1000) == 300


def test_the_error_of_a_mean_by_hand():
    # two batches of two: sums off the mean of 3/4 are -1/2 and 1/2, so the error is sqrt(2 (1/4 + 1/4)) / 4
    values, batch = np.array([1.0, 0.0, 1.0, 1.0]), np.array([7, 7, 9, 9])
    assert mean_error(values, batch) == pytest.approx(0.25)
    order = [2, 0, 3, 1]
    assert mean_error(values[order], batch[order]) == pytest.approx(0.25)
    # worlds that are each a batch of their own: the textbook's error of a mean
    many = np.random.default_rng(2).normal(size=50)
    assert mean_error(many, np.arange(50)) == pytest.approx(many.std(ddof=1) / np.sqrt(50))
    # no share is certain: as if half a world more or less were
    for sure in (False, True):
        met = np.full((200, 1), sure)
        assert share_error(met, np.arange(200))[0] == pytest.approx(np.sqrt(0.0025 * 0.9975 / 200))


def test_the_error_of_a_share_is_how_far_made_up_batches_scatter():
    """Batches of unequal size, each with a share of its own, 2,000 times over."""
    generator = np.random.default_rng(4)
    shares, errors = [], []
    for _ in range(2000):
        size, own = generator.integers(1, 30, 60), generator.beta(2, 6, 60)
        batch = np.repeat(np.arange(60), size)
        met = generator.random(len(batch)) < own[batch]
        shares.append(met.mean())
        errors.append(float(share_error(met, batch)))
    said = np.sqrt(np.mean(np.square(errors)))
    assert np.std(shares) == pytest.approx(said, rel=0.08)
    # worlds that go together say less than as many that do not
    assert said > 1.2 * np.sqrt(0.25 * 0.75 / (60 * 14.5))


def test_the_error_said_is_how_far_answers_of_other_seeds_lie():
    scenario, calibration = march()
    goal, effort = scenario.headline, tg.Effort(worlds=600, runs=2)
    shares, errors, lent = [], [], None
    for seed in range(24):
        study = begin_study(scenario, calibration, seed=seed, effort=effort)
        study = replace(study, lent=lent)
        lent = lent or study.posterior().proposals
        worlds, plan = study.worlds("posted", goal), Laydown.of("patriot", np.arange(25))
        met = is_met(remaining_shares(worlds, goal, plan, [study.rounds(worlds, plan)])[0], goal)
        shares.append(met.mean(axis=0)[[10, 18, 25]])
        errors.append(share_error(met, worlds.batch)[[10, 18, 25]])
    ratio = np.var(shares, axis=0, ddof=1) / np.mean(np.square(errors), axis=0)
    # a chi-square of 23 degrees of freedom over 23 lies within these 999 times in a thousand
    assert np.all((ratio > 0.31) & (ratio < 2.3)), ratio


def test_the_error_of_any_share_of_resampled_worlds():
    """500 worlds of unequal weight, 200 of them resampled by chance, 4,000 times over: the spread is what is said."""
    generator = np.random.default_rng(3)
    weight = generator.gamma(1.0, size=(4000, 500))
    met = generator.random((4000, 500)) < 0.3
    share = (weight * met).sum(axis=1) / weight.sum(axis=1)
    ess = (weight.sum(axis=1) ** 2 / (weight**2).sum(axis=1)).mean()
    resampled = generator.binomial(200, share) / 200
    assert resampled.std() == pytest.approx(float(kish_error(np.array(0.3), ess, 200)), rel=0.05)
    # no share is certain: as if half a world more or less were
    for sure in (0.0, 1.0):
        assert float(kish_error(np.array(sure), 100.0, 200)) == pytest.approx(np.sqrt(0.0025 * 0.9975 * 0.015))


def test_worlds_are_drawn_once_and_a_part_of_them_is_whole():
    study = begin_study(evidence().scenario, evidence().calibration, seed=1, effort=tg.Effort(worlds=300, runs=2))
    light = study.worlds("posted", study.scenario.headline)
    assert light is study.worlds("posted")
    assert study.posterior() is study.posterior()
    whole = study.worlds("posted", study.scenario.goal("capacity"))
    assert whole is study.worlds("posted", whole=True)
    assert len(light) == 300 > len(whole) >= 100
    assert whole.counts[0].sum() > light.counts[0].sum() == light.counts[0].max() > 0
    assert np.array_equal(whole.batch, light.batch[: len(whole)])
    assert len(np.unique(light.batch)) > 40


def test_evidence_cut_earlier_is_weighed_by_fewer_rows():
    from datetime import date

    study = begin_study(*march(), seed=1, effort=effort_of(tg.Compute()))
    cut = study.until(date(2023, 12, 31))
    assert 0 < len(cut.rows.launched) < len(study.rows.launched)
    assert cut.rows.window_end.max() < np.datetime64("2024-01-01")
    assert cut.posterior().log_evidence > study.posterior().log_evidence  # less that has to fit
    assert study.until(study.calibration.until).rows == study.rows


def test_a_fifth_metric_is_one_entry(monkeypatch: pytest.MonkeyPatch):
    """Drones that get through to Kyiv: named in a goal, it is read, sited, scored and worded without another line."""
    from dataclasses import replace

    from tegmen.question import goals
    from tegmen.question.scenario import Goal

    strikes = METRICS["ballistic_strikes"]
    only_kyiv = replace(strikes, places=lambda places, _count: places.kyiv, left="{} of what reached Kyiv")
    monkeypatch.setattr(goals.METRICS, "_items", {**METRICS, "kyiv_strikes": only_kyiv})
    goal = Goal(name="kyiv", label="halve strikes on Kyiv", metric="kyiv_strikes", threshold=0.5, confidence=0.8,
                headline=True)  # fmt: skip
    scenario, calibration = march()
    asked = scenario.model_copy(update={"goals": (goal,), "claims": (), "added_max": 3})
    answer = tg.sufficiency(asked, calibration, effort=effort_of(tg.Compute()), cases=("posted",))
    headline = answer.cases["posted"].headline
    zones = dict(zip(answer.places.name.tolist(), answer.places.kyiv.tolist(), strict=True))
    first = headline.placement[0]
    near = np.hypot(first.latitude - 50.45, (first.longitude - 30.52) * np.cos(np.radians(50.45))) * 111.2
    assert zones[first.place] or near < 60
    assert headline.remaining[-1].mean() < headline.remaining[0].mean()


@pytest.mark.parametrize("cases", [("claimd",), ("posted", "Posted"), (), "posted"])
def test_an_evidence_case_that_does_not_exist_is_refused(cases):
    scenario, calibration = march()
    claim = tg.read_claim("7 Patriots would halve the ballistic strikes", scenario)
    for ask in (tg.sufficiency, tg.drive, lambda *of, **more: tg.check_claim(claim, *of, **more)):
        with pytest.raises(tg.InputError, match="posted"):
            ask(scenario, calibration, cases=cases)
    with pytest.raises(tg.InputError, match="claimd"):
        tg.allocate(scenario, calibration, added={"patriot": 1}, case="claimd")
