"""The language of a page: its texts from one table a language; numbers, dates and plurals as its readers write them.

A table (`texts/CODE.toml`) has the page's own texts by key, the same keys with the same placeholders in every language.
What other rooms say they say in English; a table of another language has that, too, under `[said]`: the English, with
placeholders where words differ, and what it is in the language. What matches nothing there stays as it was written.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast, get_args

from markupsafe import Markup, escape

from tegmen.errors import InputError
from tegmen.terms import LanguageCode

PAGE_LANGUAGES: tuple[LanguageCode, ...] = get_args(LanguageCode)
FORMS = ("one", "few", "many", "other")
"""Plural forms, as CLDR names them; a text in forms is chosen by its value `n`."""
Forms = str | Mapping[str, str]

_GAP = re.compile(r"\{(\w+)\}")
_ENGLISH_MONTHS = {name: at for at, name in enumerate(month_name) if name}
_WRITTEN_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_WRITTEN_MONTH = re.compile(rf"(?:(\d{{1,2}}) )?({'|'.join(_ENGLISH_MONTHS)}) (\d{{4}})")
_PHRASE, _NUMBERS, _LIST = r"(?:(?!\. |; ).)+?", "[^A-Za-z]+?", ".+?"
_FILLS = (
    dict.fromkeys("n k m a b low high most share met rows".split(), _NUMBERS)
    | dict.fromkeys("parts shares names totals".split(), _LIST)
    | {"place": "[A-Z][A-Za-z' -]+", "months": "[^()]+"}
)
"""Name of a placeholder to what may stand in it: numbers, a list of phrases, a name; one phrase in all others."""
_TAKEN_APART_AT = ("\n", ". ", "; ", ": ", ", ", " (")
"""Where words that are lists are taken apart, the strongest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """A language.

    Parameters
    ----------
    code
        As in the attribute `lang`.
    texts
        Key to text, or to its plural forms.
    said
        What other rooms say: pattern of the English, what it is in the language.
    """

    code: LanguageCode
    texts: Mapping[str, Forms]
    said: tuple[tuple[re.Pattern[str], Forms], ...]

    def text(self, key: str, /, **values: object) -> Markup:
        """Give a text of the page; its own markup stays, that of the values is text."""
        numbers = {name: self.number(value) for name, value in values.items() if isinstance(value, int | float)}
        # Ours is the table's text alone: a value that is not Markup is escaped.
        return Markup(self._form(self.texts[key], values.get("n"))).format(**(values | numbers))  # noqa: S704

    def own(self, words: str) -> str:
        """Put what another room says in English into the language; what is not known stays as it is."""
        if self.code == "en" or not words:
            return words
        for pattern, forms in self.said:
            if match := pattern.fullmatch(words):
                parts = {name: self.own(part) for name, part in match.groupdict().items()}
                return self._form(forms, _count(match.groupdict().get("n"))).format(**parts)
        if words.endswith("."):
            return f"{self.own(words[:-1])}."
        for separator in _TAKEN_APART_AT:
            if separator in words:  # the last first: a phrase may hold what separates phrases
                before, _, after = words.rpartition(separator)
                return self.own(before) + separator + self.own(after)
        return self._written(words)

    def shown(self, words: str) -> Markup:
        """As `own`, escaped; what stayed English is marked so, for those who listen to a page."""
        return self._marked(self.own(words))

    def quoted(self, words: str) -> Markup:
        """What an author or a source wrote, as it was written."""
        return self._marked(words)

    def number(self, value: float) -> str:
        """Write a number as people do: thousands apart, no needless digits."""
        return self._written(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}")

    def day(self, day: dt.date) -> str:
        """Write a date."""
        return self._written(day.isoformat())

    def _marked(self, words: str) -> Markup:
        if self.code != "en" and re.search("[A-Za-z]{3}", words) and not re.search("[\u0400-\u04ff]", words):
            return Markup('<span lang="en">{}</span>').format(words)
        return escape(words)

    def _form(self, forms: Forms, n: object) -> str:
        if isinstance(forms, str):
            return forms
        return forms[_plural(self.code, n) if isinstance(n, int | float) else "other"]

    def _written(self, words: str) -> str:
        """Numbers, days and months in the language's way."""
        if self.code == "en":
            return words
        words = _WRITTEN_DAY.sub(lambda at: self._date(int(at[3]), int(at[2]), at[1]), words)
        words = _WRITTEN_MONTH.sub(lambda at: self._date(int(at[1] or 0), _ENGLISH_MONTHS[at[2]], at[3]), words)
        words = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "\u00a0", words)
        return re.sub(r"(?<=\d)\.(?=\d)", ",", words)

    def _date(self, day: int, month: int, year: str) -> str:
        """A day, or a whole month where it is 0."""
        name = str(self.texts[f"month.{'of' if day else 'name'}{month}"])
        return f"{day}\u00a0{name}\u00a0{year}" if day else f"{name}\u00a0{year}"


def _count(words: str | None) -> int | None:
    """The whole number that words begin with, which chooses a plural form; None for none."""
    match = re.match(r"[\d,]+(?![.\d])", words or "")
    return int(match[0].replace(",", "")) if match and match[0].strip(",") else None


def _plural(code: LanguageCode, n: float) -> str:
    """The plural form of a number. Source: CLDR 45, language plural rules."""
    if n != int(n):
        return "other"
    if code == "en":
        return "one" if n == 1 else "other"
    ten, hundred = int(n) % 10, int(n) % 100
    if ten == 1 and hundred != 11:
        return "one"
    return "few" if 2 <= ten <= 4 and not 12 <= hundred <= 14 else "many"


@cache
def language(code: LanguageCode) -> Language:
    """Give a language by its code.

    Raises
    ------
    InputError
        There is no table of it.
    """
    if code not in PAGE_LANGUAGES:
        raise InputError("language", [f"found {code!r}; pages are written in {' and '.join(PAGE_LANGUAGES)}"])
    table = tomllib.loads(files("tegmen.report").joinpath("texts", f"{code}.toml").read_text(encoding="utf-8"))
    said = cast("dict[str, Forms]", table.pop("said", {}))
    # What says most by itself comes first: a pattern that is nearly all placeholder takes what is left.
    ordered = sorted(said, key=lambda words: (bool(_GAP.search(words)), -len(_GAP.sub("", words))))
    return Language(code, _keyed(table), tuple((_wording(words), said[words]) for words in ordered))


def _keyed(table: Mapping[str, Any], at: str = "") -> dict[str, Forms]:
    """Key of every text, its headings joined by dots."""
    flat: dict[str, Forms] = {}
    for name, value in table.items():
        if isinstance(value, str) or set(value) <= set(FORMS):
            flat[at + name] = value
        else:
            flat |= _keyed(value, f"{at}{name}.")
    return flat


def _wording(words: str) -> re.Pattern[str]:
    parts = _GAP.split(words)  # words, name, words, name, ..., words
    return re.compile(
        "".join(
            f"(?P<{part}>{_FILLS.get(part, _PHRASE)})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
        )
    )
