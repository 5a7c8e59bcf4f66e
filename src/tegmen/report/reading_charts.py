"""The answer in other readings → rows and charts: by reading, by rounds, by what is asked, by what the plan knows."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from tegmen.report.charts import (
    CASE_COLOUR,
    CASE_DASH,
    CASE_TITLE,
    INK,
    added_axis,
    dashed_at,
    haloed,
    in_two_lines,
    name_axis,
    picture,
    share_axis,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegmen.answer.results import CaseAnswer, Frontier, Sufficiency
    from tegmen.terms import EvidenceCase

_TINT: dict[EvidenceCase, str] = {"posted": "#9cc3de", "claimed": "#f0b58c"}
"""Light enough for ink on it."""


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """A line of the table of readings; None: not worked out for it."""

    name: str
    reason: str
    n: int | None
    probability: float | None
    mcse: float | None
    log_odds: float | None
    ess: float | None


def reading_rows(answer: CaseAnswer) -> list[ReadingRow]:
    """List the headline and every other reading, re-aiming and the informed plan among them."""
    own, informed, reaction = answer.headline, answer.informed, answer.reaction
    at = int(own.added[-1]) if own.n is None else own.n
    rows = [
        ReadingRow(
            "the headline", "the answer above", own.n, float(own.probability[at]), float(own.mcse[at]), None, own.ess
        )
    ]
    rows += [
        ReadingRow(other.name, other.reason, other.n, other.probability, other.mcse, other.log_odds, other.ess)
        for other in answer.readings
    ]
    knows = "each world's units are sited by somebody who knows where its own already stand, as the defender does"
    if informed is not None:
        told = float(informed.probability[at]), float(informed.mcse[at])
        rows.append(ReadingRow("a plan that knows the layout", knows, informed.n, *told, None, None))
    if reaction is not None:
        most = f"{100 * reaction.re_aimed[-1]:.0f} %"
        words = f"whatever share up to {most} of what was aimed at newly covered places is re-aimed: the guarantee"
        rows.append(ReadingRow("re-aiming", words, reaction.guarantee, None, None, None, None))
    return rows


DOUBTS = {
    "availability": ("availability low", "availability high"),
    "targets": (
        "targets by the front", "targets by population", "few missiles at other targets",
        "many missiles at other targets", "re-aiming",
    ),
    "kill": ("kill elsewhere as at Kyiv", "one kill share for all weapons"),
    "informed": ("a plan that knows the layout",),
}  # fmt: skip
"""What the answer is doubted for, to the readings that it is read in otherwise."""


def doubt_rows(result: Sufficiency) -> list[tuple[str, str, list[tuple[int | None, int | None]]]]:
    """List the doubts: name, where the page tells more, and by case the numbers enough, the headline's among them."""
    by_case = [_by_doubt(answer) for answer in result.cases.values()]
    rows = [(doubt, "readings" if doubt in DOUBTS else doubt) for doubt in by_case[0]]
    where = {"evidence": "stability"}
    return [
        (doubt, where.get(doubt, section), [_span(numbers[doubt]) for numbers in by_case]) for doubt, section in rows
    ]


def _by_doubt(answer: CaseAnswer) -> dict[str, list[int | None]]:
    own, rows = answer.headline.n, {row.name: row.n for row in reading_rows(answer)}
    found = {doubt: [rows[name] for name in names if name in rows] for doubt, names in DOUBTS.items()}
    found["rounds"] = [n for n, rounds in _frontier_numbers(answer) if rounds > 0]
    found["evidence"] = [cut.n for cut in answer.stability]
    return {doubt: [own, *numbers] for doubt, numbers in found.items() if numbers}


def _frontier_numbers(answer: CaseAnswer) -> list[tuple[int | None, float]]:
    frontier = frontier_of_goal(answer, answer.headline.goal.name)
    return list(zip(frontier.n, frontier.rounds, strict=True))


def _span(numbers: Sequence[int | None]) -> tuple[int | None, int | None]:
    """Smallest and largest number; None: for the largest, none tried is enough in some; for both, in all."""
    known = [n for n in numbers if n is not None]
    return (min(known) if known else None), (None if None in numbers else max(known))


def readings_table(result: Sufficiency) -> pd.DataFrame:
    """Give one row a reading: of each case the number enough, and the share of worlds for the headline's number."""
    most, table = result.scenario.added_max, pd.DataFrame()
    for case, answer in result.cases.items():
        rows = reading_rows(answer)
        table["reading"] = [row.name for row in rows]
        table[case] = [_worded(row.n, most) for row in rows]
        table[f"P, {case}"] = ["–" if row.probability is None else round(row.probability, 3) for row in rows]
    return table


