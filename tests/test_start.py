"""start.py, which must work before anything is installed: exit codes, interruption, what makes it set up again."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from locations import ROOT


@pytest.fixture
def folder(tmp_path):
    """A checkout as far as start.py is concerned."""
    for name in ("start.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def load(folder: Path):
    spec = importlib.util.spec_from_file_location("start", folder / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "start.py"), *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def finished(folder: Path):
    """Make what a finished set-up leaves behind, without installing anything."""
    module = load(folder)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(module.VENV)], check=True)
    module.stamp(test=False).write_text(module.fingerprint(test=False))
    return module


def test_without_arguments_it_says_what_it_does_and_sets_nothing_up(folder):
    done = start(folder)
    assert done.returncode == 2
    assert "answer march-2024" in done.stderr
    assert done.stdout == ""
    assert not (folder / ".venv").exists()


def test_the_exit_code_of_the_command_comes_through():
    run = load(ROOT).run
    assert run([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert run([sys.executable, "-c", "pass"]) == 0


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_killed_command_gives_the_code_a_shell_would_give():
    command = f"import os; os.kill(os.getpid(), {signal.SIGTERM.value})"
    assert load(ROOT).run([sys.executable, "-c", command]) == 128 + signal.SIGTERM


def test_paths_of_the_caller_do_not_leak_into_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = "import os; raise SystemExit('PYTHONPATH' in os.environ)"
    assert load(ROOT).run([sys.executable, "-c", command]) == 0


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_waits_for_the_command_to_clean_up(folder, tmp_path):
    module = finished(folder)
    command = module.BIN / "tegmen"
    command.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys, time\n"
        "place = pathlib.Path(sys.argv[1])\n"
        "try:\n"
        "    (place / 'begun').touch()\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(0.5)\n"
        "    (place / 'cleaned').touch()\n"
    )
    command.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, str(folder / "start.py"), str(tmp_path)], stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        limit = time.monotonic() + 30
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < limit
            time.sleep(0.05)
        # What a terminal does on Ctrl-C: both processes hear it.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 130
    assert (tmp_path / "cleaned").exists()


def test_a_finished_set_up_is_not_repeated(folder):
    module = finished(folder)
    assert module.is_ready(test=False)
    assert not module.is_ready(test=True)


@pytest.mark.parametrize("change", ["requirements/main.txt", "requirements/build.txt", "pyproject.toml", "marker"])
def test_what_changes_is_set_up_again(folder, change):
    module = finished(folder)
    if change == "marker":
        module.UNFINISHED.touch()
    else:
        with (folder / change).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
    assert not module.is_ready(test=False)


def test_a_copied_environment_is_not_taken_for_our_own(folder, tmp_path_factory):
    finished(folder)
    copy = tmp_path_factory.mktemp("copies") / "copy"
    shutil.copytree(folder, copy, symlinks=True)
    module = load(copy)
    assert not module.is_ready(test=False)
    assert not module.is_usable()


def test_a_start_without_network_fails_in_plain_words_and_stamps_nothing(folder):
    done = start(folder, "answer", "march-2024", PIP_NO_INDEX="1", PIP_NO_CACHE_DIR="1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("start.py: The locked libraries could not be installed")
    assert "Traceback" not in done.stderr
    module = load(folder)
    assert not module.is_ready(test=False)
    # pip gave up in good order, so the next start goes on from here.
    assert module.is_usable()
