"""A back-test to files: one self-contained page, and the same numbers as backtest.json. Formats, never computes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import pandas as pd
from pydantic import BeforeValidator, Field

from tegmen.errors import checked_arguments
from tegmen.report import score_charts
from tegmen.report.folders import check_folder, write_files
from tegmen.report.json_files import File, Natural, Part, field, schema_name
from tegmen.report.style import fill_page
from tegmen.trust.backtest import Horizon
from tegmen.trust.baselines import RIVAL
from tegmen.trust.scores import LEVELS

if TYPE_CHECKING:
    from tegmen.terms import ThreatClass
    from tegmen.trust.backtest import Backtest, ClassScores

BACKTEST_FILES = ("backtest.html", "backtest.json")
RULES = {
    "all_time_mean": ("All-time mean (binomial)", "all time"),
    "trailing_binomial": ("Trailing 120 days (binomial)", "120 days"),
    "trailing_beta_binomial": ("Trailing 120 days (Beta-binomial)", "120 days BB"),
    "last_month": ("Last calendar month (binomial)", "last month"),
    "class_forecast": ("The forecast of its class", "its class"),
}
"""Baseline to its name on the page, and on a terminal."""
CLASSES = {"drone": "Drones", "cruise": "Cruise missiles", "ballistic": "Ballistic missiles"}
ON_OTHER_TERMS = {
    "launched_3_or_more": "only where 3 or more were launched",
    "zone_known": "knowing the zone each raid is aimed at",
    "by_weapon": "weapon by weapon",
    "calendar_drawn": "with the month's launches drawn from the 120 days before",
}


@checked_arguments
def write_backtest(result: Backtest, out: str | Path) -> Path:
    """Write backtest.html and backtest.json into a folder, and give the path of the page.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    folder = Path(out)
    check_folder(folder, BACKTEST_FILES)
    content = backtest_file(result)
    page = fill_page(
        "backtest.html.j2",
        result=result,
        score_charts=score_charts,
        rules=RULES,
        titles=CLASSES,
        terms=ON_OTHER_TERMS,
        levels=LEVELS,
        sentence=sentence,
    )
    write_files({"backtest.html": page, "backtest.json": content.text()}, folder)
    return folder / "backtest.html"


def sentence(result: Backtest, key: ThreatClass) -> str:
    """Say how the forecasts of one class did."""
    scored = result.classes[key]
    if scored.scores is None:
        return f"{key.name}: not scored, there is nothing to score (see the notes)."
    gain, held, error = scored.differences[RIVAL], scored.scores.coverage[0.9], scored.coverage_error[0.9]
    doubt = "" if gain.low > 0 or gain.high < 0 else ", which these forecasts cannot tell from none"
    return (
        f"{key.name}: {scored.nights} {result.horizon}s; the 90 % interval held {held:.1%} of outcomes (sampling error "
        f"{error:.1%}); mean log score {'better' if gain.mean > 0 else 'worse'} by {abs(gain.mean):.3f} than a "
        f"Beta-binomial on the 120 days before (90 % interval {gain.low:+.3f} to {gain.high:+.3f}){doubt}."
    )


def short_table(result: Backtest) -> pd.DataFrame:
    """Scores as a terminal shows them: class, forecast by, in 80 and 90 %, log score, CRPS, tegmen better by."""
    rows: list[dict[str, str]] = []
    for key, scored in result.classes.items():
        rules = {"tegmen": scored.scores, **scored.baselines}
        for name, scores in rules.items():
            if scores is None:
                continue
            gain = scored.differences.get(name)
            ahead = f"{gain.mean:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})" if gain else ""
            inside = {f"in_{level:.0%}": f"{scores.coverage[level]:.1%}" for level in (0.8, 0.9)}
            row = {"class": key.name, "forecast_by": RULES[name][1] if name in RULES else name, **inside}
            rows.append({**row, "log": f"{scores.log_score:.3f}", "CRPS": f"{scores.crps:.2f}", "better_by": ahead})
    return pd.DataFrame(rows)


# --- backtest.json ---------------------------------------------------------------------------------------------------


ByLevel = Annotated[
    dict[str, float], BeforeValidator(lambda shares: {f"{level:g}": share for level, share in shares.items()})
]


class ScoresPart(Part):
    """Mean scores of some forecasts."""

    coverage: ByLevel = field("Level to share of outcomes inside that interval, by the randomised PIT.")
    coverage_plain: ByLevel = field("Level to share inside the interval of whole counts, both ends in.")
    log_score: float = field("Mean log probability given to what came; higher is better.")
    crps: float = field("Mean distance between forecast and outcome, in counts; lower is better.")
    pit: Annotated[list[float], BeforeValidator(list)] = field(
        "Histogram of where outcomes fell in their forecast; level if forecasts are right."
    )


class RivalPart(ScoresPart):
    """Scores of a baseline, and by how much the forecast is better."""

    difference: float = field("Mean log score of the forecast minus that of the baseline.")
    difference_90: tuple[float, float] = field("Its 90 % interval, from a bootstrap over weeks.")


class UnscoredPart(Part):
    """A class with nothing to score."""

    nights: Natural = field("Nights, or months, scored.")
    scored: Literal[False] = field("Whether there was anything to score.")


class ScoredPart(ScoresPart):
    """Scores of one class."""

    nights: Natural = field("Nights, or months, scored.")
    scored: Literal[True] = field("Whether there was anything to score.")
    coverage_standard_error: ByLevel = field("Level to the sampling error of the coverage.")
    baselines: dict[str, RivalPart] = field("Baseline to its scores.")
    also: dict[str, ClassPart] = field(
        "The same on other terms: larger nights only, zone known, calendar drawn, by weapon."
    )


ClassPart = Annotated[UnscoredPart | ScoredPart, Field(discriminator="scored")]


class BacktestFile(File, title="backtest.json"):
    """Forecasts scored against what came: every night or month from what was known before it."""

    schema_: str = schema_name("urn:tegmen:schema:backtest:1")
    start: date = field("First day of the first month scored.")
    end: date = field("Last night of the record.")
    horizon: Horizon = field("What was forecast.")
    count: str = field("What counts as intercepted.")
    min_launched: int = field("Nights with fewer launched are not scored.")
    classes: dict[str, ClassPart] = field("Threat class to its scores.")
    notes: list[str] = field("What cannot be scored or was left out, in sentences.")


def backtest_file(result: Backtest) -> BacktestFile:
    """Fill backtest.json from a result."""
    made = result.provenance
    return BacktestFile.of(
        result,
        tegmen_version=made.version,
        seed=made.seed,
        inputs=made.inputs,
        classes={key.name: _class_part(scored) for key, scored in result.classes.items()},
    )


def _class_part(scored: ClassScores) -> UnscoredPart | ScoredPart:
    if scored.scores is None:
        return UnscoredPart(nights=scored.nights, scored=False)
    rivals = {
        name: RivalPart.of(
            scored.baselines[name],
            coverage_plain=scored.baselines[name].plain_coverage,
            difference=gain.mean,
            difference_90=(gain.low, gain.high),
        )
        for name, gain in scored.differences.items()
    }
    return ScoredPart.of(
        scored.scores,
        coverage_plain=scored.scores.plain_coverage,
        nights=scored.nights,
        scored=True,
        coverage_standard_error=scored.coverage_error,
        baselines=rivals,
        also={name: _class_part(other) for name, other in scored.also.items()},
    )
