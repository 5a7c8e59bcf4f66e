"""Counted things in text: a number and the noun it counts, where that is worth a draft."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tegmen.ledger.entries import Quantity
from tegmen.ledger.reading.lexicon import countries, currencies, heads, values, words
from tegmen.ledger.reading.numbers import HedgedNumber, find_numbers, value_at
from tegmen.ledger.reading.sentences import Token, low_at, run_past

PRICE_MOST = 1e6
"""A smaller sum is rather a price than aid."""
ARTICLES = frozenset({"a", "an", "the"})


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

    number: HedgedNumber
    thing: str
    unit: str
    group: str
    first: int
    past: int

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
    found = [count for number in numbers if (count := _count_at(tokens, number, starts)) is not None]
    return [*found, *_none(tokens, starts), *_none_of_them(tokens)]


def _none(tokens: Sequence[Token], starts: set[int]) -> list[Count]:
    """Count "no missiles were intercepted" as zero; "no missiles that could" says nothing of a number."""
    found: list[Count] = []
    for index, token in enumerate(tokens):
        span = _noun(tokens, index + 1, starts) if token.low == "no" else None
        said = low_at(tokens, span[1] + 1) in {"was", "were", "have", "had", "has"} if span is not None else False
        if span is not None and (said or low_at(tokens, index - 1) in {"lost", "destroyed", "intercepted", "received"}):
            count = _noun_count(tokens, HedgedNumber(0.0, 0.0, 0.0, "exact", index, index + 1), span)
            found += [count] if count is not None and count.group == "aid" else []
    return found


def _none_of_them(tokens: Sequence[Token]) -> list[Count]:
    """Count "none was intercepted" and "none got through" as zero of what was counted before."""
    zero = ((at, HedgedNumber(0.0, 0.0, 0.0, "exact", at, at + 1)) for at, t in enumerate(tokens) if t.low == "none")
    verbs = {"was", "were", "got", "reached", "hit", "has", "have", "had"}
    return [Count(none, "", "", "bare", at, at + 1) for at, none in zero if low_at(tokens, at + 1) in verbs]


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
    if span is not None:
        return _noun_count(tokens, number, span)
    return Count(number, "", "", "bare", number.first, past) if number.hedge != "vague" else None


def _currency_behind(tokens: Sequence[Token], number: HedgedNumber) -> tuple[str, int]:
    """Currency of a sum, and the token past it: "5 billion Danish kroner", "$440M CAD"."""
    past, known = number.past, currencies("words")
    low, following = low_at(tokens, past), low_at(tokens, past + 1)
    if number.prefix:
        code = known.get(low, "") if past < len(tokens) and tokens[past].text.isupper() else ""
        return code or number.prefix, past + bool(code)
    if low in known:
        return known[low], past + 1
    country = countries().get(tokens[past].bare, "") if past < len(tokens) else ""
    if following in known and country:
        return currencies("of").get(country, known[following]), past + 2
    return "", past


def _ends_after(tokens: Sequence[Token], at: int, starts: set[int]) -> bool:
    """Whether a number begins at a token and nothing it could count follows."""
    return at in starts and (at + 1 >= len(tokens) or not tokens[at + 1].is_word)


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
        if token.low in words("stops") and not counted:
            break
        if at in starts and tokens[at - 1].text not in words("weapons"):
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
    name = token.text.partition("-")[0]
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
    if low_at(tokens, past) in {"each", "apiece"}:
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
    if max((value for value in (number.low, number.best, number.high) if value), default=0) < PRICE_MOST:
        number = replace(number, weak=True)
    return Count(number, thing, currency, "money", number.first, max(past, end))


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
    kinds = {"air", "aid", "new", "financial", "humanitarian", "security", "energy"}
    plain = not (_stops(token) or _leads(token) or token.low.endswith("'s"))
    return plain and (token.low in words("aid") or token.low in kinds)


def _share(tokens: Sequence[Token], number: HedgedNumber) -> Count | None:
    """A share of something that is counted."""
    index = number.past + 1 + (tokens[number.past].low == "per")
    if low_at(tokens, index) != "of":
        return None
    index = run_past(tokens, index + 1, lambda token: _leads(token) or token.low == "all")
    span = _noun(tokens, index, set()) or _power_capacity(tokens, index)
    if span is None:
        return None
    return Count(number, _phrase(tokens, index, span[1] + 1), "%", "share", number.first, span[1] + 1)


def _power_capacity(tokens: Sequence[Token], index: int) -> tuple[int, int] | None:
    """Find "thermal generating capacity" behind "80 percent of Ukraine's": what the power system can do."""
    for at in range(index, run_past(tokens, index, lambda token: not _stops(token), 7)):
        if tokens[at].low in {"capacity", "generation", "output", "electricity", "grid"}:
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
