"""What was ours and comes back is trusted no more than a stranger's; hostile TOML and JSON are one message."""

from __future__ import annotations

import json
import sqlite3

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


def tampered(path, change: str, *values: str) -> None:
    connection = sqlite3.connect(path)
    for table in ("source", "entry"):
        connection.execute(f"DROP TRIGGER {table}_not_changed")
    connection.execute(change, values)
    connection.commit()
    connection.close()


LOOKS = {
    "current": lambda ledger, _id: ledger.current(),
    "entry": lambda ledger, id_: ledger.entry(id_),
    "history": lambda ledger, id_: ledger.history(id_),
    "lives": lambda ledger, _id: ledger.lives(),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET line = replace(line, '2.0', '7.0')",
        "UPDATE entry SET line = replace(line, 'Patriot', 'Pa\x1briot')",
        "UPDATE entry SET line = substr(line, 1, length(line) - 9)",
        "UPDATE entry SET line = replace(line, 'pledged', 'pleaded')",
        "UPDATE entry SET line = '[1, 2]'",
        "UPDATE entry SET line = '{}'",
        "UPDATE entry SET line = 7",
        "UPDATE entry SET line = x'ff00'",
        "UPDATE entry SET line = replace(line, 'kind', 'mind')",
        "UPDATE entry SET line = replace(line, '2024-01-02', '2024-13-02')",
    ],
)
def test_an_entry_changed_behind_our_back_is_not_passed_on(file, change, look):
    path, ids = file
    tampered(path, f"{change} WHERE id = '{ids[0]}'")
    with open_ledger(path) as ledger, pytest.raises(InputError, match="damaged"):
        LOOKS[look](ledger, ids[0])


def test_a_source_changed_behind_our_back_is_not_passed_on(file):
    path, _ = file
    tampered(path, "UPDATE source SET line = replace(line, 'Post', 'Most')")
    with open_ledger(path) as ledger, pytest.raises(InputError, match="no longer matches what it says"):
        ledger.sources()


def test_a_commitment_that_begins_with_itself_is_refused_wherever_it_says_so(file):
    path, ids = file
    own = {"id": ids[0], "kind": "commitment", "of": ids[0], "status": "delivered", "source": {"publisher": "Post"}}
    with open_ledger(path) as ledger, pytest.raises(InputError, match="the content's is"):
        ledger.take_in(json.dumps(own).encode(), "lines")
    tampered(path, "UPDATE entry SET begun = id WHERE id = ?", ids[0])
    with open_ledger(path) as ledger, pytest.raises(InputError, match="begins with itself"):
        ledger.lives()
    with open_ledger(path) as ledger:
        assert list(ledger.history(ids[1])) == [ids[1]]


def test_a_correction_of_itself_ends(file):
    path, ids = file
    tampered(path, "UPDATE entry SET corrects = id WHERE id = ?", ids[0])
    with open_ledger(path) as ledger:
        assert set(ledger.history(ids[0])) <= {ids[0]}


def test_a_ledger_with_views_is_none_of_ours(file):
    path, _ = file
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIEW e AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="found views"):
        open_ledger(path)


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
