"""TensorBoard's files, written by its own package."""

import sys

import pytest

from core.logs import Watcher, read_bytes, read_paths
from tests.core.logs.made import ROWS, check, said, write_events


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


def written(folder, steps, **several):
    """Steps of torch's own writer: one scalar, and for each name several values under one name."""
    from torch.utils.tensorboard import SummaryWriter  # 0.2 s, not at collection

    with SummaryWriter(folder) as writer:
        for step in steps:
            writer.add_scalar("train/loss", 0.1, step)
            for name, keys in several.items():
                writer.add_scalars(f"train/{name}", {key: step / 30 + place for place, key in enumerate(keys)}, step)


STEPS = range(1, 31)


def test_several_values_of_a_metric_belong_to_the_writers_run(tmp_path):
    written(tmp_path / "exp", STEPS, reward=("mean", "max"), kl=("mean", "max"))
    for reading in (read_paths([tmp_path]), read_paths([tmp_path / "exp"])):
        (run,) = reading.runs
        check_steps(run)
        assert run.column_of("reward_mean") == "train/reward/mean" and run.series("reward_max")[0] == pytest.approx(1 / 30 + 1)
        assert set(run.series("loss").round(6)) == {0.1}


def check_steps(run, first=1):
    assert run.steps.tolist() == list(range(first, 31)) and run.series("reward_mean") == pytest.approx(run.steps / 30)


def test_keys_that_several_metrics_share_are_runs(tmp_path):
    written(tmp_path, STEPS, reward=("grpo", "dapo"), reward_std=("grpo", "dapo"), entropy=("grpo", "dapo"))
    grpo, dapo = sorted(read_paths([tmp_path]).runs, key=lambda run: run.series("reward_mean")[0])
    check_steps(grpo)
    assert (grpo.name.rpartition("/")[2], dapo.name.rpartition("/")[2]) == ("grpo", "dapo")
    assert set(grpo.metrics) == set(dapo.metrics) == {"reward_mean", "reward_std", "entropy_nats"}


def test_a_value_of_validation_is_an_evaluation(tmp_path):
    written(tmp_path, STEPS, reward=("train", "val"), kl=("mean",))
    (run,) = read_paths([tmp_path]).runs
    assert len(run.evaluation) == 30 and "train/reward/train" in run.columns and "eval_reward" in run.metrics


def test_a_run_whose_folder_begins_as_a_tag_is_no_series(tmp_path):
    for name in ("reward_a", "reward_b"):
        write_events(tmp_path / name, [{"step": i, "reward": i / 30, "kl": 0.1} for i in STEPS])
    assert sorted(run.name.rpartition("/")[2] for run in read_paths([tmp_path]).runs) == ["reward_a", "reward_b"]


def test_several_values_of_a_metric_are_watched_and_a_writer_that_goes_on_too(tmp_path):
    watcher = Watcher(tmp_path)
    written(tmp_path / "exp", range(1, 16), reward=("mean", "max"))
    watcher.poll()
    (run,) = watcher.reading.runs
    assert run.steps.tolist() == list(range(1, 16)) and {"reward_mean", "reward_max", "loss"} <= set(run.metrics)
    written(tmp_path / "exp", range(11, 31), reward=("mean", "max"))
    watcher.poll()
    for reading in (watcher.reading, read_paths([tmp_path])):
        (run,) = reading.runs
        check_steps(run)
        assert len(run.training.columns["train/reward/max"].rows) == 30
