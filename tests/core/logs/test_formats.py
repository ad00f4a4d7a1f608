"""Binary formats, tables in texts, archives and folders; where the writer's own package is at hand, files written by it."""

import gzip
import io
import json
import sqlite3
import struct
import sys
import zipfile
from contextlib import closing
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from core.logs import Bounds, read_bytes, read_paths, read_text
from core.logs.readers import record_log

ROWS = [{"step": i, "loss": 0.1, "reward": i / 10, "kl": 0.01 * i, "completions/mean_length": 20.0 + i} for i in range(1, 31)]
REWARD = [row["reward"] for row in ROWS]


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


def check(run):
    assert run.steps.tolist() == list(range(1, 31)) and run.series("reward_mean") == pytest.approx(REWARD, rel=1e-6)


def write_events(folder, rows, *, tensors=False):
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


@pytest.mark.parametrize("tensors", [False, True])
def test_scalars_of_tensorboard_in_both_encodings(tmp_path, tensors):
    path = write_events(tmp_path, ROWS, tensors=tensors)
    (run,) = read_paths([path]).runs
    check(run)
    assert run.format == "TensorBoard" and run.framework.name == "TRL"
    (dropped,) = read_bytes("anything", path.read_bytes()).runs
    check(dropped)


def test_a_record_that_is_torn_ends_the_file_and_not_the_reading(tmp_path):
    path = write_events(tmp_path, ROWS)
    whole = path.read_bytes()
    (run,) = read_bytes("torn", whole[:-30]).runs
    assert run.steps.tolist() == list(range(1, 30))
    (damaged,) = read_bytes("damaged", whole[: len(whole) // 2] + b"\xff" * 40 + whole[len(whole) // 2 + 40 :]).runs
    assert 5 < len(damaged.steps) < 30


def test_event_files_of_one_folder_continue_or_begin_again(tmp_path):
    for place, rows in enumerate((ROWS[:20], ROWS[14:], ROWS[:5])):
        folder = tmp_path / f"part{place}"
        folder.mkdir()
        path = write_events(folder, rows)
        (tmp_path / "all").mkdir(exist_ok=True)
        path.rename(tmp_path / "all" / f"events.out.tfevents.{place}")
    runs = read_paths([tmp_path / "all"]).runs
    assert [len(run.steps) for run in runs] == [30, 5]
    check(runs[0])


def test_without_the_package_tensorboard_a_sentence_says_what_is_missing(tmp_path, monkeypatch):
    path = write_events(tmp_path, ROWS)
    monkeypatch.setitem(sys.modules, "tensorboard.backend.event_processing.event_file_loader", None)
    reading = read_paths([path])
    assert reading.runs == () and "pip install tensorboard" in said(reading)


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


def test_trackio_has_one_name_twice_and_a_trainers_step(tmp_path):
    with closing(trackio(tmp_path / "project.db")):  # open, as while a training writes it
        runs = read_paths([tmp_path / "project.db"]).runs
    assert [run.name for run in runs] == ["a", "a [2]"] and runs[0].step_key == "train/global_step"
    check(runs[0])
    assert (
        runs[1].series("reward_mean")[0] == 1.1
        and np.isnan(runs[0].series("kl_base")).all()
        and runs[0].training.logged("train/kl").all()
    )
    assert len(read_bytes("dropped", (tmp_path / "project.db").read_bytes()).runs) == 2


def test_a_database_of_mlflow(tmp_path):
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("CREATE TABLE runs (run_uuid TEXT, name TEXT)")
        database.execute(
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan BOOLEAN)"
        )
        database.execute("INSERT INTO runs VALUES ('u', 'mine')")
        for row in ROWS:
            for name in ("reward", "loss", "kl"):
                database.execute("INSERT INTO metrics VALUES (?, ?, 0, 'u', ?, ?)", (name, row[name], row["step"], name == "kl"))
    (run,) = read_paths([tmp_path / "mlflow.db"]).runs
    check(run)
    assert run.name == "mine" and run.training.logged("kl").all() and np.isnan(run.series("kl_base")).all()


def test_a_database_whose_view_never_ends_costs_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("core.logs.readers.databases.MOST_STEPS", 20)
    with closing(sqlite3.connect(tmp_path / "bad.db")) as database, database:
        database.execute(
            "CREATE VIEW metrics AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i AS run_name, i AS step, '{}' AS metrics FROM n"
        )
    assert read_paths([tmp_path / "bad.db"]).runs == ()
    with closing(sqlite3.connect(tmp_path / "worse.db")) as database, database:
        database.execute("CREATE TABLE metrics (run_name TEXT, step INTEGER, metrics TEXT AS (printf('%.*c', 100, 'x')))")
        database.executemany("INSERT INTO metrics (run_name, step) VALUES (?, ?)", [("a", i) for i in range(2000)])
    reading = read_paths([tmp_path / "worse.db"])
    assert reading.runs == () and len(reading.notes) == 1


def test_a_run_folder_of_mlflow(tmp_path):
    folder = tmp_path / "mlruns" / "1" / "abc"
    (folder / "metrics" / "train").mkdir(parents=True)
    (folder / "params").mkdir()
    (folder / "meta.yaml").write_text("artifact_uri: x\nrun_id: abc\nrun_name: mine\n")
    (folder / "params" / "lr").write_text("0.1")
    for name in ("reward", "loss"):
        (folder / "metrics" / "train" / name).write_text("".join(f"17000 {row[name]} {row['step']}\n" for row in ROWS))
    (folder / "metrics" / "kl").write_text("17000 nan 1\nbroken\n")
    reading = read_paths([tmp_path])
    (run,) = reading.runs
    check(run)
    assert run.name == "mine" and "train/reward" in run.columns and "could not be read: 1" in said(reading)


def test_parquet(tmp_path):
    pd.DataFrame(ROWS).assign(text="x").to_parquet(tmp_path / "history.parquet")
    (run,) = read_paths([tmp_path / "history.parquet"]).runs
    check(run)
    assert read_bytes("cut", (tmp_path / "history.parquet").read_bytes()[:-50]).runs == ()


def test_a_history_of_wandb_as_csv_with_its_index():
    frame = pd.DataFrame(
        [{"_step": 7 * r["step"], "_runtime": 1.0, "train/global_step": r["step"], "train/reward": r["reward"]} for r in ROWS]
    )
    (run,) = read_text(frame.to_csv()).runs
    check(run)
    assert run.step_key == "train/global_step"


def test_a_panel_of_wandb_with_dashes_in_names_bands_gaps_and_a_mark():
    header = ["Step", "a - b - train/reward", "a - b - train/reward__MIN", "a - b - train/reward__MAX", "Group: x - train/reward"]
    lines = [",".join(f'"{name}"' for name in header)]
    lines += [f'"{r["step"]}","{r["reward"]}","{r["reward"]}","{r["reward"]}","{1.0 if r["step"] % 2 else ""}"' for r in ROWS]
    reading = read_bytes("panel.csv", ("\ufeff" + "\n".join(lines)).encode())
    assert [run.name for run in reading.runs] == ["a - b", "x"]
    check(reading.runs[0])
    assert (
        len(reading.runs[1].steps) == 15 and "mean of several runs" in said(reading) and "counter of log calls" in said(reading)
    )


def test_the_labs_own_table_is_one_run_per_label_and_seed():
    rows = [
        {"run_id": f"{label}-1", "algorithm": label, "seed": seed, "update": u, "rollout": 1, "entropy_nats": 0.5, "reward_mean": u / 9}
        for label in ("GRPO", "DAPO") for seed in (0, 1) for u in range(1, 10)
    ]  # fmt: skip
    runs = read_text(pd.DataFrame(rows).to_csv(index=False)).runs
    assert [run.name for run in runs] == ["GRPO, seed 0", "GRPO, seed 1", "DAPO, seed 0", "DAPO, seed 1"]
    assert all(len(run.steps) == 9 and run.step_key == "update" for run in runs)


MARKDOWN = "| Step | Training Loss | reward |\n|---:|---|---|\n" + "".join(
    f"| {r['step']} | No Log | {r['reward']} |\n" for r in ROWS
)
HTML = "<p>x</p><table><thead><tr><th>Step<th>Training Loss</th><th>reward</th></tr></thead><tbody>" + "".join(
    f"<tr><td>{r['step']}</td><td>0.1</td><td>{r['reward']}</td></tr>" for r in ROWS
)
ALIGNED = pd.DataFrame(ROWS)[["step", "loss", "reward"]].to_string()
TABS = "Step\tTraining Loss\treward\n" + "".join(f"{r['step']}\t0.1\t{r['reward']}\n" for r in ROWS)


@pytest.mark.parametrize(
    "text",
    [MARKDOWN, "See:\n\n" + MARKDOWN + "\nand so on", HTML, ALIGNED, TABS],
    ids=["markdown", "in a text", "html", "aligned", "tabs"],
)
def test_tables_in_a_text(text):
    (run,) = read_text(text).runs
    check(run)


@pytest.mark.parametrize("kind", ["html", "plain", "stream"])
def test_notebooks(kind):
    stream = "".join(f"{{'loss': 0.1, 'reward': {r['reward']}, 'kl': 0.0}}\n" for r in ROWS)
    output = {
        "html": {"output_type": "display_data", "data": {"text/html": [HTML], "text/plain": "<IPython>"}},
        "plain": {"output_type": "execute_result", "data": {"text/plain": ALIGNED.splitlines(keepends=True)}},
        "stream": {"output_type": "stream", "text": stream.splitlines(keepends=True)},
    }[kind]
    notebook = {"cells": [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "outputs": [output]}], "nbformat": 4}
    (run,) = read_text(json.dumps(notebook, indent=1)).runs
    check(run)


