"""A disk that does not answer holds up nobody who asks what is new."""

import threading
import time
from pathlib import Path

import pytest

from core.logs import PatientWatcher, Watcher, patient
from tests.core.logs.test_watch import append, log, row, steps

__all__ = ["log"]  # a fixture


@pytest.fixture
def stuck(monkeypatch):
    """Files whose opening does not come back until the event is set, and how often it was tried."""
    answers, tries, opened = threading.Event(), [], Path.open

    def slow(self, *args, **kwargs):
        tries.append(self)
        assert answers.wait(60)
        return opened(self, *args, **kwargs)

    yield answers, tries, lambda: monkeypatch.setattr(Path, "open", slow)
    answers.set()


def test_a_disk_that_does_not_answer_holds_up_nobody_and_loses_nothing(log, stuck, monkeypatch):
    answers, tries, begin = stuck
    watcher = PatientWatcher(log)
    assert steps(watcher) == [] and len(watcher.poll().runs[0].steps) == 3
    append(log, row(4))
    begin()
    began = time.monotonic()
    assert watcher.poll().waiting and watcher.poll() == watcher.poll()
    assert time.monotonic() - began < 10 and len(tries) == 1  # three looks were asked for, one is made
    assert steps(watcher) == [[1, 2, 3]]
    monkeypatch.setattr(patient, "SLOW_SECONDS", 0.0)
    assert "the disk does not answer" in str(watcher.poll().notes[0])
    answers.set()
    monkeypatch.setattr(watcher, "_wait", 60.0)
    watcher.poll()
    assert steps(watcher) == [[1, 2, 3, 4]] and not watcher.poll().waiting


def test_an_error_of_a_look_is_raised_where_it_is_asked_for(log, monkeypatch):
    watcher = PatientWatcher(log)
    with monkeypatch.context() as patched:
        patched.setattr(Watcher, "poll", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watcher.poll()
    assert len(watcher.poll().runs[0].steps) == 3
