"""Min-cost flow: whole by its matrix, brute force, another algorithm, and a solver whose word is not taken."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from tegmen.answer import flow
from tegmen.answer.flow import Network, cheapest_flow
from tegmen.errors import TegmenError


def network(generator: np.random.Generator, nodes: int = 4, arcs: int = 6, units: int = 2) -> Network:
    """A network on which every unit can also go straight to where it ends, at a high cost."""
    ends = np.array([generator.choice(nodes, 2, replace=False) for _ in range(arcs)])
    tail, head = np.append(ends[:, 0], 0), np.append(ends[:, 1], nodes - 1)
    supply = np.zeros(nodes, dtype=np.int64)
    supply[0], supply[-1] = units, -units
    capacity = np.append(generator.integers(0, 3, arcs), units)
    cost = np.append(generator.integers(0, 9, arcs), 40).astype(float)
    return Network(supply, tail, head, capacity, cost)


def cheapest_by_brute_force(case: Network) -> float:
    best = np.inf
    for units in product(*(range(most + 1) for most in case.capacity.tolist())):
        balance = np.zeros(len(case.supply))
        np.add.at(balance, case.tail, units)
        np.subtract.at(balance, case.head, units)
        if np.array_equal(balance, case.supply):
            best = min(best, float(case.cost @ np.array(units)))
    return best


@pytest.mark.parametrize("seed", range(200))
def test_no_flow_is_cheaper_by_brute_force(seed):
    case = network(np.random.default_rng(seed))
    found = cheapest_flow(case)
    assert case.cost @ found.units == pytest.approx(cheapest_by_brute_force(case), abs=1e-9)


def test_every_square_part_of_the_matrix_has_a_determinant_of_none_or_one():
    """Total unimodularity, by which every corner of the flows is whole, whatever the costs."""
    generator = np.random.default_rng(3)
    matrix = network(generator, nodes=9, arcs=30).incidence.toarray()
    assert np.array_equal(np.sort(matrix, axis=0)[[0, -1]], np.tile([[-1.0], [1.0]], matrix.shape[1]))
    assert np.array_equal(np.abs(matrix).sum(axis=0), np.full(matrix.shape[1], 2.0))
    seen = set()
    for _ in range(500):
        size = int(generator.integers(1, 6))
        part = matrix[np.ix_(generator.choice(9, size, replace=False), generator.choice(31, size, replace=False))]
        seen.add(round(float(np.linalg.det(part)), 6))
    assert seen == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize("seed", range(40))
def test_an_arc_that_prices_say_saves_nothing_saves_nothing(seed):
    generator = np.random.default_rng(seed)
    case = network(generator)
    found = cheapest_flow(case)
    tail, head = (int(end) for end in generator.choice(4, 2, replace=False))
    cost = float(generator.integers(0, 6))
    wider = Network(
        case.supply, np.append(case.tail, tail), np.append(case.head, head), np.append(case.capacity, 1),
        np.append(case.cost, cost),
    )  # fmt: skip
    saved = case.cost @ found.units - wider.cost @ cheapest_flow(wider).units
    assert saved >= 0
    assert found.could_save(tail, head, cost) or saved == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("wrong", ["dearer", "not conserved", "half units", "above a limit", "none"])
def test_a_solver_is_not_taken_at_its_word(monkeypatch, wrong):
    """Two arcs side by side, of cost 1 and 3: the answer is one unit on the first."""
    case = Network(*(np.array(each) for each in ([1, -1], [0, 0], [1, 1], [1, 1], [1.0, 3.0])))
    flows = {
        "dearer": [0.0, 1.0],
        "not conserved": [0.0, 0.0],
        "half units": [0.5, 0.5],
        "above a limit": [2.0, -1.0],
        "none": None,
    }
    assert cheapest_flow(case).units.tolist() == [1, 0]
    x = flows[wrong]
    told = SimpleNamespace(
        x=None if x is None else np.array(x), message="time", eqlin=SimpleNamespace(marginals=np.array([1.0, 0.0]))
    )
    monkeypatch.setattr(flow, "linprog", lambda *_, **__: told)
    with pytest.raises(TegmenError, match="fault of tegmen"):
        cheapest_flow(case)
