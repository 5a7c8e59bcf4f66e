"""The verbs that hold tegmen to its word: forecasts, their scores, the verification pack."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tegmen.cli.console import progress, say, show

if TYPE_CHECKING:
    from tegmen.evidence.record import Record
    from tegmen.trust.backtest import Backtest


class Horizon(StrEnum):
    """How far ahead a back-test forecasts."""

    night = "night"
    month = "month"


class Counting(StrEnum):
    """What counts as intercepted."""

    intercepted = "intercepted"
    both = "intercepted+lost"


_RECORD_OPTION = typer.Option(help="Your own attack record (CSV) instead of the embedded one.")
_COUNT_OPTION = typer.Option(help="What counts as intercepted; lost: jammed, or fallen on their own.")


def backtest(  # noqa: PLR0913, PLR0917 - one parameter an option
    record: Annotated[Path | None, _RECORD_OPTION] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="First month scored, YYYY-MM. [default: last twelve]")
    ] = None,
    horizon: Annotated[Horizon, typer.Option(help="Forecast one night or one month ahead.")] = Horizon.night,
    count: Annotated[Counting, _COUNT_OPTION] = Counting.intercepted,
    min_launched: Annotated[int, typer.Option(min=1, help="Score only nights with this many launched.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for backtest.html and backtest.json.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same scores, bit for bit.")] = 1,
) -> None:
    """Forecast every night or month of the record from what came before it, and score the forecasts."""
    with progress() as tell:
        import tegmen as tg
        from tegmen.report.folders import check_folder

        if out is not None:
            check_folder(out, ("backtest.html", "backtest.json"))
        tell("reading the record", 0, 1)
        evidence = _past(record, count)
        result = tg.backtest(
            evidence, start=start, horizon=horizon.value, min_launched=min_launched, seed=seed, progress=tell
        )
        page = None if out is None else tg.write_backtest(result, out)
    _print_backtest(result, page)


def forecast(
    launched: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLASS=NUMBER", help="What is launched that night, such as drone=90 ballistic=4."),
    ] = None,
    record: Annotated[Path | None, _RECORD_OPTION] = None,
    until: Annotated[str | None, typer.Option(help="Last day of the record used, YYYY-MM-DD.")] = None,
    month: Annotated[
        str | None, typer.Option(help="Forecast a month, YYYY-MM, with raids drawn from the last 120 days.")
    ] = None,
    count: Annotated[Counting, _COUNT_OPTION] = Counting.intercepted,
    seed: Annotated[int, typer.Option(min=0, help="Seed of a month's simulation.")] = 1,
) -> None:
    """Forecast what is intercepted and what leaks: of one night's launches, or in a month."""
    if bool(launched) == bool(month):
        raise typer.BadParameter("give either CLASS=NUMBER for one night, or --month YYYY-MM")
    asked = _launched(launched or [])
    with progress() as tell:
        import tegmen as tg
        from tegmen.calibration.kept_fits import cache_folder

        tell("reading the record", 0, 1)
        evidence = _past(record, count)
        last = evidence.rows["window_end"].max().date() if until is None else until
        tell("calibrating on the record", 0, 1)
        calibration = tg.calibrate(evidence, until=last, seed=seed, cache=cache_folder())
        tell("forecasting", 0, 1)
        result = tg.forecast_month(calibration, month, seed=seed) if month else tg.forecast(calibration, asked)
    days = str(result.first) if result.first == result.last else f"{result.first} to {result.last}"
    title = f"Forecast for {days}, from the record until {result.known_until}"
    show(title, result.ranges(), left=("class", "evidence"))
    for note in evidence.notes:
        typer.echo(f"note: {note}")


def _launched(words: list[str]) -> dict[str, int]:
    """Read CLASS=NUMBER."""
    asked: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not number.isdecimal() or name in asked:
            raise typer.BadParameter(f"found {word!r}; CLASS=NUMBER, each class once, such as drone=90, is allowed")
        asked[name] = int(number)
    return asked


def _past(record: Path | None, count: Counting) -> Record:
    """Read a record up to today, leaving out rows at fault with a note, and counting as asked."""
    from dataclasses import replace
    from datetime import datetime

    import tegmen as tg

    evidence = tg.read_record(record, leave_out=True)
    late = evidence.rows["window_end"].dt.date > datetime.now().astimezone().date()
    if late.any() and not late.all():
        note = f"{int(late.sum())} rows end after today: left out, as what has not happened cannot be scored or learnt."
        evidence = replace(
            evidence, rows=evidence.rows.loc[~late].reset_index(drop=True), notes=(*evidence.notes, note)
        )
    return evidence.counting(count.value)


def _print_backtest(result: Backtest, page: Path | None) -> None:
    """Say the scores, class by class, then where the rest is."""
    from tegmen.report.backtest_page import sentence, short_table

    for key in result.classes:
        say(sentence(result, key))
    title = f"Scored {result.start} to {result.end} by {result.horizon}, counting {result.count}"
    show(title, short_table(result), left=("class", "forecast_by"))
    for note in result.notes:
        typer.echo(f"note: {note}")
    if page is not None:
        typer.echo(f"report: {page}")


def verify(
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("out/verification"),
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the tests and the back-test.")] = False,
    answer: Annotated[Path | None, typer.Option(help="Take the sensitivity from this answer.json.")] = None,
    record: Annotated[Path | None, typer.Option(help="Your own attack record (CSV).")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same pack.")] = 1,
) -> None:
    """Build the verification and validation pack; exit code 1 if a check or a test fails."""
    with progress() as tell:
        import tegmen as tg
        from tegmen.report.folders import check_folder
        from tegmen.report.verification_page import VERIFICATION_FILES, write_verification
        from tegmen.trust.pack import Extent
        from tegmen.trust.pack import verify as run
        from tegmen.trust.published import is_public_list

        check_folder(out, VERIFICATION_FILES)
        evidence = tg.read_record(record)
        extent = Extent(quick, answer, record if record and is_public_list(record) else None)
        pack = run(evidence, tg.read_scenario("march-2024"), seed=seed, extent=extent, progress=tell)
        page = write_verification(pack, out)
    for line in pack.lines():
        typer.echo(line)
    typer.echo(f"page: {page}")
    raise typer.Exit(pack.exit_code)
