"""Where threats are aimed, and in what packets: by population, capacity, the front, and oblasts named in the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegmen.question.places import Places
from tegmen.question.theatre import Theatre
from tegmen.terms import ThreatClass
from tegmen.worlds.dice import Dice

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


def draw_packets(dice: Dice) -> Ints:
    """(w, class) threats that share a target and a wave."""
    packet = np.ones((dice.count, len(ThreatClass)), dtype=np.int64)
    for cls in ThreatClass:
        if cls is not ThreatClass.glide_bomb:
            packet[:, cls] = np.maximum(1, np.rint(dice.model("packet_size", cls.name)))
    return packet


def draw_targets(theatre: Theatre, kyiv_share: Floats, pull: Floats, dice: Dice) -> Floats:
    """Draw where threats are aimed: a Dirichlet around weights by people, MW, nearness to the front and named oblasts.

    Parameters
    ----------
    kyiv_share, pull
        (w,) share of ballistic missiles aimed at Kyiv's zone; distance over which the front's pull falls by 1/e [km].

    Returns
    -------
    (w, class, p) shares of each class; rows sum to 1, but for glide bombs, which are aimed at no place.
    """
    places = theatre.places
    exponent = dice.model("population_exponent")
    near = np.exp(-places.front_km / pull[:, None])
    city = np.where(places.population > 0, np.maximum(places.population, 1) ** exponent[:, None], 0.0) * near
    plant = places.capacity_mw * near
    concentration = dice.model("target_concentration")
    prior = dice.model("named_prior")
    mix = np.zeros((dice.count, len(ThreatClass), len(places)))
    for cls in ThreatClass:
        if cls is ThreatClass.glide_bomb:
            continue
        named = theatre.named[cls]
        power = dice.model("power_target_share", cls.name)[:, None]
        mean = (1 - power) * steered(city, named, prior, places) + power * steered(plant, named, prior, places)
        if cls is ThreatClass.ballistic:
            mix[:, cls] = _draw_ballistic(mean, kyiv_share, concentration, places, dice)
        else:
            gamma = dice.generator.standard_gamma(_shapes(mean, concentration))
            mix[:, cls] = gamma / gamma.sum(axis=1, keepdims=True)
    return mix


def _shapes(mean: Floats, concentration: Floats) -> Floats:
    return np.maximum(concentration[:, None] * mean, 1e-9)


def _draw_ballistic(mean: Floats, kyiv_share: Floats, concentration: Floats, places: Places, dice: Dice) -> Floats:
    """(w, p) a Dirichlet draw within each zone: Kyiv's share is a posterior draw already, and stays as it is."""
    share = kyiv_share[:, None]
    kyiv, other = mean * places.kyiv, mean * ~places.kyiv
    mean = share * kyiv / kyiv.sum(axis=1, keepdims=True)
    mean += (1 - share) * other / other.sum(axis=1, keepdims=True)
    # Shapes follow the rates, another stream, so each world has a generator of its own.
    shapes = _shapes(mean, concentration)
    gamma = np.stack([own.standard_gamma(shape) for own, shape in zip(dice.each(), shapes, strict=True)])
    drawn = gamma / gamma.sum(axis=1, keepdims=True)
    inside = (drawn * places.kyiv).sum(axis=1, keepdims=True)
    drawn = drawn * np.where(
        places.kyiv, share / np.maximum(inside, 1e-12), (1 - share) / np.maximum(1 - inside, 1e-12)
    )
    return drawn / drawn.sum(axis=1, keepdims=True)


def steered(base: Floats, named: Floats, prior_launches: Floats, places: Places) -> Floats:
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
    member = np.eye(len(codes))[oblast]
    prior = base @ member
    total = np.array([named[oblast == code][0] for code in range(len(codes))])
    posterior = (weight * prior + total * (prior > 0)) / (weight + total.sum())
    steered = base * (posterior / np.maximum(prior, 1e-12))[:, oblast]
    return steered / steered.sum(axis=1, keepdims=True)
