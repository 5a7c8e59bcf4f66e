"""An article to draft entries: deterministic, and every field with the words that made it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tegmen.ledger.entries import STAGES, Entry
from tegmen.ledger.reading.articles import Article
from tegmen.ledger.reading.dates import Anchor, Time, find_anchor, find_times, same_times
from tegmen.ledger.reading.drafts import Draft, Mark, Setting, ToldBefore, reasons
from tegmen.ledger.reading.endpoint import Endpoint, supported
from tegmen.ledger.reading.events import read_incidents, read_measures, read_meetings, read_topics
from tegmen.ledger.reading.lexicon import countries, heads, pattern, words
from tegmen.ledger.reading.numbers import find_numbers, is_weapon, plural
from tegmen.ledger.reading.sentences import Sentence, is_row, lines_of, split_sentences, tokenize
from tegmen.ledger.reading.speakers import Attribution, Names, find_attributions
from tegmen.ledger.reading.statements import lead_of, read_counts
from tegmen.ledger.reading.sureness import settled

Row = list[tuple[int, int]]
"""Place of every cell of a row of a table."""


def read_tables(text: str, anchor: Anchor) -> list[Draft]:
    """Read every table of a text, runs of rows; one without a header in words gives nothing."""
    drafts: list[Draft] = []
    for rows, lines in groupby(lines_of(text), lambda line: is_row(text[slice(*line)])):
        if rows:
            table = [_row(text, *line) for line in lines if not pattern("ruled").fullmatch(text[slice(*line)])]
            table = [row for row in table if row]
            drafts += _read_rows(text, table, anchor) if len(table) > 1 else []
    return drafts


def _row(text: str, start: int, end: int) -> Row:
    """Give the cells of a line; marks at its beginning and end part nothing."""
    mark, at, cells = "|" if "|" in text[start:end] else "\t", start, Row()
    for part in text[start:end].split(mark):
        left = at + len(part) - len(part.lstrip())
        cells.append((left, max(left, at + len(part.rstrip()))))
        at += len(part) + 1
    if mark == "|":
        cells = cells[cells[0][0] == cells[0][1] : len(cells) - (cells[-1][0] == cells[-1][1])]
    return cells


def _read_rows(text: str, table: Sequence[Row], anchor: Anchor) -> list[Draft]:
    head, *rows = table
    caption = _caption(text, head[0][0], anchor)
    columns = [text[slice(*cell)] for cell in head]
    drafts: list[Draft] = []
    for row in rows:
        label = text[slice(*row[0])]
        if re.fullmatch(r"(?:total|sum|all)s?:?", label.strip(), re.IGNORECASE):
            continue
        times = find_times(text[row[0][0] : row[-1][1]], row[0][0], anchor) or caption
        for cell, column in zip(row[1:], columns[1:], strict=False):
            drafts += _cell(text, row, cell, (label, column), times)
    return drafts


def _caption(text: str, start: int, anchor: Anchor) -> tuple[Time, ...]:
    """Find the period a table is of, in the header or in the three lines above it, nearest first."""
    header = text.find("\n", start)
    above = max(0, start - 600)
    lines = [(above + a, above + b) for a, b in lines_of(text[above:start]) if text[above + a : above + b].strip()]
    for first, last in [(start, len(text) if header < 0 else header), *lines[::-1][:3]]:
        if text[first:last].rstrip().endswith((".", "!", "?")):
            continue  # a sentence tells of its own day, not of the table's
        times = find_times(text[first:last], first, anchor)
        kept = tuple(time for time in times if time.first is not None and not (time.loose or time.due))
        if kept:
            return kept if len(kept) == 1 else ()
    return ()


def _cell(text: str, row: Row, cell: tuple[int, int], about: tuple[str, str], times: Sequence[Time]) -> list[Draft]:
    """One cell with one number; what it counts is in its own words, the row's or the column's."""
    tokens = tokenize(text, *cell)
    numbers = find_numbers(tokens, [any(t.start <= token.start < t.end for t in times) for token in tokens])
    if len(numbers) != 1:
        return []
    label, column = about
    own = text[tokens[numbers[0].past - 1].end : cell[1]].strip()
    others = (text[slice(*other)] for other in row[1:] if other != cell)
    found = (counted for source in (own, label, *others, column) if (counted := _thing(source)) is not None)
    thing, unit = next(found, ("", ""))
    quantity = numbers[0].quantity(unit)
    if not thing or quantity is None:
        return []
    country = countries().get(label.strip())
    stage = next((stage for stage in STAGES if stage in column.lower() or stage in label.lower()), "")
    time = times[0] if times else None
    entry = Entry(
        kind="commitment" if stage else "statement",
        thing=thing,
        quantity=quantity,
        period=None if time is None else time.period,
        participants=(country,) if country else (),
        status=stage,
        date=None if time is None else time.day,
        evidence=(row[0][0], row[-1][1]),
        doubtful=time is not None and time.doubtful,
        note=f"table: {column.strip()}" if column.strip() else "table",
    )
    because = reasons("quantity", cell, rule=f"row '{label.strip()}', column '{column.strip()}'")
    because += [] if time is None else reasons("period", (time.start, time.end), rule=time.rule)
    return [Draft(entry, tuple(because))]


def _thing(text: str) -> tuple[str, str] | None:
    """What some words count: the phrase up to the last noun that is counted, and that noun."""
    tokens = tokenize(text)
    groups = {"aid", "people", "grid"}
    nouns = [t for t in tokens if heads().get(t.low) in groups and t.low not in {"killed", "launches"}]
    if not nouns:
        named = any(map(is_weapon, tokens))
        return (text.strip(), text.strip()) if named else None
    skipped = words("stops") | {"number", "of", "total"}
    first = next(token for token in tokens if token.low not in skipped)
    return text[first.start : nouns[-1].end], plural(nouns[-1].low)


BULLETS = frozenset("-–—•*")


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
    marks
        Every number and every name of a person in the text, in its order, those without a draft too.
    """

    article: Article
    anchor: Anchor
    drafts: tuple[Draft, ...]
    notes: tuple[str, ...]
    marks: tuple[Mark, ...] = ()


