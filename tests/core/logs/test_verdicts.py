"""What columns are taken for, and what is said where a name misleads."""

import json

import numpy as np
import pytest

from core.analysis.metrics import METRIC_NAMES
from core.logs import read_text
from core.logs.export import log_frame
from core.logs.names import EXTRA_NAMES, NAMES, name_for
from core.logs.take import CONVERSIONS
from core.settings.fields import ConfigError


def read(rows):
    return read_text("\n".join(json.dumps(row) for row in rows))


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


def test_every_line_of_the_tables_leads_to_a_metric_and_a_conversion_that_exist():
    for name in NAMES:
        assert name.metric in (*METRIC_NAMES, *EXTRA_NAMES) and name.conversion in CONVERSIONS


@pytest.mark.parametrize(("logged", "metric"), [
    ("train/entropy", "entropy_nats"), ("actor/entropy_loss", "entropy_nats"), ("actor_entropy", "entropy_nats"), ("entropy/mean",
    "entropy_nats"),

    ("Training Loss", "loss"), ("completion_length", "completion_tokens_mean"), ("completions / mean_length", "completion_tokens_mean"),
    ("response_length_mean", "completion_tokens_mean"), ("clip_ratio/low_mean", "clip_fraction_low"), ("clip_ratio", "clip_fraction"),
    ("rollout/raw_reward", "reward_mean"), ("critic/score/mean", "reward_trained_mean"),
    ("train/agg/all/math/reward/mean", "reward_mean"),
    ("eval/aime/solved_none", "all_wrong_fraction"), ("val-core/gsm8k/acc/mean@8", "eval_accuracy"), ("val-core/x/acc/mean_at_8",
    "eval_accuracy"),
    ("env/all/by_group/frac_all_bad", "all_wrong_fraction"), ("Grad. Norm", "grad_norm"), ("skyrl.ai/grad_norm", "grad_norm"),
    ("dynamic_filtering_pass_rate", "filter_ratio"), ("entropy_nats", "entropy_nats"),
])  # fmt: skip
def test_names_of_every_era_and_spelling_are_known(logged, metric):
    assert metric in {hit.metric for _, hit in name_for(logged)}


@pytest.mark.parametrize("logged", [
    "actor/pg_clipfrac_lower", "rollout/rewards", "val-core/x/acc/best@8/mean", "val-core/x/acc/maj@8/mean",
    "clip_ratio/high_max", "rewards/f/std",
    "sampling/importance_sampling_ratio/max", "lr_scheduler", "timing_s/step",
])  # fmt: skip
def test_names_that_mislead_are_taken_for_nothing(logged):
    assert name_for(logged) == []


def test_the_kl_to_the_old_policy_is_not_the_kl_to_the_base_model():
    (run,) = read([{"step": i, "actor/ppo_kl": 0.1, "critic/score/mean": 0.5} for i in range(3)]).runs
    assert "kl_base" not in run.metrics and run.series("kl_old").tolist() == [0.1] * 3


def test_percents_become_shares_and_say_so():
    reading = read(
        [
            {"step": i, "policy_loss": 0.1, "dynamic_filtering_pass_rate": 40.0 + i, "truncated": 12.0, "reward": 1}
            for i in range(4)
        ]
    )
    (run,) = reading.runs
    assert run.series("filter_ratio").tolist() == pytest.approx([0.6, 0.59, 0.58, 0.57])
    assert run.series("truncated_fraction").tolist() == [0.12] * 4 and "taken for percent" in said(reading)


def test_counts_of_groups_become_shares_where_the_groups_are_counted():
    rows = [
        {"step": i, "reward_mean": 0.2, "n_groups": 16, "all_wrong_groups": 4, "all_correct_groups": 2, "skipped_groups": 16}
        for i in range(4)
    ]
    (run,) = read(rows).runs
    assert run.series("all_wrong_fraction").tolist() == [0.25] * 4 and run.series("all_right_fraction").tolist() == [0.125] * 4
    assert run.series("zero_std_fraction").tolist() == [0.375] * 4 and run.series("filter_ratio").tolist() == [0.5] * 4


