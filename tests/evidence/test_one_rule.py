"""One rule for a record with a row at fault, in every verb: left out and told; refused where that is asked for."""

import pytest

from tegmen.data import shipped_text

ROW = "2024-03-02,rocket,unnamed,UA-30,national,4,1,,1,0"
TINY = ("--worlds", "40", "--runs", "2", "--case", "posted")
VERBS = {
    "record show": ("record", "show"),
    "answer": ("answer", "march-2024", *TINY, "--out", "out"),
    "check": ("check", "7 Patriot systems are enough to halve the strikes", *TINY),
    "what-if": ("what-if", "replace", "model/salvo_ballistic", "2", "--source", "a test", *TINY),
    "drivers": ("drivers", "march-2024", "--worlds", "100", "--case", "posted", "--out", "out"),
    "backtest": ("backtest", "--from", "2024-06"),
    "forecast": ("forecast", "drone=30"),
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The shipped record, and one more row of a class nobody knows."""
    monkeypatch.chdir(tmp_path)
    text = shipped_text("record", "nights.csv")
    path = tmp_path / "own.csv"
    path.write_text(f"{text}{ROW}\n", encoding="utf-8")
    return [path], text.count("\n") + 1


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_leaves_a_row_at_fault_out_and_tells(here, own, verb):
    record, line = own
    option = [] if verb == "record show" else ["--record"]
    done = here(*VERBS[verb], *option, *record)
    assert (done.code, done.err) == (0, "")
    told = " ".join(done.out.split())
    assert "note: 1 row of the file is left out, as it cannot be read; it might have entered a rate" in told
    assert f"note: line {line}, threat_class: found 'rocket'" in told
    assert "(left out: national, 4 launched, 1 intercepted; a rate might have counted it)" in told


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_it_where_that_is_asked_for(here, own, verb):
    record, line = own
    option = [] if verb == "record show" else ["--record"]
    done = here(*VERBS[verb], *option, *record, "--strict")
    assert (done.code, done.out) == (1, "")
    assert f"own.csv: line {line}, threat_class: found 'rocket'" in done.err
