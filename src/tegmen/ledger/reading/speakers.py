"""Who says it: verbs of saying, "according to", quotations, and the channels between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tegmen.ledger.reading.lexicon import Lexicon, read_lexicon
from tegmen.ledger.reading.names import LEADING, Names, bare
from tegmen.ledger.reading.sentences import Sentence, Token

AUXILIARIES = frozenset(
    "also later earlier has had have then previously recently again separately already today yesterday".split()
)


PASSIVE = frozenset("was were been being be is are".split())


ASKING = frozenset("asked urged called appealed requested promised pledged vowed".split())
"""What a person does in words, too; a country that does so is not quoted."""


HE = {"he", "she"}


DOCUMENTS = frozenset(
    "calculations calculation estimates estimate data figures statistics tally count analysis documents records".split()
)


DOUBTING = re.compile(r"\b(?:reportedly|allegedly|purportedly|supposedly)\b", re.IGNORECASE)


BOUNDARY = frozenset("and but while as whereas though although after when because".split())


@dataclass(frozen=True, slots=True)
class Attribution:
    """Words that say who said a sentence, or a part of it.

    Parameters
    ----------
    speaker
        In full, without titles; "" where only a channel is named.
    via
        Channels named with it.
    start, end
        Place of the words in the text.
    scope
        First and past-the-last character of what it covers.
    document
        Whether it names figures or calculations, which stand beside a speaker.
    denies
        Whether the verb denies what follows.
    """

    speaker: str
    via: tuple[str, ...]
    start: int
    end: int
    scope: tuple[int, int]
    document: bool = False
    denies: bool = False


def find_attributions(sentence: Sentence, names: Names, last: str) -> list[Attribution]:
    """Find who says a sentence, or parts of it; `last` is whom "he" and "the minister" mean."""
    tokens, found = sentence.tokens, list[Attribution]()
    lexicon = read_lexicon()
    for index, token in enumerate(tokens):
        phrase: tuple[int, int] | None = None
        if token.low == "according" and tokens[index + 1 : index + 2] and tokens[index + 1].low == "to":
            phrase = _after(tokens, index + 2, lexicon)
        elif (
            token.text in lexicon.say
            and not (index and tokens[index - 1].low in PASSIVE)
            and not _is_noun(tokens, index)
        ):
            phrase = _subject(tokens, index, lexicon) or _inverted(tokens, index, lexicon)
            phrase = phrase or _lead(tokens, index, names)
        elif token.low in {"put", "puts"} and _puts(tokens, index):
            phrase = _subject(tokens, index, lexicon)
        elif token.text in ASKING:
            phrase = _subject(tokens, index, lexicon)
            person = names.full(tokens[slice(*phrase)]) if phrase else ""
            phrase = phrase if " " in person or person in lexicon.people else None
            phrase = phrase if phrase and names.named_in(tokens[slice(*phrase)]) else None
        elif token.low == "citing":
            phrase = _after(tokens, index + 1, lexicon)
        elif token.text == ":" and 0 < index < 6 and _is_head(tokens[:index], lexicon):
            phrase = (0, index)
        if phrase is not None:
            found.append(_attribution(sentence, index, phrase, names, last))
    return found


def _lead(tokens: Sequence[Token], verb: int, names: Names) -> tuple[int, int] | None:
    """Find who a sentence begins with, for a second verb of theirs: "Scholz arrived in Kyiv and announced"."""
    if not verb or tokens[verb - 1].low != "and":
        return None
    return next(((0, past) for past in range(1, min(9, verb)) if names.named_in(tokens[:past])), None)


def _is_head(tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether a sentence begins with who says it: "Air Force: Russia launched 81 drones"."""
    named = all(token.is_name or token.low == "of" for token in tokens)
    return named and (tokens[-1].text in lexicon.offices or tokens[-1].text in lexicon.people)


def _puts(tokens: Sequence[Token], index: int) -> bool:
    """Whether "put" gives a figure: "officials put the number of helicopters at 14"."""
    return any(
        token.low in {"number", "toll", "figure", "total", "count", "losses", "loss"}
        for token in tokens[index + 1 : index + 4]
    )


