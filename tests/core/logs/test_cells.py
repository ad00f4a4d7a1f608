"""One logged value as a number, in every way that trainers write it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.logs.cells import number, whole, with_point


@pytest.mark.parametrize(("written", "value"), [
    (0.25, 0.25), (3, 3.0), ("0.2221", 0.2221), ("1e-06", 1e-6), ("'0.1185'", 0.1185), ("np.float64(-0.5)", -0.5), ("np.int32(3)", 3.0),
    ("tensor(0.5)", 0.5), ("tensor(0.5, device='cuda:0')", 0.5), ("0.18%", 0.0018), ("12 %", 0.12), ("1,234.5", 1234.5), ("inf", math.inf),
    ("-Infinity", -math.inf), (10**400, math.inf), (np.float32(0.5), 0.5), (" 7 ", 7.0),
])  # fmt: skip
def test_a_number_is_read_however_it_is_written(written, value):
    assert number(written) == value


@pytest.mark.parametrize("written", ["nan", "NaN", float("nan"), "np.float64(nan)"])
def test_nan_is_a_value(written):
    assert math.isnan(number(written))


@pytest.mark.parametrize("written", [
    None, True, False, "", "null", "None", "No Log", "-", "5m 18s", "1_000", "2/4389", "0x10", [1], {"a": 1}, "GROUNDED_ONLY", "1,23", "0,123",
    "9" * 500, "__import__('os')", "np.float64(__import__('os'))",
])  # fmt: skip
def test_what_is_no_number_is_missing(written):
    assert number(written) is None


@pytest.mark.parametrize(
    ("written", "step"),
    [(10, 10), ("10", 10), (10.0, 10), ("2/4389", 2), ("0", 0), (-1, None), (1.5, None), ("x", None), (1e300, None), (float("nan"), None)]
)  # fmt: skip
def test_a_step_is_a_whole_number_from_0(written, step):
    assert whole(written) == step


@given(st.text() | st.floats() | st.integers() | st.none() | st.booleans() | st.binary())
def test_anything_is_a_number_or_missing(value):
    found = number(value)
    assert found is None or isinstance(found, float)
    assert whole(value) is None or whole(value) >= 0


@pytest.mark.parametrize(("written", "value"), [
    ("0,5", 0.5), ("-12,25", -12.25), ("1,234", 1.234), ("1.234,5", 1234.5), ("3,5e-4", 3.5e-4), ("12,5 %", 0.125), ("7", 7.0), ("0.5", 0.5),
    ("1,234.5", 1234.5),
])  # fmt: skip
def test_a_decimal_comma_becomes_a_point(written, value):
    assert number(with_point(written)) == value


@pytest.mark.parametrize("text", ["a, b", "GRPO,1", "2025-01-01", "1,2,3"])
def test_a_comma_in_anything_else_stays(text):
    assert with_point(text) == text
