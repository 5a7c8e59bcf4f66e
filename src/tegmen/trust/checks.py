"""Checks that the product makes of itself: each works something out twice and says both values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.linalg import expm
from scipy.special import expit
from scipy.stats import betabinom

from tegmen.answer.estimates import Decision, first_order, total_effect, value_of_knowing
from tegmen.answer.readings import strike_table
from tegmen.answer.study import Effort, Study, begin_study
from tegmen.calibration.area import area_track
from tegmen.calibration.exposure import Exposure, KillPrior, RowLikelihood
from tegmen.calibration.fit import Calibration, calibrate
from tegmen.calibration.priors import Memory, Priors
from tegmen.calibration.rows import AIM, EligibleRows, eligible
from tegmen.engine.campaign import MATCHED, Campaign, begin_campaign, simulate
from tegmen.engine.check import compare, thin_out
from tegmen.engine.engagement import engage
from tegmen.engine.expected import cover_baseline, expected_losses, fill, with_units
from tegmen.engine.kernel.words import philox
from tegmen.engine.laydown import Laydown
from tegmen.engine.passage import let_pass
from tegmen.engine.workload import Compute
from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.geography import horizon_km
from tegmen.evidence.record import Record
from tegmen.question.launches import launched, posted_counts
from tegmen.question.scenario import Scenario
from tegmen.question.theatre import Theatre, set_theatre
from tegmen.terms import FrozenDict, Progress, ThreatClass, take
from tegmen.trust import exact
from tegmen.trust.published import fight_alone, lone_unit_night
from tegmen.trust.ranks import JointModel, rank_truths
from tegmen.worlds.draw import Worlds
from tegmen.worlds.prior import Months, PriorWorlds, supply

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from tegmen.terms import Floats

SecondAnswer = Literal["exact", "published", "property"]
Fate = Literal["passed", "failed"]
_ERRORS = 4.0
_WORLDS, _PART, _FEW = 4000, 300, 60
_ADDED = 12
BALLISTIC, CRUISE = ThreatClass.ballistic, ThreatClass.cruise


@dataclass(frozen=True)
class Material:
    """What checks work on: the evidence and the question; worlds are drawn when a check first wants them."""

    record: Record
    scenario: Scenario
    calibration: Calibration
    seed: int

    @cached_property
    def study(self) -> Study:
        """A small study of the question."""
        return begin_study(self.scenario, self.calibration, seed=self.seed, effort=Effort(worlds=_WORLDS, runs=40))

    @cached_property
    def worlds(self) -> Worlds:
        """Worlds of the headline after the record, posted case."""
        return self.study.worlds("posted", self.scenario.headline)

    @cached_property
    def plan(self) -> Laydown:
        """The headline's plan."""
        return self.study.sites(self.scenario.headline, self.scenario.added_system, _ADDED)

    @cached_property
    def campaign(self) -> Campaign:
        """A few of these worlds, ready to be fought; cruise missiles are launched in them, too."""
        whole = next(goal for goal in self.scenario.goals if CRUISE in goal.measure.classes)
        return begin_campaign(thin_out(self.study.worlds("posted", whole), _FEW))


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a check holds: the value worked out, and the one expected."""

    holds: bool
    value: str
    expected: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check: what kind of second answer it is, what it shows, and how it is run."""

    name: str
    kind: SecondAnswer
    shows: str
    run: Callable[[Material], Finding]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check."""

    name: str
    kind: SecondAnswer
    shows: str
    outcome: Fate
    value: str
    expected: str


def run_checks(checks: Sequence[Check], material: Material, progress: Progress) -> Mapping[str, Result]:
    """Run checks, by name; one that cannot finish has failed, and says how."""
    results: dict[str, Result] = {}
    for step, check in enumerate(checks):
        progress(f"check: {check.name}", step, len(checks))
        try:
            finding = check.run(material)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not the end of the pack
            finding = Finding(False, f"{type(error).__name__}: {error}", "a result")
        outcome: Fate = "passed" if finding.holds else "failed"
        results[check.name] = Result(check.name, check.kind, check.shows, outcome, finding.value, finding.expected)
    return FrozenDict(results)


CHECKS: list[Check] = []
"""Every check, in the order of this file."""


def _check(name: str, kind: SecondAnswer, shows: str) -> Callable[[Callable[[Material], Finding]], Check]:
    """Make the function that follows a check, and list it."""

    def listed(run: Callable[[Material], Finding]) -> Check:
        CHECKS.append(Check(name, kind, shows, run))
        return CHECKS[-1]

    return listed


def _equal(value: object, expected: object) -> Finding:
    return Finding(value == expected, str(value), str(expected))


def _within(value: float, expected: float, allowed: float, digits: int = 4) -> Finding:
    shown = f"{expected:.{digits}f} ± {allowed:.{digits}f}"
    return Finding(abs(value - expected) <= allowed, f"{value:.{digits}f}", shown)


def _combined(*findings: Finding) -> Finding:
    return Finding(
        all(finding.holds for finding in findings),
        "; ".join(finding.value for finding in findings),
        "; ".join(finding.expected for finding in findings),
    )


# ---------------------------------------------------------------- published


@_check("random words", "published", "Philox gives the known answers of the Random123 library")
def _random_words(_: Material) -> Finding:
    words = [[f"{int(word):08x}" for word in philox(*counter, *key)] for counter, key in _RANDOM123]
    return _equal(" ".join(map(" ".join, words)), " ".join(_RANDOM123.values()))


_RANDOM123 = {
    ((0, 0, 0, 0), (0, 0)): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2): "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)): "d16cfe09 94fdcceb 5001e420 24126ea1",
}


@_check("Wilkening", "published", "interceptors needed, Wilkening (1998): 113, 47, 73, 48; limits 22 and 0.978")
def _wilkening(_: Material) -> Finding:
    published = exact.NoLeak(probability=0.80, shot_kill=0.70, track=0.99)
    rounds = [
        exact.barrage_rounds(20, published), exact.look_rounds(20, published),
        exact.barrage_rounds(10, published, 10), exact.look_rounds(10, published, 10),
    ]  # fmt: skip
    limits = [exact.most_warheads(published), round(exact.track_floor(10, 0.80), 3)]
    return _equal([*map(round, rounds), *limits], [113, 47, 73, 48, 22, 0.978])


@_check("transition numbers", "published", "Wilkening (1998), transition numbers of shoot-look-shoot")
def _transition_numbers(_: Material) -> Finding:
    numbers = [[round(exact.transition_number(i, kill), 2) for i in range(1, 5)] for kill in (0.5, 0.7, 0.9)]
    return _equal(numbers, [[1, 4, 9, 18], [1, 5.33, 17.44, 55.48], [1, 12, 113, 1114]])


# ---------------------------------------------------------------- exact


@_check("leaks", "exact", "single shots of the kernel leak like a binomial: mean, and chance of 3 of 12")
def _binomial_leaks(_: Material) -> Finding:
    runs, threats, kill = 1000, 12, 0.7
    leaked = np.array(
        [threats - sum(lone_unit_night(threats=threats, rounds=20, kill=kill, run=r)) for r in range(runs)]
    )
    chance = exact.leaker_distribution(threats, kill)
    error = math.sqrt(threats * kill * (1 - kill) / runs)
    none = float((leaked == 3).mean())
    return _combined(
        _within(float(leaked.mean()), threats * (1 - kill), _ERRORS * error),
        _within(none, float(chance[3]), _ERRORS * math.sqrt(float(chance[3] * (1 - chance[3])) / runs)),
    )


@_check("saturation", "exact", "the kernel loses Poisson arrivals at busy channels as Erlang B says")
def _erlang(material: Material) -> Finding:
    channels, load, service, nights = 2, 2.0, 1000, 20
    dice = np.random.Generator(np.random.Philox(material.seed))
    lost: list[float] = []
    for run in range(nights):
        ticks = np.floor(np.cumsum(dice.exponential(service / load, 2000)))
        ticks = ticks[ticks < 800_000].astype(np.int64)
        killed = fight_alone(ticks, channels=channels, rounds=2000, flight=service, kill=1.0, run=run)
        lost.append(float(1 - killed[ticks > 20 * service].mean()))
    error = float(np.std(lost, ddof=1)) / math.sqrt(nights)
    return _within(float(np.mean(lost)), exact.erlang_b(load, channels), _ERRORS * error)


@_check("filter", "exact", "the evidence of three nights is the sum over every path of their level (log)")
def _filter(_: Material) -> Finding:
    nights, step, big = ((0, 5, 4), (7, 12, 3), (21, 6, 2)), 0.7, 9.0
    priors = Priors(levels=4, level_low=-2.0, level_high=2.0, steps=(step,), concentrations=(big,))
    track = area_track(priors, Memory(break_days=(math.inf,), half_life_days=math.inf, slopes=(0.0,)))
    for night in nights:
        track = track.after(*night)
    difference = np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1) - np.diag((1.0, 2.0, 2.0, 1.0))
    level = np.linspace(-2.0, 2.0, 4)
    share, total = expit(level), 0.0
    for path in itertools.product(range(4), repeat=3):
        weight = (share * (1 - share))[path[0]] / (share * (1 - share)).sum()
        for at, (day, n, k) in enumerate(nights):
            if at:
                moved = expm(difference * (step / (4 / 3)) ** 2 * (day - nights[at - 1][0]) / 7 / 2)
                weight *= moved[path[at - 1], path[at]]
            mean = share[path[at]]
            weight *= betabinom.pmf(k, n, mean * big, (1 - mean) * big)
        total += float(weight)
    return _within(float(track.log_evidence.sum()), math.log(total), 1e-10, 10)


@_check("near zeros", "exact", "the rate of supersonic missiles is the conjugate Beta's mean")
def _near_zero(material: Material) -> Finding:
    fit = material.calibration
    (a, b), (n, k) = fit.priors.near_zero, fit.rows[ThreatClass.supersonic].totals()
    mean = (a + k) / (a + b + n)
    error = math.sqrt(mean * (1 - mean) / (a + b + n + 1) / 4000)
    drawn = float(fit.draws(4000, material.seed).rate[ThreatClass.supersonic].mean())
    return _within(drawn, mean, _ERRORS * error)


@_check("shares", "exact", "first-order and total shares of the Ishigami function, x1 to x3")
def _ishigami(material: Material) -> Finding:
    first, total = exact.ishigami_shares()
    a, b = np.random.Generator(np.random.Philox(material.seed)).uniform(-math.pi, math.pi, (2, 3, 2000))

    def outcome(x: np.ndarray) -> np.ndarray:
        return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])

    alone = first_order({str(i): a[i] for i in range(3)}, outcome(a))
    findings: list[Finding] = []
    for i in range(3):
        again = a.copy()
        again[i] = b[i]
        with_others = total_effect(outcome(a), outcome(again))
        findings.append(_within(alone[str(i)].value, float(first[i]), _ERRORS * alone[str(i)].error + 0.02, 2))
        findings.append(_within(with_others.value, float(total[i]), _ERRORS * with_others.error, 2))
    return _combined(*findings)


@_check("value of knowing", "exact", "EVPI and EVPPI of a normal need")
def _knowing(material: Material) -> Finding:
    evpi, evppi = exact.value_of_knowing_normal(4.0, 3.0, 0.8)
    x, z = np.random.Generator(np.random.Philox(material.seed)).normal(size=(2, 2000))
    need = np.clip(np.rint(20 + 4 * x + 3 * z), 0, 45).astype(np.int64)
    worth = value_of_knowing({"x": x}, need, Decision(0.8, 45))
    return _combined(
        _within(worth.evpi.value, evpi, _ERRORS * worth.evpi.error + 0.05, 2),
        _within(worth.evppi["x"].value, evppi, _ERRORS * worth.evppi["x"].error + 0.05, 2),
    )


@_check("horizon", "exact", "radar horizon is the tangent on the 4/3 earth [km]")
def _horizon(_: Material) -> Finding:
    radius_m = 4 / 3 * 6_371_000
    tangents = [math.sqrt((radius_m + h) ** 2 - radius_m**2) / 1000 for h in (12.0, 60.0)]
    return _within(float(horizon_km(12.0, 60.0)), sum(tangents), 1e-3 * sum(tangents), 2)


@_check("PERT", "exact", "largest error of a parameter's mean against (low + 4 best + high) / 6, of its span")
def _pert(_: Material) -> Finding:
    levels = (np.arange(1000) + 0.5) / 1000
    spans = [row for row in read_catalogue().parameters if None not in (row.low, row.best, row.high)]
    off = max(
        abs(float(row.pert(levels).mean()) - (row.span[0] + 4 * row.span[1] + row.span[2]) / 6)
        / max(row.span[2] - row.span[0], 1e-9)
        for row in spans
    )
    return _within(off, 0.0, 1e-3, 6)


@_check(
    "coverage", "exact", "coverage of both zones follows from the layout, summed place by place: largest difference"
)
def _coverage_follows(material: Material) -> Finding:
    worlds, theatre = take(material.study.posterior().worlds, np.arange(5)), material.study.theatre
    month = Months(material.scenario.month.first, np.zeros(1, dtype=np.int64))
    supplied = supply(replace(worlds, rounds_noise=worlds.rounds_noise[:, :1]), theatre, month)
    off = 0.0
    for w in range(len(worlds)):
        kyiv, elsewhere = _met_place_by_place(worlds, theatre, month.middle(0), w)
        off = max(off, abs(kyiv - supplied.kyiv[w, 0]), abs(elsewhere - supplied.elsewhere[w, 0]))
    return _within(off, 0.0, 1e-5, 7)


def _met_place_by_place(worlds: PriorWorlds, theatre: Theatre, day: date, w: int) -> tuple[float, float]:
    """Share of what is aimed at Kyiv's zone, and of what is not, that a ready unit meets in one world."""
    system, site = (table[w].tolist() for table in worlds.stands.on(day))
    met = {True: 0.0, False: 0.0}
    for p, at_kyiv in enumerate(theatre.places.kyiv.tolist()):
        missed = math.prod(
            1 - worlds.shield.ready[w, code]
            for code, at in zip(system, site, strict=True)
            if at >= 0 and theatre.apart_km[at, p] <= worlds.shield.radius_km[w, code]
        )
        met[at_kyiv] += float(worlds.mix[w, p]) * (1 - missed)
    share = float(worlds.kyiv_share[w])
    return met[True] / share, met[False] / (1 - share)