def _is_noun(tokens: Sequence[Token], index: int) -> bool:
    """Whether "reports" or "claims" are things here."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    bare = (
        following is None
        or not following.is_word
        or following.low in {"of", "about", "on", "and", "by", "in", "from", "to"}
    )
    bare = bare or any(token.low == "according" for token in tokens[max(0, index - 6) : index])
    return tokens[index].text in {"reports", "claims", "estimates", "notes", "states"} and bare


def _attribution(sentence: Sentence, index: int, phrase: tuple[int, int], names: Names, last: str) -> Attribution:
    tokens, (start, past) = sentence.tokens, phrase
    words = tokens[start:past]
    speaker = names.full(words)
    low = speaker.lower()
    if last and (low in HE or (low in ROLES_ALONE and words[0].low == "the")):
        speaker = last
    elif low in HE | {"they", "it"}:
        speaker = ""  # nobody named whom the word could mean
    first, end = min(start, index), max(past, index + 1)
    trailing = (
        index + 1 >= len(tokens) - 1 or past >= len(tokens) - 1 or tokens[end].text in ".,;" or tokens[end].low in TAILS
    )
    before = tokens[first - 1] if first else None
    scope = [sentence.start, sentence.end]
    if before is not None and (before.low in BOUNDARY or before.text == ";") and not trailing:
        scope[0] = tokens[first].start
    document = any(token.low in DOCUMENTS for token in words)
    if tokens[index].low == "according" and document and first:
        scope[0] = _clause_start(tokens, first)
    return Attribution(
        speaker,
        tuple(_channels(tokens, index, read_lexicon())),
        tokens[first].start,
        tokens[end - 1].end,
        (scope[0], scope[1]),
        document,
        tokens[index].low in {"denied", "denies"},
    )


ROLES_ALONE = frozenset(
    "minister president foreign minister defense minister defence minister prime minister"
    " chancellor official spokesman "
    "spokesperson spokeswoman commander governor secretary general diplomat".split()
) | {"foreign minister", "defense minister", "defence minister", "prime minister", "secretary general", "top diplomat"}


TAILS = frozenset("on in at during told".split())


def _clause_start(tokens: Sequence[Token], index: int) -> int:
    for at in range(index - 1, 0, -1):
        joined = tokens[at].low in {"but", "while", "whereas"} or (
            tokens[at].low == "and" and tokens[at - 1].text == ","
        )
        if tokens[at].text == ";" or joined:
            return tokens[at].start
    return tokens[0].start


def _subject(tokens: Sequence[Token], verb: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Noun phrase in front of a verb of saying; over an apposition between commas, back to the name."""
    past = verb
    while past > 0 and (tokens[past - 1].low in AUXILIARIES or re.fullmatch(r"[a-z]{3,}ly", tokens[past - 1].text)):
        past -= 1
    if past > 2 and tokens[past - 2].low == "on" and tokens[past - 1].low.endswith("day"):
        past -= 2
    if past and tokens[past - 1].text in {",", "–", "—"}:
        opening = next(
            (at for at in range(past - 2, max(-1, past - 16), -1) if tokens[at].text == tokens[past - 1].text), None
        )
        if opening is not None and opening:
            start = _phrase_start(tokens, opening, lexicon)
            if start < opening:
                return start, past - 1
        return None
    start = _phrase_start(tokens, past, lexicon)
    return (start, past) if start < past and _speaks(tokens[start:past], lexicon) else None


