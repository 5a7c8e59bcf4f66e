"""Kinds of sentences: what must hold of every sentence that can be made in one way, whatever its numbers and names."""

from __future__ import annotations

import datetime as dt

import pytest
from article_labels import as_read, read
from hypothesis import given, settings
from hypothesis import strategies as st

from tegmen.ledger.entries import Entry
from tegmen.ledger.reading.lexicon import currencies

DAY = dt.date(2024, 5, 20)
FEW = settings(max_examples=60, deadline=None, derandomize=True)
COUNTS = st.integers(2, 950)
THINGS = st.sampled_from(("Patriot systems", "interceptors", "Leopard 2A4 tanks", "drones", "155 mm shells", "radars"))
GIVERS = st.sampled_from(("Germany", "Norway", "Canada", "Spain", "Japan", "Lithuania"))
PEOPLE = st.sampled_from(("Olena Marchuk", "Jan Verbruggen", "Ingrid Solheim", "Rasa Vaitkute"))


def entries(text: str) -> list[Entry]:
    """What is read, sure or not."""
    return [as_read(draft).entry for draft in read({"text": text, "date": DAY})]


def numbers(text: str) -> list[float | None]:
    return [entry.quantity.best for entry in entries(text) if entry.quantity is not None]


# ------------------------------------------------------------------ digits inside a name

NAMES = st.sampled_from((
    "Leopard 2A4", "Leopard 2", "Iskander-M/KN-23", "S-300", "S-300PMU-1", "Kh-101", "Kh-59/69", "F-16AM", "Su-34",
    "T-72B3", "Shahed-136/131", "PAC-3 MSE", "MiG-29", "RBS 97", "AIM-120C-7", "M777", "2S22 Bohdana", "PzH 2000",
)) | st.from_regex(r"[A-Z][a-z]?-[1-9]\d{1,2}[A-Z]?", fullmatch=True)  # fmt: skip


@FEW
@given(NAMES)
def test_digits_inside_a_designation_are_no_number(name):
    assert numbers(f"The {name} was shown to journalists near Kyiv.") == []
    assert numbers(f"Crews of the {name} were praised by the ministry.") == []


@FEW
@given(NAMES, COUNTS, st.sampled_from(("missiles", "vehicles", "launchers")))
def test_of_a_counted_designation_only_the_count_is_a_number(name, count, noun):
    assert numbers(f"Russia lost {count} {name} {noun}.") == [count]
    assert numbers(f"The ministry spoke of {count} {noun} of the {name} type.") == [count]


# ------------------------------------------------------------------ lists take from their lead-in

LEADS = (("has delivered", "delivered"), ("pledged", "pledged"), ("promised", "pledged"), ("approved", "approved"))


@FEW
@given(GIVERS, st.sampled_from(LEADS), st.lists(st.tuples(COUNTS, THINGS), min_size=2, max_size=4), st.booleans())
def test_every_line_of_a_list_has_its_lead_s_stage_giver_and_day(giver, lead, items, numbered):
    marks = [f"{at}. " if numbered else "- " for at in range(1, len(items) + 1)]
    lines = "\n".join(f"{mark}{count} {thing}" for mark, (count, thing) in zip(marks, items, strict=True))
    found = entries(f"On 14 May {giver} {lead[0]} to Ukraine:\n{lines}\n\nThe minister thanked all.")
    held = [(entry.status, entry.participants[:1], entry.date or entry.period) for entry in found]
    assert {(entry.quantity.best, entry.thing.lower()) for entry in found} >= {(c, t.lower()) for c, t in items[:1]}
    assert len(found) == len(set(items))
    assert set(held) == {(lead[1], (giver,), dt.date(2024, 5, 14))}


