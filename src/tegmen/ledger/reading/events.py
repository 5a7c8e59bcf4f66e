"""Meetings, measures, open items and incidents in sentences: who, where, when, about what."""

from __future__ import annotations

import re
from dataclasses import replace

from tegmen.ledger.entries import OPEN, Kind, Quantity
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import (
    NOWHERE,
    Draft,
    Place,
    Setting,
    Visit,
    countries_in,
    is_saying,
    place_named,
    reasons,
)
from tegmen.ledger.reading.lexicon import hedges, pattern, statuses, words
from tegmen.ledger.reading.numbers import HedgedNumber, bounded, value_at
from tegmen.ledger.reading.sentences import Sentence, tokenize

# ---------------------------------------------------------------- meetings


def read_meetings(setting: Setting) -> tuple[list[Draft], Visit | None]:
    """Read who met whom, and meetings that have a name; returns the visit for what follows, too."""
    sentence, subject, visit = setting.sentence, setting.memory.subject, setting.memory.visit
    met = [
        *(_met_by(setting, subject, match) for match in pattern("met").finditer(sentence.text)),
        *(_talks_between(setting, match) for match in pattern("talks_between").finditer(sentence.text)),
    ]
    met = [meeting for meeting in met if meeting is not None] or _met_together(setting)
    drafts = [_meeting(setting, visit, *meeting) for meeting in met]
    drafts += _named_meetings(setting, skip=bool(drafts)) or _meeting_of(setting)
    found = pattern("plural").search(sentence.text)
    if found is not None and not drafts:
        place, date = _met_at(setting), free_day(setting)
        who = (setting.named(0, found.start()) or [subject])[-1]
        if who and (place != NOWHERE or date is not None):
            visit = Visit(who, date, place)
    return drafts, visit


def _met_at(setting: Setting, start: int = 0) -> Place:
    return place_named(setting.sentence, words("places_met"), start)


# ---------------------------------------------------------------- who met

_Met = tuple[tuple[str, ...], tuple[int, int], int]
"""Who met, where the sentence says so, and where its topics begin."""


def _met_by(setting: Setting, subject: str, match: re.Match[str]) -> _Met | None:
    """Somebody met somebody: both must be named."""
    sentence = setting.sentence
    text, start = sentence.text, match.end()
    rest = text[start:]
    if pattern("met_needs").match(rest):
        return None
    spoken = [a.start - sentence.start for a in setting.attributions if a.start >= sentence.start + start]
    end = min([_up_to(pattern("object_end"), text, start), *spoken])  # who says it was not met
    nominal = re.match(r"(?:[Dd]uring|[Aa]t|[Aa]fter|[Ii]n|[Ff]ollowing)\s", match[0]) is not None
    if nominal:  # "During the meeting with her counterpart Mette Rasmussen, Lisova raised": the comma ends who was met
        commas = (start + comma.start() for comma in re.finditer(r",\s", rest))
        end = next((at for at in commas if setting.named(start, at)), end)
    objects = setting.named(start, end)
    if not objects and match[0].strip().lower() not in words("meets_somebody"):
        objects = _body_in(text[start:end])
    first = nominal and match.start() < 3
    before = setting.named(end, len(text))[:1] if first else setting.named(0, match.start())[-2:]
    actors = _who_joined(text[: match.start()], before) or ([subject] if subject else [])
    who = [person for person in actors if person not in objects]
    span = (match.start(), max(end, start))
    return ((*who, *objects), span, match.start()) if who and objects else None


def _up_to(stops: re.Pattern[str], text: str, start: int) -> int:
    """Where what begins at a place ends: at the first stop, else with the text."""
    stop = stops.search(text[start:])
    return start + stop.start() if stop else len(text)


def _who_joined(before: str, people: list[str]) -> list[str]:
    """Two people in front of the verb meet together only when "and" joins them at its end."""
    if len(people) < 2:
        return people
    last = people[-1].split()[-1]
    if re.search(rf"\sand\s(?:[\w'’-]+\s){{0,5}}{re.escape(last)}\s(?:\w+\s)?$", before):
        return people
    return people[-1:] if before.rstrip().endswith(last) else people[:1]


def _body_in(text: str) -> list[str]:
    """A body that met, by name: "EU foreign ministers"."""
    match = re.match(
        r"(?:the\s)?((?:[A-Z][\w'’]*\s){1,3}(?:[a-z]+\s){0,2}(?:ministers|leaders|lawmakers|ambassadors"
        r"|officials|senators|delegation))\b",
        text,
    )
    return [match[1]] if match else []


