"""Who says what: names in full, verbs of saying, quotations, channels; and who says what stands at a place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from tegmen.ledger.reading.lexicon import countries, pattern, words
from tegmen.ledger.reading.sentences import Sentence, Token, low_at, run_past


class Names:
    """Full names of the people in a text, by any part of the name behind the first, as far as read.

    Parameters
    ----------
    sentences
        The whole text: a name is taken from wherever it is written in full.
    """

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self._full: dict[str, str] = {}
        firsts: dict[str, set[str]] = {}
        for sentence in sentences:
            for start, past in _runs(sentence.tokens):
                person = self._person(sentence.tokens[start:past])
                if person is not None and " " in person:
                    first, *parts = person.split()
                    for part in parts:
                        self._full.setdefault(part, person)
                    firsts.setdefault(first, set()).add(person)
        for first, people in firsts.items():
            if len(people) == 1:  # "Kim" of "Kim Yong-su"
                self._full.setdefault(first, *people)

    def _person(self, tokens: Sequence[Token]) -> str | None:
        kept = self._strip(tokens)
        if not kept or kept[-1].text in words("offices") or any(map(_is_known, kept)):
            return None
        parts = [token.bare for token in kept]
        if " ".join(parts) in countries():
            return None  # "South Korean"
        return " ".join(parts) if all(part[:1].isupper() or part in words("particles") for part in parts) else None

    def _strip(self, tokens: Sequence[Token]) -> list[Token]:
        """Leave titles, countries and the first words of sentences away from the front of a name."""
        last = max(
            (at for at, t in enumerate(tokens[:-1]) if t.is_name and t.low.strip(".") in words("titles")), default=-1
        )
        kept = list(dropwhile(lambda token: not _may_begin(token), tokens[last + 1 :]))
        while kept and (not kept[-1].is_word or kept[-1].low in words("particles")):
            kept.pop()
        return kept

    def full(self, tokens: Sequence[Token]) -> str:
        """Name of a noun phrase: of a person in full and without titles, of an office in its words."""
        last = next((index for index in range(len(tokens)) if tokens[index].text in {",", "–", "—"}), len(tokens))
        front, rest = tokens[:last], tokens[last + 1 :]
        if len(front) > 1 and front[-1].low in words("of_somebody") and front[-2].low.endswith("'s"):
            return " ".join(token.text for token in front if token.low not in {"the", "a"})
        person = self._person_in(front) or self._person_in(rest)
        if person is not None:
            return person
        text = " ".join(token.text for token in front if token.is_word)
        return re.sub(r"^(?:the|a|an|The|A|An)\s", "", text)

    def _person_in(self, tokens: Sequence[Token]) -> str | None:
        for start, past in _runs(tokens):
            run = tokens[start:past]
            kept = self._strip(run)
            if not kept:
                continue
            last = kept[-1].bare
            known = self._full.get(last) or self._full.get(kept[0].bare)
            if known is not None:
                return known
            if len(kept) == 1 and last in words("people"):
                return last
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
            titled = start > 0 and tokens[start - 1].low in words("titles")
            if person is None and titled and len(run) == 1:
                person = self._person(run)
            titled = titled or len(self._strip(run)) < len(run) or person in words("people")
            if person is not None and (titled or " " in person) and person not in found:
                found.append(person)
        return found

    def places(self, tokens: Sequence[Token]) -> list[tuple[int, int]]:
        """Where the people in some tokens are named: first and past-the-last character of each run of capitals."""
        runs = [tokens[start:past] for start, past in _runs(tokens)]
        return [(run[0].start, run[-1].end) for run in runs if self.named_in(run)]


def _may_begin(token: Token) -> bool:
    """Whether a name may begin so: not with a title, a country, the first word of a sentence or somebody else."""
    apart = token.low.strip(".") in words("titles") or token.low in words("leading") or token.low.endswith("'s")
    return token.is_name and not apart and not _is_known(token)


def _is_known(token: Token) -> bool:
    """Whether a word is the name of a country, a city, a weapon or an outlet."""
    return token.bare in countries() or any(token.bare in words(name) for name in ("cities", "weapons", "outlets"))


def _runs(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Runs of capitalised words, with small words between them."""
    found: list[tuple[int, int]] = []
    index = 0
    while index < len(tokens):
        past = index + 1
        if _is_capital(tokens[index]):
            while past < len(tokens) and _runs_on(tokens, past):
                past += 1
            found.append((index, past))
        index = past
    return found


