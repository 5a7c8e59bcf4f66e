"""An option: how many of which kinds of fire units are added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tegmen.errors import InputError, checked_arguments

Option = Mapping[str, int]
"""Kind of fire unit, by its id in the catalogue, to the number added."""
ADDED_MOST = 500
"""More units than this of one kind are no option: every Patriot ever built is half of it."""


@checked_arguments
def parse_option(text: str) -> dict[str, int]:
    """Read "patriot=7,nasams=2".

    Raises
    ------
    InputError
        Parts that are no KIND=NUMBER, and kinds named twice: all at once.
    """
    option: dict[str, int] = {}
    faults: list[str] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([a-z][a-z0-9_]*)\s*=\s*([0-9]{1,4})\s*", part)
        if found is None:
            faults.append(
                f"found {ascii(part.strip())[:60]}; give KIND=NUMBER, several with commas: patriot=7,nasams=2"
            )
        elif found[1] in option:
            faults.append(f"found {found[1]} twice; give each kind once")
        else:
            option[found[1]] = int(found[2])
    if faults:
        raise InputError("--added", faults)
    return option


def option_faults(option: Option, allowed: Iterable[str]) -> list[str]:
    """Name everything wrong with an option: a kind that is not allowed, a number that is none, nothing added at all."""
    known = tuple(allowed)
    faults = [f"found kind {kind!r}; allowed are {', '.join(known)}" for kind in option if kind not in known]
    faults += [
        f"found {count!r} of {kind}; give a whole number from 0 to {ADDED_MOST}"
        for kind, count in option.items()
        if type(count) is not int or not 0 <= count <= ADDED_MOST
    ]
    if not faults and not any(option.values()):
        faults.append(f"found {dict(option)}: nothing is added; give a kind and a number, such as patriot=7")
    return faults
