"""How numbers are written."""

from __future__ import annotations

import pytest

from tegmen.report.style import number_text, share_text, units_text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-9, "< 1 %"),
        (0.005, "< 1 %"),
        (0.0051, "1 %"),
        (0.625, "62 %"),
        (0.9949, "99 %"),
        (0.995, "> 99 %"),
        (1.0, "100 %"),
        (float("nan"), "–"),
        (None, "–"),
    ],
)
def test_share(share, text):
    assert share_text(share).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("value", "text"), [(3000, "3,000"), (0.05, "0.05"), (27.5, "27.5"), (None, "–"), (1e6, "1,000,000")]
)
def test_number(value, text):
    assert number_text(value) == text


def test_units_come_with_two_standard_errors():
    assert units_text(4.44, 0.3) == "4.4 ± 0.6"
    assert units_text(4.44) == "4.4"
    assert units_text(float("nan"), 0.3) == "–"
