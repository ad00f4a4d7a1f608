"""The priority of the threads that train."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import closing

import pytest

from core.engine.trainer import train
from core.runs import threads
from core.runs.manager import RunManager
from core.runs.store.store import Store
from tests.support import TINY_RUN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities per thread")
def test_what_trains_gives_way_to_everything_else(monkeypatch, tmp_path):
    monkeypatch.setattr(threads, "NICENESS", 7)  # 0 in these tests
    found = []

    def trained(config, **options):
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        yield from train(config, **options)

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with closing(Store(tmp_path / "runs.sqlite")) as store, RunManager(store, train=trained) as manager:
        assert manager.wait(manager.start({"A": TINY_RUN, "B": TINY_RUN}, owner="o", scenario=""), 60)
        serving = {os.getpriority(os.PRIO_PROCESS, t.native_id) for t in threading.enumerate() if "trainer" not in t.name}
    assert found == [7, 7] and serving == {own}
