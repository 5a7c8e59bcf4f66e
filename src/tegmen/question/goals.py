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
    worth
        Stakes to (p,) what a leaker costs at a place, or what is at stake there.
    damage
        Stakes to the share (w,) by class of what is left of a place that one leaker takes; None: every leaker costs as
        much.
    area
        Whether area defence is counted in full: rounds of its units, and sites chosen for it too.
    is_count
        Whether a threshold is a count; otherwise it is a share of the baseline's value.
    what
        What falls, in words; `{cities}` stands for how many of the largest cities count.
    left
        Words for what is left; `{}` stands for the amount.
    illustration
        Why its number illustrates and is no finding; empty for a finding.
    """

    places: Callable[[Places, int], NDArray[np.bool_]]
    classes: tuple[ThreatClass, ...]
    background: tuple[ThreatClass, ...]
    worth: Callable[[Stakes], Floats]
    what: str
    damage: Callable[[Stakes], Mapping[ThreatClass, Floats]] | None = None
    area: bool = False
    is_count: bool = False
    left: str = "{} of the baseline's left"
    illustration: str = ""

    @property
    def is_coverage(self) -> bool:
        """Whether only coverage counts: no threat is simulated."""
        return not self.classes

    @property
    def counted(self) -> tuple[ThreatClass, ...]:
        """All classes whose leakers count."""
        return (*self.classes, *self.background)

    @property
    def met(self) -> frozenset[ThreatClass]:
        """Classes that added units must meet, one at least, to change it; a metric of coverage is of ballistic ones."""
        return frozenset({_BALLISTIC} if self.is_coverage else self.classes)

    def loss(self, leakers: Leakers, stakes: Stakes) -> Floats:
        """(w, r) the metric's value in each run, of leakers (w, r, p) by class (A20)."""
        if self.damage is None:
            return sum(leakers[cls] for cls in self.counted) @ self.worth(stakes)
        kept = 1.0
        for cls, damage in self.damage(stakes).items():
            kept = kept * (1 - damage[:, None, None]) ** leakers[cls]
        return (1 - kept) @ self.worth(stakes)

    def expected_loss(self, leakage: Leakage, stakes: Stakes) -> Floats:
        """(w, p) its mean over runs at each place, in closed form; of a metric of coverage its value."""
        if self.is_coverage:
            return leakage.uncovered() * self.worth(stakes)
        if self.damage is None:
            return sum(leakage.leakers(cls) for cls in self.counted) * self.worth(stakes)
        kept = [leakage.kept(cls, damage) for cls, damage in self.damage(stakes).items()]
        return self.worth(stakes) * (1 - np.prod(kept, axis=0))

    def aim(self, threshold: float, cities: int) -> str:
        """Say what enough units do: completes "N more fire units …"."""
        what = self.what.format(cities=cities)
        if self.is_count:
            return f"leave no {what}" if threshold == 0 else f"leave at most {threshold:g} of: {what}"
        if threshold == 0.5:
            return f"halve {what}"
        return f"cut {what} by {100 * (1 - threshold):.6g} %"

    def words_for_left(self, amount: float, percent: Callable[[float], str]) -> str:
        """Say how much is left."""
        return self.left.format(f"{amount:.0f}" if self.is_count else percent(amount))


def _largest_cities(places: Places, count: int) -> NDArray[np.bool_]:
    chosen = np.zeros(len(places), dtype=bool)
    chosen[places.largest(count)] = True
    return chosen


def _one_each(stakes: Stakes) -> Floats:
    return np.ones(len(stakes.population))


def _all_at_once(stakes: Stakes) -> Mapping[ThreatClass, Floats]:
    return {_BALLISTIC: np.ones_like(stakes.damage[_BALLISTIC])}


METRICS: Mapping[str, Metric] = FrozenDict(
    {
        "ballistic_strikes": Metric(
            places=_largest_cities,
            classes=(_BALLISTIC,),
            background=(),
            worth=_one_each,
            what="the expected ballistic strikes on the {cities} largest cities",
        ),
        "cruise_strikes": Metric(
            places=_largest_cities,
            classes=(ThreatClass.cruise,),
            background=(),
            worth=_one_each,
            what="the expected cruise-missile strikes on the {cities} largest cities",
            area=True,
        ),
        "drone_strikes": Metric(
            places=_largest_cities,
            classes=(ThreatClass.drone,),
            background=(),
            worth=_one_each,
            what="the expected drone strikes on the {cities} largest cities",
            area=True,
        ),
        "strikes": Metric(
            places=_largest_cities,
            classes=(_BALLISTIC, ThreatClass.cruise, ThreatClass.drone),
            background=(ThreatClass.supersonic, ThreatClass.s300_ground),
            worth=_one_each,
            what="the expected strikes of all classes but glide bombs on the {cities} largest cities",
            area=True,
        ),
        "people_struck": Metric(
            places=_largest_cities,
            classes=(_BALLISTIC,),
            background=(),
            worth=lambda stakes: stakes.population,
            what="the people living in one of the {cities} largest cities that is struck by a ballistic missile",
            damage=_all_at_once,
        ),
        "capitals_uncovered": Metric(
            places=lambda places, _count: places.capital,
            classes=(),
            background=(),
            worth=_one_each,
            what="oblast capital uncovered against ballistic missiles",
            is_count=True,
            left="{} left uncovered",
            illustration="By construction: a unit covers the capital it stands in and hardly any other, so the number "
            "is that of the capitals less those that the baseline covers. It says nothing about strikes.",
        ),
        "capacity_lost": Metric(
            places=lambda places, _count: places.capacity_mw > 0,
            classes=(_BALLISTIC, ThreatClass.cruise),
            background=(ThreatClass.drone, ThreatClass.supersonic, ThreatClass.s300_ground),
            worth=lambda stakes: stakes.capacity_mw,
            what="the expected loss of generating capacity",
            damage=lambda stakes: stakes.damage,
            illustration="The share of a plant that one hit takes is a guess, and substations, which are hit most, are "
            "in no table; what a Patriot does about cruise missiles is coarse.",
        ),
    }
)
"""Name of a metric, as a scenario gives it, to what it is."""
