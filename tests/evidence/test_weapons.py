"""Names of weapons: designations, other alphabets, hints, and a user's own table of classes."""

import csv
import io
import re

import pytest
from locations import SHARED, needs_shared

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.evidence.record import read_record
from tegmen.evidence.weapons import weapon_names

HEADER = "time_start,time_end,model,launch_place,target,launched,destroyed,not_reach_goal,source"
CLASSES = list(csv.DictReader(io.StringIO(shipped_text("record", "classes.csv"))))
ALIASES = list(csv.DictReader(io.StringIO(shipped_text("record", "aliases.csv"))))


def row(model, counts="40,30", day="2024-03-01"):
    return f"{day},{day},{model},,Ukraine,{counts},,kpszsu/posts/x"


@pytest.fixture
def read(tmp_path):
    """The record of some labels, a row each; `weapons` is the text of a user's own table."""

    def of(*models, weapons=None, strict=True):
        path, own = tmp_path / "list.csv", tmp_path / "weapons.toml"
        path.write_text("\n".join([HEADER, *map(row, models)]) + "\n", encoding="utf-8")
        if weapons is not None:
            own.write_bytes(weapons if isinstance(weapons, bytes) else weapons.encode())
        return read_record(path, strict=strict, weapons=None if weapons is None else own)

    return of


@pytest.mark.parametrize(
    ("label", "threat_class"),
    [
        ("Kh-47M2", "ballistic"),
        ("Х-47М2", "ballistic"),  # Cyrillic letters
        ("9M723", "ballistic"),
        ("9М723", "ballistic"),  # Cyrillic M
        ("R-500", "cruise"),
        ("Р-500", "cruise"),  # Cyrillic R
        ("9M728", "cruise"),
        ("3M-14", "cruise"),
        ("P-800", "supersonic"),
        ("KAB-500", "glide_bomb"),
        ("drone", "unknown_uav"),
        ("Kh-47M2 and 9M723", "ballistic"),
        ("R-500 and 9M723", "ballistic+cruise"),
        ("Р-500 and С-300", "cruise+s300_ground"),  # Cyrillic letters
    ],
)
def test_designations_are_read_as_their_weapon(read, label, threat_class):
    assert read(label).rows["threat_class"].item() == threat_class


@needs_shared
def test_designations_of_the_cases(read):
    with (SHARED / "cases" / "weapons.csv").open(encoding="utf-8") as file:
        cases = [(case["label"], case["right_class"]) for case in csv.DictReader(file)]
    assert len(cases) > 3
    for label, right in cases:
        expected = {"unknown drone": "unknown_uav"}.get(right, right)
        assert read(label).rows["threat_class"].item() == expected, label


def test_a_latin_p_500_is_not_the_r_500_that_looks_like_it_in_cyrillic(read):
    assert read("Р-500").rows["weapon"].item() == "Iskander-K"  # Cyrillic R
    with pytest.raises(InputError, match="found unknown weapon 'P-500'"):
        read("P-500")


def test_every_alias_names_a_listed_weapon_and_is_needed():
    """A second reading of the two tables: each alias leads to its own row, and says what no label says already."""
    names, labels = weapon_names(), {each["label"]: each for each in CLASSES}
    assert len(labels) == len(CLASSES)
    for each in ALIASES:
        expected = labels[each["label"]]["threat_class"], labels[each["label"]]["weapon"]
        assert names.read(each["alias"]) == names.read(each["alias"].upper()) == expected
        assert each["alias"] not in labels
        assert each["source"]
    assert len({each["alias"].casefold() for each in ALIASES}) == len(ALIASES)


def test_a_weapon_is_of_one_class():
    of_weapon = {}
    for each in CLASSES:
        if each["weapon"] != "unnamed":
            of_weapon.setdefault(each["weapon"], set()).add(each["threat_class"])
    assert {weapon: found for weapon, found in of_weapon.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("Kalibre", "did you mean 'Kalibr'?"),
        ("Zirkon", "did you mean 'Zircon'?"),
        ("Tochka", "did you mean 'Tochka-U'?"),
        ("Iskander", None),  # M is ballistic, K a cruise missile
        ("Kh-58", None),  # supersonic, beside the cruise missiles Kh-55 and Kh-59
        ("R-600", None),
        ("C-500", None),
        ("9M725", None),
        ("Geran-9", None),
        ("drones", "did you mean 'Unknown UAV'?"),
        ("Zmei", None),
    ],
)
def test_hints_name_only_what_can_be_meant(read, label, hint):
    with pytest.raises(InputError) as caught:
        read(label)
    (fault,) = caught.value.faults
    assert fault.endswith(hint or "; rename it, name its class with --weapons, or remove the row")


def slips(name):
    """A name with one letter lost, doubled, or changed places with the next."""
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :]
        yield name[: at + 1] + name[at:]
        yield name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]


