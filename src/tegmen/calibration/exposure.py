"""Ballistic rows against what could have met them: the likelihood of every world, and the kill share it leaves.

A row of n missiles comes in packets that share a target; their size differs from row to row and is summed over. A
packet that finds no ready unit with rounds is not met; of the m missiles met in a row ``k ~ BetaBinomial(m, pi M,
(1 - pi) M)`` are stopped. Kyiv's zone is one target; elsewhere a row fans out over its packets. The kill share pi has
one value a weapon, pooled within the class, or one for all; pi and M are summed over a grid exactly, so a world is
weighed for all kill shares at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import comb, softmax

from tegmen.calibration.grid import beta_binomial
from tegmen.calibration.rows import AIM, UNLOCATED, EligibleRows
from tegmen.evidence.reports import UNNAMED
from tegmen.terms import FrozenDict, content_equal

if TYPE_CHECKING:
    from tegmen.calibration.kernel import Met, Rows
    from tegmen.evidence.parameters import Parameter
    from tegmen.terms import Floats, Ints, Singles

_BLOCKS = 24
"""Blocks of worlds whose kill shares are drawn at a time: their cells stay in the processor's cache."""
_LEAST = 1e-5


def sole_weapon(name: str) -> str:
    """Name of the weapon of a row; `UNNAMED` where the row names none, or several that it does not tell apart."""
    return UNNAMED if "+" in name else name


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class KillPrior:
    """Prior of the kill share of a missile that is met, on a grid.

    Parameters
    ----------
    weight
        (g,) chance of each of g equal cells of pi on (0, 1), that of the class; sums to one.
    concentrations
        [missiles] Beta-binomial M, equal weights: how alike missiles of one row fare.
    spread
        [logit] sd of a weapon's pi about the class's, where weapons differ.
    """

    weight: Floats = field(default_factory=lambda: np.full(20, 1 / 20))
    concentrations: tuple[float, ...] = (2.0, 4.0, 8.0, 16.0, 64.0)
    spread: float = 1.0

    @classmethod
    def of(cls, row: Parameter) -> KillPrior:
        """Take the class's kill share from its row of the catalogue."""
        cells = cls().points
        draws = row.pert((np.arange(4000) + 0.5) / 4000)
        return cls(np.bincount(np.minimum((draws * cells).astype(np.int64), cells - 1), minlength=cells) / 4000)

    @property
    def points(self) -> int:
        """Number of cells."""
        return len(self.weight)

    @property
    def share(self) -> Floats:
        """(g,) the grid of pi."""
        return (np.arange(self.points) + 0.5) / self.points

    @property
    def pooling(self) -> Floats:
        """(g, g) prior of a weapon's pi given the class's; rows sum to one."""
        logit = np.log(self.share / (1 - self.share))
        # Weighted by the width of a cell on the logit scale, so that the sum is a normal's integral.
        log_width = -np.log(self.share * (1 - self.share))
        return np.asarray(softmax(-0.5 * ((logit[:, None] - logit) / self.spread) ** 2 + log_width, axis=1))


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """What the rows of a record could meet in each world, axes w, r.

    Parameters
    ----------
    kyiv, elsewhere
        (w, r) chance that a packet aimed there meets a ready unit with rounds, on the day of the row.
    aim
        (w,) share of rows aimed at Kyiv's zone.
    ratio
        (w,) kill share elsewhere over that at Kyiv; few different values.
    named
        (w, 3) chance that a row is posted with its zone: at Kyiv with some stopped, at Kyiv with none, elsewhere.
    """

    kyiv: Floats | Singles
    elsewhere: Floats | Singles
    aim: Floats
    ratio: Floats
    named: Floats

    def __len__(self) -> int:
        return len(self.aim)


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Kill:
    """Kill shares drawn, one a world.

    Parameters
    ----------
    share
        Weapon to (w,) share stopped of the missiles met at Kyiv; `UNNAMED` for rows of no single weapon.
    concentration
        (w,) Beta-binomial M [missiles].
    """

    share: Mapping[str, Floats]
    concentration: Floats

    def of(self, weapon: str) -> Floats:
        """(w,) kill share of a weapon; that of an unnamed one where the rows never named it."""
        return self.share.get(sole_weapon(weapon), self.share[UNNAMED])


