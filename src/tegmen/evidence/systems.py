"""The defending systems: their ids, how they are spelled, and what they fire at in the model."""

from __future__ import annotations

from tegmen.terms import FrozenDict

# The order is that of the integer codes of worlds and kernels: what meets ballistic missiles comes first.
BALLISTIC_SYSTEMS = ("patriot", "sampt")
"""Systems that meet ballistic missiles."""
MISSILE_SYSTEMS = (*BALLISTIC_SYSTEMS, "nasams", "iris_t_slm", "hawk", "s300ps", "buk_m1")
"""Systems that fire missiles in the model; guns, mobile groups and jamming are the dispersed layer."""
SYSTEM_NAMES = FrozenDict(
    {
        "patriot": "Patriot",
        "sampt": "SAMP/T",
        "nasams": "NASAMS",
        "iris_t_slm": "IRIS-T SLM",
        "hawk": "Hawk",
        "s300ps": "S-300PS",
        "buk_m1": "Buk-M1",
        "gepard": "Gepard",
        "mobile_fire_group": "mobile fire group",
        "ew": "electronic warfare",
    }
)
"""Id of every system to its name in words; "all" in a table stands for every system together."""
SYSTEM_IDS = tuple(SYSTEM_NAMES)


def system_name(system: str) -> str:
    """Give the name of a system in words; other words of a table ("all") stand as they are, without underscores."""
    return SYSTEM_NAMES.get(system, system.replace("_", " "))
