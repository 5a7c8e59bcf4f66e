"""The one preamble: what the effort asks for reaches every question, and every result can be kept and compared."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numba
import numpy as np
import pytest
from core_example import evidence

import tegmen as tg
from tegmen.answer.study import begin_study, draw_batch
from tegmen.question.goals import METRICS

THREADS = numba.config.NUMBA_NUM_THREADS


class Watched(tg.Compute):
    """One thread, and how often an engine asked for it."""

    asked = 0

    def __getattribute__(self, name: str) -> Any:
        if name == "threads":
            Watched.asked += 1
        return super().__getattribute__(name)


def effort_of(compute: tg.Compute) -> tg.Effort:
    return tg.Effort(worlds=20, runs=2, worlds_most=20, compute=compute)


def march():
    return evidence().scenario, evidence().calibration


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
def test_every_question_computes_with_the_threads_its_effort_names(ask):
    Watched.asked = 0
    watched = Watched(threads=1)
    Watched.asked = 0
    ask(effort_of(watched))
    assert Watched.asked > 10  # at each simulation; a question that forgot the effort's would not ask it


@pytest.mark.parametrize("ask", QUESTIONS)
def test_a_result_pickles_copies_and_compares(ask):
    result = ask(effort_of(tg.Compute()))
    assert pickle.loads(pickle.dumps(result)) == result
    assert copy.deepcopy(result) == result
    assert ask(effort_of(tg.Compute(threads=1))) == result


def test_what_goes_in_pickles_copies_and_compares():
    scenario, calibration = march()
    study = begin_study(scenario, calibration, seed=1, effort=effort_of(tg.Compute()))
    worlds = draw_batch(study, "posted", heavy=False).worlds
    for value in (scenario, calibration, calibration.record, study.theatre, worlds):
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value


def test_one_batch_is_drawn_like_any_other_of_its_number():
    study = begin_study(*march(), seed=1, effort=effort_of(tg.Compute()))
    one, again = (draw_batch(study, "posted", count=5, first=40, heavy=False).worlds for _ in range(2))
    assert one == again
    assert one.first == 40


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