def _drawn_at(n: int | None, most: int) -> float:
    """Where a number is drawn; none tried is enough: beyond the largest."""
    return most + 2.0 if n is None else float(n)


def _worded(n: int | None, most: int) -> str:
    return f"> {most}" if n is None else str(n)


def draw_readings(result: Sufficiency) -> alt.LayerChart:
    """Draw the number enough in every reading, a line each; where a case is a dot, where none is enough a triangle."""
    most = result.scenario.added_max
    scale, axis = alt.Scale(domain=[0, most + 4], nice=False), alt.Axis(values=list(range(0, most + 1, 5)))
    x = alt.X("at:Q", title="added fire units that are enough", scale=scale, axis=axis)
    layers: list[alt.Chart] = []
    words: list[str] = []
    for case, answer in result.cases.items():
        rows = reading_rows(answer)
        table = pd.DataFrame(
            [(in_two_lines(row.name), _drawn_at(row.n, most), _worded(row.n, most), row.n is None) for row in rows],
            columns=["name", "at", "number", "none"],
        )
        marks = alt.Chart(table).encode(y=name_axis(table["name"].tolist()), x=x)
        layers += _reading_layers(marks, case, _drawn_at(rows[0].n, most), alone=len(result.cases) == 1)
        words.append(f"{CASE_TITLE[case]}. {'; '.join(f'{row.name}: {_worded(row.n, most)}' for row in rows)}.")
    lines = max(len(reading_rows(answer)) for answer in result.cases.values())
    description = f"Added units that are enough by reading. {' '.join(words)}"
    return picture(layers, "readings", description, width=190, height=38 * lines)


def _reading_layers(marks: alt.Chart, case: EvidenceCase, own: float, *, alone: bool) -> list[alt.Chart]:
    """The marks of a case, one case above the other on a line, with a rule where the headline's number is."""
    colour, posted = CASE_COLOUR[case], case == "posted"
    offset = 0 if alone else -8 if posted else 8
    rule = alt.Chart().mark_rule(color=colour, strokeDash=CASE_DASH[case], opacity=0.5).encode(x=alt.XDatum(own))
    dot: dict[str, Any] = {"color": colour, "filled": True, "opacity": 1, "size": 70, "yOffset": offset}
    none: dict[str, Any] = {"color": colour, "shape": "triangle-right", "size": 70, "strokeWidth": 2, "yOffset": offset}
    label = marks.encode(text=alt.Text("number:N"))
    return [
        rule,
        marks.transform_filter("!datum.none").mark_point(shape="circle" if posted else "square", **dot),
        marks.transform_filter("datum.none").mark_point(**none),
        *haloed(label, align="left", baseline="middle", dx=8, dy=offset, color=colour, fontWeight="bold"),
    ]


def rounds_text(rounds: float) -> str:
    """Write rounds a month."""
    return "no limit" if isinf(rounds) else f"{rounds:g}"


def frontier_of_goal(answer: CaseAnswer, goal: str) -> Frontier:
    """The frontier of one goal."""
    return next(frontier for frontier in answer.frontier if frontier.goal == goal)


def draw_frontier(result: Sufficiency, goal: str) -> alt.LayerChart:
    """Draw the number enough against rounds a month for one goal, the evidence cases over each other."""
    most = result.scenario.added_max
    layers: list[alt.Chart] = []
    words: list[str] = []
    for case, answer in result.cases.items():
        frontier = frontier_of_goal(answer, goal)
        layers += _frontier_layers(frontier, case, most)
        pairs = zip(frontier.rounds, frontier.n, strict=True)
        numbers = ", ".join(f"{rounds_text(rounds)}: {_worded(n, most)}" for rounds, n in pairs)
        words.append(f"{CASE_TITLE[case]}, rounds a month and units enough: {numbers}.")
    return picture(layers, f"frontier-{goal}", " ".join(words), width=290, height=170)


