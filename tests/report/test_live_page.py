"""The live page in a browser: everything a hand can move, what it says of it, and that nothing gets in or out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from browser import browser, needs_browser
from core_example import evidence, study_of
from hypothesis import given, settings
from hypothesis import strategies as st
from locations import ROOT
from report_example import example
from selectolax.lexbor import LexborHTMLParser

import tegmen as tg
from tegmen.answer.live import carry, evaluate, held_goal, read_state, worlds_for
from tegmen.question.numbers import gather
from tegmen.report.live_page import LANGUAGES, MODULES, live_page, one_script
from tegmen.report.sealed import in_script
from tegmen.terms import FrozenDict

TSC = shutil.which("tsc")
HOSTILE = "</script><img src=x onerror=\"document.title='taken'\">"
FOLDER = ROOT / "src" / "tegmen" / "report" / "live"
CHANGES = {
    "threshold": 0.4, "confidence": 0.7, "rounds": 22, "ready": 0.61, "elsewhere": 0.7, "salvo": 3, "launched": 44,
    "reaction": 0.2,
}  # fmt: skip


def hostile_scenario():
    place = {"name": HOSTILE, "latitude": 48.9, "longitude": 33.1, "population": 90_000, "source": HOSTILE}
    march = evidence().scenario
    claim = march.claims[0].model_copy(update={"label": HOSTILE, "source": HOSTILE})
    official = march.official.model_copy(update={"source": HOSTILE})
    changed = {"places": [place], "claims": (claim, *march.claims[1:]), "official": official}
    return tg.Scenario.model_validate(march.model_dump(by_alias=True, exclude={"sha256"}) | changed)


@pytest.fixture(scope="module")
def studied():
    return study_of(hostile_scenario(), worlds=60)


@pytest.fixture(scope="module")
def answered(studied):
    """A made-up answer, whose numbers are not those of its worlds: so it shows which of the two the page prints."""
    scenario, made = studied.scenario, example()
    cases = {case: replace(answer, carried=carry(studied, case)) for case, answer in made.cases.items()}
    sources = gather(scenario, ())
    return replace(made, scenario=scenario, evidence=sources, places=studied.theatre.places, cases=FrozenDict(cases))


@pytest.fixture(scope="module")
def file(answered, tmp_path_factory):
    return tg.write_live(answered, tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def window():
    with browser() as page:
        yield page


@pytest.fixture
def page(window, file):
    window.logged.clear()
    window.asked.clear()
    window.call("Page.navigate", url="about:blank")
    window.open(file.as_uri())
    yield window
    assert not window.logged
    asked = {address.partition("#")[0] for address in window.asked if not address.startswith("data:image/svg+xml")}
    assert asked <= {file.as_uri(), "about:blank"}


def state_of(page) -> str:
    return page.value("location.hash")


def own(page, studied, answered):
    """What Python says of the state that the page is in."""
    text = re.sub(r"&(n|a|lang)=[^&]*", "", state_of(page))
    state = read_state(text, studied.scenario, studied.theatre)
    name = worlds_for(held_goal(studied.scenario, state.goal), state.targets)
    return evaluate(answered.cases[state.case].carried[name], studied.scenario, state)


def saved(page, button: str) -> str:
    """What a button hands over as a file."""
    page.value(
        "HTMLAnchorElement.prototype.click = () => {}; URL.createObjectURL = (b) => { window.taken = b; return '#'; }"
    )
    page.value("delete window.taken")
    page.click(button)
    page.until("window.taken")
    return page.value("window.taken.text()")


@needs_browser
def test_the_page_opens_with_pythons_own_numbers(page, answered):
    headline = answered.cases["posted"].headline
    assert page.text("#number") == f"{headline.n} more Patriot fire units"
    assert headline.goal.label in page.text("#rest")
    assert page.text("#figures .value").startswith(f"{100 * headline.probability[headline.n]:.0f}")
    assert page.value("document.body.dataset.changed") == "false"
    assert page.text("#command").startswith("tegmen answer ")


@needs_browser
def test_every_control_moves_the_numbers_to_pythons_and_is_set_back(page, studied, answered):
    for name, value in CHANGES.items():
        page.set(f"#{name}", value)
        assert f"{name}={value}" in state_of(page), name
    for choice in ("#case-claimed", "#plan-blind", "#targets-front", "#plan-informed", "#targets-named"):
        page.click(choice)
        page.set("#shown", 12)
        expected = own(page, studied, answered)
        assert page.text("#shown-value").removeprefix("12: ") in percents(expected.probability[12])
    assert page.value("document.body.dataset.changed") == "true"
    for name in CHANGES:
        page.click(f"#reset-{name}")
        assert f"{name}=" not in state_of(page), name
    page.click("#reset-all")
    assert state_of(page) == "#case=claimed"


def percents(share: float) -> set[str]:
    """A share as the page writes it; a share on the edge of two either way."""
    space = "\u00a0"
    if 0 < share <= 0.005:
        return {f"<{space}1{space}%"}
    return (
        {f">{space}99{space}%"} if 0.995 <= share < 1 else {f"{100 * (share + e):.0f}{space}%" for e in (-1e-9, 1e-9)}
    )


@needs_browser
@pytest.mark.parametrize("goal", ["people", "capitals"])
def test_other_goals_are_worked_out_too(page, studied, answered, goal: str):
    page.set("#goal", goal)
    page.set("#threshold", 2 if goal == "capitals" else 0.8)
    page.value("new Promise((done) => setTimeout(done, 250))")
    page.set("#shown", 20)
    assert page.text("#shown-value").removeprefix("20: ") in percents(own(page, studied, answered).probability[20])
    assert page.value("document.querySelector('#reaction').disabled")


@needs_browser
@pytest.mark.parametrize("goal", ["cruise_strikes", "drone_strikes", "all_strikes", "capacity"])
def test_goals_of_all_classes_are_worked_out_with_units_of_any_kind(page, studied, answered, goal: str):
    page.set("#goal", goal)
    assert page.value("document.querySelector('#plan-blind').disabled")
    assert page.value("document.querySelector('#targets-front').disabled")
    page.click("#plan-own")
    while units_of(page):
        page.click("#remove-0")
    for kind, place in (("iris_t_slm", 0), ("gepard", 1), ("nasams", 2), ("mobile_fire_group", 0)):
        page.set("#add-place", place)
        page.click(f"#add-{kind}")
    page.set("#threshold", 0.95)
    page.until("document.body.ariaBusy !== 'true'")
    expected = own(page, studied, answered)
    assert page.text("#shown-value").removeprefix("4: ") in percents(expected.probability[4])
    strikes = float(page.value("document.querySelectorAll('#figures .value')[1].textContent").replace(",", ""))
    assert strikes == pytest.approx(expected.struck[4].sum(), abs=0.0501)
    # Guns meet drones, and a battery of NASAMS cruise missiles: each lowers what it is for, or nothing.
    falls = -np.diff(expected.remaining.mean(axis=0)) > 1e-12
    met = {"cruise_strikes": (True, False, True, False), "drone_strikes": (False, True, False, True)}
    if goal in met:
        assert tuple(falls) == met[goal]
    scenario = saved(page, "#export-toml")
    assert f'metric = "{held_goal(studied.scenario, goal).metric}"' in scenario


@needs_browser
def test_a_kind_that_meets_no_ballistic_missile_changes_nothing_about_them(page):
    page.click("#plan-own")
    page.click("#clear")
    page.set("#add-place", 0)
    page.click("#add-nasams")
    assert page.text("#shown-value").removeprefix("1: ") == "0\u00a0%"
    assert page.text("#number") == "Your 1 unit"


@needs_browser
def test_a_claim_stands_at_the_goal_that_it_is_about(page):
    assert "whole country" not in page.text("#claims")
    page.set("#goal", "capitals")
    assert page.text("#claims").startswith("25: whole country")
    page.set("#goal", "people")
    assert page.text("#claims") == ""
    assert page.text("#no-claims")


@needs_browser
def test_beyond_the_sourced_range_is_marked_and_what_python_refuses_is_refused(page):
    page.set("#ready-exact", 0.2)
    assert "beyond the sourced range" in page.value("document.querySelector('#ready').parentElement.textContent")
    page.set("#ready-exact", 1.2)
    assert "ready=0.2" in state_of(page)
    page.open(f"{page.value('location.href').partition('#')[0]}#case=posted&ready=7&colour=red")
    assert "ready, colour" in page.text("#refused")


@needs_browser
def test_a_unit_is_dropped_dragged_moved_by_keys_and_removed(page, studied, answered):
    page.set("#shown", 2)
    x, y = page.middle_of("#map")
    spot, button = box_of(page, "#map svg"), box_of(page, "#add-sampt")
    begin = (button[0] + 9, button[1] + 9)
    there = (spot[0] + 0.3 * spot[2], spot[1] + 0.4 * spot[3])
    page.drag([begin, (spot[0] + 20, spot[1] + 20), there])
    units = units_of(page)
    assert [unit.partition("@")[0] for unit in units] == ["patriot", "patriot", "sampt"]
    before = page.text("#shown-value").removeprefix("3: ")
    assert before in percents(own(page, studied, answered).probability[3])
    page.drag([there_of(page, 2), (x, y), (spot[0] + 0.7 * spot[2], spot[1] + 0.5 * spot[3])])
    moved = units_of(page)
    assert moved[:2] == units[:2]
    assert moved[2] != units[2]
    page.value("document.querySelector('[data-unit=\"2\"]').focus()")
    page.press("ArrowLeft")
    assert units_of(page)[2] != moved[2]
    page.press("Delete")
    assert units_of(page) == units[:2]
    page.drag([there_of(page, 0), (5, 5)])
    assert units_of(page) == units[1:2]
    page.click("#remove-0")
    assert units_of(page) == []
    page.set("#add-place", 3)
    page.click("#add-patriot")
    assert len(units_of(page)) == 1


def units_of(page) -> list[str]:
    found = page.value("new URLSearchParams(location.hash.slice(1)).get('units')")
    return found.split(",") if found else []


def box_of(page, selector: str) -> list[float]:
    """Left, top, width and height on the screen."""
    box = f"const b = document.querySelector({selector!r}).getBoundingClientRect();"
    return page.value(f"(() => {{ {box} return [b.x, b.y, b.width, b.height]; }})()")


def there_of(page, unit: int) -> tuple[float, float]:
    """Where a unit's mark stands on the screen now."""
    x, y, width, height = box_of(page, f'[data-unit="{unit}"] text')
    return x + width / 2, y + height / 2


