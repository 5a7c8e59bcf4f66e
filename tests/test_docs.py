"""What the documents say of the code holds: assumptions, rooms, commands, figures' tests, quoted answer and picture."""

from __future__ import annotations

import ast
import csv
import re
import shlex
import sys
import tomllib
from functools import cache
from typing import TYPE_CHECKING

import pytest
import typer
from test_repository import METADATA, PACKAGE, ROOT

import tegmen
from tegmen.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DOCUMENTS = ("README.md", "CHANGELOG.md", "docs/method.md", "docs/design.md")
STANDARD = sys.stdlib_module_names
LIBRARIES = {"vl_convert": "vl-convert", "charset_normalizer": "charset-normalizer"}


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(document: str, title: str) -> str:
    """Text below a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", text(document), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{document} has no section '{title}'"
    return found[2]


def table(words: str, head: str) -> list[list[str]]:
    """Cells of the table whose head begins so, without head and rule."""
    lines = iter(words.splitlines())
    for line in lines:
        if line.startswith(f"| {head} |"):
            next(lines)
            return list(table_rows(lines))
    raise AssertionError(f"no table with a column '{head}'")


def table_rows(lines: Iterable[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def plain(words: str) -> str:
    return " ".join(words.split())


def assumptions() -> dict[str, dict[str, str]]:
    content = tomllib.loads((PACKAGE / "data" / "method" / "assumptions.toml").read_text(encoding="utf-8"))
    return {entry["id"]: entry for entry in content["assumption"]}


# ------------------------------------------------------------------ assumptions


def test_the_assumptions_are_numbered_in_order():
    numbers = [int(number.removeprefix("A")) for number in assumptions()]
    assert numbers == sorted(set(numbers))


def test_the_method_lists_exactly_the_assumptions_of_the_table():
    blocks = re.findall(
        r"^\*\*(A\d+)\.\*\* (.*?)\n\*If wrong:\* (.*?)\n\n",
        section("docs/method.md", "2. Assumptions"),
        re.MULTILINE | re.DOTALL,
    )
    said = {number: (plain(words), plain(effect)) for number, words, effect in blocks}
    assert said == {number: (entry["text"], entry["effect"]) for number, entry in assumptions().items()}


def test_every_assumption_cited_exists():
    cited = {}
    for path in [
        *PACKAGE.rglob("*.py"),
        *PACKAGE.rglob("*.j2"),
        *(ROOT / "tests").glob("*.py"),
        *(ROOT / "docs").glob("*.md"),
    ]:
        for group in re.findall(r"\((A\d+(?:[,; ]+A\d+)*)\)", path.read_text(encoding="utf-8")):
            cited |= dict.fromkeys(re.findall(r"A\d+", group), path.name)
    assert cited
    assert {number: where for number, where in cited.items() if number not in assumptions()} == {}


def test_the_method_says_how_every_assumption_is_used():
    body = text("docs/method.md").partition("## 3.")[2]
    assert set(re.findall(r"\bA\d+\b", body)) == set(assumptions())


# ------------------------------------------------------------------ numbers


def test_the_method_lists_exactly_the_numbers_of_the_models_own():
    with (PACKAGE / "data" / "catalogue" / "model.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [
        [
            row["parameter"].replace("_", " "),
            ", ".join(row[key] for key in ("system", "threat_class") if row[key]) or "all",
            *(row[f"value_{point}"] for point in ("low", "best", "high")),
            row["unit"],
            row["note"],
        ]
        for row in rows
    ]
    assert table(section("docs/method.md", "17. Numbers of the model's own"), "number") == expected


def test_the_method_lists_exactly_the_table_of_hedges():
    rules = tomllib.loads((PACKAGE / "data" / "method" / "hedges.toml").read_text(encoding="utf-8"))
    expected = [
        [hedge, *(f"{rule[name]:g}" for name in ("low", "best", "high")), rule["open"], rule["reason"]]
        for hedge, rule in rules.items()
    ]
    assert table(section("docs/method.md", "18. From words to ranges, and aid at a day"), "hedge") == expected


@pytest.mark.parametrize("document", DOCUMENTS)
def test_tests_named_in_the_documents_exist(document):
    for path, name in re.findall(r"`(tests/\w+\.py)(?:::(\w+))?`", text(document)):
        assert (ROOT / path).is_file(), path
        assert not name or f"\ndef {name}(" in text(path), f"{path} has no {name}"


# ------------------------------------------------------------------ links and commands


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    for target, _, anchor in re.findall(r"\]\(([^)#:\s]*)(#([^)\s]+))?\)", text(document)):
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.exists(), f"{document}: {target}"
        if path.suffix == ".md" and _:
            heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in anchors, f"{document}: no heading #{anchor} in {path.name}"


def commands() -> list[list[str]]:
    shown = "\n".join(re.findall(r"^```sh\n(.*?)^```", text("README.md"), re.MULTILINE | re.DOTALL))
    return [shlex.split(line) for line in shown.splitlines() if line]


def test_the_readme_shows_the_two_commands_first():
    assert commands()[:2] == [["python3", "start.py", "answer", "march-2024"], ["python3", "start.py", "test"]]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_the_readme_exists(words):
    assert words[:2] == ["python3", "start.py"]
    if words[2] == "test":
        return
    # Only parsed: the group finds the verb, the verb takes its options; nothing is run.
    command, arguments = typer.main.get_command(app), words[2:]
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(
            command.make_context("tegmen", [*arguments], resilient_parsing=True), arguments
        )
    command.make_context("tegmen", arguments)


def test_the_readme_lists_every_option_of_answer_with_its_default():
    answer = typer.main.get_command(app).commands["answer"]
    options = {option.opts[0]: option.default for option in answer.params if option.opts[0].startswith("--")}
    said = {row[0].strip("`"): row[2].strip("`") for row in table(text("README.md"), "option of `answer`")}
    assert set(said) == set(options)
    for name, default in options.items():
        if default is not None:
            assert said[name] == str(getattr(default, "value", default)), name


def test_the_readme_lists_every_file_that_is_written():
    named = {row[0].strip("`") for row in table(section("README.md", "Two commands"), "file")}
    assert named == {"report.html", "answer.json", "curve.csv", "places.csv", "plan.geojson"}


def test_the_documents_speak_of_this_version():
    version = tegmen.__version__
    assert METADATA["project"]["version"] == version
    assert f"The answer of version {version}" in plain(text("README.md"))
    assert f"> tegmen {version}," in text("README.md")
    assert f"## [{version}]" in text("CHANGELOG.md")


# ------------------------------------------------------------------ the quoted answer


def test_the_picture_and_the_quoted_answer_are_of_one_run():
    picture = text("docs/curve.svg")
    assert len(picture.encode()) < 80_000
    assert not re.search(r"<script|<image|href=\"(?!#)|url\((?!#)", picture)
    for case in ("posted", "claimed"):
        found = re.search(rf"^- \*\*{case}\*\*.*?(With \d+ worlds.*?\.)$", text("README.md"), re.MULTILINE)
        assert found is not None
        assert found[1] in picture, f"docs/curve.svg does not show the {case} answer that the README quotes"


def test_the_table_of_goals_agrees_with_the_quoted_answer():
    for case, column in (("posted", 1), ("claimed", 2)):
        (first, *_), *_ = [row[column:] for row in table(text("README.md"), "goal")]
        number, span = re.match(r"(\d+) \(range (\S+?)[,)]", first).groups()
        assert re.search(rf"\*\*{case}\*\*.*: {number} more Patriot fire units \(range {span}\)", text("README.md"))


# ------------------------------------------------------------------ rooms


def runtime_imports(path: Path) -> set[str]:
    """Libraries a module imports when it runs, wherever in it; what only types need does not count."""
    names: set[str] = set()
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
        todo += ast.iter_child_nodes(node)
    return {LIBRARIES.get(name, name) for name in names - STANDARD - {"tegmen"}}


def test_the_rooms_are_the_modules_in_the_order_of_the_contract():
    rooms = [row[0].strip("`") for row in table(section("docs/design.md", "The rooms"), "room")]
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(rooms) == {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"} | folders
    layers = METADATA["tool"]["importlinter"]["contracts"][0]["layers"]
    standing = [name for layer in layers for name in re.split(r"\s*\|\s*", layer) if not name.startswith("(")]
    assert rooms == standing


def test_the_rooms_use_the_libraries_they_say():
    for name, _, libraries in table(section("docs/design.md", "The rooms"), "room"):
        said = set(libraries.split(", ")) - {"–"}
        room = PACKAGE / name.strip("`")
        files = sorted(room.glob("*.py")) if room.is_dir() else [room.with_suffix(".py")]
        assert set().union(*map(runtime_imports, files)) == said, name
