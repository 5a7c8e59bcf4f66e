"""Sites of any kinds for any goals: unit after unit, each where the goals together lose most of what is left.

Goals weigh alike: what counts is the share of each goal's metric that a unit saves, in expectation over planning worlds
and with rounds enough. What falls on places, a unit at a site is worth exactly what it saves; of what flies past, the
promise of one salvo at each says where to try.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from tegmen.engine.engagement import lane_ways, reach_air_km, salvo_of
from tegmen.engine.expected import Cover, cover_baseline, expect, stakes_of
from tegmen.engine.kernel.windows import fly_past
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import Passage, passage_for
from tegmen.question.lanes import VARIANTS
from tegmen.question.option import Option
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats


class Ground:
    """Planning worlds of one goal with the units laid down so far; units are added to it in place.

    Parameters
    ----------
    worlds, goal
        The worlds; what is to fall in them.
    """

    __slots__ = ("base", "cover", "goal", "passage", "places", "stakes", "worlds")

    def __init__(self, worlds: Worlds, goal: Goal) -> None:
        self.worlds, self.goal = worlds, goal
        self.cover, self.passage = cover_baseline(worlds), passage_for(worlds, goal.measure)
        self.places = np.flatnonzero(goal.measure.places(worlds.places, goal.largest_cities))
        self.stakes = stakes_of(worlds, self.places)
        self.base = float(self._loss(self.cover, self.passage).sum())

    @property
    def saved(self) -> float:
        """Share of the metric that the units laid down save."""
        return 1 - float(self._loss(self.cover, self.passage).sum()) / self.base if self.base > 0 else 0.0

    def add(self, site: int, kind: str) -> None:
        """Lay down a unit."""
        self.cover.add(site, kind)
        if self.passage:
            self.passage.add(site, kind)

    def flies_past(self, kind: str) -> bool:
        """Whether a kind meets, of what counts, something that flies past."""
        return self.goal.measure.area and ThreatClass.cruise in self.worlds.kinds.met[kind] & self.goal.measure.met

    def with_one(self, site: int, kind: str) -> Ground:
        """Make another ground with one more unit."""
        other = copy(self)
        other.cover, other.passage = self.cover.copy(), self.passage.copy() if self.passage else None
        other.add(site, kind)
        return other

    def gains(self, kind: str) -> Floats:
        """(s,) share of the metric that one more unit of a kind at each place would save."""
        worlds, units, code = self.worlds, self.worlds.units, self.worlds.kinds.code(kind)
        met, gain = worlds.kinds.met[kind] & self.goal.measure.met, np.zeros(len(worlds.places))
        if self.base <= 0:
            return gain
        loss = self._loss(self.cover, self.passage)
        if ThreatClass.ballistic in met:
            left = self._loss(self.cover.everywhere(kind), self.passage)
            gain += self._reached(loss - left, units.radius_ballistic_km[:, code])
        if ThreatClass.drone in met and self.passage:
            left = self._loss(self.cover, self.passage.everywhere(kind))
            gain += self._reached(loss - left, units.radius_drone_km[:, code])
        if self.flies_past(kind) and self.passage:
            gain += self._on_lanes(self.passage, code)
        return gain / self.base

    def _loss(self, cover: Cover, passage: Passage | None) -> Floats:
        leak = passage.leak(self.places) if passage else None
        return self.goal.measure.expected_loss(expect(cover, np.inf, self.places, leak), self.stakes)

    def _reached(self, saved: Floats, radius: Floats) -> Floats:
        """(s,) what is saved (w, p) at places within a world's radius (w,) of a site, summed over places and worlds."""
        order = np.argsort(-radius, kind="stable")
        below = np.concatenate([np.zeros((1, saved.shape[1])), np.cumsum(saved[order], axis=0)])
        apart = self.worlds.theatre.apart_km[:, self.places]
        reaching = np.searchsorted(-radius[order], -apart, side="right")
        return np.take_along_axis(below, reaching, axis=0).sum(axis=1)

    def _on_lanes(self, passage: Passage, code: int) -> Floats:
        """(s,) cruise missiles, by their worth, that one salvo at each that flies past a site would stop."""
        worlds, ways = self.worlds, lane_ways(self.worlds.theatre)
        kill = 1 - (1 - passage.factor * worlds.units.effectiveness_air[:, code]) ** salvo_of(worlds, "cruise")
        stopped = worlds.readiness_added[:, code] * kill * worlds.counts[:, ThreatClass.cruise]
        worth = np.zeros(len(worlds.places))
        worth[self.places] = self.goal.measure.worth(self.stakes)
        first, last = worlds.theatre.lanes.first[[ThreatClass.cruise, ThreatClass.cruise + 1]]
        through = 1 - passage.attrition[:, first:last]
        worthy = passage.shares * through * np.repeat(worth, worlds.theatre.lanes.areas * VARIANTS)
        radius, flown, gain = reach_air_km(worlds)[:, code].copy(), np.empty(len(worlds)), np.empty(len(worth))
        for site in range(len(worth)):
            # So little work for one site that sharing it among threads would take longer.
            fly_past(0, len(worlds), np.full(len(worlds), site), radius, ways, worthy, passage.passing, flown)
            gain[site] = (stopped * flown).sum()
        return gain


