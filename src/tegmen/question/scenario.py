"""The question, as a validated TOML file with a published JSON schema."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from tegmen.data import shipped, toml_of
from tegmen.errors import InputError, hidden_fault, validation_faults
from tegmen.evidence.catalogue import Catalogue, kind_name, read_catalogue
from tegmen.evidence.geography import in_ukraine, read_places
from tegmen.evidence.parameters import KIND_PATTERN, Parameter, plausible
from tegmen.evidence.systems import MET_BY, Kinds, rows_missing
from tegmen.question.goals import METRICS, Metric
from tegmen.question.sentence import contradictions
from tegmen.terms import ThreatClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

Total = Literal["missiles", "ballistic_and_s300", "drone", "glide_bomb"]
_YEARS = (2000, 2100)  # of a day that a scenario names


def _of_our_time(day: dt.date) -> dt.date:
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError(f"found {day}; years {_YEARS[0]} to {_YEARS[1]} are allowed: check the year")
    return day


def _with_examples(schema: dict[str, Any]) -> None:
    # Editors offer what ships; a question may bring kinds of its own, so the list is not closed.
    kinds = read_catalogue().kinds
    schema["examples"] = [kind for kind, met in kinds.met.items() if met]


KindId = Annotated[str, Field(pattern=f"^{KIND_PATTERN}$", json_schema_extra=_with_examples)]
"""Id of a kind of fire unit: one of the catalogue's, or the question's own."""
Day = Annotated[dt.date, Field(strict=False), AfterValidator(_of_our_time)]
"""A date; one in quotes is as good."""


@dataclass(frozen=True, slots=True)
class _In:
    """A number of a unit: checked against what is plausible in it, and so published to editors."""

    unit: str
    parameter: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        span = plausible(self.unit, self.parameter)
        return handler(schema) | {"minimum": span.lowest, "maximum": span.highest}

    def _checked(self, value: float) -> float:
        if (fault := plausible(self.unit, self.parameter).fault((value,))) is not None:
            raise ValueError(fault)
        return value


_IN_A_MONTH = "launched_in_a_month"  # of one class; the kernel's draw addresses hold 2^14 missiles or drones
MissileTotal = Annotated[int, _In("missiles", _IN_A_MONTH)]
DroneTotal = Annotated[int, _In("drones", _IN_A_MONTH)]
BombTotal = Annotated[int, _In("bombs", _IN_A_MONTH)]
UnitCount = Annotated[float, _In("fire units")]
RoundCount = Annotated[float, _In("missiles per month")]

_STALE_DAYS = 183
"""Half a year: an inventory further from the month is told."""
_BYTES_MOST = 1_000_000  # of a scenario file
_ENTRY = "Id of the ledger entry this number is taken from: the recorded choice where others say other numbers."


class _Strict(BaseModel):
    # Strict: true is no number, "30" is no 30. A span that is not finite is none. What is passed on is looked at again.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        revalidate_instances="always",
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002 - pydantic's
        """Copy with other values, checked as those of a file are.

        Raises
        ------
        InputError
            A value is not allowed, or there is no such field; all faults are named at once.
        """
        fields = type(self).model_fields
        names = {name: fields[name].alias or name for name in fields}
        given = {names[name]: getattr(self, name) for name in self.model_fields_set}
        changed = {names.get(name, name): value for name, value in (update or {}).items()}
        try:
            return type(self).model_validate(given | changed)
        except ValidationError as error:
            raise InputError(type(self).__name__.lower(), faults_of(error, type(self))) from None

    @field_validator("*")
    @classmethod
    def _is_plain_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if fault := hidden_fault(value) or ("\n" in value and f"found {value[:60]!r}; give one line"):
            raise ValueError(fault)
        return value


class Goal(_Strict):
    """What "enough" means: the metric, how far it must fall, and in what share of worlds.

    `threshold` is a share of the baseline's expectation, or a count where the metric is one (`goals.METRICS`).
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    own_label: str = Field(
        default="",
        alias="label",
        description='Words of your own that complete "N more fire units …"; left out, they are built from the fields.',
    )
    metric: str = Field(json_schema_extra={"enum": [*METRICS]})
    largest_cities: int = Field(default=25, ge=1, le=1000, description="How many of the largest held cities count.")
    threshold: float = Field(
        ge=0, le=1_000_000, description="Share of the baseline's that may remain; a count where the metric is one."
    )
    confidence: float = Field(gt=0, lt=1, description="Share of worlds in which it must hold.")
    headline: bool = False

    @model_validator(mode="after")
    def _threshold_is_a_share(self) -> Goal:
        if not self.measure.is_count and self.threshold > 1:
            msg = f"threshold {self.threshold} is a share of the baseline: give a value in [0, 1]"
            raise ValueError(msg)
        return self

    @field_validator("metric")
    @classmethod
    def _metric_exists(cls, metric: str) -> str:
        if metric not in METRICS:
            msg = f"found {metric!r}; allowed are {', '.join(METRICS)}; choose one of them"
            raise ValueError(msg)
        return metric

    @model_validator(mode="after")
    def _own_words_agree(self) -> Goal:
        faults = [
            f"found {said!r}, and {field} is {value}"
            for said, field, value in contradictions(self.own_label, self._facts())
        ]
        if faults:
            msg = f"label {self.own_label!r} contradicts its goal: {'; '.join(faults)}; leave it out, and it is built: "
            raise ValueError(msg + f"{self.measure.aim(self.threshold, self.largest_cities)!r}")
        return self

    def _facts(self) -> dict[str, float | str]:
        return {
            "metric": self.metric,
            "threshold": self.threshold,
            "largest_cities": self.largest_cities,
            "confidence": self.confidence,
        }

    @property
    def label(self) -> str:
        """What enough units do, in words of its own or built from its fields; completes "N more fire units …"."""
        return self.own_label or self.measure.aim(self.threshold, self.largest_cities)

    @property
    def shortage_weight(self) -> float:
        """How many units too many weigh as much as one too few, where this goal's confidence is the best rule."""
        return self.confidence / (1 - self.confidence)

    @property
    def measure(self) -> Metric:
        """What its metric is."""
        return METRICS[self.metric]

    @property
    def is_finding(self) -> bool:
        """Whether its number is a finding, or only illustrates; the headline is never put aside."""
        return self.headline or not self.measure.illustration


