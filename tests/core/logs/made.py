"""Rows of a made-up run, and files with them as the packages of trackers write them."""

import io
import json
import sqlite3
import struct
import zipfile

import pytest

ROWS = [{"step": i, "loss": 0.1, "reward": i / 10, "kl": 0.01 * i, "completions/mean_length": 20.0 + i} for i in range(1, 31)]
REWARD = [row["reward"] for row in ROWS]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


def check(run):
    assert run.steps.tolist() == list(range(1, 31)) and run.series("reward_mean") == pytest.approx(REWARD, rel=1e-6)


def write_events(folder, rows, *, tensors=False):
    from tensorboard.compat.proto.event_pb2 import Event  # 0.2 s, not at collection
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for row in rows:
        values = []
        for name, value in row.items():
            if name != "step":
                tag = f"train/{name}"
                values.append(Summary.Value(tag=tag, simple_value=value))
                if tensors:
                    values[-1] = Summary.Value(tag=tag)
                    values[-1].tensor.dtype = 1
                    values[-1].tensor.tensor_content = struct.pack("<f", value)
        writer.add_event(Event(step=row["step"], wall_time=row["step"], summary=Summary(value=values)))
    writer.close()
    return max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def trackio(path, names=("a", "a")):
    """The table of trackio 0.43."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute(
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL, run_name TEXT NOT NULL, "
        "step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT)"
    )
    for run, name in enumerate(names):
        for place, row in enumerate(ROWS):
            logged = {"train/global_step": row["step"], "train/reward": row["reward"] + run, "train/kl": "NaN", "train/loss": 0.1}
            values = (f"id{run}", "2026", name, place, json.dumps(logged))
            database.execute("INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)", values)
    database.commit()
    return database


def packed(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()
