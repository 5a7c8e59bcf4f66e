"""Closed forms and small brute force: what the simulation must reproduce where the answer is known.

Nothing here is random and nothing is fitted. Rooms above use these formulas where they apply, and the tests hold the
simulation against them. In order: leakage of independent engagements; Wilkening's model; saturation of channels;
coverage; brute force over placements; the Monte Carlo error of a share. Probabilities are plain numbers in [0, 1].
Every function raises InputError, naming each argument that is out of range, what was found and what is allowed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations_with_replacement
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from tegmen.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

MOST_PLACEMENTS = 500_000
"""Placements that the exhaustive search agrees to look at; above it the search is no longer "tiny"."""

Finding = tuple[bool, object, str]
"""Is an argument in range, what was found, what is allowed."""


def _require(where: str, **found: Finding) -> None:
    faults = [f"{name} is {value}; give {allowed}" for name, (holds, value, allowed) in found.items() if not holds]
    if faults:
        raise InputError(where, faults)


def _shares(values: ArrayLike) -> Finding:
    array = np.asarray(values, dtype=np.float64)
    wrong = array[~((array >= 0) & (array <= 1))]
    return wrong.size == 0, wrong[:3].tolist(), "probabilities in [0, 1]"


def _counts(values: ArrayLike) -> Finding:
    array = np.asarray(values, dtype=np.float64)
    wrong = array[~((array >= 0) & (array < np.inf))]
    return wrong.size == 0, wrong[:3].tolist(), "finite amounts of at least 0"


def _open_share(value: float) -> Finding:
    return 0 < value < 1, value, "a probability strictly between 0 and 1"


def _count(value: int, least: int) -> Finding:
    return value >= least, value, f"a whole number of at least {least}"


def _seen(successes: float, n: int) -> Finding:
    return 0 <= successes <= n, successes, "a count in [0, n]"


@dataclass(frozen=True, slots=True)
class Engagement:
    """What firing at one threat comes to.

    Parameters
    ----------
    kill
        Probability that the threat is killed.
    rounds
        Expected rounds fired at it [rounds].
    """

    kill: float
    rounds: float


def salvo(shot_kill: float, rounds: int) -> Engagement:
    """Fire n rounds at once, without looking in between: ``kill = 1 - (1 - s)^n``."""
    return shoot_look_shoot(shot_kill, [rounds])


def shoot_look_shoot(shot_kill: float, salvos: Sequence[int]) -> Engagement:
    """Fire the next salvo only at a threat that survived the last: same kill probability, fewer rounds.

    ``kill = 1 - (1 - s)^(n1 + .. + nk)`` for salvos of n1, n2, .. rounds with single-shot kill probability s; salvo i
    is fired with probability ``(1 - s)^(n1 + .. + n(i-1))``.
    """
    _require("shoot_look_shoot", shot_kill=_shares(shot_kill), salvos=_counts(list(salvos)))
    alive, spent = 1.0, 0.0
    for rounds in salvos:
        spent += alive * rounds
        alive *= (1.0 - shot_kill) ** rounds
    return Engagement(kill=1.0 - alive, rounds=spent)


def leaker_distribution(threats: int, kill: float) -> NDArray[np.float64]:
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
    _require("leaker_distribution", threats=_count(threats, 0), kill=_shares(kill))
    leaked = np.arange(threats + 1)
    ways = special.gammaln(threats + 1) - special.gammaln(leaked + 1) - special.gammaln(threats - leaked + 1)
    log_mass = ways + special.xlog1py(leaked, -kill) + special.xlogy(threats - leaked, kill)
    return np.asarray(np.exp(log_mass), dtype=np.float64)


def expected_leakers(threats: float, kill: float) -> float:
    """Mean of ``leaker_distribution``: ``n (1 - kill)`` [threats]."""
    _require("expected_leakers", threats=_counts(threats), kill=_shares(kill))
    return threats * (1.0 - kill)


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

    def __post_init__(self) -> None:
        _require(
            "NoLeak",
            probability=_open_share(self.probability),
            shot_kill=_open_share(self.shot_kill),
            track=(0 < self.track <= 1, self.track, "a probability above 0 and at most 1"),
        )


def track_floor(warheads: int, probability: float) -> float:
    """Return the P(track) below which no number of shots meets P0: ``P0^(1/W)`` (0.978 for W 10, P0 0.80)."""
    _require("track_floor", warheads=_count(warheads, 1), probability=_open_share(probability))
    return probability ** (1.0 / warheads)


def most_warheads(criterion: NoLeak) -> int | None:
    """Return the largest W with ``P0^(1/W) < P(track)`` (published: 22); None without a limit (P(track) = 1)."""
    if criterion.track == 1:
        return None
    return math.ceil(math.log(criterion.probability) / math.log(criterion.track)) - 1


def shots_per_target(warheads: int, criterion: NoLeak) -> float:
    """Shots n at each target: ``n = ln(1 - P0^(1/W) / P(track)) / ln(1 - SSPK)``, not rounded, at least 1.

    The published figures keep n fractional. The floor of one shot is ours: below it the formula would leave warheads
    without any shot. For whole rounds see ``barrage_rounds_whole``.

    Raises
    ------
    InfeasibleError
        P(track) is not above its floor: no number of shots is enough.
    """
    _require("shots_per_target", warheads=_count(warheads, 1))
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
    _require("barrage_rounds", decoys=_count(decoys, 0))
    return shots_per_target(warheads, criterion) * (warheads + decoys)


def barrage_rounds_whole(warheads: int, criterion: NoLeak) -> int:
    """Fewest whole interceptors that meet P0 in a barrage, spread evenly over the warheads [rounds].

    ``ln K(n)`` is concave in n, so shots as even as whole numbers allow are best. More than the published fractional
    figure (116 against 113 for W = 20), since between two whole n the curve lies above its chord.
    InfeasibleError as ``shots_per_target``.
    """
    few = math.floor(shots_per_target(warheads, criterion))
    miss = 1.0 - criterion.shot_kill
    lacking = math.log(criterion.probability) - warheads * math.log(criterion.track)  # < 0: what misses may cost
    low, high = math.log1p(-(miss**few)), math.log1p(-(miss ** (few + 1)))
    extra = math.ceil((lacking - warheads * low) / (high - low) - 1e-12)
    return few * warheads + max(0, extra)


def transition_number(size: int, shot_kill: float) -> float:
    """Shots n at which a first salvo of i becomes as cheap as one of i - 1: ``n_i = i + sum_(j=1)^(i-1) q^-j``.

    With ``q = 1 - SSPK``, from setting ``m + (n - m) q^m`` equal at m = i - 1 and m = i. Published for SSPK 0.5, 0.7
    and 0.9: 1, 4, 9, 18; 1, 5.33, 17.44, 55.48; 1, 12, 113, 1114.
    """
    _require("transition_number", size=_count(size, 1), shot_kill=_open_share(shot_kill))
    return size + math.fsum((1.0 - shot_kill) ** -j for j in range(1, size))


def look_rounds(warheads: int, criterion: NoLeak, decoys: int = 0, decoy_kill: float = 0.23) -> float:
    """Return the expected interceptors of shoot-look-shoot in two salvos, with the best whole first salvo m [rounds].

    ``W [m + (n - m)(1 - SSPK)^m] + D [m + (n - m)(1 - SSPK_decoy)^m]``, one m for all since decoys are not told
    apart; a decoy that is hit saves its second salvo. Published figures are this number rounded to the nearest whole
    one: 46.58 -> 47 (W 20, m 2), 48.47 -> 48 (W 10, D 10, decoy SSPK 0.23, m 1). They need lost tracks not to be
    counted among the survivors of the first salvo (counted, the second would be 48.72).
    InfeasibleError as ``shots_per_target``.
    """
    _require("look_rounds", decoys=_count(decoys, 0), decoy_kill=_shares(decoy_kill))
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
    _require("erlang_b", load=_counts(load), channels=_count(channels, 0))
    lost = 1.0
    for busy in range(1, channels + 1):
        lost = load * lost / (busy + load * lost)
    return lost


def none_ready(covering: ArrayLike, availability: ArrayLike) -> NDArray[np.float64]:
    """Probability that no unit covering a place is ready: ``prod_u (1 - a_u)^c_up``, units independent.

    Parameters
    ----------
    covering
        (..., u, p) units of kind u covering place p; a 0/1 table when every u is one unit.
    availability
        (u,) probability that a unit is ready.

    Returns
    -------
    (..., p) probabilities.
    """
    _require("none_ready", covering=_counts(covering), availability=_shares(availability))
    idle = 1.0 - np.asarray(availability, dtype=np.float64)
    return np.asarray(np.prod(idle[:, None] ** np.asarray(covering, dtype=np.float64), axis=-2))


def leak_given_ready(none: ArrayLike, kill: ArrayLike) -> NDArray[np.float64]:
    """Leak probability when a covered threat is stopped once or not at all: ``z + (1 - z)(1 - k)``.

    All or nothing: a further unit adds to the chance that one is ready, not a further shot. z is the
    probability that no covering unit is ready, as from ``none_ready``; k that a threat is stopped given one.
    """
    _require("leak_given_ready", none=_shares(none), kill=_shares(kill))
    return np.asarray(1.0 - np.asarray(kill, dtype=np.float64) * (1.0 - np.asarray(none, dtype=np.float64)))


def leak_probability(covering: ArrayLike, availability: ArrayLike, kill: ArrayLike) -> NDArray[np.float64]:
    """Leak probability under c like units that give one chance in all: ``1 - k [1 - (1 - a)^c]``.

    The arguments broadcast: units covering the place c, availability a (the probability that one is ready, independent
    of the others) and k, the probability that a threat is stopped given a ready covering unit.
    """
    _require("leak_probability", covering=_counts(covering), availability=_shares(availability), kill=_shares(kill))
    idle = 1.0 - np.asarray(availability, dtype=np.float64)
    return leak_given_ready(idle ** np.asarray(covering, dtype=np.float64), kill)


def leak_each_shoots(covering: ArrayLike, availability: ArrayLike, kill: ArrayLike) -> NDArray[np.float64]:
    """Leak probability when each ready unit has its own chance: ``(1 - a k)^c``, never above ``leak_probability``."""
    _require("leak_each_shoots", covering=_counts(covering), availability=_shares(availability), kill=_shares(kill))
    stops = np.asarray(availability, dtype=np.float64) * np.asarray(kill, dtype=np.float64)
    return np.asarray((1.0 - stops) ** np.asarray(covering, dtype=np.float64))


def expected_leak(mix: ArrayLike, leak: ArrayLike) -> NDArray[np.float64]:
    """Return the expected strikes ``sum_p m_p l_p`` (...) [threats].

    m (..., p) threats aimed at each place [threats], l (..., p) their leak probability. Linear, so exact however the
    places' fates depend on each other through shared units.
    """
    _require("expected_leak", mix=_counts(mix), leak=_shares(leak))
    return np.asarray(np.sum(np.asarray(mix, dtype=np.float64) * np.asarray(leak, dtype=np.float64), axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class Siting:
    """A small siting question: like units on sites, each covering some places, on top of a baseline.

    Parameters
    ----------
    mix
        (p,) threats aimed at each place [threats].
    covers
        (s, p) whether a unit at site s covers place p.
    baseline
        (p,) units that cover each place already.
    availability, kill
        As in ``leak_probability``.
    """

    mix: NDArray[np.float64]
    covers: NDArray[np.bool_]
    baseline: NDArray[np.int64]
    availability: float
    kill: float

    def value(self, sites: Sequence[int]) -> float:
        """Return the expected strikes with one unit at each of the sites (repeats allowed) [threats]."""
        covering = self.baseline + self.covers[np.asarray(sites, dtype=np.int64)].sum(axis=0)
        return float(expected_leak(self.mix, leak_probability(covering, self.availability, self.kill)))


def best_placements(siting: Siting, most: int) -> list[tuple[float, tuple[int, ...]]]:
    """Least expected strikes [threats], and the sites reaching them, for 0, 1, .. units, by trying every placement."""
    sites = len(siting.covers)
    _require("best_placements", most=_count(most, 0), sites=_count(sites, 1))
    tried = math.comb(sites + most, most)
    allowed = (tried <= MOST_PLACEMENTS, tried, f"fewer units or sites: at most {MOST_PLACEMENTS} are tried")
    _require("best_placements", placements=allowed)
    choices = (combinations_with_replacement(range(sites), units) for units in range(most + 1))
    return [min((siting.value(chosen), chosen) for chosen in some) for some in choices]


def fewest_units(siting: Siting, target: float, most: int) -> int | None:
    """Return the fewest units with expected strikes at or below target, None if ``most`` units do not reach it."""
    return next((n for n, (value, _) in enumerate(best_placements(siting, most)) if value <= target), None)


def share_interval(successes: float, n: int, confidence: float = 0.90) -> tuple[float, float]:
    """Wilson score interval of a share: the p with ``|x/n - p| <= z sqrt(p (1 - p) / n)``.

    Source
    ------
    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    _require("share_interval", n=_count(n, 1), successes=_seen(successes, n), confidence=_open_share(confidence))
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2.0) ** 2
    share = successes / n
    half = math.sqrt(z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n))) / (1.0 + z2 / n)
    centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)  # 0 and 1 at x = 0 and n, but for rounding


