"""From whose stocks: brute force, another algorithm, what came afterwards, and every ask that is refused."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

import tegmen as tg
from tegmen.answer.donors import HORIZON
from tegmen.answer.givers import Giver, full_month, giver_of, solve
from tegmen.errors import InfeasibleError, InputError
from tegmen.evidence.holders import OUTLOOKS, Holder, read_holders
from tegmen.evidence.parameters import Parameter

MARCH = tg.read_scenario("march-2024")
HOLDERS = read_holders(MARCH.month.last)
HEAD = "holder,system,parameter,as_of,value_low,value_best,value_high,unit,source,verified,note\n"


def row(name: str, low: float, best: float, high: float, unit: str = "months") -> Parameter:
    return Parameter(name, low, best, high, unit, "a test", verified=True, system="patriot", subject="A", table="t")


def holder(name: str, kind: str = "patriot") -> Holder:
    return Holder(name, kind, row("stock", 9, 9, 9, "fire units"), {})


def giver(name: str, stock: int, spares: int, working: int, months: tuple[float, float], kind="patriot") -> Giver:
    return Giver(holder(name, kind), stock, stock - spares, 0, working, months)


# ------------------------------------------------------------------ the best flow


def random_case(seed: int, givers: int = 3, most: int = 2, months: int = 4):
    generator = np.random.default_rng(seed)
    made = []
    for index in range(givers):
        stock = int(generator.integers(1, 9))
        soon = float(generator.integers(0, months))
        spares = min(int(generator.integers(0, most + 1)), stock)
        late = soon + float(generator.integers(0, 3))
        made.append(giver(f"H{index}", stock, spares, int(generator.integers(0, most + 1)), (soon, late)))
    crews = tuple(int(each) for each in generator.integers(0, 3, months))
    return made, {"patriot": int(generator.integers(1, 5))}, {"patriot": crews}


def shares(givers: list[Giver], taken: Counter[int]) -> float:
    return sum(nth / givers[index].stock for index, count in taken.items() for nth in range(1, count + 1))


def by_brute_force(givers, added, crews) -> tuple[int, int, float]:
    """(units that do not come, months waited, shares) of the best of all plans."""
    units = [(i, batch.month) for i, each in enumerate(givers) for batch in each.batches for _ in range(batch.units)]
    slots = [month for month, most in enumerate(crews["patriot"], start=1) for _ in range(most)]
    plans = [(added["patriot"], 0, 0.0)]
    for count in range(1, min(added["patriot"], len(units), len(slots)) + 1):
        for chosen in combinations(units, count):
            fits = [
                sum(months) - count
                for months in set(permutations(slots, count))
                if all(ready <= month for (_, ready), month in zip(chosen, months, strict=True))
            ]
            if fits:
                taken = Counter(index for index, _ in chosen)
                plans.append((added["patriot"] - count, min(fits), round(shares(givers, taken), 9)))
    return min(plans)


@pytest.mark.parametrize("seed", range(300))
def test_no_plan_is_better_by_brute_force(seed):
    case = random_case(seed)
    found = solve(*case)
    taken = Counter(move.giver for move in found.moves)
    assert (found.unmet["patriot"], found.waited, pytest.approx(shares(case[0], taken), abs=1e-6)) == by_brute_force(
        *case
    )
    assert all(move.ready <= move.month for move in found.moves)
    assert all(taken[index] <= each.gives for index, each in enumerate(case[0]))
    begun = Counter(move.month for move in found.moves)
    assert all(begun[month] <= most for month, most in enumerate(case[2]["patriot"], start=1))


@pytest.mark.parametrize("seed", range(12))
def test_an_assignment_by_another_algorithm_costs_as_much(seed):
    """25 holders and 24 months as a matching of units to months (Jonker and Volgenant), where each ask can be met."""
    givers, added, crews = random_case(seed, givers=25, most=3, months=24)
    added = {"patriot": 12}
    found = solve(givers, added, crews)
    units = [(i, b.month) for i, each in enumerate(givers) for b in each.batches for _ in range(b.units)]
    slots = [month for month, most in enumerate(crews["patriot"], start=1) for _ in range(most)]
    never, number = 1e9, added["patriot"]
    cost = np.full((len(units) + len(slots) - number, len(slots) + len(units) - number), 0.0)
    cost[len(units) :, len(slots) :] = never  # what stands for nothing meets what stands for nothing
    seen = Counter()
    for u, (index, ready) in enumerate(units):
        seen[index] += 1
        for s, month in enumerate(slots):
            cost[u, s] = 1000 * (month - 1) + seen[index] / givers[index].stock if ready <= month else never
    rows, columns = linear_sum_assignment(cost)
    taken = Counter(move.giver for move in found.moves)
    assert not found.unmet["patriot"]
    assert 1000 * found.waited + shares(givers, taken) == pytest.approx(cost[rows, columns].sum(), abs=1e-4)


@pytest.mark.parametrize("seed", range(60))
def test_by_every_month_as_many_fight_as_could(seed):
    """So the plan does not hang on what a month is worth."""
    givers, added, crews = random_case(seed, givers=4, most=3, months=5)
    found = solve(givers, added, crews)
    for month in range(1, 6):
        by_then = solve(givers, added, {"patriot": crews["patriot"][:month]})
        come = added["patriot"] - by_then.unmet["patriot"]
        assert sum(move.month <= month for move in found.moves) == come


@pytest.mark.parametrize("seed", range(80))
def test_a_limit_that_prices_clear_gains_nothing_when_relaxed(seed):
    givers, added, crews = random_case(seed, givers=4, most=2, months=5)
    found = solve(givers, added, crews)

    def gained(others) -> bool:
        other = solve(others, added, crews)
        return (other.unmet["patriot"], other.waited) < (found.unmet["patriot"], found.waited)

    for index, each in enumerate(givers):
        soon, late = map(full_month, each.months)
        if each.floor and gained([*givers[:index], replace(each, floor=each.floor - 1), *givers[index + 1 :]]):
            assert found.may_gain(index, soon if each.spares < each.working else late)
        if each.spares > each.working:
            working = [*givers[:index], replace(each, working=each.working + 1), *givers[index + 1 :]]
            assert found.may_gain(index, soon) or not gained(working)
    more = {"patriot": tuple(most + 1 for most in crews["patriot"])}
    other = solve(givers, added, more)
    better = (other.unmet["patriot"], other.waited) < (found.unmet["patriot"], found.waited)
    assert found.crews_may_gain("patriot") or not better


def test_two_kinds_are_as_each_alone():
    givers = [giver("A", 5, 2, 1, (1, 3)), giver("A", 4, 1, 1, (0, 0), "sampt"), giver("B", 9, 2, 2, (2, 2))]
    crews = {"patriot": (1,) * 6, "sampt": (1,) * 6}
    both = solve(givers, {"patriot": 3, "sampt": 1}, crews)
    patriot = solve([givers[0], givers[2]], {"patriot": 3}, {"patriot": crews["patriot"]})
    sampt = solve([givers[1]], {"sampt": 1}, {"sampt": crews["sampt"]})
    assert [(move.month, move.giver) for move in both.moves if move.giver != 1] == [
        (move.month, 2 * move.giver) for move in patriot.moves
    ]
    assert [move.month for move in both.moves if move.giver == 1] == [move.month for move in sampt.moves]


# ------------------------------------------------------------------ holders to givers


def test_a_holder_by_hand():
    """Ten held, seven working, share kept 0.55: four to spare, after 1 + max(3, 2) months; overhaul takes 4 more."""
    rows = {
        "floor_share": row("floor_share", 0.5, 0.55, 1, "fraction"),
        "working_share": row("working_share", 0.2, 0.3, 0.9, "fraction"),
        "months_to_agree": row("months_to_agree", 0.5, 1, 2),
        "months_to_transfer": row("months_to_transfer", 2, 3, 4),
        "months_to_train": row("months_to_train", 1, 2, 6),
        "months_to_overhaul": row("months_to_overhaul", 3, 4, 5),
    }
    of = Holder("A", "patriot", row("stock", 8, 10, 12, "fire units"), rows)
    best = giver_of(of, "best")
    assert (best.floor, best.spares, best.working, best.months) == (6, 4, 3, (4.0, 8.0))
    assert [(batch.units, batch.month) for batch in best.batches] == [(3, 5), (1, 9)]
    cautious, generous = (giver_of(of, outlook) for outlook in ("cautious", "generous"))
    assert (cautious.spares, cautious.months) == (0, (8.0, 11.0))  # 2 + max(4, 6); 2 + max(5 + 4, 6)
    assert (generous.spares, generous.working, generous.months) == (6, 10, (2.5, 5.5))
    assert giver_of(of, "best", floor=2).spares == 8
    assert giver_of(of, "best", sooner=rows["months_to_transfer"].id).months == (3.0, 7.0)
    assert giver_of(of, "best", sooner=rows["months_to_train"].id).months == best.months  # the transfer takes longer


def test_a_maker_builds_what_it_promised_first():
    """Three a year, one promised: the second comes after 8 months of the line, the third after 12."""
    rows = {
        "fire_units_a_year": row("fire_units_a_year", 3, 3, 3, "fire units per year"),
        "floor_share": row("floor_share", 0, 0, 0, "fraction"),
        "promised": row("promised", 1, 1, 1, "fire units"),
        "months_to_agree": row("months_to_agree", 1, 1, 1),
        "months_to_build": row("months_to_build", 6, 6, 6),
    }
    made = giver_of(Holder("M", "patriot", row("stock", 0, 0, 0, "fire units"), rows), "best")
    assert made.built[:3] == (9, 13, 17)
    assert made.spares == 0


def test_what_came_after_march_2024_lies_between_the_readings():
    """A third German Patriot came by 5 July, Romania's by 3 October, Italy's second SAMP/T by 19 November 2024."""
    came = {("Germany", "patriot"): 5, ("Romania", "patriot"): 8, ("Italy", "sampt"): 9}
    for of in HOLDERS:
        if month := came.get((of.name, of.system)):
            early, late = (full_month(giver_of(of, outlook).months[0]) for outlook in ("generous", "cautious"))
            assert early <= month <= late, of.name
            assert giver_of(of, "generous").gives >= 1


# ------------------------------------------------------------------ the shipped question


def test_march_2024_from_whose_stocks():
    plan = tg.donors(MARCH, added={"patriot": 3})
    assert sum(gift.units for gift in plan.gifts) == 3
    assert [gift.month for gift in plan.gifts] == sorted(gift.month for gift in plan.gifts)
    assert all(gift.first == dt.date(2024, 3 + gift.month, 1) for gift in plan.gifts if gift.month <= 9)
    assert plan.fighting["patriot"][-1] == 3
    assert len(plan.fighting["patriot"]) == HORIZON
    assert [dict(plan.reach)[outlook]["patriot"] for outlook in OUTLOOKS] == sorted(
        reach["patriot"] for reach in plan.reach.values()
    )
    assert any(row.name == "months_to_train" for row in plan.slack)  # the transfer takes longer
    told = {each.holder for each in plan.together["patriot"]}
    assert {"partners", "Europe", "European armies"} <= told
    assert "Germany" not in told


def test_a_limit_says_who_gives_instead_and_what_a_month_is_worth():
    plan = tg.donors(MARCH, added={"patriot": 3})
    limit = next(limit for limit in plan.limits if limit.words.startswith("floor of Germany"))
    assert limit.instead["Germany"] == 1
    assert sum(limit.instead.values()) == 0
    assert "floor of Germany" in limit.words
    again = tg.donors(MARCH, added={"patriot": 3}, floors={"Germany": 8})
    assert limit.months == sum(again.fighting["patriot"]) - sum(plan.fighting["patriot"])
    worth = {"patriot": [0.5 * month for month in range(1, HORIZON + 1)]}
    strikes = plan.strikes(worth)
    assert strikes[limit.words] == pytest.approx(again.strikes(worth)["plan"] - strikes["plan"])
    assert strikes["plan"] == pytest.approx(
        sum(a * b for a, b in zip(plan.fighting["patriot"], worth["patriot"], strict=True))
    )


def test_an_own_floor_and_few_holders_are_kept_to():
    plan = tg.donors(MARCH, added={"patriot": 3}, only=["germany", "Netherlands"], floors={"Germany": 7})
    assert {gift.holder for gift in plan.gifts} <= {"Germany", "Netherlands"}
    assert sum(gift.units for gift in plan.gifts if gift.holder == "Germany") == 3


def test_a_doubt_is_one_number_at_its_ends_and_all_others_as_they_are():
    plan = tg.donors(MARCH, added={"patriot": 3})
    doubts = {doubt.row.id: doubt for doubt in plan.doubts()}
    assert all(not doubt.row.verified for doubt in doubts.values())
    floor = doubts["holders/united-states/patriot/floor/2023-12"]  # 50 to 60 of 60 kept
    best = plan.reach["best"]["patriot"]
    assert (floor.cautious, floor.generous > best) == (best - 1, True)
    for end, floors in ((floor.cautious, 60), (floor.generous, 50)):
        assert tg.as_many_as_can(MARCH, added={"patriot": 3}, floors={"United States": floors}).reach["best"] == {
            "patriot": end
        }
    widths = [doubt.generous - doubt.cautious for doubt in plan.doubts()]
    assert widths == sorted(widths, reverse=True)
    assert not tg.donors(MARCH, added={"patriot": 1}, only=["Germany"]).together


# ------------------------------------------------------------------ refused


def table(tmp_path, *rows: str):
    file = tmp_path / "holders.csv"
    file.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def stocks(*numbers: tuple[str, int, int]) -> list[str]:
    return [
        f"{name},patriot,{what},2024-03,{value},{value},{value},fire units,a test,true,"
        for name, stock, floor in numbers
        for what, value in (("stock", stock), ("floor", floor))
    ]


def test_more_than_donors_may_give_is_infeasible_and_the_nearest_ask_is_named(tmp_path):
    own = read_holders(MARCH.month.last, table(tmp_path, *stocks(("Avalon", 9, 4), ("Brigadoon", 6, 2))))
    ask = {"holders": own, "only": ["Avalon", "Brigadoon"]}
    with pytest.raises(InfeasibleError, match="12 Patriot cannot all fight by March 2026: 9 Patriot can") as refused:
        tg.donors(MARCH, added={"patriot": 12}, **ask)
    assert refused.value.exit_code == 3
    assert "nearest ask that can be met: --added patriot=9" in str(refused.value)
    assert "Avalon 3 instead of 4; Brigadoon 1 instead of 2" in str(refused.value)
    assert tg.donors(MARCH, added={"patriot": 9}, **ask).unmet["patriot"] == 0
    assert tg.as_many_as_can(MARCH, added={"patriot": 12}, **ask).unmet["patriot"] == 3


def test_too_soon_is_infeasible_and_the_month_that_would_do_is_named():
    with pytest.raises(InfeasibleError, match=r"all of it: by 2025-\d\d"):
        tg.donors(MARCH, added={"patriot": 3}, by="2024-10")


def test_every_fault_of_an_ask_is_named_at_once():
    with pytest.raises(InputError) as refused:
        tg.donors(
            MARCH,
            added={"patriott": 2, "patriot": 0, "ew": 1},
            by="2024-03",
            only=["Germny", "Germany", "germany"],
            floors={"Grece": 1, "Germany": -1, "Spain/patriot": 99, "Lithuania": 1},
        )
    words = str(refused.value)
    for said in (
        "by: found '2024-03'; give a month from 2024-04",
        "'patriott': unknown kind; the nearest that somebody holds: patriot",
        "found 0 of patriot",
        "'ew': nobody is known to hold it",
        "unknown holder 'Germny'; the nearest known: Germany",
        "'germany' is named 2 times",
        "unknown holder 'Grece'; the nearest known: Greece",
        "found -1 for 'Germany'",
        "found 99 for 'Spain/patriot', which holds at most 3",
        "'Lithuania' names 0 of the stocks asked of; write one of Lithuania/nasams",
    ):
        assert said in words, said


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"added": {}}, "added: found nothing"),
        ({"added": {"patriot": 1}, "only": []}, "found no holder"),
        ({"added": {"patriot": 1}, "only": ["Lithuania"]}, "none of those named holds patriot"),
        ({"added": {"patriot": 1}, "by": "soon"}, "by: found 'soon'"),
        ({"added": {"patriot": 1.5}}, "added: found"),
        ({"added": {"patriot": 1}, "outlook": "bold"}, "outlook"),
    ],
)
def test_an_ask_that_is_none_is_refused(ask, said):
    with pytest.raises(InputError, match=said):
        tg.donors(MARCH, **ask)
