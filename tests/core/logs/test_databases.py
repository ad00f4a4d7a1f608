"""SQLite files of trackio and MLflow, and MLflow's run folders."""

import sqlite3
from contextlib import closing

import numpy as np

from core.logs import read_bytes, read_paths
from tests.core.logs.made import ROWS, check, said, trackio


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