@FEW
@given(GIVERS, st.lists(st.tuples(COUNTS, THINGS), min_size=2, max_size=4, unique_by=lambda item: item[1]))
def test_a_package_s_parts_are_promised_as_it_is(giver, items):
    parts = ", ".join(f"{count} {thing}" for count, thing in items[:-1])
    text = f"{giver} announced a new package for Ukraine: {parts} and {items[-1][0]} {items[-1][1]}."
    assert [(e.status, e.quantity.best) for e in entries(text) if e.quantity] == [("pledged", c) for c, _ in items]
    told = f"{giver} announced a new package for Ukraine. It includes {parts} and {items[-1][0]} {items[-1][1]}."
    assert [(e.status, e.quantity.best) for e in entries(told) if e.quantity] == [("pledged", c) for c, _ in items]


# ------------------------------------------------------------------ one more is one


@FEW
@given(st.sampled_from(("a second", "a third", "another", "an additional", "a further", "a fifth")), GIVERS,
       st.sampled_from(("Patriot battery", "IRIS-T system", "SAMP/T system", "radar")))  # fmt: skip
def test_an_ordinal_and_another_count_one(words, giver, thing):
    (entry,) = entries(f"{giver} pledged {words} {thing} to Ukraine.")
    assert (entry.quantity.low, entry.quantity.high, entry.status) == (1, 1, "pledged")
    assert entry.thing.lower().endswith(thing.lower())


# ------------------------------------------------------------------ money

CODES = ("NOK", "SEK", "DKK", "CAD", "USD", "EUR", "GBP", "PLN")
SUMS = st.tuples(st.integers(11, 990), st.sampled_from((("million", 1e6), ("billion", 1e9))))
WAYS = st.one_of(
    st.sampled_from([(f"{code} {{n}} {{size}}", code) for code in CODES]),
    st.sampled_from([(f"{{n}} {{size}} {code}", code) for code in CODES]),
    st.sampled_from([
        ("${n} {size}", "USD"), ("€{n} {size}", "EUR"), ("£{n} {size}", "GBP"), ("C${n} {size}", "CAD"),
        ("${n} {size} CAD", "CAD"), ("{n} {size} euros", "EUR"), ("{n} {size} Canadian dollars", "CAD"),
        ("{n} {size} Danish kroner", "DKK"), ("{n} {size} Swedish kronor", "SEK"),
    ]),
)  # fmt: skip


@FEW
@given(WAYS, SUMS, GIVERS)
def test_a_currency_stands_before_or_behind_its_sum_in_words_or_code(way, amount, giver):
    (number, (size, factor)), (form, code) = amount, way
    (entry,) = entries(f"{giver} pledged {form.format(n=number, size=size)} in military aid.")
    assert (entry.quantity.unit, entry.quantity.best, entry.status) == (code, number * factor, "pledged")
    short = form.replace(" {size}", "{size}").format(n=number, size="bn" if factor == 1e9 else "m")
    (entry,) = entries(f"{giver} pledged {short} in military aid.")
    assert (entry.quantity.unit, entry.quantity.best) == (code, number * factor)


@FEW
@given(WAYS, SUMS, GIVERS, st.sampled_from(("pledged", "will give", "has promised", "will contribute", "will spend")))
def test_money_with_a_giver_is_a_commitment_without_a_word_of_arms(way, amount, giver, verb):
    (number, (size, _)), (form, code) = amount, way
    (entry,) = entries(f"{giver} {verb} {form.format(n=number, size=size)} to Ukraine.")
    assert (entry.kind, entry.status, entry.quantity.unit) == ("commitment", "pledged", code)
    assert entry.participants[:1] == (giver,)


# ------------------------------------------------------------------ spans in words

SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}


@FEW
@given(st.dates(dt.date(2023, 1, 1), dt.date(2025, 12, 31)), st.sampled_from(sorted(SEASONS)),
       st.sampled_from(("over the three {} months", "during the {}", "last {}", "in the {} of {y}")))  # fmt: skip
