"""The command line: a thin skin over the public interface.

Exit codes: 0 done, 1 a fault in the input or in the evidence, 2 wrong usage, 3 infeasible, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tegmen.cli import ask as question_cli
from tegmen.cli import reading as reading_cli
from tegmen.cli import trust as scoring_cli
from tegmen.cli.ask import Case, cases_of, effort_of
from tegmen.cli.console import progress, say, show
from tegmen.cli.ledger import ledger_app
from tegmen.errors import TegmenError
from tegmen.terms import VERSION

if TYPE_CHECKING:
    from tegmen.answer.results import Sufficiency

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
what_if_app = typer.Typer(help="What the answer would be if a number were another.", no_args_is_help=True)
app.add_typer(what_if_app, name="what-if")
what_if_app.command("replace")(question_cli.replace)
ledger_app.command("read")(reading_cli.read)
ledger_app.command("review")(reading_cli.review)
app.add_typer(ledger_app, name="ledger")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")] = False,
) -> None:
    if debug:
        os.environ["TEGMEN_DEBUG"] = "1"
    if version:
        typer.echo(f"tegmen {VERSION}")
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
    effort = effort_of(worlds, runs)
    with progress() as tell:
        import tegmen as tg
        from tegmen.calibration.kept_fits import cache_folder
        from tegmen.report.answer_page import check_writable

        question = tg.read_scenario(scenario)
        folder = out or Path("out") / question.name
        check_writable(folder)
        tell("reading the record", 0, 1)
        evidence = tg.read_record(record)
        tell("calibrating on the record", 0, 1)
        last = question.until if until is None else until
        calibration = tg.calibrate(evidence, until=last, seed=seed, cache=cache_folder())
        result = tg.sufficiency(
            question, calibration, seed=seed, effort=effort, cases=cases_of(case), progress=tell
        )  # fmt: skip
        tell("writing the report", 0, 1)
        tg.write_report([result], folder)
    _print_answer(result, folder, evidence.notes)


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
    import tegmen as tg

    evidence = tg.read_record(file)
    monthly = evidence.monthly()
    title = "Launched and destroyed as posted, by month of the report (all channels)"
    show(title, monthly, left=("month", "broad"))
    typer.echo(
        f"{monthly['rows'].sum()} rows with counts, launched {monthly['launched'].sum()}, destroyed "
        f"{monthly['destroyed'].sum()}; {monthly['rows_without_counts'].sum()} rows without counts. Regional channels "
        "post what was shot down, so these totals are no rates; rates use national channels only."
    )
    for note in evidence.notes:
        typer.echo(f"note: {note}")


for verb in (question_cli.why, question_cli.check, question_cli.drivers):
    app.command()(verb)
for verb in (scoring_cli.backtest, scoring_cli.forecast, scoring_cli.verify):
    app.command()(verb)


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
    for case in result.cases:
        say(f"{case}: {result.sentence(case)}", "bold")
        say(f"  {result.finding(case)}")
    show(f"{result.scenario.title} (placement: greedy)", result.summary(), left=("case", "goal"))
    for key in result.calibration.prior_only:
        say(f"note: {key.name} rests on the prior only; the record has no eligible row of it.")
    for note in notes:
        say(f"note: {note}")
    say(f"report: {folder / 'report.html'}")
