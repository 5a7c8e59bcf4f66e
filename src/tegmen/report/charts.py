"""Results → charts: altair's, with one look, drawn at the size they are read on a telephone; and charts → SVG text.

Colours keep apart under every common colour blindness (blue and burnt orange, plus dash and mark shape) and in grey
print. Numbers are the results' own: a chart places them, it works none out. Every chart has a name and a description.
"""

from __future__ import annotations

import html
import math
import re
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
from altair.utils import update_nested
from markupsafe import Markup

from tegmen.evidence.catalogue import kind_name
from tegmen.ledger.aid import system_of
from tegmen.report.converter import begin_converting, convert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from tegmen.answer.results import ClaimTest, Driver, GoalAnswer, Sufficiency
    from tegmen.ledger.aid import AidStatus, Amount, Holding
    from tegmen.report.language import Language
    from tegmen.terms import EvidenceCase

    AnyChart = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart

CASE_COLOUR: dict[EvidenceCase, str] = {"posted": "#0b5c94", "claimed": "#b34700"}
CASE_TITLE: dict[EvidenceCase, str] = {"posted": "Posted record", "claimed": "Claimed totals"}
INK, GREY = "#1a1a1a", "#595959"
CASE_DASH: dict[EvidenceCase, list[float]] = {"posted": [1, 0], "claimed": [6, 3]}
_CASE_SHAPE: dict[EvidenceCase, str] = {"posted": "circle", "claimed": "square"}
PERCENT_LABEL = "format(datum.value * 100, '.0f') + '\u00a0%'"
_VEGA_LITE = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
"""What altair writes, as vl-convert names it: major.minor."""
AID_COLOURS = {"delivered": "#3b3b3b", "owed": "#c8c8c8", "overdue": "#b3261e", "asked": "#ffffff"}
_OF_THE_PAGE = {
    INK: "ink", GREY: "grey", "#ececec": "grid", "white": "paper", "#ffffff": "paper", CASE_COLOUR["posted"]: "posted",
    CASE_COLOUR["claimed"]: "claimed", "#3b3b3b": "delivered", "#c8c8c8": "owed", "#b3261e": "overdue",
}  # fmt: skip
"""Colour to the page's name for it, which it follows in the dark."""
_ON_PAPER = ("map-", "iso-")
"""Beginnings of names of pictures whose colours stay as they are, on white."""
_NOT_WORDS = frozenset(
    "$schema align anchor as baseline calculate color field fill filter font fontStyle fontWeight format interpolate "
    "mark name op shape stack stroke strokeJoin test type".split()
)
"""What in a chart is no word for a reader."""
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
    "title": {"anchor": "start", "fontSize": 15, "offset": 8, "color": INK},
}


# ---------------------------------------------------------------- parts of a chart


def haloed(labelled: alt.Chart, **mark: Any) -> list[alt.Chart]:
    """Text that stays legible over lines: once as a white outline, once as itself."""
    outline: dict[str, Any] = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round", "color": "white"}
    return [labelled.mark_text(**mark | outline), labelled.mark_text(**mark)]


def picture(layers: Iterable[AnyChart], name: str, description: str, **options: Any) -> alt.LayerChart:
    """Stack layers, first at the bottom."""
    # Told at once: every method of a chart of layers copies them all.
    return alt.LayerChart(layer=list(layers), name=name, description=description, **options)


def look(chart: AnyChart) -> AnyChart:
    """Give a finished chart the look of our pages; charts that are still to be joined must not have it yet."""
    return chart.configure(**_CONFIG)


def svg(chart: AnyChart, language: Language | None = None) -> Markup:
    """Convert a chart to SVG text in a language; its name keeps its ids apart from those of other pictures in a page.

    Colours that mean something follow those of the page, dark or light; a map keeps its own, on paper of its own.
    """
    return _finished(convert(asked := _request(chart, language)), asked["vl_spec"])


