"""Results → files: one self-contained page, the answer as JSON, tables, and a plan that a map program opens.

Every number is the results' own: this module words, rounds and lays out, it works nothing out. The same results give
the same bytes: no time, no machine, no order of chance.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tegmen.answer.plan import Plan
from tegmen.answer.results import Sufficiency
from tegmen.errors import InputError
from tegmen.ledger.aid import aid_status
from tegmen.ledger.entries import STAGES
from tegmen.ledger.store import open_ledger
from tegmen.question.numbers import assumptions
from tegmen.report import charts
from tegmen.report.charts import draw_curve
from tegmen.report.folders import check_folder, write_files
from tegmen.report.maps import NAMES_MOST, draw_map
from tegmen.report.style import dumps, page, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tegmen.answer.results import ClaimTest, Driver, GoalAnswer, Stand
    from tegmen.evidence.catalogue import Parameter
    from tegmen.terms import EvidenceCase

__all__ = ["check_writable", "draw_curve", "write_report"]

REPORT_FILES = ("report.html", "answer.json", "curve.csv", "places.csv", "plan.geojson")
SCHEMA_NAME = "urn:tegmen:schema:answer:1"
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
        "report.html": _page(result, plans),
        "answer.json": dumps(_answer(result)),
        "curve.csv": _csv(_curve_rows(result)),
        "places.csv": _csv(_place_rows(result)),
        "plan.geojson": dumps(_geojson(result, plans)),
    }
    write_files(files, folder)
    return folder / "report.html"


def check_writable(out: str | Path) -> None:
    """Check that the report's folder can be written, or made, without leaving anything behind.

    Raises
    ------
    InputError
        The folder, or the one it would be made in, cannot be written; or a file or folder is in the way.
    """
    check_folder(Path(out), REPORT_FILES)


# ---------------------------------------------------------------- answer.json


def _answer(result: Sufficiency) -> dict[str, Any]:
    return {
        "$schema": SCHEMA_NAME,
        "tegmen_version": result.provenance.version,
        "scenario": result.scenario.name,
        "seed": result.seed,
        "until": str(result.calibration.until),
        "inputs": dict(result.provenance.inputs),
        "cases": {case: _case(result, case) for case in result.cases},
        "evidence": result.evidence.to_json(),
    }


def _case(result: Sufficiency, case: EvidenceCase) -> dict[str, Any]:
    answer = result.cases[case]
    return _goal(answer.headline) | {
        "goals": [_goal(each) for each in answer.goals],
        "sentence": result.sentence(case),
        "finding": result.finding(case),
        "launched": dict(answer.launched),
        "intercepted": {name: _numbers(span) for name, span in answer.intercepted.items()},
        "glide_bombs": {name: _numbers(span) for name, span in answer.glide_bombs.items()},
        "redraw_share": rounded(answer.redraw_share),
    }


def _goal(answer: GoalAnswer) -> dict[str, Any]:
    goal = answer.goal
    return {
        "n": answer.n,
        "n_interval": list(answer.n_interval),
        "resolved": answer.resolved,
        "goal": {
            "name": goal.name,
            "label": goal.label,
            "metric": goal.metric,
            "threshold": rounded(goal.threshold),
            "confidence": rounded(goal.confidence),
        },
        "worlds": answer.worlds,
        "runs": answer.runs,
        "sentence": answer.sentence(),
        "curve": [
            {"added": int(n), "probability": rounded(p), "mcse": rounded(error)}
            for n, p, error in zip(answer.added, answer.probability, answer.mcse, strict=True)
        ],
        "claims": [_claim(claim) for claim in answer.claims],
        "drivers": [driver_fields(driver) for driver in answer.drivers],
        "evpi": rounded(answer.evpi),
        "evpi_error": rounded(answer.evpi_error),
        "censored": rounded(answer.censored),
        "placement": [
            {"system": each.system, "place": each.place, "lat": rounded(each.latitude), "lon": rounded(each.longitude)}
            for each in _stands(answer)
        ],
    }


def driver_fields(driver: Driver) -> dict[str, Any]:
    """Give a driver as answer.json has it."""
    numbers = {
        key: value if value is None else rounded(value) for key, value in asdict(driver).items() if key != "unknown"
    }
    return {"unknown": driver.unknown} | numbers


def _claim(claim: ClaimTest) -> dict[str, Any]:
    return {
        "label": claim.label,
        "added": claim.added,
        "probability": rounded(claim.probability),
        "mcse": rounded(claim.mcse),
        "source": claim.source,
    }


def _stands(answer: GoalAnswer) -> tuple[Stand, ...]:
    """Give the stands of the answer: the first n in greedy order, all of them where no number tried is enough."""
    return answer.placement if answer.n is None else answer.placement[: answer.n]


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [rounded(value) for value in values]


# ---------------------------------------------------------------- tables and map file


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _curve_rows(result: Sufficiency) -> list[dict[str, Any]]:
    """Every point of every curve: one row a case, goal and number added."""
    return [
        {
            "case": case,
            "goal": answer.goal.name,
            "added": int(answer.added[i]),
            "probability": rounded(answer.probability[i]),
            "mcse": rounded(answer.mcse[i]),
            "remaining_p10": rounded(answer.remaining[i, 0]),
            "remaining_p50": rounded(answer.remaining[i, 1]),
            "remaining_p90": rounded(answer.remaining[i, 2]),
        }
        for case, each in result.cases.items()
        for answer in each.goals
        for i in range(len(answer.added))
    ]


def _place_rows(result: Sufficiency) -> list[dict[str, Any]]:
    """List the defended places, and which of the headline goal's added units (order numbers) stand at each, by case."""
    places = result.places
    orders: dict[EvidenceCase, dict[str, list[str]]] = {}
    for case, answer in result.cases.items():
        at = orders.setdefault(case, {})
        for order, stand in enumerate(_stands(answer.headline), start=1):
            at.setdefault(stand.place, []).append(str(order))
    return [
        {
            "place": str(name),
            "latitude": rounded(places.latitude[i]),
            "longitude": rounded(places.longitude[i]),
            "population": int(places.population[i]),
            "capacity_mw": rounded(places.capacity_mw[i]),
            "oblast": str(places.oblast[i]),
            "capital": str(bool(places.capital[i])).lower(),
        }
        | {f"added_{case}": len(orders[case].get(str(name), [])) for case in orders}
        | {f"order_{case}": " ".join(orders[case].get(str(name), [])) for case in orders}
        for i, name in enumerate(places.name)
    ]


