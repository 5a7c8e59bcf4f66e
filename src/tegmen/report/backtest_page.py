"""A back-test to files: one self-contained page and the same numbers as JSON. Formats, never computes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tegmen.report.charts import CASE_COLOUR, GREY, INK, layer, number, picture, svg
from tegmen.report.folders import check_folder, write_files
from tegmen.report.style import page
from tegmen.trust.scores import LEVELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.terms import ThreatClass
    from tegmen.trust.backtest import Backtest, ClassScores, Scores
    from tegmen.trust.scores import Difference

MAIN = "trailing_beta_binomial"
SCORECARD_FILES = ("backtest.html", "backtest.json")
RULES = {
    "all_time_mean": "All-time mean (binomial)",
    "trailing_binomial": "Trailing 120 days (binomial)",
    "trailing_beta_binomial": "Trailing 120 days (Beta-binomial)",
    "last_month": "Last calendar month (binomial)",
}
SHORT = {
    "all_time_mean": "all time",
    "trailing_binomial": "120 days",
    "trailing_beta_binomial": "120 days BB",
    "last_month": "last month",
}
CLASSES = {"drone": "Drones", "cruise": "Cruise missiles", "ballistic": "Ballistic missiles"}
READINGS = {
    "launched_3_or_more": "only where 3 or more were launched",
    "zone_known": "knowing the zone each raid is aimed at",
    "calendar_drawn": "with the month's launches drawn from the 120 days before",
}


def write_backtest(result: Backtest, out: str | Path) -> Path:
    """Write backtest.html and backtest.json into a folder, and give the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, SCORECARD_FILES)
    content = json.dumps(scores(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_files({"backtest.html": _page(result), "backtest.json": content}, folder)
    return folder / "backtest.html"


def sentence(result: Backtest, key: ThreatClass) -> str:
    """Say how the forecasts of one class did."""
    found = result.classes[key]
    if found.scores is None:
        return f"{key.name}: not scored, there is nothing to score (see the notes)."
    gain, held, error = found.differences[MAIN], found.scores.coverage[0.9], found.coverage_error[0.9]
    open_ = "" if gain.low > 0 or gain.high < 0 else ", which these forecasts cannot tell from none"
    return (
        f"{key.name}: {found.nights} {result.horizon}s; the 90 % interval held {held:.1%} of outcomes (sampling error "
        f"{error:.1%}); mean log score {'better' if gain.mean > 0 else 'worse'} by {abs(gain.mean):.3f} than a "
        f"Beta-binomial on the 120 days before (90 % interval {gain.low:+.3f} to {gain.high:+.3f}){open_}."
    )


def short_table(result: Backtest) -> pd.DataFrame:
    """Scores as a terminal shows them: class, forecast by, in 80 and 90 %, log score, CRPS, tegmen better by."""
    rows: list[dict[str, str]] = []
    for key, found in result.classes.items():
        each = {**({"tegmen": found.scores} if found.scores else {}), **found.baselines}
        for name, scored in each.items():
            gain = found.differences.get(name)
            ahead = f"{gain.mean:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})" if gain else ""
            inside = {f"in_{level:.0%}": f"{scored.coverage[level]:.1%}" for level in (0.8, 0.9)}
            row = {"class": key.name, "forecast_by": SHORT.get(name, name), **inside}
            rows.append({**row, "log": f"{scored.log_score:.3f}", "CRPS": f"{scored.crps:.2f}", "better_by": ahead})
    return pd.DataFrame(rows)


# --- backtest.json ---------------------------------------------------------------------------------------------------


def scores(result: Backtest) -> dict[str, Any]:
    """Give the content of backtest.json."""
    return {
        "start": str(result.start),
        "end": str(result.end),
        "horizon": result.horizon,
        "count": result.count,
        "min_launched": result.min_launched,
        "classes": {key.name: _class(found) for key, found in result.classes.items()},
        "notes": list(result.notes),
        "provenance": {
            "version": result.provenance.version,
            "seed": result.provenance.seed,
            "inputs": dict(result.provenance.inputs),
        },
    }


def _class(found: ClassScores) -> dict[str, Any]:
    content: dict[str, Any] = {"nights": found.nights}
    if found.scores is None:
        return content | {"scored": False}
    content |= {
        "scored": True,
        **_scores(found.scores),
        "coverage_standard_error": _levels(found.coverage_error),
        "baselines": {
            name: {**_scores(each), **_difference(found.differences[name])} for name, each in found.baselines.items()
        },
    }
    return content | ({"also": {name: _class(each) for name, each in found.also.items()}} if found.also else {})


def _scores(each: Scores) -> dict[str, Any]:
    return {
        "coverage": _levels(each.coverage),
        "coverage_plain": _levels(each.plain_coverage),
        "log_score": each.log_score,
        "crps": each.crps,
        "pit": [float(share) for share in each.pit],
    }


def _levels(values: Mapping[float, float]) -> dict[str, float]:
    return {f"{level:g}": value for level, value in values.items()}


def _difference(gain: Difference) -> dict[str, Any]:
    return {"difference": gain.mean, "difference_90": [gain.low, gain.high]}


# --- backtest.html ---------------------------------------------------------------------------------------------------


def _page(result: Backtest) -> str:
    pictures = {
        key.name: {"coverage": draw_coverage(found, key.name), "pit": draw_pit(found, key.name)}
        | {"nights": draw_forecasts(result.forecasts, key.name)}
        for key, found in result.classes.items()
        if found.scores is not None
    }
    return page(
        "backtest.html.j2",
        result=result,
        pictures=pictures,
        rules=RULES,
        titles=CLASSES,
        readings=READINGS,
        levels=LEVELS,
        sentence=sentence,
    )


def draw_coverage(found: ClassScores, name: str) -> str:
    """Draw how often intervals held against how often they should have: a dot a level, with two standard errors."""
    rows = [
        {"asked": level, "found": value, "low": max(level - 2 * error, 0), "high": min(level + 2 * error, 1)}
        for (level, value), error in zip(_given(found).coverage.items(), found.coverage_error.values(), strict=True)
    ]
    base = _given_baseline(found)
    theirs = [{"asked": level, "found": value} for level, value in base.coverage.items()] if base else []
    axis = {"labelExpr": "format(datum.value * 100, '.0f') + '\u00a0%'", "values": [0, *LEVELS[:2], 0.95]}
    x = number("asked", title="interval", scale={"domain": [0.4, 1]}, axis=axis)
    y = number("found", title="outcomes inside", scale={"domain": [0, 1]}, axis=axis)
    layers = [
        layer([{"asked": 0.4, "found": 0.4}, {"asked": 1, "found": 1}], {"type": "line", "color": GREY}, x=x, y=y),
        layer(
            rows,
            {"type": "rule", "color": GREY, "opacity": 0.4, "strokeWidth": 9},
            x=x,
            y=number("low", title="outcomes inside"),
            y2={"field": "high"},
        ),
        layer(
            theirs,
            {"type": "point", "shape": "square", "color": CASE_COLOUR["claimed"], "opacity": 1, "size": 60},
            x=x,
            y=y,
        ),
        layer(
            rows,
            {"type": "point", "filled": True, "color": CASE_COLOUR["posted"], "opacity": 1, "size": 70},
            x=x,
            y=y,
        ),
    ]
    told = "; ".join(f"{row['asked']:.0%} interval held {row['found']:.0%}" for row in rows)
    return svg(picture(layers, 220, 180), f"coverage-{name}", f"{name}: {told}.")


def draw_pit(found: ClassScores, name: str) -> str:
    """Draw the PIT histogram, level if the forecasts are right."""
    pit = _given(found).pit
    edges = np.linspace(0, 1, len(pit) + 1)
    rows = [
        {"low": float(low), "high": float(high), "share": float(share), "zero": 0.0}
        for low, high, share in zip(edges[:-1], edges[1:], pit, strict=True)
    ]
    x = number("low", title="PIT", scale={"domain": [0, 1]}, axis={"values": [0, 0.5, 1]})
    y = number("share", title="share of outcomes", axis={"format": ".0%", "tickCount": 4})
    bar = {"type": "rect", "color": CASE_COLOUR["posted"], "stroke": "white", "strokeWidth": 1}
    level = [{"share": 1 / len(pit)}]
    layers = [
        layer(rows, bar, x=x, x2={"field": "high"}, y=y, y2={"field": "zero"}),
        layer(level, {"type": "rule", "color": INK, "strokeDash": [4, 4]}, y=number("share")),
    ]
    return svg(picture(layers, 220, 180), f"pit-{name}", f"{name}: PIT histogram in {len(pit)} bins.")


def draw_forecasts(forecasts: pd.DataFrame, name: str) -> str:
    """Draw each forecast's 5 to 95 % range and the outcome, as shares of what was launched."""
    chosen: Any = forecasts[forecasts["threat_class"] == name]
    rows: list[dict[str, Any]] = [
        {"day": str(row["day"]), "launched": int(row["launched"])}
        | {key: float(row[key]) / float(row["launched"]) for key in ("low", "high", "intercepted")}
        for row in chosen.to_dict("records")
    ]
    x: dict[str, Any] = {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %Y", "tickCount": 6}}
    y = {"scale": {"domain": [0, 1]}, "axis": {"format": ".0%", "values": [0, 0.5, 1]}}
    title = "intercepted of launched"
    layers = [
        layer(
            rows,
            {"type": "rule", "color": GREY, "opacity": 0.4, "strokeWidth": 2},
            x=x,
            y=number("low", title=title, **y),
            y2={"field": "high"},
        ),
        layer(
            rows,
            {"type": "circle", "color": CASE_COLOUR["posted"], "opacity": 0.9},
            x=x,
            y=number("intercepted", title=title, **y),
            size=number("launched", scale={"range": [8, 110]}, legend=None),
        ),
    ]
    told = f"{name}: {len(rows)} forecasts, each with its 5 to 95 % range and the share intercepted."
    return svg(picture(layers, 560, 180), f"forecasts-{name}", told)


def _given(found: ClassScores) -> Scores:
    if found.scores is None:
        raise ValueError("a class without scores has no picture")
    return found.scores


def _given_baseline(found: ClassScores) -> Scores | None:
    return found.baselines.get(MAIN)
