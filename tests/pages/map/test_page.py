"""The Map of collapse in each of its states, without a browser."""

from __future__ import annotations

import json
from functools import partial

import pytest

import core.runs.sweeps
from core.data.maps import SHIPPED_MAPS
from core.settings.links import from_query
from pages.shared.map.drawing import duration
from pages.shared.map.server import sweeps
from tests.core.sweep.made import Inline
from tests.pages.conftest import press, read, wait_for, words

PAGE = "pages/map.py"
OWN = {"x": "learning_rate=1e-3,1e-1", "y": "algorithm.eps_high=0.1,0.4", "replicas": "4", "updates": "16"}
QUICK = OWN | {"replicas": "2", "updates": "8"}


@pytest.fixture
def open_map(open_app, monkeypatch):
    monkeypatch.setattr(core.runs.sweeps, "Processes", lambda *arguments, **options: Inline())
    return partial(open_app, page=PAGE)


def figures(app) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def trained(app):
    """When its sweep is over, drawn again."""
    wait_for(lambda: all(job.over for job in sweeps()._jobs.values()) and sweeps()._jobs)
    return app.run()


def test_a_finished_map_comes_first_with_its_command_its_findings_and_one_cell(open_map):
    app = open_map()
    assert not app.exception
    shipped = next(iter(SHIPPED_MAPS.values()))
    assert shipped.sweep_command in words(app) and "GRPO collapses, in half or more of its seeds, in" in words(app)
    heat = [figure for figure in figures(app) if any(trace["type"] == "heatmap" for trace in figure["data"])]
    assert len(heat) == 3 and len(figures(app)) == 6  # two sides and their difference; three curves of one cell
    lists = {box.label: box.value for box in app.selectbox}
    assert lists["learning rate"] == min(shipped.grid.axes[0].texts, key=lambda text: abs(float(text) - 0.014))
    assert len(app.dataframe[0].value) == 32  # two sides of 16 seeds


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"x": "learning_rate=1e-1:1e-3:log4"}, "This map cannot be drawn: --x learning_rate must rise from low to high"),
        pytest.param(
            {"x": "learning_rate=1e-4:1e-1:log64", "y": "task.noise=0:1:lin64"}, "at most 2,000 cells", marks=pytest.mark.thorough
        ),
        pytest.param({"y": "task.noize=0,1"}, "unknown field 'noize'; did you mean noise?", marks=pytest.mark.thorough),
        ({"updates": "many"}, "The link's parameter updates was ignored"),
    ],
)
def test_a_hostile_link_is_told_in_a_sentence(open_map, changes, told):
    app = open_map(OWN | changes)
    assert not app.exception and told in words(app)


def test_a_map_of_ones_own_is_trained_from_its_link_and_its_cell_opens_on_compare(open_map):
    app = open_map(OWN)
    assert "No cell of this map has been trained yet" in words(app)
    app = trained(press(app, "map:train"))
    assert not app.exception and "With 4 seeds this is a first look; a claim needs 16." in words(app)
    assert not [button for button in app.button if button.label.startswith(("Train", "Stop"))]
    link = next(link.proto for link in app.get("page_link") if link.proto.label.startswith("Open exactly these settings"))
    opened = from_query(dict(pair.split("=") for pair in link.query_string.split("&")))
    rates = {run.learning_rate for run in opened.runs.values()}
    assert opened.problems == () and rates <= {1e-3, 1e-1} and {run.replicas for run in opened.runs.values()} == {4}
    app.selectbox(key=_key(app, "ε_high")).select("0.4").run()
    link = next(link.proto for link in app.get("page_link") if link.proto.label.startswith("Open exactly these settings"))
    assert {
        run.algorithm.eps_high for run in from_query(dict(p.split("=") for p in link.query_string.split("&"))).runs.values()
    } == {0.4}


def _key(app, label: str) -> str:
    return next(box.key for box in app.selectbox if box.label == label)


def test_the_form_trains_a_map_and_refuses_nonsense(open_map):
    app = open_map(QUICK)
    app.text_input[0].set_value("learning_rate=nan,1")
    press_form(app)
    assert "Not started: --x learning_rate must be a finite number, got nan" in read(app.error[0].value)
    app.text_input[0].set_value("learning_rate=1e-3,1e-2,1e-1")
    app = trained(press_form(app))
    assert not app.exception and "1e-2" in str(app.query_params["x"])
    assert "of 6 cells" in words(app)


def press_form(app):
    return next(button for button in app.button if button.label == "Draw the map").click().run()


def test_a_third_axis_is_a_slider(open_map):
    app = trained(press(open_map(QUICK | {"z": "task.noise=0,0.5"}), "map:train"))
    assert not app.exception and app.select_slider[0].options == ["0", "0.5"]
    app.select_slider[0].set_value("0.5").run()
    assert not app.exception and "of 4 cells" in words(app)


def test_an_unknown_pair_is_told(open_map):
    app = open_map({"pair": "nothing-like-it"})
    assert not app.exception and "not known here" in words(app)


def test_durations():
    assert [duration(s) for s in (0.2, 40, 200, 7200)] == ["1 s", "40 s", "3 min", "2.0 h"]