class QuotedClaim(_Strict):
    """A number somebody named in public, to be marked on the curve."""

    label: str
    added: Annotated[int, _In("fire units")]
    system: KindId | None = Field(
        default=None, description="Which fire units it is about; left out, those that the question adds."
    )
    source: str
    entry: str = Field(default="", description=_ENTRY)
    about: str = Field(
        default="", description="Goal of the question that it is about and judged by; left out, the headline."
    )
    quote: str = Field(
        default="", description="Words for the answer sentence; claims that share them are one quotation."
    )


class Month(_Strict):
    """The month asked about, and the nights of the record its nights are drawn from."""

    first: Day
    nights: Annotated[int, _In("nights")]
    history_from: Day

    @property
    def last(self) -> dt.date:
        """Last day of the period."""
        return self.first + dt.timedelta(days=self.nights - 1)

    def __str__(self) -> str:
        whole = (self.last + dt.timedelta(days=1)).day == 1 and self.last.month == self.first.month
        if self.first.day == 1 and whole:
            return f"{self.first:%B %Y}"
        return f"{self.first.day} {self.first:%B %Y} to {self.last.day} {self.last:%B %Y}"

    @model_validator(mode="after")
    def _in_order(self) -> Month:
        if self.history_from >= self.last:
            msg = f"history_from {self.history_from} must be before the last night {self.last}"
            raise ValueError(msg)
        return self


class OfficialTotals(_Strict):
    """Totals stated by officials for the month; what the record does not show of them is counted as unopposed.

    A total left out is open: nobody stated one that we know, and what the record shows is counted.
    """

    missiles: MissileTotal | None = Field(
        default=None, description="All missiles: cruise, supersonic, ballistic, S-300 in the ground role."
    )
    ballistic_and_s300: MissileTotal | None = None
    drone: DroneTotal | None = None
    glide_bomb: BombTotal | None = None
    source: str = ""
    entries: dict[Total, str] = Field(
        default_factory=dict, description="Id of the ledger entry each total is taken from, by the total's key."
    )

    def values(self) -> dict[Total, int]:
        """Each total that was stated, by its key."""
        stated: dict[Total, int | None] = {key: getattr(self, key) for key in get_args(Total)}
        return {key: total for key, total in stated.items() if total is not None}


