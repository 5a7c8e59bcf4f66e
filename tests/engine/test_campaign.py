"""Worlds x laydown x seed to outcomes, against closed forms, bookkeeping and the rates asked for."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from closed_forms import leak_probability
from core_example import (
    BALLISTIC,
    CRUISE,
    NASAMS,
    PATRIOT,
    SAMPT,
    drawn,
    even_units,
    made_campaign,
    made_worlds,
    patriots,
)

from tegmen.engine.campaign import BACKGROUND, Campaign, begin_campaign, simulate
from tegmen.engine.engagement import attrition_rate, engage
from tegmen.engine.workload import Compute
from tegmen.errors import InputError
from tegmen.terms import take
from tegmen.worlds.draw import Worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tegmen.terms import ThreatClass

KYIV, LVIV, ODESA, VINNYTSIA = range(4)
BOTH = (BALLISTIC, CRUISE)


def aimed_and_leaked(
    campaign: Campaign, cls: ThreatClass, *, sites: Sequence[int] = (), added: int = 0, runs: int = 2000
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(w, r, p) threats aimed at each place, as leakers against nothing, and leakers against the laydown."""
    table = engage(campaign.worlds, patriots(sites), (cls,))
    bare = replace(campaign, attrition=np.zeros_like(campaign.attrition))
    aimed = simulate(bare, None, added=0, runs=runs, classes=(cls,)).leakers[cls]
    leaked = simulate(campaign, table, added=added, runs=runs, classes=(cls,)).leakers[cls]
    return aimed.astype(np.int64), leaked.astype(np.int64)


def z_score(excess: NDArray[np.float64], *, solved_with: float = np.inf) -> NDArray[np.float64]:
    """(...) mean over the last axis in standard errors; more where the expectation was itself found by so many runs."""
    error = np.std(excess, axis=-1, ddof=1) * np.sqrt(1 / excess.shape[-1] + 1 / solved_with)
    return excess.mean(axis=-1) / np.maximum(error, 1e-12)


def with_scalar(worlds: Worlds, **changed: float) -> Worlds:
    new = {name: np.full(len(worlds), value) for name, value in changed.items()}
    return replace(worlds, scalar=MappingProxyType(dict(worlds.scalar) | new))


# ------------------------------------------------------------------ closed forms


@pytest.mark.parametrize(("sites", "added"), [((), 0), ((ODESA, KYIV), 1), ((ODESA, KYIV), 2)])
def test_leakage_under_coverage_is_the_closed_form(sites: Sequence[int], added: int):
    # two Patriots and a SAMP/T at Kyiv, one Patriot at Lviv, a NASAMS that meets no ballistic missile at Odesa
    stands = [(PATRIOT, KYIV), (PATRIOT, KYIV), (SAMPT, KYIV), (PATRIOT, LVIV), (NASAMS, ODESA)]
    ready, kill = 0.6, 0.7
    covering = np.array([3, 1, 0, 0]) + np.bincount(sites[:added], minlength=4)
    campaign = made_campaign(made_worlds(stands, readiness=ready), kill)
    aimed, leaked = aimed_and_leaked(campaign, BALLISTIC, sites=sites, added=added)
    expected = leak_probability(covering, ready, kill)
    score = z_score(np.moveaxis((leaked - expected * aimed)[0], 0, -1))
    assert np.all(np.abs(score) <= 4)
    assert np.array_equal(leaked[..., VINNYTSIA], aimed[..., VINNYTSIA])


@pytest.mark.parametrize("salvo", [1, 2, 3])
def test_a_ballistic_missile_is_met_once_with_one_salvo_however_long_it_is_in_view(salvo: int):
    # In view for five minutes, an interceptor back within ten seconds; two units could each fire many times.
    worlds = with_scalar(
        made_worlds([(PATRIOT, LVIV), (SAMPT, LVIV)]), salvo_ballistic=salvo, detection_ballistic_s=300.0
    )
    campaign = made_campaign(worlds, 0.4)
    aimed, leaked = aimed_and_leaked(campaign, BALLISTIC)
    assert abs(z_score((leaked - 0.6 * aimed)[0, :, LVIV])) <= 4
    table = engage(worlds, patriots(), (BALLISTIC,))
    fired = simulate(campaign, table, added=0, runs=200, classes=(BALLISTIC,)).rounds
    assert np.array_equal(fired, salvo * aimed[:, :200, LVIV])


