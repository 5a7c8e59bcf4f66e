"""Counted things in text: a number and the noun it counts, where that is worth a draft."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tegmen.ledger.entries import Quantity
from tegmen.ledger.reading.lexicon import Lexicon, read_lexicon
from tegmen.ledger.reading.numbers import CURRENCIES, ONES, VAGUE, Number, find_numbers
from tegmen.ledger.reading.sentences import Token

LEADS = frozenset(
    "more additional further extra new other another such of the its their his her our these those".split()
)


MEASURES = frozenset(
    "km kilometers kilometres kilometer kilometre miles mile meters metres feet kg kilograms tons tonnes years "
    "year months month weeks week days day hours hour minutes "
    "pound minute seconds second times degrees percent per mm cm m knots".split()
)


BETWEEN = frozenset(
    "of the all a total its their promised pledged planned announced requested remaining original".split()
)


QUOTES = frozenset('"”»')


COMBINED = frozenset("missile missiles drone drones uavs rockets bombs bomb shells aircraft planes helicopters".split())


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
    if after is not None and after.text in QUOTES:  # '"several" Patriot systems'
        past += 1
        after = tokens[past] if past < len(tokens) else None
    index, low = past, after.low if after else ""
    if low == "out" and past + 2 < len(tokens) and tokens[past + 1].low == "of":  # "26 out of 28 drones"
        index, low, past = index + 1, "of", past + 1
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
        if at in starts and tokens[at - 1].text not in lexicon.weapons:
            break
        if not token.is_word:
            if not (token.text in ",/" and head is not None and _is_model(tokens[head])) and token.text not in "-–":
                break
            continue
        if low == "and":
            if not _and_goes_on(tokens, at, head, lexicon):
                break
            continue
        if head is not None and low in CASUALTIES and lexicon.heads.get(tokens[head].low) != "people":
            break  # "24 drones killed a woman"
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
    if unit in CASUALTIES:
        unit = "people"
    if group == "power":
        unit = {"megawatt": "MW", "megawatts": "MW", "gigawatt": "GW", "gigawatts": "GW"}.get(unit, unit.upper())
    return Count(number, source_words, unit, group, number.first, past)


CASUALTIES = frozenset("injured wounded killed dead person persons".split())
"""Words that count people without naming them."""


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
    (
        "aid assistance support package packages fund funds funding loan loans grant grants defence"
        " defense military weapons "
        "arms ammunition missiles systems contract order assets financing tranche bill equipment"
        " industry sector procurement production spending budget"
    ).split()
)


def _money(tokens: Sequence[Token], number: Number, currency: str) -> Count | None:
    """Money for arms or aid; what it is for is read behind the number."""
    past = number.past + (not number.prefix)
    if past < len(tokens) and tokens[past].low in {"each", "apiece"}:
        return None  # a price
    near = {piece for token in tokens[max(0, number.first - 14) : past + 14] for piece in token.low.split("-")}
    lexicon = read_lexicon()
    if not (near & AID or any(lexicon.heads.get(word) == "aid" for word in near)):
        worth = any(token.low == "worth" for token in tokens[max(0, number.first - 1) : number.first])
        if not (near & GIFTS or worth):
            return None
        number = replace(number, weak=True)  # given, but nothing near says for what: a person should look
    index = past
    while index < len(tokens) and tokens[index].low in {
        "in",
        "of",
        "worth",
        "for",
        "to",
        "buy",
        "purchase",
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
    while last < len(tokens) and last < index + 6 and tokens[last].is_word and tokens[last].low not in lexicon.stops:
        last += 1
        if tokens[last - 1].low in AID or lexicon.heads.get(tokens[last - 1].low) == "aid":
            end = last
    thing = _phrase(tokens, index, end) if end > index else _money_before(tokens, number.first - 1, lexicon)
    return Count(number, thing, currency, "money", number.first, max(past, end))


GIFTS = frozenset(
    "pledged pledges pledge donated donates donate contributed contribute contributes allocated allocates allocate "
    "earmarked earmark committed commit promised promises provide provided".split()
)
"""Words that give money where nothing near it says that it is for arms."""


def _money_before(tokens: Sequence[Token], index: int, lexicon: Lexicon) -> str:
    """What money is of, in front of it: "its largest aid package, worth", "the value of the contract is"."""
    worth = tokens[index].low == "worth"
    heads = (
        at
        for at in range(index, max(-1, index - 10), -1)
        if tokens[at].low in MONEY_HEADS
        or tokens[at].text in ".;"
        or (worth and lexicon.heads.get(tokens[at].low) == "aid")
    )
    head = next(heads, None)
    if head is None or tokens[head].text in ".;":
        return "funds"
    first = head
    while first > 0 and _describes(tokens[first - 1], lexicon):
        first -= 1
    return _phrase(tokens, first, head + 1)


MONEY_HEADS = frozenset(
    "aid assistance support package packages fund funds loan loans grant grants contract contracts tranche budget "
    "deal order deliveries delivery plan programme program scheme initiative replacement".split()
)


def _describes(token: Token, lexicon: Lexicon) -> bool:
    low = token.low
    plain = token.is_word and not low.endswith("'s") and low not in lexicon.stops and low not in LEADS
    return plain and (low in AID or low in {"air", "aid", "new", "financial", "humanitarian", "security", "energy"})


def _share(tokens: Sequence[Token], number: Number, lexicon: Lexicon) -> Count | None:
    """A share of something that is counted."""
    index = number.past + 1 + (tokens[number.past].low == "per")
    if index >= len(tokens) or tokens[index].low != "of":
        return None
    index += 1
    while index < len(tokens) and (tokens[index].low in LEADS or tokens[index].low == "all"):
        index += 1
    span = _noun(tokens, index, set(), lexicon) or _capacity(tokens, index, lexicon)
    if span is None:
        return None
    return Count(number, _phrase(tokens, index, span[1] + 1), "%", "share", number.first, span[1] + 1)


def _capacity(tokens: Sequence[Token], index: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Find "thermal generating capacity" behind "80 percent of Ukraine's": what the power system can do."""
    for at in range(index, min(index + 7, len(tokens))):
        low = tokens[at].low
        if low in {"capacity", "generation", "output", "electricity", "grid"}:
            words = {piece for token in tokens[index : at + 1] for piece in token.low.split("-")}
            return (index, at) if words & lexicon.grid or low == "generation" else None
        if low in lexicon.stops or not tokens[at].is_word:
            return None
    return None


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


