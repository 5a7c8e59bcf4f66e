"""What a fire unit of a kind and a round of it cost: spans of the catalogue in millions of US dollars.

Prices are those of the years their sources are of, and none is brought to another. What is in the price of a fire unit
differs from source to source; its note says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tegmen.errors import InputError
from tegmen.evidence.parameters import Parameter
from tegmen.terms import FrozenDict, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tegmen.evidence.catalogue import Catalogue

Item = Literal["fire unit", "round"]
_ROWS: Mapping[Item, tuple[str, ...]] = FrozenDict(
    {
        "fire unit": ("fire_unit_cost_with_missiles", "unit_cost"),
        "round": ("pac3_mse_interceptor_cost", "interceptor_cost", "round_cost"),
    }
)
"""What is bought to the rows of systems.csv that state its price; of a system that has several the first counts."""
_MILLION = " million"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one of something costs.

    Parameters
    ----------
    system, item
        The kind, and what of it is bought.
    price
        The row that states its price, in its own currency.
    rate
        The row with what a unit of that currency is worth [USD]; None for US dollars.
    """

    system: str
    item: Item
    price: Parameter
    rate: Parameter | None

    @property
    def rows(self) -> tuple[Parameter, ...]:
        """The rows it rests on."""
        return (self.price,) if self.rate is None else (self.price, self.rate)

    @property
    def span(self) -> Span:
        """Lowest, best and highest [USD million]: interval arithmetic over its rows."""
        low, best, high = (
            float(np.prod([row.span[at] for row in self.rows])) * self._per_million
            for at in range(len(self.price.span))
        )
        return Span(low, best, high)

    @property
    def best(self) -> float:
        """Best value [USD million]."""
        return self.of({row.id: row.value for row in self.rows})

    def of(self, values: Mapping[str, float]) -> float:
        """What it costs [USD million] with these values of its rows, by id."""
        return float(np.prod([values[row.id] for row in self.rows])) * self._per_million

    @property
    def _per_million(self) -> float:
        return 1.0 if self.price.unit.endswith(_MILLION) else 1e-6


def costs_of(catalogue: Catalogue, wanted: Iterable[tuple[str, Item]]) -> dict[tuple[str, Item], Cost]:
    """Look up what is wanted: (system, item) to its cost.

    Raises
    ------
    InputError
        Something has no price, or its currency no rate; everything that is missing is named at once.
    """
    costs: dict[tuple[str, Item], Cost] = {}
    faults: list[str] = []
    rows = {(row.system, row.name): row for row in catalogue.parameters if row.table == "systems.csv"}
    rates = {row.name: row for row in catalogue.parameters if row.table == "model.csv"}
    for system, item in wanted:
        price = next((rows[system, name] for name in _ROWS[item] if (system, name) in rows), None)
        if price is None:
            names = " or ".join(_ROWS[item])
            faults.append(f"{system}: no price of a {item}; add a row {names} with its source, or leave the kind out")
            continue
        currency = price.unit.removesuffix(_MILLION)
        rate = rates.get(f"usd_per_{currency.lower()}")
        if currency != "USD" and rate is None:
            faults.append(f"{price.id}: in {price.unit}, and no row usd_per_{currency.lower()} says what that is worth")
            continue
        costs[system, item] = Cost(system, item, price, None if currency == "USD" else rate)
    if faults:
        raise InputError("costs", faults)
    return costs
