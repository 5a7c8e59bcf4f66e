"""The verbs that ask a question: the answer, why, what if, is a claim true, what drives it."""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from json import dumps, loads
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import tegmen as tg
from tegmen.cli.console import echo, progress, say, say_notes, show, show_chain
from tegmen.terms import EVIDENCE_CASES, EvidenceCase, LanguageCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

Case = Literal["posted", "claimed", "both"]
ScenarioArgument = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="Name of a shipped scenario (see `tegmen scenarios`) or a .toml file."),
]
ScenarioOption = Annotated[str, typer.Option("--scenario", help="Name of a shipped scenario or a .toml file.")]
OwnRecord = Annotated[
    Path | None, typer.Option("--record", help="Your own attack record (CSV) instead of the embedded one.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse a record with any row at fault, instead of leaving such rows out.")
]
Weapons = Annotated[
    Path | None,
    typer.Option("--weapons", help='Classes of weapons that tegmen does not know: lines of TOML, "Label" = "class".'),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Folder to write to. [default: out/SCENARIO, and what makes the question another]"),
]
WorldsOption = Annotated[
    int,
    typer.Option(
        "--worlds", min=20, max=50_000,
        help="Worlds the answer is scored on: resampled from four times as many, weighed by the record.",
    ),
]  # fmt: skip
RunsOption = Annotated[
    int, typer.Option("--runs", min=2, max=2000, help="Months simulated a world by the check of the closed forms.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result, bit for bit.")]
Cases = Annotated[Case, typer.Option("--case", help="Evidence case.")]
LanguageOption = Annotated[
    LanguageCode,
    typer.Option("--language", help="Language of the page; the other files are the same in all."),
]
Until = Annotated[
    str | None, typer.Option("--until", help="Last day of the record used, YYYY-MM-DD. [default: the scenario's]")
]


def answer_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    out: Out = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    runs: RunsOption = 20,
    until: Until = None,
    case: Cases = "both",
    language: LanguageOption = "en",
) -> None:
    """Answer SCENARIO: how many more are enough, for which goal, how sure; writes a report."""
    with progress() as tell:
        from tegmen.evidence.record import parse_day

        effort = tg.Effort(worlds=worlds, runs=runs)
        question = tg.read_scenario(scenario)
        last = question.until if until is None else parse_day(until)
        folder = out or folder_of(question, until=last, case=case, files={"record": record, "weapons": weapons})
        tg.check_writable(folder)
        tell("reading the record", 0, 1)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        tell("calibrating on the record", 0, 1)
        calibration = tg.calibrate(evidence, until=last, seed=seed)
        # Charts take half a second to load: another core has it while worlds are weighed.
        Thread(target=import_module, args=("altair",), daemon=True).start()
        result = tg.sufficiency(
            question, calibration, seed=seed, effort=effort, cases=cases_of(case), progress=tell
        )  # fmt: skip
        tell("writing the report", 0, 1)
        tg.write_report([result], folder, language=language)
    print_answer(result, folder, evidence.told(last))


def why_verb(
    number: Annotated[
        str, typer.Argument(metavar="FILE#/POINTER", help='E.g. "out/march-2024/answer.json#/cases/posted/n".')
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the chain as JSON.")] = False,
) -> None:
    """Print where a number of an answer comes from: the whole chain, down to the sources."""
    chain = tg.why(number)
    if as_json:
        echo(dumps(chain.to_json(), ensure_ascii=False, indent=1))
    else:
        show_chain(chain)


def live_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    out: Out = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    until: Until = None,
    case: Cases = "both",
    state: Annotated[
        str | None,
        typer.Option(metavar="STATE", help="Write no page; print what this state of it comes to, as the page says it."),
    ] = None,
) -> None:
    """Write live.html, a page on which the answer of SCENARIO is argued with, offline; or print a state of it."""
    with progress() as tell:
        from tegmen.evidence.record import parse_day
        from tegmen.report.csv_files import csv_text
        from tegmen.report.live_page import LIVE_FILE

        question, effort = tg.read_scenario(scenario), tg.Effort(worlds=worlds)
        last = question.until if until is None else parse_day(until)
        folder = out or folder_of(question, until=last, case=case, files={"record": record, "weapons": weapons})
        if state is None:
            tg.check_folder(folder, (LIVE_FILE,))
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        calibration = tg.calibrate(evidence, until=last, seed=seed)
        if state is None:
            cases = cases_of(case)
            result = tg.sufficiency(question, calibration, seed=seed, effort=effort, cases=cases, progress=tell)
            page, table = tg.write_live(result, folder), None
        else:
            page, table = None, tg.state_numbers(question, calibration, state, seed=seed, effort=effort, progress=tell)
    if table is not None:
        echo(csv_text(table), nl=False)
    if page is not None:
        say_notes(evidence.told(last))
        echo(f"page: {page}")