class Pictures:
    """Charts of a page, converted while it is laid out: a mark stands for each until all are there.

    Parameters
    ----------
    language
        Of their words.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._asked: list[tuple[Future[str], dict[str, Any]]] = []

    def begin(self, chart: AnyChart) -> Markup:
        """Have a chart converted; the mark that stands for it."""
        asked = _request(chart, self._language)
        self._asked.append((begin_converting(asked), asked["vl_spec"]))
        return Markup(_MARK.format(len(self._asked) - 1))  # noqa: S704 - a number

    def put_in(self, page: str) -> str:
        """Put each picture where its mark is."""
        done = [_finished(future.result(), spec) for future, spec in self._asked]
        return re.sub(_MARK.format(r"(\d+)"), lambda mark: done[int(mark[1])], page)

    def give_up(self) -> None:
        """Convert no more."""
        for future, _ in self._asked:
            future.cancel()


_MARK = "\ue000picture {}\ue000"
"""Stands for a picture; of a character that is no text."""


def _request(chart: AnyChart, language: Language | None) -> dict[str, Any]:
    """What the converter is asked: a chart with our look, its words in a language."""
    with alt.data_transformers.enable(_PLAIN_ROWS):
        spec = chart.to_dict(validate=False)  # every part of it was checked when it was made
    spec["config"] = update_nested(spec.get("config", {}), _CONFIG, copy=True)  # as `look`, without copying the chart
    locale = None
    if language is not None and language.code != "en":
        spec = _in_language(spec, language)
        locale = {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]}
    return {"vl_spec": spec, "vl_version": _VEGA_LITE, "format_locale": locale}


def _plain_rows(table: Any) -> dict[str, Any]:
    """A table of numbers, words and flags as a chart carries it, row by row; a number that is none becomes null."""
    rows = table.to_dict("records")
    return {"values": [{name: None if _is_no_number(value) else value for name, value in row.items()} for row in rows]}


def _is_no_number(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


_PLAIN_ROWS = "rows of tegmen"
alt.data_transformers.register(_PLAIN_ROWS, _plain_rows)


def _finished(text: str, spec: dict[str, Any]) -> Markup:
    """SVG text as our pages have it, the same for the same results."""
    name = spec["name"]
    # Vega numbers its ids over the life of the process: numbered again, the same results give the same bytes.
    own = {each: f"{name}-{at}" for at, each in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text)))}
    text = re.sub(r'(id="|url\(#|href="#)([^")]+)(?=["\)])', lambda at: at[1] + own.get(at[2], at[2]), text)
    # Lines to a tenth of a pixel: nobody sees more, and maps are a fifth shorter.
    text = re.sub(r' d="[MLZ\d.,-]+"', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), text)
    # The figure is one picture with one text; groups within it are not pictures of their own.
    text = re.sub(r' (?:role="graphics-\w+"|aria-\w+="[^"]*")', "", text)
    on_paper = name.startswith(_ON_PAPER)
    if not on_paper:
        text = re.sub("|".join(f'"{colour}"' for colour in _OF_THE_PAGE), _page_colour, text)
    label, kind = html.escape(spec["description"], quote=True), ' class="paper"' if on_paper else ""
    head = f'<svg role="img" aria-label="{label}"{kind} '
    text = re.sub(r'<svg ([^>]*?)class="[^"]*" ?', lambda tag: head + tag[1], text, count=1)
    return Markup(text)  # noqa: S704 - Vega escapes


def _page_colour(colour: re.Match[str]) -> str:
    """A colour of ours as the page's, and as itself where there is no page."""
    own = colour[0].strip('"')
    return f'"var(--{_OF_THE_PAGE[own]}, {own})"'


def _in_language(part: Any, language: Language, key: str = "") -> Any:
    """A finished chart with its words in a language: titles, labels and data; names of columns and marks stay."""
    if isinstance(part, dict):
        data = key == "datasets"  # whatever its columns are called, a row's words are for readers
        return {name: _in_language(value, language, key if data else name) for name, value in part.items()}
    if isinstance(part, list):
        return [_in_language(value, language, key) for value in part]
    if key == "labelExpr":
        return part.replace("'none'", f"'{language.own('none')}'")
    if not isinstance(part, str) or key in _NOT_WORDS or part[:1] in ("[", "{"):
        return part
    own = language.own(part.replace("|", " "))
    return in_two_lines(own) if "|" in part else own


