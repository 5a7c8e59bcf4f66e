"""Do the tests bite? Make deliberate slips, one at a time, and see which tests notice: ``python scripts/mutate.py``.

The slips stand in ``scripts/slips.toml``: an expression of a function replaced by another, or a cell of a table. Each
is made in a copy of the repository in a temporary folder, where only the tests named for it are run; the working tree
is never touched. Prints what became of each slip, the share caught and the survivors. Exit code 1 below 95 %, 2 where a
slip no longer fits the code or a test fails without any slip, 130 where interrupted.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SLIPS = Path(__file__).with_name("slips.toml")
COPIED = ("src", "tests", "benchmarks", "scripts", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "start.py")
ENOUGH = 0.95
Fate = Literal["caught", "survived", "timed out"]


class Stale(Exception):  # noqa: N818 - a state of a slip, not a fault of the program
    """A slip does not fit the code any more: what it replaces is not there, or is there more than once."""


class Slip(NamedTuple):
    """A deliberate slip.

    Parameters
    ----------
    name
        What is done wrong.
    file
        File under ``src/tegmen``.
    at
        Python: function, with its class ("Parameter.pert"), empty for the module. CSV: "column=value" pairs that name
        the row. TOML: name of the table.
    old, new
        Python: an expression (any spelling of it) and what stands there instead. CSV: "column: value; ..." as it is,
        and the values put there. TOML: "key: value", and the value put there.
    tests
        What pytest is called with.
    """

    name: str
    file: str
    at: str
    old: str
    new: str
    tests: tuple[str, ...]


def read_slips(path: Path = SLIPS) -> list[Slip]:
    """Read the table of slips; the tests of a slip are its own, or those of its group."""
    groups = tomllib.loads(path.read_text(encoding="utf-8"))["group"]
    rows = [{"at": "", "tests": group["tests"]} | row for group in groups for row in group["slip"]]
    return [Slip(**row | {"tests": tuple(row["tests"])}) for row in rows]


# --- making a slip ---------------------------------------------------------------------------------------------------


def slipped(text: str, slip: Slip) -> str:
    """Give the content of a file with the slip made.

    Raises
    ------
    Stale
        What it replaces is not there exactly once.
    """
    made = {".py": _slipped_python, ".csv": _slipped_csv, ".toml": _slipped_toml}[Path(slip.file).suffix]
    return made(text, slip)


def _slipped_python(text: str, slip: Slip) -> str:
    old = ast.unparse(ast.parse(slip.old, mode="eval"))
    nodes = [node for node in _expressions(_scope(ast.parse(text), slip.at)) if ast.unparse(node) == old]
    _once(nodes, slip)
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    node, content = nodes[0], b"".join(lines)
    begin = starts[node.lineno - 1] + node.col_offset
    end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
    return (content[:begin] + f"({slip.new})".encode() + content[end:]).decode()


def _scope(tree: ast.Module, at: str) -> ast.AST:
    """Find a function or class by its dotted name."""
    scope: ast.AST = tree
    for name in filter(None, at.split(".")):
        definitions = (each for each in ast.iter_child_nodes(scope) if isinstance(each, ast.FunctionDef | ast.ClassDef))
        inner = [each for each in definitions if each.name == name]
        if len(inner) != 1:
            raise Stale(f"{at}: {len(inner)} definitions of {name}")
        scope = inner[0]
    return scope


def _expressions(scope: ast.AST) -> Iterator[ast.expr]:
    return (node for node in ast.walk(scope) if isinstance(node, ast.expr))


def _slipped_csv(text: str, slip: Slip) -> str:
    head, *rows = csv.reader(io.StringIO(text))
    wanted = [pair.split("=", 1) for pair in slip.at.split("; ")] + [
        pair.split(": ", 1) for pair in slip.old.split("; ")
    ]
    named = [row for row in rows if all(row[head.index(column)] == cell for column, cell in wanted)]
    _once(named, slip)
    columns = [pair.split(": ", 1)[0] for pair in slip.old.split("; ")]
    for column, cell in zip(columns, slip.new.split("; "), strict=True):
        named[0][head.index(column)] = cell
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue()


def _slipped_toml(text: str, slip: Slip) -> str:
    key, value = slip.old.split(": ", 1)
    head = re.escape(f"[{slip.at}]")
    pattern = re.compile(rf"(^{head}\n(?:(?!\[).*\n)*?{re.escape(key)} = ){re.escape(value)}$", re.MULTILINE)
    _once(pattern.findall(text), slip)
    return pattern.sub(lambda match: match[1] + slip.new, text)


def _once(places: Sequence[object], slip: Slip) -> None:
    if len(places) != 1:
        raise Stale(f"{slip.file}, {slip.at or 'module'}: found {len(places)} times: {slip.old}")


# --- trying it -------------------------------------------------------------------------------------------------------


def copy_repository(folder: Path) -> None:
    """Copy what tests need."""
    unwanted = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", "*.pyc")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)


def run_tests(folder: Path, tests: Sequence[str], limit_s: float) -> tuple[int | None, str]:
    """Run tests of a copy; exit code of pytest (None: out of time) and what it printed."""
    # No fit and no byte code of another version may answer for the code that stands there now.
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "TEGMEN_CACHE": "", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=line", *tests]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            out, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return None, ""
        except KeyboardInterrupt:
            process.kill()
            raise
    return process.returncode, out


def forget_compiled(folder: Path) -> None:
    """Drop compiled kernels: they hold code of other files."""
    for kept in (*folder.rglob("*.nbi"), *folder.rglob("*.nbc")):
        kept.unlink()


def try_slip(folder: Path, slip: Slip, limit_s: float) -> tuple[Fate, str]:
    """Make a slip in a copy, run its tests, and undo it; what noticed it, or nothing."""
    path = folder / "src" / "tegmen" / slip.file
    whole = path.read_bytes()
    path.write_text(slipped(whole.decode(), slip), encoding="utf-8")
    if "kernel" in slip.file:
        forget_compiled(folder)
    try:
        code, out = run_tests(folder, slip.tests, limit_s)
    finally:
        path.write_bytes(whole)
        if "kernel" in slip.file:
            forget_compiled(folder)
    if code is None:
        return "timed out", ""
    noticed = re.findall(r"^(?:FAILED|ERROR) (\S+)", out, re.MULTILINE)
    return ("survived" if code == 0 else "caught"), (noticed or ["not even collected"])[0] if code else ""


def stale(slips: Sequence[Slip]) -> list[str]:
    """Name every slip that no longer fits the code, or names tests that are not there."""
    faults: list[str] = []
    for slip in slips:
        path = ROOT / "src" / "tegmen" / slip.file
        try:
            text = slipped(path.read_text(encoding="utf-8"), slip)
            if path.suffix == ".py":
                ast.parse(text)
        except (OSError, SyntaxError, Stale) as error:
            faults.append(f"{slip.name}: {error}")
        paths = [test.split("::")[0] for test in slip.tests if test.startswith("tests/")]
        faults += [f"{slip.name}: no {name}" for name in paths or ["tests"] if not (ROOT / name).exists()]
    return faults


def sound(folder: Path, slips: Sequence[Slip], limit_s: float) -> list[str]:
    """Name what fails without any slip: nothing could be said of slips by such tests."""
    faults: list[str] = []
    every = list(dict.fromkeys(slip.tests for slip in slips))
    for step, tests in enumerate(every):
        print(f"without a slip [{step + 1}/{len(every)}] {' '.join(tests)}", file=sys.stderr, flush=True)
        code, out = run_tests(folder, tests, limit_s)
        if code != 0:
            faults.append(f"{' '.join(tests)}: {'out of time' if code is None else out.strip().splitlines()[-1]}")
    return faults


def report(fates: dict[str, Fate], slips: Sequence[Slip]) -> int:
    """Print the share caught and the survivors; exit code."""
    caught = sum(fate != "survived" for fate in fates.values())
    survivors = [slip for slip in slips if fates.get(slip.name) == "survived"]
    share = caught / len(fates) if fates else 0.0
    print(
        f"{caught} of {len(fates)} slips caught ({share:.0%})"
        + (f" of {len(slips)}" if len(fates) < len(slips) else "")
    )
    for slip in survivors:
        print(f"survived: {slip.name} ({slip.file}, {slip.at or 'module'}: {slip.old} -> {slip.new})")
    return 0 if share >= ENOUGH else 1


def chosen(options: argparse.Namespace) -> list[Slip]:
    """Slips asked for."""
    slips = read_slips()
    names = [name.lower() for name in options.only]
    return [slip for slip in slips if not names or any(name in f"{slip.name} {slip.file}".lower() for name in names)]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--list", action="store_true", help="list the slips and stop")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="slips or files with this in the name"
    )
    parser.add_argument("--limit", type=float, default=900.0, metavar="S", help="seconds for the tests of one slip")
    parser.add_argument("--at-once", action="store_true", help="do not run the tests without any slip first")
    return parser.parse_args()


def main() -> int:
    """Try every slip asked for."""
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)  # also in the background, and when it is told to end
    options = arguments()
    slips = chosen(options)
    if options.list:
        print(*(f"{slip.name}  ({slip.file}{', ' + slip.at if slip.at else ''})" for slip in slips), sep="\n")
        return 0
    faults = stale(slips) or ([] if slips else ["no slip has such a name; --list shows all"])
    fates: dict[str, Fate] = {}
    with tempfile.TemporaryDirectory(prefix="tegmen-slips-") as name:
        folder = Path(name)
        try:
            if not faults:
                copy_repository(folder)
                faults = [] if options.at_once else sound(folder, slips, options.limit)
            if faults:
                print("mend these first:", *faults, sep="\n  ")
                return 2
            for step, slip in enumerate(slips):
                began = time.monotonic()
                fates[slip.name], by = try_slip(folder, slip, options.limit)
                took = f"{time.monotonic() - began:4.0f} s"
                print(f"[{step + 1:>2}/{len(slips)}] {fates[slip.name]:<9} {took}  {slip.name}  {by}", flush=True)
        except KeyboardInterrupt:
            report(fates, slips)
            return 130
    return report(fates, slips)


if __name__ == "__main__":
    sys.exit(main())
