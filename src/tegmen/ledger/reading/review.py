"""Drafts to entries: a person accepts, edits or rejects each; what is accepted goes into the ledger with its source."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from tegmen.errors import InputError
from tegmen.ledger.entries import Entry, Hedge, Kind, Quantity, Source
from tegmen.ledger.reading.drafting import Reading
from tegmen.ledger.reading.drafts import Draft, quantity_json, show_draft

if TYPE_CHECKING:
    from tegmen.ledger.store import Ledger

Choice = Literal["accept", "edit", "reject", "quit"]
EDITABLE = (
    "kind",
    "speaker",
    "via",
    "thing",
    "quantity",
    "period",
    "date",
    "place",
    "participants",
    "topics",
    "status",
    "due",
    "doubtful",
    "note",
)


@dataclass(frozen=True, slots=True)
class Asker:
    """How a person is asked.

    Parameters
    ----------
    choose
        Shows a draft in words, and gives what the person decides.
    edit
        Shows a draft as JSON, and gives the JSON the person makes of it.
    """

    choose: Callable[[str], Choice]
    edit: Callable[[str], str]


def source_of(reading: Reading, *, publisher: str, url: str = "", title: str = "", reliability: str = "F") -> Source:
    """Make the source of an article: what is not given is taken from its page.

    Raises
    ------
    InputError
        Nobody says who published it.
    """
    article = reading.article
    return Source(
        publisher=publisher or article.publisher,
        title=title or article.title,
        url=url or article.url,
        published=reading.anchor.day if reading.anchor.sure else None,
        sha256=article.sha256,
        reliability=reliability,
    )


def review(reading: Reading, asker: Asker) -> tuple[Entry, ...]:
    """Ask a person about each draft; an edited draft is no longer doubtful, unless the person says so.

    Returns
    -------
        What was accepted. Asking ends early where the person quits; what was accepted until then counts.
    """
    accepted: list[Entry] = []
    for draft in reading.drafts:
        choice = asker.choose(show_draft(draft, reading.article.text))
        if choice == "quit":
            break
        if choice == "edit":
            accepted.append(edited(draft, asker.edit(editable(draft))))
        elif choice == "accept":
            accepted.append(draft.entry)
    return tuple(accepted)


def keep(ledger: Ledger, source: Source, entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """Add accepted entries to a ledger, with their source; returns their ids."""
    return ledger.add([source], [replace(entry, source=source.id) for entry in entries])


def editable(draft: Draft) -> str:
    """Write a draft as JSON for a person to change; days as YYYY-MM-DD."""
    entry = draft.entry
    held = {name: getattr(entry, name) for name in EDITABLE}
    held["quantity"] = None if entry.quantity is None else quantity_json(entry.quantity)
    return json.dumps(held, default=str, ensure_ascii=False, indent=1)


def edited(draft: Draft, text: str) -> Entry:
    """Read back what a person made of a draft.

    Raises
    ------
    InputError
        No JSON, an unknown field, or a value that the ledger cannot hold.
    """
    try:
        held = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError("the edited draft", [f"line {error.lineno}: {error.msg}; it must stay JSON"]) from None
    if not isinstance(held, dict) or set(held) - set(EDITABLE):
        unknown = sorted(set(cast("dict[str, object]", held)) - set(EDITABLE)) if isinstance(held, dict) else held
        raise InputError("the edited draft", [f"found {unknown}; allowed: {', '.join(EDITABLE)}"])
    fields = cast("dict[str, object]", held)
    try:
        return replace(draft.entry, **_typed(fields))  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError, KeyError) as error:
        raise InputError("the edited draft", [f"{error}; keep the form of each field"]) from None


def _typed(fields: Mapping[str, object]) -> dict[str, object]:
    """Values of JSON as the entry holds them."""
    made: dict[str, object] = dict(fields)
    for name in ("date", "due"):
        if fields.get(name):
            made[name] = dt.date.fromisoformat(str(fields[name]))
    if fields.get("period"):
        first, last = cast("list[str]", fields["period"])
        made["period"] = (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    for name in ("participants", "topics"):
        if name in fields:
            made[name] = tuple(str(item) for item in cast("list[object]", fields[name] or []))
    if fields.get("quantity"):
        made["quantity"] = _quantity(cast("dict[str, object]", fields["quantity"]))
    if "kind" in fields:
        made["kind"] = cast("Kind", fields["kind"])
    return made


def _quantity(held: Mapping[str, object]) -> Quantity:
    low, best, high = (None if held.get(name) is None else float(str(held[name])) for name in ("low", "best", "high"))
    return Quantity(low, best, high, cast("Hedge", held["hedge"]), str(held["unit"]))
