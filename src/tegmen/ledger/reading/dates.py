"""Days and periods in text: "on April 3", "in March", "overnight", resolved against the day of the article."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from tegmen.ledger.reading.lexicon import pattern, words

MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
DAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
PARTS_OF_YEAR = {"first": 1, "second": 2, "third": 3, "fourth": 4}
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
    for match in pattern("time").finditer(text):
        ahead = (
            pattern("future").search(text[max(0, match.start() - 80) : match.start()]) is not None
            or match[0].startswith(("by ", "until ", "next "))
            or re.match(r"(?:,?\s(?!and\b|but\b|which\b|that\b)\w+){0,2}?\s(?:will|is to|would)\b", text[match.end() :])
            is not None
        )
        due = (
            match["prep"] in {"by", "until", "end of"}
            or match["by"] == "by"
            or pattern("by").search(text[: match.start()])
        )
        loose = match["weekday"] is not None or match["near"] == "today"
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
    for match in pattern("time").finditer(text[:600]):
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
    for match in pattern("time").finditer(text):
        future = pattern("future").search(text[max(0, match.start() - 80) : match.start()]) is not None
        first, last, _, doubtful = _resolved(match, Anchor(end, sure=True), future=False)
        relative = match["weekday"] or match["near"] or match["rel"] or match["hours"]
        if not (future or doubtful or relative) and first is not None and last is not None and (last - first).days < 8:
            days.append(last)
    latest = max((day for day in days if day.year == end.year), default=end)
    return Anchor(latest, f"the year is the latest that the text names, {end.year}")


# ---------------------------------------------------------------- one expression to days

_Resolved = tuple[dt.date | None, dt.date | None, str, bool]
"""First and last day, the rule, and whether it is doubtful."""
_Groups = dict[str, str | None]


def _unresolved(why: str = "no year is given; give the article's date") -> _Resolved:
    return None, None, why, True


def _resolved(match: re.Match[str], anchor: Anchor, *, future: bool) -> _Resolved:
    g = match.groupdict()
    if g["iso"] or g["dotted"]:
        parts = [int(part) for part in re.split(r"[.-]", g["iso"] or g["dotted"])]
        year, month, day = parts if g["iso"] else reversed(parts)
        return _days((month, day), (month, day), year, anchor, future=future)
    if g["d1"] or g["d2"]:
        year = g["y1"] or g["y2"]
        return _days(*_month_days(g), int(year) if year else None, anchor, future=future)
    if g["m4"]:
        return _months(_month_number(g["m4"]), _month_number(g["m4b"]), g["y4"], anchor, future=future)
    if g["since"]:
        return _since(g, anchor)
    if g["m6"] or g["m7"]:
        year = g["y6"] or g["y7"]
        if g["lasty"] and anchor.day is not None:
            year = str(anchor.day.year - g["lasty"].startswith("last"))
        month = _month_number(g["m6"] or g["m7"])
        return _months(month, month, year, anchor, future=future and g["prep"] != "last")
    if g["part"] or g["count"]:
        return _part_of_year(g, anchor)
    if g["y10"]:
        year = int(g["y10"])
        return dt.date(year, 1, 1), dt.date(year, 12, 31), "the whole year", False
    return _relative(g, anchor, future=future)


def _month_number(name: str | None) -> int:
    return MONTHS[(name or "").lower().rstrip(".")]


def _day_number(day: str | None) -> int:
    return int(re.sub(r"\D", "", day or ""))


def _month_days(g: _Groups) -> tuple[tuple[int, int], tuple[int, int]]:
    """Month and day of the first and of the last day named: "April 3-4", "30 March to 2 April"."""
    first, last = (g["m1"], g["m1b"] or g["m1"]) if g["d1"] else (g["m2a"] or g["m2b"], g["m2b"])
    day = g["d1"] or g["d2"]
    return (_month_number(first), _day_number(day)), (_month_number(last), _day_number(g["d1b"] or g["d2b"] or day))


def _days(
    first: tuple[int, int], last: tuple[int, int], year: int | None, anchor: Anchor, *, future: bool
) -> _Resolved:
    if first > last and year is None and first[0] == last[0]:
        return _unresolved("the days are out of order")
    if not (_exists(*first, year or 2024) and _exists(*last, year or 2024)):
        return _unresolved("there is no such day")
    rule, doubtful = "the year is written", False
    if year is None:
        if anchor.day is None:
            return _unresolved()
        around = range(anchor.day.year - 4, anchor.day.year + 5)
        days = [dt.date(y, *first) for y in around if _exists(*first, y) and _exists(*last, y)]
        limit = anchor.day if future else anchor.day + dt.timedelta(days=14)
        year = (min(d for d in days if d >= limit) if future else max(d for d in days if d <= limit)).year
        rule, doubtful = f"year from the article's date {anchor.day} ({anchor.rule})", not anchor.sure
    return dt.date(year, *first), dt.date(year + (last < first), *last), rule, doubtful


def _exists(month: int, day: int, year: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _months(first: int, last: int, year: str | None, anchor: Anchor, *, future: bool) -> _Resolved:
    if year is not None:
        y, rule, doubtful = int(year), "the year is written", False
    elif anchor.day is None:
        return _unresolved()
    else:
        y = anchor.day.year + (last < anchor.day.month if future else -(first > anchor.day.month))
        which = "next such month" if future else "latest such month not after the article's date"
        rule, doubtful = f"{which} {anchor.day} ({anchor.rule})", not anchor.sure
    return dt.date(y, first, 1), _month_end(y + (last < first), last), rule, doubtful


def _month_end(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def _since(g: _Groups, anchor: Anchor) -> _Resolved:
    if anchor.day is None:
        return _unresolved("no end is given; give the article's date")
    g = {**g, "m5": g["m5"] or g["m5b"], "d5": g["d5"] or g["d5b"], "y5": g["y5"] or g["y5b"]}
    year, first = g["y5"], INVASION
    if g["begin"] in {"month", "year", "week"}:
        first, _ = _calendar(g["begin"], anchor.day, 0)
    elif g["y5o"]:
        first = dt.date(int(g["y5o"]), 1, 1)
    elif g["d5"]:
        when = (_month_number(g["m5"]), _day_number(g["d5"]))
        first, *_ = _days(when, when, int(year) if year else None, anchor, future=False)
    elif g["m5"]:
        month = _month_number(g["m5"])
        first, *_ = _months(month, month, year, anchor, future=False)
    if first is None or first > anchor.day:
        return _unresolved("begins after the article's date")
    return first, anchor.day, f"until the article's date {anchor.day} ({anchor.rule})", not anchor.sure


def _part_of_year(g: _Groups, anchor: Anchor) -> _Resolved:
    named, count = g["y8"] or g["y9"] or "this year", g["count"] or ""
    if not named.isdigit() and anchor.day is None:
        return _unresolved()
    year = int(named) if named.isdigit() else (anchor.day or dt.date.min).year - named.startswith("last")
    if count:
        months = SPELT.get(count, 0) or (int(count) if count.isdigit() else 0)
        if not 1 <= months <= 12:
            return _unresolved("not a number of months")
        return dt.date(year, 1, 1), _month_end(year, months), "counted from January", False
    length, number = 3 if g["size"] == "quarter" else 6, PARTS_OF_YEAR[g["part"] or ""]
    if number * length > 12:
        return _unresolved("a year has two halves")
    return dt.date(year, (number - 1) * length + 1, 1), _month_end(year, number * length), "part of the year", False


def _relative(g: _Groups, anchor: Anchor, *, future: bool) -> _Resolved:
    """Count from the article's date: weekdays, yesterday, last month."""
    if anchor.day is None:
        return _unresolved("the article has no date; give it")
    day = anchor.day
    one: dt.date | None = None
    days: tuple[dt.date, dt.date] | None = None
    if g["season"]:
        return _season(g, day, anchor, future=future)
    if g["weekday"]:
        one = _weekday(DAYS[g["weekday"].lower()], g["which"], day, future=future)
    elif g["near"]:
        one = day + dt.timedelta(days={"yesterday": -1, "tomorrow": 1}.get(g["near"], 0))
    elif g["nth"]:
        one = _nth(int(g["nth"][:-2]), day)
    elif g["some"] and future:
        days = day, day + dt.timedelta(days=_span_days(g))
    elif g["many"] or g["ago"] or g["weekend"] or g["some"]:
        days = _back(g, day)
    elif g["hours"]:
        days = day - dt.timedelta(days=1), day
    elif g["rel"] == "past":
        days = day - dt.timedelta(days={"week": 7, "month": 30, "year": 365}[g["span"] or ""] - 1), day
    else:
        days = _calendar(g["span"] or "", day, {"last": -1, "previous": -1, "next": 1}.get(g["rel"] or "", 0))
    first, last = days or (one, one)
    if first is None:
        return _unresolved("there is no such day")
    return first, last, f"from the article's date {day} ({anchor.rule})", not anchor.sure


