"""Files of tegmen's own: whole or not at all, one writer at a time; what a killed one left is cleared by the next."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tegmen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator

WAIT_FOR_WRITER_S: Final = 10.0
"""How long a writer waits for another one in the same folder [s]."""
_EXCHANGE: Final = {"linux": ("renameat2", (-100,), 2), "darwin": ("renamex_np", (), 2)}
"""By platform: the call that lets two names change places, what stands before each path, and its flag."""


@contextmanager
def making(target: Path, *, inside: bool = False, wait_s: float | None = None) -> Generator[Path]:
    """Give an empty folder to make the next content of a file or folder in; it is gone afterwards.

    Writers in one folder wait for one another, and what a killed one left there of the same target is cleared first.

    Parameters
    ----------
    target
        What is to be made or replaced.
    inside
        Whether to work inside the target, a folder, and not beside it.
    wait_s
        How long to wait for another writer [s]; None for `WAIT_FOR_WRITER_S`.

    Raises
    ------
    InputError
        Another program has been writing there for too long.
    OSError
        The folder cannot be written.
    """
    room = target if inside else target.absolute().parent
    prefix = f".tegmen-{hashlib.sha256(target.name.encode(errors='surrogateescape')).hexdigest()[:12]}-"
    with _alone_in(room, WAIT_FOR_WRITER_S if wait_s is None else wait_s):
        for left in room.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=room))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone_in(room: Path, wait_s: float) -> Generator[None]:
    """Lock a folder against other writers; the system drops the lock if we die."""
    until = time.monotonic() + wait_s
    while True:
        try:
            handle = _locked(room)
            break
        except (BlockingIOError, FileExistsError):
            if time.monotonic() > until:
                fault = f"another program has been writing there for {wait_s:g} s; try again later"
                raise InputError(str(room), [fault]) from None
            time.sleep(0.02)
    try:
        yield
    finally:
        os.close(handle)


def _locked(room: Path) -> int:
    """Take the lock of a folder, which holds until the handle is closed; an error where another has it."""
    if sys.platform == "win32":  # locks no folder, but a file can be made that goes with who made it
        return os.open(room / ".tegmen-lock", os.O_CREAT | os.O_EXCL | os.O_TEMPORARY | os.O_RDWR)
    import fcntl

    handle = os.open(room, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:
        pass  # a file system without locks: nobody can be waited for
    return handle


def plain_file_fault(file: Path) -> str | None:
    """Say what stands in the way of writing a file: a link, a folder, a pipe, a device; None for nothing."""
    kinds = ((Path.is_symlink, "a link"), (Path.is_dir, "a folder"), (Path.is_fifo, "a pipe"))
    for is_one, kind in kinds:
        if is_one(file):
            return f"found {kind} of that name, which is never replaced; give another name, or move it away"
    if file.exists() and not file.is_file():
        return "found a device of that name, which is never replaced; give another name"
    return None


def write_content(file: Path, content: bytes) -> None:
    """Write a new file, and have it on the disk."""
    with file.open("xb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def replace_file(file: Path, content: bytes) -> None:
    """Write a file, or another content in its place: whole or not at all.

    Raises
    ------
    InputError
        Something that is no plain file has the name.
    OSError
        The folder cannot be written.
    """
    if fault := plain_file_fault(file):
        raise InputError(str(file), [fault])
    with making(file) as folder:
        put_file(file, content, folder)


def put_file(file: Path, content: bytes, folder: Path) -> None:
    """Write a file by way of a folder that `making` gave; its new name is on the disk, too, when this returns."""
    write_content(folder / "content", content)
    if file.exists():
        shutil.copymode(file, folder / "content")
    (folder / "content").replace(file)
    if sys.platform != "win32":  # opens no folder
        handle = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def swap(one: Path, other: Path) -> bool:
    """Let two folders change places at once; False where the system cannot, and nothing was done."""
    if sys.platform not in _EXCHANGE:
        return False
    name, before, flag = _EXCHANGE[sys.platform]
    call = getattr(ctypes.CDLL(None), name, None)
    if call is None:
        return False
    arguments = [part for path in (one, other) for part in (*before, os.fsencode(path))]
    return call(*arguments, ctypes.c_uint(flag)) == 0