def packed(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def test_archives_give_several_runs_and_say_what_is_no_log():
    reading = read_bytes("runs.zip", packed(a=LINES, b=LINES.replace("0.1", "0.2"), c="nothing", **{"weights.pt": b"\x80\x04."}))
    assert sorted(run.name for run in reading.runs) == ["a", "b"] and "hold no training log: c" in said(reading)
    (run,) = read_bytes("log.gz", gzip.compress(LINES.encode())).runs
    check(run)


def test_archives_that_are_bombs_damaged_or_nested_cost_a_sentence():
    bomb = packed(a=b" " * 50_000_000)
    assert len(bomb) < 100_000
    small = Bounds(bytes=5_000_000)
    assert (
        read_bytes("bomb.zip", bomb, small).runs == ()
        and read_bytes("bomb.gz", gzip.compress(b" " * 50_000_000), small).runs == ()
    )
    assert read_bytes("nested.zip", packed(a=packed(b=LINES))).runs == ()
    whole = packed(a=LINES)
    for content in (whole[:100], whole[:-30], whole[:40] + b"\xff" * 60 + whole[100:], gzip.compress(LINES.encode())[:80]):
        reading = read_bytes("damaged", content)
        assert reading.runs or reading.notes


def test_the_newest_state_of_a_training_is_read(tmp_path):
    for last in (9, 10, 30):
        folder = tmp_path / f"checkpoint-{last}"
        folder.mkdir()
        state = {"best_metric": None, "global_step": last, "log_history": ROWS[:last], "is_world_process_zero": True}
        (folder / "trainer_state.json").write_text(json.dumps(state, indent=2))
        (folder / "training_args.bin").write_bytes(b"\x80\x04never unpickled")
    reading = read_paths([tmp_path])
    (run,) = reading.runs
    check(run)
    assert "of the 3 states" in said(reading)
    (one,) = read_paths([tmp_path / "checkpoint-10"]).runs
    assert len(one.steps) == 10


def test_two_files_of_one_training_are_joined_and_two_with_one_beginning_are_said(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS[:15]))
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS[15:]))
    reading = read_paths([tmp_path])
    (run,) = reading.runs
    check(run)
    assert "goes on where" in said(reading)
    (tmp_path / "b.jsonl").write_text(
        "".join(json.dumps(row if row["step"] < 12 else {**row, "reward": 9.5}) + "\n" for row in ROWS)
    )
    reading = read_paths([tmp_path / "b.jsonl", tmp_path / "a.jsonl"])
    assert len(reading.runs) == 2 and "same in their first 11 rows" in said(reading)


