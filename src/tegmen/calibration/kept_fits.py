"""Arrays kept between runs, by the hash of what they were made from. A fault of the cache is never one of the run."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from platformdirs import user_cache_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tegmen.terms import Floats

KEPT = 10
"""Fits kept; the oldest goes first."""


def cache_folder() -> Path | None:
    """Give the user's folder for fits: ``TEGMEN_CACHE`` (empty: no cache), or the one usual on the system."""
    folder = os.environ.get("TEGMEN_CACHE")
    if folder is None:
        usual = user_cache_path("tegmen", appauthor=False)
        return usual if usual.is_absolute() else None  # not absolute: no home folder
    return Path(folder) if folder else None


def read_or_make(
    folder: Path | None, key: str, names: Iterable[str], make: Callable[[], Mapping[str, Floats]]
) -> Mapping[str, Floats]:
    """Give the named arrays of a key: those kept if all can be read, else made now and kept if they can be written."""
    if folder is None:
        return make()
    path = folder / f"{key}.npz"
    # Whatever is wrong with a damaged file, the arrays are made anew.
    with contextlib.suppress(Exception), path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        return {name: file[name] for name in names}
    arrays = make()
    with contextlib.suppress(OSError):
        _write(folder, path, arrays)
    return arrays


def _write(folder: Path, path: Path, arrays: Mapping[str, Floats]) -> None:
    """Write beside and rename, so that no reader meets half a file; then let the oldest go."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".tegmen-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    newest = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest[KEPT:]:
        old.unlink(missing_ok=True)
