"""The verb of the decision: which kinds, how many, at what price, and how proven."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

import tegmen as tg
from tegmen.cli.ask import (
    Cases,
    OwnRecord,
    ScenarioArgument,
    Seed,
    Strict,
    Weapons,
    WorldsOption,
    calibrated,
    cases_of,
    folder_of,
)
from tegmen.cli.console import INTERRUPTED, progress, say, say_notes, show


def decide_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    goals: Annotated[
        str | None,
        typer.Option(
            metavar="GOAL,...",
            help="Goals to meet, all of them: names of the scenario's, or metrics such as cruise_strikes, which then "
            "fall as the headline's does. [default: the headline's goal and cruise_strikes]",
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            metavar="KIND[=MOST],...",
            help="Kinds that may be bought, and the most of each: patriot=12,nasams. [default: those that fire "
            "missiles and have a price, up to the scenario's largest number, or a third of it for later goals]",
        ),
    ] = None,
    budget: Annotated[float | None, typer.Option(help="The most that may be spent, in USD million.")] = None,
    by: Annotated[Literal["cost", "units"], typer.Option(help="What is to be as little as can be.")] = "cost",
    seconds: Annotated[
        float, typer.Option(min=1, max=86_400, help="Time to search; the best so far is then given with its gap.")
    ] = 36.0,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to. [default: out/SCENARIO_decision]")
    ] = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    case: Cases = "both",
) -> None:
    """Decide for SCENARIO: the cheapest mix of kinds that meets its goals, proven; writes a report."""
    with progress() as tell:
        from tegmen.report.decision_page import DECISION_FILES

        question = tg.read_scenario(scenario)
        named = None if goals is None else tg.goals_named(question, goals.split(","))
        named_kinds, limits = (None, None) if kinds is None else limits_of(kinds)
        files = {"record": record, "weapons": weapons}
        whole = folder_of(question, until=question.until, case=case, files=files)
        folder = out or whole.with_name(f"{whole.name}_decision")
        tg.check_folder(folder, DECISION_FILES)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        decision = tg.decide(
            question, calibrated(question, evidence, seed), goals=named, kinds=named_kinds, limits=limits,
            budget=budget, by=by, seconds=seconds, seed=seed, cases=cases_of(case), effort=tg.Effort(worlds=worlds),
            progress=tell,
        )  # fmt: skip
        if not decision.interrupted:
            tell("writing the report", 0, 1)
            tg.write_decision(decision, folder)
    print_decision(decision)
    if decision.interrupted:
        say("interrupted: this is the best found by then, with what is proven of it; nothing was written")
        raise typer.Exit(INTERRUPTED)
    say_notes(evidence.told(question.until))
    say(f"report: {folder / 'decision.html'}")


def limits_of(text: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """Read "patriot=12,nasams": the kinds, and of those with a number the most.

    Raises
    ------
    InputError
        Parts that are neither KIND nor KIND=MOST, and kinds named twice: all at once.
    """
    kinds: list[str] = []
    limits: dict[str, int] = {}
    faults: list[str] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([a-z][a-z0-9_]*)\s*(?:=\s*([0-9]{1,4})\s*)?", part)
        if found is None:
            faults.append(f"found {ascii(part.strip())[:60]}; give KIND or KIND=MOST, with commas: patriot=12,nasams")
        elif found[1] in kinds:
            faults.append(f"found {found[1]} twice; give each kind once")
        else:
            kinds.append(found[1])
            if found[2] is not None:
                limits[found[1]] = int(found[2])
    if faults:
        raise tg.InputError("--kinds", faults)
    return tuple(kinds), limits


def print_decision(decision: tg.MixDecision) -> None:
    """The decision first, then what protection costs, then what would make it another mix."""
    for case in decision.cases:
        say(f"{case}: {decision.sentence(case)}", "bold")
    if not decision.interrupted and decision.question.by == "cost":
        if len(costs := decision.to_pandas()):
            show("What it costs to meet every goal", costs, left=("case", "mix"))
        for line in decision.moved():
            say(line)
