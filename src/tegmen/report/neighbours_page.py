"""Neighbours: a page of its own, and a section of the decision's. Formats, never computes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
from markupsafe import Markup

from tegmen.answer.neighbours import Neighbours
from tegmen.errors import checked_arguments
from tegmen.report.ahead_json import neighbours_file
from tegmen.report.charts import CASE_COLOUR, GREY, picture
from tegmen.report.csv_files import csv_text
from tegmen.report.folders import check_folder, write_files
from tegmen.report.style import fill_page

if TYPE_CHECKING:
    from tegmen.report.charts import AnyChart

NEIGHBOURS_FILES = ("neighbours.html", "neighbours.json", "neighbours.csv")


@checked_arguments
def write_neighbours(result: Neighbours, out: str | Path) -> Path:
    """Write neighbours.html, neighbours.json and neighbours.csv into a folder, and give the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, NEIGHBOURS_FILES)
    page = fill_page("neighbours.html.j2", neighbours=result, neighbours_picture=draw_rates(result))
    told = {"neighbours.json": neighbours_file(result).text(), "neighbours.csv": csv_text(result.to_pandas())}
    write_files({"neighbours.html": page} | told, folder)
    return folder / "neighbours.html"


def neighbours_section(result: Neighbours) -> Markup:
    """Give the section of the decision's page across the borders; it holds no heading of its own."""
    text = fill_page("neighbours_section.html.j2", neighbours=result, neighbours_picture=draw_rates(result))
    return Markup(text)  # noqa: S704 - the template escapes


def draw_rates(result: Neighbours) -> AnyChart:
    """Draw crossings a year by neighbour, each year a dot with its exact interval."""
    rows = result.to_pandas()
    rows["when"] = rows["year"].astype(str)
    height = 26 * rows["neighbour"].nunique()
    chart = alt.Chart(rows).encode(
        y=alt.Y("neighbour:N", title=None), yOffset=alt.YOffset("when:N"), color=alt.Color("when:N", legend=None)
    )
    shades = alt.Color(
        "when:N",
        scale=alt.Scale(range=["#a9c6db", "#6d9fc1", "#3479a6", CASE_COLOUR["posted"]]),
        legend=alt.Legend(title=None, orient="top"),
    )
    title = "crossings a year, with 90 % of Poisson's mean"
    layers = [
        chart.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title=title), x2=alt.X2("high"), color=alt.value(GREY)),
        chart.mark_point(filled=True, size=55, opacity=1).encode(x=alt.X("a_year:Q", title=title), color=shades),
    ]
    return picture(layers, f"neighbours-{result.case}-rates", result.sentence, width=340, height=height)
