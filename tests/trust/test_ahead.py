"""Months predicted by worlds that never saw them: nothing ahead is looked at, and the scores are what they say."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from core_example import evidence

from tegmen.errors import InputError
from tegmen.trust.ahead import MonthAhead, MonthsAhead, predict_months
from tegmen.trust.baselines import RIVAL

JANUARY = ("2024-01", "2024-01")


def predicted(record, span=JANUARY) -> MonthAhead:
    return predict_months(evidence().scenario, record, span=span, drawn=600).months[0]


@pytest.fixture(scope="module")
def january() -> MonthAhead:
    return predicted(evidence().calibration.record)


def test_a_month_is_predicted_from_its_launches(january: MonthAhead):
    assert (january.month, january.launched, january.intercepted) == (date(2024, 1, 1), 42, 15)
    for chance in (january.chance, january.unzoned, january.rival):
        assert chance.shape == (43,)
        assert chance.sum() == pytest.approx(1)
        assert np.all(chance >= 0)
    low, middle, high = map(january.quantile, (0.05, 0.5, 0.95))
    assert low <= middle <= high
    assert january.chance[: middle + 1].sum() >= 0.5 > january.chance[:middle].sum()
    # Rows that name their zone tell something.
    assert np.abs(january.chance - january.unzoned).max() > 0.01


def test_what_was_stopped_in_the_month_or_came_after_it_is_not_looked_at(january: MonthAhead):
    record = evidence().calibration.record
    rows = record.rows.copy()
    mine = (rows["window_end"] >= "2024-01-01") & (rows["threat_class"] == "ballistic") & rows["launched"].notna()
    rows.loc[mine & rows["intercepted"].notna(), "intercepted"] = 0
    otherwise = predicted(replace(record, rows=rows))
    assert otherwise.intercepted == 0
    assert np.array_equal(otherwise.chance, january.chance)
    assert np.array_equal(otherwise.rival, january.rival)
    assert np.array_equal(predicted(record.until(date(2024, 1, 31))).chance, january.chance)


def test_what_was_stopped_before_it_is(january: MonthAhead):
    record = evidence().calibration.record
    rows = record.rows.copy()
    before = (rows["window_end"] < "2024-01-01") & (rows["threat_class"] == "ballistic") & rows["intercepted"].notna()
    rows.loc[before, "intercepted"] = rows.loc[before, "launched"]
    mean = np.arange(43) @ january.chance
    assert np.arange(43) @ predicted(replace(record, rows=rows)).chance > mean + 2


def test_a_month_without_a_row_is_left_out_and_a_span_that_is_none_refused():
    scenario, record = evidence().scenario, evidence().calibration.record
    assert predict_months(scenario, record, span=("2023-02", "2023-03")).months == ()
    for span in (("2024-02", "2024-01"), ("soon", "2024-01")):
        with pytest.raises(InputError, match="give two months YYYY-MM"):
            predict_months(scenario, record, span=span)


def test_the_scores_by_hand():
    def month(number: int, stopped: int, chance: list[float], rival: list[float]) -> MonthAhead:
        tables = np.array(chance), np.array(chance[::-1]), np.array(rival)
        return MonthAhead(date(2024, number, 1), 2, stopped, *tables, 100.0)

    two = MonthsAhead((month(1, 0, [0.5, 0.3, 0.2], [1, 0, 0]), month(2, 2, [0.5, 0.3, 0.2], [0.2, 0.2, 0.6])), 1)
    assert two.log_scores == pytest.approx({
        "worlds": (math.log(0.5) + math.log(0.2)) / 2,
        "worlds, no zone told": (math.log(0.2) + math.log(0.5)) / 2,
        RIVAL: math.log(0.6) / 2,
    })  # fmt: skip
    # Steps of the two outcomes: [0, 0.5] and [0.8, 1]; the middle half is [0.25, 0.75], the middle 80 % [0.1, 0.9].
    assert two.coverage[0.5] == pytest.approx((0.5 + 0.0) / 2)
    assert two.coverage[0.8] == pytest.approx((0.8 + 0.5) / 2)
    assert two.gain.mean == pytest.approx(two.log_scores["worlds, no zone told"] - two.log_scores[RIVAL])
