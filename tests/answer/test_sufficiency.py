"""The answer against second answers: read off curves by hand, counted on the globe, metrics added up one by one."""

from __future__ import annotations

import csv
import math
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numba
import numpy as np
import pytest

import tegmen
from tegmen import Effort, EvidenceError, InputError, sufficiency
from tegmen.answer.estimates import Estimate, share_error
from tegmen.answer.study import Batch, begin_study, draw_batch, fight_baseline, remaining_share
from tegmen.answer.sufficiency import drivers_of, open_range
from tegmen.engine.campaign import BACKGROUND, MATCHED, simulate, take_worlds
from tegmen.engine.engagement import engage
from tegmen.evidence.systems import BALLISTIC_SYSTEMS, MISSILE_SYSTEMS
from tegmen.terms import EVIDENCE_CASES, ThreatClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tegmen.answer.results import GoalAnswer, Sufficiency
    from tegmen.engine.campaign import Campaign
    from tegmen.question.scenario import Goal, Scenario

GOALS = ("strikes", "people", "capitals", "capacity")
WORLDS = 40
BALLISTIC = ThreatClass.ballistic
TINY = Effort(worlds=20, runs=2, worlds_most=20)


def goal_of(scenario: Scenario, name: str) -> Goal:
    return next(goal for goal in scenario.goals if goal.name == name)


def answer_of(result: Sufficiency, case: str, goal: str) -> GoalAnswer:
    return next(answer for answer in result.cases[case].goals if answer.goal.name == goal)


every_curve = pytest.mark.parametrize(("case", "goal"), [(case, goal) for case in EVIDENCE_CASES for goal in GOALS])


# ------------------------------------------------------------------ curves


@every_curve
def test_a_curve_tries_the_numbers_asked_for(small_result: Sufficiency, case: str, goal: str):
    added = answer_of(small_result, case, goal).added.tolist()
    assert added == sorted(set(added))
    assert {*range(11), 12, 15, 20, 25, 30} <= set(added) <= set(range(31))


@every_curve
def test_a_probability_is_a_share_of_worlds_and_has_its_error(small_result: Sufficiency, case: str, goal: str):
    answer = answer_of(small_result, case, goal)
    assert answer.worlds == WORLDS
    met = np.rint(answer.probability * WORLDS)
    assert answer.probability.tolist() == pytest.approx((met / WORLDS).tolist(), abs=1e-12)
    assert answer.mcse.tolist() == pytest.approx([share_error(int(m), WORLDS) for m in met], abs=1e-12)
    # what remains says the same by another way: the middle and 90 % points among 40 worlds lie between known ranks
    for k, (low, middle, high) in zip(met, answer.remaining, strict=True):
        assert 0 <= low <= middle <= high
        for point, rank in ((middle, 19.5), (high, 35.1)):
            if k > rank + 1 or k <= rank:
                assert (point <= answer.goal.threshold + 1e-12) == (k > rank)


@every_curve
def test_a_curve_rises_but_for_chance(small_result: Sufficiency, case: str, goal: str):
    answer = answer_of(small_result, case, goal)
    fall = answer.probability[:-1, None] - answer.probability[None, 1:]
    error = np.hypot(answer.mcse[:-1, None], answer.mcse[None, 1:])
    later = np.arange(len(fall))[:, None] <= np.arange(len(fall))[None]
    assert np.all((fall <= 4 * error)[later])
    assert answer.probability[-1] > answer.probability[0]
    if goal == "capitals":  # geometry alone: more units cover more, without any chance
        assert np.all(np.diff(answer.probability) >= 0)
        assert np.all(np.diff(answer.remaining, axis=0) <= 0)


@every_curve
def test_the_number_its_range_and_whether_it_is_resolved_are_read_off_the_curve(
    small_result: Sufficiency, case: str, goal: str
):
    answer = answer_of(small_result, case, goal)
    number = low = high = None
    for added, p, error in zip(answer.added.tolist(), answer.probability, answer.mcse, strict=True):
        if low is None and p + 2 * error >= 0.8:
            low = added
        if number is None and p >= 0.8:
            number = added
        if high is None and p - 2 * error >= 0.8:
            high = added
    assert answer.n == number
    assert answer.n_interval == (31 if low is None else low, high)
    assert answer.resolved == (low == high)


