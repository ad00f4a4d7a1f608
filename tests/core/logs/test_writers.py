"""What TRL and verl write through the two-line loggers is read back as it was; neither is needed to import them."""

import ast
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from core.logs import Watcher, read_paths, writers
from core.logs.writers import JsonLinesWriter, add_to_verl, trl_callback


def test_importing_the_writers_imports_no_trainer():
    for path in Path(writers.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
            assert not {name.split(".")[0] for name in names} & {"transformers", "trl", "verl"}, path


@pytest.fixture
def transformers(monkeypatch):
    module = ModuleType("transformers")
    module.TrainerCallback = type("TrainerCallback", (), {})
    monkeypatch.setitem(sys.modules, "transformers", module)
    return module


def test_a_trainers_logs_are_read_back(transformers, tmp_path):
    path = tmp_path / "runs" / "run.jsonl"
    callback = trl_callback(path)
    assert isinstance(callback, transformers.TrainerCallback)
    watcher = Watcher(path)
    for step in range(1, 9):
        logs = {
            "loss": 0.1,
            "grad_norm": float("nan") if step == 2 else torch.tensor(0.5),
            "reward": np.float32(step / 8),
            "epoch": step / 9,
            "text": "x",
        }
        callback.on_log(None, SimpleNamespace(is_world_process_zero=True, global_step=step), None, logs=logs)
        callback.on_log(None, SimpleNamespace(is_world_process_zero=False, global_step=step), None, logs={"loss": 9.0})
    callback.on_log(
        None, SimpleNamespace(is_world_process_zero=True, global_step=8), None, logs={"train_runtime": 3.0, "train_loss": 0.1}
    )
    for line in path.read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)  # strict JSON
    (run,) = watcher.poll().runs
    assert run.steps.tolist() == list(range(1, 9)) and run.series("reward_mean").tolist() == [i / 8 for i in range(1, 9)]
    assert run.training.logged("grad_norm").all() and np.isnan(run.series("grad_norm")).tolist() == [False, True] + [False] * 6
    assert run.summary["train_runtime"] == 3.0 and set(run.series("loss")) == {0.1}


class Tracking:
    """As verl 0.9 has it: a dictionary of loggers, called with data and step."""

    def __init__(self, project_name, experiment_name, default_backend=("console",)):
        self.logger = {}

    def log(self, data, step, backend=None):
        for default_backend, logger in self.logger.items():
            if backend is None or default_backend in backend:
                logger.log(data=data, step=step)


def test_verls_tracking_also_writes_json_lines(tmp_path):
    kind = type("Mine", (Tracking,), {})
    add_to_verl(tmp_path / "first.jsonl", kind)
    add_to_verl(tmp_path / "run.jsonl", kind)  # the last one counts
    tracking = kind("project", "experiment")
    for step in range(1, 5):
        tracking.log(
            {"actor/entropy": np.float64(0.5), "critic/score/mean": step / 4, "actor/grad_norm": 1, "actor/pg_clipfrac": 0.0},
            step=step,
        )
    (run,) = read_paths([tmp_path / "run.jsonl"]).runs
    assert run.framework.name == "verl" and run.series("reward_trained_mean").tolist() == [0.25, 0.5, 0.75, 1.0]
    assert (not (tmp_path / "first.jsonl").exists() and "__init__" not in Tracking.__dict__) or Tracking("a", "b").logger == {}


def test_a_row_without_numbers_is_not_written(tmp_path):
    JsonLinesWriter(tmp_path / "a.jsonl").log({"text": "x", "list": [1]}, 3)
    assert not (tmp_path / "a.jsonl").exists()
