"""Worlds x laydown x seed to outcomes: pack, run, unpack; and the factors that make the baseline match the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.engagement import KINDS, PAIR, PRIORITY, TICKS_PER_S, UNIT, Engagement, attrition_rate, engage
from tegmen.engine.kernel.calendar import Geometry, Raids
from tegmen.engine.kernel.words import uint32_threshold
from tegmen.engine.workload import Compute, Workload, check_limits, fight
from tegmen.errors import EvidenceError
from tegmen.evidence.systems import MISSILE_SYSTEMS
from tegmen.question.lanes import LANE_CLASSES, VARIANTS
from tegmen.question.theatre import Theatre
from tegmen.terms import ThreatClass
from tegmen.worlds.draw import Worlds, take

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


BACKGROUND = (ThreatClass.drone, ThreatClass.supersonic, ThreatClass.s300_ground)
"""Classes that added units do not change in this version: simulated once, not for every laydown (A9, A13, A14)."""
MATCHED = (ThreatClass.ballistic, ThreatClass.cruise)
"""Classes that missile systems meet: each has a factor to solve for."""
_SOLVE_RUNS = {ThreatClass.ballistic: 60, ThreatClass.cruise: 6}
_SOLVE_STEPS = {ThreatClass.ballistic: 7, ThreatClass.cruise: 4}


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """Worlds ready to be fought: their baseline reproduces each world's calibrated rates.

    Parameters
    ----------
    worlds
        The worlds kept.
    factor
        (w, class) effectiveness factor in (0, 1]: kill chance of one round of the best system.
    attrition
        (w, lane) share the dispersed layer stops.
    compute
        What its simulations run on where they are not told otherwise.
    """

    worlds: Worlds
    factor: Floats
    attrition: Floats
    compute: Compute = field(default_factory=Compute)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of it, axes w, r, p; integers.

    Parameters
    ----------
    leakers
        Threat class to (w, r, p) threats not intercepted.
    launched
        (w, class) launched in the month.
    by_systems, by_dispersed, rounds
        (w, r) stopped by missile systems, by the dispersed layer; rounds fired.
    """

    leakers: dict[ThreatClass, NDArray[np.uint16]]
    launched: Ints
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
    compute: Compute | None = None,
) -> Outcome:
    """Fight every world's month `runs` times with the first `added` units of the engagement's list.

    Same seed, same draws, whatever the laydown, the number of threads and the other classes simulated.

    Raises
    ------
    InputError
        More runs, threats, units, rounds or ticks than the tables can hold.
    """
    return _fight(campaign, _workload(campaign, engagement, added, runs, classes), range(runs), classes, compute)


def pack_once(
    campaign: Campaign, engagement: Engagement, *, runs: int, classes: Sequence[ThreatClass]
) -> Callable[[int], Outcome]:
    """Pack the tables once: fights as `simulate` does, with as many added units as it is called with."""
    workload = _workload(campaign, engagement, 0, runs, classes)

    def fought(added: int) -> Outcome:
        own = replace(workload, exists=engagement.exists(added))
        return _fight(campaign, own, range(runs), classes, None)

    return fought


def _fight(
    campaign: Campaign, workload: Workload, runs: range, classes: Sequence[ThreatClass], compute: Compute | None
) -> Outcome:
    leakers, tally = fight(workload, runs, compute or campaign.compute)
    return Outcome(
        leakers={cls: leakers[:, :, slot] for slot, cls in enumerate(classes)},
        launched=workload.raids.counts,
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
        raids=Raids(counts, worlds.packet, worlds.theatre.history, _cumulative(worlds.mix)),
        geometry=_geometry(worlds.theatre),
        pairs=tables.pairs,
        pointers=tables.pointers,
        exists=tables.exists(added),
        units=tables.units,
        stock=tables.stock,
        kill=_kill(campaign),
        attrition=uint32_threshold(campaign.attrition[:, begin:end]),
        layer=begin,
        slot=slot,
    )
    check_limits(workload, runs)
    return workload


def match_record(
    worlds: Worlds,
    *,
    solve: Sequence[ThreatClass] = MATCHED,
    compute: Compute | None = None,
) -> tuple[Campaign, NDArray[np.bool_]]:
    """Solve, world by world, the factors with which the simulated baseline reproduces the calibrated rates.

    One monotone root a class: for ballistic missiles the share killed of those aimed at covered places, for cruise
    missiles the share intercepted by systems and dispersed layer together. Common random numbers make the simulated
    share a step function that rises with the factor, so bisection is safe.

    Parameters
    ----------
    solve
        Classes to solve for; the others of `MATCHED` are only checked and keep a factor of 1, for worlds in which they
        will not be simulated.

    Returns
    -------
    The campaign, and which worlds have a factor in (0, 1] for every class; the others are to be redrawn.

    Raises
    ------
    EvidenceError
        There is no world to match.
    """
    if not len(worlds):
        msg = "none of the worlds drawn agrees with the record, so there is none to match to it"
        raise EvidenceError(f"{msg}; draw more worlds, or widen the baseline's range")
    campaign = Campaign(
        worlds=worlds, factor=np.ones((len(worlds), len(ThreatClass))),
        attrition=_attrition(worlds), compute=compute or Compute(),
    )  # fmt: skip
    feasible = np.ones(len(worlds), dtype=bool)
    for cls in MATCHED:
        trial, table = _trial(campaign, cls)
        steps = _SOLVE_STEPS[cls] if cls in solve else 0
        factor, reached = _bisect(_share_stopped(trial, table, cls), worlds.rate[:, cls], steps)
        campaign = replace(campaign, factor=_with_column(campaign.factor, cls, factor))
        feasible &= reached
    return campaign, feasible