def test_no_slip_of_the_keyboard_in_a_known_name_gets_a_hint_to_another_class():
    names = weapon_names()
    crossed, hinted = [], 0
    for name in [*(each["label"] for each in CLASSES), *(each["alias"] for each in ALIASES)]:
        right, _ = names.read(name)
        for slip in filter(str.strip, slips(name)):
            if names.find(slip) is None and (meant := re.search("did you mean '(.*)'", names.hint(slip))):
                hinted += 1
                crossed += [(name, slip, meant[1])] if names.read(meant[1])[0] != right else []
    assert hinted > 500
    assert crossed == []


def test_thousands_of_unknown_labels_are_told_in_a_few_lines(read):
    record = read("Shahed-136", *(f"Shahedd{n}x{'y' * (n % 90)}" for n in range(3000)), strict=False)
    assert len(record.notes) == 22
    assert record.notes[-1] == "and 2980 more (3000 faults in all)"


# --- a user's own table -------------------------------------------------------------------------------------------


OWN = '"Oreshnik-7" = "ballistic"\n"Картограф" = "recon"\n"Never Seen" = "drone"\n'


def test_a_user_names_the_class_of_a_weapon(read):
    models = ("Oreshnik-7", "Iskander-M and oreshnik–7", "КАРТОГРАФ", "Kalibr")
    record = read(*models, weapons=OWN)
    assert dict(zip(record.rows["weapon"], record.rows["threat_class"], strict=True)) == {
        "Oreshnik-7": "ballistic",
        "Iskander-M+Oreshnik-7": "ballistic",
        "Картограф": "recon",
        "Kalibr": "cruise",
    }
    assert len(record.eligible("ballistic")) == 2
    (note,) = record.notes
    said = "'Oreshnik-7' as ballistic (2 rows), 'Картограф' as recon (1 row), 'Never Seen' as drone (0 rows)"
    assert note == f"Read by your own table of weapons: {said}."
    with pytest.raises(InputError, match="3 faults"):
        read(*models)


def test_a_table_of_weapons_is_an_input_that_the_result_names(read):
    without, one, other = (read("Kalibr", weapons=text) for text in (None, OWN, OWN + "\n"))
    assert set(without.provenance.inputs) == {"record"}
    hashes = [each.provenance.inputs["record_weapons"] for each in (one, other)]
    assert len({*hashes}) == 2


def test_own_weapons_stand_in_a_compiled_table_too(tmp_path):
    path, own = tmp_path / "nights.csv", tmp_path / "weapons.toml"
    head = "window_end,threat_class,weapon,zone,channel,launched,intercepted,lost,rows,rows_uncounted"
    path.write_text(f"{head}\n2024-03-02,ballistic,Iskander-M+Oreshnik-7,UA-30,national,4,1,,1,0\n", encoding="utf-8")
    own.write_text(OWN, encoding="utf-8")
    record = read_record(path, strict=True, weapons=own)
    assert record.rows["weapon"].item() == "Iskander-M+Oreshnik-7"
    assert "'Oreshnik-7' as ballistic (1 row)" in record.notes[0]
    with pytest.raises(InputError, match=r"found 'Iskander-M\+Oreshnik-7'; weapons of"):
        read_record(path)


@pytest.mark.parametrize(
    ("weapons", "said"),
    [
        ("", "found no line; lines such as "),
        ('"Oreshnik-7" = "balistic"', "'Oreshnik-7': found 'balistic'; allowed: ballistic, cruise, drone"),
        ('"Oreshnik-7" = 3', "'Oreshnik-7': found int; a class in quotes is allowed"),
        ('X.55 = "cruise"', "'X': found dict; a class in quotes"),
        ('"" = "cruise"', "'': a label of 1 to 60 printed characters"),
        ('"A+B" = "cruise"', "'A+B': a label of 1 to 60 printed characters without +"),
        (f'"{"A" * 61}" = "cruise"', "a label of 1 to 60 printed characters"),
        ('"a\\u0002b" = "cruise"', r"'a\x02b': a label of 1 to 60 printed characters"),
        ('"Zmei and Drakon" = "cruise"', "'Zmei and Drakon': joins weapons; one weapon a line"),
        ('"Kh-47M2" = "cruise"', "'Kh-47M2': is read as 'X-47M2 Kinzhal', of class ballistic, already"),
        ('Zmei = "cruise"\nZmei = "drone"', "not valid TOML"),
        ("Zmei: cruise", "not valid TOML"),
        (b"\xff\xfe\x00", "not valid TOML"),
        ("a = " + "[" * 3000, "brackets within brackets"),
        ("a = " + "9" * 5000, "not valid TOML"),
        ("#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_what_a_table_of_weapons_cannot_be(read, weapons, said):
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        read("Kalibr", weapons=weapons)
    assert caught.value.where.endswith("weapons.toml")


def test_faults_of_a_table_of_weapons_are_told_together(read, tmp_path):
    with pytest.raises(InputError, match="2 faults"):
        read("Kalibr", weapons='Zmei = "rocket"\nKub = "drone"\nDrakon = "cruise"\n')
    with pytest.raises(InputError, match="cannot be read"):
        read_record(weapons=tmp_path / "none.toml")


def test_a_class_that_is_known_already_may_be_said_again(read):
    record = read("Kh-47M2", weapons='"Kh-47M2" = "ballistic"\n')
    assert (record.rows["weapon"].item(), record.notes) == ("Kinzhal", ())
