"""The page on which a person checks what was read in an article: one file, no request leaves it. Formats only."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from tegmen.ledger.entries import ENTRY_KINDS, HEDGES, OPEN, ROLES, STAGES, Entry, as_json, stated
from tegmen.ledger.reading.review import blanks
from tegmen.report.folders import write_files
from tegmen.report.sealed import POLICY, in_script, sealed
from tegmen.report.style import fill_page
from tegmen.terms import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.ledger.reading.drafts import Draft
    from tegmen.ledger.reading.extraction import Reading

_ASKED: Final = {"publisher": "", "title": "", "url": "", "published": "", "reliability": "F"}
"""What the page lets a person say of the source."""
_HELD_BACK: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Characters that show nothing, or change how others show: a page shows them as a sign, one for one."""


def write_review(reading: Reading, source: Mapping[str, str], file: Path) -> Path:
    """Write the page of an article that was read.

    Parameters
    ----------
    reading
        The article, its drafts, and the numbers and names in it.
    source
        Fields of the source by name, as far as known; the page asks for the publisher where it is not.
    file
        To be written; what is saved from the page is named after it.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    write_files({file.name: review_page(reading, source, f"{file.stem}.jsonl")}, file.parent)
    return file


def review_page(reading: Reading, source: Mapping[str, str], saved_as: str) -> str:
    """Give the page as text; its policy lets only its own style and script in, by their hashes, and nothing out."""
    page = fill_page(
        "review.html.j2",
        policy=POLICY,
        title=with_signs(source.get("title") or Path(reading.article.name).name),
        source=_ASKED | {name: with_signs(value) for name, value in source.items()},
        notes=[with_signs(note) for note in reading.notes],
        parts=parts_of(reading),
        data=Markup(in_script(page_data(reading, source, saved_as))),  # noqa: S704 - escaped for a script element
        version=VERSION,
    )
    return sealed(page)


def page_data(reading: Reading, source: Mapping[str, str], saved_as: str) -> dict[str, Any]:
    """Give what the script reads: drafts as sure and as guessed, marks, and the words there are to choose from."""
    return {
        "text": reading.article.text,
        "file": saved_as,
        "source": dict(source),
        "drafts": [_draft_data(draft) for draft in reading.drafts],
        "marks": [{"kind": mark.kind, "drafts": mark.drafts} for mark in reading.marks],
        "blanks": {str(at): _stated(entry) for at, entry in blanks(reading).items()},
        "choices": {"kind": ENTRY_KINDS, "hedge": HEDGES, "status": (*STAGES, OPEN), "role": ROLES},
    }


def parts_of(reading: Reading) -> list[dict[str, Any]]:
    """Cut the text where marks and the words of drafts begin and end; a mark is never cut.

    Returns
    -------
        In the order of the text: start, text as shown, drafts whose words these are; and for a mark its number among
        the reading's, its kind, its drafts, and whether it is a number that was missed.
    """
    text, marks = reading.article.text, {mark.start: (at, mark) for at, mark in enumerate(reading.marks)}
    words = [(r.start, r.end, at) for at, draft in enumerate(reading.drafts) for r in draft.because]
    missed = blanks(reading)
    inside = {at for mark in reading.marks for at in range(mark.start + 1, mark.end)}
    cuts = {0, len(text), *(at for start, end, _ in words for at in (start, end))} - inside
    cuts |= {at for mark in reading.marks for at in (mark.start, mark.end)}
    parts: list[dict[str, Any]] = []
    for start, end in pairwise(sorted(cuts)):
        mine = sorted({at for first, past, at in words if first < end and start < past})
        at, mark = marks.get(start, (None, None))
        parts.append({
            "start": start, "text": with_signs(text[start:end]), "words": _spaced(mine), "mark": at,
            "kind": mark.kind if mark else "", "drafts": _spaced(mark.drafts) if mark else "",
            "missed": at in missed,
        })  # fmt: skip
    return parts


def with_signs(text: str) -> str:
    """Show what a page cannot, or must not, show: one sign for one character, so that places stay."""
    return _HELD_BACK.sub("\ufffd", text)


def _draft_data(draft: Draft) -> dict[str, Any]:
    spans = {each.name: each.spans for each in draft.fields}
    return {
        "entry": _stated(draft.entry),
        "guess": _stated(draft.guess or draft.entry),
        "open": draft.open,
        "spans": spans,
    }


def _stated(entry: Entry) -> dict[str, Any]:
    """Give what an entry says, as JSON has it."""
    return json.loads(as_json(stated(entry))) | {"kind": entry.kind}


def _spaced(numbers: Any) -> str:
    return " ".join(map(str, numbers))
