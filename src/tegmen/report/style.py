"""How pages look: the template language, and how numbers and names are written."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from altair.utils.schemapi import debug_mode

from tegmen.answer import results as answers
from tegmen.report import charts, reading_charts
from tegmen.report.language import Language
from tegmen.report.language import language as language_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2.runtime import Context
    from markupsafe import Markup

    from tegmen.answer.results import GoalAnswer
    from tegmen.terms import Floats

CLASS_TITLE = {
    "drone": "one-way attack drones",
    "cruise": "cruise missiles",
    "supersonic": "supersonic missiles (Kh-22/32, Oniks, Kh-31)",
    "ballistic": "ballistic missiles",
    "s300_ground": "S-300 in the ground role",
    "glide_bomb": "glide bombs",
}

WORTH_LEAST = 100
"""Below so many independent worlds a share has a standard error of 0.04 and more: a number read off it may be luck."""


@cache
def environment(spoken: Language | None = None) -> jinja2.Environment:
    """Give the template language, every value escaped and none missing, with our ways to write in a language."""
    language = spoken or language_of("en")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tegmen.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    written: dict[str, Callable[..., str]] = {
        "share": share_text,
        "enough": enough,
        "span": interval_text,
        "number": number_text,
        "whole": whole_text,
        "units": units_text,
        "odds": odds_text,
        "tried": tried_text,
        "worth": worth_text,
        "number_span": answers.number_span,
        "doubt": doubt_text,
        "tenth": "{:.1f}".format,
        "two_digits": two_digits,
        "points": points_text,
        "largest_share": largest_share,
        "rounds": reading_charts.rounds_text,
        "system": charts.system_name,
        "threat": threat_title,
    }

    def in_language(write: Callable[..., str]) -> Callable[..., str]:
        return lambda *values: language.own(write(*values))

    environment.filters.update({name: in_language(write) for name, write in written.items()})
    of_language: dict[str, Any] = {
        "said": language.shown,
        "quoted": language.quoted,
        "day": language.day,
        "unbroken": unbroken,
        "sentence_case": sentence_case,
        "svg": _begun,
    }
    environment.filters.update(of_language)
    return environment


def fill_page(template: str, language: Language | None = None, **content: Any) -> str:
    """Fill a template of the folder `templates` in a language, English by default; it draws its own pictures."""
    language = language or language_of("en")
    pictures, shared = charts.Pictures(language), {"charts": charts, "readings": reading_charts}
    try:
        with debug_mode(False):  # our charts are checked against its schema where they are tested
            page = (
                environment(language)
                .get_template(template)
                .render(
                    language=language, t=language.text, case_title=charts.CASE_TITLE, pictures=pictures,
                    **shared, **content,
                )
            )  # fmt: skip
        return pictures.put_in(page)
    finally:
        pictures.give_up()


@jinja2.pass_context
def _begun(context: Context, chart: charts.AnyChart) -> Markup:
    """Have a picture of the page converted."""
    return context["pictures"].begin(chart)


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


def worth_text(ess: float) -> str:
    """Write how many independent worlds weighed ones are worth; too few are said to be."""
    return f"worth {whole_text(ess)} independent worlds{'' if ess >= WORTH_LEAST else ': too few to lean on'}"


def tried_text(n: int | None, most: int) -> str:
    """Write a number of units that is enough; None: none up to the largest tried is."""
    return f"more than {most}" if n is None else str(n)


def two_digits(value: float) -> str:
    """Write an amount to two digits, or to the whole where it has more."""
    return number_text(value if abs(value) < 1 else round(value, 1 if abs(value) < 10 else None))


def doubt_text(span: tuple[int | None, int | None], most: int) -> str:
    """Write the numbers a doubt leaves; `most` is the largest tried."""
    low, high = span
    return str(low) if low is not None and low == high else answers.number_span(span, most)


def points_text(share: float, error: float) -> str:
    """Write a small share in percentage points, with two standard errors."""
    return f"{100 * share:+.2f} ± {200 * error:.2f}"


def largest_share(shares: Floats) -> str:
    """Write the largest share in size, with its sign, in percentage points."""
    return f"{100 * max(shares.tolist(), key=abs):+.2f}"


def unbroken(words: Markup) -> Markup:
    """Keep a number and its per cent sign on one line."""
    return words.replace(" %", "\u00a0%")


def odds_text(log_odds: float) -> str:
    """Write how the record weighs a reading against the headline's, with the words of Kass and Raftery (1995)."""
    ratio = math.exp(min(abs(log_odds), 20.0))
    steps = (
        (3, "hardly tells them apart"),
        (20, "speaks"),
        (150, "speaks strongly"),
        (math.inf, "speaks very strongly"),
    )
    words = next(text for below, text in steps if ratio < below)
    number = f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}" if ratio <= 1000 else "more than 1,000"
    pair = f"{number} : 1" if log_odds >= 0 else f"1 : {number}"
    return f"{pair}: {words}" if ratio < 3 else f"{pair}: {words} {'for' if log_odds > 0 else 'against'} it"


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
    """Begin with a capital letter and leave the rest; markup before it stays."""
    return type(words)(re.sub(r"^((?:<[^>]*>)*)(.)", lambda at: at[1] + at[2].upper(), words, count=1))
