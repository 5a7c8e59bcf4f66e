"""Numbers in text, in digits and words, with their hedges: "more than 100", "five or seven", "dozens"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tegmen.ledger.entries import Hedge
from tegmen.ledger.reading.lexicon import read_lexicon
from tegmen.ledger.reading.sentences import Token

ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}


TENS = {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}


SIZES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12, "score": 20}


SUFFIXES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "bn": 1e9, "b": 1e9, "bln": 1e9, "tn": 1e12, "": 1.0}


VAGUE = {
    "dozens": 24, "scores": 40, "hundreds": 200, "thousands": 2000, "millions": 2e6, "several": 3, "tens": 20,
    "couple": 2, "few": 2, "handful": 2,
}  # fmt: skip


"""The least the word can mean: two of its size; "several" is more than two."""


WEAK = frozenset({"several", "few", "handful", "couple"})


MONEY = {"$": "USD", "€": "EUR", "£": "GBP", "₴": "UAH"}


CURRENCIES = {
    (
        "dollars"
    ): (
        "USD"
    ), (
        "dollar"
    ): (
        "USD"
    ), (
        "euros"
    ): (
        "EUR"
    ), (
        "euro"
    ): (
        "EUR"
    ), (
        "pounds"
    ): (
        "GBP"
    ), (
        "hryvnias"
    ): (
        "UAH"
    ), (
        "hryvnia"
    ): (
        "UAH"
    ),
    "kronor": "SEK", "kroner": "NOK", "usd": "USD", "eur": "EUR", "zloty": "PLN", "yen": "JPY", "rubles": "RUB",
    "zlotys": "PLN",
}  # fmt: skip


# Hedges in front of a number, longest first.
BEFORE: tuple[tuple[str, Hedge], ...] = (
    ("no more than", "at most"), ("not more than", "at most"), ("no fewer than", "at least"),
    ("no less than", "at least"), ("not less than", "at least"), ("not fewer than", "at least"),
    ("a minimum of", "at least"), ("minimum of", "at least"), ("a maximum of", "at most"), ("maximum of", "at most"),
    ("a little over", "more than"), ("slightly more than", "more than"), ("well over", "more than"),
    ((
        "just over"
    ), (
        "more than"
    )), ((
        "just under"
    ), (
        "nearly"
    )), ((
        "just short of"
    ), (
        "nearly"
    )), ((
        "closer to"
    ), (
        "about"
    )), ((
        "more than"
    ), (
        "more than"
    )), ((
        "upwards of"
    ), (
        "more than"
    )), ((
        "upward of"
    ), (
        "more than"
    )),
    ("in excess of", "more than"), ("north of", "more than"), ("greater than", "more than"), ("over", "more than"),
    ("above", "more than"), ("exceeding", "more than"), ("exceeded", "more than"), ("exceeds", "more than"),
    ("at least", "at least"), ("as many as", "at most"), ("as much as", "at most"), ("at most", "at most"),
    ("up to", "at most"), ("fewer than", "less than"), ("less than", "less than"), ("under", "less than"),
    ("below", "less than"), ("close to", "nearly"),
    ("not quite", "nearly"), ("nearly", "nearly"), ("almost", "nearly"), ("in the region of", "about"),
    ("on the order of", "about"), ("an estimated", "about"), ("estimated", "about"), ("about", "about"),
    ("around", "about"), ("some", "about"), ("roughly", "about"), ("approximately", "about"), ("approx", "about"),
    ("circa", "about"), ("~", "about"), ("≈", "about"), (">", "more than"), ("<", "less than"), ("≥", "at least"),
    ("≤", "at most"),
)  # fmt: skip


AFTER: tuple[tuple[str, Hedge], ...] = (
    ("or more", "at least"),
    ("or so", "about"),
    ("at most", "at most"),
    ("at least", "at least"),
    ("or fewer", "at most"),
    ("or less", "at most"),
)


JOINS = frozenset({"-", "–", "—", "to", "or", "and"})


YEARS_BEFORE = frozenset("in since of by until from during early late mid before after through for".split())


MOVES = frozenset(
    "rose rise risen rising grew grown grow increased increase increasing climbed jumped up fell fallen fall falling "
    "dropped drop decreased declined down cut reduced raised raise doubled tripled revised lowered went gone changed "
    "expanded shrank surged updated corrected".split()
)
"""Verbs whose "from 16 to 19" names two numbers."""


POWER = frozenset("mw gw megawatt megawatts gigawatt gigawatts".split())


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its hedge, as read.

    Parameters
    ----------
    low, best, high
        What the words give; all None where they give nothing that can be held.
    hedge
        How it was hedged.
    first, past
        Its tokens, hedge included.
    prefix
        Currency in front of it, or "".
    fault
        Why it cannot be held as said: "between 7 and 5", too long for a number.
    weak
        Whether the word is no count at all, like "several".
    """

    low: float | None
    best: float | None
    high: float | None
    hedge: Hedge
    first: int
    past: int
    prefix: str = ""
    fault: str = ""
    weak: bool = False


