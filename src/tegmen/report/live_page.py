"""The live page: an answer to be argued with, in one file that needs no server, no network and no Python.

What the page holds is put together here; its arithmetic is in `live/arithmetic.js`, and Python's in `answer/live.py`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from markupsafe import Markup

from tegmen.answer.live import ALL_CLASSES, arrays_of, controls_of, held_goals, together_of, whole_arrays
from tegmen.answer.results import Sufficiency
from tegmen.answer.study import counts_others
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.catalogue import kind_name
from tegmen.evidence.geography import read_borders, read_front, read_oblasts, to_km
from tegmen.question.goals import Stakes
from tegmen.question.lanes import INSIDE_STEP_KM, LANE_CLASSES, VARIANTS
from tegmen.question.scenario import scenario_names
from tegmen.report.folders import check_folder, write_files
from tegmen.report.language import language
from tegmen.report.sealed import POLICY, in_script, sealed
from tegmen.report.style import environment
from tegmen.terms import VERSION, LanguageCode, ThreatClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tegmen.answer.results import Carried, CaseAnswer
    from tegmen.question.lanes import Lanes
    from tegmen.question.numbers import Number
    from tegmen.question.scenario import Goal

LIVE_FILE: Final = "live.html"
LANGUAGES: Final[tuple[LanguageCode, ...]] = ("en", "uk")
MODULES: Final = (
    "passage.js",
    "arithmetic.js",
    "state.js",
    "words.js",
    "pictures.js",
    "exports.js",
    "page.js",
)
"""Modules of the page in the order in which they need each other."""
_EDGE_KM: Final = (-721.0, 457.0, 1435.0, 937.0)
"""West and north edge of the map, width and height, from 48.5 N 31.5 E [km]."""
_DOUBTS = 3
_CODES: Final = {"float64": "f8", "float32": "f4", "uint16": "u2", "uint8": "u1"}


@checked_arguments
def write_live(result: Sufficiency, out: str | Path) -> Path:
    """Write live.html into a folder.

    Returns
    -------
        Its path.

    Raises
    ------
    InputError
        A page can hold none of the question's goals, or the folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, (LIVE_FILE,))
    page = live_page(result)
    if page is None:
        held = "goals of ballistic missiles or of cover"
        raise InputError(
            "live page",
            [f"found none of the {held} in {result.scenario.name}; add one, or see report.html"],
        )
    write_files({LIVE_FILE: page}, folder)
    return folder / LIVE_FILE


def live_page(result: Sufficiency) -> str | None:
    """Give the page as text; None where it can hold no goal of the question."""
    if not all(answer.carried for answer in result.cases.values()):
        return None
    texts = {name: json.loads(_shipped(f"{name}.json")) for name in LANGUAGES}
    text = (
        environment()
        .get_template("live.html.j2")
        .render(
            policy=POLICY,
            title=result.scenario.title,
            style=_shipped("page.css"),
            data=_escaped(live_data(result)),
            texts=_escaped(texts),
            script=one_script(),
        )
    )
    return sealed(text, images="data: blob:")


@cache
def one_script() -> Markup:
    """Join the modules: each names at its top what it makes, all names differ, and what is imported stands above."""
    parts: list[str] = []
    for name in MODULES:
        text = re.sub(r"^import .*?;\n", "", _shipped(name), flags=re.DOTALL | re.MULTILINE)
        parts.append(re.sub(r"^export (?=const|function|async|class)", "", text, flags=re.MULTILINE))
    return Markup("\n".join(parts))  # noqa: S704 - our own files


def _escaped(data: object) -> Markup:
    return Markup(in_script(data))  # noqa: S704 - escaped for a script element


def _shipped(name: str) -> Markup:
    return Markup(files("tegmen.report").joinpath("live", name).read_text("utf-8"))  # noqa: S704 - our own files


# ---------------------------------------------------------------- what the page holds


