"""Readings: sums that answer for any rounds and re-aiming against the long way; frontiers and lines at their limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from core_example import BALLISTIC, PATRIOT, after_the_record, evidence, made_worlds, patriots, study_of, worlds_of
from hypothesis import given
from hypothesis import strategies as st

from tegmen.answer.readings import (
    ISO_CONFIDENCES,
    ISO_THRESHOLDS,
    PARTS,
    RE_AIMED,
    STRUCTURES,
    OtherTable,
    StrikeTable,
    cut_days,
    frontier_of,
    iso_lines,
    reaction_to,
    score,
    strikes_of,
)
from tegmen.answer.study import HEADLINE, met_share, remaining_shares, smallest_enough
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.question.scenario import Goal, Rounds

SITES = np.array([0, 1, 2, 5, 3, 7, 9, 1])
MOST = len(SITES)


@pytest.fixture(scope="module")
def study():
    return study_of(evidence().scenario.model_copy(update={"claims": (), "added_max": MOST}))


@pytest.fixture(scope="module")
def table(study) -> StrikeTable:
    found = score(study.worlds("posted", study.scenario.headline), study.scenario.headline, patriots(SITES))
    assert isinstance(found, StrikeTable)
    return found


def endless(worlds) -> list:
    return [np.full(len(worlds), np.inf)] * (MOST + 1)


# ------------------------------------------------------------------ what remains


@pytest.mark.parametrize("case", ["posted", "claimed"])
@pytest.mark.parametrize("added", [0.0, 12.0, 40.0, np.inf])
def test_sums_of_strikes_are_the_expected_losses_of_each_number(study, case, added: float):
    goal, worlds = study.scenario.headline, study.worlds(case, study.scenario.headline)
    rounds = study.rounds(worlds, MOST, added)
    assert np.array_equal(rounds[0], worlds.scalar["rounds_a_month"])
    for row in rounds[1:]:
        assert np.array_equal(row, worlds.scalar["rounds_a_month"] + added)
    losses = expected_losses(cover_baseline(worlds), goal, patriots(SITES), [rounds])[0]
    remaining = score(worlds, goal, patriots(SITES)).remaining(rounds)
    np.testing.assert_allclose(remaining, losses / losses[:, :1], rtol=1e-6)
    np.testing.assert_allclose(remaining, remaining_shares(worlds, goal, patriots(SITES), [rounds])[0], rtol=1e-6)


def test_strikes_fewer_are_the_difference_of_expected_losses_in_each_world(study, table):
    goal, rounds = study.scenario.headline, study.rounds(table.worlds, MOST)
    losses = expected_losses(cover_baseline(table.worlds), goal, patriots(SITES), [rounds])[0]
    found = strikes_of(study, table, 5)
    assert found.baseline == pytest.approx(np.quantile(losses[:, 0], (0.1, 0.5, 0.9)), rel=1e-6)
    assert found.fewer == pytest.approx(np.quantile(losses[:, 0] - losses[:, 5], (0.1, 0.5, 0.9)), rel=1e-6)
    assert 0 < found.fewer[1] < found.baseline[1] < table.worlds.counts[:, BALLISTIC].mean()
    assert strikes_of(study, score(table.worlds, study.scenario.goal("people"), patriots(SITES)), 5) is None


def test_a_goal_that_is_no_sum_of_strikes_is_worked_out_each_time(study):
    goal, worlds = study.scenario.goal("people"), study.worlds("posted")
    found, rounds = score(worlds, goal, patriots(SITES)), study.rounds(worlds, MOST)
    assert isinstance(found, OtherTable)
    losses = expected_losses(cover_baseline(worlds), goal, patriots(SITES), [rounds])[0]
    np.testing.assert_allclose(found.remaining(rounds), losses / losses[:, :1])
    capitals = study.scenario.goal("capitals")
    count = score(worlds, capitals, patriots(SITES)).remaining(rounds)
    bare = (worlds.covers == 0) & worlds.places.capital
    assert np.array_equal(count[:, 0], bare.sum(axis=1))  # a count stays a count


def test_where_the_baseline_loses_nothing_nothing_remains():
    worlds = made_worlds([(PATRIOT, 0)], count=2)
    mix = worlds.mix.copy()
    mix[0, BALLISTIC] = 0
    goal = Goal(name="g", label="x", metric="people_struck", largest_cities=4, threshold=0.5, confidence=0.8)
    left = remaining_shares(replace(worlds, mix=mix), goal, patriots(np.array([1])), [[np.full(2, np.inf)] * 2])[0]
    assert left[0].tolist() == [0, 0]
    assert left[1, 0] == 1


# ------------------------------------------------------------------ what an opponent may do


def re_aimed_by_hand(worlds, w: int, n: int, rounds: float, share: float) -> float:
    """Strikes on the goal's cities with n units in one world, a share of what was aimed at newly reached ones moved."""
    xy, cities = worlds.places.xy, sorted(range(len(worlds.places)), key=lambda p: -worlds.places.population[p])[:25]
    units = [(code, site, worlds.readiness[w, u]) for u, (code, site) in enumerate(
        zip(worlds.system[w], worlds.site[w], strict=True)) if code in (0, 1)]  # fmt: skip
    added = [(PATRIOT, site, worlds.readiness_added[w, PATRIOT]) for site in SITES[:n]]

    def reaches(code: int, site: int, p: int) -> bool:
        return bool(np.hypot(*(xy[p] - xy[site])) <= worlds.units.radius_ballistic_km[w, code])

    stop, engaged = {}, np.zeros(len(xy))
    for p in range(len(xy)):
        idle = [1.0, 1.0]
        for code, site, ready in units + added:
            if reaches(code, site, p):
                idle[code] *= 1 - ready
        kill = worlds.rate[w, BALLISTIC] * (1 if worlds.places.kyiv[p] else worlds.scalar["kill_ratio_elsewhere"][w])
        kill = min(kill, 1.0)
        by_sampt = idle[0] * (1 - idle[1]) * worlds.units.effectiveness_ballistic[w, 1]
        stop[p] = kill * ((1 - idle[0]) * worlds.units.effectiveness_ballistic[w, 0] + by_sampt)
        engaged[p] = 1 - idle[0] * idle[1]
    aimed = worlds.mix[w, BALLISTIC].astype(float)
    wanted = worlds.scalar["salvo_ballistic"][w] * worlds.counts[w, BALLISTIC] * (aimed @ engaged)
    fill = min(1.0, rounds / wanted)
    newly = {p for p in cities if any(reaches(code, site, p) for code, site, _ in added)}
    moved = share * sum(aimed[p] for p in newly)
    through = {p: aimed[p] * (1 - stop[p]) for p in cities}
    left = 0.0
    for p in cities:
        at_place = aimed[p] * (1 - share * (p in newly)) + moved * through[p] / sum(through.values())
        left += at_place * (1 - fill * stop[p])
    return left


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 1.0])
def test_what_is_re_aimed_by_brute_force(table, share: float):
    worlds = table.worlds
    rounds = [np.full(len(worlds), 15.0)] * (MOST + 1)
    remaining = table.remaining(rounds, share)
    for w in range(0, len(worlds), 31):
        before = re_aimed_by_hand(worlds, w, 0, 15.0, share)
        for n in (0, 1, 4, MOST):
            assert remaining[w, n] == pytest.approx(re_aimed_by_hand(worlds, w, n, 15.0, share) / before, rel=1e-5)


