"""`tegmen ledger read` and `review` as users meet them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from commands import Done

from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.reading.extraction import read_article
from tegmen.ledger.reading.review import Asker, review_drafts
from tegmen.ledger.store import new_ledger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "KYIV, 4 April 2024. Russia launched more than 30 drones in March, Olena Marchuk told Reuters."
KEYS = (
    "kind speaker via thing quantity period date place participants topics status role open doubtful evidence because"
).split()


@pytest.fixture
def ledger(here: Callable[..., Done]) -> Callable[..., Done]:
    """Run `tegmen ledger` in this process; gives the exit code and what was printed."""
    return lambda *arguments, text="": here("ledger", *arguments, text=text)


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_json_has_the_agreed_keys(ledger):
    code, out, _ = ledger("read", "-", "--json", text=TEXT)
    (draft,) = json.loads(out)
    assert code == 0
    assert list(draft) == KEYS
    assert draft["quantity"] == {"low": 31, "best": None, "high": None, "hedge": "more than", "unit": "drones"}
    assert draft["period"] == ["2024-03-01", "2024-03-31"]
    assert (draft["date"], draft["participants"], draft["status"]) == (None, [], None)


def test_reading_prints_words_and_the_text_they_are_in(ledger, article):
    code, out, _ = ledger("read", article)
    assert code == 0
    assert "quantity: low 31, more than [drones]" in out
    assert "1 drafts, 0 doubtful" in out
    assert ledger("read", article, "--text")[1] == TEXT


def test_a_date_may_be_given(ledger):
    _, out, err = ledger("read", "-", "--json", "--date", "2023-05-02", text="Russia launched 30 drones in March.")
    assert json.loads(out)[0]["period"] == ["2023-03-01", "2023-03-31"]
    assert err == ""
    code, _, err = ledger("read", "-", "--date", "2023-02-30", text=TEXT)
    assert code == 1
    assert "no day of the calendar" in err


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"x" * 5_000_000])
def test_what_is_no_article_is_one_plain_message(ledger, tmp_path, content):
    path = tmp_path / "no-article"
    path.write_bytes(content)
    code, out, err = ledger("read", path)
    assert (code, out) == (1, "")
    assert err.startswith("tegmen: ")
    assert "Traceback" not in err


def test_accept_all_fills_a_ledger_once(ledger, article, tmp_path):
    own = tmp_path / "own.ledger"
    new_ledger(own, empty=True).close()
    options = ("--ledger", own, "--accept-all", "--publisher", "Example Post", "--reliability", "B")
    for _ in range(2):
        assert ledger("review", article, *options)[0] == 0
    with open_ledger(own) as opened:
        (entry,) = opened.current(kind="statement").values()
        (source,) = opened.sources().values()
    assert (entry.speaker, entry.via, entry.quantity.low) == ("Olena Marchuk", "Reuters", 31)
    assert (source.publisher, source.reliability, str(source.published)) == ("Example Post", "B", "2024-04-04")


def test_who_published_it_must_be_known(ledger, article, tmp_path):
    new_ledger(tmp_path / "own.ledger", empty=True).close()
    code, _, err = ledger("review", article, "--ledger", tmp_path / "own.ledger", "--accept-all")
    assert code == 1
    assert "name who published it" in err


@pytest.mark.parametrize(("answer", "count"), [("a\n", 1), ("g\n", 1), ("r\n", 0), ("q\n", 0), ("what\na\n", 1)])
def test_each_draft_is_asked_about(ledger, article, tmp_path, answer, count):
    own = tmp_path / "own.ledger"
    new_ledger(own, empty=True).close()
    code, out, _ = ledger("review", article, "--ledger", own, "--publisher", "Example Post", text=answer)
    assert code == 0
    assert "more than [drones]" in out
    with open_ledger(own) as opened:
        assert len(opened) == count


@pytest.mark.parametrize(("choice", "speaker"), [("accept", ""), ("accept with guesses", "Olena Marchuk")])
def test_what_is_not_sure_is_taken_only_where_a_person_says_so(choice, speaker):
    reading = read_article(make_article(TEXT.encode()))
    (draft,) = reading.drafts
    unsure = replace(draft, entry=replace(draft.entry, speaker=""), guess=draft.entry, open=("speaker",))
    kept = review_drafts(replace(reading, drafts=(unsure,)), Asker(lambda _words: choice, lambda content: content))
    assert [entry.speaker for entry in kept] == [speaker]


def test_without_a_ledger_a_page_is_written_and_says_what_to_do_with_it(ledger, article, tmp_path):
    done = ledger("review", article, "--out", tmp_path / "page.html", "--title", "A <day>")
    assert done.code == 0
    assert "tegmen ledger import page.jsonl --ledger FILE" in done.out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "A &lt;day&gt;" in page
    assert "Olena Marchuk" in page
    assert "not named" not in page  # who published it is asked on the page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--accept-all",), "name the ledger that what is sure goes into"),
        (("--ledger", "own.ledger", "--out", "page.html"), "give one of them"),
        (("--out", "page.html", "--reliability", "Z"), "one letter A-F"),
    ],
)
def test_what_a_review_cannot_be_asked_is_said(ledger, article, options, words):
    code, _, err = ledger("review", article, *options)
    assert code == 1
    assert words in err


def test_a_page_that_cannot_be_written_is_told(ledger, article):
    code, _, err = ledger("review", article, "--out", article / "page.html")
    assert code == 1
    assert "cannot be written" in err


def test_accept_all_takes_what_is_sure_and_leaves_the_rest_open(ledger, tmp_path):
    text = tmp_path / "article.txt"
    text.write_text("KYIV, 4 April 2024. The minister met allies. Norway pledged 12 tanks.", encoding="utf-8")
    own = tmp_path / "own.ledger"
    new_ledger(own, empty=True).close()
    drafts = json.loads(ledger("read", text, "--json").out)
    assert ledger("review", text, "--ledger", own, "--accept-all", "--publisher", "Post").code == 0
    with open_ledger(own) as opened:
        kept = list(opened.current().values())
    assert len(kept) == len(drafts)
    for entry, draft in zip(sorted(kept, key=lambda entry: entry.evidence), drafts, strict=True):
        if "speaker" in draft["open"]:
            assert not entry.speaker


def test_a_number_without_a_draft_is_named_and_can_be_added(ledger, tmp_path, monkeypatch):
    text = tmp_path / "article.txt"
    text.write_text(f"{TEXT} They planted 17 trees.", encoding="utf-8")
    own = tmp_path / "own.ledger"
    new_ledger(own, empty=True).close()
    monkeypatch.setattr("click.edit", lambda content, **_: content.replace('"thing": "trees"', '"thing": "lindens"'))
    code, out, _ = ledger("review", text, "--ledger", own, "--publisher", "Example Post", text="n\na\n")
    assert code == 0
    assert "without a draft: " in out
    assert "17" in out.split("without a draft: ")[1]
    with open_ledger(own) as opened:
        kept = {entry.thing: entry for entry in opened.current().values()}
    assert set(kept) == {"drones", "lindens"}
    assert kept["lindens"].quantity.best == 17


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_control_c_ends_a_review_and_writes_nothing(article, tmp_path):
    own = tmp_path / "own.ledger"
    new_ledger(own, empty=True).close()
    command = [sys.executable, "-m", "tegmen", "ledger", "review", article, "--ledger", own, "--publisher", "Post"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        shown = b""
        while b"[q]uit" not in shown:
            shown += os.read(process.stdout.fileno(), 4096) or b"[q]uit: it ended"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted" in err
    with open_ledger(own) as opened:
        assert len(opened) == 0
