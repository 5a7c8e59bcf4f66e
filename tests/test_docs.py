"""What the documents say of the code holds: assumptions, commands, figures' tests, quoted answer and picture, pages."""

from __future__ import annotations

import html
import importlib.util
import re
import shlex
import sys
from functools import cache

import pytest
import typer
import yaml
from locations import ROOT
from test_repository import METADATA, PACKAGE, documents

import tegmen
from tegmen.cli.app import app
from tegmen.data import shipped_toml
from tegmen.evidence.catalogue import read_catalogue
from tegmen.question.goals import METRICS
from tegmen.report.folders import REPORT_FILES

CHAPTERS = sorted(set((ROOT / "docs" / "method").glob("*.md")) - {ROOT / "docs" / "method" / "notebook.md"})


def load_hook():
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "scripts" / "site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


site = load_hook()


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
    lines = words[words.index(f"| {head} |") :].splitlines()
    rows = lines[2 : next((i for i, line in enumerate(lines) if not line.startswith("|")), None)]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in rows]


def assumptions() -> list[str]:
    return [entry["id"] for entry in shipped_toml("method", "assumptions.toml")["assumption"]]


# ------------------------------------------------------------------ assumptions and tests named


def test_the_assumptions_are_numbered_in_order():
    numbers = [int(number.removeprefix("A")) for number in assumptions()]
    assert numbers == sorted(set(numbers))


