"""Meetings in sentences: who met whom, where, when, about what; and meetings that have a name."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from tegmen.ledger.entries import Entry
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import Draft, Reason
from tegmen.ledger.reading.lexicon import read_lexicon
from tegmen.ledger.reading.sentences import Sentence, Token
from tegmen.ledger.reading.setting import Setting, is_saying
from tegmen.ledger.reading.speakers import Names

MET = re.compile(
    r"\b(?:met(?:\swith)?|(?:was|were)\smeeting(?:\swith)?|meets(?:\swith)?|meet\swith|will\smeet(?:\swith)?|(?:held|holds|hold|had"
    r"|has)\s(?:a\s|an\s|separate\s|bilateral\s|the\s|his\s|her\s|\w+\s){0,2}(?:meetings?|talks"
    r"|discussions?|call)\swith"
    r"|(?:[Dd]uring|[Aa]t|[Aa]fter|[Ii]n|[Ff]ollowing)\s(?:the\s|a\s|his\s|her\s"
    r"|their\s)?(?:\w+\s)?(?:meeting|talks|discussion|discussions)\swith|signed\s(?:[\w-]+\s){1,5}with|hosted|spoke\swith"
    r"|received)\s"
)


BETWEEN = re.compile(r"\b(?:meeting|talks|discussions|call)\sbetween\s")


BOTH_MET = re.compile(
    r"\b(?:met|meet|held\s(?:talks|a\smeeting)|will\smeet|discussed|signed\s(?:an?|the)\s(?:[\w-]+\s){0,3}(?:agreement|pact|deal|memorandum|declaration))\b"
)


PLURAL = re.compile(
    r"\b(?:held|holds|had|of)\s(?:[\w-]+\s){0,3}(?:meetings|talks)\b|\b(?:arriv(?:ed|es)\sin"
    r"|visit(?:ed|s|ing)?(?:\sto)?|spent\s(?:[\w,]+\s){1,4}in|travel(?:l)?ed\sto)\b"
)


TOPIC = re.compile(
    r"\b(?:discuss(?:ed|ing)?|to\sdiscuss|talk(?:ed|s)\s(?:about|on)|focus(?:ed|ing)?\son"
    r"|concern(?:ed|ing)|convey(?:ed|ing)|rais(?:ed|ing)|thank(?:ed|ing)\s(?:him|her|them)\sfor"
    r"|topics?\s(?:included|were|was)|dedicated\sto|agenda\s(?:included|was)|spoke\sabout"
    r"|negotiat(?:ed|ing)|coordinat(?:ed|ing))\s"
)


EVENT = re.compile(
    r"\b(?:[Tt]he|[Aa]|[Aa]n|[Nn]ext|[Tt]his)\s(?P<name>(?:[\w'’.-]+\s){0,7}?(?P<head>meeting|summit"
    r"|ministerial|[Cc]onference|[Ss]ummit|session|[Ff]orum))\b"
)


AMONG = re.compile(
    (
        r"^(?P<items>.{10,400}?),?\s(?:were|was|are)\s(?:also\s)?(?:among|on"
        r"|part\sof)\s(?:the\s)?(?:other\s|main\s|key\s)?(?:topics|issues|subjects|agenda|questions"
        r"|matters)"
    ),
    re.DOTALL,
)


GROUPS = re.compile(
    r"\b(?:ministers|leaders|members|defen[cs]e chiefs|ambassadors|envoys|council|summit)\b", re.IGNORECASE
)


LATEST = re.compile(r"\b(?:latest|most recent|last)\b(?:\s\w+){0,3}?\son\s$|\bincluding\b[^,;]{0,40}$")


@dataclass(frozen=True, slots=True)
class Frame:
    """A visit or a round of meetings: who, when and where, for meetings that follow without day or place."""

    person: str
    date: Time | None
    place: tuple[str, tuple[int, int]] | None


def read_meetings(
    setting: Setting, names: Names, subject: str, frame: Frame | None
) -> tuple[list[Draft], Frame | None]:
    """Read who met whom, and meetings that have a name; returns the frame for what follows, too."""
    sentence = setting.sentence
    drafts = [
        draft
        for match in MET.finditer(sentence.text)
        if (draft := _met(setting, names, subject, frame, match)) is not None
    ]
    drafts += [
        draft
        for match in BETWEEN.finditer(sentence.text)
        if (draft := _between(setting, names, frame, match)) is not None
    ]
    if not drafts:
        drafts += _together(setting, names, frame)
    drafts += _named_meetings(setting, skip=bool(drafts)) or _meeting_of(setting)
    found = PLURAL.search(sentence.text)
    if found is not None and not drafts:
        place, date = event_place(sentence, 0), free_day(setting)
        who = _first_person(sentence, names, found.start()) or subject
        if who and (place is not None or date is not None):
            frame = Frame(who, date, place)
    return drafts, frame


def _tokens(sentence: Sentence, start: int, end: int) -> list[Token]:
    return [token for token in sentence.tokens if sentence.start + start <= token.start < sentence.start + end]


def _first_person(sentence: Sentence, names: Names, end: int) -> str:
    people = _people(sentence, names, 0, end)
    return people[-1] if people else ""


def _people(sentence: Sentence, names: Names, start: int, end: int) -> list[str]:
    return names.named_in(_tokens(sentence, start, end))


OBJECT_END = re.compile(
    r"\s(?:and\s(?:discuss|thank|talk|agree|sign|convey|said|urg|ask|praise|rais|held|visit)\w*"
    r"|to\s(?:discuss|talk|coordinate|ask)|on\s|in\s|at\s|where|who\s|during|before|after|for\s|to\s"
    r"|over\s|about\s|as\s)|[.;:\"”]|,\s(?:discuss|and\s\w+ed|the\s\w+\ssaid|where|who"
    r"|[A-Z][\w]+\s(?:also|said|convey|stress|thank|ask|urg)|he\s|she\s|according)"
)


def _met(setting: Setting, names: Names, subject: str, frame: Frame | None, match: re.Match[str]) -> Draft | None:
    """Somebody met somebody: both must be named."""
    sentence = setting.sentence
    text = sentence.text
    rest = text[match.end() :]
    if re.match(r"(?:\w+\s){0,2}(?:requirements?|goals?|targets?|deadlines?|needs|demand|obligations?)\b", rest):
        return None
    stop = OBJECT_END.search(rest)
    end = match.end() + (stop.start() if stop else len(rest))
    spoken = [a.start - sentence.start for a in setting.attributions if a.start >= sentence.start + match.end()]
    end = min([end, *spoken])  # who says it was not met
    nominal = re.match(r"(?:[Dd]uring|[Aa]t|[Aa]fter|[Ii]n|[Ff]ollowing)\s", match[0]) is not None
    if nominal:  # "During the meeting with her counterpart Mette Rasmussen, Lisova raised": the comma ends who was met
        commas = [match.end() + comma.start() for comma in re.finditer(r",\s", rest)]
        end = next((at for at in commas if _people(sentence, names, match.end(), at)), end)
    objects = _people(sentence, names, match.end(), end) or _groups(rest[: end - match.end()])
    if not objects:
        return None
    if match[0].strip().lower() in {"received", "hosted"} and not _people(sentence, names, match.end(), end):
        return None
    people = (
        _people(sentence, names, end, len(text))[:1]
        if nominal and match.start() < 3
        else _people(sentence, names, 0, match.start())[-2:]
    )
    actors = _joined(text[: match.start()], people)
    who = actors or ([subject] if subject else [])
    who = [person for person in who if person not in objects]
    if not who:
        return None
    return _meeting(
        setting, (*who, *objects), frame, (match.start(), max(end, match.end())), _topics(text, match.start())
    )


def _joined(before: str, people: list[str]) -> list[str]:
    """Two people in front of the verb meet together only when "and" joins them at its end."""
    if len(people) < 2:
        return people
    last = people[-1].split()[-1]
    return (
        people
        if re.search(rf"\sand\s(?:[\w'’-]+\s){{0,5}}{re.escape(last)}\s(?:\w+\s)?$", before)
        else people[-1:]
        if before.rstrip().endswith(last)
        else people[:1]
    )


def _groups(words: str) -> list[str]:
    """A body that met, by name: "EU foreign ministers"."""
    match = re.match(
        (
            r"(?:the\s)?((?:[A-Z][\w'’]*\s){1,3}(?:[a-z]+\s){0,2}(?:ministers|leaders|lawmakers|ambassadors"
            r"|officials|senators|delegation))\b"
        ),
        words,
    )
    return [match[1]] if match else []


def _between(setting: Setting, names: Names, frame: Frame | None, match: re.Match[str]) -> Draft | None:
    rest = setting.sentence.text[match.end() :]
    stop = OBJECT_END.search(rest)
    end = match.end() + (stop.start() if stop else len(rest))
    people = _people(setting.sentence, names, match.end(), end)
    if len(people) < 2:
        return None
    return _meeting(setting, tuple(people), frame, (match.start(), end), _topics(setting.sentence.text, match.start()))


def _together(setting: Setting, names: Names, frame: Frame | None) -> list[Draft]:
    """A and B met, or discussed something."""
    text = setting.sentence.text
    for match in BOTH_MET.finditer(text):
        people = _people(setting.sentence, names, 0, match.start())
        joined = _joined(text[: match.start()], people[-2:])
        if len(joined) == 2 and not any(
            a.start - setting.sentence.start < match.start() < a.end - setting.sentence.start
            for a in setting.attributions
        ):
            return [_meeting(setting, tuple(joined), frame, (0, match.end()), _topics(text, match.start()))]
    return []


def _meeting(
    setting: Setting,
    who: tuple[str, ...],
    frame: Frame | None,
    span: tuple[int, int],
    topics: tuple[tuple[str, ...], tuple[int, int] | None],
) -> Draft:
    sentence = setting.sentence
    date, place = free_day(setting), event_place(sentence, 0)
    shared = frame is not None and frame.person in who
    rule = "from the visit or round of meetings told before"
    inherited = [False, False]
    if shared and frame is not None:
        inherited = [date is None and frame.date is not None, place is None and frame.place is not None]
        date, place = date or frame.date, place or frame.place
    voice = setting.voice(sentence.start + span[0])
    because = [Reason("participants", sentence.start + span[0], sentence.start + span[1])]
    because += (
        [Reason("date", date.start, date.end, "; ".join(filter(None, (rule if inherited[0] else "", date.rule))))]
        if date
        else []
    )
    because += [Reason("place", *place[1], rule if inherited[1] else "")] if place else []
    because += [Reason("topics", sentence.start + topics[1][0], sentence.start + topics[1][1])] if topics[1] else []
    because += [Reason("speaker", *span) for span in voice.spans[:1]]
    entry = Entry(
        kind="meeting",
        speaker=voice.speaker if voice.speaker not in who[1:] else "",
        via=", ".join(voice.via),
        thing=f"meeting of {' and '.join(who)}",
        date=None if date is None else date.day,
        period=period(date),
        place="" if place is None else place[0],
        participants=tuple(dict.fromkeys(who)),
        topics=topics[0],
        evidence=(sentence.start, sentence.end),
        doubtful=date is not None and date.doubtful,
    )
    return Draft(entry, tuple(because))


def period(time: Time | None) -> tuple[dt.date, dt.date] | None:
    """First and last day of a time, where both are known."""
    return None if time is None or time.first is None or time.last is None else (time.first, time.last)


def free_day(setting: Setting, near: int | None = None) -> Time | None:
    """First time in a sentence that is not when words were said; nearest behind `near`, if that is given."""
    text, base = setting.sentence.text, setting.sentence.start
    free = [t for t in setting.times if not (is_saying(setting, t) or t.due or LATEST.search(text[: t.start - base]))]
    if near is not None:
        free = [t for t in free if t.start >= near] or free
    days = [t for t in free if t.first is None or t.last is None or (t.last - t.first).days < 8]
    return (days or free or [None])[0]


def _topics(text: str, start: int) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Topics named behind a verb of discussing; a list is split at "and" and "as well as"."""
    found: list[str] = []
    span: tuple[int, int] | None = None
    for match in TOPIC.finditer(text, max(0, start - 60)):
        rest = text[match.end() :]
        stop = re.search(
            (
                r"[.;:!?\"”]|,\s(?:[A-Z]?\w+\s){1,4}(?:said|wrote|told|reported|added|posted)\b|,\saccording"
                r"|\sduring\sthe|\sand\s(?:discussed|thanked|signed|agreed|conveyed|urged|asked)\b"
                r"|\sand\sdiscuss\s|\safter\sseveral|\son\s(?:X|Telegram)\b"
            ),
            rest,
        )
        words = rest[: stop.start()] if stop else rest
        parts = re.split(r",?\sas\swell\sas\s|,\sand\s|;\s|,\s(?=the\s|further\s)", words)
        found += [part.strip(" ,") for part in parts if 3 < len(part.strip(" ,")) < 300]
        span = (span[0] if span else match.end(), match.end() + len(words))
    return tuple(dict.fromkeys(found)), span


