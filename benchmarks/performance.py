"""docs/performance.md from what was measured."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from bounds import Counts, count
from rows import Unavailable

if TYPE_CHECKING:
    from run import Line

HEAD = """\
# Performance

Written by `python benchmarks/run.py --docs` on {date}; run it to get the figures of your machine. Ratios of one thread
are of processor time between neighbours in time within one run, so they hold when the machine is shared; seconds by the
clock do not, and the processor's seconds stand beside them.

Machine: {machine}. Load average {load}.

Reference case: 150 threats (90 drones, 50 cruise missiles, 10 ballistic missiles) against 60 units of 6 kinds, about
720 feasible pairs, all numbers notional (`benchmarks/reference.py`). The rivals fight the same raid:

- **SimPy**: a process a threat, a resource a unit, a random generator of its own, as an analyst would write it.
  Equal to the kernel in distribution (`tests/test_peers.py`).
- **heapq**: the event rule as a plain Python loop with the kernel's draws. Equal bit for bit.
- **C++**: the loop translated and compiled on the spot for this processor. Equal bit for bit, checked before timing.

`benchmarks/answer.py` measures the main job, `tegmen answer`, as a user meets it: cold, warm, and its memory.
"""

WHY = {
    "vs_cpp": (
        "Not reached. Both loops commit the same engagements in the same steps; what is left is code. Tried on the "
        "kernel's loop, by minima of 25 turns: choosing a unit without branches and asking all at dawn (6 % faster "
        "at 60 units, 15 % at 10, nothing at 150), the rounds of a salvo as masks (nothing), tables as columns (a "
        "quarter slower), flat tables (slower). Unsigned indices into the tables paid and are in. "
        "The counts below show where the kernel spends more."
    ),
    "campaigns_10000_s": "Not reached by the clock; the processor's seconds say how much of that is a busy machine.",
    "sweep_s": "Not reached by the clock; the processor's seconds say how much of that is a busy machine.",
}
"""For a row that is not reached: what was tried and what bounds it."""


def compose(lines: list[Line], machine: str, load: str) -> str:
    """The whole note."""
    date = dt.datetime.now(dt.UTC).date().isoformat()
    parts = [HEAD.format(date=date, machine=machine, load=load), "## Figures\n", _table(lines), "## Seen on the way\n"]
    parts += [_seen(lines), "## What bounds it\n", _bounds()]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _table(lines: list[Line]) -> str:
    from run import figure, verdict

    rows = ["| what | name | must | aim | value | n | |", "|---|---|---|---|---|---|---|"]
    for line in lines:
        sign = "≥" if line.row.more else "≤"
        aim = "–" if line.row.aim is None else figure(line.row.aim)
        value, n = ("", "") if line.measured is None else (figure(line.measured.value), str(line.measured.n))
        must = f"{sign} {figure(line.row.must)} {line.row.unit}".strip()
        rows.append(f"| {line.row.title} | `{line.row.name}` | {must} | {aim} | {value} | {n} | {verdict(line)} |")
    return "\n".join(rows) + "\n"


def _seen(lines: list[Line]) -> str:
    from run import figure

    items: list[str] = []
    for line in lines:
        if line.measured is not None and line.measured.seen:
            seen = "; ".join(f"{name} {figure(value)}" for name, value in line.measured.seen.items())
            items.append(f"- `{line.row.name}`: {seen}.")
        why = WHY.get(line.row.name)
        if why and line.measured is not None and not line.row.reached(line.measured.value):
            items.append(f"  {why}")
    return "\n".join(items) + "\n"


def _bounds() -> str:
    try:
        counts = count()
    except Unavailable as reason:
        return f"Not counted: {reason}.\n"
    return _counted(counts)


def _counted(counts: Counts) -> str:
    from run import figure

    rows = [
        "One raid of the reference case, counted by cachegrind (simulated caches and branch predictor, no AVX-512):"
    ]
    rows += ["", "| | kernel | C++ |", "|---|---|---|"]
    rows += [f"| {name} | {figure(value)} | {figure(counts.cpp[name])} |" for name, value in counts.kernel.items()]
    rows += [
        "",
        f"The tables are {counts.table_bytes / 1024:.0f} KiB and stay in the caches, so memory does not bound a raid:",
        "instructions do, and the branches mispredicted, each of which costs as much as many instructions.",
    ]
    return "\n".join(rows) + "\n"
