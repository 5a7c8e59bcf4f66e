"""The verbs about a question itself: a new month, a check, a copy of a shipped one."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

import typer

import tegmen as tg
from tegmen.cli.ask import OwnRecord, Strict, Weapons
from tegmen.cli.console import echo, say, say_notes

scenario_app = typer.Typer(help="Write, check and copy questions (scenarios).", no_args_is_help=True)
Saved = Annotated[Path | None, typer.Option("--out", help="File to write. [default: its name with .toml, here]")]


@scenario_app.command("new")
def write_new(  # noqa: PLR0913, PLR0917 - one parameter an option
    month: Annotated[str, typer.Argument(metavar="MONTH", help="YYYY-MM, e.g. 2025-03.")],
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    added: Annotated[
        str, typer.Option(metavar="SYSTEM", help="The system added, or with the most tried: patriot=20.")
    ] = "patriot",
    goal: Annotated[
        list[str] | None,
        typer.Option(help="A goal, or with the share that may remain: strikes=0.3. Again for more. [default: all]"),
    ] = None,
    out: Saved = None,
) -> None:
    """Write the question of another month: totals of the record, what was held then, goals; ready to answer."""
    evidence = tg.read_record(record, strict=strict, weapons=weapons)
    text = tg.draft_scenario(month, evidence, added=tg.parse_most(added), goals=goal or ())
    path = _save(text, out)
    written = tg.read_scenario(path)
    say_notes((*written.caveats(), *evidence.told(written.until)))
    given = (("--record", record), ("--weapons", weapons))
    own = "".join(f" {option} {file}" for option, file in given if file is not None)
    echo(f"written: {path}\nnext: tegmen answer {path}{own}")


@scenario_app.command("check")
def check_file(
    file: Annotated[str, typer.Argument(metavar="SCENARIO", help="A .toml file, or a shipped name.")],
) -> None:
    """Read SCENARIO whole: every fault at once, every number without a source, and what it leaves open."""
    from tegmen.answer.results import percent

    scenario = tg.read_scenario(file)
    numbers = tg.gather(scenario, ()).numbers
    say(scenario.title, "bold")
    for goal in scenario.goals:
        name = f"{goal.name} (headline)" if goal.headline else goal.name
        say(f"  {name}: {goal.label}, in {percent(goal.confidence)} of worlds")
    say(f"  {len(numbers)} numbers of its own, every one with a source")
    aside = [claim.label for claim in scenario.claims if claim not in scenario.claims_tested]
    say_notes([f"claim “{label}” is about another system and is not tested" for label in aside])
    say_notes(scenario.caveats())


@scenario_app.command("copy")
def copy_shipped(
    name: Annotated[str, typer.Argument(help="Name of a shipped scenario (see `tegmen scenarios`).")], out: Saved = None
) -> None:
    """Copy a shipped scenario into a file of your own, to be changed."""
    echo(f"written: {_save(tg.shipped_scenario(name), out)}")


def _save(text: str, out: Path | None) -> Path:
    """Write a question beside its schema; a file that is there is never replaced."""
    from tegmen.question.draft import SCHEMA_FILE
    from tegmen.report.folders import write_files

    if not text.startswith("#:schema"):
        text = f"#:schema ./{SCHEMA_FILE}\n{text}"
    name = next(line.split('"')[1] for line in text.splitlines() if line.startswith("name = "))
    path = out or Path(f"{name}.toml")
    if path.exists() or path.is_symlink():
        raise tg.InputError(str(path), ["is there already; give another file (--out FILE)"])
    schema = dumps(tg.json_schema("scenario"), indent=1, ensure_ascii=False) + "\n"
    write_files({path.name: text, SCHEMA_FILE: schema}, path.parent)
    return path
