"""Time of the ledger with ten thousand entries: opening, every view, adding, export and import.

Run with ``python benchmarks/ledger.py``; prints one line a figure. Medians of seven.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tegmen.ledger.aid import aid_status
from tegmen.ledger.entries import STAGES, Entry, Quantity, Source
from tegmen.ledger.store import new_ledger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRIES, TIMES = 10_000, 7
FIRST = dt.date(2022, 2, 24)


def entries(source: str) -> list[Entry]:
    """Give statements, of which every fifth is corrected and many are rivals, and commitments with lives."""
    made: list[Entry] = []
    while len(made) < ENTRIES:
        number = len(made)
        day = FIRST + dt.timedelta(days=number % 900)
        about = {"source": source, "date": day, "note": f"row {number}"}
        count = Quantity(number, number, number, "exact", "drones")
        period = (day, day + dt.timedelta(days=30))
        if number % 3:
            said = Entry(
                "statement", "A speaker", "an agency", f"drones launched {number % 50}", count, period, **about
            )
            made.append(said)
            if number % 5 == 0:
                made.append(Entry("statement", "A speaker", thing=said.thing, quantity=count, period=period,
                                  corrects=said.id, **about))  # fmt: skip
        else:
            parties = {"participants": (f"holder {number % 40}", "Ukraine"), "thing": "Patriot", "quantity": count}
            begun = Entry("commitment", status="pledged", due=day, **parties, **about)
            steps = [Entry("commitment", status=stage, of=begun.id, **parties, **about) for stage in STAGES[2:5]]
            made += [begun, *steps]
    return made[:ENTRIES]


def median_s(work: Callable[[], object]) -> str:
    """Time some work; median, least and most [s], and the processor's time, which a busy machine moves less."""
    spent, worked = list[float](), list[float]()
    for _ in range(TIMES):
        begin, begun = time.perf_counter(), time.process_time()
        work()
        spent.append(time.perf_counter() - begin)
        worked.append(time.process_time() - begun)
    return (
        f"{statistics.median(spent):.3f} s ({min(spent):.3f}–{max(spent):.3f}), cpu {statistics.median(worked):.3f} s"
    )


def main() -> None:
    """Measure and print."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    source = Source("Example Press")
    made = entries(source.id)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.db"
        begin = time.perf_counter()
        with new_ledger(file, empty=True) as ledger:
            ledger.add([source], made)
        print(f"add {ENTRIES} entries at once: {time.perf_counter() - begin:.2f} s; {file.stat().st_size / 1e6:.1f} MB")
        print(f"open: {median_s(lambda: open_ledger(file).close())}")
        with open_ledger(file) as ledger:
            some = next(each for each, entry in ledger.current(kind="statement").items() if entry.corrects)
            views: dict[str, Callable[[], object]] = {
                "all current entries": ledger.current,
                "one kind": lambda: ledger.current(kind="commitment"),
                "one thing": lambda: ledger.current(thing="launched 7"),
                "one speaker": lambda: ledger.current(speaker="a speaker"),
                "one day": lambda: ledger.current(at=dt.date(2023, 5, 1)),
                "sources": ledger.sources,
                "history of an entry": lambda: ledger.history(some),
                "rivals of an entry": lambda: ledger.rivals(some),
                "all disputed things": ledger.disputed,
                "lives of commitments": ledger.lives,
                "aid at a day": lambda: aid_status(ledger, dt.date(2024, 6, 30)),
                "export": lambda: list(ledger.export()),
            }
            for name, view in views.items():
                print(f"{name}: {median_s(view)}")
            lines = "\n".join(ledger.export()).encode()
            begin = time.perf_counter()
            with new_ledger(empty=True) as copy:
                copy.take_in(lines, "copy")
            print(f"import {len(lines) / 1e6:.1f} MB: {time.perf_counter() - begin:.2f} s")
            number = iter(range(10**9))
            one = median_s(lambda: ledger.add([], [Entry("statement", thing=f"x{next(number)}", source=source.id)]))
            print(f"add one entry: {one}")


if __name__ == "__main__":
    main()