def read_topics(sentence: Sentence) -> tuple[str, ...]:
    """Topics of a meeting told before: "We discussed the importance of ..."."""
    among = AMONG.match(sentence.text)
    if among is not None:
        items = re.split(r",\s(?:and\s)?(?=the\s)|\sand\s(?=the\s)", among["items"])
        return tuple(item.strip(" ,") for item in items)
    if not re.match(r"[\"“']?(?:We|They|The (?:two|sides|parties|ministers|leaders|pair))\b", sentence.text):
        return ()
    return _topics(sentence.text, 0)[0]


def _named_meetings(setting: Setting, *, skip: bool) -> list[Draft]:
    """A meeting with a name and a day: "The NATO foreign ministers' meeting on April 3-4"."""
    sentence, drafts = setting.sentence, list[Draft]()
    for match in EVENT.finditer(sentence.text):
        name = match["name"]
        proper = re.search(r"\b[A-Z]", name) is not None
        behind = sentence.text[match.end() : match.end() + 8]
        if (
            match["head"].lower() == "forum"
            or not proper
            or re.match(r"\s(?:with|between)\b", behind)
            or (skip and match["head"] == "meeting")
        ):
            continue
        name = _short(name)
        time = _near_time(setting, sentence.start + match.end())
        place = event_place(sentence, match.end())
        if time is None:
            continue
        body = re.sub(r"['’]?\s\w+$", "", name)
        topics, span = _topics(sentence.text, match.end())
        voice = setting.voice(sentence.start + match.start())
        because = [
            Reason("thing", sentence.start + match.start("name"), sentence.start + match.end()),
            Reason("period", time.start, time.end, time.rule),
        ]
        because += [Reason("place", *place[1])] if place else []
        because += [Reason("topics", sentence.start + span[0], sentence.start + span[1])] if span else []
        entry = Entry(
            kind="meeting",
            speaker=voice.speaker,
            via=", ".join(voice.via),
            thing=name,
            period=period(time),
            date=time.first if time.day is not None else None,
            place="" if place is None else place[0],
            participants=(body,) if GROUPS.search(body) else (),
            topics=topics,
            evidence=(sentence.start, sentence.end),
            doubtful=time.doubtful,
        )
        drafts.append(Draft(entry, tuple(because)))
    return drafts


