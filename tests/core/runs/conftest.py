"""Run managers that are shut down when a test ends."""

import gc
import threading

import pytest

from core.runs.manager import RunManager
from core.runs.store.store import Store
from tests.core.runs.puppet import Puppet


@pytest.fixture(scope="package", autouse=True)
def spared_collector():
    """As the dashboard's process does: a manager collects garbage whenever its runs are over, which takes a fifth of a second where all
    that was imported is looked through each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


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
