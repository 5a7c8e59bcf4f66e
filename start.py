"""Set tegmen up and run it, from a fresh checkout and nothing but Python 3.11 or newer.

python3 start.py answer march-2024         any tegmen command; `python3 start.py --help` lists them
python3 start.py test                      every check and every test
python3 start.py test tests/test_terms.py  only pytest, with these arguments

The first start makes an environment in .venv beside this file and installs the locked libraries there; later
starts find it ready. Nothing outside this folder is changed.
"""

# ruff: noqa: E402 - an interrupt is one line from the first import on
from __future__ import annotations

import os
import signal

INTERRUPTED = 130


def stop(_signal: int, _frame: object) -> None:
    """End at an interrupt: until all is loaded and `main` begins, there is nothing to tidy up."""
    os.write(2, b"Interrupted. Start again at any time.\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, stop)

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
# There while a set-up is under way: an interrupted one leaves it behind, and the next start begins anew.
UNFINISHED = VENV / "set-up-unfinished"

CHECKS = (
    ("ruff", "check", "--quiet"),
    ("ruff", "format", "--check", "--quiet"),
    ("basedpyright",),
    ("lint-imports",),
    # Not --quiet: with it, --strict lets warnings pass.
    ("mkdocs", "build", "--strict"),
    # Neighbouring tests stay on one worker, so that what a module prepares is prepared once.
    ("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"),
)


class StartError(Exception):
    """Set-up cannot go on; the message says what to do."""


def say(line: str) -> None:
    """Print a line to standard error: standard output belongs to what is being run."""
    print(line, file=sys.stderr, flush=True)


def lock_files(*, test: bool) -> list[Path]:
    """List the lock files to install: to run (build.txt installs tegmen itself), or also to test."""
    names = ["main.txt", "build.txt", *(["test.txt"] if test else [])]
    return [ROOT / "requirements" / name for name in names]


def fingerprint(*, test: bool) -> str:
    """Digest all that an environment depends on: lock files, metadata, its folder and its interpreter."""
    digest = hashlib.sha256()
    for path in [*lock_files(test=test), ROOT / "pyproject.toml", VENV / "pyvenv.cfg"]:
        digest.update(path.read_bytes())
    digest.update(f"{ROOT}\n{PYTHON.resolve()}".encode())
    return digest.hexdigest()


def stamp(*, test: bool) -> Path:
    """Name the file that holds the fingerprint of the last finished set-up."""
    return VENV / ("ready-to-test" if test else "ready-to-run")


def is_ready(*, test: bool) -> bool:
    """Tell whether the environment is complete and nothing has changed since."""
    try:
        return not UNFINISHED.exists() and stamp(test=test).read_text() == fingerprint(test=test)
    except OSError:
        return False


def is_usable() -> bool:
    """Tell whether there is an environment to bring up to date; if not, it is made anew.

    It must have been finished, still find its own pip, and know its own folder: a copied one would go on
    running the code it was copied from.
    """
    probe = "import sys, pip; print(sys.version_info >= (3, 11) and pip.__file__.startswith(sys.prefix))"
    try:
        answer = subprocess.run([str(PYTHON), "-I", "-c", probe], capture_output=True, text=True, check=False)
        scripts_point_here = str(VENV) in (BIN / "activate").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return answer.stdout.strip() == "True" and scripts_point_here and not UNFINISHED.exists()


def claim(held: BinaryIO) -> None:
    """Lock an open file for this process; raises OSError while another process holds it."""
    if sys.platform == "win32":
        import msvcrt

        held.seek(1 << 30)  # far behind the end: a locked part cannot be read by others
        msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def alone() -> Generator[None]:
    """Let one set-up at a time work in this folder; the system drops the lock if we die.

    The lock is on this file itself, so that no lock file is left lying about.
    """
    with Path(__file__).open("rb+") as held:
        waiting = False
        while True:
            try:
                claim(held)
                break
            except OSError:
                if not waiting:
                    say("Another start is setting up this folder; waiting until it has finished.")
                waiting = True
                time.sleep(0.5)
        yield


def run(command: Sequence[str | Path], *, cwd: Path | None = None) -> int:
    """Run a command to its end and return its exit code; 130 if it was interrupted.

    On Ctrl-C the command hears it too and gets the time to clean up; it is told once more in case the signal
    came to this process alone.
    """
    # Neither libraries nor pip habits of the caller may leak into our environment.
    env = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    env["PIP_USER"] = "0"
    env["NO_MKDOCS_2_WARNING"] = "1"  # an announcement of the theme's makers, at every build
    env["PATH"] = f"{BIN}{os.pathsep}{env.get('PATH', '')}"
    with subprocess.Popen([str(part) for part in command], cwd=cwd, env=env) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            for heard_within_s in (3, 10):
                try:
                    process.wait(heard_within_s)
                    break
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
            else:
                process.kill()
            return INTERRUPTED
    # A process ended by a signal has a negative code here, and 128 + signal in a shell.
    return code if code >= 0 else 128 - code


def must(command: Sequence[str | Path], failed: str) -> None:
    """Run one step of set-up; what the step itself printed stands above the message."""
    code = run(command, cwd=ROOT)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    if code != 0:
        raise StartError(failed)


def make_environment() -> None:
    """Make a new .venv in place of what is there, marked as unfinished from its first moment."""
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise StartError(
            f"This Python ({sys.executable}) has no venv module with pip in it. On Debian and Ubuntu install the "
            f"package python{version}-venv; elsewhere use a Python from python.org. Then start again."
        )
    if VENV.exists():
        say("Making .venv anew: the one there was left unfinished, or belongs to another folder or Python.")
        shutil.rmtree(VENV)
    VENV.mkdir()
    UNFINISHED.touch()
    must([sys.executable, "-m", "venv", VENV], "The environment .venv could not be made; the reason stands above.")


def install(*, test: bool) -> None:
    """Install the locked libraries, each file checked against its hash, and tegmen itself."""
    pip = [PYTHON, "-I", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    files = [part for path in lock_files(test=test) for part in ("-r", path)]
    say("  installing the locked libraries ...")
    must(
        [*pip, "--require-hashes", "--only-binary", ":all:", *files],
        "The locked libraries could not be installed; the reason stands above. Check the network and start again.",
    )
    say("  installing tegmen itself ...")
    must([*pip, "--no-build-isolation", "--no-deps", "-e", ROOT], "tegmen itself could not be installed; see above.")


def set_up(*, test: bool) -> None:
    """Bring .venv to what the lock files say; it is stamped only when everything is in."""
    began = time.monotonic()
    say("Setting up .venv in this folder (the first time: a few hundred MB, some minutes on a slow line) ...")
    if not is_usable():
        make_environment()
    UNFINISHED.touch()
    try:
        install(test=test)
    except StartError:
        # pip gave up in good order (no network, say) and left the environment as it was: no need to begin anew.
        UNFINISHED.unlink()
        raise
    stamp(test=False).write_text(fingerprint(test=False))
    if test:
        stamp(test=True).write_text(fingerprint(test=True))
    UNFINISHED.unlink()
    say(f"Set-up is done ({time.monotonic() - began:.0f} s).")


def ensure_ready(*, test: bool) -> None:
    """Set up if needed; a second start waits and then finds everything done."""
    if is_ready(test=test):
        return
    with alone():
        if not is_ready(test=test):
            set_up(test=test)


def check_all() -> int:
    """Run every check even if an earlier one fails, tests last; returns 0 only if all passed."""
    failed: list[str] = []
    for command in CHECKS:
        name = " ".join(word for word in command[:2] if not word.startswith("-"))
        print(f"== {name}", flush=True)
        code = run([BIN / command[0], *command[1:]], cwd=ROOT)
        if code == INTERRUPTED:
            return code
        if code != 0:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)
    return 1 if failed else 0


def main(arguments: Sequence[str]) -> int:
    """Set up what the command needs, run it, return its exit code."""
    if not arguments:
        say(str(__doc__))
        return 2
    test = arguments[0] == "test"
    ensure_ready(test=test)
    if not test:
        return run([BIN / "tegmen", *arguments])
    if arguments[1:]:
        return run([BIN / "pytest", *arguments[1:]], cwd=ROOT)
    return check_all()


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this with an older Python must be told
        raise SystemExit(f"tegmen needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")
    try:
        if signal.getsignal(signal.SIGINT) is stop:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        raise SystemExit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("Interrupted. Start again at any time: an unfinished set-up is repaired.")
        raise SystemExit(INTERRUPTED) from None
    except (StartError, OSError) as fault:
        say(f"start.py: {fault}")
        raise SystemExit(1) from None
