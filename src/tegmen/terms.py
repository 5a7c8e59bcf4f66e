"""The words of the field, their integer codes, and what every result carries: provenance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import IntEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # numpy loads only where arrays are made: take these for type checking alone.
    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Ints = NDArray[np.int64]

VERSION = "0.1.0"

EvidenceCase = Literal["posted", "claimed"]
EVIDENCE_CASES: tuple[EvidenceCase, ...] = ("posted", "claimed")
LanguageCode = Literal["en", "uk"]
"""A language that pages are written in."""

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


def tell_nobody(_what: str, _done: int, _total: int) -> None:
    """Report no progress."""


def count_of(count: int, thing: str) -> str:
    """Count things in words that agree: "1 row", "2 rows"."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def one_blas_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a stage so that linear algebra runs on one thread in it: the same bits however many the machine has."""

    @wraps(function)
    def stage(*args: P.args, **kwargs: P.kwargs) -> R:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):
            return function(*args, **kwargs)

    return stage


class ThreatClass(IntEnum):
    """The six threat classes of the model; the value is the integer code used in kernels."""

    drone = 0
    cruise = 1
    supersonic = 2
    ballistic = 3
    s300_ground = 4
    glide_bomb = 5


class FrozenDict(Mapping[K, V]):
    """A mapping that nobody can change; unlike `types.MappingProxyType` it pickles, copies and compares."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._items: dict[K, V] = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)


def same_content(one: Any, other: Any) -> bool:
    """Tell whether two values hold the same: dataclasses field by field, arrays and tables element by element."""
    if type(one) is not type(other):
        return False
    if is_dataclass(one):
        return all(same_content(getattr(one, part.name), getattr(other, part.name)) for part in fields(one))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same_content(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same_content, one, other))
    if hasattr(one, "equals"):  # tables of pandas
        return bool(one.equals(other))
    if hasattr(one, "dtype"):
        import numpy as np

        return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN is the same NaN


def content_equal(cls: type[T]) -> type[T]:
    """Let a frozen dataclass that holds arrays or tables be compared: ``==`` is `same_content`; it has no hash.

    Write it above ``@dataclass(frozen=True, slots=True, eq=False)``.
    """
    cls.__eq__ = same_content
    cls.__hash__ = None  # pyright: ignore[reportAttributeAccessIssue] - as Python does for what compares and may hold arrays
    return cls


SAME: Mapping[str, bool] = {"same": True}
"""Metadata of a field that is the same in all worlds: `take` and `join` leave it as it is."""


def take(worlds: T, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> T:
    """Keep worlds, or rows, by index and in its order: the first axis of every array of a frozen dataclass."""
    return _along_worlds([worlds], lambda arrays: arrays[0][index])


def join(parts: Sequence[T]) -> T:
    """Join worlds along the first axis of every array of frozen dataclasses of one kind."""
    from numpy import concatenate

    return _along_worlds(parts, concatenate)


def _along_worlds(parts: Sequence[T], combine: Callable[[list[NDArray[Any]]], NDArray[Any]]) -> T:
    head: Any = parts[0]
    changed = {
        part.name: _combined([getattr(each, part.name) for each in parts], combine)
        for part in fields(head)
        if not part.metadata.get("same")
    }
    return replace(head, **changed)


def _combined(values: list[Any], combine: Callable[[list[NDArray[Any]]], NDArray[Any]]) -> Any:
    head = values[0]
    if isinstance(head, Mapping):
        return FrozenDict({key: _combined([value[key] for value in values], combine) for key in head})
    return _along_worlds(values, combine) if is_dataclass(head) else combine(values)


@dataclass(frozen=True, slots=True)
class Span:
    """A planning span, not a confidence interval; None where a source gives no value.

    Parameters
    ----------
    low, best, high
        In order, in one unit.
    """

    low: float | None
    best: float | None
    high: float | None

    def __str__(self) -> str:
        low, best, high = ("?" if value is None else f"{value:,.10g}" for value in (self.low, self.best, self.high))
        return best if low == best == high else f"{best} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result came from: enough to make it again.

    Parameters
    ----------
    version
        tegmen version.
    seed
        Seed of the stochastic calls behind the result; None where nothing is random.
    inputs
        Input name to sha256 of its bytes.
    """

    version: str
    seed: int | None
    inputs: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", FrozenDict(sorted(self.inputs.items())))
