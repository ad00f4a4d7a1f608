"""One server of the app, one of the board's harness, and one Chromium for all that needs them. Without them these tests fail, and never skip.

A worker runs either the board's tests or the app's (see tests/conftest.py), so each server is started once. Pages share one
browser context and one process, which have fetched and compiled the scripts already; cookies are removed between tests, so that each test's
visitor is a new person."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from pages.shared.common.process import COOKIE
from tests.processes import end_with_parent

ROOT = Path(__file__).parents[2]
HEALTH = "/_stcore/health"  # an address of Streamlit's server at which there is no page to draw
WIDE = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
# Whatever moves on a page is drawn sixty times a second, and tests/browser/settled.py waits for its end.
NO_MOTION = {"reduced_motion": "reduce"}
TOUR_SEEN = "try { localStorage.setItem('dapo-lab-tour', 'seen') } catch {}"
CHART = ".lb-plot canvas"  # the first chart of the live board
HARNESS_SERVER = """import streamlit as st

from hosting.application import ROUTES, from_start_to_stop

app = st.App("harness_board.py", routes=ROUTES, lifespan=from_start_to_stop)
"""
MEASURED = ("chromium", "google-chrome")  # what people have: whoever measures starts one of these
# The same engine without the window around it opens a page in half the processor time.
TESTED = ("chromium-headless-shell", *MEASURED)
# All pages of one context and host are drawn by one process, which a page that stays open keeps alive: what its engine has compiled for one
# test is there for the next, and a page opens in five sixths of the processor time.
ONE_PROCESS = "--process-per-site"
# A page is open for seconds: what V8's optimising compilers cost is not won back by then.
NO_OPTIMISING = "--js-flags=--no-turbofan --no-maglev --max-lazy"
# While a script still arrives, other threads parse it; the process has it compiled already, see ONE_PROCESS.
NO_STREAMING = "--disable-features=ScriptStreaming"
POLLING = 50  # ms between two looks of `wait_for_function`; without it each look makes the browser draw another frame
LOCAL = ("", "data", "blob", "about", "file")  # schemes that leave no machine
# A tab's icon is fetched by the browser itself, which tells no request of it: what the document names counts as well.
NAMED = """
[...document.querySelectorAll('link[href], script[src], img[src], iframe[src], source[src], video[src], audio[src], image')]
    .filter((node) => node.rel !== 'canonical')
    .map((node) => node.src?.baseVal ?? node.src ?? node.href?.baseVal ?? node.href)
"""
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing leaves the machine
]


def pytest_configure(config):
    config.addinivalue_line("markers", "browser: needs a real Chromium")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def launch(playwright: Playwright, *names: str, flags: Sequence[str] = ()) -> Browser:
    """The browser that CHROMIUM names, or the first of the system's that is there, with `flags` beside FLAGS."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names or TESTED)), None)
    assert found, "the browser tests need Chromium: apt-get install chromium-headless-shell, or set CHROMIUM"
    return playwright.chromium.launch(executable_path=found, args=[*FLAGS, *flags])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launch(playwright, flags=[ONE_PROCESS, NO_OPTIMISING, NO_STREAMING]) as chromium:
        yield chromium


@pytest.fixture(scope="session")
def board_server(tmp_path_factory) -> Iterator[str]:
    """The address of the harness. It runs from a copy, because Streamlit serves the `static` beside the script it was started with."""
    from pages.shared.common.live_board.assets import install

    folder = tmp_path_factory.mktemp("harness")
    shutil.copy(Path(__file__).parent / "harness_board.py", folder)
    script = folder / "server.py"
    script.write_text(HARNESS_SERVER)
    install(folder / "static")
    with serve(script, folder) as address:
        yield address


@pytest.fixture(scope="session")
def history(tmp_path_factory) -> Path:
    """The folder of the app's history; `tests.browser.stored.add` puts comparisons into it while the server runs."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def app_server(tmp_path_factory, history) -> Iterator[str]:
    """The address of the app, with a history of its own. Every visit is another visitor's, who sees nothing of those before."""
    logs = tmp_path_factory.mktemp("app")
    with serve(ROOT / "app.py", logs, streamlit="tests.browser.app_server", DAPO_LAB_DATA=str(history)) as address:
        yield address


@pytest.fixture(scope="session")
def shared_context(browser) -> Iterator[BrowserContext]:
    """The context of the first page of each test."""
    with browser.new_context(**NO_MOTION) as context:
        yield context


@pytest.fixture(scope="session")
def stays_open(shared_context) -> Callable[[str], None]:
    """Opens a page of a server that stays open between the tests, see ONE_PROCESS; a second time it does nothing."""
    kept: set[str] = set()

    def keep(address: str) -> None:
        if address not in kept:
            shared_context.new_page().goto(f"{address}{HEALTH}")
            kept.add(address)

    return keep


