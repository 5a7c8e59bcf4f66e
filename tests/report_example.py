"""A made-up `Sufficiency` with numbers of a realistic size: for the report's tests and to look at its pages."""

from __future__ import annotations

import dataclasses
import functools
import math
from datetime import date

import numpy as np

from tegmen.answer.results import (
    CaseAnswer,
    ClaimTest,
    CutAnswer,
    Driver,
    Frontier,
    GoalAnswer,
    Informed,
    Iso,
    Reaction,
    ReadingAnswer,
    Stand,
    Strikes,
    Sufficiency,
)
from tegmen.calibration.fit import Calibration, calibrate
from tegmen.engine.check import Agreement
from tegmen.evidence.catalogue import read_catalogue
from tegmen.evidence.record import read_record
from tegmen.ledger.aid import AidStatus, aid_status
from tegmen.ledger.store import open_ledger
from tegmen.question.numbers import gather
from tegmen.question.places import defended_places
from tegmen.question.scenario import Scenario, read_scenario
from tegmen.terms import Provenance

ADDED = np.arange(31)
WORLDS, ESS = 20_000, 3_100.0
CITIES = {
    "Kharkiv": (49.9808, 36.2527),
    "Odesa": (46.4857, 30.7438),
    "Dnipro": (48.4593, 35.0386),
    "Zaporizhzhia": (47.8517, 35.1171),
    "Kryvyi Rih": (47.9083, 33.3433),
    "Lviv": (49.8383, 24.0232),
    "Mykolaiv": (46.9659, 31.9974),
    "Kherson": (46.6558, 32.6178),
    "Poltava": (49.5937, 34.5407),
    "Sumy": (50.9216, 34.8003),
    "Kremenchuk": (49.0680, 33.4204),
    "Vinnytsia": (49.2328, 28.4681),
    "Kramatorsk": (48.7380, 37.5844),
    "Chernihiv": (51.5055, 31.2849),
    "Cherkasy": (49.4285, 32.0621),
    "Kyiv": (50.4547, 30.5238),
    "Bila Tserkva": (49.8094, 30.1121),
    "Zhytomyr": (50.2649, 28.6767),
    "Khmelnytskyi": (49.4216, 26.9965),
    "Nikopol": (47.5712, 34.3964),
    "Kamianske": (48.5079, 34.6132),
    "Sloviansk": (48.8532, 37.6053),
    "Rivne": (50.6231, 26.2274),
    "Ivano-Frankivsk": (48.9215, 24.7097),
    "Ternopil": (49.5559, 25.6056),
    "Lutsk": (50.7593, 25.3424),
    "Kropyvnytskyi": (48.5132, 32.2597),
    "Chernivtsi": (48.2915, 25.9403),
    "Uzhhorod": (48.6167, 22.3000),
    "Pavlohrad": (48.5343, 35.8708),
}
MIDDLES = {
    "posted": {"strikes": 6.2, "people": 5.1, "capitals": 21.0, "capacity": 9.4},
    "claimed": {"strikes": 11.7, "people": 10.2, "capitals": 21.0, "capacity": 44.0},
}
DRIVERS = (
    ("share stopped of the missiles met at Kyiv", 0.34),
    ("Patriot's defended radius against ballistic missiles", 0.21),
    ("concentration of ballistic targets", 0.17),
    ("share aimed at neither cities nor plants", 0.09),
    ("availability of a Patriot", 0.045),
    ("rounds at one missile", 0.012),
)
READINGS = (
    ("targets by the front", "people and nearness to the front steer the aim", 1.25, -0.4),
    ("kill elsewhere as at Kyiv", "a unit anywhere stops the same share of what it meets", 0.7, 1.9),
    ("one kill share for all weapons", "the few rows a weapon has are pooled completely", 1.05, -3.3),
    ("many missiles at other targets", "the third in which the most is aimed at neither", 1.8, None),
)
"""Name, reason, middle of its curve over the headline's, log odds."""
CUTS = (date(2023, 12, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 6, 30))


