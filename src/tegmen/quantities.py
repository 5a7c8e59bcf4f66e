"""Quantities in text: numbers in digits and words, their hedges, and the noun that is counted."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tegmen.entries import Hedge, Quantity
from tegmen.lexicon import Lexicon, read_lexicon
from tegmen.sentences import Token

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
    "dollars": "USD", "dollar": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP", "hryvnias": "UAH", "hryvnia": "UAH",
    "kronor": "SEK", "kroner": "NOK", "usd": "USD", "eur": "EUR", "zloty": "PLN", "yen": "JPY", "rubles": "RUB",
    "zlotys": "PLN",
}  # fmt: skip

# Hedges in front of a number, longest first.
BEFORE: tuple[tuple[str, Hedge], ...] = (
    ("no more than", "at most"), ("not more than", "at most"), ("no fewer than", "at least"),
    ("no less than", "at least"), ("not less than", "at least"), ("not fewer than", "at least"),
    ("a minimum of", "at least"), ("minimum of", "at least"), ("a maximum of", "at most"), ("maximum of", "at most"),
    ("a little over", "more than"), ("slightly more than", "more than"), ("well over", "more than"),
    ("just over", "more than"), ("just under", "nearly"), ("just short of", "nearly"), ("closer to", "about"), ("more than", "more than"), ("upwards of", "more than"), ("upward of", "more than"),
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
    ("or fewer", "at most"),
    ("or less", "at most"),
)
JOINS = frozenset({"-", "–", "—", "to", "or", "and"})
YEARS_BEFORE = frozenset("in since of by until from during early late mid before after through for".split())
LEADS = frozenset(
    "more additional further extra new other another such of the its their his her our these those".split()
)
MEASURES = frozenset(
    "km kilometers kilometres kilometer kilometre miles mile meters metres feet kg kilograms tons tonnes years year "
    "months month weeks week days day hours hour minutes minute seconds second degrees percent per mm cm m knots".split()
)
POWER = frozenset("mw gw megawatt megawatts gigawatt gigawatts".split())
BETWEEN = frozenset(
    "of the all a total its their promised pledged planned announced requested remaining original".split()
)
COMBINED = frozenset("missile missiles drone drones uavs rockets bombs bomb shells aircraft planes helicopters".split())


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


@dataclass(frozen=True, slots=True)
class Count:
    """A counted noun: the number, what is counted, and the tokens that say so.

    Parameters
    ----------
    number
        The number.
    thing, unit
        In the words of the text; the unit is the noun alone, a currency, "%" or a name.
    group
        Group of the noun: aid, attack, people, power, grid, money, share; "them" stands for what was counted before,
        "bare" has no noun at all.
    first, past
        Tokens from the hedge to the noun.
    """

    number: Number
    thing: str
    unit: str
    group: str
    first: int
    past: int

    @property
    def quantity(self) -> Quantity | None:
        """As the ledger holds it."""
        n = self.number
        if n.fault or n.low is n.best is n.high is None:
            return None
        return Quantity(n.low, n.best, n.high, n.hedge, self.unit)


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
    if low[:1] in (["a"], ["an"]) and low[1:2] and low[1] in SIZES and low[1] != "score":
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
    if after is not None and token.low == "one" and (after.low == "of" or (before is not None and before.low == "no")):
        return True
    return before is not None and before.text in "/:" and before.end == token.start


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
        if begin >= floor and " ".join(t.low for t in tokens[begin:first]) == words:
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


def find_counts(tokens: Sequence[Token], taken: Sequence[bool]) -> list[Count]:
    """Find every number with the noun it counts; nouns that are not of the domain give nothing."""
    lexicon = read_lexicon()
    numbers = find_numbers(tokens, taken)
    starts = {number.first for number in numbers}
    found = [count for number in numbers if (count := _counted(tokens, number, starts, lexicon)) is not None]
    return [*found, *_none(tokens, starts, lexicon)]


def _none(tokens: Sequence[Token], starts: set[int], lexicon: Lexicon) -> list[Count]:
    """Count "no missiles were intercepted" as zero; "no missiles that could" says nothing of a number."""
    found: list[Count] = []
    for index, token in enumerate(tokens):
        span = _noun(tokens, index + 1, starts, lexicon) if token.low == "no" else None
        if (
            span is None
            or span[1] + 1 >= len(tokens)
            or tokens[span[1] + 1].low not in {"was", "were", "have", "had", "has"}
        ):
            continue
        count = _noun_count(tokens, Number(0.0, 0.0, 0.0, "exact", index, index + 1), span, lexicon)
        if count is not None and count.group == "aid":
            found.append(count)
    return found


def _counted(tokens: Sequence[Token], number: Number, starts: set[int], lexicon: Lexicon) -> Count | None:
    past = number.past
    after = tokens[past] if past < len(tokens) else None
    currency = number.prefix or (CURRENCIES.get(after.low, "") if after else "")
    if currency:
        return _money(tokens, number, currency)
    if after is not None and (after.text == "%" or after.low in {"percent", "per"}):
        return _share(tokens, number, lexicon)
    if after is not None and after.low in MEASURES:
        return None
    index, low = past, after.low if after else ""
    if low == "of" and past + 1 < len(tokens):
        following = tokens[past + 1].low
        if following in {"them", "these", "those", "which", "whom"} and not _noun_follows(tokens, past + 2, lexicon):
            return Count(number, "", "", "them", number.first, past + 2)
        inner = next((at for at in range(past + 1, min(past + 4, len(tokens))) if at in starts), None)
        if inner is not None and all(token.low in BETWEEN for token in tokens[past:inner]):
            return Count(number, "", "", "next", number.first, past)
    while index < len(tokens) and (tokens[index].low in LEADS or (low == "of" and tokens[index].low.endswith("'s"))):
        index += 1
    span = _noun(tokens, index, starts, lexicon)
    if span is None:
        return Count(number, "", "", "bare", number.first, past) if number.hedge != "vague" else None
    first, head = span
    return _noun_count(tokens, number, (first, head), lexicon)


def _noun_follows(tokens: Sequence[Token], index: int, lexicon: Lexicon) -> bool:
    return _noun(tokens, index, set(), lexicon) is not None


def _noun(tokens: Sequence[Token], index: int, starts: set[int], lexicon: Lexicon) -> tuple[int, int] | None:
    """First token of a noun phrase and the token of its head, where the head is one that is counted."""
    head: int | None = None
    for at in range(index, min(index + 10, len(tokens))):
        token = tokens[at]
        low = token.low
        counted = low in lexicon.heads or token.text in lexicon.weapons or _is_model(token)
        if low in lexicon.stops and not counted:
            break
        if at in starts and not tokens[at - 1].text in lexicon.weapons:
            break
        if not token.is_word:
            if not (token.text in ",/" and head is not None and _is_model(tokens[head])) and token.text not in "-–":
                break
            continue
        if low == "and":
            if not _and_goes_on(tokens, at, head, lexicon):
                break
            continue
        if counted:
            head = at
        elif head is not None and not _head_behind(tokens, at, lexicon):
            break
    return None if head is None else (index, head)


def _is_model(token: Token) -> bool:
    return token.text[0].isupper() and re.fullmatch(r"[A-Z][\w/-]*\d[\w/-]*", token.text) is not None


def _head_behind(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether a name or noun goes on to another head: "Patriot air defence systems", "Kh-101 cruise missiles"."""
    for token in tokens[at : at + 4]:
        if token.low in lexicon.stops or not token.is_word or token.low in {"and", "of"} or token.low in VERBS:
            return False
        if token.low in lexicon.heads:
            return True
    return False