def _talks_between(setting: Setting, match: re.Match[str]) -> _Met | None:
    end = _up_to(pattern("object_end"), setting.sentence.text, match.end())
    who = tuple(setting.named(match.end(), end))
    return (who, (match.start(), end), match.start()) if len(who) > 1 else None


def _met_together(setting: Setting) -> list[_Met]:
    """A and B met, or discussed something."""
    sentence = setting.sentence
    for match in pattern("both_met").finditer(sentence.text):
        joined = _who_joined(sentence.text[: match.start()], setting.named(0, match.start())[-2:])
        at = sentence.start + match.start()
        if len(joined) == 2 and not any(a.start < at < a.end for a in setting.attributions):
            return [(tuple(joined), (0, match.end()), match.start())]
    return []


def _meeting(
    setting: Setting, visit: Visit | None, who: tuple[str, ...], span: tuple[int, int], topics_from: int
) -> Draft:
    date, place = free_day(setting), _met_at(setting)
    if visit is not None and visit.person in who:
        date, place = date or visit.date, visit.place if place == NOWHERE else place
    topics, named = _topics(setting.sentence.text, topics_from)
    because = [*setting.because("participants", span), *setting.by_time("date", date)]
    because += setting.because("topics", named)
    thing = f"meeting of {' and '.join(who)}"
    draft = setting.draft("meeting", because, date, place, thing=thing, participants=tuple(dict.fromkeys(who)))
    said = draft.entry.speaker not in who[1:]  # who was met says nothing here
    return replace(draft, entry=replace(draft.entry, topics=topics, speaker=draft.entry.speaker if said else ""))


# ---------------------------------------------------------------- meetings that have a name


def _named_meetings(setting: Setting, *, skip: bool) -> list[Draft]:
    """A meeting with a name and a day: "The NATO foreign ministers' meeting on April 3-4"."""
    sentence, base, drafts = setting.sentence, setting.sentence.start, list[Draft]()
    for match in pattern("event").finditer(sentence.text):
        proper = re.search(r"\b[A-Z]", match["name"]) is not None and match["head"].lower() != "forum"
        of_people = re.match(r"\s(?:with|between)\b", sentence.text[match.end() :]) is not None
        time = _near_time(setting, base + match.end())
        if time is None or not proper or of_people or (skip and match["head"] == "meeting"):
            continue
        name, place = _from_capital(match["name"]), _met_at(setting, base + match.end())
        body = re.sub(r"['’]?\s\w+$", "", name)
        topics, span = _topics(sentence.text, match.end())
        because = [*setting.because("thing", (match.start("name"), match.end())), *setting.by_time("period", time)]
        because += setting.because("topics", span)
        participants = (body,) if pattern("bodies").search(body) else ()
        drafts.append(
            setting.draft("meeting", because, time, place, thing=name, participants=participants, topics=topics)
        )
    return drafts


def _meeting_of(setting: Setting) -> list[Draft]:
    """A meeting of a body with a name, on a day: "the 24th meeting of the Contact Group"."""
    text, time = setting.sentence.text, free_day(setting)
    match = pattern("body").search(text) or pattern("body_met").search(text)
    if match is None or time is None:
        return []
    body = match["body"].removeprefix("The ")
    because = [*setting.because("thing", match.span()), *setting.by_time("date", time)]
    thing = match[0] if match.re is pattern("body") else f"meeting of {body}"
    return [setting.draft("meeting", because, time, _met_at(setting), thing=thing, participants=(body,))]


def _from_capital(name: str) -> str:
    """Begin a name at its first capital, where small words stand in front of it."""
    match = re.search(r"\b[A-Z]", name)
    front = name[: match.start()] if match else ""
    return name[match.start() :] if match and re.search(r"\b(?:of|in|at|to|for|with|and|that|after)\b", front) else name


# ---------------------------------------------------------------- when and where


def free_day(setting: Setting, near: int | None = None) -> Time | None:
    """First time in a sentence that is not when words were said; nearest behind `near`, if that is given."""
    before = setting.sentence.before
    free = setting.times_of(saying=False)
    free = [t for t in free if not (t.due or pattern("latest").search(before(t.start)))]
    if near is not None:
        free = [t for t in free if t.start >= near] or free
    free = [t for t in free if t.period is None or t.shorter_than(40)]
    days = [t for t in free if t.period is None or t.shorter_than(8)]
    return (days or free or [None])[0]


