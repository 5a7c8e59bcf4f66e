"""Arguments of the public functions: another type than theirs, or an unknown word, is refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, isfunction, signature
from typing import Literal

import pytest
from core_example import evidence

import tegmen as tg
from tegmen.errors import InputError, checked_arguments

MARCH = tg.read_scenario("march-2024")
SMALL = tg.Effort(worlds=20, runs=2)


def ask(function: Callable[..., object], *arguments: object, **options: object) -> None:
    function(MARCH, evidence().calibration, *arguments, effort=SMALL, **options)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tg.sufficiency("march-2024", evidence().calibration), "found 'march-2024' (str); give a Scenario"),
        (lambda: tg.sufficiency(MARCH, evidence().calibration.record), "give a Calibration"),
        (lambda: ask(tg.sufficiency, seed="x"), "seed: found 'x' (str); give a whole number"),
        (lambda: ask(tg.sufficiency, seed=1.5), "give a whole number"),
        (lambda: ask(tg.sufficiency, cases=("claimd",)), "the evidence cases are posted and claimed"),
        (lambda: ask(tg.sufficiency, cases=None), "cases: found None (NoneType); give a list of"),
        (lambda: ask(tg.sufficiency, progress=3), "progress: found 3 (int); give a function or None"),
        (lambda: tg.sufficiency(MARCH, evidence().calibration, effort=3), "found 3 (int); give an Effort or None"),
        (lambda: ask(tg.allocate, added=7), "give a mapping of text to a whole number"),
        (lambda: ask(tg.allocate, added={"patriot": 2.5}), "give a mapping of text to a whole number"),
        (lambda: ask(tg.allocate, added={"patriot": 7}, case="claimd"), "give 'posted' or 'claimed'"),
        (lambda: ask(tg.drive, cases=("x",)), "the evidence cases are posted and claimed"),
        (lambda: tg.claim_of("patriot", "7", 7, None, MARCH), "low: found '7' (str); give a whole number"),
        (lambda: tg.claim_of("patriot", 7, 7, "strikes", MARCH), "goal: found 'strikes' (str); give a Goal or None"),
        (lambda: tg.read_claim(7, MARCH), "words: found 7 (int); give text"),
        (lambda: tg.check_claim("7 Patriots", MARCH, evidence().calibration), "give a PublicClaim"),
        (lambda: ask(tg.what_if, "model/reaction_s"), "give (text, (a number, a number, a number), text)"),
        (lambda: tg.replace_number(MARCH, "model/reaction_s", (1, 2), "x"), "give (a number, a number, a number)"),
        (lambda: tg.calibrate("x", until="2024-03-31"), "give a Record"),
        (lambda: tg.draft_scenario("2024-03", "x"), "record: found 'x' (str); give a Record"),
        (lambda: tg.draft_scenario("2024-03", evidence().calibration.record, goals="strikes"), "give a list of text"),
        (lambda: tg.backtest(evidence().calibration.record, horizon="year"), "give 'night' or 'month'"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_said(call: Callable[[], object], said: str):
    with pytest.raises(InputError) as refused:
        call()
    assert said in str(refused.value)


def needed(function: Callable[..., object]) -> list[Parameter]:
    """Arguments without which a function cannot be called."""
    own = signature(function).parameters.values()
    return [each for each in own if each.default is Parameter.empty and each.kind is not Parameter.VAR_POSITIONAL]


FUNCTIONS = [getattr(tg, name) for name in sorted(tg.__all__) if isfunction(getattr(tg, name))]


@pytest.mark.parametrize("function", [each for each in FUNCTIONS if needed(each)], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    "wrong", [None, 7, b"x", [], {}, object(), 1.5, ("a",), True], ids=lambda wrong: type(wrong).__name__
)
def test_no_public_function_is_surprised_by_a_wrong_type(function: Callable[..., object], wrong: object):
    named = {each.name: wrong for each in needed(function) if each.kind is Parameter.KEYWORD_ONLY}
    with pytest.raises(tg.TegmenError):
        function(*[wrong] * (len(needed(function)) - len(named)), **named)


def test_what_fits_passes_and_nothing_is_changed():
    @checked_arguments
    def answer(
        text: str,
        number: float,
        words: Sequence[str],
        kinds: Mapping[str, int],
        case: Literal["a"] = "a",
        *more: object,
    ) -> tuple[object, ...]:
        return (text, number, words, kinds, case, *more)

    given = ("x", 1, ["y"], {"z": 2}, "a", object())
    assert answer(*given) == given
    with pytest.raises(TypeError):
        answer("x")  # pyright: ignore[reportCallIssue]
