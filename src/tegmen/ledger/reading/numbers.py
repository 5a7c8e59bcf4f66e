"""Numbers in text, in digits and words, with their hedges: "more than 100", "five or seven", "dozens"."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tegmen.ledger.entries import Hedge, Quantity
from tegmen.ledger.reading.lexicon import countries, currencies, heads, hedges, values, words
from tegmen.ledger.reading.sentences import Token, low_at

_TOO_LONG = "too many digits for a number"


@dataclass(frozen=True, slots=True)
class HedgedNumber:
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

    def quantity(self, unit: str) -> Quantity | None:
        """As the ledger holds it."""
        if self.fault or self.low is self.best is self.high is None:
            return None
        return Quantity(self.low, self.best, self.high, self.hedge, unit)


def find_numbers(tokens: Sequence[Token], taken: Sequence[bool]) -> list[HedgedNumber]:
    """Find every number that may count something; tokens that are `taken` (by dates) are passed over."""
    found: list[HedgedNumber] = []
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
    return _in_figures(tokens, index) if tokens[index].text[0].isdecimal() else _in_number_words(tokens, index)


def _in_figures(tokens: Sequence[Token], index: int) -> tuple[float, int] | None:
    match = re.fullmatch(r"(\d[\d.,\u00a0\u202f\u2009]*?)[.,]?([^\W\d_]*)", tokens[index].text)
    if match is None or match[2].lower() not in values("suffixes"):
        return None
    text = match[1]
    if re.fullmatch(r"\d{1,3}(?:[,.\u00a0\u202f\u2009]\d{3})+", text) and not re.fullmatch(r"0\.\d+|\d+\.\d{3}", text):
        text = re.sub(r"\D", "", text)
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+", text):
        text = text.replace(",", "")
    elif not re.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return None
    value, past = float(text.replace(",", ".")) * values("suffixes")[match[2].lower()], index + 1
    while (size := low_at(tokens, past)) in {"hundred", "thousand", "million", "billion", "trillion", "bn"}:
        value *= values("sizes").get(size, 1e9)
        past += 1
    return (round(value, 6) if math.isfinite(value) else value), past


def _in_number_words(tokens: Sequence[Token], index: int) -> tuple[float, int] | None:
    """Number words: "twenty-five", "one hundred and twenty", "two dozen", "half a dozen", "a hundred"."""
    sizes, low = values("sizes"), [token.low for token in tokens[index : index + 10]]
    if low[:2] == ["half", "a"] and low[2:3] and low[2] in sizes:
        return sizes[low[2]] / 2, index + 3  # "half a dozen", "half a million"
    if (low[1:4] == ["and", "a", "half"] and low[4:5] and low[4] in sizes) and (_small(low[0]) or low[0] == "a"):
        return ((_small(low[0]) or 1.0) + 0.5) * sizes[low[4]], index + 5  # "two and a half million"
    if low[0] in {"a", "an", "the"} and low[1:2] and low[1] in sizes and low[1] != "score":
        low[0] = "one"
    total, part, used = 0.0, 0.0, 0
    for word in low:
        if (value := _small(word)) is not None:
            if part % 100 and not (part % 10 == 0 and part % 100 >= 20 and value < 10):
                break
            part += value
        elif word in sizes and used:
            part = (part or 1.0) * sizes[word]
            if sizes[word] >= 1000:
                total, part = total + part, 0.0
        elif word != "and" or not used or low[used - 1] not in sizes or _small(*low[used + 1 : used + 2]) is None:
            break
        used += 1
    return (total + part, index + used) if used else None


def _small(word: str = "-") -> float | None:
    """Value of "seven" or "twenty-five"; None for other words."""
    pieces = [values("small").get(piece) for piece in word.split("-")]
    return None if None in pieces else float(sum(piece or 0 for piece in pieces))


def _number_at(tokens: Sequence[Token], taken: Sequence[bool], index: int) -> HedgedNumber | None:
    if tokens[index].low in values("vague"):
        return _vague(tokens, index)
    read = value_at(tokens, index)
    if read is None or _is_name(tokens, index, read[1]):
        return None
    value, past = read
    prefix, first = _currency_before(tokens, index)
    if not math.isfinite(value):
        return HedgedNumber(None, None, None, "exact", first, past, prefix, fault=_TOO_LONG)
    if "dozen" in {token.low for token in tokens[index:past]}:
        return HedgedNumber(None, value, None, "about", first, past, prefix)
    return _with_second(tokens, taken, HedgedNumber(value, value, value, "exact", first, past, prefix))


def _currency_before(tokens: Sequence[Token], index: int) -> tuple[str, int]:
    """Currency in front of a number, "€5", "NOK 1.2 billion", "C$500", and its first token; "" for none."""
    if not index:
        return "", index
    sign, front = tokens[index - 1], tokens[index - 2] if index > 1 else None
    if sign.text in currencies("signs"):
        whose = currencies("of").get(front.bare, "") if front is not None and front.end == sign.start else ""
        return whose or currencies("signs")[sign.text], index - 1 - bool(whose)
    code = currencies("words").get(sign.low, "") if sign.text.isupper() else ""
    return code, index - bool(code)


def _vague(tokens: Sequence[Token], index: int) -> HedgedNumber | None:
    word, first, past, vague = tokens[index].low, index, index + 1, values("vague")
    if word in {"few", "couple", "handful"}:
        if low_at(tokens, index - 1) != "a" or (word != "few" and low_at(tokens, past) not in {"", "of", "more"}):
            return None
        first -= 1
    low, weak = float(vague[word]), word in words("weak")
    while weak and (size := low_at(tokens, past)) in values("sizes"):  # "several hundred thousand"
        low, past = low * values("sizes")[size], past + 1
    if low_at(tokens, past) == "of" and (size := low_at(tokens, past + 1)) in vague:
        low, past = low * vague[size] / 2, past + 2
    return HedgedNumber(low, None, None, "vague", first, past, weak=weak)


def _is_name(tokens: Sequence[Token], index: int, past: int) -> bool:
    """Whether a number is part of a name, a year, a measure or a share of something else: no count."""
    token, plain = tokens[index], past == index + 1
    before = tokens[index - 1] if index else None
    after = tokens[past] if past < len(tokens) else None
    if plain and before is not None and token.text.isdecimal():
        named = before.text in words("weapons") or before.text in words("numbered")
        if named or before.text in "#№/" or _is_designation(tokens, index):
            return True
    if after is not None and after.low == "mm":
        return True
    if plain and re.fullmatch(r"(?:19|20)\d\d", token.text):
        known = before is not None and before.low in words("years_before")
        if known or after is None or not after.is_word:
            return True
    if after is not None and token.low == "one" and (after.low == "of" or (before is not None and before.low == "no")):
        return True
    return before is not None and before.text in "/:" and before.end == token.start


def _is_designation(tokens: Sequence[Token], index: int) -> bool:
    """Whether a number ends a name like "ASC 890" or "RCH 155": capitals in front of it, that are no country."""
    word = tokens[index - 1].text
    if index > 1 and word[0].isupper() and value_at(tokens, index - 2) is not None:
        return True  # "12 Panzerhaubitze 2000 howitzers"
    known = (
        word in countries()
        or word in words("outlets")
        or word.lower() in currencies("words")
        or word in {"AND", "OF", "THE"}
    )
    behind = tokens[index + 1] if index + 1 < len(tokens) else None
    if re.fullmatch(r"[A-Z][a-z]{1,3}", word) and index > 1 and behind is not None and behind.low in heads():
        return not known and word not in words("cities") and word.lower() not in words("leading")  # "Pbv 302 carriers"
    return re.fullmatch(r"[A-Z]{2,5}", word) is not None and not known


def _with_second(tokens: Sequence[Token], taken: Sequence[bool], number: HedgedNumber) -> HedgedNumber:
    """Join two numbers: "5-7", "five or seven", "between 5 and 7"; out of order they are kept as a fault."""
    word, start = low_at(tokens, number.past), number.past + 1
    if start >= len(tokens) or word not in {"-", "–", "—", "to", "or", "and"} or taken[start]:
        return number
    if tokens[start].text in currencies("signs") and start + 1 < len(tokens):
        start += 1
    other = value_at(tokens, start)
    before = low_at(tokens, number.first - 1)
    before = low_at(tokens, number.first - 2) if before in {"about", "roughly", "some"} and number.first > 1 else before
    moved = any(token.low in words("moves") for token in tokens[max(0, number.first - 14) : number.first])
    if before == "from" and word == "to" and moved:
        return number  # "rose from 16 to 19": two numbers, not a range
    if other is None or (word == "and" and before != "between") or _is_name(tokens, start, other[1]):
        return number
    high, past = other
    low = _in_size_of(tokens, number, high, past)
    first = number.first - (low_at(tokens, number.first - 1) == "between")
    joined = replace(number, low=low, best=None, high=high, first=first, past=past)
    if not math.isfinite(high):
        return replace(joined, low=None, high=None, fault=_TOO_LONG)
    if low > high:
        said = " ".join(token.text for token in tokens[first:past])
        return replace(joined, low=None, high=None, hedge="range", fault=f"the bounds of '{said}' are out of order")
    return replace(joined, hedge="either" if word == "or" else "range")


def _in_size_of(tokens: Sequence[Token], number: HedgedNumber, high: float, past: int) -> float:
    """Give the low end in the size that only the high end names: "5 to 7 million", "5-7bn"."""
    low, size = number.low or 0.0, tokens[past - 1].low
    if low >= high:
        return low
    short = number.past - number.first < 2 + bool(number.prefix)
    if size in {"million", "billion", "thousand"} and low < values("sizes")[size] and short:
        return low * values("sizes")[size]
    suffix = re.fullmatch(r"[\d.,]+(bn|m|mn|tn|k)", size)
    plain = tokens[number.past - 1].text[-1].isdecimal()
    return low * values("suffixes")[suffix[1]] if suffix and plain else low


def _hedged(tokens: Sequence[Token], number: HedgedNumber, floor: int) -> HedgedNumber:
    """Read the hedge in front of a number, or behind it, and turn its values accordingly."""
    if number.fault or number.hedge == "vague":
        return number
    low, past = tuple(token.low for token in tokens), number.past
    first, hedge = _hedge_before(low, number.first, floor)
    if hedge is None:
        past, hedge = _hedge_behind(low, past)
    if hedge is None:
        return number
    # What is measured and not counted has no next number: "over 100" drones is 101 up, "over 5%" is 5 % up.
    behind = low_at(tokens, number.past)
    money = behind in currencies("words") or low_at(tokens, number.past + 1) in currencies("words")
    measured = behind in {"%", "percent", "per"} or money or heads().get(behind) == "power"
    return replace(bounded(number, hedge, whole=not (number.prefix or measured)), first=first, past=past)


def _hedge_before(low: tuple[str, ...], first: int, floor: int) -> tuple[int, Hedge | None]:
    """Hedge that ends at a number, and its first token."""
    for phrase, hedge in hedges("before"):
        begin = first - len(phrase)
        if begin >= floor and low[begin:first] == phrase:
            # "will hand over 12 howitzers" is no more than 12.
            of_a_verb = low[begin] in {"over", "about", "around"} and begin > 0 and low[begin - 1] in words("over")
            if not of_a_verb:
                return begin, hedge
    return first, None


def _hedge_behind(low: tuple[str, ...], past: int) -> tuple[int, Hedge | None]:
    for phrase, hedge in hedges("after"):
        if low[past : past + len(phrase)] == phrase:
            return past + len(phrase), hedge
    return past, None


def bounded(number: HedgedNumber, hedge: Hedge, *, whole: bool) -> HedgedNumber:
    """Turn the values of a number by its hedge; of a whole one "more than" and "less than" name the next."""
    low, high = (number.low, number.high) if number.best is None else (number.best, number.best)
    assert low is not None
    assert high is not None
    if low != high:
        return replace(number, hedge=hedge) if hedge == "at least" else number
    step = whole and low.is_integer()
    sides: dict[Hedge, tuple[float | None, float | None]] = {
        "more than": (low + step, None),
        "at least": (low, None),
        "less than": (None, max(0.0, high - step)),
        "at most": (None, high),
        "nearly": (None, high),
    }
    below, above = sides.get(hedge, (None, None))
    return replace(number, low=below, best=None if hedge in sides else low, high=above, hedge=hedge)
