"""Days and periods in text: "on April 3", "in March", "overnight", resolved against the day of the article."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from tegmen.ledger.reading.lexicon import groups_of, pattern, time_pattern, words

MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
DAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
PARTS_OF_YEAR = {"first": 1, "second": 2, "third": 3, "fourth": 4}
DAYS_OF = {"d": 1, "n": 1, "w": 7, "m": 30, "y": 365}
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
SPELT = {word: n for n, word in enumerate("one two three four five six seven eight nine ten".split(), 1)}
SPELT["twelve"] = 12


INVASION = dt.date(2022, 2, 24)
"""What "since the invasion" counts from."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The day an article is of, and how that is known.

    Parameters
    ----------
    day
        None where nothing tells it.
    rule
        In words: given, written in the text, or worked out.
    sure
        Whether it was given or written out with its year.
    """

    day: dt.date | None = None
    rule: str = "the article has no date"
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Time:
    """One expression of time.

    Parameters
    ----------
    start, end
        Its place in the text.
    first, last
        First and last day; None where it cannot be resolved.
    rule
        How it was resolved.
    doubtful
        Whether a person should look: no such day, no year.
    due
        Whether it says by when.
    loose
        Whether it is a plain "today" or weekday, which often says when words were said.
    """

    start: int
    end: int
    first: dt.date | None
    last: dt.date | None
    rule: str = ""
    doubtful: bool = False
    due: bool = False
    loose: bool = False

    @property
    def day(self) -> dt.date | None:
        """The day, where it is one."""
        return self.first if self.first == self.last else None

    @property
    def period(self) -> tuple[dt.date, dt.date] | None:
        """First and last day, where both are known."""
        return None if self.first is None or self.last is None else (self.first, self.last)

    def shorter_than(self, days: int) -> bool:
        """Whether its days are known and so few lie between."""
        return self.first is not None and self.last is not None and (self.last - self.first).days < days


def find_times(text: str, offset: int, anchor: Anchor) -> tuple[Time, ...]:
    """Find every expression of time in a sentence that begins at `offset` of its source."""
    found: list[Time] = []
    text = pattern("openers").sub(lambda match: match[0].lower(), text)
    for match in time_pattern().finditer(text):
        ahead = (
            pattern("future").search(text[max(0, match.start() - 80) : match.start()]) is not None
            or match[0].startswith(("by ", "until ", "next "))
            or re.match(r"(?:,?\s(?!and\b|but\b|which\b|that\b)\w+){0,2}?\s(?:will|is to|would)\b", text[match.end() :])
            is not None
        )
        form, g = groups_of(match)
        due = g.get("prep") in {"by", "until", "end of"} or pattern("by").search(text[: match.start()])
        loose = form == "weekday" or g.get("day") == "today"
        resolved = _resolved(match, anchor, future=ahead)
        found.append(Time(offset + match.start(), offset + match.end(), *resolved, bool(due), loose))
    return tuple(found)


def same_times(text: str, offset: int, told: Time | None) -> tuple[Time, ...]:
    """Find "that night" and "the same day" in a sentence: the day told before, where there is one."""
    if told is None:
        return ()
    found: list[Time] = []
    for match in pattern("same_day").finditer(text):
        step = dt.timedelta(days=(match["after"] is not None) - (match["before"] is not None))
        first, last = (day and day + step for day in (told.first, told.last))
        rule = "counted from the day told before"
        found.append(Time(offset + match.start(), offset + match.end(), first, last, rule, told.doubtful))
    return tuple(found)


def find_anchor(text: str, given: dt.date | None, stamped: dt.date | None) -> Anchor:
    """Find the day of an article: given, else stamped in its page, else written in its head, else worked out."""
    if given is not None:
        return Anchor(given, "the article's date was given", sure=True)
    if stamped is not None:
        return Anchor(stamped, "the page says when it was published", sure=True)
    for match in time_pattern().finditer(text[:600]):
        first, last, _, doubtful = _resolved(match, Anchor(), future=False)
        head = text[: match.start()]
        dateline = "\n" not in head.strip() or head.count("\n") <= 4
        prose = re.search(r"\b(?:on|since|in|until|by|of|from|after|before|during)\s*$|[a-z]{3}[.!?][\"”]?\s", head)
        if first is not None and first == last and not doubtful and dateline and prose is None:
            return Anchor(first, f"'{match[0]}' at the head of the text", sure=True)
    return _worked_out(text)


def _worked_out(text: str) -> Anchor:
    """Take the latest year the text names for something it tells, and in it the latest day it tells of."""
    apart = words("bounds_of_time")
    named = pattern("named_year").finditer(text)
    years = [int(match[2]) for match in named if (match[1] or "").strip().lower() not in apart]
    if not years:
        return Anchor()
    end, days = dt.date(max(years), 12, 31), list[dt.date]()
    for match in time_pattern().finditer(text):
        future = pattern("future").search(text[max(0, match.start() - 80) : match.start()]) is not None
        first, last, _, doubtful = _resolved(match, Anchor(end, sure=True), future=False)
        relative = groups_of(match)[0] in RELATIVE
        if not (future or doubtful or relative) and first is not None and last is not None and (last - first).days < 8:
            days.append(last)
    latest = max((day for day in days if day.year == end.year), default=end)
    return Anchor(latest, f"the year is the latest that the text names, {end.year}")


# ---------------------------------------------------------------- one expression to days

_Resolved = tuple[dt.date | None, dt.date | None, str, bool]
"""First and last day, the rule, and whether it is doubtful."""
_Groups = dict[str, str]
_Days = tuple[dt.date, dt.date]


def _unresolved(why: str = "no year is given; give the article's date") -> _Resolved:
    return None, None, why, True


def _resolved(match: re.Match[str], anchor: Anchor, *, future: bool) -> _Resolved:
    form, g = groups_of(match)
    if form == "days":
        return _days(g, anchor, future=future)
    if form == "months":
        return _months(g, anchor, future=future)
    if form in {"year", "part"}:
        return _part_of_year(g, anchor)
    if anchor.day is None:
        return _unresolved("the article has no date; give it")
    if form == "since":
        return _since(g, anchor.day, anchor)
    days = _counted(form, g, anchor.day, future=future)
    return _unresolved("there is no such day") if days is None else (*days, *_by_anchor("from", anchor))


def _by_anchor(what: str, anchor: Anchor) -> tuple[str, bool]:
    """Give the rule of what is counted from the article's date, and whether it is doubtful."""
    return f"{what} the article's date {anchor.day} ({anchor.rule})", not anchor.sure


