"""Tensors on disk instead of in memory: a temporary file of this process, which the system removes with it.

The file is a private SQLite database without a name: it grows as needed, uses freed space again, and leaves nothing behind when the process
is killed. It lies where SQLite puts temporary files: in SQLITE_TMPDIR, TMPDIR, /var/tmp or /tmp.
"""

from __future__ import annotations

import io
import itertools
import sqlite3
import weakref
from collections.abc import Callable, Sequence

import torch

CACHE_KB = 256  # of the file, in memory
ROW_BYTES = 1_000_000  # written at once: SQLite copies a value before it writes it


class StateFile:
    """Not thread-safe: the caller holds a lock. A disk that is full or cannot be written to raises nothing: what could not be kept, and
    all that the file held before, is then answered with None."""

    def __init__(self) -> None:
        self._keys = itertools.count(1)  # never used twice, so that the keys of a lost file find nothing in the next
        self._connection: sqlite3.Connection | None = None
        self._close: weakref.finalize | None = None

    def put(self, values: Sequence) -> int | None:
        """Keep tensors and numbers, and return the key to them, or None."""
        rows = _Rows(self._execute, next(self._keys))
        with io.BufferedWriter(rows, ROW_BYTES) as whole_rows:
            torch.save(list(values), whole_rows)
        return rows.key if rows.kept else None

    def get(self, key: int) -> list | None:
        """What was put, or None."""
        found = self._execute("SELECT content FROM states WHERE key = ? ORDER BY rowid", key)
        if not found:
            return None
        content = io.BytesIO()
        for (part,) in found:
            content.write(part)
        content.seek(0)
        return torch.load(content, weights_only=True)

    def drop(self, key: int) -> None:
        """Free its space. Idempotent."""
        self._execute("DELETE FROM states WHERE key = ?", key)

    def _execute(self, sql: str, *parameters) -> list | None:
        """The rows that a statement gives; None after an error, which loses the file."""
        try:
            return self._opened().execute(sql, parameters).fetchall()
        except sqlite3.Error:
            if self._close is not None:
                self._close()
            self._connection = None
            return None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            made = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._connection, self._close = made, weakref.finalize(self, made.close)
            made.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            made.execute("PRAGMA journal_mode = OFF")  # nothing is ever rolled back
            made.execute("CREATE TABLE states (key INTEGER NOT NULL, content BLOB NOT NULL)")
            made.execute("CREATE INDEX of_key ON states (key)")
        return self._connection


class _Rows(io.RawIOBase):
    """A file whose content is rows of at most ROW_BYTES, so that a state is never in memory as bytes as a whole."""

    def __init__(self, execute: Callable[..., list | None], key: int):
        self.key, self.kept = key, True
        self._execute = execute

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        row = memoryview(data).cast("B")[:ROW_BYTES]
        if self.kept:  # else the file is lost, and with it the rows before
            self.kept = self._execute("INSERT INTO states VALUES (?, ?)", self.key, row) is not None
        return len(row)