def _is_capital(token: Token) -> bool:
    return token.is_name and token.text[0].isalpha()


def _runs_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether a run of capitalised words goes on with a token: a capital, "von der" before one, the dot of "Lt."."""
    token, following = tokens[at], at + 1
    inner = words("particles") - {"of", "for", "the", "and"}
    if _is_capital(token):
        return not tokens[at - 1].text.endswith("'s")
    if token.text == "." and len(tokens[at - 1].text.rstrip(".")) <= 3:
        return following < len(tokens) and tokens[following].is_name
    while token.text in inner and following < min(at + 3, len(tokens)) and tokens[following].text in inner:
        following += 1  # "von der Leyen"
    return token.text in inner and following < len(tokens) and tokens[following].is_name


# ---------------------------------------------------------------- who says it


HE = frozenset({"he", "she"})
THEY = frozenset({"they", "it"})

SAID_BY_GIVING = {"put": "figures", "puts": "figures", "made": "words_made"}
"""Verbs by which somebody speaks with one of some words behind them."""
SET_OFF = frozenset(',;:"“”–—') | {"and", "but", "while"}
"""In front of a speaker who is not at the beginning."""
Phrase = tuple[int, int]
"""First token of a noun phrase, and the token past it."""


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
    phrases = ((index, _speaker_at(sentence.tokens, index, names)) for index in range(len(sentence.tokens)))
    return [_attribution(sentence, index, phrase, names, last) for index, phrase in phrases if phrase is not None]


def _speaker_at(tokens: Sequence[Token], index: int, names: Names) -> Phrase | None:
    """Noun phrase of whoever speaks by a token: a verb of saying, "according to", "citing", a colon."""
    token = tokens[index]
    if token.low == "according" and low_at(tokens, index + 1) == "to":
        return _after(tokens, index + 2)
    if token.low in words("say") | {"made"} and low_at(tokens, index + 1) == "by":
        return _after(tokens, index + 2)  # "was announced by", "the statement was made by"
    if token.text in words("say") and low_at(tokens, index - 1) not in words("passive") and not _is_noun(tokens, index):
        return _in_front(tokens, index) or _behind_verb(tokens, index) or _lead(tokens, index, names)
    given = words(SAID_BY_GIVING[token.low]) if token.low in SAID_BY_GIVING else frozenset()
    if any(following.low in given for following in tokens[index + 1 : index + 4]):
        return _in_front(tokens, index)  # "officials put the number of helicopters at 14", "made the announcement"
    if token.text in words("asking"):
        phrase = _in_front(tokens, index)
        asker = tokens[slice(*phrase)] if phrase else ()
        person = names.full(asker)
        named = (" " in person or person in words("people")) and names.named_in(asker)
        return phrase if named or person.lower() in HE else None
    if token.low == "citing":
        return _after(tokens, index + 1)
    if token.text == ":" and 0 < index < 6 and _is_head(tokens[:index]):
        return 0, index
    return None


def _lead(tokens: Sequence[Token], verb: int, names: Names) -> Phrase | None:
    """Find who a sentence begins with, for a second verb of theirs: "Scholz arrived in Kyiv and announced"."""
    if low_at(tokens, verb - 1) != "and":
        return None
    if tokens[0].bare in countries():
        return 0, 1
    return next(((0, past) for past in range(1, min(9, verb)) if names.named_in(tokens[:past])), None)


def _is_head(tokens: Sequence[Token]) -> bool:
    """Whether a sentence begins with who says it: "Air Force: Russia launched 81 drones"."""
    named = all(token.is_name or token.low == "of" for token in tokens)
    return named and (tokens[-1].text in words("offices") or tokens[-1].text in words("people"))


def _is_noun(tokens: Sequence[Token], index: int) -> bool:
    """Whether "reports" or "claims" are things here."""
    if tokens[index].text not in words("say_or_things"):
        return False
    alone = index + 1 >= len(tokens) or not tokens[index + 1].is_word
    joined = low_at(tokens, index + 1) in words("behind_things")
    return alone or joined or any(token.low == "according" for token in tokens[max(0, index - 6) : index])


def _attribution(sentence: Sentence, index: int, phrase: Phrase, names: Names, last: str) -> Attribution:
    tokens, (start, past) = sentence.tokens, phrase
    speaker = names.full(tokens[start:past])
    low = speaker.lower()
    if last and (low in HE or (low in words("roles_alone") and tokens[start].low == "the")):
        speaker = last
    elif low in HE | THEY:
        speaker = ""  # nobody named whom the word could mean
    first, end = min(start, index), max(past, index + 1)
    document = any(token.low in words("documents") for token in tokens[start:past])
    begin = sentence.start
    if tokens[index].low == "according" and document and first:
        begin = _clause_start(tokens, first)
    elif first and not _trails(tokens, index, past):
        joined = tokens[first - 1].low in words("boundary") or tokens[first - 1].text == ";"
        begin = tokens[first].start if joined else begin
    return Attribution(
        speaker,
        tuple(_channels(tokens, index)),
        tokens[first].start,
        tokens[end - 1].end,
        (begin, sentence.end),
        document,
        tokens[index].low in {"denied", "denies"},
    )


def _trails(tokens: Sequence[Token], verb: int, past: int) -> bool:
    """Whether words that say who spoke stand behind what was said."""
    last, end = len(tokens) - 1, max(past, verb + 1)
    return end >= last or tokens[end].text in ".,;" or tokens[end].low in {"on", "in", "at", "during", "told"}


def _clause_start(tokens: Sequence[Token], index: int) -> int:
    for at in range(index - 1, 0, -1):
        listed = tokens[at].low == "and" and tokens[at - 1].text == ","
        if tokens[at].low in {";", "but", "while", "whereas"} or listed:
            return tokens[at].start
    return tokens[0].start


# ---------------------------------------------------------------- noun phrases


def _in_front(tokens: Sequence[Token], verb: int) -> Phrase | None:
    """Noun phrase in front of a verb of saying; over an apposition between commas, back to the name."""
    past = verb
    known = next(
        (at for at in range(verb - 1, max(0, verb - 7), -1) if tokens[at].low in {"familiar", "briefed"}), None
    )
    if known is not None and low_at(tokens, known + 1) in {"with", "on"}:
        past = known  # "officials familiar with the matter said"
    while past and (tokens[past - 1].low in words("auxiliaries") or re.fullmatch("[a-z]{3,}ly", tokens[past - 1].text)):
        past -= 1
    if past > 2 and tokens[past - 2].low == "on" and tokens[past - 1].low.endswith("day"):
        past -= 2
    mark = tokens[past - 1].text if past else ""
    if mark in {",", "–", "—"}:
        opening = next((at for at in range(past - 2, max(-1, past - 16), -1) if tokens[at].text == mark), 0)
        start = _phrase_start(tokens, opening)
        return (start, past - 1) if start < opening else None
    start = _phrase_start(tokens, past)
    if start < past and _speaks(tokens[past - 1]):
        return start, past
    if low_at(tokens, verb) not in words("say_of_anybody"):
        return None
    article = next((at for at in range(past - 2, max(-1, past - 5), -1) if tokens[at].low in {"a", "an", "the"}), None)
    begins = article is not None and (article == 0 or tokens[article - 1].text in SET_OFF)
    apart = words("stops") | {"and", "half"}
    named = article is not None and all(token.is_word and token.low not in apart for token in tokens[article:past])
    return (article, past) if article is not None and begins and named else None  # "a grid engineer told AFP"


def _phrase_start(tokens: Sequence[Token], past: int) -> int:
    start = past
    while start > 0 and _is_of_speaker(tokens, start - 1, past):
        start -= 1
    if 1 < start < past and tokens[start].text in words("roles") and _is_adjective(tokens, start - 1):
        start -= 2  # "Ukraine's special forces"
    return run_past(tokens, start, lambda token: token.low in {"of", ".", "and", "for"}, past - start)


def _is_adjective(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word stands between a speaker's office and whose it is, or an article."""
    word, before = tokens[at], tokens[at - 1]
    plain = word.is_word and word.text.islower() and word.low not in words("stops")
    return plain and (before.low.endswith("'s") or before.low in {"the", "a", "an"})


