"""Measures, open items and incidents in sentences."""

from __future__ import annotations

import re

from tegmen.ledger.entries import OPEN, Entry, Kind, Quantity
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import Draft, Reason
from tegmen.ledger.reading.lexicon import read_lexicon
from tegmen.ledger.reading.meetings import AMONG, EVENT, LATEST, free_day, period
from tegmen.ledger.reading.numbers import value_at
from tegmen.ledger.reading.sentences import Sentence, Token
from tegmen.ledger.reading.setting import Setting, is_saying

SANCTIONS = re.compile(
    r"\b(?P<name>(?:(?:next|new|latest|fresh|further|additional|[0-9]{1,2}(?:st|nd|rd|th)"
    r"|[a-z]+(?:th|rst|cond))\s)?(?:(?:EU|US|U\.S\.|European\sUnion|British|UK|American"
    r"|[A-Z][a-z]+(?:'s|’s)?)\s)?(?:(?:next|new|latest|fresh|further|additional|[0-9]{1,2}(?:st|nd"
    r"|rd|th)|[a-z]+(?:th|rst|cond))\s)?(?:sanctions\spackage|package\sof\s(?:EU\s)?sanctions"
    r"|sanctions(?=\s(?:against|on)\s)|(?<=\bnew\s)sanctions|(?:oil\s)?price\scap|embargo))\b(?:\s(?:against|on"
    r"|targeting)\s(?:[A-Z][\w-]+|[a-z]+\s[a-z]+))?"
)


STATUS = (
    (re.compile(r"\b(?:came into force|in force|entered into force|took effect)\b"), "in force"),
    (re.compile(r"\b(?:adopted|approved|agreed on|agreed|imposed|passed|announced)\b"), "adopted"),
    (re.compile(r"\b(?:lifted|dropped)\b"), "lifted"),
    (re.compile(r"\b(?:extended|prolonged)\b"), "extended"),
    (re.compile(r"\b(?:proposed|proposal|draft)\b"), "proposed"),
    (
        re.compile(
            r"\b(?:will|would|planned|plans|preparing|prepares|being prepared|could be|may be"
            r"|upcoming|expected|scheduled|working on|intends)\b"
        ),
        "planned",
    ),
    (re.compile(r"\b(?:took place|was held|were held|held|opened|hosted|gathered)\b"), "held"),
    (re.compile(r"\b(?:discuss\w*|topics?|agenda)\b"), OPEN),
)


AIRSPACE = re.compile(
    r"\b(?:(?:violat|enter|breach|cross|penetrat|stray|intrud|flew|fly|flown"
    r"|infring)\w*\b[^.;]{0,50}?\b(?P<a>(?:[A-Z][\w'’.]+\s){1,2}|its\s"
    r"|the\scountry's\s)?(?:air\s?space|territory)"
    r"|(?:(?P<b>(?:[A-Z][\w'’.]+\s){0,2})air\s?space\s(?:violations?|incursions?|breach(?:es)?))"
    r"|(?P<c>(?:(?:[A-Z][\w'’]+|missiles?'?’?|drones?'?’?|of)\s){0,3}(?:incursions?"
    r"|intrusions?))(?:\s(?:into|of|in)\s(?:[A-Z][\w'’.]+\s?){1,2}(?:air\s?space)?)?"
    r"|(?:(?:crashed|fell|landed|came\sdown|exploded|found)\s(?:in"
    r"|on)\s(?:the\sterritory\sof\s|(?:north|south|east|west)[a-z]*\s|central\s)?(?P<d>[A-Z][\w'’]+)(?:\sterritory|\ssoil)?)"
    r"|(?P<f>[A-Z]\w+\s)air\s?space\s(?:was|had\sbeen|has\sbeen)\s(?:violated|breached|entered)"
    r"|(?:spent|stayed|remained|flew|was)\b[^.;]{0,30}?\sin\s(?P<g>[A-Z]\w+)\sair\s?space"
    r"|(?:crossed|strayed|flew|veered)\sinto\s(?P<e>[A-Z]\w+))"
)


LASTED = re.compile(
    r"\b(?:for|spent|lasted|lasting)\s(?P<hedge>about\s|around\s|some\s|nearly\s|less than\s|more than\s"
    r"|at least\s)?(?P<number>[\w.,-]+)\s(?P<unit>seconds?|minutes?)\b"
)


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
        if match["head"].lower() != "forum":
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
    if re.search(
        r"\b(?:will|would|could|may|to|expected to be|yet)\s(?:be\s|soon\s|formally\s)?$", text[: span[0]]
    ) and name in {
        "proposed",
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
        free_day(setting, base + span[1])
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
        period=period(time),
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
        (
            r"(?:^|,\s(?:and\s)?|\sand\s)(?P<item>(?:the\s|The\s|a\s)[^,]+?)(?=,\s(?:and\s)?the\s|,\swhich"
            r"|,\s(?:and\s)|$|\sand\sthe\s)"
        ),
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
    if re.search(
        r"(?i:\b(?:no|not|never|without|n[o']t|denied|denies|ruled out)\b)[^.;,]{0,30}$", sentence.text[: match.start()]
    ):
        return [], counted
    place = _where(setting, match)
    time = _incident_time(setting)
    if (
        place is None
        or place[0] == "Russia"
        or re.search(
            r"\b(?:if|(?:could|would|will|may|might)(?!\shave)|prevent|against future)\b[^.;]{0,40}$",
            sentence.text[: match.start()],
        )
    ):
        return [], counted
    crash = match["d"] is not None or match["e"] is not None
    if (crash and place[0] == "Ukraine") or (
        time is None
        and not re.search(
            r"\b(?:violated|entered|breached|crossed|crashed|strayed|intruded|penetrated|flew|spent|stayed|fell|landed|veered)\b",
            sentence.text,
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
    maybe = re.search(r"\b(?:may|might|could)\shave\s$", sentence.text[: match.start()]) is not None
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
        thing=_violated(match),
        quantity=quantity,
        period=period(time),
        date=None if time is None else time.day,
        place=place[0],
        evidence=(sentence.start, end),
        doubtful=maybe or (time is not None and (time.doubtful or is_saying(setting, time))),
        note=f"lasted: {lasted[0]}" if lasted and held else "",
    )
    return [Draft(entry, tuple(because))], [d for d in counted if d not in held[:1]]


def _violated(match: re.Match[str]) -> str:
    words = (match["c"] or match[0]).strip()
    return re.sub(r"^(?:from|of|the)\s", "", words)


def _incident_time(setting: Setting) -> Time | None:
    """Day of an incident: the latest one, where several are told together."""
    base = setting.sentence.start
    for time in setting.times:
        if LATEST.search(setting.sentence.text[: time.start - base]):
            return time
    return free_day(setting) or setting.day or next((t for t in setting.times if is_saying(setting, t)), None)


def _where(setting: Setting, match: re.Match[str]) -> tuple[str, tuple[int, int]] | None:
    """Country whose airspace it was: named in the words, else in the sentence behind "protect" or a place word."""
    lexicon, base = read_lexicon(), setting.sentence.start
    inside = [t for t in setting.sentence.tokens if base + match.start() <= t.start < base + match.end()]
    near = [t for t in setting.sentence.tokens if match.start() - 60 <= t.start - base < match.end() + 60]
    near.sort(key=lambda token: max(base + match.start() - token.start, token.start - base - match.end()))
    pairs = [*inside, *near]
    for token in pairs:
        country = lexicon.countries.get(re.sub(r"['’]s?$", "", token.text))
        if country not in {None, "Russia", "NATO", "EU"} and country != "Iran":
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