# ---------------------------------------------------------------- told by the calendar


def _days(g: _Groups, anchor: Anchor, *, future: bool) -> _Resolved:
    """Resolve "April 3-4", "30 March to 2 April", "2024-04-03"; without a year the latest such days, or the next."""
    first = _month_number(g["m"] or g.get("m2", "")), _day_number(g["d"])
    last = _month_number(g.get("m2") or g["m"]), _day_number(g.get("d2") or g["d"])
    year = int(g["y"] or 0)
    if first > last and not year and first[0] == last[0]:
        return _unresolved("the days are out of order")
    if not (_exists(*first, year or 2024) and _exists(*last, year or 2024)):
        return _unresolved("there is no such day")
    rule, doubtful = "the year is written", False
    if not year:
        if anchor.day is None:
            return _unresolved()
        around = range(anchor.day.year - 4, anchor.day.year + 5)
        days = [dt.date(y, *first) for y in around if _exists(*first, y) and _exists(*last, y)]
        limit = anchor.day if future else anchor.day + dt.timedelta(days=14)
        year = (min(d for d in days if d >= limit) if future else max(d for d in days if d <= limit)).year
        rule, doubtful = _by_anchor("year from", anchor)
    return dt.date(year, *first), dt.date(year + (last < first), *last), rule, doubtful


def _months(g: _Groups, anchor: Anchor, *, future: bool) -> _Resolved:
    first, last = _month_number(g["m"]), _month_number(g.get("m2") or g["m"])
    rule, doubtful, future = "the year is written", False, future and g.get("prep") != "last"
    if g["y"]:
        year = int(g["y"])
    elif anchor.day is None:
        return _unresolved()
    elif g.get("of"):
        year = anchor.day.year - g["of"].startswith("last")
    else:
        year = anchor.day.year + (last < anchor.day.month if future else -(first > anchor.day.month))
        which = "next such month from" if future else "latest such month not after"
        rule, doubtful = _by_anchor(which, anchor)
    return dt.date(year, first, 1), _month_end(year + (last < first), last), rule, doubtful


def _since(g: _Groups, day: dt.date, anchor: Anchor) -> _Resolved:
    if g.get("span"):
        first = INVASION if g["span"] in {"war", "invasion"} else _calendar(g["span"], day)[0]
    elif g.get("m"):
        first, *_ = (_days if g["d"] else _months)(g, anchor, future=False)
    else:
        first = dt.date(int(g["y"]), 1, 1)
    if first is None or first > day:
        return _unresolved("begins after the article's date")
    return first, day, *_by_anchor("until", anchor)