def read_article(article: Article, *, endpoint: Endpoint | None = None) -> Reading:
    """Read an article.

    Parameters
    ----------
    article
        From `articles.open_article`.
    endpoint
        A language model of the user's; what it gives is added, all of it marked doubtful. What no single sentence
        supports is refused entry by entry, and told in the notes.

    Raises
    ------
    InputError
        The language model cannot be asked.
    """
    text = article.text
    anchor = find_anchor(text, article.given, article.stamped)
    sentences = split_sentences(text)
    drafts = [*_read_sentences(sentences, anchor), *read_tables(text, anchor)]
    given, refused = ([], []) if endpoint is None else supported(endpoint, text, anchor)
    drafts += given
    ordered = sorted(map(settled, _distinct(drafts)), key=lambda draft: draft.entry.evidence or (0, 0))
    english = bool(ordered) or any(pattern("english").search(sentence.text) for sentence in sentences)
    notes = (*article.notes, *_advice(anchor, english=english), *refused)
    return Reading(article, anchor, tuple(ordered), notes, _marks(sentences, ordered))


def _marks(sentences: Sequence[Sentence], drafts: Sequence[Draft]) -> tuple[Mark, ...]:
    """Find every number and name that a person should see, and the drafts that stand on it."""
    names, found = Names(sentences), list[Mark]()
    words = [(reason.start, reason.end, at) for at, draft in enumerate(drafts) for reason in draft.because]

    def standing(start: int, end: int) -> tuple[int, ...]:
        return tuple(sorted({at for first, past, at in words if first < end and start < past}))

    for sentence in sentences:
        tokens = sentence.tokens
        numbers = find_numbers(tokens, [False] * len(tokens))
        places = [(tokens[number.first].start, tokens[number.past - 1].end) for number in numbers]
        found += [Mark("number", *place, standing(*place)) for place in places]
        found += [Mark("name", *place, standing(*place)) for place in names.places(tokens)]
    return tuple(sorted(found, key=lambda mark: mark.start))