def find_numbers(tokens: Sequence[Token], taken: Sequence[bool]) -> list[Number]:
    """Find every number that may count something; tokens that are `taken` (by dates) are passed over."""
    found: list[Number] = []
    index = 0
    while index < len(tokens):
        number = None if taken[index] else _number_at(tokens, taken, index)
        if number is None:
            index += 1
        else:
            found.append(_hedged(tokens, number, found[-1].past if found else 0))
            index = number.past
    return found


def value_at(tokens: Sequence[Token], index: int) -> tuple[float, int] | None:
    """Value of one plain number that begins at a token, and the token past it."""
    token = tokens[index]
    if token.text[0].isdecimal():
        return _digits(tokens, index)
    return _words(tokens, index)


def _digits(tokens: Sequence[Token], index: int) -> tuple[float, int] | None:
    match = re.fullmatch(r"(\d[\d.,\u00a0\u202f\u2009]*?)[.,]?([^\W\d_]*)", tokens[index].text)
    if match is None or match[2].lower() not in SUFFIXES:
        return None
    text = match[1]
    if re.fullmatch(r"\d{1,3}(?:[,.\u00a0\u202f\u2009]\d{3})+", text) and not re.fullmatch(r"0\.\d+|\d+\.\d{3}", text):
        text = re.sub(r"\D", "", text)
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+", text):
        text = text.replace(",", "")
    elif not re.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return None
    value, past = float(text.replace(",", ".")) * SUFFIXES[match[2].lower()], index + 1
    while past < len(tokens) and tokens[past].low in {"hundred", "thousand", "million", "billion", "trillion", "bn"}:
        value *= SIZES.get(tokens[past].low, 1e9)
        past += 1
    return (round(value, 6) if math.isfinite(value) else value), past


def _words(tokens: Sequence[Token], index: int) -> tuple[float, int] | None:
    """Number words: "twenty-five", "one hundred and twenty", "two dozen", "half a dozen", "a hundred"."""
    low = [token.low for token in tokens[index : index + 10]]
    if low[:3] == ["half", "a", "dozen"]:
        return 6.0, index + 3
    if low[:1] in (["a"], ["an"], ["the"]) and low[1:2] and low[1] in SIZES and low[1] != "score":
        low[0] = "one"
    total, part, used = 0.0, 0.0, 0
    for word in low:
        pieces = word.split("-")
        if all(piece in ONES or piece in TENS for piece in pieces):
            value = float(sum(ONES.get(piece, TENS.get(piece, 0)) for piece in pieces))
            if part % 100 and not (part % 10 == 0 and part % 100 >= 20 and value < 10):
                break
            part += value
        elif word in SIZES and used:
            part = (part or 1.0) * SIZES[word]
            if SIZES[word] >= 1000:
                total, part = total + part, 0.0
        elif word != "and" or not used or low[used - 1] not in SIZES or not _small(low, used + 1):
            break
        used += 1
    return (total + part, index + used) if used else None


