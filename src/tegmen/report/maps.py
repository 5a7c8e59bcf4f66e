"""Stands and places → the map, one an evidence case, on the local map of Ukraine."""

from __future__ import annotations

import itertools
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
    from tegmen.terms import EvidenceCase, Floats

PLANT = "#7a5c00"
NAMES_MOST = 16
"""With more places than this their names would cover the map: only the order numbers are drawn."""
_MAP_WIDTH = 480
_MARGIN_KM = (30.0, 25.0, 85.0, 25.0)  # west, south, east (room for names by the front), north


@dataclass(frozen=True, slots=True)
class MapFrame:
    """The part of the local map that is drawn: west and north edge [km], pixels a km, and size [pixels]."""

    west: float
    north: float
    scale: float
    width: int
    height: int

    def pixels(self, latitude: Any, longitude: Any) -> Floats:
        """Place degrees on the picture, (..., 2) [pixels] right and down, to a tenth."""
        xy = to_km(latitude, longitude)
        return np.round(np.stack([xy[..., 0] - self.west, self.north - xy[..., 1]], axis=-1) * self.scale, 1)

    def ring(self, ring: Sequence[Sequence[float]]) -> list[list[float]]:
        """Place a ring of (longitude, latitude); points that fall on one spot are drawn once."""
        degrees = np.asarray(ring, dtype=np.float64)
        points = [tuple(point) for point in self.pixels(degrees[:, 1], degrees[:, 0]).tolist()]
        return [list(point) for point, _ in itertools.groupby(points)]

    def marks(self, pixels: Floats, **columns: Any) -> alt.Chart:
        """Begin a chart of marks at (n, 2) pixels, with more columns of n."""
        table = pd.DataFrame({"x": pixels[:, 0], "y": pixels[:, 1], **columns})
        x, y = alt.Scale(domain=[0, self.width], nice=False), alt.Scale(domain=[self.height, 0], nice=False)
        return alt.Chart(table).encode(x=alt.X("x:Q", axis=None, scale=x), y=alt.Y("y:Q", axis=None, scale=y))


def _polygons(feature: Mapping[str, Any]) -> list[list[list[list[float]]]]:
    geometry = feature["geometry"]
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _frame_ukraine(borders: Mapping[str, Any]) -> MapFrame:
    """Frame Ukraine in its recognised borders."""
    ukraine = next(land for land in borders["features"] if land["properties"]["iso_a3"] == "UKR")
    degrees = np.concatenate([np.asarray(ring) for polygon in _polygons(ukraine) for ring in polygon])
    xy = to_km(degrees[:, 1], degrees[:, 0])
    west, south = xy.min(axis=0) - _MARGIN_KM[:2]
    east, north = xy.max(axis=0) + _MARGIN_KM[2:]
    scale = _MAP_WIDTH / (east - west)
    return MapFrame(float(west), float(north), float(scale), _MAP_WIDTH, round(float((north - south) * scale)))


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines placed in pixels. Altair takes them by their interface as they are, and copies none of their points."""

    features: tuple[Mapping[str, Any], ...]

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        """A collection of features, as GeoJSON has it."""
        return {"type": "FeatureCollection", "features": list(self.features)}

    def drawn(self, **mark: Any) -> alt.Chart:
        """Draw them; a plane projection has no winding to get wrong."""
        shapes = alt.Chart(self).mark_geoshape(clip=True, **mark)
        return shapes.project(type="identity", scale=1, translate=[0, 0])


def _place_outlines(features: Sequence[Mapping[str, Any]], frame: MapFrame) -> Outlines:
    rings = ([[frame.ring(ring) for ring in polygon] for polygon in _polygons(feature)] for feature in features)
    shapes = ({"type": "MultiPolygon", "coordinates": polygons} for polygons in rings)
    return Outlines(tuple({"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes))


def _ground(frame: MapFrame, borders: Mapping[str, Any]) -> list[alt.Chart]:
    """Neighbours, oblasts, Ukraine's outline and the coarse line of contact."""
    abroad = [land for land in borders["features"] if land["properties"]["iso_a3"] != "UKR"]
    home = [land for land in borders["features"] if land["properties"]["iso_a3"] == "UKR"]
    front = read_front()
    contact = front.loc[front["part"] == "contact", ["latitude", "longitude"]].to_numpy(np.float64)
    line = frame.marks(frame.pixels(contact[:, 0], contact[:, 1]), order=np.arange(len(contact)))
    return [
        _place_outlines(abroad, frame).drawn(fill="#f4f4f2", stroke="#c4c4c4", strokeWidth=0.7),
        _place_outlines(read_oblasts()["features"], frame).drawn(fill="#fffdf5", stroke="#d8d2be", strokeWidth=0.6),
        _place_outlines(home, frame).drawn(fill=None, stroke=GREY, strokeWidth=1.1),
        line.mark_line(color="#8a1c1c", strokeDash=[2, 3], strokeWidth=1.6).encode(order=alt.Order("order:Q")),
    ]


def _place_layers(frame: MapFrame, places: Places) -> list[alt.Chart]:
    """Cities as discs sized by population, power plants as squares of one size."""
    marks = frame.marks(frame.pixels(places.latitude, places.longitude), people=places.population)
    size = alt.Size("people:Q", scale=alt.Scale(domain=[0, 3_000_000], range=[3, 190], clamp=True), legend=None)
    discs = marks.transform_filter("datum.people > 0").mark_circle(color="#8f8f8f", opacity=0.75)
    squares = marks.transform_filter("!(datum.people > 0)").mark_square(color=PLANT, opacity=0.9, size=24)
    return [discs.encode(size=size), squares]


