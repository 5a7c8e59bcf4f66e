"""Files appear whole or not at all, as a set: on a full disk, beside other writers, after a kill, over links."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tegmen.errors import InputError
from tegmen.ledger import files as whole
from tegmen.ledger.files import making, replace_file, swap
from tegmen.ledger.store import new_ledger, open_ledger
from tegmen.report.folders import check_folder, write_files

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

resource = pytest.importorskip("resource", reason="limits of a process are POSIX")

OLD = {"report.html": "old page " * 400, "answer.json": "{}", "curve.csv": "a,b\n"}
NEW = {"report.html": "new page " * 600, "answer.json": '{"n": 19}' * 300, "curve.csv": "c,d\n" * 200}


@contextmanager
def disk_full_at(size: int) -> Generator[None]:
    """No file may grow beyond a size, as on a disk that is full there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture(params=["beside", "within"])
def folder(request, tmp_path, monkeypatch) -> Path:
    """A folder with a result and a note of the user's; one that may be swapped, and one that somebody stands in."""
    made = tmp_path / "out"
    write_files(OLD, made)
    (made / "my notes.txt").write_text("mine")
    if request.param == "within":
        monkeypatch.chdir(made)
    return made


def test_a_full_disk_at_any_byte_leaves_the_old_set(folder, tmp_path):
    before, chance = content(folder), np.random.default_rng(11)
    sizes = [0, 1, *chance.integers(5400, size=40).tolist(), 5399]
    for size in sizes:
        with disk_full_at(size), pytest.raises(InputError, match="cannot be written"):
            write_files(NEW, folder)
        assert content(folder) == before
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
    write_files(NEW, folder)
    assert content(folder) == {**NEW, "my notes.txt": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_leaves_no_new_folder(tmp_path):
    for size in (0, 100, 5399):
        with disk_full_at(size), pytest.raises(InputError, match="cannot be written"):
            write_files(NEW, tmp_path / "a" / "b")
        assert list(tmp_path.iterdir()) == []


def test_a_new_ledger_on_a_full_disk_is_refused_and_leaves_no_file(tmp_path):
    chance = np.random.default_rng(12)
    for size in [0, 4096, *chance.integers(150_000, size=12).tolist()]:
        with disk_full_at(size), pytest.raises(InputError):
            new_ledger(tmp_path / "a.ledger")
        assert list(tmp_path.iterdir()) == []


def test_a_ledger_on_a_disk_that_fills_up_stays_as_it_was_and_goes_on_after(tmp_path):
    file, chance = tmp_path / "a.ledger", np.random.default_rng(13)
    new_ledger(file)
    before = file.read_bytes()
    line = b'{"kind": "statement", "thing": "drones", "source": {"publisher": "Post"}}'
    with open_ledger(file) as ledger:
        for size in [0, *chance.integers(len(before), size=12).tolist()]:
            with disk_full_at(size), pytest.raises(InputError, match=r"cannot be written.*nothing was added"):
                ledger.take_in(line, "line")
            assert file.read_bytes() == before
        (id_,) = ledger.take_in(line, "line")
        assert list(ledger.current(thing="drones", at=None)).count(id_) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.ledger"]
    assert len(file.read_bytes()) > len(before)


def test_what_a_killed_writer_left_is_cleared_by_the_next_and_nothing_of_another_file(tmp_path, monkeypatch):
    monkeypatch.setattr(whole.shutil, "rmtree", lambda *_args, **_more: None)
    with making(tmp_path / "out") as left:
        (left / "half").write_text("ha")
    with making(tmp_path / "other") as kept:
        pass
    monkeypatch.undo()
    assert left.exists()
    write_files(NEW, tmp_path / "out")
    assert not left.exists()
    assert kept.exists()


def test_a_killed_swap_leaves_the_old_set_or_the_new_one(tmp_path, monkeypatch):
    """Up to the one call that changes names nothing of the old set has moved, and after it all of it has."""
    folder = tmp_path / "out"
    write_files(OLD, folder)
    seen = []

    def watched(one, other):
        seen.append(content(other))
        done = swap(one, other)
        seen.append(content(other))
        return done

    monkeypatch.setattr("tegmen.report.folders.swap", watched)
    write_files(NEW, folder)
    assert seen[0] == OLD
    assert seen[1] in (OLD, NEW)  # a system that cannot swap leaves the old one, for the files to be replaced
    assert content(folder) == NEW


def test_a_second_writer_waits_and_then_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(whole, "WAIT_FOR_WRITER_S", 0.05)
    with making(tmp_path / "out"), pytest.raises(InputError, match="another program has been writing there"):
        write_files(NEW, tmp_path / "out")
    write_files(NEW, tmp_path / "out")
    assert content(tmp_path / "out") == NEW


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "folder"])
def test_nothing_that_is_no_plain_file_is_replaced(tmp_path, here, kind):
    target, other = tmp_path / "x.jsonl", tmp_path / "other"
    if kind.endswith("link"):
        if kind == "link":
            other.write_text("precious")
        target.symlink_to(other)
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    before = os.lstat(target)
    with pytest.raises(InputError, match="never replaced"):
        replace_file(target, b"x")
    done = here("ledger", "export", "--out", target)
    assert done.code == 1
    assert "never replaced" in done.err
    with pytest.raises(InputError, match=r"x\.jsonl: found a \w+ of that name"):
        check_folder(tmp_path, ["x.jsonl"])
    assert os.lstat(target).st_ino == before.st_ino
    assert not other.exists() or other.read_text() == "precious"


def test_a_device_is_not_replaced(here):
    assert here("ledger", "export", "--out", "/dev/null").code == 1
    assert here("ledger", "export", "--out", "/dev/null").err.count("found a device") == 1


def test_a_ledger_takes_no_name_that_something_has(tmp_path):
    for name in ("link", "file"):
        target = tmp_path / name
        target.symlink_to(tmp_path / "nowhere") if name == "link" else target.write_text("precious")
        with pytest.raises(InputError, match="exists already"):
            new_ledger(target)
    assert (tmp_path / "file").read_text() == "precious"
    with new_ledger(tmp_path / "a.ledger") as ledger:
        count = len(ledger)
    with open_ledger(tmp_path / "a.ledger") as again:
        assert len(again) == count > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ledger", "file", "link"]
