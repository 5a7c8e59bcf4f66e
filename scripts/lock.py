"""Make requirements/*.txt again: every library at one version, with the hashes of all its files.

    python scripts/lock.py              # follow a change of pyproject.toml, keep every other version
    python scripts/lock.py --upgrade    # take the newest versions

Needs uv (``pip install uv``). The files hold for every platform and every Python that tegmen supports, so
everyone runs the same versions; start.py installs from them and refuses a file whose hash differs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Lock:
    """One requirements file and where its requirements come from.

    Parameters
    ----------
    name
        File name below requirements/.
    purpose
        First comment line of the file.
    source
        Arguments of ``uv pip compile`` that name the source; "-" reads `stdin`.
    stdin
        Requirements given on standard input, one a line.
    below
        Lock files whose versions this one must repeat.
    """

    name: str
    purpose: str
    source: tuple[str, ...]
    stdin: str = ""
    below: tuple[str, ...] = ()


def locks() -> list[Lock]:
    """List the three lock files, each constrained by those before it."""
    build_requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    return [
        Lock("main.txt", "What tegmen needs to run.", ("pyproject.toml",)),
        Lock("test.txt", "What its checks and tests need besides.", ("--group", "test"), below=("main.txt",)),
        Lock(
            "build.txt",
            "What installs tegmen itself.",
            ("-",),
            # editables: what hatchling asks for when it installs in place, as start.py does.
            stdin="\n".join([*build_requires, "editables>=0.5"]),
            below=("main.txt", "test.txt"),
        ),
    ]


def compile_lock(uv: list[str], lock: Lock, *, upgrade: bool) -> None:
    """Resolve one lock file in place; versions it already has are kept unless `upgrade`."""
    path = ROOT / "requirements" / lock.name
    constraints = [part for name in lock.below for part in ("-c", f"requirements/{name}")]
    # One version for all Pythons ("fewest"), and wheels only: nobody's machine compiles, or runs a stranger's setup.py.
    reach = ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--only-binary", ":all:"]
    layout = ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--output-file", str(path)]
    command = [*uv, "pip", "compile", *reach, *layout, *constraints, *lock.source]
    subprocess.run([*command, *(["--upgrade"] if upgrade else [])], cwd=ROOT, input=lock.stdin, text=True, check=True)
    resolved = path.read_text(encoding="utf-8")
    path.write_text(f"# {lock.purpose} Made by scripts/lock.py; do not edit.\n{resolved}", encoding="utf-8")


def main() -> int:
    """Remake the lock files; returns the exit code."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        print("scripts/lock.py needs uv: `pip install uv`, then start it again.", file=sys.stderr)
        return 1
    for lock in locks():
        compile_lock([uv], lock, upgrade="--upgrade" in sys.argv[1:])
        print(f"requirements/{lock.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
