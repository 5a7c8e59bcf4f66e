"""Closed forms: what the product must reproduce where the answer is known.

Nothing here is random and nothing is fitted. The checks hold the product against these. In order: leaks of independent
engagements; rows of a record; Wilkening's model; saturation of channels; shares of a known function; what knowing is
worth.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tegmen.calibration.exposure import KillPrior
from tegmen.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tegmen.terms import Floats


def leaker_distribution(threats: int, kill: float) -> Floats:
    """Probability of 0, 1, .. n leakers among n independent threats: ``Binomial(n, 1 - kill)``.

    Parameters
    ----------
    threats
        Threats n, each engaged once [threats].
    kill
        Probability that an engagement kills.

    Returns
    -------
    (n + 1,) probabilities.
    """
    leaked = np.arange(threats + 1)
    ways = special.gammaln(threats + 1) - special.gammaln(leaked + 1) - special.gammaln(threats - leaked + 1)
    return np.exp(ways + special.xlog1py(leaked, -kill) + special.xlogy(threats - leaked, kill))


@dataclass(frozen=True, slots=True)
class RowChance:
    """What one row of ballistic missiles could meet in one world, and how its zone is posted.

    Parameters
    ----------
    aim, kyiv, elsewhere
        Chance that the row is aimed at Kyiv; that a packet aimed there, or elsewhere, is met.
    named
        Chance that the zone is posted: at Kyiv with some stopped, at Kyiv with none, elsewhere.
    packets
        Chance of packets of 1, 2, ... missiles.
    ratio
        Kill share elsewhere over that at Kyiv.
    """

    aim: float
    kyiv: float
    elsewhere: float
    named: tuple[float, float, float]
    packets: tuple[float, ...]
    ratio: float

    def probability(self, row: tuple[int, int, str], share: float, big: float) -> float:
        """Probability of (launched, stopped, zone posted), every packet met or not in turn.

        Parameters
        ----------
        share, big
            Kill share at Kyiv and concentration of the Beta-binomial.
        """
        launched, stopped, zone = row
        at_kyiv = self.kyiv * beta_binomial_by_product(launched, stopped, share, big)
        at_kyiv += (1 - self.kyiv) * (stopped == 0)
        other = 0.0
        for size, likely in enumerate(self.packets, start=1):
            count = math.ceil(launched / size)
            for met in itertools.product((False, True), repeat=count):
                chance = math.prod(self.elsewhere if each else 1 - self.elsewhere for each in met)
                reached = min(size * sum(met), launched)
                other += likely * chance * beta_binomial_by_product(reached, stopped, share * self.ratio, big)
        name = self.named[0] if stopped else self.named[1]
        kyiv_part = self.aim * at_kyiv * {"kyiv": name, "elsewhere": 0.0, "unlocated": 1 - name}[zone]
        other_name = {"kyiv": 0.0, "elsewhere": self.named[2], "unlocated": 1 - self.named[2]}[zone]
        return kyiv_part + (1 - self.aim) * other * other_name


def record_likelihood(
    rows: Sequence[tuple[int, int, str, str]], chances: Sequence[RowChance], prior: KillPrior, *, by_weapon: bool
) -> float:
    """Likelihood of (launched, stopped, zone, weapon) rows in one world, kill shares summed over cell by cell.

    Parameters
    ----------
    chances
        What each row could meet.
    prior, by_weapon
        Cells and concentrations of the kill share; whether each weapon has its own about the class's.
    """
    pooling = prior.pooling if by_weapon else np.eye(prior.points)
    total = 0.0
    for big in prior.concentrations:
        table = [
            [chance.probability(row[:3], float(share), big) for share in prior.share]
            for row, chance in zip(rows, chances, strict=True)
        ]
        for of_class, weight in enumerate(prior.weight):
            product = float(weight)
            for weapon in {row[3] for row in rows}:
                mine = [of_row for row, of_row in zip(rows, table, strict=True) if row[3] == weapon]
                product *= math.fsum(
                    float(pooling[of_class, own]) * math.prod(of_row[own] for of_row in mine)
                    for own in range(prior.points)
                )
            total += product / len(prior.concentrations)
    return total


def beta_binomial_by_product(n: int, k: int, mean: float, big: float) -> float:
    """Beta-binomial probability of k of n by Polya's urn: each stop makes the next likelier, ``(a + i) / (M + j)``."""
    if k > n:
        return 0.0
    stops = math.prod((mean * big + i) / (big + i) for i in range(k))
    misses = math.prod(((1 - mean) * big + j) / (big + k + j) for j in range(n - k))
    return math.comb(n, k) * stops * misses


@dataclass(frozen=True, slots=True)
class NoLeak:
    """A criterion "no warhead leaks with probability P0", and the interceptor that must meet it.

    ``P0 = K^W`` over W warheads with ``K = P(track) [1 - (1 - SSPK)^n]``: a track lost is lost for every shot. The
    defaults are those of the published figures.

    Parameters
    ----------
    probability
        P0 wanted, in (0, 1).
    shot_kill
        SSPK, single-shot kill probability against a warhead, in (0, 1).
    track
        P(track), probability that a warhead is detected, tracked and told to be one, in (0, 1].

    Source
    ------
    D. A. Wilkening, A simple model for calculating ballistic missile defense effectiveness (1998). The forms for two
    salvos and for the transition numbers were worked out to reproduce his published figures, all of which they do.
    """

    probability: float = 0.80
    shot_kill: float = 0.70
    track: float = 0.99


def track_floor(warheads: int, probability: float) -> float:
    """Return the P(track) below which no number of shots meets P0: ``P0^(1/W)`` (0.978 for W 10, P0 0.80)."""
    return probability ** (1.0 / warheads)