def _weekday(number: int, which: str | None, day: dt.date, *, future: bool) -> dt.date:
    """The latest such weekday; the next one where the words look ahead, the one before where they say "last"."""
    back = (day.weekday() - number) % 7
    weeks = 1 if (future and back) or which == "next" else -1 if which == "last" and not back else 0
    return day + dt.timedelta(days=7 * weeks - back)


def _back(g: _Groups, day: dt.date) -> tuple[dt.date, dt.date]:
    """Count days, weeks, months or years back: "the past two weeks", "three days ago", "over the weekend"."""
    if g["weekend"]:
        sunday = day - dt.timedelta(days=(day.weekday() + 1) % 7)
        return sunday - dt.timedelta(days=1), sunday
    back = dt.timedelta(days=_span_days(g))
    return (day - back, day - back) if g["ago"] else (day - back + dt.timedelta(days=1), day)


def _span_days(g: _Groups) -> int:
    """Length of "two weeks", "a single night" in days."""
    word = (g["many"] or g["ago"] or g["some"] or "").split()[0]
    number = 1 if word == "a" else SPELT.get(word, 0) or int(word)
    return number * {"d": 1, "n": 1, "w": 7, "m": 30, "y": 365}[(g["unit"] or g["agos"] or g["unit2"] or "d")[0]]


