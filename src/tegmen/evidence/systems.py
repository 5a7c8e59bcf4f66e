"""Kinds of fire units: what their rows of the catalogue enable them to do, and the codes they have in worlds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tegmen.terms import FrozenDict, ThreatClass

if TYPE_CHECKING:
    from tegmen.evidence.parameters import Parameter


def _reaches(name: str) -> Callable[[Parameter], bool]:
    return lambda row: row.name == name and (row.high or 0) > 0


_MET: Mapping[ThreatClass, Callable[[Parameter], bool]] = FrozenDict(
    {
        ThreatClass.ballistic: _reaches("defended_radius_ballistic"),
        ThreatClass.cruise: _reaches("defended_radius_cruise"),
        ThreatClass.drone: lambda row: row.name == "kill_share" and row.threat_class == ThreatClass.drone.name,
    }
)
"""Class to the row that says that a kind meets it, the most demanding class first."""
MET_BY = FrozenDict(
    {
        ThreatClass.ballistic: "a row defended_radius_ballistic above 0",
        ThreatClass.cruise: "a row defended_radius_cruise above 0",
        ThreatClass.drone: "a row kill_share of class drone",
    }
)
"""The same in words."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds of fire units of a catalogue, in the order of their codes.

    Parameters
    ----------
    met
        Kind to the classes it meets. Kinds that meet ballistic missiles come first, then those that meet cruise
        missiles, then drones, then those that meet nothing; within each as in the catalogue.
    """

    met: Mapping[str, frozenset[ThreatClass]]

    @classmethod
    def of(cls, rows: Iterable[Parameter]) -> Kinds:
        """Take what each kind meets from its rows."""
        met: dict[str, set[ThreatClass]] = {}
        for row in rows:
            if row.system and row.system != "all":
                met.setdefault(row.system, set()).update(threat for threat, says in _MET.items() if says(row))
        order = sorted(met, key=lambda kind: [threat not in met[kind] for threat in _MET])
        return cls(FrozenDict({kind: frozenset(met[kind]) for kind in order}))

    def __len__(self) -> int:
        return len(self.met)

    @property
    def ids(self) -> tuple[str, ...]:
        """The kinds; the place of one in it is its code."""
        return tuple(self.met)

    def code(self, kind: str) -> int:
        """Code of a kind in worlds and kernels."""
        return self.ids.index(kind)

    def meeting(self, *classes: ThreatClass) -> tuple[str, ...]:
        """Kinds that meet one of these classes, by code."""
        return tuple(kind for kind, met in self.met.items() if met & {*classes})


_NEEDED: Mapping[ThreatClass, tuple[tuple[str, str], ...]] = FrozenDict(
    {
        ThreatClass.ballistic: (
            ("defended_radius_ballistic", ""), ("relative_effectiveness", "ballistic"),
            ("ballistic_launcher_share", ""), ("simultaneous_engagements", ""), ("launchers_per_fire_unit", ""),
            ("ready_missiles_per_launcher", ""),
        ),
        ThreatClass.cruise: (
            ("defended_radius_cruise", ""), ("relative_effectiveness", "cruise"), ("range_air_targets", ""),
            ("preference_rank", ""), ("simultaneous_engagements", ""), ("launchers_per_fire_unit", ""),
            ("ready_missiles_per_launcher", ""),
        ),
        ThreatClass.drone: (
            ("kill_share", "drone"), ("defended_radius_drone", ""), ("simultaneous_engagements", ""),
        ),
    }
)  # fmt: skip
"""Class to the rows, by name and class, that worlds take of a kind that meets it."""


def rows_missing(kind: str, rows: Sequence[Parameter]) -> list[str]:
    """Name the rows that a kind lacks for what its other rows say it does; a kind that does nothing lacks them all."""
    there, met = {(row.name, row.threat_class) for row in rows}, Kinds.of(rows).met[kind]
    if not met:
        return [f"kind {kind!r} protects against nothing: it has neither {', nor '.join(MET_BY.values())}"]
    faults = [
        f"kind {kind!r} meets {threat.name} targets and has no row {name}{f' of class {about}' if about else ''}"
        for threat in met
        for name, about in _NEEDED[threat]
        if (name, about) not in there
    ]
    if ("rounds_per_kill", "") in there and not {("ready_rounds", ""), ("stock_drone", "drone")} <= there:
        faults.append(f"kind {kind!r} has rounds_per_kill, and not both ready_rounds and stock_drone of class drone")
    twice = sorted({row.label for row in rows if [each.label for each in rows].count(row.label) > 1})
    return list(dict.fromkeys(faults)) + [f"kind {kind!r}: found {label!r} twice; keep one row" for label in twice]
