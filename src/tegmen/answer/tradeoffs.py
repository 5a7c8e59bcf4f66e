"""What a cheapest mix hangs on: what protection costs, by kind and mixed, and which numbers would make it another.

All of it is read off the same worlds and the same scores: other confidences, prices and parts of the worlds ask only
for mixes that nobody asked for before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.cheapest import Mix, MixQuestion, Shares, SolvedMix, helpful
from tegmen.answer.lattice import Asked, Found, Point, cheapest_point
from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from tegmen.evidence.parameters import Parameter
    from tegmen.terms import Floats

CONFIDENCES = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Share of worlds asked of every goal at once, for what protection costs."""
_PRICE_DRAWS = 100
_FRONTIER_ERRORS = 2.0
"""Monte Carlo standard errors either way that a frontier is shown with."""
_SEARCH_SECONDS = 8.0
"""Time for each search beside the first; what is not proven by then is told."""
_DRAW_SECONDS, _PRICE_SECONDS = 0.1, 0.5
"""The same for a draw of all prices, and for a price at an end of its range: what is known often settles them."""
_GAP = 0.02
"""Share of the cost at which such a search ends."""
_THIRD_LEAST = 300
"""Worlds of a third of them below which its mix would be luck."""


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """What it costs to meet every goal in so large a share of worlds.

    Parameters
    ----------
    confidence
        Share of worlds asked of every goal.
    cost, bound
        Of the cheapest mix, to within 2 %; what none can cost less than [USD million at best prices]. None where none
        is enough, or where the time did not suffice.
    low, high
        The cost with two Monte Carlo standard errors less, and more, asked; None as of `cost`.
    mix
        The mix itself.
    settled
        Whether the time sufficed.
    """

    confidence: float
    cost: float | None
    bound: float
    low: float | None
    high: float | None
    mix: Mix | None
    settled: bool


@dataclass(frozen=True, slots=True)
class CostFrontier:
    """Cost against protection, for some of the goals and with some of the kinds alone.

    Parameters
    ----------
    goals, kinds
        Names of the goals to be met; which kinds may be bought.
    points
        By confidence, ascending.
    """

    goals: tuple[str, ...]
    kinds: tuple[str, ...]
    points: tuple[FrontierPoint, ...]


@dataclass(frozen=True, slots=True)
class CostDraws:
    """The prices drawn, every row from its span (PERT) and apart from the others.

    Parameters
    ----------
    draws, kept, open
        Draws; in how many the mix stays the cheapest; in how many the time did not suffice to tell.
    cost
        5, 50 and 95 % points of what the mix costs over the draws [USD million].
    rivals
        The other mixes that are cheapest in some draws, in words, and in how many; the most frequent first.
    """

    draws: int
    kept: int
    open: int
    cost: tuple[float, float, float]
    rivals: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class MixMove:
    """What the mix would be if one input were at one end of its range.

    Parameters
    ----------
    id
        Id of the catalogue's row, or words for an unknown.
    kind
        "price": a row at an end of its span; "world": the third of worlds in which an unknown is lowest, or highest.
    verified
        Whether the row was read in its source; None for an unknown that several rows make.
    end
        "low" or "high".
    value
        Of the row; for an unknown its mean in the third.
    mix, cost
        The cheapest mix then, None where none within the limits meets the goals; its cost [USD million].
    changed
        Whether it is another mix: the one decided on is then not enough, or more than 2 % dearer than need be.
    settled
        Whether the time sufficed to tell; if not, there is no mix.
    """

    id: str
    kind: str
    verified: bool | None
    end: str
    value: float
    mix: Mix | None
    cost: float | None
    changed: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """A cheapest mix with what it hangs on.

    Parameters
    ----------
    binding
        What is bought, and "rounds", to the names of the goals that fail with one, or one step of rounds, less.
    """

    question: MixQuestion
    solved: SolvedMix
    binding: Mapping[str, tuple[str, ...]]
    frontiers: tuple[CostFrontier, ...]
    draws: CostDraws | None
    moves: tuple[MixMove, ...]

    @property
    def costs(self) -> tuple[FrontierPoint, ...]:
        """What it costs to meet all goals with all kinds, by confidence; none where that was not looked at."""
        return self.frontiers[0].points if self.frontiers else ()