def system_name(system: str) -> str:
    """Give a system's name in words."""
    return kind_name(system)


def share_axis(field: str, title: str, values: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)) -> alt.Y:
    """An upright axis from none to all, in per cent."""
    axis = alt.Axis(labelExpr=PERCENT_LABEL, values=list(values))
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(domain=[0, 1]), axis=axis)


def dashed_at(y: float) -> alt.Chart:
    """A dashed line across the picture."""
    return alt.Chart().mark_rule(color=INK, strokeDash=[4, 4]).encode(y=alt.YDatum(y))


def launched_layers(
    counts: pd.DataFrame, x: alt.X, title: str, *, width: float, sizes: tuple[int, int]
) -> list[alt.Chart]:
    """Draw shares of what was launched: a bar from low to high, a dot what was intercepted, larger for more launched.

    `counts` has a row a night or month: launched, and the counts low, high and intercepted.
    """
    shares = {f"{name}_share": f"datum.{name} / max(datum.launched, 1)" for name in ("low", "high", "intercepted")}
    rows = alt.Chart(counts).transform_calculate(**shares).encode(x=x)
    size = alt.Size("launched:Q", scale=alt.Scale(range=[*sizes]), legend=None)
    band = rows.mark_rule(color=GREY, opacity=0.35, strokeWidth=width)
    dots = rows.mark_circle(color=CASE_COLOUR["posted"], opacity=0.9)
    return [
        band.encode(y=share_axis("low_share", title), y2=alt.Y2("high_share")),
        dots.encode(y=share_axis("intercepted_share", title), size=size),
    ]


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
    marks: list[ClaimMark] = []
    for head, group in groups.items():
        added = [claim.added for claim in group]
        marks.append(ClaimMark(min(added), max(added), head if len(group) > 1 else group[0].label))
    return sorted(marks, key=lambda mark: (mark.low, mark.high))


def _claim_layers(claims: Sequence[ClaimTest], last: int, width: int, height: int) -> list[alt.Chart]:
    """Draw claims as rules and shaded spans, each label on a line of its own above the plot, leftmost on top.

    A rule reaches up to its own label only, so none crosses the label of another.
    """
    layers: list[alt.Chart] = []
    marks = [mark for mark in claim_marks(claims) if mark.low <= last]
    for line, mark in enumerate(marks):
        top = -15 * (len(marks) - line) + 2
        at = alt.Chart().encode(x=alt.XDatum(mark.low))
        tall = at.encode(y=alt.YValue(top), y2=alt.Y2Value(height))
        if mark.high > mark.low:
            shaded = tall.mark_rect(color="#8c8c8c", opacity=0.18)
            layers.append(shaded.encode(x2=alt.X2Datum(min(mark.high, last))))
        layers.append(tall.mark_rule(color="#8c8c8c"))
        leftward = mark.low > last / 2
        room = width * (mark.low / last if leftward else 1 - mark.low / last)
        label = at.encode(y=alt.YValue(top - 1), text=alt.TextValue(mark.label))
        align, dx = ("right", -4) if leftward else ("left", 4)
        layers.append(label.mark_text(baseline="top", limit=max(room, 60), align=align, dx=dx))
    return layers


# ---------------------------------------------------------------- curves


def _last(answers: Iterable[GoalAnswer]) -> int:
    return max(int(answer.added[-1]) for answer in answers)


def added_axis(last: int, system: str) -> alt.X:
    """A level axis of added units."""
    title = f"added {system_name(system)} fire units"
    return alt.X("added:Q", title=title, scale=alt.Scale(domain=[0, last], nice=False), axis=alt.Axis(tickMinStep=5))


def _points(answer: GoalAnswer, x: alt.X) -> alt.Chart:
    """The points of the curve, with a band of two Monte Carlo standard errors."""
    return (
        alt.Chart(answer.to_pandas())
        .transform_calculate(
            low="max(datum.probability - 2 * datum.mcse, 0)", high="min(datum.probability + 2 * datum.mcse, 1)"
        )
        .encode(x=x)
    )