class Held(_Strict):
    """How many fire units of a system are in service from a day on, in the whole country: a planning span."""

    system: KindId
    since: Day = Field(description="First day on which they were in service.")
    as_of: Day | None = Field(
        default=None, description="Last day that the count is known for; left out: `since`, or up to the next row."
    )
    low: UnitCount
    best: UnitCount
    high: UnitCount
    source: str
    entry: str = Field(default="", description=_ENTRY)

    @model_validator(mode="after")
    def _in_order(self) -> Held:
        if not self.low <= self.best <= self.high:
            msg = f"range out of order: low {self.low}, best {self.best}, high {self.high}; need low <= best <= high"
            raise ValueError(msg)
        return self


class Rounds(_Strict):
    """Rounds against ballistic missiles that come with the added units, for the whole country."""

    added_a_month: RoundCount | None = Field(
        default=None, description="The headline's rounds a month; left out: the catalogue's `rounds_added_a_month`."
    )
    frontier: tuple[RoundCount, ...] = Field(
        default=(0, 10, 20, 40, 80),
        min_length=1,
        strict=False,
        description="Rounds a month for which the answer is shown beside the headline, ascending.",
    )
    source: str = ""
    entry: str = Field(default="", description=_ENTRY)

    @field_validator("frontier")
    @classmethod
    def _ascending(cls, frontier: tuple[float, ...]) -> tuple[float, ...]:
        if any(after <= before for before, after in pairwise(frontier)):
            msg = f"found {', '.join(f'{rounds:g}' for rounds in frontier)}; give rounds a month in ascending order"
            raise ValueError(msg)
        return frontier


class ExtraPlace(_Strict):
    """A place of the user's own, beside the shipped ones."""

    name: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    population: Annotated[int, _In("people")] = 0
    capacity_mw: Annotated[float, _In("MW")] = 0
    source: str
    entry: str = Field(default="", description=_ENTRY)

    @model_validator(mode="after")
    def _on_the_map(self) -> ExtraPlace:
        if not in_ukraine(self.latitude, self.longitude):
            msg = (
                f"place {self.name!r} at latitude {self.latitude}, longitude {self.longitude} is outside the map; "
                "places must lie within Ukraine's recognised borders (check the order: latitude first)"
            )
            raise ValueError(msg)
        return self


class Replacement(_Strict):
    """Another value in place of a row of the catalogue, for this question only."""

    id: str = Field(description="Id of the row, as `tegmen why` prints it.")
    low: float
    best: float
    high: float
    source: str = Field(min_length=1)


class KindRow(_Strict):
    """A number of a kind of the question's own, as the catalogue has them of others."""

    parameter: str
    threat_class: str = Field(default="", description="Class it is about, for kill_share and relative_effectiveness.")
    low: float
    best: float
    high: float
    unit: str
    source: str = Field(min_length=1)
    note: str = ""


class OwnKind(_Strict):
    """A kind of fire unit of the question's own: rows and nothing else."""

    id: KindId
    rows: tuple[KindRow, ...] = Field(min_length=1, strict=False)

    def parameters(self) -> list[Parameter]:
        """Its rows as rows of the catalogue."""
        return [
            Parameter(
                row.parameter, row.low, row.best, row.high, row.unit, row.source, False, row.note, self.id,
                row.threat_class, table="kinds",
            )
            for row in self.rows
        ]  # fmt: skip


