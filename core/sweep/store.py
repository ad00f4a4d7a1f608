"""The results of sweeps in one SQLite file, by the key of their settings: what is there is never trained again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.sweep.measured import Measured
from core.sweep.unit import Unit

SCHEMA = """CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, numbers BLOB NOT NULL, settings TEXT NOT NULL, seconds REAL NOT NULL, added REAL NOT NULL
) WITHOUT ROWID"""
PATIENCE_SECONDS = 30  # for another program that writes to the file
AT_ONCE = 500  # keys of one question to SQLite
HELD = 4_000  # results in memory, about 15 kB each


class SweepStoreError(RuntimeError):
    """The file cannot be read or written. The message names it and the remedy."""


class SweepStore:
    """Thread-safe; several programs may use one file. A result is written once and never changed."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()
        self._read: dict[str, Measured] = {}
        with self._telling():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=PATIENCE_SECONDS, check_same_thread=False, isolation_level=None)
            try:
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                self._database.execute(SCHEMA)
            except BaseException:
                self._database.close()
                raise

    def add(self, units: Iterable[tuple[Unit, str, bytes]], seconds: float) -> None:
        """Keep (unit, its settings as JSON, its numbers) of one shard, all or none. One that is there already stays."""
        rows = [(unit.key, numbers, text, seconds, time.time()) for unit, text, numbers in units]
        with self._lock, self._telling():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?)", rows)
                self._database.execute("COMMIT")
            except BaseException:
                self._database.execute("ROLLBACK")
                raise

    def known(self, keys: Iterable[str]) -> Mapping[str, Measured]:
        """Key -> numbers, of those keys that are there. One that is damaged counts as not there, and is removed to be trained again."""
        wanted = list(dict.fromkeys(keys))
        missing = [key for key in wanted if key not in self._read]
        with self._lock, self._telling():
            if len(self._read) + len(missing) > HELD:
                self._read = {key: self._read[key] for key in wanted if key in self._read}
            for start in range(0, len(missing), AT_ONCE):
                some = missing[start : start + AT_ONCE]
                marks = ",".join("?" * len(some))
                for key, numbers in self._database.execute(
                    f"SELECT key, numbers FROM results WHERE key IN ({marks})", some
                ).fetchall():
                    try:
                        self._read[key] = Measured.from_bytes(numbers)
                    except Exception:  # whatever numpy and zlib say of damaged bytes
                        self._database.execute("DELETE FROM results WHERE key = ?", (key,))
        return {key: self._read[key] for key in wanted if key in self._read}

    def keep_newest(self, count: int) -> None:
        """Remove all but the `count` results that were added last: the bound of a shared server."""
        with self._lock, self._telling():
            self._database.execute(
                "DELETE FROM results WHERE key NOT IN (SELECT key FROM results ORDER BY added DESC LIMIT ?)", (count,)
            )

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SweepStoreError(
                f"results of sweeps cannot be kept in {str(self.path)!r} ({error}); free the disk, or move the file away if it is damaged"
            ) from None