def live_data(result: Sufficiency) -> dict[str, Any]:
    """Give all that the page is made of: the question, its places, what can be moved, and the worlds of each case."""
    scenario, places = result.scenario, result.places
    worlds = next(carried.worlds for answer in result.cases.values() for carried in answer.carried.values())
    controls = controls_of(scenario, worlds.theatre.posted)
    x, y = places.xy.T
    cases = {case: _case(answer) for case, answer in result.cases.items()}
    systems = [_system(name, result) for name in scenario.kinds.meeting(*ThreatClass)]
    behind = _behind(result, {name for control in controls for name in control.numbers})
    spoken = [scenario.title, *(each["name"] for each in systems)]
    spoken += [row[key] for row in behind.values() for key in ("what", "unit")]
    carried = json.dumps([case["targets"] for case in cases.values()]).encode()
    return {
        "version": VERSION,
        "seed": result.seed,
        "inputs": dict(result.provenance.inputs),
        "sha256": hashlib.sha256(carried).hexdigest(),
        "name": scenario.name,
        "file": scenario.name if scenario.name in scenario_names() else f"{scenario.name}.toml",
        "title": scenario.title,
        "month": str(scenario.month),
        "until": str(result.calibration.until),
        "toml": json.loads(scenario.model_dump_json(by_alias=True, exclude_unset=True, exclude={"sha256"})),
        "system": scenario.kinds.code(scenario.added_system),
        "systems": systems,
        "said": {code: _said(code, spoken) for code in LANGUAGES},
        "most": scenario.added_max,
        "rounds": scenario.added_rounds.value,
        "goals": [_goal(goal, worlds) for goal in held_goals(scenario)],
        "lanes": lanes_data(worlds.theatre.lanes),
        "controls": [{name: getattr(each, name) for name in each.__slots__} for each in controls],
        "numbers": behind,
        "unverified": _unverified(result.evidence.numbers),
        "claims": [
            {"label": claim.label, "added": claim.added, "about": claim.about, "source": claim.source}
            for claim in scenario.claims_tested
        ],
        "places": {
            "name": places.name.tolist(), "x": x.tolist(), "y": y.tolist(), "kyiv": places.kyiv.tolist(),
            "latitude": places.latitude.tolist(), "longitude": places.longitude.tolist(),
            "population": places.population.tolist(), "capacity": places.capacity_mw.tolist(),
        },
        "map": _map(),
        "cases": cases,
    }  # fmt: skip


def _said(code: LanguageCode, spoken: Iterable[str]) -> dict[str, str]:
    """What the question says, as far as a language has it in words of its own."""
    own = {words: language(code).own(words) for words in spoken}
    return {words: there for words, there in own.items() if there != words}


def _case(answer: CaseAnswer) -> dict[str, Any]:
    """What is said of an evidence case, and its worlds."""
    headline = answer.headline
    held = [
        each for each in answer.goals if any(each.goal.name in carried.sites for carried in answer.carried.values())
    ]
    return {
        "targets": {name: carried_data(name, carried) for name, carried in answer.carried.items()},
        "answers": {
            each.goal.name: {
                "n": each.n, "open": each.n_interval, "probability": each.probability.tolist(),
                "mcse": each.mcse.tolist(),
            }
            for each in held
        },
        "span": answer.span,
        "matters": answer.matters_most,
        "doubts": [
            {"unknown": driver.unknown, "share": driver.share, "worth": driver.evppi}
            for driver in headline.drivers[:_DOUBTS]
        ],
        "baseline": [
            {"system": kind_name(stand.system), "at": _spot(stand.latitude, stand.longitude),
             "radius": stand.radius_km}
            for stand in answer.baseline
            if stand.radius_km > 0
        ],
    }  # fmt: skip


def lanes_data(lanes: Lanes) -> dict[str, Any]:
    """Lanes as a page reads them: it lays them itself."""
    drone, cruise = (lanes.area_weight[cls][0].tolist() for cls in LANE_CLASSES)
    return {
        "areas": lanes.area_xy.tolist(), "offset": lanes.offset_km, "variants": VARIANTS, "step": INSIDE_STEP_KM,
        "inside": np.rint(lanes.inside_km / INSIDE_STEP_KM).astype(int).tolist(),
        "weight": {"drone": drone, "cruise": cruise},
    }  # fmt: skip


def carried_data(name: str, carried: Carried) -> dict[str, Any]:
    """Worlds as a page reads them, and where units stand as answered."""
    whole = name == ALL_CLASSES
    arrays = arrays_of(carried) | (whole_arrays(carried.worlds) if whole else {})
    worlds = {
        "count": len(carried.worlds),
        "of": carried.of,
        "ess": carried.ess,
        "together": together_of(carried.worlds),
        "systems": len(carried.worlds.kinds.meeting(ThreatClass.ballistic)),
        "whole": whole,
        "arrays": {name: _array(table) for name, table in arrays.items()},
    }
    return {
        "worlds": worlds,
        "sites": {name: sites.tolist() for name, sites in carried.sites.items()},
    }


def _array(table: Any) -> dict[str, str]:
    """An array as a page reads it: its type, and its bytes, little end first, in base64."""
    code = _CODES[table.dtype.name]
    content = np.ascontiguousarray(table, dtype=f"<{code[0]}{code[1]}").tobytes()
    return {"type": code, "data": base64.b64encode(content).decode()}


