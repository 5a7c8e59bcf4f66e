"""A number of a written answer walked down to its sources, by what the answer's schema says each field rests on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tegmen.errors import InputError, checked_arguments, validation_faults
from tegmen.ledger.entries import Quantity, as_json
from tegmen.ledger.hedges import in_words
from tegmen.ledger.jsonl import entries_of, parsed_json, sources_of
from tegmen.question.numbers import RECORD_SOURCE, assumptions
from tegmen.report.ahead_json import MonthsFile, NeighboursFile
from tegmen.report.answer_json import AnswerFile, NumberPart
from tegmen.report.decision_json import DecisionFile
from tegmen.report.donors_page import DonorsFile
from tegmen.report.json_files import FileName, json_schema
from tegmen.terms import Span

_DAMAGE_SHOWN = 5
_FILES: dict[FileName, type[AnswerFile | DecisionFile | DonorsFile | MonthsFile | NeighboursFile]] = {
    "answer": AnswerFile,
    "decision": DecisionFile,
    "donors": DonorsFile,
    "months": MonthsFile,
    "neighbours": NeighboursFile,
}


@dataclass(frozen=True, slots=True)
class Link:
    """One step of a chain: what it is, in words, and what it rests on."""

    id: str
    text: str
    rests_on: tuple[Link, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain nested content."""
        return {"id": self.id, "text": self.text, "rests_on": [link.to_json() for link in self.rests_on]}


@checked_arguments
def why(answer: str) -> Link:
    """Trace a number of an answer.json, decision.json, donors.json, months.json or neighbours.json to its sources.

    Parameters
    ----------
    answer
        "FILE#/pointer", the pointer as in RFC 6901, e.g. "out/march-2024/answer.json#/cases/posted/n".

    Raises
    ------
    InputError
        No such file, not an answer of tegmen, or nothing at the pointer; the message says what there is.
    """
    path, _, pointer = answer.partition("#")
    if pointer and not pointer.startswith("/"):
        raise InputError(answer, [f"found {pointer!r} after the #; a pointer is nothing, or begins with /"])
    content = _read_answer(path)
    value, case, rests_on, description = _look_up(content, pointer, path)
    number = json.dumps(value, ensure_ascii=False) if not isinstance(value, dict | list) else f"{len(value)} values"
    return Link(f"{path}#{pointer}", f"{number}: {description}", tuple(_links(content, rests_on, case, pointer)))