def test_patriot_fires_before_samp_t_and_samp_t_where_no_patriot_is_ready():
    units = even_units(1)
    relative = units.effectiveness_ballistic.copy()
    relative[:, SAMPT] = 0.25
    worlds = made_worlds([(SAMPT, LVIV), (PATRIOT, LVIV), (SAMPT, ODESA)], readiness=0.5)
    worlds = replace(worlds, units=replace(units, effectiveness_ballistic=relative))
    aimed, leaked = aimed_and_leaked(made_campaign(worlds, 0.8), BALLISTIC)
    for place, stopped in ((LVIV, 0.5 * 0.8 + 0.25 * 0.2), (ODESA, 0.5 * 0.2)):
        assert abs(z_score((leaked - (1 - stopped) * aimed)[0, :, place])) <= 4


def test_a_missile_is_stopped_as_its_place_is_whoever_stands_where():
    # A unit at Irpin covers Kyiv, one at Lviv covers no place of Kyiv's zone.
    worlds = made_worlds([(PATRIOT, VINNYTSIA), (PATRIOT, LVIV)])
    apart = worlds.theatre.apart_km.copy()
    apart[VINNYTSIA, KYIV] = apart[KYIV, VINNYTSIA] = 20.0
    worlds = with_scalar(replace(worlds, theatre=replace(worlds.theatre, apart_km=apart)), kill_ratio_elsewhere=0.5)
    aimed, leaked = aimed_and_leaked(made_campaign(worlds, 0.8), BALLISTIC)
    for place, stopped in ((KYIV, 0.8), (LVIV, 0.4), (VINNYTSIA, 0.4), (ODESA, 0.0)):
        assert abs(z_score((leaked - (1 - stopped) * aimed)[0, :, place])) <= 4


def test_rounds_that_suffice_for_a_share_stop_that_share():
    campaign = made_campaign(made_worlds([(PATRIOT, LVIV)]), 0.8)
    table = engage(campaign.worlds, patriots(), (BALLISTIC,))
    aimed = simulate(campaign, None, added=0, runs=2000, classes=(BALLISTIC,)).leakers[BALLISTIC].astype(np.int64)
    few = simulate(campaign, table, added=0, runs=2000, classes=(BALLISTIC,), filled=np.array([0.3])).leakers[BALLISTIC]
    assert abs(z_score((few - (1 - 0.3 * 0.8) * aimed)[0, :, LVIV])) <= 4


def test_what_is_aimed_at_no_place_neither_leaks_nor_is_stopped():
    worlds = made_worlds([(PATRIOT, LVIV)])
    mix = worlds.mix.copy()
    mix[:, BALLISTIC] *= 0.75
    outcome = simulate(
        made_campaign(replace(worlds, mix=mix), 1.0), engage(worlds, patriots(), BOTH), added=0, runs=2000,
        classes=(*BOTH, *BACKGROUND),
    )  # fmt: skip
    assert abs(z_score((outcome.elsewhere - 0.25 * 12)[0])) <= 4
    met = outcome.leakers[BALLISTIC].sum(axis=2, dtype=np.int64) + outcome.elsewhere
    assert abs(z_score((met - (0.25 + 0.75 * 0.75) * 12.0)[0])) <= 4


@pytest.mark.parametrize("ready", [1, 5])
def test_launchers_stop_no_more_in_a_night_than_they_hold(ready: int):
    worlds = with_scalar(made_worlds([(PATRIOT, KYIV)], launched=60), reload_s=1e5)
    mix = worlds.mix.copy()
    mix[:, BALLISTIC] = np.arange(4) == KYIV
    theatre = replace(worlds.theatre, nights=1)
    worlds = replace(worlds, mix=mix, theatre=theatre, units=even_units(1, ready_ballistic=ready))
    table = engage(worlds, patriots(), (BALLISTIC,))
    outcome = simulate(made_campaign(worlds, 1.0), table, added=0, runs=50, classes=(BALLISTIC,))
    assert np.all(outcome.by_systems == ready)
    assert np.all(outcome.rounds == ready)
    assert np.all(outcome.leakers[BALLISTIC].sum(axis=2) == 60 - ready)