@needs_browser
def test_two_states_stand_side_by_side_and_a_link_brings_both_back(page):
    page.set("#rounds", 10)
    page.click("#keep")
    page.set("#rounds", 30)
    page.set("#add-place", 5)
    page.click("#languages button:nth-child(2)")
    assert page.value("document.documentElement.lang") == "uk"
    assert "батаре" in page.text("#number")
    assert page.text("#title").endswith("2024: скільки ще вогневих підрозділів Patriot було б досить?")
    assert page.text("#add-mobile_fire_group").endswith("мобільна вогнева група")
    told = [page.text(at) for at in ("#number", "#pair", "#figures", "#rest")]
    address = page.value("location.href")
    page.call("Page.navigate", url="about:blank")
    page.open(address)
    assert [page.text(at) for at in ("#number", "#pair", "#figures", "#rest")] == told
    page.click("#swap")
    assert "rounds=10" in state_of(page).partition("&a=")[0]
    page.click("#forget")
    assert "&a=" not in state_of(page)


@needs_browser
def test_a_button_that_is_pressed_while_the_page_redraws_keeps_its_click(page):
    x, y = page.middle_of("#keep")
    page.value("document.getElementById('rounds').dispatchEvent(new Event('input'))")  # drawn anew when it has rested
    page.mouse("mousePressed", x, y)
    page.value("new Promise((done) => setTimeout(done, 400))")
    page.mouse("mouseReleased", x, y)
    page.until("location.hash.includes('&a=') || location.hash.startsWith('#a=')")


