"""Forecasts and their scores → charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from tegmen.report.charts import CASE_COLOUR, GREY, INK, PERCENT_LABEL, picture
from tegmen.trust.scores import LEVELS

if TYPE_CHECKING:
    from tegmen.trust.backtest import ClassScores, Scores

RIVAL = "trailing_beta_binomial"
"""The baseline whose coverage is drawn beside ours."""


def draw_coverage(scored: ClassScores, name: str) -> alt.LayerChart:
    """Draw how often intervals held against how often they should have: a dot a level, with two standard errors."""
    held, error = _scores_of(scored).coverage, scored.coverage_error
    table = pd.DataFrame({"level": list(held), "held": list(held.values()), "error": list(error.values())})
    axis = alt.Axis(labelExpr=PERCENT_LABEL, values=[0, *LEVELS[:2], 0.95])
    x = alt.X("level:Q", title="interval", scale=alt.Scale(domain=[0.4, 1]), axis=axis)
    y: dict[str, Any] = {"title": "outcomes inside", "scale": alt.Scale(domain=[0, 1]), "axis": axis}
    ours = alt.Chart(table).encode(x=x)
    band = ours.transform_calculate(
        low="max(datum.level - 2 * datum.error, 0)", high="min(datum.level + 2 * datum.error, 1)"
    )
    right = alt.Chart(pd.DataFrame({"level": [0.4, 1], "held": [0.4, 1]})).encode(x=x)
    theirs = [_rival_dots(scored.baselines[RIVAL], x, alt.Y("held:Q", **y))] if RIVAL in scored.baselines else []
    layers = [
        right.mark_line(color=GREY).encode(y=alt.Y("held:Q", **y)),
        band.mark_rule(color=GREY, opacity=0.4, strokeWidth=9).encode(y=alt.Y("low:Q", **y), y2=alt.Y2("high")),
        *theirs,
        ours.mark_point(filled=True, color=CASE_COLOUR["posted"], opacity=1, size=70).encode(y=alt.Y("held:Q", **y)),
    ]
    words = "; ".join(f"{level:.0%} interval held {share:.0%}" for level, share in held.items())
    return picture(layers, f"coverage-{name}", f"{name}: {words}.", width=220, height=180)


def _rival_dots(rival: Scores, x: alt.X, y: alt.Y) -> alt.Chart:
    table = pd.DataFrame({"level": list(rival.coverage), "held": list(rival.coverage.values())})
    dots = alt.Chart(table).mark_point(shape="square", color=CASE_COLOUR["claimed"], opacity=1, size=60)
    return dots.encode(x=x, y=y)


def draw_pit(scored: ClassScores, name: str) -> alt.LayerChart:
    """Draw the PIT histogram, level if the forecasts are right."""
    pit = _scores_of(scored).pit
    edges = np.linspace(0, 1, len(pit) + 1)
    x = alt.X("low:Q", title="PIT", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1]))
    y = alt.Y("share:Q", title="share of outcomes", axis=alt.Axis(labelExpr=PERCENT_LABEL, tickCount=4))
    bins = alt.Chart(pd.DataFrame({"low": edges[:-1], "high": edges[1:], "share": pit}))
    layers = [
        bins.mark_rect(color=CASE_COLOUR["posted"], stroke="white", strokeWidth=1).encode(
            x=x, x2=alt.X2("high"), y=y, y2=alt.Y2Datum(0)
        ),
        alt.Chart().mark_rule(color=INK, strokeDash=[4, 4]).encode(y=alt.YDatum(1 / len(pit))),
    ]
    return picture(layers, f"pit-{name}", f"{name}: PIT histogram in {len(pit)} bins.", width=220, height=180)


def draw_forecasts(forecasts: pd.DataFrame, name: str) -> alt.LayerChart:
    """Draw each forecast's 5 to 95 % range and the outcome, as shares of what was launched."""
    columns = ["day", "launched", "low", "high", "intercepted"]
    chosen = forecasts.loc[forecasts["threat_class"] == name, columns].astype({"day": str})
    shares = {f"{column}_share": f"datum.{column} / datum.launched" for column in ("low", "high", "intercepted")}
    rows = alt.Chart(chosen).transform_calculate(**shares)
    axis = alt.Axis(format="%b %Y", tickCount=5)
    rows = rows.encode(x=alt.X("day:T", title=None, axis=axis, scale=alt.Scale(type="utc")))  # no zone moves a day
    y: dict[str, Any] = {
        "title": "intercepted of launched",
        "scale": alt.Scale(domain=[0, 1]),
        "axis": alt.Axis(labelExpr=PERCENT_LABEL, values=[0, 0.5, 1]),
    }
    size = alt.Size("launched:Q", scale=alt.Scale(range=[6, 70]), legend=None)
    band = rows.mark_rule(color=GREY, opacity=0.4, strokeWidth=1.4)
    dots = rows.mark_circle(color=CASE_COLOUR["posted"], opacity=0.9)
    layers = [
        band.encode(y=alt.Y("low_share:Q", **y), y2=alt.Y2("high_share")),
        dots.encode(y=alt.Y("intercepted_share:Q", **y), size=size),
    ]
    words = f"{name}: {len(chosen)} forecasts, each with its 5 to 95 % range and the share intercepted."
    return picture(layers, f"forecasts-{name}", words, width=380, height=140)


def _scores_of(scored: ClassScores) -> Scores:
    if scored.scores is None:
        raise ValueError("a class without scores has no picture")
    return scored.scores