@dataclass(frozen=True, eq=False)
class RowLikelihood:
    """The likelihood of ballistic rows, made once for a record.

    Parameters
    ----------
    rows, prior
        Eligible rows; prior of the kill share.
    packets
        (q,) chance that the packets of a row are of 1, 2, ... q missiles.
    by_weapon
        Whether weapons have kill shares of their own.
    """

    rows: EligibleRows
    prior: KillPrior
    packets: Floats
    by_weapon: bool

    @cached_property
    def weapons(self) -> tuple[str, ...]:
        """Weapons that the rows name one by one, and `UNNAMED` for the other rows."""
        return (UNNAMED, *sorted(set(map(sole_weapon, self.rows.weapon.tolist())) - {UNNAMED}))

    def log_weight(self, worlds: Exposure) -> Floats:
        """(w,) log likelihood of the rows in each world, summed over kill shares and concentrations."""
        from tegmen.calibration.kernel import STEP, weigh_worlds

        (rows, met), likelihood = self._tables(worlds), np.empty(len(worlds))
        pooling = np.pad(self._pooling, ((0, 0), (0, -self.prior.points % STEP)))
        weigh_worlds(0, len(met.ratio), rows, met, pooling, self.prior.weight, likelihood)
        return np.log(np.maximum(likelihood, 1e-300))

    @property
    def kill_draws(self) -> int:
        """Number of uniform draws that the kill shares of a world are made of."""
        return 2 + 2 * len(self.weapons)

    def draw_kill(self, worlds: Exposure, uniform: Floats) -> Kill:
        """Draw kill shares and concentrations of each world from its own posterior.

        Parameters
        ----------
        uniform
            (w, `kill_draws`) uniform draws; the kill share of the class rises with the first.
        """
        from tegmen.calibration.kernel import fill_cells

        rows, met = self._tables(worlds)
        share, concentration = np.empty((len(self.weapons), len(worlds))), np.empty(len(worlds))
        for first in range(0, len(met.ratio), _BLOCKS):
            last = min(first + _BLOCKS, len(met.ratio))
            index = met.order[met.edges[first] : met.edges[last]]
            cells = np.empty((len(index), len(self.weapons), len(self.prior.concentrations), self.prior.points))
            fill_cells(first, last, rows, met, self.prior.points, cells.reshape(*cells.shape[:2], -1))
            share[:, index], concentration[index] = self._draw_cells(cells.swapaxes(0, 1), uniform[index])
        return Kill(FrozenDict(zip(self.weapons, share, strict=True)), concentration)

    def _draw_cells(self, cells: Floats, uniform: Floats) -> tuple[Floats, Floats]:
        """(weapon, b) kill shares and (b,) concentrations, by inverting the cells' cumulative sums."""
        joint = ((cells @ self._pooling.T).prod(axis=0) * self.prior.weight).swapaxes(1, 2)
        g, m = np.divmod(_invert(joint.reshape(len(joint), -1), uniform[:, 0]), len(self.prior.concentrations))
        world, shares = np.arange(len(joint)), np.empty(cells.shape[:2])
        for number, of_weapon in enumerate(cells):
            own = _invert(of_weapon[world, m] * self._pooling[g], uniform[:, 2 + number])
            # Where all share the kill share they share its place within the cell, too.
            offset = uniform[:, 2 + len(cells) + number if self.by_weapon else 1] - 0.5
            shares[number] = self.prior.share[own] + offset / self.prior.points
        return shares, np.asarray(self.prior.concentrations)[m]

    @cached_property
    def _pooling(self) -> Floats:
        """(g, g) prior of a weapon's kill share given the class's: one for all, or about it."""
        return self.prior.pooling if self.by_weapon else np.eye(self.prior.points)

    def _tables(self, worlds: Exposure) -> tuple[Rows, Met]:
        """Pack the rows, and what worlds say of them, for the kernel."""
        from tegmen.calibration.kernel import LANES, Met, Rows

        rows, number = self.rows, {weapon: at for at, weapon in enumerate(self.weapons)}
        counts = tuple(zip(rows.launched.tolist(), rows.intercepted.tolist(), rows.aim.tolist(), strict=True))
        grid = self.prior.points, self.prior.concentrations, tuple(self.packets.tolist())
        ratios, ratio, size = np.unique(worlds.ratio, return_inverse=True, return_counts=True)
        packed = [_columns(counts, float(each), *grid) for each in ratios]
        ends = np.cumsum(size)
        begins = [np.arange(end - many, end, LANES) for end, many in zip(ends, size, strict=True)]
        return Rows(
            launched=rows.launched,
            weapon=np.array([number[sole_weapon(str(name))] for name in rows.weapon], dtype=np.int64),
            weapons=len(self.weapons),
            kyiv=rows.aim != AIM["elsewhere"],
            elsewhere=rows.aim != AIM["kyiv"],
            posted=np.array([_POSTINGS.index((k > 0, aim)) for _, k, aim in counts], dtype=np.int64),
            begin=packed[0][0],
            chance=np.stack([chance for _, chance in packed]),
        ), Met(
            kyiv=worlds.kyiv,
            elsewhere=worlds.elsewhere,
            posted=np.array([zone_weights(*kind, worlds.aim, worlds.named) for kind in _POSTINGS]),
            order=np.argsort(ratio, kind="stable"),
            edges=np.concatenate([*begins, ends[-1:]]),
            ratio=np.repeat(np.arange(len(ratios)), list(map(len, begins))),
        )


