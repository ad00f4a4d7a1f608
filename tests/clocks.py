"""Clocks that a test can set."""

from __future__ import annotations

import time
from types import SimpleNamespace


class Clocks:
    """The clocks that some modules read: the true ones, and `wall` and `monotonic` seconds more."""

    def __init__(self, *modules, monkeypatch):
        self.wall, self.monotonic = 0.0, 0.0
        clocks = SimpleNamespace(time=lambda: time.time() + self.wall, monotonic=lambda: time.monotonic() + self.monotonic)
        for module in modules:
            monkeypatch.setattr(module, "time", clocks)
