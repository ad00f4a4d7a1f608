"""Each kind of trouble that real logs have with their steps and runs, in every format it can come in."""

import pytest

from core.logs import read_paths, read_several, read_text
from tests.core.logs.forms import (
    BASE,
    COUNT,
    EVERY,
    REWARD,
    array,
    console,
    json_lines,
    numbered,
    said,
    state,
    table,
)  # fmt: skip


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
