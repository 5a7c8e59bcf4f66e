"""The words of the field: frozen mappings, equality by content, spans."""

import copy
import pickle
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from tegmen.terms import FrozenDict, Provenance, Span, content_equal


@content_equal
@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    array: np.ndarray
    table: pd.DataFrame
    parts: FrozenDict[str, object]
    share: float


def holder() -> Holder:
    array = np.array([1.0, np.nan])
    return Holder(array, pd.DataFrame({"a": [1, 2]}), FrozenDict({"x": array, "y": (1, [array])}), float("nan"))


def test_a_frozen_dict_is_a_mapping_that_cannot_be_written():
    frozen = FrozenDict({"b": 1, "a": 2})
    assert (dict(frozen), list(frozen), len(frozen)) == ({"b": 1, "a": 2}, ["b", "a"], 2)
    assert frozen == {"a": 2, "b": 1}
    with pytest.raises(TypeError):
        frozen["a"] = 3  # type: ignore[index]


def test_what_it_was_made_from_can_change_without_it():
    source = {"a": 1}
    frozen = FrozenDict(source)
    source["a"] = 2
    assert frozen["a"] == 1


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_results_copy_pickle_and_compare(again):
    assert again(holder()) == holder()
    assert again(Provenance("0", 1, {"b": "1", "a": "2"})) == Provenance("0", 1, {"a": "2", "b": "1"})


@pytest.mark.parametrize(
    "change",
    [
        {"array": np.array([1.0, 2.0])},
        {"table": pd.DataFrame({"a": [1, 3]})},
        {"parts": FrozenDict({"x": np.array([1.0, np.nan]), "y": (1, [np.array([1.0])])})},
        {"parts": FrozenDict({"x": np.array([1.0, np.nan])})},
        {"share": 0.0},
    ],
)
def test_any_other_content_is_unequal(change):
    assert replace(holder(), **change) != holder()


def test_spans_in_words():
    assert [str(Span(1, 1, 1)), str(Span(1000, 2500.5, 3000)), str(Span(None, 2, None))] == [
        "1",
        "2,500.5 (1,000–3,000)",
        "2 (?–?)",
    ]
