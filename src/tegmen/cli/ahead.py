"""The verbs about time and neighbours: what becomes of the goal month by month, and what crosses the borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import tegmen as tg
from tegmen.cli.ask import Out, OwnRecord, ScenarioArgument, Seed, Strict, Weapons, WorldsOption, calibrated, folder_of
from tegmen.cli.console import echo, progress, say, say_notes, show
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OneCase = Annotated[EvidenceCase, typer.Option("--case", help=f"Evidence case: {' or '.join(EVIDENCE_CASES)}.")]
GoalOption = Annotated[
    str | None,
    typer.Option("--goal", help="A goal of the scenario, or a metric such as cruise_strikes. [default: its headline]"),
]
Given = Annotated[
    list[str] | None, typer.Option("--added", metavar="KIND=NUMBER", help="What arrives, of any kind: patriot=7.")
]


def months_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    added: Given = None,
    arrive: Annotated[
        list[str] | None, typer.Option(metavar="YYYY-MM", help="Month it arrives in, one for each --added, in order.")
    ] = None,
    pledged: Annotated[
        list[str] | None, typer.Option(metavar="YYYY-MM-DD", help="Day it was promised on, as --arrive.")
    ] = None,
    months: Annotated[int, typer.Option(help="Months after the scenario's.")] = 12,
    goal: GoalOption = None,
    attrition: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="Share of units lost in a month: 0.02, or low,best,high. [default: a row]"),
    ] = None,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    out: Out = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    case: OneCase = "posted",
) -> None:
    """Follow the goal of SCENARIO month by month, as units arrive and are lost; writes a page."""
    with progress() as tell:
        from tegmen.report.months_page import MONTHS_FILES, write_months

        question = tg.read_scenario(scenario)
        arrivals = _arrivals(added or (), arrive or (), pledged or ())
        asked = None if goal is None else tg.goals_named(question, [goal])[0]
        span = None if attrition is None else tg.parse_span(attrition)
        files = {"record": record, "weapons": weapons}
        folder = out or folder_of(question, until=question.until, case=case, files=files)
        tg.check_folder(folder, MONTHS_FILES)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        result = tg.by_when(
            question, calibrated(question, evidence, seed), arrivals=arrivals, months=months, goal=asked,
            attrition=span, seed=seed, case=case, effort=tg.Effort(worlds=worlds), progress=tell,
        )  # fmt: skip
        page = write_months(result, folder)
    say(f"{case}: {result.sentence}", "bold")
    table = result.to_pandas().loc[:, ["month", "added", "mean", "low", "high", "without", "met", "left"]]
    for name in ("added", "mean", "low", "high", "without", "left"):
        table[name] = [f"{value:.1f}" for value in table[name]]
    show(f"{question.title}: month by month", table, left=("month",))
    for delay in result.delays:
        low, _, high = delay.points
        later = count_of(delay.months, "month")
        say(f"everything {later} later: {delay.mean:.1f} more in all ({low:.1f} to {high:.1f})")
    say_notes((*result.caveats, *evidence.told(question.until)))
    echo(f"page: {page}")


def _arrivals(added: Sequence[str], arrive: Sequence[str], pledged: Sequence[str]) -> list[tg.Arrival]:
    """Pair what arrives with its month, and its pledge where one is given."""
    from tegmen.evidence.record import parse_day
    from tegmen.question.option import parse_option

    if len(arrive) != len(added) or len(pledged) not in (0, len(added)):
        told = f"found {len(added)} --added, {len(arrive)} --arrive and {len(pledged)} --pledged"
        raise tg.InputError(
            "--arrive", [f"{told}; give one --arrive for each --added, and a --pledged for each or none"]
        )
    days = [parse_day(text) for text in pledged] or [None] * len(added)
    return [
        tg.Arrival(kind, number, tg.parse_month(month), day)
        for text, month, day in zip(added, arrive, days, strict=True)
        for kind, number in parse_option(text).items()
    ]


def neighbours_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    added: Annotated[
        str | None, typer.Option(metavar="KIND=NUMBER", help="An option whose worth before the border is illustrated.")
    ] = None,
    kind: Annotated[str, typer.Option(help="What a neighbour's notional fire unit is.")] = "patriot",
    at_least_km: Annotated[float, typer.Option(help="How far from the border it stands at least.")] = 10.0,
    neighbour: Annotated[
        list[str] | None, typer.Option(help="On whose ground it may stand; again for more. [default: those in NATO]")
    ] = None,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    out: Out = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    case: OneCase = "posted",
) -> None:
    """Tell what crossed neighbours' borders, and what their own fire could cover; writes a page."""
    with progress() as tell:
        from tegmen.question.option import parse_option
        from tegmen.report.neighbours_page import NEIGHBOURS_FILES, write_neighbours

        question = tg.read_scenario(scenario)
        option = None if added is None else parse_option(added)
        files = {"record": record, "weapons": weapons}
        folder = out or folder_of(question, until=question.until, case=case, files=files)
        tg.check_folder(folder, NEIGHBOURS_FILES)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        result = tg.neighbours(
            question, calibrated(question, evidence, seed), added=option, kind=kind, at_least_km=at_least_km,
            names=neighbour, seed=seed, case=case, effort=tg.Effort(worlds=worlds), progress=tell,
        )  # fmt: skip
        page = write_neighbours(result, folder)
    say(f"{case}: {result.sentence}", "bold")
    table = result.to_pandas()
    for name in ("a_year", "low", "high"):
        table[name] = [f"{value:.1f}" for value in table[name]]
    show("Crossings by neighbour and year, with 90 % of Poisson's mean", table, left=("neighbour",))
    for row in result.stopped:
        told = f"the evidence does not say: {row.why}"
        if row.share is not None:
            mean, (low, _, high) = row.share
            told = f"{mean:.0%} stopped before the border ({low:.0%} to {high:.0%}), an illustration"
        say(f"{row.neighbour}, {row.flown} ({row.crossings}): {told}")
    for row in result.from_abroad:
        places = ", ".join(f"{each.place} {each.chance[1]:.0%}" for each in row.places if each.chance[1] > 0)
        say(f"from {row.neighbour}: {places or 'no place'} within reach; {row.saved[0]:.1%} off the goal at the best")
    say_notes((*result.caveats, *evidence.told(question.until)))
    echo(f"page: {page}")
