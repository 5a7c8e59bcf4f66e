"""Compile data/ledger/public.jsonl: what was said in public, as ledger entries.

From the founding article, the catalogue's citations, the dated facts of aid.csv (what was asked for, promised,
delivered, lost, repaired and held), and those of incidents.csv: what crossed the borders of Ukraine's neighbours, and
what they said of firing at it. Run from anywhere: ``python scripts/compile_ledger.py [--out FILE]``. Facts,
figures, and the few words that hedge a number; no text of a source is copied. Days of publication that are known to
the month only are left open. Nobody has judged the sources: each is F 6. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import re
from dataclasses import replace
from pathlib import Path

from tegmen.ledger.entries import HEDGES, OPEN, Entry, Hedge, Kind, Quantity, Source
from tegmen.ledger.store import new_ledger

ROOT = Path(__file__).resolve().parents[1]
ARTICLE = ROOT.parent / "shared" / "seed-article.txt"
AID = ROOT / "scripts" / "aid.csv"
INCIDENTS = ROOT / "scripts" / "incidents.csv"
TARGET = ROOT / "src" / "tegmen" / "data" / "ledger" / "public.jsonl"

Period = tuple[dt.date, dt.date]


def day(text: str) -> dt.date:
    """Give a day from its text."""
    return dt.date.fromisoformat(text)


def days(first: str, last: str) -> Period:
    """Give a period, last day included."""
    return day(first), day(last)


def on(text: str) -> Period:
    """Give a period of one day."""
    return days(text, text)


MARCH, APRIL, MAY = days("2024-03-01", "2024-03-31"), days("2024-04-01", "2024-04-30"), days("2024-05-01", "2024-05-31")
YEAR = days("2024-01-01", "2024-12-31")
READ = "the number was read in a stored copy of the page"


def page(publisher: str, published: str = "", note: str = READ) -> Source:
    """Give a page of which only publisher and time are known; a month goes into the note."""
    known = len(published) == len("2024-04-03")
    month = "" if known or not published else f"published {published}; "
    return Source(publisher, published=day(published) if known else None, note=month + note)


PAGES = {
    "background": Source(
        "background knowledge",
        note="open encyclopaedic sources; the order of magnitude only, to be checked before it is quoted",
    ),
    "kyivindependent 04-10": page("kyivindependent.com", "2024-04-10"),
    "yahoo": page("yahoo.com", "2024-04-03"),
    "phhit": page("phhit.com", "2024-04-03", f"reposts Reuters; {READ}"),
    "online.ua": page("online.ua", "2024-04-04"),
    "babel": page("babel.ua", "2024-04-03"),
    "rbc": page("newsukraine.rbc.ua", "2024-04-10"),
    "sueddeutsche": page("sueddeutsche.de", "2024-04-06"),
    "pravda.sk": page("pravda.sk", "2023"),
    "devdiscourse": page("devdiscourse.com", "2023-06-14"),
    "err": page("news.err.ee", "2024-05-30", f"quotes the Financial Times; {READ}"),
    "militaryview": page("militaryview.com", "2024-04"),
    "espreso": page("global.espreso.tv", "2024-06-25"),
    "alarabiya": page("english.alarabiya.net", "2024-06-25"),
    "investing": page("jp.investing.com", "2023-12-21", f"reposts Reuters; {READ}"),
    "hamodia": page("hamodia.com", "2024-02-22", f"reposts Reuters; {READ}"),
    "pravda.if.ua": page("pravda.if.ua", "2023"),
    "polishnews": page("polishnews.co.uk", "2024"),
    "sadefenza": page("sadefenza.blogspot.com", "2023-12"),
    "nenka": page("nenka.info", "2024-05", f"analyses posts of the Air Force; {READ}"),
    "ruetir": page("ruetir.com", "2023-11", f"quotes the Wall Street Journal; {READ}"),
    "news18": page("news18.com", "2022-12", f"quotes AP and IISS of 2018; {READ}"),
    "wp": page("tech.wp.pl", "2024-04"),
    "mhknewshub": page("mhknewshub", "2024-04", f"reproduces AP; {READ}"),
    "newsreadonline": page("newsreadonline.com", "2024-04", f"reproduces a list by Defense Express; {READ}"),
    "friendlyparis": page("friendlyparis.com", "2024-04", f"quotes El Pais; {READ}"),
    "investingnews": page("investingnews", "2023-11", f"cites the Missile Defense Advocacy Alliance; {READ}"),
    "csis": page("missilethreat.csis.org", "", READ),
    "jagran": page("english.jagran.com", "2022-12"),
    "news-pravda": page("news-pravda.com", "2024-06-04", f"quotes Defense News; {READ}"),
    "worldbreakingnews": page("worldbreakingnews", "2024-06", f"reproduces Newsweek; {READ}"),
    "hartpunkt": page("hartpunkt.de", "2024-05"),
    "munichnp": page("munichnp.com", "2024-05-24"),
    "resett": page("resett.no", "2022-04", f"quotes The National Interest; {READ}"),
    "deutsch.news-pravda": page("deutsch.news-pravda.com", "2025-07"),
    "globaldefense": page("globaldefense.online", "2023-07", f"reports on the tracker of the Kiel Institute; {READ}"),
    "pravda.com.ua": page("pravda.com.ua", "2024-03-24"),
    "brusselssignal": page("brusselssignal.eu", "2024-03-24"),
    "infostart": page("infostart.hu", "2023-05-17"),
    "closethesky": page("closetheskyoverukraine.com", "2023-06"),
    "francetvinfo": page("francetvinfo.fr", "2023-06"),
    "mandiner": page("mandiner.hu", "2024-03", f"quotes Forbes of 9 March 2024; {READ}"),
    "ukrinform": page("ukrinform.net", "2024-04-10", f"quotes the Washington Post; {READ}"),
    "news-pravda 2024-06-27": page("news-pravda.com", "2024-06-27", f"relays the Financial Times; {READ}"),
    "liga": page("news.liga.net", "2024-06-27", f"quotes the Financial Times; {READ}"),
    "kyivindependent 2024-08": page("kyivindependent.com", "2024-08-29"),
    "politico.eu": page("politico.eu", "2024-08-29"),
    "fattieavvenimenti": page("fattieavvenimenti.it", "2025-03", f"quotes the Corriere della Sera; {READ}"),
}


def counted(hedge: Hedge, value: float, unit: str) -> Quantity:
    """Give a quantity said with one number; "more than" a whole number starts at the next."""
    step = float(value).is_integer()
    low: dict[Hedge, float] = {"exact": value, "at least": value, "more than": value + step}
    best: dict[Hedge, float] = {"exact": value, "about": value}
    high: dict[Hedge, float] = {"exact": value, "at most": value, "less than": value - step, "nearly": value}
    return Quantity(low.get(hedge), best.get(hedge), high.get(hedge), hedge, unit)


def exact(value: float, unit: str) -> Quantity:
    """Give a quantity said without a hedge."""
    return counted("exact", value, unit)


def span(low: float, best: float | None, high: float, unit: str) -> Quantity:
    """Give a quantity said, or kept, as a span."""
    return Quantity(low, best, high, "range", unit)


# ---------------------------------------------------------------- the founding article


def article() -> tuple[Source, list[Entry]]:
    """Give the article as a source, and what it says."""
    text = ARTICLE.read_text(encoding="utf-8")
    source = Source(
        "Kyiv Independent",
        url="kyivindependent.com",
        published=day("2024-04-03"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        note="the founding article",
    )

    def words(start: str, end: str = "") -> tuple[int, int]:
        first = text.index(start)
        return first, (text.index(end, first) + len(end) if end else first + len(start))

    told, met = day("2024-04-03"), {"source": source.id, "date": day("2024-04-03"), "place": "Brussels"}
    said = {"source": source.id, "date": told}
    need = Quantity(5, None, 7, "at least", "systems")
    five_or_seven = words("at least five or seven", "Kyiv's calculations")
    kuleba, ministers = "Dmytro Kuleba", "topics as the minister gave them"
    entries = [
        Entry("statement", kuleba, "Reuters", "Patriot systems held by partners", counted("more than", 100, "systems"),
              evidence=words("more than 100 Patriot systems"), note="said before the day of the article", **said),
        Entry("statement", kuleba, "Kyiv's calculations, to Reuters", "Patriot systems needed in addition, minimum",
              need, evidence=five_or_seven, note="said before the day of the article", **said),
        Entry("commitment", kuleba, "Reuters", "Patriot", need, participants=("partners", "Ukraine"),
              status="requested", evidence=five_or_seven, **said),
        *(
            Entry("statement", "Volodymyr Zelensky", "reportedly", thing, quantity, MARCH, evidence=where, **said)
            for thing, quantity, where in (
                ("missiles launched", counted("more than", 400, "missiles"), words("over 400 missiles")),
                ("Shahed drones launched", exact(600, "drones"), words("600 Shahed drones")),
                ("guided bombs launched", exact(3000, "bombs"), words("3,000 guided aerial bombs")),
            )
        ),
        Entry("meeting", participants=(kuleba, "Radek Sikorski"), evidence=words("Kuleba met his Polish", "March 24"),
              topics=("Polish contribution to the defence of Ukrainian air space", "Russian missiles' incursions"),
              **met),
        Entry("meeting", participants=(kuleba, "Jose Manuel Albares Bueno"), note=ministers,
              topics=("air-defence systems that can intercept ballistic missiles", "security in Europe"),
              evidence=words("During the meeting with his Spanish", "ballistic missiles"), **met),
        Entry("meeting", participants=(kuleba, "Josep Borrell"), note=ministers,
              topics=("available Patriot systems", "artillery ammunition", "sanctions", "defence industries forum"),
              evidence=words("Kuleba held a meeting with the EU", "Kuleba said"), **met),
        Entry("meeting", thing="NATO foreign ministers' meeting", period=days("2024-04-03", "2024-04-04"),
              place="Brussels", topics=("75th anniversary", "assistance for Ukraine", "next secretary general"),
              source=source.id, evidence=words("The NATO foreign ministers' meeting", "October")),
        Entry("incident", thing="airspace violation by a Russian missile", date=day("2024-03-24"), place="Poland",
              source=source.id, evidence=words("incursions after", "March 24")),
        Entry("commitment", thing="artillery ammunition", participants=("European Union", "Ukraine"), status="pledged",
              evidence=words("EU artillery ammunition deliveries"),
              note="an open item: deliveries were under way, how many is not said", **said),
        Entry("measure", thing="next EU sanctions package against Russia", participants=("European Union",),
              status="open", evidence=words("next EU sanctions package"), **said),
        Entry("measure", thing="Ukraine-EU defence industries forum", participants=("Ukraine", "European Union"),
              period=YEAR, status="planned", evidence=words("upcoming Ukraine-EU", "2024"), **said),
    ]  # fmt: skip
    return source, entries


# ---------------------------------------------------------------- totals that officials named

# page, who said it, through whom, what, how it was hedged and the number, unit, first and last day
TOTALS: tuple[tuple[str, str, str, str, Quantity, Period], ...] = (
    ("yahoo", "", "", "Shahed drones launched", counted("more than", 600, "drones"), MARCH),
    *(
        (where, "Dmytro Kuleba", via, "ballistic missiles launched, S-300 included", exact(94, "missiles"), MARCH)
        for where, via in (("phhit", "Reuters"), ("online.ua", ""))
    ),
    *(
        ("militaryview", "Volodymyr Zelensky", "", thing, quantity, days("2024-01-01", "2024-04-18"))
        for thing, quantity in (
            ("missiles launched", counted("nearly", 1200, "missiles")),
            ("drones launched", exact(1500, "drones")),
            ("guided bombs launched", counted("more than", 8500, "bombs")),
        )
    ),
    *(
        (where, "Serhii Oleshchuk", "", thing, exact(count, "drones"), days("2024-01-01", "2024-06-24"))
        for where in ("espreso", "alarabiya")
        for thing, count in (("Shahed drones launched", 2277), ("Shahed drones destroyed", 1953))
    ),
    *(
        ("investing", "Yurii Ihnat", "Reuters", thing, exact(count, unit), days(first, "2023-12-20"))
        for thing, count, unit, first in (
            ("missiles launched", 7400, "missiles", "2022-02-24"),
            ("missiles destroyed", 1600, "missiles", "2022-02-24"),
            ("Shahed drones launched", 3700, "drones", "2022-09-13"),
            ("Shahed drones destroyed", 2900, "drones", "2022-09-13"),
        )
    ),
    *(
        ("hamodia", "", "Reuters", thing, quantity, days(first, "2024-02-21"))
        for thing, quantity, first in (
            ("missiles launched", counted("more than", 8000, "missiles"), "2022-02-24"),
            ("Shahed drones launched", exact(4630, "drones"), "2022-09-13"),
            ("Shahed drones destroyed", exact(3605, "drones"), "2022-09-13"),
        )
    ),
    *(
        (where, who, "", "Kinzhal missiles destroyed", exact(15, "missiles"), days("2023-05-04", "2023-12-31"))
        for where, who in (("pravda.if.ua", "Yurii Ihnat"), ("polishnews", "Serhii Oleshchuk"))
    ),
    (
        "sadefenza",
        "Yurii Ihnat",
        "",
        "Kh-22 missiles destroyed",
        exact(0, "missiles"),
        days("2022-02-24", "2023-12-31"),
    ),
    *(
        ("nenka", "", "press analysis of posts", thing, exact(share, "fraction"), days(first, last))
        for thing, share, first, last in (
            ("missiles destroyed, of those launched", 0.73, "2023-05-01", "2023-10-31"),
            ("missiles destroyed, of those launched", 0.46, "2023-11-01", "2024-04-30"),
            ("drones destroyed, of those launched", 0.82, "2023-11-01", "2024-04-30"),
        )
    ),
)


def totals() -> list[Entry]:
    """Give the totals named in public."""
    return [
        Entry("statement", speaker, via, thing, quantity, period, source=PAGES[where].id)
        for where, speaker, via, thing, quantity, period in TOTALS
    ]


# ---------------------------------------------------------------- who holds what, and needs


def _batteries(low: float, best: float, high: float) -> Quantity:
    return exact(best, "batteries") if low == high else span(low, best, high, "batteries")


PATRIOT: tuple[tuple[str, str, Quantity, Period], ...] = (
    ("United States", "ruetir", exact(60, "batteries"), days("2023-11-01", "2023-11-30")),
    ("United States", "news18", exact(50, "batteries"), days("2018-01-01", "2018-12-31")),
    ("Germany", "wp", exact(9, "batteries"), APRIL),
    ("Germany", "newsreadonline", exact(10, "batteries"), APRIL),
    ("Netherlands", "newsreadonline", counted("less than", 3, "batteries"), APRIL),
    ("Spain", "friendlyparis", exact(3, "batteries"), APRIL),
    ("Greece", "newsreadonline", exact(6, "batteries"), APRIL),
    ("Poland", "newsreadonline", exact(2, "batteries"), APRIL),
    ("Poland", "mhknewshub", exact(2, "batteries"), APRIL),
    ("Romania", "newsreadonline", counted("at most", 4, "batteries"), APRIL),
    ("Sweden", "newsreadonline", span(2, 2, 4, "batteries"), APRIL),
    ("Israel", "investingnews", exact(3, "batteries"), days("2023-11-01", "2023-11-30")),
    ("Switzerland", "csis", exact(0, "batteries"), YEAR),
    *(
        (holder, "background", _batteries(*values), YEAR)
        for holder, *values in (
            ("Japan", 24, 24, 28),
            ("South Korea", 8, 8, 8),
            ("Taiwan", 7, 9, 12),
            ("Saudi Arabia", 15, 20, 25),
            ("United Arab Emirates", 7, 9, 9),
            ("Kuwait", 5, 7, 8),
            ("Qatar", 8, 10, 11),
            ("Jordan", 2, 3, 4),
            ("Bahrain", 1, 1, 2),
        )
    ),
    ("Ukraine", "news-pravda", exact(3, "batteries"), MAY),
    ("Ukraine", "worldbreakingnews", counted("at least", 2, "batteries"), MAY),
    ("Ukraine", "pravda.sk", exact(2, "batteries"), days("2023-06-01", "2023-07-31")),
    *(
        ("Ukraine", where, quantity, on(told))
        for where, quantity, told in (
            ("infostart", exact(2, "batteries"), "2023-05-17"),
            ("closethesky", exact(3, "batteries"), "2023-06-01"),
            ("mandiner", exact(3, "batteries"), "2024-03-09"),
            ("ukrinform", exact(3, "batteries"), "2024-04-10"),
            ("news-pravda 2024-06-27", exact(2, "batteries"), "2024-06-27"),
            ("liga", counted("at least", 4, "batteries"), "2024-06-27"),
            ("kyivindependent 2024-08", exact(4, "batteries"), "2024-08-29"),
            ("politico.eu", counted("about", 5, "batteries"), "2024-08-29"),
        )
    ),
)

# thing, page, quantity, period
OTHERS: tuple[tuple[str, str, Quantity, Period], ...] = (
    ("Patriot fire units built for the world", "jagran", exact(240, "fire units"), days("2022-12-01", "2022-12-31")),
    ("SAMP/T held by Italy", "background", span(4, 5, 5, "batteries"), YEAR),
    ("SAMP/T held by France", "background", span(7, 8, 8, "batteries"), YEAR),
    ("SAMP/T held by Ukraine", "francetvinfo", exact(1, "batteries"), on("2023-06-19")),
    ("SAMP/T held by Ukraine", "fattieavvenimenti", exact(2, "batteries"), days("2025-03-01", "2025-03-31")),
    ("IRIS-T SLM held by Ukraine", "hartpunkt", exact(3, "fire units"), APRIL),
    ("IRIS-T SLM held by Ukraine", "munichnp", exact(4, "fire units"), days("2024-05-24", "2024-05-24")),
    ("NASAMS held by Ukraine", "background", span(2, 4, 8, "fire units"), APRIL),
    ("S-300PS held by Ukraine", "resett", counted("about", 100, "batteries"), days("2022-02-24", "2022-02-24")),
    ("S-300PS held by Ukraine", "background", span(20, 35, 100, "batteries"), APRIL),
    ("Buk-M1 held by Ukraine", "background", span(20, 40, 70, "TELAR"), APRIL),
    ("Hawk held by Ukraine", "background", span(1, 3, 6, "batteries"), APRIL),
    ("Gepard held by Ukraine", "deutsch.news-pravda", counted("more than", 60, "vehicles"),
     days("2025-07-01", "2025-07-31")),
    ("mobile fire groups of Ukraine", "espreso", span(500, 1000, 2000, "groups"), days("2024-06-01", "2024-06-30")),
    ("delivered, of weapons committed by all donors", "globaldefense", span(0.5, None, 0.8, "fraction"),
     days("2023-07-01", "2023-07-31")),
    ("share held of the air defence needed on NATO's eastern flank", "err", counted("less than", 0.05, "fraction"),
     MAY),
)  # fmt: skip

NOTES = {
    "mobile fire groups of Ukraine": "inferred: the page speaks of thousands of servicemen",
    "delivered, of weapons committed by all donors": "about half in all, over 0.8 for the best donors; not air defence "
    "alone",
}


def stocks() -> list[Entry]:
    """Give who held what."""
    patriot = [(f"Patriot held by {holder}", *rest) for holder, *rest in PATRIOT]
    return [
        Entry("statement", thing=thing, quantity=quantity, period=period, source=PAGES[where].id,
              note=NOTES.get(thing, ""))
        for thing, where, quantity, period in (*patriot, *OTHERS)
    ]  # fmt: skip


def statements(rows: tuple[tuple[str, str, str, str, Quantity, str, str], ...]) -> list[Entry]:
    """Make statements of (page, speaker, via, thing, quantity, date or empty, note)."""
    return [
        Entry("statement", speaker, via, thing, quantity, date=day(date) if date else None, source=PAGES[where].id,
              note=note)
        for where, speaker, via, thing, quantity, date, note in rows
    ]  # fmt: skip


def needs() -> list[Entry]:
    """Give the needs named in public: what a claim of a scenario is taken from."""
    minimum = Quantity(5, None, 7, "at least", "batteries")
    again = "kept word: 25 systems with 6-8 batteries each, probably launchers"
    rows: tuple[tuple[str, str, str, str, Quantity, str, str], ...] = (
        ("babel", "Dmytro Kuleba", "Reuters", "Patriot systems needed in addition, minimum", minimum, "2024-04-03", ""),
        ("phhit", "Dmytro Kuleba", "Reuters", "Patriot systems needed in addition, minimum", minimum, "2024-04-03", ""),
        ("babel", "Dmytro Kuleba", "Reuters", "Patriot systems held by partners",
         counted("more than", 100, "systems"), "2024-04-03", ""),
        ("kyivindependent 04-10", "", "", "Patriot systems needed for the largest cities and one near the front",
         exact(7, "systems"), "2024-04-10", ""),
        ("rbc", "", "", "Patriot systems that would radically change the situation", exact(10, "systems"), "",
         "said in February 2024"),
        ("sueddeutsche", "", "", "Patriot systems needed to cover the whole country", exact(25, "systems"),
         "2024-04-06", again),
        ("kyivindependent 04-10", "", "", "Patriot systems needed to cover the whole country", exact(25, "systems"),
         "2024-04-10", again),
        ("pravda.sk", "", "", "Patriot systems needed to cover the whole country", exact(50, "systems"), "",
         "said in mid-2023"),
        ("devdiscourse", "", "", "IRIS-T SLM needed", counted("at least", 12, "fire units"), "2023-06-14", ""),
    )  # fmt: skip
    return statements(rows)


def incidents() -> list[Entry]:
    """Give airspace violations with how long they lasted."""
    thing, place = "airspace violation by a Russian missile", "Poland, near Oserdow"
    seconds = {"quantity": exact(39, "seconds"), "date": day("2024-03-24"), "place": place}
    short = {"quantity": Quantity(None, None, 180, "less than", "seconds"), "date": day("2023-12-29")}
    return [
        Entry("incident", thing=thing, source=PAGES["pravda.com.ua"].id, **seconds),
        Entry("incident", thing=thing, source=PAGES["brusselssignal"].id, **seconds),
        Entry("incident", thing=thing, source=PAGES["pravda.com.ua"].id, place="Poland", **short),
    ]


# ---------------------------------------------------------------- asked for, promised, delivered, lost, repaired, held


def aid() -> tuple[list[Source], list[Entry]]:
    """Give the dated facts of aid.csv, one line each: steps of commitments by `life`, all else as statements."""
    rows = rows_of(AID)
    begun, sources, entries = dict[str, str](), list[Source](), list[Entry]()
    for row in rows:
        sources.append(replace(page(row["publisher"], row["published"]), url=row["page"]))
        entry = _of_row(row, sources[-1].id, begun.get(row["life"], ""))
        if row["life"] and row["told"] != OPEN:
            begun.setdefault(row["life"], entry.id)
        entries.append(entry)
    return sources, entries


def _of_row(row: dict[str, str], source: str, begun: str) -> Entry:
    """Give the entry of one row; a step of a commitment names the first step of its life."""
    step = bool(row["life"])
    return Entry(
        kind="commitment" if step else "statement",
        speaker=row["speaker"],
        via=row["via"],
        thing=row["thing"],
        quantity=_quantity(row),
        period=days(row["first"], row["last"]) if row["first"] else None,
        participants=(row["giver"], "Ukraine") if step else (),
        status=row["told"] if step else "",
        role="" if step else row["told"],
        due=day(row["due"]) if row["due"] else None,
        of=begun,
        source=source,
        doubtful=row["doubtful"] == "true",
        note=_note(row),
    )


# ---------------------------------------------------------------- across the borders of neighbours

# what a row of incidents.csv tells, and how its thing begins
TOLD = {
    "crossed": "airspace violation by ",
    "fell": "fall of ",
    "total": "airspace violations in all: ",
    "policy": "",
    "looked for": "airspace violations looked for",
}
KINDS: dict[str, Kind] = {"policy": "measure", "looked for": "statement"}


def across() -> tuple[list[Source], list[Entry]]:
    """Give the dated facts of incidents.csv: incidents by country, and as measures what was decided or refused."""
    rows = rows_of(INCIDENTS)
    sources = [replace(page(row["publisher"], row["published"]), url=row["page"]) for row in rows]
    sources = [replace(each, note="our own look-ups") if each.publisher == "tegmen" else each for each in sources]
    return sources, [_of_incident(row, source.id) for row, source in zip(rows, sources, strict=True)]


def _of_incident(row: dict[str, str], source: str) -> Entry:
    """Give the entry of one row: on its day, or in its period."""
    kind = KINDS.get(row["told"], "incident")
    measure, one_day = kind == "measure", row["first"] == row["last"]
    further = "none found" if kind == "statement" and row["country"] else "" if measure else row["measured"]
    return Entry(
        kind=kind,
        speaker=row["speaker"],
        thing=", ".join(filter(None, (TOLD[row["told"]] + row["object"], further))),
        quantity=_quantity(row),
        period=None if one_day else days(row["first"], row["last"]),
        date=day(row["first"]) if one_day else None,
        place="" if measure else row["country"],
        participants=(row["country"],) if measure else (),
        status=row["measured"] if measure else "",
        source=source,
        doubtful=row["doubtful"] == "true",
        note=_note(row),
    )


# ---------------------------------------------------------------- rows of tables


def rows_of(path: Path) -> list[dict[str, str]]:
    """Give the rows of a table beside this script."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _quantity(row: dict[str, str]) -> Quantity | None:
    low, best, high = (float(row[name]) if row[name] else None for name in ("low", "best", "high"))
    hedge = next((hedge for hedge in HEDGES if hedge == row["hedge"]), None)
    return Quantity(low, best, high, hedge, row["unit"]) if hedge else None