def most_warheads(criterion: NoLeak) -> int | None:
    """Return the largest W with ``P0^(1/W) < P(track)`` (published: 22); None without a limit (P(track) = 1)."""
    if criterion.track == 1:
        return None
    return math.ceil(math.log(criterion.probability) / math.log(criterion.track)) - 1


def shots_per_target(warheads: int, criterion: NoLeak) -> float:
    """Shots n at each target: ``n = ln(1 - P0^(1/W) / P(track)) / ln(1 - SSPK)``, not rounded, at least 1.

    The published figures keep n fractional. The floor of one shot is ours: below it the formula would leave warheads
    without any shot.

    Raises
    ------
    InfeasibleError
        P(track) is not above its floor: no number of shots is enough.
    """
    # expm1 keeps the digits of a difference that is near 0 when many shots are needed
    miss = -math.expm1(math.log(criterion.probability) / warheads - math.log(criterion.track))
    if miss <= 0:
        floor = track_floor(warheads, criterion.probability)
        raise InfeasibleError(
            f"no number of interceptors stops all of {warheads} warheads with probability {criterion.probability}: "
            f"P(track) {criterion.track} must be above {floor:.4f}, and as it is allows at most "
            f"{most_warheads(criterion)} warheads; lower P0 or raise P(track)"
        )
    return max(1.0, math.log(miss) / math.log1p(-criterion.shot_kill))


def barrage_rounds(warheads: int, criterion: NoLeak, decoys: int = 0) -> float:
    """Interceptors when every shot is fired without looking: ``n (W + D)`` [rounds].

    n comes from the warheads alone; decoys that look like warheads are shot at all the same. Published: this number
    rounded to the nearest: 113.07 -> 113 (W 20), 73.21 -> 73 (W 10, D 10). InfeasibleError as ``shots_per_target``.
    """
    return shots_per_target(warheads, criterion) * (warheads + decoys)


def transition_number(size: int, shot_kill: float) -> float:
    """Shots n at which a first salvo of i becomes as cheap as one of i - 1: ``n_i = i + sum_(j=1)^(i-1) q^-j``.

    With ``q = 1 - SSPK``, from setting ``m + (n - m) q^m`` equal at m = i - 1 and m = i. Published for SSPK 0.5, 0.7
    and 0.9: 1, 4, 9, 18; 1, 5.33, 17.44, 55.48; 1, 12, 113, 1114.
    """
    return size + math.fsum((1.0 - shot_kill) ** -j for j in range(1, size))


def look_rounds(warheads: int, criterion: NoLeak, decoys: int = 0, decoy_kill: float = 0.23) -> float:
    """Return the expected interceptors of shoot-look-shoot in two salvos, with the best whole first salvo m [rounds].

    ``W [m + (n - m)(1 - SSPK)^m] + D [m + (n - m)(1 - SSPK_decoy)^m]``, one m for all since decoys are not told
    apart; a decoy that is hit saves its second salvo. Published figures are this number rounded to the nearest whole
    one: 46.58 -> 47 (W 20, m 2), 48.47 -> 48 (W 10, D 10, decoy SSPK 0.23, m 1). They need lost tracks not to be
    counted among the survivors of the first salvo (counted, the second would be 48.72).
    InfeasibleError as ``shots_per_target``.
    """
    shots = shots_per_target(warheads, criterion)
    return min(
        warheads * (m + (shots - m) * (1.0 - criterion.shot_kill) ** m)
        + decoys * (m + (shots - m) * (1.0 - decoy_kill) ** m)
        for m in range(1, math.floor(shots) + 1)
    )


def erlang_b(load: float, channels: int) -> float:
    """Share of Poisson arrivals that find all c channels busy and are lost, whatever the service time's distribution.

    ``B(0) = 1``, ``B(c) = a B(c-1) / (c + a B(c-1))``: the recursion never forms ``a^c / c!``, which overflows. Load
    a [erlang] is arrival rate x mean time a channel is busy.

    Source
    ------
    A. K. Erlang (1917), the loss formula.
    """
    lost = 1.0
    for busy in range(1, channels + 1):
        lost = load * lost / (busy + load * lost)
    return lost


def ishigami_shares(a: float = 7.0, b: float = 0.1) -> tuple[Floats, Floats]:
    """First-order and total shares (3,) of ``sin x1 + a sin^2 x2 + b x3^4 sin x1``, x uniform on (-pi, pi).

    x3 has no share of its own and a large total: it acts only together with x1.

    Source
    ------
    T. Ishigami and T. Homma (1990), ISUMA '90, 398-403.
    """
    first = np.array([0.5 * (1.0 + b * math.pi**4 / 5.0) ** 2, a**2 / 8.0, 0.0])
    both = b**2 * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    variance = first.sum() + both
    return first / variance, (first + np.array([both, 0.0, both])) / variance


def value_of_knowing_normal(known: float, unknown: float, confidence: float) -> tuple[float, float]:
    """EVPI and EVPPI of x where x + z are needed, x and z normal with sd `known` and `unknown`, and any number allowed.

    The best decision is the c-quantile of what is left unknown, and costs ``sd phi(z_c) / (1 - c)`` when a unit too
    many costs 1 and a unit too few ``c / (1 - c)``; knowing x takes the sd from ``sqrt(known^2 + unknown^2)`` to
    `unknown`.
    """
    normal = NormalDist()
    cost = normal.pdf(normal.inv_cdf(confidence)) / (1.0 - confidence)
    blind = math.hypot(known, unknown) * cost
    return blind, blind - unknown * cost