def has_no_gap(answer: GoalAnswer) -> bool:
    """Whether every number from the one before the range to its end was tried."""
    low, high = answer.n_interval
    last = int(answer.added[-1])
    needed = range(max(low - 1, 0), min(last if high is None else high, last) + 1)
    return set(needed) <= set(answer.added.tolist())


@every_curve
def test_no_number_within_the_range_was_left_out(small_result: Sufficiency, case: str, goal: str):
    assert has_no_gap(answer_of(small_result, case, goal))


@pytest.mark.parametrize(
    ("probability", "found"),
    [
        ([0.0, 0.1, 0.2], (3, 3)),  # none is enough, and surely so
        ([0.0, 0.1, 0.78], (2, 3)),  # none is, but the last could be
        ([0.0, 0.79, 0.81, 0.99], (1, 3)),
        ([0.0, 0.1, 0.99], (2, 2)),
        ([0.9, 0.95, 0.99], (0, 0)),
        ([0.0, 0.82, 0.70, 0.99], (1, 3)),  # a dip after a crossing leaves the range open
    ],
)
def test_the_range_that_the_error_leaves_open(march: Scenario, probability: list[float], found: tuple[int, int]):
    curve = np.array(probability)
    assert open_range(march.headline, curve, np.full(len(curve), 0.03)) == found


def test_none_enough_gives_no_number_and_an_open_end(small_result: Sufficiency):
    answer = answer_of(small_result, "claimed", "capacity")
    assert answer.n is None
    assert answer.n_interval == (31, None)
    assert answer.resolved
    assert len(answer.placement) == 30


@every_curve
def test_claims_equal_the_curve_at_their_number(small_result: Sufficiency, case: str, goal: str):
    answer = answer_of(small_result, case, goal)
    curve = dict(zip(answer.added.tolist(), zip(answer.probability, answer.mcse, strict=True), strict=True))
    assert [test.added for test in answer.claims] == [5, 7, 7, 10, 25]
    for test in answer.claims:
        assert (test.probability, test.mcse) == curve[test.added]


def test_no_result_holds_a_number_that_is_none(small_result: Sufficiency):
    table = small_result.to_pandas()
    assert not table.isna().any(axis=None)
    assert not small_result.summary().isna().any(axis=None)
    for result in small_result.cases.values():
        spans = [*result.intercepted.values(), *result.glide_bombs.values()]
        assert all(math.isfinite(point) for span in spans for point in span)
        assert all(low <= middle <= high for low, middle, high in spans)
        shares = [driver.share for answer in result.goals for driver in answer.drivers]
        assert all(0 <= share <= 1 for share in shares)


# ------------------------------------------------------------------ seeds, threads, batches


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def test_one_thread_and_one_case_give_the_same_bits(march, until_march, small_effort, small_result):
    with threads(1):
        again = sufficiency(march, until_march, seed=1, effort=small_effort, cases=("posted",))
    assert list(again.cases) == ["posted"]
    posted = small_result.to_pandas()
    posted = posted[posted["case"] == "posted"].reset_index(drop=True)
    assert again.to_pandas().equals(posted)
    assert again.sentence("posted") == small_result.sentence("posted")
    for goal in GOALS:
        one, other = answer_of(again, "posted", goal), answer_of(small_result, "posted", goal)
        assert one.drivers == other.drivers
        assert one.placement == other.placement
    assert again.cases["posted"].intercepted == small_result.cases["posted"].intercepted


def test_another_seed_gives_other_worlds(march, until_march, small_effort, small_result):
    other = sufficiency(march, until_march, seed=2, effort=small_effort, cases=("posted",))
    one = answer_of(small_result, "posted", "strikes")
    two = answer_of(other, "posted", "strikes")
    assert not np.array_equal(one.remaining[:6], two.remaining[:6])
    # the same question all the same: curves of two seeds differ by chance only
    both = np.intersect1d(one.added, two.added)
    at = [np.searchsorted(answer.added, both) for answer in (one, two)]
    score = (one.probability[at[0]] - two.probability[at[1]]) / np.hypot(one.mcse[at[0]], two.mcse[at[1]])
    assert np.all(np.abs(score) <= 4)