@given(share=st.floats(0, 1))
def test_what_remains_is_linear_in_the_share_re_aimed(table, share: float):
    rounds = endless(table.worlds)
    ends = table.remaining(rounds), table.remaining(rounds, 1.0)
    np.testing.assert_allclose(table.remaining(rounds, share), (1 - share) * ends[0] + share * ends[1], atol=1e-9)


def test_re_aiming_moves_nothing_before_a_unit_is_added_and_no_missile_is_lost():
    # nothing is stopped: wherever missiles are aimed, all of them arrive
    worlds = made_worlds([(PATRIOT, 0)], readiness=0.9)
    goal = Goal(name="g", label="x", metric="ballistic_strikes", largest_cities=4, threshold=0.5, confidence=0.8)
    table = score(worlds, goal, patriots(np.array([1, 2])))
    assert isinstance(table, StrikeTable)
    np.testing.assert_allclose(table.remaining([np.full(1, np.inf)] * 3, 0.25), 1.0)


def test_the_guarantee_holds_whatever_the_share_up_to_the_largest(study, table):
    reaction, goal = reaction_to(study, table), study.scenario.headline
    assert reaction is not None
    assert reaction.re_aimed == RE_AIMED
    rounds = study.rounds(table.worlds, MOST)
    easy = goal.model_copy(update={"threshold": 0.8, "confidence": 0.5})
    asked = study_of(study.scenario.model_copy(update={"goals": (easy,)}))
    found = reaction_to(asked, table)
    assert found is not None
    worst = np.max([table.remaining(rounds, share) for share in np.linspace(0, max(RE_AIMED), 26)], axis=0)
    assert found.guarantee == smallest_enough(met_share(worst, easy), easy)
    assert found.guarantee is not None
    assert found.guarantee >= max(n for n in found.n if n is not None)
    for share, n in zip(found.re_aimed, found.n, strict=True):
        assert n == smallest_enough(met_share(table.remaining(rounds, share), easy), easy)
    assert reaction_to(study, OtherTable(table.worlds, goal, patriots(SITES))) is None


