"""The command line as users meet it: what it prints and writes, and what it says to what cannot be right."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from commands import SHIPPED, Done, short_question

import tegmen
from tegmen.answer.results import percent
from tegmen.cli import app as cli
from tegmen.report.json_files import json_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Here = Callable[..., Done]

FILES = {"report.html", "answer.json", "curve.csv", "places.csv", "plan.geojson", "live.html"}
TINY = ("--worlds", "20", "--runs", "2")
GOALS = ("strikes", "people", "capitals")
needs_terminal = pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals and their signals are POSIX")


def start(*arguments: str | Path, **more) -> subprocess.Popen[str]:
    """Start the command line as a process, with nothing of the caller's terminal or threads."""
    env = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "TEGMEN_DEBUG"}}
    env |= {"PYTHONIOENCODING": "utf-8"} | more.pop("env", {})
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    command = [sys.executable, "-m", "tegmen", *map(str, arguments)]
    return subprocess.Popen(command, env=env, text=True, encoding="utf-8", **pipes)


def finished(process: subprocess.Popen[str]) -> Done:
    out, err = process.communicate(timeout=300)
    return Done(process.returncode, out, err)


@dataclass(frozen=True)
class Twice:
    """The same question asked twice: plainly in a folder of its own, and with one thread and --out."""

    folder: Path
    plain: Done
    other: Path
    one_thread: Done


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    folder, other = tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("one") / "a" / "b"
    one = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    question = write(folder, "short.toml", short_question())
    both = (
        start("answer", question, *TINY, cwd=folder),
        start("answer", question, *TINY, "--out", other, env=one),
    )
    return Twice(folder / "out" / "march-2024", finished(both[0]), other, finished(both[1]))


def answered(folder: Path) -> dict:
    return json.loads((folder / "answer.json").read_text(encoding="utf-8"))


# ------------------------------------------------------------------ the answer


def test_it_answers_and_writes_six_files(twice: Twice):
    assert (twice.plain.code, twice.plain.err) == (0, "")
    assert {path.name for path in twice.folder.iterdir()} == FILES
    assert all(path.stat().st_size > 1000 for path in twice.folder.iterdir())
    assert f"report: {Path('out') / 'march-2024' / 'report.html'}\n" in twice.plain.out


def test_the_answer_sentences_come_first_each_on_a_line(twice: Twice):
    cases = answered(twice.folder)["cases"]
    lines = twice.plain.out.splitlines()
    assert lines[:4] == [
        f"posted: {cases['posted']['sentence']}",
        f"  {cases['posted']['finding']}",
        f"claimed: {cases['claimed']['sentence']}",
        f"  {cases['claimed']['finding']}",
    ]
    most = cases["posted"]["matters_most"]
    assert re.match(rf"posted: (\d+ \(|No number up to 10 ).*, with 40 rounds a month for them, .*“{most}”", lines[0])
    assert "March 2024: how many more Patriot" in lines[4]


