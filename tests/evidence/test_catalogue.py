"""The catalogue against its sources, closed forms of the PERT, and every fault a table can have."""

from __future__ import annotations

import copy
import csv
import hashlib
import math
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from locations import ROOT, SHARED, needs_shared
from scipy import integrate
from scipy.stats import beta

from tegmen.errors import InputError
from tegmen.evidence.catalogue import TABLES, Parameter, kind_name, read_catalogue
from tegmen.terms import ThreatClass

SOURCES = SHARED / "data" / "catalogue"
SHIPPED = Path(str(files("tegmen").joinpath("data", "catalogue")))

CATALOGUE = read_catalogue()
MEET_BALLISTIC = CATALOGUE.kinds.meeting(ThreatClass.ballistic)
MEET_CRUISE = CATALOGUE.kinds.meeting(ThreatClass.cruise)


def parameter(low: float | None, best: float | None, high: float | None, **other: str) -> Parameter:
    return Parameter(
        name="reach",
        low=low,
        best=best,
        high=high,
        unit=other.pop("unit", "km"),
        source=other.pop("source", "a newspaper"),
        verified=False,
        **other,
    )


def copy_tables(folder: Path) -> Path:
    for name in TABLES:
        (folder / name).write_bytes((SHIPPED / name).read_bytes())
    return folder