def _advice(anchor: Anchor, *, english: bool) -> list[str]:
    if not english:
        return ["no English sentence found; only English is read"]
    if anchor.day is None:
        return ["the article has no date: days without a year stay open; give --date"]
    if not anchor.sure:
        return [f"the article has no date: {anchor.rule}; what rests on it is doubtful; give --date"]
    return []


def _read_sentences(sentences: Sequence[Sentence], anchor: Anchor) -> list[Draft]:
    names, drafts, memory = Names(sentences), list[Draft](), ToldBefore()
    spoken = _attributed(sentences, names)
    for index, (sentence, attributions) in enumerate(spoken):
        around = [(s, a) for s, a in spoken[max(0, index - 12) : index + 12] if s.paragraph == sentence.paragraph]
        times = [time for time in find_times(sentence.text, sentence.start, anchor) if not _is_dateline(sentence, time)]
        times += same_times(sentence.text, sentence.start, memory.recent)
        _forget(memory, sentence)
        ordered = tuple(sorted(times, key=lambda time: time.start))
        setting = Setting(sentence, names, ordered, attributions, around, memory)
        counted, things = read_counts(setting)
        following = sentences[index + 1] if index + 1 < len(sentences) else None
        incidents, counted = read_incidents(setting, following, counted)
        met, visit = read_meetings(setting)
        drafts += [*counted, *incidents, *met, *read_measures(setting)]
        _add_topics(drafts, sentence)
        named = frozenset(token.low for token in sentence.tokens if heads().get(token.low) == "aid")
        memory.others = memory.others | named if things is memory.things else frozenset()
        memory.things, memory.visit = things, visit
        memory.lead = lead_of(setting) if sentence.text.endswith(":") else memory.lead
        memory.subject = _pronoun(sentence, names, attributions) or memory.subject
        dated = any(draft.entry.period for draft in counted)
        _remember_times(memory, setting, dated=dated, happened=bool(counted or incidents))
    return drafts


def _forget(memory: ToldBefore, sentence: Sentence) -> None:
    """Forget what does not reach as far as a sentence: days, when words were said, the lead of a list."""
    first = sentence.tokens[0].text
    if sentence.paragraph > memory.day_from + 3 or first in BULLETS:
        memory.day = None
    if sentence.paragraph != memory.said_in:
        memory.said = None
    short = len(sentence.tokens) < (3 if sentence.text.endswith(".") else 20)
    if not (first in BULLETS or (first[0].isdecimal() and short)):  # no line of a list
        memory.lead = None


def _remember_times(memory: ToldBefore, setting: Setting, *, dated: bool, happened: bool) -> None:
    """Keep the day a sentence tells of, for those that go on to tell of it, and when its words were said."""
    sentence = setting.sentence
    saying, free = setting.times_of(saying=True), setting.times_of(saying=False)
    memory.recent = _told(setting.times, loose=True) or memory.recent
    if saying:
        memory.said, memory.said_in = saying[0], sentence.paragraph
    if free or dated:
        happened = happened or pattern("attack").search(sentence.text) is not None
        memory.day = _told(free, loose=happened) or (None if free else memory.day)
        memory.day_from = sentence.paragraph


def _is_dateline(sentence: Sentence, time: Time) -> bool:
    """Whether a date stands at the head of a line, as in "KYIV, April 4, 2024 (Reuters) -": when it was written."""
    text = sentence.source
    before = text[text.rfind("\n", 0, time.start) + 1 : time.start]
    behind = text[time.end : time.end + 40]
    closed = re.match(r"\.?\s*(?:\n|$|[-–—.]|\([^)]{1,30}\)\s?[-–—])", behind) is not None
    return closed and len(before) < 60 and not any(word[:1].islower() for word in before.split())


def _attributed(sentences: Sequence[Sentence], names: Names) -> list[tuple[Sentence, list[Attribution]]]:
    """Find who says each sentence: "he" is the person named in it, else whoever was named before."""
    spoken: list[tuple[Sentence, list[Attribution]]] = []
    last = ""
    for sentence in sentences:
        subject = _pronoun(sentence, names, [])
        begun = re.match(r"[\"“]?(?:He|She|The)\b", sentence.text)
        found = find_attributions(sentence, names, (last or subject) if begun else (subject or last))
        before = spoken[-1][1] if spoken else []
        if before and sentence.paragraph - spoken[-1][0].paragraph < 2:  # "it said" goes on with whoever spoke
            found = [replace(a, speaker=before[-1].speaker) if _is_it(sentence, a) else a for a in found]
        spoken.append((sentence, found))
        last = _pronoun(sentence, names, found) or last
    return spoken


