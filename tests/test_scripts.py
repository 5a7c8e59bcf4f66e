"""The scripts a stranger runs from a checkout: the matrix of requirements, and the mutation run."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

from tegmen.trust.pack import read_requirements

ROOT = Path(__file__).resolve().parents[1]


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


verify = load("verify")


def test_every_requirement_is_shown_by_something_that_exists():
    tests, requirements = verify.read_tests(ROOT), read_requirements()
    assert [each.id for each in requirements] == [f"R{i + 1}" for i in range(len(requirements))]
    assert set(tests) <= {each.id for each in requirements}
    for each in requirements:
        assert each.checks or tests.get(each.id), f"{each.id} is shown by nothing"
        assert each.text
        assert each.origin
    for test in {test for named in tests.values() for test in named}:
        file, name = test.split("::")
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), test


def test_what_came_of_tests_is_read_from_pytest(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('x', [1, 2])\n"
        "def test_both(x): assert x\n"
        "@pytest.mark.parametrize('x', [1, 0])\n"
        "def test_one(x): assert x\n"
        "@pytest.mark.skip(reason='not here')\n"
        "def test_later(): pass\n"
    )
    names = [f"tests/test_a.py::test_{name}" for name in ("both", "one", "later")] + ["tests/test_b.py::test_gone"]
    shown = verify.run_tests(names, tmp_path)
    assert [shown[name].fate for name in names] == ["passed", "failed", "skipped", "missing"]
    assert [shown[name].text for name in names[:2]] == ["2 of 2 cases passed", "1 of 2 cases passed"]


def test_one_failure_is_enough_and_what_is_skipped_shows_nothing():
    def row(*fates):
        return verify.Row("R1", "", tuple(verify.Shown("", fate, "") for fate in fates)).outcome

    assert row("passed", "failed") == row("passed", "missing") == "failed"
    assert row("passed", "skipped") == "passed in part"
    assert row("skipped") == "not run"
    assert row("passed", "passed") == "passed"
