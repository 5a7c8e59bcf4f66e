"""The verbs about months and neighbours: what they print, and what they refuse before any work."""

from __future__ import annotations

import pytest


def test_months_are_printed_and_written(here, tmp_path):
    done = here("months", "march-2024", "--added", "patriot=3", "--arrive", "2024-05", "--months", "3",
               "--worlds", "40", "--out", str(tmp_path))  # fmt: skip
    assert done.code == 0, done.err
    assert "2024-06" in done.out
    assert "everything 1 month later" in done.out
    assert (tmp_path / "months.html").is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["months", "march-2024", "--added", "patriot=7"], "one --arrive for each --added"),
        (["months", "march-2024", "--added", "patriot=7", "--arrive", "2024-3x"], "YYYY-MM"),
        (["months", "march-2024", "--added", "patriot", "--arrive", "2024-08"], "KIND=NUMBER"),
        (["months", "march-2024", "--added", "patriot=7", "--arrive", "2024-04", "--pledged", "2024-05-01"], "pledge"),
        (["neighbours", "march-2024", "--neighbour", "Russia"], "from whose ground"),
    ],
)
def test_what_cannot_be_asked_is_one_message(here, words, told):
    done = here(*words, "--worlds", "40")
    assert done.code == 1
    assert told in done.err
    assert "Traceback" not in done.err