def ishigami_shares(a: float = 7.0, b: float = 0.1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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


def product_shares(weights: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First-order and total shares (k,) of Sobol's g: ``prod_i (|4 x_i - 2| + a_i) / (1 + a_i)``, x uniform on (0, 1).

    With ``V_i = 1 / (3 (1 + a_i)^2)``: variance ``prod (1 + V_i) - 1``, first ``V_i``, total
    ``V_i prod_(j != i) (1 + V_j)``.

    Source
    ------
    A. Saltelli and I. M. Sobol (1995), Reliability Engineering and System Safety 50, 225-239.
    """
    _require("product_shares", weights=_counts(weights))
    part = 1.0 / (3.0 * (1.0 + np.asarray(weights, dtype=np.float64)) ** 2)
    whole = float(np.prod(1.0 + part))
    return part / (whole - 1.0), part / (1.0 + part) * whole / (whole - 1.0)


def value_of_knowing_normal(known: float, unknown: float, confidence: float) -> tuple[float, float]:
    """EVPI and EVPPI of x where x + z are needed, x and z normal with sd `known` and `unknown`, and any number allowed.

    The best decision is the c-quantile of what is left unknown, and costs ``sd phi(z_c) / (1 - c)`` when a unit too
    many costs 1 and a unit too few ``c / (1 - c)``; knowing x takes the sd from ``sqrt(known^2 + unknown^2)`` to
    `unknown`.
    """
    _require(
        "value_of_knowing_normal", sd=_counts([known, unknown]), confidence=_open_share(confidence)
    )  # fmt: skip
    normal = NormalDist()
    cost = normal.pdf(normal.inv_cdf(confidence)) / (1.0 - confidence)
    blind = math.hypot(known, unknown) * cost
    return blind, blind - unknown * cost
