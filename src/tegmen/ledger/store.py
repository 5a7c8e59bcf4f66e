"""The ledger: what sources say, kept for good in one SQLite file that only grows; a correction is a new entry.

What `Ledger.add` acknowledges is on the disk. Writers wait for one another. No row can be changed or deleted.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from tegmen.data import shipped_text
from tegmen.errors import InputError
from tegmen.ledger.entries import OPEN, STAGES, Entry, Source
from tegmen.ledger.files import making
from tegmen.ledger.jsonl import entries_of, line_of, read_lines, shown, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

    from tegmen.ledger.entries import Kind

T = TypeVar("T")

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x7465676D  # "tegm": tells a ledger from any other SQLite file
WAIT_S: Final = 10.0
"""How long a writer waits for another one [s]."""
SHIPPED_LEDGER: Final = "the shipped ledger"
_MAGIC: Final = b"SQLite format 3\0"

_SCHEMA: Final = """
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE source (id TEXT PRIMARY KEY, published TEXT, publisher TEXT NOT NULL, line TEXT NOT NULL);
CREATE TABLE entry (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    thing TEXT NOT NULL,    -- folded, to be found by
    speaker TEXT NOT NULL,  -- folded
    day TEXT,
    first TEXT,             -- days it is about
    last TEXT,
    counted INTEGER NOT NULL,
    source TEXT NOT NULL REFERENCES source DEFERRABLE INITIALLY DEFERRED,
    begun TEXT REFERENCES entry DEFERRABLE INITIALLY DEFERRED,
    corrects TEXT REFERENCES entry DEFERRABLE INITIALLY DEFERRED,
    line TEXT NOT NULL
);
CREATE INDEX entry_by_correction ON entry (corrects);
CREATE INDEX entry_by_beginning ON entry (begun);
CREATE INDEX entry_by_subject ON entry (kind, thing, first, last);
"""
_KEPT: Final = """
CREATE TRIGGER {table}_not_changed BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'a ledger only grows'); END;
CREATE TRIGGER {table}_not_deleted BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'a ledger only grows'); END;
CREATE TRIGGER {table}_known BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) BEGIN
    SELECT RAISE(IGNORE);
