"""End the writing verbs at random moments and look at what is left: `python scripts/kill.py --times 1000`.

Each time a verb is started on a true state, and ended by SIGKILL, SIGINT or SIGTERM after a random part of the time it
takes, or has a disk that is full at a random byte. Then whatever is there must be whole: the old result or the new one,
a ledger that opens, is sound and holds every entry that was acknowledged, an export that can be read. What was left
lying about must be gone after the next run. Counts by verb and way are printed; the exit code is 1 if anything was
wrong.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from tegmen.ledger.jsonl import read_lines
from tegmen.ledger.store import open_ledger

WAYS = ("kill", "interrupt", "terminate", "full disk")
SIGNALS = {"kill": signal.SIGKILL, "interrupt": signal.SIGINT, "terminate": signal.SIGTERM}
LINE = '{{"kind": "statement", "thing": "drones {n}", "date": "2024-03-01", "source": {{"publisher": "Post"}}}}\n'
RESULT = """
import sys
from pathlib import Path
from tegmen.errors import InputError
from tegmen.report.folders import write_files
try:
    for mark in range(40):
        files = {name: f"{mark} " * 20000 for name in ("report.html", "answer.json", "curve.csv")}
        write_files(files, Path(sys.argv[1]))
        print(mark, flush=True)
except InputError as error:
    sys.exit(str(error))
"""
"""The writing of a result folder again and again, without the minutes that its numbers take."""


def command(verb: str, folder: Path) -> list[str]:
    """What is started in a folder."""
    tegmen = [sys.executable, "-m", "tegmen", "ledger"]
    return {
        "new": [*tegmen, "new", "made.ledger"],
        "add": [*tegmen, "add", "lines.jsonl", "--ledger", "own.ledger"],
        "export": [*tegmen, "export", "--ledger", "own.ledger", "--out", "out.jsonl"],
        "review": [*tegmen, "review", "article.txt", "--ledger", "own.ledger", "--publisher", "Post", "--accept-all"],
        "result": [sys.executable, "-c", RESULT, str(folder / "out")],
    }[verb]


def prepare(folder: Path) -> None:
    """Make the true state that every verb begins on."""
    own = [sys.executable, "-m", "tegmen", "ledger", "new", "own.ledger"]
    subprocess.run(own, cwd=folder, check=True, capture_output=True)
    (folder / "article.txt").write_text("Germany gave two Patriot systems on 3 April 2024, the minister said.")
    (folder / "out.jsonl").write_text("old\n")


def once(verb: str, way: str, folder: Path, chance: random.Random) -> tuple[str, list[str]]:
    """End a verb once: how it ended, and what is wrong with what is there."""
    first = chance.randrange(10**9)
    (folder / "lines.jsonl").write_text("".join(LINE.format(n=first + n) for n in range(200)))
    limit = chance.randrange(400_000) if way == "full disk" else None
    full = None if limit is None else partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command(verb, folder), cwd=folder, preexec_fn=full, **pipes)  # noqa: PLW1509 - one limit
    if way in SIGNALS:
        time.sleep(chance.uniform(0.1, 0.8))
        process.send_signal(SIGNALS[way])
    out, err = process.communicate(timeout=60)
    wrong = ["a traceback"] if "Traceback" in err and (way == "full disk" or process.returncode == 130) else []
    return ("to its end" if process.returncode == 0 else "in the middle"), wrong + LOOKS[verb](folder, out)


def ledger_is_whole(file: Path, acknowledged: list[str]) -> list[str]:
    """Say what is wrong with a ledger."""
    with open_ledger(file) as ledger:
        known, lines = set(ledger.current()), "".join(f"{line}\n" for line in ledger.export())
    lost = [f"lost {each}" for each in acknowledged if each not in known]
    return lost if file.read_text(encoding="utf-8") == lines else ["not what it exports", *lost]


def look_at_new(folder: Path, out: str) -> list[str]:
    """A new ledger is whole or not there."""
    made = folder / "made.ledger"
    if not made.exists():
        return ["acknowledged and not there"] if out.startswith("made") else []
    wrong = ledger_is_whole(made, [])
    for file in folder.glob("made.ledger*"):
        file.unlink()
    return wrong


def look_at_own(folder: Path, out: str) -> list[str]:
    """The ledger is whole and holds every entry whose id was printed."""
    return ledger_is_whole(
        folder / "own.ledger", [line for line in out.split("\n")[:-1] if line.startswith("statement-")]
    )


def look_at_export(folder: Path, _out: str) -> list[str]:
    """The export is the old one or a whole new one."""
    content = (folder / "out.jsonl").read_bytes()
    faults = [] if content == b"old\n" else [f"half an export: {fault}" for fault in read_lines(content, "out").faults]
    (folder / "out.jsonl").write_text("old\n")
    return faults


def look_at_result(folder: Path, out: str) -> list[str]:
    """The files of a result are of one run, and not of one before the last acknowledged."""
    marks = (
        {path.name: set(path.read_text().split()) for path in (folder / "out").glob("*")}
        if (folder / "out").exists()
        else {}
    )
    found = set().union(*marks.values()) if marks else set()
    done = [int(line) for line in out.split("\n")[:-1] if line.isdigit()]
    wrong = [] if len(found) <= 1 and len(marks) in {0, 3} else [f"half a set: {marks}"]
    return wrong + (["an acknowledged result is gone"] if done and (not found or int(min(found)) < done[-1]) else [])


LOOKS = {
    "new": look_at_new, "add": look_at_own, "review": look_at_own, "export": look_at_export, "result": look_at_result,
}  # fmt: skip


def main() -> int:
    """Read the options, and end verbs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, count, faults = random.Random(options.seed), Counter[tuple[str, str, str]](), 0  # noqa: S311 - no secret
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(folder)
        for _ in range(options.times):
            if time.monotonic() > until:
                break
            verb, way = chance.choice(list(LOOKS)), chance.choice(WAYS)
            ended, wrong = once(verb, way, folder, chance)
            count[verb, way, ended] += 1
            faults += bool(wrong)
            for fault in wrong:
                print(f"{verb}, {way}: {fault}", flush=True)
        for verb in LOOKS:
            subprocess.run(command(verb, folder), cwd=folder, check=False, capture_output=True)
        left = [path.name for path in folder.rglob(".tegmen-*")]
    for key, number in sorted(count.items()):
        print(f"{', '.join(key)}: {number}")
    print(f"{count.total():,} times; wrong {faults:,} times; left lying about after the next run: {len(left)}")
    return int(faults > 0 or bool(left))


if __name__ == "__main__":
    raise SystemExit(main())
