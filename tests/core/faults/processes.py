"""Real processes for real faults: one that trains and can be killed, frozen or starved of disk, and one that holds a lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.settings.algorithm import DAPO
from core.settings.run import RunConfig
from core.settings.task import ChainConfig
from tests.support import end_with_parent

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0  # seconds for what takes milliseconds on an idle machine
CONFIG = RunConfig(
    task=ChainConfig(pool_size=6, length_limit=4, max_difficulty=2, width=4),
    algorithm=DAPO, replicas=2, updates=12, num_prompts=4, group_size=4, updates_per_rollout=4,
)  # fmt: skip

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
