"""What kinds cost: sums by hand, currencies, and everything that is missing named at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tegmen.errors import InputError
from tegmen.evidence.catalogue import Catalogue, read_catalogue
from tegmen.evidence.costs import costs_of

CATALOGUE = read_catalogue()


def with_row(catalogue: Catalogue, row_id: str, **changes) -> Catalogue:
    rows = tuple(replace(row, **changes) if row.id == row_id else row for row in catalogue.parameters)
    return replace(catalogue, parameters=rows)


def test_a_price_in_dollars_is_its_row():
    (cost,) = costs_of(CATALOGUE, [("patriot", "fire unit")]).values()
    row = CATALOGUE.system("patriot", "fire_unit_cost_with_missiles")
    assert (cost.span.low, cost.best, cost.span.high) == row.span
    assert cost.rows == (row,)


def test_a_price_in_euro_is_its_row_times_the_rate_end_by_end():
    """Interval arithmetic by hand: both factors are positive, so the ends multiply."""
    (cost,) = costs_of(CATALOGUE, [("iris_t_slm", "fire unit")]).values()
    price, rate = cost.price.span, CATALOGUE.model("usd_per_eur").span
    assert [cost.span.low, cost.span.best, cost.span.high] == pytest.approx(
        [p * r for p, r in zip(price, rate, strict=True)]
    )
    assert cost.rows[1].verified is False


def test_a_round_of_hundreds_of_euro_is_a_small_part_of_a_million():
    (cost,) = costs_of(CATALOGUE, [("gepard", "round")]).values()
    assert cost.best == pytest.approx(cost.price.value * cost.rows[1].value / 1_000_000)


def test_values_of_the_rows_give_the_cost():
    (cost,) = costs_of(CATALOGUE, [("sampt", "fire unit")]).values()
    assert cost.of({cost.price.id: 800.0, "model/usd_per_eur": 1.1}) == pytest.approx(880.0)


def test_everything_without_a_price_is_named_at_once():
    yen = with_row(CATALOGUE, "systems/nasams/fire_unit_cost_with_missiles", unit="EUR million")
    yen = replace(yen, parameters=tuple(row for row in yen.parameters if row.name != "usd_per_eur"))
    with pytest.raises(InputError) as error:
        costs_of(yen, [("hawk", "fire unit"), ("s300ps", "round"), ("nasams", "fire unit"), ("patriot", "round")])
    hawk, s300ps, nasams = error.value.faults
    assert "hawk: no price of a fire unit" in hawk
    assert "s300ps: no price of a round" in s300ps
    assert "usd_per_eur" in nasams
