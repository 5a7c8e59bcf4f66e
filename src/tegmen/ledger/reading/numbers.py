"""Numbers with their hedges as the words say them, and what they count: a noun, money, a share, nothing yet."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tegmen.ledger.entries import Hedge, Quantity
from tegmen.ledger.reading.lexicon import countries, currencies, heads, hedges, pattern, values, words
from tegmen.ledger.reading.sentences import Token, low_at, run_past

_TOO_LONG = "too many digits for a number"
ARTICLES = frozenset({"a", "an", "the"})


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
    match = re.fullmatch(r"(\d[\d.,\u00a0\u202f\u2009]*?)[.,]?([^\W\d_]*)", tokens[index].low)
    if match is None or match[2] not in values("suffixes"):
        return None
    text = match[1]
    if re.fullmatch(r"\d{1,3}(?:[,.\u00a0\u202f\u2009]\d{3})+", text) and not re.fullmatch(r"0\.\d+|\d+\.\d{3}", text):
        text = re.sub(r"\D", "", text)
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+", text):
        text = text.replace(",", "")
    elif not re.fullmatch(r"\d+(?:[.,]\d+)?", text):
        return None
    value, past = float(text.replace(",", ".")) * values("suffixes")[match[2]], index + 1
    while size := _magnitude(low_at(tokens, past)):
        value *= size
        past += 1
    return (round(value, 6) if math.isfinite(value) else value), past


def _magnitude(word: str) -> float:
    """Value of "million", "dozen", "bn"; 0 for other words, and for a single letter that stands alone."""
    size = values("sizes").get(word) or (values("suffixes").get(word) if len(word) > 1 else None)
    return 0.0 if size is None or word == "score" else size


def _in_number_words(tokens: Sequence[Token], index: int) -> tuple[float, int] | None:
    """Number words: "twenty-five", "one hundred and twenty", "two dozen", "half a dozen", "a hundred"."""
    small, sizes, low = values("small"), values("sizes"), [token.low for token in tokens[index : index + 10]]
    of = 2 if low[:2] == ["half", "a"] else 1
    if low[0] in {"half", "half-a"} and low[of:] and low[of] in sizes:
        return sizes[low[of]] / 2, index + of + 1  # "half a dozen", "a half million"
    whole = small.get(low[0]) or (low[0] == "a")
    if whole and low[1:4] == ["and", "a", "half"] and low[4:5] and low[4] in sizes:
        return (whole + 0.5) * sizes[low[4]], index + 5  # "two and a half million"
    if low[0] in ARTICLES and low[1:2] and low[1] in sizes and low[1] != "score" and not tokens[index + 1].joined:
        low[0] = "one"
    total, part, used = 0.0, 0.0, 0
    for word in low:
        if (value := small.get(word)) is not None:
            if part % 100 and not (part % 10 == 0 and part % 100 >= 20 and value < 10):
                break
            part += value
        elif word in sizes and (used or word == "dozen" or tokens[index].joined):  # "a further dozen", "a hundred-plus"
            part = (part or 1.0) * sizes[word]
            if sizes[word] >= 1000:
                total, part = total + part, 0.0
        elif word != "and" or not used or low[used - 1] not in sizes or not {*low[used + 1 : used + 2]} & small.keys():
            break
        used += 1
    return (total + part, index + used) if used else None


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
    # "1 300" is one number with a blank in it, or two.
    weak = index > 0 and not taken[index - 1] and all(token.text.isdecimal() for token in tokens[index - 1 : index + 1])
    return _with_second(tokens, taken, HedgedNumber(value, value, value, "exact", first, past, prefix, weak=weak))


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
    elif low_at(tokens, past) == "of" and low_at(tokens, past + 1) == "dozen":  # "a couple of dozen"
        low, past = low * values("sizes")["dozen"], past + 2
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
    if after is not None and (after.low in words("sizes") or (tokens[past - 1].joined and not _takes_number(after))):
        return True  # "155 mm shells", "24-hour"
    if plain and re.fullmatch(r"(?:19|20)\d\d", token.text):
        known = before is not None and before.low in words("years_before")
        if known or after is None or not after.is_word:
            return True
    if after is not None and token.low == "one" and (after.low == "of" or (before is not None and before.low == "no")):
        return True
    return before is not None and before.text in "/:" and before.end == token.start


def _takes_number(token: Token) -> bool:
    """Whether a word that is joined to a number is counted by it, or says more of it: "500-drone", "30-odd"."""
    word = token.low.partition("-")[0]
    more = word in currencies("words") or (word,) in dict(hedges("after")) or word == "strong"
    return more or _is_arms(token) or heads().get(word) == "aid"


def _is_arms(token: Token) -> bool:
    return heads().get(token.low) == "aid" or is_weapon(token)


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
    if before in {"from", "by"} and word == "to" and moved:
        return number  # "rose from 16 to 19", "by 3 to 19": two numbers, not a range
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
    low, last = number.low or 0.0, tokens[past - 1].low
    size = values("suffixes").get(last.strip("0123456789.,"), 0.0) if last[0].isdecimal() else _magnitude(last)
    plain = tokens[number.past - 1].text[-1].isdecimal() or number.past - number.first == 1
    return low * size if low < high and low < size and plain else low


def _hedged(tokens: Sequence[Token], number: HedgedNumber, floor: int) -> HedgedNumber:
    """Read the hedge in front of a number, or behind it, and turn its values accordingly."""
    if number.fault or number.hedge == "vague":
        return number
    low, past = tuple(token.low for token in tokens), number.past
    first, hedge = _hedge_before(low, number.first, floor)
    past, behind_it = _hedge_behind(low, past)
    hedge = hedge or behind_it
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


# ---------------------------------------------------------------- what is counted


PRICE_MOST = 1e6
"""A smaller sum is rather a price than aid."""
RATIO_MOST = 10
NOUNLESS = frozenset({"them", "next", "bare"})
WHOLE = frozenset({"aid", "attack", "people", "grid"})
"""Groups of things that are counted in whole numbers."""


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
    size_of
        What it is the size of, "attack" of a 500-drone attack; "" where it stands for itself.
    """

    number: HedgedNumber
    thing: str
    unit: str
    group: str
    first: int
    past: int
    size_of: str = ""

    @property
    def quantity(self) -> Quantity | None:
        """As the ledger holds it."""
        return self.number.quantity(self.unit)

    def of(self, noun: Count) -> Count:
        """Count what another count does."""
        return replace(self, thing=noun.thing, unit=noun.unit, group=noun.group)


