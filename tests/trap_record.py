"""A made-up public list with every trap of the real one: what each is, and the rows that set it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "time_start", "time_end", "model", "launch_place", "target", "target_main", "launched", "destroyed",
    "not_reach_goal", "still_attacking", "border_crossing", "is_shahed", "num_hit_location",
    "num_fall_fragment_location", "carrier", "turbojet", "turbojet_destroyed", "affected region", "destroyed_details",
    "launched_details", "launch_place_details", "source",
)  # fmt: skip
OWN_WEAPON = "Zmei-3"
OWN_WEAPONS = f'"{OWN_WEAPON}" = "cruise"\n'
DRONE, SOUTH = "Shahed-136/131", "PvKPivden/posts/x"


def row(end: str, model: str, counts: str, target: str = "Ukraine", **more: str) -> dict[str, str]:
    """A report of a national channel; counts as "launched destroyed lost", each as it stands in the cell."""
    launched, destroyed, lost = (*counts.split(" "), "", "")[:3]
    named = {"time_start": end[:10], "time_end": end, "model": model, "target": target, "border_crossing": "{}"}
    numbers = {"launched": launched, "destroyed": destroyed, "not_reach_goal": lost}
    return dict.fromkeys(HEADER, "") | named | numbers | {"source": f"kpszsu/posts/{end}"} | more


TRAPS: dict[int, list[dict[str, str]]] = {
    1: [row("2024-03-04 06:00", DRONE, "30.0 22.0", time_start="2024-03-02 20:00")],  # 34 hours
    2: [row("2024-03-05", "Kalibr", "4.0 3.0"), row("2024-03-06 08:00", "Kalibr", "2.0 0.0")],
    3: [row("2024-03-07 3:30", DRONE, "12.0 9.0"), row("2024-03-08 ", DRONE, "15.0 14.0")],
    4: [row("2024-03-09 05:00", "X-101/X-555", "9.0 7.0", time_start="2024-03-08 23:00")],  # rows: newest first
    5: [
        row("2024-03-10 05:00", "X-101/X-555 and Kalibr and X-22", "14.0 9.0"),
        row("2024-03-11 05:00", "Iskander-M and C-300", "6.0 0.0", "Kharkiv oblast"),
    ],
    6: [
        row("2024-03-12 05:00", "х-59", "2.0 1.0", "Sumy oblast"),  # Cyrillic letter
        row("2024-03-12 06:00", "kalibr and Kh-101/KH-555", "8.0 6.0"),
    ],
    7: [row("2024-03-13", "X-59", " 0.0", "Odesa oblast"), row("2024-03-13", DRONE, " ")],
    8: [row("2024-03-14", DRONE, "5.0 6.0"), row("2024-03-14 01:00", DRONE, "0.0 0.0")],
    9: [row("2024-03-15", model, "3.0 3.0", "south", source=SOUTH) for model in ("X-59", "Lancet")],
    10: [row("2024-03-16 05:00", DRONE, "18.0 16.0"), row("2024-03-16 05:00", DRONE, "4.0 4.0", source=SOUTH)],
    11: [
        *(row(f"2024-03-{day} 05:00", "Iskander-M", "2.0 2.0", "Kyiv") for day in (17, 21, 25)),
        *(row(f"2024-03-{day} 07:00", "Iskander-M/KN-23", "3.0 0.0", "Kharkiv oblast") for day in (17, 19, 23)),
    ],
    12: [row("2024-03-18", "C-300/C-400", "6.0 0.0", "Kharkiv oblast"), row("2024-03-20", "C-300", "4.0 0.0", "east")],
    13: [row(f"2024-03-{day} 06:00", DRONE, f"20.0 {k}.0") for day, k in ((20, 3), (22, 20), (24, 6), (26, 19))],
    14: [row("2024-03-27 04:00", "GBU", "8.0 8.0", "Kyiv")],
    15: [row("2023-10-05", "X-101/X-555", "6.0 5.0"), row("2024-01-02 08:00", "Iskander-M", "5.0 1.0")],  # gaps
    16: [
        row(
            "2024-06-20 06:00", DRONE, "27.0 20.0 5.0", is_shahed="15", carrier="8 x Tu-95MS",
            destroyed_details="{'south': NaN}", border_crossing="{'belarus': 2.0}",
        ),
        row("2024-06-22 06:00", DRONE, "16.0 15.0 11.0"),
    ],
    17: [
        row("2024-03-28 05:00", "Kinzhal", "1.0 1.0", "Kyiv oblast"),
        row("2024-03-29 05:00", "Kalibr", "2.0 1.0", "Lutsk oblast"),
        row("2024-03-30 05:00", "Kalibr", "2.0 2.0", "Kyiv and Lutsk oblast and Atlantis"),
    ],
}  # fmt: skip
OWN = [row("2024-03-30 06:00", OWN_WEAPON, "3.0 1.0")]
AT_FAULT = len(TRAPS[8]) + len(OWN)


def write_trap_record(path: Path) -> Path:
    """Write the list, newest first as the public one."""
    rows = sorted([each for rows in TRAPS.values() for each in rows] + OWN, key=lambda each: each["time_end"])
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, HEADER, lineterminator="\n")
        table.writeheader()
        table.writerows(reversed(rows))
    return path
