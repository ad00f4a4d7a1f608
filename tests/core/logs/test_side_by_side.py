"""Several runs as columns of one table; training and evaluations as two lists of one document."""

import json

import pytest

from core.logs import read_text

STEPS = range(1, 31)


def table(columns, rows):
    return ",".join(["step", *columns]) + "\n" + "".join(",".join(map(str, [i, *rows(i)])) + "\n" for i in STEPS)


@pytest.mark.parametrize("separator", ["_", "/", ".", " - ", ": "])
def test_columns_of_several_runs_with_the_same_metrics(separator):
    columns = [f"{run}{separator}{metric}" for run in ("a1", "b2") for metric in ("reward", "entropy")]
    reading = read_text(table(columns, lambda i: (i / 30, 0.5, i / 60, 0.4)))
    assert [(run.name, set(run.metrics)) for run in reading.runs] == [
        (name, {"reward_mean", "entropy_nats"}) for name in ("a1", "b2")
    ]
    assert (
        reading.runs[1].series("reward_mean").tolist() == [i / 60 for i in STEPS]
        and reading.runs[1].series("entropy_nats")[0] == 0.4
    )


def test_one_metric_of_runs_that_bear_the_names_of_algorithms_or_seeds():
    for names in (("grpo", "dapo"), ("seed1", "seed2")):
        runs = read_text(table([f"{name}_reward" for name in names], lambda i: (i / 30, i / 60))).runs
        assert [run.name for run in runs] == list(names) and all(run.metrics == ("reward_mean",) for run in runs)


@pytest.mark.parametrize(
    "columns",
    [("accuracy_reward", "format_reward"), ("actor_loss", "critic_loss"), ("train_reward", "eval_reward"), ("reward_mean", "reward_std"),
     ("a_reward", "a_entropy", "b_reward", "b_loss")],
)  # fmt: skip
def test_columns_of_one_run_are_not_told_apart(columns):
    reading = read_text(table([*columns, "kl"], lambda i: (*[i / 30 for _ in columns], 0.1)))
    assert len(reading.runs) == 1 and set(columns) <= {*reading.runs[0].columns, *reading.runs[0].evaluation.columns}


@pytest.mark.parametrize("keys", [("train", "eval"), ("history", "eval_history"), ("train_metrics", "val_metrics")])
def test_a_document_with_training_and_evaluations_is_one_run(keys):
    training = [{"step": i, "reward": i / 30, "kl": 0.1} for i in STEPS]
    evaluations = [{"step": i, "reward": 0.4, "accuracy": 0.3} for i in range(10, 31, 10)]
    (run,) = read_text(json.dumps({"config": {"lr": 1e-6}, keys[0]: training, keys[1]: evaluations}, indent=1)).runs
    assert run.steps.tolist() == list(STEPS) and run.series("reward_mean").tolist() == [i / 30 for i in STEPS]
    assert run.evaluation.steps.tolist() == [10, 20, 30] and run.series("eval_reward").tolist() == [0.4] * 3
    assert run.series("eval_accuracy").tolist() == [0.3] * 3


def test_runs_under_their_names_are_several():
    runs = {name: [{"step": i, "reward": i / n, "kl": 0.1} for i in STEPS] for name, n in (("grpo", 30), ("dapo", 60))}
    assert [run.name for run in read_text(json.dumps(runs)).runs] == ["grpo", "dapo"]
