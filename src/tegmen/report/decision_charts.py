"""The decision → charts: what protection costs, and what would make it another mix. Numbers are the results' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from tegmen.answer.decision import BILLION
from tegmen.report.charts import (
    CASE_COLOUR,
    CASE_TITLE,
    GREY,
    INK,
    in_two_lines,
    name_axis,
    picture,
    share_axis,
    system_name,
)

if TYPE_CHECKING:
    from tegmen.answer.decision import CaseDecision
    from tegmen.answer.tradeoffs import CostFrontier


def draw_frontiers(decision: CaseDecision) -> alt.LayerChart:
    """Draw what it costs to meet all goals in so large a share of worlds, with two Monte Carlo standard errors."""
    together = decision.weighed.frontiers[0]
    table = _frontier_rows(together)
    axis = alt.X("cost:Q", title="USD billion at best prices", scale=alt.Scale(zero=True))
    rows = alt.Chart(table).encode(y=share_axis("confidence", "share of worlds in which every goal is met"))
    shown = rows.transform_filter("isValid(datum.cost)")
    colour = CASE_COLOUR[decision.case]
    layers = [
        shown.mark_line(color=colour, strokeWidth=1.5).encode(x=axis, order="confidence:Q"),
        shown.transform_filter("isValid(datum.low) && isValid(datum.high)")
        .mark_rule(color=INK, strokeWidth=1.5)
        .encode(x=alt.X("low:Q", title="USD billion at best prices"), x2=alt.X2("high")),
        shown.mark_point(color=colour, filled=True, opacity=1, size=60).encode(x=axis),
        shown.mark_text(color=INK, align="left", dx=8, dy=-8, fontSize=11).encode(x=axis, text="words:N"),
    ]
    return picture(layers, f"frontier-{decision.case}", _frontier_words(decision, together), width=430, height=260)


def draw_costs(decision: CaseDecision) -> alt.LayerChart:
    """Draw what each part of the mix costs: low to high of its prices, a dot at the best."""
    mix = decision.solved.mix
    if mix is None:
        raise ValueError("no mix was found: there is nothing to draw")
    question = decision.weighed.question
    rows = [
        (f"{number} {system_name(kind)}", *_times(question.costs[kind, "fire unit"].span, number))
        for kind, number in mix.added.items()
    ]
    paid = question.round_cost
    if paid is not None and mix.rounds:
        rows.append((f"{mix.rounds:g} rounds a month", *_times(paid.span, mix.rounds * question.months)))
    table = pd.DataFrame(rows, columns=["name", "low", "best", "high"])
    lines = alt.Chart(table).encode(y=name_axis(table["name"].tolist()))
    title = "USD billion"
    layers = [
        lines.mark_rule(color=GREY, strokeWidth=7, opacity=0.45).encode(x=alt.X("low:Q", title=title), x2="high:Q"),
        lines.mark_point(color=CASE_COLOUR[decision.case], filled=True, opacity=1, size=80).encode(
            x=alt.X("best:Q", title=title, scale=alt.Scale(zero=True))
        ),
    ]
    words = "; ".join(f"{name}: {best:.1f} ({low:.1f} to {high:.1f})" for name, low, best, high in rows)
    description = f"{CASE_TITLE[decision.case]}: what the mix costs, USD billion. {words}."
    return picture(layers, f"costs-{decision.case}", description, width=330, height=40 * len(rows))


def draw_moves(decision: CaseDecision) -> alt.LayerChart:
    """Draw the cost of the cheapest mix with each input at either end of its range, beside that of the decision."""
    mix = decision.solved.mix
    if mix is None:
        raise ValueError("no mix was found: there is nothing to draw")
    best = float(mix.cost.best or 0.0) / BILLION
    rows = [
        (
            _short(move.id),
            move.end,
            None if move.cost is None else move.cost / BILLION,
        )
        for move in decision.weighed.moves
    ]
    table = pd.DataFrame(rows, columns=["name", "end", "cost"])
    names = list(dict.fromkeys(table["name"]))
    lines = alt.Chart(table).transform_filter("isValid(datum.cost)").encode(y=name_axis(names))
    shape = alt.Shape("end:N", scale=alt.Scale(domain=["low", "high"], range=["circle", "square"]), legend=None)
    axis = alt.X("cost:Q", title="USD billion", scale=alt.Scale(zero=False))
    layers = [
        lines.mark_rule(color=GREY).encode(x=axis, x2=alt.X2Datum(best)),
        lines.mark_point(color=CASE_COLOUR[decision.case], filled=True, opacity=1, size=60).encode(x=axis, shape=shape),
        alt.Chart().mark_rule(color=INK, strokeDash=[4, 4]).encode(x=alt.XDatum(best)),
    ]
    words = "; ".join(
        f"{name} {end}: {f'{cost:.1f}' if cost is not None else 'none' if move.settled else 'open'}"
        for (name, end, cost), move in zip(rows, decision.weighed.moves, strict=True)
    )
    description = f"{CASE_TITLE[decision.case]}: cost of the cheapest mix, USD billion, {best:.1f} as decided. {words}."
    return picture(layers, f"moves-{decision.case}", description, width=330, height=26 * len(names))


def _frontier_rows(frontier: CostFrontier) -> pd.DataFrame:
    def scaled(amount: float | None) -> float | None:
        return None if amount is None else amount / BILLION

    return pd.DataFrame(
        [
            (point.confidence, scaled(point.cost), scaled(point.low), scaled(point.high),
             "" if point.mix is None else ", ".join(f"{n} {system_name(kind)}" for kind, n in point.mix.added.items()))
            for point in frontier.points
        ],
        columns=["confidence", "cost", "low", "high", "words"],
    )  # fmt: skip


def _frontier_words(decision: CaseDecision, frontier: CostFrontier) -> str:
    words = "; ".join(
        f"{point.confidence:.0%}: {point.mix.words() if point.mix is not None else 'none' if point.settled else 'open'}"
        for point in frontier.points
    )
    return f"{CASE_TITLE[decision.case]}: cheapest mix by share of worlds asked. {words}."


def _times(span: object, number: float) -> tuple[float, float, float]:
    low, best, high = (float(getattr(span, end) or 0.0) * number / BILLION for end in ("low", "best", "high"))
    return low, best, high


def _short(row_id: str) -> str:
    """Name an input on an axis: the words of an unknown, or of a row without its table."""
    return in_two_lines(row_id.removeprefix("systems/").removeprefix("model/").replace("/", ": ").replace("_", " "))
