"""The oracle itself: Random123's known answers, nights worked out by hand, invariants, and the closed forms."""

from __future__ import annotations

import math
import random

import pytest
from closed_forms import shoot_look_shoot
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Night, Pair, Result, Rounds, Shot, Threat, Unit, campaign, fresh, night, philox

from tegmen.trust import exact

SURE, NEVER = 1 << 32, 0
BALLISTIC, CRUISE = 0, 2


def raid(count: int, launch: int = 0, lane: int = 0) -> list[Threat]:
    return [Threat(id=number, lane=lane, launch=launch, priority=BALLISTIC) for number in range(count)]


def lone(pair: Pair, unit: Unit, threats: list[Threat], seed: int = 1) -> Result:
    """Fight one night of one unit on lane 0."""
    return night(threats, {0: [pair]}, [unit], fresh([unit]), [False], 1, run=0, seed=seed)


def times(result: Result) -> list[tuple[int, int]]:
    return [(shot.at, shot.threat) for shot in result.log]


# Philox: kat_vectors of Random123, philox4x32 with 10 rounds


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_known_answers(counter: list[int], key: list[int], words: list[int]):
    assert list(philox(counter, key)) == words


# Nights by hand


def test_one_channel_serves_one_threat_at_a_time():
    # windows 10..90, flight 40: launches at 10, 50 and, the channel free AT 90 and the window closing at 90, 90
    pair, unit = Pair(0, 10, 90, 40, SURE, 0), Unit(channels=1, ready=9, reload=0, stock=0, salvo=1)
    result = lone(pair, unit, raid(4))
    assert times(result) == [(10, 0), (50, 1), (90, 2)]
    assert result.killed == {0: True, 1: True, 2: True, 3: False}
    assert result.shots == {0: 1, 1: 1, 2: 1, 3: 0}
    assert result.state == [Rounds(ready=6, stock=0)]


def test_a_window_one_tick_shorter_loses_the_last_engagement():
    pair, unit = Pair(0, 10, 89, 40, SURE, 0), Unit(channels=1, ready=9, reload=0, stock=0, salvo=1)
    assert times(lone(pair, unit, raid(4))) == [(10, 0), (50, 1)]


def test_two_channels_serve_two_and_launch_times_shift_the_windows():
    pair, unit = Pair(0, 10, 90, 40, SURE, 0), Unit(channels=2, ready=9, reload=0, stock=0, salvo=1)
    threats = [Threat(0, 0, 100, BALLISTIC), Threat(1, 0, 0, BALLISTIC), Threat(2, 0, 5, BALLISTIC)]
    assert times(lone(pair, unit, [*threats, Threat(3, 0, 6, BALLISTIC)])) == [(10, 1), (15, 2), (50, 3), (110, 0)]


def test_a_salvo_takes_what_is_ready():
    pair, unit = Pair(0, 0, 90, 40, SURE, 0), Unit(channels=5, ready=5, reload=0, stock=0, salvo=2)
    result = lone(pair, unit, raid(4))
    assert result.log == [Shot(0, 0, 0, 2), Shot(0, 1, 0, 2), Shot(0, 2, 0, 1)]
    assert result.state == [Rounds(0, 0)]


@pytest.mark.parametrize("rounds", range(1, 9))
def test_round_j_of_a_salvo_draws_word_j_mod_4_of_block_j_div_4(rounds: int):
    # a threshold just above the draw of one round: a salvo kills when it reaches the least draw, not before
    draws = [*philox((0, 0, 16, 0), (7, 3)), *philox((0, 0, 17, 0), (7, 3))]
    kill = min(draws[:rounds]) + 1
    seed = 7 + 3 * 2**32
    unit = Unit(channels=1, ready=8, reload=0, stock=0, salvo=rounds)
    assert lone(Pair(0, 0, 0, 9, kill, 0), unit, raid(1), seed).killed == {0: True}
    assert lone(Pair(0, 0, 0, 9, kill - 1, 0), unit, raid(1), seed).killed == {0: False}


def test_look_then_shoot_again_while_the_window_lasts():
    # flight 30 in a window 0..90 that includes 90: four looks, each miss known when the interceptor arrives
    pair, unit = Pair(0, 0, 90, 30, NEVER, 0), Unit(channels=4, ready=9, reload=0, stock=0, salvo=1)
    result = lone(pair, unit, raid(1))
    assert times(result) == [(0, 0), (30, 0), (60, 0), (90, 0)]
    assert result.shots == {0: 4}
    assert result.killed == {0: False}


