"""The example answer of the report's tests, and its files, written once."""

from __future__ import annotations

import json

import pytest
from report_example import example

from tegmen.report.answer_page import write_report


@pytest.fixture(scope="session")
def result():
    return example()


@pytest.fixture(scope="session")
def folder(result, tmp_path_factory):
    return write_report([result], tmp_path_factory.mktemp("report") / "out").parent


@pytest.fixture(scope="session")
def answer(folder):
    return json.loads((folder / "answer.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def page(folder):
    return (folder / "report.html").read_text("utf-8")
