"""What ships with tegmen besides code: tables, scenarios and texts; the one door to them, and to a stranger's TOML."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tegmen.errors import InputError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def shipped(*parts: str) -> Traversable:
    """Give a shipped file or folder, e.g. ``shipped("geo", "places.csv")``."""
    return files(__name__).joinpath(*parts)


def shipped_text(*parts: str) -> str:
    """Read a shipped file."""
    return shipped(*parts).read_text(encoding="utf-8")


def shipped_toml(*parts: str) -> dict[str, Any]:
    """Read a shipped TOML file."""
    return tomllib.loads(shipped_text(*parts))


def toml_of(text: str, where: str) -> dict[str, Any]:
    """Read a stranger's TOML.

    Raises
    ------
    InputError
        Not TOML; or brackets in brackets, or digits, without end.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        fault = "brackets within brackets without end; a few levels are allowed"
    except ValueError as error:  # not TOML, or a number of thousands of digits
        fault = str(error)
    raise InputError(where, [f"not valid TOML: {fault}"])
