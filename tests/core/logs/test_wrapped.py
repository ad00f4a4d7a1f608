"""Logs inside of something else: a container's log, a logging library's records, Arrow's file; and what is never opened."""

import io
import json
import pickle

import pandas as pd
import pytest

from core.logs import read_bytes, read_paths, read_several, read_text
from tests.core.logs.made import ROWS, check, packed, said
from tests.core.logs.test_console import TRL, VERL


@pytest.mark.parametrize("printed", [TRL, VERL], ids=["TRL", "verl"])
@pytest.mark.parametrize(
    "wrapped", [lambda line: {"log": line + "\n", "stream": "stdout", "time": "2026-01-01T00:00:00Z"},
                lambda line: {"levelname": "INFO", "lineno": 33, "message": line, "created": 1.7e9}],
    ids=["a container", "a logging library"],
)  # fmt: skip
def test_lines_of_a_console_in_records(printed, wrapped):
    printed = "".join(printed.format(i) + "\n" for i in range(1, 10))
    plain = read_text(printed)
    assert len(plain.runs) == 1
    reading = read_text("\n".join(json.dumps(wrapped(line)) for line in printed.splitlines()) + "\n")
    assert [run.metrics for run in reading.runs] == [run.metrics for run in plain.runs]
    for run, same in zip(reading.runs, plain.runs, strict=True):
        assert run.steps.tolist() == same.steps.tolist() and run.framework == same.framework


def test_a_row_that_has_a_message_too_is_a_row():
    (run,) = read_text("\n".join(json.dumps({**row, "message": "step 3: loss 0.7, reward 0.9"}) for row in ROWS)).runs
    check(run)


def test_a_file_of_arrow():
    content = io.BytesIO()
    pd.DataFrame(ROWS).assign(run_name="mine").to_feather(content)
    (run,) = read_bytes("history.feather", content.getvalue()).runs
    check(run)
    assert run.name == "mine" and not read_bytes("cut", content.getvalue()[:-60]).runs


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("what", [{"reward": [0.1, 0.2]}, [1, 2], pd.DataFrame(ROWS)], ids=["dict", "list", "frame"])
def test_a_pickle_is_named_and_never_opened(protocol, what):
    reading = read_bytes("history", pickle.dumps(what, protocol=protocol))
    assert reading.runs == () and "a pickle, which is never opened" in said(reading)


def test_a_workbook_is_named():
    names = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": "<worksheet/>"}
    reading = read_bytes("log.xlsx", packed(**names))
    assert reading.runs == () and said(reading) == "log.xlsx: an Excel workbook, which is not read. Save the sheet as CSV."


def lines_of_prime_rl(row):
    return "\n".join(f"12:00:{i % 60:02d} SUCCESS Step {i} | Time: 33.77s | " + row.format(i, i / 40) for i in range(30)) + "\n"


def test_the_two_logs_of_prime_rl_are_one_run(tmp_path):
    trainer = lines_of_prime_rl(
        "Loss: 0.0123 | Entropy: 0.5{0} | Mismatch KL: 0.0003 | Grad. Norm: 0.3 | Throughput: 5000 tokens/s"
    )
    orchestrator = lines_of_prime_rl(
        "Reward: {1:.4f} | Throughput: 500.1 tokens/s | Seq. Length: 250.0 tokens/sample | Async Level: 1"
    )
    (tmp_path / "trainer.log").write_text(trainer)
    (tmp_path / "orchestrator.log").write_text(orchestrator)
    dropped = read_several([("trainer.log", trainer.encode()), ("orchestrator.log", orchestrator.encode())])
    for reading in (read_paths([tmp_path]), dropped):
        (run,) = reading.runs
        assert run.steps.tolist() == list(range(30)) and {"reward_mean", "entropy_nats", "grad_norm"} <= set(run.metrics)
    apart = read_several([("a/trainer.log", trainer.encode()), ("b/orchestrator.log", orchestrator.encode())])
    assert len(apart.runs) == 2
