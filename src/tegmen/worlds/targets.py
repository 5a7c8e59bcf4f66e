"""Where threats are aimed, and in what packets: by population, capacity, the front, and oblasts named in the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tegmen.question.places import Places
from tegmen.question.theatre import Theatre
from tegmen.terms import SAME, ThreatClass
from tegmen.worlds.dice import Dice

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints, Singles

TARGET_MODELS = ("population", "front", "named")
"""What steers the aim: people and capacity alone; the pull of the front too; oblasts named in the record as well."""


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """What steers the aim of all classes in each world.

    Parameters
    ----------
    model
        Of `TARGET_MODELS`.
    exponent
        (w,) a city weighs as its people to this power.
    pull_km
        (w,) distance over which the front's pull falls by 1/e.
    """

    model: str = field(metadata=SAME)
    exponent: Floats
    pull_km: Floats

    def city(self, places: Places) -> Singles:
        """(w, p) weight of a place by its people."""
        logs = np.log(np.maximum(places.population, 1.0)).astype(np.float32)
        weight = np.exp(self.exponent.astype(np.float32)[:, None] * logs)
        return np.where(places.population > 0, weight, np.float32(0))

    def near(self, places: Places) -> Singles:
        """(w, p) pull of the front on a place; one where the model has none."""
        pulls = 0.0 if self.model == "population" else 1 / self.pull_km
        pulls = np.broadcast_to(pulls, self.pull_km.shape)
        return np.exp(-pulls.astype(np.float32)[:, None] * places.front_km.astype(np.float32))


def draw_aim(model: str, dice: Dice) -> Aim:
    """Draw what steers the aim in a model of `TARGET_MODELS`."""
    return Aim(model, dice.model("population_exponent"), dice.model("front_weight_km"))


def draw_packets(dice: Dice, classes: Sequence[ThreatClass] = tuple(ThreatClass)) -> Ints:
    """(w, class) threats that share a target and a wave."""
    packet = np.ones((dice.count, len(ThreatClass)), dtype=np.int64)
    for cls in classes:
        if cls is not ThreatClass.glide_bomb:
            packet[:, cls] = np.maximum(1, np.rint(dice.model("packet_size", cls.name)))
    return packet


def draw_shares(theatre: Theatre, aim: Aim, cls: ThreatClass, dice: Dice) -> Singles:
    """(w, p) where one class is aimed: a Dirichlet around the weights of the world's model; rows sum to 1."""
    places, prior = theatre.places, dice.model("named_prior")
    power = dice.model("power_target_share", cls.name).astype(np.float32)[:, None]
    near = aim.near(places)
    city, plant = _shares(aim.city(places) * near), _shares(places.capacity_mw.astype(np.float32) * near)
    mean: Singles = ((1 - power) * city + power * plant).astype(np.float32)
    if aim.model == "named":
        mean = steered(mean, theatre.named[cls], prior, places)
    shape = dice.model("target_concentration").astype(np.float32)[:, None] * mean
    return _shares(dice.generator.standard_gamma(np.maximum(shape, np.float32(1e-6)), dtype=np.float32))


def in_zones(shares: Singles, kyiv_share: Floats, other_share: Floats, places: Places) -> Singles:
    """Give Kyiv's zone its share of all, and the other places what is left; the rest of what is aimed has no place.

    Parameters
    ----------
    shares
        (w, p) rows sum to 1.
    kyiv_share, other_share
        (w,) share of all that is aimed at Kyiv's zone; share of what is not that is aimed at neither city nor plant.
    """
    wanted = np.stack([(1 - kyiv_share) * (1 - other_share), kyiv_share], axis=1)
    zone = places.kyiv.astype(np.int64)
    drawn = shares @ np.eye(2, dtype=np.float32)[zone]
    return shares * (wanted / np.maximum(drawn, 1e-30)).astype(np.float32)[:, zone]


def _shares(weight: Singles) -> Singles:
    return np.asarray(weight / np.maximum(weight.sum(axis=-1, keepdims=True), 1e-30), dtype=np.float32)


def steered(base: Singles, named: Floats, prior_launches: Floats, places: Places) -> Singles:
    """Scale weights oblast by oblast towards the launches that name it; rows sum to 1.

    Parameters
    ----------
    base, prior_launches
        (w, p) weights; (w,) launches that the weights count for.
    named
        (p,) launches of the record that name the place's oblast.
    """
    weight = prior_launches[:, None]
    base = base / base.sum(axis=1, keepdims=True)
    codes, oblast = np.unique(places.zone, return_inverse=True)
    member = np.eye(len(codes), dtype=np.float32)[oblast]
    prior = base @ member
    total = np.array([named[oblast == code][0] for code in range(len(codes))])
    posterior = (weight * prior + total * (prior > 0)) / (weight + total.sum())
    return _shares(base * (posterior / np.maximum(prior, 1e-12)).astype(np.float32)[:, oblast])
