"""Processes on this machine, by `concurrent.futures`: spawned, so that nothing of this program's threads is copied, with one thread of torch
each."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING

from core.settings.fields import ConfigError
from core.sweep.executor.protocol import ShardOutcome

if TYPE_CHECKING:
    from core.sweep.plan import Shard

MOST_PROCESSES = 256
STOP_SECONDS = 5.0  # that workers have to leave what they do


class Processes:
    """`workers` processes (default: one per core). A worker that dies takes those of the pool with it, which is how `concurrent.futures`
    works: what they were training comes back as lost, and the next shards go to new ones."""

    def __init__(self, workers: int | None = None, *, niceness: int = 0):
        count = (os.cpu_count() or 1) if workers is None else workers
        if not 1 <= count <= MOST_PROCESSES:
            raise ConfigError(f"workers must be between 1 and {MOST_PROCESSES}, got {count}; choose a number within these bounds")
        self.workers, self._niceness = count, niceness
        self._context = multiprocessing.get_context("spawn")
        self._running: dict[Future, Shard] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._stop: Event | None = None

    @property
    def name(self) -> str:
        return f"{self.workers} process{'es' if self.workers > 1 else ''} on this machine"

    @property
    def process_ids(self) -> list[int]:
        """Those of the workers that have been started."""
        return [] if self._pool is None else list(self._pool._processes or ())

    def submit(self, shard: Shard) -> None:
        for attempt in (1, 2):
            if self._pool is None:
                self._stop = self._context.Event()
                self._pool = ProcessPoolExecutor(
                    self.workers, mp_context=self._context, initializer=_begin, initargs=(self._stop, self._niceness)
                )
            try:
                with _no_main_module():
                    self._running[self._pool.submit(_work, shard.texts)] = shard
                return
            except BrokenProcessPool:  # a worker died while nothing was awaited; the pool is of no more use
                if attempt == 2:
                    raise
                self._pool.shutdown(wait=False)
                self._pool = None

    def collect(self, timeout: float) -> list[ShardOutcome]:
        if not self._running:
            return []
        done, _ = wait(self._running, timeout, FIRST_COMPLETED)
        out = []
        for future in done:
            shard = self._running.pop(future)
            try:
                numbers, seconds = future.result()
                out.append(ShardOutcome(shard, numbers, seconds))
            except BrokenProcessPool:
                out.append(ShardOutcome(shard, error="a worker process ended by itself", lost=True))
                self._pool = None
            except Exception as error:
                out.append(ShardOutcome(shard, error=str(error) or type(error).__name__))
        return out

    def close(self) -> None:
        pool, self._pool = self._pool, None
        self._running.clear()
        if pool is None:
            return
        with suppress(Exception):
            self._stop.set()
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """A spawned process imports the main module of its parent, which a worker does not need: in a Streamlit server that is the page that
    somebody has just opened, which it would draw. Submitting is what starts processes."""
    main, empty = sys.modules["__main__"], types.ModuleType("__main__")
    sys.modules["__main__"] = empty
    try:
        yield
    finally:
        if sys.modules.get("__main__") is empty:  # else Streamlit has begun another page meanwhile
            sys.modules["__main__"] = main


_STOPPED: Event | None = None  # of this worker process


def _begin(stop: Event, niceness: int) -> None:
    """The first thing that a worker does. Ctrl-C is for the program that started it; and a program that was killed leaves no worker behind."""
    global _STOPPED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _STOPPED = stop
    threading.Thread(target=_leave_with_parent, name="parent watch", daemon=True).start()
    gc.disable()  # What is imported now stays. To look through it for garbage, now and at the end, would take 0.3 s of each worker's 1.1 s.
    from core.sweep.work import be_considerate

    gc.freeze()
    gc.enable()
    be_considerate(niceness)


def _leave_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _work(texts: Sequence[str]) -> tuple[list[bytes], float]:
    from core.sweep.work import train_texts

    began = time.process_time()
    numbers = train_texts(texts, _STOPPED.is_set)
    return numbers, time.process_time() - began
