"""Hold every requirement against its checks and its tests: ``python scripts/verify.py [--out FILE] [--only ID]``.

The requirements and their checks are the package's (``data/method/requirements.toml``); the tests that show them stand
in ``tests/requirements.toml``. Runs both here and now and prints the matrix; ``--out`` writes it as JSON. Exit code 1
where a check or a test fails, or a test named is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
Fate = Literal["passed", "failed", "skipped", "missing"]


class Shown(NamedTuple):
    """Something that shows a requirement: a check of the package, or a test with all its cases."""

    name: str
    fate: Fate
    text: str


class Row(NamedTuple):
    """A line of the matrix."""

    id: str
    requirement: str
    shown: tuple[Shown, ...]

    @property
    def outcome(self) -> str:
        """Word for the requirement: what was skipped is said, and shows nothing."""
        fates = {each.fate for each in self.shown}
        if fates & {"failed", "missing"}:
            return "failed"
        return "not run" if fates == {"skipped"} else "passed in part" if "skipped" in fates else "passed"


def read_tests(root: Path) -> dict[str, list[str]]:
    """Requirement to its tests."""
    return tomllib.loads((root / "tests" / "requirements.toml").read_text(encoding="utf-8"))


def run_tests(tests: Sequence[str], root: Path) -> dict[str, Shown]:
    """Run tests with pytest, and read what became of each."""
    with tempfile.TemporaryDirectory(prefix="tegmen-") as folder:
        report = Path(folder) / "tests.xml"
        there = [test for test in tests if (root / test.split("::")[0]).is_file()]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *there]
        environment = os.environ | {"PYTHONPATH": str(root / "src")}
        subprocess.run(command, cwd=root, env=environment, stdout=sys.stderr, check=False)
        cases = read_report(report) if report.is_file() else {}
    return {test: shown_by(test, cases.get(test, [])) for test in tests}


def read_report(report: Path) -> dict[str, list[Fate]]:
    """Test without its parameters to what became of each of its cases, from pytest's JUnit file."""
    cases: dict[str, list[Fate]] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - written by our own pytest a moment ago
        path = case.get("classname", "").replace(".", "/") + ".py"
        kinds = {child.tag for child in case}
        fate: Fate = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        cases.setdefault(f"{path}::{case.get('name', '').split('[')[0]}", []).append(fate)
    return cases


def shown_by(test: str, cases: Sequence[Fate]) -> Shown:
    """Sum up the cases of a test: one that fails is enough, one that passes too."""
    if not cases:
        return Shown(test, "missing", "pytest gave no result for it")
    fate: Fate = next((fate for fate in ("failed", "passed") if fate in cases), "skipped")
    return Shown(test, fate, f"{cases.count('passed')} of {len(cases)} cases passed")


def run_checks(names: Sequence[str]) -> dict[str, Shown]:
    """Run checks of the package on the shipped scenario."""
    import tegmen as tg
    from tegmen.trust.checks import CHECKS, Material
    from tegmen.trust.checks import run_checks as run

    record, scenario = tg.read_record(), tg.read_scenario("march-2024")
    material = Material(record, scenario, tg.calibrate(record, until=scenario.until, seed=1), 1)
    wanted = [check for check in CHECKS if check.name in names]
    results = run(wanted, material, lambda what, _done, _total: print(what, file=sys.stderr))
    return {
        name: Shown(f"check: {name}", result.outcome, f"{result.value}; expected {result.expected}")
        for name, result in results.items()
    }


def matrix(only: Sequence[str]) -> list[Row]:
    """Run everything that shows the requirements asked for."""
    from tegmen.trust.pack import read_requirements

    tests = read_tests(ROOT)
    wanted = [each for each in read_requirements() if not only or each.id in only]
    checks = run_checks([name for each in wanted for name in each.checks])
    ran = run_tests(sorted({test for each in wanted for test in tests.get(each.id, ())}), ROOT)
    rows: list[Row] = []
    for each in wanted:
        shown = [checks[name] for name in each.checks] + [ran[test] for test in tests.get(each.id, ())]
        rows.append(Row(each.id, each.text, tuple(shown)))
    return rows


def content(rows: Sequence[Row]) -> Mapping[str, object]:
    """Give the matrix as JSON has it."""
    return {row.id: {"requirement": row.requirement, "outcome": row.outcome,
                     "shown_by": [each._asdict() for each in row.shown]} for row in rows}  # fmt: skip


def main() -> int:
    """Print the matrix, failures in full."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, help="write the matrix there as JSON")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="this requirement; may be repeated")
    options = parser.parse_args()
    rows = matrix(options.only)
    for row in rows:
        print(f"{row.id:>4}  {row.outcome:<15} {len(row.shown):>3} shown by  {row.requirement}")
        for each in row.shown:
            if each.fate in {"failed", "missing"}:
                print(f"      {each.fate}: {each.name}: {each.text}")
    if options.out is not None:
        options.out.write_text(json.dumps(content(rows), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    failed = sum(row.outcome == "failed" for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} requirements are shown")
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
