"""Numbers without a noun, and nouns without a number: "12 were shot down", "a second battery", "promised missiles"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tegmen.ledger.reading.lexicon import countries, heads, pattern
from tegmen.ledger.reading.numbers import value_at
from tegmen.ledger.reading.quantities import ARTICLES, Count, article_count, find_counts, noun_at, plural, plural_at
from tegmen.ledger.reading.sentences import Token, low_at
from tegmen.ledger.reading.setting import STAGE_OF_CUE, Cue, Setting, find_cues

MILLION = 1e6
NOUNLESS = frozenset({"them", "next", "bare"})


def all_counts(setting: Setting, cues: Sequence[Cue]) -> list[Count]:
    """Find what is counted in a sentence, "a battery" and "missiles" without a number too, in order."""
    sentence = setting.sentence
    taken = [any(t.start <= token.start < t.end for t in setting.times) for token in sentence.tokens]
    counts = find_counts(sentence.tokens, taken)
    counts += _single(setting, cues, counts)
    counts += _uncounted(setting, cues, counts)
    return _respective(setting, sorted(counts, key=lambda count: count.first))


def _single(setting: Setting, cues: Sequence[Cue], counts: Sequence[Count]) -> list[Count]:
    """Count "a Patriot battery" as one, where the words pledge or deliver it."""
    tokens, found = setting.sentence.tokens, list[Count]()
    for cue in cues:
        if cue.name not in STAGE_OF_CUE:
            continue
        index = _index(tokens, cue.end)
        limit = next((c.first for c in counts if c.first >= index), len(tokens))
        found += _single_before(setting, cue)
        found += _single_listed(tokens, index, counts) if not found else []
        singles = (article_count(tokens, at) for at in range(index, min(index + 3, limit)))
        fits = (one for one in singles if one and one.past <= limit and all(one.first != c.first for c in found))
        found += [one for one in (next(fits, None),) if one is not None]
    return found


def _single_listed(tokens: Sequence[Token], first: int, counts: Sequence[Count]) -> list[Count]:
    """Count "a Hawk battery" as one in a list that counts: "includes 1,000 rockets, an additional Hawk battery"."""
    starts = (count.past for count in counts if count.first >= first)
    at = next((past for past in starts if low_at(tokens, past) in {",", "and"}), len(tokens))
    at += 1 + (low_at(tokens, at + 1) == "and")
    single = article_count(tokens, at) if at < len(tokens) else None
    return [single] if single is not None else []


def _index(tokens: Sequence[Token], position: int) -> int:
    """First token at a position of the text or behind it."""
    return next((i for i, token in enumerate(tokens) if token.start >= position), len(tokens))


def _single_before(setting: Setting, cue: Cue) -> list[Count]:
    """Count "a second SAMP/T battery" as one in front of "was already on its way"."""
    tokens = setting.sentence.tokens
    first = _index(tokens, cue.start)
    for at in range(max(0, first - 14), first):
        single = article_count(tokens, at)
        if single is not None and single.past <= first:
            between = setting.sentence.between(tokens[single.past - 1].end, cue.start)
            return [single] if pattern("link").fullmatch(between) else []
    return []


def _uncounted(setting: Setting, cues: Sequence[Cue], counts: Sequence[Count]) -> list[Count]:
    """Find what is pledged, approved or asked for without a number: "promised a batch of Patriot missiles"."""
    tokens, sentence, found = setting.sentence.tokens, setting.sentence, list[Count]()
    for cue in cues:
        used = re.search(r"\b(?:the|its|their|of|all)\s$", sentence.before(cue.start).lower())  # "the promised shells"
        plain = pattern("plain").match(sentence.between(cue.start, cue.end))
        if used or cue.name not in {"pledged", "approved", "requested"} or not plain:
            continue
        index = _index(tokens, cue.end)
        noun = plural_at(tokens, index)
        if noun is None or any(index <= count.first < noun.past + 2 for count in counts):
            continue
        last = tokens[noun.past - 1].start
        if not any(cue.end <= later.start < last and later.name != "delivered" for later in cues):
            found.append(noun)
    return found


def resolved(
    count: Count, later: Sequence[Count], thing: Count | None, setting: Setting, *, dropped: bool
) -> Count | None:
    """Find the noun of a number that has none of its own; `thing` is what was counted before it."""
    if count.group not in NOUNLESS:
        return count
    if count.group == "next":
        noun = next((c for c in later if c.group not in NOUNLESS), None)
        return None if noun is None else replace(count.of(noun), past=noun.past)
    tokens, sentence = setting.sentence.tokens, setting.sentence
    before = sentence.before(tokens[count.number.first].start)
    after = sentence.behind(tokens[count.past - 1].end)
    here = thing if thing is not setting.thing else None
    if here is not None and before.endswith("from ") and pattern("moved").search(before):  # "up from 650 in July"
        return count.of(here)
    sums = [*setting.things, *([here] if here is not None else [])]
    money = next((c for c in reversed(sums) if c.group == "money"), None)
    if count.group == "bare" and _is_sum(count, thing, setting):
        return None if money is None else replace(count, thing="funds", unit=money.unit, group="money")
    if count.group == "bare":
        named = _hurt(count, before, after) or _number_of(setting, count) or _apposed(setting, count, after)
        if named is not None:
            return named
        if here is not None and _is_listed(tokens, count, before, after):
            return count.of(here)
    if thing is None or thing.group not in {"aid", "attack"}:
        return None
    thing = _enough(count, thing, setting)
    led = pattern("bare_before").search(before) or _is_led(setting, count)
    fits = (led and pattern("bare_ends").match(after)) or pattern("bare_after").match(after) or dropped
    if not (fits or count.group == "them"):
        return None
    unsure = count.number.weak or thing.number.weak or _is_unsure(setting, count, thing)
    return replace(count.of(thing), number=replace(count.number, weak=unsure))


def _is_sum(count: Count, thing: Count | None, setting: Setting) -> bool:
    """Whether a number without a noun is so large, in millions, that it is a sum: "of this sum, 400 million"."""
    tokens = setting.sentence.tokens[count.number.first : count.number.past]
    large = any(token.low in {"million", "billion", "trillion"} or token.low[-2:] in {"bn", "mn"} for token in tokens)
    before = None if thing is None or thing.group == "money" else thing.quantity
    return large and (before is None or max(before.said) < MILLION)


def _is_led(setting: Setting, count: Count) -> bool:
    """Whether words that say what is done stand right in front of a number: "shot down 12", "asked for only seven"."""
    sentence, start = setting.sentence, setting.sentence.tokens[count.number.first].start
    cue = next((cue for cue in reversed(find_cues(sentence)) if cue.end <= start), None)
    return cue is not None and pattern("hedging").fullmatch(sentence.between(cue.end, start)) is not None


def _is_unsure(setting: Setting, count: Count, thing: Count) -> bool:
    """Whether a number may be of something else: several things were counted before, or another is named here."""
    if thing is not setting.thing and thing not in setting.things:
        return False
    here = {token.low for token in setting.sentence.tokens[: count.first] if heads().get(token.low) == "aid"}
    others = {plural(word) for word in here | setting.others} - {plural(word) for word in thing.thing.lower().split()}
    return len({c.thing for c in setting.things if c.group != "money"}) > 1 or bool(others)


def _enough(count: Count, thing: Count, setting: Setting) -> Count:
    """Of what was counted before, the last of which there were enough: 72 that fell are none of the ten named last."""
    number, whole = count.number.best, thing.number.best
    if number is None or whole is None or number <= whole or thing is not setting.thing:
        return thing
    enough = (c for c in reversed(setting.things) if c.group != "money" and (c.number.best or 0) >= number)
    return next(enough, thing)


def _hurt(count: Count, before: str, after: str) -> Count | None:
    """People who are counted by what was done to them: "wounded 17", "two were killed"."""
    hurt = pattern("people_after").match(after)
    if hurt is None and re.match(r"\s*(?:[.,;]|and\b|more\b|others\b|in\b|$)", after):
        hurt = pattern("people_before").search(before)
    return None if hurt is None else replace(count, thing=hurt[1], unit="people", group="people")


def _is_listed(tokens: Sequence[Token], count: Count, before: str, after: str) -> bool:
    """Whether a number goes on with what was counted before it in the sentence, without saying it again."""
    last = tokens[count.first - 1]
    if before.endswith("("):  # "12 missiles (10 destroyed)"
        return re.match(r"\s(?:destroyed|shot down|intercepted|downed)\b", after) is not None
    if last.bare in countries():  # "Norway at least six and Belgium up to 30"
        return re.match(r"\s(?:and\b|[,.;]|$)|[,.;]|$", after) is not None
    timed = re.match(r"\s(?:on|in|during|by|from|since)\s", after) is not None
    return last.low in {"and", ",", "including"} and timed


def _number_of(setting: Setting, count: Count) -> Count | None:
    """Find what is counted in "put the number of helicopters destroyed at 14"."""
    tokens = setting.sentence.tokens
    noun = _of_which(tokens, count)
    if noun is not None:
        return count.of(noun)
    low = [token.low for token in tokens[: count.first]]
    last = low[-1] if low else ""
    if last in {"to", "at"} and "toll" in low:
        return replace(count, thing="death toll", unit="people", group="people")
    amounts = {"number", "stock", "stocks", "consumption", "output", "supply"}
    at = next((i for i in range(len(low) - 1, 0, -1) if low[i] == "of" and low[i - 1] in amounts), None)
    if at is None or last not in {"at", "to", "from", "is", "was", "reached"}:
        return None
    noun = noun_at(tokens, at + 1)
    return None if noun is None else count.of(noun)


def _apposed(setting: Setting, count: Count, after: str) -> Count | None:
    """Find what is counted in "a small number of Patriot missiles, about half a dozen,": the noun before the comma."""
    tokens, at = setting.sentence.tokens, count.first - 1
    if low_at(tokens, at) not in {",", "("} or not re.match(r"\s*[,.;)]|$", after):
        return None
    nouns = (noun_at(tokens, first) for first in range(max(0, at - 4), at) if not tokens[first].text[0].isdecimal())
    noun = next((noun for noun in nouns if noun is not None and noun.past == at), None)
    return None if noun is None or not tokens[at - 1].low.endswith("s") else count.of(noun)


def _of_which(tokens: Sequence[Token], count: Count) -> Count | None:
    """Find what is counted in "guided bombs, of which there were more than 3,000"."""
    low = [token.low for token in tokens[: count.first]]
    at = next((at for at in range(len(low) - 2, max(-1, len(low) - 9), -1) if low[at : at + 2] == ["of", "which"]), -1)
    if at < 0 or any(word in {",", ";", ":"} for word in low[at:]):
        return None
    past = at - (low[at - 1] == ",")
    numbers = [at for at in range(past) if value_at(tokens, at) is not None]
    first = max(past - 5, numbers[-1] + 1 if numbers else 0, 0)
    begin = (at for at in range(first, past) if tokens[at].is_word and tokens[at].low not in ARTICLES)
    nouns = (noun_at(tokens, at) for at in begin)
    return next((noun for noun in nouns if noun is not None and noun.past == past), None)


def _respective(setting: Setting, counts: list[Count]) -> list[Count]:
    """Give the two numbers of "of which 18 and 25 were shot down" the two things counted before them, in order."""
    text, tokens = setting.sentence.text, setting.sentence.tokens
    told = "respectively" in text or re.search(r"\bof\s(?:which|them|those)\b", text) is not None
    *_, first, last = -9, -9, *(i for i, count in enumerate(counts) if count.group == "bare")
    if not told or first < 2 or last != first + 1:
        return counts
    things, one, other = counts[first - 2 : first], counts[first], counts[last]
    joined = low_at(tokens, other.first - 1) == "and" and one.past == other.first - 1
    if not joined or any(not thing.thing for thing in things):
        return counts
    return [*counts[:first], one.of(things[0]), other.of(things[1]), *counts[last + 1 :]]


def is_dropped(setting: Setting, count: Count) -> bool:
    """Whether a number is named only to be replaced: "not 12 but 9", "9 instead of 12", "revised from 12 to 9"."""
    sentence = setting.sentence
    before = sentence.before(sentence.tokens[count.first].start)
    revised = before.endswith("from ") and pattern("revised").search(sentence.text) is not None
    return revised or pattern("dropped").search(before) is not None
