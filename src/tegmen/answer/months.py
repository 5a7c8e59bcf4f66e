"""By when: strikes, rounds, and the share of worlds that meet the goal, month by month, as units come and are lost.

Every month is the scenario's over again: its launches, their aim, what a unit that meets them stops. What changes
is who stands and what they have to fire: units arrive, are lost and replaced, and rounds come, are fired or kept. So a
month ahead is a projection under the stated attack, never a forecast of what comes.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegmen.answer.options import site_option
from tegmen.answer.study import HEADLINE, Effort, Study, begin_study, is_met, share_error, share_left, spread_over
from tegmen.answer.whatif import LowBestHigh, replace_number
from tegmen.calibration.fit import Calibration
from tegmen.engine.engagement import lane_ways
from tegmen.engine.expected import Cover, cover_baseline, expected_losses, rounds_wanted
from tegmen.engine.kernel.windows import Ways, pass_anew
from tegmen.engine.laydown import NOBODY, Laydown
from tegmen.engine.passage import Passage, passage_for
from tegmen.engine.workload import over_worlds
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name
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
        """What is wrong with it by itself, whatever its kind."""
        found: list[str] = []
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
    parameters, drawn
        The rows of the catalogue that losses and replacements rest on; these and all that worlds were drawn from.
    """

    scenario: Scenario
    calibration: Calibration
    case: EvidenceCase
    goal: Goal
    arrivals: tuple[Arrival, ...]
    baseline: float
    months: tuple[MonthState, ...]
    delays: tuple[Delay, ...]
    worlds: int
    parameters: tuple[Parameter, ...]
    drawn: tuple[Parameter, ...]
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
    def largest_error(self) -> float:
        """Largest Monte Carlo standard error of a month's share of worlds."""
        return max(month.met_error for month in self.months)

    @property
    def averted(self) -> float:
        """What the arrivals avert of the metric over all months: mean over worlds."""
        return sum(month.mean_without - month.mean for month in self.months)

    @property
    def sentence(self) -> str:
        """Say by when the goal is met, and what a month of delay costs."""
        what = ", ".join(self._in_words(kind) for kind in dict.fromkeys(each.kind for each in self.arrivals))
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

    def _in_words(self, kind: str) -> str:
        """How many of a kind arrive, and from when to when."""
        own = [each for each in self.arrivals if each.kind == kind]
        first, last = f"{own[0].month:%B %Y}", f"{own[-1].month:%B %Y}"
        when = f"in {first}" if first == last else f"from {first} to {last}"
        return f"{sum(each.number for each in own)} {kind_name(kind)} {when}"

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
        if self.goal.measure.area:
            lines.append("What leaks while units are busy in a wave is not in it: it would be more with and without.")
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
    goal: str | Goal | None = None,
    attrition: LowBestHigh | None = None,
    seed: int = 1,
    case: EvidenceCase = "posted",
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> ByWhen:
    """Follow a goal month by month from the scenario's month on, as units of any kinds arrive, are lost and replaced.

    Units added stand where a plan of all of them would put them (`score_options`), the first of a kind to come at the
    sites worth most. A unit that may be lost counts with the chance that it is there, which is exact for what ready
    units meet; rounds there are ``come + kept x left of the month before``, and a month fires what it meets, or all
    there are.

    Parameters
    ----------
    arrivals
        What comes, and when; nothing: the baseline alone, as it is counted in later months.
    months
        Months after the scenario's, 1 to `LONGEST`.
    goal
        A goal, or the name of one of the scenario; None: the headline.
    attrition
        Low, best and high share of the fire units lost for good in a month, in place of the catalogue's row.
    seed, case, effort, progress
        As in `sufficiency`.

    Raises
    ------
    InputError
        An arrival of an unknown kind, of one that meets nothing that the goal counts, or of no unit, before its pledge,
        before the scenario's month, or behind the last month; a number of months out of range; a goal that does not
        exist. All are named at once.
    """
    asked = goal if isinstance(goal, Goal) else scenario.goal(goal) or scenario.headline
    _require_arrivals(scenario, asked, arrivals, months)
    if attrition is not None:
        scenario = replace_number(scenario, LOSS_ROW, attrition, "given with the question")
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=(case,), progress=progress)
    plan = site_option(study, [asked], _arriving(arrivals)) if arrivals else NOBODY
    return follow_months(study, case, asked, Coming(tuple(arrivals), plan, scenario.added_rounds.value), Looked(months))


def _arriving(arrivals: Sequence[Arrival]) -> Counter[str]:
    """How many of each kind arrive in all."""
    total = Counter[str]()
    for arrival in arrivals:
        total[arrival.kind] += arrival.number
    return total


