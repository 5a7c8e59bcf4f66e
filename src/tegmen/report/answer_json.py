"""answer.json: its types. What a number of it rests on stands beside its field."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AliasChoices, Field, WithJsonSchema

from tegmen.question.goals import METRICS
from tegmen.question.numbers import Role
from tegmen.report.json_files import (
    DriverPart,
    File,
    MaybeNatural,
    MaybePositive,
    MaybeReal,
    MaybeShare,
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
    from tegmen.answer.results import CaseAnswer, GoalAnswer, Sufficiency
    from tegmen.calibration.fit import Calibration
    from tegmen.engine.check import Agreement

MODEL = ("choice", "method", "record", "claimed", "held", "rounds", "places", "catalogue", "assumptions")
"""What a number that comes out of the model rests on."""

Points = tuple[MaybeReal, MaybeReal, MaybeReal]


class GoalPart(Part):
    """What enough means."""

    name: str = field("Short name of the goal in the scenario.", pattern="^[a-z][a-z0-9_]*$")
    label: str = field("The goal in words; completes 'N more fire units ...'.")
    metric: Annotated[str, WithJsonSchema({"type": "string", "enum": [*METRICS]})] = field("What is measured.")
    threshold: Positive = field(
        "The metric must fall to this share of the baseline's expectation or lower; where the metric is a count: "
        "to this count."
    )
    confidence: Share = field("In at least this share of worlds.")


class PointPart(Part):
    """One point of a sufficiency curve."""

    added: Natural = field("Fire units added to the baseline.")
    probability: Share = field("Share of worlds in which the goal is met.")
    mcse: Positive = field("Monte Carlo standard error of the probability.")


class ClaimPart(Part):
    """A number named in public, tested against the goal."""

    label: str = field("The claim in words.", "claim")
    added: Natural = field("Fire units it names.", "claim")
    probability: Share = field("Share of worlds in which that number meets the goal.")
    mcse: Positive = field("Monte Carlo standard error of the probability.")
    source: str = field("Who said it and where it was read.", "claim")
    about: str = field(
        "Name of the goal that it is about, and judged by in the report; empty for the headline.", "claim"
    )


class StandPart(Part):
    """An added fire unit at a place."""

    system: str = field("System, e.g. patriot.")
    place: str = field("Place name.")
    lat: Real = field(
        "Latitude of the place, WGS84 degrees.", validation_alias=AliasChoices("latitude", "lat"), ge=-90, le=90
    )
    lon: Real = field(
        "Longitude of the place, WGS84 degrees.", validation_alias=AliasChoices("longitude", "lon"), ge=-180, le=180
    )


class CheckPointPart(Part):
    """Simulated beside expected at one number of added units, as shares of the expected loss with none added."""

    added: Natural = field("Fire units added to the baseline.")
    difference: Real = field("Mean over worlds of simulated - expected.")
    error: Positive = field("Standard error of difference.")
    correction: Real = field("What saturation adds to the share that remains, on common random numbers.")
    correction_error: Positive = field("Standard error of correction.")


class CheckPart(Part):
    """The event simulation beside the closed forms, on some of the headline's worlds."""

    largest: Positive = field("Largest difference of any number, in standard errors.")
    worlds: Natural = field("Worlds simulated.", "choice", "method")
    runs: Natural = field("Months simulated a world.", "choice", "method")
    points: list[CheckPointPart] = field("A point each number added, ascending.")


