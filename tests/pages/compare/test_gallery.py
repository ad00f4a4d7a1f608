"""The gallery of scenarios, and Compare inside another page."""

from __future__ import annotations

import re

import pytest

from core.data.gallery import ScenarioPicture
from core.settings.scenarios import SCENARIOS
from pages.shared.common import process
from pages.shared.compare.gallery import drawn, what_to_watch
from tests.pages.conftest import SMALL, comparison, finish, press, read, words


def test_the_gallery_has_every_scenario_with_one_sentence(open_app):
    app = press(open_app(SMALL), "browse")
    assert not app.exception
    for scenario in SCENARIOS.values():
        assert read(app.button(key=f"choose:{scenario.name}").label) == scenario.title and what_to_watch(scenario) in words(app)
    assert app.button(key="choose:collapse").disabled
    # A choice closes the dialog, which is the browser's: tests/browser/test_compare.py.


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_sentence_is_one(name):
    assert re.fullmatch(r"Watch [^\n]+\.", what_to_watch(SCENARIOS[name]))


def test_a_picture_is_drawn_within_its_frame_in_the_colours_of_the_theme():
    picture = ScenarioPicture("eval_accuracy", "samples", {"GRPO": [[0, 0.0], [100, 0.5]], "<b>": [[0, 0.2], [50, 1.0]]})
    svg = drawn(picture, dark=False)
    points = re.findall(r'points="([^"]+)"', svg)
    assert points == ["6.0,90.0 234.0,48.0", "6.0,73.2 120.0,6.0"]  # 240 x 96 with a margin of 6, to 1.0 above and 100 samples
    assert "<b>" not in svg and "#D55E00" in svg and "#F0803C" in drawn(picture, dark=True)


@pytest.fixture
def embedded(open_app, monkeypatch):
    monkeypatch.setattr("pages.shared.common.frame.embedded", lambda: True)
    return open_app


def links(app) -> str:
    return " ".join(m.value for m in app.markdown if "open in DAPO Lab" in m.value)


def test_embedded_it_is_the_board_with_a_link_to_the_whole(embedded):
    app = embedded(SMALL)
    assert not app.exception and not app.sidebar.button and not app.title
    assert "scenario=collapse&updates=16&replicas=2" in links(app)
    app = finish(press(app, "run"))
    assert {run.status for run in process.manager().view(comparison(app)).runs.values()} == {"done"}
    assert f"comparison={comparison(app)}" in links(app) and "Findings" not in [s.value for s in app.subheader]


def test_embedded_a_scenario_that_was_not_run_shows_its_picture(embedded):
    app = embedded({"scenario": "lab"})
    assert "The picture is of a finished run" in words(app) and not app.exception
