"""Rows that hold one value each, and files of one metric."""

import json

import pandas as pd
import pytest

from core.logs import read_bytes, read_several, read_text

STEPS = list(range(1, 31))
REWARD = [i / 30 for i in STEPS]
MEASURED = [("reward", i, r) for i, r in zip(STEPS, REWARD, strict=True)] + [("entropy", i, 0.5) for i in STEPS]
MIXED = sorted(MEASURED, key=lambda entry: entry[1])


def check(run):
    assert run.steps.tolist() == STEPS and run.series("reward_mean").tolist() == pytest.approx(REWARD)


@pytest.mark.parametrize("entries", [MEASURED, MIXED], ids=["metric by metric", "step by step"])
@pytest.mark.parametrize(
    "names",
    [("metric", "step", "value"), ("key", "step", "value"), ("metricName", "step", "metricValue"), ("variable", "Step", "value")],
)
def test_a_row_with_one_value_says_its_name(entries, names):
    frame = pd.DataFrame(entries, columns=names)
    for text in (frame.to_csv(index=False), frame.to_json(orient="records"), frame.to_json(orient="records", lines=True)):
        (run,) = read_text(text).runs
        check(run)
        assert set(run.series("entropy_nats")) == {0.5} and set(run.columns) == {"reward", "entropy"}


def test_rows_with_one_value_of_several_runs():
    rows = [
        {"run_id": run, "key": key, "value": value, "timestamp": 17, "step": step}
        for run in "ab"
        for key, step, value in MEASURED
    ]
    runs = read_text(pd.DataFrame(rows).to_csv(index=False)).runs
    assert [run.name for run in runs] == ["a", "b"]
    for run in runs:
        check(run)


def test_a_name_beside_several_values_is_a_label_and_no_metric():
    text = "".join(
        json.dumps({"name": "train", "step": i, "reward": r, "kl": 0.1}) + "\n" for i, r in zip(STEPS, REWARD, strict=True)
    )
    (run,) = read_text(text).runs
    check(run)


def download(values):
    return ("Wall time,Step,Value\n" + "".join(f"1700000000.{i},{i},{v}\n" for i, v in zip(STEPS, values, strict=True))).encode()


def test_downloads_of_tensorboard_are_named_by_their_files_and_put_together():
    files = {"run-grpo_seed1-tag-train_reward.csv": REWARD, "run-grpo_seed1-tag-train_kl.csv": [0.1] * 30}
    reading = read_several([(name, download(values)) for name, values in files.items()])
    (run,) = reading.runs
    check(run)
    assert run.name == "grpo_seed1" and set(run.metrics) == {"reward_mean", "kl_base"}
    other = read_several([("run-a-tag-reward.csv", download(REWARD)), ("run-b-tag-reward.csv", download(REWARD[::-1]))])
    assert [run.name for run in other.runs] == ["a", "b"]


def test_a_download_as_json_says_the_same():
    triples = [[1.7e9 + i, i, value] for i, value in zip(STEPS, REWARD, strict=True)]
    named = [{"step": i, "value": value} for i, value in zip(STEPS, REWARD, strict=True)]
    for content in (triples, named):
        (run,) = read_bytes("run-a-tag-train_reward.json", json.dumps(content).encode()).runs
        check(run)


def test_a_file_of_one_metric_that_names_none_is_no_log():
    assert read_bytes("values.csv", download(REWARD)).runs == () or not read_bytes("values.csv", download(REWARD)).runs[0].metrics
