"""Month by month: a page of its own, and a section of the decision's. Formats, never computes."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import pandas as pd
from markupsafe import Markup

from tegmen.answer.months import ByWhen
from tegmen.errors import checked_arguments
from tegmen.report.ahead_json import months_file
from tegmen.report.charts import CASE_COLOUR, GREY, dashed_at, picture, share_axis, system_name
from tegmen.report.csv_files import csv_text
from tegmen.report.folders import check_folder, write_files
from tegmen.report.style import fill_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.answer.ahead import Ahead
    from tegmen.report.charts import AnyChart

MONTHS_FILES = ("months.html", "months.json", "months.csv")
_SIZE = {"width": 380, "height": 150}


@checked_arguments
def write_months(result: ByWhen, out: str | Path) -> Path:
    """Write months.html, months.json and months.csv into a folder, and give the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, MONTHS_FILES)
    page = fill_page("months.html.j2", months=result, months_pictures=months_pictures(result), folded=False)
    told = {"months.json": months_file(result).text(), "months.csv": csv_text(result.to_pandas())}
    write_files({"months.html": page} | told, folder)
    return folder / "months.html"


def months_section(ahead: Ahead) -> Markup:
    """Give the section of the decision's page that follows its goals; it holds no heading of its own."""
    followed = [(each, months_pictures(each)) for each in ahead.months]
    text = fill_page("months_section.html.j2", ahead=ahead, followed=followed, folded=True)
    return Markup(text)  # noqa: S704 - the template escapes


def _name_of(result: ByWhen, what: str) -> str:
    """Name of a picture, apart from those of other goals and cases on a page."""
    return f"months-{result.case}-{result.goal.name}-{what}"


def months_pictures(result: ByWhen) -> Mapping[str, AnyChart]:
    """Draw the goal's metric, the units and the share of worlds that meet the goal, month by month."""
    return {"value": _draw_value(result), "units": _draw_units(result), "met": _draw_met(result)}


def _by_month(rows: pd.DataFrame) -> alt.Chart:
    x = alt.X(
        "month:T", title=None, axis=alt.Axis(format="%b %y", tickCount=6), scale=alt.Scale(type="utc", padding=10)
    )
    return alt.Chart(rows).encode(x=x)


def _draw_value(result: ByWhen) -> AnyChart:
    """The metric each month: a band over worlds, its mean, and dashed the mean with nothing added."""
    rows, colour = _by_month(result.to_pandas()), CASE_COLOUR[result.case]
    what = result.goal.measure.what.format(cities=result.goal.largest_cities)
    wrapped = textwrap.wrap(f"a month: {what}", 40)
    axis = alt.Y("mean:Q", title=wrapped, scale=alt.Scale(zero=True))
    layers = [
        rows.mark_area(color=colour, opacity=0.18).encode(y=alt.Y("low:Q", title=wrapped), y2=alt.Y2("high")),
        rows.mark_line(color=GREY, strokeDash=[5, 3]).encode(y=alt.Y("without:Q", title=wrapped)),
        rows.mark_line(color=colour, strokeWidth=2.5, point=True).encode(y=axis),
    ]
    return picture(layers, _name_of(result, "value"), result.sentence, **_SIZE)


def _draw_units(result: ByWhen) -> AnyChart:
    """Units held by the baseline as counted, and the added ones that are there, after losses."""
    rows = [
        {"month": f"{month.first:%Y-%m}", "units": number, "whose": whose, "order": order}
        for month in result.months
        for order, (whose, number) in enumerate(
            [*((f"{system_name(kind)} held", span.best or 0.0) for kind, span in month.held.items()),
             ("added, after losses", sum(month.added.values()))]
        )
    ]  # fmt: skip
    names = list(dict.fromkeys(row["whose"] for row in rows))
    greys = ["#8a8a8a", "#c4c4c4", "#6d6d6d", "#dadada"]
    colours = [*(greys[at % len(greys)] for at in range(len(names) - 1)), CASE_COLOUR[result.case]]
    colour = alt.Color(
        "whose:N", scale=alt.Scale(domain=names, range=colours), legend=alt.Legend(title=None, orient="top")
    )
    bars = (
        _by_month(pd.DataFrame(rows))
        .mark_bar(size=18)
        .encode(y=alt.Y("sum(units):Q", title="fire units"), color=colour, order=alt.Order("order:Q"))
    )
    last = result.months[-1]
    words = f"In {last.name}: {sum(last.added.values()):.1f} added units there, after losses and replacements."
    return picture([bars], _name_of(result, "units"), words, **_SIZE)


def _draw_met(result: ByWhen) -> AnyChart:
    """The share of worlds that meet the goal, with two standard errors; dashed the share asked."""
    rows = _by_month(result.to_pandas()).transform_calculate(
        least="max(datum.met - 2 * datum.met_error, 0)", most="min(datum.met + 2 * datum.met_error, 1)"
    )
    axis, colour = share_axis("met", "worlds that meet the goal"), CASE_COLOUR[result.case]
    layers = [
        rows.mark_rule(color=GREY, opacity=0.5, strokeWidth=5).encode(
            y=share_axis("least", "worlds that meet the goal"), y2=alt.Y2("most")
        ),
        rows.mark_line(color=colour, strokeWidth=2.5, point=True).encode(y=axis),
        dashed_at(result.goal.confidence),
    ]
    best = max(result.months, key=lambda month: month.met)
    return picture(layers, _name_of(result, "met"), f"At most {best.met:.0%}, in {best.name}.", **_SIZE)
