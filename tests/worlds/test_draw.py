"""Worlds as the answer takes them: launches of a case, what nobody posted, and what all readings have in common."""

from __future__ import annotations

import csv
from dataclasses import fields
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pytest
from core_example import (
    BALLISTIC,
    CRUISE,
    KINDS,
    MEET_BALLISTIC,
    MEET_MISSILES,
    PATRIOT,
    after_the_record,
    drawn,
    evidence,
    study_of,
    worlds_of,
)

from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.reports import UNNAMED
from tegmen.question.scenario import Held
from tegmen.question.theatre import set_theatre
from tegmen.terms import EVIDENCE_CASES, ThreatClass, join, same_content, take
from tegmen.worlds.posterior import weigh

if TYPE_CHECKING:
    from tegmen.terms import EvidenceCase
    from tegmen.worlds.draw import Worlds

MARCH = {
    ThreatClass.ballistic: 29,
    ThreatClass.s300_ground: 60,
    ThreatClass.cruise: 171,
    ThreatClass.supersonic: 9,
    ThreatClass.drone: 553,
}
NO_PLACE = "share aimed at neither cities nor plants"
AT_KYIV = "share of ballistic missiles aimed at Kyiv"


def test_every_row_of_the_model_table_is_drawn():
    # a row that no world draws is one that no formula reads; rounds for added units are the scenario's,
    # losses are drawn where months ahead are asked about, and prices where costs are
    own = {row.label for row in read_catalogue().parameters if row.table == "model.csv"}
    later = ("rounds_added_a_month", "loss_share_a_month", "replaced_share", "replacement_months", "paid_months")
    later = (*later, "usd_per_eur")
    own -= {evidence().scenario.catalogue.model(name).label for name in later}
    assert {row.label for row in drawn().parameters if row.table == "model.csv"} == own


# ------------------------------------------------------------------ targets


@pytest.mark.parametrize("case", EVIDENCE_CASES)
def test_targets_are_a_distribution_but_for_what_has_no_place(case: EvidenceCase):
    worlds = drawn(case)
    assert worlds.mix.min() >= 0
    for cls in set(MARCH) - {BALLISTIC}:
        assert worlds.mix[:, cls].sum(axis=1) == pytest.approx(np.ones(len(worlds)), abs=1e-5)
    at_kyiv = worlds.mix[:, BALLISTIC][:, worlds.places.kyiv].sum(axis=1)
    elsewhere = worlds.mix[:, BALLISTIC][:, ~worlds.places.kyiv].sum(axis=1)
    kyiv, other = worlds.unknowns[AT_KYIV], worlds.unknowns[NO_PLACE]
    # what nobody posted is not aimed at Kyiv, and does not change what else is aimed where
    posted = MARCH[BALLISTIC] / worlds.counts[:, BALLISTIC]
    assert at_kyiv == pytest.approx(posted * kyiv, abs=1e-5)
    assert np.all(elsewhere >= posted * (1 - kyiv) * (1 - other) - 1e-5)
    if case == "posted":
        assert elsewhere == pytest.approx((1 - kyiv) * (1 - other), abs=1e-5)


def test_what_nobody_posted_fell_where_no_unit_covers():
    """In missiles: the claimed month less the posted one, place by place."""
    posted, claimed = drawn("posted", 200), drawn("claimed", 200)
    assert np.array_equal(posted.site, claimed.site)
    more = claimed.counts[:, BALLISTIC, None] * claimed.mix[:, BALLISTIC].astype(float)
    more -= posted.counts[:, BALLISTIC, None] * posted.mix[:, BALLISTIC]
    unposted = claimed.counts[:, BALLISTIC] - posted.counts[:, BALLISTIC]
    assert unposted.max() > 0
    covered = posted.covers > 0
    assert np.all(abs(more[covered]) <= 1e-4)
    assert np.all(abs(more[:, posted.places.kyiv]) <= 1e-4)
    open_places = ~covered & ~posted.places.kyiv
    # in proportion to what else is aimed there, and at what has no place
    kyiv, other = posted.unknowns[AT_KYIV], posted.unknowns[NO_PLACE]
    bare = posted.mix[:, BALLISTIC] * open_places
    share = unposted / (bare.sum(axis=1) + (1 - kyiv) * other)
    assert more[open_places] == pytest.approx((bare * share[:, None])[open_places], abs=2e-4)


