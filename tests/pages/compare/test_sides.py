"""Sides, and what the sidebar begins with, without a browser."""

from __future__ import annotations

from functools import partial

import pytest

from core.settings.algorithm import GRPO
from core.settings.scenarios import SCENARIOS
from pages.shared.common import process
from tests.pages.conftest import SETTINGS, SMALL, START, Gate, comparison, finish, press, wait_for, words

DAPO = SCENARIOS["collapse"].algorithms["DAPO"]
ME, ANOTHER = "a" * 32, "b" * 32


@pytest.fixture
def open_app(open_app):
    """With all settings open."""
    return partial(open_app, opened=SETTINGS)


def widget(app, kind: str, ending: str):
    return next(w for w in getattr(app, kind) if (w.key or "").endswith(ending))


def add(app, wish: str):
    return widget(app, "selectbox", ":add").set_value(wish).run()


def labels(app) -> list[str]:
    return [w.value for w in app.text_input if (w.key or "").endswith(":side:label")]


def algorithms(app) -> dict:
    return {label: r.config.algorithm for label, r in process.manager().results(comparison(app)).items()}


def test_a_side_is_added_changed_and_trained(open_app):
    app = add(open_app(SMALL), "a copy of DAPO")
    assert labels(app) == ["GRPO", "DAPO", "Mine"]
    assert app.button(key="run").label == "Run: 3 sides, 2 seeds"
    widget(app, "number_input", "Mine:eps_high").set_value(0.5).run()
    app = finish(press(app, "run"))
    trained = algorithms(app)
    assert not app.exception and list(trained) == ["GRPO", "DAPO", "Mine"]
    assert (trained["GRPO"], trained["DAPO"], trained["Mine"].eps_high) == (GRPO, DAPO, 0.5)
    assert "Mine" in " ".join(b.label for b in app.get("download_button"))


def test_what_was_changed_before_stays_when_a_side_is_added(open_app):
    app = open_app(SMALL)
    widget(app, "number_input", "task:noise").set_value(0.3).run()
    app = add(app, "GRPO")
    assert labels(app) == ["GRPO", "DAPO", "GRPO 2"]
    assert widget(app, "number_input", "task:noise").value == 0.3


def test_at_most_four_sides(open_app):
    app = add(add(open_app(SMALL), "GRPO"), "DAPO")
    assert labels(app) == ["GRPO", "DAPO", "GRPO 2", "DAPO 2"]
    assert widget(app, "selectbox", ":add").disabled


def test_a_side_is_removed_but_not_the_last_one(open_app):
    app = open_app(SMALL)
    app = widget(app, "button", "GRPO:side:remove").click().run()
    assert labels(app) == ["DAPO"]
    assert widget(app, "button", "DAPO:side:remove").disabled
    assert list(algorithms(finish(press(app, "run")))) == ["DAPO"]


def test_a_side_can_become_another_algorithm(open_app):
    app = open_app(SMALL)
    app = widget(app, "selectbox", "GRPO:side:base").set_value("DAPO").run()
    assert labels(app) == ["DAPO 2", "DAPO"]
    assert list(algorithms(finish(press(app, "run"))).values()) == [DAPO, DAPO]


def test_a_side_is_renamed_and_a_bad_name_is_explained(open_app):
    app = open_app(SMALL)
    app = widget(app, "text_input", "GRPO:side:label").set_value("Plain").run()
    assert labels(app) == ["Plain", "DAPO"]
    app = widget(app, "text_input", "Plain:side:label").set_value("<b>x</b>").run()
    assert labels(app) == ["Plain", "DAPO"] and "letters, digits, spaces" in words(app)
    app = widget(app, "text_input", "Plain:side:label").set_value("dapo").run()
    assert labels(app) == ["Plain", "DAPO"] and "Labels must differ in more than capitals" in words(app)
    assert not app.exception


def test_the_differences_are_named(open_app):
    from core.settings.links import from_query
    from pages.shared.compare.sides import rows_of

    rows = rows_of(from_query(SMALL | {"sides": "GRPO,DAPO,Mine:DAPO", "Mine.dual_clip": "3"}).runs)
    assert [r["setting"] for r in rows] == [
        "eps_high",
        "dual_clip",
        "loss_aggregation",
        "dynamic_sampling",
        "max_rounds",
        "overlong",
    ]
    assert rows[0] == {"setting": "eps_high", "GRPO": "0.2", "DAPO": "0.28", "Mine": "0.28"}
    assert rows[1] == {"setting": "dual_clip", "GRPO": "none", "DAPO": "none", "Mine": "3.0"}
    assert rows_of(from_query(SMALL | {"sides": "GRPO,Mine:GRPO"}).runs) == []


def test_a_link_to_a_comparison_brings_its_settings(open_app):
    mine = open_app(SMALL | {"sides": "GRPO,Mine:DAPO", "task.noise": "0.2"} | START, opened=())
    assert process.manager().wait(comparison(mine), 60)
    theirs = open_app({"comparison": comparison(mine)}, fresh=False)
    assert labels(theirs) == ["GRPO", "Mine"]
    assert widget(theirs, "number_input", "task:noise").value == 0.2
    assert widget(theirs, "number_input", ":replicas").value == 2
    # and what is changed after that is not taken back
    widget(theirs, "number_input", "task:noise").set_value(0.1).run()
    assert widget(theirs.run(), "number_input", "task:noise").value == 0.1


def test_a_run_that_goes_on_is_offered_to_its_owner_in_a_new_tab_only(open_app):
    gate = Gate(2)
    open_app = partial(open_app, opened=())
    first = open_app(SMALL | START, gate=gate, cookie=ME)
    wait_for(lambda: any(r.updates for r in process.manager().view(comparison(first)).runs.values()))
    assert "A run of yours is not over yet" in words(open_app(fresh=False, cookie=ME))
    assert "A run of yours" not in words(open_app(fresh=False, cookie=ANOTHER))
    gate.go.set()
    assert process.manager().wait(comparison(first), 60)
    assert "A run of yours" not in words(open_app(fresh=False, cookie=ME))


@pytest.mark.parametrize("cookie", ["<script>alert(1)</script>", "a" * 31, "'; DROP TABLE runs"])
def test_a_cookie_that_is_no_name_of_ours_is_not_taken(open_app, cookie):
    app = open_app(SMALL, cookie=cookie, opened=())
    assert app.session_state.visitor != cookie and len(app.session_state.visitor) == 32


def test_a_link_that_is_followed_later_brings_its_settings_too(open_app, made):
    app = open_app({"comparison": made})
    app.query_params.clear()
    app.query_params["scenario"] = "lab"
    app.query_params["task.noise"] = "0.05"
    app = app.run()
    assert app.selectbox(key="scenario").value == "lab" and not app.exception
    assert widget(app, "number_input", "task:noise").value == 0.05
    assert app.button(key="run").label.startswith("Run: ")  # not “Run again”: the run looked at before is not these settings'
    widget(app, "number_input", "task:noise").set_value(0.1).run()
    assert widget(app.run(), "number_input", "task:noise").value == 0.1
