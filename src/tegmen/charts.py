"""Results → pictures: self-contained SVG text, drawn at the size it is read on a telephone.

Colours keep apart under every common colour blindness (blue and burnt orange, plus dash and mark shape) and in grey
print. Numbers are the results' own: a chart places them, it works none out.
"""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
import vl_convert

from tegmen.geo import read_borders, read_front, read_oblasts, to_km
from tegmen.sufficiency import SYSTEM_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tegmen.sufficiency import CaseAnswer, ClaimTest, GoalAnswer, Stand, Sufficiency
    from tegmen.terms import EvidenceCase
    from tegmen.worlds import Places

Rows = list[dict[str, Any]]

CASE_COLOUR: dict[EvidenceCase, str] = {"posted": "#0b5c94", "claimed": "#b34700"}
CASE_TITLE: dict[EvidenceCase, str] = {"posted": "Posted record", "claimed": "Claimed totals"}
INK, GREY, FAINT = "#1a1a1a", "#595959", "#d9d9d9"
PLANT = "#7a5c00"
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
}


# ---------------------------------------------------------------- from chart to text


def _svg(chart: alt.LayerChart | alt.HConcatChart, name: str, description: str) -> str:
    """Convert a chart; `name` keeps its clip ids apart from those of other pictures in one page."""
    specification = chart.to_dict(validate=False)
    text = vl_convert.vegalite_to_svg({**specification, "config": _CONFIG})
    # Vega numbers its ids over the life of the process: number them again, so that the same results give the same bytes.
    for number, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))):
        text = re.sub(rf'(id="|url\(#|href="#){re.escape(found)}(?=["\)])', rf"\g<1>{name}-{number}", text)
    label = html.escape(description, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _data(rows: Iterable[Mapping[str, Any]]) -> alt.InlineData:
    """Inline rows; a number that is not finite is left out, for JSON has no word for it."""
    kept: Rows = [
        {key: (None if isinstance(value, float) and not np.isfinite(value) else value) for key, value in row.items()}
        for row in rows
    ]
    return alt.InlineData(values=kept)


def _chart(rows: Iterable[Mapping[str, Any]]) -> alt.Chart:
    return alt.Chart(_data(rows))


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


def _claim_layers(claims: Sequence[ClaimTest], last: int, width: int, height: int) -> list[alt.Chart]:
    """Draw claims as rules and shaded spans, each label on a line of its own above the plot, leftmost on top.

    A rule reaches up to its own label only, so none crosses the label of another.
    """
    layers: list[alt.Chart] = []
    marks = [mark for mark in claim_marks(claims) if mark.low <= last]
    for line, mark in enumerate(marks):
        top = -15 * (len(marks) - line) + 2
        row: Rows = [{"low": mark.low, "high": min(mark.high, last), "label": mark.label}]
        if mark.high > mark.low:
            shade = _chart(row).mark_rect(color="#8c8c8c", opacity=0.18)
            layers.append(shade.encode(x="low:Q", x2="high:Q", y=alt.value(top), y2=alt.value(height)))
        rule = _chart(row).mark_rule(color="#8c8c8c", strokeWidth=1)
        layers.append(rule.encode(x="low:Q", y=alt.value(top), y2=alt.value(height)))
        leftward = mark.low > last / 2
        room = width * (mark.low / last if leftward else 1 - mark.low / last)
        text = _chart(row).mark_text(
            align="right" if leftward else "left",
            baseline="top",
            dx=-4 if leftward else 4,
            limit=max(room, 60),
            fontSize=12,
        )
        layers.append(text.encode(x="low:Q", y=alt.value(top - 1), text="label:N"))
    return layers


# ---------------------------------------------------------------- curves


def _last(answers: Iterable[GoalAnswer]) -> int:
    return max(int(answer.added[-1]) for answer in answers)


def _added_axis(last: int, system: str) -> alt.X:
    title = f"added {system_name(system)} fire units"
    return alt.X("added:Q", title=title, scale=alt.Scale(domain=[0, last], nice=False), axis=alt.Axis(tickMinStep=5))


def _share_axis(title: str, field: str = "p") -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(labelExpr=_PERCENT, values=[0, 0.25, 0.5, 0.75, 1]),
    )


