"""A user's own language model: asked at an address the user gives, believed only where one sentence says so.

Nothing is sent anywhere unless an address is given. What comes back is checked entry by entry and field by field: words
of one sentence of the article must support it, or the entry is refused. What is left is doubtful, all of it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from tegmen.errors import InputError
from tegmen.ledger.entries import HEDGES, ROLES, STAGES, Entry
from tegmen.ledger.jsonl import entry_of
from tegmen.ledger.reading.dates import Anchor, find_times
from tegmen.ledger.reading.drafts import STAGE_OF_CUE, Draft, find_cues
from tegmen.ledger.reading.lexicon import countries, currencies
from tegmen.ledger.reading.numbers import find_numbers, plural
from tegmen.ledger.reading.sentences import Sentence, split_sentences

Endpoint = Callable[[str], Sequence[Entry | InputError]]
"""A user's own language model: text in, entries out, each with `evidence`, the place of the words it is read from; for
what is no entry the reason."""

KEY_VARIABLE = "TEGMEN_ENDPOINT_KEY"
"""Environment variable with the key that the address asks for, if it does."""
WAIT_S = 120
ANSWER_BYTES_MOST = 2_000_000
SHORT = frozenset("a an the of and in on for to by with from at".split())
ASKED = f"""You read news about air defence and military aid. Give JSON: {{"entries": [...]}}. An entry is one number
or promise in one sentence: {{"sentence": its number, "kind": "statement" or "commitment", "thing": what is counted, in
the sentence's words, "quantity": null or {{"low": ..., "best": ..., "high": ..., "hedge": one of {", ".join(HEDGES)},
"unit": the noun counted, plural, or the code of a currency}}, "speaker": who says so, as the sentence names them, or
"", "status": of a commitment one of {", ".join(STAGES)}, else "", "role": of a statement one of {", ".join(ROLES)}, or
""}}. "More than 100" is low 101 and nothing else, "about 50" is best 50, "600" is all three. Add nothing that the
sentence does not say."""


def endpoint_at(url: str, model: str) -> Endpoint:
    """Make an endpoint of an address that speaks the chat format of OpenAI's interface.

    Parameters
    ----------
    url
        Address of the interface, http or https; "/chat/completions" is added where it is missing.
    model
        Name of the model, as the address knows it.

    Raises
    ------
    InputError
        No such address; later, when it is asked: it cannot be reached, or answers with something else.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InputError("--endpoint", [f"found {url[:80]!r}; give an address such as http://localhost:8080/v1"])
    return partial(_entries_from, url, model)


def supported(endpoint: Endpoint, text: str, anchor: Anchor) -> tuple[list[Draft], list[str]]:
    """Give what a language model reads in a text as drafts, doubtful all of them, and why the others were refused."""
    sentences, drafts, refused = split_sentences(text), list[Draft](), list[str]()
    for number, entry in enumerate(endpoint(text), start=1):
        faults = entry.faults if isinstance(entry, InputError) else list(_faults(entry, sentences, anchor))
        if isinstance(entry, InputError) or faults:
            refused.append(f"entry {number} of the language model is refused: {'; '.join(faults)}")
        else:
            drafts.append(Draft(replace(entry, doubtful=True, note="from a language model")))
    return drafts, refused


# ---------------------------------------------------------------- asking


def _entries_from(url: str, model: str, text: str) -> list[Entry | InputError]:
    sentences = split_sentences(text)
    listed = "\n".join(f"{number}: {sentence.text}" for number, sentence in enumerate(sentences, start=1))
    return [_entry_in(held, sentences) for held in _asked(url, model, listed)]


def _entry_in(held: Any, sentences: Sequence[Sentence]) -> Entry | InputError:
    """Make an entry of what the model gave, or say why it is none."""
    if not isinstance(held, dict):
        return InputError("entry", [f"found {str(held)[:40]!r}; an object {{...}} is allowed"])
    content: dict[str, Any] = dict(held)
    number = content.pop("sentence", None)
    if not isinstance(number, int) or not 0 < number <= len(sentences):
        return InputError("entry", [f"sentence: found {number!r}; allowed are 1 to {len(sentences)}"])
    at = sentences[number - 1]
    try:
        return entry_of(content | {"evidence": [at.start, at.end]})
    except InputError as error:
        return error


def _asked(url: str, model: str, listed: str) -> list[Any]:
    """Ask, and give the entries of the answer as they came."""
    body = {
        "model": model,
        "temperature": 0,
        "response_format": {"type": "json_object"},
        "messages": [{"role": "system", "content": ASKED}, {"role": "user", "content": listed}],
    }
    try:
        answer = json.loads(_posted(url, json.dumps(body).encode()))
        entries = json.loads(answer["choices"][0]["message"]["content"])["entries"]
    except (OSError, http.client.HTTPException) as error:
        raise InputError(
            url, [f"cannot be asked ({error}); check that the language model runs at this address"]
        ) from None
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        allowed = 'a chat answer whose content is JSON {"entries": [...]} is'
        raise InputError(
            url, [f"found an answer of another form; {allowed} allowed: check address and model"]
        ) from None
    if not isinstance(entries, list):
        raise InputError(url, ["found entries that are no list; check the model"])
    return entries


