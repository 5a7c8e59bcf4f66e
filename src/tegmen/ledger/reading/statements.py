"""Counted things in sentences to statements, and to steps of commitments where the words pledge or deliver them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tegmen.ledger.entries import ROLES
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import (
    NOWHERE,
    STAGE_OF_CUE,
    Cue,
    Draft,
    Lead,
    Setting,
    countries_in,
    find_cues,
    place_named,
    reasons,
)
from tegmen.ledger.reading.lexicon import countries, heads, pattern, said_of, words
from tegmen.ledger.reading.numbers import (
    ARTICLES,
    NOUNLESS,
    Count,
    article_count,
    find_counts,
    noun_at,
    plural,
    plural_at,
    value_at,
)
from tegmen.ledger.reading.sentences import Token, low_at
from tegmen.ledger.reading.sureness import Told, signs_of

# ---------------------------------------------------------------- numbers without a noun, and nouns without a number


MILLION = 1e6


def all_counts(setting: Setting, cues: Sequence[Cue]) -> list[Count]:
    """Find what is counted in a sentence, "a battery" and "missiles" without a number too, in order."""
    sentence = setting.sentence
    taken = [any(t.start <= token.start < t.end for t in setting.times) for token in sentence.tokens]
    counts = find_counts(sentence.tokens, taken)
    counts += _single(setting, cues, counts)
    counts += _uncounted(setting, cues, counts)
    return _respective(setting, sorted(counts, key=lambda count: count.first))


def _single(setting: Setting, cues: Sequence[Cue], counts: Sequence[Count]) -> list[Count]:
    """Count "a Patriot battery" as one, where the words pledge or deliver it: right behind them or linked in front.

    In a list that counts it is one, too: "includes 1,000 rockets, an additional Hawk battery".
    """
    sentence, tokens, found = setting.sentence, setting.sentence.tokens, list[Count]()
    staged = [(cue, _index(tokens, cue.end)) for cue in cues if cue.name in STAGE_OF_CUE]
    for at in range(len(tokens)) if staged else ():
        one = article_count(tokens, at)
        if one is None or any(count.first < one.past and at < count.past for count in (*counts, *found)):
            continue
        end = tokens[one.past - 1].end
        behind = any(first <= at < first + 3 for _, first in staged)
        linked = any(
            cue.start >= end and pattern("link").fullmatch(sentence.between(end, cue.start)) for cue, _ in staged
        )
        joint = at - 1 - (low_at(tokens, at - 1) == "and" and low_at(tokens, at - 2) == ",")
        listed = low_at(tokens, joint) in {",", "and"} and any(
            count.past == joint and count.first >= first for count in counts for _, first in staged
        )
        found += [one] if behind or linked or listed else []
    return found


def _index(tokens: Sequence[Token], position: int) -> int:
    """First token at a position of the text or behind it."""
    return next((i for i, token in enumerate(tokens) if token.start >= position), len(tokens))


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
    here = thing if thing is not setting.memory.thing else None
    if here is not None and before.endswith("from ") and pattern("moved").search(before):  # "up from 650 in July"
        return count.of(here)
    if count.group == "bare":
        named = _hurt(count, before, after) or _named_before(tokens, count, after) or _number_of(tokens, count)
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


def _is_led(setting: Setting, count: Count) -> bool:
    """Whether words that say what is done stand right in front of a number: "shot down 12", "asked for only seven"."""
    sentence, start = setting.sentence, setting.sentence.tokens[count.number.first].start
    cue = next((cue for cue in reversed(find_cues(sentence)) if cue.end <= start), None)
    return cue is not None and pattern("hedging").fullmatch(sentence.between(cue.end, start)) is not None


def _is_unsure(setting: Setting, count: Count, thing: Count) -> bool:
    """Whether a number may be of something else: several things were counted before, or another is named here."""
    if thing is not setting.memory.thing and thing not in setting.memory.things:
        return False
    here = {token.low for token in setting.sentence.tokens[: count.first] if heads().get(token.low) == "aid"}
    others = {plural(word) for word in here | setting.memory.others} - {
        plural(word) for word in thing.thing.lower().split()
    }
    return len({c.thing for c in setting.memory.things if c.group != "money"}) > 1 or bool(others)


def _enough(count: Count, thing: Count, setting: Setting) -> Count:
    """Of what was counted before, the last of which there were enough: 72 that fell are none of the ten named last."""
    number, whole = count.number.best, thing.number.best
    if number is None or whole is None or number <= whole or thing is not setting.memory.thing:
        return thing
    enough = (c for c in reversed(setting.memory.things) if c.group != "money" and (c.number.best or 0) >= number)
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


def _number_of(tokens: Sequence[Token], count: Count) -> Count | None:
    """Find what is counted in "put the number of helicopters destroyed at 14"."""
    low = [token.low for token in tokens[: count.first]]
    last, amounts = low[-1] if low else "", words("amounts")
    if last in {"to", "at"} and "toll" in low:
        return replace(count, thing="death toll", unit="people", group="people")
    at = next((i for i in range(len(low) - 1, 0, -1) if low[i] == "of" and low[i - 1] in amounts), None)
    noun = noun_at(tokens, at + 1) if at and last in {"at", "to", "from", "is", "was", "reached"} else None
    return None if noun is None else count.of(noun)


def _named_before(tokens: Sequence[Token], count: Count, after: str) -> Count | None:
    """Find what is counted in "bombs, of which there were 3,000", "a number of missiles, about half a dozen,"."""
    low = [token.low for token in tokens[: count.first]]
    words_ = " ".join(low[-8:])
    which = re.search(r"(?:^|\s)(?:, )?of which(?: [^,;:]*)?$", words_)
    past = len(low) - len(words_[which.start() :].split()) if which else len(low) - 1
    if which is None and not (low[-1:] in ([","], ["("]) and re.match(r"\s*[,.;)]|$", after)):
        return None
    first = max([past - 5, 0, *(at + 1 for at in range(past) if value_at(tokens, at) is not None)])
    nouns = (noun_at(tokens, at) for at in range(first, past) if tokens[at].is_word and low[at] not in ARTICLES)
    noun = next((noun for noun in nouns if noun is not None and noun.past == past), None)
    return None if noun is None or not (which or low[past - 1].endswith("s")) else count.of(noun)


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


# ---------------------------------------------------------------- counted things to drafts


EVIDENCE_MOST = 1200
HURT = dict.fromkeys(("killed", "dead", "death toll"), "killed") | dict.fromkeys(
    ("wounded", "injured", "hurt", "hospitalized", "hospitalised"), "injured"
)
ROLE_OF_CUE = {role: role for role in ROLES} | {"requested": "asked for", "giving": "delivered", "contained": "pledged"}
GIVEN = frozenset({"aid", "money"})
"""Groups of things that are promised and given."""
ATTACKS = frozenset({"launched", "destroyed", "got through", "lost", "killed", "injured"})


Times = tuple[Time | None, Time | None, Time | None]
"""The times of a count: what it is about, when it was said, by when it is due."""


def read_counts(setting: Setting) -> tuple[list[Draft], tuple[Count, ...]]:
    """Read every counted thing of a sentence; returns the drafts, and what was counted, the last of it last."""
    cues = find_cues(setting.sentence)
    counts = all_counts(setting, cues)
    drafts: list[Draft] = []
    thing, dropped, things = setting.memory.thing, False, list[Count]()
    done: Cue | None = None
    for index, count in enumerate(counts):
        later = counts[index + 1 :]
        whole = resolved(count, later, thing, setting, dropped=dropped)
        if whole is None:
            continue
        if not whole.thing.startswith("of ") and whole.group in {"aid", "people", "attack", "money"}:
            thing = thing if whole.group == "money" and thing is not None else whole
            things.append(whole)
        dropped = is_dropped(setting, count)
        if not dropped:
            cue = _cue_of_list(setting, whole, later, cues) or (done if count.group in NOUNLESS else None)
            outer = counts[index - 1] if index else None
            if outer is not None and outer.group == "next" and cue is not None and done is not None and cue == done:
                cue = _whole_of(setting, outer, count, done)  # "two of its five batteries": the five are held
            done = cue
            draft = _draft(setting, (count, whole), (len(counts), later), cue)
            drafts += [draft] if whole.quantity or whole.number.fault or draft.entry.status else []
    return drafts, tuple(things) or setting.memory.things


def _draft(setting: Setting, found: tuple[Count, Count], among: tuple[int, Sequence[Count]], cue: Cue | None) -> Draft:
    """Draft a count, given as found and with its noun, among so many others, of which those behind it are given."""
    (bare, count), (many, later) = found, among
    start, end = span = _span_of(setting, count)
    lead = setting.memory.lead
    if cue is None and lead is not None:
        cue, times = lead.cue, (lead.time, lead.said, None)
        stage = STAGE_OF_CUE.get(cue.name, "") if count.group in GIVEN else ""
        role, parties = ROLE_OF_CUE[cue.name] if count.group != "people" else "", lead.parties
    else:
        times = _times_of(setting, count, later[0] if later else None, cue)
        stage, role = _commitment_stage(setting, count, cue), _role(setting, count, cue)
        parties = _parties(setting, cue, end) if stage and cue else ()
    role, parties = ("", parties) if stage else (role, ())
    period, said, due = times
    voice, negated = setting.voice(start), cue is not None and cue.name == "negated"
    notes = ("negated: read the words" if negated else "", "denied by the speaker" if voice.denies else "")
    place = place_named(setting.sentence, words("places_before"), end) if stage == "" else NOWHERE
    day = said or period
    because = [*reasons("quantity", span), *reasons("thing", span)]
    because += [*setting.by_time("period", period), *setting.by_time("date", said)]
    because += reasons("status" if stage else "role", (cue.start, cue.end), rule=cue.name) if cue else []
    told = Told(setting, bare, count, cue if stage or role else None, voice, times, many)
    draft = setting.draft(
        "commitment" if stage else "statement",
        because,
        period,
        place,
        thing=count.thing,
        quantity=count.quantity,
        date=None if day is None else day.day,
        participants=parties,
        status=stage,
        role=role,
        due=None if due is None else due.last,
        evidence=_words_around(setting, start, end),
        doubtful=any(time.doubtful for time in times if time)
        or negated
        or voice.denies
        or _is_doubtful(setting, count, end, stage),
        note="; ".join(filter(None, (count.number.fault, *notes))),
    )
    return replace(draft, signs=signs_of(told))


def _whole_of(setting: Setting, outer: Count, inner: Count, done: Cue) -> Cue | None:
    """Say what is known of the whole where something was done to a part of it: "two of its five", "26 out of 28"."""
    between = {token.low for token in setting.sentence.tokens[outer.past : inner.first]}
    if between & {"its", "their", "our", "his"}:
        return replace(done, name="held")
    return replace(done, name="launched") if done.name == "destroyed" else None


def lead_of(setting: Setting) -> Lead | None:
    """Give what a list takes from a sentence it begins with; None where nothing is done in it."""
    sentence = setting.sentence
    done = [
        cue
        for cue in find_cues(sentence)
        if cue.name in ROLE_OF_CUE and not pattern("active").match(sentence.behind(cue.start))
    ]
    if not done:
        return None
    said, free = setting.times_of(saying=True), [t for t in setting.times_of(saying=False) if not t.due]
    parties = _parties(setting, done[-1], sentence.end)
    return Lead(done[-1], setting.voice(sentence.end - 1), parties, (free or [None])[-1], (said or [None])[0])


def _span_of(setting: Setting, count: Count) -> tuple[int, int]:
    tokens = setting.sentence.tokens
    return tokens[count.first].start, tokens[count.past - 1].end


def _is_doubtful(setting: Setting, count: Count, end: int, stage: str) -> bool:
    """Whether a person should look: a fault, a vague word, a dispute, a promise under a condition."""
    if count.number.fault or count.number.weak or pattern("disputed").search(setting.sentence.text):
        return True
    return bool(stage and pattern("condition").match(setting.sentence.behind(end)))


def _cue_of_list(setting: Setting, count: Count, later: Sequence[Count], cues: Sequence[Cue]) -> Cue | None:
    """Find what is done with a count; in a list, "six launchers and two dozen generators arrived", with all of it."""
    tokens = setting.sentence.tokens
    _, end = _span_of(setting, count)
    cue, past = _cue(setting, count, cues), count.past
    behind = [c for c in cues if c.start >= end]
    for other in later:
        between = tokens[past : other.first]
        if cue is not None or any(token.low not in {",", "and", "of", "various", "types"} for token in between):
            break
        cue, past = _cue(setting, other, behind), other.past
    return cue


def _words_around(setting: Setting, start: int, end: int) -> tuple[int, int]:
    """The sentence, or for a very long one the words around the number; a line of a list with its first words."""
    first, last = setting.sentence.start, setting.sentence.end
    if setting.memory.lead is not None and last - setting.memory.lead.cue.start <= EVIDENCE_MOST:
        return setting.memory.lead.cue.start, last
    return (first, last) if last - first <= EVIDENCE_MOST else (max(first, start - 200), min(last, end + 200))


# ---------------------------------------------------------------- what is done with what is counted


def _cue(setting: Setting, count: Count, cues: Sequence[Cue]) -> Cue | None:
    """Nearest words before the number in its clause that say what is done, else the nearest behind it."""
    sentence, (start, end) = setting.sentence, _span_of(setting, count)
    spoken = [cue for cue in cues if any(a.start <= cue.start and cue.end <= a.end for a in setting.attributions)]
    fits = [cue for cue in cues if cue.name in said_of(count.group)]
    free = [cue for cue in fits if cue not in spoken or pattern("spoken").match(sentence.behind(cue.start))]
    before = [
        cue
        for cue in free
        if (cue.end <= start or (cue.name == "negated" and cue.start < start))
        and not re.search(r";|,\s(?:but|while|whereas)\b", sentence.between(cue.end, start))
    ]
    passive = (
        cue
        for cue in free
        if cue.start >= end
        and not pattern("active").match(sentence.behind(cue.start))
        and not sentence.behind(cue.start).startswith("without")
        and pattern("link").fullmatch(pattern("apart").sub("", sentence.between(end, cue.start)))
    )
    linked = list(passive)
    follows = next((cue for cue in linked if cue.name != "ordered"), linked[0] if linked else None)
    near = before[-1:] if before and start - before[-1].end <= (8 if before[-1].name == "negated" else 1) else []
    if follows and not any(cue.name in {"negated", "ordered", *STAGE_OF_CUE} for cue in near):
        return follows
    return _chosen(setting, before) if before else None


def _chosen(setting: Setting, before: Sequence[Cue]) -> Cue:
    """Of the cues before a number the last, unless one in front of it rules or negates it."""
    chosen = before[-1]
    if len(before) > 1:
        said, earlier = setting.sentence.behind(chosen.start), before[-2]
        gap, staged = chosen.start - earlier.end, earlier.name in STAGE_OF_CUE
        if pattern("act_of").match(said) and staged and gap < 8:
            chosen = earlier  # "approved the delivery of cluster munitions"
        elif said.startswith("to ") and (staged or earlier.name == "negated") and gap < 30:
            chosen = earlier  # "asked Berlin for permission to transfer"
    negated = [cue for cue in before if cue.name == "negated" and chosen.start - cue.end < 12]
    return negated[-1] if negated else chosen


def _role(setting: Setting, count: Count, cue: Cue | None) -> str:
    """Say what happened to what a statement counts, or ""."""
    if count.group == "people" and count.thing in HURT:
        return HURT[count.thing]
    start, end = _span_of(setting, count)
    if pattern("if").search(setting.sentence.before(start if cue is None else cue.start)):
        return ""
    if count.size_of in words("assaults") and (cue is None or cue.name in ATTACKS):
        return "launched"  # "a 500-drone attack hit Kyiv"
    if cue is None or cue.name not in ROLE_OF_CUE:
        return ""
    between = setting.sentence.between(end, cue.start)
    acting = cue.start >= end and cue.name in {"destroyed", "damaged"} and not re.search(r"\b(?:w|be|is|are)", between)
    if acting and pattern("object").match(setting.sentence.behind(cue.end)):
        return "got through"  # "the other four destroyed the plant"
    if cue.name == "delivered" and setting.sentence.behind(cue.start).startswith("sen") and _is_of_russia(setting, cue):
        return "launched"  # what Russia sends
    return ROLE_OF_CUE[cue.name]


def _is_of_russia(setting: Setting, cue: Cue) -> bool:
    """Whether Russia is who the words in front of a cue name last."""
    return [name for name, _ in countries_in(setting.sentence, setting.sentence.start, cue.start)][-1:] == ["Russia"]


def _commitment_stage(setting: Setting, count: Count, cue: Cue | None) -> str:
    """Stage of a commitment, or "" for a statement."""
    if count.number.high == 0.0 or cue is None or cue.name not in STAGE_OF_CUE or count.group not in GIVEN:
        return ""
    sentence = setting.sentence
    first = sentence.tokens[count.first].start
    if setting.voice(first).denies or pattern("total").search(sentence.before(first)):
        return ""  # "bringing the total to 140": what there is, not what is given
    before = sentence.before(cue.start)
    if cue.name != "requested":
        if pattern("hypothetical").search(before[-70:]) or pattern("weighed").search(before):
            return ""
        if re.search(r"\bto\s(?:Russia|Moscow)\b", sentence.behind(cue.end)):
            return ""  # what is given to the attacker is no aid
    given = pattern("sent").match(sentence.between(cue.start, cue.end))
    if given and _is_of_russia(setting, cue) and "to Russia" not in sentence.text:
        return ""
    return STAGE_OF_CUE[cue.name]


# ---------------------------------------------------------------- when


def _times_of(setting: Setting, count: Count, following: Count | None, cue: Cue | None) -> Times:
    """Split the times of a sentence: what the number is about, when it was said, by when it is due."""
    sentence, span = setting.sentence, _span_of(setting, count)
    quoted = sentence.quote_at(span[0]) is not None
    said, others = setting.times_of(saying=True), setting.times_of(saying=False)
    due, free = [t for t in others if t.due], [t for t in others if not t.due]
    period = _time_told(setting, free, span, following, cue)
    carried = sentence.between(max(sentence.start, span[0] - 60), span[0])
    attack = cue is not None and cue.name in ATTACKS and not sentence.behind(cue.start).startswith("loss")
    goes_on = attack or re.search(r"\bthe (?:total|toll|number)\b", carried)
    if period is None and goes_on and not due:
        period = setting.memory.day  # an attack, or the sum of one, goes on to tell of the day told before
    if not said and setting.memory.said is not None and quoted:
        said = [setting.memory.said]
    if period is None and said and said[0].day is None:
        period = said[0]  # "wrote in March": about that month, as far as the words tell
    if count.group == "people" and period is not None and period is setting.memory.day and not period.shorter_than(2):
        period = None  # who was hurt in one attack was not hurt all week
    return period, (said or [None])[0], (due or [None])[0]


def _time_told(
    setting: Setting, free: Sequence[Time], span: tuple[int, int], following: Count | None, cue: Cue | None
) -> Time | None:
    """Choose what a number is about: the next time behind it, else the last before it, else one behind the next."""
    sentence = setting.sentence
    limit = sentence.end if following is None else sentence.tokens[following.first].start
    straight = [t for t in free if not pattern("turns").search(sentence.between(span[1], t.start))]
    behind = [t for t in straight if span[1] <= t.start < limit]
    before = [t for t in free if t.end <= span[0]]
    near = max(sentence.start, limit - 40)
    later = [
        t
        for t in straight
        if t.start >= limit and not (cue and pattern("acts").search(sentence.between(near, t.start)))
    ]
    if cue is not None and cue.name in STAGE_OF_CUE:  # a time beyond another number is its, but in a plain list
        before = [t for t in before if cue.start < t.end or not re.search(r"\b\d", sentence.before(t.start))]
        apart = following is not None and following.group == "them"
        if apart or re.search(r"\b(?:will|would|promis|pledg)", sentence.between(span[1], limit)):
            later = []
    return (behind[:1] or before[-1:] or later[:1] or [None])[0]


# ---------------------------------------------------------------- where, and between whom


def _parties(setting: Setting, cue: Cue, end: int) -> tuple[str, ...]:
    """Giver and receiver of a commitment, as far as the sentence names them."""
    sentence = setting.sentence
    before = [name for name, _ in countries_in(sentence, sentence.start, cue.start + 1)]
    inside = [(name, at) for name, (at, _) in countries_in(sentence, cue.start + 1, sentence.end)]
    marked = {name: sentence.before(at)[-12:] for name, at in inside}
    receivers = [name for name, said in marked.items() if re.search(r"\b(?:to|for|with)\s(?:the\s)?$", said)]
    givers = [name for name, said in marked.items() if re.search(r"\b(?:by|from)\s(?:the\s)?$", said)]
    said = sentence.between(cue.start, cue.end)
    taking = cue.name == "requested" or re.search(r"\b(?:receiv|get\b|took)", said) is not None
    named = [name for name, at in inside if at < cue.end and name not in before]
    giver = (givers or named or ([] if taking else before[-1:]))[:1]
    others = [name for name in receivers if name not in giver] or [n for n, at in inside if at < end and n not in giver]
    receiver = (before[-1:] if taking else others)[:1]
    return (giver[0] if giver else "", *receiver) if receiver else tuple(giver)
