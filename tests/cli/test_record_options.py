"""Every option of every verb with a record, on the shipped record and on a made-up one with all seventeen traps."""

import json
from functools import partial

import pytest
import typer.main
from commands import short_question
from trap_record import AT_FAULT, OWN_WEAPON, OWN_WEAPONS, TRAPS, write_trap_record

import tegmen as tg
from tegmen.cli.app import app
from tegmen.data import shipped
from tegmen.trust.checks import CHECKS, Check, Finding

SMALL = ("--seed", "3", "--worlds", "40", "--runs", "2", "--case", "posted")
SMALL_CASE = (*SMALL[:4], *SMALL[6:])
ASKED = ("--scenario", "short.toml", *SMALL)
VERBS = {
    "record show": ("record", "show"),
    "scenario new": ("scenario", "new", "2024-03", "--added", "patriot=9", "--goal", "strikes", "--out", "new.toml"),
    "answer": ("answer", "short.toml", *SMALL, "--until", "2024-03-30", "--language", "uk", "--out", "out"),
    "what-if replace": (
        "what-if", "replace", "model/salvo_ballistic", "2", "--source", "a test", *ASKED, "--out", "changed",
    ),
    "check": ("check", "--added", "patriot=7", "--goal", "strikes", *ASKED),
    "drivers": ("drivers", "short.toml", *SMALL[:-4], "--case", "posted", "--language", "uk", "--out", "drivers"),
    "live": ("live", "short.toml", *SMALL_CASE, "--until", "2024-03-30", "--out", "live"),
    "months": (
        "months", "short.toml", "--added", "patriot=1", "--arrive", "2024-04", "--pledged", "2024-04-13", "--months",
        "2", "--goal", "strikes", "--attrition", "0.02", *SMALL_CASE, "--out", "months",
    ),
    "neighbours": (
        "neighbours", "short.toml", "--added", "patriot=1", "--kind", "sampt", "--at-least-km", "20", "--neighbour",
        "Slovakia", *SMALL_CASE, "--out", "neighbours",
    ),
    "decide": (
        "decide", "short.toml", "--goals", "capitals", "--kinds", "patriot=60", "--budget", "900000", "--by", "units",
        "--seconds", "1", *SMALL_CASE, "--out", "decision",
    ),
    "forecast": ("forecast", "drone=30", "--until", "2024-06-21", "--count", "intercepted+lost", "--seed", "3"),
    "forecast, a month": ("forecast", "--month", "2024-07", "--count", "intercepted+lost", "--seed", "3"),
    "backtest": (
        "backtest", "--from", "2024-06", "--horizon", "month", "--count", "intercepted+lost", "--min-launched", "2",
        "--out", "backtest", "--seed", "3",
    ),
    "verify": ("verify", "--quick", "--answer", "old.json", "--out", "pack", "--seed", "3"),
}  # fmt: skip
WITHOUT_NOTES = {"live": {"--state"}}
"""Options with which a verb prints numbers alone: `test_live` has them."""
HELD = {"drivers": [], "stability": [], "check": {"largest": 1.0}}


def verbs(group, *words):
    """Each verb of the command line with the options it has."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from verbs(command, *words, name)
        else:
            options = {each.opts[0] for each in command.params if each.param_type_name == "option"}
            yield " ".join((*words, name)), options


@pytest.fixture
def run(here, tmp_path, monkeypatch):
    """Run a verb on a record, in a folder with what its options name."""
    monkeypatch.chdir(tmp_path)
    # What a pack's checks show of the product is tested elsewhere; here it must take every record.
    passed = [Check(check.name, check.kind, check.shows, lambda _: Finding(True, "1", "1")) for check in CHECKS]
    monkeypatch.setattr(tg, "verify", partial(tg.verify, checks=passed))
    (tmp_path / "short.toml").write_text(short_question(), encoding="utf-8")
    (tmp_path / "own.toml").write_text(OWN_WEAPONS, encoding="utf-8")
    (tmp_path / "old.json").write_text(json.dumps({"cases": {"posted": HELD}}), encoding="utf-8")

    def on(verb: str, record, *more: str):
        given = [record] if verb == "record show" else ["--record", record]
        return here(*VERBS[verb], *given, *more)

    return on


def test_every_option_of_every_verb_with_a_record_is_used_here():
    with_record = {verb: options for verb, options in verbs(typer.main.get_command(app)) if "--strict" in options}
    assert set(with_record) == {verb.partition(",")[0] for verb in VERBS}
    for verb, options in with_record.items():
        used = {word for name, words in VERBS.items() if name.partition(",")[0] == verb for word in words}
        assert options - used <= {"--record", "--strict", "--weapons"} | WITHOUT_NOTES.get(verb, set()), verb


def test_the_made_up_record_has_every_trap():
    assert sorted(TRAPS) == list(range(1, 18))


@pytest.mark.parametrize("verb", VERBS)
def test_the_shipped_record_with_every_option(run, tmp_path, verb):
    path = tmp_path / "nights.csv"
    path.write_bytes(shipped("record", "nights.csv").read_bytes())
    done = run(verb, path, "--strict", "--weapons", "own.toml")
    assert (done.code, done.err) == (0, "")
    assert f"'{OWN_WEAPON}' as cruise (0 rows)" in " ".join(done.out.split())


@pytest.mark.parametrize("verb", VERBS)
def test_the_record_of_traps_with_every_option(run, tmp_path, verb):
    done = run(verb, write_trap_record(tmp_path / "traps.csv"), "--weapons", "own.toml")
    assert (done.code, done.err) == (0, "")
    told = " ".join(done.out.split())
    assert f"'{OWN_WEAPON}' as cruise (1 row)" in told
    assert "2 rows of the file are left out, as they cannot be read; 2 of them might have entered a rate" in told
    assert "found 6 of 5 launched" in told


@pytest.mark.parametrize("verb", VERBS)
def test_rows_at_fault_refuse_the_record_where_that_is_asked_for(run, tmp_path, verb):
    """One rule in every verb: what the others leave out, `--strict` refuses, before anything is computed or written."""
    record = write_trap_record(tmp_path / "traps.csv")
    before = sorted(tmp_path.iterdir())
    done = run(verb, record, "--strict")
    assert (done.code, done.out) == (1, "")
    assert f"traps.csv: {AT_FAULT} faults" in done.err
    assert f"found unknown weapon '{OWN_WEAPON}'" in done.err
    assert sorted(tmp_path.iterdir()) == before


def test_the_record_of_traps_adds_up(tmp_path):
    """Second answer: by hand, from the rows as they are written."""
    record = tg.read_record(write_trap_record(tmp_path / "traps.csv"))
    sums = {
        name: (len(rows), int(rows["launched"].sum()), int(rows["intercepted"].sum()))
        for name in ("drone", "cruise", "supersonic", "ballistic", "s300_ground", "ballistic+s300_ground")
        for rows in [record.eligible(name)]
    }
    assert sums == {
        "drone": (10, 198, 144),
        "cruise": (8, 35, 25),
        "supersonic": (0, 0, 0),
        "ballistic": (8, 21, 8),
        "s300_ground": (2, 10, 0),
        "ballistic+s300_ground": (1, 6, 0),
    }
    assert record.rows["rows_uncounted"].sum() == 2
    both = record.counting("intercepted+lost")
    assert both.eligible("drone")["intercepted"].sum() == 144 + 5 + 1
    assert record.rows["window_end"].is_monotonic_increasing