def take_worlds(campaign: Campaign, index: NDArray[np.intp]) -> Campaign:
    """Take the worlds of these indices and what was solved for them."""
    return replace(
        campaign,
        worlds=take(campaign.worlds, index),
        factor=campaign.factor[index],
        attrition=campaign.attrition[index],
    )


def _trial(campaign: Campaign, cls: ThreatClass) -> tuple[Campaign, Engagement]:
    """The worlds in which a class's factor is solved for: as they are, or (ballistic) with all targets covered."""
    worlds = campaign.worlds
    if cls is ThreatClass.cruise:
        return campaign, engage(worlds, (), "patriot", (cls,))
    # The share killed when covered was seen at Kyiv, under Patriots: solve it for places that a ready Patriot covers.
    ready = replace(worlds, readiness=np.ones_like(worlds.readiness))
    table = engage(ready, (), "patriot", (cls,))
    mix, counts = worlds.mix.copy(), worlds.counts.copy()
    mix[:, cls] *= worlds.covered_by("patriot") > 0
    covered = mix[:, cls].sum(axis=1, keepdims=True)
    mix[:, cls] /= covered
    counts[:, cls] = np.maximum(1, np.rint(counts[:, cls] * covered[:, 0]))
    return replace(campaign, worlds=replace(ready, mix=mix, counts=counts)), table


def _share_stopped(trial: Campaign, table: Engagement, cls: ThreatClass) -> Callable[[Floats], Floats]:
    runs = _SOLVE_RUNS[cls]
    launched = np.maximum(trial.worlds.counts[:, cls], 1) * runs
    workload = _workload(trial, table, 0, runs, (cls,))

    def share(factor: Floats) -> Floats:
        own = replace(workload, kill=_kill(replace(trial, factor=_with_column(trial.factor, cls, factor))))
        outcome = _fight(trial, own, range(runs), (cls,), None)
        return 1 - outcome.leakers[cls].sum(axis=(1, 2), dtype=np.int64) / launched

    return share


def _with_column(table: Floats, column: int, values: Floats) -> Floats:
    """Give a copy with other values in one column."""
    copy = table.copy()
    copy[:, column] = values
    return copy


def _bisect(share: Callable[[Floats], Floats], target: Floats, steps: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Factor in (0, 1] whose share is the target, by bisection and one linear step; and whether 1 reaches it."""
    low, high = np.zeros_like(target), np.ones_like(target)
    at_low, at_high = np.zeros_like(target), share(high)
    reached = at_high >= target
    if not steps:
        return high, reached
    for _ in range(steps):
        middle = (low + high) / 2
        at_middle = share(middle)
        short = at_middle < target
        low, high = np.where(short, middle, low), np.where(short, high, middle)
        at_low, at_high = np.where(short, at_middle, at_low), np.where(short, at_high, at_middle)
    step = (target - at_low) / np.maximum(at_high - at_low, 1e-9)
    return low + (high - low) * np.clip(step, 0.0, 1.0), reached


def _attrition(worlds: Worlds) -> Floats:
    """(w, lane) share stopped by the dispersed layer; near-zero classes keep their posted rate on every lane."""
    first = worlds.theatre.lanes.first
    table = np.zeros((len(worlds), int(first[-1])))
    for cls in ThreatClass:
        here = slice(int(first[cls]), int(first[cls + 1]))
        if cls is ThreatClass.drone:
            table[:, here] = attrition_rate(worlds, cls, worlds.rate[:, cls])
        elif cls is ThreatClass.cruise:
            share = worlds.scalar["dispersed_share_cruise"] * worlds.rate[:, cls]
            table[:, here] = attrition_rate(worlds, cls, share)
        elif cls in (ThreatClass.supersonic, ThreatClass.s300_ground):
            table[:, here] = worlds.rate[:, cls, None]
    return table


def _kill(campaign: Campaign) -> NDArray[np.uint64]:
    """(w, class, kind) thresholds: factor times the system's effectiveness relative to the best one."""
    worlds = campaign.worlds
    table = np.zeros((len(worlds), len(ThreatClass), KINDS))
    table[:, ThreatClass.cruise, : len(MISSILE_SYSTEMS)] = worlds.units.effectiveness_air
    table[:, ThreatClass.ballistic, len(MISSILE_SYSTEMS) :] = worlds.units.effectiveness_ballistic
    return uint32_threshold(table * campaign.factor[:, :, None])


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
