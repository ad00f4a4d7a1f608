"""Runs of other people's logs on the page Runs: rows of the table like the Lab's own, overlaid, renamed, downloaded, deleted, brought back."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from core.logs import read_several, read_text
from pages.shared.common import process
from pages.shared.runs.actions import runs_csv
from tests.pages.conftest import press, words
from tests.pages.runs.test_page import open_runs, payload, rows, start  # noqa: F401

ANN, BOB = "a" * 32, "b" * 32
STEPS = 30


def text(steps: int = STEPS, **more) -> str:
    rows = (
        {"step": i, "loss": 0.1, "reward": i / steps, "grad_norm": 0.5, "kl": 0.1, "frac_reward_zero_std": 0.2, **more}
        for i in range(1, steps + 1)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def keep(name: str = "my <b>log</b>", owner: str = ANN, reading=None) -> str:
    return process.store().logs.add(owner, name, reading or read_text(text()))


def select(app, *ids):
    app.session_state["runs:selected"] = ids
    return app.run()


def texts(app) -> str:
    return " ".join(e.value for e in app.text)


def labs(app) -> list[int]:
    return [run for run in app.session_state["runs:shown"] if isinstance(run, int)]


def test_a_log_is_a_row_with_what_it_holds(open_runs):  # noqa: F811
    app = open_runs()
    keep()
    (row,) = rows(app.run())
    assert (row["name"], row["side"], row["status"], row["done"]) == ("my <b>log</b>", "", "read", STEPS)
    assert row["source"] in ("TRL", "other trainer") and pd.isna(row["total"]) and pd.isna(row["replicas"])
    assert row["score"] == pytest.approx((28 + 29 + 30) / 3 / STEPS) and row["score_name"] == "Reward"  # the last tenth
    assert row["gradient"] == 0.5 and pd.isna(row["entropy"]) and row["outcome"] == "no fault found"
    assert not app.exception and "There is 1 run." in words(app)


def test_what_a_log_suffers_from_is_its_outcome(open_runs):  # noqa: F811
    app = open_runs()
    dead = "".join(text(60).splitlines(keepends=True)[:20]) + "".join(
        json.dumps({"step": i, "loss": 0.0, "reward": 0.3, "grad_norm": 0.0, "kl": 0.1, "frac_reward_zero_std": 1.0}) + "\n"
        for i in range(21, 61)
    )
    log = keep(reading=read_text(dead))
    app = select(app, f"log:{log}:0")
    (row,) = rows(app)
    assert "the gradient has vanished, at 21" in row["outcome"]
    assert ("grad_norm", 21) in {(event["metric"], event["update"]) for event in payload(app)["events"]}


def test_nobody_else_sees_it(open_runs):  # noqa: F811
    app = open_runs()
    log = keep(owner=BOB)
    app = select(app, f"log:{log}:0")
    assert not app.dataframe and not app.get("bidi_component") and "There are no runs yet" in words(app)


def test_both_kinds_lie_over_each_other_as_shares_of_the_run(open_runs):  # noqa: F811
    app = open_runs()
    start()
    both = read_several([("a.jsonl", text().encode()), ("b.jsonl", text(20, entropy=0.7).encode())])
    log = keep("two", reading=both)
    app = app.run()
    names = [(row["name"], row["side"], row["source"]) for row in rows(app)]
    assert names[:2] == [("two", "a.jsonl", names[0][2]), ("two", "b.jsonl", names[0][2])]  # the newest first
    assert [(side, source) for _, side, source in names[2:]] == [("GRPO", "the Lab"), ("DAPO", "the Lab")]
    app = select(app, labs(app)[1], f"log:{log}:0", f"log:{log}:1")
    sent = payload(app)
    assert [side["label"].split(" · ")[-1] for side in sent["sides"]] == ["DAPO", "a.jsonl", "b.jsonl"]
    assert sent["sides"][0]["color"] == "#0072B2" and len({side["color"] for side in sent["sides"]}) == 3
    charts = {chart["name"]: chart["title"] for chart in sent["charts"]}
    assert {"entropy_nats", "grad_norm", "reward_mean", "kl_base"} <= charts.keys() and charts["eval_accuracy"] == "Score"
    assert list(sent["points"].values())[2]["metrics"]["entropy_nats"]["mean"] == [0.7] * 20
    assert sent["settings"]["xaxis"] == "share" and "A step is not the same in all of these runs" in words(app)
    assert not app.exception and not app.warning


def test_logs_alone_have_their_own_charts_and_steps(open_runs):  # noqa: F811
    app = open_runs()
    first, second = keep("first"), keep("second", reading=read_text(text(20)))
    app = select(app, f"log:{first}:0", f"log:{second}:0")
    sent = payload(app)
    assert [side["label"] for side in sent["sides"]] == ["first", "second"] and sent["settings"]["xaxis"] == "update"
    assert "eval_accuracy" not in {chart["name"] for chart in sent["charts"]}
    assert "a line ends where its run ends" in words(app) and "Settings that differ" not in words(app)


def test_it_is_found_by_who_trained_it(open_runs):  # noqa: F811
    app = open_runs()
    start()
    keep()
    app = app.run()
    (source,) = {row["source"] for row in rows(app)} - {"the Lab"}
    app.multiselect(key="runs:sources").set_value([source]).run()
    assert [row["name"] for row in rows(app)] == ["my <b>log</b>"] and "1 of 3 runs" in words(app)


def test_it_is_renamed_and_never_nameless(open_runs):  # noqa: F811
    app = open_runs()
    log = keep()
    app = select(app, f"log:{log}:0")
    for typed, kept in (("\u202eother", "other"), (" ", "other")):
        app.text_input(key=f"runs:name:log:{log}").set_value(typed)
        app = app.button[[b.label for b in app.button].index("Save the name")].click().run()
        assert process.store().logs.find(log).name == kept
    assert "other · 1 run" in texts(app)


def test_it_is_deleted_with_runs_of_the_lab_brought_back_and_removed_for_good(open_runs):  # noqa: F811
    app = open_runs()
    start()
    log = keep()
    app = app.run()
    app = press(select(app, labs(app)[0], f"log:{log}:0"), "runs:delete")
    assert "Deleted: 1 comparison and 1 log, 3 runs." in texts(app) and "There are no runs yet" in words(app)
    app = press(app, "runs:undo-button")
    assert len(rows(app)) == 3 and process.store().logs.find(log)
    app = press(app, f"runs:delete:log:{log}")
    assert "Deleted: my <b>log</b>, 1 run." in texts(app) and len(rows(app)) == 2
    app.multiselect(key="runs:deleted").set_value([f"log:{log}"]).run()
    app = press(app, "runs:purge")
    assert process.store().logs.list(ANN, deleted=True) == [] and not app.exception


def test_the_csv_has_both_kinds(open_runs):  # noqa: F811
    app = open_runs()
    start()
    log = keep()
    app = app.run()
    found = pd.read_csv(io.StringIO(runs_csv(process.store(), {"lab": labs(app)[0], "=log": f"log:{log}:0", "gone": "log:x:0"})))
    assert found["algorithm"].value_counts().to_dict() == {"lab": 2 * 17, "'=log": STEPS}
    assert found.loc[found["algorithm"] == "'=log", "reward_mean"].iloc[-1] == 1


def test_a_damaged_log_is_told_and_stays_a_row(open_runs, monkeypatch):  # noqa: F811
    app = open_runs()
    log = keep()
    monkeypatch.setattr("core.runs.store.logs.to_bytes", lambda reading: b"PK")
    damaged = keep("damaged")
    app = select(app, f"log:{damaged}:0", f"log:{log}:0")
    assert {row["name"]: row["outcome"] for row in rows(app)}["damaged"] == "it is damaged; read the file again"
    assert "1 of them cannot be read" in words(app) and len(payload(app)["sides"]) == 1 and not app.exception
