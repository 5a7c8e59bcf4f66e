"""One number replaced: the rest stays bit for bit, and what is not allowed is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from core_example import evidence

from tegmen.answer.study import Effort
from tegmen.answer.whatif import WhatIf, parse_span, replace_number, what_if
from tegmen.errors import InputError

RADIUS = "systems/patriot/defended_radius_ballistic"
SMALL = Effort(worlds=60, runs=2)


@pytest.fixture(scope="module")
def capitals_alone(march):
    """The question of capitals as the headline: geometry, which is quick."""
    goal = march.goal("capitals").model_copy(update={"headline": True})
    return march.model_copy(update={"goals": (goal,), "claims": march.claims[:2], "added_max": 24})


def test_a_row_replaced_by_itself_changes_nothing(march, capitals_alone):
    row = march.catalogue.row(RADIUS)
    result = what_if(
        capitals_alone, evidence().calibration, (RADIUS, row.span, "the same"), effort=SMALL, cases=("posted",), seed=1
    )
    table = result.to_pandas()
    assert (table["n"] == table["n now"]).all()
    assert not table["moved"].any()
    for old, new in zip(result.before.cases["posted"].goals, result.after.cases["posted"].goals, strict=True):
        np.testing.assert_array_equal(old.probability, new.probability)
    assert result.was != result.now  # the source differs, and is said


def test_units_that_reach_from_one_capital_to_the_next_are_needed_in_smaller_number(capitals_alone):
    """At 20 km an added unit covers one oblast capital; at 120 km two or more, as neighbours lie that close."""
    replaced = RADIUS, (120.0, 120.0, 120.0), "absurd"
    result = what_if(capitals_alone, evidence().calibration, replaced, effort=SMALL, cases=("posted",))
    before, after = (answer.cases["posted"].headline.n for answer in (result.before, result.after))
    assert before is not None
    assert after is not None
    assert after < before - 5
    assert "120 km" in result.now[0]
    assert "absurd" in result.now[0]


def test_the_changed_question_says_so_itself(march):
    changed = replace_number(march, RADIUS, (20.0, 25.0, 30.0), "a test")
    assert changed.catalogue.row(RADIUS).span == (20.0, 25.0, 30.0)
    assert "replaced; was low, best, high 15, 20, 35" in changed.catalogue.row(RADIUS).note
    assert changed.sha256 != march.sha256
    others = [row for row in march.catalogue.parameters if row.id != RADIUS]
    assert [row for row in changed.catalogue.parameters if row.id != RADIUS] == others


def test_a_ledger_entry_stands_for_the_numbers_taken_from_it(march):
    entry = march.official.entries["missiles"]
    changed = replace_number(march, entry, (450.0, 450.0, 450.0), "another paper")
    assert changed.official.missiles == 450
    assert "another paper (missiles)" in changed.official.source
    assert "missiles" not in changed.official.entries
    assert changed.official.drone == march.official.drone


def test_both_claims_of_one_entry_are_replaced(march):
    changed = replace_number(march, march.claims[0].entry, (6.0, 6.0, 6.0), "another paper")
    assert [claim.added for claim in changed.claims[:2]] == [6, 6]
    assert changed.claims[2:] == march.claims[2:]


def test_units_held_and_rounds_are_replaced_row_by_row(march):
    changed = replace_number(march, "held/patriot/2023-12-14", (3.0, 4.0, 5.0), "another paper")
    before, after = ({(row.system, row.since): row for row in each.held} for each in (march, changed))
    (differing,) = [after[key] for key in before if before[key] != after[key]]
    assert (differing.since.isoformat(), differing.best, differing.source) == ("2023-12-14", 4, "another paper")
    changed = replace_number(march, "rounds/added_a_month", (25.0, 25.0, 25.0), "another paper")
    assert changed.added_rounds.value == 25
    assert changed.rounds.frontier == march.rounds.frontier


@pytest.mark.parametrize(
    ("number", "span", "source", "found"),
    [
        ("systems/patriot/defended_radius", (1.0, 2.0, 3.0), "x", "no number has the id"),
        pytest.param("claims/" + "9" * 5000, (1.0, 1.0, 1.0), "x", "no number has the id", id="a number too long"),
        ("claims/²", (1.0, 1.0, 1.0), "x", "no number has the id"),
        ("official/missiles", (1.0, 2.0, 3.0), "x", "one whole number"),
        ("official/missiles", (-1.0, -1.0, -1.0), "x", "found -1 missiles; plausible is 0 to 16,000 missiles"),
        ("model/salvo_ballistic", (-5.0, -5.0, -5.0), "x", "missiles; plausible is 1 to 20 missiles"),
        ("model/reaction_s", (-5.0, -5.0, -5.0), "x", "found -5, -5, -5 s; plausible is"),
        ("model/population_exponent", (-5.0, -5.0, -5.0), "x", "dimensionless; plausible is 0 to 3"),
        ("inventories/ukraine/patriot/defender/2024-05", (-5.0, -5.0, -5.0), "x", "plausible is 0 to 1,000"),
        (RADIUS, (20000.0, 25000.0, 30000.0), "x", "km; plausible is 0 to 200 km"),
        ("held/patriot/2023-12-14", (1e9, 1e9, 1e9), "x", "found 1e.09 fire units; plausible is 0 to 1,000"),
        ("rounds/added_a_month", (-1.0, -1.0, -1.0), "x", "found -1 missiles per month; plausible is"),
        (RADIUS, (1.0, 2.0, 3.0), "  ", "say where the new value was read"),
        (RADIUS, (3.0, 2.0, 1.0), "x", "range out of order"),
        ("claims/0", (99.0, 99.0, 99.0), "x", "beyond added_max"),
    ],
)
def test_what_is_not_allowed_is_said(march, number, span, source, found):
    with pytest.raises(InputError, match=found):
        replace_number(march, number, span, source)


def test_spans_as_typed():
    assert parse_span("12") == (12.0, 12.0, 12.0)
    assert parse_span("10, 12.5,15") == (10.0, 12.5, 15.0)
    for text in ("12..15", "1,2", "3,2,1", "", "nan,nan,nan"):
        with pytest.raises(InputError, match="give one number"):
            parse_span(text)


def at(result, probability: float):
    """The same answer with this probability at every number tried, and a standard error of 0.03."""
    cases = {
        case: replace(
            answer,
            goals=tuple(
                replace(goal, probability=np.full(len(goal.added), probability), mcse=np.full(len(goal.added), 0.03))
                for goal in answer.goals
            ),
        )
        for case, answer in result.cases.items()
    }
    return replace(result, cases=cases)


@pytest.mark.parametrize(("errors", "moved"), [(1.9, False), (-1.9, False), (2.1, True), (-2.1, True)])
def test_what_moves_by_more_than_two_errors_of_the_difference_is_called_moved(small_result, errors, moved):
    later = at(small_result, 0.5 + errors * 0.03 * 2**0.5)
    table = WhatIf("x", (), (), at(small_result, 0.5), later).to_pandas()
    assert len(table)
    assert (table["moved"] == moved).all()