@pytest.mark.parametrize("goal", ["strikes", "people"])
def test_worlds_fought_in_two_batches_are_the_worlds_fought_in_one(march, small_effort, small_campaign, goal: str):
    plan = ("patriot", np.array([1, 2, 3]))
    whole = remaining_share(Batch(small_campaign, None), goal_of(march, goal), plan, small_effort)(3)
    parts = []
    for begin, end in ((0, 13), (13, WORLDS)):
        part = take_worlds(small_campaign, np.arange(begin, end))
        # a world is addressed by its number, wherever it stands in its batch
        part = replace(part, worlds=replace(part.worlds, first=begin))
        parts.append(remaining_share(Batch(part, None), goal_of(march, goal), plan, small_effort)(3))
    assert np.array_equal(np.concatenate(parts), whole)


def test_more_worlds_are_drawn_while_a_decision_is_open(march, until_march):
    effort = Effort(worlds=20, runs=2, worlds_more=20, worlds_most=60)
    told: list[str] = []
    result = sufficiency(
        march, until_march, effort=effort, cases=("posted",), progress=lambda what, _done, _all: told.append(what)
    )
    assert answer_of(result, "posted", "strikes").worlds == 60
    assert {f"posted: drawing and matching worlds {a + 1}–{a + 20}" for a in (0, 20, 40)} <= set(told)
    assert answer_of(result, "posted", "capitals").runs == 2


def test_no_more_worlds_are_drawn_than_allowed(march, until_march):
    effort = Effort(worlds=20, runs=2, worlds_more=100, worlds_most=30)
    result = sufficiency(march, until_march, effort=effort, cases=("posted",))
    assert answer_of(result, "posted", "strikes").worlds == 30


def test_no_number_is_left_out_when_later_worlds_move_the_crossing(march, until_march):
    # at this seed the first 20 worlds cross at 15 and the next 60 move the crossing into the grid's gap 15..20
    effort = Effort(worlds=20, runs=2, worlds_more=60, worlds_most=260)
    result = sufficiency(march, until_march, seed=6, effort=effort, cases=("posted",))
    assert has_no_gap(answer_of(result, "posted", "strikes"))


@pytest.mark.parametrize(("changed", "fault"), [({"worlds": 19}, "worlds: found 19"), ({"runs": 1}, "runs: found 1")])
def test_too_little_effort_is_refused(changed: dict[str, int], fault: str):
    with pytest.raises(InputError, match=fault):
        Effort(**changed)


# ------------------------------------------------------------------ evidence


def march_launches() -> Counter[str]:
    """Launched in March 2024 by first class, from the shipped table itself."""
    path = Path(tegmen.__file__).parent / "data" / "record" / "nights.csv"
    totals: Counter[str] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["window_end"].startswith("2024-03") and row["launched"]:
                totals[row["threat_class"].split("+")[0]] += int(row["launched"])
    return totals


def test_posted_is_the_record_and_claimed_the_officials(march: Scenario, small_result: Sufficiency):
    posted, claimed = (small_result.cases[case].launched for case in EVIDENCE_CASES)
    seen = march_launches()
    for cls in ("drone", "cruise", "supersonic", "ballistic", "s300_ground"):
        assert posted[cls] == seen[cls]
        assert claimed[cls] >= posted[cls]
    assert claimed["drone"] == march.official.drone
    missiles = sum(claimed[cls] for cls in ("cruise", "supersonic", "ballistic", "s300_ground"))
    assert missiles == pytest.approx(march.official.missiles, abs=1)  # a mean over worlds, rounded class by class
    assert claimed["ballistic"] + claimed["s300_ground"] == pytest.approx(march.official.ballistic_and_s300, abs=1)