def table_rows(text: str, width: int) -> list[list[str]]:
    """Cells of rows with so many; more than one blank stands between cells."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]
    return [row for row in rows if len(row) == width]


def test_the_table_fits_80_columns_and_agrees_with_the_files(twice: Twice):
    text = twice.plain.out
    table = text[text.index("March 2024: how") : text.index("note: ")]  # in a file a note is one line
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in text
    head, *rows = table_rows(table, 8)
    assert head == ["case", "goal", "n", "range", "resolved", "P(5)", "P(7)", "P(10)"]
    expected = []
    for case, answer in answered(twice.folder)["cases"].items():
        for goal in answer["goals"]:
            curve = {point["added"]: point["probability"] for point in goal["curve"]}
            n = "none" if goal["n"] is None else str(goal["n"])
            shares = [percent(round(curve[k], 3)).replace(" ", "") for k in (5, 7, 10)]
            expected.append([case, goal["goal"]["name"], n, "yes" if goal["resolved"] else "no", *shares])
    assert sorted(row[:3] + row[4:] for row in rows) == sorted(expected)


def test_a_table_of_the_readings_follows_and_illustrations_are_named(twice: Twice):
    head, *rows = table_rows(twice.plain.out, 5)
    assert head == ["reading", "posted", "P, posted", "claimed", "P, claimed"]
    cases = answered(twice.folder)["cases"]
    posted, claimed = cases["posted"], cases["claimed"]
    numbers = {row[0]: (row[1], row[3]) for row in rows}

    def worded(n: int | None) -> str:
        return "> 10" if n is None else str(n)

    assert numbers["the headline"] == (worded(posted["n"]), worded(claimed["n"]))
    for one, other in zip(posted["readings"], claimed["readings"], strict=True):
        assert numbers[one["name"]] == (worded(one["n"]), worded(other["n"]))
    assert numbers["re-aiming"] == (worded(posted["reaction"]["guarantee"]), worded(claimed["reaction"]["guarantee"]))
    assert len(numbers) == len(posted["readings"]) + 3
    assert "Illustrations, not findings: capitals; the report says why.\n" in twice.plain.out


def test_a_file_gets_no_escape_codes(twice: Twice):
    assert "\x1b" not in twice.plain.out


def test_answer_json_follows_the_schema_shipped(twice: Twice):
    answer = answered(twice.folder)
    jsonschema.Draft202012Validator.check_schema(json_schema("answer"))
    jsonschema.validate(answer, json_schema("answer"), cls=jsonschema.Draft202012Validator)
    assert answer["seed"] == 1
    assert answer["tegmen_version"] == tegmen.__version__
    assert tuple(goal["goal"]["name"] for goal in answer["cases"]["claimed"]["goals"]) == GOALS


def test_one_thread_writes_the_same_bytes(twice: Twice):
    assert twice.one_thread.code == 0
    for name in FILES:
        assert (twice.folder / name).read_bytes() == (twice.other / name).read_bytes(), name


def test_case_seed_until_and_out(here: Here, tmp_path: Path, twice: Twice):
    out = tmp_path / "deep" / "er"
    question = write(tmp_path, "short.toml", short_question())
    done = here("answer", question, *TINY, "--case", "posted", "--seed", 7, "--until", "2024-02-29", "--out", out)
    assert (done.code, done.err) == (0, "")
    answer = answered(out)
    assert list(answer["cases"]) == ["posted"]
    assert "claimed" not in done.out
    assert answer["seed"] == 7
    assert answer["cases"]["posted"]["curve"] != answered(twice.folder)["cases"]["posted"]["curve"]
    assert {path.name for path in out.iterdir()} == FILES


def test_words_of_the_user_are_no_markup(here: Here, tmp_path: Path):
    label = "halve [red]strikes[/red] [/nothing]"
    text = SHIPPED.replace('name = "strikes"', f'name = "strikes"\nlabel = "{label}"', 1)
    text = short_question(text.replace("until = ", 'title = "[/b] March 2024: how many more?"\nuntil = ', 1))
    done = here("answer", write(tmp_path, "own.toml", text), *TINY, "--case", "posted", "--out", tmp_path / "[o]")
    assert (done.code, done.err) == (0, "")
    assert f"posted: {answered(tmp_path / '[o]')['cases']['posted']['sentence']}\n" in done.out
    assert label in done.out
    assert "[/b] March 2024" in done.out
    assert str(tmp_path / "[o]" / "report.html") in done.out


# ------------------------------------------------------------------ record, scenarios, help


def test_record_show_adds_up_the_shipped_table(here: Here):
    totals: Counter[str] = Counter()
    with (Path(tegmen.__file__).parent / "data" / "record" / "nights.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            totals.update({name: int(row[name] or 0) for name in ("rows", "rows_uncounted", "launched", "intercepted")})
    done = here("record", "show")
    assert (done.code, done.err) == (0, "")
    assert (
        f"{totals['rows']:,} rows with counts, launched {totals['launched']:,}, destroyed {totals['intercepted']:,}; "
        f"{totals['rows_uncounted']} rows without counts."
    ) in done.out
    rows = [row for row in table_rows(done.out, 6) if re.fullmatch(r"\d{4}-\d\d", row[0])]
    assert sum(int(row[3]) for row in rows) == totals["launched"]
    assert sum(int(row[4]) for row in rows) == totals["intercepted"]
    assert rows[0][0] == "2022-09"
    assert rows[-1][0] == "2024-06"
    assert "rows without counts" in done.out


HEADER = "time_start,time_end,model,launch_place,target,launched,destroyed,not_reach_goal,source"
KINDS = (("Shahed-136/131", "Ukraine", 20, 16), ("Iskander-M", "Kyiv", 2, 1), ("X-101/X-555", "Ukraine", 10, 8))


def reports(month: str = "2024-03", channel: str = "kpszsu", kinds=KINDS) -> list[str]:
    """27 nights of one report a weapon, in the public list's columns."""
    return [
        f"{month}-{d:02d} 20:00,{month}-{d + 1:02d} 06:00,{model},Primorsk,{target},{n},{k},,https://t.me/{channel}/{d}"
        for d in range(1, 28)
        for model, target, n, k in kinds
    ]


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    return write(folder, "own.csv", "\n".join([header, *lines]) + "\n")


