"""Results → files: one self-contained page, the answer as JSON, tables, and a plan that a map program opens.

Every number is the results' own: this module words, rounds and lays out, it works nothing out. The same results give
the same bytes: no time, no machine, no order of chance.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tegmen.answer.plan import Plan
from tegmen.answer.results import Sufficiency
from tegmen.errors import InputError
from tegmen.ledger.entries import STAGES
from tegmen.question.numbers import assumptions
from tegmen.report import charts
from tegmen.report.answer_json import answer_file
from tegmen.report.folders import check_writable, write_files
from tegmen.report.json_files import dumps, rounded
from tegmen.report.maps import NAMES_MOST, draw_map
from tegmen.report.style import fill_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tegmen.answer.results import GoalAnswer, Stand
    from tegmen.evidence.parameters import Parameter
    from tegmen.terms import EvidenceCase

NOTIONAL = "Notional: one random layout of the baseline, drawn to calculate with; not a real position."
CASE_MEANING: dict[EvidenceCase, str] = {
    "posted": "What the public record of attack reports shows, and nothing else.",
    "claimed": "Official totals: what they count beyond the record is taken as launched and met by nobody.",
}
TABLE_TITLE = {
    "systems.csv": "Defending systems",
    "threats.csv": "Weapons",
    "inventories.csv": "Stocks, and needs stated in public",
    "model.csv": "Spans of the model's own",
    "official_totals.csv": "Totals stated by officials",
    "consequences.csv": "Consequences",
}
_RECORD_CHARTS = ("drone", "cruise", "ballistic")
_RECORD_TABLES = ("supersonic", "s300_ground")


# ---------------------------------------------------------------- the folder


def write_report(results: Sequence[Sufficiency | Plan], out: str | Path) -> Path:
    """Write report.html, answer.json, curve.csv, places.csv and plan.geojson into a folder.

    Everything is made before the folder is touched, written into a temporary folder inside it, then renamed file by
    file: a failure leaves nothing half-written.

    Parameters
    ----------
    results
        One `Sufficiency`; any `Plan` beside it gets a table of its own and its stands in plan.geojson.
    out
        Folder; made where it is missing. Files of these names in it are replaced.

    Returns
    -------
        Path of report.html.

    Raises
    ------
    InputError
        Not exactly one `Sufficiency`, or the folder cannot be written.
    """
    sufficient = [result for result in results if isinstance(result, Sufficiency)]
    plans = [result for result in results if isinstance(result, Plan)]
    if len(sufficient) != 1:
        fault = (
            f"found {len(sufficient)} sufficiency results; a report holds exactly one: write each into its own folder"
        )
        raise InputError("write_report, results", [fault])
    folder = Path(out)
    check_writable(folder)
    (result,) = sufficient
    files = {
        "report.html": _report_page(result, plans),
        "answer.json": answer_file(result).text(),
        "curve.csv": _csv(_curve_table(result)),
        "places.csv": _csv(_place_table(result)),
        "plan.geojson": dumps(_geojson(result, plans)),
    }
    write_files(files, folder)
    return folder / "report.html"


# ---------------------------------------------------------------- tables and map file


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _curve_table(result: Sufficiency) -> pd.DataFrame:
    """Every point of every curve: one row a case, goal and number added."""
    return result.to_pandas().rename(columns=lambda name: name.replace("remaining_", "remaining_p"))


def _place_table(result: Sufficiency) -> pd.DataFrame:
    """List the defended places, and which of the headline goal's added units (order numbers) stand at each, by case."""
    places = result.places
    orders: dict[EvidenceCase, list[list[str]]] = {}
    for case, answer in result.cases.items():
        stands = [stand.place for stand in answer.headline.stands]
        orders[case] = [[str(i + 1) for i, at in enumerate(stands) if at == place] for place in places.name]
    columns = {
        "place": places.name,
        "latitude": places.latitude,
        "longitude": places.longitude,
        "population": places.population.astype(np.int64),
        "capacity_mw": places.capacity_mw,
        "oblast": places.oblast,
        "capital": np.where(places.capital, "true", "false"),
    }
    columns |= {f"added_{case}": [len(at) for at in here] for case, here in orders.items()}
    return pd.DataFrame(columns | {f"order_{case}": [" ".join(at) for at in here] for case, here in orders.items()})


