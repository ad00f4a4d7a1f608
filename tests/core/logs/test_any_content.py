"""Any content in the records, tables and files of the binary and packed formats is a run or a sentence; and the work grows with the size."""

import json
import sqlite3
import struct
import time
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.logs import HARD, repeated
from core.logs import Bounds, read_bytes, read_paths, read_text
from core.logs.readers import record_log
from tests.core.logs.made import packed
from tests.core.logs.records import framed, in_place_of, record_of
from tests.core.logs.test_hostile import is_sound

BOUNDS = Bounds(bytes=5_000_000, points=20_000, columns=50, document=5_000_000)
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(SLOW, max_examples=20)  # of those that write a database
_names = st.sampled_from(
    ["loss", "reward", "kl", "train/global_step", "eval/reward", "grad_norm", "train_runtime", "step"]
) | st.text(max_size=12)
_numbers = st.floats() | st.integers(-(2**40), 2**40)
_steps = st.integers(-3, 20) | st.integers(-(2**62), 2**62)
_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
)
_texts = st.one_of(_json.map(json.dumps), st.dictionaries(_names, _numbers, max_size=6).map(json.dumps), st.text(max_size=20))


@given(
    rows=st.lists(st.lists(st.tuples(_names, _texts), max_size=6), max_size=20),
    name=st.text(max_size=10),
    rest=st.binary(max_size=50),
)
@SLOW
def test_histories_of_wandb(rows, name, rest):
    record = record_of("wandb")
    raws = [record(run={"display_name": name}).SerializeToString()]
    raws += [
        record(history={"item": [{"nested_key": key.split("/"), "value_json": text} for key, text in row]}).SerializeToString()
        for row in rows
    ]
    with pytest.MonkeyPatch.context() as patch:
        in_place_of("wandb", patch)
        is_sound(read_bytes("run", framed(record_log.WANDB, [*raws, rest]), BOUNDS))


@given(rows=st.lists(st.tuples(_names, _steps, st.floats()), max_size=60), name=st.text(max_size=10), rest=st.binary(max_size=50))
@SLOW
def test_scalars_of_swanlab(rows, name, rest):
    record = record_of("swanlab")
    raws = [record(start={"name": name}).SerializeToString()]
    raws += [record(scalar={"key": key, "step": step, "value": {"number": x}}).SerializeToString() for key, step, x in rows]
    with pytest.MonkeyPatch.context() as patch:
        in_place_of("swanlab", patch)
        is_sound(read_bytes("run", framed(record_log.SWANLAB, [*raws, rest]), BOUNDS))


@pytest.mark.parametrize(("package", "mark"), [("wandb", record_log.WANDB), ("swanlab", record_log.SWANLAB)])
@given(content=st.binary(max_size=2000))
@SLOW
def test_any_bytes_behind_the_mark_of_an_offline_file(package, mark, content):
    with pytest.MonkeyPatch.context() as patch:
        in_place_of(package, patch)
        is_sound(read_bytes("run", mark + content, BOUNDS))


_lines = st.lists(
    st.tuples(st.integers() | st.text(max_size=4), _numbers | st.text(max_size=6), _steps | st.text(max_size=4)), max_size=20
)
_file_names = st.sampled_from(["reward", "loss", "kl", "train/reward", "eval/reward"]) | st.text(
    "abc/_. ", min_size=1, max_size=8
)


@given(
    metrics=st.dictionaries(_file_names, _lines | st.binary(max_size=60), max_size=5),
    about=st.binary(max_size=60) | st.text(max_size=30),
)
@SLOW
def test_run_folders_of_mlflow(metrics, about):
    about = about if isinstance(about, bytes) else f"run_id: abc\nrun_name: {about}\n".encode(errors="replace")
    files = {"mlruns/1/abc/meta.yaml": b"run_id: abc\n" + about}
    for name, lines in metrics.items():
        text = (
            lines
            if isinstance(lines, bytes)
            else "".join(" ".join(map(str, line)) + "\n" for line in lines).encode(errors="replace")
        )
        files[f"mlruns/1/abc/metrics/{name}"] = text
    is_sound(read_bytes("mlruns.zip", packed(**files), BOUNDS))


_cells = st.none() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=10) | st.binary(max_size=10)


@given(
    rows=st.lists(
        st.tuples(_cells, _cells, _cells | _steps, _cells | _texts | _texts.map(lambda t: t.encode(errors="replace"))),
        max_size=25,
    )
)
@FEW
def test_tables_of_trackio(rows, tmp_path):
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE metrics (run_id, run_name, step, metrics)")
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?)", rows)
    is_sound(read_paths([path], BOUNDS))


@given(
    rows=st.lists(st.tuples(_names | _cells, _cells | _numbers, _cells, _cells | _steps, _cells | st.booleans()), max_size=40),
    names=st.lists(st.tuples(_cells, _cells), max_size=4),
)
@FEW
def test_tables_of_mlflow(rows, names, tmp_path):
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE runs (run_uuid, name)")
        database.execute("CREATE TABLE metrics (key, value, run_uuid, step, is_nan, timestamp)")
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)", rows)
        database.executemany("INSERT INTO runs VALUES (?, ?)", names)
    is_sound(read_paths([path], BOUNDS))


@given(
    events=st.lists(st.tuples(_names, _steps, st.floats(width=32), st.sampled_from(("simple", "tensor", "text"))), max_size=40)
)
@SLOW
def test_scalars_of_tensorboard(events, tmp_path):
    from tensorboard.compat.proto.event_pb2 import Event  # 0.2 s, not at collection
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    path = tmp_path / "events"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(file_version="brain.Event:2").SerializeToString())
        for tag, step, value, kind in events:
            summary = Summary.Value(tag=tag, simple_value=value) if kind == "simple" else Summary.Value(tag=tag)
            if kind != "simple":
                summary.tensor.dtype = 1 if kind == "tensor" else 7
                summary.tensor.tensor_content = struct.pack("<f", value) if kind == "tensor" else b"words"
            writer.write(Event(step=step, summary=Summary(value=[summary])).SerializeToString())
        writer.flush()
    is_sound(read_paths([path], BOUNDS))


@given(cells=st.lists(st.lists(st.text(max_size=6) | _numbers.map(str), min_size=2, max_size=4), max_size=12))
@SLOW
def test_notebooks_and_tables_in_texts(cells):
    html = (
        "<table>"
        + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in [["Step", "reward"], *cells])
        + "</table>"
    )
    is_sound(read_text(html, BOUNDS))
    output = {"data": {"text/html": html}, "text": [str(row) for row in cells]}
    is_sound(read_text(json.dumps({"cells": [{"cell_type": "code", "outputs": [output]}], "nbformat": 4}), BOUNDS))
    is_sound(read_text("\n".join("| " + " | ".join(row) + " |" for row in [["Step", "reward"], ["---", "---"], *cells]), BOUNDS))


@pytest.mark.parametrize("piece", HARD)
def test_the_work_grows_with_the_size_and_not_with_its_square(piece):
    """16 times the text may take 16 times as long, and three times that for what else the machine does; its square would be 256 times. The
    processor's time of the fastest of three, of which no more are tried than it takes."""

    def seconds(size):
        began = time.process_time()
        is_sound(read_text(repeated(piece, size), Bounds(bytes=10**7)))
        return time.process_time() - began

    most = 3 * 16 * max(min(seconds(10_000) for _ in range(3)), 0.0005)
    assert any(seconds(160_000) < most for _ in range(3))
