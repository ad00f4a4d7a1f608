"""From rows to runs: steps that come again, go back, are absent; copies; evaluations; totals; bounds."""

import json

import numpy as np
import pytest

from core.logs import Bounds, read_text


def read(rows, bounds=None):
    """Rows as JSON lines."""
    text = "\n".join(json.dumps(row) for row in rows)
    return read_text(text, bounds) if bounds else read_text(text)


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


def steps(count, first=1, **columns):
    return [{"step": first + i, "reward": 0.1 * (first + i), "loss": i / 7, **columns} for i in range(count)]


def test_a_step_that_comes_again_keeps_the_later_value_and_every_name():
    reading = read(
        [
            {"step": 1, "reward": 0.1},
            {"step": 2, "reward": 0.2, "kl": 1.0},
            {"step": 2, "reward": 0.3},
            {"step": 3, "reward": 0.4},
        ]
    )
    (run,) = reading.runs
    assert run.series("reward_mean").tolist() == [0.1, 0.3, 0.4] and run.series("kl_base")[1] == 1.0
    assert "came again with other values: 1, the first is 2" in said(reading)


def test_rows_of_two_processes_with_the_same_steps_are_merged():
    rows = [{"step": i, "reward/all/mean": i / 9} for i in range(1, 4)] + [
        {"step": i, "loss/mean": -i, "optim/grad_norm": i} for i in range(1, 4)
    ]
    rows.sort(key=lambda row: (row["step"], "loss/mean" in row))
    rows[2], rows[1] = rows[1], rows[2]  # the generator is a step ahead
    (run,) = read(rows).runs
    assert run.steps.tolist() == [1, 2, 3]
    assert run.series("reward_mean").tolist() == [1 / 9, 2 / 9, 3 / 9] and run.series("grad_norm").tolist() == [1, 2, 3]


def test_a_step_back_to_the_beginning_is_another_run():
    reading = read(steps(4) + steps(3))
    assert [run.steps.tolist() for run in reading.runs] == [[1, 2, 3, 4], [1, 2, 3]]
    assert "one after another: 2" in said(reading)


def test_a_step_back_less_far_continues_from_a_checkpoint():
    again = [{**row, "reward": 9.0} for row in steps(4, first=3)]
    reading = read(steps(5) + again)
    (run,) = reading.runs
    assert run.steps.tolist() == [1, 2, 3, 4, 5, 6] and run.series("reward_mean").tolist() == pytest.approx(
        [0.1, 0.2, 9, 9, 9, 9]
    )
    assert "goes back to 3" in said(reading) and "replaced by later ones: 3" in said(reading)


def test_rows_in_any_order_are_sorted():
    rows = steps(60)
    rows = rows[::-1]
    reading = read(rows)
    (run,) = reading.runs
    assert run.steps.tolist() == list(range(1, 61)) and "sorted" in said(reading)


def test_rows_without_a_step_are_counted():
    reading = read([{"reward": i / 5, "loss": 0.1} for i in range(5)])
    assert reading.runs[0].steps.tolist() == [1, 2, 3, 4, 5] and reading.runs[0].step_key == "" and "counted" in said(reading)


@pytest.mark.parametrize(
    "key", ["step", "global_step", "train/global_step", "iteration", "system/step", "progress/step", "update", "training step"]
)
def test_a_step_has_many_names(key):
    (run,) = read([{key: 1001 + i, "epoch": i, "reward": i} for i in range(9)]).runs
    assert run.step_key == key and run.steps[0] == 1001


def test_the_trainers_step_comes_before_a_counter_of_log_calls():
    (run,) = read([{"_step": 29 * i, "train/global_step": i, "train/reward": 0.5} for i in range(1, 9)]).runs
    assert run.steps.tolist() == list(range(1, 9))


def test_a_fraction_of_steps_is_a_step():
    (run,) = read([{"global_step/max_steps": f"{i}/4389", "reward": i} for i in range(1, 5)]).runs
    assert run.steps.tolist() == [1, 2, 3, 4]


def test_bad_steps_are_left_out_and_said():
    reading = read([*steps(4), {"step": -3, "reward": 1}, {"step": 2.5, "reward": 1}, {"step": "x", "reward": 1}])
    assert len(reading.runs[0].steps) == 4 and "no whole number from 0: 3" in said(reading)