def _curve_rows(answer: GoalAnswer) -> Rows:
    """Points of the curve with their band of two Monte Carlo standard errors."""
    return [
        {"added": int(n), "p": float(p), "low": max(float(p - 2 * e), 0.0), "high": min(float(p + 2 * e), 1.0)}
        for n, p, e in zip(answer.added, answer.probability, answer.mcse, strict=True)
    ]


def _curve_layers(answer: GoalAnswer, case: EvidenceCase, x: alt.X, title: str) -> list[alt.Chart]:
    y = _share_axis(title)
    rows, colour = _curve_rows(answer), CASE_COLOUR[case]
    band = _chart(rows).mark_area(color=colour, opacity=0.25).encode(x=x, y=_share_axis(title, "low"), y2="high:Q")
    line = _chart(rows).mark_line(color=colour, strokeWidth=2, strokeDash=_DASH[case]).encode(x=x, y=y)
    dots = _chart(rows).mark_point(color=colour, filled=True, opacity=1, size=26, shape=_SHAPE[case]).encode(x=x, y=y)
    return [band, line, dots]


def _asked_layers(confidence: float) -> list[alt.Chart]:
    """Draw the dashed line at the confidence the goal asks for."""
    rows: Rows = [{"p": confidence, "label": f"asked: {confidence * 100:.0f}\u00a0%"}]
    rule = _chart(rows).mark_rule(color=INK, strokeDash=[4, 4], strokeWidth=1).encode(y="p:Q")
    text = _chart(rows).mark_text(align="left", dx=4, dy=-7, fontSize=12)
    return [rule, text.encode(x=alt.value(0), y="p:Q", text="label:N")]


def _answer_layers(answer: GoalAnswer, case: EvidenceCase) -> list[alt.Chart]:
    """Mark the answer on its curve, with the number beside it; nothing where no number tried is enough."""
    rows: Rows = [
        {"added": row["added"], "p": row["p"], "label": f"N = {answer.n}"}
        for row in _curve_rows(answer)
        if row["added"] == answer.n
    ]
    ring = _chart(rows).mark_point(color=CASE_COLOUR[case], size=150, strokeWidth=2.5).encode(x="added:Q", y="p:Q")
    late = answer.n is not None and answer.n > 0.8 * int(answer.added[-1])  # no room on the right
    side = {"align": "right", "dx": -11, "dy": -11} if late else {"align": "left", "dx": 9, "dy": 15}
    return [ring, *_haloed(_chart(rows), "added:Q", "p:Q", fontSize=14, fontWeight="bold", **side)]


