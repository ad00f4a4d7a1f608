"""Logs as the Lab's CSV."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.analysis.export import run_frame
from core.analysis.history import History
from core.analysis.metrics import INDEX_COLUMNS
from core.analysis.result import RunResult
from core.engine.trainer import train
from core.logs import read_text
from core.logs.export import frames_csv, lab_csv, log_frame
from core.logs.model import Column, Table
from core.settings.algorithm import GRPO
from tests.support import CHAIN, small_run


def log(*rows: dict):
    return read_text("".join(json.dumps(row) + "\n" for row in rows))


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def test_it_has_the_labs_columns_and_reads_back():
    reading = log(*({"step": i, "reward": i / 9, "loss": 0.1, "mine": i * i} for i in range(1, 10)))
    text = lab_csv(reading)
    found = table(text)
    assert list(found)[: len(INDEX_COLUMNS)] == list(INDEX_COLUMNS) and found["reward_mean"].iloc[-1] == 1
    assert found[["seed", "samples_generated", "wall_seconds", "token_cost", "rollout"]].isna().to_numpy().all()  # never 0
    assert found["mine"].tolist() == [i * i for i in range(1, 10)]
    (again,) = read_text(text).runs
    assert again.series("reward_mean") == pytest.approx(reading.runs[0].series("reward_mean"))


def test_a_column_that_only_has_the_name_of_a_metric_is_not_written_as_one():
    (run,) = log(*({"step": i, "reward": 0.1, "loss": 0.1, "grad_norm": 0.5} for i in (1, 2, 3))).runs
    frame = log_frame(run.retaken("grad_norm", None), "x")
    assert frame["grad_norm"].isna().all() and set(frame["grad_norm (logged)"]) == {0.5}


def test_what_an_evaluation_logged_under_the_name_of_a_training_column_has_a_column_of_its_own():
    (run,) = log(*({"step": i, "reward": 0.1, "loss": 0.1, "mine": 1.0} for i in (1, 2, 3, 4))).runs
    evaluation = Table(np.array([2, 4]), {"mine": Column(np.array([0, 1]), np.array([5.0, 6.0]))})
    frame = log_frame(replace(run, evaluation=evaluation), "x")
    assert set(frame["mine"]) == {1.0}
    assert frame["mine (evaluation)"].tolist() == pytest.approx([np.nan, 5, np.nan, 6], nan_ok=True)


def test_a_log_and_a_run_of_the_lab_make_one_table():
    (run,) = log(*({"step": i, "reward": 0.5, "loss": 0.1, "=mine": 3} for i in range(1, 6))).runs
    config = small_run(CHAIN, GRPO)
    history = History(config.seeds)
    for record in train(config):
        history.append(record)
    result = RunResult(config, history)
    found = table(frames_csv([run_frame("GRPO", result), log_frame(run, "@theirs")]))
    assert found["algorithm"].value_counts()["'@theirs"] == 5
    lab = found[found["algorithm"] == "GRPO"]
    assert len(lab) == len(history) * len(config.seeds) and lab["'=mine"].isna().all()
    assert lab["entropy_nats"].to_numpy() == pytest.approx(history.metric("entropy_nats").ravel(), rel=1e-7, nan_ok=True)