def framed(mark, payloads):
    """LevelDB's log format, records of more than a block in parts."""
    content = bytearray(mark + b"\0\0\0")
    for payload in payloads:
        first = True
        while first or payload:
            left = record_log.BLOCK - len(content) % record_log.BLOCK
            if left < record_log.RECORD_HEADER:
                content += b"\0" * left
                continue
            part, payload = payload[: left - record_log.RECORD_HEADER], payload[left - record_log.RECORD_HEADER :]
            kind = (1 if not payload else 2) if first else (4 if not payload else 3)
            content += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
    return bytes(content)


def test_the_records_of_an_offline_file_are_whole_over_blocks_and_a_torn_last_one_is_left_out():
    payloads = [b"a" * 10, b"b" * 40_000, b"", b"c" * 32_000, b"d" * 100_000, b"e"]
    content = framed(record_log.WANDB, payloads)
    assert list(record_log.records(content)) == payloads
    assert list(record_log.records(content[:-1])) == payloads[:-1]


class FakeRecord:
    """A record as JSON in place of a protobuf: enough for what the reader asks of it."""

    def ParseFromString(self, raw):
        self.content = json.loads(raw)
        for name, value in self.content.items():
            setattr(self, name, json.loads(json.dumps(value), object_hook=lambda d: type("Message", (), d)()))

    def HasField(self, name):
        return name in self.content


def test_offline_files_of_wandb_and_swanlab_with_their_packages(monkeypatch):
    for module in ("wandb.proto.wandb_internal_pb2", "swanlab.proto.swanlab.record.v1.record_pb2"):
        fake = ModuleType(module)
        fake.Record = FakeRecord
        monkeypatch.setitem(sys.modules, module, fake)
        for parent in (".".join(module.split(".")[:n]) for n in range(1, module.count(".") + 1)):
            monkeypatch.setitem(sys.modules, parent, ModuleType(parent))
    wandb = [{"run": {"display_name": "mine"}}]
    swanlab = [{"start": {"name": "mine"}}]
    for row in ROWS:
        items = [{"nested_key": [k], "key": "", "value_json": json.dumps(v)} for k, v in {**row, "_step": 3}.items()]
        wandb.append({"history": {"item": items}})
        swanlab += [{"scalar": {"key": k, "step": row["step"], "value": {"number": v}}} for k, v in row.items() if k != "step"]
    for mark, messages in ((record_log.WANDB, wandb), (record_log.SWANLAB, swanlab)):
        (run,) = read_bytes("run-1", framed(mark, [json.dumps(message).encode() for message in messages])).runs
        check(run)
        assert run.name == "mine"


@pytest.mark.parametrize(("mark", "package"), [(record_log.WANDB, "wandb"), (record_log.SWANLAB, "swanlab")])
def test_offline_files_without_their_package_say_what_is_missing(mark, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    reading = read_bytes("run", framed(mark, [b"x"]))
    assert reading.runs == () and f"pip install {package}" in said(reading)
