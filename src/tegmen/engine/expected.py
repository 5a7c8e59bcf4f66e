"""What a month comes to on average, in closed form: tens of thousands of worlds at once, without a run simulated.

A ballistic missile is met at most once, if a unit that covers its place is ready and has rounds (A10). So the chance
that it is stopped follows from who covers the place, and expectations of every metric from that chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.engagement import salvo_of
from tegmen.engine.kernel.cover import Added, Attack, Near, cover_by_units, struck_by_number, sums_by_number
from tegmen.engine.kernel.packets import kept_shares, same_night
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import Passage
from tegmen.engine.workload import over_worlds
from tegmen.question.goals import Stakes
from tegmen.question.scenario import Goal
from tegmen.question.theatre import Theatre
from tegmen.terms import FrozenDict, ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


class Cover:
    """Who stands ready against ballistic missiles at every place; units are added to it in place.

    Parameters
    ----------
    worlds
        The worlds covered.
    none_ready
        (system, w, p) chance that no ready unit of the system covers the place: prod_i (1 - readiness_i covers_ip).
    """

    __slots__ = ("none_ready", "worlds")

    def __init__(self, worlds: Worlds, none_ready: Floats) -> None:
        self.worlds, self.none_ready = worlds, none_ready

    def copy(self) -> Cover:
        """Make another cover of the same worlds, to add units to."""
        return Cover(self.worlds, self.none_ready.copy())

    def add(self, site: int | Ints, system: str, there: float | Floats = 1.0) -> None:
        """Add a unit at one place in all worlds, or at a place of its own in each (w,); a place below 0 adds none.

        Parameters
        ----------
        there
            (w,) chance that the unit is there at all.
        """
        sites, code = np.array(np.broadcast_to(site, len(self.worlds)))[:, None], self.worlds.kinds.code(system)
        codes = np.where(sites >= 0, code, -1)
        ready = self.worlds.readiness_added[:, code] * there
        _cover(self.worlds, sites, codes, ready[:, None], self.none_ready)

    def everywhere(self, system: str) -> Cover:
        """Make the cover that one more unit at every place would give: what a site is worth to each place in reach."""
        more, code = self.copy(), self.worlds.kinds.code(system)
        more.none_ready[code] *= 1 - self.worlds.readiness_added[:, code, None]
        return more

    def bare(self, places: Ints | NDArray[np.intp]) -> NDArray[np.bool_]:
        """(w, p) places that no unit covers, ready or not."""
        return np.asarray((self.none_ready[:, :, places] >= 1).all(axis=0))

    @property
    def engaged(self) -> Floats:
        """(w, p) chance that a ready unit covers the place."""
        engaged = self.none_ready.prod(axis=0)
        return np.subtract(1, engaged, out=engaged)

    @property
    def stopped(self) -> Floats:
        """(w, p) chance that a missile aimed at the place is stopped, given rounds."""
        chance, kill = self.meets(slice(None))
        return np.asarray((chance * kill).sum(axis=0))

    def meets(self, places: Ints | NDArray[np.intp] | slice) -> tuple[Floats, Floats]:
        """(system, w, p) chance that a unit of the system fires, and its kill share: Patriot fires before SAMP/T."""
        none = self.none_ready[:, :, places]
        chance, before = np.empty_like(none), np.ones(none.shape[1:])
        for code in range(len(none)):
            chance[code] = before * (1 - none[code])
            before *= none[code]
        zone = np.where(self.worlds.places.kyiv[places], 0, 1)
        return chance, np.moveaxis(kill_by_system(self.worlds)[:, zone], 2, 0)


def cover_baseline(worlds: Worlds) -> Cover:
    """Cover the places with the baseline's units, each as ready as it stands."""
    none_ready = np.ones((_ballistic(worlds), len(worlds), len(worlds.places)))
    _cover(worlds, worlds.site, worlds.system, worlds.readiness, none_ready)
    return Cover(worlds, none_ready)


def _ballistic(worlds: Worlds) -> int:
    """How many kinds meet ballistic missiles: the first codes."""
    return len(worlds.kinds.meeting(ThreatClass.ballistic))


def _cover(worlds: Worlds, site: Ints, code: Ints, ready: Floats, none_ready: Floats) -> None:
    radius = worlds.units.radius_ballistic_km
    near = _near(worlds, float(radius.max(initial=0.0)))
    over_worlds(cover_by_units, len(worlds), site, code, ready, radius, near, none_ready)


