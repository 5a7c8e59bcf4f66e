"""The ledger: what sources say, kept for good in one file of JSON Lines that only grows; a correction is a new entry.

The file is at any moment what `Ledger.export` gives, whole: what `Ledger.add` acknowledges is on the disk, writers wait
for one another and readers for nobody. A ledger in memory is what its lines say, each held against its id.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.ledger.databases import is_database, lines_of_database
from tegmen.ledger.entries import OPEN, STAGES, Entry, Source
from tegmen.ledger.files import WAIT_FOR_WRITER_S, making, put_file, write_content
from tegmen.ledger.jsonl import line_of, read_held, read_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from tegmen.ledger.entries import Kind

SHIPPED_LEDGER: Final = "the shipped ledger"
LEDGER_BYTES_MOST: Final = 200_000_000
"""Largest ledger opened: some half a million entries."""
_RIVALLED: Final = ("statement", "incident")
"""Kinds of which two sources may give two numbers for one thing; two commitments are two promises."""
_OWN: Final = "can only be read; make a ledger of your own with `tegmen ledger new FILE` and add to that"
_OLD: Final = (
    "is a database of an earlier tegmen, which can only be read; write it out once with "
    "`tegmen ledger export --ledger {where} --out FILE`: that file is a ledger, and can be added to"
)


# ---------------------------------------------------------------- opening


def open_ledger(path: str | Path | None = None, *, wait_s: float = WAIT_FOR_WRITER_S) -> Ledger:
    """Open a ledger: its entries as they are now; read-only where the file or its folder cannot be written.

    Parameters
    ----------
    path
        File; None for the ledger that tegmen ships, which can be read and not added to.
    wait_s
        How long an addition waits while another program writes [s].

    Raises
    ------
    InputError
        No such file, not a ledger, or lines that are damaged: each is named.
    """
    if path is None:
        return Ledger(SHIPPED_LEDGER, _public_entries())
    where, file = str(path), Path(path)
    content = _content(file, where)
    if is_database(content):
        return Ledger(where, _read(lines_of_database(file, where), where), _OLD.format(where=where))
    writable = file.is_file() and os.access(file, os.W_OK) and os.access(file.resolve().parent, os.W_OK)
    # Through a link what it points to is written, and the link stays.
    return Ledger(where, _read(content, where), "" if writable else _OWN, file.resolve(), wait_s)


def new_ledger(path: str | Path | None = None, *, empty: bool = False) -> Ledger:
    """Make a ledger of the user's own, which starts with the shipped entries unless it is to be empty; and open it.

    Parameters
    ----------
    path
        File; None for one in memory, gone when nobody holds it any more.
    empty
        Whether to leave the shipped entries out.

    Raises
    ------
    InputError
        There is something of that name already, or the place cannot be written.
    """
    held = _ordered({}, {}) if empty else _public_entries()
    if path is None:
        return Ledger("a ledger in memory", held, "")
    file = Path(path)
    exists = "exists already; nothing is ever written over a ledger: choose another name, or add to this one"
    try:
        if os.path.lexists(file):
            raise InputError(str(path), [exists])
        with making(file) as folder:
            write_content(folder / "ledger", held.content)
            _give_name(folder / "ledger", file)
    except FileExistsError:
        raise InputError(str(path), [exists]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(str(path), [f"cannot be made ({reason}); give a place you may write to"]) from None
    return open_ledger(file)


def _give_name(draft: Path, file: Path) -> None:
    """Name a finished ledger; of two programs that want the name, one gets it."""
    try:
        os.link(draft, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without second names
        if os.path.lexists(file):
            raise FileExistsError from None
        draft.rename(file)


@cache
def _public_entries() -> _Held:
    return _read(shipped_text("ledger", "public.jsonl").encode(), SHIPPED_LEDGER)


def _content(file: Path, where: str) -> bytes:
    try:
        if file.is_dir():
            raise InputError(where, ["found a folder; a ledger is one file: name the file inside it"])
        with file.open("rb") as handle:
            content = handle.read(LEDGER_BYTES_MOST + 1)
    except FileNotFoundError:
        fault = "no such ledger; check the path, or make one with `tegmen ledger new FILE`"
        raise InputError(where, [fault]) from None
    except (OSError, ValueError) as error:
        raise InputError(where, [f"cannot be read ({error}); check the path and its permissions"]) from None
    if not content or (content.lstrip(b"\xef\xbb\xbf \r\n")[:1] not in {b"", b"{"} and not is_database(content)):
        found = "found another format, not a ledger" if content else "found an empty file, not a ledger"
        made = "a ledger is a file of JSON Lines made by `tegmen ledger new FILE`"
        raise InputError(where, [f"{found}; {made}"])
    return content


def _read(content: bytes, where: str) -> _Held:
    """Read what a ledger's file holds; a new one that was to be empty has one empty line."""
    sources, entries = read_held(content, where, LEDGER_BYTES_MOST) if content.strip() else ({}, {})
    held = _ordered(sources, entries, content)
    if faults := held.faults({}, entries):
        todo = "the file is damaged or lines are missing: bring them back, or import your last export into a new ledger"
        raise InputError(where, [f"{each}: {fault}; {todo}" for each, fault in faults])
    return held


