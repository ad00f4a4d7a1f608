"""Other people's logs on the page Runs: listed, renamed, deleted, brought back, removed."""

from __future__ import annotations

import json

import pytest

from core.logs import read_text
from core.logs.export import lab_csv
from pages.shared.common import process
from tests.pages.conftest import press, words

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture
def with_log(open_app):
    """The page of somebody who has read a log, and the log's id."""

    def opener(owner: str = ANN):
        app = open_app(cookie=ANN)
        text = "".join(json.dumps({"step": i, "reward": i / 30, "kl": 0.1}) + "\n" for i in range(1, 31))
        log = process.store().logs.add(owner, "my <b>log</b>", read_text(text))
        return app.switch_page("pages/runs.py").run(), log

    return opener


def texts(app) -> str:
    return " ".join(e.value for e in app.text)


def test_a_log_is_listed_with_what_it_holds(with_log):
    app, log = with_log()
    assert "my <b>log</b> · 1 run by TRL, 30 rows" in texts(app) or "my <b>log</b> · 1 run, 30 rows" in texts(app)
    assert not app.exception and "There are no runs yet" not in words(app)
    assert lab_csv(process.store().logs.corrected(process.store().logs.find(log))).count("\n") == 31


def test_nobody_else_sees_it(with_log):
    app, _ = with_log(BOB)
    assert "log" not in texts(app) and "There are no runs yet" in words(app)


def test_it_is_renamed(with_log):
    app, log = with_log()
    app.text_input(key=f"runs:log:name:{log}").set_value("\u202eother")
    app = app.button[[b.label for b in app.button].index("Save the name")].click().run()
    assert process.store().logs.find(log).name == "other" and "other · 1 run" in texts(app)


def test_it_is_deleted_brought_back_and_removed_for_good(with_log):
    app, log = with_log()
    app = press(app, f"runs:log:delete:{log}")
    assert process.store().logs.list(ANN) == [] and "Deleted: my <b>log</b>." in texts(app)
    app = press(app, "runs:log:undo")
    assert [kept.id for kept in process.store().logs.list(ANN)] == [log]
    app = press(app, f"runs:log:delete:{log}")
    app = press(app, f"runs:log:purge:{log}")
    assert process.store().logs.list(ANN, deleted=True) == [] and not app.exception
    assert "There are no runs yet" in words(app)
