"""Counted things in sentences to statements, and to steps of commitments where the words pledge or deliver them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tegmen.ledger.entries import Entry
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import Draft, Reason
from tegmen.ledger.reading.elliptical import all_counts, is_dropped, resolved
from tegmen.ledger.reading.lexicon import read_lexicon
from tegmen.ledger.reading.names import bare
from tegmen.ledger.reading.quantities import Count
from tegmen.ledger.reading.setting import LINK, STAGES, Cue, Setting, find_cues, is_saying
from tegmen.ledger.reading.speakers import Voice

HYPOTHETICAL = re.compile(r"\b(?:if|unless|could|might|may|should|must|whether|once|when)\b[^,;]{0,60}$")
WEIGHED = re.compile(r"\b(?:consider|weigh|mull|discuss|debat|contemplat)\w*\s(?:\w+\s)?$")
CONDITION = re.compile(r"[^.;,]{0,40}\s(?:once|if|provided\sthat|as\ssoon\sas|subject\sto|pending|unless)\b")
SPOKEN = re.compile(r"(?:announc|promis|pledg|vow|ask|urg|call|appeal|request)")
"""Words that say what is done by saying it."""
DISPUTED = re.compile(r"^(?:If|Unless|Once|Should)\b|\bden(?:ied|ies)\s(?:this|it|that|the\s(?:claim|report))")
TOTAL = re.compile(r"\btotal\s(?:\w+\s){0,2}(?:to|at)\s$")
PLACES = frozenset("in at on over near against toward towards targeting into across".split())


@dataclass(frozen=True, slots=True)
class When:
    """The times of a count: what it is about, when it was said, by when it is due."""

    period: Time | None
    said: Time | None
    due: Time | None

    @property
    def doubtful(self) -> bool:
        """Whether one of them is."""
        return any(time is not None and time.doubtful for time in (self.period, self.said, self.due))


def read_counts(setting: Setting) -> tuple[list[Draft], tuple[Count, ...]]:
    """Read every counted thing of a sentence; returns the drafts, and what was counted, the last of it last."""
    cues = find_cues(setting.sentence)
    counts = all_counts(setting, cues)
    drafts: list[Draft] = []
    thing, dropped, things = setting.thing, False, list[Count]()
    for index, count in enumerate(counts):
        whole = resolved(count, counts[index + 1 :], thing, setting, dropped=dropped)
        if whole is None:
            continue
        if not whole.thing.startswith("of "):
            thing = whole if whole.group in {"aid", "people", "attack"} else thing
            things.append(whole)
        dropped = is_dropped(setting, count)
        if not dropped:
            draft = _draft(setting, whole, counts[index + 1 :], cues)
            drafts += [draft] if whole.quantity or whole.number.fault or draft.entry.status else []
    kept = [c for c in things if c.group in {"aid", "people", "attack"}]
    return drafts, tuple(kept) or setting.things


def _draft(setting: Setting, count: Count, later: Sequence[Count], cues: Sequence[Cue]) -> Draft:
    tokens = setting.sentence.tokens
    start, end = tokens[count.first].start, tokens[count.past - 1].end
    cue = _cue_of_list(setting, count, later, cues)
    voice, when = setting.voice(start), _times(setting, (start, end), later[0] if later else None, cue)
    if count.group == "people" and when.period is setting.day and when.period is not None and not when.period.brief:
        when = replace(when, period=None)  # who was hurt in one attack was not hurt all week
    stage, period = _stage(setting, count, cue), when.period
    notes = (
        count.number.fault,
        "negated: read the words" if cue is not None and not stage and cue.name == "negated" else "",
        "denied by the speaker" if voice.denies else "",
    )
    place = _place(setting, end) if stage == "" else None
    entry = Entry(
        kind="commitment" if stage else "statement",
        speaker=voice.speaker,
        via=", ".join(voice.via),
        thing=count.thing,
        quantity=count.quantity,
        period=None if period is None or period.first is None or period.last is None else (period.first, period.last),
        date=_day(period, when.said),
        place="" if place is None else place[0],
        participants=_parties(setting, cue, end) if stage and cue is not None else (),
        status=stage,
        due=None if when.due is None else when.due.last,
        evidence=_evidence(setting, start, end),
        doubtful=when.doubtful or _is_doubtful(setting, count, cue, voice, stage),
        note="; ".join(filter(None, notes)),
    )
    because = [Reason("quantity", start, end), Reason("thing", start, end), *_because(setting, voice, when)]
    because += [Reason("place", *place[1])] if place else []
    because += [Reason("status" if stage else "note", cue.start, cue.end, cue.name)] if cue else []
    return Draft(entry, tuple(because))


def _is_doubtful(setting: Setting, count: Count, cue: Cue | None, voice: Voice, stage: str) -> bool:
    """Whether a person should look: a fault, a vague word, a denial, a negation, a promise under a condition."""
    if count.number.fault or count.number.weak or voice.denies or (cue is not None and cue.name == "negated"):
        return True
    if DISPUTED.search(setting.sentence.text):
        return True
    behind = setting.sentence.text[setting.sentence.tokens[count.past - 1].end - setting.sentence.start :]
    return stage != "" and CONDITION.match(behind) is not None


def _because(setting: Setting, voice: Voice, when: When) -> list[Reason]:
    """Say which words made the speaker and the times."""
    because = [Reason("speaker", *span) for span in voice.spans[:1]]
    because += [Reason("via", *span) for span in voice.spans[1:]]
    period = when.period
    if period is not None:
        told = "" if setting.sentence.start <= period.start < setting.sentence.end else "told before; "
        because.append(Reason("period", period.start, period.end, told + period.rule))
    if when.said is not None:
        because.append(Reason("date", when.said.start, when.said.end, when.said.rule))
    return because


def _cue_of_list(setting: Setting, count: Count, later: Sequence[Count], cues: Sequence[Cue]) -> Cue | None:
    """Find what is done with a count; in a list, "six launchers and two dozen generators arrived", with all of it."""
    tokens = setting.sentence.tokens
    start, end, past = tokens[count.first].start, tokens[count.past - 1].end, count.past
    cue = _cue(setting, start, end, cues)
    behind = [c for c in cues if c.start >= end]
    for other in later:
        between = tokens[past : other.first]
        joined = all(token.text == "," or token.low in {"and", "of", "various", "types"} for token in between)
        if cue is not None or not joined:
            break
        cue = _cue(setting, tokens[other.first].start, tokens[other.past - 1].end, behind)
        past = other.past
    return cue


def _evidence(setting: Setting, start: int, end: int) -> tuple[int, int]:
    """The sentence, or for a very long one the words around the number."""
    first, last = setting.sentence.start, setting.sentence.end
    return (first, last) if last - first <= 1200 else (max(first, start - 200), min(last, end + 200))


def _day(period: Time | None, date: Time | None) -> dt.date | None:
    return date.day if date is not None else (period.day if period is not None else None)


def _cue(setting: Setting, start: int, end: int, cues: Sequence[Cue]) -> Cue | None:
    """Nearest words before the number in its clause that say what is done, else the nearest behind it."""
    text, base = setting.sentence.text, setting.sentence.start
    spoken = [(a.start, a.end) for a in setting.attributions]
    free = [
        cue
        for cue in cues
        if SPOKEN.match(text[cue.start - base :]) or not any(s <= cue.start and cue.end <= e for s, e in spoken)
    ]
    before = [
        cue
        for cue in free
        if (cue.end <= start or (cue.name == "negated" and cue.start < start))
        and not re.search(r";|,\s(?:but|while|whereas)\b", text[cue.end - base : start - base])
    ]
    passive = [
        cue
        for cue in free
        if cue.start >= end
        and cue.name != "state"
        and not text.startswith("without", cue.start - base)
        and LINK.fullmatch(text[end - base : cue.start - base])
    ]
    if passive and not (before and start - before[-1].end <= 1 and before[-1].name in STAGES):
        return passive[0]
    if not before:
        return None
    chosen = before[-1]
    if len(before) > 1 and re.match(r"deliver(?:y|ies)\sof", text[chosen.start - base :]):
        earlier = before[-2]  # "approved the delivery of cluster munitions"
        chosen = earlier if earlier.name in STAGES and chosen.start - earlier.end < 8 else chosen
    if len(before) > 1 and text.startswith("to ", chosen.start - base):  # "asked Berlin for permission to transfer"
        ruling = before[-2]
        ruled = ruling.name in STAGES or ruling.name == "negated"
        chosen = ruling if ruled and chosen.start - ruling.end < 30 else chosen
    negated = [cue for cue in before if cue.name == "negated" and chosen.start - cue.end < 12]
    return negated[-1] if negated else chosen


def _stage(setting: Setting, count: Count, cue: Cue | None) -> str:
    """Stage of a commitment, or "" for a statement."""
    if count.number.high == 0.0 or cue is None or cue.name not in STAGES or count.group not in {"aid", "money"}:
        return ""
    text, base = setting.sentence.text, setting.sentence.start
    before = text[: cue.start - base]
    if setting.voice(setting.sentence.tokens[count.first].start).denies:
        return ""
    if TOTAL.search(text[: setting.sentence.tokens[count.first].start - base]):
        return ""  # "bringing the total to 140": what there is, not what is given
    if cue.name != "requested" and (HYPOTHETICAL.search(before[-70:]) or WEIGHED.search(before)):
        return ""
    words = text[cue.start - base : cue.end - base]
    if cue.name != "requested" and re.search(r"\bto\s(?:Russia|Moscow)\b", text[cue.end - base :]):
        return ""  # what is given to the attacker is no aid
    sender = [country for country, _ in _countries(setting, setting.sentence.start, cue.start)]
    if (
        words.startswith(("sent", "delivered", "sending", "delivering", "shared"))
        and sender[-1:] == ["Russia"]
        and "to Russia" not in text
    ):
        return ""
    if words == "ordered" and count.group not in {"aid", "money"}:
        return ""
    return STAGES[cue.name]


def _times(setting: Setting, span: tuple[int, int], following: Count | None, cue: Cue | None) -> When:
    """Split the times of a sentence: what the number is about, when it was said, by when it is due."""
    said = [t for t in setting.times if is_saying(setting, t)]
    free = [t for t in setting.times if t not in said]
    due = [t for t in free if t.due]
    free = [t for t in free if not t.due]
    limit = setting.sentence.tokens[following.first].start if following is not None else setting.sentence.end
    behind = [t for t in free if span[1] <= t.start < limit and not _turns(setting, span[1], t.start)]
    before = [t for t in free if t.end <= span[0]]
    later = [
        t
        for t in free
        if t.start >= limit
        and not _turns(setting, span[1], t.start)
        and (cue is None or not _acts_between(setting, limit, t.start))
    ]
    if cue is not None and cue.name in STAGES:  # a time beyond another number is that one's, but in a plain list
        before = [t for t in before if cue.start < t.end or not setting.counted(setting.sentence.start, t.start)]
        apart = following is not None and following.group == "them"
        later = [] if apart or re.search(r"\b(?:will|would|promis|pledg)", _between(setting, span[1], limit)) else later
    period = (behind[:1] or before[-1:] or later[:1] or [None])[0]
    if period is None and setting.day is not None and not due and _goes_on(setting, cue, span[0]):
        period = setting.day
    if not said and setting.said is not None and setting.sentence.quote_at(span[0]) is not None:
        said = [setting.said]
    if period is None and said and said[0].day is None:
        period = said[0]  # "wrote in March": about that month, as far as the words tell
    return When(period, (said or [None])[0], (due or [None])[0])


def _between(setting: Setting, start: int, end: int) -> str:
    return setting.sentence.text[start - setting.sentence.start : end - setting.sentence.start]


def _goes_on(setting: Setting, cue: Cue | None, start: int) -> bool:
    """Whether a count without a time goes on to tell of the day told before: an attack, or the sum of one."""
    before = setting.sentence.text[max(0, start - setting.sentence.start - 60) : start - setting.sentence.start]
    return (cue is not None and cue.name == "attack") or re.search(r"\bthe (?:total|toll|number)\b", before) is not None


def _turns(setting: Setting, start: int, end: int) -> bool:
    """Whether the sentence turns to something else between two places: "yet not one since December"."""
    base = setting.sentence.start
    return (
        re.search(r",\s(?:yet|but|while|whereas|although)\b|;", setting.sentence.text[start - base : end - base])
        is not None
    )


def _acts_between(setting: Setting, start: int, end: int) -> bool:
    """Whether a verb stands between a number and a time behind the next one: the time is the next one's alone."""
    base = setting.sentence.start
    return (
        re.search(
            r"\b(?:and|but|while)\s(?:[a-z]+ly\s)?(?:boost|rais|increas|will|has|had|was|were)\b",
            setting.sentence.text[max(0, start - base - 40) : end - base],
        )
        is not None
    )