def _haloed(chart: alt.Chart, x: Any, y: Any, **mark: Any) -> tuple[alt.Chart, alt.Chart]:
    """Text that stays legible over lines: once as a white outline, once as itself."""
    encoding = {"x": x, "y": y, "text": "label:N"}
    white = chart.mark_text(**{**mark, "stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "color": "white"})
    return white.encode(**encoding), chart.mark_text(**mark).encode(**encoding)


def _curve(result: Sufficiency, case: EvidenceCase, width: int = 400, height: int = 230) -> alt.LayerChart:
    answer = result.cases[case].headline
    last = _last(each.headline for each in result.cases.values())
    x = _added_axis(last, result.scenario.added_system)
    layers = [
        *_claim_layers(answer.claims, last, width, height),
        *_curve_layers(answer, case, x, "share of worlds in which it is enough"),
        *_asked_layers(answer.goal.confidence),
        *_answer_layers(answer, case),
    ]
    return alt.layer(*layers).properties(width=width, height=height)


def draw_case_curve(result: Sufficiency, case: EvidenceCase) -> str:
    """Draw the headline goal's sufficiency curve in one evidence case, as SVG text."""
    description = f"Sufficiency curve, {CASE_TITLE[case]}. {result.sentence(case)}"
    return _svg(_curve(result, case), f"curve-{case}", description)


def draw_curve(result: Sufficiency) -> str:
    """Draw the headline goal's sufficiency curve, the evidence cases side by side, as one SVG text.

    Parameters
    ----------
    result
        Curves and answers.

    Returns
    -------
        SVG without a background and without external references.
    """
    panels = [
        _curve(result, case).properties(
            title=alt.TitleParams(CASE_TITLE[case], color=CASE_COLOUR[case], anchor="start", fontSize=15, offset=8)
        )
        for case in result.cases
    ]
    description = " ".join(f"{CASE_TITLE[case]}: {result.sentence(case)}" for case in result.cases)
    return _svg(alt.hconcat(*panels, spacing=30), "curve", description)


def draw_goal(result: Sufficiency, goal: str) -> str:
    """Draw one goal's curve, the evidence cases over each other, small, as SVG text."""
    answers = {case: _goal(answer, goal) for case, answer in result.cases.items()}
    last = _last(answers.values())
    x = _added_axis(last, result.scenario.added_system)
    layers = [layer for case, answer in answers.items() for layer in _curve_layers(answer, case, x, "share of worlds")]
    any_answer = next(iter(answers.values()))
    layers += _asked_layers(any_answer.goal.confidence)[:1]
    layers += [layer for case, answer in answers.items() for layer in _answer_layers(answer, case)[:1]]
    description = " ".join(f"{CASE_TITLE[case]}: {answer.sentence()}" for case, answer in answers.items())
    return _svg(alt.layer(*layers).properties(width=290, height=160), f"goal-{goal}", description)


def _goal(answer: CaseAnswer, name: str) -> GoalAnswer:
    return next(each for each in answer.goals if each.goal.name == name)


def draw_remaining(result: Sufficiency, case: EvidenceCase) -> str:
    """Draw what is left of the headline metric against the number added: 10, 50 and 90 % of worlds, as SVG text."""
    answer = result.cases[case].headline
    count = answer.goal.metric == "capitals_uncovered"
    rows: Rows = [
        {"added": int(n), "low": float(left[0]), "p": float(left[1]), "high": float(left[2])}
        for n, left in zip(answer.added, answer.remaining, strict=True)
    ]
    x = _added_axis(_last(each.headline for each in result.cases.values()), result.scenario.added_system)
    title = "capitals left uncovered" if count else "left, as a share of the baseline"
    most = max([1.0, *(float(np.nanmax(each.headline.remaining)) for each in result.cases.values())])
    axis = alt.Axis(format="d") if count else alt.Axis(labelExpr=_PERCENT)
    y = alt.Y("p:Q", title=title, scale=alt.Scale(domain=[0, most]), axis=axis)
    colour = CASE_COLOUR[case]
    band = _chart(rows).mark_area(color=colour, opacity=0.22).encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q")
    line = _chart(rows).mark_line(color=colour, strokeWidth=2.5, strokeDash=_DASH[case]).encode(x=x, y=y)
    threshold = answer.goal.threshold
    goal: Rows = [{"p": threshold, "label": "goal: " + (f"{threshold:g}" if count else f"{threshold * 100:.0f}\u00a0% left")}]
    rule = _chart(goal).mark_rule(color=INK, strokeDash=[4, 4]).encode(y="p:Q")
    text = _haloed(_chart(goal), alt.value(4), "p:Q", align="left", dy=9, fontSize=12)
    chart = alt.layer(band, line, rule, *text).properties(width=400, height=200)
    middle = f"{rows[-1]['p']:.2g} at {rows[-1]['added']} added units"
    return _svg(chart, f"left-{case}", f"{CASE_TITLE[case]}: what is left of the headline metric; median {middle}.")


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
        {"month": str(row["month"])[:7], "launched": int(row["launched"])}
        | {key: float(row[key]) / max(int(row["launched"]), 1) for key in counts}
        for row in months.to_dict("records")
    ]
    # A month is a label here, not an instant (no time zone can move it); months without a row keep their room.
    span = [str(month) for month in pd.period_range(rows[0]["month"], rows[-1]["month"], freq="M")]
    ticks = [month for month in span if month.endswith(("-01", "-07"))]
    x = alt.X("month:O", title=None, scale=alt.Scale(domain=span), axis=alt.Axis(values=ticks, labelAngle=0))
    title = "intercepted, of posted strikes"
    y, low = _share_axis(title, "intercepted"), _share_axis(title, "model_low")
    band = _chart(rows).mark_rule(color=GREY, opacity=0.35, strokeWidth=9).encode(x=x, y=low, y2="model_high:Q")
    middle = _chart(rows).mark_tick(color=INK, thickness=2, width=9, height=2).encode(x=x, y="model_median:Q")
    size = alt.Size("launched:Q", scale=alt.Scale(range=[24, 150]), legend=None)
    dots = _chart(rows).mark_circle(color=CASE_COLOUR["posted"], opacity=1, stroke="white", strokeWidth=0.7)
    chart = alt.layer(band, middle, dots.encode(x=x, y=y, size=size)).properties(width=300, height=180)
    description = f"{threat_class}: share intercepted of posted strikes by month, {len(rows)} months, with the model's band."
    return _svg(chart, f"record-{threat_class}", description)


def draw_ranges(ranges: Mapping[str, tuple[float, float, float]], case: EvidenceCase, title: str) -> str:
    """Draw named low, middle and high points as bars with a dot, one a line, as SVG text."""
    rows: Rows = [{"name": name, "low": low, "p": middle, "high": high} for name, (low, middle, high) in ranges.items()]
    y = alt.Y("name:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False))
    bar = _chart(rows).mark_rule(color=CASE_COLOUR[case], opacity=0.4, strokeWidth=9)
    bars = bar.encode(x=alt.X("low:Q", title=title, scale=alt.Scale(zero=True)), x2="high:Q", y=y)
    dots = _chart(rows).mark_point(color=CASE_COLOUR[case], filled=True, opacity=1, size=70, shape=_SHAPE[case])
    chart = alt.layer(bars, dots.encode(x="p:Q", y=y)).properties(width=300, height=34 * len(rows))
    told = "; ".join(f"{row['name']}: {row['low']:.0f} to {row['high']:.0f}, middle {row['p']:.0f}" for row in rows)
    return _svg(chart, f"ranges-{case}", f"{CASE_TITLE[case]}, {title}. {told}.")


# ---------------------------------------------------------------- map

_MAP_WIDTH = 480
_MARGIN_KM = (30.0, 25.0, 85.0, 25.0)  # west, south, east (room for names by the front), north


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the local map that is drawn: west and north edge [km], pixels a km, and size [pixels]."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    def pixels(self, latitude: Any, longitude: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Place degrees on the picture, (..., 2) [pixels] right and down, to a tenth."""
        xy = to_km(latitude, longitude)
        return np.round(np.stack([xy[..., 0] - self.west, self.north - xy[..., 1]], axis=-1) * self.scale, 1)

    def ring(self, ring: Sequence[Sequence[float]]) -> list[list[float]]:
        """Place a ring of (longitude, latitude); points that fall on one spot are drawn once."""
        degrees = np.asarray(ring, dtype=np.float64)
        points = [tuple(point) for point in self.pixels(degrees[:, 1], degrees[:, 0]).tolist()]
        return [list(point) for point, _ in itertools.groupby(points)]


def _polygons(feature: Mapping[str, Any]) -> list[list[list[list[float]]]]:
    geometry = feature["geometry"]
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _frame(borders: Mapping[str, Any]) -> Frame:
    """Frame Ukraine in its recognised borders."""
    ukraine = next(each for each in borders["features"] if each["properties"]["iso_a3"] == "UKR")
    degrees = np.concatenate([np.asarray(ring) for polygon in _polygons(ukraine) for ring in polygon])
    xy = to_km(degrees[:, 1], degrees[:, 0])
    west, south = xy.min(axis=0) - _MARGIN_KM[:2]
    east, north = xy.max(axis=0) + _MARGIN_KM[2:]
    scale = _MAP_WIDTH / (east - west)
    return Frame(float(west), float(north), float(scale), _MAP_WIDTH, round(float((north - south) * scale)))


def _shapes(collection: Mapping[str, Any], frame: Frame, **mark: Any) -> alt.Chart:
    """Draw outlines already placed in pixels: a plane projection has no winding to get wrong."""
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [[frame.ring(ring) for ring in polygon] for polygon in _polygons(feature)],
            },
        }
        for feature in collection["features"]
    ]
    chart = alt.Chart(alt.InlineData(values=features)).mark_geoshape(clip=True, **mark)
    return chart.project(type="identity", scale=1, translate=[0, 0])