@_check("row likelihood", "exact", "log likelihood of four made-up rows, every packet, cell and weapon enumerated")
def _row_likelihood(_: Material) -> Finding:
    listed = ((3, 2, "kyiv", "a"), (4, 0, "unlocated", "b"), (2, 1, "elsewhere", "a"), (5, 3, "unlocated", "b"))
    one = exact.RowChance(0.4, 0.7, 0.2, (0.6, 0.3, 0.5), (0.2, 0.5, 0.3), 0.8)
    prior, alike = KillPrior(), np.ones((1, len(listed)))
    exposed = Exposure(
        one.kyiv * alike, one.elsewhere * alike, np.array([one.aim]), np.array([one.ratio]), np.array([one.named])
    )
    model = RowLikelihood(made_rows(listed), prior, np.array(one.packets), True)
    expected = math.log(exact.record_likelihood(listed, [one] * len(listed), prior, by_weapon=True))
    return _within(float(model.log_weight(exposed)[0]), expected, 1e-3)


def made_rows(listed: Sequence[tuple[int, int, str, str]]) -> EligibleRows:
    """Make rows of one day by hand: (launched, stopped, zone, weapon)."""
    n, k, zone, weapon = zip(*listed, strict=True)
    day, aim = np.full(len(listed), np.datetime64("2024-01-01", "m")), np.array([AIM[name] for name in zone])
    return EligibleRows(day, np.array(weapon), np.array(n), np.array(k), aim)


