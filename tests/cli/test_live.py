"""The verb of the live page prints what a state of it comes to; the page itself every answer writes (test_app)."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import short_question
from typer.testing import CliRunner

from tegmen.cli.app import app
from tegmen.errors import InputError

TINY = ("--worlds", "20")


@pytest.fixture
def question(tmp_path: Path) -> Path:
    path = tmp_path / "short.toml"
    path.write_text(short_question(), encoding="utf-8")
    return path


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["live", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    return done.output


def test_a_state_is_printed_number_by_number_and_no_file_is_written(
    question: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    said = run(question, *TINY, "--state", "case=claimed&goal=people&rounds=3&plan=own&units=patriot@Kyiv,sampt@Odesa")
    head, *rows = said.splitlines()
    assert head == "added,probability,mcse,rounds_used,strikes_a_month"
    assert [row.split(",")[0] for row in rows] == ["0", "1", "2"]
    assert not (tmp_path / "out").exists()


def test_a_state_that_cannot_be_is_refused_whole(question: Path):
    with pytest.raises(InputError, match="2 faults"):
        run(question, *TINY, "--state", "ready=2&plan=best")
