"""What packets leave of a place in a month, in closed form; numbers in and numbers out."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

from functools import lru_cache

import numpy as np
from numba import njit

from tegmen.calibration.compiled import kept_compiled

_MANY = 1e12
"""Nights so many that every packet has one of its own."""
_FORWARD = 0.02
"""Below this ratio of the first term's base to its step, powers are taken term by term: a product would underflow."""


@njit
def mean_over_nights(packets, base, step, last_base, last_step, mean, nights):
    """E[(base + step Y)^(packets - 1) (last_base + last_step Y)], Y Beta with this mean and `nights` = a + b.

    The sum over how many packets meet the state that Y stands for: E[Y^k] = prod_(i<k) (mean nights + i)/(nights + i).
    """
    total, moment, ways = 0.0, 1.0, 1.0
    most = packets - 1
    forward = base > _FORWARD * step
    power = base**most if forward else 0.0
    for k in range(packets):
        ratio = mean if k == 0 else (mean * nights + k) / (nights + k)
        term = ways * moment * (power if forward else base ** (most - k) * step**k)
        total += term * (last_base + last_step * ratio)
        if step == 0.0 or moment == 0.0:
            break
        ways *= (most - k) / (k + 1)
        moment *= ratio
        power *= step / base if forward else 1.0
    return total


@njit
def kept_share(packets, aimed, chance, stop, damage, together):
    """Expected share left of one place after a month's packets.

    Whoever is ready that night stops a share of each packet, missile by missile; what leaks takes `damage` of what is
    left each.

    Parameters
    ----------
    packets
        (3,) packets in the month, threats in each, threats in the last one.
    aimed
        Chance that a packet is aimed at the place.
    chance, stop
        (state,) chance of the night's state, and the share of threats stopped in it; in the state left over nothing is.
    damage
        Share of what is left that one leaker takes.
    together
        Chance that two packets come in the same night.
    """
    if packets[0] == 0:
        return 1.0
    nothing, nothing_last = (1.0 - damage) ** packets[1], (1.0 - damage) ** packets[2]
    best, first, second, first_last = nothing, 0.0, 0.0, 0.0
    for state in range(chance.shape[0]):
        if chance[state] > 0.0:
            lived = 1.0 - damage * (1.0 - stop[state])
            left = lived ** packets[1] - nothing
            best = max(best, left + nothing)
            first += chance[state] * left
            second += chance[state] * left**2
            first_last += chance[state] * (lived ** packets[2] - nothing_last)
    step = best - nothing
    if step <= 0.0:
        return (1.0 - aimed * (1.0 - nothing)) ** (packets[0] - 1) * (1.0 - aimed * (1.0 - nothing_last))
    mean, nights = first / step, _MANY
    spread = (second / step**2 - mean * mean) * together
    if spread > 0.0:
        nights = max(mean * (1.0 - mean) / spread - 1.0, 0.0)
    return mean_over_nights(
        packets[0], 1.0 - aimed * (1.0 - nothing), aimed * step, 1.0 - aimed * (1.0 - nothing_last),
        aimed * first_last / mean, mean, nights,
    )  # fmt: skip


@kept_compiled
@njit(nogil=True)
def kept_shares(first, last, packets, aimed, chance, stop, damage, together, kept):
    """Fill `kept` (w, p) by `kept_share`; packets (w, 3), aimed (w, p), chance and stop (w, p, state), damage (w,)."""
    for w in range(first, last):
        for p in range(aimed.shape[1]):
            kept[w, p] = kept_share(packets[w], aimed[w, p], chance[w, p], stop[w, p], damage[w], together)


@lru_cache(maxsize=64)
def same_night(weights, nights):
    """Chance that two packets fall on the same of `nights` nights drawn with replacement from nights of these weights.

    E[sum W^2 / (sum W)^2], with 1/S^2 = integral of u exp(-u S) du, is
    nights x integral of u E[W^2 exp(-u W)] E[exp(-u W)]^(nights - 1) du; without any weight the night is even.
    """
    weights = np.asarray(weights, dtype=np.float64)
    empty = float(np.mean(weights == 0)) ** nights
    if not weights.any():
        return 1.0 / nights
    grid = np.linspace(np.log(1e-8 / weights.max()), np.log(60.0 / weights[weights > 0].min()), 4001)
    u = np.exp(grid)[:, None]
    decay = np.exp(-u * weights)
    inside = (weights**2 * decay).mean(axis=1) * decay.mean(axis=1) ** (nights - 1) * u[:, 0] ** 2
    return float(nights * np.trapezoid(inside, grid) + empty / nights)
