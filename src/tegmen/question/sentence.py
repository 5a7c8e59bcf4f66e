"""A sentence to what it claims: so many fire units are enough for so much; or a refusal that names the words left over.

A small closed grammar. Every word is a phrase of `meanings.toml`, and the kinds of the phrases stand in one of a few
orders. Nothing is guessed and nothing is dropped: a sentence that is not understood whole is not understood.
"""

from __future__ import annotations

import datetime as dt
import re
from calendar import month_name
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Final

from tegmen.data import shipped_toml
from tegmen.errors import InputError, visible
from tegmen.evidence.geography import read_places
from tegmen.question.goals import METRICS
from tegmen.terms import FrozenDict

_SMALL: Final = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS: Final = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}
_WORD_NUMBERS: Final = (
    {"a dozen": 12, "one dozen": 12, "two dozen": 24, "half a dozen": 6}
    | {word: at for at, word in enumerate(_SMALL, start=1)}
    | _TENS
    | {f"{ten} {one}": value + at for ten, value in _TENS.items() for at, one in enumerate(_SMALL[:9], start=1)}
)
_FRACTIONS: Final = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_WORD_SHARES: Final = (
    {"half": Fraction(1, 2), "a half": Fraction(1, 2)}
    | {f"{one} {part}": Fraction(1, of) for one in ("a", "one") for part, of in _FRACTIONS.items()}
    | {f"{_SMALL[many - 1]} {part}s": Fraction(many, of)
       for part, of in _FRACTIONS.items() for many in range(2, of) if part != "half"}
)  # fmt: skip
_MONTH_NUMBERS: Final = {name.lower(): at for at, name in enumerate(month_name) if name}


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_NUMBER: Final = rf"(?:[0-9]{{1,4}}|{_any(_WORD_NUMBERS)})"
_SHARE: Final = (
    rf"(?P<share>(?:[0-9]{{1,3}}(?:\.[0-9]{{1,3}})?|{_any(_WORD_NUMBERS)}) (?:%|percent|per cent|pct)"
    rf"|{_any(_WORD_SHARES)})"
)
_RANGE: Final = (
    rf"(?P<low>{_NUMBER})",
    rf"(?:from )?(?P<low>{_NUMBER}) (?:to|or) (?P<high>{_NUMBER})",
    rf"between (?P<low>{_NUMBER}) and (?P<high>{_NUMBER})",
)
_PER_CENT: Final = re.compile(" (?:%|percent|per cent|pct)$")
_MONTH: Final = rf"(?P<month>{_any(_MONTH_NUMBERS)}) (?P<year>20[0-9][0-9])"

# ---------------------------------------------------------------- phrases


@dataclass(frozen=True, slots=True)
class Wording:
    """Some words of a sentence and what they are.

    Parameters
    ----------
    kind, value
        Kind of the phrase, as in `meanings.toml`; which one of the kind.
    words
        The words, as normalised.
    parts
        Numbers, share and month named in it.
    """

    kind: str
    value: str
    words: str
    parts: Mapping[str, str]

    @property
    def share(self) -> Fraction | None:
        """The share it names, "30 %" being 3/10."""
        words = self.parts.get("share", self.value if self.kind == "by" else "")
        if not words or words in _WORD_SHARES:
            return _WORD_SHARES.get(words)
        number = _PER_CENT.sub("", words)
        return Fraction(_WORD_NUMBERS.get(number) or number) / 100

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers it names, in their order."""
        named = (self.parts.get(end) for end in ("low", "high"))
        return tuple(_WORD_NUMBERS.get(word) or int(word) for word in named if word)

    @property
    def month(self) -> dt.date | None:
        """First day of the month it names."""
        if "month" not in self.parts:
            return None
        return dt.date(int(self.parts["year"]), _MONTH_NUMBERS[self.parts["month"]], 1)


@cache
def _meanings() -> dict[str, Any]:
    return shipped_toml("method", "meanings.toml")


@cache
def _table() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Kind, value and pattern of every phrase; metrics are of the kind "metric", those of cover "whole"."""
    content = _meanings()
    speaker = "|".join(content["speakers"])
    fills = {
        "<share>": _SHARE, "<number>": f"(?P<low>{_NUMBER})", "<month>": _MONTH,
        "<speaker>": f"(?:{speaker})(?: (?:{speaker}))*",
    }  # fmt: skip
    rows = [
        ("whole" if METRICS[each["metric"]].is_coverage else "metric", each["metric"], words)
        for each in content["meaning"]
        for words in each["words"]
    ]
    rows += [(each["kind"], each.get("value", ""), words) for each in content["word"] for words in each["words"]]
    rows += [("number", "", words) for words in _RANGE]
    return tuple((kind, value, _pattern(words, fills)) for kind, value, words in rows)


