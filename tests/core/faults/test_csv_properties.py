"""Every CSV, read back by somebody else's program, is what was measured: empty cells stay empty, and no cell is a formula."""

from __future__ import annotations

import ast
import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.csv_files import csv_text, safe_table
from core.analysis.export import metrics_csv
from core.analysis.history import History
from core.analysis.metrics import INDEX_COLUMNS, METRIC_NAMES
from core.analysis.result import RunResult
from core.data.ladder import SHIPPED_LADDER
from core.engine.types import StepRecord
from core.ladder import ORDERS, ladder_table
from core.ladder.numbers import table_csv
from core.ladder.rungs import SCENARIO
from core.settings.algorithm import GRPO
from core.settings.scenarios import SCENARIOS
from tests.core.faults.strategies import few, many
from tests.support import CHAIN, small_run

ROOT = Path(__file__).parents[3]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CELLS = st.floats(width=64) | st.sampled_from((0.0, -0.0, np.nan, np.inf, -np.inf, 1e-300, 1e300, 0.1 + 0.2))
LABELS = st.text(max_size=12) | st.sampled_from(
    ("=1+1", '@SUM(A1)"', "-2", "\t=x", "a,b", 'a"b', "a\nb", "\r", "'=1", "NA", "nan", "", " =x")
)


@st.composite
def results(draw) -> dict[str, RunResult]:
    """One or two runs of up to five updates, in which anything was measured, or nothing."""
    made = {}
    for label in draw(st.lists(LABELS, min_size=1, max_size=2, unique=True)):
        replicas = draw(st.integers(1, 3))
        history = History(range(7, 7 + replicas))
        for update in range(1, draw(st.integers(1, 5)) + 1):
            names = draw(st.lists(st.sampled_from(METRIC_NAMES), max_size=3, unique=True))
            metrics = {n: np.array(draw(st.lists(CELLS, min_size=replicas, max_size=replicas))) for n in names}
            samples = np.array(draw(st.lists(st.integers(0, 2**50), min_size=replicas, max_size=replicas)))
            history.append(StepRecord(update, 1, samples, draw(st.floats(0, 1e6)), metrics))
        made[label] = RunResult(replace(small_run(CHAIN, GRPO), replicas=replicas), history)
    return made


def comes_back(made: dict[str, RunResult], text: str) -> None:
    table = pd.read_csv(
        io.StringIO(text), keep_default_na=False, na_values={name: [""] for name in METRIC_NAMES}, lineterminator="\n"
    )
    assert list(table.columns) == [*INDEX_COLUMNS, *METRIC_NAMES]
    start = 0
    for result in made.values():
        expected = result.history.frame(run_id="", algorithm="")
        rows = table.iloc[start : start + len(expected)]
        start += len(expected)
        assert rows["run_id"].nunique() == 1
        for name in ("seed", "update", "rollout", "samples_generated"):
            assert (rows[name].to_numpy() == expected[name].to_numpy()).all()
        for name in METRIC_NAMES:
            ours, theirs = rows[name].to_numpy(dtype=float), expected[name].to_numpy()
            assert (np.isnan(ours) == np.isnan(theirs)).all(), name  # neither a 0 for nothing, nor nothing for a number
            np.testing.assert_allclose(ours, theirs, rtol=1e-7, equal_nan=True)
    assert start == len(table)


def no_formula(text: str) -> None:
    """Numbers may begin with a minus; every other cell is text that a spreadsheet leaves alone. A sign alone calculates nothing."""
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            if cell.startswith(FORMULA) and len(cell) > 1:
                float(cell)


def comes_back_and_is_no_formula(made: dict[str, RunResult]) -> None:
    text = metrics_csv(made)
    comes_back(made, text)
    no_formula(text)


@few
@given(results())
def test_what_was_measured_comes_back_and_no_cell_is_a_formula(made):
    comes_back_and_is_no_formula(made)


@pytest.mark.thorough
def test_many_more_tables():
    many(given(results())(comes_back_and_is_no_formula))()


TEXTS = st.sampled_from(FORMULA).flatmap(lambda sign: LABELS.map(lambda rest: sign + rest)) | LABELS


@few
@given(st.lists(st.tuples(TEXTS, TEXTS, st.floats()), min_size=1), st.lists(TEXTS, min_size=3, max_size=3, unique=True))
def test_no_text_of_any_table_is_a_formula_in_a_file_or_from_a_table_of_a_page(rows, names):
    table = pd.DataFrame(rows, columns=names).set_axis([row[0] for row in rows])
    text = csv_text(table)
    no_formula(text)
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == 1 + len(rows)  # no text begins a row of its own
    no_formula(safe_table(table).to_csv())  # what the page's tables offer, index included
    numbers = table.iloc[:, 2].to_numpy(float)
    np.testing.assert_array_equal(safe_table(table).iloc[:, 2].to_numpy(float), numbers)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_the_end_of_a_line_in_a_text_begins_no_row(end):
    text = csv_text(pd.DataFrame({f"a{end}b": [f"x{end}=1+1", f"{end}=1+1"]}))
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a\nb"], ["x\n=1+1"], ["'\n=1+1"]]


def test_the_ladders_rungs_are_no_formulas():
    tables = [ladder_table(order, SCENARIOS[SCENARIO], SHIPPED_LADDER.results) for order in ORDERS]
    text = table_csv(tables)
    assert "'+ Clip-Higher" in text
    no_formula(text)


def calls(*names: str) -> list[tuple[str, ast.Call]]:
    """(file, call) of every call in core and pages of a function of one of these names, or whose last part is one."""
    sources = {path: path.read_text() for room in ("core", "pages") for path in (ROOT / room).rglob("*.py")}
    words = [name.split(".")[-1] for name in names]
    trees = {path: ast.parse(source) for path, source in sources.items() if any(word in source for word in words)}
    nodes = ((path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = ((path, node, ast.unparse(node.func)) for path, node in nodes)
    return [(str(path.relative_to(ROOT)), node) for path, node, name in found if {name, name.split(".")[-1]} & set(names)]


def test_there_is_one_writer_of_csv_files():
    writers = {file for file, _ in calls("to_csv", "DictWriter", "csv.writer")}
    assert writers == {"core/analysis/csv_files.py"}


def test_every_table_on_a_page_is_made_safe_because_streamlit_offers_it_as_a_csv():
    tables = calls("st.dataframe")
    assert tables
    for file, call in tables:
        assert ast.unparse(call.args[0]).startswith("safe_table("), file
