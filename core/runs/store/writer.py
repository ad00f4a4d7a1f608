"""The one thread that writes to the database: small transactions, several per second, and patience when a write fails."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

from core.runs.service import LOG, ServiceThread
from core.runs.store.schema import FAILURES, connect, explain

# Of a statement: no retry would change them, and what waits behind it must not wait for ever.
CONTENT_ERRORS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, OverflowError, TypeError, ValueError)
Statement = tuple[str, Sequence]  # SQL and its parameters; executing it twice must be the same as once
COMMIT_SECONDS = 0.25  # at most this long between a change and its commit, while the disk keeps up
RETRY_SECONDS = 0.5
MAX_WAITING = 200_000  # statements that wait for a disk that does not take them, about 100 MB


class Writer:
    """A queue of statements and the thread that commits them. Every method may be called from any thread; only `flush` and `close`
    wait for the disk.

    A write that fails (disk full, database locked by another program) is rolled back and tried again with everything behind it, in
    order; `problem` says so until it succeeds. A program that is killed loses what is not committed: less than COMMIT_SECONDS of work.
    """

    def __init__(self, path: Path):
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._condition = threading.Condition()
        self._waiting: list[Statement] = []
        self._queued = self._committed = self._lost = 0  # counts of statements since the start
        self._hurry = 0  # commit without delay until this many are on disk
        self._closing = False
        self._failure = ""
        self._thread = ServiceThread("history writer", self._work)
        self._thread.start()

    @property
    def problem(self) -> str:
        """What keeps the history from being written, or has kept it; '' when all is well."""
        with self._condition:
            lost = f"{self._lost} updates could not be kept in the history" if self._lost else ""
            return "; ".join(part for part in (self._failure, self._thread.problem, lost) if part)

    def put(self, statements: Sequence[Statement], *, droppable: bool = False) -> None:
        """Queue statements, which are committed together. When too many wait, droppable ones are counted as lost instead, so that a
        full disk does not become a full memory."""
        with self._condition:
            if self._closing or (droppable and len(self._waiting) >= MAX_WAITING):
                self._lost += len(statements)
                return
            self._waiting.extend(statements)
            self._queued += len(statements)
            self._condition.notify_all()

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait until everything queued before this call is on disk. False if it is not within `timeout` seconds."""
        with self._condition:
            target = self._queued
            self._hurry = max(self._hurry, target)
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._committed >= target or self._closing, timeout)
            return self._committed >= target

    def close(self, timeout: float | None = 10.0) -> bool:
        """Flush and end the thread. False if something could not be written within `timeout` seconds. Idempotent."""
        written = self.flush(timeout)
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()
        return written

    def _work(self) -> bool:
        """Commit what waits. False at the end."""
        if batch := self._next_batch():
            self._write(batch)
        elif self._connection is not None:
            self._connection.close()
        return bool(batch)

    def _next_batch(self) -> list[Statement]:
        """What waits, at the latest COMMIT_SECONDS after its first statement came; [] at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._closing)
            self._condition.wait_for(lambda: self._committed < self._hurry or self._closing, COMMIT_SECONDS)
            if self._closing:
                return []  # `close` has flushed; what is still here could not be written
            return self._waiting[:]

    def _write(self, batch: list[Statement]) -> None:
        try:
            refused = self._commit(batch)
        except FAILURES as error:
            with self._condition:
                self._failure = f"{explain(self._path, error)}; updates are kept in memory until then"
                self._condition.wait_for(lambda: self._closing, RETRY_SECONDS)
            return
        with self._condition:
            del self._waiting[: len(batch)]
            self._committed += len(batch)
            self._lost += refused
            self._failure = ""
            self._condition.notify_all()

    def _commit(self, batch: list[Statement]) -> int:
        """One transaction. Returns how many statements the database refused for their content, which no retry would change."""
        if self._connection is None:
            self._connection = connect(self._path)
        refused = 0
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for sql, parameters in batch:
                try:
                    self._connection.execute(sql, parameters)
                except CONTENT_ERRORS:
                    LOG.exception("the history refuses a statement: %s", sql)
                    refused += 1
            self._connection.execute("COMMIT")
        except BaseException:
            self._rollback()
            raise
        return refused

    def _rollback(self) -> None:
        """Give the connection up as well: a fresh one is right whatever state the failure left."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # rolls back
