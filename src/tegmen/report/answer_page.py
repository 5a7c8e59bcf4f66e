"""Results → files: one self-contained page, the answer as JSON, tables, and a plan that a map program opens.

Every number is the results' own: this module words, rounds and lays out, it works nothing out. The same results give
the same bytes: no time, no machine, no order of chance.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tegmen.answer.results import Sufficiency
from tegmen.errors import InputError, checked_arguments
from tegmen.ledger.entries import STAGES
from tegmen.question.numbers import assumptions
from tegmen.report import maps
from tegmen.report.answer_json import answer_file, record_notes
from tegmen.report.csv_files import csv_text
from tegmen.report.folders import check_writable, write_files
from tegmen.report.json_files import dumps, rounded
from tegmen.report.language import Language
from tegmen.report.language import language as language_of
from tegmen.report.live_page import LIVE_FILE, live_page
from tegmen.report.reading_charts import rounds_text
from tegmen.report.style import fill_page
from tegmen.terms import LanguageCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tegmen.answer.plan import Plan
    from tegmen.answer.results import GoalAnswer, Stand

NOTIONAL = "Notional: one random layout of the baseline, drawn to calculate with; not a real position."


# ---------------------------------------------------------------- the folder


@checked_arguments
def write_report(results: Sequence[Sufficiency | Plan], out: str | Path, *, language: LanguageCode = "en") -> Path:
    """Write report.html, answer.json, curve.csv, places.csv, plan.geojson and live.html into a folder.

    live.html is left out where it could hold no goal of the question (`write_live` says which those are).

    Everything is made before the folder is touched, written into a temporary folder inside it, then renamed file by
    file: a failure leaves nothing half-written.

    Parameters
    ----------
    results
        One `Sufficiency`; any `Plan` beside it gets a table of its own and its stands in plan.geojson.
    out
        Folder; made where it is missing. Files of these names in it are replaced.
    language
        Of report.html: "en" or "uk". What a scenario's author or a source wrote stays as written, and so do the other
        files.

    Returns
    -------
        Path of report.html.

    Raises
    ------
    InputError
        No such language; not exactly one `Sufficiency`, or the folder cannot be written.
    """
    sufficient = [result for result in results if isinstance(result, Sufficiency)]
    plans = [result for result in results if not isinstance(result, Sufficiency)]
    if len(sufficient) != 1:
        fault = (
            f"found {len(sufficient)} sufficiency results; a report holds exactly one: write each into its own folder"
        )
        raise InputError("write_report, results", [fault])
    own, folder = language_of(language), Path(out)
    check_writable(folder)
    (result,) = sufficient
    files = {
        "report.html": _report_page(result, plans, own),
        "answer.json": answer_file(result).text(),
        "curve.csv": csv_text(_curve_table(result)),
        "places.csv": csv_text(_place_table(result)),
        "plan.geojson": dumps(_geojson(result, plans)),
    }
    page = live_page(result)
    write_files(files if page is None else files | {LIVE_FILE: page}, folder)
    return folder / "report.html"


# ---------------------------------------------------------------- tables and map file


def _curve_table(result: Sufficiency) -> pd.DataFrame:
    """List every curve, also with other rounds a month; the headline's for a plan that knows the layout too."""
    table = result.to_pandas().rename(columns=lambda name: name.replace("remaining_", "remaining_p"))
    for case, answer in result.cases.items():
        own = (table["case"] == case) & (table["goal"] == answer.headline.goal.name)
        if answer.informed is not None:
            table.loc[own, "informed"] = answer.informed.probability
            table.loc[own, "informed_mcse"] = answer.informed.mcse
        for frontier in answer.frontier:
            of_goal = (table["case"] == case) & (table["goal"] == frontier.goal)
            for rounds, probability in zip(frontier.rounds, frontier.probability, strict=True):
                table.loc[of_goal, f"rounds_{rounds_text(rounds).replace(' ', '_')}"] = probability
    return table


def _place_table(result: Sufficiency) -> pd.DataFrame:
    """List the defended places, and which of the headline goal's added units (order numbers) stand at each, by case."""
    places = result.places
    columns: dict[str, Any] = {
        "place": places.name,
        "latitude": places.latitude,
        "longitude": places.longitude,
        "population": places.population.astype(np.int64),
        "capacity_mw": places.capacity_mw,
        "oblast": places.oblast,
        "capital": np.where(places.capital, "true", "false"),
    }
    stands = {case: [stand.place for stand in answer.headline.stands] for case, answer in result.cases.items()}
    columns |= {f"added_{case}": [at.count(place) for place in places.name] for case, at in stands.items()}
    for case, at in stands.items():
        orders = [[str(order) for order, name in enumerate(at, start=1) if name == place] for place in places.name]
        columns[f"order_{case}"] = [" ".join(order) for order in orders]
    return pd.DataFrame(columns)


def _geojson(result: Sufficiency, plans: Sequence[Plan]) -> dict[str, Any]:
    """RFC 7946: added units of every case and goal, and the one notional baseline layout of every case."""
    features: list[dict[str, Any]] = []
    for case, answer in result.cases.items():
        for goal_answer in answer.goals:
            about = {
                "role": "added",
                "case": case,
                "goal": goal_answer.goal.name,
                "note": "each where it saves most",
            }
            features += _point_features(goal_answer.stands, about)
        features += _point_features(answer.baseline, {"role": "baseline", "case": case, "goal": None, "note": NOTIONAL})
    for plan in plans:
        about = {"role": "added", "case": plan.case, "goal": None, "note": f"plan, {plan.status}"}
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


def _report_page(result: Sufficiency, plans: Sequence[Plan], language: Language) -> str:
    return fill_page(
        "report.html.j2",
        language,
        result=result,
        plans=plans,
        maps=maps,
        stages=STAGES,
        points=_points_side_by_side([answer.headline for answer in result.cases.values()]),
        # Asked for where it is shown: pictures of the sections above are converted meanwhile.
        months_of_record=lambda: dict(list(result.calibration.monthly().groupby("threat_class"))),
        notes=record_notes(result.calibration),
        assumptions=assumptions(),
    )


def _points_side_by_side(answers: Sequence[GoalAnswer]) -> list[tuple[int, list[tuple[float, float] | None]]]:
    """List number added, then (probability, error) of each curve; None where a curve has not that number."""
    curves = [
        {n: (p, error) for n, p, error in zip(answer.added.tolist(), answer.probability, answer.mcse, strict=True)}
        for answer in answers
    ]
    return [(n, [curve.get(n) for curve in curves]) for n in sorted({n for curve in curves for n in curve})]
