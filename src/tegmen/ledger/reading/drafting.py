"""An article to draft entries: deterministic, and every field with the words that made it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tegmen.errors import InputError
from tegmen.ledger.entries import Entry
from tegmen.ledger.reading.articles import Article
from tegmen.ledger.reading.dates import Anchor, Time, find_anchor, find_times, same_times
from tegmen.ledger.reading.drafts import Draft
from tegmen.ledger.reading.events import read_incidents, read_measures
from tegmen.ledger.reading.meetings import Frame, merged, read_meetings, read_topics
from tegmen.ledger.reading.names import Names
from tegmen.ledger.reading.numbers import find_numbers
from tegmen.ledger.reading.quantities import Count
from tegmen.ledger.reading.sentences import TOKEN, Sentence, Token, split_sentences
from tegmen.ledger.reading.setting import Setting, is_saying
from tegmen.ledger.reading.speakers import ROLES_ALONE, Attribution, find_attributions
from tegmen.ledger.reading.statements import read_counts
from tegmen.ledger.reading.tables import read_tables

ATTACK = re.compile(r"\b(?:attack|strike|struck|hit|shell|barrag|launch|kill|bomb|fire[ds]?\b|pound)")
BULLETS = frozenset("-–—•*")
ENGLISH = re.compile(r"\b(?:the|of|and|to|in|a|said|were|was|is|has|have|for|on|with|by|at|from)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in an article.

    Parameters
    ----------
    article
        The article.
    anchor
        The day it is of, and how that is known.
    drafts
        In the order of the text.
    notes
        What a reader should know: no date, no English sentence, a guessed encoding.
    """

    article: Article
    anchor: Anchor
    drafts: tuple[Draft, ...]
    notes: tuple[str, ...]


class Endpoint(Protocol):
    """A user's own language model: text in, entries out. Never called unless it is given to `read_article`."""

    def __call__(self, text: str) -> Sequence[Entry]:
        """Read a text; every entry must have `evidence`, the place of the words it is read from."""
        ...


def read_article(article: Article, *, endpoint: Endpoint | None = None) -> Reading:
    """Read an article.

    Parameters
    ----------
    article
        From `articles.open_article`.
    endpoint
        A language model of the user's; what it gives is added, all of it marked doubtful, and refused where its
        evidence does not hold the numbers it gives.

    Raises
    ------
    InputError
        The endpoint gave entries whose evidence is not in the text.
    """
    text = article.text
    anchor = find_anchor(text, article.given, article.stamped)
    sentences = split_sentences(text)
    drafts = [*_read_sentences(sentences, anchor), *read_tables(text, anchor)]
    if endpoint is not None:
        drafts += _asked(endpoint, text)
    ordered = sorted(_distinct(merged(drafts)), key=lambda draft: draft.entry.evidence or (0, 0))
    english = bool(ordered) or any(ENGLISH.search(sentence.text) for sentence in sentences)
    return Reading(article, anchor, tuple(ordered), (*article.notes, *_notes(anchor, english=english)))


def _notes(anchor: Anchor, *, english: bool) -> list[str]:
    if not english:
        return ["no English sentence found; only English is read"]
    if anchor.day is None:
        return ["the article has no date: days without a year stay open; give --date"]
    if not anchor.sure:
        return [f"the article has no date: {anchor.rule}; what rests on it is doubtful; give --date"]
    return []


def _read_sentences(sentences: Sequence[Sentence], anchor: Anchor) -> list[Draft]:
    names, drafts = Names(sentences), list[Draft]()
    frame: Frame | None = None
    things: tuple[Count, ...] = ()
    day: Time | None = None
    recent: Time | None = None
    last, told = "", 0
    said: tuple[int, Time] | None = None
    spoken = _attributed(sentences, names)
    for index, sentence in enumerate(sentences):
        near = [(s, a) for s, a in spoken[max(0, index - 12) : index + 12] if s.paragraph == sentence.paragraph]
        if (day is not None and sentence.paragraph > told + 3) or sentence.tokens[0].text in BULLETS:
            day = None
        times = find_times(sentence.text, sentence.start, anchor)
        times = tuple(time for time in times if not _is_dateline(sentence.source, time))
        times = tuple(sorted((*times, *same_times(sentence.text, sentence.start, recent)), key=lambda time: time.start))
        said = said if said is not None and said[0] == sentence.paragraph else None
        setting = Setting(
            sentence, times, spoken[index][1], near, things[-1] if things else None, day, said and said[1], things
        )
        following = sentences[index + 1] if index + 1 < len(sentences) else None
        counted, things = read_counts(setting)
        incidents, counted = read_incidents(setting, following, counted)
        met, frame = read_meetings(setting, names, last, frame)
        drafts += [*counted, *incidents, *met, *read_measures(setting)]
        _add_topics(drafts, sentence)
        last = _subject(sentence, names, spoken[index][1]) or last
        recent = _told(times, loose=True) or recent
        when = next((time for time in times if is_saying(setting, time)), None)
        said = (sentence.paragraph, when) if when is not None else said
        free = [time for time in times if not is_saying(setting, time)]
        if free or any(draft.entry.period for draft in counted):
            happened = bool(counted or incidents) or ATTACK.search(sentence.text) is not None
            day, told = (_told(free, loose=happened) or (day if not free else None)), sentence.paragraph
    return drafts