def test_a_season_is_three_whole_months(day, season, form):
    words = form.format(season, y=day.year - 1)
    (draft,) = read({"text": f"Russia launched 30 drones {words}.", "date": day})
    first, last = as_read(draft).entry.period
    assert first.day == 1
    assert first.month == SEASONS[season]
    assert 88 <= (last - first).days <= 91
    assert (last + dt.timedelta(days=1)).day == 1
    assert first <= day


@FEW
@given(st.dates(dt.date(2023, 1, 1), dt.date(2025, 12, 31)),
       st.sampled_from((("one week", 7), ("a single night", 1), ("two weeks", 14), ("10 days", 10))))  # fmt: skip
def test_a_span_in_words_ends_with_the_article_or_begins_with_it(day, span):
    (draft,) = read({"text": f"Russia launched 30 drones in {span[0]}.", "date": day})
    assert as_read(draft).entry.period == (day - dt.timedelta(days=span[1] - 1), day)
    (draft,) = read({"text": f"Within {span[0]} Spain will deliver 30 drones.", "date": day})
    assert as_read(draft).entry.period == (day, day + dt.timedelta(days=span[1]))


# ------------------------------------------------------------------ who says it


@FEW
@given(PEOPLE, GIVERS, COUNTS, st.sampled_from((
    "This was announced by Defence Minister {}.", "Defence Minister {} said this at a briefing in Kyiv.",
    "Defence Minister {} made the announcement in parliament.",
)))  # fmt: skip
def test_a_speaker_may_be_named_in_the_next_sentence(person, giver, count, told):
    (entry,) = entries(f"{giver} will deliver {count} interceptors. {told.format(person)}")
    assert entry.speaker == person


@FEW
@given(PEOPLE, st.sampled_from(("received", "welcomed", "hosted")), st.sampled_from(("He", "She")), COUNTS)
def test_the_visitor_and_not_the_host_speaks_next(person, verb, pronoun, count):
    text = f"President Volodymyr Zelensky {verb} Prime Minister {person} in Kyiv on Monday. {pronoun} promised"
    met, promised = entries(f"{text} {count} drones.")
    assert set(met.participants) == {"Volodymyr Zelensky", person}
    assert promised.speaker == person


@FEW
@given(PEOPLE, st.sampled_from((
    "{} sat down with Defence Minister Rustem Umerov in Kyiv on Monday.",
    "Prime Minister {} was received by Defence Minister Rustem Umerov in Kyiv on Monday.",
    "Defence Minister Rustem Umerov welcomed Prime Minister {} in Kyiv on Monday.",
    "{} and Rustem Umerov discussed air defence in Kyiv on Monday.",
    "{} came to Kyiv on Monday for talks with Defence Minister Rustem Umerov.",
)))  # fmt: skip
def test_a_meeting_at_a_place_needs_no_word_met(person, form):
    found = [entry for entry in entries(form.format(person)) if entry.kind == "meeting"]
    assert [(set(e.participants), e.place, e.date) for e in found] == [
        ({person, "Rustem Umerov"}, "Kyiv", dt.date(2024, 5, 20))
    ]


# ------------------------------------------------------------------ a number without a noun


@FEW
@given(COUNTS, COUNTS, st.sampled_from((
    "Interceptors are scarce: industry makes {} a year.", "Ballistic missiles are harder; air defence shot down {}.",
    "Each interceptor is dear. Allies have promised {}.",
)))  # fmt: skip
def test_a_bare_number_is_not_of_the_sentence_before_about_another_thing(count, other, form):
    drafts = read({"text": f"Russia launched {count} drones in April. {form.format(other)}", "date": DAY})
    assert all(draft.entry.doubtful or draft.entry.thing != "drones" for draft in drafts[1:])


@FEW
@given(st.lists(st.tuples(COUNTS, GIVERS), min_size=2, max_size=3, unique_by=lambda item: item[1]), COUNTS)
def test_a_bare_number_takes_the_noun_of_its_own_list(givers, count):
    rest = ", ".join(f"{giver} {number}" for number, giver in givers)
    found = entries(f"Russia launched {count} drones in April. Allies promised radars: Poland 3 radars, {rest}.")
    assert [entry.thing for entry in found if entry.quantity and entry.quantity.best != 3] == ["drones"] + [
        "radars"
    ] * len([number for number, _ in givers if number != 3])


