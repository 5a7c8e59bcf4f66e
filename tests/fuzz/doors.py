"""The doors that text from outside comes in by, and a seeded mutator that knocks at them.

A door is given bytes and either reads them or refuses in words (`TegmenError`). Anything else is a fault of ours: an
exception of another kind, ten seconds without an answer, hidden characters on a terminal, or content that is not what
was read.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import signal
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import tegmen as tg
from tegmen.cli import app as cli
from tegmen.data import shipped_text
from tegmen.errors import InputError, TegmenError, hidden_fault
from tegmen.ledger.jsonl import read_lines
from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.reading.extraction import read_article
from tegmen.question.numbers import gather
from tegmen.question.theatre import set_theatre

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

HANGS_AFTER_S = 10
HOSTILE = (
    b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xe2\x80\xae", b"\x0b", b"\r", b"\n\n", b'"', b"'", b"\\", b"{", b"}",
    b"[" * 400, b"]", b"=", b",", b";", b"\t", b"#", b"-", b"-1", b"0", b"1e308", b"1e400", b"nan", b"inf", b"9"
    * 40, b"9" * 5000, b"0x" + b"f" * 5000, b"0.5", b"1e-320", b"9999-12-31", b"0001-01-01", b"2024-02-30",
    b"true", b"null", b"\xc3\xa9", b"\xd0\x9a", b"&#x1b;", b"=HYPERLINK(1)", b"../own.toml", b"not", b"minus",
    b"%", b" ", b"\xe2\x80\x93", b"{{7*7}}", b"%s%n", b"' OR 1=1 --",
)  # fmt: skip
"""What breaks readers: control bytes, broken encodings, brackets, numbers at the ends of types, days that are none."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change content in one to four places."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        content = chance.choice(_CHANGES)(content, chance)
    return content


def _cut(content: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.choice((1, 1, 2, 8, 60)))


def _insert(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.choice(HOSTILE) + content[at:]


def _replace(content: bytes, chance: random.Random) -> bytes:
    start, stop = _cut(content, chance)
    return content[:start] + chance.choice(HOSTILE) + content[stop:]


def _delete(content: bytes, chance: random.Random) -> bytes:
    start, stop = _cut(content, chance)
    return content[:start] + content[stop:]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start, stop = _cut(content, chance)
    return content[:stop] + content[start:stop] * chance.choice((1, 3)) + content[stop:]


def _flip(content: bytes, chance: random.Random) -> bytes:
    if not content:
        return content
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :]


def _line(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one] = lines[other] if chance.random() < 0.5 else b""
    return b"\n".join(lines)


def _number(content: bytes, chance: random.Random) -> bytes:
    digits = [at for at, byte in enumerate(content) if 48 <= byte <= 57]
    if not digits:
        return _insert(content, chance)
    start = stop = chance.choice(digits)
    while stop < len(content) and 48 <= content[stop] <= 57:
        stop += 1
    return content[:start] + chance.choice(HOSTILE[16:31]) + content[stop:]


def _end(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _insert, _replace, _delete, _repeat, _flip, _line, _number, _number, _end,
)  # fmt: skip


# ---------------------------------------------------------------- doors