def _near_time(setting: Setting, position: int) -> Time | None:
    """Time of an event: the first behind its name, that is not when somebody spoke."""
    sentence = setting.sentence
    for time in setting.times:
        between = sentence.between(position, time.start)
        planned = pattern("takes_place").search(between)
        near = re.fullmatch(r"(?:,?\s(?:in|at|on|of|the|for|from|[A-Z][\w'’]*|capital|city|was|is))*,?\s?", between)
        if 0 <= time.start - position < 90 and (near or (planned and not is_saying(setting, time))):
            return time
    before = (t for t in setting.times if 0 <= position - t.end < 60 and re.match(r"'s\s", sentence.behind(t.end)))
    return next(before, None)


# ---------------------------------------------------------------- about what


def _topics(text: str, start: int) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Topics named behind a verb of discussing; a list is split at "and" and "as well as"."""
    found: list[str] = []
    span: tuple[int, int] | None = None
    for match in pattern("topic").finditer(text, max(0, start - 60)):
        end = _up_to(pattern("topics_end"), text, match.end())
        parts = (part.strip(" ,") for part in pattern("topics_apart").split(text[match.end() : end]))
        found += [part for part in parts if 3 < len(part) < 300]
        span = (span[0] if span else match.end(), end)
    return tuple(dict.fromkeys(found)), span


def read_topics(sentence: Sentence) -> tuple[str, ...]:
    """Topics of a meeting told before: "We discussed the importance of ..."."""
    among = pattern("among").match(sentence.text)
    if among is not None:
        items = re.split(r",\s(?:and\s)?(?=the\s)|\sand\s(?=the\s)", among["items"])
        return tuple(item.strip(" ,") for item in items)
    if not pattern("those_who_met").match(sentence.text):
        return ()
    return _topics(sentence.text, 0)[0]


# ---------------------------------------------------------------- measures

StatusAt = tuple[str, tuple[int, int]]
"""Status of a measure, and where in the sentence it stands."""


def read_measures(setting: Setting) -> list[Draft]:
    """Sanctions packages, forums, and what the text names as an open topic."""
    text, drafts = setting.sentence.text, _open_items(setting)
    if drafts:
        return drafts
    for match in pattern("sanctions").finditer(text):
        status = _status(text, *match.span())
        plain = re.search(r"package|cap|embargo", match["name"]) is None
        acted = pattern("acted").search(
            text[: match.start()],
        )
        if status and (acted or not plain):
            drafts.append(_measure(setting, match[0], match.span(), status))
    for match in pattern("event").finditer(text):
        status = _status(text, *match.span()) if match["head"].lower() == "forum" else None
        if status is not None and re.search(r"\b[A-Z]", match["name"]):
            drafts.append(_measure(setting, match["name"], match.span("name"), status))
    return drafts


def _status(text: str, start: int, end: int) -> StatusAt | None:
    """Status word nearest to a measure, and where it stands."""
    found = [
        (min(abs(match.start() - end), abs(start - match.end())), name, match.span())
        for name, said in statuses().items()
        for match in said.finditer(text)
        if match.end() <= start or match.start() >= end - 1
    ]
    if not found:
        return None
    _, name, span = min(found)
    ahead = pattern("ahead").search(text[: span[0]])
    return ("planned" if ahead and name != OPEN else name), span


def _measure(setting: Setting, thing: str, span: tuple[int, int], status: StatusAt, kind: Kind = "measure") -> Draft:
    base = setting.sentence.start
    if status[0] == OPEN:
        time = next((t for t in setting.times if 0 <= t.start - base - span[1] < 60), None)
    else:
        time = free_day(setting, base + span[1])
    because = [*setting.because("thing", span), *setting.because("status", status[1])]
    because += setting.by_time("period", time)
    thing = re.sub(r"^(?:the|a)\s", "", thing.strip())
    parties = tuple(name for name in ("EU", "Ukraine") if kind == "commitment" and name in thing)
    return setting.draft(kind, because, time, NOWHERE, thing=thing, participants=parties, status=status[0])


def _open_items(setting: Setting) -> list[Draft]:
    """What is named as topic of talks and is a delivery, a package or a forum, is open."""
    match, drafts = pattern("among").match(setting.sentence.text), list[Draft]()
    if match is None:
        return []
    status = (OPEN, (match.end("items"), match.end()))
    for part in pattern("item").finditer(match["items"]):
        item = pattern("item_leads").sub("", part["item"])
        span = (part.end("item") - len(item), part.end("item"))
        if pattern("handing_over").search(item) and pattern("arms").search(item):
            drafts.append(_measure(setting, item, span, status, "commitment"))
        elif pattern("measures").search(item):
            drafts.append(_measure(setting, item, span, status))
    return drafts


# ---------------------------------------------------------------- incidents


def read_incidents(
    setting: Setting, following: Sentence | None, counted: list[Draft]
) -> tuple[list[Draft], list[Draft]]:
    """Airspace violations; a count in the same words becomes the incident's and is taken from `counted`."""
    sentence = setting.sentence
    match, time = pattern("airspace").search(sentence.text), _incident_time(setting)
    place = NOWHERE if match is None else _where(setting, match)
    if match is None or not _happened(sentence.text, match, place[0], dated=time is not None):
        return [], counted
    held = next((draft for draft in counted if _is_of_flight(draft, sentence)), None)
    base, (where, lasted) = sentence.start, _lasted(sentence, following)
    because = [*setting.because("thing", match.span()), *setting.by_time("date", time)]
    if held is not None:
        because.append(held.because[0])
    elif lasted is not None:
        because += reasons("quantity", (where.start + lasted.start(), where.start + lasted.end()), rule="how long")
    maybe = re.search(r"\b(?:may|might|could)\shave\s$", sentence.text[: match.start()]) is not None
    draft = setting.draft(
        "incident",
        because,
        time,
        place,
        thing=re.sub(r"^(?:from|of|the)\s", "", (match["c"] or match[0]).strip()),
        quantity=held.entry.quantity if held else _duration(lasted),
        evidence=(base, where.end if lasted else sentence.end),
        doubtful=maybe or (time is not None and (time.doubtful or is_saying(setting, time))),
        note=f"lasted: {lasted[0]}" if lasted and held else "",
    )
    return [draft], [other for other in counted if other != held]


