"""What the ledger and the reader hand out: frozen values that pickle, copy and compare."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from dataclasses import replace

import pytest

from tegmen.ledger.aid import AidStatus, aid_status
from tegmen.ledger.entries import Entry, Quantity, Source
from tegmen.ledger.hedges import Range, read_rules, widen
from tegmen.ledger.inventory import inventory_at
from tegmen.ledger.jsonl import read_lines
from tegmen.ledger.reading.articles import make_article
from tegmen.ledger.reading.extraction import read_article
from tegmen.ledger.store import open_ledger
from tegmen.terms import Span

HELD = Quantity(101, None, None, "more than", "systems")
ENTRY = Entry("statement", thing="Patriot systems", quantity=HELD, period=(dt.date(2024, 3, 1), dt.date(2024, 3, 31)))
RIVALS = {"statement-1": replace(ENTRY, quantity=Quantity(150, 150, 150, "exact", "systems"))}


def aid() -> AidStatus:
    with open_ledger() as ledger:
        return aid_status(ledger, dt.date(2024, 6, 30))


VALUES = {
    "quantity": lambda: HELD,
    "source": lambda: Source("Example Press", published=dt.date(2024, 4, 3)),
    "entry": lambda: ENTRY,
    "range": lambda: widen(HELD, rivals=RIVALS),
    "table of hedges": read_rules,
    "aid": aid,
    "inventory": lambda: inventory_at(dt.date(2024, 3, 31), "patriot"),
    "lines": lambda: read_lines(b'{"kind": "source", "publisher": "Example Press"}', "lines"),
    "reading": lambda: read_article(make_article(b"Kuleba said on 3 April 2024 that 30 drones fell in March.")),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_pickle_copy_and_compare(name):
    value = VALUES[name]()
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert VALUES[name]() == value


def test_another_value_is_not_equal():
    assert replace(HELD, low=102) != HELD
    assert replace(ENTRY, note="x") != ENTRY
    assert widen(HELD) != widen(HELD, rivals=RIVALS)
    status = aid()
    assert replace(status, lives=status.lives[1:]) != status


def test_what_was_handed_out_cannot_be_changed():
    status, rules = aid(), read_rules()
    for life in status.lives:
        with pytest.raises(TypeError):
            life.amounts["pledged"] = None
    assert status.lives
    with pytest.raises(TypeError):
        rules["exact"] = rules["about"]


@pytest.mark.parametrize("value", [HELD, widen(HELD), next(iter(aid().lives[0].amounts.values()))])
def test_quantities_ranges_and_amounts_are_spans(value):
    assert isinstance(value, Span)
    assert Span(value.low, value.best, value.high) == Span(*(getattr(value, name) for name in ("low", "best", "high")))
    assert not isinstance(value, Range) or str(value) == "101–111.1–131.3 systems"