def _small(low: list[str], index: int) -> bool:
    return index < len(low) and all(piece in ONES or piece in TENS for piece in low[index].split("-"))


def _number_at(tokens: Sequence[Token], taken: Sequence[bool], index: int) -> Number | None:
    token = tokens[index]
    if token.low in VAGUE:
        return _vague(tokens, index)
    read = value_at(tokens, index)
    if read is None or _is_name(tokens, index, read[1]):
        return None
    value, past = read
    prefix = MONEY.get(tokens[index - 1].text, "") if index else ""
    first = index - 1 if prefix else index
    if not math.isfinite(value):
        return Number(None, None, None, "exact", first, past, prefix, fault="too many digits for a number")
    if "dozen" in {t.low for t in tokens[index:past]}:
        return Number(None, value, None, "about", first, past, prefix)
    number = Number(value, value, value, "exact", first, past, prefix)
    return _span(tokens, taken, number)


def _vague(tokens: Sequence[Token], index: int) -> Number | None:
    word, first, past = tokens[index].low, index, index + 1
    before = tokens[index - 1].low if index else ""
    if word in {"few", "couple", "handful"}:
        if before != "a" or (
            word != "few" and tokens[index + 1 : index + 2] and tokens[past].low not in {"of", "more"}
        ):
            return None
        first -= 1
    low = float(VAGUE[word])
    while past < len(tokens) and tokens[past].low in SIZES and word in WEAK:  # "several hundred thousand"
        low, past = low * SIZES[tokens[past].low], past + 1
    if past + 1 < len(tokens) and tokens[past].low == "of" and tokens[past + 1].low in VAGUE:
        low, past = low * VAGUE[tokens[past + 1].low] / 2, past + 2
    return Number(low, None, None, "vague", first, past, weak=word in WEAK)


def _is_name(tokens: Sequence[Token], index: int, past: int) -> bool:
    """Whether a number is part of a name, a year, a measure or a share of something else: no count."""
    token = tokens[index]
    before = tokens[index - 1] if index else None
    after = tokens[past] if past < len(tokens) else None
    plain = past == index + 1
    if before is not None and token.text.isdecimal() and plain:
        lexicon = read_lexicon()
        if before.text in lexicon.weapons or before.text in lexicon.numbered or before.text in "#№/":
            return True
    if plain and re.fullmatch(r"(?:19|20)\d\d", token.text):
        known = before is not None and before.low in YEARS_BEFORE
        if known or after is None or not after.is_word:
            return True
    if plain and _is_designation(tokens, index):
        return True
    if after is not None and token.low == "one" and (after.low == "of" or (before is not None and before.low == "no")):
        return True
    return before is not None and before.text in "/:" and before.end == token.start


def _is_designation(tokens: Sequence[Token], index: int) -> bool:
    """Whether a number ends a name like "ASC 890" or "RCH 155": capitals in front of it, that are no country."""
    if not index or not tokens[index].text.isdecimal():
        return False
    word = tokens[index - 1].text
    if index > 1 and word[0].isupper() and value_at(tokens, index - 2) is not None:
        return True  # "12 Panzerhaubitze 2000 howitzers"
    known = word in read_lexicon().countries or word in read_lexicon().outlets
    return re.fullmatch(r"[A-Z]{2,5}", word) is not None and not known and word not in {"AND", "OF", "THE"}