def _banded_line(points: alt.Chart, case: EvidenceCase, low: alt.Y, middle: alt.Y, high: str) -> list[alt.Chart]:
    """A line in a band, in the colour and dash of an evidence case."""
    colour = CASE_COLOUR[case]
    return [
        points.mark_area(color=colour, opacity=0.25).encode(y=low, y2=alt.Y2(high)),
        points.mark_line(color=colour, strokeWidth=2, strokeDash=CASE_DASH[case]).encode(y=middle),
    ]


def _curve_layers(answer: GoalAnswer, case: EvidenceCase, x: alt.X, title: str) -> list[alt.Chart]:
    points, y = _points(answer, x), share_axis("probability", title)
    dots = points.mark_point(color=CASE_COLOUR[case], filled=True, opacity=1, size=26, shape=_CASE_SHAPE[case])
    return [*_banded_line(points, case, share_axis("low", title), y, "high"), dots.encode(y=y)]


def _answer_layers(answer: GoalAnswer, case: EvidenceCase, x: alt.X, title: str) -> list[alt.Chart]:
    """Ring the answer on its curve, with the number beside it; nothing where no number tried is enough."""
    if answer.n is None:
        return []
    at = _points(answer, x).transform_filter(f"datum.added === {answer.n}").encode(y=share_axis("probability", title))
    late = answer.n > 0.8 * int(answer.added[-1])  # no room on the right
    side: dict[str, Any] = {"align": "right", "dx": -11, "dy": -11} if late else {"align": "left", "dx": 9, "dy": 15}
    label = at.encode(text=alt.TextValue(f"N = {answer.n}"))
    ring = at.mark_point(color=CASE_COLOUR[case], size=150, strokeWidth=2.5)
    return [ring, *haloed(label, fontSize=14, fontWeight="bold", **side)]


def draw_case_curve(result: Sufficiency, case: EvidenceCase, **options: Any) -> alt.LayerChart:
    """Draw the headline goal's sufficiency curve in one evidence case."""
    width, height, title = 400, 230, "share of worlds in which it is enough"
    answer = result.cases[case].headline
    last = _last(case_answer.headline for case_answer in result.cases.values())
    x, asked = added_axis(last, answer.system), answer.goal.confidence
    label = alt.Chart().encode(
        x=alt.XValue(0), y=alt.YDatum(asked), text=alt.TextValue(f"asked: {asked * 100:.0f}\u00a0%")
    )
    layers = [
        *_claim_layers([test for _, goal, test in result.cases[case].judged if goal.headline], last, width, height),
        *_curve_layers(answer, case, x, title),
        dashed_at(asked),
        label.mark_text(align="left", dx=4, dy=-7),
        *_answer_layers(answer, case, x, title),
    ]
    description = f"Sufficiency curve, {CASE_TITLE[case]}. {result.sentence(case)}"
    return picture(layers, f"curve-{case}", description, width=width, height=height, **options)


def draw_goal(result: Sufficiency, goal: str) -> alt.LayerChart:
    """Draw one goal's curve, the evidence cases over each other, small."""
    answers: dict[EvidenceCase, GoalAnswer] = {
        case: next(one for one in answer.goals if one.goal.name == goal) for case, answer in result.cases.items()
    }
    title, last = "share of worlds", _last(answers.values())
    layers: list[alt.Chart] = []
    for case, answer in answers.items():
        layers += _curve_layers(answer, case, added_axis(last, answer.system), title)
    for case, answer in answers.items():
        ring = _answer_layers(answer, case, added_axis(last, answer.system), title)[:1]
        layers += [dashed_at(answer.goal.confidence), *ring]
    description = " ".join(f"{CASE_TITLE[case]}: {answer.sentence()}." for case, answer in answers.items())
    return picture(layers, f"goal-{goal}", description, width=290, height=160)


