"""Labelled articles: what a label says, and which fields of a draft say the same.

A label is a line ``kind[:status] | thing | low,best,high hedge [unit] | speaker | days | role``. " / " parts what is
right either way, the last part may be left out, and what a label leaves empty must be absent.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.reading.drafts import Draft
from tegmen.ledger.reading.extraction import read_article

ARTICLES = Path(__file__).parent / "ledger" / "articles"
COUNTED = frozenset({"statement", "commitment"})
FIELDS = ("quantity", "thing", "role", "speaker", "time")


def labelled(*names: str) -> list[dict]:
    files = ((ARTICLES / f"{name}.toml").read_text(encoding="utf-8") for name in names)
    return [article for text in files for article in tomllib.loads(text)["article"]]


def read(article: dict) -> list[Draft]:
    return list(read_article(make_article(article["text"].encode(), date=article.get("date"))).drafts)


def as_read(draft: Draft) -> Draft:
    """Fill what is not sure with what was read all the same."""
    return draft if draft.guess is None else replace(draft, entry=draft.guess)


@dataclass(frozen=True)
class Label:
    """One label: for every part what is right."""

    kinds: tuple[str, ...]
    things: tuple[str, ...]
    quantities: tuple[str, ...]
    speakers: tuple[str, ...]
    days: tuple[str, ...]
    roles: tuple[str, ...] | None

    @property
    def kind(self) -> str:
        return self.kinds[0].removeprefix("doubtful:").partition(":")[0]

    def fields(self, draft: Draft) -> dict[str, bool]:
        """Which fields of a draft say what the label does; speakers of events are not asked for."""
        entry = draft.entry
        right = {
            "quantity": any(_quantity_agrees(words, draft) for words in self.quantities),
            "thing": any(_thing_agrees(self.kind, words, draft) for words in self.things),
            "role": any(_kind_agrees(words, draft) for words in self.kinds) and self._role_agrees(draft),
            "speaker": self.kind not in COUNTED or entry.speaker.lower() in {name.lower() for name in self.speakers},
            "time": any(_when_agrees(words, draft) for words in self.days),
        }
        return right | {
            "kind": any(words.removeprefix("doubtful:").partition(":")[0] == entry.kind for words in self.kinds)
        }

    def _role_agrees(self, draft: Draft) -> bool:
        return self.roles is None or draft.entry.kind == "commitment" or draft.entry.role in self.roles


def label_of(line: str) -> Label:
    parts = [tuple(part.strip() for part in re.split(r"(?:^|(?<=\s))/(?=\s|$)", text)) for text in line.split("|")]
    return Label(*parts[:5], parts[5] if len(parts) > 5 else None)


def pairs(labels: Sequence[Label], drafts: Sequence[Draft]) -> Iterator[tuple[Label, Draft, dict[str, bool]]]:
    """Pair each label with the draft that says most of it; a pair agrees at least in number and thing."""
    scored = [
        (sum(right.values()), -at, -of, right)
        for of, label in enumerate(labels)
        for at, draft in enumerate(drafts)
        for right in [label.fields(draft)]
        if right["quantity"]
        and right["thing"]
        and (right["kind"] or (label.kind in COUNTED and draft.entry.kind in COUNTED))
    ]
    taken, used = set[int](), set[int]()
    for _, at, of, right in sorted(scored, key=lambda row: row[:3], reverse=True):
        if at not in taken and of not in used:
            taken.add(at)
            used.add(of)
            yield labels[-of], drafts[-at], right


def _kind_agrees(words: str, draft: Draft) -> bool:
    doubtful, kind = words.startswith("doubtful:"), words.removeprefix("doubtful:")
    kind, _, status = kind.partition(":")
    return (draft.entry.kind, draft.entry.status) == (kind, status) and (draft.entry.doubtful or not doubtful)


def _thing_agrees(kind: str, thing: str, draft: Draft) -> bool:
    entry = draft.entry
    if kind == "meeting" and " + " in thing:
        return set(entry.participants) == set(thing.split(" + "))
    if kind == "incident":
        return entry.place == thing
    if kind in {"measure", "meeting"}:
        return thing.lower() in entry.thing.lower()
    return entry.thing.lower() == thing.lower()


def _quantity_agrees(words: str, draft: Draft) -> bool:
    held = draft.entry.quantity
    if not words:
        return held is None
    match = re.fullmatch(r"([\d.]*),([\d.]*),([\d.]*) ([a-z ]+) \[(.+)\]", words)
    assert match is not None, words
    low, best, high = (float(text) if text else None for text in match.groups()[:3])
    said = (low, best, high, match[4], match[5])
    return held is not None and (held.low, held.best, held.high, held.hedge, held.unit) == said


def _when_agrees(words: str, draft: Draft) -> bool:
    entry = draft.entry
    if not words:
        return entry.period is None and entry.date is None
    first, _, last = words.partition("..")
    days = (dt.date.fromisoformat(first), dt.date.fromisoformat(last or first))
    return entry.period == days or (days[0] == days[1] == entry.date)