# ------------------------------------------------------------------ what happened to it


@FEW
@given(st.tuples(COUNTS, COUNTS), st.sampled_from((
    ("Russia launched {} drones and air defence shot down {} of them.", ("launched", "destroyed")),
    ("Ukraine lost {} launchers; {} launchers are under repair.", ("lost", "damaged")),
    ("Spain holds {} batteries and needs {} batteries.", ("held", "needed")),
    ("The plant makes {} missiles a year; {} missiles are on order.", ("produced", "ordered")),
)))  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_two_roles_are_two_facts(counts, form):
    text, roles = form
    found = entries(text.format(*counts))
    assert [(entry.role, entry.quantity.best) for entry in found] == list(zip(roles, counts, strict=True))
    assert len({entry.id for entry in found}) == 2


# ------------------------------------------------------------------ a number that is no plain count is never unmarked

BEHIND = st.sampled_from((
    ("at most", "at most"), ("at the very most", "at most"), ("or fewer", "at most"), ("at least", "at least"),
    ("or more", "at least"), ("at the very least", "at least"), ("or so", "about"),
))  # fmt: skip
PLURALS = st.sampled_from(("missiles", "drones", "interceptors", "Patriot systems", "air defence systems"))


@FEW
@given(COUNTS, PLURALS, BEHIND, st.sampled_from(("", " a day", " a month", " per year")), st.booleans())
def test_a_hedge_behind_the_noun_is_one_in_front_of_the_number(count, thing, behind, rate, comma):
    words, hedge = behind
    (entry,) = entries(f"Kyiv needs {count} {thing}{rate}{',' if comma else ''} {words}.")
    held = entry.quantity
    low, best, high = {"at most": (None, None, count), "at least": (count, None, None), "about": (None, count, None)}[
        hedge
    ]
    assert (held.low, held.best, held.high, held.hedge) == (low, best, high, hedge)


@FEW
@given(COUNTS, COUNTS, PLURALS)
def test_a_hedge_that_belongs_to_the_next_number_stays_with_it(count, other, thing):
    first, second = entries(f"Kyiv received {count} {thing}, at least {other} of them new.")[:2]
    assert (first.quantity.best, first.quantity.hedge) == (count, "exact")
    assert (second.quantity.low, second.quantity.hedge) == (other, "at least")


@FEW
@given(st.integers(1, 4), st.integers(5, 10), PLURALS, st.sampled_from(("in", "out of every")))
def test_the_two_numbers_of_a_ratio_count_nothing(part, whole, thing, joint):
    assert numbers(f"{part} {joint} {whole} {thing} were intercepted.".capitalize()) == []


@FEW
@given(COUNTS, st.sampled_from(("a missile", "per drone", "for each interceptor", "apiece")), st.booleans())
def test_what_one_thing_costs_is_no_sum_that_is_given(count, of_one, euros):
    sum_ = f"€{count} million" if euros else f"{count} million dollars"
    assert numbers(f"Germany will pay {sum_} {of_one}.") == []


@FEW
@given(
    st.integers(1, 19), st.integers(21, 950), PLURALS,
    st.sampled_from((
        "All but {n} of the {m} {things} were shot down.", "Half of the {m} {things} were shot down.",
        "Two-thirds of the {m} {things} got through.", "None of the {m} {things} got through.",
        "Neither of the {n} {things} was intercepted.", "Russia fired twice the {m} {things} of May.",
        "Berlin promised double the {m} {things}.", "Russia fired three times as many as {m} {things}.",
        "Russia fired more than {n} but fewer than {m} {things}.", "Batteries with {n} {things} each were formed.",
        "Russia lost {n} {m:03d} {things}.", "Each of the batteries has {m} {things}.",
        "Spain will send the second of {m} {things}.", "An average of {m} {things} were fired.",
        "Exactly 90% of the {m} {things} were fired.",
    )),
)  # fmt: skip
def test_a_number_beside_what_is_counted_is_marked(part, whole, thing, template):
    text = template.format(n=part, m=whole, things=thing)
    marked = [draft.entry for draft in read({"text": text, "date": DAY}) if draft.entry.quantity is not None]
    # The whole that "all but two of the 30" names is counted as told, and a share is one; nothing else is sure.
    sure = [entry.quantity.best for entry in marked if not entry.doubtful]
    told = [whole] if template.startswith("All but") else [90] if "%" in template else []
    assert sure in ([], told)


