"""The history of all runs in one SQLite file: what was started, by whom, with which settings, and every update that was measured.

Written by one thread in small transactions, read by anybody; several processes may share a file. After a crash every update that was
older than a second is there, and the runs that were going on are marked interrupted. For 16 seeds an update takes about 0.7 kB, and
one with a distribution over 7 tokens 0.9 kB more; a run has at most about a hundred of these, and 4 MB.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import UNFINISHED, RunResult, Status
from core.engine.types import StepRecord
from core.runs.store.columns import Columns, decode
from core.runs.store.processes import ProcessMark, is_alive, sweep
from core.runs.store.rows import COLUMNS, DamagedRun, names_of, pack, pack_distribution, undamaged, unpack, unpack_distribution
from core.runs.store.schema import StoreError, opening, reading
from core.runs.store.writer import Statement, Writer
from core.settings.run import RunConfig
from core.settings.serial import config_from_json, config_to_json

READY = ", ".join(f"'{status}'" for status in UNFINISHED)
CHANGE_SECONDS = 3.0  # rename, delete, …: wait this long for the disk, so that whoever looks next sees the change


@dataclass(frozen=True)
class RunRow:
    """A run as the history lists it. Times are seconds since 1970."""

    run_id: int
    comparison: str
    owner: str
    scenario: str
    name: str  # of the comparison, '' = none given
    label: str
    status: Status
    error: str  # why it failed or was stopped; '' = no reason needed
    traceback: str
    created: float
    finished: float | None
    updates_done: int
    updates_total: int
    deleted: float | None


class Store:
    """Every method may be called from any thread. Methods that write only queue the change, except where they say that they wait.

    StoreError, naming the path and the remedy, if the file is damaged, newer than this program, or cannot be read. A write that fails
    later raises nothing: it is tried again, and `problem` says why. Close the store at the end.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with opening(self.path) as connection:
            self._mark = ProcessMark(self.path)
            try:
                sweep(self.path)
                connection.execute(*self._interrupt_dead(connection))
            except BaseException:
                self._mark.release()
                raise
        self._writer = Writer(self.path)

    @property
    def problem(self) -> str:
        """Why the history is not being written, in a line for people; '' when all is well."""
        return self._writer.problem

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait until everything that was queued before is on disk. False if it is not within `timeout` seconds."""
        return self._writer.flush(timeout)

    def close(self, timeout: float | None = 10.0) -> bool:
        """Write what waits and let go of the file. False if not all could be written within `timeout` seconds. Idempotent."""
        written = self._writer.close(timeout)
        self._mark.release()
        return written

    # Writing

    def add_comparison(self, *, owner: str, scenario: str, name: str = "", comparison: str | None = None) -> str:
        """Its id: the one given, or a new unguessable one."""
        comparison = comparison or secrets.token_urlsafe(12)
        sql = "INSERT OR IGNORE INTO comparisons (id, owner, scenario, name, created) VALUES (?, ?, ?, ?, ?)"
        self._writer.put([(sql, (comparison, owner, scenario, name, time.time()))])
        return comparison

    def add_run(self, comparison: str, label: str, config: RunConfig, *, status: Status = Status.QUEUED) -> int:
        """The new run's id. Labels are unique within a comparison."""
        run_id = secrets.randbits(48)  # chosen here, not by the database: a disk that is full must not keep a run from starting
        sql = """INSERT OR IGNORE INTO runs
            (id, comparison, place, label, config, metrics, updates_total, status, error, traceback, created, process)
            VALUES (?, ?, (SELECT count(*) FROM runs WHERE comparison = ?), ?, ?, ?, ?, ?, '', '', ?, ?)"""
        what = (label, config_to_json(config), json.dumps(METRIC_NAMES), config.most_updates, status)
        self._writer.put([(sql, (run_id, comparison, comparison, *what, time.time(), self._mark.token))])
        return run_id

    def append(self, run_id: int, record: StepRecord) -> None:
        """Keep one update. Called by the thread that trains, so it never waits. KeyError for a metric that core.analysis.metrics does not
        have."""
        statements = [(APPEND, (run_id, *pack(record, METRIC_NAMES), run_id))]
        if record.distribution is not None:
            statements.append((APPEND_DISTRIBUTION, (run_id, record.update, *pack_distribution(record.distribution), run_id)))
        self._writer.put(statements, droppable=True)

    def set_status(self, run_id: int, status: Status, error: str = "", traceback: str = "") -> None:
        """A final status also sets the time at which the run finished."""
        finished = time.time() if status.finished else None
        sql = "UPDATE runs SET status = ?, error = ?, traceback = ?, finished = ? WHERE id = ?"
        self._writer.put([(sql, (status, error, traceback, finished, run_id))])

    def mark_interrupted(self) -> None:
        """Mark the runs of other processes that died since this store was opened."""
        with reading(self.path) as connection:
            statement = self._interrupt_dead(connection)
        self._writer.put([statement])

    def rename(self, comparison: str, name: str) -> None:
        """Waits for the disk, for up to CHANGE_SECONDS, as do the following."""
        self._change("UPDATE comparisons SET name = ? WHERE id = ?", (name, comparison))

    def delete(self, comparison: str) -> None:
        """Hide it from `runs`. It can be brought back until it is purged."""
        self._change("UPDATE comparisons SET deleted = ? WHERE id = ? AND deleted IS NULL", (time.time(), comparison))

    def undelete(self, comparison: str) -> None:
        self._change("UPDATE comparisons SET deleted = NULL WHERE id = ?", (comparison,))

    def purge(self, *, older_than_seconds: float = 0.0) -> None:
        """Remove for good what was deleted at least so long ago. The file keeps its size; the space is used again."""
        self._change("DELETE FROM comparisons WHERE deleted <= ?", (time.time() - older_than_seconds,))

    def purge_finished(self, *, older_than_seconds: float) -> None:
        """Remove for good the comparisons that were started so long ago and of which no run goes on. Does not wait."""
        sql = f"""DELETE FROM comparisons WHERE created <= ?
            AND NOT EXISTS (SELECT 1 FROM runs WHERE comparison = comparisons.id AND status IN ({READY}))"""
        self._writer.put([(sql, (time.time() - older_than_seconds,))])

    def _change(self, sql: str, parameters: tuple) -> None:
        self._writer.put([(sql, parameters)])
        self._writer.flush(CHANGE_SECONDS)

    # Reading: what has been committed, at most a quarter of a second behind

    def runs(self, *, owner: str | None = None, comparison: str | None = None, deleted: bool = False) -> list[RunRow]:
        """The runs of an owner, of a comparison, or all: newest comparison first, runs in their order. `deleted` lists those that can
        be brought back instead."""
        wanted = {"c.owner = ?": owner, "c.id = ?": comparison, "(c.deleted IS NOT NULL) = ?": deleted}
        wanted = {test: value for test, value in wanted.items() if value is not None}
        with reading(self.path) as connection:
            rows = connection.execute(LIST.format(where=" AND ".join(wanted)), tuple(wanted.values())).fetchall()
        return [_row_of(row) for row in rows]

    def config(self, run_id: int) -> RunConfig:
        """The run's settings, ready to be run again. LookupError if there is no such run, ConfigError if this version does not know
        its settings."""
        return config_from_json(self._row(run_id)["config"])

    def load_history(self, run_id: int) -> History:
        """Everything measured, each value as the nearest float32. LookupError if there is no such run, or what it measured is damaged."""
        row = self._row(run_id)
        history = History(config_from_json(row["config"]).seeds)
        sql = f"SELECT {', '.join(COLUMNS)} FROM steps WHERE run = ? ORDER BY number"
        with reading(self.path) as connection:
            looked = {update: tables for update, *tables in connection.execute(DISTRIBUTIONS_OF, (run_id,))}
            steps = connection.execute(sql, (run_id,)).fetchall()
        with undamaged(run_id):
            names = names_of(row["metrics"])
            for step in steps:
                record = unpack(step, names)
                if len(record.samples_generated) != len(history.seeds):
                    raise ValueError(f"{len(record.samples_generated)} seeds at update {record.update}")
                if record.update in looked:
                    seen = unpack_distribution(looked[record.update], len(history.seeds))
                    record = replace(record, distribution=seen)
                history.append(record)
        return history

    def results(self, comparison: str) -> dict[str, RunResult]:
        """Label -> what a report or an export needs. LookupError if there is no such comparison."""
        rows = self.runs(comparison=comparison) or self.runs(comparison=comparison, deleted=True)
        if not rows:
            raise LookupError(f"the history has no comparison {comparison!r}; look at the list of runs")
        return {
            r.label: RunResult(self.config(r.run_id), self.load_history(r.run_id), r.status, r.error, r.traceback) for r in rows
        }

    def _interrupt_dead(self, connection: sqlite3.Connection) -> Statement:
        """Runs that go on in a process that is dead were interrupted. A process once dead stays dead, so this may be executed later."""
        tokens = [token for (token,) in connection.execute(f"SELECT DISTINCT process FROM runs WHERE status IN ({READY})")]
        dead = [token for token in tokens if not is_alive(self.path, token)]
        sql = "UPDATE runs SET status = 'interrupted', finished = ? "
        return f"{sql} WHERE status IN ({READY}) AND process IN ({', '.join('?' * len(dead))})", (time.time(), *dead)

    def _row(self, run_id: int) -> sqlite3.Row:
        with reading(self.path) as connection:
            row = connection.execute("SELECT config, metrics FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise LookupError(f"the history has no run {run_id}; look at the list of runs")
        return row

    # For lists of many runs

    def settings(self, run_ids: Iterable[int]) -> dict[int, dict]:
        """Run -> its settings as plain values (see `core.settings.serial.config_dict`), unchecked, so that those of another version can be
        shown too. A run that is not there is left out, and so is one whose settings are damaged."""
        sql = "SELECT id, config FROM runs WHERE id IN (SELECT value FROM json_each(?))"
        with reading(self.path) as connection:
            found = connection.execute(sql, (json.dumps(list(run_ids)),)).fetchall()
        plain = {}
        for run_id, text in found:
            with suppress(ValueError):
                plain[run_id] = json.loads(text)
        return plain

    def columns(self, run_id: int, names: Sequence[str]) -> Columns:
        """The metrics `names` of a run. LookupError if there is no such run, or what it measured is damaged."""
        row = self._row(run_id)
        sql = "SELECT number, wall_seconds, measured, samples, metrics FROM steps WHERE run = ? ORDER BY number"
        with reading(self.path) as connection:
            steps = connection.execute(sql, (run_id,)).fetchall()
        with undamaged(run_id):
            return decode(steps, names_of(row["metrics"]), names)

    def purge_one(self, comparison: str) -> None:
        """Remove one comparison for good, if it was deleted."""
        self._change("DELETE FROM comparisons WHERE id = ? AND deleted IS NOT NULL", (comparison,))


def _row_of(row: sqlite3.Row) -> RunRow:
    known = row["status"] in set(Status)  # damaged, or of a later version: whatever it was, it does not go on here
    return RunRow(**{**row, "status": Status(row["status"]) if known else Status.INTERRUPTED})


# Of a purged run nothing is kept. Not an error: it may still be training.
APPEND = f"""INSERT OR REPLACE INTO steps (run, {", ".join(COLUMNS)})
    SELECT ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?)"""
DISTRIBUTIONS_OF = "SELECT number, tokens, ranks FROM distributions WHERE run = ?"
APPEND_DISTRIBUTION = """INSERT OR REPLACE INTO distributions (run, number, tokens, ranks)
    SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?)"""

LIST = """SELECT r.id AS run_id, c.id AS comparison, c.owner, c.scenario, c.name, r.label, r.status, r.error, r.traceback, r.created,
    r.finished, coalesce((SELECT max(number) FROM steps WHERE run = r.id), 0) AS updates_done, r.updates_total, c.deleted
    FROM runs r JOIN comparisons c ON c.id = r.comparison WHERE {where} ORDER BY c.rowid DESC, r.place"""  # not by a clock, which may jump

__all__ = ["DamagedRun", "RunRow", "Store", "StoreError"]
