"""Worlds x laydown x seed to outcomes: pack, run, unpack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.engagement import MEETS, PAIR, PRIORITY, UNIT, Engagement, salvo_of
from tegmen.engine.expected import kill_by_system
from tegmen.engine.kernel.calendar import Geometry, Raids
from tegmen.engine.kernel.windows import TICKS_PER_S
from tegmen.engine.kernel.words import uint32_threshold
from tegmen.engine.passage import let_pass
from tegmen.engine.workload import Compute, Workload, check_limits, fight
from tegmen.question.lanes import LANE_CLASSES, VARIANTS
from tegmen.question.theatre import Theatre
from tegmen.terms import SAME, ThreatClass
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


BACKGROUND = (ThreatClass.drone, ThreatClass.supersonic, ThreatClass.s300_ground)
"""Classes that added units do not change in this version: simulated once, not for every laydown (A9, A13, A14)."""
MATCHED = (ThreatClass.ballistic, ThreatClass.cruise)
"""Classes that missile systems meet."""


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """Worlds ready to be fought.

    Parameters
    ----------
    worlds
        The worlds.
    factor
        (w,) kill chance of one round of the best system at a cruise missile, in (0, 1].
    attrition
        (w, lane) share the dispersed layer stops.
    compute
        What its simulations run on.
    """

    worlds: Worlds
    factor: Floats
    attrition: Floats
    compute: Compute = field(default_factory=Compute, metadata=SAME)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of it, axes w, r, p; integers.

    Parameters
    ----------
    leakers
        Threat class to (w, r, p) threats not intercepted.
    launched
        (w, class) launched in the month.
    elsewhere
        (w, r) ballistic missiles aimed at no place: neither stopped nor leakers.
    by_systems, by_dispersed, rounds
        (w, r) stopped by missile systems, by the dispersed layer; rounds fired.
    """

    leakers: dict[ThreatClass, NDArray[np.uint16]]
    launched: Ints
    elsewhere: Ints
    by_systems: Ints
    by_dispersed: Ints
    rounds: Ints


def simulate(
    campaign: Campaign,
    engagement: Engagement | None,
    *,
    added: int,
    runs: int,
    classes: Sequence[ThreatClass],
    filled: Floats | None = None,
) -> Outcome:
    """Fight every world's month `runs` times with the first `added` units of the engagement's list.

    Same seed, same draws, whatever the laydown, the number of threads and the other classes simulated.

    Parameters
    ----------
    filled
        (w,) share of engagements of ballistic missiles that rounds suffice for (`expected.fill`); None: all.

    Raises
    ------
    InputError
        More runs, threats, units, rounds or ticks than the tables can hold.
    """
    workload = _workload(campaign, engagement, added, runs, classes)
    if filled is not None:
        workload = replace(workload, kill=_kill(campaign, filled))
    return _fight(campaign, workload, runs, classes)


def pack_once(
    campaign: Campaign, engagement: Engagement, *, runs: int, classes: Sequence[ThreatClass]
) -> Callable[..., Outcome]:
    """Pack the tables once: fights as `simulate` does, with so many added units and (w,) so many rounds as asked."""
    workload = _workload(campaign, engagement, 0, runs, classes)

    def fought(added: int, filled: Floats | None = None) -> Outcome:
        own = replace(workload, exists=engagement.exists(added))
        own = own if filled is None else replace(own, kill=_kill(campaign, filled))
        return _fight(campaign, own, runs, classes)

    return fought


def _fight(campaign: Campaign, workload: Workload, runs: int, classes: Sequence[ThreatClass]) -> Outcome:
    leakers, tally = fight(workload, range(runs), campaign.compute)
    return Outcome(
        leakers={cls: leakers[:, :, slot, :-1] for slot, cls in enumerate(classes)},
        launched=workload.raids.counts,
        elsewhere=leakers[..., -1].sum(axis=2, dtype=np.int64),
        by_systems=tally["by_systems"],
        by_dispersed=tally["by_dispersed"],
        rounds=tally["rounds"],
    )