def _note(row: dict[str, str]) -> str:
    unread = "" if row["verified"] == "true" else "not verified: second-hand"
    return "; ".join(filter(None, (row["note"], unread)))


# words in a thing, and the role they tell
ROLES = {
    **{role: role for role in ("launched", "destroyed", "damaged", "needed", "held", "delivered")},
    "built": "produced",
    "mobile fire groups": "held",
    "radically change": "needed",
}


def with_role(entry: Entry) -> Entry:
    """Give a statement the role that its thing tells first: "missiles launched" are missiles, launched."""
    told = re.search("|".join(rf"\b{words}\b" for words in ROLES), entry.thing)
    if entry.kind != "statement" or told is None:
        return entry
    thing = re.sub(r" (?:launched|destroyed)(?=,|$)", "", entry.thing, count=1)
    return replace(entry, role=ROLES[told[0]], thing=thing)


def main() -> None:
    """Write the ledger's lines, in the order in which a ledger exports them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    out: Path = parser.parse_args().out
    source, told = article()
    read, dated = aid()
    seen, crossed = across()
    entries = [*map(with_role, (*told, *totals(), *needs(), *stocks(), *incidents())), *dated, *crossed]
    used = {entry.source for entry in entries}
    sources = {each.id: each for each in (source, *PAGES.values(), *read, *seen) if each.id in used}
    with new_ledger(empty=True) as ledger:
        ledger.add(sources.values(), entries)
        out.write_text("".join(f"{line}\n" for line in ledger.export()), encoding="utf-8")
    print(f"{out.name}: {len(sources)} sources, {len(entries)} entries")


if __name__ == "__main__":
    main()
