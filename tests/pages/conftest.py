"""The app without a browser: opened in a folder of its own, with a trainer that a test can hold."""

from __future__ import annotations

import functools
import re
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner

from core.analysis.markdown import JOINER
from core.data.comparison import SHIPPED_COMPARISON
from core.engine.trainer import train
from core.runs.manager import RunManager
from core.runs.store.store import Store
from core.settings.links import from_query
from pages.shared.common import findings, process

ROOT = Path(__file__).parents[2]
SETTINGS = ("environment", "optimisation", "counts", *(f"side {number}" for number in range(4)))  # parts of the sidebar
SMALL = {"scenario": "collapse", "replicas": "2", "updates": "16"}
LONGER = SMALL | {"updates": "48"}
START = {"run": "1"}  # of an address: the page starts its settings when it opens


class Gate:
    """A trainer that waits after `open_for` updates until it is let go."""

    def __init__(self, open_for: int):
        self.open_for, self.go = open_for, threading.Event()

    def train(self, config, **options):
        for record in train(config, **options):
            yield record
            if record.update >= self.open_for:
                self.go.wait(30)


@pytest.fixture(scope="session", autouse=True)
def packages_read_once():
    """Streamlit reads what every installed package says of itself for each app that a test opens: half of the time that an opening takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", functools.cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session", autouse=True)
def scripts_waited_for():
    """Streamlit asks every millisecond whether a page's script has come to its end, and takes time from it with that."""
    ask = local_script_runner.require_widgets_deltas

    def wait(runner, timeout: float = 3) -> None:
        runner._script_thread.join(timeout)
        ask(runner, timeout)  # ends a script that is not over in time, and says so

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture(scope="session", autouse=True)
def shipped_findings_computed_once():
    """A process computes them once, and every app that a test opens is to itself a process of its own."""
    summarise = findings.summarise
    shipped = functools.cache(lambda name: summarise(name, SHIPPED_COMPARISON.results))

    def once(name, results):
        return shipped(name) if results is SHIPPED_COMPARISON.results else summarise(name, results)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "summarise", once)
        yield


@pytest.fixture
def open_app(monkeypatch, tmp_path):
    """Opens a page with query parameters, and with another trainer or fewer threads where asked; cleans up after the test. `page`: the file
    of one that is not Compare, opened by its own address. `cookie` makes it another visitor. `opened`: parts that are drawn only when they
    are open."""
    monkeypatch.setenv("DAPO_LAB_DATA", str(tmp_path))
    gates, stores, managers = [], [], []

    def opened_store(path):
        stores.append(Store(path))
        return stores[-1]

    monkeypatch.setattr(process, "Store", opened_store)

    def opener(
        params=None, *, page: str = "", fresh: bool = True, cookie: str = "", opened: Iterable[str] = (), **options
    ) -> AppTest:
        if fresh:  # another server process; otherwise another tab of the same
            st.cache_resource.clear()
            if "gate" in options:
                gates.append(options.pop("gate"))
                options["train"] = gates[-1].train

            def opened_manager(store, **usual):
                managers.append(RunManager(store, **(usual | options)))
                return managers[-1]

            monkeypatch.setattr(process, "RunManager", opened_manager)
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        if page:
            app.switch_page(page)
        for part in opened:
            app.session_state[f"open:{part}"] = True
        monkeypatch.setattr(process, "sent_name", lambda: cookie)
        for key, value in (params or {}).items():
            app.query_params[key] = value
        return app.run()

    yield opener
    for gate in gates:
        gate.go.set()
    st.cache_resource.clear()  # lets go of the leases, for which it may make one more manager
    for manager in managers:
        manager.shutdown()
    for store in stores:
        store.close()


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> tuple[Path, str]:
    """A folder of runs with one finished comparison, `LONGER`, and its id."""
    folder = tmp_path_factory.mktemp("finished")
    store = Store(folder / process.DATABASE)
    with RunManager(store) as manager:
        opened = from_query(LONGER)
        found = manager.start(opened.runs, owner="somebody", scenario=opened.scenario.name)
        assert manager.wait(found, 60)
    store.close()
    return folder, found


@pytest.fixture
def made(finished, tmp_path) -> str:
    """The id of a finished comparison that the server which `open_app` starts finds in its history."""
    folder, found = finished
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return found


def press(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def comparison(app: AppTest) -> str:
    found = app.query_params["comparison"]
    return found if isinstance(found, str) else found[0]


def finish(app: AppTest) -> AppTest:
    assert process.manager().wait(comparison(app), 60)
    return app.run()


def words(app: AppTest) -> str:
    """What a person reads where Markdown acts."""
    return read(" ".join(str(e.value) for e in (*app.markdown, *app.info, *app.caption, *app.error, *app.warning)))


def read(markdown: str) -> str:
    """Markdown as a person reads it: without what keeps a text from acting."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


def wait_for(condition, seconds: float = 30):
    waited = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        waited.wait(0.02)
    raise AssertionError("it did not happen in time")