def find_counts(tokens: Sequence[Token], taken: Sequence[bool]) -> list[Count]:
    """Find every number with the noun it counts; nouns that are not of the domain give nothing."""
    numbers = find_numbers(tokens, taken)
    starts = {number.first for number in numbers}
    counts = (_count_at(tokens, number, starts) for number in numbers if not _is_ratio(tokens, number))
    found = [_as_told(tokens, count) for count in counts if count is not None]
    return [*found, *_none(tokens, starts)]


def _is_ratio(tokens: Sequence[Token], number: HedgedNumber) -> bool:
    """Whether a number is one of the two of a ratio: "nine in ten missiles", "five out of every six"."""
    first, past = number.first, number.past
    if low_at(tokens, first - 1) == "every" or [token.low for token in tokens[past : past + 3]] == [
        "out",
        "of",
        "every",
    ]:
        return True
    for one, other in ((first - 2, first), (first, past + 1)):
        if low_at(tokens, other - 1) == "in" and one >= 0 and other < len(tokens):
            part, whole = value_at(tokens, one), value_at(tokens, other)
            if part is not None and whole is not None and part[0] < whole[0] <= RATIO_MOST:
                return True
    return False


def _as_told(tokens: Sequence[Token], count: Count) -> Count:
    """Read what stands around a count: a hedge behind its noun, and words that make it no plain count."""
    number, past = count.number, count.past
    before = "".join(f"{token.low} " for token in tokens[max(0, number.first - 8) : number.first])
    if low_at(tokens, past) in {"each", "apiece"} or pattern("relative").search(before):
        number = replace(number, weak=True)
    at = past + 2 * (low_at(tokens, past) in {"a", "per", "every"} and low_at(tokens, past + 1) in words("rates"))
    low = tuple(token.low for token in tokens)
    end, hedge = _hedge_behind(low, at + (low_at(tokens, at) == ","))
    closed = end >= len(tokens) or not tokens[end].is_word or low[end] in words("passive")
    if count.group not in NOUNLESS and hedge is not None and closed and number.hedge == "exact" and not number.fault:
        number, past = bounded(number, hedge, whole=count.group in WHOLE), end
    return replace(count, number=number, past=past)


