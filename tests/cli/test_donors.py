"""The verb `donors`: a table of 80 columns, exit codes, and options read whole or refused."""

from __future__ import annotations

import json
import sys

import pytest

from tegmen.cli import app


@pytest.fixture
def run(capsys, monkeypatch):
    def called(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["tegmen", "donors", "march-2024", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit) as done:
            app.main()
        out, err = capsys.readouterr()
        return int(done.value.code or 0), out, err

    return called


def test_a_table_of_80_columns_and_three_files(run, tmp_path):
    code, out, err = run("--added", "patriot=3", "--by", "2025-06", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "3 Patriot, from Germany 1, United States 1" in out
    assert all(len(line) <= 80 for line in out.splitlines() if "2024-" in line[:9] or "instead of" in line)
    assert (tmp_path / "out" / "donors.html").is_file()
    assert json.loads((tmp_path / "out" / "donors.json").read_text("utf-8"))["by"] == "2025-06"


def test_json_is_what_the_file_holds(run):
    code, out, _ = run("--added", "patriot=1", "--only", "Germany", "--floor", "Germany=8", "--json")
    content = json.loads(out)
    assert code == 0
    assert [giver["floor"] for giver in content["givers"]] == [8]


def test_an_ask_that_cannot_be_met_exits_3_with_limits_and_the_nearest_ask(run):
    code, out, err = run("--added", "patriot=12", "--only", "Germany,Netherlands", "--by", "2024-09")
    assert (code, out) == (3, "")
    for said in ("12 Patriot cannot all fight by September 2024", "binding: ", "--added patriot=1"):
        assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--added", "patriot"], "found 'patriot'; give NAME=NUMBER"),
        (["--added", "patriot=1,patriot=2"], "'patriot' stands there twice"),
        (["--added", "patriot=-2"], "found -2 of patriot"),
        (["--added", "patriot=1", "--floor", "Germany=x"], "--floor: found 'Germany=x'"),
        (["--added", "patriot=1", "--only", " , "], "found no holder"),
        (["--added", "patriot=1", "--holders", "none.csv"], "none.csv: cannot be read"),
    ],
)
def test_options_that_are_none_are_refused_in_words(run, words, said):
    code, _, err = run(*words)
    assert code == 1
    assert said in err
