"""Faults of run managers are tried in a process like that of the other tests of run managers."""

from tests.core.runs.conftest import spared_collector

__all__ = ["spared_collector"]