@needs_browser
def test_what_is_taken_out_says_what_the_page_says(page, studied, answered, tmp_path: Path):
    page.set("#threshold", 0.45)
    page.set("#rounds", 25)
    page.set("#elsewhere", 0.9)
    page.set("#confidence", 0.75)
    expected = own(page, studied, answered)
    lines = [line.split(",") for line in saved(page, "#export-csv").splitlines()]
    assert lines[0] == ["added", "probability", "mcse", "rounds_used", "strikes_a_month"]
    table = np.array(lines[1:], dtype=float)
    np.testing.assert_allclose(table[:, 1:4], np.c_[expected.probability, expected.mcse, expected.used], rtol=1e-5)
    struck = expected.struck[:, studied.theatre.places.largest(25)].sum(axis=1)
    np.testing.assert_allclose(table[:, 4], struck, rtol=1e-5)
    file = tmp_path / "taken.toml"
    file.write_text(saved(page, "#export-toml"), "utf-8")
    scenario = tg.read_scenario(file)
    assert (scenario.headline.threshold, scenario.headline.confidence) == (0.45, 0.75)
    assert scenario.added_rounds.value == 25
    assert scenario.catalogue.model("kill_ratio_elsewhere", "ballistic").span == (0.9, 0.9, 0.9)
    same = ("name", "month", "until", "added_system", "added_max", "official", "claims", "held", "places")
    assert all(getattr(scenario, name) == getattr(studied.scenario, name) for name in same)
    assert f"--state '{state_of(page)[1:]}'" in page.text("#command")
    geojson = json.loads(saved(page, "#export-geojson"))
    assert len(geojson["features"]) > len(studied.theatre.places)
    assert saved(page, "#export-svg").startswith("<?xml")
    assert page.value("window.taken = null") is None
    page.click("#export-map_png")
    page.until("window.taken && window.taken.size > 10000")


