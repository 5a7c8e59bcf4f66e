"""The answer against second answers: read off its own curves by hand, counted on the globe, added up by world."""

from __future__ import annotations

import csv
import math
from collections import Counter
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import KINDS, MEET_BALLISTIC, MEET_MISSILES, after_the_record, patriots, worlds_of

from tegmen import Compute, Effort, EvidenceError, sufficiency
from tegmen.answer.estimates import Estimate
from tegmen.answer.readings import PARTS, STRUCTURES, score
from tegmen.answer.study import begin_study, share_error
from tegmen.answer.sufficiency import drivers_of, open_range
from tegmen.terms import EVIDENCE_CASES

if TYPE_CHECKING:
    from tegmen.answer.results import CaseAnswer, GoalAnswer, Sufficiency
    from tegmen.question.scenario import Scenario
    from tegmen.worlds.draw import Worlds

GOALS = ("strikes", "people", "capitals")
WORLDS, MOST = 200, 20


def answer_of(result: Sufficiency, case: str, goal: str) -> GoalAnswer:
    return next(answer for answer in result.cases[case].goals if answer.goal.name == goal)


every_curve = pytest.mark.parametrize(("case", "goal"), [(case, goal) for case in EVIDENCE_CASES for goal in GOALS])
every_case = pytest.mark.parametrize("case", EVIDENCE_CASES)


# ------------------------------------------------------------------ curves


@every_curve
def test_every_number_is_tried(small_result: Sufficiency, case: str, goal: str):
    assert answer_of(small_result, case, goal).added.tolist() == list(range(MOST + 1))


@every_curve
def test_a_probability_is_a_share_of_worlds_and_has_its_error(small_result: Sufficiency, case: str, goal: str):
    answer = answer_of(small_result, case, goal)
    assert answer.worlds == WORLDS
    met = np.rint(answer.probability * WORLDS)
    assert answer.probability == pytest.approx(met / WORLDS, abs=1e-12)
    for share, error in zip(answer.probability, answer.mcse, strict=True):
        p = min(max(share, 0.5 / WORLDS), 1 - 0.5 / WORLDS)  # no share is certain
        # what worlds of unequal weight, resampled, are said to tell, by and large: strata make it less, a few heavy
        # worlds more
        assert math.sqrt(p * (1 - p) / WORLDS) / 4 < error < 3 * math.sqrt(p * (1 - p) * (1 / answer.ess + 1 / WORLDS))
    # what remains says the same by another way: the middle and 90 % points among 200 worlds lie between known ranks
    for k, (low, middle, high) in zip(met, answer.remaining, strict=True):
        assert 0 <= low <= middle <= high
        for point, rank in ((middle, 99.5), (high, 179.1)):
            if k > rank + 1 or k <= rank:
                assert (point <= answer.goal.threshold + 1e-9) == (k > rank)


@every_case
def test_coverage_rises_with_every_unit(small_result: Sufficiency, case: str):
    answer = answer_of(small_result, case, "capitals")  # geometry alone
    assert np.all(np.diff(answer.probability) >= 0)
    assert np.all(np.diff(answer.remaining, axis=0) <= 0)
    strikes = answer_of(small_result, case, "strikes")
    assert strikes.probability[0] == 0
    assert strikes.probability[-1] > 0.5
    assert strikes.remaining[0].tolist() == [1, 1, 1]


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
    assert answer.n_interval == (MOST + 1 if low is None else low, high)
    assert answer.resolved == (low == high or (low is None and high is None))


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


@every_curve
def test_claims_equal_the_curve_at_their_number(small_result: Sufficiency, case: str, goal: str):
    answer = answer_of(small_result, case, goal)
    assert [test.added for test in answer.claims] == [5, 7, 7, 10]
    for test in answer.claims:
        assert (test.probability, test.mcse) == (answer.probability[test.added], answer.mcse[test.added])