def _none(tokens: Sequence[Token], starts: set[int]) -> list[Count]:
    """Count "no missiles were intercepted" as zero, and "none got through" of what was counted before.

    "No missiles that could" says nothing of a number.
    """
    found: list[Count | None] = []
    for at, token in enumerate(tokens):
        zero = HedgedNumber(0.0, 0.0, 0.0, "exact", at, at + 1)
        span = _noun(tokens, at + 1, starts) if token.low == "no" else None
        said = span is not None and low_at(tokens, span[1] + 1) in {"was", "were", "have", "had", "has"}
        if span is not None and (said or low_at(tokens, at - 1) in words("none_of")):
            found.append(_noun_count(tokens, zero, span))
        if token.low == "none" and low_at(tokens, at + 1) in words("none_verbs"):
            found.append(Count(zero, "", "", "bare", at, at + 1))
    return [count for count in found if count is not None and count.group in {"aid", "bare"}]


def _count_at(tokens: Sequence[Token], number: HedgedNumber, starts: set[int]) -> Count | None:
    past = number.past
    low = low_at(tokens, past)
    currency, past_money = _currency_behind(tokens, number)
    if currency:
        return _money(tokens, number, currency, past_money)
    if low in {"%", "percent", "per"}:
        return _share(tokens, number)
    if low in words("measures"):
        return None
    if tokens[past - 1].joined:
        return _size_of(tokens, number)
    if low in {'"', "”", "»"}:  # '"several" Patriot systems'
        past += 1
        low = low_at(tokens, past)
    index = past
    if low == "out" and low_at(tokens, past + 1) == "of" and past + 2 < len(tokens):  # "26 out of 28 drones"
        index, low, past = index + 1, "of", past + 1
    if low == "of" and past + 1 < len(tokens):
        following = tokens[past + 1].low
        if following in {"them", "these", "those", "which", "whom"} and _noun(tokens, past + 2, set()) is None:
            return Count(number, "", "", "them", number.first, past + 2)
        inner = next((at for at in range(past + 1, min(past + 4, len(tokens))) if at in starts), None)
        if inner is not None and all(token.low in words("between") for token in tokens[past:inner]):
            return Count(number, "", "", "next", number.first, past)
    index = run_past(tokens, index, lambda token: _leads(token) or (low == "of" and token.low.endswith("'s")))
    span = _noun(tokens, index, starts)
    if span is not None and low_at(tokens, span[1] + 1) == "in" and _ends_after(tokens, span[1] + 2, starts):
        return None  # "one missile in five" is a share
    if span is not None and _is_of_one(tokens[span[1]].low, number):
        return _size_of(tokens, number)
    if span is not None:
        return _noun_count(tokens, number, span)
    return Count(number, "", "", "bare", number.first, past) if number.hedge != "vague" else None


def _size_of(tokens: Sequence[Token], number: HedgedNumber) -> Count | None:
    """Count what is joined to a number: "a 500-drone attack", "a 40-missile and 9-bomb raid", "a 90-strong fleet".

    The hyphen may be left out: "a 500 drone attack". It is sure where one attack or delivery is named that has this
    size. Of a thing that is counted itself, "two 6-launcher batteries", it is none.
    """
    past = number.past + (tokens[number.past].low == "strong")
    end = run_past(tokens, past, _describes_lot, 6)
    while low_at(tokens, end) == "," and end + 2 < len(tokens) and tokens[end + 1].joined:
        end = run_past(tokens, end + 1, _describes_lot, 6)
    size_of = next((t.low for t in tokens[past:end] if t.low in words("assaults") | words("lots")), "")
    arms = [at for at in range(past, end) if _is_arms(tokens[at])]
    joined, alone = tokens[number.past - 1].joined, all(tokens[at - 1].joined for at in arms[1:])
    if past > number.past:
        arms = [] if not size_of else arms or [end + 1] * (low_at(tokens, end) == "of" and end + 1 < len(tokens))
    elif not (size_of or alone) or (joined and arms[:1] != [past]):
        return None
    if not arms or not _is_arms(noun := tokens[arms[0 if joined else -1]]):
        return None
    many = (
        f"{noun.text}s" if f"{noun.text}s" in words("weapons") else noun.text if is_weapon(noun) else plural(noun.low)
    )
    both = not joined and "and" in {token.low for token in tokens[past:end]}
    if both or not size_of or low_at(tokens, number.first - 1) in {"no", "any", "every", "each"}:
        number = replace(number, weak=True)
    return Count(number, many, many, "aid", number.first, max(arms[0 if joined else -1], number.past) + 1, size_of)


