"""What several modules of tests share, made once a session: the shipped evidence and a small answer."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from commands import Done
from core_example import evidence

from tegmen import Effort, sufficiency
from tegmen.cli import app as cli
from tegmen.evidence.record import read_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tegmen.answer.results import Sufficiency
    from tegmen.calibration.fit import Calibration
    from tegmen.evidence.record import Record
    from tegmen.question.scenario import Scenario


@pytest.fixture
def here(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command line in this process: the same entry point, without the seconds a start takes."""

    def run(*arguments: object, text: str | None = None) -> Done:
        monkeypatch.setattr(sys, "argv", ["tegmen", *map(str, arguments)])
        if text is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        capfd.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 0
        return Done(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def shipped_record() -> Record:
    return read_record()


@pytest.fixture(scope="session")
def march() -> Scenario:
    return evidence().scenario


@pytest.fixture(scope="session")
def until_march() -> Calibration:
    return evidence().calibration


@pytest.fixture(scope="session")
def small_effort() -> Effort:
    return Effort(worlds=200, runs=2)


@pytest.fixture(scope="session")
def small_question(march: Scenario) -> Scenario:
    """The shipped question with fewer numbers and without the goal that counts all classes: seconds, not minutes."""
    goals = tuple(goal for goal in march.goals if goal.name != "capacity")
    claims = tuple(claim for claim in march.claims if claim.added <= 20)
    return march.model_copy(update={"goals": goals, "claims": claims, "added_max": 20})


@pytest.fixture(scope="session")
def small_result(small_question: Scenario, until_march: Calibration, small_effort: Effort) -> Sufficiency:
    return sufficiency(small_question, until_march, seed=1, effort=small_effort)
