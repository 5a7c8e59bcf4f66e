"""How numbers are written."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tegmen.report.style import (
    largest_share,
    number_text,
    odds_text,
    points_text,
    share_text,
    tried_text,
    units_text,
    worth_text,
)


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


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0, "1.0 : 1: hardly tells them apart"),
        (2.9, "2.9 : 1: hardly tells them apart"),
        (1 / 2.9, "1 : 2.9: hardly tells them apart"),
        (3.1, "3.1 : 1: speaks for it"),
        (1 / 19, "1 : 19: speaks against it"),
        (21, "21 : 1: speaks strongly for it"),
        (1 / 151, "1 : 151: speaks very strongly against it"),
        (1e6, "more than 1,000 : 1: speaks very strongly for it"),
        (1e-300, "1 : more than 1,000: speaks very strongly against it"),
    ],
)
def test_odds_have_the_words_of_kass_and_raftery(ratio, text):
    assert odds_text(math.log(ratio)) == text


def test_a_number_that_is_none_is_beyond_the_largest_tried():
    assert (tried_text(None, 30), tried_text(0, 30)) == ("more than 30", "0")


def test_small_shares_are_points_with_two_errors_and_their_sign():
    assert points_text(0.0123, 0.001) == "+1.23 ± 0.20"
    assert points_text(-0.0001, 0.001) == "-0.01 ± 0.20"
    assert largest_share(np.array([0.001, -0.004, 0.003])) == "-0.40"


def test_too_few_independent_worlds_are_said_to_be():
    assert worth_text(3100.4) == "worth 3,100 independent worlds"
    assert worth_text(6.6) == "worth 7 independent worlds: too few to lean on"