def test_in_each_world_the_worse_end_counts():
    """Two worlds that fare worst at opposite ends: the guarantee needs more than either share alone."""

    class Ends(StrikeTable):
        __slots__ = ()

        def remaining(self, rounds, re_aimed=0.0):  # noqa: ARG002
            part = re_aimed / max(RE_AIMED)
            low, high = np.array([1.0, 0.4, 0.4]), np.array([1.0, 0.6, 0.4])
            return np.stack([low + part * (high - low), high + part * (low - high)])

    worlds = made_worlds([(PATRIOT, 0)], count=2)
    half = evidence().scenario.headline.model_copy(update={"confidence": 0.5})
    study = study_of(evidence().scenario.model_copy(update={"goals": (half,), "claims": (), "added_max": 2}))
    reaction = reaction_to(study, Ends(worlds, Laydown.of("patriot", [0, 1]), None))  # pyright: ignore[reportArgumentType]
    assert reaction is not None
    assert reaction.n[0] == reaction.n[-1] == 1
    assert reaction.guarantee == 2


# ------------------------------------------------------------------ iso-lines


def test_lines_by_hand():
    # ten worlds; what remains with n units is (w + 1) / 10 less a tenth a unit
    remaining = np.maximum((np.arange(10)[:, None] + 1 - np.arange(9)) / 10, 0)
    iso = iso_lines(remaining)
    assert (iso.thresholds, iso.confidences) == (ISO_THRESHOLDS, ISO_CONFIDENCES)
    for threshold, row in zip(iso.thresholds, iso.n, strict=True):
        for confidence, n in zip(iso.confidences, row, strict=True):
            # so many worlds must hold as the confidence asks; the worst of them holds w + 1 - n <= 10 t
            worlds = int(np.ceil(10 * confidence - 1e-9))
            needed = max(0, worlds - round(10 * threshold))
            assert n == (needed if needed < 9 else None)


@given(seed=st.integers(0, 200))
def test_asking_more_never_needs_fewer(seed: int):
    generator = np.random.default_rng(seed)
    remaining = np.cumprod(generator.uniform(0.6, 1.0, (40, 9)), axis=1)
    number = np.array([[99 if n is None else n for n in row] for row in iso_lines(remaining).n])
    assert np.all(np.diff(number, axis=0) <= 0)  # a laxer threshold
    assert np.all(np.diff(number, axis=1) >= 0)  # a higher confidence


# ------------------------------------------------------------------ frontier


@pytest.fixture(scope="module", params=["strikes", "people"])
def frontier(request, study):
    goal = study.scenario.goal(request.param)
    return goal, frontier_of(study, "posted", goal, patriots(SITES))


