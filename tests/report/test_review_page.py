"""The page on which an article is checked: all of the text on it, nothing of it alive, and what it saves is imported.

Its script is run in Node where there is one: its functions of forms and entries, against the ledger's own reading.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from tegmen.ledger.entries import Quantity
from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.reading.extraction import Reading, read_article
from tegmen.ledger.reading.review import blanks
from tegmen.ledger.store import new_ledger
from tegmen.report.review_page import page_data, parts_of, review_page, with_signs, write_review

SCRIPT = Path(str(files("tegmen.report") / "templates" / "review.js"))
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no Node here to run the page's script with")

PLAIN = (
    "KYIV, 4 April 2024. Russia launched more than 30 drones in March, Olena Marchuk told Reuters. Germany pledged two "
    "Patriot batteries. On Tuesday Dmytro Kuleba met Radek Sikorski in Warsaw. They planted 17 trees."
)
HOSTILE = (
    'KYIV, 4 April 2024. </script><script>alert(1)</script> Russia launched more than 30 drones" onclick="alert(2) in '
    "March, Olena Marchuk told Reuters. <img src=x onerror=alert(3)> Germany pledged two Patriot batteries "
    "\u202eexe.\u202c {{ 7 * 7 }} ${8} <style>*{}</style> policy of this page & <!-- 12 tanks --> \U0001f600 "
    "\x07\x1b[31m 17 'launchers' were destroyed.\u2028 ]]> javascript:alert(4) "
    "\\u003c/script> Norway pledged 16 <b>howitzers</b>."
)
SOURCE = {"publisher": "Example <Post> \"'", "title": "</title><script>alert(5)</script>", "reliability": "B"}


def reading_of(text: str) -> Reading:
    return read_article(make_article(text.encode()))


class Page(HTMLParser):
    """What a browser would take up of a page: elements with their attributes, and the text in them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.words: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside.append(tag)
        self.words.setdefault(str(len(self.elements)), "")

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.elements and "data-s" in self.elements[-1][1] and self.inside[-1:] == ["span"]:
            self.words[str(len(self.elements))] += data

    @property
    def article(self) -> str:
        return "".join(self.words.values())


# ------------------------------------------------------------------ the text


@pytest.mark.parametrize("text", [PLAIN, HOSTILE, "No number here.", "3"])
def test_all_of_the_text_is_on_the_page_and_every_mark_is_whole(text):
    reading = reading_of(text)
    page = review_page(reading, SOURCE, "saved.jsonl")
    content = reading.article.text
    assert Page(page).article == with_signs(content)
    parts = parts_of(reading)
    assert "".join(part["text"] for part in parts) == with_signs(content)
    marked = {part["mark"]: part for part in parts if part["mark"] is not None}
    assert set(marked) == set(range(len(reading.marks)))
    for at, mark in enumerate(reading.marks):
        assert marked[at]["text"] == with_signs(content[mark.start : mark.end])
        assert marked[at]["drafts"] == " ".join(map(str, mark.drafts))


def test_signs_that_hide_are_shown_one_for_one():
    assert with_signs("a\x00b\u202ec\ufeffd\n\te\u2028") == "a\ufffdb\ufffdc\ufffdd\n\te\ufffd"
    assert with_signs(PLAIN) == PLAIN


def test_numbers_without_a_draft_are_begun_with_what_is_told():
    reading = reading_of(PLAIN)
    content = reading.article.text
    begun = blanks(reading)
    missed = {content[reading.marks[at].start : reading.marks[at].end]: entry for at, entry in begun.items()}
    assert missed["17"].quantity == Quantity(17, 17, 17, "exact", "trees")
    assert content[slice(*missed["17"].evidence)].startswith("They planted 17")
    assert all(not reading.marks[at].drafts for at in begun)
    assert "more than 30" not in missed
    assert "4" not in missed  # a day counts nothing
    assert [part["text"] for part in parts_of(reading) if part["missed"]] == ["17"]


# ------------------------------------------------------------------ nothing of the article is alive


def test_what_an_article_says_is_only_text():
    page = review_page(reading_of(HOSTILE), SOURCE, "saved.jsonl")
    found = Page(page).elements
    assert [attributes.get("type") for tag, attributes in found if tag == "script"] == ["application/json", None]
    assert not {tag for tag, _ in found} & {"img", "iframe", "object", "embed", "form", "base", "b", "a", "link"}
    assert sum(tag == "style" for tag, _ in found) == 2
    for _, attributes in found:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "href", "style", "action"}]
    assert "http://" not in page
    assert "https://" not in page


def test_only_the_page_s_own_script_and_style_run_and_nothing_is_sent():
    page = review_page(reading_of(HOSTILE), SOURCE, "saved.jsonl")
    (policy,) = [a["content"] or "" for _, a in Page(page).elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in policy
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in digests]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    for word in ("eval(", "innerHTML", "fetch(", "XMLHttpRequest", "insertAdjacentHTML", "document.write", "import("):
        assert word not in script


