"""Neighbours: a section, a page of its own, and the entries of decision.json. Formats, never computes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt

from tegmen.answer.neighbours import Neighbours
from tegmen.errors import checked_arguments
from tegmen.report.charts import CASE_COLOUR, GREY, picture
from tegmen.report.csv_files import csv_text
from tegmen.report.folders import check_folder, write_files
from tegmen.report.style import fill_page

if TYPE_CHECKING:
    from tegmen.report.charts import AnyChart

NEIGHBOURS_FILES = ("neighbours.html", "neighbours.csv")


@checked_arguments
def write_neighbours(result: Neighbours, out: str | Path) -> Path:
    """Write neighbours.html and neighbours.csv into a folder, and give the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, NEIGHBOURS_FILES)
    page = fill_page("neighbours.html.j2", neighbours=result, neighbours_picture=draw_rates(result))
    write_files({"neighbours.html": page, "neighbours.csv": csv_text(result.to_pandas())}, folder)
    return folder / "neighbours.html"


def neighbours_json(result: Neighbours) -> dict[str, Any]:
    """Give what decision.json says of neighbours: plain values, days as YYYY-MM-DD."""
    return {
        "sentence": result.sentence,
        "case": result.case,
        "goal": result.goal.name,
        "added": dict(result.added),
        "window": [str(day) for day in result.window],
        "rates": [asdict(each) for each in result.rates],
        "crossings": [
            asdict(each) | {"first": str(each.first), "last": str(each.last), "entries": list(each.entries)}
            for each in result.crossings
        ],
        "totals": dict(result.totals),
        "gaps": list(result.gaps),
        "stopped": [
            {"neighbour": each.neighbour, "flown": each.flown, "crossings": each.crossings, "why": each.why}
            | {"share": None if each.share is None else [each.share[0], *each.share[1]]}
            for each in result.stopped
        ],
        "from_abroad": [
            {
                "neighbour": each.neighbour, "kind": each.kind, "at_least_km": each.at_least_km,
                "places": [[place.place, place.counts, *place.chance] for place in each.places],
                "saved": [each.saved[0], *each.saved[1]], "stops": [each.stops[0], *each.stops[1]],
                "met": each.met, "met_without": each.met_without,
            }
            for each in result.from_abroad
        ],
        "said": [asdict(each) | {"day": str(each.day)} for each in result.said],
        "caveats": list(result.caveats),
    }  # fmt: skip


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
    return picture(layers, "neighbours-rates", result.sentence, width=340, height=height)