def _describes_lot(token: Token) -> bool:
    return token.low == "overnight" or not _stops(token)


def _currency_behind(tokens: Sequence[Token], number: HedgedNumber) -> tuple[str, int]:
    """Currency of a sum, and the token past it: "5 billion Danish kroner", "$440M CAD"."""
    past, known = number.past, currencies("words")
    low, following = low_at(tokens, past), low_at(tokens, past + 1)
    if number.prefix:
        code = known.get(low, "") if past < len(tokens) and tokens[past].text.isupper() else ""
        return code or number.prefix, past + bool(code)
    if low in known:
        return known[low], past + 1
    if low in currencies("signs") and not following[:1].isdecimal():
        return currencies("signs")[low], past + 1
    country = countries().get(tokens[past].bare, "") if past < len(tokens) else ""
    if following in known and country:
        return currencies("of").get(country, known[following]), past + 2
    return "", past


def _is_of_one(noun: str, number: HedgedNumber) -> bool:
    """Whether several stand with a noun of one: "a 500 drone attack", "a 1,000-plus drone raid"."""
    several = max(value or 0.0 for value in (number.low, number.best, number.high)) > 1
    return several and heads().get(noun) in {"aid", "attack"} and plural(noun) != noun


def _ends_after(tokens: Sequence[Token], at: int, starts: set[int]) -> bool:
    """Whether a number begins at a token and nothing it could count follows."""
    return at in starts and (at + 1 >= len(tokens) or _stops(tokens[at + 1]))


def _leads(token: Token) -> bool:
    return token.low in words("leads")


def _noun(tokens: Sequence[Token], index: int, starts: set[int]) -> tuple[int, int] | None:
    """First token of a noun phrase and the token of its head, where the head is one that is counted."""
    head: int | None = None
    for at in range(index, min(index + 10, len(tokens))):
        token = tokens[at]
        counted = token.low in heads() or is_weapon(token)
        if token.low == "or" and head == at - 1 and at + 1 < len(tokens) and tokens[at + 1].text in words("weapons"):
            continue  # "Hawk or IRIS-T batteries"
        if (token.low in words("stops") and not counted) or token.low in words("holders"):
            break
        if at in starts and tokens[at - 1].text not in words("weapons") and not token.joined:
            break
        if not token.is_word:
            if not (token.text in ",/" and head is not None and is_model(tokens[head])) and token.text not in "-–":
                break
        elif token.low == "and":
            if not _and_goes_on(tokens, at, head):
                break
        elif head is not None and token.low in words("casualties") and heads().get(tokens[head].low) != "people":
            break  # "24 drones killed a woman"
        elif counted:
            head = at
        elif head is not None and not _head_behind(tokens, at):
            break
    return None if head is None else (index, head)


def is_weapon(token: Token) -> bool:
    """Whether a token names a weapon: by a word of the table, one or many of it, or with a number in it."""
    name, _, rest = token.text.partition("-")
    if rest.isalpha() and rest.islower():
        return token.text in words("weapons")  # "NASAMS-compatible" parts are no NASAMS
    return any(each in words("weapons") for each in (token.text, name, name.removesuffix("s"))) or is_model(token)


def is_model(token: Token) -> bool:
    """Whether a token is a name with a number in it: S-300, F-16."""
    return re.fullmatch(r"[A-Z][\w/-]*\d[\w/-]*", token.text) is not None


def _head_behind(tokens: Sequence[Token], at: int) -> bool:
    """Whether a name or noun goes on to another head: "Patriot air defence systems", "Kh-101 cruise missiles"."""
    past = run_past(tokens, at, lambda token: not _stops(token) and token.low not in words("acts") | {"and", "of"}, 4)
    return any(token.low in heads() for token in tokens[at:past])


def _stops(token: Token) -> bool:
    return not token.is_word or token.low in words("stops")


def _counts_anew(token: Token) -> bool:
    """Whether a token ends a noun phrase, or begins one of its own: a number, an article."""
    number = token.text[0].isdecimal() or token.low in values("vague") or values("small").get(token.low, 20) < 20
    return number or token.low in words("stops") or token.low in ARTICLES