def test_a_sure_unit_lets_no_cruise_missile_reach_its_place():
    campaign = made_campaign(made_worlds([(NASAMS, LVIV)]), 1.0)
    aimed, leaked = aimed_and_leaked(campaign, CRUISE, runs=200)
    assert aimed[..., LVIV].sum() > 0
    assert not leaked[..., LVIV].any()
    assert np.array_equal(leaked[..., ODESA], aimed[..., ODESA])


def test_the_dispersed_layer_stops_the_share_it_is_given():
    worlds = made_worlds([(NASAMS, LVIV)], launched=100)
    campaign = made_campaign(worlds, 0.0)
    first = worlds.theatre.lanes.first
    attrition = campaign.attrition.copy()
    attrition[:, first[CRUISE] : first[CRUISE + 1]] = attrition_rate(worlds, CRUISE, np.array([0.3]))
    aimed, leaked = aimed_and_leaked(replace(campaign, attrition=attrition), CRUISE, runs=1000)
    assert abs(z_score((leaked.sum(axis=2) - 0.7 * aimed.sum(axis=2))[0])) <= 4


# ------------------------------------------------------------------ the record's rates


@cache
def matched(case: str = "posted") -> Campaign:
    return begin_campaign(drawn(case))


def afresh(campaign: Campaign) -> Campaign:
    """Give the same worlds other chance."""
    return replace(campaign, worlds=replace(campaign.worlds, seed=987_654_321))


@pytest.mark.parametrize("cls", BACKGROUND, ids=[cls.name for cls in BACKGROUND])
def test_classes_that_meet_no_system_keep_their_rate(cls: ThreatClass):
    campaign = afresh(matched())
    leaked = simulate(campaign, None, added=0, runs=150, classes=(cls,)).leakers[cls].sum(axis=2)
    share = 1 - leaked / campaign.worlds.counts[:, cls, None]
    excess = share - campaign.worlds.rate[:, cls, None]
    error = np.sqrt(excess.var(axis=1, ddof=1).sum() / 150)
    assert abs(excess.mean(axis=1).sum()) <= 4 * error


def test_keeping_worlds_keeps_what_was_solved_for_them():
    campaign = matched()
    index = np.array([4, 1])
    kept = take(campaign, index)
    assert len(kept.worlds) == 2
    assert np.array_equal(kept.factor, campaign.factor[index])
    assert np.array_equal(kept.attrition, campaign.attrition[index])
    assert np.array_equal(kept.worlds.rate, campaign.worlds.rate[index])


# ------------------------------------------------------------------ bookkeeping


def test_what_is_launched_is_stopped_or_leaks():
    campaign = matched("claimed")
    table = engage(campaign.worlds, patriots((0, 3, 5)), BOTH)
    outcome = simulate(campaign, table, added=3, runs=5, classes=(*BOTH, *BACKGROUND))
    leaked = outcome.elsewhere + sum(outcome.leakers[cls].sum(axis=2, dtype=np.int64) for cls in (*BOTH, *BACKGROUND))
    assert np.array_equal(
        leaked + outcome.by_systems + outcome.by_dispersed, np.repeat(outcome.launched.sum(axis=1)[:, None], 5, axis=1)
    )
    assert np.array_equal(outcome.launched, campaign.worlds.counts)


def test_added_units_leave_the_other_classes_alone():
    campaign = matched()
    table = engage(campaign.worlds, patriots(tuple(range(8))), BOTH)
    bare = simulate(campaign, None, added=0, runs=4, classes=BACKGROUND)
    defended = simulate(campaign, table, added=8, runs=4, classes=(*BOTH, *BACKGROUND))
    for cls in BACKGROUND:
        assert np.array_equal(bare.leakers[cls], defended.leakers[cls])


