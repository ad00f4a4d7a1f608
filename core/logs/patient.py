"""A watched path on a disk that may not answer: looked at in a thread of its own, so that whoever asks never waits for long."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from core.logs import sentences as s
from core.logs.bounds import HOME, Bounds
from core.logs.reading import Reading
from core.logs.sentences import say
from core.logs.watch import Changes, Watcher

FIRST_WAIT_SECONDS = 3.0  # of the first look, so that what is there is shown at once
WAIT_SECONDS = 0.2
SLOW_SECONDS = 5.0  # from then on it is said that the disk does not answer


class PatientWatcher:
    """`poll` and `reading` like a `Watcher`'s. A look that takes longer than a moment goes on, and its changes come with a later poll; there is
    never more than one look at a time. To be called from one thread at a time."""

    def __init__(self, path: str | Path, bounds: Bounds = HOME):
        self._path = path
        self._watcher = Watcher(path, bounds)
        self._look: _Look | None = None
        self._wait = FIRST_WAIT_SECONDS
        self.reading = Reading(())

    def poll(self) -> Changes:
        """What changed since the last one; `Changes.waiting` where a look is not done yet."""
        look = self._look = self._look or _Look(self._watcher)
        done = look.done.wait(self._wait)
        self._wait = WAIT_SECONDS
        if not done:
            slow = time.monotonic() - look.began > SLOW_SECONDS
            return Changes({}, (say(s.SLOW, file=str(self._path)),) if slow else (), waiting=True)
        self._look = None
        if look.error is not None:
            raise look.error
        if look.changes.logs:
            self.reading = look.reading
        return look.changes


class _Look:
    """One poll of a watcher in a thread, and what came of it once `done` is set."""

    def __init__(self, watcher: Watcher):
        self.began = time.monotonic()
        self.done = threading.Event()
        self.error: BaseException | None = None
        self.changes, self.reading = Changes({}), Reading(())
        threading.Thread(target=self._run, args=(watcher,), name="look at a log", daemon=True).start()

    def _run(self, watcher: Watcher) -> None:
        try:
            self.changes = watcher.poll()
            if self.changes.logs:
                self.reading = watcher.reading
        except BaseException as error:  # raised where it is polled
            self.error = error
        finally:
            self.done.set()
