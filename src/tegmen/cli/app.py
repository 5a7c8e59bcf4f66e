"""The command line: a thin skin over the public interface.

Exit codes: 0 done, 1 a fault in the input or in the evidence, 2 wrong usage, 3 infeasible, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

import tegmen as tg
from tegmen.cli import ahead, ask, decide, donors, ledger, question, reading, trust
from tegmen.cli.console import echo, say_notes, show
from tegmen.errors import TegmenError, hidden_fault
from tegmen.terms import VERSION, count_of

app = typer.Typer(
    name="tegmen",
    help="How many more air-defence systems are enough, from public evidence, and how sure can we be?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
record_app = typer.Typer(help="Look at the attack record.", no_args_is_help=True)
what_if_app = typer.Typer(help="What the answer would be if a number were another.", no_args_is_help=True)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")] = False,
) -> None:
    """Options that stand before any verb."""
    if debug:
        os.environ["TEGMEN_DEBUG"] = "1"
    if version:
        echo(f"tegmen {VERSION}")
        raise typer.Exit


def scenarios_verb() -> None:
    """List the shipped scenarios."""
    for name in tg.scenario_names():
        echo(f"{name}  {tg.read_scenario(name).title}")


def record_verb(
    file: Annotated[
        Path | None, typer.Argument(help="Your own attack record (CSV). [default: the embedded one]")
    ] = None,
    strict: ask.Strict = False,
    weapons: ask.Weapons = None,
) -> None:
    """Show monthly totals of the record, by class, as posted."""
    record = tg.read_record(file, strict=strict, weapons=weapons)
    monthly = record.monthly()
    title = "Launched and destroyed as posted, by month of the report (all channels)"
    show(title, monthly, left=("month", "broad"))
    rows, uncounted = (count_of(int(monthly[name].sum()), "row") for name in ("rows", "rows_without_counts"))
    launched, destroyed = monthly["launched"].sum(), monthly["destroyed"].sum()
    echo(
        f"{rows} with counts, launched {launched:,}, destroyed {destroyed:,}; {uncounted} without counts. Regional "
        "channels post what was shot down, so these totals are no rates; rates use national channels only."
    )
    say_notes(record.told())


app.command("answer")(ask.answer_verb)
app.command("live")(ask.live_verb)
app.command("scenarios")(scenarios_verb)
app.command("decide")(decide.decide_verb)
app.command("why")(ask.why_verb)
app.command("check")(ask.check_verb)
app.command("drivers")(ask.drivers_verb)
app.command("donors")(donors.donors_verb)
app.command("months")(ahead.months_verb)
app.command("neighbours")(ahead.neighbours_verb)
app.command("forecast")(trust.forecast_verb)
app.command("backtest")(trust.backtest_verb)
app.command("verify")(trust.verify_verb)
# A value below 0 is a value to be refused in words, and no option.
what_if_app.command("replace", context_settings={"ignore_unknown_options": True})(ask.replace_verb)
app.add_typer(what_if_app, name="what-if")
record_app.command("show")(record_verb)
app.add_typer(record_app, name="record")
app.add_typer(question.scenario_app, name="scenario")
ledger.ledger_app.command("read")(reading.read)
ledger.ledger_app.command("review")(reading.review)
app.add_typer(ledger.ledger_app, name="ledger")


def main() -> None:
    """Entry point: errors the user can act on are one plain message, not a trace."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our dashes still gets the numbers
    for argument in sys.argv[1:]:
        if fault := hidden_fault(os.fsencode(argument).decode(errors="replace")):
            echo(f"tegmen: {fault}", err=True)
            sys.exit(2)
    try:
        app()
    except TegmenError as error:
        if os.environ.get("TEGMEN_DEBUG"):
            raise
        echo(f"tegmen: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if os.environ.get("TEGMEN_DEBUG"):
            raise
        where = "" if error.filename is None else f"{str(error.filename)[:200]}: "
        echo(f"tegmen: {where}{error.strerror or type(error).__name__}; check the path and the disk", err=True)
        sys.exit(1)
    except MemoryError:
        echo("tegmen: the memory of this machine is not enough; give fewer --worlds or --runs", err=True)
        sys.exit(1)
