"""Text from outside is data: what commands a terminal, hides words or runs in a spreadsheet stops at the door."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

import pandas as pd
import pytest
from locations import ROOT

from tegmen.data import shipped_text
from tegmen.errors import InputError, hidden_fault, visible, without_hidden
from tegmen.ledger.entries import Entry, Source
from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.store import new_ledger
from tegmen.question.scenario import read_scenario
from tegmen.report.csv_files import csv_text

HIDDEN = [
    chr(code)
    for code in range(0x3000)
    if (unicodedata.category(chr(code)) == "Cc" and chr(code) not in "\t\n\r")
    or unicodedata.bidirectional(chr(code)) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    or unicodedata.name(chr(code), "") in {"LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ARABIC LETTER MARK"}
]
"""By the character database, a second reading of the same rule: 62 control characters and 12 direction marks."""


def test_every_control_character_and_direction_mark_is_hidden_and_no_letter_is():
    assert len(HIDDEN) == 62 + 12
    for character in HIDDEN:
        assert hidden_fault(f"a{character}b"), repr(character)
        assert character not in visible(f"a{character}b")
        assert character not in without_hidden(f"a{character}b")
    letters = "".join(chr(code) for code in range(0x20, 0x3000) if unicodedata.category(chr(code))[0] in "LMNPSZ")
    assert hidden_fault(f"{letters}\t\n\r\n") is None
    assert visible(letters) == without_hidden(letters) == letters


@pytest.mark.parametrize("hidden", ["\x02", "\x0b", "\x1b[2J", "\u202e", "\u009b"])
@pytest.mark.parametrize("key", ["title", "question", "source", "quote", "entry"])
def test_no_text_of_a_scenario_holds_what_cannot_be_seen(tmp_path, hidden, key):
    text = 'title = ""\nquestion = ""\n' + shipped_text("scenarios", "march-2024.toml")
    codes = "".join(f"\\u{ord(character):04x}" for character in hidden)
    at = text.index(f'{key} = "') + len(f'{key} = "')
    file = tmp_path / "own.toml"
    file.write_text(f"{text[:at]}{codes}{text[at:]}", encoding="utf-8")
    with pytest.raises(InputError, match="control characters and direction marks are not allowed") as caught:
        read_scenario(file)
    assert hidden not in str(caught.value)


def test_a_ledger_refuses_hidden_characters_field_by_field_and_shows_them_as_codes():
    with pytest.raises(InputError, match=r"publisher: found the character .u001b") as caught:
        Source("Post\x1b[2J", title="\u202egpj.exe")
    assert len(caught.value.faults) == 2
    line = {"kind": "statement", "thing": "tanks\x07", "source": {"publisher": "Post"}, "topics": ["a\u2066b"]}
    with new_ledger(empty=True) as ledger, pytest.raises(InputError, match=r"line 1: thing: found the character"):
        ledger.take_in(json.dumps(line).encode(), "lines")
    with pytest.raises(InputError, match="topics: found the character"):
        Entry("statement", thing="tanks", topics=("a", "b\x00"))


def test_an_article_loses_what_cannot_be_seen_whether_written_or_coded():
    plain = make_article("Germany gave\x1b[2J two \u202eevif\u202c.\x0bBerlin.".encode())
    assert plain.text == "Germany gave[2J two evif. Berlin."
    page = (
        "<html><head><title>Two&#x1b;[2J&#x202e;</title></head><body><p>Germany&#x1b;[31m gave two.</p></body></html>"
    )
    read = make_article(page.encode())
    assert (read.title, read.text) == ("Two[2J", "Germany[31m gave two.\n")


@pytest.mark.parametrize("word", ['=HYPERLINK("x")', "+1", "-1+2", "@SUM(A1)", "\t=1", "＝1"])
def test_no_cell_of_a_csv_begins_a_formula_and_numbers_stay_numbers(word):
    table = pd.DataFrame({"place": [word, "Kyiv"], "value": [-1.5, 2.0], word: [1, -2]})
    rows = list(csv.reader(io.StringIO(csv_text(table))))
    assert rows == [["place", "value", f"'{word}"], [f"'{word}", "-1.5", "1"], ["Kyiv", "2", "-2"]]


def test_every_verb_prints_through_the_one_door():
    verbs = [file for file in (ROOT / "src" / "tegmen" / "cli").glob("*.py") if file.name != "console.py"]
    assert verbs
    for file in verbs:
        assert not re.search(r"\btyper\.(echo|secho)\(|\bprint\(", file.read_text(encoding="utf-8")), file.name
