"""Compile data/catalogue from ../shared/data/catalogue: facts only, in our own columns and system ids.

Rows whose sources were read since are in reread.csv beside this script, which replaces what stood there. What holders
keep, and how long a gift takes, is in holders.csv beside it, in our own words; each row names the facts of
../shared/data/facts that it rests on, and takes publisher, title and date from them.
Run from anywhere: ``python scripts/compile_catalogue.py [--out FOLDER]``. model.csv, the parameters of the model,
is kept by hand in data/catalogue and not touched. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

from tegmen.evidence.catalogue import TABLES

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "catalogue"
FACTS = SHARED.with_name("facts")
REREAD = Path(__file__).with_name("reread.csv")
HOLDERS = Path(__file__).with_name("holders.csv")
TARGET = ROOT / "src" / "tegmen" / "data" / "catalogue"

Row = dict[str, str]

# Such pages show what circulates: none of them sets a value alone.
WEAK_KINDS = {"aggregator", "blog", "hostile-state media"}
WEAK_PUBLISHERS = re.compile(r"(^|\.)(news-pravda\.com|rt\.com|tass\.com|news-front\.su|interaffairs\.ru|sputnik.*)$")

# Interceptors are facts about the system that fires them: id in the source -> (system, prefix of the parameter).
INTERCEPTORS = {"patriot_pac3_mse": ("patriot", "pac3_mse_"), "patriot_pac2_gemt": ("patriot", "pac2_gemt_")}

# What each system is called in a sentence; the sources name it at length.
NAMES = {
    "patriot": "Patriot",
    "sampt": "SAMP/T",
    "nasams": "NASAMS",
    "iris_t_slm": "IRIS-T SLM",
    "hawk": "Hawk",
    "s300ps": "S-300PS",
    "buk_m1": "Buk-M1",
    "gepard": "Gepard",
    "mobile_fire_group": "mobile fire group",
    "ew": "electronic warfare",
}

CLASSES = {
    "owa_drone": "drone",
    "recon_uav": "recon",
    "tactical_lm": "tactical",
    "cruise": "cruise",
    "supersonic_cruise": "supersonic",
    "anti_radiation": "supersonic",
    "ballistic": "ballistic",
    "aeroballistic": "ballistic",
    "hypersonic_cruise": "ballistic",
    "s300_surface": "s300_ground",
    "guided_bomb": "glide_bomb",
}

INVENTORY_SYSTEMS = {
    "Patriot": "patriot",
    "Patriot missiles": "patriot",
    "SAMP/T": "sampt",
    "IRIS-T SLM": "iris_t_slm",
    "NASAMS": "nasams",
    "S-300PS/PT": "s300ps",
    "Buk-M1": "buk_m1",
    "Hawk": "hawk",
    "Gepard": "gepard",
    "mobile fire groups": "mobile_fire_group",
    "all": "all",
    "military aid delivered over committed": "all",
}

# Notes that compare a total with the attack record: the record is compiled apart, under its own licence.
COMPARISON_WORDS = ("data", "exact match", "reproduces", "posts are kept")


def compile_systems() -> list[Row]:
    """Give the facts about defending systems."""
    rows: list[Row] = []
    for row in _source("systems.csv"):
        system, prefix = INTERCEPTORS.get(row["id"], (row["id"], ""))
        rows.append(
            {"system": system, "name": NAMES[system], "family": row["class"], "parameter": prefix + row["parameter"]}
            | _values(row)
        )
    return rows


def compile_threats() -> list[Row]:
    """Give the facts about threat models, each under its threat class."""
    return [
        {
            "threat_class": CLASSES[row["class"]],
            "model": row["id"],
            "name": row["name"],
            "parameter": row["parameter"],
        }
        | _values(row)
        for row in _source("threats.csv")
    ]


def compile_inventories() -> list[Row]:
    """Give who holds what, and the needs stated in public (role "need", the holder is then the words used)."""
    return [
        {
            "holder": row["holder"].removeprefix("Stated need: "),
            "system": INVENTORY_SYSTEMS[row["system"]],
            "role": row["role"],
            "as_of": row["as_of"],
        }
        | _values(row, "quantity")
        for row in _source("inventories.csv")
    ]


def compile_totals(name: str) -> list[Row]:
    """Give totals stated for a period, without the column and the notes that quote the attack record."""
    rows: list[Row] = []
    for row in _source(name):
        values = _values(row)
        if any(word in values["note"] for word in COMPARISON_WORDS):
            values["note"] = ""
        rows.append({key: row[key] for key in ("metric", "period_start", "period_end")} | values)
    return rows


def compile_holders() -> list[Row]:
    """Give what holders keep and how long a gift takes, each row with the source of the facts it rests on."""
    facts = {
        row["id"]: row
        for name in ("holdings.csv", "deliveries.csv", "availability.csv", "rounds.csv")
        for row in _rows(FACTS / name)
    }
    return [_holder_row(row, [facts[each] for each in row["facts"].split()]) for row in _rows(HOLDERS)]


def _holder_row(row: Row, facts: list[Row]) -> Row:
    about = f"{HOLDERS.name}: {row['holder']}, {row['system']}, {row['parameter']}"
    if facts and all(map(_is_weak, facts)):
        raise SystemExit(f"{about}: rests on weak pages alone; add another, or leave it open")
    if row["verified"] == "true" and not any(fact["read"] == "full" or "derived" in fact["read"] for fact in facts):
        raise SystemExit(f"{about}: called verified, and nobody's own words were read")
    source = "; ".join(dict.fromkeys(map(_fact_source, facts))) or "no publication found: tegmen's judgement"
    return {**row, "source": source}


def _is_weak(fact: Row) -> bool:
    publishers = [name.strip() for name in fact["publisher"].split(";")]
    return fact.get("source_kind") in WEAK_KINDS or all(map(WEAK_PUBLISHERS.search, publishers))


def _fact_source(fact: Row) -> str:
    """Publisher, title where it is told, day, and who said it."""
    title = "" if fact["page"].startswith("http") or not fact["page"] else f", {fact['page']}"
    return f"{fact['publisher'] or 'arithmetic on dates'}{title}, {fact['date'] or 'undated'} ({fact['said_by']})"


def replace_reread(tables: dict[str, list[Row]]) -> None:
    """Put rows whose sources were read since in place of the older ones."""
    subject = {"systems.csv": ("system", "parameter"), "inventories.csv": ("holder", "system")}
    rows = {
        (name, *(row[column] for column in subject[name])): row
        for name in subject
        for row in tables[name]
        if row.get("role") != "need"
    }
    for reread in _rows(REREAD):
        old = rows[reread.pop("table"), reread.pop("about"), reread.pop("what")]
        old.update(reread)


def main() -> None:
    """Write the six compiled tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[Row]] = {
        "systems.csv": compile_systems(),
        "threats.csv": compile_threats(),
        "inventories.csv": compile_inventories(),
        "official_totals.csv": compile_totals("official_totals.csv"),
        "consequences.csv": compile_totals("consequences.csv"),
        "holders.csv": compile_holders(),
    }
    replace_reread(tables)
    for name, rows in tables.items():
        with (out / name).open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, TABLES[name], extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        print(f"{name}: {len(rows)} rows")


def _source(name: str) -> list[Row]:
    return _rows(SHARED / name)


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _values(row: Row, prefix: str = "value") -> Row:
    bounds = {f"value_{bound}": row[f"{prefix}_{bound}"] for bound in ("low", "best", "high")}
    verified = {"yes": "true", "no": "false"}[row["verified_in_source"]]
    return bounds | {key: row[key] for key in ("unit", "source", "note")} | {"verified": verified}


if __name__ == "__main__":
    main()
