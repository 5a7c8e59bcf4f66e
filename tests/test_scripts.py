"""The scripts a stranger runs from a checkout: the matrix of requirements, and the mutation run."""

from __future__ import annotations

import importlib.util
import re
import sys

import pytest
from locations import ROOT

from tegmen.trust.pack import read_requirements


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


mutate = load("mutate")


def test_every_slip_fits_the_code_once_and_names_tests_that_exist():
    slips = mutate.read_slips()
    assert mutate.stale(slips) == []
    assert len({slip.name for slip in slips}) == len(slips) >= 40


def made(file, text, at, old, new):
    return mutate.slipped(text, mutate.Slip("", file, at, old, new, ()))


def test_a_slip_is_made_in_its_function_whatever_the_spelling():
    text = "def f(a):\n    return (a\n        + 1)  # é\n\n\nclass C:\n    def f(self, a): return a+1\n"
    assert made("x.py", text, "C.f", "a + 1", "a - 1").endswith("def f(self, a): return (a - 1)\n")
    inner = {}
    exec(made("x.py", text, "f", "a+1", "a * 10"), inner)  # noqa: S102 - the four lines above
    assert inner["f"](3) == 30
    for at, old in (("f", "a + 2"), ("", "a + 1"), ("g", "a + 1")):
        with pytest.raises(mutate.Stale):
            made("x.py", text, at, old, "0")


def test_a_slip_is_made_in_one_cell_of_a_table():
    table = 'key,sort,value\na,x,1\na,y,"2, or 3"\n'
    assert made("t.csv", table, "key=a; sort=y", "value: 2, or 3", "4") == "key,sort,value\na,x,1\na,y,4\n"
    assert made("t.csv", table, "sort=x", "key: a; value: 1", "b; 2") == 'key,sort,value\nb,x,2\na,y,"2, or 3"\n'
    rules = '[one]\nhigh = 1.0\n\n["at least"]\nlow = 1.0\nhigh = 1.5\n\n[more]\nhigh = 1.5\n'
    assert made("t.toml", rules, '"at least"', "high: 1.5", "2.0") == rules.replace("1.5", "2.0", 1)
    for at, old in (("key=a", "value: 5"), ("key=a; sort=z", "value: 1")):
        with pytest.raises(mutate.Stale):
            made("t.csv", table, at, old, "4")


def test_a_slip_that_a_test_notices_is_caught_and_undone(tmp_path):
    room = tmp_path / "src" / "tegmen"
    room.mkdir(parents=True)
    (room / "sums.py").write_text("def double(x):\n    return 2 * x\n\n\ndef unused(x):\n    return 3 * x\n")
    (tmp_path / "test_sums.py").write_text(
        "import sys\nsys.path.insert(0, 'src/tegmen')\nfrom sums import double\n\n"
        "def test_double():\n    assert double(2) == 4\n"
    )
    slips = [
        mutate.Slip("", "sums.py", "double", "2 * x", "x", ("test_sums.py",)),
        mutate.Slip("", "sums.py", "unused", "3 * x", "x", ("test_sums.py",)),
    ]
    before = (room / "sums.py").read_bytes()
    assert [mutate.try_slip(tmp_path, slip, 60)[0] for slip in slips] == ["caught", "survived"]
    assert (room / "sums.py").read_bytes() == before


def test_too_many_survivors_give_exit_code_1(capsys):
    slips = [mutate.Slip(str(i), "a.py", "", "1", "2", ()) for i in range(20)]
    fates = {slip.name: "caught" for slip in slips}
    assert mutate.report(fates, slips) == 0
    assert mutate.report(fates | {"7": "survived"}, slips) == 0
    assert mutate.report(fates | {"7": "survived", "8": "survived"}, slips) == 1
    assert "survived: 7 (a.py, module: 1 -> 2)" in capsys.readouterr().out
