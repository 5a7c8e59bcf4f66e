"""Results → pictures: self-contained SVG text, drawn at the size it is read on a telephone.

The pictures are Vega-Lite specifications as plain data: a library to write them with would cost more time than drawing.
Colours keep apart under every common colour blindness (blue and burnt orange, plus dash and mark shape) and in grey
print. Numbers are the results' own: a chart places them, it works none out.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import vl_convert

from tegmen.evidence.systems import SYSTEM_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tegmen.answer.results import ClaimTest, Driver, GoalAnswer, Sufficiency
    from tegmen.ledger.aid import AidStatus, Holding
    from tegmen.terms import EvidenceCase

Rows = list[dict[str, Any]]
Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""

CASE_COLOUR: dict[EvidenceCase, str] = {"posted": "#0b5c94", "claimed": "#b34700"}
CASE_TITLE: dict[EvidenceCase, str] = {"posted": "Posted record", "claimed": "Claimed totals"}
INK, GREY = "#1a1a1a", "#595959"
_PERCENT = "format(datum.value * 100, '.0f') + '\u00a0%'"
_DASH: dict[EvidenceCase, list[int]] = {"posted": [1, 0], "claimed": [6, 3]}
_SHAPE: dict[EvidenceCase, str] = {"posted": "circle", "claimed": "square"}

_CONFIG: dict[str, Any] = {
    "aria": False,  # the figure carries one text for screen readers; a label on every mark would bury it
    "background": "transparent",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": GREY,
        "tickColor": GREY,
        "gridColor": "#ececec",
        "labelLimit": 240,
    },
    "axisY": {"minExtent": 44},  # pictures in a row keep one scale
    "text": {"fontSize": 12, "color": INK},
    "title": {"anchor": "start", "fontSize": 15, "offset": 8},
}


# ---------------------------------------------------------------- parts of a picture


def layer(rows: Iterable[Mapping[str, Any]], mark: Spec, **encoding: Any) -> Spec:
    """Give one layer; a number that is not finite is left out, for JSON has no word for it."""
    values = [
        {key: (None if isinstance(value, float) and not np.isfinite(value) else value) for key, value in row.items()}
        for row in rows
    ]
    return {"data": {"values": values}, "mark": mark, "encoding": encoding}


def number(field: str, **options: Any) -> Spec:
    """Encode a quantity."""
    return {"field": field, "type": "quantitative", **options}


LABEL: Spec = {"field": "label", "type": "nominal"}


def haloed(rows: Rows, x: Spec, y: Spec, **mark: Any) -> list[Spec]:
    """Text that stays legible over lines: once as a white outline, once as itself."""
    outline = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "color": "white"}
    return [layer(rows, {"type": "text", **mark, **extra}, x=x, y=y, text=LABEL) for extra in (outline, {})]


def picture(layers: Sequence[Spec], width: int, height: int, **options: Any) -> Spec:
    """Stack layers, first at the bottom."""
    return {"layer": list(layers), "width": width, "height": height, **options}


def svg(drawn: Spec, name: str, description: str) -> str:
    """Convert a picture; `name` keeps its clip ids apart from those of other pictures in one page."""
    text = vl_convert.vegalite_to_svg({**drawn, "config": _CONFIG})
    # Vega numbers its ids over the life of the process: numbered again, the same results give the same bytes.
    for number, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))):
        text = re.sub(rf'(id="|url\(#|href="#){re.escape(found)}(?=["\)])', rf"\g<1>{name}-{number}", text)
    label = html.escape(description, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def system_name(system: str) -> str:
    """Give a system's name in words."""
    return SYSTEM_NAMES.get(system, system.replace("_", " "))


# ---------------------------------------------------------------- claims


@dataclass(frozen=True, slots=True)
class ClaimMark:
    """A public claim on an axis of added units: one number, or the span a claim names."""

    low: int
    high: int
    label: str


def claim_marks(claims: Sequence[ClaimTest]) -> list[ClaimMark]:
    """Join the rows of one claim ("5–7: minimum, low end" and "…, high end") into one mark, smallest first."""
    groups: dict[str, list[ClaimTest]] = {}
    for claim in claims:
        groups.setdefault(claim.label.split(",")[0], []).append(claim)
    marks = [
        ClaimMark(
            min(each.added for each in group),
            max(each.added for each in group),
            head if len(group) > 1 else group[0].label,
        )
        for head, group in groups.items()
    ]
    return sorted(marks, key=lambda mark: (mark.low, mark.high))


