"""Inventories at a day: small ledgers by hand, properties, and the shipped ledger against the status of aid and the
spans that March 2024 is answered with."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tegmen.errors import InputError
from tegmen.ledger.aid import UNKNOWN, Amount, aid_status, system_of
from tegmen.ledger.entries import Entry, Quantity, Source
from tegmen.ledger.inventory import FIRE_UNITS, inventories, inventory_at
from tegmen.ledger.store import Ledger, new_ledger, open_ledger
from tegmen.question.scenario import read_scenario

PRESS = Source("Example Press", published=dt.date(2030, 1, 1))


def day(number: int) -> dt.date:
    """Give a day of 2030, by its number in the year."""
    return dt.date(2030, 1, 1) + dt.timedelta(number - 1)


def number(low: float | None, best: float | None, high: float | None, hedge="range", unit="batteries") -> Quantity:
    return Quantity(low, best, high, hedge, unit)


def exactly(count: float, unit: str = "batteries") -> Quantity:
    return number(count, count, count, "exact", unit)


def came(on: int, count: float | Quantity = 1, *, giver: str = "Norway", receiver: str = "Ukraine", **more) -> Entry:
    quantity = count if isinstance(count, Quantity) else exactly(count)
    told = {"period": (day(on), day(on))} | more
    return Entry("commitment", thing="Patriot", status="delivered", participants=(giver, receiver), quantity=quantity,
                 source=PRESS.id, **told)  # fmt: skip


def said(thing: str, quantity: Quantity, on: int, **more) -> Entry:
    told = {"period": (day(on), day(on))} | more
    return Entry("statement", thing=thing, quantity=quantity, source=PRESS.id, **told)


def counted(on: int, quantity: Quantity | float, holder: str = "Ukraine", **more) -> Entry:
    return said(f"Patriot held by {holder}", quantity if isinstance(quantity, Quantity) else exactly(quantity), on,
                **more)  # fmt: skip


def ledger_of(*entries: Entry) -> Ledger:
    ledger = new_ledger(empty=True)
    ledger.add([PRESS], entries)
    return ledger


def held(ledger: Ledger, on: int, holder: str = "Ukraine") -> tuple[float | None, ...]:
    amount = inventory_at(day(on), "patriot", holder=holder, ledger=ledger).amount
    return amount.low, amount.best, amount.high


# ------------------------------------------------------------------ by hand


def test_what_arrived_adds_up_and_before_the_first_there_was_none():
    ledger = ledger_of(came(10), came(20), came(30, exactly(2, "systems")))
    assert [held(ledger, on) for on in (9, 10, 19, 20, 30)] == [
        (0, 0, 0), (1, 1, 1), (1, 1, 1), (2, 2, 2), (4, 4, 4),
    ]  # fmt: skip
    found = inventory_at(day(25), "patriot", ledger=ledger)
    assert (found.since, found.until, found.unit) == (day(20), day(29), FIRE_UNITS)
    assert len(found.lines) == 2  # the third had not come


def test_a_count_holds_until_something_surely_comes_or_goes():
    ledger = ledger_of(came(10), counted(15, 3), came(20), counted(25, number(2, 4, 5)))
    assert held(ledger, 10) == held(ledger, 19) == (1, 1, 3)  # rivals: one came, another counts three
    assert held(ledger, 20) == held(ledger, 28) == (2, 2, 5)


def test_a_count_is_carried_over_a_change_by_what_came_and_went():
    given_away = came(20, giver="Germany")
    ledger = ledger_of(counted(5, 12, "Germany"), given_away, came(30, giver="Germany", receiver="Poland"))
    assert [held(ledger, on, "Germany") for on in (1, 19, 20, 29, 30)] == [
        (12, 12, 12), (12, 12, 12), (11, 11, 11), (11, 11, 11), (10, 10, 10),
    ]  # fmt: skip
    unsure = ledger_of(counted(5, number(10, 12, 14), "Germany"), given_away)
    assert held(unsure, 20, "Germany") == (9, 11, 13)
    later = ledger_of(counted(25, 11, "Germany"), given_away)
    assert held(later, 1, "Germany") == (12, 12, 12)  # nothing told of arrivals: carried back
    assert held(ledger, 30, "Poland") == (1, 1, 1)


def test_gifts_alone_tell_nothing_of_what_is_left():
    found = inventory_at(day(30), "patriot", holder="Norway", ledger=ledger_of(came(10)))
    assert (found.amount, found.known) == (UNKNOWN, False)
    assert "does not tell" in found.words


def test_rivals_span_and_the_lower_median_is_best():
    ledger = ledger_of(*(counted(at, count) for at, count in ((1, 3), (2, 8), (3, 3), (4, 10))))
    assert held(ledger, 20) == (3, 3, 10)


def test_words_that_leave_a_side_open_take_it_from_rivals():
    at_least = counted(1, number(4, None, None, "at least"))
    assert held(ledger_of(at_least), 5)[0] == 4
    assert held(ledger_of(at_least), 5)[2] > 4
    assert held(ledger_of(at_least, counted(2, number(3, None, 5))), 5) == (3, 4, 5)


def test_a_period_in_which_something_came_adds_doubt_until_its_last_day():
    ledger = ledger_of(came(10), came(0, period=(day(15), day(25))))
    assert [held(ledger, on) for on in (14, 15, 24, 25)] == [(1, 1, 1), (1, 1, 2), (1, 1, 2), (2, 2, 2)]


def test_what_may_have_come_widens_and_ends_no_count():
    ledger = ledger_of(came(10), counted(12, 1), came(20, number(0, 0, 1)))
    assert held(ledger, 19) == (1, 1, 1)
    assert held(ledger, 25) == (1, 1, 2)
    assert inventory_at(day(25), "patriot", ledger=ledger).since == day(10)


def test_doubtful_lines_and_parts_set_nothing_and_are_named():
    claim = said("Patriot lost by Ukraine", exactly(1), 12, doubtful=True, note="only the attacker says so")
    launchers = came(13, exactly(2, "launchers"))
    promised = Entry("commitment", thing="Patriot", status="pledged", participants=("Spain", "Ukraine"),
                     source=PRESS.id, date=day(14))  # fmt: skip
    ledger = ledger_of(came(10, 2), claim, launchers, promised)
    found = inventory_at(day(20), "patriot", ledger=ledger)
    assert found.amount == Amount(2, 2, 2)
    assert set(found.aside) == {claim.id, launchers.id, promised.id}
    assert (found.last, found.beyond) == (day(14), True)


def test_an_admitted_loss_of_whole_units_counts():
    ledger = ledger_of(came(10, 2), said("Patriot lost by Ukraine, one attack", exactly(1), 12))
    assert [held(ledger, on)[1] for on in (11, 12)] == [2, 1]


def test_it_says_where_the_ledger_ends():
    ledger = ledger_of(came(10))
    inside, behind = (inventory_at(day(on), "patriot", ledger=ledger) for on in (10, 11))
    assert (inside.beyond, behind.beyond) == (False, True)
    assert behind.words == (
        f"Ukraine held 1 fire unit of patriot on {day(11)}, as far as the ledger reaches: "
        f"its last line about them is of {day(10)}"
    )
    nobody = inventory_at(day(10), "sampt", ledger=ledger)
    assert (nobody.known, nobody.beyond, nobody.last) == (False, True, None)


def test_a_correction_replaces_its_line():
    wrong = came(10, 2)
    ledger = ledger_of(wrong)
    ledger.add([], [came(10, 1, corrects=wrong.id, note="misread")])
    assert held(ledger, 15) == (1, 1, 1)


def test_an_unknown_system_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="patriot"):
        inventory_at(day(1), "patriots")


# ------------------------------------------------------------------ properties

NUMBERS = st.tuples(*[st.integers(0, 9)] * 3).map(lambda three: number(*map(float, sorted(three))))
LINE = st.builds(came, st.integers(1, 60), NUMBERS) | st.builds(counted, st.integers(1, 60), NUMBERS)
LINES = st.lists(LINE, min_size=1, max_size=6, unique_by=lambda entry: entry.id)


@settings(max_examples=80, deadline=None)
@given(LINES, st.integers(1, 70))
def test_ranges_are_in_order_whole_and_made_of_named_lines(lines, on):
    ledger = ledger_of(*lines)
    found = inventory_at(day(on), "patriot", ledger=ledger)
    if not found.known:
        return
    amount = found.amount
    assert amount.best is not None
    assert amount.high is not None
    assert 0 <= amount.low <= amount.best <= amount.high
    assert all(value == int(value) for value in (amount.low, amount.best, amount.high))
    assert set(found.lines) <= {entry.id for entry in lines}
    # What is doubtful is named and changes nothing.
    doubted = counted(on, 99, doubtful=True)
    ledger.add([], [doubted])
    again = inventory_at(day(on), "patriot", ledger=ledger)
    assert again.amount == amount
    assert doubted.id in again.aside


# ------------------------------------------------------------------ the shipped ledger

DAYS = [dt.date(year, month, 28) for year in (2022, 2023, 2024) for month in range(1, 13, 2)]


def test_the_inventory_agrees_with_the_status_of_aid():
    with open_ledger() as ledger:
        for at in DAYS:
            arrived: dict[str, float] = {}
            for life in aid_status(ledger, at).lives:
                system, amount = system_of(life.item), life.amounts.get("delivered")
                whole = life.unit in {"batteries", "fire units", "systems", "vehicles"}
                if system and amount and whole and life.receiver == "Ukraine":
                    arrived[system] = arrived.get(system, 0.0) + (amount.low if amount.best is None else amount.best)
            for system, count in arrived.items():
                found = inventory_at(at, system, ledger=ledger)
                assert found.amount.low <= count <= (found.amount.high or 0), found.words


def test_march_2024_is_answered_within_what_the_ledger_holds():
    scenario = read_scenario("march-2024")
    for row in scenario.held:
        found = inventory_at(row.since, row.system).amount
        assert found.high is not None
        assert found.best is not None
        assert row.low <= found.best <= row.high, (row, found)
        assert found.low <= row.best <= found.high, (row, found)
    month = inventory_at(scenario.month.last, "patriot")
    assert not month.beyond


def test_before_the_first_parts_came_there_were_no_units_either():
    launchers = came(10, exactly(2, "launchers"))
    ledger = ledger_of(launchers, counted(30, 1))
    assert held(ledger, 9) == (0, 0, 0)
    assert inventory_at(day(9), "patriot", ledger=ledger).lines == (launchers.id,)
    assert held(ledger, 20) == (1, 1, 1)


# What the public told, read beside the ledger: day, system, fewest and most that pages of the time allow.
TOLD = (
    ("2022-12-31", "patriot", 0, 0),  # promised on 21 December 2022, the first came in April
    ("2023-04-30", "patriot", 2, 3),  # one American, one German; two Dutch launchers count as a third to some
    ("2024-04-10", "patriot", 2, 5),  # three, by the Washington Post of that day
    ("2024-08-29", "patriot", 4, 5),  # four by the Kyiv Independent, about five by Politico
    ("2023-06-19", "sampt", 1, 1),
    ("2024-12-31", "sampt", 2, 2),
    ("2024-05-24", "iris_t_slm", 4, 4),
    ("2024-12-02", "iris_t_slm", 5, 6),
    ("2022-11-09", "nasams", 2, 8),
    ("2023-08-09", "gepard", 46, 50),
)


@pytest.mark.parametrize(("at", "system", "fewest", "most"), TOLD)
def test_the_inventory_is_what_pages_of_the_time_say(at, system, fewest, most):
    amount = inventory_at(dt.date.fromisoformat(at), system).amount
    assert amount.best is not None
    assert fewest <= amount.low <= amount.best <= (amount.high or 0) <= most


def test_claims_of_the_attacker_stand_beside_what_denies_them_and_set_nothing():
    with open_ledger() as ledger:
        groups = {next(iter(group.values())).thing: group for group in ledger.disputed()}
        claimed = groups["Patriot lost by Ukraine, until June 2023"]
        assert {entry.quantity.best for entry in claimed.values()} == {0, 5}
        assert {entry.quantity.best for entry in claimed.values() if not entry.doubtful} == {0}
        arrived = groups["Patriot delivered by the United States until the end of August 2024"]
        assert {entry.quantity.best for entry in arrived.values()} == {1, 2}
        for at in DAYS:
            found = inventory_at(at, "patriot", ledger=ledger)
            assert not any(ledger.entry(each).doubtful for each in found.lines)


def test_every_line_of_aid_has_a_day_and_a_source_to_read():
    with open_ledger() as ledger:
        sources = ledger.sources()
        steps = [entry for life in ledger.lives().values() for entry in life.values()]
        assert len(steps) > 70
        for entry in steps:
            assert entry.period or entry.date
            assert sources[entry.source].publisher


def test_all_holdings_of_a_day_are_those_asked_for_one_by_one():
    at = dt.date(2024, 3, 31)
    with open_ledger() as ledger:
        found = inventories(ledger, at)
        assert {"Ukraine", "Germany", "United States"} <= {each.holder for each in found}
        assert all(each == inventory_at(at, each.system, holder=each.holder, ledger=ledger) for each in found)
        known = {source.publisher for source in ledger.sources().values()}
    for each in found:
        assert each.lines
        assert all(cited.rsplit(" ", 1)[0] in known for cited in each.sources)
