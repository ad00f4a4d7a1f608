"""Inspect a step, without a browser."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from core.analysis.history import History
from core.engine.forks import make_fork
from core.engine.trainer import train
from core.inspection.sentences import summary
from core.inspection.step import inspect_step
from core.inspection.treatment import treat
from pages.shared.common import process
from pages.shared.inspect_step.replays import Replays
from tests.pages.conftest import LONGER, START, Gate, comparison, press, wait_for, words

PAGE = "pages/inspect_step.py"


@pytest.fixture
def look(open_app):
    """Opens the address of a step."""
    return partial(open_app, page=PAGE)


def where(app) -> dict[str, str]:
    return {k: v if isinstance(v, str) else v[0] for k, v in app.query_params.items()}


def config_of(found: str, label: str):
    return process.manager().results(found)[label].config


def told(app) -> str:
    return words(app).replace("\\", "")


def test_without_a_run_of_ones_own_the_shipped_example_is_opened(look):
    app = look({"update": "9"})
    assert not app.exception and "finished example" in told(app)
    assert where(app) == {"comparison": "shipped", "run": "GRPO", "seed": "0", "update": "9"}
    assert "Update 9 of GRPO, seed 0" in told(app) and "Nothing is recorded while a run trains" in told(app)
    assert len(app.get("plotly_chart")) == 3


def test_an_address_opens_exactly_that_step_of_a_stored_run_and_the_page_finds_it_again(look, made):
    app = look({"comparison": made, "run": "DAPO", "seed": "1", "update": "20", "group": "3"})
    step = inspect_step(config_of(made, "DAPO"), 1, 20)
    assert not app.exception and summary(step, treat(step), "DAPO") in told(app)
    assert "Group 3" in [s.value for s in app.subheader]
    assert list(app.dataframe[0].value["text"]) == list(step.groups[2].texts)
    assert where(app)["group"] == "3" and "are the same" in told(app)
    assert all(not m.proto.allow_html for m in app.markdown)  # texts of a run are shown as they stand
    app.switch_page("app.py").run()
    app.query_params.clear()
    app.switch_page(PAGE).run()
    assert where(app)["update"] == "20" and where(app)["run"] == "DAPO"


def test_widgets_move_the_tab_and_the_address(look, made):
    app = look({"comparison": made, "run": "GRPO", "update": "7"})
    app = app.slider(key="inspect:slider").set_value(48).run()
    assert where(app)["update"] == "48" and app.button(key="inspect:Next update").disabled
    app = app.number_input(key="inspect:update").set_value(20).run()
    app = press(app, "inspect:Next update")
    assert where(app)["update"] == "21" and app.slider(key="inspect:slider").value == 21
    app = press(app, "inspect:Previous rollout")
    assert where(app)["update"] == "9" and app.number_input(key="inspect:update").value == 9
    app = app.selectbox(key="inspect:run").set_value("DAPO").run()
    app = app.number_input(key="inspect:seed").set_value(1).run()
    assert where(app) == {"comparison": made, "run": "DAPO", "seed": "1", "update": "9"}
    assert "Update 9 of DAPO, seed 1" in told(app)
    app = press(app, "inspect:jump:largest gradient")
    norms = process.manager().history(made, "DAPO").metric("grad_norm")[:, 1]
    assert where(app)["update"] == str(np.nanargmax(norms)) and not app.exception


def test_another_group_and_another_algorithm(look, made):
    app = look({"comparison": made, "run": "GRPO", "update": "20"})
    app = app.selectbox(key="inspect:group").set_value(5).run()
    assert where(app)["group"] == "5" and "Group 5, round 1" in told(app)
    step = inspect_step(config_of(made, "GRPO"), 0, 20)
    slot = step.groups[4].slot
    table = app.dataframe[1].value
    other = treat(step, config_of(made, "DAPO").algorithm)
    kept = bool(other.kept[slot])
    expected = other.advantages[slot] if kept else np.full(16, np.nan)
    assert table["advantage, DAPO"].to_numpy() == pytest.approx(expected, abs=1e-5, nan_ok=True)
    expected = ["DAPO", "DAPO as published"]  # the scenario allows more rounds of refill
    assert app.selectbox(key="inspect:against").options == expected


def test_what_is_wrong_in_an_address_is_told_and_ignored(look, made):
    app = look({"comparison": made, "run": "<b>X", "seed": "9", "update": "0", "group": "999"})
    assert not app.exception
    text = told(app)
    for wrong in (
        "run = '<b>X'",
        "seed must be between 0 and 1, got 9",
        "update must be between 1 and 48, got 0",
        "group = 999",
    ):
        assert wrong in text, wrong
    assert where(app)["run"] == "GRPO" and where(app)["seed"] == "0" and "group" not in where(app)
    app = press(app, "inspect:Previous update")
    assert "was ignored" not in told(app)


def test_numbers_without_end_in_an_address_are_told_and_ignored(look, made):
    app = look({"comparison": made, "seed": "9" * 4301, "update": "9" * 4301, "group": "9" * 4301})
    assert not app.exception
    assert all(f"{name} must have at most 100 characters" in told(app) for name in ("seed", "update", "group"))
    assert where(app)["seed"] == "0" and "group" not in where(app)


def test_an_unknown_comparison_is_told_and_the_example_opened(look):
    app = look({"comparison": "nowhere", "update": "2"})
    assert "is not known here" in told(app) and where(app)["comparison"] == "shipped" and not app.exception


def test_a_run_that_goes_on_is_inspected_up_to_where_it_is(open_app, look):
    gate = Gate(17)
    # A third slot is for the replay: a run that waits at the gate lends its own to nobody.
    app = open_app(LONGER | START, gate=gate, max_active=3)
    found = comparison(app)
    wait_for(lambda: all(run.updates >= 17 for run in process.manager().view(found).runs.values()))
    app = look({"comparison": found, "run": "DAPO", "update": "40"}, fresh=False)
    assert "between 1 and 17" in told(app) and "is training and has" in told(app) and "are the same" in told(app)
    assert app.slider(key="inspect:slider").max == 17
    gate.go.set()
    assert process.manager().wait(found, 60)
    app = press(app, "inspect:again")
    assert app.slider(key="inspect:slider").max == 48 and not app.exception


def test_a_run_without_any_update_says_so(open_app, look):
    gate = threading.Event()

    def nothing(config, **options):
        gate.wait(30)
        return
        yield

    app = open_app(LONGER | START, train=nothing)
    app = look({"comparison": comparison(app)}, fresh=False)
    gate.set()
    assert "Nothing was measured in these runs yet" in told(app) and not app.exception


def test_a_failed_run_is_inspected_up_to_its_failure(open_app, look):
    def failing(config, **options):
        for record in train(config, **options):
            if record.update == 12:
                raise RuntimeError("it <b>broke</b> here")
            yield record

    app = open_app(LONGER | START, train=failing)
    assert process.manager().wait(comparison(app), 60)
    app = look({"comparison": comparison(app), "run": "GRPO", "update": "11"}, fresh=False)
    assert "ended after update 11: it <b>broke</b> here" in told(app) and "Update 11 of GRPO" in told(app)
    assert app.slider(key="inspect:slider").max == 11 and not app.exception


def test_a_fork_is_inspected_from_where_it_began(open_app, look):
    made = comparison(open_app(LONGER | START))
    assert process.manager().wait(made, 60)
    process.manager().add(made, "Rescued", make_fork(config_of(made, "GRPO"), 16))
    assert process.manager().wait(made, 60)
    app = look({"comparison": made, "run": "Rescued", "update": "18"}, fresh=False)
    assert "Update 18 of Rescued" in told(app) and "are the same" in told(app)
    assert app.slider(key="inspect:slider").min == 17 and not app.exception


def test_a_replay_that_cannot_be_made_is_told_in_a_sentence(look, made, monkeypatch):
    def broken(*args, **options):
        raise RuntimeError("no memory left")

    monkeypatch.setattr(Replays.__init__, "__defaults__", (broken,))
    app = look({"comparison": made, "update": "7"})
    assert "could not be trained again: no memory left" in told(app) and not app.exception


def test_a_run_of_another_version_is_shown_with_a_warning(open_app, look):
    made = comparison(open_app(LONGER | START))
    assert process.manager().wait(made, 60)
    assert "are the same" in told(look({"comparison": made, "run": "GRPO", "update": "10"}, fresh=False))
    run = process.manager()._comparisons[made].runs["GRPO"]
    stored, run.history = run.history, History(run.config.seeds)
    for record in stored.after(-1):
        changed = {name: values + 0.01 * (name == "ratio_max") for name, values in record.metrics.items()}
        run.history.append(replace(record, metrics=changed))
    app = look({"comparison": made, "run": "GRPO", "update": "12"}, fresh=False)
    assert "not exactly the stored run: ratio_max" in told(app) and not app.exception