def _countries(setting: Setting, start: int, end: int) -> list[tuple[str, int]]:
    """Countries named between two places of a sentence, with where."""
    lexicon, tokens = read_lexicon(), setting.sentence.tokens
    found: list[tuple[str, int]] = []
    for index, token in enumerate(tokens):
        if not start <= token.start < end:
            continue
        following = bare(tokens[index + 1].text) if index + 1 < len(tokens) else ""
        pair = f"{token.text} {following}"
        name = lexicon.countries.get(pair) or lexicon.countries.get(re.sub(r"['’]s?$", "", token.text))
        if name is not None and (not found or found[-1][0] != name):
            found.append((name, token.start))
    return found


def _parties(setting: Setting, cue: Cue, end: int) -> tuple[str, ...]:
    """Giver and receiver of a commitment, as far as the sentence names them."""
    sentence = setting.sentence
    text = sentence.text
    before = [name for name, _ in _countries(setting, sentence.start, cue.start + 1)]
    inside = _countries(setting, cue.start + 1, sentence.end)
    marked = {name: text[max(0, at - sentence.start - 12) : at - sentence.start] for name, at in inside}
    receivers = [name for name, words in marked.items() if re.search(r"\b(?:to|for|with)\s(?:the\s)?$", words)]
    givers = [name for name, words in marked.items() if re.search(r"\b(?:by|from)\s(?:the\s)?$", words)]
    words = text[cue.start - sentence.start : cue.end - sentence.start]
    taking = cue.name == "requested" or re.search(r"\b(?:receiv|get\b|took)", words) is not None
    named = [name for name, at in inside if cue.start < at < cue.end and name not in before]
    giver = (givers or named or ([] if taking else before[-1:]))[:1]
    receiver = (
        before[-1:]
        if taking
        else [name for name in receivers if name not in giver] or [n for n, at in inside if at < end and n not in giver]
    )[:1]
    return (giver[0] if giver else "", *receiver) if receiver else tuple(giver)


def _place(setting: Setting, end: int) -> tuple[str, tuple[int, int]] | None:
    """First city or country behind a number that is named with a word of place, else one before it."""
    lexicon, tokens = read_lexicon(), setting.sentence.tokens
    found: list[tuple[str, tuple[int, int]]] = []
    for index in range(1, len(tokens)):
        before, token = tokens[index - 1].low, tokens[index]
        if before not in PLACES or any(a.start <= token.start < a.end for a in setting.attributions):
            continue
        pair = f"{token.text} {tokens[index + 1].text}" if index + 1 < len(tokens) else ""
        word = re.sub(r"['’]s?$", "", token.text)
        name = pair if pair in lexicon.cities else word
        if name in lexicon.cities or lexicon.countries.get(name) == name or name in lexicon.capitals.values():
            found.append((name, (token.start, token.end)))
    behind = [place for place in found if place[1][0] >= end]
    return (behind or found or [None])[0]
