"""Stands and places → the map, one an evidence case, in the projection of the local map of Ukraine."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd

from tegmen.evidence.geography import read_borders, read_front, read_oblasts, to_km
from tegmen.report.charts import CASE_COLOUR, CASE_TITLE, GREY, haloed, picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tegmen.answer.results import Stand
    from tegmen.question.places import Places
    from tegmen.terms import EvidenceCase

    Spot = tuple[float, float]

PLANT = "#7a5c00"
NAMES_MOST = 16
"""With more places than this their names would cover the map: only the order numbers are drawn."""
_WIDTH, _HEIGHT = 480, 313
_PIXELS_PER_KM = 0.3344
_CENTRE = (241.2, 152.7)
"""Where 48.5 N 31.5 E is drawn [pixels]: Ukraine in its recognised borders fits, with room for names by the front."""
_PROJECTION: dict[str, Any] = {
    "type": "azimuthalEqualArea",
    "rotate": [-31.5, -48.5, 0],
    "scale": 6371 * _PIXELS_PER_KM,
    "translate": _CENTRE,
}
"""The local map as Vega has it: on a sphere, which moves no place by more than a pixel."""
_SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
"""Where a name may stand, across and down, the best first."""


def _placed_marks(table: pd.DataFrame) -> alt.Chart:
    """Begin a chart of marks at the latitudes and longitudes of a table."""
    return alt.Chart(table).encode(latitude=alt.Latitude("latitude:Q"), longitude=alt.Longitude("longitude:Q"))


def _at_pixels(**columns: Any) -> alt.Chart:
    """Begin a chart of marks at columns x and y [pixels]."""
    return alt.Chart(pd.DataFrame(columns)).encode(x=alt.X("x:Q", scale=None, axis=None), y=alt.Y("y:Q", scale=None))


def _outlines(features: Sequence[Mapping[str, Any]], **mark: Any) -> alt.Chart:
    """Draw outlines; they go as text, because altair would copy and check each of their points at every step."""
    data = alt.InlineData(values=json.dumps(list(features)), format=alt.JsonDataFormat(type="json"))
    return alt.Chart(data).mark_geoshape(clip=True, **mark)


def _ground() -> list[alt.Chart]:
    """Neighbours, oblasts, Ukraine's outline and the coarse line of contact."""
    lands = read_borders()["features"]
    front = read_front()
    contact = front.loc[front["part"] == "contact", ["latitude", "longitude"]].reset_index(names="order")
    line = _placed_marks(contact).mark_line(color="#8a1c1c", strokeDash=[2, 3], strokeWidth=1.6)
    abroad, home = (
        [land for land in lands if (land["properties"]["iso_a3"] == "UKR") is ours] for ours in (False, True)
    )
    return [
        _outlines(abroad, fill="#f4f4f2", stroke="#c4c4c4", strokeWidth=0.7),
        _outlines(read_oblasts()["features"], fill="#fffdf5", stroke="#d8d2be", strokeWidth=0.6),
        _outlines(home, fill=None, stroke=GREY, strokeWidth=1.1),
        line.encode(order=alt.Order("order:Q")),
    ]


def _place_layers(places: Places) -> list[alt.Chart]:
    """Cities as discs sized by population, power plants as squares of one size."""
    table = {"latitude": places.latitude, "longitude": places.longitude, "people": places.population}
    marks = _placed_marks(pd.DataFrame(table))
    size = alt.Size("people:Q", scale=alt.Scale(domain=[0, 3_000_000], range=[3, 190], clamp=True), legend=None)
    discs = marks.transform_filter("datum.people > 0").mark_circle(color="#8f8f8f", opacity=0.75)
    squares = marks.transform_filter("!(datum.people > 0)").mark_square(color=PLANT, opacity=0.9, size=24)
    return [discs.encode(size=size), squares]


def _circles(stands: Sequence[Stand], **mark: Any) -> alt.Chart:
    """Circles of the stands' radius, true to scale (on this map a km is a km within 0.2 %)."""
    reaching = [
        (stand.latitude, stand.longitude, float(np.pi * (stand.radius_km * _PIXELS_PER_KM) ** 2))
        for stand in stands
        if stand.radius_km > 0
    ]
    circles = _placed_marks(pd.DataFrame(reaching, columns=["latitude", "longitude", "area"]))
    return circles.mark_point(shape="circle", clip=True, **mark).encode(
        size=alt.Size("area:Q", scale=None, legend=None)
    )


