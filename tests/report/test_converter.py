"""Pictures come out the same whether another process converts them or this one, and none is waited for in vain."""

from __future__ import annotations

import json
import subprocess
import sys

import altair as alt
import pytest

from tegmen.report import converter
from tegmen.report.charts import Pictures, picture, svg
from tegmen.report.language import language

ENGLISH = language("en")


def dots(name: str) -> alt.LayerChart:
    rows = alt.Data(values=[{"x": 1, "y": 2}, {"x": 2, "y": 3}])
    return picture([alt.Chart(rows).mark_point().encode(x="x:Q", y="y:Q")], name, "two <dots>")


def asked() -> dict[str, object]:
    return {"vl_spec": dots("one").to_dict(), "vl_version": None, "format_locale": None}


def test_pictures_stand_where_their_marks_were_as_if_converted_one_by_one():
    pictures = Pictures(ENGLISH)
    page = f"<p>{pictures.begin(dots('one'))}</p><p>{pictures.begin(dots('two'))}</p>"
    assert "<svg" not in page
    assert pictures.put_in(page) == f"<p>{svg(dots('one'), ENGLISH)}</p><p>{svg(dots('two'), ENGLISH)}</p>"


@pytest.mark.parametrize("answer", ["", "half an ans"])
def test_without_the_other_process_a_picture_is_converted_here(monkeypatch, answer: str):
    code = f"import sys; sys.stdin.readline(); sys.stdout.write({answer!r})"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ended:
        monkeypatch.setattr(converter, "_process", lambda: ended)
        assert converter.begin_converting(asked()).result().startswith("<svg")


def test_where_no_process_can_be_started_a_picture_is_converted_here(monkeypatch):
    def refuse() -> None:
        raise PermissionError

    monkeypatch.setattr(converter, "_process", refuse)
    assert converter.begin_converting(asked()).result().startswith("<svg")


def test_a_chart_that_is_none_fails_as_it_does_here():
    with pytest.raises(ValueError, match=r"\w"):
        converter.begin_converting({"vl_spec": {"mark": 3}, "vl_version": None, "format_locale": None}).result()


def test_the_process_answers_line_by_line_and_ends_with_its_questions():
    questions, command = (json.dumps(asked()) + "\n").encode() * 2, [sys.executable, "-m", converter.__name__]
    done = subprocess.run(command, input=questions, capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 2
    assert all(text.startswith("<svg") for text in answers)
