"""Any result → one chart, for a notebook or a file of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from tegmen.answer.drivers import Drivers
from tegmen.answer.plan import Plan
from tegmen.answer.results import Sufficiency
from tegmen.errors import checked_arguments
from tegmen.report.charts import CASE_COLOUR, CASE_TITLE, draw_case_curve, draw_drivers, look
from tegmen.report.maps import draw_map
from tegmen.report.score_charts import draw_forecasts
from tegmen.trust.backtest import Backtest

if TYPE_CHECKING:
    from tegmen.report.charts import AnyChart


@checked_arguments
def chart(result: Sufficiency | Plan | Drivers | Backtest) -> AnyChart:
    """Draw the one chart that shows a result best.

    It is a chart of altair: a notebook shows it, ``chart(result).save("curve.svg")`` writes it, and its data and
    encodings can be changed.

    Parameters
    ----------
    result
        An answer (its curves, the evidence cases side by side), a plan (its map), drivers (their shares and worth), or
        a back-test (every forecast and what came, by class).

    Returns
    -------
        The chart, with its name and a description in words.
    """
    if isinstance(result, Sufficiency):
        return look(draw_curves(result))
    if isinstance(result, Plan):
        return look(draw_map(result.case, (), result.stands))
    if isinstance(result, Drivers):
        parts = [draw_drivers(case.drivers, name) for name, case in result.cases.items()]
        titles = [alt.Title(CASE_TITLE[name], color=CASE_COLOUR[name]) for name in result.cases]
        words = f"What drives the answer to {result.scenario.name}."
    else:
        scored = [key.name for key, scores in result.classes.items() if scores.scores is not None]
        parts = [draw_forecasts(result.forecasts, name) for name in scored]
        titles = [alt.Title(name) for name in scored]
        words = f"Forecasts from {result.start} to {result.end}, and what came."
    panels = [part.properties(title=title) for part, title in zip(parts, titles, strict=True)]
    return look(alt.vconcat(*panels).properties(name="panels", description=words, background="white", padding=10))


def draw_curves(result: Sufficiency) -> alt.HConcatChart:
    """Draw the headline goal's sufficiency curve, the evidence cases side by side on white."""
    panels = [
        draw_case_curve(result, case, title=alt.Title(CASE_TITLE[case], color=CASE_COLOUR[case]))
        for case in result.cases
    ]
    description = " ".join(f"{CASE_TITLE[case]}: {result.sentence(case)}" for case in result.cases)
    return alt.hconcat(*panels, spacing=30).properties(
        name="curve", description=description, background="white", padding=10
    )