def _across(frame: Frame) -> tuple[alt.X, alt.Y]:
    return (
        alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, frame.width], nice=False)),
        alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[frame.height, 0], nice=False)),
    )


def _ground(frame: Frame, borders: Mapping[str, Any]) -> list[alt.Chart]:
    """Neighbours, oblasts, Ukraine's outline and the coarse line of contact."""
    abroad = {"features": [each for each in borders["features"] if each["properties"]["iso_a3"] != "UKR"]}
    home = {"features": [each for each in borders["features"] if each["properties"]["iso_a3"] == "UKR"]}
    front = read_front()
    front = front[front["part"] == "contact"]
    line = frame.pixels(front["latitude"].to_numpy(), front["longitude"].to_numpy())
    x, y = _across(frame)
    contact = _chart([{"x": px, "y": py, "order": i} for i, (px, py) in enumerate(line.tolist())])
    return [
        _shapes(abroad, frame, fill="#f4f4f2", stroke="#c4c4c4", strokeWidth=0.7),
        _shapes(read_oblasts(), frame, fill="#fffdf5", stroke="#d8d2be", strokeWidth=0.6),
        _shapes(home, frame, fill=None, stroke=GREY, strokeWidth=1.1),
        contact.mark_line(color="#8a1c1c", strokeDash=[2, 3], strokeWidth=1.6).encode(x=x, y=y, order="order:Q"),
    ]


