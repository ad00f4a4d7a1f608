"""Each kind of trouble that real logs have with their values, rows and files, in every format it can come in."""

import io

import numpy as np
import pandas as pd
import pytest

from core.logs import read_bytes, read_text
from tests.core.logs.forms import (
    BASE,
    COUNT,
    EVERY,
    REWARD,
    STRUCTURED,
    array,
    console,
    json_lines,
    markdown,
    notebook,
    numbered,
    said,
    state,
    table,
    tabs,
)  # fmt: skip

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
