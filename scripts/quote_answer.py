"""Make what the README quotes again: ``python scripts/quote_answer.py`` prints the answer and draws docs/curve.svg.

It takes as long as an answer does. The sentences and the table go into README.md by hand; a test holds all three
together.
"""

from __future__ import annotations

from pathlib import Path

import tegmen as tg
from tegmen.report.charts import svg
from tegmen.report.notebook import draw_curves

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Answer the shipped scenario as `tegmen answer` does, and draw its curve."""
    scenario = tg.read_scenario("march-2024")
    calibration = tg.calibrate(tg.read_record(), until=scenario.until, seed=1)
    answer = tg.sufficiency(scenario, calibration, seed=1)
    (ROOT / "docs" / "curve.svg").write_text(svg(draw_curves(answer)), encoding="utf-8")
    for case in answer.cases:
        print(f"- **{case}**: {answer.sentence(case)}")
    print(answer.summary().to_string(index=False))


if __name__ == "__main__":
    main()
