"""The verbs that ask more of one question: why, what if, is a claim true, what drives the answer."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tegmen.cli.console import progress, say, show, show_chain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegmen.answer.sufficiency import Effort
    from tegmen.calibration.fit import Calibration
    from tegmen.question.scenario import Scenario
    from tegmen.terms import EvidenceCase

MONTHS_MOST = 1_000_000
"""Worlds x runs held at once: about a gigabyte."""


class Case(StrEnum):
    """Which evidence case to answer; the two are never averaged."""

    posted = "posted"
    claimed = "claimed"
    both = "both"


ScenarioName = Annotated[str, typer.Option("--scenario", help="Name of a shipped scenario or a .toml file.")]
OwnRecord = Annotated[Path | None, typer.Option("--record", help="Your own attack record (CSV).")]
Worlds = Annotated[int, typer.Option("--worlds", min=20, max=2000, help="Worlds drawn, to start with.")]
Runs = Annotated[int, typer.Option("--runs", min=2, max=20_000, help="Months simulated a world.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result, bit for bit.")]
EvidenceCases = Annotated[Case, typer.Option("--case", help="Evidence case.")]


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


def replace(  # noqa: PLR0913, PLR0917 - one parameter an option
    number: Annotated[str, typer.Argument(metavar="ID", help="Id of the number, as `tegmen why` prints it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="One number (12), or low,best,high (10,12,15).")],
    source: Annotated[str, typer.Option(help="Where the new value was read, or that it is an assumption.")],
    scenario: ScenarioName = "march-2024",
    record: OwnRecord = None,
    seed: Seed = 1,
    worlds: Worlds = 200,
    runs: Runs = 50,
    case: EvidenceCases = Case.both,
    out: Annotated[Path | None, typer.Option(help="Folder for the report of the changed question.")] = None,
) -> None:
    """Answer again with one number replaced, and show what changes."""
    with progress() as tell:
        import tegmen as tg
        from tegmen.report.answer_page import check_writable

        question = tg.read_scenario(scenario)
        replaced = (number, tg.parse_span(value), source)
        tg.replace_number(question, *replaced)  # a wrong id or folder is said before the work, not after it
        if out is not None:
            check_writable(out)
        calibration = calibrated(question, record, seed)
        effort = effort_of(worlds, runs)
        changed = tg.what_if(
            question, calibration, replaced, seed=seed, effort=effort, cases=cases_of(case), progress=tell
        )  # fmt: skip
        if out is not None:
            tg.write_report([changed.after], out)
    for was, now in zip(changed.was or ("(not among the numbers used)",), changed.now or ("",), strict=False):
        say(f"was: {was}")
        say(f"now: {now}")
    show(f"{question.title}: before and after", changed.to_pandas(), left=("case", "goal"))
    say("P, P now: share of worlds that meet the goal with the number `at`; moved: by more than two sampling errors.")


def check(  # noqa: PLR0913, PLR0917 - one parameter an option
    claim: Annotated[
        str | None, typer.Argument(metavar="CLAIM", help='E.g. "25 Patriot systems cover the whole country".')
    ] = None,
    added: Annotated[int | None, typer.Option(min=0, help="The structured form: how many are added,")] = None,
    system: Annotated[str, typer.Option(help="of which system,")] = "patriot",
    goal: Annotated[str | None, typer.Option(help="and which goal of the scenario they meet (all of them).")] = None,
    scenario: ScenarioName = "march-2024",
    record: OwnRecord = None,
    seed: Seed = 1,
    worlds: Worlds = 200,
    runs: Runs = 50,
    case: EvidenceCases = Case.both,
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
        calibration = calibrated(question, record, seed)
        found = tg.check_claim(
            read, question, calibration, seed=seed, effort=effort_of(worlds, runs), cases=cases_of(case), progress=tell
        )  # fmt: skip
    for sentence in found.sentences():
        say(sentence)
    show(f"{found.worlds} worlds x {runs} months a case", found.to_pandas(), left=("case", "goal", "verdict"))


def drivers(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="Name of a shipped scenario or a .toml file.")],
    record: OwnRecord = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to. [default: out/SCENARIO]")] = None,
    seed: Seed = 1,
    worlds: Annotated[int, typer.Option(min=100, max=2000, help="Worlds, each drawn twice a source.")] = 200,
    runs: Runs = 50,
    case: EvidenceCases = Case.both,
) -> None:
    """Find what drives the answer of SCENARIO: shares alone and total, and what knowing would be worth."""
    with progress() as tell:
        import tegmen as tg
        from tegmen.answer.drivers import drive
        from tegmen.report.drivers_page import DRIVERS_FILES, write_drivers
        from tegmen.report.folders import check_folder

        question = tg.read_scenario(scenario)
        folder = out or Path("out") / question.name
        check_folder(folder, DRIVERS_FILES)
        calibration = calibrated(question, record, seed)
        effort = tg.Effort(worlds=worlds, runs=runs, worlds_most=worlds)
        result = drive(question, calibration, seed=seed, effort=effort, cases=cases_of(case), progress=tell)
        page = write_drivers(result, folder)
    table = result.to_pandas().loc[:, ["case", "unknown", "share", "total", "evppi"]]
    table["evppi"] = [f"{value:.1f}" for value in table["evppi"]]
    show(f"{question.title}: what drives it", table, left=("case", "unknown"))
    typer.echo(f"page: {page}")


def calibrated(question: Scenario, record: Path | None, seed: int) -> Calibration:
    """The posterior of a record up to the day the question names; a fit made before is taken from the cache."""
    import tegmen as tg
    from tegmen.calibration.kept_fits import cache_folder

    return tg.calibrate(tg.read_record(record), until=question.until, seed=seed, cache=cache_folder())


def effort_of(worlds: int, runs: int) -> Effort:
    """How much to simulate; refused before anything else where the machine could not hold it."""
    if worlds * runs > MONTHS_MOST:
        found = f"--worlds {worlds} x --runs {runs} is {worlds * runs:,} months"
        raise typer.BadParameter(f"{found}; at most {MONTHS_MOST:,} are allowed: give fewer of one")
    import tegmen as tg

    return tg.Effort(worlds=worlds, runs=runs, worlds_more=min(100, worlds), worlds_most=3 * worlds)


def cases_of(case: Case) -> Sequence[EvidenceCase]:
    """Evidence cases asked for."""
    from tegmen.terms import EVIDENCE_CASES

    return EVIDENCE_CASES if case is Case.both else (case.value,)
