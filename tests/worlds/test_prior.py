"""Worlds before the record: coverage and rounds month by month, each against a second, naive way."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import BALLISTIC, PATRIOT, evidence, four_city_theatre, study_of

from tegmen.calibration.rows import eligible
from tegmen.question.scenario import Held
from tegmen.worlds.baseline import Shield, Stands
from tegmen.worlds.levels import Levels
from tegmen.worlds.prior import (
    Months,
    PriorWorlds,
    Reading,
    count_months,
    draw_prior,
    exposure,
    kill_prior,
    packet_chances,
    supply,
)
from tegmen.worlds.targets import Aim

if TYPE_CHECKING:
    from tegmen.worlds.prior import Supplied

READY, KYIV, OTHER = 0.8, 0.25, 0.2
ERAS = (date(2023, 4, 26), date(2023, 12, 14))


def made_prior(count: int = 1, **changed) -> PriorWorlds:
    """Worlds over the four cities: a Patriot in Kyiv from the first era, one in Lviv from the second on.

    Of what is not aimed at Kyiv a fifth has no place, the rest is aimed at the three other cities in equal parts.
    """
    columns = np.ones(count)
    mix = np.array([KYIV, *[(1 - KYIV) * (1 - OTHER) / 3] * 3], dtype=np.float32)
    worlds = PriorWorlds(
        aim=Aim("population", columns, columns),
        mix=np.tile(mix, (count, 1)),
        kyiv_share=KYIV * columns,
        other_share=OTHER * columns,
        stands=Stands(np.array([PATRIOT] * 2), np.tile([0, 1], (count, 1)), np.tile([0, 1], (count, 1)), ERAS),
        shield=Shield(np.full((count, 2), 30.0), np.full((count, 2), READY)),
        relative=np.ones((count, 2)),
        rounds=10.0 * columns,
        rounds_sd=0.0 * columns,
        rounds_kept=0.5 * columns,
        rounds_noise=np.zeros((count, 20), dtype=np.float32),
        salvo=2.0 * columns,
        packet=np.ones(count, dtype=np.int64),
        ratio=columns,
        named=np.full((count, 3), 0.5),
    )
    return replace(worlds, **changed)


def supplied(worlds: PriorWorlds, launched: list[int], first: date = date(2023, 4, 1)) -> Supplied:
    return supply(worlds, four_city_theatre(), Months(first, np.array(launched)))


# ------------------------------------------------------------------ rounds and coverage


def test_coverage_of_the_two_zones_by_hand():
    after = supplied(made_prior(), [0] * 12)
    # months from April, the first Patriot from the 26th: not yet in the middle of it; the second from 14 December
    assert after.kyiv[0] == pytest.approx([0.0] + [READY] * 11)
    elsewhere = (1 - OTHER) / 3 * READY
    assert after.elsewhere[0] == pytest.approx([0.0] * 8 + [elsewhere] * 4)


def test_rounds_run_down_and_are_kept_in_part_by_hand():
    """10 rounds a month, half of what is left is kept, two at a missile, 0.8 x 0.25 of those launched met."""
    after = supplied(made_prior(), [0, 30, 30, 10], date(2023, 5, 1))
    met = KYIV * READY
    assert after.rounds[0] == pytest.approx([10, 15, 11.5, 10])
    # May fires none and keeps 5; June 2 x 30 x 0.2 = 12 of 15, keeps 1.5; July 12 of 11.5; August 4 of 10
    assert 2 * 30 * met == pytest.approx(12)
    assert after.share[0] == pytest.approx([1, 1, 11.5 / 12, 1])


def test_rounds_follow_the_recursion_in_every_world():
    dice, count, launched = np.random.default_rng(5), 40, [3, 40, 0, 25, 60, 9]
    noise = dice.normal(size=(count, 6)).astype(np.float32)
    drawn = {name: dice.uniform(low, high, count) for name, low, high in (
        ("rounds", 1, 30), ("rounds_sd", 0.1, 1), ("rounds_kept", 0, 1), ("salvo", 1, 3))}  # fmt: skip
    worlds = made_prior(count, rounds_noise=noise, **drawn)
    after = supplied(worlds, launched, date(2023, 10, 1))
    for w in range(count):
        left = 0.0
        for m, number in enumerate(launched):
            there = drawn["rounds"][w] * math.exp(drawn["rounds_sd"][w] * noise[w, m]) + drawn["rounds_kept"][w] * left
            wanted = drawn["salvo"][w] * number
            wanted *= KYIV * after.kyiv[w, m] + (1 - KYIV) * after.elsewhere[w, m]
            assert after.rounds[w, m] == pytest.approx(there, rel=1e-5)
            assert after.share[w, m] == pytest.approx(1.0 if wanted <= there else there / wanted, rel=1e-5)
            left = max(0.0, there - wanted)


def test_without_end_of_rounds_all_met_are_engaged_and_without_rounds_none():
    launched = [20, 20, 20]
    plenty = supplied(made_prior(rounds=np.array([np.inf])), launched, date(2023, 6, 1))
    assert np.all(plenty.share == 1)
    none = supplied(made_prior(rounds=np.array([0.0])), launched, date(2023, 6, 1))
    assert np.all(none.share == 0)
    assert np.array_equal(none.kyiv, plenty.kyiv)


def test_coverage_is_the_share_of_a_zone_s_missiles_that_meet_a_ready_unit():
    """Unit by unit and place by place, for worlds as they are drawn over the whole country."""
    study, count = study_of(), 200
    months = count_months(study.scenario, study.theatre, study.rows)
    levels = Levels(count, np.random.Generator(np.random.Philox(6)))
    worlds = draw_prior(
        study.scenario, study.theatre, Reading(), len(months.launched), levels, np.random.SeedSequence(7)
    )  # fmt: skip
    after, xy, kyiv = supply(worlds, study.theatre, months), study.theatre.places.xy, study.theatre.places.kyiv
    for month in (0, 1, 6, len(months.launched) - 1):
        system, site = worlds.stands.on(months.middle(month))
        for w in range(0, count, 23):
            met = [0.0, 0.0]
            for p, point in enumerate(xy):
                idle = 1.0
                for code, at in zip(system[w], site[w], strict=True):
                    if code >= 0 and np.hypot(*(point - xy[at])) <= worlds.shield.radius_km[w, code]:
                        idle *= 1 - worlds.shield.ready[w, code]
                met[0 if kyiv[p] else 1] += float(worlds.mix[w, p]) * (1 - idle)
            assert after.kyiv[w, month] == pytest.approx(met[0] / worlds.kyiv_share[w], rel=1e-4)
            assert after.elsewhere[w, month] == pytest.approx(met[1] / (1 - worlds.kyiv_share[w]), rel=1e-4)


def test_a_row_meets_the_coverage_of_its_month_as_far_as_rounds_go():
    study = study_of()
    months = count_months(study.scenario, study.theatre, study.rows)
    worlds = made_prior(3, rounds=np.array([1.0, 5.0, 50.0]))
    after = supply(worlds, four_city_theatre(), months)
    exposed = exposure(worlds, after, months, study.rows)
    for r, end in enumerate(study.rows.window_end.astype("datetime64[M]").astype(date)):
        m = 12 * (end.year - 2023) + end.month - 4
        assert exposed.kyiv[:, r] == pytest.approx(after.kyiv[:, m] * after.share[:, m])
        assert exposed.elsewhere[:, r] == pytest.approx(after.elsewhere[:, m] * after.share[:, m])
    assert np.all(exposed.kyiv[0] <= exposed.kyiv[2])
    assert np.any(exposed.kyiv[0] < exposed.kyiv[2])
    assert exposed.aim.tolist() == [KYIV] * 3


# ------------------------------------------------------------------ months


def launched_by_month() -> Counter[str]:
    """Eligible ballistic launches by month from May 2023 on, read from the table itself."""
    with files("tegmen").joinpath("data", "record", "nights.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["threat_class"] == "ballistic"]
    counts: Counter[str] = Counter()
    for row in rows:
        if (
            row["channel"] == "national"
            and row["launched"]
            and row["intercepted"]
            and row["window_end"] >= "2023-04-27"
        ):
            counts[row["window_end"][:7]] += int(row["launched"])
    return counts


def test_months_count_what_the_record_posts_and_the_month_asked_about_what_the_scenario_counts():
    study, counts = study_of(), launched_by_month()
    months = count_months(study.scenario, study.theatre, study.rows)
    assert months.first == date(2023, 4, 1)
    for m, launched in enumerate(months.launched.tolist()):
        middle = months.middle(m)
        assert months.of(middle) == m
        asked = f"{middle:%Y-%m}" == "2024-03"
        assert launched == (study.theatre.posted[BALLISTIC] if asked else counts[f"{middle:%Y-%m}"])
    assert len(months.launched) == 12


@pytest.mark.parametrize(
    ("held", "first"),
    [
        (
            (),
            date(2023, 4, 1),
        ),  # as in the catalogue, from the beginning: no month before the first that could meet one
        ((Held(system="patriot", since=date(2024, 2, 1), low=1, best=1, high=1, source="a test"),), date(2023, 4, 1)),
        ((Held(system="patriot", since=date(2023, 4, 26), low=1, best=1, high=1, source="a test"),), date(2023, 4, 1)),
    ],
)
def test_every_row_has_a_month_whenever_units_are_held(held, first):
    scenario = evidence().scenario.model_copy(update={"held": held})
    study = study_of(scenario, worlds=20)
    months = count_months(scenario, study.theatre, study.rows)
    numbers = [months.of(day) for day in study.rows.window_end.astype("datetime64[D]").astype(date)]
    assert first <= months.first <= date(2023, 5, 1)
    assert 0 <= min(numbers) <= max(numbers) < len(months.launched) < 20


def test_the_month_asked_about_may_lie_after_the_evidence():
    study = study_of()
    rows, _ = eligible(evidence().calibration.record, date(2023, 12, 31))
    months = count_months(study.scenario, study.theatre, rows[BALLISTIC])
    assert months.of(study.scenario.month.first) == len(months.launched) - 1
    assert months.launched[-1] == study.theatre.posted[BALLISTIC]
    # January and February were not seen, and are taken for as busy as the months that were.
    seen = rows[BALLISTIC].window_end.astype("datetime64[M]")
    between = int((seen.max() - seen.min()).astype(int)) + 1 + months.of(seen.min().astype(date))
    assert months.launched[-3:-1].tolist() == [round(rows[BALLISTIC].launched.sum() / between)] * 2


# ------------------------------------------------------------------ priors on grids


def test_the_prior_of_the_kill_share_is_the_row_of_the_catalogue():
    prior, row = kill_prior(evidence().scenario), evidence().scenario.catalogue.model("kill_share", "ballistic")
    low, best, high = row.span
    assert prior.weight.sum() == pytest.approx(1)
    assert prior.weight @ prior.share == pytest.approx((low + 4 * best + high) / 6, abs=0.01)
    outside = (prior.share < low - 0.026) | (prior.share > high + 0.026)
    assert np.all(prior.weight[outside] == 0)


def test_packets_are_whole_missiles_about_the_row_of_the_catalogue():
    chances, row = packet_chances(evidence().scenario), evidence().scenario.catalogue.model("packet_size", "ballistic")
    low, best, high = row.span
    assert chances.sum() == pytest.approx(1)
    assert len(chances) <= round(high)
    assert chances @ np.arange(1, len(chances) + 1) == pytest.approx((low + 4 * best + high) / 6, abs=0.15)
