"""The gallery of scenarios, and Compare inside another page."""

from __future__ import annotations

import base64
import html
import json
import re

import pytest

from core.data.gallery import ScenarioPicture
from core.settings.scenarios import SCENARIOS
from pages.shared.common import process
from pages.shared.compare.gallery import drawn
from tests.pages.conftest import SMALL, comparison, finish, press, read, words

COLLAPSE = SCENARIOS["collapse"]


def test_the_gallery_has_every_scenario_with_one_sentence(open_app):
    app = press(open_app(SMALL), "browse")
    assert not app.exception
    for scenario in SCENARIOS.values():
        assert read(app.button(key=f"choose:{scenario.name}").label) == scenario.title and scenario.parts[1] in words(app)
    assert app.button(key="choose:collapse").disabled
    # A choice closes the dialog, which is the browser's: tests/browser/test_compare.py.


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_sentence_is_one(name):
    scenario = SCENARIOS[name]
    before, watch, after = scenario.parts
    assert re.fullmatch(r"Watch [^\n]+\.", watch) and not re.search(r"\. [A-Z]", watch)
    assert " ".join(part for part in (before, watch, after) if part) == scenario.look_for


def test_a_picture_is_drawn_within_its_frame_in_the_colours_of_both_themes_with_its_sides_named():
    picture = ScenarioPicture("eval_accuracy", "samples", {"GRPO": [[0, 0.0], [100, 0.5]], "<b>": [[0, 0.2], [50, 1.0]]})
    made = drawn(COLLAPSE, picture)
    svgs = [base64.b64decode(source).decode() for source in re.findall(r"base64,([^)]+)\)", made)]
    points = re.findall(r'points="([^"]+)"', " ".join(svgs))
    assert points == ["6.0,90.0 234.0,48.0", "6.0,73.2 120.0,6.0"]  # 240 x 96 with a margin of 6, to 1.0 above and 100 samples
    assert "<b>" not in made and made.count("light-dark(#D55E00, #F0803C)") == 2  # of the line and of its name
    assert 'aria-label="Held-out score, 0 to 1, over 100 samples generated: GRPO ends at 0.5, &lt;b&gt; ends at 1."' in made


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
    assert f"comparison={comparison(app)}" in links(app) and "Findings" not in [s.value for s in app.header]


def test_share_has_the_code_that_shows_the_board_in_another_page(open_app):
    codes = [html.unescape(code.value) for code in open_app(SMALL).main.code]
    assert any(
        re.search(
            r'<iframe src="[^"]*\?embed=true&scenario=collapse&updates=16&replicas=2" title="DAPO Lab: GRPO collapses', code
        )
        for code in codes
    )


def test_embedded_a_scenario_that_was_not_run_shows_its_picture(embedded):
    told = words(embedded({"scenario": "lab"}))
    assert (
        "The picture shows a finished run of these settings; **Run** trains both sides now and draws every update live." in told
    )
    assert "Watch nothing happen" in told
    assert "a finished run of the scenario's own settings, which are not those of this page" in words(
        embedded({"scenario": "lab", "replicas": "2"})
    )


def test_embedded_it_says_what_is_shown_and_then_what_came_of_it(embedded):
    app = embedded(SMALL)
    assert "The charts show a finished run of the scenario's own settings" in words(app)
    app = finish(press(app, "run"))
    assert re.search(r"\*\*Result\.\*\* At equal updates, .+", words(app)) and "finished run" not in words(app)


def test_embedded_a_chart_leads_to_no_page_from_which_there_is_no_way_back(embedded, monkeypatch):
    def opens(app) -> bool:
        (found,) = (c.proto.bytes for c in app.get("bidi_component") if "live_board" in c.proto.component_name)
        return json.loads(found)["opens"]

    assert opens(embedded(SMALL)) is False
    monkeypatch.setattr("pages.shared.common.frame.embedded", lambda: False)
    assert opens(embedded(SMALL)) is True
