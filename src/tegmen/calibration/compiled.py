"""Compiled code kept between runs: a folder that cannot be read or written costs some seconds, never a run.

numba keeps what it compiled, but looks for changes only in the file of the function that is called. So the folder is
named after the sources of all kernels, and a change in any of them begins a new one. A kernel is a module, or a folder
of modules, that is called so.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from threading import Lock
from typing import Any

import numba
import numpy as np
from numba.core import config
from numba.core.errors import NumbaError
from platformdirs import user_cache_path

_SETTINGS: Any = config
_LOG = logging.getLogger("tegmen")
KERNELS_KEPT = 4
"""Folders kept, of one state of the sources each; the oldest goes first."""
_KEEPING = Lock()
_CALLED_FROM_PYTHON: list[Any] = []
_MENDS = 2
"""A damaged file is one fault; a full disk, when it is written anew, another."""


def kept_compiled(function: Any) -> Callable[..., Any]:
    """Decorate a compiled function that Python calls, so that its code is kept, with the code of all that it calls."""
    if _SETTINGS.DISABLE_JIT:
        return function
    _CALLED_FROM_PYTHON.append(function)

    @wraps(function.py_func)
    def call(*arguments: Any) -> Any:
        with _KEEPING:
            if not function.signatures:
                _keep_code(function)
        for _ in range(_MENDS):
            try:
                return function(*arguments)
            except (MemoryError, NumbaError):
                raise
            except Exception as fault:  # noqa: BLE001 - unpacking a damaged file can raise anything
                # Compiled code itself raises nothing else, so nothing has run yet: begin a new folder and go on.
                _note(str(_code_folder()), fault)
                shutil.rmtree(_code_folder() or "", ignore_errors=True)
        return function(*arguments)

    return call


def nothing_compiled() -> bool:
    """Tell whether nothing of the kernel was compiled, in this process or by one that kept it: all has yet to be."""
    folder = _code_folder()
    here = any(function.signatures for function in _CALLED_FROM_PYTHON)
    return bool(_CALLED_FROM_PYTHON) and not here and (folder is None or not any(folder.rglob("*.nbi")))


def _keep_code(function: Any) -> None:
    folder, before = _code_folder(), _SETTINGS.CACHE_DIR
    if folder is not None:
        _SETTINGS.CACHE_DIR = str(folder)
        function.enable_caching()
        # Other people's functions keep their own place.
        _SETTINGS.CACHE_DIR = before


@cache
def _code_folder() -> Path | None:
    """Folder for the code of these sources, which can be written to; None without one."""
    base = _base()
    if base is None:
        return None
    folder = base / "compiled" / _source_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)
    except OSError as fault:
        _note(str(folder), fault)
        return None
    newest = sorted(folder.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in newest[KERNELS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _base() -> Path | None:
    """``NUMBA_CACHE_DIR``, else ``TEGMEN_CACHE`` (empty: keep nothing), else the user's folder usual on the system."""
    told = _SETTINGS.CACHE_DIR or os.environ.get("TEGMEN_CACHE")
    if told is not None:
        return Path(told).absolute() if told else None
    usual = user_cache_path("tegmen", appauthor=False)
    # Without a home it is not a place.
    return usual if usual.is_absolute() else None


def _source_digest() -> str:
    """Short sha256 of the sources of all kernels and of what compiles them."""
    digest = hashlib.sha256(f"{sys.version} {numba.__version__} {np.__version__}".encode())
    package = Path(__file__).parent.parent
    for file in [Path(__file__), *sorted(package.glob("*/kernel.py")), *sorted(package.glob("*/kernel/*.py"))]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _note(folder: str, fault: BaseException) -> None:
    _LOG.warning("%s cannot keep compiled code (%s): compiling takes some seconds each time", folder, fault)