BODY = re.compile(
    r"\b(?:meeting|session|summit)\sof\s(?:the\s)?(?P<body>(?:[A-Z][\w’-]+\s?){2,6}(?:Group|Council|Coalition|Forum))\b"
)


BODY_MET = re.compile(
    r"(?P<body>(?:[A-Z][\w’-]+\s){1,5}(?:Council|Group|Committee|Coalition)|(?:(?:NATO|EU|G7|[Ff]oreign|[Dd]efen[cs]e)"
    r"\s){0,2}(?:ministers|leaders|chiefs|ambassadors)(?:\s(?:of|from)\s(?:the\s|some\s|more than\s|about\s)?[\w-]+"
    r"(?:\scountries)?(?:,\s[A-Z]\w+)*(?:\sand\s[A-Z]\w+)?)?)\s(?:(?:will|are\sto|is\sto)\s)?(?:met|meet|gathered|gather|convened)\s(?:in|at|on)\b"
)


def _meeting_of(setting: Setting) -> list[Draft]:
    """A meeting of a body with a name, on a day: "the 24th meeting of the Contact Group"."""
    sentence = setting.sentence
    match, time = BODY.search(sentence.text) or BODY_MET.search(sentence.text), free_day(setting)
    if match is None or time is None:
        return []
    place, voice = event_place(sentence, 0), setting.voice(sentence.start + match.start())
    entry = Entry(
        kind="meeting",
        speaker=voice.speaker,
        via=", ".join(voice.via),
        thing=match[0] if match.re is BODY else f"meeting of {match['body'].removeprefix('The ')}",
        period=period(time),
        date=time.day,
        place="" if place is None else place[0],
        participants=(match["body"].removeprefix("The "),),
        evidence=(sentence.start, sentence.end),
        doubtful=time.doubtful,
    )
    because = [Reason("thing", sentence.start + match.start(), sentence.start + match.end())]
    return [Draft(entry, (*because, Reason("date", time.start, time.end, time.rule)))]


