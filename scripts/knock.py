"""Knock at every door with mutated input for as long as one likes: `python scripts/knock.py --minutes 30 --first 1000`.

Each knock is made again by its door and seed: `python scripts/knock.py --only claim --first 4711 --knocks 1`. What is
found is printed as it is found; the exit code is 1 if anything was. The small run of the tests has the seeds from 0.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fuzz.doors import Doors, knock, write_extras
from report_example import example

from tegmen.report.answer_json import answer_file


def main() -> int:
    """Read the options and knock."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--first", type=int, default=1000, help="first seed")
    parser.add_argument("--knocks", type=int, default=10**9, help="at most so many a door")
    parser.add_argument("--only", nargs="*", help="doors")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in" / "here"
        folder.mkdir(parents=True)
        (folder.parent / "answer.json").write_text(answer_file(example()).text(), encoding="utf-8")
        write_extras(folder)
        return run(Doors(folder, folder.parent / "answer.json"), options)


def run(doors: Doors, options: argparse.Namespace) -> int:
    """Give each door the same time, in turns of half a second, and say what was found."""
    names = options.only or list(doors.all())
    seeds, spent = dict.fromkeys(names, options.first), dict.fromkeys(names, 0.0)
    counts = {name: Counter[str]() for name in names}
    found, until = 0, time.monotonic() + 60 * options.minutes
    while time.monotonic() < until and min(seeds.values()) < options.first + options.knocks:
        name = min((each for each in names if seeds[each] < options.first + options.knocks), key=spent.__getitem__)
        began = time.monotonic()
        while time.monotonic() < began + 0.5 and seeds[name] < options.first + options.knocks:
            if fault := knock(doors, name, seeds[name], counts[name]):
                found += 1
                print(fault, flush=True)
            seeds[name] += 1
        spent[name] += time.monotonic() - began
    for name in names:
        tried = seeds[name] - options.first
        print(f"{name}: {tried:,} knocks, {counts[name]['read']:,} read, {counts[name]['refused']:,} refused")
    print(f"{sum(seeds.values()) - len(names) * options.first:,} knocks in all; {found:,} faults")
    return int(found > 0)


if __name__ == "__main__":
    raise SystemExit(main())
