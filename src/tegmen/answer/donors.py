"""From whose stocks: a min-cost flow of fire units over holders, months and kinds, and what its limits are worth.

As many as can be come; then as early as can be, summed over units; then the n-th unit of a stock of s costs n/s, so
that shares taken stay even (A40). What fights by any month is then as much as could, so that no other worth of the
months would give another plan.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd

from tegmen.answer.givers import FURTHEST, MONTH_ROWS, Giver, Solved, crews_of, full_month, giver_of, solve
from tegmen.errors import InfeasibleError, InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name, read_catalogue
from tegmen.evidence.holders import ENDS, OUTLOOKS, Holder, Outlook, at_end, read_holders, said_together
from tegmen.evidence.parameters import Parameter
from tegmen.ledger.inventory import Inventory
from tegmen.question.scenario import Scenario
from tegmen.terms import VERSION, FrozenDict, Provenance, content_equal, count_of

if TYPE_CHECKING:
    from collections.abc import Iterable

HORIZON: Final = 24
"""Months looked ahead where no month is asked for."""
_MOST_ASKED = 1000


@dataclass(frozen=True, slots=True)
class Gift:
    """Units of one kind from one holder that fight from one month on.

    Parameters
    ----------
    month
        First month in which they can fight all month; 1 is the month after the question's.
    first
        Its first day.
    share
        Share of the holder's stock that all its gifts of the kind take; None for a maker.
    rounds
        Low, best and high of the rounds that come with the units; None where no row tells.
    unverified
        Names of the numbers behind it that were not read in their source.
    contested
        What else is said of the stock; empty where nothing is.
    """

    holder: str
    system: str
    units: int
    month: int
    first: dt.date
    share: float | None
    rounds: tuple[float, float, float] | None
    unverified: tuple[str, ...]
    contested: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that binds, and what relaxing it by one gives: solved again, exactly.

    Parameters
    ----------
    words
        What is relaxed, and by how much.
    rows
        Rows that it rests on.
    units
        More units that come in time.
    months
        Months less that units wait, summed over those asked for.
    last
        Change of the month in which the last unit begins to fight (negative: sooner); None where more come.
    instead
        Holder to the change of what it gives.
    fighting
        Kind to the change of units able to fight, by month.
    """

    words: str
    rows: tuple[Parameter, ...]
    units: int
    months: int
    last: int | None
    instead: Mapping[str, int]
    fighting: Mapping[str, tuple[int, ...]]

    @property
    def gain(self) -> str:
        """Say what relaxing it gives."""
        if self.units:
            gain = count_of(self.units, "more unit") + " in time"
        else:
            sooner = f", the last {count_of(-self.last, 'month')} sooner" if self.last else ""
            gain = f"{count_of(self.months, 'unit-month')} more{sooner}"
        moved = [f"{count:+d} {name}" for name, count in self.instead.items()]
        return f"{gain} ({', '.join(moved)})" if moved else gain


