"""The error tree: every message says where, what was found, what is allowed and what to do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

KeyPath = tuple[int | str, ...]
"""Keys and list positions from the top of a file to what is wrong in it."""
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)"  # control characters: they command terminals and stop drawing
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # direction marks: they show words in another order
    r"|[\ud800-\udfff\ufffe\uffff]"  # halves of characters, and what is none
)


def visible(text: str) -> str:
    """Write control characters, direction marks and what is no character as their codes: text is data, no command."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def without_hidden(text: str) -> str:
    """Leave out what `visible` would write as a code; what separates words becomes a space."""
    return _HIDDEN.sub(lambda match: " " if match[0].isspace() else "", text)


def hidden_fault(text: str) -> str | None:
    """Say which character of a text is not to be seen, or None."""
    found = _HIDDEN.search(text)
    if found is None:
        return None
    what = f"found the character {visible(found[0])} after {visible(text[: found.start()])[-20:]!r}"
    return f"{what}; control characters and direction marks are not allowed in text: remove it"


class TegmenError(Exception):
    """An error the user can act on; the command line prints it in plain words, without a trace."""

    exit_code = 1

    def __str__(self) -> str:
        return visible(super().__str__())  # what was found in a stranger's file commands no terminal


class InputError(TegmenError):
    """One or more faults in something the user gave; all faults of one input are gathered first.

    Parameters
    ----------
    where
        File, option or argument the faults are in.
    faults
        One line a fault: row or key, what was found, what is allowed, what to do.
    """

    def __init__(self, where: str, faults: Sequence[str]) -> None:
        self.where = where
        self.faults = tuple(faults)
        if len(self.faults) == 1:
            message = f"{where}: {self.faults[0]}"
        else:
            lines = "\n".join(f"  - {fault}" for fault in self.faults)
            message = f"{where}: {len(self.faults)} faults\n{lines}"
        super().__init__(message)


class EvidenceError(TegmenError):
    """The evidence given cannot carry the calculation asked for (no eligible rows, no feasible world)."""


class InfeasibleError(TegmenError):
    """No plan satisfies the limits; the message names the limit that binds."""

    exit_code = 3


def validation_faults(errors: Iterable[Mapping[str, Any]], allowed: Callable[[KeyPath], Iterable[str]]) -> list[str]:
    """Word what pydantic finds in a user's file: place, what was found, what is allowed, what to do.

    Every fault is worded once: a list counts as too short when its items are faulty, and those are named already.

    Parameters
    ----------
    errors
        `ValidationError.errors()`.
    allowed
        Keys allowed at the place of an unknown one; a place ends with "[key]" where the keys are those of a table.

    Returns
    -------
        One line a fault, for `InputError`.
    """
    found = list(errors)
    inner = {error["loc"][:depth] for error in found for depth in range(1, len(error["loc"]))}
    return [_fault_line(error, allowed) for error in found if error["loc"] not in inner]


def _fault_line(error: Mapping[str, Any], allowed: Callable[[KeyPath], Iterable[str]]) -> str:
    place, kind, message, given = error["loc"], error["type"], str(error["msg"]), error["input"]
    path = re.sub(r"\.(\d+)", r"[\1]", ".".join(str(key) for key in place if key != "[key]")) or "(whole file)"
    if kind == "extra_forbidden" or place[-1:] == ("[key]",):
        return f"{path}: unknown key; allowed keys are {', '.join(allowed(place))}; remove it or correct its spelling"
    if kind == "missing":
        return f"{path}: missing; add it"
    if kind == "value_error":
        return f"{path}: {message.removeprefix('Value error, ')}"
    return f"{path}: found {_shown(given)}; {message[0].lower()}{message[1:]}; correct the value"


def _shown(given: object) -> str:
    """A value as far as a line holds it; Python writes no whole number of thousands of digits."""
    try:
        return (str(given) if isinstance(given, dt.date) else repr(given))[:60]
    except (ValueError, RecursionError):
        return f"{type(given).__name__} too long to show"