def _pattern(words: str, fills: Mapping[str, str]) -> re.Pattern[str]:
    for name, fill in fills.items():
        words = words.replace(name, fill)
    return re.compile(rf"(?:{words})(?= |$)")


def phrases(sentence: str) -> tuple[list[Wording], list[str]]:
    """What the words of a sentence are, the longest phrase first, and the words that are nothing known."""
    text, at = _normal(sentence), 0
    found: list[Wording] = []
    unknown: list[str] = []
    while at < len(text):
        fits = [(match, kind, value) for kind, value, words in _table() if (match := words.match(text, at))]
        if fits:
            match, kind, value = max(fits, key=lambda fit: fit[0].end())
            parts = {name: part for name, part in match.groupdict().items() if part}
            found.append(Wording(kind, value, match[0].strip(), FrozenDict(parts)))
            at = match.end() + 1
        else:
            word, _, _ = text[at:].partition(" ")
            unknown.append(word)
            at += len(word) + 1
    return found, unknown


def _normal(sentence: str) -> str:
    """Lower case, one space between words and signs, no hyphens, contractions written out."""
    text = re.sub(r"[“”\"«»„]", " ", sentence.strip().lower().replace("’", "'"))
    for short, long in (("won't", "will not"), ("can't", "can not"), ("cannot", "can not"), ("n't", " not")):
        text = text.replace(short, long)
    text = re.sub(r"(?<=[0-9]) ?[-–] ?(?=[0-9])", " to ", text)
    text = re.sub(r"(?<=[a-z])[-‑](?=[a-z])", " ", text)
    pieces = re.findall(r"[0-9]+(?:[.,][0-9]+)+(?!\w)|[\w']+|\S", text)
    while pieces and pieces[-1] in ".!":
        pieces.pop()
    return " ".join(piece for piece in pieces if piece != ",")


# ---------------------------------------------------------------- orders


def _kinds(*kinds: str) -> str:
    return f"(?:{'|'.join(f'<{kind}>' for kind in kinds)})"


