"""Names of people and offices: in full wherever a part of one stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import dropwhile

from tegmen.ledger.reading.lexicon import countries, words
from tegmen.ledger.reading.sentences import Sentence, Token


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
