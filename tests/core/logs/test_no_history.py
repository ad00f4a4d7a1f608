"""Tables that hold no history of a training: results, completions."""

import io
import json

import pandas as pd
import pytest

from core.logs import read_bytes, read_text

RESULTS = pd.DataFrame(
    [
        {"model": m, "lr": lr, "seed": seed, "accuracy": 0.4, "reward": 0.3}
        for m, lr, seed in (("a", 1e-6, 1), ("b", 1e-6, 2), ("c", 1e-5, 1))
    ]
)
COMPLETIONS = pd.DataFrame(
    [
        {"step": 7 + i // 32, "prompt": f"q {i // 8}", "completion": f"answer {i}", "reward": float(i % 2), "advantage": 0.5}
        for i in range(64)
    ]
)


def parquet(frame):
    content = io.BytesIO()
    frame.to_parquet(content)
    return content.getvalue()


@pytest.mark.parametrize(
    "text", [RESULTS.to_csv(index=False), RESULTS.to_csv(), RESULTS.drop(columns="seed").to_csv(index=False, sep=";")]
)
def test_a_table_of_results_is_refused_in_a_sentence(text):
    reading = read_text(text)
    assert reading.runs == () and "(model)" in str(reading.notes[0]) and "table of results" in str(reading.notes[0])


@pytest.mark.parametrize(
    "content",
    [COMPLETIONS.to_csv(index=False).encode(), COMPLETIONS.to_json(orient="records", lines=True).encode(), parquet(COMPLETIONS),
     COMPLETIONS.drop(columns="step").to_json(orient="records", lines=True).encode()],
    ids=["csv", "json lines", "parquet", "without a step"],
)  # fmt: skip
def test_rows_that_are_single_completions_are_refused_in_a_sentence(content):
    reading = read_bytes("dump", content)
    assert reading.runs == () and "single completions (completion)" in str(reading.notes[0])


def test_a_training_that_logs_an_example_or_a_phase_or_a_clock_is_a_training():
    rows = [{"step": i, "reward": i / 40, "kl": 0.1, "completion": f"answer {i}"} for i in range(1, 41)]
    (run,) = read_text("\n".join(map(json.dumps, rows))).runs
    assert len(run.steps) == 40
    for column, words in (("time", [f"2026-01-01 12:{i:02d}:00" for i in range(40)]), ("phase", ["warm"] * 10 + ["main"] * 30)):
        (run,) = read_text(pd.DataFrame({column: words, "reward": 0.5, "kl": 0.1}).to_csv(index=False)).runs
        assert len(run.steps) == 40
