"""Fields that describe and defend themselves: bounds, types, messages, and values typed as text."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from core.settings.describe import settings_of
from core.settings.fields import ConfigError
from core.settings.schema import PerReplica, check_value, settings
from core.settings.text import parse_value


@settings
class Sample:
    count: int = Field(3, ge=1, le=5, description="a count")
    share: float = Field(0.5, ge=0.0, le=1.0, description="a share")
    rate: PerReplica[Annotated[float, Field(gt=0.0, le=1.0)]] = Field(0.1, description="a rate")
    limit: int | None = Field(None, ge=2, description="a limit")
    cap: float = Field(-4.0, le=8.0, description="a cap")
    free: float = Field(0.0, description="any number", json_schema_extra={"unit": "nats"})
    switch: bool = Field(True, description="a switch")
    mode: Literal["red", "blue"] = Field("red", description="a mode")
    marks: tuple[Literal["x", "y"], ...] = Field((), description="marks")
    plain: str = "not a setting"


KNOWN = settings_of(Sample)


def message(**values) -> str:
    with pytest.raises(ConfigError) as caught:
        Sample(**values)
    return str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"count": 1},
        {"count": 5},
        {"share": 0.0},
        {"share": 1},
        {"rate": 1.0},
        {"rate": 1e-12},
        {"rate": (0.1, 1.0, 1)},
        {"limit": 2},
        {"limit": None},
        {"cap": 8.0},
        {"free": -1e30},
        {"switch": False},
        {"mode": "blue"},
        {"marks": ("y", "x")},
    ],
)
def test_values_within_bounds_and_at_them_are_taken(values):
    sample = Sample(**values)
    assert all(getattr(sample, name) == value for name, value in values.items())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"count": 0}, "count must be between 1 and 5, got 0; choose a value within these bounds"),
        ({"count": 6}, "count must be between 1 and 5, got 6; choose a value within these bounds"),
        ({"share": -0.01}, "share must be between 0.0 and 1.0, got -0.01; choose a value within these bounds"),
        ({"share": float("nan")}, "share must be between 0.0 and 1.0, got nan; choose a value within these bounds"),
        ({"rate": 0.0}, "rate must be above 0.0 and at most 1.0, got 0.0; choose a value within these bounds"),
        ({"rate": (0.1, 2.0)}, "rate must be above 0.0 and at most 1.0, got 2.0; choose a value within these bounds"),
        ({"limit": 1}, "limit must be at least 2, got 1; choose a value within these bounds"),
        ({"cap": 8.1}, "cap must be at most 8.0, got 8.1; choose a value within these bounds"),
        ({"free": float("inf")}, "free must be finite, got inf; choose a value within these bounds"),
        ({"count": 2.5}, "count must be a whole number, got 2.5; write a whole number between 1 and 5"),
        ({"count": True}, "count must be a whole number, got True; write a whole number between 1 and 5"),
        ({"count": None}, "count must be a whole number, got None; write a whole number between 1 and 5"),
        ({"share": "0.5"}, "share must be a number, got '0.5'; write a number between 0.0 and 1.0"),
        ({"rate": (0.1, False)}, "rate must be a number, got False; write a number above 0.0 and at most 1.0"),
        ({"rate": ()}, "rate must hold one value per replica, got an empty tuple; give a number"),
        ({"switch": 1}, "switch must be true or false, got 1; write true or false"),
        ({"mode": "green"}, "mode must be one of red, blue, got 'green'; choose one of these"),
        ({"marks": ("x", "z")}, "marks must be one of x, y, got 'z'; choose one of these"),
    ],
)
def test_a_refusal_names_field_value_bound_and_remedy(values, expected):
    assert message(**values) == expected


def test_all_that_is_wrong_is_told_a_few_sentences_long():
    wrong = {"count": 0, "share": 2.0, "limit": 1, "cap": 9.0, "mode": "green"}
    assert message(**wrong) == (
        "count must be between 1 and 5, got 0; choose a value within these bounds. "
        "Also, share must be between 0.0 and 1.0, got 2.0; choose a value within these bounds. "
        "Also, limit must be at least 2, got 1; choose a value within these bounds. There are 2 more of these"
    )


def test_an_unknown_name_is_refused_with_the_nearest():
    assert message(cuont=3) == "cuont is not a setting; did you mean count?"


def test_a_number_too_long_to_be_written_is_refused_in_words():
    said = "must be between 1 and 5, got a number of thousands of digits; choose a value within these bounds"
    assert message(count=10**5000) == f"count {said}"
    assert message(cap=10**5000).startswith("cap must be at most 8.0, got a number of thousands")


@pytest.mark.parametrize(("name", "value"), [("count", 0), ("share", "0.5"), ("rate", (0.1, 2.0)), ("mode", "green")])
def test_one_value_is_checked_alone_and_named_as_it_was_called(name, value):
    with pytest.raises(ConfigError) as caught:
        check_value(Sample, name, value, called=f"task.{name}")
    assert str(caught.value) == f"task.{message(**{name: value})}"
    check_value(Sample, "count", 5, called="count")


def test_a_tuple_is_refused_where_one_number_is_meant():
    assert message(share=(0.1, 0.2)) == "share must be a number, got (0.1, 0.2); write a number between 0.0 and 1.0"


def test_a_tuple_of_choices_is_refused_where_one_choice_is_meant():
    assert "mode" in message(mode=("red",))


def test_one_choice_is_refused_where_a_tuple_is_meant():
    assert "marks" in message(marks="x")


def test_config_error_is_a_value_error():
    assert issubclass(ConfigError, ValueError)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("count", "between 1 and 5"),
        ("rate", "above 0.0 and at most 1.0"),
        ("limit", "at least 2"),
        ("cap", "at most 8.0"),
        ("free", ""),
    ],
)
def test_bounds_text(name, text):
    assert KNOWN[name].bounds == text


def test_what_is_known_of_a_setting():
    assert list(KNOWN) == ["count", "share", "rate", "limit", "cap", "free", "switch", "mode", "marks"]
    assert [KNOWN[name].kind for name in KNOWN] == [int, float, float, int, float, float, bool, str, str]
    assert [name for name in KNOWN if KNOWN[name].optional] == ["limit"]
    assert [name for name in KNOWN if KNOWN[name].per_replica] == ["rate"]
    assert [name for name in KNOWN if KNOWN[name].many] == ["marks"]
    assert (KNOWN["mode"].choices, KNOWN["marks"].choices, KNOWN["cap"].choices) == (("red", "blue"), ("x", "y"), None)
    assert (KNOWN["free"].unit, KNOWN["free"].help, KNOWN["cap"].unit) == ("nats", "any number", "")


def parse(name: str, text: str):
    return parse_value(name, text, KNOWN[name])


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("count", "4", 4),
        ("share", "1e-3", 0.001),
        ("share", " 0.25 ", 0.25),
        ("rate", "0.2", 0.2),
        ("rate", "0.2, 0.3,4e-1", (0.2, 0.3, 0.4)),
        ("limit", "7", 7),
        ("limit", "none", None),
        ("limit", " Null ", None),
        ("switch", "True", True),
        ("switch", "on", True),
        ("switch", "1", True),
        ("switch", "no", False),
        ("switch", "0", False),
        ("mode", "blue", "blue"),
        ("mode", "none", "none"),
        ("marks", "x, y", ("x", "y")),
        ("marks", "", ()),
    ],
)
def test_parse_value_of_each_type(name, text, value):
    found = parse(name, text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("count", "2.0", "count must be a whole number, got '2.0'; write a whole number between 1 and 5"),
        ("count", "none", "count must be a whole number, got 'none'; write a whole number between 1 and 5"),
        ("share", "much", "share must be a number, got 'much'; write a number between 0.0 and 1.0"),
        ("share", "0.1,0.2", "share must be a number, got '0.1,0.2'; write a number between 0.0 and 1.0"),
        ("rate", "0.1,,", "rate must be a number, got ''; write a number above 0.0 and at most 1.0"),
        ("switch", "maybe", "switch must be true or false, got 'maybe'; write true or false"),
    ],
)
def test_parse_value_refuses_what_is_not_of_the_type(name, text, expected):
    with pytest.raises(ConfigError) as caught:
        parse(name, text)
    assert str(caught.value) == expected