def _phrase_start(tokens: Sequence[Token], past: int, lexicon: Lexicon) -> int:
    start = past
    while start > 0:
        token = tokens[start - 1]
        fits = (
            (
                token.is_name
                and token.is_word
                and token.low
                not in {
                    "in",
                    "on",
                    "at",
                    "but",
                    "and",
                    "while",
                    "as",
                    "according",
                    "earlier",
                    "later",
                    "meanwhile",
                    "overnight",
                    "monday",
                    "tuesday",
                    "wednesday",
                    "thursday",
                    "friday",
                    "saturday",
                    "sunday",
                    "after",
                    "before",
                }
            )
            or token.low in lexicon.roles
            or token.low in lexicon.titles
            or token.low
            in {
                "the",
                "a",
                "an",
                "of",
                "senior",
                "unnamed",
                "anonymous",
                "his",
                "her",
                "its",
                "us",
                "two",
                "western",
                "air",
                "local",
                "regional",
                "energy",
                "one",
                "military's",
                "for",
                "state-owned",
                "grid",
            }
            or token.low.endswith("'s")
            or token.low in DOCUMENTS
            or (
                token.low == "in"
                and start < past
                and tokens[start].is_name
                and start > 1
                and _is_office(tokens[start - 2])
            )
            or (
                token.low == "to"
                and start > 1
                and tokens[start - 2].low in {"adviser", "advisor", "aide", "envoy", "ambassador"}
            )
            or token.low in {"another", "new", "former", "foreign", "unnamed"}
            or token.low in {"he", "she", "they", "it"}
            or (token.text == "." and start > 1 and len(tokens[start - 2].text) <= 3)
        )
        if not fits:
            break
        start -= 1
    while start < past and tokens[start].low in {"of", ".", "and", "for"}:
        start += 1
    return start


def _is_office(token: Token) -> bool:
    """Whether a word may stand in front of a place: "the government in Oslo"."""
    return token.text in {"government", "ministry", "parliament", "command", "officials", "headquarters", "authorities"}


