"""Compile the shipped record from the public list: ``python scripts/compile_record.py [FOLDER]``.

FOLDER holds the public list ``missile_attacks_daily.csv`` (default: ``../shared/data/attacks`` beside the repository).
Writes ``nights.csv`` and ``launch_areas.csv`` into ``src/tegmen/data/record``, with the reader that also serves a
user's own file.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Final

import pandas as pd

from tegmen.evidence.record import RATE_WORDS, Record, read_record
from tegmen.evidence.reports import read_reports

ROOT: Final = Path(__file__).resolve().parents[1]
PUBLIC: Final = ROOT.parent / "shared" / "data" / "attacks"
TARGET: Final = ROOT / "src" / "tegmen" / "data" / "record"

AREAS: Final = {
    "black_sea": ("Black Sea", 43.5, 33.0),
    "crimea": ("Crimea", 45.0, 34.5),
    "primorsko_akhtarsk": ("Primorsko-Akhtarsk and the Sea of Azov coast", 46.0, 38.0),
    "kursk": ("Kursk oblast", 51.5, 36.0),
    "bryansk": ("Bryansk and Oryol oblasts", 53.0, 34.5),
    "belgorod": ("Belgorod oblast", 50.5, 37.0),
    "voronezh": ("Voronezh oblast", 51.0, 40.0),
    "rostov": ("Rostov oblast", 47.5, 41.0),
    "occupied_zaporizhzhia_kherson": ("Occupied Zaporizhzhia and Kherson oblasts", 46.5, 35.0),
    "occupied_donetsk_luhansk": ("Occupied Donetsk and Luhansk oblasts", 48.0, 38.5),
    "caspian_volga": ("Caspian Sea and lower Volga", 47.0, 47.5),
    "kinzhal_area": ("Ryazan, Tambov, Tula and Lipetsk oblasts", 53.5, 40.0),
    "belarus": ("Belarus", 52.5, 29.0),
}
"""Area: name, latitude, longitude [degrees], the middle of a region rounded to half a degree: coarse on purpose."""

PLACES: Final = {
    "black sea": "black_sea",
    "crimea": "crimea",
    "primorsko-akhtarsk": "primorsko_akhtarsk",
    "eastern coast of sea of azov": "primorsko_akhtarsk",
    "sea of azov": "primorsko_akhtarsk",
    "yeysk": "primorsko_akhtarsk",
    "krasnodar krai": "primorsko_akhtarsk",
    "kursk oblast": "kursk",
    "bryansk oblast": "bryansk",
    "oryol oblast": "bryansk",
    "belgorod oblast": "belgorod",
    "belgorod": "belgorod",
    "voronezh oblast": "voronezh",
    "rostov oblast": "rostov",
    "taganrog": "rostov",
    "volgodonsk": "rostov",
    "morozovsk": "rostov",
    "zaporizhzhia oblast": "occupied_zaporizhzhia_kherson",
    "kherson oblast": "occupied_zaporizhzhia_kherson",
    "melitopol": "occupied_zaporizhzhia_kherson",
    "tokmak": "occupied_zaporizhzhia_kherson",
    "donetsk oblast": "occupied_donetsk_luhansk",
    "luhansk oblast": "occupied_donetsk_luhansk",
    "caspian sea": "caspian_volga",
    "saratov oblast": "caspian_volga",
    "volgograd oblast": "caspian_volga",
    "astrakhan oblast": "caspian_volga",
    "engels-2": "caspian_volga",
    # Bases of the far north where strategic bombers take off; they release over the Caspian Sea and the Volga.
    "olenya": "caspian_volga",
    "olenegorsk": "caspian_volga",
    "ryazan oblast": "kinzhal_area",
    "tambov oblast": "kinzhal_area",
    "tula oblast": "kinzhal_area",
    "lipetsk oblast": "kinzhal_area",
    "savasleyka": "kinzhal_area",
    # Bases of Tu-22M3, named in one report; where they released was not posted, and this is the nearest area.
    "soltsy-2": "kinzhal_area",
    "shaykovka": "kinzhal_area",
    "belarus": "belarus",
}


def main(folder: Path) -> None:
    """Compile both tables and say what was left out."""
    public = folder / "missile_attacks_daily.csv"
    record = read_record(public, strict=True)
    write(record, TARGET / "nights.csv")
    print(record)
    print(f"upstream sha256 {record.provenance.inputs['record']}")
    reports, _, _ = read_reports(public)
    areas, summary = launch_areas(reports)
    areas.to_csv(TARGET / "launch_areas.csv", index=False, lineterminator="\n")
    print(areas.to_string(index=False))
    for line, number in summary.items():
        print(f"{number:5d} {line}")


def write(record: Record, path: Path) -> None:
    """Write a record in the compiled schema."""
    record.rows.to_csv(path, index=False, lineterminator="\n", date_format="%Y-%m-%d %H:%M")


def launch_areas(reports: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Sum national reports with counts by launch area and threat class.

    A report that names several areas is split equally among them, for the split is not posted. Compass words and
    empty places are no areas. Mixtures of classes count for none: neither the class nor the area of a part is known.
    Guided bombs are hardly reported and count for none either.
    """
    national: Any = reports[(reports["channel"] == "national") & (reports["rows"] > 0)]
    pure: Any = national[national["threat_class"].isin(RATE_WORDS)]
    named = pure.assign(area_id=pure["launch_place"].map(areas_of))
    placed = named[named["area_id"].map(len) > 0]
    share = placed.assign(launched=placed["launched"].astype("float64") / placed["area_id"].map(len))
    sums = share.explode("area_id").groupby(["area_id", "threat_class"])[["launched", "rows"]].sum().reset_index()
    coordinates = pd.DataFrame.from_dict(AREAS, orient="index", columns=["name", "latitude", "longitude"])
    table: Any = coordinates.rename_axis("area_id").reset_index().merge(sums, on="area_id")
    summary = {
        "national reports with both counts": len(national),
        "of a mixture, of guided bombs or of no threat class (left out)": len(national) - len(pure),
        "without a launch place (left out)": int((pure["launch_place"].str.strip() == "").sum()),
        "with compass words only (left out)": int(
            ((named["area_id"].map(len) == 0) & (pure["launch_place"] != "")).sum()
        ),
        "used": len(placed),
    }
    return table.assign(launched=table["launched"].round(2)).sort_values(["area_id", "threat_class"]), summary


def areas_of(launch_place: str) -> list[str]:
    """Name the distinct areas of a launch place text; in "Chauda, Crimea" the first piece that we know decides."""
    areas: list[str] = []
    for part in re.split(r"\s+and\s+", launch_place.strip().casefold()):
        known = [PLACES[piece.strip()] for piece in part.split(",") if piece.strip() in PLACES]
        areas += [area for area in known[:1] if area not in areas]
    return areas


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PUBLIC)
