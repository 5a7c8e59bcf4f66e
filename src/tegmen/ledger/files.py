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
def making(target: Path, *, inside: bool = False) -> Generator[Path]:
    """Give an empty folder to make the next content of a file or folder in; it is gone afterwards.

    Writers in one folder wait for one another, and what a killed one left there of the same target is cleared first.

    Parameters
    ----------
    target
        What is to be made or replaced.
    inside
        Whether to work inside the target, a folder, and not beside it.

    Raises
    ------
    InputError
        Another program has been writing there for too long.
    OSError
        The folder cannot be written.
    """
    room = target if inside else target.absolute().parent
    prefix = f".tegmen-{hashlib.sha256(target.name.encode(errors='surrogateescape')).hexdigest()[:12]}-"
    with _alone_in(room):
        for left in room.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=room))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone_in(room: Path) -> Generator[None]:
    """Lock a folder against other writers; the system drops the lock if we die. Windows locks no folder."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(room, os.O_RDONLY)
    try:
        until = time.monotonic() + WAIT_FOR_WRITER_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    fault = f"another program has been writing there for {WAIT_FOR_WRITER_S:g} s; try again later"
                    raise InputError(str(room), [fault]) from None
                time.sleep(0.02)
            except OSError:
                break  # a file system without locks: nobody can be waited for
        yield
    finally:
        os.close(handle)


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
        write_content(folder / "content", content)
        (folder / "content").replace(file)


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
