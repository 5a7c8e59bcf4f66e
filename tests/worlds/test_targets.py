"""Where threats are aimed: the pull of the front, where nothing else tells cities apart."""

from __future__ import annotations

import numpy as np
from core_example import evidence, worlds_of

from tegmen.question.scenario import Replacement
from tegmen.terms import ThreatClass

PULL_KM = 80.0


def test_the_front_pulls_as_its_distance_says():
    """Weights exp(-d / D) alone: no people, no plants, no named oblast, and a Dirichlet without spread."""
    fixed = {
        "model/front_weight_km": PULL_KM,
        "model/population_exponent": 0.0,
        "model/drone/power_target_share": 0.0,
        "model/named_prior": 1e12,
        "model/target_concentration": 1e10,  # a share of 1e-5 then scatters by 0.3 %
    }
    rows = tuple(Replacement(id=id_, low=x, best=x, high=x, source="a test") for id_, x in fixed.items())
    worlds = worlds_of(evidence().scenario.model_copy(update={"replace": rows}), evidence().calibration, count=2)
    city = worlds.places.population > 0
    weight = np.exp(-worlds.places.front_km[city] / PULL_KM)
    np.testing.assert_allclose(worlds.mix[:, ThreatClass.drone][:, city], [weight / weight.sum()] * 2, rtol=0.05)
