"""The decision → files: one self-contained page, decision.json, tables, and the plan for a map program.

Sections on donors, months and neighbours are modules of their own; each gives its title and its content.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from tegmen.answer.decision import BILLION, MixDecision, aims_in_words, money, span_in_words
from tegmen.errors import checked_arguments
from tegmen.report import decision_charts, maps
from tegmen.report.charts import CASE_TITLE
from tegmen.report.csv_files import csv_text
from tegmen.report.decision_json import decision_file
from tegmen.report.donors_page import donors_section
from tegmen.report.folders import check_folder, write_files
from tegmen.report.json_files import dumps, rounded
from tegmen.report.months_page import months_section
from tegmen.report.neighbours_page import neighbours_section
from tegmen.report.style import fill_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DECISION_FILES = ("decision.html", "decision.json", "frontier.csv", "moves.csv", "plan.geojson")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page that another module makes.

    Parameters
    ----------
    id, title
        For links, and for readers.
    html
        Its content.
    """

    id: str
    title: str
    html: Markup


@checked_arguments
def write_decision(decision: MixDecision, out: str | Path) -> Path:
    """Write decision.html, decision.json, frontier.csv, moves.csv and plan.geojson into a folder.

    Returns
    -------
        Path of decision.html.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, DECISION_FILES)
    files = {
        "decision.html": decision_page(decision, [*_donor_sections(decision), *_ahead_sections(decision)]),
        "decision.json": decision_file(decision).text(),
        "frontier.csv": csv_text(_protection_table(decision)),
        "moves.csv": csv_text(_moves_table(decision)),
        "plan.geojson": dumps(_plan_geojson(decision)),
    }
    write_files(files, folder)
    return folder / "decision.html"


def _donor_sections(decision: MixDecision) -> Iterator[Section]:
    """Who gives, once for each mix that differs."""
    shown: set[int] = set()
    for case, each in decision.cases.items():
        if each.donors is not None and id(each.donors) not in shown:
            shown.add(id(each.donors))
            yield Section(
                f"donors-{case}", f"From whose stocks ({CASE_TITLE[case].lower()})", donors_section(each.donors)
            )


def _ahead_sections(decision: MixDecision) -> Iterator[Section]:
    """By when, in each case; then across the borders."""
    across: list[Section] = []
    for case, each in decision.cases.items():
        if (ahead := each.ahead) is not None:
            words = CASE_TITLE[case].lower()
            yield Section(f"months-{case}", f"By when ({words})", months_section(ahead))
            if ahead.neighbours is not None:
                html = neighbours_section(ahead.neighbours)
                across.append(Section(f"neighbours-{case}", f"Neighbours ({words})", html))
    yield from across


def decision_page(decision: MixDecision, sections: Sequence[Section]) -> str:
    """Fill the page."""

    def bound_words(bound: float) -> str:
        return f"{bound:.0f} units" if decision.question.by == "units" else money(bound)

    return fill_page(
        "decision.html.j2",
        result=decision,
        sections=sections,
        aims=aims_in_words(decision.question.goals),
        decision_charts=decision_charts,
        maps=maps,
        span_words=span_in_words,
        bound_words=bound_words,
        billion=_billion,
    )


def _billion(amount: float | None) -> str:
    return "–" if amount is None else f"{amount / BILLION:,.1f}"


def _protection_table(decision: MixDecision) -> pd.DataFrame:
    """One row a case, goals, kinds and confidence."""
    rows = [
        [case, " ".join(frontier.goals), " ".join(frontier.kinds), point.confidence, point.cost, point.bound,
         point.low, point.high, "" if point.mix is None else point.mix.words(), "true" if point.settled else "false"]
        for case, each in decision.cases.items()
        for frontier in each.weighed.frontiers
        for point in frontier.points
    ]  # fmt: skip
    columns = [
        "case",
        "goals",
        "kinds",
        "confidence",
        "cost_musd",
        "bound_musd",
        "low_musd",
        "high_musd",
        "mix",
        "settled",
    ]
    return pd.DataFrame(rows, columns=columns)


def _moves_table(decision: MixDecision) -> pd.DataFrame:
    """One row a case, input and end."""
    rows = [
        [case, move.id, move.kind, {True: "true", False: "false", None: ""}[move.verified], move.end, move.value,
         move.cost, "" if move.mix is None else move.mix.words(), "true" if move.changed else "false",
         "true" if move.settled else "false"]
        for case, each in decision.cases.items()
        for move in each.weighed.moves
    ]  # fmt: skip
    columns = ["case", "input", "kind", "verified", "end", "value", "cost_musd", "mix", "changed", "settled"]
    return pd.DataFrame(rows, columns=columns)


def _plan_geojson(decision: MixDecision) -> dict[str, Any]:
    """RFC 7946: the units of every case's plan, with kind, order and gain."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [rounded(stand.longitude), rounded(stand.latitude)]},
            "properties": {
                "case": case,
                "kind": stand.system,
                "order": order,
                "gain": rounded(gain),
                "place": stand.place,
                "radius_km": rounded(stand.radius_km),
            },
        }
        for case, each in decision.cases.items()
        for order, (stand, gain) in enumerate(zip(each.stands, each.gains, strict=True), start=1)
    ]
    return {"type": "FeatureCollection", "features": features}