CARRIERS = frozenset(
    "a an the more additional new its their further some batch package supply supplies delivery deliveries transfer "
    "shipment shipments small large undisclosed unspecified significant number amount of to with for "
    "extra first next another".split()
)
MASS = frozenset("ammunition manpads aircraft".split())


def plural_at(tokens: Sequence[Token], index: int) -> Count | None:
    """Noun of many things or of a mass, no number with it, that begins at a token or behind the receiver's name."""
    lexicon = read_lexicon()
    at = index
    while at < min(index + 9, len(tokens)) and (
        tokens[at].low in CARRIERS or re.sub(r"['’]s?$", "", tokens[at].text) in lexicon.countries
    ):
        at += 1
    noun = noun_at(tokens, at)
    if noun is None or noun.group != "aid" or any(token.text[0].isdecimal() for token in tokens[at : noun.past]):
        return None
    last = tokens[noun.past - 1]
    return noun if last.low in MASS or last.text.endswith("s") else None


def noun_at(tokens: Sequence[Token], index: int) -> Count | None:
    """Find the counted noun that begins at a token, with a number still to be put in."""
    lexicon = read_lexicon()
    span = _noun(tokens, index, set(), lexicon)
    nothing = Number(None, None, None, "exact", index, index)
    return None if span is None else _noun_count(tokens, nothing, span, lexicon)
