"""The server of a container: healthy when it answers, and a stop signal ends its runs as interrupted, with all that they measured."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest

from bench.visitor import Diary, Tab
from hosting import health, serve
from tests.browser.conftest import started


def test_options_given_come_last_and_the_port_is_the_hosts():
    options = serve.options({"PORT": "7860"}, ["--server.address=127.0.0.1"])
    assert "--server.port=7860" in options and options[-1] == "--server.address=127.0.0.1"


def test_it_is_healthy_and_a_stop_signal_marks_its_runs(tmp_path, monkeypatch, capsys):
    with started(["-m", "hosting.serve", "--server.address=127.0.0.1"], tmp_path, DAPO_LAB_DATA=str(tmp_path)) as address:
        monkeypatch.setenv("PORT", address.rpartition(":")[2])
        assert health.main() == 0, capsys.readouterr().out
        with urllib.request.urlopen(f"{address}/?scenario=lab", timeout=10) as page:
            assert 'content="The lab that printed 0.0000' in page.read().decode()
        with urllib.request.urlopen(f"{address}/card.png", timeout=10) as picture:
            assert picture.read(4) == b"\x89PNG"
        small_files_come_without_a_pause(address)
        with ThreadPoolExecutor() as own:  # a thread of its own: where Playwright is open, this one has an event loop already
            own.submit(asyncio.run, _press_run(address.replace("http", "ws") + "/_stcore/stream")).result()
    assert health.main() == 1, "nobody answers any more"
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as history:
        runs = history.execute("SELECT status, (SELECT count(*) FROM steps WHERE run = runs.id) FROM runs").fetchall()
    assert len(runs) == 2 and all(status == "interrupted" and updates > 0 for status, updates in runs), runs
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


def small_files_come_without_a_pause(address: str) -> None:
    """See hosting/sockets.py: over one connection each took 40 ms, however small."""
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=10)) as connection:
        took = []
        for _ in range(10):
            began = time.monotonic()
            connection.request("GET", "/favicon.png")
            assert connection.getresponse().read()[:4] == b"\x89PNG"
            took.append(time.monotonic() - began)
    assert min(took[1:]) < 0.03


SERVER = """
import http.server, os, signal
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200), self.end_headers(), self.wfile.write(b"ok")
signal.signal(signal.SIGTERM, signal.{handler})
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Healthy).serve_forever()
"""


@pytest.mark.parametrize(("handler", "error"), [("SIG_DFL", ZeroDivisionError), ("SIG_IGN", subprocess.TimeoutExpired)])
def test_no_server_outlives_a_test_that_fails(tmp_path, handler, error):
    with (
        pytest.raises(error),
        started(["-c", SERVER.format(handler=handler)], tmp_path, patience=0.2 if handler == "SIG_IGN" else 20) as address,
    ):
        raise ZeroDivisionError
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) != 0, "somebody still listens"


async def _press_run(stream: str) -> None:
    """Until both sides have measured something."""
    tab = Tab(stream, Diary(), "run=1")
    await tab.open()
    await tab.until(
        lambda: any(all(p["metrics"]["entropy_nats"]["mean"] for p in told.points.values()) for told in _live(tab)), 60
    )
    await tab.leave()


def _live(tab: Tab) -> list:
    return [told for told in tab.diary.told if told.comparison != "shipped" and told.points]