@FEW
@given(st.integers(2, 19), st.integers(21, 950), st.sampled_from(("rose", "grew", "climbed")))
def test_what_a_number_rose_by_is_no_end_of_a_range(more, now, verb):
    assert all(e.quantity.hedge == "exact" for e in entries(f"Output {verb} by {more} to {now} missiles a year."))


@FEW
@given(
    COUNTS, st.sampled_from(("compatible", "made", "based", "capable")), st.sampled_from(("parts", "spares", "kits"))
)
def test_a_weapon_s_name_in_an_adjective_is_not_what_is_counted(count, ending, noun):
    assert numbers(f"Norway is sending {count} NASAMS-{ending} {noun}.") == []


@FEW
@given(COUNTS, st.sampled_from(("countries", "states", "allies", "firms")), PLURALS, st.sampled_from(("hold", "want")))
def test_those_who_hold_something_are_not_the_number_of_it(count, holders, thing, verb):
    assert numbers(f"Some {count} {holders} {verb} {thing}.") == []


@FEW
@given(st.integers(2, 2000), st.sampled_from(("mm", "lb", "kg", "km")), COUNTS)
def test_the_size_of_a_thing_is_not_its_number(size, unit, count):
    assert numbers(f"The {size} {unit} bombs were shown in Kyiv.") == []
    assert numbers(f"Ukraine received {count} {size} {unit} shells.") == [count]


@pytest.mark.parametrize("words", ["a further dozen", "another dozen", "a dozen", "an extra dozen"])
def test_a_dozen_more_is_a_dozen(words):
    (entry,) = entries(f"Norway donated {words} missiles.")
    assert (entry.quantity.best, entry.quantity.hedge, entry.thing) == (12, "about", "missiles")


# ------------------------------------------------------------------ what is joined to a number

ARMS = st.sampled_from(("drone", "missile", "rocket", "bomb"))
ASSAULTS = st.sampled_from(("attack", "barrage", "salvo", "strike", "raid", "wave"))
SPELT = {"two": 2, "five": 5, "twenty-five": 25, "forty": 40, "hundred": 100}
SIZES = st.integers(2, 950).map(lambda n: (str(n), n)) | st.sampled_from(sorted(SPELT.items()))
BEHIND_A_NUMBER = SIZES.filter(lambda size: size[0] != "hundred")
"""Behind a count "hundred" is its size: "3 hundred"."""


@FEW
@given(SIZES, ARMS, ASSAULTS, st.sampled_from((
    "A {size}-{arm} {assault} hit Kyiv.", "Russia launched a {size}-{arm} {assault} on Odesa.",
    "Kyiv came under a {size}-{arm} overnight {assault}.", "Monday's {size}-{arm} {assault} was repelled.",
)))  # fmt: skip
def test_an_attack_has_the_size_that_is_joined_to_its_number(size, arm, assault, form):
    (words, number) = size
    (draft,) = read({"text": form.format(size=words, arm=arm, assault=assault), "date": DAY})
    entry = as_read(draft).entry
    assert (entry.quantity.best, entry.quantity.unit, entry.thing) == (number, f"{arm}s", f"{arm}s")
    assert (entry.role, draft.entry.doubtful) == ("launched", False)