def _happened(text: str, match: re.Match[str], country: str, *, dated: bool) -> bool:
    """Whether the words tell of a violation that was: not denied, not feared, not in the country at war."""
    before = text[: match.start()]
    if country in {"", "Russia"} or pattern("denied").search(before) or pattern("hypothetical_flight").search(before):
        return False
    crash = any(match[name] is not None for name in "deh")
    return not (crash and country == "Ukraine") and (dated or pattern("flown").search(text) is not None)


def _is_of_flight(draft: Draft, sentence: Sentence) -> bool:
    entry = draft.entry
    stated = entry.kind == "statement" and entry.quantity is not None
    inside = entry.evidence == (sentence.start, sentence.end)
    return stated and inside and pattern("flying").search(entry.thing) is not None


def _lasted(sentence: Sentence, following: Sentence | None) -> tuple[Sentence, re.Match[str] | None]:
    """How long it lasted, and the sentence that says so: this one, or the next if it goes on with "It"."""
    lasted = pattern("lasted").search(sentence.text)
    if lasted is None and following is not None and re.match(r"(?:It|The|They)\b", following.text):
        return following, pattern("lasted").search(following.text)
    return sentence, lasted


def _incident_time(setting: Setting) -> Time | None:
    """Day of an incident: the latest one, where several are told together."""
    latest = (t for t in setting.times if pattern("latest").search(setting.sentence.before(t.start)))
    said = setting.times_of(saying=True)
    return next(latest, None) or free_day(setting) or setting.memory.day or (said or [None])[0]


def _where(setting: Setting, match: re.Match[str]) -> Place:
    """Country whose airspace it was: named in the words, else in the sentence behind "protect" or a place word."""
    base = setting.sentence.start
    start, end = base + match.start(), base + match.end()
    near = countries_in(setting.sentence, start - 60, end + 60)
    near.sort(key=lambda land: max(start - land[1][0], land[1][0] - end))
    inside = countries_in(setting.sentence, start, end)
    fits = ((name, (span,)) for name, span in inside + near if name not in {"Russia", "NATO", "EU", "Iran"})
    return next(fits, NOWHERE)


def _duration(lasted: re.Match[str] | None) -> Quantity | None:
    read = None if lasted is None else value_at(tokenize(lasted["number"]), 0)
    if lasted is None or read is None:
        return None
    number = HedgedNumber(read[0], read[0], read[0], "exact", 0, 1)
    hedge = dict(hedges("before")).get(tuple((lasted["hedge"] or "").split()))
    number = number if hedge is None else bounded(number, hedge, whole=False)
    return number.quantity(lasted["unit"].rstrip("s") + "s")