# Kinds stand in brackets: a sentence is written as <number><system><unit>…, and an order is an expression on that.
_COUNT: Final = (
    "(?:<just>)?(?:<added>)?<number>(?:<added>)?(?:<just>)?(?:<system>(?:<unit>)?|<unit><of><system>)(?:<added>)?"
)
_AIM: Final = "<metric>(?:<place>)?"
_ALL_OF_IT: Final = "<whole>(?:<against>)?"
_SPACE: Final = f"{_kinds('whole', 'ukraine')}(?:<against>)?"
_HOW: Final = "(?:<by>|<down to>)"
_CUT: Final = _kinds("cut", "cut, or was cut", "cut, or fall")
_WAS_CUT: Final = _kinds("was cut", "cut, or was cut")
_REDUCE: Final = (
    f"<halve>{_AIM}|{_CUT}(?:{_AIM}(?:<down>)?{_HOW}|<by>{_AIM})|<prevent><share of>{_AIM}|<achieve><a cut of>{_AIM}"
    "|<cover all>(?:<against>)?|<vague>"
)
_EFFECT: Final = f"{_REDUCE}|<cover>{_SPACE}"
# "Five batteries protect Ukraine" tells how things are.
_PRESENT: Final = f"{_REDUCE}|<cover>{_ALL_OF_IT}"
_DOING: Final = (
    f"<halving>{_AIM}|<cutting>(?:{_AIM}(?:<down>)?{_HOW}|<by>{_AIM})|<preventing><share of>{_AIM}"
    f"|(?:<achieving>)?<a cut of>{_AIM}|<covering>{_SPACE}|<covering all>(?:<against>)?"
)
_DONE: Final = (
    f"<halved>{_AIM}|{_WAS_CUT}(?:{_AIM}(?:<down>)?{_HOW}|<by>{_AIM})|<prevented><share of>{_AIM}|<covered>{_SPACE}"
)
_BE: Final = "(?:<would>(?:<not>)?(?:<have>)?<be>|<be>(?:<not>)?)"
_FALL: Final = f"(?:<would>(?:<not>)?|<do><not>)?{_kinds('fall', 'cut, or fall')}{_HOW}"
_UNDERGO: Final = (
    f"{_AIM}(?:{_BE}(?:<halved>|{_WAS_CUT}{_HOW})|{_FALL})"
    f"|<share of>{_AIM}<would>(?:<not>)?<be><prevented>|{_SPACE}<would>(?:<not>)?(?:<have>)?<be><covered>(?:<against>)?"
)
_WHO: Final = _kinds("subject", "ukraine")
_AIMED: Final = f"(?:<to>(?:{_EFFECT})|<for>(?:{_DOING}))"
_DO: Final = (
    f"(?:{_PRESENT}|(?:<would>(?:<not>)?|<do><not>)(?:{_EFFECT})|(?:<would>(?:<not>)?|<do><not>)?<allow>(?:{_EFFECT})"
    f"|<would>(?:<not>)?<have>(?:{_DONE}))"
)
_NEED: Final = "(?:<would>)?<need>"
_GIVEN: Final = f"(?:<with>(?:<adding>)?{_COUNT}|<if>(?:{_COUNT}<are added>|{_WHO}<gets>{_COUNT}))"
ORDERS: Final = tuple(
    re.compile(order)
    for order in (
        f"(?:<adding>)?{_COUNT}{_DO}",
        f"{_COUNT}{_BE}<enough>(?:<for whom>)?{_AIMED}?",
        f"{_COUNT}(?:<would>(?:<not>)?|<do><not>)?<suffice>{_AIMED}?",
        f"{_COUNT}(?:<would>)?<be><needed>{_AIMED}",
        f"{_WHO}{_NEED}{_COUNT}{_AIMED}",
        f"<it takes>{_COUNT}{_AIMED}",
        f"{_GIVEN}(?:{_UNDERGO}|{_WHO}<would>(?:<not>)?(?:{_EFFECT}))",
        f"(?:{_UNDERGO}|{_WHO}<would>(?:<not>)?(?:{_EFFECT})){_GIVEN}",
        f"{_AIMED}(?:{_WHO}{_NEED}{_COUNT}|{_COUNT}{_BE}<enough>|{_COUNT}(?:<would>)?<be><needed>|<it takes>{_COUNT})",
        f"(?:{_DOING})(?:<would>)?{_kinds('takes', 'need')}{_COUNT}",
    )
)
"""Orders of kinds that claim so many to be enough; confidence, month and speaker may stand anywhere."""

# ---------------------------------------------------------------- the claim


@dataclass(frozen=True, slots=True)
class Said:
    """What a sentence claims: so many of a system are enough, or are not, for what remains of a metric.

    Parameters
    ----------
    system, low, high
        Which fire units, and how many of them are added.
    metric, left
        What falls, and the share of it that remains; for a metric of cover nothing remains. Empty and None where the
        sentence says no more than that they are enough.
    cities
        How many of the largest cities it names; None where it names no number.
    confidence
        How sure it says to be; None where it does not.
    month
        First day of the month it names.
    denied
        Whether it says that they are not enough.
    loosely
        Words taken to mean something narrower or nothing defined, with what they are taken to mean.
    """

    system: str
    low: int
    high: int
    metric: str
    left: float | None
    cities: int | None
    confidence: float | None
    month: dt.date | None
    denied: bool
    loosely: tuple[str, ...] = ()


_STRENGTHS: Final = ("by", "share of", "a cut of", "down to")
_ANYWHERE: Final = ("sure", "month", "said")
_LONGEST = 500
_WRITTEN_ROUNDED = 0.006
"""A share in words is rounded to whole per cent."""


