"""The page Your run without a browser: opened, given logs, and what its board shows."""

from __future__ import annotations

import json

import pytest

from tests.pages.conftest import press

ANN, BOB = "a" * 32, "b" * 32
ROWS = 40


def rows(first: int = 1, last: int = ROWS, **more) -> str:
    return "".join(
        json.dumps(
            {
                "step": i,
                "loss": 0.1,
                "reward": i / last,
                "entropy": 1 / i,
                "completions/mean_length": 20.0 + i,
                "mine": i * i,
                **more,
            }
        )
        + "\n"
        for i in range(first, last + 1)
    )


@pytest.fixture
def open_page(open_app):
    def opener(visitor: str = ANN, params=None, **options):
        return open_app(params, cookie=visitor, page="pages/your_run.py", **options)

    return opener


def drop(app, *files: tuple[str, str | bytes]):
    for name, text in files:
        app.file_uploader[0].upload(name, text.encode() if isinstance(text, str) else text, "text/plain")
    return app.run()


def paste(app, text: str):
    app.text_area[0].set_value(text)
    return app.button[[b.label for b in app.button].index("Read the text")].click().run()


def payload(app) -> dict:
    """Everything that the board shows, not only what is new."""
    app.run()  # a diagnosis that is due has the page drawn twice
    if "your_run:board:sender" in app.session_state:
        del app.session_state["your_run:board:sender"]
    app.run()
    (shown,) = boards(app)
    return json.loads(shown.proto.bytes)


def boards(app) -> list:
    return [part for part in app.get("bidi_component") if "live_board" in part.proto.component_name]


def change(app, column: str, metric: str):
    """Say that a column stands for a metric."""
    app.selectbox(key="your_run:change:column").set_value(column).run()
    app.selectbox(key=f"your_run:change:metric:{column}").set_value(metric).run()
    return press(app, "your_run:change")


def charts(app) -> list[str]:
    return [chart["name"] for chart in payload(app)["charts"]]


def log_of(app) -> str:
    found = app.query_params["log"]
    return found if isinstance(found, str) else found[0]


def watch(app, path):
    app.text_input(key="your_run:path").set_value(str(path))
    return app.button[[b.label for b in app.button].index("Watch")].click().run()
