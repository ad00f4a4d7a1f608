"""Numbers that people write: read within bounds, refused in a sentence, whatever is written."""

import pytest

from core.settings.fields import ConfigError
from core.settings.links import from_query
from core.settings.numbers import MOST_CHARACTERS, read_number
from core.settings.overrides import apply_overrides
from core.settings.scenarios import SCENARIOS
from core.settings.start import START

LONG = "9" * 4301  # Python refuses to read more than 4,300 digits


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("7", int, 7), (" -3 ", int, -3), ("1e-3", float, 0.001), ("0" * (MOST_CHARACTERS - 1) + "5", int, 5)],
)
def test_a_number_is_read(text, kind, value):
    found = read_number("x", text, kind)
    assert found == value and type(found) is kind


@pytest.mark.parametrize(
    ("text", "kind", "bounds", "said"),
    [
        ("many", int, {}, "x must be a whole number, got 'many'; write a whole number"),
        ("", int, {"low": 1}, "x must be a whole number, got ''; write a whole number at least 1"),
        ("2.0", int, {"low": 1, "high": 5}, "x must be a whole number, got '2.0'; write a whole number between 1 and 5"),
        ("6", int, {"low": 1, "high": 5}, "x must be between 1 and 5, got 6; choose a value within these bounds"),
        ("0", float, {"low": 0, "open_low": True}, "x must be above 0, got 0; choose a value within these bounds"),
        ("nan", float, {"low": 0.0, "high": 1.0}, "x must be between 0.0 and 1.0, got nan; choose a value within these bounds"),
        (LONG, int, {"high": 5}, f"x must have at most 100 characters, got '{'9' * 56}…; write a whole number at most 5"),
        (LONG, float, {}, f"x must have at most 100 characters, got '{'9' * 56}…; write a number"),
    ],
)
def test_what_is_no_number_within_the_bounds_is_refused(text, kind, bounds, said):
    with pytest.raises(ConfigError) as caught:
        read_number("x", text, kind, **bounds)
    assert str(caught.value) == said


@pytest.mark.parametrize("name", [*START, "learning_rate", "task.noise", "task.pool_seed", "GRPO.eps_low", "num_prompts"])
def test_a_number_of_4301_digits_in_a_link_or_on_the_command_line_is_told(name):
    opened = from_query({name: LONG})
    assert opened.runs == SCENARIOS["collapse"].runs()
    assert len(opened.problems) == 1 and f"{name} must have at most 100 characters" in opened.problems[0]
    if name not in START:
        with pytest.raises(ConfigError, match="at most 100 characters"):
            apply_overrides(SCENARIOS["collapse"].runs(), [f"{name}={LONG}"])
