"""What the JSON files that tegmen writes are made of: types that fill themselves from results and give the schema.

Each file's own types stand where it is written: `answer_json`, `donors_page`, `drivers_page`, `backtest_page`,
`verification_page`.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema

from tegmen.errors import checked_arguments

_NOTHING = 1e-9
"""Shares, units and strikes below it mean nothing."""
FileName = Literal[
    "answer", "decision", "drivers", "donors", "months", "neighbours", "backtest", "verification", "scenario"
]


def rounded(value: object) -> object:
    """Round to six significant digits, so that the last bit of a sum cannot show; None for what is not finite.

    What is nearer to 0 than `_NOTHING` is 0: what is left of sums that cancel differs from one processor to another.
    What is no number, or none that a float can hold, stays as it is, to be refused by its type.
    """
    if not isinstance(value, numbers.Real):
        return value
    try:
        number = float(value)
    except OverflowError:
        return value
    if not math.isfinite(number):
        return None
    return 0.0 if abs(number) < _NOTHING else float(f"{number:.6g}")


Real = Annotated[float, BeforeValidator(rounded)]
Positive = Annotated[float, Field(ge=0), BeforeValidator(rounded)]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(rounded)]
MaybeReal = Annotated[float | None, BeforeValidator(rounded)]
"""A number, or null where there is none or none that is finite."""
MaybePositive = Annotated[Annotated[float, Field(ge=0)] | None, BeforeValidator(rounded)]
MaybeShare = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(rounded)]
Natural = Annotated[int, Field(ge=0)]
MaybeNatural = Natural | None
"""A number of fire units, or null where none tried is enough."""
Sha256 = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]


def field(description: str, *rests_on: str, **more: Any) -> Any:
    """Describe a field of a file, and name what its number rests on (`x-rests-on`, which `tegmen why` follows)."""
    return Field(
        description=description, json_schema_extra={"x-rests-on": list(rests_on)} if rests_on else None, **more
    )


class Part(BaseModel):
    """A part of a file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )

    @classmethod
    def of(cls, result: object, **own: Any) -> Self:
        """Take a result's fields of the same names; `own` gives what it has under another name, or not."""
        taken = {name: getattr(result, name) for name in cls.model_fields if hasattr(result, name)}
        return cls.model_validate(taken | own)


class File(Part):
    """A file as a whole, and how it was made."""

    tegmen_version: str = field("Version of tegmen that made it.", "method")
    seed: Natural = field("Seed of everything random.", "choice")
    inputs: dict[str, Sha256] = field("Input name to sha256 of its bytes.", "record", "method")

    def text(self) -> str:
        """Write the file: sorted keys, one way, and nothing that is not a number."""
        return dumps(self.model_dump(mode="json", by_alias=True))

    @classmethod
    def schema_dict(cls) -> dict[str, Any]:
        """JSON schema (draft 2020-12) of the file."""
        schema = cls.model_json_schema(mode="serialization", schema_generator=_Untitled)
        name = schema["properties"]["$schema"]["const"]
        return {"$schema": _Untitled.schema_dialect, "$id": name} | schema


def schema_name(urn: str) -> Any:
    """Describe the field that names the file's schema."""
    return Field(urn, alias="$schema", description="Name of this schema.", json_schema_extra={"const": urn})


class _Untitled(GenerateJsonSchema):
    """Schemas whose fields have no second name beside their own."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's name
        return False


_TYPES: dict[FileName, str] = {  # a back-test's types stand on rooms that an answer does not load
    "answer": "report.answer_json:AnswerFile.schema_dict",
    "donors": "report.donors_page:DonorsFile.schema_dict",
    "decision": "report.decision_json:DecisionFile.schema_dict",
    "months": "report.ahead_json:MonthsFile.schema_dict",
    "neighbours": "report.ahead_json:NeighboursFile.schema_dict",
    "drivers": "report.drivers_page:DriversFile.schema_dict",
    "backtest": "report.backtest_page:BacktestFile.schema_dict",
    "verification": "report.verification_page:VerificationFile.schema_dict",
    "scenario": "question.scenario:scenario_schema",
}


@checked_arguments
def json_schema(file: FileName) -> dict[str, Any]:
    """Give the JSON schema (draft 2020-12) of a file that is written, or of a scenario.

    Parameters
    ----------
    file
        "answer", "decision", "drivers", "donors", "months", "neighbours", "backtest" or "verification": answer.json
        and so on; "scenario": a scenario's TOML.

    Returns
    -------
        The schema as plain content; `x-rests-on` beside a field of answer.json or decision.json says what its numbers
        rest on.

    Raises
    ------
    InputError
        There is no such file.
    """
    return resolve_name(f"tegmen.{_TYPES[file]}")()


def dumps(content: Mapping[str, Any]) -> str:
    """Write content as JSON: sorted keys, one way, and nothing that is not a number."""
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


class DriverPart(Part):
    """An unknown and how the answer hangs on it; standard errors beside the estimates."""

    unknown: str = field("The unknown in plain words.")
    share: MaybeShare = field("First-order share of the variance of the outcome; null where the outcome does not vary.")
    share_error: MaybePositive = field("Standard error of share.")
    total: MaybePositive = field(
        "Share of the variance that remains when all else is known; null where worlds were not drawn twice for it."
    )
    total_error: MaybePositive = field("Standard error of total.")
    evppi: MaybePositive = field(
        "Expected value of knowing it before deciding how many, in units bought in vain (a unit too many costs 1, a "
        "unit too few c/(1-c) at confidence c)."
    )
    evppi_error: MaybePositive = field("Standard error of evppi.")
