"""The history of all runs in one SQLite file: what was started, by whom, with which settings, and every update that was measured.

Written by one thread in small transactions, read by any thread; several processes may share a file. After a crash every update that was
older than a second is there, and the runs that were going on are marked interrupted. For 16 seeds an update takes about 0.7 kB, and
one with a distribution over 7 tokens 0.9 kB more; a run has at most about a hundred of these, and 4 MB.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from core.analysis.history import History
from core.analysis.metrics import METRIC_NAMES
from core.analysis.result import UNFINISHED, RunResult, Status
from core.engine.types import StepRecord
from core.runs.store.ids import new_id
from core.runs.store.logs import StoredLogs
from core.runs.store.processes import ProcessMark, is_alive, remove_dead_marks
from core.runs.store.rows import (
    COLUMNS,
    DamagedRun,
    names_of,
    pack,
    pack_distribution,
    undamaged,
    unpack,
)
from core.runs.store.schema import StoreError, opening, reading
from core.runs.store.writer import Statement, Writer
from core.runs.view import RunView
from core.settings.run import RunConfig
from core.settings.serial import config_from_json, config_to_json

CHANGE_SECONDS = 3.0  # rename, delete, …: wait this long for the disk, so that the next reader sees the change
GOING_ON = f"status IN ({', '.join(repr(status.value) for status in UNFINISHED)})"
LIST = """SELECT r.id AS stored_id, c.id AS comparison, c.owner, c.scenario, c.name, r.label, r.status, r.error, r.traceback, r.created,
    r.finished, coalesce((SELECT max(number) FROM steps WHERE run = r.id), 0) AS updates, r.updates_total AS total, c.deleted,
    r.config AS config_json
    FROM runs r JOIN comparisons c ON c.id = r.comparison WHERE {where} ORDER BY c.rowid DESC, r.place"""  # not by time: clocks are changed
# Records of a purged run are ignored: it may still be training.
APPEND = """INSERT OR REPLACE INTO {table} SELECT {values} WHERE EXISTS (SELECT 1 FROM runs WHERE id = ?)"""


@dataclass(frozen=True)
class StoredRun:
    """A run as the history lists it, without its measurements. Times are seconds since 1970."""

    stored_id: int  # of this row; the `run_id` of files is another: a hash of label and settings, see core.analysis.export
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
    updates: int  # done
    total: int
    deleted: float | None
    config_json: str

    @property
    def config(self) -> RunConfig:
        """Its settings, ready to be run again. ConfigError if this version does not know them, or if they are damaged."""
        return config_from_json(self.config_json)

    @property
    def settings(self) -> dict | None:
        """Its settings as plain values (see `core.settings.serial.config_dict`), unchecked, so that those of another version can be shown
        too. None if they are damaged."""
        try:
            return json.loads(self.config_json)
        except ValueError:
            return None

    def view(self) -> RunView:
        return RunView(self.status, self.updates, self.total, self.error, self.traceback)


class Store:
    """Every method may be called from any thread. Methods that write only queue the change, except where they say that they wait.

    StoreError, naming the path and the remedy, if the file is damaged, newer than this program, or cannot be read. A write that fails
    later raises nothing: it is tried again, and `problem` says why. Close the store at the end.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with opening(self.path) as connection:
            remove_dead_marks(self.path)
            connection.execute(*self._interrupt_dead(connection))
            self._mark = ProcessMark(self.path)
        self._writer = Writer(self.path)
        self.logs = StoredLogs(self.path, self._writer, self._change)

    @property
    def problem(self) -> str:
        """Why the history is not being written, in a line for people; '' when all is well."""
        return self._writer.problem

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait until everything that was queued before is on disk. False if it is not within `timeout` seconds."""
        return self._writer.flush(timeout)

    def close(self, timeout: float | None = 10.0) -> bool:
        """Write what is queued and close the file. False if not all could be written within `timeout` seconds. Idempotent."""
        written = self._writer.close(timeout)
        self._mark.release()
        return written

    # Writing

    def add_comparison(self, *, owner: str, scenario: str, name: str = "", comparison: str | None = None) -> str:
        """Returns the comparison's id: the one given, or a new random one that cannot be guessed."""
        comparison = comparison or new_id(12)
        sql = "INSERT OR IGNORE INTO comparisons (id, owner, scenario, name, created) VALUES (?, ?, ?, ?, ?)"
        self._writer.put([(sql, (comparison, owner, scenario, name, time.time()))])
        return comparison

    def add_run(self, comparison: str, label: str, config: RunConfig, *, status: Status = Status.QUEUED) -> int:
        """The new run's id. Labels are unique within a comparison."""
        stored_id = secrets.randbits(48)  # chosen here, not by the database, so that a run can start while the disk is full
        sql = """INSERT OR IGNORE INTO runs
            (id, comparison, place, label, config, metrics, updates_total, status, error, traceback, created, process)
            VALUES (?, ?, (SELECT count(*) FROM runs WHERE comparison = ?), ?, ?, ?, ?, ?, '', '', ?, ?)"""
        what = (label, config_to_json(config), json.dumps(METRIC_NAMES), config.most_updates, status)
        self._writer.put([(sql, (stored_id, comparison, comparison, *what, time.time(), self._mark.token))])
        return stored_id

    def append(self, stored_id: int, record: StepRecord) -> None:
        """Keep one update. Called by the thread that trains, so it never waits. KeyError for a metric that core.analysis.metrics does not
        have."""
        rows = {f"steps (run, {', '.join(COLUMNS)})": pack(record, METRIC_NAMES)}
        if record.distribution is not None:
            rows["distributions (run, number, tokens, ranks)"] = (record.update, *pack_distribution(record.distribution))
        statements = [
            (APPEND.format(table=table, values=", ".join("?" * (len(row) + 1))), (stored_id, *row, stored_id))
            for table, row in rows.items()
        ]
        self._writer.put(statements, droppable=True)

    def set_config(self, stored_id: int, config: RunConfig) -> None:
        """Other settings, with which a run goes on: a fork of those that it had."""
        sql = "UPDATE runs SET config = ?, updates_total = ? WHERE id = ?"
        self._writer.put([(sql, (config_to_json(config), config.most_updates, stored_id))])

    def set_status(self, stored_id: int, status: Status, error: str = "", traceback: str = "") -> None:
        """A final status also sets the time at which the run finished."""
        finished = time.time() if status.finished else None
        sql = "UPDATE runs SET status = ?, error = ?, traceback = ?, finished = ? WHERE id = ?"
        self._writer.put([(sql, (status, error, traceback, finished, stored_id))])

    def mark_interrupted(self) -> None:
        """Mark the runs of other processes that died since this store was opened."""
        with reading(self.path) as connection:
            statement = self._interrupt_dead(connection)
        self._writer.put([statement])

    def rename(self, comparison: str, name: str) -> None:
        """Waits for the disk, for up to CHANGE_SECONDS, as do the following."""
        self._change("UPDATE comparisons SET name = ? WHERE id = ?", name, comparison)

    def delete(self, comparison: str) -> None:
        """Hide it from `runs`. It can be brought back until it is purged."""
        self._change("UPDATE comparisons SET deleted = ? WHERE id = ? AND deleted IS NULL", time.time(), comparison)

    def undelete(self, comparison: str) -> None:
        self._change("UPDATE comparisons SET deleted = NULL WHERE id = ?", comparison)

    def purge(self, comparison: str) -> None:
        """Remove it permanently, if it was deleted. The file keeps its size; the space is used again."""
        self._change("DELETE FROM comparisons WHERE id = ? AND deleted IS NOT NULL", comparison)

    def purge_finished(self, *, before: float) -> None:
        """Remove permanently the comparisons that were started before this time (seconds since the epoch) and have no unfinished run, and
        the logs that were read before it. Does not wait."""
        sql = f"""DELETE FROM comparisons WHERE created < ?
            AND NOT EXISTS (SELECT 1 FROM runs WHERE comparison = comparisons.id AND {GOING_ON})"""
        self._writer.put([(sql, (before,))])
        self.logs.purge_old(before=before)

    def _change(self, sql: str, *parameters) -> None:
        self._writer.put([(sql, parameters)])
        self._writer.flush(CHANGE_SECONDS)

    def _interrupt_dead(self, connection: sqlite3.Connection) -> Statement:
        """Mark the unfinished runs of dead processes interrupted. A dead process stays dead, so this may be executed later."""
        tokens = [token for (token,) in connection.execute(f"SELECT DISTINCT process FROM runs WHERE {GOING_ON}")]
        dead = [token for token in tokens if not is_alive(self.path, token)]
        sql = f"UPDATE runs SET status = ?, finished = ? WHERE {GOING_ON} AND process IN ({', '.join('?' * len(dead))})"
        return sql, (Status.INTERRUPTED, time.time(), *dead)

    # Reading: what has been committed, at most a quarter of a second behind

    def runs(
        self,
        *,
        owner: str | None = None,
        comparison: str | None = None,
        stored_id: int | None = None,
        deleted: bool | None = False,
    ) -> list[StoredRun]:
        """The runs of an owner, of a comparison, or all: newest comparison first, runs in their order. `deleted=True` lists those that can
        be restored instead, None lists both."""
        wanted = {"c.owner": owner, "c.id": comparison, "r.id": stored_id, "(c.deleted IS NOT NULL)": deleted}
        wanted = {f"{what} = ?": value for what, value in wanted.items() if value is not None}
        with reading(self.path) as connection:
            rows = connection.execute(LIST.format(where=" AND ".join(wanted) or "1"), tuple(wanted.values())).fetchall()
        return [StoredRun(**{**row, "status": _status(row["status"])}) for row in rows]

    def run(self, stored_id: int) -> StoredRun:
        """LookupError if there is no such run."""
        for run in self.runs(stored_id=stored_id, deleted=None):
            return run
        raise _no_run(stored_id)

    def load_history(self, stored_id: int) -> History:
        """Everything measured, each value as the nearest float32. LookupError if there is no such run, or what it measured is damaged."""
        with reading(self.path) as connection:
            run = connection.execute("SELECT config, metrics FROM runs WHERE id = ?", (stored_id,)).fetchone()
            if run is None:
                raise _no_run(stored_id)
            sql = f"SELECT {', '.join(COLUMNS)} FROM steps WHERE run = ? ORDER BY number"
            steps = connection.execute(sql, (stored_id,)).fetchall()
            sql = "SELECT number, tokens, ranks FROM distributions WHERE run = ?"
            looked = {update: tables for update, *tables in connection.execute(sql, (stored_id,))}
        with undamaged(stored_id):
            plain = json.loads(run["config"])  # its settings may be of another version: its measurements can be read nevertheless
            history = History(range(plain["first_seed"], plain["first_seed"] + plain["replicas"]))
            names = names_of(run["metrics"])
            for step in steps:
                record = unpack(step, names, looked.get(step["number"]))
                if len(record.samples_generated) != len(history.seeds):
                    raise ValueError(f"{len(record.samples_generated)} seeds at update {record.update}")
                history.append(record)
        return history

    def results(self, comparison: str) -> dict[str, RunResult]:
        """Label -> what a report or an export needs. LookupError if there is no such comparison."""
        runs = self.runs(comparison=comparison, deleted=None)
        if not runs:
            raise LookupError(f"the history has no comparison {comparison!r}; look at the list of runs")
        return {r.label: RunResult(r.config, self.load_history(r.stored_id), r.status, r.error, r.traceback) for r in runs}


def _status(text: str) -> Status:
    known = text in set(Status)  # damaged, or of a later version: it does not train in this process
    return Status(text) if known else Status.INTERRUPTED


def _no_run(stored_id: int) -> LookupError:
    return LookupError(f"the history has no run {stored_id}; look at the list of runs")


__all__ = ["DamagedRun", "Store", "StoreError", "StoredRun"]
