"""Pages in another language: one table a language, the same keys; nothing left in English but what others wrote."""

from __future__ import annotations

import datetime as dt
import html
import re
from importlib.resources import files

import pytest
from report_example import example

from tegmen.answer.drivers import SOURCES
from tegmen.answer.readings import PARTS, STRUCTURES
from tegmen.errors import InputError
from tegmen.ledger.entries import STAGES
from tegmen.question.goals import METRICS
from tegmen.question.scenario import QuotedClaim
from tegmen.report.answer_page import write_report
from tegmen.report.charts import CASE_TITLE, system_name
from tegmen.report.language import FORMS, PAGE_LANGUAGES, language
from tegmen.report.reading_charts import DOUBTS
from tegmen.report.style import CLASS_TITLE, odds_text, worth_text

UK = language("uk")
TEMPLATES = ("report.html.j2", "drivers.html.j2", "tables.html.j2", "page.html.j2")
PROPER = "tegmen verify Monte Carlo GeoNames geonames.org World Resources Institute Global Power Plant Database Energy "
PROPER += "Observatory Google KTH Royal of Technology in Stockholm Enipedia Natural Earth Massive Missile Attacks on "
PROPER += (
    "Ukraine piterfm Kaggle answer.json curve.csv places.csv plan.geojson drivers.json sha256 held claims official "
)
PROPER += "statement commitment catalogue record scenario rounds added_a_month missiles ballistic_and_s300 drone "
PROPER += "glide_bomb patriot sampt march geography live.html"
"""Names that are the same in every language: of sources, files, verbs and ids."""


def template(name: str) -> str:
    return files("tegmen.report").joinpath("templates", name).read_text(encoding="utf-8")


def gaps(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"<[^>]+>", text))


def forms(text) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


# ---------------------------------------------------------------- tables


def test_tables_have_the_same_keys_placeholders_and_tags():
    english = language("en").texts
    assert set(UK.texts) == set(english)
    for key, text in english.items():
        every = [*forms(text), *forms(UK.texts[key])]
        assert len({frozenset(gaps(each)) for each in every}) == 1, key
        assert len({tuple(tags(each)) for each in every}) == 1, key
        assert all(each.strip() for each in every), key


def test_every_plural_has_all_forms_of_its_language():
    for code, needed in (("en", {"one", "other"}), ("uk", set(FORMS))):
        own = language(code)
        plurals = [text for text in own.texts.values() if not isinstance(text, str)]
        plurals += [text for _, text in own.said if not isinstance(text, str)]
        assert plurals
        assert all(set(text) == needed for text in plurals)


def test_what_others_say_is_said_with_the_same_parts():
    assert len(UK.said) > 200
    for pattern, text in UK.said:
        for each in forms(text):
            assert gaps(each) == set(pattern.groupindex), pattern.pattern


def test_every_text_is_used_and_every_text_used_is_there():
    source = "".join(map(template, TEMPLATES))
    used = set(re.findall(r'\bt\("([\w.]+)"[,)]', source))
    built = set(re.findall(r'\bt\("([\w.]+)" ~', source)) | {"tables.", "month."}
    english = set(language("en").texts)
    assert used <= english
    assert not [key for key in english - used if not key.startswith(tuple(built))]


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_has_words_of_its_own(name):
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", template(name), flags=re.DOTALL)
    text = text.replace("&nbsp;", " ").replace("sha256", "")
    attributes = re.findall(r'\b(?:aria-label|alt|title|summary)="([^"]*)"', text)
    shown = re.sub(r"<(style)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL)
    assert re.findall(r"[^\W\d_]{3,}", " ".join([shown, *attributes])) == []


# ---------------------------------------------------------------- numbers, dates, plurals


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "1 доданий підрозділ"), (2, "2 додані підрозділи"), (4, "4 додані підрозділи"),
        (5, "5 доданих підрозділів"),
        (11, "11 доданих підрозділів"), (12, "12 доданих підрозділів"), (14, "14 доданих підрозділів"),
        (21, "21 доданий підрозділ"), (22, "22 додані підрозділи"), (25, "25 доданих підрозділів"),
        (111, "111 доданих підрозділів"), (112, "112 доданих підрозділів"), (122, "122 додані підрозділи"),
    ],
)  # fmt: skip
def test_ukrainian_plurals(n, words):
    assert UK.text("map.units", n=n) == f"{words} відповіді."


def test_numbers_days_and_months_are_written_as_readers_do():
    assert UK.number(20900) == "20\u00a0900"
    assert UK.number(0.05) == "0,05"
    assert UK.day(dt.date(2024, 3, 1)) == "1\u00a0березня\u00a02024"
    assert UK.own("March 2024") == "березень\u00a02024"
    assert UK.own("4.4 ± 0.6") == "4,4 ± 0,6"
    assert language("en").day(dt.date(2024, 3, 1)) == "2024-03-01"
    assert language("en").number(20900) == "20,900"


