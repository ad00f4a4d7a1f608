"""A server with the limits of a public one, and the system's figures on its process: memory, threads, open files, processor time, disk."""

from __future__ import annotations

import os
import platform
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.conftest import ROOT, serve

DATABASE = "runs.sqlite"
INSIDE = Path(__file__).parent / "inside"
ANSWER_SECONDS = 10.0
# Threads of which there are many, by the beginning of their names.
KINDS = {
    "run reaper": "run reaper",
    "run ": "runs",
    "ScriptRunner": "page runs",
    "asyncio": "pool",
    "AnyIO": "pool",
    "ThreadPool": "pool",
}


class Process:
    """A process on this machine, seen from outside."""

    def __init__(self, pid: int):
        self.pid = pid
        self._folder = Path(f"/proc/{pid}")

    def processor_seconds(self) -> float:
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, float]:
        """Megabytes: `rss`, what it has in memory, and `pss`, in which pages shared with other processes count by share."""
        text = (self._folder / "smaps_rollup").read_text()
        return {name: int(re.search(rf"^{name.title()}:\s+(\d+) kB", text, re.M)[1]) / 1000 for name in ("rss", "pss")}

    def threads(self) -> int:
        return len(list((self._folder / "task").iterdir()))

    def files(self) -> int:
        """Open files, sockets and pipes."""
        return len(list((self._folder / "fd").iterdir()))


class Server(Process):
    """The Streamlit server of this program, with its address and the folder of its data."""

    def __init__(self, address: str, folder: Path):
        super().__init__(child_server())
        self.address, self.folder = address, folder
        self.stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"

    def database_bytes(self) -> int:
        """The history with what SQLite has written beside it."""
        return sum(file.stat().st_size for file in self.folder.glob(f"{DATABASE}*"))

    def arrivals(self) -> list[str]:
        """All comparisons, in the order in which they were started."""
        return [comparison for (comparison,) in self._ask("SELECT id FROM comparisons ORDER BY rowid")]

    def unfinished(self) -> int:
        """How many runs train, wait or are paused."""
        return self._ask("SELECT count(*) FROM runs WHERE finished IS NULL")[0][0]

    def _ask(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{self.folder / DATABASE}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchall()

    def thread_names(self) -> list[str]:
        file = self.folder / "threads"
        file.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGUSR1)
        deadline = time.monotonic() + ANSWER_SECONDS
        while not file.exists():
            if time.monotonic() > deadline:
                raise RuntimeError("the server does not name its threads; was it started by `hosted`?")
            time.sleep(0.02)
        return file.read_text().split("\n")

    def thread_kinds(self) -> dict[str, int]:
        """Purpose of threads -> their number."""
        return dict(Counter(kind_of(name) for name in self.thread_names()))

    def log(self) -> str:
        return (self.folder / "log.txt").read_text()


def kind_of(thread: str) -> str:
    return next((kind for beginning, kind in KINDS.items() if thread.startswith(beginning)), "others")


@contextmanager
def hosted() -> Iterator[Server]:
    """A fresh server with the limits of a shared one and a history of its own, until the block ends."""
    with TemporaryDirectory() as name:
        inside = {"PYTHONPATH": f"{INSIDE}{os.pathsep}{ROOT}", "DAPO_LAB_BENCH_THREADS": str(Path(name) / "threads")}
        with serve(ROOT / "app.py", Path(name), DAPO_LAB_DATA=name, DAPO_LAB_HOSTED="1", **inside) as address:
            yield Server(address, Path(name))


def machine() -> dict:
    """What the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average_at_start": os.getloadavg()[0],
        **{name: version(name) for name in ("streamlit", "torch")},
    }


def child_server() -> int:
    """The number of the Streamlit server that this process started."""
    me = os.getpid()
    (found,) = (int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if _serves(stat, me))
    return found


def _serves(stat: Path, parent: int) -> bool:
    with suppress(OSError):  # it may be gone already
        mine = int(stat.read_text().rpartition(")")[2].split()[1]) == parent
        return mine and b"streamlit" in (stat.parent / "cmdline").read_bytes()
    return False