def replace_first(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# ------------------------------------------------------------------ PERT


def binomial_tail(successes: int, trials: int, chance: Fraction) -> Fraction:
    """P(Binomial >= successes) = CDF of Beta(successes, trials - successes + 1) at chance."""
    return sum(
        (math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(successes, trials + 1)),
        Fraction(0),
    )


@pytest.mark.parametrize(
    ("quarter", "shapes"), [(0, (1, 5)), (1, (2, 4)), (2, (3, 3)), (3, (4, 2)), (4, (5, 1))], ids=str
)
@pytest.mark.parametrize("tenth", range(1, 10))
def test_pert_quantile_of_the_exact_cdf_is_the_argument(quarter, shapes, tenth):
    # On [2, 6] with best = 2 + quarter the shapes are whole, so the beta CDF is an exact binomial tail.
    span = parameter(2.0, 2.0 + quarter, 6.0)
    left, right = shapes
    x = Fraction(tenth, 10)
    level = float(binomial_tail(left, left + right - 1, x))
    assert span.pert(np.array([level]))[0] == pytest.approx(2.0 + 4.0 * float(x), rel=1e-12)


@pytest.mark.parametrize(("low", "best", "high"), [(15, 20, 35), (0, 0.1, 0.5), (0.3, 0.6, 1.0), (1, 2, 2), (5, 5, 9)])
def test_pert_mean_is_low_plus_four_best_plus_high_over_six(low, best, high):
    span = parameter(low, best, high)
    mean, error = integrate.quad(lambda u: float(span.pert(np.array([u]))[0]), 0.0, 1.0, limit=400)
    assert error < 1e-6
    assert mean == pytest.approx((low + 4 * best + high) / 6, abs=1e-6 * (high - low))


@given(
    bounds=st.tuples(*[st.floats(0, 1e4)] * 3).map(sorted).filter(lambda b: b[2] - b[0] > 1e-3),
    levels=st.lists(st.floats(0, 1), min_size=1, max_size=8).map(sorted),
)
def test_pert_stays_in_its_span_rises_and_agrees_with_scipy(bounds, levels):
    low, best, high = bounds
    u = np.array(levels)
    quantiles = parameter(low, best, high).pert(u)
    assert np.all((quantiles >= low) & (quantiles <= high))
    assert np.all(np.diff(quantiles) >= -1e-9 * (high - low))
    width = high - low
    # The rival can be NaN at the smallest doubles; the quantile there is `low` to 11 digits.
    rival = beta.ppf(
        np.where(u < 1e-60, 0.0, u), 1 + 4 * (best - low) / width, 1 + 4 * (high - best) / width, loc=low, scale=width
    )
    assert np.allclose(quantiles, rival, atol=1e-9 * width)


def test_pert_ends_and_constant():
    assert parameter(2.0, 3.0, 7.0).pert(np.array([0.0, 1.0])).tolist() == [2.0, 7.0]
    # The inverse of the library is NaN at the smallest doubles.
    assert parameter(0.0, 1.0, 2.0).pert(np.array([5e-324, 2.3e-308, 1e-300, 1e-120, 1e-61])) == pytest.approx(
        [0.0] * 5, abs=1e-11
    )
    assert parameter(4.0, 4.0, 4.0).pert(np.array([[0.0, 0.3], [0.9, 1.0]])).tolist() == [[4.0, 4.0], [4.0, 4.0]]


@pytest.mark.parametrize(("low", "best", "high"), [(None, 1.0, 2.0), (1.0, None, 2.0), (1.0, 2.0, None)])
def test_pert_refuses_a_missing_bound(low, best, high):
    with pytest.raises(InputError, match=r"found low, best, high = .*none.*; a range needs all three"):
        parameter(low, best, high).pert(np.array([0.5]))


@pytest.mark.parametrize("level", [-0.1, 1.1, float("nan")])
def test_pert_refuses_a_level_outside_the_unit_interval(level):
    with pytest.raises(InputError, match=r"u: found a level outside \[0, 1\] or NaN"):
        parameter(1.0, 2.0, 3.0).pert(np.array([level]))


def test_value_refuses_a_missing_best():
    assert parameter(1.0, 2.0, 3.0).value == 2.0
    with pytest.raises(InputError, match="best value: none in a newspaper"):
        _ = parameter(1.0, None, 3.0).value


# ------------------------------------------------------------------ faults of a row


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: parameter(3.0, 2.0, 4.0), "range out of order: found 3, 2, 4, must be low <= best <= high"),
        (lambda: parameter(3.0, None, 2.0), "range out of order: found 3, none, 2"),
        (lambda: parameter(None, None, None), "no value"),
        (lambda: parameter(0.0, float("nan"), 1.0), "allowed are finite numbers"),
        (lambda: parameter(0.0, 1.0, float("inf")), "allowed are finite numbers"),
        (
            lambda: parameter(0.0, 0.5, 1.2, unit="fraction"),
            r"found 0, 0\.5, 1\.2 fraction; plausible is 0 to 1 fraction",
        ),
        (lambda: parameter(-0.1, 0.5, 1.0, unit="fraction"), r"found -0\.1"),
        (lambda: parameter(1.0, 2.0, 3.0, unit="furlongs"), "unit: found 'furlongs'; units with a plausible span are"),
        (lambda: parameter(1.0, 2.0, 3.0, source=" "), "source: missing; say where"),
        (lambda: parameter(1.0, 2.0, 3.0, unit=""), "unit: missing"),
        (lambda: parameter(1.0, 2.0, 3.0, system="THAAD!"), "system: found 'THAAD!'; an id is small letters"),
        (lambda: parameter(1.0, 2.0, 3.0, threat_class="rocket"), "threat_class: found 'rocket', allowed are drone"),
    ],
)
def test_a_wrong_row_is_refused_with_what_is_allowed(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_every_row_stands_in_the_plausible_span_of_its_unit_with_room_on_both_sides_or_at_a_natural_end():
    """A second reading of the table of units: each span is ordered, explained, and wider than what the rows hold."""
    with (SHIPPED / "units.csv").open(encoding="utf-8", newline="") as file:
        spans = {(row["unit"], row["parameter"]): row for row in csv.DictReader(file)}
    for key, row in spans.items():
        assert float(row["lowest"]) < float(row["highest"]), key
        assert row["why"].strip(), key
        assert (key[0], "") in spans, key
    for row in CATALOGUE.parameters:
        span = spans.get((row.unit, row.name), spans.get((row.unit, "")))
        assert span is not None, row.id
        values = [value for value in (row.low, row.best, row.high) if value is not None]
        lowest, highest = float(span["lowest"]), float(span["highest"])
        assert lowest <= min(values) <= max(values) <= highest, row.id
        assert max(values) < highest or row.unit == "fraction", row.id


def test_no_row_takes_a_number_that_is_not_plausible_in_its_unit():
    for row in CATALOGUE.parameters:
        for value in (-5.0, -1e-9, -1e308, 1e13, 1e308):
            with pytest.raises(
                InputError, match=rf"{re.escape(row.unit)}; plausible is \S+ to \S+ {re.escape(row.unit)}"
            ):
                CATALOGUE.with_replaced(row.id, (value, value, value), "a slip")


def test_all_faults_of_a_row_are_named_together():
    with pytest.raises(InputError, match=r"range out of order.*") as caught:
        parameter(3.0, 2.0, 4.0, source="", unit="")
    assert len(caught.value.faults) == 3


# ------------------------------------------------------------------ faults of a folder


def test_all_faults_of_all_tables_are_reported_together(tmp_path):
    folder = copy_tables(tmp_path)
    replace_first(folder / "model.csv", "reaction_s,,,10,15,30,s,", "reaction_s,,,40,15,thirty,s,")
    replace_first(folder / "model.csv", "salvo_cruise,,,1,2,2,", "salvo_cruise,,,3,2,2,")
    replace_first(folder / "systems.csv", ",true,", ",perhaps,")
    replace_first(folder / "threats.csv", "value_high", "value_highest")
    (folder / "inventories.csv").unlink()
    (folder / "consequences.csv").write_bytes(b"metric\xff")
    with pytest.raises(InputError, match="6 faults") as caught:
        read_catalogue(folder)
    text = str(caught.value)
    assert str(folder) in text
    assert "model.csv line 4 (value_high): found 'thirty', allowed is a number or nothing" in text
    assert "model.csv line 3 (salvo cruise): range out of order: found 3, 2, 2" in text
    assert "found 'perhaps', allowed are true and false" in text
    assert "threats.csv: missing column value_high" in text
    assert "inventories.csv: not found" in text
    assert "consequences.csv: not UTF-8 text" in text


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    folder = copy_tables(tmp_path)
    replace_first(folder / "model.csv", "reaction_s,,,", "reaction_s,,,,")
    with pytest.raises(InputError, match=r"model\.csv line 4: found 11 cells, the header has 10"):
        read_catalogue(folder)


def test_a_row_stated_twice_is_refused(tmp_path):
    folder = copy_tables(tmp_path)
    path = folder / "model.csv"
    path.write_text(path.read_text(encoding="utf-8") + path.read_text(encoding="utf-8").splitlines()[1] + "\n")
    with pytest.raises(InputError, match="'salvo ballistic' stands there twice"):
        read_catalogue(folder)


def test_a_changed_number_is_read_and_changes_the_digest(tmp_path):
    folder = copy_tables(tmp_path)
    assert read_catalogue(folder).sha256 == CATALOGUE.sha256
    replace_first(folder / "model.csv", "reaction_s,,,10,15,30,", "reaction_s,,,10,20,30,")
    changed = read_catalogue(folder)
    assert changed.model("reaction_s").value == 20.0
    assert changed.sha256 != CATALOGUE.sha256


# ------------------------------------------------------------------ look-ups


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda: CATALOGUE.system("thaad", "range"), "no system 'thaad'; there are buk_m1, ew"),
        (lambda: CATALOGUE.system("hawk", "speed"), "system 'hawk': no parameter 'speed'; there are defended_radius"),
        (lambda: CATALOGUE.threat("rocket", "range"), "no threat class 'rocket'; there are ballistic, cruise"),
        (lambda: CATALOGUE.threat("cruise", "range"), "stated for several models .*kh_101, kalibr.*; name one"),
        (lambda: CATALOGUE.threat("cruise", "range", "v1"), "no model 'v1'; there are iskander_k"),
        (lambda: CATALOGUE.threat("cruise", "colour", "kalibr"), "no parameter 'colour'; there are cruise_speed"),
        (lambda: CATALOGUE.model("luck"), "model.csv: no parameter 'luck'; there are altitude_m"),
        (lambda: CATALOGUE.model("packet_size"), r"no \(threat class, system\).*there are \(ballistic, no system\)"),
        (lambda: CATALOGUE.inventory("Atlantis", "patriot"), "no holder 'Atlantis'; there are All partners"),
        (lambda: CATALOGUE.inventory("France", "patriot"), "holder 'France': no system 'patriot'; there are sampt"),
        (lambda: CATALOGUE.inventory("minimum", "patriot"), "no holder 'minimum'"),
        (lambda: CATALOGUE.consequence("rain", "2024-03-01", "2024-03-31"), "no metric 'rain'; there are airspace"),
        (
            lambda: CATALOGUE.consequence("trypilska_missiles_launched", "2024-04-11", "2024-04-12"),
            "no period '2024-04-11/2024-04-12'; there are 2024-04-11/2024-04-11",
        ),
        (lambda: CATALOGUE.row("systems/patriot/reach"), "no number has the id 'systems/patriot/reach'; the nearest"),
    ],
)
def test_a_failed_look_up_names_what_exists(look, message):
    with pytest.raises(InputError, match=message):
        look()


