"""Random words by address: Philox4x32-10, integers in and integers out.

A word is addressed by what it decides (run, threat or night, purpose, part), so it is the same whatever the order of
computing, the number of threads and the laydown: common random numbers for free.
"""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Streams: the third word of a counter names the purpose of the draw.
STREAM_CALENDAR = 0
STREAM_PACKET = 1
STREAM_THREAT = 2
STREAM_OUTAGE = 3
STREAM_WAVE = 4
STREAM_KILL = 16

_MASK = np.uint64(0xFFFFFFFF)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_HALF = np.uint64(32)


@njit(forceinline=True)
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words from a counter (c0..c3) and a key (k0, k1).

    Source: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3"; known answers in the Random123 library.
    """
    a, b, c, d = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    x, y = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        p0 = _MULTIPLIER_0 * a
        p1 = _MULTIPLIER_1 * c
        a = (p1 >> _HALF) ^ b ^ x
        b = p1 & _MASK
        c = (p0 >> _HALF) ^ d ^ y
        d = p0 & _MASK
        x = (x + _WEYL_0) & _MASK
        y = (y + _WEYL_1) & _MASK
    return a, b, c, d


@njit(forceinline=True)
def part_of(words, part):
    """Pick one of the four words."""
    if part == 0:
        return words[0]
    if part == 1:
        return words[1]
    if part == 2:
        return words[2]
    return words[3]


@njit(forceinline=True)
def below(word, bound):
    """Scale a 32-bit word to 0..bound-1 (bias below bound / 2^32)."""
    return np.int64((np.uint64(word) * np.uint64(bound)) >> _HALF)


@njit(forceinline=True)
def pick(cumulative, word):
    """First index whose cumulative uint32 weight exceeds the word."""
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) >> 1
        if np.uint64(cumulative[middle]) > np.uint64(word):
            high = middle
        else:
            low = middle + 1
    return low


def uint32_threshold(probability: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Turn probabilities into thresholds: a 32-bit word is below it with that probability (error below 2^-32)."""
    return np.floor(np.clip(probability, 0.0, 1.0) * 2.0**32).astype(np.uint64)