def _place_layers(frame: Frame, places: Places) -> list[alt.Chart]:
    """Cities as discs sized by population, power plants as squares of one size."""
    at = frame.pixels(places.latitude, places.longitude).tolist()
    cities: Rows = [
        {"x": x, "y": y, "people": float(people)}
        for (x, y), people in zip(at, places.population, strict=True)
        if people > 0
    ]
    plants: Rows = [
        {"x": x, "y": y} for (x, y), people in zip(at, places.population, strict=True) if not people > 0
    ]
    x, y = _across(frame)
    size = alt.Size("people:Q", scale=alt.Scale(domain=[0, 3_000_000], range=[3, 190], clamp=True), legend=None)
    discs = _chart(cities).mark_circle(color="#8f8f8f", opacity=0.75).encode(x=x, y=y, size=size)
    squares = _chart(plants).mark_square(color=PLANT, opacity=0.9, size=24).encode(x=x, y=y)
    return [discs, squares]


def _circles(frame: Frame, stands: Sequence[Stand], **mark: Any) -> alt.Chart:
    """Circles of the stands' radius, true to scale (on this map a km is a km within 0.2 %)."""
    at = [frame.pixels(stand.latitude, stand.longitude).tolist() for stand in stands]
    rows: Rows = [
        {"x": x, "y": y, "area": float(np.pi * (stand.radius_km * frame.scale) ** 2)}
        for (x, y), stand in zip(at, stands, strict=True)
        if stand.radius_km > 0
    ]
    across, down = _across(frame)
    size = alt.Size("area:Q", scale=None, legend=None)
    return _chart(rows).mark_point(shape="circle", clip=True, **mark).encode(x=across, y=down, size=size)