def _speaks(tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether a phrase can speak: a name, an office, he or she."""
    head = tokens[-1]
    low = head.low
    return head.is_name or low in lexicon.roles or low in {"he", "she", "they", "it"} or low in DOCUMENTS


def _inverted(tokens: Sequence[Token], verb: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Noun phrase behind the verb: '..., said Kuleba', after a comma or a quotation."""
    if verb == 0 or tokens[verb - 1].text not in {",", '"', "”", "'", "’", "»", "?", "!"} or tokens[verb].low == "told":
        return None
    return _after(tokens, verb + 1, lexicon)


def _after(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Noun phrase from a token on, up to a mark or a verb."""
    past = start
    while past < len(tokens) and past < start + 14:
        token = tokens[past]
        dotted = (
            token.text == "."
            and past + 1 < len(tokens)
            and tokens[past + 1].start > token.end
            and tokens[past + 1].is_name
            and len(tokens[past - 1].text) <= 3
        )
        name = token.is_name and token.is_word
        if (
            not (token.is_word or dotted)
            or (token.low in lexicon.stops and not name)
            or (re.fullmatch(r"[a-z]+ed", token.text) and token.low not in ADJECTIVES)
            or token.low in (lexicon.say | {"cited", "quoted"}) - DOCUMENTS
        ):
            break
        past += 1
    if (
        past < len(tokens)
        and tokens[past].text == ","
        and past > start
        and not any(t.is_name for t in tokens[start:past])
    ):
        follow = _after_name(tokens, past + 1)
        if follow is not None:
            return start, follow
    return (start, past) if past > start else None


ADJECTIVES = frozenset("armed allied unnamed retired united combined unified".split())


def _after_name(tokens: Sequence[Token], start: int) -> int | None:
    past = start
    while past < len(tokens) and tokens[past].is_name and tokens[past].is_word:
        past += 1
    return past if past - start >= 2 else None


def _channels(tokens: Sequence[Token], index: int, lexicon: Lexicon) -> list[str]:
    """Outlets and networks named at a verb: "told Reuters", "wrote on X", "in an interview with CNN"."""
    found: list[str] = []
    verb = tokens[index].low
    if verb == "told":
        run = _run_at(tokens, index + 1)
        if run and not any(token.low.strip(".") in lexicon.titles for token in run):
            found.append(" ".join(token.text for token in run))
    if verb == "citing":
        before = [token for token in tokens[:index] if token.is_name]
        outlet = _outlet(before, lexicon)
        found += [outlet] if outlet else []
    for at in range(index + 1, min(index + 14, len(tokens) - 1)):
        low = tokens[at].low
        if low == "on" and bare(tokens[at + 1].text) in lexicon.channels:
            found.append(tokens[at + 1].text)
        if low == "interview" and at + 2 < len(tokens) and tokens[at + 1].low in {"with", "to", "for"}:
            start = at + 2 + (tokens[at + 2].low == "the")
            run = _run_at(tokens, start)
            found += [" ".join(token.text for token in run)] if run else []
    return found


def _run_at(tokens: Sequence[Token], start: int) -> Sequence[Token]:
    while start < len(tokens) and tokens[start].low in {"the", "newspaper", "agency", "news", "broadcaster"}:
        start += 1
    past = start
    while (
        past < len(tokens)
        and tokens[past].is_name
        and tokens[past].is_word
        and past < start + 4
        and tokens[past].low not in LEADING
    ):
        past += 1
    return tokens[start:past]


def _outlet(tokens: Sequence[Token], lexicon: Lexicon) -> str:
    for size in (3, 2, 1):
        for start in range(len(tokens) - size + 1):
            name = " ".join(token.text for token in tokens[start : start + size])
            if name in lexicon.outlets:
                return name
    return ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who says what stands at one place: the speaker, the channels, and the words that say so."""

    speaker: str = ""
    via: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    denies: bool = False


def voice_at(position: int, sentence: Sentence, around: Sequence[tuple[Sentence, list[Attribution]]]) -> Voice:
    """Who says what stands at a position; `around` holds the paragraph's sentences with their attributions."""
    quote = sentence.quote_at(position)
    own = next((found for other, found in around if other is sentence), [])
    covering = [a for a in own if a.scope[0] <= position < a.scope[1]]
    documents = [a for a in covering if a.document]
    speakers = [a for a in covering if not a.document]
    if quote is not None:
        outside = [a for a in speakers if not quote[0] < a.start < quote[1]] or _of_quote(quote, around)
        inside = [a for a in speakers if quote[0] < a.start < quote[1] and a.start < position]
        if inside and outside:
            chosen, outer = _nearest(inside, position), _nearest(outside, position)
            return Voice(
                chosen.speaker,
                (*chosen.via, outer.speaker),
                ((chosen.start, chosen.end), (outer.start, outer.end)),
                chosen.denies,
            )
        speakers = outside or speakers
    voices = [_nearest(speakers, position)] if speakers else []
    lead = voices[0].speaker if voices else ""
    if not voices and documents:
        voices, documents = documents[:1], []
        lead = voices[0].speaker
    beside = [a.speaker for a in documents]
    outlet = [a for a in speakers if a.speaker in read_lexicon().outlets and voices and a is not voices[0]]
    channels = [*beside, *(channel for a in voices for channel in a.via), *(a.speaker for a in outlet)]
    hedges = list(DOUBTING.finditer(sentence.text))
    near = [match[0].lower() for match in hedges if abs(match.start() + sentence.start - position) < 160]
    spans = tuple((a.start, a.end) for a in (*voices, *documents))
    return Voice(lead, tuple(dict.fromkeys([*channels, *near])), spans, any(a.denies for a in voices))


def _nearest(found: Sequence[Attribution], position: int) -> Attribution:
    """The attribution before a position, else the first behind it; figures' sources before those who pass them on."""
    outlets = read_lexicon().outlets
    ranked = [a for a in found if a.speaker not in outlets] or list(found)
    before = [a for a in ranked if a.start < position]
    return before[-1] if before else ranked[0]


def _of_quote(quote: tuple[int, int], around: Sequence[tuple[Sentence, list[Attribution]]]) -> list[Attribution]:
    """Attributions of a quotation: in the sentences where it begins or ends, else before it, else behind it."""
    outside = [a for _, found in around for a in found if not quote[0] < a.start < quote[1] and not a.document]
    touching = [
        a
        for s, found in around
        for a in found
        if a in outside
        and (s.start <= quote[0] < s.end or s.start < quote[1] <= s.end + 1 or 0 <= s.start - quote[1] <= 1)
    ]
    before = [a for a in outside if a.start < quote[0]]
    return touching or before[-1:] or outside[:1]
