"""Names of weapons: labels of reports looked up in our tables, and in a user's own; nothing is guessed."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.terms import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Word = Mapping[str, str]  # row of classes.csv: label as printed, threat class, weapon, broad class

_ALIKE: Final = 0.8  # share of letters in common, as difflib counts it
_LABEL_MAX: Final = 60
_OWN_BYTES_MAX: Final = 1_000_000
_LOOKALIKES: Final = str.maketrans("авекмнорстухі", "abekmhopctyxi")
_AND: Final = re.compile(r"\s+and\s+", re.IGNORECASE)
_AN_EXAMPLE: Final = '"Oreshnik-7" = "ballistic"'


@dataclass(frozen=True, slots=True)
class WeaponNames:
    """Labels that are read, and the class and weapon of each.

    Parameters
    ----------
    exact
        By spelling, in the letters it is printed in.
    folded
        By spelling with Cyrillic letters taken for the Latin ones they look like; without the few names that would
        then read as another ("Р-500" as the Latin P-500).
    own
        Label to class of a user's own names.
    sha256
        Of the user's file; empty where there is none.
    """

    exact: Mapping[str, Word]
    folded: Mapping[str, Word]
    own: Mapping[str, str]
    sha256: str = ""

    def read(self, model: str) -> tuple[str, str]:
        """Class and weapon of a label; those joined by "and" share one pair of counts and stay mixed (trap 5).

        Raises
        ------
        ValueError
            If a part of it is not known.
        """
        words: list[Word] = []
        for part in _AND.split(model.strip()):
            whole = self.find(part)
            # A slash joins names of one label ("X-59/X-69"); where the pair is not listed, its halves may be.
            for name in [part] if whole else _spelling(part).split("/"):
                word = whole or self.find(name)
                if word is None:
                    listed = "a weapon of tegmen/data/record/classes.csv is allowed"
                    raise ValueError(f"found unknown weapon {part!r}; {listed}{self.hint(part)}")
                words.append(word)
        threat_class, weapon = ("+".join(sorted({row[part] for row in words})) for part in ("threat_class", "weapon"))
        return threat_class, weapon

    def find(self, label: str) -> Word | None:
        """Row of one label, first in the letters it is printed in."""
        return self.exact.get(_spelling(label)) or self.folded.get(_spelling(label, fold=True))

    def hint(self, label: str) -> str:
        """Name the weapon that a label looks like, if only one class has such; numbers tell weapons apart (trap 6)."""
        text = _spelling(label, fold=True)
        numbers = _numbers(text)
        alike = [name for name in self.folded if name[:1] == text[:1] and _same_numbers(numbers, name)]
        near = difflib.get_close_matches(text, alike, len(alike) or 1, _ALIKE) if len(text) < _LABEL_MAX else []
        if len({self.folded[name]["threat_class"] for name in near}) == 1:
            return f"; did you mean {self.folded[near[0]]['label']!r}?"
        return "; rename it, name its class with --weapons, or remove the row"

    def weapon_classes(self) -> dict[str, str]:
        """Class of each weapon by its plain name."""
        return {word["weapon"]: word["threat_class"] for word in self.exact.values()}

    def own_notes(self, labels: Iterable[str]) -> tuple[str, ...]:
        """Say which labels of a record a user's own names decide, and which of these names no row has."""
        seen = dict.fromkeys(self.own, 0)
        for label in labels:
            for part in _AND.split(label.strip()):
                word = self.find(part)
                if word is not None and word["label"] in seen:
                    seen[word["label"]] += 1
        if not seen:
            return ()
        said = ", ".join(f"{name!r} as {self.own[name]} ({count_of(n, 'row')})" for name, n in seen.items())
        return (f"Read by your own table of weapons: {said}.",)


def weapon_names(path: str | Path | None = None) -> WeaponNames:
    """Read the names of weapons: those shipped, and a user's own.

    Parameters
    ----------
    path
        TOML file of lines such as ``"Oreshnik-7" = "ballistic"``: a label as the record prints it, and its class. The
        weapon then goes by its label. None: the shipped names alone.

    Raises
    ------
    InputError
        If the file cannot be read, or a label or class of it is not allowed; with every fault of it.
    """
    listed = _word_rows("classes.csv")
    by_label = {row["label"]: row for row in listed}
    named = [(row["label"], row) for row in listed]
    named += [(row["alias"], by_label[row["label"]]) for row in _word_rows("aliases.csv")]
    names = WeaponNames({_spelling(name): row for name, row in named}, _folded(named), {})
    return names if path is None else _with_own(names, Path(path))


