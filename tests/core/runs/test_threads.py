"""The priority of the threads that train."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from core.engine.trainer import train
from core.runs import threads
from tests.support import TINY_RUN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities per thread")
def test_what_trains_gives_way_to_everything_else(monkeypatch, make):
    monkeypatch.setattr(threads, "NICENESS", 7)  # 0 in these tests
    found = []

    def trained(config, **options):
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        yield from train(config, **options)

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    manager = make(train=trained)
    assert manager.wait(manager.start({"A": TINY_RUN, "B": TINY_RUN}, owner="o", scenario=""), 60)
    serving = {os.getpriority(os.PRIO_PROCESS, t.native_id) for t in threading.enumerate() if "trainer" not in t.name}
    assert found == [7, 7] and serving == {own}
