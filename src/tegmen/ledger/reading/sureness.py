"""Which fields of a draft can be trusted: weights of the signs around each, learnt from labelled articles.

A sign is something that can be seen: which words say what is done and how far off they stand, whether the noun was
taken from another sentence, whether the speaker is named before or behind. The log-odds that a field is right are the
sum of the weights of its signs; it is sure where they reach a threshold. `scripts/weigh_signs.py` learns both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tegmen.data import shipped_toml
from tegmen.ledger.entries import Entry
from tegmen.ledger.reading.dates import DAYS, MONTHS, SPELT, Time
from tegmen.ledger.reading.drafts import Cue, Draft, Setting
from tegmen.ledger.reading.numbers import Count
from tegmen.ledger.reading.speakers import Voice

SIGNED_FIELDS = ("quantity", "role", "speaker", "time")
CLOSE, DISTANT = 15, 50
"""Characters between a number and the words that tell of it: near up to the first, far beyond the second."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a draft of something counted was made from.

    Parameters
    ----------
    setting
        Around its sentence.
    bare, count
        The count as found, and with its noun.
    cue
        Words that say what is done.
    voice
        Who says it.
    times
        What it is about, when it was said, by when it is due.
    counts
        How many things the sentence counts.
    """

    setting: Setting
    bare: Count
    count: Count
    cue: Cue | None
    voice: Voice
    times: tuple[Time | None, Time | None, Time | None]
    counts: int


def settled(draft: Draft) -> Draft:
    """Leave open in a draft what is not sure: its role or stage, its speaker, its time; mark a number that is not."""
    if not draft.signs:
        return draft
    unsure = tuple(field for field, signs in draft.signs if not is_sure(field, signs))
    entry = draft.entry
    if "time" in unsure:
        entry = replace(entry, period=None, date=None, due=None)
    if "speaker" in unsure:
        entry = replace(entry, speaker="")
    if "role" in unsure:
        entry = replace(entry, kind="statement", status="", role="", participants=())
    if "quantity" in unsure:
        entry = replace(entry, doubtful=True)
    return replace(draft, entry=entry, guess=draft.entry, open=(*unsure, *_missing(draft.entry, unsure)))


def _missing(entry: Entry, unsure: tuple[str, ...]) -> Iterator[str]:
    """Fields of something counted that no words were found for."""
    held = {"role": entry.role or entry.status, "speaker": entry.speaker, "time": entry.period or entry.date}
    return (field for field, value in held.items() if not value and field not in unsure)


def is_sure(field: str, signs: tuple[str, ...]) -> bool:
    """Whether the weights of a field's signs reach its threshold; a sign never seen in learning weighs nothing."""
    table = _weight_table()[field]
    return log_odds(table, signs) >= table["threshold"]


def log_odds(table: dict[str, Any], signs: tuple[str, ...]) -> float:
    """Sum of the weights of some signs [log-odds that the field is right]."""
    return table["base"] + sum(table["weights"].get(sign, 0.0) for sign in signs)


@cache
def _weight_table() -> dict[str, Any]:
    return shipped_toml("reading", "weights.toml")


# ---------------------------------------------------------------- what can be seen


