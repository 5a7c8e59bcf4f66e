"""Neighbours: what crossed their borders, what an option would have stopped before, what their own fire could cover.

Crossings come from the ledger: who told of which, side by side. Their rate is Poisson's, with the exact interval. What
an option would have stopped is an illustration: nobody tells where on a border a missile crossed, so the point is drawn
along all of it. A neighbour's fire unit stands anywhere on its own ground at no less than a stated distance from the
border: notional throughout, at planning level, and never a position.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from tegmen.answer.months import SPREAD_AT
from tegmen.answer.study import Effort, Study, begin_study, met_share
from tegmen.calibration.fit import Calibration
from tegmen.engine.expected import cover_baseline, expected_losses, kill_by_zone
from tegmen.engine.laydown import NOBODY, Laydown
from tegmen.engine.passage import let_pass
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name, read_catalogue
from tegmen.evidence.geography import (
    BORDER_ERROR_KM,
    apart_from_km,
    common_border_km,
    from_km,
    ground_km,
    neighbour_names,
)
from tegmen.ledger.aid import counts_from
from tegmen.ledger.store import open_ledger
from tegmen.question.lanes import lay_lanes
from tegmen.question.option import option_faults
from tegmen.question.scenario import Goal, Scenario
from tegmen.terms import EvidenceCase, FrozenDict, Progress, Provenance, ThreatClass, one_blas_thread

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from tegmen.evidence.parameters import Parameter
    from tegmen.ledger.entries import Entry
    from tegmen.ledger.store import Ledger
    from tegmen.question.option import Option
    from tegmen.question.places import Places
    from tegmen.question.theatre import Theatre
    from tegmen.terms import Floats
    from tegmen.worlds.draw import Worlds

Flown = Literal["cruise missile", "missile", "drone", "air-defence missile", "debris", "unknown"]
PARTIES: Final = frozenset({"Russia", "Belarus"})
"""The attack is flown from their ground: they are nobody's shield."""
LEVEL: Final = 0.9
_BORDER_STEP_KM, _GROUND_STEP_KM = 20.0, 4.0
_CROSSED, _FELL, _IN_ALL = "airspace violation by ", "fall of ", "airspace violations in all: "
_LOOKED_FOR: Final = "airspace violations looked for"
_WORDS: Mapping[str, Flown] = FrozenDict(
    {"debris": "debris", "air-defence missile": "air-defence missile", "cruise missile": "cruise missile",
     "drone": "drone", "missile": "missile"}
)  # fmt: skip
"""Words of a thing to what flew; the first that is in it counts."""
_TELL_MORE: tuple[Flown, ...] = ("cruise missile", "air-defence missile", "drone", "debris", "missile", "unknown")
_WHY_NOT: Mapping[Flown, str] = FrozenDict(
    {
        "missile": "the ledger does not tell which missile it was",
        "drone": "missile systems spend nothing on drones in the model",
        "air-defence missile": "it was not aimed at anything that an option covers",
        "debris": "it fell after something was stopped, or struck",
        "unknown": "nobody tells what it was",
    }
)


# ---------------------------------------------------------------- what is told