def site_by_steps(grounds: Sequence[Ground], kinds: Sequence[str]) -> Laydown:
    """Lay down one unit of each of these kinds, in this order, each where the goals of the grounds lose most.

    Where units meet what flies past, several at one site share the same few seconds and save less than each alone, by
    how much only adding one tells: sites are tried for real, the most promising first, until none left promises more.
    """
    sites: list[int] = []
    promise: dict[str, Floats] = {}
    for kind in kinds:
        gain = _gains(grounds, kind)
        if any(ground.flies_past(kind) for ground in grounds):
            gain = promise[kind] = _tried(grounds, kind, np.minimum(gain, promise.get(kind, np.inf)))
        sites.append(int(np.argmax(np.round(gain, 12))))
        for ground in grounds:
            ground.add(sites[-1], kind)
    return Laydown(tuple(kinds), np.array(sites, dtype=np.int64))


def _tried(grounds: Sequence[Ground], kind: str, promise: Floats) -> Floats:
    """(s,) promises, those of sites tried replaced by what a unit there saves."""
    tried, before = np.zeros(len(promise), dtype=bool), sum(ground.saved for ground in grounds)
    promise = promise.copy()
    while not tried[best := int(np.argmax(promise))]:
        promise[best] = sum(ground.with_one(best, kind).saved for ground in grounds) - before
        tried[best] = True
    return promise


def _gains(grounds: Sequence[Ground], kind: str) -> Floats:
    """(s,) what one more unit at each place saves of all goals together."""
    return np.sum([ground.gains(kind) for ground in grounds], axis=0)


def proven_bound(grounds: Sequence[Ground], added: Option) -> float | None:
    """What no laydown of as many units of each kind can save of the goals together; None where none is known.

    Where savings diminish with every unit, whatever else stands, no laydown saves more than this one does and as many
    times the best next unit of each kind (Nemhauser, Wolsey and Fisher 1978). They do where metrics are sums of strikes
    or of places covered, the better kind fires first, and no unit meets what flies past.
    """
    if not all(_diminishes(ground, added) for ground in grounds):
        return None
    more = [count * float(_gains(grounds, kind).max()) for kind, count in added.items()]
    return sum(ground.saved for ground in grounds) + sum(more)


def _diminishes(ground: Ground, added: Option) -> bool:
    kinds, metric = ground.worlds.kinds, ground.goal.measure
    on_lanes = any(ThreatClass.cruise in kinds.met[kind] & metric.met for kind in added)
    firing = [kinds.code(kind) for kind in kinds.meeting(ThreatClass.ballistic)]
    by_order = np.diff(ground.worlds.units.effectiveness_ballistic[:, firing], axis=1) <= 0
    return metric.damage is None and not on_lanes and bool(by_order.all())
