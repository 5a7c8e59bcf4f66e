"""A user's own language model, played by a server on this machine: only what one sentence supports is taken."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tegmen.errors import InputError
from tegmen.ledger.entries import Entry, Quantity
from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.reading.endpoint import endpoint_at
from tegmen.ledger.reading.extraction import Reading, read_article

TEXT = "The ministry spoke of 12 things. Olena Marchuk said that Berlin promised 40 gizmos for the port in March."
GIZMOS = {
    "sentence": 2, "kind": "commitment", "thing": "gizmos", "status": "pledged", "speaker": "Olena Marchuk",
    "quantity": {"low": 40, "best": 40, "high": 40, "hedge": "exact", "unit": "gizmos"}, "participants": ["Germany"],
}  # fmt: skip


@contextmanager
def served(answer: bytes, status: int = 200) -> Iterator[tuple[str, list[dict]]]:
    """Serve one answer to whatever is asked on a port of this machine; gives the address, and what was asked."""
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            held = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append({"path": self.path, **json.loads(held)})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def chat(*entries: object) -> bytes:
    content = json.dumps({"entries": entries})
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()


def read_with(*entries: object) -> Reading:
    with served(chat(*entries)) as (url, _):
        return read_article(make_article(TEXT.encode()), endpoint=endpoint_at(url, "small"))


def test_what_a_sentence_supports_is_taken_and_doubtful():
    with served(chat(GIZMOS)) as (url, asked):
        (draft,) = read_article(make_article(TEXT.encode()), endpoint=endpoint_at(url, "small")).drafts
    entry = draft.entry
    assert (entry.thing, entry.quantity.best, entry.status, entry.doubtful) == ("gizmos", 40, "pledged", True)
    assert TEXT[slice(*entry.evidence)].startswith("Olena Marchuk")
    (request,) = asked
    assert (request["path"], request["model"], request["temperature"]) == ("/v1/chat/completions", "small", 0)
    assert request["messages"][1]["content"].startswith("1: The ministry spoke of 12 things.\n2: Olena")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sentence": 1}, "thing: found 'gizmos'; the sentence has no gizmos"),
        ({"sentence": 3}, "sentence: found 3; allowed are 1 to 2"),
        ({"thing": "Patriot systems"}, "thing: found 'Patriot systems'; the sentence has no patriot, systems"),
        ({"speaker": "Dmytro Kuleba"}, "speaker: found 'Dmytro Kuleba'; the sentence has no dmytro, kuleba"),
        ({"participants": ["France"]}, "participants: found 'France'"),
        ({"place": "Kyiv"}, "place: found 'Kyiv'"),
        ({"quantity": GIZMOS["quantity"] | {"high": 41}}, r"quantity: found numbers \[40"),
        ({"quantity": GIZMOS["quantity"] | {"hedge": "about"}}, "quantity: found numbers .*about"),
        ({"quantity": GIZMOS["quantity"] | {"unit": "missiles"}}, "unit: found 'missiles'"),
        ({"status": "delivered"}, "status: found 'delivered'; no word of the sentence says so"),
        ({"kind": "statement", "status": "", "role": "launched"}, "role: found 'launched'"),
        ({"date": "2024-03-07"}, "date: found 2024-03-07; the sentence names no such time"),
        ({"of": "commitment-000000000000"}, "of, corrects, source: found ids"),
        ({"size": 3}, "size: unknown key"),
        ({"kind": "rumour"}, "kind: found 'rumour'"),
    ],
)
def test_what_no_sentence_supports_is_refused_and_the_rest_is_kept(change, reason):
    reading = read_with(GIZMOS | change, GIZMOS, "no object")
    assert [draft.entry.thing for draft in reading.drafts] == ["gizmos"]
    first, last = [note for note in reading.notes if "language model" in note]
    assert first.startswith("entry 1 of the language model is refused: ")
    assert last.startswith("entry 3 of the language model is refused: found 'no object'")
    with pytest.raises(InputError, match=reason):
        raise InputError("notes", [first])


def test_words_of_two_sentences_are_refused():
    words = Entry("statement", thing="things", quantity=Quantity(12, 12, 12, "exact", "things"), evidence=(0, 60))
    reading = read_article(make_article(TEXT.encode()), endpoint=lambda _: [words])
    assert reading.drafts == ()
    assert "those of 2 sentences; one is allowed" in reading.notes[-1]


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [(b"{}", 200, "answer of another form"), (b"no", 200, "answer of another form"), (chat(), 500, "answered 500"),
     (chat().replace(b"[", b"{"), 200, "answer of another form")],
)  # fmt: skip
def test_an_answer_of_another_form_is_told(answer, status, message):
    with served(answer, status) as (url, _), pytest.raises(InputError, match=message):
        read_article(make_article(TEXT.encode()), endpoint=endpoint_at(url, "small"))


def test_an_address_that_is_none_or_where_nobody_answers_is_told():
    with pytest.raises(InputError, match="give an address such as"):
        endpoint_at("file:///etc/passwd", "small")
    with served(b"") as (url, _):
        pass
    with pytest.raises(InputError, match="cannot be asked"):
        read_article(make_article(TEXT.encode()), endpoint=endpoint_at(url, "small"))
