"""The likelihood of a record's rows in many worlds at once: numbers in and numbers out."""

# numba infers the types of the compiled functions from their callers; annotations on them would be decoration.
# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from tegmen.calibration.compiled import kept_compiled

STEP = 4
"""Columns of a row's table, and kill shares, that are summed at a time; the columns of each row are filled up to it."""
LANES = 64
"""Worlds weighed side by side at most: what they take stays in the processor's cache."""


class Rows(NamedTuple):
    """Rows of a record as worlds are weighed by them.

    Parameters
    ----------
    launched, weapon, weapons
        (r,) missiles; number of the weapon; how many weapons there are.
    kyiv, elsewhere
        (r,) whether the zone posted leaves open that the row was aimed there.
    posted
        (r,) which kind of `Met.posted` it is.
    begin
        (r,) first of its columns in `chance`.
    chance
        (ratio, cell, c) chance of a row's count by what it met, in each cell of the grid: concentration, then kill
        share. Rows with the same counts and zone share their columns.
    """

    launched: Any
    weapon: Any
    weapons: Any
    kyiv: Any
    elsewhere: Any
    posted: Any
    begin: Any
    chance: Any


class Met(NamedTuple):
    """What worlds say of the rows.

    Parameters
    ----------
    kyiv, elsewhere
        (w, r) chance that a packet aimed there meets a ready unit with rounds.
    posted
        (kind, 2, w) chance that a row is aimed at Kyiv, and elsewhere, and is posted as it is.
    order
        (w,) the worlds, those of one ratio of kill shares after another.
    edges, ratio
        (b + 1,) where in that order the next of at most `LANES` worlds of one ratio begin; (b,) number of the ratio.
    """

    kyiv: Any
    elsewhere: Any
    posted: Any
    order: Any
    edges: Any
    ratio: Any


@njit
def _mix(r, worlds, rows, met, part, mixture):
    """Fill the weights (c, i) of a row's columns in these worlds (i,), up to a multiple of `STEP`; how many.

    Kyiv not met, Kyiv met; then ``chance^j (1 - chance)^(n - j)`` for j = 0 .. n of n missiles elsewhere.
    """
    count, lanes, posted, kind = 0, worlds.shape[0], met.posted, rows.posted[r]
    if rows.kyiv[r]:
        for i in range(lanes):
            mixture[1, i] = posted[kind, 0, worlds[i]] * met.kyiv[worlds[i], r]
            mixture[0, i] = posted[kind, 0, worlds[i]] - mixture[1, i]
        count = 2
    if rows.elsewhere[r]:
        last = count + rows.launched[r]
        for i in range(lanes):
            part[i] = met.elsewhere[worlds[i], r]
            mixture[count, i] = posted[kind, 1, worlds[i]]
        for c in range(count, last):
            for i in range(lanes):
                mixture[c + 1, i] = mixture[c, i] * part[i]
        for i in range(lanes):
            # Coverage is held in single precision, and so is what it leaves.
            part[i] = np.float32(1.0) - met.elsewhere[worlds[i], r]
            mixture[last + 1, i] = 1.0
        for c in range(last - 1, count - 1, -1):
            for i in range(lanes):
                mixture[last + 1, i] *= part[i]
                mixture[c, i] *= mixture[last + 1, i]
        count = last + 1
    while count % STEP:
        mixture[count, :lanes] = 0.0
        count += 1
    return count


@njit
def _sum_columns(table, cell, begin, count, mixture, first, lanes, total):
    """Fill `total` (i,) with `count` columns of a cell of a table (cell, c), weighed (c, i), from the first of each."""
    total[:lanes] = 0.0
    for c in range(0, count, STEP):
        at, own = begin + c, first + c
        one, two, three, four = table[cell, at], table[cell, at + 1], table[cell, at + 2], table[cell, at + 3]
        for i in range(lanes):
            total[i] += (one * mixture[own, i] + two * mixture[own + 1, i]) + (
                three * mixture[own + 2, i] + four * mixture[own + 3, i]
            )


@njit
def _fill_cells(block, rows, met, points, work, cells):
    """Fill (weapon, cell, i) the likelihood of the rows of each weapon in the worlds of a block; how many worlds.

    How alike missiles of one row fare is nothing to a row of one: its chances are those of the first concentration.
    """
    mixture, total, part = work
    worlds, table = met.order[met.edges[block] : met.edges[block + 1]], rows.chance[met.ratio[block]]
    lanes = worlds.shape[0]
    cells[:, :, :lanes] = 1.0
    for r in range(rows.launched.shape[0]):
        count, begin, own = _mix(r, worlds, rows, met, part, mixture), rows.begin[r], cells[rows.weapon[r]]
        width = points if rows.launched[r] == 1 else table.shape[0]
        for cell in range(width):
            _sum_columns(table, cell, begin, count, mixture, 0, lanes, total)
            for alike in range(cell, table.shape[0], width):
                for i in range(lanes):
                    own[alike, i] *= total[i]
    return lanes


@njit
def _make_work(rows):
    """Work arrays of `_fill_cells`: weights of a row's columns, and two numbers a world."""
    most = rows.chance.shape[2] + 2 * STEP
    return np.empty((most, LANES)), np.empty(LANES), np.empty(LANES)


@kept_compiled
@njit(nogil=True)
def fill_cells(first, last, rows, met, points, filled):
    """Fill (w, weapon, cell) the likelihood of the rows of each weapon, worlds in `Met.order` from block `first` on."""
    work, cells = _make_work(rows), np.empty((rows.weapons, rows.chance.shape[1], LANES))
    begin = met.edges[first]
    for block in range(first, last):
        lanes = _fill_cells(block, rows, met, points, work, cells)
        for i in range(lanes):
            filled[met.edges[block] - begin + i] = cells[:, :, i]


@kept_compiled
@njit(nogil=True)
def weigh_worlds(first, last, rows, met, pooling, weight, likelihood):
    """Fill `likelihood` (w,) of all rows, summed over kill shares and concentrations; blocks `first` to `last`.

    Parameters
    ----------
    pooling
        (class, g) prior of a weapon's kill share, cell by cell, given the class's; zeros fill g up to a multiple of
        `STEP`.
    weight
        (class,) that of the class's.
    """
    points, work = weight.shape[0], _make_work(rows)
    cells = np.zeros((rows.weapons, rows.chance.shape[1] + STEP, LANES))
    _, of_weapon, joint = work
    for block in range(first, last):
        lanes = _fill_cells(block, rows, met, points, work, cells[:, : rows.chance.shape[1]])
        total = np.zeros(lanes)
        for begin in range(0, rows.chance.shape[1], points):
            for of_class in range(points):
                joint[:lanes] = weight[of_class]
                for weapon in range(rows.weapons):
                    _sum_columns(pooling, of_class, 0, pooling.shape[1], cells[weapon], begin, lanes, of_weapon)
                    for i in range(lanes):
                        joint[i] *= of_weapon[i]
                for i in range(lanes):
                    total[i] += joint[i]
        for i in range(lanes):
            likelihood[met.order[met.edges[block] + i]] = total[i] * points / rows.chance.shape[1]
