"""The verbs that hold tegmen to its word: forecasts, their scores, the verification pack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import tegmen as tg
from tegmen.cli.ask import OwnRecord, Seed, Strict, Weapons
from tegmen.cli.console import echo, progress, say, say_notes, show

_DIGITS_MOST = 5  # of what is launched in a night
CountOption = Annotated[
    Literal["intercepted", "intercepted+lost"],
    typer.Option("--count", help="What counts as intercepted; lost: jammed, or fallen on their own."),
]


def backtest_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="First month scored, YYYY-MM. [default: last twelve]")
    ] = None,
    horizon: Annotated[
        Literal["night", "month"], typer.Option(help="Forecast one night or one month ahead.")
    ] = "night",
    count: CountOption = "intercepted",
    min_launched: Annotated[int, typer.Option(min=1, help="Score only nights with this many launched.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for backtest.html and backtest.json.")] = None,
    seed: Seed = 1,
) -> None:
    """Forecast every night or month of the record from what came before it, and score the forecasts."""
    with progress() as tell:
        if out is not None:
            tg.check_folder(out, ("backtest.html", "backtest.json"))
        tell("reading the record", 0, 1)
        evidence = tg.read_record(record, strict=strict, weapons=weapons).counting(count)
        result = tg.backtest(
            evidence, start=start, horizon=horizon, min_launched=min_launched, seed=seed, progress=tell
        )  # fmt: skip
        page = None if out is None else tg.write_backtest(result, out)
    print_backtest(result)
    if page is not None:
        echo(f"report: {page}")


def forecast_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    launched: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLASS=NUMBER", help="What is launched that night, such as drone=90 ballistic=4."),
    ] = None,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    until: Annotated[str | None, typer.Option(help="Last day of the record used, YYYY-MM-DD.")] = None,
    month: Annotated[
        str | None, typer.Option(help="Forecast a month, YYYY-MM, with raids drawn from the last 120 days.")
    ] = None,
    count: CountOption = "intercepted",
    seed: Seed = 1,
) -> None:
    """Forecast what is intercepted and what leaks: of one night's launches, or in a month."""
    if bool(launched) == bool(month):
        raise typer.BadParameter("give either CLASS=NUMBER for one night, or --month YYYY-MM")
    raid = parse_raid(launched or [])
    with progress() as tell:
        tell("reading the record", 0, 1)
        evidence = tg.read_record(record, strict=strict, weapons=weapons).counting(count)
        tell("calibrating on the record", 0, 1)
        last = evidence.rows["window_end"].max().date() if until is None else until
        calibration = tg.calibrate(evidence, until=last, seed=seed)
        tell("forecasting", 0, 1)
        result = tg.forecast_month(calibration, month, seed=seed) if month else tg.forecast(calibration, raid)
    days = str(result.first) if result.first == result.last else f"{result.first} to {result.last}"
    title = f"Forecast for {days}, from the record until {result.known_until}"
    show(title, result.ranges(), left=("class", "evidence"))
    say_notes(evidence.told(last))


def verify_verb(  # noqa: PLR0913, PLR0917 - one parameter an option
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("out/verification"),
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the back-test.")] = False,
    answer: Annotated[Path | None, typer.Option(help="Take the sensitivity from this answer.json.")] = None,
    record: OwnRecord = None,
    strict: Strict = False,
    weapons: Weapons = None,
    seed: Seed = 1,
) -> None:
    """Build the verification and validation pack: checks, back-tests, published numbers, pedigree of the inputs.

    Exit code 1 if a check fails. It runs no tests: in a source checkout `python scripts/verify.py` holds every
    requirement against its tests too.
    """
    with progress() as tell:
        from tegmen.report.verification_page import VERIFICATION_FILES

        tg.check_folder(out, VERIFICATION_FILES)
        evidence = tg.read_record(record, strict=strict, weapons=weapons)
        extent = tg.Extent(quick, answer)
        pack = tg.verify(evidence, tg.read_scenario("march-2024"), seed=seed, extent=extent, progress=tell)
        page = tg.write_verification(pack, out)
    for line in pack.lines():
        echo(line)
    say_notes(evidence.told())
    echo(f"page: {page}")
    raise typer.Exit(pack.exit_code)


def parse_raid(words: list[str]) -> dict[str, int]:
    """Read CLASS=NUMBER."""
    raid: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not number.isdecimal() or len(number) > _DIGITS_MOST or name in raid:
            fault = (
                f"found {word[:60]!r}; CLASS=NUMBER, each class once, such as drone=90, up to five digits, is allowed"
            )
            raise typer.BadParameter(fault)
        raid[name] = int(number)
    return raid


def print_backtest(result: tg.Backtest) -> None:
    """Say the scores, class by class, then the table and what could not be scored."""
    from tegmen.report.backtest_page import sentence, short_table

    for key in result.classes:
        say(sentence(result, key))
    title = f"Scored {result.start} to {result.end} by {result.horizon}, counting {result.count}"
    show(title, short_table(result), left=("class", "forecast_by"))
    say_notes(result.notes)
