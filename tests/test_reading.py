"""Reading articles: labelled articles with precision and recall, the founding text, and what cannot be read."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tegmen.articles import make_article
from tegmen.drafts import Draft
from tegmen.reading import read_article

ARTICLES = Path(__file__).parent / "articles"


def labelled(name: str) -> list[dict]:
    return tomllib.loads((ARTICLES / name).read_text(encoding="utf-8"))["article"]


def read(article: dict) -> list[Draft]:
    return list(read_article(make_article(article["text"].encode(), date=article.get("date"))).drafts)


def agrees(label: str, draft: Draft) -> bool:
    """Whether a draft says what a label does; what a label leaves empty must be absent, except speakers of events."""
    kind, thing, quantity, speaker, when = (part.strip() for part in label.split("|"))
    entry = draft.entry
    doubtful, kind = kind.startswith("doubtful:"), kind.removeprefix("doubtful:")
    kind, _, status = kind.partition(":")
    if (entry.kind, entry.status) != (kind, status) or (doubtful and not entry.doubtful):
        return False
    counted = kind in {"statement", "commitment"}
    return (
        thing_agrees(kind, thing, draft)
        and quantity_agrees(quantity, draft)
        and when_agrees(when, draft)
        and (not counted or entry.speaker.lower() == speaker.lower())
    )


def thing_agrees(kind: str, thing: str, draft: Draft) -> bool:
    entry = draft.entry
    if kind == "meeting" and " + " in thing:
        return set(entry.participants) == set(thing.split(" + "))
    if kind == "incident":
        return entry.place == thing
    if kind in {"measure", "meeting"}:
        return thing.lower() in entry.thing.lower()
    return entry.thing.lower() == thing.lower()


def quantity_agrees(words: str, draft: Draft) -> bool:
    held = draft.entry.quantity
    if not words:
        return held is None
    match = re.fullmatch(r"([\d.]*),([\d.]*),([\d.]*) ([a-z ]+) \[(.+)\]", words)
    assert match is not None, words
    low, best, high = (float(text) if text else None for text in match.groups()[:3])
    return held is not None and (held.low, held.best, held.high, held.hedge, held.unit) == (
        low,
        best,
        high,
        match[4],
        match[5],
    )


def when_agrees(words: str, draft: Draft) -> bool:
    entry = draft.entry
    if not words:
        return entry.period is None and entry.date is None
    first, _, last = words.partition("..")
    days = (dt.date.fromisoformat(first), dt.date.fromisoformat(last or first))
    return entry.period == days or (days[0] == days[1] == entry.date)


def compare(article: dict) -> tuple[list[str], list[str], list[Draft]]:
    """Labels found, labels missed, drafts that no label asks for."""
    drafts, found, missed = read(article), [], []
    for label in article["drafts"]:
        match = next((draft for draft in drafts if agrees(label, draft)), None)
        (missed if match is None else found).append(label)
        if match is not None:
            drafts.remove(match)
    return found, missed, drafts


def kind_of(label: str) -> str:
    return label.split("|")[0].strip().removeprefix("doubtful:").partition(":")[0]
