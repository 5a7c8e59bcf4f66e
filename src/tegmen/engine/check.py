"""The simulation beside the closed forms: how far they are apart on the very same worlds, and what to correct by.

Where nothing saturates the two agree within chance; where channels or launchers do, their difference is the correction
of a closed form that knows of no saturation: a control variate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.engine.campaign import Campaign, pack_once, simulate
from tegmen.engine.engagement import engage
from tegmen.engine.expected import cover_baseline, expect, stakes_of, with_units
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import passage_for
from tegmen.question.scenario import Goal
from tegmen.terms import ThreatClass, take
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Simulated against expected, axis n: numbers of added units.

    Parameters
    ----------
    added
        (n,) added units.
    difference, error
        (n,) mean over worlds of (simulated - expected) loss over the expected loss with none added; its standard error.
    correction, correction_error
        (n,) mean over worlds of what saturation adds to the share that remains, on common random numbers:
        (simulated n - remaining n x simulated 0) over the mean simulated 0; its standard error.
    worlds, runs
        Worlds simulated; months of each.
    """

    added: Ints
    difference: Floats
    error: Floats
    correction: Floats
    correction_error: Floats
    worlds: int
    runs: int

    @property
    def largest(self) -> float:
        """Largest difference of any number, in standard errors."""
        return float(np.max(np.abs(self.difference) / np.maximum(self.error, 1e-12)))


def thin_out(worlds: Worlds, count: int) -> Worlds:
    """Take so many of the worlds, evenly spaced, so that copies of one world are taken as seldom as can be."""
    return take(worlds, np.unique(np.linspace(0, len(worlds) - 1, count).round().astype(np.intp)))


def take_numbers(agreement: Agreement, beside: int) -> Agreement:
    """Count numbers from those that stand in any case on, and leave out the others."""
    kept = agreement.added >= beside
    columns = {
        name: getattr(agreement, name)[kept] for name in ("difference", "error", "correction", "correction_error")
    }
    return replace(agreement, added=agreement.added[kept] - beside, **columns)


def compare(
    campaign: Campaign,
    goal: Goal,
    plan: Laydown,
    rounds: Sequence[float | Floats],
    *,
    added: Sequence[int],
    runs: int,
) -> Agreement:
    """Simulate worlds with these numbers of added units and compare a goal's metric with its closed form.

    Parameters
    ----------
    plan, rounds
        The added units in order; rounds a month for each n from 0.
    added, runs
        Numbers of added units, from 0; months a world.
    """
    worlds, metric = campaign.worlds, goal.measure
    places = np.flatnonzero(metric.places(worlds.places, goal.largest_cities))
    stakes = stakes_of(worlds, places)
    background = _background(campaign, metric.background, places, runs)
    fought = pack_once(campaign, engage(worlds, plan, metric.classes), runs=runs, classes=metric.classes)
    passage = passage_for(worlds, metric)
    simulated, expected = np.empty((2, len(added), len(worlds)))
    for n, state in enumerate(with_units(cover_baseline(worlds), plan, passage)):
        if n not in added:
            continue
        leak, at = state[1].leak(places) if state[1] else None, list(added).index(n)
        leakage = expect(state[0], rounds[n], places, leak)
        outcome = fought(n, leakage.filled)
        leaked = background | {cls: outcome.leakers[cls][:, :, places] for cls in metric.classes}
        simulated[at] = metric.loss(leaked, stakes).mean(axis=1)
        expected[at] = metric.expected_loss(leakage, stakes).sum(axis=1)
    return _agreement(np.array(added), simulated, expected, runs)


def _background(
    campaign: Campaign, classes: Sequence[ThreatClass], places: NDArray[np.intp], runs: int
) -> dict[ThreatClass, NDArray[np.uint16]]:
    if not classes:
        return {}
    leakers = simulate(campaign, None, added=0, runs=runs, classes=classes).leakers
    return {cls: table[:, :, places] for cls, table in leakers.items()}


def _agreement(added: Ints, simulated: Floats, expected: Floats, runs: int) -> Agreement:
    """Both tables (n, w); worlds in which nothing is lost to begin with say nothing."""
    lost, worlds = expected[0] > 0, expected.shape[1]
    simulated, expected = simulated[:, lost] / expected[0, lost], expected[:, lost] / expected[0, lost]
    apart, shift = simulated - expected, (simulated - expected * simulated[0]) / simulated[0].mean()
    root = np.sqrt(max(lost.sum(), 1))
    return Agreement(
        added, apart.mean(axis=1), apart.std(axis=1, ddof=1) / root, shift.mean(axis=1),
        shift.std(axis=1, ddof=1) / root, worlds, runs,
    )  # fmt: skip
