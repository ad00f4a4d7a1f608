"""The Runs page in each of its states, without a browser."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.events import events
from core.analysis.summary import summarise
from core.engine.trainer import train
from core.engine.types import TrainingDiverged
from core.runs.store.store import StoreError
from core.settings.links import from_query
from pages.shared.common import process
from pages.shared.runs.actions import runs_csv
from pages.shared.runs.overlay import MAX_DRAWN
from tests.pages.conftest import SMALL, Gate, press, wait_for, words
from tests.support import trained_once

ANN, BOB = "a" * 32, "b" * 32
HOSTILE = "\u202e<img src=x onerror=alert(1)> [x](javascript:alert(1)) :red[hot] $x^2$ **%{y}**"
CLEANED = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) :red["


@pytest.fixture
def open_runs(open_app):
    def opener(visitor: str = ANN, **options):
        trains = {} if "gate" in options else {"train": trained_once}
        return open_app(cookie=visitor, page="pages/runs.py", **(trains | options))

    return opener


def start(owner: str = ANN, *, finish: bool = True, **settings) -> str:
    runs = from_query(SMALL | settings).runs
    comparison = process.manager().start(runs, owner=owner, scenario="collapse")
    if finish:
        over(comparison)
    process.store().flush()
    return comparison


def over(comparison: str) -> None:
    assert process.manager().wait(comparison, 60)
    process.store().flush()


def ids(*comparisons: str) -> list[int]:
    return [row.stored_id for c in comparisons for row in process.store().runs(comparison=c)]


def select(app, *comparisons: str):
    app.session_state["runs:selected"] = ids(*comparisons)
    return app.run()


def rows(app) -> list[dict]:
    return app.dataframe[0].value.to_dict("records")


def payload(app) -> dict:
    """Everything that the board shows, not only what is new."""
    del app.session_state["runs:board:sender"]
    app.run()
    return json.loads(app.get("bidi_component")[0].proto.bytes)


def statuses(comparison: str) -> set[str]:
    return {run.status for run in process.manager().view(comparison).runs.values()}


def shown_as_markup(app) -> str:
    """All that is drawn where Markdown or HTML acts."""
    return " ".join((words(app), *(e.label for e in (*app.button, *app.expander, *app.multiselect, *app.text_input))))


# What the table says


def test_empty_it_says_what_to_do(open_runs):
    app = open_runs()
    assert "Go to **Compare**, choose a scenario and press **Run**" in app.info[0].value
    assert not app.exception and not app.dataframe


def test_a_finished_run_is_listed_with_its_outcome(open_runs):
    app = open_runs()
    comparison = start(replicas="3", updates="64", first_seed="40")
    app.run()
    results = process.store().results(comparison)
    summary = summarise("collapse", results)
    for row, label in zip(rows(app), ("GRPO", "DAPO"), strict=True):
        expected = summary["algorithms"][label]
        final = {name: expected[name]["final"] for name in ("eval_accuracy", "entropy_nats", "grad_norm", "filter_ratio")}
        assert [row[name] for name in ("score", "entropy", "gradient", "filter")] == pytest.approx(list(final.values()), rel=1e-6)
        assert (row["side"], row["status"], row["done"], row["total"]) == (label, "finished", 64, 64)
        assert (row["replicas"], row["first_seed"], row["score_name"]) == (3, 40, "held-out accuracy")
        assert row["changes"] == "updates 64, first_seed 40, replicas 3"
        told = "; ".join(f"{event.text}, at {event.update}" for event in events(results[label].history))
        assert row["outcome"] == (told or "neither collapsed nor vanished")
        assert row["seconds"] == pytest.approx(expected["seconds"])
    assert not app.exception and "2 runs" in words(app)


def test_running_paused_and_finished_are_told_apart_and_the_selection_stays(open_runs):
    gate = Gate(4)
    app = open_runs(gate=gate)
    comparison = start(finish=False)
    wait_for(lambda: all(run.updates >= 4 for run in process.manager().view(comparison).runs.values()))
    app = select(app, comparison)
    assert [(row["status"], row["done"], row["outcome"]) for row in rows(app)] == [("running", 4, "known when it is over")] * 2
    assert payload(app)["badge"]["state"] == "live"
    assert len(payload(app)["points"]["GRPO"]["seconds"]) == 1 + 4
    process.manager().pause(comparison)
    gate.go.set()
    wait_for(lambda: statuses(comparison) == {"paused"})
    assert {row["status"] for row in rows(app.run())} == {"paused"}
    process.manager().resume(comparison)
    over(comparison)
    app.run()
    assert {(row["status"], row["outcome"]) for row in rows(app)} == {("finished", "neither collapsed nor vanished")}
    assert app.multiselect(key="runs:field").value == ids(comparison)
    assert payload(app)["badge"] is None and not app.exception


def test_a_queued_run_has_its_number(open_runs):
    gate = Gate(1)
    app = open_runs(gate=gate, max_active=1)
    blocking = start(BOB, finish=False)
    wait_for(lambda: "running" in statuses(blocking))
    start(finish=False)
    told = rows(app.run())
    assert {row["status"] for row in told} == {"queued"}
    assert told[0]["outcome"].startswith("number ") and "in the queue" in told[0]["outcome"]
    assert not app.exception


def test_a_failed_run_tells_why_in_a_sentence(open_runs):
    def diverging(config, **options):
        for record in train(config, **options):
            if record.update == 5:
                raise TrainingDiverged(5, "grad_norm", [0])
            yield record

    app = open_runs(train=diverging)
    comparison = start()
    app = select(app, comparison)
    assert {row["status"] for row in rows(app)} == {"failed"}
    assert "training diverged at update 5: grad_norm is not finite" in rows(app)[0]["outcome"]
    assert not app.exception and "Traceback" not in shown_as_markup(app) + str(rows(app))


def test_an_interrupted_run_says_that_it_can_be_run_again(open_runs):
    gate = Gate(6)
    app = open_runs(gate=gate)
    comparison = start(finish=False)
    wait_for(lambda: all(run.updates >= 6 for run in process.manager().view(comparison).runs.values()))
    gate.go.set()
    process.manager().shutdown()
    app = select(open_runs(), comparison)
    assert "interrupted" in {row["status"] for row in rows(app)}
    assert any("the program ended; it can be run again" in row["outcome"] for row in rows(app))
    assert "*Run again* trains it anew" in words(app) and not app.exception


def test_another_visitor_sees_and_touches_nothing(open_runs):
    app = open_runs()
    comparison = start()
    process.store().delete(start())
    assert len(rows(app.run())) == 2
    theirs = open_runs(BOB, fresh=False)
    assert not theirs.dataframe and not theirs.main.expander and "no runs yet" in theirs.info[0].value
    assert not select(theirs, comparison).dataframe and not theirs.exception


def test_a_history_that_cannot_be_read_is_a_sentence(open_runs, monkeypatch):
    app = open_runs()

    def broken(**wanted):
        raise StoreError(process.store().path, "is damaged", "restore a copy")

    monkeypatch.setattr(process.store(), "runs", broken)
    assert "is damaged; restore a copy" in words(app.run()) and not app.exception


# Finding


def test_filters_narrow_the_table_and_leave_the_selection(open_runs):
    app = open_runs()
    first, second = start(), start(**{"task.noise": "0.25"})
    process.store().rename(first, "calm sea")
    app = select(app, first)
    assert len(rows(app)) == 4
    app.text_input(key="runs:text").set_value("NOISE 0.25 neither").run()
    assert len(rows(app)) == 2
    app.multiselect(key="runs:sides").set_value(["GRPO"]).run()
    assert [(row["side"], "task.noise 0.25" in row["changes"]) for row in rows(app)] == [("GRPO", True)]
    assert app.multiselect(key="runs:field").value == ids(first) and "1 of 4 runs" in words(app)
    app.text_input(key="runs:text").set_value("calm")
    app.multiselect(key="runs:sides").set_value(["DAPO"]).run()
    assert [(row["name"], row["side"]) for row in rows(app)] == [("calm sea", "DAPO")]
    app.multiselect(key="runs:statuses").set_value(["failed"]).run()
    assert "No run matches." in words(app)
    app = press(app, "runs:clear")
    assert len(rows(app)) == 4 and not app.exception
    assert app.multiselect(key="runs:field").value == ids(first)
    assert set(ids(second)) & set(app.session_state["runs:shown"])


def test_the_field_selects_and_the_table_ticks_what_it_says(open_runs):
    app = open_runs()
    comparison = start()
    app.run()
    grpo, dapo = ids(comparison)
    app.multiselect(key="runs:field").set_value([dapo]).run()
    assert app.session_state["runs:table"]["selection"]["rows"] == [1]
    app.multiselect(key="runs:field").set_value([dapo, grpo]).run()
    assert app.session_state["runs:table"]["selection"]["rows"] == [0, 1]
    assert list(payload(app)["points"]) == ["DAPO", "GRPO"]


# Over each other


def test_runs_of_different_length_and_task_lie_over_each_other(open_runs):
    app = open_runs()
    first, second = start(), start(updates="32", first_seed="7")
    bandit = {
        label: replace(run, updates=8, replicas=2) for label, run in from_query({"scenario": "clip-higher-helps"}).runs.items()
    }
    bandit = {label: replace(run, epochs=1, updates_per_rollout=8) for label, run in bandit.items()}
    third = process.manager().start(bandit, owner=ANN, scenario="clip-higher-helps")
    over(third)
    process.store().rename(first, "mine")
    app = select(app, first, second, third)
    sent = payload(app)
    assert [side["label"] for side in sent["sides"]] == list(sent["points"])
    assert sent["sides"][0]["label"] == "mine · GRPO · seeds 0–1"
    assert len({side["label"] for side in sent["sides"]}) == 6
    assert len({side["color"] for side in sent["sides"]}) == 6 and len({side["dash"] for side in sent["sides"]}) == 6
    assert [points["update"][-1] for points in sent["points"].values()] == [16, 16, 32, 32, 8, 8]
    assert "different tasks: chain (held-out accuracy) and bandit (expected true reward)" in words(app)
    assert "a line ends where its run ends" in words(app)
    assert next(chart["title"] for chart in sent["charts"] if chart["name"] == "eval_accuracy") == "Score"
    diff = app.dataframe[1].value
    assert list(diff.columns) == [side["label"] for side in sent["sides"]]
    assert list(diff.loc["first_seed"])[:4] == ["0", "0", "7", "7"]
    assert diff.loc["task.actions"].iloc[0] == "–" and "replicas" not in diff.index
    app.session_state["open:runs:diagnosis"] = True
    app.run()
    assert app.selectbox(key="runs:diagnosed").options == [side["label"] for side in sent["sides"]]
    assert "of 2 seeds" in words(app) and not app.exception


def test_a_run_keeps_its_colour_when_others_come_and_go(open_runs):
    app = open_runs()
    first, second = start(), start()
    app = select(app, first, second)
    before = {stored_id: side["color"] for stored_id, side in zip(ids(first, second), payload(app)["sides"], strict=True)}
    app.session_state["runs:selected"] = ids(second)
    after = {stored_id: side["color"] for stored_id, side in zip(ids(second), payload(app.run())["sides"], strict=True)}
    assert after == {stored_id: before[stored_id] for stored_id in ids(second)}


def test_only_as_many_are_drawn_as_can_be_told_apart(open_runs):
    app = open_runs()
    comparisons = [start() for _ in range(4)]
    app = select(app, *comparisons)
    assert len(payload(app)["sides"]) == MAX_DRAWN
    assert "8 runs are selected; the first 7 are drawn" in words(app) and not app.exception


def test_equal_runs_differ_in_nothing_and_still_have_names_of_their_own(open_runs):
    app = open_runs()
    first, second = start(), start()
    app.session_state["runs:selected"] = [ids(first)[0], ids(second)[0]]
    app.run()
    assert "Nothing differs" in words(app)
    assert len(payload(app)["points"]) == 2 and not app.exception


def test_the_csv_has_the_selected_runs_under_their_names(open_runs):
    open_runs()
    first, second = start(), start(first_seed="5")
    text = runs_csv(process.store(), {"=one": ids(first)[0], "two": ids(second)[1], "gone": 1})
    lines = text.splitlines()
    assert len(lines) == 1 + 2 * 2 * (1 + 16)
    assert {line.split(",")[1] for line in lines[1:]} == {"'=one", "two"}


# Changing


def test_a_name_is_shown_as_it_was_typed_and_never_acts(open_runs):
    app = open_runs()
    comparison = start()
    app = select(app, comparison, start())
    key = f"runs:name:{comparison}"
    app.text_input(key=key).set_value(HOSTILE[:60])
    next(b for b in app.button if b.label == "Save the name").click().run()
    other = app.text_input(key=key)
    assert other.max_chars == 60
    named = [row["name"] for row in rows(app) if row["name"].startswith("<img")]
    assert named == [CLEANED] * 2 and process.store().runs(comparison=comparison)[0].name == CLEANED
    assert any(text.value.startswith(CLEANED) for text in app.text)
    assert "onerror" not in shown_as_markup(app)
    assert not any("<" in label for label in payload(app)["points"])  # Plotly would take it for a tag
    app = press(app, f"runs:delete:{comparison}")
    assert any(CLEANED in text.value for text in app.text) and "onerror" not in shown_as_markup(app)
    assert not app.exception


def test_delete_can_be_undone_until_it_is_removed_for_good(open_runs):
    app = open_runs()
    first, second = start(), start()
    app = press(select(app, first), f"runs:delete:{first}")
    assert len(rows(app)) == 2 and any("Deleted: " in text.value for text in app.text)
    app = press(app, "runs:undo-button")
    assert len(rows(app)) == 4 and not any("Deleted: " in text.value for text in app.text)
    app = press(select(app, first, second), "runs:delete")
    assert any("Deleted: 2 comparisons, 4 runs." in text.value for text in app.text)
    assert [e.label for e in app.main.expander] == ["Recently deleted (2)"]
    assert app.button(key="runs:purge").disabled is False or app.button(key="runs:back").disabled  # nothing chosen yet
    app.multiselect(key="runs:deleted").set_value([first]).run()
    app = press(app, "runs:purge")
    assert process.store().runs(comparison=first, deleted=True) == [] and ids(first) == []
    app.multiselect(key="runs:deleted").set_value([second]).run()
    app = press(app, "runs:back")
    assert len(rows(app)) == 2 and [e.label for e in app.main.expander] == ["Diagnosis"] and not app.exception


def test_deleting_a_comparison_that_goes_on_stops_it_and_says_so(open_runs):
    gate = Gate(4)
    app = open_runs(gate=gate)
    comparison = start(finish=False)
    wait_for(lambda: all(run.updates >= 4 for run in process.manager().view(comparison).runs.values()))
    app = press(select(app, comparison), f"runs:delete:{comparison}")
    assert any("What was still going on has been stopped." in text.value for text in app.text)
    gate.go.set()
    over(comparison)
    assert statuses(comparison) == {"stopped"} and not app.run().exception


def test_a_stored_configuration_is_run_again_and_opened(open_runs):
    app = open_runs()
    comparison = start(first_seed="9", **{"DAPO.eps_high": "0.4"})
    app = press(select(app, comparison), f"runs:again:{comparison}")
    assert app.title[0].value == "Watch GRPO collapse and DAPO hold"
    new = app.query_params["comparison"]
    new = new if isinstance(new, str) else new[0]
    assert new != comparison
    over(new)
    old, anew = process.store().results(comparison), process.store().results(new)
    assert {label: r.config for label, r in old.items()} == {label: r.config for label, r in anew.items()}
    assert np.array_equal(*(found["DAPO"].history.metric("grad_norm") for found in (old, anew)), equal_nan=True)


def test_when_there_is_no_room_it_says_so_and_stays(open_runs):
    gate = Gate(1)
    app = open_runs(gate=gate, max_per_owner=2)
    gate.go.set()
    comparison = start()
    gate.go.clear()
    going = start(finish=False)
    app = press(select(app, comparison), f"runs:again:{comparison}")
    assert "Not started: 2 runs of one person are not over yet" in words(app)
    assert app.title[0].value == "Runs" and not app.exception
    assert statuses(going) <= {"running", "queued"}
