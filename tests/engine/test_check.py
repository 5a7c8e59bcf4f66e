"""Simulated against expected: agreement where nothing saturates, and a correction of the right sign where it does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import BALLISTIC, NASAMS, PATRIOT, drawn, even_units, evidence, made_campaign, made_worlds, patriots

from tegmen.engine.campaign import begin_campaign
from tegmen.engine.check import compare, thin_out
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from tegmen.question.scenario import Goal
    from tegmen.worlds.draw import Worlds

NUMBERS = range(31)
SITES = [*range(12), *range(12), *range(6)]


def goal(name: str) -> Goal:
    return next(goal for goal in evidence().scenario.goals if goal.name == name)


def eased() -> Worlds:
    """Worlds of the question, a tenth aimed at no place, kill elsewhere less, channels and launchers without end."""
    worlds = drawn(count=200)
    mix = worlds.mix.copy()
    mix[:, BALLISTIC] *= 0.9
    whole = {name: np.full_like(getattr(worlds.units, name), 200) for name in ("channels", "ready_ballistic")}
    ratio = {"kill_ratio_elsewhere": np.linspace(0.5, 1.0, len(worlds))}
    return replace(
        worlds, mix=mix, seed=5, units=replace(worlds.units, **whole), scalar=FrozenDict(dict(worlds.scalar) | ratio)
    )


@pytest.mark.parametrize("rounds", [np.inf, 20.0])
@pytest.mark.parametrize("name", ["strikes", "people"])
def test_simulated_and_expected_agree_at_every_number_where_nothing_saturates(name: str, rounds: float):
    agreement = compare(
        begin_campaign(eased(), cruise=False), goal(name), patriots(SITES), [rounds] * 31, added=NUMBERS, runs=50
    )
    assert agreement.added.tolist() == list(NUMBERS)
    assert np.all(np.abs(agreement.difference) <= 4 * agreement.error)
    assert np.all(np.abs(agreement.correction) <= 4 * np.maximum(agreement.correction_error, 1e-12))
    assert agreement.largest <= 4
    assert np.all(agreement.error < 0.01)


def test_capacity_is_near_and_its_remaining_share_agrees_where_nothing_saturates():
    worlds = eased()
    whole = {name: np.full_like(worlds.units.ready_air, 400) for name in ("channels", "ready_air")}
    scalar = FrozenDict(dict(worlds.scalar) | {"stock_area": np.full(len(worlds), 4000.0)})
    worlds = replace(worlds, units=replace(worlds.units, **whole), scalar=scalar)
    agreement = compare(
        begin_campaign(worlds), goal("capacity"), patriots(SITES[:12]), [np.inf] * 13, added=[0, 12], runs=20
    )
    # Cruise missiles of a packet share their way, which the closed form averages over: a few per cent of the level.
    assert np.all(np.abs(agreement.difference) <= 0.03 + 4 * agreement.error)
    assert np.all(np.abs(agreement.correction) <= 0.005 + 4 * agreement.correction_error)


def test_a_wrong_closed_form_is_told():
    campaign = begin_campaign(eased(), cruise=False)
    off = replace(campaign, worlds=replace(campaign.worlds, readiness=0.8 * campaign.worlds.readiness))
    table = compare(off, goal("strikes"), patriots(SITES), [np.inf] * 31, added=[0, 10], runs=50)
    assert table.largest <= 4
    # The same simulation against the expectation of other worlds.
    mine = expected_losses(cover_baseline(off.worlds), goal("strikes"), patriots(SITES), [[np.inf] * 31])[0]
    theirs = expected_losses(cover_baseline(campaign.worlds), goal("strikes"), patriots(SITES), [[np.inf] * 31])[0]
    apart = ((mine - theirs) / mine[:, :1]).mean(axis=0)
    assert abs(apart[0] / table.error[0]) > 4


def test_short_launchers_are_corrected_upwards_and_a_second_unit_helps():
    # Nobody meets ballistic missiles but the units added at Kyiv, one round each on their launchers a night.
    worlds = made_worlds([(NASAMS, 1)], launched=120, count=40)
    mix = worlds.mix.copy()
    mix[:, BALLISTIC] = [1.0, 0.0, 0.0, 0.0]
    worlds = replace(worlds, mix=mix, units=even_units(40, ready_ballistic=1))
    campaign = made_campaign(worlds, 0.9)
    agreement = compare(campaign, goal("strikes"), patriots([0, 0, 0]), [np.inf] * 4, added=range(4), runs=30)
    assert agreement.correction[0] == 0
    assert np.all(agreement.correction[1:] > 10 * agreement.correction_error[1:])
    assert np.all(np.diff(agreement.correction[1:]) < 0)
    # 120 missiles in ten nights, one round a unit and night: ten of them are met by one unit, thirty by three.
    met = np.array([10, 20, 30])
    assert np.allclose(agreement.correction[1:], 0.9 - 0.9 * met / 120, atol=5 * agreement.error[1:])


def test_what_remains_and_its_correction_are_the_simulated_share_where_the_baseline_saturates_too():
    # A unit at Lviv, one added at Kyiv, half of 120 missiles at each: either stops 0.9 of one missile a night.
    worlds = made_worlds([(PATRIOT, 1)], launched=120, count=40)
    mix = worlds.mix.copy()
    mix[:, BALLISTIC] = [0.5, 0.5, 0.0, 0.0]
    worlds = replace(worlds, mix=mix, units=even_units(40, ready_ballistic=1))
    agreement = compare(
        made_campaign(worlds, 0.9), goal("strikes"), patriots([0]), [np.inf] * 2, added=range(2), runs=30
    )
    remaining = (1 - 0.9) / (1 - 0.45)
    assert np.isclose(remaining + agreement.correction[1], (120 - 18) / (120 - 9), atol=0.01)
    assert agreement.correction[0] == 0


def test_thinned_out_worlds_are_spread_over_all():
    worlds = drawn()
    some = thin_out(worlds, 7)
    assert len(some) == 7
    assert np.array_equal(some.rate[[0, -1]], worlds.rate[[0, -1]])
    assert len(thin_out(worlds, 1000)) == len(worlds)