def _is_it(sentence: Sentence, attribution: Attribution) -> bool:
    said = sentence.source[attribution.start : attribution.end].lower()
    return not attribution.speaker and said.startswith(("it ", "they "))


def _pronoun(sentence: Sentence, names: Names, found: Sequence[Attribution]) -> str:
    """Whom "he" will mean in the next sentence: the first person named in this one."""
    first = sentence.tokens[:3]
    if len(first) > 2 and first[0].low == "the" and first[1].low in words("roles_alone") and not first[2].is_name:
        return ""  # "The chancellor met ...": still whom it was about before
    people = names.named_in(sentence.tokens[:25])
    if len(people) > 1 and pattern("hosted").search(sentence.text):
        return people[1]  # whoever was received goes on to speak, and not the host
    if people:
        return people[0]
    speakers = [a.speaker for a in found if " " in a.speaker]
    return speakers[-1] if speakers and names.known(speakers[-1]) else ""


def _told(times: Sequence[Time], *, loose: bool) -> Time | None:
    """Day that sentences without one go on to tell of; a loose one only where something happened on it."""
    days = (time for time in times if time.shorter_than(8) and not time.due and (loose or not time.loose))
    return next(days, None)


def _add_topics(drafts: list[Draft], sentence: Sentence) -> None:
    """Give "we discussed ..." to the meeting told last."""
    topics = read_topics(sentence)
    for at in range(len(drafts) - 1, -1, -1) if topics else ():
        entry = drafts[at].entry
        if entry.kind == "meeting" and len(entry.participants) > 1:
            drafts[at] = replace(
                drafts[at], entry=replace(entry, topics=tuple(dict.fromkeys((*entry.topics, *topics))))
            )
            return


def _distinct(drafts: Sequence[Draft]) -> list[Draft]:
    """Leave out what is told twice, as in a headline and below it: the fuller one stays; meetings are joined."""
    alike: dict[tuple[object, ...], list[Draft]] = {}
    for draft in drafts:
        entry = draft.entry
        what = entry.place if entry.kind == "incident" else entry.thing.lower()
        who = frozenset(entry.participants) if entry.kind == "meeting" else None
        what = "" if who and len(who) > 1 else what
        kept = alike.setdefault((entry.kind, what, who, entry.quantity, entry.status, entry.note), [])
        twin = next((i for i, other in enumerate(kept[:50]) if _agree(other.entry, entry)), None)
        if twin is None:
            kept.append(draft)
        elif entry.kind == "meeting":
            kept[twin] = _one_meeting(kept[twin], draft)
        elif _fullness(entry) > _fullness(kept[twin].entry):
            kept[twin] = draft
    return [draft for kept in alike.values() for draft in kept]


def _one_meeting(draft: Draft, other: Draft) -> Draft:
    """One draft of one meeting: topics put together, and what the first does not tell."""
    entry, more = draft.entry, other.entry
    told = {name: getattr(entry, name) or getattr(more, name) for name in ("date", "period", "place")}
    topics = tuple(dict.fromkeys([*entry.topics, *more.topics]))
    return Draft(replace(entry, topics=topics, **told), (*draft.because, *other.because))


def _agree(a: Entry, b: Entry) -> bool:
    """Whether two entries contradict each other in nothing that both tell; meetings of the same people, in the day."""
    names = ("date",) if a.kind == "meeting" else ("speaker", "role", "participants", "period", "date", "place")
    pairs = ((getattr(a, name), getattr(b, name)) for name in names)
    return all(not x or not y or x == y for x, y in pairs)


def _fullness(entry: Entry) -> int:
    told = (entry.speaker, entry.period, entry.date, entry.place, entry.participants, entry.via)
    return sum(bool(value) for value in told)