@dataclass
class Doors:
    """Every door, with something true to begin with; files go into a folder of their own.

    Parameters
    ----------
    folder
        Empty folder.
    answer
        An answer.json, for pointers.
    """

    folder: Path
    answer: Path
    question: tg.Scenario = field(default_factory=lambda: tg.read_scenario("march-2024"))
    shipped: tg.Record = field(default_factory=tg.read_record)

    def all(self) -> dict[str, tuple[Sequence[bytes], Callable[[bytes], None]]]:
        """Name of a door: what is true there, and how it is knocked at."""
        claims = [text.encode() for text in CLAIMS]
        return {
            "record": (RECORDS, self.record),
            "scenario": ([MARCH], self.scenario),
            "theatre": ([THEATRE], self.theatre),
            "ledger": ([LINES], self.ledger),
            "article": ([text.encode() for text in ARTICLES], self.article),
            "claim": (claims, self.claim),
            "pointer": ([b"/cases/posted/n", b"/evidence/numbers/3/source", b"/cases/posted/claims/0"], self.pointer),
            "answer": ([self.answer.read_bytes()], self.damaged),
            "number": ([text.encode() for text in NUMBERS], self.number),
            "holders": ([HOLDERS], self.holders),
            "options": ([" ".join(line).encode() for line in COMMANDS], self.options),
        }  # fmt: skip

    def record(self, content: bytes) -> None:
        file = self._file("record.csv", content)
        record = tg.read_record(file)
        assert (record.rows["launched"].dropna() >= 0).all(), "a count below zero was read"

    def scenario(self, content: bytes) -> None:
        scenario = tg.read_scenario(self._file("own.toml", content))
        _same(tomllib.loads(content.decode("utf-8-sig")), scenario.model_dump(by_alias=True))
        gather(scenario, ())

    def theatre(self, content: bytes) -> None:
        scenario = tg.read_scenario(self._file("own.toml", content))
        theatre = set_theatre(scenario, self.shipped, scenario.until)
        own = {place.name for place in scenario.places}
        assert own <= set(theatre.places.name), "a place of the user's own is not there"

    def ledger(self, content: bytes) -> None:
        with tg.new_ledger(empty=True) as ledger:
            ledger.take_in(content, "lines")
            told = "\n".join(ledger.export()).encode()
            if told:
                before, after = read_lines(content, "lines"), read_lines(told, "lines")
                assert before.entries == after.entries, "what was read is not what is kept"

    def article(self, content: bytes) -> None:
        reading = read_article(make_article(content))
        assert hidden_fault(reading.article.text.replace("\r", "")) is None, "hidden characters in an article"
        for draft in reading.drafts:
            start, stop = draft.entry.evidence or (0, 0)
            assert 0 <= start <= stop <= len(reading.article.text), "evidence outside the text"

    def claim(self, content: bytes) -> None:
        tg.read_claim(content.decode("utf-8", "replace"), self.question)

    def pointer(self, content: bytes) -> None:
        tg.why(f"{self.answer}#{content.decode('utf-8', 'replace')}")

    def damaged(self, content: bytes) -> None:
        tg.why(f"{self._file('answer.json', content)}#/cases/posted/n")

    def number(self, content: bytes) -> None:
        number, _, value = content.decode("utf-8", "replace").rpartition(" ")
        span = tg.parse_span(value)
        changed = tg.replace_number(self.question, number, span, "a test")
        named = [row for row in gather(changed, ()).numbers if number in {row.id, row.entry}]
        for row in named or [changed.catalogue.row(number)]:
            assert row.best in span, f"{number}: {row.best} stands where {span} was given"

    def holders(self, content: bytes) -> None:
        own = tg.read_holders(self.question.month.last, self._file("holders.csv", content))
        for each in own:
            assert (each.number("stock") or 0) >= 0, "a stock below zero was read"
            assert 0 <= (each.number("floor_share") or 0) <= 1, "a share above one was read"

    def options(self, content: bytes) -> None:
        words = content.decode("utf-8", "replace").split(" ")
        out, err, nothing = (io.TextIOWrapper(io.BytesIO()) for _ in range(3))
        code: object = 0
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.chdir(self.folder))
            stack.enter_context(
                mock.patch.multiple(sys, argv=["tegmen", *words], stdin=nothing, stdout=out, stderr=err)
            )
            for name in COMPUTES:
                stack.enter_context(mock.patch.object(tg, name, _stop))
            try:
                cli.main()
            except SystemExit as stop:
                code = stop.code
            for stream in (out, err):
                stream.flush()
        said = b"".join(stream.buffer.getvalue() for stream in (out, err)).decode("utf-8", "replace")  # pyright: ignore[reportAttributeAccessIssue] - a BytesIO, as made above
        assert code in {0, 1, 2, 3, None}, f"exit code {code}"
        assert "Traceback" not in said, said[-500:]
        assert hidden_fault(said) is None, "hidden characters on the terminal"

    def _file(self, name: str, content: bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content)
        return file


def _stop(*_args: object, **_more: object) -> None:
    raise InputError("fuzz", ["what comes now computes for a long time"])


def _same(written: Any, read: Any, where: str = "") -> None:
    """Hold what a file says against what was read of it: nothing bent on the way."""
    if isinstance(written, dict):
        for key, value in written.items():
            _same(value, read[key], f"{where}.{key}")
    elif isinstance(written, list):
        assert len(written) == len(read), where
        for one, other in zip(written, read, strict=True):
            _same(one, other, where)
    else:
        assert written == read or str(written) in str(read), f"{where}: {written!r} was read as {read!r}"