def test_a_class_has_the_same_fate_whatever_else_is_simulated():
    campaign = matched()
    sites = (0, 2)
    table = engage(campaign.worlds, patriots(sites), BOTH)
    both = simulate(campaign, table, added=2, runs=4, classes=BOTH)
    for cls in BOTH:
        table = engage(campaign.worlds, patriots(sites), (cls,))
        alone = simulate(campaign, table, added=2, runs=4, classes=(cls,))
        assert np.array_equal(alone.leakers[cls], both.leakers[cls])


def test_units_listed_but_not_added_do_not_exist():
    campaign = matched()
    long = engage(campaign.worlds, patriots((0, 1, 2, 3, 4)), BOTH)
    for added, sites in ((0, ()), (2, (0, 1))):
        short = engage(campaign.worlds, patriots(sites), BOTH)
        a = simulate(campaign, long, added=added, runs=4, classes=BOTH)
        b = simulate(campaign, short, added=added, runs=4, classes=BOTH)
        assert all(np.array_equal(a.leakers[cls], b.leakers[cls]) for cls in BOTH)
        assert np.array_equal(a.rounds, b.rounds)


def test_worlds_in_chunks_give_the_same_bits():
    campaign = matched()
    sites, runs = (0, 1), 4

    def fought(some: Campaign) -> NDArray[np.int64]:
        table = engage(some.worlds, patriots(sites), BOTH)
        outcome = simulate(some, table, added=2, runs=runs, classes=BOTH)
        return np.stack([outcome.leakers[cls] for cls in BOTH]).astype(np.int64)

    count, parts = len(campaign.worlds), []
    for start, stop in ((0, 7), (7, count)):
        part = take(campaign, np.arange(start, stop))
        parts.append(fought(replace(part, worlds=replace(part.worlds, first=start))))
    assert np.array_equal(np.concatenate(parts, axis=1), fought(campaign))


def test_more_runs_begin_with_the_same_runs_and_seeds_differ():
    campaign = matched()
    few = simulate(campaign, None, added=0, runs=3, classes=BACKGROUND)
    many = simulate(campaign, None, added=0, runs=6, classes=BACKGROUND)
    other = simulate(afresh(campaign), None, added=0, runs=3, classes=BACKGROUND)
    for cls in BACKGROUND:
        assert np.array_equal(few.leakers[cls], many.leakers[cls][:, :3])
        assert not np.array_equal(few.leakers[cls], other.leakers[cls])


def test_added_units_never_bring_more_ballistic_strikes():
    campaign, runs = matched(), 40
    table = engage(campaign.worlds, patriots(tuple(range(12))), (BALLISTIC,))
    strikes = [
        simulate(campaign, table, added=added, runs=runs, classes=(BALLISTIC,)).leakers[BALLISTIC].sum(axis=2) * 1.0
        for added in (0, 1, 2, 4, 8, 12)
    ]
    for fewer, more in pairwise(strikes):
        assert np.all(z_score(fewer - more) >= -4)
    assert strikes[-1].mean() < 0.9 * strikes[0].mean()


# ------------------------------------------------------------------ limits


def test_more_threats_than_addresses_are_refused():
    worlds = made_worlds([(PATRIOT, KYIV)], launched=1 << 14)
    with pytest.raises(InputError, match=r"16384 threats of one class in a month; at most 16383: split"):
        simulate(made_campaign(worlds, 1.0), None, added=0, runs=1, classes=(BALLISTIC,))


def test_more_runs_or_worlds_than_addresses_are_refused():
    campaign = made_campaign(made_worlds([(PATRIOT, KYIV)]), 1.0)
    with pytest.raises(InputError, match=r"1 worlds from number 0 x 65537 runs; at most 65535 of each: give fewer"):
        simulate(campaign, None, added=0, runs=65_537, classes=(BALLISTIC,))
    late = replace(campaign, worlds=replace(campaign.worlds, first=65_535))
    with pytest.raises(InputError, match=r"1 worlds from number 65535 x 1 runs; at most 65535 of each: give fewer"):
        simulate(late, None, added=0, runs=1, classes=(BALLISTIC,))