class _Asked:
    """Searches on one question beside the first, each within a short time."""

    def __init__(self, question: MixQuestion, shares: Shares, until: float) -> None:
        self.question, self.shares, self.until = question, shares, until

    def search(
        self,
        asked: Asked | None = None,
        values: Mapping[str, float] | None = None,
        kinds: Sequence[str] = (),
        seconds: float = _SEARCH_SECONDS,
    ) -> Found:
        """The cheapest point with other goals or prices; with some kinds alone, none of the others is bought."""
        left = self.until - time.perf_counter()
        if left <= 0:
            return Found(None, np.inf, 0.0, "time", 0.0, 0, 0.0)
        prices = self.question.prices(values)
        if kinds:
            prices = [
                price if kind in kinds else price[:1]
                for kind, price in zip((*self.question.kinds, kinds[0]), prices, strict=True)
            ]
        found = cheapest_point(prices, asked or self.shares.asked(), seconds=min(seconds, left), gap=_GAP, probes=0)
        if found.stopped == "interrupted":  # the mix is known: whoever waits for it ends all that comes after
            raise KeyboardInterrupt
        return found


def weigh_mix(
    shares: Shares,
    solved: SolvedMix,
    unknowns: Sequence[Mapping[str, Floats]],
    *,
    seconds: float = 60.0,
    seed: int = 1,
    tell: Callable[[str], None] = lambda _what: None,
) -> Weighed:
    """Find what a cheapest mix hangs on.

    Parameters
    ----------
    shares
        In what share of worlds mixes meet the goals of a question.
    solved
        The cheapest mix of it.
    unknowns
        For each goal, plain words to (w,) values in its worlds.
    seconds
        Time for all of it, but for the search it is amid; what is not settled by then is told.

    Raises
    ------
    KeyboardInterrupt
        The user ended it.
    """
    question = shares.question
    if solved.interrupted or solved.mix is None or question.by == "units":
        return not_weighed(question, solved)
    binding = FrozenDict(_bound_by(shares, solved.mix))
    asked = _Asked(question, shares, time.perf_counter() + seconds)
    tell("prices drawn")
    of_prices, draws = _price_moves(asked, solved.mix), _draw_prices(asked, solved.mix, seed)
    tell("cost against protection")
    plain = _frontiers(asked, 0.0)
    tell("worlds in which an unknown is low, or high")
    of_worlds = _world_moves(asked, unknowns, solved.mix)
    tell("cost against protection, with Monte Carlo error")
    frontiers = _with_error(asked, plain, _frontiers(asked, _FRONTIER_ERRORS), _frontiers(asked, -_FRONTIER_ERRORS))
    moves = (*of_prices, *of_worlds)
    return Weighed(question, solved, binding, frontiers, draws, moves)


def not_weighed(question: MixQuestion, solved: SolvedMix) -> Weighed:
    """A mix of which nothing is looked at that it hangs on."""
    return Weighed(question, solved, FrozenDict({}), (), None, ())


def _bound_by(shares: Shares, mix: Mix) -> dict[str, tuple[str, ...]]:
    """What is bought to the goals that fail with one less of it."""
    question, point = shares.question, point_of(shares.question, mix)
    binding: dict[str, tuple[str, ...]] = {}
    for axis, thing in enumerate((*question.kinds, "rounds")):
        if point[axis]:
            less = (*point[:axis], point[axis] - 1, *point[axis + 1 :])
            short = zip(question.goals, shares.at(less).tolist(), strict=True)
            binding[thing] = tuple(goal.name for goal, share in short if share < goal.confidence)
    return binding


def _choices(question: MixQuestion) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """All goals with all kinds together; then each goal with all kinds, and with each alone that does something."""
    names = tuple(goal.name for goal in question.goals)
    apart = [((name,), question.kinds) for name in names if len(names) > 1]
    alone = [
        ((goal.name,), (kind,))
        for goal in question.goals
        for kind in helpful(goal, question.kinds, question.met)
        if len(question.kinds) > 1
    ]
    return [(names, question.kinds), *apart, *alone]


def _frontiers(asked: _Asked, ease: float) -> list[list[Found]]:
    """For every choice of goals and kinds, the cheapest at each confidence, eased by so many Monte Carlo errors."""
    choices = _choices(asked.question)
    # Kinds alone are quick, and what they show helps the others.
    found = {
        (goals, kinds): [
            asked.search(asked.shares.asked(dict.fromkeys(goals, confidence), ease), kinds=kinds)
            for confidence in CONFIDENCES
        ]
        for goals, kinds in sorted(choices, key=lambda choice: len(choice[1]))
    }
    return [found[choice] for choice in choices]


def _with_error(
    asked: _Asked, plain: list[list[Found]], eased: list[list[Found]], harder: list[list[Found]]
) -> tuple[CostFrontier, ...]:
    frontiers: list[CostFrontier] = []
    for (goals, kinds), *found in zip(_choices(asked.question), plain, eased, harder, strict=True):
        points = [
            FrontierPoint(
                confidence, _cost(middle), middle.bound, _cost(low), _cost(high),
                None if middle.point is None or middle.stopped else asked.shares.mix(middle.point), not middle.stopped,
            )
            for confidence, middle, low, high in zip(CONFIDENCES, *found, strict=True)
        ]  # fmt: skip
        frontiers.append(CostFrontier(goals, kinds, tuple(points)))
    return tuple(frontiers)