def draw_remaining(result: Sufficiency, case: EvidenceCase) -> alt.LayerChart:
    """Draw what is left of the headline metric against the number added: 10, 50 and 90 % of worlds."""
    answer = result.cases[case].headline
    measure, count = answer.goal.measure, answer.goal.measure.is_count
    heads = [case_answer.headline for case_answer in result.cases.values()]
    finite = (head.remaining[np.isfinite(head.remaining)] for head in heads)
    most = max(float(np.max(remaining, initial=1.0)) for remaining in finite)
    look: dict[str, Any] = {
        "title": measure.left.format("how many") if count else "left, as a share of the baseline",
        "scale": alt.Scale(domain=[0, most]),
        "axis": alt.Axis(format="d") if count else alt.Axis(labelExpr=PERCENT_LABEL),
    }
    points = alt.Chart(answer.to_pandas()).encode(x=added_axis(_last(heads), answer.system))
    threshold = answer.goal.threshold
    label = alt.TextValue(f"goal: {threshold:g}" if count else f"goal: {threshold * 100:.0f}\u00a0% left")
    layers = [
        *_banded_line(points, case, alt.Y("remaining_10:Q", **look), alt.Y("remaining_50:Q", **look), "remaining_90"),
        dashed_at(threshold),
        *haloed(alt.Chart().encode(x=alt.XValue(4), y=alt.YDatum(threshold), text=label), align="left", dy=9),
    ]
    middle = f"median {answer.remaining[-1, 1]:.2g} at {answer.added[-1]} added units"
    description = f"What is left of the headline metric, {CASE_TITLE[case]}: {middle}."
    return picture(layers, f"left-{case}", description, width=400, height=200)


# ---------------------------------------------------------------- record against model


def draw_record(months: pd.DataFrame, threat_class: str) -> alt.LayerChart:
    """Draw one class: dots the share intercepted of posted strikes by month, band the model's 5 to 95 %.

    Parameters
    ----------
    months
        Rows of `Calibration.monthly()` of one class, counts.
    threat_class
        Name used in the picture's text.

    Returns
    -------
        A chart.
    """
    # A month is a label here, not an instant (no time zone can move it); months without a row keep their room.
    months = months.assign(month=months["month"].astype(str))
    span = [str(month) for month in pd.period_range(months["month"].iloc[0], months["month"].iloc[-1], freq="M")]
    ticks = [month for month in span if month.endswith(("-01", "-07"))]
    x = alt.X("month:O", title=None, scale=alt.Scale(domain=span), axis=alt.Axis(values=ticks, labelAngle=0))
    counts = months.rename(columns=lambda name: name.removeprefix("model_"))
    title = "intercepted, of posted strikes"
    middle = alt.Chart(counts).transform_calculate(median_share="datum.median / max(datum.launched, 1)").encode(x=x)
    tick = middle.mark_tick(color=INK, thickness=2, width=9, height=2).encode(y=share_axis("median_share", title))
    band, dots = launched_layers(counts, x, title, width=9, sizes=(24, 150))
    layers = [band, tick, dots]
    description = (
        f"{threat_class}: share intercepted of posted strikes by month, {len(months)} months, with the model's band."
    )
    return picture(layers, f"record-{threat_class}", description, width=300, height=180)


def draw_ranges(ranges: Mapping[str, tuple[float, float, float]], case: EvidenceCase, title: str) -> alt.LayerChart:
    """Draw named low, middle and high points as bars with a dot, one a line."""
    axis = alt.Axis(ticks=False, domain=False, labelLimit=170)
    table = pd.DataFrame(
        [(name, *points) for name, points in ranges.items()], columns=["name", "low", "middle", "high"]
    )
    rows = alt.Chart(table).encode(y=alt.Y("name:N", title=None, sort=None, axis=axis))
    colour, zero = CASE_COLOUR[case], alt.Scale(zero=True)
    bar = rows.mark_rule(color=colour, opacity=0.4, strokeWidth=9)
    dot = rows.mark_point(color=colour, filled=True, opacity=1, size=70, shape=_CASE_SHAPE[case])
    layers = [
        bar.encode(x=alt.X("low:Q", title=title, scale=zero), x2=alt.X2("high")),
        dot.encode(x=alt.X("middle:Q", title=title, scale=zero)),
    ]
    words = "; ".join(f"{name}: {low:.0f} to {high:.0f}, middle {mid:.0f}" for name, (low, mid, high) in ranges.items())
    description = f"{CASE_TITLE[case]}, {title}. {words}."
    return picture(layers, f"ranges-{case}", description, width=300, height=34 * len(ranges))


# ---------------------------------------------------------------- aid