def _circles(frame: MapFrame, stands: Sequence[Stand], **mark: Any) -> alt.Chart:
    """Circles of the stands' radius, true to scale (on this map a km is a km within 0.2 %)."""
    reaching = [stand for stand in stands if stand.radius_km > 0]
    area = [float(np.pi * (stand.radius_km * frame.scale) ** 2) for stand in reaching]
    circles = frame.marks(_stand_pixels(frame, reaching), area=area).mark_point(shape="circle", clip=True, **mark)
    return circles.encode(size=alt.Size("area:Q", scale=None, legend=None))


def _stand_pixels(frame: MapFrame, stands: Sequence[Stand]) -> Floats:
    """(n, 2) [pixels]."""
    degrees = np.array([(stand.latitude, stand.longitude) for stand in stands], dtype=np.float64).reshape(-1, 2)
    return frame.pixels(degrees[:, 0], degrees[:, 1])


@dataclass(frozen=True, slots=True)
class _Label:
    """A text box on the map [pixels]: middle of its left edge, width, where its place is, and how far off it stands."""

    text: str
    left: float
    middle: float
    width: float
    spot: tuple[float, float]
    far: float = 0.0

    def overlap(self, other: _Label) -> float:
        """Shared area of two boxes."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = 15.0 - abs(self.middle - other.middle)
        return max(across, 0.0) * max(down, 0.0)


def _options(text: str, at: tuple[float, float], gap: float, frame: MapFrame) -> list[_Label]:
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


def _placed(texts: Sequence[tuple[str, tuple[float, float]]], gap: float, frame: MapFrame) -> list[_Label]:
    """Give each text the first box that is free of others and of the circles; where none is, the least crowded."""
    circles = [_Label("", x - gap, y, 2 * gap, (x, y)) for _, (x, y) in texts]
    done: list[_Label] = []
    for text, at in texts:
        taken = [*done, *(circle for circle in circles if circle.spot != at)]
        options = _options(text, at, gap, frame)
        done.append(min(options, key=lambda option: sum(option.overlap(other) for other in taken) + option.far))
    return done


def _names_beside(frame: MapFrame, stands: Sequence[Stand]) -> list[_Label]:
    """Give "order numbers, place" of every place with added units, where it is free; numbers alone on a full map."""
    orders: dict[tuple[str, float, float], list[str]] = {}
    for order, stand in enumerate(stands, start=1):
        orders.setdefault((stand.place, stand.latitude, stand.longitude), []).append(str(order))
    texts: list[tuple[str, tuple[float, float]]] = []
    for (place, latitude, longitude), numbers in orders.items():
        x, y = frame.pixels(latitude, longitude).tolist()
        order = ", ".join(numbers)
        texts.append((f"{order} {place}" if len(orders) <= NAMES_MOST else order, (x, y)))
    gap = 3 + max((stand.radius_km * frame.scale for stand in stands), default=4.0)
    return _placed(texts, gap, frame)


def _added_layers(frame: MapFrame, stands: Sequence[Stand], colour: str) -> list[alt.Chart]:
    """Draw added units: a circle of each one's radius, a dot at its place, and its order and name beside it."""
    labels = _names_beside(frame, stands)
    places = np.array([label.spot for label in labels], dtype=np.float64).reshape(-1, 2)
    boxes = np.array([(label.left, label.middle) for label in labels], dtype=np.float64).reshape(-1, 2)
    names = frame.marks(np.add(boxes, (2, 0)), text=[label.text for label in labels]).encode(text=alt.Text("text:N"))
    ends = [min(max(label.spot[0], label.left), label.left + label.width) for label in labels]
    dots = frame.marks(places, to_x=ends, to_y=boxes[:, 1], far=[label.far for label in labels])
    leaders = dots.transform_filter("datum.far > 0").mark_rule(color=colour)
    once = list({(stand.latitude, stand.longitude): stand for stand in stands}.values())  # shade a place once
    return [
        _circles(frame, once, color=colour, filled=False, strokeWidth=1.8, opacity=1),
        _circles(frame, once, color=colour, filled=True, opacity=0.12),
        dots.mark_circle(color=colour, opacity=1, size=36),
        leaders.encode(x2=alt.X2("to_x"), y2=alt.Y2("to_y")),
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
        Stands of added units, in greedy order.
    places
        The defended places; None draws none.

    Returns
    -------
        A chart.
    """
    borders = read_borders()
    frame = _frame_ukraine(borders)
    words = alt.TextValue("grey circles: NOTIONAL baseline, one random layout, not real positions")
    note = alt.Chart().encode(x=alt.XValue(6), y=alt.YValue(frame.height - 9), text=words)
    layers = [
        *_ground(frame, borders),
        _circles(frame, baseline, color=GREY, filled=True, opacity=0.16),
        _circles(frame, baseline, color=GREY, filled=False, strokeDash=[4, 3], strokeWidth=1.3, opacity=1),
        *(_place_layers(frame, places) if places is not None else ()),
        *_added_layers(frame, added, CASE_COLOUR[case]),
        *(haloed(note, align="left", fontStyle="italic") if baseline else ()),
    ]
    sea = alt.ViewBackground(fill="#eaf1f5", stroke=None)
    order = ", ".join(f"{order} {stand.place}" for order, stand in enumerate(added, start=1)) or "none"
    description = f"Map of Ukraine, {CASE_TITLE[case]}. Added units in greedy order: {order}."
    chart = picture(layers, f"map-{case}", description, width=frame.width, height=frame.height, view=sea)
    return chart.resolve_scale(size="independent")
