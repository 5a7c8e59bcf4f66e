"""decision.json: its types. What a number of it rests on stands beside its field."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Literal

from tegmen.report.ahead_json import AheadPart, ahead_part
from tegmen.report.answer_json import EvidencePart, GoalPart, record_notes
from tegmen.report.json_files import (
    File,
    MaybePositive,
    MaybeReal,
    Natural,
    Part,
    Positive,
    Real,
    Share,
    field,
    schema_name,
)
from tegmen.terms import EvidenceCase

if TYPE_CHECKING:
    from tegmen.answer.cheapest import Mix
    from tegmen.answer.decision import CaseDecision, MixDecision
    from tegmen.answer.donors import DonorPlan
    from tegmen.answer.tradeoffs import CostFrontier, FrontierPoint, MixMove
    from tegmen.terms import Span

WORLDS = ("choice", "method", "record", "claimed", "held", "rounds", "places", "catalogue", "assumptions")
"""What a share of worlds rests on."""
PRICES = ("price",)
"""What a cost rests on: the rows of prices and rates."""


class MoneyPart(Part):
    """An amount of money [USD million]: every price at its low end, at its best, at its high end."""

    low: Positive = field("Every price at its low end.")
    best: Positive = field("Every price at its best.")
    high: Positive = field("Every price at its high end.")


class MixPart(Part):
    """So many fire units of each kind, with so many rounds."""

    added: dict[str, Natural] = field("Kind to number of fire units; kinds of which none is bought are left out.")
    rounds: Positive = field("Rounds a month against ballistic missiles that come with them, whole country.")
    cost: MoneyPart = field("What it costs [USD million]; rounds are paid for the months of paid_months.", *PRICES)
    probability: dict[str, Share] = field("Name of a goal to the share of worlds that meet it.", *WORLDS)
    mcse: dict[str, Positive] = field("Monte Carlo standard error of each.", *WORLDS)


class FrontierPointPart(Part):
    """What it costs to meet the goals in so large a share of worlds."""

    confidence: Share = field("Share of worlds asked of every goal.", "method")
    cost: MaybePositive = field("Of the cheapest mix found [USD million at best prices]; null: none is enough.")
    bound: MaybePositive = field("What no mix can cost less than; null: none is enough.")
    low: MaybePositive = field("The cost with two Monte Carlo standard errors less asked; null: none is enough.")
    high: MaybePositive = field("The cost with two Monte Carlo standard errors more asked; null: none is enough.")
    mix: MixPart | None = field("The mix; null: none is enough.")
    settled: bool = field("Whether the time sufficed; if not, mix and costs are null.")


class CostFrontierPart(Part):
    """Cost against protection, for some of the goals and with some of the kinds alone."""

    goals: list[str] = field("Names of the goals to be met.", "choice")
    kinds: list[str] = field("Kinds that may be bought.", "choice")
    points: list[FrontierPointPart] = field("By confidence, ascending.", *WORLDS, *PRICES)


class RivalMixPart(Part):
    """Another mix that is the cheapest in some draws of the prices."""

    mix: str = field("In words.")
    draws: Natural = field("In how many draws.")


class DrawsPart(Part):
    """The prices drawn, every row from its span and apart from the others."""

    draws: Natural = field("How often they were drawn.", "method")
    kept: Natural = field("In how many draws the mix stays the cheapest, within half a per cent.")
    open: Natural = field("In how many the time did not suffice to tell.")
    cost: tuple[Positive, Positive, Positive] = field(
        "5, 50 and 95 % points of what the mix costs over the draws [USD million]."
    )
    rivals: list[RivalMixPart] = field("Other mixes that are the cheapest in some draws, the most frequent first.")


class MovePart(Part):
    """What the mix would be were one input at one end of its range."""

    id: str = field("Id of the row of a price or rate, or words for an unknown of the worlds.")
    kind: Literal["price", "world"] = field(
        "price: the row at an end of its span; world: the third of worlds in which the unknown is lowest, or highest."
    )
    verified: bool | None = field("Whether the row was read in its source; null for an unknown of the worlds.")
    end: Literal["low", "high"] = field("Which end.")
    value: Real = field("Of the row; of an unknown its mean in that third of worlds.")
    mix: MixPart | None = field("The cheapest mix then; null: none within the limits is enough.")
    cost: MaybePositive = field("Its cost at the prices then [USD million]; null: none is enough.")
    changed: bool = field("Whether it is another mix: that decided on is not enough then, or over 2 % too dear.")
    settled: bool = field("Whether the time sufficed to tell; if not, there is no mix.")


class AvertedPart(Part):
    """Strikes averted in the month."""

    goal: str = field("Name of the goal whose strikes they are.", "choice")
    strikes: Positive = field("In expectation, mean over worlds.")
    error: Positive = field("Monte Carlo standard error.")


class GivenPart(Part):
    """Units from one holder that fight from one month on; donors.json of `tegmen donors` has what they rest on."""

    holder: str = field("Who gives.")
    system: str = field("Kind.")
    units: Natural = field("How many.")
    first: date = field("First day of the first month in which they fight all month.")
    contested: str = field("What else is said of the holder's stock; empty: nothing is.")


class DonorsPart(Part):
    """Who gives the units, as many as can be given."""

    gifts: list[GivenPart] = field("Who gives, by month.")
    unmet: dict[str, Natural] = field("Kind to the number that cannot come within the months.")
    months: Natural = field("Months looked ahead.", "method")
    last: date | None = field("First day of the first month in which all that come fight; null: none comes.")


class UnitPart(Part):
    """A fire unit of the plan, in order."""

    kind: str = field("Kind.")
    place: str = field("Place name.")
    lat: Real = field("Latitude of the place, WGS84 degrees.", ge=-90, le=90)
    lon: Real = field("Longitude of the place, WGS84 degrees.", ge=-180, le=180)
    gain: Real = field("Share by which it lowers what remains of the goal it is sited for, given those before it.")


class DecisionCasePart(Part):
    """The decision in one evidence case."""

    sentence: str = field("The decision in one sentence.", *WORLDS, *PRICES)
    mix: MixPart | None = field("The cheapest mix found; null: none before the search was ended.", *WORLDS, *PRICES)
    bound: MaybePositive = field(
        "No mix of the same orders of sites, within the limits, costs less [USD million at best prices, or units]; "
        "null: none is enough.",
        *WORLDS, *PRICES,
    )  # fmt: skip
    gap: Share = field("Share of its cost that a cheaper mix could save at most.", *WORLDS, *PRICES)
    status: str = field("Whether it is proven, and why the search ended.", "method")
    slack: Share = field(
        "Share of worlds by which more than what is enough may fall short; the proof allows for it.", *WORLDS
    )
    binding: dict[str, list[str]] = field(
        "What is bought, and rounds, to the goals that fail with one, or one step of rounds, less.", *WORLDS
    )
    averted: list[AvertedPart] = field("Strikes averted in the month, by goal.", *WORLDS)
    cost_each: MoneyPart | None = field(
        "Cost of a strike averted were each of the paid months like this one [USD million]; null: none averted.",
        *WORLDS, *PRICES,
    )  # fmt: skip
    frontiers: list[CostFrontierPart] = field("What protection costs: mixed, and by kind alone.", *WORLDS, *PRICES)
    draws: DrawsPart | None = field("The prices drawn; null where nothing was.", *WORLDS, *PRICES)
    moves: list[MovePart] = field("Inputs at the ends of their ranges, and the mix then.", *WORLDS, *PRICES)
    donors: DonorsPart | None = field(
        "From whose stocks; null where no holder of the kinds is on record.", *WORLDS, *PRICES, "holders"
    )
    ahead: AheadPart | None = field(
        "What becomes of its goals as its units come, and across the borders; null: the search was ended before.",
        *WORLDS, "coming", "entries",
    )  # fmt: skip
    plan: list[UnitPart] = field("Where the units stand, in order.", *WORLDS)


class DecisionFile(File, title="tegmen decision"):
    """decision.json: which kinds, how many, at what price, and how proven.

    Numbers are rounded to six significant digits; the same results give the same bytes.
    """

    schema_: str = schema_name("urn:tegmen:schema:decision:1")
    scenario: str = field("Name of the scenario.", "choice")
    until: date = field("Last day with a row that rates were calibrated on, up to the day asked for.", "choice")
    goals: list[GoalPart] = field("What is to be met, all of it.", "choice", min_length=1)
    limits: dict[str, Natural] = field("Kind to the most of it that may be bought.", "choice")
    rounds: list[Positive] = field("Amounts of rounds a month that may be bought.", "choice", "rounds")
    budget: MaybeReal = field("The most that may be spent [USD million]; null: no limit.", "choice")
    by: Literal["cost", "units"] = field("What is to be as little as can be.", "choice")
    prices: list[str] = field("Ids of the rows that costs rest on: prices, rates, months that are paid for.", *PRICES)
    holders: list[str] = field("Ids of the rows that say who could give what, and when.", "holders")
    cases: dict[EvidenceCase, DecisionCasePart] = field(
        "The decision by evidence case: posted (the record alone) and claimed (official totals). Never averaged.",
        min_length=1,
    )
    evidence: EvidencePart = field("Every number that went in, with where it came from.", "number")


def decision_file(result: MixDecision) -> DecisionFile:
    """Fill decision.json from a decision."""
    question = result.question
    return DecisionFile(
        tegmen_version=result.provenance.version,
        seed=result.seed,
        inputs=dict(result.provenance.inputs),
        scenario=result.scenario.name,
        until=result.calibration.end,
        goals=[GoalPart.of(goal) for goal in question.goals],
        limits=dict(question.limits),
        rounds=list(question.rounds),
        budget=question.budget,
        by=question.by,
        prices=[row.id for row in result.price_rows],
        holders=[row.id for row in result.holder_rows],
        cases={case: _decided_part(result, decision) for case, decision in result.cases.items()},
        evidence=EvidencePart.model_validate(result.evidence.to_json() | {"notes": record_notes(result.calibration)}),
    )


def _decided_part(result: MixDecision, decision: CaseDecision) -> DecisionCasePart:
    solved, weighed = decision.solved, decision.weighed
    return DecisionCasePart(
        sentence=result.sentence(decision.case),
        mix=_mix_part(solved.mix),
        bound=solved.bound if math.isfinite(solved.bound) else None,
        gap=solved.gap,
        status=solved.status,
        slack=solved.slack,
        binding={thing: list(goals) for thing, goals in weighed.binding.items()},
        averted=[AvertedPart.of(each) for each in decision.averted],
        cost_each=_money_part(decision.cost_each),
        frontiers=[_frontier_part(each) for each in weighed.frontiers],
        draws=None if weighed.draws is None else DrawsPart.of(
            weighed.draws, rivals=[RivalMixPart(mix=words, draws=number) for words, number in weighed.draws.rivals]
        ),
        moves=[_move_part(move) for move in weighed.moves],
        donors=None if decision.donors is None else _donors_part(decision.donors),
        ahead=None if decision.ahead is None else ahead_part(decision.ahead),
        plan=[
            UnitPart(kind=stand.system, place=stand.place, lat=stand.latitude, lon=stand.longitude, gain=gain)
            for stand, gain in zip(decision.stands, decision.gains, strict=True)
        ],
    )  # fmt: skip


def _donors_part(plan: DonorPlan) -> DonorsPart:
    return DonorsPart.of(plan, gifts=[GivenPart.of(gift) for gift in plan.gifts], unmet=dict(plan.unmet))


def _money_part(span: Span | None) -> MoneyPart | None:
    return None if span is None else MoneyPart.of(span)


def _mix_part(mix: Mix | None) -> MixPart | None:
    if mix is None:
        return None
    return MixPart.of(
        mix, added=dict(mix.added), cost=MoneyPart.of(mix.cost), probability=dict(mix.probability), mcse=dict(mix.mcse)
    )


def _frontier_part(frontier: CostFrontier) -> CostFrontierPart:
    return CostFrontierPart(
        goals=list(frontier.goals),
        kinds=list(frontier.kinds),
        points=[_point_part(point) for point in frontier.points],
    )


def _point_part(point: FrontierPoint) -> FrontierPointPart:
    return FrontierPointPart.of(point, mix=_mix_part(point.mix))


def _move_part(move: MixMove) -> MovePart:
    return MovePart.of(move, mix=_mix_part(move.mix))
