"""The verbs `tegmen ledger ...`: look at what sources say, add to it, pass it on."""

from __future__ import annotations

import datetime as dt
import json
import textwrap
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tegmen as tg
from tegmen.cli.console import echo, show_rows
from tegmen.errors import InputError
from tegmen.ledger.entries import STAGES, Entry, Kind
from tegmen.ledger.files import replace_file

if TYPE_CHECKING:
    from tegmen.ledger.aid import AidStatus
    from tegmen.ledger.hedges import Rules
    from tegmen.ledger.inventory import Inventory
    from tegmen.ledger.store import Ledger

TEXT_WIDTH = 76

ledger_app = typer.Typer(help="Look at the evidence, add to it, pass it on.", no_args_is_help=True)

ReadFile = Annotated[Path | None, typer.Option("--ledger", help="Ledger to read. [default: the shipped one]")]
WriteFile = Annotated[
    Path, typer.Option("--ledger", help="Your own ledger, made with `tegmen ledger new FILE`; it only grows.")
]
Lines = Annotated[Path, typer.Argument(metavar="LINES", help="File of JSON Lines, or - for standard input.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Hedges = Annotated[Path | None, typer.Option(help="Your own table of hedges (TOML): how hedged numbers become ranges.")]
At = Annotated[str | None, typer.Option(help="Day, YYYY-MM-DD.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of an entry, as `tegmen ledger show` prints it.")]


@ledger_app.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="File to make.")],
    empty: Annotated[bool, typer.Option("--empty", help="Leave the shipped entries out.")] = False,
) -> None:
    """Make a ledger of your own; it starts with the shipped entries."""
    with tg.new_ledger(file, empty=empty) as ledger:
        echo(f"made {file} with {_entries(len(ledger))}; add to it: tegmen ledger add LINES --ledger {file}")


@ledger_app.command("show")
def show_entries(  # noqa: PLR0913, PLR0917 - one parameter an option
    ledger: ReadFile = None,
    kind: Annotated[Kind | None, typer.Option(help="Entries of this kind only.")] = None,
    thing: Annotated[str, typer.Option(help="With these words in what is counted.")] = "",
    speaker: Annotated[str, typer.Option(help="With these words in who said it.")] = "",
    at: At = None,
    most: Annotated[int, typer.Option(min=1, help="Entries to print at most; all with --json.")] = 100,
    hedges: Hedges = None,
    as_json: Json = False,
) -> None:
    """Show current entries: as stated, and as the range that tegmen reads in it."""
    rules = _rules(hedges)
    with tg.open_ledger(ledger) as opened:
        found = opened.current(kind=kind, thing=thing, speaker=speaker, at=day_of("--at", at))
        if as_json:
            _print_json(_entries_json(opened, found, rules))
            return
        first = dict(list(found.items())[:most])
        _print_entries(opened, first, rules)
    more = len(found) - len(first)
    echo(_entries(len(found)) + (f"; {more} more: give --most, or narrow with --kind, --thing" if more else ""))


@ledger_app.command("add")
def add(lines: Lines, ledger: WriteFile) -> None:
    """Add entries and their sources; prints the id of each entry."""
    for each in _taken_in(lines, ledger)[0]:
        echo(each)


@ledger_app.command("import")
def import_lines(lines: Lines, ledger: WriteFile) -> None:
    """Take in what `tegmen ledger export` wrote; what is there already stays as it is."""
    ids, new_ones = _taken_in(lines, ledger)
    echo(f"{_entries(len(ids))} in {lines}: {new_ones} new, {len(ids) - new_ones} there already")


@ledger_app.command("export")
def export(
    ledger: ReadFile = None, out: Annotated[Path | None, typer.Option(help="File to write. [default: print]")] = None
) -> None:
    """Write everything as JSON Lines: the same content, the same lines, so that versions compare well."""
    with tg.open_ledger(ledger) as opened:
        content = "".join(f"{line}\n" for line in opened.export()).encode()
    if out is None:
        echo(content, nl=False)
        return
    try:
        replace_file(out, content)
    except OSError as error:
        raise InputError(str(out), [f"cannot be written ({error.strerror}); give a place you may write to"]) from None


@ledger_app.command("history")
def history(id_: Id, ledger: ReadFile = None, as_json: Json = False) -> None:
    """Show an entry with everything it corrects and everything that corrects it."""
    with tg.open_ledger(ledger) as opened:
        chain = opened.history(id_)
        if as_json:
            _print_json(_entries_json(opened, chain, None))
            return
        _print_entries(opened, chain, None)
    for each, entry in chain.items():
        if entry.corrects:
            echo(f"{each} corrects {entry.corrects}: {entry.note}")


@ledger_app.command("rivals")
def rivals(
    id_: Annotated[str, typer.Argument(metavar="[ID]", help="Entry; all disputed things without it.")] = "",
    ledger: ReadFile = None,
    hedges: Hedges = None,
    as_json: Json = False,
) -> None:
    """Show rival values of one thing and period side by side, and what made each number of their ranges."""
    from tegmen.ledger.hedges import range_of

    rules = _rules(hedges)
    with tg.open_ledger(ledger) as opened:
        groups = ({id_: opened.entry(id_), **opened.rivals(id_)},) if id_ else opened.disputed()
        if as_json:
            _print_json([_entries_json(opened, group, rules) for group in groups])
            return
        for group in groups:
            _print_entries(opened, group, rules)
            for each, entry in group.items():
                if (span := range_of(opened, each, entry, rules)) is not None:
                    echo(f"{each} read as {span}")
                    for name, made in zip(("low", "best", "high"), span.made, strict=True):
                        echo(f"    {name}: {made}")
            echo()