def elsewhere(addresses: list[str]) -> list[str]:
    """The addresses that are on another machine."""
    return sorted({a for a in addresses if urlsplit(a).scheme not in LOCAL and urlsplit(a).hostname != "127.0.0.1"})


@pytest.fixture
def new_page(browser, shared_context):
    """Opens empty pages: in the shared context, in that of a page (`beside`), or in one of its own for another visitor, if asked (`apart`), or
    for options that a page cannot be given later. Without `tour` the visitor has seen the tour before.
    A page has the lists `errors`, of what its scripts have thrown, which must be empty at the end, and `sockets`, of its websockets; the
    fixture has the list `asked`, of what its pages asked for in vain, of their websockets, and of what their documents name. Nothing may be on
    another host: the app works in a room without internet, and nobody is told who reads it. No other host is ever reached (FLAGS); to be told
    of each request would take a twentieth of the browser's processor time."""
    own: list[BrowserContext] = []
    asked: list[str] = []
    errors: list[str] = []
    taken = False

    def opener(
        *,
        beside: Page | None = None,
        apart: bool = False,
        viewport=WIDE,
        color_scheme: str = "light",
        cookies=(),
        tour: bool = False,
        **options,
    ) -> Page:
        nonlocal taken
        if beside is not None:
            context = beside.context
        elif taken or apart or options:
            context = browser.new_context(**(NO_MOTION | options))
            own.append(context)
        else:
            context, taken = shared_context, True
        context.add_cookies(cookies)
        page = context.new_page()
        if not tour:
            page.add_init_script(TOUR_SEEN)
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme)
        page.set_default_timeout(60_000)
        page.wait_for_function = partial(page.wait_for_function, polling=POLLING)
        page.errors, page.sockets = [], []
        page.on("requestfailed", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: (page.sockets.append(socket), asked.append(socket.url)))
        page.on("pageerror", lambda error: (page.errors.append(str(error)), errors.append(f"{page.url}: {error}")))
        return page

    opener.asked = asked
    yield opener
    for page in [page for context in (shared_context, *own) for page in context.pages if page.url.startswith("http")]:
        asked += page.evaluate(NAMED)
    for context in own:
        context.close()
    for page in [page for page in shared_context.pages if not page.url.endswith(HEALTH)]:
        for frame in page.frames:
            if frame.url.startswith("http"):
                frame.evaluate("localStorage.clear()")
        page.close()
    shared_context.clear_cookies()
    assert elsewhere(asked) == [], "a page asks for something on another host"
    assert errors == [], "a page's script has thrown"


@pytest.fixture
def visit(new_page, app_server, stays_open):
    """Opens a page of the app with a query and waits until `wait` is there; `visitor` is the name in the cookie of who comes."""

    def open_page(
        query: str = "", *, path: str = "/", wait: str = CHART, address: str = "", visitor: str = "", **options
    ) -> Page:
        stays_open(app_server)
        address = address or app_server
        cookies = [{"name": COOKIE, "value": visitor, "url": address, "sameSite": "Lax"}] if visitor else []
        page = new_page(cookies=cookies, **options)
        page.goto(f"{address}{path}?{query}")
        page.wait_for_selector(wait)
        return page

    return open_page


@contextmanager
def serve(script: str | Path, logs: Path, *, streamlit: str = "streamlit", **environment: str) -> Iterator[str]:
    """The address of a Streamlit server that runs `script` until the block ends; `streamlit` is the module that starts it."""
    options = ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    with started(["-m", streamlit, "run", str(script), *options], logs, **environment) as address:
        yield address


@contextmanager
def started(arguments: list[str], logs: Path, *, patience: float = 20, **environment: str) -> Iterator[str]:
    """The address of the server that `python *arguments` starts, on a free port, until the block ends, however it ends. A server that has
    not ended `patience` seconds after it was told to is killed, and TimeoutExpired says so."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ours = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "PORT": port, "STREAMLIT_SERVER_PORT": port}
    with (logs / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | ours | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _until_healthy(server, address)
            assert server.poll() is None, (logs / "log.txt").read_text()
            yield address
        finally:
            server.terminate()
            try:
                server.wait(patience)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
                raise


def _until_healthy(server: subprocess.Popen, address: str) -> None:
    for _ in range(240):
        if server.poll() is not None:
            return
        try:
            if urllib.request.urlopen(f"{address}{HEALTH}", timeout=1).read() == b"ok":
                return
        except OSError:
            time.sleep(0.25)