def _claim_layers(claims: Sequence[ClaimTest], last: int, width: int, height: int) -> list[Spec]:
    """Draw claims as rules and shaded spans, each label on a line of its own above the plot, leftmost on top.

    A rule reaches up to its own label only, so none crosses the label of another.
    """
    layers: list[Spec] = []
    marks = [mark for mark in claim_marks(claims) if mark.low <= last]
    for line, mark in enumerate(marks):
        top = -15 * (len(marks) - line) + 2
        row: Rows = [{"low": mark.low, "high": min(mark.high, last), "label": mark.label}]
        x, from_top = number("low"), {"y": {"value": top}, "y2": {"value": height}}
        if mark.high > mark.low:
            shade = {"type": "rect", "color": "#8c8c8c", "opacity": 0.18}
            layers.append(layer(row, shade, x=x, x2={"field": "high"}, **from_top))
        layers.append(layer(row, {"type": "rule", "color": "#8c8c8c"}, x=x, **from_top))
        leftward = mark.low > last / 2
        room = width * (mark.low / last if leftward else 1 - mark.low / last)
        side = {"align": "right", "dx": -4} if leftward else {"align": "left", "dx": 4}
        text = {"type": "text", "baseline": "top", "limit": max(room, 60), **side}
        layers.append(layer(row, text, x=x, y={"value": top - 1}, text=LABEL))
    return layers


# ---------------------------------------------------------------- curves


def _last(answers: Iterable[GoalAnswer]) -> int:
    return max(int(answer.added[-1]) for answer in answers)


def _added_axis(last: int, system: str) -> Spec:
    title = f"added {system_name(system)} fire units"
    return number("added", title=title, scale={"domain": [0, last], "nice": False}, axis={"tickMinStep": 5})


def _share_axis(title: str, field: str = "p") -> Spec:
    axis = {"labelExpr": _PERCENT, "values": [0, 0.25, 0.5, 0.75, 1]}
    return number(field, title=title, scale={"domain": [0, 1]}, axis=axis)


def _curve_rows(answer: GoalAnswer) -> Rows:
    """Points of the curve with their band of two Monte Carlo standard errors."""
    return [
        {"added": int(n), "p": float(p), "low": max(float(p - 2 * e), 0.0), "high": min(float(p + 2 * e), 1.0)}
        for n, p, e in zip(answer.added, answer.probability, answer.mcse, strict=True)
    ]


def _curve_layers(answer: GoalAnswer, case: EvidenceCase, x: Spec, title: str) -> list[Spec]:
    rows, colour, y = _curve_rows(answer), CASE_COLOUR[case], _share_axis(title)
    band = {"type": "area", "color": colour, "opacity": 0.25}
    line = {"type": "line", "color": colour, "strokeWidth": 2, "strokeDash": _DASH[case]}
    dots = {"type": "point", "color": colour, "filled": True, "opacity": 1, "size": 26, "shape": _SHAPE[case]}
    return [
        layer(rows, band, x=x, y=_share_axis(title, "low"), y2={"field": "high"}),
        layer(rows, line, x=x, y=y),
        layer(rows, dots, x=x, y=y),
    ]


def _asked_layers(confidence: float) -> list[Spec]:
    """Draw the dashed line at the confidence the goal asks for, and its label."""
    rows: Rows = [{"p": confidence, "label": f"asked: {confidence * 100:.0f}\u00a0%"}]
    rule = {"type": "rule", "color": INK, "strokeDash": [4, 4]}
    text = {"type": "text", "align": "left", "dx": 4, "dy": -7}
    return [layer(rows, rule, y=number("p")), layer(rows, text, x={"value": 0}, y=number("p"), text=LABEL)]


def _answer_layers(answer: GoalAnswer, case: EvidenceCase) -> list[Spec]:
    """Ring the answer on its curve, with the number beside it; nothing where no number tried is enough."""
    rows: Rows = [
        {"added": row["added"], "p": row["p"], "label": f"N = {answer.n}"}
        for row in _curve_rows(answer)
        if row["added"] == answer.n
    ]
    ring = {"type": "point", "color": CASE_COLOUR[case], "size": 150, "strokeWidth": 2.5}
    late = answer.n is not None and answer.n > 0.8 * int(answer.added[-1])  # no room on the right
    side = {"align": "right", "dx": -11, "dy": -11} if late else {"align": "left", "dx": 9, "dy": 15}
    x, y = number("added"), number("p")
    return [layer(rows, ring, x=x, y=y), *haloed(rows, x, y, fontSize=14, fontWeight="bold", **side)]


