"""Hedged words to ranges: low, best and high by a documented table that a user can replace, each with what made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tegmen.data import shipped_text, toml_of
from tegmen.errors import InputError, validation_faults
from tegmen.ledger.entries import HEDGES, Entry, Hedge, Quantity
from tegmen.terms import FrozenDict, Span

if TYPE_CHECKING:
    from tegmen.ledger.store import Ledger

SHIPPED_HEDGES = "tegmen's table of hedges"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Rule:
    """What one hedge does to a number, and why.

    Parameters
    ----------
    low, best, high
        Factors: of the smallest number said, of the best (or the middle of what was said), of the largest.
    open
        The side that the words leave open, where rivals are asked before the factors.
    reason
        Why these factors.
    table
        Table the rule is from.
    """

    low: float
    best: float
    high: float
    open: Literal["none", "above", "below"]
    reason: str
    table: str = SHIPPED_HEDGES


Rules = Mapping[Hedge, Rule]


@dataclass(frozen=True, slots=True)
class Range(Span):
    """A quantity as a range, with what made each number.

    Parameters
    ----------
    low, best, high
        In `unit`, low <= best <= high; what was said lies inside.
    unit
        What is counted.
    words
        What was said, in short.
    made
        How low, best and high were made, in words.
    rivals
        Ids of the entries that gave numbers.
    """

    low: float
    best: float
    high: float
    unit: str
    words: str
    made: tuple[str, str, str]
    rivals: tuple[str, ...] = ()

    def __str__(self) -> str:
        numbers = [self.low] if self.low == self.high else [self.low, self.best, self.high]
        return f"{'–'.join(map(plain, numbers))} {self.unit}"


def widen(quantity: Quantity, rules: Rules | None = None, *, rivals: Mapping[str, Entry] | None = None) -> Range:
    """Turn a quantity as stated into a range (A30, A31).

    ``low = f_low * min(said)``, ``best = f_best * (best said, or the middle)``, ``high = f_high * max(said)``, f the
    factors of the hedge. Where the words leave a side open, rivals that lie on it and do not leave it open themselves
    give best (the median of theirs) and the open end (the outermost of theirs), each widened by the factors alone.

    Parameters
    ----------
    quantity
        As stated.
    rules
        By hedge, as `read_rules` gives them; None for the shipped ones.
    rivals
        Entries by id about the same thing and period, as `Ledger.rivals` gives them; those without a quantity of the
        same unit are passed over.
    """
    rules = rules or read_rules()
    rule = rules[quantity.hedge]
    own = _by_factors(quantity, rule)
    above = rule.open == "above"
    used: dict[str, Range] = {}
    for each, entry in (rivals or {}).items() if rule.open != "none" else ():
        if entry.quantity is None or entry.quantity.unit != quantity.unit:
            continue
        its = rules[entry.quantity.hedge]
        rival = _by_factors(entry.quantity, its)
        # A rival whose words leave the same side open knows no more of it.
        if its.open != rule.open and (rival.best >= own.low if above else rival.best <= own.high):
            used[each] = rival
    return _by_rivals(own, quantity, used, above=above) if used else own


def range_of(ledger: Ledger, id_: str, entry: Entry, rules: Rules | None = None) -> Range | None:
    """Give the range read in an entry of a ledger, with its rivals there; None where it gives no quantity."""
    if entry.quantity is None:
        return None
    rules = rules or read_rules()
    open_ended = rules[entry.quantity.hedge].open != "none"
    return widen(entry.quantity, rules, rivals=ledger.rivals(id_) if open_ended else None)


def in_words(quantity: Quantity) -> str:
    """Write what was said in short: "at least 601 drones (more than)", "5 or 7 systems (at least)"."""
    low, best, high = quantity.low, quantity.best, quantity.high
    if low is not None and high is not None and low < high:
        numbers = f"{plain(low)} {'or' if quantity.hedge in {'either', 'at least'} else 'to'} {plain(high)}"
    elif low is not None and best is None:
        numbers = plain(low) if low == high else f"at least {plain(low)}"
    else:
        numbers = f"at most {plain(high or 0)}" if best is None else plain(best)
    hedge = "" if quantity.hedge in {"exact", "range"} or numbers.startswith(quantity.hedge) else f" ({quantity.hedge})"
    return f"{numbers} {quantity.unit}{hedge}"


def plain(value: float) -> str:
    """Write a number as people do: thousands apart, no needless digits."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.4g}"


