"""Meetings, measures, open items and incidents in sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tegmen.dates import Time
from tegmen.drafts import Draft, Reason
from tegmen.entries import OPEN, Entry, Kind, Quantity
from tegmen.lexicon import read_lexicon
from tegmen.quantities import value_at
from tegmen.sentences import Sentence, Token
from tegmen.speakers import Names
from tegmen.statements import Setting, is_saying

MET = re.compile(
    r"\b(?:met(?:\swith)?|meets(?:\swith)?|meet\swith|will\smeet(?:\swith)?|(?:held|holds|hold|had|has)\s(?:a\s|an\s|separate\s|bilateral\s|the\s|his\s|her\s|\w+\s){0,2}(?:meetings?|talks|discussions?|call)\swith"
    r"|(?:[Dd]uring|[Aa]t|[Aa]fter|[Ii]n|[Ff]ollowing)\s(?:the\s|a\s|his\s|her\s|their\s)?(?:\w+\s)?(?:meeting|talks|discussion|discussions)\swith|hosted|spoke\swith|received)\s"
)
BETWEEN = re.compile(r"\b(?:meeting|talks|discussions)\sbetween\s")
BOTH_MET = re.compile(r"\b(?:met|meet|held\s(?:talks|a\smeeting)|will\smeet|discussed)\b")
PLURAL = re.compile(
    r"\b(?:held|holds|had|of)\s(?:[\w-]+\s){0,3}(?:meetings|talks)\b|\b(?:arriv(?:ed|es)\sin|visit(?:ed|s|ing)?(?:\sto)?|spent\s(?:[\w,]+\s){1,4}in|travel(?:l)?ed\sto)\b"
)
TOPIC = re.compile(
    r"\b(?:discuss(?:ed|ing)?|to\sdiscuss|talk(?:ed|s)\s(?:about|on)|focus(?:ed|ing)?\son|concern(?:ed|ing)|convey(?:ed|ing)|rais(?:ed|ing)|thank(?:ed|ing)\s(?:him|her|them)\sfor|topics?\s(?:included|were|was)|dedicated\sto|agenda\s(?:included|was)|celebrate|spoke\sabout|negotiat(?:ed|ing)|coordinat(?:ed|ing))\s"
)
EVENT = re.compile(
    r"\b(?:[Tt]he|[Aa]|[Aa]n|[Nn]ext|[Tt]his)\s(?P<name>(?:[\w'’.-]+\s){0,7}?(?P<head>meeting|summit|ministerial|conference|session|forum))\b"
)
AMONG = re.compile(
    r"^(?P<items>.{10,400}?),?\s(?:were|was|are)\s(?:also\s)?(?:among|on|part\sof)\s(?:the\s)?(?:other\s|main\s|key\s)?(?:topics|issues|subjects|agenda|questions|matters)",
    re.DOTALL,
)
SANCTIONS = re.compile(
    r"\b(?P<name>(?:(?:next|new|latest|fresh|further|additional|[0-9]{1,2}(?:st|nd|rd|th)|[a-z]+(?:th|rst|cond))\s)?(?:(?:EU|US|U\.S\.|European\sUnion|British|UK|American|[A-Z][a-z]+(?:'s|’s)?)\s)?(?:(?:next|new|latest|fresh|further|additional|[0-9]{1,2}(?:st|nd|rd|th)|[a-z]+(?:th|rst|cond))\s)?(?:sanctions\spackage|package\sof\s(?:EU\s)?sanctions|sanctions(?=\s(?:against|on)\s)|(?:oil\s)?price\scap|embargo))\b(?:\s(?:against|on|targeting)\s(?:[A-Z][\w-]+|[a-z]+\s[a-z]+))?"
)
STATUS = (
    (re.compile(r"\b(?:came into force|in force|entered into force|took effect)\b"), "in force"),
    (re.compile(r"\b(?:adopted|approved|agreed on|agreed|imposed|passed|announced)\b"), "adopted"),
    (re.compile(r"\b(?:lifted|dropped)\b"), "lifted"),
    (re.compile(r"\b(?:extended|prolonged)\b"), "extended"),
    (re.compile(r"\b(?:proposed|proposal|draft)\b"), "proposed"),
    (
        re.compile(
            r"\b(?:will|would|planned|plans|preparing|prepares|upcoming|expected|scheduled|working on|intends)\b"
        ),
        "planned",
    ),
    (re.compile(r"\b(?:took place|was held|were held|held|opened|hosted|gathered)\b"), "held"),
    (re.compile(r"\b(?:discuss\w*|topics?|agenda)\b"), OPEN),
)
AIRSPACE = re.compile(
    r"\b(?:(?:violat|enter|breach|cross|penetrat|stray|intrud|flew|fly|flown|infring)\w*\b[^.;]{0,50}?\b(?P<a>(?:[A-Z][\w'’.]+\s){1,2}|its\s|the\scountry's\s)?(?:air\s?space|territory)"
    r"|(?:(?P<b>(?:[A-Z][\w'’.]+\s){0,2})air\s?space\s(?:violations?|incursions?|breach(?:es)?))"
    r"|(?P<c>(?:(?:[A-Z][\w'’]+|missiles?'?’?|drones?'?’?|of)\s){0,3}(?:incursions?|intrusions?))(?:\s(?:into|of|in)\s(?:[A-Z][\w'’.]+\s?){1,2}(?:air\s?space)?)?"
    r"|(?:(?:crashed|fell|landed|came\sdown|exploded|found)\s(?:in|on)\s(?:the\sterritory\sof\s)?(?P<d>[A-Z][\w'’]+)(?:\sterritory|\ssoil)?))"
)
LASTED = re.compile(
    r"\bfor\s(?P<hedge>about\s|around\s|some\s|nearly\s|less than\s|more than\s|at least\s)?(?P<number>[\w.,-]+)\s(?P<unit>seconds?|minutes?)\b"
)
GROUPS = re.compile(
    r"\b(?:ministers|leaders|members|defen[cs]e chiefs|ambassadors|envoys|council|summit)\b", re.IGNORECASE
)
LATEST = re.compile(r"\b(?:latest|most recent|last)\b(?:\s\w+){0,3}?\son\s$|\bincluding\b[^,;]{0,40}$")
NO_FORUM = frozenset("meeting talks".split())


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
    drafts += _named_meetings(setting, skip=bool(drafts))
    found = PLURAL.search(sentence.text)
    if found is not None and not drafts:
        place, date = event_place(sentence, 0), _free_day(setting)
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
    r"\s(?:and\s(?:discuss|thank|talk|agree|sign|convey|said|urg|ask|praise|rais|held|visit)\w*|to\s(?:discuss|talk|coordinate|ask)|on\s|in\s|at\s|where|who\s|during|before|after|for\s|to\s|over\s|about\s|as\s)|[.;:\"”]|,\s(?:discuss|and\s\w+ed|the\s\w+\ssaid|where|who|[A-Z][\w]+\s(?:also|said|convey|stress|thank|ask|urg)|he\s|she\s|according)"
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
        r"(?:the\s)?((?:[A-Z][\w'’]*\s){1,3}(?:[a-z]+\s){0,2}(?:ministers|leaders|lawmakers|ambassadors|officials|senators|delegation))\b",
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
    date, place = _free_day(setting), event_place(sentence, 0)
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
        period=_period(date),
        place="" if place is None else place[0],
        participants=tuple(dict.fromkeys(who)),
        topics=topics[0],
        evidence=(sentence.start, sentence.end),
        doubtful=date is not None and date.doubtful,
    )
    return Draft(entry, tuple(because))


def _period(time: Time | None):
    return None if time is None or time.first is None or time.last is None else (time.first, time.last)


def _free_day(setting: Setting, near: int | None = None) -> Time | None:
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
            r"[.;:!?\"”]|,\s(?:[A-Z]?\w+\s){1,4}(?:said|wrote|told|reported|added|posted)\b|,\saccording|\sduring\sthe|\sand\s(?:discussed|thanked|signed|agreed|conveyed|urged|asked)\b|\sand\sdiscuss\s|\safter\sseveral|\son\s(?:X|Telegram)\b",
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
            match["head"] == "forum"
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
            period=_period(time),
            date=time.first if time.day is not None else None,
            place="" if place is None else place[0],
            participants=(body,) if GROUPS.search(body) else (),
            topics=topics,
            evidence=(sentence.start, sentence.end),
            doubtful=time.doubtful,
        )
        drafts.append(Draft(entry, tuple(because)))
    return drafts


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
        if 0 <= time.start - position < 90 and (scheduled or near) and not is_saying(setting, time):
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


def read_measures(setting: Setting) -> list[Draft]:
    """Sanctions packages, forums, and what the text names as an open topic."""
    sentence = setting.sentence
    items = _open_items(setting)
    covered = [d.entry.evidence for d in items]
    if covered:
        return items
    drafts: list[Draft] = []
    for match in SANCTIONS.finditer(sentence.text):
        status = _status(sentence.text, match.start(), match.end())
        plain = re.search(r"package|cap|embargo", match["name"]) is None
        acted = re.search(
            r"\b(?:impos|announc|adopt|approv|propos|introduc|prepar|agreed|lift|extend)\w*\b[^.;]{0,40}$",
            sentence.text[: match.start()],
        )
        if not status or (plain and acted is None):
            continue
        drafts.append(_measure(setting, match[0], match.span(), status[0], status[1]))
    for match in EVENT.finditer(sentence.text):
        if match["head"] != "forum":
            continue
        status = _status(sentence.text, match.start(), match.end())
        if status is not None and re.search(r"\b[A-Z]", match["name"]):
            drafts.append(_measure(setting, match["name"], match.span("name"), status[0], status[1]))
    return drafts


def _status(text: str, start: int, end: int) -> tuple[str, tuple[int, int]] | None:
    """Status word nearest to a measure."""
    found = [
        (min(abs(m.start() - end), abs(start - m.end())), name, m.span())
        for pattern, name in STATUS
        for m in pattern.finditer(text)
    ]
    outside = [item for item in found if item[2][1] <= start or item[2][0] >= end - 1]
    if not outside:
        return None
    _, name, span = min(outside)
    if re.search(r"\b(?:will|would|to|expected to be|yet)\s(?:be\s|soon\s|formally\s)?$", text[: span[0]]) and name in {
        "adopted",
        "held",
        "in force",
        "extended",
        "lifted",
    }:
        name = "planned"
    return name, span


def _measure(
    setting: Setting,
    thing: str,
    span: tuple[int, int],
    status: str,
    status_span: tuple[int, int],
    *,
    kind: Kind = "measure",
) -> Draft:
    sentence = setting.sentence
    base = sentence.start
    time = (
        _free_day(setting, base + span[1])
        if status != OPEN
        else next((t for t in setting.times if 0 <= t.start - base - span[1] < 60), None)
    )
    voice = setting.voice(base + span[0])
    countries = [name for name in ("EU", "Ukraine") if name in thing] if kind == "commitment" else []
    because = [
        Reason("thing", base + span[0], base + span[1]),
        Reason("status", base + status_span[0], base + status_span[1]),
    ]
    because += [Reason("period", time.start, time.end, time.rule)] if time else []
    because += [Reason("speaker", *where) for where in voice.spans[:1]]
    entry = Entry(
        kind=kind,
        speaker=voice.speaker,
        via=", ".join(voice.via),
        thing=re.sub(r"^(?:the|a)\s", "", thing.strip()),
        period=_period(time),
        date=None if time is None else time.day,
        participants=tuple(countries),
        status=status,
        evidence=(sentence.start, sentence.end),
        doubtful=time is not None and time.doubtful,
    )
    return Draft(entry, tuple(because))


def _open_items(setting: Setting) -> list[Draft]:
    """What is named as topic of talks and is a delivery, a package or a forum, is open."""
    text = setting.sentence.text
    match = AMONG.match(text)
    if match is None:
        return []
    drafts: list[Draft] = []
    for part in re.finditer(
        r"(?:^|,\s(?:and\s)?|\sand\s)(?P<item>(?:the\s|The\s|a\s)[^,]+?)(?=,\s(?:and\s)?the\s|,\swhich|,\s(?:and\s)|$|\sand\sthe\s)",
        match["items"],
    ):
        item = re.sub(
            r"^(?:the|a)\s(?:(?:current|present)\s)?(?:status|state|progress)\sof\s(?:the\s)?|^(?:the|a)\s",
            "",
            part["item"],
            flags=re.IGNORECASE,
        )
        start = part.end("item") - len(item)
        span = (start, start + len(item))
        status = (match.end("items"), match.end())
        if re.search(r"\b(?:deliver(?:y|ies)|supply|supplies|transfer|shipments?)\b", item) and re.search(
            r"\b(?:ammunition|systems?|missiles|shells|weapons|aircraft|tanks|interceptors|jets|aid)\b", item
        ):
            drafts.append(_measure(setting, item, span, OPEN, status, kind="commitment"))
        elif re.search(r"\b(?:sanctions|package|forum|price cap|embargo|conference)\b", item):
            drafts.append(_measure(setting, item, span, OPEN, status))
    return drafts


def read_incidents(
    setting: Setting, following: Sentence | None, counted: list[Draft]
) -> tuple[list[Draft], list[Draft]]:
    """Airspace violations; a count in the same words becomes the incident's and is taken from `counted`."""
    sentence = setting.sentence
    match = AIRSPACE.search(sentence.text)
    if match is None:
        return [], counted
    place = _where(setting, match)
    time = _incident_time(setting)
    if (
        place is None
        or place[0] == "Russia"
        or re.search(
            r"\b(?:if|could|would|will|may|might|prevent|against future)\b[^.;]{0,40}$", sentence.text[: match.start()]
        )
    ):
        return [], counted
    crash = match["d"] is not None
    if (crash and place[0] in {"Ukraine"}) or (
        time is None
        and not re.search(
            r"\b(?:violated|entered|breached|crossed|crashed|strayed|intruded|penetrated|flew)\b", sentence.text
        )
    ):
        return [], counted
    lasted = LASTED.search(sentence.text) or (
        LASTED.search(following.text)
        if following is not None and re.match(r"(?:It|The|They)\b", following.text)
        else None
    )
    where = sentence if lasted is None or lasted.string == sentence.text else following
    held = [
        d
        for d in counted
        if d.entry.quantity is not None
        and d.entry.kind == "statement"
        and d.entry.evidence == (sentence.start, sentence.end)
        and re.search(r"missile|drone|UAV|aircraft|jet|plane|rocket", d.entry.thing)
    ]
    quantity = held[0].entry.quantity if held else _duration(lasted)
    voice = setting.voice(sentence.start + match.start())
    base = sentence.start
    because = [Reason("thing", base + match.start(), base + match.end()), Reason("place", *place[1])]
    because += [Reason("date", time.start, time.end, time.rule)] if time else []
    because += (
        [Reason("quantity", where.start + lasted.start(), where.start + lasted.end(), "how long")]
        if lasted and where and not held
        else []
    )
    because += list(held[0].because[:1]) if held else []
    end = max(sentence.end, where.end if where is not None and lasted else 0)
    entry = Entry(
        kind="incident",
        speaker=voice.speaker,
        via=", ".join(voice.via),
        thing=_violated(sentence.text, match),
        quantity=quantity,
        period=_period(time),
        date=None if time is None else time.day,
        place=place[0],
        evidence=(sentence.start, end),
        doubtful=time is not None and time.doubtful,
        note=f"lasted: {lasted[0]}" if lasted and held else "",
    )
    return [Draft(entry, tuple(because))], [d for d in counted if d not in held[:1]]