class Scenario(_Strict):
    """One question: which month, which system is added, what counts as enough, which claims are tested."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    own_title: str = Field(
        default="", alias="title", description="Title of your own; left out, it is built from month and system."
    )
    own_question: str = Field(
        default="", alias="question", description="The question in your own words; left out, it is built."
    )
    until: Day = Field(description="Last day of the record used for calibration.")
    added_system: KindId = Field(description="Kind of fire unit whose number is asked about.")
    added: dict[KindId, Annotated[int, _In("fire units")]] = Field(
        default_factory=dict, description="Fire units of other kinds that are added in every case, beside it."
    )
    added_max: int = Field(default=30, ge=1, le=60)
    month: Month
    official: OfficialTotals = OfficialTotals()
    goals: tuple[Goal, ...] = Field(min_length=1, strict=False)
    claims: tuple[QuotedClaim, ...] = Field(default=(), strict=False)
    held: tuple[Held, ...] = Field(
        default=(),
        strict=False,
        description="Fire units in service by system, each row from its day on; none before a system's first row. A "
        "system without rows is held as in the catalogue's inventory, from the beginning.",
    )
    rounds: Rounds = Rounds()
    places: tuple[ExtraPlace, ...] = Field(default=(), strict=False)
    replace: tuple[Replacement, ...] = Field(default=(), strict=False)
    own_kinds: tuple[OwnKind, ...] = Field(
        default=(),
        alias="kinds",
        strict=False,
        description="Kinds of fire units of the question's own, which can be added; the defender holds none of them.",
    )
    ledger: str = Field(default="", description="Path of the ledger the entries are in; empty for the shipped one.")
    sha256: str = Field(default="", exclude=True)

    @field_validator("goals")
    @classmethod
    def _one_headline(cls, goals: tuple[Goal, ...]) -> tuple[Goal, ...]:
        names = [goal.name for goal in goals]
        if len(set(names)) < len(names):
            msg = f"goal names must differ; found {names}"
            raise ValueError(msg)
        if sum(goal.headline for goal in goals) != 1:
            msg = f"exactly one goal must have headline = true; found {sum(goal.headline for goal in goals)}"
            raise ValueError(msg)
        return goals

    @field_validator("held")
    @classmethod
    def _days_ascend(cls, held: tuple[Held, ...]) -> tuple[Held, ...]:
        for system in dict.fromkeys(row.system for row in held):
            days = [row.since for row in held if row.system == system]
            if any(after <= before for before, after in pairwise(days)):
                msg = f"rows of {system} since {', '.join(map(str, days))}; put each later day after the earlier ones"
                raise ValueError(msg)
        return held

    @field_validator("places")
    @classmethod
    def _names_differ(cls, places: tuple[ExtraPlace, ...]) -> tuple[ExtraPlace, ...]:
        # Tables of the answer know places by name.
        names = [place.name for place in places]
        taken = set(read_places()["name"]) if names else set[str]()
        twice = sorted({name for name in names if name in taken or names.count(name) > 1})
        if twice:
            names_twice = ", ".join(map(repr, twice))
            msg = f"found {names_twice} twice, or beside a shipped place of that name; choose other names"
            raise ValueError(msg)
        return places

    @field_validator("own_kinds")
    @classmethod
    def _kinds_are_whole(cls, kinds: tuple[OwnKind, ...]) -> tuple[OwnKind, ...]:
        shipped, ids, faults = read_catalogue().kinds.ids, [kind.id for kind in kinds], list[str]()
        for kind in kinds:
            if kind.id in shipped or ids.count(kind.id) > 1:
                faults.append(f"found kind {kind.id!r} twice, or as one of the catalogue's; choose another id")
            try:
                faults += rows_missing(kind.id, kind.parameters())
            except InputError as error:
                faults += [f"{error.where}: {fault}" for fault in error.faults]
        if faults:
            raise ValueError("; ".join(dict.fromkeys(faults)))
        return kinds

    @model_validator(mode="after")
    def _kinds_serve(self) -> Scenario:
        faults = [*self._unknown_kinds(), *self._idle_kinds()]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _unknown_kinds(self) -> list[str]:
        named = {"added_system": self.added_system} | {f"added.{kind}": kind for kind in self.added}
        named |= {f"claims[{at}].system": claim.system for at, claim in enumerate(self.claims) if claim.system}
        held = {f"held[{at}].system": row.system for at, row in enumerate(self.held)}
        # The layout of the defender has what meets missiles; guns and jamming are its dispersed layer (A9).
        drawn = read_catalogue().kinds.meeting(ThreatClass.ballistic, ThreatClass.cruise)
        faults = [
            f"{where}: found {kind!r}; allowed are {', '.join(known)}"
            for rows, known in ((named, self.kinds.meeting(*ThreatClass)), (held, drawn))
            for where, kind in rows.items()
            if kind not in known
        ]
        if self.added_system in self.added:
            faults.append(f"added: found {self.added_system!r}, whose number is asked about; leave it out of `added`")
        return faults

    def _idle_kinds(self) -> list[str]:
        """Kinds that protect against nothing that a goal counts, and goals that no added kind protects."""
        met = {kind: self.kinds.met.get(kind, frozenset()) for kind in (self.added_system, *self.added)}
        faults = [
            f"{'added_system' if kind == self.added_system else 'added'}: {kind} protects against nothing that the "
            f"goals count ({self._counted(self.goals)}): it meets {_words_of(classes) or 'nothing'}"
            for kind, classes in met.items()
            if kind in self.kinds.met and not any(goal.measure.met & classes for goal in self.goals)
        ]
        return faults + [
            f"goal {goal.name!r} counts {self._counted([goal])}, which neither {' nor '.join(met)} meets: "
            f"a kind meets a class by {', or '.join(MET_BY[cls] for cls in sorted(goal.measure.met))}"
            for goal in self.goals
            if not faults and not any(goal.measure.met & classes for classes in met.values())
        ]

    @staticmethod
    def _counted(goals: Sequence[Goal]) -> str:
        return _words_of(frozenset[ThreatClass]().union(*(goal.measure.met for goal in goals)))

    @model_validator(mode="after")
    def _claims_are_tried(self) -> Scenario:
        beyond = [claim.added for claim in self.claims if claim.added > self.added_max]
        if beyond:
            msg = f"claims of {beyond} added units are beyond added_max {self.added_max}; raise added_max or drop them"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _own_words_agree(self) -> Scenario:
        facts = {"added_system": self.added_system, "month": f"{self.month.first} to {self.month.last}"}
        faults = [
            f"{key} {words!r} contradicts the question: found {said!r}, and {field} is {value}"
            for key, words in (("title", self.own_title), ("question", self.own_question))
            for said, field, value in contradictions(words, facts)
        ]
        for at, claim in enumerate(self.claims):
            about = {"added_system": claim.system or self.added_system}
            faults += [
                f"claims[{at}] is of {value} (`system`, or else added_system), and its words name {said!r}"
                for said, _, value in contradictions(f"{claim.label} {claim.quote}", about)
            ]
        if faults:
            raise ValueError("; ".join(faults) + "; correct the words, or leave them out where they can be built")
        return self

    @field_validator("replace")
    @classmethod
    def _rows_exist(cls, replacements: tuple[Replacement, ...]) -> tuple[Replacement, ...]:
        try:
            _replaced(replacements)
        except InputError as error:
            raise ValueError("; ".join(error.faults)) from None
        return replacements

    @property
    def title(self) -> str:
        """Title in words of its own, or built from month and system."""
        return self.own_title or (
            f"{self.month}: how many more {kind_name(self.added_system)} fire units would have been enough?"
        )

    @property
    def question(self) -> str:
        """The question in words of its own, or built from month and system."""
        return self.own_question or (
            f"How many more {kind_name(self.added_system)} fire units would have been enough in {self.month}, and "
            "how sure can we be?"
        )

    @property
    def claims_tested(self) -> tuple[QuotedClaim, ...]:
        """Claims about the system that is added: one about another says nothing of it."""
        return tuple(filter(self.tests, self.claims))

    def tests(self, claim: QuotedClaim) -> bool:
        """Whether a claim is about the system that is added."""
        return claim.system in (None, self.added_system)

    @property
    def catalogue(self) -> Catalogue:
        """The shipped catalogue with this question's replacements and kinds."""
        return _catalogue_with(self.replace, self.own_kinds)

    @property
    def kinds(self) -> Kinds:
        """Kinds of fire units, and what each meets."""
        return self.catalogue.kinds

    @property
    def ballistic_held(self) -> tuple[str, ...]:
        """Kinds that meet ballistic missiles and that the defender has held, or may have."""
        return tuple(filter(self.holds, self.kinds.meeting(ThreatClass.ballistic)))

    def holds(self, kind: str) -> bool:
        """Whether it is known how many of a kind the defender holds."""
        held = {row.system for row in self.held}
        return kind in held or any(
            row.table == "inventories.csv" and row.subject == "Ukraine" and row.system == kind
            for row in self.catalogue.parameters
        )

    def held_on(self, system: str, day: dt.date) -> Parameter:
        """Fire units of a system in service on a day, whole country: the latest row of the scenario, or the inventory.

        A system with rows has none before the first of them; one without is held as in the catalogue, on any day.
        """
        rows = [row for row in self.held if row.system == system]
        begun = [row for row in rows if row.since <= day]
        if begun:
            return _in_service(begun[-1])
        if rows:
            none = _in_service(rows[0])
            return replace(none, low=0.0, best=0.0, high=0.0, period=f"before {none.period}")
        return self.catalogue.inventory("Ukraine", system)

    def caveats(self) -> tuple[str, ...]:
        """What to know of the question before its answer: totals left open, and inventories of other times."""
        open_totals = [key.replace("_", " ") for key in get_args(Total) if key not in self.official.values()]
        lines: list[str] = []
        if open_totals:
            lines.append(
                f"Official totals of {self.month} are left open ({', '.join(open_totals)}): the claimed case counts "
                "what the record shows of them, and no more."
            )
        lines += [
            f"The claim “{claim.label}” is about {claim.system or self.added_system}, goal {claim.about or 'any'}: "
            "this question has not both, and it is not judged."
            for claim in self.claims
            if claim not in self.claims_tested or claim.about not in ("", *(goal.name for goal in self.goals))
        ]
        old: dict[dt.date, list[str]] = {}
        for system in self.kinds.meeting(ThreatClass.ballistic, ThreatClass.cruise):
            if not self.holds(system):
                continue
            day = self._known_for(system)
            if day is not None and abs(self.month.first - day).days > _STALE_DAYS:
                old.setdefault(day, []).append(kind_name(system))
        lines += [
            f"The inventory used of {', '.join(names)} is of {day:%B %Y}, more than six months from {self.month}: "
            "bring a nearer one as [[held]]."
            for day, names in sorted(old.items())
        ]
        return tuple(lines)

    def _known_for(self, system: str) -> dt.date | None:
        """The day nearest to the month for which the number held is known; None where later rows bound it."""
        rows = [row for row in self.held if row.system == system]
        begun = [row for row in rows if row.since <= self.month.first]
        if rows and rows[-1].since > self.month.first:
            return None
        if begun:
            return max(begun[-1].since, begun[-1].as_of or begun[-1].since)
        period = self.catalogue.inventory("Ukraine", system).period
        return dt.date.fromisoformat(f"{period}-01"[:10]) if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", period) else None

    def eras(self, systems: Sequence[str]) -> tuple[dt.date, ...]:
        """First days of the eras in which the numbers held of these systems stay as they are, ascending."""
        rows = [row for row in self.held if row.system in systems]
        always = {dt.date.min} if set(systems) - {row.system for row in rows} else set[dt.date]()
        return tuple(sorted(always | {row.since for row in rows}))

    @property
    def added_rounds(self) -> Parameter:
        """Rounds a month that come with the added units, whole country: its value is the headline's."""
        amount = self.rounds.added_a_month
        if amount is None:
            return self.catalogue.model("rounds_added_a_month")
        source = self.rounds.source.strip() or self.rounds.entry
        return Parameter("added_a_month", amount, amount, amount, "missiles per month", source, False, table="rounds")

    @property
    def frontier_rounds(self) -> tuple[float, ...]:
        """Rounds a month of the frontier, ascending; the headline's are among them."""
        return tuple(sorted({*self.rounds.frontier, self.added_rounds.value}))

    def goal(self, name: str | None) -> Goal | None:
        """The goal of this name; None for none.

        Raises
        ------
        InputError
            The scenario has no goal of this name.
        """
        named = {goal.name: goal for goal in self.goals}
        if name is not None and name not in named:
            raise InputError("goal", [f"found {name!r}; the goals of {self.name} are {', '.join(named)}"])
        return None if name is None else named[name]

    def goal_of(self, metric: str, name: str) -> Goal:
        """A goal of a metric, which is to fall as far and as surely as the headline's; by half where that is a count.

        Parameters
        ----------
        metric
            One that is no count.
        """
        like = self.headline
        return Goal(
            name=name, metric=metric, largest_cities=like.largest_cities, confidence=like.confidence,
            threshold=0.5 if like.measure.is_count else like.threshold,
        )  # fmt: skip

    @property
    def headline(self) -> Goal:
        """The goal the answer sentence is about."""
        return next(goal for goal in self.goals if goal.headline)