def signs_of(told: Told) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Give, for each field that was filled, the signs that it stands on."""
    filled = {
        "quantity": tuple(_number_signs(told)),
        "role": tuple(_role_signs(told, told.cue)) if told.cue is not None else (),
        "speaker": tuple(_speaker_signs(told)) if told.voice.speaker else (),
        "time": tuple(_time_signs(told)) if any(told.times) else (),
    }
    return tuple((field, (*signs, *_sentence_signs(told))) for field, signs in filled.items() if signs)


def _sentence_signs(told: Told) -> Iterator[str]:
    sentence = told.setting.sentence
    if told.counts > 3:
        yield "many counts"
    if len(sentence.tokens) > 35:
        yield "long sentence"
    if sentence.quote_at(sentence.tokens[told.count.first].start) is not None:
        yield "quoted"
    if told.setting.memory.lead is not None:
        yield "line of a list"


def _number_signs(told: Told) -> Iterator[str]:
    bare, count = told.bare, told.count
    yield f"group {count.group}"
    yield f"noun {bare.group if bare.group in {'them', 'next', 'bare'} else 'own'}"
    if bare.group in {"them", "bare"}:
        yield "noun of this sentence" if told.counts > 1 else "noun of another sentence"
    if count.number.weak:
        yield "weak"
    if any(f" {word} " in count.thing for word in ("and", "or", "of", "the")):
        yield "thing of several words"
    if count.number.hedge != "exact":
        yield "hedged"
    if count.number.best == 1 and count.unit.endswith("s"):
        yield "one"


def _role_signs(told: Told, cue: Cue) -> Iterator[str]:
    tokens, count, lead = told.setting.sentence.tokens, told.count, told.setting.memory.lead
    start, end = tokens[count.first].start, tokens[count.past - 1].end
    yield f"group {count.group}"
    yield f"cue {cue.name}"
    if lead is not None and cue is lead.cue:
        return
    behind = cue.start >= end
    gap = cue.start - end if behind else start - cue.end
    yield ("behind" if behind else "before") + (" near" if gap <= CLOSE else " far" if gap > DISTANT else "")
    between = told.setting.sentence.between(*((end, cue.start) if behind else (cue.end, start)))
    if ", " in between or ";" in between:
        yield "comma between"
    if any(character.isdecimal() for character in between):
        yield "number between"
    if told.bare.group in {"them", "next", "bare"}:
        yield "noun borrowed"


def _speaker_signs(told: Told) -> Iterator[str]:
    sentence, voice = told.setting.sentence, told.voice
    start = sentence.tokens[told.count.first].start
    named = "person" if voice.speaker[0].isupper() else "office"
    one = "one name" if voice.speaker[0].isupper() else "one word"
    yield named if " " in voice.speaker else one
    spans = voice.spans[:1] or ((0, 0),)
    if not sentence.start <= spans[0][0] < sentence.end:
        yield "said in another sentence"
    elif spans[0][0] > start:
        yield "said behind"
    else:
        yield "said before" + (" far" if start - spans[0][1] > 2 * DISTANT else "")
    words = sentence.source[slice(*spans[0])].split()
    if words and words[0].lower() in {"he", "she", "it", "they", "the"}:
        yield f"spoken of as {words[0].lower()}"
    if len({a.speaker for _, found in told.setting.around for a in found}) > 1:
        yield "several speakers near"


def _time_signs(told: Told) -> Iterator[str]:
    sentence, (period, said, due) = told.setting.sentence, told.times
    start = sentence.tokens[told.count.first].start
    if said is not None:
        yield "day of saying"
    if due is not None:
        yield "due"
    if period is not None and not sentence.start <= period.start < sentence.end:
        yield "told before"
        yield f"told before, group {told.count.group}"
    elif period is not None:
        gap = period.start - start
        yield ("behind" if gap > 0 else "before") + (" far" if abs(gap) > 2 * DISTANT else "")
        if gap > 0 and "," in sentence.between(start, period.start):
            yield "comma between"
    if period is not None:
        words = sentence.source[period.start : period.end].lower().split()
        yield f"time: {' '.join(map(_kind_of_time, words[:2]))}"
    if period is not None and not period.shorter_than(40):
        yield "long time"
    if len(told.setting.times_of(saying=False)) > 1:
        yield "several times"
    if told.cue is not None:
        yield f"cue {told.cue.name}"


def _kind_of_time(word: str) -> str:
    """What a word of a time is: itself, or a month, a weekday, a number."""
    bare = word.strip(".,")
    if bare in MONTHS:
        return "month"
    return "weekday" if bare in DAYS else "number" if bare[:1].isdecimal() or bare in SPELT else bare
