"""The calibration against another machine: the same models in NumPyro, sampled by NUTS. Needs the group `rival`."""

import math

import numpy as np
import pytest
from scipy import stats

from tegmen.calibration.fit import calibrate, day_number
from tegmen.calibration.priors import Memory, Priors
from tegmen.calibration.rows import AIM, FILTERED
from tegmen.evidence.record import read_record
from tegmen.terms import ThreatClass

numpyro = pytest.importorskip("numpyro", reason="the rival answer needs NumPyro: install the dependency group `rival`")
pytestmark = pytest.mark.filterwarnings("ignore")  # the rival's own warnings are not ours to mend

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpyro.distributions as dist  # noqa: E402
from jax.scipy.special import betaln, gammaln  # noqa: E402
from numpyro.diagnostics import effective_sample_size, gelman_rubin  # noqa: E402
from numpyro.infer import MCMC, NUTS  # noqa: E402

UNTIL = "2023-07-31"  # ten months of weeks: the rival takes minutes for what the grid does in a second


def sampled(model, *arguments, chains=2, draws=600):
    numpyro.enable_x64()
    kernel = NUTS(model, target_accept_prob=0.9)
    run = MCMC(
        kernel, num_warmup=300, num_samples=draws, num_chains=chains, chain_method="sequential", progress_bar=False
    )
    run.run(jax.random.PRNGKey(3), *arguments)
    return {name: np.asarray(each) for name, each in run.get_samples(group_by_chain=True).items()}


def agree(ours, theirs, name, levels=(0.05, 0.95)):
    """Mean and 90 % limits within four standard errors of both sides; a density at each limit gives its error."""
    assert gelman_rubin(theirs) < 1.03, name
    size = float(effective_sample_size(theirs))
    flat, report = theirs.ravel(), []
    error = math.sqrt(flat.var() / size + ours.var() / len(ours))
    report.append((ours.mean(), flat.mean(), error))
    density = stats.gaussian_kde(flat)
    for level in levels:
        at = np.quantile(flat, level)
        one = math.sqrt(level * (1 - level)) / float(density(at)[0])
        report.append((np.quantile(ours, level), at, one * math.sqrt(1 / size + 1 / len(ours))))
    for mine, other, allowed in report:
        assert abs(mine - other) <= 4 * allowed, (name, report)


def log_beta_binomial(n, k, share, big):
    a, b = share * big, (1 - share) * big
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + betaln(k + a, n - k + b) - betaln(a, b)


def area_model(of_class, end, priors, slope):
    """Nights of one class: level and log M walk with the days between them, M within half a cell of its grid."""
    day, n, k = np.array([(night.day, *night.totals()) for night in of_class]).T
    gaps = jnp.asarray(np.diff(np.append(day, end)), dtype=float)

    def scale(name, values):
        # The grid's points stand for cells: its ends reach half a cell further.
        logs = np.log(values)
        half = (logs[1] - logs[0]) / 2
        return numpyro.sample(name, dist.Uniform(logs[0] - half, logs[-1] + half))

    def walk(name, start, sd_of_day):
        with numpyro.plate(f"{name}_moves", len(gaps)):
            noise = numpyro.sample(f"{name}_noise", dist.Normal(0.0, 1.0))
        return start + jnp.concatenate([jnp.zeros(1), jnp.cumsum(noise * sd_of_day * jnp.sqrt(gaps))])

    step = jnp.exp(scale("log_step", priors.steps))
    level = walk("level", numpyro.sample("start", dist.Logistic(0.0, 1.0)), step / math.sqrt(7))
    log_m = walk("m", scale("log_m_start", priors.concentrations), priors.concentration_walk / math.sqrt(365.25))
    numpyro.deterministic("rate", jax.nn.sigmoid(level[-1]))
    numpyro.deterministic("log_m", log_m[-1])
    share = jax.nn.sigmoid(level[:-1] + slope * jnp.log(n / 10.0))
    numpyro.factor("nights", log_beta_binomial(n, k, share, jnp.exp(log_m[:-1])).sum())


@pytest.mark.parametrize("key", FILTERED, ids=lambda key: key.name)
def test_levels_of_drones_and_cruise_missiles_are_those_of_numpyro(key):
    priors = Priors(
        levels=249,
        steps=tuple(0.02 * 2.0 ** (0.75 * i) for i in range(9)),
        concentrations=tuple(1.5 * 2.0 ** (0.25 * i) for i in range(31)),
    )
    memory = Memory(break_days=(math.inf,), half_life_days=math.inf, slopes=(0.25,))
    calibration = calibrate(read_record(), until=UNTIL, priors=priors, memory=memory)
    end, rng = day_number(calibration.end), np.random.default_rng(5)
    theirs = sampled(area_model, calibration.nights(key), end, priors, 0.25, draws=1500)
    track = calibration.areas[key].before(end).whole
    agree(track.draw_rate(np.array([10]), 8000, rng), theirs["rate"], "rate")
    # M stays on its few values, so it has no quantiles to compare; its mean and spread are sums over them.
    of_m = (track.weight()[..., None] * track.state.sum(axis=-1)).sum(axis=(0, 1, 2))
    ours = rng.choice(np.log(priors.concentrations), 8000, p=of_m / of_m.sum())
    other = theirs["log_m"]
    agree(ours, other, "log M", levels=())
    agree((ours - ours.mean()) ** 2, (other - other.mean()) ** 2, "spread of log M", levels=())


def point_model(rows, priors):
    n, k, zone, (mean, fan) = rows.launched, rows.intercepted, rows.aim, priors.spread_elsewhere
    (big,), (step,) = priors.kill_concentrations, priors.drift_steps
    q, p, v = (numpyro.sample(name, dist.Uniform(0.0, 1.0)) for name in ("kyiv", "kill", "aim"))
    start = numpyro.sample("start", dist.Logistic(0.0, 1.0))
    with numpyro.plate("steps", rows.steps - 1):
        noise = numpyro.sample("noise", dist.Normal(0.0, 1.0))
    e = jax.nn.sigmoid(start + step * jnp.concatenate([jnp.zeros(1), jnp.cumsum(noise)]))
    numpyro.deterministic("elsewhere", e[-1] * mean)
    missed = (k == 0).astype(float)
    at_kyiv = q * jnp.exp(log_beta_binomial(n, k, p, big)) + (1 - q) * missed
    fanned = jnp.exp(log_beta_binomial(n, k, p * mean, fan))
    other = e[rows.step] * fanned + (1 - e[rows.step]) * missed
    weight = jnp.where(zone == AIM["unlocated"], v, zone)
    numpyro.factor("rows", jnp.log(weight * at_kyiv + (1 - weight) * other).sum())


def test_the_ballistic_mixture_is_that_of_numpyro():
    priors = Priors(kill_concentrations=(8.0,), drift_steps=(0.4,), drift_levels=113, cells=(40, 60, 24))
    calibration = calibrate(read_record(), until=UNTIL, priors=priors)
    theirs = sampled(point_model, calibration.rows[ThreatClass.ballistic], priors, draws=1500)
    rates = calibration.draws(8000, 5)
    agree(rates.coverage_kyiv, theirs["kyiv"], "coverage of Kyiv")
    agree(rates.kill, theirs["kill"], "kill")
    agree(rates.coverage_elsewhere, theirs["elsewhere"], "coverage elsewhere")
