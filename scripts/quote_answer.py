"""Make what the README quotes again: ``python scripts/quote_answer.py`` answers, writes README.md and docs/curve.svg.

It takes as long as an answer does. What it writes stands in the README between the line that names the version and the
one that says what a world is; a test holds sentences, table and picture together.
"""

from __future__ import annotations

from pathlib import Path

import tegmen as tg
from tegmen.answer.results import GoalAnswer, Sufficiency
from tegmen.report.charts import svg
from tegmen.report.notebook import draw_curves

ROOT = Path(__file__).resolve().parents[1]
CASES = {
    "posted": "the public record alone",
    "claimed": "officials' totals; what the record does not show of them met no defence",
}
BEGINS, ENDS = "- **posted**", "A *world* is"


def quote(answer: Sufficiency) -> str:
    """The answer's sentences, and the table of goals that are findings."""
    sentences = [f"- **{case}** ({CASES[case]}): {answer.sentence(case)}" for case in answer.cases]
    rows = ["| goal | posted | claimed |", "|---|---|---|"]
    for goal in answer.scenario.goals:
        if goal.is_finding:
            each = [next(one for one in case.goals if one.goal == goal) for case in answer.cases.values()]
            rows.append(f"| {goal.label} | {' | '.join(map(number_and_range, each))} |")
    sure = f"{answer.scenario.headline.confidence:.0%}".replace("%", " %")
    lead = (
        'What is enough depends on what is asked for. "Significantly improve" was never defined, so several meanings\n'
        f"are tested, each in at least {sure} of worlds:"
    )
    return "\n".join([*sentences, "", lead, "", *rows])


def number_and_range(answer: GoalAnswer) -> str:
    """The number enough, and what sampling leaves where that is more than one."""
    most, (low, high) = int(answer.added[-1]), answer.n_interval
    number = f"none up to {most}" if answer.n is None else str(answer.n)
    if answer.resolved:
        return number
    return f"{number} (sampling leaves {low}–{f'more than {most}' if high is None else high})"


def main() -> None:
    """Answer the shipped scenario as `tegmen answer` does; quote it, and draw its curve."""
    scenario = tg.read_scenario("march-2024")
    calibration = tg.calibrate(tg.read_record(), until=scenario.until, seed=1)
    answer = tg.sufficiency(scenario, calibration, seed=1)
    (ROOT / "docs" / "curve.svg").write_text(svg(draw_curves(answer)), encoding="utf-8")
    readme = ROOT / "README.md"
    text, quoted = readme.read_text(encoding="utf-8"), quote(answer)
    begin, end = text.index(BEGINS), text.index(ENDS)
    readme.write_text(f"{text[:begin]}{quoted}\n\n{text[end:]}", encoding="utf-8")
    print(quoted)


if __name__ == "__main__":
    main()