# ---------------------------------------------------------------- what it holds


@dataclass(frozen=True, slots=True)
class _Held:
    """What a ledger holds.

    Parameters
    ----------
    sources, entries
        By id, in order of their days: an order made by content.
    corrections
        Ids of the entries that correct one, by its id.
    subjects
        Ids of the current entries with a quantity, by what the quantity is of.
    content
        The file as it was read, or is to be written.
    """

    sources: Mapping[str, Source]
    entries: Mapping[str, Entry]
    corrections: Mapping[str, list[str]]
    subjects: Mapping[tuple[str, ...], list[str]]
    content: bytes

    def faults(
        self, sources: Iterable[str], entries: Mapping[str, Entry], also: frozenset[str] = frozenset()
    ) -> list[tuple[str, str]]:
        """Say what keeps entries (by id), with these new sources (ids), from standing here: (id of the entry, fault).

        Ids in `also` count as known: those of lines that cannot be read for another reason.
        """
        sources, found = also.union(sources, self.sources), list[tuple[str, str]]()
        known = also.union(entries, self.entries)
        for each, entry in entries.items():
            if not entry.source:
                found.append((each, "source: found nothing; every entry names the source it was read in"))
            elif entry.source not in sources:
                found.append((each, f"source: found {entry.source!r}, which is not in the ledger; add the source too"))
            for name, other in (("corrects", entry.corrects), ("of", entry.of)):
                if other and other not in known:
                    found.append((each, f"{name}: found {other!r}, which is not in the ledger; check the id"))
            if entry.corrects and not entry.note.strip():
                found.append((each, "note: found nothing; a correction says why in its note"))
            if entry.of and not (entry.kind == "commitment" and entry.of.startswith("commitment-")):
                fault = f"of: found {entry.of!r} in a {entry.kind}; only commitments have a life, begun by a commitment"
                found.append((each, fault))
        return found


def _ordered(sources: Mapping[str, Source], entries: Mapping[str, Entry], content: bytes = b"") -> _Held:
    sources = dict(sorted(sources.items(), key=_by_publication))
    entries = dict(sorted(entries.items(), key=_by_day))
    corrections, subjects = dict[str, list[str]](), dict[tuple[str, ...], list[str]]()
    for id_, entry in entries.items():
        if entry.corrects:
            corrections.setdefault(entry.corrects, []).append(id_)
    for id_, entry in entries.items():
        if entry.quantity is not None and entry.kind in _RIVALLED and id_ not in corrections:
            subjects.setdefault(_subject(entry), []).append(id_)
    # An empty file would look like one that was lost.
    content = content or "".join(f"{line}\n" for line in _lines_of(sources, entries)).encode() or b"\n"
    return _Held(sources, entries, corrections, subjects, content)


def _lines_of(sources: Mapping[str, Source], entries: Mapping[str, Entry]) -> Iterator[str]:
    for id_, item in (*sources.items(), *entries.items()):
        yield line_of(item, id_)


