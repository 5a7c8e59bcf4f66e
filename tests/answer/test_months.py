"""Month by month: closed forms of survival, the plan's own score, what a delay must cost, and what is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from core_example import evidence, study_of

from tegmen import Arrival, Effort, InputError, by_when, goals_named, parse_month
from tegmen.answer import months
from tegmen.answer.months import Coming, Wear, later, months_between
from tegmen.answer.options import score_options, site_option
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import passage_for
from tegmen.evidence.catalogue import read_catalogue
from tegmen.ledger.store import open_ledger
from tegmen.question.scenario import Goal

APRIL, AUGUST = dt.date(2024, 4, 1), dt.date(2024, 8, 1)
NO_LOSS = (0.0, 0.0, 0.0)
ALL_STRIKES = Goal.model_validate({"name": "all", "metric": "strikes", "threshold": 0.5, "confidence": 0.8})


def wear(lost: float, replaced: float, delay: int) -> Wear:
    return Wear(np.array([lost]), np.array([replaced]), np.array([delay]))


def course_of(arrivals: tuple[Arrival, ...], ahead: int, attrition=NO_LOSS, goal: str = "strikes") -> months._Course:
    scenario = months.replace_number(evidence().scenario, months.LOSS_ROW, attrition, "a test")
    asked = ALL_STRIKES if goal == "all" else goals_named(scenario, [goal])[0]
    study = study_of(scenario)
    plan = site_option(study, [asked], months._arriving(arrivals))
    coming = Coming(arrivals, plan, scenario.added_rounds.value)
    return months._begin(study, "posted", asked, coming, months.Looked(ahead))


def followed(course: months._Course, delay: int | None) -> list[months._Month]:
    return [month for (month,) in months._follow(course, (delay,))]


# ---------------------------------------------------------------- a unit's wear


@pytest.mark.parametrize("lost", [0.0, 0.02, 0.3])
def test_without_replacement_units_decay_and_with_one_at_once_by_so_much_less(lost: float):
    ages = np.arange(13)
    assert wear(lost, 0.0, 4).there(12)[:, 0] == pytest.approx((1 - lost) ** ages)
    assert wear(lost, 0.6, 0).there(12)[:, 0] == pytest.approx((1 - 0.4 * lost) ** ages)


@pytest.mark.parametrize("delay", [1, 4, 11])
def test_where_all_is_replaced_what_is_missing_is_on_its_way(delay: int):
    # In the long run as many come as are lost, and the loss of `delay` months is on its way: s + delay lost s = 1.
    assert wear(0.05, 1.0, delay).there(900)[-1, 0] == pytest.approx(1 / (1 + 0.05 * delay))


def test_replacements_come_after_their_time_and_not_before():
    early, late = wear(0.1, 1.0, 2).there(5)[:, 0], wear(0.1, 1.0, 3).there(5)[:, 0]
    assert early[:3] == pytest.approx(0.9 ** np.arange(3))
    assert early[3] == pytest.approx(0.9**3 + 0.1)
    assert late[3] == pytest.approx(0.9**3)


def test_the_row_of_losses_is_what_the_ledger_s_lines_come_to():
    scenario, row = evidence().scenario, read_catalogue().row(months.LOSS_ROW)
    held = [(each.since, each.best) for each in scenario.held if each.system == "patriot"]
    ends = [since for since, _ in held[1:3]]
    ends[-1] = scenario.until  # rows behind the month are no evidence for it
    unit_months = sum(best * (end - since).days / 30.4 for (since, best), end in zip(held, ends, strict=False))
    with open_ledger() as ledger:
        lines = [e for e in ledger.current().values() if e.thing.startswith("Patriot lost by Ukraine") and e.quantity]
    launchers = [e for e in lines if e.quantity.unit == "launchers" and (e.period[1] <= scenario.until)]
    told = sum(e.quantity.best for e in launchers if e.via == "Forbes")
    claimed = sum(e.quantity.best for e in launchers if e.doubtful and "one week" not in e.note)
    assert (told, claimed) == (2, 15)
    assert row.best == pytest.approx(told / 6 / unit_months, rel=0.05)
    assert row.high == pytest.approx(claimed / 6 / unit_months, rel=0.05)
    assert not row.verified


# ---------------------------------------------------------------- months


def test_a_month_with_units_is_the_plan_s_own_score():
    course = course_of((Arrival("patriot", 3, APRIL),), 2)
    april, may = followed(course, 0)[1:]
    study, goal = course.study, course.goal
    sites = np.array([unit.site for unit in course.units])
    rounds = [[may.rounds] * 4]
    # Until July no more units are held than in March, so the worlds of March serve.
    losses = expected_losses(cover_baseline(course.worlds), goal, Laydown.of("patriot", sites), rounds)[0]
    assert may.value == pytest.approx(losses[:, 3])
    assert april.value == pytest.approx(
        expected_losses(cover_baseline(course.worlds), goal, Laydown.of("patriot", sites), [[april.rounds] * 4])[0][
            :, 0
        ]
    )
    assert sites.tolist() == study.sites(goal, "patriot", 3).sites.tolist()


def test_rounds_are_kept_and_more_come_with_the_first_units():
    course = course_of((Arrival("patriot", 1, APRIL),), 3)
    planned, without = followed(course, 0), followed(course, None)
    for before, now, bare_before, bare in zip(planned, planned[1:], without, without[1:], strict=False):
        carried = course.base.rounds_kept * (before.left - bare_before.left)
        more = evidence().scenario.added_rounds.value if now.added else 0.0
        assert now.rounds == pytest.approx(bare.rounds + carried + more)
        assert now.left == pytest.approx(np.maximum(now.rounds - now.wanted, 0))


def test_a_delay_beyond_the_last_month_costs_all_that_is_averted():
    course = course_of((Arrival("patriot", 4, dt.date(2024, 5, 9)),), 6, (0.0, 0.02, 0.1))
    planned, without = followed(course, 0), followed(course, None)
    averted = sum(bare.value - with_units.value for bare, with_units in zip(without, planned, strict=True))
    none, never, *later_by = (
        months._delayed(delay, planned, followed(course, delay)).mean for delay in (0, 7, 1, 2, 3)
    )
    assert (none, never) == (0, pytest.approx(averted.mean()))
    costs = list(later_by)
    assert 0 < costs[0] < costs[1] < costs[2] < averted.mean()


def test_losses_cost_strikes_and_a_unit_half_there_is_a_unit_half_ready():
    arrivals = (Arrival("patriot", 2, APRIL),)
    kept, lost = (course_of(arrivals, 8, attrition) for attrition in (NO_LOSS, (0.5, 0.5, 0.5)))
    lost = replace(lost, there=np.full_like(lost.there, 0.5), counted={})
    cover = cover_baseline(replace(kept.worlds, readiness_added=kept.worlds.readiness_added * 0.5))
    added, whole = followed(lost, 0), followed(kept, 0)
    assert added[4].added["patriot"] == pytest.approx(1.0)
    for unit in kept.units:
        cover.add(unit.site, "patriot")
    value = expected_losses(cover, lost.goal, Laydown.of("patriot", []), [[added[2].rounds]])[0, :, 0]
    # Until July the baseline is that of March.
    assert added[2].value == pytest.approx(value)
    assert added[4].value.mean() > whole[4].value.mean()


# ---------------------------------------------------------------- any kind


@pytest.mark.parametrize(
    ("goal", "kind", "number"),
    [("cruise_strikes", "nasams", 2), ("cruise_strikes", "iris_t_slm", 1), ("cruise_strikes", "hawk", 3),
     ("cruise_strikes", "sampt", 1), ("drone_strikes", "gepard", 4), ("drone_strikes", "mobile_fire_group", 2),
     ("people", "patriot", 2)],
)  # fmt: skip
def test_an_arrival_is_the_option_scored_from_its_first_full_month_on_and_nothing_before(goal, kind, number):
    course = course_of((Arrival(kind, number, dt.date(2024, 4, 9)),), 3, goal=goal)
    planned, without = followed(course, 0), followed(course, None)
    for with_units, bare in zip(planned[:2], without[:2], strict=True):
        assert with_units.value.tolist() == bare.value.tolist()
        assert not with_units.added
    scores = score_options(course.study, "posted", [course.goal], [{kind: number}])
    assert without[0].value.mean() == pytest.approx(scores.baseline[0])
    if goal != "people":  # rounds of later months are others, and count for ballistic missiles alone
        for month in planned[2:]:
            base = without[0].value
            left = np.where(base > 0, month.value / np.where(base > 0, base, 1.0), 0.0)
            assert left.mean() == pytest.approx(scores.remaining[0, 0])
            assert scores.remaining[0, 0] < 1
            assert months._met(course, month.value, base).mean() == scores.probability[0, 0]
    else:
        assert (planned[2].value <= without[2].value + 1e-9).all()


def test_a_mix_that_comes_kind_by_kind_is_each_month_the_option_there():
    arrivals = (Arrival("nasams", 1, dt.date(2024, 5, 2)), Arrival("iris_t_slm", 1, APRIL), Arrival("gepard", 2, APRIL))
    course = course_of(arrivals, 3, goal="all")
    months_with, without = followed(course, 0), followed(course, None)
    april, may, june = months_with[1:]
    # None of them meets a ballistic missile: no rounds against these come with them.
    assert [month.rounds.tolist() for month in months_with] == [month.rounds.tolist() for month in without]
    assert [dict.fromkeys(month.added) for month in (april, may, june)] == [
        {}, dict.fromkeys(["iris_t_slm", "gepard"]), dict.fromkeys(["iris_t_slm", "gepard", "nasams"]),
    ]  # fmt: skip
    sites: dict[str, list[int]] = {}
    for unit in course.units:
        sites.setdefault(unit.kind, []).append(unit.site)
    for month, there in ((may, ("iris_t_slm", "gepard")), (june, ("iris_t_slm", "gepard", "nasams"))):
        kinds = tuple(kind for kind in there for _ in sites[kind])
        plan = Laydown(kinds, np.array([site for kind in there for site in sites[kind]]))
        supplies = [[month.rounds] * (len(plan) + 1)]
        passage = passage_for(course.worlds, course.goal.measure)
        losses = expected_losses(cover_baseline(course.worlds), course.goal, plan, supplies, passage)[0]
        assert month.value == pytest.approx(losses[:, -1])


@pytest.mark.parametrize(
    ("goal", "kind", "error"), [("drone_strikes", "gepard", 1e-9), ("cruise_strikes", "nasams", 0.02)]
)
def test_a_unit_there_with_a_chance_averts_that_share_of_what_it_averts_when_it_is_there(goal, kind, error):
    """Its rounds last as long as when it is there; of cruise missiles the looks that follow one another are a mean."""
    course = course_of((Arrival(kind, 1, APRIL),), 2, goal=goal)
    without, whole = followed(course, None)[2].value, followed(course, 0)[2].value
    part = followed(replace(course, there=np.full_like(course.there, 0.25), counted={}), 0)[2].value
    assert (without - whole).max() > 0.01
    assert (without - part).sum() == pytest.approx(0.25 * (without - whole).sum(), rel=error)


@pytest.fixture(scope="module")
def answer(small_question, until_march, small_effort: Effort):
    arrivals = [Arrival("patriot", 5, dt.date(2024, 11, 20)), Arrival("patriot", 2, AUGUST, dt.date(2024, 5, 1))]
    return by_when(small_question, until_march, arrivals=arrivals, months=10, effort=small_effort)


def test_months_are_told_in_order_with_who_stands_in_them(answer):
    assert [month.first for month in answer.months] == [later(dt.date(2024, 3, 1), month) for month in range(11)]
    assert answer.arrivals[0].number == 2
    assert answer.last_arrival == dt.date(2024, 12, 1)
    units = [sum(month.added.values()) for month in answer.months]
    assert units[:6] == [0] * 6
    assert units[6] == 2
    assert 1.5 < units[8] < 2
    assert 6 < units[9] < 7
    held = [month.held["patriot"].best for month in answer.months]
    assert held == [3, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5]
    assert answer.baseline == answer.months[0].mean
    assert answer.averted > 0
    assert answer.delays[0].mean > 0


def test_the_ledger_stands_beside_every_month(answer):
    july, october = answer.months[4].committed["patriot"], answer.months[7].committed["patriot"]
    assert (july.delivered.best, october.delivered.best) == (4, 5)
    assert july.outstanding.best > 0
    assert july.requested.low >= 5
    assert july.held is not None


def test_a_month_ahead_is_a_table_and_a_sentence_that_calls_it_a_projection(answer):
    table = answer.to_pandas()
    assert table["month"].tolist()[0] == "2024-03"
    assert len(table) == 11
    assert "With 7 Patriot from August 2024 to November 2024" in answer.sentence
    assert "A month of delay adds" in repr(answer)
    assert "not a forecast" in answer.caveats[0]
    assert "loss_share_a_month" in answer.caveats[-1]


def test_the_same_question_has_the_same_answer(answer, small_question, until_march, small_effort: Effort):
    again = by_when(small_question, until_march, arrivals=answer.arrivals, months=10, effort=small_effort)
    assert again == answer


# ---------------------------------------------------------------- what is refused


def test_every_fault_of_the_arrivals_is_named_at_once(small_question, until_march):
    arrivals = [
        Arrival("patriott", 1, AUGUST),
        Arrival("patriot", -3, AUGUST),
        Arrival("patriot", 1, AUGUST, pledged=dt.date(2024, 9, 1)),
        Arrival("sampt", 1, dt.date(2024, 2, 5)),
        Arrival("gepard", 2, AUGUST),
        Arrival("sampt", 1, dt.date(2025, 3, 5)),
        Arrival("sampt", 1, dt.date(9999, 12, 31), pledged=dt.date(1, 1, 1)),
    ]
    with pytest.raises(InputError) as refused:
        by_when(small_question, until_march, arrivals=arrivals, months=12)
    told = "\n".join(refused.value.faults)
    for words in (
        "'patriott'",
        "-3 fire units",
        "before its pledge of 2024-09-01",
        "2024-02, before the scenario's month",
        "'gepard', which meets nothing that the goal 'strikes' counts",
        "2025-03, and",
        "9999-12",
    ):
        assert words in told
    assert len(refused.value.faults) == 7


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"months": 0}, "1 to 36"), ({"months": 37}, "1 to 36"), ({"goal": "none"}, "'none'"),
     ({"arrivals": [Arrival("patriot", 101, AUGUST)]}, "at most 100"), ({"attrition": (0.5, 0.1, 0.2)}, "order"),
     ({"attrition": (0.0, 0.1, 2.0)}, "0 to 1")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(small_question, until_march, changed, words):
    with pytest.raises(InputError, match=words):
        by_when(small_question, until_march, **({"arrivals": [Arrival("patriot", 1, AUGUST)]} | changed))


def test_a_unit_that_comes_in_the_scenario_s_month_fights_all_of_the_next(small_question, until_march):
    arrivals = [Arrival("patriot", 2, dt.date(2024, 3, 30))]
    answer = by_when(small_question, until_march, arrivals=arrivals, months=1, effort=Effort(worlds=40, runs=2))
    assert [sum(month.added.values()) for month in answer.months] == [0, 2]


def test_a_month_is_year_and_month_and_nothing_else():
    assert parse_month("2024-08") == AUGUST
    assert months_between(dt.date(2024, 3, 31), parse_month("2025-01")) == 10
    for text in ("2024-13", "2024-08-01", "August", "24-08", "", "2024-8x"):
        with pytest.raises(InputError, match="YYYY-MM"):
            parse_month(text)