def test_no_result_holds_a_number_that_is_none(small_result: Sufficiency):
    assert not small_result.to_pandas().isna().any(axis=None)
    assert not small_result.summary().isna().any(axis=None)
    for result in small_result.cases.values():
        spans = [*result.intercepted.values(), *result.glide_bombs.values()]
        assert all(math.isfinite(point) for span in spans for point in span)
        assert all(low <= middle <= high for low, middle, high in spans)
        shares = [driver.share for answer in result.goals for driver in answer.drivers]
        assert all(0 <= share <= 1 for share in shares)


# ------------------------------------------------------------------ the plan, the seed, the threads


@pytest.mark.parametrize("goal", GOALS)
def test_both_evidence_cases_are_scored_on_one_plan(small_result: Sufficiency, goal: str):
    """A fault of old: each case sited for itself, so that the two differed by the noise of the plan."""
    posted, claimed = (answer_of(small_result, case, goal) for case in EVIDENCE_CASES)
    assert posted.placement == claimed.placement
    assert len(posted.placement) == MOST


def test_one_thread_and_one_case_give_the_same_bits(small_question, until_march, small_effort, small_result):
    alone = Effort(worlds=small_effort.worlds, runs=small_effort.runs, compute=Compute(threads=1))
    again = sufficiency(small_question, until_march, seed=1, effort=alone, cases=("claimed",))
    assert list(again.cases) == ["claimed"]
    assert again.cases["claimed"] == small_result.cases["claimed"]


def test_another_seed_gives_other_worlds_and_the_same_question(march, until_march, small_effort, small_result):
    one, plan = answer_of(small_result, "posted", "strikes"), None
    study = begin_study(march, until_march, seed=2, effort=small_effort)
    worlds, plan = study.worlds("posted"), study.sites(march.headline, "patriot", MOST)
    remaining = score(worlds, march.headline, plan).remaining(study.rounds(worlds, MOST))
    share = (remaining <= 0.5).mean(axis=0)
    assert not np.array_equal(share, one.probability)
    error = np.hypot(one.mcse, share_error(remaining <= 0.5, worlds.batch))
    assert np.all(abs(share - one.probability) <= 4 * error)


def test_planning_is_done_on_worlds_of_its_own(march, until_march, small_effort):
    study = begin_study(march, until_march, seed=1, effort=small_effort)
    scored, planned = study.posterior(), study.posterior(planning=True)
    assert not np.intersect1d(scored.worlds.kyiv_share, planned.worlds.kyiv_share).size


# ------------------------------------------------------------------ evidence


def march_launches() -> Counter[str]:
    """Launched in March 2024 by first class, from the shipped table itself."""
    totals: Counter[str] = Counter()
    with files("tegmen").joinpath("data", "record", "nights.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["window_end"].startswith("2024-03") and row["launched"]:
                totals[row["threat_class"].split("+")[0]] += int(row["launched"])
    return totals


def test_posted_is_the_record_and_claimed_the_officials(march: Scenario, small_result: Sufficiency):
    """All classes are launched, also where no goal of the question counts them."""
    posted, claimed = (small_result.cases[case].launched for case in EVIDENCE_CASES)
    seen = march_launches()
    for cls in ("drone", "cruise", "supersonic", "ballistic", "s300_ground"):
        assert posted[cls] == seen[cls] > 0
        assert claimed[cls] >= posted[cls]
    assert claimed["drone"] == march.official.drone
    missiles = sum(claimed[cls] for cls in ("cruise", "supersonic", "ballistic", "s300_ground"))
    assert missiles == pytest.approx(march.official.missiles, abs=1)  # a mean over worlds, rounded class by class
    assert claimed["ballistic"] + claimed["s300_ground"] == pytest.approx(march.official.ballistic_and_s300, abs=1)


def test_what_is_unposted_was_met_by_nobody(small_result: Sufficiency):
    posted, claimed = (small_result.cases[case] for case in EVIDENCE_CASES)
    for cls, points in claimed.intercepted.items():
        # more launched, none of it met: the number stopped stays where it was
        assert points == pytest.approx(posted.intercepted[cls], rel=0.02, abs=0.02), cls
        assert 0 <= points[0] <= points[2] <= posted.launched[cls]


def test_an_answer_names_all_it_rests_on(small_question, until_march, small_result):
    assert small_result.provenance == begin_study(small_question, until_march, seed=1, effort=None).provenance
    assert set(small_result.provenance.inputs) == {"record", "scenario", "catalogue", "geography"}
    assert all(len(digest) == 64 for digest in small_result.provenance.inputs.values())
    assert small_result.provenance.seed == 1
    named = {parameter.label for parameter in small_result.parameters}
    catalogue = small_question.catalogue
    assert {
        catalogue.model("kill_share", "ballistic").label,
        catalogue.model("kill_ratio_elsewhere", "ballistic").label,
        catalogue.model("rounds_a_month", system="patriot").label,
        catalogue.model("population_exponent").label,
    } <= named
    assert len(named) == len(small_result.parameters)


def test_a_month_without_ballistic_missiles_is_no_question(march, until_march):
    later = march.model_copy(update={"month": march.month.model_copy(update={"first": date(2025, 1, 1)})})
    with pytest.raises(EvidenceError, match=r"the record runs from .* bring a record with reports of 2025-01-01"):
        sufficiency(later, until_march, effort=Effort(worlds=20, runs=2), cases=("posted",))


# ------------------------------------------------------------------ capitals, on a sphere


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, point)) for point in (a, b))
    half = math.sin((lat_a - lat_b) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_a - lon_b) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(half))


