"""How pages and files look: the template language, the way numbers are written, and JSON in one form."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

from tegmen.answer import results as answers
from tegmen.data import shipped_text
from tegmen.report import charts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tegmen.answer.results import GoalAnswer

CLASS_TITLE = {
    "drone": "one-way attack drones",
    "cruise": "cruise missiles",
    "supersonic": "supersonic missiles (Kh-22/32, Oniks, Kh-31)",
    "ballistic": "ballistic missiles",
    "s300_ground": "S-300 in the ground role",
    "glide_bomb": "glide bombs",
}


def environment() -> jinja2.Environment:
    """Give the template language, every value escaped and none missing, with our ways to write numbers."""
    environment = jinja2.Environment(
        loader=jinja2.BaseLoader(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "enough": enough,
        "span": span,
        "plain": plain,
        "whole": whole,
        "width": width,
        "units": units,
        "system": charts.system_name,
        "threat": threat,
    }
    return environment


def page(template: str, style: str = "", **content: Any) -> str:
    """Fill a template of the folder `templates`; `style` names the style sheet it takes in."""
    sheet = resource("templates", style) if style else ""
    titles = {"style": sheet, "case_title": charts.CASE_TITLE}
    return environment().from_string(resource("templates", template)).render(**titles, **content)


def resource(*parts: str) -> str:
    """Read a file of this room."""
    return resources.files("tegmen.report").joinpath(*parts).read_text(encoding="utf-8")


def schema(name: str) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a written file, by its name without ending, e.g. "verification"."""
    return json.loads(shipped_text("schemas", f"{name}.schema.json"))


def rounded(value: float) -> float | None:
    """Round to six significant digits, so that the last bit of a sum cannot show; None for what is not finite."""
    return float(f"{float(value):.6g}") if math.isfinite(value) else None


def dumps(content: Mapping[str, Any]) -> str:
    """Write content as JSON: sorted keys, one way, and nothing that is not a number."""
    return json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def percent(share: float | None) -> str:
    """Write a share as whole per cent; only what is exactly 0 or 1 is printed as 0 or 100."""
    if share is None or not math.isfinite(share):
        return "–"
    return answers.percent(float(f"{share:.6g}")).replace(" ", "\u00a0")  # the share as answer.json has it


def enough(answer: GoalAnswer) -> str:
    """Write the smallest sufficient number, or that none tried was enough."""
    return f"more than {answer.added[-1]}" if answer.n is None else str(answer.n)


def span(answer: GoalAnswer) -> str:
    """Write the interval of the answer."""
    low, high = answer.n_interval
    if high is None:
        return f"more than {answer.added[-1]}" if low > answer.added[-1] else f"{low} or more"
    return str(low) if low == high else f"{low}–{high}"


def plain(value: float | None) -> str:
    """Write a number as people do: thousands apart, no needless digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def whole(value: float) -> str:
    """Write a count to the nearest whole."""
    return plain(round(value)) if math.isfinite(value) else "–"


def width(share: float) -> str:
    """Write the width of a bar, as style sheets want it."""
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%" if math.isfinite(share) else "0"


def units(value: float | None, error: float | None = None) -> str:
    """Write units bought in vain to a tenth, with two standard errors where given."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.1f}" if error is None else f"{value:.1f} ± {2 * error:.1f}"


def threat(name: str) -> str:
    """Write a threat class in words."""
    return CLASS_TITLE.get(name, name.replace("_", " "))
