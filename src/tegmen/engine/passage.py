"""What gets through on its way, in closed form: cruise missiles past units and dispersed layer, and the other classes.

On a lane the windows of the simulation follow one another: shoot, look, shoot, every unit ready or not for the night.
Nothing saturates here; the simulation has the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.engagement import attrition_by_lane, cruise_pace, lane_ways, reach_air_km, salvo_of
from tegmen.engine.kernel.windows import Batteries, fly_past, pass_again, pass_anew, solve_factors
from tegmen.engine.laydown import Laydown
from tegmen.engine.workload import over_worlds
from tegmen.question.goals import Metric
from tegmen.question.lanes import VARIANTS
from tegmen.terms import FrozenDict, ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """An added unit.

    Parameters
    ----------
    kind, site, ready
        Kind; (w,) site, below 0 none; (w,) chance that it is ready and has rounds for cruise missiles.
    """

    kind: str
    site: Ints
    ready: Floats

    @property
    def key(self) -> tuple[str, bytes]:
        """What tells it from others of the same worlds."""
        return self.kind, self.site.tobytes()


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
    passing, bare
        (w, lane) chance of a cruise missile to pass all units, lanes of its class; those of the baseline alone.
    past
        (w, p) chance of a drone aimed at the place to pass the added units that meet drones (A43).
    drones_left
        (w, p) chance of a drone aimed at the place to pass the dispersed layer.
    added
        The units added, in order.
    solved, stocked
        Whether cruise missiles are looked at; whether rounds of added units count, or are taken as enough.
    shares
        (w, lane) share of all cruise missiles that fly each lane of theirs; where they are looked at.
    """

    __slots__ = (
        "added", "attrition", "bare", "batteries", "drones_left", "factor", "passing", "past", "reached", "shares",
        "solved", "stocked", "worlds",
    )  # fmt: skip

    def __init__(self, worlds: Worlds, attrition: Floats, batteries: Batteries) -> None:
        lanes = worlds.theatre.lanes.first
        self.worlds, self.attrition, self.batteries = worlds, attrition, batteries
        self.factor, self.reached = np.ones(len(worlds)), np.ones(len(worlds), dtype=bool)
        self.passing = np.ones((len(worlds), int(lanes[ThreatClass.cruise + 1] - lanes[ThreatClass.cruise])))
        self.past, self.bare = np.ones((len(worlds), len(worlds.places))), self.passing
        self.drones_left = self._over_lanes(ThreatClass.drone, None, np.arange(len(worlds.places)))
        self.shares, self.solved, self.stocked = np.empty((len(worlds), 0)), True, False
        self.added: tuple[Unit, ...] = ()

    def copy(self) -> Passage:
        """Make another passage of the same worlds, to add units to."""
        other = copy(self)
        other.passing, other.past = self.passing.copy(), self.past.copy()
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

    def add(self, site: int | Ints, kind: str) -> None:
        """Add a unit at one place in all worlds, or at a place of its own in each (w,); a place below 0 adds none."""
        unit = self._unit(kind, site)
        self._stand((*self.added, unit), changed=[unit])
        self._meet_drones(unit)

    def lay_down(self, plan: Laydown) -> None:
        """Have these units stand instead of those added before; only lanes near what differs are worked out anew."""
        known = {unit.key: unit for unit in self.added}
        units = tuple(known.get((kind, self._sites(site).tobytes())) or self._unit(kind, site) for kind, site in plan)
        before, after = (Counter(unit.key for unit in those) for those in (self.added, units))
        either = {unit.key: unit for unit in (*self.added, *units)}
        self._stand(units, [unit for unit in either.values() if before[unit.key] != after[unit.key]])
        self.past[...] = 1.0
        for unit in units:
            self._meet_drones(unit)

    def everywhere(self, kind: str) -> Passage:
        """Make the passage that one more unit at every place would give to drones, with rounds enough."""
        more, code = self.copy(), self.worlds.kinds.code(kind)
        stopped = self.worlds.readiness_added[:, code] * self.worlds.units.kill_drone[:, code]
        more.past *= 1 - stopped[:, None]
        return more

    def _unit(self, kind: str, site: int | Ints) -> Unit:
        """A unit to be added: if it meets cruise missiles, as often ready as its rounds last (A44)."""
        worlds, code = self.worlds, self.worlds.kinds.code(kind)
        sites, ready = self._sites(site), worlds.readiness_added[:, code]
        if self.stocked and self._flies_past(kind):
            flown, radius = np.empty(len(worlds)), self.batteries.radius[:, code].copy()
            over_worlds(fly_past, len(worlds), sites, radius, lane_ways(worlds.theatre), self.shares, self.bare, flown)
            wanted = ready * salvo_of(worlds, "cruise") * worlds.counts[:, ThreatClass.cruise] * flown
            ready = ready * _lasts(worlds.units.ready_air[:, code] + worlds.scalar["stock_area"], wanted)
        return Unit(kind, sites, ready)

    def _sites(self, site: int | Ints) -> Ints:
        return np.array(np.broadcast_to(site, len(self.worlds)), dtype=np.int64)

    def _flies_past(self, kind: str) -> bool:
        return self.solved and ThreatClass.cruise in self.worlds.kinds.met[kind]

    def _stand(self, units: tuple[Unit, ...], changed: Sequence[Unit]) -> None:
        """Have these units stand beside the baseline's, where those changed were added or taken away."""
        worlds, own = self.worlds, self.worlds.site.shape[1]
        self.added, stand = units, self.batteries
        firing = [unit for unit in units if self._flies_past(unit.kind)]
        near = [unit for unit in changed if self._flies_past(unit.kind)]
        if not near:
            return
        code = [np.where(unit.site >= 0, worlds.kinds.code(unit.kind), -1) for unit in firing]
        self.batteries = stand._replace(
            site=np.column_stack([stand.site[:, :own], *(np.maximum(unit.site, 0) for unit in firing)]),
            code=np.column_stack([stand.code[:, :own], *code]),
            ready=np.column_stack([stand.ready[:, :own], *(unit.ready for unit in firing)]),
        )
        sites = np.column_stack([unit.site for unit in near])
        codes = np.array([worlds.kinds.code(unit.kind) for unit in near])
        ways = lane_ways(worlds.theatre)
        over_worlds(pass_again, len(worlds), self.batteries, ways, sites, codes, self.factor, self.passing)

    def _meet_drones(self, unit: Unit) -> None:
        """Have a unit meet drones aimed at places within its reach, as often as its rounds last (A43)."""
        worlds, code, sites = self.worlds, self.worlds.kinds.code(unit.kind), unit.site
        if ThreatClass.drone not in worlds.kinds.met[unit.kind]:
            return
        ready = worlds.readiness_added[:, code]
        near = (worlds.theatre.apart_km[sites] <= worlds.units.radius_drone_km[:, code, None]) & (sites >= 0)[:, None]
        stopped = ready * worlds.units.kill_drone[:, code]
        if self.stocked:
            arrives = worlds.mix[:, ThreatClass.drone] * self.drones_left * self.past
            wanted = ready * worlds.counts[:, ThreatClass.drone] * (arrives * near).sum(axis=1)
            stopped = stopped * _lasts(worlds.units.stock_drone[:, code], wanted)
        self.past *= np.where(near, 1 - stopped[:, None], 1.0)

    def leak(self, places: Ints | NDArray[np.intp]) -> Mapping[ThreatClass, Floats]:
        """Class to (w, p) chance that a threat aimed at the place leaks; of all classes but ballistic missiles."""
        worlds = self.worlds
        even = np.ones((len(worlds), len(places)))
        leak = {
            cls: even * (1 - worlds.rate[:, cls, None]) for cls in (ThreatClass.supersonic, ThreatClass.s300_ground)
        }
        leak[ThreatClass.drone] = self.drones_left[:, places] * self.past[:, places]
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