def _in_service(row: Held) -> Parameter:
    return Parameter(
        "fire_units", row.low, row.best, row.high, "fire units", row.source.strip() or row.entry, False,
        system=row.system, period=str(row.since), table="held",
    )  # fmt: skip


@lru_cache(maxsize=16)
def _catalogue_with(replacements: tuple[Replacement, ...], own_kinds: tuple[OwnKind, ...]) -> Catalogue:
    """The shipped catalogue with replacements and kinds of a question's own; it is asked for thousands of times."""
    catalogue = _replaced(replacements)
    return catalogue.with_rows([row for kind in own_kinds for row in kind.parameters()]) if own_kinds else catalogue


def _replaced(replacements: Sequence[Replacement]) -> Catalogue:
    catalogue = read_catalogue()
    for row in replacements:
        catalogue = catalogue.with_replaced(row.id, (row.low, row.best, row.high), row.source)
    return catalogue


def _words_of(classes: Iterable[ThreatClass]) -> str:
    words = {
        ThreatClass.ballistic: "ballistic missiles", ThreatClass.cruise: "cruise missiles", ThreatClass.drone: "drones",
    }  # fmt: skip
    return ", ".join(word for cls, word in words.items() if cls in classes)


def scenario_names() -> list[str]:
    """Names of the shipped scenarios."""
    return sorted(item.name.removesuffix(".toml") for item in _folder().iterdir() if item.name.endswith(".toml"))


