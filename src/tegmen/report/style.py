"""How pages look: the template language, and how numbers and names are written."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

from tegmen.answer import results as answers
from tegmen.report import charts

if TYPE_CHECKING:
    from tegmen.answer.results import GoalAnswer

CLASS_TITLE = {
    "drone": "one-way attack drones",
    "cruise": "cruise missiles",
    "supersonic": "supersonic missiles (Kh-22/32, Oniks, Kh-31)",
    "ballistic": "ballistic missiles",
    "s300_ground": "S-300 in the ground role",
    "glide_bomb": "glide bombs",
}


@cache
def environment() -> jinja2.Environment:
    """Give the template language, every value escaped and none missing, with our ways to write numbers."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tegmen.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "share": share_text,
        "enough": enough,
        "span": interval_text,
        "number": number_text,
        "whole": whole_text,
        "units": units_text,
        "system": charts.system_name,
        "threat": threat_title,
        "sentence_case": sentence_case,
        "svg": charts.svg,
    }
    return environment


def fill_page(template: str, **content: Any) -> str:
    """Fill a template of the folder `templates`; it draws its pictures where it shows them."""
    return environment().get_template(template).render(case_title=charts.CASE_TITLE, charts=charts, **content)


def share_text(share: float | None) -> str:
    """Write a share as whole per cent; only what is exactly 0 or 1 is printed as 0 or 100."""
    if share is None or not math.isfinite(share):
        return "–"
    return answers.percent(float(f"{share:.6g}")).replace(" ", "\u00a0")  # the share as answer.json has it


def number_text(value: float | None) -> str:
    """Write a number as people do: thousands apart, no needless digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def whole_text(value: float) -> str:
    """Write a count to the nearest whole."""
    return number_text(round(value)) if math.isfinite(value) else "–"


def units_text(value: float | None, error: float | None = None) -> str:
    """Write units bought in vain to a tenth, with two standard errors where given."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.1f}" if error is None else f"{value:.1f} ± {2 * error:.1f}"


def enough(answer: GoalAnswer) -> str:
    """Write the smallest sufficient number, or that none tried was enough."""
    return f"more than {answer.added[-1]}" if answer.n is None else str(answer.n)


def interval_text(answer: GoalAnswer) -> str:
    """Write the interval of the answer."""
    low, high = answer.n_interval
    if high is None:
        return f"more than {answer.added[-1]}" if low > answer.added[-1] else f"{low} or more"
    return str(low) if low == high else f"{low}–{high}"


def threat_title(name: str) -> str:
    """Write a threat class in words."""
    return CLASS_TITLE.get(name, name.replace("_", " "))


def sentence_case(words: str) -> str:
    """Begin with a capital letter and leave the rest."""
    return words[:1].upper() + words[1:]