_OF_ZONE = {AIM["kyiv"]: slice(0, 2), AIM["elsewhere"]: slice(2, None)}
"""Zone named to the columns of `_chances` that a row of it has; one that names none has them all."""
_POSTINGS = tuple((stopped, aim) for stopped in (False, True) for aim in AIM.values())
"""Whether any of a row were stopped, and the zone it is posted with."""


@lru_cache(maxsize=64)
def _columns(
    counts: tuple[tuple[int, int, int], ...],
    ratio: float,
    points: int,
    concentrations: tuple[float, ...],
    packets: tuple[float, ...],
) -> tuple[Ints, Floats]:
    """(r,) where the columns of a row begin, and (cell, c) all of them: those of `_chances` of the zones left open.

    Rows of the same counts and zone (launched, intercepted, aim) share theirs; zeros fill up the last step.
    """
    from tegmen.calibration.kernel import STEP

    begin, width = dict[tuple[int, int, int], int](), 0
    columns = [np.empty((0, points * len(concentrations)))]
    for n, k, aim in dict.fromkeys(counts):
        whole = _chances(n, k, ratio, points, concentrations, packets)
        own = whole[_OF_ZONE.get(aim, slice(None))]
        columns.append(np.pad(own, ((0, -len(own) % STEP), (0, 0))))
        begin[n, k, aim] = width
        width += len(columns[-1])
    return np.array([begin[each] for each in counts], dtype=np.int64), np.concatenate(columns).T.copy()


@lru_cache(maxsize=1024)
def _chances(
    n: int, k: int, ratio: float, points: int, concentrations: tuple[float, ...], packets: tuple[float, ...]
) -> Floats:
    """(2 + n + 1, cells) probability that k of n are stopped: Kyiv not met, Kyiv met, and by powers elsewhere.

    Kept beyond a record's own likelihood: readings and cuts of one question ask for the same.
    """
    share, concentration = (np.arange(points) + 0.5) / points, np.asarray(concentrations)[:, None]

    def stopped(met: int, kill: Floats) -> Floats:
        return beta_binomial_chance(met, k, kill, concentration).ravel()

    table = np.stack([stopped(0, share), stopped(n, share), *(stopped(met, share * ratio) for met in range(n + 1))])
    # Far below the row's largest it is as good as none; products of less would crawl as subnormals.
    table = np.maximum(table, _LEAST * table.max()) * (table.max(axis=1) > 0)[:, None]
    table[2:] = fanning(n, np.asarray(packets)) @ table[2:]
    return table