def _geojson(result: Sufficiency, plans: Sequence[Plan]) -> dict[str, Any]:
    """RFC 7946: added units of every case and goal, and the one notional baseline layout of every case."""
    features: list[dict[str, Any]] = []
    for case, answer in result.cases.items():
        for each in answer.goals:
            about = {"role": "added", "case": case, "goal": each.goal.name, "note": "greedy order"}
            features += _points(_stands(each), about)
        features += _points(answer.baseline, {"role": "baseline", "case": case, "goal": None, "note": NOTIONAL})
    for plan in plans:
        about = {"role": "added", "case": plan.case, "goal": None, "note": f"plan, {plan.method}"}
        features += _points(plan.stands, about)
    return {"type": "FeatureCollection", "features": features}


def _points(stands: Sequence[Stand], about: Mapping[str, Any]) -> list[dict[str, Any]]:
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


def _page(result: Sufficiency, plans: Sequence[Plan]) -> str:
    months = result.calibration.monthly()
    with open_ledger(result.scenario.ledger or None) as ledger:
        aid = aid_status(ledger, result.scenario.month.last)
    return page(
        "report.html.j2",
        aid=aid,
        aid_picture=charts.draw_aid(aid),
        stages=STAGES,
        result=result,
        plans=plans,
        stands={case: _stands(answer.headline) for case, answer in result.cases.items()},
        case_meaning=CASE_MEANING,
        names_most=NAMES_MOST,
        others=[goal for goal in result.scenario.goals if not goal.headline],
        points=_curve_points(result),
        drawn=_drawn(result, months),
        months=[row for row in months.to_dict("records") if row["threat_class"] in _RECORD_TABLES],
        groups=_parameter_groups(result.parameters),
        evidence=result.evidence,
        assumptions=assumptions(),
    )


def _curve_points(result: Sufficiency) -> list[tuple[int, list[tuple[float, float] | None]]]:
    """Headline curves side by side: number, then (probability, error) a case; None where a case did not try it."""
    tried = [
        {int(n): (float(p), float(e)) for n, p, e in zip(each.added, each.probability, each.mcse, strict=True)}
        for each in (answer.headline for answer in result.cases.values())
    ]
    return [(n, [curve.get(n) for curve in tried]) for n in sorted({n for curve in tried for n in curve})]


def _drawn(result: Sufficiency, months: Any) -> dict[str, Any]:
    """Draw every picture of the page."""
    cases = result.cases
    places = result.places
    record = {
        name: charts.draw_record(months[months["threat_class"] == name], name)
        for name in _RECORD_CHARTS
        if (months["threat_class"] == name).any()
    }
    return {
        "curve": {case: charts.draw_case_curve(result, case) for case in cases},
        "goal": {g.name: charts.draw_goal(result, g.name) for g in result.scenario.goals if not g.headline},
        "remaining": {case: charts.draw_remaining(result, case) for case in cases},
        "map": {case: draw_map(case, each.baseline, _stands(each.headline), places) for case, each in cases.items()},
        "record": record,
        "drivers": {
            case: charts.draw_drivers(each.headline.drivers, case)
            for case, each in cases.items()
            if each.headline.drivers
        },
        "glide": {
            case: charts.draw_ranges(each.glide_bombs, case, "glide bombs launched in the month")
            for case, each in cases.items()
            if each.glide_bombs
        },
    }


def _parameter_groups(parameters: Sequence[Parameter]) -> dict[str, list[Parameter]]:
    groups: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        groups.setdefault(TABLE_TITLE.get(parameter.table, parameter.table or "Other"), []).append(parameter)
    return groups