def test_a_standardised_reward_is_not_the_reward():
    reading = read([{"step": i, "reward": (-1) ** i * 1e-8, "loss": 0.1} for i in range(6)])
    assert "reward_mean" not in reading.runs[0].metrics and "standardised reward" in said(reading)


def test_a_clip_ratio_measured_against_the_longest_answer_is_not_the_truncated_share():
    row = {"critic/score/mean": 0.5, "actor/grad_norm": 0.1}
    blind = [{"step": i, **row, "response_length/clip_ratio": 0.01, "response_length/max": 100.0 + i} for i in range(4)]
    right = [{"step": i, **row, "response_length/clip_ratio": 0.01 * i, "response_length/max": 100.0 + i} for i in range(4)]
    assert "truncated_fraction" not in read(blind).runs[0].metrics and "measured against the longest" in said(read(blind))
    assert "truncated_fraction" in read(right).runs[0].metrics


def test_accuracy_is_asked_for_and_not_guessed():
    reading = read(
        [
            {"step": i, "reward": i / 10, "rewards/accuracy_reward/mean": i / 10 - 0.2, "completions/mean_length": 9}
            for i in range(9)
        ]
    )
    (run,) = reading.runs
    assert "accuracy" not in run.metrics and "rewards/accuracy_reward/mean, reward may be the share" in said(reading)
    taken = run.retaken("rewards/accuracy_reward/mean", "accuracy", "plus_minus_one")
    assert taken.series("accuracy").tolist() == pytest.approx([(i / 10 + 0.8) / 2 for i in range(9)])
    assert "accuracy" not in taken.retaken("rewards/accuracy_reward/mean", None).metrics
    for wrong in (("none", "accuracy"), ("reward", "none"), ("reward", "accuracy", "none")):
        with pytest.raises(ConfigError, match="must be one"):
            run.retaken(*wrong)


def test_a_reward_beyond_1_is_no_candidate_for_accuracy():
    assert "share of right answers" not in said(read([{"step": i, "reward": 4.0, "loss": 1.0, "kl": 0.0} for i in range(9)]))


@pytest.mark.parametrize(("row", "words"), [
    ({"loss": 0.4, "grad_norm": 0.1, "eval_loss": 0.5, "learning_rate": 1e-5}, "no reinforcement learning"),
    ({"loss": 0.4, "rewards/chosen": 0.1, "rewards/rejected": -0.1, "rewards/margins": 0.2}, "preference optimisation"),
    ({"temperature": 20.5, "humidity": 0.4}, "none of its columns"),
])  # fmt: skip
def test_other_trainings_are_refused_in_a_sentence(row, words):
    reading = read([{"step": i, **row} for i in range(5)])
    assert reading.runs == () and words in said(reading)


def test_metrics_that_a_framework_logs_seldom_do_not_displace_those_it_logs_always():
    rows = [{"step": i, "batch_accuracy": 0.9, "mean_reward": 0.5} | ({"accuracy": 0.1} if i % 5 == 0 else {}) for i in range(20)]
    assert set(read(rows).runs[0].series("accuracy")) == {0.9}


def test_a_history_holds_what_was_measured_and_evaluations_at_their_step():
    rows = [{"step": i, "reward": i / 2} for i in (10, 20)] + [{"step": 15, "eval_accuracy": 0.5}]
    (run,) = read(rows).runs
    history = run.history()
    assert history.updates.tolist() == [10, 15, 20] and history.metric("eval_accuracy")[:, 0].tolist()[1] == 0.5
    assert np.isnan(history.metric("reward_mean")[1, 0])
    frame = log_frame(run, "mine")
    assert frame["update"].tolist() == [10, 15, 20] and frame["reward_mean"].tolist()[::2] == [5, 10]


def test_a_share_of_valid_answers_is_no_evaluation_and_a_history_of_wandb_may_be_a_sample():
    reading = read(
        [{"_step": i, "_runtime": 2.0 * i, "valid_fraction": 0.5, "valid/reward": 0.1, "reward": 0.2} for i in range(9)]
    )
    (run,) = reading.runs
    assert "valid_fraction" in run.columns and set(run.evaluation.columns) == {"valid/reward"}
    assert "sample of the history" in said(reading) and "counter of log calls" in said(reading)


