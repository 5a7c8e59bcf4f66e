"""`tegmen ledger` as users meet it: what it prints and writes, and what it says to what cannot be right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commands import Done

from tegmen.ledger.store import open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KULEBA = "Patriot systems held by partners"
LINE = {
    "kind": "statement",
    "thing": KULEBA,
    "role": "held",
    "speaker": "An analyst",
    "date": "2024-05-01",
    "quantity": {"low": 180, "best": 180, "high": 180, "hedge": "exact", "unit": "systems"},
    "source": {"publisher": "Example Press", "published": "2024-05-01"},
}


@pytest.fixture
def ledger(here: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run `tegmen ledger` in this process."""
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments, text="": here("ledger", *arguments, text=text)


@pytest.fixture
def own(ledger, tmp_path) -> Path:
    """A ledger of the user's own, with what an analyst said beside what is shipped."""
    file = tmp_path / "own.db"
    assert ledger("new", file).code == 0
    assert ledger("add", "-", "--ledger", file, text=json.dumps(LINE)).code == 0
    return file


def test_the_shipped_entries_are_shown_within_80_columns(ledger):
    done = ledger("show", "--thing", "patriot systems held")
    assert done.code == 0
    assert f"{KULEBA}: at least 101 systems (more than) → 101–111.1–131.3" in " ".join(done.out.split())
    assert "Dmytro Kuleba, Reuters, Kyiv Independent" in done.out
    assert max(map(len, ledger("show").out.splitlines())) <= 80
    assert max(map(len, ledger("status", "--at", "2024-06-30").out.splitlines()[:-1])) <= 80


def test_only_so_many_are_printed_and_the_rest_is_told(ledger):
    done = ledger("show", "--most", "3")
    every = len(json.loads(ledger("show", "--most", "3", "--json").out))
    assert every > 300
    assert done.out.splitlines()[-1] == (
        f"{every} entries; {every - 3} more: give --most, or narrow with --kind, --thing"
    )


def test_show_as_json_tells_what_made_each_number(ledger, own):
    content = json.loads(ledger("show", "--ledger", own, "--thing", KULEBA, "--json").out)
    kuleba = next(each for each in content if each.get("evidence"))
    analyst = next(each for each in content if each.get("speaker") == "An analyst")
    assert kuleba["quantity"]["low"] == 101
    assert (kuleba["range"]["low"], kuleba["range"]["best"], kuleba["range"]["high"]) == (101, 180, 180)
    assert kuleba["range"]["made"] == ["as said", "best of a rival", f"highest of rivals, {analyst['id']}"]
    assert kuleba["range"]["rivals"] == [analyst["id"]]


def test_add_prints_ids_and_a_second_time_changes_nothing(ledger, own, tmp_path):
    first = ledger("export", "--ledger", own).out
    again = ledger("add", "-", "--ledger", own, text=json.dumps(LINE))
    assert again.out.strip() in first
    assert ledger("export", "--ledger", own).out == first
    assert ledger("export", "--ledger", own, "--out", tmp_path / "all.jsonl").code == 0
    assert (tmp_path / "all.jsonl").read_text(encoding="utf-8") == first
    entries = sum('"kind": "source"' not in line for line in first.splitlines())
    assert ledger("import", tmp_path / "all.jsonl", "--ledger", own).out.endswith(f"0 new, {entries} there already\n")


def test_history_and_rivals(ledger, own):
    with open_ledger(own) as opened:
        (analyst,) = opened.current(speaker="analyst")
    correction = {**LINE, "corrects": analyst, "note": "counted twice",
                  "quantity": {**LINE["quantity"], "low": 170, "best": 170, "high": 170}}  # fmt: skip
    new = ledger("add", "-", "--ledger", own, text=json.dumps(correction)).out.strip()
    told = ledger("history", analyst, "--ledger", own).out
    assert f"{new} corrects {analyst}: counted twice" in told
    assert [each["id"] for each in json.loads(ledger("history", new, "--ledger", own, "--json").out)] == [analyst, new]
    rivals = ledger("rivals", new, "--ledger", own).out
    assert "high: highest of rivals, " + new in rivals
    assert f"{new} read as 170 systems" in rivals
    disputed = json.loads(ledger("rivals", "--ledger", own, "--json").out)
    assert [each["id"] for group in disputed for each in group if each["thing"] == KULEBA].count(new) == 1


def test_status_counts_at_a_day_and_prints_json(ledger):
    told = ledger("status", "--at", "2024-06-30").out
    assert "Germany-organised" in told
    pledged = told[told.index("NASAMS, fire units") - 200 : told.index("Held at")]
    assert any(row.split()[-5:] == ["8", "–", "2", "6", "–"] for row in pledged.splitlines())
    content = json.loads(ledger("status", "--at", "2022-01-01", "--json").out)
    assert content["at"] == "2022-01-01"
    assert content["holdings"] == content["lives"] == []
    none_yet = next(each for each in content["inventories"] if each["holder"] == "Ukraine")
    assert {"holder", "system", "unit", "amount", "lines", "aside", "last"} <= none_yet.keys()


def test_status_says_who_held_how_many_and_where_the_ledger_ends(ledger):
    march, later = (ledger("status", "--at", at).out for at in ("2024-03-31", "2034-03-31"))
    found = [[line for line in told.splitlines() if "Ukraine: patriot" in line] for told in (march, later)]
    (then,), (now,) = found
    assert then.split()[-3:-1][-1] == "3"
    assert now.split()[-1].startswith("202")


def test_a_user_s_table_of_hedges_is_used(ledger, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('["more than"]\nlow=1\nbest=2\nhigh=3\nopen="above"\nreason="ours"\n')
    assert "101–202–303 systems" in ledger("show", "--thing", KULEBA, "--hedges", file).out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show", "--at", "2024-02-30"), 1, "--at: found '2024-02-30', which is no day of the calendar"),
        (("show", "--kind", "rumour"), 2, "'rumour' is not one of"),
        (("history", "statement-0"), 1, "no entry 'statement-0'; did you mean"),
        (("rivals", "statement-0"), 1, "no entry 'statement-0'"),
        (("show", "--ledger", "missing.db"), 1, "no such ledger; check the path, or make one"),
        (("import", "missing.jsonl", "--ledger", "OWN"), 1, "missing.jsonl: cannot be read"),
        (("import", "-", "--ledger", "OWN"), 1, "-: the file is empty"),
        (("add", "-", "--ledger", "missing.db"), 1, "no such ledger"),
        (("add", "-"), 2, "Missing option '--ledger'"),
        (("new", "OWN"), 1, "exists already; nothing is ever written over a ledger"),
        (("export", "--out", "no/such/folder"), 1, "no/such/folder: cannot be written"),
        (("status", "--hedges", "missing.toml"), 1, "missing.toml: cannot be read"),
    ],
)
def test_what_cannot_be_right_is_one_plain_message(ledger, own, arguments, code, said):
    done = ledger(*(own if word == "OWN" else word for word in arguments))
    assert done.code == code
    assert said in " ".join(done.err.replace("│", "").split())
    assert "Traceback" not in done.err


def test_an_export_is_utf_8_whatever_the_terminal_speaks(tmp_path):
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    line = json.dumps(LINE | {"speaker": "Łukasz"})
    code = (
        "import sys; from tegmen.ledger.store import new_ledger; from tegmen.cli.app import main;"
        f"l = new_ledger('own.db', empty=True); l.take_in({line!r}.encode(), 'x'); l.close();"
        "sys.argv = ['tegmen', 'ledger', 'export', '--ledger', 'own.db']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, check=True)
    assert "Łukasz" in done.stdout.decode("utf-8")
