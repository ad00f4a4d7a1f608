"""The charts below the board: shipped, while a run goes on, at its end, and where there is nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.analysis.markdown import plain
from core.data.comparison import SHIPPED_COMPARISON
from core.engine.trainer import train
from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.links import from_query
from core.settings.run import Fork
from pages.shared.common import process
from pages.shared.common.chart_view import ready

ROOT = Path(__file__).parents[3]
RUNS = from_query({"scenario": "collapse", "replicas": "2", "updates": "24"}).runs
PATIENCE = 60


def test_a_finished_figure_is_made_into_a_dict_once():
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
    made = figure.to_dict()
    shown = ready(figure)
    assert shown.to_dict() is ready(shown).to_dict() and shown.to_dict() == made


def page(comparison: str | None) -> None:
    from pages.shared.compare.more_charts import show_more_charts

    show_more_charts(comparison)


@pytest.fixture
def manager(monkeypatch, tmp_path):
    """A manager whose runs wait after 8 updates until `go` is set."""
    monkeypatch.setenv("DAPO_LAB_DATA", str(tmp_path))
    st.cache_resource.clear()
    go, stores = threading.Event(), []

    def gated(config, **options):
        for record in train(config, **options):
            yield record
            if record.update >= 8:
                go.wait(PATIENCE)

    def opened_store(path):
        stores.append(Store(path))
        return stores[-1]

    monkeypatch.setattr(process, "Store", opened_store)
    monkeypatch.setattr(process, "RunManager", partial(RunManager, train=gated))
    made = process.manager()
    made.go = go
    yield made
    go.set()
    made.shutdown()
    for store in stores:
        store.close()
    st.cache_resource.clear()


def shown(comparison: str | None) -> AppTest:
    app = AppTest.from_function(page, args=(comparison,), default_timeout=PATIENCE)
    app.session_state["seen:more_charts"] = True
    assert not app.run().exception
    return app


def words(app: AppTest) -> str:
    return " ".join(str(e.value) for e in (*app.markdown, *app.caption))


def charts(app: AppTest) -> list:
    return [element.proto for element in app.get("plotly_chart")]


def wait_for(condition) -> None:
    waited = threading.Event()
    for _ in range(PATIENCE * 50):
        if condition():
            return
        waited.wait(0.02)
    raise AssertionError("it did not happen in time")


def test_the_shipped_example_shows_all_six_each_with_an_alternative_in_text():
    app = shown(None)
    assert len(charts(app)) == 3  # what is closed is not drawn
    app.session_state["open:clipping"] = True
    app.run()
    assert len(charts(app)) == 6
    assert all("GRPO" in chart.alt and "DAPO" in chart.alt for chart in charts(app))
    for result in SHIPPED_COMPARISON.results.values():
        looks = [distribution.rank_probs[:, 0].mean(dtype=float) for _, distribution in result.history.distributions()]
        assert f"rank 1 has {looks[-1]:.3g} ({looks[0]:.3g} at first)" in charts(app)[0].alt
    titles = [m.value for m in app.markdown if m.value.startswith("####")]
    assert titles[:3] == [
        "#### What the policy generates\\, by rank",
        "#### What the policy generates\\, by token",
        "#### Stability",
    ]
    assert len(app.expander) == 1 and len(app.expander[0].get("plotly_chart")) == 3
    assert not app.button and "As of update" not in words(app)  # it is finished: there is nothing to draw anew


def test_nothing_is_computed_or_sent_before_it_is_in_sight(monkeypatch):
    monkeypatch.setattr("pages.shared.compare.more_charts._charts", lambda *_: pytest.fail("nobody looks at it"))
    app = AppTest.from_function(page, args=(None,), default_timeout=PATIENCE).run()
    assert not app.exception and charts(app) == [] and len(app.get("bidi_component")) == 1


def test_as_of_when_counts_the_updates_that_a_fork_took_over(manager):
    base = RUNS["GRPO"]
    at = base.effective_updates_per_rollout
    comparison = manager.start({"Rescue": replace(base, fork=Fork(run=base, update=at))}, owner="ann", scenario="collapse")
    wait_for(lambda: manager.view(comparison).runs["Rescue"].updates == at + 1)
    app = shown(comparison)
    app.button(key="draw_anew").click().run()
    assert f"As of update {at + 1} of Rescue" in words(app)
    manager.go.set()
    assert manager.wait(comparison, PATIENCE)


def test_while_a_run_goes_on_they_say_as_of_when_and_are_drawn_anew_on_request(manager):
    comparison = manager.start(RUNS, owner="ann", scenario="collapse")
    wait_for(lambda: all(run.updates == 8 for run in manager.view(comparison).runs.values()))
    app = shown(comparison)
    assert "are drawn when the runs pause or end" in words(app) and not charts(app)
    app.button(key="draw_anew").click().run()
    assert "As of update 8 of GRPO and 8 of DAPO" in words(app) and "at update 1: rank 1" in charts(app)[0].alt
    manager.pause(comparison)
    manager.go.set()
    wait_for(lambda: {run.status for run in manager.view(comparison).runs.values()} == {"paused"})
    app.run()
    before = words(app)
    done = {label: run.updates for label, run in manager.view(comparison).runs.items()}
    manager.step(comparison)
    wait_for(lambda: all(run.updates == done[label] + 1 for label, run in manager.view(comparison).runs.items()))
    wait_for(lambda: {run.status for run in manager.view(comparison).runs.values()} == {"paused"})
    assert words(app.run()) == before  # the same state: not drawn anew by itself
    app.button(key="draw_anew").click().run()
    assert words(app) != before and "As of update" in words(app)
    manager.resume(comparison)
    assert manager.wait(comparison, PATIENCE)
    app.run()
    assert "As of update" not in words(app) and "updates 1 and 24" in charts(app)[0].spec


def test_before_the_first_update_it_says_that_nothing_was_measured_yet(manager):
    comparison = manager.start(RUNS, owner="ann", scenario="collapse", paused=True)
    app = shown(comparison)
    assert "Nothing was measured yet" in words(app) and not charts(app)
    app.button(key="draw_anew").click().run()
    assert "Nothing was measured yet" in words(app) and not charts(app)
    manager.stop(comparison)
    assert manager.wait(comparison, PATIENCE)
    assert not charts(app.run()) and not app.header  # over, and nothing to show


def test_a_finished_comparison_is_drawn_once_per_tab(manager, monkeypatch):
    import pages.shared.compare.more_charts as module

    manager.go.set()
    comparison = manager.start(RUNS, owner="ann", scenario="collapse")
    assert manager.wait(comparison, PATIENCE)
    calls, real = [], module.policy_charts
    monkeypatch.setattr(module, "policy_charts", lambda *args, **kwargs: calls.append(1) or real(*args, **kwargs))
    app = shown(comparison)
    app.run()
    assert len(calls) == 1 and len(charts(app)) == 3


def test_words_are_shown_as_they_stand():
    assert plain("$x$ **a** [b](c) :red[d] eps_high") == r"\$x\$ \*\*a\*\* \[b\]\(c\) \:red\[d\] eps\_high"
    assert plain("ε_high, 0.5") == r"ε\_high\, 0\.5"
