"""The verbs `tegmen ledger read` and `tegmen ledger review`: an article to drafts, and drafts to entries."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

import tegmen as tg
from tegmen.cli.console import INTERRUPTED, echo
from tegmen.cli.ledger import day_of
from tegmen.errors import InputError

if TYPE_CHECKING:
    from tegmen.ledger.reading.extraction import Reading
    from tegmen.ledger.reading.review import Choice

ArticleFile = Annotated[Path, typer.Argument(metavar="FILE", help="Article, plain text or HTML; - for standard input.")]
ArticleDay = Annotated[str | None, typer.Option("--date", help="Day of the article, YYYY-MM-DD. [default: as it says]")]


def read(
    file: ArticleFile,
    date: ArticleDay = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the drafts as JSON.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text that offsets count in, and stop.")] = False,
) -> None:
    """Read an article into draft entries; nothing is written. `review` puts them into a ledger."""
    reading = _reading(file, date)
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
    ledger: Annotated[Path, typer.Option("--ledger", help="Your own ledger, made with `tegmen ledger new FILE`.")],
    date: ArticleDay = None,
    publisher: Annotated[str, typer.Option(help="Who published it. [default: as the page says, else asked]")] = "",
    url: Annotated[str, typer.Option(help="Where; text only, nothing is fetched.")] = "",
    published: Annotated[str | None, typer.Option(help="Day of publication, YYYY-MM-DD; the same as --date.")] = None,
    title: Annotated[str, typer.Option(help="Headline.")] = "",
    reliability: Annotated[str, typer.Option(help="Reliability of the source, A (best) to F (unknown).")] = "F",
    accept_all: Annotated[bool, typer.Option("--accept-all", help="Accept every draft, ask nothing.")] = False,
) -> None:
    """Accept, edit or reject each draft of an article; what is accepted goes into the ledger."""
    from tegmen.ledger.reading.review import Asker, keep, review_drafts, source_of

    reading = _reading(file, date or published)
    _tell(reading)
    publisher = publisher or reading.article.publisher
    if not publisher:
        if accept_all:
            raise InputError("--publisher", ["found nothing, and the article does not say; name who published it"])
        publisher = typer.prompt("Who published it?")
    source = source_of(reading, publisher=publisher, url=url, title=title, reliability=reliability)
    with tg.open_ledger(ledger) as opened:
        every = tuple(draft.entry for draft in reading.drafts)
        try:
            entries = every if accept_all else review_drafts(reading, Asker(_choose, _edit))
        except (typer.Abort, click.Abort, KeyboardInterrupt) as error:  # Ctrl-C, or the end of the input
            if isinstance(error.__context__, EOFError):
                raise
            echo("\ntegmen: interrupted; nothing was written", err=True)
            raise typer.Exit(INTERRUPTED) from None
        for each in keep(opened, source, entries):
            echo(each)
    rejected = len(reading.drafts) - len(entries)
    echo(f"{len(entries)} of {len(reading.drafts)} drafts are in {ledger}; {rejected} not taken", err=True)


def _reading(file: Path, date: str | None) -> Reading:
    from tegmen.ledger.reading.articles import open_article
    from tegmen.ledger.reading.extraction import read_article

    stream = sys.stdin.buffer if str(file) == "-" else None
    return read_article(open_article(file, date=day_of("--date", date), stream=stream))


def _tell(reading: Reading) -> None:
    for note in reading.notes:
        echo(f"note: {note}", err=True)


def _choose(words: str) -> Choice:
    echo("\n" + words)
    letters: dict[str, Choice] = {"a": "accept", "e": "edit", "r": "reject", "q": "quit"}
    while True:
        answer = typer.prompt("[a]ccept, [e]dit, [r]eject, [q]uit", default="a").strip().lower()[:1]
        if answer in letters:
            return letters[answer]


def _edit(content: str) -> str:
    changed = click.edit(content, extension=".json")
    return content if changed is None else changed
