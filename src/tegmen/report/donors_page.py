"""The page of who gives, its section for other reports, and donors.json. Formats, never computes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd
from markupsafe import Markup

from tegmen.answer.donors import DonorPlan
from tegmen.errors import checked_arguments
from tegmen.evidence.holders import Outlook
from tegmen.report.answer_json import EvidencePart
from tegmen.report.charts import CASE_COLOUR, GREY, INK, name_axis, picture, system_name
from tegmen.report.csv_files import csv_text
from tegmen.report.folders import check_folder, write_files
from tegmen.report.json_files import File, MaybePositive, MaybeShare, Natural, Part, Positive, field, schema_name
from tegmen.report.style import fill_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.answer.givers import Giver
    from tegmen.evidence.holders import Holder
    from tegmen.evidence.parameters import Parameter

DONORS_FILES = ("donors.html", "donors.json", "donors.csv")


class GiftPart(Part):
    """Units of one kind from one holder that fight from one month on."""

    holder: str = field("Who gives.")
    system: str = field("Kind.")
    units: Natural = field("How many.")
    month: Natural = field("First month in which they fight all month; 1 is the month after the question's.")
    first: str = field("That month, YYYY-MM.")
    share: MaybeShare = field("Share of the holder's stock that all its gifts of the kind take; null for a maker.")
    rounds: tuple[Positive, Positive, Positive] | None = field(
        "Low, best and high of the rounds that come with them; null where nobody tells."
    )
    unverified: list[str] = field("Names of the numbers behind it that were not read in their source.")
    contested: str = field("What else is said of the holder's stock; empty: nothing is.")
    numbers: list[str] = field("Ids of the numbers it rests on.")


class GiverPart(Part):
    """What a holder of a kind asked for could give."""

    holder: str = field("Who.")
    system: str = field("Kind.")
    stock: tuple[MaybePositive, MaybePositive, MaybePositive] = field(
        "Low, best and high of the units held at the day; best null where nobody tells."
    )
    floor: Natural = field("Units it keeps, in the outlook.")
    gives: Natural = field("Units it could give at any time, in the outlook.")
    contested: str = field("What else is said of its stock; empty: nothing is.")
    numbers: list[str] = field("Ids of the numbers it rests on.")


class LimitPart(Part):
    """A limit that binds, and what relaxing it by one gives: solved again, exactly."""

    words: str = field("What is relaxed, and by how much.")
    gain: str = field("What that gives, in words.")
    units: Natural = field("More units that come in time.")
    months: Natural = field("Unit-months more: one unit that fights one month longer.")
    numbers: list[str] = field("Ids of the numbers it rests on.")


class DoubtPart(Part):
    """A number that was not read in its source, and what it would move, all others as they are."""

    number: str = field("Its id.")
    cautious: Natural = field("Units that could come in time, were all asked for, at the end that lets fewer come.")
    generous: Natural = field("The same at the other end.")


class TogetherPart(Part):
    """What is said of several holders together, in the ledger."""

    holders: str = field("Of whom, as said.")
    system: str = field("Kind.")
    low: Positive = field("Low end of the range.")
    best: Positive = field("Best value.")
    high: Positive = field("High end of the range.")
    sources: list[str] = field("Who published it, and when.")


class DonorsFile(File, title="donors.json"):
    """From whose stocks added units come. Nothing in it is random: its seed is 0."""

    schema_: str = schema_name("urn:tegmen:schema:donors:1")
    scenario: str = field("Name of the scenario.", "choice")
    added: dict[str, Natural] = field("Kind to the number asked for.", "choice")
    by: str = field("Last month in which a unit may begin to fight, YYYY-MM.", "choice")
    outlook: Outlook = field("Which ends of the spans are taken.", "choice")
    sentence: str = field("Who gives, in a sentence.", "holder", "assumptions", "method")
    unmet: dict[str, Natural] = field("Kind to the number that cannot come in time.", "holder", "assumptions", "method")
    fighting: dict[str, list[Natural]] = field(
        "Kind to the units that fight all of month 1, 2, ...", "holder", "assumptions", "method"
    )
    gifts: list[GiftPart] = field("Who gives, in the order of months.", "holder", "assumptions", "method")
    givers: list[GiverPart] = field("Every holder of the kinds asked for.", "holder", "assumptions", "method")
    limits: list[LimitPart] = field(
        "Limits that bind, the most worth first.", "holder", "assumptions", "method"
    )  # fmt: skip
    reach: dict[Outlook, dict[str, Natural]] = field(
        "Outlook to kind to the number that could come in time.", "holder", "assumptions", "method"
    )
    doubts: list[DoubtPart] = field(
        "Numbers not read in a source that would move how many can come, the most first.", "holder", "method"
    )
    together: list[TogetherPart] = field("What is said of several holders together.")
    evidence: EvidencePart = field("Every number that went in, with where it came from.", "number")


@checked_arguments
def write_donors(plan: DonorPlan, out: str | Path) -> Path:
    """Write donors.html, donors.json and donors.csv into a folder; returns the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, DONORS_FILES)
    page = fill_page("donors.html.j2", plan=plan, section=donors_section(plan), numbers=_number_rows(plan))
    files = {"donors.html": page, "donors.json": donors_file(plan).text(), "donors.csv": csv_text(plan.to_pandas())}
    write_files(files, folder)
    return folder / "donors.html"