def _curve(result: Sufficiency, case: EvidenceCase, **options: Any) -> Spec:
    width, height = 400, 230
    answer = result.cases[case].headline
    last = _last(each.headline for each in result.cases.values())
    layers = [
        *_claim_layers(answer.claims, last, width, height),
        *_curve_layers(answer, case, _added_axis(last, answer.system), "share of worlds in which it is enough"),
        *_asked_layers(answer.goal.confidence),
        *_answer_layers(answer, case),
    ]
    return picture(layers, width, height, **options)


def draw_case_curve(result: Sufficiency, case: EvidenceCase) -> str:
    """Draw the headline goal's sufficiency curve in one evidence case, as SVG text."""
    description = f"Sufficiency curve, {CASE_TITLE[case]}. {result.sentence(case)}"
    return svg(_curve(result, case), f"curve-{case}", description)


def draw_curve(result: Sufficiency) -> str:
    """Draw the headline goal's sufficiency curve, the evidence cases side by side, as one SVG text.

    Parameters
    ----------
    result
        Curves and answers.

    Returns
    -------
        SVG on white, without external references.
    """
    panels = [
        _curve(result, case, title={"text": CASE_TITLE[case], "color": CASE_COLOUR[case]}) for case in result.cases
    ]
    description = " ".join(f"{CASE_TITLE[case]}: {result.sentence(case)}" for case in result.cases)
    return svg({"hconcat": panels, "spacing": 30, "background": "white", "padding": 10}, "curve", description)


def draw_goal(result: Sufficiency, goal: str) -> str:
    """Draw one goal's curve, the evidence cases over each other, small, as SVG text."""
    answers: dict[EvidenceCase, GoalAnswer] = {
        case: next(each for each in answer.goals if each.goal.name == goal) for case, answer in result.cases.items()
    }
    last = _last(answers.values())
    layers: list[Spec] = []
    for case, answer in answers.items():
        layers += _curve_layers(answer, case, _added_axis(last, answer.system), "share of worlds")
    for case, answer in answers.items():
        layers += [_asked_layers(answer.goal.confidence)[0], _answer_layers(answer, case)[0]]
    description = " ".join(f"{CASE_TITLE[case]}: {answer.sentence()}." for case, answer in answers.items())
    return svg(picture(layers, 290, 160), f"goal-{goal}", description)


def draw_remaining(result: Sufficiency, case: EvidenceCase) -> str:
    """Draw what is left of the headline metric against the number added: 10, 50 and 90 % of worlds, as SVG text."""
    answer = result.cases[case].headline
    count = answer.goal.metric == "capitals_uncovered"
    rows: Rows = [
        {"added": int(n), "low": float(left[0]), "p": float(left[1]), "high": float(left[2])}
        for n, left in zip(answer.added, answer.remaining, strict=True)
    ]
    heads = [each.headline for each in result.cases.values()]
    most = max(1.0, *(float(np.max(each.remaining, initial=0, where=np.isfinite(each.remaining))) for each in heads))
    about: Spec = {
        "title": "capitals left uncovered" if count else "left, as a share of the baseline",
        "scale": {"domain": [0, most]},
        "axis": {"format": "d"} if count else {"labelExpr": _PERCENT},
    }
    x, y, colour = _added_axis(_last(heads), answer.system), number("p", **about), CASE_COLOUR[case]
    threshold = answer.goal.threshold
    label = f"goal: {threshold:g}" if count else f"goal: {threshold * 100:.0f}\u00a0% left"
    goal: Rows = [{"p": threshold, "label": label}]
    band = {"type": "area", "color": colour, "opacity": 0.22}
    line = {"type": "line", "color": colour, "strokeWidth": 2.5, "strokeDash": _DASH[case]}
    layers = [
        layer(rows, band, x=x, y=number("low", **about), y2={"field": "high"}),
        layer(rows, line, x=x, y=y),
        layer(goal, {"type": "rule", "color": INK, "strokeDash": [4, 4]}, y=y),
        *haloed(goal, {"value": 4}, y, align="left", dy=9),
    ]
    told = f"What is left of the headline metric, {CASE_TITLE[case]}: median {rows[-1]['p']:.2g} at {rows[-1]['added']}"
    return svg(picture(layers, 400, 200), f"left-{case}", f"{told} added units.")


# ---------------------------------------------------------------- record against model