class GoalAnswerPart(Part):
    """The answer for one goal."""

    n: MaybeNatural = field(
        "Smallest number of added fire units that meets the goal with the confidence asked; null: none up to the "
        "largest tried does.",
        *MODEL,
    )
    n_interval: tuple[Natural, MaybeNatural] = field(
        "Range of n that the sampling error allows: [low, high]; high null: beyond the largest number tried.", *MODEL
    )
    resolved: bool = field("Whether more sampling could no longer change n.", *MODEL)
    goal: GoalPart = field("What enough means.", "choice")
    worlds: int = field(
        "Worlds the goal is scored on: draws of what is not known, weighed by the record and resampled.",
        "choice", "method", ge=1,
    )  # fmt: skip
    ess: Positive = field("Effective sample size of the draws that the worlds were resampled from.", *MODEL)
    runs: int = field(
        "Months simulated a world by the check of the closed forms (check); the answer itself needs none.",
        "choice", "method", ge=1,
    )  # fmt: skip
    sentence: str = field("The answer in one sentence.", *MODEL)
    curve: list[PointPart] = field("The sufficiency curve, by number added, ascending.", *MODEL, min_length=1)
    claims: list[ClaimPart] = field("Public claims tested.", "claim", *MODEL)
    drivers: list[DriverPart] = field("What drives the answer, largest share first.", *MODEL)
    evpi: MaybePositive = field(
        "Expected value of knowing everything before deciding how many, in units bought in vain.", *MODEL
    )
    evpi_error: MaybePositive = field("Standard error of evpi.", *MODEL)
    censored: MaybeShare = field(
        "Share of worlds in which no number tried is enough; counted there as needing the largest.", *MODEL
    )
    placement: list[StandPart] = field(
        "Where the added units stand, each where it saves most given those before it: the first n; every one tried "
        "where n is null.", *MODEL
    )  # fmt: skip
    siting_gap: MaybeShare = field(
        "Largest share by which other sites of as many units could save more of the metric, on average and with rounds "
        "enough; at any number tried. Null: no bound is known.", *MODEL
    )  # fmt: skip
    saturation: CheckPart | None = field(
        "Of a goal of area defence: the event simulation beside the closed form, whose correction the curve has in it.",
        *MODEL,
    )


class ReadingPart(Part):
    """The headline's answer in one reading."""

    name: str = field("What is read otherwise than in the headline.")
    reason: str = field("Why it can be, or what it means.")
    n: MaybeNatural = field("Smallest number enough; null: none tried is.")
    probability: Share = field("Share of worlds in which the headline's own number is enough.")
    mcse: Positive = field("Monte Carlo standard error of the probability.")
    log_odds: MaybeReal = field(
        "Natural logarithm of how much likelier the record is in this reading than in the headline's; null where the "
        "worlds are a part of the headline's own."
    )
    ess: Positive = field("Effective sample size of its worlds.")


class FrontierPart(Part):
    """Units against rounds a month for one goal."""

    goal: str = field("Name of the goal.", "choice")
    rounds: list[MaybePositive] = field(
        "Rounds a month that come with the added units, whole country, ascending; null: no limit.", "choice", "rounds",
        "catalogue",
    )  # fmt: skip
    n: list[MaybeNatural] = field("Smallest number enough with each of them; null: none tried is.")
    probability: list[list[Share]] = field(
        "Share of worlds that meet the goal: a row for each of them, a column for 0, 1, ... added units."
    )
    binding: str = field("What binds at the headline's rounds, in one sentence.")


class IsoPart(Part):
    """The number against what "significantly improve" may mean."""

    thresholds: list[Share] = field("Share of the baseline's metric that may remain.", "method")
    confidences: list[Share] = field("Share of worlds asked.", "method")
    n: list[list[MaybeNatural]] = field(
        "Smallest number enough, a row a threshold, a column a confidence; null: none tried is."
    )


class ReactionPart(Part):
    """The number when an opponent re-aims: the defender's guarantee, in which no targets are chosen."""

    re_aimed: list[Share] = field(
        "Share of what was aimed at newly covered places that is aimed at the less covered ones instead.", "method"
    )
    n: list[MaybeNatural] = field("Smallest number enough at each; null: none tried is.")
    guarantee: MaybeNatural = field(
        "Smallest number enough whatever the share up to the largest of them; null: none tried is."
    )


class InformedClaimPart(Part):
    """A public claim under both plans."""

    label: str = field("The claim in words.", "claim")
    added: Natural = field("Fire units it names.", "claim")
    blind: Share = field("Share of worlds in which that number is enough for a plan that does not know the layout.")
    informed: Share = field("The same for a plan that knows the defender's own layout, world by world.")


class InformedPart(Part):
    """The plan that knows the defender's own layout, sited world by world; real layouts are not sought."""

    n: MaybeNatural = field("Smallest number enough for it; null: none tried is.")
    probability: list[Share] = field("Share of worlds that meet the goal with 0, 1, ... units sited so.")
    mcse: list[Positive] = field("Monte Carlo standard error of each probability.")
    claims: list[InformedClaimPart] = field("Public claims under the blind and the informed plan.")


