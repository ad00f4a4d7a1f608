"""Rows found in console output of every framework, whatever stands around them and however they were broken."""

import numpy as np
import pytest

from core.logs import read_text

VERL = (
    "\x1b[36m(TaskRunner pid=1)\x1b[0m step:{0} - actor/entropy:0.{0} - actor/pg_clipfrac:np.float64(0.0) - actor/grad_norm:np.float64(nan) - "
    "training/global_step:{0} - critic/score/mean:-0.5 - critic/score/max:1.0 - response_length/mean:{0}7.5 - timing_s/gen:1.2"
)
TRL = (
    "{{'loss': '0.{0}', 'grad_norm': nan, 'learning_rate': 1e-06, 'reward': -0.{0}, 'completions/mean_length': np.float64({0}.5), "
    "'kl': -0.0, 'epoch': {0}.0}}"
)


def one(text):
    (run,) = read_text(text).runs
    return run


def said(text):
    return "\n".join(str(sentence) for sentence in read_text(text).sentences)


def test_step_lines_of_verl_with_colours_and_process_names():
    text = (
        "ray init kwargs: {'num_cpus': 8, 'num_gpus': 1}\nTraining Progress:  0%|   | 0/3\n"
        + "\n".join(VERL.format(i) for i in (1, 2, 3))
        + "\n"
    )
    run = one(text)
    assert run.framework.name == "verl" and run.steps.tolist() == [1, 2, 3] and run.step_unit == "rollout"
    assert run.series("entropy_nats").tolist() == [0.1, 0.2, 0.3] and run.series("completion_tokens_mean").tolist() == [
        17.5,
        27.5,
        37.5,
    ]
    assert run.training.logged("actor/grad_norm").all() and np.isnan(run.series("grad_norm")).all()
    assert run.values("training/global_step").tolist() == [1, 2, 3]


def test_a_step_line_that_a_terminal_broke_within_a_name():
    line = VERL.format(4)
    place = line.index("critic/score/max") + 9
    run = one(line[:place] + "\n" + line[place:] + "\nsome other talk - of: the process\n" + VERL.format(5) + "\n")
    assert (
        run.steps.tolist() == [4, 5]
        and run.series("reward_max").tolist() == [1.0, 1.0]
        and run.series("completion_tokens_mean")[0] == 47.5
    )


def test_lines_that_ray_repeats_and_validations_before_the_training():
    text = (
        "step:0 - val-core/gsm8k/acc/mean@1:0.25\n" + VERL.format(1) + " [repeated 2x across cluster]\n" + VERL.format(1) + "\n"
    )
    run = one(text)
    assert run.steps.tolist() == [1] and run.evaluation.steps.tolist() == [0] and run.series("eval_accuracy").tolist() == [0.25]
    assert run.values("timing_s/gen").tolist() == [1.2]


def test_the_last_number_of_a_log_that_is_cut_off_is_not_taken():
    text = VERL.format(1)[: -len("2")]  # timing_s/gen:1.
    run = one(text)
    assert "timing_s/gen" not in run.columns and "middle of a row" in said(text)


def test_printed_dicts_of_trl_among_progress_bars_and_completions():
    parts = [f"  5%|▌ | {i}/9 [00:01<00:09]\r{TRL.format(i)}\r 10%|█ | {i + 1}/9\nQ: what is {{'x': 1}}?\n" for i in range(1, 5)]
    text = (
        "config {'learning_rate': 1e-06, 'num_generations': 8}\n"
        + "".join(parts)
        + "{'train_runtime': '2.1', 'train_loss': '0', 'epoch': '4'}\n"
    )
    run = one(text)
    assert run.framework.name == "TRL" and run.steps.tolist() == [1, 2, 3, 4] and run.step_key == ""
    assert run.series("reward_mean").tolist() == [-0.1, -0.2, -0.3, -0.4] and run.series("completion_tokens_mean").tolist() == [
        1.5,
        2.5,
        3.5,
        4.5,
    ]
    assert run.training.logged("grad_norm").all() and run.summary["train_runtime"] == 2.1
    assert "num_generations" not in run.columns


def test_a_dict_broken_over_lines_and_one_that_is_cut_off():
    whole = TRL.format(1)
    text = whole[:60] + "\n" + whole[60:] + "\n" + TRL.format(2)[:100]
    run = one(text)
    assert run.steps.tolist() == [1, 2] and run.series("kl_base")[0] == 0 and run.series("reward_mean").tolist() == [-0.1, -0.2]
    assert run.training.logged("kl").tolist() == [True, False] and "middle of a row" in said(text)


def test_what_a_model_writes_is_no_row_though_there_is_more_of_it():
    talk = "Step 1: x = 5, y = 3. Step 2: total = 15, reward = 4\nAnswer: step 3: loss 0.1, reward 0.4\n"
    row = "{'loss': 0.1, 'grad_norm': 0.2, 'reward_std': 0.1, 'kl': 0.0, 'entropy': 0.5, 'reward': %s}\n"
    (run,) = read_text("".join(talk * 2 + row % (i / 9) for i in range(1, 10))).runs
    assert run.steps.tolist() == list(range(1, 10)) and run.series("reward_mean").tolist() == [i / 9 for i in range(1, 10)]


def test_two_trainings_in_one_log_are_two_runs():
    first = "\n".join(TRL.format(i) for i in (1, 2, 3))
    end = "\n{'train_runtime': 2.1, 'train_loss': 0.1}\n"
    assert [len(run.steps) for run in read_text(first + end + first).runs] == [3, 3]
    assert [len(run.steps) for run in read_text(first + "\n" + first).runs] == [3, 3]  # the epoch went back