@dataclass(frozen=True, slots=True)
class Doubt:
    """A number that was not read in its source, and what it would move, all others as they are.

    Parameters
    ----------
    row
        The number.
    cautious, generous
        Units that could come in time, were all asked for, at either end of its span.
    """

    row: Parameter
    cautious: int
    generous: int


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class DonorPlan:
    """Who gives what and when, what binds, and what is known of every holder.

    Parameters
    ----------
    added
        Kind to the number asked for.
    months
        Months in which units may begin to fight.
    gifts
        Who gives, in the order of months.
    givers
        Every holder of the kinds asked for, whether it gives or not.
    limits
        Those that bind, the most worth first.
    reach
        Outlook to kind to the number that can come within the months.
    slack
        Rows of months that do not bind: one less of them brings nothing sooner.
    together
        What is said of several holders together, in the ledger, by kind; nothing where only some may give.
    floors
        Floors that were asked for in place of rows.
    """

    scenario: Scenario
    added: Mapping[str, int]
    months: int
    outlook: Outlook
    gifts: tuple[Gift, ...]
    givers: tuple[Giver, ...]
    limits: tuple[Limit, ...]
    slack: tuple[Parameter, ...]
    reach: Mapping[Outlook, Mapping[str, int]]
    together: Mapping[str, tuple[Inventory, ...]]
    floors: Mapping[str, int]
    provenance: Provenance

    @property
    def unmet(self) -> Mapping[str, int]:
        """Kind to the number that cannot come within the months."""
        come = Counter[str]()
        for gift in self.gifts:
            come[gift.system] += gift.units
        return FrozenDict({kind: number - come[kind] for kind, number in self.added.items()})

    @property
    def fighting(self) -> Mapping[str, tuple[int, ...]]:
        """Kind to the units that fight all of month 1, 2, ..."""
        return _fighting(self.gifts, self.added, self.months)

    @property
    def last(self) -> dt.date | None:
        """First day of the first month in which all that come fight; None where none does."""
        return max((gift.first for gift in self.gifts), default=None)

    @property
    def by(self) -> dt.date:
        """First day of the last month in which units may begin to fight."""
        return _begin_of(self.scenario, self.months)

    def strikes(self, worth: Mapping[str, Sequence[float]]) -> Mapping[str, float]:
        """Strikes averted by the plan, and more of them for each limit relaxed by one.

        Parameters
        ----------
        worth
            Kind to the strikes that one unit averts in month 1, 2, ...; months beyond the last one given count nothing.

        Returns
        -------
        "plan" and the words of every limit, to strikes.
        """
        told = {"plan": self.fighting} | {limit.words: limit.fighting for limit in self.limits}
        return FrozenDict(
            {
                words: sum(
                    units * value
                    for kind, numbers in fighting.items()
                    for units, value in zip(numbers, worth.get(kind, ()), strict=False)
                )
                for words, fighting in told.items()
            }
        )

    def sentence(self) -> str:
        """Say who gives, and by when the last can fight."""
        asked = ", ".join(f"{number} {kind_name(kind)}" for kind, number in self.added.items())
        if not self.gifts or self.last is None:
            return f"{asked}: nobody is known to be able to give one within {count_of(self.months, 'month')}."
        counts = Counter[str]()
        for gift in self.gifts:
            counts[gift.holder] += gift.units
        who = ", ".join(f"{name} {count}" for name, count in counts.items())
        short = sum(self.unmet.values())
        missing = f" {short} of them cannot come in time." if short else ""
        return f"{asked}, from {who}; all of these fight from {self.last:%B %Y} on.{missing}"

    def doubts(self) -> tuple[Doubt, ...]:
        """Every number not read in its source that would move how many can come in time, the most first."""
        ask = _Ask(self.added, self.months, self.outlook, self.floors)
        holders = [giver.holder for giver in self.givers]
        rows = {row.id: row for holder in holders for row in holder.unverified_rows}
        found = [
            Doubt(
                row,
                *(sum(_within_reach(ask, [at_end(each, row.id, end) for each in holders]).values()) for end in ENDS),
            )
            for row in rows.values()
        ]
        moving = [doubt for doubt in found if doubt.cautious != doubt.generous]
        return tuple(sorted(moving, key=lambda doubt: (doubt.cautious - doubt.generous, doubt.row.id)))

    def sums(self, kind: str) -> str:
        """Say what all stocks of a kind add up to, what is said of holders together, and why the two differ."""
        stocks = [giver.holder.stock for giver in self.givers if giver.holder.system == kind]
        low, best, high = (sum(getattr(stock, end) or 0.0 for stock in stocks) for end in ("low", "best", "high"))
        unknown = sum(not giver.holder.is_known for giver in self.givers if giver.holder.system == kind)
        said = self.together.get(kind, ())
        told = "; ".join(f"{each.holder} {each.amount} ({', '.join(each.sources)})" for each in said)
        missing = f", {unknown} of them not told" if unknown else ""
        own = f"{count_of(len(stocks), 'holder')}{missing}: {best:g} ({low:g}–{high:g}) in all"
        if not told:
            return f"Stocks of {kind_name(kind)}, {own}."
        why = "Sums count every unit, whether it can be spared or not"
        return f"Stocks of {kind_name(kind)}, {own}. Said of several together: {told}. {why}."

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a gift: month, holder, system, units, share of stock, rounds, marks."""
        rows = [
            {
                "month": f"{gift.first:%Y-%m}",
                "holder": gift.holder,
                "system": gift.system,
                "units": gift.units,
                "share": gift.share,
                "rounds": None if gift.rounds is None else gift.rounds[1],
                "unverified": ", ".join(gift.unverified),
                "contested": gift.contested,
            }
            for gift in self.gifts
        ]
        columns = ["month", "holder", "system", "units", "share", "rounds", "unverified", "contested"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        return f"<DonorPlan {self.sentence()}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.sentence()}</p>" + self.to_pandas().to_html(index=False)


@checked_arguments
def donors(  # noqa: PLR0913 - one keyword an option
    scenario: Scenario,
    *,
    added: Mapping[str, int],
    by: str | dt.date | None = None,
    only: Sequence[str] | None = None,
    floors: Mapping[str, int] | None = None,
    holders: Sequence[Holder] | None = None,
    outlook: Outlook = "best",
) -> DonorPlan:
    """Find from whose stocks added units come, and when they can fight; needs no calibration.

    Parameters
    ----------
    added
        Kind to number, e.g. ``{"patriot": 3}``.
    by
        Month by which all must fight, "2024-09"; None: within `HORIZON` months.
    only
        Holders that may give; None: every one.
    floors
        Holder, or "holder/kind", to the units it keeps, in place of its row.
    holders
        As `read_holders` gives them; None for the shipped ones at the end of the scenario's month.
    outlook
        Which ends of the spans are taken: "best", or "cautious" and "generous", all at once.

    Raises
    ------
    InputError
        Every fault at once: an unknown kind or holder, one named twice, none at all, a number that cannot be asked for,
        a floor below 0 or above the stock, a month that is none or past.
    InfeasibleError
        Not as many can be given in time; the message names the limits and the nearest ask that can be met.
    """
    plan = as_many_as_can(
        scenario, added=added, by=by, only=only, floors=floors, holders=holders, outlook=outlook
    )  # fmt: skip
    if any(plan.unmet.values()):
        raise InfeasibleError(_refusal(plan))
    return plan


@checked_arguments
def as_many_as_can(  # noqa: PLR0913 - one keyword an option
    scenario: Scenario,
    *,
    added: Mapping[str, int],
    by: str | dt.date | None = None,
    only: Sequence[str] | None = None,
    floors: Mapping[str, int] | None = None,
    holders: Sequence[Holder] | None = None,
    outlook: Outlook = "best",
) -> DonorPlan:
    """As `donors`, but where not all can come in time, plan those that can."""
    known = tuple(holders) if holders is not None else read_holders(scenario.month.last, catalogue=scenario.catalogue)
    months = _months_until(scenario, by)
    faults = [] if months else [_month_fault(scenario, by)]
    faults += _added_faults(added, known, only) + _only_faults(only, known) + _floor_faults(floors or {}, added, known)
    if faults:
        raise InputError("donors", faults)
    named = None if only is None else {name.casefold() for name in only}
    return _plan(scenario, _Ask(FrozenDict(added), months, outlook, FrozenDict(floors or {})), known, named)


class _Ask(NamedTuple):
    added: Mapping[str, int]
    months: int
    outlook: Outlook
    floors: Mapping[str, int]

    def giver(self, holder: Holder, sooner: str = "") -> Giver:
        """A holder in the outlook asked for, with the floor asked for."""
        asked = (floor for key, floor in self.floors.items() if _is_of(key, holder))
        return giver_of(holder, self.outlook, next(asked, None), sooner)

    def crews(self, givers: Sequence[Giver], more: str = "") -> Mapping[str, tuple[int, ...]]:
        """Units whose crews can begin in each month, with one more a month of a kind."""
        return {kind: crews_of(givers, kind, self.months, self.outlook, kind == more) for kind in self.added}


def _is_of(key: str, holder: Holder) -> bool:
    """Whether "holder" or "holder/kind" names a holding."""
    name, _, kind = key.partition("/")
    return name.casefold() == holder.name.casefold() and kind in {"", holder.system}


def _plan(scenario: Scenario, ask: _Ask, known: Sequence[Holder], only: set[str] | None) -> DonorPlan:
    holders = [each for each in known if each.system in ask.added and (only is None or each.name.casefold() in only)]
    givers = tuple(map(ask.giver, holders))
    solved = solve(givers, ask.added, ask.crews(givers))
    day = scenario.month.last
    limits = sorted(
        _binding_limits(scenario, ask, solved), key=lambda limit: (-limit.units, -limit.months, limit.words)
    )
    binding = {row.id for limit in limits for row in limit.rows}
    return DonorPlan(
        scenario=scenario,
        added=ask.added,
        months=ask.months,
        outlook=ask.outlook,
        gifts=_gifts(scenario, solved),
        givers=givers,
        limits=tuple(limits),
        slack=tuple(row for id_, row in _month_rows(givers).items() if id_ not in binding),
        reach=FrozenDict({outlook: _within_reach(ask._replace(outlook=outlook), holders) for outlook in OUTLOOKS}),
        together=FrozenDict({kind: said_together(day, kind, known) for kind in ask.added} if not only else {}),
        floors=ask.floors,
        provenance=Provenance(VERSION, None, {"scenario": scenario.sha256, "catalogue": scenario.catalogue.sha256}),
    )


def _within_reach(ask: _Ask, holders: Sequence[Holder]) -> Mapping[str, int]:
    """Kind to the number that can come in time in an outlook, were all that can be given asked for."""
    givers = tuple(map(ask.giver, holders))
    of = {kind: sum(giver.gives for giver in givers if giver.holder.system == kind) for kind in ask.added}
    most = {kind: max(number, 1) for kind, number in of.items()}
    solved = solve(givers, most, ask.crews(givers))
    return FrozenDict({kind: most[kind] - unmet for kind, unmet in solved.unmet.items()})


def _gifts(scenario: Scenario, solved: Solved) -> tuple[Gift, ...]:
    """Moves of one holder in one month as one gift, in the order of months."""
    counts = Counter((move.month, move.giver) for move in solved.moves)
    taken = Counter(move.giver for move in solved.moves)
    gifts: list[Gift] = []
    for (month, index), units in sorted(counts.items()):
        giver = solved.givers[index]
        rounds = giver.holder.rows.get("rounds_with_unit")
        span = None if rounds is None else rounds.span
        gifts.append(
            Gift(
                holder=giver.holder.name,
                system=giver.holder.system,
                units=units,
                month=month,
                first=_begin_of(scenario, month),
                share=taken[index] / giver.stock if giver.stock else None,
                rounds=None if span is None else (units * span[0], units * span[1], units * span[2]),
                unverified=giver.holder.unverified,
                contested=giver.holder.rival,
            )
        )
    return tuple(gifts)


# ---------------------------------------------------------------- limits


class _Relaxed(NamedTuple):
    words: str
    rows: tuple[Parameter, ...]
    givers: tuple[Giver, ...]
    ask: _Ask
    more: str = ""


def _binding_limits(scenario: Scenario, ask: _Ask, solved: Solved) -> Iterable[Limit]:
    """Every limit that binds: each that could gain by the prices of the flow is relaxed by one and solved again."""
    for way in _relaxations(ask, solved):
        other = solve(way.givers, ask.added, way.ask.crews(way.givers, way.more))
        units = sum(solved.unmet.values()) - sum(other.unmet.values())
        months = solved.waited - other.waited
        if units or months > 0:
            yield _limit(way, (solved, other), units, 0 if units else months, scenario)


def _limit(way: _Relaxed, plans: tuple[Solved, Solved], units: int, months: int, scenario: Scenario) -> Limit:
    gives = [Counter(plan.givers[move.giver].holder.name for move in plan.moves) for plan in plans]
    names = sorted({*gives[0], *gives[1]}, key=lambda name: (gives[0][name] - gives[1][name], name))
    ends = [max((move.month for move in plan.moves), default=0) for plan in plans]
    fights = [_fighting(_gifts(scenario, plan), plan.added, way.ask.months) for plan in plans]
    more = {
        kind: tuple(b - a for a, b in zip((*fights[0][kind], *fights[0][kind][-1:]), fights[1][kind], strict=False))
        for kind in plans[0].added
    }
    return Limit(
        words=way.words,
        rows=way.rows,
        units=units,
        months=months,
        last=None if units else ends[1] - ends[0],
        instead=FrozenDict(
            {name: gives[1][name] - gives[0][name] for name in names if gives[1][name] != gives[0][name]}
        ),
        fighting=FrozenDict(more),
    )


def _fighting(gifts: Sequence[Gift], added: Mapping[str, int], months: int) -> Mapping[str, tuple[int, ...]]:
    return FrozenDict(
        {
            kind: tuple(
                sum(gift.units for gift in gifts if gift.system == kind and gift.month <= month)
                for month in range(1, months + 1)
            )
            for kind in added
        }
    )


def _relaxations(ask: _Ask, solved: Solved) -> Iterable[_Relaxed]:
    yield from _of_stocks(ask, solved)
    yield from _of_months(ask, solved)
    for kind in ask.added:
        if solved.crews_may_gain(kind):
            rows = tuple(giver.holder.rows["crews_a_month"] for giver in solved.givers if giver.holder.system == kind)[
                :1
            ]
            yield _Relaxed(f"one more crew of {kind_name(kind)} a month", rows, solved.givers, ask, kind)
    if sum(solved.unmet.values()):
        yield _Relaxed("one month later", (), solved.givers, ask._replace(months=ask.months + 1))


def _of_stocks(ask: _Ask, solved: Solved) -> Iterable[_Relaxed]:
    """A floor one lower, and one more in working order."""
    for index, giver in enumerate(solved.givers):
        holder, (soon, late) = giver.holder, map(full_month, giver.months)
        ways: list[tuple[str, str, Giver]] = []
        if giver.floor and solved.may_gain(index, soon if giver.spares < giver.working else late):
            row = "floor" if "floor" in holder.rows else "floor_share"
            words = f"floor of {holder.name} {giver.floor - 1} instead of {giver.floor}"
            ways.append((words, row, replace(giver, floor=giver.floor - 1)))
        if giver.spares > giver.working and solved.may_gain(index, soon):
            words = f"{giver.working + 1} instead of {giver.working} of {holder.name} in working order"
            ways.append((words, "working_share", replace(giver, working=giver.working + 1)))
        for words, row, relaxed in ways:
            kind = f" ({kind_name(holder.system)})" if len(ask.added) > 1 else ""
            givers = (*solved.givers[:index], relaxed, *solved.givers[index + 1 :])
            yield _Relaxed(f"{words}{kind}", (holder.stock, holder.rows[row]), givers, ask)


def _of_months(ask: _Ask, solved: Solved) -> Iterable[_Relaxed]:
    """A row of months one less, for every holder that it stands for."""
    for id_, row in _month_rows(solved.givers).items():
        givers = tuple(
            ask.giver(giver.holder, id_) if any(each.id == id_ for each in giver.holder.rows.values()) else giver
            for giver in solved.givers
        )
        moved = [
            (index, batch.month)
            for index, (old, new) in enumerate(zip(solved.givers, givers, strict=True))
            for batch in new.batches
            if batch not in old.batches
        ]
        if any(solved.may_gain(index, month) for index, month in moved):
            what = row.name.removeprefix("months_to_").replace("_", " ")
            kind = "" if row.system == "all" else f", {kind_name(row.system)}"
            yield _Relaxed(f"one month less to {what} ({row.subject}{kind})", (row,), givers, ask)


# ---------------------------------------------------------------- what is refused


def _months_until(scenario: Scenario, by: str | dt.date | None) -> int:
    """Months from the scenario's to the one asked for; 0 where that is none, or not after it."""
    if by is None:
        return HORIZON
    try:
        day = dt.date.fromisoformat(f"{by}-01" if isinstance(by, str) and len(by) == len("2024-09") else str(by))
    except ValueError:
        return 0
    last = scenario.month.last
    months = 12 * (day.year - last.year) + day.month - last.month
    return months if 1 <= months <= FURTHEST else 0