def _cost(found: Found) -> float | None:
    return None if found.point is None or found.stopped else found.cost


def _draw_prices(asked: _Asked, mix: Mix, seed: int) -> CostDraws:
    """Draw every price and rate, and look for the cheapest mix anew."""
    question, generator = asked.question, np.random.default_rng([seed, _PRICE_DRAWS])
    drawn = {row.id: row.draws(generator, _PRICE_DRAWS) for row in question.rows}
    point = point_of(question, mix)
    costs, kept, undecided, rivals = np.empty(_PRICE_DRAWS), 0, 0, dict[str, int]()
    for at in range(_PRICE_DRAWS):
        values = {name: float(row[at]) for name, row in drawn.items()}
        costs[at] = _price_of(question, point, values)
        found = asked.search(values=values, seconds=_DRAW_SECONDS)
        if costs[at] * (1 - _GAP) <= found.bound:
            kept += 1
        elif found.point is None or found.cost >= costs[at]:
            undecided += 1
        else:
            words = asked.shares.mix(found.point).words()
            rivals[words] = rivals.get(words, 0) + 1
    low, middle, high = np.quantile(costs, (0.05, 0.5, 0.95)).tolist()
    often = sorted(rivals.items(), key=lambda pair: (-pair[1], pair[0]))
    return CostDraws(_PRICE_DRAWS, kept, undecided, (low, middle, high), tuple(often))


def _price_of(question: MixQuestion, point: Point, values: Mapping[str, float]) -> float:
    return sum(float(axis[level]) for axis, level in zip(question.prices(values), point, strict=True))


def point_of(question: MixQuestion, mix: Mix) -> Point:
    """The point of the lattice that a mix is."""
    return (*(mix.added.get(kind, 0) for kind in question.kinds), question.rounds.index(mix.rounds))


def _price_moves(asked: _Asked, mix: Mix) -> list[MixMove]:
    """The mix with each row of a price or rate at either end of its span, those read in their source too."""
    moves: list[MixMove] = []
    for row in asked.question.rows:
        for end, value in _row_ends(row):
            found = asked.search(values={row.id: value}, seconds=_PRICE_SECONDS)
            moves.append(_move(asked, found, mix, (row.id, "price", row.verified, end, value)))
    return moves


def _row_ends(row: Parameter) -> list[tuple[str, float]]:
    low, _, high = row.span
    return [("low", low), ("high", high)] if low < high else []


def _world_moves(asked: _Asked, unknowns: Sequence[Mapping[str, Floats]], mix: Mix) -> list[MixMove]:
    """The mix in the third of worlds in which an unknown is lowest, and highest; goals with few worlds stay whole."""
    moves: list[MixMove] = []
    for name in dict.fromkeys(name for each in unknowns for name in each):
        for end, third in (("low", 0), ("high", 2)):
            inside = [_third(each.get(name), third) for each in unknowns]
            if all(part is None for part in inside):
                continue
            values = [each[name][part] for each, part in zip(unknowns, inside, strict=True) if part is not None]
            shares = Shares(asked.question, asked.shares.scoring, inside, asked.shares)
            there = _Asked(asked.question, shares, asked.until)
            about = (name, "world", None, end, float(np.concatenate(values).mean()))
            moves.append(_move(there, there.search(), mix, about))
    return moves


def _third(values: Floats | None, third: int) -> NDArray[np.bool_] | None:
    """Which worlds are in a third by rank; None where there are too few, or the unknown does not vary."""
    if values is None or len(values) < 3 * _THIRD_LEAST or np.ptp(values) == 0:
        return None
    return np.argsort(np.argsort(values, kind="stable")) * 3 // len(values) == third


def _move(asked: _Asked, found: Found, mix: Mix, about: tuple[str, str, bool | None, str, float]) -> MixMove:
    if found.stopped:
        return MixMove(*about, mix=None, cost=None, changed=False, settled=False)
    point = point_of(asked.question, mix)
    values = {about[0]: about[4]} if about[1] == "price" else None
    cost = _price_of(asked.question, point, values or {})
    enough = all(reach.at(reach.own(point)) >= least for reach, least in asked.shares.asked())
    if enough and cost * (1 - _GAP) <= found.bound:
        return MixMove(*about, mix=mix, cost=cost, changed=False, settled=True)
    now = None if found.point is None else asked.shares.mix(found.point)
    return MixMove(*about, mix=now, cost=_cost(found), changed=True, settled=True)