@_check("ranks", "exact", "made-up records: smallest p of a truth's ranks not uniform, times unknowns ranked")
def _ranks(material: Material) -> Finding:
    rows = take(material.study.rows, slice(None, None, 3))
    ranks = rank_truths(material.scenario, material.study.theatre, rows, records=60, drawn=3000, seed=material.seed)
    shown = f"{ranks.smallest:.3f} ({len(ranks)} records, {len(ranks.rank)} unknowns)"
    return Finding(ranks.smallest >= _LEAST_P, shown, f"at least {_LEAST_P}")


_LEAST_P = 0.01


@_check("rounds", "exact", "strikes with no rounds and with no limit, summed place by place; more rounds never hurt")
def _rounds(material: Material) -> Finding:
    worlds, goal = take(material.worlds, np.arange(_PART)), material.scenario.headline
    places = np.flatnonzero(goal.measure.places(worlds.places, goal.largest_cities))
    cover, aimed = cover_baseline(worlds), _aimed_at(worlds, places)
    unlimited = [(aimed * (1 - at.stopped[:, places])).sum(axis=1) for at, _ in with_units(cover, material.plan)]
    amounts = (0.0, 5.0, 40.0, 1e9, np.inf)
    strikes = expected_losses(cover, goal, material.plan, [[amount] * (_ADDED + 1) for amount in amounts])
    worse = sum(int((more > fewer + 1e-9).sum()) for fewer, more in itertools.pairwise(strikes))
    return _combined(
        _within(float(np.abs(strikes[0] - aimed.sum(axis=1, keepdims=True)).max()), 0.0, 1e-9, 10),
        _within(float(np.abs(strikes[-1] - np.stack(unlimited, axis=1)).max()), 0.0, 1e-9, 10),
        _equal(f"worse with more rounds in {worse} cases", "worse with more rounds in 0 cases"),
    )