VERBS = frozenset("targeted attacked flew crossed entered violated were remain carried".split())


def _and_goes_on(tokens: Sequence[Token], at: int, head: int | None, lexicon: Lexicon) -> bool:
    """Whether "and" joins what is counted: "cruise and ballistic missiles", "drones and missiles"."""
    if head is not None and tokens[head].low in COMBINED:
        return at + 1 < len(tokens) and _combines(tokens, at + 1, lexicon)
    return any(token.low in lexicon.heads for token in tokens[at + 1 : at + 5]) and not any(
        token.low in lexicon.stops or token.text[0].isdecimal() or token.low in ONES or token.low in VAGUE
        for token in tokens[at + 1 : at + 3]
    )


def _combines(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    for token in tokens[at : at + 4]:
        if token.low in COMBINED:
            return True
        if token.low in lexicon.stops or not token.is_word or token.text[0].isdecimal():
            return False
        if token.low in ONES or token.low in VAGUE or token.low in {"a", "an", "the"}:
            return False
    return False


def _noun_count(tokens: Sequence[Token], number: Number, span: tuple[int, int], lexicon: Lexicon) -> Count | None:
    first, head = span
    words = tokens[first : head + 1]
    group = lexicon.heads.get(tokens[head].low, "aid")
    if (
        group == "grid"
        and not tokens[head].low.startswith("substation")
        and not any(piece in lexicon.grid for word in words for piece in word.low.split("-"))
    ):
        return None
    past = head + 1
    if (
        past + 1 < len(tokens)
        and tokens[past].low == "of"
        and tokens[head].low in {"rounds", "batteries", "units", "systems", "battery", "squadrons", "complexes"}
    ):
        last = past
        while last + 1 < len(tokens) and last < past + 4 and _goes_on(tokens[last + 1], lexicon):
            last += 1
        past = last + 1 if last > past else past
    if group == "power":
        past = _power(tokens, past)
        first = min(past - 1, head + 2) if past > head + 1 else first
    source_words = _phrase(tokens, first, past)
    combined = re.search(r"\band\b", source_words) is not None and tokens[head].low in COMBINED
    unit = tokens[head].text if group == "aid" and tokens[head].is_name else _plural(tokens[head].low, lexicon)
    if combined:
        unit = f"{_first_combined(words)} and {unit}" if _first_combined(words) else unit
    if group == "power":
        unit = {"megawatt": "MW", "megawatts": "MW", "gigawatt": "GW", "gigawatts": "GW"}.get(unit, unit.upper())
    return Count(number, source_words, unit, group, number.first, past)


def _plural(word: str, lexicon: Lexicon) -> str:
    """One form for a unit: "one battery" and "two batteries" count the same."""
    forms = (f"{word}s", f"{word[:-1]}ies")
    return next((form for form in forms if form in lexicon.heads and not word.endswith("s")), word)


def _first_combined(words: Sequence[Token]) -> str:
    before = []
    for word in words:
        if word.low == "and":
            break
        before.append(word.low)
    return before[-1] if before and before[-1] in COMBINED else ""


def _goes_on(token: Token, lexicon: Lexicon) -> bool:
    return token.is_word and (token.low in lexicon.heads or token.is_name) and token.low not in lexicon.stops


def _power(tokens: Sequence[Token], past: int) -> int:
    if past + 1 < len(tokens) and tokens[past].low == "of":
        last = past + 1
        while (
            last < len(tokens)
            and last < past + 5
            and tokens[last].is_word
            and tokens[last].low not in read_lexicon().stops
        ):
            last += 1
        return last
    return past


def _phrase(tokens: Sequence[Token], first: int, past: int) -> str:
    """Words of some tokens, spaced as in the source."""
    text = ""
    for index in range(first, past):
        gap = " " if index > first and tokens[index].start > tokens[index - 1].end else ""
        text += gap + tokens[index].text
    return text


AID = frozenset(
    "aid assistance support package packages fund funds funding loan loans grant grants defence defense military weapons "
    "arms ammunition missiles systems contract order assets financing tranche bill equipment industry sector procurement production spending budget".split()
)


def _money(tokens: Sequence[Token], number: Number, currency: str) -> Count | None:
    """Money for arms or aid; what it is for is read behind the number."""
    past = number.past + (not number.prefix)
    near = {piece for token in tokens[max(0, number.first - 14) : past + 14] for piece in token.low.split("-")}
    if not near & AID:
        return None
    index = past
    while index < len(tokens) and tokens[index].low in {
        "in",
        "of",
        "worth",
        "for",
        "new",
        "a",
        "more",
        "additional",
        "its",
        "the",
        "-",
    }:
        index += 1
    last, end = index, index
    while (
        last < len(tokens)
        and last < index + 6
        and tokens[last].is_word
        and tokens[last].low not in read_lexicon().stops
    ):
        last += 1
        if tokens[last - 1].low in AID:
            end = last
    thing = _phrase(tokens, index, end) if end > index else "funds"
    return Count(number, thing, currency, "money", number.first, max(past, end))


def _share(tokens: Sequence[Token], number: Number, lexicon: Lexicon) -> Count | None:
    """A share of something that is counted."""
    index = number.past + 1 + (tokens[number.past].low == "per")
    if index >= len(tokens) or tokens[index].low != "of":
        return None
    index += 1
    while index < len(tokens) and (tokens[index].low in LEADS or tokens[index].low == "all"):
        index += 1
    span = _noun(tokens, index, set(), lexicon)
    if span is None:
        return None
    return Count(number, _phrase(tokens, index, span[1] + 1), "%", "share", number.first, span[1] + 1)


def article_count(tokens: Sequence[Token], index: int) -> Count | None:
    """Count of one that begins with "a", "an" or "another": "a Patriot battery", "a third IRIS-T system"."""
    if tokens[index].low not in {"a", "an", "another"}:
        return None
    lexicon = read_lexicon()
    first = index + 1
    while first < len(tokens) and tokens[first].low in LEADS | {"second", "third", "fourth", "fifth", "single"}:
        first += 1
    span = _noun(tokens, first, set(), lexicon)
    if span is None or tokens[span[1]].low.endswith("s") or lexicon.heads.get(tokens[span[1]].low, "aid") != "aid":
        return None
    one = Number(1.0, 1.0, 1.0, "exact", index, first)
    return _noun_count(tokens, one, (first, span[1]), lexicon)


def noun_at(tokens: Sequence[Token], index: int) -> Count | None:
    """Find the counted noun that begins at a token, with a number still to be put in."""
    lexicon = read_lexicon()
    span = _noun(tokens, index, set(), lexicon)
    return None if span is None else _noun_count(tokens, Number(None, None, None, "exact", index, index), span, lexicon)
