"""What the documentation site takes from data and code while it is built, so that nothing stands twice.

A hook of mkdocs.yml. A line ``<!-- generated: NAME -->`` in a page becomes the table of that name; README and its
neighbours become pages; an assumption named in brackets, such as (A17), becomes a link to it.
"""

from __future__ import annotations

import ast
import html
import importlib
import pkgutil
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

import tegmen
from tegmen.cli.app import app
from tegmen.data import shipped_toml
from tegmen.evidence.catalogue import read_catalogue

if TYPE_CHECKING:
    from click import Command
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

    from tegmen.evidence.parameters import Parameter

ROOT = Path(__file__).resolve().parents[1]
NEIGHBOURS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "NOTICE": "licences.md",
}
"""Files beside docs/ to the page that each becomes."""
CATALOGUE = ("model", "systems", "threats", "inventories", "holders", "official_totals", "consequences")
BESIDE = ("errors", "terms", "data")
"""Layers of the contract that are no rooms: what every room may use."""
_MARK = re.compile(r"^<!-- generated: (?P<name>[\w ]+) -->$", re.MULTILINE)
_MARKUP = re.compile(r"`[^`]*`|[&<>|*_\[\]\\]")
_ASKING = r"""(?:\b(?:src|srcset|href|data|poster)\s*=\s*["']?|url\(\s*["']?|@import\s+["']?)"""
_OUTSIDE = re.compile(_ASKING + r"""((?:https?:)?//[^"'\s)>]+)""")
_CITED = re.compile(r"(?<=\()(?P<numbers>A\d+(?:, A\d+)*)(?=\))")


