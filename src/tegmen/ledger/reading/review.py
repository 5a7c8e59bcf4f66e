"""Drafts to entries: a person accepts, edits or rejects each; what is accepted goes into the ledger with its source."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tegmen.errors import InputError
from tegmen.ledger.entries import Entry, Source, as_json, stated
from tegmen.ledger.jsonl import entry_of
from tegmen.ledger.reading.dates import find_times
from tegmen.ledger.reading.drafts import Draft, quantity_json, show_draft
from tegmen.ledger.reading.extraction import Reading
from tegmen.ledger.reading.numbers import find_numbers
from tegmen.ledger.reading.sentences import split_sentences

if TYPE_CHECKING:
    from tegmen.ledger.store import Ledger

Choice = Literal["accept", "accept with guesses", "edit", "reject", "new", "quit"]
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

    To accept leaves open what is not sure; "with guesses" takes that, too. Numbers up to the draft's words that made
    none are named with it; "new" begins a statement with the first of them, and asks about the draft again.

    Returns
    -------
        What was accepted. Asking ends early where the person quits; what was accepted until then counts.
    """
    accepted, missed = list[Entry](), blanks(reading)
    for draft in reading.drafts:
        past = draft.entry.evidence[1] if draft.entry.evidence and draft is not reading.drafts[-1] else None
        while True:
            near = [at for at in missed if past is None or reading.marks[at].end <= past]
            choice = asker.choose(show_draft(draft, reading.article.text) + _missed_words(reading, near))
            if choice != "new":
                break
            begun = Draft(missed.pop(near[0]) if near else Entry("statement"))
            if (text := asker.edit(editable(begun))) != editable(begun):
                accepted.append(edited(begun, text))
        if choice == "quit":
            break
        if choice == "edit":
            accepted.append(edited(draft, asker.edit(editable(draft))))
        elif choice != "reject":
            accepted.append(draft.entry if choice == "accept" else draft.guess or draft.entry)
    return tuple(accepted)


def _missed_words(reading: Reading, missed: list[int]) -> str:
    marks = [reading.marks[at] for at in missed]
    return "\n  without a draft: " + ", ".join(reading.article.text[m.start : m.end] for m in marks) if marks else ""


def blanks(reading: Reading) -> dict[int, Entry]:
    """Begin a statement for each number of the text that made no draft, by its place among the marks of the reading.

    It holds the number with its hedge, the word behind it as unit, and the sentence as evidence; the rest is open. The
    numbers of dates are left out.
    """
    begun: dict[int, Entry] = {}
    missed = {mark.start: at for at, mark in enumerate(reading.marks) if mark.kind == "number" and not mark.drafts}
    for sentence in split_sentences(reading.article.text) if missed else ():
        tokens = sentence.tokens
        times = find_times(sentence.text, sentence.start, reading.anchor)
        taken = [any(time.start <= token.start < time.end for time in times) for token in tokens]
        for number in find_numbers(tokens, taken):
            at = missed.get(tokens[number.first].start)
            if at is not None:
                behind = tokens[number.past].text if number.past < len(tokens) else ""
                unit = behind if behind.isalpha() else ""
                place = (sentence.start, sentence.start + len(sentence.text))
                begun[at] = Entry("statement", thing=unit, quantity=number.quantity(unit), evidence=place)
    return begun


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