def _posted(url: str, body: bytes) -> bytes:
    """Post to an address, once and without following it elsewhere."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = parts.path.rstrip("/")
    path = path if path.endswith("/chat/completions") else f"{path}/chat/completions"
    key = os.environ.get(KEY_VARIABLE, "")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    connection = kind(parts.hostname or "", parts.port, timeout=WAIT_S)
    try:
        connection.request("POST", path + (f"?{parts.query}" if parts.query else ""), body, headers)
        response = connection.getresponse()
        content = response.read(ANSWER_BYTES_MOST + 1)
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise OSError(f"it answered {response.status} {response.reason}")
    if len(content) > ANSWER_BYTES_MOST:
        raise OSError(f"it answered with more than {ANSWER_BYTES_MOST / 1e6:.0f} MB")
    return content


# ---------------------------------------------------------------- checking


def _faults(entry: Entry, sentences: Sequence[Sentence], anchor: Anchor) -> Iterator[str]:
    """Say what of an entry no single sentence of the article supports."""
    if entry.evidence is None:
        yield f"found no sentence for it ({entry.thing[:60]!r}); it must name one of the article's"
        return
    start, end = entry.evidence
    held = [sentence for sentence in sentences if sentence.start < end and start < sentence.end]
    if len(held) != 1:
        yield f"its words {start}-{end} are those of {len(held)} sentences; one is allowed"
        return
    sentence = held[0]
    named = {"thing": entry.thing, "speaker": entry.speaker, "via": entry.via, "place": entry.place}
    parts = [
        *named.items(),
        *(("participants", each) for each in entry.participants),
        *(("topics", t) for t in entry.topics),
    ]
    for field, words in parts:
        missing = _missing_words(words, sentence)
        if missing:
            yield f"{field}: found {words!r}; the sentence has no {', '.join(missing)}"
    yield from _number_faults(entry, sentence)
    yield from _act_faults(entry, sentence)
    yield from _time_faults(entry, sentence, anchor)
    if entry.of or entry.corrects or entry.source:
        yield "of, corrects, source: found ids; a language model knows of no other entries"


def _missing_words(words: str, sentence: Sentence) -> list[str]:
    """Words of a field that its sentence has not; a country is there where its capital or its people are."""
    said: set[str] = {part for token in sentence.tokens for part in (token.low, token.bare.lower())}
    if any(countries().get(token.bare) == words for token in sentence.tokens):
        return []
    asked = [word for word in re.findall(r"[\w/’'-]+", words.lower()) if word not in SHORT]
    return [word for word in asked if word not in said]


def _number_faults(entry: Entry, sentence: Sentence) -> Iterator[str]:
    held = entry.quantity
    if held is None:
        return
    tokens = sentence.tokens
    read = [(n.low, n.best, n.high, n.hedge) for n in find_numbers(tokens, [False] * len(tokens))]
    if (held.low, held.best, held.high, held.hedge) not in read:
        yield f"quantity: found numbers {held.said}, {held.hedge}; the sentence does not say so"
    units = {form for token in tokens for form in (token.low, plural(token.low), token.text)} | {"people", "%"}
    units |= {code for token in tokens for kind in ("signs", "words") if (code := currencies(kind).get(token.low))}
    if held.unit not in units and held.unit.lower() not in units:
        yield f"unit: found {held.unit!r}; the sentence counts nothing so called"


def _act_faults(entry: Entry, sentence: Sentence) -> Iterator[str]:
    names = {cue.name for cue in find_cues(sentence)}
    if entry.role and entry.role not in names | ({"asked for"} if "requested" in names else set()):
        yield f"role: found {entry.role!r}; no word of the sentence says so"
    if entry.kind == "commitment" and entry.status not in {STAGE_OF_CUE.get(name) for name in names}:
        yield f"status: found {entry.status!r}; no word of the sentence says so"


def _time_faults(entry: Entry, sentence: Sentence, anchor: Anchor) -> Iterator[str]:
    times = find_times(sentence.text, sentence.start, anchor)
    days = {day for time in times for day in (time.day, time.last)}
    told = {"period": entry.period in {None, *(time.period for time in times)}}
    told |= {"date": entry.date in days | {None}, "due": entry.due in days | {None}}
    for field in (field for field, fits in told.items() if not fits):
        yield f"{field}: found {getattr(entry, field)}; the sentence names no such time"