def _short(name: str) -> str:
    """Begin a name at its first capital, where small words stand in front of it."""
    match = re.search(r"\b[A-Z]", name)
    words = name[: match.start()] if match else ""
    return name[match.start() :] if match and re.search(r"\b(?:of|in|at|to|for|with|and|that|after)\b", words) else name


def _near_time(setting: Setting, position: int) -> Time | None:
    """Time of an event: the first behind its name, that is not when somebody spoke."""
    base = setting.sentence.start
    for time in setting.times:
        between = setting.sentence.text[position - base : time.start - base]
        scheduled = (
            re.search(r"\b(?:take place|held|scheduled|convene|gather|begin|start|due)\w*\b", between) is not None
        )
        near = (
            re.fullmatch(r"(?:,?\s(?:in|at|on|of|the|for|from|[A-Z][\w'’]*|capital|city|was|is))*,?\s?", between)
            is not None
        )
        if 0 <= time.start - position < 90 and (near or (scheduled and not is_saying(setting, time))):
            return time
    before = [
        t
        for t in setting.times
        if 0 <= position - t.end < 60 and re.fullmatch(r"'s\s.*", setting.sentence.text[t.end - base :][:30])
    ]
    return before[0] if before else None


def event_place(sentence: Sentence, start: int) -> tuple[str, tuple[int, int]] | None:
    """Place named with "in" or "at": any capitalised word that is no month; "Belgium's capital" is its city."""
    lexicon = read_lexicon()
    for match in re.finditer(
        r"\b(?:[Ii]n|at|to|visited|visiting)\s(?:the\s)?((?:[A-Z][\w-]+)(?:\s[A-Z][\w-]+)?)(['’]s\scapital)?",
        sentence.text[start:],
    ):
        words = match[1]
        span = (sentence.start + start + match.start(1), sentence.start + start + match.end())
        if match[2] and words in lexicon.capitals:
            return lexicon.capitals[words], span
        first = words.split()[0]
        for name in (words, first):
            known = name in lexicon.cities or name in lexicon.countries or name in lexicon.capitals.values()
            if known and not match[2] and lexicon.countries.get(name) not in {"NATO", "EU"}:
                return name, (span[0], span[0] + len(name))
    return None


def merged(drafts: list[Draft]) -> list[Draft]:
    """One draft a meeting: the same people on the same day, topics put together."""
    kept: list[Draft] = []
    for draft in (draft for draft in drafts if draft.entry.kind == "meeting"):
        entry = draft.entry
        twin = next((i for i, other in enumerate(kept[:100]) if _same_meeting(other.entry, entry)), None)
        if twin is None:
            kept.append(draft)
            continue
        other = kept[twin].entry
        known = replace(
            other,
            topics=tuple(dict.fromkeys([*other.topics, *entry.topics])),
            date=other.date or entry.date,
            period=other.period or entry.period,
            place=other.place or entry.place,
        )
        kept[twin] = Draft(known, (*kept[twin].because, *draft.because))
    return [*kept, *(draft for draft in drafts if draft.entry.kind != "meeting")]


def _same_meeting(a: Entry, b: Entry) -> bool:
    same = (set(a.participants) == set(b.participants) and len(a.participants) > 1) or (
        a.thing == b.thing and len(a.participants) < 2
    )
    return same and (a.date == b.date or a.date is None or b.date is None)