def _is_of_speaker(tokens: Sequence[Token], at: int, past: int) -> bool:
    """Whether a token belongs to the noun phrase of a speaker that ends before `past`."""
    token, before = tokens[at], tokens[at - 1] if at else None
    if token.is_name and token.is_word and token.low not in words("not_speakers"):
        return True
    if token.low.endswith("'s") or any(
        token.low in words(name) for name in ("roles", "titles", "speaker_parts", "documents")
    ):
        return True
    if before is None:
        return False
    if token.low == "in":
        return at + 1 < past and tokens[at + 1].is_name and before.text in words("governs")
    if token.low == "to":
        return before.low in words("sent_to")
    return token.text == "." and len(before.text) <= 3


def _speaks(head: Token) -> bool:
    """Whether a phrase can speak, by its last word: a name, an office, he or she."""
    return head.is_name or head.low in words("roles") | HE | THEY | words("documents")


def _behind_verb(tokens: Sequence[Token], verb: int) -> Phrase | None:
    """Noun phrase behind the verb: '..., said Kuleba', after a comma or a quotation."""
    if verb == 0 or tokens[verb - 1].text not in {",", '"', "”", "'", "’", "»", "?", "!"} or tokens[verb].low == "told":
        return None
    return _after(tokens, verb + 1)