def test_what_is_unposted_was_met_by_nobody(small_result: Sufficiency):
    posted, claimed = (small_result.cases[case] for case in EVIDENCE_CASES)
    for cls, (low, middle, high) in claimed.intercepted.items():
        assert 0 <= low <= high <= claimed.launched[cls]
        # more launched, none of it met: the number stopped stays where it was, within the spread over worlds
        before = posted.intercepted[cls]
        assert before[0] - 1 <= middle <= before[2] + 1


def test_an_answer_names_all_it_rests_on(march, until_march, small_result):
    assert small_result.provenance == begin_study(march, until_march, seed=1, effort=None).provenance
    assert set(small_result.provenance.inputs) == {"record", "scenario", "catalogue", "geography"}
    assert all(len(digest) == 64 for digest in small_result.provenance.inputs.values())
    assert small_result.provenance.seed == 1
    assert small_result.parameters


def test_a_month_without_ballistic_missiles_is_no_question(march, until_march):
    later = march.model_copy(update={"month": march.month.model_copy(update={"first": date(2025, 1, 1)})})
    with pytest.raises(EvidenceError, match="ballistic"):
        sufficiency(later, until_march, effort=TINY, cases=("posted",))


# ------------------------------------------------------------------ goals, by hand


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, point)) for point in (a, b))
    half = math.sin((lat_a - lat_b) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_a - lon_b) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(half))


def capitals_left(campaign: Campaign, world: int, added: list[tuple[float, float]]) -> tuple[int, bool]:
    """Capitals outside every circle, on a sphere; and whether one lies too near a rim for a sphere to tell."""
    worlds, places = campaign.worlds, campaign.worlds.places
    at = list(zip(places.latitude, places.longitude, strict=True))
    stands = [
        (at[site], worlds.units.radius_ballistic_km[world, code])
        for code, site in zip(worlds.system[world], worlds.site[world], strict=True)
        if code >= 0 and MISSILE_SYSTEMS[code] in BALLISTIC_SYSTEMS
    ]
    stands += [(point, worlds.units.radius_ballistic_km[world, MISSILE_SYSTEMS.index("patriot")]) for point in added]
    left, rim = 0, False
    for capital in np.flatnonzero(places.capital):
        gaps = [great_circle_km(at[capital], point) - radius for point, radius in stands]
        left += min(gaps) > 0
        rim |= min(map(abs, gaps)) < 0.5
    return left, rim


@pytest.mark.parametrize("number", [0, 5, 10, 20, 21])
def test_capitals_left_uncovered_are_those_outside_every_circle(
    march: Scenario, small_campaign: Campaign, small_result: Sufficiency, number: int
):
    answer = answer_of(small_result, "posted", "capitals")
    points = [(stand.latitude, stand.longitude) for stand in answer.placement[:number]]
    counted = [capitals_left(small_campaign, world, points) for world in range(WORLDS)]
    plain = np.array([left for left, _ in counted])
    sure = np.array([not rim for _, rim in counted])
    assert sure.sum() >= WORLDS // 2
    names = small_campaign.worlds.places.name.tolist()
    plan = ("patriot", np.array([names.index(stand.place) for stand in answer.placement], dtype=np.int64))
    score = remaining_share(Batch(small_campaign, None), goal_of(march, "capitals"), plan, TINY)(number)
    assert score[sure].tolist() == plain[sure].tolist()
    at = answer.added.tolist().index(number)
    assert abs(answer.probability[at] - (plain == 0).mean()) <= (~sure).mean()


def test_radii_shown_are_the_mean_of_those_drawn(small_campaign: Campaign, small_result: Sufficiency):
    drawn = [float(row[MISSILE_SYSTEMS.index("patriot")]) for row in small_campaign.worlds.units.radius_ballistic_km]
    assert small_result.cases["posted"].headline.placement[0].radius_km == pytest.approx(sum(drawn) / len(drawn))


def strikes_by_hand(campaign: Campaign, outcome, _baseline, world: int) -> float:
    cities = sorted(range(len(campaign.worlds.places)), key=lambda p: -campaign.worlds.places.population[p])[:25]
    runs = outcome.leakers[BALLISTIC][world]
    return sum(int(run[city]) for run in runs for city in cities) / len(runs)


