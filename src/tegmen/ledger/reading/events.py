"""Measures, open items and incidents in sentences."""

from __future__ import annotations

import re

from tegmen.ledger.entries import OPEN, Kind, Quantity
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import Draft, by_time, reasons
from tegmen.ledger.reading.lexicon import countries, hedges, pattern
from tegmen.ledger.reading.meetings import free_day
from tegmen.ledger.reading.numbers import HedgedNumber, bounded, value_at
from tegmen.ledger.reading.sentences import Sentence, Token
from tegmen.ledger.reading.setting import NOWHERE, Place, Setting, is_saying

STATUS = {
    "in force": r"came into force|in force|entered into force|took effect",
    "adopted": r"adopted|approved|agreed on|agreed|imposed|passed|announced",
    "lifted": r"lifted|dropped",
    "extended": r"extended|prolonged",
    "proposed": r"proposed|proposal|draft",
    "planned": r"will|would|planned|plans|preparing|prepares|being prepared|could be|may be|upcoming|expected|scheduled"
    r"|working on|intends",
    "held": r"took place|was held|were held|held|opened|hosted|gathered",
    OPEN: r"discuss\w*|topics?|agenda",
}


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
        acted = re.search(
            r"\b(?:impos|announc|adopt|approv|propos|introduc|prepar|agreed|lift|extend)\w*\b[^.;]{0,40}$",
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
        for name, said in STATUS.items()
        for match in re.finditer(rf"\b(?:{said})\b", text)
        if match.end() <= start or match.start() >= end - 1
    ]
    if not found:
        return None
    _, name, span = min(found)
    ahead = re.search(
        r"\b(?:will|would|could|may|to|expected to be|yet)\s(?:be\s|soon\s|formally\s)?$", text[: span[0]]
    )
    return ("planned" if ahead and name != OPEN else name), span


def _measure(setting: Setting, thing: str, span: tuple[int, int], status: StatusAt, kind: Kind = "measure") -> Draft:
    base = setting.sentence.start
    if status[0] == OPEN:
        time = next((t for t in setting.times if 0 <= t.start - base - span[1] < 60), None)
    else:
        time = free_day(setting, base + span[1])
    because = [*setting.because("thing", span), *setting.because("status", status[1]), *by_time("period", time)]
    because += reasons("speaker", *setting.voice(base + span[0]).spans[:1])
    return setting.draft(
        kind,
        base + span[0],
        time,
        because,
        thing=re.sub(r"^(?:the|a)\s", "", thing.strip()),
        participants=tuple(name for name in ("EU", "Ukraine") if kind == "commitment" and name in thing),
        status=status[0],
    )


def _open_items(setting: Setting) -> list[Draft]:
    """What is named as topic of talks and is a delivery, a package or a forum, is open."""
    match, drafts = pattern("among").match(setting.sentence.text), list[Draft]()
    if match is None:
        return []
    status = (OPEN, (match.end("items"), match.end()))
    for part in pattern("item").finditer(match["items"]):
        item = pattern("item_leads").sub("", part["item"])
        span = (part.end("item") - len(item), part.end("item"))
        if re.search(r"\b(?:deliver(?:y|ies)|supply|supplies|transfer|shipments?)\b", item) and re.search(
            r"\b(?:ammunition|systems?|missiles|shells|weapons|aircraft|tanks|interceptors|jets|aid)\b", item
        ):
            drafts.append(_measure(setting, item, span, status, "commitment"))
        elif re.search(r"\b(?:sanctions|package|forum|price cap|embargo|conference)\b", item):
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
    base, end = sentence.start, sentence.end
    because = [*setting.because("thing", match.span()), *reasons("place", *place[1]), *by_time("date", time)]
    where, lasted = _lasted(sentence, following)
    if lasted is not None:
        end = max(end, where.end)
        if held is None:
            because += reasons("quantity", (where.start + lasted.start(), where.start + lasted.end()), rule="how long")
    because += held.because[:1] if held else ()
    maybe = re.search(r"\b(?:may|might|could)\shave\s$", sentence.text[: match.start()]) is not None
    draft = setting.draft(
        "incident",
        base + match.start(),
        time,
        because,
        thing=re.sub(r"^(?:from|of|the)\s", "", (match["c"] or match[0]).strip()),
        quantity=held.entry.quantity if held else _duration(lasted),
        place=place[0],
        evidence=(base, end),
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
    return stated and inside and re.search(r"missile|drone|UAV|aircraft|jet|plane|rocket", entry.thing) is not None


def _lasted(sentence: Sentence, following: Sentence | None) -> tuple[Sentence, re.Match[str] | None]:
    """How long it lasted, and the sentence that says so: this one, or the next if it goes on with "It"."""
    lasted = pattern("lasted").search(sentence.text)
    if lasted is None and following is not None and re.match(r"(?:It|The|They)\b", following.text):
        return following, pattern("lasted").search(following.text)
    return sentence, lasted


def _incident_time(setting: Setting) -> Time | None:
    """Day of an incident: the latest one, where several are told together."""
    latest = (t for t in setting.times if pattern("latest").search(setting.sentence.before(t.start)))
    said = (t for t in setting.times if is_saying(setting, t))
    return next(latest, None) or free_day(setting) or setting.day or next(said, None)


def _where(setting: Setting, match: re.Match[str]) -> Place:
    """Country whose airspace it was: named in the words, else in the sentence behind "protect" or a place word."""
    tokens, base = setting.sentence.tokens, setting.sentence.start
    start, end = base + match.start(), base + match.end()
    inside = [token for token in tokens if start <= token.start < end]
    near = [token for token in tokens if start - 60 <= token.start < end + 60]
    near.sort(key=lambda token: max(start - token.start, token.start - end))
    for token in (*inside, *near):
        country = countries().get(token.bare)
        if country is not None and country not in {"Russia", "NATO", "EU", "Iran"}:
            return country, ((token.start, token.end),)
    return NOWHERE


def _duration(lasted: re.Match[str] | None) -> Quantity | None:
    read = None if lasted is None else value_at([Token(lasted["number"], 0, 1)], 0)
    if lasted is None or read is None:
        return None
    number = HedgedNumber(read[0], read[0], read[0], "exact", 0, 1)
    hedge = dict(hedges("before")).get(tuple((lasted["hedge"] or "").split()))
    number = number if hedge is None else bounded(number, hedge, whole=False)
    return number.quantity(lasted["unit"].rstrip("s") + "s")
