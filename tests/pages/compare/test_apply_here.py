"""*Apply from here* on Compare, without a browser."""

from __future__ import annotations

import json

from core.analysis.result import Status
from core.engine.forks import stages
from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.scenarios import SCENARIOS
from pages.shared.common import process
from pages.shared.common.live import change_events
from tests.pages.conftest import LONGER, START, Gate, comparison, finish, press, wait_for, words


def held(open_app, *opened: str, after: int = 5):
    """A tab with runs that are held after so many updates of 48, and what lets them go on."""
    gate = Gate(after)
    app = open_app(LONGER | START, gate=gate, opened=opened)
    wait_for(lambda: all(run.updates >= after for run in process.manager().view(comparison(app)).runs.values()))
    return app, gate


def offered(app) -> bool:
    return any(button.key == "apply_here" for button in app.button)


def test_a_changed_setting_is_applied_to_the_runs_that_go_on_and_marked_where_it_changed(open_app):
    app, gate = held(open_app, "optimisation")
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


def test_the_last_of_several_changes_counts_also_while_paused_and_what_is_taken_back_leaves_no_mark(open_app):
    app, gate = held(open_app, "optimisation", "side 0")
    app = press(app, "pause")
    app.number_input(key="run:learning_rate").set_value(0.01).run()
    app = press(app, "apply_here")
    assert "Asked for: GRPO: learning_rate 0.014 → 0.01; DAPO: learning_rate 0.014 → 0.01." in words(app) and not offered(app)
    app.number_input(key="run:learning_rate").set_value(0.02).run()
    app.number_input(key="GRPO:entropy_coef").set_value(0.1).run()
    app = press(app, "apply_here")
    assert "GRPO: entropy_coef 0.0 → 0.1, learning_rate 0.014 → 0.02; DAPO: learning_rate 0.014 → 0.02." in words(app)
    app.number_input(key="run:learning_rate").set_value(0.014).run()
    app = press(app, "apply_here")
    assert "Asked for: GRPO: entropy_coef 0.0 → 0.1." in words(app)
    gate.go.set()
    wait_for(lambda: {run.status for run in process.manager().view(comparison(app)).runs.values()} == {Status.PAUSED})
    app = finish(press(app.run(), "resume"))
    assert change_events(process.manager().results(comparison(app))) == [
        {"side": "GRPO", "update": 8, "text": "GRPO: entropy_coef 0.1"}
    ]
    app.number_input(key="run:learning_rate").set_value(0.03).run()
    assert not offered(app) and "Asked for" not in words(app)  # it is over


def test_in_the_last_rollout_it_says_that_there_is_no_other(open_app):
    app, _ = held(open_app, "optimisation", after=42)
    app.number_input(key="run:learning_rate").set_value(0.01).run()
    app = press(app, "apply_here")
    assert "must be above 48, where its present rollout ends, got 48; choose more, or start a new run" in words(app).replace(
        "Updates", "updates"
    )


def test_what_cannot_be_applied_is_explained_and_another_budget_is_applied_and_named(open_app):
    app, gate = held(open_app, "counts")
    app.number_input(key="run:replicas").set_value(4).run()
    app = press(app, "apply_here")
    assert "Not applied to" in words(app) and "replicas of a fork must be that of the run it comes from" in words(app).lower()
    assert not app.exception
    app.number_input(key="run:replicas").set_value(2).run()
    app.number_input(key="run:updates").set_value(64).run()
    app = press(app, "apply_here")
    gate.go.set()
    app = finish(app)
    results = process.manager().results(comparison(app))
    assert {event["text"] for event in change_events(results)} == {"GRPO: another budget", "DAPO: another budget"}
    assert all(result.history.last_update == 64 for result in results.values()) and "with another budget" in words(app)


def test_who_watches_gets_what_another_applied_and_who_has_changed_something_keeps_it(open_app):
    app, gate = held(open_app, "optimisation")
    address = {"comparison": comparison(app)}
    watcher, changer = (open_app(address, fresh=False, cookie=name * 32, opened=("optimisation",)) for name in "ab")
    for other in (watcher, changer):
        other.run()
    changer.number_input(key="run:temperature").set_value(0.9).run()
    app.number_input(key="run:learning_rate").set_value(0.01).run()
    press(app, "apply_here")
    assert watcher.run().number_input(key="run:learning_rate").value == 0.01 and not offered(watcher)
    assert changer.run().number_input(key="run:temperature").value == 0.9 and offered(changer)
    gate.go.set()
    finish(app)


def test_nothing_is_offered_for_runs_that_another_program_trains(open_app, tmp_path):
    first = Store(tmp_path / "runs.sqlite")
    gate = Gate(5)
    elsewhere = RunManager(first, train=gate.train)
    running = elsewhere.start(SCENARIOS["collapse"].runs(replicas=2, updates=48), owner="o", scenario="collapse")
    try:
        wait_for(lambda: all(run.updates >= 5 for run in elsewhere.view(running).runs.values()))
        first.flush()
        app = open_app({"comparison": running}, opened=("optimisation",))
        app.number_input(key="run:learning_rate").set_value(0.01).run()
        assert not offered(app) and not app.exception
    finally:
        gate.go.set()
        elsewhere.shutdown()
        first.close()
