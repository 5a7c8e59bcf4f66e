"""The words articles are read with: what is counted, who speaks, which countries and cities there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tegmen.data import shipped_toml


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Sets of words, from the table `data/reading/lexicon.toml`.

    Parameters
    ----------
    heads
        Noun that is counted to its group: aid, attack, people, power, grid.
    grid
        Words that make a counted plant one of the power system.
    weapons, numbered
        Names counted without a noun behind them; words that make the number behind them a name.
    countries
        Name, adjective or capital to the country.
    capitals
        Country to its capital.
    cities, outlets, channels, people
        Other places; who reports; where people post; who is written of by a last name alone.
    titles, roles, offices
        Words in front of a name, offices in lower case, and last words of names that are no person's.
    say, stops
        Verbs of saying; words that end a noun phrase.
    """

    heads: dict[str, str]
    grid: frozenset[str]
    weapons: frozenset[str]
    numbered: frozenset[str]
    countries: dict[str, str]
    capitals: dict[str, str]
    cities: frozenset[str]
    outlets: frozenset[str]
    channels: frozenset[str]
    people: frozenset[str]
    titles: frozenset[str]
    roles: frozenset[str]
    offices: frozenset[str]
    say: frozenset[str]
    stops: frozenset[str]


@cache
def read_lexicon() -> Lexicon:
    """Read the table once; the words are part of the package and never change in a process."""
    content = shipped_toml("reading", "lexicon.toml")

    def words(table: str, key: str = "words") -> frozenset[str]:
        return frozenset(word.rstrip("_").replace("_", " ") for word in content[table][key].split())

    countries = {name: name for name in content["countries"]}
    for name in content["countries"]:
        countries |= dict.fromkeys(words("countries", name), name)
    return Lexicon(
        heads={word: group for group in content["heads"] for word in words("heads", group)},
        grid=words("grid"),
        weapons=words("names", "weapons"),
        numbered=words("numbered"),
        countries=countries,
        capitals=content["capitals"],
        cities=words("places", "cities"),
        outlets=words("outlets", "names"),
        channels=words("outlets", "channels"),
        people=words("people"),
        titles=words("titles"),
        roles=words("roles"),
        offices=words("offices"),
        say=words("verbs", "say"),
        stops=words("stops"),
    )
