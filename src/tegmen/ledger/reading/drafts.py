"""What is known around a sentence when it is read, and the drafts that are made of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tegmen.ledger.entries import Entry, Kind, Quantity
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.lexicon import capitals, countries, cue_pattern, pattern, words
from tegmen.ledger.reading.numbers import Count
from tegmen.ledger.reading.sentences import Sentence, low_at
from tegmen.ledger.reading.speakers import Attribution, Names, Voice, voice_at

FIELD_OF: Final = {"status": "role", "note": "role", "period": "time", "date": "time", "due": "time"}
"""The field that words of an entry's field are shown under, where the names differ."""


@dataclass(frozen=True, slots=True)
class Reason:
    """The words that made a field.

    Parameters
    ----------
    field
        Field of the draft.
    start, end
        Place of the words in the text.
    rule
        How they were read, where the words alone do not tell.
    """

    field: str
    start: int
    end: int
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a draft: whether it can be trusted, and the words it stands in.

    Parameters
    ----------
    name
        Field of the entry; "role" is what happened, of a commitment its status, and "time" is day and period.
    sure
        Whether it can be trusted; what is not sure is left open in the entry, but for the quantity and the thing.
    spans
        Places of its words in the text, (start, past the end); none where no words tell it.
    """

    name: str
    sure: bool
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry nobody has accepted yet, and why it reads as it does.

    Parameters
    ----------
    entry
        The entry, without a source: what is sure, and what is counted.
    because
        One reason a field, in the order they were read.
    guess
        The entry as read with every field filled, sure or not: what a person may take over; None for the entry itself.
    open
        Names of the fields that are not sure.
    signs
        By field, what its sureness is judged by.
    """

    entry: Entry
    because: tuple[Reason, ...] = ()
    guess: Entry | None = None
    open: tuple[str, ...] = ()
    signs: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field that was read or is open, with its words."""
        spans: dict[str, list[tuple[int, int]]] = {name: [] for name in self.open}
        for reason in self.because:
            name = FIELD_OF.get(reason.field, reason.field)
            spans.setdefault(name, []).append((reason.start, reason.end))
        return tuple(Field(name, name not in self.open, tuple(dict.fromkeys(at))) for name, at in spans.items())


@dataclass(frozen=True, slots=True)
class Mark:
    """A number or a name in the text, to be shown to a person.

    Parameters
    ----------
    kind
        "number" or "name".
    start, end
        Its place.
    drafts
        Which drafts (counted from 0) stand on it; none for a number that made no draft.
    """

    kind: Literal["number", "name"]
    start: int
    end: int
    drafts: tuple[int, ...] = ()


def reasons(field: str, *spans: tuple[int, int], rule: str = "") -> list[Reason]:
    """Give one reason a place in the text."""
    return [Reason(field, start, end, rule) for start, end in spans]


def draft_json(draft: Draft, text: str) -> dict[str, object]:
    """Turn a draft into what `--json` prints; absent things are null or an empty list."""
    entry = draft.entry
    return {
        "kind": entry.kind,
        "speaker": entry.speaker or None,
        "via": entry.via or None,
        "thing": entry.thing or None,
        "quantity": None if entry.quantity is None else quantity_json(entry.quantity),
        "period": None if entry.period is None else [day.isoformat() for day in entry.period],
        "date": None if entry.date is None else entry.date.isoformat(),
        "place": entry.place or None,
        "participants": [name for name in entry.participants if name],
        "topics": list(entry.topics),
        "status": entry.status or None,
        "role": entry.role or {"requested": "asked for"}.get(entry.status, entry.status) or None,
        "open": list(draft.open),
        "doubtful": entry.doubtful,
        "evidence": None if entry.evidence is None else list(entry.evidence),
        "because": {
            reason.field: {
                "words": text[reason.start : reason.end],
                "at": [reason.start, reason.end],
                **({"rule": reason.rule} if reason.rule else {}),
            }
            for reason in reversed(draft.because)
        },
    }


def quantity_json(quantity: Quantity) -> dict[str, object]:
    """Turn a quantity into JSON; whole numbers are written as such."""
    return {
        **{name: _as_whole(getattr(quantity, name)) for name in ("low", "best", "high")},
        "hedge": quantity.hedge,
        "unit": quantity.unit,
    }


def _as_whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and float(value).is_integer() and abs(value) < 2**53 else value


def show_draft(draft: Draft, text: str) -> str:
    """Write a draft as a few lines for a reader: first what it says, then the words it says it by."""
    entry = draft.entry
    lines = [f"{entry.kind}{' (doubtful)' if entry.doubtful else ''}: {entry.thing}"]
    if entry.quantity is not None:
        lines.append(f"  quantity: {show_quantity(entry.quantity)}")
    for name, value in (
        ("speaker", entry.speaker),
        ("via", entry.via),
        ("period", show_period(entry.period)),
        ("date", entry.date),
        ("place", entry.place),
        ("participants", ", ".join(filter(None, entry.participants))),
        ("topics", "; ".join(entry.topics)),
        ("status", entry.status),
        ("role", entry.role),
        ("note", entry.note),
    ):
        if value:
            lines.append(f"  {name}: {value}")
    if draft.open:
        lines.append(f"  open: {', '.join(draft.open)}")
    if entry.evidence is not None:
        start, end = entry.evidence
        lines.append(f"  words {start}-{end}: {' '.join(text[start:end].split())}")
    for reason in draft.because:
        rule = f" ({reason.rule})" if reason.rule else ""
        lines.append(f"    {reason.field}: '{' '.join(text[reason.start : reason.end].split())}'{rule}")
    return "\n".join(lines)


def show_quantity(quantity: Quantity) -> str:
    """Write a quantity with its hedge: "low 101, more than [systems]"."""
    values = [
        f"{name} {_as_whole(value):,}"
        for name in ("low", "best", "high")
        if (value := getattr(quantity, name)) is not None
    ]
    return f"{', '.join(values)}, {quantity.hedge} [{quantity.unit}]"


def show_period(period: tuple[dt.date, dt.date] | None) -> str:
    """Write a period: one day once, else both."""
    if period is None:
        return ""
    first, last = period
    return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"


# ---------------------------------------------------------------- around a sentence


STAGE_OF_CUE = {
    "requested": "requested",
    "pledged": "pledged",
    "contained": "pledged",
    "giving": "delivered",
    "approved": "approved",
    "transit": "in transit",
    "lapsed": "lapsed",
    "delivered": "delivered",
}


Place = tuple[str, tuple[tuple[int, int], ...]]
"""Name of a place, and where in the text it stands."""
NOWHERE: Place = ("", ())


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that say what is done with what is counted."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lead:
    """What the lines of a list take from the words it begins with: "Germany announced on Monday:"."""

    cue: Cue
    voice: Voice
    parties: tuple[str, ...]
    time: Time | None
    said: Time | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit or a round of meetings: who, when and where, for meetings that follow without day or place."""

    person: str
    date: Time | None
    place: Place


