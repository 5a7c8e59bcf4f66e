"""Month by month: closed forms of survival, the plan's own score, what a delay must cost, and what is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from core_example import evidence, study_of

from tegmen import Arrival, Effort, InputError, by_when, parse_month
from tegmen.answer import months
from tegmen.answer.months import Wear, later, months_between
from tegmen.engine.expected import cover_baseline, expected_losses
from tegmen.engine.laydown import Laydown
from tegmen.evidence.catalogue import read_catalogue
from tegmen.ledger.store import open_ledger

APRIL, AUGUST = dt.date(2024, 4, 1), dt.date(2024, 8, 1)
NO_LOSS = (0.0, 0.0, 0.0)


def wear(lost: float, replaced: float, delay: int) -> Wear:
    return Wear(np.array([lost]), np.array([replaced]), np.array([delay]))


def course_of(arrivals: tuple[Arrival, ...], ahead: int, attrition=NO_LOSS) -> months._Course:
    scenario = months.replace_number(evidence().scenario, months.LOSS_ROW, attrition, "a test")
    return months._begin(study_of(scenario), "posted", scenario.headline, arrivals, ahead)


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
    april, may = list(months._follow(course, 0))[1:]
    study, goal = course.study, course.goal
    sites = np.array([site for _, site in course.sites])
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
    planned, without = list(months._follow(course, 0)), list(months._follow(course, None))
    for before, now, bare_before, bare in zip(planned, planned[1:], without, without[1:], strict=False):
        carried = course.base.rounds_kept * (before.left - bare_before.left)
        more = evidence().scenario.added_rounds.value if now.added else 0.0
        assert now.rounds == pytest.approx(bare.rounds + carried + more)
        assert now.left == pytest.approx(np.maximum(now.rounds - now.wanted, 0))


def test_a_delay_beyond_the_last_month_costs_all_that_is_averted():
    course = course_of((Arrival("patriot", 4, dt.date(2024, 5, 9)),), 6, (0.0, 0.02, 0.1))
    planned, without = list(months._follow(course, 0)), list(months._follow(course, None))
    averted = sum(bare.value - with_units.value for bare, with_units in zip(without, planned, strict=True))
    assert months._delayed(course, planned, 7).mean == pytest.approx(averted.mean())
    assert months._delayed(course, planned, 0).mean == 0
    costs = [months._delayed(course, planned, delay).mean for delay in (1, 2, 3)]
    assert 0 < costs[0] < costs[1] < costs[2] < averted.mean()


def test_losses_cost_strikes_and_a_unit_half_there_is_a_unit_half_ready():
    arrivals = (Arrival("patriot", 2, APRIL),)
    kept, lost = (course_of(arrivals, 8, attrition) for attrition in (NO_LOSS, (0.5, 0.5, 0.5)))
    lost = replace(lost, wear=wear(0.5, 0.0, 0), there=np.full_like(lost.there, 0.5), counted={})
    half = replace(kept, base=replace(kept.base, shield=replace(kept.base.shield, ready=kept.base.shield.ready.copy())))
    worlds, added = months._worlds_in(lost, 3, 0)
    own = worlds.readiness[:, -2:]
    assert own == pytest.approx(0.5 * half.base.shield.ready[:, [0, 0]])
    assert added["patriot"] == pytest.approx(1.0)
    fuller, emptier = list(months._follow(kept, 0)), list(months._follow(lost, 0))
    assert emptier[4].value.mean() > fuller[4].value.mean()


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
        Arrival("sampt", 1, dt.date(2024, 3, 5)),
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
        "2024-03, not after",
        "2025-03, and",
        "9999-12",
    ):
        assert words in told
    assert len(refused.value.faults) == 6


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"months": 0}, "1 to 36"), ({"months": 37}, "1 to 36"), ({"goal": "none"}, "'none'"),
     ({"arrivals": [Arrival("patriot", 101, AUGUST)]}, "at most 100"), ({"attrition": (0.5, 0.1, 0.2)}, "order"),
     ({"attrition": (0.0, 0.1, 2.0)}, "0 to 1")],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(small_question, until_march, changed, words):
    with pytest.raises(InputError, match=words):
        by_when(small_question, until_march, **({"arrivals": [Arrival("patriot", 1, AUGUST)]} | changed))


def test_a_month_is_year_and_month_and_nothing_else():
    assert parse_month("2024-08") == AUGUST
    assert months_between(dt.date(2024, 3, 31), parse_month("2025-01")) == 10
    for text in ("2024-13", "2024-08-01", "August", "24-08", "", "2024-8x"):
        with pytest.raises(InputError, match="YYYY-MM"):
            parse_month(text)
