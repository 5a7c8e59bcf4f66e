"""Holders against the catalogue and the ledger, and every fault that a table of them can have."""

from __future__ import annotations

import csv
import datetime as dt

import pytest
from locations import ROOT, SHARED, needs_shared

from tegmen.errors import InputError
from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.holders import Holder, days_of, read_holders, said_together

MARCH = dt.date(2024, 3, 31)
HEAD = "holder,system,parameter,as_of,value_low,value_best,value_high,unit,source,verified,note"


def of(name: str, kind: str = "patriot", day: dt.date = MARCH, **own) -> Holder:
    return next(each for each in read_holders(day, **own) if (each.name, each.system) == (name, kind))


def line(holder="Avalon", kind="patriot", name="stock", value="5", unit="fire units", as_of="2024-03") -> str:
    return f"{holder},{kind},{name},{as_of},{value},{value},{value},{unit},a test,true,"


def table(tmp_path, *lines: str):
    file = tmp_path / "own.csv"
    file.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return file


# ------------------------------------------------------------------ what is shipped


def test_the_catalogue_sets_a_stock_as_long_as_nothing_came_or_went():
    """Germany gave its third Patriot by 5 July 2024: before, the row of April holds; after, the ledger's voices do."""
    before, after = of("Germany"), of("Germany", day=dt.date(2025, 8, 1))
    assert before.stock == read_catalogue().inventory("Germany", "patriot")
    assert after.stock.table == "ledger"
    assert after.stock.note.startswith("ledger: statement-")
    assert after.stock.best == 9  # "12 at first, three given, nine left", said on that day


def test_what_others_say_stands_beside_a_stock():
    assert of("United States").rival == "the ledger's voices: 60–64"
    assert of("Sweden").rival == "voices differ: 2 to 4"
    assert of("Spain").rival == ""
    assert of("Spain", "nasams").rival == "the ledger's voices: 4"
    assert not of("Spain", "nasams").is_known  # a relay sets no number alone


def test_the_sum_of_holders_and_what_is_said_of_them_together_are_both_kept():
    """About 190, of which the United States 60: "more than 100" may leave it out, and what others cannot spare."""
    holders = [each for each in read_holders(MARCH) if each.system == "patriot"]
    known = sum(each.stock.best or 0 for each in holders)
    assert 170 <= known <= 200
    told = {each.holder: each.amount for each in said_together(MARCH, "patriot", holders)}
    assert told["partners"].low == 101
    assert 101 <= known - 60 <= 140
    assert not set(told) & {each.name for each in holders}
    assert "Ukraine" not in told


def test_every_row_is_a_number_of_a_holder_and_every_holder_has_what_the_flow_needs():
    names = {row.name for row in read_catalogue().parameters if row.table == "holders.csv"} - {"stock"}
    needed = {"floor_share", "working_share", "months_to_agree", "months_to_overhaul", "crews_a_month"}
    for each in read_holders(MARCH):
        assert needed <= set(each.rows) <= names
        stock_built = "months_to_build" in each.rows
        assert stock_built or {"months_to_transfer", "months_to_train"} <= set(each.rows)
        for outlook in ("cautious", "best", "generous"):
            assert all(each.number(name, outlook) is not None for name in each.rows)


def test_readings_take_the_end_that_gives_less_or_more():
    greece = of("Greece")
    assert [greece.number("floor", outlook) for outlook in ("cautious", "best", "generous")] == [6, 6, 5]
    assert [greece.number("working_share", outlook) for outlook in ("cautious", "generous")] == [0.5, 0.93]


@needs_shared
def test_a_row_called_verified_rests_on_words_that_were_read():
    facts = {}
    for name in ("holdings.csv", "deliveries.csv", "availability.csv", "rounds.csv"):
        with (SHARED / "data" / "facts" / name).open(encoding="utf-8", newline="") as handle:
            facts |= {row["id"]: row for row in csv.DictReader(handle)}
    with (ROOT / "scripts" / "holders.csv").open(encoding="utf-8", newline="") as handle:
        recipe = list(csv.DictReader(handle))
    assert any(row["verified"] == "true" for row in recipe)
    for row in recipe:
        rests_on = [facts[each] for each in row["facts"].split()]
        if row["verified"] == "true":
            assert any(fact["read"] in {"full", "derived"} for fact in rests_on), row


# ------------------------------------------------------------------ dates and tables of one's own


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2024", (dt.date(2024, 1, 1), dt.date(2024, 12, 31))),
        ("2024-02", (dt.date(2024, 2, 1), dt.date(2024, 2, 29))),
        ("2024-02-29", (dt.date(2024, 2, 29), dt.date(2024, 2, 29))),
    ],
)
def test_a_date_is_the_days_it_may_mean(text, days):
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "soon", "2024-13", "2023-02-29", "2024-1-1-1"])
def test_a_date_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="a date is YYYY, YYYY-MM or YYYY-MM-DD"):
        days_of(text)


def test_an_own_row_stands_in_place_of_the_shipped_one(tmp_path):
    own = table(
        tmp_path,
        line(value="7"),
        line("Greece", name="floor_share", value="0.5", unit="fraction"),
        line("any holder", "all", "working_share", "1", "fraction"),
    )
    avalon, greece = of("Avalon", own=own), of("Greece", own=own)
    assert avalon.stock.best == 7
    assert avalon.number("working_share") == 1
    assert avalon.rows["months_to_train"].system == "patriot"
    assert greece.number("floor_share") == 0.5
    assert "floor" not in greece.rows  # said in another unit, and by the user
    assert of("Poland", own=own).number("floor") == 2


def test_every_fault_of_a_table_is_named_at_once(tmp_path):
    own = table(
        tmp_path,
        line(value="-1"),
        line("Brigadoon", value="5"),
        line("Brigadoon", value="6"),
        line("Cockaigne", value="5"),
        line("Cockaigne", name="floor", value="6"),
        line("Dystopia", name="promised", value="1", as_of="2024-07/2024-03"),
        line("Erewhon", name="colour", value="1"),
        line("Faerie", name="months_to_agree", value="1", unit="s"),
        line("Greece", "Cata pult!"),
        line("Hades", value="1", as_of="soon"),
    )
    with pytest.raises(InputError) as refused:
        read_holders(MARCH, own)
    words = str(refused.value)
    for said in (
        "-1 fire units; plausible is 0 to 1,000",
        "Brigadoon, patriot: stock stands there 2 times",
        "Cockaigne, patriot: found a floor of 6 above the stock of 5",
        "delivered 2024-03, before it was pledged, 2024-07",
        "Erewhon, patriot, 2024-03: colour: no holder has such a number; allowed: stock, floor",
        "found the unit 's'; allowed: months",
        "system: found 'Cata pult!'",
        "found 'soon'; a date is",
    ):
        assert said in words, said


def test_a_holder_without_a_stock_and_a_file_that_is_none_are_refused(tmp_path):
    with pytest.raises(InputError, match="no stock is known; add a row 'stock'"):
        read_holders(MARCH, table(tmp_path, line(name="floor")))
    with pytest.raises(InputError, match="no row in it"):
        read_holders(MARCH, table(tmp_path))
    with pytest.raises(InputError, match="cannot be read"):
        read_holders(MARCH, tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="missing column holder"):
        read_holders(MARCH, tmp_path / "bad.csv")
