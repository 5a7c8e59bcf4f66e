"""Second answers for the likelihood of ballistic rows: enumerated, simulated missile by missile, and its properties."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tegmen.calibration.exposure import (
    Exposure,
    Kill,
    KillPrior,
    RowLikelihood,
    beta_binomial_chance,
    binomial_table,
    fan_out,
    sole_weapon,
)
from tegmen.evidence.reports import UNNAMED
from tegmen.terms import FrozenDict, take
from tegmen.trust.ahead import month_chances, row_chances
from tegmen.trust.checks import made_rows
from tegmen.trust.exact import RowChance, record_likelihood

ZONES = ("kyiv", "elsewhere", "unlocated")
PACKETS = (0.2, 0.5, 0.3)
ROWS = [(3, 2, "kyiv", "a"), (4, 0, "unlocated", "b"), (1, 1, "elsewhere", "a+b"), (5, 3, "unlocated", "b")]


def dice(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def tiny_prior(cells: int = 4, **changed: object) -> KillPrior:
    weight = np.arange(1.0, cells + 1)
    return replace(KillPrior(weight / weight.sum(), (2.0, 8.0), 0.7), **changed)


def one_world(rows: int, **changed: float | tuple[float, ...]) -> RowChance:
    return replace(RowChance(0.4, 0.7, 0.3, (0.6, 0.3, 0.5), PACKETS, 0.8), **changed)


def exposure_of(worlds: list[RowChance], rows: int) -> Exposure:
    kyiv, elsewhere = (np.array([[getattr(world, name)] * rows for world in worlds]) for name in ("kyiv", "elsewhere"))
    return Exposure(
        kyiv, elsewhere, np.array([world.aim for world in worlds]), np.array([world.ratio for world in worlds]),
        np.array([world.named for world in worlds]),
    )  # fmt: skip


def random_record(seed: int) -> tuple[list[tuple[int, int, str, str]], list[RowChance]]:
    """Six rows of up to six missiles, and four worlds of two kill ratios."""
    draw = dice(seed)
    launched = draw.integers(1, 7, 6)
    rows = [
        (int(n), int(draw.integers(0, n + 1)), ZONES[draw.integers(3)], ["a", "b", "a+b"][draw.integers(3)])
        for n in launched
    ]
    worlds = [
        RowChance(*draw.random(3).tolist(), tuple(draw.random(3).tolist()), PACKETS, [0.6, 1.0][w % 2])
        for w in range(4)
    ]
    return rows, worlds


# ------------------------------------------------------------------ enumerated


@pytest.mark.parametrize("by_weapon", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_likelihood_is_the_sum_over_every_packet_cell_and_weapon(seed: int, by_weapon: bool):
    rows, worlds = random_record(seed)
    model = RowLikelihood(made_rows(rows), tiny_prior(), np.array(PACKETS), by_weapon)
    named = [(n, k, zone, sole_weapon(weapon)) for n, k, zone, weapon in rows]
    expected = [
        math.log(record_likelihood(named, [world] * len(rows), tiny_prior(), by_weapon=by_weapon)) for world in worlds
    ]
    assert model.log_weight(exposure_of(worlds, len(rows))) == pytest.approx(expected, abs=2e-4 * len(rows))


def test_the_beta_binomial_is_that_of_scipy():
    mean, big = np.array([0.1, 0.5, 0.93]), np.array([[2.0], [16.0]])
    for n, k in itertools.product(range(6), range(6)):
        expected = stats.betabinom.pmf(k, n, mean * big, (1 - mean) * big) if k <= n else 0.0
        assert beta_binomial_chance(n, k, mean, big) == pytest.approx(np.broadcast_to(expected, (2, 3)), abs=1e-12)


def test_packets_met_are_binomial_and_the_last_is_whole_unless_all_are_met():
    chance = np.array([0.0, 0.3, 1.0])
    table = binomial_table(4, chance)
    assert table == pytest.approx(np.array([stats.binom.pmf(np.arange(5), 4, p) for p in chance]), abs=1e-12)
    # Seven missiles in packets of three: three packets, so 0, 3, 6 or all 7 are met.
    met = fan_out(7, chance, np.array([0.0, 0.0, 1.0]))
    expected = np.zeros((3, 8))
    expected[:, [0, 3, 6, 7]] = [stats.binom.pmf(np.arange(4), 3, p) for p in chance]
    assert met == pytest.approx(expected, abs=1e-12)
    assert fan_out(5, chance, np.array(PACKETS)).sum(axis=1) == pytest.approx(1)


def test_what_a_month_makes_of_a_world_is_the_likelihood_at_a_kill_share_that_is_known():
    worlds = [one_world(1), one_world(1, aim=0.1, elsewhere=0.8)]
    exposed = exposure_of(worlds, 2)
    rows = [(3, 0, "unlocated", "a"), (4, 0, "kyiv", "b")]
    kill = Kill(FrozenDict({UNNAMED: np.full(2, 0.5), "a": np.full(2, 0.6), "b": np.full(2, 0.9)}), np.full(2, 8.0))
    both = month_chances(exposed, kill, made_rows(rows), np.array(PACKETS))
    for w, world in enumerate(worlds):
        expected = np.zeros(8)
        for one, two in itertools.product(range(4), range(5)):
            first = world.probability((3, one, "unlocated"), 0.6, 8.0)
            expected[one + two] += first * world.probability((4, two, "kyiv"), 0.9, 8.0)
        assert both[w] == pytest.approx(expected, abs=1e-12)
    unzoned = month_chances(exposed, kill, made_rows(rows), np.array(PACKETS), zoned=False)
    assert unzoned.sum(axis=1) == pytest.approx(1)
    assert row_chances(exposed, kill, ("a", 3, 0), np.array(PACKETS)).sum(axis=(1, 2)) == pytest.approx(1)


# ------------------------------------------------------------------ simulated


def simulated(world: RowChance, launched: int, share: float, big: float, count: int, seed: int) -> dict:
    """How often each (stopped, zone posted) comes out, missile by missile."""
    draw, seen = dice(seed), {}
    for _ in range(count):
        size = 1 + draw.choice(len(PACKETS), p=PACKETS)
        kyiv = draw.random() < world.aim
        mean = share if kyiv else share * world.ratio
        pi = draw.beta(mean * big, (1 - mean) * big)
        if kyiv:
            met = launched if draw.random() < world.kyiv else 0
        else:
            packets = sum(draw.random() < world.elsewhere for _ in range(math.ceil(launched / size)))
            met = min(size * packets, launched)
        stopped = sum(draw.random() < pi for _ in range(met))
        name = world.named[2] if not kyiv else world.named[0] if stopped else world.named[1]
        zone = "unlocated" if draw.random() >= name else "kyiv" if kyiv else "elsewhere"
        seen[stopped, zone] = seen.get((stopped, zone), 0) + 1
    return seen


@pytest.mark.parametrize("launched", [1, 4])
def test_every_outcome_of_a_row_is_as_frequent_as_its_likelihood_says(launched: int):
    # The grid holds one kill share and one concentration: 0.625 of eight cells, M = 8.
    prior = KillPrior(np.eye(8)[5 - 1], (8.0,), 1.0)
    share, world, count = float(prior.share[4]), one_world(1), 20_000
    seen = simulated(world, launched, share, 8.0, count, seed=launched)
    total = 0.0
    for stopped, zone in itertools.product(range(launched + 1), ZONES):
        rows = made_rows([(launched, stopped, zone, "a")])
        model = RowLikelihood(rows, prior, np.array(PACKETS), False)
        chance = float(np.exp(model.log_weight(exposure_of([world], 1))[0]))
        error = math.sqrt(chance * (1 - chance) / count)
        assert abs(seen.get((stopped, zone), 0) / count - chance) <= 4 * max(error, 1 / count), (stopped, zone)
        total += chance
    assert total == pytest.approx(1, abs=1e-3)


# ------------------------------------------------------------------ properties


def model_of(rows: list[tuple[int, int, str, str]], by_weapon: bool = True, **changed: object) -> RowLikelihood:
    return RowLikelihood(made_rows(rows), replace(KillPrior(), **changed), np.array(PACKETS), by_weapon)


def test_the_order_of_rows_is_nothing_to_the_likelihood():
    _, worlds = random_record(7)
    exposed, order = exposure_of(worlds, len(ROWS)), [2, 0, 3, 1]
    turned = model_of([ROWS[i] for i in order]).log_weight(exposed)
    assert turned == pytest.approx(model_of(ROWS).log_weight(exposed), abs=1e-9)


def test_a_world_that_meets_nothing_cannot_have_stopped_anything():
    bare = one_world(1, kyiv=0.0, elsewhere=0.0)
    exposed = exposure_of([bare, one_world(1)], 1)
    for zone in ZONES:
        impossible, possible = model_of([(4, 1, zone, "a")]).log_weight(exposed)
        assert impossible < -600 < possible
    # Where nothing is stopped only how zones are posted is left to say something.
    left = model_of([(4, 0, "unlocated", "a")]).log_weight(exposed)[0]
    assert left == pytest.approx(math.log(0.4 * (1 - 0.3) + 0.6 * (1 - 0.5)), abs=1e-4)


def test_weapons_that_share_nothing_add_their_logs():
    # So wide a spread about the class's kill share that it says nothing of a weapon's; and one concentration.
    apart = {"spread": 1e6, "concentrations": (8.0,)}
    _, worlds = random_record(3)
    a, b = [(3, 2, "unlocated", "a"), (2, 0, "kyiv", "a")], [(4, 1, "unlocated", "b")]
    one, two, both = (model_of(rows, **apart).log_weight(exposure_of(worlds, len(rows))) for rows in (a, b, a + b))
    assert both == pytest.approx(one + two, abs=1e-3)
    pooled = [model_of(rows).log_weight(exposure_of(worlds, len(rows))) for rows in (a, b, a + b)]
    assert np.all(np.abs(pooled[2] - pooled[0] - pooled[1]) > 1e-3)


def test_one_kill_share_for_all_knows_no_weapon():
    _, worlds = random_record(5)
    exposed = exposure_of(worlds, len(ROWS))
    renamed = [(n, k, zone, "c") for n, k, zone, _ in ROWS]
    same = model_of(renamed, by_weapon=False).log_weight(exposed)
    assert same == pytest.approx(model_of(ROWS, by_weapon=False).log_weight(exposed), abs=1e-9)
    assert np.all(np.abs(model_of(renamed).log_weight(exposed) - model_of(ROWS).log_weight(exposed)) > 1e-3)


def test_a_naming_that_depends_on_success_favours_the_worlds_that_say_so():
    # Ten rows at Kyiv, named when something was stopped and silent when not.
    rows = [(2, 2, "kyiv", "a")] * 5 + [(2, 0, "unlocated", "a")] * 5
    worlds = [one_world(1, aim=0.9, named=(0.9, 0.1, 0.5)), one_world(1, aim=0.9, named=(0.5, 0.5, 0.5))]
    selective, even = model_of(rows).log_weight(exposure_of(worlds, len(rows)))
    assert selective - even > 3


def test_rows_that_name_several_weapons_have_the_kill_share_of_none_of_them():
    assert sole_weapon("Iskander-M+Kinzhal") == UNNAMED
    assert sole_weapon("Kinzhal") == "Kinzhal"
    model = model_of(ROWS)
    assert model.weapons == (UNNAMED, "a", "b")
    kill = Kill(FrozenDict({UNNAMED: np.array([0.1]), "a": np.array([0.2])}), np.array([4.0]))
    assert [float(kill.of(name)[0]) for name in ("a", "a+b", "never seen")] == [0.2, 0.1, 0.1]


# ------------------------------------------------------------------ kill shares drawn


def exact_posterior(rows: list[tuple[int, int, str, str]], world: RowChance, prior: KillPrior, weapon: str) -> dict:
    """(cell of a weapon, M) to its probability after the rows, cell by cell; a weapon apart from the others' sum."""
    table: dict[tuple[int, float], float] = {}
    others = sorted({row[3] for row in rows} - {weapon})
    for of_class, big in itertools.product(range(prior.points), prior.concentrations):
        like = {
            (name, own): math.prod(
                world.probability(row[:3], float(prior.share[own]), big) for row in rows if row[3] == name
            )
            for name in (weapon, *others)
            for own in range(prior.points)
        }
        around = [sum(prior.pooling[of_class, own] * like[name, own] for own in range(prior.points)) for name in others]
        for own in range(prior.points):
            part = prior.weight[of_class] * math.prod(around) * prior.pooling[of_class, own] * like[weapon, own]
            table[own, big] = table.get((own, big), 0.0) + float(part)
    total = sum(table.values())
    return {key: value / total for key, value in table.items()}