def people_by_hand(campaign: Campaign, outcome, _baseline, world: int) -> float:
    people = campaign.worlds.places.population
    cities = sorted(range(len(people)), key=lambda p: -people[p])[:25]
    runs = outcome.leakers[BALLISTIC][world]
    return sum(float(people[city]) for run in runs for city in cities if run[city]) / len(runs)


def capacity_by_hand(campaign: Campaign, outcome, baseline, world: int) -> float:
    worlds = campaign.worlds
    lost, runs = 0.0, outcome.rounds.shape[1]
    for run in range(runs):
        for place, capacity in enumerate(worlds.places.capacity_mw):
            stands = 1.0
            for cls in (*BACKGROUND, *MATCHED):
                leakers = (baseline if cls in BACKGROUND else outcome).leakers[cls]
                stands *= (1 - worlds.scalar[f"damage_{cls.name}"][world]) ** int(leakers[world, run, place])
            lost += float(capacity) * (1 - stands)
    return lost / runs


@pytest.mark.parametrize(
    ("goal", "by_hand"), [("strikes", strikes_by_hand), ("people", people_by_hand), ("capacity", capacity_by_hand)]
)
def test_what_remains_is_the_metric_added_up_one_by_one(march, small_effort, small_campaign, goal: str, by_hand):
    campaign = take_worlds(small_campaign, np.arange(3))
    asked, sites, number = goal_of(march, goal), np.array([1, 2, 3, 0, 5]), 4
    baseline = fight_baseline(campaign, small_effort)
    score = remaining_share(Batch(campaign, baseline), asked, ("patriot", sites), small_effort)
    classes = MATCHED if goal == "capacity" else (BALLISTIC,)
    runs = small_effort.runs_of(asked)
    assert runs == (2 if goal == "capacity" else 6)
    table = engage(campaign.worlds, sites.tolist(), "patriot", classes)
    with_none, with_some = (simulate(campaign, table, added=n, runs=runs, classes=classes) for n in (0, number))
    for world in range(3):
        before, after = (by_hand(campaign, outcome, baseline, world) for outcome in (with_none, with_some))
        assert before > 0
        assert score(number)[world] == pytest.approx(after / before, rel=1e-9)
        assert score(0)[world] == 1


def test_worlds_of_two_batches_differ(march, until_march, small_campaign):
    later = draw_batch(begin_study(march, until_march, seed=1, effort=TINY), "posted", count=5, first=40)
    assert not np.array_equal(later.worlds.readiness_added, small_campaign.worlds.readiness_added[:5])
    assert later.worlds.first == 40
    assert 0 <= later.worlds.redraw_share < 1


# ------------------------------------------------------------------ drivers


def test_worlds_not_tried_at_the_number_are_left_out():
    rng = np.random.Generator(np.random.Philox(9))
    x, y = rng.random(600), rng.random(600)
    y[:400] = np.nan
    worth = {"x": Estimate(1.0, 0.1)}
    assert drivers_of([{"x": x[:300]}, {"x": x[300:]}], y, worth) == drivers_of([{"x": x[400:]}], y[400:], worth)


def test_drivers_of_the_answer_are_the_worlds_unknowns(small_campaign: Campaign, small_result: Sufficiency):
    answer = answer_of(small_result, "posted", "strikes")
    assert {driver.unknown for driver in answer.drivers} == set(small_campaign.worlds.unknowns)
    found = [driver.share for driver in answer.drivers]
    assert found == sorted(found, reverse=True)
    assert all(driver.share == 0 for driver in answer_of(small_result, "posted", "capitals").drivers)


def test_knowing_one_unknown_is_never_worth_more_than_knowing_all(small_result: Sufficiency):
    for case in small_result.cases.values():
        for answer in case.goals:
            assert 0 <= answer.censored <= 1
            assert all(0 <= each.evppi <= answer.evpi + 2 * each.evppi_error for each in answer.drivers)
