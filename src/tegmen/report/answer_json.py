"""answer.json: its types. What a number of it rests on stands beside its field."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, WithJsonSchema

from tegmen.question.goals import METRICS
from tegmen.question.numbers import Role
from tegmen.report.json_files import (
    DriverPart,
    File,
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
    from tegmen.answer.results import GoalAnswer, Sufficiency

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


class StandPart(Part):
    """An added fire unit at a place."""

    system: str = field("System, e.g. patriot.")
    place: str = field("Place name.")
    lat: Real = field("Latitude of the place, WGS84 degrees.", validation_alias="latitude", ge=-90, le=90)
    lon: Real = field("Longitude of the place, WGS84 degrees.", validation_alias="longitude", ge=-180, le=180)


class GoalAnswerPart(Part):
    """The answer for one goal."""

    n: Natural | None = field(
        "Smallest number of added fire units that meets the goal with the confidence asked; null: none up to the "
        "largest tried does.",
        *MODEL,
    )
    n_interval: tuple[Natural, Natural | None] = field(
        "Range of n that the sampling error allows: [low, high]; high null: beyond the largest number tried.", *MODEL
    )
    resolved: bool = field("Whether more sampling could no longer change n.", *MODEL)
    goal: GoalPart = field("What enough means.", "choice")
    worlds: int = field("Worlds drawn: draws of what is not known.", "choice", "method", ge=1)
    runs: int = field("Runs a world: draws of chance.", "choice", "method", ge=1)
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
        "Where the added units stand, in greedy order: the first n; every one tried where n is null.", *MODEL
    )


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
        "Share of layouts drawn that are thrown away because no effectiveness in (0, 1] gives back the record.", *MODEL
    )


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


class AnswerFile(File, title="tegmen answer"):
    """answer.json: how many more fire units are enough, in each evidence case.

    Numbers are rounded to six significant digits; the same results give the same bytes.
    """

    schema_: str = schema_name("urn:tegmen:schema:answer:1")
    scenario: str = field("Name of the scenario.", "choice")
    until: date = field("Last day of the record that rates were calibrated on.", "choice")
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
        until=result.calibration.until,
        cases={case: _case_part(result, case) for case in result.cases},
        evidence=EvidencePart.model_validate(result.evidence.to_json()),
    )


def _case_part(result: Sufficiency, case: EvidenceCase) -> CasePart:
    answer = result.cases[case]
    goals = [_goal_part(goal_answer) for goal_answer in answer.goals]
    words = {"sentence": result.sentence(case), "finding": result.finding(case)}
    return CasePart.of(answer, goals=goals, **dict(_goal_part(answer.headline)) | words)


def _goal_part(answer: GoalAnswer) -> GoalAnswerPart:
    curve = zip(answer.added.tolist(), answer.probability, answer.mcse, strict=True)
    return GoalAnswerPart.of(
        answer,
        sentence=answer.sentence(),
        curve=[PointPart(added=n, probability=p, mcse=error) for n, p, error in curve],
        placement=answer.stands,
    )
