"""Real processes for real faults: one that can be killed, frozen or starved of disk, and one that holds a lock. Imports neither torch nor core,
so that a process that only starts others is there at once."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # of prctl(2)
ROOT = Path(__file__).parents[1]
PATIENCE = 30.0  # seconds for what takes milliseconds on an idle machine

# The first line of a program that imports core: its modules are not looked through for garbage, which takes 0.2 s, and 0.2 s at the end.
TORCH = "import gc; gc.disable(); import torch; gc.freeze(); gc.enable()"

LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


def eventually(holds, timeout: float = PATIENCE) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def end_with_parent() -> None:
    """For the `preexec_fn` of a process that a test starts: on Linux it is killed when the tests are, even if they can end nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def started(*arguments: object, ignoring: tuple[signal.Signals, ...] = (), **streams: int) -> Iterator[subprocess.Popen]:
    """A process `python *arguments` in a group of its own. At the end, however the test ends, the whole group is killed, and on Linux also
    when the tests themselves are killed. `ignoring`: signals that its parent ignores, as `nohup … &` does with SIGINT."""

    def before_it_begins() -> None:
        end_with_parent()
        for number in ignoring:
            signal.signal(number, signal.SIG_IGN)

    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        text=True,
        start_new_session=True,
        preexec_fn=before_it_begins,
        **streams,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
            stream.close()
        process.wait()


@contextmanager
def child(code: str, *arguments: object) -> Iterator[subprocess.Popen]:
    """A process that runs `code` and is killed at the end; its standard input and output are pipes of lines."""
    with started("-c", code, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program keeps the database to itself, as one does that repairs or copies it."""
    with child(LOCK, path) as process:
        assert process.stdout.readline() == "locked\n"
        yield
