"""The worlds that a page carries, and what Python says of every state the page can be in.

A page does its own arithmetic while a person moves things. That is a second implementation; this is the first, and the
one that holds. Both work on the same numbers: worlds are rounded to what a page can carry before either looks at them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import parse_qsl, unquote

import numpy as np
import pandas as pd

from tegmen.answer.estimates import numbers_needed
from tegmen.answer.readings import RE_AIMED, StrikeTable, plan_table
from tegmen.answer.results import Carried
from tegmen.answer.siting import gains_of, site_greedily, site_informed
from tegmen.answer.study import HEADLINE, Effort, Study, begin_study, counts_others, met_share, share_mcse
from tegmen.calibration.fit import Calibration
from tegmen.engine.engagement import salvo_of
from tegmen.engine.expected import Cover, cover_baseline, expect, fill, stakes_of
from tegmen.engine.kernel.packets import same_night
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.parameters import plausible
from tegmen.question.scenario import Goal, Scenario
from tegmen.question.theatre import Theatre
from tegmen.terms import (
    EVIDENCE_CASES,
    EvidenceCase,
    FrozenDict,
    Progress,
    ThreatClass,
    content_equal,
    one_blas_thread,
    take,
)
from tegmen.worlds.draw import Worlds
from tegmen.worlds.prior import Reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tegmen.terms import Floats, Ints

CARRIED = 2000
"""Worlds that a page carries of an evidence case; of each reading of other targets `CARRIED_ELSE`."""
CARRIED_ELSE = 500
TARGETS = ("named", "front", "population")
"""What steers the targets: as in the headline (the record's named oblasts as well), then readings of their own."""
PLANS = ("answered", "blind", "informed", "own")
"""The order of sites as answered; sited anew in the page's worlds; knowing the layout; units put by hand."""
Moved = Literal["ready", "elsewhere", "salvo", "launched"]
"""What a state may fix in all worlds; left alone it is as each world has it."""
_STEPS = 65_535
_MISSILES = ThreatClass.ballistic


@dataclass(frozen=True, slots=True)
class State:
    """What a page is set to: all that its numbers hang on, beside the worlds it carries.

    Parameters
    ----------
    case, targets, goal
        Evidence case; what steers the targets, of `TARGETS`; name of a goal that the page holds.
    threshold, confidence
        Share that may remain (a count where the metric is one), and share of worlds in which it must hold.
    rounds
        Rounds a month that come with the added units, whole country.
    reaction
        Share of what was aimed at newly covered places that is aimed at the less covered ones instead.
    moved
        What is fixed in all worlds: `ready`, the share of nights on which an added unit could fight; `elsewhere`, the
        share stopped elsewhere over Kyiv's; `salvo`, rounds at one missile; `launched`, missiles in the month.
    plan
        One of `PLANS`.
    units
        (system, site) of units put by hand, in order.
    """

    case: EvidenceCase
    targets: str
    goal: str
    threshold: float
    confidence: float
    rounds: float
    reaction: float = 0.0
    moved: Mapping[Moved, float] = field(default_factory=FrozenDict)
    plan: str = "answered"
    units: tuple[tuple[str, int], ...] = ()


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a state comes to with the first n units of its plan, n from 0.

    Parameters
    ----------
    sites
        (n,) sites of the plan; (n, w) where each world has its own.
    probability, mcse
        (n,) share of worlds that meet the goal; its Monte Carlo standard error.
    remaining
        (w, n) what remains of the goal's metric, over the baseline's; where it is a count, the count.
    used
        (n,) rounds against ballistic missiles used in the month, mean over worlds.
    struck
        (n, p) ballistic missiles that get through at each place, mean over worlds.
    """

    sites: Ints
    probability: Floats
    mcse: Floats
    remaining: Floats
    used: Floats
    struck: Floats


# ---------------------------------------------------------------- what a page carries


def held_goals(scenario: Scenario) -> tuple[Goal, ...]:
    """Goals that a page can hold: those of ballistic missiles and of cover alone; the headline first.

    None where the kind asked about does not meet such missiles, or others are added beside it.
    """
    if scenario.added or ThreatClass.ballistic not in scenario.kinds.met[scenario.added_system]:
        return ()
    held = [goal for goal in scenario.goals if not counts_others(goal)]
    return tuple(sorted(held, key=lambda goal: not goal.headline))


def carry(study: Study, case: EvidenceCase, targets: Sequence[str] = TARGETS) -> Mapping[str, Carried]:
    """Choose the worlds that a page carries by what steers the targets; nothing where it can hold no goal."""
    if not held_goals(study.scenario):
        return FrozenDict()
    return FrozenDict({each: _carried_of(study, case, replace(HEADLINE, targets=each)) for each in targets})


def _carried_of(study: Study, case: EvidenceCase, reading: Reading) -> Carried:
    """Choose worlds of a reading evenly along what remains in them, and round them.

    So the page's shares differ from the answer's by hardly more than one world.
    """
    scenario, goals, own = study.scenario, held_goals(study.scenario), reading == HEADLINE
    most, system, worlds = scenario.added_max, scenario.added_system, study.worlds(case, reading=reading)
    table = plan_table(study, case, scenario.headline, (system, most), reading)
    order = np.arange(len(worlds))
    if isinstance(table, StrikeTable):  # a goal that takes long, or other worlds, is not worked out for this
        remaining = table.remaining(study.rounds(worlds, most))
        need, _ = numbers_needed(remaining, scenario.headline.threshold)
        order = np.lexsort((remaining.mean(axis=1), need))
    count = min(CARRIED if own else CARRIED_ELSE, len(worlds))
    chosen = order[((np.arange(count) + 0.5) * len(worlds) / count).astype(np.int64)]
    few = _rounded(take(worlds, np.sort(chosen)))
    return Carried(
        worlds=few,
        of=len(worlds),
        ess=worlds.ess,
        sites=FrozenDict(
            {goal.name: study.sites(goal, system, most, reading).sites for goal in goals if own or goal.headline}
        ),
        informed=site_informed(few, goals[0], system, most).sites,
    )


def _rounded(worlds: Worlds) -> Worlds:
    """The same worlds, every number one that a page can carry."""
    mix = np.zeros_like(worlds.mix)
    number, unit = mix_steps(worlds)
    mix[:, _MISSILES] = (number * unit[:, None]).astype(np.float32)
    units = replace(
        worlds.units,
        radius_ballistic_km=_at_32_bits(worlds.units.radius_ballistic_km),
        effectiveness_ballistic=_at_32_bits(worlds.units.effectiveness_ballistic),
    )
    return replace(
        worlds,
        mix=mix,
        rate=_at_32_bits(worlds.rate),
        readiness=_at_32_bits(worlds.readiness),
        readiness_added=_at_32_bits(worlds.readiness_added),
        units=units,
        scalar=FrozenDict({name: _at_32_bits(values) for name, values in worlds.scalar.items()}),
        unknowns=FrozenDict(),
    )


def mix_steps(worlds: Worlds) -> tuple[Ints, Floats]:
    """(w, p) where ballistic missiles are aimed in whole steps of (w,): as exactly as 16 bits a place can say it."""
    mix = worlds.mix[:, _MISSILES].astype(np.float64)
    unit = np.maximum(mix.max(axis=1), 1e-30) / _STEPS
    return np.rint(mix / unit[:, None]).astype(np.int64), unit


def _at_32_bits(values: Floats) -> Floats:
    return values.astype(np.float32).astype(np.float64)


def arrays_of(carried: Carried) -> dict[str, NDArray[Any]]:
    """Give what a page carries as arrays by name, axes w, p, s (meets ballistic missiles), u; nothing is lost here."""
    worlds = carried.worlds
    systems = len(worlds.kinds.meeting(ThreatClass.ballistic))
    index = np.uint8 if len(worlds.places) <= np.iinfo(np.uint8).max else np.uint16
    steps, unit = mix_steps(worlds)
    fights = (worlds.system >= 0) & (worlds.system < systems)
    first = np.argsort(~fights, axis=1, kind="stable")[:, : max(int(fights.sum(axis=1).max()), 1)]
    system, site, ready = (
        np.take_along_axis(table, first, axis=1) for table in (worlds.system, worlds.site, worlds.readiness)
    )
    stands = np.take_along_axis(fights, first, axis=1)
    return {
        "mix": steps.astype(np.uint16),
        "mix_unit": unit,
        "site": np.where(stands, site, 0).astype(index),
        "system": np.where(stands, system, 255).astype(np.uint8),
        "unit_ready": ready.astype(np.float32),
        "kyiv": worlds.rate[:, _MISSILES].astype(np.float32),
        "ratio": worlds.scalar["kill_ratio_elsewhere"].astype(np.float32),
        "relative": worlds.units.effectiveness_ballistic[:, :systems].astype(np.float32),
        "radius": worlds.units.radius_ballistic_km[:, :systems].astype(np.float32),
        "ready": worlds.readiness_added[:, :systems].astype(np.float32),
        "rounds": worlds.scalar["rounds_a_month"].astype(np.float32),
        "salvo": salvo_of(worlds, "ballistic").astype(np.uint8),
        "launched": worlds.counts[:, _MISSILES].astype(np.uint16),
        "packet": worlds.packet[:, _MISSILES].astype(np.uint16),
        "informed": carried.informed.astype(index),
    }


def together_of(worlds: Worlds) -> float:
    """Chance that two packets of ballistic missiles come in the same night of the month."""
    theatre = worlds.theatre
    return float(same_night(tuple(theatre.history[:, _MISSILES].tolist()), theatre.nights))


# ---------------------------------------------------------------- what can be moved, and how far


@dataclass(frozen=True, slots=True)
class Control:
    """A number that a person can move.

    Parameters
    ----------
    name
        As a state spells it.
    low, best, high
        The range that its sources give; None where there is none.
    lowest, highest
        What is allowed at all: beyond the sourced range a page marks it, beyond this it is refused.
    step
        By which it moves; 1: whole numbers.
    numbers
        Ids of the numbers behind the range, among those of the answer's evidence.
    """

    name: str
    low: float | None
    best: float | None
    high: float | None
    lowest: float
    highest: float
    step: float
    numbers: tuple[str, ...] = ()


def controls_of(scenario: Scenario, posted: Mapping[ThreatClass, int]) -> tuple[Control, ...]:
    """What a person can move, each with the range that its sources give.

    Parameters
    ----------
    posted
        Launched in the month by class, as the record has it.
    """
    model, system = scenario.catalogue.model, scenario.added_system
    outages = [model(name, system=system) for name in ("maintenance_share", "repair_abroad_share", "training_share")]
    bad, usual, good = (float(np.prod([1 - row.span[at] for row in outages])) for at in (2, 1, 0))
    ratio, salvo, rounds = model("kill_ratio_elsewhere", "ballistic"), model("salvo_ballistic"), scenario.added_rounds
    launched = posted[_MISSILES]
    supply, stated = model("rounds_added_a_month"), scenario.official.ballistic_and_s300
    in_month, at_one = plausible("missiles", "launched_in_a_month"), plausible("missiles", "salvo_ballistic")
    most_rounds = plausible("missiles per month").highest
    cited = ("official/ballistic_and_s300",) if stated else ()
    rounds_id = "rounds/added_a_month" if scenario.rounds.added_a_month is not None else rounds.id
    return (
        Control("rounds", supply.span[0], rounds.value, supply.span[2], 0, most_rounds, 1, (supply.id, rounds_id)),
        Control("ready", bad, usual, good, 0, 1, 0.01, tuple(row.id for row in outages)),
        Control("elsewhere", *ratio.span, 0, 2, 0.05, (ratio.id,)),
        Control("salvo", *salvo.span, 1, at_one.highest, 1, (salvo.id,)),
        Control("launched", launched, launched, max(launched, stated or 0), 1, in_month.highest, 1, cited),
        Control("reaction", RE_AIMED[0], RE_AIMED[0], RE_AIMED[-1], 0, 1, 0.05),
    )


# ---------------------------------------------------------------- a state in words


def read_state(text: str, scenario: Scenario, theatre: Theatre) -> State:
    """Read a state from the text that a page gives; what is left out is as answered.

    Raises
    ------
    InputError
        A key or a value is none that a page can be set to; all faults are named at once.
    """
    given, faults = dict(parse_qsl(text.removeprefix("#"), keep_blank_values=True)), list[str]()
    numbers = _numbers_of(given, {each.name: each for each in controls_of(scenario, theatre.posted)}, faults)
    goals = {goal.name: goal for goal in held_goals(scenario)}
    case = _one_of(given.pop("case", EVIDENCE_CASES[0]), "case", EVIDENCE_CASES, faults)
    targets = _one_of(given.pop("targets", TARGETS[0]), "targets", TARGETS, faults)
    goal = goals[_one_of(given.pop("goal", next(iter(goals))), "goal", tuple(goals), faults)]
    plan = _one_of(given.pop("plan", PLANS[0]), "plan", PLANS, faults)
    units = _units_of(given.pop("units", ""), theatre.places.name.tolist(), scenario, faults)
    choice = goal.threshold, goal.confidence, scenario.added_rounds.value
    first = State(case, targets, goal.name, *choice, plan=plan, units=units)
    own = {name: numbers.pop(name) for name in ("threshold", "confidence", "rounds", "reaction") if name in numbers}
    moved: Any = FrozenDict(numbers)
    state = replace(first, **own, moved=moved)
    faults += [*_state_faults(state, goal), *(f"{key[:60]!r}: unknown; a state has {_KEYS}" for key in given)]
    if faults:
        raise InputError("state", faults)
    return state


def _state_faults(state: State, goal: Goal) -> list[str]:
    """What is wrong with a state as a whole."""
    faults: list[str] = []
    if not 0 <= state.threshold <= (1_000_000 if goal.measure.is_count else 1):
        faults.append(
            f"threshold: found {state.threshold:g}; give a share from 0 to 1, or a count where the goal is one"
        )
    if not 0 < state.confidence < 1:
        faults.append(f"confidence: found {state.confidence:g}; give a share of worlds between 0 and 1")
    if state.reaction and goal.metric != "ballistic_strikes":
        faults.append(f"reaction: found {state.reaction:g} with the goal {goal.name}; it is of strikes alone: give 0")
    if state.units and state.plan != "own":
        faults.append(f"units: found some with the plan {state.plan}; they are of the plan `own`: add plan=own")
    return faults


_KEYS = ", ".join(
    ("case", "targets", "goal", "threshold", "confidence", "rounds", *get_args(Moved), "reaction", "plan", "units")
)


def _numbers_of(given: dict[str, str], controls: Mapping[str, Control], faults: list[str]) -> dict[str, float]:
    """Take the numbers out of what is given, each within what is allowed."""
    numbers: dict[str, float] = {}
    for name in [name for name in given if name in controls or name in ("threshold", "confidence")]:
        try:
            value = float(given.pop(name))
        except ValueError:
            faults.append(f"{name}: found what is no number; give one")
            continue
        control = controls.get(name)
        whole = control is not None and control.step == 1 and name != "rounds"
        if control and not (control.lowest <= value <= control.highest and (not whole or value == round(value))):
            what = "a whole number" if whole else "a number"
            faults.append(f"{name}: found {value:g}; give {what} from {control.lowest:g} to {control.highest:g}")
        numbers[name] = value
    return numbers


def _one_of(value: str, name: str, allowed: tuple[str, ...], faults: list[str]) -> Any:
    if value in allowed:
        return value
    faults.append(f"{name}: found {value[:60]!r}; allowed are {', '.join(allowed)}")
    return allowed[0]


def _units_of(text: str, names: Sequence[str], scenario: Scenario, faults: list[str]) -> tuple[tuple[str, int], ...]:
    units: list[tuple[str, int]] = []
    known, most = {str(name): at for at, name in enumerate(names)}, scenario.added_max
    kinds = scenario.kinds.meeting(ThreatClass.ballistic)
    for part in filter(None, text.split(",")):
        system, _, place = part.partition("@")
        if system not in kinds or unquote(place) not in known:
            faults.append(
                f"units: found {part[:60]!r}; give SYSTEM@PLACE, {' or '.join(kinds)} at a place of the question"
            )
        else:
            units.append((system, known[unquote(place)]))
    if len(units) > most:
        faults.append(f"units: found {len(units)}; the question tries at most {most}")
    return tuple(units)


# ---------------------------------------------------------------- what a state comes to


@checked_arguments
@one_blas_thread
def state_numbers(
    scenario: Scenario,
    calibration: Calibration,
    state: str,
    *,
    seed: int = 1,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Work out what a state of the live page comes to: the numbers that the page shows.

    Parameters
    ----------
    state
        As the page's address has it, e.g. "case=posted&goal=strikes&rounds=20".

    Returns
    -------
        One row for 0, 1, ... added units: probability of meeting the goal and its Monte Carlo error; rounds used, and
        ballistic missiles that get through at the places that the goal counts, in the month.

    Raises
    ------
    InputError
        A page can hold none of the question's goals, or not be set so; all faults are named at once.
    """
    if not held_goals(scenario):
        raise InputError(
            "state",
            [f"{scenario.name} has no goal of ballistic missiles or of cover alone, or adds other kinds: change that"],
        )
    study = begin_study(scenario, calibration, seed=seed, effort=effort, progress=progress)
    read = read_state(state, scenario, study.theatre)
    carried = carry(study, read.case, [read.targets])[read.targets]
    goal = scenario.goal(read.goal)
    assert goal is not None, "a state names a goal"
    result, places = evaluate(carried, scenario, read), carried.worlds.places
    counted = goal.measure.places(places, goal.largest_cities)
    return pd.DataFrame(
        {
            "added": np.arange(len(result.probability)),
            "probability": result.probability,
            "mcse": result.mcse,
            "rounds_used": result.used,
            "strikes_a_month": result.struck[:, counted].sum(axis=1),
        }
    )


def evaluate(carried: Carried, scenario: Scenario, state: State) -> Evaluation:
    """Work out what a state comes to, in closed form, unit by unit."""
    goal = scenario.goal(state.goal)
    assert goal is not None, "a state names a goal"
    worlds = moved(carried.worlds, state.moved)
    systems, sites = _plan_of(carried, worlds, scenario, state)
    cover, reached = cover_baseline(worlds), np.zeros((len(worlds), len(worlds.places)), dtype=bool)
    steps = [_step(cover, reached, goal, state, added=False)]
    for system, site in zip(systems, sites, strict=True):
        cover.add(site, system)
        radius = worlds.units.radius_ballistic_km[:, worlds.kinds.code(system)]
        reached |= worlds.theatre.apart_km[np.broadcast_to(site, len(worlds))] <= radius[:, None]
        steps.append(_step(cover, reached, goal, state, added=True))
    losses, used, struck = (np.stack(each) for each in zip(*steps, strict=True))
    base = losses[:1]
    remaining = losses if goal.measure.is_count else np.where(base > 0, losses / np.where(base > 0, base, 1.0), 0.0)
    probability = met_share(remaining.T, replace_goal(goal, state))
    return Evaluation(sites, probability, share_mcse(probability, carried.ess, len(worlds)), remaining.T, used, struck)


def replace_goal(goal: Goal, state: State) -> Goal:
    """The goal with a state's threshold and confidence."""
    return goal.model_copy(update={"threshold": state.threshold, "confidence": state.confidence, "own_label": ""})


def moved(worlds: Worlds, fixed: Mapping[Moved, float]) -> Worlds:
    """The worlds with what is fixed in all of them; they are not weighed by the record anew."""
    every, scalar = np.ones(len(worlds)), dict(worlds.scalar)
    if "elsewhere" in fixed:
        scalar["kill_ratio_elsewhere"] = fixed["elsewhere"] * every
    if "salvo" in fixed:
        scalar["salvo_ballistic"] = fixed["salvo"] * every
    counts = worlds.counts.copy()
    if "launched" in fixed:
        counts[:, _MISSILES] = round(fixed["launched"])
    ready = np.full_like(worlds.readiness_added, fixed["ready"]) if "ready" in fixed else worlds.readiness_added
    return replace(worlds, scalar=FrozenDict(scalar), counts=counts, readiness_added=ready)


def _plan_of(carried: Carried, worlds: Worlds, scenario: Scenario, state: State) -> tuple[list[str], Ints]:
    """Systems and sites (n,) of a state's plan; sites (n, w) where each world has its own."""
    system, most = scenario.added_system, scenario.added_max
    if state.plan == "own":
        return [kind for kind, _ in state.units], np.array([site for _, site in state.units], dtype=np.int64)
    if state.plan == "blind" or (state.plan == "answered" and state.goal not in carried.sites):
        goal = next(goal for goal in scenario.goals if goal.name == state.goal)
        return [system] * most, site_greedily(gains_of(worlds, goal, system, most), most)
    return [system] * most, carried.informed if state.plan == "informed" else carried.sites[state.goal]


def _step(cover: Cover, reached: Any, goal: Goal, state: State, *, added: bool) -> tuple[Floats, Floats, Floats]:
    """Losses (w,) of the goal, rounds used, and what gets through at each place (p,), means over worlds."""
    worlds = cover.worlds
    rounds = worlds.scalar["rounds_a_month"] + (state.rounds if added else 0.0)
    filled, stopped = fill(worlds, cover.engaged, rounds), cover.stopped
    launched, mix = worlds.counts[:, _MISSILES], worlds.mix[:, _MISSILES].astype(np.float64)
    wanted = salvo_of(worlds, "ballistic") * launched * (mix * cover.engaged).sum(axis=1)
    counted = goal.measure.places(worlds.places, goal.largest_cities)
    if state.reaction:
        mix = _re_aimed(mix, stopped, reached & counted, counted, state.reaction)
    struck = launched[:, None] * mix * (1 - filled[:, None] * stopped)
    if goal.metric == "ballistic_strikes":
        loss = struck[:, counted].sum(axis=1)
    else:
        at = np.flatnonzero(counted)
        loss = goal.measure.expected_loss(expect(cover, rounds, at), stakes_of(worlds, at)).sum(axis=1)
    return loss, (filled * wanted).mean(), struck.mean(axis=0)


def _re_aimed(mix: Floats, stopped: Floats, newly: Any, counted: Any, share: float) -> Floats:
    """Where missiles are aimed when a share of what was aimed at newly covered places goes where more gets through."""
    through = mix * (1 - stopped) * counted
    refuge = through / np.maximum(through.sum(axis=1), 1e-300)[:, None]
    taken = share * mix * newly
    return mix - taken + taken.sum(axis=1)[:, None] * refuge