def capitals_left(worlds: Worlds, world: int, added: list[tuple[float, float]]) -> tuple[int, bool]:
    """Capitals outside every circle, on a sphere; and whether one lies too near a rim for a sphere to tell."""
    places = worlds.places
    at = list(zip(places.latitude, places.longitude, strict=True))
    stands = [
        (at[site], worlds.units.radius_ballistic_km[world, code])
        for code, site in zip(worlds.system[world], worlds.site[world], strict=True)
        if code >= 0 and MEET_MISSILES[code] in MEET_BALLISTIC
    ]
    stands += [(point, worlds.units.radius_ballistic_km[world, KINDS.code("patriot")]) for point in added]
    left, rim = 0, False
    for capital in np.flatnonzero(places.capital):
        gaps = [great_circle_km(at[capital], point) - radius for point, radius in stands]
        left += min(gaps) > 0
        rim |= min(map(abs, gaps)) < 0.5
    return left, rim


@pytest.mark.parametrize("number", [0, 5, 20])
def test_capitals_left_uncovered_are_those_outside_every_circle(small_result: Sufficiency, number: int):
    answer, worlds = answer_of(small_result, "posted", "capitals"), worlds_of(after_the_record())
    points = [(stand.latitude, stand.longitude) for stand in answer.placement[:number]]
    counted = [capitals_left(worlds, world, points) for world in range(WORLDS)]
    plain, sure = np.array([left for left, _ in counted]), np.array([not rim for _, rim in counted])
    assert sure.sum() >= WORLDS // 2
    at_rims = (~sure).mean()
    assert abs(answer.probability[number] - (plain == 0).mean()) <= at_rims
    low, high = (np.quantile(np.where(sure, plain, end), 0.5) for end in (plain - 1, plain + 1))
    assert low <= answer.remaining[number, 1] <= high


# ------------------------------------------------------------------ the headline's book


@every_case
def test_all_tables_agree_where_they_speak_of_the_headline(small_question, small_result: Sufficiency, case: str):
    result: CaseAnswer = small_result.cases[case]
    n = result.headline.n
    iso = result.iso
    assert iso.n[iso.thresholds.index(0.5)][iso.confidences.index(0.8)] == n
    assert result.reaction is not None
    assert result.reaction.n[result.reaction.re_aimed.index(0.0)] == n
    frontier = next(each for each in result.frontier if each.goal == "strikes")
    at = frontier.rounds.index(small_question.added_rounds.value)
    assert frontier.n[at] == n
    assert frontier.probability[at] == pytest.approx(result.headline.probability)
    assert [each.goal for each in result.frontier] == list(GOALS)
    assert result.rounds_added == small_question.added_rounds.value