@dataclass(frozen=True, slots=True)
class _Label:
    """A text box on the map [pixels]: middle of its left edge, width, where its place is, and how far off it stands."""

    text: str
    left: float
    middle: float
    width: float
    at: tuple[float, float]
    far: float = 0.0

    def overlap(self, other: _Label) -> float:
        """Shared area of two boxes."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = 15.0 - abs(self.middle - other.middle)
        return max(across, 0.0) * max(down, 0.0)


def _options(text: str, at: tuple[float, float], gap: float, frame: Frame) -> list[_Label]:
    """Boxes round the circle of a place, near ones first, inside the frame."""
    width = 6.9 * len(text) + 4
    x, y = at
    options: list[_Label] = []
    for far in (0.0, 13.0, 26.0):
        out = gap + far
        slant = out * 0.75
        for left, middle in (
            (x + out, y),
            (x - out - width, y),
            (x - width / 2, y - out - 7),
            (x - width / 2, y + out + 7),
            (x + slant, y - slant - 3),
            (x + slant, y + slant + 3),
            (x - slant - width, y - slant - 3),
            (x - slant - width, y + slant + 3),
        ):
            if left >= 2 and left + width <= frame.width - 2 and 8 <= middle <= frame.height - 24:
                options.append(_Label(text, left, middle, width, at, far))
    return options or [_Label(text, 2, min(max(y, 8), frame.height - 24), width, at)]


def _placed(texts: Sequence[tuple[str, tuple[float, float]]], gap: float, frame: Frame) -> list[_Label]:
    """Give each text the first box that is free of others and of the circles; where none is, the least crowded."""
    circles = [_Label("", x - gap, y, 2 * gap, (x, y)) for _, (x, y) in texts]
    done: list[_Label] = []
    for text, at in texts:
        taken = [*done, *(circle for circle in circles if circle.at != at)]
        options = _options(text, at, gap, frame)
        done.append(min(options, key=lambda option: sum(option.overlap(other) for other in taken) + option.far))
    return done


def _names_beside(frame: Frame, stands: Sequence[Stand]) -> list[_Label]:
    """Give "order numbers, place" of every place with added units, where it is free."""
    orders: dict[tuple[str, float, float], list[str]] = {}
    for order, stand in enumerate(stands, start=1):
        orders.setdefault((stand.place, stand.latitude, stand.longitude), []).append(str(order))
    texts: list[tuple[str, tuple[float, float]]] = []
    for (place, latitude, longitude), numbers in orders.items():
        x, y = frame.pixels(latitude, longitude).tolist()
        texts.append((f"{', '.join(numbers)} {place}", (x, y)))
    gap = 3 + max((stand.radius_km * frame.scale for stand in stands), default=4.0)
    return _placed(texts, gap, frame)


def _added_layers(frame: Frame, stands: Sequence[Stand], colour: str) -> list[alt.Chart]:
    """Added units: a circle of each one's radius, a dot at its place, and its order and name beside it."""
    labels = _names_beside(frame, stands)
    x, y = _across(frame)
    dots = _chart({"x": at[0], "y": at[1]} for at in (label.at for label in labels))
    rows: Rows = [{"x": label.left + 2, "y": label.middle, "label": label.text} for label in labels]
    leaders: Rows = [
        {
            "x": label.at[0],
            "y": label.at[1],
            "to_x": min(max(label.at[0], label.left), label.left + label.width),
            "to_y": label.middle,
        }
        for label in labels
        if label.far > 0
    ]
    rule = _chart(leaders).mark_rule(color=colour, strokeWidth=1)
    style = {"align": "left", "baseline": "middle", "fontSize": 12, "fontWeight": "bold", "color": colour}
    return [
        _circles(frame, stands, color=colour, filled=False, strokeWidth=1.8, opacity=1),
        _circles(frame, stands, color=colour, filled=True, opacity=0.12),
        dots.mark_circle(color=colour, opacity=1, size=40).encode(x=x, y=y),
        rule.encode(x=x, y=y, x2="to_x:Q", y2="to_y:Q"),
        *_haloed(_chart(rows), x, y, **style),
    ]


def draw_map(case: EvidenceCase, baseline: Sequence[Stand], added: Sequence[Stand], places: Places) -> str:
    """Draw the map of one evidence case: places, one notional baseline layout, added units in order, as SVG text.

    Parameters
    ----------
    case
        Evidence case, for colour and text.
    baseline
        Stands of the one drawn notional layout; those without a radius against ballistic missiles are not drawn.
    added
        Stands of added units, in greedy order.
    places
        The defended places.

    Returns
    -------
        SVG text.
    """
    borders = read_borders()
    frame = _frame(borders)
    note: Rows = [{"label": "grey circles: NOTIONAL baseline, one random layout, not real positions"}]
    banner = _haloed(
        _chart(note), alt.value(6), alt.value(frame.height - 9), align="left", fontSize=12, fontStyle="italic"
    )
    layers = [
        *_ground(frame, borders),
        _circles(frame, baseline, color=GREY, filled=True, opacity=0.16),
        _circles(frame, baseline, color=GREY, filled=False, strokeDash=[4, 3], strokeWidth=1.3, opacity=1),
        *_place_layers(frame, places),
        *_added_layers(frame, added, CASE_COLOUR[case]),
        *banner,
    ]
    sea = alt.ViewBackground(fill="#eaf1f5", stroke=None)
    chart = alt.layer(*layers).resolve_scale(size="independent")
    chart = chart.properties(width=frame.width, height=frame.height, view=sea)
    told = ", ".join(f"{order} {stand.place}" for order, stand in enumerate(added, start=1)) or "none"
    return _svg(chart, f"map-{case}", f"Map of Ukraine, {CASE_TITLE[case]}. Added units in greedy order: {told}.")
