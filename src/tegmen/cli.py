"""The command line: a thin skin over the public interface.

Exit codes: 0 done, 1 a fault in the input or in the evidence, 2 wrong usage, 3 infeasible, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tegmen import __version__
from tegmen.errors import TegmenError

if TYPE_CHECKING:
    from collections.abc import Generator

    import pandas as pd
    from rich.table import Table

    from tegmen.answers import Sufficiency
    from tegmen.backtest import Backtest
    from tegmen.record import Record
    from tegmen.terms import Progress

INTERRUPTED = 130
MONTHS_MOST = 1_000_000
"""Worlds x runs held at once: about a gigabyte."""

app = typer.Typer(
    name="tegmen",
    help="How many more air-defence systems are enough, from public evidence, and how sure can we be?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
record_app = typer.Typer(help="Look at the attack record.", no_args_is_help=True)
app.add_typer(record_app, name="record")


class Case(StrEnum):
    """Which evidence case to answer; the two are never averaged."""

    posted = "posted"
    claimed = "claimed"
    both = "both"


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")] = False,
) -> None:
    if debug:
        os.environ["TEGMEN_DEBUG"] = "1"
    if version:
        typer.echo(f"tegmen {__version__}")
        raise typer.Exit


@app.command()
def answer(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="Name of a shipped scenario (see `tegmen scenarios`) or a .toml file."),
    ],
    record: Annotated[
        Path | None, typer.Option(help="Your own attack record (CSV) instead of the embedded one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to. [default: out/SCENARIO]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same answer, bit for bit.")] = 1,
    worlds: Annotated[
        int, typer.Option(min=20, max=2000, help="Worlds to start with; up to 3x as many are drawn if needed.")
    ] = 200,
    runs: Annotated[int, typer.Option(min=2, max=20_000, help="Months simulated a world.")] = 50,
    until: Annotated[
        str | None, typer.Option(help="Last day of the record used, YYYY-MM-DD. [default: the scenario's]")
    ] = None,
    case: Annotated[Case, typer.Option(help="Evidence case.")] = Case.both,
) -> None:
    """Answer SCENARIO: how many more are enough, for which goal, how sure; writes a report."""
    if worlds * runs > MONTHS_MOST:
        found = f"--worlds {worlds} x --runs {runs} is {worlds * runs:,} months"
        raise typer.BadParameter(f"{found}; at most {MONTHS_MOST:,} are allowed: give fewer of one")
    with _progress() as tell:
        import tegmen as tg
        from tegmen.cache import cache_folder
        from tegmen.report import check_writable
        from tegmen.terms import EVIDENCE_CASES

        question = tg.read_scenario(scenario)
        folder = out or Path("out") / question.name
        check_writable(folder)
        tell("reading the record", 0, 1)
        evidence = tg.read_record(record)
        tell("calibrating on the record", 0, 1)
        last = question.until if until is None else until
        calibration = tg.calibrate(evidence, until=last, seed=seed, cache=cache_folder())
        cases = EVIDENCE_CASES if case is Case.both else (case.value,)
        effort = tg.Effort(worlds=worlds, runs=runs, worlds_more=min(100, worlds), worlds_most=3 * worlds)
        result = tg.sufficiency(question, calibration, seed=seed, effort=effort, cases=cases, progress=tell)
        tell("writing the report", 0, 1)
        tg.write_report([result], folder)
    _print_answer(result, folder, evidence.notes)


@app.command()
def drivers(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Name of a shipped scenario or a .toml file.")],
    record: Annotated[Path | None, typer.Option(help="Your own attack record (CSV).")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to. [default: out/SCENARIO]")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same result, bit for bit.")] = 1,
    worlds: Annotated[int, typer.Option(min=100, max=2000, help="Worlds, each drawn twice a source.")] = 200,
    runs: Annotated[int, typer.Option(min=2, max=20_000, help="Months simulated a world.")] = 50,
    case: Annotated[Case, typer.Option(help="Evidence case.")] = Case.both,
) -> None:
    """Find what drives the answer of SCENARIO: shares alone and total, and what knowing would be worth."""
    with _progress() as tell:
        import tegmen as tg
        from tegmen.dossier import DRIVERS_FILES, write_drivers
        from tegmen.drivers import drive
        from tegmen.folders import check_folder
        from tegmen.terms import EVIDENCE_CASES

        question = tg.read_scenario(scenario)
        folder = out or Path("out") / question.name
        check_folder(folder, DRIVERS_FILES)
        calibration = tg.calibrate(tg.read_record(record), until=question.until, seed=seed)
        cases = EVIDENCE_CASES if case is Case.both else (case.value,)
        effort = tg.Effort(worlds=worlds, runs=runs, worlds_most=worlds)
        result = drive(question, calibration, seed=seed, effort=effort, cases=cases, progress=tell)
        page = write_drivers(result, folder)
    from rich.console import Console

    table = result.to_pandas().loc[:, ["case", "unknown", "share", "total", "evppi"]]
    table["evppi"] = [f"{value:.1f}" for value in table["evppi"]]
    Console().print(_table(f"{question.title}: what drives it", table, left=("case", "unknown")))
    typer.echo(f"page: {page}")


@app.command()
def verify(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("out/verification"),
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the tests and the back-test.")] = False,
    answer: Annotated[Path | None, typer.Option(help="Take the sensitivity from this answer.json.")] = None,
    record: Annotated[Path | None, typer.Option(help="Your own attack record (CSV).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same pack.")] = 1,
) -> None:
    """Build the verification and validation pack; exit code 1 if a check or a test fails."""
    with _progress() as tell:
        import tegmen as tg
        from tegmen.dossier import VERIFICATION_FILES, write_verification
        from tegmen.folders import check_folder
        from tegmen.validation import is_public_list
        from tegmen.verification import Extent
        from tegmen.verification import verify as run

        check_folder(out, VERIFICATION_FILES)
        evidence = tg.read_record(record)
        extent = Extent(quick, answer, record if record and is_public_list(record) else None)
        pack = run(evidence, tg.read_scenario("march-2024"), seed=seed, extent=extent, progress=tell)
        page = write_verification(pack, out)
    for line in pack.lines():
        typer.echo(line)
    typer.echo(f"page: {page}")
    raise typer.Exit(pack.exit_code)


@app.command()
def scenarios() -> None:
    """List the shipped scenarios."""
    import tegmen as tg

    for name in tg.scenario_names():
        typer.echo(f"{name}  {tg.read_scenario(name).title}")


@record_app.command("show")
def show_record(
    file: Annotated[
        Path | None, typer.Argument(help="Your own attack record (CSV). [default: the embedded one]")
    ] = None,
) -> None:
    """Show monthly totals of the record, by class, as posted."""
    from rich.console import Console

    import tegmen as tg

    evidence = tg.read_record(file)
    monthly = evidence.monthly()
    title = "Launched and destroyed as posted, by month of the report (all channels)"
    Console().print(_table(title, monthly, left=("month", "broad")))
    typer.echo(
        f"{monthly['rows'].sum()} rows with counts, launched {monthly['launched'].sum()}, destroyed "
        f"{monthly['destroyed'].sum()}; {monthly['rows_without_counts'].sum()} rows without counts. Regional channels "
        "post what was shot down, so these totals are no rates; rates use national channels only."
    )
    for note in evidence.notes:
        typer.echo(f"note: {note}")


class Horizon(StrEnum):
    """How far ahead a back-test forecasts."""

    night = "night"
    month = "month"


class Counting(StrEnum):
    """What counts as intercepted."""

    intercepted = "intercepted"
    both = "intercepted+lost"


_RECORD_OPTION = typer.Option(help="Your own attack record (CSV) instead of the embedded one.")
_COUNT_OPTION = typer.Option(help="What counts as intercepted; lost: jammed, or fallen on their own.")


@app.command()
def backtest(  # noqa: PLR0913, PLR0917 - one parameter an option
    record: Annotated[Path | None, _RECORD_OPTION] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="First month scored, YYYY-MM. [default: last twelve]")
    ] = None,
    horizon: Annotated[Horizon, typer.Option(help="Forecast one night or one month ahead.")] = Horizon.night,
    count: Annotated[Counting, _COUNT_OPTION] = Counting.intercepted,
    min_launched: Annotated[int, typer.Option(min=1, help="Score only nights with this many launched.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for backtest.html and backtest.json.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same scores, bit for bit.")] = 1,
) -> None:
    """Forecast every night or month of the record from what came before it, and score the forecasts."""
    with _progress() as tell:
        import tegmen as tg
        from tegmen.folders import check_folder

        if out is not None:
            check_folder(out, ("backtest.html", "backtest.json"))
        tell("reading the record", 0, 1)
        evidence = _past(record, count)
        result = tg.backtest(
            evidence, start=start, horizon=horizon.value, min_launched=min_launched, seed=seed, progress=tell
        )
        page = None if out is None else tg.write_backtest(result, out)
    _print_backtest(result, page)


@app.command()
def forecast(
    launched: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLASS=NUMBER", help="What is launched that night, such as drone=90 ballistic=4."),
    ] = None,
    record: Annotated[Path | None, _RECORD_OPTION] = None,
    until: Annotated[str | None, typer.Option(help="Last day of the record used, YYYY-MM-DD.")] = None,
    month: Annotated[
        str | None, typer.Option(help="Forecast a month, YYYY-MM, with raids drawn from the last 120 days.")
    ] = None,
    count: Annotated[Counting, _COUNT_OPTION] = Counting.intercepted,
    seed: Annotated[int, typer.Option(min=0, help="Seed of a month's simulation.")] = 1,
) -> None:
    """Forecast what is intercepted and what leaks: of one night's launches, or in a month."""
    from rich.console import Console

    if bool(launched) == bool(month):
        raise typer.BadParameter("give either CLASS=NUMBER for one night, or --month YYYY-MM")
    asked = _launched(launched or [])
    with _progress() as tell:
        import tegmen as tg
        from tegmen.cache import cache_folder

        tell("reading the record", 0, 1)
        evidence = _past(record, count)
        last = evidence.rows["window_end"].max().date() if until is None else until
        tell("calibrating on the record", 0, 1)
        calibration = tg.calibrate(evidence, until=last, seed=seed, cache=cache_folder())
        tell("forecasting", 0, 1)
        result = tg.forecast_month(calibration, month, seed=seed) if month else tg.forecast(calibration, asked)
    days = str(result.first) if result.first == result.last else f"{result.first} to {result.last}"
    title = f"Forecast for {days}, from the record until {result.known_until}"
    Console().print(_table(title, result.ranges(), left=("class", "evidence")))
    for note in evidence.notes:
        typer.echo(f"note: {note}")