def draw_record(months: pd.DataFrame, threat_class: str) -> str:
    """Draw one class: dots the share intercepted of posted strikes by month, band the model's 5 to 95 %, as SVG text.

    Parameters
    ----------
    months
        Rows of `Calibration.monthly()` of one class, counts.
    threat_class
        Name used in the picture's text.

    Returns
    -------
        SVG text.
    """
    counts = ("intercepted", "model_low", "model_median", "model_high")
    rows: Rows = [
        {"month": str(row["month"]), "launched": int(row["launched"])}
        | {key: float(row[key]) / max(int(row["launched"]), 1) for key in counts}
        for row in months.to_dict("records")
    ]
    # A month is a label here, not an instant (no time zone can move it); months without a row keep their room.
    span = [str(month) for month in pd.period_range(rows[0]["month"], rows[-1]["month"], freq="M")]
    ticks = [month for month in span if month.endswith(("-01", "-07"))]
    axis = {"values": ticks, "labelAngle": 0}
    x: Spec = {"field": "month", "type": "ordinal", "title": None, "scale": {"domain": span}, "axis": axis}
    title = "intercepted, of posted strikes"
    band: Spec = {"type": "rule", "color": GREY, "opacity": 0.35, "strokeWidth": 9}
    tick: Spec = {"type": "tick", "color": INK, "thickness": 2, "width": 9, "height": 2}
    dots: Spec = {"type": "circle", "color": CASE_COLOUR["posted"], "opacity": 1, "stroke": "white", "strokeWidth": 0.7}
    size = number("launched", scale={"range": [24, 150]}, legend=None)
    layers = [
        layer(rows, band, x=x, y=_share_axis(title, "model_low"), y2={"field": "model_high"}),
        layer(rows, tick, x=x, y=_share_axis(title, "model_median")),
        layer(rows, dots, x=x, y=_share_axis(title, "intercepted"), size=size),
    ]
    told = f"{threat_class}: share intercepted of posted strikes by month, {len(rows)} months, with the model's band."
    return svg(picture(layers, 300, 180), f"record-{threat_class}", told)


def draw_ranges(ranges: Mapping[str, tuple[float, float, float]], case: EvidenceCase, title: str) -> str:
    """Draw named low, middle and high points as bars with a dot, one a line, as SVG text."""
    rows: Rows = [{"name": name, "low": low, "p": middle, "high": high} for name, (low, middle, high) in ranges.items()]
    axis = {"ticks": False, "domain": False, "labelLimit": 170}
    y: Spec = {"field": "name", "type": "nominal", "title": None, "sort": None, "axis": axis}
    colour = CASE_COLOUR[case]
    bar = {"type": "rule", "color": colour, "opacity": 0.4, "strokeWidth": 9}
    dot = {"type": "point", "color": colour, "filled": True, "opacity": 1, "size": 70, "shape": _SHAPE[case]}
    scale = {"zero": True}
    layers = [
        layer(rows, bar, x=number("low", title=title, scale=scale), x2={"field": "high"}, y=y),
        layer(rows, dot, x=number("p", title=title, scale=scale), y=y),
    ]
    told = "; ".join(f"{row['name']}: {row['low']:.0f} to {row['high']:.0f}, middle {row['p']:.0f}" for row in rows)
    return svg(picture(layers, 300, 34 * len(rows)), f"ranges-{case}", f"{CASE_TITLE[case]}, {title}. {told}.")


# ---------------------------------------------------------------- aid


def draw_aid(status: AidStatus) -> str:
    """Draw aid by holder and item, one bar a line, as SVG text.

    Each bar is as long as the most that was ever promised, delivered or asked for of it: what was delivered dark, what
    is owed light, overdue red, asked for only as an outline. A question mark stands where no number is known.
    """
    width = 340  # names stand above the bars and numbers below: beside them, a telephone shows neither
    bars = [row for each in status.holdings for row in _aid_bars(each)]
    words: Rows = [{"name": each.name, "label": _aid_words(each)} for each in status.holdings]
    names = [each.name for each in status.holdings]
    y: Spec = {"field": "name", "type": "nominal", "axis": None, "scale": {"domain": names}}
    x = number("low", title=None, axis=None, scale={"domain": [0, 1]})
    bar = {"type": "bar", "height": 13, "stroke": INK, "strokeWidth": 0.8}
    colour = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    text = {"type": "text", "align": "left", "limit": width}
    layers = [
        layer(bars, bar, x=x, x2={"field": "high"}, y=y, fill=colour),
        layer(words, {**text, "dy": -15}, x={"value": 0}, y=y, text={"field": "name", "type": "nominal"}),
        layer(words, {**text, "dy": 15}, x={"value": 0}, y=y, text=LABEL),
    ]
    told = "; ".join(f"{row['name']}: {row['label']}" for row in words)
    return svg(picture(layers, width, 56 * len(names)), "aid", f"Aid at the end of {status.at}. {told}.")


