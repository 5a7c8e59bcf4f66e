"""The words of the field, their integer codes, and what every result carries: provenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # numpy loads only where arrays are made: take these two for type checking alone.
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

VERSION = "0.1.0"

EvidenceCase = Literal["posted", "claimed"]
EVIDENCE_CASES: tuple[EvidenceCase, ...] = ("posted", "claimed")

P = ParamSpec("P")
R = TypeVar("R")

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


def tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Report no progress."""


def one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a stage so that linear algebra runs on one thread in it: the same bits however many the machine has."""

    @wraps(function)
    def stage(*args: P.args, **kwargs: P.kwargs) -> R:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            return function(*args, **kwargs)

    return stage


class ThreatClass(IntEnum):
    """The six threat classes of the model; the value is the integer code used in kernels."""

    drone = 0
    cruise = 1
    supersonic = 2
    ballistic = 3
    s300_ground = 4
    glide_bomb = 5


AREA_CLASSES = (ThreatClass.drone, ThreatClass.cruise, ThreatClass.supersonic)
"""Attrited along their way by what they fly through."""

POINT_CLASSES = (ThreatClass.ballistic, ThreatClass.s300_ground)
"""Stopped only by a unit that covers the place they fall on."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result came from: enough to make it again.

    Parameters
    ----------
    version
        tegmen version.
    seed
        Seed of the stochastic calls behind the result; None where nothing is random.
    inputs
        Input name to sha256 of its bytes.
    """

    version: str
    seed: int | None
    inputs: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", MappingProxyType(dict(sorted(self.inputs.items()))))
