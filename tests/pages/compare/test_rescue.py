"""Rescue on Compare, without a browser."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pages.shared.common import process
from tests.pages.conftest import LONGER, START, Gate, comparison, finish, press, wait_for, words


@pytest.fixture
def open_app(open_app):
    """With the form and the sides open."""
    return partial(open_app, opened=("rescue", "side 0", "side 1"))


def view(app):
    return process.manager().view(comparison(app))


def history(app, label):
    return process.manager().history(comparison(app), label)


def choose(app, what: str, value):
    app.session_state[f"rescue:{comparison(app)}:{what}"] = value
    return app.run()


def test_without_a_run_it_says_what_to_do(open_app):
    app = open_app(LONGER)
    assert "Press **Run** first" in words(app) and not app.exception
    assert not [b for b in app.button if b.key == "rescue:go"]


def test_a_finished_run_is_gone_on_with_and_the_findings_answer(open_app):
    app = choose(finish(open_app(LONGER | START)), "techniques", ["Dynamic sampling"])
    assert "`algorithm.dynamic_sampling` = refill" in words(app)
    app = finish(press(app, "rescue:go"))
    assert not app.exception
    assert {label: run.status for label, run in view(app).runs.items()} == {
        "GRPO": "done",
        "DAPO": "done",
        "GRPO + Dynamic": "done",
    }
    assert "left GRPO after update" in words(app)
    assert len([w for w in app.text_input if (w.key or "").endswith(":side:label")]) == 2  # a fork is not a side of the settings


def test_an_unchanged_fork_of_a_paused_run_draws_the_same_line(open_app):
    gate = Gate(17)
    app = open_app(LONGER | START, gate=gate)
    wait_for(lambda: all(r.updates >= 17 for r in view(app).runs.values()))
    app = press(app, "pause")
    gate.go.set()
    wait_for(lambda: {r.status for r in view(app).runs.values()} == {"paused"})
    app = press(app.run(), "rescue:go")  # the first run, from where it stands
    app = finish(app)
    assert not app.exception
    ours, theirs = history(app, "GRPO again"), history(app, "GRPO")
    begun = ours.updates[0] - 1
    assert begun % 8 == 0 and 16 <= begun <= 24 and theirs.last_update == 48  # the original went on
    for name in ("entropy_nats", "grad_norm", "eval_accuracy", "reward_mean"):
        assert np.array_equal(ours.metric(name), theirs.metric(name)[begun + 1 :], equal_nan=True)
    assert "with nothing changed" in words(app)


def test_after_a_restart_a_stored_run_can_be_rescued(open_app, made):
    app = choose(open_app({"comparison": made}), "techniques", ["Clip-Higher"])
    app = finish(press(app, "rescue:go"))
    assert [run.status for run in view(app).runs.values()] == ["done"] * 3 and not app.exception
    process.manager().shutdown()  # writes what is not written yet, which the next program would not see
    app = open_app({"comparison": made})
    assert "GRPO + Clip-Higher" in words(app)


def test_a_bad_label_and_that_of_a_run_that_is_there_are_explained_and_nothing_starts(open_app, made):
    app = open_app({"comparison": made})
    key = next(w for w in app.text_input if w.value == "GRPO again").key
    app = app.text_input(key=key).set_value("<img src=x>").run()
    assert "letters, digits, spaces" in words(app) and app.button(key="rescue:go").disabled
    for label in ("grpo", "DAPO ", "Dapo"):
        app = app.text_input(key=key).set_value(label).run()
        assert "Labels must differ in more than capitals and spaces" in words(app)
        assert app.button(key="rescue:go").disabled and not app.exception


def test_any_setting_can_be_changed(open_app, made):
    app = choose(open_app({"comparison": made}), "any", True)
    rate = next(w for w in app.number_input if (w.key or "").startswith("rescue") and w.key.endswith("learning_rate"))
    app = rate.set_value(0.01).run()
    assert "`learning_rate` = 0.01" in words(app)
    app = finish(press(app, "rescue:go"))
    assert process.manager().results(comparison(app))["GRPO again"].config.learning_rate == 0.01
    assert process.manager().results(comparison(app))["GRPO"].config.learning_rate != 0.01
