"""How far the number would move: what is to come is made up from worlds that never saw it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from core_example import evidence

from tegmen.answer.study import Effort, Study, begin_study
from tegmen.trust.movement import Movement, foresee_movement

MARCH, JUNE = date(2024, 3, 31), date(2024, 6, 30)
RECORDS = 16


def study_of(record) -> Study:
    example = evidence()
    calibration = replace(example.calibration, record=record)
    return begin_study(example.scenario, calibration, seed=1, effort=Effort(1000, 2), cases=("posted",))


@pytest.fixture(scope="module")
def spring() -> Movement:
    study = study_of(evidence().calibration.record)
    return foresee_movement(study, "posted", [MARCH, JUNE], records=RECORDS)[0]


def test_the_number_enough_is_a_martingale(spring: Movement):
    # What is to come may raise or lower the share of worlds in which a number is enough; on average it does neither,
    # as the mean of posteriors over what a model foresees is its prior. The number itself moves, for the share does.
    moved = np.array(spring.enough_foreseen)
    assert len(moved) == len(spring.foreseen) == RECORDS
    error = moved.std(ddof=1) / np.sqrt(RECORDS)
    assert moved.std() > 0.01
    assert abs(moved.mean() - spring.enough) < 4 * error


def test_numbers_stand_in_order_and_none_is_more_than_were_tried():
    moved = Movement(MARCH, JUNE, 5, 6, (3, 4, 5, None), 0.8, (0.9, 0.8, 0.8, 0.5))
    assert [moved.quantile(level) for level in (0.0, 0.25, 0.5, 0.75, 1.0)] == [3, 4, 5, None, None]


def test_what_came_is_not_looked_at_to_foresee_it(spring: Movement):
    record = evidence().calibration.record
    rows = record.rows.copy()
    mine = (rows["window_end"] >= "2024-04-01") & (rows["threat_class"] == "ballistic") & rows["intercepted"].notna()
    assert mine.sum() > 5
    rows.loc[mine, "intercepted"] = rows.loc[mine, "launched"]
    otherwise = foresee_movement(study_of(replace(record, rows=rows)), "posted", [MARCH, JUNE], records=2)[0]
    again = foresee_movement(study_of(record), "posted", [MARCH, JUNE], records=2)[0]
    assert otherwise.foreseen == again.foreseen
    assert otherwise.before == spring.before
    # Every one of them stopped: far better than the made-up ones, so fewer units are enough.
    assert otherwise.after != again.after


def test_days_without_a_report_move_nothing():
    study = study_of(evidence().calibration.record)
    assert foresee_movement(study, "posted", [MARCH, date(2024, 4, 1)], records=2) == ()