def read_scenario(name_or_path: str | Path) -> Scenario:
    """Read a shipped scenario by name, or a TOML file by path.

    Raises
    ------
    InputError
        The scenario is unknown, not TOML, or breaks the schema; all faults are named at once.
    """
    text, where = _text_of(name_or_path)
    content = toml_of(text, where)
    if "sha256" in content:
        raise InputError(where, ["sha256: unknown key; it is worked out from the file: remove it"])
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        raise InputError(where, faults_of(error)) from None
    return scenario.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()})


def scenario_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a scenario file, for editors: a first line "#:schema FILE" names it."""
    schema = Scenario.model_json_schema()
    schema["properties"] = {key: rule for key, rule in schema["properties"].items() if key != "sha256"}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:tegmen:schema:scenario:1"}
    return head | schema


def shipped_scenario(name: str) -> str:
    """The text of a shipped scenario.

    Raises
    ------
    InputError
        There is none of this name.
    """
    if name not in scenario_names():
        raise InputError("scenario", [f"found {ascii(name)[:60]}; shipped are: {', '.join(scenario_names())}"])
    return (_folder() / f"{name}.toml").read_text("utf-8")


def _folder() -> Traversable:
    return shipped("scenarios")


def _text_of(name_or_path: str | Path) -> tuple[str, str]:
    name = str(name_or_path)
    if name in scenario_names():
        return shipped_scenario(name), f"scenario {name}"
    path = Path(name)
    try:
        if not path.exists():
            known = f"shipped scenarios: {', '.join(scenario_names())}"
            raise InputError(name, [f"no such scenario or file; {known}; or give the path of a .toml file"])
        if path.is_dir():
            raise InputError(name, ["is a folder; give the path of a .toml file"])
        with path.open("rb") as file:
            content = file.read(_BYTES_MOST + 1)
        if len(content) > _BYTES_MOST:
            raise InputError(name, [f"larger than {_BYTES_MOST:,} bytes; a scenario is a few pages of TOML"])
        return content.decode("utf-8-sig"), name
    except (UnicodeDecodeError, OSError) as error:
        raise InputError(name, [f"cannot be read as UTF-8 text ({error}); a scenario is a TOML file"]) from None


def faults_of(error: ValidationError, model: type[_Strict] | None = None) -> list[str]:
    """Word every fault of a scenario, or of a part of one, once."""
    return validation_faults(error.errors(), lambda place: _allowed_keys(place, model or Scenario))


def _allowed_keys(place: tuple[object, ...], model: type[_Strict]) -> Sequence[str]:
    """Keys allowed beside the one at fault."""
    rooms: dict[str, type[_Strict]] = {
        "goals": Goal,
        "claims": QuotedClaim,
        "month": Month,
        "official": OfficialTotals,
        "held": Held,
        "rounds": Rounds,
        "places": ExtraPlace,
        "replace": Replacement,
        "kinds": OwnKind,
    }
    at = rooms.get(str(place[0]), model) if len(place) > 1 else model
    return sorted({field.alias or name for name, field in at.model_fields.items()} - {"sha256"})
