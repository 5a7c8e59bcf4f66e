"""What was ours and comes back is trusted no more than a stranger's; hostile TOML and JSON are one message."""

from __future__ import annotations

import json
import re

import pytest

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.ledger.hedges import read_rules
from tegmen.ledger.store import new_ledger, open_ledger
from tegmen.question.scenario import read_scenario

LINES = "\n".join(
    json.dumps(line)
    for line in (
        {"kind": "commitment", "thing": "Patriot", "status": "pledged", "date": "2024-01-02",
         "doubtful": True, "evidence": [1, 9],
         "quantity": {"low": 2, "best": 2, "high": 2, "hedge": "exact", "unit": "systems"},
         "source": {"publisher": "Post"}},
        {"kind": "statement", "thing": "drones", "date": "2024-01-03",
         "quantity": {"low": 90, "best": 90, "high": 90, "hedge": "exact", "unit": "drones"},
         "source": {"publisher": "Post"}},
    )
).encode()  # fmt: skip


@pytest.fixture
def file(tmp_path):
    with new_ledger(tmp_path / "a.ledger", empty=True) as ledger:
        ids = ledger.take_in(LINES, "lines")
    return tmp_path / "a.ledger", ids


def changed(path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2.0", "7.0", "an entry is never changed"),
        ('"Patriot"', '"Pa\x1briot"', "not JSON"),
        ('"Patriot"', '"Pa\\u001briot"', "thing: found the character"),
        ('"Patriot"', "7", "thing: found 7"),
        ('"thing": "Patriot"}', "", "not JSON"),
        ("pledged", "pleaded", "status: found 'pleaded'"),
        ('"kind": "commitment"', '"mind": "commitment"', "kind: found None"),
        ("2024-01-02", "2024-13-02", "no day of the calendar"),
        ("Post", "Most", "the content's is"),
        ('"doubtful"', '"doubted"', "unknown key"),
        ('"evidence": [1, 9]', '"evidence": [1.5, 9]', "evidence"),
        ('"evidence": [1, 9]', '"evidence": [9, 1]', "evidence"),
    ],
)
def test_a_line_changed_behind_our_back_is_named_with_its_number(file, old, new, fault):
    path, _ = file
    changed(path, old, new)
    with pytest.raises(InputError, match=rf"line \d: .*{re.escape(fault)}"):
        open_ledger(path)


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "=======", "[1, 2]", "{}", "7", "nul"])
def test_a_line_that_is_none_is_named_with_its_number(file, line):
    path, _ = file
    path.write_text(f"{path.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 4: "):
        open_ledger(path)


def test_a_line_that_is_gone_is_missed_where_another_names_it(file):
    path, ids = file
    with open_ledger(path) as ledger:
        step = {"kind": "commitment", "of": ids[0], "status": "delivered", "source": {"publisher": "Post"}}
        ledger.take_in(json.dumps(step).encode(), "lines")
    lines = path.read_text(encoding="utf-8").splitlines()
    for gone, fault in ((ids[0], f"of: found '{ids[0]}'"), ('"kind": "source"', "source: found 'source-")):
        path.write_text(
            "\n".join(line for line in lines if not (gone in line and '"of"' not in line)), encoding="utf-8"
        )
        with pytest.raises(InputError, match=f"{fault}.*which is not in the ledger.*damaged or lines are missing"):
            open_ledger(path)


def test_what_was_changed_since_it_was_opened_is_not_built_upon(file):
    path, _ = file
    with open_ledger(path) as ledger:
        changed(path, "2.0", "7.0")
        before = path.read_bytes()
        with pytest.raises(InputError, match="an entry is never changed"):
            ledger.take_in(LINES, "lines")
    assert path.read_bytes() == before


MARCH = shipped_text("scenarios", "march-2024.toml")
HOSTILE = {
    "far day": MARCH.replace("first = 2024-03-01", "first = 9999-12-31"),
    "first day": MARCH.replace("first = 2024-03-01", "first = 0001-01-01"),
    "brackets": "x = " + "[" * 3000,
    "tables": ".".join("a" * 3000) + " = 1",
    "digits": MARCH.replace("nights = 31", f"nights = {'9' * 5000}"),
    "hexadecimal": MARCH.replace("nights = 31", f"nights = 0x{'f' * 5000}"),
    "digits of units": MARCH.replace("added = 5", f"added = 0x{'f' * 5000}", 1),
    "exponent": MARCH.replace("nights = 31", "nights = 1e400"),
    "no number": MARCH.replace("confidence = 0.8", "confidence = nan"),
    "binary": "\x00\x01",
    "half": MARCH[:700],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_scenario_is_one_message(tmp_path, here, kind):
    assert HOSTILE[kind] != MARCH
    own = tmp_path / "own.toml"
    own.write_text(HOSTILE[kind], encoding="utf-8")
    with pytest.raises(InputError):
        read_scenario(own)
    done = here("answer", own)
    assert (done.code, done.out) == (1, "")
    assert done.err.count("tegmen: ") == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize("kind", ["brackets", "tables", "digits", "binary", "half"])
def test_a_hostile_table_of_hedges_is_one_message(tmp_path, kind):
    (tmp_path / "hedges.toml").write_text(HOSTILE[kind], encoding="utf-8")
    with pytest.raises(InputError):
        read_rules(tmp_path / "hedges.toml")


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a":' * 100_000, f'{{"kind": {"9" * 5000}}}', '{"a": 1e999}', "nul"])
def test_a_hostile_line_is_one_fault(line):
    with new_ledger(empty=True) as ledger, pytest.raises(InputError, match="line 1"):
        ledger.take_in(line.encode(), "lines")