def test_rows_of_openrlhf():
    row = (
        "✨ Global step {0}: {{'policy_loss': 0.1, 'actor_lr': 1e-06, 'reward': 0.{0}, 'dynamic_filtering_pass_rate': 25.0, "
        "'response_length': 80.0}}\n"
    )
    run = one("".join(row.format(i) for i in range(1, 6)))
    assert (run.framework.name, run.step_unit, run.steps.tolist()) == ("OpenRLHF", "rollout", [1, 2, 3, 4, 5])
    assert run.series("filter_ratio").tolist() == [0.75] * 5 and run.series("completion_tokens_mean")[0] == 80


@pytest.mark.parametrize(
    "line",
    [
        "✨ Evaluation completed in 0:00:12, global_step {0}, eval_metrics: {{'eval_aime_pass1': 0.25}}\n",
        "Eval at step {0}: {{'eval_aime_pass1': 0.25}}\n",
    ],
)
def test_evaluations_of_openrlhf(line):
    row = "Global step {0}: {{'policy_loss': 0.1, 'actor_lr': 1e-06, 'reward': 0.{0}, 'response_length': 80.0}}\n"
    run = one("".join(row.format(i) + (line.format(i) if i % 2 == 0 else "") for i in range(1, 7)))
    assert run.steps.tolist() == [1, 2, 3, 4, 5, 6] and run.evaluation.steps.tolist() == [2, 4, 6]
    assert run.series("eval_accuracy").tolist() == [0.25] * 3


def test_updates_and_rollouts_of_slime_are_joined():
    text = ""
    for rollout in range(4):
        text += f"(RolloutManager pid=7) rollout.py:11 - perf {rollout}: "
        text += f"{{'rollout/response_len/mean': {rollout}00.0, 'rollout/truncated_ratio': 0.5}}\n"
        text += f"rollout {rollout}: {{'rollout/raw_reward': 0.{rollout}, 'rollout/rewards': 1e-9}}\n"
        for update in (2 * rollout, 2 * rollout + 1):
            text += f"step {update}: {{'train/loss': 0.1, 'train/entropy_loss': 0.{update}, 'train/grad_norm': 3.0, 'train/step': {update}}}\n"
    run = one(text)
    assert run.framework.name == "slime" and run.step_unit == "update" and run.steps.tolist() == list(range(8))
    assert run.series("reward_mean")[::2].tolist() == [0, 0.1, 0.2, 0.3] and np.isnan(run.series("reward_mean")[1])
    assert run.series("entropy_nats").tolist() == pytest.approx([i / 10 for i in range(8)])


def test_lines_of_prime_rl():
    text = "".join(
        f"12:00:0{i}    INFO Detected 97/128 rollouts (gibberish=2, zero_advantage=96), enforced 96\n"
        f"12:00:0{i} SUCCESS Step {i} | Time: 3.20s | Reward: 0.{i} | Seq. Length: 33{i}.1 tokens/sample | Async Level: 1\n"
        for i in range(1, 5)
    )
    run = one(text)
    assert run.framework.name == "prime-rl" and run.steps.tolist() == [1, 2, 3, 4]
    assert run.series("reward_mean").tolist() == [0.1, 0.2, 0.3, 0.4] and run.series("zero_std_fraction").tolist() == [0.75] * 4


def test_lines_of_an_own_loop():
    run = one("".join(f"[12:00] step {i}/100 | loss=0.{i}, mean_reward: {i}.5 kl = 1e-3\n" for i in range(1, 9)))
    assert run.steps.tolist() == list(range(1, 9)) and run.series("reward_mean").tolist() == [i + 0.5 for i in range(1, 9)]
    assert run.series("kl_base").tolist() == [1e-3] * 8


@pytest.mark.parametrize("line", [
    "[Step {0}] Loss: 0.{0} | Reward: 0.{0} | Updated: True", "Step: {0}, Loss: 0.{0}, Reward: 0.{0}", 
    "step {0} loss 0.{0} reward 0.{0} took 3 s",
    "INFO:root:step {0}: loss 0.{0}, reward 0.{0}", "| step {0} | loss 0.{0} | reward 0.{0} |", "iter {0}/100: loss=0.{0} reward=0.{0}",
    "Epoch 1 Step {0} - loss: 0.{0} - reward: 0.{0}", 'step {0} {{"loss": 0.{0}, "reward": 0.{0}}}', "step: {0}\tloss: 0.{0}\treward: 0.{0}",
])  # fmt: skip
def test_lines_of_own_loops_in_many_forms(line):
    run = one("starting\n" + "".join(line.format(i) + "\nsaved\n" for i in range(1, 10)))
    assert run.steps.tolist() == list(range(1, 10)) and run.series("reward_mean").tolist() == [i / 10 for i in range(1, 10)]
    assert run.series("loss").tolist() == [i / 10 for i in range(1, 10)] and set(run.columns) == {
        c for c in run.columns if c.lower() in ("loss", "reward")
    }


def test_prose_that_names_metrics_is_no_log():
    reading = read_text("In step 3 we chose loss 2 of 4 and a reward that grows.\nStep 1 takes 20 minutes, step 2 takes 30.\n")
    assert reading.runs == ()


def test_text_without_metrics_is_one_sentence():
    reading = read_text("Dear reader,\nstep by step we go: {'a': 1}\n")
    assert reading.runs == () and len(reading.notes) == 1 and "no format" in str(reading.notes[0])


def test_nothing_in_a_log_is_evaluated(tmp_path):
    target = tmp_path / "made"
    code = f"__import__('pathlib').Path({str(target)!r}).touch()"
    read_text(f"{{'loss': {code}, 'reward': 0.5, 'kl': 0.1}}\nstep:1 - actor/entropy:{code} - actor/pg_loss:0.1\n")
    assert not target.exists()