class CutPart(Part):
    """The same question with the evidence cut on another day."""

    until: date = field("Last day of the record used.", "method")
    n: MaybeNatural = field("Smallest number enough; null: none tried is.")
    probability: Share = field("Share of worlds in which the headline's own number is enough.")
    mcse: Positive = field("Monte Carlo standard error of the probability.")
    ess: Positive = field("Effective sample size of its worlds.")


class StrikesPart(Part):
    """Expected strikes of the headline's goal in the month: 10, 50 and 90 % points over worlds."""

    baseline: Points = field("With no unit added.")
    fewer: Points = field("How many fewer with n units; with the largest number tried where n is null.")


class CostPart(Part):
    """What the units of the answer cost, at the price of one with its missiles."""

    low: MaybePositive = field("Low end of the planning span; null where the source gives none.")
    best: MaybePositive = field("Best value; null where the source gives none.")
    high: MaybePositive = field("High end of the planning span; null where the source gives none.")
    unit: str = field("Unit, e.g. USD million.")
    source: str = field("Where the price of one was read.")
    verified: bool = field("Whether that was checked in a stored copy.")


class CasePart(GoalAnswerPart):
    """One evidence case. The fields of the headline goal stand here; goals has them for every goal."""

    goals: list[GoalAnswerPart] = field(
        "The same fields for every goal of the scenario, the headline goal among them.", min_length=1
    )
    finding: str = field("Enough for one goal and not for another, in one sentence.", *MODEL)
    launched: dict[str, Natural] = field(
        "Launched in the month in this evidence case, by threat class.", "record", "claimed"
    )
    intercepted: dict[str, Points] = field(
        "Intercepted in the month in the model's baseline, by threat class: 5, 50 and 95 % points over worlds.", *MODEL
    )
    glide_bombs: dict[str, Points] = field(
        "Glide bombs still launched in the month, by laydown: 5, 50 and 95 % points over worlds.",
        "method", "official", "catalogue", "assumptions",
    )  # fmt: skip
    redraw_share: MaybeShare = field(
        "Always 0: no layout is thrown away any more; worlds are weighed by the record instead.", "method"
    )
    range: tuple[MaybeNatural, MaybeNatural] = field(
        "Smallest and largest number over the headline and its readings, re-aiming and the informed plan included: "
        "[low, high]; high null: in some reading no number tried is enough; both null: in none is one.", *MODEL
    )  # fmt: skip
    matters_most: str = field("The reading whose number is furthest from the headline's.", *MODEL)
    rounds_added: Positive = field(
        "Rounds a month that come with the added units of the headline, whole country.", "rounds", "catalogue"
    )
    strikes: StrikesPart | None = field(
        "Strikes a month on the goal's places, and how many fewer; null where the headline's metric is not one of "
        "strikes.", *MODEL
    )  # fmt: skip
    cost: CostPart | None = field(
        "What n units cost; null where none is enough, or nobody says what one costs.", *MODEL
    )
    readings: list[ReadingPart] = field("The headline in other readings.", *MODEL)
    frontier: list[FrontierPart] = field("Units against rounds a month, a goal each.", *MODEL)
    iso: IsoPart = field("The headline's number by threshold and confidence.", *MODEL)
    reaction: ReactionPart | None = field(
        "The headline when an opponent re-aims; null where its metric is not one of strikes.", *MODEL
    )
    informed: InformedPart | None = field(
        "The headline for a plan that knows the defender's own layout; null: none is made for its goal.", *MODEL
    )
    stability: list[CutPart] = field("The headline with the evidence cut on other days.", *MODEL)
    check: CheckPart = field("The event simulation beside the closed forms.", *MODEL)


class NumberPart(Part):
    """A number that went into the answer."""

    id: str = field("Name: a catalogue row, or a number of the question.", min_length=1)
    role: Role = field("What kind of input it is.")
    what: str = field("In words.")
    low: float | None = field("Low end of the planning span; null where the source gives none.")
    best: float | None = field("Best value; null where the source gives none.")
    high: float | None = field("High end of the planning span; null where the source gives none.")
    unit: str = field("Unit.")
    source: str = field("Where it was read.")
    verified: bool | None = field("Whether that was checked in a stored copy; null: not known.")
    note: str = field("What to know before quoting it.")
    entry: str = field("Id of the ledger entry it was taken from; empty: none.")


