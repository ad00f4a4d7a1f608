"""The one thread that writes to the database: small transactions, several per second; a write that fails is tried again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from core.runs.service import LOG, ServiceThread
from core.runs.store.schema import FAILURES, connect, explain

Statement = tuple[str, Sequence]  # SQL and its parameters; executing it twice must be the same as once
COMMIT_SECONDS = 0.25  # at most this long between a change and its commit, while the disk keeps up
RETRY_SECONDS = 0.5
MAX_WAITING = 200_000  # changes that may wait while writing fails, about 100 MB
# Errors of a statement that no retry would change; it is skipped, so that what is queued behind it can be written.
CONTENT_ERRORS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, OverflowError, TypeError, ValueError)


class Writer:
    """A queue of changes, each a few statements, and the thread that commits them. Every method may be called from any thread; only
    `flush` and `close` wait for the disk.

    A write that fails (disk full, database locked by another program) is rolled back and tried again with everything behind it, in
    order; `problem` says so until it succeeds. A program that is killed loses what is not committed: less than COMMIT_SECONDS of work.
    """

    def __init__(self, path: Path):
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._queue: SimpleQueue[list[Statement] | threading.Event] = (
            SimpleQueue()
        )  # an event in the queue is set when everything before it is on disk
        self._batch: list[list[Statement] | threading.Event] = []  # taken from the queue, not yet committed
        self._waiting, self._counting = 0, threading.Lock()  # parts that were queued and are not yet committed
        self._lost = 0  # statements
        self._failure = ""
        self._closing = threading.Event()
        self._thread = ServiceThread("history writer", self._work)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why the history is not being written, or what was lost; '' = no problem."""
        lost = f"{self._lost} updates could not be kept in the history" if self._lost else ""
        return "; ".join(part for part in (self._failure, self._thread.problem, lost) if part)

    def put(self, statements: list[Statement], *, droppable: bool = False) -> None:
        """Queue statements, which are committed together. When too many wait, droppable ones are discarded and counted as lost, so that a
        full disk does not exhaust the memory."""
        with self._counting:
            if self._closing.is_set() or (droppable and self._waiting >= MAX_WAITING):
                self._lost += len(statements)
                return
            self._waiting += 1
        self._queue.put(statements)

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait until everything queued before this call is on disk. False if it is not within `timeout` seconds."""
        if not self._thread.is_alive():
            return not any(self._batch) and self._queue.empty()
        written = threading.Event()
        self._queue.put(written)
        return written.wait(timeout)

    def close(self, timeout: float | None = 10.0) -> bool:
        """Flush and end the thread. False if something could not be written within `timeout` seconds. Idempotent."""
        written = self.flush(timeout)
        if self._thread.is_alive():
            self._closing.set()
            self._queue.put([])  # ends the wait of the thread
            self._thread.join()
        return written

    def _work(self) -> bool:
        """Commit what is queued. False at the end: `close` has flushed, and what is still queued could not be written."""
        self._take()
        if self._closing.is_set():
            self._give_up_connection()
            return False
        try:
            self._commit([statement for part in self._batch if isinstance(part, list) for statement in part])
        except FAILURES as error:
            self._failure = f"{explain(self._path, error)}; updates are kept in memory until then"
            self._closing.wait(RETRY_SECONDS)
            return True
        self._failure = ""
        done, self._batch = self._batch, []
        with self._counting:
            self._waiting -= sum(isinstance(part, list) for part in done)
        for part in done:
            if isinstance(part, threading.Event):
                part.set()
        return True

    def _take(self) -> None:
        """Everything queued, at the latest COMMIT_SECONDS after its first change was queued, at once if a caller waits in `flush`."""
        if not self._batch:
            self._batch.append(self._queue.get())
        deadline = time.monotonic() + COMMIT_SECONDS
        while not isinstance(self._batch[-1], threading.Event) and not self._closing.is_set():
            try:
                self._batch.append(self._queue.get(timeout=max(0.0, deadline - time.monotonic())))
            except Empty:
                return

    def _commit(self, statements: list[Statement]) -> None:
        """Commit in one transaction, without the statements that the database rejects for their content."""
        refused = 0
        try:
            if self._connection is None:
                self._connection = connect(self._path)
            self._connection.execute("BEGIN IMMEDIATE")
            for sql, parameters in statements:
                try:
                    self._connection.execute(sql, parameters)
                except CONTENT_ERRORS:
                    LOG.exception("the history refuses a statement: %s", sql)
                    refused += 1
            self._connection.execute("COMMIT")
        except BaseException:
            self._give_up_connection()  # rolls back; a new connection is valid whatever state the failure left
            raise
        self._lost += refused

    def _give_up_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
