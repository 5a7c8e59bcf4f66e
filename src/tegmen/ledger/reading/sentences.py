"""Text to paragraphs, sentences and tokens, every one with its place in the text. Linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from tegmen.ledger.reading.lexicon import currencies, values, words

TOKENS_MOST = 150
LENGTH_MOST = 1500
"""A longer stretch without a full stop is cut: what follows may look back and forth within a sentence."""

CLOSERS = frozenset("\"”»'’)]")
BULLET = re.compile(r"\s*(?:[-*•–—]|\d{1,2}[.)])\s+")


@cache
def token_pattern() -> re.Pattern[str]:
    """What a token looks like; a number parts from what is joined to it: "500-drone", "two-dozen", "EUR300m"."""
    number = "|".join([*values("small"), *values("sizes"), "half-a", "half", "odd", "plus", "something"])
    code = "|".join(code for word, code in currencies("words").items() if word == code.lower())
    return re.compile(
        rf"""
        (?:[^\W\d_]\.){{2,6}}                             # U.S., a.m.
      | \d{{1,2}}:\d{{2}}(?!\d)                             # a time
      | (?:{code})(?=\d)                                # EUR300m
      | \d{{1,60}}(?:[.,]\d{{1,60}}){{0,20}}[a-z]{{0,3}}?(?=(?:{code})\b)    # 300mEUR
      | \d{{1,60}}(?:[.,]\d{{1,60}}){{0,20}}[^\W\d_]{{0,3}}-(?=[^\W\d_])    # 24-hour, 155-mm, 25-year-old
      | \d{{1,3}}(?:[\u00a0\u202f\u2009]\d{{3}}){{1,6}}(?!\d)  # 3 000 with a narrow space
      | \d{{1,3}}[A-Z]{{1,3}}\d\w{{0,8}}                    # 2A4, 2S22
      | \d{{1,400}}(?:[.,]\d{{1,60}}){{0,20}}[^\W\d_]{{0,30}}    # 3,000; 155mm; 75th; 61bn
      | [^\W\d_]{{1,20}}(?:[-/][^\W\d_]{{1,10}}){{0,2}}[-‑]?\d(?:[\w/.-]{{0,30}}\w)?  # S-300, F-16s, Iskander-M/KN-23
      | (?i:{number})-(?=[^\W\d_])                      # two-dozen, five-missile
      | [^\W\d_]{{1,60}}(?:['’/-][^\W\d_]{{1,60}}){{0,6}}      # words, Kyiv's, SAMP/T, air-defence
      | [^\s\x00\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]    # a mark; those that only turn the line are none
        """,
        re.VERBOSE,
    )


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark, and where it stands in the text.

    Parameters
    ----------
    text, start, end
        As written, and its place.
    low
        In lower case, with a plain apostrophe, without the hyphen that joins it to the next.
    joined
        Whether it ends with such a hyphen.
    """

    text: str
    start: int
    end: int
    low: str
    joined: bool

    @property
    def bare(self) -> str:
        """Without the ending of a possessive."""
        return re.sub(r"['’]s?$", "", self.text)

    @property
    def is_name(self) -> bool:
        """Begins with a capital letter."""
        return self.text[0].isupper()

    @property
    def is_word(self) -> bool:
        """Has a letter or digit."""
        return self.text[0].isalpha() or self.text[0].isdecimal()


@dataclass(frozen=True)
class Sentence:
    """One sentence: its tokens, its place, and the paragraph it stands in.

    Parameters
    ----------
    source
        The whole text.
    tokens
        At least one.
    paragraph
        Number of the paragraph.
    quotes
        Start and end of what stands in quotation marks in the paragraph.
    """

    source: str
    tokens: tuple[Token, ...]
    paragraph: int
    quotes: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """First character."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Past the last character."""
        return self.tokens[-1].end

    @cached_property
    def text(self) -> str:
        """The words, white space as in the source with every line end a space."""
        return re.sub(r"[\n\r\t]", " ", self.source[self.start : self.end])

    def between(self, start: int, end: int) -> str:
        """Text between two places of the source."""
        return self.text[start - self.start : end - self.start]

    def before(self, position: int) -> str:
        """Text in front of a place of the source."""
        return self.text[: position - self.start]

    def behind(self, position: int) -> str:
        """Text from a place of the source on."""
        return self.text[position - self.start :]

    def quote_at(self, position: int) -> tuple[int, int] | None:
        """Find the quotation a position stands in."""
        return next((quote for quote in self.quotes if quote[0] < position < quote[1]), None)


def tokenize(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    """Split a text, or a part of it, into tokens."""
    matches = token_pattern().finditer(text, start, len(text) if end is None else end)
    return [_token(match[0], *match.span()) for match in matches]


def _token(text: str, start: int, end: int) -> Token:
    joined = len(text) > 1 and text[-1] == "-"
    return Token(text, start, end, text.lower().replace("’", "'").removesuffix("-" * joined), joined)


def low_at(tokens: Sequence[Token], index: int) -> str:
    """Token in lower case; "" where there is none."""
    return tokens[index].low if 0 <= index < len(tokens) else ""


def run_past(tokens: Sequence[Token], start: int, fits: Callable[[Token], bool], most: int = TOKENS_MOST) -> int:
    """Give the token past a run of tokens that fit, at most so many of them, which begins at `start`."""
    past = start
    while past < min(start + most, len(tokens)) and fits(tokens[past]):
        past += 1
    return past


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Split a text; tables' rows (with "|" or tabs) are left out, they are read by `tables`."""
    sentences: list[Sentence] = []
    for number, (start, end) in enumerate(paragraphs(text)):
        tokens = tokenize(text, start, end)
        quotes = tuple(_quotes(tokens, end))
        sentences += [Sentence(text, tuple(part), number, quotes) for part in _parts(tokens)]
    return tuple(sentences)


def is_row(line: str) -> bool:
    """Whether a line is a row of a table."""
    return line.count("|") >= 1 or line.strip().count("\t") >= 1


def lines_of(text: str) -> list[tuple[int, int]]:
    """Start and end of every line, ends of lines excluded."""
    return [match.span() for match in re.finditer(r"[^\n\r\u2028\u2029]+", text)]


def paragraphs(text: str) -> list[tuple[int, int]]:
    """Start and end of each paragraph; in text wrapped by hand a single line end is a space."""
    lines = [span for span in lines_of(text) if text[span[0] : span[1]].strip()]
    wrapped = bool(lines) and max(end - start for start, end in lines) <= 100
    found: list[tuple[int, int]] = []
    for start, end in lines:
        line = text[start:end]
        if is_row(line):
            found.append((start, start))  # an empty paragraph keeps the lines before and after apart
        elif found and found[-1][0] < found[-1][1] and wrapped and _continues(text, found[-1], start, line):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [(start, end) for start, end in found if start < end]


def _continues(text: str, before: tuple[int, int], start: int, line: str) -> bool:
    gap = text[before[1] : start]
    last = text[text.rfind("\n", before[0], before[1]) + 1 : before[1]].rstrip()
    full = len(last) >= 45 or not line[:1].isupper()
    return gap.count("\n") <= 1 and full and last[-1:] != ":" and BULLET.match(line) is None


def _parts(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for index, token in enumerate(tokens):
        parts[-1].append(token)
        length = token.end - parts[-1][0].start
        if len(parts[-1]) >= TOKENS_MOST or length > LENGTH_MOST or _ends_sentence(tokens, index):
            parts.append([])
    return [part for part in parts if part]


def _ends_sentence(tokens: list[Token], index: int) -> bool:
    """Whether a sentence ends with this token: a full stop with its closing marks, before a capital letter."""
    if index + 1 >= len(tokens):
        return True
    token, following = tokens[index], tokens[index + 1]
    if following.text in CLOSERS and following.start == token.end:
        return False
    mark = index
    while mark > 0 and tokens[mark].text in CLOSERS and tokens[mark].start == tokens[mark - 1].end:
        mark -= 1
    if re.fullmatch(r"(?:[^\W\d_]\.){2,}", token.text):
        return following.text in words("after_initials")
    if tokens[mark].text not in {".", "!", "?", "…"} or mark == 0:
        return False
    if not (following.is_name or following.text[0].isdigit() or following.text in "\"“«‘'(["):
        return False
    word = tokens[mark - 1]
    short = word.low in words("short")
    if tokens[mark].text == "." and (short or (len(word.text) == 1 and word.is_name)):
        return mark != index or (not short and following.low in words("starters"))
    return following.start > token.end or following.is_name


def _quotes(tokens: list[Token], end: int) -> list[tuple[int, int]]:
    """Quotations of a paragraph; one that is not closed goes on to its end."""
    found: list[tuple[int, int]] = []
    opened: int | None = None
    for token in tokens:
        if opened is None and token.text in '"“«„':
            opened = token.start
        elif opened is not None and token.text in '"”»':
            found.append((opened, token.end))
            opened = None
    return found if opened is None else [*found, (opened, end)]
