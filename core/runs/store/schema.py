"""The tables of the history, and how its file is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.settings.fields import short

APPLICATION_ID = 0x4441504F  # "DAPO": tells our file from any other SQLite database
SCHEMA_VERSION = 3  # 2: distributions, 3: logs
BUSY_SECONDS = 5.0  # wait this long for another process's transaction before it counts as a failure
FAILURES = (sqlite3.Error, UnicodeDecodeError)  # of the database; the latter for messages that quote a damaged file

DISTRIBUTIONS = """CREATE TABLE distributions (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        number INTEGER NOT NULL,      -- the update
        tokens BLOB NOT NULL,         -- float32, (R, V)
        ranks BLOB NOT NULL,          -- the same
        PRIMARY KEY (run, number)
    )"""

LOGS = (
    """CREATE TABLE logs (
        id TEXT PRIMARY KEY,          -- random: having it is the permission to read it
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        created REAL NOT NULL,
        deleted REAL,                 -- NULL = not deleted
        about TEXT NOT NULL,          -- JSON: what a list shows of each run
        corrections TEXT NOT NULL,    -- JSON: what a person said of its columns
        content BLOB NOT NULL         -- see core.logs.kept
    )""",
    "CREATE INDEX logs_of_owner ON logs (owner)",
)

TABLES = (
    """CREATE TABLE comparisons (
        id TEXT PRIMARY KEY,          -- random: having it is the permission to read it
        owner TEXT NOT NULL,
        scenario TEXT NOT NULL,
        name TEXT NOT NULL,           -- what a person calls it, '' = nothing
        created REAL NOT NULL,        -- seconds since 1970, as are all times
        deleted REAL                  -- NULL = not deleted; until it is purged it can be brought back
    )""",
    "CREATE INDEX comparisons_of_owner ON comparisons (owner, created)",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        comparison TEXT NOT NULL REFERENCES comparisons ON DELETE CASCADE,
        place INTEGER NOT NULL,       -- within the comparison, from 0
        label TEXT NOT NULL,
        config TEXT NOT NULL,         -- JSON
        metrics TEXT NOT NULL,        -- JSON list: the names that the bits of steps.measured count along
        updates_total INTEGER NOT NULL,
        status TEXT NOT NULL,
        error TEXT NOT NULL,          -- why it failed or was stopped, '' = no reason needed
        traceback TEXT NOT NULL,
        created REAL NOT NULL,
        finished REAL,
        process TEXT NOT NULL,        -- the mark of the process that runs it
        UNIQUE (comparison, label)
    )""",
    "CREATE INDEX runs_going_on ON runs (process) WHERE status IN ('queued', 'running', 'paused')",
    """CREATE TABLE steps (
        run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        number INTEGER NOT NULL,      -- the update
        rollout INTEGER NOT NULL,
        wall_seconds REAL NOT NULL,
        measured INTEGER NOT NULL,
        samples BLOB NOT NULL,
        metrics BLOB NOT NULL,
        PRIMARY KEY (run, number)
    )""",
    DISTRIBUTIONS,
    *LOGS,
)
# Statements that upgrade a file of this version to the next. They only add, so that a process of the older version can keep using the file.
MIGRATIONS = {1: (DISTRIBUTIONS,), 2: LOGS}


class StoreError(RuntimeError):
    """The history cannot be used. The message names the file and the remedy."""

    def __init__(self, path: Path, what: str, remedy: str):
        self.path = path
        super().__init__(f"history {path}: {what}; {remedy}")


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection that may be closed by another thread than the one that made it."""
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        if not read_only:
            connection.execute("PRAGMA foreign_keys = ON")
            # With WAL: a killed program loses nothing, a power cut the last moments.
            connection.execute("PRAGMA synchronous = NORMAL")
    except FAILURES:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection whose rows are indexed by name. StoreError if the file cannot be read."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            connection.row_factory = sqlite3.Row
            yield connection
    except FAILURES as error:
        raise explain(path, error) from error


@contextmanager
def opening(path: Path) -> Iterator[sqlite3.Connection]:
    """The database at `path`, made if it is not there, inside one write transaction. StoreError if it cannot be used."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            _create_or_check(path, connection)
            yield connection
            connection.execute("COMMIT")
    except OSError as error:
        raise StoreError(path, f"cannot be opened ({error.strerror})", "choose a path that can be written to") from error
    except FAILURES as error:
        raise explain(path, error) from error


def _create_or_check(path: Path, connection: sqlite3.Connection) -> None:
    version, application = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id"))
    if version == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for table in TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif application != APPLICATION_ID or version < 1:
        raise StoreError(path, "is the database of another program", "choose another path")
    elif version > SCHEMA_VERSION:
        raise StoreError(
            path,
            f"was written by a newer version (format {version}, this one reads {SCHEMA_VERSION})",
            "update this program or choose another path",
        )
    for old in range(version, SCHEMA_VERSION) if version else ():
        for statement in MIGRATIONS[old]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {old + 1}")


def explain(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> StoreError:
    """The error as a sentence for the page."""
    text = short(str(error), 120)
    if "locked" in text:
        return StoreError(path, "is locked by another program", "end that program, or try again")
    if isinstance(error, sqlite3.OperationalError):
        return StoreError(
            path, f"cannot be used ({text})", "see that the file can be read and written and that the disk is not full"
        )
    return StoreError(path, f"is damaged ({text})", "move the file away to start a new history, or restore a copy")
