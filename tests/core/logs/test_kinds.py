"""Each kind of trouble that real logs have, in every format it can come in."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from core.logs import read_bytes, read_paths, read_several, read_text

COUNT = 40
BASE = [
    {"loss": round(0.1 * np.sin(i), 4), "grad_norm": 0.5, "reward": round(i / COUNT, 4), "reward_std": 0.3, "kl": 0.001 * i,
     "completions/mean_length": 90.0 + i} for i in range(1, COUNT + 1)
]  # fmt: skip
REWARD = [row["reward"] for row in BASE]


def json_lines(rows):
    return "\n".join(json.dumps(row) for row in rows) + "\n"


def array(rows):
    return json.dumps(rows)


def state(rows):
    return json.dumps({"global_step": 9, "log_history": rows})


def console(rows):
    return "".join(f"noise\n{row}\n" for row in rows)


def table(rows):
    return pd.DataFrame(rows).to_csv(index=False)


def tabs(rows):
    return pd.DataFrame(rows).to_csv(index=False, sep="\t")


def markdown(rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, ["---"] * len(names), *([str(row.get(name, "")) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def notebook(rows):
    html = pd.DataFrame(rows).to_html(index=False)
    return json.dumps({"cells": [{"cell_type": "code", "outputs": [{"data": {"text/html": html}}]}], "nbformat": 4})


EVERY = [json_lines, array, state, console, table, tabs, markdown, notebook]
STRUCTURED = [json_lines, array, state]


def said(reading):
    return "\n".join(str(sentence) for sentence in reading.sentences)


def numbered(rows, name="step", first=1, written=int, every=1):
    return [{name: written(first + i * every), **row} for i, row in enumerate(rows)]


@pytest.mark.parametrize("form", EVERY)
@pytest.mark.parametrize(
    ("name", "first", "every"), [("step", 1, 1), ("step", 1001, 1), ("global_step", 10, 10), ("iteration", 0, 1)]
)
def test_steps_that_begin_anywhere(form, name, first, every):
    (run,) = (reading := read_text(form(numbered(BASE, name, first, every=every)))).runs
    assert run.steps.tolist() == list(range(first, first + COUNT * every, every)) and run.series("reward_mean").tolist() == REWARD
    assert ("the beginning of the run is not in it" in said(reading)) == (first == 1001)
    assert ("one row stands for 10 steps" in said(reading)) == (every == 10)


@pytest.mark.parametrize("form", [f for f in EVERY if f is not console])
def test_a_step_that_is_a_fraction_of_the_steps(form):
    rows = numbered(BASE, "global_step/max_steps", written=lambda i: f"{i}/4389")
    (run,) = read_text(form(rows)).runs
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and run.series("reward_mean").tolist() == REWARD


def test_a_step_that_is_a_fraction_in_a_console():
    rows = numbered(BASE, "global_step/max_steps", written=lambda i: f"{i}/4389")
    (run,) = read_text(console(rows)).runs
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and run.step_key == "global_step/max_steps"


@pytest.mark.parametrize("form", [json_lines, array, state, console])
def test_steps_that_are_absent_are_counted(form):
    (run,) = (reading := read_text(form(BASE))).runs
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and "the rows are counted" in said(reading)
    assert run.series("reward_mean").tolist() == REWARD


@pytest.mark.parametrize("form", EVERY)
def test_a_counter_of_log_calls_gives_way_to_the_trainers_step(form):
    rows = [{"_step": 7 * i, "train/global_step": i, **row} for i, row in enumerate(BASE, 1)]
    (run,) = read_text(form(rows)).runs
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and run.step_key == "train/global_step"


@pytest.mark.parametrize("form", EVERY)
def test_rows_that_come_twice_count_once(form):
    rows = [row for row in numbered(BASE) for _ in range(2)]
    (run,) = (reading := read_text(form(rows))).runs
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and "came again" not in said(reading)


@pytest.mark.parametrize("form", EVERY)
def test_steps_that_go_back_a_little_continue_from_a_checkpoint(form):
    again = [{**row, "reward": 2.0} for row in numbered(BASE)[24:]]
    (run,) = (reading := read_text(form([*numbered(BASE)[:30], *again]))).runs
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and run.series("reward_mean").tolist() == [*REWARD[:24], *[2.0] * 16]
    assert "goes back to 25" in said(reading) and "replaced by later ones: 6" in said(reading)


@pytest.mark.parametrize("form", EVERY)
def test_runs_that_are_appended_are_several(form):
    reading = read_text(form([*numbered(BASE), *numbered(BASE)[:25]]))
    assert [len(run.steps) for run in reading.runs] == [COUNT, 25] and "one after another: 2" in said(reading)


WRITTEN = {
    "text": str, "quoted": lambda x: f"'{x}'", "numpy": lambda x: f"np.float64({x})", "tensor": lambda x: f"tensor({x})",
    "torch": lambda x: f"tensor({x}, device='cuda:0')", "exponent": lambda x: f"{x:.6e}", "spaced": lambda x: f" {x} ",
}  # fmt: skip


@pytest.mark.parametrize("form", [json_lines, array, state, table, tabs, markdown, notebook])
@pytest.mark.parametrize("kind", WRITTEN)
def test_numbers_that_are_written_in_other_ways(form, kind):
    rows = [{"step": i, **{k: WRITTEN[kind](v) for k, v in row.items()}} for i, row in enumerate(BASE, 1)]
    (run,) = read_text(form(rows)).runs
    assert run.series("reward_mean") == pytest.approx(REWARD) and run.series("kl_base") == pytest.approx(
        [0.001 * i for i in range(1, COUNT + 1)]
    )


@pytest.mark.parametrize("kind", [k for k in WRITTEN if k != "torch"])
def test_numbers_that_a_console_prints_in_other_ways(kind):
    def printed(value):
        written = WRITTEN[kind](value)
        return f"'{written}'" if kind in ("text", "spaced") else written

    lines = ["{" + ", ".join(f"'{k}': {printed(v)}" for k, v in row.items()) + "}" for row in BASE]
    (run,) = read_text("\n".join(lines)).runs
    assert run.series("reward_mean") == pytest.approx(REWARD)


@pytest.mark.parametrize("form", EVERY)
@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_neither_0_nor_missing(form, bad):
    rows = numbered(BASE)
    for row in rows[10:15]:
        row["grad_norm"] = bad if form in (table, tabs, markdown, notebook) else float(bad)
    (run,) = (reading := read_text(form(rows))).runs
    assert run.training.logged("grad_norm").all() and (~np.isfinite(run.series("grad_norm"))).nonzero()[0].tolist() == [
        10,
        11,
        12,
        13,
        14,
    ]
    assert "NaN or infinity was logged for grad_norm, in up to 5 rows" in said(reading)


@pytest.mark.parametrize("form", EVERY)
def test_values_that_are_missing_are_not_0(form):
    rows = [{k: v for k, v in row.items() if k != "reward" or row["step"] % 4 == 1} for row in numbered(BASE)]
    text = form(rows).replace("NaN", "") if form is notebook else form(rows)  # pandas' empty cell in HTML
    (run,) = (reading := read_text(text)).runs
    assert np.isfinite(run.series("reward_mean")).nonzero()[0].tolist() == list(range(0, COUNT, 4)) and len(run.steps) == COUNT
    assert "missing (not 0) elsewhere: reward" in said(reading)


@pytest.mark.parametrize("form", [json_lines, array, state, console])
def test_a_summary_at_the_end_is_no_row(form):
    end = {"train_runtime": 9.5, "train_samples_per_second": 2.0, "train_loss": 0.05, "total_flos": 0.0, "epoch": 1.0}
    (run,) = (reading := read_text(form([*numbered(BASE), {"step": COUNT, **end}]))).runs
    assert len(run.steps) == COUNT and run.summary["train_runtime"] == 9.5 and "train_loss" not in run.columns
    assert "totals of a whole run" in said(reading)


@pytest.mark.parametrize("form", [json_lines, array, state, console])
def test_evaluations_between_the_rows(form):
    rows = numbered(BASE)
    for at in (30, 20, 10):
        rows.insert(at, {"step": at, "eval_loss": 0.5, "eval_reward": 0.9, "eval_runtime": 3.0, "epoch": at / 9})
    (run,) = read_text(form(rows)).runs
    assert run.evaluation.steps.tolist() == [10, 20, 30] and run.series("eval_reward").tolist() == [0.9] * 3
    assert run.steps.tolist() == list(range(1, COUNT + 1)) and run.series("reward_mean").tolist() == REWARD


def panel(metric, runs=("first - a", "second"), axis="train/global_step"):
    names = [f"{run} - {metric}" for run in runs]
    header = [axis, *(column for name in names for column in (name, f"{name}__MIN", f"{name}__MAX"))]
    lines = [",".join(f'"{name}"' for name in header)]
    for i in range(1, COUNT + 1):
        cells = [str(i)]
        for place in range(len(runs)):
            cells += ["" if place and i % 3 else str((place + 1) * i / 100)] * 3
        lines.append(",".join(f'"{cell}"' for cell in cells))
    return "\n".join(lines).encode()


def test_several_runs_as_columns_of_several_panels():
    reading = read_several([("a.csv", panel("train/reward")), ("b.csv", panel("train/grad_norm"))])
    assert [run.name for run in reading.runs] == ["first - a", "second"]
    first, second = reading.runs
    assert set(first.metrics) == set(second.metrics) == {"reward_mean", "grad_norm"}
    assert len(first.steps) == COUNT and second.steps.tolist() == list(range(3, COUNT + 1, 3))
    assert second.series("reward_mean").tolist() == [2 * i / 100 for i in range(3, COUNT + 1, 3)]


def test_several_runs_as_files_of_a_folder(tmp_path):
    for name, factor in (("a", 1.0), ("b", 0.5)):
        (tmp_path / name).mkdir()
        rows = [{**row, "reward": row["reward"] * factor} for row in numbered(BASE)]
        (tmp_path / name / "log.jsonl").write_text(json_lines(rows))
    reading = read_paths([tmp_path])
    assert [run.file for run in reading.runs] == ["a/log.jsonl", "b/log.jsonl"]
    assert [run.series("reward_mean")[-1] for run in reading.runs] == [1.0, 0.5]


@pytest.mark.parametrize("form", [json_lines, array, table])
def test_several_runs_that_rows_name(form):
    rows = [{"run_name": name, **row} for row in numbered(BASE) for name in ("a", "b")]
    assert [(run.name, len(run.steps)) for run in read_text(form(rows)).runs] == [("a", COUNT), ("b", COUNT)]


@pytest.mark.parametrize("separator", ["/", "_", " / ", "."])
def test_names_whose_parts_are_set_apart_in_other_ways(separator):
    names = {
        "loss": "actor/pg_loss",
        "reward": "critic/score/mean",
        "kl": "actor/kl_loss",
        "completions/mean_length": "response_length/mean",
    }
    rows = [{"step": i, **{names.get(k, k).replace("/", separator): v for k, v in row.items()}} for i, row in enumerate(BASE, 1)]
    (run,) = read_text(json_lines(rows)).runs
    assert run.series("reward_trained_mean").tolist() == REWARD and run.series("completion_tokens_mean")[0] == 91.0


def test_dead_groups_as_share_count_and_percent():
    step = numbered([{k: v for k, v in row.items() if k != "reward_std"} for row in BASE])
    share = [{**row, "frac_reward_zero_std": 0.25} for row in step]
    count = [{**row, "n_groups": 16, "all_wrong_groups": 3, "all_correct_groups": 1} for row in step]
    percent = [{**row, "frac_reward_zero_std": 25.0} for row in step]
    alone = [{**row, "rollout/zero_std/count_0": 3, "rollout/zero_std/count_1": 1} for row in step]
    for rows in (share, count, percent):
        (run,) = (reading := read_text(json_lines(rows))).runs
        assert run.series("zero_std_fraction").tolist() == [0.25] * COUNT
        assert ("it is taken for percent" in said(reading)) == (rows is percent)
    (run,) = (reading := read_text(json_lines(alone))).runs
    assert "zero_std_fraction" not in run.metrics and run.series("all_wrong_groups").tolist() == [3.0] * COUNT
    assert said(reading).count("does not say how many groups") == 2


@pytest.mark.parametrize("form", STRUCTURED)
def test_a_log_that_is_cut_off_keeps_all_that_is_whole(form):
    text = form(numbered(BASE))
    reading = read_text(text[: -len(text) // 5])
    (run,) = reading.runs
    assert 25 <= len(run.steps) < COUNT and run.series("reward_mean").tolist() == REWARD[: len(run.steps)]
    assert "middle of a row" in said(reading) or "the JSON ends early" in said(reading)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("form", [json_lines, console, table, array, state, markdown])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_of_encodings_and_ends_of_lines(form, encoding, end):
    reading = read_bytes("log", form(numbered(BASE)).replace("\n", end).encode(encoding))
    assert [run.series("reward_mean").tolist() for run in reading.runs] == [REWARD]


def test_parquet_has_the_same_kinds():
    frame = pd.DataFrame(numbered(BASE, first=1001)).assign(text="words", epoch=None)
    frame.loc[3, "grad_norm"] = np.inf
    content = io.BytesIO()
    frame.to_parquet(content)
    (run,) = (reading := read_bytes("history", content.getvalue())).runs
    assert run.steps[0] == 1001 and run.series("reward_mean").tolist() == REWARD and np.isinf(run.series("grad_norm")[3])
    assert "the beginning of the run is not in it" in said(reading)


def roll_rows(suffix=""):
    same = {
        "critic/entropy/mean": 0.5, "actor_train/grad_norm": 0.2, f"actor/pg_loss{suffix}": 0.01, f"actor/total_loss{suffix}": 0.02,
        f"actor/clipfrac{suffix}": 0.001, f"actor/ppo_ratio_low_clipfrac{suffix}": 0.3, "actor/approxkl": 1e-4, "time/step_generate": 20.0,
    }  # fmt: skip
    rows = [
        {"system/step": i, "critic/score/mean": round(i / COUNT, 4), **same, "token/response_length/mean": 300.0 + i}
        for i in range(COUNT)
    ]
    return [{**row, "val_correct/all/mean": 0.25} if row["system/step"] % 10 == 0 else row for row in rows]


def roll_console(rows):
    head = "[2026-01-01 00:00:00] [tracking.py (120)] [INFO] [DRIVER 0 / 1][PID 1] "
    return "".join(
        f"{head}metrics_tag: {json.dumps({'step': row['system/step'], 'metrics': row})}\n{head}pipeline step finished\n"
        for row in rows
    )


@pytest.mark.parametrize("form", [json_lines, array, table, roll_console])
@pytest.mark.parametrize("suffix", ["", "@sum"])
def test_names_and_lines_of_roll(form, suffix):
    (run,) = read_text(form(roll_rows(suffix))).runs
    assert (run.framework.name, run.step_unit, run.steps.tolist()) == ("ROLL", "rollout", list(range(COUNT)))
    assert run.series("reward_trained_mean").tolist() == [round(i / COUNT, 4) for i in range(COUNT)]
    assert (
        set(run.series("loss")) == {0.02}
        and set(run.series("policy_loss")) == {0.01}
        and set(run.series("entropy_nats")) == {0.5}
    )
    assert (
        set(run.series("clip_fraction")) == {0.001}
        and set(run.series("kl_old")) == {1e-4}
        and set(run.series("grad_norm")) == {0.2}
    )
    assert run.series("completion_tokens_mean")[0] == 300.0 and not {"clip_fraction_low", "kl_base"} & set(run.metrics)
    assert run.evaluation.steps.tolist() == [0, 10, 20, 30] and set(run.series("eval_accuracy")) == {0.25}
