"""Which fields of a draft can be trusted: weights of the signs around each, learnt from labelled articles.

A sign is something that can be seen: which words say what is done and how far off they stand, whether the noun was
taken from another sentence, whether the speaker is named before or behind. The log-odds that a field is right are the
sum of the weights of its signs; it is sure where they reach a threshold. `scripts/weigh_signs.py` learns both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tegmen.data import shipped_toml
from tegmen.ledger.entries import Entry
from tegmen.ledger.reading.dates import DAYS, MONTHS, SPELT, Time
from tegmen.ledger.reading.drafts import Cue, Draft, Setting
from tegmen.ledger.reading.numbers import NOUNLESS, Count
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
        "quantity": _number_signs(told),
        "role": {} if told.cue is None else _role_signs(told, told.cue),
        "speaker": _speaker_signs(told) if told.voice.speaker else {},
        "time": _time_signs(told) if any(told.times) else {},
    }
    around = _sentence_signs(told)
    seen = {field: tuple(sign for sign, there in (signs | around).items() if there) for field, signs in filled.items()}
    return tuple((field, seen[field]) for field, signs in filled.items() if signs)


def _sentence_signs(told: Told) -> dict[str, bool]:
    sentence = told.setting.sentence
    return {
        "many counts": told.counts > 3,
        "long sentence": len(sentence.tokens) > 35,
        "quoted": sentence.quote_at(sentence.tokens[told.count.first].start) is not None,
        "line of a list": told.setting.memory.lead is not None,
    }


def _number_signs(told: Told) -> dict[str, bool]:
    bare, count = told.bare, told.count
    borrowed = bare.group in {"them", "bare"}
    return {
        f"group {count.group}": True,
        f"noun {bare.group if bare.group in NOUNLESS else 'own'}": True,
        "noun of this sentence": borrowed and told.counts > 1,
        "noun of another sentence": borrowed and told.counts <= 1,
        "weak": count.number.weak,
        "thing of several words": any(f" {word} " in count.thing for word in ("and", "or", "of", "the")),
        "hedged": count.number.hedge != "exact",
        "one": count.number.best == 1 and count.unit.endswith("s"),
    }


def _role_signs(told: Told, cue: Cue) -> dict[str, bool]:
    tokens, count, lead = told.setting.sentence.tokens, told.count, told.setting.memory.lead
    start, end = tokens[count.first].start, tokens[count.past - 1].end
    behind = cue.start >= end
    first, last = (end, cue.start) if behind else (cue.end, start)
    between = told.setting.sentence.between(first, last)
    here = lead is None or cue is not lead.cue
    side = ("behind" if behind else "before") + _how_far(last - first, DISTANT, CLOSE)
    return {f"group {count.group}": True, f"cue {cue.name}": True, side: here} | {
        "comma between": here and (", " in between or ";" in between),
        "number between": here and any(character.isdecimal() for character in between),
        "noun borrowed": here and told.bare.group in NOUNLESS,
    }


def _speaker_signs(told: Told) -> dict[str, bool]:
    sentence, voice = told.setting.sentence, told.voice
    start = sentence.tokens[told.count.first].start
    first, past = (voice.spans or ((0, 0),))[0]
    person, several = voice.speaker[0].isupper(), " " in voice.speaker
    elsewhere = not sentence.start <= first < sentence.end
    behind = "said behind" if first > start else "said before" + _how_far(start - past, 2 * DISTANT)
    called = sentence.source[first:past].lower().split()[:1]
    return {
        ("person" if person else "office") if several else ("one name" if person else "one word"): True,
        "said in another sentence" if elsewhere else behind: True,
        f"spoken of as {''.join(called)}": bool({*called} & {"he", "she", "it", "they", "the"}),
        "several speakers near": len({a.speaker for _, found in told.setting.around for a in found}) > 1,
    }


def _time_signs(told: Told) -> dict[str, bool]:
    sentence, (period, said, due) = told.setting.sentence, told.times
    start = sentence.tokens[told.count.first].start
    signs = {"day of saying": said is not None, "due": due is not None}
    if period is not None:
        gap, before = period.start - start, not sentence.start <= period.start < sentence.end
        words = sentence.source[period.start : period.end].lower().split()
        signs |= {"told before": before, f"told before, group {told.count.group}": before}
        signs |= {("behind" if gap > 0 else "before") + _how_far(abs(gap), 2 * DISTANT): not before}
        signs |= {"comma between": not before and gap > 0 and "," in sentence.between(start, period.start)}
        signs |= {f"time: {' '.join(map(_kind_of_time, words[:2]))}": True, "long time": not period.shorter_than(40)}
    signs |= {"several times": len(told.setting.times_of(saying=False)) > 1}
    return signs if told.cue is None else signs | {f"cue {told.cue.name}": True}


def _how_far(gap: int, distant: int, close: float = -math.inf) -> str:
    return " near" if gap <= close else " far" if gap > distant else ""


def _kind_of_time(word: str) -> str:
    """What a word of a time is: itself, or a month, a weekday, a number."""
    bare = word.strip(".,")
    if bare in MONTHS:
        return "month"
    return "weekday" if bare in DAYS else "number" if bare[:1].isdecimal() or bare in SPELT else bare
