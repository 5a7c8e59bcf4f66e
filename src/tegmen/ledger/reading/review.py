"""Drafts to entries: a person accepts, edits or rejects each; what is accepted goes into the ledger with its source."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tegmen.errors import InputError
from tegmen.ledger.entries import Entry, Source, as_json, stated
from tegmen.ledger.jsonl import entry_of
from tegmen.ledger.reading.drafts import Draft, quantity_json, show_draft
from tegmen.ledger.reading.extraction import Reading

if TYPE_CHECKING:
    from tegmen.ledger.store import Ledger

Choice = Literal["accept", "edit", "reject", "quit"]
EDITABLE = "kind speaker via thing quantity period date place participants topics status role due doubtful note".split()


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


def review_drafts(reading: Reading, asker: Asker) -> tuple[Entry, ...]:
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
    """Write a draft as JSON for a person to change, what is open filled as it was read; days as YYYY-MM-DD."""
    entry = draft.guess or draft.entry
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
    where = "the edited draft"
    try:
        held = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(where, [f"line {error.lineno}: {error.msg}; it must stay JSON"]) from None
    if not isinstance(held, dict):
        raise InputError(where, [f"found {str(held)[:40]!r}; it must stay an object {{...}}"])
    try:
        return entry_of(json.loads(as_json(stated(draft.entry))) | held)
    except InputError as error:
        raise InputError(where, error.faults) from None