def _month_fault(scenario: Scenario, by: str | dt.date | None) -> str:
    first, furthest = _begin_of(scenario, 1), _begin_of(scenario, FURTHEST)
    return f"by: found {str(by)[:40]!r}; give a month from {first:%Y-%m} to {furthest:%Y-%m}, such as {first:%Y-%m}"


def _begin_of(scenario: Scenario, month: int) -> dt.date:
    """First day of month 1, 2, ... after the scenario's."""
    last = scenario.month.last
    years, rest = divmod(last.month - 1 + month, 12)
    return dt.date(last.year + years, rest + 1, 1)


def _added_faults(added: Mapping[str, int], known: Sequence[Holder], only: Sequence[str] | None) -> list[str]:
    kinds = list(dict.fromkeys(holder.system for holder in known))
    if not added:
        return [f"added: found nothing; give a kind and a number, of {', '.join(kinds)}"]
    faults: list[str] = []
    named = {name.casefold() for name in only or ()}
    for kind, number in added.items():
        if kind not in kinds:
            near = get_close_matches(kind, kinds, 3, 0.4) or kinds
            what = "nobody is known to hold it" if kind in read_catalogue().names else "unknown kind"
            faults.append(f"added: {kind!r}: {what}; the nearest that somebody holds: {', '.join(near)}")
        elif only and not any(holder.system == kind and holder.name.casefold() in named for holder in known):
            who = ", ".join(holder.name for holder in known if holder.system == kind)
            faults.append(f"only: none of those named holds {kind}; it is held by {who}")
        if not 1 <= number <= _MOST_ASKED:
            faults.append(f"added: found {number} of {kind}; give 1 to {_MOST_ASKED:,}")
    return faults


