"""Names and lines of ROLL."""

import json

import pytest

from core.logs import read_text
from tests.core.logs.forms import COUNT, array, json_lines, table


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