def test_every_assumption_cited_exists():
    cited = {}
    for path in [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.j2"), *(ROOT / "tests").rglob("*.py"), *documents()]:
        for group in re.findall(r"\((A\d+(?:[,; ]+A\d+)*)\)", path.read_text(encoding="utf-8")):
            cited |= dict.fromkeys(re.findall(r"A\d+", group), path.name)
    assert cited
    assert {number: where for number, where in cited.items() if number not in assumptions()} == {}


def test_the_method_says_how_every_assumption_is_used():
    body = "".join(path.read_text(encoding="utf-8") for path in CHAPTERS)
    assert set(re.findall(r"\bA\d+\b", body)) == set(assumptions())


def test_tests_named_in_the_documents_exist():
    defined = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {name for path in documents() for name in re.findall(r"`(test_\w+)`", path.read_text(encoding="utf-8"))}
    assert named
    assert {name for name in named if f"\ndef {name}(" not in defined} == set()


def test_the_method_explains_every_metric():
    rows = table(section("docs/method/answer.md", "Goals"), "metric")
    assert [row[0].strip("`") for row in rows] == list(METRICS)


def test_the_picture_of_the_flow_shows_every_room():
    shown = set(re.findall(r"[a-z]+", re.search(r"```text\n(.*?)```", text("docs/design.md"), re.DOTALL)[1]))
    assert shown == set(site.layers()) - set(site.BESIDE)
    assert len(shown) == 10


# ------------------------------------------------------------------ commands and versions


def commands() -> list[tuple[str, list[str]]]:
    """Every command line shown in a block of shell, with the document it stands in."""
    return [
        (path.name, shlex.split(line))
        for path in documents()
        for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line
    ]


def test_the_readme_shows_two_commands():
    shown = [words for name, words in commands() if name == "README.md"]
    assert shown == [["python3", "start.py", "answer", "march-2024"], ["python3", "start.py", "test"]]


@pytest.mark.parametrize("words", [words for _, words in commands()], ids=" ".join)
def test_every_command_of_the_documents_exists(words):
    assert words[:2] == ["python3", "start.py"]
    if words[2] == "test":
        assert all((ROOT / path).exists() for path in words[3:])
        return
    # Only parsed: the group finds the verb, the verb takes its options; nothing is run.
    command, arguments = typer.main.get_command(app), words[2:]
    while hasattr(command, "resolve_command"):
        _, command, arguments = command.resolve_command(
            command.make_context("tegmen", [*arguments], resilient_parsing=True), arguments
        )
    command.make_context("tegmen", arguments)


def test_the_documents_list_every_file_that_is_written():
    rows = table(section("docs/use/index.md", "What an answer writes"), "file")
    assert {row[0].strip("`") for row in rows} == set(REPORT_FILES)
    assert all(f"`{name}`" in section("README.md", "Two commands") for name in REPORT_FILES)


def test_the_readme_is_short_and_leads_on_by_five_links():
    assert len(text("README.md").splitlines()) <= 120
    assert len(re.findall(r"(?<!!)\[[^\]]+\]\(", text("README.md"))) == 5


def test_the_documents_speak_of_this_version():
    version = tegmen.__version__
    assert f"The answer of version {version}" in text("README.md")
    assert f"> tegmen {version}," in text("README.md")
    assert f"## [{version}]" in text("CHANGELOG.md")


def test_the_citation_file_is_valid_and_of_this_version():
    citation = yaml.safe_load(text("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["version"] == tegmen.__version__
    assert citation["license"] in METADATA["project"]["license"].split(" AND ")
    people = [*citation["authors"], *(person for each in citation["references"] for person in each["authors"])]
    assert all("name" in person or {"given-names", "family-names"} <= set(person) for person in people)


# ------------------------------------------------------------------ the quoted answer


def test_the_picture_and_the_quoted_answer_are_of_one_run():
    picture = text("docs/curve.svg")
    assert len(picture.encode()) < 80_000
    assert not re.search(r"<script|<image|href=\"(?!#)|url\((?!#)", picture)
    described = html.unescape(picture)
    for case in ("posted", "claimed"):
        quoted = re.search(rf"^- \*\*{case}\*\* \([^)]*\): (.*\.)$", text("README.md"), re.MULTILINE)
        assert quoted is not None
        assert quoted[1] in described, f"docs/curve.svg does not show the {case} answer that the README quotes"


def test_the_table_of_goals_agrees_with_the_quoted_answer():
    for case, column in (("posted", 1), ("claimed", 2)):
        (first, *_), *_ = [row[column:] for row in table(text("README.md"), "goal")]
        number = re.match(r"(\d+|none up to \d+)", first)[1].replace("none", "No number")
        assert re.search(rf"\*\*{case}\*\* \([^)]*\): {number} (\(\d.*?\) )?more Patriot", text("README.md"))


# ------------------------------------------------------------------ what the site is made of


def test_every_mark_has_its_table_and_every_table_its_mark():
    marks = {name for path in documents() for name in re.findall(r"<!-- generated: (.+?) -->", path.read_text("utf-8"))}
    assert marks == set(site.TABLES)


def test_the_tables_hold_what_the_data_hold():
    made = {name: make() for name, make in site.TABLES.items()}
    assert re.findall(r"^## (\w+)$", made["assumptions"], re.MULTILINE) == assumptions()
    for row in read_catalogue().parameters:
        assert f"| `{row.id}` |" in made[f"catalogue {row.table.removesuffix('.csv')}"]
    assert made["hedges"].count("\n") == 1 + len(shipped_toml("method", "hedges.toml"))
    assert re.findall(r"^## (\w+)$", made["modules"], re.MULTILINE) == site.layers()[::-1]
    assert {name for name in tegmen.__all__ if f".{name}" not in made["interface"]} == set()
    assert all(f"## {verb}\n" in made["verbs"] for verb in ("answer", "what-if replace", "ledger read"))
    assert "--seed" in made["verbs"]


def test_a_cell_is_no_markup_but_code():
    assert site.cell("a|b *c* <d> `e_f`\n2") == "a\\|b \\*c\\* &lt;d&gt; `e_f` 2"


def test_assumptions_in_brackets_become_links():
    linked = site.link_assumptions("so (A1, A20) and A3", "method/worlds.md")
    assert linked == "so ([A1](../tables/assumptions.md#a1), [A20](../tables/assumptions.md#a20)) and A3"


@pytest.mark.parametrize(
    "asks",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<link rel=stylesheet href=//cdn.example/x.css>",
        '<img alt="" src="http://cdn.example/x.png">',
        "<style>@import 'https://cdn.example/x.css';</style>",
        "<style>p {background: url(https://cdn.example/x.png)}</style>",
        '<p style="background: url(//cdn.example/x.png)">',
    ],
)
def test_a_page_that_asks_for_something_from_elsewhere_is_refused(asks):
    inside = (
        '<script src="../a.js"></script><style>p {background: url(a.png)}</style><a href="https://example.org">e</a>'
    )
    assert site.outside_requests(inside) == []
    assert len(site.outside_requests(inside + asks)) == 1