def replace_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    number: Annotated[str, typer.Argument(metavar="ID", help="Id of the number, as `tegmen why` prints it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="One number (12), or low,best,high (10,12,15).")],
    source: Annotated[str, typer.Option(help="Where the new value was read, or that it is an assumption.")],
    scenario: ScenarioOption = "march-2024",
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    runs: RunsOption = 20,
    case: Cases = "both",
    out: Annotated[Path | None, typer.Option(help="Folder for the report of the changed question.")] = None,
) -> None:
    """Answer again with one number replaced, and show what changes."""
    with progress() as tell:
        effort = tg.Effort(worlds=worlds, runs=runs)
        question = tg.read_scenario(scenario)
        replaced = (number, tg.parse_span(value), source)
        tg.replace_number(question, *replaced)  # a wrong id or folder is said before the work, not after it
        if out is not None:
            tg.check_writable(out)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        calibration = calibrated(question, evidence, seed)
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
    say_notes(evidence.told(question.until))


def check_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    claim: Annotated[
        str | None, typer.Argument(metavar="CLAIM", help='E.g. "25 Patriot systems cover the whole country".')
    ] = None,
    added: Annotated[
        str | None,
        typer.Option(metavar="SYSTEM=NUMBER", help="Instead of words: patriot=7, or patriot=5-7 for a range."),
    ] = None,
    goal: Annotated[
        str | None, typer.Option(help="The goal of the scenario they are enough for. [default: each, or the words']")
    ] = None,
    scenario: ScenarioOption = "march-2024",
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    runs: RunsOption = 20,
    case: Cases = "both",
) -> None:
    """Test a public claim that so many are enough, read whole or refused: in what share of worlds it is true."""
    if (claim is None) == (added is None):
        raise typer.BadParameter("give either a claim in words or --added; --help has an example")
    with progress() as tell:
        effort = tg.Effort(worlds=worlds, runs=runs)
        question = tg.read_scenario(scenario)
        asked = question.goal(goal)
        if claim is None:
            public = tg.claim_of(*tg.parse_added(added or ""), asked, question)
        else:
            public = tg.read_claim(claim, question, goal=asked)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        checked = tg.check_claim(
            public, question, calibrated(question, evidence, seed), seed=seed, effort=effort, cases=cases_of(case),
            progress=tell,
        )  # fmt: skip
    for sentence in checked.sentences():
        say(sentence)
    show(f"{checked.worlds:,} worlds a case", checked.to_pandas(), left=("case", "goal", "verdict"))
    say_notes(evidence.told(question.until))


def drivers_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    scenario: ScenarioArgument,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    out: Out = None,
    seed: Seed = 1,
    worlds: WorldsOption = 22_000,
    case: Cases = "both",
    language: LanguageOption = "en",
) -> None:
    """Find what drives the answer of SCENARIO, by source of doubt: its share, and what knowing it would be worth."""
    with progress() as tell:
        from tegmen.report.drivers_page import DRIVERS_FILES

        question = tg.read_scenario(scenario)
        files = {"record": record, "weapons": weapons}
        folder = out or folder_of(question, until=question.until, case=case, files=files)
        tg.check_folder(folder, DRIVERS_FILES)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        calibration = calibrated(question, evidence, seed)
        result = tg.drive(
            question, calibration, seed=seed, effort=tg.Effort(worlds=worlds), cases=cases_of(case), progress=tell
        )
        page = tg.write_drivers(result, folder, language=language)
    table = result.to_pandas().loc[:, ["case", "unknown", "share", "evppi"]]
    table["evppi"] = [f"{value:.1f}" for value in table["evppi"]]
    show(f"{question.title}: what drives it", table, left=("case", "unknown"))
    say_notes(evidence.told(question.until))
    echo(f"page: {page}")


def folder_of(question: tg.Scenario, *, until: date, case: Case, files: Mapping[str, Path | None]) -> Path:
    """The folder of an answer where none is given: its name tells one question from another, so none is overwritten.

    Parameters
    ----------
    until
        Last day of the record asked for.
    files
        Files of the user's by what they are; told apart by what is in them.
    """
    parts = [question.name]
    parts += [] if until == question.until else [f"until-{until}"]
    parts += [] if case == "both" else [case]
    for name, file in files.items():
        if file is not None and file.is_file():
            parts.append(f"{name}-{sha256(file.read_bytes()).hexdigest()[:8]}")
    folder = Path("out") / "_".join(parts)
    # A question of one's own may have been changed since, and keep its name.
    return folder.with_name(f"{folder.name}_{question.sha256[:8]}") if _is_of_another(folder, question) else folder


def _is_of_another(folder: Path, question: tg.Scenario) -> bool:
    """Whether a folder holds what was made of another question; what cannot be read is taken for one."""
    for file in (folder / "answer.json", folder / "drivers.json"):
        if file.is_file():
            try:
                if loads(file.read_text("utf-8"))["inputs"]["scenario"] != question.sha256:
                    return True
            except (ValueError, LookupError, TypeError, OSError):
                return True
    return False


def calibrated(question: tg.Scenario, record: tg.Record, seed: int) -> tg.Calibration:
    """The posterior of a record up to the day the question names; a fit made before is taken from the cache."""
    return tg.calibrate(record, until=question.until, seed=seed)


def cases_of(case: Case) -> Sequence[EvidenceCase]:
    """Evidence cases asked for; the two are never averaged."""
    return EVIDENCE_CASES if case == "both" else (case,)


def print_answer(result: tg.Sufficiency, folder: Path, notes: Sequence[str]) -> None:
    """Answer first, then it by goal and by reading, then where the rest is."""
    from tegmen.report.reading_charts import readings_table

    for case in result.cases:
        say(f"{case}: {result.sentence(case)}", "bold")
        say(f"  {result.finding(case)}")
    for line in result.caveats():
        say(f"note: {line}")
    show(result.scenario.title, result.summary(), left=("case", "goal"))
    aside = [goal.name for goal in result.scenario.goals if not goal.is_finding]
    if aside:
        say(f"Illustrations, not findings: {', '.join(aside)}; the report says why.")
    show("The headline in other readings", readings_table(result), left=("reading",))
    for key in result.calibration.prior_only:
        say(f"note: {key.name} rests on the prior only; the record has no eligible row of it.")
    say_notes(notes)
    say(f"report: {folder / 'report.html'}")
