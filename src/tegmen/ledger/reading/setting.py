"""What is known around a sentence when it is read, and the words in it that say what is done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tegmen.ledger.entries import Entry, Kind
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import Draft, Reason, reasons
from tegmen.ledger.reading.lexicon import cue_pattern, pattern
from tegmen.ledger.reading.names import Names
from tegmen.ledger.reading.quantities import Count
from tegmen.ledger.reading.sentences import Sentence
from tegmen.ledger.reading.speakers import Attribution, Voice, voice_at

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
    things
        What was counted in the sentence before.
    day
        Expression of time of the paragraph's last attack, for sentences that give none.
    said
        When words before it in the paragraph were said, for quotations that go on.
    others
        Nouns of things named since something was counted, for numbers that have none.
    lead
        What a line of a list takes from the words the list begins with.
    """

    sentence: Sentence
    names: Names
    times: tuple[Time, ...]
    attributions: list[Attribution]
    around: Sequence[tuple[Sentence, list[Attribution]]]
    things: tuple[Count, ...] = ()
    day: Time | None = None
    said: Time | None = None
    lead: Lead | None = None
    others: frozenset[str] = frozenset()

    @property
    def thing(self) -> Count | None:
        """What was counted last, for "of them"; money only where nothing else was."""
        counted = [count for count in self.things if count.group != "money"] or self.things
        return counted[-1] if counted else None

    def draft(self, kind: Kind, position: int, time: Time | None, because: Sequence[Reason], **said: Any) -> Draft:
        """Draft what stands at a position: who says it and when it was, as far as `said` does not tell."""
        voice, sentence = self.voice(position), self.sentence
        fields: dict[str, Any] = {
            "speaker": voice.speaker,
            "via": ", ".join(voice.via),
            "period": None if time is None else time.period,
            "date": None if time is None else time.day,
            "evidence": (sentence.start, sentence.end),
            "doubtful": time is not None and time.doubtful,
        }
        return Draft(Entry(kind, **fields | said), tuple(because))

    def because(self, field: str, span: tuple[int, int] | None, rule: str = "") -> list[Reason]:
        """Give the words between two places of the sentence as the reason for a field; none where there are none."""
        base = self.sentence.start
        return [] if span is None else reasons(field, (base + span[0], base + span[1]), rule=rule)

    def named(self, start: int, end: int) -> list[str]:
        """People named between two places of the sentence, counted from its start."""
        base, tokens = self.sentence.start, self.sentence.tokens
        return self.names.named_in([token for token in tokens if base + start <= token.start < base + end])

    def voice(self, position: int) -> Voice:
        """Who says what stands at a position; of a line of a list, whoever says its lead."""
        voice = voice_at(position, self.sentence, self.around)
        return self.lead.voice if self.lead is not None and not voice.speaker else voice


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
