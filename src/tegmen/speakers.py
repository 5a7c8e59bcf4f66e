"""Who says it: names of people and offices, verbs of saying, "according to", and the channels between."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tegmen.lexicon import Lexicon, read_lexicon
from tegmen.sentences import Sentence, Token

AUXILIARIES = frozenset("also later earlier has had have then previously recently again separately already".split())
PASSIVE = frozenset("was were been being be is are".split())
HE = {"he", "she"}
DOCUMENTS = frozenset(
    "calculations calculation estimates estimate data figures statistics tally count analysis documents records".split()
)
SMALL = frozenset("de del della von van der den al el bin la le of for the and".split())
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


class Names:
    """Full names of the people in a text, by any part of the name behind the first, as far as read.

    Parameters
    ----------
    sentences
        The whole text: a name is taken from wherever it is written in full.
    """

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._lexicon = read_lexicon()
        self._full: dict[str, str] = {}
        for sentence in sentences:
            for start, past in _runs(sentence.tokens):
                person = self._person(sentence.tokens[start:past])
                if person is not None and " " in person:
                    for part in person.split()[1:]:
                        self._full.setdefault(part, person)

    def _person(self, tokens: Sequence[Token]) -> str | None:
        kept = self._strip(tokens)
        if not kept or kept[-1].text in self._lexicon.offices or any(_known(token, self._lexicon) for token in kept):
            return None
        words = [_bare(token.text) for token in kept]
        return " ".join(words) if all(word[:1].isupper() or word in SMALL for word in words) else None

    def _strip(self, tokens: Sequence[Token]) -> list[Token]:
        """Leave titles, countries and the first words of sentences away from the front of a name."""
        kept = list(tokens)
        while kept and (
            kept[0].low.strip(".") in self._lexicon.titles
            or _known(kept[0], self._lexicon)
            or kept[0].low in LEADING
            or not kept[0].is_name
            or kept[0].low.endswith("'s")
        ):
            kept.pop(0)
        while kept and (not kept[-1].is_word or kept[-1].low in SMALL):
            kept.pop()
        return kept

    def full(self, tokens: Sequence[Token]) -> str:
        """Name of a noun phrase: of a person in full and without titles, of an office in its words."""
        last = next((index for index in range(len(tokens)) if tokens[index].text in {",", "–", "—"}), len(tokens))
        words, rest = tokens[:last], tokens[last + 1 :]
        person = self._person_in(words) or (self._person_in(rest) if rest else None)
        if person is not None:
            return person
        text = " ".join(token.text for token in words if token.is_word)
        return re.sub(r"^(?:the|a|an|The|A|An)\s", "", text)

    def _person_in(self, tokens: Sequence[Token]) -> str | None:
        for start, past in _runs(tokens):
            run = tokens[start:past]
            kept = self._strip(run)
            if not kept:
                continue
            known = self._full.get(_bare(kept[-1].text)) or self._full.get(_bare(kept[0].text))
            if known is not None:
                return known
            person = self._person(run)
            if person is not None and (" " in person or len(kept) == len(tokens) or len(kept) < len(run)):
                return person
        return None

    def known(self, person: str) -> bool:
        """Whether a name is a person's who is named in full."""
        return person in self._full.values()

    def named_in(self, tokens: Sequence[Token]) -> list[str]:
        """List the people in some tokens who are named in full anywhere, or here with a title."""
        found: list[str] = []
        for start, past in _runs(tokens):
            run = tokens[start:past]
            if run[-1].low.endswith("'s"):
                continue
            person = self._person_in(run)
            if person is None and start and tokens[start - 1].low in self._lexicon.titles and len(run) == 1:
                person = self._person(run)
            titled = len(self._strip(run)) < len(run) or (start and tokens[start - 1].low in self._lexicon.titles)
            if person is not None and (" " in person or titled) and person not in found:
                found.append(person)
        return found


LEADING = frozenset(
    "according the in on at during earlier later meanwhile after before when while as but and also this these those his her "
    "their its our a an for from with that however monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december last next both new all".split()
)


def _bare(text: str) -> str:
    return re.sub(r"['’]s?$", "", text)


def _known(token: Token, lexicon: Lexicon) -> bool:
    word = _bare(token.text)
    return word in lexicon.countries or word in lexicon.cities or word in lexicon.weapons or word in lexicon.outlets


def _runs(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Runs of capitalised words, with small words between them."""
    found: list[tuple[int, int]] = []
    index = 0
    while index < len(tokens):
        if not (tokens[index].is_name and tokens[index].text[0].isalpha()):
            index += 1
            continue
        past = index + 1
        while past < len(tokens):
            token = tokens[past]
            dot = token.text == "." and len(tokens[past - 1].text.rstrip(".")) <= 3 and past + 1 < len(tokens)
            small = (
                token.text in SMALL - {"of", "for", "the", "and"}
                and past + 1 < len(tokens)
                and tokens[past + 1].is_name
            )
            if (
                (token.is_name and token.text[0].isalpha() and not tokens[past - 1].text.endswith("'s"))
                or small
                or (dot and tokens[past + 1].is_name)
            ):
                past += 1
            else:
                break
        found.append((index, past))
        index = past
    return found


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
        elif token.low == "citing":
            phrase = _after(tokens, index + 1, lexicon)
        if phrase is not None:
            found.append(_attribution(sentence, index, phrase, names, last))
    return found


def _is_noun(tokens: Sequence[Token], index: int) -> bool:
    """Whether "reports" or "claims" are things here."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    bare = (
        following is None
        or not following.is_word
        or following.low in {"of", "about", "on", "and", "by", "in", "from", "to"}
    )
    return tokens[index].text in {"reports", "claims", "estimates", "notes", "states"} and bare


def _attribution(sentence: Sentence, index: int, phrase: tuple[int, int], names: Names, last: str) -> Attribution:
    tokens, (start, past) = sentence.tokens, phrase
    words = tokens[start:past]
    speaker = names.full(words)
    low = speaker.lower()
    if last and (low in HE or (low in ROLES_ALONE and words[0].low == "the")):
        speaker = last
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
    "minister president foreign minister defense minister defence minister prime minister chancellor official spokesman "
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
    while past > 0 and tokens[past - 1].low in AUXILIARIES:
        past -= 1
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
            or token.low in lexicon.say | {"cited", "quoted"}
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
        if low == "on" and _bare(tokens[at + 1].text) in lexicon.channels:
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
    hedges = [match for match in DOUBTING.finditer(sentence.text)]
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
