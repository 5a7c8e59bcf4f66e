"""The verbs `tegmen ledger read` and `tegmen ledger review`: an article to drafts, and drafts to entries."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

import tegmen as tg
from tegmen.cli.console import echo
from tegmen.cli.ledger import day_of
from tegmen.errors import InputError

if TYPE_CHECKING:
    from tegmen.ledger.entries import Source
    from tegmen.ledger.reading.extraction import Reading
    from tegmen.ledger.reading.review import Choice

_UNNAMED = "not named"
ArticleFile = Annotated[Path, typer.Argument(metavar="FILE", help="Article, plain text or HTML; - for standard input.")]
ArticleDay = Annotated[str | None, typer.Option("--date", help="Day of the article, YYYY-MM-DD. [default: as it says]")]

Address = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="Ask your own language model, too, at an address such as "
                 "http://localhost:8080/v1; the text of the article is sent there. [default: none is asked]"),
]  # fmt: skip
ModelName = Annotated[str, typer.Option("--model", help="Name of the model, as the address knows it.")]


def read(
    file: ArticleFile,
    date: ArticleDay = None,
    endpoint: Address = None,
    model: ModelName = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the drafts as JSON.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text that offsets count in, and stop.")] = False,
) -> None:
    """Read an article into draft entries; nothing is written. `review` puts them into a ledger."""
    reading = _reading(file, date, endpoint, model)
    if text:
        echo(reading.article.text.encode("utf-8", "replace"), nl=False)
        return
    from tegmen.ledger.reading.drafts import draft_json, show_draft

    content = reading.article.text
    _tell(reading)
    if as_json:
        drafts = [draft_json(draft, content) for draft in reading.drafts]
        echo(json.dumps(drafts, ensure_ascii=False, indent=1).encode("utf-8", "replace"))
        return
    for draft in reading.drafts:
        echo(show_draft(draft, content) + "\n")
    doubtful, left = sum(draft.entry.doubtful for draft in reading.drafts), sum(len(d.open) for d in reading.drafts)
    told = f"{len(reading.drafts)} drafts, {doubtful} doubtful, {left} fields left open"
    echo(f"{told}; accept them with `tegmen ledger review`")


def review(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: ArticleFile,
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="Your own ledger: ask here, and put what is taken into it.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Page to write. [default: the article's name, .review.html]")
    ] = None,
    date: ArticleDay = None,
    publisher: Annotated[str, typer.Option(help="Who published it. [default: as the page says, else asked]")] = "",
    url: Annotated[str, typer.Option(help="Where; text only, nothing is fetched.")] = "",
    published: Annotated[str | None, typer.Option(help="Day of publication, YYYY-MM-DD; the same as --date.")] = None,
    title: Annotated[str, typer.Option(help="Headline.")] = "",
    reliability: Annotated[str, typer.Option(help="Reliability of the source, A (best) to F (unknown).")] = "F",
    endpoint: Address = None,
    model: ModelName = "default",
    accept_all: Annotated[
        bool, typer.Option("--accept-all", help="Take what is sure of every draft, leave the rest open, ask nothing.")
    ] = False,
) -> None:
    """Check the drafts of an article on a page of its own; with --ledger, here in the terminal."""
    from tegmen.ledger.reading.review import source_of

    if ledger is None and accept_all:
        raise InputError("--accept-all", ["found no --ledger; name the ledger that what is sure goes into"])
    if ledger is not None and out is not None:
        raise InputError("--out", ["found --ledger, too: a page is saved to a file and imported; give one of them"])
    reading = _reading(file, date or published, endpoint, model)
    _tell(reading)
    publisher = publisher or reading.article.publisher
    if ledger is not None and not publisher:
        if accept_all:
            raise InputError("--publisher", ["found nothing, and the article does not say; name who published it"])
        publisher = typer.prompt("Who published it?")
    source = source_of(reading, publisher=publisher or _UNNAMED, url=url, title=title, reliability=reliability)
    if ledger is None:
        _write_page(reading, source, out or Path(f"{'article' if str(file) == '-' else file.stem}.review.html"))
    else:
        _take_drafts(reading, source, ledger, ask=not accept_all)


def _write_page(reading: Reading, source: Source, out: Path) -> None:
    """Write the page on which a person checks; it asks for a publisher that is not known."""
    from tegmen.ledger.entries import stated
    from tegmen.report.review_page import write_review

    known = {name: str(value) for name, value in stated(source).items() if value != _UNNAMED}
    written = write_review(reading, known, out)
    echo(f"wrote {written}: open it in a browser, check, and save; then take in what you saved:")
    echo(f"tegmen ledger import {written.stem}.jsonl --ledger FILE")


def _take_drafts(reading: Reading, source: Source, ledger: Path, *, ask: bool) -> None:
    """Put drafts into a ledger: those a person takes, or all as far as they are sure."""
    from tegmen.ledger.reading.review import Asker, keep, review_drafts

    with tg.open_ledger(ledger) as opened:
        every = tuple(draft.entry for draft in reading.drafts)
        entries = review_drafts(reading, Asker(_choose, _edit)) if ask else every
        for each in keep(opened, source, entries):
            echo(each)
    echo(f"{len(entries)} entries are in {ledger}, of {len(reading.drafts)} drafts", err=True)


def _reading(file: Path, date: str | None, url: str | None, model: str) -> Reading:
    from tegmen.ledger.reading.articles import open_article
    from tegmen.ledger.reading.endpoint import endpoint_at
    from tegmen.ledger.reading.extraction import read_article

    endpoint = None if url is None else endpoint_at(url, model)
    stream = sys.stdin.buffer if str(file) == "-" else None
    return read_article(open_article(file, date=day_of("--date", date), stream=stream), endpoint=endpoint)


def _tell(reading: Reading) -> None:
    for note in reading.notes:
        echo(f"note: {note}", err=True)


def _choose(words: str) -> Choice:
    echo("\n" + words)
    letters: dict[str, Choice] = {
        "a": "accept", "g": "accept with guesses", "e": "edit", "r": "reject", "n": "new", "q": "quit",
    }  # fmt: skip
    asked = "[a]ccept, with [g]uesses, [e]dit, [r]eject, [n]ew, [q]uit"
    while True:
        answer = typer.prompt(asked, default="a").strip().lower()[:1]
        if answer in letters:
            return letters[answer]


def _edit(content: str) -> str:
    changed = click.edit(content, extension=".json")
    return content if changed is None else changed
