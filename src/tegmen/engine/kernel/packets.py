"""What packets leave of a place in a month, in closed form; numbers in and numbers out."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import njit, prange

from tegmen.engine.kernel.compiled import kept_compiled

_FORWARD = 0.02
"""Below this ratio of the first term's base to its step, powers are taken term by term: a product would underflow."""


@njit
def kept_of_place(packets, base, step, last_base, last_step, mean, nights):
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


@kept_compiled
@njit(parallel=True, nogil=True)
def kept_of_places(packets, short, aimed, chance, stop, damage, same_night, kept):
    """Fill `kept`: the expected share that is left of each place after a month's packets.

    A packet is all or part stopped by whoever is ready that night; what leaks takes `damage` of what is left each.

    Parameters
    ----------
    packets, short
        (w, 2) packets in the month and threats in each; (w,) threats in the last one.
    aimed
        (w, p) chance that a packet is aimed at the place.
    chance, stop
        (state, w, p) chance of the night's state, and the share of threats stopped in it; in the state left over
        nothing is stopped.
    damage
        (w,) share of what is left that one leaker takes.
    same_night
        Chance that two packets come in the same night.
    kept
        (w, p) filled.
    """
    states, worlds, places = chance.shape
    for w in prange(worlds):
        many, size, last = packets[w, 0], packets[w, 1], short[w]
        nothing, nothing_last = (1.0 - damage[w]) ** size, (1.0 - damage[w]) ** last
        for p in range(places):
            if many == 0:
                kept[w, p] = 1.0
                continue
            best, first, second, first_last = nothing, 0.0, 0.0, 0.0
            for state in range(states):
                if chance[state, w, p] <= 0.0:
                    continue
                each = 1.0 - damage[w] * (1.0 - stop[state, w, p])
                left = each**size
                best = max(best, left)
                first += chance[state, w, p] * (left - nothing)
                second += chance[state, w, p] * (left - nothing) ** 2
                first_last += chance[state, w, p] * (each**last - nothing_last)
            step = best - nothing
            mean, nights = 0.0, 1e12
            if step > 0.0:
                mean = first / step
                spread = (second / step**2 - mean * mean) * same_night
                if spread > 0.0:
                    nights = max(mean * (1.0 - mean) / spread - 1.0, 0.0)
            last_step = first_last / mean if mean > 0.0 else 0.0
            aim = aimed[w, p]
            kept[w, p] = kept_of_place(
                many, 1.0 - aim * (1.0 - nothing), aim * step, 1.0 - aim * (1.0 - nothing_last), aim * last_step, mean,
                nights,
            )  # fmt: skip


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