def draw_aid(status: AidStatus, first: str) -> list[alt.LayerChart]:
    """Draw aid by holder and item, one bar a line; a picture for all that is counted in one unit, on one scale.

    From left to right: delivered dark, owed light, overdue red, asked for only as an outline; by the best number of
    each, with a thin line from the lowest to the highest in all. Where nobody gave a number there is no bar.

    Parameters
    ----------
    first
        System whose lines come first.
    """
    groups: dict[str, list[Holding]] = {}
    for holding in sorted(status.holdings, key=lambda holding: system_of(holding.item) != first):
        groups.setdefault(holding.unit, []).append(holding)
    units = sorted(groups, key=lambda unit: not unit)  # what nobody counted comes last
    return [_aid_picture(status, groups[unit], unit, f"aid-{at}") for at, unit in enumerate(units)]


def _aid_picture(status: AidStatus, holdings: Sequence[Holding], unit: str, name: str) -> alt.LayerChart:
    """Draw what is counted in one unit; of what nobody counted the words alone."""
    width, names, height = 330, [holding.name for holding in holdings], 56 if unit else 44
    words = [_aid_words(holding) for holding in holdings]
    y = alt.Y("name:N", axis=None, scale=alt.Scale(domain=names))
    # Names stand above the bars and numbers below: beside them, a telephone shows neither.
    labels = alt.Chart(pd.DataFrame({"name": names, "label": words})).encode(x=alt.XValue(0), y=y)
    text: dict[str, Any] = {"align": "left", "limit": width}
    apart = 15 if unit else 8
    layers = [
        *(_aid_bars(holdings, unit, y) if unit else ()),
        labels.mark_text(dy=-apart, fontWeight="bold", **text).encode(text=alt.Text("name:N")),
        labels.mark_text(dy=apart, **text).encode(text=alt.Text("label:N")),
    ]
    every = "; ".join(f"{name}: {label}" for name, label in zip(names, words, strict=True))
    return picture(layers, name, f"Aid at the end of {status.at}. {every}.", width=width, height=height * len(names))


def _aid_bars(holdings: Sequence[Holding], unit: str, y: alt.Y) -> list[alt.Chart]:
    parts = [part for holding in holdings for part in _aid_parts(holding)]
    reach = [(holding.name, *span) for holding in holdings if (span := _aid_reach(holding)) is not None]
    most = max([1.0, *(high for _, _, high in reach)])
    ticks = list(range(0, int(most) + 1, max(1, round(most / 6))))
    x = alt.X("from:Q", title=unit, scale=alt.Scale(domain=[0, most], nice=False), axis=alt.Axis(values=ticks))
    bars = alt.Chart(pd.DataFrame(parts, columns=["name", "from", "to", "colour"])).encode(
        x=x, x2=alt.X2("to"), y=y, fill=alt.Fill("colour:N", scale=None, legend=None)
    )
    spans = alt.Chart(pd.DataFrame(reach, columns=["name", "from", "to"])).encode(x=x, x2=alt.X2("to"), y=y)
    return [
        bars.mark_bar(height=13, stroke=INK, strokeWidth=0.8),
        spans.transform_filter("datum.from < datum.to").mark_rule(color=INK, strokeWidth=1.5),
    ]


def _aid_amounts(holding: Holding) -> tuple[Amount | None, ...]:
    """Delivered, outstanding, overdue and asked for."""
    return holding.amounts.get("delivered"), holding.outstanding, holding.overdue, holding.amounts.get("requested")


def _aid_parts(holding: Holding) -> list[tuple[str, float, float, str]]:
    """Give the parts of one bar from left to right, by the best number of each; none where there is no number."""
    delivered, owed, overdue, asked = (0.0 if amount is None else amount.best for amount in _aid_amounts(holding))
    if delivered is None or owed is None or overdue is None:
        return []
    lengths = (delivered, owed - overdue, overdue, max((asked or 0.0) - delivered - owed, 0.0))
    ends = np.cumsum([0.0, *lengths]).tolist()
    rows = zip(ends, ends[1:], AID_COLOURS.values(), strict=False)
    return [(holding.name, start, end, colour) for start, end, colour in rows if end > start]


