"""The calibration against another machine: the same models in NumPyro, sampled by NUTS. Needs the group `rival`."""

import math

import numpy as np
import pytest
from scipy import stats

from tegmen.calibration.fit import calibrate
from tegmen.calibration.priors import Priors
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


def area_model(data, priors):
    def pooled_scale(name, values):
        # The grid's points stand for cells: its ends reach half a cell further.
        logs = np.log(values)
        half = (logs[1] - logs[0]) / 2
        low, high = logs[0] - half, logs[-1] + half
        mean = numpyro.sample(f"{name}_mean", dist.Uniform(low, high))
        with numpyro.plate(f"{name}_class", len(data)):
            return jnp.exp(numpyro.sample(name, dist.TruncatedNormal(mean, priors.spread, low=low, high=high)))

    step, big = pooled_scale("log_step", priors.steps), pooled_scale("log_m", priors.concentrations)
    for c, (key, rows) in enumerate(data.items()):
        start = numpyro.sample(f"start_{key.name}", dist.Logistic(0.0, 1.0))
        with numpyro.plate(f"weeks_{key.name}", rows.steps - 1):
            noise = numpyro.sample(f"noise_{key.name}", dist.Normal(0.0, 1.0))
        level = start + step[c] * jnp.concatenate([jnp.zeros(1), jnp.cumsum(noise)])
        share = jax.nn.sigmoid(level)
        numpyro.deterministic(f"rate_{key.name}", share[-4:].mean())
        numpyro.factor(
            f"rows_{key.name}", log_beta_binomial(rows.launched, rows.intercepted, share[rows.step], big[c]).sum()
        )


def test_levels_of_drones_and_cruise_missiles_are_those_of_numpyro():
    calibration = calibrate(read_record(), until=UNTIL)
    theirs = sampled(area_model, {key: calibration.rows[key] for key in FILTERED}, calibration.priors)
    joint = calibration.joint(8000, 5)
    for c, key in enumerate(FILTERED):
        agree(joint.rates.rate[key], theirs[f"rate_{key.name}"], f"rate {key.name}")
        # M stays on its few values, so it has no quantiles to compare; its mean and spread are sums over them.
        ours, other = np.log(joint.levels[key][1]), theirs["log_m"][:, :, c]
        agree(ours, other, f"log M {key.name}", levels=())
        agree((ours - ours.mean()) ** 2, (other - other.mean()) ** 2, f"spread of log M {key.name}", levels=())


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