@pytest.mark.parametrize("weapon", ["a", "b", UNNAMED])
def test_kill_shares_are_drawn_from_the_exact_posterior_of_a_tiny_grid(weapon: str):
    rows, prior, world, count = [*ROWS[:2], *ROWS[3:], (4, 4, "kyiv", "a")], tiny_prior(), one_world(1), 20_000
    model = RowLikelihood(made_rows(rows), prior, np.array(PACKETS), True)
    alike = exposure_of([world] * count, len(rows))
    kill = model.draw_kill(alike, dice(1).random((count, model.kill_draws)))
    own = np.floor(kill.share[weapon] * prior.points).astype(int)
    for (cell, big), chance in exact_posterior(rows, world, prior, weapon).items():
        seen = float(((own == cell) & (kill.concentration == big)).mean())
        assert abs(seen - chance) <= 4 * math.sqrt(chance * (1 - chance) / count) + 1e-4, (cell, big)
    # Within its cell a share is uniform.
    assert stats.kstest(kill.share[weapon] * prior.points - own, "uniform").pvalue > 1e-3


def test_kill_shares_are_drawn_world_by_world():
    rows = [(6, 6, "kyiv", "a")]
    worlds = [one_world(1, kyiv=1.0), one_world(1, kyiv=1.0, ratio=0.5)] * 500
    model = model_of(rows, by_weapon=False)
    kill = model.draw_kill(exposure_of(worlds, 1), dice(2).random((len(worlds), model.kill_draws)))
    prior = KillPrior()
    after = prior.share * np.mean(
        [stats.betabinom.pmf(6, 6, prior.share * m, (1 - prior.share) * m) for m in prior.concentrations], axis=0
    )
    mean = after.sum() / (after / prior.share).sum()
    for part in (slice(0, None, 2), slice(1, None, 2)):  # the ratio is nothing to a row at Kyiv
        drawn = kill.share["a"][part]
        assert abs(drawn.mean() - mean) <= 4 * drawn.std() / math.sqrt(len(drawn))
    assert np.array_equal(kill.share["a"], kill.share[UNNAMED])


def test_rows_are_taken_with_all_their_columns():
    rows = made_rows(ROWS)
    some = take(rows, np.array([False, True, False, True]))
    assert some.launched.tolist() == [4, 5]
    assert some.weapon.tolist() == ["b", "b"]
    assert take(rows, slice(None)) == rows
