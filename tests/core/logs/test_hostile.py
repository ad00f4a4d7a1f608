"""Any bytes are a run or one sentence, never a trace; and the work grows with the size."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.logs import Bounds, Reading, read_bytes, read_text
from core.logs.export import log_frame

SMALL = Bounds(bytes=10**6, points=20_000, columns=50, document=10**6, line=10**5)
PIECES = st.sampled_from([
    "step:1 - ", "actor/entropy:0.5", " - ", "{'loss': ", "0.1", "nan", "'", '"', "}", "{", "[", "]", ",", "\n", "\r", "\x1b[36m", "Step 3 | ",
    "Reward: 0.4", '{"step": 1, "reward": 0.5}', '{"log_history": [', '"train/global_step","a - train/reward"', "\t", "| a | b |",
    "|---|---|", "<table>",
    "<td>", "step", "reward", "=", "1e999", "np.float64(", ")", "\0", "\ufeff", "PAR1", "PK\x03\x04", "SQLite format 3\0",
    "rollout 1: {'a': 1", "epoch",
])  # fmt: skip


def is_sound(reading):
    assert isinstance(reading, Reading)
    assert reading.runs or len(reading.notes) >= 1
    for sentence in reading.sentences:
        assert str(sentence) and "\n" not in str(sentence)
    for run in reading.runs:
        assert (run.steps[1:] > run.steps[:-1]).all()
        run.history(), log_frame(run, "")


@given(st.binary(max_size=3000))
@settings(max_examples=60, deadline=None)
def test_any_bytes(content):
    is_sound(read_bytes("file", content, SMALL))


@given(st.lists(PIECES | st.text(max_size=10), max_size=60))
@settings(max_examples=150, deadline=None)
@example(["{'loss': ", "0.1", ",", "'"])
def test_pieces_of_logs_in_any_order(pieces):
    is_sound(read_text("".join(pieces), SMALL))


_cells = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=3)
_keys = st.sampled_from(
    ["step", "reward", "loss", "eval_reward", "epoch", "run_id", "seed", "global_step/max_steps", "train_runtime"]
) | st.text(max_size=6)
_rows = st.lists(
    st.dictionaries(_keys, _cells | st.dictionaries(st.text(max_size=4), _cells, max_size=3), max_size=8), max_size=30
)


@given(_rows)
@settings(max_examples=30, deadline=None)
def test_any_rows_as_lines_array_state_and_table(rows):
    is_sound(read_text("\n".join(json.dumps(row) for row in rows), SMALL))
    is_sound(read_text(json.dumps(rows), SMALL))
    is_sound(read_text(json.dumps({"global_step": 3, "log_history": rows}), SMALL))
    is_sound(read_text(json.dumps({"metrics": rows, "other": {"loss": [1, 2], "reward": [0.1, 0.2]}}), SMALL))


@given(
    st.lists(
        st.lists(st.text(max_size=6) | st.floats().map(str) | st.integers(0, 9).map(str), min_size=1, max_size=5), max_size=20
    ),
    st.sampled_from(",\t;"),
)
@settings(max_examples=100, deadline=None)
def test_any_cells_as_a_table(cells, delimiter):
    is_sound(read_text("step" + delimiter + "reward\n" + "\n".join(delimiter.join(row) for row in cells), SMALL))


@pytest.mark.parametrize("content", [
    b"[" * 100_000, b'{"a":' * 100_000, b'{"step": 1, "reward": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", b'{"log_history": [' + b"[" * 50_000,
    b"{'" * 50_000, b"{'a': " * 30_000, b"step:1 - " * 50_000,
    b" - a:1" * 50_000, b"step 1 " * 50_000, b"|" * 200_000, b"step," * 100_000 + b"\n1,2\n",
    b'{"step": 1' + b"0" * 5000 + b', "reward": 1}', b"{'loss'" + b" " * 200_000 + b": 1}",
    b"\xff\xfe" + b"\0" * 99, b"{'loss': 0." + b"1" * 200_000,
    b"<table>" + b"<!--" * 75_000, b"<table>" + b"<?" * 150_000, b"<table>" + b"<![CDATA[" * 30_000, b"<table><a " + b"x='" * 90_000,
    b"a|b\n" + b" " * 90_000 + b"|x\n", b"a|b\n" + b"|- " * 30_000 + b"x\n", b"<table><td>" + b"&#" * 150_000,
    b"step 1 | " + b"a b " * 100_000 + b": 1",
])  # fmt: skip
def test_files_made_to_be_hard_cost_a_sentence(content):
    is_sound(read_bytes("file", content, Bounds(bytes=10**8)))


def test_a_hundred_thousand_columns_cost_a_sentence():
    text = (
        json.dumps({"step": 1, "reward": 0.5, **{f"c{i}": i for i in range(100_000)}})
        + "\n"
        + json.dumps({"step": 2, "reward": 0.5})
    )
    reading = read_text(text, Bounds(bytes=10**8, line=10**8))
    assert "only the first" in str(list(reading.sentences)) and len(reading.runs[0].columns) <= 2_000


def test_a_script_in_a_name_stays_one_printable_line():
    name = "<script>alert(1)</script>\n\u202e" + "x" * 1000
    (run,) = read_text(json.dumps([{"step": 1, "reward": 1, name: 1}, {"step": 2, "reward": 1, name: 2}])).runs
    assert all(len(column) <= 200 and column.isprintable() for column in run.columns)