def _read_answer(path: str) -> dict[str, Any]:
    """Content of a file, held against its schema, and its entries and sources against their ids."""
    try:
        content = parsed_json(Path(path).read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(path, [f"cannot be read ({reason}); `tegmen answer` writes an answer.json"]) from None
    except (ValueError, InputError):
        raise InputError(path, ["not JSON; give an answer.json that `tegmen answer` wrote"]) from None
    if not isinstance(content, dict) or not isinstance(content.get("evidence"), dict):
        raise InputError(path, ["no evidence in it; give an answer.json that this version of `tegmen answer` wrote"])
    if faults := _damage(content):
        todo = "damaged, or of another version: give an answer.json as this version of `tegmen answer` wrote it"
        raise InputError(path, [f"{fault}; {todo}" for fault in faults[:_DAMAGE_SHOWN]])
    return content


def _damage(content: dict[str, Any]) -> list[str]:
    try:
        file = _FILES[_file_kind(content)].model_validate(content)
    except ValidationError as error:
        return validation_faults(error.errors(), lambda _place: ["those of the schema"])
    evidence = file.evidence
    cited = [number.entry for number in evidence.numbers if number.entry]
    faults = [f"entry {name}: named by a number, and not there" for name in cited if name not in evidence.entries]
    of_source = {"kind": "source"}
    for read_back, rows, kind in ((entries_of, evidence.entries, {}), (sources_of, evidence.sources, of_source)):
        try:
            read_back([as_json({**row, **kind, "id": name}) for name, row in rows.items()])
        except InputError as error:
            faults += [f"{error.where}: {fault}" for fault in error.faults]
    return faults


def _file_kind(content: Mapping[str, Any]) -> FileName:
    """Which file it is: the name of its schema says so; without one that is known it is taken for an answer."""
    named = content.get("$schema")
    for kind, file in _FILES.items():
        if file.model_fields["schema_"].default == named:
            return kind
    return "answer"


def _look_up(content: dict[str, Any], pointer: str, path: str) -> tuple[Any, str, tuple[str, ...], str]:
    """Value at a pointer, its evidence case, what the schema says it rests on, and how it describes it."""
    root = json_schema(_file_kind(content))
    at, value, rests_on, description = root, content, (), root["title"]
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for depth, step in enumerate(steps):
        known = _names(value)
        if step not in known:
            there = ", ".join(known[:40]) or "nothing further down"
            where = "/".join(["", *steps[:depth]]) or "the top"
            raise InputError(f"{path}#{pointer}", [f"nothing named {step!r} at {where}; there are: {there}"])
        at = _below(at, step, root)
        value = value[step] if isinstance(value, dict) else value[int(step)]
        rests_on = tuple(at.get("x-rests-on", rests_on))
        description = at.get("description", description)
    case = steps[1] if len(steps) > 1 and steps[0] == "cases" else ""
    return value, case, rests_on, description


def _names(value: Any) -> list[str]:
    """What a step further down may be called."""
    if isinstance(value, dict):
        return list(value)
    return [str(i) for i in range(len(value))] if isinstance(value, list) else []


def _below(at: dict[str, Any], step: str, root: dict[str, Any]) -> dict[str, Any]:
    """The part of the schema that describes a step further down; what stands beside a $ref counts first."""
    at = _not_null(at, root)
    below: Any = at.get("properties", {}).get(step) or at.get("additionalProperties") or at.get("items")
    if not isinstance(below, dict):
        prefix = at.get("prefixItems", [])
        below = prefix[int(step)] if step.isdigit() and int(step) < len(prefix) else {}
    return _not_null(below, root)


def _not_null(part: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A part with what it refers to put in its place; of a part that may be null what it is where it is not."""
    own = {key: value for key, value in part.items() if key not in ("$ref", "anyOf")}
    if "anyOf" in part:
        part = next(choice for choice in part["anyOf"] if choice.get("type") != "null")
    return (root["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part) | own


def _links(content: dict[str, Any], rests_on: Sequence[str], case: str, pointer: str) -> list[Link]:
    makers: dict[str, Callable[[], list[Link]]] = {
        "record": lambda: [_record_link(content)],
        "catalogue": lambda: [_group(content, "catalogue")],
        "official": lambda: [_group(content, "official")],
        "claimed": lambda: [_group(content, "official")] if case == "claimed" else [],
        "held": lambda: [_group(content, "held")],
        "rounds": lambda: [_group(content, "rounds")],
        "places": lambda: [_group(content, "place")],
        "claim": lambda: _claim_links(content, pointer),
        "choice": lambda: [Link("choice", f"chosen in the scenario {content['scenario']!r}; not evidence")],
        "number": lambda: _own_links(content, pointer),
        "holder": lambda: _holder_links(content, pointer),
        "entries": lambda: _told_links(content, pointer),
        "coming": lambda: _coming_links(content),
        "price": lambda: [_listed(content, "prices", "prices and rates")],
        "holders": lambda: [_listed(content, "holders", _HOLDERS_TOLD)],
        "assumptions": lambda: [_assumptions()],
        "method": lambda: [Link("method", f"computed by tegmen {content['tegmen_version']}, seed {content['seed']}")],
    }
    return [link for role in rests_on for link in makers[role]() if link.rests_on or link.id in _LEAVES]


_GROUPS = {
    "official": "official totals",
    "claim": "public claims",
    "held": "fire units in service, given by the scenario",
    "rounds": "rounds that come with added units",
    "place": "places given by the scenario",
    "holder": "what is known of holders",
    "catalogue": "catalogue rows that worlds are drawn from",
}
"""Role of numbers to what they are called together."""
_HOLDERS_TOLD = "who could give what, and when"
_LEAVES = ("choice", "method", "record")


def _record_link(content: dict[str, Any]) -> Link:
    hashes = [f"{name} sha256 {digest}" for name, digest in content["inputs"].items() if name.startswith("record")]
    return Link("record", f"the attack record until {content['until']}: {RECORD_SOURCE}; {'; '.join(hashes)}")


def _group(content: dict[str, Any], role: str) -> Link:
    numbers = [_number_link(content, number) for number in content["evidence"]["numbers"] if number["role"] == role]
    return Link(role, f"{_GROUPS[role]} ({len(numbers)})", tuple(numbers))


def _listed(content: dict[str, Any], name: str, words: str) -> Link:
    """Numbers whose ids a list of the file has."""
    rows = [row for row in content["evidence"]["numbers"] if row["id"] in content[name]]
    return Link(name, f"{words} ({len(rows)})", tuple(_number_link(content, row) for row in rows))


def _claim_links(content: dict[str, Any], pointer: str) -> list[Link]:
    if "/claims/" not in pointer:
        return [_group(content, "claim")]
    claim = f"claims/{pointer.split('/claims/', 1)[1].split('/', 1)[0]}"
    return [_number_link(content, number) for number in content["evidence"]["numbers"] if number["id"] == claim]


def _own_links(content: dict[str, Any], pointer: str) -> list[Link]:
    steps = pointer.split("/")
    if steps[2:3] == ["numbers"] and len(steps) > 3:
        return [_number_link(content, content["evidence"]["numbers"][int(steps[3])])]
    return [_group(content, role) for role in _GROUPS]


def _named_nearest(content: dict[str, Any], pointer: str, key: str) -> list[str] | None:
    """The ids under a key of the nearest part on the way to a pointer that has it; None where none does."""
    value: Any = content
    named: list[str] | None = None
    for step in pointer.split("/")[1:]:
        value = value[step] if isinstance(value, dict) else value[int(step)]
        named = value.get(key, named) if isinstance(value, dict) else named
    return named


def _holder_links(content: dict[str, Any], pointer: str) -> list[Link]:
    """Numbers that the nearest part on the way to a pointer names; all where none does."""
    named = _named_nearest(content, pointer, "numbers")
    if named is None:
        return [_group(content, "holder")]
    return [_number_link(content, number) for number in content["evidence"]["numbers"] if number["id"] in named]


def _told_links(content: dict[str, Any], pointer: str) -> list[Link]:
    """Lines of the ledger that the nearest part on the way to a pointer names; all that the answer names where none."""
    named = _named_nearest(content, pointer, "entries")
    if named:
        return [_entry_link(content, id_) for id_ in named]
    told = [_entry_link(content, id_) for id_, row in content["evidence"]["entries"].items() if _is_told(row)]
    return [Link("entries", f"lines of the ledger ({len(told)})", tuple(told))]


def _coming_links(content: dict[str, Any]) -> list[Link]:
    """What makes the units of a decision come: prices, and who could give; nothing where arrivals are asked for."""
    if "holders" not in content:
        return []
    return [_listed(content, "prices", "prices and rates"), _listed(content, "holders", _HOLDERS_TOLD)]


def _is_told(row: Mapping[str, Any]) -> bool:
    """Whether an entry tells of a border: a crossing, what was looked for, or what was said of firing."""
    return row["kind"] in {"incident", "measure"} or row.get("thing", "").startswith("airspace violations")


def _number_link(content: dict[str, Any], row: dict[str, Any]) -> Link:
    number = NumberPart.model_validate(row)
    below: list[Link] = []
    if number.entry:
        below.append(_entry_link(content, number.entry))
    checked = {True: "", False: " [not checked against its source]", None: ""}[number.verified]
    if number.source:
        below.append(Link("source", f"{number.source}{checked}"))
    span = Span(number.low, number.best, number.high)
    return Link(number.id, f"{number.what}: {span} {number.unit}", tuple(below))


def _entry_link(content: dict[str, Any], id_: str) -> Link:
    """An entry of the ledger, the range read in it, and its source."""
    entry = content["evidence"]["entries"][id_]
    source = content["evidence"]["sources"].get(entry.get("source", ""))
    rests_on = [Link(entry["source"], _source_words(source))] if source else []
    read_as, *made = content["evidence"]["ranges"].get(id_, [""])
    if read_as and len(set(made)) > 1:
        rests_on.insert(0, Link("range", f"read as {read_as}: {'; '.join(made)}"))
    return Link(id_, _entry_words(entry), tuple(rests_on))


def _entry_words(entry: Mapping[str, Any]) -> str:
    """An entry as one line: who, through whom, what, when."""
    who = entry.get("speaker") or entry["kind"]
    via = f" (via {entry['via']})" if entry.get("via") else ""
    quantity = entry.get("quantity")
    amount = f"{in_words(Quantity(**quantity))}, of " if quantity else ""
    when = " to ".join(entry["period"]) if entry.get("period") else entry.get("date", "")
    return f"{who}{via}: {amount}{entry.get('thing', '')}{', ' + when if when else ''}"


def _source_words(source: Mapping[str, Any]) -> str:
    parts = [source["publisher"], source.get("published", ""), source.get("title", ""), source.get("url", "")]
    return f"{', '.join(part for part in parts if part)} [reliability {source['reliability']}{source['credibility']}]"


def _assumptions() -> Link:
    listed = assumptions()
    return Link("assumptions", f"assumptions of the method ({len(listed)})", tuple(
        Link(assumption["id"], assumption["text"]) for assumption in listed
    ))  # fmt: skip
