"""What the ledger holds: sources, and what they say: statements, meetings, commitments, measures and incidents."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal, get_args

from tegmen.errors import InputError, hidden_fault
from tegmen.terms import Span

Kind = Literal["statement", "meeting", "commitment", "measure", "incident"]
ENTRY_KINDS: tuple[Kind, ...] = get_args(Kind)

Hedge = Literal["exact", "at least", "more than", "at most", "less than", "nearly", "about", "range", "either", "vague"]
HEDGES: tuple[Hedge, ...] = get_args(Hedge)
"""How a number was hedged: "either" is "five or seven", "vague" is "dozens" or "several"; "at least five or seven" is
"at least" with both numbers kept as low and high."""

Stage = Literal["requested", "pledged", "approved", "in transit", "delivered", "lapsed"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""The life of a commitment, in order; the last two end it."""

Role = Literal[
    "launched", "destroyed", "got through", "lost", "damaged", "repaired", "held", "needed", "asked for",
    "pledged", "approved", "ordered", "delivered", "produced", "killed", "injured", "cut off", "trained",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)
"""What happened to what a statement counts: of one attack "launched 16" and "destroyed 14" are two facts, no rivals."""

OPEN = "open"
"""What the source names as a topic without a stage: deliveries whose "status was discussed"."""

ID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Quantity(Span):
    """A quantity as stated: only what the words say; `hedges` turns it into a range by a documented rule.

    Parameters
    ----------
    low, best, high
        What the words give [unit]; None where they give nothing. "More than 100" is low 101, "about 50" is best 50,
        "five or seven" is low 5 and high 7, "600" is all three.
    hedge
        How it was hedged.
    unit
        What is counted, in the source's word: systems, missiles, drones, rounds, EUR.

    Raises
    ------
    InputError
        No number at all, one that is not finite or below zero, or a span out of order.
    """

    hedge: Hedge
    unit: str

    def __post_init__(self) -> None:
        said, faults = self.said, list[str]()
        if not said:
            faults.append("give at least one of them, or leave the quantity out")
        elif not all(0 <= value < math.inf for value in said):  # what is not a number fails, too
            faults.append("allowed are finite numbers from 0 up")
        elif said != sorted(said):
            faults.append("must be low <= best <= high")
        faults = [f"found low {self.low}, best {self.best}, high {self.high}; {fault}" for fault in faults]
        if self.hedge not in HEDGES:
            faults.append(f"hedge: found {self.hedge!r}, allowed: {', '.join(HEDGES)}")
        if fault := hidden_fault(self.unit):
            faults.append(f"unit: {fault}")
        if faults:
            raise InputError("quantity", faults)
        for name, value in (("low", self.low), ("best", self.best), ("high", self.high)):
            if value is not None and (not value or not isinstance(value, float)):
                # One spelling of a number, or 5 and 5.0 would be two entries; adding 0 drops the sign of -0.0.
                object.__setattr__(self, name, float(value) + 0.0)

    @property
    def said(self) -> list[float]:
        """The numbers that the words give, in order."""
        return [value for value in (self.low, self.best, self.high) if value is not None]


