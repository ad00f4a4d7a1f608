"""Axes and grids from text: values by hand, and everything hostile refused in one line."""

import pytest

from core.settings.fields import ConfigError
from core.settings.scenarios import SCENARIOS
from core.sweep.axis import parse_axis
from core.sweep.grid import MOST_CELLS, make_grid
from tests.core.sweep.made import SCENARIO, grid_of

RUNS = SCENARIO.runs()


def test_a_log_grid_has_equal_ratios_and_ends_where_it_was_asked_to():
    axis = parse_axis("learning_rate=1e-4:1e-1:log4", RUNS, "--x")
    assert axis.texts == ("0.0001", "0.001", "0.01", "0.1") and axis.log
    assert axis.place(1e-3) == 1.0 and axis.place(0.0316227766) == pytest.approx(2.5) and axis.place(0.5) is None


def test_linear_whole_and_listed_values():
    assert parse_axis("task.noise=0:0.5:lin6", RUNS, "--x").texts == ("0", "0.1", "0.2", "0.3", "0.4", "0.5")
    assert parse_axis("group_size=4:64:log5", RUNS, "--x").texts == ("4", "8", "16", "32", "64")
    assert parse_axis("algorithm.normalize_std=on,off", RUNS, "--x").texts == ("true", "false")
    choices = parse_axis("algorithm.dynamic_sampling=off,filter,refill", RUNS, "--x")
    assert choices.texts == ("off", "filter", "refill") and choices.place("filter") == 1.0 and not choices.is_number
    assert parse_axis("DAPO.eps_high=0.1,0.2", RUNS, "--x").name == "DAPO.eps_high"


def test_an_axis_reads_its_own_text_back():
    axis = parse_axis("learning_rate = 1e-4 : 3e-2:log12", RUNS, "--x")
    assert axis.spec == "learning_rate=1e-4:3e-2:log12" and parse_axis(axis.spec, RUNS, "--x") == axis


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("learning_rate=3e-2:1e-4:log12", "must rise from low to high, got 3e-2:1e-4; turn the two around"),
        ("learning_rate=nan:1:log4", "must be a finite number, got nan"),
        ("learning_rate=1e-4:inf:log4", "must be a finite number, got inf"),
        ("learning_rate=0:1e-2:log4", "must begin above 0 on a log grid"),
        ("learning_rate=1e-4:1e-2:log1000000", "must have between 2 and 64 values, got 1000000"),
        ("learning_rate=1e-4:1e-2:log1", "must have between 2 and 64 values, got 1"),
        ("learning_rate=1e-4:1e-2", "LOW:HIGH:logN"),
        ("learning_rate=0.1", "at least 2 values"),
        ("learning_rate=0.1,nan", "must be a finite number"),
        ("learning_rate=0.2,0.1", "values that rise"),
        ("learning_rate=0.1,0.1", "values that rise"),
        ("learning_rate=0.1,20", "learning_rate must be above 0.0 and at most 1.0, got 20"),
        ("learning_rate=", "must be SETTING=VALUES"),
        ("learning_rates=0.1,0.2", "unknown field 'learning_rates'; did you mean learning_rate?"),
        ("policy.noise=0.1,0.2", "unknown owner 'policy'"),
        ("task.noise=a,b", "must be a number, got 'a'"),
        ("group_size=2:3:lin5", "must have 5 different values, got 2, 3"),
        ("algorithm.dynamic_sampling=off,never", "must be one of off, filter, refill, got 'never'"),
        ("algorithm.dynamic_sampling=0:1:lin3", "must be listed by name"),
        ("algorithm.defects=single_update,undetached_ratio", "must be one of undetached_ratio"),
        ("replicas=4,8", "use --seeds"),
        ("updates=4,8", "use --updates"),
    ],
)
def test_what_is_hostile_is_refused_in_one_line(spec, told):
    with pytest.raises(ConfigError) as error:
        parse_axis(spec, RUNS, "--x")
    assert told in str(error.value) and str(error.value).startswith("--x") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("specs", "told"),
    [
        (
            ("learning_rate=1e-4:1e-2:log64", "algorithm.eps_high=0.1:0.9:lin64"),
            f"at most {MOST_CELLS:,} cells, got 64 x 64 = 4,096",
        ),
        (("learning_rate=0.1,0.2", "run.learning_rate=0.1,0.2"), "different settings"),
        (("learning_rate=0.1,0.2",), "2 or 3 axes"),
        (
            ("updates_per_rollout=2,3", "task.noise=0,1"),
            "the cell updates_per_rollout=3, task.noise=0 cannot be trained: updates_per_rollout must divide",
        ),
    ],
)
def test_grids_that_cannot_be_trained_are_refused_before_anything_runs(specs, told):
    with pytest.raises(ConfigError) as error:
        make_grid(SCENARIO, RUNS, specs)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_cells_are_the_runs_with_the_axes_changed_and_the_mark_lies_at_their_own_settings():
    grid = grid_of("learning_rate=1e-4,1e-3,1e-2", "algorithm.eps_high=0.1,0.2,0.3")
    assert grid.cells[:4] == ((0, 0), (1, 0), (2, 0), (0, 1)) and grid.shape == (3, 3)
    config = grid.configs[(2, 1), "DAPO"]
    assert (config.learning_rate, config.algorithm.eps_high, config.algorithm.dynamic_sampling) == (1e-2, 0.2, "refill")
    assert grid.mark("GRPO") == (1.0, 1.0)
    assert grid.mark("DAPO")[1] == pytest.approx(1.8)  # 0.28 between 0.2 and 0.3


def test_the_example_of_the_issue_is_a_grid_of_the_scenario_it_names():
    scenario = SCENARIOS["collapse"]
    grid = make_grid(
        scenario, scenario.runs(replicas=16), ["learning_rate=1e-4:3e-2:log12", "algorithm.eps_high=0.1,0.2,0.28,0.4,0.8"]
    )
    assert grid.shape == (12, 5) and len(grid.configs) == 120
    assert list(grid.axes[0].texts[:2]) == ["0.0001", "0.000168"]  # 1e-4 · 300^(1/11)