def _season(g: _Groups, day: dt.date, anchor: Anchor, *, future: bool) -> _Resolved:
    """Resolve "this spring", "last winter", "over the three winter months": three months, winter from December."""
    first = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}[g["season"] or ""]
    whose, year = (g["whose"] or "").lower(), g["y11"]
    if year:
        start = dt.date(int(year), first, 1)
    else:
        starts = [dt.date(y, first, 1) for y in range(day.year - 2, day.year + 2)]
        begun = [start for start in starts if start <= day]
        ahead = [start for start in starts if start > day]
        running = (day - begun[-1]).days < 95
        if whose.startswith("this"):
            start = begun[-1] if running else (ahead[0] if future or (ahead[0] - day).days < 120 else begun[-1])
        elif "last" in whose or "past" in whose:
            start = begun[-2] if running and "past" not in whose else begun[-1]
        elif future or re.search("next|coming|until|by", whose):
            start = ahead[0]
        else:
            start = begun[-1]
    number = (start.month + 1) % 12 + 1
    end = _month_end(start.year + (number < start.month), number)
    if whose == "since":
        return start, day, f"until the article's date {day} ({anchor.rule})", not anchor.sure
    return start, end, f"the months of the season, from the article's date {day} ({anchor.rule})", not anchor.sure


def _nth(number: int, day: dt.date) -> dt.date | None:
    """Resolve "on the 17th" to the latest such day not after the article's."""
    back = day.replace(day=1) - dt.timedelta(days=1)
    for year, month in ((day.year, day.month), (back.year, back.month)):
        if _exists(month, number, year) and dt.date(year, month, number) <= day:
            return dt.date(year, month, number)
    return None


def _calendar(span: str, day: dt.date, step: int) -> tuple[dt.date, dt.date]:
    """The calendar week, month or year so many after the one a day is in."""
    if span == "week":
        monday = day + dt.timedelta(days=7 * step - day.weekday())
        return monday, monday + dt.timedelta(days=6)
    if span == "month":
        year, month = divmod(day.year * 12 + day.month - 1 + step, 12)
        return dt.date(year, month + 1, 1), _month_end(year, month + 1)
    return dt.date(day.year + step, 1, 1), dt.date(day.year + step, 12, 31)