class EvidencePart(Part):
    """Every number that went in, with where it came from."""

    numbers: list[NumberPart] = field("Catalogue rows and numbers of the question.")
    entries: dict[str, dict[str, Any]] = field("Ledger entries that numbers were taken from, by id.")
    sources: dict[str, dict[str, Any]] = field("Sources of those entries, by id.")
    ranges: dict[str, Annotated[list[str], Field(min_length=4, max_length=4)]] = field(
        "Range read in each of those entries by the rule for its hedge: the range in words, then what made low, best "
        "and high."
    )
    notes: list[str] = field(
        "What there is to say of the record as it was read: rows left out, why, and what they would have changed; "
        "changes of the posts' words; labels that join classes.",
        "record",
    )


class AnswerFile(File, title="tegmen answer"):
    """answer.json: how many more fire units are enough, in each evidence case.

    Numbers are rounded to six significant digits; the same results give the same bytes.
    """

    schema_: str = schema_name("urn:tegmen:schema:answer:1")
    scenario: str = field("Name of the scenario.", "choice")
    until: date = field("Last day with a row that rates were calibrated on, up to the day asked for.", "choice")
    caveats: list[str] = field(
        "What to know before the answer: how far the evidence reaches, inventories of other times, totals left open.",
        "choice",
    )
    cases: dict[EvidenceCase, CasePart] = field(
        "The answer by evidence case: posted (the record alone) and claimed (official totals, the rest unopposed). "
        "Never averaged. A run of one case holds that one.",
        min_length=1,
    )
    evidence: EvidencePart = field("Every number that went in, with where it came from.", "number")


def answer_file(result: Sufficiency) -> AnswerFile:
    """Fill answer.json from a result."""
    return AnswerFile(
        tegmen_version=result.provenance.version,
        seed=result.seed,
        inputs=dict(result.provenance.inputs),
        scenario=result.scenario.name,
        until=result.calibration.end,
        caveats=list(result.caveats()),
        cases={case: _case_part(result, case) for case in result.cases},
        evidence=EvidencePart.model_validate(result.evidence.to_json() | {"notes": record_notes(result.calibration)}),
    )


def record_notes(calibration: Calibration) -> list[str]:
    """What there is to say of the record up to the last day used."""
    return list(calibration.record.told(calibration.until))


def _case_part(result: Sufficiency, case: EvidenceCase) -> CasePart:
    answer = result.cases[case]
    goals = [_goal_part(goal_answer, answer.check.runs) for goal_answer in answer.goals]
    words = {"sentence": result.sentence(case), "finding": result.finding(case)}
    return CasePart.of(
        answer,
        goals=goals,
        redraw_share=0.0,
        range=answer.span,
        frontier=[FrontierPart.of(each, probability=each.probability.tolist()) for each in answer.frontier],
        informed=_informed_part(answer),
        check=_check_part(answer.check),
        cost=_cost_part(result, case),
        **dict(_goal_part(answer.headline, answer.check.runs)) | words,
    )


def _cost_part(result: Sufficiency, case: EvidenceCase) -> CostPart | None:
    each, all_of_them = result.unit_cost, result.cost(case)
    if each is None or all_of_them is None:
        return None
    return CostPart.of(all_of_them, unit=each.unit, source=each.source, verified=each.verified)


def _goal_part(answer: GoalAnswer, runs: int) -> GoalAnswerPart:
    curve = zip(answer.added.tolist(), answer.probability, answer.mcse, strict=True)
    return GoalAnswerPart.of(
        answer,
        runs=runs,
        sentence=answer.sentence(),
        curve=[PointPart(added=n, probability=p, mcse=error) for n, p, error in curve],
        placement=answer.stands,
        saturation=None if answer.saturation is None else _check_part(answer.saturation),
    )


def _informed_part(answer: CaseAnswer) -> InformedPart | None:
    informed = answer.informed
    if informed is None:
        return None
    claims = [
        InformedClaimPart.of(claim, blind=claim.probability, informed=informed.probability[claim.added])
        for claim in answer.headline.claims
    ]
    return InformedPart.of(
        informed, claims=claims, probability=informed.probability.tolist(), mcse=informed.mcse.tolist()
    )


def _check_part(check: Agreement) -> CheckPart:
    return CheckPart.of(check, points=_check_points(check))


def _check_points(check: Agreement) -> list[CheckPointPart]:
    names = ("added", "difference", "error", "correction", "correction_error")
    columns = [getattr(check, name).tolist() for name in names]
    return [CheckPointPart(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]