@dataclass(frozen=True, slots=True)
class Source:
    """Something published that statements were read in.

    Parameters
    ----------
    publisher, title, url
        Who published it, under which headline, where; text only, nothing is ever fetched.
    published, retrieved
        Date of publication, and the day it was read.
    sha256
        Hash of the text that was read (UTF-8), or empty where only a citation is known.
    reliability, credibility
        The customary letters and digits: source A (reliable) to F (cannot be judged), content 1 (confirmed) to 6
        (cannot be judged).
    note
        Whatever a reader should know.
    """

    publisher: str
    title: str = ""
    url: str = ""
    published: dt.date | None = None
    retrieved: dt.date | None = None
    sha256: str = ""
    reliability: str = "F"
    credibility: str = "6"
    note: str = ""

    def __post_init__(self) -> None:
        faults: list[str] = []
        if not self.publisher.strip():
            faults.append("publisher: found nothing; name who published it")
        if self.reliability not in tuple("ABCDEF"):
            faults.append(f"reliability: found {self.reliability!r}, allowed: one letter A-F")
        if self.credibility not in tuple("123456"):
            faults.append(f"credibility: found {self.credibility!r}, allowed: one digit 1-6")
        if self.sha256 and (len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef")):
            faults.append(f"sha256: found {self.sha256!r}, allowed: 64 hexadecimal digits, or nothing")
        faults += _text_faults(self)
        if faults:
            raise InputError(f"source {self.publisher!r}", faults)

    @property
    def id(self) -> str:
        """Name of the source, from its content: the same source has the same id in every ledger."""
        return f"source-{_digest(self)}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a source says. Nothing is ever changed: a correction is a new entry that names the one it corrects.

    Parameters
    ----------
    kind
        statement (who said what quantity of what), meeting, commitment (one step in the life of a promise), measure
        (sanctions package, forum), incident (airspace violation).
    speaker, via
        Who said it; through whom or hedged how ("Reuters", "Kyiv's calculations", "reportedly").
    thing
        What is counted, promised, done or violated, in the source's words.
    quantity
        As stated; None where no number is given.
    period
        First and last day the quantity is about, inclusive.
    date
        Day of the meeting, incident, statement or step.
    place
        Where.
    participants
        Who met; for a commitment (giver, receiver), as far as named.
    topics
        What a meeting was about.
    status
        For a commitment a `Stage`, or `OPEN` where the source tells none; for a measure in the source's word (open,
        planned, in force, ...); else empty.
    due
        Day a commitment was promised for.
    of
        Id of the entry that began this commitment's life; empty for a beginning.
    source
        Id of the source; empty in a draft that nobody has accepted.
    evidence
        First and past-the-last character of the words in the source's text.
    doubtful
        Whether a person should look before it is used.
    corrects
        Id of the entry this one replaces; empty for none.
    note
        Why it was corrected, why it is doubtful, how a quoted word was read.
    role
        What happened to what is counted, one of `ROLES`; empty where the source does not say, and for a commitment,
        whose status says it.
    """

    kind: Kind
    speaker: str = ""
    via: str = ""
    thing: str = ""
    quantity: Quantity | None = None
    period: tuple[dt.date, dt.date] | None = None
    date: dt.date | None = None
    place: str = ""
    participants: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    status: str = ""
    due: dt.date | None = None
    of: str = ""
    source: str = ""
    evidence: tuple[int, int] | None = None
    doubtful: bool = False
    corrects: str = ""
    note: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        faults: list[str] = []
        if self.kind not in ENTRY_KINDS:
            faults.append(f"kind: found {self.kind!r}, allowed: {', '.join(ENTRY_KINDS)}")
        if self.kind == "commitment" and self.status not in (*STAGES, OPEN):
            faults.append(f"status: found {self.status!r}, a commitment's are: {', '.join((*STAGES, OPEN))}")
        if self.role and self.kind == "commitment":
            faults.append(f"role: found {self.role!r}; a commitment's is its status: leave the role out")
        elif self.role and self.role not in ROLES:
            faults.append(f"role: found {self.role!r}, allowed: {', '.join(ROLES)}, or nothing")
        if self.period is not None and self.period[0] > self.period[1]:
            faults.append(f"period: found {self.period[0]} to {self.period[1]}; the first day must not be the later")
        if self.evidence is not None and not 0 <= self.evidence[0] < self.evidence[1]:
            faults.append(f"evidence: found {self.evidence}; must be 0 <= start < end")
        faults += _text_faults(self)
        if faults:
            raise InputError(f"{self.kind} {self.thing!r}", faults)

    @property
    def id(self) -> str:
        """Name of the entry, from its content: the same statement of the same source has the same id everywhere."""
        return f"{self.kind}-{_digest(self)}"


def _text_faults(item: Source | Entry) -> list[str]:
    """Name the fields whose text holds what cannot be seen."""
    texts = [(name, getattr(item, name)) for name in _defaults(type(item))]
    parts = [(name, part) for name, value in texts for part in (value if isinstance(value, tuple) else (value,))]
    return [f"{name}: {fault}" for name, part in parts if isinstance(part, str) and (fault := hidden_fault(part))]


def as_json(content: object) -> str:
    """Write sources, entries and their parts as JSON in one way only: keys sorted, days as YYYY-MM-DD."""
    return _ENCODER.encode(content)


def stated(item: Source | Entry) -> dict[str, object]:
    """Fields of a source or an entry that say something: those that are not at their default."""
    defaults = _defaults(type(item)).items()
    return {name: value for name, default in defaults if (value := getattr(item, name)) != default}


@cache
def _defaults(kind: type[Source | Entry]) -> dict[str, object]:
    return {field.name: field.default for field in fields(kind)}


def _digest(item: Source | Entry) -> str:
    # Fields at their default are left out, so that a field added later does not rename what is already there.
    return hashlib.sha256(as_json(stated(item)).encode()).hexdigest()[:ID_DIGITS]


def _fields_or_text(value: object) -> object:
    if isinstance(value, Quantity):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


_ENCODER = json.JSONEncoder(default=_fields_or_text, ensure_ascii=False, sort_keys=True)