@dataclass(frozen=True, slots=True)
class Crossing:
    """One day, or one time, on which something crossed a border: every account of it together.

    Parameters
    ----------
    neighbour, flown
        Whose border; what flew.
    first, last
        First and last day that it may have been.
    contested
        Whether somebody who should know says that none crossed, or every account is doubtful.
    entries
        Ids of its lines in the ledger.
    """

    neighbour: str
    flown: Flown
    first: dt.date
    last: dt.date
    contested: bool
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something crossed one neighbour's border in one year, as far as was read.

    Parameters
    ----------
    year, days
        The year, and the days of it that were looked through.
    sure, contested
        Crossings that nobody who should know denies; those that somebody does.
    a_year
        The sure ones, for a whole year.
    low, high
        Exact 90 % interval of Poisson's mean (Garwood 1936), for a whole year: low end without the contested ones, high
        end with them.
    """

    neighbour: str
    year: int
    days: int
    sure: int
    contested: int
    a_year: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """What an option would have stopped before a border: an illustration.

    Parameters
    ----------
    flown, crossings
        What flew; how many of them crossed there surely.
    share
        Mean share, and 5, 50 and 95 % of worlds and of points along the border; None where the evidence does not say.
    why
        Why it does not say; empty where it does.
    """

    neighbour: str
    flown: Flown
    crossings: int
    share: tuple[float, tuple[float, float, float]] | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """A place that a neighbour's unit could cover.

    Parameters
    ----------
    place, counts
        Its name; whether the goal counts it.
    chance
        Share of worlds in which the unit's reach suffices from somewhere; with the border off one way and the other.
    """

    place: str
    counts: bool
    chance: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class FromAbroad:
    """What one notional fire unit on a neighbour's ground could do, wherever there it does most.

    Parameters
    ----------
    places
        Those within reach from anywhere there, nearest first.
    saved
        Share of the goal's metric that it saves at the best: mean, and 5, 50 and 95 % of worlds.
    stops
        Ballistic missiles a month that it stops there, at places of the goal or not: the same.
    met, met_without
        Share of worlds that meet the goal with it and without.
    """

    neighbour: str
    kind: str
    at_least_km: float
    places: tuple[Reached, ...]
    saved: tuple[float, tuple[float, float, float]]
    stops: tuple[float, tuple[float, float, float]]
    met: float
    met_without: float


@dataclass(frozen=True, slots=True)
class Stance:
    """What somebody said of firing at it: day, who, of what, what; id of the entry."""

    day: dt.date
    who: str
    thing: str
    status: str
    entry: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Crossings, what an option would have stopped, and what neighbours' own fire could cover.

    Parameters
    ----------
    window
        Days that were looked through.
    rates
        By neighbour and year.
    totals
        Words of what others counted in all, by entry id: beside the list, never in it.
    gaps
        Neighbours for which crossings were looked for and none found: unknown, not none.
    worlds
        Worlds that what a neighbour's unit does is worked out in.
    entries
        Ids of all lines of the ledger that it rests on.
    drawn
        Every row of the catalogue that worlds were drawn from.
    """

    scenario: Scenario
    calibration: Calibration
    case: EvidenceCase
    goal: Goal
    added: Option
    window: tuple[dt.date, dt.date]
    crossings: tuple[Crossing, ...]
    rates: tuple[Rate, ...]
    totals: Mapping[str, str]
    gaps: tuple[str, ...]
    stopped: tuple[Stopped, ...]
    from_abroad: tuple[FromAbroad, ...]
    said: tuple[Stance, ...]
    worlds: int
    entries: tuple[str, ...]
    drawn: tuple[Parameter, ...]
    provenance: Provenance

    @property
    def sentence(self) -> str:
        """Say how many crossed, and the most that a neighbour's unit would save."""
        sure = sum(not crossing.contested for crossing in self.crossings)
        first, last = self.window
        told = (
            f"{sure} crossings told of from {first:%B %Y} to {last:%B %Y}, {len(self.crossings) - sure} more contested"
        )
        if not self.from_abroad:
            return f"{told}."
        best = max(self.from_abroad, key=lambda each: (each.saved[0], each.stops[0]))
        what = self.goal.measure.what.format(cities=self.goal.largest_cities)
        unit = f"One {kind_name(best.kind)} on a neighbour's ground, at least {best.at_least_km:g} km from the border,"
        if best.saved[0] == 0:
            stops = f"elsewhere it stops {best.stops[0]:.2f} missiles a month at most"
            return f"{told}. {unit} takes nothing off {what}; {stops} ({best.neighbour})."
        return f"{told}. {unit} takes at most {100 * best.saved[0]:.1f} % off {what} ({best.neighbour})."

    @property
    def caveats(self) -> tuple[str, ...]:
        """What a reader must know."""
        lines = [
            "A list of what was read, a floor and no census; what crosses in one night counts as one crossing.",
            "What an option would have stopped is an illustration: the point on the border is drawn along all of it.",
            "Crossings after the month asked about are told, and enter nothing else of an answer.",
            "No neighbour has decided to fire across its border, in anything that was read.",
        ]
        if self.gaps:
            lines.append(f"Looked for and not found, so unknown and not none: {', '.join(self.gaps)}.")
        return tuple(lines)

    def entries_of(self, rate: Rate) -> tuple[str, ...]:
        """Ids of the lines of the ledger that tell of a rate's crossings."""
        own = [each for each in self.crossings if (each.neighbour, each.last.year) == (rate.neighbour, rate.year)]
        return tuple(id_ for each in own for id_ in each.entries)

    def to_pandas(self) -> pd.DataFrame:
        """Give one row a neighbour and year: days, sure, contested, a_year, low, high."""
        import pandas as pd

        columns = ["neighbour", "year", "days", "sure", "contested", "a_year", "low", "high"]
        return pd.DataFrame([[getattr(rate, name) for name in columns] for rate in self.rates], columns=columns)

    def __repr__(self) -> str:
        return f"<Neighbours {self.case}: {self.sentence}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.sentence}</p>" + self.to_pandas().to_html(index=False, float_format="{:.1f}".format)


