"""months.json and neighbours.json: their types, which decision.json has, too; what a number rests on beside it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tegmen.question.numbers import gather
from tegmen.report.answer_json import MODEL, EvidencePart, GoalPart, record_notes
from tegmen.report.json_files import File, MaybeReal, Natural, Part, Positive, Real, Share, field, schema_name
from tegmen.terms import EvidenceCase

if TYPE_CHECKING:
    from tegmen.answer.ahead import Ahead
    from tegmen.answer.months import Arrival, ByWhen, MonthState
    from tegmen.answer.neighbours import FromAbroad, Neighbours, Stopped

_AS_THEY_COME = (*MODEL, "coming")
"""What months rest on: the model, and in a decision what makes its units come."""
Of3 = tuple[Real, Real, Real]
"""5, 50 and 95 % of worlds."""


class ArrivalPart(Part):
    """Fire units that arrive in a month, and can fight all of the next."""

    kind: str = field("Kind.")
    number: Natural = field("How many.")
    month: str = field("Month they arrive in, YYYY-MM.")
    pledged: date | None = field("Day they were promised on; null: nobody says.")
    giver: str = field("Who gives them; empty: nobody says.")


class MonthPart(Part):
    """One month: who stands, what still gets through, and what there is to fire."""

    month: str = field("The month, YYYY-MM.")
    added: dict[str, Real] = field("Kind to added units that fight all of it: mean over worlds, after losses.")
    mean: Real = field("Expected value of the metric: mean over worlds.")
    points: Of3 = field("The same: 5, 50 and 95 % of worlds.")
    without: Real = field("Its mean with nothing arrived.")
    met: Share = field("Share of worlds that meet the goal.")
    met_error: Positive = field("Monte Carlo standard error of met.")
    met_without: Share = field("Share of worlds that meet it with nothing arrived.")
    rounds: Of3 = field("Rounds against ballistic missiles that there are: 5, 50 and 95 % of worlds.")
    wanted: Of3 = field("Those that ready units would fire at all they meet: 5, 50 and 95 % of worlds.")
    left: Of3 = field("Those left at the end of the month: 5, 50 and 95 % of worlds.")


class DelayPart(Part):
    """What it costs that everything comes later."""

    months: Natural = field("How much later.")
    mean: Real = field("More of the metric, summed over all months: mean over worlds.")
    points: Of3 = field("The same: 5, 50 and 95 % of worlds.")


class ByWhenPart(Part):
    """What becomes of a goal month by month; a projection under the scenario's attack, not a forecast."""

    sentence: str = field("By when the goal is met, and what a month of delay costs.", *_AS_THEY_COME)
    case: EvidenceCase = field("Evidence case.", "choice")
    goal: GoalPart = field("What is asked.", "choice")
    baseline: Real = field("Mean over worlds of the metric in the scenario's month with nothing added.", *_AS_THEY_COME)
    averted: Real = field("What the arrivals avert of the metric over all months: mean over worlds.", *_AS_THEY_COME)
    first_met: date | None = field(
        "First day of the first month in which it is met; null: it is in none.", *_AS_THEY_COME
    )
    first_full_month: date | None = field(
        "First day of the first month in which all that arrives fights; null: nothing arrives.", "choice", "coming"
    )
    worlds: Natural = field("Worlds followed.", "method")
    arrivals: list[ArrivalPart] = field("What arrives, in order.", "choice", "coming")
    months: list[MonthPart] = field("By month, the scenario's first, with nothing arrived.", *_AS_THEY_COME)
    delays: list[DelayPart] = field("What it costs that everything comes later.", *_AS_THEY_COME)
    caveats: list[str] = field("What to know of it.", "method")


class CrossingPart(Part):
    """One day, or one time, on which something crossed a border: every account of it together."""

    neighbour: str = field("Whose border.")
    flown: str = field("What flew.")
    first: date = field("First day that it may have been.")
    last: date = field("Last day that it may have been.")
    contested: bool = field("Whether somebody who should know says that none crossed, or every account is doubtful.")
    entries: list[str] = field("Ids of its lines in the ledger.")


class RatePart(Part):
    """How often something crossed one neighbour's border in one year, as far as was read."""

    neighbour: str = field("Whose border.")
    year: Natural = field("The year.")
    days: Natural = field("Days of it that were looked through.")
    sure: Natural = field("Crossings that nobody who should know denies.")
    contested: Natural = field("Crossings that somebody who should know denies.")
    a_year: Real = field("The sure ones, for a whole year.")
    low: Real = field("Low end of the exact 90 % interval of Poisson's mean, without the contested, for a whole year.")
    high: Real = field("Its high end, with the contested.")
    entries: list[str] = field("Ids of the lines in the ledger that tell of them.")