def test_the_data_are_what_was_read_whatever_stands_in_them():
    reading = reading_of(HOSTILE)
    page = review_page(reading, SOURCE, "saved.jsonl")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert not set("<>&") & set(text)
    assert json.loads(text) == json.loads(json.dumps(page_data(reading, SOURCE, "saved.jsonl")))
    assert json.loads(text)["text"] == reading.article.text


# ------------------------------------------------------------------ what is saved is imported


def with_open(reading: Reading) -> Reading:
    """Leave the speaker of every draft open, as a reading that is not sure does."""
    drafts = (
        replace(draft, entry=replace(draft.entry, speaker=""), guess=draft.guess or draft.entry, open=("speaker",))
        for draft in reading.drafts
    )
    return replace(reading, drafts=tuple(drafts))


def in_node(script: str, data: object) -> str:
    """Run the page's functions on data; gives what the script prints."""
    assert NODE is not None
    path = json.dumps(str(SCRIPT))
    whole = f"const page = require({path}); const data = JSON.parse(require('fs').readFileSync(0, 'utf8')); {script}"
    command, given = [NODE, "-e", whole], json.dumps(data).encode()
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


ACCEPT_ALL = """
const items = data.drafts.map((draft) => ({ form: page.formOf(draft.entry), state: "accepted" }));
const faults = items.flatMap((item) => page.faultsOf(item.form));
if (faults.length) throw new Error(faults.join(" "));
items.push({ form: page.formOf(data.drafts[0].entry), state: "rejected" }, { form: page.formOf({}), state: "" });
process.stdout.write(page.linesOf(items, data.source));
"""


@needs_node
@pytest.mark.parametrize("text", [PLAIN, HOSTILE])
def test_what_a_person_accepts_is_imported_as_it_was_read(text):
    reading = reading_of(text)
    lines = in_node(ACCEPT_ALL, page_data(reading, SOURCE, "saved.jsonl"))
    with new_ledger(empty=True) as ledger:
        ids = ledger.take_in(lines.encode(), "saved.jsonl")
        (source,) = ledger.sources().values()
        kept = [ledger.entry(each) for each in ids]
    assert (source.publisher, source.title, source.reliability) == tuple(SOURCE.values())
    assert [replace(entry, source="") for entry in kept] == [draft.entry for draft in reading.drafts]


@needs_node
def test_what_is_open_is_left_out_or_filled_by_one_click():
    reading = with_open(reading_of(PLAIN))
    script = """
    const [first] = data.drafts, form = page.formOf(first.entry), guess = page.formOf(first.guess);
    const filled = page.taken(form, guess, "speaker");
    const whole = page.takenWhole(form, guess, first.open);
    console.log(JSON.stringify([page.guessText(form, guess, "speaker"), ...[form, filled, whole].map(page.entryOf)]));
    """
    told, left, filled, whole = json.loads(in_node(script, page_data(reading, SOURCE, "saved.jsonl")))
    assert told == filled["speaker"] == "Olena Marchuk"
    assert "speaker" not in left
    assert whole == filled


FAULTY = {
    "no number": ({"thing": "drones", "low": "ten"}, "digits"),
    "out of order": ({"thing": "drones", "low": "9", "high": "3"}, "order"),
    "nothing said": ({"low": "9"}, "what it is about"),
    "nobody met": ({"kind": "meeting"}, "who met"),
    "no stage": ({"kind": "commitment", "thing": "Patriot"}, "how far"),
    "days turned round": ({"thing": "drones", "first": "2024-04-02", "last": "2024-04-01"}, "first day"),
    "right": ({"thing": "drones", "low": "1,200", "best": "1200.5"}, ""),
}


@needs_node
@pytest.mark.parametrize("case", FAULTY)
def test_what_the_ledger_would_refuse_is_told_before_it_is_taken(case):
    boxes, words = FAULTY[case]
    told = in_node("console.log(page.faultsOf({ ...page.formOf({}), ...data }).join(' '))", boxes).strip()
    assert words in told
    assert bool(told) == bool(words)


@needs_node
def test_numbers_are_read_as_people_write_them():
    script = "console.log(JSON.stringify(page.entryOf({ ...page.formOf({}), ...data })))"
    entry = json.loads(
        in_node(script, {"thing": "drones", "low": " 1,200 ", "high": "2 000", "hedge": "range", "unit": "drones"})
    )
    assert entry["quantity"] == {"low": 1200, "best": None, "high": 2000, "hedge": "range", "unit": "drones"}


@needs_node
def test_after_each_decision_comes_the_next_that_waits():
    script = "console.log(data.map((states) => page.nextOf(states.map((state) => ({ state })), 1)).join())"
    waits = [["", "", ""], ["", "x", "x"], ["x", "x", "x"], ["x", "", "x"]]
    assert in_node(script, waits).strip() == "2,0,-1,1"


def test_the_page_is_a_file_and_what_it_saves_is_named_after_it(tmp_path):
    written = write_review(reading_of(PLAIN), SOURCE, tmp_path / "new" / "article.review.html")
    page = written.read_text(encoding="utf-8")
    assert page == review_page(reading_of(PLAIN), SOURCE, "article.review.jsonl")
    assert len(page.encode()) < 100_000
