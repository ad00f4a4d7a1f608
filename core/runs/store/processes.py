"""Which processes that use a database are alive: each holds a lock on a small file of its own beside it.

The operating system drops the lock when the process dies, however it dies, so nobody waits for a heartbeat to go silent and no process
number is mistaken for a later one. The lock is SQLite's own: it is there on every platform on which the database itself works.
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

SUFFIX = ".alive"


class ProcessMark:
    """This process's mark. Make it while holding the database's write lock: until it is locked it looks dead to `sweep`."""

    def __init__(self, database: Path):
        self.token = secrets.token_hex(8)
        self._path = _path(database, self.token)
        self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._connection.execute("BEGIN EXCLUSIVE")

    def release(self) -> None:
        """This process is done with the database. Idempotent."""
        self._connection.close()
        _remove(self._path)


def is_alive(database: Path, token: str) -> bool:
    """Whether the process that made the mark `token` still holds it."""
    path = _path(database, token)
    return path.exists() and _locked(path)


def sweep(database: Path) -> None:
    """Remove the marks of dead processes. Call it while holding the database's write lock."""
    for path in database.parent.iterdir():
        if path.name.startswith(f"{database.name}.") and path.name.endswith(SUFFIX) and not _locked(path):
            _remove(path)


def _locked(path: Path) -> bool:
    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return path.exists()  # cannot be opened: better a dead run shown as running than a living one as interrupted
    return False


def _path(database: Path, token: str) -> Path:
    return database.with_name(f"{database.name}.{token}{SUFFIX}")


def _remove(path: Path) -> None:
    for leftover in (path, path.with_name(path.name + "-journal")):
        leftover.unlink(missing_ok=True)
