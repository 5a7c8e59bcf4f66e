"""Hedges to ranges: by hand, by properties, from rivals, and with a user's own table."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tegmen.errors import InputError
from tegmen.ledger.entries import HEDGES, Entry, Quantity, Source
from tegmen.ledger.hedges import SHIPPED_HEDGES, bounds, in_words, plain, range_of, read_rules, widen
from tegmen.ledger.store import new_ledger

COUNTS = st.floats(0, 1e12, allow_nan=False)


@st.composite
def quantities(draw) -> Quantity:
    """Anything the words may give: one, two or three numbers."""
    numbers = sorted(draw(st.lists(COUNTS, min_size=3, max_size=3)))
    given_ = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    assume(any(given_))
    low, best, high = (value if there else None for value, there in zip(numbers, given_, strict=True))
    return Quantity(low, best, high, draw(st.sampled_from(HEDGES)), "drones")


def rival(quantity: Quantity, number: int = 0) -> dict[str, Entry]:
    return {f"statement-{number}": Entry("statement", thing="x", quantity=quantity)}


def about(value: float, unit: str = "drones") -> Quantity:
    return Quantity(value, value, value, "exact", unit)


MORE_THAN_100 = Quantity(101, None, None, "more than", "drones")


# ------------------------------------------------------------------ by hand


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (Quantity(3000, 3000, 3000, "exact", "bombs"), (3000, 3000, 3000)),  # round, and taken as said
        (MORE_THAN_100, (101, 111.1, 131.3)),
        (Quantity(5, None, 7, "at least", "systems"), (5, 6.6, 10.5)),
        (Quantity(None, None, 180, "less than", "seconds"), (126, 162, 180)),
        (Quantity(None, None, 4, "at most", "batteries"), (2, 3.6, 4)),
        (Quantity(None, None, 1200, "nearly", "missiles"), (1080, 1164, 1200)),
        (Quantity(None, 50, None, "about", "drones"), (42.5, 50, 57.5)),
        (Quantity(5, None, 7, "either", "systems"), (5, 6, 7)),
        (Quantity(20, 35, 100, "range", "batteries"), (20, 35, 100)),
        (Quantity(24, None, None, "vague", "drones"), (24, 48, 96)),
        (Quantity(0, 0, 0, "exact", "drones"), (0, 0, 0)),
    ],
)
def test_every_hedge_by_hand(quantity, expected):
    span = widen(quantity)
    assert (span.low, span.best, span.high) == expected == bounds(quantity)
    assert span.unit == quantity.unit


def test_the_words_and_the_rule_are_shown():
    span = widen(MORE_THAN_100)
    assert span.words == "at least 101 drones (more than)"
    assert span.made[0] == "as said"
    assert span.made[1] == f"as said × 1.1 (more than; {SHIPPED_HEDGES})"
    assert str(span) == "101–111.1–131.3 drones"


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        (Quantity(5, None, 7, "at least", "systems"), "5 or 7 systems (at least)"),
        (Quantity(5, None, 7, "either", "systems"), "5 or 7 systems (either)"),
        (Quantity(1, 3, 6, "range", "batteries"), "1 to 6 batteries"),
        (Quantity(12, None, None, "at least", "units"), "at least 12 units"),
        (Quantity(None, None, 1200, "nearly", "missiles"), "at most 1,200 missiles (nearly)"),
        (Quantity(None, 50, None, "about", "drones"), "50 drones (about)"),
        (Quantity(12_345_678, 12_345_678, 12_345_678, "exact", "EUR"), "12,345,678 EUR"),
        (Quantity(0.05, None, None, "exact", "fraction"), "at least 0.05 fraction (exact)"),
    ],
)
def test_what_was_said_reads_well(quantity, words):
    assert in_words(quantity).removesuffix(" (exact)") == words.removesuffix(" (exact)")


def test_numbers_read_as_people_write_them():
    assert [plain(value) for value in (0.0, 6.6, 1000.0, 9351.1, 0.035, 1e7)] == [
        "0", "6.6", "1,000", "9,351", "0.035", "10,000,000",
    ]  # fmt: skip


# ------------------------------------------------------------------ properties


@given(quantities())
def test_low_best_high_are_in_order_and_hold_what_was_said(quantity):
    span = widen(quantity)
    assert span.low <= span.best <= span.high
    assert all(span.low <= value <= span.high for value in quantity.said)


@given(quantities(), st.floats(1, 1000))
def test_more_said_is_never_less_read(quantity, factor):
    more = replace(quantity, **{name: value * factor for name in ("low", "best", "high")
                                if (value := getattr(quantity, name)) is not None})  # fmt: skip
    assert all(one <= other for one, other in zip(bounds(quantity), bounds(more), strict=True))


@given(quantities(), st.lists(quantities(), max_size=4))
def test_with_rivals_too_the_order_holds_and_what_was_said_is_inside(quantity, others):
    rivals = {id_: entry for number, other in enumerate(others) for id_, entry in rival(other, number).items()}
    span = widen(quantity, rivals=rivals)
    assert span.low <= span.best <= span.high
    assert all(span.low <= value <= span.high for value in quantity.said)
    assert set(span.rivals) <= set(rivals)


@given(st.sampled_from(["exact", "range", "either", "about", "nearly"]), COUNTS, quantities())
def test_words_that_leave_no_side_open_are_not_moved_by_rivals(hedge, value, other):
    quantity = Quantity(value, value, value, hedge, "drones")
    assert widen(quantity, rivals=rival(other)) == widen(quantity)


# ------------------------------------------------------------------ rivals


def test_best_and_high_of_more_than_100_come_from_rivals():
    rivals = rival(about(120), 1) | rival(about(180), 2) | rival(about(150), 3)
    span = widen(MORE_THAN_100, rivals=rivals)
    assert (span.low, span.best, span.high) == (101, statistics.median([120, 180, 150]), 180)
    assert span.made == ("as said", "median of 3 rivals", "highest of rivals, statement-2")
    assert span.rivals == ("statement-1", "statement-2", "statement-3")


def test_below_a_ceiling_the_low_end_comes_from_rivals():
    span = widen(Quantity(None, None, 4, "at most", "drones"), rivals=rival(about(1), 1) | rival(about(3), 2))
    assert (span.low, span.best, span.high) == (1, 2, 4)
    assert span.made == ("lowest of rivals, statement-1", "median of 2 rivals", "as said")


@pytest.mark.parametrize(
    "other",
    [
        about(60),  # contradicts "more than 100": it stands beside, and makes no number
        about(120, "batteries"),  # another unit
        Quantity(121, None, None, "at least", "drones"),  # leaves the same side open
        Quantity(101, None, None, "more than", "drones"),
    ],
)
def test_rivals_that_say_nothing_of_the_open_side_make_no_number(other):
    assert widen(MORE_THAN_100, rivals=rival(other)) == widen(MORE_THAN_100)


def test_a_ledger_s_entry_is_read_with_its_rivals_only_where_its_words_leave_a_side_open():
    press = Source("Example Press")
    with new_ledger(empty=True) as ledger:
        entries = [
            Entry("statement", thing="x", quantity=said, source=press.id) for said in (MORE_THAN_100, about(150))
        ]
        floor, exact = ledger.add([press], [*entries, Entry("meeting", source=press.id)])[:2]
        assert range_of(ledger, floor, entries[0]) == widen(MORE_THAN_100, rivals={exact: entries[1]})
        assert range_of(ledger, exact, entries[1]) == widen(about(150))
        assert range_of(ledger, floor, Entry("meeting")) is None


def test_a_hedged_rival_is_widened_before_it_is_asked():
    span = widen(MORE_THAN_100, rivals=rival(Quantity(None, 200, None, "about", "drones")))
    assert (span.best, span.high) == (200, 230)


# ------------------------------------------------------------------ tables

ROW = '["more than"]\nlow = 1\nbest = 1.5\nhigh = 2\nopen = "above"\nreason = "our own study"\n'


def test_every_hedge_has_a_rule_with_a_reason():
    rules = read_rules()
    assert set(rules) == set(HEDGES)
    assert all(rule.reason and rule.low <= 1 <= rule.high for rule in rules.values())


def test_a_user_s_table_replaces_the_hedges_it_names_and_is_named_itself(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(ROW)
    rules = read_rules(file)
    span = widen(MORE_THAN_100, rules)
    assert (span.low, span.best, span.high) == (101, 151.5, 202)
    assert span.made[2] == f"as said × 2 (more than; {file})"
    assert rules["about"] == read_rules()["about"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[", "not valid TOML"),
        ("", None),
        ('["sort of"]\nlow = 1', "sort of: unknown key; allowed keys are exact, at least"),
        (ROW + "width = 3", "more than.width: unknown key; allowed keys are low, best, high, open, reason"),
        (ROW.replace("low = 1", "low = 1.2"), "more than.low: found 1.2"),
        (ROW.replace("high = 2", "high = inf"), "more than.high: found inf"),
        (ROW.replace("best = 1.5", "best = 'x'"), "more than.best: found 'x'"),
        (ROW.replace('reason = "our own study"', ""), "more than.reason: missing; add it"),
        (ROW.replace('"above"', '"up"'), "more than.open: found 'up'"),
    ],
)
def test_a_table_is_checked(tmp_path, text, fault):
    file = tmp_path / "own.toml"
    file.write_text(text)
    if fault is None:
        assert read_rules(file) == read_rules()
    else:
        with pytest.raises(InputError, match=fault):
            read_rules(file)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_table_that_cannot_be_read_is_said(tmp_path, content):
    file = tmp_path / "own.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as UTF-8 text"):
        read_rules(file)
