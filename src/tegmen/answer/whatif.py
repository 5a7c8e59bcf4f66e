"""One number replaced, everything else as it was: what the answer would be, and how it moves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, get_args

import pandas as pd
from pydantic import ValidationError

from tegmen.answer.results import GoalAnswer, Sufficiency, range_text
from tegmen.answer.sufficiency import Effort, sufficiency
from tegmen.calibration.fit import Calibration
from tegmen.errors import InputError, checked_arguments
from tegmen.question.numbers import gather
from tegmen.question.scenario import Scenario, Total, faults_of
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, Progress

LowBestHigh = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An answer before and after one number was replaced; same seed, same effort.

    Parameters
    ----------
    id, was, now
        Which number; what stood there and what stands there now, in words.
    before, after
        Both answers, whole.
    """

    id: str
    was: tuple[str, ...]
    now: tuple[str, ...]
    before: Sufficiency
    after: Sufficiency

    def to_pandas(self) -> pd.DataFrame:
        """One row a case and goal: n and its range before and after, and whether the change is beyond sampling error.

        The probability compared is that at the number that was enough before (the largest tried where none was); the
        two answers draw their worlds apart, so the error of the difference is that of two independent ones.
        """
        rows: list[dict[str, object]] = []
        for case in self.before.cases:
            for old, new in zip(self.before.cases[case].goals, self.after.cases[case].goals, strict=True):
                at = int(old.added[-1]) if old.n is None else old.n
                (p, e), (q, f) = _point(old, at), _point(new, at)
                rows.append(
                    {
                        "case": case, "goal": old.goal.name, "n": _n(old), "n now": _n(new),
                        "range": range_text(old), "range now": range_text(new), "at": at, "P": p, "P now": q,
                        "moved": bool(abs(q - p) > 2 * (e * e + f * f) ** 0.5),
                    }
                )  # fmt: skip
        return pd.DataFrame(rows)


@checked_arguments
def what_if(  # noqa: PLR0913 - the question, what is replaced, and how to compute
    scenario: Scenario,
    calibration: Calibration,
    replaced: tuple[str, LowBestHigh, str],
    *,
    seed: int = 1,
    effort: Effort | None = None,
    cases: Sequence[EvidenceCase] = EVIDENCE_CASES,
    progress: Progress | None = None,
) -> WhatIf:
    """Answer the scenario as it is and with one number replaced.

    Parameters
    ----------
    replaced
        Id of the number (as `tegmen why` prints it: a catalogue row, a number of the question, or a ledger entry that
        numbers of the question are taken from); (low, best, high) to put there; where that was read.

    Raises
    ------
    InputError
        No number has this id, or the values are not allowed there.
    """
    changed = replace_number(scenario, *replaced)
    before = sufficiency(scenario, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    after = sufficiency(changed, calibration, seed=seed, effort=effort, cases=cases, progress=progress)
    return WhatIf(replaced[0], _words(before, replaced[0]), _words(after, replaced[0], before), before, after)


@checked_arguments
def replace_number(scenario: Scenario, number: str, span: LowBestHigh, source: str) -> Scenario:
    """Put other values in place of a number; the new scenario says so itself and has a hash of its own.

    Raises
    ------
    InputError
        As in `what_if`.
    """
    if not source.strip():
        raise InputError("source", ["found nothing; say where the new value was read, or that it is an assumption"])
    content = scenario.model_dump()
    rows = [row.id for row in gather(scenario, ()).numbers if row.entry == number] or [number]
    tested = [claim for claim, own in zip(content["claims"], scenario.claims, strict=True) if scenario.tests(own)]
    for row in rows:
        _put(content, tested, (row, span, source))
    try:
        changed = Scenario.model_validate(content)
    except ValidationError as error:
        raise InputError(f"what-if {number}", faults_of(error)) from None
    return changed.model_copy(update={"sha256": hashlib.sha256(changed.model_dump_json().encode()).hexdigest()})


def _put(content: dict[str, Any], tested: Sequence[dict[str, Any]], replaced: tuple[str, LowBestHigh, str]) -> None:
    """Change one number in the content of a scenario; a number that is no span takes one value only.

    Parameters
    ----------
    tested
        The claims of the content that an answer numbers.
    replaced
        Id of the number, its new values, and where they were read.
    """
    number, span, source = replaced
    kind, _, name = number.partition("/")
    if kind == "official" and name in get_args(Total):
        official = content["official"]
        official[name] = _one(number, span)
        official["source"] = f"{source} ({name}); {official['source']}"
        official["entries"].pop(name, None)
    elif kind == "claims" and name in map(str, range(len(tested))):
        tested[int(name)].update(added=_one(number, span), source=source, entry="")
    elif kind == "held" and name in {f"{row['system']}/{row['since']}" for row in content["held"]}:
        low, best, high = span
        for row in content["held"]:
            if name == f"{row['system']}/{row['since']}":
                row |= {"low": low, "best": best, "high": high, "source": source, "entry": ""}
    elif number == "rounds/added_a_month":
        content["rounds"] |= {"added_a_month": float(_one(number, span)), "source": source, "entry": ""}
    elif kind == "places" and name.rpartition("/")[0] in {place["name"] for place in content["places"]}:
        where, _, key = name.rpartition("/")
        for place in content["places"]:
            if place["name"] == where:
                value = _one(number, span) if key == "population" else span[1]
                place |= {key: value, "source": source, "entry": ""}
    else:
        low, best, high = span
        kept = [row for row in content["replace"] if row["id"] != number]
        content["replace"] = (*kept, {"id": number, "low": low, "best": best, "high": high, "source": source})


def _one(number: str, span: LowBestHigh) -> int:
    low, best, high = span
    if not low == best == high or best != int(best):
        raise InputError(f"what-if {number}", [f"found {low:g}, {best:g}, {high:g}; allowed is one whole number here"])
    return int(best)


@checked_arguments
def parse_span(text: str) -> LowBestHigh:
    """Read "12" (one value), or "10,12,15" (low, best, high).

    Raises
    ------
    InputError
        Neither one number nor three in order.
    """
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) == 1:
        values = values * 3
    if len(values) != 3 or not all(map(isfinite, values)) or values != sorted(values):
        raise InputError("VALUE", [f"found {text!r}; give one number (12), or low, best and high in order (10,12,15)"])
    return values[0], values[1], values[2]


def _words(answer: Sufficiency, number: str, before: Sufficiency | None = None) -> tuple[str, ...]:
    """The numbers of this id, or those taken from the ledger entry of this id (before it was replaced), in words."""
    named = {row.id for row in (before or answer).evidence.numbers if number in (row.id, row.entry)}
    return tuple(
        f"{row.id}: {row.what}, {row.span} ({row.source})" for row in answer.evidence.numbers if row.id in named
    )


def _n(answer: GoalAnswer) -> str:
    return "none" if answer.n is None else str(answer.n)


def _point(answer: GoalAnswer, added: int) -> tuple[float, float]:
    """Probability and error at a number; at the nearest tried where the second answer did not try it."""
    at = int(abs(answer.added - added).argmin())
    return float(answer.probability[at]), float(answer.mcse[at])
