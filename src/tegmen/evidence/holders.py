"""Who holds what they might give: stock at a day, the floor kept, working order, months until it can fight, rounds.

A stock is the catalogue's row, as long as the ledger tells of nothing that came or went between the row's date and the
day; else it is the ledger's own. Where the two differ the holding is contested, and both are kept (A39).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tegmen.errors import InputError, checked_arguments
from tegmen.evidence.catalogue import read_catalogue, rows_of_table
from tegmen.evidence.parameters import Parameter
from tegmen.ledger.inventory import inventories
from tegmen.ledger.store import open_ledger
from tegmen.terms import FrozenDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tegmen.evidence.catalogue import Catalogue
    from tegmen.ledger.inventory import Inventory

Outlook = Literal["best", "cautious", "generous"]
OUTLOOKS: Final[tuple[Outlook, ...]] = ("cautious", "best", "generous")
ENDS: Final[tuple[Outlook, Outlook]] = ("cautious", "generous")
ANY_HOLDER: Final = "any holder"
"""Whose rows stand in for what is not known of a holder."""
TABLE: Final = "holders.csv"
UNITS: Final = frozenset({"fire units", "batteries", "vehicles"})
_WHOLE_COUNTS: Final = ("stock", "floor", "promised")
_MORE_IS_CAUTIOUS: Final[Mapping[str, bool]] = FrozenDict(
    {
        "stock": False,
        "floor": True,
        "floor_share": True,
        "promised": True,
        "working_share": False,
        "months_to_agree": True,
        "months_to_transfer": True,
        "months_to_train": True,
        "months_to_overhaul": True,
        "months_to_build": True,
        "crews_a_month": False,
        "fire_units_a_year": False,
        "rounds_with_unit": False,
    }
)
"""What can be said of a holder, and which end of its span lets it give less, or later."""
_SUMS: Final = frozenset({"All partners", "World"})


@dataclass(frozen=True, slots=True)
class Holder:
    """What is known of one holder of one kind at a day.

    Parameters
    ----------
    name, system
        Who; which kind.
    stock
        Units held at the day; its best is None where nobody tells.
    rows
        Name of every other number to its row: the holder's own, or `ANY_HOLDER`'s.
    rival
        What else is said of the stock, in words; empty where nothing is.
    """

    name: str
    system: str
    stock: Parameter
    rows: Mapping[str, Parameter]
    rival: str = ""

    def number(self, name: str, outlook: Outlook = "best") -> float | None:
        """Give a number in a outlook: the end of its span that lets the holder give less (cautious) or more; or None.

        Parameters
        ----------
        name
            "stock", or a name of `rows`.
        """
        row = self.stock if name == "stock" else self.rows.get(name)
        if row is None or row.best is None or outlook == "best":
            return None if row is None else row.best
        low, _, high = row.span
        return high if (outlook == "cautious") == _MORE_IS_CAUTIOUS[name] else low

    @property
    def is_known(self) -> bool:
        """Whether anybody tells how many it holds."""
        return self.stock.best is not None

    @property
    def unverified_rows(self) -> tuple[Parameter, ...]:
        """Its numbers that were not read in their source, or are judgements."""
        return tuple(row for row in (self.stock, *self.rows.values()) if not row.verified)

    @property
    def unverified(self) -> tuple[str, ...]:
        """Names of these numbers."""
        return tuple("stock" if row is self.stock else row.name for row in self.unverified_rows)


def at_end(holder: Holder, row_id: str, outlook: Outlook) -> Holder:
    """A holder with one of its numbers at an end of its span, and all others as they are."""

    def moved(name: str, row: Parameter) -> Parameter:
        end = holder.number(name, outlook) if row.id == row_id else None
        return row if end is None else replace(row, low=end, best=end, high=end)

    rows = {name: moved(name, row) for name, row in holder.rows.items()}
    return replace(holder, stock=moved("stock", holder.stock), rows=FrozenDict(rows))


@checked_arguments
def read_holders(day: dt.date, own: str | Path | None = None, catalogue: Catalogue | None = None) -> tuple[Holder, ...]:
    """Read every known holder of every kind at the end of a day.

    Parameters
    ----------
    day
        The day; for a scenario, the last one of its month.
    own
        Your own table (CSV) with the columns of the catalogue's holders.csv; its rows stand in place of the shipped
        ones. A holder that is not shipped needs a row "stock".
    catalogue
        None for the shipped one.

    Raises
    ------
    InputError
        Every fault of the table: what `Parameter` refuses (a negative stock too), a number no holder has, a row twice,
        a floor above the stock, a delivery before its pledge, a holder without stock.
    """
    rows = _own_rows(Path(own)) if own is not None else ()
    shipped = catalogue or read_catalogue()
    told = {(each.holder, each.system): each for each in _shipped_inventories(day)}
    return tuple(_holder(name, system, rows, shipped, told, day) for name, system in _all_held(rows, shipped))


def said_together(day: dt.date, system: str, holders: Iterable[Holder]) -> tuple[Inventory, ...]:
    """What the ledger's voices say of several holders together at a day: of no single holder, and not of Ukraine."""
    single = {holder.name.casefold() for holder in holders} | {"ukraine"}
    return tuple(
        each for each in _shipped_inventories(day) if each.system == system and each.holder.casefold() not in single
    )


