"""By when: strikes, rounds, and the share of worlds that meet the goal, month by month, as units come and are lost.

Every month is the scenario's over again: its launches, their aim, what a unit that meets them stops. What changes
is who stands and what they have to fire: units arrive, are lost and replaced, and rounds come, are fired or kept. So a
month ahead is a projection under the stated attack, never a forecast of what comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tegmen.answer.study import HEADLINE, Effort, Study, begin_study, counts_others, met_share
from tegmen.answer.whatif import LowBestHigh, replace_number
from tegmen.calibration.fit import Calibration
from tegmen.engine.expected import cover_baseline, expected_losses, rounds_wanted
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import Passage, let_pass
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name, read_catalogue
from tegmen.ledger.aid import Amount, add_up, aid_status, system_of
from tegmen.ledger.inventory import FIRE_UNITS, ONE_UNIT, inventories
from tegmen.ledger.store import open_ledger
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EvidenceCase, FrozenDict, Progress, Provenance, Span, ThreatClass, one_blas_thread, take
from tegmen.worlds.dice import Dice, streams_of

if TYPE_CHECKING:
    import pandas as pd

    from tegmen.evidence.parameters import Parameter
    from tegmen.ledger.aid import AidStatus
    from tegmen.ledger.inventory import Inventory
    from tegmen.terms import Floats, Ints
    from tegmen.worlds.draw import Worlds
    from tegmen.worlds.prior import PriorWorlds

LONGEST: Final = 36
"""Months looked ahead at most: further off the attack is no longer this one."""
DELAYS: Final = (1, 2, 3, 6)
"""Months by which everything could come later than planned."""
LOSS_ROW: Final = "model/loss_share_a_month"
_UNITS_MOST: Final = 100
SPREAD_AT: Final = (0.05, 0.5, 0.95)
"""Shares of worlds that a spread is given at."""
_HELD_BY: Final = "Ukraine"
Spread = tuple[float, float, float]


# ---------------------------------------------------------------- what is asked


@dataclass(frozen=True, slots=True)
class Arrival:
    """Fire units of a kind that arrive in a month, and can fight all of the next.

    Parameters
    ----------
    kind, number
        Which system; how many.
    month
        Any day of the month they arrive in.
    pledged
        Day they were promised on; None where nobody says.
    giver
        Who gives them; empty where nobody says.
    """

    kind: str
    number: int
    month: dt.date
    pledged: dt.date | None = None
    giver: str = ""

    @property
    def first_full_month(self) -> dt.date:
        """First day of the first month in which they can fight all month."""
        return later(self.month, 1)

    @property
    def faults(self) -> list[str]:
        """What is wrong with it by itself."""
        found: list[str] = []
        known = read_catalogue().kinds.meeting(ThreatClass.ballistic)
        if self.kind not in known:
            allowed = ", ".join(known)
            found.append(f"found the kind {self.kind!r}; allowed are {allowed}, which meet ballistic missiles")
        if type(self.number) is not int or self.number < 1:
            found.append(f"found {self.number!r} fire units; give a whole number from 1 up")
        if self.pledged is not None and months_between(self.month, self.pledged) > 0:
            found.append(
                f"arrives in {self.month:%Y-%m}, before its pledge of {self.pledged}: nothing comes before it is "
                "promised; correct one of the two days"
            )
        return found


def later(day: dt.date, months: int) -> dt.date:
    """Give the first day of the month so many months after that of a day."""
    years, month = divmod(day.month - 1 + months, 12)
    return dt.date(day.year + years, month + 1, 1)


def last_day(day: dt.date) -> dt.date:
    """Give the last day of a day's month."""
    return later(day, 1) - dt.timedelta(days=1)


def months_between(first: dt.date, day: dt.date) -> int:
    """Count calendar months from that of one day to that of another."""
    return 12 * (day.year - first.year) + day.month - first.month


