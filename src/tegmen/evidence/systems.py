"""The defending systems: their ids, how they are spelled, and what they are able to do in the model."""

from __future__ import annotations

from typing import NamedTuple

from tegmen.terms import FrozenDict


class _System(NamedTuple):
    id: str
    name: str
    fires_missiles: bool
    meets_ballistic: bool


# The order is that of the integer codes of worlds and kernels: what meets ballistic missiles first, then what fires
# missiles; guns, mobile groups and jamming are the dispersed layer of the model.
_TABLE = (
    _System("patriot", "Patriot", fires_missiles=True, meets_ballistic=True),
    _System("sampt", "SAMP/T", fires_missiles=True, meets_ballistic=True),
    _System("nasams", "NASAMS", fires_missiles=True, meets_ballistic=False),
    _System("iris_t_slm", "IRIS-T SLM", fires_missiles=True, meets_ballistic=False),
    _System("hawk", "Hawk", fires_missiles=True, meets_ballistic=False),
    _System("s300ps", "S-300PS", fires_missiles=True, meets_ballistic=False),
    _System("buk_m1", "Buk-M1", fires_missiles=True, meets_ballistic=False),
    _System("gepard", "Gepard", fires_missiles=False, meets_ballistic=False),
    _System("mobile_fire_group", "mobile fire group", fires_missiles=False, meets_ballistic=False),
    _System("ew", "electronic warfare", fires_missiles=False, meets_ballistic=False),
)

SYSTEM_NAMES = FrozenDict({system.id: system.name for system in _TABLE})
"""Id of every system to its name in words; "all" in a table stands for every system together."""
SYSTEM_IDS = tuple(SYSTEM_NAMES)
MISSILE_SYSTEMS = tuple(system.id for system in _TABLE if system.fires_missiles)
"""Systems that fire missiles; the place in this tuple is the integer code of worlds and kernels."""
BALLISTIC_SYSTEMS = tuple(system.id for system in _TABLE if system.meets_ballistic)
"""Systems that meet ballistic missiles: the first of `MISSILE_SYSTEMS`, by code."""
