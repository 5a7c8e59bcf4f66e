"""Wilkening's published figures (1998), fought by the kernel: whole rounds, shared out as evenly as they can be.

A track lost is lost for every shot, so P(track)^W is a factor of its own; what is fought are the warheads tracked.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from tegmen.engine.engagement import PAIR, UNIT
from tegmen.engine.kernel.calendar import THREAT
from tegmen.engine.kernel.month import RUN_TALLY, fight_runs, lay_down
from tegmen.engine.kernel.words import uint32_threshold
from tegmen.trust import exact

RUNS = 4000
ASKED = exact.NoLeak(probability=0.80, shot_kill=0.70, track=0.99)
DECOY_KILL = 0.23
FLIGHT, SECOND = 10, 100
"""Ticks an interceptor flies; tick of the second salvo, when the first has been seen."""


class Load(NamedTuple):
    """So many warheads and so many decoys that get this many shots each."""

    shots: int
    warheads: int
    decoys: int = 0


class Fought(NamedTuple):
    """(run,) rounds fired; whether no warhead leaked."""

    rounds: NDArray[np.int64]
    none_leaked: NDArray[np.bool_]


def fight(loads: list[Load], first: int) -> Fought:
    """Fight with a first salvo of `first` rounds (0: all in one), and the other shots at what survived it."""
    salvos = [load.shots - first for load in loads]
    pairs = [
        [*([(len(loads), 0, 0, FLIGHT, 0, 0)] if first else []), (lane, SECOND, SECOND, FLIGHT, 0, 0)]
        for lane in range(len(loads))
    ]
    units = np.zeros(len(loads) + 1, UNIT)
    units["channels"], units["ready"], units["salvo"] = 100, 1000, [*salvos, first]
    pointer = np.cumsum([0, *map(len, pairs)])
    table = np.array([pair for lane in pairs for pair in lane], dtype=PAIR)
    kinds = [(cls, lane) for lane, load in enumerate(loads) for cls in [0] * load.warheads + [1] * load.decoys]
    threats = np.zeros(len(kinds), THREAT)
    threats["id"], (threats["class"], threats["lane"]) = np.arange(len(kinds)), np.array(kinds).T
    kill = uint32_threshold(np.array([[ASKED.shot_kill], [DECOY_KILL]]))
    killed, tally = np.zeros((RUNS, len(threats)), dtype=np.uint8), np.zeros(RUNS, RUN_TALLY)
    fight_runs(
        0, np.array([1998, 0]), threats, lay_down(pointer, table, np.ones(len(units), np.uint8)), units,
        np.zeros(len(units), np.int64), kill, killed, tally,
    )  # fmt: skip
    return Fought(tally["rounds"], killed[:, threats["class"] == 0].all(axis=1))


def expected_rounds(loads: list[Load], first: int) -> float:
    """First salvos at all, and the rest at what survives."""
    return math.fsum(
        count * (first + (load.shots - first) * (1 - kill) ** first)
        for load in loads
        for count, kill in ((load.warheads, ASKED.shot_kill), (load.decoys, DECOY_KILL))
    )


CASES = [([Load(6, 13), Load(5, 7)], 2, 113, 47), ([Load(4, 7, 6), Load(3, 3, 4)], 1, 73, 48)]


@pytest.mark.parametrize(("loads", "first", "barrage", "looking"), CASES, ids=["20 warheads", "10 and 10 decoys"])
def test_the_kernel_needs_what_wilkening_says(loads: list[Load], first: int, barrage: int, looking: int):
    warheads, decoys = sum(load.warheads for load in loads), sum(load.decoys for load in loads)
    at_once, seen = fight(loads, 0), fight(loads, first)
    assert set(at_once.rounds) == {barrage}
    assert barrage == round(exact.barrage_rounds(warheads, ASKED, decoys))
    wanted = expected_rounds(loads, first)
    assert round(wanted) == round(exact.look_rounds(warheads, ASKED, decoys, DECOY_KILL)) == looking
    assert abs(seen.rounds.mean() - wanted) <= 4 * seen.rounds.std() / math.sqrt(RUNS)
    tracked = ASKED.track**warheads
    killed = math.prod((1 - (1 - ASKED.shot_kill) ** load.shots) ** load.warheads for load in loads)
    # The same shots are fired at whoever survives, so looking costs rounds, never warheads; whole rounds cost a bit.
    assert killed * tracked == pytest.approx(ASKED.probability, abs=0.015)
    error = math.sqrt(killed * (1 - killed) / RUNS)
    assert abs(at_once.none_leaked.mean() - killed) <= 4 * error
    assert abs(seen.none_leaked.mean() - killed) <= 4 * error


def test_the_kernel_falls_short_above_22_warheads_whatever_is_fired():
    # 8 rounds at each leave next to no tracked warhead; the lost tracks alone decide.
    for warheads, enough in ((22, True), (23, False)):
        found = fight([Load(8, warheads)], 0).none_leaked.mean()
        assert (ASKED.track**warheads > ASKED.probability) == enough
        kept = (1 - 0.3**8) ** warheads
        assert abs(found - kept) <= 4 * math.sqrt(kept * (1 - kept) / RUNS)
        assert enough or found * ASKED.track**warheads < ASKED.probability
