"""Labels: no run can be taken for another, whichever way its label enters."""

from dataclasses import replace

import pytest

from core.__main__ import main
from core.runs.manager import RunManager
from core.settings.algorithm import DAPO
from core.settings.fields import ConfigError
from core.settings.labels import check_distinct, check_label, free_label
from core.settings.links import from_query
from core.settings.run import Fork
from core.settings.scenarios import SCENARIOS
from core.settings.sides import parse_sides
from tests.support import CHAIN, small_run

COLLAPSE = SCENARIOS["collapse"]
ALIKE = ("GRPO", "grpo", "Grpo", "GRPO ")


def test_labels_have_a_length():
    check_label("a" * 24)
    with pytest.raises(ConfigError, match="1 to 24"):
        check_label("a" * 25)


def test_a_free_label_is_found():
    assert free_label("GRPO", ["DAPO"]) == "GRPO"
    assert free_label("GRPO", ["grpo", "GRPO 2"]) == "GRPO 3"


@pytest.mark.parametrize("label", ALIKE)
def test_what_could_be_taken_for_another_label_is_refused_with_both_names(label):
    said = f"labels must differ in more than capitals and spaces, got {label!r} beside 'GRPO'; choose another label"
    with pytest.raises(ConfigError) as caught:
        check_label(label, taken=["DAPO", "GRPO"])
    assert str(caught.value) == said
    with pytest.raises(ConfigError) as caught:
        check_distinct(["GRPO", "DAPO", label])
    assert str(caught.value) == said


@pytest.mark.parametrize("label", ALIKE)
def test_a_fork_on_the_command_line_never_takes_the_place_of_its_original(label, tmp_path, capsys):
    out = tmp_path / "out"
    code = main(["fork", "--scenario", "collapse", "--run", "GRPO", "--after", "8", "--label", label, "--out", str(out)])
    assert code != 0 and not out.exists()
    assert f"got {label!r} beside 'GRPO'" in capsys.readouterr().err


@pytest.mark.parametrize("label", ALIKE)
def test_sides_of_the_command_line_and_of_a_link_are_told_apart(label):
    with pytest.raises(ConfigError, match="beside 'GRPO'"):
        parse_sides(COLLAPSE, f"GRPO,{label}:DAPO")
    opened = from_query({"sides": f"GRPO,{label}:DAPO"})
    assert opened.runs == COLLAPSE.runs() and "beside 'GRPO'" in opened.problems[0]


def test_the_run_manager_takes_no_two_labels_that_could_be_mistaken():
    config = small_run(CHAIN, DAPO)
    with RunManager(train=lambda *a, **k: iter(())) as manager:
        with pytest.raises(ConfigError, match="got 'grpo' beside 'GRPO'"):
            manager.start({"GRPO": config, "grpo": config}, owner="ann", scenario="tiny")
        made = manager.start({"GRPO": config}, owner="ann", scenario="tiny", paused=True)
        fork = replace(config, updates=config.updates + 1, fork=Fork(run=config, update=config.updates))
        for label in ALIKE:
            with pytest.raises(ConfigError, match="beside 'GRPO'"):
                manager.add(made, label, fork)
        with pytest.raises(ConfigError, match="1 to 24"):
            manager.add(made, "<b>", fork)
        assert list(manager.view(made).runs) == ["GRPO"]
