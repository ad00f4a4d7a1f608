"""Files that the frameworks' own loggers wrote (fixtures/README.md says how): each reader gives the steps, the metrics and the values."""

import importlib
import json
import re
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

from core.logs import Watcher, read_paths
from tests.core.logs.records import MODULES, in_place_of

FIXTURES = Path(__file__).parent / "fixtures"
TRL = {
    "entropy_nats": "entropy", "grad_norm": "grad_norm", "loss": "loss", "reward_mean": "reward", "clip_fraction_low": "clip_ratio/low_mean",
    "clip_fraction_high": "clip_ratio/high_mean", "clip_fraction": "clip_ratio/region_mean", "completion_tokens_mean": "completions/mean_length",
    "truncated_fraction": "completions/clipped_ratio", "kl_base": "kl", "zero_std_fraction": "frac_reward_zero_std", "reward_std": "reward_std",
    "completion_tokens_max": "completions/max_length", "completion_tokens_min": "completions/min_length", "learning_rate": "learning_rate",
}  # fmt: skip
VERL = {
    "entropy_nats": "actor/entropy", "grad_norm": "actor/grad_norm", "loss": "actor/pg_loss", "reward_trained_mean": "critic/score/mean",
    "completion_tokens_mean": "response_length/mean", "generation_rounds": "train/num_gen_batches", "kl_base": "actor/kl_loss",
    "clip_fraction": "actor/pg_clipfrac", "kl_old": "actor/ppo_kl", "truncated_fraction": "response_length/clip_ratio",
    "advantage_mean": "critic/advantages/mean", "learning_rate": "actor/lr", "completion_tokens_max": "response_length/max",
}  # fmt: skip
OFFLINE = {".wandb": "wandb", ".swanlab": "swanlab"}


def trl_rows():
    """TRL's rows as its state has them: training and evaluation, by step."""
    rows = json.loads((FIXTURES / "trl" / "trainer_state.json").read_text())["log_history"]
    return {r["step"]: r for r in rows if "loss" in r}, {r["step"]: r for r in rows if "eval_loss" in r}


def verl_rows():
    lines = [json.loads(line) for line in (FIXTURES / "verl" / "metrics.jsonl").read_text().splitlines()]
    return {line["step"]: line["data"] for line in lines}


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


@pytest.fixture
def read(monkeypatch):
    def read_fixture(name):
        path = FIXTURES / name
        if path.suffix in OFFLINE:
            in_place_of(OFFLINE[path.suffix], monkeypatch)
        reading = read_paths([path])
        (run,) = reading.runs
        return reading, run

    return read_fixture


@pytest.mark.parametrize(
    "name",
    [
        "trainer_state.json",
        "console.log",
        "tensorboard",
        "trackio.db",
        "mlflow.db",
        "mlruns.zip",
        "run-tiny.wandb",
        "lab_callback.jsonl",
    ],
)
def test_every_tracker_of_trl_says_what_its_state_says(read, name):
    reading, run = read(f"trl/{name}")
    training, evaluations = trl_rows()
    assert (run.framework.name, run.framework.sure, run.step_unit) == ("TRL", "sure", "update")
    assert run.steps.tolist() == list(range(1, 25)) and run.evaluation.steps.tolist() == [12, 24]
    near = 1e-3 if name == "console.log" else 1e-6  # transformers prints four digits
    for metric, logged in TRL.items():
        known = np.array([training[step].get(logged, np.nan) for step in run.steps])
        np.testing.assert_allclose(run.series(metric), known, rtol=near, atol=1e-12, err_msg=metric)
    assert np.isfinite(run.series("reward_mean")).sum() == 6  # one generation has four updates
    np.testing.assert_allclose(run.series("eval_reward"), [evaluations[step]["eval_reward"] for step in (12, 24)], rtol=near)
    assert "missing (not 0) elsewhere" in said(reading) and "came again" not in said(reading)
    assert "rewards/accuracy_reward/mean may be the share of right answers of the evaluations" in said(reading)
    assert "rewards/accuracy_reward/mean, " in said(reading) and "GRPOTrainer.accuracy_reward may" not in said(reading)
    with_totals = {column.rpartition("/")[2] for column in run.summary}  # elsewhere transformers puts them into the run's summary
    assert ("train_runtime" in with_totals) == (name in ("console.log", "tensorboard", "mlflow.db", "lab_callback.jsonl"))
    assert not any(column.endswith("train_runtime") or column.endswith("train_loss") for column in run.columns)


@pytest.mark.parametrize(
    "name",
    [
        "metrics.jsonl",
        "console.log",
        "tensorboard",
        "trackio.db",
        "mlflow.db",
        "run-tiny.wandb",
        "run-tiny.swanlab",
        "lab_logger.jsonl",
    ],
)
def test_every_tracker_of_verl_says_what_its_file_logger_says(read, name):
    reading, run = read(f"verl/{name}")
    rows = verl_rows()
    assert (run.framework.name, run.framework.sure, run.step_unit) == ("verl", "sure", "rollout")
    assert run.steps.tolist() == list(range(1, 31)) and run.evaluation.steps.tolist() == [0, 10, 20, 30]
    for metric, logged in VERL.items():
        known = np.array([np.nan if rows[step][logged] is None else rows[step][logged] for step in run.steps])
        np.testing.assert_allclose(run.series(metric), known, rtol=1e-6, atol=1e-12, err_msg=metric)
    assert run.series("entropy_nats") == pytest.approx(0.8 - run.steps / 100)
    assert np.isnan(run.series("grad_norm")).nonzero()[0].tolist() == [16]
    assert run.training.logged(run.column_of("grad_norm")).all() and "NaN or infinity was logged for actor/grad_norm" in said(
        reading
    )
    known = [rows[step]["val-core/aime/acc/mean@8"] for step in (0, 10, 20, 30)]
    assert run.series("eval_accuracy") == pytest.approx(known)