SWIFT = {
    "global_step/max_steps": "1/9",
    "train_speed(s/it)": 1.0,
    "memory(GiB)": 4.0,
    "loss": 0.1,
    "completions/mean_length": 9.0,
}
OPENRLHF = {"policy_loss": 0.1, "actor_lr": 1e-6, "ppo_clip_ratio": 0.1, "group_reward_std": 0.2, "response_length": 80.0}
TRL = {"loss": 0.1, "frac_reward_zero_std": 0.1, "num_tokens": 9, "completions/mean_length": 9.0, "reward_std": 0.2}


@pytest.mark.parametrize(
    ("row", "metric"),
    [(SWIFT, "reward_trained_mean"), (OPENRLHF, "reward_trained_mean"), (TRL, "reward_mean")],
    ids=["ms-swift", "OpenRLHF", "TRL"],
)
def test_a_reward_is_that_of_the_trained_batch_where_the_framework_logs_it_after_filtering(row, metric):
    rows = [{**row, "step": i, "reward": 0.25 * i} for i in range(1, 5)]
    (run,) = read(
        [{k: f"{i}/9" if k == "global_step/max_steps" else v for k, v in r.items()} for i, r in enumerate(rows, 1)]
    ).runs
    assert run.column_of(metric) == "reward" and run.series(metric).tolist() == [0.25, 0.5, 0.75, 1.0]
    assert len({"reward_mean", "reward_trained_mean"} & set(run.metrics)) == 1


def test_groups_that_prime_rl_drops_are_those_that_are_solved_by_none_or_by_all():
    row = {"train/agg/all/math/solved_none": 0.25, "train/agg/all/math/solved_all": 0.125, "train/agg/all/math/reward/mean": 0.4}
    effective = {"train/agg/effective/math/reward/mean": 0.5, "train/agg/effective/math/solved_none": 0.0}
    (run,) = read([{"step": i, **row, **effective} for i in range(4)]).runs
    assert run.series("filter_ratio").tolist() == [0.375] * 4 == run.series("zero_std_fraction").tolist()
    assert run.series("all_wrong_fraction").tolist() == [0.25] * 4 and run.series("reward_trained_mean").tolist() == [0.5] * 4
    assert "filter_ratio" not in read([{"step": i, **row} for i in range(4)]).runs[0].metrics


def test_groups_that_all_are_wrong_at_a_reward_of_minus_1_are_not_those_that_all_are_right():
    row = {
        "rollout/raw_reward": 0.1,
        "rollout/zero_std/count_-1.0": 5,
        "rollout/zero_std/count_1.0": 2,
        "rollout/response_len/mean": 9.0,
    }
    (run,) = read([{"step": i, **row} for i in range(4)]).runs
    assert run.series("all_wrong_groups").tolist() == [5.0] * 4 and run.series("all_right_groups").tolist() == [2.0] * 4


def test_groups_that_verl_evicted_are_counts_of_an_unknown_whole():
    row = {"critic/score/mean": 0.5, "actor/entropy": 0.4, "training/filter_groups/evicted_samples": 12}
    reading = read([{"step": i, **row} for i in range(4)])
    assert "filter_ratio" not in reading.runs[0].metrics and "evicted_samples counts groups" in said(reading)


@pytest.mark.parametrize(("logged", "words"), [
    ("kl", "from TRL 1.10 on multiplied by the ratio"), ("loss", "the advantages of a group sum to 0"), ("actor/pg_loss", "0.7: their sum"),
    ("entropy", "masked as cut off"), ("frac_reward_zero_std", "0 or 1 for the whole batch"), ("actor/pg_clipfrac", "with sapo always 0"),
    ("rollout/zero_std/count_0.0", "only where rewards have no other value"), ("entropy/mean", "not over tokens"), ("reward_std", "from 0.27"),
])  # fmt: skip
def test_a_definition_that_differs_is_said(logged, words):
    assert any(words in hit.note for _, hit in name_for(logged))