def _only_faults(only: Sequence[str] | None, known: Sequence[Holder]) -> list[str]:
    if only is None:
        return []
    if not only:
        return ["only: found no holder; name at least one, or leave it out to ask all"]
    times = Counter(str(name).casefold() for name in only)
    twice = {name: count for name, count in times.items() if count > 1}
    faults = [fault for name in dict.fromkeys(map(str, only)) if (fault := _holder_fault("only", name, known))]
    return faults + [f"only: {name!r} is named {count} times; name it once" for name, count in twice.items()]


def _holder_fault(where: str, name: str, known: Sequence[Holder]) -> str:
    names = {holder.name.casefold(): holder.name for holder in known}
    if name.casefold() in names:
        return ""
    near = [names[each] for each in get_close_matches(name.casefold(), names, 3, 0.5)] or sorted(names.values())
    return f"{where}: unknown holder {name[:60]!r}; the nearest known: {', '.join(near)}"


def _floor_faults(floors: Mapping[str, int], added: Mapping[str, int], known: Sequence[Holder]) -> list[str]:
    faults: list[str] = []
    for key, floor in floors.items():
        name, _, kind = key.partition("/")
        if fault := _holder_fault("floors", name, known):
            faults.append(fault)
            continue
        held = [
            each for each in known if each.name.casefold() == name.casefold() and (kind or each.system) == each.system
        ]
        asked = [holder for holder in held if holder.system in added]
        if len(asked) != 1:
            kinds = ", ".join(
                f"{holder.name}/{holder.system}" for holder in known if holder.name.casefold() == name.casefold()
            )
            faults.append(f"floors: {key!r} names {len(asked)} of the stocks asked of; write one of {kinds}")
            continue
        stock = asked[0].stock.high or 0
        if not 0 <= floor <= stock:
            faults.append(f"floors: found {floor} for {key!r}, which holds at most {stock:g}; give 0 to {stock:g}")
    return faults