@needs_browser
def test_sources_are_told_and_hostile_words_stay_words(page):
    page.click("#source-launched")
    assert HOSTILE in page.text("#told")
    page.click("#close")
    assert HOSTILE in page.text("#claims")
    assert HOSTILE in page.text("#add-place")
    assert page.value("document.images.length") == 0
    assert page.value("document.title") != "taken"


@needs_browser
@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("language", ["en", "uk"])
def test_nothing_sticks_out_at_the_side_and_the_number_is_on_the_first_screen(page, width: int, language: str):
    page.open(f"{page.value('location.href')}&lang={language}", width=width, height=844)
    page.call("Page.reload")
    page.until("document.body && document.body.dataset.usable")
    assert page.value("document.documentElement.lang") == language
    assert page.value("document.documentElement.scrollWidth") <= width
    assert page.value("document.querySelector('#rest').getBoundingClientRect().bottom") < 844


@needs_browser
def test_every_control_has_a_name_and_the_keyboard_reaches_it(page):
    nameless = (
        "[...document.querySelectorAll('button, input, select')].filter((e) => !(e.labels?.length || e.ariaLabel || "
        "e.textContent.trim()) || e.tabIndex < 0).map((e) => e.outerHTML)"
    )
    assert page.value(nameless) == []
    ids = page.value("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


@needs_browser
def test_it_prints_on_one_page(page):
    for choice in ("#case-posted", "#case-claimed"):
        page.click(choice)
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", page.printed())) == 1


@needs_browser
def test_no_request_can_leave_the_page(window, file):
    window.call("Page.navigate", url="about:blank")
    window.open(file.as_uri())
    out = "fetch('https://example.org/').then(() => 'out', () => 'refused')"
    assert window.value(out) == "refused"
    assert (
        window.value("(() => { try { return new Function('return 1')(); } catch { return 'refused'; } })()")
        == "refused"
    )


# ---------------------------------------------------------------- without a browser


def test_a_page_is_its_own_parts_and_nothing_of_others(file):
    page = LexborHTMLParser(file.read_text("utf-8"))
    assert [node.attributes.get("type") for node in page.css("script")] == ["application/json"] * 2 + ["module"]
    assert not page.css("img, link, iframe, object, embed, [src], [style], [onclick]")
    policy = page.css_first("meta[http-equiv]").attributes["content"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    data = json.loads(page.css_first("#data").text())
    assert HOSTILE in data["places"]["name"]


def test_a_page_is_small(file):
    assert file.stat().st_size < 1_000_000  # of 60 worlds; those of 2,000 come to about 2 MB


def test_the_modules_make_no_markup_and_ask_for_nothing():
    script = re.sub(r"(?<!:)//[^\n]*|/\*.*?\*/", "", one_script(), flags=re.DOTALL)
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|fetch\(|XMLHttp|WebSocket|import\("
    )
    assert not re.findall(forbidden, script)
    assert "import " not in script
    assert {path.name for path in FOLDER.glob("*.js")} == set(MODULES)


@pytest.mark.skipif(TSC is None, reason="no TypeScript compiler on this machine: the types of the modules go unchecked")
def test_the_types_of_the_modules_hold():
    how = ("--allowJs", "--checkJs", "--noEmit", "--strict", "--target", "es2022", "--moduleResolution", "bundler")
    lists = ("--module", "es2022", "--lib", "es2022,dom,dom.iterable")
    done = subprocess.run([TSC, *how, *lists, FOLDER / "page.js"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_tables_of_texts_say_the_same_things():
    tables = {name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in LANGUAGES}
    first, *others = tables.values()
    for other in others:
        assert other.keys() == first.keys()
        for key in first:
            assert blanks(other[key]) == blanks(first[key]), key
    used = set(re.findall(r"""say\("([\w.]+)"|data-t="([\w.]+)\"""", one_script() + template()))
    assert {one or two for one, two in used} <= first.keys()


def template() -> str:
    return (FOLDER.parent / "templates" / "live.html.j2").read_text("utf-8")


def blanks(text: str | dict[str, str]) -> set[str]:
    forms = [text] if isinstance(text, str) else text.values()
    return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}


@settings(max_examples=40)
@given(st.text())
def test_no_text_ends_the_script_it_stands_in(text: str):
    written = in_script({text: [text]})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {text: [text]}


def test_a_question_without_goals_of_ballistic_missiles_has_no_page(answered, tmp_path: Path):
    bare = replace(
        answered, cases=FrozenDict({case: replace(a, carried=FrozenDict()) for case, a in answered.cases.items()})
    )
    assert live_page(bare) is None
    with pytest.raises(tg.InputError, match="live page"):
        tg.write_live(bare, tmp_path)