@lru_cache(4)
def _shipped_inventories(day: dt.date) -> tuple[Inventory, ...]:
    """What the shipped ledger tells of every holding; it cannot change while we run."""
    with open_ledger() as ledger:
        return inventories(ledger, day)


# ---------------------------------------------------------------- one holder


def _all_held(own: Sequence[Parameter], catalogue: Catalogue) -> list[tuple[str, str]]:
    """Every (holder, kind) that a table names, once, in the order of the tables."""
    held = [
        row
        for row in catalogue.parameters
        if row.table == "inventories.csv" and row.name == "partner" and row.unit in UNITS and row.subject not in _SUMS
    ]
    said = [row for row in (*catalogue.parameters, *own) if row.table == TABLE and row.subject != ANY_HOLDER]
    return list(dict.fromkeys((row.subject, row.system) for row in (*held, *said)))


def _holder(
    name: str,
    system: str,
    own: Sequence[Parameter],
    catalogue: Catalogue,
    told: Mapping[tuple[str, str], Inventory],
    day: dt.date,
) -> Holder:
    shipped = [row for row in catalogue.parameters if row.table == TABLE]
    rows: dict[str, Parameter] = {}
    for who, what in ((ANY_HOLDER, "all"), (ANY_HOLDER, system), (name, system)):
        for table in (shipped, own):
            rows |= {row.name: row for row in table if (row.subject, row.system) == (who, what)}
    if any((row.subject, row.system, row.name) == (name, system, "floor_share") for row in own):
        rows = {
            key: row for key, row in rows.items() if key != "floor" or row in own
        }  # said in another unit, it stands
    inventory, stock = told.get((name, system)), rows.pop("stock", None)
    stock = stock or _stock_row(name, system, catalogue, inventory, day)
    return Holder(name, system, stock, FrozenDict(rows), _rival(stock, inventory))


def _stock_row(name: str, system: str, catalogue: Catalogue, inventory: Inventory | None, day: dt.date) -> Parameter:
    """The catalogue's row where it still holds on the day; else what the ledger tells."""
    rows = [
        row
        for row in catalogue.parameters
        if row.table == "inventories.csv" and (row.name, row.subject, row.system) == ("partner", name, system)
    ]
    if rows and _still_holds(rows[0], inventory, day):
        return rows[0]
    if inventory is not None:
        return _of_ledger(inventory)
    raise InputError(f"{name}, {system}", ["no stock is known; add a row 'stock' to your table of holders"])


def _still_holds(row: Parameter, inventory: Inventory | None, day: dt.date) -> bool:
    """Whether nothing came or went between the row's date and the day, as far as the ledger tells."""
    if inventory is None:
        return True
    first, last = days_of(row.period)
    nearest = min(max(day, first), last)
    return (inventory.since or nearest) <= nearest <= (inventory.until or nearest)


def _of_ledger(inventory: Inventory) -> Parameter:
    amount = inventory.amount
    return Parameter(
        name="stock", low=amount.low, best=amount.best, high=amount.high, unit=inventory.unit,
        source="; ".join(inventory.sources), verified=not any("background" in each for each in inventory.sources),
        note=f"ledger: {', '.join(inventory.lines)}", system=inventory.system, subject=inventory.holder,
        period=str(inventory.at), table="ledger",
    )  # fmt: skip