@pytest.mark.parametrize(
    ("scalar", "said"),
    [
        (
            {"reload_s": 5e5},
            r"a night of \d+ ticks of 0.1 s with flights and reloads; at most 4194303: give shorter times",
        ),
        ({"salvo_ballistic": 9.0}, r"a salvo of 9 rounds; at most 8: give fewer"),
        ({"stock_area": 3e9}, r"3000000000 rounds of one unit; at most 2147483647: give fewer"),
        ({"stock_area": -1.0}, r"a negative number of channels, rounds or ticks; give 0 or more"),
    ],
)
def test_what_the_integer_tables_cannot_hold_is_refused(scalar: dict[str, float], said: str):
    worlds = with_scalar(made_worlds([(PATRIOT, KYIV)]), **scalar)
    table = engage(worlds, patriots(), BOTH)
    with pytest.raises(InputError, match=f"simulation: {said}"):
        simulate(made_campaign(worlds, 1.0), table, added=0, runs=1, classes=BOTH)


def test_windows_that_do_not_fit_are_refused():
    worlds = with_scalar(made_worlds([(PATRIOT, KYIV)]), interceptor_speed_point_kms=1e-8)
    with pytest.raises(InputError, match=r"engagement: a window or flight time of 3.35e\+09 s does not fit"):
        engage(worlds, patriots(), (BALLISTIC,))


def test_compute_outcomes_and_tables_are_sent_to_another_process_and_copied():
    worlds = made_worlds([(PATRIOT, KYIV)])
    table = engage(worlds, patriots((LVIV,)), BOTH)
    outcome = simulate(made_campaign(worlds, 0.5), table, added=1, runs=3, classes=BOTH)
    for copy in (pickle.loads(pickle.dumps(outcome)), deepcopy(outcome)):
        for name in ("launched", "by_systems", "by_dispersed", "rounds"):
            assert np.array_equal(getattr(copy, name), getattr(outcome, name))
        assert list(copy.leakers) == list(outcome.leakers)
        assert all(np.array_equal(copy.leakers[cls], outcome.leakers[cls]) for cls in BOTH)
    for copy in (pickle.loads(pickle.dumps(table)), deepcopy(table)):
        again = simulate(made_campaign(worlds, 0.5), copy, added=1, runs=3, classes=BOTH)
        assert np.array_equal(again.rounds, outcome.rounds)
    assert pickle.loads(pickle.dumps(Compute(threads=1))) == Compute(threads=1)


def test_taking_no_worlds_is_no_simulation():
    campaign = matched()
    none = take(campaign, np.zeros(0, dtype=np.int64))
    assert len(take(campaign.worlds, np.zeros(0, dtype=np.int64))) == 0
    outcome = simulate(none, None, added=0, runs=2, classes=BACKGROUND)
    assert outcome.rounds.shape == (0, 2)


ENDLESS = """
import numpy as np
from core_example import BALLISTIC, PATRIOT, made_campaign, made_worlds, patriots
from tegmen.engine.engagement import engage
from tegmen.engine.campaign import simulate
worlds = made_worlds([(PATRIOT, 0)], launched=10_000)
table = engage(worlds, patriots(), (BALLISTIC,))
campaign = made_campaign(worlds, 0.5)
simulate(campaign, table, added=0, runs=2, classes=(BALLISTIC,))
try:
    print("fighting", flush=True)
    simulate(campaign, table, added=0, runs=65_000, classes=(BALLISTIC,))
except KeyboardInterrupt:
    again = simulate(campaign, table, added=0, runs=2, classes=(BALLISTIC,))
    print("interrupted", int(again.rounds.sum() > 0), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupt_is_seen_between_pieces_and_leaves_the_engine_sound():
    here = Path(__file__).parents[1]
    settings = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), *sys.path])}
    with subprocess.Popen([sys.executable, "-c", ENDLESS], env=settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "fighting\n"
        process.send_signal(signal.SIGINT)
        # Within a second on a machine that is not busy (a piece is 0.2 s); all of the months would take minutes.
        assert process.communicate(timeout=20)[0] == "interrupted 1\n"