def _with_own(names: WeaponNames, path: Path) -> WeaponNames:
    content, sha256 = _read_own(path)
    faults = [fault for label, word in content.items() if (fault := _own_fault(label, word, names))]
    if faults or not content:
        empty = f"found no line; lines such as {_AN_EXAMPLE} are allowed; add one, or leave --weapons out"
        raise InputError(str(path), faults or [empty])
    broad = broad_words()
    own = {" ".join(label.split()): word for label, word in content.items() if names.find(label) is None}
    rows = [
        (label, {"label": label, "threat_class": word, "weapon": label, "broad": broad[word]})
        for label, word in own.items()
    ]
    exact = {_spelling(label): row for label, row in rows}
    return WeaponNames({**names.exact, **exact}, {**_folded(rows), **names.folded}, own, sha256)


def _read_own(path: Path) -> tuple[dict[str, Any], str]:
    try:
        content = path.read_bytes()
        if len(content) > _OWN_BYTES_MAX:
            raise InputError(str(path), [f"larger than {_OWN_BYTES_MAX:,} bytes; a table of weapons is a few lines"])
        return tomllib.loads(content.decode("utf-8-sig")), hashlib.sha256(content).hexdigest()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fault = f"cannot be read ({reason}); a TOML file with lines such as {_AN_EXAMPLE} is allowed; check the path"
    except RecursionError:
        fault = f"brackets within brackets without end; lines such as {_AN_EXAMPLE} are allowed"
    except ValueError as error:  # no UTF-8, no TOML, a number of thousands of digits
        fault = f"not valid TOML ({error}); lines such as {_AN_EXAMPLE} are allowed; put labels in quotes"
    raise InputError(str(path), [fault])


def _own_fault(label: str, word: object, names: WeaponNames) -> str:
    """What is wrong with a line of a user's table; empty where nothing is."""
    if not isinstance(word, str):
        return f"{label[:60]!r}: found {type(word).__name__}; a class in quotes is allowed, as in {_AN_EXAMPLE}"
    if word not in broad_words():
        return f"{label[:60]!r}: found {word[:60]!r}; allowed: {', '.join(sorted(broad_words()))}; correct it"
    if not label.strip() or len(label) > _LABEL_MAX or not label.isprintable() or "+" in label:
        return f"{label[:60]!r}: a label of 1 to {_LABEL_MAX} printed characters without + is allowed; correct it"
    if _AND.search(label):
        return f"{label!r}: joins weapons; one weapon a line is allowed, and rows that join them are then read"
    known = names.find(label)
    if known is not None and known["threat_class"] != word:
        what = f"is read as {known['label']!r}, of class {known['threat_class']}, already"
        return f"{label!r}: {what}; only labels that are not known can be named; remove the line"
    return ""


def threat_words(threat_class: str) -> tuple[str, ...]:
    """Split a threat class or mixture into its words.

    Raises
    ------
    InputError
        If one of them is not a word of ``classes.csv``.
    """
    known = broad_words()
    parts = tuple(threat_class.split("+"))
    if strange := [part for part in parts if part not in known]:
        listed = ", ".join(sorted(known))
        fault = f"found {strange[0]!r}; allowed: {listed}, joined by + for a mixture; correct it"
        raise InputError("threat_class", [fault])
    return parts


def broad_words() -> dict[str, str]:
    """Broad class of the monthly totals by threat class word."""
    return {row["threat_class"]: row["broad"] for row in _word_rows("classes.csv")}


def _folded(named: Iterable[tuple[str, Word]]) -> dict[str, Word]:
    """Names by folded spelling; a Cyrillic one that would then be Latin throughout could be another weapon's."""
    folded = {_spelling(name, fold=True): (name, row) for name, row in named}
    return {text: row for text, (name, row) in folded.items() if name.isascii() or not text.isascii()}


def _spelling(name: str, *, fold: bool = False) -> str:
    """Spelling that Kh-/X-, S-/C-, case, dashes and blanks do not change, nor look-alikes where folded (trap 6)."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = " ".join(re.sub(r"[\u2010-\u2015]", "-", text).split())
    text = text.translate(_LOOKALIKES) if fold else text
    text = re.sub(r"\b(?:kh|x)[- ]?(?=\d)", "x-", text)
    text = re.sub(r"\b[sc][- ]?(?=[34]00)", "c-", text)
    return "/".join(sorted(part.strip() for part in text.split("/")))


def _same_numbers(numbers: Sequence[str], name: str) -> bool:
    """Whether each of some numbers is one of a name's, or its last digit was lost."""
    known = _numbers(name)
    return all(any(number in {other, other[:-1]} for other in known) for number in numbers)


@lru_cache(maxsize=1024)
def _numbers(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", name))


def _word_rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(shipped_text("record", name), newline="")))