def _near(worlds: Worlds, reach_km: float) -> Near:
    """Places within reach of each site."""
    apart = worlds.theatre.apart_km
    site, place = np.nonzero(apart <= reach_km)
    pointer = np.concatenate([[0], np.cumsum(np.bincount(site, minlength=len(apart)))]).astype(np.int64)
    return Near(pointer, place.copy(), apart[site, place])


def kill_by_zone(worlds: Worlds) -> Floats:
    """(w, zone) share of ballistic missiles that a ready Patriot stops at Kyiv, and elsewhere: there times a ratio."""
    kyiv = worlds.rate[:, ThreatClass.ballistic]
    return np.stack([kyiv, np.minimum(kyiv * worlds.scalar["kill_ratio_elsewhere"], 1.0)], axis=1)


def kill_by_system(worlds: Worlds) -> Floats:
    """(w, zone, system) the same by system: a Patriot's share times the system's relative effectiveness."""
    relative = worlds.units.effectiveness_ballistic[:, None, : _ballistic(worlds)]
    return kill_by_zone(worlds)[:, :, None] * relative


def packets_of(worlds: Worlds, cls: ThreatClass) -> Ints:
    """(w, 3) packets of a class in the month, threats in each, threats in the last one."""
    counts, size = worlds.counts[:, cls], worlds.packet[:, cls]
    packets = -(-counts // size)
    return np.stack([packets, size, counts - np.maximum(packets - 1, 0) * size], axis=1)


def fill(worlds: Worlds, engaged: Floats, rounds: float | Floats) -> Floats:
    """Share of engagements that rounds suffice for: ``min(1, rounds / (salvo launched sum_p mix_p engaged_p))``.

    Parameters
    ----------
    engaged
        (w, p) chance that a ready unit covers the place.
    rounds
        (w,) rounds a month against ballistic missiles, one national pool; infinite: all engagements have theirs.

    Returns
    -------
    (w,) in [0, 1].
    """
    return share_filled(rounds, rounds_wanted(worlds, engaged))


def rounds_wanted(worlds: Worlds, engaged: Floats) -> Floats:
    """(w,) rounds a month that ready units would fire at all they meet; `engaged` as for `fill`."""
    aimed = np.einsum("wp,wp->w", worlds.mix[:, ThreatClass.ballistic], engaged)
    return np.asarray(salvo_of(worlds, "ballistic") * worlds.counts[:, ThreatClass.ballistic] * aimed)


def share_filled(rounds: float | Floats, wanted: Floats) -> Floats:
    """Share of the rounds wanted that there are: ``min(1, rounds / wanted)``; 1 where none is wanted and some are."""
    return np.minimum(1.0, np.broadcast_to(rounds, wanted.shape) / np.maximum(wanted, 1e-300))


def leakers(worlds: Worlds, stopped: Floats, filled: Floats) -> Floats:
    """(w, p) expected ballistic leakers: ``launched mix (1 - fill stopped)``."""
    aimed = worlds.counts[:, ThreatClass.ballistic, None] * worlds.mix[:, ThreatClass.ballistic]
    return aimed * (1 - filled[:, None] * stopped)


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """What leaks at some places, axes w and p: all that the expected value of a metric takes.

    Parameters
    ----------
    worlds, places
        The worlds; (p,) indices of the places.
    chance, stop
        (system, w, p) chance that a system meets a ballistic missile; share it then stops, for want of rounds less.
    filled
        (w,) share of engagements that rounds suffice for.
    leak
        Class to (w, p) chance that a threat of another class leaks.
    settled
        Class to (w, p) what `kept` gave for a class of `leak` already: it hangs on neither units nor rounds.
    """

    worlds: Worlds
    places: Ints | NDArray[np.intp]
    chance: Floats
    stop: Floats
    filled: Floats
    leak: Mapping[ThreatClass, Floats] = field(default_factory=FrozenDict)
    settled: dict[ThreatClass, Floats] = field(default_factory=dict[ThreatClass, "Floats"])

    def leakers(self, cls: ThreatClass) -> Floats:
        """(w, p) expected leakers of a class."""
        share = 1 - (self.chance * self.stop).sum(axis=0) if cls is ThreatClass.ballistic else self.leak[cls]
        return self.worlds.counts[:, cls, None] * self._aimed(cls) * share

    def kept(self, cls: ThreatClass, damage: Floats) -> Floats:
        """(w, p) expected share left of a place when each leaker takes `damage` (w,) of what is left of it.

        With a damage of 1: the chance that nothing leaks.
        """
        theatre = self.worlds.theatre
        if cls in self.settled:
            return self.settled[cls]
        if cls is ThreatClass.ballistic:
            chance, stop, together = (
                self.chance,
                self.stop,
                same_night(tuple(theatre.history[:, cls].tolist()), theatre.nights),
            )
        else:
            stop, together = 1 - self.leak[cls][None], 0.0
            chance = np.ones_like(stop)
        kept = np.empty(chance.shape[1:])
        by_state = (np.ascontiguousarray(np.moveaxis(table, 0, 2)) for table in (chance, stop))
        aimed = np.ascontiguousarray(self._aimed(cls))
        packets = packets_of(self.worlds, cls)
        over_worlds(kept_shares, len(kept), packets, aimed, *by_state, damage, together, kept)
        if cls in self.leak:
            self.settled[cls] = kept
        return kept

    def uncovered(self) -> Floats:
        """(w, p) 1 where no unit covers the place against ballistic missiles, ready or not."""
        return np.asarray(self.chance.sum(axis=0) <= 0, dtype=np.float64)

    def _aimed(self, cls: ThreatClass) -> Floats:
        return self.worlds.mix[:, cls, self.places].astype(np.float64)


def expect(
    cover: Cover,
    rounds: float | Floats,
    places: Ints | NDArray[np.intp],
    leak: Mapping[ThreatClass, Floats] | None = None,
    settled: dict[ThreatClass, Floats] | None = None,
) -> Expectation:
    """Work out what leaks at these places, with these rounds a month for all places together.

    Parameters
    ----------
    rounds
        (w,) as for `fill`.
    leak
        Class to (w, p) chance that a threat of another class leaks at these places, for metrics that count them.
    settled
        What an expectation of the same worlds and places settled for classes that leak as they did.
    """
    endless = np.all(np.isinf(rounds))
    filled = np.ones(len(cover.worlds)) if endless else fill(cover.worlds, cover.engaged, rounds)
    chance, kill = cover.meets(places)
    stop, known = filled[:, None] * kill, {} if settled is None else settled
    return Expectation(cover.worlds, places, chance, stop, filled, leak or FrozenDict(), known)


def stakes_of(worlds: Worlds, places: Ints | NDArray[np.intp]) -> Stakes:
    """What leakers cost at these places."""
    damage = {cls: worlds.scalar[f"damage_{cls.name}"] for cls in ThreatClass if cls is not ThreatClass.glide_bomb}
    return Stakes(
        population=worlds.places.population[places],
        capacity_mw=worlds.places.capacity_mw[places],
        damage=FrozenDict(damage),
    )


def expected_losses(
    cover: Cover,
    goal: Goal,
    plan: Laydown,
    supplies: Sequence[Sequence[float | Floats]],
    passage: Passage | None = None,
) -> Floats:
    """Expected value of a goal's metric with the first n units of a plan, n = 0 to all of them, for several supplies.

    Parameters
    ----------
    cover, passage
        The baseline's; both stay as they are. A metric of ballistic missiles alone needs no passage.
    plan
        The added units in order.
    supplies
        (supply, n) rounds a month, (w,) or one number, with n = 0, 1, ... added units.

    Returns
    -------
    (supply, w, n + 1) losses; of a metric of coverage the number of places that nobody covers.
    """
    metric = goal.measure
    places = np.flatnonzero(metric.places(cover.worlds.places, goal.largest_cities))
    stakes = stakes_of(cover.worlds, places)
    if metric.classes == (ThreatClass.ballistic,):
        worth = np.zeros(len(cover.worlds.places))
        worth[places] = metric.worth(stakes)
        return _ballistic_losses(cover, worth, plan, supplies, whole=metric.damage is not None)
    if metric.is_coverage:  # covered, with rounds or without
        bare = [states.bare(places) @ metric.worth(stakes) for states, _ in with_units(cover, plan)]
        return np.repeat(np.stack(bare, axis=1)[None], len(supplies), axis=0)
    table = np.empty((len(supplies), len(cover.worlds), len(plan) + 1))
    settled: dict[ThreatClass, Floats] = {}
    for n, (covered, passed) in enumerate(with_units(cover, plan, passage)):
        leak = passed.leak(places) if passed else None
        # Units change what leaks of the metric's own classes; the background leaks as it did.
        settled = {cls: kept for cls, kept in settled.items() if cls in metric.background}
        for at, rounds in enumerate(supplies):
            leakage = expect(covered, rounds[n], places, leak, settled)
            table[at, :, n] = metric.expected_loss(leakage, stakes).sum(axis=1)
    return table


@dataclass(frozen=True, slots=True, eq=False)
class StrikeSums:
    """Sums over places with the first n units of a plan, axes w, n: all that expected ballistic strikes take.

    Parameters
    ----------
    aimed, stopped
        (w,) share of all missiles aimed at the places that count, by their worth; (w, n) of these, stopped if there are
        rounds.
    met
        (w, n) share of all missiles that a ready unit meets, wherever aimed: what rounds are asked for.
    newly, newly_stopped
        The same as `aimed` and `stopped` at places that an added unit reaches.
    refuge_stopped
        (w, n) share stopped of what is aimed in proportion to what gets through at places that count.
    """

    aimed: Floats
    stopped: Floats
    met: Floats
    newly: Floats
    newly_stopped: Floats
    refuge_stopped: Floats


def strike_sums(cover: Cover, worth: Floats, plan: Laydown) -> StrikeSums:
    """Sum up what a plan does, for all numbers of its units at once.

    Parameters
    ----------
    cover
        The baseline's.
    worth
        (p,) what counts: 1 at the places of a goal, 0 elsewhere.
    plan
        The added units in order.
    """
    attack, sums = _attack(cover.worlds, worth), np.empty((5, len(cover.worlds), len(plan) + 1))
    over_worlds(sums_by_number, len(cover.worlds), cover.none_ready, attack, *_added(cover.worlds, plan), sums)
    met, stopped, squared, newly, newly_stopped = sums
    aimed = attack.mix @ worth
    through = np.maximum(aimed[:, None] - stopped, 1e-300)
    return StrikeSums(aimed, stopped, met, newly, newly_stopped, (stopped - squared) / through)


def _ballistic_losses(
    cover: Cover,
    worth: Floats,
    plan: Laydown,
    supplies: Sequence[Sequence[float | Floats]],
    *,
    whole: bool,
) -> Floats:
    """(supply, w, n + 1) losses of a metric of ballistic missiles; whole: the first leaker takes all there is."""
    worlds, sums = cover.worlds, strike_sums(cover, worth, plan)
    launched = worlds.counts[:, ThreatClass.ballistic, None]
    wanted = salvo_of(worlds, "ballistic")[:, None] * launched * sums.met
    table = np.empty((len(supplies), *wanted.shape))
    for at, rounds in enumerate(supplies):
        supply = np.stack([np.broadcast_to(each, len(worlds)) for each in rounds], axis=1)
        filled = share_filled(supply, wanted)
        if whole:
            tables = cover.none_ready, _attack(worlds, worth), *_added(worlds, plan), filled, table[at]
            over_worlds(struck_by_number, len(worlds), *tables)
        else:
            table[at] = launched * (sums.aimed[:, None] - filled * sums.stopped)
    return table


def _attack(worlds: Worlds, worth: Floats) -> Attack:
    cls, theatre = ThreatClass.ballistic, worlds.theatre
    return Attack(
        worlds.mix[:, cls].astype(np.float64), kill_by_system(worlds), np.where(theatre.places.kyiv, 0, 1), worth,
        packets_of(worlds, cls), _together(theatre),
    )  # fmt: skip


def _together(theatre: Theatre) -> float:
    """Chance that two packets of ballistic missiles come in the same night of the month."""
    return same_night(tuple(theatre.history[:, ThreatClass.ballistic].tolist()), theatre.nights)


def _added(worlds: Worlds, plan: Laydown) -> tuple[Added, Near]:
    codes = np.array([worlds.kinds.code(kind) for kind in plan.kinds], dtype=np.int64)
    columns = np.ascontiguousarray(plan.sites.reshape(len(plan), -1 if plan.sites.size else 1))
    radius = worlds.units.radius_ballistic_km
    near = _near(worlds, float(radius[:, codes].max(initial=0.0)))
    return Added(columns, codes, radius, worlds.readiness_added), near


def with_units(cover: Cover, plan: Laydown, passage: Passage | None = None) -> Iterator[tuple[Cover, Passage | None]]:
    """Give the cover and the passage with the first n units of a plan for n = 0, 1, ...; each only until the next."""
    cover, passage = cover.copy(), passage.copy() if passage else None
    yield cover, passage
    for kind, site in plan:
        cover.add(site, kind)
        if passage:
            passage.add(site, kind)
        yield cover, passage
