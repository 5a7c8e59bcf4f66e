"""Closed forms that only tests need, each a second answer to something the product works out another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


class Shots(NamedTuple):
    """What firing at one threat comes to: probability that it is killed, expected rounds."""

    kill: float
    rounds: float


def shoot_look_shoot(shot_kill: float, salvos: Sequence[int]) -> Shots:
    """Fire the next salvo only at a threat that survived the last.

    ``kill = 1 - (1 - s)^(n1 + .. + nk)``; salvo i is fired with probability ``(1 - s)^(n1 + .. + n(i-1))``.
    """
    alive, spent = 1.0, 0.0
    for rounds in salvos:
        spent += alive * rounds
        alive *= (1.0 - shot_kill) ** rounds
    return Shots(1.0 - alive, spent)


def none_ready(covering: ArrayLike, availability: ArrayLike) -> NDArray[np.float64]:
    """Probability (..., p) that no unit covering a place is ready: ``prod_u (1 - a_u)^c_up``, units independent.

    `covering` (..., u, p) units of kind u that cover place p; `availability` (u,).
    """
    idle = 1.0 - np.asarray(availability, dtype=np.float64)
    return np.asarray(np.prod(idle[:, None] ** np.asarray(covering, dtype=np.float64), axis=-2))


def leak_probability(covering: ArrayLike, availability: ArrayLike, kill: ArrayLike) -> NDArray[np.float64]:
    """Leak probability under c like units that give one chance in all: ``1 - k [1 - (1 - a)^c]``."""
    idle = 1.0 - np.asarray(availability, dtype=np.float64)
    none = idle ** np.asarray(covering, dtype=np.float64)
    return np.asarray(1.0 - np.asarray(kill, dtype=np.float64) * (1.0 - none))


def product_shares(weights: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First-order and total shares (k,) of Sobol's g: ``prod_i (|4 x_i - 2| + a_i) / (1 + a_i)``, x uniform on (0, 1).

    With ``V_i = 1 / (3 (1 + a_i)^2)``: variance ``prod (1 + V_i) - 1``, first ``V_i``, total
    ``V_i prod_(j != i) (1 + V_j)``. Saltelli and Sobol (1995), Reliability Engineering and System Safety 50, 225.
    """
    part = 1.0 / (3.0 * (1.0 + np.asarray(weights, dtype=np.float64)) ** 2)
    whole = float(np.prod(1.0 + part))
    return part / (whole - 1.0), part / (1.0 + part) * whole / (whole - 1.0)