def _by_publication(item: tuple[str, Source]) -> tuple[str, str, str]:
    id_, source = item
    return str(source.published or ""), source.publisher, id_


def _by_day(item: tuple[str, Entry]) -> tuple[str, str, str]:
    id_, entry = item
    return str(entry.date or (_about(entry) or [""])[0]), entry.kind, id_


def _about(entry: Entry) -> tuple[dt.date, dt.date] | None:
    """Days an entry is about; an incident without a period is about its day."""
    if entry.period is None and entry.kind == "incident" and entry.date is not None:
        return entry.date, entry.date
    return entry.period


def _subject(entry: Entry) -> tuple[str, ...]:
    return entry.kind, _searchable(entry.thing), *map(str, _about(entry) or ()), entry.role


def _searchable(words: str) -> str:
    return " ".join(words.casefold().split())


# ---------------------------------------------------------------- the ledger


class Ledger:
    """An open ledger, as it was when it was opened or last added to. Views give entries by id, in order of their days.

    Parameters
    ----------
    where
        Its name, for messages.
    held
        What it holds.
    only_read
        Why nothing can be added; empty where it can.
    file
        Where it is written; None for one in memory.
    wait_s
        How long an addition waits while another program writes [s].
    """

    __slots__ = ("_file", "_held", "_only_read", "_wait_s", "where")

    def __init__(
        self, where: str, held: _Held, only_read: str = _OWN, file: Path | None = None, wait_s: float = 0.0
    ) -> None:
        self.where = where
        self._held = held
        self._only_read = only_read
        self._file = file
        self._wait_s = wait_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        """Entries in it, corrected ones included."""
        return len(self._held.entries)

    @property
    def writable(self) -> bool:
        """Whether it can be added to."""
        return not self._only_read

    def close(self) -> None:
        """End its use: nothing is held open, and nothing has to be done."""

    def add(self, sources: Iterable[Source], entries: Iterable[Entry]) -> tuple[str, ...]:
        """Add sources and entries: all of them or none, and on the disk when this returns.

        What is there already is left as it is: the same content has the same id. What another program has added since
        this ledger was opened is seen from here on.

        Returns
        -------
            Id of each entry, in the order given.

        Raises
        ------
        InputError
            The ledger is read-only or being written to for too long; or an entry has no source, names an entry that
            is not there, or corrects one without saying why. Then nothing is added.
        """
        ids = [(entry.id, entry) for entry in entries]
        self._add({source.id: source for source in sources}, dict(ids))
        return tuple(each for each, _ in ids)

    def take_in(self, content: bytes, where: str) -> tuple[str, ...]:
        """Add what a file of JSON Lines holds, as `export` writes it; all of it or nothing.

        Parameters
        ----------
        content
            Bytes of the file.
        where
            Its name, for messages.

        Returns
        -------
            Id of each entry, in the order of the lines.

        Raises
        ------
        InputError
            With every fault of the file and the line it is in; or as `add`.
        """
        batch = read_lines(content, where)
        dangling = self._held.faults(batch.sources, batch.entries, also=batch.named)
        faults = [*batch.faults, *((batch.line[each], fault) for each, fault in dangling)]
        if faults:
            raise InputError(where, shown(faults))
        self._add(batch.sources, batch.entries)
        return tuple(batch.entries)

    def _add(self, sources: Mapping[str, Source], entries: Mapping[str, Entry]) -> None:
        if self._only_read:
            raise InputError(self.where, [self._only_read])
        if self._file is None:
            self._held = self._with(sources, entries)
            return
        try:
            with making(self._file, wait_s=self._wait_s) as folder:
                if (content := _content(self._file, self.where)) != self._held.content:
                    self._held = _read(content, self.where)
                held = self._with(sources, entries)
                put_file(self._file, held.content, folder)
        except OSError as error:
            fault = f"cannot be written ({error.strerror}); nothing was added: check the disk and the permissions"
            raise InputError(self.where, [fault]) from error
        self._held = held

    def _with(self, sources: Mapping[str, Source], entries: Mapping[str, Entry]) -> _Held:
        if faults := self._held.faults(sources, entries):
            raise InputError(self.where, [f"{each}: {fault}" for each, fault in faults])
        return _ordered({**sources, **self._held.sources}, {**entries, **self._held.entries})

    def entry(self, id_: str) -> Entry:
        """One entry, corrected or not.

        Raises
        ------
        InputError
            No entry of that id; the message names those nearest to it.
        """
        if id_ not in self._held.entries:
            near = ", ".join(difflib.get_close_matches(id_, self._held.entries, n=3))
            raise InputError(
                self.where, [f"no entry {id_!r}; did you mean: {near or '`tegmen ledger show` lists them'}"]
            )
        return self._held.entries[id_]

    def sources(self) -> dict[str, Source]:
        """All sources by id, in order of publication."""
        return dict(self._held.sources)

    def current(
        self, *, kind: Kind | None = None, thing: str = "", speaker: str = "", at: dt.date | None = None
    ) -> dict[str, Entry]:
        """Entries that nobody has corrected.

        Parameters
        ----------
        kind
            Of this kind only.
        thing, speaker
            With these words in the thing counted, in the name of who said it; upper and lower case alike.
        at
            Of this day, or about a period that holds it.
        """
        things, speakers = _searchable(thing), _searchable(speaker)
        return {
            each: entry
            for each, entry in self._held.entries.items()
            if each not in self._held.corrections
            and kind in {None, entry.kind}
            and things in _searchable(entry.thing)
            and speakers in _searchable(entry.speaker)
            and (at is None or at == entry.date or ((days := _about(entry)) is not None and days[0] <= at <= days[1]))
        }

    def history(self, id_: str) -> dict[str, Entry]:
        """Everything ever said in one entry's place: the first version, what corrected it, and so on.

        Merged ledgers may hold two corrections of one entry: both are there.
        """
        first = id_
        while before := self.entry(first).corrects:
            first = before
        chain, newest = dict[str, Entry](), [first]
        while newest:
            chain |= {each: self.entry(each) for each in sorted(newest)}
            newest = [later for each in newest for later in self._held.corrections.get(each, ())]
        return chain

    def rivals(self, id_: str) -> dict[str, Entry]:
        """Other current entries that give a quantity of the same thing in the same period; the rest of its history out.

        The same thing: the same kind, words (upper and lower case alike) and role: what was launched is no rival of
        what was destroyed. The same period: the same first and last day, or none on either side; for an incident
        without a period, its day.
        """
        own = self.history(id_)
        alike = self._held.subjects.get(_subject(self.entry(id_)), ())
        return {each: self._held.entries[each] for each in alike if each not in own}

    def disputed(self) -> tuple[dict[str, Entry], ...]:
        """Rival values side by side: every thing, role and period with more than one current quantity."""
        groups = [ids for ids in self._held.subjects.values() if len(ids) > 1]
        return tuple({each: self._held.entries[each] for each in ids} for ids in groups)

    def lives(self) -> dict[str, dict[str, Entry]]:
        """Give the lives of commitments, by the id each began with: current steps in order of day and stage.

        What is open, because its source tells no stage, is no step.
        A beginning that was corrected keeps its life: the life goes by the id that the beginning had first.
        """
        lives: dict[str, dict[str, Entry]] = {}
        for each, entry in self.current(kind="commitment").items():
            if entry.status == OPEN:
                continue
            root = each
            while before := self.entry(root).of or self.entry(root).corrects:
                root = before
            lives.setdefault(root, {})[each] = entry
        return {
            root: dict(sorted(steps.items(), key=lambda item: (str(item[1].date), STAGES.index(item[1].status))))
            for root, steps in lives.items()
        }

    def export(self) -> Iterator[str]:
        """Give everything as JSON Lines, sources first: sorted keys, one object a line, in an order made by content.

        Two ledgers with the same content give the same lines, whatever was added first.
        """
        return _lines_of(self._held.sources, self._held.entries)
