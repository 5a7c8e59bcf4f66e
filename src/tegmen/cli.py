"""The command line: a thin skin over the public interface.

Exit codes: 0 done, 1 a fault in the input or in the evidence, 2 wrong usage, 3 infeasible, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tegmen import __version__, reading_cli
from tegmen.console import progress, say, show, show_chain
from tegmen.errors import TegmenError
from tegmen.ledger_cli import ledger_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegmen.answers import Sufficiency
    from tegmen.sufficiency import Effort
    from tegmen.terms import EvidenceCase

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
what_if_app = typer.Typer(help="What the answer would be if a number were another.", no_args_is_help=True)
app.add_typer(what_if_app, name="what-if")
ledger_app.command("read")(reading_cli.read)
ledger_app.command("review")(reading_cli.review)
app.add_typer(ledger_app, name="ledger")


class Device(StrEnum):
    """Where to simulate; the bits are the same."""

    cpu = "cpu"
    cuda = "cuda"
    auto = "auto"


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
    device: Annotated[
        Device, typer.Option(help="Where to simulate: processor, graphics card, or whichever is there; the same bits.")
    ] = Device.cpu,
) -> None:
    """Answer SCENARIO: how many more are enough, for which goal, how sure; writes a report."""
    effort = _effort(worlds, runs, device)
    with progress() as tell:
        import tegmen as tg
        from tegmen.report import check_writable

        question = tg.read_scenario(scenario)
        folder = out or Path("out") / question.name
        check_writable(folder)
        tell("reading the record", 0, 1)
        evidence = tg.read_record(record)
        tell("calibrating on the record", 0, 1)
        calibration = tg.calibrate(evidence, until=question.until if until is None else until, seed=seed)
        result = tg.sufficiency(
            question, calibration, seed=seed, effort=effort, cases=_cases(case), progress=tell
        )  # fmt: skip
        tell("writing the report", 0, 1)
        tg.write_report([result], folder)
    _print_answer(result, folder, evidence.notes)


@app.command()
def why(
    number: Annotated[
        str, typer.Argument(metavar="FILE#/POINTER", help='E.g. "out/march-2024/answer.json#/cases/posted/n".')
    ],
    json: Annotated[bool, typer.Option("--json", help="Print the chain as JSON.")] = False,
) -> None:
    """Print where a number of an answer comes from: the whole chain, down to the sources."""
    from json import dumps

    import tegmen as tg

    chain = tg.why(number)
    if json:
        typer.echo(dumps(chain.to_json(), ensure_ascii=False, indent=1))
    else:
        show_chain(chain)


@what_if_app.command("replace")
def replace_number(  # noqa: PLR0913, PLR0917 - one parameter an option
    number: Annotated[str, typer.Argument(metavar="ID", help="Id of the number, as `tegmen why` prints it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="One number (12), or low,best,high (10,12,15).")],
    source: Annotated[str, typer.Option(help="Where the new value was read, or that it is an assumption.")],
    scenario: Annotated[str, typer.Option(help="Name of a shipped scenario or a .toml file.")] = "march-2024",
    record: Annotated[Path | None, typer.Option(help="Your own attack record (CSV).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same answer, bit for bit.")] = 1,
    worlds: Annotated[int, typer.Option(min=20, max=2000, help="Worlds to start with.")] = 200,
    runs: Annotated[int, typer.Option(min=2, max=20_000, help="Months simulated a world.")] = 50,
    case: Annotated[Case, typer.Option(help="Evidence case.")] = Case.both,
    out: Annotated[Path | None, typer.Option(help="Folder for the report of the changed question.")] = None,
) -> None:
    """Answer again with one number replaced, and show what changes."""
    with progress() as tell:
        import tegmen as tg

        question = tg.read_scenario(scenario)
        replaced = (number, tg.parse_span(value), source)
        tg.replace_number(question, *replaced)  # a wrong id is said before the work, not after it
        calibration = tg.calibrate(tg.read_record(record), until=question.until, seed=seed)
        changed = tg.what_if(
            question, calibration, replaced, seed=seed, effort=_effort(worlds, runs), cases=_cases(case), progress=tell
        )  # fmt: skip
        if out is not None:
            tg.write_report([changed.after], out)
    for was, now in zip(changed.was or ("(not among the numbers used)",), changed.now or ("",), strict=False):
        say(f"was: {was}")
        say(f"now: {now}")
    show(f"{question.title}: before and after", changed.to_pandas(), left=("case", "goal", "moved"))
    say("P and P now: share of worlds that meet the goal with the number at which it was met before.")


@app.command()
def check(  # noqa: PLR0913, PLR0917 - one parameter an option
    claim: Annotated[
        str | None, typer.Argument(metavar="CLAIM", help='E.g. "25 Patriot systems cover the whole country".')
    ] = None,
    added: Annotated[int | None, typer.Option(min=0, help="The structured form: how many are added,")] = None,
    system: Annotated[str, typer.Option(help="of which system,")] = "patriot",
    goal: Annotated[str | None, typer.Option(help="and which goal of the scenario they meet (all of them).")] = None,
    scenario: Annotated[str, typer.Option(help="Name of a shipped scenario or a .toml file.")] = "march-2024",
    record: Annotated[Path | None, typer.Option(help="Your own attack record (CSV).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same worlds.")] = 1,
    worlds: Annotated[int, typer.Option(min=20, max=2000, help="Worlds to draw.")] = 200,
    runs: Annotated[int, typer.Option(min=2, max=20_000, help="Months simulated a world.")] = 50,
    case: Annotated[Case, typer.Option(help="Evidence case.")] = Case.both,
) -> None:
    """Test a public claim: in what share of worlds it is true, and what would have to hold."""
    if (claim is None) == (added is None):
        raise typer.BadParameter("give either a claim in words or --added; --help has an example")
    with progress() as tell:
        import tegmen as tg

        question = tg.read_scenario(scenario)
        read = (
            tg.read_claim(claim, question) if claim is not None
            else tg.claim_of(system, added or 0, added or 0, question.goal(goal), question)
        )  # fmt: skip
        calibration = tg.calibrate(tg.read_record(record), until=question.until, seed=seed)
        found = tg.check_claim(
            read, question, calibration, seed=seed, effort=_effort(worlds, runs), cases=_cases(case), progress=tell
        )  # fmt: skip
    for sentence in found.sentences():
        say(sentence)
    show(f"{found.worlds} worlds x {runs} months a case", found.to_pandas(), left=("case", "goal", "verdict"))


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


def _effort(worlds: int, runs: int, device: Device = Device.cpu) -> Effort:
    """How much to simulate; refused before anything else where the machine could not hold it."""
    if worlds * runs > MONTHS_MOST:
        found = f"--worlds {worlds} x --runs {runs} is {worlds * runs:,} months"
        raise typer.BadParameter(f"{found}; at most {MONTHS_MOST:,} are allowed: give fewer of one")
    import tegmen as tg

    compute = tg.Compute(device=device.value)
    return tg.Effort(
        worlds=worlds, runs=runs, worlds_more=min(100, worlds), worlds_most=3 * worlds, compute=compute
    )  # fmt: skip


def _cases(case: Case) -> Sequence[EvidenceCase]:
    from tegmen.terms import EVIDENCE_CASES

    return EVIDENCE_CASES if case is Case.both else (case.value,)


def _print_answer(result: Sufficiency, folder: Path, notes: tuple[str, ...]) -> None:
    """Answer first, then a small table, then where the rest is."""
    for case in result.cases:
        say(f"{case}: {result.sentence(case)}", "bold")
        say(f"  {result.finding(case)}")
    show(f"{result.scenario.title} (placement: greedy)", result.summary(), left=("case", "goal"))
    for note in notes:
        say(f"note: {note}")
    say(f"report: {folder / 'report.html'}")
