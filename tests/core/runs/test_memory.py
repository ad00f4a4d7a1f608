"""What stays in memory: the numbers that finished comparisons measured, few arenas of the C library, and nothing that is free."""

import gc
import subprocess
import sys
import threading

import pytest

from core.engine.checkpoints import MEMORY_BYTES
from core.engine.trainer import Trainer
from core.engine.types import Rollout, StepRecord
from core.runs import memory, reaper
from core.runs.manager import RunManager
from tests.processes import PATIENCE, ROOT
from tests.support import TINY_RUN

glibc = pytest.mark.skipif(memory._function("malloc_info") is None, reason="the C library is not glibc")

ARENAS = """
import ctypes, sys, threading
from core.runs.memory import bound_heap

if sys.argv[1] == "bounded":
    bound_heap()
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


@glibc
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


@glibc
def test_what_is_free_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", FREED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100e6  # of 120 MB


def test_without_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    memory.bound_heap()
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
        comparison = manager.start({"GRPO": TINY_RUN}, owner="ann", scenario="tiny")
        for _ in range(3):
            assert trims.acquire(timeout=PATIENCE)
        going.set()
        assert manager.wait(comparison, PATIENCE)
    finally:
        going.set()
        manager.shutdown()


def alive(*kinds: type) -> set[int]:
    gc.collect()
    return {id(thing) for thing in gc.get_objects() if type(thing) in kinds}


def test_finished_comparisons_leave_arrays_of_numbers_and_bounded_states():
    """No trainer, batch or record stays, and the histories take 8 bytes per number, with row numbers and room to grow twice that."""
    before = alive(Trainer, Rollout, StepRecord)
    with RunManager(grace_seconds=None) as manager:
        made = [manager.start({"GRPO": TINY_RUN, "DAPO": TINY_RUN}, owner="ann", scenario="tiny") for _ in range(5)]
        assert all(manager.wait(comparison, PATIENCE) for comparison in made)
        histories = [run.history for comparison in made for run in manager._comparisons[comparison].runs.values()]
        assert sum(map(len, histories)) == 10 * (TINY_RUN.updates + 1)
        manager.shutdown()  # a thread's local names hold what it worked on last
        assert alive(Trainer, Rollout, StepRecord) <= before
        assert manager.checkpoints.memory_nbytes <= MEMORY_BYTES
        for history in histories:
            numbers = history.values * TINY_RUN.replicas + len(history) * (3 + TINY_RUN.replicas)
            assert history.nbytes <= 2 * 8 * numbers + 20 * 16 * 8 * (TINY_RUN.replicas + 1)  # 20 columns with room for 16 rows