@FEW
@given(COUNTS, ARMS, ASSAULTS, st.sampled_from((("{n}", "exact"), ("{n}-plus", "at least"), ("{n}-odd", "about"))),
       st.sampled_from((" ", "-")))  # fmt: skip
def test_the_size_of_an_attack_is_no_number_of_attacks(count, arm, assault, way, joint):
    text = f"Russia launched a {way[0].format(n=count)}{joint}{arm} {assault} on Odesa."
    (draft,) = read({"text": text, "date": DAY})
    entry = as_read(draft).entry
    assert (max(entry.quantity.said), entry.quantity.hedge, entry.thing) == (count, way[1], f"{arm}s")
    assert (entry.role, draft.entry.doubtful) == ("launched", False)


@FEW
@given(COUNTS, ARMS, st.sampled_from(("operators", "company", "makers", "")))
def test_several_with_a_noun_of_one_are_doubtful(count, arm, behind):
    text = f"Russia lost {count} {arm} {behind}.".replace(" .", ".")
    assert all(draft.entry.doubtful for draft in read({"text": text, "date": DAY}))


@FEW
@given(st.integers(2, 900), st.sampled_from(("dollar", "euro")), st.sampled_from(("missile", "drone", "tank")))
def test_what_arms_cost_is_no_sum_that_is_given(count, currency, arm):
    for text in (
        f"Spain will send {count}-million-{currency} {arm}s.", f"Spain will send a ${count}-million {arm}.",
        f"Spain fired a {count}-million-{currency} {arm}.",
    ):  # fmt: skip
        assert all(draft.entry.doubtful for draft in read({"text": text, "date": DAY})), text


@FEW
@given(COUNTS, COUNTS, ASSAULTS, st.sampled_from((" and ", ", ")))
def test_an_attack_of_two_arms_has_two_sizes(drones, missiles, assault, joint):
    found = entries(f"Russia launched a {drones}-drone{joint}{missiles}-missile {assault} on Kyiv.")
    assert [(e.thing, e.quantity.best, e.role) for e in found] == [
        ("drones", drones, "launched"), ("missiles", missiles, "launched"),
    ]  # fmt: skip


@FEW
@given(SIZES, GIVERS, st.sampled_from(("package", "delivery", "batch", "tranche")), st.sampled_from(LEADS[1:]))
def test_what_is_given_in_one_lot_has_the_size_that_is_joined_to_its_number(size, giver, lot, lead):
    (entry,) = entries(f"{giver} {lead[0]} a {size[0]}-launcher {lot} for Ukraine.")
    assert (entry.quantity.best, entry.thing, entry.status) == (size[1], "launchers", lead[1])
    assert entry.participants[:1] == (giver,)


@FEW
@given(BEHIND_A_NUMBER, st.integers(2, 90), st.sampled_from(("launcher", "missile", "tank")))
def test_what_each_of_several_has_is_not_their_number(size, count, part):
    assert numbers(f"Spain delivered {count} {size[0]}-{part} batteries.") == [count]
    assert numbers(f"Spain delivered a {size[0]}-{part} battery.") == [1]
    for text in (
        f"{size[0].capitalize()}-{part} attacks are no longer rare.", f"There was no {size[0]}-{part} attack.",
        f"Every {size[0]}-{part} attack is costly.", f"Each pod is a {size[0]}-{part} box.",
        f"Two {size[0]}-{part} attacks hit Kyiv.",
    ):  # fmt: skip
        drafts = [draft.entry for draft in read({"text": text, "date": DAY}) if draft.entry.thing == f"{part}s"]
        assert all(entry.doubtful for entry in drafts), text


@FEW
@given(BEHIND_A_NUMBER, st.sampled_from(("hour", "week", "year-old", "mm", "metre", "page", "star", "day")))
def test_what_is_joined_to_a_number_and_is_not_of_the_subject_makes_no_draft(size, word):
    assert numbers(f"The {size[0]}-{word} drones were shown in Kyiv.") == []
    assert numbers(f"Ukraine received 3 {size[0]}-{word} missiles.") == [3]