def donors_section(plan: DonorPlan) -> Markup:
    """Give the section of a page that shows a plan: pictures first; it holds no heading of its own."""
    text = fill_page(
        "donors_section.html.j2",
        plan=plan,
        arrivals=draw_arrivals(plan),
        stocks=[(kind, draw_stocks(plan, kind)) for kind in plan.added],
    )
    return Markup(text)  # noqa: S704 - the template escapes


def donors_file(plan: DonorPlan) -> DonorsFile:
    """Fill donors.json from a plan."""
    rests = {(each.holder.name, each.holder.system): [row.id for row in _rows(each.holder)] for each in plan.givers}
    return DonorsFile(
        tegmen_version=plan.provenance.version,
        seed=0,
        inputs=dict(plan.provenance.inputs),
        scenario=plan.scenario.name,
        added=dict(plan.added),
        by=f"{plan.by:%Y-%m}",
        outlook=plan.outlook,
        sentence=plan.sentence(),
        unmet=dict(plan.unmet),
        fighting={kind: list(units) for kind, units in plan.fighting.items()},
        gifts=[
            GiftPart.of(gift, first=f"{gift.first:%Y-%m}", numbers=rests[gift.holder, gift.system])
            for gift in plan.gifts
        ],
        givers=[_giver_part(giver, rests) for giver in plan.givers],
        limits=[LimitPart.of(limit, numbers=[row.id for row in limit.rows]) for limit in plan.limits],
        reach={outlook: dict(numbers) for outlook, numbers in plan.reach.items()},
        doubts=[DoubtPart.of(doubt, number=doubt.row.id) for doubt in plan.doubts()],
        together=_together_parts(plan),
        evidence=EvidencePart.model_validate(
            {"numbers": _number_rows(plan), "entries": {}, "sources": {}, "ranges": {}, "notes": []}
        ),
    )


def _rows(holder: Holder) -> list[Parameter]:
    return [holder.stock, *holder.rows.values()]


def _giver_part(giver: Giver, rests: Mapping[tuple[str, str], list[str]]) -> GiverPart:
    holder, stock = giver.holder, giver.holder.stock
    return GiverPart(
        holder=holder.name,
        system=holder.system,
        stock=(stock.low, stock.best, stock.high),
        floor=giver.floor,
        gives=giver.gives,
        contested=holder.rival,
        numbers=rests[holder.name, holder.system],
    )


