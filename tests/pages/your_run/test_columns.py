"""What the columns of a log stand for: shown, changed by its owner and by others, and drawn."""

from __future__ import annotations

import pytest

from pages.shared.common import process
from tests.pages.conftest import press, words
from tests.pages.your_run.conftest import ANN, BOB, change, charts, drop, log_of, payload, rows, watch


def test_what_a_column_stands_for_is_shown_changed_and_kept(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    table = app.dataframe[0].value.set_index("Logged as")
    assert table.loc["entropy", "Taken for"] == "Entropy" and table.loc["mine", "Taken for"] == "–"
    app = change(app, "mine", "grad_norm")
    assert "grad_norm" in charts(app) and "whoever opens its link sees it too" in words(app)
    again = open_page(ANN, {"log": log_of(app)}, fresh=False)
    assert "grad_norm" in charts(again) and not again.exception


def test_somebody_else_sees_the_owner_s_changes_and_keeps_their_own_in_a_copy(open_page):
    app = drop(open_page(), ("run.jsonl", rows(yours=1.0)))
    address = {"log": log_of(app)}
    other = change(open_page(BOB, address, fresh=False), "mine", "grad_norm")
    assert "grad_norm" in charts(other) and "you alone see, until this tab is closed" in words(other)
    assert process.store().logs.find(address["log"]).said == []
    app = change(app.run(), "yours", "kl_base")
    assert "grad_norm" not in charts(app) and "kl_base" in charts(app)
    assert {"grad_norm", "kl_base"} <= set(charts(other))  # the owner's, and what was said here on top of it
    assert "grad_norm" not in charts(open_page(BOB, address, fresh=False))
    other = press(other, "your_run:copy")
    (copy,) = process.store().logs.list(BOB)
    assert log_of(other) == copy.id != address["log"] and copy.name == "run.jsonl" and not other.exception
    assert {"grad_norm", "kl_base"} <= set(charts(open_page(BOB, {"log": copy.id}, fresh=False)))


def test_the_rewards_scale_is_asked_for_before_it_is_called_accuracy(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    assert "accuracy" not in [c["name"] for c in payload(app)["charts"]]
    app.selectbox(key="your_run:accuracy:scale").set_value("plus_minus_one")
    app = app.button[[b.label for b in app.button].index("It is the accuracy")].click().run()
    shown = payload(app)
    assert "accuracy" in [c["name"] for c in shown["charts"]]
    (points,) = shown["points"].values()
    assert points["metrics"]["accuracy"]["mean"][-1] == 1 and points["metrics"]["accuracy"]["mean"][0] == pytest.approx(
        0.5125, abs=1e-3
    )
    other = open_page(BOB, {"log": log_of(app)}, fresh=False)
    assert "accuracy" in charts(other) and "Is one of these the share of right answers?" not in words(other)


def test_a_column_that_the_lab_does_not_know_can_be_drawn(open_page):
    app = drop(open_page(), ("run.jsonl", rows()))
    app.multiselect[1].set_value(["mine"]).run()
    shown = payload(app)
    (points,) = shown["points"].values()
    assert points["metrics"]["column: mine"]["mean"][:3] == [1, 4, 9]


def test_what_was_said_of_a_column_of_a_followed_path_outlives_a_reload(open_page, tmp_path):
    path = tmp_path / "run.jsonl"
    path.write_text(rows(1, 5))

    app = watch(open_page(), path)
    assert "until the program ends" in words(change(app, "mine", "grad_norm"))
    again = watch(open_page(fresh=False), path)
    assert "grad_norm" in charts(again) and not again.exception
