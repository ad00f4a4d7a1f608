"""Tables: Parquet, exports of W&B, the Lab's own, and those printed in a text or a notebook."""

import json

import pandas as pd
import pytest

from core.logs import read_bytes, read_paths, read_text
from tests.core.logs.made import ROWS, check, said


def test_parquet(tmp_path):
    pd.DataFrame(ROWS).assign(text="x").to_parquet(tmp_path / "history.parquet")
    (run,) = read_paths([tmp_path / "history.parquet"]).runs
    check(run)
    assert read_bytes("cut", (tmp_path / "history.parquet").read_bytes()[:-50]).runs == ()


def test_a_history_of_wandb_as_csv_with_its_index():
    frame = pd.DataFrame(
        [{"_step": 7 * r["step"], "_runtime": 1.0, "train/global_step": r["step"], "train/reward": r["reward"]} for r in ROWS]
    )
    (run,) = read_text(frame.to_csv()).runs
    check(run)
    assert run.step_key == "train/global_step"


def test_a_panel_of_wandb_with_dashes_in_names_bands_gaps_and_a_mark():
    header = ["Step", "a - b - train/reward", "a - b - train/reward__MIN", "a - b - train/reward__MAX", "Group: x - train/reward"]
    lines = [",".join(f'"{name}"' for name in header)]
    lines += [f'"{r["step"]}","{r["reward"]}","{r["reward"]}","{r["reward"]}","{1.0 if r["step"] % 2 else ""}"' for r in ROWS]
    reading = read_bytes("panel.csv", ("\ufeff" + "\n".join(lines)).encode())
    assert [run.name for run in reading.runs] == ["a - b", "x"]
    check(reading.runs[0])
    assert (
        len(reading.runs[1].steps) == 15 and "mean of several runs" in said(reading) and "counter of log calls" in said(reading)
    )


def test_the_labs_own_table_is_one_run_per_label_and_seed():
    rows = [
        {"run_id": f"{label}-1", "algorithm": label, "seed": seed, "update": u, "rollout": 1, "entropy_nats": 0.5, "reward_mean": u / 9}
        for label in ("GRPO", "DAPO") for seed in (0, 1) for u in range(1, 10)
    ]  # fmt: skip
    runs = read_text(pd.DataFrame(rows).to_csv(index=False)).runs
    assert [run.name for run in runs] == ["GRPO, seed 0", "GRPO, seed 1", "DAPO, seed 0", "DAPO, seed 1"]
    assert all(len(run.steps) == 9 and run.step_key == "update" for run in runs)


MARKDOWN = "| Step | Training Loss | reward |\n|---:|---|---|\n" + "".join(
    f"| {r['step']} | No Log | {r['reward']} |\n" for r in ROWS
)
HTML = "<p>x</p><table><thead><tr><th>Step<th>Training Loss</th><th>reward</th></tr></thead><tbody>" + "".join(
    f"<tr><td>{r['step']}</td><td>0.1</td><td>{r['reward']}</td></tr>" for r in ROWS
)
ALIGNED = pd.DataFrame(ROWS)[["step", "loss", "reward"]].to_string()
TABS = "Step\tTraining Loss\treward\n" + "".join(f"{r['step']}\t0.1\t{r['reward']}\n" for r in ROWS)


@pytest.mark.parametrize(
    "text",
    [MARKDOWN, "See:\n\n" + MARKDOWN + "\nand so on", HTML, ALIGNED, TABS],
    ids=["markdown", "in a text", "html", "aligned", "tabs"],
)
def test_tables_in_a_text(text):
    (run,) = read_text(text).runs
    check(run)


@pytest.mark.parametrize("kind", ["html", "plain", "stream"])
def test_notebooks(kind):
    stream = "".join(f"{{'loss': 0.1, 'reward': {r['reward']}, 'kl': 0.0}}\n" for r in ROWS)
    output = {
        "html": {"output_type": "display_data", "data": {"text/html": [HTML], "text/plain": "<IPython>"}},
        "plain": {"output_type": "execute_result", "data": {"text/plain": ALIGNED.splitlines(keepends=True)}},
        "stream": {"output_type": "stream", "text": stream.splitlines(keepends=True)},
    }[kind]
    notebook = {"cells": [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "outputs": [output]}], "nbformat": 4}
    (run,) = read_text(json.dumps(notebook, indent=1)).runs
    check(run)
