"""Names of people and offices: in full wherever a part of one stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tegmen.ledger.reading.lexicon import Lexicon, read_lexicon
from tegmen.ledger.reading.sentences import Sentence, Token

SMALL = frozenset("de del della von van der den al el bin la le of for the and".split())


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
        words = [bare(token.text) for token in kept]
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
        if len(words) > 1 and words[-1].low in OF_SOMEBODY and words[-2].low.endswith("'s"):
            return " ".join(token.text for token in words if token.low not in {"the", "a"})
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
            last = bare(kept[-1].text)
            known = self._full.get(last) or self._full.get(bare(kept[0].text))
            if known is not None:
                return known
            if len(kept) == 1 and last in self._lexicon.people:
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
            if person is None and start and tokens[start - 1].low in self._lexicon.titles and len(run) == 1:
                person = self._person(run)
            titled = len(self._strip(run)) < len(run) or (start and tokens[start - 1].low in self._lexicon.titles)
            alone = person in self._lexicon.people
            if person is not None and (" " in person or titled or alone) and person not in found:
                found.append(person)
        return found


OF_SOMEBODY = frozenset("office team ministry administration government staff headquarters".split())
LEADING = frozenset(
    "according the in on at during earlier later meanwhile after before when while as but and also"
    " this these those his her "
    "their its our a an for from with that however monday tuesday wednesday thursday friday saturday sunday january "
    "february march april may june july august september october november december last next both new all".split()
)


def bare(text: str) -> str:
    """Leave the ending of a possessive away."""
    return re.sub(r"['’]s?$", "", text)


def _known(token: Token, lexicon: Lexicon) -> bool:
    word = bare(token.text)
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
            inner = SMALL - {"of", "for", "the", "and"}
            behind = past + 1
            while token.text in inner and behind < past + 3 and behind < len(tokens) and tokens[behind].text in inner:
                behind += 1  # "von der Leyen"
            small = token.text in inner and behind < len(tokens) and tokens[behind].is_name
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
