"""Compile a function once a machine: the compiled code is kept, and a cache that cannot be used never stops a run.

A cache folder may be read-only, full, damaged, or left over from another version. Then the function is compiled anew,
which costs some seconds, and a note says so once.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.caching import FunctionCache, NullCache

_LOG = logging.getLogger("tegmen")
COMPILED_ROOMS = ("words", "calendar", "night", "month")
"""Rooms of compiled functions: a change in any of them makes every cached function stale, for they hold each other."""


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorate a function so that it is compiled on first use and kept on disk where that is possible."""
    if function is None:
        return partial(compiled, **options)
    dispatcher = njit(**options)(function)
    # numba's own `cache=True` fails where no folder is writable and where a file is damaged: this one does not.
    # The places numba keeps its cache and the stamp of its source have no public names.
    dispatcher._cache = _cache_of(function)  # noqa: SLF001  # pyright: ignore[reportAttributeAccessIssue]
    return dispatcher


class _Cache(FunctionCache):
    """numba's cache, in which any failure to read or write is a miss."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception as fault:  # noqa: BLE001 - a damaged file can raise anything while it is unpacked
            _note("cannot be read", self.cache_path, fault)
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as fault:
            _note("cannot be written", self.cache_path, fault)
        except Exception as fault:  # noqa: BLE001 - the index to be extended is damaged: begin a new one
            _note("is damaged and begun anew", self.cache_path, fault)
            self.flush()
            super().save_overload(sig, data)


def _cache_of(function: Callable[..., Any]) -> FunctionCache | NullCache:
    try:
        kept = _Cache(function)
    except RuntimeError as fault:  # numba found no folder that it may write to
        _note("has no place", "any folder", fault)
        return NullCache()
    # numba looks at the file of the function alone, but compiled code holds what it calls from other files too.
    kept._cache_file._source_stamp = _stamp()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return kept


@cache
def _stamp() -> str:
    """sha256 of the source of all compiled rooms."""
    digest = hashlib.sha256()
    for room in COMPILED_ROOMS:
        digest.update(Path(__file__).with_name(f"{room}.py").read_bytes())
    return digest.hexdigest()


@cache
def _note(what: str, where: str, fault: BaseException | None = None) -> None:
    _LOG.warning("the cache of compiled code %s (%s): compiling takes some seconds each time; %s", what, where, fault)
