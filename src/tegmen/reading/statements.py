"""Counted things in sentences to statements, and to steps of commitments where the words pledge or deliver them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tegmen.entries import Entry
from tegmen.reading.dates import Time
from tegmen.reading.drafts import Draft, Reason
from tegmen.reading.lexicon import read_lexicon
from tegmen.reading.names import bare
from tegmen.reading.quantities import Count, article_count, find_counts, noun_at, plural_at
from tegmen.reading.sentences import Sentence, Token
from tegmen.reading.speakers import Attribution, Voice, voice_at

GIVE = (
    r"(?:deliver|provide|send|supply|transfer|donate|hand\sover|give|ship|share|allocate|contribute"
    r"|receive|get|be\sdelivered|be\ssent|be\stransferred|be\ssupplied|be\sprovided|arrive|lend|gift)"
)
GIVEN = (
    r"(?:deliver(?:ed|ing|y\sof)|deliveries\sof|handed\sover|handing\sover|supplied|supplying"
    r"|transferred|transferring|donated|donating|provided|providing|received|receiving|gave|given"
    r"|sent|sending|arrived|took\sdelivery\sof|shared|lent)"
)
MODAL = (
    r"(?:will|would|shall|plans?\sto|planned\sto|intends?\sto|agreed\sto|decided\sto|is\sto|are\sto"
    r"|ready\sto|going\sto|set\sto|due\sto|promis(?:ed|es|ing)\sto|pledg(?:ed|es|ing)\sto|vow(?:ed|s"
    r"|ing)\sto|committed\sto|wants?\sto|willing\sto|prepared\sto|prepares\sto|undertook\sto)"
)
CUES = re.compile(
    rf"""
    (?P<negated>\b(?:(?:did|has|have|had|was|were|is|are|does|do|will|would|could|can)(?:\s?n[o']t|n't|n’t)
        |cannot|not\syet|not\s(?:ready|willing|prepared|able)\sto|never|refus(?:ed|es|ing)\sto|(?:reject|dismiss|refut)(?:ed|es|s)|declin(?:ed|es)\sto|fail(?:ed|s)\sto|ruled\sout|rul(?:es
        |ing)\sout|without|yet\sto|no\splans\sto|unable\sto)
        (?:\s(?!only\b)[\w'-]+){{0,3}})
  | (?P<requested>\b(?:request(?:ed|s|ing)?|ask(?:ed|s|ing)?\s(?:[\w'’-]+\s){{0,6}}?(?:for|to\s\w+)|urg(?:ed|es
        |ing)\s(?:[\w'’-]+\s){{0,6}}?to\s\w+|appeal(?:ed|s|ing)?\s(?:[\w'’-]+\s){{0,6}}?for|call(?:ed|s
        |ing)?\s(?:[\w'’-]+\s){{0,6}}?(?:for|to\s(?:{GIVE}))|demand(?:ed|s|ing)|seek(?:s|ing)?|sought
        |pleaded\sfor))\b
  | (?P<pledged>\b(?:{MODAL}\s(?:[\w'-]+\s){{0,2}}?{GIVE}|pledg(?:ed|es|ing|e\sof)|promis(?:ed|es|ing)|vow(?:ed
        |s)|commit(?:ted|s|ting)|commitment\sof|offer(?:ed|s|ing)|announc(?:ed|es|ing)|to\s(?:[a-z]+ly\s)?{GIVE}
        |agreed\s(?:[\w'-]+\s){{1,6}}?to\s(?:[a-z]+ly\s)?{GIVE}))\b
  | (?P<contained>\b(?:package|accord|agreement|pact|tranche|deal|contract)\s(?:will\s|would\s)?(?:includ|contain
        |compris)(?:es|e|ed|s))\b
  | (?P<approved>\b(?:approv(?:ed|es|ing)|authori[sz](?:ed|es|ing)|green-?lit|cleared|signed\s(?:off(?:\son)?|into\slaw)
        |passed|voted\sfor|allocat(?:ed|es)|earmark(?:ed|s)|ordered|contracted|signed\sa\scontract))\b
  | (?P<transit>\b(?:in\stransit|on\s(?:the|its|their)\sway|en\sroute|shipped|dispatched|being\s(?:delivered
        |transferred|shipped)))\b
  | (?P<lapsed>\b(?:lapsed|expired|cancel(?:l)?ed|withdrew|withdrawn|suspended|scrapped|fell\sthrough
        |backed\sout))\b
  | (?P<delivered>\b{GIVEN})\b
  | (?P<attack>\b(?:launch(?:ed|es|ing)|fir(?:ed|es|ing)|shot\sdown|shoot(?:ing|s)?\sdown|down(?:ed|ing)
        |destroy(?:ed|s|ing)|intercept(?:ed|s|ing)|struck|str(?:ikes|iking)|hit(?:s|ting)?|dropp(?:ed|ing)
        |attack(?:ed|ing)|neutrali[sz](?:ed|ing)|us(?:ed|es|ing)|kill(?:ed|ing)|died?|hurt|wound(?:ed|ing)|injur(?:ed|ing)
        |damag(?:ed|ing)|los(?:t|ing|es)|suppress(?:ed|ing)|jammed|repel(?:led|ling)|released|penetrated
        |breached|flew|targeted|involving|involved|unleashed|rained|captured|knocked\sout|deployed))\b
  | (?P<state>\b(?:need(?:s|ed|ing)?|requir(?:es|ed|ing)|lack(?:s|ed)?|has|have|had|possess(?:es|ed)?
        |operat(?:es|ed|ing)|hold(?:s|ing)?|owns?|kept|keeps?|stockpil(?:ed|es)|produc(?:es|ed|ing|e)
        |manufactur(?:es|ed)|there\s(?:are|were|is|was)|enough|sufficient|would\sbe|consist(?:s|ed)\sof|left
        |remain(?:s|ed|ing)?|should|must|could|may|might|consider(?:s|ed|ing)?|discuss(?:ed|ing)?|if))\b
    """,
    re.VERBOSE,
)
STAGES = {
    "requested": "requested",
    "pledged": "pledged",
    "contained": "pledged",
    "approved": "approved",
    "transit": "in transit",
    "lapsed": "lapsed",
    "delivered": "delivered",
}
LINK = re.compile(
    r"\s(?:(?:were|was|have|had|has|been|be|being|are|is|also|already|later|then|all|recently|which"
    r"|that|of\s\w+|in\s[A-Z]\w+|(?:purchased|bought|ordered|promised|pledged|built|made|meant|donated"
    r"|supplied|provided|given|sent)\s(?:for|by|in"
    r"|from)\s[A-Z]\w+|successfully)\s)*"
)
HYPOTHETICAL = re.compile(r"\b(?:if|unless|could|might|may|should|must|whether|once|when)\b[^,;]{0,60}$")
WEIGHED = re.compile(r"\b(?:consider|weigh|mull|discuss|debat|contemplat)\w*\s(?:\w+\s)?$")
DROPPED = re.compile(
    (
        r"(?:\b(?:instead\sof|rather\sthan|as\sopposed\sto|(?<!did\s)(?<!could\s)not|earlier\s(?:version"
        r"|figure|report|statement|count)[^.;]{0,60}|previous(?:ly)?\s(?:version|figure|report|reported"
        r"|stated|given|said)[^.;]{0,50}|(?:incorrectly|mistakenly|wrongly"
        r"|erroneously)\s\w+[^.;]{0,50}))\s(?:the\s)?$"
    ),
    re.IGNORECASE,
)
REVISED = re.compile(r"\b(?:correct|revis|updat|rais|lower|increas|chang|cut|reduc|amend)\w*\b", re.IGNORECASE)
BARE_BEFORE = re.compile(
    r"\b(?:shot down|downed|destroyed|intercepted|shooting down|downing|destroying|intercepting"
    r"|launched|received|delivered|only|just|but|all|lost|is now|to|has|have|had|operates|owns?|holds?"
    r"|possess(?:es)?|needs|share|even|damaged|promised|or|against|got|counted|is|was|of which|of which there were|up from|down from)\s(?:\w+\s(?:than|least|to)\s|about\s|around\s|nearly\s|almost\s|only\s"
    r"|some\s)?$"
)
CONDITION = re.compile(r"[^.;,]{0,40}\s(?:once|if|provided\sthat|as\ssoon\sas|subject\sto|pending|unless)\b")
SPOKEN = re.compile(r"(?:announc|promis|pledg|vow|ask|urg|call|appeal|request)")
"""Words that say what is done by saying it."""

TOTAL = re.compile(r"\btotal\s(?:\w+\s){0,2}(?:to|at)\s$")
PLAIN = re.compile(
    rf"(?:{MODAL}|pledg|promis|vow|commit|offer|approv|authori|green|request|ask|appeal|call|urg)\b|(?:"
    r"pledg|promis|vow|commit|offer|approv|authori|request|ask|appeal|call|urg)\w+"
)
MOVED = re.compile(r"\b(?:doubled|tripled|rose|grew|increased|climbed|jumped|fell|dropped|declined|up|down)\b")
BARE_AFTER = re.compile(
    r"^\s(?:(?:were|was|have been|had been|are|got)\s(?:\w+\s)?(?:shot|destroyed|intercepted|downed"
    r"|delivered|operational|lost|damaged|launched|hit|neutrali\w+|suppressed)|of which|instead"
    r"|(?:hit|struck|got through|reached|fell|crashed)\b)"
)
PEOPLE_BEFORE = re.compile(
    r"\b(killed|killing|wounded|wounding|injured|injuring)\s(?:(?:at least|more than|over|about"
    r"|another|some|nearly)\s)*$"
)


PEOPLE_AFTER = re.compile(
    r"^\s(?:(?:others?|more|of them)\s)?(?:were|was|have been|had been)\s(?:\w+ly\s|also\s|reported\s)?"
    r"(wounded|injured|hurt|killed|hospitali[sz]ed|dead|missing|rescued)\b"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around a sentence when it is read.

    Parameters
    ----------
    sentence
        The sentence.
    times
        Expressions of time in it.
    attributions
        Who says it.
    around
        The sentences of its paragraph, with their attributions.
    thing
        What was counted last in the paragraph, for "of them".
    day
        Expression of time of the paragraph's last attack, for sentences that give none.
    said
        When words before it in the paragraph were said, for quotations that go on.
    """

    sentence: Sentence
    times: tuple[Time, ...]
    attributions: list[Attribution]
    around: Sequence[tuple[Sentence, list[Attribution]]]
    thing: Count | None = None
    day: Time | None = None
    said: Time | None = None

    def counted(self, start: int, end: int) -> bool:
        """Whether a number in digits stands between two places of the sentence."""
        return (
            re.search(r"\b\d", self.sentence.text[start - self.sentence.start : end - self.sentence.start]) is not None
        )

    def voice(self, position: int) -> Voice:
        """Who says what stands at a position."""
        return voice_at(position, self.sentence, self.around)


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that say what is done with what is counted."""

    name: str
    start: int
    end: int


def read_counts(setting: Setting) -> tuple[list[Draft], Count | None]:
    """Read every counted thing of a sentence; returns the drafts, and what was counted last."""
    sentence = setting.sentence
    taken = [any(t.start <= token.start < t.end for t in setting.times) for token in sentence.tokens]
    counts = find_counts(sentence.tokens, taken)
    cues = [
        Cue(str(match.lastgroup), sentence.start + match.start(), sentence.start + match.end())
        for match in CUES.finditer(sentence.text)
    ]
    counts += _single(setting, cues, counts)
    counts += _uncounted(setting, cues, counts)
    counts = _respective(setting, sorted(counts, key=lambda count: count.first))
    drafts: list[Draft] = []
    thing, dropped = setting.thing, False
    for index, count in enumerate(counts):
        whole = _resolved(count, counts[index + 1 :], thing, setting, dropped=dropped)
        if whole is None:
            continue
        if not whole.thing.startswith("of "):
            thing = whole if whole.group in {"aid", "people", "attack"} else thing
        dropped = _is_dropped(setting, count)
        if not dropped:
            draft = _draft(setting, whole, counts[index + 1 :], cues)
            drafts += [draft] if whole.quantity or whole.number.fault or draft.entry.status else []
    return drafts, thing


def _single(setting: Setting, cues: Sequence[Cue], counts: Sequence[Count]) -> list[Count]:
    """Count "a Patriot battery" as one, where the words pledge or deliver it."""
    tokens, found = setting.sentence.tokens, list[Count]()
    for cue in cues:
        if cue.name not in STAGES:
            continue
        index = next((i for i, token in enumerate(tokens) if token.start >= cue.end), len(tokens))
        limit = next((c.first for c in counts if c.first >= index), len(tokens))
        found += _before(setting, cue, index)
        for at in range(index, min(index + 3, limit)):
            single = article_count(tokens, at)
            if single is not None and single.past <= limit and all(single.first != count.first for count in found):
                found.append(single)
                break
    return found


def _before(setting: Setting, cue: Cue, index: int) -> list[Count]:
    """Count "a second SAMP/T battery" as one in front of "was already on its way"."""
    tokens, base = setting.sentence.tokens, setting.sentence.start
    first = next((i for i, token in enumerate(tokens) if token.start >= cue.start), index)
    for at in range(max(0, first - 14), first):
        single = article_count(tokens, at)
        if single is not None and single.past <= first:
            between = setting.sentence.text[tokens[single.past - 1].end - base : cue.start - base]
            return [single] if LINK.fullmatch(between) else []
    return []


def _uncounted(setting: Setting, cues: Sequence[Cue], counts: Sequence[Count]) -> list[Count]:
    """Find what is pledged, approved or asked for without a number: "promised a batch of Patriot missiles"."""
    tokens, found = setting.sentence.tokens, list[Count]()
    for cue in cues:
        words = setting.sentence.text[cue.start - setting.sentence.start : cue.end - setting.sentence.start]
        before = setting.sentence.text[: cue.start - setting.sentence.start]
        used = re.search(r"\b(?:the|its|their|of|all)\s$", before.lower()) is not None  # "the promised shells"
        if used or cue.name not in {"pledged", "approved", "requested"} or not PLAIN.match(words):
            continue
        index = next((i for i, token in enumerate(tokens) if token.start >= cue.end), len(tokens))
        noun = plural_at(tokens, index)
        later = [c.start for c in cues if c.start >= cue.end and c.name != "delivered"]
        if noun is None or any(index <= count.first < noun.past + 2 for count in counts):
            continue
        if not any(start < tokens[noun.past - 1].start for start in later):
            found.append(noun)
    return found


def _resolved(
    count: Count, later: Sequence[Count], thing: Count | None, setting: Setting, *, dropped: bool
) -> Count | None:
    """Find the noun of a number that has none of its own."""
    if count.group not in {"them", "next", "bare"}:
        return count
    tokens = setting.sentence.tokens
    if count.group == "next":
        noun = next((c for c in later if c.group not in {"them", "next", "bare"}), None)
        return (
            None if noun is None else replace(count, thing=noun.thing, unit=noun.unit, group=noun.group, past=noun.past)
        )
    text, base = setting.sentence.text, setting.sentence.start
    before = text[: tokens[count.number.first].start - base]
    if before.endswith("from ") and thing is not None and thing is not setting.thing and MOVED.search(before):
        return replace(count, thing=thing.thing, unit=thing.unit, group=thing.group)
    after = text[tokens[count.past - 1].end - base :]
    hurt = PEOPLE_AFTER.match(after)
    if hurt is not None and count.group == "bare":
        return replace(count, thing=hurt[1], unit="people", group="people")
    people = PEOPLE_BEFORE.search(before)
    if people is not None and count.group == "bare" and re.match(r"\s*(?:[.,;]|and\b|more\b|others\b|in\b|$)", after):
        return replace(count, thing=people[1], unit="people", group="people")
    if count.group == "bare":
        named = _number_of(setting, count)
        if named is not None:
            return named
        listed = count.first > 0 and tokens[count.first - 1].low in {"and", ","}
        inner = before.endswith("(") and re.match(r"\s(?:destroyed|shot down|intercepted|downed)\b", after)
        if inner and thing is not None and thing is not setting.thing:  # "12 missiles (10 destroyed)"
            return replace(count, thing=thing.thing, unit=thing.unit, group=thing.group)
        if listed is False and thing is not None and thing is not setting.thing and count.first > 0:
            listed = bare(tokens[count.first - 1].text) in read_lexicon().countries  # "Norway at least six"
            if listed and re.match(r"\s(?:and\b|[,.;]|$)|[,.;]|$", after):
                return replace(count, thing=thing.thing, unit=thing.unit, group=thing.group)
        listed = listed or tokens[count.first - 1].low == "including"
        if (
            listed
            and thing is not None
            and thing is not setting.thing
            and re.match(r"\s(?:on|in|during|by|from|since)\s", after)
        ):
            return replace(count, thing=thing.thing, unit=thing.unit, group=thing.group)
    if thing is None or thing.group not in {"aid", "attack"}:
        return None
    if count.group == "bare":
        ends = re.match(
            r"\s*(?:[.,;)\"”]|of\s(?:them|which)|in\s|from\s|(?:a|per)\s(?:day|week|month|year)\b|annually|were\b|was\b|instead\b|and\s|over\s|on\s|$)",
            after,
        )
        fits = (BARE_BEFORE.search(before) and ends) or BARE_AFTER.match(after) or dropped
        if not fits:
            return None
    return replace(count, thing=thing.thing, unit=thing.unit, group=thing.group)


def _number_of(setting: Setting, count: Count) -> Count | None:
    """Find what is counted in "put the number of helicopters destroyed at 14"."""
    tokens = setting.sentence.tokens
    before = tokens[: count.first]
    noun = _of_which(tokens, count)
    if noun is not None:
        return replace(count, thing=noun.thing, unit=noun.unit, group=noun.group)
    if before[-1:] and before[-1].low in {"to", "at"} and any(t.low == "toll" for t in before):
        return replace(count, thing="death toll", unit="people", group="people")
    at = next(
        (i for i in range(len(before) - 1, 0, -1) if before[i].low == "of" and before[i - 1].low == "number"), None
    )
    if at is None or before[-1].low not in {"at", "to", "from", "is", "was", "reached"}:
        return None
    noun = noun_at(tokens, at + 1)
    return None if noun is None else replace(count, thing=noun.thing, unit=noun.unit, group=noun.group)


def _of_which(tokens: Sequence[Token], count: Count) -> Count | None:
    """Find what is counted in "guided bombs, of which there were more than 3,000"."""
    low = [token.low for token in tokens[: count.first]]
    low = low[:-2] if low[-2:] in (["there", "were"], ["there", "are"]) else low
    if low[-2:] != ["of", "which"]:
        return None
    past = len(low) - 2 - (low[-3:-2] == [","])
    nouns = (noun_at(tokens, at) for at in range(max(0, past - 5), past) if tokens[at].is_word)
    return next((noun for noun in nouns if noun is not None and noun.past == past), None)


def _respective(setting: Setting, counts: Sequence[Count]) -> list[Count]:
    """Give the two numbers of "of which 18 and 25 were shot down" the two things counted before them, in order."""
    text, tokens = setting.sentence.text, setting.sentence.tokens
    first = [i for i, c in enumerate(counts) if c.group == "bare"]
    told = "respectively" in text or re.search(r"\bof\s(?:which|them|those)\b", text) is not None
    if not told or len(first) < 2 or first[-2] < 2 or first[-1] != first[-2] + 1:
        return list(counts)
    pair = first[-2:]
    things = counts[pair[0] - 2 : pair[0]]
    joined = tokens[counts[pair[1]].first - 1].low == "and" and counts[pair[0]].past == counts[pair[1]].first - 1
    if any(not thing.thing for thing in things) or not joined:
        return list(counts)
    given = {
        i: replace(counts[i], thing=thing.thing, unit=thing.unit, group=thing.group)
        for i, thing in zip(pair, things, strict=True)
    }
    return [given.get(i, count) for i, count in enumerate(counts)]


def _is_dropped(setting: Setting, count: Count) -> bool:
    """Whether a number is named only to be replaced: "not 12 but 9", "9 instead of 12", "revised from 12 to 9"."""
    tokens, sentence = setting.sentence.tokens, setting.sentence
    before = sentence.text[: tokens[count.first].start - sentence.start]
    if DROPPED.search(before):
        return True
    return before.endswith("from ") and REVISED.search(sentence.text) is not None


def _draft(setting: Setting, count: Count, later: Sequence[Count], cues: Sequence[Cue]) -> Draft:
    tokens = setting.sentence.tokens
    start, end = tokens[count.first].start, tokens[count.past - 1].end
    cue = _cue(setting, start, end, cues)
    following, past = (later[0] if later else None), count.past
    for other in later:  # "six launchers and two dozen generators arrived": one verb for a list
        joined = all(
            token.text == "," or token.low in {"and", "of", "various", "types"} for token in tokens[past : other.first]
        )
        if cue is not None or not joined:
            break
        cue, past = (
            _cue(setting, tokens[other.first].start, tokens[other.past - 1].end, [c for c in cues if c.start >= end]),
            other.past,
        )
    voice = setting.voice(start)
    period, date, due = _times(setting, (start, end), following, cue)
    if count.group == "people" and period is setting.day and period is not None and not period.brief:
        period = None  # who was hurt in one attack was not hurt all week
    stage = _stage(setting, count, cue)
    quantity = count.quantity
    notes = [
        note
        for note in (count.number.fault, _note(cue, stage), "denied by the speaker" if voice.denies else "")
        if note
    ]
    doubtful = bool(
        count.number.fault or count.number.weak or voice.denies or (cue is not None and cue.name == "negated")
    )
    doubtful = doubtful or (
        bool(stage) and CONDITION.match(setting.sentence.text[end - setting.sentence.start :]) is not None
    )
    timed = [t for t in (period, date, due) if t is not None]
    place = _place(setting, end) if stage == "" else None
    participants = _parties(setting, cue, end) if stage and cue is not None else ()
    entry = Entry(
        kind="commitment" if stage else "statement",
        speaker=voice.speaker,
        via=", ".join(voice.via),
        thing=count.thing,
        quantity=quantity,
        period=None if period is None or period.first is None or period.last is None else (period.first, period.last),
        date=_day(period, date),
        place="" if place is None else place[0],
        participants=participants,
        status=stage,
        due=None if due is None else due.last,
        evidence=_evidence(setting, start, end),
        doubtful=doubtful or any(t.doubtful for t in timed),
        note="; ".join(notes),
    )
    because = [Reason("quantity", start, end), Reason("thing", start, end)]
    because += [Reason("speaker", *span) for span in voice.spans[:1]] + [
        Reason("via", *span) for span in voice.spans[1:]
    ]
    if period is not None:
        told = "" if setting.sentence.start <= period.start < setting.sentence.end else "told before; "
        because.append(Reason("period", period.start, period.end, told + period.rule))
    because += [Reason("date", date.start, date.end, date.rule)] if date else []
    because += [Reason("place", *place[1])] if place else []
    because += [Reason("status" if stage else "note", cue.start, cue.end, cue.name)] if cue else []
    return Draft(entry, tuple(because))


def _evidence(setting: Setting, start: int, end: int) -> tuple[int, int]:
    """The sentence, or for a very long one the words around the number."""
    first, last = setting.sentence.start, setting.sentence.end
    return (first, last) if last - first <= 1200 else (max(first, start - 200), min(last, end + 200))


def _day(period: Time | None, date: Time | None) -> dt.date | None:
    return date.day if date is not None else (period.day if period is not None else None)


def _note(cue: Cue | None, stage: str) -> str:
    return "" if cue is None or stage or cue.name != "negated" else "negated: read the words"


def _cue(setting: Setting, start: int, end: int, cues: Sequence[Cue]) -> Cue | None:
    """Nearest words before the number in its clause that say what is done, else the nearest behind it."""
    text, base = setting.sentence.text, setting.sentence.start
    spoken = [(a.start, a.end) for a in setting.attributions]
    free = [
        cue
        for cue in cues
        if SPOKEN.match(text[cue.start - base :]) or not any(s <= cue.start and cue.end <= e for s, e in spoken)
    ]
    before = [
        cue
        for cue in free
        if (cue.end <= start or (cue.name == "negated" and cue.start < start))
        and not re.search(r";|,\s(?:but|while|whereas)\b", text[cue.end - base : start - base])
    ]
    passive = [
        cue
        for cue in free
        if cue.start >= end
        and cue.name != "state"
        and not text.startswith("without", cue.start - base)
        and LINK.fullmatch(text[end - base : cue.start - base])
    ]
    if passive and not (before and start - before[-1].end <= 1 and before[-1].name in STAGES):
        return passive[0]
    if not before:
        return None
    chosen = before[-1]
    negated = [cue for cue in before if cue.name == "negated" and chosen.start - cue.end < 12]
    return negated[-1] if negated else chosen


def _stage(setting: Setting, count: Count, cue: Cue | None) -> str:
    """Stage of a commitment, or "" for a statement."""
    if count.number.high == 0.0 or cue is None or cue.name not in STAGES or count.group not in {"aid", "money"}:
        return ""
    text, base = setting.sentence.text, setting.sentence.start
    before = text[: cue.start - base]
    if setting.voice(setting.sentence.tokens[count.first].start).denies:
        return ""
    if TOTAL.search(text[: setting.sentence.tokens[count.first].start - base]):
        return ""  # "bringing the total to 140": what there is, not what is given
    if cue.name != "requested" and (HYPOTHETICAL.search(before[-70:]) or WEIGHED.search(before)):
        return ""
    words = text[cue.start - base : cue.end - base]
    if cue.name != "requested" and re.search(r"\bto\s(?:Russia|Moscow)\b", text[cue.end - base :]):
        return ""  # what is given to the attacker is no aid
    sender = [country for country, _ in _countries(setting, setting.sentence.start, cue.start)]
    if (
        words.startswith(("sent", "delivered", "sending", "delivering", "shared"))
        and sender[-1:] == ["Russia"]
        and "to Russia" not in text
    ):
        return ""
    if words == "ordered" and count.group not in {"aid", "money"}:
        return ""
    return STAGES[cue.name]


def _times(
    setting: Setting, span: tuple[int, int], following: Count | None, cue: Cue | None
) -> tuple[Time | None, Time | None, Time | None]:
    """Split the times of a sentence: what the number is about, when it was said, by when it is due."""
    said = [t for t in setting.times if is_saying(setting, t)]
    free = [t for t in setting.times if t not in said]
    due = [t for t in free if t.due]
    free = [t for t in free if not t.due]
    limit = setting.sentence.tokens[following.first].start if following is not None else setting.sentence.end
    behind = [t for t in free if span[1] <= t.start < limit and not _turns(setting, span[1], t.start)]
    before = [t for t in free if t.end <= span[0]]
    later = [
        t
        for t in free
        if t.start >= limit
        and not _turns(setting, span[1], t.start)
        and (cue is None or not _acts_between(setting, limit, t.start))
    ]
    if cue is not None and cue.name in STAGES:  # a time beyond another number is that one's, but in a plain list
        before = [t for t in before if cue.start < t.end or not setting.counted(setting.sentence.start, t.start)]
        apart = following is not None and following.group == "them"
        later = [] if apart or re.search(r"\b(?:will|would|promis|pledg)", _between(setting, span[1], limit)) else later
    period = (behind[:1] or before[-1:] or later[:1] or [None])[0]
    if period is None and setting.day is not None and not due and _goes_on(setting, cue, span[0]):
        period = setting.day
    if not said and setting.said is not None and setting.sentence.quote_at(span[0]) is not None:
        said = [setting.said]
    if period is None and said and said[0].day is None:
        period = said[0]  # "wrote in March": about that month, as far as the words tell
    return period, (said or [None])[0], (due or [None])[0]


def _between(setting: Setting, start: int, end: int) -> str:
    return setting.sentence.text[start - setting.sentence.start : end - setting.sentence.start]


def _goes_on(setting: Setting, cue: Cue | None, start: int) -> bool:
    """Whether a count without a time goes on to tell of the day told before: an attack, or the sum of one."""
    before = setting.sentence.text[max(0, start - setting.sentence.start - 60) : start - setting.sentence.start]
    return (cue is not None and cue.name == "attack") or re.search(r"\bthe (?:total|toll|number)\b", before) is not None


def _turns(setting: Setting, start: int, end: int) -> bool:
    """Whether the sentence turns to something else between two places: "yet not one since December"."""
    base = setting.sentence.start
    return (
        re.search(r",\s(?:yet|but|while|whereas|although)\b|;", setting.sentence.text[start - base : end - base])
        is not None
    )


def _acts_between(setting: Setting, start: int, end: int) -> bool:
    """Whether a verb stands between a number and a time behind the next one: the time is the next one's alone."""
    base = setting.sentence.start
    return (
        re.search(
            r"\b(?:and|but|while)\s(?:[a-z]+ly\s)?(?:boost|rais|increas|will|has|had|was|were)\b",
            setting.sentence.text[max(0, start - base - 40) : end - base],
        )
        is not None
    )


def is_saying(setting: Setting, time: Time) -> bool:
    """Whether a time says when words were said: "said on Monday", "On Monday, Kuleba told"."""
    text, base = setting.sentence.text, setting.sentence.start
    for a in setting.attributions:
        behind = text[a.end - base : time.start - base] if a.end <= time.start else None
        if (
            behind is not None
            and len(behind) < 70
            and not re.search(
                r"\bthat\b|\bas\s(?:he|she|they)\b|[\"“”;:\d]|,\s|\b(?:launched|had|were|was|would|will)\b", behind
            )
        ):
            return True
        ahead = text[time.end - base : a.start - base] if time.end <= a.start else None
        if ahead is not None and re.fullmatch(r",?\s?", ahead) and time.start - base < 12:
            return True
    return False


def _countries(setting: Setting, start: int, end: int) -> list[tuple[str, int]]:
    """Countries named between two places of a sentence, with where."""
    lexicon, tokens = read_lexicon(), setting.sentence.tokens
    found: list[tuple[str, int]] = []
    for index, token in enumerate(tokens):
        if not start <= token.start < end:
            continue
        following = bare(tokens[index + 1].text) if index + 1 < len(tokens) else ""
        pair = f"{token.text} {following}"
        name = lexicon.countries.get(pair) or lexicon.countries.get(re.sub(r"['’]s?$", "", token.text))
        if name is not None and (not found or found[-1][0] != name):
            found.append((name, token.start))
    return found


def _parties(setting: Setting, cue: Cue, end: int) -> tuple[str, ...]:
    """Giver and receiver of a commitment, as far as the sentence names them."""
    sentence = setting.sentence
    text = sentence.text
    before = [name for name, _ in _countries(setting, sentence.start, cue.start + 1)]
    inside = _countries(setting, cue.start + 1, sentence.end)
    marked = {name: text[max(0, at - sentence.start - 12) : at - sentence.start] for name, at in inside}
    receivers = [name for name, words in marked.items() if re.search(r"\b(?:to|for|with)\s(?:the\s)?$", words)]
    givers = [name for name, words in marked.items() if re.search(r"\b(?:by|from)\s(?:the\s)?$", words)]
    words = text[cue.start - sentence.start : cue.end - sentence.start]
    taking = cue.name == "requested" or re.search(r"\b(?:receiv|get\b|took)", words) is not None
    named = [name for name, at in inside if cue.start < at < cue.end and name not in before]
    giver = (givers or named or ([] if taking else before[-1:]))[:1]
    receiver = (
        before[-1:]
        if taking
        else [name for name in receivers if name not in giver] or [n for n, at in inside if at < end and n not in giver]
    )[:1]
    return (giver[0] if giver else "", *receiver) if receiver else tuple(giver)


def _place(setting: Setting, end: int) -> tuple[str, tuple[int, int]] | None:
    """First city or country behind a number that is named with a word of place, else one before it."""
    lexicon, tokens = read_lexicon(), setting.sentence.tokens
    found: list[tuple[str, tuple[int, int]]] = []
    for index in range(1, len(tokens)):
        before, token = tokens[index - 1].low, tokens[index]
        if before not in {
            "in",
            "at",
            "on",
            "over",
            "near",
            "against",
            "toward",
            "towards",
            "targeting",
            "into",
            "across",
        }:
            continue
        pair = f"{token.text} {tokens[index + 1].text}" if index + 1 < len(tokens) else ""
        word = re.sub(r"['’]s?$", "", token.text)
        name = pair if pair in lexicon.cities else word
        if name in lexicon.cities or lexicon.countries.get(name) == name or name in lexicon.capitals.values():
            found.append((name, (token.start, token.end)))
    behind = [place for place in found if place[1][0] >= end]
    return (behind or found or [None])[0]
