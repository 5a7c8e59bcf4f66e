"""Ledgers as tegmen kept them before a ledger was lines: SQLite files, of which the lines are read."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from tegmen.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID: Final = 0x7465676D  # "tegm": tells a ledger from any other SQLite file
SCHEMA_VERSION: Final = 1
_MAGIC: Final = b"SQLite format 3\0"
_DAMAGED: Final = "take a copy, and import your last export into a new ledger"


def is_database(content: bytes) -> bool:
    """Whether a file's content is that of an SQLite file."""
    return content.startswith(_MAGIC)


def lines_of_database(file: Path, where: str) -> bytes:
    """Read the lines of JSON that an old ledger keeps; the file is left as it is.

    Raises
    ------
    InputError
        Another SQLite file, one of another schema, or a damaged one.
    """
    try:
        return _lines_in(_connected(file), where)
    except (sqlite3.Error, UnicodeDecodeError, TypeError) as error:
        raise InputError(where, [f"the file is damaged ({error}); {_DAMAGED}"]) from error


def _connected(file: Path) -> sqlite3.Connection:
    """Open a database to read: what a killed writer left in the log beside it is read, too."""
    uri = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1")
    except sqlite3.OperationalError:
        # The log wants a file beside the ledger; where none can be, and there is no log, the ledger is all there is.
        connection.close()
        log = file.with_name(f"{file.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        connection = sqlite3.connect(f"{uri}&immutable=1", uri=True)
    return connection


def _lines_in(connection: sqlite3.Connection, where: str) -> bytes:
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (views,) = connection.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'view'").fetchone()
        if application != APPLICATION_ID:
            fault = (
                "found an SQLite file that is not a ledger; check the path, or make one with `tegmen ledger new FILE`"
            )
            raise InputError(where, [fault])
        if views or version != SCHEMA_VERSION:
            found = "views, which no ledger of ours has" if views else f"a ledger of schema {version}"
            raise InputError(where, [f"found {found}; export it to JSON Lines with the tegmen that made it"])
        rows = connection.execute("SELECT line FROM source UNION ALL SELECT line FROM entry").fetchall()
        return "\n".join(line for (line,) in rows).encode()
    finally:
        connection.close()