def _frontier_layers(frontier: Frontier, case: EvidenceCase, most: int) -> list[alt.Chart]:
    """A line through the numbers, with hollow triangles where none tried is enough."""
    names = [rounds_text(rounds) for rounds in frontier.rounds]
    above = most + 5  # room between the largest tried and "none"
    table = pd.DataFrame({"rounds": names, "at": [above if n is None else n for n in frontier.n]})
    table["none"] = [n is None for n in frontier.n]
    x = alt.X("rounds:N", title="rounds a month that come with them", sort=names, axis=alt.Axis(labelAngle=0))
    scale, ticks = alt.Scale(domain=[0, most + 7], nice=False), [*range(0, most + 1, 10), above]
    label = f"datum.value > {most} ? 'none' : datum.value"
    y = alt.Y(
        "at:Q", title="units enough", scale=scale, axis=alt.Axis(values=ticks, labelExpr=label, labelOverlap=False)
    )
    colour, posted = CASE_COLOUR[case], case == "posted"
    marks = alt.Chart(table).encode(x=x, y=y)
    # Where the cases agree the posted dot stands inside the claimed square.
    shape: dict[str, Any] = {"shape": "circle", "size": 40} if posted else {"shape": "square", "size": 130}
    none: dict[str, Any] = {"shape": "triangle-up", "size": 60 if posted else 170, "filled": False, "strokeWidth": 2}
    known = marks.transform_filter("!datum.none")
    return [
        known.mark_line(color=colour, strokeWidth=2, strokeDash=CASE_DASH[case]),
        known.mark_point(color=colour, filled=posted, opacity=1, strokeWidth=2, **shape),
        marks.transform_filter("datum.none").mark_point(color=colour, opacity=1, **none),
    ]


def draw_iso(result: Sufficiency, case: EvidenceCase) -> alt.LayerChart:
    """Draw the headline's number by what may remain and by the share of worlds asked: darker for more units."""
    answer = result.cases[case]
    iso, most, goal = answer.iso, int(answer.headline.added[-1]), answer.headline.goal
    cells = pd.DataFrame(
        [
            (f"{100 * threshold:.0f} %", f"{100 * confidence:.0f} %", _drawn_at(n, most), _worded(n, most))
            for threshold, row in zip(iso.thresholds, iso.n, strict=True)
            for confidence, n in zip(iso.confidences, row, strict=True)
        ],
        columns=["left", "asked", "at", "number"],
    )
    scale = alt.Scale(domain=[0, most + 2], range=["#ffffff", _TINT[case]], interpolate="rgb")
    fill = alt.Color("at:Q", scale=scale, legend=None)
    x = alt.X("asked:N", title="in at least this share of worlds", sort=None, axis=alt.Axis(labelAngle=0))
    y = alt.Y("left:N", title="share that may remain", sort=None)
    marks = alt.Chart(cells).encode(x=x, y=y)
    asked = f"datum.left === '{100 * goal.threshold:.0f} %' && datum.asked === '{100 * goal.confidence:.0f} %'"
    layers = [
        marks.mark_rect(stroke="white").encode(color=fill),
        marks.transform_filter(asked).mark_rect(filled=False, stroke=INK, strokeWidth=2.5),
        marks.mark_text(fontSize=14).encode(text=alt.Text("number:N")),
    ]
    words = "; ".join(f"{row.left} in {row.asked} of worlds: {row.number}" for row in cells.itertuples())
    description = (
        f"Added units that are enough by share that may remain and share of worlds, {CASE_TITLE[case]}. {words}."
    )
    return picture(layers, f"iso-{case}", description, width=330, height=34 * len(iso.thresholds))


def draw_informed(result: Sufficiency, case: EvidenceCase) -> alt.LayerChart:
    """Draw the headline's curve for the plan that knows the layout (dashed, ink) beside the one that does not."""
    answer, informed = result.cases[case].headline, result.cases[case].informed
    assert informed is not None, "the report leaves the section out where there is none"
    last, colour, title = int(answer.added[-1]), CASE_COLOUR[case], "share of worlds in which it is enough"
    table = answer.to_pandas().assign(informed=informed.probability[answer.added], mcse=informed.mcse[answer.added])
    points = alt.Chart(table).transform_calculate(
        low="max(datum.informed - 2 * datum.mcse, 0)", high="min(datum.informed + 2 * datum.mcse, 1)"
    )
    points = points.encode(x=added_axis(last, answer.system))
    layers = [
        points.mark_area(color=INK, opacity=0.15).encode(y=share_axis("low", title), y2=alt.Y2("high")),
        points.mark_line(color=colour, strokeWidth=2.5).encode(y=share_axis("probability", title)),
        points.mark_line(color=INK, strokeWidth=2, strokeDash=[6, 3]).encode(y=share_axis("informed", title)),
        dashed_at(answer.goal.confidence),
    ]
    numbers = (_worded(informed.n, last), _worded(answer.n, last))
    words = "Enough for a plan that knows the layout: {}; for one that does not: {}.".format(*numbers)
    return picture(layers, f"informed-{case}", f"{CASE_TITLE[case]}. {words}", width=400, height=200)