def _violated(text: str, match: re.Match[str]) -> str:
    words = (match["c"] or match[0]).strip()
    return re.sub(r"^(?:from|of|the)\s", "", words)


def _incident_time(setting: Setting) -> Time | None:
    """Day of an incident: the latest one, where several are told together."""
    base = setting.sentence.start
    for time in setting.times:
        if LATEST.search(setting.sentence.text[: time.start - base]):
            return time
    return _free_day(setting) or setting.day


def _where(setting: Setting, match: re.Match[str]) -> tuple[str, tuple[int, int]] | None:
    """Country whose airspace it was: named in the words, else in the sentence behind "protect" or a place word."""
    lexicon, base = read_lexicon(), setting.sentence.start
    inside = [t for t in setting.sentence.tokens if base + match.start() <= t.start < base + match.end()]
    near = [t for t in setting.sentence.tokens if match.start() - 60 <= t.start - base < match.end() + 60]
    near.sort(key=lambda token: max(base + match.start() - token.start, token.start - base - match.end()))
    pairs = [*inside, *near]
    for token in pairs:
        country = lexicon.countries.get(re.sub(r"['’]s?$", "", token.text))
        if country not in {None, "Russia", "NATO", "EU"} and not (country == "Iran"):
            return str(country), (token.start, token.end)
    return None


