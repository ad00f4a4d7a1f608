"""Files of every binary and packed format with bytes changed, left out or repeated: a run or one sentence."""

import gzip
import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.logs import Bounds, read_bytes
from core.logs.readers import record_log
from tests.core.logs.made import LINES, ROWS, packed, trackio, write_events
from tests.core.logs.records import framed
from tests.core.logs.test_hostile import is_sound

BOUNDS = Bounds(bytes=5_000_000, points=50_000, columns=100, document=5_000_000)
KINDS = ("events", "trackio", "parquet", "zip", "gzip", "zipped database", "wandb", "state", "notebook")
_changes = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(("set", "cut", "repeat", "end")), st.integers(0, 255)), min_size=1, max_size=8
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    (folder / "events").mkdir()
    trackio(folder / "project.db").close()
    pd.DataFrame(ROWS).to_parquet(folder / "table")
    database = (folder / "project.db").read_bytes()
    html = "<table><tr><th>Step</th><th>reward</th></tr><tr><td>1</td><td>0.5</td></tr><tr><td>2</td><td>0.5</td></tr></table>"
    notebook = {"cells": [{"cell_type": "code", "outputs": [{"data": {"text/html": [html]}}]}], "nbformat": 4}
    return {
        "events": write_events(folder / "events", ROWS).read_bytes(),
        "trackio": database,
        "parquet": (folder / "table").read_bytes(),
        "zip": packed(a=LINES, b=LINES),
        "gzip": gzip.compress(LINES.encode()),
        "zipped database": packed(a=database),
        "wandb": framed(record_log.WANDB, [b"x" * 50_000]),
        "state": json.dumps({"global_step": 30, "log_history": ROWS}).encode(),
        "notebook": json.dumps(notebook).encode(),
    }


def changed(content, changes):
    content = bytearray(content)
    for where, how, byte in changes:
        place = int(where * (len(content) - 1)) if content else 0
        if how == "set" and content:
            content[place] = byte
        elif how == "cut":
            del content[place : place + byte]
        elif how == "repeat":
            content[place:place] = content[place // 2 : place // 2 + byte]
        else:
            del content[max(place, 20) :]
    return bytes(content)


@pytest.mark.parametrize("kind", KINDS)
@given(changes=_changes)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_a_run_or_a_sentence(files, kind, changes):
    is_sound(read_bytes("file", changed(files[kind], changes), BOUNDS))


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
@given(changes=_changes)
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_damaged_files_are_runs_or_sentences(files, kind, changes):
    is_sound(read_bytes("file", changed(files[kind], changes), BOUNDS))


def test_an_error_of_sqlite_that_is_no_text_is_a_sentence(tmp_path):
    path = tmp_path / "bad.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE metrics (run_name TEXT, step INTEGER, metrics TEXT)")
    content = path.read_bytes()
    place = content.index(b"CREATE TABLE")
    is_sound(read_bytes("bad", content[:place] + b"\xe1\xe1" + content[place + 2 :]))