def _geojson(result: Sufficiency, plans: Sequence[Plan]) -> dict[str, Any]:
    """RFC 7946: added units of every case and goal, and the one notional baseline layout of every case."""
    features: list[dict[str, Any]] = []
    for case, answer in result.cases.items():
        for goal_answer in answer.goals:
            about = {"role": "added", "case": case, "goal": goal_answer.goal.name, "note": "greedy order"}
            features += _point_features(goal_answer.stands, about)
        features += _point_features(answer.baseline, {"role": "baseline", "case": case, "goal": None, "note": NOTIONAL})
    for plan in plans:
        about = {"role": "added", "case": plan.case, "goal": None, "note": f"plan, {plan.method}"}
        features += _point_features(plan.stands, about)
    return {"type": "FeatureCollection", "features": features}


def _point_features(stands: Sequence[Stand], about: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [rounded(stand.longitude), rounded(stand.latitude)]},
            "properties": {
                **about,
                "order": order if about["role"] == "added" else None,
                "system": stand.system,
                "place": stand.place,
                "radius_km": rounded(stand.radius_km),
            },
        }
        for order, stand in enumerate(stands, start=1)
    ]


# ---------------------------------------------------------------- the page


def _report_page(result: Sufficiency, plans: Sequence[Plan]) -> str:
    months = result.calibration.monthly()
    heads = {case: answer.headline for case, answer in result.cases.items()}
    return fill_page(
        "report.html.j2",
        aid=result.aid,
        stages=STAGES,
        result=result,
        plans=plans,
        stands={case: head.stands for case, head in heads.items()},
        case_meaning=CASE_MEANING,
        names_most=NAMES_MOST,
        others=[goal for goal in result.scenario.goals if not goal.headline],
        points=_points_side_by_side(list(heads.values())),
        drawn=_draw_all(result, months) | {"aid": charts.draw_aid(result.aid)},
        months=months[months["threat_class"].isin(_RECORD_TABLES)].to_dict("records"),
        groups=_parameter_groups(result.parameters),
        evidence=result.evidence,
        assumptions=assumptions(),
    )


def _points_side_by_side(answers: Sequence[GoalAnswer]) -> list[tuple[int, list[tuple[float, float] | None]]]:
    """List number added, then (probability, error) of each curve; None where a curve has not that number."""
    curves = [
        {n: (p, error) for n, p, error in zip(answer.added.tolist(), answer.probability, answer.mcse, strict=True)}
        for answer in answers
    ]
    return [(n, [curve.get(n) for curve in curves]) for n in sorted({n for curve in curves for n in curve})]


def _draw_all(result: Sufficiency, months: pd.DataFrame) -> dict[str, Any]:
    """Draw every picture of the page but the one of aid."""
    cases = result.cases
    heads: dict[EvidenceCase, GoalAnswer] = {case: answer.headline for case, answer in cases.items()}
    classes = [name for name in _RECORD_CHARTS if (months["threat_class"] == name).any()]
    return {
        "curve": {case: charts.draw_case_curve(result, case) for case in cases},
        "goal": {goal.name: charts.draw_goal(result, goal.name) for goal in result.scenario.goals if not goal.headline},
        "remaining": {case: charts.draw_remaining(result, case) for case in cases},
        "map": {
            case: draw_map(case, answer.baseline, answer.headline.stands, result.places)
            for case, answer in cases.items()
        },
        "record": {name: charts.draw_record(months[months["threat_class"] == name], name) for name in classes},
        "drivers": {case: charts.draw_drivers(head.drivers, case) for case, head in heads.items() if head.drivers},
        "glide": {
            case: charts.draw_ranges(answer.glide_bombs, case, "glide bombs launched in the month")
            for case, answer in cases.items()
            if answer.glide_bombs
        },
    }


def _parameter_groups(parameters: Sequence[Parameter]) -> dict[str, list[Parameter]]:
    groups: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        groups.setdefault(TABLE_TITLE.get(parameter.table, parameter.table or "Other"), []).append(parameter)
    return groups
