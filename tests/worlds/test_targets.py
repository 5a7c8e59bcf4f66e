"""Where threats are aimed: three models in closed form on four cities, and what zones leave over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_example import BALLISTIC, CRUISE, evidence, four_cities, four_city_theatre, study_of, worlds_of
from hypothesis import given
from hypothesis import strategies as st

from tegmen.question.scenario import Replacement
from tegmen.terms import ThreatClass
from tegmen.worlds.baseline import site_worth
from tegmen.worlds.dice import Dice, streams_of
from tegmen.worlds.posterior import weigh
from tegmen.worlds.prior import Reading
from tegmen.worlds.targets import TARGET_MODELS, Aim, draw_aim, draw_shares, in_zones, steered

POWER, NAMED_PRIOR, PULL_KM, EXPONENT = 0.3, 20.0, 80.0, 1.5
NO_SPREAD = {"model/target_concentration": 1e8}
CLASSES = (BALLISTIC, CRUISE, ThreatClass.drone, ThreatClass.supersonic, ThreatClass.s300_ground)


def asked(fixed: dict[str, float]):
    rows = tuple(Replacement(id=id_, low=x, best=x, high=x, source="a test") for id_, x in fixed.items())
    return evidence().scenario.model_copy(update={"replace": rows})


def dice(fixed: dict[str, float], count: int = 3, stream: str = "targets") -> Dice:
    return Dice(count, streams_of(np.random.SeedSequence(4)), asked(fixed).catalogue, stream)


def theatre():
    """The four cities, at other distances from the front each, two of their oblasts named in the record."""
    places = replace(four_cities(), front_km=np.array([200.0, 250.0, 100.0, 300.0]))
    named = dict.fromkeys(ThreatClass, np.array([10.0, 0.0, 30.0, 0.0]))
    return replace(four_city_theatre(), places=places, named=named)


def by_hand(model: str) -> np.ndarray:
    """(p,) the mean target shares: people and MW, each pulled to the front, and then towards oblasts named."""
    people, plants = [4e5, 3e5, 2e5, 1e5], [0.0, 100.0, 200.0, 400.0]
    front = [200.0, 250.0, 100.0, 300.0]
    pull = [1.0] * 4 if model == "population" else [np.exp(-km / PULL_KM) for km in front]
    city = [number**EXPONENT * near for number, near in zip(people, pull, strict=True)]
    plant = [mw * near for mw, near in zip(plants, pull, strict=True)]
    shares = [(1 - POWER) * c / sum(city) + POWER * m / sum(plant) for c, m in zip(city, plant, strict=True)]
    if model == "named":  # the mean of a Dirichlet worth NAMED_PRIOR launches, after 40 that name an oblast
        shares = [(NAMED_PRIOR * s + n) / (NAMED_PRIOR + 40) for s, n in zip(shares, (10, 0, 30, 0), strict=True)]
    return np.array(shares)


@pytest.mark.parametrize("model", TARGET_MODELS)
@pytest.mark.parametrize("cls", [BALLISTIC, ThreatClass.drone])
def test_each_model_of_targets_in_closed_form(model: str, cls: ThreatClass):
    fixed = NO_SPREAD | {
        f"model/{cls.name}/power_target_share": POWER,
        "model/named_prior": NAMED_PRIOR,
        "model/front_weight_km": PULL_KM,
        "model/population_exponent": EXPONENT,
    }
    thrown = dice(fixed)
    shares = draw_shares(theatre(), draw_aim(model, thrown), cls, thrown)
    np.testing.assert_allclose(shares, np.tile(by_hand(model), (3, 1)), rtol=2e-3)
    assert shares.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-6)


def test_targets_scatter_about_their_model_as_a_dirichlet_does():
    concentration, count, fixed = 12.0, 4000, {"model/drone/power_target_share": 0.0}
    fixed |= {"model/target_concentration": concentration, "model/population_exponent": 1.0}
    thrown = dice(fixed, count)
    shares = draw_shares(theatre(), draw_aim("population", thrown), ThreatClass.drone, thrown)
    mean = np.array([0.4, 0.3, 0.2, 0.1])
    variance = mean * (1 - mean) / (concentration + 1)
    assert np.all(abs(shares.mean(axis=0) - mean) <= 4 * np.sqrt(variance / count))
    np.testing.assert_allclose(shares.var(axis=0), variance, rtol=0.15)


@given(
    kyiv=st.floats(0, 1),
    other=st.floats(0, 1),
    weights=st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
)
def test_zones_have_their_shares_and_the_rest_no_place(kyiv: float, other: float, weights: list[float]):
    shares = np.array([weights]) / sum(weights)
    mix = in_zones(shares.astype(np.float32), np.array([kyiv]), np.array([other]), four_cities())[0]
    assert mix[0] == pytest.approx(kyiv, abs=1e-6)
    assert mix[1:].sum() == pytest.approx((1 - kyiv) * (1 - other), abs=1e-6)
    assert mix[1:] * shares[0, 1] == pytest.approx(shares[0, 1:] * mix[1], abs=1e-6)  # in proportion to each other
    assert 1 - mix.sum() == pytest.approx((1 - kyiv) * other, abs=1e-6)


def test_how_a_city_weighs_is_drawn_once_a_world():
    """A fault of old: targets and sites drew an exponent each. Read it back from what each class is aimed at."""
    fixed = NO_SPREAD | {f"model/{cls.name}/power_target_share": 0.0 for cls in CLASSES}
    study = study_of(asked(fixed), worlds=60)
    posterior = weigh(
        study.scenario, study.theatre, study.rows, Reading(targets="population"), drawn=300, kept=60, seed=3
    )
    worlds = worlds_of(posterior, count=60)
    drawn = worlds.unknowns["weight of a city's people"]
    assert np.ptp(drawn) > 0.2
    big, small = (worlds.places.name.tolist().index(name) for name in ("Kharkiv", "Lviv"))
    people = worlds.places.population
    for cls in CLASSES:
        mix = worlds.mix[:, cls].astype(float)
        exponent = np.log(mix[:, big] / mix[:, small]) / np.log(people[big] / people[small])
        np.testing.assert_allclose(exponent, drawn, atol=0.01, err_msg=cls.name)


def test_sites_are_worth_people_by_the_exponent_that_targets_have():
    exponent = np.array([0.5, 1.0, 2.0])
    aim = Aim("population", exponent, np.full(3, 80.0))
    nothing = np.full((3, 4), 0.25, dtype=np.float32)
    people = four_cities().population[None] ** exponent[:, None]
    share = people / people.sum(axis=1, keepdims=True)
    plant = four_cities().capacity_mw / four_cities().capacity_mw.sum()
    for part in (1.0, 0.6):
        worth = site_worth(theatre(), aim, nothing, dice({"model/site_worth_people": part}, stream="stands"))
        np.testing.assert_allclose(worth, part * share + (1 - part) * plant + 0.25, rtol=1e-5)


def test_steering_is_the_mean_of_a_dirichlet_over_oblasts():
    # weights 1, 3, 4, 2 of 10; 30 launches name Lviv's oblast, 10 name Vinnytsia's; a prior worth 20 launches
    places = four_cities()
    named = np.array([0.0, 30.0, 0.0, 10.0])
    steer = steered(np.array([[1.0, 3.0, 4.0, 2.0]], dtype=np.float32), named, np.array([20.0]), places)
    expected = (20 * np.array([0.1, 0.3, 0.4, 0.2]) + named) / 60
    assert steer[0] == pytest.approx(expected, abs=1e-6)


def test_steering_keeps_the_shares_within_an_oblast_and_joins_kyiv_with_its_oblast():
    places = replace(
        four_cities(), oblast=np.array(["UA-30", "UA-32", "UA-51", "UA-51"]), kyiv=np.array([1, 1, 0, 0]) > 0
    )
    named = np.array([12.0, 12.0, 0.0, 0.0])
    steer = steered(np.array([[1.0, 3.0, 4.0, 2.0]], dtype=np.float32), named, np.array([8.0]), places)
    kyiv = (8 * 0.4 + 12) / 20
    assert steer[0] == pytest.approx([kyiv / 4, 3 * kyiv / 4, (1 - kyiv) * 2 / 3, (1 - kyiv) / 3], abs=1e-6)
