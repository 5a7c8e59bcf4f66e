"""What "enough" can mean: one table of metrics, each with its places, classes, value and words.

A metric is one entry of `METRICS`; nothing else in tegmen asks which metric a goal has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tegmen.terms import FrozenDict, ThreatClass

if TYPE_CHECKING:
    from tegmen.question.places import Places
    from tegmen.terms import Floats

    Leakers = Mapping[ThreatClass, NDArray[Any]]
    """Class to leakers, last axis: the places a goal is about."""

_BALLISTIC = ThreatClass.ballistic


@dataclass(frozen=True, slots=True)
class Stakes:
    """What leakers cost at the places a goal is about, axes w, p.

    Parameters
    ----------
    population, capacity_mw
        (p,) [people], [MW].
    damage
        Class to (w,) share of a plant's remaining capacity lost to one leaker.
    """

    population: Floats
    capacity_mw: Floats
    damage: Mapping[ThreatClass, Floats]


class Leakage(Protocol):
    """What leaks in a month, in expectation over its runs, axes w, p."""

    def leakers(self, cls: ThreatClass) -> Floats:
        """(w, p) expected leakers of a class."""
        ...

    def kept(self, cls: ThreatClass, damage: Floats) -> Floats:
        """(w, p) expected share left of a place when each leaker takes `damage` (w,) of what is left of it."""
        ...

    def uncovered(self) -> Floats:
        """(w, p) 1 where no unit covers the place against ballistic missiles, ready or not."""
        ...


@dataclass(frozen=True, slots=True)
class Metric:
    """One meaning of "enough".

    Parameters
    ----------
    places
        (places, how many of the largest cities) to (p,) which places count.
    classes, background
        Classes whose leakers count and added units change; those that count and stay as they are. None at all: the
        metric is the number of places that no unit covers.
    loss
        Leakers (w, r, p) by class to the metric's value in each run, (w, r).
    expected_loss
        What leaks to the expected value at each place, (w, p): the mean of `loss` over runs, in closed form.
    is_count
        Whether a threshold is a count; otherwise it is a share of the baseline's value.
    runs_divisor
        The months simulated are divided by it: what averages over many classes and places needs fewer.
    left
        Words for what is left; `{}` stands for the amount.
    illustration
        Why its number illustrates and is no finding; empty for a finding.
    """

    places: Callable[[Places, int], NDArray[np.bool_]]
    classes: tuple[ThreatClass, ...]
    background: tuple[ThreatClass, ...]
    loss: Callable[[Leakers, Stakes], Floats]
    expected_loss: Callable[[Leakage, Stakes], Floats]
    is_count: bool = False
    runs_divisor: int = 1
    left: str = "{} of the baseline's left"
    illustration: str = ""

    @property
    def is_coverage(self) -> bool:
        """Whether only coverage counts: no threat is simulated."""
        return not self.classes

    def words_for_left(self, amount: float, percent: Callable[[float], str]) -> str:
        """Say how much is left."""
        return self.left.format(f"{amount:.0f}" if self.is_count else percent(amount))


def _largest_cities(places: Places, count: int) -> NDArray[np.bool_]:
    chosen = np.zeros(len(places), dtype=bool)
    chosen[places.largest(count)] = True
    return chosen


def _strikes(leakers: Leakers, _stakes: Stakes) -> Floats:
    return leakers[_BALLISTIC].sum(axis=-1, dtype=np.int64).astype(np.float64)


def _expected_strikes(leakage: Leakage, _stakes: Stakes) -> Floats:
    return leakage.leakers(_BALLISTIC)


def _uncovered(leakage: Leakage, _stakes: Stakes) -> Floats:
    return leakage.uncovered()


def _people(leakers: Leakers, stakes: Stakes) -> Floats:
    return (leakers[_BALLISTIC] > 0) @ stakes.population


def _expected_people(leakage: Leakage, stakes: Stakes) -> Floats:
    untouched = leakage.kept(_BALLISTIC, np.ones_like(stakes.damage[_BALLISTIC]))
    return stakes.population * (1 - untouched)


def _capacity(leakers: Leakers, stakes: Stakes) -> Floats:
    """Each leaker takes a fixed share of what is left of a plant (A20)."""
    kept = sum(np.log1p(-stakes.damage[cls])[:, None, None] * leakers[cls] for cls in leakers)
    return -np.expm1(kept) @ stakes.capacity_mw


def _expected_capacity(leakage: Leakage, stakes: Stakes) -> Floats:
    kept = [leakage.kept(cls, damage) for cls, damage in stakes.damage.items()]
    return stakes.capacity_mw * (1 - np.prod(kept, axis=0))


METRICS: Mapping[str, Metric] = FrozenDict(
    {
        "ballistic_strikes": Metric(
            places=_largest_cities,
            classes=(_BALLISTIC,),
            background=(),
            loss=_strikes,
            expected_loss=_expected_strikes,
        ),
        "people_struck": Metric(
            places=_largest_cities,
            classes=(_BALLISTIC,),
            background=(),
            loss=_people,
            expected_loss=_expected_people,
        ),
        "capitals_uncovered": Metric(
            places=lambda places, _count: places.capital,
            classes=(),
            background=(),
            loss=_strikes,
            expected_loss=_uncovered,
            is_count=True,
            left="{} left uncovered",
            illustration="By construction: a unit covers the capital it stands in and hardly any other, so the number "
            "is that of the capitals less those that the baseline covers. It says nothing about strikes.",
        ),
        "capacity_lost": Metric(
            places=lambda places, _count: places.capacity_mw > 0,
            classes=(_BALLISTIC, ThreatClass.cruise),
            background=(ThreatClass.drone, ThreatClass.supersonic, ThreatClass.s300_ground),
            loss=_capacity,
            expected_loss=_expected_capacity,
            runs_divisor=10,
            illustration="The share of a plant that one hit takes is a guess, and substations, which are hit most, are "
            "in no table; what a Patriot does about cruise missiles is coarse.",
        ),
    }
)
"""Name of a metric, as a scenario gives it, to what it is."""