@checked_arguments
def parse_month(text: str) -> dt.date:
    """Read "2024-08" as the first day of that month.

    Raises
    ------
    InputError
        It is no month.
    """
    try:
        return dt.datetime.strptime(text, "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        raise InputError("month", [f"found {text!r}; give year and month as YYYY-MM, such as 2024-08"]) from None


# ---------------------------------------------------------------- what comes out


@dataclass(frozen=True, slots=True)
class Committed:
    """What the ledger tells of one kind at the end of a month, in fire units.

    Parameters
    ----------
    requested
        The largest request that was open: requests repeat one another, so they are not added up.
    outstanding, delivered
        Promised and neither there nor lapsed; delivered by then.
    held
        How many Ukraine had; None once the ledger tells of nothing later.
    """

    requested: Amount
    outstanding: Amount
    delivered: Amount
    held: Amount | None


@dataclass(frozen=True, slots=True)
class MonthState:
    """One month: who stands, what they have to fire, and what still gets through.

    Parameters
    ----------
    first
        First day of the month.
    held
        Kind to the fire units of the baseline, as the scenario counts them on that day.
    added
        Kind to added fire units that can fight all month: mean over worlds, after losses and replacements.
    value, without
        Expected value of the goal's metric with the arrivals and without any: 5, 50 and 95 % of worlds.
    mean, mean_without
        Its mean over worlds.
    met, met_error, met_without
        Share of worlds that meet the goal, its Monte Carlo standard error, and the share without arrivals.
    rounds, wanted, left
        Rounds against ballistic missiles that there are, that ready units would fire at all they meet, and that are
        left at the end of the month: 5, 50 and 95 % of worlds.
    committed
        Kind to what the ledger tells.
    """

    first: dt.date
    held: Mapping[str, Span]
    added: Mapping[str, float]
    value: Spread
    without: Spread
    mean: float
    mean_without: float
    met: float
    met_error: float
    met_without: float
    rounds: Spread
    wanted: Spread
    left: Spread
    committed: Mapping[str, Committed]

    @property
    def name(self) -> str:
        """The month in words."""
        return f"{self.first:%B %Y}"


@dataclass(frozen=True, slots=True)
class Delay:
    """What it costs that everything comes so many months later: more of the metric over all months looked at.

    Parameters
    ----------
    months
        How much later.
    mean, points
        Mean over worlds; 5, 50 and 95 % of them.
    """

    months: int
    mean: float
    points: Spread


@dataclass(frozen=True, slots=True)
class ByWhen:
    """What becomes of the goal month by month.

    Parameters
    ----------
    goal
        What is asked; its yardstick is the scenario's month with nothing added.
    baseline
        Mean over worlds of the metric's value there.
    months
        The scenario's month first, with nothing arrived.
    delays
        What it costs that everything comes later.
    worlds
        Worlds scored.
    parameters
        The rows of the catalogue that losses and replacements rest on.
    """

    scenario: Scenario
    case: EvidenceCase
    goal: Goal
    arrivals: tuple[Arrival, ...]
    baseline: float
    months: tuple[MonthState, ...]
    delays: tuple[Delay, ...]
    worlds: int
    parameters: tuple[Parameter, ...]
    provenance: Provenance

    @property
    def first_met(self) -> MonthState | None:
        """The first month in which the share of worlds reaches the confidence asked; None where none does."""
        return next((month for month in self.months if month.met >= self.goal.confidence), None)

    @property
    def last_arrival(self) -> dt.date | None:
        """First day of the first month in which everything that arrives fights; None where nothing does."""
        return max((arrival.first_full_month for arrival in self.arrivals), default=None)

    @property
    def averted(self) -> float:
        """What the arrivals avert of the metric over all months: mean over worlds."""
        return sum(month.mean_without - month.mean for month in self.months)

    @property
    def sentence(self) -> str:
        """Say by when the goal is met, and what a month of delay costs."""
        what = ", ".join(f"{each.number} {kind_name(each.kind)} in {each.month:%B %Y}" for each in self.arrivals)
        first, asked = self.first_met, f"{100 * self.goal.confidence:.6g} %"
        head = f"With {what or 'nothing added'}, the goal ({self.goal.label})"
        if first is None:
            best = max(self.months, key=lambda month: month.met)
            met = (
                f"is met in no month to {self.months[-1].name} in {asked} of worlds; at best in {best.name}, in "
                f"{100 * best.met:.0f} %"
            )
        else:
            met = f"is first met in {first.name}, in {100 * first.met:.0f} % of worlds ({asked} asked)"
        return f"{head} {met}.{self._cost}"

    @property
    def _cost(self) -> str:
        if not self.delays:
            return ""
        what = self.goal.measure.what.format(cities=self.goal.largest_cities)
        more, last = self.delays[0].mean, self.months[-1].name
        return f" A month of delay adds {more:.3g} to {what}, summed to {last}."

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know."""
        doubted = [row.name for row in self.parameters if not row.verified]
        lines = [
            f"A projection under the attack of {self.scenario.month} repeated every month, not a forecast.",
            "Units held follow what was counted in later months, as the scenario's rows tell: nobody knew it then.",
        ]
        return (*lines, f"Not read in the source: {', '.join(doubted)}.") if doubted else tuple(lines)

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a month.

        Returns
        -------
        Columns month, added (all kinds), mean, low, high, without, met, met_error, met_without, rounds, wanted, left;
        low and high are 5 and 95 % of worlds, rounds to left the median.
        """
        import pandas as pd

        rows = [
            {
                "month": f"{month.first:%Y-%m}", "added": sum(month.added.values()), "mean": month.mean,
                "low": month.value[0], "high": month.value[2], "without": month.mean_without, "met": month.met,
                "met_error": month.met_error, "met_without": month.met_without, "rounds": month.rounds[1],
                "wanted": month.wanted[1], "left": month.left[1],
            }
            for month in self.months
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"<ByWhen {self.case}: {self.sentence}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.sentence}</p>" + self.to_pandas().to_html(index=False, float_format="{:.2f}".format)


# ---------------------------------------------------------------- the way from one to the other


@checked_arguments
@one_blas_thread
def by_when(  # noqa: PLR0913 - the question, what arrives, what is lost, and how to compute
    scenario: Scenario,
    calibration: Calibration,
    *,
    arrivals: Sequence[Arrival] = (),
    months: int = 12,
    goal: str | None = None,
    attrition: LowBestHigh | None = None,
    seed: int = 1,
    case: EvidenceCase = "posted",
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> ByWhen:
    """Follow a goal month by month from the scenario's month on, as units arrive, are lost and replaced.

    Units added stand where a plan of all of them would put them, the first to come at the sites worth most. A unit
    that may be lost counts with the chance that it is there, which is exact for what ready units meet; rounds there are
    ``come + kept x left of the month before``, and a month fires what it meets, or all there are.

    Parameters
    ----------
    arrivals
        What comes, and when; nothing: the baseline alone, as it is counted in later months.
    months
        Months after the scenario's, 1 to `LONGEST`.
    goal
        Name of a goal of the scenario; None: the headline.
    attrition
        Low, best and high share of the fire units lost for good in a month, in place of the catalogue's row.
    seed, case, effort, progress
        As in `sufficiency`.

    Raises
    ------
    InputError
        An arrival of an unknown kind or of no unit, before its pledge, in the scenario's month or earlier, or behind
        the last month; a number of months out of range; a goal that does not exist. All are named at once.
    """
    arrivals = tuple(sorted(arrivals, key=lambda each: each.month))
    _require_arrivals(scenario, arrivals, months)
    if attrition is not None:
        scenario = replace_number(scenario, LOSS_ROW, attrition, "given with the question")
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=(case,), progress=progress)
    course = _begin(study, case, scenario.goal(goal) or scenario.headline, arrivals, months)
    study.tell("months without arrivals", 0, 1)
    without = list(_follow(course, None))
    study.tell("months with arrivals", 0, 1)
    planned = list(_follow(course, 0))
    delays: list[Delay] = []
    for delay in DELAYS if arrivals else ():
        study.tell(f"{delay} months later", 0, 1)
        delays.append(_delayed(course, planned, delay))
    return ByWhen(
        scenario=scenario,
        case=case,
        goal=course.goal,
        arrivals=arrivals,
        baseline=float(without[0].value.mean()),
        months=_states(course, planned, without),
        delays=tuple(delays),
        worlds=len(course.worlds),
        parameters=course.wear.parameters,
        provenance=study.provenance,
    )


def _require_arrivals(scenario: Scenario, arrivals: Sequence[Arrival], months: int) -> None:
    """Refuse what cannot be, all of it at once."""
    first, faults = scenario.month.first, list[str]()
    if not 1 <= months <= LONGEST:
        faults.append(f"months: found {months}; give 1 to {LONGEST} after the scenario's")
    for at, arrival in enumerate(arrivals, 1):
        found = arrival.faults
        if months_between(first, arrival.month) < 1:
            found.append(
                f"arrives in {arrival.month:%Y-%m}, not after the scenario's month {first:%Y-%m}, whose units are known"
            )
        elif 1 <= months <= LONGEST and months_between(first, arrival.month) >= months:
            last = f"the last month looked at, {later(first, months):%Y-%m}"
            found.append(f"arrives in {arrival.month:%Y-%m}, and fights only after {last}; look at more months")
        faults += [f"arrival {at} ({arrival.kind}): {fault}" for fault in found]
    units = sum(arrival.number for arrival in arrivals if type(arrival.number) is int)
    if units > _UNITS_MOST:
        faults.append(f"found {units} fire units in all; at most {_UNITS_MOST} can be sited")
    if faults:
        raise InputError("months", faults)


@dataclass(frozen=True, slots=True, eq=False)
class Wear:
    """What becomes of a fire unit in each world, axis w.

    Parameters
    ----------
    lost
        (w,) share of units lost for good in a month.
    replaced
        (w,) share of what is lost that is replaced.
    months
        (w,) months from loss to replacement.
    """

    lost: Floats
    replaced: Floats
    months: Ints
    parameters: tuple[Parameter, ...] = ()

    def there(self, ages: int) -> Floats:
        """(ages + 1, w) chance that a unit is there 0, 1, ... months after its first full month began.

        ``s_m = s_(m-1) (1 - lost) + replaced lost s_(m-1-months)``: what is lost in a month is gone from the next on.
        """
        left = np.ones((ages + 1, len(self.lost)))
        columns = np.arange(len(self.lost))
        for age in range(1, ages + 1):
            before = age - 1 - self.months
            back = np.where(before >= 0, left[np.maximum(before, 0), columns], 0.0)
            left[age] = left[age - 1] * (1 - self.lost) + self.replaced * self.lost * back
        return left


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """What all months of a question share."""

    study: Study
    goal: Goal
    case: EvidenceCase
    worlds: Worlds
    base: PriorWorlds
    arrivals: tuple[Arrival, ...]
    sites: tuple[tuple[int, int], ...]
    days: tuple[dt.date, ...]
    wear: Wear
    there: Floats
    noise: Floats
    passage: Passage | None
    counted: Mapping[int, dt.date] = field(default_factory=FrozenDict[int, dt.date])


@dataclass(frozen=True, slots=True, eq=False)
class _Month:
    """(w,) the metric's value; rounds there are, wanted and left; kind to its added units there."""

    value: Floats
    rounds: Floats
    wanted: Floats
    left: Floats
    added: Mapping[str, Floats]


def _begin(study: Study, case: EvidenceCase, goal: Goal, arrivals: tuple[Arrival, ...], months: int) -> _Course:
    scenario, worlds, posterior = study.scenario, study.worlds(case, goal), study.posterior(HEADLINE)
    dice = Dice(len(worlds), streams_of(posterior.key), scenario.catalogue).of("losses")
    wear = Wear(
        lost=dice.model("loss_share_a_month"),
        replaced=dice.model("replaced_share"),
        months=np.rint(dice.model("replacement_months")).astype(np.int64),
        parameters=tuple(dice.used.values()),
    )
    return _Course(
        study=study,
        goal=goal,
        case=case,
        worlds=worlds,
        base=take(posterior.worlds, np.arange(len(worlds))),
        arrivals=arrivals,
        sites=_sited(study, goal, arrivals),
        days=tuple(later(scenario.month.first, month) for month in range(months + 1)),
        wear=wear,
        there=wear.there(months),
        noise=dice.of("later months").generator.standard_normal((months, len(worlds))),
        passage=let_pass(worlds) if counts_others(goal) else None,
        counted=FrozenDict({code: _counted_to(scenario, code) for code in range(len(worlds.kinds))}),
    )


def _sited(study: Study, goal: Goal, arrivals: Sequence[Arrival]) -> tuple[tuple[int, int], ...]:
    """Code and site of every unit in order of arrival, each where it saves most given those before it."""
    total = {each.kind: sum(other.number for other in arrivals if other.kind == each.kind) for each in arrivals}
    order = {kind: iter(study.sites(goal, kind, number).sites.tolist()) for kind, number in total.items()}
    return tuple(
        (study.scenario.kinds.code(each.kind), next(order[each.kind])) for each in arrivals for _ in range(each.number)
    )


def _counted_to(scenario: Scenario, code: int) -> dt.date:
    """Day to which losses of the baseline's units of a system are in the counts: that of the last row."""
    rows = [row.as_of or row.since for row in scenario.held if row.system == scenario.kinds.ids[code]]
    return max([scenario.month.first, *rows])


def _follow(course: _Course, delay: int | None) -> Iterator[_Month]:
    """Go through the months; everything comes `delay` months later, or never (None)."""
    base, scenario = course.base, course.study.scenario
    left = np.zeros(len(course.worlds))
    for month in range(len(course.days)):
        worlds, added = _worlds_in(course, month, delay)
        cover = cover_baseline(worlds)
        rounds = worlds.scalar["rounds_a_month"]
        if month:
            rounds = base.rounds * np.exp(base.rounds_sd * course.noise[month - 1]) + base.rounds_kept * left
        if any(kind in scenario.ballistic_held for kind in added):
            rounds = rounds + scenario.added_rounds.value
        passage = course.passage.standing(worlds) if course.passage else None
        value = expected_losses(cover, course.goal, Laydown.of("", ()), [[rounds]], passage)[0, :, 0]
        wanted = rounds_wanted(worlds, cover.engaged)
        left = np.maximum(rounds - wanted, 0.0)
        yield _Month(value, rounds, wanted, left, added)


def _worlds_in(course: _Course, month: int, delay: int | None) -> tuple[Worlds, Mapping[str, Floats]]:
    """The worlds with the units of a month, ready as often as they are there; kind to the added units there."""
    worlds, day, base = course.worlds, course.days[month], course.base
    system, site = worlds.system.copy(), worlds.site.copy()
    ready = worlds.readiness.copy()
    stands = slice(len(base.stands.system))
    system[:, stands], site[:, stands] = base.stands.on(day)
    codes = np.clip(system[:, stands], 0, base.shield.ready.shape[1] - 1)
    ready[:, stands] = np.take_along_axis(base.shield.ready, codes, axis=1)
    for code, counted in course.counted.items():
        ready = np.where(system == code, ready * course.there[max(months_between(counted, day), 0)][:, None], ready)
    columns: list[tuple[int, int, Floats]] = []
    added: dict[str, Floats] = {}
    for (code, place), age in zip(course.sites, _ages(course, month, delay), strict=True):
        if age >= 0:
            kind, there = worlds.kinds.ids[code], course.there[age]
            added[kind] = added.get(kind, 0.0) + there
            columns.append(
                (
                    code,
                    place,
                    there * (base.shield.ready[:, code] if kind in course.study.scenario.ballistic_held else 1.0),
                )
            )
    if columns:
        even = np.ones((len(worlds), 1), dtype=np.int64)
        system = np.concatenate([system, *(code * even for code, _, _ in columns)], axis=1)
        site = np.concatenate([site, *(place * even for _, place, _ in columns)], axis=1)
        ready = np.column_stack([ready, *(each for _, _, each in columns)])
    return replace(worlds, system=system, site=site, readiness=ready), added


def _ages(course: _Course, month: int, delay: int | None) -> Iterator[int]:
    """Months each added unit has fought by a month; below 0 before its first full one."""
    for arrival in course.arrivals:
        age = -1 if delay is None else months_between(arrival.first_full_month, course.days[month]) - delay
        yield from (age for _ in range(arrival.number))


def _delayed(course: _Course, planned: Sequence[_Month], delay: int) -> Delay:
    """What a delay costs: months before the first arrival are as planned."""
    more = np.zeros(len(course.worlds))
    for late, timely in zip(_follow(course, delay), planned, strict=True):
        more += late.value - timely.value
    return Delay(delay, float(more.mean()), _spread_of(more))


# ---------------------------------------------------------------- months told


def _states(course: _Course, planned: Sequence[_Month], without: Sequence[_Month]) -> tuple[MonthState, ...]:
    scenario = course.study.scenario
    kinds = tuple(dict.fromkeys((*scenario.ballistic_held, *(arrival.kind for arrival in course.arrivals))))
    committed = commitments(scenario, kinds, course.days)
    shares = [_met(course, each.value, without[0].value) for each in (*planned, *without)]
    errors = course.study.mcse(np.array(shares), course.case, course.goal)
    return tuple(
        MonthState(
            first=day,
            held=FrozenDict({kind: _span(scenario.held_on(kind, day)) for kind in kinds}),
            added=FrozenDict({kind: float(there.mean()) for kind, there in planned[at].added.items()}),
            value=_spread_of(planned[at].value),
            without=_spread_of(without[at].value),
            mean=float(planned[at].value.mean()),
            mean_without=float(without[at].value.mean()),
            met=shares[at],
            met_error=float(errors[at]),
            met_without=shares[len(planned) + at],
            rounds=_spread_of(planned[at].rounds),
            wanted=_spread_of(planned[at].wanted),
            left=_spread_of(planned[at].left),
            committed=committed[at],
        )
        for at, day in enumerate(course.days)
    )


def _met(course: _Course, value: Floats, base: Floats) -> float:
    """Share of worlds that meet the goal, against the scenario's month with nothing added."""
    remaining = (
        value if course.goal.measure.is_count else np.where(base > 0, value / np.where(base > 0, base, 1.0), 0.0)
    )
    return float(met_share(remaining[:, None], course.goal)[0])


def _spread_of(values: Floats) -> Spread:
    low, middle, high = np.quantile(values, SPREAD_AT)
    return float(low), float(middle), float(high)


def _span(row: Parameter) -> Span:
    low, best, high = row.span
    return Span(low, best, high)


def commitments(
    scenario: Scenario, kinds: Sequence[str], days: Sequence[dt.date]
) -> tuple[Mapping[str, Committed], ...]:
    """What the scenario's ledger tells of each kind at the end of each day's month."""
    with open_ledger(scenario.ledger or None) as ledger:
        told = [(aid_status(ledger, last_day(day)), inventories(ledger, last_day(day))) for day in days]
    return tuple(FrozenDict({kind: _committed(aid, held, kind) for kind in kinds}) for aid, held in told)


def _committed(aid: AidStatus, held: Sequence[Inventory], kind: str) -> Committed:
    lives = [life for life in aid.lives if system_of(life.item) == kind and life.unit in ONE_UNIT]
    asked = [life.amounts["requested"] for life in lives if set(life.amounts) == {"requested"}]
    owed = [life.outstanding for life in lives if life.outstanding is not None]
    there = [life.amounts["delivered"] for life in lives if "delivered" in life.amounts]
    own = next((each for each in held if each.system == kind and each.holder == _HELD_BY), None)
    return Committed(
        requested=max(asked, key=lambda amount: (amount.best or amount.low, amount.low), default=Amount()),
        outstanding=add_up(owed) or Amount(),
        delivered=add_up(there) or Amount(),
        held=None if own is None or own.beyond or own.unit != FIRE_UNITS else own.amount,
    )