@ledger_app.command("status")
def status(ledger: ReadFile = None, at: At = None, hedges: Hedges = None, as_json: Json = False) -> None:
    """Show aid at a day (today without --at): asked for, promised, delivered, overdue; and who then held how many."""
    day, rules = day_of("--at", at) or dt.datetime.now(tz=dt.UTC).date(), _rules(hedges)
    with tg.open_ledger(ledger) as opened:
        found, held = tg.aid_status(opened, day, rules), tg.inventories(opened, day, rules)
    if as_json:
        _print_json({field.name: getattr(found, field.name) for field in fields(found)} | {"inventories": held})
        return
    _show_aid(found)
    _show_inventories(held, day)


def _show_aid(found: AidStatus) -> None:
    numbers = {
        **{stage: [each.amounts.get(stage) for each in found.holdings] for stage in STAGES},
        "owed": [each.outstanding for each in found.holdings],
        "overdue": [each.overdue for each in found.holdings],
    }
    shown = {name: amounts for name, amounts in numbers.items() if any(amounts) or name == "overdue"}
    rows = [
        (each.name, *("–" if amounts[i] is None else str(amounts[i]) for amounts in shown.values()))
        for i, each in enumerate(found.holdings)
    ]
    show_rows(f"Aid at the end of {found.at}", ("holder: item", *shown), rows, left=("holder: item",))
    echo("owed: promised, and neither delivered nor lapsed.")
    echo("–: nothing on record. ?: the number is not known.")


def _show_inventories(held: tuple[Inventory, ...], at: dt.date) -> None:
    rows = [
        (f"{each.holder}: {each.system}, {each.unit}", str(each.amount), f"{each.amount.best:g}", str(len(each.lines)),
         str(each.last) if each.beyond else "")
        for each in held
    ]  # fmt: skip
    head = ("holder: system", "held", "best", "lines", "last told of")
    show_rows(f"\nHeld at the end of {at}", head, rows, left=("holder: system",))
    echo("lines: entries that make the range; --json names them.")
    echo("last told of: shown where the ledger ends before that day.")


def _taken_in(lines: Path, file: Path) -> tuple[tuple[str, ...], int]:
    """Add a file's entries: their ids, and how many were new."""
    from tegmen.ledger.jsonl import read_bytes

    with tg.open_ledger(file) as ledger:
        before = len(ledger)
        ids = ledger.take_in(read_bytes(lines), str(lines))
        return ids, len(ledger) - before


def _rules(file: Path | None) -> Rules:
    from tegmen.ledger.hedges import read_rules

    return read_rules(file)


def day_of(option: str, text: str | None) -> dt.date | None:
    """Read the day of an option.

    Raises
    ------
    InputError
        No day of the calendar.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError(option, [f"found {text!r}, which is no day of the calendar; write it YYYY-MM-DD"]) from None


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def _entries_json(ledger: Ledger, entries: Mapping[str, Entry], rules: Rules | None) -> list[dict[str, Any]]:
    """Give each entry as its line has it, with the range read in it."""
    from tegmen.ledger.hedges import range_of
    from tegmen.ledger.jsonl import line_of

    ranges = {each: range_of(ledger, each, entry, rules) for each, entry in entries.items()}
    return [
        json.loads(line_of(entry, each)) | ({} if ranges[each] is None else {"range": ranges[each]})
        for each, entry in entries.items()
    ]


def _print_json(content: object) -> None:
    text = json.dumps(content, default=_as_json, ensure_ascii=False, indent=1, sort_keys=True)
    echo(text.encode())


def _as_json(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    return {field.name: getattr(value, field.name) for field in fields(value)} if is_dataclass(value) else str(value)


def _print_entries(ledger: Ledger, entries: Mapping[str, Entry], rules: Rules | None) -> None:
    """Print a few lines an entry: id and days; what, as said, and as a range; who said it, through whom, where."""
    from tegmen.ledger.aid import NOT_NAMED
    from tegmen.ledger.hedges import range_of

    sources = ledger.sources()
    for each, entry in entries.items():
        days = " to ".join(dict.fromkeys(map(str, entry.period or [entry.date or ""])))
        echo(f"{each}  {days}{'  (doubtful)' if entry.doubtful else ''}".rstrip())
        span = range_of(ledger, each, entry, rules)
        what = [
            entry.thing,
            "" if entry.role in entry.thing else entry.role,  # "Patriot held by Spain" says it already
            entry.status,
            entry.place,
            " – ".join(name or NOT_NAMED for name in entry.participants),
        ]
        said = "" if span is None else f": {span.words}" + (f" → {span}" if span.low < span.high else "")
        topics = f"; {', '.join(entry.topics)}" if entry.topics else ""
        who = [entry.speaker, entry.via, sources[entry.source].publisher]
        for text in (", ".join(filter(None, what)) + said + topics, ", ".join(filter(None, who))):
            for line in textwrap.wrap(text, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False):
                echo(f"    {line}")
