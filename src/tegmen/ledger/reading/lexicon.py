"""The words articles are read with, from the table `data/reading/lexicon.toml`: what each set is for stands there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tegmen.data import shipped_toml
from tegmen.ledger.entries import Hedge
from tegmen.terms import FrozenDict


@cache
def words(name: str) -> frozenset[str]:
    """Give a set of words by its name in the table."""
    return frozenset(_split(_lexicon()["words"][name]))


@cache
def heads() -> dict[str, str]:
    """Give the nouns that are counted, with their group: aid, attack, people, power or grid."""
    return _by_word(_lexicon()["heads"])


@cache
def countries() -> dict[str, str]:
    """Give the country that a name, an adjective or a capital means."""
    return {name: name for name in _lexicon()["countries"]} | _by_word(_lexicon()["countries"])


@cache
def capitals() -> dict[str, str]:
    """Give the capital of a country."""
    return _lexicon()["capitals"]


@cache
def systems() -> dict[str, str]:
    """Give the system of the catalogue that words in an item name."""
    return _by_word(_lexicon()["systems"])


@cache
def currencies(kind: str) -> dict[str, str]:
    """Give the code of a currency by its signs, in front of a number, or its words, behind."""
    return _by_word(_lexicon()["currencies"][kind])


def values(kind: str) -> dict[str, float]:
    """Give number words with their values: small, sizes, suffixes of digits, vague."""
    return _lexicon()["numbers"][kind]


@cache
def hedges(side: str) -> tuple[tuple[tuple[str, ...], Hedge], ...]:
    """Give what hedges a number before or after it, word by word, longest first."""
    table: dict[str, Hedge] = _by_word(_lexicon()["hedges"][side])  # pyright: ignore[reportAssignmentType] - keys
    return tuple(sorted(((tuple(phrase.split()), hedge) for phrase, hedge in table.items()), key=lambda h: -len(h[0])))


@cache
def cue_pattern() -> re.Pattern[str]:
    """Give the words that say what is done with what is counted, by groups named as in `data/reading/cues.toml`."""
    parts = {name: _expression(text) for name, text in _cues()["parts"].items()}
    groups = (
        rf"(?P<{name.replace(' ', '_')}>\b(?:{_expression(text, parts)})(?!\w))"
        for name, text in _cues()["cues"].items()
    )
    return re.compile("|".join(groups))


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Give a regular expression by its name in `data/reading/patterns.toml`."""
    return _compiled(_patterns()["patterns"][name])


@cache
def time_pattern() -> re.Pattern[str]:
    """Give all ways to tell a time as one pattern; `groups_of` gives which of them it is, and its groups."""
    rows = ((name.replace(" ", "_"), words_) for name, words_ in _patterns()["times"].items())
    return _compiled("|".join(f"(?P<{row}>{words_.replace('(?P<', f'(?P<{row}__')})" for row, words_ in rows))


def groups_of(time: re.Match[str]) -> tuple[str, dict[str, str]]:
    """What a time is resolved as, and the words of its groups, "" where a group has none."""
    row = str(time.lastgroup)
    inner = {
        name.removeprefix(f"{row}__"): words_ or "" for name, words_ in time.groupdict().items() if f"{row}__" in name
    }
    return row.partition("_")[0], inner


@cache
def statuses() -> dict[str, re.Pattern[str]]:
    """Give the words that say how far a measure is, by its status."""
    return {status: _compiled(rf"\b(?:{words_})\b") for status, words_ in _patterns()["status"].items()}


def _compiled(text: str) -> re.Pattern[str]:
    whole = re.sub(r"<([A-Z]+)>", lambda match: _patterns()["parts"][match[1]], text)
    return re.compile("".join(whole.split()))


@cache
def said_of(group: str) -> frozenset[str]:
    """Give the groups of cues that can be said of a group of things."""
    table = _cues()["said_of"]
    return frozenset(_split(table.get(group, table["others"])))


def _expression(text: str, parts: Mapping[str, str] = FrozenDict()) -> str:
    ways = "|".join(re.sub(r"\s+\|", "|", text).split())
    return re.sub(r"<([A-Z]+)>", lambda match: parts[match[1]], ways.replace("_", r"\s"))


@cache
def _cues() -> dict[str, Any]:
    return shipped_toml("reading", "cues.toml")


@cache
def _patterns() -> dict[str, Any]:
    return shipped_toml("reading", "patterns.toml")


@cache
def _lexicon() -> dict[str, Any]:
    return shipped_toml("reading", "lexicon.toml")


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: name for name, listed in table.items() for word in _split(listed)}


def _split(listed: str) -> list[str]:
    return [word.rstrip("_").replace("_", " ") for word in listed.split()]