def stands(count: int, *, start: int = 0) -> tuple[Stand, ...]:
    """Patriot stands at the example's cities, in the list's order; the list starts again when it is through."""
    names = [list(CITIES)[(start + i) % len(CITIES)] for i in range(count)]
    return tuple(Stand("patriot", name, *CITIES[name], 27.5) for name in names)


def curve(middle: float) -> np.ndarray:
    """A logistic share of worlds against added units; with none it is never enough."""
    return 1 / (1 + np.exp(-(ADDED - middle) / (0.12 * middle + 0.4))) * (ADDED > 0)


def enough(probability: np.ndarray, confidence: float) -> int | None:
    """The smallest number enough."""
    numbers = ADDED[probability >= confidence]
    return int(numbers[0]) if len(numbers) else None


def goal_answer(goal, case: str, claims) -> GoalAnswer:
    """A logistic curve with binomial errors; the answer is read off it."""
    middle = MIDDLES[case][goal.name]
    p = curve(middle)
    n = enough(p, goal.confidence)
    left = np.stack([np.exp(-ADDED / (middle * k)) for k in (0.9, 1.35, 2.1)], axis=1)
    if goal.metric == "capitals_uncovered":
        left = np.maximum(np.array([19.0, 21.0, 22.0]) - ADDED[:, None], 0)
    mcse = np.sqrt(p * (1 - p) / ESS)
    tests = tuple(
        ClaimTest(claim.label, claim.added, float(p[claim.added]), float(mcse[claim.added]), claim.source, claim.about)
        for claim in claims
    )
    interval = (n, n if case == "posted" else n + 1) if n is not None else (28, None)
    return GoalAnswer(
        goal=goal,
        system="patriot",
        n=n,
        n_interval=interval,
        resolved=case == "posted",
        worlds=WORLDS,
        ess=ESS,
        added=ADDED,
        probability=p,
        mcse=mcse,
        remaining=left,
        claims=tests,
        drivers=tuple(Driver(name, share, 0.04, 3 * share, 0.3) for name, share in DRIVERS),
        placement=stands(30),
        siting_gap=0.0,
        evpi=4.5,
        evpi_error=0.3,
        censored=0.0 if case == "posted" else 0.12,
    )


def frontier(goal, case: str) -> Frontier:
    """More rounds move the curve to fewer units; with none nothing is enough."""
    rounds = (0.0, 10.0, 20.0, 40.0, 80.0, math.inf)
    middles = [1e3, *(MIDDLES[case][goal.name] * (1 + 6 / each) for each in rounds[1:])]
    probability = np.stack([curve(middle) for middle in middles])
    numbers = tuple(enough(row, goal.confidence) for row in probability)
    return Frontier(goal.name, rounds, numbers, probability, "rounds bind: without limit fewer would be enough")


def other_readings(goal, case: str, n: int | None) -> dict[str, object]:
    """The headline's readings and plans, each a curve with another middle."""
    middle, at = MIDDLES[case][goal.name], 30 if n is None else n
    readings, cuts = [], []
    for name, reason, factor, odds in READINGS:
        p = curve(factor * middle)
        readings.append(ReadingAnswer(name, reason, enough(p, goal.confidence), float(p[at]), 0.008, odds, 800.0))
    for day in CUTS:
        p = curve(middle + 0.2 * (day.month - 3) % 9)
        cuts.append(CutAnswer(day, enough(p, goal.confidence), float(p[at]), 0.009, 640.0 + day.month))
    thresholds, confidences = (0.3, 0.5, 0.7), (0.5, 0.8, 0.95)
    iso = tuple(tuple(enough(curve(middle / (2 * t) ** 2), c) for c in confidences) for t in thresholds)
    knows, shares = curve(0.6 * middle), (0.0, 0.1, 0.25)
    re_aimed = tuple(enough(curve(middle * (1 + share)), goal.confidence) for share in shares)
    return {
        "readings": tuple(readings),
        "stability": tuple(cuts),
        "iso": Iso(thresholds, confidences, iso),
        "reaction": Reaction(shares, re_aimed, re_aimed[-1]),
        "informed": Informed(enough(knows, goal.confidence), knows, np.sqrt(knows * (1 - knows) / 400)),
    }