def test_the_founding_numbers():
    """The article of 3 April 2024: more than 100 held, five to seven needed, 400 missiles, 600 drones, 3,000 bombs."""
    assert CATALOGUE.inventory("All partners", "patriot").low == 100
    totals = {"missiles_launched": 400, "shahed_launched": 600, "guided_bombs": 3000}
    for metric, number in totals.items():
        assert CATALOGUE.row(f"official_totals/{metric}/2024-03-01/2024-03-31").value == number
    assert CATALOGUE.row("inventories/minimum/patriot/need/2024-04-03").span[::2] == (5, 7)
    assert CATALOGUE.consequence("trypilska_missiles_intercepted", "2024-04-11", "2024-04-11").value == 7


def test_trypilska_and_open_ended_rows_are_kept_as_they_are():
    longest = CATALOGUE.consequence("airspace_violation_poland_duration", "2023-12-29", "2023-12-29")
    assert (longest.low, longest.best, longest.high) == (None, None, 180.0)


FOUGHT = [kind.name for kind in ThreatClass if kind is not ThreatClass.glide_bomb]
SHARES = (
    "relative_effectiveness", "dispersed_share", "share_at_places", "power_target_share", "plant_damage",
    "other_target_share", "maintenance_share", "repair_abroad_share", "training_share",
)  # fmt: skip