@_check(
    "re-aiming", "exact", "strikes when a quarter of the newly covered is re-aimed, place by place; linear in between"
)
def _re_aiming(material: Material) -> Finding:
    worlds, goal, share = take(material.worlds, np.arange(_PART)), material.scenario.headline, 0.25
    places = np.flatnonzero(goal.measure.places(worlds.places, goal.largest_cities))
    rounds = material.study.rounds(worlds, _ADDED)
    table = strike_table(worlds, goal, material.plan)
    plain, half, whole = (table.remaining(rounds, each) for each in (0.0, share / 2, share))
    aimed, strikes = _aimed_at(worlds, places), np.empty_like(plain)
    before = cover_baseline(worlds).engaged[:, places]
    for n, (cover, _) in enumerate(with_units(cover_baseline(worlds), material.plan)):
        moved = share * aimed * (cover.engaged[:, places] > before)
        through = aimed * (1 - cover.stopped[:, places])
        elsewhere = moved.sum(axis=1) / through.sum(axis=1)
        filled = fill(worlds, cover.engaged, rounds[n])[:, None]
        strikes[:, n] = ((aimed - moved + elsewhere[:, None] * through) * (1 - filled * cover.stopped[:, places])).sum(
            axis=1
        )
    return _combined(
        _within(float(np.abs(strikes / strikes[:, :1] - whole).max()), 0.0, 1e-9, 10),
        _within(float(np.abs((plain + whole) / 2 - half).max()), 0.0, 1e-9, 10),
    )