def bounds(quantity: Quantity, rules: Rules | None = None) -> tuple[float, float, float]:
    """Give low, best and high by the factors alone: the numbers of `widen` without rivals."""
    rule = (rules or read_rules())[quantity.hedge]
    said = quantity.said
    middle = (said[0] + said[-1]) / 2 if quantity.best is None else quantity.best
    low, best, high = _scaled(said[0], rule.low), _scaled(middle, rule.best), _scaled(said[-1], rule.high)
    return low, min(max(best, low), high), high


def _scaled(value: float, factor: float) -> float:
    return value if factor == 1 else float(f"{value * factor:.{_DIGITS}g}")


def _by_factors(quantity: Quantity, rule: Rule) -> Range:
    said = quantity.said
    word = "as said" if quantity.best is not None or said[0] == said[-1] else "middle of what was said"
    made = tuple(
        text if factor == 1 else f"{text} × {factor:g} ({quantity.hedge}; {rule.table})"
        for text, factor in (("as said", rule.low), (word, rule.best), ("as said", rule.high))
    )
    numbers = bounds(quantity, {quantity.hedge: rule})
    return Range(*numbers, quantity.unit, in_words(quantity), (made[0], made[1], made[2]))


def _by_rivals(own: Range, quantity: Quantity, rivals: Mapping[str, Range], *, above: bool) -> Range:
    """Take best and the open end from rivals."""
    from statistics import median  # slow to import, and few entries have rivals

    said = quantity.said
    best = median(span.best for span in rivals.values())
    by = "best of a rival" if len(rivals) == 1 else f"median of {len(rivals)} rivals"
    ids = tuple(rivals)
    if above:
        end, outermost = max((span.high, each) for each, span in rivals.items())
        made = (own.made[0], by, f"highest of rivals, {outermost}")
        return Range(own.low, best, max(end, said[-1]), own.unit, own.words, made, ids)
    end, outermost = min((span.low, each) for each, span in rivals.items())
    made = (f"lowest of rivals, {outermost}", by, own.made[2])
    return Range(min(end, said[0]), best, own.high, own.unit, own.words, made, ids)


# ---------------------------------------------------------------- the table


def read_rules(path: str | Path | None = None) -> Rules:
    """Read a table of hedges; what a user's own table leaves out is as shipped.

    Parameters
    ----------
    path
        TOML file in the form of the shipped data/method/hedges.toml; None for the shipped one alone.

    Raises
    ------
    InputError
        The file cannot be read, or breaks the form; all faults are named at once.
    """
    if path is None:
        return _shipped_rules()
    where = str(path)
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(where, [f"cannot be read as UTF-8 text ({error}); a table of hedges is a TOML file"]) from None
    return FrozenDict({**_shipped_rules(), **_parsed_rules(text, where)})


@cache
def _shipped_rules() -> Rules:
    return FrozenDict(_parsed_rules(shipped_text("method", "hedges.toml"), SHIPPED_HEDGES))


def _parsed_rules(text: str, where: str) -> dict[Hedge, Rule]:
    from pydantic import BaseModel, Field, TypeAdapter, ValidationError

    class Row(BaseModel, extra="forbid"):
        low: float = Field(gt=0, le=1)
        best: float = Field(gt=0, allow_inf_nan=False)
        high: float = Field(ge=1, allow_inf_nan=False)
        open: Literal["none", "above", "below"]
        reason: str = Field(min_length=1)

    try:
        rows = TypeAdapter(dict[Hedge, Row]).validate_python(toml_of(text, where))
    except ValidationError as error:
        faults = validation_faults(error.errors(), lambda place: HEDGES if place[-1] == "[key]" else Row.model_fields)
        raise InputError(where, faults) from None
    return {hedge: Rule(**each.model_dump(), table=where) for hedge, each in rows.items()}