def read_sentence(sentence: str) -> Said:
    """Read a sentence whole.

    Raises
    ------
    InputError
        Words are left over, or the words are known and make no claim that so many are enough; each is named.
    """
    if len(sentence) > _LONGEST:
        raise InputError("claim", [f"found {len(sentence)} characters; a claim is one sentence of up to {_LONGEST}"])
    found, unknown = phrases(sentence)
    faults = _left_over(sentence, unknown) if unknown else _shape_faults(found)
    if faults:
        raise InputError("claim", faults)
    by_kind = {phrase.kind: phrase for phrase in found}
    low, *high = by_kind["number"].numbers
    place, sure, month = (by_kind.get(kind) for kind in ("place", "sure", "month"))
    named = _aim(found)
    faults = _value_faults(by_kind)
    if faults:
        raise InputError("claim", faults)
    return Said(
        system=by_kind["system"].value,
        low=low,
        high=high[0] if high else low,
        metric=named.value if named else "",
        left=_left(by_kind),
        cities=place.numbers[0] if place and place.numbers else None,
        confidence=float(sure.share) if sure and sure.share is not None else None,
        month=month.month if month else None,
        denied="not" in by_kind,
        loosely=_loosely(by_kind),
    )


def _aim(found: list[Wording]) -> Wording | None:
    """The phrase that says what is to fall, or to be covered."""
    covers = any(phrase.kind.startswith("cover") for phrase in found)
    kinds = {"metric", "whole", "cover all", "covering all"} | ({"ukraine"} if covers else set())
    return next((phrase for phrase in found if phrase.kind in kinds), None)


def _left(by_kind: Mapping[str, Wording]) -> float | None:
    """What remains of the metric, "cut by 30 %" being 0.7."""
    if {"whole", "cover", "covering", "covered", "cover all", "covering all"} & by_kind.keys():
        return 0.0
    if {"halve", "halving", "halved"} & by_kind.keys():
        return 0.5
    for kind in _STRENGTHS:
        if kind in by_kind and (share := by_kind[kind].share) is not None:
            return float(share if kind == "down to" else 1 - share)
    return None


def _loosely(by_kind: Mapping[str, Wording]) -> tuple[str, ...]:
    """Words taken narrower than they may be meant."""
    notes: list[str] = []
    metric, place = by_kind.get("metric"), by_kind.get("place")
    if metric and metric.value == "ballistic_strikes" and "ballistic" not in metric.words:
        notes.append(f"“{metric.words}” as ballistic strikes")
    if place and not place.numbers:
        notes.append(f"“{place.words}” as on the largest cities that the goal counts")
    if "vague" in by_kind:
        notes.append(f"“{by_kind['vague'].words}”, which nobody has defined, as every goal of the question in turn")
    if {"need", "needed", "it takes", "takes"} & by_kind.keys():
        notes.append("a need as so many being enough; that fewer are not is not tested")
    return tuple(notes)


# ---------------------------------------------------------------- words of one's own


def contradictions(words: str, facts: Mapping[str, object]) -> list[tuple[str, str, object]]:
    """Find what words of one's own say otherwise than the fields they stand for.

    Parameters
    ----------
    words
        Any text; what is in no table of meanings says nothing.
    facts
        Field to its value: those of "added_system", "metric", "threshold", "largest_cities" and "confidence" that
        words may name, and "month" as "first day to last day".

    Returns
    -------
        What was said, the field, and the field's value.
    """
    found, unknown = phrases(words[:_LONGEST])
    faults: list[tuple[str, str, object]] = []
    told_of = {each["metric"] for each in _meanings()["meaning"]}
    if facts.get("metric") not in told_of:  # a metric of somebody's own has words of its own
        facts = {field: value for field, value in facts.items() if field not in ("metric", "threshold")}
    else:
        metric = METRICS[str(facts["metric"])]
        counted = {cls.name for cls in (*metric.classes, *metric.background)}
        faults += [(each, "metric", facts["metric"]) for each, cls in _threats(words) if cls not in counted]
        cities = {str(name).lower() for name in read_places()["name"]} & set(unknown)
        faults += [(each, "metric", f"{facts['metric']}, of no single place") for each in sorted(cities)]
    for phrase in found:
        for field, said in _fields_named(phrase).items():
            if field in facts and not _agrees(said, facts[field]):
                faults.append((phrase.words, field, facts[field]))
    return faults


def _threats(words: str) -> list[tuple[str, str]]:
    """Threats named that no phrase of a claim knows, and their classes."""
    text = _normal(words[:_LONGEST])
    return [
        (match[0].strip(), each["class"])
        for each in _meanings()["threat"]
        for known in each["words"]
        if (match := re.search(rf"(?:^| ){known}(?= |$)", text))
    ]