def _aimed_at(worlds: Worlds, places: NDArray[np.intp]) -> Floats:
    """(w, p) expected ballistic missiles aimed at some places."""
    return worlds.counts[:, BALLISTIC, None] * worlds.mix[:, BALLISTIC][:, places].astype(np.float64)


@_check(
    "expectation", "exact", "the simulation beside the closed form at every number of units: largest difference [s.e.]"
)
def _expectation(material: Material) -> Finding:
    study, few = material.study, material.campaign
    rounds = study.rounds(few.worlds, _ADDED)
    agreed = compare(
        few, material.scenario.headline, material.plan, rounds, added=range(_ADDED + 1), runs=study.effort.runs
    )
    return Finding(agreed.largest <= _ERRORS, f"{agreed.largest:.2f}", f"at most {_ERRORS:.0f}")


@_check("baseline", "exact", "the baseline lets through the share of cruise missiles that each world's rate leaves")
def _baseline(material: Material) -> Finding:
    worlds = material.campaign.worlds
    passage = let_pass(worlds)
    leak = passage.leak(np.arange(len(worlds.places)))[CRUISE]
    off = (worlds.mix[:, CRUISE] * leak).sum(axis=1) - (1 - worlds.rate[:, CRUISE])
    reached = int(passage.reached.sum())
    return _combined(
        _within(float(np.abs(off[passage.reached]).max(initial=0.0)), 0.0, 1e-3),
        Finding(reached > len(worlds) / 2, f"reached in {reached} of {len(worlds)} worlds", "in most"),
    )


# ---------------------------------------------------------------- property