def agreement() -> Agreement:
    """Differences of at most 1.7 standard errors; saturation adds a little with few units."""
    return Agreement(
        added=ADDED,
        difference=0.0017 * np.cos(ADDED),
        error=np.full(len(ADDED), 0.001),
        correction=0.004 * np.exp(-ADDED / 5),
        correction_error=np.full(len(ADDED), 0.0005),
        worlds=100,
        runs=40,
    )


def case_answer(scenario, case: str) -> CaseAnswer:
    """One evidence case with a baseline of several systems round the big cities."""
    baseline = (
        Stand("patriot", "Kyiv", *CITIES["Kyiv"], 28.0),
        Stand("patriot", "Odesa", *CITIES["Odesa"], 24.0),
        Stand("sampt", "Lviv", *CITIES["Lviv"], 22.0),
        Stand("nasams", "Kyiv", *CITIES["Kyiv"], 0.0),
        Stand("iris_t_slm", "Kharkiv", *CITIES["Kharkiv"], 0.0),
        Stand("s300ps", "Dnipro", *CITIES["Dnipro"], 0.0),
    )
    posted = case == "posted"
    goals = tuple(goal_answer(goal, case, scenario.claims) for goal in scenario.goals)
    number = next(answer.n for answer in goals if answer.goal.headline)
    return CaseAnswer(
        case=case,
        goals=goals,
        rounds_added=40.0,
        frontier=tuple(frontier(goal, case) for goal in scenario.goals),
        check=agreement(),
        strikes=Strikes((9.1, 14.6, 20.2), (4.7, 8.4, 12.9)),
        **other_readings(scenario.headline, case, number),
        launched={
            "drone": 553 if posted else 600,
            "cruise": 149 if posted else 215,
            "supersonic": 24 if posted else 91,
            "ballistic": 31 if posted else 57,
            "s300_ground": 64 if posted else 37,
            "glide_bomb": 3000,
        },
        intercepted={
            "drone": (440.0, 471.0, 498.0),
            "cruise": (88.0, 112.0, 128.0),
            "supersonic": (0.0, 0.4, 3.0),
            "ballistic": (2.0, 7.0, 14.0),
            "s300_ground": (0.0, 0.0, 2.0),
        },
        baseline=baseline,
        glide_bombs={"with the baseline": (2410.0, 2790.0, 3000.0), "with added units": (1620.0, 2350.0, 2900.0)},
    )


@functools.cache
def calibration() -> Calibration:
    """The shipped record's calibration, with few cells: the report only prints it."""
    return calibrate(read_record(), until="2024-03-31", seed=1)


def aid_of(scenario: Scenario) -> AidStatus:
    with open_ledger(scenario.ledger or None) as ledger:
        return aid_status(ledger, scenario.month.last)


def example(**changes) -> Sufficiency:
    """The example result; keyword arguments replace fields of its scenario before the answers are made."""
    scenario = read_scenario("march-2024").model_copy(update=changes)
    return Sufficiency(
        scenario=scenario,
        calibration=calibration(),
        seed=1,
        cases={case: case_answer(scenario, case) for case in ("posted", "claimed")},
        places=defended_places(scenario, kyiv_radius_km=30.0),
        parameters=read_catalogue().parameters,
        evidence=gather(scenario, read_catalogue().parameters),
        aid=aid_of(scenario),
        provenance=Provenance("0.1.0", 1, {"record": "a" * 64, "catalogue": "b" * 64, "scenario march-2024": "c" * 64}),
    )


def with_headline(result: Sufficiency, **changes) -> Sufficiency:
    """The same result with fields of every headline answer replaced."""
    cases = {
        case: dataclasses.replace(
            answer,
            goals=tuple(dataclasses.replace(each, **changes) if each.goal.headline else each for each in answer.goals),
        )
        for case, answer in result.cases.items()
    }
    return dataclasses.replace(result, cases=cases)