def _duration(lasted: re.Match[str] | None) -> Quantity | None:
    if lasted is None:
        return None
    token = Token(lasted["number"], 0, 1)
    read = value_at([token], 0)
    if read is None:
        return None
    value, unit = read[0], lasted["unit"].rstrip("s") + "s"
    hedge = (lasted["hedge"] or "").strip()
    match hedge:
        case "about" | "around" | "some":
            return Quantity(None, value, None, "about", unit)
        case "more than" | "at least":
            return Quantity(value, None, None, hedge, unit)
        case "less than" | "nearly":
            return Quantity(None, None, value, hedge, unit)
        case _:
            return Quantity(value, value, value, "exact", unit)


def merged(drafts: list[Draft]) -> list[Draft]:
    """One draft a meeting: the same people on the same day, topics put together."""
    kept: list[Draft] = []
    for draft in drafts:
        entry = draft.entry
        twin = next(
            (i for i, other in enumerate(kept) if entry.kind == "meeting" and _same_meeting(other.entry, entry)), None
        )
        if twin is None:
            kept.append(draft)
            continue
        other = kept[twin]
        topics = tuple(dict.fromkeys([*other.entry.topics, *entry.topics]))
        known = replace(
            other.entry,
            topics=topics,
            date=other.entry.date or entry.date,
            period=other.entry.period or entry.period,
            place=other.entry.place or entry.place,
        )
        kept[twin] = Draft(known, (*other.because, *draft.because))
    return kept


def _same_meeting(a: Entry, b: Entry) -> bool:
    same = (set(a.participants) == set(b.participants) and len(a.participants) > 1) or (
        a.thing == b.thing and len(a.participants) < 2
    )
    return a.kind == "meeting" and same and (a.date == b.date or a.date is None or b.date is None)