@pytest.mark.parametrize("name", ["console.log", "tensorboard"])
def test_openrlhf(read, name):
    _, run = read(f"openrlhf/{name}")
    assert (run.framework.name, run.step_unit, run.steps.tolist()) == ("OpenRLHF", "rollout", list(range(1, 31)))
    assert run.series("filter_ratio") == pytest.approx(1 - (50 + run.steps) / 100)  # it logs the percent that is kept
    assert run.series("entropy_nats") == pytest.approx(0.9 - run.steps / 100) and run.series("grad_norm") == pytest.approx(
        0.4 + run.steps / 100
    )
    assert run.series("completion_tokens_mean") == pytest.approx(200 + run.steps)
    assert run.series("truncated_fraction") == pytest.approx(np.full(30, 0.1))
    assert run.series("reward_trained_mean") == pytest.approx(-0.5 + run.steps / 40) and "reward_mean" not in run.metrics
    assert run.series("kl_base") == pytest.approx(run.steps / 1000) and run.series("kl_old") == pytest.approx(run.steps / 10_000)
    assert run.series("eval_accuracy") == pytest.approx([0.2, 0.3, 0.4]) and run.evaluation.steps.tolist() == [10, 20, 30]


@pytest.mark.parametrize("name", ["logging.jsonl", "console.log"])
def test_ms_swift(read, name):
    _, run = read(f"ms_swift/{name}")
    training, _ = trl_rows()
    assert (run.framework.name, run.step_key, run.step_unit) == ("ms-swift", "global_step/max_steps", "update")
    assert run.steps.tolist() == list(range(1, 25)) and run.evaluation.steps.tolist() == [12, 24]
    for metric, logged in TRL.items():
        known = np.array([training[step].get(logged, np.nan) for step in run.steps])
        metric = "reward_trained_mean" if metric == "reward_mean" else metric  # it logs after filtering
        np.testing.assert_allclose(run.series(metric), known, rtol=1e-3, atol=1e-7, err_msg=metric)
    assert run.column_of("entropy_nats") == "entropy/mean" and run.summary["train_runtime"] == pytest.approx(20.1)


@pytest.mark.parametrize("name", ["metrics.jsonl", "console.log"])
def test_tinker(read, name):
    _, run = read(f"tinker/{name}")
    assert (run.framework.name, run.step_unit, run.steps.tolist()) == ("tinker", "rollout", list(range(24)))
    assert run.series("accuracy") == pytest.approx(0.2 + run.steps / 60, abs=1e-6)
    assert run.series("zero_std_fraction") == pytest.approx(np.full(24, 0.4), abs=1e-6)
    assert run.series("entropy_nats") == pytest.approx(0.5 - run.steps / 100, abs=1e-6)
    assert run.evaluation.steps.tolist() == [0, 8, 16] and run.series("eval_accuracy") == pytest.approx(
        [0.25, 0.25 + 8 / 60, 0.25 + 16 / 60], abs=1e-6
    )


def test_tensorboardx(read):
    _, run = read("tensorboardX")
    assert run.steps.tolist() == list(range(1, 31)) and run.series("reward_mean") == pytest.approx(run.steps / 30)
    assert run.series("entropy_nats") == pytest.approx(1 - run.steps / 60)


@pytest.mark.parametrize("name", ["trl/run-tiny.wandb", "verl/run-tiny.wandb", "verl/run-tiny.swanlab"])
def test_the_packages_own_records_give_the_same(read, name):
    try:
        importlib.import_module(MODULES[OFFLINE[Path(name).suffix]])
    except ImportError:
        pytest.skip("the package that wrote the file is not installed")
    (run,) = read_paths([FIXTURES / name]).runs
    _, same = read(name)
    assert run.taken == same.taken and all(np.array_equal(run.series(m), same.series(m), equal_nan=True) for m in run.metrics)


@pytest.mark.parametrize("name", ["trl", "verl", "openrlhf", "tinker"])
def test_a_framework_whose_files_all_lie_in_one_folder_is_read_and_watched(name, tmp_path, monkeypatch):
    for package in MODULES:
        in_place_of(package, monkeypatch)
    shutil.copytree(FIXTURES / name, tmp_path / name, ignore=shutil.ignore_patterns("*.zip"))
    reading = read_paths([tmp_path / name])
    watched = Watcher(tmp_path / name)
    watched.poll()
    assert len(reading.runs) == len(watched.reading.runs) >= 2
    assert said(reading).count("hold the same training") == len(reading.runs) - 1
    for run in watched.reading.runs:
        assert len(run.steps) in (24, 30) and "entropy_nats" in run.metrics


def test_the_files_are_small_and_name_no_place_machine_or_person():
    files = [path for path in FIXTURES.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_500_000
    host = socket.gethostname()
    place = rb"(?<![\w.])/(?:tmp|home|root|work|Users|mnt|data|opt|usr)/"
    other = rb"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}:\d|@[a-z]+\.(?:com|org|net)|pid=(?!1\b)"
    told = rb"%s|%s" % (place, other)
    for path in files:
        content = path.read_bytes()
        assert not re.search(told, content), path
        assert len(host) < 4 or host.encode() not in content, path
    assert {path.parent.name for path in FIXTURES.glob("*/*")} == set(
        re.findall(r"^## `(\w+)/`", (FIXTURES / "README.md").read_text(), re.MULTILINE)
    )