def _require_arrivals(scenario: Scenario, goal: Goal, arrivals: Sequence[Arrival], months: int) -> None:
    """Refuse what cannot be, all of it at once."""
    first, faults = scenario.month.first, list[str]()
    if not 1 <= months <= LONGEST:
        faults.append(f"months: found {months}; give 1 to {LONGEST} after the scenario's")
    for at, arrival in enumerate(arrivals, 1):
        found = _kind_faults(scenario, goal, arrival.kind) + arrival.faults
        if months_between(first, arrival.month) < 0:
            found.append(
                f"arrives in {arrival.month:%Y-%m}, before the scenario's month {first:%Y-%m}, whose units are known"
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


def _kind_faults(scenario: Scenario, goal: Goal, kind: str) -> list[str]:
    """Say why a kind cannot arrive: nobody knows it, or it meets nothing that the goal counts."""
    able = scenario.kinds.meeting(*goal.measure.met)
    if kind in able:
        return []
    why = f", which meets nothing that the goal {goal.name!r} counts" if kind in scenario.kinds.ids else ""
    return [f"found the kind {kind!r}{why}; allowed are {', '.join(able)}"]


@dataclass(frozen=True, slots=True)
class Coming:
    """What comes, and where it stands.

    Parameters
    ----------
    arrivals
        Units by kind and month.
    plan
        As many units of each kind; the first of a kind to come stands where its first unit does.
    rounds
        Rounds a month that come with the first unit that meets ballistic missiles, whole country.
    """

    arrivals: tuple[Arrival, ...]
    plan: Laydown
    rounds: float


class Looked(NamedTuple):
    """How far, and how closely, is looked ahead.

    Parameters
    ----------
    months
        Months after the scenario's.
    delays
        Months by which everything could come later than planned.
    few
        Worlds that are followed, spread over all; None: those that the goal is scored on.
    """

    months: int
    delays: Sequence[int] = DELAYS
    few: int | None = None


def follow_months(study: Study, case: EvidenceCase, goal: Goal, coming: Coming, ahead: Looked) -> ByWhen:
    """Follow a goal on the worlds of a study; what comes is taken as it is.

    Parameters
    ----------
    goal
        One of the study's scenario, or another of the same metrics.
    """
    course = _begin(study, case, goal, coming, ahead)
    delays = ahead.delays if course.arrivals else ()
    without, planned, *late = zip(*_follow(course, (None, 0, *delays)), strict=True)
    return ByWhen(
        scenario=study.scenario,
        calibration=study.calibration,
        case=case,
        goal=goal,
        arrivals=course.arrivals,
        baseline=float(without[0].value.mean()),
        months=_states(course, planned, without),
        delays=tuple(_delayed(delay, planned, each) for delay, each in zip(delays, late, strict=True)),
        worlds=len(course.worlds),
        parameters=course.wear.parameters,
        drawn=(*course.worlds.parameters, *course.wear.parameters),
        provenance=study.provenance,
    )


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


class _Unit(NamedTuple):
    """A unit that comes, and what it does of what flies past when it is there, given those before it.

    Parameters
    ----------
    ready
        (w,) share of nights on which it could fight and has rounds against cruise missiles; None: it meets none.
    stops
        (w, p) share it stops of drones aimed at a place; None: it meets none.
    """

    kind: str
    site: int
    ready: Floats | None = None
    stops: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """What all months of a question share.

    Parameters
    ----------
    units
        Each unit that comes, in order of arrival.
    ways
        Lanes to the places that the goal counts.
    """

    study: Study
    goal: Goal
    worlds: Worlds
    base: PriorWorlds
    arrivals: tuple[Arrival, ...]
    units: tuple[_Unit, ...]
    rounds: float
    days: tuple[dt.date, ...]
    wear: Wear
    there: Floats
    noise: Floats
    passage: Passage | None
    ways: Ways
    counted: Mapping[int, dt.date] = field(default_factory=FrozenDict[int, dt.date])


@dataclass(frozen=True, slots=True, eq=False)
class _Month:
    """(w,) the metric's value; rounds there are, wanted and left; kind to its added units there."""

    value: Floats
    rounds: Floats
    wanted: Floats
    left: Floats
    added: Mapping[str, Floats]


def _begin(study: Study, case: EvidenceCase, goal: Goal, coming: Coming, ahead: Looked) -> _Course:
    scenario, posterior, (months, _, few) = study.scenario, study.posterior(HEADLINE), ahead
    worlds = study.worlds(case, goal) if few is None else study.few_worlds(case, goal, few)
    spread = few is not None or goal.measure.area
    dice = Dice(len(worlds), streams_of(posterior.key), scenario.catalogue).of("losses")
    wear = Wear(
        lost=dice.model("loss_share_a_month"),
        replaced=dice.model("replaced_share"),
        months=np.rint(dice.model("replacement_months")).astype(np.int64),
        parameters=tuple(dice.used.values()),
    )
    arrivals = tuple(sorted(coming.arrivals, key=lambda each: (each.first_full_month, scenario.kinds.code(each.kind))))
    passage = passage_for(worlds, goal.measure)
    return _Course(
        study=study,
        goal=goal,
        worlds=worlds,
        base=spread_over(posterior, len(worlds)).worlds if spread else take(posterior.worlds, np.arange(len(worlds))),
        arrivals=arrivals,
        units=_by_themselves(_in_order(arrivals, coming.plan), passage),
        rounds=coming.rounds,
        days=tuple(later(scenario.month.first, month) for month in range(months + 1)),
        wear=wear,
        there=wear.there(months),
        noise=dice.of("later months").generator.standard_normal((months, len(worlds))),
        passage=passage,
        ways=_ways_to(worlds, goal),
        counted=FrozenDict({code: _counted_to(scenario, code) for code in range(len(worlds.kinds))}),
    )


def _in_order(arrivals: Sequence[Arrival], plan: Laydown) -> list[_Unit]:
    """Every unit in order of arrival; those of a kind take the plan's sites of it in turn."""
    sites = {kind: iter([site for other, site in plan.units if other == kind]) for kind in plan.kinds}
    return [_Unit(each.kind, next(sites[each.kind])) for each in arrivals for _ in range(each.number)]


def _by_themselves(units: Sequence[_Unit], bare: Passage | None) -> tuple[_Unit, ...]:
    """The same units with what each does of what flies past, with rounds that last as if none were lost."""
    if bare is None:
        return tuple(units)
    passage, alone = bare.copy(), list[_Unit]()
    passage.solved = False  # one after another they matter to drones alone
    for unit in units:
        past, met = passage.past.copy(), passage.worlds.kinds.met[unit.kind]
        passage.add(unit.site, unit.kind)
        stops = 1 - passage.past / np.maximum(past, 1e-300) if ThreatClass.drone in met else None
        alone.append(unit._replace(stops=stops))
    if not bare.solved:
        return tuple(alone)
    passage = bare.copy()
    passage.lay_down(
        Laydown(tuple(unit.kind for unit in units), np.array([unit.site for unit in units], dtype=np.int64))
    )
    able = passage.worlds.kinds.meeting(ThreatClass.cruise)
    return tuple(
        unit._replace(ready=each.ready) if unit.kind in able else unit
        for unit, each in zip(alone, passage.added, strict=True)
    )


def _ways_to(worlds: Worlds, goal: Goal) -> Ways:
    """Cruise lanes to the places that a goal counts: what passes on others is asked by nobody."""
    counts = goal.measure.places(worlds.places, goal.largest_cities)
    ways = lane_ways(worlds.theatre)
    return ways._replace(use=np.where(counts[:, None], ways.use, 0.0))


def _counted_to(scenario: Scenario, code: int) -> dt.date:
    """Day to which losses of the baseline's units of a system are in the counts: that of the last row."""
    rows = [row.as_of or row.since for row in scenario.held if row.system == scenario.kinds.ids[code]]
    return max([scenario.month.first, *rows])


def _follow(course: _Course, delays: Sequence[int | None]) -> Iterator[tuple[_Month, ...]]:
    """Go through the months, once for every delay: everything comes so many months later, or never (None)."""
    left: dict[int | None, Floats] = dict.fromkeys((None, *delays), np.zeros(len(course.worlds)))
    for month in range(len(course.days)):
        course.study.tell("month by month", month, len(course.days))
        bare = cover_baseline(_worlds_in(course, month))
        states: dict[int | None, _Month] = {None: _month(course, bare, month, (), left[None])}
        for delay in delays:
            ages = _ages(course, month, delay)
            fights = max(ages, default=-1) >= 0  # before the first does, everything is as without any
            states[delay] = _month(course, bare, month, ages, left[delay]) if fights else states[None]
        left = {delay: state.left for delay, state in states.items()}
        yield tuple(states[delay] for delay in delays)


def _month(course: _Course, bare: Cover, month: int, ages: Sequence[int], left: Floats) -> _Month:
    """One month with the units that fight in it, each as often as it is there; `left` are rounds of the one before."""
    base, able = course.base, course.worlds.kinds.meeting(ThreatClass.ballistic)
    fighting = [(unit, course.there[age]) for unit, age in zip(course.units, ages, strict=False) if age >= 0]
    cover = bare.copy()
    added: dict[str, Floats] = {}
    for unit, there in fighting:
        added[unit.kind] = added.get(unit.kind, 0.0) + there
        cover.add(unit.site, unit.kind, there)
    rounds = course.worlds.scalar["rounds_a_month"]
    if month:
        rounds = base.rounds * np.exp(base.rounds_sd * course.noise[month - 1]) + base.rounds_kept * left
    if any(kind in able for kind in added):
        rounds = rounds + course.rounds
    passage = _passage_in(course, bare.worlds, fighting)
    value = expected_losses(cover, course.goal, NOBODY, [[rounds]], passage)[0, :, 0]
    wanted = rounds_wanted(bare.worlds, cover.engaged)
    return _Month(value, rounds, wanted, np.maximum(rounds - wanted, 0.0), added)


def _passage_in(course: _Course, worlds: Worlds, fighting: Sequence[tuple[_Unit, Floats]]) -> Passage | None:
    """What gets through to the places that the goal counts, past the month's units, a round killing as it did."""
    if course.passage is None:
        return None
    passage = course.passage.copy()
    passage.worlds = worlds
    for unit, there in fighting:
        if unit.stops is not None:
            passage.past = passage.past * (1 - unit.stops * there[:, None])
    if passage.solved:
        system, site, ready = [worlds.system], [np.maximum(worlds.site, 0)], [worlds.readiness]
        even = np.ones((len(worlds), 1), dtype=np.int64)
        for unit, there in fighting:
            if unit.ready is not None:
                system.append(worlds.kinds.code(unit.kind) * even)
                site.append(unit.site * even)
                ready.append((unit.ready * there)[:, None])
        columns = {"code": system, "site": site, "ready": ready}
        passage.batteries = passage.batteries._replace(
            **{name: np.concatenate(parts, axis=1) for name, parts in columns.items()}
        )
        over_worlds(pass_anew, len(worlds), passage.batteries, course.ways, passage.factor, passage.passing)
    return passage


def _worlds_in(course: _Course, month: int) -> Worlds:
    """The worlds with the baseline's units of a month, ready as often as they are there."""
    worlds, day, base = course.worlds, course.days[month], course.base
    system, site = worlds.system.copy(), worlds.site.copy()
    ready = worlds.readiness.copy()
    stands = slice(len(base.stands.system))
    system[:, stands], site[:, stands] = base.stands.on(day)
    codes = np.clip(system[:, stands], 0, base.shield.ready.shape[1] - 1)
    ready[:, stands] = np.take_along_axis(base.shield.ready, codes, axis=1)
    for code, counted in course.counted.items():
        ready = np.where(system == code, ready * course.there[max(months_between(counted, day), 0)][:, None], ready)
    return replace(worlds, system=system, site=site, readiness=ready)


def _ages(course: _Course, month: int, delay: int | None) -> list[int]:
    """Months each added unit has fought by a month; below 0 before its first full one."""
    return [
        -1 if delay is None else months_between(arrival.first_full_month, course.days[month]) - delay
        for arrival in course.arrivals
        for _ in range(arrival.number)
    ]


def _delayed(delay: int, planned: Sequence[_Month], late: Sequence[_Month]) -> Delay:
    """What a delay costs."""
    more = np.sum([each.value - timely.value for each, timely in zip(late, planned, strict=True)], axis=0)
    return Delay(delay, float(more.mean()), _spread_of(more))


# ---------------------------------------------------------------- months told


def _states(course: _Course, planned: Sequence[_Month], without: Sequence[_Month]) -> tuple[MonthState, ...]:
    study, scenario = course.study, course.study.scenario
    kinds = tuple(dict.fromkeys((*scenario.ballistic_held, *(arrival.kind for arrival in course.arrivals))))
    committed = study.once(("commitments", kinds, course.days), lambda: commitments(scenario, kinds, course.days))
    met = np.stack([_met(course, each.value, without[0].value) for each in (*planned, *without)], axis=1)
    shares, errors = met.mean(axis=0).tolist(), share_error(met, course.worlds.batch)
    return tuple(
        MonthState(
            first=day,
            held=FrozenDict({kind: _span(scenario.held_on(kind, day)) for kind in kinds if scenario.holds(kind)}),
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


def _met(course: _Course, value: Floats, base: Floats) -> NDArray[np.bool_]:
    """(w,) whether the goal is met, against the scenario's month with nothing added."""
    return is_met(value if course.goal.measure.is_count else share_left(value, base), course.goal)


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