@every_case
def test_evidence_cut_where_it_ends_is_the_headline_itself(small_result: Sufficiency, case: str):
    result = small_result.cases[case]
    cuts = {cut.until: cut for cut in result.stability}
    assert list(cuts) == [date(2023, 12, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 6, 30)]
    same = cuts[small_result.scenario.until]
    assert (same.n, same.ess) == (result.headline.n, result.headline.ess)
    at = MOST if result.headline.n is None else result.headline.n
    assert same.probability == pytest.approx(result.headline.probability[at])
    assert len({cut.ess for cut in result.stability}) == 4


@every_case
def test_readings_are_named_and_parts_are_of_the_headline_s_own_worlds(small_result: Sufficiency, case: str):
    result = small_result.cases[case]
    assert [each.name for each in result.readings] == [name for name, *_ in (*STRUCTURES, *PARTS)]
    for each in result.readings:
        own = each.name in {name for name, *_ in PARTS}
        assert (each.log_odds is None) == own
        assert each.ess > 1
        assert not own or each.ess == pytest.approx(result.headline.ess / 3, rel=0.25)


def test_a_third_of_the_worlds_by_hand(small_question, small_result: Sufficiency):
    worlds, answer = worlds_of(after_the_record()), small_result.cases["posted"]
    names = worlds.places.name.tolist()
    sites = np.array([names.index(stand.place) for stand in answer.headline.placement])
    base = worlds.scalar["rounds_a_month"]
    rounds = [base, *[base + small_question.added_rounds.value] * MOST]
    met = score(worlds, small_question.headline, patriots(sites)).remaining(rounds) <= 0.5 + 1e-9
    drawn = worlds.unknowns["availability of a Patriot"]
    by_value = [w for _, w in sorted((value, w) for w, value in enumerate(drawn))]
    for name, inside in (("availability low", by_value[:67]), ("availability high", by_value[134:])):
        share = met[inside].mean(axis=0)
        found = next(each for each in answer.readings if each.name == name)
        enough = np.flatnonzero(share >= 0.8)
        assert found.n == (int(enough[0]) if len(enough) else None)
        assert found.probability == pytest.approx(share[MOST if answer.headline.n is None else answer.headline.n])


@every_case
def test_the_simulation_agrees_with_the_closed_form(small_result: Sufficiency, case: str):
    check = small_result.cases[case].check
    assert check.added.tolist() == list(range(MOST + 1))
    assert check.largest <= 4
    assert np.all(check.error > 0)
    assert (check.worlds, check.runs) == (50, 2)


@every_case
def test_knowing_the_layout_does_no_harm_but_for_chance(small_result: Sufficiency, case: str):
    blind, informed = small_result.cases[case].headline, small_result.cases[case].informed
    assert len(informed.probability) == MOST + 1
    error = np.hypot(blind.mcse, informed.mcse)
    assert np.all(informed.probability >= blind.probability - 4 * error)
    enough = np.flatnonzero(informed.probability >= 0.8)
    assert informed.n == (int(enough[0]) if len(enough) else None)


# ------------------------------------------------------------------ drivers


def test_drivers_are_sorted_by_share():
    x, y = np.random.Generator(np.random.Philox(9)).random((2, 600))
    worth = {"x": Estimate(1.0, 0.1), "y": Estimate(2.0, 0.2)}
    first, second = drivers_of({"x": x, "y": y}, x + 0.3 * y, worth)
    assert (first.unknown, second.unknown) == ("x", "y")
    assert first.share == pytest.approx(1 / 1.09, abs=4 * first.share_error)
    assert (first.evppi, second.evppi_error) == (1.0, 0.2)


def test_drivers_of_the_answer_are_the_worlds_unknowns(small_result: Sufficiency):
    answer = answer_of(small_result, "posted", "strikes")
    assert {driver.unknown for driver in answer.drivers} == set(worlds_of(after_the_record()).unknowns)
    found = [driver.share for driver in answer.drivers]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0


def test_knowing_one_unknown_is_never_worth_more_than_knowing_all(small_result: Sufficiency):
    for case in small_result.cases.values():
        for answer in case.goals:
            assert 0 <= answer.censored <= 1
            assert all(0 <= each.evppi <= answer.evpi + 2 * each.evppi_error for each in answer.drivers)