def _fields_named(phrase: Wording) -> dict[str, object]:
    """What a phrase alone says of the fields of a question."""
    kind, share = phrase.kind, phrase.share
    if kind == "system":
        return {"added_system": phrase.value}
    if kind == "month" or phrase.month is not None:
        return {"month": phrase.month}
    if kind == "sure":
        return {"confidence": float(share or 0)}
    if kind == "place" and phrase.numbers:
        return {"largest_cities": phrase.numbers[0]}
    if kind == "metric" or (kind.startswith("cover") and phrase.value):
        return {"metric": phrase.value}
    left = _left({kind: phrase})
    return {} if left is None or kind.startswith("cover") else {"threshold": left}


def _agrees(said: object, value: object) -> bool:
    if isinstance(said, dt.date):
        first, _, last = str(value).partition(" to ")
        return first[:7] <= f"{said:%Y-%m}" <= last[:7]
    if isinstance(said, float) and isinstance(value, int | float):
        return abs(said - value) <= _WRITTEN_ROUNDED
    return said == value


# ---------------------------------------------------------------- refusals


def _left_over(sentence: str, unknown: list[str]) -> list[str]:
    """Name the words that are left over, and what they show the sentence to be."""
    words = ", ".join(f"“{visible(word[:40])}”" for word in dict.fromkeys(unknown))
    text = _normal(sentence)
    reasons = [
        each["reason"]
        for each in _meanings()["other"]
        if any(re.search(rf"(?:^| )(?:{known})(?= |$)", text) for known in each["words"])
    ]
    reasons += [
        f"it is about {threat}: goals count ballistic strikes, and losses of generating capacity"
        for threat, _ in _threats(sentence)
    ]
    return [f"nothing here accounts for {words}: only a claim understood whole is tested", *reasons[:2]]


def _shape_faults(found: list[Wording]) -> list[str]:
    """What keeps known words from being one claim that so many are enough."""
    kinds = [phrase.kind for phrase in found]
    faults = [
        f"found {kinds.count(kind)} {words}; name one {one}"
        for kind, words, one in (
            ("system", "systems that can be added", "of Patriot and SAMP/T"),
            ("number", "numbers of fire units", "number or one range"),
        )
        if kinds.count(kind) != 1
    ]
    faults += [f"found {kinds.count(kind)} phrases of the kind “{kind}”; give one at most"
               for kind in (*_ANYWHERE, "metric", "place", "not") if kinds.count(kind) > 1]  # fmt: skip
    order = "".join(f"<{kind}>" for kind in kinds if kind not in _ANYWHERE)
    if not faults and not any(each.fullmatch(order) for each in ORDERS):
        faults.append(_no_order(found))
    return faults


def _no_order(found: list[Wording]) -> str:
    kinds = {phrase.kind for phrase in found}
    changes = {"cut", "cut, or was cut", "cut, or fall", "cutting", "was cut", "fall"} & kinds
    if changes and not {"by", "down to"} & kinds:
        return "it does not say by how much; say “by 30 %” or “halve”"
    if {"need", "needed", "it takes"} & kinds and _aim(found) is None:
        return "it says what is needed, and not what for; say what they are enough for"
    words = " | ".join(phrase.words for phrase in found)
    return f"its words are known ({words}), but not in an order that claims so many to be enough for something"


def _value_faults(by_kind: Mapping[str, Wording]) -> list[str]:
    """Shares that no claim can have."""
    faults: list[str] = []
    for kind in _STRENGTHS:
        if kind in by_kind and (share := by_kind[kind].share) is not None:
            # Cut by all that there is leaves nothing; "to" all that there is changes nothing.
            fits = 0 <= share < 1 if kind == "down to" else 0 < share <= 1
            if not fits:
                faults.append(f"strength: found “{by_kind[kind].words}”; allowed is a share above 0 and up to 100 %")
    sure = by_kind.get("sure")
    if sure and sure.share is not None and not 0 < sure.share < 1:
        faults.append(f"confidence: found “{sure.words}”; allowed is a share above 0 % and below 100 %")
    metric, place = by_kind.get("metric"), by_kind.get("place")
    if metric and place and metric.value == "capacity_lost" and "cities" in place.words:
        faults.append(f"place: found “{place.words}”; the loss of generating capacity is counted in the whole country")
    return faults
