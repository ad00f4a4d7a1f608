"""metrics.csv, read back by somebody else's program, is what was measured: empty cells stay empty, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.export import metrics_csv
from core.analysis.history import History
from core.analysis.metrics import INDEX_COLUMNS, METRIC_NAMES
from core.analysis.result import RunResult
from core.engine.types import StepRecord
from core.settings.algorithm import GRPO
from tests.core.faults.strategies import few, many
from tests.support import CHAIN, small_run

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


def comes_back(made: dict[str, RunResult]) -> None:
    text = metrics_csv(made)
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


def nothing_is_a_formula(made: dict[str, RunResult]) -> None:
    """Numbers may begin with a minus; every other cell is text that a spreadsheet leaves alone."""
    for row in csv.reader(io.StringIO(metrics_csv(made), newline="")):
        for cell in row:
            if cell.startswith(FORMULA):
                float(cell)


@few
@given(results())
def test_what_was_measured_comes_back(made):
    comes_back(made)


@few
@given(results())
def test_no_cell_is_a_formula(made):
    nothing_is_a_formula(made)


@pytest.mark.thorough
@pytest.mark.parametrize("holds", [comes_back, nothing_is_a_formula])
def test_many_more_tables(holds):
    many(given(results())(holds))()
