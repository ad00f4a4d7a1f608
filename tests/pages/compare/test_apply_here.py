"""*Apply from here* on Compare, without a browser."""

from __future__ import annotations

import json

from core.engine.forks import stages
from pages.shared.common import process
from pages.shared.common.live import change_events
from tests.pages.conftest import SMALL, Gate, comparison, finish, press, wait_for, words

RUN = SMALL | {"updates": "48"}


def test_a_changed_setting_is_applied_to_the_runs_that_go_on_and_marked_where_it_changed(open_app):
    gate = Gate(5)
    app = press(open_app(RUN, gate=gate, opened=("optimisation",)), "run")
    wait_for(lambda: all(run.updates >= 5 for run in process.manager().view(comparison(app)).runs.values()))
    assert not [b for b in app.button if b.key == "apply_here"]  # nothing is changed
    app.number_input(key="run:learning_rate").set_value(0.01).run()
    assert "GRPO: learning_rate 0.014 → 0.01; DAPO: learning_rate 0.014 → 0.01" in words(app)
    app = press(app, "apply_here")
    assert not [b for b in app.button if b.key == "apply_here"] and not app.exception
    gate.go.set()
    app = finish(app)
    results = process.manager().results(comparison(app))
    for result in results.values():
        before, after = stages(result.config, result.history.first_update)
        assert (before.learning_rate, after.learning_rate, after.fork.update) == (0.014, 0.01, 8)
        assert len(result.history) == 49
    marks = [{"side": label, "update": 8, "text": f"{label}: learning_rate 0.01"} for label in ("GRPO", "DAPO")]
    assert change_events(results) == marks
    sent = json.loads(next(c.proto.bytes for c in app.get("bidi_component") if c.proto.bytes))
    assert all(mark in sent["events"] for mark in marks)
    assert "went on after update 8 with `learning_rate` = 0.01" in words(app)
    theirs = open_app({"comparison": comparison(app)}, fresh=False, opened=("optimisation",))
    assert theirs.number_input(key="run:learning_rate").value == 0.01  # the settings that it has now


def test_what_cannot_be_applied_is_explained(open_app):
    gate = Gate(5)
    app = press(open_app(RUN, gate=gate, opened=("counts",)), "run")
    wait_for(lambda: all(run.updates >= 5 for run in process.manager().view(comparison(app)).runs.values()))
    app.number_input(key="run:replicas").set_value(4).run()
    app = press(app, "apply_here")
    assert "Not applied to" in words(app) and "replicas of a fork must be that of the run it comes from" in words(app).lower()
    assert not app.exception
    gate.go.set()
    finish(app)