class StoppedPart(Part):
    """What an option would have stopped before a border: an illustration."""

    neighbour: str = field("Whose border.")
    flown: str = field("What flew.")
    crossings: Natural = field("How many of them crossed there surely.")
    share: MaybeReal = field("Mean share stopped, over worlds and points of the border; null: nothing tells.")
    points: Of3 | None = field("The same: 5, 50 and 95 % of worlds and points; null: nothing tells.")
    why: str = field("Why nothing tells; empty where something does.")


class ReachedPart(Part):
    """A place that a neighbour's unit could cover."""

    place: str = field("Its name.")
    counts: bool = field("Whether the goal counts it.")
    chance: Of3 = field("Share of worlds in which the reach suffices; the outer two: the border off either way.")


class FromAbroadPart(Part):
    """What one notional fire unit on a neighbour's ground could do, wherever there it does most."""

    neighbour: str = field("On whose ground.")
    kind: str = field("Kind.", "choice")
    at_least_km: Positive = field("How far from the border it stands at least [km].", "choice")
    places: list[ReachedPart] = field("Places within reach, nearest first.")
    saved: Real = field("Share of the goal's metric that it saves at the best: mean over worlds.")
    saved_points: Of3 = field("The same: 5, 50 and 95 % of worlds.")
    stops: Real = field("Ballistic missiles a month that it stops, at places of the goal or not: mean over worlds.")
    stops_points: Of3 = field("The same: 5, 50 and 95 % of worlds.")
    met: Share = field("Share of worlds that meet the goal with it.")
    met_without: Share = field("Share of worlds that meet the goal without it.")


class StancePart(Part):
    """What somebody said of firing."""

    day: date = field("Day.")
    who: str = field("Who.")
    thing: str = field("Of what.")
    status: str = field("What.")
    entries: list[str] = field("Id of its line in the ledger.")


class TotalPart(Part):
    """What others counted in all: beside the list, never in it."""

    words: str = field("In words.")
    entries: list[str] = field("Id of its line in the ledger.")


class NeighboursPart(Part):
    """What crossed neighbours' borders, what an option would have stopped, and what their own fire could cover."""

    sentence: str = field("How many crossed, and the most that a neighbour's unit would save.", "entries", *MODEL)
    case: EvidenceCase = field("Evidence case.", "choice")
    goal: GoalPart = field("What is asked.", "choice")
    added: dict[str, Natural] = field("The option whose worth before the border is illustrated.", "choice")
    window: tuple[date, date] = field("First and last day that was looked through.", "entries")
    rates: list[RatePart] = field("By neighbour and year.", "entries", "method")
    crossings: list[CrossingPart] = field("In order of days.", "entries")
    totals: list[TotalPart] = field("What others counted in all.", "entries")
    gaps: list[str] = field("For whom crossings were looked for and none found: unknown, not none.", "entries")
    stopped: list[StoppedPart] = field("What the option would have stopped: an illustration.", *MODEL)
    from_abroad: list[FromAbroadPart] = field("What a neighbour's own unit could do.", *MODEL)
    said: list[StancePart] = field("What was said of firing, in order of days.", "entries")
    worlds: Natural = field("Worlds that what a neighbour's unit does is worked out in.", "method")
    caveats: list[str] = field("What to know of it.", "method")


class MonthsFile(File, title="tegmen months"):
    """months.json: what becomes of a goal month by month."""

    schema_: str = schema_name("urn:tegmen:schema:months:1")
    scenario: str = field("Name of the scenario.", "choice")
    until: date = field("Last day with a row that rates were calibrated on, up to the day asked for.", "choice")
    by_when: ByWhenPart = field("Month by month.", *MODEL)
    evidence: EvidencePart = field("Every number that went in, with where it came from.", "number")


class NeighboursFile(File, title="tegmen neighbours"):
    """neighbours.json: what crosses the borders, and fire from behind them."""

    schema_: str = schema_name("urn:tegmen:schema:neighbours:1")
    scenario: str = field("Name of the scenario.", "choice")
    until: date = field("Last day with a row that rates were calibrated on, up to the day asked for.", "choice")
    neighbours: NeighboursPart = field("Across the borders.", "entries", *MODEL)
    evidence: EvidencePart = field("Every number that went in, with where it came from.", "number")


