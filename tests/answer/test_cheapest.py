"""The cheapest mix: made-up worlds in which the answer is known, limits that bind, and prices that are missing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from tegmen.answer.cheapest import MixQuestion, Shares, ask_mix, solve_mix
from tegmen.answer.tradeoffs import point_of, weigh_mix
from tegmen.errors import InfeasibleError, InputError
from tegmen.question.scenario import Goal, read_scenario
from tegmen.terms import FrozenDict

SCENARIO = read_scenario("march-2024")
GOALS = tuple(
    Goal(name=name, metric=f"{name}_strikes", threshold=0.5, confidence=confidence)
    for name, confidence in (("ballistic", 0.8), ("cruise", 0.6))
)
LIMITS = {"patriot": 9, "sampt": 8, "nasams": 12}
WORTH = {"ballistic": {"patriot": 1.0, "sampt": 0.6}, "cruise": {"patriot": 0.5, "sampt": 0.4, "nasams": 0.7}}


class MadeWorlds:
    """Worlds that need so much of each goal; what a mix does is linear, and ballistic work wants rounds."""

    def __init__(self, worlds: int = 1000, seed: int = 1) -> None:
        self.need = {
            goal.name: np.random.default_rng([seed, at]).gamma(9, 0.45, worlds) for at, goal in enumerate(GOALS)
        }
        self.asked = 0

    def met(self, at, added, rounds):
        self.asked += 1
        name = GOALS[at].name
        does = sum(WORTH[name].get(kind, 0) * n for kind, n in added.items())
        return does * (min(1.0, 0.6 + rounds / 100) if name == "ballistic" else 1.0) >= self.need[name]

    def error(self, _goal: int, share: float) -> float:
        return float(np.sqrt(share * (1 - share) / 1000))


def question(**changes) -> MixQuestion:
    return replace(ask_mix(SCENARIO, GOALS, LIMITS), **changes)


def cheapest_by_hand(asked: MixQuestion, scoring: MadeWorlds, values=None) -> float:
    prices = asked.prices(values)
    best = np.inf
    for point in itertools.product(*(range(len(price)) for price in prices)):
        cost = sum(price[level] for price, level in zip(prices, point, strict=True))
        met = [scoring.met(at, *asked.option(point)).mean() for at in range(len(GOALS))]
        if cost < best and all(share >= goal.confidence for share, goal in zip(met, GOALS, strict=True)):
            best = cost
    return best


def test_the_cheapest_mix_is_that_of_all_mixes():
    for seed in range(3):
        asked, scoring = question(), MadeWorlds(seed=seed)
        solved = solve_mix(asked, Shares(asked, scoring))
        assert solved.mix is not None
        assert solved.mix.cost.best == pytest.approx(cheapest_by_hand(asked, MadeWorlds(seed=seed)))
        assert solved.bound == pytest.approx(solved.mix.cost.best)
        assert solved.status == "proven cheapest"
        assert scoring.asked < np.prod([most + 1 for most in LIMITS.values()])


def test_fewest_units_need_no_more_than_any_mix_and_rounds_are_free():
    asked = ask_mix(SCENARIO, GOALS, LIMITS, by="units")
    solved = solve_mix(asked, Shares(asked, MadeWorlds()))
    assert solved.mix is not None
    assert sum(solved.mix.added.values()) == solved.bound == cheapest_by_hand(asked, MadeWorlds())
    assert solved.mix.rounds == SCENARIO.added_rounds.value


def test_what_a_mix_costs_is_the_sum_of_what_is_bought():
    """By hand, end by end: units at their rows, rounds for a year at a PAC-3 MSE each."""
    asked = question()
    point = (2, 1, 3, asked.rounds.index(20))
    catalogue = SCENARIO.catalogue
    rate = catalogue.model("usd_per_eur").span
    rows = [catalogue.system(kind, "fire_unit_cost_with_missiles").span for kind in LIMITS]
    rounds = catalogue.system("patriot", "pac3_mse_interceptor_cost").span
    by_hand = [
        2 * rows[0][end] + rows[1][end] * rate[end] + 3 * rows[2][end] + 20 * 12 * rounds[end] for end in range(3)
    ]
    span = asked.span(point)
    assert [span.low, span.best, span.high] == pytest.approx(by_hand)
    mix = Shares(asked, MadeWorlds()).mix(point)
    assert mix.words() == "2 Patriot + 1 SAMP/T + 3 NASAMS with 20 rounds a month"
    assert point_of(asked, mix) == point


def test_limits_that_are_too_tight_are_named_with_the_nearest_feasible():
    asked = question(limits=FrozenDict({"patriot": 2, "sampt": 1, "nasams": 9}))
    with pytest.raises(
        InfeasibleError, match=r"patriot 2, sampt 1.*ballistic in .* 80 % asked.*patriot up to"
    ) as error:
        solve_mix(asked, Shares(asked, MadeWorlds()))
    assert error.value.exit_code == 3
    # What is named as feasible is.
    raised = int(str(error.value).split("patriot up to ")[1].split(",")[0])
    for patriots, feasible in ((raised - 1, False), (raised, True)):
        wide = question(limits=FrozenDict({"patriot": patriots, "sampt": 1, "nasams": 9}))
        top, shares = (patriots, 1, 9, len(wide.rounds) - 1), Shares(wide, MadeWorlds())
        assert all(shares.at(top) >= [goal.confidence for goal in GOALS]) is feasible


def test_a_budget_that_is_too_small_is_named_with_the_nearest_feasible():
    asked = question()
    cost = solve_mix(asked, Shares(asked, MadeWorlds())).bound
    with pytest.raises(
        InfeasibleError, match=f"none costs less than USD {cost:,.0f} million; nearest feasible: .*Patriot"
    ):
        solve_mix(question(budget=cost - 1), Shares(asked, MadeWorlds()))
    assert solve_mix(question(budget=cost), Shares(asked, MadeWorlds())).bound == pytest.approx(cost)


def test_an_interrupted_search_gives_what_it_has():
    class Interrupted(MadeWorlds):
        def met(self, at, added, rounds):
            if self.asked == 25:
                raise KeyboardInterrupt
            return super().met(at, added, rounds)

    asked = question()
    solved = solve_mix(asked, Shares(asked, Interrupted()))
    assert solved.interrupted
    assert solved.bound <= cheapest_by_hand(asked, MadeWorlds())
    assert "interrupted" in solved.status


def test_every_fault_of_a_question_is_named_at_once():
    with pytest.raises(InputError) as error:
        ask_mix(SCENARIO, (*GOALS, GOALS[0]), {"hawk": 3, "s300ps": -1, "patriot": 2}, budget=-5.0)
    text = str(error.value)
    for part in ("hawk: no price", "s300ps: no price", "found -1 of s300ps", "ballistic twice", "budget: found -5.0"):
        assert part in text


def test_what_a_mix_hangs_on():
    asked, scoring = question(rounds=(0.0, 40.0)), MadeWorlds()
    unknowns, shares = [{"need": scoring.need["ballistic"]}, {}], Shares(asked, scoring)
    weighed = weigh_mix(shares, solve_mix(asked, shares), unknowns, seed=1)
    mix = weighed.solved.mix
    assert mix is not None
    # Protection costs more the surer one asks to be, and no kind alone is cheaper than all kinds together.
    together, *others = weighed.frontiers
    costs = [point.cost for point in together.points if point.cost is not None]
    assert costs == sorted(costs)
    by_goals = {(each.goals, each.kinds): each for each in weighed.frontiers}
    for alone in others:
        mixed = by_goals[alone.goals, asked.kinds]
        for mine, all_kinds in zip(alone.points, mixed.points, strict=True):
            assert mine.cost is None or mine.cost >= all_kinds.cost * 0.98
    for point in together.points:
        assert point.low is None or point.cost is None or point.low <= point.cost
        assert point.high is None or point.cost <= point.high
    # In so many of the draws of the prices it stays the cheapest: each draw by hand.
    draws = weighed.draws
    assert draws is not None
    assert draws.kept + draws.open + sum(number for _, number in draws.rivals) == draws.draws
    assert mix.cost.low < draws.cost[0] < draws.cost[1] < draws.cost[2] < mix.cost.high
    # A dearer NASAMS never buys more of them; the mixes named are the cheapest at those prices.
    for move in weighed.moves:
        if move.kind == "price":
            assert move.cost == pytest.approx(cheapest_by_hand(asked, MadeWorlds(), {move.id: move.value}), rel=0.0205)
    ends = {move.end: move for move in weighed.moves if move.id == "need"}
    assert ends["low"].value < ends["high"].value
    assert ends["low"].cost < mix.cost.best
    assert ends["high"].cost is None or ends["high"].cost > mix.cost.best