def test_the_targets_are_not_fitted_to_reports_after_the_date_or_the_month_asked_for():
    scenario, record, until = evidence().scenario, evidence().calibration.record, evidence().scenario.until
    assert len(record.until(until).rows) < len(record.rows)
    early, month_end = date(2024, 1, 31), scenario.month.last
    seen, all_of_it = (set_theatre(scenario, each, early) for each in (record.until(early), record))
    asked, later = (set_theatre(scenario, record, day) for day in (month_end, record.rows["window_end"].max().date()))
    for cls in (BALLISTIC, CRUISE):
        assert np.array_equal(seen.named[cls], all_of_it.named[cls])
        assert not np.array_equal(seen.named[cls], asked.named[cls])
        # What was aimed at after the month asked about tells of other months.
        assert np.array_equal(asked.named[cls], later.named[cls])


# ------------------------------------------------------------------ launches and rates


def test_claimed_counts_add_up_to_the_official_totals():
    counts, posted = drawn("claimed").counts, drawn("posted").counts
    assert np.all(counts[:, [BALLISTIC, ThreatClass.s300_ground]].sum(axis=1) == 94)
    assert np.all(counts[:, ThreatClass.drone] == 600)
    missiles = [BALLISTIC, CRUISE, ThreatClass.supersonic, ThreatClass.s300_ground]
    assert np.all(counts[:, missiles].sum(axis=1) == 400)
    assert np.all(counts >= posted[0])
    assert np.all(posted == [MARCH.get(cls, 0) for cls in ThreatClass])


def test_rates_of_the_claimed_case_count_the_unposted_as_unopposed():
    # one and the same draw of the posterior: only the number launched differs
    posted, claimed = drawn("posted", 200), drawn("claimed", 200)
    for cls in (ThreatClass.drone, CRUISE):
        dilution = MARCH[cls] / claimed.counts[:, cls]
        assert claimed.rate[:, cls] == pytest.approx(posted.rate[:, cls] * dilution)
    # a ballistic missile that is met is stopped as often: those that nobody posted met nobody
    assert np.array_equal(claimed.rate[:, BALLISTIC], posted.rate[:, BALLISTIC])


def test_the_kill_share_of_the_month_is_that_of_its_weapons():
    posterior, worlds = after_the_record(), drawn()
    assert sum(posterior.theatre.weapons.values()) == MARCH[BALLISTIC]
    for w in range(5):
        stopped = 0.0
        for weapon, number in posterior.theatre.weapons.items():
            name = weapon if weapon in posterior.kill.share else UNNAMED
            stopped += number * posterior.kill.share[name][w]
        assert worlds.rate[w, BALLISTIC] == pytest.approx(stopped / MARCH[BALLISTIC])


# ------------------------------------------------------------------ layouts


def test_units_are_as_available_as_their_system_is_in_the_world():
    worlds, ready = drawn(), after_the_record().worlds.shield.ready[:30]
    for code, name in enumerate(MEET_MISSILES):
        w, u = np.nonzero(worlds.system == code)
        expected = ready[w, code] if name in MEET_BALLISTIC else np.ones(len(w))
        assert worlds.readiness[w, u] == pytest.approx(expected)
    added = dict(zip(KINDS.ids, worlds.readiness_added.T, strict=True))
    assert np.array_equal(np.stack([added[kind] for kind in MEET_BALLISTIC], axis=1), ready)
    # What meets aerodynamic targets alone is as the baseline's units are, outages in its factor; guns have rows.
    assert all(np.all(added[kind] == 1) for kind in set(MEET_MISSILES) - set(MEET_BALLISTIC))
    low, _, high = evidence().scenario.catalogue.of_kind("gepard", "maintenance_share").span
    assert np.all((added["gepard"] >= 1 - high) & (added["gepard"] <= 1 - low))
    assert added["gepard"].std() > 0


def test_availability_is_what_maintenance_repair_and_training_leave():
    ready, catalogue = after_the_record(1000).worlds.shield.ready, evidence().scenario.catalogue
    for code, system in enumerate(MEET_BALLISTIC):
        rows = [
            catalogue.model(f"{name}_share", system=system) for name in ("maintenance", "repair_abroad", "training")
        ]
        low, high = (np.prod([1 - row.span[end] for row in rows]) for end in (2, 0))
        assert np.all((ready[:, code] >= low) & (ready[:, code] <= high))


@pytest.mark.parametrize("case", EVIDENCE_CASES)
def test_kyiv_always_has_a_patriot(case: EvidenceCase):
    worlds = drawn(case)
    assert np.all(((worlds.system == PATRIOT) & (worlds.site == 0)).any(axis=1))
    assert worlds.places.name[0] == "Kyiv"