def _and_goes_on(tokens: Sequence[Token], at: int, head: int | None) -> bool:
    """Whether "and" joins what is counted: "cruise and ballistic missiles", "drones and missiles"."""
    if head is not None and tokens[head].low in words("combined"):
        past = run_past(tokens, at + 1, lambda token: not (_counts_anew(token) or not token.is_word), 4)
        return any(token.low in words("combined") for token in tokens[at + 1 : past])
    return any(token.low in heads() for token in tokens[at + 1 : at + 5]) and not any(
        _counts_anew(token) and token.low != "the" for token in tokens[at + 1 : at + 3]
    )


def _noun_count(tokens: Sequence[Token], number: HedgedNumber, span: tuple[int, int]) -> Count | None:
    first, head = span
    phrase, noun, past = tokens[first : head + 1], tokens[head], head + 1
    group = heads().get(noun.low, "aid")
    if group == "grid" and not noun.low.startswith("substation") and not _pieces(phrase) & words("grid"):
        return None
    if low_at(tokens, past) == "of" and noun.low in words("parcels"):
        last = run_past(tokens, past + 1, lambda t: not _stops(t) and (t.low in heads() or t.is_name), 4)
        past = last if last > past + 1 else past
    if group == "power":
        if low_at(tokens, past) == "of" and past + 1 < len(tokens):  # "of thermal capacity"
            past = run_past(tokens, past + 1, lambda token: not _stops(token), 4)
        first = min(past - 1, head + 2) if past > head + 1 else first
    thing = _phrase(tokens, first, past)
    combined = _combined_with(phrase) if re.search(r"\band\b", thing) and noun.low in words("combined") else ""
    unit = noun.text if group == "aid" and noun.is_name else plural(noun.low)
    unit = f"{combined} and {unit}" if combined else unit
    if group == "power":
        unit = "GW" if unit[0] == "g" else "MW"
    return Count(number, thing, "people" if unit in words("casualties") else unit, group, number.first, past)


def plural(noun: str) -> str:
    """One form for a unit: "one battery" and "two batteries" count the same."""
    forms = (f"{noun}s", f"{noun[:-1]}ies")
    return next((form for form in forms if form in heads() and not noun.endswith("s")), noun)


def _combined_with(phrase: Sequence[Token]) -> str:
    """What a phrase counts together with its head: "drones" of "drones and missiles"."""
    low = [token.low for token in phrase]
    before = low[: low.index("and")] if "and" in low else low
    return before[-1] if before and before[-1] in words("combined") else ""


def _pieces(tokens: Sequence[Token]) -> set[str]:
    """Words of some tokens, those joined by a hyphen apart."""
    return {piece for token in tokens for piece in token.low.split("-")}


def _phrase(tokens: Sequence[Token], first: int, past: int) -> str:
    """Words of some tokens, spaced as in the source."""
    text = tokens[first].text
    for before, token in pairwise(tokens[first:past]):
        text += (" " if token.start > before.end else "") + token.text
    return text


# ---------------------------------------------------------------- money and shares


def _money(tokens: Sequence[Token], number: HedgedNumber, currency: str, past: int) -> Count | None:
    """Money for arms or aid; what it is for is read behind the number."""
    index = past
    if low_at(tokens, past) in {"each", "apiece"} or _is_for_one(tokens, past):
        return None  # a price
    if low_at(tokens, number.first - 1) in {"cost", "costs"} or low_at(tokens, 0) == "each":
        return None
    near = _pieces(tokens[max(0, number.first - 14) : past + 14])
    if not any(map(_is_aid, near)):
        if not (near & words("gifts") or low_at(tokens, number.first - 1) == "worth"):
            return None
        number = replace(number, weak=True)  # given, but nothing near says for what: a person should look
    index = run_past(tokens, index, lambda token: token.low in words("money_leads"))
    last = run_past(tokens, index, lambda token: not _stops(token), 6)
    last = next((at for at in range(index, last) if value_at(tokens, at) is not None), last)
    end = max((at + 1 for at in range(index, last) if _is_aid(tokens[at].low)), default=past)
    thing = _phrase(tokens, index, end) if end > index else _money_before(tokens, number.first - 1)
    # "Two $4-million missiles": a sum that is joined to arms is what they cost.
    priced = any(token.joined for token in tokens[number.first : past]) and tokens[end - 1].low not in words(
        "money_heads"
    )
    if priced or max((value for value in (number.low, number.best, number.high) if value), default=0) < PRICE_MOST:
        number = replace(number, weak=True)
    return Count(number, thing, currency, "money", number.first, max(past, end))