@FEW
@given(SIZES, PLURALS, st.sampled_from((("odd", "about"), ("something", "about"), ("plus", "at least"))),
       st.sampled_from(("", "some ", "about ")))  # fmt: skip
def test_odd_and_plus_hedge_the_number_that_they_are_joined_to(size, thing, more, before):
    (word, hedge), (written, number) = more, size
    (entry,) = entries(f"Kyiv needs {before if hedge == 'about' else ''}{written}-{word} {thing}.")
    held = entry.quantity
    assert (held.low, held.best, held.high) == ((None, number, None) if hedge == "about" else (number, None, None))
    assert (held.hedge, entry.thing) == (hedge, thing)


@FEW
@given(st.sampled_from((("two", 24), ("three", 36), ("half", 6), ("half-a", 6), ("5", 60))), PLURALS, st.booleans())
def test_dozens_are_counted_with_a_hyphen_or_without(times, thing, hyphen):
    words = f"{times[0]}-dozen" if hyphen else f"{times[0].replace('-', ' ')} dozen"
    (entry,) = entries(f"Kyiv needs {words} {thing}.")
    assert (entry.quantity.best, entry.quantity.hedge, entry.thing) == (times[1], "about", thing)


@FEW
@given(COUNTS, ARMS, st.sampled_from(("swarm", "salvo", "fleet")), st.booleans())
def test_the_strength_of_a_swarm_is_the_number_of_what_it_is_of(count, arm, whole, of):
    (entry,) = entries(f"Russia lost a {count}-strong {f'{whole} of {arm}s' if of else f'{arm} {whole}'}.")
    assert (entry.quantity.best, entry.quantity.unit) == (count, f"{arm}s")
    assert numbers(f"A {count}-strong {arm} battalion was formed.") == []


@FEW
@given(st.sampled_from(sorted({*currencies("words").values()} & {*map(str.upper, currencies("words"))})),
       st.decimals("1.1", "990", places=1), st.sampled_from((("m", 1e6), ("bn", 1e9), (" million", 1e6))), GIVERS,
       st.sampled_from(("{code}{n}{size}", "{n}{size}{code}", "{code} {n}{size}", "{n}{size} {code}")))  # fmt: skip
def test_a_code_of_a_currency_may_be_joined_to_its_sum(code, amount, size, giver, form):
    if form.startswith("{n}{size}{code}") and size[0].startswith(" "):
        form = "{n}{size} {code}"
    (entry,) = entries(f"{giver} pledged {form.format(code=code, n=amount, size=size[0])} in military aid.")
    assert (entry.quantity.unit, entry.quantity.best) == (code, pytest.approx(float(amount) * size[1]))
    assert (entry.thing, entry.status) == ("military aid", "pledged")


@FEW
@given(
    st.sampled_from(sorted(currencies("signs"))), st.integers(2, 990), GIVERS, st.sampled_from(("{n}m{s}", "{n}m {s}"))
)
def test_a_sign_of_a_currency_may_stand_behind_its_sum(sign, amount, giver, form):
    (entry,) = entries(f"{giver} pledged {form.format(n=amount, s=sign)} in military aid.")
    assert (entry.quantity.unit, entry.quantity.best) == (currencies("signs")[sign], amount * 1e6)


@FEW
@given(st.integers(2, 990), st.sampled_from((("euro", "EUR"), ("dollar", "USD"), ("zloty", "PLN"))), GIVERS)
def test_a_package_has_the_sum_that_is_joined_to_it(amount, currency, giver):
    (entry,) = entries(f"{giver} pledged a {amount}-million-{currency[0]} military aid package.")
    assert (entry.quantity.unit, entry.quantity.best) == (currency[1], amount * 1e6)
    (entry,) = entries(f"{giver} pledged a ${amount}-million military aid package.")
    assert (entry.quantity.unit, entry.quantity.best, entry.status) == ("USD", amount * 1e6, "pledged")
