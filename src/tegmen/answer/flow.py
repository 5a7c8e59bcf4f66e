"""Min-cost flow on a small network, exactly, with the proof beside it: numbers only.

The matrix of a network is totally unimodular, so a basic solution of the linear program is whole (Hoffman and Kruskal
1956). HiGHS (Huangfu and Hall 2018) solves it by the dual simplex method. Its word is not taken: flows are whole and
conserved, and the potentials prove by weak duality that no flow is cheaper, or an error is raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tegmen.errors import TegmenError

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints

_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Arcs (a,) between nodes (n,).

    Parameters
    ----------
    supply
        (n,) whole units that start at a node; negative where they end. They add up to 0.
    tail, head
        (a,) node an arc leaves and node it enters.
    capacity
        (a,) whole units an arc can carry.
    cost
        (a,) cost of a unit on the arc.
    """

    supply: Ints
    tail: Ints
    head: Ints
    capacity: Ints
    cost: Floats

    @property
    def incidence(self) -> csr_array:
        """(n, a) 1 where an arc leaves a node, -1 where it enters one."""
        arcs = np.arange(len(self.tail))
        ends = np.concatenate([self.tail, self.head]), np.concatenate([arcs, arcs])
        signs = np.repeat([1.0, -1.0], len(arcs))
        return csr_array((signs, ends), shape=(len(self.supply), len(arcs)))


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A cheapest flow.

    Parameters
    ----------
    units
        (a,) whole units on each arc.
    potential
        (n,) prices of the nodes that prove it: an arc from i to j can save only if it costs less than
        ``potential[i] - potential[j]``.
    """

    units: Ints
    potential: Floats

    def could_save(self, tail: int, head: int, cost: float) -> bool:
        """Whether one more unit on an arc, there or not yet, could make a cheaper flow; if not, none can be."""
        return cost - (self.potential[tail] - self.potential[head]) < -_TOLERANCE


def cheapest_flow(network: Network) -> Flow:
    """Find a flow that carries every supply to where it ends at the least cost.

    Raises
    ------
    TegmenError
        The solver did not end with a flow that its own prices prove to be cheapest.
    """
    incidence = network.incidence
    solved = linprog(
        network.cost,
        A_eq=incidence,
        b_eq=network.supply,
        bounds=np.column_stack([np.zeros(len(network.cost)), network.capacity]),
        method="highs-ds",
    )
    if solved.x is None:
        raise TegmenError(f"the flow was not solved ({solved.message}); this is a fault of tegmen, please report it")
    flow = Flow(np.rint(solved.x).astype(np.int64), np.asarray(solved.eqlin.marginals, dtype=np.float64))
    if not (np.allclose(solved.x, flow.units, atol=_TOLERANCE) and _is_proven(network, incidence, flow)):
        raise TegmenError("the flow that the solver gave is not proven cheapest; this is a fault of tegmen, report it")
    return flow


def _is_proven(network: Network, incidence: csr_array, flow: Flow) -> bool:
    """Whether a flow keeps every limit and costs no more than the bound that potentials give on all flows.

    For any potentials p, every flow costs at least ``supply . p + sum(capacity * min(0, cost - incidence' p))``.
    """
    kept = np.all(flow.units >= 0) and np.all(flow.units <= network.capacity)
    conserved = np.array_equal(incidence @ flow.units, network.supply)
    reduced = network.cost - incidence.T @ flow.potential
    bound = network.supply @ flow.potential + network.capacity @ np.minimum(reduced, 0.0)
    cost = network.cost @ flow.units
    return bool(kept and conserved and cost - bound <= _TOLERANCE * max(1.0, abs(cost)))
