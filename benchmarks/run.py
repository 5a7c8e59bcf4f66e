"""Measure the engine against its figures and its rivals: ``python benchmarks/run.py``.

Prints one table; ``--json FILE`` writes one object a line, ``--docs`` writes docs/performance.md, ``--only NAME ...``
measures these rows only. Ratios are taken between neighbours in time, so they hold on a busy machine; seconds do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import peers
import simpy
from rich.console import Console
from rich.table import Table
from rows import ROWS, Effort, Measured, Row, Unavailable

QUICK = Effort(repeats=2, divisor=100)
NAMES = [row.name for row in ROWS]


@dataclass(frozen=True, slots=True)
class Line:
    """A row with what was measured, or why it was not."""

    row: Row
    measured: Measured | None
    reason: str = ""


def describe_machine(*, quick: bool) -> str:
    """Processor, cores, versions: what the figures depend on."""
    command = peers.compiler()
    version = "no C++ compiler"
    if command is not None:
        version = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout
        version = f"{Path(command).name} {version.splitlines()[0].split()[-1]}"
    parts = [
        f"{processor()}, {os.cpu_count()} cores",
        platform.system(),
        f"Python {platform.python_version()}",
        f"numba {numba.__version__}",
        f"numpy {np.__version__}",
        f"SimPy {simpy.__version__}",
        version,
    ]
    return "; ".join(parts) + ("; QUICK: not for figures" if quick else "")


def processor() -> str:
    """Name of the processor, with family and model where the name alone says little."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine()
    facts: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    name = facts.get("model name", platform.machine())
    return f"{name} (family {facts['cpu family']}, model {facts['model']})" if "cpu family" in facts else name


def measure(row: Row, effort: Effort) -> Line:
    """Measure one row; a row that cannot be measured here says why."""
    try:
        return Line(row, row.measure(effort))
    except Unavailable as reason:
        return Line(row, None, str(reason))


def figure(value: float | None) -> str:
    """Three digits, or more where they stand before the point."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def verdict(line: Line) -> str:
    """Reached, missed, or not measured and why."""
    if line.measured is None:
        return f"not measured: {line.reason}"
    if line.row.aim is not None and line.row.reached(line.measured.value):
        beyond = line.measured.value >= line.row.aim if line.row.more else line.measured.value <= line.row.aim
        return "aim reached" if beyond else "reached"
    return "reached" if line.row.reached(line.measured.value) else "NOT REACHED"


def tabulate(lines: list[Line], title: str) -> Table:
    """The printed table."""
    table = Table(title=title)
    for name in ("what", "must", "aim", "value", "n", ""):
        table.add_column(name, overflow="fold")
    for line in lines:
        sign = "≥" if line.row.more else "≤"
        aim = "–" if line.row.aim is None else figure(line.row.aim)
        value, n = ("", "") if line.measured is None else (figure(line.measured.value), str(line.measured.n))
        must = f"{sign} {figure(line.row.must)} {line.row.unit}"
        table.add_row(f"{line.row.title}\n[dim]{line.row.name}[/dim]", must, aim, value, n, verdict(line))
    return table


def to_json(lines: list[Line], machine: str) -> str:
    """One object a line for what was measured."""
    return "".join(
        json.dumps(
            {
                "name": line.row.name,
                "value": line.measured.value,
                "unit": line.row.unit,
                "n": line.measured.n,
                "machine": machine,
            },
            ensure_ascii=False,
        )
        + "\n"
        for line in lines
        if line.measured is not None
    )


def write(path: Path, text: str) -> None:
    """Write beside, then rename: a file is complete or not there."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one JSON object a line")
    parser.add_argument(
        "--only", nargs="+", action="extend", choices=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a hundredth of the work, to try the command: not for figures"
    )
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md (all rows, not --quick)")
    options = parser.parse_args(arguments)
    if options.docs and (options.only or options.quick):
        parser.error("--docs is for a whole run: leave --only and --quick away")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write."""
    options = parse(arguments)
    machine = describe_machine(quick=options.quick)
    effort = QUICK if options.quick else Effort()
    console = Console()
    before = os.getloadavg()[0]
    console.print(machine, f"load average {before:.1f} at the start", sep="\n")
    lines: list[Line] = []
    for row in ROWS:
        if options.only is None or row.name in options.only:
            with console.status(row.title):
                lines.append(measure(row, effort))
            if lines[-1].measured is not None:
                seen = "; ".join(f"{name} {figure(value)}" for name, value in lines[-1].measured.seen.items())
                console.print(f"{row.name}: {figure(lines[-1].measured.value)} {row.unit} [dim]({seen})[/dim]")
    console.print(tabulate(lines, "QUICK RUN, NOT FOR FIGURES" if options.quick else "benchmarks"))
    if options.json:
        write(options.json, to_json(lines, machine))
    load = f"{before:.1f} before, {os.getloadavg()[0]:.1f} after"
    console.print(f"load average {load}")
    if options.docs:
        from performance import compose

        write(Path(__file__).parents[1] / "docs" / "performance.md", compose(lines, machine, load))
    return 0


if __name__ == "__main__":
    sys.exit(main())
