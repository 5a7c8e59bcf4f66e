"""The live page's arithmetic, run under Node, held against Python's on the same worlds: hundreds of random states."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from core_example import KINDS, study_of
from locations import ROOT

from tegmen.answer.live import (
    ALL_CLASSES,
    PLANS,
    TARGETS,
    State,
    carry,
    controls_of,
    evaluate,
    held_goal,
    held_goals,
    moved,
    read_state,
    worlds_for,
)  # fmt: skip
from tegmen.answer.siting import gains_of
from tegmen.answer.study import counts_others
from tegmen.errors import InputError
from tegmen.report import live_page
from tegmen.terms import ThreatClass

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not on this machine: the page's arithmetic cannot run")
MODULES = ROOT / "src" / "tegmen" / "report" / "live"
STATES = 520
MEET = KINDS.meeting(*ThreatClass)
CASES = ("posted", "claimed")


@cache
def study():
    return study_of(worlds=24)


@cache
def carried(case: str, targets: str):
    return carry(study(), case)[targets]


def page_data() -> dict:
    """What the page holds of the worlds, without what is only said in it."""
    scenario, theatre = study().scenario, study().theatre
    places, worlds = theatre.places, carried("posted", "named").worlds
    x, y = places.xy.T
    return {
        "goals": [live_page._goal(goal, worlds) for goal in held_goals(scenario)],
        "controls": [{n: getattr(c, n) for n in c.__slots__} for c in controls_of(scenario, theatre.posted)],
        "rounds": scenario.added_rounds.value,
        "most": scenario.added_max,
        "system": 0,
        "systems": [{"id": name} for name in MEET],
        "lanes": live_page.lanes_data(theatre.lanes),
        "places": {"name": places.name.tolist(), "x": x.tolist(), "y": y.tolist(), "kyiv": places.kyiv.tolist()},
        "cases": {
            case: {
                "targets": {name: live_page.carried_data(name, carried(case, name)) for name in (*TARGETS, ALL_CLASSES)}
            }
            for case in CASES
        },
    }


def random_states(count: int) -> list[str]:
    """States over all that can be moved, beyond the sourced ranges as well."""
    dice, names = np.random.default_rng(3), study().theatre.places.name.tolist()
    scenario = study().scenario
    texts = []
    for at in range(count):
        goals = held_goals(scenario)
        goal, whole = goals[at % len(goals)], counts_others(goals[at % len(goals)])
        plan = PLANS[int(dice.choice(4, p=(0.15, 0, 0, 0.85) if whole else (0.15, 0.1, 0.1, 0.65)))]
        state = {
            "case": CASES[at // len(goals) % 2],
            "goal": goal.name,
            "plan": plan,
            "confidence": dice.uniform(0.01, 0.99),
        }
        state |= {"targets": str(dice.choice(TARGETS))} if not whole and dice.random() < 0.4 else {}
        state["threshold"] = int(dice.integers(0, 9)) if goal.measure.is_count else dice.random()
        drawn = {"rounds": 90 * dice.random(), "ready": dice.random(), "elsewhere": 2 * dice.random()}
        drawn |= {"salvo": int(dice.integers(1, 6)), "launched": int(dice.integers(1, 300))}
        drawn |= {"reaction": dice.random()} if goal.metric == "ballistic_strikes" else {}
        state |= {name: value for name, value in drawn.items() if dice.random() < 0.5}
        if plan == "own":
            picks = zip(dice.integers(0, len(MEET), 8), dice.integers(0, 40, 8), strict=True)
            units = [f"{MEET[s]}@{quote(names[p], safe='')}" for s, p in picks][: dice.integers(0, 9)]
            state |= {"units": ",".join(units)} if units else {}
        texts.append(urlencode(state))
    return texts


def by_page(states: list[str], folder: Path) -> tuple[list[list[np.ndarray]], list[list[str]]]:
    """The page's numbers of states, and what it refuses of each."""
    asked, told = folder / "asked.json", folder / "told.bin"
    asked.write_text(json.dumps({"data": page_data(), "states": states}), "utf-8")
    script = Path(__file__).with_name("live_check.mjs")
    done = subprocess.run([NODE, script, MODULES, asked, told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    numbers, at, results = np.fromfile(told), 0, []
    for _ in states:
        parts = []
        for _ in range(6):
            size = int(numbers[at])
            parts.append(numbers[at + 1 : at + 1 + size])
            at += 1 + size
        results.append(parts)
    return results, json.loads(done.stdout)


def assert_saves_as_much(state: State, one: np.ndarray, other: np.ndarray) -> None:
    gains = gains_of(
        moved(carried(state.case, state.targets).worlds, state.moved),
        held_goal(study().scenario, state.goal),
        "patriot",
        30,
    )
    for n in range(1, 31):
        assert gains.of(one[:n]) == pytest.approx(gains.of(other[:n]), rel=1e-9)


@needs_node
def test_the_page_works_out_what_python_does(tmp_path: Path):
    states, scenario = random_states(STATES), study().scenario
    results, refused = by_page(states, tmp_path)
    assert not any(refused)
    for text, page in zip(states, results, strict=True):
        state = read_state(text, scenario, study().theatre)
        worlds = carried(state.case, worlds_for(held_goal(scenario, state.goal), state.targets))
        own = evaluate(worlds, scenario, state)
        if state.plan in ("blind", "answered") and page[0].tolist() != own.sites.tolist():
            # Two sites that save the same, but for the last bits of a sum: the page took the other one.
            assert_saves_as_much(state, page[0].astype(int), own.sites)
            units = tuple(("patriot", int(site)) for site in page[0])
            own = evaluate(worlds, scenario, replace(state, plan="own", units=units))
        for told, expected in zip(
            page[1:], (own.probability, own.mcse, own.used, own.remaining.T.ravel(), own.struck[-1]), strict=True
        ):
            np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-13, err_msg=text)


@needs_node
def test_the_page_refuses_what_python_refuses(tmp_path: Path):
    faults = [
        "targets=secret",
        "case=both", "goal=glide", "plan=best", "threshold=2", "threshold=-0.1", "threshold=x", "confidence=1",
        "confidence=0", "rounds=-1", "rounds=1e9", "ready=1.01", "elsewhere=-1", "salvo=1.5", "salvo=0", "launched=0",
        "launched=1e6", "reaction=1.1", "goal=people&reaction=0.1", "units=patriot@Kyiv",
        "plan=own&units=ew@Kyiv", "goal=cruise_strikes&plan=blind",
        "goal=cruise_strikes&plan=informed", "goal=capacity&targets=front", "goal=drone_strikes&reaction=0.1",
        "plan=own&units=patriot@Atlantis", "colour=red", "rounds=", "plan=own&units=" + "patriot@Kyiv," * 31,
    ]  # fmt: skip
    _, refused = by_page(faults, tmp_path)
    for text, by_the_page in zip(faults, refused, strict=True):
        assert by_the_page, text
        with pytest.raises(InputError):
            read_state(text, study().scenario, study().theatre)
