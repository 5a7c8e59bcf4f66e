"""What ships with tegmen besides code: tables, scenarios and texts; the one door to them."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

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