def test_sentences_of_other_rooms_are_read_whole_or_by_their_parts():
    assert UK.own("halve the expected ballistic strikes on the 21 largest cities") == (
        "удвічі зменшити очікувану кількість балістичних ударів по 21 найбільшому місту"
    )
    assert UK.own("Units bind: with 40 rounds a month more rounds would not lower the number").startswith("Обмежують")
    assert UK.own("Germany: Patriot, batteries") == "Німеччина: Patriot, батареї"
    assert UK.own("2 delivered, 6–8 owed") == "передано 2, ще винні 6–8"
    assert UK.own("what nobody translated yet") == "what nobody translated yet"
    assert (
        UK.shown("<b>what nobody translated</b>") == '<span lang="en">&lt;b&gt;what nobody translated&lt;/b&gt;</span>'
    )
    assert UK.quoted("Київ") == "Київ"


def test_a_language_without_a_table_is_refused(tmp_path):
    assert PAGE_LANGUAGES == ("en", "uk")
    with pytest.raises(InputError, match=r"found 'xx'.*'en' or 'uk'"):
        write_report([example()], tmp_path / "out", language="xx")
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- what other rooms may say


def said_by_others() -> list[str]:
    words = [text for name, _, reason in STRUCTURES for text in (name, reason)]
    words += [text for name, _, _, reason in PARTS for text in (name, reason)]
    words += [name for names in DOUBTS.values() for name in names]
    words += [*SOURCES, *(name for names in SOURCES.values() for name in names)]
    words += [metric.aim(threshold, 25) for metric in METRICS.values() for threshold in (0.0, 0.3, 0.5)]
    words += [metric.illustration for metric in METRICS.values()]
    words += [
        *CASE_TITLE.values(),
        *CLASS_TITLE.values(),
        *STAGES,
        system_name("mobile_fire_group"),
        system_name("ew"),
    ]
    words += [odds_text(odds) for odds in (0.1, 2, -2, 4, -4, 9, -9, 40)] + [worth_text(ess) for ess in (5, 5000)]
    return [each for each in words if each]


@pytest.mark.parametrize("words", dict.fromkeys(said_by_others()))
def test_what_other_rooms_say_is_in_the_table(words):
    own = re.sub(r"\b(Patriot|SAMP/T|Kyiv)\b", "", UK.own(words))
    assert not re.search("[a-z]{3}", own), f'add "{words}" to [said] of report/texts/uk.toml'


# ---------------------------------------------------------------- the page


@pytest.fixture(scope="session")
def ukrainian(result, tmp_path_factory):
    return write_report([result], tmp_path_factory.mktemp("uk") / "out", language="uk")


def visible(page: str) -> list[str]:
    """Text and labels that a reader meets, without what is marked as English, and without code."""
    body = re.sub(r'<style.*?</style>|<code>.*?</code>|<span lang="en">.*?</span>', " ", page, flags=re.DOTALL)
    labels = re.findall(r'aria-label="([^"]*)"', body)
    return [" ".join(html.unescape(text).split()) for text in [*re.findall(r">([^<]+)<", body), *labels]]


def test_nothing_is_left_in_english_but_what_others_wrote(ukrainian, result):
    written = " ".join(f"{claim.label} {claim.source}" for claim in result.scenario.claims)
    written += " ".join(source.url for source in result.evidence.sources.values())
    known = set(re.findall(r"[\w.]+", f"{PROPER} {written}".lower()))
    shown = [text for text in visible(ukrainian.read_text("utf-8")) if not re.match(r"(statement|commitment)-\w", text)]
    assert {word for text in shown for word in re.findall(r"\b[a-z][a-z_.]{2,}\b", text)} <= known


def test_only_the_page_changes_with_its_language(ukrainian, folder):
    for name in ("answer.json", "curve.csv", "places.csv", "plan.geojson"):
        assert (ukrainian.parent / name).read_bytes() == (folder / name).read_bytes()
    page = ukrainian.read_text("utf-8")
    assert '<html lang="uk">' in page
    assert "Березень\u00a02024: скільки ще вогневих підрозділів Patriot було б досить?" in page


def test_hostile_words_stay_words_in_any_language(tmp_path):
    hostile = '<script>alert("x")</script> {0} {goal} {{ 7 * 7 }} %s'
    claims = (QuotedClaim(label=hostile, added=3, source=hostile, quote=hostile),)
    page = write_report([example(title=hostile, claims=claims)], tmp_path, language="uk").read_text("utf-8")
    assert "<script" not in page
    assert hostile in html.unescape(page)