END;
"""
_CURRENT: Final = "NOT EXISTS (SELECT 1 FROM entry AS later WHERE later.corrects = entry.id)"
_IN_ORDER: Final = "ORDER BY coalesce(day, first, ''), kind, id"


# ---------------------------------------------------------------- opening


def open_ledger(path: str | Path | None = None, *, wait_s: float = WAIT_S) -> Ledger:
    """Open a ledger; read-only where the file or its folder cannot be written.

    Parameters
    ----------
    path
        File; None for the ledger that tegmen ships, which can be read and not added to.
    wait_s
        How long to wait while another program writes [s].

    Raises
    ------
    InputError
        No such file, not a ledger, made by a newer tegmen, or not readable.
    """
    if path is None:
        ledger = new_ledger()
        ledger.where, ledger.writable = SHIPPED_LEDGER, False
        return ledger
    file = Path(path)
    _check_is_sqlite(file)
    writable = os.access(file, os.W_OK) and os.access(file.absolute().parent, os.W_OK)
    with _plainly(str(path), wait_s):
        connection = _connected(file, wait_s) if writable else _connected_read_only(file, wait_s)
        try:
            _check_is_ledger(str(path), connection)
        except BaseException:
            connection.close()
            raise
    return Ledger(connection, str(path), wait_s, writable=writable)


def new_ledger(path: str | Path | None = None, *, empty: bool = False) -> Ledger:
    """Make a ledger of the user's own, which starts with the shipped entries unless it is to be empty; and open it.

    Parameters
    ----------
    path
        File; None for one in memory, gone when it is closed.
    empty
        Whether to leave the shipped entries out.

    Raises
    ------
    InputError
        There is something of that name already, or the place cannot be written.
    """
    if path is None:
        return _made(":memory:", "a ledger in memory", empty=empty)
    file = Path(path)
    exists = "exists already; nothing is ever written over a ledger: choose another name, or add to this one"
    try:
        if os.path.lexists(file):
            raise InputError(str(path), [exists])
        with making(file) as folder:
            draft = folder / "ledger"
            _settle(_made(draft, str(path), empty=empty), draft)
            _give_name(draft, file)
    except FileExistsError:
        raise InputError(str(path), [exists]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(str(path), [f"cannot be made ({reason}); give a place you may write to"]) from None
    return open_ledger(file)


def _made(file: Path | str, where: str, *, empty: bool) -> Ledger:
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    with _plainly(where, WAIT_S):
        connection = sqlite3.connect(file, isolation_level=None)
        connection.executescript(_SCHEMA + _KEPT.format(table="source") + _KEPT.format(table="entry") + marks)
        ledger = Ledger(_set(connection), where, WAIT_S, writable=True)
        if not empty:
            lines = shipped_text("ledger", "public.jsonl").splitlines()
            ledger.add(sources_of(lines).values(), entries_of(lines).values())
    return ledger


def _settle(ledger: Ledger, draft: Path) -> None:
    """Close a new ledger once all of it is in its one file, and check that it is: a full disk shows here."""
    with ledger, _plainly(ledger.where, WAIT_S):
        busy, _, _ = ledger.asked("PRAGMA wal_checkpoint(TRUNCATE)")
        (found,) = ledger.asked("PRAGMA integrity_check")
    left = Path(f"{draft}-wal")
    if busy or found != "ok" or (left.exists() and left.stat().st_size):
        raise OSError(None, f"its content is not in the file: {found if found != 'ok' else 'the disk may be full'}")


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


def _check_is_sqlite(file: Path) -> None:
    where = str(file)
    try:
        if file.is_dir():
            raise InputError(where, ["found a folder; a ledger is one file: name the file inside it"])
        with file.open("rb") as handle:
            head = handle.read(len(_MAGIC))
    except FileNotFoundError:
        fault = "no such ledger; check the path, or make one with `tegmen ledger new FILE`"
        raise InputError(where, [fault]) from None
    except (OSError, ValueError) as error:
        raise InputError(where, [f"cannot be read ({error}); check the path and its permissions"]) from None
    if head != _MAGIC:
        found = "found another format, not a ledger" if head else "found an empty file, not a ledger"
        todo = "lines are taken in by `tegmen ledger import`"
        raise InputError(where, [f"{found}; a ledger is a file made by `tegmen ledger new FILE`; {todo}"])


def _check_is_ledger(where: str, connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (views,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'view'").fetchone()
    if application != APPLICATION_ID:
        fault = "found an SQLite file that is not a ledger; check the path, or make one with `tegmen ledger new FILE`"
        raise InputError(where, [fault])
    if views:
        raise InputError(where, ["found views, which no ledger of ours has; import an export of it into a new ledger"])
    if version != SCHEMA_VERSION:
        found = f"found a ledger of schema {version}; this tegmen reads schema {SCHEMA_VERSION}"
        raise InputError(where, [f"{found}: update tegmen, or export it to JSON Lines with the one that made it"])


def _connected(file: Path, wait_s: float) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=rw"
    return _set(sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None))


def _connected_read_only(file: Path, wait_s: float) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM entry LIMIT 1")
    except sqlite3.OperationalError:
        # Write-ahead mode wants a file beside the ledger; without one to replay, the ledger alone is all there is.
        connection.close()
        log = Path(f"{file}-wal")
        if log.exists() and log.stat().st_size:
            raise
        connection = sqlite3.connect(f"{uri}&immutable=1", uri=True, isolation_level=None)
    return connection


def _set(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def _plainly(where: str, wait_s: float) -> Generator[None]:
    """Say in plain words what the database says in its own."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        if "locked" in said or "busy" in said:
            fault = f"another program has been writing to it for {wait_s:g} s; try again when it has finished"
        elif "not a database" in said or "malformed" in said:
            fault = f"the file is damaged ({said}); take a copy, and import your last export into a new ledger"
        else:
            fault = f"cannot be used ({said}); nothing was added: check the disk and the permissions"
        raise InputError(where, [fault]) from error


# ---------------------------------------------------------------- the ledger


