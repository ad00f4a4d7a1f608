"""SQLite files: trackio's (one row per log call, its metrics as JSON) and MLflow's (one row per value). Opened for reading only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from core.logs import sentences as s
from core.logs.bounds import Budget
from core.logs.builder import Collector
from core.logs.readers.flat import flat
from core.logs.reading import Format, Rows
from core.logs.sentences import printable, say
from core.logs.source import Refused, Source

MOST_STEPS = 3_000  # times 100,000 instructions of SQLite's machine: a database can hold a query without end
_INSTRUCTIONS = 100_000
_TRACKIO = {"run_name", "step", "metrics"}
_MLFLOW = {"key", "value", "step", "run_uuid"}


def recognises(head: bytes, text: str) -> bool:
    return head.startswith(b"SQLite format 3\0")


def read(source: Source, budget: Budget) -> Rows:
    with source.local(budget) as path:
        try:
            with opened(path) as database:
                columns = table_columns(database)
                if columns >= _TRACKIO:
                    return _collected(_trackio(database, columns), source.name, budget)
                if columns >= _MLFLOW:
                    return _collected(_mlflow(database), source.name, budget)
        except (
            sqlite3.Error,
            sqlite3.Warning,
            UnicodeError,
            OverflowError,
        ) as error:  # messages of a damaged file may be no text
            raise Refused(say(s.BROKEN, file=source.name, format="an SQLite file", reason=str(error))) from None
    raise Refused(say(s.NO_ROWS, file=source.name, format="an SQLite file"))


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """For reading only. A file in write-ahead mode whose companions are missing is read as it stands."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    for each in (address, f"{address}&immutable=1"):
        with closing(sqlite3.connect(each, uri=True, timeout=1)) as database:
            spent = iter(range(MOST_STEPS))
            database.set_progress_handler(lambda spent=spent: next(spent, None) is None, _INSTRUCTIONS)
            database.text_factory = lambda raw: raw.decode(errors="replace")
            try:
                database.execute("PRAGMA trusted_schema = OFF")
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except sqlite3.OperationalError:
                if each is not address:
                    raise
                continue
            yield database
            return


def table_columns(database: sqlite3.Connection) -> set[str]:
    """The columns of the table `metrics`; a view of that name is none."""
    there = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'metrics'").fetchone()
    return {row[1] for row in database.execute("PRAGMA table_info(metrics)")} if there else set()


def _trackio(database: sqlite3.Connection, columns: set[str]) -> Iterator[tuple[str, str, dict]]:
    run = "run_id" if "run_id" in columns else "run_name"  # a name may exist twice
    for identity, name, step, text in database.execute(f"SELECT {run}, run_name, step, metrics FROM metrics ORDER BY rowid"):
        try:
            row = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield str(identity), str(name), {"_step": step, **flat(row)}


def _mlflow(database: sqlite3.Connection) -> Iterator[tuple[str, str, dict]]:
    names = {}
    if database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'runs'").fetchone():
        names = dict(database.execute("SELECT run_uuid, name FROM runs LIMIT 100000"))
    rows = database.execute(
        "SELECT run_uuid, key, CASE WHEN is_nan THEN 'nan' ELSE value END, step FROM metrics ORDER BY run_uuid, step, timestamp"
    )
    for identity, row in _by_step(rows):
        yield str(identity), str(names.get(identity) or identity), row


def _by_step(rows: Iterable[tuple]) -> Iterator[tuple[object, dict[str, object]]]:
    """(run, the values of one step as one row) of one row per value; a name that comes again begins another row."""
    run, row = None, {}
    for identity, key, value, step in rows:
        if row and (identity != run or step != row["step"] or str(key) in row):
            yield run, row
            row = {}
        run = identity
        row = row or {"step": step}
        row.setdefault(str(key), value)
    if row:
        yield run, row


def _collected(rows: Iterator[tuple[str, str, dict]], file: str, budget: Budget) -> Rows:
    collectors: dict[str, Collector] = {}
    found = Rows([])
    for identity, name, row in rows:
        if identity not in collectors:
            if len(collectors) >= budget.bounds.runs:
                found.notes.append(say(s.CUT_RUNS, file=file, limit=budget.bounds.runs))
                break
            collectors[identity] = Collector(printable(name, 80), budget)
        if not collectors[identity].add(row):
            break
    for collector in collectors.values():
        runs, notes = collector.runs(file)
        found.runs.extend(run for run in runs if run.training.columns or run.evaluation.columns)
        found.notes.extend(note for note in notes if note not in found.notes)
    if not found.runs:
        raise Refused(say(s.NO_ROWS, file=file, format="an SQLite file"))
    return found


FORMAT = Format("an SQLite file of trackio or MLflow", recognises, read)