def zone_weights(stopped: bool, aim: int, at_kyiv: Floats, named: Floats) -> tuple[Floats, Floats]:
    """(w,) chances that a row was aimed at Kyiv's zone, and elsewhere, and is posted as it is.

    Parameters
    ----------
    stopped, aim
        Whether any of the row were stopped; zone posted, as in `EligibleRows`.
    at_kyiv, named
        (w,) share of rows aimed at Kyiv's zone; (w, 3) as in `Exposure`.
    """
    name_kyiv, name_other = named[:, 0 if stopped else 1], named[:, 2]
    if aim == UNLOCATED:
        return at_kyiv * (1 - name_kyiv), (1 - at_kyiv) * (1 - name_other)
    if aim == AIM["kyiv"]:
        return at_kyiv * name_kyiv, np.zeros_like(at_kyiv)
    return np.zeros_like(at_kyiv), (1 - at_kyiv) * name_other


def packet_law(row: Parameter) -> Floats:
    """(q,) chance that the packets of a row are of 1, 2, ... q missiles, from their row of the catalogue."""
    sizes = np.maximum(1, np.rint(row.pert((np.arange(1000) + 0.5) / 1000))).astype(np.int64)
    return np.bincount(sizes)[1:] / len(sizes)


def beta_binomial_chance(n: int, k: int, mean: Floats, concentration: Floats) -> Floats:
    """Probability of k out of n; zero where k exceeds n. Broadcast."""
    if k > n:
        return np.zeros(np.broadcast_shapes(mean.shape, concentration.shape))
    return np.exp(beta_binomial(np.asarray(n), np.asarray(k), mean, concentration))


def fan_out(n: int, chance: Floats | Singles, packets: Floats) -> Floats:
    """(w, n + 1) chance that 0 .. n missiles of a row are met, packets being met each with a chance (w,).

    Parameters
    ----------
    packets
        (q,) chance that the row's packets are of 1, 2, ... q missiles; the last of a row may be short, and counts as
        whole unless all are met.
    """
    return np.asarray(powers(n, chance).T @ fanning(n, packets))


def fanning(n: int, packets: Floats) -> Floats:
    """(n + 1, n + 1) what turns `powers` of the chance that a packet is met into chances that 0 .. n missiles are."""
    return np.asarray(comb(n, np.arange(n + 1)))[:, None] * _met_by_single(n, tuple(packets.tolist()))


@lru_cache(maxsize=512)
def _met_by_single(n: int, packets: tuple[float, ...]) -> Floats:
    """(n + 1, n + 1) what turns chances of i of n single missiles met into those of m of n, packets being met.

    Binomials of fewer trials are mixtures of those of n: ``Binomial(j; N) = sum_i C(N, j) C(n - N, i - j) / C(n, i)
    Binomial(i; n)`` (degree elevation of Bernstein polynomials; Farouki 2012, CAGD 29, 379).
    """
    turned = np.zeros((n + 1, n + 1))
    i = np.arange(n + 1)
    for size, likely in enumerate(packets, start=1):
        number = -(-n // size)
        for j in range(number + 1):
            turned[:, min(j * size, n)] += likely * comb(number, j) * np.asarray(comb(n - number, i - j)) / comb(n, i)
    return turned


def powers(n: int, chance: Floats | Singles) -> Floats:
    """(n + 1, w) ``chance^i (1 - chance)^(n - i)`` for i = 0 .. n: products, exact also at 0 and 1."""
    yes, no = (np.empty((n + 1, len(chance))) for _ in range(2))
    yes[0] = no[n] = 1.0
    for i in range(1, n + 1):
        np.multiply(yes[i - 1], chance, out=yes[i])
        np.multiply(no[n - i + 1], 1 - chance, out=no[n - i])
    return np.multiply(yes, no, out=yes)


def binomial_table(n: int, chance: Floats | Singles) -> Floats:
    """(w, n + 1) binomial probabilities of 0 .. n successes."""
    return (np.asarray(comb(n, np.arange(n + 1)))[:, None] * powers(n, chance)).T


def _invert(weight: Floats, uniform: Floats) -> Ints:
    """Draw one column index a row of `weight` by inverting its cumulative sum."""
    cumulative = np.cumsum(weight, axis=1)
    return (cumulative < (uniform * cumulative[:, -1])[:, None]).sum(axis=1)
