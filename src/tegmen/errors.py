"""The error tree: every message says where, what was found, what is allowed and what to do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from inspect import signature
from numbers import Integral, Real
from pathlib import Path
from sys import modules
from types import SimpleNamespace, UnionType
from typing import Any, Literal, ParamSpec, TypeVar, Union, cast, get_args, get_origin, get_type_hints

P = ParamSpec("P")
R = TypeVar("R")
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


# ---------------------------------------------------------------- arguments


def checked_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a public function so that an argument of another type than its annotation is refused in a sentence.

    What stands inside a list of literals is left to the function, which names what is allowed there.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        hints = _hints_of(function)
        given = signature(function).bind(*args, **kwargs).arguments
        faults = [
            f"{name}: found {visible(repr(value))[:60]} ({type(value).__name__}); give {_type_words(hints[name])}"
            for name, value in given.items()
            if name in hints and not _fits(value, hints[name])
        ]
        if faults:
            raise InputError(function.__name__, faults)
        return function(*args, **kwargs)

    return called


class _PublicNames(dict[str, Any]):
    """Names of annotations: those given, and else those of the package, which load when they are first asked for."""

    def __missing__(self, name: str) -> Any:
        with suppress(AttributeError):
            return getattr(modules[__package__ or ""], name)
        raise KeyError(name)


def _hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Types of the arguments, but for names that a module imports for checkers alone and the package does not name."""
    known = _PublicNames({"Mapping": Mapping, "Sequence": Sequence, "Path": Path, "date": dt.date})
    hints: dict[str, Any] = {}
    for name, annotation in function.__annotations__.items():
        with suppress(NameError):
            alone = SimpleNamespace(__annotations__={name: annotation})
            hints |= get_type_hints(alone, vars(modules[function.__module__]), known)
    return hints


def _fits(value: object, hint: Any) -> bool:
    """Whether a value is of an annotated type; what is no simple type fits."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in (int, float):
        return not isinstance(value, bool) and isinstance(value, Integral if hint is int else Real)
    if origin is Literal:
        return value in inner
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is tuple:
        exact = isinstance(value, tuple | list) and len(cast("Sequence[object]", value)) == len(inner)
        return exact and all(map(_fits, cast("Sequence[object]", value), inner))
    if origin is Sequence:
        many = isinstance(value, Iterable) and not isinstance(value, str | bytes)
        known = get_origin(inner[0]) is not Literal and isinstance(value, tuple | list)
        return many and (not known or all(_fits(each, inner[0]) for each in cast("Sequence[object]", value)))
    if origin is Mapping:
        pairs = cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else [(None, None)]
        return all(_fits(key, inner[0]) and _fits(each, inner[1]) for key, each in pairs)
    if origin is Callable:
        return callable(value)
    return isinstance(value, hint) if isinstance(hint, type) else True


def _type_words(hint: Any) -> str:
    """What is allowed, in words."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_type_words, inner)))
    if origin is tuple:
        return f"({', '.join(map(_type_words, inner))})"
    if origin is Sequence:
        return f"a list of {_type_words(inner[0])}"
    if origin is Mapping:
        return f"a mapping of {_type_words(inner[0])} to {_type_words(inner[1])}"
    if origin is Callable:
        return "a function"
    plain = {int: "a whole number", float: "a number", str: "text", type(None): "None"}
    name = str(getattr(hint, "__name__", hint))
    return plain.get(hint, f"{'an' if name[0] in 'AEIO' else 'a'} {name}")
