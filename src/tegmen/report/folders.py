"""Folders of results: checked before the work, filled all at once or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tegmen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


REPORT_FILES = ("report.html", "answer.json", "curve.csv", "places.csv", "plan.geojson")


def check_folder(folder: Path, names: Iterable[str]) -> None:
    """Check that files of these names can be written into a folder, or it be made, without leaving anything behind.

    Raises
    ------
    InputError
        The folder, or the one it would be made in, cannot be written; or a file or folder is in the way.
    """
    try:
        nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        os.rmdir(tempfile.mkdtemp(prefix=".tegmen-", dir=nearest))  # noqa: PTH106 - a path as text comes back
    except OSError as error:
        raise InputError(str(folder), [_unwritable(error)]) from None
    faults = [
        f"{name} in it is a folder; a file of that name is to be written: move it away, or give another folder (--out)"
        for name in names
        if (folder / name).is_dir()
    ]
    if faults:
        raise InputError(str(folder), faults)


def check_writable(out: str | Path) -> None:
    """Check that the report's folder can be written, or made, without leaving anything behind.

    Raises
    ------
    InputError
        The folder, or the one it would be made in, cannot be written; or a file or folder is in the way.
    """
    check_folder(Path(out), REPORT_FILES)


def write_files(files: Mapping[str, str], folder: Path) -> None:
    """Write files by name; they appear complete or not at all.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    try:
        _place_files(files, folder)
    except OSError as error:
        raise InputError(str(folder), [_unwritable(error)]) from None


def _unwritable(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"the output folder cannot be written ({reason}); give a folder you may write to (--out FOLDER)"


def _place_files(files: Mapping[str, str], folder: Path) -> None:
    """Write into a temporary folder on the same disk, then rename; on any failure take away what was made."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    temporary: Path | None = None
    done = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".tegmen-", dir=folder))
        for name, text in files.items():
            (temporary / name).write_bytes(text.encode())
        for name in files:
            (temporary / name).replace(folder / name)
        done = True
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        if not done:
            for path in made:
                with contextlib.suppress(OSError):
                    path.rmdir()