def test_more_rounds_never_hurt_and_with_enough_of_them_more_units_do_not_either(frontier):
    _, found = frontier
    assert np.all(np.diff(found.probability, axis=0) >= 0)
    # where rounds are short they are spread over more engagements, so more units need not help; without limit they do
    assert np.all(np.diff(found.probability[-1]) >= 0)
    assert np.all(np.diff([99 if n is None else n for n in found.n]) <= 0)


def test_rounds_without_end_give_the_unlimited_curve_and_none_added_the_baseline_s_alone(study, frontier):
    goal, found = frontier
    worlds = study.worlds("posted", goal)
    assert found.goal == goal.name
    assert found.rounds == (*study.scenario.frontier_rounds, np.inf)
    if not goal.headline:
        return  # a part of the worlds; the headline is on all of them
    base = worlds.scalar["rounds_a_month"]
    for at, rounds in ((-1, [base, *endless(worlds)[1:]]), (0, [base] * (MOST + 1))):
        losses = expected_losses(cover_baseline(worlds), goal, patriots(SITES), [rounds])[0]
        met = (losses <= goal.threshold * losses[:, :1] * (1 + 1e-9)).mean(axis=0)
        np.testing.assert_allclose(found.probability[at], met, atol=1.5 / len(worlds))


def test_without_any_round_nothing_is_stopped(study, table):
    worlds, none = table.worlds, np.zeros(len(table.worlds))
    assert np.all(table.remaining([none] * (MOST + 1)) == 1)
    losses = expected_losses(
        cover_baseline(worlds), study.scenario.headline, patriots(SITES), [[none] * (MOST + 1)]
    )[0]  # fmt: skip
    cities = worlds.places.largest(25)
    undefended = worlds.counts[:, BALLISTIC] * worlds.mix[:, BALLISTIC][:, cities].sum(axis=1)
    np.testing.assert_allclose(losses, undefended[:, None] * np.ones(MOST + 1), rtol=1e-5)


@pytest.mark.parametrize("amount", [0.0, 1e5])
def test_which_of_the_two_binds(study, amount: float):
    easy = study.scenario.headline.model_copy(update={"threshold": 0.9, "confidence": 0.6})
    asked = study_of(study.scenario.model_copy(
        update={"goals": (easy,), "rounds": Rounds(added_a_month=amount, frontier=(0, 5), source="a test")}
    ))  # fmt: skip
    found = frontier_of(asked, "posted", easy, patriots(SITES))
    assert amount in found.rounds
    at, unlimited = found.n[found.rounds.index(amount)], found.n[-1]
    if amount:
        assert at == unlimited
        assert found.binding.startswith("units bind: with 100000 rounds a month more rounds would not lower")
    else:
        assert at != unlimited
        assert found.binding == (
            f"rounds bind: without limit on rounds {unlimited} would be enough, with 0 a month {at or 'none'}"
        )


def test_where_no_number_is_enough_neither_is_said_to_bind(study):
    goal = study.scenario.headline.model_copy(update={"threshold": 0.0})
    found = frontier_of(study, "posted", goal, patriots(SITES))
    assert set(found.n) == {None}
    assert found.binding.startswith("neither alone is enough")


# ------------------------------------------------------------------ which readings there are


def test_every_reading_changes_one_thing_of_the_headline_s():
    fields = ("targets", "kill_by_weapon", "kill_elsewhere")
    for name, reading, reason in STRUCTURES:
        changed = [field for field in fields if getattr(reading, field) != getattr(HEADLINE, field)]
        assert len(changed) == 1, name
        assert reason
    unknowns = worlds_of(after_the_record()).unknowns
    for _, unknown, third, _ in PARTS:
        assert unknown in unknowns
        assert third in (0, 2)
    names = [name for name, *_ in (*STRUCTURES, *PARTS)]
    assert len(set(names)) == len(names)


def test_evidence_is_cut_at_month_ends_about_the_month_asked_about(study):
    assert cut_days(study) == [date(2023, 12, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 6, 30)]
