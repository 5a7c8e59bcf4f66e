"""The verb `tegmen donors`: from whose stocks added units come, and when they can fight."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

import tegmen as tg
from tegmen.cli.ask import ScenarioArgument
from tegmen.cli.console import echo, say, show_rows
from tegmen.errors import InputError

LIMITS_SHOWN = 8


def donors_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    added: Annotated[str, typer.Option(metavar="KIND=NUMBER,...", help="Units asked for: patriot=7,nasams=2.")],
    by: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Month all of which all must fight. [default: two years on]")
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="HOLDER,...", help="Who may give. [default: all]")] = None,
    floor: Annotated[
        str | None,
        typer.Option(metavar="HOLDER=NUMBER,...", help="Units a holder keeps: Germany=8, or Germany/patriot=8."),
    ] = None,
    holders: Annotated[
        Path | None, typer.Option(help="Your own table of holders (CSV) over the shipped one; see the manual.")
    ] = None,
    outlook: Annotated[
        Literal["cautious", "best", "generous"], typer.Option(help="Which ends of the spans are taken, all at once.")
    ] = "best",
    out: Annotated[Path | None, typer.Option(help="Folder for donors.html, .json and .csv. [default: none]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what donors.json holds.")] = False,
) -> None:
    """Find from whose stocks added units come, when they can fight, and what binds; exit code 3 where they cannot."""
    question = tg.read_scenario(scenario)
    plan = tg.donors(
        question,
        added=_counts("--added", added),
        by=by,
        only=None if only is None else [name.strip() for name in only.split(",") if name.strip()],
        floors=None if floor is None else _counts("--floor", floor),
        holders=tg.read_holders(question.month.last, holders, question.catalogue),
        outlook=outlook,
    )
    page = None if out is None else tg.write_donors(plan, out)
    if as_json:
        from tegmen.report.donors_page import donors_file

        echo(donors_file(plan).text().encode(), nl=False)
        return
    print_donors(plan)
    if page is not None:
        echo(f"page: {page}")


def print_donors(plan: tg.DonorPlan) -> None:
    """Answer first, then who gives when, what binds, and how far it hangs on what nobody publishes."""
    say(plan.sentence(), "bold")
    rows = [
        (
            f"{gift.first:%Y-%m}",
            gift.holder,
            gift.system,
            str(gift.units),
            "–" if gift.share is None else f"{100 * gift.share:.0f}%",
            "?" if gift.rounds is None else f"{gift.rounds[1]:,.0f}",
            ("contested " if gift.contested else "") + f"{len(gift.unverified)}u",
        )
        for gift in plan.gifts
    ]
    head = ("month", "from", "kind", "units", "of stock", "rounds", "marks")
    show_rows(f"{plan.scenario.title}: from whose stocks", head, rows, left=("month", "from", "kind", "marks"))
    echo("month: the first all of which they fight. contested: voices differ on the stock.")
    echo("3u: three of the numbers behind it were not read in a source; --out names them.")
    shown = plan.limits[:LIMITS_SHOWN]
    show_rows(
        "\nWhat binds: relaxed by one, and solved again",
        ("limit", "gives"),
        [(limit.words, limit.gain) for limit in shown],
        left=("limit", "gives"),
    )
    if more := len(plan.limits) - len(shown):
        echo(f"{more} more limits: --json")
    if plan.slack:
        free = dict.fromkeys(row.name.replace("_", " ") for row in plan.slack)
        say(f"One month less brings nothing for: {', '.join(free)}.")
    _say_outlooks(plan)
    doubts = [f"{each.row.label} ({each.cautious} to {each.generous})" for each in plan.doubts()[:4]]
    if doubts:
        say(f"Read in no source, and moving that number most, one at a time: {'; '.join(doubts)}.")


def _say_outlooks(plan: tg.DonorPlan) -> None:
    for kind in plan.added:
        spans = ", ".join(f"{outlook} {numbers[kind]}" for outlook, numbers in plan.reach.items())
        say(f"Could come by {plan.by:%Y-%m}, {kind}, by what holders keep and how fast they are: {spans}.")
        say(plan.sums(kind))


def _counts(option: str, text: str) -> dict[str, int]:
    """Read "patriot=7,nasams=2"; every part that is none, and every name that stands twice, is named."""
    counts: dict[str, int] = {}
    faults: list[str] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([^=]+?)\s*=\s*(-?[0-9]{1,4})\s*", part)
        if found is None:
            faults.append(f"found {ascii(part)[:40]}; give NAME=NUMBER, several with commas between")
        elif found[1] in counts:
            faults.append(f"{found[1]!r} stands there twice; give it once")
        else:
            counts[found[1]] = int(found[2])
    if faults:
        raise InputError(option, faults)
    return counts