def _goal(goal: Goal, worlds: Any) -> dict[str, Any]:
    metric, places = goal.measure, worlds.places
    counted = metric.places(places, goal.largest_cities)
    worth = metric.worth(Stakes(places.population, places.capacity_mw, {}))
    return {
        "name": goal.name, "metric": goal.metric, "label": goal.label,
        "threshold": goal.threshold, "confidence": goal.confidence, "headline": goal.headline,
        "cities": goal.largest_cities, "is_count": metric.is_count, "worth": (worth * counted).tolist(),
        "classes": [cls.name for cls in metric.counted], "area": metric.area, "whole": counts_others(goal),
        "illustration": not goal.is_finding,
    }  # fmt: skip


def _system(name: str, result: Sufficiency) -> dict[str, Any]:
    """A kind's name, what it meets, and what a fire unit costs with its missiles; nothing where nobody says."""
    met = result.scenario.kinds.met[name]
    about = {"id": name, "name": kind_name(name), "meets": [cls.name for cls in ThreatClass if cls in met]}
    try:
        row = result.scenario.catalogue.system(name, "fire_unit_cost_with_missiles")
    except InputError:
        return about | {"cost": None}
    low, best, high = row.span
    cost = {"low": low, "best": best, "high": high, "unit": row.unit, "source": row.source, "verified": row.verified}
    return about | {"cost": cost}


def _behind(result: Sufficiency, ids: set[str]) -> dict[str, Any]:
    """Numbers behind the controls, with their sources."""
    catalogue = {row.id: row for row in result.scenario.catalogue.parameters}
    found: dict[str, Any] = {number.id: number for number in result.evidence.numbers}
    keys = ("low", "best", "high", "unit", "source", "verified", "note")
    known = {name: found.get(name) or catalogue[name] for name in sorted(ids) if name in found or name in catalogue}
    return {
        name: {key: getattr(row, key) for key in keys} | {"what": getattr(row, "what", "") or row.label}
        for name, row in known.items()
    }


def _unverified(numbers: Iterable[Number]) -> tuple[int, int]:
    """How many of the answer's numbers nobody checked in a stored copy of their source, and of how many."""
    known = [number for number in numbers if number.verified is not None]
    return sum(not number.verified for number in known), len(known)


# ---------------------------------------------------------------- the map


@cache
def _map() -> Mapping[str, Any]:
    """Outlines as paths, one unit a km, from the north-west edge."""
    lands = read_borders()["features"]
    ours = [land for land in lands if land["properties"]["iso_a3"] == "UKR"]
    front = read_front()
    contact = front.loc[front["part"] == "contact"]
    line = np.array([_spot(*point) for point in zip(contact["latitude"], contact["longitude"], strict=True)])
    return {
        "size": _EDGE_KM[2:],
        "edge": _EDGE_KM[:2],
        "abroad": _path(land for land in lands if land not in ours),
        "oblasts": _path(read_oblasts()["features"]),
        "home": _path(ours),
        "front": _stroke(line, closed=False),
    }


def _spot(latitude: float, longitude: float) -> tuple[float, float]:
    """Across and down from the map's edge [km]."""
    east, north = to_km(latitude, longitude).ravel().tolist()
    return east - _EDGE_KM[0], _EDGE_KM[1] - north


def _path(features: Iterable[Mapping[str, Any]]) -> str:
    """Outlines of features, cut to the map, to a km."""
    window, parts = shapely.box(0, 0, *_EDGE_KM[2:]).buffer(20), list[str]()
    for feature in features:
        outline = shapely.geometry.shape(feature["geometry"])
        on_map = shapely.transform(outline, lambda points: _spots(points[:, 1], points[:, 0]))
        inside = shapely.intersection(shapely.make_valid(on_map), window)
        rings = shapely.get_exterior_ring(shapely.get_parts(inside))
        parts += [_stroke(shapely.get_coordinates(ring), closed=True) for ring in rings if ring is not None]
    return "".join(parts)


def _spots(latitude: Any, longitude: Any) -> Any:
    return to_km(latitude, longitude) * (1, -1) + (-_EDGE_KM[0], _EDGE_KM[1])


def _stroke(points: Any, *, closed: bool) -> str:
    """A path through points, in whole km: the first as it is, the others as steps."""
    whole = np.rint(points).astype(int)
    steps = np.diff(whole, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    if not len(steps):
        return ""
    return f"M{whole[0, 0]} {whole[0, 1]}l" + " ".join(f"{x} {y}" for x, y in steps.tolist()) + ("z" if closed else "")