def _refusal(plan: DonorPlan) -> str:
    """Say what cannot be met, which limits bind, and the nearest ask that can be met."""
    come = {kind: number - plan.unmet[kind] for kind, number in plan.added.items()}
    asked, can = (
        ", ".join(f"{number} {kind_name(kind)}" for kind, number in numbers.items()) for numbers in (plan.added, come)
    )
    who = ", ".join(
        f"{each.holder.name} {each.gives}{f' {each.holder.system}' if len(plan.added) > 1 else ''}"
        for each in plan.givers
        if each.gives
    )
    lines = [
        f"{asked} cannot all fight by {plan.by:%B %Y}: {can} can, in the {plan.outlook} outlook of what holders keep",
        f"able to give at any time: {who or 'nobody known'}",
    ]
    lines += [f"binding: {words}" for words in _binding_words(plan)]
    nearest = ",".join(f"{kind}={number}" for kind, number in come.items() if number)
    lines.append(f"nearest ask that can be met: {f'--added {nearest}' if nearest else 'none'}")
    for kind, short in plan.unmet.items():
        spans = ", ".join(f"{outlook} {reach[kind]}" for outlook, reach in plan.reach.items())
        if short:
            lines.append(f"{kind_name(kind)} by then, by outlook: {spans}")
    later = _later(plan)
    lines.append(f"all of it: {f'by {later:%Y-%m}' if later else 'at no time, with these floors'}")
    return "\n  - ".join(lines)


