"""Which unknown an outcome hangs on, and what knowing it would be worth to a decision about a number.

Knows nothing of air defence: columns of draws and an outcome in, estimates with standard errors out. Three questions:
what an unknown does alone (first order), what remains of the doubt when all else is known (total), and by how much the
decision would improve if the unknown were known before deciding (expected value of perfect information).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tegmen.errors import InputError

if TYPE_CHECKING:
    from tegmen.terms import Floats, Ints


GROUPS = 20
"""Groups left out in turn for standard errors and bias (delete-group jackknife)."""
_PIECES = 5
_PIECES_IN_GROUP = 2
_DEGREE = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number worked out from draws, and its standard error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Decision:
    """How many units, out of 0 to `most`, when the number needed is not known.

    A unit too many costs 1; a unit too few costs ``c / (1 - c)``. The number with the least expected loss is then the
    smallest one that is enough with probability c: the rule the answer uses. Losses are in "units bought in vain".

    Raises
    ------
    InputError
        The confidence is not strictly between 0 and 1, or nothing can be decided.

    Source: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory, section 6.3 (linear losses).
    """

    confidence: float
    most: int

    def __post_init__(self) -> None:
        faults = [
            f"{name}: found {value}, allowed: {allowed}"
            for name, value, allowed, holds in (
                ("confidence", self.confidence, "strictly between 0 and 1", 0 < self.confidence < 1),
                ("most", self.most, "1 or more units", self.most >= 1),
            )
            if not holds
        ]
        if faults:
            raise InputError("decision", faults)

    def losses(self, need: Ints) -> Floats:
        """(w, n) loss of deciding for n = 0 .. most units where `need` (w,) are needed."""
        short = need[:, None] - np.arange(self.most + 1)
        return np.where(short > 0, self.confidence / (1 - self.confidence) * short, -short).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Worth:
    """What knowing would be worth, in units bought in vain.

    Parameters
    ----------
    evpi
        Of knowing everything: the expected loss of the best decision without.
    evppi
        Of knowing one unknown, or one group of them.
    """

    evpi: Estimate
    evppi: Mapping[str, Estimate]


def first_order(columns: Mapping[str, Floats], outcome: Floats) -> dict[str, Estimate]:
    """First-order share of each unknown: ``Var(E[y | x]) / Var(y)``.

    The outcome is regressed on a cubic spline of the unknown (knots at its quantiles); the share is the adjusted
    coefficient of determination, from which chance alone is taken away (Ezekiel's and Kelley's correction), and never
    below 0. Standard errors by leaving out one twentieth of the draws at a time.

    Parameters
    ----------
    columns
        Unknown to (w,) draws; a group of unknowns to (w, k): what the sum of their splines explains.
    outcome
        (w,) outcome.

    Source: Kelley (1935), PNAS 21, 554; Ratto and Pagano (2010), AStA 94, 367 (first-order shares by smoothing).
    """
    return {name: _explained(_splines(x), outcome) for name, x in columns.items()}


def _explained(basis: Floats, outcome: Floats) -> Estimate:
    count, y = len(outcome), outcome - outcome.mean()
    if (y**2).sum() <= 1e-12 * max(1.0, float((outcome**2).sum())):
        return Estimate(0.0, 0.0)
    total_basis = np.column_stack([basis, y, np.ones(count)])
    kept, cross = _left_out(total_basis)
    columns = basis.shape[1]
    gram, along, squares, sums = (
        cross[:, :columns, :columns], cross[:, :columns, columns], cross[:, columns, columns], cross[:, columns, -1],
    )  # fmt: skip
    inverse = np.linalg.pinv(gram, rcond=1e-9, hermitian=True)
    rank = np.linalg.matrix_rank(gram[0], tol=1e-9 * np.trace(gram[0]), hermitian=True)
    left = squares - np.einsum("gi,gij,gj->g", along, inverse, along)
    spread = squares - sums**2 / kept
    shares = 1 - np.maximum(left, 0) / (kept - rank) * (kept - 1) / spread
    return Estimate(float(max(shares[0], 0.0)), _jackknife(shares)[1])


def value_of_knowing(columns: Mapping[str, Floats], need: Ints, decision: Decision) -> Worth:
    """Value of knowing each unknown before deciding, and of knowing them all.

    ``EVPPI(x) = min_n E[L(n)] - E[min_n E[L(n) | x]]``. The conditional losses of every number are regressed on a
    spline of the unknown. Deciding on fitted losses flatters; the jackknife takes that bias away, and gives the
    standard error. Never below 0. A group of unknowns is known through one number: the need foreseen by the sum of its
    members' splines, fitted to other draws. What more the group says is left out, so its worth is a lower bound.

    Parameters
    ----------
    columns
        Unknown to (w,) draws; a group of unknowns to (w, k).
    need
        (w,) smallest number that is enough; at most `decision.most`.
    decision
        What is decided, and what errors cost.

    Raises
    ------
    InputError
        A number needed lies outside what can be decided.

    Source: Strong, Oakley and Brennan (2014), Medical Decision Making 34, 311.
    """
    if need.min(initial=0) < 0 or need.max(initial=0) > decision.most:
        raise InputError("need", [f"found {need.min()} to {need.max()}, allowed: 0 to {decision.most}"])
    losses = decision.losses(need)
    members = _members(len(need))
    sums = np.stack([losses[members == group].sum(axis=0) for group in range(GROUPS)])
    kept = len(need) - np.concatenate([[0], np.bincount(members, minlength=GROUPS)])
    blind = (np.concatenate([np.zeros((1, losses.shape[1])), -sums]) + losses.sum(axis=0)).min(axis=1) / kept
    evppi = {
        name: _informed(_spline(x if x.ndim == 1 else _foreseen(x, need)), losses, blind) for name, x in columns.items()
    }
    # One number decided on all draws hardly flatters: no bias is taken away from the loss without knowing.
    return Worth(Estimate(float(blind[0]), _jackknife(blind)[1]), evppi)


def numbers_needed(left: Floats, threshold: float) -> tuple[Ints, float]:
    """Smallest number that is enough in each world, and the share of worlds in which none is.

    Between numbers tried, what is left is taken to fall along a straight line. A world in which no number is enough is
    counted as needing the largest: no decision could do better there, so what knowing is worth is not exaggerated.

    Parameters
    ----------
    left
        (w, n) what is left with n = 0 .. most units; NaN where not tried, the same numbers in every world.
    threshold
        What may be left at most.
    """
    tried = np.flatnonzero(~np.isnan(left).any(axis=0))
    table, rows = left[:, tried], np.arange(len(left))
    enough = table <= threshold + 1e-12
    none = ~enough.any(axis=1)
    at = np.where(none, len(tried) - 1, enough.argmax(axis=1))
    before = np.maximum(at - 1, 0)
    high, low = table[rows, before] - threshold, table[rows, at] - threshold
    part = np.where((at > 0) & (high > low), high / np.where(high > low, high - low, 1.0), 1.0)
    needed = np.ceil(tried[before] + part * (tried[at] - tried[before]) - 1e-9).astype(np.int64)
    return np.where(none, left.shape[1] - 1, np.where(at == 0, tried[0], needed)), float(none.mean())


def _informed(basis: Floats, losses: Floats, blind: Floats) -> Estimate:
    """Loss without knowing less the loss of deciding on fitted losses, jackknifed."""
    members, columns = _members(len(losses)), basis.shape[1]
    kept, cross = _left_out(np.column_stack([basis, losses]), rows=columns)
    coefficient = np.linalg.pinv(cross[:, :, :columns], rcond=1e-9, hermitian=True) @ cross[:, :, columns:]
    # Group by group what is fitted stays small; draws come last, so that the smallest is sought for many at once.
    best = np.stack([(each.T @ basis.T).min(axis=0) for each in coefficient])
    inside = np.concatenate([np.ones((1, len(losses))), members != np.arange(GROUPS)[:, None]])
    gains = blind - (best * inside).sum(axis=1) / kept
    value, error = _jackknife(gains)
    return Estimate(max(value, 0.0), error)


def _foreseen(x: Floats, need: Ints) -> Floats:
    """(w,) need foreseen from a group of unknowns, each draw by a fit to the groups of draws it is not in."""
    members, bases = _members(len(need)), _splines(x)
    foreseen = np.zeros(len(need))
    for group in range(GROUPS):
        kept = members != group
        weights = np.linalg.lstsq(bases[kept], need[kept].astype(np.float64), rcond=1e-9)[0]
        foreseen[~kept] = bases[~kept] @ weights
    return foreseen


def total_effect(outcome: Floats, again: Floats) -> Estimate:
    """Total share of an unknown: ``E[Var(y | all else)] / Var(y)``, from worlds drawn twice.

    ``E[(y - y')^2] / (2 Var(y))`` where y' is the outcome with the unknown drawn anew and all else kept. An unknown
    that matters only together with others shows here and not in its first-order share.

    Parameters
    ----------
    outcome, again
        (w,) outcomes of the pairs.

    Source: Jansen (1999), Computer Physics Communications 117, 35.
    """
    both = np.concatenate([outcome, again])
    if np.ptp(both) == 0:
        return Estimate(0.0, 0.0)
    table = np.column_stack([(outcome - again) ** 2, outcome + again, outcome**2 + again**2, np.ones(len(outcome))])
    sums = table.sum(axis=0) - np.concatenate([np.zeros((1, 4)), table])  # leaving out no pair, then each in turn
    kept = 2 * sums[:, 3]
    shares = sums[:, 0] / kept / ((sums[:, 2] - sums[:, 1] ** 2 / kept) / (kept - 1))
    return Estimate(float(shares[0]), _jackknife(shares)[1])


def _spline(x: Floats, pieces: int = _PIECES) -> Floats:
    """(w, columns) cubic B-splines of an unknown with knots at its quantiles."""
    low, high = float(x.min()), float(x.max())
    if not high > low:
        return np.ones((len(x), 1))
    scaled = (x - low) / (high - low)
    inner = np.unique(np.quantile(scaled, np.linspace(0, 1, pieces + 1)[1:-1]))
    inner = inner[(inner > 1e-6) & (inner < 1 - 1e-6)]
    knots = np.concatenate([np.zeros(_DEGREE + 1), inner, np.ones(_DEGREE + 1)])
    return _bases(scaled, knots)


def _bases(x: Floats, knots: Floats) -> Floats:
    """(w, columns) B-splines of `_DEGREE` at points of [0, 1], by the recursion of de Boor (1972, J. Approx. Theory 6).

    scipy has them too, in a module that takes half a second to load.
    """
    spans, rows = len(knots) - 1, np.arange(len(x))
    column = np.zeros((len(x), spans))
    column[rows, np.clip(np.searchsorted(knots, x, side="right") - 1, _DEGREE, spans - 1 - _DEGREE)] = 1.0
    for degree in range(1, _DEGREE + 1):
        width = knots[degree:] - knots[:-degree]
        slope = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0)
        rising = (x[:, None] - knots[: spans - degree]) * slope[:-1] * column[:, :-1]
        column = rising + (knots[degree + 1 :] - x[:, None]) * slope[1:] * column[:, 1:]
    return column


def _splines(x: Floats) -> Floats:
    """Splines of an unknown, or of every unknown of a group, each then of fewer pieces."""
    if x.ndim == 1:
        return _spline(x)
    return np.concatenate([_spline(column, _PIECES_IN_GROUP) for column in x.T], axis=1)


def _members(count: int) -> Ints:
    """(w,) group of each draw: dealt out in turn, so that batches are spread over all groups."""
    return np.arange(count) % GROUPS


def _left_out(table: Floats, rows: int | None = None) -> tuple[Floats, Floats]:
    """Draws kept and cross products of columns (group + 1, i, j): of all draws, then leaving out each group in turn."""
    groups = [table[group::GROUPS] for group in range(GROUPS)]
    parts, counts = np.stack([each[:, :rows].T @ each for each in groups]), [len(each) for each in groups]
    return len(table) - np.concatenate([[0.0], counts]), parts.sum(axis=0) - np.concatenate([0 * parts[:1], parts])


def _jackknife(values: Floats) -> tuple[float, float]:
    """Bias-corrected value and standard error from the statistic of all draws and of all but one group."""
    whole, parts = float(values[0]), values[1:]
    groups = len(parts)
    error = np.sqrt((groups - 1) / groups * ((parts - parts.mean()) ** 2).sum())
    return float(groups * whole - (groups - 1) * parts.mean()), float(error)
