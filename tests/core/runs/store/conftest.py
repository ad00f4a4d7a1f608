"""A history in a folder of its own."""

import pytest

from core.runs.store.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history [1].sqlite"  # a name that needs care in URIs and patterns


@pytest.fixture
def store(path):
    made = Store(path)
    yield made
    made.close(timeout=1.0)