def test_engagement_n_draws_from_its_own_counter_whichever_unit_fires():
    draws = [philox((5, 0, 16 + 2 * shot, 0), (1, 0))[0] for shot in range(3)]
    assert draws[2] < min(draws[:2])  # so that a threshold just above it misses twice and then hits
    kill = draws[2] + 1
    pairs = {0: [Pair(0, 0, 30, 30, kill, 0), Pair(1, 40, 90, 20, kill, 0)]}
    units = [Unit(channels=1, ready=9, reload=0, stock=0, salvo=1)] * 2
    result = night(raid(1), pairs, units, fresh(units), [False, False], 2, run=5, seed=1)
    # unit 0 at 0 and 30; its second miss is known at 60, past its window and inside unit 1's
    assert result.log == [Shot(0, 0, 0, 1), Shot(30, 0, 0, 1), Shot(60, 0, 1, 1)]
    assert result.killed == {0: True}


def test_a_threat_being_engaged_is_left_alone_by_other_units():
    pairs = {0: [Pair(0, 0, 9, 50, SURE, 0), Pair(1, 0, 49, 50, SURE, 1)]}
    units = [Unit(channels=3, ready=9, reload=0, stock=0, salvo=1)] * 2
    result = night(raid(1), pairs, units, fresh(units), [False, False], 2, run=0, seed=1)
    assert result.log == [Shot(0, 0, 0, 1)]


def test_rounds_fired_are_replaced_from_stock_after_the_reload_time():
    # one round on the launcher, two in store: 0, 25, 50 and then never again
    pair, unit = Pair(0, 0, 200, 5, SURE, 0), Unit(channels=9, ready=1, reload=25, stock=2, salvo=1)
    result = lone(pair, unit, raid(4))
    assert times(result) == [(0, 0), (25, 1), (50, 2)]
    assert result.state == [Rounds(0, 0)]


def test_a_salvo_does_not_wait_for_rounds_still_reloading():
    # 3 ready, salvo 2, one in store: 2 fired at 0 (one replaced at 25), the one left at 0, the replacement at 25
    pair, unit = Pair(0, 0, 200, 5, SURE, 0), Unit(channels=9, ready=3, reload=25, stock=1, salvo=2)
    assert lone(pair, unit, raid(4)).log == [Shot(0, 0, 0, 2), Shot(0, 1, 0, 1), Shot(25, 2, 0, 1)]


def test_stock_carries_over_the_nights_and_pending_reloads_are_done_by_morning():
    pair, unit = Pair(0, 0, 9, 5, SURE, 0), Unit(channels=9, ready=2, reload=1000, stock=3, salvo=1)
    nights = [Night([Threat(10 * day + n, 0, 0, BALLISTIC) for n in range(3)], [False]) for day in range(4)]
    results = campaign(nights, {0: [pair]}, [unit], 1, run=0, seed=1)
    # 5 rounds in all: two each on the first two nights, one on the third
    assert [result.state for result in results] == [[Rounds(2, 1)], [Rounds(1, 0)], [Rounds(0, 0)], [Rounds(0, 0)]]
    assert [sum(result.killed.values()) for result in results] == [2, 2, 1, 0]


def test_short_launchers_are_topped_up_in_the_morning_and_not_before():
    pair, unit = Pair(0, 0, 9, 5, SURE, 0), Unit(channels=9, ready=4, reload=1, stock=9, salvo=1)
    result = night(raid(1), {0: [pair]}, [unit], [Rounds(0, 3)], [False], 1, run=0, seed=1)
    assert result.log == []
    assert result.state == [Rounds(3, 0)]


def test_trypilska_eleven_missiles_and_seven_rounds():
    # 11 April 2024: the first seven intercepted, then nothing left to fire
    pair, unit = Pair(0, 100, 300, 150, SURE, 0), Unit(channels=9, ready=7, reload=18000, stock=0, salvo=1)
    threats = [Threat(n, 0, 20 * n, BALLISTIC) for n in range(11)]
    result = lone(pair, unit, threats)
    assert [result.killed[n] for n in range(11)] == [True] * 7 + [False] * 4
    assert times(result) == [(20 * n + 100, n) for n in range(7)]
    assert result.state == [Rounds(0, 0)]


# The key, part by part: one round, so that only the first choice fires

ONE = Unit(channels=1, ready=1, reload=0, stock=0, salvo=1)


def first(threats: list[Threat], pairs: dict[int, list[Pair]]) -> tuple[int, int, int]:
    units = [ONE, ONE]
    shot = night(threats, pairs, units, fresh(units), [False, False], 2, run=0, seed=1).log[0]
    return shot.at, shot.threat, shot.unit


