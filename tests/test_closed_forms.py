"""The closed forms that other tests lean on, against enumeration of every outcome in rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from closed_forms import leak_probability, none_ready, shoot_look_shoot
from hypothesis import given
from hypothesis import strategies as st

SHARE = st.floats(0.0, 1.0)


def enumerated(shot_kill: Fraction, salvos: list[int]):
    """Walk every sequence of hits and misses, in rational arithmetic."""
    kill, rounds, alive = Fraction(0), Fraction(0), Fraction(1)
    for size in salvos:
        rounds += alive * size
        missed = Fraction(0)
        for outcome in product((True, False), repeat=size):
            chance = math.prod((shot_kill if hit else 1 - shot_kill for hit in outcome), start=Fraction(1))
            if any(outcome):
                kill += alive * chance
            else:
                missed += chance
        alive *= missed
    return kill, rounds


@given(hits=st.integers(0, 20), salvos=st.lists(st.integers(0, 4), max_size=4))
def test_shoot_look_shoot_equals_the_tree_of_outcomes(hits: int, salvos: list[int]):
    assert shoot_look_shoot(hits / 20, salvos) == pytest.approx(
        tuple(map(float, enumerated(Fraction(hits, 20), salvos))), abs=1e-12
    )


@given(covers=st.lists(st.tuples(SHARE, st.booleans()), min_size=1, max_size=5))
def test_no_unit_ready_equals_the_enumeration_of_ready_units(covers: list[tuple[float, bool]]):
    nobody = 0.0
    for ready in product((True, False), repeat=len(covers)):
        chance = math.prod(a if up else 1 - a for (a, _), up in zip(covers, ready, strict=True))
        nobody += chance * (not any(up and covered for (_, covered), up in zip(covers, ready, strict=True)))
    found = none_ready(np.array([[covered] for _, covered in covers]), np.array([share for share, _ in covers]))
    assert found == pytest.approx([nobody], abs=1e-12)


def test_like_units_leak_as_unit_by_unit():
    counts = np.array([[0, 1, 2], [3, 4, 5]])
    np.testing.assert_allclose(
        leak_probability(counts, 0.8, 0.6), 1 - 0.6 * (1 - none_ready(counts[:, None, :], [0.8]))
    )
    # 10 at an uncovered place, 5 under one unit ready 8 nights of 10 that stops half: 10 + 5 (1 - 0.5 x 0.8) = 13
    assert leak_probability([0, 1], 0.8, 0.5) @ [10, 5] == pytest.approx(13.0)