def _is_dateline(text: str, time: Time) -> bool:
    """Whether a date stands at the head of a line, as in "KYIV, April 4, 2024 (Reuters) -": when it was written."""
    before = text[text.rfind("\n", 0, time.start) + 1 : time.start]
    behind = text[time.end : time.end + 40]
    closed = re.match(r"\.?\s*(?:\n|$|[-–—.]|\([^)]{1,30}\)\s?[-–—])", behind) is not None
    return closed and len(before) < 60 and not any(word[:1].islower() for word in before.split())


def _attributed(sentences: Sequence[Sentence], names: Names) -> list[tuple[Sentence, list[Attribution]]]:
    spoken: list[tuple[Sentence, list[Attribution]]] = []
    last = ""
    for sentence in sentences:
        subject = _subject(sentence, names, [])
        found = find_attributions(sentence, names, subject or last)
        if not subject or re.match(r"[\"“]?(?:He|She|The)\b", sentence.text):
            found = find_attributions(sentence, names, last or subject)
        before = spoken[-1][1] if spoken else []
        if before and sentence.paragraph - spoken[-1][0].paragraph < 2:  # "it said" goes on with whoever spoke
            found = [replace(a, speaker=before[-1].speaker) if _is_it(sentence, a) else a for a in found]
        spoken.append((sentence, found))
        last = _subject(sentence, names, found) or last
    return spoken


def _is_it(sentence: Sentence, attribution: Attribution) -> bool:
    words = sentence.source[attribution.start : attribution.end].lower()
    return not attribution.speaker and words.startswith(("it ", "they "))


def _subject(sentence: Sentence, names: Names, found: Sequence[Attribution]) -> str:
    """Whom "he" will mean in the next sentence: the first person named in this one."""
    first = sentence.tokens[:3]
    if len(first) > 2 and first[0].low == "the" and first[1].low in ROLES_ALONE and not first[2].is_name:
        return ""  # "The chancellor met ...": still whom it was about before
    people = names.named_in(sentence.tokens[:25])
    speakers = [a.speaker for a in found if a.speaker in people or " " in a.speaker]
    return people[0] if people else (speakers[-1] if speakers and names.known(speakers[-1]) else "")


def _told(times: Sequence[Time], *, loose: bool) -> Time | None:
    """Day that sentences without one go on to tell of; a loose one only where something happened on it."""
    days = [time for time in times if time.first and time.last and (time.last - time.first).days < 8]
    days = [time for time in days if not time.due and (loose or not time.loose)]
    return days[0] if days else None


def _add_topics(drafts: list[Draft], sentence: Sentence) -> None:
    """Give "we discussed ..." to the meeting told last."""
    topics = read_topics(sentence)
    at = next(
        (
            i
            for i in range(len(drafts) - 1, -1, -1)
            if drafts[i].entry.kind == "meeting" and len(drafts[i].entry.participants) > 1
        ),
        None,
    )
    if topics and at is not None:
        entry = drafts[at].entry
        drafts[at] = Draft(replace(entry, topics=tuple(dict.fromkeys([*entry.topics, *topics]))), drafts[at].because)


def _distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """Leave out what is told twice, as in a headline and below it; the fuller one stays."""
    alike: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        entry = draft.entry
        what = entry.place if entry.kind == "incident" else entry.thing.lower()
        key = (entry.kind, what, entry.quantity, entry.status, entry.note)
        kept = alike.setdefault(key, [])
        twin = next((i for i, other in enumerate(kept[:50]) if _same(other.entry, entry)), None)
        if twin is None:
            kept.append(draft)
        elif _told_fields(entry) > _told_fields(kept[twin].entry):
            kept[twin] = draft
    return [draft for kept in alike.values() for draft in kept]


def _same(a: Entry, b: Entry) -> bool:
    if a.kind == "meeting" and a.participants != b.participants:
        return False
    return all(
        not x or not y or x == y
        for x, y in ((a.speaker, b.speaker), (a.period, b.period), (a.date, b.date), (a.place, b.place))
    )


def _told_fields(entry: Entry) -> int:
    return sum(
        bool(value) for value in (entry.speaker, entry.period, entry.date, entry.place, entry.participants, entry.via)
    )


def _asked(endpoint: Endpoint, text: str) -> list[Draft]:
    """Take what a language model gives: doubtful all of it, and nothing whose words or numbers are not there."""
    faults: list[str] = []
    drafts: list[Draft] = []
    for number, entry in enumerate(endpoint(text), start=1):
        if entry.evidence is None or entry.evidence[1] > len(text):
            faults.append(
                f"entry {number}: found evidence {entry.evidence}; must be a place in the text of {len(text)}"
                f" characters"
            )
            continue
        said = numbers_in(text[slice(*entry.evidence)])
        held = entry.quantity
        given = [] if held is None else [value for value in (held.low, held.best, held.high) if value is not None]
        if any(value not in said for value in given):
            faults.append(f"entry {number}: found numbers {given}; its evidence says only {sorted(said)}")
            continue
        drafts.append(
            Draft(replace(entry, doubtful=True, note="; ".join(filter(None, (entry.note, "from a language model")))))
        )
    if faults:
        raise InputError("the language model's entries", faults)
    return drafts


def numbers_in(text: str) -> set[float]:
    """Every number that words can stand for, with the neighbours that "more than" and "fewer than" make of it."""
    tokens = [Token(match[0], match.start(), match.end()) for match in TOKEN.finditer(text)]
    numbers = find_numbers(tokens, [False] * len(tokens))
    return {value for n in numbers for value in (n.low, n.best, n.high) if value is not None}