@dataclass(frozen=True, slots=True)
class _Label:
    """A text box on the map [pixels]: middle of its left edge, width, where its place is, and how far off it stands."""

    text: str
    left: float
    middle: float
    width: float
    spot: Spot
    far: float = 0.0

    def overlap(self, other: _Label) -> float:
        """Shared area of two boxes."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = 15.0 - abs(self.middle - other.middle)
        return max(across, 0.0) * max(down, 0.0)


def _options(text: str, at: Spot, gap: float) -> list[_Label]:
    """Boxes round the circle of a place, near ones first, inside the frame."""
    width = 6.9 * len(text) + 4
    x, y = at
    options: list[_Label] = []
    for far, (across, down) in itertools.product((0.0, 13.0, 26.0), _SIDES):
        out = (gap + far) * (0.75 if across and down else 1)
        left = x + across * out - width * (1 - across) / 2
        middle = y + down * (out + (3 if across else 7))
        if left >= 2 and left + width <= _WIDTH - 2 and 8 <= middle <= _HEIGHT - 24:
            options.append(_Label(text, left, middle, width, at, far))
    return options or [_Label(text, 2, min(max(y, 8), _HEIGHT - 24), width, at)]


def _placed(texts: Sequence[tuple[str, Spot]], gap: float) -> list[_Label]:
    """Give each text the first box that is free of others and of the circles; where none is, the least crowded."""
    circles = [_Label("", x - gap, y, 2 * gap, (x, y)) for _, (x, y) in texts]
    done: list[_Label] = []
    for text, at in texts:
        taken = [*done, *(circle for circle in circles if circle.spot != at)]
        options = _options(text, at, gap)
        done.append(min(options, key=lambda option: sum(option.overlap(other) for other in taken) + option.far))
    return done


def _names_beside(stands: Sequence[Stand]) -> list[_Label]:
    """Give "order numbers, place" of every place with added units, where it is free; numbers alone on a full map."""
    orders: dict[tuple[str, float, float], list[str]] = {}
    for order, stand in enumerate(stands, start=1):
        orders.setdefault((stand.place, stand.latitude, stand.longitude), []).append(str(order))
    texts: list[tuple[str, Spot]] = []
    for (place, latitude, longitude), numbers in orders.items():
        east, north = (_PIXELS_PER_KM * to_km(latitude, longitude)).tolist()
        name = f" {place}" if len(orders) <= NAMES_MOST else ""
        texts.append((", ".join(numbers) + name, (_CENTRE[0] + east, _CENTRE[1] - north)))
    return _placed(texts, 3 + max((stand.radius_km * _PIXELS_PER_KM for stand in stands), default=4.0))


def _added_layers(stands: Sequence[Stand], colour: str) -> list[alt.Chart]:
    """Draw added units: a circle of each one's radius, a dot at its place, and its order and name beside it."""
    labels = _names_beside(stands)
    once = list({(stand.latitude, stand.longitude): stand for stand in stands}.values())  # shade a place once
    dots = _at_pixels(x=[label.spot[0] for label in labels], y=[label.spot[1] for label in labels])
    names = _at_pixels(
        x=[label.left + 2 for label in labels],
        y=[label.middle for label in labels],
        text=[label.text for label in labels],
    ).encode(text=alt.Text("text:N"))
    far = [label for label in labels if label.far]
    leaders = _at_pixels(
        x=[label.spot[0] for label in far],
        y=[label.spot[1] for label in far],
        to_x=[min(max(label.spot[0], label.left), label.left + label.width) for label in far],
        to_y=[label.middle for label in far],
    )
    return [
        _circles(once, color=colour, filled=False, strokeWidth=1.8, opacity=1),
        _circles(once, color=colour, filled=True, opacity=0.12),
        dots.mark_circle(color=colour, opacity=1, size=36),
        leaders.mark_rule(color=colour).encode(x2=alt.X2("to_x"), y2=alt.Y2("to_y")),
        *haloed(names, align="left", baseline="middle", fontWeight="bold", color=colour),
    ]


def draw_map(
    case: EvidenceCase, baseline: Sequence[Stand], added: Sequence[Stand], places: Places | None = None
) -> alt.LayerChart:
    """Draw the map of one evidence case: places, one notional baseline layout, added units in order.

    Parameters
    ----------
    case
        Evidence case, for colour and text.
    baseline
        Stands of the one drawn notional layout; those without a radius against ballistic missiles are not drawn.
    added
        Stands of added units, in order.
    places
        The defended places; None draws none.

    Returns
    -------
        A chart.
    """
    words = alt.TextValue("grey circles: NOTIONAL baseline, one random layout, not real positions")
    note = alt.Chart().encode(x=alt.XValue(6), y=alt.YValue(_HEIGHT - 9), text=words)
    layers = [
        *_ground(),
        _circles(baseline, color=GREY, filled=True, opacity=0.16),
        _circles(baseline, color=GREY, filled=False, strokeDash=[4, 3], strokeWidth=1.3, opacity=1),
        *(_place_layers(places) if places is not None else ()),
        *_added_layers(added, CASE_COLOUR[case]),
        *(haloed(note, align="left", fontStyle="italic") if baseline else ()),
    ]
    sea = alt.ViewBackground(fill="#eaf1f5", stroke=None)
    order = ", ".join(f"{order} {stand.place}" for order, stand in enumerate(added, start=1)) or "none"
    description = f"Map of Ukraine, {CASE_TITLE[case]}. Added units in order: {order}."
    chart = picture(layers, f"map-{case}", description, width=_WIDTH, height=_HEIGHT, view=sea)
    return chart.project(**_PROJECTION).resolve_scale(size="independent")
