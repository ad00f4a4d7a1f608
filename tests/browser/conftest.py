"""A Streamlit server with a harness page, and a real Chromium. Without either these tests fail; they do not skip."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: needs a real Chromium")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, or the one that CHROMIUM names."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "the browser tests need Chromium: apt-get install chromium, or set CHROMIUM"
    return playwright.chromium.launch(executable_path=found, args=FLAGS)


@pytest.fixture(scope="session")
def browser() -> Browser:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def board_server(tmp_path_factory) -> Iterator[str]:
    """The address of the harness. It runs from a copy, because Streamlit serves the `static` beside the script it was started with."""
    from pages.shared.common.live_board.assets import install

    folder = tmp_path_factory.mktemp("harness")
    script = shutil.copy(Path(__file__).parent / "harness_board.py", folder)
    install(folder / "static")
    with serve(script, folder) as address:
        yield address


@pytest.fixture(scope="session")
def app_server(tmp_path_factory) -> Iterator[str]:
    """The address of the app, with a history of its own. Every visit is another visitor's, who sees nothing of those before."""
    with serve(ROOT / "app.py", tmp_path_factory.mktemp("app"), DAPO_LAB_DATA=str(tmp_path_factory.mktemp("data"))) as address:
        yield address


@pytest.fixture
def visit(browser, app_server):
    """Opens Compare with a query in a browser of its own, or in the browser of another page (`beside`); waits until charts are drawn."""
    contexts = []

    def open_page(
        query: str = "", *, address: str = app_server, beside=None, path: str = "/", wait=".lb-plot .main-svg", **options
    ):
        if beside is None:
            contexts.append(browser.new_context(**({"viewport": {"width": 1440, "height": 1000}} | options)))
        page = (beside.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(60_000)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(f"{address}{path}?{query}")
        page.wait_for_selector(wait)
        return page

    yield open_page
    for context in contexts:
        context.close()


@contextmanager
def serve(script: str | Path, logs: Path, **environment: str) -> Iterator[str]:
    """The address of a Streamlit server that runs `script` until the block ends."""
    options = ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    with started(["-m", "streamlit", "run", str(script), *options], logs, **environment) as address:
        yield address


@contextmanager
def started(arguments: list[str], logs: Path, **environment: str) -> Iterator[str]:
    """The address of the server that `python *arguments` starts, on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ours = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "PORT": port, "STREAMLIT_SERVER_PORT": port}
    with (logs / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=os.environ | ours | environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _until_healthy(server, address)
            assert server.poll() is None, (logs / "log.txt").read_text()
            yield address
        finally:
            server.terminate()
            server.wait(20)


def _until_healthy(server: subprocess.Popen, address: str) -> None:
    for _ in range(240):
        if server.poll() is not None:
            return
        try:
            if urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).read() == b"ok":
                return
        except OSError:
            time.sleep(0.25)
