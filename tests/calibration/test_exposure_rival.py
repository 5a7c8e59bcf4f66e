"""The rival of the row likelihood and its weights: a plain Metropolis walk and NumPyro's NUTS over the same problem.

Coverage of every row is given; unknown are the share aimed at Kyiv, how zones are posted, the kill share of the class
and of two weapons, and their concentration. Neither rival has a grid, a table or a weight.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaln, expit, gammaln, logit

from tegmen.calibration.exposure import Exposure, KillPrior, RowLikelihood
from tegmen.trust.checks import made_rows
from tegmen.worlds.posterior import systematic

ROWS = [
    (2, 2, "kyiv", "a"), (3, 3, "kyiv", "a"), (4, 3, "unlocated", "a"), (1, 1, "unlocated", "a"), (6, 5, "kyiv", "b"),
    (2, 0, "unlocated", "b"), (3, 0, "elsewhere", "b"), (1, 0, "elsewhere", "a"), (4, 1, "unlocated", "b"),
    (5, 0, "unlocated", "a"), (2, 0, "elsewhere", "a"), (3, 2, "unlocated", "b"),
]  # fmt: skip
LAUNCHED, STOPPED, ZONE, WEAPON = (np.array(column) for column in zip(*ROWS, strict=True))
COVERED_KYIV = np.linspace(0.75, 0.95, len(ROWS))
COVERED_ELSEWHERE = np.linspace(0.35, 0.15, len(ROWS))
PACKETS, RATIO = np.array([0.3, 0.5, 0.2]), 0.8
CELLS = 60  # the rivals know no cells, so the grid is finer than the answer's
# Kill shares from 0.3 to 0.95, the middle likeliest.
EDGES = (0.3, 0.95)
MIDDLES = (np.arange(CELLS) + 0.5) / CELLS
INSIDE = (MIDDLES - EDGES[0]) * (EDGES[1] - MIDDLES)
WEIGHT = np.maximum(INSIDE, 0.0)
PRIOR = KillPrior(WEIGHT / WEIGHT.sum(), spread=0.8)
NAMES = ("aim", "named stopped", "named missed", "named elsewhere", "kill a", "kill b", "log concentration")


def by_met() -> np.ndarray:
    """(r, n + 1) chance of missiles met elsewhere, by the binomial of each packet size."""
    table = np.zeros((len(ROWS), LAUNCHED.max() + 1))
    for r, n in enumerate(LAUNCHED.tolist()):
        for size, likely in enumerate(PACKETS.tolist(), start=1):
            packets = math.ceil(n / size)
            for met in range(packets + 1):
                table[r, min(met * size, n)] += likely * stats.binom.pmf(met, packets, COVERED_ELSEWHERE[r])
    return table


BY_MET = by_met()


def beta_binomial(xp, log_beta, n, k, share, big):
    a, b = share * big, (1 - share) * big
    choices = gammaln(np.maximum(n, k) + 1) - gammaln(k + 1) - gammaln(np.maximum(n - k, 0) + 1)
    return xp.where(k <= n, xp.exp(choices + log_beta(k + a, np.maximum(n - k, 0) + b) - log_beta(a, b)), 0.0)


def log_likelihood(xp, log_beta, aim, named, kill, big):
    """Log likelihood of the rows; aim (c,), named (c, 3), kill (c, 2) of weapons a and b, big (c,)."""
    share = xp.where(WEAPON == "a", kill[:, :1], kill[:, 1:])
    at_kyiv = COVERED_KYIV * beta_binomial(xp, log_beta, LAUNCHED, STOPPED, share, big[:, None])
    at_kyiv = at_kyiv + (1 - COVERED_KYIV) * (STOPPED == 0)
    other = sum(
        BY_MET[:, met] * beta_binomial(xp, log_beta, np.full(len(ROWS), met), STOPPED, share * RATIO, big[:, None])
        for met in range(BY_MET.shape[1])
    )
    name = xp.where(STOPPED > 0, named[:, :1], named[:, 1:2])
    kyiv_zone = xp.where(ZONE == "kyiv", name, xp.where(ZONE == "elsewhere", 0.0, 1 - name))
    other_zone = xp.where(ZONE == "elsewhere", named[:, 2:], xp.where(ZONE == "kyiv", 0.0, 1 - named[:, 2:]))
    return xp.log(aim[:, None] * at_kyiv * kyiv_zone + (1 - aim[:, None]) * other * other_zone).sum(axis=1)


@pytest.fixture(scope="module")
def weighed() -> dict[str, tuple[float, float]]:
    """Name to the posterior mean of our weights, and its standard error."""
    draw, count = np.random.Generator(np.random.Philox(1)), 40_000
    alike = np.ones((count, 1))
    exposed = Exposure(
        alike * COVERED_KYIV, alike * COVERED_ELSEWHERE, draw.random(count), np.full(count, RATIO),
        draw.random((count, 3)),
    )  # fmt: skip
    model = RowLikelihood(made_rows(ROWS), PRIOR, PACKETS, True)
    log_weight = model.log_weight(exposed)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    ess, index = 1 / (weight**2).sum(), systematic(weight, count, draw)
    assert ess > 2000
    after = Exposure(*(getattr(exposed, name)[index] for name in ("kyiv", "elsewhere", "aim", "ratio", "named")))
    kill = model.draw_kill(after, draw.random((count, model.kill_draws)))
    values = [after.aim, *after.named.T, kill.share["a"], kill.share["b"], np.log(kill.concentration)]
    return {
        name: (float(each.mean()), float(each.std()) / math.sqrt(ess)) for name, each in zip(NAMES, values, strict=True)
    }


def agree(ours: dict[str, tuple[float, float]], theirs: dict[str, tuple[float, float]]) -> None:
    for name, (mean, error) in ours.items():
        other, its_error = theirs[name]
        assert abs(mean - other) <= 4 * math.hypot(error, its_error), (name, mean, error, other, its_error)


def walked(chains: int, steps: int, seed: int) -> dict[str, tuple[float, float]]:
    """Mean over chains of a random-walk Metropolis, and its standard error from the spread between them."""
    draw = np.random.Generator(np.random.Philox(seed))
    values = np.array(PRIOR.concentrations)

    def log_density(x: np.ndarray, m: np.ndarray) -> np.ndarray:
        # Seven logits: aim, three of naming, the class's kill share, those of two weapons about it.
        flat = (x[:, :5] - 2 * np.logaddexp(0, x[:, :5])).sum(axis=1)  # uniform on (0, 1), but for the class's weight
        of_class = np.log(np.maximum(PRIOR.weight[np.minimum((expit(x[:, 4]) * CELLS).astype(int), CELLS - 1)], 1e-300))
        about = -0.5 * (((x[:, 5:] - x[:, 4:5]) / PRIOR.spread) ** 2).sum(axis=1)
        parts = expit(x[:, 0]), expit(x[:, 1:4]), expit(x[:, 5:])
        return flat + of_class + about + log_likelihood(np, betaln, *parts, values[m])

    x, m = np.tile(logit([0.5, 0.5, 0.5, 0.5, 0.6, 0.6, 0.6]), (chains, 1)), draw.integers(len(values), size=chains)
    now, kept = log_density(x, m), []
    for step in range(steps):
        moved = x + 0.55 * draw.standard_normal(x.shape)
        other = np.where(draw.random(chains) < 0.5, draw.integers(len(values), size=chains), m)
        there = log_density(moved, other)
        taken = np.log(draw.random(chains)) < there - now
        x, m, now = np.where(taken[:, None], moved, x), np.where(taken, other, m), np.where(taken, there, now)
        if step >= steps // 5:
            kept.append(np.column_stack([expit(x[:, [0, 1, 2, 3, 5, 6]]), np.log(values[m])]))
    means = np.mean(kept, axis=0)
    return {
        name: (float(of_chain.mean()), float(of_chain.std(ddof=1)) / math.sqrt(chains))
        for name, of_chain in zip(NAMES, means.T, strict=True)
    }


def test_the_weighted_worlds_have_the_means_of_a_plain_metropolis_walk(weighed):
    theirs = walked(chains=100, steps=4000, seed=2)
    agree(weighed, theirs)
    # A walk that told us nothing would agree with anything.
    assert all(error < 0.02 for name, (_, error) in theirs.items() if name != "log concentration")


@pytest.mark.filterwarnings("ignore")  # the rival's own warnings are not ours to mend
def test_the_weighted_worlds_have_the_means_of_numpyro(weighed):
    numpyro = pytest.importorskip("numpyro", reason="the rival needs NumPyro: install the dependency group `rival`")
    import jax
    import jax.numpy as jnp
    import numpyro.distributions as dist
    from jax.scipy.special import betaln as jax_betaln
    from jax.scipy.special import logsumexp
    from numpyro.diagnostics import effective_sample_size
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    values, edges = jnp.array(PRIOR.concentrations), jnp.linspace(0.0, 1.0, CELLS + 1)

    def model() -> None:
        aim = numpyro.sample("aim", dist.Uniform(0.0, 1.0))
        named = numpyro.sample("named", dist.Uniform(jnp.zeros(3), jnp.ones(3)))
        # The class's kill share, of piecewise constant density: the inverse of its cumulative sum.
        level = numpyro.sample("level", dist.Uniform(0.0, 1.0))
        total = jnp.concatenate([jnp.zeros(1), jnp.cumsum(jnp.asarray(PRIOR.weight))])
        of_class = jnp.interp(level, total, edges)
        with numpyro.plate("weapons", 2):
            apart = numpyro.sample("apart", dist.Normal(0.0, 1.0))
        kill = numpyro.deterministic("kill", jax.nn.sigmoid(jax.scipy.special.logit(of_class) + PRIOR.spread * apart))
        each = jnp.stack(
            [log_likelihood(jnp, jax_betaln, aim[None], named[None], kill[None], big[None])[0] for big in values]
        )
        numpyro.deterministic("log_big", (jax.nn.softmax(each) * jnp.log(values)).sum())
        numpyro.factor("rows", logsumexp(each) - math.log(len(values)))

    run = MCMC(
        NUTS(model), num_warmup=500, num_samples=2000, num_chains=2, chain_method="sequential", progress_bar=False
    )
    run.run(jax.random.PRNGKey(3))
    drawn = {name: np.asarray(each) for name, each in run.get_samples(group_by_chain=True).items()}
    columns = [drawn["aim"], *np.moveaxis(drawn["named"], 2, 0), *np.moveaxis(drawn["kill"], 2, 0), drawn["log_big"]]
    theirs = {
        name: (float(each.mean()), float(each.std()) / math.sqrt(float(effective_sample_size(each))))
        for name, each in zip(NAMES, columns, strict=True)
    }
    agree(weighed, theirs)