def _is_for_one(tokens: Sequence[Token], past: int) -> bool:
    """Whether a sum is what one thing costs: "4 million dollars a missile", "for each interceptor"."""
    past += low_at(tokens, past) in {"for", "on"} and low_at(tokens, past + 1) in {"each", "every"}
    return low_at(tokens, past) in {"a", "an", "per", "each", "every"} and _noun(tokens, past + 1, set()) is not None


def _is_aid(word: str) -> bool:
    return word in words("aid") or heads().get(word) == "aid"


def _money_before(tokens: Sequence[Token], index: int) -> str:
    """What money is of, in front of it: "its largest aid package, worth", "the value of the contract is"."""
    worth = tokens[index].low == "worth"
    for head in range(index, max(-1, index - 10), -1):
        token = tokens[head]
        if token.text in ".;":
            break
        if token.low in words("money_heads") or (worth and heads().get(token.low) == "aid"):
            first = head
            while first > 0 and _describes(tokens[first - 1]):
                first -= 1
            return _phrase(tokens, first, head + 1)
    return "funds"


def _describes(token: Token) -> bool:
    kinds = words("money_kinds")
    plain = not (_stops(token) or _leads(token) or token.low.endswith("'s"))
    return plain and (token.low in words("aid") or token.low in kinds)


def _share(tokens: Sequence[Token], number: HedgedNumber) -> Count | None:
    """A share of something that is counted."""
    index = number.past + 1 + (tokens[number.past].low == "per")
    if low_at(tokens, index) != "of":
        return None
    index = run_past(tokens, index + 1, lambda token: _leads(token) or token.low == "all")
    whole = value_at(tokens, index) if index < len(tokens) else None
    index = index if whole is None else whole[1]  # "90 percent of the 30 missiles"
    span = _noun(tokens, index, set()) or _power_capacity(tokens, index)
    if span is None:
        return None
    return Count(number, _phrase(tokens, index, span[1] + 1), "%", "share", number.first, span[1] + 1)


def _power_capacity(tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
    """Find "thermal generating capacity" behind "80 percent of Ukraine's": what the power system can do."""
    for at in range(index, run_past(tokens, index, lambda token: not _stops(token), 7)):
        if tokens[at].low in words("capacities"):
            of_power = _pieces(tokens[index : at + 1]) & words("grid") or tokens[at].low == "generation"
            return (index, at) if of_power else None
    return None


# ---------------------------------------------------------------- nouns without a number


def article_count(tokens: Sequence[Token], index: int) -> Count | None:
    """Count of one that begins with "a", "an" or "another": "a Patriot battery", "a third IRIS-T system"."""
    if tokens[index].low not in {"a", "an", "another"}:
        return None
    more = words("leads") | {"second", "third", "fourth", "fifth", "single"}
    first = run_past(tokens, index + 1, lambda token: token.low in more)
    span = _noun(tokens, first, set())
    if span is None or tokens[span[1]].low.endswith("s") or heads().get(tokens[span[1]].low, "aid") != "aid":
        return None
    return _noun_count(tokens, HedgedNumber(1.0, 1.0, 1.0, "exact", index, first), span)


def plural_at(tokens: Sequence[Token], index: int) -> Count | None:
    """Noun of many things or of a mass, no number with it, that begins at a token or behind the receiver's name."""
    at = run_past(tokens, index, lambda token: token.low in words("carriers") or token.bare in countries(), 9)
    noun = noun_at(tokens, at)
    if noun is None or noun.group != "aid" or any(token.text[0].isdecimal() for token in tokens[at : noun.past]):
        return None
    last = tokens[noun.past - 1]
    return noun if last.low in words("mass") or last.text.endswith("s") else None


def noun_at(tokens: Sequence[Token], index: int) -> Count | None:
    """Find the counted noun that begins at a token, with a number still to be put in."""
    span = _noun(tokens, index, set())
    nothing = HedgedNumber(None, None, None, "exact", index, index)
    return None if span is None else _noun_count(tokens, nothing, span)
