"""Forecasts and their scores → charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import pandas as pd

from tegmen.report.charts import CASE_COLOUR, GREY, PERCENT_LABEL, dashed_at, launched_layers, picture, share_axis
from tegmen.trust.baselines import RIVAL
from tegmen.trust.scores import LEVELS

if TYPE_CHECKING:
    from tegmen.trust.backtest import ClassScores, Scores


def draw_coverage(scored: ClassScores, name: str) -> alt.LayerChart:
    """Draw how often intervals held against how often they should have: a dot a level, with two standard errors."""
    held, error, rival = _scores_of(scored).coverage, scored.coverage_error, scored.baselines.get(RIVAL)
    columns = {"level": list(held), "held": list(held.values()), "error": list(error.values())}
    columns |= {"rival": list(rival.coverage.values())} if rival else {}
    ticks = [0, *LEVELS[:2], 0.95]
    axis = alt.Axis(labelExpr=PERCENT_LABEL, values=ticks)
    x = alt.X("level:Q", title="interval", scale=alt.Scale(domain=[0.4, 1]), axis=axis)
    levels = alt.Chart(pd.DataFrame(columns)).encode(x=x)
    band = levels.transform_calculate(
        low="max(datum.level - 2 * datum.error, 0)", high="min(datum.level + 2 * datum.error, 1)"
    ).mark_rule(color=GREY, opacity=0.4, strokeWidth=9)
    right = alt.Chart(pd.DataFrame({"level": [0.4, 1]})).encode(x=x)
    squares = levels.mark_point(shape="square", color=CASE_COLOUR["claimed"], opacity=1, size=60)
    dots = levels.mark_point(filled=True, color=CASE_COLOUR["posted"], opacity=1, size=70)
    y = {name: share_axis(name, "outcomes inside", ticks) for name in ("low", "held", "rival")}
    layers = [
        right.mark_line(color=GREY).encode(y=share_axis("level", "outcomes inside", ticks)),
        band.encode(y=y["low"], y2=alt.Y2("high")),
        *([squares.encode(y=y["rival"])] if rival else ()),
        dots.encode(y=y["held"]),
    ]
    words = "; ".join(f"{level:.0%} interval held {share:.0%}" for level, share in held.items())
    return picture(layers, f"coverage-{name}", f"{name}: {words}.", width=220, height=180)


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
        dashed_at(1 / len(pit)),
    ]
    return picture(layers, f"pit-{name}", f"{name}: PIT histogram in {len(pit)} bins.", width=220, height=180)


def draw_forecasts(forecasts: pd.DataFrame, name: str) -> alt.LayerChart:
    """Draw each forecast's 5 to 95 % range and the outcome, as shares of what was launched."""
    columns = ["day", "launched", "low", "high", "intercepted"]
    chosen = forecasts.loc[forecasts["threat_class"] == name, columns].astype({"day": str})
    axis = alt.Axis(format="%b %Y", tickCount=5)
    x = alt.X("day:T", title=None, axis=axis, scale=alt.Scale(type="utc"))  # no zone moves a day
    layers = launched_layers(chosen, x, "intercepted of launched", width=1.4, sizes=(6, 70))
    words = f"{name}: {len(chosen)} forecasts, each with its 5 to 95 % range and the share intercepted."
    return picture(layers, f"forecasts-{name}", words, width=380, height=140)


def _scores_of(scored: ClassScores) -> Scores:
    if scored.scores is None:
        raise ValueError("a class without scores has no picture")
    return scored.scores