def _workload(
    campaign: Campaign, engagement: Engagement | None, added: int, runs: int, classes: Sequence[ThreatClass]
) -> Workload:
    worlds = campaign.worlds
    counts = np.zeros_like(worlds.counts)
    counts[:, list(classes)] = worlds.counts[:, list(classes)]
    slot = np.full(len(ThreatClass), -1, dtype=np.int64)
    slot[list(classes)] = np.arange(len(classes))
    tables = engagement or _nobody(campaign)
    # Only lanes of these classes matter, and only some classes meet the dispersed layer.
    lanes = worlds.theatre.lanes.first
    dispersed = [cls for cls in classes if cls is not ThreatClass.ballistic]
    begin = min((int(lanes[cls]) for cls in dispersed), default=0)
    end = max((int(lanes[cls + 1]) for cls in dispersed), default=0)
    workload = Workload(
        first_world=worlds.first,
        key=np.array([worlds.seed & 0xFFFFFFFF, (worlds.seed >> 32) & 0xFFFFFFFF], dtype=np.int64),
        nights=worlds.theatre.nights,
        raids=Raids(counts, worlds.packet, worlds.theatre.history, _cumulative(_aimed(worlds))),
        geometry=_geometry(worlds.theatre),
        pairs=tables.pairs,
        pointers=tables.pointers,
        exists=tables.exists(added),
        units=tables.units,
        stock=tables.stock,
        kill=_kill(campaign, np.ones(len(worlds))),
        attrition=uint32_threshold(campaign.attrition[:, begin:end]),
        layer=begin,
        slot=slot,
    )
    check_limits(workload, runs)
    return workload


def begin_campaign(worlds: Worlds, *, cruise: bool = True, compute: Compute | None = None) -> Campaign:
    """Make worlds ready to be fought; what units stop is what the worlds' rates say.

    Parameters
    ----------
    cruise
        Whether cruise missiles are to be fought: their factor is solved for only then.
    """
    passage = let_pass(worlds, cruise=cruise)
    return Campaign(worlds, passage.factor, passage.attrition, compute or Compute())


def _kill(campaign: Campaign, filled: Floats) -> NDArray[np.uint64]:
    """(w, class, kind) thresholds of one round.

    Cruise: the factor times the system's effectiveness. Ballistic: the kill share, as far as rounds suffice,
    is what a salvo of s stops, so one round kills with ``1 - (1 - kill)^(1/s)``.
    """
    worlds, systems = campaign.worlds, len(campaign.worlds.kinds)
    table = np.zeros((len(worlds), len(ThreatClass), systems * len(MEETS)))
    table[:, ThreatClass.cruise, :systems] = campaign.factor[:, None] * worlds.units.effectiveness_air
    kill = filled[:, None, None] * kill_by_system(worlds)
    one_round = 1 - (1 - kill) ** (1 / salvo_of(worlds, "ballistic")[:, None, None])
    for zone in range(one_round.shape[1]):
        first = (1 + zone) * systems
        table[:, ThreatClass.ballistic, first : first + one_round.shape[2]] = one_round[:, zone]
    table[:, ThreatClass.drone, systems * MEETS.index("drone") :] = worlds.units.kill_drone
    return uint32_threshold(table)


def _aimed(worlds: Worlds) -> Floats:
    """(w, class, p + 1) where threats are aimed, last what is aimed at no place: of ballistic missiles only."""
    nowhere = np.zeros((*worlds.mix.shape[:2], 1))
    nowhere[:, ThreatClass.ballistic, 0] = np.maximum(0, 1 - worlds.mix[:, ThreatClass.ballistic].sum(axis=1))
    return np.concatenate([worlds.mix.astype(np.float64), nowhere], axis=2)


def _geometry(theatre: Theatre) -> Geometry:
    priority = np.zeros(len(ThreatClass), dtype=np.int64)
    priority[list(PRIORITY)] = np.arange(len(PRIORITY))
    spread = np.rint(np.append(theatre.spread_s, theatre.window_s) * TICKS_PER_S).astype(np.int64)
    variants = np.array([VARIANTS if cls in LANE_CLASSES else 1 for cls in ThreatClass], dtype=np.int64)
    return Geometry(_cumulative(theatre.lanes.area_weight), theatre.lanes.first, variants, spread, priority)


def _nobody(campaign: Campaign) -> Engagement:
    """Nobody stands anywhere."""
    count, lanes = len(campaign.worlds), int(campaign.worlds.theatre.lanes.first[-1])
    return Engagement(
        classes=(), pointers=np.zeros((count, lanes + 1), np.int64), pairs=np.zeros(0, PAIR),
        units=np.zeros((count, 0), UNIT), stock=np.zeros((count, 0), np.int64), base_units=0, per_added=0,
    )  # fmt: skip


def _cumulative(weight: Floats) -> NDArray[np.uint32]:
    """Cumulative weights along the last axis as uint32; the last entry with weight closes the range."""
    cumulative = np.cumsum(weight, axis=-1)
    total = np.maximum(cumulative[..., -1:], 1e-300)
    scaled = np.floor(cumulative / total * 2.0**32)
    # A word is always below 2^32 - 1 or equal to it; entries that reach the end must exceed every word.
    return np.minimum(scaled, 2.0**32 - 1).astype(np.uint32)
