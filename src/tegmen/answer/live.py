"""The worlds that a page carries, and what Python says of every state the page can be in.

A page does its own arithmetic while a person moves things. That is a second implementation; this is the first, and the
one that holds. Both work on the same numbers: worlds are rounded to what a page can carry before either looks at them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import parse_qsl, unquote

import numpy as np
import pandas as pd

from tegmen.answer.estimates import numbers_needed
from tegmen.answer.readings import RE_AIMED, StrikeTable, plan_table
from tegmen.answer.results import Carried
from tegmen.answer.siting import gains_of, site_greedily, site_informed
from tegmen.answer.study import HEADLINE, Effort, Study, begin_study, counts_others, kish_error, met_share, share_left
from tegmen.calibration.fit import Calibration
from tegmen.engine.engagement import layer_density, layer_share, salvo_of
from tegmen.engine.expected import cover_baseline, expect, fill, stakes_of
from tegmen.engine.kernel.packets import same_night
from tegmen.engine.passage import let_pass, passage_for
from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.geography import horizon_km
from tegmen.evidence.parameters import plausible
from tegmen.question.lanes import LANE_CLASSES
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
CARRIED_WHOLE = 180
"""Worlds that a page carries with all their classes: what flies past units takes a hundred times as long."""
TARGETS = ("named", "front", "population")
"""What steers the targets: as in the headline (the record's named oblasts as well), then readings of their own."""
ALL_CLASSES = "whole"
"""Name of the worlds that a page carries with all their classes, beside those by `TARGETS`."""
PLANS = ("answered", "blind", "informed", "own")
"""The order of sites as answered; sited anew in the page's worlds; knowing the layout; units put by hand."""
MORE_GOALS = FrozenDict(
    {"cruise_strikes": "cruise_strikes", "drone_strikes": "drone_strikes", "strikes": "all_strikes"}
)
"""Metrics that a page holds a goal of even where the question has none, and what that is then called."""
Moved = Literal["ready", "elsewhere", "salvo", "launched"]
"""What a state may fix in all worlds; left alone it is as each world has it."""
_STEPS = 65_535
_MISSILES = ThreatClass.ballistic
_PACE = ("cruise_speed_kmh", "reaction_s", "window_cruise_s", "interceptor_speed_area_kms")
_OTHERS = (ThreatClass.drone, ThreatClass.cruise, ThreatClass.supersonic, ThreatClass.s300_ground)


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
        (kind, site) of units put by hand, in order.
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
        (n, p) what gets through at each place of the classes that the goal counts, mean over worlds. Of a goal of
        cover ballistic missiles; of one that counts other classes only at the places that it counts.
    """

    sites: Ints
    probability: Floats
    mcse: Floats
    remaining: Floats
    used: Floats
    struck: Floats


# ---------------------------------------------------------------- what a page carries


def held_goals(scenario: Scenario) -> tuple[Goal, ...]:
    """Goals that a page holds: of ballistic missiles or cover alone, the headline first; then those that count others.

    Of strikes by cruise missiles, by drones and by all classes it holds goals even where the question has none, which
    ask as much as its headline. No goal at all where the question has none of ballistic missiles or cover alone, where
    the kind asked about does not meet such missiles, or where others are added beside it.
    """
    alone = [goal for goal in scenario.goals if not counts_others(goal)]
    if scenario.added or _MISSILES not in scenario.kinds.met[scenario.added_system] or not alone:
        return ()
    others = [goal for goal in scenario.goals if counts_others(goal)]
    names, metrics = ({getattr(goal, key) for goal in scenario.goals} for key in ("name", "metric"))
    more = [
        scenario.goal_of(metric, name)
        for metric, name in MORE_GOALS.items()
        if metric not in metrics and name not in names
    ]
    return (*sorted(alone, key=lambda goal: not goal.headline), *others, *more)


def held_goal(scenario: Scenario, name: str) -> Goal:
    """The goal of this name that a page holds."""
    return next(goal for goal in held_goals(scenario) if goal.name == name)


def worlds_for(goal: Goal, targets: str) -> str:
    """Which of the worlds carried a goal is worked out on."""
    return ALL_CLASSES if counts_others(goal) else targets


def carry(study: Study, case: EvidenceCase, names: Sequence[str] = (*TARGETS, ALL_CLASSES)) -> Mapping[str, Carried]:
    """Choose the worlds that a page carries: by what steers the targets, and whole; nothing where it holds no goal."""
    if not held_goals(study.scenario):
        return FrozenDict()
    return FrozenDict(
        {
            name: _carried_whole(study, case)
            if name == ALL_CLASSES
            else _carried_of(study, case, replace(HEADLINE, targets=name))
            for name in names
        }
    )


def _carried_whole(study: Study, case: EvidenceCase) -> Carried:
    """Choose worlds with all their classes.

    Units stand as answered; under a goal that the question does not ask, as for the first that it does.
    """
    scenario, held = study.scenario, held_goals(study.scenario)
    worlds = study.whole_worlds(case, min(CARRIED_WHOLE, len(study.posterior())))
    sited_for = {goal.name: goal if goal in scenario.goals else held[0] for goal in held if counts_others(goal)}
    sites = {
        name: study.sites(goal, scenario.added_system, scenario.added_max).sites for name, goal in sited_for.items()
    }
    return Carried(
        worlds=_rounded(worlds),
        of=len(study.posterior()),
        ess=worlds.ess,
        sites=FrozenDict(sites),
        informed=np.empty((0, len(worlds)), dtype=np.int64),
    )


def _carried_of(study: Study, case: EvidenceCase, reading: Reading) -> Carried:
    """Choose worlds of a reading evenly along what remains in them, and round them.

    So the page's shares differ from the answer's by hardly more than one world.
    """
    scenario, own = study.scenario, reading == HEADLINE
    goals = [goal for goal in held_goals(scenario) if not counts_others(goal)]
    most, system, worlds = scenario.added_max, scenario.added_system, study.worlds(case, reading=reading)
    table = plan_table(study, case, goals[0], (system, most), reading)
    order = np.arange(len(worlds))
    if isinstance(table, StrikeTable):  # a goal that takes long is not worked out for this
        remaining = table.remaining(study.rounds(worlds, most))
        need, _ = numbers_needed(remaining, goals[0].threshold)
        order = np.lexsort((remaining.mean(axis=1), need))
    count = min(CARRIED if own else CARRIED_ELSE, len(worlds))
    chosen = order[((np.arange(count) + 0.5) * len(worlds) / count).astype(np.int64)]
    few = _rounded(take(worlds, np.sort(chosen)))
    return Carried(
        worlds=few,
        of=len(worlds),
        ess=worlds.ess,
        sites=FrozenDict(
            {goal.name: study.sites(goal, system, most, reading).sites for goal in (goals if own else goals[:1])}
        ),
        informed=site_informed(few, goals[0], system, most).sites,
    )


def _rounded(worlds: Worlds) -> Worlds:
    """The same worlds, every number one that a page can carry."""
    mix = np.zeros_like(worlds.mix)
    for cls in (_MISSILES, *_OTHERS):
        number, unit = mix_steps(worlds, cls)
        mix[:, cls] = (number * unit[:, None]).astype(np.float32)
    tables = {each.name: getattr(worlds.units, each.name) for each in fields(worlds.units)}
    real = {name: _at_32_bits(table) for name, table in tables.items() if getattr(table, "dtype", None) == np.float64}
    return replace(
        worlds,
        mix=mix,
        rate=_at_32_bits(worlds.rate),
        readiness=_at_32_bits(worlds.readiness),
        readiness_added=_at_32_bits(worlds.readiness_added),
        units=replace(worlds.units, **real),
        scalar=FrozenDict({name: _at_32_bits(values) for name, values in worlds.scalar.items()}),
        unknowns=FrozenDict(),
    )


def mix_steps(worlds: Worlds, cls: ThreatClass = _MISSILES) -> tuple[Ints, Floats]:
    """(w, p) where a class is aimed in whole steps of (w,): as exactly as 16 bits a place can say it."""
    mix = worlds.mix[:, cls].astype(np.float64)
    unit = np.maximum(mix.max(axis=1), 1e-30) / _STEPS
    return np.rint(mix / unit[:, None]).astype(np.int64), unit


def _at_32_bits(values: Floats) -> Floats:
    return values.astype(np.float32).astype(np.float64)


def arrays_of(carried: Carried) -> dict[str, NDArray[Any]]:
    """Give what a page carries as arrays by name, axes w, p, s (meets ballistic missiles), u; nothing is lost here."""
    worlds = carried.worlds
    systems = len(worlds.kinds.meeting(_MISSILES))
    index = _index_type(worlds)
    steps, unit = mix_steps(worlds)
    site, system, ready = _standing(worlds, (worlds.system >= 0) & (worlds.system < systems))
    return {
        "mix": steps.astype(np.uint16),
        "mix_unit": unit,
        "site": site.astype(index),
        "system": system.astype(np.uint8),
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


def whole_arrays(worlds: Worlds) -> dict[str, NDArray[Any]]:
    """Give what whole worlds have beside `arrays_of`, axes w, p, k (kinds), u: classes, units against cruise missiles.

    What the second implementation does not work out stands in it: how dense the dispersed layer is, and what a round
    does, so that the shares of the record are stopped.
    """
    scalar, units, passage = worlds.scalar, worlds.units, let_pass(worlds)
    meets = np.array([ThreatClass.cruise in met for met in worlds.kinds.met.values()])
    site, kind, ready = _standing(worlds, (worlds.system >= 0) & meets[np.maximum(worlds.system, 0)])
    by_kind = np.ones((len(worlds), np.iinfo(np.uint8).max + 1))  # units of a kind are ready alike in a world
    np.put_along_axis(by_kind, kind, ready, axis=1)
    arrays: dict[str, NDArray[Any]] = {
        "factor": passage.factor,
        "horizon": np.asarray(horizon_km(scalar["radar_height_m"], scalar["cruise_height_m"])),
        "pace": np.stack([scalar[name] for name in _PACE], axis=1).astype(np.float32),
        "salvo_cruise": salvo_of(worlds, "cruise").astype(np.uint8),
        "stock_area": scalar["stock_area"].astype(np.float32),
        "stand_site": site.astype(_index_type(worlds)),
        "stand_kind": kind.astype(np.uint8),
        "stand_ready": by_kind[:, : len(worlds.kinds)].astype(np.float32),
        "ready_added": worlds.readiness_added.astype(np.float32),
        "radius_air": units.radius_air_km.astype(np.float32),
        "effect_air": units.effectiveness_air.astype(np.float32),
        "rank": units.preference.astype(np.uint8),
        "ready_air": units.ready_air.astype(np.uint16),
        "radius_drone": units.radius_drone_km.astype(np.float32),
        "kill_drone": units.kill_drone.astype(np.float32),
        "stock_drone": units.stock_drone.astype(np.float32),
        "damage_ballistic": scalar["damage_ballistic"].astype(np.float32),
    }
    for cls in _OTHERS:
        steps, unit = mix_steps(worlds, cls)
        arrays |= {
            f"mix_{cls.name}": steps.astype(np.uint16),
            f"mix_unit_{cls.name}": unit,
            f"launched_{cls.name}": worlds.counts[:, cls].astype(np.uint16),
            f"packet_{cls.name}": worlds.packet[:, cls].astype(np.uint16),
            f"rate_{cls.name}": worlds.rate[:, cls].astype(np.float32),
            f"damage_{cls.name}": scalar[f"damage_{cls.name}"].astype(np.float32),
        }
        if cls in LANE_CLASSES:
            arrays[f"layer_{cls.name}"] = layer_density(worlds, cls, layer_share(worlds, cls))
    return arrays


def _index_type(worlds: Worlds) -> type[np.uint8 | np.uint16]:
    """The smallest type that the index of a place fits."""
    return np.uint8 if len(worlds.places) <= np.iinfo(np.uint8).max else np.uint16


def _standing(worlds: Worlds, fights: NDArray[np.bool_]) -> tuple[Ints, Ints, Floats]:
    """(w, u) site, kind and readiness of the units that fight, packed to the left; kind 255 where there is none."""
    first = np.argsort(~fights, axis=1, kind="stable")[:, : max(int(fights.sum(axis=1).max()), 1)]
    stands = np.take_along_axis(fights, first, axis=1)
    kind, site = (np.take_along_axis(table, first, axis=1) for table in (worlds.system, worlds.site))
    ready = np.take_along_axis(worlds.readiness, first, axis=1)
    return np.where(stands, site, 0), np.where(stands, kind, 255), ready


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
    if counts_others(goal) and state.targets != TARGETS[0]:
        faults.append(
            f"targets: found {state.targets} with the goal {goal.name}; they are of other goals: leave them out"
        )
    if counts_others(goal) and state.plan not in ("answered", "own"):
        faults.append(f"plan: found {state.plan} with the goal {goal.name}; give answered or own")
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
    kinds = scenario.kinds.meeting(*ThreatClass)
    for part in filter(None, text.split(",")):
        system, _, place = part.partition("@")
        if system not in kinds or unquote(place) not in known:
            faults.append(
                f"units: found {part[:60]!r}; give KIND@PLACE, {' or '.join(kinds)} at a place of the question"
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
        what gets through of the classes that the goal counts at its places, in the month.

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
    goal = held_goal(scenario, read.goal)
    name = worlds_for(goal, read.targets)
    carried = carry(study, read.case, [name])[name]
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
    goal = held_goal(scenario, state.goal)
    worlds = moved(carried.worlds, state.moved)
    kinds, sites = _plan_of(carried, worlds, scenario, state)
    after = _After(worlds, goal, state)
    steps = [after.numbers()]
    for kind, site in zip(kinds, sites, strict=True):
        after.add(site, kind)
        steps.append(after.numbers())
    losses, used, struck = (np.stack(each) for each in zip(*steps, strict=True))
    remaining = losses if goal.measure.is_count else share_left(losses, losses[:1])
    probability = met_share(remaining.T, replace_goal(goal, state))
    return Evaluation(sites, probability, kish_error(probability, carried.ess, len(worlds)), remaining.T, used, struck)


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
        goal = held_goal(scenario, state.goal)
        return [system] * most, site_greedily(gains_of(worlds, goal, system, most), most)
    return [system] * most, carried.informed if state.plan == "informed" else carried.sites[state.goal]


class _After:
    """The worlds with the units of a plan added so far."""

    def __init__(self, worlds: Worlds, goal: Goal, state: State) -> None:
        self.worlds, self.goal, self.state = worlds, goal, state
        self.cover, self.passage = cover_baseline(worlds), passage_for(worlds, goal.measure)
        self.reached = np.zeros((len(worlds), len(worlds.places)), dtype=bool)
        self.rounds = worlds.scalar["rounds_a_month"]
        self.settled: dict[ThreatClass, Floats] = {}

    def add(self, site: int | Ints, kind: str) -> None:
        worlds = self.worlds
        if self.passage:
            self.passage.add(site, kind)
        if _MISSILES not in worlds.kinds.met[kind]:
            return
        self.cover.add(site, kind)
        radius = worlds.units.radius_ballistic_km[:, worlds.kinds.code(kind)]
        self.reached |= worlds.theatre.apart_km[np.broadcast_to(site, len(worlds))] <= radius[:, None]
        self.rounds = worlds.scalar["rounds_a_month"] + self.state.rounds

    def numbers(self) -> tuple[Floats, Floats, Floats]:
        """Losses (w,) of the goal, rounds used, and what gets through at each place (p,), means over worlds."""
        worlds, cover, goal, share = self.worlds, self.cover, self.goal, self.state.reaction
        filled, stopped = fill(worlds, cover.engaged, self.rounds), cover.stopped
        launched, mix = worlds.counts[:, _MISSILES], worlds.mix[:, _MISSILES].astype(np.float64)
        wanted = salvo_of(worlds, "ballistic") * launched * (mix * cover.engaged).sum(axis=1)
        counted = goal.measure.places(worlds.places, goal.largest_cities)
        if share:
            mix = _re_aimed(mix, stopped, self.reached & counted, counted, share)
        through = launched[:, None] * mix * (1 - filled[:, None] * stopped)
        used = (filled * wanted).mean()
        if goal.metric == "ballistic_strikes":
            return through[:, counted].sum(axis=1), used, through.mean(axis=0)
        at = np.flatnonzero(counted)
        leak = self.passage.leak(at) if self.passage else None
        self.settled = {cls: kept for cls, kept in self.settled.items() if cls in goal.measure.background}
        leakage = expect(cover, self.rounds, at, leak, self.settled)
        loss = goal.measure.expected_loss(leakage, stakes_of(worlds, at)).sum(axis=1)
        if self.passage is None:
            return loss, used, through.mean(axis=0)
        struck = np.zeros(len(worlds.places))
        struck[at] = sum(leakage.leakers(cls).mean(axis=0) for cls in goal.measure.counted)
        return loss, used, struck


def _re_aimed(mix: Floats, stopped: Floats, newly: Any, counted: Any, share: float) -> Floats:
    """Where missiles are aimed when a share of what was aimed at newly covered places goes where more gets through."""
    through = mix * (1 - stopped) * counted
    refuge = through / np.maximum(through.sum(axis=1), 1e-300)[:, None]
    taken = share * mix * newly
    return mix - taken + taken.sum(axis=1)[:, None] * refuge