def _launched(words: list[str]) -> dict[str, int]:
    """Read CLASS=NUMBER."""
    asked: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not number.isdecimal() or name in asked:
            raise typer.BadParameter(f"found {word!r}; CLASS=NUMBER, each class once, such as drone=90, is allowed")
        asked[name] = int(number)
    return asked


def _past(record: Path | None, count: Counting) -> Record:
    """Read a record up to today, leaving out rows at fault with a note, and counting as asked."""
    from dataclasses import replace
    from datetime import datetime

    import tegmen as tg

    evidence = tg.read_record(record, leave_out=True)
    late = evidence.rows["window_end"].dt.date > datetime.now().astimezone().date()
    if late.any() and not late.all():
        note = f"{int(late.sum())} rows end after today: left out, as what has not happened cannot be scored or learnt."
        evidence = replace(
            evidence, rows=evidence.rows.loc[~late].reset_index(drop=True), notes=(*evidence.notes, note)
        )
    return evidence.counting(count.value)


def _print_backtest(result: Backtest, page: Path | None) -> None:
    """Say the scores, class by class, then where the rest is."""
    from rich.console import Console

    from tegmen.scorecard import sentence, short_table

    console = Console()
    for key in result.classes:
        console.print(sentence(result, key), markup=False, highlight=False, soft_wrap=not console.is_terminal)
    title = f"Scored {result.start} to {result.end} by {result.horizon}, counting {result.count}"
    console.print(_table(title, short_table(result), left=("class", "forecast_by")))
    for note in result.notes:
        typer.echo(f"note: {note}")
    if page is not None:
        typer.echo(f"report: {page}")