@dataclass(slots=True)
class ToldBefore:
    """What the sentences before tell the next one.

    Parameters
    ----------
    subject
        Whom "he" means.
    visit
        The visit told last.
    things
        What was counted in the last sentence that counts, the last of it last.
    others
        Nouns of things named since something was counted, for numbers that have none.
    day, day_from
        Expression of time of the last attack, for sentences that give none, and its paragraph.
    said, said_in
        When words before it were said, for quotations that go on, and the paragraph.
    recent
        The day told last, for "that night".
    lead
        What a line of a list takes from the words the list begins with.
    """

    subject: str = ""
    visit: Visit | None = None
    things: tuple[Count, ...] = ()
    others: frozenset[str] = frozenset()
    day: Time | None = None
    day_from: int = 0
    said: Time | None = None
    said_in: int = -1
    recent: Time | None = None
    lead: Lead | None = None

    @property
    def thing(self) -> Count | None:
        """What was counted last, for "of them"; money only where nothing else was."""
        counted = [count for count in self.things if count.group != "money"] or self.things
        return counted[-1] if counted else None


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around a sentence when it is read.

    Parameters
    ----------
    sentence
        The sentence.
    names
        Full names of the people in the text.
    times
        Expressions of time in it.
    attributions
        Who says it.
    around
        The sentences of its paragraph, with their attributions.
    memory
        What was told before.
    """

    sentence: Sentence
    names: Names
    times: tuple[Time, ...]
    attributions: list[Attribution]
    around: Sequence[tuple[Sentence, list[Attribution]]]
    memory: ToldBefore

    def times_of(self, *, saying: bool) -> list[Time]:
        """Times that say when words were said, or the others."""
        return [time for time in self.times if is_saying(self, time) == saying]

    def draft(self, kind: Kind, because: Sequence[Reason], time: Time | None, place: Place, **said: Any) -> Draft:
        """Draft what some words tell: who says it, when and where it was, as far as `said` does not tell."""
        voice, sentence = self.voice(because[0].start), self.sentence
        fields: dict[str, Any] = {
            "speaker": voice.speaker,
            "via": ", ".join(voice.via),
            "period": None if time is None else time.period,
            "date": None if time is None else time.day,
            "place": place[0],
            "evidence": (sentence.start, sentence.end),
            "doubtful": time is not None and time.doubtful,
        }
        words_of = [("speaker", voice.spans[:1]), ("via", voice.spans[1:]), ("place", place[1])]
        because = [*because, *(reason for field, spans in words_of for reason in reasons(field, *spans))]
        return Draft(Entry(kind, **fields | said), tuple(because))

    def because(self, field: str, span: tuple[int, int] | None, rule: str = "") -> list[Reason]:
        """Give the words between two places of the sentence as the reason for a field; none where there are none."""
        base = self.sentence.start
        return [] if span is None else reasons(field, (base + span[0], base + span[1]), rule=rule)

    def by_time(self, field: str, time: Time | None) -> list[Reason]:
        """Give the words that tell a time, and how they were resolved, as the reason for a field."""
        if time is None:
            return []
        told = "" if self.sentence.start <= time.start < self.sentence.end else "told before; "
        return [Reason(field, time.start, time.end, told + time.rule)]

    def named(self, start: int, end: int) -> list[str]:
        """People named between two places of the sentence, counted from its start."""
        base, tokens = self.sentence.start, self.sentence.tokens
        return self.names.named_in([token for token in tokens if base + start <= token.start < base + end])

    def voice(self, position: int) -> Voice:
        """Who says what stands at a position; of a line of a list, whoever says its lead."""
        voice = voice_at(position, self.sentence, self.around)
        return voice if voice.speaker or self.memory.lead is None else self.memory.lead.voice


def find_cues(sentence: Sentence) -> list[Cue]:
    """Find the words of a sentence that say what is done with what it counts."""
    return [
        Cue(str(match.lastgroup).replace("_", " "), sentence.start + match.start(), sentence.start + match.end())
        for match in cue_pattern().finditer(sentence.text)
    ]


def is_saying(setting: Setting, time: Time) -> bool:
    """Whether a time says when words were said: "said on Monday", "On Monday, Kuleba told"."""
    sentence = setting.sentence
    for a in setting.attributions:
        if sentence.source[a.end - 1] == ":":
            continue  # "Air Force: on the night of 29 October": what follows the colon is said, and not when
        behind = sentence.between(a.end, time.start)
        if a.end <= time.start and len(behind) < 70 and not pattern("other_act").search(behind):
            return True
        ahead = sentence.between(time.end, a.start)
        brief = time.first is None or time.shorter_than(3)  # "This year, he said": the year is no day of saying
        if brief and time.end <= a.start and re.fullmatch(r",?\s?", ahead) and time.start - sentence.start < 12:
            return True
    return False


# ---------------------------------------------------------------- where


def countries_in(sentence: Sentence, start: int, end: int) -> list[tuple[str, tuple[int, int]]]:
    """Countries named between two places of the text, each with where; one named twice running stands once."""
    tokens, found = sentence.tokens, list[tuple[str, tuple[int, int]]]()
    for index, token in enumerate(tokens):
        if start <= token.start < end:
            pair = f"{token.text} {tokens[index + 1].bare if index + 1 < len(tokens) else ''}"
            name = countries().get(pair) or countries().get(token.bare)
            if name is not None and (not found or found[-1][0] != name):
                found.append((name, (token.start, token.end)))
    return found


def place_named(sentence: Sentence, before: frozenset[str], start: int) -> Place:
    """First city or country behind a place of the text with one of some words in front, else one before it."""
    tokens, found = sentence.tokens, list[Place]()
    for index, token in enumerate(tokens):
        lead = index - 1 - (low_at(tokens, index - 1) == "the")
        if low_at(tokens, lead) not in before or (lead and tokens[lead - 1].text in words("governs")):
            continue  # "the ministry in Bucharest"
        name, end = token.bare, token.end
        if low_at(tokens, index + 1) == "capital":  # "Belgium's capital"
            name, end = capitals().get(name, ""), tokens[index + 1].end
        elif index + 1 < len(tokens) and f"{token.text} {tokens[index + 1].bare}" in words("cities"):
            name, end = f"{token.text} {tokens[index + 1].bare}", tokens[index + 1].end
        land = countries().get(name) == name and name not in {"NATO", "EU"}
        if land or name in words("cities") or name in capitals().values():
            found.append((name, ((token.start, end),)))
    return next((place for place in found if place[1][0][0] >= start), (found or [NOWHERE])[0])