@pytest.mark.parametrize(
    ("threats", "pairs", "chosen"),
    [
        # launch time before class
        (
            [Threat(0, 0, 1, BALLISTIC), Threat(1, 0, 0, CRUISE)],
            {0: [Pair(0, 0, 9, 5, SURE, 0)]},
            (0, 1, 0),
        ),
        # class before id
        (
            [Threat(0, 0, 0, CRUISE), Threat(1, 0, 0, BALLISTIC)],
            {0: [Pair(0, 0, 9, 5, SURE, 0)]},
            (0, 1, 0),
        ),
        # id before preference, and not the order given
        (
            [Threat(8, 0, 0, CRUISE), Threat(3, 1, 0, CRUISE)],
            {0: [Pair(0, 0, 9, 5, SURE, 0)], 1: [Pair(0, 0, 9, 5, SURE, 7)]},
            (0, 3, 0),
        ),
        # launch time before preference, preference before unit
        ([Threat(0, 0, 0, 0)], {0: [Pair(0, 1, 9, 5, SURE, 0), Pair(1, 0, 9, 5, SURE, 9)]}, (0, 0, 1)),
        ([Threat(0, 0, 0, 0)], {0: [Pair(0, 0, 9, 5, SURE, 9), Pair(1, 0, 9, 5, SURE, 0)]}, (0, 0, 1)),
        # unit number last
        ([Threat(0, 0, 0, 0)], {0: [Pair(1, 0, 9, 5, SURE, 0), Pair(0, 0, 9, 5, SURE, 0)]}, (0, 0, 0)),
    ],
)
def test_the_smallest_key_is_committed(
    threats: list[Threat], pairs: dict[int, list[Pair]], chosen: tuple[int, int, int]
):
    assert first(threats, pairs) == chosen


@pytest.mark.parametrize(("preference", "chosen"), [(0, 1), (1, 0)])
def test_the_earlier_opening_breaks_a_tie_of_time_and_preference_only(preference: int, chosen: int):
    # at the second look (tick 20) both units could have fired for some time: unit 1's window opened first
    pairs = {0: [Pair(2, 0, 0, 20, NEVER, 0), Pair(0, 15, 30, 5, SURE, 0), Pair(1, 10, 30, 5, SURE, preference)]}
    units = [ONE, ONE, ONE]
    result = night(raid(1), pairs, units, fresh(units), [False] * 3, 3, run=0, seed=1)
    assert result.log == [Shot(0, 0, 2, 1), Shot(20, 0, chosen, 1)]


def test_units_that_are_down_or_not_active_do_not_fire():
    pairs = {0: [Pair(unit, unit, 99, 200, SURE, 0) for unit in range(3)]}
    units = [ONE] * 3

    def shooters(down: list[bool], active: int) -> list[int]:
        return [shot.unit for shot in night(raid(3), pairs, units, fresh(units), down, active, run=0, seed=1).log]

    assert shooters([False] * 3, 3) == [0, 1, 2]
    assert shooters([True, False, False], 3) == [1, 2]
    assert shooters([False] * 3, 2) == [0, 1]
    assert shooters([False] * 3, 0) == []


def test_ids_that_repeat_within_a_run_are_refused():
    with pytest.raises(ValueError, match="threat ids repeat"):
        campaign([Night(raid(1), [False])] * 2, {}, [ONE], 1, run=0, seed=1)


# Invariants of any night


@st.composite
def fights(draw: st.DrawFn) -> tuple[list[Threat], dict[int, list[Pair]], list[Unit], int]:
    small = st.integers(0, 60)
    units = draw(
        st.lists(
            st.builds(
                Unit,
                channels=st.integers(0, 3),
                ready=st.integers(0, 6),
                reload=st.integers(0, 40),
                stock=st.integers(0, 6),
                salvo=st.integers(1, 8),
            ),
            min_size=1,
            max_size=4,
        )
    )
    pair = st.builds(
        Pair,
        unit=st.integers(0, len(units) - 1),
        open=small,
        close=small,
        flight=st.integers(1, 30),
        kill=st.sampled_from([NEVER, 1 << 30, 3 << 30, SURE - 1]),
        preference=st.integers(0, 2),
    )
    pairs = {lane: draw(st.lists(pair, max_size=4)) for lane in range(2)}
    count = draw(st.integers(0, 8))
    threats = [Threat(n, draw(st.integers(0, 1)), draw(small), draw(st.integers(0, 4))) for n in range(count)]
    return threats, pairs, units, draw(st.integers(0, 2**64 - 1))