MARCH = shipped_text("scenarios", "march-2024.toml").encode()
THEATRE = (
    MARCH
    + b"""
[[places]]
name = "Own town"
latitude = 49.5
longitude = 31.5
population = 120000
capacity_mw = 300
source = "a test"
"""
)
LINES = "\n".join(shipped_text("ledger", "public.jsonl").splitlines()[:12]).encode()
CLAIMS = (
    "25 Patriot systems cover the whole country", "5 to 7 more Patriots are enough to halve ballistic strikes",
    "7 Patriot batteries halve ballistic strikes in the 25 largest cities with 80 % confidence",
    "ten SAMP/T batteries cut strikes by 30 %",
)  # fmt: skip
NEWS = """On 3 April 2024 the minister said that Germany would give two more Patriot systems by June. Over 400 missiles
were launched in March; 58 of 60 drones were shot down, the Air Force said on Tuesday."""
PAGE = """<html><head><title>Aid</title><meta property='og:site_name' content='Post'></head><body>
<p>Berlin, 13 April 2024. Germany is delivering a third Patriot system.</p>
<table><tr><td>Spain</td><td>6</td></tr></table></body></html>"""
ARTICLES = (NEWS, PAGE)
HEADER = (
    "time_start,time_end,model,launch_place,target,carrier,launched,destroyed,not_reach_goal,still_attacking,"
    "affected region,destroyed_details,launched_details,launch_place_details,source"
)
RECORDS = (
    (HEADER + "\n" + "\n".join(
        f"2024-03-{day:02d} 20:00,2024-03-{day + 1:02d} 05:00,{model},Kursk,Ukraine,,{n},{k},,,,,,,kpszsu/posts/{day}"
        for day, (model, n, k) in enumerate(
            [("Shahed-136/131", 40, 35), ("X-101/X-555", 12, 11), ("Iskander-M", 3, 1), ("X-59", 2, 2)], start=3)
    )).encode(),
)  # fmt: skip
NUMBERS = (
    "model/salvo_ballistic 1,2,3", "model/reaction_s 12", "official/missiles 400", "held/patriot/2023-12-14 3,4,5",
    "rounds/added_a_month 40", "systems/patriot/defended_radius_ballistic 15,20,35", "claims/0 6",
)  # fmt: skip
HOLDERS = b"""holder,system,parameter,as_of,value_low,value_best,value_high,unit,source,verified,note
Avalon,patriot,stock,2024-03,4,5,6,fire units,a test,true,
Avalon,patriot,floor,2024-03,1,2,2,fire units,a test,true,
Avalon,patriot,promised,2024-01/2024-06,1,1,1,fire units,a test,false,one
Greece,patriot,floor_share,2024,0.5,0.5,0.9,fraction,a test,false,
any holder,all,months_to_agree,2024,1,2,3,months,a test,false,
"""
COMPUTES = (
    "calibrate",
    "sufficiency",
    "what_if",
    "check_claim",
    "drive",
    "verify",
    "backtest",
    "forecast",
    "forecast_month",
)
COMMANDS = (
    ("answer", "march-2024", "--worlds", "20", "--runs", "2", "--until", "2024-03-31", "--case", "posted"),
    ("what-if", "replace", "model/reaction_s", "10,12,15", "--source", "x", "--seed", "1", "--case", "both"),
    ("check", "7 Patriots are enough", "--scenario", "march-2024", "--seed", "3"),
    ("check", "--added", "7", "--system", "patriot", "--goal", "strikes", "--case", "claimed"),
    ("drivers", "march-2024", "--worlds", "60", "--out", "out"),
    ("forecast", "drone=90", "ballistic=4", "--until", "2024-05-01", "--count", "intercepted+lost"),
    ("forecast", "--month", "2024-05"),
    ("backtest", "--from", "2024-01", "--horizon", "month", "--min-launched", "3"),
    ("verify", "--quick", "--out", "v"),
    ("donors", "march-2024", "--added", "patriot=2,sampt=0", "--only", "Germany,Italy", "--by", "2024-12", "--json"),
    ("record", "show", "record.csv", "--strict"),
    ("scenarios",), ("--version",), ("why", "answer.json#/cases/posted/n", "--json"),
    ("ledger", "show", "--kind", "statement", "--thing", "patriot", "--at", "2024-03-01", "--most", "3", "--json"),
    ("ledger", "status", "--at", "2024-04-01", "--json"),
    ("ledger", "rivals"), ("ledger", "history", "statement-ea54d3ae3803"),
    ("ledger", "new", "own.ledger", "--empty"), ("ledger", "import", "lines.jsonl", "--ledger", "own.ledger"),
    ("ledger", "export", "--out", "lines.jsonl"), ("ledger", "read", "article.txt", "--date", "2024-04-03", "--json"),
    ("ledger", "review", "article.txt", "--ledger", "own.ledger", "--publisher", "Post", "--accept-all"),
    ("scenario", "new", "2024-02"), ("scenario", "check", "own.toml"), ("scenario", "copy", "march-2024"),
)  # fmt: skip


# ---------------------------------------------------------------- knocking


@contextlib.contextmanager
def alarm(seconds: int = HANGS_AFTER_S) -> Generator[None]:
    """Raise `TimeoutError` where something takes too long (POSIX; elsewhere nothing is watched)."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"no answer in {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def knock(doors: Doors, name: str, seed: int, count: Counter[str]) -> str | None:
    """Knock once at a door; a fault of ours in words, or None. The same seed is the same knock."""
    true, door = doors.all()[name]
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - no secret is made
    content = mutated(chance.choice(list(true)), chance)
    try:
        with alarm():
            door(content)
        count["read"] += 1
    except TegmenError as error:
        count["refused"] += 1
        if hidden_fault(str(error)) is not None:
            return f"{name} {seed}: hidden characters in a message: {ascii(str(error))[:300]}"
    except Exception as error:  # noqa: BLE001 - whatever is no refusal is a fault, and named
        return f"{name} {seed}: {type(error).__name__}: {ascii(str(error))[:300]}; given {content[:200]!r}"
    return None


def write_extras(folder: Path) -> None:
    """Write the files that the commands name."""
    (folder / "article.txt").write_text(ARTICLES[0], encoding="utf-8")
    (folder / "lines.jsonl").write_bytes(LINES)
    (folder / "record.csv").write_bytes(RECORDS[0])
    (folder / "own.toml").write_bytes(MARCH)
    (folder / "answer.json").write_text(json.dumps({}), encoding="utf-8")