def test_copies_of_the_last_log_are_taken_out():
    rows = [{"step": i, "reward": (i // 10) / 7, "reward_std": (i // 10) % 5 + 0.1} for i in range(10, 200)]
    reading = read(rows)
    (run,) = reading.runs
    assert run.steps.tolist() == list(range(10, 200, 10)) and "171 of 190 rows repeat" in said(reading)


def test_rows_that_several_processes_print_are_counted_once():
    rows = [{"loss": 0.1 * i, "reward": i / 7, "grad_norm": 0.5 + i} for i in range(1, 13)]
    printed = "".join(
        f"{row}\n" * 4 + ("{'eval_reward': 0.5, 'eval_loss': 0.1}\n" * 4 if i == 6 else "") for i, row in enumerate(rows, 1)
    )
    (run,) = read_text(printed).runs
    assert run.steps.tolist() == list(range(1, 13)) and run.series("reward_mean").tolist() == [row["reward"] for row in rows]
    assert run.evaluation.steps.tolist() == [6]


def test_a_dead_run_that_logs_the_same_0_is_no_copy():
    rows = [{"step": i, "reward": 0.0, "grad_norm": 0.3 if i in (21, 24) else 0.0} for i in range(1, 50)]
    assert len(read(rows).runs[0].steps) == 49


def test_evaluations_and_totals_stand_apart():
    rows = steps(6)
    rows.insert(3, {"step": 3, "eval_reward": 0.7, "eval_loss": 0.1, "epoch": 0.5})
    rows.append({"step": 6, "train_runtime": 12.0, "train_loss": 0.3, "total_flos": 0.0, "epoch": 1.0})
    reading = read(rows)
    (run,) = reading.runs
    assert run.evaluation.steps.tolist() == [3] and run.series("eval_reward").tolist() == [0.7]
    assert dict(run.summary)["train_runtime"] == 12.0 and "train_runtime" not in run.columns and len(run.steps) == 6
    assert not any(name.startswith("eval") for name in run.columns)


def second_lines(last, **more):
    return [{"step": i, "reward": round(0.1 * i, 3), "tokens_per_second": 100.0 + i, **more} for i in range(1, last + 1)]


@pytest.mark.parametrize("seconds", [1, 5, 6], ids=["of one step", "before the last came", "of every step"])
def test_a_second_line_that_says_a_steps_value_again_adds_to_the_step(seconds):
    rows = [*steps(6), *second_lines(6)[-1:]] if seconds == 1 else [*steps(6), *second_lines(seconds)]
    reading = read(sorted(rows, key=lambda row: row["step"]))
    (run,) = reading.runs
    assert run.steps.tolist() == [1, 2, 3, 4, 5, 6] and len(run.evaluation) == 0
    assert run.series("reward_mean").tolist() == [0.1 * i for i in range(1, 7)]
    assert np.isfinite(run.values("tokens_per_second")).sum() == seconds


def test_a_second_process_that_is_a_step_ahead_is_no_evaluation():
    reading = read(sorted([*steps(5), *second_lines(6)], key=lambda row: row["step"]))
    (run,) = reading.runs
    assert run.steps.tolist() == [1, 2, 3, 4, 5, 6] and len(run.evaluation) == 0 and np.isnan(run.series("loss")[5])


def test_a_line_with_another_value_of_the_same_name_is_an_evaluation():
    evaluations = [{"step": i, "reward": 0.9, "correct": 0.8} for i in (2, 4)]
    (run,) = read(sorted([*steps(6), *evaluations], key=lambda row: row["step"])).runs
    assert run.evaluation.steps.tolist() == [2, 4] and run.series("reward_mean").tolist() == [0.1 * i for i in range(1, 7)]
    assert "correct" not in run.columns


def test_missing_is_not_0_and_nan_is_not_missing():
    (run,) = read(
        [{"step": 1, "reward": 0.5, "kl": float("nan")}, {"step": 2, "kl": 0.1}, {"step": 3, "reward": None, "kl": 0.2}]
    ).runs
    assert np.isnan(run.series("reward_mean")).tolist() == [False, True, True]
    assert run.training.logged("reward").tolist() == [True, False, False] and run.training.logged("kl").tolist() == [
        True,
        True,
        True,
    ]


def test_rows_that_name_their_run_are_several_runs():
    rows = [{"run_id": name, "step": i, "reward": i + 0.5} for i in range(3) for name in ("a", "b")]
    assert [run.name for run in read(rows).runs] == ["a", "b"]


def test_the_bounds_cost_a_sentence_each():
    rows = steps(500)
    assert "after 100 numbers" in said(read(rows, Bounds(bytes=10**9, points=100)))
    wide = [{"step": i, **{f"reward{j}": 0.0 for j in range(50)}} for i in range(3)]
    reading = read(wide, Bounds(bytes=10**9, columns=20))
    assert "first 20 columns" in said(reading) and len(reading.runs[0].columns) <= 20
    assert "stopped after 1 MB" in said(read(steps(60_000), Bounds(bytes=10**6)))
    long = json.dumps({"step": 4, "reward": 0.1, "text": "x" * 2_000_000})
    text = "\n".join(json.dumps(row) for row in steps(3)) + "\n" + long + "\n" + json.dumps({"step": 5, "reward": 0.1})
    assert "longer than 1 MB, skipped: 1" in said(read_text(text, Bounds(bytes=10**9, line=10**6)))