def cruise_shares(worlds: Worlds) -> Floats:
    """(w, lane) share of all cruise missiles that fly each lane of theirs."""
    weight = worlds.theatre.lanes.area_weight[ThreatClass.cruise] / VARIANTS
    mix = worlds.mix[:, ThreatClass.cruise].astype(np.float64)
    return np.repeat((mix[:, :, None] * weight).reshape(len(worlds), -1), VARIANTS, axis=1)


def _lasts(rounds: Floats, wanted: Floats) -> Floats:
    """(w,) share of what is wanted in a month that the rounds of a unit suffice for."""
    return np.minimum(1.0, rounds / np.maximum(wanted, 1e-300))


def passage_for(worlds: Worlds, metric: Metric) -> Passage | None:
    """What passes the baseline, as far as a metric asks; None where it counts ballistic missiles alone."""
    if not {*metric.counted} - {ThreatClass.ballistic}:
        return None
    return let_pass(worlds, cruise=ThreatClass.cruise in metric.counted, stocked=metric.area)


def let_pass(worlds: Worlds, *, cruise: bool = True, stocked: bool = False) -> Passage:
    """Work out what passes the baseline; the cruise factor is solved for, so that the share drawn is stopped.

    Parameters
    ----------
    cruise
        Whether cruise missiles matter; without them their factor is 1 and they pass all units.
    stocked
        Whether rounds of added units count; what the baseline's units have is in the factor.
    """
    batteries = Batteries(
        np.maximum(worlds.site, 0), worlds.system, worlds.readiness, reach_air_km(worlds),
        worlds.units.effectiveness_air, worlds.units.preference, cruise_pace(worlds),
    )  # fmt: skip
    passage = Passage(worlds, attrition_by_lane(worlds), batteries)
    passage.solved, passage.stocked = cruise, stocked
    if cruise:
        passage.shares = cruise_shares(worlds)
        first, last = worlds.theatre.lanes.first[[ThreatClass.cruise, ThreatClass.cruise + 1]]
        mix, rate = worlds.mix[:, ThreatClass.cruise].astype(np.float64), worlds.rate[:, ThreatClass.cruise].copy()
        over_worlds(
            solve_factors, len(worlds), batteries, lane_ways(worlds.theatre), mix,
            passage.attrition[:, first:last].copy(), rate, passage.factor, passage.reached, passage.passing,
        )  # fmt: skip
        passage.bare = passage.passing.copy()
    return passage