def _rival(stock: Parameter, inventory: Inventory | None) -> str:
    """What else is said of a stock: the ledger's span where it differs, or that voices differ within the row's own."""
    told = inventory.amount if inventory is not None and stock.table != "ledger" else None
    if told is not None and (told.low, told.high) != (stock.low, stock.high):
        return f"the ledger's voices: {told}"
    return "" if stock.high in {None, stock.low} else f"voices differ: {stock.low:g} to {stock.high:g}"


def days_of(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of a date of a table: "2024", "2024-03" or "2024-03-31".

    Raises
    ------
    InputError
        It is none of these.
    """
    parts = period.split("-")
    try:
        year, month, day = (int(part) for part in (*parts, *("0",) * (3 - len(parts))))
        if day:
            return dt.date(year, month, day), dt.date(year, month, day)
        first = dt.date(year, month or 1, 1)
        return first, dt.date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except (ValueError, calendar.IllegalMonthError):
        fault = f"found {period!r}; a date is YYYY, YYYY-MM or YYYY-MM-DD"
        raise InputError("as_of", [fault]) from None


# ---------------------------------------------------------------- a table of one's own


def _own_rows(path: Path) -> tuple[Parameter, ...]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(str(path), [f"cannot be read ({reason}); give a table of holders (CSV)"]) from None
    except UnicodeDecodeError:
        raise InputError(str(path), ["not UTF-8 text; save it as CSV in UTF-8"]) from None
    rows, faults = rows_of_table(TABLE, text)
    faults += _row_faults(rows)
    if not rows and not faults:
        faults.append("no row in it; a table of holders has one row a number")
    if faults:
        raise InputError(str(path), faults)
    return tuple(rows)


def _row_faults(rows: Sequence[Parameter]) -> list[str]:
    faults = [
        f"{row.label}: no holder has such a number; allowed: {', '.join(_MORE_IS_CAUTIOUS)}"
        for row in rows
        if row.name not in _MORE_IS_CAUTIOUS
    ]
    counted = Counter((row.subject, row.system, row.name) for row in rows)
    faults += [
        f"{holder}, {system}: {name.replace('_', ' ')} stands there {times} times; keep one row"
        for (holder, system, name), times in counted.items()
        if times > 1
    ]
    return faults + [fault for row in rows for fault in (_unit_fault(row), _date_fault(row)) if fault] + _floors(rows)


def _unit_fault(row: Parameter) -> str:
    shipped = {each.name: each.unit for each in read_catalogue().parameters if each.table == TABLE}
    allowed = UNITS if row.name in _WHOLE_COUNTS else {"missiles", "rounds"} & {row.unit} or {shipped.get(row.name, "")}
    if row.name not in _MORE_IS_CAUTIOUS or row.unit in allowed:
        return ""
    return f"{row.label}: found the unit {row.unit!r}; allowed: {', '.join(sorted(allowed))}"


def _date_fault(row: Parameter) -> str:
    """What is wrong with a row's date; a promise has two, of its pledge and its delivery."""
    pledged, _, delivered = row.period.partition("/")
    try:
        days = [days_of(each) for each in (pledged, delivered) if each]
    except InputError as error:
        return f"{row.label}: {'; '.join(error.faults)}"
    if len(days) == 2 and days[1][1] < days[0][0]:
        return f"{row.label}: delivered {delivered}, before it was pledged, {pledged}; correct one of the two days"
    return ""


def _floors(rows: Sequence[Parameter]) -> list[str]:
    """Floors above the stock of the same table."""
    of = {(row.subject, row.system, row.name): row for row in rows}
    faults: list[str] = []
    for (holder, system, name), floor in of.items():
        stock = of.get((holder, system, "stock"))
        if name == "floor" and stock and None not in (floor.best, stock.high) and floor.value > (stock.high or 0):
            found = f"found a floor of {floor.value:g} above the stock of {stock.high or 0:g}"
            faults.append(f"{holder}, {system}: {found}; nobody keeps more than it holds")
    return faults
