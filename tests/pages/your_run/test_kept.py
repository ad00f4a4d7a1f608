"""A log that is kept: listed, renamed, deleted, brought back, and gone while somebody looks at it."""

from __future__ import annotations

import pytest

import pages.shared.your_run.shown as module
from core.logs.kept import DamagedLog
from core.runs.store.store import StoreError
from pages.shared.common import process
from pages.shared.your_run.board import _board
from tests.pages.conftest import press, read
from tests.pages.your_run.conftest import ANN, BOB, boards, change, charts, drop, log_of, payload, rows


def test_logs_that_were_read_before_are_a_click_away(open_page):
    app = drop(open_page(), ("a_*b*.jsonl", rows()))
    again = open_page(ANN, fresh=False)
    (link,) = (link.proto for link in again.get("page_link") if link.proto.icon == ":material/history:")
    assert read(link.label) == "a_*b*.jsonl" and log_of(app) in link.query_string and not again.exception
    assert not any(link.proto.icon == ":material/history:" for link in open_page(BOB, fresh=False).get("page_link"))


def test_it_is_renamed_and_never_nameless(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    log = log_of(app)
    for typed in ("\u202eMy *first*", " "):
        app.text_input(key=f"your_run:name:{log}").set_value(typed)
        app = app.button[[b.label for b in app.button].index("Save the name")].click().run()
        assert process.store().logs.find(log).name == "My *first*" and not app.exception
    assert read(app.subheader[0].value) == "My *first*"


def test_deleted_it_can_be_brought_back(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    log = log_of(app)
    app = press(app, "your_run:delete")
    assert process.store().logs.list(ANN) == [] and "log" not in app.query_params
    gone = open_page(BOB, {"log": log}, fresh=False)
    assert "not known here" in gone.error[0].value
    app = press(app, "your_run:undo-button")
    assert [kept.id for kept in process.store().logs.list(ANN)] == [log] and payload(app)["points"]


def test_deleted_while_somebody_else_looks_at_it_they_are_told_and_see_it_again_when_it_is_back(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    other = change(open_page(BOB, {"log": log_of(app)}, fresh=False), "mine", "kl_base")
    app = press(app, "your_run:delete")
    other.selectbox(key="your_run:change:column").set_value("entropy").run()
    assert "not known here" in other.error[0].value and not other.exception and not boards(other)
    press(app, "your_run:undo-button")
    assert "kl_base" in charts(other) and not other.error and not other.exception


@pytest.mark.parametrize("error", [LookupError(), StoreError("runs.sqlite", "is locked", "wait"), DamagedLog()])
def test_a_part_that_finds_it_gone_has_the_whole_page_drawn(monkeypatch, error):
    class DrawnAnew(Exception):
        pass

    def gone():
        raise error

    def rerun():
        raise DrawnAnew

    monkeypatch.setattr(module, "shown", gone)
    monkeypatch.setattr(module.st, "rerun", rerun)
    for drawn_again in (module.still_shown, lambda: _board((), False)):
        with pytest.raises(DrawnAnew):
            drawn_again()


def test_a_link_to_nothing_says_so(open_page):
    app = open_page(params={"log": "x"})
    assert "not known here" in app.error[0].value and not app.exception
