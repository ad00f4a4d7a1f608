"""Names, labels, links and stored texts that would act: on every page they are text, or they are refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from core.analysis.markdown import literal, plain
from core.analysis.report import report_markdown
from core.analysis.result import Status
from core.analysis.summary import summarise
from core.engine.trainer import train
from core.runs.store.store import Store
from core.settings.links import from_query
from pages.shared.common import process
from tests.pages.conftest import SMALL, read, words

ME = "a" * 32
HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) $x^2$ :material/bug_report: :red[hot] **b** `c` | # h"
# What would act in Markdown, if it stood in it without a backslash. A pair of dollars is a formula.
ACTING = (
    r"(?<!\\)<img",
    r"(?<!\\)\[x\]\(javascript",
    r"(?<!\\)\$x",
    r"(?<!\\):material/bug_report:(?!\\)",
    r"(?<!\\):red\[hot",
    r"(?<!\\)\*\*b\*\*",
)
MARKDOWN = ("markdown", "info", "caption", "error", "warning", "success", "title", "header", "subheader")
LABELLED = ("button", "expander", "multiselect", "text_input", "selectbox", "number_input", "toggle", "slider", "checkbox")


def markup(app) -> str:
    """All that is drawn where Markdown acts: texts, labels, and what buttons are called."""
    texts = [str(e.value) for kind in MARKDOWN for e in getattr(app, kind)]
    labels = [e.label for kind in LABELLED for e in getattr(app, kind)]
    labels += [e.proto.label for e in app.get("download_button")]
    options = [option.content for e in app.get("button_group") for option in e.proto.options]
    return "\n".join((*texts, *labels, *options))


def acts(text: str) -> list[str]:
    return [pattern for pattern in ACTING if re.search(pattern, text)]


def test_the_patterns_find_what_would_act_and_nothing_else():
    assert acts(HOSTILE) == list(ACTING)
    assert acts(plain(HOSTILE)) == [] and read(plain(HOSTILE)) == HOSTILE


@pytest.fixture
def hostile(tmp_path) -> str:
    """A finished comparison whose every text would act, in a history that somebody else has written."""
    store = Store(tmp_path / process.DATABASE)
    made = store.add_comparison(owner=ME, scenario=f"scenario {HOSTILE}", name=HOSTILE)
    for label, config in from_query(SMALL).runs.items():
        stored_id = store.add_run(made, f"{label} {HOSTILE}", replace(config, updates=8), status=Status.RUNNING)
        for record in train(replace(config, updates=8)):
            store.append(stored_id, record)
        store.set_status(stored_id, Status.FAILED, error=f"because {HOSTILE}", traceback=HOSTILE)
    store.close()
    return made


@pytest.mark.parametrize("page", ["app.py", "pages/runs.py", "pages/inspect_step.py", "pages/ladder.py"])
def test_stored_texts_are_texts_on_every_page(open_app, hostile, page):
    app = open_app(cookie=ME)
    if page != "app.py":
        app.switch_page(page)
    app.query_params["comparison"] = hostile
    app.session_state["runs:selected"] = [row.stored_id for row in process.store().runs()]
    app.run()
    assert not app.exception
    assert page == "pages/ladder.py" or "onerror=alert(1)" in read(markup(app)) + " ".join(
        t.value for t in app.text
    )  # it is there …
    assert acts(markup(app)) == []  # … and does nothing


def test_a_link_is_text_in_names_and_in_values(open_app):
    app = open_app(
        {"scenario": HOSTILE, "sides": f"{HOSTILE}:DAPO", HOSTILE: "1", "task.noise": HOSTILE, f"{HOSTILE}.eps_low": "0.1"}
    )
    assert "onerror=alert(1)" in words(app) and len(app.warning) == 5
    assert acts(markup(app)) == [] and not app.exception


@pytest.mark.parametrize("page", ["pages/inspect_step.py", "pages/ladder.py"])
def test_a_link_to_other_pages_is_text_too(open_app, page):
    app = open_app().switch_page(page)
    for name in ("comparison", "run", "seed", "update", "group"):
        app.query_params[name] = HOSTILE
    app.run()
    assert app.warning and acts(markup(app)) == [] and not app.exception


def test_a_label_that_would_act_is_refused_where_it_is_typed(open_app):
    app = open_app(SMALL, opened=("side 0",))
    field = next(w for w in app.text_input if (w.key or "").endswith("GRPO:side:label"))
    app = field.set_value(HOSTILE[:24]).run()
    assert "letters, digits, spaces" in words(app) and acts(markup(app)) == [] and not app.exception


def test_the_board_gets_texts_as_json(open_app, hostile):
    app = open_app({"comparison": hostile}, cookie=ME)
    sent = next(c.proto.bytes for c in app.get("bidi_component") if c.proto.bytes)  # the others of the page have JSON
    assert any(HOSTILE in side["label"] for side in json.loads(sent)["sides"])  # the browser writes it as text, see tests/browser


def test_the_report_as_a_file_is_text_too(tmp_path, hostile):
    store = Store(tmp_path / process.DATABASE)
    results = store.results(hostile)
    store.close()
    report = report_markdown("title", "look", "", summarise("collapse", results), results)
    table = next(line for line in report.splitlines() if line.startswith("| metric"))
    assert literal(HOSTILE) in report and len(re.findall(r"(?<!\\)\|", table)) == 4  # a label makes no column
    assert not [p for p in acts(report) if "material" not in p and "red" not in p]  # those two are Streamlit's own