@pytest.mark.parametrize("name", ["power_target_share", "plant_damage", "packet_size", "wave_spread_s"])
def test_every_class_that_is_fought_has_its_parameters(name):
    assert [CATALOGUE.model(name, kind).threat_class for kind in FOUGHT] == FOUGHT


def test_the_models_own_numbers_are_shares_and_amounts_that_span_all_worlds():
    # That each of these is drawn, and nothing else, is a test of the worlds.
    own = [row for row in CATALOGUE.parameters if row.table == "model.csv"]
    assert all(row.span[0] >= 0 for row in own)
    shares = [row for row in own if row.name in SHARES]
    assert {row.name for row in shares} == set(SHARES)
    assert all(row.unit == "fraction" for row in shares)


def test_a_number_of_the_model_is_read_somewhere_or_says_whose_assumption_it_is():
    for row in CATALOGUE.parameters:
        if row.table == "model.csv":
            own = re.search("assumption of tegmen|background knowledge", row.source)
            read = re.search(r"[a-z]\.[a-z]+ (and [a-z.]+ )?(on )?\d{4}", row.source)
            assert own or read, row.id
            assert not (own and row.verified), row.id


def test_a_source_later_than_march_2024_says_why_it_may_speak_of_march_2024():
    rows = [row for row in CATALOGUE.parameters if row.table == "model.csv"]
    late = [row for row in rows if max(re.findall(r"20\d\d-\d\d", row.source), default="") > "2024-03"]
    assert late
    assert [row.id for row in late if "later than March 2024" not in row.note] == []


