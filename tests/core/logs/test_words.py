"""Names that no table has, taken by their words; names that only look like a metric's."""

import pytest

from core.logs import read_text
from core.logs.names import name_for


@pytest.mark.parametrize(
    ("logged", "metric"),
    [
        ("policy/policy_entropy", "entropy_nats"), ("grpo_actor/entropy/avg", "entropy_nats"), ("train/approx_entropy", "entropy_nats"),
        ("GradNorm", "grad_norm"), ("MeanReward", "reward_mean"), ("train/rewards", "reward_mean"),
        ("reward/avg_raw_reward", "reward_mean"), ("grpo_actor/task_reward/avg", "reward_mean"), ("scores", "reward_mean"),
        ("TrainLoss", "loss"), ("policy/final_loss", "loss"), ("KLDivergence", "kl_base"), ("train/kl_penalty", "kl_base"),
        ("mean_response_len", "completion_tokens_mean"), ("train/response_lengths", "completion_tokens_mean"),
        ("generate/avg_num_tokens", "completion_tokens_mean"), ("train/mean_gen_tokens_per_sample", "completion_tokens_mean"),
        ("policy/ppo_clip_ratio", "clip_fraction"), ("train success_rate", "accuracy"), ("validation/mean_reward", "eval_reward"),
        ("heldout_success_rate", "eval_accuracy"),
    ],
)  # fmt: skip
def test_a_name_is_taken_by_its_words(logged, metric):
    ((_, name),) = name_for(logged)
    assert name.metric == metric and "words" in name.note


@pytest.mark.parametrize(
    "logged",
    [
        "rewards/format_reward/mean", "rewards/MathAccuracy/mean", "reward_per_token", "entropy_coef", "target_kl", "kl_coef", "value_loss",
        "max_grad_norm", "config/max_grad_norm", "clip_grad_norm", "rollout/rewards", "mean_reward_time", "entropy_bonus", "grad_norm_clip",
        "critic/values/mean", "loss_scale", "seq_len/avg", "objective/entropy", "answer", "tokens", "val_loss",
    ],
)  # fmt: skip
def test_a_name_with_another_word_in_it_stands_for_nothing(logged):
    assert name_for(logged) == []


def test_a_known_name_goes_before_words():
    text = "".join(f'{{"step": {i}, "reward": 0.5, "avg_reward_score": 9, "mean_score": 7, "kl": 0.1}}\n' for i in range(1, 9))
    (run,) = read_text(text).runs
    assert run.column_of("reward_mean") == "reward"


def test_a_loop_of_ones_own_that_calls_its_loss_train_loss_keeps_its_other_columns():
    text = "epoch,step,train_loss,train/reward,val/reward\n" + "".join(f"0,{i},0.{i},{i / 30},\n0,{i},,,0.5\n" for i in range(30))
    (run,) = read_text(text).runs
    assert run.series("loss")[5] == 0.5 and run.series("reward_mean")[15] == 0.5 and len(run.evaluation) == 30


SUPERVISED = [
    {"loss": 2.0, "grad_norm": 1.0, "entropy": 1.2, "num_tokens": 100.0, "mean_token_accuracy": 0.5},
    {"loss": 2.0, "token_acc": 0.5, "grad_norm": 1.0, "memory(GiB)": 40.0, "train_speed(iter/s)": 0.3},
    {"loss": 0.5, "accuracy": 0.8, "val_loss": 0.6, "val_accuracy": 0.7},
]


@pytest.mark.parametrize("row", SUPERVISED)
def test_supervised_training_is_none_of_ours_though_it_logs_entropy_or_accuracy(row):
    text = "".join(f"{ {'step': i, **row} }\n" for i in range(1, 30)).replace("'", '"')
    reading = read_text(text)
    assert reading.runs == () and "no reinforcement learning" in str(reading.notes[0])
    (run,) = read_text(text.replace('"loss"', '"reward": 0.5, "loss"')).runs
    assert len(run.steps) == 29
