"""Folders of results: checked before the work, filled all at once or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tegmen.errors import InputError, checked_arguments
from tegmen.ledger.files import making, plain_file_fault, swap, write_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


REPORT_FILES = ("report.html", "answer.json", "curve.csv", "places.csv", "plan.geojson", "live.html")


@checked_arguments
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
    faults = [f"{name}: {fault} (--out)" for name in names if (fault := plain_file_fault(folder / name))]
    if faults:
        raise InputError(str(folder), faults)


@checked_arguments
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
    """Write files as one set; on any failure take away what was made."""
    folder = folder.resolve()  # a link to a folder stays one
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    done = False
    try:
        if made or _can_be_swapped(folder, files):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with making(folder) as beside:
                _place_beside(files, folder, beside)
        else:
            with making(folder, inside=True) as within:
                _fill(within, files)
                for name in files:
                    (within / name).replace(folder / name)
        done = True
    finally:
        if not done:
            for path in made:
                with contextlib.suppress(OSError):
                    path.rmdir()


def _place_beside(files: Mapping[str, str], folder: Path, beside: Path) -> None:
    """Fill a new folder, with what else is in the old one, and let it take the old one's place at once."""
    new = beside / "new"
    new.mkdir()
    _fill(new, files)
    if not folder.exists():
        new.rename(folder)
        return
    for other in folder.iterdir():
        if other.name not in files:
            os.link(other, new / other.name)
    shutil.copystat(folder, new)
    if not swap(new, folder):
        for name in files:
            (new / name).replace(folder / name)


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        write_content(folder / name, text.encode())


def _can_be_swapped(folder: Path, files: Mapping[str, str]) -> bool:
    """Whether nobody misses the folder itself: it holds plain files only and is no disk, and nobody stands in it."""
    others = [path for path in folder.iterdir() if path.name not in files]
    return (
        os.access(folder.parent, os.W_OK)
        and not os.path.ismount(folder)
        and not folder.samefile(Path.cwd())
        and all(path.is_file() and not path.is_symlink() and _is_ours(path) for path in others)
    )


def _is_ours(path: Path) -> bool:
    return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()  # of others a second name may be forbidden