def test_no_unit_stands_where_the_defender_does_not():
    worlds = drawn()
    with files("tegmen").joinpath("data", "geo", "places.csv").open(encoding="utf-8", newline="") as file:
        lost = {row["name"] for row in csv.DictReader(file) if row["held"] != "true"}
    present = worlds.system >= 0
    assert np.array_equal(present, worlds.site >= 0)
    assert worlds.site.max() < len(worlds.places)
    assert not lost & set(worlds.places.name[worlds.site[present]].tolist())


def test_there_are_as_many_units_as_the_scenario_says():
    worlds, scenario = drawn(), evidence().scenario
    for code, system in enumerate(MEET_MISSILES):
        number = (worlds.system == code).sum(axis=1)
        low, _, high = scenario.held_on(system, scenario.month.first).span
        # of the systems that stand with the troops only a share stands at places
        assert number.max() <= np.ceil(high)
        if system in ("nasams", "iris_t_slm", "hawk"):
            assert number.min() >= np.floor(low)


def test_the_scenarios_own_baseline_replaces_the_inventory():
    systems = ("iris_t_slm", "nasams")
    held = (*evidence().scenario.held, *(
        Held(system=s, since=evidence().scenario.month.first, low=7, best=7, high=7, source="a test") for s in systems
    ))  # fmt: skip
    scenario = evidence().scenario.model_copy(update={"held": held})
    worlds = worlds_of(study_of(scenario, worlds=40).posterior(), count=4)
    for system in systems:
        assert np.all((worlds.system == KINDS.code(system)).sum(axis=1) == 7)


# ------------------------------------------------------------------ one and the same world


@pytest.mark.parametrize("case", EVIDENCE_CASES)
def test_light_and_whole_worlds_agree_on_all_that_ballistic_missiles_take(case: EvidenceCase):
    whole, light = drawn(case), take(worlds_of(after_the_record(), case), np.arange(30))
    width = light.system.shape[1]
    for name in ("system", "site", "readiness"):
        assert np.array_equal(getattr(light, name), getattr(whole, name)[:, :width])
    columns = [part.name for part in fields(whole.units) if "ballistic" in part.name and "ready" not in part.name]
    assert len(columns) == 2
    for name in columns:
        assert np.array_equal(getattr(light.units, name), getattr(whole.units, name))
    for name in ("kill_ratio_elsewhere", "salvo_ballistic", "rounds_a_month"):
        assert np.array_equal(light.scalar[name], whole.scalar[name])
    assert np.array_equal(light.rate[:, BALLISTIC], whole.rate[:, BALLISTIC])
    assert np.array_equal(light.packet[:, BALLISTIC], whole.packet[:, BALLISTIC])
    if case == "posted":
        assert np.array_equal(light.mix[:, BALLISTIC], whole.mix[:, BALLISTIC])
        assert np.array_equal(light.counts[:, BALLISTIC], whole.counts[:, BALLISTIC])
    assert not light.counts[:, [cls for cls in MARCH if cls is not BALLISTIC]].any()


def test_rounds_of_the_month_asked_about_are_those_it_was_weighed_with():
    posterior, worlds = after_the_record(), drawn()
    month = posterior.months.of(evidence().scenario.month.first)
    assert worlds.scalar["rounds_a_month"] == pytest.approx(posterior.supplied.rounds[:30, month])
    assert worlds.ess == posterior.ess


def test_same_seed_same_worlds_other_seed_other_worlds():
    again = worlds_of(weigh_again(1), count=30)
    assert same_content(again, worlds_of(weigh_again(1), count=30))
    other = worlds_of(weigh_again(2), count=30)
    assert not np.intersect1d(other.readiness_added[:, :2], again.readiness_added[:, :2]).size
    assert other.seed != again.seed  # addresses the kernel's draws


def weigh_again(seed: int):
    study = study_of()
    return weigh(
        study.scenario, study.theatre, study.rows, after_the_record().reading, drawn=200, kept=40, seed=seed,
        proposals=after_the_record().proposals,
    )  # fmt: skip


def test_join_and_take_are_each_others_inverse():
    a, b = take(drawn(), np.arange(20)), take(drawn(), np.arange(20, 30))
    both: Worlds = join([a, b])
    assert len(both) == 30
    assert both == drawn()
    assert take(both, np.arange(20)) == a
    assert take(both, np.arange(20, 30)) == b
    assert take(both, np.array([21, 4])) == join([take(b, np.array([1])), take(a, np.array([4]))])