def test_record_show_adds_up_a_user_s_own_list(here: Here, tmp_path: Path):
    path = written(
        tmp_path, *reports(), "2024-02-01 20:00,2024-02-02 06:00,Iskander-M,,Atlantis,,,,https://t.me/kpszsu/9"
    )
    done = here("record", "show", path)
    assert (done.code, done.err) == (0, "")
    assert table_rows(done.out, 6)[1:] == [
        ["2024-02", "ballistic", "0", "0", "0", "1"],
        ["2024-03", "ballistic", "27", "54", "27", "0"],
        ["2024-03", "cruise", "27", "270", "216", "0"],
        ["2024-03", "owa_drone", "27", "540", "432", "0"],
    ]
    assert "81 rows with counts, launched 864, destroyed 675; 1 row without counts." in done.out
    assert "note: 1 target names a place not in zones.csv ('atlantis')" in done.out


def test_a_list_saved_by_a_spreadsheet_reads_the_same(here: Here, tmp_path: Path):
    plain = written(tmp_path, *reports())
    spread = write(tmp_path, "spread.csv", b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
    assert here("record", "show", plain) == here("record", "show", spread)
    question = write(tmp_path, "short.toml", short_question())
    done = here("answer", question, "--record", spread, *TINY, "--case", "posted", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    assert answered(tmp_path / "out")["cases"]["posted"]["launched"]["ballistic"] == 54
    assert answered(tmp_path / "out")["inputs"]["record"] == hashlib.sha256(spread.read_bytes()).hexdigest()


def test_a_scenario_saved_by_an_editor_reads_the_same(tmp_path: Path):
    saved = write(tmp_path, "own.toml", b"\xef\xbb\xbf" + SHIPPED.replace("\n", "\r\n").encode())
    assert tegmen.read_scenario(saved).model_dump() == tegmen.read_scenario("march-2024").model_dump()


def test_scenarios_lists_names_and_titles(here: Here):
    assert here("scenarios") == Done(0, f"march-2024  {tegmen.read_scenario('march-2024').title}\n", "")


def test_version_and_help(here: Here):
    assert here("--version") == Done(0, f"tegmen {tegmen.__version__}\n", "")
    short, long = here("-h"), here("--help")
    assert short == long
    assert short.code == 0
    assert all(command in short.out for command in ("answer", "scenarios", "record"))
    answer = here("answer", "-h").out
    options = ("--record", "--out", "--seed", "--worlds", "--runs", "--until", "--case")
    assert all(option in answer for option in options)
    assert "SCENARIO" in answer


def test_help_puts_the_answer_first_and_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "scipy", "numba", "pydantic", "altair", "jinja2")
    code = f"""
import sys
sys.argv = ["tegmen", "--help"]
from tegmen.cli.app import main
try:
    main()
finally:
    print("loaded:", [name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "loaded: []" in done.stdout
    assert re.findall(r"^│ (\S+)", done.stdout[done.stdout.index("Commands") :], re.MULTILINE)[0] == "answer"


def test_a_backtest_from_the_command_line_writes_page_and_numbers(here: Here, tmp_path: Path):
    done = here("backtest", "--from", "2024-06", "--horizon", "month", "--out", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    content = json.loads((tmp_path / "out" / "backtest.json").read_text(encoding="utf-8"))
    assert (content["start"], content["horizon"], content["count"]) == ("2024-06-01", "month", "intercepted")
    assert f"report: {tmp_path / 'out' / 'backtest.html'}" in done.out


# ------------------------------------------------------------------ wrong usage: exit 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["anwser", "march-2024"], "Did you mean 'answer'"),
        (["record", "sho"], "Did you mean 'show'"),
        (["answer"], "Missing argument"),
        (["answer", "march-2024", "--sed", "2"], "--seed"),
        (["answer", "march-2024", "--worlds", "0"], "'--worlds'"),
        (["answer", "march-2024", "--worlds", "many"], "'--worlds'"),
        (["answer", "march-2024", "--runs", "1"], "'--runs'"),
        (["answer", "march-2024", "--worlds", "50001"], "'--worlds'"),
        (["answer", "march-2024", "--runs", "20000"], "'--runs'"),
        (["answer", "march-2024", "--seed", "-1"], "'--seed'"),
        (["answer", "march-2024", "--case", "poste"], "'claimed'"),
        (["answer", "march-2024", "april-2024"], "april-2024"),
        ([], "answer"),
        (["record"], "show"),
    ],
    ids=" ".join,
)
def test_wrong_usage(here: Here, tmp_path: Path, monkeypatch, arguments: list[str], said: str):
    monkeypatch.chdir(tmp_path)
    done = here(*arguments)
    assert done.code == 2
    assert said in done.out + done.err
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------ bad input: exit 1


def refused(here: Here, folder: Path, *arguments: str | Path) -> str:
    """Run what must be refused; nothing may be printed but one message, nothing may be touched; return the message."""
    old = folder / "old"
    old.mkdir()
    (old / "answer.json").write_text("an older answer", encoding="utf-8")
    new = folder / "new" / "er"
    messages = set()
    for out in (old, new):
        done = here("answer", *arguments, *TINY, "--case", "posted", "--out", out)
        assert done.code == 1
        assert done.out == ""
        messages.add(done.err)
    (message,) = messages
    assert message.startswith("tegmen: ")
    assert message.count("tegmen: ") == 1
    assert "Traceback" not in message
    assert [path.name for path in old.iterdir()] == ["answer.json"]
    assert (old / "answer.json").read_text(encoding="utf-8") == "an older answer"
    assert not new.parent.exists()
    return message


NIGHT = "2024-03-01 20:00,2024-03-02 06:00"
FAULTY_ROWS = {
    "negative": (
        f"{NIGHT},Iskander-M,,Kyiv,-3,1,,x",
        r"line 83, launched: found '-3'; a whole number from 0 .*correct",
    ),
    "fraction": (f"{NIGHT},Iskander-M,,Kyiv,3.5,1,,x", r"line 83, launched: found '3\.5'; a whole number"),
    "words": (f"{NIGHT},Iskander-M,,Kyiv,3,some,,x", r"line 83, destroyed: found 'some'; a whole number"),
    "too many": (f"{NIGHT},Iskander-M,,Kyiv,{'9' * 20},1,,x", r"line 83, launched: found '9{20}'; a whole number"),
    "more down than up": (
        f"{NIGHT},Iskander-M,,Kyiv,3,4,,x",
        "line 83, destroyed: found 4 of 3 .*at most 3 is allowed",
    ),
    "date": ("2024-03-01 20:00,31.02.2024,Iskander-M,,Kyiv,3,1,,x", r"line 83, time_end: found '31\.02\.2024'; a date"),
    "weapon": (f"{NIGHT},Death Star,,Kyiv,3,1,,x", "line 83, model: found unknown weapon 'Death Star'; .*rename it"),
    "comma": (f"{NIGHT},Iskander-M,,Kyiv, Odesa,3,1,,x", "line 83: found 10 cells; 9 are allowed.*separators"),
}


@pytest.mark.parametrize("fault", FAULTY_ROWS)
def test_a_faulty_row_is_named(here: Here, tmp_path: Path, fault: str):
    row, said = FAULTY_ROWS[fault]
    message = refused(here, tmp_path, "march-2024", "--strict", "--record", written(tmp_path, *reports(), row))
    assert re.search(rf"own\.csv: {said}", message)
    assert message.count("\n") == 1


def test_all_faults_of_a_file_are_told_together(here: Here, tmp_path: Path):
    rows = [row for row, _ in FAULTY_ROWS.values()]
    message = refused(here, tmp_path, "march-2024", "--strict", "--record", written(tmp_path, *reports(), *rows))
    assert "own.csv: 8 faults\n" in message
    for line, (_, said) in enumerate(FAULTY_ROWS.values(), start=83):
        assert re.search(rf"  - {said.replace('line 83', f'line {line}')}", message)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "own.csv: no such file; a CSV file is allowed; check the path"),
        (b"", "own.csv: the file is empty"),
        (b"<!doctype html>\n<p>Not found</p>\n", "own.csv: found a web page, such as a log-in page"),
        (b"\x89PNG\r\n\x1a\n\0\0", "own.csv: found binary content"),
        (
            HEADER.replace(",", "|").encode(),
            "cells separated by none of commas, semicolons, tabs; a header with the col",
        ),
        (HEADER.encode(), "own.csv: no row below the header"),
        (
            HEADER.replace("destroyed", "shot").encode() + b"\na,b,c,d,e,f,g,h,i",
            "line 1: column 'destroyed' is missing",
        ),
    ],
    ids=["missing", "empty", "page", "picture", "bars", "no rows", "missing column"],
)
def test_a_record_that_is_none(here: Here, tmp_path: Path, content: bytes | None, said: str):
    path = tmp_path / "own.csv" if content is None else write(tmp_path, "own.csv", content)
    assert said in refused(here, tmp_path, "march-2024", "--record", path)


def test_a_folder_is_no_record(here: Here, tmp_path: Path):
    folder = tmp_path / "some"
    folder.mkdir()
    assert f"{folder}: found a folder; a CSV file is allowed" in refused(
        here, tmp_path, "march-2024", "--record", folder
    )
    assert here("record", "show", folder).code == 1


@pytest.mark.parametrize(
    ("month", "channel", "said"),
    [
        ("2024-05", "kpszsu", r"until 2024-03-31: no row .* is eligible .*; choose a day from 2024-05-02 on"),
        ("2024-03", "pvk_south", r"until 2024-03-31: no row .* is eligible .*; no row of it is, on any day"),
    ],
    ids=["later", "regional"],
)
def test_nothing_eligible_until_the_date(here: Here, tmp_path: Path, month: str, channel: str, said: str):
    path = written(tmp_path, *reports(month, channel))
    assert re.search(said, refused(here, tmp_path, "march-2024", "--record", path))


def test_a_record_that_ends_before_the_month(here: Here, tmp_path: Path):
    message = refused(here, tmp_path, "march-2024", "--record", written(tmp_path, *reports("2023-01")))
    assert "the month asked about is March 2024: nothing is known of it; bring a record with reports of" in message


def test_a_record_without_ballistic_missiles_in_the_month(here: Here, tmp_path: Path):
    message = refused(here, tmp_path, "march-2024", "--record", written(tmp_path, *reports(kinds=KINDS[:1])))
    assert "no ballistic missile launched from 2024-03-01 to 2024-03-31" in message


@pytest.mark.parametrize("given", ["31.03.2024", "2024-02-30", "march", "2024-13-01", ""])
def test_a_bad_until(here: Here, tmp_path: Path, given: str):
    message = refused(here, tmp_path, "march-2024", "--until", given)
    assert f"until: found '{given}'" in message
    assert "YYYY-MM-DD" in message


def test_an_until_before_the_record(here: Here, tmp_path: Path):
    message = refused(here, tmp_path, "march-2024", "--until", "2022-01-01")
    assert "until 2022-01-01: no row of the record is eligible" in message
    assert "choose a day from 2022-" in message


def test_a_seed_beyond_64_bits(here: Here, tmp_path: Path):
    assert "seed: found 1000000000000000000000" in refused(here, tmp_path, "march-2024", "--seed", str(10**21))


def test_an_output_folder_below_a_file(here: Here, tmp_path: Path):
    file = write(tmp_path, "file", "a file")
    done = here("answer", "march-2024", *TINY, "--out", file / "out")
    assert done.code == 1
    assert done.err.startswith(f"tegmen: {file / 'out'}: the output folder cannot be written (Not a directory); give")
    assert file.read_text(encoding="utf-8") == "a file"


OWN_PLACE = '\n[[places]]\nname = "{}"\nlatitude = {}\nlongitude = {}\nsource = "a test"\n'
OWN_HELD = '\n[[held]]\nsystem = "{}"\nsince = 2030-01-01\nlow = {}\nbest = {}\nhigh = {}\nsource = "a test"\n'
FAULTY_SCENARIOS = {
    "unknown key": (
        ("added_max = 30", "added_maxx = 30"),
        r"own\.toml: added_maxx: unknown key; allowed keys are added",
    ),
    "unknown key of a goal": (("largest_cities", "largest_city"), r"goals\[0\]\.largest_city: unknown key; allowed"),
    "missing key": (("until = ", "# until = "), "until: missing; add it"),
    "probability": (("confidence = 0.8", "confidence = 1.8"), r"goals\[0\]\.confidence: found 1\.8; .* less than 1;"),
    "negative probability": (
        ("confidence = 0.8", "confidence = -0.1"),
        r"goals\[0\]\.confidence: found -0\.1; .* greater than 0;",
    ),
    "threshold": (("threshold = 0.5", "threshold = 1.5"), r"goals\[0\]: threshold 1\.5 is a share .*\[0, 1\]"),
    "no threshold": (("threshold = 0.5", "threshold = nan"), r"goals\[0\]\.threshold: found nan; .*finite"),
    "outside the map": (OWN_PLACE.format("Atlantis", 24.0, 49.8), r"places\[0\]: place 'Atlantis' .* outside the map"),
    "off the globe": (OWN_PLACE.format("Nowhere", 94.0, 30.0), r"places\[0\]\.latitude: found 94\.0"),
    "place twice": (OWN_PLACE.format("Lviv", 49.8, 24.0), "places: found 'Lviv' twice, or beside a shipped place"),
    "range": (OWN_HELD.format("patriot", 5, 3, 4), r"held\[6\]: range out of order: low 5.*low <= best"),
    "huge range": (
        OWN_HELD.format("patriot", 5, 6, 1e9),
        r"held\[6\]\.high: found 1e\+09 fire units; plausible is 0 to 1,000 fire units",
    ),
    "endless range": (OWN_HELD.format("patriot", 5, 6, "inf"), r"held\[6\]\.high: found inf; .*finite"),
    "unknown system": (
        OWN_HELD.format("patriott", 1, 2, 3),
        r"held\[6\]\.system: found 'patriott'; allowed are patriot, sampt,",
    ),
    "units before earlier ones": (
        OWN_HELD.format("patriot", 1, 2, 3).replace("2030", "2020"),
        r"held: rows of patriot since 2023-04-26, .*, 2020-01-01; put each later day after the earlier ones",
    ),
    "rounds out of order": (
        ("frontier = [0, 10,", "frontier = [10, 0,"),
        r"rounds\.frontier: found 10, 0, 20, .*ascending order",
    ),
    "number in quotes": (
        ("added_max = 30", 'added_max = "30"'),
        "added_max: found '30'; input should be a valid integer",
    ),
    "true for a number": (("missiles = 400", "missiles = true"), r"official\.missiles: found True; .* valid integer"),
    "half a night": (("nights = 31", "nights = 3.5"), r"month\.nights: found 3\.5; .* valid integer"),
    "no date": (("until = 2024-03-31", 'until = "soon"'), "until: found 'soon'; input should be a valid date"),
    "huge number": (
        ("missiles = 400", "missiles = 99999999999999999999"),
        r"official\.missiles: found 1e\+20 missiles; .* 0 to 16,000 missiles",
    ),
    "two headlines": (
        ('name = "people"', 'name = "people"\nheadline = true'),
        "goals: exactly one goal must have .*found 2",
    ),
    "name of a path": (('name = "march-2024"', 'name = "../evil"'), r"name: found '\.\./evil'"),
    "claim beyond": (("added = 25", "added = 35"), r"claims of \[35\] added units are beyond added_max 30; raise"),
    "not TOML": (("added_max = 30", "added_max = "), "not valid TOML: .*line"),
}


@pytest.mark.parametrize("fault", FAULTY_SCENARIOS)
def test_a_faulty_scenario_is_named(here: Here, tmp_path: Path, fault: str):
    change, said = FAULTY_SCENARIOS[fault]
    text = SHIPPED + change if isinstance(change, str) else SHIPPED.replace(*change, 1)
    message = refused(here, tmp_path, write(tmp_path, "own.toml", text))
    assert re.search(said, message)
    assert message.count("\n") == 1


def test_all_faults_of_a_scenario_are_told_together_and_once(here: Here, tmp_path: Path):
    text = SHIPPED.replace("confidence = 0.8", "confidence = 1.8").replace("nights = 31", "nights = 0")
    message = refused(here, tmp_path, write(tmp_path, "own.toml", text + OWN_PLACE.format("Atlantis", 24.0, 49.8)))
    assert "own.toml: 6 faults\n" in message
    assert message.count("found 1.8") == 4
    assert "month.nights: found 0" in message
    assert "outside the map" in message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "april-2024",
            "april-2024: no such scenario or file; shipped scenarios: march-2024; or give the path of a .toml",
        ),
        ("no/such.toml", "no such scenario or file"),
        (".", "is a folder; give the path of a .toml file"),
        ("", "is a folder; give the path of a .toml file"),
    ],
)
def test_an_unknown_scenario(here: Here, tmp_path: Path, given: str, said: str):
    assert said in refused(here, tmp_path, given)


def test_a_picture_is_no_scenario(here: Here, tmp_path: Path):
    assert "cannot be read as UTF-8 text" in refused(here, tmp_path, write(tmp_path, "own.toml", b"\x89PNG\xff"))


def test_a_baseline_that_cannot_give_back_the_record(here: Here, tmp_path: Path):
    none = re.sub(r"^(low|best|high) = \d+$", r"\1 = 0", SHIPPED, flags=re.MULTILINE)
    message = refused(here, tmp_path, write(tmp_path, "own.toml", none))
    assert "nothing could have stopped those of the record" in message
    assert "widen the ranges of the units held" in message


def test_debug_shows_the_trace(monkeypatch):
    monkeypatch.delenv("TEGMEN_DEBUG", raising=False)
    monkeypatch.setattr(sys, "argv", ["tegmen", "--debug", "answer", "april-2024"])
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(tegmen.InputError, match="no such scenario"):
        cli.main()


# ------------------------------------------------------------------ terminals, pipes, Ctrl-C


def read_terminal(leader: int) -> Iterator[str]:
    """What arrives at a pseudo-terminal, until its last writer closes."""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # how Linux says that the other side is gone
            return
        if not chunk:
            return
        yield chunk.decode(errors="replace")


@needs_terminal
def test_ctrl_c_in_the_middle_writes_nothing(tmp_path: Path):
    leader, follower = os.openpty()
    process = start("answer", "march-2024", "--worlds", "20000", cwd=tmp_path, stderr=follower)
    os.close(follower)
    shown = ""
    for chunk in read_terminal(leader):
        before, shown = shown, shown + chunk
        if "weighing worlds" in shown and "weighing worlds" not in before:
            process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]
    os.close(leader)
    assert process.returncode == 130
    assert out == ""
    assert shown.rstrip().endswith("tegmen: interrupted; no file is left half written")
    assert "Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


INTERRUPTED_WHILE_LOADING = """
import os, runpy, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv = ["tegmen", "ledger", "status"]
runpy.run_module("tegmen", run_name="__main__")
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize("module", ["typer", "rich.table", "tegmen.ledger.store"])
def test_an_interrupt_while_libraries_load_is_one_line(module: str):
    program = INTERRUPTED_WHILE_LOADING.format(module=module)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "tegmen: interrupted; no file is left half written\n"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\x07b", "\u202egnp.exe", "\x9b31m"])
def test_what_the_user_gives_commands_no_terminal(here, hostile: str):
    for arguments in (("answer", hostile), ("why", f"x#/{hostile}"), ("check", f"7 Patriots {hostile}"), (hostile,)):
        done = here(*arguments)
        assert done.code in {1, 2}, arguments
        assert hostile not in done.out + done.err, arguments
        assert "Traceback" not in done.err


@needs_terminal
@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["colour", "NO_COLOR"])
def test_a_terminal_s_colours_can_be_turned_off(env: dict[str, str], coloured: bool):
    leader, follower = os.openpty()
    process = start("answer", "--wrld", env={"TERM": "xterm-256color"} | env, stderr=follower)
    os.close(follower)
    shown = "".join(read_terminal(leader))
    process.communicate(timeout=60)
    os.close(leader)
    assert process.returncode == 2
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]m", shown)) == coloured


def test_a_terminal_without_our_dashes_and_a_reader_that_leaves(tmp_path: Path):
    plain = start("record", "show", env={"PYTHONIOENCODING": "ascii"})
    leaving = start("record", "show")
    assert leaving.stdout is not None
    leaving.stdout.readline()
    leaving.stdout.close()
    done = finished(plain)
    assert (done.code, done.err) == (0, "")
    assert done.out.isascii()
    assert "2024-03" in done.out
    assert leaving.stderr is not None
    assert "Traceback" not in leaving.stderr.read()
    leaving.wait(timeout=60)
    leaving.stderr.close()


def test_a_fault_as_a_process_is_one_line_and_exit_1(tmp_path: Path):
    done = finished(start("answer", "march-2024", "--record", "none.csv", cwd=tmp_path))
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("tegmen: none.csv: no such file; ")
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
