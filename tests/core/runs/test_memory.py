"""What the C library keeps: few arenas however many threads come, and free memory goes back to the system."""

import subprocess
import sys
import threading

import pytest

from core.runs import memory, reaper
from core.runs.manager import RunManager
from tests.core.faults.processes import CONFIG, PATIENCE, ROOT

pytestmark = pytest.mark.skipif(memory._function("malloc_info") is None, reason="the C library is not glibc")

ARENAS = """
import ctypes, sys, threading
from core.runs.memory import bound_arenas

if sys.argv[1] == "bounded":
    bound_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype, together = ctypes.c_void_p, threading.Barrier(24)

def allocate():
    together.wait()
    libc.malloc(100_000)
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(24)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def arenas(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", ARENAS, how], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


def test_many_threads_share_a_few_arenas():
    assert arenas("bounded") <= memory.ARENAS < arenas("as usual")


FREED = """
import ctypes, os
from core.runs.memory import give_back

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

blocks = [libc.malloc(60_000) for _ in range(2_000)]
for block in blocks: ctypes.memset(block, 1, 60_000)
for block in blocks[:-1]: libc.free(block)  # the last one keeps the heap from shrinking by itself
before = resident()
give_back()
print(before - resident())
"""


def test_what_is_free_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", FREED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100e6  # of 120 MB


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    memory.bound_arenas()
    memory.give_back()


def test_free_memory_is_returned_again_and_again_while_something_trains(monkeypatch):
    """And not while nothing does: what is at rest was trimmed when it came to rest."""
    trims, going = threading.Semaphore(0), threading.Event()
    monkeypatch.setattr(reaper, "TRIM_SECONDS", 0.01)
    monkeypatch.setattr(reaper, "give_back", trims.release)

    def train(config, **_):
        going.wait(PATIENCE)
        yield from ()

    manager = RunManager(train=train)
    try:
        comparison = manager.start({"GRPO": CONFIG}, owner="ann", scenario="tiny")
        for _ in range(3):
            assert trims.acquire(timeout=PATIENCE)
        going.set()
        assert manager.wait(comparison, PATIENCE)
    finally:
        going.set()
        manager.shutdown()