@pytest.mark.parametrize("system", MEET_BALLISTIC)
def test_availability_fits_the_shares_of_units_that_were_counted(system):
    """14 of 15 US battalions, 6 of 8 Ukrainian and 3 of 4 Dutch units could fight, 2 of 4 Romanian at worst."""
    out = [CATALOGUE.model(f"{why}_share", system=system) for why in ("maintenance", "repair_abroad", "training")]
    worst, best = (math.prod(1 - row.span[end] for row in out) for end in (2, 0))
    mean = math.prod(1 - (low + 4 * best + high) / 6 for low, best, high in (row.span for row in out))
    assert worst < 2 / 4 < 3 / 4 < mean < 14 / 15 < best < 1


def test_the_best_system_against_a_class_is_the_reference():
    for kind, systems in (("cruise", MEET_CRUISE), ("ballistic", MEET_BALLISTIC)):
        assert max(CATALOGUE.model("relative_effectiveness", kind, s).span[2] for s in systems) == 1.0
    assert CATALOGUE.model("relative_effectiveness", "ballistic", "patriot").span == (1.0, 1.0, 1.0)
    for system in set(MEET_CRUISE) - set(MEET_BALLISTIC):
        with pytest.raises(InputError, match=rf"no \(threat class, system\) '\(ballistic, {system}\)'"):
            CATALOGUE.model("relative_effectiveness", "ballistic", system)


def test_labels_are_words_and_unique_within_a_table():
    rows = CATALOGUE.parameters
    assert CATALOGUE.model("relative_effectiveness", "cruise", "hawk").label == "hawk, cruise: relative effectiveness"
    assert len({(row.table, row.label) for row in rows}) == len(rows)


def test_digests_are_those_of_the_files():
    assert set(CATALOGUE.files) == set(TABLES)
    for name, digest in CATALOGUE.files.items():
        assert digest == hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest()
    joined = "\n".join(f"{name} {CATALOGUE.files[name]}" for name in sorted(TABLES))
    assert CATALOGUE.sha256 == hashlib.sha256(joined.encode()).hexdigest()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_catalogue_copies_pickles_and_compares(again):
    assert again(CATALOGUE) == CATALOGUE
    row = CATALOGUE.model("reaction_s")
    assert again(row) == row
    changed = CATALOGUE.with_replaced(row.id, (1.0, 2.0, 3.0), "a test")
    assert again(changed) == changed != CATALOGUE


# ------------------------------------------------------------------ systems


def test_kinds_are_coded_from_the_most_able_down():
    """Kernels take the first codes for what meets ballistic missiles, the next for what meets cruise missiles."""
    kinds = CATALOGUE.kinds
    assert kinds.ids[:2] == MEET_BALLISTIC == ("patriot", "sampt")
    assert kinds.ids[:7] == kinds.meeting(ThreatClass.ballistic, ThreatClass.cruise)
    assert kinds.ids[7:] == ("gepard", "mobile_fire_group", "ew")
    assert kinds.meeting(ThreatClass.drone) == ("gepard", "mobile_fire_group")
    # S-300PS has a radius against ballistic missiles, of 0; jamming a reach, and no row says that it stops anything.
    assert kinds.met["s300ps"] == {ThreatClass.cruise}
    assert not kinds.met["ew"]
    assert [kinds.code(kind) for kind in kinds.ids] == list(range(len(kinds)))


def test_what_a_kind_meets_follows_from_its_rows_alone():
    radius = replace(CATALOGUE.of_kind("patriot", "defended_radius_ballistic"), system="new_one", table="kinds")
    kinds = CATALOGUE.with_rows([radius]).kinds
    assert kinds.ids[:3] == ("patriot", "sampt", "new_one")  # after those of its class, and before all others
    assert kinds.met["new_one"] == {ThreatClass.ballistic}
    none = CATALOGUE.with_replaced("systems/sampt/defended_radius_ballistic", (0.0, 0.0, 0.0), "a test").kinds
    assert none.meeting(ThreatClass.ballistic) == ("patriot",)


