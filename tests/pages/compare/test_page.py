"""The Compare page in each of its states, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.engine.trainer import train
from core.engine.types import TrainingDiverged
from core.settings.limits import Limits
from pages.shared.common import process
from pages.shared.common.live import BEGINNING_SECONDS, TICK_SECONDS, WAITING_SECONDS, badge, tick_seconds
from pages.shared.compare import page
from tests.pages.conftest import SETTINGS, SMALL, START, Gate, comparison, finish, press, read, wait_for, words


def test_empty_it_shows_the_finished_example_and_says_so(open_app):
    app = open_app()
    assert not app.exception
    assert "finished example, computed earlier by this code" in words(app)
    assert "DAPO ends ahead of GRPO by 0.483 in held-out accuracy" in words(app)
    assert app.button(key="run").label == "Run: GRPO against DAPO, 16 seeds"


def test_run_trains_to_the_end_and_reports(open_app):
    app = finish(press(open_app(SMALL), "run"))
    assert not app.exception
    assert "Findings" in [s.value for s in app.header]
    assert app.button(key="run").label.startswith("Run again")
    view = process.manager().view(comparison(app))
    assert {label: (run.status, run.updates) for label, run in view.runs.items()} == {"GRPO": ("done", 16), "DAPO": ("done", 16)}


def test_running_it_can_be_paused_stepped_and_resumed(open_app):
    gate = Gate(4)
    app = press(open_app(SMALL, gate=gate), "run")
    assert "stand here when the runs are over" in words(app)
    app = press(app, "pause")
    gate.go.set()
    manager, found = process.manager(), comparison(app)
    wait_for(lambda: {r.status for r in manager.view(found).runs.values()} == {"paused"})
    app.run()
    before = {label: run.updates for label, run in manager.view(found).runs.items()}
    press(app, "step")
    wait_for(lambda: all(run.updates == before[label] + 1 for label, run in manager.view(found).runs.items()))
    wait_for(lambda: {r.status for r in manager.view(found).runs.values()} == {"paused"})
    app = finish(press(app.run(), "resume"))
    assert not app.exception and "Findings" in [s.value for s in app.header]


def test_a_step_that_ends_while_the_page_is_drawn_leaves_no_button_of_before(open_app, monkeypatch):
    gate = Gate(4)
    app = open_app(SMALL | START, gate=gate)
    found, draw = comparison(app), page.buttons

    def pause_afterwards(*args):
        draw(*args)
        process.manager().pause(found)
        gate.go.set()
        wait_for(lambda: {r.status for r in process.manager().view(found).runs.values()} == {"paused"})

    monkeypatch.setattr(page, "buttons", pause_afterwards)
    assert [b.label for b in app.run().button if b.key in ("pause", "resume")] == ["Resume"]


def test_stopped_it_keeps_and_reports_what_was_measured(open_app):
    gate = Gate(4)
    app = open_app(SMALL | START, gate=gate)
    manager, found = process.manager(), comparison(app)
    wait_for(lambda: all(r.updates >= 4 for r in manager.view(found).runs.values()))
    app = press(app, "stop")
    gate.go.set()
    app = finish(app)
    assert "was stopped" in words(app) and not app.exception


@pytest.mark.parametrize("bound", [600, None])
def test_paused_on_a_shared_server_it_says_when_that_ends_and_at_home_it_does_not(open_app, bound):
    gate = Gate(1)
    app = open_app(SMALL | START, gate=gate, limits=Limits(paused_seconds=bound))
    assert "Paused" not in words(app)
    process.manager().pause(comparison(app))
    gate.go.set()
    wait_for(lambda: process.manager().view(comparison(app)).paused_seconds is not None)
    told = "Paused. So that nobody is kept waiting, this shared server ends it in 10 minutes, unless somebody resumes or steps it"
    assert (told in words(app.run())) is (bound is not None) and not app.exception


def test_queued_it_says_which_number_it_has(open_app):
    gate = Gate(1)
    app = open_app(SMALL, gate=gate, max_active=1)
    blocking = process.manager().start(process_runs(), owner="somebody else", scenario="collapse")
    wait_for(lambda: "running" in {r.status for r in process.manager().view(blocking).runs.values()})
    app = press(app, "run")
    view = process.manager().view(comparison(app))
    told = badge(view)
    trains = with_updates(1, process.manager().view(blocking))
    assert tick_seconds(view) == WAITING_SECONDS > TICK_SECONDS == tick_seconds(trains)
    assert told["state"] == "queued" and "in the queue" in told["text"]
    assert not app.exception
    process.manager().stop(blocking)
    gate.go.set()
    assert process.manager().wait(blocking, 30) and tick_seconds(process.manager().view(blocking)) is None


def test_many_who_watch_a_training_share_the_boards_that_a_second_has(open_app):
    gate = Gate(1)
    app = open_app(SMALL | START, gate=gate)
    manager, found = process.manager(), comparison(app)
    wait_for(lambda: "running" in {r.status for r in manager.view(found).runs.values()})
    told = []
    for number in range(1, 10):
        view = manager.view(found)
        assert tick_seconds(with_updates(0, view)) == pytest.approx(BEGINNING_SECONDS * number)  # it has no point yet
        told.append(tick_seconds(with_updates(1, view)))
        assert manager.watchers() == number
        manager.attach(found, f"viewer {number}")
    assert told == [0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    assert not app.run().exception
    for number in range(1, 10):
        manager.detach(found, f"viewer {number}")
    assert tick_seconds(with_updates(1, manager.view(found))) == TICK_SECONDS
    gate.go.set()
    finish(app)
    assert manager.watchers() == 0, "a finished comparison has nothing new to tell"


def with_updates(count: int, view):
    return replace(view, runs={label: replace(run, updates=count) for label, run in view.runs.items()})


def process_runs():
    from core.settings.links import from_query

    return from_query(SMALL).runs


def test_a_failed_run_is_shown_as_a_sentence_and_never_as_a_trace(open_app):
    def diverging(config, **options):
        for record in train(config, **options):
            if record.update == 5:
                raise TrainingDiverged(5, "grad_norm", [0])
            yield record

    app = finish(open_app(SMALL | START, train=diverging))
    assert not app.exception
    assert "training diverged at update 5: grad_norm is not finite" in words(app)
    assert "Traceback" not in words(app)


def test_interrupted_runs_are_found_again_from_the_store(open_app):
    gate = Gate(6)
    app = open_app(SMALL | START, gate=gate)
    found, manager = comparison(app), process.manager()
    wait_for(lambda: all(r.updates >= 6 for r in manager.view(found).runs.values()))
    gate.go.set()
    manager.shutdown()
    app = open_app({"comparison": found})
    statuses = {r.status for r in process.manager().view(found).runs.values()}
    assert statuses <= {"interrupted", "done"} and not app.exception
    assert "Findings" in [s.value for s in app.header]


def test_a_link_restores_the_settings_and_run_starts_them(open_app):
    app = open_app(SMALL | {"task.noise": "0.25", "DAPO.eps_high": "0.4", "run": "1"})
    config = process.manager().results(comparison(app))["DAPO"].config
    assert (config.task.noise, config.algorithm.eps_high, config.replicas, config.updates) == (0.25, 0.4, 2, 16)
    assert not finish(app).exception


def test_a_bad_link_is_named_and_ignored(open_app):
    app = open_app({"scenario": "collapse", "task.noise": "loud", "<script>": "1"})
    told = read(" ".join(w.value for w in app.warning))
    assert "task.noise was ignored" in told and "<script> was ignored" in told
    assert not app.exception


def test_an_unknown_run_is_said_to_be_unknown(open_app):
    app = open_app({"comparison": "nobody-knows-this"})
    assert "not known here" in " ".join(w.value for w in app.warning)
    assert not app.exception


def test_a_changed_setting_is_marked_and_one_click_brings_the_default_back(open_app):
    app = open_app(opened=SETTINGS)
    noise = next(w for w in app.number_input if w.label.startswith("Noise"))
    noise.set_value(0.3).run()
    marked = [w.label for w in app.number_input if "changed" in w.label]
    assert marked == ["Noise on rewards :orange[● changed]"]
    next(b for b in app.button if b.label.startswith("Back to")).click().run()
    assert not [w.label for w in app.number_input if "changed" in w.label]
    assert next(w for w in app.number_input if w.label.startswith("Noise")).value == 0.0


def test_what_is_folded_away_says_what_it_said_when_it_was_open(open_app):
    app = open_app(SMALL | {"DAPO.eps_high": "0.4"})
    assert not app.number_input  # nothing of it is drawn
    app.session_state["open:environment"] = True
    noise = next(w for w in app.run().number_input if w.label.startswith("Noise"))
    noise.set_value(0.25).run()
    app.session_state["open:environment"] = False
    app.run()
    assert not app.number_input
    assert "Changed: updates 16, replicas 2, task.noise 0.25, DAPO.eps_high 0.4" in words(app)
    config = process.manager().results(comparison(finish(press(app, "run"))))["DAPO"].config
    assert (config.task.noise, config.algorithm.eps_high, config.replicas, config.updates) == (0.25, 0.4, 2, 16)
    app.session_state["open:environment"] = True
    assert next(w for w in app.run().number_input if w.label.startswith("Noise")).value == 0.25


def test_what_was_said_outlives_another_page_and_a_closed_part(open_app):
    app = open_app(opened=("environment",))
    next(w for w in app.number_input if w.label.startswith("Noise")).set_value(0.25).run()
    app.switch_page("pages/runs.py").run()
    app.switch_page("app.py").run()
    app.session_state["open:environment"] = False
    app.run()
    assert not app.number_input and "Changed: task.noise 0.25" in words(app)
    app.session_state["open:environment"] = True
    assert next(w for w in app.run().number_input if w.label.startswith("Noise")).value == 0.25
    assert not app.exception


def test_an_impossible_combination_is_explained_and_cannot_be_run(open_app):
    app = open_app(opened=SETTINGS)
    next(w for w in app.number_input if w.label == "Updates per rollout").set_value(7).run()
    assert "updates_per_rollout must divide" in words(app).lower()
    assert app.button(key="run").disabled
    assert not app.exception


@pytest.mark.parametrize("name", ["addition", "ladder", "lab", "samples-not-updates", "clip-higher-helps"])
def test_every_kind_of_scenario_can_be_chosen(open_app, name):
    app = open_app()
    app.selectbox(key="scenario").set_value(name).run()
    assert not app.exception and not app.button(key="run").disabled