def _part_of_year(g: _Groups, anchor: Anchor) -> _Resolved:
    """Resolve "in 2023", "first quarter of 2023", "the second half of the year", "the first five months of 2024"."""
    if not g["y"].isdigit() and anchor.day is None:
        return _unresolved()
    year = int(g["y"]) if g["y"].isdigit() else (anchor.day or dt.date.min).year - g["y"].startswith("last")
    number, length = PARTS_OF_YEAR.get(g.get("part", ""), 1), {"quarter": 3, "half": 6}.get(g.get("size", ""), 12)
    length = _number(g["many"]) if "many" in g else length
    why = "the whole year" if length == 12 else "part of the year"
    if not 1 <= number * length <= 12:
        return _unresolved("a year has twelve months")
    return dt.date(year, (number - 1) * length + 1, 1), _month_end(year, number * length), why, False


def _month_number(name: str) -> int:
    return int(name) if name.isdigit() else MONTHS[name.lower().rstrip(".")]


def _day_number(day: str) -> int:
    return int(re.sub(r"\D", "", day))


def _number(words_: str) -> int:
    """Value of "3", "three", "a", "a single"; 0 for other words."""
    word, *_ = words_.split()
    return int(word) if word.isdigit() else 1 if word == "a" else SPELT.get(word, 0)


def _exists(month: int, day: int, year: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


# ---------------------------------------------------------------- counted from the day of the article


RELATIVE = frozenset("weekday near calendar nth hours back ago weekend season within".split())
"""Forms of a time that are counted so: first words of the rows of the table of patterns."""


def _counted(form: str, g: _Groups, day: dt.date, *, future: bool) -> _Days | None:
    one = dt.timedelta(days=1)
    length = _number(g["many"]) * DAYS_OF[g["unit"][0]] * one if "many" in g else one
    match form:
        case "weekday":  # the latest such day; the next one where the words look ahead
            back = (day.weekday() - DAYS[g["day"].lower()]) % 7
            weeks = 1 if (future and back) or g["which"] == "next" else -1 if g["which"] == "last" and not back else 0
            return _day_off(day, 7 * weeks - back)
        case "near":
            return _day_off(day, {"yesterday": -1, "tomorrow": 1}.get(g["day"], 0))
        case "nth":
            return _nth(int(g["d"][:-2]), day)
        case "hours":
            return day - one, day
        case "ago":
            return _day_off(day, -length.days)
        case "within" if future:
            return day, day + length
        case "back" | "within":
            return day - length + one, day
        case "weekend":
            sunday = day - (day.weekday() + 1) % 7 * one
            return sunday - one, sunday
        case "season":
            return _season(g, day, future=future)
        case _ if g["rel"] == "past":
            return day - DAYS_OF[g["span"][0]] * one + one, day
        case _:
            return _calendar(g["span"], day, {"last": -1, "previous": -1, "next": 1}.get(g["rel"], 0))


def _day_off(day: dt.date, step: int) -> _Days:
    return day + dt.timedelta(days=step), day + dt.timedelta(days=step)


def _nth(number: int, day: dt.date) -> _Days | None:
    """Resolve "on the 17th" to the latest such day not after the article's."""
    months = day, day.replace(day=1) - dt.timedelta(days=1)
    days = (dt.date(m.year, m.month, number) for m in months if _exists(m.month, number, m.year))
    return next(((one, one) for one in days if one <= day), None)


def _calendar(span: str, day: dt.date, step: int = 0) -> _Days:
    """The calendar week, month or year so many after the one a day is in."""
    if span == "week":
        monday = day + dt.timedelta(days=7 * step - day.weekday())
        return monday, monday + dt.timedelta(days=6)
    if span == "month":
        year, month = divmod(day.year * 12 + day.month - 1 + step, 12)
        return dt.date(year, month + 1, 1), _month_end(year, month + 1)
    return dt.date(day.year + step, 1, 1), dt.date(day.year + step, 12, 31)


def _season(g: _Groups, day: dt.date, *, future: bool) -> _Days:
    """Resolve "this spring", "last winter", "over the three winter months": three months, winter from December."""
    first, whose = SEASONS[g["season"]], g["whose"].lower()
    starts = [dt.date(year, first, 1) for year in range(day.year - 2, day.year + 2)]
    before, begun = [start for start in starts if start <= day][-2:]
    ahead = next(start for start in starts if start > day)
    running = (day - begun).days < 95
    if g["y"]:
        start = dt.date(int(g["y"]), first, 1)
    elif whose == "this":
        start = ahead if not running and (future or (ahead - day).days < 120) else begun
    elif "last" in whose or "past" in whose:
        start = before if running and "last" in whose else begun
    else:
        start = ahead if future or re.search("next|coming|until|by", whose) else begun
    number = (start.month + 1) % 12 + 1
    return start, day if whose == "since" else _month_end(start.year + (number < start.month), number)
