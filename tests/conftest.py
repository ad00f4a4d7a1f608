"""What every test shares: one thread, and a cache directory of its own."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The tensors here are tiny: more threads only cost time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Base models built by the tests never meet those of the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAPO_LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