def _aid_bars(holding: Holding) -> Rows:
    """Give the parts of one bar as shares of its length, by the best number of each; none where there is no number."""
    delivered, owed, overdue, asked = (
        0.0 if amount is None else amount.best
        for amount in (
            holding.amounts.get("delivered"),
            holding.outstanding,
            holding.overdue,
            holding.amounts.get("requested"),
        )
    )
    if delivered is None or owed is None or overdue is None:
        return []
    length = max(delivered + owed, asked or 0.0) or 1.0
    ends = (0.0, delivered, delivered + owed - overdue, delivered + owed, length)
    colours = ("#3b3b3b", "#c8c8c8", "#b3261e", "white")
    return [
        {"name": holding.name, "low": low / length, "high": high / length, "colour": colour}
        for low, high, colour in zip(ends, ends[1:], colours, strict=False)
        if high > low
    ]


def _aid_words(holding: Holding) -> str:
    """Word a bar: "32 delivered, 68 owed"."""
    parts = (
        (holding.amounts.get("delivered"), "delivered"),
        (holding.outstanding, "owed"),
        (holding.overdue, "overdue"),
        (holding.amounts.get("lapsed"), "lapsed"),
        (holding.amounts.get("requested"), "asked for"),
    )
    return ", ".join(f"{amount} {word}" for amount, word in parts if amount is not None)


# ---------------------------------------------------------------- drivers


def draw_drivers(drivers: Sequence[Driver], case: EvidenceCase) -> str:
    """Draw what each unknown does: share alone (filled), share with all else known (outlined), worth, as SVG text."""
    rows: Rows = [
        {"name": _folded(each.unknown), "share": each.share, "total": each.total, "evppi": each.evppi}
        | _two_errors("share", each.share, each.share_error)
        | _two_errors("total", each.total, each.total_error)
        | _two_errors("evppi", each.evppi, each.evppi_error)
        for each in drivers
    ]
    totals = any(each.total is not None for each in drivers)
    shares = [*_bar_layers(rows, "share", case, filled=True), *(_bar_layers(rows, "total", case) if totals else ())]
    height = 34 * len(rows)
    left = picture(shares, 150, height, title="share of the doubt" + (", alone and total" if totals else ""))
    right = picture(_bar_layers(rows, "evppi", case, filled=True, names=False), 120, height, title="worth of knowing")
    told = "; ".join(f"{each.unknown}: share {each.share:.2f}, worth {each.evppi:.1f} units" for each in drivers)
    return svg({"hconcat": [left, right], "spacing": 16}, f"drivers-{case}", f"{CASE_TITLE[case]}. {told}.")


def _bar_layers(rows: Rows, field: str, case: EvidenceCase, *, filled: bool = False, names: bool = True) -> list[Spec]:
    """Bars of one field with lines of two standard errors; an outlined bar is wider, so that it frames a filled one."""
    axis = {"ticks": False, "domain": False, "labelExpr": "split(datum.label, '|')", "labelLimit": 260}
    y: Spec = {"field": "name", "type": "nominal", "title": None, "sort": None, "axis": axis if names else None}
    y |= {"scale": {"paddingOuter": 0.5}}
    share = field != "evppi"
    about: Spec = {
        "title": None if share else "units bought in vain",
        "axis": {"labelExpr": _PERCENT, "values": [0, 0.5, 1]} if share else {"tickCount": 4},
        "scale": {"domain": [0, 1], "clamp": True} if share else {"zero": True},
    }
    colour = CASE_COLOUR[case]
    look: Spec = {"color": colour, "opacity": 0.75} if filled else {"fillOpacity": 0, "stroke": colour}
    bar = {"type": "bar", "height": 12 if filled else 20, **look}
    line = {"type": "rule", "color": INK, "strokeDash": [1, 0] if filled else [2, 2], "yOffset": 0 if filled else 8}
    ends = {"x2": {"field": f"{field}_high"}}
    shown = [row for row in rows if row[field] is not None]
    return [
        layer(shown, bar, x=number(field, **about), y=y),
        layer(shown, line, x=number(f"{field}_low", **about), y=y, **ends),
    ]


def _two_errors(field: str, value: float | None, error: float | None) -> dict[str, float | None]:
    if value is None or error is None:
        return {}
    return {f"{field}_low": max(value - 2 * error, 0.0), f"{field}_high": value + 2 * error}


def _folded(words: str) -> str:
    """Mark with | where long words are best broken into two lines."""
    if len(words) <= 30:
        return words
    gaps = [at for at, letter in enumerate(words) if letter == " "]
    at = min(gaps, key=lambda gap: abs(gap - len(words) / 2))
    return f"{words[:at]}|{words[at + 1 :]}"
