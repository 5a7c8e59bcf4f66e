"""Results of the calibration travel between processes: they pickle, copy, and compare by what they hold."""

import copy
import pickle

import pytest

from tegmen.calibration.fit import Priors, calibrate
from tegmen.calibration.forecast import follow, forecast, forecast_month
from tegmen.calibration.grid import stream
from tegmen.calibration.nightly import Memory
from tegmen.calibration.rows import nights
from tegmen.evidence.record import read_record
from tegmen.terms import ThreatClass

FAST = Priors(levels=29, steps=(0.05, 0.4), concentrations=(4.0, 32.0), cells=(3, 4, 3), drift_levels=9)


def calibrated(until="2023-08-31", seed=1):
    return calibrate(read_record(), until=until, seed=seed, priors=FAST)


CALIBRATION = calibrated()
RESULTS = {
    "priors": lambda: FAST,
    "calibration": lambda: CALIBRATION,
    "draws": lambda: CALIBRATION.draws(20, 3),
    "picked draws": lambda: CALIBRATION.draws(20, 3).pick(stream(1, 2), 5),
    "joint": lambda: CALIBRATION.joint(20, 3),
    "night": lambda: forecast(CALIBRATION, {"drone": 9, "ballistic": 2, "supersonic": 1}),
    "month": lambda: forecast_month(CALIBRATION, "2023-09", seed=2),
    "known": lambda: follow(CALIBRATION, Memory()),
    "nights": lambda: nights(CALIBRATION.rows[ThreatClass.ballistic], by_aim=True),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_pickle_copy_and_compare(name):
    result, again = RESULTS[name](), RESULTS[name]()
    assert result == again
    assert pickle.loads(pickle.dumps(result)) == result
    assert copy.deepcopy(result) == result


def test_what_differs_does_not_compare_equal():
    assert calibrated() == CALIBRATION
    assert calibrated(until="2023-08-30") != CALIBRATION
    assert calibrated(seed=2) != CALIBRATION
    assert CALIBRATION.draws(20, 3) != CALIBRATION.draws(20, 4)
    assert CALIBRATION.draws(20, 3) != CALIBRATION.draws(21, 3)
    assert forecast(CALIBRATION, {"drone": 9}) != forecast(CALIBRATION, {"drone": 10})


def test_a_copy_draws_the_same_bits():
    assert pickle.loads(pickle.dumps(CALIBRATION)).draws(20, 3) == CALIBRATION.draws(20, 3)


def test_what_a_calibration_holds_cannot_be_replaced():
    for mapping in (CALIBRATION.rows, CALIBRATION.areas, CALIBRATION.identified, CALIBRATION.draws(2, 1).rate):
        with pytest.raises(TypeError):
            mapping[next(iter(mapping))] = None