def main() -> None:
    """Entry point: errors the user can act on are one plain message, not a trace."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our dashes still gets the numbers
    try:
        app()
    except TegmenError as error:
        if os.environ.get("TEGMEN_DEBUG"):
            raise
        typer.echo(f"tegmen: {error}", err=True)
        sys.exit(error.exit_code)
    except MemoryError:
        typer.echo("tegmen: the memory of this machine is not enough; give fewer --worlds or --runs", err=True)
        sys.exit(1)


def _print_answer(result: Sufficiency, folder: Path, notes: tuple[str, ...]) -> None:
    """Answer first, then a small table, then where the rest is."""
    from rich.console import Console

    console = Console()

    def say(text: str, style: str | None = None) -> None:
        # Text of the user's is no markup; in a file, a sentence stays on one line.
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=not console.is_terminal)

    for case in result.cases:
        say(f"{case}: {result.sentence(case)}", "bold")
        say(f"  {result.finding(case)}")
    console.print(_table(f"{result.scenario.title} (placement: greedy)", result.summary(), left=("case", "goal")))
    for key in result.calibration.prior_only:
        say(f"note: {key.name} rests on the prior only; the record has no eligible row of it.")
    for note in notes:
        say(f"note: {note}")
    say(f"report: {folder / 'report.html'}")


def _table(title: str, frame: pd.DataFrame, *, left: tuple[str, ...]) -> Table:
    """Lay a frame out for 80 columns; what is still too wide is folded, never cut off."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in frame.columns:
        words = Text(str(column).replace("_", " "))
        table.add_column(words, justify="left" if column in left else "right", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _cell(value: object) -> str:
    from tegmen.answers import percent

    if isinstance(value, bool):
        return "yes" if value else "no"
    return percent(value).replace(" ", "") if isinstance(value, float) else str(value)


@contextmanager
def _progress() -> Generator[Progress]:
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
