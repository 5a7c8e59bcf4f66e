"""What gets through on its way, in closed form: cruise missiles past units and dispersed layer, and the other classes.

On a lane the windows of the simulation follow one another: shoot, look, shoot, every unit ready or not for the night.
Nothing saturates here; the simulation has the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.engagement import attrition_by_lane, cruise_pace, lane_ways, reach_air_km
from tegmen.engine.kernel.windows import Batteries, pass_again, pass_anew, solve_factors
from tegmen.engine.workload import over_worlds
from tegmen.evidence.systems import MISSILE_SYSTEMS
from tegmen.terms import FrozenDict, ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


class Passage:
    """Chance of every class but ballistic missiles to get through; units are added to it in place.

    Parameters
    ----------
    worlds, attrition
        The worlds; (w, lane) share the dispersed layer stops, all lanes.
    batteries
        The units that stand.
    factor, reached
        (w,) kill chance of one round of the best system at a cruise missile, in (0, 1]; whether with it the baseline
        stops the share drawn: where even a factor of 1 falls short, it is 1.
    passing
        (w, lane) chance of a cruise missile to pass all units, lanes of its class.
    """

    __slots__ = ("attrition", "batteries", "factor", "passing", "reached", "worlds")

    def __init__(self, worlds: Worlds, attrition: Floats, batteries: Batteries) -> None:
        lanes = worlds.theatre.lanes.first
        self.worlds, self.attrition, self.batteries = worlds, attrition, batteries
        self.factor, self.reached = np.ones(len(worlds)), np.ones(len(worlds), dtype=bool)
        self.passing = np.ones((len(worlds), int(lanes[ThreatClass.cruise + 1] - lanes[ThreatClass.cruise])))

    def copy(self) -> Passage:
        """Make another passage of the same worlds, to add units to."""
        other = Passage(self.worlds, self.attrition, self.batteries)
        other.factor, other.reached, other.passing = self.factor, self.reached, self.passing.copy()
        return other

    def standing(self, worlds: Worlds) -> Passage:
        """Make the passage of the same worlds with other units standing in them; a round kills as it did."""
        other = self.copy()
        other.worlds = worlds
        other.batteries = self.batteries._replace(
            site=np.maximum(worlds.site, 0), code=worlds.system, ready=worlds.readiness
        )
        ways = lane_ways(worlds.theatre)
        over_worlds(pass_anew, len(worlds), other.batteries, ways, self.factor, other.passing)
        return other

    def add(self, site: int | Ints, system: str) -> None:
        """Add a unit at one place in all worlds, or at a place of its own in each (w,); a place below 0 adds none."""
        sites, own = np.array(np.broadcast_to(site, len(self.worlds))), MISSILE_SYSTEMS.index(system)
        code = np.where(sites >= 0, own, -1)
        stand = self.batteries
        self.batteries = stand._replace(
            site=np.column_stack([stand.site, np.maximum(sites, 0)]),
            code=np.column_stack([stand.code, code]),
            ready=np.column_stack([stand.ready, self.worlds.readiness_added[:, own]]),
        )
        over_worlds(
            pass_again, len(sites), self.batteries, lane_ways(self.worlds.theatre), sites, self.factor, self.passing
        )

    def leak(self, places: Ints | NDArray[np.intp]) -> Mapping[ThreatClass, Floats]:
        """Class to (w, p) chance that a threat aimed at the place leaks; of all classes but ballistic missiles."""
        worlds = self.worlds
        even = np.ones((len(worlds), len(places)))
        leak = {
            cls: even * (1 - worlds.rate[:, cls, None]) for cls in (ThreatClass.supersonic, ThreatClass.s300_ground)
        }
        leak[ThreatClass.drone] = self._over_lanes(ThreatClass.drone, None, places)
        leak[ThreatClass.cruise] = self._over_lanes(ThreatClass.cruise, self.passing, places)
        return FrozenDict(leak)

    def _over_lanes(self, cls: ThreatClass, passing: Floats | None, places: Ints | NDArray[np.intp]) -> Floats:
        """(w, p) mean over launch areas and variants of what neither units nor the dispersed layer stop."""
        lanes = self.worlds.theatre.lanes
        shape = (len(self.worlds), lanes.places, lanes.areas, -1)
        left = 1 - self.attrition[:, lanes.first[cls] : lanes.first[cls + 1]].reshape(shape)[:, places]
        if passing is not None:
            left *= passing.reshape(shape)[:, places]
        return np.einsum("wpav,pa->wp", left, lanes.area_weight[cls][places]) / left.shape[-1]


def let_pass(worlds: Worlds, *, cruise: bool = True) -> Passage:
    """Work out what passes the baseline; the cruise factor is solved for, so that the share drawn is stopped.

    Parameters
    ----------
    cruise
        Whether cruise missiles matter; without them their factor is 1 and they pass all units.
    """
    batteries = Batteries(
        np.maximum(worlds.site, 0), worlds.system, worlds.readiness, reach_air_km(worlds),
        worlds.units.effectiveness_air, worlds.units.preference, cruise_pace(worlds),
    )  # fmt: skip
    passage = Passage(worlds, attrition_by_lane(worlds), batteries)
    if cruise:
        first, last = worlds.theatre.lanes.first[[ThreatClass.cruise, ThreatClass.cruise + 1]]
        mix, rate = worlds.mix[:, ThreatClass.cruise].astype(np.float64), worlds.rate[:, ThreatClass.cruise].copy()
        over_worlds(
            solve_factors, len(worlds), batteries, lane_ways(worlds.theatre), mix,
            passage.attrition[:, first:last].copy(), rate, passage.factor, passage.reached, passage.passing,
        )  # fmt: skip
    return passage