class AheadPart(Part):
    """What becomes of the decision, as far as donors can give its units."""

    sentence: str = field("By when all goals are met.", *_AS_THEY_COME)
    all_met: date | None = field(
        "First day of the first month in which every goal is met; null: they are in none.", *_AS_THEY_COME
    )
    coming: Natural = field("Units that come.", *_AS_THEY_COME)
    months: list[ByWhenPart] = field("Month by month, by goal.", *_AS_THEY_COME)
    neighbours: NeighboursPart | None = field(
        "Across the borders; null: the scenario's headline does not count ballistic strikes.", "entries", *MODEL
    )


def months_file(result: ByWhen) -> MonthsFile:
    """Fill months.json from a result."""
    return MonthsFile(
        tegmen_version=result.provenance.version,
        seed=result.provenance.seed or 0,
        inputs=dict(result.provenance.inputs),
        scenario=result.scenario.name,
        until=result.calibration.end,
        by_when=months_part(result),
        evidence=_evidence_of(result),
    )


def neighbours_file(result: Neighbours) -> NeighboursFile:
    """Fill neighbours.json from a result."""
    return NeighboursFile(
        tegmen_version=result.provenance.version,
        seed=result.provenance.seed or 0,
        inputs=dict(result.provenance.inputs),
        scenario=result.scenario.name,
        until=result.calibration.end,
        neighbours=neighbours_part(result),
        evidence=_evidence_of(result, result.entries),
    )


def ahead_part(ahead: Ahead) -> AheadPart:
    """Fill what decision.json says of a case's months and neighbours."""
    return AheadPart(
        sentence=ahead.sentence,
        all_met=ahead.all_met,
        coming=ahead.coming,
        months=[months_part(each) for each in ahead.months],
        neighbours=None if ahead.neighbours is None else neighbours_part(ahead.neighbours),
    )


def _evidence_of(result: ByWhen | Neighbours, cited: tuple[str, ...] = ()) -> EvidencePart:
    evidence = gather(result.scenario, result.drawn, cited).to_json()
    return EvidencePart.model_validate(evidence | {"notes": record_notes(result.calibration)})


def months_part(result: ByWhen) -> ByWhenPart:
    """Fill what a file says of one goal's months."""
    first = result.first_met
    return ByWhenPart.of(
        result,
        goal=GoalPart.of(result.goal),
        first_met=None if first is None else first.first,
        first_full_month=result.last_arrival,
        arrivals=[_arrival_part(each) for each in result.arrivals],
        months=[_month_part(each) for each in result.months],
        delays=[DelayPart.of(each) for each in result.delays],
        caveats=list(result.caveats),
    )


def _arrival_part(arrival: Arrival) -> ArrivalPart:
    return ArrivalPart.of(arrival, month=f"{arrival.month:%Y-%m}")


def _month_part(state: MonthState) -> MonthPart:
    return MonthPart.of(
        state, month=f"{state.first:%Y-%m}", added=dict(state.added), points=state.value, without=state.mean_without
    )


def neighbours_part(result: Neighbours) -> NeighboursPart:
    """Fill what a file says across the borders."""
    return NeighboursPart.of(
        result,
        goal=GoalPart.of(result.goal),
        added=dict(result.added),
        rates=[RatePart.of(each, entries=list(result.entries_of(each))) for each in result.rates],
        crossings=[CrossingPart.of(each, entries=list(each.entries)) for each in result.crossings],
        totals=[TotalPart(words=words, entries=[entry]) for entry, words in result.totals.items()],
        gaps=list(result.gaps),
        stopped=[_stopped_part(each) for each in result.stopped],
        from_abroad=[_abroad_part(each) for each in result.from_abroad],
        said=[StancePart.of(each, entries=[each.entry]) for each in result.said],
        caveats=list(result.caveats),
    )


def _stopped_part(row: Stopped) -> StoppedPart:
    share, points = (None, None) if row.share is None else row.share
    return StoppedPart.of(row, share=share, points=points)


def _abroad_part(row: FromAbroad) -> FromAbroadPart:
    places = [ReachedPart.of(place) for place in row.places]
    (saved, saved_points), (stops, stops_points) = row.saved, row.stops
    return FromAbroadPart.of(
        row, places=places, saved=saved, saved_points=saved_points, stops=stops, stops_points=stops_points
    )