def _aid_reach(holding: Holding) -> tuple[float, float] | None:
    """The lowest and the highest that can have been given and promised in all; None where nobody gave a number.

    Of what was promised a part is delivered: the more of it, the less is owed, so promises bound the whole.
    """
    delivered, owed, _, asked = _aid_amounts(holding)
    promised = [holding.amounts[stage] for stage in ("pledged", "approved", "in transit") if stage in holding.amounts]
    whole = [amount for amount in (delivered, *(promised if owed is not None else ()), asked) if amount is not None]
    highs = [amount.high for amount in whole if amount.high is not None]
    return (max(amount.low for amount in whole), max(highs)) if highs else None


def _aid_words(holding: Holding) -> str:
    """Word a bar: "32 delivered, 68 owed"."""
    delivered, owed, overdue, asked = _aid_amounts(holding)
    parts = (
        (delivered, "delivered"),
        (owed, "owed"),
        (overdue, "overdue"),
        (holding.amounts.get("lapsed"), "lapsed"),
        (asked, "asked for"),
    )
    return ", ".join(f"{amount} {word}" for amount, word in parts if amount is not None)


# ---------------------------------------------------------------- drivers


def draw_drivers(drivers: Sequence[Driver], case: EvidenceCase) -> alt.HConcatChart:
    """Draw what each unknown does: its share of the doubt, and what knowing it is worth."""
    table = pd.DataFrame([asdict(driver) | {"name": in_two_lines(driver.unknown)} for driver in drivers])
    names, size = table["name"].tolist(), {"height": 34 * len(drivers)}
    rows = alt.Chart(table).encode(y=name_axis(names))
    shares = alt.layer(*_bar_layers(rows, "share", case)).properties(width=150, title="share of the doubt", **size)
    rows = rows.encode(y=name_axis(names, named=False))
    worth = alt.layer(*_bar_layers(rows, "evppi", case)).properties(width=120, title="worth of knowing", **size)
    words = "; ".join(f"{one.unknown}: share {one.share:.2f}, worth {one.evppi:.1f} units" for one in drivers)
    description = f"{CASE_TITLE[case]}. {words}."
    return alt.hconcat(shares, worth, spacing=16).properties(name=f"drivers-{case}", description=description)


def name_axis(names: list[str], *, named: bool = True) -> alt.Y:
    """A line for every name, in their order, whether it has a bar or not."""
    folded = {"test": "indexof(datum.label, '|') >= 0", "value": "bottom"}  # two lines, one above the middle, one below
    baseline: dict[str, Any] = {"condition": folded, "value": "middle"}
    axis = alt.Axis(
        ticks=False, domain=False, labelExpr="split(datum.label, '|')", labelLimit=260, labelBaseline=baseline
    )
    scale = alt.Scale(domain=names, paddingOuter=0.5)
    return alt.Y("name:N", title=None, scale=scale, axis=axis if named else None)


def _bar_layers(rows: alt.Chart, field: str, case: EvidenceCase) -> list[alt.Chart]:
    """Bars of one field with lines of two standard errors."""
    worth = field == "evppi"
    look: dict[str, Any] = {
        "title": "units bought in vain" if worth else None,
        "axis": alt.Axis(tickCount=4) if worth else alt.Axis(labelExpr=PERCENT_LABEL, values=[0, 0.5, 1]),
        "scale": alt.Scale(zero=True) if worth else alt.Scale(domain=[0, 1], clamp=True),
    }
    error = f"2 * datum.{field}_error"
    shown = rows.transform_filter(f"isValid(datum.{field}) && isValid(datum.{field}_error)").transform_calculate(
        low=f"max(datum.{field} - {error}, 0)", high=f"datum.{field} + {error}"
    )
    return [
        shown.mark_bar(height=12, color=CASE_COLOUR[case], opacity=0.75).encode(x=alt.X(f"{field}:Q", **look)),
        shown.mark_rule(color=INK).encode(x=alt.X("low:Q", **look), x2=alt.X2("high")),
    ]


def in_two_lines(words: str) -> str:
    """Mark with | where long words are broken into two lines."""
    return "|".join(textwrap.wrap(words, max(30, len(words) // 2 + 8)))