def test_every_kind_has_a_name_and_every_row_a_kind_of_the_table_of_systems():
    facts = [row for row in CATALOGUE.parameters if row.table == "systems.csv"]
    assert {row.system for row in facts} == {*CATALOGUE.names} == {*CATALOGUE.kinds.ids}
    assert len(set(CATALOGUE.names.values())) == len(CATALOGUE.names)
    assert (kind_name("sampt"), kind_name("made_up")) == ("SAMP/T", "made up")


def test_a_row_is_found_by_the_first_name_that_its_kind_has():
    each = "ready_missiles_per_launcher"
    assert CATALOGUE.of_kind("patriot", f"{each}_pac2", each).value == 4
    assert CATALOGUE.of_kind("sampt", f"{each}_pac2", each).value == 8
    assert CATALOGUE.of_kind("buk_m1", "launchers_per_fire_unit").table == "model.csv"
    with pytest.raises(InputError, match="gepard, class 'cruise': no row kill_share; there are none; add a row"):
        CATALOGUE.of_kind("gepard", "kill_share", threat_class="cruise")


# ------------------------------------------------------------------ against the source tables


def source_rows(name: str) -> list[dict[str, str]]:
    with (SOURCES / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def as_number(text: str) -> float | None:
    return float(text) if text else None


def reread_rows(table: str) -> list[dict[str, str]]:
    with (ROOT / "scripts" / "reread.csv").open(encoding="utf-8", newline="") as handle:
        return [row for row in csv.DictReader(handle) if row["table"] == table]


@needs_shared
@pytest.mark.parametrize("name", ["systems.csv", "threats.csv", "inventories.csv", "official_totals.csv"])
def test_every_source_row_is_there_with_its_numbers_source_and_verified_flag(name):
    """What differs from the source tables is what was read again, and nothing else."""

    def content(row: dict[str, str], prefix: str, verified: bool):
        bounds = (as_number(row[f"{prefix}_{bound}"]) for bound in ("low", "best", "high"))
        return (*bounds, row["unit"], row["source"], verified)

    prefix = "quantity" if name == "inventories.csv" else "value"
    expected = [content(row, prefix, row["verified_in_source"] == "yes") for row in source_rows(name)]
    shipped = [
        (row.low, row.best, row.high, row.unit, row.source, row.verified)
        for row in CATALOGUE.parameters
        if row.table == name
    ]
    differing = [ours for ours, theirs in zip(shipped, expected, strict=True) if ours != theirs]
    assert sorted(differing, key=str) == sorted(
        (content(row, "value", row["verified"] == "true") for row in reread_rows(name)), key=str
    )
    assert any(row[-1] for row in shipped)


@needs_shared
def test_facts_are_under_the_right_system_and_class():
    reread = {(row["about"], row["what"]) for row in reread_rows("systems.csv")}
    for row in source_rows("systems.csv"):
        if not row["id"].startswith("patriot_") and (row["id"], row["parameter"]) not in reread:
            assert CATALOGUE.system(row["id"], row["parameter"]).best == as_number(row["value_best"])
    for row in reread_rows("systems.csv"):
        assert CATALOGUE.system(row["about"], row["what"]).best == as_number(row["value_best"])
    assert CATALOGUE.system("patriot", "pac3_mse_interceptor_cost").best == 4
    assert CATALOGUE.system("patriot", "pac2_gemt_interceptor_cost").best == 2.2
    places = {"kinzhal": "ballistic", "zircon": "ballistic", "kh_31": "supersonic", "s300_ss": "s300_ground"}
    for model, kind in places.items():
        assert CATALOGUE.threat(kind, "warhead_mass", model).subject == model


@needs_shared
def test_compiling_again_gives_the_shipped_tables(tmp_path):
    script = ROOT / "scripts" / "compile_catalogue.py"
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path)], check=True, env=dict(os.environ))
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(set(TABLES) - {"model.csv"})
    for name in written:
        assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes(), name