def _after(tokens: Sequence[Token], start: int) -> Phrase | None:
    """Noun phrase from a token on, up to a mark or a verb; over a comma to the name, where it has none itself."""
    past = start
    while past < min(start + 14, len(tokens)) and _is_phrase_part(tokens, past):
        past += 1
    if past == start:
        return None
    if past < len(tokens) and tokens[past].text == "," and not any(token.is_name for token in tokens[start:past]):
        behind = run_past(tokens, past + 1, _in_capitals)
        past = behind if behind - past > 2 else past
    return start, past


def _is_phrase_part(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if token.text == "." and at + 1 < len(tokens):
        following = tokens[at + 1]
        return following.start > token.end and following.is_name and len(tokens[at - 1].text) <= 3
    if not token.is_word or (token.low in words("stops") and not token.is_name):
        return False
    if re.fullmatch(r"[a-z]+ed", token.text) and token.low not in words("participles"):
        return False
    return token.low not in (words("say") | {"cited", "quoted"}) - words("documents")


def _in_capitals(token: Token) -> bool:
    return token.is_name and token.is_word


# ---------------------------------------------------------------- channels


def _channels(tokens: Sequence[Token], index: int) -> list[str]:
    """Outlets and networks named at a verb: "told Reuters", "wrote on X", "in an interview with CNN"."""
    found: list[str] = []
    verb = tokens[index].low
    if verb == "told":
        run = _outlet_at(tokens, index + 1)
        if not any(token.low.strip(".") in words("titles") for token in run):
            found.append(" ".join(token.text for token in run))
    if verb == "citing":
        found.append(_known_outlet([token for token in tokens[:index] if token.is_name]))
    for at in range(index + 1, min(index + 14, len(tokens) - 1)):
        low = tokens[at].low
        if low == "on" and tokens[at + 1].bare in words("channels"):
            found.append(tokens[at + 1].text)
        if low == "interview" and at + 2 < len(tokens) and tokens[at + 1].low in {"with", "to", "for"}:
            found.append(" ".join(token.text for token in _outlet_at(tokens, at + 2)))
    return [channel for channel in found if channel]


def _outlet_at(tokens: Sequence[Token], start: int) -> Sequence[Token]:
    start = run_past(tokens, start, lambda token: token.low in words("outlet_leads"))
    past = run_past(tokens, start, lambda token: _in_capitals(token) and token.low not in words("leading"), 4)
    return tokens[start:past]


def _known_outlet(tokens: Sequence[Token]) -> str:
    starts = ((size, start) for size in (3, 2, 1) for start in range(len(tokens) - size + 1))
    named = (" ".join(token.text for token in tokens[start : start + size]) for size, start in starts)
    return next((name for name in named if name in words("outlets")), "")


# ---------------------------------------------------------------- who says what stands at one place


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
    near = [a for a in covering if not _is_parted(sentence, position, a)]
    speakers = [a for a in (near or covering) if not a.document]
    if quote is not None:
        outside = [a for a in speakers if not quote[0] < a.start < quote[1]] or _of_quote(quote, around)
        inside = [a for a in speakers if quote[0] < a.start < quote[1] and a.start < position]
        if inside and outside:
            quoted, outer = _nearest(inside, position), _nearest(outside, position)
            spans = ((quoted.start, quoted.end), (outer.start, outer.end))
            return Voice(quoted.speaker, (*quoted.via, outer.speaker), spans, quoted.denies)
        speakers = outside or speakers
    if speakers:
        voice = _nearest(speakers, position)
    elif documents:
        voice, documents = documents[0], []
    elif later := _of_next(sentence, around):
        voice = later[0]
    else:
        return Voice("", _doubts(position, sentence))
    outlets = [a.speaker for a in speakers if a.speaker in words("outlets") and a is not voice]
    channels = [*(a.speaker for a in documents), *voice.via, *outlets, *_doubts(position, sentence)]
    spans = tuple((a.start, a.end) for a in (voice, *documents))
    return Voice(voice.speaker, tuple(dict.fromkeys(channels)), spans, voice.denies)


def _of_next(sentence: Sentence, around: Sequence[tuple[Sentence, list[Attribution]]]) -> list[Attribution]:
    """Attributions of the next sentence where it only says who said this one: "This was announced by ..."."""
    following = ((other, found) for other, found in around if 0 <= other.start - sentence.end <= 2)
    return next((found for other, found in following if pattern("says_who").search(other.text)), [])


def _is_parted(sentence: Sentence, position: int, attribution: Attribution) -> bool:
    """Whether a semicolon stands between what is said and who says it."""
    return ";" in sentence.between(*sorted((position, attribution.start)))


def _doubts(position: int, sentence: Sentence) -> tuple[str, ...]:
    """Words like "reportedly" near a position."""
    hedges = pattern("doubting").finditer(sentence.text)
    near = (match[0].lower() for match in hedges if abs(match.start() + sentence.start - position) < 160)
    return tuple(dict.fromkeys(near))


def _nearest(found: Sequence[Attribution], position: int) -> Attribution:
    """The attribution before a position, else the first behind it; figures' sources before those who pass them on."""
    ranked = [a for a in found if a.speaker not in words("outlets")] or list(found)
    before = [a for a in ranked if a.start < position]
    return before[-1] if before else ranked[0]


def _of_quote(quote: tuple[int, int], around: Sequence[tuple[Sentence, list[Attribution]]]) -> list[Attribution]:
    """Attributions of a quotation: in the sentences where it begins or ends, else before it, else behind it."""
    start, end = quote
    outside = [(s, a) for s, found in around for a in found if not start < a.start < end and not a.document]
    ends = [a for s, a in outside if s.start <= start < s.end or s.start < end <= s.end + 1 or s.start - end in {0, 1}]
    before = [a for _, a in outside if a.start < start]
    return ends or before[-1:] or [a for _, a in outside[:1]]
