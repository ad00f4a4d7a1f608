"""Run managers that are shut down when a test ends."""

import threading

import pytest

from core.runs.manager import RunManager
from core.runs.store.store import Store
from tests.core.runs.puppet import Puppet


@pytest.fixture
def puppet():
    return Puppet()


@pytest.fixture
def make(puppet):
    """Managers that are shut down at the end; the puppet trains unless `train` is given."""
    managers = []

    def build(**options) -> RunManager:
        managers.append(RunManager(**({"max_active": 2, "grace_seconds": None, "train": puppet} | options)))
        return managers[-1]

    yield build
    puppet.release_all()
    for manager in managers:
        manager.shutdown()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("run ")]


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "history.sqlite")
    yield made
    made.close()
