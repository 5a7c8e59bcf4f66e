"""Arrays kept between runs, by the hash of what they were made from. A fault of the cache is never one of the run."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

KEPT = 10
"""Fits kept; the oldest goes first."""


def cache_folder() -> Path | None:
    """Give the user's folder for fits: ``TEGMEN_CACHE`` (empty: no cache), or the one usual on the system."""
    told = os.environ.get("TEGMEN_CACHE")
    if told is not None:
        return Path(told) if told else None
    with contextlib.suppress(RuntimeError):  # no home folder
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "tegmen"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "tegmen"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tegmen"
    return None


def kept(folder: Path | None, key: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> Arrays:
    """Give the arrays of a key: those kept, if they can be read, else made now and kept, if they can be written."""
    if folder is None:
        return dict(make())
    path = folder / f"{key}.npz"
    faults = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)
    with contextlib.suppress(*faults), np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
    arrays = dict(make())
    with contextlib.suppress(OSError):
        _keep(folder, path, arrays)
    return arrays


def _keep(folder: Path, path: Path, arrays: Arrays) -> None:
    """Write beside and rename, so that no reader meets half a file; then let the oldest go."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".tegmen-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    newest = sorted(folder.glob("*.npz"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in newest[KEPT:]:
        old.unlink(missing_ok=True)