class Ledger:
    """An open ledger: a context manager that closes the file. Views give entries by id, in order of their days."""

    __slots__ = ("_connection", "_wait_s", "where", "writable")

    def __init__(self, connection: sqlite3.Connection, where: str, wait_s: float, *, writable: bool) -> None:
        self._connection = connection
        self._wait_s = wait_s
        self.where = where
        self.writable = writable

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        """Entries in it, corrected ones included."""
        return self._rows("SELECT count(*) FROM entry")[0][0]

    def asked(self, question: str) -> tuple[Any, ...]:
        """First line of what the database says."""
        return self._connection.execute(question).fetchone()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, sources: Iterable[Source], entries: Iterable[Entry]) -> tuple[str, ...]:
        """Add sources and entries: all of them or none, and on the disk when this returns.

        What is there already is left as it is: the same content has the same id.

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

    def _add(self, sources: Mapping[str, Source], entries: dict[str, Entry]) -> None:
        if not self.writable:
            fault = "can only be read; make a ledger of your own with `tegmen ledger new FILE` and add to that"
            raise InputError(self.where, [fault])
        with self._transaction() as connection:
            if found := self.faults(sources, entries):
                raise InputError(self.where, [f"{each}: {fault}" for each, fault in found])
            connection.executemany("INSERT INTO source VALUES (?, ?, ?, ?)", map(_source_row, sources.items()))
            connection.executemany(_INSERT, map(_entry_row, entries.items()))

    def faults(
        self, sources: Iterable[str], entries: dict[str, Entry], also: frozenset[str] = frozenset()
    ) -> list[tuple[str, str]]:
        """Say what keeps entries (by id), with these new sources (ids), from being added: (id of the entry, fault).

        Ids in `also` count as known: those of lines that cannot be read for another reason.
        """
        sources, found = also.union(sources), list[tuple[str, str]]()
        known = also.union(entries)
        for each, entry in entries.items():
            if not entry.source:
                found.append((each, "source: found nothing; every entry names the source it was read in"))
            elif entry.source not in sources and not self._has("source", entry.source):
                found.append((each, f"source: found {entry.source!r}, which is not in the ledger; add the source too"))
            for name, other in (("corrects", entry.corrects), ("of", entry.of)):
                if other and other not in known and not self._has("entry", other):
                    found.append((each, f"{name}: found {other!r}, which is not in the ledger; check the id"))
            if entry.corrects and not entry.note.strip():
                found.append((each, "note: found nothing; a correction says why in its note"))
            if entry.of and not (entry.kind == "commitment" and entry.of.startswith("commitment-")):
                fault = f"of: found {entry.of!r} in a {entry.kind}; only commitments have a life, begun by a commitment"
                found.append((each, fault))
        return found

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
        dangling = self.faults(batch.sources, batch.entries, also=batch.named)
        faults = [*batch.faults, *((batch.line[each], fault) for each, fault in dangling)]
        if faults:
            raise InputError(where, shown(faults))
        self._add(batch.sources, batch.entries)
        return tuple(batch.entries)

    def entry(self, id_: str) -> Entry:
        """One entry, corrected or not.

        Raises
        ------
        InputError
            No entry of that id; the message names those nearest to it.
        """
        rows = self._rows("SELECT line FROM entry WHERE id = ?", id_)
        if not rows:
            known = [each for (each,) in self._rows("SELECT id FROM entry")]
            near = ", ".join(difflib.get_close_matches(id_, known, n=3)) or "`tegmen ledger show` lists them"
            raise InputError(self.where, [f"no entry {id_!r}; did you mean: {near}"])
        entries = self._read(entries_of, rows[0])
        if id_ not in entries:
            raise InputError(self.where, [f"{id_}: another entry stands in its place; the file is damaged"])
        return entries[id_]

    def sources(self) -> dict[str, Source]:
        """All sources by id, in order of publication."""
        rows = self._rows("SELECT line FROM source ORDER BY coalesce(published, ''), publisher, id")
        return self._read(sources_of, [line for (line,) in rows])

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
        where, values = [_CURRENT], list[str]()
        if kind is not None:
            where.append("kind = ?")
            values.append(kind)
        for column, words in (("thing", thing), ("speaker", speaker)):
            if words:
                where.append(f"instr({column}, ?) > 0")
                values.append(_searchable(words))
        if at is not None:
            where.append("(day = ? OR ? BETWEEN first AND last)")
            values += [str(at)] * 2
        return self._entries(f"SELECT line FROM entry WHERE {' AND '.join(where)} {_IN_ORDER}", *values)  # noqa: S608 - our words only

    def history(self, id_: str) -> dict[str, Entry]:
        """Everything ever said in one entry's place: the first version, what corrected it, and so on.

        Merged ledgers may hold two corrections of one entry: both are there.
        """
        self.entry(id_)
        return self._entries(
            """WITH RECURSIVE
                back (id) AS (VALUES (?) UNION SELECT corrects FROM entry JOIN back USING (id) WHERE corrects NOTNULL),
                chain (id, depth) AS (
                    SELECT id, 0 FROM entry JOIN back USING (id) WHERE corrects IS NULL
                    UNION SELECT entry.id, depth + 1 FROM entry JOIN chain ON entry.corrects = chain.id
                    WHERE depth < (SELECT count(*) FROM entry)
                )
            SELECT line FROM entry JOIN chain USING (id) ORDER BY depth, id""",
            id_,
        )

    def rivals(self, id_: str) -> dict[str, Entry]:
        """Other current entries that give a quantity of the same thing in the same period; the rest of its history out.

        The same thing: the same kind, words (upper and lower case alike) and role: what was launched is no rival of
        what was destroyed. The same period: the same first and last day, or none on either side; for an incident
        without a period, its day.
        """
        own = self.history(id_)
        rows = self._entries(_SAME_SUBJECT, id_)
        return {each: entry for each, entry in rows.items() if each not in own and entry.kind in _RIVALLED}

    def disputed(self) -> tuple[dict[str, Entry], ...]:
        """Rival values side by side: every thing, role and period with more than one current quantity."""
        groups: dict[tuple[str, ...], list[str]] = {}
        rows = self._rows(f"SELECT {_SUBJECT}, line FROM entry WHERE counted AND {_CURRENT} {_IN_ORDER}")  # noqa: S608 - our words only
        for *about, line in rows:
            if about[0] in _RIVALLED:
                groups.setdefault(tuple(about), []).append(line)
        return tuple(self._read(entries_of, lines) for lines in groups.values() if len(lines) > 1)

    def lives(self) -> dict[str, dict[str, Entry]]:
        """Give the lives of commitments, by the id each began with: current steps in order of day and stage.

        What is open, because its source tells no stage, is no step.
        A beginning that was corrected keeps its life: the life goes by the id that the beginning had first.
        """
        before = dict(self._rows("SELECT id, coalesce(begun, corrects) FROM entry WHERE kind = 'commitment'"))
        lives: dict[str, dict[str, Entry]] = {}
        for each, entry in self.current(kind="commitment").items():
            if entry.status == OPEN:
                continue
            root = each
            passed = {root}
            while before.get(root):
                root = before[root]
                if root in passed:
                    raise InputError(self.where, [f"{root} begins with itself; no ledger of ours says so"])
                passed.add(root)
            lives.setdefault(root, {})[each] = entry
        return {
            root: dict(sorted(steps.items(), key=lambda item: (str(item[1].date), STAGES.index(item[1].status))))
            for root, steps in lives.items()
        }

    def export(self) -> Iterator[str]:
        """Give everything as JSON Lines, sources first: sorted keys, one object a line, in an order made by content.

        Two ledgers with the same content give the same lines, whatever was added first.
        """
        for query in ("SELECT line FROM source ORDER BY coalesce(published, ''), publisher, id", _EXPORT):
            for (line,) in self._rows(query):
                yield line

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with _plainly(self.where, self._wait_s):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _entries(self, query: str, *values: str) -> dict[str, Entry]:
        return self._read(entries_of, [line for (line,) in self._rows(query, *values)])

    def _read(self, read_back: Callable[[Sequence[str]], dict[str, T]], lines: Sequence[str]) -> dict[str, T]:
        """Read lines back, each held against its id: what was changed behind our back is not passed on."""
        try:
            return read_back(lines)
        except InputError as error:
            todo = "the file is damaged: take a copy, and import your last export into a new ledger"
            raise InputError(self.where, [f"{error.where}: {fault}; {todo}" for fault in error.faults]) from None

    def _rows(self, query: str, *values: str) -> list[Any]:
        with _plainly(self.where, self._wait_s):
            return self._connection.execute(query, values).fetchall()

    def _has(self, table: str, id_: str) -> bool:
        return bool(self._rows(f"SELECT 1 FROM {table} WHERE id = ?", id_))  # noqa: S608 - our words only


_EXPORT: Final = f"SELECT line FROM entry {_IN_ORDER}"  # noqa: S608 - our words only
_SUBJECT: Final = "kind, thing, first, last, coalesce(json_extract(line, '$.role'), '')"
_SAME_SUBJECT: Final = (
    f"SELECT line FROM entry WHERE counted AND ({_SUBJECT}) IS "  # noqa: S608 - our words only
    f"(SELECT {_SUBJECT} FROM entry AS other WHERE other.id = ?) AND {_CURRENT} {_IN_ORDER}"
)
_INSERT: Final = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RIVALLED: Final = ("statement", "incident")
"""Kinds of which two sources may give two numbers for one thing; two commitments are two promises."""


def _source_row(item: tuple[str, Source]) -> tuple[str | None, ...]:
    id_, source = item
    return id_, _iso(source.published), source.publisher, line_of(source, id_)


def _entry_row(item: tuple[str, Entry]) -> tuple[str | int | None, ...]:
    id_, entry = item
    about = entry.period
    if about is None and entry.kind == "incident" and entry.date is not None:
        about = (entry.date, entry.date)
    first, last = about or (None, None)
    days = (_iso(entry.date), _iso(first), _iso(last))
    links = (entry.source, entry.of or None, entry.corrects or None)
    folded = (_searchable(entry.thing), _searchable(entry.speaker))
    return id_, entry.kind, *folded, *days, entry.quantity is not None, *links, line_of(entry, id_)


def _searchable(words: str) -> str:
    return " ".join(words.casefold().split())


def _iso(date: dt.date | None) -> str | None:
    return None if date is None else str(date)