# ---------------------------------------------------------------- the whole


@checked_arguments
@one_blas_thread
def neighbours(  # noqa: PLR0913 - the question, the option, a neighbour's unit, and how to compute
    scenario: Scenario,
    calibration: Calibration,
    *,
    added: Mapping[str, int] | None = None,
    kind: str = "patriot",
    at_least_km: float = 10.0,
    names: Sequence[str] | None = None,
    seed: int = 1,
    case: EvidenceCase = "posted",
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Neighbours:
    """Tell what crossed neighbours' borders, what an option would have stopped, and what their own fire could cover.

    Parameters
    ----------
    added
        The option whose worth before the border is illustrated; None: none.
    kind
        What a neighbour's notional fire unit is: one that meets ballistic missiles.
    at_least_km
        Distance from Ukraine's border at which it stands at least [km], 0 to 100.
    names
        Neighbours on whose ground it may stand; None: those in NATO.
    seed, case, effort, progress
        As in `sufficiency`.

    Raises
    ------
    InputError
        A neighbour that the borders do not show, or from whose ground the attack is flown; a kind or number that is
        none; a distance out of range; a headline that does not count ballistic strikes. All are named at once.
    """
    goal = scenario.headline
    known = neighbour_names()
    chosen = [name for name, nato in known.items() if nato] if names is None else list(dict.fromkeys(names))
    _require_neighbours(goal, added, kind, at_least_km, chosen)
    study = begin_study(scenario, calibration, seed=seed, effort=effort, cases=(case,), progress=progress)
    plan = NOBODY
    for one, number in (added or {}).items():
        plan = plan.then(study.sites(goal, one, number)) if number else plan
    return look_across(study, case, plan, Post(kind, at_least_km, tuple(chosen)))


@dataclass(frozen=True, slots=True)
class Post:
    """A notional fire unit abroad: its kind, how far from the border it stands at least [km], on whose ground."""

    kind: str
    at_least_km: float
    names: tuple[str, ...]


def look_across(
    study: Study, case: EvidenceCase, plan: Laydown, post: Post | None = None, *, few: int | None = None
) -> Neighbours:
    """Look across the borders on the worlds of a study whose headline counts ballistic strikes.

    Parameters
    ----------
    plan
        The option whose worth before the border is illustrated, where its units stand.
    post
        A neighbour's unit; None: a Patriot at least 10 km from the border, on the ground of any neighbour in NATO.
    few
        Worlds that its worth is worked out in, spread over all; None: those of the headline.
    """
    scenario, goal = study.scenario, study.scenario.headline
    post = post or Post("patriot", 10.0, tuple(name for name, nato in neighbour_names().items() if nato))
    with open_ledger(scenario.ledger or None) as ledger:
        crossings, window = crossings_in(ledger), window_of(ledger)
        totals, gaps, said, lines = totals_in(ledger), gaps_in(ledger), said_in(ledger), looked_for_in(ledger)
    crossings = tuple(each for each in crossings if window[0] <= each.last and each.first <= window[1])
    study.tell("before the borders", 0, 1)
    stopped = _stopped_before(study, case, crossings, plan) if len(plan) else ()
    study.tell("neighbours' own fire", 0, 1)
    worlds = study.worlds(case, goal) if few is None else study.few_worlds(case, goal, few)
    return Neighbours(
        scenario=scenario,
        calibration=study.calibration,
        case=case,
        goal=goal,
        added=plan.added,
        window=window,
        crossings=crossings,
        rates=rates_of(crossings, window),
        totals=FrozenDict(totals),
        gaps=gaps,
        stopped=stopped,
        from_abroad=tuple(_from_abroad(study, worlds, name, post) for name in post.names),
        said=said,
        worlds=len(worlds),
        entries=(*lines, *totals, *(each.entry for each in said), *(id_ for each in crossings for id_ in each.entries)),
        drawn=worlds.parameters,
        provenance=study.provenance,
    )


def _require_neighbours(goal: Goal, added: Option | None, kind: str, at_least_km: float, names: Sequence[str]) -> None:
    """Refuse what cannot be, all of it at once."""
    known = neighbour_names()
    allowed = ", ".join(name for name in known if name not in PARTIES)
    faults = [f"found the neighbour {name!r}; allowed are {allowed}" for name in names if name not in known]
    faults += [
        f"found the neighbour {name!r}, from whose ground the attack is flown; allowed are {allowed}"
        for name in names
        if name in PARTIES
    ]
    able = read_catalogue().kinds.meeting(ThreatClass.ballistic)
    if kind not in able:
        faults.append(f"found the kind {kind!r}; allowed are {', '.join(able)}")
    if not 0 <= at_least_km <= 100:
        faults.append(f"at_least_km: found {at_least_km:g}; give 0 to 100 km")
    faults += [] if added is None else option_faults(added, able)
    if goal.metric != "ballistic_strikes":
        faults.append(f"the headline goal {goal.name!r} is of {goal.metric}; choose one of ballistic_strikes")
    if faults:
        raise InputError("neighbours", faults)


# ---------------------------------------------------------------- the ledger's lines


def crossings_in(ledger: Ledger) -> tuple[Crossing, ...]:
    """Gather the accounts of each crossing: one a neighbour and day, in order of days."""
    found: dict[tuple[str, dt.date, dt.date], dict[str, Entry]] = {}
    published = {each: source.published for each, source in ledger.sources().items()}
    for id_, entry in ledger.current(kind="incident").items():
        day = counts_from(entry, published)
        if day is None or not entry.place or not entry.thing.startswith((_CROSSED, _FELL)):
            continue
        neighbour = entry.place.split(",")[0].strip()
        found.setdefault((neighbour, entry.period[0] if entry.period else day, day), {})[id_] = entry
    return tuple(
        Crossing(neighbour, _flown(entries), first, last, _contested(entries), tuple(entries))
        for (neighbour, first, last), entries in sorted(found.items(), key=lambda item: (item[0][2], item[0][0]))
    )


def _flown(entries: Mapping[str, Entry]) -> Flown:
    """What flew, by the account that tells most; one that waits for a look tells last."""
    certain = [entry for entry in entries.values() if not entry.doubtful] or list(entries.values())
    told = {next((flown for words, flown in _WORDS.items() if words in entry.thing), "unknown") for entry in certain}
    return next(flown for flown in _TELL_MORE if flown in told)


def _contested(entries: Mapping[str, Entry]) -> bool:
    """Whether an account that is not doubtful counts none, or all are doubtful; how many were engaged is no account."""
    certain = [entry for entry in entries.values() if not entry.doubtful]
    none = [entry for entry in certain if entry.quantity and entry.quantity.high == 0 and "," not in entry.thing]
    return bool(none) or not certain


def window_of(ledger: Ledger) -> tuple[dt.date, dt.date]:
    """Days that were looked through: as the ledger says, or else from its first crossing to its last."""
    told = [entry.period for entry in ledger.current(kind="statement").values() if entry.thing == _LOOKED_FOR]
    spans = [span for span in told if span is not None]
    if not spans:
        spans = [(each.first, each.last) for each in crossings_in(ledger)]
    if not spans:
        raise InputError("ledger", ["found no crossing of a border; add entries of the kind incident"])
    return min(first for first, _ in spans), max(last for _, last in spans)


def looked_for_in(ledger: Ledger) -> tuple[str, ...]:
    """Ids of the lines that say what was looked through, and for whom nothing was found."""
    told = ledger.current(kind="statement").items()
    return tuple(id_ for id_, entry in told if entry.thing.startswith(_LOOKED_FOR))


def gaps_in(ledger: Ledger) -> tuple[str, ...]:
    """What was looked for and not found."""
    told = ledger.current(kind="statement").values()
    return tuple(sorted(entry.place for entry in told if entry.thing == f"{_LOOKED_FOR}, none found"))


def totals_in(ledger: Ledger) -> dict[str, str]:
    """What others counted in all, in words, by entry id."""
    return {
        id_: f"{entry.place}, {entry.thing.removeprefix(_IN_ALL)}: {entry.quantity} {entry.quantity.unit}, "
        f"{entry.period[0]} to {entry.period[1]} ({entry.speaker or 'unnamed'})"
        for id_, entry in ledger.current(kind="incident").items()
        if entry.thing.startswith(_IN_ALL) and entry.quantity and entry.period
    }


def said_in(ledger: Ledger) -> tuple[Stance, ...]:
    """What was said of firing, in order of days."""
    rows = [
        Stance(day, entry.participants[0], entry.thing, entry.status, id_)
        for id_, entry in ledger.current(kind="measure").items()
        if entry.thing.startswith("fire ") and entry.participants and (day := counts_from(entry, {}))
    ]
    return tuple(sorted(rows, key=lambda row: (row.day, row.who, row.entry)))


# ---------------------------------------------------------------- rates


def garwood(count: int, level: float = LEVEL) -> tuple[float, float]:
    """Give the exact interval of a Poisson mean of which one count was seen.

    ``chi2(a/2; 2 k) / 2`` to ``chi2(1 - a/2; 2 k + 2) / 2`` with a = 1 - level; the low end of a count of 0 is 0.

    Source: Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28.
    """
    from scipy.stats import chi2

    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(chi2.ppf(tail, 2 * count)) / 2
    return low, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2


def rates_of(crossings: Sequence[Crossing], window: tuple[dt.date, dt.date]) -> tuple[Rate, ...]:
    """Rates by neighbour and year; a year in which none was told of has one, too: none, in so many days."""
    years = range(window[0].year, window[1].year + 1)
    names = sorted({each.neighbour for each in crossings})
    return tuple(_rate([each for each in crossings if each.neighbour == name], name, year, window)
                 for name in names for year in years)  # fmt: skip


def _rate(own: Sequence[Crossing], name: str, year: int, window: tuple[dt.date, dt.date]) -> Rate:
    first, last = max(window[0], dt.date(year, 1, 1)), min(window[1], dt.date(year, 12, 31))
    days, whole = (last - first).days + 1, 366 if calendar.isleap(year) else 365
    seen = [each for each in own if each.last.year == year]
    sure = sum(not each.contested for each in seen)
    scale = whole / days
    low, high = garwood(sure)[0], garwood(len(seen))[1]
    return Rate(name, year, days, sure, len(seen) - sure, sure * scale, low * scale, high * scale)


# ---------------------------------------------------------------- before the border


def _stopped_before(
    study: Study, case: EvidenceCase, crossings: Sequence[Crossing], plan: Laydown
) -> tuple[Stopped, ...]:
    """What an option would have stopped, by neighbour and what flew."""
    sure = [each for each in crossings if not each.contested]
    pairs: list[tuple[str, Flown]] = sorted({(each.neighbour, each.flown) for each in sure})
    borders = {name: common_border_km(name, _BORDER_STEP_KM) for name in neighbour_names() if name not in PARTIES}
    wanted = {name: borders[name] for name, flown in pairs if flown == "cruise missile" and len(borders.get(name, ()))}
    shares = _shares_before(study, case, wanted, plan)
    found: list[Stopped] = []
    for name, flown in pairs:
        count = sum((each.neighbour, each.flown) == (name, flown) for each in sure)
        if flown == "cruise missile" and name in shares:
            table = shares[name]
            found.append(Stopped(name, flown, count, (float(table.mean()), _three_points(table))))
        else:
            why = _WHY_NOT.get(flown, "the neighbour has no border with Ukraine that a track could be ended at")
            found.append(Stopped(name, flown, count, None, why))
    return tuple(found)


def _shares_before(study: Study, case: EvidenceCase, borders: Mapping[str, Floats], plan: Laydown) -> dict[str, Floats]:
    """(w, points) share that added units stop of the cruise missiles to a point of a border that nothing stops yet.

    A point on the border is the end of a straight lane, as a place is: from all launch areas, as often as the record
    names them, with three parallel variants each.
    """
    if not borders:
        return {}
    worlds, count = study.worlds(case, whole=True), len(study.theatre.places)
    ends = np.concatenate(list(borders.values()))
    wider = study.once(("to the borders", *borders, len(ends)), lambda: _with_ends(study.theatre, ends, study.scenario))
    further = _over(worlds, wider)
    base = let_pass(further)
    places = np.arange(count, count + len(ends))
    before = base.standing(further).leak(places)[ThreatClass.cruise]
    after = base.standing(_with_units(further, plan)).leak(places)[ThreatClass.cruise]
    share = 1 - after / np.maximum(before, 1e-12)
    splits = np.cumsum([len(points) for points in borders.values()])[:-1]
    return dict(zip(borders, np.split(share, splits, axis=1), strict=True))


def _with_ends(theatre: Theatre, ends: Floats, scenario: Scenario) -> Theatre:
    """The same theatre with points on borders among the places: lanes end there."""
    places = _with_points(theatre.places, ends)
    offset = scenario.catalogue.model("lane_offset_km").constant
    reach = max(row.span[2] for row in scenario.catalogue.parameters if row.name == "defended_radius_cruise")
    return replace(
        theatre,
        places=places,
        lanes=lay_lanes(places, offset_km=offset, reach_km=reach),
        apart_km=np.linalg.norm(places.xy[:, None] - places.xy[None], axis=-1),
    )


def _over(worlds: Worlds, wider: Theatre) -> Worlds:
    """The same worlds over a theatre with more places: nothing is aimed there."""
    more = len(wider.places) - len(worlds.places)
    mix = np.concatenate([worlds.mix, np.zeros((*worlds.mix.shape[:2], more), dtype=worlds.mix.dtype)], axis=2)
    return replace(worlds, theatre=wider, mix=mix)


def _with_points(places: Places, ends: Floats) -> Places:
    latitude, longitude = from_km(ends)
    nothing, names = np.zeros(len(ends)), np.array([f"border {at}" for at in range(len(ends))])
    return replace(
        places,
        name=np.concatenate([places.name, names]),
        latitude=np.concatenate([places.latitude, latitude]),
        longitude=np.concatenate([places.longitude, longitude]),
        xy=np.concatenate([places.xy, ends]),
        population=np.concatenate([places.population, nothing]),
        capacity_mw=np.concatenate([places.capacity_mw, nothing]),
        front_km=np.concatenate([places.front_km, nothing]),
        oblast=np.concatenate([places.oblast, np.full(len(ends), "border")]),
        capital=np.concatenate([places.capital, nothing.astype(bool)]),
        kyiv=np.concatenate([places.kyiv, nothing.astype(bool)]),
    )


def _with_units(worlds: Worlds, plan: Laydown) -> Worlds:
    """The same worlds with the option's units standing in them, ready as often as added ones are."""
    codes, even = [worlds.kinds.code(kind) for kind in plan.kinds], np.ones((len(worlds), 1), dtype=np.int64)
    return replace(
        worlds,
        system=np.concatenate([worlds.system, np.array(codes, dtype=np.int64) * even], axis=1),
        site=np.concatenate([worlds.site, plan.sites * even], axis=1),
        readiness=np.concatenate([worlds.readiness, worlds.readiness_added[:, codes]], axis=1),
    )


# ---------------------------------------------------------------- a neighbour's own fire


def _from_abroad(study: Study, worlds: Worlds, name: str, post: Post) -> FromAbroad:
    """What one unit of a kind at a distance from the border saves, with rounds of its own, wherever it does most.

    It meets what the defender's own units do not: ``launched mix (1 - met) r kill`` at every place within its reach.
    """
    goal, theatre, code = study.scenario.headline, study.theatre, worlds.kinds.code(post.kind)
    kind, at_least_km = post.kind, post.at_least_km
    reach = worlds.units.radius_ballistic_km[:, code]
    counts = goal.measure.places(theatre.places, goal.largest_cities)
    stops = _saves(worlds, kind)
    ground = study.once(
        ("ground", name, at_least_km, float(reach.max())),
        lambda: ground_km(name, at_least_km, float(reach.max()), _GROUND_STEP_KM),
    )
    best = _best_ground(theatre, ground, reach, stops * counts)
    if not np.isfinite(best).any():  # it saves nothing the goal counts: where it stops most
        best = _best_ground(theatre, ground, reach, stops)
    stops = stops * (best <= reach[:, None])
    saved = (stops * counts).sum(axis=1)
    rounds = worlds.scalar["rounds_a_month"]
    lost = expected_losses(cover_baseline(worlds), goal, Laydown.of("", ()), [[rounds]])[0, :, 0]
    share = np.where(lost > 0, saved / np.where(lost > 0, lost, 1.0), 0.0)
    return FromAbroad(
        neighbour=name,
        kind=kind,
        at_least_km=at_least_km,
        places=_reached(theatre, name, at_least_km, (reach, counts)),
        saved=(float(share.mean()), _three_points(share)),
        stops=(float(stops.sum(axis=1).mean()), _three_points(stops.sum(axis=1))),
        met=float(met_share((1 - share)[:, None], goal)[0]),
        met_without=float(met_share(np.where(lost > 0, 1.0, 0.0)[:, None], goal)[0]),
    )


def _saves(worlds: Worlds, kind: str) -> Floats:
    """(w, p) missiles that one more unit within reach of a place stops there, of those that no ready unit meets."""
    code = worlds.kinds.code(kind)
    cls, cover = ThreatClass.ballistic, cover_baseline(worlds)
    zone = np.where(worlds.places.kyiv, 0, 1)
    kill = kill_by_zone(worlds)[:, zone] * worlds.units.effectiveness_ballistic[:, code, None]
    unmet = worlds.counts[:, cls, None] * worlds.mix[:, cls] * (1 - cover.engaged)
    return np.asarray(unmet * worlds.readiness_added[:, code, None] * kill)


def _best_ground(theatre: Theatre, ground: Floats, reach: Floats, saves: Floats) -> Floats:
    """(p,) distance of each place from where on the ground a unit saves most, on average over worlds."""
    apart = np.linalg.norm(ground[:, None] - theatre.places.xy[None], axis=-1)
    near = np.flatnonzero((apart <= reach.max()).any(axis=0)) if len(ground) else np.zeros(0, dtype=np.int64)
    gain, order = np.zeros(len(ground)), np.argsort(reach)
    for place in near:
        # What is saved there by a unit at a distance x: that of the worlds whose reach is x and more.
        beyond = np.append(np.cumsum(saves[order, place][::-1])[::-1], 0.0)
        gain += beyond[np.searchsorted(reach[order], apart[:, place], side="left")]
    return apart[int(np.argmax(gain))] if gain.any() else np.full(len(theatre.places), np.inf)


def _reached(
    theatre: Theatre, name: str, at_least_km: float, unit: tuple[Floats, NDArray[np.bool_]]
) -> tuple[Reached, ...]:
    """Places within reach from anywhere on the ground in some world, nearest first; and with the border off."""
    reach, counts = unit
    apart = apart_from_km(name, theatre.places.xy, at_least_km)
    nearest = sorted(zip(apart.tolist(), range(len(apart)), strict=True))

    def chance(km: float) -> float:
        return float((reach >= km).mean())

    return tuple(
        Reached(
            str(theatre.places.name[p]),
            bool(counts[p]),
            (chance(km + BORDER_ERROR_KM), chance(km), chance(km - BORDER_ERROR_KM)),
        )
        for km, p in nearest
        if chance(km - BORDER_ERROR_KM) > 0
    )


def _three_points(values: Floats) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, SPREAD_AT)
    return float(low), float(middle), float(high)