def _binding_words(plan: DonorPlan) -> list[str]:
    """Limits that keep units from coming in time, those of one sort together."""
    floors = [limit.words.removeprefix("floor of ") for limit in plan.limits if limit.units and "floor" in limit.words]
    others = [limit for limit in plan.limits if limit.units and "floor" not in limit.words]
    words = [f"{limit.words}: {limit.gain}" for limit in others]
    words += [f"floors, each 1 more unit in time: {'; '.join(floors)}"] if floors else []
    return words or _pairs_that_bind(plan)


def _pairs_that_bind(plan: DonorPlan) -> list[str]:
    """Where no limit alone brings more in time: which two, or three, relaxed together do."""
    ways = ("every floor one lower", "one more crew a month", "one month later")
    lower = tuple(replace(giver, floor=max(giver.floor - 1, 0)) for giver in plan.givers)
    found: list[str] = []
    for floors, crews, later in ((1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)):
        givers, months = lower if floors else plan.givers, plan.months + later
        begin = {kind: crews_of(givers, kind, months, plan.outlook, crews) for kind in plan.added}
        more = sum(plan.unmet.values()) - sum(solve(givers, plan.added, begin).unmet.values())
        if more and not found:
            both = " and ".join(way for way, chosen in zip(ways, (floors, crews, later), strict=True) if chosen)
            found.append(f"no limit alone; together {both}: {count_of(more, 'more unit')} in time")
    return found or ["stocks, floors, months and crews together; no step of one each brings more in time"]


def _later(plan: DonorPlan) -> dt.date | None:
    """The earliest month by which all can fight, if any."""
    crews = {kind: crews_of(plan.givers, kind, FURTHEST, plan.outlook) for kind in plan.added}
    solved = solve(plan.givers, plan.added, crews)
    last = max((move.month for move in solved.moves), default=0)
    return None if sum(solved.unmet.values()) else _begin_of(plan.scenario, last)


def _month_rows(givers: Iterable[Giver]) -> Mapping[str, Parameter]:
    """Rows of months that anybody's gifts hang on, by id."""
    named = ((giver, giver.holder.rows.get(name)) for giver in givers if giver.gives for name in MONTH_ROWS)
    return {row.id: row for _, row in named if row is not None}
