"""Which processes that use a database are alive: each holds a lock on a small file of its own beside the database. The operating system
releases the lock when the process dies, so there is no heartbeat to wait for, and a reused process number causes no confusion."""

from __future__ import annotations

import secrets
from pathlib import Path

from filelock import FileLock, Timeout

SUFFIX = ".alive"


class ProcessMark:
    """This process's mark. Make it while holding the database's write lock: until it is locked, `remove_dead_marks` would take it for
    that of a dead process."""

    def __init__(self, database: Path):
        self.token = secrets.token_hex(8)
        self._path = _path(database, self.token)
        self._lock = FileLock(self._path, thread_local=False)  # released by whichever thread closes the store
        self._lock.acquire(timeout=0)

    def release(self) -> None:
        """Give up the lock: this process no longer uses the database. Idempotent."""
        self._lock.release()
        self._path.unlink(missing_ok=True)


def is_alive(database: Path, token: str) -> bool:
    """Whether the process that made the mark `token` still holds it."""
    path = _path(database, token)
    try:
        if path.exists():
            FileLock(path, thread_local=False).acquire(timeout=0).lock.release()
        return False
    except (Timeout, OSError):  # cannot be opened: assume that the process lives, so that no living run is marked interrupted
        return True


def remove_dead_marks(database: Path) -> None:
    """Remove the marks of dead processes. Call it while holding the database's write lock."""
    for path in database.parent.iterdir():
        if path.name.startswith(f"{database.name}.") and path.name.endswith(SUFFIX):
            token = path.name.removeprefix(f"{database.name}.").removesuffix(SUFFIX)
            if not is_alive(database, token):
                path.unlink(missing_ok=True)


def _path(database: Path, token: str) -> Path:
    return database.with_name(f"{database.name}.{token}{SUFFIX}")