# ------------------------------------------------------------------ hooks


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Make pages of the files beside docs/."""
    for name, page in NEIGHBOURS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=neighbour(name, text)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put tables in the place of their marks, and links to assumptions."""
    filled = _MARK.sub(lambda mark: TABLES[mark["name"]](), markdown)
    return link_assumptions(filled, page.file.src_uri)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Refuse a page that would ask for something from elsewhere when it is opened."""
    if outside := outside_requests(output):
        msg = f"{page.file.src_uri} asks for {', '.join(outside)}; a page may ask for nothing from elsewhere"
        raise PluginError(msg)
    return output


def outside_requests(page: str) -> list[str]:
    """Find what a page asks for from elsewhere: scripts, styles, pictures; a link to click on asks for nothing."""
    tags = re.findall(r"<(?!a\b)\w+\b[^>]*>", page)
    styles = re.findall(r"<style\b.*?</style>", page, re.DOTALL)
    return [found for part in (*tags, *styles) for found in _OUTSIDE.findall(part)]


def neighbour(name: str, text: str) -> str:
    """Text of a page from a file beside docs/: its links then start from docs/, and plain text stays plain."""
    if not name.endswith(".md"):
        return f"# {name.capitalize()}\n\n```text\n{text}```\n"
    text = text.replace("](docs/", "](")
    for other, page in NEIGHBOURS.items():
        text = text.replace(f"]({other})", f"]({page})")
    return text


def link_assumptions(text: str, page: str) -> str:
    """Turn numbers of assumptions in brackets into links."""
    target = posixpath.relpath("tables/assumptions.md", posixpath.dirname(page))

    def links(cited: re.Match[str]) -> str:
        return ", ".join(f"[{number}]({target}#{number.lower()})" for number in cited["numbers"].split(", "))

    return _CITED.sub(links, text)


# ------------------------------------------------------------------ tables


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay rows out as a Markdown table."""
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(cell(value) for value in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def cell(value: object) -> str:
    """Write a value so that nothing in it is taken for Markdown but code in backticks."""
    return _MARKUP.sub(lambda found: plain(found[0]), " ".join(str(value).split()))


def plain(markup: str) -> str:
    """Take the meaning from a character of HTML or Markdown; leave code as it is."""
    if markup.startswith("`"):
        return markup
    return html.escape(markup) if markup in "&<>" else f"\\{markup}"


def assumptions() -> str:
    """List the numbered assumptions."""
    entries = shipped_toml("method", "assumptions.toml")["assumption"]
    return "\n\n".join(f"## {entry['id']}\n\n{entry['text']}\n\n*If wrong:* {entry['effect']}" for entry in entries)


def catalogue(name: str) -> Callable[[], str]:
    """List one table of the catalogue by the ids that `tegmen why` and `tegmen what-if replace` know."""

    def listed() -> str:
        rows = [row for row in read_catalogue().parameters if row.table == f"{name}.csv"]
        return table(
            ["number", "value", "source", "note"],
            [[f"`{row.id}`", f"{span_text(row)} {row.unit}", source_text(row), row.note] for row in rows],
        )

    return listed


def span_text(row: Parameter) -> str:
    """Write the one value, or low / best / high with a dash for an end that nobody has named."""
    ends = (row.low, row.best, row.high)
    return " / ".join("–" if end is None else f"{end:,.10g}" for end in (ends[:1] if len(set(ends)) == 1 else ends))


def source_text(row: Parameter) -> str:
    """Write the source, and whether it was read."""
    return row.source if row.verified else f"{row.source} (not checked)"


def hedges() -> str:
    """List what words that hedge a number are read as."""
    columns = ("low", "best", "high", "open", "reason")
    rules = shipped_toml("method", "hedges.toml").items()
    return table(["hedge", *columns], [[hedge, *(rule[column] for column in columns)] for hedge, rule in rules])


def meanings() -> str:
    """List what the words of a public claim are taken to mean."""
    content = shipped_toml("method", "meanings.toml")
    rows = [[each["metric"], each["reading"], ", ".join(each["words"])] for each in content["meaning"]]
    rows += [
        [" ".join((each["kind"], each.get("value", ""))), "", ", ".join(each["words"])] for each in content["word"]
    ]
    return table(["metric, or kind of words", "taken to mean", "words, as regular expressions"], rows)


def requirements() -> str:
    """List what tegmen must do, and what shows it."""
    tests = tomllib.loads((ROOT / "tests" / "requirements.toml").read_text(encoding="utf-8"))
    entries = shipped_toml("method", "requirements.toml")["requirement"]
    rows = [
        [each["id"], each["text"], ", ".join(each["checks"]) or "–", f"{len(tests.get(each['id'], ()))}"]
        for each in entries
    ]
    return table(["", "requirement", "checks of `tegmen verify`", "tests"], rows)


def limits(kind: str) -> Callable[[], str]:
    """List the known limits of one kind."""
    return lambda: "\n".join(
        f"- {each['text']}" for each in shipped_toml("method", "limits.toml")["limit"] if each["kind"] == kind
    )


# ------------------------------------------------------------------ rooms


def layers() -> list[str]:
    """Rooms in the order of the import contract, the highest first."""
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return metadata["tool"]["importlinter"]["contracts"][0]["layers"]


def first_line(module: str) -> str:
    """Sentence with which a module says what it is."""
    return (importlib.import_module(module).__doc__ or "").partition("\n")[0]


def rooms() -> str:
    """List the rooms in the order of the flow, with the sentence each says of itself."""
    standing = [room for room in reversed(layers()) if room not in BESIDE]
    return table(["room", "what it is"], [[room, first_line(f"tegmen.{room}")] for room in standing])


def modules() -> str:
    """List the modules of every room, with the sentence each says of itself."""
    parts: list[str] = []
    for room in reversed(layers()):
        package = importlib.import_module(f"tegmen.{room}")
        parts.append(f"## {room}\n\n{first_line(package.__name__)}")
        if hasattr(package, "__path__"):
            names = [info.name for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
            rows = [[name.removeprefix(f"tegmen.{room}."), first_line(name)] for name in names]
            parts.append(table(["module", "what it is"], rows) if rows else "")
    return "\n\n".join(parts)


# ------------------------------------------------------------------ verbs and names


def leaves(command: Command, name: str) -> Iterator[tuple[str, Command]]:
    """Walk the tree of verbs: those that do something."""
    children: Mapping[str, Command] = getattr(command, "commands", {})
    if not children:
        yield name, command
    for word, child in children.items():
        yield from leaves(child, f"{name} {word}")


def verbs() -> str:
    """List every verb with its arguments and options."""
    return "\n\n".join(verb(name, command) for name, command in leaves(typer.main.get_command(app), "tegmen"))


def verb(name: str, command: Command) -> str:
    """Describe one verb."""
    context = command.make_context(name, [], resilient_parsing=True)
    usage = " ".join(command.collect_usage_pieces(context))
    parts = [f"## {name.removeprefix('tegmen ')}", f"```text\n{name} {usage}\n```", command.help or ""]
    rows = [record for param in command.params if (record := param.get_help_record(context))]
    if rows:
        parts.append(table(["", "meaning"], rows))
    return "\n\n".join(parts)


def public_names() -> Iterator[tuple[str, str]]:
    """Give the public names with the modules they stand in, in the order of the stub."""
    stub = Path(tegmen.__file__).with_suffix(".pyi")
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield from ((f"tegmen.{node.module}", alias.name) for alias in node.names)


def interface() -> str:
    """Describe every public name, room by room in the order of the flow."""
    names = list(public_names())
    parts: list[str] = []
    for room in reversed(layers()):
        here = [(module, name) for module, name in names if module.split(".")[1] == room]
        if here:
            parts.append(f"## {room}\n\n{first_line(f'tegmen.{room}')}")
            parts += [f"::: {module}.{name}" for module, name in here]
    return "\n\n".join(parts)


TABLES: Mapping[str, Callable[[], str]] = {
    "assumptions": assumptions,
    "hedges": hedges,
    "interface": interface,
    "limits departs": limits("departs"),
    "limits unreached": limits("unreached"),
    "meanings": meanings,
    "modules": modules,
    "requirements": requirements,
    "rooms": rooms,
    "verbs": verbs,
} | {f"catalogue {name}": catalogue(name) for name in CATALOGUE}
"""Name of a mark to what is put in its place."""