@_check("conservation", "property", "every missile launched is stopped, leaks, or is aimed at no place")
def _conserved(material: Material) -> Finding:
    campaign = material.campaign
    table = engage(campaign.worlds, material.plan.first(0), (BALLISTIC,))
    outcome = simulate(campaign, table, added=0, runs=10, classes=(BALLISTIC,))
    leaked = outcome.leakers[BALLISTIC].sum(axis=2, dtype=np.int64) + outcome.elsewhere
    lost = int(np.abs(outcome.launched[:, None, BALLISTIC] - leaked - outcome.by_systems).sum())
    return _equal(f"{lost} missiles that nobody accounts for", "0 missiles that nobody accounts for")


@_check("never worse", "property", "added units never bring more ballistic strikes, on common random numbers")
def _never_worse(material: Material) -> Finding:
    campaign = material.campaign
    table = engage(campaign.worlds, material.plan, (BALLISTIC,))
    strikes = [
        simulate(campaign, table, added=n, runs=10, classes=(BALLISTIC,)).leakers[BALLISTIC].sum(axis=(1, 2))
        for n in (0, 3, 6)
    ]
    worse, cases = int((np.diff(np.stack(strikes).astype(np.int64), axis=0) > 0).sum()), 2 * len(campaign.worlds)
    return _equal(
        f"more strikes with more units in {worse} of {cases} worlds",
        f"more strikes with more units in 0 of {cases} worlds",
    )


@_check("threads", "property", "one thread and two give the same bits: worlds weighed, months fought")
def _threads(material: Material) -> Finding:
    campaign, two, first = material.campaign, Compute(threads=2), material.study.posterior()
    effort = replace(material.study.effort, compute=two)
    again = begin_study(material.scenario, material.calibration, seed=material.seed, effort=effort).posterior()
    weighed = (first.worlds.mix, *first.kill.share.values()), (again.worlds.mix, *again.kill.share.values())
    table = engage(campaign.worlds, material.plan.first(0), MATCHED)
    fought = [
        simulate(replace(campaign, compute=compute), table, added=0, runs=10, classes=MATCHED).leakers
        for compute in (Compute(threads=1), two)
    ]
    same = all(map(np.array_equal, *weighed)) and all(np.array_equal(fought[0][cls], fought[1][cls]) for cls in MATCHED)
    return _equal("the same bits" if same else "other bits", "the same bits")


@_check("seeds", "property", "one seed gives the same worlds again, another gives others")
def _seed(material: Material) -> Finding:
    joint = JointModel.of(material.scenario, material.study.theatre, material.study.rows)
    one, two, other = (
        joint.draw(20, np.random.SeedSequence(seed)).exposure
        for seed in (material.seed, material.seed, material.seed + 1)
    )
    return _equal((one == two, one == other), (True, False))


@_check("no look ahead", "property", "rows after the calibration's end change neither the fit nor any world's weight")
def _no_look_ahead(material: Material) -> Finding:
    until = material.calibration.until
    cut = calibrate(material.record.until(until), until=until, seed=material.seed)
    same = cut.areas == material.calibration.areas
    weights = [
        _log_weights(material.scenario, set_theatre(material.scenario, record, until), eligible(record, until)[0])
        for record in (material.record, material.record.until(until))
    ]
    same = same and np.array_equal(weights[0], weights[1])
    return _equal("the same fit and weights" if same else "others", "the same fit and weights")


def _log_weights(scenario: Scenario, theatre: Theatre, rows: Mapping[ThreatClass, EligibleRows]) -> Floats:
    joint = JointModel.of(scenario, theatre, rows[BALLISTIC])
    return joint.likelihood.log_weight(joint.draw(200, np.random.SeedSequence(1)).exposure)


@_check("evidence cases", "property", "officials' totals never give fewer launches than the posted record")
def _claimed(material: Material) -> Finding:
    posted = posted_counts(material.scenario, material.record)
    dice = np.random.Generator(np.random.Philox(material.seed))
    (low, _), (high, _) = (launched(material.scenario, case, posted, 50, dice) for case in ("posted", "claimed"))
    fewer = int((high < low).sum())
    return _equal(f"{fewer} counts lower as claimed than as posted", "0 counts lower as claimed than as posted")


@_check("sums", "property", "monthly totals add up to the record's rows")
def _summed(material: Material) -> Finding:
    monthly: Any = material.record.monthly()
    rows: Any = material.record.rows
    totals = (int(monthly["launched"].sum()), int(monthly["destroyed"].sum()))
    return _equal(totals, (int(rows["launched"].sum()), int(rows["intercepted"].sum())))
