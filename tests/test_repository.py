"""What the repository promises: nothing private, small modules, licences named, locks hashed, documents that run."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from locations import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGE = ROOT / "src" / "tegmen"
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.:/~])/(?:home|root|Users|tmp|work|opt|mnt)/[\w.]|[A-Z]:\\Users\\")
REGISTRY_HOST = re.compile(r"(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)")

FENCE = re.compile(r"^```python\n(?P<code>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


def committed_files() -> list[Path]:
    """What git has or would take; skips outside a checkout (an unpacked archive, say)."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def locked(path: Path) -> dict[str, tuple[Requirement, list[str]]]:
    """Read a lock file: canonical name to (requirement, hashes)."""
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    entries: dict[str, tuple[Requirement, list[str]]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            words, *hashes = line.split("--hash=")
            requirement = Requirement(words.strip())
            entries[canonicalize_name(requirement.name)] = (requirement, [text.strip() for text in hashes])
    return entries


def documents() -> list[Path]:
    """Everything written for readers."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def documents_with_code() -> list[Path]:
    return [path for path in documents() if FENCE.search(path.read_text(encoding="utf-8"))]


def code_blocks(text: str) -> list[str]:
    """Python blocks of a document, each padded so that a traceback shows the line of the document."""
    return ["\n" * text.count("\n", 0, match.start("code")) + match["code"] for match in FENCE.finditer(text)]


def names_defined(node: ast.stmt) -> list[str]:
    """Names that a statement at the top of a module defines; imports define none."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for each in targets if isinstance(each, ast.Name) and not each.id.startswith("__")]


def lint_imports(folder: Path, source: Path) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert tool is not None, "lint-imports is not installed beside this Python"
    return subprocess.run(
        [tool, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine paths", "registry hosts"])
def test_no_committed_file_names_a_machine_path_or_a_registry(pattern):
    found = []
    for path in committed_files():
        # Bytes that are no text (a picture) cannot be read by anyone as a path either.
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    assert not found, "\n".join(found)


def test_the_patterns_see_what_they_must_see():
    private = ["/" + "home/ann/x.csv", '"/' + 'root/.cache"', "(/" + "tmp/out)", "C:\\" + "Users\\ann"]
    assert all(MACHINE_PATH.search(text) for text in private)
    public = ["https://example.org/" + "home/page", "src/" + "work/table", "home" + "/ann", "~/" + "tmp/x"]
    assert not any(MACHINE_PATH.search(text) for text in public)
    assert REGISTRY_HOST.search("https://files." + "pythonhosted" + ".org/x.whl")


def test_a_listing_of_the_package_is_short():
    entries = [path for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"]
    assert len([path for path in entries if path.name != "__pycache__"]) <= 15


def test_a_name_stands_for_one_thing():
    """A name defined at the top of two modules makes a reader ask which; a few plain words may."""
    places: dict[str, set[Path]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for name in names_defined(node):
                places.setdefault(name, set()).add(path)
    twice = sorted(name for name, paths in places.items() if len(paths) > 1)
    assert len(twice) <= 20, f"{len(twice)} names: {', '.join(twice)}"


def test_the_metadata_names_the_licence_of_the_code_and_of_the_data():
    words = set(METADATA["project"]["license"].split(" AND "))
    assert words == {"Apache-2.0", "CC-BY-NC-SA-4.0", "CC-BY-4.0"}
    assert {"LICENSE", "NOTICE"} <= set(METADATA["project"]["license-files"])
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_every_folder_of_outside_data_carries_its_licence_and_stands_in_the_notice():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    expected = {"record": "CC BY-NC-SA 4.0", "geo": "CC BY 4.0", "catalogue": "Apache-2.0"}
    for folder, licence in expected.items():
        section = notice.partition(f"src/tegmen/data/{folder}/")[2].partition("\nsrc/tegmen/data/")[0]
        assert licence in section, f"NOTICE does not say that {folder} is under {licence}"
    for folder in ("record", "geo"):
        text = (PACKAGE / "data" / folder / "LICENCE.md").read_text(encoding="utf-8")
        assert expected[folder] in text


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_library_has_one_exact_version_and_hashes(path):
    entries = locked(path)
    assert entries
    for name, (requirement, hashes) in entries.items():
        assert [clause.operator for clause in requirement.specifier] == ["=="], name
        assert requirement.url is None, name
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", text) for text in hashes), name


def test_the_locks_are_three_and_agree_on_every_version():
    assert [path.name for path in LOCKS] == ["build.txt", "main.txt", "test.txt"]
    versions: dict[str, set[str]] = {}
    for path in LOCKS:
        for name, (requirement, _) in locked(path).items():
            versions.setdefault(name, set()).add(str(requirement.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [
        (METADATA["project"]["dependencies"], "main.txt"),
        (METADATA["dependency-groups"]["test"], "test.txt"),
        (METADATA["build-system"]["requires"], "build.txt"),
    ],
    ids=["main", "test", "build"],
)
def test_the_locks_hold_what_the_project_asks_for(wanted, lock):
    entries = locked(ROOT / "requirements" / lock)
    for text in wanted:
        asked = Requirement(text)
        pinned, _ = entries[canonicalize_name(asked.name)]
        (clause,) = pinned.specifier
        assert asked.specifier.contains(clause.version), f"{lock} holds {pinned}; pyproject.toml asks for {asked}"


def test_help_loads_none_of_the_heavy_libraries():
    command = "import sys; sys.argv = ['tegmen', '--help']; from tegmen.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "answer" in done.stdout
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "tegmen" in loaded
    heavy = {"altair", "numba", "numpy", "pandas", "pyproj", "scipy", "shapely", "vl_convert"}
    assert loaded & heavy == set()


def test_each_room_imports_only_what_stands_below_it():
    done = lint_imports(ROOT, ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_upwards_breaks_the_contract(tmp_path):
    source = tmp_path / "src"
    shutil.copytree(PACKAGE, source / "tegmen", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    terms = source / "tegmen" / "terms.py"
    terms.write_text(terms.read_text(encoding="utf-8") + "\nfrom tegmen import report\n", encoding="utf-8")
    done = lint_imports(tmp_path, source)
    assert done.returncode != 0
    assert "tegmen.terms is not allowed to import tegmen.report" in done.stdout


def test_code_blocks_are_found_where_they_stand():
    shown, other = "```python\na = 1\n```\n", "```bash\nls\n```\n"
    assert code_blocks(f"# title\n\n{shown}text\n{other}{shown}") == ["\n" * 3 + "a = 1\n", "\n" * 10 + "a = 1\n"]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_no_python_in_the_documents_is_left_out(path):
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"^ *[`~]{3,} *\{?\.?py", text, re.MULTILINE)) == len(code_blocks(text))


@pytest.mark.parametrize("path", documents_with_code(), ids=lambda path: path.name)
def test_the_code_in_the_documents_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in code_blocks(path.read_text(encoding="utf-8")):
        exec(compile(block, str(path), "exec"), names)  # noqa: S102 - our own documents