@settings(max_examples=200)
@given(fight=fights())
def test_no_night_breaks_a_rule_of_the_units(fight: tuple[list[Threat], dict[int, list[Pair]], list[Unit], int]):
    threats, pairs, units, seed = fight
    result = night(threats, pairs, units, fresh(units), [False] * len(units), len(units), run=3, seed=seed)
    by_id = {threat.id: threat for threat in threats}
    assert [shot.at for shot in result.log] == sorted(shot.at for shot in result.log)
    for number, unit in enumerate(units):
        mine = [shot for shot in result.log if shot.unit == number]
        assert all(1 <= shot.rounds <= unit.salvo for shot in mine)
        spent = sum(shot.rounds for shot in mine)
        assert spent + sum(result.state[number]) == unit.ready + unit.stock
        assert result.state[number].ready == min(unit.ready, unit.ready + unit.stock - spent)
        for shot in mine:
            # rounds that could have been on the launchers by then
            replaced = sum(other.rounds for other in mine if other.at + unit.reload <= shot.at)
            fired = sum(other.rounds for other in mine if other.at <= shot.at)
            assert fired <= unit.ready + min(unit.stock, replaced)
            # the shortest flight this unit has bounds from below how many channels are busy
            flight = min(pair.flight for lane in pairs.values() for pair in lane if pair.unit == number)
            assert sum(shot.at - flight < other.at <= shot.at for other in mine) <= unit.channels
    for threat in threats:
        mine = [shot for shot in result.log if shot.threat == threat.id]
        assert len(mine) == result.shots[threat.id] >= result.killed[threat.id]
        for shot in mine:
            options = [pair for pair in pairs[by_id[shot.threat].lane] if pair.unit == shot.unit]
            assert any(threat.launch + pair.open <= shot.at <= threat.launch + pair.close for pair in options)


@settings(max_examples=50)
@given(fight=fights(), order=st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_given_does_not_matter(
    fight: tuple[list[Threat], dict[int, list[Pair]], list[Unit], int], order: random.Random
):
    threats, pairs, units, seed = fight
    # with one pair a unit and lane the key has no ties
    single = {lane: list({pair.unit: pair for pair in some}.values()) for lane, some in pairs.items()}
    mixed = {lane: order.sample(some, len(some)) for lane, some in single.items()}
    shuffled = order.sample(threats, len(threats))
    up = [False] * len(units)
    straight = night(threats, single, units, fresh(units), up, len(units), run=0, seed=seed)
    other = night(shuffled, mixed, units, fresh(units), up, len(units), run=0, seed=seed)
    assert other.log == straight.log
    assert other.killed == straight.killed


# The closed forms: two answers that share nothing


def test_two_salvos_with_a_look_between_leak_as_the_closed_form_says():
    kill, nights, size = 0.55, 30, 60
    pair = Pair(0, 0, 40, 30, round(kill * 2**32), 0)
    unit = Unit(channels=size, ready=4 * size, reload=0, stock=0, salvo=2)
    closed = shoot_look_shoot(kill, [2, 2])
    results = [night(raid(size), {0: [pair]}, [unit], fresh([unit]), [False], 1, run, seed=11) for run in range(nights)]
    leaked = sum(not killed for result in results for killed in result.killed.values())
    share = 1 - closed.kill
    assert abs(leaked / (nights * size) - share) <= 4 * math.sqrt(share * closed.kill / (nights * size))
    rounds = sum(shot.rounds for result in results for shot in result.log) / (nights * size)
    second = (1 - kill) ** 2  # two rounds more with this probability
    assert abs(rounds - closed.rounds) <= 4 * 2 * math.sqrt(second * (1 - second) / (nights * size))


def test_threats_that_cannot_wait_are_lost_at_erlangs_rate():
    # Poisson arrivals, windows of one tick, two channels busy 1000 ticks each: load 1.5 erlang
    channels, busy, load, nights, warm, counted = 2, 1000, 1.5, 60, 15, 35
    pair = Pair(0, 0, 0, busy, SURE, 0)
    unit = Unit(channels=channels, ready=warm + counted, reload=0, stock=0, salvo=1)
    chance = random.Random(2024)  # noqa: S311 - arrivals of a test
    lost: list[float] = []
    for run in range(nights):
        at, threats = 0.0, list[Threat]()
        for number in range(warm + counted):
            at += chance.expovariate(load / busy)
            threats.append(Threat(number, 0, round(at), BALLISTIC))
        result = night(threats, {0: [pair]}, [unit], fresh([unit]), [False], 1, run, seed=1)
        lost.append(sum(not result.killed[number] for number in range(warm, warm + counted)) / counted)
    mean = sum(lost) / nights
    error = math.sqrt(sum((share - mean) ** 2 for share in lost) / (nights - 1) / nights)
    assert abs(mean - exact.erlang_b(load, channels)) <= 4 * error
    assert error < 0.02
