"""A small fuzz run over every door; `python scripts/knock.py` knocks for as long as one likes."""

from __future__ import annotations

from collections import Counter

import pytest
from fuzz.doors import Doors, knock, write_extras
from report_example import example

from tegmen.report.answer_json import answer_file

KNOCKS = {
    "record": 60, "scenario": 60, "theatre": 10, "ledger": 100, "article": 40, "claim": 400, "pointer": 30,
    "answer": 60, "number": 60, "options": 60,
}  # fmt: skip
"""By door: what the slower ones take in a few seconds each."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz") / "in" / "here"
    folder.mkdir(parents=True)
    answer = folder.parent / "answer.json"
    answer.write_text(answer_file(example()).text(), encoding="utf-8")
    write_extras(folder)
    return Doors(folder, answer)


@pytest.mark.parametrize("name", KNOCKS)
def test_what_is_true_is_read_and_what_is_mutated_is_read_or_refused_in_words(doors, name):
    for true in doors.all()[name][0] if name != "options" else ():
        doors.all()[name][1](true)
    count: Counter[str] = Counter()
    faults = [fault for seed in range(KNOCKS[name]) if (fault := knock(doors, name, seed, count))]
    assert not faults, "\n".join(faults)
    assert count.total() == KNOCKS[name]
    assert name == "options" or count["refused"], "nothing was refused: the mutator does not bite"