def _span(tokens: Sequence[Token], taken: Sequence[bool], number: Number) -> Number:
    """Join two numbers: "5-7", "five or seven", "between 5 and 7"; out of order they are kept as a fault."""
    join = number.past
    if join + 1 >= len(tokens) or tokens[join].low not in JOINS or taken[join + 1]:
        return number
    word, start = tokens[join].low, join + 1
    if tokens[start].text in MONEY and start + 1 < len(tokens):
        start += 1
    other = value_at(tokens, start)
    before = tokens[number.first - 1].low if number.first else ""
    before = tokens[number.first - 2].low if before in {"about", "roughly", "some"} and number.first > 1 else before
    if (
        before == "from"
        and word == "to"
        and any(t.low in MOVES for t in tokens[max(0, number.first - 14) : number.first])
    ):
        return number  # "rose from 16 to 19": two numbers, not a range
    if other is None or (word == "and" and before != "between") or _is_name(tokens, start, other[1]):
        return number
    low, high, past = number.low or 0.0, other[0], other[1]
    size = tokens[past - 1].low
    if (
        size in {"million", "billion", "thousand"}
        and low < high
        and low < SIZES[size]
        and number.past - number.first < 2 + bool(number.prefix)
    ):
        low *= SIZES[size]
    suffix = re.fullmatch(r"[\d.,]+(bn|m|mn|tn|k)", tokens[past - 1].low)
    if suffix and low < high and tokens[number.past - 1].text[-1].isdecimal():
        low *= SUFFIXES[suffix[1]]
    first = number.first - (before == "between" and tokens[number.first - 1].low == "between")
    joined = replace(number, low=low, best=None, high=high, first=first, past=past)
    if not math.isfinite(high):
        return replace(joined, low=None, high=None, fault="too many digits for a number")
    if low > high:
        words = " ".join(token.text for token in tokens[first:past])
        return replace(joined, low=None, high=None, hedge="range", fault=f"the bounds of '{words}' are out of order")
    return replace(joined, hedge="either" if word == "or" else "range")


def _hedged(tokens: Sequence[Token], number: Number, floor: int) -> Number:
    """Read the hedge in front of a number, or behind it, and turn its values accordingly."""
    if number.fault or number.hedge == "vague":
        return number
    hedge: Hedge | None = None
    first, past = number.first, number.past
    for words, name in BEFORE:
        length = len(words.split())
        begin = first - length
        if begin >= floor and " ".join(t.low for t in tokens[begin:first]) == words and not _is_verb(tokens, begin):
            hedge, first = name, begin
            break
    else:
        for words, name in AFTER:
            if " ".join(t.low for t in tokens[past : past + 2]) == words:
                hedge, past = name, past + 2
                break
        if hedge is None and tokens[past : past + 1] and tokens[past].text == "+":
            hedge, past = "at least", past + 1
    if hedge is None:
        return number
    # What is measured and not counted has no next number: "over 100" drones is 101 up, "over 5%" is 5 % up.
    behind = tokens[number.past].low if number.past < len(tokens) else ""
    whole = not (number.prefix or behind in {"%", "percent", "per"} or behind in CURRENCIES or behind in POWER)
    return replace(_bounded(number, hedge, whole=whole), first=first, past=past)


def _is_verb(tokens: Sequence[Token], begin: int) -> bool:
    """Whether "over" and "around" belong to a verb: "will hand over 12 howitzers" is no more than 12."""
    parts = {
        "hand",
        "handed",
        "handing",
        "hands",
        "turn",
        "turned",
        "turning",
        "take",
        "took",
        "taken",
        "sign",
        "signed",
    }
    return tokens[begin].low in {"over", "about", "around"} and begin > 0 and tokens[begin - 1].low in parts


def _bounded(number: Number, hedge: Hedge, *, whole: bool) -> Number:
    low, high = number.low, number.high
    if number.best is not None:
        low = high = number.best
    assert low is not None
    assert high is not None
    step = whole and float(low).is_integer()
    if low != high:
        if hedge == "at least":
            return replace(number, hedge=hedge)
        return number
    match hedge:
        case "more than":
            return replace(number, low=low + step, best=None, high=None, hedge=hedge)
        case "at least":
            return replace(number, low=low, best=None, high=None, hedge=hedge)
        case "less than":
            return replace(number, low=None, best=None, high=max(0.0, high - step), hedge=hedge)
        case "at most" | "nearly":
            return replace(number, low=None, best=None, high=high, hedge=hedge)
        case _:
            return replace(number, low=None, best=low, high=None, hedge="about")
