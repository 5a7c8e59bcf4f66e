"""The calibration against another machine: the same models in NumPyro, sampled by NUTS. Needs the group `rival`."""

import math

import numpy as np
import pytest
from scipy import stats

from tegmen.calibration.exposure import KillPrior, packet_law
from tegmen.calibration.fit import calibrate, day_number
from tegmen.calibration.grid import draw_cells
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


def ballistic_model(brought, end, priors, rows):
    """Ballistic rows: both coverages walk with the days between nights; M is summed over its few values."""
    gaps = jnp.asarray(np.diff([*(night.day for night in brought), end]), dtype=float)
    share = KillPrior.of(priors.ballistic.kill_share)
    cells = np.append(0.0, np.cumsum(share.weight))
    level = numpyro.sample("kill_level", dist.Uniform(0.0, 1.0))
    of_class = jnp.interp(level, cells, np.linspace(0, 1, share.points + 1))
    low, best, high = priors.ballistic.kill_ratio_elsewhere.span
    shapes = 1 + 4 * (best - low) / (high - low), 1 + 4 * (high - best) / (high - low)
    ratio = low + (high - low) * numpyro.sample("ratio_level", dist.Beta(*shapes))
    aim = numpyro.sample("aim", dist.Uniform(0.0, 1.0))
    names = [numpyro.sample(f"named_{when}", dist.Uniform(0.0, 1.0)) for when in range(3)]
    kill = {}
    for weapon in sorted({str(name) for night in brought for name in night.weapon}):
        apart = numpyro.sample(f"apart_{weapon}", dist.Normal(0.0, share.spread))
        kill[weapon] = jax.nn.sigmoid(jnp.log(of_class) - jnp.log1p(-of_class) + apart)
        numpyro.deterministic(f"kill_{weapon}", kill[weapon])

    def walk(name):
        start = numpyro.sample(f"{name}_start", dist.Logistic(0.0, 1.0))
        with numpyro.plate(f"{name}_moves", len(gaps)):
            noise = numpyro.sample(f"{name}_noise", dist.Normal(0.0, 1.0))
        moves = jnp.cumsum(noise * priors.drift_steps[0] * jnp.sqrt(gaps / 28))
        path = jax.nn.sigmoid(start + jnp.concatenate([jnp.zeros(1), moves]))
        numpyro.deterministic(name, path[-1])
        return path

    kyiv, elsewhere = walk("kyiv"), walk("elsewhere")
    big, total = jnp.asarray(share.concentrations), 0.0
    for night, n, k, zone, weapon in rows:
        at, e = kill[weapon], elsewhere[night]
        stopped = jnp.exp(log_beta_binomial(n, k, at, big))
        at_kyiv = aim * (kyiv[night] * stopped + (1 - kyiv[night]) * (k == 0))
        met_law = [0.0] * (n + 1)
        for size, likely in enumerate(packet_law(priors.ballistic.packet_size), start=1):
            count = math.ceil(n / size)
            for j in range(count + 1):
                met_law[min(j * size, n)] += likely * math.comb(count, j) * e**j * (1 - e) ** (count - j)
        by_met = [jnp.exp(log_beta_binomial(met, k, at * ratio, big)) if met else 1.0 for met in range(k, n + 1)]
        other = (1 - aim) * sum(law * chance for law, chance in zip(met_law[k:], by_met, strict=True))
        of_kyiv = names[0] if k else names[1]
        posted = {
            AIM["kyiv"]: at_kyiv * of_kyiv,
            AIM["elsewhere"]: other * names[2],
            AIM["unlocated"]: at_kyiv * (1 - of_kyiv) + other * (1 - names[2]),
        }
        total += jnp.log(posted[zone])
    numpyro.factor("rows", jax.scipy.special.logsumexp(total))


def test_what_is_known_of_ballistic_missiles_is_that_of_numpyro():
    priors = Priors(points=20_000, drift_steps=(0.4,), coverage_levels=(13, 21))
    memory = Memory(break_days=(math.inf,), half_life_days=math.inf)
    calibration = calibrate(read_record(), until=UNTIL, priors=priors, memory=memory)
    brought, end = calibration.nights(ThreatClass.ballistic), day_number(calibration.end)
    rows = [
        (number, int(n), int(k), int(zone), str(weapon))
        for number, night in enumerate(brought)
        for n, k, zone, weapon in zip(night.launched, night.intercepted, night.aim, night.weapon, strict=True)
    ]
    theirs = sampled(ballistic_model, brought, end, priors, rows, draws=700)
    track, rng = calibration.ballistic.before(end), np.random.default_rng(5)
    of_point = track.weights.sum(axis=(1, 2))
    # Points are draws that weigh differently: they know no more than so many that weigh the same.
    c, *at = draw_cells(track.weights, int(1 / (of_point**2).sum()), rng)
    kyiv, elsewhere = (
        1 / (1 + np.exp(-grid.logit[index] - rng.uniform(-0.5, 0.5, len(index)) * grid.spacing))
        for grid, index in zip(track.grids, at, strict=True)
    )
    agree(track.points.aim[c], theirs["aim"], "aim")
    agree(track.points.kill_of("Kinzhal")[c], theirs["kill_Kinzhal"], "kill of Kinzhal")
    agree(kyiv, theirs["kyiv"], "coverage of Kyiv")
    agree(elsewhere, theirs["elsewhere"], "coverage elsewhere")
