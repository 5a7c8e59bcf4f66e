"""Results of the calibration travel between processes: they pickle, copy, and compare by what they hold."""

import copy
import pickle

import pytest

import tegmen as tg
from tegmen.calibration.fit import calibrate
from tegmen.calibration.forecast import follow
from tegmen.calibration.grid import stream
from tegmen.calibration.priors import Priors
from tegmen.evidence.record import read_record
from tegmen.terms import ThreatClass

FAST = Priors(levels=29, steps=(0.05, 0.4), concentrations=(4.0, 32.0), points=40, coverage_levels=(3, 5))


@pytest.fixture(scope="module")
def calibration():
    return calibrate(read_record(), until="2023-08-31", priors=FAST)


def pickled(value):
    return pickle.loads(pickle.dumps(value))


RESULTS = {
    "calibration": lambda fit: fit,
    "draws": lambda fit: fit.draws(20, 3),
    "picked draws": lambda fit: fit.draws(20, 3).pick(stream(1, 2), 5),
    "forecast": lambda fit: tg.forecast(fit, {"drone": 9, "ballistic": 2, "supersonic": 1}),
    "what is known": follow,
    "nights": lambda fit: fit.nights(ThreatClass.ballistic),
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))], ids=["copy", "pickle"]
)
def test_results_pickle_copy_and_compare(calibration, name, again):
    result = RESULTS[name](calibration)
    assert again(result) == result


def test_another_seed_or_date_is_another_result(calibration):
    assert calibration.draws(20, 3) != calibration.draws(20, 4)
    assert calibration.draws(20, 3) == calibration.draws(20, 3)
    assert calibration != calibrate(read_record(), until="2023-08-30", priors=FAST)
    assert tg.forecast(calibration, {"drone": 9}) != tg.forecast(calibration, {"drone": 10})


def test_a_copy_draws_the_same_bits(calibration):
    assert pickled(calibration).draws(20, 3) == calibration.draws(20, 3)
