"""What every verb shows on a terminal: tables, plain lines, progress."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from tegmen.errors import visible

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import pandas as pd

    from tegmen.report.trace import Link
    from tegmen.terms import Progress

INTERRUPTED = 130


def echo(text: str | bytes = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text as it is: text from outside commands no terminal."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    typer.echo(visible(shown).encode() if isinstance(text, bytes) else visible(shown), err=err, nl=nl)


def say(text: str, style: str | None = None) -> None:
    """Print a line: text of the user's is no markup, and in a file a sentence stays on one line."""
    from rich.console import Console

    console = Console()
    console.print(visible(text), style=style, markup=False, highlight=False, soft_wrap=not console.is_terminal)


def say_notes(notes: Sequence[str]) -> None:
    """Print what was read but could not be used fully, a line each."""
    for note in notes:
        say(f"note: {note}")


def show(title: str, frame: pd.DataFrame, *, left: tuple[str, ...]) -> None:
    """Print a table of results."""
    rows = [[cell(value) for value in row] for row in frame.itertuples(index=False)]
    show_rows(title, [str(column) for column in frame.columns], rows, left=left)


def show_rows(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, left: tuple[str, ...]) -> None:
    """Lay rows out for 80 columns; what is still too wide is folded, never cut off."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(visible(title)), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in head:
        table.add_column(
            Text(name.replace("_", " ")), justify="left" if name in left else "right", overflow="fold"
        )  # fmt: skip
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    Console().print(table)


def show_chain(chain: Link) -> None:
    """Print where a number comes from, as a tree."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    def bold_first(link: Link) -> Text:
        return Text.assemble((visible(link.id), "bold"), f"  {visible(link.text)}")

    def grow(link: Link, tree: Tree) -> None:
        for below in link.rests_on:
            grow(below, tree.add(bold_first(below)))

    root = Tree(bold_first(chain))
    grow(chain, root)
    Console().print(root)


def cell(value: object) -> str:
    """Write a value as a reader wants it: shares as per cent, yes and no."""
    from tegmen.answer.results import percent

    if isinstance(value, bool):
        return "yes" if value else "no"
    return percent(value).replace(" ", "") if isinstance(value, float) else str(value)


@contextmanager
def progress() -> Generator[Progress]:
    """Show progress on standard error while there is someone to see it."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        try:
            yield tell
        except KeyboardInterrupt:
            bar.stop()
            typer.echo("tegmen: interrupted; nothing was written", err=True)
            raise typer.Exit(INTERRUPTED) from None