def _together_parts(plan: DonorPlan) -> list[TogetherPart]:
    return [
        TogetherPart(holders=each.holder, system=kind, sources=list(each.sources), **asdict(each.amount))
        for kind, told in plan.together.items()
        for each in told
    ]


def _number_rows(plan: DonorPlan) -> list[dict[str, Any]]:
    """Every row behind a plan, once."""
    rows = {row.id: row for giver in plan.givers for row in _rows(giver.holder)}
    return [
        {"id": id_, "role": "holder", "what": row.label, "low": row.low, "best": row.best, "high": row.high,
         "unit": row.unit, "source": row.source, "verified": row.verified, "note": row.note, "entry": ""}
        for id_, row in sorted(rows.items())
    ]  # fmt: skip


# ---------------------------------------------------------------- pictures


def draw_arrivals(plan: DonorPlan) -> alt.LayerChart:
    """Draw who gives in which month: a dot a gift, with the number of units, and hollow where a stock is contested."""
    rows = [
        {"name": gift.holder, "month": f"{gift.first}", "units": gift.units, "contested": bool(gift.contested)}
        for gift in plan.gifts
    ]
    table = pd.DataFrame(rows, columns=["name", "month", "units", "contested"])
    names = list(dict.fromkeys(table["name"])) or ["nobody"]
    axis = alt.Axis(format="%b %Y", tickCount=6, grid=True, labelOverlap=True)
    ends = [f"{plan.scenario.month.last}", f"{plan.last or plan.by}"]
    scale = alt.Scale(type="utc", domain=ends, padding=14)
    x = alt.X("month:T", title="fights all month from", axis=axis, scale=scale)
    base = alt.Chart(table).encode(x=x, y=name_axis(names))
    fill = alt.condition("datum.contested", alt.value("white"), alt.value(CASE_COLOUR["posted"]))
    dots = base.mark_point(shape="circle", size=210, stroke=CASE_COLOUR["posted"], opacity=1).encode(fill=fill)
    ink = alt.condition("datum.contested", alt.value(INK), alt.value("white"))
    counts = base.mark_text(fontWeight="bold").encode(text="units:Q", color=ink)
    words = "; ".join(f"{gift.first:%B %Y} {gift.units} from {gift.holder}" for gift in plan.gifts) or "nobody gives"
    return picture([dots, counts], "donors-arrivals", f"{words}.", width=420, height=max(24 * len(names), 60))


def draw_stocks(plan: DonorPlan, kind: str) -> alt.LayerChart:
    """Draw each holder's stock of a kind: what it keeps grey, what it could give blue, a line from low to high."""
    givers = [giver for giver in plan.givers if giver.holder.system == kind]
    rows = [
        {
            "name": giver.holder.name,
            "kept": giver.stock - giver.spares,
            "stock": giver.stock,
            "low": giver.holder.stock.low or 0.0,
            "high": giver.holder.stock.high or giver.stock,
        }
        for giver in givers
    ]
    x = {name: alt.X(f"{name}:Q", title="units", axis=alt.Axis(tickMinStep=1)) for name in ("kept", "low")}
    base = alt.Chart(pd.DataFrame(rows)).encode(y=name_axis([giver.holder.name for giver in givers]))
    layers = [
        base.mark_bar(height=11, color="#c4c4c4").encode(x=x["kept"]),
        base.mark_bar(height=11, color=CASE_COLOUR["posted"]).encode(x=x["kept"], x2=alt.X2("stock")),
        base.mark_rule(color=GREY, strokeWidth=1.4).encode(x=x["low"], x2=alt.X2("high")),
    ]
    told = "; ".join(f"{giver.holder.name} {giver.stock}, can spare {giver.spares}" for giver in givers)
    words = f"{system_name(kind)} held: {told}."
    return picture(layers, f"donors-stocks-{kind}", words, width=420, height=max(19 * len(givers), 60))
