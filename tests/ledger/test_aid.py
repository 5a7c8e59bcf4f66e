"""Aid at a day: by hand from small lives, with what is not known kept unknown, and by properties."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tegmen.evidence.catalogue import read_catalogue
from tegmen.ledger.aid import NOT_NAMED, UNKNOWN, AidStatus, Amount, aid_status, system_of
from tegmen.ledger.entries import STAGES, Entry, Quantity, Source
from tegmen.ledger.store import Ledger, new_ledger, open_ledger
from tegmen.report.charts import draw_aid, svg

PRESS = Source("Example Press", published=dt.date(2024, 2, 20))


def exactly(count: float) -> Amount:
    return Amount(count, count, count)


def march(day: int) -> dt.date:
    return dt.date(2024, 3, day)


def step(status: str, count: float | None = None, day: int | None = 1, **more) -> Entry:
    quantity = None if count is None else Quantity(count, count, count, "exact", "batteries")
    fields = {
        "thing": "Patriot",
        "participants": ("Norway", "Ukraine"),
        "source": PRESS.id,
        "quantity": quantity,
    } | more
    return Entry("commitment", status=status, date=None if day is None else march(day), **fields)


def lived(*steps: Entry) -> Ledger:
    """Give a ledger with one life: the first step begins it."""
    ledger = new_ledger(empty=True)
    (begun,) = ledger.add([PRESS], steps[:1])
    for each in steps[1:]:
        fields = {name: getattr(each, name) for name in each.__dataclass_fields__}
        ledger.add([], [Entry(**fields | {"of": begun})])
    return ledger


def only(status: AidStatus):
    (life,) = status.lives
    (holding,) = status.holdings
    assert dict(holding.amounts) == dict(life.amounts)
    assert holding.outstanding == life.outstanding
    return life


# ------------------------------------------------------------------ by hand


def test_a_life_step_by_step():
    ledger = lived(
        step("requested", 7, 1), step("pledged", 5, 3, due=march(20)), step("approved", 5, 5),
        step("in transit", 2, 8), step("delivered", 2, 10), step("delivered", 1, 15), step("lapsed", 1, 25),
    )  # fmt: skip
    assert aid_status(ledger, dt.date(2024, 2, 29)).lives == ()
    asked = only(aid_status(ledger, march(1)))
    assert (asked.stage, asked.outstanding, asked.due) == ("requested", None, None)
    promised = only(aid_status(ledger, march(4)))
    assert (promised.stage, promised.outstanding) == ("pledged", exactly(5))
    # What was approved or sent is part of what was pledged, not more of it.
    sent = only(aid_status(ledger, march(9)))
    assert (sent.stage, sent.since, sent.outstanding, sent.overdue) == ("in transit", march(8), exactly(5), False)
    assert only(aid_status(ledger, march(10))).outstanding == exactly(3)
    on_the_day = only(aid_status(ledger, march(20)))
    assert (on_the_day.outstanding, on_the_day.overdue) == (exactly(2), False)
    late = aid_status(ledger, march(21))
    assert only(late).overdue
    assert late.holdings[0].overdue == exactly(2)
    ended = only(aid_status(ledger, march(31)))
    assert (ended.stage, ended.outstanding, ended.overdue) == ("lapsed", exactly(1), True)
    assert ended.amounts["delivered"] == exactly(3)
    assert (ended.holder, ended.receiver, ended.item, ended.unit) == ("Norway", "Ukraine", "Patriot", "batteries")


def test_all_delivered_is_not_overdue():
    life = only(aid_status(lived(step("pledged", 3, 1, due=march(5)), step("delivered", 3, 4)), march(31)))
    assert (life.outstanding, life.overdue) == (exactly(0), False)


def test_more_delivered_than_promised_leaves_nothing_owed():
    life = only(aid_status(lived(step("pledged", 3), step("delivered", 4)), march(31)))
    assert life.outstanding == exactly(0)


def test_an_unknown_number_is_unknown_and_never_nothing():
    unknown_pledge = only(aid_status(lived(step("pledged"), step("delivered", 2)), march(31)))
    assert unknown_pledge.amounts["pledged"] == UNKNOWN
    assert unknown_pledge.outstanding == UNKNOWN
    some_delivered = only(aid_status(lived(step("pledged", 5, due=march(2)), step("delivered")), march(31)))
    assert some_delivered.outstanding == Amount(0, None, 5)
    assert some_delivered.overdue  # perhaps: nobody said that all of it came
    assert str(UNKNOWN) == "?"
    assert str(Amount(2, None, None)) == "≥ 2"


def test_a_number_in_another_unit_is_not_added():
    launchers = Quantity(12, 12, 12, "exact", "launchers")
    life = only(aid_status(lived(step("pledged", 2), step("delivered", quantity=launchers)), march(31)))
    assert life.unit == "batteries"
    assert life.amounts["delivered"] == UNKNOWN


def test_hedged_numbers_are_read_as_ranges():
    about = Quantity(None, 10, None, "about", "batteries")
    life = only(aid_status(lived(step("pledged", quantity=about), step("delivered", 4)), march(31)))
    assert life.outstanding == Amount(4.5, 6, 7.5)


def test_a_step_counts_from_its_date_or_the_end_of_its_period_or_its_publication():
    period = (dt.date(2024, 1, 1), march(15))
    assert aid_status(lived(step("pledged", 1, None, period=period)), march(14)).lives == ()
    assert only(aid_status(lived(step("pledged", 1, None, period=period)), march(15))).since == march(15)
    assert aid_status(lived(step("pledged", 1, None)), dt.date(2024, 2, 19)).lives == ()
    assert only(aid_status(lived(step("pledged", 1, None)), dt.date(2024, 2, 20))).since == PRESS.published
    undated = Source("Undated Press")
    with new_ledger(empty=True) as ledger:
        ledger.add([undated], [step("pledged", 1, None, source=undated.id)])
        assert only(aid_status(ledger, dt.date(1990, 1, 1))).since is None


def test_a_corrected_step_counts_once_and_a_corrected_beginning_keeps_its_life():
    with new_ledger(empty=True) as ledger:
        (begun,) = ledger.add([PRESS], [step("pledged", 5)])
        (given_,) = ledger.add([], [step("delivered", 2, 5, of=begun)])
        ledger.add([], [step("pledged", 6, corrects=begun, note="misread")])
        ledger.add([], [step("delivered", 3, 5, of=begun, corrects=given_, note="misread")])
        life = only(aid_status(ledger, march(31)))
        assert (life.id, life.outstanding) == (begun, exactly(3))
        assert begun not in life.entries


def test_two_promises_of_one_holder_add_up_and_other_holders_stand_apart():
    with new_ledger(empty=True) as ledger:
        ledger.add([PRESS], [
            step("pledged", 2, 1, due=march(5)), step("pledged", 3, 2), step("pledged", 4, 1, thing="NASAMS"),
            step("pledged", 1, 1, participants=("", "Ukraine")), step("pledged", 9, 1, participants=()),
        ])  # fmt: skip
        holdings = {(each.holder, each.item): each for each in aid_status(ledger, march(31)).holdings}
        assert holdings["Norway", "Patriot"].outstanding == exactly(5)
        assert holdings["Norway", "Patriot"].overdue == exactly(2)
        assert holdings["Norway", "NASAMS"].overdue is None
        assert holdings[NOT_NAMED, "Patriot"].outstanding == exactly(10)


# ------------------------------------------------------------------ what a donor can count on


def test_supply_by_a_day_keeps_systems_and_units_apart_and_the_unknown_unknown():
    missiles = Quantity(100, 100, 100, "exact", "missiles")
    with new_ledger(empty=True) as ledger:
        (begun,) = ledger.add([PRESS], [step("pledged", 5, 1, due=march(25))])
        ledger.add([], [
            step("delivered", 2, 5, of=begun), step("pledged", 1, 2), step("pledged", 4, 1, due=march(9)),
            step("pledged", 1, 1, thing="Patriot missiles", quantity=missiles),
            step("pledged", None, 1, participants=("Spain",), thing="a Patriot battery"),
            step("requested", 7, 1, participants=("partners",)), step("pledged", 3, 1, thing="helmets"),
        ])  # fmt: skip
        found = {
            (each.holder, each.system, each.unit): each for each in aid_status(ledger, march(10)).available(march(31))
        }
        assert set(found) == {
            ("Norway", "patriot", "batteries"),
            ("Norway", "patriot", "missiles"),
            ("Spain", "patriot", ""),
        }
        norway = found["Norway", "patriot", "batteries"]
        assert (norway.delivered, norway.due, norway.undated) == (exactly(2), exactly(3), exactly(5))
        spain = found["Spain", "patriot", ""]
        assert (spain.delivered, spain.due, spain.undated) == (None, None, UNKNOWN)
        earlier = aid_status(ledger, march(10)).available(march(24))
        assert [each.due for each in earlier if each.unit == "batteries"] == [None]


def test_items_name_systems_of_the_catalogue():
    named = {
        system_of(item) for item in ("Patriot", "SAMP/T", "NASAMS", "IRIS-T SLM", "Hawk", "S-300", "Buk", "Gepard")
    }
    assert named < set(read_catalogue().kinds.ids)
    assert len(named) == 8
    assert system_of("artillery ammunition") is None


# ------------------------------------------------------------------ properties

STEPS = st.lists(
    st.builds(
        step, st.sampled_from(STAGES), st.none() | st.integers(0, 9), st.none() | st.integers(1, 31),
        due=st.none() | st.integers(1, 31).map(march),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=3), st.integers(1, 30))
def test_amounts_are_in_order_and_only_grow(lives, day):
    with new_ledger(empty=True) as ledger:
        for first, *later in lives:
            (begun,) = ledger.add([PRESS], [first])
            for each in later:
                fields = {name: getattr(each, name) for name in each.__dataclass_fields__}
                ledger.add([], [Entry(**fields | {"of": begun})])
        before, after = aid_status(ledger, march(day)), aid_status(ledger, march(31))
        for status in (before, after):
            for life in status.lives:
                for amount in (*life.amounts.values(), *filter(None, [life.outstanding])):
                    assert amount.low >= 0
                    numbers = [value for value in (amount.low, amount.best, amount.high) if value is not None]
                    assert numbers == sorted(numbers)
                assert not life.overdue or (life.due is not None and life.due < status.at)
        totals = {(life.id, stage): amount.low for life in after.lives for stage, amount in life.amounts.items()}
        for life in before.lives:
            for stage, amount in life.amounts.items():
                assert amount.low <= totals[life.id, stage]


# ------------------------------------------------------------------ table and picture


def test_the_frame_has_a_row_a_stage_and_missing_where_unknown():
    frame = aid_status(lived(step("pledged", 5, due=march(2)), step("delivered")), march(31)).to_pandas()
    assert list(frame.columns) == ["holder", "item", "unit", "stage", "low", "best", "high"]
    rows = frame.set_index("stage")
    assert list(rows.index) == ["pledged", "delivered", "outstanding", "overdue"]
    assert rows.loc["delivered", ["best", "high"]].isna().all()
    assert rows.loc["outstanding", "high"] == 5
    assert rows["low"].dtype == "Float64"
    assert new_ledger(empty=True).current() == {}
    assert aid_status(new_ledger(empty=True), march(1)).to_pandas().empty


def test_the_picture_names_every_holding_and_its_numbers():
    with new_ledger(empty=True) as ledger:
        (begun,) = ledger.add([PRESS], [step("pledged", 5, 1, due=march(5))])
        ledger.add([], [
            step("delivered", 2, 2, of=begun), step("pledged", None, 1, participants=("Spain",)),
            step("delivered", 0, 1, participants=("Nobody",)), step("requested", 7, participants=("<b>",)),
        ])  # fmt: skip
        status = aid_status(ledger, march(31))
    drawn = [svg(chart) for chart in draw_aid(status, "patriot")]
    assert drawn == [svg(chart) for chart in draw_aid(status, "patriot")]
    picture = "".join(drawn)
    for words in ("Norway: Patriot, batteries", "2 delivered, 3 owed, 3 overdue", "? owed", "7 asked for", "&lt;b&gt;"):
        assert words in picture
    assert "<b>" not in picture
    assert picture.count("#b3261e") == 1  # one bar has an overdue part


def test_the_shipped_ledger_s_aid():
    with open_ledger() as ledger:
        spring, summer, autumn = (aid_status(ledger, dt.date(2024, *day)) for day in ((5, 31), (6, 30), (10, 31)))
    found = {each.name: each for each in summer.holdings}
    assert found["Germany: IRIS-T SLM, fire units"].amounts["delivered"] == exactly(4)
    assert found["Germany-organised collection: Patriot missiles"].outstanding == exactly(68)
    assert found["European Union: artillery ammunition"].outstanding == UNKNOWN
    assert found["partners: Patriot, systems"].outstanding is None
    # The Romanian one: decided on 20 June 2024, its arrival told of on 3 October.
    romanian = [
        next((each.outstanding for each in status.holdings if each.name == "Romania: Patriot, batteries"), None)
        for status in (spring, summer, autumn)
    ]
    assert romanian == [None, exactly(1), exactly(0)]


@pytest.mark.parametrize("stage", STAGES)
def test_a_life_may_begin_at_any_stage(stage):
    life = only(aid_status(lived(step(stage, 1)), march(31)))
    assert life.stage == stage
    assert (life.outstanding is None) == (stage in {"requested", "delivered", "lapsed"})
