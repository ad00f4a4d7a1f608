"""What every test shares: one thread, a cache directory of its own, and the worker of what it shares fixtures with."""

import gc
import logging
import signal

import pytest

BOARD = "tests/browser/test_live_board.py"  # has a server of its own, the board's harness


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests run in one worker, so that what they share is made once. The files in tests/browser share the app's server and the
    browser; they come first, and the second worker begins with the board's."""
    from xdist.scheduler import LoadScopeScheduling

    class OneWorkerPerServer(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "the app's server" if file.startswith("tests/browser/") and file != BOARD else file

    config.option.loadscopereorder = False  # as collected: the largest groups are the browser's
    return OneWorkerPerServer(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported now stays until the end. Without this the garbage collector looks through all of it again and again."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()
    # pytest gives a handler to each logger that keeps its records to itself, for each test.
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.name.startswith("streamlit"):
            logger.propagate = True


@pytest.fixture(scope="module", autouse=True)
def spared_collector():
    """The same for what the tests of a file have imported since: a run manager collects garbage whenever its runs are over."""
    yield
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items):
    """Tests that a browser drives come first; they take longest."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/browser/"))


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The tensors here are tiny: more threads only cost time."""
    import torch  # not above: the process that hands out the tests does not need it

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def no_lower_priority():
    """Beside the other workers and a browser, what trains at a lower priority would be waited for, on a busy machine for minutes."""
    from core.runs import sweeps, threads  # not above, see `one_thread`

    with pytest.MonkeyPatch.context() as patch:
        for module in (threads, sweeps):
            patch.setattr(module, "NICENESS", 0)
        yield


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Base models built by the tests never meet those of the user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAPO_LAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def heeds_interrupts():
    """As a command does: whoever started the tests may ignore interrupts, as `nohup … &` does, and this process inherits that."""
    from core.runs.foreground import heed_interrupts  # not above, see `one_thread`

    before = signal.getsignal(signal.SIGINT)
    heed_interrupts()
    yield
    signal.signal(signal.SIGINT, before)
