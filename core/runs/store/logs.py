"""Other people's logs in the history: what was read of them, kept as bytes that only `core.logs.kept` understands."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.logs import Reading
from core.logs.kept import Correction, corrected, from_bytes, to_bytes
from core.runs.store.ids import new_id
from core.runs.store.schema import reading
from core.runs.store.writer import Writer

COLUMNS = "id, owner, name, created, deleted, about, corrections"


@dataclass(frozen=True)
class StoredLog:
    """What was read at once (a file, or several), as the history lists it. Times are seconds since 1970."""

    id: str  # random: having it is the permission to read it
    owner: str
    name: str
    created: float
    deleted: float | None
    about: str  # JSON, see `about_runs`
    corrections: str  # JSON

    @property
    def runs(self) -> list[dict]:
        """Of each run its name, framework, rows, first and last step, and what a step is."""
        return json.loads(self.about)

    @property
    def said(self) -> list[Correction]:
        """What was said of its columns, oldest first."""
        return [Correction(**values) for values in json.loads(self.corrections)]


class StoredLogs:
    """The logs of a history. `change` executes SQL in its turn and waits for the disk. StoreError if the file cannot be read."""

    def __init__(self, path: Path, writer: Writer, change: Callable[..., None]):
        self._path, self._writer, self._change = path, writer, change

    def add(self, owner: str, name: str, read: Reading) -> str:
        """Its id, new and unguessable. Waits for the disk."""
        log = new_id(12)
        sql = "INSERT OR IGNORE INTO logs (id, owner, name, created, about, corrections, content) VALUES (?, ?, ?, ?, ?, '[]', ?)"
        self._change(sql, log, owner, name, time.time(), json.dumps(about_runs(read)), to_bytes(read))
        return log

    def rename(self, log: str, name: str) -> None:
        self._change("UPDATE logs SET name = ? WHERE id = ?", name, log)

    def correct(self, log: str, corrections: Sequence[Correction]) -> None:
        """Keep what is said of its columns in place of what was."""
        self._change("UPDATE logs SET corrections = ? WHERE id = ?", json.dumps([asdict(c) for c in corrections]), log)

    def delete(self, log: str) -> None:
        """Hide it from `list`. It can be brought back until it is purged."""
        self._change("UPDATE logs SET deleted = ? WHERE id = ? AND deleted IS NULL", time.time(), log)

    def undelete(self, log: str) -> None:
        self._change("UPDATE logs SET deleted = NULL WHERE id = ?", log)

    def purge(self, log: str) -> None:
        """Remove for good what was deleted."""
        self._change("DELETE FROM logs WHERE id = ? AND deleted IS NOT NULL", log)

    def purge_old(self, *, before: float) -> None:
        """Remove for good what was read before this time (seconds since the epoch). Does not wait."""
        self._writer.put([("DELETE FROM logs WHERE created < ?", (before,))])

    def purge_beyond(self, most_bytes: int) -> None:
        """Remove for good the oldest until the rest hold at most so many bytes. Waits for the disk."""
        sql = """DELETE FROM logs WHERE rowid IN (SELECT place FROM (
            SELECT rowid AS place, sum(length(content)) OVER (ORDER BY rowid DESC) AS total FROM logs) WHERE total > ?)"""
        self._change(sql, most_bytes)

    def list(self, owner: str, *, deleted: bool = False) -> list[StoredLog]:
        """Those of an owner, newest first."""
        sql = f"SELECT {COLUMNS} FROM logs WHERE owner = ? AND (deleted IS NOT NULL) = ? ORDER BY rowid DESC"
        with reading(self._path) as connection:
            return [StoredLog(**row) for row in connection.execute(sql, (owner, deleted))]

    def find(self, log: str) -> StoredLog:
        """LookupError if there is none, or it was deleted."""
        with reading(self._path) as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM logs WHERE id = ? AND deleted IS NULL", (log,)).fetchone()
        if row is None:
            raise LookupError(f"the history has no log {log!r}; it may have been deleted")
        return StoredLog(**row)

    def read(self, log: str) -> Reading:
        """What was read, without what was said of its columns. LookupError if there is none, DamagedLog if it is damaged."""
        with reading(self._path) as connection:
            row = connection.execute("SELECT content FROM logs WHERE id = ?", (log,)).fetchone()
        if row is None:
            raise LookupError(f"the history has no log {log!r}; it may have been deleted")
        return from_bytes(row["content"])

    def corrected(self, log: StoredLog) -> Reading:
        """What was read, with what was said of its columns."""
        return corrected(self.read(log.id), log.said)


def about_runs(read: Reading) -> list[dict]:
    """What a list shows of each run without reading it."""
    return [
        {
            "name": run.name,
            "framework": run.framework.name,
            "rows": len(run.steps),
            "first": int(run.steps[0]) if len(run.steps) else None,
            "last": int(run.steps[-1]) if len(run.steps) else None,
            "unit": run.step_unit,
        }
        for run in read.runs
    ]
