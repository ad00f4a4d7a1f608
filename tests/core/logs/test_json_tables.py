"""Tables as JSON in every form that pandas and others write."""

import json

import pandas as pd
import pytest

from core.logs import read_text

ROWS = [{"step": i, "loss": 0.1, "reward": i / 10, "kl": 0.01 * i} for i in range(1, 31)]
FRAME = pd.DataFrame(ROWS)


def check(run):
    assert run.steps.tolist() == list(range(1, 31)) and run.series("reward_mean").tolist() == pytest.approx(
        [i / 10 for i in range(1, 31)]
    )


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
@pytest.mark.parametrize("indent", [None, 2])
def test_every_orientation_of_a_frame(orient, indent):
    (run,) = read_text(FRAME.to_json(orient=orient, indent=indent)).runs
    check(run)


def test_a_history_that_was_written_without_an_orientation():
    history = pd.DataFrame(
        [{"_step": 3 * r["step"], "_runtime": 9.5, "train/global_step": r["step"], "train/reward": r["reward"]} for r in ROWS]
    )
    (run,) = read_text(history.to_json()).runs
    check(run)


def test_columns_as_lists_beside_other_things():
    content = {"config": {"lr": 1e-6, "betas": [0.9, 0.99]}, "history": {name: FRAME[name].tolist() for name in FRAME}, "seed": 3}
    (run,) = read_text(json.dumps(content)).runs
    check(run)


@pytest.mark.parametrize("indent", [None, 2])
def test_objects_one_after_another(indent):
    (run,) = read_text("\n".join(json.dumps(row, indent=indent) for row in ROWS)).runs
    check(run)
    cut = "\n".join(json.dumps(row, indent=indent) for row in ROWS)[:-12]
    assert len(read_text(cut).runs[0].steps) >= 29


def test_a_row_whose_parts_are_objects_is_no_table():
    row = {"step": 7, "actor": {"grad_norm": 0.5, "entropy": 0.4}, "critic": {"score": {"mean": 0.5}}}
    (run,) = read_text(json.dumps(row)).runs
    assert run.steps.tolist() == [7] and run.series("entropy_nats").tolist() == [0.4]


def test_metrics_inside_a_record_of_a_logging_library():
    lines = [json.dumps({"text": "x", "record": {"level": {"no": 20}, "extra": row}}) for row in ROWS]
    (run,) = read_text("\n".join(lines)).runs
    check(run)
